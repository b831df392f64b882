/* The session: hello, the hub's record, registration, login, what the hub says unasked. */
#include "client/desk.h"
#include "client/devices.h"

#include <string.h>

static tb_status client_login(struct client_turn *turn);
static tb_status client_after_record(struct client_turn *turn);

tb_status client_session_refuse(struct client_turn *turn, uint16_t code, tb_bytes detail)
{
    struct client *client = turn->client;
    struct client_show refusal = {
        .kind = CLIENT_SHOW_FAILED,
        .op = client->profile.register_op, /* 0: of no act, but of the session */
        .code = code,
        .text = detail,
    };
    TRY(client_show(turn, &refusal));
    client->profile.register_op = 0;
    client->is_profile_dirty = true;
    TRY(client_effect_close(turn));
    return client_session_end(turn);
}

/* ------------------------------------------------------------------ up to the login */

static tb_status client_hello_answered(struct client_turn *turn,
                                       const struct client_request *request, uint16_t code,
                                       tb_bytes body)
{
    (void)request;
    struct client *client = turn->client;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (code != CHAT_CODE_OK) {
        return client_session_refuse(turn, code, client_answer_detail(turn, body, NULL));
    }
    struct chat_hello_answer answer;
    TRY(client_answer_decode(turn, &chat_hello_answer_desc, body, &answer));
    if (answer.version < CHAT_PROTOCOL_VERSION_MIN || answer.version > CHAT_PROTOCOL_VERSION_MAX) {
        return client_session_refuse(turn, CHAT_CODE_VERSION, (tb_bytes){ 0 });
    }
    memcpy(client->nonce, answer.nonce, sizeof client->nonce);
    if (client_link_is_open(client)) return client_link_greeted(turn, answer.domain);
    if (!tb_bytes_equal(answer.domain, client->profile.domain)) {
        return client_session_refuse(turn, CLIENT_HUB_DOMAIN, answer.domain);
    }
    /* Without a desk little is possible: whether there is one by now is asked before all else. */
    bool is_known = client->hub.version != 0 && client->hub.desk_uri.len != 0;
    if (is_known) return client_after_record(turn);
    client->session = CLIENT_SESSION_RECORD;
    return client_session_ask_record(turn);
}

enum { CLIENT_RECORD_GIVEN = 1 }; /* request.number: ours was handed in; it is not tried twice */

static tb_status client_record_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    struct chat_opaque answer;
    bool is_given = request->number == CLIENT_RECORD_GIVEN;
    if (is_given && code != CHAT_CODE_OK && code != CLIENT_CODE_LOST) {
        return client_session_refuse(turn, CHAT_HUB_RECORD_DESK, (tb_bytes){ 0 });
    }
    if (code != CHAT_CODE_OK) return TB_STATUS(TB_OK); /* the connection broke, or will */
    TRY(client_answer_decode(turn, &chat_opaque_desc, body, &answer));
    /* A hub that was restored has forgotten what it said of its desk: it can have that back. */
    if (!is_given && client_record_hub_is_behind(turn, answer.value)) {
        struct chat_opaque ours = { turn->client->hub_encoded };
        struct client_about about = { .number = CLIENT_RECORD_GIVEN };
        return client_request_send(turn, CHAT_VERB_HUB_RECORD_PUT, &ours, client_record_answered,
                                   &about);
    }
    tb_status status = client_record_hub_take(turn, answer.value);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) return client_session_refuse(turn, status.code, (tb_bytes){ 0 });
    if (turn->client->session != CLIENT_SESSION_RECORD) return TB_STATUS(TB_OK);
    return client_after_record(turn);
}

tb_status client_session_ask_record(struct client_turn *turn)
{
    return client_request_send(turn, CHAT_VERB_HUB_RECORD, &(struct chat_nothing){ 0 },
                               client_record_answered, NULL);
}

