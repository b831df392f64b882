/* A server with a tiny engine of the test, pumped by hand in one thread, and clients for it. */
#ifndef TB_TESTS_UNIT_HOST_SERVER_FIXTURE_H
#define TB_TESTS_UNIT_HOST_SERVER_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <unistd.h>

#include "host/server_internal.h"
#include "tests/support.h"

enum { BURST_BLOB_LEN = 60000, TABLE = 1, ROUND_COUNT_MAX = 20000, EVENT_LOG_LEN = 4096 };

/* ------------------------------------------------------------------ the engine */

/*
 * A frame's first octet says what to do:
 *     e  send it back           b N   send N (16 bits) blobs of BURST_BLOB_LEN octets
 *     s  store it, "stored"     S N   store N KiB instead
 *                               c N   close with the chat code N (16 bits)
 * Requests by POST: ping is answered with its body; hub-record never; the rest with `forbidden`.
 */
struct engine {
    struct tb_mem *mem;
    struct host_store *store;
    char log[EVENT_LOG_LEN]; /* one letter an event: O C F P D, `|` at a turn's end */
    bool refuses;
    uint8_t fill;
    hub_conn newest, waiting_post;
};

static inline void engine_add(struct hub_effects *effects, struct hub_effect effect)
{
    if (effects->count == effects->cap) {
        size_t cap = effects->cap == 0 ? 16 : 2 * effects->cap;
        struct hub_effect *at = tb_mem_take(effects->mem, cap * sizeof *at);
        assert_non_null(at);
        if (effects->count > 0) memcpy(at, effects->at, effects->count * sizeof *at);
        if (effects->at != NULL) {
            tb_mem_give(effects->mem, effects->at, effects->cap * sizeof *at);
        }
        effects->at = at;
        effects->cap = cap;
    }
    effects->at[effects->count++] = effect;
}

static inline struct hub_blob *engine_blob(struct engine *engine, tb_bytes octets)
{
    struct hub_blob *blob = hub_blob_new(engine->mem, octets.len);
    assert_non_null(blob);
    if (octets.len > 0) memcpy(blob->data, octets.data, octets.len);
    return blob;
}

static inline void engine_send(struct engine *engine, hub_conn conn, tb_bytes octets,
                               struct hub_effects *effects)
{
    engine_add(effects, (struct hub_effect){ .kind = HUB_EFFECT_SEND, .conn = conn,
                                             .blob = engine_blob(engine, octets) });
}

static inline void engine_burst(struct engine *engine, hub_conn conn, size_t count,
                                struct hub_effects *effects)
{
    struct hub_blob *blob = hub_blob_new(engine->mem, BURST_BLOB_LEN);
    assert_non_null(blob);
    for (size_t i = 0; i < BURST_BLOB_LEN; i++) blob->data[i] = (uint8_t)(i * 7);
    for (size_t i = 0; i < count; i++) {
        engine_add(effects, (struct hub_effect){ .kind = HUB_EFFECT_SEND, .conn = conn,
                                                 .blob = hub_blob_keep(blob) });
    }
    hub_blob_drop(blob);
}

static inline void engine_store(struct engine *engine, hub_conn conn, tb_bytes value,
                                struct hub_effects *effects)
{
    tb_status status =
        tb_store_put(host_store_view(engine->store), TABLE, TB_LITERAL("k"), value);
    (void)status; /* a refusal shows in the commit */
    engine_send(engine, conn, TB_LITERAL("stored"), effects);
}

static inline void engine_frame(struct engine *engine, const struct hub_event *event,
                                struct hub_effects *effects)
{
    unsigned number = event->bytes.len >= 3 ? tb_get_u16(event->bytes.data + 1) : 0;
    switch (event->bytes.len == 0 ? 0 : event->bytes.data[0]) {
    case 'e': engine_send(engine, event->conn, event->bytes, effects); break;
    case 'b': engine_burst(engine, event->conn, number, effects); break;
    case 'c':
        engine_add(effects, (struct hub_effect){ .kind = HUB_EFFECT_CLOSE, .conn = event->conn,
                                                 .code = (uint16_t)number });
        break;
    case 's': engine_store(engine, event->conn, event->bytes, effects); break;
    case 'S': {
        struct hub_blob *large = hub_blob_new(engine->mem, 1024 * (size_t)number);
        assert_non_null(large);
        memset(large->data, ++engine->fill, large->len); /* the same again would not be written */
        engine_store(engine, event->conn, tb_bytes_of(large->data, large->len), effects);
        hub_blob_drop(large);
        break;
    }
    default: break;
    }
}

static inline void engine_post(struct engine *engine, const struct hub_event *event,
                               struct hub_effects *effects)
{
    struct hub_effect answer = { .kind = HUB_EFFECT_ANSWER, .conn = event->conn,
                                 .code = CHAT_CODE_FORBIDDEN };
    if (event->verb == CHAT_VERB_HUB_RECORD) {
        engine->waiting_post = event->conn;
        return;
    }
    if (event->verb == CHAT_VERB_PING) {
        answer.code = CHAT_CODE_OK;
        answer.blob = engine_blob(engine, event->bytes);
    }
    engine_add(effects, answer);
}

