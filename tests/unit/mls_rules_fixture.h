/*
 * For the tests of docs/mls-validation.md: a member (MALLORY) that has all the group's secrets and
 * breaks one rule.  Its messages are well formed, signed and tagged; an honest member (ALICE) and
 * the delivery service must refuse them with the same status, and go on as before.
 */
#ifndef TB_TESTS_UNIT_MLS_RULES_FIXTURE_H
#define TB_TESTS_UNIT_MLS_RULES_FIXTURE_H

#include "tests/unit/mls_public_fixture.h"

#include "mls/group_state.h"

enum { ALICE = 0, MALLORY = 1, BOB = 2, CAROL = 3, NEWCOMER = 5 };

static const tb_bytes RULES_NOTHING = { NULL, 0 };

/* A room of count members whose GroupContext has these extensions and no others. */
static inline void rules_begin_with(struct room *r, size_t count,
                                    const struct mls_extension *extensions, size_t extension_count)
{
    memset(r, 0, sizeof *r);
    party_init(&r->p, 1, 1);
    party_create_with(&r->p, extensions, extension_count);
    r->env = (struct mls_public_env){ .suite = &r->p.suite, .mem = &r->p.heap.mem };
    for (size_t i = 1; i < count; i++) party_add(&r->p, ALICE, i);
    assert_ok(room_open(r, ALICE, &r->hub));
}

/* ---- framing with the group's own secrets ---- */

static inline tb_bytes rules_frame(struct room *r, size_t who, uint8_t content_type,
                                   union mls_framed_content_select of)
{
    static const uint8_t tag[32];
    struct mls_group *group = r->p.member[who].group;
    struct mls_framed framed = { .wire_format = MLS_WIRE_PUBLIC_MESSAGE };
    tb_bytes signature, message, confirmation_tag = { tag, 0 };
    if (content_type == MLS_CONTENT_COMMIT) confirmation_tag.len = sizeof tag;
    assert_ok(mls_group_send_sign(group, framed.wire_format, content_type, of, RULES_NOTHING,
                                  &r->p.arena, &framed.content, &signature));
    assert_ok(mls_framing_auth(signature, confirmation_tag, &r->p.arena, &framed.auth));
    assert_ok(mls_group_send(group, &framed, content_type, RULES_NOTHING, 0, &r->p.arena,
                             &message));
    return message;
}

static inline tb_bytes rules_proposal(struct room *r, size_t who, struct mls_proposal proposal)
{
    return rules_frame(r, who, MLS_CONTENT_PROPOSAL,
                       (union mls_framed_content_select){ .proposal = &proposal });
}

static inline tb_bytes rules_commit(struct room *r, size_t who, struct mls_commit commit)
{
    return rules_frame(r, who, MLS_CONTENT_COMMIT,
                       (union mls_framed_content_select){ .commit = &commit });
}

/* ---- who refuses ---- */

static inline void rules_alice_refuses(struct room *r, tb_bytes message, uint16_t code)
{
    struct mls_received received;
    const struct mls_group *group = r->p.member[ALICE].group;
    size_t cached = group->cache_count;
    uint64_t epoch = mls_group_epoch(group);
    assert_status(party_receive(&r->p, ALICE, message, &received), code);
    assert_null(group->staged);
    assert_int_equal(group->cache_count, cached);
    assert_int_equal(mls_group_epoch(group), epoch);
}

/* A proposal of MALLORY is refused by both. */
static inline void rules_refuse_proposal(struct room *r, struct mls_proposal proposal,
                                         uint16_t code)
{
    tb_bytes message = rules_proposal(r, MALLORY, proposal);
    rules_alice_refuses(r, message, code);
    room_assert_not_proposed(r, message, code);
}

static inline void rules_refuse_message(struct room *r, tb_bytes commit, uint16_t code)
{
    rules_alice_refuses(r, commit, code);
    room_assert_refused(r, commit, code);
}

/* A commit of MALLORY that holds these by value, and this path, is refused by both. */
static inline void rules_refuse_commit(struct room *r, const struct mls_proposal *proposals,
                                       size_t count, struct mls_update_path *path, uint16_t code)
{
    struct mls_proposal_or_ref *list = tb_arena_take(&r->p.arena, count, sizeof *list);
    for (size_t i = 0; i < count; i++) {
        list[i].type = MLS_BY_VALUE;
        list[i].of.proposal = (struct mls_proposal *)(uintptr_t)&proposals[i];
    }
    const struct mls_commit commit = { .proposals = { list, count }, .path = path };
    rules_refuse_message(r, rules_commit(r, MALLORY, commit), code);
}

/* A proposal of who, kept as pending by ALICE and the hub (not by MALLORY). */
static inline tb_bytes rules_pend(struct room *r, tb_bytes message)
{
    struct mls_public_proposal kept;
    struct mls_received received;
    assert_ok(room_propose(r, message, &kept));
    assert_ok(party_receive(&r->p, ALICE, message, &received));
    return kept.ref;
}

