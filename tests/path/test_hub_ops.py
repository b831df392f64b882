#!/usr/bin/env python3
"""The hub as an operator and a stranger on the network meet it: pages, limits, time-outs, broken
input, TLS, signals, configuration, backups.  Real processes on loopback.

usage: tests/path/test_hub_ops.py [--build DIR] [NAME...]
"""
import argparse
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import struct
import subprocess
import sys
import time
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from hub_process import Hub, WebSocket, ask, ended, free_port  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
CERTIFICATE = os.path.join(HERE, "localhost")
BUILD = os.environ.get("TIMBRE_BUILD", "build")
HELLO, PING = 1, 33
CODE_OK = 0
NEVER_MS = "600000"


def equal(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def hello(web_socket, number=1):
    body = struct.pack("!HH", 1, 1) + b"\x04test"
    return web_socket.request(HELLO, body, number)


def code_of(answer):
    equal(answer.fields["content-type"], "application/problem+json")
    return json.loads(answer.body)["code"]


# ------------------------------------------------------------------------------ pages


def test_pages_answer_and_say_no_more_than_they_should():
    with Hub(BUILD) as hub:
        health = ask(hub, "GET", "/healthz")
        equal((health.status, json.loads(health.body)["status"]), (200, "ok"))
        equal(ask(hub, "GET", "/readyz").status, 200)
        limits = json.loads(ask(hub, "GET", "/limits").body)
        for name in ("message_bytes_max", "frame_bytes_max", "head_bytes_max", "pong_ms"):
            assert limits[name] > 0, name
        home = ask(hub, "GET", "/")
        assert b"timbre account register" in home.body
        policy = home.fields["content-security-policy"]
        assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
        assert b"<script" not in home.body and "script-src" not in policy
        link = ask(hub, "GET", "/j/")
        assert link.status == 200 and b"Copy the whole address" in link.body
        equal(ask(hub, "GET", "/nothing").status, 404)
        equal(ask(hub, "HEAD", "/").fields["content-length"], str(len(home.body)))
        equal(ask(hub, "POST", "/").status, 405)


def test_the_described_interface_is_the_one_that_answers():
    """docs/openapi.yaml: each path answers, with a status and members that stand there."""
    with open(os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "openapi.yaml"),
              encoding="utf-8") as file:
        text = file.read()
    blocks = dict(re.findall(r"^  (/\S*):\n((?:    .*\n)+)", text, re.M))
    required = {name: set(members.split(", ")) for name, members in
                re.findall(r"^    (\w+):\n      type: object\n      required: \[(.*)\]", text, re.M)}
    equal(set(blocks), {
        "/", "/j/", "/healthz", "/readyz", "/limits", "/v1/socket", "/v1/{name}", "/contact",
        "/.well-known/timbre-contact", "/notice", "/notice/status", "/notice/complaint",
        "/v1/notice", "/v1/notice/status", "/v1/notice/complaint", "/v1/transparency",
        "/v1/log/checkpoint", "/v1/log/entry/{index}", "/v1/log/proof/inclusion",
        "/v1/log/proof/consistency"})
    with Hub(BUILD) as hub:
        for path, block in blocks.items():
            method = re.search(r"^    (get|post):", block, re.M).group(1).upper()
            answer = ask(hub, method, path.replace("{name}", "submit").replace("{index}", "0"))
            assert f'"{answer.status}"' in block, (path, answer.status)
            kind = answer.fields["content-type"].split(";")[0]
            assert kind in block or kind == "application/problem+json", (path, kind)
            if kind == "application/problem+json":
                equal(set(json.loads(answer.body)) - {"value"}, required["Problem"])
            if path in ("/healthz", "/readyz"):
                equal(set(json.loads(answer.body)), required["State"])


def test_metrics_have_a_port_of_their_own():
    with Hub(BUILD) as hub:
        equal(ask(hub, "GET", "/metrics").status, 404)
        metrics = ask(hub, "GET", "/metrics", port=hub.metrics_port)
        equal(metrics.status, 200)
        for line in metrics.body.decode().splitlines():
            assert line.startswith(("#", "timbre_")), line
        assert b"timbre_turns_total" in metrics.body
        equal(ask(hub, "GET", "/healthz", port=hub.metrics_port).status, 404)


