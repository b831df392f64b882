/* Rooms of the hub's tests: real groups, commits and messages.  Include after hub_world.h. */
#ifndef TB_TESTS_UNIT_HUB_ROOM_H
#define TB_TESTS_UNIT_HUB_ROOM_H

#include "tests/unit/hub_world.h"

/* ------------------------------------------------------------------ what the hub publishes */

static inline struct chat_hub_record *world_hub_record(struct world *w, const struct person *who)
{
    struct chat_opaque encoded;
    struct chat_hub_record *record = tb_arena_take(&w->arena, 1, sizeof *record);
    assert_code(world_ask(w, who, CHAT_VERB_HUB_RECORD, &(struct chat_nothing){ NULL }, &encoded),
                CHAT_CODE_OK);
    assert_ok(wire_decode(&chat_hub_record_desc, encoded.value, &w->arena, record, NULL));
    return record;
}

static inline struct chat_policy_hub world_facts(struct world *w, const struct person *who)
{
    struct chat_policy_hub facts;
    assert_ok(chat_policy_hub_of_record(world_hub_record(w, who), &w->arena, &facts));
    return facts;
}

/* ------------------------------------------------------------------ create and subscribe */

struct world_room {
    uint8_t kind;
    struct chat_user_role_pair *people; /* NULL: the creator as owner */
    size_t count;
    tb_bytes desk_verify_key;
};

static inline struct chat_room_create world_create_request(struct world *w, struct person *who,
                                                           size_t room,
                                                           const struct world_room *as)
{
    struct chat_policy_hub facts = world_facts(w, who);
    if (facts.desk_uri.len == 0 && as->kind != CHAT_ROOM_DESK) { /* a client that made one up */
        facts.desk_uri = TB_LITERAL("mimi://hub.example/r/00112233445566778899aabbccddeeff");
        facts.desk_verify_key = facts.external_sender_key;
    }
    struct chat_user_role_pair owner = { who->account, CHAT_ROLE_OWNER };
    struct chat_policy_new params = { .room_kind = as->kind, .room_class = CHAT_CLASS_PRIVATE,
                                      .room_uri = w->rooms[room],
                                      .room_name = TB_LITERAL("Tea"),
                                      .participants = as->people != NULL ? as->people : &owner,
                                      .participant_count = as->people != NULL ? as->count : 1,
                                      .desk_verify_key = as->desk_verify_key, .hub = &facts };
    struct mls_extension *extensions;
    size_t count;
    uint8_t group_id[32];
    struct chat_room_create request;
    assert_ok(chat_policy_extensions(&params, &w->arena, &extensions, &count));
    assert_ok(tb_rng_fill(&w->rng.rng, group_id, sizeof group_id));
    const struct mls_group_params group = {
        .group_id = TB_ARRAY(group_id), .identity = who->device, .signer = &who->device_key,
        .extensions = extensions, .extension_count = count,
        .not_before_s = w->now_ms / 1000 - 3600, .not_after_s = w->now_ms / 1000 + 86400 * 80,
        .leaf_app_data = world_leaf_app_data(w),
    };
    mls_group_free(who->groups[room]);
    who->groups[room] = NULL;
    assert_ok(mls_group_create(&w->env, &group, &who->groups[room]));
    assert_ok(mls_group_info(who->groups[room], false, NULL, 0, &w->arena, &request.group_info,
                             &request.ratchet_tree));
    return request;
}

static inline uint16_t world_create(struct world *w, struct person *who, size_t room,
                                    const struct world_room *as)
{
    if (w->rooms[room].len == 0) {
        assert_ok(chat_names_room(TB_LITERAL("hub.example"), &w->rng.rng, &w->arena,
                                  &w->rooms[room]));
    }
    struct chat_room_create request = world_create_request(w, who, room, as);
    struct chat_room_update_answer answer;
    return world_ask(w, who, CHAT_VERB_ROOM_CREATE, &request, &answer);
}