/* A commit of MALLORY that refers to these is refused by both. */
static inline void rules_refuse_references(struct room *r, const tb_bytes *refs, size_t count,
                                           struct mls_update_path *path, uint16_t code)
{
    struct mls_proposal_or_ref *list = tb_arena_take(&r->p.arena, count, sizeof *list);
    struct wire_opaque *values = tb_arena_take(&r->p.arena, count, sizeof *values);
    for (size_t i = 0; i < count; i++) {
        values[i].value = refs[i];
        list[i].type = MLS_BY_REFERENCE;
        list[i].of.reference = &values[i];
    }
    const struct mls_commit commit = { .proposals = { list, count }, .path = path };
    rules_refuse_message(r, rules_commit(r, MALLORY, commit), code);
}

/* ---- honest parts to be spoiled ---- */

/* The path of an honest commit of MALLORY with these proposals, which is not sent. */
static inline struct mls_update_path *rules_path(struct room *r,
                                                 const struct mls_proposal *proposals, size_t count)
{
    const struct mls_commit_params params = { .proposals = proposals, .proposal_count = count,
                                              .force_path = true, .as_public = true,
                                              .now_s = PARTY_NOW_S };
    struct mls_commit_out out;
    struct mls_group *group = r->p.member[MALLORY].group;
    assert_ok(mls_group_commit(group, &params, &r->p.arena, &out, NULL));
    mls_group_pending_clear(group);
    return room_open_commit(r, out.commit)->path;
}

/* The leaf with a signature that fits what it says. */
static inline struct mls_leaf_node *rules_sign_leaf(struct room *r, size_t who,
                                                    const struct mls_leaf_node *fields,
                                                    uint32_t leaf_index)
{
    const struct mls_leaf_place place = { mls_public_group_id(r->hub), leaf_index };
    struct mls_leaf_node *leaf = tb_arena_take(&r->p.arena, 1, sizeof *leaf);
    tb_bytes encoded;
    assert_ok(mls_leaf_sign(&r->p.suite, &r->p.member[who].signer, fields, &place, &r->p.arena,
                            &encoded));
    assert_ok(wire_decode(&mls_leaf_node_desc, encoded, &r->p.arena, leaf, NULL));
    return leaf;
}

/* An Update of MALLORY's leaf with a fresh key, to be changed and signed. */
static inline struct mls_leaf_node rules_update_leaf(struct room *r)
{
    struct mls_leaf_node fields = *mls_tree_leaf(&r->p.member[ALICE].group->now->tree, MALLORY);
    struct tb_secret private_key;
    uint8_t *key = tb_arena_take(&r->p.arena, CRYPTO_PUBLIC_MAX, 1);
    assert_ok(crypto_hpke_generate(&r->p.suite, &r->p.rng.rng, &private_key, key));
    fields.encryption_key = (tb_bytes){ key, r->p.suite.dh_public_len };
    fields.leaf_node_source = MLS_LEAF_UPDATE;
    fields.of.any = NULL;
    return fields;
}

/* A key package of who, to be changed; then rules_add signs it. */
static inline struct mls_key_package_in rules_package(struct room *r, size_t who)
{
    struct party_key_package made;
    party_key_package(&r->p, who, &made);
    mls_key_package_secrets_wipe(&made.secrets);
    return made.add.key_package;
}

/* Its Add; the leaf is signed too when with_leaf. */
static inline struct mls_proposal rules_add(struct room *r, size_t who,
                                            struct mls_key_package_in fields, bool with_leaf)
{
    struct mls_add *add = tb_arena_take(&r->p.arena, 1, sizeof *add);
    tb_bytes encoded;
    if (with_leaf) fields.leaf_node = *rules_sign_leaf(r, who, &fields.leaf_node, 0);
    assert_ok(mls_leaf_key_package_sign(&r->p.suite, &r->p.member[who].signer, &fields,
                                        &r->p.arena, &encoded));
    assert_ok(wire_decode(&mls_key_package_in_desc, encoded, &r->p.arena, &add->key_package,
                          NULL));
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_ADD, .of = { .add = add } };
}

/* Both ways that an Add travels: by itself, and in a commit. */
static inline void rules_refuse_add(struct room *r, struct mls_key_package_in fields, uint16_t code)
{
    const struct mls_proposal add = rules_add(r, NEWCOMER, fields, true);
    rules_refuse_proposal(r, add, code);
    rules_refuse_commit(r, &add, 1, NULL, code);
}

static inline struct mls_proposal rules_remove(struct room *r, uint32_t leaf_index)
{
    struct mls_remove *remove = tb_arena_take(&r->p.arena, 1, sizeof *remove);
    remove->removed = leaf_index;
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REMOVE,
                                  .of = { .remove = remove } };
}

static inline struct mls_proposal rules_extensions(struct room *r,
                                                   const struct mls_extension *extensions,
                                                   size_t count)
{
    struct mls_group_context_extensions *next = tb_arena_take(&r->p.arena, 1, sizeof *next);
    next->extensions.at = tb_arena_take(&r->p.arena, count, sizeof *extensions);
    if (count != 0) memcpy(next->extensions.at, extensions, count * sizeof *extensions);
    next->extensions.count = count;
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                                  .of = { .group_context_extensions = next } };
}

#endif
