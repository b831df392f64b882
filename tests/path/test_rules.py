#!/usr/bin/env python3
"""The rules of a room with real processes: announcements, slow mode, mutes, kicks, approval."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import World, equal, expect, main, wait_for  # noqa: E402


def path(steps, world):
    steps.step("a hub, three people and a room", lambda: people(world), is_needed=True)
    steps.step("a member may not change the rules", lambda: not_a_moderator(world))
    steps.step("who is muted reads and does not write", lambda: mute(world))
    steps.step("slow mode makes members wait, and not moderators", lambda: slow(world))
    steps.step("announcements are for moderators and owners", lambda: announce(world))
    steps.step("who was kicked does not come back before the time", lambda: kick(world))
    steps.step("newcomers wait for approval", lambda: approval(world))


def join(world, who, link):
    """The room's owner is online meanwhile, to let them in."""
    owner = world.start("alice", "sync", "--follow", "--timeout", "30s")
    result = world.run(who, "room", "join", "--link-file", "-", stdin=link + "\n", code=None)
    owner.interrupt()
    return result


def invite(world, uses="5"):
    return world.json("alice", "room", "invite", "team", "--uses", uses).record["link"]


def people(world):
    world.hub_start()
    link = world.hub.wait_line(r"/j/#").split()[-1]
    world.json("alice", "account", "register", stdin=link + "\n")
    world.json("alice", "room", "create", "team")
    link = invite(world)
    for who in ("bob", "carol"):
        world.register(who)
        equal(join(world, who, link).code, 0, f"{who} joins")


def refusal(world, who, text, code):
    problem = world.json(who, "send", "team", text, code=None).problem
    equal(problem["code"], code, "code")


def not_a_moderator(world):
    problem = world.json("bob", "room", "mute", "team", "carol", code=None).problem
    equal(problem["code"], "permission", "code")
    problem = world.json("bob", "room", "rules", "team", "--slow", "9s", code=None).problem
    equal(problem["code"], "permission", "code")


def mute(world):
    world.json("alice", "room", "mute", "team", "bob", "--until", "1h")
    refusal(world, "bob", "let me speak", "muted")
    world.json("alice", "send", "team", "bob reads this")
    expect("bob reads this" in world.run("bob", "tail", "team").out, "bob does not read")
    rules = world.json("carol", "room", "rules", "team").record
    equal([one["handle"] for one in rules["muted"]], ["bob"], "muted")
    world.json("alice", "room", "unmute", "team", "bob")
    world.json("bob", "send", "team", "thank you")


def slow(world):
    world.json("alice", "room", "rules", "team", "--slow", "1h")
    world.json("carol", "send", "team", "once")
    refusal(world, "carol", "twice", "rate_limited")
    world.json("alice", "send", "team", "owners")
    world.json("alice", "send", "team", "need not wait")
    world.json("alice", "room", "rules", "team", "--slow", "off")
    wait_for(lambda: "twice" in world.run("carol", "tail", "team").out, "the kept message")


def announce(world):
    world.json("alice", "room", "rules", "team", "--announce", "on")
    refusal(world, "bob", "hello", "forbidden")
    world.json("alice", "send", "team", "an announcement")
    world.json("alice", "room", "rules", "team", "--announce", "off")
    world.json("bob", "send", "team", "hello again")


def kick(world):
    link = invite(world)
    world.json("alice", "room", "kick", "team", "carol", "--until", "7d")
    world.run("carol", "sync", code=None)
    problem = world.json("carol", "room", "join", "--link-file", "-", stdin=link + "\n",
                         code=None).problem
    equal(problem["code"], "denied", "code")
    world.json("alice", "room", "readmit", "team", "carol")
    equal(join(world, "carol", link).code, 0, "carol comes back")


def approval(world):
    world.json("alice", "room", "rules", "team", "--approval", "on")
    world.register("dora")
    link = invite(world)
    world.json("dora", "room", "join", "--link-file", "-", "--no-wait", stdin=link + "\n")
    world.json("bob", "sync")
    problem = world.json("bob", "room", "approve", "team", "dora", code=None).problem
    equal(problem["code"], "permission", "code")
    equal([one["handle"] for one in world.json("alice", "room", "requests", "team").records],
          ["dora"], "who asks")
    world.json("alice", "room", "approve", "team", "dora")
    world.json("dora", "sync")
    world.json("dora", "send", "team", "hello")


if __name__ == "__main__":
    main(path)