static inline void world_subscribe(struct world *w, struct person *who, size_t room,
                                   uint64_t log_seq)
{
    struct chat_cursor cursor = { w->rooms[room], log_seq };
    struct chat_cursors request;
    request.cursors.at = &cursor;
    request.cursors.count = 1;
    assert_code(world_ask(w, who, CHAT_VERB_SUBSCRIBE, &request, NULL), CHAT_CODE_OK);
}

static inline uint16_t world_cursor_ack(struct world *w, struct person *who, size_t room,
                                        uint64_t log_seq)
{
    struct chat_cursor cursor = { w->rooms[room], log_seq };
    struct chat_cursors request;
    request.cursors.at = &cursor;
    request.cursors.count = 1;
    return world_ask(w, who, CHAT_VERB_CURSOR_ACK, &request, NULL);
}

/* ------------------------------------------------------------------ the desk */

struct world_desk_keys {
    struct crypto_signing_key verify;
    struct tb_secret hpke_private;
    uint8_t hpke_public[CRYPTO_PUBLIC_MAX];
    struct chat_recipient_key recipient;
};

static inline void world_recipient(struct world *w, struct world_desk_keys *keys, uint64_t serial)
{
    tb_bytes encoded;
    keys->recipient = (struct chat_recipient_key){
        .uri = w->rooms[DESK], .serial = serial, .suite = 3,
        .hpke_key = tb_bytes_of(keys->hpke_public, 32), .not_before_ms = w->now_ms,
        .not_after_ms = w->now_ms + 80 * CHAT_MS_A_DAY,
    };
    assert_ok(chat_records_make_recipient(&w->suite, &keys->verify, &keys->recipient, &w->arena,
                                          &encoded));
}

static inline void world_desk(struct world *w, struct person *admin, struct world_desk_keys *keys)
{
    assert_ok(crypto_signing_key_new(&w->suite, &w->rng.rng, &keys->verify));
    assert_ok(crypto_hpke_generate(&w->suite, &w->rng.rng, &keys->hpke_private,
                                   keys->hpke_public));
    struct world_room room = { .kind = CHAT_ROOM_DESK,
                               .desk_verify_key = crypto_signing_key_public(&keys->verify) };
    assert_code(world_create(w, admin, DESK, &room), CHAT_CODE_OK);
    world_recipient(w, keys, 1);
    struct chat_desk_publish publish = { .desk_room_uri = w->rooms[DESK],
                                         .verify_key = crypto_signing_key_public(&keys->verify),
                                         .recipient_key = keys->recipient };
    assert_code(world_ask(w, admin, CHAT_VERB_DESK_PUBLISH, &publish, NULL), CHAT_CODE_OK);
    world_subscribe(w, admin, DESK, 0);
}

/* ------------------------------------------------------------------ commits */

enum { WORLD_PROPOSAL_MAX = 8 };
struct world_commit {
    struct mls_proposal proposals[WORLD_PROPOSAL_MAX];
    size_t count;
    struct mls_add add;
    struct mls_remove remove;
    struct mls_commit_out out;
    bool include_pending;
    uint64_t log_seq;
};

static inline void world_propose_add(struct world *w, struct world_commit *c, tb_bytes key_package)
{
    assert_ok(wire_decode(&mls_key_package_in_desc, key_package, &w->arena, &c->add.key_package,
                          NULL));
    c->proposals[c->count++] = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_ADD,
                                                      .of.add = &c->add };
}

static inline void world_propose_list(struct world *w, struct world_commit *c,
                                      const struct chat_participant_update *update)
{
    assert_ok(chat_policy_update_proposal(update, &w->arena, &c->proposals[c->count++]));
}

