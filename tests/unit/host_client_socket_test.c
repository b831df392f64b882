/*
 * The WebSocket client against a hub of this file: a listening socket of the same process, driven
 * by turns, so that no test waits for a clock.  Times are given to the client, not measured.
 */
#include "tests/support.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/sha.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/client_socket.h"
#include "host/client_upgrade.h"
#include "wire/text.h"

struct pair {
    struct test_heap heap;
    struct test_rng rng;
    struct cli_socket *client;
    int listening, hub;
    uint64_t now_ms;
    uint8_t got[1 << 20]; /* what the hub has received */
    size_t got_len;
};

static void set_up(struct pair *pair)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    char origin[64], why[CLI_WHY_LEN_MAX];
    *pair = (struct pair){ .hub = -1, .now_ms = 1000 };
    test_heap_init(&pair->heap);
    test_rng_init(&pair->rng, 3);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    pair->listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(pair->listening >= 0);
    assert_int_equal(bind(pair->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(pair->listening, 1), 0);
    assert_int_equal(getsockname(pair->listening, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(origin, sizeof origin, "http://127.0.0.1:%u", ntohs(address.sin_port));
    assert_ok(cli_socket_new(tb_bytes_text(origin), NULL, &pair->heap.mem, &pair->rng.rng,
                             &pair->client, why));
    cli_socket_open(pair->client, pair->now_ms);
    pair->hub = accept(pair->listening, NULL, NULL);
    assert_true(pair->hub >= 0);
}

static void tear_down(struct pair *pair)
{
    cli_socket_free(pair->client);
    if (pair->hub >= 0) (void)close(pair->hub);
    (void)close(pair->listening);
    assert_int_equal(pair->heap.mem.used_bytes, 0);
    free(pair);
}

/* Step the client until nothing moves any more, and read what it sends. */
static void turn(struct pair *pair)
{
    for (int i = 0; i < 50; i++) {
        struct pollfd ready = { pair->hub, POLLIN, 0 };
        cli_socket_step(pair->client, pair->now_ms);
        while (pair->hub >= 0 && poll(&ready, 1, 1) == 1) {
            ssize_t got = recv(pair->hub, pair->got + pair->got_len,
                               sizeof pair->got - pair->got_len, 0);
            if (got <= 0) return;
            pair->got_len += (size_t)got;
        }
    }
}

static void hub_sends(struct pair *pair, const void *data, size_t len)
{
    const uint8_t *at = data;
    while (len > 0) {
        ssize_t put = send(pair->hub, at, len, MSG_NOSIGNAL);
        assert_true(put > 0);
        at += put;
        len -= (size_t)put;
    }
}

/* The accept value of the key in the request that the hub has received. */
static void accept_of(const struct pair *pair, char out[29])
{
    static const char name[] = "Sec-WebSocket-Key: ";
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[24 + sizeof guid];
    uint8_t hash[SHA_DIGEST_LENGTH];
    const char *key = memmem(pair->got, pair->got_len, name, sizeof name - 1);
    assert_non_null(key);
    memcpy(text, key + sizeof name - 1, 24);
    memcpy(text + 24, guid, sizeof guid);
    SHA1((const uint8_t *)text, 24 + sizeof guid - 1, hash);
    wire_text_base64_encode(WIRE_TEXT_BASE64, TB_ARRAY(hash), out);
    out[28] = 0;
}

static struct pair *opened(void)
{
    struct pair *pair = malloc(sizeof *pair);
    char accept_value[29], answer[512];
    assert_non_null(pair);
    set_up(pair);
    turn(pair);
    accept_of(pair, accept_value);
    int len = snprintf(answer, sizeof answer,
                       "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
                       accept_value);
    hub_sends(pair, answer, (size_t)len);
    pair->got_len = 0;
    turn(pair);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_OPEN);
    return pair;
}

static void the_request_names_host_and_version(void **state)
{
    (void)state;
    struct pair *pair = opened();
    tear_down(pair);
    pair = malloc(sizeof *pair);
    assert_non_null(pair);
    set_up(pair);
    turn(pair);
    assert_non_null(memmem(pair->got, pair->got_len, "GET /v1/socket HTTP/1.1\r\nHost: 127.0.0.1:",
                           41));
    assert_non_null(memmem(pair->got, pair->got_len, "Sec-WebSocket-Version: 13\r\n", 27));
    tear_down(pair);
}

/* Send an answer to the upgrade and expect a refusal whose words hold `why`. */
static void refuses_answer(const char *answer, const char *why)
{
    struct pair *pair = malloc(sizeof *pair);
    assert_non_null(pair);
    set_up(pair);
    turn(pair);
    hub_sends(pair, answer, strlen(answer));
    turn(pair);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_CLOSED);
    assert_status(cli_socket_status(pair->client), CLI_HANDSHAKE);
    assert_non_null(strstr(cli_socket_why(pair->client), why));
    tear_down(pair);
}