static tb_status client_register_answered(struct client_turn *turn,
                                          const struct client_request *request, uint16_t code,
                                          tb_bytes body)
{
    (void)request;
    struct client *client = turn->client;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (code == CHAT_CODE_OK) {
        struct chat_register_answer answer;
        TRY(client_answer_decode(turn, &chat_register_answer_desc, body, &answer));
        if (!tb_bytes_equal(answer.account, client->profile.account)) {
            return TB_STATUS(CLIENT_HUB_ANSWER);
        }
        client->profile.is_admin = answer.is_admin;
        client->profile.state = CLIENT_PROFILE_REGISTERED;
        client->profile.invite_seed = (tb_bytes){ 0 };
        client->is_profile_dirty = true;
        TRY(client_record_put_own(turn));
        return client_login(turn);
    }
    /* An answer that was lost with an earlier connection: the login tells whether we are known. */
    if (code == CHAT_CODE_INVITATION_USED || code == CHAT_CODE_CONFLICT
        || code == CHAT_CODE_DUPLICATE) {
        client->register_code = code;
        return client_login(turn);
    }
    return client_session_refuse(turn, code, client_answer_detail(turn, body, NULL));
}

static tb_status client_register_send(struct client_turn *turn)
{
    struct client *client = turn->client;
    const struct client_profile_row *profile = &client->profile;
    struct crypto_signing_key invite = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    struct chat_register_tbs tbs = { .domain = profile->domain, .handle = profile->handle };
    struct chat_register body = { .record = profile->record, .handle = profile->handle };

    client->session = CLIENT_SESSION_REGISTER;
    client->register_code = 0;
    CHECK(crypto_signing_key_from(&client->suite, profile->invite_seed, &invite));
    CHECK(chat_records_hash(&client->suite, profile->record, tbs.record_hash));
    CHECK(chat_records_register_sign(&client->suite, &invite, &tbs, &turn->arena,
                                     &body.invite_signature));
    body.invite_key = crypto_signing_key_public(&invite);
    CHECK(client_request_send(turn, CHAT_VERB_REGISTER, &body, client_register_answered, NULL));

out:
    crypto_signing_key_wipe(&invite);
    return status;
}

static tb_status client_replace_answered(struct client_turn *turn,
                                         const struct client_request *request, uint16_t code,
                                         tb_bytes body)
{
    (void)request;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    /* A conflict may be our own record, whose answer was lost: the login tells. */
    if (code == CHAT_CODE_OK || code == CHAT_CODE_CONFLICT) return client_login(turn);
    if (code != CHAT_CODE_STORE && code != CHAT_CODE_RATE_LIMITED) {
        turn->client->profile.state = CLIENT_PROFILE_REGISTERED; /* our account key is replaced */
        turn->client->is_profile_dirty = true;
    }
    return client_session_refuse(turn, code, client_answer_detail(turn, body, NULL));
}

static tb_status client_after_record(struct client_turn *turn)
{
    struct client *client = turn->client;
    if (client->profile.state == CLIENT_PROFILE_REGISTERING) return client_register_send(turn);
    if (client->profile.state != CLIENT_PROFILE_REJOINING) return client_login(turn);
    client->session = CLIENT_SESSION_REPLACE;
    struct chat_opaque record = { client->profile.next_record };
    return client_request_send(turn, CHAT_VERB_RECORD_PUT, &record, client_replace_answered, NULL);
}

/* ------------------------------------------------------------------ login */

tb_status client_session_rolled_back(struct client_turn *turn)
{
    turn->client->profile.is_rolled_back = true;
    turn->client->is_profile_dirty = true;
    TRY(client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_ROLLED_BACK }));
    return TB_STATUS(CLIENT_ROLLED_BACK);
}

/*
 * A cursor is acknowledged after it is durable here, so the hub's can only be ahead of ours when
 * this state is older than what we once had, or when we were added anew: then the Welcome came
 * before this answer.
 */
static tb_status client_subscribed(struct client_turn *turn, const struct client_request *request,
                                   uint16_t code, tb_bytes body)
{
    (void)request, (void)body;
    if (code != CHAT_CODE_OK) return TB_STATUS(TB_OK);
    for (struct client_room *room = turn->client->rooms; room != NULL; room = room->next) {
        bool is_live = client_room_is_live(room);
        if (!is_live || room->acked_at_hub <= room->row.cursor) continue;
        if (client_welcome_is_waiting(turn, room->row.room_uri)) continue;
        return client_session_rolled_back(turn);
    }
    return TB_STATUS(TB_OK);
}

