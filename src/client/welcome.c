/*
 * Taking a Welcome. The group is believed when MLS accepts it, every leaf is the key in its
 * account's record, the GroupContext is a room of this hub (spec 1.10), and the hub's stubs
 * continue the chain head that the committer signed (amendments 19).
 */
#include "client/rooms.h"

#include <string.h>

#include "chat/frank.h"
#include "chat/names.h"
#include "mls/welcome.h"

struct client_joining {
    const struct chat_welcome *welcome;
    tb_bytes encoded;
    struct client_key package_key;
    struct client_key_package_row package;
    struct crypto_suite suite;
    struct mls_group *group;
    tb_bytes info_app_data;
    struct chat_policy_room policy;
    bool is_head_signed;
};

static tb_status client_welcome_group(struct client_turn *turn, struct client_joining *j)
{
    struct client *client = turn->client;
    struct mls_welcome in;
    struct mls_key_package_secrets secrets = { 0 };
    TRY(mls_welcome_decode(j->welcome->welcome, &turn->arena, &in, NULL));
    TRY(client_key_package_for(turn, &in, &j->package_key, &j->package));
    TRY(crypto_suite_init(&j->suite, j->package.cipher_suite, client->config.provider));
    struct mls_env env = client_env(client, &j->suite);
    if (j->package.init_key.len > TB_SECRET_MAX || j->package.encryption_key.len > TB_SECRET_MAX) {
        return TB_STATUS(TB_STORE);
    }
    tb_secret_set(&secrets.init_key, j->package.init_key);
    tb_secret_set(&secrets.encryption_key, j->package.encryption_key);
    struct mls_join_params params = {
        .welcome = j->welcome->welcome,
        .ratchet_tree = j->welcome->ratchet_tree,
        .key_package = j->package.key_package,
        .secrets = &secrets,
        .signer = &client->device_key,
        .info_arena = &turn->arena,
        .info_app_data = &j->info_app_data,
    };
    tb_status status = mls_group_join(&env, &params, &j->group, NULL);
    mls_key_package_secrets_wipe(&secrets);
    return status;
}

/* ------------------------------------------------------------------ members */

static tb_status client_welcome_record_came(struct client_turn *turn,
                                            const struct client_request *request, uint16_t code,
                                            tb_bytes body);

