/* The server around a tiny engine: turns, refusals, queues, ends; in clear and in TLS. */
#include "tests/unit/host_server_fixture.h"

/* Small queues, and no time-out that could come in the way. */
static const struct host_server_limits small = {
    .queue_bytes_low = 100000, .queue_bytes_high = 200000, .queue_bytes_max = 64 << 20,
    .open_connection_count_max = 64, .head_ms = 600000, .write_ms = 600000, .close_ms = 600000,
    .ping_ms = 600000, .answer_ms = 600000, .handshake_ms = 600000,
};

static void burst_request(uint8_t out[3], unsigned count)
{
    out[0] = 'b';
    tb_put_u16(out + 1, (uint16_t)count);
}

/* Reads a burst to its end, in pieces of `step` octets, and checks each octet. */
static void expect_burst(struct client *client, size_t count, size_t step)
{
    for (size_t i = 0; i < count; i++) {
        size_t need = 4 + BURST_BLOB_LEN;
        for (int rounds = 0; client->in_len < need; rounds++) {
            assert_true(rounds < ROUND_COUNT_MAX && !client->has_ended);
            client_read(client, step < need - client->in_len ? step : need - client->in_len);
        }
        assert_int_equal(client->in[0], 0x82);
        assert_int_equal(tb_get_u16(client->in + 2), BURST_BLOB_LEN);
        for (size_t k = 0; k < BURST_BLOB_LEN; k++) {
            if (client->in[4 + k] != (uint8_t)(k * 7)) fail_msg("octet %zu of blob %zu", k, i);
        }
        client_drop(client, need);
    }
}

static void frames_that_are_ready_share_one_turn(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_start(&fixture, &small, *state != NULL);
    client_open(&client, &fixture);
    client_upgrade(&client);
    uint8_t data[64];
    size_t len = client_frame(data, 0x82, "e1", 2);
    len += client_frame(data + len, 0x82, "e2", 2);
    len += client_frame(data + len, 0x82, "e3", 2);
    memset(fixture.engine.log, 0, sizeof fixture.engine.log);
    client_write(&client, data, len);
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("e1"));
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("e2"));
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("e3"));
    assert_string_equal(fixture.engine.log, "FFF|");
    client_close(&client);
    fixture_end(&fixture);
}

static void a_turn_over_its_limit_is_ended_and_the_rest_begins_another(void **state)
{
    (void)state;
    struct host_server_limits limits = small;
    struct fixture fixture;
    struct client client;
    limits.turn_frame_count_max = 2;
    fixture_start(&fixture, &limits, false);
    client_open(&client, &fixture);
    client_upgrade(&client);
    memset(fixture.engine.log, 0, sizeof fixture.engine.log);
    uint8_t data[64];
    size_t len = 0;
    for (int i = 0; i < 5; i++) len += client_frame(data + len, 0x82, "e", 1);
    client_write(&client, data, len);
    for (int i = 0; i < 5; i++) client_expect(&client, HOST_WS_BINARY, TB_LITERAL("e"));
    assert_string_equal(fixture.engine.log, "FF|FF|F|");
    client_close(&client);
    fixture_end(&fixture);
}

static void expect_stored(struct fixture *fixture, const char *value)
{
    struct tb_arena arena;
    tb_bytes found;
    tb_arena_init(&arena, &fixture->heap.mem, 1 << 20);
    assert_ok(tb_store_get(host_store_view(fixture->store), TABLE, TB_LITERAL("k"), &arena,
                           &found));
    assert_bytes(found, tb_bytes_text(value));
    tb_arena_wipe(&arena);
}

