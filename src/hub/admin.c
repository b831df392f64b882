/* Verbs of the operator, through the local admin socket: rows for a table on a terminal. */
#include <string.h>

#include "chat/records.h"
#include "hub/admin.h"
#include "hub/join.h"
#include "wire/text.h"

enum { BATCH_COUNT = 256, ROW_COUNT_MAX = 65536 };

void hub_admin_row(struct hub_admin_table *table, const tb_bytes *cells, size_t count)
{
    struct chat_admin_rows *out = table->out;
    if (!tb_is_ok(table->status)) return;
    if (out->rows.count == table->cap) {
        size_t cap = table->cap == 0 ? 16 : table->cap * 2;
        struct chat_admin_row *at = tb_arena_take(table->call->arena, cap, sizeof *at);
        if (at == NULL) {
            table->status = TB_STATUS(TB_NO_SPACE);
            return;
        }
        if (out->rows.count != 0) memcpy(at, out->rows.at, out->rows.count * sizeof *at);
        out->rows.at = at;
        table->cap = cap;
    }
    struct wire_opaque *at = tb_arena_take(table->call->arena, count, sizeof *at);
    if (at == NULL) {
        table->status = TB_STATUS(TB_NO_SPACE);
        return;
    }
    for (size_t i = 0; i < count; i++) at[i].value = cells[i];
    struct chat_admin_row *row = &out->rows.at[out->rows.count++];
    row->cells.at = at;
    row->cells.count = count;
}

tb_bytes hub_admin_number(struct hub_admin_table *table, uint64_t value)
{
    char *digits = tb_arena_take(table->call->arena, WIRE_TEXT_U64_MAX, 1);
    if (digits == NULL) {
        table->status = TB_STATUS(TB_NO_SPACE);
        return (tb_bytes){ NULL, 0 };
    }
    size_t len = wire_text_u64_encode(value, digits);
    return tb_bytes_of(digits, len);
}

#define TEXT(TEXT_) TB_LITERAL(TEXT_)

/* ---- walking a table of the store ---- */

typedef tb_status visit(struct hub *hub, struct hub_admin_table *table, tb_bytes key,
                        tb_bytes value);

static tb_status walk(struct hub *hub, struct hub_admin_table *table, enum hub_table id,
                      const struct hub_key *prefix, visit *each)
{
    struct hub_key after = { .len = 0 };
    struct hub_pairs rows;
    do {
        TRY(hub_row_list(hub->store, id, prefix, after.len != 0 ? &after : NULL, BATCH_COUNT,
                         table->call->arena, &rows));
        for (size_t i = 0; i < rows.count; i++) {
            TRY(each(hub, table, rows.at[i].key, rows.at[i].value));
            TRY(table->status);
        }
        if (rows.count != 0) after = hub_key_of(rows.at[rows.count - 1].key);
    } while (rows.count == BATCH_COUNT && table->out->rows.count < ROW_COUNT_MAX);
    return TB_STATUS(TB_OK);
}

