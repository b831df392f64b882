/*
 * Members of a room and the delivery service that follows them.  The room requires AppDataUpdate,
 * AppEphemeral and SelfRemove, has one external sender (the hub's key) and a dictionary.
 */
#ifndef TB_TESTS_UNIT_MLS_PUBLIC_FIXTURE_H
#define TB_TESTS_UNIT_MLS_PUBLIC_FIXTURE_H

#include "tests/support.h"

#include "mls/public_group.h"
#include "tests/unit/mls_party.h"

struct room {
    struct party p;
    struct crypto_signing_key hub_key;
    struct mls_public_env env;
    struct mls_public_group *hub;
};

/* dictionary: encoded AppDataDictionary of the GroupContext. */
static inline void room_create(struct room *r, uint16_t suite, tb_bytes dictionary)
{
    memset(r, 0, sizeof *r);
    party_init(&r->p, suite, 1);
    assert_ok(crypto_signing_key_new(&r->p.suite, &r->p.rng.rng, &r->hub_key));
    struct wire_opaque identity = { TB_LITERAL("hub") };
    struct mls_external_sender sender = {
        crypto_signing_key_public(&r->hub_key),
        { MLS_CREDENTIAL_BASIC, { .identity = &identity } },
    };
    const struct mls_external_senders senders = { { &sender, 1 } };
    tb_bytes encoded;
    assert_ok(wire_encode(&mls_external_senders_desc, &senders, &r->p.arena, &encoded));
    const struct mls_extension extensions[] = {
        { MLS_EXTENSION_REQUIRED_CAPABILITIES, TB_LITERAL("\2\0\6\6\0\x08\0\x09\0\x0a\2\0\1") },
        { MLS_EXTENSION_EXTERNAL_SENDERS, encoded },
        { MLS_EXTENSION_APP_DATA_DICTIONARY, dictionary },
    };
    party_create_with(&r->p, extensions, 3);
    r->env = (struct mls_public_env){ .suite = &r->p.suite, .mem = &r->p.heap.mem };
}

/* The hub takes the room up from what a member says. */
static inline tb_status room_open(struct room *r, size_t member, struct mls_public_group **out)
{
    tb_bytes info, tree;
    assert_ok(mls_group_info(r->p.member[member].group, false, NULL, 0, &r->p.arena, &info, &tree));
    return mls_public_group_new(&r->env, info, tree, PARTY_NOW_S, out, NULL);
}

static inline void room_begin(struct room *r, size_t member_count)
{
    room_create(r, 1, TB_LITERAL("\x04\0\x22\1x"));
    for (size_t i = 1; i < member_count; i++) party_add(&r->p, 0, i);
    assert_ok(room_open(r, 0, &r->hub));
}

static inline void room_end(struct room *r)
{
    mls_public_group_free(r->hub);
    party_end(&r->p);
}

/* Hub and members hold the same GroupContext. */
static inline void room_assert_agreement(const struct room *r)
{
    for (size_t i = 0; i < PARTY_MAX; i++) {
        const struct mls_group *group = r->p.member[i].group;
        if (group == NULL || !mls_group_is_active(group)) continue;
        assert_bytes(mls_public_group_context(r->hub), mls_group_context(group));
    }
}

static inline tb_status room_stage(struct room *r, tb_bytes message, struct mls_public_staged **out)
{
    return mls_public_group_stage(r->hub, message, (tb_bytes){ NULL, 0 }, PARTY_NOW_S, out, NULL);
}

/* A commit that must be refused; the hub's group is not changed by the attempt. */
static inline void room_assert_refused(struct room *r, tb_bytes message, uint16_t code)
{
    struct mls_public_staged *staged = NULL;
    size_t before = mls_public_group_bytes(r->hub);
    assert_status(room_stage(r, message, &staged), code);
    assert_null(staged);
    assert_int_equal(mls_public_group_bytes(r->hub), before);
}