static void a_turn_that_is_refused_sends_the_refusal_and_keeps_nothing(void **state)
{
    (void)state;
    struct fixture fixture;
    struct client client;
    uint8_t large[3] = { 'S', 0, 200 };
    fixture_start(&fixture, &small, false);
    client_open(&client, &fixture);
    client_upgrade(&client);
    client_send(&client, "s first", 7);
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("stored"));
    host_store_limit(fixture.store, 64 << 10); /* the disk is full: the store refuses */
    client_send(&client, large, sizeof large);
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("refused"));
    assert_false(fixture.server->is_store_well);
    expect_stored(&fixture, "s first");

    fixture.engine.refuses = true; /* the engine refuses what the store would have taken */
    client_send(&client, "s second", 8);
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("refused"));
    expect_stored(&fixture, "s first");

    fixture.engine.refuses = false;
    host_store_limit(fixture.store, 0);
    client_send(&client, "s third", 7);
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("stored"));
    assert_true(fixture.server->is_store_well);
    expect_stored(&fixture, "s third");
    client_close(&client);
    fixture_end(&fixture);
}

static void a_long_queue_arrives_whole_however_slowly_it_is_read(void **state)
{
    struct fixture fixture;
    struct client client;
    uint8_t request[3];
    fixture_start(&fixture, &small, *state != NULL);
    client_open(&client, &fixture);
    client_upgrade(&client);
    burst_request(request, 200); /* 12 MB: no socket takes it at once */
    client_send(&client, request, sizeof request);
    expect_burst(&client, 200, 9973);
    client_send(&client, "e after", 7);
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("e after"));
    client_close(&client);
    fixture_end(&fixture);
}

static void above_the_high_mark_a_client_is_not_read_and_below_the_low_one_it_is_drained(
    void **state)
{
    (void)state;
    struct fixture fixture;
    struct client client;
    uint8_t request[3];
    fixture_start(&fixture, &small, false);
    client_open(&client, &fixture);
    client_upgrade(&client);
    memset(fixture.engine.log, 0, sizeof fixture.engine.log);
    burst_request(request, 200);
    client_send(&client, request, sizeof request);
    client_send(&client, "e", 1);
    for (int i = 0; i < 50; i++) pump(&fixture);
    assert_string_equal(fixture.engine.log, "F|"); /* the second frame waits in its socket */
    expect_burst(&client, 200, sizeof client.in);
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("e"));
    /* Whether the frame or the news of the empty queue is first is the loop's affair. */
    assert_non_null(strchr(fixture.engine.log, 'D'));
    assert_null(strchr(strchr(fixture.engine.log, 'D') + 1, 'D'));
    client_close(&client);
    fixture_end(&fixture);
}

static void a_queue_over_its_limit_closes_the_client_with_its_own_code(void **state)
{
    struct host_server_limits limits = small;
    struct fixture fixture;
    struct client client;
    uint8_t request[3];
    limits.queue_bytes_max = 8 << 20;
    fixture_start(&fixture, &limits, *state != NULL);
    client_open(&client, &fixture);
    client_upgrade(&client);
    burst_request(request, 1000);
    client_send(&client, request, sizeof request);
    uint8_t opcode = 0;
    size_t blob_count = 0;
    while (opcode != HOST_WS_CLOSE) {
        size_t head_len, len = client_frame_wait(&client, &opcode, &head_len);
        if (opcode != HOST_WS_CLOSE) blob_count++;
        else assert_int_equal(tb_get_u16(client.in + head_len), HOST_WS_TOO_SLOW);
        client_drop(&client, head_len + len);
    }
    assert_true(blob_count < 1000);
    for (int i = 0; i < 20; i++) pump(&fixture);
    assert_non_null(strstr(fixture.engine.log, "C|"));
    assert_int_equal(fixture.server->counts.slow_closed, 1);
    client_close(&client);
    fixture_end(&fixture);
}

static void the_engine_closes_with_the_number_of_its_code(void **state)
{
    (void)state;
    static const struct {
        uint16_t chat, ws;
    } pairs[] = { { CHAT_CODE_OK, 1000 },         { CHAT_CODE_BAD_REQUEST, 1007 },
                  { CHAT_CODE_TOO_LARGE, 1009 },  { CHAT_CODE_INTERNAL, 1011 },
                  { CHAT_CODE_CONFLICT, 4006 },   { CHAT_CODE_RATE_LIMITED, 4008 } };
    struct fixture fixture;
    fixture_start(&fixture, &small, false);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct client client;
        uint8_t request[3] = { 'c' };
        client_open(&client, &fixture);
        client_upgrade(&client);
        tb_put_u16(request + 1, pairs[i].chat);
        memset(fixture.engine.log, 0, sizeof fixture.engine.log);
        client_send(&client, request, sizeof request);
        client_expect_close(&client, pairs[i].ws);
        client_close(&client);
        for (int k = 0; k < 20; k++) pump(&fixture);
        assert_string_equal(fixture.engine.log, "F|C|"); /* CLOSED once, although both sides end */
    }
    assert_int_equal(fixture.server->conn_count, 0);
    fixture_end(&fixture);
}

