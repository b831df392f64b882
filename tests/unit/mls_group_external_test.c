/* From outside a group: external commits and proposals, RFC 9420, sections 12.1.8 and 12.4.3.2. */
#include "tests/support.h"

#include "mls/group_external.h"
#include "mls/group_psk.h"
#include "tests/unit/mls_party.h"

static const tb_bytes NOTHING = { NULL, 0 };

/* The group as its member `from` shows it to outsiders. */
static struct mls_group_external *look(struct party *p, size_t from, bool with_tree)
{
    struct mls_group_external *external = NULL;
    tb_bytes info, tree;
    assert_ok(mls_group_info(p->member[from].group, with_tree, NULL, 0, &p->arena, &info, &tree));
    assert_ok(mls_group_external_open(&p->env, info, with_tree ? NOTHING : tree, PARTY_NOW_S,
                                      &external, NULL));
    return external;
}

static struct mls_group_external_params as(const struct party *p, size_t who)
{
    return (struct mls_group_external_params){ .identity = party_name(p, who),
                                               .signer = &p->member[who].signer,
                                               .now_s = PARTY_NOW_S };
}

static void join_with(struct party *p, size_t who, const struct mls_group_external *external,
                      const struct mls_group_external_params *params)
{
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    assert_ok(mls_group_external_join(external, params, &p->arena, &group, &out));
    mls_group_free(p->member[who].group);
    p->member[who].group = group;
    assert_int_equal(out.welcome.len, 0);
    party_deliver(p, who, out.commit);
}

static void an_external_joiner_and_all_members_agree(void **state)
{
    (void)state;
    for (uint16_t suite = 1; suite <= 7; suite++) {
        struct party p;
        party_start(&p, suite, suite, 3);
        for (size_t who = 3; who < 5; who++) {
            struct mls_group_external *external = look(&p, who - 1, who == 3);
            const struct mls_group_external_params params = as(&p, who);
            join_with(&p, who, external, &params);
            mls_group_external_free(external);
            party_assert_agreement(&p);
        }
        tb_bytes text = TB_LITERAL("from outside");
        tb_bytes message = party_protect(&p, 4, text);
        for (size_t i = 0; i < 4; i++) party_assert_reads(&p, i, message, text);
        party_add(&p, 3, 5); /* a joiner is a member like any other */
        party_assert_agreement(&p);
        party_end(&p);
    }
}

static void the_joiner_takes_the_leftmost_free_leaf(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_remove remove = { 1 };
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    const struct mls_commit_params commit = { .proposals = &removal, .proposal_count = 1 };
    party_start(&p, 0x0003, 1, 4);
    party_commit(&p, 0, &commit, &out);
    struct mls_group_external *external = look(&p, 0, true);
    const struct mls_group_external_params params = as(&p, 4);
    join_with(&p, 4, external, &params);
    assert_int_equal(mls_group_own_leaf(p.member[4].group), 1);
    mls_group_external_free(external);
    party_assert_agreement(&p);
    party_end(&p);
}

static void a_resync_replaces_the_own_old_leaf(void **state)
{
    (void)state;
    struct party p;
    uint32_t prior = 2;
    party_start(&p, 0x0001, 2, 4);
    struct mls_group_external *external = look(&p, 0, false);
    struct mls_group_external_params params = as(&p, 2);
    params.prior_leaf = &prior;
    struct mls_group *lost = p.member[2].group; /* a device that fell behind */
    p.member[2].group = NULL;
    join_with(&p, 2, external, &params);
    assert_int_equal(mls_group_own_leaf(p.member[2].group), 2);
    party_assert_agreement(&p);
    mls_group_free(lost);
    mls_group_external_free(external);
    party_end(&p);
}

static void a_member_sees_its_resync_as_its_removal(void **state)
{
    (void)state;
    struct party p;
    uint32_t prior = 1;
    struct mls_commit_out out;
    struct mls_received received;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 3, 2);
    struct mls_group_external *external = look(&p, 0, true);
    struct mls_group_external_params params = as(&p, 1);
    params.prior_leaf = &prior;
    assert_ok(mls_group_external_join(external, &params, &p.arena, &group, &out));
    assert_ok(party_receive(&p, 1, out.commit, &received));
    assert_int_equal(received.sender_type, MLS_SENDER_NEW_MEMBER_COMMIT);
    assert_true(mls_staged_view(received.staged)->removes_us);
    mls_group_free(group);
    mls_group_external_free(external);
    party_end(&p);
}

