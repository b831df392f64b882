/*
 * A few members of one group in one process, and a delivery service that is a function call.
 * Include after tests/support.h.
 */
#ifndef TB_TESTS_UNIT_MLS_PARTY_H
#define TB_TESTS_UNIT_MLS_PARTY_H

#include "mls/framing.h"
#include "mls/group.h"
#include "tests/support.h"

enum { PARTY_MAX = 8, PARTY_NOW_S = 1800000000 };

struct member {
    char name[16];
    struct crypto_signing_key signer;
    struct mls_group *group; /* NULL: outside */
};

struct party {
    struct test_heap heap;
    struct test_rng rng;
    struct crypto_suite suite;
    struct mls_env env;
    struct tb_arena arena;
    struct member member[PARTY_MAX];
};

static inline void party_init(struct party *p, uint16_t suite, uint64_t seed)
{
    memset(p, 0, sizeof *p);
    test_heap_init(&p->heap);
    test_rng_init(&p->rng, seed);
    assert_ok(crypto_suite_init(&p->suite, suite, crypto_backend_native()));
    p->env = (struct mls_env){ .suite = &p->suite, .mem = &p->heap.mem, .rng = &p->rng.rng };
    tb_arena_init(&p->arena, &p->heap.mem, SIZE_MAX);
    for (size_t i = 0; i < PARTY_MAX; i++) {
        snprintf(p->member[i].name, sizeof p->member[i].name, "member-%zu", i);
        assert_ok(crypto_signing_key_new(&p->suite, &p->rng.rng, &p->member[i].signer));
    }
}

static inline void party_end(struct party *p)
{
    for (size_t i = 0; i < PARTY_MAX; i++) mls_group_free(p->member[i].group);
    tb_arena_wipe(&p->arena);
    assert_int_equal(p->heap.mem.used_bytes, 0);
}

static inline tb_bytes party_name(const struct party *p, size_t who)
{
    return tb_bytes_text(p->member[who].name);
}

static inline void party_create_with(struct party *p, const struct mls_extension *extensions,
                                     size_t extension_count)
{
    const struct mls_group_params params = {
        .group_id = TB_LITERAL("a group of the tests"),
        .identity = party_name(p, 0),
        .signer = &p->member[0].signer,
        .extensions = extensions,
        .extension_count = extension_count,
        .not_before_s = PARTY_NOW_S - 3600,
        .not_after_s = PARTY_NOW_S + 86400,
    };
    assert_ok(mls_group_create(&p->env, &params, &p->member[0].group));
}

/* A key package of somebody, and an Add of it. */
struct party_key_package {
    tb_bytes encoded;
    struct mls_key_package_secrets secrets;
    struct mls_add add;
    struct mls_proposal proposal;
};
static inline void party_key_package(struct party *p, size_t who, struct party_key_package *out)
{
    uint8_t ref[CRYPTO_HASH_MAX];
    const struct mls_key_package_params params = {
        .identity = party_name(p, who),
        .signer = &p->member[who].signer,
        .not_before_s = PARTY_NOW_S - 3600,
        .not_after_s = PARTY_NOW_S + 86400,
    };
    memset(out, 0, sizeof *out);
    assert_ok(mls_key_package_new(&p->env, &params, &p->arena, &out->encoded, &out->secrets, ref));
    assert_ok(wire_decode(&mls_key_package_in_desc, out->encoded, &p->arena, &out->add.key_package,
                          NULL));
    out->proposal.proposal_type = MLS_PROPOSAL_ADD;
    out->proposal.of.add = &out->add;
}

static inline void party_join(struct party *p, size_t who, const struct party_key_package *own,
                              tb_bytes welcome, tb_bytes ratchet_tree)
{
    const struct mls_join_params params = {
        .welcome = welcome,
        .ratchet_tree = ratchet_tree,
        .key_package = own->encoded,
        .secrets = &own->secrets,
        .signer = &p->member[who].signer,
        .now_s = PARTY_NOW_S,
    };
    assert_null(p->member[who].group);
    assert_ok(mls_group_join(&p->env, &params, &p->member[who].group, NULL));
}

