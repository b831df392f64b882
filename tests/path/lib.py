"""What the tests of whole paths stand on: a hub and clients as real processes in a folder of their
own, steps that are counted, and waiting with an end.  Loopback only."""
import fcntl
import json
import os
import pty
import re
import resource
import select
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("TIMBRE_BUILD", os.path.join(ROOT, "build"))
HUB = os.path.join(BUILD, "timbre-hub")
CLIENT = os.path.join(BUILD, "timbre")
START_SECONDS = 15
RUN_SECONDS = 30


class Refused(Exception):
    """Something is not as the step says."""


def short(text, most=1500):
    """For a person to read: texts of tests can be long."""
    text = str(text)
    return text if len(text) <= most else f"{text[:most // 2]} [...] {text[-most // 2:]}"


def expect(is_so, text):
    if not is_so:
        raise Refused(text)


def equal(found, wanted, what):
    if found != wanted:
        raise Refused(f"{what}: found {found!r}, wanted {wanted!r}")


def wait_for(test, what, seconds=RUN_SECONDS):
    """The first true value of test(), which is asked again and again."""
    end = time.monotonic() + seconds
    while True:
        value = test()
        if value:
            return value
        if time.monotonic() > end:
            raise Refused(f"waited {seconds} s for {what}")
        time.sleep(0.05)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Steps:
    """Runs steps, prints each, and counts.  A step that others need ends the run when it fails."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.begin = time.monotonic()

    def step(self, name, action, is_needed=False):
        start = time.monotonic()
        try:
            value = action()
        except Exception as error:  # a step reports, the others go on
            self.failed += 1
            print(f"FAILED  {name}")
            text = str(error) if isinstance(error, Refused) else traceback.format_exc()
            print("        " + short(text).rstrip().replace("\n", "\n        "), flush=True)
            if is_needed:
                raise SystemExit(self.close())
            return None
        self.passed += 1
        print(f"ok      {name} ({time.monotonic() - start:.1f} s)", flush=True)
        return value

    def close(self):
        print(f"took {time.monotonic() - self.begin:.0f} s")
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed or not self.passed else 0


class Result:
    """How a client's verb ended."""

    def __init__(self, command, code, out, err):
        self.command, self.code, self.out, self.err = command, code, out, err

    def __str__(self):
        return (f"{' '.join(self.command)}\nexit {self.code}\n"
                f"stdout: {self.out.rstrip()}\nstderr: {self.err.rstrip()}")

    @property
    def records(self):
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def record(self):
        return self.records[-1]

    @property
    def problem(self):
        return json.loads(self.err.splitlines()[-1])


class Background:
    """A client that goes on: what it prints is gathered while the test does other things."""

    def __init__(self, command, env):
        self.command = command
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=env, text=True, bufsize=1)
        self.lines, self.errors = [], []
        self.readers = [threading.Thread(target=self.read, args=pair, daemon=True)
                        for pair in ((self.process.stdout, self.lines),
                                     (self.process.stderr, self.errors))]
        for reader in self.readers:
            reader.start()

    @staticmethod
    def read(stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))

    def say(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def wait_line(self, pattern, seconds=RUN_SECONDS):
        """The first line that the pattern is found in."""
        def find():
            for line in list(self.lines):
                if re.search(pattern, line):
                    return line
            if self.process.poll() is not None and not self.readers[0].is_alive():
                raise Refused(f"{' '.join(self.command)} ended with {self.process.returncode} "
                              f"before {pattern!r}: {self.lines[-5:]} {self.errors[-5:]}")
            return None
        try:
            return wait_for(find, f"{pattern!r} of {' '.join(self.command)}", seconds)
        except Refused as refused:
            raise Refused(f"{refused}\nlines: {self.lines[-8:]}\nerrors: {self.errors[-8:]}")

    def close(self, seconds=RUN_SECONDS):
        """End of its input, then its exit code."""
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        return self.finish(seconds)

    def interrupt(self, seconds=RUN_SECONDS):
        self.process.send_signal(signal.SIGINT)
        return self.finish(seconds)

    def kill(self):
        self.process.kill()
        return self.finish(RUN_SECONDS)

    def finish(self, seconds):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Refused(f"{' '.join(self.command)} did not end\n{self.errors[-8:]}")
        for reader in self.readers:
            reader.join(seconds)
        return code


class Screen:
    """A client on a pseudo-terminal of its own."""

    def __init__(self, command, env):
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, env)

    def type(self, text):
        os.write(self.fd, text.encode())

    def resize(self, columns, rows=24):
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait(self, wanted, seconds=RUN_SECONDS):
        """Until the text stands in what came since the last such wait."""
        end = time.monotonic() + seconds
        while wanted not in self.text:
            left = end - time.monotonic()
            ready, _, _ = select.select([self.fd], [], [], max(0, left))
            expect(ready, f"waited {seconds} s for {wanted!r}; so far {self.text[-500:]!r}")
            try:
                self.text += os.read(self.fd, 65536).decode("utf-8", "replace")
            except OSError:
                raise Refused(f"the program ended before {wanted!r}: {self.text[-500:]!r}")
        self.text = self.text.split(wanted, 1)[1]

    def close(self, seconds=RUN_SECONDS):
        """Its exit code; what it still prints is read, so that it cannot wait for us."""
        end = time.monotonic() + seconds
        while True:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            if done:
                os.close(self.fd)
                return os.waitstatus_to_exitcode(status)
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                raise Refused(f"the program did not end: {self.text[-500:]!r}")
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    self.text += os.read(self.fd, 65536).decode("utf-8", "replace")
                except OSError:
                    time.sleep(0.05)


