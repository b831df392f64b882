#!/usr/bin/env python3
"""Decisions of the desk, with real processes on loopback: what each takes away, who has to agree,
what the person is told, an appeal by a restricted account, and the reversal of each."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import World, equal, expect, main  # noqa: E402

OK, FAILED, USAGE, NOT_FOUND, DENIED, CONFLICT, NETWORK, VERIFY = range(8)
FACTS = "You insulted carol."


def path(steps, world):
    steps.step("a hub, a desk and a room", lambda: people(world), is_needed=True)
    steps.step("a mute silences in one room and says until when", lambda: mute(world))
    steps.step("the muted person reads the reasons, in two languages", lambda: reasons(world))
    steps.step("a desk of one leaves an appeal pending", lambda: pending(world))
    steps.step("alone, the desk suspends for a week at most, and says that it was alone",
               lambda: alone(world))
    steps.step("another moderator settles the appeal, and the mute is gone",
               lambda: settled(world), is_needed=True)
    steps.step("a retraction hides the message and its reversal shows it",
               lambda: retraction(world))
    steps.step("a suspension waits for a second person", lambda: two(world), is_needed=True)
    steps.step("the suspended account reads, appeals, and is let in again", lambda: appeal(world))
    steps.step("a removal lets somebody be invited again", lambda: removal(world))
    steps.step("a closed room takes no message until it is opened", lambda: closed(world))
    steps.step("who reported learns what became of it", lambda: outcomes(world))


def join(world, room, who):
    invitation = world.json("alice", "room", "invite", room).record["link"]
    joining = world.start(who, "room", "join", "--link-file", "-")
    joining.say(invitation)
    world.json("alice", "sync", "--follow", "--timeout", "5s", code=None)
    joining.finish(30)


def people(world):
    world.hub_start()
    link = world.hub.wait_line(r"/j/#").split()[-1]
    world.json("alice", "account", "register", stdin=link + "\n")
    for name in ("bob", "carol"):
        world.register(name)
    world.json("alice", "room", "create", "team")
    for name in ("bob", "carol"):
        join(world, "team", name)
    world.json("bob", "send", "team", "hello")


def case_of(world, text):
    """carol reports bob's newest message; the case."""
    number = world.json("bob", "send", "team", text).record["room_seq"]
    world.json("carol", "sync")
    world.json("carol", "report", "new", "team", str(number), "--reason", "harassment")
    world.number = number
    cases = world.json("alice", "desk", "list").records
    return [row["case"] for row in cases if row["state"] == "open"][-1]


def decide(world, who, case, *words, code=OK):
    return world.json(who, "desk", "decide", case, *words, "--facts-file", "-", "--yes",
                      stdin=FACTS + "\n", code=code)


def newest(world, who):
    return world.json(who, "notice", "decisions").records[-1]


def mute(world):
    case = case_of(world, "you are all fools")
    result = world.run("alice", "desk", "decide", case, "--action", "mute", "--facts-file", "-",
                       "--yes", stdin=FACTS + "\n", code=USAGE)
    expect("--until" in result.err, result)
    record = decide(world, "alice", case, "--action", "mute", "--until", "2h", "--rule",
                    "4.2@3").record
    equal((record["decision"], record["state"]), (1, "decided"), "decision")
    problem = world.json("bob", "send", "team", "may I?", code=None).problem
    equal(problem["code"], "muted", "code")
    world.json("carol", "send", "team", "peace")


def reasons(world):
    row = newest(world, "bob")
    equal((row["number"], row["action"], row["state"], row["single"]),
          (1, "mute", "stands", False), "row")
    text = world.json("bob", "notice", "show", "1").record["statement"]
    for part in ("Decision 1 of the moderation desk", "You may not write in the room",
                 "It holds until", "wherever this service is offered", "Rule: 4.2, version 3",
                 "Facts: " + FACTS, "No automated means", "six months", "article 21", "court"):
        expect(part in text, f"{part!r} is missing in {text}")
    expect("carol" not in text.replace(FACTS, ""), "the statement names the reporter")
    french = world.run("bob", "notice", "show", "1", env={"LANG": "fr_FR.UTF-8"}).out
    for part in ("Décision 1 de l'équipe", "Règle : 4.2", "Aucun moyen automatisé", "six mois"):
        expect(part in french, f"{part!r} is missing in {french}")
    problem = world.json("carol", "notice", "show", "1", code=NOT_FOUND).problem
    equal(problem["code"], "decision_unknown", "code")


