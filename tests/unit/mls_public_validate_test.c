/* Leaves, key packages and received trees: each rule of RFC 9420, sections 7.3, 10.1 and 13.4. */
#include "tests/unit/mls_tree_fixture.h"

#include "mls/public_validate.h"

static const tb_bytes group_id = { (const uint8_t *)"group", 5 };

/* One leaf to be spoiled, and the rules it is held against. */
struct scene {
    struct fixture f;
    struct client client;
    struct leaf_parts parts;
    struct wire_u16 required_proposals[1], required_credentials[1], required_extensions[1];
    struct mls_public_rules rules;
};

static void scene_begin(struct scene *s)
{
    fixture_begin(&s->f, 1);
    client_begin(&s->f, &s->client, 1);
    leaf_parts_begin(&s->f, &s->client, &s->parts);
    s->rules = (struct mls_public_rules){
        .suite = &s->f.suite,
        .group_id = group_id,
        .now_s = FIXTURE_NOW_S,
    };
}

/* Sign what the parts say now and check it for this place. */
static tb_status check(struct scene *s, uint8_t source)
{
    tb_bytes octets = leaf_sign(&s->f, &s->client, &s->parts, group_id, 3);
    return mls_public_leaf_check(&s->rules, leaf_decode(&s->f, octets), source, 3, &s->f.arena);
}

static void a_good_leaf_is_taken_in_each_of_its_places(void **state)
{
    (void)state;
    struct scene s;
    struct wire_opaque parent_hash = { { NULL, 0 } };
    scene_begin(&s);
    assert_ok(check(&s, MLS_LEAF_KEY_PACKAGE));
    assert_ok(check(&s, 0));
    s.parts.leaf.leaf_node_source = MLS_LEAF_UPDATE;
    assert_ok(check(&s, MLS_LEAF_UPDATE));
    s.parts.leaf.leaf_node_source = MLS_LEAF_COMMIT;
    s.parts.leaf.of.parent_hash = &parent_hash;
    assert_ok(check(&s, MLS_LEAF_COMMIT));
    fixture_end(&s.f);
}

static void a_leaf_has_the_source_of_its_place(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    assert_status(check(&s, MLS_LEAF_UPDATE), MLS_LEAF_SOURCE);
    assert_status(check(&s, MLS_LEAF_COMMIT), MLS_LEAF_SOURCE);
    s.parts.leaf.leaf_node_source = MLS_LEAF_UPDATE;
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_SOURCE);
    fixture_end(&s.f);
}

static void the_signature_covers_every_octet_and_the_place_of_an_update(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    s.parts.leaf.leaf_node_source = MLS_LEAF_UPDATE;
    tb_bytes octets = leaf_sign(&s.f, &s.client, &s.parts, group_id, 3);
    const struct mls_leaf_node *leaf = leaf_decode(&s.f, octets);
    const struct mls_leaf_place here = { group_id, 3 }, beside = { group_id, 4 },
                                elsewhere = { TB_LITERAL("other"), 3 };
    assert_ok(mls_leaf_verify(&s.f.suite, leaf, &here, &s.f.arena));
    assert_status(mls_leaf_verify(&s.f.suite, leaf, &beside, &s.f.arena), MLS_LEAF_SIGNATURE);
    assert_status(mls_leaf_verify(&s.f.suite, leaf, &elsewhere, &s.f.arena), MLS_LEAF_SIGNATURE);
    for (size_t i = 0; i < octets.len; i++) {
        uint8_t *copy = tb_arena_take(&s.f.arena, 1, octets.len);
        struct mls_leaf_node changed;
        memcpy(copy, octets.data, octets.len);
        copy[i] ^= 1;
        tb_bytes view = { copy, octets.len };
        if (!tb_is_ok(wire_decode(&mls_leaf_node_desc, view, &s.f.arena, &changed, NULL))) continue;
        assert_false(tb_is_ok(mls_leaf_verify(&s.f.suite, &changed, &here, &s.f.arena)));
    }
    fixture_end(&s.f);
}