class World:
    """One hub and any number of profiles."""

    def __init__(self, port=None):
        self.folder = tempfile.mkdtemp(prefix="timbre-path-")
        self.port = port or free_port()
        self.origin = f"http://localhost:{self.port}"
        self.profiles = os.path.join(self.folder, "profiles")
        self.data = os.path.join(self.folder, "hub")
        self.hub = None
        self.hub_log = []
        self.background = []
        self.env = {key: value for key, value in os.environ.items()
                    if not key.startswith(("TIMBRE_", "XDG_", "LC_"))}
        self.env.update(TIMBRE_DATA_DIR=self.profiles, TZ="UTC", LANG="C.UTF-8", TERM="dumb")

    # ---- the hub ----

    def hub_command(self, *words):
        return [HUB, "--data-dir", self.data, "--listen", f"localhost:{self.port}",
                "--set", "metrics.listen=none", *words]

    def hub_start(self, *options):
        """The lines that it prints until it serves."""
        self.hub = Background(self.hub_command(*options, "serve", "--print-invitation"), self.env)
        self.hub_log.append(self.hub)

        def ready():
            expect(self.hub.process.poll() is None,
                   f"the hub ended: {self.hub.lines[-5:]} {self.hub.errors[-5:]}")
            try:
                with self.connect() as probe:
                    probe.sendall(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\n"
                                  b"Connection: close\r\n\r\n")
                    return b" 200 " in probe.recv(4096).split(b"\r\n")[0]
            except OSError:
                return False
        wait_for(ready, "the hub", START_SECONDS)

    def connect(self):
        probe = socket.create_connection(("localhost", self.port), 1)
        if not self.origin.startswith("https:"):
            return probe
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE  # it only asks whether the hub is there
        return context.wrap_socket(probe)

    def hub_kill(self):
        self.hub.kill()

    def hub_stop(self):
        self.hub.process.terminate()
        return self.hub.finish(RUN_SECONDS)

    def hub_verb(self, *words, code=0):
        return self.program(self.hub_command(*words), code)

    def program(self, command, code=0):
        """Any program to its end.  code None: any."""
        done = subprocess.run(command, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=RUN_SECONDS)
        result = Result(command, done.returncode, done.stdout, done.stderr)
        if code is not None:
            equal(result.code, code, f"exit code of\n{result}\n")
        return result

    def invitation(self, *options):
        out = self.hub_verb("invite", "create", *options).out
        found = re.search(r"https?://\S+/j/#\S+", out)
        expect(found, f"no link in {out!r}")
        return found.group(0)

    # ---- clients ----

    def command(self, profile, *words):
        return [CLIENT, "--profile", profile, *words]

    def run(self, profile, *words, stdin="", code=0, seconds=RUN_SECONDS, file_bytes_max=None,
            env=None):
        """A verb to its end.  code None: any."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_bytes_max, file_bytes_max))
        command = self.command(profile, *words)
        try:
            done = subprocess.run(command, input=stdin, env={**self.env, **(env or {})},
                                  capture_output=True, text=True,
                                  timeout=seconds,
                                  preexec_fn=limit if file_bytes_max is not None else None)
        except subprocess.TimeoutExpired as late:
            raise Refused(f"{' '.join(command)} did not end in {seconds} s\n"
                          f"{late.stdout!r}\n{late.stderr!r}")
        result = Result(command, done.returncode, done.stdout, done.stderr)
        if code is not None:
            equal(result.code, code, f"exit code of\n{result}\n")
        return result

    def json(self, profile, *words, **more):
        return self.run(profile, "--json", *words, **more)

    def start(self, profile, *words):
        process = Background(self.command(profile, *words), self.env)
        self.background.append(process)
        return process

    def register(self, profile, *options):
        link = self.invitation(*options)
        return self.json(profile, "account", "register", stdin=link + "\n").record

    def texts(self, profile, room):
        """[(room_seq, handle, text)] of the messages that a profile shows."""
        rows = self.json(profile, "tail", room, "--lines", "0").records
        return [(row["room_seq"], row["handle"], row["text"]) for row in rows
                if row["type"] == "message"]

    def profile_folder(self, profile):
        return os.path.join(self.profiles, profile)

    def copy_profile(self, profile, copy):
        shutil.copytree(self.profile_folder(profile), self.profile_folder(copy))

    # ---- the end ----

    def close(self, is_kept=False):
        for process in self.background + self.hub_log:
            if process.process.poll() is None:
                process.process.kill()
                process.process.wait()
        if is_kept:
            print(f"kept {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def main(run):
    """Run a test's function of (steps, world) and end the process with its verdict."""
    for program in (HUB, CLIENT):
        if not os.access(program, os.X_OK):
            print(f"{program} is not built")
            print("0 passed, 1 failed")
            sys.exit(1)
    steps, world = Steps(), World()
    code = 1
    try:
        run(steps, world)
        code = steps.close()
    except SystemExit as end:
        code = end.code
    finally:
        if code and world.hub_log:
            for line in world.hub_log[-1].errors[-20:]:
                print("hub:    " + line)
        world.close(is_kept="--keep" in sys.argv)
    sys.exit(code)
