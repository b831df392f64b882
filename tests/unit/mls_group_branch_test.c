/* Groups out of another, RFC 9420, sections 11.2 and 11.3; test names give the rule. */
#include "tests/support.h"

#include "mls/group_branch.h"
#include "mls/group_state.h" /* to make what an honest member cannot */
#include "tests/unit/mls_party.h"

static const tb_bytes NOTHING = { NULL, 0 };

/* The new group's keys: other signers, as a suite of another kind needs them. */
struct next {
    struct crypto_suite suite;
    struct mls_env env;
    struct crypto_signing_key signer[PARTY_MAX];
    struct mls_key_package_secrets secrets[PARTY_MAX];
    tb_bytes key_package[PARTY_MAX];
    struct mls_group *group[PARTY_MAX];
};

static void next_init(struct party *p, struct next *n, uint16_t suite)
{
    uint8_t ref[CRYPTO_HASH_MAX];
    memset(n, 0, sizeof *n);
    assert_ok(crypto_suite_init(&n->suite, suite, crypto_backend_native()));
    n->env = (struct mls_env){ .suite = &n->suite, .mem = &p->heap.mem, .rng = &p->rng.rng };
    for (size_t i = 0; i < PARTY_MAX; i++) {
        assert_ok(crypto_signing_key_new(&n->suite, &p->rng.rng, &n->signer[i]));
        const struct mls_key_package_params params = {
            .identity = party_name(p, i),
            .signer = &n->signer[i],
            .not_before_s = PARTY_NOW_S - 3600,
            .not_after_s = PARTY_NOW_S + 86400,
        };
        assert_ok(mls_key_package_new(&n->env, &params, &p->arena, &n->key_package[i],
                                      &n->secrets[i], ref));
    }
}

static void next_end(struct next *n)
{
    for (size_t i = 0; i < PARTY_MAX; i++) mls_group_free(n->group[i]);
}

static struct mls_group_branch_params next_params(const struct party *p, const struct next *n,
                                                  size_t who, const tb_bytes *key_packages,
                                                  size_t count)
{
    return (struct mls_group_branch_params){
        .group_id = TB_LITERAL("a branch"),
        .identity = party_name(p, who),
        .signer = &n->signer[who],
        .not_before_s = PARTY_NOW_S - 3600,
        .not_after_s = PARTY_NOW_S + 86400,
        .key_packages = key_packages,
        .key_package_count = count,
        .tree_in_welcome = true,
        .now_s = PARTY_NOW_S,
    };
}

static struct mls_join_params next_join(const struct next *n, size_t who, tb_bytes welcome)
{
    return (struct mls_join_params){
        .welcome = welcome,
        .key_package = n->key_package[who],
        .secrets = &n->secrets[who],
        .signer = &n->signer[who],
        .now_s = PARTY_NOW_S,
    };
}

/* ---------------------------------------------------------------- ReInit */

static void end_with_reinit(struct party *p, size_t who, uint16_t suite,
                            const struct mls_extension *extensions, size_t count)
{
    struct mls_re_init reinit = { TB_LITERAL("the successor"), MLS_VERSION_MLS10, suite,
                                  { (struct mls_extension *)(uintptr_t)extensions, count } };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_REINIT,
                                           .of = { .reinit = &reinit } };
    const struct mls_commit_params params = { .include_pending = true };
    struct mls_commit_out out;
    tb_bytes message;
    assert_ok(mls_group_propose(p->member[who].group, &proposal, NOTHING, false, &p->arena,
                                &message));
    party_deliver(p, who, message);
    party_commit(p, 0, &params, &out);
}