static tb_status client_login_room(struct client_turn *turn, const struct chat_room_state *state)
{
    struct client_room *room;
    tb_status status = client_room_get(turn, state->room_uri, &room);
    if (status.code == TB_NOT_FOUND) {
        /* Its Welcome is on the way; or our account is in it, and this device not yet. */
        bool is_out = state->state == CLIENT_HUB_ROOM_OUT;
        return is_out ? client_join_as_device(turn, state->room_uri) : TB_STATUS(TB_OK);
    }
    TRY(status);
    room->acked_at_hub = state->state != CLIENT_HUB_ROOM_OUT ? state->cursor : 0;
    return client_session_room_state(turn, room, state);
}

static tb_status client_subscribe_all(struct client_turn *turn)
{
    struct client *client = turn->client;
    size_t count = 0;
    for (struct client_room *room = client->rooms; room != NULL; room = room->next) count++;
    struct chat_cursors cursors = { { NULL, 0 } };
    cursors.cursors.at = tb_arena_take(&turn->arena, count, sizeof *cursors.cursors.at);
    if (cursors.cursors.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (struct client_room *room = client->rooms; room != NULL; room = room->next) {
        if (!client_room_is_live(room)) continue;
        cursors.cursors.at[cursors.cursors.count++] =
            (struct chat_cursor){ room->row.room_uri, room->row.cursor };
        room->flags |= CLIENT_ROOM_SUBSCRIBED;
        room->gap_log_seq = 0;
    }
    /* An empty list too: it says that this client is ready for Welcomes and requests to join. */
    return client_request_send(turn, CHAT_VERB_SUBSCRIBE, &cursors, client_subscribed, NULL);
}

static tb_status client_logged_in(struct client_turn *turn, const struct chat_login_answer *answer)
{
    struct client *client = turn->client;
    if (!tb_bytes_equal(answer->account, client->profile.account)) {
        return TB_STATUS(CLIENT_HUB_ANSWER);
    }
    if (client->profile.state == CLIENT_PROFILE_REJOINING) TRY(client_profile_adopt(turn));
    if (client->profile.state == CLIENT_PROFILE_REGISTERING) {
        client->profile.state = CLIENT_PROFILE_REGISTERED;
        client->profile.invite_seed = (tb_bytes){ 0 };
        TRY(client_record_put_own(turn));
    }
    client->profile.is_admin = answer->is_admin;
    client->is_profile_dirty = true;
    client->session = CLIENT_SESSION_ONLINE;
    client->is_restricted = answer->is_restricted;
    client->is_desk = answer->is_desk;
    TRY(client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_ONLINE,
                                                 .account = client->profile.account,
                                                 .handle = client->profile.handle,
                                                 .is_restricted = client->is_restricted }));
    if (client->is_restricted) {
        TRY(client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_RESTRICTED }));
    }
    if (answer->hub_record_version > client->hub.version) TRY(client_session_ask_record(turn));
    TRY(client_key_package_top_up(turn, answer->key_package_count, answer->has_last_resort));
    for (size_t i = 0; i < answer->rooms.count; i++) {
        TRY(client_login_room(turn, &answer->rooms.at[i]));
    }
    TRY(client_restore_heads(turn));
    TRY(client_subscribe_all(turn));
    TRY(client_decision_ask(turn));
    TRY(client_appeals_ask(turn));
    TRY(client_outcome_ask(turn));
    TRY(client_log_ask(turn));
    TRY(client_devices_logged_in(turn, answer->record_version));
    if (!client->profile.is_admin || client->hub.desk_uri.len != 0) {
        TRY(client_session_registered(turn));
    }
    return client_join_work(turn);
}

tb_status client_session_registered(struct client_turn *turn)
{
    struct client *client = turn->client;
    if (client->profile.register_op == 0) return TB_STATUS(TB_OK);
    uint64_t op = client->profile.register_op;
    client->profile.register_op = 0;
    client->is_profile_dirty = true;
    return client_show_done(turn, op, &(struct client_show){ .account = client->profile.account,
                                                             .handle = client->profile.handle });
}