/* The member's commit goes through hub and members. */
static inline void room_commit(struct room *r, size_t who, const struct mls_commit_params *params,
                               struct mls_commit_out *out)
{
    struct mls_public_staged *staged;
    assert_ok(mls_group_commit(r->p.member[who].group, params, &r->p.arena, out, NULL));
    assert_ok(mls_public_group_stage(r->hub, out->commit, out->group_info, PARTY_NOW_S, &staged,
                                     NULL));
    assert_ok(mls_public_group_merge(r->hub, staged));
    party_deliver(&r->p, who, out->commit);
    assert_ok(mls_group_pending_merge(r->p.member[who].group));
    room_assert_agreement(r);
}

static inline tb_status room_propose(struct room *r, tb_bytes message,
                                     struct mls_public_proposal *out)
{
    return mls_public_group_propose(r->hub, message, PARTY_NOW_S, &r->p.arena, out, NULL);
}

static inline void room_assert_not_proposed(struct room *r, tb_bytes message, uint16_t code)
{
    struct mls_public_proposal out = { .proposal = NULL };
    size_t before = mls_public_group_bytes(r->hub);
    size_t count = mls_public_group_pending_count(r->hub);
    assert_status(room_propose(r, message, &out), code);
    assert_null(out.proposal);
    assert_int_equal(mls_public_group_pending_count(r->hub), count);
    assert_int_equal(mls_public_group_bytes(r->hub), before);
}

/* ---- what a malicious client could send: any content, signed with a key it has ---- */

static inline tb_bytes room_forge(struct room *r, const struct crypto_signing_key *key,
                                  const struct mls_framed_content *content)
{
    static const uint8_t tag[32];
    struct mls_framed framed = { .wire_format = MLS_WIRE_PUBLIC_MESSAGE };
    bool is_member = content->sender.sender_type == MLS_SENDER_MEMBER;
    bool signs_context =
        is_member || content->sender.sender_type == MLS_SENDER_NEW_MEMBER_COMMIT;
    tb_bytes context = { NULL, 0 }, confirmation = { NULL, 0 }, membership = { NULL, 0 };
    tb_bytes signature, message;
    if (signs_context) context = mls_public_group_context(r->hub);
    if (content->content_type == MLS_CONTENT_COMMIT) confirmation = TB_ARRAY(tag);
    if (is_member) membership = TB_ARRAY(tag);
    assert_ok(mls_framing_sign(&r->p.suite, key, framed.wire_format, content, context, &r->p.arena,
                               &framed.content, &signature));
    assert_ok(mls_framing_auth(signature, confirmation, &r->p.arena, &framed.auth));
    assert_ok(mls_framing_public(&framed, membership, &r->p.arena, &message));
    return message;
}

/* Content of this group and epoch by a member, to be filled and spoiled. */
struct forged {
    struct wire_u32 index;
    struct mls_framed_content content;
};

static inline void forged_begin(struct room *r, uint32_t sender, struct forged *out)
{
    *out = (struct forged){ .index = { sender } };
    out->content = (struct mls_framed_content){
        .group_id = mls_public_group_id(r->hub),
        .epoch = mls_public_group_epoch(r->hub),
        .sender = { MLS_SENDER_MEMBER, { .leaf_index = &out->index } },
    };
}

static inline tb_bytes room_forge_proposal(struct room *r, size_t who, struct mls_proposal proposal)
{
    struct forged forged;
    forged_begin(r, (uint32_t)who, &forged);
    forged.content.content_type = MLS_CONTENT_PROPOSAL;
    forged.content.of.proposal = &proposal;
    return room_forge(r, &r->p.member[who].signer, &forged.content);
}

static inline tb_bytes room_forge_commit(struct room *r, size_t who, struct mls_commit commit)
{
    struct forged forged;
    forged_begin(r, (uint32_t)who, &forged);
    forged.content.content_type = MLS_CONTENT_COMMIT;
    forged.content.of.commit = &commit;
    return room_forge(r, &r->p.member[who].signer, &forged.content);
}

/* The Commit in a message, to be changed and signed again. */
static inline struct mls_commit *room_open_commit(struct room *r, tb_bytes message)
{
    struct mls_message decoded;
    assert_ok(wire_decode(&mls_message_desc, message, &r->p.arena, &decoded, NULL));
    return decoded.of.public_message->authenticated.content.of.commit;
}

#endif
