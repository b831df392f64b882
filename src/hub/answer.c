/* Answers, refusals and pushes: from structs to frames and effects. */
#include <assert.h>
#include <string.h>

#include "hub/engine.h"

/* ---- blobs and effects (hub.h) ---- */

struct hub_blob *hub_blob_new(struct tb_mem *mem, size_t len)
{
    struct hub_blob *blob = tb_mem_take(mem, sizeof *blob + len);
    if (blob == NULL) return NULL;
    blob->mem = mem;
    blob->ref_count = 1;
    blob->len = blob->cap = len;
    return blob;
}

struct hub_blob *hub_blob_keep(struct hub_blob *blob)
{
    assert(blob->ref_count != 0 && blob->ref_count != UINT32_MAX);
    blob->ref_count++;
    return blob;
}

void hub_blob_drop(struct hub_blob *blob)
{
    if (blob == NULL) return;
    assert(blob->ref_count != 0);
    if (--blob->ref_count == 0) tb_mem_give(blob->mem, blob, sizeof *blob + blob->cap);
}

void hub_effects_init(struct hub_effects *effects, struct tb_mem *mem)
{
    *effects = (struct hub_effects){ .mem = mem };
}

void hub_effects_clear(struct hub_effects *effects)
{
    for (size_t i = 0; i < effects->count; i++) {
        hub_blob_drop(effects->at[i].blob);
        effects->at[i].blob = NULL;
    }
    effects->count = 0;
}

void hub_effects_wipe(struct hub_effects *effects)
{
    hub_effects_clear(effects);
    tb_mem_give(effects->mem, effects->at, effects->cap * sizeof *effects->at);
    effects->at = NULL;
    effects->cap = 0;
}

bool hub_effects_reserve(struct hub *hub, struct hub_effects *effects, size_t count)
{
    if (effects->cap - effects->count >= count) return true;
    size_t cap = effects->cap == 0 ? 64 : effects->cap * 2;
    while (cap - effects->count < count) cap *= 2;
    struct hub_effect *at = tb_mem_take(effects->mem, cap * sizeof *at);
    if (at == NULL) {
        hub->is_broken = true;
        return false;
    }
    if (effects->count != 0) memcpy(at, effects->at, effects->count * sizeof *at);
    tb_mem_give(effects->mem, effects->at, effects->cap * sizeof *at);
    effects->at = at;
    effects->cap = cap;
    return true;
}

void hub_effect_add(struct hub *hub, struct hub_effects *effects, struct hub_effect effect)
{
    if (!hub_effects_reserve(hub, effects, 1)) {
        hub_blob_drop(effect.blob);
        return;
    }
    effects->at[effects->count++] = effect;
}

void hub_send(struct hub *hub, struct hub_effects *effects, hub_conn conn, struct hub_blob *blob)
{
    if (blob == NULL) return;
    hub_effect_add(hub, effects,
                   (struct hub_effect){ .kind = HUB_EFFECT_SEND, .conn = conn, .blob = blob });
}

/* ---- refusals ---- */

uint16_t hub_refuse_value(struct hub_call *call, uint16_t code, const char *detail,
                          uint64_t value)
{
    call->detail = detail;
    call->value = value;
    return code;
}

uint16_t hub_refuse(struct hub_call *call, uint16_t code, const char *detail)
{
    return hub_refuse_value(call, code, detail, 0);
}

uint16_t hub_refuse_status(struct hub *hub, struct hub_call *call, tb_status status,
                           uint16_t otherwise)
{
    switch (status.code) {
    case TB_STORE:
        hub->is_broken = true;
        return hub_refuse(call, CHAT_CODE_STORE, "");
    case TB_NO_SPACE:
    case TB_RANDOM:
    case HUB_ROW:
    case CRYPTO_FAILED:
        return hub_refuse(call, CHAT_CODE_INTERNAL, chat_status_text(status));
    default:
        return hub_refuse(call, otherwise, chat_status_text(status));
    }
}

/* ---- answers ---- */

enum { ERROR_ARENA_BYTES = 4096 };

