/* A member with the keys of the room, and a hub, that do what no program of ours does. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "client/rooms.h"
#include "mls/group_state.h"

/* ------------------------------------------------------------------ a hub */

static bool sim_is_page(tb_bytes frame)
{
    return frame.len > 3 && frame.data[0] == CHAT_FRAME_PUSH
           && tb_get_u16(frame.data + 1) == CHAT_PUSH_PAGE;
}

/* Somewhere in a page: a time, a number, a chain, a ciphertext, a signature. */
static void sim_hub_tamper(struct sim_client *to, uint8_t *frame, size_t len)
{
    struct sim *sim = to->sim;
    if (!sim_is_page(tb_bytes_of(frame, len)) || sim_random(sim, 40) != 0) return;
    size_t at = 3 + sim_random(sim, (uint32_t)(len - 3));
    frame[at] ^= (uint8_t)(1u << sim_random(sim, 8));
    sim->forged_count++;
    sim_trace(to, "the hub alters octet %zu of a page of %zu", at, len);
}

static bool sim_hub_withholds(struct sim_client *to, tb_bytes frame)
{
    struct sim *sim = to->sim;
    if (!sim_is_page(frame) || sim_random(sim, 60) != 0) return false;
    sim->forged_count++;
    sim_trace(to, "the hub withholds a page");
    return true;
}

void sim_hostile_hub(struct sim *sim)
{
    sim->tamper = sim_hub_tamper;
    sim->withhold = sim_hub_withholds;
}

/* ------------------------------------------------------------------ a member */

static struct client_room *sim_hostile_room(struct sim_client *who, const char *uri)
{
    for (struct client_room *room = who->client->rooms; room != NULL; room = room->next) {
        bool is_open = room->row.state == CLIENT_ROOM_OPEN && room->group != NULL;
        if (is_open && sim_is(room->row.room_uri, uri)) return room;
    }
    return NULL;
}

/* Queue what `params` says and spoil it before it is sealed; false: it cannot be said now. */
typedef void sim_spoil(struct client_outbox_row *row);
static bool sim_hostile_say(struct sim_client *who, const char *uri,
                            const struct client_send_params *params, sim_spoil *spoil)
{
    struct client_turn turn;
    struct client_room *room;
    struct client_outbox_row row;
    store_mem_begin(&who->store);
    tb_status status = client_turn_begin(&turn, who->client, sim_client_now(who), &who->effects);
    if (tb_is_ok(status)) status = client_room_open(&turn, tb_bytes_text(uri), &room);
    if (tb_is_ok(status)) status = client_send_content(&turn, room, params);
    if (tb_is_ok(status) && spoil != NULL) {
        struct client_key key = client_key_number(room->row.no, who->client->profile.next_outbox);
        status = client_table_get(&turn, CLIENT_TABLE_OUTBOX, key, &client_outbox_row_desc, &row);
        if (tb_is_ok(status)) {
            spoil(&row);
            status = client_table_put(&turn, CLIENT_TABLE_OUTBOX, key, &client_outbox_row_desc,
                                      &row);
        }
    }
    (void)client_turn_end(&turn, status);
    bool is_committed = !client_is_void(who->client) && tb_is_ok(store_mem_commit(&who->store));
    if (who->store.is_open) store_mem_rollback(&who->store);
    if (!is_committed) sim_must(who, client_turn_refused(who->client, &who->effects));
    client_effects_clear(&who->effects);
    return is_committed && tb_is_ok(status);
}

static void sim_spoil_tag(struct client_outbox_row *row)
{
    row->franking_tag[0] ^= 1;
}

/* The tag is over another text. */
static void sim_spoil_text(struct client_outbox_row *row)
{
    uint8_t *last = (uint8_t *)row->application_data.data + row->application_data.len - 1;
    *last ^= 1;
}

/* Somebody else's message, which this one claims to replace. */
static void sim_hostile_edit(struct sim_client *who, const char *uri)
{
    struct tb_arena arena;
    struct client_message_view *rows;
    size_t count;
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 28);
    if (tb_is_ok(client_messages(who->client, tb_bytes_text(uri), 0, SIZE_MAX, &arena, &rows,
                                 &count))) {
        for (size_t i = count; i-- > 0;) {
            bool is_text = rows[i].row_kind == CLIENT_LINE_MESSAGE && !rows[i].is_own;
            if (!is_text || rows[i].message_id.len == 0) continue;
            const struct client_send_params params = { .body = TB_LITERAL("forged edit"),
                                                       .replaces = rows[i].message_id };
            (void)sim_hostile_say(who, uri, &params, NULL);
            break;
        }
    }
    tb_arena_wipe(&arena);
}

