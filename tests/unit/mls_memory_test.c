/*
 * Memory ends at every allocation of every operation: the answer is TB_NO_SPACE, nothing leaks, the
 * group is octet for octet as before, and the same call succeeds when there is memory again.
 */
#include "tests/support.h"

#include "mls/group_external.h"
#include "mls/group_psk.h"
#include "mls/public_group.h"
#include "tests/unit/mls_party.h"

static const tb_bytes NOTHING = { NULL, 0 };
enum { COMPONENT = 0x8001, ALLOCATIONS_MAX = 3000 };

/* What the operations take and give. */
struct scene {
    struct party p;
    struct mls_group *group; /* the one that must stay as it is; NULL: none is there yet */
    struct mls_group *made;
    struct party_key_package key_package;
    struct mls_commit_params params;
    struct mls_commit_out out;
    tb_bytes message, info, tree;
    const struct mls_proposal *proposal;
    bool as_public;
    struct mls_psk_entry psk;
    struct wire_opaque psk_id;
    struct mls_received received;
    struct mls_group_external *external;
    struct mls_public_env public_env;
    struct mls_public_group *public_group, *public_made;
    struct mls_public_staged *public_staged;
    struct tb_buf blob;
};

typedef tb_status operation(struct scene *s, struct tb_arena *arena);

static struct tb_buf state_of(struct scene *s)
{
    struct tb_buf blob;
    tb_buf_init(&blob, &s->p.heap.mem, SIZE_MAX);
    if (s->group != NULL) assert_ok(mls_group_encode(s->group, &blob));
    if (s->public_group != NULL) assert_ok(mls_public_group_encode(s->public_group, &blob));
    return blob;
}

static void assert_epoch(const struct scene *s, uint64_t epoch)
{
    if (s->group != NULL) assert_int_equal(mls_group_epoch(s->group), epoch);
}

/* keeps_blob: false where a message key is used up, a ratchet derived or a past epoch's leaf noted
 * on the way. */
static size_t run(struct scene *s, operation *call, bool keeps_blob)
{
    for (size_t n = 0; n < ALLOCATIONS_MAX; n++) {
        struct tb_arena arena;
        struct tb_buf before = state_of(s), after;
        size_t used = s->p.heap.mem.used_bytes;
        uint64_t epoch = s->group == NULL ? 0 : mls_group_epoch(s->group);
        tb_arena_init(&arena, &s->p.heap.mem, SIZE_MAX);
        s->p.heap.fail_after = n;
        tb_status status = call(s, &arena);
        s->p.heap.fail_after = SIZE_MAX;
        if (tb_is_ok(status)) {
            tb_arena_wipe(&arena);
            tb_buf_wipe(&before);
            return n;
        }
        assert_status(status, TB_NO_SPACE);
        tb_arena_wipe(&arena);
        if (!keeps_blob) assert_epoch(s, epoch);
        if (keeps_blob) {
            assert_int_equal(s->p.heap.mem.used_bytes, used);
            after = state_of(s);
            assert_bytes(tb_buf_view(&after), tb_buf_view(&before));
            tb_buf_wipe(&after);
        }
        tb_buf_wipe(&before);
    }
    fail_msg("more allocations than %d", ALLOCATIONS_MAX);
    return 0;
}

static void survives(struct scene *s, operation *call)
{
    assert_true(run(s, call, true) > 0);
}

static void start(struct scene *s, uint64_t seed, size_t count)
{
    memset(s, 0, sizeof *s);
    party_start(&s->p, 0x0003, seed, count);
    s->group = s->p.member[0].group;
    s->params = (struct mls_commit_params){ .force_path = true,
                                            .as_public = true,
                                            .tree_in_welcome = true,
                                            .psks = &s->psk,
                                            .psk_count = 1,
                                            .now_s = PARTY_NOW_S };
    s->psk_id.value = TB_LITERAL("the name of a key");
    s->psk = (struct mls_psk_entry){ { MLS_PSK_EXTERNAL, { .psk_id = &s->psk_id }, NOTHING },
                                     TB_LITERAL("the key") };
}