static void a_group_moves_to_another_suite_by_a_reinit(void **state)
{
    (void)state;
    for (uint16_t suite = 1; suite <= 7; suite++) {
        struct party p;
        struct next n;
        struct mls_commit_out out;
        party_start(&p, 0x0003, suite, 3);
        next_init(&p, &n, suite);
        assert_null(mls_group_reinit(p.member[0].group));
        end_with_reinit(&p, 1, suite, NULL, 0);
        assert_int_equal(mls_group_reinit(p.member[2].group)->cipher_suite, suite);
        struct mls_group_branch_params params = next_params(&p, &n, 2, n.key_package, 2);
        assert_ok(mls_group_reinit_create(p.member[2].group, &n.env, &params, &p.arena,
                                          &n.group[2], &out, NULL));
        assert_bytes(mls_group_id(n.group[2]), TB_LITERAL("the successor"));
        assert_int_equal(mls_group_epoch(n.group[2]), 1);
        for (size_t i = 0; i < 2; i++) {
            const struct mls_join_params join = next_join(&n, i, out.welcome);
            assert_ok(mls_group_reinit_join(p.member[i].group, &n.env, &join, &n.group[i], NULL));
            assert_bytes(mls_group_epoch_authenticator(n.group[i]),
                         mls_group_epoch_authenticator(n.group[2]));
        }
        next_end(&n);
        party_end(&p);
    }
}

static void after_a_reinit_the_old_group_takes_and_makes_nothing_more(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_remove remove = { 1 };
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    const struct mls_commit_params commit = { .force_path = true };
    struct tb_buf blob;
    tb_bytes message;
    party_start(&p, 0x0003, 20, 2);
    tb_bytes late = party_protect(&p, 1, TB_LITERAL("late"));
    end_with_reinit(&p, 0, 0x0001, NULL, 0);
    tb_buf_init(&blob, &p.heap.mem, 1 << 20);
    assert_ok(mls_group_encode(p.member[0].group, &blob));
    struct mls_group *stored = NULL;
    assert_ok(mls_group_decode(&p.env, tb_buf_view(&blob), &p.member[0].signer, &stored));
    tb_buf_wipe(&blob);
    struct mls_group *groups[] = { p.member[0].group, p.member[1].group, stored };
    for (size_t i = 0; i < 3; i++) {
        assert_status(mls_group_protect(groups[i], NOTHING, TB_LITERAL("x"), 0, &p.arena,
                                        &message),
                      MLS_GROUP_REINIT);
        assert_status(mls_group_propose(groups[i], &removal, NOTHING, true, &p.arena, &message),
                      MLS_GROUP_REINIT);
        assert_status(mls_group_commit(groups[i], &commit, &p.arena, &out, NULL),
                      MLS_GROUP_REINIT);
        assert_status(mls_group_info(groups[i], true, NULL, 0, &p.arena, &message, &message),
                      MLS_GROUP_REINIT);
    }
    assert_bytes(mls_group_reinit(stored)->group_id, TB_LITERAL("the successor"));
    party_assert_reads(&p, 0, late, TB_LITERAL("late")); /* of before */
    mls_group_free(stored);
    party_end(&p);
}

static void a_successor_is_what_the_reinit_says(void **state)
{
    (void)state;
    struct party p;
    struct next n;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    const struct mls_extension extension = { MLS_EXTENSION_EXTERNAL_SENDERS,
                                             { (const uint8_t *)"\0", 1 } };
    party_start(&p, 0x0003, 21, 2);
    next_init(&p, &n, 0x0001);
    const struct mls_group_branch_params params = next_params(&p, &n, 0, n.key_package + 1, 1);
    assert_status(mls_group_reinit_create(p.member[0].group, &n.env, &params, &p.arena, &group,
                                          &out, NULL),
                  MLS_GROUP_NO_REINIT);
    end_with_reinit(&p, 0, 0x0001, &extension, 1);
    assert_status(mls_group_reinit_create(p.member[0].group, &p.env, &params, &p.arena, &group,
                                          &out, NULL),
                  MLS_SUITE);
    assert_ok(mls_group_reinit_create(p.member[0].group, &n.env, &params, &p.arena, &n.group[0],
                                      &out, NULL));
    assert_bytes(mls_group_extension(n.group[0], MLS_EXTENSION_EXTERNAL_SENDERS),
                 extension.extension_data);
    next_end(&n);
    party_end(&p);
}

