#!/usr/bin/env python3
"""Vectors of Profile T, made a second time without the C code: standard library only.

    frank_vectors.py            check tests/golden/frank-vectors.txt, exit 1 on a difference
    frank_vectors.py --write    write it

The rules that give the inputs stand in the head of that file; tests/unit/chat_run_test.c reads
the same file.
"""
import hashlib
import hmac
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
GOLDEN = os.path.join(HERE, "..", "golden", "frank-vectors.txt")

# ------------------------------------------------ Ed25519 (RFC 8032), slow and plain

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def add(a, b):
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    m, n = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    out = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            out = add(out, point)
        point = add(point, point)
        scalar >>= 1
    return out


def equal(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_of(octets):
    number = int.from_bytes(octets, "little")
    y, sign = number & (2**255 - 1), number >> 255
    x = recover_x(y, sign)
    return None if y >= P or x is None else (x, y, 1, x * y % P)


def octets_of(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0)
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def digest_number(*parts):
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def expand(seed):
    h = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(h[:32], "little") & (2**254 - 8) | 2**254
    return scalar, h[32:]


def public_of(seed):
    return octets_of(times(expand(seed)[0], BASE))


def sign(seed, message):
    scalar, prefix = expand(seed)
    public = public_of(seed)
    r = digest_number(prefix, message)
    point = octets_of(times(r, BASE))
    s = (r + digest_number(point, public, message) * scalar) % L
    return point + s.to_bytes(32, "little")


def verify(public, message, signature):
    a, r = point_of(public), point_of(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    return equal(times(s, BASE), add(r, times(digest_number(signature[:32], public, message), a)))


# ------------------------------------------------ encodings (RFC 9420, 2.1.2, 5.1.2, 5.2)


def u16(value):
    return value.to_bytes(2, "big")


def u64(value):
    return value.to_bytes(8, "big")


def opaque(value):
    if len(value) < 64:
        return bytes([len(value)]) + value
    assert len(value) < 16384
    return u16(len(value) | 0x4000) + value


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def ref_hash(label, value):
    return sha(opaque(label), opaque(value))


def sign_content(label, content):
    return opaque(b"MLS 1.0 " + label) + opaque(content)


def context_of(sender, room, time):
    return opaque(sender) + opaque(room) + u64(time)


# ---------------------------------------------------------------- the vectors

ROOM = b"mimi://example.com/r/engineering_team"
SENDERS = [b"mimi://example.com/u/alice-smith", b"mimi://example.com/u/bob-jones"]
GROUP = bytes.fromhex("eeee0d12a7b5b5b78115ad1a1ddb13811c83fd7387c43e66799a594beeda26bf")
HUB_KEY = bytes(range(32))
SEED = bytes(range(0x20, 0x40))
EPOCH = 7
TIME = 1644387225019
COUNT = 203
SIGNED = (2, 66, 130, 194, 200)

HEAD = """\
# Chains and run signatures of Profile T (docs/franking.md).  Written by
# tests/vectors/frank_vectors.py, read by tests/unit/chat_run_test.c.
#
# Room, group, hub_key, agent seed, suite and epoch are those of the single-message vectors.
# Message n (from 1) has ciphertext "run message <n>" in ASCII, franking_tag H("tag <n>"),
# accepted_timestamp 1644387225019 + 10 n, and comes from alice-smith when n is odd, from bob-jones
# when it is even.  The runs are 1-2, 3-66, 67-130, 131-194, 195-200; messages 201-203 are a tail
# without a signature.
#
#   link <n> <server_frank> <chain>
#   signed <n> <timbre_signature>
#   mimi <n> <franking_integrity_signature>      (made for n = 1 alone)
"""


def build():
    hub_key_id = sha(b"Timbre 1.0 hub_key id", HUB_KEY)[:8]
    chain = ref_hash(b"Timbre 1.0 FrankChain Genesis", opaque(ROOM) + opaque(GROUP) + b"\0\0")
    lines = ["genesis %s" % chain.hex(), "hub_key_id %s" % hub_key_id.hex(),
             "agent %s" % public_of(SEED).hex()]
    for n in range(1, COUNT + 1):
        tag, ct_hash = sha(b"tag %d" % n), sha(b"run message %d" % n)
        context = context_of(SENDERS[(n - 1) % 2], ROOM, TIME + 10 * n)
        frank = mac(HUB_KEY, tag, context)
        place = opaque(GROUP) + u64(EPOCH) + u64(n) + ct_hash + tag + frank
        chain = ref_hash(b"Timbre 1.0 FrankChain Link", chain + place + context)
        lines.append("link %d %s %s" % (n, frank.hex(), chain.hex()))
        if n == 1:
            content = sign_content(b"FrankingIntegrityTBS", frank + u16(1) + context)
            lines.append("mimi %d %s" % (n, sign(SEED, content).hex()))
        if n in SIGNED:
            tbs = u16(1) + chain + place + hub_key_id + context
            content = sign_content(b"TimbreFrankTBS1", tbs)
            signature = sign(SEED, content)
            assert verify(public_of(SEED), content, signature)
            lines.append("signed %d %s" % (n, signature.hex()))
    return HEAD + "".join(line + "\n" for line in lines)


def main():
    text = build()
    if sys.argv[1:] == ["--write"]:
        with open(GOLDEN, "w") as out:
            out.write(text)
        return 0
    with open(GOLDEN) as golden:
        same = golden.read() == text
    print("frank_vectors: %d passed, %d failed" % (same, not same))
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