/* ---------------------------------------------------------------- operations of members */

static tb_status create(struct scene *s, struct tb_arena *arena)
{
    const struct mls_group_params params = { .group_id = TB_LITERAL("new"),
                                             .identity = party_name(&s->p, 0),
                                             .signer = &s->p.member[0].signer,
                                             .not_before_s = PARTY_NOW_S - 1,
                                             .not_after_s = PARTY_NOW_S + 1 };
    (void)arena;
    tb_status status = mls_group_create(&s->p.env, &params, &s->made);
    if (tb_is_ok(status)) mls_group_free(s->made);
    return status;
}

static tb_status new_key_package(struct scene *s, struct tb_arena *arena)
{
    const struct mls_key_package_params params = { .identity = party_name(&s->p, 7),
                                                   .signer = &s->p.member[7].signer,
                                                   .not_before_s = PARTY_NOW_S - 1,
                                                   .not_after_s = PARTY_NOW_S + 1,
                                                   .is_last_resort = true };
    struct mls_key_package_secrets secrets;
    uint8_t ref[CRYPTO_HASH_MAX];
    tb_bytes encoded;
    return mls_key_package_new(&s->p.env, &params, arena, &encoded, &secrets, ref);
}

static tb_status commit(struct scene *s, struct tb_arena *arena)
{
    struct mls_commit_out out;
    tb_status status = mls_group_commit(s->group, &s->params, arena, &out, NULL);
    if (tb_is_ok(status)) mls_group_pending_clear(s->group);
    return status;
}

static tb_status propose(struct scene *s, struct tb_arena *arena)
{
    tb_bytes message;
    return mls_group_propose(s->group, s->proposal, NOTHING, s->as_public, arena, &message);
}

static tb_status receive(struct scene *s, struct tb_arena *arena)
{
    tb_status status = mls_group_receive(s->group, s->message, PARTY_NOW_S, &s->psk, 1, arena,
                                         &s->received, NULL);
    if (tb_is_ok(status) && s->received.kind == MLS_RECEIVED_COMMIT) {
        mls_group_drop(s->group, s->received.staged);
    }
    return status;
}

static tb_status merge(struct scene *s, struct tb_arena *arena)
{
    (void)arena;
    return mls_group_merge(s->group, s->received.staged);
}

static tb_status pending_merge(struct scene *s, struct tb_arena *arena)
{
    (void)arena;
    return mls_group_pending_merge(s->group);
}

static tb_status protect(struct scene *s, struct tb_arena *arena)
{
    tb_bytes message;
    return mls_group_protect(s->group, NOTHING, TB_LITERAL("text"), 10, arena, &message);
}

static tb_status join(struct scene *s, struct tb_arena *arena)
{
    const struct mls_join_params params = { .welcome = s->out.welcome,
                                            .key_package = s->key_package.encoded,
                                            .secrets = &s->key_package.secrets,
                                            .signer = &s->p.member[3].signer,
                                            .psks = &s->psk,
                                            .psk_count = 1,
                                            .now_s = PARTY_NOW_S };
    (void)arena;
    tb_status status = mls_group_join(&s->p.env, &params, &s->made, NULL);
    if (tb_is_ok(status)) mls_group_free(s->made);
    return status;
}

static tb_status encode(struct scene *s, struct tb_arena *arena)
{
    struct tb_buf blob;
    (void)arena;
    tb_buf_init(&blob, &s->p.heap.mem, SIZE_MAX);
    tb_status status = mls_group_encode(s->group, &blob);
    if (tb_is_ok(status)) {
        tb_buf_clear(&blob);
        status = mls_group_ratchets_encode(s->group, &blob);
    }
    tb_buf_wipe(&blob);
    return status;
}

static tb_status decode(struct scene *s, struct tb_arena *arena)
{
    (void)arena;
    tb_status status = mls_group_decode(&s->p.env, tb_buf_view(&s->blob), &s->p.member[0].signer,
                                        &s->made);
    if (tb_is_ok(status)) mls_group_free(s->made);
    return status;
}