static inline void world_make_commit(struct world *w, struct person *who, size_t room,
                                     struct world_commit *c)
{
    uint8_t none[] = { 0 }; /* an empty list of Safe AAD items */
    struct tb_why why = { NULL, NULL, 0 };
    const struct mls_commit_params params = {
        .proposals = c->proposals, .proposal_count = c->count,
        .include_pending = c->include_pending, .force_path = true, .as_public = true,
        .aad = TB_ARRAY(none), .now_s = w->now_ms / 1000,
    };
    assert_ok(mls_group_commit(who->groups[room], &params, &w->arena, &c->out, &why));
}

static inline struct chat_room_update world_update_request(struct world *w, size_t room,
                                                           const struct world_commit *c)
{
    return (struct chat_room_update){ .room_uri = w->rooms[room], .handshake = c->out.commit,
                                      .welcome = c->out.welcome,
                                      .group_info = c->out.group_info };
}

static inline uint16_t world_update(struct world *w, struct person *who, size_t room,
                                    struct world_commit *c)
{
    struct chat_room_update request = world_update_request(w, room, c);
    struct chat_room_update_answer answer = { .log_seq = 0 };
    uint16_t code = world_ask(w, who, CHAT_VERB_ROOM_UPDATE, &request, &answer);
    c->log_seq = answer.log_seq;
    return code;
}

static inline struct chat_commit_ack world_ack_request(struct world *w, const struct person *who,
                                                       size_t room, const struct world_commit *c,
                                                       uint8_t result)
{
    struct chat_commit_ack ack = { .group_id = mls_group_id(who->groups[room]),
                                   .epoch = mls_group_epoch(who->groups[room]),
                                   .result = result };
    assert_ok(chat_ack_commit_hash(&w->suite, c->out.commit, ack.commit_hash));
    assert_ok(chat_ack_sign(&w->suite, &who->device_key, &ack, &w->arena));
    return ack;
}

static inline uint16_t world_ack(struct world *w, const struct person *who, size_t room,
                                 const struct world_commit *c, uint8_t result)
{
    struct chat_commit_ack ack = world_ack_request(w, who, room, c, result);
    return world_ask(w, who, CHAT_VERB_COMMIT_ACK, &ack, NULL);
}

/* Somebody else's handshake arrives. */
static inline void world_take(struct world *w, struct person *who, size_t room, tb_bytes message)
{
    struct mls_received received;
    struct tb_why why = { NULL, NULL, 0 };
    assert_ok(mls_group_receive(who->groups[room], message, w->now_ms / 1000, NULL, 0, &w->arena,
                                &received, &why));
    if (received.kind == MLS_RECEIVED_COMMIT) {
        assert_ok(mls_group_merge(who->groups[room], received.staged));
    }
}

static inline void world_join(struct world *w, struct person *who, size_t room)
{
    struct chat_welcome welcome;
    struct tb_why why = { NULL, NULL, 0 };
    assert_true(world_push(w, who, CHAT_PUSH_WELCOME, 0, &welcome));
    assert_bytes(welcome.room_uri, w->rooms[room]);
    const struct mls_join_params params = { .welcome = welcome.welcome,
                                            .ratchet_tree = welcome.ratchet_tree,
                                            .key_package = who->key_package,
                                            .secrets = &who->secrets,
                                            .signer = &who->device_key,
                                            .now_s = w->now_ms / 1000 };
    assert_ok(mls_group_join(&w->env, &params, &who->groups[room], &why));
    struct chat_opaque ack = { w->rooms[room] };
    assert_code(world_ask(w, who, CHAT_VERB_WELCOME_ACK, &ack, NULL), CHAT_CODE_OK);
    world_subscribe(w, who, room, welcome.log_seq);
}

/* A key package of `whom`, claimed for a room with their consent. */
static inline tb_bytes world_claim(struct world *w, struct person *by, struct person *whom,
                                   tb_bytes room_uri)
{
    struct chat_key_material_answer material;
    assert_code(world_put_key_package(w, whom, false), CHAT_CODE_OK);
    world_grant(w, whom, by);
    struct chat_key_material ask = world_material_request(whom, room_uri, CHAT_ROOM_GROUP);
    assert_code(world_ask(w, by, CHAT_VERB_KEY_MATERIAL, &ask, &material), CHAT_CODE_OK);
    assert_int_equal(material.clients.count, 1);
    assert_int_equal(material.clients.at[0].client_status, 0);
    return material.clients.at[0].key_package;
}

