#!/usr/bin/env python3
"""Run exactly the commands of the console blocks of the README and of docs/moderation.md, in order, on a terminal of their own, and
compare every line that they print.

In a block a line that begins with `$ ` is a command, the lines below it are what it prints.
`<name>` stands for text without a line end: the first time it is remembered, afterwards it must be
the same, also inside commands; `<time>` is never remembered; `<qr>` is any number of lines of a QR
code.  A line `...` is any number of lines.  The line `Invitation link:` is a prompt, answered
with <link>.  `make run` goes on in the background, as it does in a terminal of its own.
"""
import os
import pty
import re
import select
import shutil
import signal
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from lib import ROOT, Refused, Steps, expect, free_port  # noqa: E402

PAGES = ("README.md", "docs/moderation.md")
COMMAND_SECONDS = 60
MAKE_SECONDS = 600
FORGOTTEN = {"time"}
DEFAULT_PORT = "8470"
PROMPTS = ("Invitation link:", "Link of the room:")


def blocks(text):
    """[[(line number, command, [expected lines])]] of the fenced console blocks."""
    found, block = [], None
    for number, line in enumerate(text.split("\n"), 1):
        if block is None:
            if line.strip() == "```console":
                block = []
        elif line.strip() == "```":
            found.append(block)
            block = None
        elif line.startswith("$ "):
            block.append((number, line[2:], []))
        else:
            expect(block, f"line {number}: output without a command")
            block[-1][2].append(line)
    return found


class Variables:
    def __init__(self, port):
        self.values = {}
        self.port = port

    def local(self, text):
        return text.replace(f"localhost:{DEFAULT_PORT}", f"localhost:{self.port}")

    def fill(self, command):
        def value(match):
            name = match.group(1)
            expect(name in self.values, f"<{name}> is used before anything showed it")
            return self.values[name]
        return re.sub(r"<([a-z][a-z-]*)>", value, self.local(command))

    def match(self, expected, line):
        """None, or the values that the line gives."""
        pattern, names = "", []
        for part in re.split(r"(<[a-z][a-z-]*>)", self.local(expected)):
            name = part[1:-1] if part.startswith("<") and part.endswith(">") else None
            if name is None:
                pattern += re.escape(part)
            elif name in FORGOTTEN:
                pattern += ".+?"
            elif name in self.values:
                pattern += re.escape(self.values[name])
            elif name in names:
                pattern += f"(?P={name.replace('-', '_')})"
            else:
                names.append(name)
                pattern += f"(?P<{name.replace('-', '_')}>.+?)"
        found = re.fullmatch(pattern, line)
        if not found:
            return None
        return {name: found.group(name.replace("-", "_")) for name in names}

    def keep(self, found):
        self.values.update(found)


def compare(variables, expected, lines):
    """Raise with the first line that differs; remembers what the lines show."""
    at = 0
    for index, want in enumerate(expected):
        if want.strip() in ("...", "<qr>"):
            rest = [line for line in expected[index + 1:] if line.strip() not in ("...", "<qr>")]
            if not rest:
                return
            while at < len(lines) and variables.match(rest[0], lines[at]) is None:
                at += 1
            continue
        expect(at < len(lines), f"wanted {want!r}, but there is no more")
        found = variables.match(want, lines[at])
        expect(found is not None, f"wanted {want!r}\n found {lines[at]!r}")
        variables.keep(found)
        at += 1
    expect(at == len(lines), f"not on the page: {lines[at:]}")