static void answers_that_are_no_upgrade_are_refused_with_their_reason(void **state)
{
    (void)state;
    refuses_answer("HTTP/1.1 503 Busy\r\nContent-Length: 8\r\n\r\nno room\n", "503, no room");
    refuses_answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404");
    refuses_answer("SSH-2.0-OpenSSH\r\n\r\n", "not HTTP");
    refuses_answer("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
                   "does not belong");
    refuses_answer("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nUpgrade: websocket\r\n\r\n",
                   "not HTTP");
    refuses_answer("HTTP/1.0 101 X\r\nUpgrade: websocket\r\n\r\n", "another HTTP");
    refuses_answer("HTTP/1.1 101 X\r\nUpgrade: chat\r\nConnection: Upgrade\r\n\r\n",
                   "does not belong");
}

static void a_head_without_end_is_refused(void **state)
{
    (void)state;
    struct pair *pair = malloc(sizeof *pair);
    char line[1024];
    assert_non_null(pair);
    set_up(pair);
    turn(pair);
    memset(line, 'a', sizeof line);
    hub_sends(pair, "HTTP/1.1 101 X\r\nLong: ", 22);
    for (int i = 0; i < 17; i++) hub_sends(pair, line, sizeof line);
    turn(pair);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_CLOSED);
    assert_status(cli_socket_status(pair->client), CLI_HANDSHAKE);
    tear_down(pair);
}

static void a_message_goes_out_masked_and_whole(void **state)
{
    (void)state;
    struct pair *pair = opened();
    assert_ok(cli_socket_send(pair->client, TB_LITERAL("hello")));
    turn(pair);
    assert_int_equal(pair->got_len, 11);
    assert_int_equal(pair->got[0], 0x82);
    assert_int_equal(pair->got[1], 0x85);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(pair->got[6 + i] ^ pair->got[2 + i % 4], "hello"[i]);
    }
    tear_down(pair);
}

static void each_frame_has_another_mask(void **state)
{
    (void)state;
    struct pair *pair = opened();
    assert_ok(cli_socket_send(pair->client, TB_LITERAL("x")));
    assert_ok(cli_socket_send(pair->client, TB_LITERAL("x")));
    turn(pair);
    assert_int_equal(pair->got_len, 14);
    assert_memory_not_equal(pair->got + 2, pair->got + 9, 4);
    tear_down(pair);
}

static void messages_come_in_whole_in_order_however_they_are_cut(void **state)
{
    (void)state;
    struct pair *pair = opened();
    static const uint8_t frames[] = {
        0x82, 2, 'a', 'b',          /* whole */
        0x02, 1, 'c', 0x89, 1, 'p', /* a part, a ping between */
        0x80, 1, 'd',               /* the rest */
        0x82, 0                     /* empty */
    };
    static const char *const expected[] = { "ab", "cd", "" };
    size_t count = 0;
    for (size_t i = 0; i < sizeof frames; i++) {
        tb_bytes message;
        hub_sends(pair, frames + i, 1);
        turn(pair);
        while (cli_socket_take(pair->client, &message)) {
            assert_true(count < 3);
            assert_bytes(message, tb_bytes_text(expected[count]));
            count++;
        }
    }
    assert_int_equal(count, 3);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_OPEN);
    turn(pair);
    assert_int_equal(pair->got[0], 0x8a); /* the pong carries the ping's octet */
    assert_int_equal(pair->got[1], 0x81);
    assert_int_equal(pair->got[6] ^ pair->got[2], 'p');
    tear_down(pair);
}

static void a_large_message_comes_in_whole(void **state)
{
    (void)state;
    struct pair *pair = opened();
    enum { LEN = 200000 };
    static uint8_t frame[10 + LEN];
    tb_bytes message = { 0 };
    bool is_there = false;
    frame[0] = 0x82;
    frame[1] = 127;
    tb_put_u64(frame + 2, LEN);
    for (size_t i = 0; i < LEN; i++) frame[10 + i] = (uint8_t)(i * 7);
    for (size_t at = 0; at < sizeof frame; at += 20000) {
        size_t len = sizeof frame - at < 20000 ? sizeof frame - at : 20000;
        hub_sends(pair, frame + at, len);
        turn(pair);
        if (!is_there) is_there = cli_socket_take(pair->client, &message);
    }
    assert_true(is_there);
    assert_bytes(message, tb_bytes_of(frame + 10, LEN));
    tear_down(pair);
}

