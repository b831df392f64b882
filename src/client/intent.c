/*
 * Wishes for a room's membership: by a person (add, remove), or by a request to join that the hub
 * passed on.  Each fetches the newest record, then claims key packages, then waits for a commit.
 */
#include "client/desk.h"
#include "client/rules.h"

#include <string.h>

static void client_intent_free(struct client *client, struct client_intent *intent)
{
    tb_arena_wipe(&intent->arena);
    tb_mem_give(client->config.mem, intent, sizeof *intent);
}

void client_intent_free_all(struct client *client, struct client_room *room)
{
    while (room->intents != NULL) {
        struct client_intent *intent = room->intents;
        room->intents = intent->next;
        client_intent_free(client, intent);
    }
}

static struct client_intent *client_intent_same(const struct client_room *room,
                                                const struct client_intent_params *params)
{
    for (struct client_intent *intent = room->intents; intent != NULL; intent = intent->next) {
        if (intent->stage != CLIENT_INTENT_OVER && intent->kind == params->kind
            && tb_bytes_equal(intent->account, params->account)
            && tb_bytes_equal(intent->device, params->device)) {
            return intent;
        }
    }
    return NULL;
}

/* A device that asks and stands in the tree has lost its keys: its leaf there is no answer. */
static tb_status client_intent_leaf(struct client_turn *turn, struct client_room *room,
                                    struct client_intent *intent)
{
    struct mls_group *group;
    if (intent->device.len == 0) return TB_STATUS(TB_OK);
    TRY(client_room_group(turn, room, &group));
    for (uint32_t i = 0; i < mls_group_leaf_count(group); i++) {
        struct mls_leaf_view leaf;
        if (!mls_group_leaf(group, i, &leaf)) continue;
        if (!tb_bytes_equal(leaf.identity, intent->device)) continue;
        TRY(tb_arena_dup(&intent->arena, leaf.node->encryption_key, &intent->leaf_key));
    }
    return TB_STATUS(TB_OK);
}

