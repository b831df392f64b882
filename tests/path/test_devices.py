#!/usr/bin/env python3
"""An account on several machines, with real processes on loopback: linking with a code, revoking, and
coming back with a recovery phrase."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import World, equal, expect, main  # noqa: E402

OK, FAILED, USAGE, NOT_FOUND, DENIED, CONFLICT, NETWORK, VERIFY = range(8)


def texts(world, who):
    return [row["text"] for row in world.json(who, "tail", "team", "--lines", "0").records
            if row["type"] == "message"]


def path(steps, world):
    steps.step("a hub, two people and a room", lambda: people(world), is_needed=True)
    steps.step("a wrong code and a wrong address are refused", lambda: refused(world))
    steps.step("a second machine is linked, and its digits are compared", lambda: link(world),
               is_needed=True)
    steps.step("both machines show what comes", lambda: both(world))
    steps.step("a recovery phrase is shown once", lambda: phrase(world))
    steps.step("a revoked machine is told so, and reads nothing new", lambda: revoke(world))
    steps.step("a phrase with a wrong letter is refused", lambda: wrong_phrase(world))
    steps.step("the phrase brings the account back on a new machine", lambda: recover(world))
    steps.step("nobody was told of a reset", lambda: no_reset(world))


def people(world):
    world.hub_start()
    invitation = world.hub.wait_line(r"/j/#").split()[-1]
    world.json("alice", "account", "register", stdin=invitation + "\n")
    world.register("bob")
    world.json("alice", "room", "create", "team")
    invitation = world.json("alice", "room", "invite", "team").record["link"]
    joining = world.start("bob", "room", "join", "--link-file", "-")
    joining.say(invitation)
    world.json("alice", "sync", "--follow", "--timeout", "5s", code=None)
    joining.finish(30)
    world.json("bob", "send", "team", "before the laptop")


def refused(world):
    equal(world.json("bob", "device", "add", "--yes", stdin="nonsense\n", code=USAGE)
          .problem["code"], "link_code", "code")
    world.json("nobody", "device", "link", "localhost", code=USAGE)


def link(world):
    laptop = world.start("laptop", "device", "link", world.origin)
    digits = re.search(r"(\d{5} ){3}\d{5}", laptop.wait_line(r"^Digits: ")).group(0)
    code = next(line for line in laptop.lines if re.fullmatch(r"[A-Za-z0-9_-]{60,}", line))
    asked = world.json("bob", "device", "add", "--code-file", "-", stdin=code + "\n", code=USAGE)
    equal(asked.problem["code"], "usage", "without --yes")
    added = world.json("bob", "device", "add", "--code-file", "-", "--yes", stdin=code + "\n").record
    expect(re.fullmatch(r"\d{5} \d{5} \d{5} \d{5}", digits), digits)
    world.json("bob", "sync", "--follow", "--timeout", "8s", code=None)
    equal(laptop.finish(30), OK, f"exit code: {laptop.errors[-5:]}")
    devices = world.json("laptop", "device", "list").records
    equal([row["state"] for row in devices], ["active", "active"], "devices")
    expect(any(row["device"] == added["device"] and row["this"] for row in devices), devices)
    equal(world.json("laptop", "account", "show").record["handle"], "bob", "handle")


def both(world):
    world.json("laptop", "sync")
    world.json("alice", "send", "team", "to both of you")
    world.json("laptop", "send", "team", "from the laptop")
    equal(texts(world, "laptop")[-2:], ["to both of you", "from the laptop"], "laptop")
    equal(texts(world, "bob")[-2:], ["to both of you", "from the laptop"], "bob")
    expect("before the laptop" not in texts(world, "laptop"), "history from before")


def phrase(world):
    world.phrase = world.json("bob", "recovery", "new").record["phrase"]
    expect(re.fullmatch(r"([0-9a-z]{5}-){5}[0-9a-z]{5}", world.phrase), world.phrase)


def revoke(world):
    laptop = next(row["device"] for row in world.json("bob", "device", "list").records
                  if not row["this"])
    world.json("bob", "device", "revoke", laptop.split("/")[-1][:8], "--yes")
    world.json("alice", "sync", "--follow", "--timeout", "4s", code=None)
    equal(world.json("laptop", "sync", code=DENIED).problem["code"], "device_revoked", "code")
    world.json("alice", "send", "team", "without the laptop")
    expect("without the laptop" not in texts(world, "laptop"), "read after its end")
    expect("without the laptop" in texts(world, "bob"), "bob reads on")


def wrong_phrase(world):
    letter = "2" if world.phrase[0] != "2" else "3"
    equal(world.json("phone", "account", "recover", world.origin, "--phrase-file", "-",
                     stdin=letter + world.phrase[1:] + "\n", code=USAGE).problem["code"],
          "phrase", "code")


def recover(world):
    typed = world.phrase.upper().replace("-", " ")
    record = world.json("phone", "account", "recover", world.origin, "--phrase-file", "-",
                        stdin=typed + "\n").record
    equal(record["handle"], "bob", "handle")
    world.json("alice", "sync", "--follow", "--timeout", "8s", code=None)
    world.json("phone", "sync")
    world.json("alice", "send", "team", "welcome back")
    expect("welcome back" in texts(world, "phone"), "the phone reads")
    lost = next(row["device"] for row in world.json("phone", "device", "list").records
                if row["state"] == "active" and not row["this"])
    world.json("phone", "device", "revoke", lost, "--yes")
    equal(world.json("bob", "sync", code=DENIED).problem["code"], "device_revoked", "code")


def no_reset(world):
    said = world.json("alice", "sync")
    expect("reset" not in said.out + said.err, said)


if __name__ == "__main__":
    main(path)
