#!/usr/bin/env python3
"""build/mls-vectors on files that are none of its formats, or damaged: it says what is wrong and
exits 1, and a good file beside them still counts."""
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(os.environ.get("TIMBRE_BUILD", os.path.join(ROOT, "build")), "mls-vectors")
GOOD = '[{"vlbytes_header":"00","length":0}]'

# Name, contents (None: no such file), what is said, the closing counts.
FILES = [
    ("empty", "", "not a JSON text", "0 passed, 1 failed, 0 skipped"),
    ("text", "these are no vectors", "not a JSON text", "0 passed, 1 failed, 0 skipped"),
    ("cut", GOOD[:-1], "not a JSON text", "0 passed, 1 failed, 0 skipped"),
    ("deep", "[" * 100000, "not a JSON text", "0 passed, 1 failed, 0 skipped"),
    ("octets", "\0\xff[{}]", "not a JSON text", "0 passed, 1 failed, 0 skipped"),
    ("nothing", "[]", "0 passed, 0 failed, 0 skipped", "0 passed, 0 failed, 0 skipped"),
    ("number", "7", "no known format", "0 passed, 0 failed, 1 skipped"),
    ("stranger", '[{"colour":"blue"}]', "no known format", "0 passed, 0 failed, 1 skipped"),
    ("suite", '[{"cipher_suite":61440,"psks":[],"psk_secret":"00"}]', "cipher_suite",
     "0 passed, 0 failed, 1 skipped"),
    ("type", '[{"cipher_suite":"one","psks":[],"psk_secret":"00"}]', "cipher_suite",
     "0 passed, 1 failed, 0 skipped"),
    ("hex", '[{"vlbytes_header":"0g","length":0}]', "vlbytes_header",
     "0 passed, 1 failed, 0 skipped"),
    ("wrong", '[{"vlbytes_header":"00","length":1}]', "length", "0 passed, 1 failed, 0 skipped"),
    ("absent", None, "cannot be read", "0 passed, 1 failed, 0 skipped"),
]


def run(*paths):
    done = subprocess.run([PROGRAM, *paths], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          timeout=60)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def main():
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        good = os.path.join(folder, "good")
        with open(good, "w", encoding="utf-8") as file:
            file.write(GOOD)
        for name, contents, said, counts in FILES:
            path = os.path.join(folder, name)
            if contents is not None:
                with open(path, "w", encoding="latin-1") as file:
                    file.write(contents)
            code, output = run(path)
            beside_code, beside = run(path, good)
            is_right = (code == 1 and said in output and output.endswith(counts + "\n") and
                        "good: deserialization: 1 passed, 0 failed, 0 skipped" in beside and
                        beside_code == (1 if " 1 failed" in counts else 0))
            passed += is_right
            failed += not is_right
            if not is_right:
                print(f"{name}: exit {code}: {output}beside a good one, exit {beside_code}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