static void a_lifetime_includes_now_and_is_not_too_long(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    struct mls_lifetime *lifetime = &s.parts.lifetime;
    *lifetime = (struct mls_lifetime){ FIXTURE_NOW_S, FIXTURE_NOW_S };
    assert_ok(check(&s, MLS_LEAF_KEY_PACKAGE));
    *lifetime = (struct mls_lifetime){ FIXTURE_NOW_S + 1, FIXTURE_NOW_S + 9 };
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_LIFETIME);
    *lifetime = (struct mls_lifetime){ 0, FIXTURE_NOW_S - 1 };
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_LIFETIME);
    *lifetime = (struct mls_lifetime){ FIXTURE_NOW_S, FIXTURE_NOW_S + MLS_LIFETIME_MAX_S };
    assert_ok(check(&s, MLS_LEAF_KEY_PACKAGE));
    lifetime->not_after++;
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_LIFETIME);
    *lifetime = (struct mls_lifetime){ 0, UINT64_MAX };
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_LIFETIME);
    s.rules.now_s = 0; /* no clock: not asked */
    assert_ok(check(&s, MLS_LEAF_KEY_PACKAGE));
    fixture_end(&s.f);
}

static void a_leaf_lists_the_credential_and_extensions_that_it_uses(void **state)
{
    (void)state;
    struct scene s;
    struct mls_extension extensions[] = { { MLS_EXTENSION_APPLICATION_ID, TB_LITERAL("id") },
                                          { 0xff01, TB_LITERAL("private") } };
    scene_begin(&s);
    s.parts.leaf.extensions.at = extensions;
    s.parts.leaf.extensions.count = 2;
    assert_ok(check(&s, MLS_LEAF_KEY_PACKAGE)); /* application_id is default */
    extensions[1].extension_type = 0xff02;
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_EXTENSION);
    extensions[1].extension_type = MLS_EXTENSION_APPLICATION_ID;
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_EXTENSION_DUPLICATE);
    extensions[1] = (struct mls_extension){ MLS_EXTENSION_APP_DATA_DICTIONARY,
                                            TB_LITERAL("\x06\0\2\0\0\1\0") };
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_DICTIONARY_ORDER);
    s.parts.leaf.extensions.count = 0;
    s.parts.credentials[0].value = 9;
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_CREDENTIAL);
    fixture_end(&s.f);
}

static void a_leaf_supports_what_the_group_uses_and_requires(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    struct mls_required_capabilities *required = &s.rules.required;
    const struct mls_extension used[] = { { MLS_EXTENSION_EXTERNAL_SENDERS, TB_LITERAL("\0") },
                                          { 0xff05, TB_LITERAL("x") } };
    s.rules.extensions = used;
    s.rules.extension_count = 1;
    assert_ok(check(&s, MLS_LEAF_KEY_PACKAGE));
    s.rules.extension_count = 2; /* section 13.4: every extension of the GroupContext */
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_CONTEXT_EXTENSION);
    s.rules.extension_count = 0;

    required->proposal_types.at = s.required_proposals;
    required->proposal_types.count = 1;
    s.required_proposals[0].value = MLS_PROPOSAL_SELF_REMOVE;
    assert_ok(check(&s, MLS_LEAF_KEY_PACKAGE));
    s.required_proposals[0].value = 0xff06;
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_REQUIRED);
    required->proposal_types.count = 0;

    required->credential_types.at = s.required_credentials;
    required->credential_types.count = 1;
    s.required_credentials[0].value = 5;
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_REQUIRED);
    required->credential_types.count = 0;

    required->extension_types.at = s.required_extensions;
    required->extension_types.count = 1;
    s.required_extensions[0].value = 0xff07;
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), MLS_LEAF_REQUIRED);
    fixture_end(&s.f);
}

static void keys_have_the_length_of_their_suite(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    s.parts.leaf.encryption_key.len--;
    assert_status(check(&s, MLS_LEAF_KEY_PACKAGE), CRYPTO_KEY);
    fixture_end(&s.f);
}

/* ---------------------------------------------------------------- key packages */

struct package_parts {
    uint8_t init_key[32];
    struct mls_key_package_in package;
};

static void package_begin(struct scene *s, struct package_parts *p)
{
    *p = (struct package_parts){ .init_key = { 8 } };
    p->package = (struct mls_key_package_in){
        .version = MLS_VERSION_MLS10,
        .cipher_suite = s->f.suite.id,
        .init_key = TB_ARRAY(p->init_key),
        .leaf_node = *leaf_decode(&s->f, leaf_new(&s->f, &s->client)),
    };
}

