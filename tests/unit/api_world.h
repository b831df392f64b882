/* People over the public interface of the library, for tests.  Functions that can refuse return the
 * library's status and leave everything to api_end. */
#ifndef TB_TESTS_UNIT_API_WORLD_H
#define TB_TESTS_UNIT_API_WORLD_H

#include "tests/support.h"

#include <string.h>

#include "timbre/mls.h"

enum { API_PEOPLE_MAX = 8 };
static const uint64_t API_NOW_S = 1800000000;

struct api_person {
    char name[2]; /* "a" to "h" */
    struct mls_signer *signer;
    struct mls_session *session;
    struct mls_key_package package;
};

struct api_world {
    struct mls_ctx *ctx;
    struct mls_arena *arena;
    struct api_person people[API_PEOPLE_MAX];
    size_t people_count;
    bool tree_beside; /* Welcomes carry no tree */
};

static inline struct mls_octets api_text(const char *text)
{
    return (struct mls_octets){ (const uint8_t *)text, strlen(text) };
}

static inline struct mls_leaf_options api_leaf(const struct api_person *person)
{
    struct mls_leaf_options leaf = MLS_INIT(struct mls_leaf_options);
    leaf.identity.credential_type = MLS_CREDENTIAL_BASIC;
    leaf.identity.identity = api_text(person->name);
    leaf.not_before_s = API_NOW_S - 3600;
    leaf.not_after_s = API_NOW_S + 3600;
    return leaf;
}

/* A fresh key package of theirs. */
static inline int api_package(struct api_world *w, size_t who)
{
    struct mls_leaf_options leaf = api_leaf(&w->people[who]);
    return mls_key_package_make(w->ctx, w->people[who].signer, &leaf, false, w->arena,
                                &w->people[who].package);
}

/* Context, arena, and people with keys and key packages. */
static inline int api_begin(struct api_world *w, const struct mls_config *config, uint16_t suite,
                            size_t people_count)
{
    memset(w, 0, sizeof *w);
    w->people_count = people_count;
    int status = mls_ctx_new(config, &w->ctx);
    if (status == MLS_OK) status = mls_arena_new(w->ctx, &w->arena);
    for (size_t i = 0; i < people_count && status == MLS_OK; i++) {
        w->people[i].name[0] = (char)('a' + i);
        status = mls_signer_new(w->ctx, suite, &w->people[i].signer);
        if (status == MLS_OK) status = api_package(w, i);
    }
    return status;
}

static inline void api_end(struct api_world *w)
{
    for (size_t i = 0; i < w->people_count; i++) {
        mls_session_free(w->people[i].session);
        mls_signer_free(w->people[i].signer);
    }
    mls_arena_free(w->arena);
    mls_ctx_free(w->ctx);
}

static inline int api_join(struct api_world *w, size_t who, struct mls_octets welcome)
{
    struct mls_join_options join = MLS_INIT(struct mls_join_options);
    join.welcome = welcome;
    join.key_package = w->people[who].package.key_package;
    join.private_part = w->people[who].package.private_part;
    join.now_s = API_NOW_S;
    return mls_session_join(w->ctx, w->people[who].signer, &join, &w->people[who].session, NULL);
}

/* The first makes a group with these extensions and adds all others, who join. */
static inline int api_meet_with(struct api_world *w, const struct mls_ext *extensions,
                                size_t extension_count, size_t joining)
{
    struct mls_leaf_options leaf = api_leaf(&w->people[0]);
    struct mls_create_options create = MLS_INIT(struct mls_create_options);
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_proposal_spec adds[API_PEOPLE_MAX];
    const struct mls_proposal_spec *proposals[API_PEOPLE_MAX];
    uint16_t types[8];
    for (size_t i = 0; i < extension_count && i < 8; i++) types[i] = extensions[i].extension_type;
    leaf.extension_types = types;
    leaf.extension_type_count = extension_count;
    create.leaf = &leaf;
    create.extensions = extensions;
    create.extension_count = extension_count;
    int status = mls_session_create(w->ctx, w->people[0].signer, &create, &w->people[0].session);
    if (status != MLS_OK) return status;
    for (size_t i = 1; i < joining; i++) {
        adds[i] = (struct mls_proposal_spec)MLS_INIT(struct mls_proposal_spec);
        adds[i].proposal_type = MLS_PROPOSAL_ADD;
        adds[i].key_package = w->people[i].package.key_package;
        proposals[i - 1] = &adds[i];
    }
    commit.proposals = proposals;
    commit.proposal_count = joining - 1;
    commit.tree_in_welcome = true;
    commit.now_s = API_NOW_S;
    status = mls_session_commit(w->people[0].session, &commit, w->arena, &made, NULL);
    if (status == MLS_OK) status = mls_session_merge(w->people[0].session, MLS_STAGED_OWN);
    for (size_t i = 1; i < joining && status == MLS_OK; i++) status = api_join(w, i, made.welcome);
    return status;
}

