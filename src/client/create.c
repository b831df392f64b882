/* Making a room: the group at epoch 0 is stored before the hub hears of it. */
#include "client/desk.h"

#include <string.h>

#include "chat/frank.h"

/* Who is listed from the start: we as owner; in a dm both, as members. */
static size_t client_create_people(struct client_turn *turn,
                                   const struct client_create_params *params,
                                   struct chat_user_role_pair out[2])
{
    bool is_dm = params->room_kind == CHAT_ROOM_DM;
    out[0] = (struct chat_user_role_pair){ turn->client->profile.account,
                                           is_dm ? CHAT_ROLE_MEMBER : CHAT_ROLE_OWNER };
    if (!is_dm) return 1;
    out[1] = (struct chat_user_role_pair){ params->other, CHAT_ROLE_MEMBER };
    return 2;
}

static tb_status client_create_uri(struct client_turn *turn,
                                   const struct client_create_params *params, tb_bytes *uri)
{
    struct client *client = turn->client;
    if (params->room_uri.len != 0) {
        *uri = params->room_uri;
        return TB_STATUS(TB_OK);
    }
    if (params->room_kind == CHAT_ROOM_DM) {
        return chat_names_dm(&client->suite, client->profile.domain, client->profile.account,
                             params->other, &turn->arena, uri);
    }
    return chat_names_room(client->profile.domain, client->config.rng, &turn->arena, uri);
}

static tb_status client_create_group(struct client_turn *turn, struct client_room *room,
                                     const struct client_create_params *params)
{
    struct client *client = turn->client;
    struct chat_policy_hub hub;
    struct chat_user_role_pair people[2];
    struct mls_env env = client_env(client, &room->suite);
    uint8_t group_id[32];
    uint64_t now_s = turn->now_ms / 1000;
    struct chat_policy_new policy = {
        .room_kind = params->room_kind,
        .room_class = params->room_class,
        .room_uri = room->row.room_uri,
        .room_name = params->name,
        .participants = people,
        .participant_count = client_create_people(turn, params, people),
        .desk_verify_key = params->desk_verify_key,
        .hub = &hub,
    };
    struct mls_group_params group = {
        .group_id = TB_ARRAY(group_id),
        .identity = client->profile.device,
        .signer = &client->device_key,
        .not_before_s = now_s > CLIENT_LEAF_BACKDATE_S ? now_s - CLIENT_LEAF_BACKDATE_S : 0,
        .not_after_s = now_s + CLIENT_LEAF_LIFE_S,
    };
    struct mls_extension *extensions;
    struct mls_group *out;
    TRY(client_record_policy_hub(turn, &hub));
    TRY(tb_rng_fill(client->config.rng, group_id, sizeof group_id));
    TRY(chat_policy_extensions(&policy, &turn->arena, &extensions, &group.extension_count));
    group.extensions = extensions;
    TRY(chat_policy_leaf_app_data(&turn->arena, &group.leaf_app_data));
    TRY(mls_group_create(&env, &group, &out));
    client_room_set_group(room, out);
    return client_room_keep(room, TB_ARRAY(group_id), &room->row.group_id);
}

static tb_status client_create_fill(struct client_turn *turn, struct client_room *room,
                                    const struct client_create_params *params)
{
    TRY(client_create_group(turn, room, params));
    struct chat_chain_genesis genesis = { .room_uri = room->row.room_uri,
                                          .group_id = room->row.group_id };
    TRY(chat_frank_genesis(&room->suite, &genesis, room->row.head_chain));
    TRY(client_room_keep(room, params->name, &room->row.name));
    TRY(client_room_keep(room, params->case_id, &room->row.create_case));
    room->row.kind = params->room_kind;
    room->row.room_class = params->room_class;
    room->row.state = CLIENT_ROOM_CREATING;
    room->row.create_op = params->op;
    room->row.create_for = params->purpose;
    return TB_STATUS(TB_OK);
}

