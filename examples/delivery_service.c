/*
 * A delivery service follows a group without any of its secrets: it checks each commit before it
 * passes it on, proposes a removal as an external sender, and keeps the group as octets.
 *
 *   cc delivery_service.c $(pkg-config --cflags --libs timbre-mls) -o delivery_service
 *
 * Handshakes are PublicMessages here: what is to be checked must be readable.
 */
#include <stdio.h>
#include <string.h>

#include <timbre/mls.h>

enum { SUITE = MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519, MEMBERS = 3 };
static const uint64_t NOW_S = 1800000000, WEEK_S = 7 * 24 * 3600;
static const char *const NAMES[MEMBERS] = { "alice", "bob", "carol" };
static const struct mls_octets NOTHING = { NULL, 0 };

struct world {
    struct mls_ctx *ctx;
    struct mls_arena *arena;
    struct mls_signer *service_key;
    struct mls_follower *follower;
    struct mls_signer *signers[MEMBERS];
    struct mls_session *sessions[MEMBERS];
};

static struct mls_octets text(const char *value)
{
    struct mls_octets octets = { (const uint8_t *)value, strlen(value) };
    return octets;
}

static int failed(const char *step, int status)
{
    fprintf(stderr, "%s: %s (%s)\n", step, mls_status_text(status), mls_status_name(status));
    return status;
}
#define STEP(CALL_)                                                                                \
    do {                                                                                           \
        int status_ = (CALL_);                                                                     \
        if (status_ != MLS_OK) return failed(#CALL_, status_);                                     \
    } while (0)

static struct mls_leaf_options leaf_of(size_t person)
{
    struct mls_leaf_options leaf = MLS_INIT(struct mls_leaf_options);
    leaf.identity.credential_type = MLS_CREDENTIAL_BASIC;
    leaf.identity.identity = text(NAMES[person]);
    leaf.not_before_s = NOW_S - 3600;
    leaf.not_after_s = NOW_S + WEEK_S;
    return leaf;
}

/*
 * The external_senders extension (RFC 9420, section 12.1.8.1) with one sender: the service.  Lists
 * and octets are preceded by their length; each is below 64 here, so that one octet holds it.
 */
static struct mls_octets external_senders(struct world *w)
{
    struct mls_octets key = mls_signer_public_key(w->service_key), name = text("service"), made;
    uint8_t *out = mls_arena_take(w->arena, key.len + name.len + 5);
    if (out == NULL) return NOTHING;
    made.data = out;
    made.len = key.len + name.len + 5;
    *out++ = (uint8_t)(made.len - 1);
    *out++ = (uint8_t)key.len;
    memcpy(out, key.data, key.len);
    out += key.len;
    *out++ = 0; /* credential_type, basic */
    *out++ = MLS_CREDENTIAL_BASIC;
    *out++ = (uint8_t)name.len;
    memcpy(out, name.data, name.len);
    return made;
}

/* The service judges a commit: first the protocol's rules, then its own. */
static int accept(struct world *w, struct mls_octets commit, struct mls_octets group_info)
{
    struct mls_staged_info staged = MLS_INIT(struct mls_staged_info);
    struct mls_where where = { NULL, NULL, 0 };
    STEP(mls_follower_stage(w->follower, commit, group_info, NOW_S, &staged, &where));
    for (size_t i = 0; i < staged.added_count + staged.removed_count; i++) {
        bool is_added = i < staged.added_count;
        struct mls_leaf_info leaf = MLS_INIT(struct mls_leaf_info);
        STEP(mls_follower_staged_leaf(w->follower,
                                      is_added ? MLS_LEAVES_ADDED : MLS_LEAVES_REMOVED,
                                      is_added ? i : i - staged.added_count, w->arena, &leaf));
        printf("epoch %u: %s %.*s\n", (unsigned)staged.new_epoch, is_added ? "adds" : "removes",
               (int)leaf.credential.identity.len, (const char *)leaf.credential.identity.data);
    }
    if (staged.added_count > 16) { /* a rule of this service: no crowds */
        mls_follower_clear(w->follower);
        return failed("too many at once", MLS_ARGUMENT);
    }
    STEP(mls_follower_merge(w->follower));
    return MLS_OK;
}

/* Alice makes the group; the service begins to follow it. */
static int begin(struct world *w)
{
    struct mls_leaf_options leaf = leaf_of(0);
    struct mls_create_options create = MLS_INIT(struct mls_create_options);
    struct mls_octets info, tree;
    struct mls_ext extension = { MLS_EXTENSION_EXTERNAL_SENDERS, external_senders(w) };
    create.leaf = &leaf;
    create.extensions = &extension;
    create.extension_count = 1;
    STEP(mls_signer_new(w->ctx, SUITE, &w->signers[0]));
    STEP(mls_session_create(w->ctx, w->signers[0], &create, &w->sessions[0]));
    STEP(mls_session_group_info(w->sessions[0], false, NULL, 0, w->arena, &info, &tree));
    STEP(mls_follower_new(w->ctx, info, tree, NOW_S, &w->follower, NULL));
    return MLS_OK;
}

/* Alice adds the others; the service checks their key packages and the commit. */
static int add_others(struct world *w)
{
    struct mls_key_package packages[MEMBERS];
    struct mls_proposal_spec adds[MEMBERS];
    const struct mls_proposal_spec *proposals[MEMBERS];
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    for (size_t i = 1; i < MEMBERS; i++) {
        struct mls_leaf_options leaf = leaf_of(i);
        struct mls_key_package_info info = MLS_INIT(struct mls_key_package_info);
        STEP(mls_signer_new(w->ctx, SUITE, &w->signers[i]));
        STEP(mls_key_package_make(w->ctx, w->signers[i], &leaf, false, w->arena, &packages[i]));
        STEP(mls_key_package_open(w->ctx, packages[i].key_package, NOW_S, w->arena, &info, NULL));
        memset(&adds[i], 0, sizeof adds[i]);
        adds[i].size = sizeof adds[i];
        adds[i].proposal_type = MLS_PROPOSAL_ADD;
        adds[i].key_package = info.key_package;
        proposals[i - 1] = &adds[i];
    }
    commit.proposals = proposals;
    commit.proposal_count = MEMBERS - 1;
    commit.as_public = true;
    commit.now_s = NOW_S;
    STEP(mls_session_commit(w->sessions[0], &commit, w->arena, &made, NULL));
    if (accept(w, made.commit, made.group_info) != MLS_OK) return MLS_ARGUMENT;
    STEP(mls_session_merge(w->sessions[0], MLS_STAGED_OWN));
    for (size_t i = 1; i < MEMBERS; i++) {
        struct mls_join_options join = MLS_INIT(struct mls_join_options);
        join.welcome = made.welcome;
        /* The tree is large in large groups; the service has it already. */
        STEP(mls_follower_ratchet_tree(w->follower, w->arena, &join.ratchet_tree));
        join.key_package = packages[i].key_package;
        join.private_part = packages[i].private_part;
        join.now_s = NOW_S;
        STEP(mls_session_join(w->ctx, w->signers[i], &join, &w->sessions[i], NULL));
    }
    return MLS_OK;
}

/* The service stops and goes on from its own octets. */
static int restart(struct world *w)
{
    struct mls_octets state;
    STEP(mls_follower_state(w->follower, w->arena, &state));
    mls_follower_free(w->follower);
    w->follower = NULL;
    STEP(mls_follower_load(w->ctx, state, &w->follower));
    printf("stored and read back: %u octets\n", (unsigned)state.len);
    return MLS_OK;
}

/* The service asks for Carol's removal; Bob commits it; everybody follows. */
static int remove_carol(struct world *w)
{
    struct mls_proposal_spec remove = MLS_INIT(struct mls_proposal_spec);
    struct mls_proposal_info kept = MLS_INIT(struct mls_proposal_info);
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_octets proposal, ref;
    remove.proposal_type = MLS_PROPOSAL_REMOVE;
    remove.leaf_index = 2;
    STEP(mls_follower_external(w->follower, w->service_key, 0, &remove, NOTHING, w->arena,
                               &proposal, &ref));
    STEP(mls_follower_propose(w->follower, proposal, NOW_S, w->arena, &kept, NULL));
    for (size_t i = 0; i < MEMBERS; i++) {
        struct mls_incoming incoming = MLS_INIT(struct mls_incoming);
        STEP(mls_session_receive(w->sessions[i], proposal, NOW_S, NULL, 0, w->arena, &incoming,
                                 NULL));
    }
    commit.as_public = true;
    commit.now_s = NOW_S;
    STEP(mls_session_commit(w->sessions[1], &commit, w->arena, &made, NULL));
    if (accept(w, made.commit, made.group_info) != MLS_OK) return MLS_ARGUMENT;
    STEP(mls_session_merge(w->sessions[1], MLS_STAGED_OWN));
    for (size_t i = 0; i < MEMBERS; i += 2) {
        struct mls_incoming incoming = MLS_INIT(struct mls_incoming);
        STEP(mls_session_receive(w->sessions[i], made.commit, NOW_S, NULL, 0, w->arena, &incoming,
                                 NULL));
        STEP(mls_session_merge(w->sessions[i], MLS_STAGED_RECEIVED));
        printf("%s is %s\n", NAMES[i],
               mls_session_is_active(w->sessions[i]) ? "still a member" : "out");
    }
    return MLS_OK;
}

static int run(struct world *w)
{
    STEP(mls_ctx_new(NULL, &w->ctx));
    STEP(mls_arena_new(w->ctx, &w->arena));
    STEP(mls_signer_new(w->ctx, SUITE, &w->service_key));
    if (begin(w) != MLS_OK || add_others(w) != MLS_OK) return MLS_ARGUMENT;
    if (restart(w) != MLS_OK || remove_carol(w) != MLS_OK) return MLS_ARGUMENT;
    return mls_follower_epoch(w->follower) == mls_session_epoch(w->sessions[0]) ? MLS_OK
                                                                                : MLS_EPOCH;
}

int main(void)
{
    struct world w = { .ctx = NULL };
    int status = run(&w);
    for (size_t i = 0; i < MEMBERS; i++) {
        mls_session_free(w.sessions[i]);
        mls_signer_free(w.signers[i]);
    }
    mls_follower_free(w.follower);
    mls_signer_free(w.service_key);
    mls_arena_free(w.arena);
    mls_ctx_free(w.ctx);
    return status == MLS_OK ? 0 : 1;
}
