#!/usr/bin/env python3
"""What people without an account see and do: the public log, notices, counts; real processes."""
import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import urllib.parse

from lib import equal, expect, main
from test_path import join

DENIED, VERIFICATION = 4, 7
NOTICE = {"reason": "fraud", "where": "the room tea, today at noon", "text": "they sell forged cards",
          "name": "", "mail": "someone@else.example", "good_faith": True}
FORM = "application/x-www-form-urlencoded"


class Page:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body

    @property
    def json(self):
        return json.loads(self.body)


def ask(world, method, path, body=None, kind="application/json"):
    connection = http.client.HTTPConnection("localhost", world.port, timeout=20)
    try:
        if isinstance(body, dict):
            body = json.dumps(body) if kind == "application/json" else urllib.parse.urlencode(body)
        connection.request(method, path, body, {"Content-Type": kind})
        answer = connection.getresponse()
        return Page(answer.status, dict(answer.getheaders()), answer.read().decode("utf-8"))
    finally:
        connection.close()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def root_of(index, size, leaf, path):
    """RFC 9162, 2.1.3.2."""
    fn, sn, result = index, size - 1, leaf
    for other in path:
        expect(sn > 0, "the path is too long")
        if fn & 1 or fn == sn:
            result = node(other, result)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            result = node(result, other)
        fn, sn = fn >> 1, sn >> 1
    equal(sn, 0, "what is left of the path")
    return result