static tb_status client_record_given(struct client_turn *turn,
                                     const struct client_request *request, uint16_t code,
                                     tb_bytes body)
{
    (void)request;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (code == CHAT_CODE_OK) return client_login(turn);
    if (code == CHAT_CODE_CONFLICT) {
        /* The account went on without this device: the profile is from before a rejoin. */
        tb_status status = client_session_rolled_back(turn);
        if (client_status_is_fatal(status)) return status;
    }
    return client_session_refuse(turn, code, client_answer_detail(turn, body, NULL));
}

/* A hub that was restored may not know our newest record any more; it follows from what it has. */
static tb_status client_record_give(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct chat_opaque record = { client->profile.record };
    client->has_given_record = true;
    return client_request_send(turn, CHAT_VERB_RECORD_PUT, &record, client_record_given, NULL);
}

static tb_status client_login_answered(struct client_turn *turn,
                                       const struct client_request *request, uint16_t code,
                                       tb_bytes body)
{
    (void)request;
    struct client *client = turn->client;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (code == CHAT_CODE_OK) {
        struct chat_login_answer answer;
        TRY(client_answer_decode(turn, &chat_login_answer_desc, body, &answer));
        return client_logged_in(turn, &answer);
    }
    if (code == CHAT_CODE_UNAUTHENTICATED && client->profile.state == CLIENT_PROFILE_REGISTERED
        && !client->has_given_record) {
        return client_record_give(turn);
    }
    if (code == CHAT_CODE_ROLLED_BACK) {
        tb_status status = client_session_rolled_back(turn);
        if (client_status_is_fatal(status)) return status;
    }
    if (client->profile.state == CLIENT_PROFILE_REGISTERING && client->register_code != 0) {
        return client_session_refuse(turn, client->register_code, (tb_bytes){ 0 });
    }
    if (client->profile.state == CLIENT_PROFILE_REJOINING) {
        client->profile.state = CLIENT_PROFILE_REGISTERED; /* another record won; keys stay */
        client->is_profile_dirty = true;
    }
    return client_session_refuse(turn, code, client_answer_detail(turn, body, NULL));
}

static tb_status client_login(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_profile_row *profile = &client->profile;
    bool is_next = profile->state == CLIENT_PROFILE_REJOINING;
    struct crypto_signing_key key = { 0 };
    tb_status status = TB_STATUS(TB_OK);
    client->session = CLIENT_SESSION_LOGIN;
    profile->profile_counter++; /* durable before the login leaves: the turn is one batch */
    client->is_profile_dirty = true;

    struct chat_login login = {
        .device = is_next ? profile->next_device : profile->device,
        .profile_counter = profile->profile_counter,
    };
    struct chat_login_tbs tbs = {
        .domain = profile->domain,
        .device = login.device,
        .profile_counter = login.profile_counter,
    };
    memcpy(tbs.nonce, client->nonce, sizeof tbs.nonce);
    CHECK(crypto_signing_key_from(
        &client->suite, is_next ? profile->next_device_key : profile->device_key, &key));
    CHECK(chat_records_login_sign(&client->suite, &key, &tbs, &turn->arena, &login.signature));
    CHECK(client_request_send(turn, CHAT_VERB_LOGIN, &login, client_login_answered, NULL));

out:
    crypto_signing_key_wipe(&key);
    return status;
}

/* ------------------------------------------------------------------ begin and end */

tb_status client_session_begin(struct client_turn *turn)
{
    struct client *client = turn->client;
    if (client->session != CLIENT_SESSION_NONE) TRY(client_session_end(turn));
    if (client->profile.state == CLIENT_PROFILE_EMPTY) return client_effect_close(turn);
    if (client->profile.is_rolled_back && client->profile.state != CLIENT_PROFILE_REJOINING) {
        TRY(client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_ROLLED_BACK }));
        return client_effect_close(turn);
    }
    client->session = CLIENT_SESSION_HELLO;
    client->has_given_record = false;
    struct chat_hello hello = {
        .version_min = CHAT_PROTOCOL_VERSION_MIN,
        .version_max = CHAT_PROTOCOL_VERSION_MAX,
        .software = tb_bytes_text(client->config.software),
    };
    return client_request_send(turn, CHAT_VERB_HELLO, &hello, client_hello_answered, NULL);
}