static uint16_t finish(struct hub *hub, struct hub_call *call, tb_status status)
{
    return tb_is_ok(status) ? CHAT_CODE_OK
                            : hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

static tb_status user_row(struct hub *hub, struct hub_admin_table *table, tb_bytes key,
                          tb_bytes value)
{
    struct hub_row_account row;
    struct hub_user_id id;
    tb_bytes uri;
    TRY(wire_decode(&hub_row_account_desc, value, table->call->arena, &row, NULL));
    if (key.len != sizeof id.at) return TB_STATUS(HUB_ROW);
    memcpy(id.at, key.data, sizeof id.at);
    TRY(hub_uri_user(hub->domain, &id, table->call->arena, &uri));
    const struct hub_account *account = hub_map_get(&hub->accounts, &id);
    tb_bytes cells[] = {
        row.handle,
        uri,
        (row.flags & HUB_ACCOUNT_IS_ADMIN) != 0 ? TEXT("admin") : TEXT("user"),
        (row.flags & HUB_ACCOUNT_IS_RESTRICTED) != 0 ? TEXT("restricted") : TEXT("active"),
        hub_admin_number(table, row.decision_number),
        hub_admin_number(table, account != NULL ? account->session_count : 0),
        hub_admin_number(table, row.created_ms),
    };
    hub_admin_row(table, cells, sizeof cells / sizeof cells[0]);
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_admin_users(struct hub *hub, struct hub_call *call, const void *request,
                              void *answer)
{
    (void)request;
    struct hub_admin_table table = { call, answer, 0, TB_STATUS(TB_OK) };
    tb_bytes heads[] = { TEXT("handle"), TEXT("account"), TEXT("role"), TEXT("state"),
                         TEXT("decision"), TEXT("sessions"), TEXT("created_ms") };
    hub_admin_row(&table, heads, sizeof heads / sizeof heads[0]);
    struct hub_key all = { .len = 0 };
    return finish(hub, call, walk(hub, &table, HUB_TABLE_ACCOUNTS, &all, user_row));
}

static tb_bytes kind_text(uint8_t kind)
{
    const char *name = chat_policy_kind_name(kind);
    return name != NULL ? tb_bytes_text(name) : TEXT("unknown");
}

static tb_bytes state_text(uint8_t state)
{
    switch (state) {
    case HUB_ROOM_OPEN: return TEXT("open");
    case HUB_ROOM_FROZEN: return TEXT("frozen");
    case HUB_ROOM_SHUT: return TEXT("shut");
    default: return TEXT("closed");
    }
}

static tb_status room_row(struct hub *hub, struct hub_admin_table *table, tb_bytes key,
                          tb_bytes value)
{
    struct hub_row_head head;
    struct hub_row_shape shape;
    struct hub_room_id id;
    tb_bytes uri;
    TRY(wire_decode(&hub_row_head_desc, value, table->call->arena, &head, NULL));
    if (key.len != 1 + sizeof id.at) return TB_STATUS(HUB_ROW);
    memcpy(id.at, key.data + 1, sizeof id.at);
    struct hub_key shape_key = hub_key_tagged('S', id.at, sizeof id.at);
    TRY(hub_row_get(hub->store, HUB_TABLE_ROOMS, &shape_key, &hub_row_shape_desc,
                    table->call->arena, &shape));
    TRY(hub_uri_room(hub->domain, &id, table->call->arena, &uri));
    tb_bytes cells[] = {
        uri,
        kind_text(head.room_kind),
        state_text(head.state),
        hub_admin_number(table, shape.participants.count),
        hub_admin_number(table, shape.members.count),
        hub_admin_number(table, head.epoch),
        hub_admin_number(table, head.log_seq),
        hub_admin_number(table, head.room_seq),
    };
    hub_admin_row(table, cells, sizeof cells / sizeof cells[0]);
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_admin_rooms(struct hub *hub, struct hub_call *call, const void *request,
                              void *answer)
{
    (void)request;
    struct hub_admin_table table = { call, answer, 0, TB_STATUS(TB_OK) };
    tb_bytes heads[] = { TEXT("room"), TEXT("kind"), TEXT("state"), TEXT("participants"),
                         TEXT("devices"), TEXT("epoch"), TEXT("log_seq"), TEXT("room_seq") };
    hub_admin_row(&table, heads, sizeof heads / sizeof heads[0]);
    struct hub_key prefix = hub_key_tagged('H', "", 0);
    return finish(hub, call, walk(hub, &table, HUB_TABLE_ROOMS, &prefix, room_row));
}

/* ---- invitations ---- */

static tb_status invite_row(struct hub *hub, struct hub_admin_table *table, tb_bytes key,
                          tb_bytes value)
{
    (void)hub;
    struct hub_row_invite row;
    TRY(wire_decode(&hub_row_invite_desc, value, table->call->arena, &row, NULL));
    tb_bytes hash = { key.data + 1, key.len - 1 };
    char *id = tb_arena_take(table->call->arena, 2, hash.len);
    if (id == NULL) return TB_STATUS(TB_NO_SPACE);
    wire_text_hex_encode(hash, id);
    tb_bytes cells[] = {
        tb_bytes_of(id, 2 * hash.len),
        row.kind == CHAT_INVITE_ROOM ? TEXT("room") : TEXT("account"),
        row.is_admin ? TEXT("admin") : TEXT("user"),
        row.room_uri,
        hub_admin_number(table, row.use_count),
        hub_admin_number(table, row.use_count_max),
        hub_admin_number(table, row.expires_ms),
    };
    hub_admin_row(table, cells, sizeof cells / sizeof cells[0]);
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_admin_invites(struct hub *hub, struct hub_call *call, const void *request,
                                void *answer)
{
    (void)request;
    struct hub_admin_table table = { call, answer, 0, TB_STATUS(TB_OK) };
    tb_bytes heads[] = { TEXT("id"), TEXT("kind"), TEXT("role"), TEXT("room"), TEXT("used"),
                         TEXT("uses"), TEXT("expires_ms") };
    hub_admin_row(&table, heads, sizeof heads / sizeof heads[0]);
    struct hub_key all = hub_key_tagged('I', "", 0);
    return finish(hub, call, walk(hub, &table, HUB_TABLE_INVITES, &all, invite_row));
}

/* By the id that admin-invites shows. */
uint16_t hub_verb_admin_invite_revoke(struct hub *hub, struct hub_call *call, const void *request,
                                      void *answer)
{
    (void)answer;
    tb_bytes text = ((const struct chat_opaque *)request)->value;
    struct hub_row_invite row;
    bool found;
    uint8_t id[CHAT_HASH_LEN];
    tb_status status = wire_text_hex_decode(text, id, sizeof id);
    if (!tb_is_ok(status)) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "this is no id of an invitation");
    }
    struct hub_key key = hub_key_tagged('I', id, sizeof id);
    status = hub_get(hub, HUB_TABLE_INVITES, &key, &hub_row_invite_desc, call->arena, &row, &found);
    if (tb_is_ok(status) && !found) return CHAT_CODE_NOT_FOUND;
    if (tb_is_ok(status)) status = hub_invite_drop(hub, &key, &row);
    return finish(hub, call, status);
}

uint16_t hub_verb_admin_invite(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    const struct chat_admin_invite *asked = request;
    uint64_t expires_ms = asked->expires_ms != 0 ? asked->expires_ms
                                                 : call->now_ms + HUB_INVITE_LIFE_MS;
    return finish(hub, call,
                  hub_invite_new(hub, asked->is_admin != 0, expires_ms,
                                 asked->use_count_max != 0 ? asked->use_count_max : 1, call->arena,
                                 &((struct chat_opaque *)answer)->value));
}

/* ---- changes ---- */

enum { SET_ADMIN = 1, UNSET_ADMIN = 2, CLOSE_SESSIONS = 3 };

static tb_status set_flags(struct hub *hub, struct hub_call *call, struct hub_account *account,
                           bool is_admin)
{
    struct hub_row_account row;
    TRY(hub_account_row(hub, account, call->arena, &row));
    bool was = (row.flags & HUB_ACCOUNT_IS_ADMIN) != 0;
    if (was == is_admin) return TB_STATUS(TB_OK);
    row.flags = (uint8_t)(row.flags ^ HUB_ACCOUNT_IS_ADMIN);
    if (is_admin) hub->counters.admin_count++;
    else hub->counters.admin_count--;
    TRY(hub_account_save(hub, account, &row, call->arena));
    return hub_save_counters(hub, call->arena);
}

uint16_t hub_verb_admin_user_set(struct hub *hub, struct hub_call *call, const void *request,
                                 void *answer)
{
    (void)answer;
    const struct chat_admin_user_set *asked = request;
    struct hub_account *account;
    tb_status status = hub_account_by_uri(hub, asked->account, &account);
    if (!tb_is_ok(status)) return finish(hub, call, status);
    if (account == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "no such account");
    switch (asked->what) {
    case SET_ADMIN: return finish(hub, call, set_flags(hub, call, account, true));
    case UNSET_ADMIN: return finish(hub, call, set_flags(hub, call, account, false));
    case CLOSE_SESSIONS:
        while (account->sessions != NULL) {
            hub_session_end(hub, account->sessions, CHAT_CODE_UNAUTHENTICATED, call->effects);
        }
        return CHAT_CODE_OK;
    default: return CHAT_CODE_BAD_REQUEST;
    }
}

uint16_t hub_verb_admin_thaw(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    (void)answer;
    struct hub_room *room;
    tb_status status = hub_room_by_uri(hub, ((const struct chat_opaque *)request)->value, &room);
    if (!tb_is_ok(status)) return finish(hub, call, status);
    if (room == NULL) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such room");
    if (room->head.state != HUB_ROOM_FROZEN) {
        return hub_refuse(call, CHAT_CODE_CONFLICT, "the room is not frozen");
    }
    return finish(hub, call,
                  hub_restore_thaw(hub, room, call->now_ms, call->arena, call->effects));
}

uint16_t hub_verb_admin_status(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    (void)request;
    struct hub_admin_table table = { call, answer, 0, TB_STATUS(TB_OK) };
    struct hub_metrics metrics;
    hub_metrics_read(hub, &metrics);
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        { "accounts", hub->counters.account_count },
        { "admins", hub->counters.admin_count },
        { "rooms", hub->counters.room_count },
        { "rooms_loaded", metrics.rooms_loaded },
        { "connections", metrics.connections },
        { "sessions", metrics.sessions },
        { "messages_accepted", metrics.messages_accepted },
        { "deliveries", metrics.deliveries },
        { "handshakes_accepted", metrics.handshakes_accepted },
        { "requests_refused", metrics.requests_refused },
        { "reports", hub->counters.report_number },
        { "decisions", hub->counters.decision_number },
        { "turns", metrics.turns },
        { "turns_refused", metrics.turns_refused },
        { "hub_record_version", hub->desk.record_version },
        { "restored_ms", hub->counters.restored_ms },
    };
    tb_bytes heads[] = { TEXT("what"), TEXT("value") };
    hub_admin_row(&table, heads, 2);
    tb_bytes names[] = { TEXT("domain"), hub->domain };
    hub_admin_row(&table, names, 2);
    tb_bytes desk[] = { TEXT("desk"), hub->desk.desk_uri };
    hub_admin_row(&table, desk, 2);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        tb_bytes cells[] = { tb_bytes_text(rows[i].name), hub_admin_number(&table, rows[i].value) };
        hub_admin_row(&table, cells, 2);
    }
    return finish(hub, call, table.status);
}