def test_one_connection_carries_several_requests():
    with Hub(BUILD) as hub, hub.connect() as connection:
        for _ in range(3):
            equal(ask(hub, "GET", "/healthz", connection=connection).status, 200)
        answer = ask(hub, "POST", "/v1/ping", connection=connection)
        equal((answer.status, answer.body), (200, b""))


# ------------------------------------------------------------------------------ broken requests


def test_heads_over_the_limits_are_refused():
    with Hub(BUILD) as hub:
        equal(ask(hub, "GET", "/", fields=["X-Long: " + "x" * 9000]).status, 431)
        equal(ask(hub, "GET", "/", fields=[f"X-{i}: 1" for i in range(80)]).status, 431)
        with hub.connect() as connection:  # without an end, as far as it may go
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 20000)
            assert b" 431 " in connection.recv(65536)


def test_what_is_no_http_is_refused():
    heads = {
        b"rubbish\r\n\r\n": 400,
        b"GET / HTTP/1.1\r\n\r\n": 400,                                     # no Host
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": 400,
        b"GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n": 400,
        b"POST /v1/ping HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n": 400,
        b"POST /v1/ping HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n": 501,
        b"POST /v1/ping HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n": 400,
        b"GET / HTTP/3.0\r\nHost: a\r\n\r\n": 505,
        b"GET http://other/ HTTP/1.1\r\nHost: a\r\n\r\n": 400,
        b"GET / HTTP/1.1\r\nHost: a\n\nX: \r\n\r\n": 400,                     # ends twice
    }
    with Hub(BUILD) as hub:
        for head, status in heads.items():
            with hub.connect() as connection:
                connection.sendall(head)
                line = connection.recv(65536).split(b"\r\n", 1)[0]
                assert line.split()[1] == str(status).encode(), (head, line)
                assert ended(connection), head


def test_refused_requests_are_problem_objects():
    with Hub(BUILD) as hub:
        equal(code_of(ask(hub, "POST", "/v1/no-such-thing")), "unsupported")
        equal(ask(hub, "GET", "/v1/ping").status, 405)
        equal(code_of(ask(hub, "POST", "/v1/admin-invite")), "forbidden")
        equal(code_of(ask(hub, "POST", "/v1/submit")), "unauthenticated")
        wrong = ask(hub, "POST", "/v1/submit", fields=["Authorization: Bearer !"])
        equal((wrong.status, code_of(wrong)), (401, "unauthenticated"))
        large = ask(hub, "POST", "/v1/ping", fields=["Content-Length: 5000000"])
        assert large.status in (400, 413), large.status
        with hub.connect() as connection:
            connection.sendall(b"POST /v1/ping HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n")
            assert b" 413 " in connection.recv(65536)


def test_a_head_that_dribbles_is_ended():
    with Hub(BUILD, "--set", "timeouts.head_ms=300") as hub:
        with hub.connect() as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n")
            assert b" 408 " in connection.recv(65536)
            assert ended(connection)
        with hub.connect() as silent:
            equal(silent.recv(10), b"")


def test_a_body_that_dribbles_is_ended():
    with Hub(BUILD, "--set", "timeouts.body_ms=300") as hub, hub.connect() as connection:
        connection.sendall(b"POST /v1/ping HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n123")
        assert b" 408 " in connection.recv(65536)
        assert ended(connection)


def test_over_the_limit_of_connections_new_ones_are_refused():
    with Hub(BUILD, "--set", "limits.open_connection_count_max=3") as hub:
        kept = [WebSocket(hub) for _ in range(3)]
        assert all(one.is_open for one in kept)
        with hub.connect() as refused:
            assert ended(refused)
        kept.pop().socket.close()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                if ask(hub, "GET", "/healthz").status == 200:
                    return
            except (EOFError, ConnectionError):
                time.sleep(0.05)
        raise AssertionError("a place that became free was not given out again")


# ------------------------------------------------------------------------------ WebSocket