def write(world, name, text):
    path = os.path.join(world.folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def contains(folder, needle):
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                with open(os.path.join(place, name), "rb") as file:
                    if needle in file.read():
                        return os.path.join(place, name)
            except OSError:
                continue  # a socket
    return None


def people(steps, world):
    steps.step("the hub starts", lambda: world.hub_start(*OPTIONS), is_needed=True)

    def without_desk():
        answer = ask(world, "POST", "/v1/notice", NOTICE)
        equal((answer.status, answer.json["code"]), (409, "desk_missing"), "answer")
    steps.step("without a desk there is nobody to take a notice, and the hub says so", without_desk)
    link = world.hub.wait_line(r"/j/#").split()[-1]
    steps.step("alice registers and has the desk",
               lambda: world.json("alice", "account", "register", stdin=link + "\n"),
               is_needed=True)


def notices(steps, world):
    def forms():
        for path, words in (("/notice", "Report illegal"), ("/notice?lang=fr", "Signaler un contenu"),
                            ("/notice/status?lang=fr", "Code secret"), ("/contact", "help@hub.example")):
            page = ask(world, "GET", path)
            equal(page.status, 200, path)
            expect(words in page.body, f"{path}: {page.body}")
            policy = page.fields["Content-Security-Policy"]
            expect("default-src 'none'" in policy and "form-action 'self'" in policy, policy)
            expect("<script" not in page.body and "style=" not in page.body, path)
        contact = ask(world, "GET", "/.well-known/timbre-contact").json
        equal(contact, {"users": "help@hub.example", "authorities": "law@hub.example"}, "contact")
        equal(ask(world, "HEAD", "/notice").body, "", "body of HEAD")
    steps.step("the forms need no script, in two languages", forms)

    def sent():
        answer = ask(world, "POST", "/v1/notice", NOTICE)
        equal(answer.status, 200, answer.body)
        receipt = answer.json
        equal((receipt["number"], receipt["state"], len(receipt["secret"])), (1, "open", 32), "receipt")
        return receipt
    receipt = steps.step("a notice is taken and answered with a receipt", sent, is_needed=True)

    def by_form():
        page = ask(world, "POST", "/notice", dict(NOTICE, lang="fr", good_faith="yes",
                                                  text="contrefa\u00e7on & <b>\r\nsuite"), FORM)
        equal(page.status, 200, page.body)
        found = re.search(r"Num\u00e9ro (\d+)\nCode secret ([0-9a-f]{32})", page.body)
        expect(found, page.body)
        return found.groups()
    number, secret = steps.step("the French form is taken too", by_form, is_needed=True)

    def refused():
        for change in ({"good_faith": False}, {"reason": "boredom"}, {"where": ""}, {"text": ""},
                       {"mail": "nobody"}, {"text": "x" * 8001}):
            answer = ask(world, "POST", "/v1/notice", dict(NOTICE, **change))
            equal((answer.status, answer.json["code"]), (400, "bad_request"), str(change)[:40])
        equal(ask(world, "POST", "/v1/notice", "no json").status, 400, "status")
        equal(ask(world, "POST", "/v1/notice", "x" * 70000).status, 413, "status")
        page = ask(world, "POST", "/notice", {"reason": "fraud"}, FORM)
        equal(page.status, 400, "status of the form")
        expect("<h1>This was not taken</h1>" in page.body, page.body)
        equal(ask(world, "POST", "/v1/notice-put", "").status, 404, "the engine's own request")
    steps.step("what lacks something is refused with the cause", refused)

    def sealed():
        equal(contains(world.data, b"they sell forged cards"), None, "file with the words")
        equal(contains(world.data, b"someone@else.example"), None, "file with the address")
    steps.step("the hub stores neither the words nor the address in clear", sealed)

    def listed():
        rows = world.json("alice", "desk", "list").records
        equal([(row["case"], row["level"], row["state"]) for row in rows],
              [("n1", "unproven", "open"), ("n2", "unproven", "open")], "cases")
        shown = world.json("alice", "desk", "show", "n2").record
        equal(shown["text"], "contrefa\u00e7on & <b>\nsuite", "text")
        text = world.run("alice", "desk", "show", "n1").out
        expect("Unproven" in text and "they sell forged cards" in text, text)
    steps.step("the desk reads them, as unproven", listed)

    def answered():
        reply = write(world, "reply.txt", "No rule was broken. <i>")
        world.json("alice", "desk", "answer", "n2", "--outcome", "no-action", "--reply-file", reply)
        again = world.json("alice", "desk", "answer", "n2", "--outcome", "no-action",
                           "--reply-file", reply, code=None)
        expect(again.code != 0 and again.problem["code"] == "conflict", again)
        page = ask(world, "POST", "/notice/status", {"number": number, "secret": secret}, FORM)
        expect("No action was taken." in page.body and "&lt;i&gt;" in page.body, page.body)
        state = ask(world, "POST", "/v1/notice/status",
                    {"number": 1, "secret": receipt["secret"]}).json
        equal(state["state"], "open", "state of the other")
        wrong = ask(world, "POST", "/v1/notice/status", {"number": 1, "secret": "0" * 32})
        equal(wrong.status, 404, "with another secret")
    steps.step("the answer is read with the receipt, and only with it", answered)

    def complaint():
        page = ask(world, "POST", "/notice/complaint",
                   {"number": number, "secret": secret, "text": "look again", "lang": "fr"}, FORM)
        expect("Votre r\u00e9clamation" in page.body, page.body)
        rows = {row["case"]: row for row in world.json("alice", "desk", "list").records}
        equal(rows["n3"]["complaint_about"], "n2", "complaint")
        reply = write(world, "reply.txt", "Still not.")
        result = world.json("alice", "desk", "answer", "n3", "--outcome", "no-action",
                            "--reply-file", reply, code=DENIED)
        equal(result.problem["code"], "policy", "code")
    steps.step("a complaint against no action waits for another moderator", complaint)

    def metered():
        codes = [ask(world, "POST", "/v1/notice", dict(NOTICE, mail="")).status for _ in range(12)]
        expect(429 in codes and codes[0] == 200, codes)
    steps.step("one address sends so many notices an hour", metered)


OPTIONS = ("--set", "contact.users=help@hub.example", "--set",
           "contact.authorities=law@hub.example", "--set", "limits.notice_address_rate_per_hour=8")


def decide(world, room, number):
    """Mallory says something, bob reports it, the desk warns."""
    world.run("mallory", "send", room, f"threat {number}")
    world.run("bob", "sync")
    seq = [row[0] for row in world.texts("bob", room) if row[2] == f"threat {number}"][0]
    world.json("bob", "report", "new", room, str(seq), "--reason", "threat")
    case = [row["case"] for row in world.json("alice", "desk", "list").records
            if row["state"] == "open" and not row["case"].startswith("n")][0]
    facts = write(world, "facts.txt", "It threatens.")
    record = world.json("alice", "desk", "decide", case, "--action", "warn", "--facts-file", facts,
                        "--yes").record
    equal(record["decision"], number, "number of the decision")


def log(steps, world):
    def empty():
        text = ask(world, "GET", "/v1/log/checkpoint").body
        lines = text.split("\n")
        equal(lines[:2], ["localhost/decisions", "0"], "checkpoint")
        equal(base64.b64decode(lines[2]), hashlib.sha256(b"").digest(), "root")
        equal(ask(world, "GET", "/v1/log/entry/0").status, 404, "entry")
        equal(ask(world, "GET", "/v1/log/proof/inclusion?index=0&size=1").status, 404, "proof")
        equal(ask(world, "GET", "/v1/log/proof/consistency?first=1").status, 400, "a number lacks")
    steps.step("a log without decisions has the root of nothing", empty)

    def decided():
        room = world.json("alice", "room", "create", "tea").record["room"]
        for name in ("bob", "mallory", "carol"):
            world.register(name)
        join(world, room, ["bob", "mallory"])
        decide(world, room, 1)
        return room
    room = steps.step("the desk warns somebody", decided, is_needed=True)

    def kept():
        equal(world.json("carol", "log", "show").record["decisions"], 1, "decisions carol saw")
        equal(world.hub_stop(), 0, "exit code")
        shutil.copytree(world.data, world.data + ".old")
        path = write(world, "first.txt", "")
        world.hub_start(*OPTIONS)
        world.hub_verb("log", "export", path)
        decide(world, room, 2)
        decide(world, room, 3)
        return path
    first = steps.step("and twice more", kept, is_needed=True)

    def proven():
        lines = ask(world, "GET", "/v1/log/checkpoint").body.split("\n")
        equal(lines[1], "3", "size")
        root = base64.b64decode(lines[2])
        for index in range(3):
            leaf = bytes.fromhex(ask(world, "GET", f"/v1/log/entry/{index}").json["leaf"])
            proof = ask(world, "GET", f"/v1/log/proof/inclusion?index={index}&size=3").json
            path = [base64.b64decode(text) for text in proof["path"]]
            equal(root_of(index, 3, hashlib.sha256(b"\0" + leaf).digest(), path), root, "root")
        with open(first, encoding="utf-8") as file:
            before = base64.b64decode(file.read().split("\n")[2])
        path = [base64.b64decode(text) for text in
                ask(world, "GET", "/v1/log/proof/consistency?first=1&second=3").json["path"]]
        equal(root_of(0, 3, before, path), root, "root over the first one")
    steps.step("anybody can prove each entry, and that the log only grew", proven)

    def verified():
        out = world.hub_verb("log", "verify", "--from", first).out
        expect("3 decisions" in out, out)
        with open(first, encoding="utf-8") as file:
            wrong = write(world, "wrong.txt", file.read().replace("\n1\n", "\n2\n"))
        world.hub_verb("log", "verify", "--from", wrong, code=VERIFICATION)
    steps.step("the hub's whole log is verified, from an earlier export on", verified)

    def shown():
        proof = os.path.join(world.folder, "decision.proof")
        world.json("mallory", "log", "prove", "2", proof)
        result = world.json("bob", "log", "prove", "2", proof + ".bob", code=None)
        expect(result.code != 0 and result.problem["code"] == "not_found", result)
        record = world.json("nobody", "log", "verify", proof).record
        equal((record["decision"], record["action"], record["reason"]), (2, "warn", "threat"), "proof")
        with open(proof, encoding="utf-8") as file:
            text = file.read()
        changed = write(world, "changed.proof", text[:-40] + ("A" if text[-40] != "A" else "B")
                        + text[-39:])
        world.json("nobody", "log", "verify", changed, code=VERIFICATION)
    steps.step("who a decision concerns can prove it to a third party, offline", shown)

    def rewritten():
        equal(world.json("carol", "log", "show").record["decisions"], 3, "decisions carol saw")
        equal(world.hub_stop(), 0, "exit code")
        shutil.move(world.data, world.data + ".new")
        shutil.copytree(world.data + ".old", world.data)
        world.hub_start(*OPTIONS)
        result = world.run("carol", "log", "show")
        expect("ALARM" in result.err and "decision log" in result.err, result)
        record = world.json("carol", "log", "show").record
        equal((record["decisions"], record["forked"]), (3, True), "what carol keeps")
        path = os.path.join(world.folder, "fork")
        world.json("carol", "log", "fork", path)
        record = world.json("nobody", "log", "verify", path).record
        equal((record["first_size"], record["second_size"], record["proven"]), (1, 3, False),
              "the two checkpoints")
        equal(world.hub_stop(), 0, "exit code")
        shutil.rmtree(world.data)
        shutil.move(world.data + ".new", world.data)
        world.hub_start(*OPTIONS)
    steps.step("a log that went back is an alarm, and both checkpoints can be shown", rewritten)


def orders_and_counts(steps, world):
    def orders():
        add = ["order", "add", "--kind", "act", "--authority", "a court", "--state", "FR",
               "--legal-basis", "article 1", "--received", "2026-03-02"]
        world.hub_verb(*add)
        world.hub_verb(*add[:-1], "2026-02-30", code=2)
        world.hub_verb("order", "add", "--kind", "act", code=2)
        world.hub_verb("order", "close", "1", "--effect", "done")
        world.hub_verb("order", "close", "1", "--effect", "done", code=5)
        row = world.hub_verb("--json", "order", "list").record
        equal((row["order"], row["authority"], row["effect"]), (1, "a court", "done"), "order")
    steps.step("orders of authorities are registered and closed", orders)

    def public():
        counts = ask(world, "GET", "/v1/transparency").json
        equal((counts["smallest_number_shown"], counts["months"]), (11, []), "counts")
    steps.step("public counts begin with a month that is over", public)

    def exported():
        folder = os.path.join(world.folder, "eu")
        world.hub_verb("transparency", "export", folder, "--period", "2026-01..2036-12", code=None)
        world.hub_verb("transparency", "export", folder, "--period", "2026-03..2026-03")
        with open(os.path.join(folder, "3_member_states_orders.csv"), newline="",
                  encoding="utf-8") as file:
            rows = [line.split(",") for line in file.read().split("\r\n")]
        equal(len(rows[0]), 20, "columns of orders")
        equal((rows[1][3], rows[1][6]), ("TOTAL", "1"), "orders")
        with open(os.path.join(folder, "4_notices.csv"), encoding="utf-8") as file:
            expect("Number of notices received ,Number of notices received from Trusted flaggers"
                   in file.read(), "the template's own headers")
        world.hub_verb("transparency", "export", folder, "--period", "2026-03", "--form", "tdb")
        with open(os.path.join(folder, "statements.json"), encoding="utf-8") as file:
            equal(json.load(file), [], "statements")
        world.hub_verb("transparency", "export", folder, "--period", "2026-13", code=2)
    steps.step("the export has the tables of the template", exported)


def path(steps, world):
    people(steps, world)
    notices(steps, world)
    log(steps, world)
    orders_and_counts(steps, world)
    steps.step("SIGTERM ends the hub in order", lambda: equal(world.hub_stop(), 0, "exit code"))


if __name__ == "__main__":
    main(path)
