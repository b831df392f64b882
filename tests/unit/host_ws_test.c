/* WebSocket framing: what RFC 6455 asks of a server, and that nothing is held without need. */
#include <stdio.h>

#include "host/ws.h"
#include "tests/support.h"

enum { MESSAGE_LEN_MAX = 100000 };

struct heard {
    char text[256]; /* "2:hello 9: ", opcode and payload */
    size_t len;     /* of the newest payload */
    bool ends;      /* the sink ends the connection at the next call */
};

static bool hear(void *ctx, enum host_ws_opcode opcode, uint8_t *payload, size_t len)
{
    struct heard *heard = ctx;
    size_t at = strlen(heard->text);
    heard->len = len;
    snprintf(heard->text + at, sizeof heard->text - at, "%d:%.*s ", (int)opcode,
             (int)(len < 32 ? len : 32), (const char *)payload);
    return !heard->ends;
}

struct side {
    struct test_heap heap;
    struct host_ws ws;
    struct heard heard;
};

static void side_init(struct side *side)
{
    test_heap_init(&side->heap);
    side->ws = (struct host_ws){ .mem = &side->heap.mem, .message_len_max = MESSAGE_LEN_MAX };
    side->heard = (struct heard){ .text = "" };
}

/* One masked frame behind what is in out; returns the new length. */
static size_t frame(uint8_t *out, size_t at, uint8_t first, const void *payload, size_t len)
{
    static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
    out[at++] = first;
    if (len < 126) out[at++] = (uint8_t)(0x80 | len);
    else if (len <= 0xffff) {
        out[at++] = 0x80 | 126;
        tb_put_u16(out + at, (uint16_t)len);
        at += 2;
    } else {
        out[at++] = 0x80 | 127;
        tb_put_u64(out + at, len);
        at += 8;
    }
    memcpy(out + at, mask, 4);
    at += 4;
    const uint8_t *octets = payload;
    for (size_t i = 0; i < len; i++) out[at + i] = (uint8_t)(octets[i] ^ mask[i % 4]);
    return at + len;
}

static enum host_ws_code feed(struct side *side, const uint8_t *data, size_t len)
{
    uint8_t copy[1024];
    assert_true(len <= sizeof copy);
    memcpy(copy, data, len);
    return host_ws_feed(&side->ws, copy, len, hear, &side->heard);
}

static void whole_frames_pass_without_a_buffer(void **state)
{
    (void)state;
    struct side side;
    side_init(&side);
    uint8_t data[256];
    size_t len = frame(data, 0, 0x82, "hello", 5);
    len = frame(data, len, 0x89, "p", 1);
    len = frame(data, len, 0x82, "", 0);
    assert_int_equal(feed(&side, data, len), HOST_WS_OK);
    assert_string_equal(side.heard.text, "2:hello 9:p 2: ");
    assert_int_equal(side.heap.taken_count, 0);
}

static void frames_in_single_octets_come_out_the_same(void **state)
{
    (void)state;
    struct side side;
    side_init(&side);
    uint8_t data[600], long_text[300];
    memset(long_text, 'x', sizeof long_text);
    size_t len = frame(data, 0, 0x82, "hello", 5);
    len = frame(data, len, 0x82, long_text, sizeof long_text);
    len = frame(data, len, 0x8a, "", 0);
    for (size_t i = 0; i < len; i++) assert_int_equal(feed(&side, data + i, 1), HOST_WS_OK);
    assert_string_equal(side.heard.text, "2:hello 2:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx 10: ");
    assert_null(side.ws.rest);
    assert_int_equal(side.heap.mem.used_bytes, 0);
}

static void fragments_become_one_message_with_controls_between(void **state)
{
    (void)state;
    struct side side;
    side_init(&side);
    uint8_t data[256];
    size_t len = frame(data, 0, 0x02, "one ", 4);
    len = frame(data, len, 0x89, "ping", 4);
    len = frame(data, len, 0x00, "two ", 4);
    len = frame(data, len, 0x80, "three", 5);
    assert_int_equal(feed(&side, data, len), HOST_WS_OK);
    assert_string_equal(side.heard.text, "9:ping 2:one two three ");
    assert_int_equal(side.heap.mem.used_bytes, 0);
}