def pending(world):
    problem = world.json("carol", "notice", "appeal", "1", "--text-file", "-", stdin="Mine?\n",
                         code=None).problem
    equal(problem["code"], "decision_unknown", "code")
    record = world.json("bob", "notice", "appeal", "1", "--text-file", "-",
                        stdin="It was a joke among friends.\n").record
    equal(record["state"], "appealed", "state")
    row = world.json("alice", "desk", "appeals").record
    equal((row["number"], row["subject_handle"], row["state"], row["may_settle"], row["appeal"]),
          (1, "bob", "appealed", False, "It was a joke among friends."), "appeal")
    problem = world.json("alice", "desk", "settle", "1", "--uphold", "--facts-file", "-", "--yes",
                         stdin="No.\n", code=DENIED).problem
    equal(problem["code"], "settle_decider", "code")
    equal(newest(world, "bob")["state"], "appealed", "state")


def alone(world):
    world.register("erin")
    join(world, "team", "erin")
    number = world.json("erin", "send", "team", "fools").record["room_seq"]
    world.json("carol", "sync")
    world.json("carol", "report", "new", "team", str(number), "--reason", "harassment")
    case = [row["case"] for row in world.json("alice", "desk", "list").records
            if row["state"] == "open"][-1]
    for words in (("suspend", "--until", "8d"), ("close-account",)):
        problem = decide(world, "alice", case, "--action", *words, code=None).problem
        equal(problem["code"], "policy", f"code of {words}")
    record = decide(world, "alice", case, "--action", "suspend", "--until", "6d").record
    equal(record["accused_handle"], "erin", "accused")
    row = newest(world, "erin")
    equal((row["action"], row["single"]), ("suspend", True), "row")
    text = world.json("erin", "notice", "show", str(row["number"])).record["statement"]
    expect("The desk has one person" in text, text)


def settled(world):
    world.register("dave")
    desk = [row["room"] for row in world.json("alice", "room", "list").records
            if row["kind"] == "desk"]
    join(world, desk[0], "dave")
    world.json("alice", "sync")
    world.json("dave", "sync")
    notice = newest(world, "bob")["notice_room"]
    join(world, notice, "dave")
    row = [row for row in world.json("dave", "desk", "appeals").records if row["number"] == 1][0]
    equal((row["may_settle"], row["state"]), (True, "appealed"), "appeal as dave sees it")
    record = world.json("dave", "desk", "settle", "1", "--reverse", "--facts-file", "-", "--yes",
                        stdin="It was a joke.\n").record
    equal(record["state"], "reversed", "state")
    world.json("bob", "send", "team", "thank you")
    rows = {row["number"]: row for row in world.json("bob", "notice", "decisions").records}
    equal((rows[1]["state"], rows[1]["settled_by"]), ("reversed", record["settled_by"]), "row")
    text = world.run("bob", "notice", "show", str(record["settled_by"])).out
    expect("decision 1" in text and "It was a joke." in text, text)
    problem = world.json("dave", "desk", "settle", "1", "--uphold", "--facts-file", "-", "--yes",
                         stdin="Again.\n", code=CONFLICT).problem
    equal(problem["code"], "case_decided", "code")


def row_of(world, who, number):
    rows = world.json(who, "tail", "team", "--lines", "0").records
    return [row for row in rows if row.get("room_seq") == number][-1]


def retraction(world):
    case = case_of(world, "carol is a fool")
    number = world.number
    decision = decide(world, "alice", case, "--action", "retract").record["decision"]
    for who in ("bob", "carol"):
        row = row_of(world, who, number)
        equal((row["revision"], row["decision"]), ("retracted", decision), f"as {who} sees it")
        expect("fool" not in world.run(who, "tail", "team", "--lines", "1").out, "still shown")
    text = world.run("carol", "tail", "team").out
    expect(f"[retracted by a decision of the desk, number {decision}]" in text, text)
    world.json("dave", "desk", "settle", str(decision), "--reverse", "--facts-file", "-", "--yes",
               stdin="It was meant for a stage.\n")
    for who in ("bob", "carol"):
        row = row_of(world, who, number)
        equal((row["text"], row.get("revision")), ("carol is a fool", None), f"as {who} sees it")