static tb_status beside(struct scene *s, struct tb_arena *arena)
{
    const tb_bytes part = TB_LITERAL("signed");
    tb_bytes signature, info, tree;
    tb_status status = mls_group_sign(s->group, "label", &part, 1, arena, &signature);
    if (!tb_is_ok(status)) return status;
    return mls_group_info(s->group, false, NULL, 0, arena, &info, &tree);
}

/* ---------------------------------------------------------------- from outside */

static tb_status external_open(struct scene *s, struct tb_arena *arena)
{
    struct mls_group_external *external = NULL;
    (void)arena;
    tb_status status = mls_group_external_open(&s->p.env, s->info, s->tree, PARTY_NOW_S,
                                               &external, NULL);
    if (tb_is_ok(status)) mls_group_external_free(external);
    return status;
}

static tb_status external_join(struct scene *s, struct tb_arena *arena)
{
    struct mls_commit_out out;
    const struct mls_group_external_params params = { .identity = party_name(&s->p, 5),
                                                      .signer = &s->p.member[5].signer,
                                                      .psks = &s->psk,
                                                      .psk_count = 1,
                                                      .now_s = PARTY_NOW_S };
    tb_status status = mls_group_external_join(s->external, &params, arena, &s->made, &out);
    if (tb_is_ok(status)) mls_group_free(s->made);
    return status;
}

static tb_status external_add(struct scene *s, struct tb_arena *arena)
{
    tb_bytes message;
    return mls_group_external_add(s->external, s->key_package.encoded, &s->p.member[3].signer,
                                  NOTHING, arena, &message);
}

/* ---------------------------------------------------------------- a delivery service */

static tb_status public_new(struct scene *s, struct tb_arena *arena)
{
    (void)arena;
    tb_status status = mls_public_group_new(&s->public_env, s->info, s->tree, PARTY_NOW_S,
                                            &s->public_made, NULL);
    if (tb_is_ok(status)) mls_public_group_free(s->public_made);
    return status;
}

static tb_status public_stage(struct scene *s, struct tb_arena *arena)
{
    (void)arena;
    tb_status status = mls_public_group_stage(s->public_group, s->message, NOTHING, PARTY_NOW_S,
                                              &s->public_staged, NULL);
    if (tb_is_ok(status)) mls_public_group_drop(s->public_group, s->public_staged);
    return status;
}

static tb_status public_merge(struct scene *s, struct tb_arena *arena)
{
    (void)arena;
    return mls_public_group_merge(s->public_group, s->public_staged);
}

static tb_status public_propose(struct scene *s, struct tb_arena *arena)
{
    struct mls_public_proposal proposal;
    return mls_public_group_propose(s->public_group, s->message, PARTY_NOW_S, arena, &proposal,
                                    NULL);
}

static tb_status public_decode(struct scene *s, struct tb_arena *arena)
{
    (void)arena;
    tb_status status = mls_public_group_decode(&s->public_env, tb_buf_view(&s->blob),
                                               &s->public_made);
    if (tb_is_ok(status)) mls_public_group_free(s->public_made);
    return status;
}

/* ---------------------------------------------------------------- every kind of proposal */

struct bodies {
    struct mls_remove remove;
    struct mls_app_data_update update;
    struct mls_app_ephemeral ephemeral;
    struct mls_group_context_extensions extensions;
    struct wire_opaque value;
};

enum { KINDS = 7 };