def test_a_websocket_opens_and_answers():
    with Hub(BUILD) as hub:
        web_socket = WebSocket(hub)
        assert web_socket.is_open
        equal(hello(web_socket)[0], CODE_OK)
        web_socket.send(b"are you there", 0x89)
        equal(web_socket.receive(), (10, b"are you there"))
        web_socket.send(struct.pack("!H", 1000), 0x88)
        equal(web_socket.close_code(), 1000)


def test_wrong_upgrades_are_refused():
    with Hub(BUILD) as hub:
        equal(ask(hub, "GET", "/v1/socket").status, 426)
        old = ask(hub, "GET", "/v1/socket", fields=[
            "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 8",
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="])
        equal((old.status, old.fields["sec-websocket-version"]), (426, "13"))
        key = ask(hub, "GET", "/v1/socket", fields=[
            "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
            "Sec-WebSocket-Key: short"])
        equal(key.status, 400)
        equal(WebSocket(hub, ["Origin: https://evil.example"]).answer.status, 403)
        assert WebSocket(hub, ["Origin: http://localhost"]).is_open


def test_other_origins_may_be_allowed():
    with Hub(BUILD, "--set", "server.allowed_origins=https://a.example https://b.example") as hub:
        assert WebSocket(hub, ["Origin: https://b.example"]).is_open
        equal(WebSocket(hub, ["Origin: https://b.example.evil"]).answer.status, 403)


def test_broken_frames_close_with_the_code_of_their_fault():
    over = struct.pack("!BBQ", 0x82, 0xff, 5_000_000)
    faults = [
        (b"\x82\x05hello", 1002),             # not masked
        (b"\xc2\x80\0\0\0\0", 1002),          # a reserved bit
        (b"\x83\x80\0\0\0\0", 1002),          # a reserved opcode
        (b"\x80\x80\0\0\0\0", 1002),          # continues nothing
        (b"\x09\x80\0\0\0\0", 1002),          # a fragmented ping
        (b"\x81\x80\0\0\0\0", 1003),          # text
        (b"\x88\x81\0\0\0\0\x01", 1002),      # half a close code
        (over, 1009),
    ]
    with Hub(BUILD) as hub:
        for octets, code in faults:
            web_socket = WebSocket(hub)
            web_socket.socket.sendall(octets)
            equal((octets, web_socket.close_code()), (octets, code))


def test_a_frame_in_pieces_and_a_message_in_fragments_arrive():
    with Hub(BUILD) as hub:
        web_socket = WebSocket(hub)
        request = struct.pack("!IH", 7, HELLO) + struct.pack("!HH", 1, 1) + b"\x04test"
        for octet in web_socket.frame(request):
            web_socket.socket.sendall(bytes([octet]))
        opcode, payload = web_socket.receive()
        equal((opcode, payload[:5]), (2, b"\x01\0\0\0\x07"))
        ping = struct.pack("!IH", 8, PING)
        web_socket.send(ping[:2], 0x02)
        web_socket.send(b"between", 0x89)
        web_socket.send(ping[2:], 0x80)
        equal(web_socket.receive(), (10, b"between"))
        equal(web_socket.receive(), (2, b"\x01\0\0\0\x08\0\0"))


def test_a_frame_that_never_ends_is_ended():
    with Hub(BUILD, "--set", "timeouts.frame_ms=300") as hub:
        web_socket = WebSocket(hub)
        web_socket.socket.sendall(web_socket.frame(b"0123456789")[:-1])
        equal(web_socket.close_code(), 4901)


def test_a_client_that_is_silent_is_pinged_and_then_closed():
    with Hub(BUILD, "--set", "timeouts.ping_ms=200", "--set", "timeouts.pong_ms=300") as hub:
        web_socket = WebSocket(hub)
        equal(web_socket.receive(), (9, b""))
        web_socket.send(b"", 0x8a)
        equal(web_socket.receive(), (9, b""))
        equal(web_socket.close_code(), 4902)


def test_a_client_that_reads_nothing_does_not_make_the_hub_grow():
    """Its queue stops at the high mark: the hub reads no more of it, and serves others."""
    with Hub(BUILD, "--set", "timeouts.write_ms=" + NEVER_MS, "--set", "limits.rate_limited=no",
             "--set", "limits.queue_bytes_low=65536",
             "--set", "limits.queue_bytes_high=131072") as hub:
        deaf = WebSocket(hub)
        deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.socket.settimeout(2)
        request = deaf.frame(struct.pack("!IH", 1, HELLO) + struct.pack("!HH", 1, 1) + b"\x04test")
        sent = 0
        try:
            while sent < 64 << 20:
                sent += deaf.socket.send(request * 1000)
        except (TimeoutError, BlockingIOError, ConnectionError):
            pass
        assert sent < 64 << 20, "the hub read without end for a client that reads nothing"
        equal(ask(hub, "GET", "/healthz").status, 200)
        with open(f"/proc/{hub.process.pid}/status", encoding="ascii") as status:
            grown = [line for line in status if line.startswith("VmRSS")][0]
        assert int(grown.split()[1]) < 400_000, grown


# ------------------------------------------------------------------------------ TLS


def test_tls_is_1_3_and_nothing_else():
    with Hub(BUILD, certificate=CERTIFICATE) as hub:
        with hub.connect() as connection:
            equal(connection.version(), "TLSv1.3")
            equal(ask(hub, "GET", "/healthz", connection=connection).status, 200)
        web_socket = WebSocket(hub)
        assert web_socket.is_open
        equal(hello(web_socket)[0], CODE_OK)
        web_socket.send(struct.pack("!H", 1000), 0x88)
        equal(web_socket.close_code(), 1000)
        old = ssl.create_default_context(cafile=CERTIFICATE + ".crt")
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        try:
            old.wrap_socket(socket.create_connection(("127.0.0.1", hub.port)),
                            server_hostname="localhost")
            raise AssertionError("TLS 1.2 was spoken")
        except ssl.SSLError:
            pass
        with socket.create_connection(("127.0.0.1", hub.port)) as clear:
            clear.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"HTTP/1.1 200" not in clear.recv(65536)


def test_sighup_reads_the_certificate_again():
    with Hub(BUILD) as hub:
        hub.stop()
        own = os.path.join(hub.folder, "own")
        for end in (".crt", ".key"):
            shutil.copy(CERTIFICATE + end, own + end)
        hub.certificate = own
        hub.start()
        web_socket = WebSocket(hub)
        hub.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "certificate ends in" in hub.read_log())
        with open(own + ".crt", "w", encoding="ascii") as broken:
            broken.write("no certificate")
        hub.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "the old one stays" in hub.read_log())
        equal(hello(web_socket)[0], CODE_OK)
        hub.certificate = CERTIFICATE
        equal(ask(hub, "GET", "/healthz").status, 200)


