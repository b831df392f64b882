/*
 * Two members of a group talk.  Alice makes a group and adds Bob by his key package; they exchange
 * messages; Bob renews his keys; Alice's device restarts from its stored state.
 *
 *   cc two_members.c $(pkg-config --cflags --libs timbre-mls) -o two_members
 *
 * What a real program does besides: it puts key packages where others find them, carries messages,
 * stores the state before it sends (here: between the calls), and checks who owns which key.
 */
#include <stdio.h>
#include <string.h>

#include <timbre/mls.h>

enum { SUITE = MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 };
/* Lifetime of the key packages; a real program takes the clock. */
static const uint64_t NOW_S = 1800000000, WEEK_S = 7 * 24 * 3600;

struct person {
    const char *name;
    struct mls_signer *signer;
    struct mls_session *session;
};

/* Everything that the program owns, so that it ends in one place. */
struct world {
    struct mls_ctx *ctx;
    struct mls_arena *arena;
    struct person alice, bob;
};

static struct mls_octets text(const char *value)
{
    struct mls_octets octets = { (const uint8_t *)value, strlen(value) };
    return octets;
}

/* Say what went wrong; the caller gives up. */
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

/* The application's answer to "who is this?": a basic credential is a name and no proof.  Here two
 * names are known; a real program looks up which key belongs to whom. */
static bool check_credential(void *user, const struct mls_credential_question *question)
{
    const struct mls_octets name = question->credential.identity;
    (void)user;
    return question->credential.credential_type == MLS_CREDENTIAL_BASIC &&
           ((name.len == 5 && memcmp(name.data, "alice", 5) == 0) ||
            (name.len == 3 && memcmp(name.data, "bob", 3) == 0));
}

static struct mls_leaf_options leaf_of(const struct person *person)
{
    struct mls_leaf_options leaf = MLS_INIT(struct mls_leaf_options);
    leaf.identity.credential_type = MLS_CREDENTIAL_BASIC;
    leaf.identity.identity = text(person->name);
    leaf.not_before_s = NOW_S - 3600;
    leaf.not_after_s = NOW_S + WEEK_S;
    return leaf;
}

/* Alice makes the group and adds Bob; Bob joins by the Welcome. */
static int meet(struct world *w)
{
    struct mls_leaf_options alice_leaf = leaf_of(&w->alice), bob_leaf = leaf_of(&w->bob);
    struct mls_create_options create = MLS_INIT(struct mls_create_options);
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_proposal_spec add = MLS_INIT(struct mls_proposal_spec);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_join_options join = MLS_INIT(struct mls_join_options);
    struct mls_key_package package;
    const struct mls_proposal_spec *proposals[] = { &add };

    STEP(mls_signer_new(w->ctx, SUITE, &w->alice.signer));
    STEP(mls_signer_new(w->ctx, SUITE, &w->bob.signer));
    create.leaf = &alice_leaf;
    STEP(mls_session_create(w->ctx, w->alice.signer, &create, &w->alice.session));

    /* Bob publishes a key package and keeps its private part. */
    STEP(mls_key_package_make(w->ctx, w->bob.signer, &bob_leaf, false, w->arena, &package));

    add.proposal_type = MLS_PROPOSAL_ADD;
    add.key_package = package.key_package;
    commit.proposals = proposals;
    commit.proposal_count = 1;
    commit.tree_in_welcome = true;
    commit.now_s = NOW_S;
    STEP(mls_session_commit(w->alice.session, &commit, w->arena, &made, NULL));
    /* The delivery service has taken it: */
    STEP(mls_session_merge(w->alice.session, MLS_STAGED_OWN));

    join.welcome = made.welcome;
    join.key_package = package.key_package;
    join.private_part = package.private_part;
    join.now_s = NOW_S;
    STEP(mls_session_join(w->ctx, w->bob.signer, &join, &w->bob.session, NULL));
    return MLS_OK;
}