static void fragments_over_the_limit_together_are_too_large(void **state)
{
    (void)state;
    struct side side;
    side_init(&side);
    side.ws.message_len_max = 8;
    uint8_t data[64];
    size_t len = frame(data, 0, 0x02, "12345", 5);
    len = frame(data, len, 0x80, "6789", 4);
    assert_int_equal(feed(&side, data, len), HOST_WS_TOO_LARGE);
    host_ws_wipe(&side.ws);
    assert_int_equal(side.heap.mem.used_bytes, 0);
}

static void what_the_rfc_forbids_is_a_protocol_error(void **state)
{
    (void)state;
    static const struct {
        const char *rule;
        uint8_t data[12];
        size_t len;
        enum host_ws_code code;
    } cases[] = {
        { "reserved bit", { 0xc2, 0x80 }, 2, HOST_WS_PROTOCOL },
        { "reserved opcode", { 0x83 }, 1, HOST_WS_PROTOCOL },
        { "reserved control opcode", { 0x8b }, 1, HOST_WS_PROTOCOL },
        { "not masked", { 0x82, 0x05 }, 2, HOST_WS_PROTOCOL },
        { "fragmented ping", { 0x09 }, 1, HOST_WS_PROTOCOL },
        { "long ping", { 0x89, 0xfe }, 2, HOST_WS_PROTOCOL },
        { "16-bit length for a short one", { 0x82, 0xfe, 0, 125 }, 4, HOST_WS_PROTOCOL },
        { "64-bit length for a shorter one", { 0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff }, 10,
          HOST_WS_PROTOCOL },
        { "a continuation of nothing", { 0x80, 0x80, 0, 0, 0, 0 }, 6, HOST_WS_PROTOCOL },
        { "text", { 0x81 }, 1, HOST_WS_UNSUPPORTED },
        { "over the limit", { 0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa1 }, 10, HOST_WS_TOO_LARGE },
        { "2^63 octets", { 0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0 }, 10, HOST_WS_TOO_LARGE },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct side side;
        side_init(&side);
        enum host_ws_code code = feed(&side, cases[i].data, cases[i].len);
        if (code != cases[i].code) fail_msg("%s: %d", cases[i].rule, (int)code);
        assert_string_equal(side.heard.text, "");
        host_ws_wipe(&side.ws);
        assert_int_equal(side.heap.mem.used_bytes, 0);
    }
}

static void a_new_message_inside_a_fragmented_one_is_a_protocol_error(void **state)
{
    (void)state;
    struct side side;
    side_init(&side);
    uint8_t data[64];
    size_t len = frame(data, 0, 0x02, "one", 3);
    len = frame(data, len, 0x82, "two", 3);
    assert_int_equal(feed(&side, data, len), HOST_WS_PROTOCOL);
    host_ws_wipe(&side.ws);
}

static void memory_grows_with_what_came_not_with_what_was_announced(void **state)
{
    (void)state;
    struct side side;
    side_init(&side);
    uint8_t head[14] = { 0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x86, 0xa0 }; /* 100,000 octets to come */
    assert_int_equal(feed(&side, head, sizeof head), HOST_WS_OK);
    assert_true(side.heap.mem.used_bytes < 1024);
    host_ws_wipe(&side.ws);
}

static void without_memory_the_client_is_asked_to_try_later(void **state)
{
    (void)state;
    uint8_t data[64];
    size_t len = frame(data, 0, 0x02, "one", 3);
    for (size_t after = 0; after < 2; after++) {
        struct side side;
        side_init(&side);
        side.heap.fail_after = after;
        assert_int_equal(feed(&side, data, len), HOST_WS_TRY_LATER);
        host_ws_wipe(&side.ws);
        assert_int_equal(side.heap.mem.used_bytes, 0);
    }
}

