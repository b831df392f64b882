/* RFC 9420, sections 7.3, 10, 10.1 and 11.1: each rule of docs/mls-validation.md about leaves. */
#include "tests/unit/mls_rules_fixture.h"

/* ---------------------------------------------------------------- section 7.3 */

static void rule_7_3_1_the_signature_of_a_leaf_verifies(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    /* In an Add. */
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.signature = party_spoil(&r.p, fields.leaf_node.signature, 7);
    const struct mls_proposal add = rules_add(&r, NEWCOMER, fields, false);
    rules_refuse_proposal(&r, add, MLS_LEAF_SIGNATURE);
    rules_refuse_commit(&r, &add, 1, NULL, MLS_LEAF_SIGNATURE);
    /* In an Update: signed for another leaf. */
    struct mls_leaf_node leaf = rules_update_leaf(&r);
    struct mls_update update = { *rules_sign_leaf(&r, MALLORY, &leaf, BOB) };
    rules_refuse_proposal(&r, (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_UPDATE,
                                                     .of = { .update = &update } },
                          MLS_LEAF_SIGNATURE);
    /* In a path. */
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    path->leaf_node.signature = party_spoil(&r.p, path->leaf_node.signature, 7);
    rules_refuse_commit(&r, NULL, 0, path, MLS_LEAF_SIGNATURE);
    room_end(&r);
}

/* A room that requires these capabilities and uses no other extension. */
static void begin_requiring(struct room *r, tb_bytes required)
{
    const struct mls_extension extension = { MLS_EXTENSION_REQUIRED_CAPABILITIES, required };
    rules_begin_with(r, 3, &extension, 1);
}

static void rule_7_3_2_a_leaf_lists_the_required_extensions(void **state)
{
    (void)state;
    struct room r;
    begin_requiring(&r, TB_LITERAL("\2\0\6\0\0"));
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.capabilities.extensions.count = 0;
    rules_refuse_add(&r, fields, MLS_LEAF_REQUIRED);
    struct mls_leaf_node leaf = rules_update_leaf(&r);
    leaf.capabilities.extensions.count = 0;
    struct mls_update update = { *rules_sign_leaf(&r, MALLORY, &leaf, MALLORY) };
    rules_refuse_proposal(&r, (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_UPDATE,
                                                     .of = { .update = &update } },
                          MLS_LEAF_REQUIRED);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    path->leaf_node.capabilities.extensions.count = 0;
    path->leaf_node = *rules_sign_leaf(&r, MALLORY, &path->leaf_node, MALLORY);
    rules_refuse_commit(&r, NULL, 0, path, MLS_LEAF_REQUIRED);
    room_end(&r);
}

static void rule_7_3_3_a_leaf_lists_the_required_proposals(void **state)
{
    (void)state;
    struct room r;
    begin_requiring(&r, TB_LITERAL("\0\2\0\x0a\0"));
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.capabilities.proposals.count = 0;
    rules_refuse_add(&r, fields, MLS_LEAF_REQUIRED);
    room_end(&r);
}

/* A chain of one certificate; what it says is for the application. */
static void present_certificate(struct room *r, struct mls_leaf_node *leaf,
                                const uint16_t *supported, size_t count)
{
    struct mls_certificates *chain = tb_arena_take(&r->p.arena, 1, sizeof *chain);
    chain->certificates.at = tb_arena_take(&r->p.arena, 1, sizeof *chain->certificates.at);
    chain->certificates.count = 1;
    chain->certificates.at[0].cert_data = TB_LITERAL("certificate");
    leaf->credential = (struct mls_credential){ MLS_CREDENTIAL_X509, { .certificates = chain } };
    leaf->capabilities.credentials.at =
        tb_arena_take(&r->p.arena, count, sizeof *leaf->capabilities.credentials.at);
    leaf->capabilities.credentials.count = count;
    for (size_t i = 0; i < count; i++) leaf->capabilities.credentials.at[i].value = supported[i];
}

static const uint16_t both_credentials[] = { MLS_CREDENTIAL_X509, MLS_CREDENTIAL_BASIC };

static void rule_7_3_4_a_leaf_lists_the_required_credentials(void **state)
{
    (void)state;
    struct room r;
    begin_requiring(&r, TB_LITERAL("\0\0\2\0\1"));
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    present_certificate(&r, &fields.leaf_node, both_credentials, 1);
    rules_refuse_add(&r, fields, MLS_LEAF_REQUIRED);
    room_end(&r);
}