/* The long part runs on a thread of its own, while turns go on. */
static void the_write_ahead_log_is_folded_in_beside_the_turns(void **state)
{
    (void)state;
    struct host_server_limits limits = small;
    struct fixture fixture;
    struct client client;
    uint8_t large[3] = { 'S', 0, 100 };
    limits.checkpoint_page_count = 100;
    fixture_start(&fixture, &limits, false);
    client_open(&client, &fixture);
    client_upgrade(&client);
    unsigned page_count_max = 0;
    for (int i = 0; i < 200; i++) { /* 20 MB go through a log of a few hundred pages */
        client_send(&client, large, sizeof large);
        client_expect(&client, HOST_WS_BINARY, TB_LITERAL("stored"));
        unsigned page_count = host_store_wal_pages(fixture.store);
        if (page_count > page_count_max) page_count_max = page_count;
        for (int k = 0; fixture.server->is_checkpointing; k++) {
            assert_true(k < 1000000);
            pump(&fixture);
        }
    }
    assert_true(fixture.server->counts.checkpoints > 10);
    assert_true(page_count_max < 1000);
    assert_ok(host_store_check(fixture.store));
    client_close(&client);
    fixture_end(&fixture);
}

/* At every moment between the burst and its end. */
static void clients_that_vanish_while_they_catch_up_leave_nothing(void **state)
{
    struct fixture fixture;
    fixture_start(&fixture, &small, *state != NULL);
    for (int moment = 0; moment < 24; moment++) {
        struct client clients[3];
        uint8_t request[3];
        burst_request(request, 8);
        for (size_t i = 0; i < 3; i++) {
            client_open(&clients[i], &fixture);
            client_upgrade(&clients[i]);
            client_send(&clients[i], request, sizeof request);
        }
        for (int k = 0; k < moment; k++) {
            client_read(&clients[k % 3], 30000);
            clients[k % 3].in_len = 0;
        }
        for (size_t i = 0; i < 3; i++) {
            client_close(&clients[i]);
            pump(&fixture);
        }
        for (int k = 0; k < 20; k++) pump(&fixture);
        assert_int_equal(fixture.server->conn_count, 0);
    }
    fixture_end(&fixture);
}

static void names_of_connections_are_never_used_again(void **state)
{
    (void)state;
    struct fixture fixture;
    hub_conn before = 0;
    fixture_start(&fixture, &small, false);
    for (int i = 0; i < 10; i++) {
        struct client client;
        client_open(&client, &fixture);
        client_upgrade(&client);
        assert_true(fixture.engine.newest != before);
        before = fixture.engine.newest;
        assert_non_null(server_conn_find(fixture.server, before));
        client_close(&client);
        for (int k = 0; k < 20; k++) pump(&fixture);
        assert_null(server_conn_find(fixture.server, before));
    }
    fixture_end(&fixture);
}

