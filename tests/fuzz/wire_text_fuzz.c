/* The first octet chooses the form.  covers: wire_text_hex_decode wire_text_base64_decode
 * wire_text_u64_decode wire_text_is_utf8 wire_text_hex_encode wire_text_base64_encode */
#include "tests/fuzz/fuzz.h"
#include "wire/text.h"

static void hex(tb_bytes text, struct tb_arena *arena)
{
    uint8_t *octets = tb_arena_take(arena, text.len / 2, 1);
    char *again = tb_arena_take(arena, text.len, 1);
    FUZZ_REQUIRE(octets != NULL && again != NULL);
    if (!tb_is_ok(wire_text_hex_decode(text, octets, text.len / 2))) return;
    wire_text_hex_encode((tb_bytes){ octets, text.len / 2 }, again);
    FUZZ_REQUIRE(tb_bytes_equal(tb_bytes_of(again, text.len), text));
}

static void base64(enum wire_text_base64 form, tb_bytes text, struct tb_arena *arena)
{
    uint8_t *octets = tb_arena_take(arena, text.len, 1);
    char *again = tb_arena_take(arena, text.len, 1);
    size_t len;
    FUZZ_REQUIRE(octets != NULL && again != NULL);
    if (!tb_is_ok(wire_text_base64_decode(form, text, octets, text.len, &len))) return;
    FUZZ_REQUIRE(wire_text_base64_size(form, len) == text.len);
    wire_text_base64_encode(form, (tb_bytes){ octets, len }, again);
    FUZZ_REQUIRE(tb_bytes_equal(tb_bytes_of(again, text.len), text));
}

static void decimal(tb_bytes text)
{
    char again[WIRE_TEXT_U64_MAX];
    uint64_t value;
    if (!tb_is_ok(wire_text_u64_decode(text, &value))) return;
    size_t len = wire_text_u64_encode(value, again);
    FUZZ_REQUIRE(tb_bytes_equal(tb_bytes_of(again, len), text));
}

/* A text is valid exactly when both parts of it are, wherever a character begins. */
static void utf8(tb_bytes text)
{
    bool is_whole = wire_text_is_utf8(text);
    for (size_t at = 0; at < text.len && at < 64; at++) {
        if ((text.data[at] & 0xc0) == 0x80) continue;
        bool is_left = wire_text_is_utf8((tb_bytes){ text.data, at });
        bool is_right = wire_text_is_utf8((tb_bytes){ text.data + at, text.len - at });
        FUZZ_REQUIRE(is_whole == (is_left && is_right));
    }
}

FUZZ_TARGET(input, arena)
{
    if (input.len == 0) return;
    tb_bytes text = { input.data + 1, input.len - 1 };
    switch (input.data[0] % 5) {
    case 0: hex(text, arena); break;
    case 1: base64(WIRE_TEXT_BASE64, text, arena); break;
    case 2: base64(WIRE_TEXT_BASE64URL, text, arena); break;
    case 3: decimal(text); break;
    default: utf8(text); break;
    }
}