tb_status client_session_end(struct client_turn *turn)
{
    struct client *client = turn->client;
    bool was_online = client->session == CLIENT_SESSION_ONLINE;
    client->session = CLIENT_SESSION_NONE;
    client->is_synced = false;
    client->is_desk_publishing = false;
    client->has_kept_reports = client->has_decisions = true;
    TRY(client_request_lose_all(turn));
    client_welcome_drop_all(client);
    for (struct client_room *room = client->rooms; room != NULL; room = room->next) {
        room->flags &= CLIENT_ROOM_ROW_DIRTY | CLIENT_ROOM_GROUP_DIRTY | CLIENT_ROOM_RATCHETS_DIRTY
                       | CLIENT_ROOM_HAS_OUTBOX;
        room->record_wait_count = 0;
        room->flight_count = 0;
        client_room_pages_drop(client, room);
        TRY(client_intent_lose_all(turn, room, CLIENT_OFFLINE));
    }
    if (!was_online) return TB_STATUS(TB_OK);
    return client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_OFFLINE });
}

/* ------------------------------------------------------------------ work */

static bool client_room_is_behind(const struct client_room *room)
{
    if ((room->flags & CLIENT_ROOM_SUBSCRIBED) == 0) return false;
    return room->row.cursor < room->hub_log_seq;
}

tb_status client_session_check_synced(struct client_turn *turn)
{
    struct client *client = turn->client;
    bool is_asking = client_request_is_awaited(client);
    if (client->is_synced || is_asking || client->session != CLIENT_SESSION_ONLINE) {
        return TB_STATUS(TB_OK);
    }
    for (struct client_room *room = client->rooms; room != NULL; room = room->next) {
        if (client_room_is_behind(room)) return TB_STATUS(TB_OK);
    }
    client->is_synced = true;
    return client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_SYNCED });
}

static tb_status client_room_work(struct client_turn *turn, struct client_room *room)
{
    switch (room->row.state) {
    case CLIENT_ROOM_CREATING: return client_create_send(turn, room);
    case CLIENT_ROOM_REJOINING: return client_join_again(turn, room);
    case CLIENT_ROOM_OPEN: break;
    default: return TB_STATUS(TB_OK);
    }
    TRY(client_commit_work(turn, room));
    return client_send_work(turn, room);
}

tb_status client_session_work(struct client_turn *turn)
{
    struct client *client = turn->client;
    if (client->session == CLIENT_SESSION_LINK) return client_link_work(turn);
    if (client->session != CLIENT_SESSION_ONLINE) return TB_STATUS(TB_OK);
    TRY(client_desk_work(turn));
    TRY(client_decide_work(turn));
    TRY(client_report_work(turn));
    TRY(client_attach_work(turn));
    for (struct client_room *room = client->rooms; room != NULL; room = room->next) {
        TRY(client_room_work(turn, room));
    }
    return client_session_check_synced(turn);
}

bool client_is_idle(const struct client *client)
{
    if (client->request_count != 0 || client->welcomes != NULL) return false;
    if (client->has_uploads || client->fetching != NULL) return false;
    for (const struct client_room *room = client->rooms; room != NULL; room = room->next) {
        bool is_live = room->row.state <= CLIENT_ROOM_OPEN;
        /* Our leaving is in the log; the rest is for those who stay. */
        if (room->row.leave_wanted && room->row.leave_epoch != 0) continue;
        if (room->page_first != NULL || client_intent_is_open(room)) return false;
        if (is_live && (room->row.tentative_seq != 0 || room->duty_at_ms != 0)) return false;
        if (is_live && (room->flags & CLIENT_ROOM_HAS_OUTBOX) != 0) return false;
        if (client_room_is_behind(room)) return false;
    }
    return true;
}