static inline void engine_step(void *ctx, const struct hub_event *event,
                               struct hub_effects *effects)
{
    static const char letters[] = " OCFPDT";
    struct engine *engine = ctx;
    if (event->kind != HUB_EVENT_TICK) {
        size_t len = strlen(engine->log);
        assert_true(len + 2 < sizeof engine->log);
        engine->log[len] = letters[event->kind];
    }
    if (event->kind == HUB_EVENT_OPENED) engine->newest = event->conn;
    if (event->kind == HUB_EVENT_FRAME) engine_frame(engine, event, effects);
    if (event->kind == HUB_EVENT_POST) engine_post(engine, event, effects);
}

static inline bool engine_turn_end(void *ctx, uint64_t now_ms, struct hub_effects *effects)
{
    struct engine *engine = ctx;
    (void)effects;
    assert_true(now_ms > 0);
    size_t len = strlen(engine->log);
    if (len > 0 && engine->log[len - 1] != '|') engine->log[len] = '|';
    return !engine->refuses;
}

static inline void engine_committed(void *ctx)
{
    (void)ctx;
}

static inline void engine_refused(void *ctx, struct hub_effects *effects)
{
    struct engine *engine = ctx;
    hub_effects_clear(effects);
    engine_send(engine, engine->newest, TB_LITERAL("refused"), effects);
}

static inline void engine_metrics(void *ctx, struct hub_metrics *out)
{
    (void)ctx;
    *out = (struct hub_metrics){ .sessions = 1 };
}

/* ------------------------------------------------------------------ the server */

static const struct host_store_table engine_tables[] = { { TABLE, "things", HOST_STORE_KEYED } };

struct fixture {
    struct test_heap heap;
    struct engine engine;
    struct host_log log;
    struct host_store *store;
    struct host_server *server;
    char folder[64], path[128];
};

static inline void fixture_start(struct fixture *fixture, const struct host_server_limits *limits,
                                 bool is_tls)
{
    size_t count = 0;
    *fixture = (struct fixture){ .log = { HOST_LOG_ERROR, HOST_LOG_TEXT, -1 } };
    test_heap_init(&fixture->heap);
    strcpy(fixture->folder, "/tmp/timbre-server-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    snprintf(fixture->path, sizeof fixture->path, "%s/db", fixture->folder);
    struct host_store_config store = { .path = fixture->path,
                                       .mem = &fixture->heap.mem,
                                       .tables = engine_tables,
                                       .table_count = 1,
                                       .application_id = 7,
                                       .schema_version = 1 };
    assert_ok(host_store_open(&store, &fixture->store));
    fixture->engine.mem = &fixture->heap.mem;
    fixture->engine.store = fixture->store;
    struct host_server_config config = {
        .mem = &fixture->heap.mem,
        .log = &fixture->log,
        .engine = { &fixture->engine, engine_step, engine_turn_end, engine_committed,
                    engine_refused, engine_metrics },
        .store = fixture->store,
        .store_path = fixture->path,
        .public_url = "",
        .allowed_origins = "",
        .limits = *limits,
    };
    if (is_tls) {
        config.certificate_path = "tests/path/localhost.crt";
        config.key_path = "tests/path/localhost.key";
    }
    assert_ok(host_net_parse("127.0.0.1:0", config.listen, &count));
    config.listen_count = count;
    assert_ok(host_server_new(&config, &fixture->server));
    /* host_server_run without its end: the test turns the loop. */
    server_listen_start(fixture->server);
}

static inline void pump(struct fixture *fixture)
{
    uv_run(&fixture->server->loop, UV_RUN_NOWAIT);
}

static inline void fixture_end(struct fixture *fixture)
{
    char path[160];
    server_end_all(fixture->server);
    host_server_free(fixture->server);
    host_store_close(fixture->store);
    static const char *const tails[] = { "", "-wal", "-shm" };
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", fixture->path, tails[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(fixture->folder), 0);
    assert_int_equal(fixture->heap.mem.used_bytes, 0); /* all of it came back */
}

/* ------------------------------------------------------------------ clients */

struct client {
    struct fixture *fixture;
    int fd;
    SSL_CTX *ctx;
    SSL *ssl;
    uint8_t in[1 << 16];
    size_t in_len;
    bool has_ended;
};

static inline void client_open(struct client *client, struct fixture *fixture)
{
    char address[HOST_NET_TEXT_LEN_MAX];
    union host_address to[HOST_LISTEN_COUNT_MAX];
    size_t count;
    memset(client, 0, sizeof *client);
    client->fixture = fixture;
    host_server_address(fixture->server, address);
    assert_ok(host_net_parse(address, to, &count));
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(client->fd, &to[0].any, sizeof to[0].v4), 0);
    assert_int_equal(fcntl(client->fd, F_SETFL, O_NONBLOCK), 0);
    if (fixture->server->tls == NULL) return;
    client->ctx = SSL_CTX_new(TLS_client_method());
    client->ssl = SSL_new(client->ctx);
    SSL_set_fd(client->ssl, client->fd);
    for (int i = 0; SSL_connect(client->ssl) != 1; i++) {
        assert_true(i < ROUND_COUNT_MAX);
        pump(fixture);
    }
}

