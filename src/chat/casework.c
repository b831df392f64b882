/* Case work: the messages, and the fold over them. */
#include "chat/casework.h"

#include <string.h>

#include "wire/cbor.h"
#include "wire/text.h"

WIRE_TABLE(chat_case_state, CHAT_CASE_STATE)

enum case_key {
    KEY_KIND = 1,
    KEY_CASE,
    KEY_SUBJECT,
    KEY_UNTIL,
    KEY_TEXT,
    KEY_CODES,
    KEY_INTO,
    KEY_LEVEL,
    KEY_END
};

const char *chat_casework_kind_name(uint8_t kind)
{
    static const char *const names[] = { NULL,    "claim", "release",  "note",
                                         "code", "merge", "priority", "deadline" };
    return kind < sizeof names / sizeof names[0] ? names[kind] : NULL;
}

const char *chat_casework_level_name(uint8_t level)
{
    static const char *const names[] = { NULL, "threat-to-life", "order", "trusted-flagger",
                                         "normal" };
    return level < sizeof names / sizeof names[0] ? names[level] : NULL;
}

uint64_t chat_casework_level_ms(uint8_t level)
{
    const uint64_t hour_ms = UINT64_C(3600) * 1000;
    switch (level) {
    case CHAT_CASE_THREAT: return hour_ms;
    case CHAT_CASE_ORDER: return 24 * hour_ms;
    case CHAT_CASE_FLAGGER: return 72 * hour_ms;
    default: return 7 * 24 * hour_ms;
    }
}