static void nobody_elses_leaf_may_be_removed_by_a_resync(void **state)
{
    (void)state;
    struct party p;
    uint32_t prior = 1;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 4, 3);
    struct mls_group_external *external = look(&p, 0, true);
    struct mls_group_external_params params = as(&p, 4);
    params.prior_leaf = &prior;
    assert_status(mls_group_external_join(external, &params, &p.arena, &group, &out),
                  MLS_COMMIT_EXTERNAL_REMOVE);
    prior = 7;
    assert_status(mls_group_external_join(external, &params, &p.arena, &group, &out),
                  MLS_TREE_LEAF);
    assert_null(group);
    mls_group_external_free(external);
    party_end(&p);
}

static void a_signature_key_of_the_group_cannot_join_beside_itself(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 5, 3);
    struct mls_group_external *external = look(&p, 0, true);
    const struct mls_group_external_params params = as(&p, 1);
    assert_status(mls_group_external_join(external, &params, &p.arena, &group, &out),
                  MLS_TREE_SIGNATURE_KEY_TWICE);
    mls_group_external_free(external);
    party_end(&p);
}

static void an_external_join_may_bring_pre_shared_keys(void **state)
{
    (void)state;
    struct party p;
    struct wire_opaque name = { TB_LITERAL("invitation") };
    const struct mls_psk_entry psk = {
        .id = { .psktype = MLS_PSK_EXTERNAL, .of = { .psk_id = &name } },
        .psk = TB_LITERAL("0123456789abcdef"),
    };
    struct mls_received received;
    struct mls_commit_out out;
    party_start(&p, 0x0002, 6, 2);
    struct mls_group_external *external = look(&p, 0, true);
    struct mls_group_external_params params = as(&p, 2);
    params.psks = &psk;
    params.psk_count = 1;
    assert_ok(mls_group_external_join(external, &params, &p.arena, &p.member[2].group, &out));
    assert_status(party_receive(&p, 0, out.commit, &received), MLS_PSK_UNKNOWN);
    for (size_t i = 0; i < 2; i++) {
        assert_ok(mls_group_receive(p.member[i].group, out.commit, PARTY_NOW_S, &psk, 1, &p.arena,
                                    &received, NULL));
        assert_ok(mls_group_merge(p.member[i].group, received.staged));
    }
    party_assert_agreement(&p);
    mls_group_external_free(external);
    party_end(&p);
}

static void a_psk_of_a_wrong_usage_is_refused_in_an_external_commit(void **state)
{
    (void)state;
    struct party p;
    struct mls_resumption_psk of = { MLS_RESUMPTION_REINIT, TB_LITERAL("a group of the tests"), 0 };
    const struct mls_psk_entry psk = {
        .id = { .psktype = MLS_PSK_RESUMPTION, .of = { .resumption = &of } },
        .psk = TB_LITERAL("0123456789abcdef"),
    };
    struct mls_commit_out out;
    struct mls_group *group = NULL;
    party_start(&p, 0x0003, 7, 2);
    struct mls_group_external *external = look(&p, 0, true);
    struct mls_group_external_params params = as(&p, 2);
    params.psks = &psk;
    params.psk_count = 1;
    assert_status(mls_group_external_join(external, &params, &p.arena, &group, &out),
                  MLS_PROPOSALS_PSK);
    mls_group_external_free(external);
    party_end(&p);
}

static void every_changed_octet_of_an_external_commit_is_noticed(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    party_start(&p, 0x0003, 8, 2);
    struct mls_group_external *external = look(&p, 0, true);
    const struct mls_group_external_params params = as(&p, 2);
    assert_ok(mls_group_external_join(external, &params, &p.arena, &p.member[2].group, &out));
    for (size_t at = 0; at < out.commit.len; at++) {
        tb_status status = party_receive(&p, 1, party_spoil(&p, out.commit, at), &received);
        assert_int_not_equal(status.code, TB_OK);
    }
    party_deliver(&p, 2, out.commit);
    party_assert_agreement(&p);
    mls_group_external_free(external);
    party_end(&p);
}