static void an_answer_whose_client_has_gone_is_dropped(void **state)
{
    (void)state;
    static const char request[] =
        "POST /v1/hub-record HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    struct fixture fixture;
    struct client client, other;
    fixture_start(&fixture, &small, false);
    client_open(&client, &fixture);
    client_write(&client, request, sizeof request - 1);
    for (int i = 0; i < 20; i++) pump(&fixture);
    assert_true(fixture.engine.waiting_post != 0);
    struct server_conn *conn = server_conn_find(fixture.server, fixture.engine.waiting_post);
    assert_non_null(conn);
    server_conn_expired(conn, WAIT_ANSWER);
    server_turn_end(fixture.server);
    char head[1024];
    client_head(&client, head, sizeof head);
    assert_memory_equal(head, "HTTP/1.1 504 ", 13);
    /* The engine answers after all: its answer finds nobody and frees its blob. */
    client_open(&other, &fixture);
    client_upgrade(&other);
    engine_add(&fixture.server->effects,
               (struct hub_effect){ .kind = HUB_EFFECT_ANSWER,
                                    .conn = fixture.engine.waiting_post,
                                    .blob = engine_blob(&fixture.engine, TB_LITERAL("late")) });
    client_send(&other, "e", 1);
    client_expect(&other, HOST_WS_BINARY, TB_LITERAL("e"));
    client_close(&client);
    client_close(&other);
    fixture_end(&fixture);
}

static void a_stop_tells_every_client_why(void **state)
{
    struct fixture fixture;
    struct client client;
    fixture_start(&fixture, &small, *state != NULL);
    client_open(&client, &fixture);
    client_upgrade(&client);
    client_send(&client, "e", 1);
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("e"));
    host_server_stop(fixture.server);
    uint8_t opcode;
    size_t head_len, len = client_frame_wait(&client, &opcode, &head_len);
    assert_int_equal(opcode, HOST_WS_BINARY);
    assert_memory_equal(client.in + head_len, "\x02\x00\x0b", 3); /* a push: `closing` */
    client_drop(&client, head_len + len);
    client_expect_close(&client, HOST_WS_GOING_AWAY);
    client_close(&client);
    fixture_end(&fixture);
}

/* Whatever allocation fails, the server goes on, and nothing is lost track of. */
static void every_failing_allocation_ends_a_connection_at_most(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_start(&fixture, &small, false);
    for (size_t after = 0; after < 12; after++) {
        struct client client;
        client_open(&client, &fixture);
        fixture.heap.fail_after = after;
        static const char request[] = "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_true(send(client.fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0);
        for (int i = 0; i < 30; i++) pump(&fixture);
        fixture.heap.fail_after = SIZE_MAX;
        client_close(&client);
        for (int i = 0; i < 30; i++) pump(&fixture);
        assert_int_equal(fixture.server->conn_count, 0);
    }
    struct client client;
    client_open(&client, &fixture);
    client_upgrade(&client);
    client_send(&client, "e", 1);
    client_expect(&client, HOST_WS_BINARY, TB_LITERAL("e"));
    client_close(&client);
    fixture_end(&fixture);
}

int main(void)
{
#define IN_TLS(TEST_) { #TEST_ "_in_tls", TEST_, NULL, NULL, (void *)"tls" }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_that_are_ready_share_one_turn),
        IN_TLS(frames_that_are_ready_share_one_turn),
        cmocka_unit_test(a_turn_over_its_limit_is_ended_and_the_rest_begins_another),
        cmocka_unit_test(a_turn_that_is_refused_sends_the_refusal_and_keeps_nothing),
        cmocka_unit_test(a_long_queue_arrives_whole_however_slowly_it_is_read),
        IN_TLS(a_long_queue_arrives_whole_however_slowly_it_is_read),
        cmocka_unit_test(
            above_the_high_mark_a_client_is_not_read_and_below_the_low_one_it_is_drained),
        cmocka_unit_test(a_queue_over_its_limit_closes_the_client_with_its_own_code),
        IN_TLS(a_queue_over_its_limit_closes_the_client_with_its_own_code),
        cmocka_unit_test(the_engine_closes_with_the_number_of_its_code),
        cmocka_unit_test(the_write_ahead_log_is_folded_in_beside_the_turns),
        cmocka_unit_test(clients_that_vanish_while_they_catch_up_leave_nothing),
        IN_TLS(clients_that_vanish_while_they_catch_up_leave_nothing),
        cmocka_unit_test(names_of_connections_are_never_used_again),
        cmocka_unit_test(an_answer_whose_client_has_gone_is_dropped),
        cmocka_unit_test(a_stop_tells_every_client_why),
        IN_TLS(a_stop_tells_every_client_why),
        cmocka_unit_test(every_failing_allocation_ends_a_connection_at_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