static void closes_on(const uint8_t *frame, size_t len, uint16_t code)
{
    struct pair *pair = opened();
    tb_bytes message;
    hub_sends(pair, frame, len);
    turn(pair);
    while (cli_socket_take(pair->client, &message)) continue;
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_CLOSED);
    assert_status(cli_socket_status(pair->client), code);
    assert_status(cli_socket_send(pair->client, TB_LITERAL("x")), CLI_CLOSED);
    tear_down(pair);
}

/* RFC 6455, sections 5.1, 5.2, 5.4 and 5.5. */
static void frames_that_no_hub_may_send_end_the_connection(void **state)
{
    (void)state;
    closes_on((const uint8_t *)"\x82\x81mask?", 7, CLI_FRAME);  /* masked */
    closes_on((const uint8_t *)"\xc2\x00", 2, CLI_FRAME);       /* reserved bit */
    closes_on((const uint8_t *)"\x81\x01t", 3, CLI_FRAME);      /* text */
    closes_on((const uint8_t *)"\x80\x01t", 3, CLI_FRAME);      /* continues nothing */
    closes_on((const uint8_t *)"\x02\x01t\x82\x01t", 6, CLI_FRAME); /* begins inside another */
    closes_on((const uint8_t *)"\x09\x01t", 3, CLI_FRAME);      /* a ping in parts */
    closes_on((const uint8_t *)"\x8b\x00", 2, CLI_FRAME);       /* unknown control */
}

static void a_message_over_the_limit_ends_the_connection(void **state)
{
    (void)state;
    static uint8_t frame[10 + 4 * 65536];
    struct pair *pair = opened();
    tb_bytes message;
    memset(frame, 0, sizeof frame);
    frame[0] = 0x82;
    frame[1] = 127;
    tb_put_u64(frame + 2, UINT64_C(1) << 40);
    for (int i = 0; i < 40 && cli_socket_state(pair->client) == CLI_SOCKET_OPEN; i++) {
        if (i == 0) hub_sends(pair, frame, 10);
        hub_sends(pair, frame + 10, sizeof frame - 10);
        for (int j = 0; j < 8; j++) {
            cli_socket_step(pair->client, pair->now_ms);
            assert_false(cli_socket_take(pair->client, &message));
        }
    }
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_CLOSED);
    assert_status(cli_socket_status(pair->client), CLI_FRAME);
    tear_down(pair);
}

static void the_hub_says_goodbye_with_its_reason(void **state)
{
    (void)state;
    struct pair *pair = opened();
    tb_bytes message;
    hub_sends(pair, "\x88\x07\x03\xf1later", 9);
    turn(pair);
    assert_false(cli_socket_take(pair->client, &message));
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_CLOSED);
    assert_status(cli_socket_status(pair->client), CLI_CLOSED);
    assert_string_equal(cli_socket_why(pair->client), "close 1009, later");
    tear_down(pair);
}

static void an_end_without_goodbye_is_noticed(void **state)
{
    (void)state;
    struct pair *pair = opened();
    assert_int_equal(close(pair->hub), 0);
    pair->hub = -1;
    turn(pair);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_CLOSED);
    assert_status(cli_socket_status(pair->client), CLI_CLOSED);
    tear_down(pair);
}

static void silence_is_answered_with_a_ping_and_then_with_the_end(void **state)
{
    (void)state;
    struct pair *pair = opened();
    assert_true(cli_socket_deadline(pair->client, pair->now_ms) ==
                pair->now_ms + CLI_SOCKET_PING_MS);
    pair->now_ms += CLI_SOCKET_PING_MS;
    turn(pair);
    assert_int_equal(pair->got[0], 0x89);
    hub_sends(pair, "\x8a\x00", 2);
    pair->now_ms += CLI_SOCKET_PONG_MS_MAX - 1;
    turn(pair);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_OPEN);
    pair->now_ms += CLI_SOCKET_PING_MS;
    turn(pair); /* the next ping, unanswered */
    pair->now_ms += CLI_SOCKET_PONG_MS_MAX;
    turn(pair);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_CLOSED);
    assert_status(cli_socket_status(pair->client), CLI_TIMEOUT);
    tear_down(pair);
}

