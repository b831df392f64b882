/*
 * What is past the report window goes (spec 2.5.4): evidence, message ids, pages, GroupContexts.
 * Evidence stands in the order of acceptance, so a room is swept from pruned_seq on.  What stays
 * longer is pinned: its row says until when, and PINS finds it again at that time.  Rows of the
 * timeline stay; a later message that names a forgotten one changes nothing.
 */
#include "client/prune.h"

#include "chat/content.h"
#include "client/revise.h"

enum {
    PRUNE_INTERVAL_MS = 600000, /* from the end of one sweep to the next */
    PRUNE_ROW_COUNT = 32,       /* rows of a table in one turn */
    PIN_KEY_LEN = 8 + 4 + 8
};
/* Its evidence holds the key of an attachment, which the hub keeps for so long (blob_life_ms). */
#define PRUNE_ATTACHMENT_MS (UINT64_C(90) * CHAT_MS_A_DAY)

/* ------------------------------------------------------------------ pins */

static struct client_key client_pin_key(uint64_t until_ms, uint32_t room_no, uint64_t room_seq)
{
    struct client_key key = { .len = PIN_KEY_LEN };
    tb_put_u64(key.data, until_ms);
    tb_put_u32(key.data + 8, room_no);
    tb_put_u64(key.data + 12, room_seq);
    return key;
}

/* The value is the epoch, whose GroupContext stays as well. */
static tb_status client_pin_put(struct client_turn *turn, struct client_room *room,
                                struct client_evidence_row *evidence, uint64_t until_ms)
{
    uint64_t room_seq = evidence->stub.room_seq;
    uint8_t epoch[8];
    if (evidence->pinned_until_ms >= until_ms) return TB_STATUS(TB_OK);
    evidence->pinned_until_ms = until_ms;
    TRY(client_table_put(turn, CLIENT_TABLE_EVIDENCE, client_key_number(room->row.no, room_seq),
                         &client_evidence_row_desc, evidence));
    tb_put_u64(epoch, evidence->stub.epoch);
    return client_table_put_raw(turn, CLIENT_TABLE_PINS,
                                client_pin_key(until_ms, room->row.no, room_seq),
                                TB_ARRAY(epoch));
}

static tb_status client_evidence_decode(struct client_turn *turn, tb_bytes value,
                                        struct client_evidence_row *out)
{
    tb_status status = wire_decode(&client_evidence_row_desc, value, &turn->arena, out, NULL);
    return tb_is_ok(status) || status.code == TB_NO_SPACE ? status : TB_STATUS(TB_STORE);
}