def wait_for(condition):
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


# ------------------------------------------------------------------------------ life


def test_sigterm_drains():
    with Hub(BUILD) as hub:
        web_socket = WebSocket(hub)
        equal(hello(web_socket)[0], CODE_OK)
        idle = hub.connect()
        hub.process.send_signal(signal.SIGTERM)
        opcode, payload = web_socket.receive()
        equal((opcode, payload[:3]), (2, b"\x02\x00\x0b"))  # the push `closing`
        assert b"stopping" in payload
        equal(web_socket.close_code(), 1001)
        assert ended(idle)
        equal(hub.process.wait(20), 0)
        assert not os.path.exists(os.path.join(hub.data, "admin.sock"))
        assert "every turn is stored" in hub.read_log()


def test_only_one_hub_has_a_data_directory():
    with Hub(BUILD) as hub:
        done = subprocess.run([hub.program, "--data-dir", hub.data, "--listen",
                               f"127.0.0.1:{free_port()}", "serve"], capture_output=True,
                              text=True, timeout=20, env=hub.environment())
        equal(done.returncode, 75)
        assert "another hub runs" in done.stderr


def test_a_taken_port_is_said_plainly():
    with Hub(BUILD) as hub:
        done = subprocess.run([hub.program, "--data-dir", hub.data + "2", "--listen",
                               f"127.0.0.1:{hub.port}", "serve"], capture_output=True,
                              text=True, timeout=20, env=hub.environment())
        equal(done.returncode, 69)
        assert "in use" in done.stderr, done.stderr


