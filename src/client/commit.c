/*
 * Our own commits: one at a time and room, stored before they leave, sent again octet for octet
 * until the log shows who won the epoch.  The hub's pending proposals come first: alone, after a
 * random delay of up to two seconds or before our own next message (amendments 4).
 */
#include "client/casework.h"
#include "client/desk.h"

static struct client_key client_commit_key(const struct client_room *room)
{
    return client_key_number(room->row.no, CLIENT_GROUP_COMMIT);
}

tb_status client_commit_own_get(struct client_turn *turn, struct client_room *room,
                                struct client_commit_row *out)
{
    return client_table_get(turn, CLIENT_TABLE_GROUPS, client_commit_key(room),
                            &client_commit_row_desc, out);
}

static tb_status client_commit_forget(struct client_turn *turn, struct client_room *room)
{
    room->row.has_commit = false;
    room->flags &= ~(unsigned)CLIENT_ROOM_COMMIT_SENT;
    client_room_touch(room);
    return client_table_del(turn, CLIENT_TABLE_GROUPS, client_commit_key(room));
}

/* The epoch stands and our commit will not end it: the group forgets what it had staged. */
static tb_status client_commit_withdraw(struct client_turn *turn, struct client_room *room)
{
    struct mls_group *group;
    TRY(client_room_group(turn, room, &group));
    mls_group_pending_clear(group);
    room->flags |= CLIENT_ROOM_GROUP_DIRTY;
    return client_commit_forget(turn, room);
}

/* ------------------------------------------------------------------ the hub's proposals */

static bool client_pending_is_own(const struct mls_group *group,
                                  const struct mls_staged_proposal *p)
{
    uint32_t own = mls_group_own_leaf(group);
    if (p->proposal->proposal_type == MLS_PROPOSAL_REMOVE) {
        return p->proposal->of.remove->removed == own;
    }
    return p->proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE
           && p->sender_type == MLS_SENDER_MEMBER && p->sender_index == own;
}