tb_status client_prune_pin(struct client_turn *turn, struct client_room *room, uint64_t first_seq,
                           uint64_t last_seq, uint64_t until_ms)
{
    struct client_pairs rows = { 0 };
    TRY(client_table_of_room(turn, CLIENT_TABLE_EVIDENCE, room->row.no, first_seq, last_seq + 1,
                             CHAT_WINDOW_STUB_COUNT_MAX, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_evidence_row evidence;
        TRY(client_evidence_decode(turn, rows.at[i].value, &evidence));
        TRY(client_pin_put(turn, room, &evidence, until_ms));
    }
    return TB_STATUS(TB_OK);
}

tb_status client_prune_pin_stubs(struct client_turn *turn, tb_bytes encoded)
{
    struct chat_stubs stubs;
    if (encoded.len == 0) return TB_STATUS(TB_OK);
    TRY(wire_decode(&chat_stubs_desc, encoded, &turn->arena, &stubs, NULL));
    for (size_t i = 0; i < stubs.stubs.count; i++) {
        const struct chat_stub *stub = &stubs.stubs.at[i];
        struct client_room *room;
        if (!tb_is_ok(client_room_get(turn, stub->context.room_uri, &room))) continue;
        TRY(client_prune_pin(turn, room, stub->room_seq, stub->room_seq,
                             turn->now_ms + CLIENT_PIN_MS));
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ evidence */

static tb_status client_prune_window(struct client_turn *turn, struct client_room *room,
                                     uint64_t *window_ms)
{
    struct chat_policy_room policy;
    *window_ms = (uint64_t)CHAT_REPORT_WINDOW_S * 1000;
    tb_status status = client_room_policy(turn, room, &policy);
    if (status.code == CLIENT_NOT_MEMBER) return TB_STATUS(TB_OK); /* the group is gone */
    TRY(status);
    *window_ms = (uint64_t)policy.frank.report_window_s * 1000;
    return TB_STATUS(TB_OK);
}

static bool client_prune_is_over(uint64_t at_ms, uint64_t window_ms, uint64_t now_ms)
{
    return now_ms > window_ms && at_ms < now_ms - window_ms;
}

static bool client_prune_has_attachment(struct client_turn *turn,
                                        const struct client_evidence_row *evidence)
{
    struct chat_content content;
    return evidence->opening == CHAT_OPENING_IS_FULL
           && tb_is_ok(chat_content_open(evidence->application_data, &turn->arena, &content))
           && chat_content_external(&content, 0) != NULL;
}

/* A row that nothing pins any more. */
static tb_status client_prune_row(struct client_turn *turn, struct client_room *room,
                                  struct client_evidence_row *evidence)
{
    uint64_t at_ms = evidence->stub.context.accepted_timestamp;
    bool is_over = client_prune_is_over(at_ms, PRUNE_ATTACHMENT_MS, turn->now_ms);
    if (!is_over && client_prune_has_attachment(turn, evidence)) {
        return client_pin_put(turn, room, evidence, at_ms + PRUNE_ATTACHMENT_MS + 1);
    }
    if (evidence->message_id.len != 0) {
        TRY(client_message_id_del(turn, room, evidence->message_id));
    }
    return client_table_del(turn, CLIENT_TABLE_EVIDENCE,
                            client_key_number(room->row.no, evidence->stub.room_seq));
}

/* The newest signed head stays, and what came after it: it is shown to a restored hub, and it is
 * what a contradiction would be proven with. */
static tb_status client_prune_evidence(struct client_turn *turn, struct client_room *room,
                                       uint64_t window_ms, bool *has_more)
{
    struct client_pairs rows = { 0 };
    uint64_t until = room->row.signed_seq != 0 ? room->row.signed_seq : room->row.head_seq;
    if (until <= room->row.pruned_seq) return TB_STATUS(TB_OK);
    TRY(client_table_of_room(turn, CLIENT_TABLE_EVIDENCE, room->row.no, room->row.pruned_seq + 1,
                             until, PRUNE_ROW_COUNT, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_evidence_row evidence;
        TRY(client_evidence_decode(turn, rows.at[i].value, &evidence));
        if (!client_prune_is_over(evidence.stub.context.accepted_timestamp, window_ms,
                                  turn->now_ms)) {
            return TB_STATUS(TB_OK);
        }
        if (evidence.pinned_until_ms <= turn->now_ms) {
            TRY(client_prune_row(turn, room, &evidence));
        }
        room->row.pruned_seq = evidence.stub.room_seq;
        client_room_touch(room);
    }
    *has_more = *has_more || rows.count == PRUNE_ROW_COUNT;
    return TB_STATUS(TB_OK);
}

static tb_status client_prune_unpin(struct client_turn *turn, tb_bytes key)
{
    struct client_room *room;
    struct client_evidence_row evidence;
    if (key.len != PIN_KEY_LEN) return TB_STATUS(TB_STORE);
    uint64_t room_seq = tb_get_u64(key.data + 12);
    uint32_t room_no = tb_get_u32(key.data + 8);
    TRY(client_table_del(turn, CLIENT_TABLE_PINS,
                         client_pin_key(tb_get_u64(key.data), room_no, room_seq)));
    tb_status status = client_room_by_no(turn, room_no, &room);
    if (tb_is_ok(status)) status = client_evidence_get(turn, room, room_seq, &evidence);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    bool is_swept = room_seq <= room->row.pruned_seq && evidence.pinned_until_ms <= turn->now_ms;
    return is_swept ? client_prune_row(turn, room, &evidence) : TB_STATUS(TB_OK);
}

static tb_status client_prune_pins(struct client_turn *turn, bool *has_more)
{
    struct client_pairs due = { 0 };
    uint8_t from[8] = { 0 }, until[8];
    tb_put_u64(until, turn->now_ms + 1);
    TRY(client_table_scan(turn, CLIENT_TABLE_PINS, TB_ARRAY(from), TB_ARRAY(until), false,
                          PRUNE_ROW_COUNT, &due));
    for (size_t i = 0; i < due.count; i++) TRY(client_prune_unpin(turn, due.at[i].key));
    *has_more = due.count == PRUNE_ROW_COUNT;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ contexts and pages */

/* The first epoch that evidence of the room can still need. */
static tb_status client_prune_epoch(struct client_turn *turn, struct client_room *room,
                                    uint64_t *epoch)
{
    struct client_pairs rows = { 0 }, pins = { 0 };
    struct client_evidence_row evidence;
    *epoch = 0;
    TRY(client_table_of_room(turn, CLIENT_TABLE_EVIDENCE, room->row.no, room->row.pruned_seq + 1,
                             UINT64_MAX, 1, &rows));
    if (rows.count == 0) return TB_STATUS(TB_OK);
    TRY(client_evidence_decode(turn, rows.at[0].value, &evidence));
    *epoch = evidence.stub.epoch;
    TRY(client_table_all(turn, CLIENT_TABLE_PINS, &pins));
    for (size_t i = 0; i < pins.count; i++) {
        if (pins.at[i].key.len != PIN_KEY_LEN || pins.at[i].value.len != 8) {
            return TB_STATUS(TB_STORE);
        }
        uint64_t pinned = tb_get_u64(pins.at[i].value.data);
        if (tb_get_u32(pins.at[i].key.data + 8) == room->row.no && pinned < *epoch) *epoch = pinned;
    }
    return TB_STATUS(TB_OK);
}

/* A range of a room's table, as far as one turn goes. */
static tb_status client_prune_range(struct client_turn *turn, const struct client_room *room,
                                    enum client_table table, uint64_t until, bool *has_more)
{
    struct client_pairs rows = { 0 };
    TRY(client_table_of_room(turn, (uint8_t)table, room->row.no, 0, until, PRUNE_ROW_COUNT, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        uint64_t number = client_key_number_of(rows.at[i].key);
        TRY(client_table_del(turn, (uint8_t)table, client_key_number(room->row.no, number)));
    }
    *has_more = *has_more || rows.count == PRUNE_ROW_COUNT;
    return TB_STATUS(TB_OK);
}

/* Pages have no time of their own: those that were here when the mark was set are as old as it. */
static tb_status client_prune_pages(struct client_turn *turn, struct client_room *room,
                                    uint64_t window_ms, bool *has_more)
{
    bool is_first = room->row.page_mark_ms == 0;
    if (!is_first && !client_prune_is_over(room->row.page_mark_ms, window_ms, turn->now_ms)) {
        return TB_STATUS(TB_OK);
    }
    bool is_cut = false;
    if (!is_first) {
        TRY(client_prune_range(turn, room, CLIENT_TABLE_PAGES, room->row.page_mark_seq + 1,
                               &is_cut));
    }
    *has_more = *has_more || is_cut;
    if (is_cut) return TB_STATUS(TB_OK);
    room->row.page_mark_seq = room->row.cursor;
    room->row.page_mark_ms = turn->now_ms;
    client_room_touch(room);
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the sweep */

static tb_status client_prune_room(struct client_turn *turn, struct client_room *room,
                                   bool *has_more)
{
    uint64_t window_ms, epoch, swept_seq = room->row.pruned_seq;
    TRY(client_prune_window(turn, room, &window_ms));
    TRY(client_prune_evidence(turn, room, window_ms, has_more));
    TRY(client_prune_pages(turn, room, window_ms, has_more));
    if (swept_seq == room->row.pruned_seq && !*has_more) return TB_STATUS(TB_OK);
    TRY(client_prune_epoch(turn, room, &epoch));
    return client_prune_range(turn, room, CLIENT_TABLE_CONTEXTS, epoch, has_more);
}

tb_status client_prune_work(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_room *room = client->rooms;
    bool has_more = false;
    if (client->prune_at_ms > turn->now_ms) return TB_STATUS(TB_OK);
    while (room != NULL && room->row.no < client->prune_room_no) room = room->next;
    if (room == NULL) {
        TRY(client_prune_pins(turn, &has_more));
        if (has_more) return TB_STATUS(TB_OK);
        client->prune_room_no = 0;
        client->prune_at_ms = turn->now_ms + PRUNE_INTERVAL_MS;
        return TB_STATUS(TB_OK);
    }
    bool is_settled = room->row.state != CLIENT_ROOM_CREATING
                      && room->row.state != CLIENT_ROOM_FROZEN && room->row.tentative_seq == 0;
    if (is_settled) TRY(client_prune_room(turn, room, &has_more));
    client->prune_room_no = room->row.no + (has_more ? 0 : 1);
    return TB_STATUS(TB_OK);
}

tb_status client_prune_check(struct client_turn *turn, struct client_room *room, uint64_t room_seq,
                             const struct client_evidence_row *evidence)
{
    uint64_t window_ms;
    if (evidence == NULL) {
        return room_seq <= room->row.pruned_seq && room_seq != 0 ? TB_STATUS(CLIENT_REPORT_LATE)
                                                                 : TB_STATUS(TB_OK);
    }
    TRY(client_prune_window(turn, room, &window_ms));
    return client_prune_is_over(evidence->stub.context.accepted_timestamp, window_ms, turn->now_ms)
               ? TB_STATUS(CLIENT_REPORT_LATE)
               : TB_STATUS(TB_OK);
}