static void a_successor_leaves_nobody_out_and_adds_nobody(void **state)
{
    (void)state;
    struct party p;
    struct next n;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 22, 3);
    next_init(&p, &n, 0x0003);
    end_with_reinit(&p, 0, 0x0003, NULL, 0);
    struct mls_group_branch_params params = next_params(&p, &n, 0, n.key_package + 1, 1);
    assert_status(mls_group_reinit_create(p.member[0].group, &n.env, &params, &p.arena, &group,
                                          &out, NULL),
                  MLS_SUBGROUP_LEFT_OUT);
    params.key_package_count = 3; /* member 3 was never there */
    assert_status(mls_group_reinit_create(p.member[0].group, &n.env, &params, &p.arena, &group,
                                          &out, NULL),
                  MLS_SUBGROUP_MEMBER);
    next_end(&n);
    party_end(&p);
}

/* ---------------------------------------------------------------- branch */

static void a_branch_has_some_of_the_members(void **state)
{
    (void)state;
    struct party p;
    struct next n;
    struct mls_commit_out out;
    party_start(&p, 0x0002, 23, 4);
    next_init(&p, &n, 0x0002);
    const struct mls_group_branch_params params = next_params(&p, &n, 3, n.key_package + 1, 2);
    assert_ok(mls_group_branch(p.member[3].group, &n.env, &params, &p.arena, &n.group[3], &out,
                               NULL));
    for (size_t i = 1; i < 3; i++) {
        const struct mls_join_params join = next_join(&n, i, out.welcome);
        assert_ok(mls_group_branch_join(p.member[i].group, &n.env, &join, &n.group[i], NULL));
        assert_bytes(mls_group_epoch_authenticator(n.group[i]),
                     mls_group_epoch_authenticator(n.group[3]));
    }
    /* The old group lives on beside it. */
    party_add(&p, 0, 4);
    party_assert_agreement(&p);
    next_end(&n);
    party_end(&p);
}

static void a_branch_of_an_epoch_that_has_passed_can_still_be_joined(void **state)
{
    (void)state;
    struct party p;
    struct next n;
    struct mls_commit_out out;
    party_start(&p, 0x0003, 24, 3);
    next_init(&p, &n, 0x0003);
    const struct mls_group_branch_params params = next_params(&p, &n, 0, n.key_package + 1, 1);
    assert_ok(mls_group_branch(p.member[0].group, &n.env, &params, &p.arena, &n.group[0], &out,
                               NULL));
    party_add(&p, 2, 3);
    const struct mls_join_params join = next_join(&n, 1, out.welcome);
    assert_ok(mls_group_branch_join(p.member[1].group, &n.env, &join, &n.group[1], NULL));
    next_end(&n);
    party_end(&p);
}

static void a_member_of_a_branch_is_a_member_of_the_old_group(void **state)
{
    (void)state;
    struct party p;
    struct next n;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 25, 2);
    next_init(&p, &n, 0x0003);
    const struct mls_group_branch_params params = next_params(&p, &n, 0, n.key_package + 1, 2);
    assert_status(mls_group_branch(p.member[0].group, &n.env, &params, &p.arena, &group, &out,
                                   NULL),
                  MLS_SUBGROUP_MEMBER);
    next_end(&n);
    party_end(&p);
}

static void a_branch_has_the_old_groups_suite(void **state)
{
    (void)state;
    struct party p;
    struct next n;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 26, 2);
    next_init(&p, &n, 0x0001);
    const struct mls_group_branch_params params = next_params(&p, &n, 0, n.key_package + 1, 1);
    assert_status(mls_group_branch(p.member[0].group, &n.env, &params, &p.arena, &group, &out,
                                   NULL),
                  MLS_SUITE);
    next_end(&n);
    party_end(&p);
}