tb_status client_create_room(struct client_turn *turn, const struct client_create_params *params,
                             struct client_room **out)
{
    struct client_room *room;
    tb_bytes uri;
    TRY(client_create_uri(turn, params, &uri));
    TRY(client_room_new(turn, uri, &room));
    tb_status status = client_create_fill(turn, room, params);
    if (!tb_is_ok(status)) {
        client_room_forget(turn->client, room);
        return status;
    }
    *out = room;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the hub's answer */

static tb_status client_create_done(struct client_turn *turn, struct client_room *room,
                                    uint64_t log_seq)
{
    room->row.state = CLIENT_ROOM_OPEN;
    room->row.cursor = room->row.final_seq = log_seq;
    client_room_touch(room);
    TRY(client_session_subscribe(turn, room));
    if (room->row.create_for == CLIENT_CREATE_FOR_NOTICE) {
        return client_decide_room_made(turn, room);
    }
    return client_show_done(turn, room->row.create_op,
                            &(struct client_show){ .room = room->row.room_uri,
                                                   .room_name = room->row.name });
}

static tb_status client_create_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    struct client_room *room;
    struct chat_room_update_answer answer = { 0 };
    if (!tb_is_ok(client_room_by_no(turn, (uint32_t)request->number, &room))) {
        return TB_STATUS(TB_OK);
    }
    room->flags &= ~(unsigned)CLIENT_ROOM_CREATE_SENT;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (code == CHAT_CODE_OK) {
        TRY(client_answer_decode(turn, &chat_room_update_answer_desc, body, &answer));
        return client_create_done(turn, room, answer.log_seq);
    }
    if (code == CHAT_CODE_STORE || code == CHAT_CODE_RATE_LIMITED) {
        return client_room_retry(turn, room);
    }
    uint64_t op = room->row.create_op;
    tb_bytes case_id = room->row.create_case;
    tb_bytes detail = client_answer_detail(turn, body, NULL);
    TRY(client_room_end(turn, room, CLIENT_ROOM_LEFT));
    if (room->row.create_for == CLIENT_CREATE_FOR_NOTICE) {
        return client_decide_fail(turn, case_id, code, detail);
    }
    return client_show_failed(turn, op, code, detail);
}

tb_status client_create_send(struct client_turn *turn, struct client_room *room)
{
    struct mls_group *group;
    struct mls_extension *extension;
    struct chat_room_create create;
    if ((room->flags & CLIENT_ROOM_CREATE_SENT) != 0 || room->retry_at_ms != 0) {
        return TB_STATUS(TB_OK);
    }
    TRY(client_room_group(turn, room, &group));
    TRY(client_commit_info_extensions(turn, room, &extension));
    TRY(mls_group_info(group, false, extension, 1, &turn->arena, &create.group_info,
                       &create.ratchet_tree));
    struct client_about about = { .op = room->row.create_op, .number = room->row.no };
    room->flags |= CLIENT_ROOM_CREATE_SENT;
    return client_request_send(turn, CHAT_VERB_ROOM_CREATE, &create, client_create_answered,
                               &about);
}

tb_status client_room_create(struct client *client, uint64_t now_ms, tb_bytes name,
                             uint8_t room_class, struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    struct client_room *room;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_profile_check(client);
    if (tb_is_ok(status) && client->is_restricted) status = TB_STATUS(CLIENT_RESTRICTED);
    if (tb_is_ok(status) && client->hub.version == 0) status = TB_STATUS(CLIENT_OFFLINE);
    if (tb_is_ok(status) && client->hub.desk_uri.len == 0) {
        status = TB_STATUS(CLIENT_DESK_MISSING); /* whom would its reports go to? */
    }
    if (tb_is_ok(status)) {
        struct client_create_params params = {
            .room_kind = room_class == CHAT_CLASS_CHANNEL ? CHAT_ROOM_CHANNEL : CHAT_ROOM_GROUP,
            .room_class = room_class,
            .name = name,
            .op = client_op_new(client),
        };
        *op = params.op;
        status = client_create_room(&turn, &params, &room);
    }
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}