/* One commit that adds a person as a member, applied by everybody who is there. */
static inline void world_add(struct world *w, struct person *by, struct person *whom, size_t room,
                             uint32_t role)
{
    struct world_commit c = { .count = 0 };
    world_propose_add(w, &c, world_claim(w, by, whom, w->rooms[room]));
    struct chat_user_role_pair pair = { whom->account, role };
    struct chat_participant_update update = { .changed_role_participants = { NULL, 0 } };
    update.added_participants.at = &pair;
    update.added_participants.count = 1;
    world_propose_list(w, &c, &update);
    world_make_commit(w, by, room, &c);
    world_forget(w);
    assert_code(world_update(w, by, room, &c), CHAT_CODE_OK);
    for (size_t i = 0; i < WORLD_PERSON_MAX; i++) {
        struct person *other = &w->people[i];
        if (other == by || other == whom || other->groups[room] == NULL) continue;
        if (other->conn != 0) {
            assert_code(world_ack(w, other, room, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
        }
        world_take(w, other, room, c.out.commit);
    }
    assert_ok(mls_group_pending_merge(by->groups[room]));
    world_join(w, whom, room);
}

/* ------------------------------------------------------------------ messages */

struct world_message {
    uint8_t tag[CHAT_HASH_LEN];
    tb_bytes octets;
};

static inline struct world_message world_encrypt(struct world *w, struct person *who, size_t room,
                                                 uint8_t first_of_tag)
{
    struct world_message message;
    uint8_t aad[CHAT_SAFE_AAD_TAG_LEN];
    memset(message.tag, first_of_tag, sizeof message.tag);
    chat_safe_aad_of_tag(message.tag, aad);
    assert_ok(mls_group_protect(who->groups[room], TB_ARRAY(aad), TB_LITERAL("a text"), 0,
                                &w->arena, &message.octets));
    return message;
}

static inline struct chat_submit world_submit_request(struct world *w, const struct person *who,
                                                      size_t room,
                                                      const struct world_message *message)
{
    return (struct chat_submit){ .room_uri = w->rooms[room], .sending_uri = who->account,
                                 .app_message = message->octets };
}

static inline uint16_t world_submit(struct world *w, const struct person *who, size_t room,
                                    const struct world_message *message,
                                    struct chat_submit_answer *answer)
{
    struct chat_submit request = world_submit_request(w, who, room, message);
    return world_ask(w, who, CHAT_VERB_SUBMIT, &request, answer);
}

static inline uint16_t world_say(struct world *w, struct person *who, size_t room,
                                 uint8_t first_of_tag, struct chat_submit_answer *answer)
{
    struct world_message message = world_encrypt(w, who, room, first_of_tag);
    return world_submit(w, who, room, &message, answer);
}

/* ------------------------------------------------------------------ a usual world */

/* Alice is admin, desk and owner of ROOM; bob, carol and mallory are its members. */
static inline void world_usual(struct world *w, struct world_desk_keys *keys, size_t person_count)
{
    static const char *const names[] = { "alice", "bob", "carol", "mallory" };
    struct person *alice = &w->people[ALICE];
    world_register(w, ALICE, names[ALICE], true);
    world_desk(w, alice, keys);
    struct world_room group = { .kind = CHAT_ROOM_GROUP };
    assert_code(world_create(w, alice, ROOM, &group), CHAT_CODE_OK);
    world_subscribe(w, alice, ROOM, 0);
    for (size_t i = 1; i < person_count; i++) {
        world_register(w, i, names[i], false);
        world_add(w, alice, &w->people[i], ROOM, CHAT_ROLE_MEMBER);
    }
    world_forget(w);
}

#endif