class Terminal:
    """A pseudo-terminal whose controlling process is a shell that takes its commands from a pipe, so
    that it prints no prompt of its own, and the programs still find a person's terminal."""

    def __init__(self, folder, env):
        self.text = b""
        commands, self.commands = os.pipe()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.close(self.commands)
            os.dup2(commands, 9, inheritable=True)
            os.chdir(folder)
            os.execve("/bin/bash", ["bash", "--norc", "/dev/fd/9"], env)
        os.close(commands)
        modes = termios.tcgetattr(self.fd)
        modes[3] &= ~termios.ECHO
        modes[1] &= ~termios.ONLCR
        termios.tcsetattr(self.fd, termios.TCSANOW, modes)

    def send(self, command):
        os.write(self.commands, command.encode() + b"\n")

    def type(self, text):
        os.write(self.fd, text.encode() + b"\n")

    def read(self, until, seconds):
        """What is printed until the pattern is found at the end of it; that goes too."""
        end = time.monotonic() + seconds
        while True:
            text = self.text.decode("utf-8", "replace").replace("\r", "")
            found = re.search(until, text)
            if found:
                self.text = text[found.end():].encode()
                return text[:found.start()], found
            left = end - time.monotonic()
            ready, _, _ = select.select([self.fd], [], [], max(0, left))
            expect(ready, f"waited {seconds} s; so far: {text[-2000:]!r}")
            try:
                self.text += os.read(self.fd, 65536)
            except OSError:
                raise Refused(f"the shell ended: {text[-2000:]!r}")

    def interrupt(self):
        """Ctrl-C, and what is printed until the program has ended: a hub takes a mere hang-up for
        the wish to read its configuration again."""
        os.write(self.fd, b"\x03")
        text = b""
        end = time.monotonic() + COMMAND_SECONDS
        while True:
            expect(select.select([self.fd], [], [], max(0, end - time.monotonic()))[0],
                   "Ctrl-C did not end it")
            try:
                part = os.read(self.fd, 65536)
            except OSError:
                part = b""
            if not part:
                return text.decode("utf-8", "replace")
            text += part

    def is_gone(self):
        """Nothing of the shell's process group is left: no hub, no client in the background."""
        try:
            os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            pass
        try:
            os.killpg(self.pid, 0)
        except ProcessLookupError:
            return True
        return False

    def close(self):
        """End everything that was started here; a hub takes the end of a terminal for no reason."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                break
            end = time.monotonic() + 10
            while not self.is_gone() and time.monotonic() < end:
                time.sleep(0.05)
        os.close(self.commands)
        os.close(self.fd)
        expect(self.is_gone(), f"the process group {self.pid} does not end")


class Session:
    def __init__(self, folder):
        self.folder = folder
        self.work = os.path.join(folder, "timbre")
        self.variables = Variables(free_port())
        self.env = {key: value for key, value in os.environ.items()
                    if not key.startswith(("TIMBRE_", "XDG_", "LC_", "MAKE", "MFLAGS"))}
        self.env.update(HOME=folder, TERM="dumb", TZ="UTC", LANG="C.UTF-8",
                        TIMBRE_SERVER_LISTEN=f"localhost:{self.variables.port}",
                        TIMBRE_METRICS_LISTEN="none")
        self.lay_out()
        self.shell = Terminal(self.work, self.env)
        self.servers = []

    def lay_out(self):
        """The project as a newcomer has it: a folder of links, but with a var/ of its own."""
        os.mkdir(self.work)
        for name in os.listdir(ROOT):
            if name not in ("var", ".git"):
                os.symlink(os.path.join(ROOT, name), os.path.join(self.work, name))

    def run(self, command, expected):
        command = self.variables.fill(command)
        if command == "make run":
            self.serve(command, expected)
            return
        mark = f"={os.getpid()}="
        self.shell.send(f"{command}\nprintf '%s%s\\n' '{mark}' $?")
        ends = rf"{mark}(\d+)\n"
        before = ""
        prompts = [line for line in expected if line.rstrip() in PROMPTS]
        for prompt in prompts:
            text, found = self.shell.read(re.escape(prompt.rstrip()) + " ?|" + ends,
                                          COMMAND_SECONDS)
            expect(found.group(1) is None, f"it ended before the prompt: {text!r}")
            before += text + prompt
            self.shell.type(self.variables.values["link"])
        text, found = self.shell.read(ends, COMMAND_SECONDS)
        lines = (before + text).rstrip("\n").split("\n")
        compare(self.variables, expected, [line for line in lines if line] if lines == [""]
                else lines)

    def serve(self, command, expected):
        """A terminal for the hub; it is over when the last expected line stands there."""
        terminal = Terminal(self.work, self.env)
        self.servers.append(terminal)
        terminal.send(f"exec {command}")
        last = re.escape(self.variables.local(expected[-1]).strip())
        text, found = terminal.read(rf"{last}[^\n]*\n", MAKE_SECONDS)
        compare(self.variables, expected, (text + found.group(0)).rstrip("\n").split("\n"))
        expect("link" in self.variables.values, "no <link> in what the hub prints")

    def stop(self):
        while self.servers:
            server = self.servers.pop()
            try:
                server.interrupt()
            finally:
                server.close()

    def close(self):
        for terminal in (self.shell, *self.servers):
            terminal.close()


def walk(steps, page):
    """Its own folder, hub and profiles."""
    with open(os.path.join(ROOT, page), encoding="utf-8") as file:
        text = file.read()
    folder = tempfile.mkdtemp(prefix="timbre-readme-")
    session = Session(folder)
    try:
        for block in blocks(text):
            for number, command, expected in block:
                if command == "make test":
                    continue  # this is a part of it
                steps.step(f"{page}:{number}: {command}",
                           lambda: session.run(command, expected), is_needed=True)
        steps.step("Ctrl-C stops the hub", session.stop)
    finally:
        session.close()
        if "--keep" in sys.argv:
            print(f"kept {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def main():
    steps = Steps()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))  # through the finally above
    try:
        for page in PAGES:
            walk(steps, page)
        return steps.close()
    except SystemExit as end:
        return end.code


if __name__ == "__main__":
    sys.exit(main())