/* Sealed under the ratchet of somebody else's leaf (sender data are under a key that all have). */
static void sim_hostile_leaf(struct sim_client *who, const char *uri)
{
    struct client_room *room = sim_hostile_room(who, uri);
    uint32_t count = mls_group_leaf_count(room->group);
    uint32_t own = room->group->now->own.leaf_index, other = sim_random(who->sim, count);
    struct mls_leaf_view leaf;
    if (!mls_group_leaf(room->group, other, &leaf)) return;
    struct mls_group *group = room->group;
    group->now->own.leaf_index = other;
    size_t op = sim_act_send(who, uri);
    who->sim->texts[who->sim->ops[op].text].is_hostile = true;
    if (sim_hostile_room(who, uri) == room && room->group == group) {
        group->now->own.leaf_index = own;
    }
}

/* A request that the program would not make; its answer is for nobody. */
static void sim_hostile_request(struct sim_client *who, uint16_t verb, tb_bytes body)
{
    uint8_t frame[8192];
    if (!who->is_connected || body.len + 6 > sizeof frame) return;
    tb_put_u32(frame, 0); /* no answer */
    tb_put_u16(frame + 4, verb);
    memcpy(frame + 6, body.data, body.len);
    sim_pipe_inject(who, tb_bytes_of(frame, 6 + body.len));
}

/* A commit that removes somebody, from one who may not. */
static void sim_hostile_commit(struct sim_client *who, const char *uri)
{
    struct client_room *room = sim_hostile_room(who, uri);
    struct sim *sim = who->sim;
    uint8_t none[] = { 0 };
    uint32_t leaf_count = mls_group_leaf_count(room->group);
    struct mls_remove remove = { .removed = sim_random(sim, leaf_count) };
    struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_REMOVE, .of.remove = &remove };
    struct mls_leaf_view leaf;
    if (mls_group_has_pending(room->group) || remove.removed == mls_group_own_leaf(room->group)
        || !mls_group_leaf(room->group, remove.removed, &leaf)) {
        return;
    }
    const struct mls_commit_params params = {
        .proposals = &proposal, .proposal_count = 1, .force_path = true, .as_public = true,
        .aad = TB_ARRAY(none), .now_s = sim_client_now(who) / 1000,
    };
    struct mls_commit_out out;
    struct tb_why why = { NULL, NULL, 0 };
    struct tb_arena arena;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 22);
    tb_status status = mls_group_commit(room->group, &params, &arena, &out, &why);
    if (tb_is_ok(status)) {
        const struct chat_room_update update = { .room_uri = tb_bytes_text(uri),
                                                 .handshake = out.commit,
                                                 .group_info = out.group_info };
        tb_bytes body;
        if (tb_is_ok(wire_encode(&chat_room_update_desc, &update, &arena, &body))) {
            sim_hostile_request(who, CHAT_VERB_ROOM_UPDATE, body);
        }
        mls_group_pending_clear(room->group);
    }
    tb_arena_wipe(&arena);
}

static void sim_hostile_flood(struct sim_client *who, const char *uri)
{
    enum { FLOOD_COUNT = 20 };
    for (size_t i = 0; i < FLOOD_COUNT; i++) (void)sim_act_send(who, uri);
}

void sim_hostile_member(struct sim_client *who, const char *uri)
{
    const struct client_send_params spoilt = { .body = TB_LITERAL("forged text") };
    struct sim *sim = who->sim;
    if (client_is_void(who->client) || who->client->must_reload || !client_is_online(who->client)
        || sim_hostile_room(who, uri) == NULL || who->is_rolled_back) {
        return;
    }
    sim->forged_count++;
    switch (sim_random(sim, 7)) {
    case 0: (void)sim_hostile_say(who, uri, &spoilt, sim_spoil_tag); break;
    case 1: (void)sim_hostile_say(who, uri, &spoilt, sim_spoil_text); break;
    case 2: sim_hostile_edit(who, uri); break;
    case 3: sim_hostile_leaf(who, uri); break;
    case 4: sim_hostile_commit(who, uri); break;
    case 5: sim_hostile_flood(who, uri); break;
    default: /* what somebody sent before, again */
        if (who->newest_submit_len != 0) {
            sim_hostile_request(who, CHAT_VERB_SUBMIT,
                                tb_bytes_of(who->newest_submit, who->newest_submit_len));
        }
    }
}
