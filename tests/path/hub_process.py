"""A hub of its own for each test: a process on a free loopback port, and small clients for it."""
import base64
import hashlib
import os
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WAIT_S = 20  # for what comes at once on any machine that is not broken


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Hub:
    """`with Hub(build) as hub:` starts timbre-hub and ends it, whatever happens."""

    def __init__(self, build, *options, certificate=None):
        self.program = os.path.join(ROOT, build, "timbre-hub")
        self.options = list(options)
        self.folder = tempfile.mkdtemp(prefix="timbre-hub-")
        self.data = os.path.join(self.folder, "data")
        self.port = free_port()
        self.metrics_port = free_port()
        self.certificate = certificate
        self.process = None
        self.log = ""

    def settings(self):
        given = ["--data-dir", self.data, "--listen", f"127.0.0.1:{self.port}",
                 "--set", f"metrics.listen=127.0.0.1:{self.metrics_port}"]
        if self.certificate:
            given += ["--set", f"tls.certificate_file={self.certificate}.crt",
                      "--set", f"tls.key_file={self.certificate}.key"]
        return given + self.options

    def environment(self):
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith("TIMBRE_") and key not in ("NOTIFY_SOCKET", "JOURNAL_STREAM")}
        return kept

    def start(self, *more):
        self.log_file = open(os.path.join(self.folder, "log"), "ab")
        self.process = subprocess.Popen([self.program, *self.settings(), "serve", *more],
                                        stdin=subprocess.DEVNULL, stdout=self.log_file,
                                        stderr=self.log_file, env=self.environment())
        until = time.monotonic() + WAIT_S
        while time.monotonic() < until:
            if self.process.poll() is not None:
                raise AssertionError(f"the hub ended with {self.process.returncode}:\n"
                                     + self.read_log())
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                time.sleep(0.02)
        raise AssertionError("the hub does not listen:\n" + self.read_log())

    def read_log(self):
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return None
        self.process.send_signal(number)
        code = self.process.wait(WAIT_S)
        self.process = None
        self.log_file.close()
        return code

    def run(self, *words, input_text=None):
        """A verb beside the hub: (exit code, standard output, standard error)."""
        done = subprocess.run([self.program, *self.settings(), *words], capture_output=True,
                              text=True, input=input_text, timeout=WAIT_S, env=self.environment())
        return done.returncode, done.stdout, done.stderr

    def connect(self):
        plain = socket.create_connection(("127.0.0.1", self.port), WAIT_S)
        if not self.certificate:
            return plain
        context = ssl.create_default_context(cafile=self.certificate + ".crt")
        return context.wrap_socket(plain, server_hostname="localhost")

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if self.process is not None:
            self.process.kill()
            self.process.wait(WAIT_S)
            self.log_file.close()
        if kind is not None:
            print("---- the hub's log\n" + self.read_log()[-4000:])
        shutil.rmtree(self.folder, ignore_errors=True)


# ------------------------------------------------------------------------------ HTTP


class Answer:
    def __init__(self, status, fields, body):
        self.status, self.fields, self.body = status, fields, body


def read_answer(stream, is_head=False):
    line = stream.readline()
    if not line:
        raise EOFError("the hub closed the connection")
    status = int(line.split()[1])
    fields = {}
    while True:
        line = stream.readline().rstrip(b"\r\n")
        if not line:
            break
        name, value = line.split(b":", 1)
        fields[name.decode().lower()] = value.strip().decode()
    length = 0 if is_head else int(fields.get("content-length", 0))
    return Answer(status, fields, stream.read(length))


def ask(hub, method, path, body=b"", fields=(), connection=None, port=None):
    """One request; a connection of its own unless one is given."""
    ours = connection or (hub.connect() if port is None
                          else socket.create_connection(("127.0.0.1", port), WAIT_S))
    head = [f"{method} {path} HTTP/1.1", "Host: localhost", *fields]
    if body or method == "POST":
        head.append(f"Content-Length: {len(body)}")
    ours.sendall("\r\n".join(head + ["", ""]).encode() + body)
    with ours.makefile("rb") as stream:
        answer = read_answer(stream, method == "HEAD")
    if connection is None:
        ours.close()
    return answer


def ended(connection):
    """Does the connection end, whatever is still sent before?"""
    connection.settimeout(WAIT_S)
    try:
        while connection.recv(65536):
            pass
        return True
    except ConnectionError:
        return True


# ------------------------------------------------------------------------------ WebSocket


class WebSocket:
    MASK = b"\x11\x22\x33\x44"

    def __init__(self, hub, fields=()):
        self.socket = hub.connect()
        self.socket.settimeout(WAIT_S)
        self.stream = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        head = ["GET /v1/socket HTTP/1.1", "Host: localhost", "Connection: keep-alive, Upgrade",
                "Upgrade: websocket", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}",
                *fields, "", ""]
        self.socket.sendall("\r\n".join(head).encode())
        self.answer = read_answer(self.stream)
        proof = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        self.is_open = (self.answer.status == 101 and
                        self.answer.fields["sec-websocket-accept"] ==
                        base64.b64encode(proof).decode())

    def frame(self, payload, first=0x82):
        length = len(payload)
        if length < 126:
            head = struct.pack("!BB", first, 0x80 | length)
        elif length < 65536:
            head = struct.pack("!BBH", first, 0x80 | 126, length)
        else:
            head = struct.pack("!BBQ", first, 0x80 | 127, length)
        mask = (self.MASK * (length // 4 + 1))[:length]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(
            length, "big")
        return head + self.MASK + masked

    def send(self, payload, first=0x82):
        self.socket.sendall(self.frame(payload, first))

    def receive(self):
        """(opcode, payload) of the next frame."""
        head = self.stream.read(2)
        if len(head) < 2:
            raise EOFError("the hub closed the connection")
        assert head[0] & 0x80 and not head[1] & 0x80, "a server's frame is whole and not masked"
        length = head[1]
        if length == 126:
            length = struct.unpack("!H", self.stream.read(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", self.stream.read(8))[0]
        return head[0] & 15, self.stream.read(length)

    def close_code(self):
        """Reads on to the close frame, and then to the end of the connection."""
        while True:
            opcode, payload = self.receive()
            if opcode == 8:
                break
        code = struct.unpack("!H", payload[:2])[0] if payload else None
        assert self.stream.read() == b"", "nothing follows a close frame"
        self.socket.close()
        return code

    def request(self, verb, body=b"", number=1):
        """One request of the client protocol: (code, body of the answer)."""
        self.send(struct.pack("!IH", number, verb) + body)
        while True:
            opcode, payload = self.receive()
            if opcode == 2 and payload[0] == 1:
                got, code = struct.unpack("!IH", payload[1:7])
                if got == number:
                    return code, payload[7:]
