#!/usr/bin/env python3
"""Two moderators work on one queue, from processes of their own; a third comes later."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import equal, expect, main  # noqa: E402
from test_outsiders import NOTICE, ask, write  # noqa: E402
from test_path import CONFLICT, NOT_FOUND, USAGE, join, rows_of_kind  # noqa: E402


def desk_room(world):
    return rows_of_kind(world.json("alice", "room", "list").records, "desk")[0]["room"]


def shared(row):
    """What every moderator's client says of a case."""
    return {key: row[key] for key in ("case", "priority", "priority_basis", "claimed_by",
                                      "claimed_until", "due", "codes", "notes", "state")}


def queue(world, who):
    return world.json(who, "desk", "list").records


def people(steps, world):
    steps.step("the hub starts", world.hub_start, is_needed=True)
    link = world.hub.wait_line(r"/j/#").split()[-1]

    def come():
        world.json("alice", "account", "register", stdin=link + "\n")
        for name in ("bob", "carol", "mallory", "dave", "erin"):
            world.register(name)
        world.json("alice", "room", "create", "team")
        join(world, "team", ["bob", "carol", "mallory"])
        join(world, desk_room(world), ["dave"])
        world.json("dave", "sync")
    steps.step("alice and dave are the desk", come, is_needed=True)


def reports(steps, world):
    def made():
        for text in ("first", "second"):
            world.json("mallory", "send", "team", text)
        for name, text in (("bob", "first"), ("carol", "first"), ("bob", "second")):
            world.json(name, "sync")
            seq = [row[0] for row in world.texts(name, "team") if row[2] == text][0]
            world.json(name, "report", "new", "team", str(seq), "--reason", "threat")
        equal(ask(world, "POST", "/v1/notice", NOTICE).status, 200, "notice")
    steps.step("two report one message, one another, and a notice comes", made, is_needed=True)

    def collapsed():
        rows = queue(world, "alice")
        equal([len(row["duplicates"]) for row in rows], [1, 0, 0], "duplicates")
        equal({row["priority"] for row in rows}, {"normal"}, "priorities")
        equal([row["case"] for row in queue(world, "dave")], [row["case"] for row in rows],
              "dave's queue")
        return rows
    return steps.step("reports of one message are one case, for both moderators", collapsed,
                      is_needed=True)


def claims(steps, world, rows):
    double, single = rows[0]["case"], rows[1]["case"]

    def claimed():
        row = world.json("alice", "desk", "claim", double).record
        equal(row["claimed_by"], "alice", "holder")
        result = world.json("dave", "desk", "claim", rows[0]["duplicates"][0], code=CONFLICT)
        equal(result.problem["code"], "case_claimed", "code")
        world.json("dave", "desk", "release", double, code=CONFLICT)
        result = world.json("dave", "desk", "decide", double, "--action", "none", "--facts-file",
                            write(world, "facts.txt", "Nothing."), "--yes", code=CONFLICT)
        equal(result.problem["code"], "case_claimed", "code of a decision")
        text = world.run("dave", "desk", "list").out
        expect("alice" in text, text)
    steps.step("who claims a case has its duplicates too", claimed)

    def following():
        row = world.json("dave", "desk", "next").record
        equal((row["case"], row["claimed_by"]), (single, "dave"), "next")
        world.json("dave", "desk", "release", single)
    steps.step("the next case is one that nobody works on", following)

    def urgent():
        world.json("dave", "desk", "priority", single, "order", "prefecture, no. 12")
        first = queue(world, "alice")[0]
        equal((first["case"], first["priority"], first["priority_basis"]),
              (single, "order", "prefecture, no. 12"), "most urgent")
        world.json("dave", "desk", "priority", single, "urgent", code=USAGE)
        world.json("dave", "desk", "deadline", "n1", "30m")
        equal([row["case"] for row in queue(world, "alice")], [single, "n1", double], "order")
    steps.step("priority with its reason comes before the deadline", urgent)

    def said():
        world.json("dave", "desk", "note", double, "-", stdin="as last week\n")
        world.json("alice", "desk", "code", double, "offer", "form:powder")
        world.json("alice", "desk", "code", double, "Offer", code=USAGE)
        world.json("alice", "desk", "claim", "feedbeef", code=NOT_FOUND)
        record = world.json("dave", "desk", "show", double).record
        equal((record["codes"], record["notes"]), (["offer", "form:powder"], 1), "codes and notes")
        equal([(line["handle"], line["act"]) for line in record["history"]],
              [("alice", "claim"), ("dave", "note"), ("alice", "code")], "history")
        text = world.run("alice", "desk", "show", double).out
        expect("dave note: as last week" in text and "claimed   by alice" in text, text)
    steps.step("notes and codes stand in the history", said)

    def merged():
        world.json("alice", "desk", "merge", "n1", single)
        row = [row for row in queue(world, "dave") if row["case"] == single][0]
        equal(row["duplicates"], ["n1"], "what was merged")
        result = world.json("dave", "desk", "merge", single, "n1", code=CONFLICT)
        equal(result.problem["code"], "case_cycle", "code")
    steps.step("a case is merged into another, and not back", merged)


