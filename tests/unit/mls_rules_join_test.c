/* RFC 9420, sections 12.4.3 and 12.4.3.1: each rule of docs/mls-validation.md on joining. */
#include "tests/unit/mls_rules_fixture.h"

#include "mls/group_external.h"
#include "mls/welcome.h"

/* What a dishonest inviter (ALICE) may write; the rest is honest. */
struct invitation {
    struct party_key_package to;
    struct mls_group_info_in info; /* decoded; signed again by who */
    size_t signer;
    bool spoil_signature;
    const struct tb_secret *path_secret;
    const struct mls_pre_shared_key_id *psks;
    size_t psk_count;
    uint16_t welcome_suite;
    tb_bytes tree;
    struct mls_join_params join;
};

/* NEWCOMER was added in the current epoch; its Welcome is made by the tests. */
static void invite_begin(struct room *r, struct invitation *v)
{
    struct mls_group *group = r->p.member[ALICE].group;
    struct mls_commit_out out;
    tb_bytes info;
    memset(v, 0, sizeof *v);
    party_key_package(&r->p, NEWCOMER, &v->to);
    const struct mls_commit_params params = { .proposals = &v->to.proposal, .proposal_count = 1,
                                              .force_path = true, .as_public = true };
    room_commit(r, ALICE, &params, &out);
    assert_ok(mls_group_epoch_info(group, group->now, &group->signer, false, false, NULL, 0,
                                   &r->p.arena, &info));
    assert_ok(wire_decode(&mls_group_info_in_desc, info, &r->p.arena, &v->info, NULL));
    assert_ok(mls_tree_encode(&group->now->tree, &r->p.arena, &v->tree));
    v->welcome_suite = r->p.suite.id;
    v->join = (struct mls_join_params){ .key_package = v->to.encoded,
                                        .secrets = &v->to.secrets,
                                        .signer = &r->p.member[NEWCOMER].signer };
}

static void invite_end(struct room *r, struct invitation *v)
{
    mls_key_package_secrets_wipe(&v->to.secrets);
    room_end(r);
}

/* A Welcome with a joiner_secret that fits nothing: found out last, by the confirmation tag. */
static tb_bytes welcome_of(struct room *r, const struct invitation *v)
{
    const struct tb_secret joiner = { .len = 32 }, psk = { .len = 32 };
    tb_bytes group_info, welcome;
    assert_ok(mls_welcome_group_info_sign(&r->p.suite, &r->p.member[v->signer].signer, &v->info,
                                          &r->p.arena, &group_info));
    if (v->spoil_signature) group_info = party_spoil(&r->p, group_info, group_info.len - 1);
    const struct mls_welcome_member member = {
        .key_package = v->to.encoded,
        .init_key = v->to.add.key_package.init_key,
        .path_secret = v->path_secret,
    };
    const struct mls_welcome_params params = {
        .joiner_secret = &joiner,
        .psk_secret = &psk,
        .psks = v->psks,
        .psk_count = v->psk_count,
        .group_info = group_info,
        .members = &member,
        .member_count = 1,
    };
    assert_ok(mls_welcome_seal(&r->p.suite, &params, &r->p.rng.rng, &r->p.arena, &welcome));
    if (v->welcome_suite == r->p.suite.id) return welcome;
    uint8_t *octets = (uint8_t *)(uintptr_t)welcome.data;
    tb_put_u16(octets + 4, v->welcome_suite); /* behind version and wire format */
    return welcome;
}

static void refuse_welcome(struct room *r, const struct invitation *v, tb_bytes welcome,
                           uint16_t code)
{
    struct mls_group *group = NULL;
    struct mls_join_params params = v->join;
    params.welcome = welcome;
    params.ratchet_tree = v->tree;
    assert_status(mls_group_join(&r->p.env, &params, &group, NULL), code);
    assert_null(group);
}

static void refuse(struct room *r, const struct invitation *v, uint16_t code)
{
    refuse_welcome(r, v, welcome_of(r, v), code);
}

/* The same GroupInfo and tree, as an outsider and as a delivery service take them up. */
static void refuse_outside(struct room *r, const struct invitation *v, uint16_t code)
{
    struct mls_group_external *external = NULL;
    struct mls_public_group *service = NULL;
    tb_bytes info;
    assert_ok(mls_welcome_group_info_sign(&r->p.suite, &r->p.member[v->signer].signer, &v->info,
                                          &r->p.arena, &info));
    if (v->spoil_signature) info = party_spoil(&r->p, info, info.len - 1);
    assert_status(mls_group_external_open(&r->p.env, info, v->tree, 0, &external, NULL), code);
    assert_status(mls_public_group_new(&r->env, info, v->tree, 0, &service, NULL), code);
    assert_null(external);
    assert_null(service);
}