static tb_status client_intent_fill(struct client_intent *intent,
                                    const struct client_intent_params *params)
{
    TRY(tb_arena_dup(&intent->arena, params->account, &intent->account));
    TRY(tb_arena_dup(&intent->arena, params->device, &intent->device));
    if (params->request == NULL) return TB_STATUS(TB_OK);
    struct chat_join_request *request = tb_arena_take(&intent->arena, 1, sizeof *request);
    if (request == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(wire_copy(&chat_join_request_desc, params->request, &intent->arena, request));
    intent->request = request;
    return TB_STATUS(TB_OK);
}

tb_status client_intent_add(struct client_turn *turn, struct client_room *room,
                            const struct client_intent_params *params)
{
    struct client *client = turn->client;
    /* The hub pushes a request again after each login; a person may be impatient. */
    if (params->op == 0 && client_intent_same(room, params) != NULL) return TB_STATUS(TB_OK);
    struct client_intent *intent = tb_mem_take(client->config.mem, sizeof *intent);
    if (intent == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_arena_init(&intent->arena, client->config.mem, CLIENT_ROOM_BYTES_MAX);
    intent->number = ++client->next_intent;
    intent->kind = params->kind;
    intent->role_index = params->role_index;
    intent->stage = CLIENT_INTENT_NEW;
    intent->op = params->op;
    intent->not_before_ms = params->not_before_ms;
    intent->is_held = params->is_held;
    if (params->rules != NULL) intent->rules = *params->rules;
    tb_status status = client_intent_fill(intent, params);
    if (tb_is_ok(status)) status = client_intent_leaf(turn, room, intent);
    if (!tb_is_ok(status)) {
        client_intent_free(client, intent);
        return status;
    }
    struct client_intent **at = &room->intents;
    while (*at != NULL) at = &(*at)->next;
    *at = intent;
    return TB_STATUS(TB_OK);
}

tb_status client_intent_end(struct client_turn *turn, struct client_room *room,
                            struct client_intent *intent, uint16_t code, tb_bytes detail)
{
    intent->stage = CLIENT_INTENT_OVER;
    bool is_notice = room->row.kind == CHAT_ROOM_NOTICE && intent->kind == CLIENT_INTENT_ADD;
    if (code != CHAT_CODE_OK && is_notice && code != CLIENT_OFFLINE) {
        return client_decide_room_ready(turn, room, intent->account, false);
    }
    if (code != CHAT_CODE_OK) return client_show_failed(turn, intent->op, code, detail);
    return client_show_done(turn, intent->op, &(struct client_show){ .room = room->row.room_uri,
                                                                     .account = intent->account });
}

tb_status client_intent_lose_all(struct client_turn *turn, struct client_room *room, uint16_t code)
{
    for (struct client_intent *intent = room->intents; intent != NULL; intent = intent->next) {
        if (intent->stage == CLIENT_INTENT_OVER) continue;
        TRY(client_intent_end(turn, room, intent, code, (tb_bytes){ 0 }));
    }
    client_intent_free_all(turn->client, room);
    room->intent_at_ms = 0;
    return TB_STATUS(TB_OK);
}

bool client_intent_is_open(const struct client_room *room)
{
    const struct client_intent *intent = room->intents;
    while (intent != NULL && (intent->stage == CLIENT_INTENT_OVER || intent->is_held)) {
        intent = intent->next;
    }
    return intent != NULL;
}

struct client_intent *client_intent_sent(const struct client_room *room)
{
    for (struct client_intent *intent = room->intents; intent != NULL; intent = intent->next) {
        if (intent->stage == CLIENT_INTENT_SENT) return intent;
    }
    return NULL;
}

/* ------------------------------------------------------------------ where an answer belongs */

static uint64_t client_intent_tag(const struct client_room *room,
                                  const struct client_intent *intent)
{
    return (uint64_t)room->row.no << 32 | (uint32_t)intent->number;
}

static bool client_intent_of_tag(struct client_turn *turn, uint64_t tag, struct client_room **room,
                                 struct client_intent **out)
{
    if (!tb_is_ok(client_room_by_no(turn, (uint32_t)(tag >> 32), room))) return false;
    for (struct client_intent *intent = (*room)->intents; intent != NULL; intent = intent->next) {
        if ((uint32_t)intent->number != (uint32_t)tag) continue;
        *out = intent;
        return intent->stage == CLIENT_INTENT_ASKED;
    }
    return false;
}

/* ------------------------------------------------------------------ key packages */

static tb_status client_intent_package(struct client_turn *turn, const struct client_room *room,
                                       struct client_intent *intent, tb_bytes encoded)
{
    struct mls_key_package_in package;
    TRY(wire_decode(&mls_key_package_in_desc, encoded, &turn->arena, &package, NULL));
    const struct mls_leaf_node *leaf = &package.leaf_node;
    if (leaf->credential.credential_type != MLS_CREDENTIAL_BASIC) {
        return TB_STATUS(CHAT_LEAF_IDENTITY);
    }
    tb_bytes identity = leaf->credential.of.identity->value;
    if (package.cipher_suite != room->row.cipher_suite) return TB_STATUS(MLS_SUITE);
    if (!chat_names_is_of_user(identity, intent->account)) return TB_STATUS(CHAT_LEAF_IDENTITY);
    bool is_asked_for = intent->device.len == 0 || tb_bytes_equal(identity, intent->device);
    if (!is_asked_for) return TB_STATUS(TB_NOT_FOUND);
    return client_record_check_leaf(turn, identity, leaf->signature_key);
}

static tb_status client_intent_packages(struct client_turn *turn, const struct client_room *room,
                                        struct client_intent *intent,
                                        const struct chat_key_material_answer *answer)
{
    size_t count = answer->clients.count;
    intent->packages.at = tb_arena_take(&intent->arena, count, sizeof *intent->packages.at);
    if (intent->packages.at == NULL) return TB_STATUS(TB_NO_SPACE);
    intent->packages.count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct chat_client_key_material *material = &answer->clients.at[i];
        if (material->client_status != 0) continue;
        tb_status status = client_intent_package(turn, room, intent, material->key_package);
        if (client_status_is_fatal(status)) return status;
        if (!tb_is_ok(status)) continue; /* a device that nobody vouches for stays outside */
        TRY(tb_arena_dup(&intent->arena, material->key_package,
                         &intent->packages.at[intent->packages.count].value));
        intent->packages.count++;
    }
    return TB_STATUS(TB_OK);
}

static uint16_t client_intent_refusal(const struct chat_key_material_answer *answer)
{
    enum { NO_CONSENT = 5, NO_CONSENT_FOR_ROOM = 6, USER_UNKNOWN = 4 };
    if (answer->user_status == NO_CONSENT || answer->user_status == NO_CONSENT_FOR_ROOM
        || answer->user_status == USER_UNKNOWN) {
        return CHAT_CODE_NO_CONSENT;
    }
    return CLIENT_NO_KEY_PACKAGE;
}

static tb_status client_material_answered(struct client_turn *turn,
                                          const struct client_request *request, uint16_t code,
                                          tb_bytes body)
{
    struct client_room *room;
    struct client_intent *intent;
    if (!client_intent_of_tag(turn, request->number, &room, &intent)) return TB_STATUS(TB_OK);
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (code != CHAT_CODE_OK) {
        return client_intent_end(turn, room, intent, code, client_answer_detail(turn, body, NULL));
    }
    struct chat_key_material_answer answer;
    TRY(client_answer_decode(turn, &chat_key_material_answer_desc, body, &answer));
    TRY(client_intent_packages(turn, room, intent, &answer));
    if (intent->packages.count == 0) {
        return client_intent_end(turn, room, intent, client_intent_refusal(&answer),
                                 (tb_bytes){ 0 });
    }
    intent->stage = CLIENT_INTENT_READY;
    return TB_STATUS(TB_OK);
}

static tb_status client_intent_claim(struct client_turn *turn, struct client_room *room,
                                     struct client_intent *intent)
{
    struct wire_u16 suite = { room->row.cipher_suite };
    struct chat_key_material claim = {
        .target_user = intent->account,
        .room_uri = room->row.room_uri,
        .room_kind = room->row.kind,
        .acceptable_ciphersuites = { &suite, 1 },
        .join_request = (struct chat_join_request *)intent->request,
    };
    struct client_about about = { .number = client_intent_tag(room, intent) };
    return client_request_send(turn, CHAT_VERB_KEY_MATERIAL, &claim, client_material_answered,
                               &about);
}

/* ------------------------------------------------------------------ the record */

/* Did the log remove the account after the request was made?  Then it is no wish any more. */
static tb_status client_intent_is_void(struct client_turn *turn, const struct client_room *room,
                                       const struct chat_join_request *request)
{
    struct client_pairs rows;
    uint64_t newest = room->row.row_newest;
    uint64_t from = newest > CLIENT_REMOVAL_LOOK_COUNT ? newest - CLIENT_REMOVAL_LOOK_COUNT : 0;
    TRY(client_table_of_room(turn, CLIENT_TABLE_ROWS, room->row.no, from, UINT64_MAX,
                             CLIENT_REMOVAL_LOOK_COUNT + 1, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_line_row line;
        TRY(wire_decode(&client_line_row_desc, rows.at[i].value, &turn->arena, &line, NULL));
        if (line.row_kind != CLIENT_LINE_REMOVED || line.at_ms < request->time_ms) continue;
        if (tb_bytes_equal(line.account, request->account)) return TB_STATUS(CHAT_JOIN_FORM);
    }
    return TB_STATUS(TB_OK);
}

/* Who announced the key may still add people, and the account was not removed since. */
static tb_status client_intent_is_wanted(struct client_turn *turn, struct client_room *room,
                                         const struct client_invite_row *invite,
                                         const struct chat_join_request *request)
{
    struct chat_policy_room policy;
    TRY(client_room_policy(turn, room, &policy));
    if (!chat_policy_user_can(&policy, invite->inviter, CHAT_CAN_ADD_PARTICIPANT)) {
        return TB_STATUS(CHAT_JOIN_INVITE);
    }
    return client_intent_is_void(turn, room, request);
}

/* Amendments 23: against the invite key that was announced in the room, and the newest record. */
static tb_status client_intent_verify(struct client_turn *turn, struct client_room *room,
                                      const struct client_intent *intent)
{
    struct client_person_row person;
    struct chat_account_record record;
    struct client_invite_row invite;
    TRY(client_record_get(turn, intent->account, &person, &record));
    const struct chat_join_request *request = intent->request;
    if (request == NULL) return TB_STATUS(TB_OK);
    tb_bytes invite_key = { 0 };
    if (request->kind == CHAT_JOIN_KIND_LINK) {
        TRY(client_invite_check(turn, room, request->invite_key, request->time_ms, &invite));
        /* An old request that the hub shows again, long after its person left, is no wish. */
        if (request->time_ms + CLIENT_JOIN_REQUEST_AGE_MS_MAX < turn->now_ms) {
            return TB_STATUS(CHAT_JOIN_FORM);
        }
        TRY(client_intent_is_wanted(turn, room, &invite, request));
        invite_key = request->invite_key;
    }
    return chat_records_verify_join(&turn->client->suite, request, invite_key, person.record,
                                    &turn->arena);
}

static tb_status client_intent_record_came(struct client_turn *turn,
                                           const struct client_request *request, uint16_t code,
                                           tb_bytes body)
{
    struct client_room *room;
    struct client_intent *intent;
    if (!client_intent_of_tag(turn, request->number, &room, &intent)) return TB_STATUS(TB_OK);
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    if (code != CHAT_CODE_OK) {
        return client_intent_end(turn, room, intent, code, client_answer_detail(turn, body, NULL));
    }
    tb_status status = client_intent_verify(turn, room, intent);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) {
        return client_intent_end(turn, room, intent, status.code, (tb_bytes){ 0 });
    }
    return client_intent_claim(turn, room, intent);
}

/* ------------------------------------------------------------------ work */

static bool client_intent_is_done(struct client_turn *turn, struct client_room *room,
                                  const struct client_intent *intent)
{
    struct mls_group *group;
    struct chat_policy_room policy;
    if (!tb_is_ok(client_room_group(turn, room, &group))) return false;
    if (intent->kind == CLIENT_INTENT_ROLE) {
        return tb_is_ok(client_room_policy(turn, room, &policy))
               && chat_policy_role_of(&policy.participants, intent->account) == intent->role_index;
    }
    for (uint32_t i = 0; i < mls_group_leaf_count(group); i++) {
        struct mls_leaf_view leaf;
        if (!mls_group_leaf(group, i, &leaf)) continue;
        if (intent->device.len != 0 && tb_bytes_equal(leaf.identity, intent->device)) {
            return !tb_bytes_equal(leaf.node->encryption_key, intent->leaf_key);
        }
        if (intent->device.len == 0 && chat_names_is_of_user(leaf.identity, intent->account)) {
            return true;
        }
    }
    return false;
}

static tb_status client_intent_may_change(const struct chat_policy_room *policy, tb_bytes self,
                                          const struct client_intent *intent)
{
    uint32_t own = chat_policy_role_of(&policy->participants, self);
    uint32_t role = chat_policy_role_of(&policy->participants, intent->account);
    bool is_self = tb_bytes_equal(intent->account, self);
    if (role == CHAT_ROLE_NONE || role == CHAT_ROLE_BANNED) {
        return TB_STATUS(CLIENT_NOT_PARTICIPANT);
    }
    bool may = chat_policy_can(&policy->roles, own,
                               is_self ? CHAT_CAN_CHANGE_OWN_ROLE : CHAT_CAN_CHANGE_USER_ROLE)
               && (role == intent->role_index
                   || chat_policy_may_change(&policy->roles, own, role, intent->role_index));
    return TB_STATUS(may ? TB_OK : CLIENT_PERMISSION);
}

static tb_status client_intent_allowed(struct client_turn *turn, struct client_room *room,
                                       const struct client_intent *intent)
{
    struct chat_policy_room policy;
    TRY(client_room_policy(turn, room, &policy));
    tb_bytes self = turn->client->profile.account;
    if (intent->kind == CLIENT_INTENT_ROLE) return client_intent_may_change(&policy, self, intent);
    if (intent->kind == CLIENT_INTENT_RULES) {
        return client_rules_allowed(turn, &policy, intent->account, &intent->rules);
    }
    uint16_t capability = intent->kind == CLIENT_INTENT_REMOVE ? CHAT_CAN_REMOVE_PARTICIPANT
                                                               : CHAT_CAN_ADD_PARTICIPANT;
    uint32_t role = chat_policy_role_of(&policy.participants, intent->account);
    if (intent->kind == CLIENT_INTENT_DEVICE) {
        bool is_here = role != CHAT_ROLE_NONE && role != CHAT_ROLE_BANNED;
        return is_here ? TB_STATUS(TB_OK) : TB_STATUS(CLIENT_NOT_PARTICIPANT);
    }
    if (intent->kind == CLIENT_INTENT_REMOVE && role == CHAT_ROLE_NONE) {
        return TB_STATUS(CLIENT_NOT_PARTICIPANT);
    }
    return chat_policy_user_can(&policy, self, capability) ? TB_STATUS(TB_OK)
                                                           : TB_STATUS(CLIENT_PERMISSION);
}

/* No record, no key package. */
static bool client_intent_needs_nothing(const struct client_intent *intent)
{
    return intent->kind == CLIENT_INTENT_REMOVE || intent->kind == CLIENT_INTENT_ROLE
           || intent->kind == CLIENT_INTENT_RULES;
}

static tb_status client_intent_start(struct client_turn *turn, struct client_room *room,
                                     struct client_intent *intent)
{
    tb_status status = client_intent_allowed(turn, room, intent);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) {
        return client_intent_end(turn, room, intent, status.code, (tb_bytes){ 0 });
    }
    if (client_intent_needs_nothing(intent)) {
        intent->stage = CLIENT_INTENT_READY;
        return TB_STATUS(TB_OK);
    }
    if (client_intent_is_done(turn, room, intent)) {
        uint16_t code = intent->op != 0 ? (uint16_t)CLIENT_ALREADY_MEMBER : (uint16_t)CHAT_CODE_OK;
        return client_intent_end(turn, room, intent, code, (tb_bytes){ 0 });
    }
    intent->stage = CLIENT_INTENT_ASKED;
    return client_record_fetch(turn, intent->account, client_intent_record_came, 0,
                               client_intent_tag(room, intent));
}