def test_a_database_of_a_newer_schema_is_left_alone():
    with Hub(BUILD) as hub:
        hub.stop()
        path = os.path.join(hub.data, "hub.db")
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version=99")
        database.close()
        code, _, error = hub.run("serve")
        equal(code, 69)
        assert "newer version" in error
        with sqlite3.connect(path) as database:
            equal(database.execute("PRAGMA user_version").fetchone()[0], 99)
        database.close()


def test_the_log_names_no_address_in_full():
    with Hub(BUILD, "--set", "log.level=debug", "--set", "log.format=json",
             "--set", "server.trusted_proxies=127.0.0.1",
             "--set", "timeouts.head_ms=" + NEVER_MS) as hub:
        WebSocket(hub, ["X-Forwarded-For: 203.0.113.77"])
        WebSocket(hub, ["X-Forwarded-For: 198.51.100.9, 127.0.0.1"])
        wait_for(lambda: "198.51.100.0/24" in hub.read_log())
        log = hub.read_log()
        assert "203.0.113.0/24" in log and "203.0.113.77" not in log
        for line in log.splitlines():
            assert set(json.loads(line)) == {"time", "level", "event", "message"}, line


def test_forwarded_addresses_of_strangers_do_not_count():
    with Hub(BUILD, "--set", "log.level=debug") as hub:
        WebSocket(hub, ["X-Forwarded-For: 203.0.113.77"])
        wait_for(lambda: "socket_opened" in hub.read_log())
        assert "203.0.113" not in hub.read_log()
        assert "127.0.0.0/24" in hub.read_log()


# ------------------------------------------------------------------------------ operator's verbs


def test_config_check_ends_with_78_and_names_the_place():
    with Hub(BUILD) as hub:
        path = os.path.join(hub.folder, "hub.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[server]\nlisten = nowhere\n[limits]\nno_such_key = 1\n")
        done = subprocess.run([hub.program, "--config", path, "config", "check"],
                              capture_output=True, text=True, timeout=20, env=hub.environment())
        equal(done.returncode, 78)
        assert f"{path}:2" in done.stderr and "no_such_key" in done.stderr, done.stderr
        equal(hub.run("config", "check")[0], 0)


def test_values_come_from_default_file_environment_flag_in_this_order():
    with Hub(BUILD) as hub:
        path = os.path.join(hub.folder, "hub.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[timeouts]\nping_ms = 1\npong_ms = 1\nwrite_ms = 1\n")
        secret = os.path.join(hub.folder, "value")
        with open(secret, "w", encoding="utf-8") as file:
            file.write("from.a.file\n")
        environment = {**hub.environment(), "TIMBRE_TIMEOUTS_PONG_MS": "2",
                       "TIMBRE_TIMEOUTS_WRITE_MS": "2", "TIMBRE_HUB_DOMAIN_FILE": secret}
        done = subprocess.run([hub.program, "--config", path, "--json", "config", "show",
                               "--set", "timeouts.write_ms=3"], capture_output=True, text=True,
                              timeout=20, env=environment)
        found = {(row["section"], row["key"]): (row["value"], row["origin"])
                 for row in map(json.loads, done.stdout.splitlines())}
        equal(found["timeouts", "body_ms"][1], "default")
        equal(found["timeouts", "ping_ms"], ("1", f"{path}:2"))
        equal(found["timeouts", "pong_ms"], ("2", "TIMBRE_TIMEOUTS_PONG_MS"))
        equal(found["timeouts", "write_ms"], ("3", "--set"))
        equal(found["hub", "domain"], ("from.a.file", "TIMBRE_HUB_DOMAIN_FILE"))