/* ---------------------------------------------------------------- section 12.4.3 */

static void rule_12_4_3_1_the_group_id_is_new_to_the_client(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    const tb_bytes ours[] = { TB_LITERAL("another"), mls_public_group_id(r.hub) };
    v.join.group_ids = ours;
    v.join.group_id_count = 2;
    refuse(&r, &v, MLS_GROUP_ID_TAKEN);
    v.join.group_id_count = 1;
    refuse(&r, &v, MLS_CONFIRMATION_TAG); /* which is the next thing wrong with it */

    struct mls_group_external *external = NULL;
    struct mls_group *group = NULL;
    struct mls_commit_out out;
    tb_bytes info, tree;
    assert_ok(mls_group_info(r.p.member[ALICE].group, false, NULL, 0, &r.p.arena, &info, &tree));
    assert_ok(mls_group_external_open(&r.p.env, info, tree, 0, &external, NULL));
    const struct mls_group_external_params params = { .identity = TB_LITERAL("x"),
                                                      .signer = &r.p.member[6].signer,
                                                      .group_ids = ours, .group_id_count = 2 };
    assert_status(mls_group_external_join(external, &params, &r.p.arena, &group, &out),
                  MLS_GROUP_ID_TAKEN);
    mls_group_external_free(external);
    invite_end(&r, &v);
}

static void rule_12_4_3_2_a_group_info_is_signed_by_the_member_that_it_names(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.signer = MALLORY;
    refuse(&r, &v, MLS_GROUP_INFO_SIGNATURE);
    refuse_outside(&r, &v, MLS_GROUP_INFO_SIGNATURE);
    v.signer = ALICE;
    v.spoil_signature = true;
    refuse(&r, &v, MLS_GROUP_INFO_SIGNATURE);
    refuse_outside(&r, &v, MLS_GROUP_INFO_SIGNATURE);
    invite_end(&r, &v);
}

static void rule_12_4_3_3_the_signer_of_a_group_info_is_a_member(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.info.signer = 9;
    refuse(&r, &v, MLS_TREE_LEAF);
    refuse_outside(&r, &v, MLS_TREE_LEAF);
    invite_end(&r, &v);
}

static void rule_12_4_3_4_a_joiner_supports_the_groups_extensions(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    struct mls_extension odd = { 0xff09, TB_LITERAL("x") };
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.info.group_context.extensions.at = &odd;
    v.info.group_context.extensions.count = 1;
    refuse(&r, &v, MLS_LEAF_CONTEXT_EXTENSION);
    refuse_outside(&r, &v, MLS_LEAF_CONTEXT_EXTENSION);
    invite_end(&r, &v);
}

/* ---------------------------------------------------------------- section 12.4.3.1 */

static void rule_12_4_3_1_1_a_welcome_holds_secrets_for_us(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    struct party_key_package other;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    tb_bytes welcome = welcome_of(&r, &v);
    party_key_package(&r.p, NEWCOMER, &other);
    v.join.key_package = other.encoded;
    v.join.secrets = &other.secrets;
    refuse_welcome(&r, &v, welcome, MLS_WELCOME_NOT_FOR_US);
    mls_key_package_secrets_wipe(&other.secrets);
    invite_end(&r, &v);
}

static void rule_12_4_3_1_2_a_welcome_has_the_suite_of_our_key_package(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.welcome_suite = 0x0003;
    refuse(&r, &v, MLS_SUITE);
    invite_end(&r, &v);
}

static void rule_12_4_3_1_3_the_secrets_of_a_welcome_decrypt(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    tb_bytes welcome = welcome_of(&r, &v);
    refuse_welcome(&r, &v, party_spoil(&r.p, welcome, welcome.len - 1), CRYPTO_DECRYPT);
    invite_end(&r, &v);
}

static const uint8_t nonce[32] = { 1 };

static void rule_12_4_3_1_4_the_pre_shared_keys_of_a_welcome_are_there(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    struct wire_opaque name = { TB_LITERAL("unknown") };
    const struct mls_pre_shared_key_id id = { MLS_PSK_EXTERNAL, { .psk_id = &name },
                                              TB_ARRAY(nonce) };
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.psks = &id;
    v.psk_count = 1;
    refuse(&r, &v, MLS_PSK_UNKNOWN);
    invite_end(&r, &v);
}