static inline void client_close(struct client *client)
{
    SSL_free(client->ssl);
    SSL_CTX_free(client->ctx);
    if (client->fd >= 0) close(client->fd);
    client->fd = -1;
}

static inline void client_write(struct client *client, const void *data, size_t len)
{
    const uint8_t *at = data;
    for (int i = 0; len > 0; i++) {
        assert_true(i < ROUND_COUNT_MAX);
        ssize_t sent = client->ssl != NULL ? SSL_write(client->ssl, at, (int)len)
                                           : send(client->fd, at, len, MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            len -= (size_t)sent;
        }
        pump(client->fixture);
    }
}

/* What is there, at most `most` octets; pumps once when there is nothing. */
static inline void client_read(struct client *client, size_t most)
{
    size_t room = sizeof client->in - client->in_len;
    if (most > room) most = room;
    ssize_t got = client->ssl != NULL
                      ? SSL_read(client->ssl, client->in + client->in_len, (int)most)
                      : recv(client->fd, client->in + client->in_len, most, 0);
    if (got > 0) client->in_len += (size_t)got;
    else if (client->ssl != NULL) {
        int why = SSL_get_error(client->ssl, (int)got);
        if (why != SSL_ERROR_WANT_READ) client->has_ended = true;
    } else if (got == 0 || errno != EAGAIN) {
        client->has_ended = true;
    }
    if (got <= 0) pump(client->fixture);
}

static inline void client_drop(struct client *client, size_t len)
{
    client->in_len -= len;
    memmove(client->in, client->in + len, client->in_len);
}

/* The head of an HTTP answer, as text; the body stays. */
static inline void client_head(struct client *client, char *out, size_t out_max)
{
    size_t len = 0;
    for (int i = 0; (len = host_http_head_end(tb_bytes_of(client->in, client->in_len), 0)) == 0;
         i++) {
        assert_true(i < ROUND_COUNT_MAX && !client->has_ended);
        client_read(client, 4096);
    }
    assert_true(len < out_max);
    memcpy(out, client->in, len);
    out[len] = 0;
    client_drop(client, len);
}

static inline void client_upgrade(struct client *client)
{
    static const char request[] =
        "GET /v1/socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    char head[1024];
    client_write(client, request, sizeof request - 1);
    client_head(client, head, sizeof head);
    assert_memory_equal(head, "HTTP/1.1 101 ", 13);
}

/* A frame masked with zeros, which are as good as any mask. */
static inline size_t client_frame(uint8_t *out, uint8_t first, const void *payload, size_t len)
{
    assert_true(len < 126);
    const uint8_t head[6] = { first, (uint8_t)(0x80 | len), 0, 0, 0, 0 };
    memcpy(out, head, sizeof head);
    if (len > 0) memcpy(out + sizeof head, payload, len);
    return sizeof head + len;
}

static inline void client_send(struct client *client, const void *payload, size_t len)
{
    uint8_t data[256];
    client_write(client, data, client_frame(data, 0x82, payload, len));
}

/* The next frame: opcode, length of its head, and of the payload behind that in `in`. */
static inline size_t client_frame_wait(struct client *client, uint8_t *opcode, size_t *head_len)
{
    for (int i = 0;; i++) {
        assert_true(i < ROUND_COUNT_MAX);
        size_t len = client->in_len >= 2 ? client->in[1] : 0;
        *head_len = len == 126 ? 4 : 2;
        assert_true(len < 127);
        if (client->in_len >= 4 && len == 126) len = tb_get_u16(client->in + 2);
        if (client->in_len >= *head_len && client->in_len >= *head_len + len) {
            *opcode = client->in[0] & 15;
            return len;
        }
        assert_false(client->has_ended);
        client_read(client, sizeof client->in);
    }
}

static inline void client_expect(struct client *client, uint8_t opcode, tb_bytes payload)
{
    uint8_t found;
    size_t head_len, len = client_frame_wait(client, &found, &head_len);
    assert_int_equal(found, opcode);
    assert_bytes(tb_bytes_of(client->in + head_len, len), payload);
    client_drop(client, head_len + len);
}

static inline void client_expect_close(struct client *client, unsigned code)
{
    uint8_t payload[2];
    tb_put_u16(payload, (uint16_t)code);
    client_expect(client, HOST_WS_CLOSE, TB_ARRAY(payload));
    for (int i = 0; !client->has_ended; i++) {
        assert_true(i < ROUND_COUNT_MAX);
        client_read(client, 4096);
        assert_int_equal(client->in_len, 0); /* nothing follows a close frame */
    }
}

#endif