def test_the_documented_configuration_is_the_default():
    with Hub(BUILD) as hub:
        path = os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "timbre-hub.conf")
        both = [subprocess.run([hub.program, *words, "--json", "config", "show"],
                               capture_output=True, text=True, timeout=20,
                               env=hub.environment()).stdout.splitlines()
                for words in ((), ("--config", path))]
        values = [{(row["section"], row["key"]): row["value"] for row in map(json.loads, lines)}
                  for lines in both]
        equal(values[1], values[0])
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for section, key in values[0]:
            assert f"\n{key} =" in text, f"[{section}] {key} is not in {path}"


def test_the_manual_names_every_verb_and_option():
    with Hub(BUILD) as hub:
        code, text, _ = hub.run("--help")
        equal(code, 0)
        with open(os.path.join(os.path.dirname(os.path.dirname(HERE)), "docs", "timbre-hub.1"),
                  encoding="utf-8") as file:
            manual = file.read().replace("\\-", "-")
        usage, options = text.split("options:")
        verbs = re.findall(r"^  ([a-z][a-zA-Z -]*?)  +\S", usage.split("usage:")[1], re.M)
        assert len(verbs) > 15, verbs
        for verb in verbs:
            assert f".B {verb}\n" in manual, verb
        for option in set(re.findall(r"--[a-z-]+", options)):
            assert option in manual, option


def test_an_invitation_is_made_while_the_hub_runs_and_while_it_does_not():
    with Hub(BUILD) as hub:
        code, output, error = hub.run("invite", "create", "--admin")
        equal((code, error), (0, ""))
        assert output.startswith(f"http://localhost:{hub.port}/j/#"), output
        hub.stop()
        code, output, error = hub.run("--json", "invite", "create", "--uses", "3")
        equal((code, error), (0, ""))
        equal(json.loads(output)["uses"], 3)
        equal(hub.run("invite", "create", "--expires", "soon")[0], 2)


def test_a_full_disk_is_refused_and_nothing_is_lost():
    """Simulated by the limit of the database's size; reached by way of invitations."""
    request = b"\0" + struct.pack("!QI", int(time.time() * 1000) + 10**9, 1)
    with Hub(BUILD, "--set", "store.bytes_max=4096") as hub:
        accepted, answer = 0, None
        while accepted < 2000:
            with socket.socket(socket.AF_UNIX) as admin:
                admin.connect(os.path.join(hub.data, "admin.sock"))
                answer = ask(hub, "POST", "/v1/admin-invite", request, connection=admin)
            if answer.status != 200:
                break
            accepted += 1
        equal((answer.status, code_of(answer)), (503, "store_refused"))
        assert "retry-after" in answer.fields
        ready = ask(hub, "GET", "/readyz")
        equal((ready.status, json.loads(ready.body)["status"]), (503, "store_refused"))
        equal(ask(hub, "GET", "/healthz").status, 200)
        assert "store_refused" in hub.read_log()
        equal(hub.stop(), 0)
        listed = hub.run("--json", "invite", "list", "--set", "store.bytes_max=0")[1]
        equal(len(listed.splitlines()), accepted)