static inline tb_status party_receive(struct party *p, size_t who, tb_bytes message,
                                      struct mls_received *out)
{
    return mls_group_receive(p->member[who].group, message, PARTY_NOW_S, NULL, 0, &p->arena, out,
                             NULL);
}

/* Hand a handshake to every active member but its sender; commits are merged. */
static inline void party_deliver(struct party *p, size_t from, tb_bytes message)
{
    struct mls_received received;
    for (size_t i = 0; i < PARTY_MAX; i++) {
        struct mls_group *group = p->member[i].group;
        if (i == from || group == NULL || !mls_group_is_active(group)) continue;
        assert_ok(party_receive(p, i, message, &received));
        if (received.kind == MLS_RECEIVED_COMMIT) {
            assert_ok(mls_group_merge(group, received.staged));
        }
    }
}

/* Commit, deliver, merge: everybody is in the next epoch.  Newcomers join by the output. */
static inline void party_commit(struct party *p, size_t who, const struct mls_commit_params *params,
                                struct mls_commit_out *out)
{
    assert_ok(mls_group_commit(p->member[who].group, params, &p->arena, out, NULL));
    party_deliver(p, who, out->commit);
    assert_ok(mls_group_pending_merge(p->member[who].group));
}

/* `who` commits the Add of `newcomer`, who joins. */
static inline void party_add(struct party *p, size_t who, size_t newcomer)
{
    struct party_key_package key_package;
    struct mls_commit_out out;
    party_key_package(p, newcomer, &key_package);
    const struct mls_commit_params params = {
        .proposals = &key_package.proposal,
        .proposal_count = 1,
        .force_path = true,
        .as_public = true,
        .tree_in_welcome = true,
        .now_s = PARTY_NOW_S,
    };
    party_commit(p, who, &params, &out);
    party_join(p, newcomer, &key_package, out.welcome, (tb_bytes){ NULL, 0 });
    mls_key_package_secrets_wipe(&key_package.secrets);
}

/* A group of the first `count` members. */
static inline void party_start(struct party *p, uint16_t suite, uint64_t seed, size_t count)
{
    party_init(p, suite, seed);
    party_create_with(p, NULL, 0);
    for (size_t i = 1; i < count; i++) party_add(p, 0, i);
}

/* All active members hold one epoch and one secret. */
static inline void party_assert_agreement(const struct party *p)
{
    const struct mls_group *first = NULL;
    for (size_t i = 0; i < PARTY_MAX; i++) {
        const struct mls_group *group = p->member[i].group;
        if (group == NULL || !mls_group_is_active(group)) continue;
        if (first == NULL) first = group;
        assert_bytes(mls_group_context(group), mls_group_context(first));
        assert_bytes(mls_group_epoch_authenticator(group), mls_group_epoch_authenticator(first));
    }
    assert_non_null(first);
}

static inline tb_bytes party_protect(struct party *p, size_t who, tb_bytes text)
{
    tb_bytes message;
    assert_ok(mls_group_protect(p->member[who].group, (tb_bytes){ NULL, 0 }, text, 0, &p->arena,
                                &message));
    return message;
}

static inline void party_assert_reads(struct party *p, size_t who, tb_bytes message, tb_bytes text)
{
    struct mls_received received;
    assert_ok(party_receive(p, who, message, &received));
    assert_int_equal(received.kind, MLS_RECEIVED_APPLICATION);
    assert_bytes(received.application_data, text);
}

/* A copy of a message with one octet changed. */
static inline tb_bytes party_spoil(struct party *p, tb_bytes message, size_t at)
{
    tb_bytes copy;
    assert_ok(tb_arena_dup(&p->arena, message, &copy));
    ((uint8_t *)(uintptr_t)copy.data)[at] ^= 1;
    return copy;
}

#endif