static void rule_7_3_5_every_member_supports_the_leafs_credential_type(void **state)
{
    (void)state;
    struct room r;
    rules_begin_with(&r, 3, NULL, 0);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    present_certificate(&r, &fields.leaf_node, both_credentials, 2);
    const struct mls_proposal add = rules_add(&r, NEWCOMER, fields, true);
    rules_refuse_commit(&r, &add, 1, NULL, MLS_LEAF_CREDENTIAL);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    present_certificate(&r, &path->leaf_node, both_credentials, 2);
    path->leaf_node = *rules_sign_leaf(&r, MALLORY, &path->leaf_node, MALLORY);
    rules_refuse_commit(&r, NULL, 0, path, MLS_LEAF_CREDENTIAL);
    room_end(&r);
}

static void rule_7_3_7_a_leaf_lists_its_own_credential_type(void **state)
{
    (void)state;
    struct room r;
    rules_begin_with(&r, 3, NULL, 0);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.capabilities.credentials.count = 0;
    rules_refuse_add(&r, fields, MLS_LEAF_CREDENTIAL);
    room_end(&r);
}

static void set_lifetime(struct room *r, struct mls_key_package_in *fields, uint64_t from,
                         uint64_t to)
{
    struct mls_lifetime *lifetime = tb_arena_take(&r->p.arena, 1, sizeof *lifetime);
    *lifetime = (struct mls_lifetime){ from, to };
    fields->leaf_node.of.lifetime = lifetime;
}

static void rule_7_3_8_a_client_sends_no_leaf_outside_its_lifetime(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    room_begin(&r, 2);
    for (int is_over = 0; is_over < 2; is_over++) {
        struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
        set_lifetime(&r, &fields, is_over ? PARTY_NOW_S - 10 : PARTY_NOW_S + 1,
                     is_over ? PARTY_NOW_S - 1 : PARTY_NOW_S + 10);
        const struct mls_proposal add = rules_add(&r, NEWCOMER, fields, true);
        const struct mls_commit_params params = { .proposals = &add, .proposal_count = 1,
                                                  .now_s = PARTY_NOW_S };
        assert_status(mls_group_commit(r.p.member[ALICE].group, &params, &r.p.arena, &out, NULL),
                      MLS_LEAF_LIFETIME);
        assert_false(mls_group_has_pending(r.p.member[ALICE].group));
    }
    room_end(&r);
}

static void rule_7_3_9_a_client_takes_no_leaf_outside_its_lifetime(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    set_lifetime(&r, &fields, PARTY_NOW_S - 10, PARTY_NOW_S - 1);
    rules_refuse_add(&r, fields, MLS_LEAF_LIFETIME);
    set_lifetime(&r, &fields, PARTY_NOW_S + 1, PARTY_NOW_S + 10);
    rules_refuse_add(&r, fields, MLS_LEAF_LIFETIME);
    /* Longer than the limit: it would never expire. */
    set_lifetime(&r, &fields, 0, UINT64_MAX);
    rules_refuse_add(&r, fields, MLS_LEAF_LIFETIME);
    room_end(&r);
}

static void rule_7_3_10_a_leaf_lists_the_extensions_that_it_has(void **state)
{
    (void)state;
    struct room r;
    struct mls_extension odd = { 0xff77, TB_LITERAL("x") };
    room_begin(&r, 3);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.extensions.at = &odd;
    fields.leaf_node.extensions.count = 1;
    rules_refuse_add(&r, fields, MLS_LEAF_EXTENSION);
    odd.extension_type = 0x3a3a; /* GREASE has to be listed like any other */
    rules_refuse_add(&r, fields, MLS_LEAF_EXTENSION);
    room_end(&r);
}

static void rule_7_3_11_the_leaf_of_a_key_package_comes_from_a_key_package(void **state)
{
    (void)state;
    struct room r;
    struct wire_opaque hash = { TB_LITERAL("") };
    room_begin(&r, 3);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.leaf_node_source = MLS_LEAF_UPDATE;
    fields.leaf_node.of.any = NULL;
    rules_refuse_add(&r, fields, MLS_LEAF_SOURCE);
    fields.leaf_node.leaf_node_source = MLS_LEAF_COMMIT;
    fields.leaf_node.of.parent_hash = &hash;
    rules_refuse_add(&r, fields, MLS_LEAF_SOURCE);
    room_end(&r);
}