static void a_welcome_without_the_key_of_the_old_group_is_no_branch(void **state)
{
    (void)state;
    struct party p;
    struct party_key_package key_package;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 27, 2);
    party_key_package(&p, 2, &key_package);
    const struct mls_commit_params params = { .proposals = &key_package.proposal,
                                              .proposal_count = 1,
                                              .tree_in_welcome = true };
    party_commit(&p, 0, &params, &out);
    const struct mls_join_params join = { .welcome = out.welcome,
                                          .key_package = key_package.encoded,
                                          .secrets = &key_package.secrets,
                                          .signer = &p.member[2].signer };
    assert_status(mls_group_branch_join(p.member[0].group, &p.env, &join, &group, NULL),
                  MLS_WELCOME_PSK_USAGE);
    mls_key_package_secrets_wipe(&key_package.secrets);
    party_end(&p);
}

static void a_welcome_of_a_branch_needs_the_old_group(void **state)
{
    (void)state;
    struct party p, other;
    struct next n;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 28, 2);
    party_start(&other, 0x0003, 29, 2);
    next_init(&p, &n, 0x0003);
    const struct mls_group_branch_params params = next_params(&p, &n, 0, n.key_package + 1, 1);
    assert_ok(mls_group_branch(p.member[0].group, &n.env, &params, &p.arena, &n.group[0], &out,
                               NULL));
    const struct mls_join_params join = next_join(&n, 1, out.welcome);
    assert_status(mls_group_join(&n.env, &join, &group, NULL), MLS_WELCOME_PSK_USAGE);
    /* The same name and epoch, another secret: nothing decrypts. */
    tb_status status = mls_group_branch_join(other.member[0].group, &n.env, &join, &group, NULL);
    assert_status(status, CRYPTO_DECRYPT);
    end_with_reinit(&other, 0, 0x0003, NULL, 0);
    assert_status(mls_group_reinit_join(other.member[0].group, &n.env, &join, &group, NULL),
                  MLS_WELCOME_PSK_USAGE);
    assert_null(group);
    next_end(&n);
    party_end(&other);
    party_end(&p);
}

/* ---------------------------------------------------------------- a dishonest creator */

struct forgery {
    const char *group_id, *identity; /* of the creator */
    uint8_t usage;
    size_t first_added, added_count;
    bool is_late;    /* one commit before the one that adds */
    size_t key_count; /* proposals of the resumption key */
};

/* A Welcome out of p's group, made by somebody who checks nothing. */
static tb_bytes forge(struct party *p, struct next *n, const struct forgery *f)
{
    const struct mls_epoch *old = p->member[0].group->now;
    const struct mls_group_params params = {
        .group_id = tb_bytes_text(f->group_id),
        .identity = tb_bytes_text(f->identity),
        .signer = &n->signer[7],
        .not_before_s = PARTY_NOW_S - 3600,
        .not_after_s = PARTY_NOW_S + 86400,
    };
    uint8_t nonces[2][CRYPTO_HASH_MAX] = { { 1 }, { 2 } };
    struct mls_resumption_psk of = { f->usage, old->context.group_id, old->context.epoch };
    struct mls_pre_shared_key psks[2];
    struct mls_psk_entry entry = { .psk = tb_secret_view(&old->secrets.resumption_psk) };
    struct mls_proposal proposals[PARTY_MAX + 2];
    struct mls_add adds[PARTY_MAX];
    struct mls_commit_params commit = { .proposals = proposals, .psks = &entry, .psk_count = 1,
                                        .tree_in_welcome = true };
    const struct mls_commit_params empty = { .force_path = true };
    struct mls_commit_out out;
    for (size_t i = 0; i < f->added_count; i++) {
        assert_ok(wire_decode(&mls_key_package_in_desc, n->key_package[f->first_added + i],
                              &p->arena, &adds[i].key_package, NULL));
        proposals[commit.proposal_count++] = (struct mls_proposal){
            .proposal_type = MLS_PROPOSAL_ADD, .of = { .add = &adds[i] }
        };
    }
    for (size_t i = 0; i < f->key_count; i++) {
        psks[i].psk = (struct mls_pre_shared_key_id){ MLS_PSK_RESUMPTION, { .resumption = &of },
                                                      { nonces[i], n->suite.hash_len } };
        entry.id = psks[i].psk;
        proposals[commit.proposal_count++] = (struct mls_proposal){
            .proposal_type = MLS_PROPOSAL_PSK, .of = { .psk = &psks[i] }
        };
    }
    mls_group_free(n->group[7]);
    assert_ok(mls_group_create(&n->env, &params, &n->group[7]));
    if (f->is_late) {
        assert_ok(mls_group_commit(n->group[7], &empty, &p->arena, &out, NULL));
        assert_ok(mls_group_pending_merge(n->group[7]));
    }
    n->group[7]->subgroup_usage = f->usage;
    assert_ok(mls_group_commit(n->group[7], &commit, &p->arena, &out, NULL));
    return out.welcome;
}