tb_status client_commit_duty_check(struct client_turn *turn, struct client_room *room)
{
    struct mls_group *group;
    TRY(client_room_group(turn, room, &group));
    size_t count = mls_group_pending_proposal_count(group);
    uint8_t duty = count != 0 ? CLIENT_DUTY_OURS : CLIENT_DUTY_NONE;
    for (size_t i = 0; i < count; i++) {
        struct mls_staged_proposal pending;
        if (!mls_group_pending_proposal(group, i, &pending)) continue;
        /* Nobody commits its own removal. */
        if (client_pending_is_own(group, &pending)) duty = CLIENT_DUTY_OTHERS;
    }
    if (room->row.duty != duty) client_room_touch(room);
    room->row.duty = duty;
    if (duty != CLIENT_DUTY_OURS) room->duty_at_ms = 0;
    if (duty != CLIENT_DUTY_OURS || room->duty_at_ms != 0) return TB_STATUS(TB_OK);
    uint8_t random[2];
    TRY(tb_rng_fill(turn->client->config.rng, random, sizeof random));
    room->duty_at_ms =
        turn->now_ms + (uint64_t)CLIENT_DUTY_DELAY_MS_MAX * tb_get_u16(random) / 65536 + 1;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ making one */

tb_status client_commit_info_extensions(struct client_turn *turn, const struct client_room *room,
                                        struct mls_extension **extension)
{
    struct chat_chain_head head = { .room_seq = room->row.head_seq };
    for (size_t i = 0; i < CHAT_HASH_LEN; i++) head.chain[i] = room->row.head_chain[i];
    struct mls_component_data component = { .component_id = MLS_COMPONENT_TIMBRE_CHAIN_HEAD };
    TRY(wire_encode(&chat_chain_head_desc, &head, &turn->arena, &component.data));
    struct mls_app_data_dictionary dictionary = { { &component, 1 } };
    struct mls_extension *out = tb_arena_take(&turn->arena, 1, sizeof *out);
    if (out == NULL) return TB_STATUS(TB_NO_SPACE);
    out->extension_type = MLS_EXTENSION_APP_DATA_DICTIONARY;
    TRY(wire_encode(&mls_app_data_dictionary_desc, &dictionary, &turn->arena,
                    &out->extension_data));
    *extension = out;
    return TB_STATUS(TB_OK);
}

static tb_status client_commit_send(struct client_turn *turn, struct client_room *room,
                                    const struct client_commit_row *commit);

static tb_status client_commit_make(struct client_turn *turn, struct client_room *room,
                                    const struct client_intent *intent)
{
    struct mls_group *group;
    struct client_commit_plan plan = { 0 };
    struct mls_extension *extension;
    struct mls_commit_out out;
    TRY(client_room_group(turn, room, &group));
    TRY(client_commit_plan(turn, room, intent, &plan));
    TRY(client_commit_info_extensions(turn, room, &extension));
    struct mls_commit_params params = {
        .proposals = plan.proposals,
        .proposal_count = plan.count,
        .include_pending = plan.include_pending,
        .force_path = true,
        .as_public = true,
        .aad = plan.aad,
        .group_info_extensions = extension,
        .group_info_extension_count = 1,
        .now_s = turn->now_ms / 1000,
    };
    TRY(mls_group_commit(group, &params, &turn->arena, &out, NULL));
    room->flags |= CLIENT_ROOM_GROUP_DIRTY;
    struct client_commit_row commit = {
        .kind = intent != NULL ? intent->kind : (uint8_t)CLIENT_INTENT_DUTY,
        .op = intent != NULL ? intent->op : 0,
        .account = intent != NULL ? intent->account : (tb_bytes){ 0 },
        .device = intent != NULL ? intent->device : (tb_bytes){ 0 },
        .commit = out.commit,
        .welcome = out.welcome,
        .group_info = out.group_info,
    };
    TRY(client_table_put(turn, CLIENT_TABLE_GROUPS, client_commit_key(room),
                         &client_commit_row_desc, &commit));
    room->row.has_commit = true;
    client_room_touch(room);
    return client_commit_send(turn, room, &commit);
}

/* ------------------------------------------------------------------ the hub's answer */

/* A person's wish is told why; the hub's duties are tried again. */
static tb_status client_commit_fail(struct client_turn *turn, struct client_room *room,
                                    uint16_t code, tb_bytes detail)
{
    struct client_intent *intent = client_intent_sent(room);
    TRY(client_commit_withdraw(turn, room));
    if (intent != NULL) return client_intent_end(turn, room, intent, code, detail);
    return client_room_retry(turn, room);
}

static tb_status client_commit_again(struct client_turn *turn, struct client_room *room)
{
    struct client_intent *intent = client_intent_sent(room);
    if (room->retry_count < CLIENT_RETRY_COUNT_MAX) return client_room_retry(turn, room);
    room->retry_count = 0;
    TRY(client_commit_withdraw(turn, room));
    if (intent == NULL) return client_room_retry(turn, room);
    return client_intent_end(turn, room, intent, CLIENT_LOST_RACE, (tb_bytes){ 0 });
}

static tb_status client_commit_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    struct client_room *room;
    struct client_intent *intent;
    if (!tb_is_ok(client_room_by_no(turn, (uint32_t)request->number, &room))) {
        return TB_STATUS(TB_OK);
    }
    bool is_settled = !room->row.has_commit || (room->flags & CLIENT_ROOM_COMMIT_SENT) == 0;
    if (code == CHAT_CODE_OK || is_settled) return TB_STATUS(TB_OK); /* the log tells the rest */
    room->flags &= ~(unsigned)CLIENT_ROOM_COMMIT_SENT;
    switch (code) {
    case CLIENT_CODE_LOST: return TB_STATUS(TB_OK); /* sent again after the next login */
    case CHAT_CODE_WRONG_EPOCH:
    case CHAT_CODE_TENTATIVE:
    case CHAT_CODE_FROZEN:
    case CHAT_CODE_RATE_LIMITED:
    case CHAT_CODE_STORE: return client_commit_again(turn, room);
    case CHAT_CODE_MISSING_PROPOSALS:
        /* It can never be accepted: made anew, with what the log will have brought by then. */
        intent = client_intent_sent(room);
        if (intent != NULL) intent->stage = CLIENT_INTENT_READY;
        TRY(client_commit_withdraw(turn, room));
        return client_room_retry(turn, room);
    default: return client_commit_fail(turn, room, code, client_answer_detail(turn, body, NULL));
    }
}

