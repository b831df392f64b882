/* Statements of reasons: CBOR, and sentences. */
#include "chat/statement.h"

#include <string.h>

#include "chat/reason.h"
#include "chat/say.h"
#include "wire/cbor.h"

enum statement_key {
    KEY_DECISION_ID = 1,
    KEY_NUMBER,
    KEY_ACTION,
    KEY_SCOPE,
    KEY_ROOM,
    KEY_REASON,
    KEY_RULE,
    KEY_FACTS,
    KEY_UNTIL,
    KEY_APPEAL,
    KEY_DECIDED,
    KEY_REPORT_ID,
    KEY_STUBS,
    KEY_COUNT = KEY_STUBS
};

/* What both directions refuse. */
static tb_status check(const struct chat_statement *statement)
{
    bool is_room = statement->scope == CHAT_SCOPE_ROOM;
    bool is_good = statement->action <= CHAT_ACTION_UNBAN
                   && (is_room || statement->scope == CHAT_SCOPE_HUB)
                   && (statement->room_uri.len != 0 || !is_room)
                   && statement->room_uri.len <= CHAT_URI_LEN_MAX
                   && chat_reason_name(statement->reason_code) != NULL
                   && statement->rule.len <= CHAT_STATEMENT_TEXT_LEN_MAX
                   && statement->facts.len <= CHAT_STATEMENT_TEXT_LEN_MAX
                   && statement->appeal.len <= CHAT_STATEMENT_TEXT_LEN_MAX
                   && (statement->report_id.len == 0 || statement->report_id.len == CHAT_HASH_LEN);
    return TB_STATUS(is_good ? TB_OK : CHAT_STATEMENT_FORM);
}

static tb_status put_number(struct tb_buf *buf, enum statement_key key, uint64_t value)
{
    if (value == 0) return TB_STATUS(TB_OK);
    TRY(wire_cbor_put_uint(buf, key));
    return wire_cbor_put_uint(buf, value);
}

static tb_status put_text(struct tb_buf *buf, enum statement_key key, tb_bytes text)
{
    if (text.len == 0) return TB_STATUS(TB_OK);
    TRY(wire_cbor_put_uint(buf, key));
    return wire_cbor_put_string(buf, text);
}

static tb_status put_octets(struct tb_buf *buf, enum statement_key key, tb_bytes octets)
{
    if (octets.len == 0) return TB_STATUS(TB_OK);
    TRY(wire_cbor_put_uint(buf, key));
    return wire_cbor_put_bytes(buf, octets);
}

tb_status chat_statement_encode(const struct chat_statement *statement, struct tb_buf *buf)
{
    TRY(check(statement));
    const bool is_present[] = {
        true, /* decision id, scope and reason are never empty */
        true,
        true,
        statement->number != 0,
        statement->action != 0,
        statement->room_uri.len != 0,
        statement->rule.len != 0,
        statement->facts.len != 0,
        statement->until_ms != 0,
        statement->appeal.len != 0,
        statement->decided_ms != 0,
        statement->report_id.len != 0,
        statement->stubs.len != 0,
    };
    size_t count = 0;
    for (size_t i = 0; i < KEY_COUNT; i++) count += is_present[i] ? 1 : 0;
    TRY(wire_cbor_put_map(buf, count));
    TRY(put_octets(buf, KEY_DECISION_ID, TB_ARRAY(statement->decision_id)));
    TRY(put_number(buf, KEY_NUMBER, statement->number));
    TRY(put_number(buf, KEY_ACTION, statement->action));
    TRY(put_number(buf, KEY_SCOPE, statement->scope));
    TRY(put_text(buf, KEY_ROOM, statement->room_uri));
    TRY(put_number(buf, KEY_REASON, statement->reason_code));
    TRY(put_text(buf, KEY_RULE, statement->rule));
    TRY(put_text(buf, KEY_FACTS, statement->facts));
    TRY(put_number(buf, KEY_UNTIL, statement->until_ms));
    TRY(put_text(buf, KEY_APPEAL, statement->appeal));
    TRY(put_number(buf, KEY_DECIDED, statement->decided_ms));
    TRY(put_octets(buf, KEY_REPORT_ID, statement->report_id));
    return put_octets(buf, KEY_STUBS, statement->stubs);
}

/* Nothing empty is written, so an empty value is another encoding of the same statement. */
static tb_status take_number(struct wire_cbor *cbor, uint64_t max, uint64_t *out)
{
    if (!tb_is_ok(wire_cbor_take_uint(cbor, out)) || *out == 0 || *out > max) {
        return TB_STATUS(CHAT_STATEMENT_FORM);
    }
    return TB_STATUS(TB_OK);
}

static tb_status take_text(struct wire_cbor *cbor, tb_bytes *out)
{
    if (!tb_is_ok(wire_cbor_take_string(cbor, out)) || out->len == 0) {
        return TB_STATUS(CHAT_STATEMENT_FORM);
    }
    return TB_STATUS(TB_OK);
}

static tb_status take_octets(struct wire_cbor *cbor, tb_bytes *out)
{
    if (!tb_is_ok(wire_cbor_take_bytes(cbor, out)) || out->len == 0) {
        return TB_STATUS(CHAT_STATEMENT_FORM);
    }
    return TB_STATUS(TB_OK);
}