static void rule_12_4_3_1_5_a_reinit_or_branch_key_comes_alone_and_where_it_is_asked_for(
    void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    struct mls_resumption_psk branch = { MLS_RESUMPTION_BRANCH, TB_LITERAL("old"), 1 };
    struct mls_resumption_psk reinit = { MLS_RESUMPTION_REINIT, TB_LITERAL("old"), 1 };
    const struct mls_pre_shared_key_id ids[] = {
        { MLS_PSK_RESUMPTION, { .resumption = &branch }, TB_ARRAY(nonce) },
        { MLS_PSK_RESUMPTION, { .resumption = &reinit }, TB_ARRAY(nonce) },
    };
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.psks = ids;
    v.psk_count = 2;
    v.join.resumption_usage = MLS_RESUMPTION_BRANCH;
    refuse(&r, &v, MLS_WELCOME_PSK_USAGE);
    v.psk_count = 1; /* nobody would look at what it came out of */
    v.join.resumption_usage = 0;
    refuse(&r, &v, MLS_WELCOME_PSK_USAGE);
    invite_end(&r, &v);
}

static void rule_12_4_3_1_6_the_keys_of_a_welcome_could_have_been_committed(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    struct wire_opaque name = { TB_LITERAL("a key") };
    struct mls_pre_shared_key_id ids[2];
    ids[0] = (struct mls_pre_shared_key_id){ MLS_PSK_EXTERNAL, { .psk_id = &name },
                                             TB_ARRAY(nonce) };
    ids[1] = ids[0];
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.psks = ids;
    v.psk_count = 2;
    refuse(&r, &v, MLS_PROPOSALS_PSK_TWICE);
    ids[0].psk_nonce.len = 31;
    refuse(&r, &v, MLS_PROPOSALS_PSK);
    invite_end(&r, &v);
}

static void rule_12_4_3_1_7_a_group_info_has_the_suite_and_version_of_the_welcome(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.info.group_context.cipher_suite = 0x0003;
    refuse(&r, &v, MLS_SUITE);
    refuse_outside(&r, &v, MLS_SUITE);
    invite_end(&r, &v);
}

static void rule_12_4_3_1_8_the_tree_has_the_announced_hash(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.info.group_context.tree_hash = party_spoil(&r.p, v.info.group_context.tree_hash, 0);
    refuse(&r, &v, MLS_TREE_HASH);
    refuse_outside(&r, &v, MLS_TREE_HASH);
    invite_end(&r, &v);
}

/* ALICE's tree with a change that its hash agrees with. */
static void set_tree(struct room *r, struct invitation *v, struct mls_tree *tree)
{
    uint8_t *hash = tb_arena_take(&r->p.arena, CRYPTO_HASH_MAX, 1);
    assert_ok(mls_tree_hash(tree, hash));
    v->info.group_context.tree_hash = (tb_bytes){ hash, r->p.suite.hash_len };
    assert_ok(mls_tree_encode(tree, &r->p.arena, &v->tree));
    mls_tree_wipe(tree);
}

static void read_tree(struct room *r, const struct invitation *v, struct mls_tree *tree)
{
    assert_ok(mls_tree_decode(&r->p.suite, &r->p.heap.mem, v->tree, tree, NULL));
}

static void rule_12_4_3_1_9_every_parent_is_parent_hash_valid(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    struct mls_tree tree;
    room_begin(&r, 4);
    invite_begin(&r, &v);
    /* A parent whose committer's leaf is another one now, without a path. */
    read_tree(&r, &v, &tree);
    struct mls_leaf_node leaf = rules_update_leaf(&r);
    leaf.signature_key = crypto_signing_key_public(&r.p.member[6].signer);
    assert_ok(mls_tree_set_leaf(&tree, ALICE,
                                mls_leaf_view(rules_sign_leaf(&r, 6, &leaf, ALICE))));
    set_tree(&r, &v, &tree);
    v.signer = 6;
    refuse(&r, &v, MLS_TREE_PARENT_HASH);
    refuse_outside(&r, &v, MLS_TREE_PARENT_HASH);
    invite_end(&r, &v);
}

static void rule_12_4_3_1_10_every_leaf_is_valid(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    struct mls_tree tree;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    read_tree(&r, &v, &tree);
    struct mls_leaf_node leaf = rules_update_leaf(&r);
    leaf.signature_key = crypto_signing_key_public(&r.p.member[6].signer);
    leaf.capabilities.proposals.count = 0; /* the room requires three */
    tb_bytes octets = mls_leaf_view(rules_sign_leaf(&r, 6, &leaf, BOB));
    assert_ok(mls_tree_update(&tree, BOB, octets));
    set_tree(&r, &v, &tree);
    refuse(&r, &v, MLS_LEAF_REQUIRED);
    refuse_outside(&r, &v, MLS_LEAF_REQUIRED);
    invite_end(&r, &v);
}

static void rule_12_4_3_1_14_our_leaf_is_in_the_tree(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    struct mls_tree tree;
    room_begin(&r, 4);
    invite_begin(&r, &v);
    read_tree(&r, &v, &tree);
    uint32_t ours = 4;
    assert_ok(mls_tree_remove(&tree, ours));
    set_tree(&r, &v, &tree);
    refuse(&r, &v, MLS_WELCOME_LEAF);
    invite_end(&r, &v);
}