static void an_upgrade_without_answer_ends_in_time(void **state)
{
    (void)state;
    struct pair *pair = malloc(sizeof *pair);
    assert_non_null(pair);
    set_up(pair);
    turn(pair);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_OPENING);
    pair->now_ms += CLI_SOCKET_CONNECT_MS_MAX;
    turn(pair);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_CLOSED);
    assert_status(cli_socket_status(pair->client), CLI_TIMEOUT);
    tear_down(pair);
}

static void a_queue_that_nobody_empties_is_bounded(void **state)
{
    (void)state;
    struct pair *pair = opened();
    enum { LEN = 1 << 20 };
    static uint8_t message[LEN];
    tb_status status = TB_STATUS(TB_OK);
    for (int i = 0; i < 64 && status.code == TB_OK; i++) {
        status = cli_socket_send(pair->client, TB_ARRAY(message));
    }
    assert_int_equal(status.code, CLI_QUEUE);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_OPEN);
    tear_down(pair);
}

static void nobody_there_is_said_so(void **state)
{
    (void)state;
    struct pair *pair = malloc(sizeof *pair);
    assert_non_null(pair);
    set_up(pair);
    assert_int_equal(close(pair->hub), 0);
    assert_int_equal(close(pair->listening), 0);
    pair->hub = -1;
    pair->listening = dup(0);
    cli_socket_close(pair->client);
    cli_socket_open(pair->client, pair->now_ms);
    turn(pair);
    assert_int_equal(cli_socket_state(pair->client), CLI_SOCKET_CLOSED);
    assert_status(cli_socket_status(pair->client), CLI_CONNECT);
    assert_non_null(strstr(cli_socket_why(pair->client), strerror(ECONNREFUSED)));
    tear_down(pair);
}

static void origins_have_a_scheme_a_host_and_perhaps_a_port(void **state)
{
    (void)state;
    struct cli_origin origin;
    assert_ok(cli_origin_parse(TB_LITERAL("http://localhost:8470"), &origin));
    assert_false(origin.is_tls);
    assert_string_equal(origin.host, "localhost");
    assert_string_equal(origin.port, "8470");
    assert_string_equal(origin.authority, "localhost:8470");
    assert_true(cli_origin_is_local(&origin));
    assert_ok(cli_origin_parse(TB_LITERAL("https://chat.example"), &origin));
    assert_true(origin.is_tls);
    assert_string_equal(origin.port, "443");
    assert_false(cli_origin_is_local(&origin));
    assert_ok(cli_origin_parse(TB_LITERAL("https://[2001:db8::1]:8443"), &origin));
    assert_string_equal(origin.host, "2001:db8::1");
    assert_string_equal(origin.port, "8443");
    assert_ok(cli_origin_parse(TB_LITERAL("http://127.evil.example"), &origin));
    assert_false(cli_origin_is_local(&origin));
    static const char *const wrong[] = {
        "", "ftp://a", "http://", "http://a/", "http://a b", "http://a:0", "http://a:65536",
        "http://a:", "http://[::1", "http://user@a", "http://a?b", "http://a\r\nX: y", "HTTP://a",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_status(cli_origin_parse(tb_bytes_text(wrong[i]), &origin), CLI_ORIGIN);
    }
    assert_status(cli_origin_parse(tb_bytes_of("http://a\0b", 10), &origin), CLI_ORIGIN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_names_host_and_version),
        cmocka_unit_test(answers_that_are_no_upgrade_are_refused_with_their_reason),
        cmocka_unit_test(a_head_without_end_is_refused),
        cmocka_unit_test(a_message_goes_out_masked_and_whole),
        cmocka_unit_test(each_frame_has_another_mask),
        cmocka_unit_test(messages_come_in_whole_in_order_however_they_are_cut),
        cmocka_unit_test(a_large_message_comes_in_whole),
        cmocka_unit_test(frames_that_no_hub_may_send_end_the_connection),
        cmocka_unit_test(a_message_over_the_limit_ends_the_connection),
        cmocka_unit_test(the_hub_says_goodbye_with_its_reason),
        cmocka_unit_test(an_end_without_goodbye_is_noticed),
        cmocka_unit_test(silence_is_answered_with_a_ping_and_then_with_the_end),
        cmocka_unit_test(an_upgrade_without_answer_ends_in_time),
        cmocka_unit_test(a_queue_that_nobody_empties_is_bounded),
        cmocka_unit_test(nobody_there_is_said_so),
        cmocka_unit_test(origins_have_a_scheme_a_host_and_perhaps_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