static void rule_7_3_12_the_leaf_of_an_update_comes_from_an_update(void **state)
{
    (void)state;
    struct room r;
    struct wire_opaque hash = { TB_LITERAL("") };
    room_begin(&r, 3);
    struct mls_leaf_node leaf = rules_update_leaf(&r);
    leaf.leaf_node_source = MLS_LEAF_COMMIT;
    leaf.of.parent_hash = &hash;
    struct mls_update update = { *rules_sign_leaf(&r, MALLORY, &leaf, MALLORY) };
    rules_refuse_proposal(&r, (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_UPDATE,
                                                     .of = { .update = &update } },
                          MLS_LEAF_SOURCE);
    room_end(&r);
}

static void rule_7_3_13_an_update_brings_another_encryption_key(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_leaf_node leaf = rules_update_leaf(&r);
    leaf.encryption_key =
        mls_tree_leaf(&r.p.member[ALICE].group->now->tree, MALLORY)->encryption_key;
    struct mls_update update = { *rules_sign_leaf(&r, MALLORY, &leaf, MALLORY) };
    rules_refuse_proposal(&r, (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_UPDATE,
                                                     .of = { .update = &update } },
                          MLS_LEAF_UPDATE_KEY);
    room_end(&r);
}

static void rule_7_3_14_the_leaf_of_a_path_comes_from_a_commit(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    path->leaf_node.leaf_node_source = MLS_LEAF_UPDATE;
    path->leaf_node.of.any = NULL;
    path->leaf_node = *rules_sign_leaf(&r, MALLORY, &path->leaf_node, MALLORY);
    rules_refuse_commit(&r, NULL, 0, path, MLS_LEAF_SOURCE);
    room_end(&r);
}

static void rule_7_3_15_signature_keys_are_unique(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    /* BOB a second time, by a package of its own. */
    const struct mls_proposal add = rules_add(&r, BOB, rules_package(&r, BOB), true);
    rules_refuse_commit(&r, &add, 1, NULL, MLS_TREE_SIGNATURE_KEY_TWICE);
    room_end(&r);
}

static void rule_7_3_16_encryption_keys_are_unique(void **state)
{
    (void)state;
    struct room r;
    const struct mls_tree *tree;
    room_begin(&r, 3);
    tree = &r.p.member[ALICE].group->now->tree;
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.encryption_key = mls_tree_leaf(tree, BOB)->encryption_key;
    struct mls_proposal add = rules_add(&r, NEWCOMER, fields, true);
    rules_refuse_commit(&r, &add, 1, NULL, MLS_TREE_KEY_TWICE);
    /* The key of a parent counts too. */
    fields.leaf_node.encryption_key = mls_tree_key(tree, 1);
    assert_int_not_equal(fields.leaf_node.encryption_key.len, 0);
    add = rules_add(&r, NEWCOMER, fields, true);
    rules_refuse_commit(&r, &add, 1, NULL, MLS_TREE_KEY_TWICE);
    room_end(&r);
}

/* ---------------------------------------------------------------- sections 10 and 10.1 */

static const uint8_t order_two[32]; /* X25519: every shared secret with it is zero */

static void rule_10_1_the_init_key_is_a_key_of_the_suite(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.init_key = TB_ARRAY(order_two);
    rules_refuse_add(&r, fields, CRYPTO_KEY);
    fields.init_key.len--;
    rules_refuse_add(&r, fields, CRYPTO_KEY);
    room_end(&r);
}

static void rule_10_2_the_keys_of_a_leaf_are_keys_of_the_suite(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.encryption_key = TB_ARRAY(order_two);
    rules_refuse_add(&r, fields, CRYPTO_KEY);
    struct mls_leaf_node leaf = rules_update_leaf(&r);
    leaf.encryption_key = TB_ARRAY(order_two);
    struct mls_update update = { *rules_sign_leaf(&r, MALLORY, &leaf, MALLORY) };
    rules_refuse_proposal(&r, (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_UPDATE,
                                                     .of = { .update = &update } },
                          CRYPTO_KEY);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    path->leaf_node.encryption_key = TB_ARRAY(order_two);
    path->leaf_node = *rules_sign_leaf(&r, MALLORY, &path->leaf_node, MALLORY);
    rules_refuse_commit(&r, NULL, 0, path, CRYPTO_KEY);
    path = rules_path(&r, NULL, 0);
    path->nodes.at[0].encryption_key = TB_ARRAY(order_two);
    rules_refuse_commit(&r, NULL, 0, path, CRYPTO_KEY);
    room_end(&r);
}