static void client_intent_sweep(struct client *client, struct client_room *room)
{
    struct client_intent **at = &room->intents;
    while (*at != NULL) {
        struct client_intent *intent = *at;
        if (intent->stage != CLIENT_INTENT_OVER) {
            at = &intent->next;
            continue;
        }
        *at = intent->next;
        client_intent_free(client, intent);
    }
}

tb_status client_intent_work(struct client_turn *turn, struct client_room *room,
                             struct client_intent **ready)
{
    *ready = NULL;
    room->intent_at_ms = 0;
    for (struct client_intent *intent = room->intents; intent != NULL; intent = intent->next) {
        if (intent->stage == CLIENT_INTENT_OVER || intent->is_held) continue;
        if (intent->not_before_ms > turn->now_ms) {
            bool is_first = room->intent_at_ms == 0 || intent->not_before_ms < room->intent_at_ms;
            if (is_first) room->intent_at_ms = intent->not_before_ms;
            continue;
        }
        if (intent->stage == CLIENT_INTENT_NEW) TRY(client_intent_start(turn, room, intent));
        if (intent->stage != CLIENT_INTENT_READY) continue;
        /* Another member may have been quicker. */
        bool is_repeatable = intent->kind == CLIENT_INTENT_REMOVE
                             || intent->kind == CLIENT_INTENT_RULES;
        if (!is_repeatable && client_intent_is_done(turn, room, intent)) {
            TRY(client_intent_end(turn, room, intent, CHAT_CODE_OK, (tb_bytes){ 0 }));
            continue;
        }
        if (*ready == NULL) *ready = intent;
    }
    client_intent_sweep(turn->client, room);
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ a person's wishes */

tb_status client_wish(struct client *client, uint64_t now_ms, tb_bytes room_uri,
                      struct client_intent_params *params, struct client_effects *effects,
                      uint64_t *op)
{
    struct client_turn turn;
    struct client_room *room;
    struct wire_uri uri;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_room_open(&turn, room_uri, &room);
    if (tb_is_ok(status)) status = wire_uri_parse(params->account, &uri);
    if (tb_is_ok(status) && uri.kind != WIRE_URI_USER) status = TB_STATUS(WIRE_URI);
    if (tb_is_ok(status) && !client_is_online(client)) status = TB_STATUS(CLIENT_OFFLINE);
    if (tb_is_ok(status)) {
        *op = params->op = client_op_new(client);
        status = client_intent_add(&turn, room, params);
    }
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

tb_status client_room_add(struct client *client, uint64_t now_ms, tb_bytes room, tb_bytes account,
                          struct client_effects *effects, uint64_t *op)
{
    struct client_intent_params params = { .kind = CLIENT_INTENT_ADD, .account = account };
    return client_wish(client, now_ms, room, &params, effects, op);
}

tb_status client_room_remove(struct client *client, uint64_t now_ms, tb_bytes room,
                             tb_bytes account, struct client_effects *effects, uint64_t *op)
{
    struct client_intent_params params = { .kind = CLIENT_INTENT_REMOVE, .account = account };
    return client_wish(client, now_ms, room, &params, effects, op);
}

tb_status client_room_role(struct client *client, uint64_t now_ms, tb_bytes room, tb_bytes account,
                           uint32_t role_index, struct client_effects *effects, uint64_t *op)
{
    struct client_intent_params params = { .kind = CLIENT_INTENT_ROLE,
                                           .account = account,
                                           .role_index = (uint8_t)role_index };
    if (role_index < CHAT_ROLE_MEMBER || role_index > CHAT_ROLE_OWNER) {
        return TB_STATUS(CHAT_PARTICIPANT_ROLE);
    }
    return client_wish(client, now_ms, room, &params, effects, op);
}