def two(world):
    case = case_of(world, "fools, all of you")
    record = decide(world, "alice", case, "--action", "suspend", "--until", "30d").record
    equal((record["state"], record.get("decision")), ("draft", None), "draft")
    world.json("bob", "send", "team", "still here")
    problem = world.json("alice", "desk", "confirm", case, "--yes", code=DENIED).problem
    equal(problem["code"], "draft_own", "code")
    row = world.json("dave", "desk", "drafts").record
    equal((row["case"], row["action"], row["decider_handle"], row["own"]),
          (case, "suspend", "alice", False), "draft as dave sees it")
    record = world.json("dave", "desk", "confirm", case, "--yes").record
    equal(record["state"], "decided", "state")
    world.suspension = record["decision"]
    equal(world.json("dave", "desk", "drafts").records, [], "drafts")
    problem = world.json("dave", "desk", "confirm", case, "--yes", code=CONFLICT).problem
    equal(problem["code"], "case_decided", "code")
    problem = world.json("bob", "send", "team", "and now?", code=DENIED).problem
    equal(problem["code"], "restricted", "code")


def appeal(world):
    world.json("carol", "send", "team", "while bob is away")
    row = newest(world, "bob")
    equal((row["number"], row["action"], row["single"]), (world.suspension, "suspend", False),
          "row")
    world.json("bob", "notice", "appeal", str(world.suspension), "--text-file", "-",
               stdin="A month is long.\n")
    number = str(world.suspension)
    for who in ("alice", "dave"):
        problem = world.json(who, "desk", "settle", number, "--uphold", "--facts-file", "-",
                             "--yes", stdin="No.\n", code=DENIED).problem
        equal(problem["code"], "settle_decider", f"code for {who}, who took part")
    world.register("frank")
    desk = [row["room"] for row in world.json("alice", "room", "list").records
            if row["kind"] == "desk"]
    join(world, desk[0], "frank")
    world.json("alice", "sync")
    world.json("frank", "sync")
    world.json("frank", "desk", "settle", number, "--reverse", "--facts-file", "-", "--yes",
               stdin="It is long.\n")
    world.json("bob", "sync")
    world.json("bob", "send", "team", "back again")
    texts = [text for _, _, text in world.texts("bob", "team")]
    expect("while bob is away" in texts, f"what was said meanwhile: {texts}")


def removal(world):
    case = case_of(world, "fools once more")
    decision = decide(world, "alice", case, "--action", "remove").record["decision"]
    world.json("carol", "sync")
    world.json("bob", "sync")
    rows = [row for row in world.json("carol", "tail", "team").records
            if row["type"] == "member_removed"]
    equal([(row["handle"], row["decision"]) for row in rows], [("bob", decision)], "removals")
    problem = world.json("bob", "send", "team", "hello?", code=None).problem
    expect(problem["code"] != "ok", problem)
    join(world, "team", "bob")
    world.json("bob", "send", "team", "I am back")


def closed(world):
    case = case_of(world, "and again")
    decision = decide(world, "alice", case, "--action", "close-room").record["decision"]
    problem = world.json("carol", "send", "team", "anybody?", code=None).problem
    expect(problem["code"] in ("room_shut", "room_is_shut"), problem)
    world.json("dave", "desk", "settle", str(decision), "--reverse", "--facts-file", "-", "--yes",
               stdin="It goes on.\n")
    world.json("carol", "sync")
    world.json("carol", "send", "team", "it goes on")


def outcomes(world):
    rows = world.json("carol", "report", "list").records
    states = {row["state"] for row in rows}
    expect(states <= {"action taken", "no action"}, rows)
    expect(all(row["decision"] for row in rows), rows)


if __name__ == "__main__":
    main(path)