static struct mls_proposal proposal_of(struct scene *s, size_t kind, struct bodies *of)
{
    struct mls_proposal out = { .proposal_type = MLS_PROPOSAL_REMOVE };
    *of = (struct bodies){ .remove = { 2 }, .value = { TB_LITERAL("data") } };
    of->update = (struct mls_app_data_update){ COMPONENT, MLS_APP_DATA_UPDATE,
                                               { .update = &of->value } };
    of->ephemeral = (struct mls_app_ephemeral){ COMPONENT, TB_LITERAL("once") };
    switch (kind) {
    case 0: party_key_package(&s->p, 3, &s->key_package); return s->key_package.proposal;
    case 1: out.of.remove = &of->remove; return out;
    case 2:
        assert_ok(mls_group_psk_external(&s->p.env, s->psk_id.value, &s->p.arena, &out));
        return out;
    case 3:
        assert_ok(mls_group_psk_resumption(&s->p.env, TB_LITERAL("a group of the tests"), 2,
                                           &s->p.arena, &out));
        return out;
    case 4:
        out.proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE;
        out.of.app_data_update = &of->update;
        return out;
    case 5:
        out.proposal_type = MLS_PROPOSAL_APP_EPHEMERAL;
        out.of.app_ephemeral = &of->ephemeral;
        return out;
    default:
        out.proposal_type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
        out.of.group_context_extensions = &of->extensions;
        return out;
    }
}

/* ---------------------------------------------------------------- tests */

static void making_groups_and_key_packages(void **state)
{
    (void)state;
    struct scene s;
    start(&s, 1, 2);
    s.group = NULL;
    survives(&s, create);
    survives(&s, new_key_package);
    party_end(&s.p);
}

/* By value: committed, taken by another member, joined by it, merged. */
static void commits_of_every_kind_of_proposal(void **state)
{
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct scene s;
        struct bodies bodies;
        start(&s, 10 + kind, 3);
        const struct mls_proposal proposal = proposal_of(&s, kind, &bodies);
        s.params.proposals = &proposal;
        s.params.proposal_count = 1;
        survives(&s, commit);
        assert_ok(mls_group_commit(s.group, &s.params, &s.p.arena, &s.out, NULL));
        s.message = s.out.commit;
        s.group = s.p.member[1].group;
        survives(&s, receive);
        if (kind == 0) {
            s.group = NULL;
            survives(&s, join);
            s.group = s.p.member[1].group;
        }
        assert_ok(mls_group_receive(s.group, s.message, PARTY_NOW_S, &s.psk, 1, &s.p.arena,
                                    &s.received, NULL));
        uint64_t epoch = mls_group_epoch(s.group);
        (void)run(&s, merge, false);
        s.group = s.p.member[0].group;
        (void)run(&s, pending_merge, false);
        assert_int_equal(mls_group_epoch(s.group), epoch + 1);
        assert_bytes(mls_group_epoch_authenticator(s.p.member[0].group),
                     mls_group_epoch_authenticator(s.p.member[1].group));
        party_end(&s.p);
    }
}

/* The same, encrypted: the ratchet of the sender moves or is derived, all else stays. */
static void encrypted_commits_and_messages(void **state)
{
    (void)state;
    struct scene s;
    start(&s, 20, 3);
    s.params.as_public = false;
    assert_true(run(&s, commit, false) > 0);
    assert_true(run(&s, protect, false) > 0);
    s.message = party_protect(&s.p, 0, TB_LITERAL("hello"));
    s.group = s.p.member[1].group;
    assert_true(run(&s, receive, false) > 0);
    assert_int_equal(s.received.kind, MLS_RECEIVED_APPLICATION);
    assert_ok(mls_group_commit(s.p.member[0].group, &s.params, &s.p.arena, &s.out, NULL));
    s.message = s.out.commit;
    assert_true(run(&s, receive, false) > 0);
    party_deliver(&s.p, 0, s.out.commit);
    assert_ok(mls_group_pending_merge(s.p.member[0].group));
    party_assert_agreement(&s.p);
    party_end(&s.p);
}

/* A proposal that found no memory leaves room in the cache's arena behind, and no more. */
static void proposals_of_every_kind(void **state)
{
    (void)state;
    for (size_t kind = 0; kind <= KINDS + 1; kind++) {
        struct scene s;
        struct bodies bodies;
        struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_UPDATE };
        start(&s, 30 + kind, 3);
        if (kind < KINDS) proposal = proposal_of(&s, kind, &bodies);
        if (kind == KINDS) proposal.proposal_type = MLS_PROPOSAL_SELF_REMOVE;
        s.proposal = &proposal;
        s.as_public = true;
        assert_true(run(&s, propose, false) > 0);
        assert_int_equal(mls_group_pending_proposal_count(s.group), 1);
        assert_ok(mls_group_propose(s.p.member[1].group, &proposal, NOTHING, true, &s.p.arena,
                                    &s.message));
        assert_true(run(&s, receive, false) > 0);
        assert_int_equal(mls_group_pending_proposal_count(s.group), 2);
        if (kind < KINDS && kind != 1) {
            s.params.include_pending = true;
            survives(&s, commit);
        }
        party_end(&s.p);
    }
}