static void a_joiner_of_a_branch_checks_epoch_members_and_key(void **state)
{
    (void)state;
    struct party p;
    struct next n;
    struct mls_group *group = NULL;
    const uint8_t branch = MLS_RESUMPTION_BRANCH;
    const struct {
        struct forgery forgery;
        uint16_t code;
    } rows[] = {
        { { "x", "member-0", branch, 1, 1, false, 1 }, TB_OK },
        { { "x", "member-0", branch, 1, 1, true, 1 }, MLS_SUBGROUP_EPOCH },
        { { "x", "mallory", branch, 1, 1, false, 1 }, MLS_SUBGROUP_MEMBER },
        { { "x", "member-0", branch, 1, 3, false, 1 }, MLS_SUBGROUP_MEMBER },
        { { "x", "member-0", branch, 1, 1, false, 2 }, MLS_WELCOME_PSK_USAGE },
        { { "x", "member-0", branch, 1, 1, false, 0 }, MLS_WELCOME_PSK_USAGE },
    };
    party_start(&p, 0x0003, 40, 3);
    next_init(&p, &n, 0x0003);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct mls_join_params join = next_join(&n, 1, forge(&p, &n, &rows[i].forgery));
        assert_status(mls_group_branch_join(p.member[1].group, &n.env, &join, &group, NULL),
                      rows[i].code);
        if (rows[i].code == TB_OK) mls_group_free(group);
        group = NULL;
    }
    next_end(&n);
    party_end(&p);
}

static void a_joiner_of_a_successor_checks_what_the_reinit_says(void **state)
{
    (void)state;
    struct party p;
    struct next n;
    struct mls_group *group = NULL;
    const uint8_t reinit = MLS_RESUMPTION_REINIT;
    const struct {
        struct forgery forgery;
        uint16_t code;
    } rows[] = {
        { { "the successor", "member-0", reinit, 1, 2, false, 1 }, TB_OK },
        { { "another group", "member-0", reinit, 1, 2, false, 1 }, MLS_SUBGROUP_PARAMETERS },
        { { "the successor", "member-0", reinit, 1, 2, true, 1 }, MLS_SUBGROUP_EPOCH },
        { { "the successor", "member-0", reinit, 1, 3, false, 1 }, MLS_SUBGROUP_MEMBER },
        { { "the successor", "member-0", reinit, 1, 1, false, 1 }, MLS_SUBGROUP_LEFT_OUT },
        { { "the successor", "member-0", MLS_RESUMPTION_BRANCH, 1, 2, false, 1 },
          MLS_WELCOME_PSK_USAGE },
    };
    party_start(&p, 0x0003, 41, 3);
    next_init(&p, &n, 0x0001);
    end_with_reinit(&p, 0, 0x0001, NULL, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct mls_join_params join = next_join(&n, 1, forge(&p, &n, &rows[i].forgery));
        assert_status(mls_group_reinit_join(p.member[1].group, &n.env, &join, &group, NULL),
                      rows[i].code);
        if (rows[i].code == TB_OK) mls_group_free(group);
        group = NULL;
    }
    next_end(&n);
    party_end(&p);
}