static inline int api_meet(struct api_world *w)
{
    return api_meet_with(w, NULL, 0, w->people_count);
}

/* One takes a message; incoming may be NULL. */
static inline int api_take(struct api_world *w, size_t who, struct mls_octets message,
                           struct mls_incoming *incoming)
{
    struct mls_incoming own = MLS_INIT(struct mls_incoming);
    if (incoming == NULL) incoming = &own;
    incoming->size = sizeof *incoming;
    return mls_session_receive(w->people[who].session, message, API_NOW_S, NULL, 0, w->arena,
                               incoming, NULL);
}

static inline int api_say(struct api_world *w, size_t from, size_t to, const char *words)
{
    struct mls_incoming incoming = MLS_INIT(struct mls_incoming);
    struct mls_octets message, none = { NULL, 0 };
    int status = mls_session_protect(w->people[from].session, none, api_text(words), 0, w->arena,
                                     &message);
    if (status == MLS_OK) status = api_take(w, to, message, &incoming);
    if (status != MLS_OK) return status;
    assert_int_equal(incoming.kind, MLS_INCOMING_APPLICATION);
    assert_int_equal(incoming.content.len, strlen(words));
    assert_memory_equal(incoming.content.data, words, strlen(words));
    return MLS_OK;
}

/* Everybody who has a session takes this commit; the committer's is staged. */
static inline int api_spread(struct api_world *w, size_t committer, struct mls_octets commit)
{
    for (size_t i = 0; i < w->people_count; i++) {
        if (i == committer || w->people[i].session == NULL) continue;
        int status = api_take(w, i, commit, NULL);
        if (status == MLS_OK) status = mls_session_merge(w->people[i].session, MLS_STAGED_RECEIVED);
        if (status != MLS_OK) return status;
    }
    return mls_session_merge(w->people[committer].session, MLS_STAGED_OWN);
}

/* Commit with these options, which all take. */
static inline int api_commit(struct api_world *w, size_t who, struct mls_commit_options *options,
                             struct mls_commit_result *made)
{
    options->now_s = API_NOW_S;
    made->size = sizeof *made;
    int status = mls_session_commit(w->people[who].session, options, w->arena, made, NULL);
    return status == MLS_OK ? api_spread(w, who, made->commit) : status;
}

static inline int api_renew(struct api_world *w, size_t who)
{
    struct mls_commit_options options = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    options.force_path = true;
    return api_commit(w, who, &options, &made);
}

/* Stop, and go on from the stored state. */
static inline int api_restart(struct api_world *w, size_t who)
{
    struct mls_octets state;
    struct mls_session *session = NULL;
    int status = mls_session_state(w->people[who].session, w->arena, &state);
    if (status == MLS_OK) {
        status = mls_session_load(w->ctx, w->people[who].signer, state, &session);
    }
    if (status != MLS_OK) return status;
    mls_session_free(w->people[who].session);
    w->people[who].session = session;
    return MLS_OK;
}

/* Are all who have a session in one epoch? */
static inline bool api_agree(const struct api_world *w)
{
    struct mls_octets first = { NULL, 0 };
    for (size_t i = 0; i < w->people_count; i++) {
        if (w->people[i].session == NULL) continue;
        struct mls_octets own = mls_session_epoch_authenticator(w->people[i].session);
        if (first.len == 0) first = own;
        if (own.len != first.len || memcmp(own.data, first.data, own.len) != 0) return false;
    }
    return first.len != 0;
}

#endif