static void storing_and_what_is_beside(void **state)
{
    (void)state;
    struct scene s;
    start(&s, 50, 5);
    survives(&s, encode);
    survives(&s, beside);
    assert_ok(mls_group_commit(s.group, &s.params, &s.p.arena, &s.out, NULL));
    tb_buf_init(&s.blob, &s.p.heap.mem, SIZE_MAX);
    assert_ok(mls_group_encode(s.group, &s.blob));
    survives(&s, decode);
    tb_buf_wipe(&s.blob);
    party_end(&s.p);
}

static void joining_from_outside(void **state)
{
    (void)state;
    struct scene s;
    start(&s, 60, 4);
    assert_ok(mls_group_info(s.group, false, NULL, 0, &s.p.arena, &s.info, &s.tree));
    party_key_package(&s.p, 3, &s.key_package);
    mls_group_free(s.p.member[3].group);
    s.p.member[3].group = NULL;
    survives(&s, external_open);
    assert_ok(mls_group_external_open(&s.p.env, s.info, s.tree, PARTY_NOW_S, &s.external, NULL));
    survives(&s, external_join);
    struct party_key_package other;
    party_key_package(&s.p, 6, &other);
    s.key_package = other;
    s.p.member[3].signer = s.p.member[6].signer;
    survives(&s, external_add);
    mls_group_external_free(s.external);
    party_end(&s.p);
}

static void a_delivery_service_that_follows(void **state)
{
    (void)state;
    struct scene s;
    struct bodies bodies;
    start(&s, 70, 4);
    s.public_env = (struct mls_public_env){ .suite = &s.p.suite, .mem = &s.p.heap.mem };
    assert_ok(mls_group_info(s.group, false, NULL, 0, &s.p.arena, &s.info, &s.tree));
    s.group = NULL;
    survives(&s, public_new);
    assert_ok(mls_public_group_new(&s.public_env, s.info, s.tree, PARTY_NOW_S, &s.public_group,
                                   NULL));
    const struct mls_proposal proposal = proposal_of(&s, 2, &bodies);
    assert_ok(mls_group_propose(s.p.member[0].group, &proposal, NOTHING, true, &s.p.arena,
                                &s.message));
    assert_true(run(&s, public_propose, false) > 0);
    s.params.include_pending = true;
    assert_ok(mls_group_commit(s.p.member[0].group, &s.params, &s.p.arena, &s.out, NULL));
    s.message = s.out.commit;
    survives(&s, public_stage);
    assert_ok(mls_public_group_stage(s.public_group, s.message, NOTHING, PARTY_NOW_S,
                                     &s.public_staged, NULL));
    (void)run(&s, public_merge, true);
    assert_int_equal(mls_public_group_epoch(s.public_group),
                     mls_group_epoch(s.p.member[0].group) + 1);
    tb_buf_init(&s.blob, &s.p.heap.mem, SIZE_MAX);
    assert_ok(mls_public_group_encode(s.public_group, &s.blob));
    survives(&s, public_decode);
    tb_buf_wipe(&s.blob);
    mls_public_group_free(s.public_group);
    party_end(&s.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(making_groups_and_key_packages),
        cmocka_unit_test(commits_of_every_kind_of_proposal),
        cmocka_unit_test(encrypted_commits_and_messages),
        cmocka_unit_test(proposals_of_every_kind),
        cmocka_unit_test(storing_and_what_is_beside),
        cmocka_unit_test(joining_from_outside),
        cmocka_unit_test(a_delivery_service_that_follows),
    };
    return cmocka_run_group_tests_name("mls, without memory", tests, NULL, NULL);
}