static void rule_10_1_1_a_key_package_has_the_groups_suite(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.cipher_suite = 0x0003;
    rules_refuse_add(&r, fields, MLS_SUITE);
    room_end(&r);
}

static void rule_10_1_2_a_key_package_has_the_groups_version(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.version = 2;
    rules_refuse_add(&r, fields, MLS_VERSION);
    room_end(&r);
}

static void rule_10_1_4_the_signature_of_a_key_package_verifies(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_proposal add = rules_add(&r, NEWCOMER, rules_package(&r, NEWCOMER), true);
    struct mls_key_package_in *package = &add.of.add->key_package;
    package->signature = party_spoil(&r.p, package->signature, 3);
    rules_refuse_proposal(&r, add, MLS_KEY_PACKAGE_SIGNATURE);
    rules_refuse_commit(&r, &add, 1, NULL, MLS_KEY_PACKAGE_SIGNATURE);
    room_end(&r);
}

static void rule_10_1_5_the_init_key_is_not_the_leafs_key(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.init_key = fields.leaf_node.encryption_key;
    rules_refuse_add(&r, fields, MLS_KEY_PACKAGE_INIT_KEY);
    room_end(&r);
}

/* ---------------------------------------------------------------- section 11.1 */

/* extension_types { 0xff01 }, and nothing else */
static const struct mls_extension unmet = { MLS_EXTENSION_REQUIRED_CAPABILITIES,
                                            { (const uint8_t *)"\2\xff\1\0\0", 5 } };

static void rule_11_1_1_nothing_is_required_that_a_member_lacks(void **state)
{
    (void)state;
    struct room r;
    rules_begin_with(&r, 3, NULL, 0);
    const struct mls_proposal next = rules_extensions(&r, &unmet, 1);
    rules_refuse_commit(&r, &next, 1, rules_path(&r, NULL, 0), MLS_LEAF_REQUIRED);
    room_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_7_3_1_the_signature_of_a_leaf_verifies),
        cmocka_unit_test(rule_7_3_2_a_leaf_lists_the_required_extensions),
        cmocka_unit_test(rule_7_3_3_a_leaf_lists_the_required_proposals),
        cmocka_unit_test(rule_7_3_4_a_leaf_lists_the_required_credentials),
        cmocka_unit_test(rule_7_3_5_every_member_supports_the_leafs_credential_type),
        cmocka_unit_test(rule_7_3_7_a_leaf_lists_its_own_credential_type),
        cmocka_unit_test(rule_7_3_8_a_client_sends_no_leaf_outside_its_lifetime),
        cmocka_unit_test(rule_7_3_9_a_client_takes_no_leaf_outside_its_lifetime),
        cmocka_unit_test(rule_7_3_10_a_leaf_lists_the_extensions_that_it_has),
        cmocka_unit_test(rule_7_3_11_the_leaf_of_a_key_package_comes_from_a_key_package),
        cmocka_unit_test(rule_7_3_12_the_leaf_of_an_update_comes_from_an_update),
        cmocka_unit_test(rule_7_3_13_an_update_brings_another_encryption_key),
        cmocka_unit_test(rule_7_3_14_the_leaf_of_a_path_comes_from_a_commit),
        cmocka_unit_test(rule_7_3_15_signature_keys_are_unique),
        cmocka_unit_test(rule_7_3_16_encryption_keys_are_unique),
        cmocka_unit_test(rule_10_1_the_init_key_is_a_key_of_the_suite),
        cmocka_unit_test(rule_10_2_the_keys_of_a_leaf_are_keys_of_the_suite),
        cmocka_unit_test(rule_10_1_1_a_key_package_has_the_groups_suite),
        cmocka_unit_test(rule_10_1_2_a_key_package_has_the_groups_version),
        cmocka_unit_test(rule_10_1_4_the_signature_of_a_key_package_verifies),
        cmocka_unit_test(rule_10_1_5_the_init_key_is_not_the_leafs_key),
        cmocka_unit_test(rule_11_1_1_nothing_is_required_that_a_member_lacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
