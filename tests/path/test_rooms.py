#!/usr/bin/env python3
"""Invitations that are listed and taken back, names that fit two rooms, and a desk that the operator
founds anew, with real processes on loopback."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import World, equal, expect, main, wait_for  # noqa: E402

OK, FAILED, USAGE, NOT_FOUND, DENIED, CONFLICT, NETWORK, VERIFY = range(8)
HUB_USAGE = 2


def path(steps, world):
    steps.step("a hub, three people and a room", lambda: people(world), is_needed=True)
    steps.step("invitations are listed with what is left of them", lambda: listed(world))
    steps.step("one that was taken back lets nobody in", lambda: taken_back(world))
    steps.step("--all takes back what is left", lambda: all_of_them(world))
    steps.step("a name that fits two rooms names both", lambda: ambiguous(world))
    steps.step("the desk is founded anew and old reports are told as lost", lambda: refound(world))
    steps.step("the new desk reads what is reported now", lambda: new_desk(world))


def people(world):
    world.hub_start()
    link = world.hub.wait_line(r"/j/#").split()[-1]
    world.json("alice", "account", "register", stdin=link + "\n")
    for who in ("bob", "carol"):
        world.register(who)
    world.json("bob", "room", "create", "team")


def invite(world, uses):
    return world.json("bob", "room", "invite", "team", "--uses", str(uses)).record["link"]


def let_in(world, who, link):
    joining = world.start(who, "room", "join", "--link-file", "-")
    joining.say(link)
    world.json("bob", "sync", "--follow", "--timeout", "5s", code=None)
    joining.finish(30)


def invitations(world, who):
    return world.json(who, "room", "invites", "team").records


def listed(world):
    let_in(world, "alice", invite(world, 3))
    found = invitations(world, "bob")
    equal([(row["uses_left"], row["uses"], row["inviter_handle"], row["own"]) for row in found],
          [(2, 3, "bob", True)], "invitations")
    expect(found[0]["invitation"] in world.run("bob", "room", "invites", "team").out, "not shown")


def taken_back(world):
    link = invite(world, 5)
    word = next(row["invitation"] for row in invitations(world, "bob") if row["uses"] == 5)
    problem = world.json("bob", "room", "uninvite", "team", "0000", code=NOT_FOUND).problem
    equal(problem["code"], "invitation_unknown", "code")
    world.json("bob", "room", "uninvite", "team", word, "--all", code=USAGE)
    world.json("bob", "room", "uninvite", "team", code=USAGE)
    equal(world.json("bob", "room", "uninvite", "team", word).record["taken_back"], 1, "count")
    result = world.json("carol", "room", "join", "--link-file", "-", stdin=link + "\n", code=None)
    equal(result.problem["code"], "not_found", "code")
    equal([row["uses"] for row in invitations(world, "bob")], [3], "what is left")


def all_of_them(world):
    invite(world, 7)
    equal(world.json("bob", "room", "uninvite", "team", "--all").record["taken_back"], 2, "count")
    equal(invitations(world, "bob"), [], "invitations")
    wait_for(lambda: invitations(world, "alice") == [], "the announcement")


def ambiguous(world):
    rooms = [world.json("bob", "room", "create", "Notice").record["room"] for _ in range(2)]
    problem = world.json("bob", "send", "Notice", "which", code=CONFLICT).problem
    equal(problem["code"], "ambiguous", "code")
    for room in rooms:
        expect(f"Notice = {room}" in problem["detail"], problem)
    world.json("bob", "send", rooms[1], "this one")


def say_and_report(world, text):
    number = world.json("alice", "send", "team", text).record["room_seq"]
    world.json("bob", "sync")
    return world.json("bob", "report", "new", "team", str(number), "--reason", "spam").record


def refound(world):
    say_and_report(world, "buy this")
    world.hub_verb("desk", "refound", code=HUB_USAGE)
    out = world.hub_verb("desk", "refound", "--yes").out
    link = re.search(r"https?://\S+/j/#\S+", out).group(0)
    world.json("dave", "account", "register", stdin=link + "\n")
    told = world.run("bob", "sync")
    expect("desk" in told.out + told.err, told)
    rows = world.json("bob", "report", "list").records
    equal([row["state"] for row in rows], ["desk lost"], "reports")


def new_desk(world):
    world.json("alice", "sync")
    say_and_report(world, "buy that")
    rows = world.json("dave", "desk", "list").records
    equal([(row["accused_handle"], row["verified"], row["state"]) for row in rows],
          [("alice", True, "open")], "cases")
    equal([row["state"] for row in world.json("bob", "report", "list").records],
          ["handed in", "desk lost"], "reports")


if __name__ == "__main__":
    main(path)