static tb_status take_small(struct wire_cbor *cbor, uint8_t *out)
{
    uint64_t number;
    TRY(take_number(cbor, UINT8_MAX, &number));
    *out = (uint8_t)number;
    return TB_STATUS(TB_OK);
}

static tb_status take_decision_id(struct wire_cbor *cbor, struct chat_statement *out)
{
    tb_bytes id;
    TRY(take_octets(cbor, &id));
    if (id.len != sizeof out->decision_id) return TB_STATUS(CHAT_STATEMENT_FORM);
    memcpy(out->decision_id, id.data, id.len);
    return TB_STATUS(TB_OK);
}

static tb_status take_value(struct wire_cbor *cbor, uint64_t key, struct chat_statement *out)
{
    switch (key) {
    case KEY_DECISION_ID:
        return take_decision_id(cbor, out);
    case KEY_NUMBER:
        return take_number(cbor, UINT64_MAX, &out->number);
    case KEY_ACTION:
        return take_small(cbor, &out->action);
    case KEY_SCOPE:
        return take_small(cbor, &out->scope);
    case KEY_ROOM:
        return take_text(cbor, &out->room_uri);
    case KEY_REASON:
        return take_small(cbor, &out->reason_code);
    case KEY_RULE:
        return take_text(cbor, &out->rule);
    case KEY_FACTS:
        return take_text(cbor, &out->facts);
    case KEY_UNTIL:
        return take_number(cbor, UINT64_MAX, &out->until_ms);
    case KEY_APPEAL:
        return take_text(cbor, &out->appeal);
    case KEY_DECIDED:
        return take_number(cbor, UINT64_MAX, &out->decided_ms);
    case KEY_REPORT_ID:
        return take_octets(cbor, &out->report_id);
    case KEY_STUBS:
        return take_octets(cbor, &out->stubs);
    default:
        return TB_STATUS(CHAT_STATEMENT_FORM);
    }
}

tb_status chat_statement_decode(tb_bytes input, struct chat_statement *out)
{
    struct chat_statement statement = { .number = 0 };
    bool has_id = false;
    struct wire_cbor cbor;
    size_t count;

    TRY(wire_cbor_open(input, &cbor));
    if (!tb_is_ok(wire_cbor_take_map(&cbor, &count)) || count > KEY_COUNT) {
        return TB_STATUS(CHAT_STATEMENT_FORM);
    }
    while (count-- != 0) {
        uint64_t key;
        if (!tb_is_ok(wire_cbor_take_uint(&cbor, &key))) return TB_STATUS(CHAT_STATEMENT_FORM);
        TRY(take_value(&cbor, key, &statement));
        if (key == KEY_DECISION_ID) has_id = true;
    }
    if (!has_id) return TB_STATUS(CHAT_STATEMENT_FORM);
    TRY(check(&statement));
    *out = statement;
    return TB_STATUS(TB_OK);
}

tb_status chat_statement_hash(const struct crypto_suite *suite, tb_bytes encoded,
                              uint8_t hash[CHAT_HASH_LEN])
{
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, &encoded, 1, hash);
}

/* ------------------------------------------------------------------ sentences */

static tb_status say_measure(const struct chat_statement *statement, struct tb_buf *out)
{
    bool is_room = statement->scope == CHAT_SCOPE_ROOM;

    switch (statement->action) {
    case CHAT_ACTION_WARN:
        return chat_say(out, "The desk warns you.\n");
    case CHAT_ACTION_UNBAN:
        return chat_say(out, "An earlier ban is lifted.\n");
    case CHAT_ACTION_BAN:
        if (!is_room) {
            return chat_say(out, "Your account is banned from the rooms of this hub. You can still "
                                 "sign in, read this and answer here.\n");
        }
        TRY(chat_say(out, "You are banned from the room "));
        TRY(chat_say_plain(out, statement->room_uri));
        return chat_say(out, ".\n");
    default:
        return chat_say(out, "The desk takes no measure.\n");
    }
}

static tb_status say_line(struct tb_buf *out, const char *before, tb_bytes text)
{
    if (text.len == 0) return TB_STATUS(TB_OK);
    TRY(chat_say(out, before));
    TRY(chat_say_plain(out, text));
    return chat_say(out, "\n");
}

tb_status chat_statement_render(const struct chat_statement *statement, struct tb_buf *out)
{
    if (statement->number != 0) {
        TRY(chat_say(out, "Decision "));
        TRY(chat_say_u64(out, statement->number));
        TRY(chat_say(out, " of the moderation desk.\n"));
    }
    TRY(say_measure(statement, out));
    if (statement->action == CHAT_ACTION_BAN && statement->until_ms == 0) {
        TRY(chat_say(out, "It holds without end.\n"));
    } else if (statement->action == CHAT_ACTION_BAN) {
        TRY(chat_say(out, "It holds until "));
        TRY(chat_say_time(out, statement->until_ms));
        TRY(chat_say(out, ".\n"));
    }
    TRY(chat_say(out, "Reason: "));
    TRY(chat_say(out, chat_reason_text(statement->reason_code)));
    TRY(chat_say(out, ".\n"));
    TRY(say_line(out, "Rule: ", statement->rule));
    TRY(say_line(out, "What happened: ", statement->facts));
    if (statement->decided_ms != 0) {
        TRY(chat_say(out, "A person decided this, on "));
        TRY(chat_say_time(out, statement->decided_ms));
        TRY(chat_say(out, ".\n"));
    }
    return say_line(out, "How to answer: ", statement->appeal);
}