def test_invitations_are_listed_and_revoked():
    with Hub(BUILD) as hub:
        equal(hub.run("invite", "list")[:2], (0, "there are no invitations\n"))
        equal(hub.run("invite", "create", "--admin", "--expires", "30m")[0], 0)
        invitation = json.loads(hub.run("--json", "invite", "list")[1])
        equal((invitation["role"], invitation["used"], invitation["uses"]), ("admin", "0", "1"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", invitation["expires"])
        equal(hub.run("invite", "revoke", invitation["id"])[0], 0)
        equal(hub.run("invite", "revoke", invitation["id"])[0], 3)
        equal(hub.run("--json", "invite", "list")[1], "")
        code, _, error = hub.run("--json", "user", "show", "nobody")
        equal((code, json.loads(error)["code"]), (3, "not_found"))
        equal(hub.run("room", "thaw", "mimi://localhost/r/1")[0], 3)
        equal(hub.run("keys", "rotate", "root")[0], 2)
        equal(hub.run("keys", "rotate", "agent", "intake")[0], 0)
        keys = [json.loads(line) for line in hub.run("--json", "keys", "list")[1].splitlines()]
        equal([(key["key"], key["state"]) for key in keys],
              [("agent", "in use"), ("agent", "newest"), ("intake", "over"), ("intake", "newest"),
               ("frank", "newest")])
        assert "domain" in hub.run("status")[1]


def test_serve_prints_the_first_invitation_when_it_is_asked_to():
    with Hub(BUILD) as hub:
        hub.stop()
        hub.start("--print-invitation")
        wait_for(lambda: f"http://localhost:{hub.port}/j/#" in hub.read_log())
        wait_for(lambda: "timbre account register" in hub.read_log())


def test_a_backup_is_made_verified_and_restored():
    with Hub(BUILD) as hub:
        backup = os.path.join(hub.folder, "hub.backup")
        equal(hub.run("backup", backup)[0], 0)
        equal(os.stat(backup).st_mode & 0o777, 0o600)
        equal(hub.run("backup", backup)[0], 5)  # it replaces nothing
        code, output, _ = hub.run("--json", "verify", backup)
        equal((code, json.loads(output)["schema"]), (0, 1))
        code, _, error = hub.run("restore", backup, "--yes")
        assert code == 5 and "stop it first" in error, (code, error)
        hub.stop()
        equal(hub.run("backup", backup + "2")[0], 0)  # without a hub as well
        code, _, error = hub.run("restore", backup)
        assert code == 5 and "--yes" in error, (code, error)
        equal(hub.run("restore", backup, "--yes")[0], 0)
        assert [name for name in os.listdir(hub.data) if "before-restore" in name]
        shutil.rmtree(hub.data)
        equal(hub.run("restore", backup)[0], 0)
        hub.start()
        equal(ask(hub, "GET", "/readyz").status, 200)


def test_a_damaged_backup_is_found_out_and_not_restored():
    with Hub(BUILD) as hub:
        backup = os.path.join(hub.folder, "hub.backup")
        equal(hub.run("backup", backup)[0], 0)
        hub.stop()
        with open(backup, "rb") as file:
            whole = bytearray(file.read())
        for place in (5, 30, 400, len(whole) // 2, len(whole) - 1):
            broken = bytearray(whole)
            broken[place] ^= 1
            with open(backup, "wb") as file:
                file.write(broken)
            equal((place, hub.run("verify", backup)[0]), (place, 7))
            equal((place, hub.run("restore", backup, "--yes")[0]), (place, 7))
        with open(backup, "wb") as file:
            file.write(whole[:-100])
        equal(hub.run("verify", backup)[0], 7)
        equal(sorted(name for name in os.listdir(hub.folder)), ["data", "hub.backup", "log"])
        hub.start()


def test_doctor_finds_what_is_wrong():
    with Hub(BUILD) as hub:
        code, output, _ = hub.run("doctor")
        assert code == 0 and "it runs" in output, output
        os.chmod(hub.data, 0o755)
        code, output, _ = hub.run("--json", "doctor")
        states = {row["check"]: row["state"] for row in map(json.loads, output.splitlines())}
        equal((states["data_dir"], states["database"]), ("warning", "ok"))
        hub.stop()
        with open(os.path.join(hub.data, "hub.db"), "r+b") as file:
            file.write(b"no database any more")
        code, output, _ = hub.run("doctor")
        assert code == 1 and "failed" in output, output


def test_verbs_without_data_say_where_they_looked():
    with Hub(BUILD) as hub:
        done = subprocess.run([hub.program, "--data-dir", "/nonexistent/timbre", "user", "list"],
                              capture_output=True, text=True, timeout=20, env=hub.environment())
        equal(done.returncode, 3)
        assert "/nonexistent/timbre" in done.stderr
        equal(hub.run("user", "frobnicate")[0], 2)
        equal(hub.run("user", "show")[0], 2)
        equal(hub.run("--no-such-option", "status")[0], 2)


def main():
    global BUILD
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", default=BUILD)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    BUILD = options.build
    passed, failed = 0, 0
    for name, test in list(globals().items()):
        if not name.startswith("test_") or (options.names and name not in options.names):
            continue
        try:
            test()
            passed += 1
        except Exception:  # a test that fails must not hide the others
            failed += 1
            print(f"FAILED {name}")
            traceback.print_exc()
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