def scripted(steps, world, rows):
    def followed():
        rpc = world.start("dave", "rpc")
        rpc.wait_line('"synced"')
        world.json("alice", "desk", "note", rows[1]["case"], "so that dave hears of it")
        line = rpc.wait_line('"type": ?"case"')
        params = json.loads(line)["params"]
        equal((params["case"], params["act"], params["handle"], params["void"]),
              (rows[1]["case"], "note", "alice", None), "notification")
        rpc.say(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "desk.claim",
                            "params": {"case": rows[1]["case"]}}))
        answer = json.loads(rpc.wait_line('"id": ?1'))
        equal(answer["result"]["claimed_by"], "dave", "holder")
        rpc.say(json.dumps({"jsonrpc": "2.0", "id": 2, "method": "desk.release",
                            "params": [rows[1]["case"]]}))
        rpc.wait_line('"id": ?2')
        equal(rpc.close(), 0, "exit code")
    steps.step("a program hears of case work, and takes part", followed)


def newcomer(steps, world):
    def same():
        join(world, desk_room(world), ["erin"])
        world.json("alice", "sync")
        world.json("erin", "sync")
        wanted = [shared(row) for row in queue(world, "alice")]
        expect(len(wanted) == 2, wanted)
        for who in ("dave", "erin"):
            equal([shared(row) for row in queue(world, who)], wanted, f"{who}'s queue")
        double = wanted[1]["case"]
        history = world.json("erin", "desk", "show", double).record["history"]
        equal(history, world.json("dave", "desk", "show", double).record["history"], "history")
    steps.step("a moderator who comes later has the same queue and its history", same)

    def decided():
        case = queue(world, "alice")[0]["case"]
        facts = write(world, "facts.txt", "It threatens.")
        world.json("alice", "desk", "decide", case, "--action", "warn", "--facts-file", facts,
                   "--yes")
        result = world.json("dave", "desk", "claim", case, code=CONFLICT)
        equal(result.problem["code"], "case_decided", "code")
        rows = queue(world, "erin")
        equal([(row["case"], row["state"], row.get("decided_before")) for row in rows],
              [("n1", "open", 1), (rows[1]["case"], "open", None), (case, "decided", None)],
              "what is left: a notice has an answer of its own")
    steps.step("what is decided is claimed no longer, and comes last", decided)


def casework(steps, world):
    people(steps, world)
    rows = reports(steps, world)
    claims(steps, world, rows)
    scripted(steps, world, rows)
    newcomer(steps, world)
    steps.step("SIGTERM ends the hub in order", lambda: equal(world.hub_stop(), 0, "exit code"))


if __name__ == "__main__":
    main(casework)