/* Ask for the records of leaves that we cannot check; *wait_count of them. */
static tb_status client_welcome_records(struct client_turn *turn, struct mls_group *group,
                                        bool may_ask, uint64_t tag, size_t *wait_count)
{
    tb_bytes last = { 0 };
    for (uint32_t i = 0; i < mls_group_leaf_count(group); i++) {
        struct mls_leaf_view leaf;
        tb_bytes account;
        if (!mls_group_leaf(group, i, &leaf)) continue;
        tb_status status = client_record_knows_leaf(turn, leaf.identity, leaf.signature_key);
        if (client_status_is_fatal(status)) return status;
        if (tb_is_ok(status)) continue;
        if (!may_ask || !tb_is_ok(chat_names_user_of(leaf.identity, &turn->arena, &account))) {
            return status.code == TB_NOT_FOUND ? TB_STATUS(CHAT_LEAF_KEY) : status;
        }
        if (tb_bytes_equal(account, last)) continue; /* devices of one user often stand together */
        last = account;
        TRY(client_record_fetch(turn, account, client_welcome_record_came, 0, tag));
        ++*wait_count;
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the chain */

static tb_status client_welcome_info_head(struct client_turn *turn, const struct client_joining *j,
                                          struct chat_chain_head *head)
{
    tb_bytes data;
    if (!mls_public_dictionary_find(j->info_app_data, MLS_COMPONENT_TIMBRE_CHAIN_HEAD, &data)) {
        return TB_STATUS(CHAT_RUN_CHAIN);
    }
    return wire_decode(&chat_chain_head_desc, data, &turn->arena, head, NULL);
}

/* The stubs lead from the committer's head to the hub's, and the last one bears its signature. */
static tb_status client_welcome_chain(struct client_turn *turn, struct client_joining *j,
                                      struct chat_run_head *out)
{
    const struct chat_welcome *welcome = j->welcome;
    struct chat_chain_head from;
    TRY(client_welcome_info_head(turn, j, &from));
    *out = (struct chat_run_head){ .room_seq = from.room_seq };
    memcpy(out->chain, from.chain, CHAT_HASH_LEN);
    size_t count = welcome->stubs.count;
    if (count != 0) {
        const struct chat_stub *stubs = welcome->stubs.at;
        const struct chat_stub *last = &stubs[count - 1];
        struct chat_run_head before = *out, ahead = *out;
        struct chat_run_link link;
        tb_bytes group_id = mls_group_id(j->group);
        if (memcmp(welcome->chain_before, from.chain, CHAT_HASH_LEN) != 0) {
            return TB_STATUS(CHAT_RUN_CHAIN);
        }
        TRY(chat_run_stubs_hash(&j->suite, j->policy.metadata.room_uri, group_id, &before, stubs,
                                count, out));
        if (count > 1) {
            TRY(chat_run_stubs_hash(&j->suite, j->policy.metadata.room_uri, group_id, &before,
                                    stubs, count - 1, &ahead));
        }
        chat_run_link_of_stub(last, group_id, ahead.chain, &link);
        TRY(chat_frank_verify(&j->suite, j->policy.agent.franking_signature_key, &link.link,
                              out->chain, last->hub_key_id, last->timbre_signature));
        j->is_head_signed = true;
    }
    /* A restored hub skips numbers and keeps the chain (amendments 9). */
    if (welcome->head.room_seq < out->room_seq
        || memcmp(welcome->head.chain, out->chain, CHAT_HASH_LEN) != 0) {
        return TB_STATUS(CHAT_RUN_CHAIN);
    }
    if (welcome->head.room_seq != out->room_seq) j->is_head_signed = false;
    out->room_seq = welcome->head.room_seq;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the room */

/* A dm's URI follows from its two users, so that no second room poses as theirs. */
static tb_status client_welcome_dm(struct client_turn *turn, const struct chat_policy_room *policy)
{
    struct client *client = turn->client;
    tb_bytes uri;
    if (policy->base.room_kind != CHAT_ROOM_DM) return TB_STATUS(TB_OK);
    if (policy->participants.participants.count != 2) return TB_STATUS(CHAT_POLICY_DM);
    TRY(chat_names_dm(&client->suite, client->profile.domain,
                      policy->participants.participants.at[0].user,
                      policy->participants.participants.at[1].user, &turn->arena, &uri));
    return TB_STATUS(tb_bytes_equal(uri, policy->metadata.room_uri) ? TB_OK : CHAT_POLICY_DM);
}

/* Amendments 20: a room's group is fixed, so that no second group poses as a room we know.  One
 * that we made and the hub did not take has no log, and was never the room's. */
static tb_status client_welcome_same_group(struct client_turn *turn, const struct client_joining *j)
{
    struct client_room *room;
    tb_status status = client_room_get(turn, j->welcome->room_uri, &room);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    bool was_made_only = room->row.state == CLIENT_ROOM_CREATING
                         || (room->row.state == CLIENT_ROOM_LEFT && room->row.cursor == 0);
    if (room->row.group_id.len == 0 || was_made_only) return TB_STATUS(TB_OK);
    bool is_same = tb_bytes_equal(room->row.group_id, mls_group_id(j->group));
    return TB_STATUS(is_same ? TB_OK : CHAT_POLICY_ROOM_CHANGED);
}

static tb_status client_welcome_policy(struct client_turn *turn, struct client_joining *j)
{
    struct chat_policy_hub hub;
    tb_bytes context;
    TRY(tb_arena_dup(&turn->arena, mls_group_context(j->group), &context));
    TRY(chat_policy_decode(context, &turn->arena, &j->policy, NULL));
    uint32_t leaf_count = mls_group_leaf_count(j->group);
    struct chat_policy_leaf *leaves = tb_arena_take(&turn->arena, leaf_count, sizeof *leaves);
    if (leaves == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t count = 0;
    for (uint32_t i = 0; i < leaf_count; i++) {
        struct mls_leaf_view leaf;
        if (!mls_group_leaf(j->group, i, &leaf)) continue;
        leaves[count++] = (struct chat_policy_leaf){ .leaf_index = i, .identity = leaf.identity };
    }
    TRY(client_record_policy_hub(turn, &hub));
    TRY(chat_policy_check_room(&j->policy, &hub, leaves, count, &turn->arena));
    TRY(client_welcome_dm(turn, &j->policy));
    TRY(client_welcome_same_group(turn, j));
    return TB_STATUS(tb_bytes_equal(j->policy.metadata.room_uri, j->welcome->room_uri)
                         ? TB_OK
                         : CHAT_POLICY_ROOM_URI);
}

static tb_status client_welcome_room(struct client_turn *turn, struct client_joining *j,
                                     const struct chat_run_head *head, struct client_room **out)
{
    struct client_room *room;
    tb_status status = client_room_get(turn, j->welcome->room_uri, &room);
    if (status.code == TB_NOT_FOUND) status = client_room_new(turn, j->welcome->room_uri, &room);
    TRY(status);
    if (room->row.state != 0) TRY(client_room_end(turn, room, CLIENT_ROOM_REJOINING));
    TRY(client_room_set_suite(turn->client, room, j->suite.id));
    TRY(client_room_keep(room, mls_group_id(j->group), &room->row.group_id));
    TRY(client_room_keep(room, j->policy.metadata.room_name, &room->row.name));
    room->row.kind = j->policy.base.room_kind;
    room->row.room_class = j->policy.base.room_class;
    room->row.state = CLIENT_ROOM_OPEN;
    room->row.cursor = room->row.final_seq = j->welcome->log_seq;
    room->row.head_seq = room->row.joined_seq = head->room_seq;
    room->row.head_ms = head->time_ms;
    memcpy(room->row.head_chain, head->chain, CHAT_HASH_LEN);
    room->row.signed_seq = 0;
    room->row.pages_from = 0;
    room->row.decision_number = 0;
    room->hub_log_seq = j->welcome->log_seq;
    client_room_touch(room);
    *out = room;
    return TB_STATUS(TB_OK);
}

/* The group was made with the suite in *j; the room has its own copy, so it is made again there. */
static tb_status client_welcome_move_group(struct client_turn *turn, struct client_joining *j,
                                           struct client_room *room)
{
    struct client *client = turn->client;
    struct mls_env env = client_env(client, &room->suite);
    struct mls_group *moved;
    struct tb_buf blob;
    tb_buf_init(&blob, client->config.mem, CLIENT_BLOB_BYTES_MAX);
    tb_status status = mls_group_encode(j->group, &blob);
    if (tb_is_ok(status)) {
        status = mls_group_decode(&env, tb_buf_view(&blob), &client->device_key, &moved);
    }
    tb_buf_wipe(&blob);
    TRY(status);
    client_room_set_group(room, moved);
    return TB_STATUS(TB_OK);
}

/* What we hold already is worth more than a stub: the message itself, which a report needs.  It
 * stays, whatever head the committer began from. */
static tb_status client_welcome_stub(struct client_turn *turn, struct client_room *room,
                                     const struct client_evidence_row *stub)
{
    struct client_evidence_row known;
    uint64_t room_seq = stub->stub.room_seq;
    struct client_key key = client_key_number(room->row.no, room_seq);
    tb_status status = client_evidence_get(turn, room, room_seq, &known);
    if (status.code == TB_NOT_FOUND) {
        return client_table_put(turn, CLIENT_TABLE_EVIDENCE, key, &client_evidence_row_desc, stub);
    }
    TRY(status);
    if (memcmp(known.chain, stub->chain, CHAT_HASH_LEN) != 0) {
        return client_alarm(turn, CLIENT_ALARM_HISTORY, room->row.room_uri, room_seq, &known.stub,
                            TB_ARRAY(stub->chain));
    }
    if (!stub->is_verified || known.is_verified) return TB_STATUS(TB_OK);
    known.is_verified = true;
    return client_table_put(turn, CLIENT_TABLE_EVIDENCE, key, &client_evidence_row_desc, &known);
}

/* Stubs from before our time: evidence without text, so that frank_prev can be compared. */
static tb_status client_welcome_stubs(struct client_turn *turn, struct client_joining *j,
                                      struct client_room *room)
{
    struct chat_run_head head = { 0 }, after;
    struct chat_chain_head from;
    TRY(client_welcome_info_head(turn, j, &from));
    head.room_seq = from.room_seq;
    memcpy(head.chain, from.chain, CHAT_HASH_LEN);
    for (size_t i = 0; i < j->welcome->stubs.count; i++) {
        const struct chat_stub *stub = &j->welcome->stubs.at[i];
        TRY(chat_run_stubs_hash(&room->suite, room->row.room_uri, room->row.group_id, &head, stub,
                                1, &after));
        struct client_evidence_row row = { .stub = *stub, .opening = CHAT_OPENING_IS_NOT_RECEIVED };
        memcpy(row.prev_chain, head.chain, CHAT_HASH_LEN);
        memcpy(row.chain, after.chain, CHAT_HASH_LEN);
        row.is_verified = i + 1 == j->welcome->stubs.count;
        TRY(client_welcome_stub(turn, room, &row));
        head = after;
    }
    if (j->is_head_signed) room->row.signed_seq = head.room_seq;
    return TB_STATUS(TB_OK);
}

static tb_status client_welcome_ack(struct client_turn *turn, tb_bytes room_uri)
{
    struct chat_opaque ack = { room_uri };
    return client_request_send(turn, CHAT_VERB_WELCOME_ACK, &ack, NULL, NULL);
}

/* The wish to join, or to come back, is fulfilled (code ok) or at an end. */
static tb_status client_welcome_settle(struct client_turn *turn, tb_bytes room_uri, uint16_t code)
{
    struct client_join_row join;
    struct client_key key = client_key_bytes(room_uri);
    tb_status status =
        client_table_get(turn, CLIENT_TABLE_JOINS, key, &client_join_row_desc, &join);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    TRY(client_table_del(turn, CLIENT_TABLE_JOINS, key));
    if (code != CHAT_CODE_OK) return client_show_failed(turn, join.op, code, (tb_bytes){ 0 });
    struct client_room *room;
    TRY(client_room_get(turn, room_uri, &room));
    return client_show_done(turn, join.op, &(struct client_show){ .room = room->row.room_uri,
                                                                  .room_name = room->row.name });
}

static tb_status client_welcome_joined(struct client_turn *turn, struct client_joining *j,
                                       const struct chat_run_head *head)
{
    struct client_room *room;
    TRY(client_welcome_room(turn, j, head, &room));
    TRY(client_welcome_move_group(turn, j, room));
    TRY(client_welcome_stubs(turn, j, room));
    TRY(client_send_settle(turn, room));
    TRY(client_key_package_used(turn, j->package_key, &j->package));
    struct client_line_row line = {
        .row_kind = CLIENT_LINE_JOINED,
        .room_seq = head->room_seq,
        .epoch = mls_group_epoch(room->group),
        .at_ms = turn->now_ms,
        .account = turn->client->profile.account,
    };
    TRY(client_timeline_tell(turn, room, &line));
    TRY(client_welcome_settle(turn, room->row.room_uri, CHAT_CODE_OK));
    TRY(client_commit_duty_check(turn, room));
    TRY(client_welcome_ack(turn, room->row.room_uri));
    return client_session_subscribe(turn, room);
}

/* ------------------------------------------------------------------ waiting for records */

static tb_status client_welcome_wait(struct client_turn *turn, tb_bytes encoded, uint64_t tag,
                                     size_t wait_count)
{
    struct client *client = turn->client;
    struct client_welcome_wait *wait = tb_mem_take(client->config.mem, sizeof *wait + encoded.len);
    if (wait == NULL) return TB_STATUS(TB_NO_SPACE);
    wait->tag = tag;
    wait->wait_count = wait_count;
    wait->len = encoded.len;
    memcpy(wait->data, encoded.data, encoded.len);
    wait->next = client->welcomes;
    client->welcomes = wait;
    return TB_STATUS(TB_OK);
}

static void client_welcome_free(struct client *client, struct client_welcome_wait *wait)
{
    tb_mem_give(client->config.mem, wait, sizeof *wait + wait->len);
}

void client_welcome_drop_all(struct client *client)
{
    while (client->welcomes != NULL) {
        struct client_welcome_wait *wait = client->welcomes;
        client->welcomes = wait->next;
        client_welcome_free(client, wait);
    }
}

bool client_welcome_is_waiting(struct client_turn *turn, tb_bytes room_uri)
{
    struct client_welcome_wait *wait = turn->client->welcomes;
    for (; wait != NULL; wait = wait->next) {
        struct chat_welcome welcome;
        tb_bytes encoded = { wait->data, wait->len };
        if (!tb_is_ok(wire_decode(&chat_welcome_desc, encoded, &turn->arena, &welcome, NULL))) {
            continue;
        }
        if (tb_bytes_equal(welcome.room_uri, room_uri)) return true;
    }
    return false;
}

static tb_status client_welcome_try(struct client_turn *turn, tb_bytes encoded, bool may_ask);

static tb_status client_welcome_record_came(struct client_turn *turn,
                                            const struct client_request *request, uint16_t code,
                                            tb_bytes body)
{
    (void)body;
    struct client *client = turn->client;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    struct client_welcome_wait **at = &client->welcomes;
    while (*at != NULL && (*at)->tag != request->number) at = &(*at)->next;
    struct client_welcome_wait *wait = *at;
    if (wait == NULL || --wait->wait_count != 0) return TB_STATUS(TB_OK);
    tb_bytes encoded;
    *at = wait->next;
    tb_status status = tb_arena_dup(&turn->arena, tb_bytes_of(wait->data, wait->len), &encoded);
    client_welcome_free(client, wait);
    TRY(status);
    return client_welcome_try(turn, encoded, false);
}

static tb_status client_welcome_hub_came(struct client_turn *turn,
                                         const struct client_request *request, uint16_t code,
                                         tb_bytes body)
{
    struct chat_opaque answer;
    if (code == CHAT_CODE_OK) {
        TRY(client_answer_decode(turn, &chat_opaque_desc, body, &answer));
        tb_status status = client_record_hub_take(turn, answer.value);
        if (client_status_is_fatal(status)) return status;
    }
    return client_welcome_record_came(turn, request, code, body);
}

/* ------------------------------------------------------------------ taking it */

static tb_status client_welcome_check(struct client_turn *turn, struct client_joining *j,
                                      bool may_ask, size_t *wait_count,
                                      struct chat_run_head *head)
{
    uint64_t tag = ++turn->client->next_intent;
    TRY(client_welcome_group(turn, j));
    tb_status status = client_welcome_policy(turn, j);
    if (status.code == CHAT_POLICY_AGENT && may_ask) {
        /* The agent's key may be younger than our record of the hub. */
        struct client_about about = { .number = tag };
        TRY(client_request_send(turn, CHAT_VERB_HUB_RECORD, &(struct chat_nothing){ 0 },
                                client_welcome_hub_came, &about));
        ++*wait_count;
    } else {
        TRY(status);
    }
    TRY(client_welcome_records(turn, j->group, may_ask, tag, wait_count));
    if (*wait_count != 0) return client_welcome_wait(turn, j->encoded, tag, *wait_count);
    return client_welcome_chain(turn, j, head);
}

/*
 * We stand in the tree and cannot begin there: the private half of the key package is lost (a
 * restored profile), or the committer's chain is not the hub's any more (a restored hub).  So we
 * ask to be removed and added again.
 */
static tb_status client_welcome_again(struct client_turn *turn, const struct client_joining *j)
{
    struct client_room *room;
    tb_status status = client_room_get(turn, j->welcome->room_uri, &room);
    if (status.code == TB_NOT_FOUND) status = client_room_new(turn, j->welcome->room_uri, &room);
    TRY(status);
    TRY(client_welcome_ack(turn, j->welcome->room_uri));
    return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
}

static tb_status client_welcome_refuse(struct client_turn *turn, const struct client_joining *j,
                                       tb_status why)
{
    struct client_room *room;
    if (why.code == TB_NOT_FOUND || why.code == CHAT_RUN_CHAIN || why.code == CHAT_RUN_GAP) {
        return client_welcome_again(turn, j);
    }
    /* The hub counts a membership that we do not take: its cursor says nothing about our state. */
    if (tb_is_ok(client_room_get(turn, j->welcome->room_uri, &room))) room->acked_at_hub = 0;
    TRY(client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_FAILED_ENTRY,
                                                 .room = j->welcome->room_uri,
                                                 .code = why.code,
                                                 .at_ms = turn->now_ms }));
    TRY(client_welcome_settle(turn, j->welcome->room_uri, why.code));
    return client_welcome_ack(turn, j->welcome->room_uri);
}

static tb_status client_welcome_try(struct client_turn *turn, tb_bytes encoded, bool may_ask)
{
    struct chat_welcome welcome;
    struct client_room *room;
    struct chat_run_head head;
    size_t wait_count = 0;
    TRY(client_answer_decode(turn, &chat_welcome_desc, encoded, &welcome));
    bool is_known = tb_is_ok(client_room_get(turn, welcome.room_uri, &room));
    bool is_live = is_known && client_room_is_live(room);
    /* Sent again because our acknowledgement was lost. */
    if (is_live && room->row.cursor >= welcome.log_seq) {
        return client_welcome_ack(turn, welcome.room_uri);
    }
    struct client_joining *j = tb_arena_take(&turn->arena, 1, sizeof *j);
    if (j == NULL) return TB_STATUS(TB_NO_SPACE);
    j->welcome = &welcome;
    j->encoded = encoded;
    tb_status status = client_welcome_check(turn, j, may_ask, &wait_count, &head);
    if (tb_is_ok(status) && wait_count == 0) status = client_welcome_joined(turn, j, &head);
    else if (!tb_is_ok(status) && !client_status_is_fatal(status)) {
        status = client_welcome_refuse(turn, j, status);
    }
    mls_group_free(j->group);
    return status;
}

tb_status client_welcome_take(struct client_turn *turn, tb_bytes encoded)
{
    return client_welcome_try(turn, encoded, true);
}