static void a_group_info_is_checked_before_it_is_believed(void **state)
{
    (void)state;
    struct party p;
    struct mls_group_external *external = NULL;
    tb_bytes info, tree;
    party_start(&p, 0x0003, 9, 3);
    assert_ok(mls_group_info(p.member[0].group, false, NULL, 0, &p.arena, &info, &tree));
    assert_status(mls_group_external_open(&p.env, info, NOTHING, 0, &external, NULL),
                  MLS_GROUP_INFO_NO_TREE);
    assert_status(mls_group_external_open(&p.env, party_spoil(&p, info, info.len - 1), tree, 0,
                                          &external, NULL),
                  MLS_GROUP_INFO_SIGNATURE);
    for (size_t at = 0; at < tree.len; at++) {
        tb_status status = mls_group_external_open(&p.env, info, party_spoil(&p, tree, at), 0,
                                                   &external, NULL);
        assert_int_not_equal(status.code, TB_OK);
    }
    for (size_t at = 0; at < info.len; at++) {
        tb_status status = mls_group_external_open(&p.env, party_spoil(&p, info, at), tree, 0,
                                                   &external, NULL);
        assert_int_not_equal(status.code, TB_OK);
    }
    assert_null(external);
    party_end(&p);
}

/* ---------------------------------------------------------------- proposals */

static void a_newcomer_proposes_its_own_add(void **state)
{
    (void)state;
    struct party p;
    struct party_key_package key_package;
    struct mls_commit_out out;
    tb_bytes message;
    const struct mls_commit_params commit = { .include_pending = true, .tree_in_welcome = true };
    party_start(&p, 0x0001, 10, 2);
    party_key_package(&p, 2, &key_package);
    struct mls_group_external *external = look(&p, 0, true);
    assert_status(mls_group_external_add(external, key_package.encoded, &p.member[3].signer,
                                         NOTHING, &p.arena, &message),
                  MLS_GROUP_SIGNER);
    assert_ok(mls_group_external_add(external, key_package.encoded, &p.member[2].signer, NOTHING,
                                     &p.arena, &message));
    party_deliver(&p, 2, message);
    assert_true(mls_group_must_commit(p.member[1].group));
    party_commit(&p, 1, &commit, &out);
    party_join(&p, 2, &key_package, out.welcome, NOTHING);
    party_assert_agreement(&p);
    mls_group_external_free(external);
    party_end(&p);
}

/* A group with member 7's key as its one external sender. */
static void start_with_sender(struct party *p, uint16_t suite, uint64_t seed)
{
    struct wire_opaque identity = { TB_LITERAL("a hub") };
    party_init(p, suite, seed);
    struct mls_external_sender sender = {
        .signature_key = crypto_signing_key_public(&p->member[7].signer),
        .credential = { MLS_CREDENTIAL_BASIC, { .identity = &identity } },
    };
    const struct mls_external_senders senders = { { &sender, 1 } };
    struct mls_extension extension = { .extension_type = MLS_EXTENSION_EXTERNAL_SENDERS };
    assert_ok(wire_encode(&mls_external_senders_desc, &senders, &p->arena,
                          &extension.extension_data));
    party_create_with(p, &extension, 1);
    for (size_t i = 1; i < 3; i++) party_add(p, 0, i);
}

static void an_external_sender_may_propose_every_type_but_three(void **state)
{
    (void)state;
    struct party p;
    struct party_key_package key_package;
    struct mls_remove remove = { 2 };
    struct mls_re_init reinit = { TB_LITERAL("successor"), MLS_VERSION_MLS10, 0x0003, { NULL, 0 } };
    struct mls_group_context_extensions extensions = { .extensions = { NULL, 0 } };
    struct mls_external_init init = { TB_LITERAL("kem") };
    tb_bytes message;
    start_with_sender(&p, 0x0003, 11);
    party_key_package(&p, 3, &key_package);
    struct mls_group_external *external = look(&p, 0, true);
    struct mls_proposal psk, resumption;
    assert_ok(mls_group_psk_external(&p.env, TB_LITERAL("a key"), &p.arena, &psk));
    assert_ok(mls_group_psk_resumption(&p.env, mls_group_id(p.member[0].group), 1, &p.arena,
                                       &resumption));
    const struct mls_proposal allowed[] = {
        key_package.proposal,
        { .proposal_type = MLS_PROPOSAL_REMOVE, .of = { .remove = &remove } },
        psk,
        resumption,
        { .proposal_type = MLS_PROPOSAL_REINIT, .of = { .reinit = &reinit } },
        { .proposal_type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
          .of = { .group_context_extensions = &extensions } },
    };
    for (size_t i = 0; i < sizeof allowed / sizeof allowed[0]; i++) {
        assert_ok(mls_group_external_propose(external, 0, &p.member[7].signer, &allowed[i],
                                             NOTHING, &p.arena, &message));
        party_deliver(&p, 7, message);
    }
    assert_int_equal(mls_group_pending_proposal_count(p.member[1].group), 6);
    struct mls_update update = { 0 };
    const struct mls_proposal refused[] = {
        { .proposal_type = MLS_PROPOSAL_UPDATE, .of = { .update = &update } },
        { .proposal_type = MLS_PROPOSAL_EXTERNAL_INIT, .of = { .external_init = &init } },
        { .proposal_type = MLS_PROPOSAL_SELF_REMOVE },
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_status(mls_group_external_propose(external, 0, &p.member[7].signer, &refused[i],
                                                 NOTHING, &p.arena, &message),
                      MLS_PROPOSALS_INVALID_SENDER);
    }
    mls_key_package_secrets_wipe(&key_package.secrets);
    mls_group_external_free(external);
    party_end(&p);
}