static void nothing_is_heard_after_the_sink_has_ended_it(void **state)
{
    (void)state;
    struct side side;
    side_init(&side);
    side.heard.ends = true;
    uint8_t data[64];
    size_t len = frame(data, 0, 0x88, "", 0);
    len = frame(data, len, 0x82, "late", 4);
    assert_int_equal(feed(&side, data, len), HOST_WS_OK);
    assert_string_equal(side.heard.text, "8: ");
}

static void heads_of_the_server_are_as_short_as_they_can_be(void **state)
{
    (void)state;
    uint8_t out[HOST_WS_HEAD_LEN_MAX], hex[16];
    assert_bytes(tb_bytes_of(out, host_ws_head_put(out, HOST_WS_BINARY, 125)),
                 test_hex("827d", hex, 16));
    assert_bytes(tb_bytes_of(out, host_ws_head_put(out, HOST_WS_BINARY, 126)),
                 test_hex("827e007e", hex, 16));
    assert_bytes(tb_bytes_of(out, host_ws_head_put(out, HOST_WS_BINARY, 65535)),
                 test_hex("827effff", hex, 16));
    assert_bytes(tb_bytes_of(out, host_ws_head_put(out, HOST_WS_BINARY, 65536)),
                 test_hex("827f0000000000010000", hex, 16));
    assert_bytes(tb_bytes_of(out, host_ws_head_put(out, HOST_WS_PONG, 0)),
                 test_hex("8a00", hex, 16));
}

static void close_payloads_are_checked(void **state)
{
    (void)state;
    uint16_t code;
    assert_int_equal(host_ws_close_code(TB_LITERAL(""), &code), HOST_WS_OK);
    assert_int_equal(code, HOST_WS_NO_CODE);
    assert_int_equal(host_ws_close_code(TB_LITERAL("\x03\xe8 bye"), &code), HOST_WS_OK);
    assert_int_equal(code, 1000);
    assert_int_equal(host_ws_close_code(TB_LITERAL("\x03"), &code), HOST_WS_PROTOCOL);
    assert_int_equal(host_ws_close_code(TB_LITERAL("\x03\xed"), &code), HOST_WS_PROTOCOL);
    assert_int_equal(host_ws_close_code(TB_LITERAL("\x03\xe7"), &code), HOST_WS_PROTOCOL);
    assert_int_equal(host_ws_close_code(TB_LITERAL("\x03\xe8\xff"), &code), HOST_WS_NOT_UTF8);
}

/* RFC 6455, section 1.3 has this pair. */
static void the_upgrade_is_proven_as_in_the_rfc(void **state)
{
    (void)state;
    char out[HOST_WS_ACCEPT_LEN];
    tb_bytes key = TB_LITERAL("dGhlIHNhbXBsZSBub25jZQ==");
    assert_true(host_ws_key_is_valid(key));
    host_ws_accept(key, out);
    assert_memory_equal(out, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", HOST_WS_ACCEPT_LEN);
    assert_false(host_ws_key_is_valid(TB_LITERAL("dGhlIHNhbXBsZSBub25jZQ=")));
    assert_false(host_ws_key_is_valid(TB_LITERAL("dGhlIHNhbXBsZSBub25j!Q==")));
    assert_false(host_ws_key_is_valid(TB_LITERAL("AAAAAAAAAAAAAAAAAAAAAAAA")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_frames_pass_without_a_buffer),
        cmocka_unit_test(frames_in_single_octets_come_out_the_same),
        cmocka_unit_test(fragments_become_one_message_with_controls_between),
        cmocka_unit_test(fragments_over_the_limit_together_are_too_large),
        cmocka_unit_test(what_the_rfc_forbids_is_a_protocol_error),
        cmocka_unit_test(a_new_message_inside_a_fragmented_one_is_a_protocol_error),
        cmocka_unit_test(memory_grows_with_what_came_not_with_what_was_announced),
        cmocka_unit_test(without_memory_the_client_is_asked_to_try_later),
        cmocka_unit_test(nothing_is_heard_after_the_sink_has_ended_it),
        cmocka_unit_test(heads_of_the_server_are_as_short_as_they_can_be),
        cmocka_unit_test(close_payloads_are_checked),
        cmocka_unit_test(the_upgrade_is_proven_as_in_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