struct hub_blob *hub_answer_blob(struct hub *hub, uint32_t request_id, uint16_t code, bool is_post,
                                 tb_bytes body)
{
    size_t header_len = is_post ? 0 : HUB_ANSWER_HEADER_LEN;
    struct hub_blob *blob = hub_blob_new(hub->mem, header_len + body.len);
    if (blob == NULL) {
        hub->is_broken = true;
        return NULL;
    }
    if (!is_post) {
        blob->data[0] = CHAT_FRAME_ANSWER;
        tb_put_u32(blob->data + 1, request_id);
        tb_put_u16(blob->data + 5, code);
    }
    if (body.len != 0) memcpy(blob->data + header_len, body.data, body.len);
    return blob;
}

static bool encode_error(const struct hub_call *call, uint16_t code, struct tb_arena *arena,
                         tb_bytes *body)
{
    struct wire_opaque *refs = tb_arena_take(arena, call->ref_count, sizeof *refs);
    if (refs == NULL) return false;
    for (size_t i = 0; i < call->ref_count; i++) refs[i].value = call->refs[i];
    const char *detail = call->detail != NULL && call->detail[0] != 0 ? call->detail
                                                                      : chat_code_sentence(code);
    struct chat_error error = { .detail = tb_bytes_text(detail), .value = call->value };
    error.refs.at = refs;
    error.refs.count = call->ref_count;
    return tb_is_ok(wire_encode(&chat_error_desc, &error, arena, body));
}

void hub_answer(struct hub *hub, struct hub_call *call, uint16_t code,
                const struct wire_desc *desc, const void *answer)
{
    call->is_answered = true;
    if (call->request_id == 0 && !call->is_post) {
        if (code != CHAT_CODE_OK) hub->metrics.requests_refused++;
        return;
    }
    uint8_t memory[ERROR_ARENA_BYTES] __attribute__((aligned(16)));
    struct tb_arena spare, *arena = call->arena;
    tb_bytes body = { NULL, 0 };
    if (code == CHAT_CODE_OK && !tb_is_ok(wire_encode(desc, answer, call->arena, &body))) {
        /* More than a request may hold.  One that wrote nothing harms only who asked. */
        if (hub->write_count != call->write_count) hub->is_broken = true;
        if (hub->is_broken) return;
        code = CHAT_CODE_TOO_LARGE;
        tb_arena_init_fixed(&spare, memory, sizeof memory);
        arena = &spare;
    }
    if (code != CHAT_CODE_OK) hub->metrics.requests_refused++;
    if (code != CHAT_CODE_OK && !encode_error(call, code, arena, &body)) {
        hub->is_broken = true;
        return;
    }
    struct hub_blob *blob = hub_answer_blob(hub, call->request_id, code, call->is_post, body);
    if (blob == NULL) return;
    struct hub_effect effect = { .kind = call->is_post ? HUB_EFFECT_ANSWER : HUB_EFFECT_SEND,
                                 .code = code,
                                 .conn = call->conn,
                                 .blob = blob };
    hub_effect_add(hub, call->effects, effect);
}

/* ---- pushes ---- */

struct hub_blob *hub_push_blob(struct hub *hub, uint16_t push, const struct wire_desc *desc,
                               const void *body)
{
    size_t len;
    struct tb_buf buf;
    tb_buf_init(&buf, hub->mem, CHAT_FRAME_LEN_MAX);
    struct hub_blob *blob = NULL;
    if (tb_is_ok(wire_size(desc, body, &len)) && tb_is_ok(wire_encode_buf(desc, body, &buf))) {
        blob = hub_blob_new(hub->mem, HUB_PUSH_HEADER_LEN + len);
    }
    if (blob != NULL) {
        blob->data[0] = CHAT_FRAME_PUSH;
        tb_put_u16(blob->data + 1, push);
        if (len != 0) memcpy(blob->data + HUB_PUSH_HEADER_LEN, buf.data, len);
    } else {
        hub->is_broken = true;
    }
    tb_buf_wipe(&buf);
    return blob;
}

void hub_push_account(struct hub *hub, struct hub_effects *effects,
                      const struct hub_account *account, uint16_t push,
                      const struct wire_desc *desc, const void *body)
{
    if (account == NULL || account->sessions == NULL) return;
    struct hub_blob *blob = hub_push_blob(hub, push, desc, body);
    if (blob == NULL) return;
    for (struct hub_session *s = account->sessions; s != NULL; s = s->account_next) {
        hub_send(hub, effects, s->conn, hub_blob_keep(blob));
    }
    hub_blob_drop(blob);
}