static void rule_12_4_3_1_15_the_path_secret_leads_to_the_keys_of_the_tree(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    const struct tb_secret wrong = { .len = 32 };
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.path_secret = &wrong;
    refuse(&r, &v, MLS_WELCOME_PATH_SECRET);
    invite_end(&r, &v);
}

static void rule_12_4_3_1_16_the_confirmation_tag_is_that_of_the_secrets(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    refuse(&r, &v, MLS_CONFIRMATION_TAG);
    v.info.confirmation_tag.len--; /* who is outside can judge its length alone */
    refuse_outside(&r, &v, MLS_CONFIRMATION_TAG);
    invite_end(&r, &v);
}

static void rule_12_4_3_3_1_the_tree_comes_with_the_group_info_or_beside(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.tree = RULES_NOTHING;
    refuse(&r, &v, MLS_GROUP_INFO_NO_TREE);
    refuse_outside(&r, &v, MLS_GROUP_INFO_NO_TREE);
    invite_end(&r, &v);
}

/* ---------------------------------------------------------------- section 13.4, lists */

static void rule_13_4_5_a_group_info_holds_no_extension_twice(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    struct mls_extension twice[] = { { 0x5a5a, TB_LITERAL("") }, { 0x5a5a, TB_LITERAL("x") } };
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.info.extensions.at = twice;
    v.info.extensions.count = 2;
    refuse(&r, &v, MLS_EXTENSION_DUPLICATE);
    refuse_outside(&r, &v, MLS_EXTENSION_DUPLICATE);
    /* One that nobody knows is passed over. */
    v.info.extensions.count = 1;
    refuse(&r, &v, MLS_CONFIRMATION_TAG);
    invite_end(&r, &v);
}

static void rule_13_4_6_a_group_context_holds_no_extension_twice(void **state)
{
    (void)state;
    struct room r;
    struct invitation v;
    struct mls_extension twice[] = { { MLS_EXTENSION_APPLICATION_ID, TB_LITERAL("") },
                                     { MLS_EXTENSION_APPLICATION_ID, TB_LITERAL("") } };
    room_begin(&r, 3);
    invite_begin(&r, &v);
    v.info.group_context.extensions.at = twice;
    v.info.group_context.extensions.count = 2;
    refuse(&r, &v, MLS_EXTENSION_DUPLICATE);
    refuse_outside(&r, &v, MLS_EXTENSION_DUPLICATE);
    invite_end(&r, &v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_12_4_3_1_the_group_id_is_new_to_the_client),
        cmocka_unit_test(rule_12_4_3_2_a_group_info_is_signed_by_the_member_that_it_names),
        cmocka_unit_test(rule_12_4_3_3_the_signer_of_a_group_info_is_a_member),
        cmocka_unit_test(rule_12_4_3_4_a_joiner_supports_the_groups_extensions),
        cmocka_unit_test(rule_12_4_3_1_1_a_welcome_holds_secrets_for_us),
        cmocka_unit_test(rule_12_4_3_1_2_a_welcome_has_the_suite_of_our_key_package),
        cmocka_unit_test(rule_12_4_3_1_3_the_secrets_of_a_welcome_decrypt),
        cmocka_unit_test(rule_12_4_3_1_4_the_pre_shared_keys_of_a_welcome_are_there),
        cmocka_unit_test(
            rule_12_4_3_1_5_a_reinit_or_branch_key_comes_alone_and_where_it_is_asked_for),
        cmocka_unit_test(rule_12_4_3_1_6_the_keys_of_a_welcome_could_have_been_committed),
        cmocka_unit_test(rule_12_4_3_1_7_a_group_info_has_the_suite_and_version_of_the_welcome),
        cmocka_unit_test(rule_12_4_3_1_8_the_tree_has_the_announced_hash),
        cmocka_unit_test(rule_12_4_3_1_9_every_parent_is_parent_hash_valid),
        cmocka_unit_test(rule_12_4_3_1_10_every_leaf_is_valid),
        cmocka_unit_test(rule_12_4_3_1_14_our_leaf_is_in_the_tree),
        cmocka_unit_test(rule_12_4_3_1_15_the_path_secret_leads_to_the_keys_of_the_tree),
        cmocka_unit_test(rule_12_4_3_1_16_the_confirmation_tag_is_that_of_the_secrets),
        cmocka_unit_test(rule_12_4_3_3_1_the_tree_comes_with_the_group_info_or_beside),
        cmocka_unit_test(rule_13_4_5_a_group_info_holds_no_extension_twice),
        cmocka_unit_test(rule_13_4_6_a_group_context_holds_no_extension_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