static void an_external_sender_is_known_by_index_and_key(void **state)
{
    (void)state;
    struct party p;
    struct mls_remove remove = { 2 };
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    const struct mls_commit_params commit = { .include_pending = true };
    struct mls_commit_out out;
    tb_bytes message;
    start_with_sender(&p, 0x0003, 12);
    struct mls_group_external *external = look(&p, 0, true);
    assert_status(mls_group_external_propose(external, 1, &p.member[7].signer, &removal, NOTHING,
                                             &p.arena, &message),
                  MLS_SENDER);
    assert_status(mls_group_external_propose(external, 0, &p.member[6].signer, &removal, NOTHING,
                                             &p.arena, &message),
                  MLS_SENDER);
    remove.removed = 9;
    assert_status(mls_group_external_propose(external, 0, &p.member[7].signer, &removal, NOTHING,
                                             &p.arena, &message),
                  MLS_TREE_LEAF);
    remove.removed = 2;
    assert_ok(mls_group_external_propose(external, 0, &p.member[7].signer, &removal, NOTHING,
                                         &p.arena, &message));
    party_deliver(&p, 7, message);
    party_commit(&p, 0, &commit, &out);
    assert_false(mls_group_is_active(p.member[2].group));
    party_assert_agreement(&p);
    mls_group_external_free(external);
    party_end(&p);
}

static void without_memory_nothing_is_kept(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    party_start(&p, 0x0003, 13, 2);
    const struct mls_group_external_params params = as(&p, 2);
    tb_bytes info, tree;
    assert_ok(mls_group_info(p.member[0].group, true, NULL, 0, &p.arena, &info, &tree));
    tb_status status = { TB_NO_SPACE };
    for (size_t n = 0; !tb_is_ok(status); n++) {
        struct mls_group_external *external = NULL;
        struct tb_arena arena;
        size_t before = p.heap.mem.used_bytes;
        tb_arena_init(&arena, &p.heap.mem, SIZE_MAX);
        p.heap.fail_after = n;
        status = mls_group_external_open(&p.env, info, NOTHING, 0, &external, NULL);
        if (tb_is_ok(status)) {
            status = mls_group_external_join(external, &params, &arena, &p.member[2].group, &out);
        }
        p.heap.fail_after = SIZE_MAX;
        mls_group_external_free(external);
        if (tb_is_ok(status)) {
            party_deliver(&p, 2, out.commit);
        } else {
            assert_int_equal(status.code, TB_NO_SPACE);
        }
        tb_arena_wipe(&arena);
        if (!tb_is_ok(status)) assert_int_equal(p.heap.mem.used_bytes, before);
    }
    party_assert_agreement(&p);
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_external_joiner_and_all_members_agree),
        cmocka_unit_test(the_joiner_takes_the_leftmost_free_leaf),
        cmocka_unit_test(a_resync_replaces_the_own_old_leaf),
        cmocka_unit_test(a_member_sees_its_resync_as_its_removal),
        cmocka_unit_test(nobody_elses_leaf_may_be_removed_by_a_resync),
        cmocka_unit_test(a_signature_key_of_the_group_cannot_join_beside_itself),
        cmocka_unit_test(an_external_join_may_bring_pre_shared_keys),
        cmocka_unit_test(a_psk_of_a_wrong_usage_is_refused_in_an_external_commit),
        cmocka_unit_test(every_changed_octet_of_an_external_commit_is_noticed),
        cmocka_unit_test(a_group_info_is_checked_before_it_is_believed),
        cmocka_unit_test(a_newcomer_proposes_its_own_add),
        cmocka_unit_test(an_external_sender_may_propose_every_type_but_three),
        cmocka_unit_test(an_external_sender_is_known_by_index_and_key),
        cmocka_unit_test(without_memory_nothing_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