static tb_status client_commit_send(struct client_turn *turn, struct client_room *room,
                                    const struct client_commit_row *commit)
{
    struct chat_room_update update = {
        .room_uri = room->row.room_uri,
        .handshake = commit->commit,
        .welcome = commit->welcome,
        .group_info = commit->group_info,
    };
    struct client_about about = { .op = commit->op, .number = room->row.no };
    room->flags |= CLIENT_ROOM_COMMIT_SENT;
    return client_request_send(turn, CHAT_VERB_ROOM_UPDATE, &update, client_commit_answered,
                               &about);
}

/* ------------------------------------------------------------------ what became of it */

tb_status client_commit_own_final(struct client_turn *turn, struct client_room *room)
{
    struct client_commit_row commit;
    if (!room->row.has_commit) return TB_STATUS(TB_OK);
    TRY(client_commit_own_get(turn, room, &commit));
    if (commit.log_seq == 0) return TB_STATUS(TB_OK); /* somebody else's commit is final */
    struct client_intent *intent = client_intent_sent(room);
    TRY(client_commit_forget(turn, room));
    if (intent != NULL) {
        TRY(client_intent_end(turn, room, intent, CHAT_CODE_OK, (tb_bytes){ 0 }));
    }
    bool has_joined = commit.kind == CLIENT_INTENT_ADD || commit.kind == CLIENT_INTENT_DEVICE;
    if (has_joined && room->row.kind == CHAT_ROOM_DESK) {
        TRY(client_desk_keys_send(turn, room));
        return client_casework_hand_over(turn, room, commit.account);
    }
    if (has_joined && room->row.kind == CHAT_ROOM_NOTICE) {
        return client_decide_room_ready(turn, room, commit.account, true);
    }
    return TB_STATUS(TB_OK);
}

tb_status client_commit_own_undone(struct client_turn *turn, struct client_room *room)
{
    struct client_commit_row commit;
    if (!room->row.has_commit) return TB_STATUS(TB_OK);
    TRY(client_commit_own_get(turn, room, &commit));
    struct client_intent *intent = client_intent_sent(room);
    TRY(client_commit_withdraw(turn, room));
    if (commit.log_seq == 0 || intent == NULL) return TB_STATUS(TB_OK);
    return client_intent_end(turn, room, intent, CLIENT_ROLLED_BACK_COMMIT, (tb_bytes){ 0 });
}

tb_status client_commit_own_lost(struct client_turn *turn, struct client_room *room)
{
    struct client_intent *intent = client_intent_sent(room);
    TRY(client_commit_withdraw(turn, room));
    if (intent == NULL) return TB_STATUS(TB_OK);
    if (++intent->try_count >= CLIENT_RETRY_COUNT_MAX) {
        return client_intent_end(turn, room, intent, CLIENT_LOST_RACE, (tb_bytes){ 0 });
    }
    intent->stage = CLIENT_INTENT_READY;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ what is due */

tb_status client_commit_work(struct client_turn *turn, struct client_room *room)
{
    struct client_commit_row commit;
    if (!client_room_is_steady(turn->client, room)) return TB_STATUS(TB_OK);
    if (room->row.leave_wanted) TRY(client_leave_work(turn, room));
    if ((room->flags & CLIENT_ROOM_COMMIT_SENT) != 0) return TB_STATUS(TB_OK);
    if (room->row.has_commit) {
        TRY(client_commit_own_get(turn, room, &commit));
        return client_commit_send(turn, room, &commit);
    }
    if (room->row.duty == CLIENT_DUTY_OTHERS) return TB_STATUS(TB_OK);
    if (room->row.duty == CLIENT_DUTY_OURS) {
        if (room->duty_at_ms == 0) TRY(client_commit_duty_check(turn, room));
        bool has_messages = (room->flags & CLIENT_ROOM_HAS_OUTBOX) != 0;
        if (room->duty_at_ms > turn->now_ms && !has_messages) return TB_STATUS(TB_OK);
        tb_status status = client_commit_make(turn, room, NULL);
        if (client_status_is_fatal(status) || tb_is_ok(status)) return status;
        return client_room_retry(turn, room); /* the log may bring what makes it possible */
    }
    struct client_intent *intent = NULL;
    TRY(client_intent_work(turn, room, &intent));
    if (intent == NULL) return TB_STATUS(TB_OK);
    tb_status status = client_commit_make(turn, room, intent);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) {
        return client_intent_end(turn, room, intent, status.code, (tb_bytes){ 0 });
    }
    if (intent->stage == CLIENT_INTENT_READY) intent->stage = CLIENT_INTENT_SENT;
    return TB_STATUS(TB_OK);
}