/* One message from one to the other. */
static int say(struct world *w, const struct person *from, const struct person *to,
               const char *words)
{
    struct mls_incoming incoming = MLS_INIT(struct mls_incoming);
    struct mls_octets message, none = { NULL, 0 };
    STEP(mls_session_protect(from->session, none, text(words), 16, w->arena, &message));
    STEP(mls_session_receive(to->session, message, NOW_S, NULL, 0, w->arena, &incoming, NULL));
    printf("%.*s to %s: %.*s\n", (int)incoming.sender_identity.len,
           (const char *)incoming.sender_identity.data, to->name, (int)incoming.content.len,
           (const char *)incoming.content.data);
    return MLS_OK;
}

/* Bob commits with a path, which renews his keys; Alice looks at the commit before she merges. */
static int renew(struct world *w)
{
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_incoming incoming = MLS_INIT(struct mls_incoming);
    struct mls_staged_info staged = MLS_INIT(struct mls_staged_info);
    commit.force_path = true;
    commit.now_s = NOW_S;
    STEP(mls_session_commit(w->bob.session, &commit, w->arena, &made, NULL));
    STEP(mls_session_receive(w->alice.session, made.commit, NOW_S, NULL, 0, w->arena, &incoming,
                             NULL));
    STEP(mls_session_staged(w->alice.session, MLS_STAGED_RECEIVED, &staged));
    if (staged.added_count != 0 || staged.removed_count != 0) {
        mls_session_clear(w->alice.session, MLS_STAGED_RECEIVED);
        return failed("the commit does more than it should", MLS_ARGUMENT);
    }
    STEP(mls_session_merge(w->alice.session, MLS_STAGED_RECEIVED));
    STEP(mls_session_merge(w->bob.session, MLS_STAGED_OWN));
    return MLS_OK;
}

/* Alice's device stops, and goes on from what it stored. */
static int restart(struct world *w)
{
    struct mls_octets state;
    STEP(mls_session_state(w->alice.session, w->arena, &state));
    mls_session_free(w->alice.session);
    w->alice.session = NULL;
    STEP(mls_session_load(w->ctx, w->alice.signer, state, &w->alice.session));
    return MLS_OK;
}

static int same_epoch(const struct world *w)
{
    struct mls_octets a = mls_session_epoch_authenticator(w->alice.session);
    struct mls_octets b = mls_session_epoch_authenticator(w->bob.session);
    if (a.len != b.len || memcmp(a.data, b.data, a.len) != 0) {
        return failed("the two are not in one epoch", MLS_EPOCH);
    }
    printf("epoch %u, %u leaves\n", (unsigned)mls_session_epoch(w->alice.session),
           (unsigned)mls_session_leaf_count(w->alice.session));
    return MLS_OK;
}

static int run(struct world *w)
{
    struct mls_config config = MLS_INIT(struct mls_config);
    config.check_credential = check_credential;
    STEP(mls_ctx_new(&config, &w->ctx));
    STEP(mls_arena_new(w->ctx, &w->arena));
    if (meet(w) != MLS_OK || same_epoch(w) != MLS_OK) return MLS_ARGUMENT;
    if (say(w, &w->alice, &w->bob, "Hello, Bob.") != MLS_OK) return MLS_ARGUMENT;
    if (say(w, &w->bob, &w->alice, "Hello, Alice.") != MLS_OK) return MLS_ARGUMENT;
    mls_arena_clear(w->arena); /* nothing of before is needed any more */
    if (renew(w) != MLS_OK || restart(w) != MLS_OK || same_epoch(w) != MLS_OK) {
        return MLS_ARGUMENT;
    }
    return say(w, &w->alice, &w->bob, "Still here.");
}

int main(void)
{
    struct world w = { .alice = { .name = "alice" }, .bob = { .name = "bob" } };
    int status = run(&w);
    mls_session_free(w.alice.session);
    mls_session_free(w.bob.session);
    mls_signer_free(w.alice.signer);
    mls_signer_free(w.bob.signer);
    mls_arena_free(w.arena);
    mls_ctx_free(w.ctx);
    return status == MLS_OK ? 0 : 1;
}
