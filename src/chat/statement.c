/* Statements of reasons as CBOR: one table of fields for both directions. */
#include "chat/statement.h"

#include <stddef.h>
#include <string.h>

#include "chat/category.h"
#include "chat/decision.h"
#include "chat/reason.h"
#include "wire/cbor.h"

enum field_kind { FIELD_ID, FIELD_SMALL, FIELD_NUMBER, FIELD_TEXT, FIELD_OCTETS };
struct field {
    enum field_kind kind;
    size_t offset;
};
#define FIELD(KIND_, NAME_) { KIND_, offsetof(struct chat_statement, NAME_) }
/* The key of a field is its place here, from 1. */
static const struct field FIELDS[] = {
    FIELD(FIELD_ID, decision_id),      FIELD(FIELD_NUMBER, number),
    FIELD(FIELD_SMALL, action),        FIELD(FIELD_SMALL, scope),
    FIELD(FIELD_TEXT, room_uri),       FIELD(FIELD_SMALL, reason_code),
    FIELD(FIELD_TEXT, rule),           FIELD(FIELD_TEXT, facts),
    FIELD(FIELD_NUMBER, until_ms),     FIELD(FIELD_NUMBER, decided_ms),
    FIELD(FIELD_OCTETS, report_id),    FIELD(FIELD_OCTETS, stubs),
    FIELD(FIELD_SMALL, ground),        FIELD(FIELD_TEXT, why),
    FIELD(FIELD_SMALL, category),      FIELD(FIELD_SMALL, source),
    FIELD(FIELD_NUMBER, number_of),    FIELD(FIELD_NUMBER, target_count),
    FIELD(FIELD_TEXT, territory),      FIELD(FIELD_SMALL, single),
};
enum { FIELD_COUNT = sizeof FIELDS / sizeof FIELDS[0] };

/* What both directions refuse. */
static tb_status check(const struct chat_statement *statement)
{
    bool is_room = statement->scope == CHAT_SCOPE_ROOM;
    bool is_good = chat_decision_action_name(statement->action) != NULL
                   && (is_room || statement->scope == CHAT_SCOPE_HUB)
                   && (statement->room_uri.len != 0 || !is_room)
                   && statement->room_uri.len <= CHAT_URI_LEN_MAX
                   && chat_reason_name(statement->reason_code) != NULL
                   && statement->rule.len <= CHAT_STATEMENT_TEXT_LEN_MAX
                   && statement->facts.len <= CHAT_STATEMENT_TEXT_LEN_MAX
                   && statement->why.len <= CHAT_STATEMENT_TEXT_LEN_MAX
                   && statement->territory.len <= CHAT_STATEMENT_TEXT_LEN_MAX
                   && statement->ground <= CHAT_GROUND_ILLEGAL
                   && statement->category < CHAT_CATEGORY_COUNT
                   && statement->source <= CHAT_STATEMENT_OWN_INITIATIVE
                   && statement->single <= 1
                   && (statement->report_id.len == 0 || statement->report_id.len == CHAT_HASH_LEN);
    return TB_STATUS(is_good ? TB_OK : CHAT_STATEMENT_FORM);
}

/* ------------------------------------------------------------------ writing */

static uint64_t number_at(const struct field *field, const uint8_t *at)
{
    uint64_t number;
    if (field->kind == FIELD_SMALL) return *at;
    memcpy(&number, at, sizeof number);
    return number;
}

static tb_bytes octets_at(const struct field *field, const uint8_t *at)
{
    tb_bytes octets;
    if (field->kind == FIELD_ID) return tb_bytes_of(at, 16);
    memcpy(&octets, at, sizeof octets);
    return octets;
}

static bool is_present(const struct field *field, const uint8_t *at)
{
    bool is_number = field->kind == FIELD_SMALL || field->kind == FIELD_NUMBER;
    return is_number ? number_at(field, at) != 0 : octets_at(field, at).len != 0;
}

static tb_status put_field(struct tb_buf *buf, const struct field *field, const uint8_t *at)
{
    switch (field->kind) {
    case FIELD_SMALL:
    case FIELD_NUMBER:
        return wire_cbor_put_uint(buf, number_at(field, at));
    case FIELD_TEXT:
        return wire_cbor_put_string(buf, octets_at(field, at));
    default:
        return wire_cbor_put_bytes(buf, octets_at(field, at));
    }
}

tb_status chat_statement_encode(const struct chat_statement *statement, struct tb_buf *buf)
{
    const uint8_t *base = (const uint8_t *)statement;
    size_t count = 0;
    TRY(check(statement));
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        count += is_present(&FIELDS[i], base + FIELDS[i].offset) ? 1 : 0;
    }
    TRY(wire_cbor_put_map(buf, count));
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const uint8_t *at = base + FIELDS[i].offset;
        if (!is_present(&FIELDS[i], at)) continue;
        TRY(wire_cbor_put_uint(buf, i + 1));
        TRY(put_field(buf, &FIELDS[i], at));
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ reading */

static tb_status take_number(struct wire_cbor *cbor, const struct field *field, uint8_t *at)
{
    uint64_t number, max = field->kind == FIELD_SMALL ? UINT8_MAX : UINT64_MAX;
    TRY(wire_cbor_take_uint(cbor, &number));
    if (number == 0 || number > max) return TB_STATUS(CHAT_STATEMENT_FORM);
    if (field->kind == FIELD_SMALL) *at = (uint8_t)number;
    else memcpy(at, &number, sizeof number);
    return TB_STATUS(TB_OK);
}

/* Nothing empty is written, so an empty value is another encoding of the same statement. */
static tb_status take_field(struct wire_cbor *cbor, const struct field *field, uint8_t *at)
{
    tb_bytes octets;
    switch (field->kind) {
    case FIELD_SMALL:
    case FIELD_NUMBER:
        return take_number(cbor, field, at);
    case FIELD_TEXT:
        TRY(wire_cbor_take_string(cbor, &octets));
        break;
    default:
        TRY(wire_cbor_take_bytes(cbor, &octets));
    }
    if (octets.len == 0) return TB_STATUS(CHAT_STATEMENT_FORM);
    if (field->kind != FIELD_ID) {
        memcpy(at, &octets, sizeof octets);
        return TB_STATUS(TB_OK);
    }
    if (octets.len != 16) return TB_STATUS(CHAT_STATEMENT_FORM);
    memcpy(at, octets.data, octets.len);
    return TB_STATUS(TB_OK);
}

tb_status chat_statement_decode(tb_bytes input, struct chat_statement *out)
{
    struct chat_statement statement = { .number = 0 };
    bool has_id = false;
    struct wire_cbor cbor;
    size_t count;

    TRY(wire_cbor_open(input, &cbor));
    if (!tb_is_ok(wire_cbor_take_map(&cbor, &count)) || count > FIELD_COUNT) {
        return TB_STATUS(CHAT_STATEMENT_FORM);
    }
    while (count-- != 0) {
        uint64_t key;
        if (!tb_is_ok(wire_cbor_take_uint(&cbor, &key)) || key == 0 || key > FIELD_COUNT) {
            return TB_STATUS(CHAT_STATEMENT_FORM);
        }
        const struct field *field = &FIELDS[key - 1];
        if (!tb_is_ok(take_field(&cbor, field, (uint8_t *)&statement + field->offset))) {
            return TB_STATUS(CHAT_STATEMENT_FORM);
        }
        if (field->kind == FIELD_ID) has_id = true;
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