static tb_status check_package(struct scene *s, const struct package_parts *p)
{
    struct mls_key_package_in decoded;
    tb_bytes octets;
    assert_ok(mls_leaf_key_package_sign(&s->f.suite, &s->client.signer, &p->package, &s->f.arena,
                                        &octets));
    assert_ok(wire_decode(&mls_key_package_in_desc, octets, &s->f.arena, &decoded, NULL));
    return mls_public_key_package_check(&s->rules, &decoded, s->f.arena.mem);
}

static void a_key_package_is_refused_for_each_rule_of_section_10_1(void **state)
{
    (void)state;
    struct scene s;
    struct package_parts p;
    struct mls_extension extensions[] = { { 0x4a4a, { NULL, 0 } }, { 0x4a4a, { NULL, 0 } } };
    scene_begin(&s);
    package_begin(&s, &p);
    assert_ok(check_package(&s, &p));
    p.package.version = 2;
    assert_status(check_package(&s, &p), MLS_VERSION);
    package_begin(&s, &p);
    p.package.cipher_suite = 3;
    assert_status(check_package(&s, &p), MLS_SUITE);
    package_begin(&s, &p);
    p.package.init_key = p.package.leaf_node.encryption_key;
    assert_status(check_package(&s, &p), MLS_KEY_PACKAGE_INIT_KEY);
    package_begin(&s, &p);
    p.package.init_key.len = 31;
    assert_status(check_package(&s, &p), CRYPTO_KEY);
    package_begin(&s, &p);
    p.package.extensions.at = extensions;
    p.package.extensions.count = 1;
    assert_ok(check_package(&s, &p)); /* GREASE, which no capability lists (section 13.5) */
    p.package.extensions.count = 2;
    assert_status(check_package(&s, &p), MLS_EXTENSION_DUPLICATE);
    extensions[0] = (struct mls_extension){ MLS_EXTENSION_APP_DATA_DICTIONARY,
                                            TB_LITERAL("\x06\0\2\0\0\1\0") };
    p.package.extensions.count = 1;
    assert_status(check_package(&s, &p), MLS_DICTIONARY_ORDER);
    fixture_end(&s.f);
}

static void a_key_package_signed_by_another_key_than_its_leafs_is_refused(void **state)
{
    (void)state;
    struct scene s;
    struct package_parts p;
    struct client other;
    struct mls_key_package_in decoded;
    tb_bytes octets;
    scene_begin(&s);
    package_begin(&s, &p);
    client_begin(&s.f, &other, 2);
    assert_ok(mls_leaf_key_package_sign(&s.f.suite, &other.signer, &p.package, &s.f.arena,
                                        &octets));
    assert_ok(wire_decode(&mls_key_package_in_desc, octets, &s.f.arena, &decoded, NULL));
    assert_status(mls_public_key_package_check(&s.rules, &decoded, s.f.arena.mem),
                  MLS_KEY_PACKAGE_SIGNATURE);
    fixture_end(&s.f);
}

/* ---------------------------------------------------------------- whole trees */

static void a_received_tree_has_the_announced_hash_and_valid_leaves(void **state)
{
    (void)state;
    struct scene s;
    struct mls_tree tree;
    struct client clients[3], stranger;
    struct leaf_parts parts;
    scene_begin(&s);
    tree_of(&s.f, 3, clients, &tree);
    commit_path(&s.f, &tree, &clients[1], 1);
    tb_bytes hash = tree_hash_of(&s.f, &tree);
    assert_ok(mls_public_tree_check(&s.rules, &tree, hash));
    uint8_t *other = tb_arena_take(&s.f.arena, 1, hash.len);
    memcpy(other, hash.data, hash.len);
    other[0] ^= 1;
    assert_status(mls_public_tree_check(&s.rules, &tree, (tb_bytes){ other, hash.len }),
                  MLS_TREE_HASH);

    /* A leaf whose signature is not its own, put in by somebody who computed the hash. */
    client_begin(&s.f, &stranger, 9);
    leaf_parts_begin(&s.f, &stranger, &parts);
    struct mls_leaf_node leaf = *leaf_decode(&s.f, leaf_new(&s.f, &stranger));
    leaf.encryption_key.data = clients[0].encryption_public; /* another key than was signed */
    tb_bytes forged;
    assert_ok(wire_encode(&mls_leaf_node_desc, &leaf, &s.f.arena, &forged));
    assert_ok(mls_tree_update(&tree, 0, forged));
    assert_status(mls_public_tree_check(&s.rules, &tree, tree_hash_of(&s.f, &tree)),
                  MLS_LEAF_SIGNATURE);
    mls_tree_wipe(&tree);
    fixture_end(&s.f);
}

