#include "host/hub_admin.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { ANSWER_LEN_MAX = 16 << 20, WAIT_S_MAX = 30, FIRST_READ_LEN = 64 << 10 };

tb_status host_admin_open(struct host_admin *admin, const struct host_config *config)
{
    admin->is_running = false;
    tb_status status = host_hub_lock(&admin->hub, config, false);
    if (status.code == HOST_LOCKED) {
        admin->is_running = true;
        return TB_STATUS(TB_OK);
    }
    TRY(status);
    if (!host_file_exists(admin->hub.database_path)) return TB_STATUS(TB_NOT_FOUND);
    return host_hub_open(&admin->hub, config);
}

void host_admin_close(struct host_admin *admin)
{
    host_hub_close(&admin->hub);
}

/* ------------------------------------------------------------------ on the database itself */

static tb_status call_engine(struct host_admin *admin, enum chat_verb verb, tb_bytes body,
                             struct tb_arena *arena, uint16_t *code, tb_bytes *answer)
{
    struct host_hub *hub = &admin->hub;
    struct hub_effects effects;
    hub_effects_init(&effects, &hub->mem);
    struct hub_event event = { .kind = HUB_EVENT_POST,
                               .now_ms = host_clock_now_ms(&hub->clock),
                               .conn = 1,
                               .is_admin = true,
                               .verb = (uint16_t)verb,
                               .bytes = body };
    (void)host_store_begin(hub->store); /* a refusal shows in the commit */
    hub_step(hub->hub, &event, &effects);
    tb_status status = TB_STATUS(TB_STORE);
    if (hub_turn_end(hub->hub, event.now_ms, &effects)) status = host_store_commit(hub->store);
    else host_store_rollback(hub->store);
    if (status.code == TB_OK) hub_turn_committed(hub->hub);
    else hub_turn_refused(hub->hub, &effects);

    *code = CHAT_CODE_INTERNAL;
    *answer = TB_LITERAL("the engine gave no answer");
    for (size_t i = 0; i < effects.count && status.code == TB_OK; i++) {
        const struct hub_effect *effect = &effects.at[i];
        if (effect->kind != HUB_EFFECT_ANSWER) continue;
        *code = effect->code;
        tb_bytes octets = tb_bytes_of(NULL, 0);
        if (effect->blob != NULL) octets = tb_bytes_of(effect->blob->data, effect->blob->len);
        if (*code != CHAT_CODE_OK) {
            struct chat_error error;
            tb_status decoded = wire_decode(&chat_error_desc, octets, arena, &error, NULL);
            octets = decoded.code == TB_OK ? error.detail : tb_bytes_of(NULL, 0);
            if (octets.len == 0) octets = tb_bytes_text(chat_code_sentence(*code));
        }
        status = tb_arena_dup(arena, octets, answer);
    }
    hub_effects_wipe(&effects);
    return status;
}

/* ------------------------------------------------------------------ through the socket */

static bool write_all(int fd, tb_bytes data)
{
    while (data.len > 0) {
        ssize_t sent = send(fd, data.data, data.len, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        data.data += sent;
        data.len -= (size_t)sent;
    }
    return true;
}

static tb_status read_all(int fd, struct tb_buf *out)
{
    for (;;) {
        uint8_t part[FIRST_READ_LEN];
        ssize_t got = recv(fd, part, sizeof part, 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return TB_STATUS(HOST_NETWORK);
        if (got == 0) return TB_STATUS(TB_OK);
        TRY(tb_buf_append(out, tb_bytes_of(part, (size_t)got)));
    }
}

/* The problem's members; codes are found by name. */
static void read_problem(tb_bytes text, struct tb_arena *arena, uint16_t *code, tb_bytes *detail)
{
    *code = CHAT_CODE_INTERNAL;
    *detail = TB_LITERAL("the hub refused without saying why");
    json_t *problem = json_loadb((const char *)text.data, text.len, 0, NULL);
    const char *name = json_string_value(json_object_get(problem, "code"));
    const char *sentence = json_string_value(json_object_get(problem, "detail"));
    for (uint16_t i = 1; name != NULL && i < 256; i++) {
        if (strcmp(chat_code_name(i), name) == 0) *code = i;
    }
    if (sentence != NULL) {
        tb_status status = tb_arena_dup(arena, tb_bytes_text(sentence), detail);
        (void)status; /* without memory the words above stay */
    }
    json_decref(problem);
}

/* One answer with Connection: close, so it ends with the stream. */
static tb_status read_answer(tb_bytes whole, struct tb_arena *arena, uint16_t *code,
                             tb_bytes *answer)
{
    unsigned status = 0;
    static const char start[] = "HTTP/1.1 ";
    const uint8_t *end = memmem(whole.data, whole.len, "\r\n\r\n", 4);
    if (end == NULL || !tb_bytes_starts_with(whole, TB_LITERAL(start)) || whole.len < 12) {
        return TB_STATUS(HOST_HTTP);
    }
    for (size_t i = 9; i < 12; i++) status = 10 * status + (unsigned)(whole.data[i] - '0');
    size_t head_len = (size_t)(end - whole.data) + 4;
    tb_bytes body = { whole.data + head_len, whole.len - head_len };
    if (status != 200) {
        read_problem(body, arena, code, answer);
        return TB_STATUS(TB_OK);
    }
    *code = CHAT_CODE_OK;
    return tb_arena_dup(arena, body, answer);
}

static tb_status call_socket(struct host_admin *admin, enum chat_verb verb, tb_bytes body,
                             struct tb_arena *arena, uint16_t *code, tb_bytes *answer)
{
    tb_status status = TB_STATUS(TB_OK);
    struct timeval wait = { .tv_sec = WAIT_S_MAX };
    struct tb_buf whole;
    char head[256];
    int fd = -1;
    tb_buf_init(&whole, &admin->hub.mem, ANSWER_LEN_MAX);
    CHECK(host_net_connect_unix(admin->hub.socket_path, &fd));
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    int len = snprintf(head, sizeof head,
                       "POST /v1/%s HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n"
                       "Content-Type: application/octet-stream\r\nContent-Length: %zu\r\n\r\n",
                       chat_verb_row((uint16_t)verb)->path, body.len);
    if (!write_all(fd, tb_bytes_of(head, (size_t)len)) || !write_all(fd, body)) {
        CHECK(TB_STATUS(HOST_NETWORK));
    }
    CHECK(read_all(fd, &whole));
    CHECK(read_answer(tb_buf_view(&whole), arena, code, answer));
out:
    if (fd >= 0) close(fd);
    tb_buf_wipe(&whole);
    return status;
}

tb_status host_admin_call(struct host_admin *admin, enum chat_verb verb, tb_bytes body,
                          struct tb_arena *arena, uint16_t *code, tb_bytes *answer)
{
    return admin->is_running ? call_socket(admin, verb, body, arena, code, answer)
                             : call_engine(admin, verb, body, arena, code, answer);
}