static void without_memory_no_group_comes_out_of_another(void **state)
{
    (void)state;
    struct party p;
    struct next n;
    struct mls_commit_out out;
    party_start(&p, 0x0003, 42, 2);
    next_init(&p, &n, 0x0003);
    const struct mls_group_branch_params params = next_params(&p, &n, 0, n.key_package + 1, 1);
    tb_status status = { TB_NO_SPACE };
    for (size_t count = 0; !tb_is_ok(status); count++) {
        struct tb_arena arena;
        size_t before = p.heap.mem.used_bytes;
        tb_arena_init(&arena, &p.heap.mem, SIZE_MAX);
        p.heap.fail_after = count;
        status = mls_group_branch(p.member[0].group, &n.env, &params, &arena, &n.group[0], &out,
                                  NULL);
        if (tb_is_ok(status)) {
            const struct mls_join_params join = next_join(&n, 1, out.welcome);
            status = mls_group_branch_join(p.member[1].group, &n.env, &join, &n.group[1], NULL);
        }
        p.heap.fail_after = SIZE_MAX;
        tb_arena_wipe(&arena);
        if (tb_is_ok(status)) break;
        assert_int_equal(status.code, TB_NO_SPACE);
        mls_group_free(n.group[0]);
        n.group[0] = NULL;
        assert_null(n.group[1]);
        assert_int_equal(p.heap.mem.used_bytes, before);
    }
    assert_bytes(mls_group_epoch_authenticator(n.group[1]),
                 mls_group_epoch_authenticator(n.group[0]));
    next_end(&n);
    party_end(&p);
}

/* Section 12.1.4. */
static void a_psk_proposal_of_usage_reinit_or_branch_is_refused_elsewhere(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    uint8_t nonce[32] = { 1 };
    tb_bytes message;
    party_start(&p, 0x0003, 30, 2);
    for (uint8_t usage = MLS_RESUMPTION_REINIT; usage <= MLS_RESUMPTION_BRANCH; usage++) {
        struct mls_resumption_psk of = { usage, mls_group_id(p.member[0].group), 1 };
        struct mls_pre_shared_key psk = {
            { MLS_PSK_RESUMPTION, { .resumption = &of }, TB_ARRAY(nonce) }
        };
        const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_PSK,
                                               .of = { .psk = &psk } };
        const struct mls_commit_params params = { .proposals = &proposal, .proposal_count = 1 };
        assert_status(mls_group_propose(p.member[0].group, &proposal, NOTHING, true, &p.arena,
                                        &message),
                      MLS_PROPOSALS_PSK);
        assert_status(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL),
                      MLS_PROPOSALS_PSK);
    }
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_moves_to_another_suite_by_a_reinit),
        cmocka_unit_test(after_a_reinit_the_old_group_takes_and_makes_nothing_more),
        cmocka_unit_test(a_successor_is_what_the_reinit_says),
        cmocka_unit_test(a_successor_leaves_nobody_out_and_adds_nobody),
        cmocka_unit_test(a_branch_has_some_of_the_members),
        cmocka_unit_test(a_branch_of_an_epoch_that_has_passed_can_still_be_joined),
        cmocka_unit_test(a_member_of_a_branch_is_a_member_of_the_old_group),
        cmocka_unit_test(a_branch_has_the_old_groups_suite),
        cmocka_unit_test(a_welcome_without_the_key_of_the_old_group_is_no_branch),
        cmocka_unit_test(a_welcome_of_a_branch_needs_the_old_group),
        cmocka_unit_test(a_joiner_of_a_branch_checks_epoch_members_and_key),
        cmocka_unit_test(a_joiner_of_a_successor_checks_what_the_reinit_says),
        cmocka_unit_test(without_memory_no_group_comes_out_of_another),
        cmocka_unit_test(a_psk_proposal_of_usage_reinit_or_branch_is_refused_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
