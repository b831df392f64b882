#!/usr/bin/env python3
"""What people do with messages, with real processes on loopback: answers, edits, deletions, reactions,
messages that disappear, and files, a killed hub in the middle of an upload included."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import World, equal, expect, main, wait_for  # noqa: E402

OK, FAILED, USAGE, NOT_FOUND, DENIED, CONFLICT, NETWORK, VERIFY = range(8)


def rows(world, who, room="team"):
    return [row for row in world.json(who, "tail", room, "--lines", "0").records
            if row["type"] == "message"]


def last(world, who):
    return rows(world, who)[-1]


def path(steps, world):
    steps.step("a hub, two people and a room", lambda: people(world), is_needed=True)
    steps.step("an answer names what it answers", lambda: answer(world))
    steps.step("an edit stands in the message's place, and says so", lambda: edit(world))
    steps.step("another's message cannot be edited", lambda: not_mine(world))
    steps.step("a reaction is seen and can be taken back", lambda: reaction(world))
    steps.step("who deletes leaves a place without text", lambda: deletion(world))
    steps.step("a time that the room does not allow is refused", lambda: expiry(world))
    steps.step("a file arrives as it was sent", lambda: small_file(world))
    steps.step("a file in many pieces survives a killed hub", lambda: large_file(world))
    steps.step("an empty file and a file in the way are refused", lambda: refused_files(world))


def people(world):
    world.hub_start()
    link = world.hub.wait_line(r"/j/#").split()[-1]
    world.json("alice", "account", "register", stdin=link + "\n")
    world.register("bob")
    world.json("alice", "room", "create", "team")
    invitation = world.json("alice", "room", "invite", "team").record["link"]
    joining = world.start("bob", "room", "join", "--link-file", "-")
    joining.say(invitation)
    world.json("alice", "sync", "--follow", "--timeout", "5s", code=None)
    joining.finish(30)
    world.json("bob", "send", "team", "good morning")


def answer(world):
    of = last(world, "alice")["room_seq"]
    world.json("alice", "reply", "team", str(of), "to you too")
    row = last(world, "bob")
    equal((row["text"], row["reply_to"]), ("to you too", of), "answer")
    expect(f"[to {of}] to you too" in world.run("bob", "tail", "team").out, "not shown")


def edit(world):
    number = world.json("bob", "send", "team", "at ten").record["room_seq"]
    world.json("bob", "edit", "team", str(number), "at nine")
    row = last(world, "alice")
    equal((row["room_seq"], row["text"], row["revision"]), (number, "at nine", "edited"), "edit")
    expect("at nine (edited)" in world.run("alice", "tail", "team").out, "not shown")


def not_mine(world):
    number = last(world, "bob")["room_seq"]
    problem = world.json("alice", "edit", "team", str(number), "mine", code=None).problem
    equal(problem["code"], "message_others", "code")
    problem = world.json("alice", "reply", "team", "99999", "to nobody", code=None).problem
    equal(problem["code"], "message_unknown", "code")


def reaction(world):
    number = str(last(world, "alice")["room_seq"])
    world.json("alice", "react", "team", number, "\N{THUMBS UP SIGN}")
    found = last(world, "bob")["reactions"]
    equal([(one["handle"], one["text"]) for one in found], [("alice", "\N{THUMBS UP SIGN}")],
          "reactions")
    world.json("alice", "react", "team", number, "--remove")
    expect("reactions" not in last(world, "bob"), "the reaction is still there")


def deletion(world):
    number = world.json("bob", "send", "team", "a slip").record["room_seq"]
    world.json("bob", "delete", "team", str(number))
    row = last(world, "alice")
    equal((row["room_seq"], row["text"], row["revision"]), (number, "[deleted]", "deleted"),
          "deletion")
    number = world.json("bob", "send", "team", "another slip").record["room_seq"]
    world.json("alice", "delete", "team", str(number)) # the room's owner
    equal(last(world, "bob")["revision"], "deleted_by_moderator", "revision")


def expiry(world):
    problem = world.json("bob", "send", "team", "quick", "--expires", "1s", code=None).problem
    equal(problem["code"], "expiry", "code")
    world.json("bob", "send", "team", "for an hour", "--expires", "1h")
    expect("expires" in last(world, "alice"), "it does not say that it will disappear")


def put_file(world, name, size):
    place = os.path.join(world.folder, name)
    with open(place, "wb") as file:
        file.write(os.urandom(size))
    return place


def same(first, second):
    with open(first, "rb") as one, open(second, "rb") as two:
        return one.read() == two.read()


def small_file(world):
    sent = put_file(world, "plan.pdf", 1000)
    number = world.json("bob", "attach", "team", sent).record["room_seq"]
    row = last(world, "alice")
    equal(row["attachment"], {"name": "plan.pdf", "type": "application/pdf", "size": 1000}, "file")
    taken = os.path.join(world.folder, "taken.pdf")
    world.json("alice", "save", "team", str(number), taken)
    expect(same(sent, taken), "the file differs")


def large_file(world):
    sent = put_file(world, "film.webm", 9 * 1024 * 1024 + 7)
    world.json("bob", "attach", "team", sent, "--offline")
    uploading = world.start("bob", "sync", "--json", "--timeout", "60s")
    wait_for(lambda: os.path.getsize(os.path.join(world.data, "hub.db-wal")) > 3 << 20,
             "no piece has come")
    world.hub_kill()
    world.hub_start()
    uploading.finish(60)
    world.json("bob", "sync")
    row = last(world, "alice")
    equal(row["attachment"]["size"], 9 * 1024 * 1024 + 7, "size")
    taken = os.path.join(world.folder, "taken.webm")
    world.json("alice", "save", "team", str(row["room_seq"]), taken)
    expect(same(sent, taken), "the file differs")


def refused_files(world):
    empty = put_file(world, "empty.txt", 0)
    problem = world.json("bob", "attach", "team", empty, code=None).problem
    equal(problem["code"], "attachment", "code")
    number = str(last(world, "alice")["room_seq"])
    in_the_way = put_file(world, "there.webm", 3)
    problem = world.json("alice", "save", "team", number, in_the_way, code=None).problem
    equal(problem["code"], "exists", "code")
    text = str(rows(world, "alice")[0]["room_seq"])
    problem = world.json("alice", "save", "team", text, os.path.join(world.folder, "no"),
                         code=None).problem
    equal(problem["code"], "attachment_none", "code")


if __name__ == "__main__":
    main(path)