tb_status chat_casework_subject(const struct crypto_suite *suite, tb_bytes room_uri,
                                tb_bytes message_id, uint8_t out[CHAT_HASH_LEN])
{
    uint8_t hash[CRYPTO_HASH_MAX], len[2];
    tb_put_u16(len, (uint16_t)room_uri.len);
    const tb_bytes parts[] = { TB_LITERAL("Timbre case subject"), TB_ARRAY(len), room_uri,
                               message_id };
    TRY(crypto_hash(suite, parts, sizeof parts / sizeof parts[0], hash));
    memcpy(out, hash, CHAT_HASH_LEN);
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the messages */

static bool is_case_id(tb_bytes id)
{
    return id.len == CHAT_HASH_LEN || id.len == CHAT_CASE_NOTICE_LEN;
}

static bool is_code_octet(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_'
           || c == ':';
}

static bool is_code(tb_bytes code)
{
    for (size_t i = 0; i < code.len; i++) {
        if (!is_code_octet(code.data[i])) return false;
    }
    return code.len != 0 && code.len <= CHAT_CASE_CODE_LEN_MAX;
}

/* Of each kind, what it must have; nothing else is there, but a priority's text, a deadline's end
 * and a subject. */
static bool has_its_parts(const struct chat_case_event *event)
{
    bool is_claim = event->kind == CHAT_CASE_CLAIM, is_note = event->kind == CHAT_CASE_NOTE;
    bool is_priority = event->kind == CHAT_CASE_PRIORITY;
    size_t text_max = is_note ? CHAT_CASE_TEXT_LEN_MAX : is_priority ? CHAT_CASE_WHY_LEN_MAX : 0;
    bool may_end = is_claim || event->kind == CHAT_CASE_DEADLINE;
    bool is_merge = event->kind == CHAT_CASE_MERGE;
    return (event->until_ms == 0 ? !is_claim : may_end)
           && event->text.len <= text_max && (event->text.len != 0 || !is_note)
           && (event->code_count != 0) == (event->kind == CHAT_CASE_CODE)
           && event->code_count <= CHAT_CASE_CODE_COUNT_MAX
           && (is_merge ? is_case_id(event->into) : event->into.len == 0)
           && (is_priority ? chat_casework_level_name(event->level) != NULL : event->level == 0);
}

static tb_status check(const struct chat_case_event *event)
{
    bool is_good = chat_casework_kind_name(event->kind) != NULL && is_case_id(event->case_id)
                   && (event->subject.len == 0 || event->subject.len == CHAT_HASH_LEN)
                   && has_its_parts(event);
    for (size_t i = 0; is_good && i < event->code_count; i++) {
        is_good = is_code(event->codes[i]);
        for (size_t k = 0; is_good && k < i; k++) {
            is_good = !tb_bytes_equal(event->codes[k], event->codes[i]);
        }
    }
    return TB_STATUS(is_good ? TB_OK : CHAT_CASE_FORM);
}

static tb_status put_number(struct tb_buf *buf, enum case_key key, uint64_t value)
{
    if (value == 0) return TB_STATUS(TB_OK);
    TRY(wire_cbor_put_uint(buf, key));
    return wire_cbor_put_uint(buf, value);
}

static tb_status put_octets(struct tb_buf *buf, enum case_key key, tb_bytes octets)
{
    if (octets.len == 0) return TB_STATUS(TB_OK);
    TRY(wire_cbor_put_uint(buf, key));
    return wire_cbor_put_bytes(buf, octets);
}

static tb_status put_codes(struct tb_buf *buf, const struct chat_case_event *event)
{
    if (event->code_count == 0) return TB_STATUS(TB_OK);
    TRY(wire_cbor_put_uint(buf, KEY_CODES));
    TRY(wire_cbor_put_array(buf, event->code_count));
    for (size_t i = 0; i < event->code_count; i++) {
        TRY(wire_cbor_put_string(buf, event->codes[i]));
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_casework_encode(const struct chat_case_event *event, struct tb_buf *buf)
{
    TRY(check(event));
    const bool is_present[] = { event->subject.len != 0, event->until_ms != 0,
                                event->text.len != 0,    event->code_count != 0,
                                event->into.len != 0,    event->level != 0 };
    size_t count = 2;
    for (size_t i = 0; i < sizeof is_present; i++) count += is_present[i] ? 1 : 0;
    TRY(wire_cbor_put_map(buf, count));
    TRY(put_number(buf, KEY_KIND, event->kind));
    TRY(put_octets(buf, KEY_CASE, event->case_id));
    TRY(put_octets(buf, KEY_SUBJECT, event->subject));
    TRY(put_number(buf, KEY_UNTIL, event->until_ms));
    if (event->text.len != 0) {
        TRY(wire_cbor_put_uint(buf, KEY_TEXT));
        TRY(wire_cbor_put_string(buf, event->text));
    }
    TRY(put_codes(buf, event));
    TRY(put_octets(buf, KEY_INTO, event->into));
    return put_number(buf, KEY_LEVEL, event->level);
}

/* Nothing empty is written, so an empty value is another encoding of the same message. */
static tb_status take_octets(struct wire_cbor *cbor, tb_bytes *out)
{
    TRY(wire_cbor_take_bytes(cbor, out));
    return TB_STATUS(out->len != 0 ? TB_OK : CHAT_CASE_FORM);
}

static tb_status take_small(struct wire_cbor *cbor, uint8_t *out)
{
    uint64_t number;
    TRY(wire_cbor_take_uint(cbor, &number));
    if (number == 0 || number > UINT8_MAX) return TB_STATUS(CHAT_CASE_FORM);
    *out = (uint8_t)number;
    return TB_STATUS(TB_OK);
}

static tb_status take_codes(struct wire_cbor *cbor, struct chat_case_event *out)
{
    size_t count;
    TRY(wire_cbor_take_array(cbor, &count));
    if (count == 0 || count > CHAT_CASE_CODE_COUNT_MAX) return TB_STATUS(CHAT_CASE_FORM);
    for (size_t i = 0; i < count; i++) TRY(wire_cbor_take_string(cbor, &out->codes[i]));
    out->code_count = count;
    return TB_STATUS(TB_OK);
}

static tb_status take_value(struct wire_cbor *cbor, uint64_t key, struct chat_case_event *out)
{
    switch (key) {
    case KEY_KIND: return take_small(cbor, &out->kind);
    case KEY_CASE: return take_octets(cbor, &out->case_id);
    case KEY_SUBJECT: return take_octets(cbor, &out->subject);
    case KEY_UNTIL:
        TRY(wire_cbor_take_uint(cbor, &out->until_ms));
        return TB_STATUS(out->until_ms != 0 ? TB_OK : CHAT_CASE_FORM);
    case KEY_TEXT:
        TRY(wire_cbor_take_string(cbor, &out->text));
        return TB_STATUS(out->text.len != 0 ? TB_OK : CHAT_CASE_FORM);
    case KEY_CODES: return take_codes(cbor, out);
    case KEY_INTO: return take_octets(cbor, &out->into);
    case KEY_LEVEL: return take_small(cbor, &out->level);
    default: return TB_STATUS(CHAT_CASE_FORM);
    }
}

tb_status chat_casework_decode(tb_bytes input, struct chat_case_event *out)
{
    struct chat_case_event event = { 0 };
    struct wire_cbor cbor;
    size_t count;
    TRY(wire_cbor_open(input, &cbor));
    TRY(wire_cbor_take_map(&cbor, &count));
    for (size_t i = 0; i < count; i++) {
        uint64_t key;
        TRY(wire_cbor_take_uint(&cbor, &key));
        TRY(take_value(&cbor, key, &event));
    }
    TRY(check(&event));
    *out = event;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the fold */

bool chat_casework_is_held(const struct chat_case_state *state, uint64_t at_ms)
{
    return state->lease_ms > at_ms;
}

static bool is_held_by_another(const struct chat_case_state *state,
                               const struct chat_case_entry *entry)
{
    return chat_casework_is_held(state, entry->at_ms)
           && !tb_bytes_equal(state->holder, entry->account);
}

static tb_status get_or_new(const struct chat_case_store *store, tb_bytes case_id,
                            struct chat_case_state *out, bool *is_new)
{
    tb_status status = store->get(store->ctx, case_id, out);
    *is_new = status.code == TB_NOT_FOUND;
    if (!*is_new) return status;
    *out = (struct chat_case_state){ .case_id = case_id, .level = CHAT_CASE_NORMAL };
    return TB_STATUS(TB_OK);
}

static tb_status follow(const struct chat_case_store *store, struct chat_case_state *at)
{
    for (size_t depth = 0; at->into.len != 0; depth++) {
        if (depth > CHAT_CASE_DEPTH_MAX) return TB_STATUS(TB_STORE); /* no fold made it */
        TRY(store->get(store->ctx, at->into, at));
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_casework_root(const struct chat_case_store *store, tb_bytes case_id,
                             struct chat_case_state *out)
{
    struct chat_case_state state;
    bool is_new;
    TRY(get_or_new(store, case_id, &state, &is_new));
    TRY(follow(store, &state));
    *out = state;
    return TB_STATUS(TB_OK);
}

/* The first message about a case: with the subject of another it is a part of that one. */
static tb_status first_named(const struct chat_case_store *store, tb_bytes subject,
                             struct chat_case_state *state)
{
    struct chat_case_state root;
    tb_bytes first;
    state->subject = subject;
    if (subject.len == 0) return store->put(store->ctx, state);
    tb_status status = store->of_subject(store->ctx, subject, &first);
    if (status.code == TB_NOT_FOUND) {
        TRY(store->put_subject(store->ctx, subject, state->case_id));
        return store->put(store->ctx, state);
    }
    TRY(status);
    TRY(chat_casework_root(store, first, &root));
    state->into = root.case_id;
    if (root.height == 0) root.height = 1;
    TRY(store->put(store->ctx, &root));
    return store->put(store->ctx, state);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    if (a == 0 || b == 0) return a + b;
    return a < b ? a : b;
}

/* The urgent one of the two decides, and who works on one of them works on both. */
static tb_status merge(const struct chat_case_store *store, const struct chat_case_entry *entry,
                       struct chat_case_state *state, uint16_t *verdict)
{
    struct chat_case_state into;
    TRY(chat_casework_root(store, entry->event->into, &into));
    if (tb_bytes_equal(into.case_id, state->case_id)) *verdict = CHAT_CASE_CYCLE;
    else if (is_held_by_another(state, entry) || is_held_by_another(&into, entry)) {
        *verdict = CHAT_CASE_CLAIMED;
    } else if (state->height >= CHAT_CASE_DEPTH_MAX) *verdict = CHAT_CASE_DEPTH;
    if (*verdict != TB_OK) return TB_STATUS(TB_OK);
    if (into.height <= state->height) into.height = (uint16_t)(state->height + 1);
    if (state->level < into.level) {
        into.level = state->level;
        into.why = state->why;
    }
    if (state->lease_ms > into.lease_ms) {
        into.holder = state->holder;
        into.lease_ms = state->lease_ms;
    }
    into.due_ms = earlier(into.due_ms, state->due_ms);
    if (into.codes.count == 0) into.codes = state->codes;
    into.note_count += state->note_count;
    state->into = into.case_id;
    TRY(store->put(store->ctx, &into));
    return store->put(store->ctx, state);
}

static uint16_t claim(struct chat_case_state *state, const struct chat_case_entry *entry)
{
    uint64_t end_ms = entry->event->until_ms, longest_ms = entry->at_ms + CHAT_CASE_LEASE_MS;
    if (is_held_by_another(state, entry)) return CHAT_CASE_CLAIMED;
    if (end_ms <= entry->at_ms) return CHAT_CASE_LEASE;
    state->holder = entry->account;
    state->lease_ms = end_ms < longest_ms ? end_ms : longest_ms;
    return TB_OK;
}

static uint16_t release(struct chat_case_state *state, const struct chat_case_entry *entry)
{
    bool is_own = tb_bytes_equal(state->holder, entry->account);
    if (!is_own || !chat_casework_is_held(state, entry->at_ms)) return CHAT_CASE_NOT_HELD;
    state->holder = (tb_bytes){ 0 };
    state->lease_ms = 0;
    return TB_OK;
}

tb_status chat_casework_take(const struct chat_case_store *store,
                             const struct chat_case_entry *entry, uint16_t *verdict)
{
    const struct chat_case_event *event = entry->event;
    struct wire_opaque codes[CHAT_CASE_CODE_COUNT_MAX];
    struct chat_case_state state;
    bool is_new;
    *verdict = TB_OK;
    TRY(get_or_new(store, event->case_id, &state, &is_new));
    if (is_new) TRY(first_named(store, event->subject, &state));
    TRY(follow(store, &state));
    switch (event->kind) {
    case CHAT_CASE_CLAIM: *verdict = claim(&state, entry); break;
    case CHAT_CASE_RELEASE: *verdict = release(&state, entry); break;
    case CHAT_CASE_NOTE: state.note_count++; break;
    case CHAT_CASE_CODE:
        for (size_t i = 0; i < event->code_count; i++) codes[i].value = event->codes[i];
        state.codes.at = codes;
        state.codes.count = event->code_count;
        break;
    case CHAT_CASE_MERGE: return merge(store, entry, &state, verdict);
    case CHAT_CASE_PRIORITY:
        state.level = event->level;
        state.why = event->text;
        break;
    case CHAT_CASE_DEADLINE: state.due_ms = event->until_ms; break;
    default: *verdict = CHAT_CASE_FORM; break;
    }
    return *verdict == TB_OK ? store->put(store->ctx, &state) : TB_STATUS(TB_OK);
}