static void members_support_the_credential_types_of_each_other(void **state)
{
    (void)state;
    struct scene s;
    struct mls_tree tree;
    uint32_t index;
    scene_begin(&s);
    tree_of(&s.f, 2, NULL, &tree);
    /* x509 only: it may use its own type but does not know the others'. */
    struct mls_certificates certificates = { .certificates = { NULL, 0 } };
    s.parts.leaf.credential = (struct mls_credential){ MLS_CREDENTIAL_X509,
                                                       { .certificates = &certificates } };
    s.parts.credentials[0].value = MLS_CREDENTIAL_X509;
    assert_ok(mls_tree_add(&tree, leaf_sign(&s.f, &s.client, &s.parts, group_id, 2), &index));
    assert_status(mls_public_credentials_check(&tree, mls_tree_leaf(&tree, index)),
                  MLS_LEAF_CREDENTIAL);
    assert_ok(mls_public_credentials_check(&tree, mls_tree_leaf(&tree, 0)));
    assert_status(mls_public_tree_check(&s.rules, &tree, tree_hash_of(&s.f, &tree)),
                  MLS_LEAF_CREDENTIAL);
    mls_tree_wipe(&tree);
    fixture_end(&s.f);
}

static void a_group_context_holds_known_extensions_in_their_form(void **state)
{
    (void)state;
    struct scene s;
    struct mls_public_rules rules;
    const struct mls_extension twice[] = { { 0xff01, { NULL, 0 } }, { 0xff01, { NULL, 0 } } };
    const struct mls_extension required = { MLS_EXTENSION_REQUIRED_CAPABILITIES,
                                            TB_LITERAL("\0\0") };
    const struct mls_extension senders = { MLS_EXTENSION_EXTERNAL_SENDERS, TB_LITERAL("\1x") };
    const struct mls_extension dictionary = { MLS_EXTENSION_APP_DATA_DICTIONARY,
                                              TB_LITERAL("\x06\0\2\0\0\1\0") };
    scene_begin(&s);
    assert_status(mls_public_rules_init(&rules, &s.f.suite, group_id, twice, 2, 0, &s.f.arena),
                  MLS_EXTENSION_DUPLICATE);
    assert_status(mls_public_rules_init(&rules, &s.f.suite, group_id, &required, 1, 0, &s.f.arena),
                  WIRE_TRUNCATED);
    assert_status(mls_public_rules_init(&rules, &s.f.suite, group_id, &senders, 1, 0, &s.f.arena),
                  WIRE_TRUNCATED);
    assert_status(
        mls_public_rules_init(&rules, &s.f.suite, group_id, &dictionary, 1, 0, &s.f.arena),
        MLS_DICTIONARY_ORDER);
    fixture_end(&s.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_leaf_is_taken_in_each_of_its_places),
        cmocka_unit_test(a_leaf_has_the_source_of_its_place),
        cmocka_unit_test(the_signature_covers_every_octet_and_the_place_of_an_update),
        cmocka_unit_test(a_lifetime_includes_now_and_is_not_too_long),
        cmocka_unit_test(a_leaf_lists_the_credential_and_extensions_that_it_uses),
        cmocka_unit_test(a_leaf_supports_what_the_group_uses_and_requires),
        cmocka_unit_test(keys_have_the_length_of_their_suite),
        cmocka_unit_test(a_key_package_is_refused_for_each_rule_of_section_10_1),
        cmocka_unit_test(a_key_package_signed_by_another_key_than_its_leafs_is_refused),
        cmocka_unit_test(a_received_tree_has_the_announced_hash_and_valid_leaves),
        cmocka_unit_test(members_support_the_credential_types_of_each_other),
        cmocka_unit_test(a_group_context_holds_known_extensions_in_their_form),
    };
    return cmocka_run_group_tests_name("mls/public_validate", tests, NULL, NULL);
}
