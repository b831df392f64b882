/* RFC 9420, section 13: each rule of docs/mls-validation.md on what may be extended, and GREASE. */
#include "tests/unit/mls_rules_fixture.h"

static const uint16_t grease[] = { 0x0a0a, 0x1a1a, 0x2a2a, 0x3a3a, 0x4a4a, 0x5a5a, 0x6a6a, 0x7a7a,
                                   0x8a8a, 0x9a9a, 0xaaaa, 0xbaba, 0xcaca, 0xdada, 0xeaea };
enum { GREASE_COUNT = sizeof grease / sizeof grease[0] };

static void rule_13_4_1_unknown_capabilities_and_extensions_are_passed_over(void **state)
{
    (void)state;
    struct room r;
    struct party_key_package made;
    struct mls_commit_out out;
    struct wire_u16 values[GREASE_COUNT + 4] = { { 0x0006 }, { 0x0008 }, { 0x0009 }, { 0x000a } };
    struct mls_extension in_leaf[2] = { { 0x6a6a, TB_LITERAL("noise") },
                                        { 0xbaba, TB_LITERAL("") } };
    struct mls_extension in_package[2] = { { 0x7a7a, TB_LITERAL("noise") },
                                           { 0xff55, TB_LITERAL("of the future") } };
    for (size_t i = 0; i < GREASE_COUNT; i++) values[4 + i].value = grease[i];
    room_begin(&r, 3);
    party_key_package(&r.p, NEWCOMER, &made);
    struct mls_key_package_in *fields = &made.add.key_package;
    struct mls_capabilities *has = &fields->leaf_node.capabilities;
    has->extensions.at = has->proposals.at = values;
    has->extensions.count = has->proposals.count = GREASE_COUNT + 4;
    struct wire_u16 suites[] = { { 0x0001 }, { 0x2a2a }, { 0xf0f0 } };
    has->cipher_suites.at = suites;
    has->cipher_suites.count = 3;
    struct wire_u16 credentials[] = { { 0xcaca }, { MLS_CREDENTIAL_BASIC } };
    has->credentials.at = credentials;
    has->credentials.count = 2;
    fields->leaf_node.extensions.at = in_leaf;
    fields->extensions.at = in_package;
    fields->leaf_node.extensions.count = fields->extensions.count = 2;
    const struct mls_proposal add = rules_add(&r, NEWCOMER, *fields, true);
    tb_bytes package = mls_leaf_key_package_view(&add.of.add->key_package);
    room_commit(&r, MALLORY, &(struct mls_commit_params){ .proposals = &add, .proposal_count = 1,
                                                          .as_public = true,
                                                          .tree_in_welcome = true }, &out);
    made.encoded = package;
    party_join(&r.p, NEWCOMER, &made, out.welcome, RULES_NOTHING);
    party_assert_agreement(&r.p);
    /* And the leaf stays valid as it is for whoever comes later. */
    party_key_package(&r.p, 6, &made);
    room_commit(&r, NEWCOMER, &(struct mls_commit_params){ .proposals = &made.proposal,
                                                           .proposal_count = 1,
                                                           .force_path = true,
                                                           .as_public = true,
                                                           .tree_in_welcome = true }, &out);
    party_join(&r.p, 6, &made, out.welcome, RULES_NOTHING);
    party_assert_agreement(&r.p);
    room_end(&r);
}

static void rule_13_4_2_a_key_package_holds_no_extension_twice(void **state)
{
    (void)state;
    struct room r;
    struct mls_extension twice[] = { { 0x5a5a, TB_LITERAL("") }, { 0x5a5a, TB_LITERAL("x") } };
    room_begin(&r, 3);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.extensions.at = twice;
    fields.extensions.count = 2;
    rules_refuse_add(&r, fields, MLS_EXTENSION_DUPLICATE);
    room_end(&r);
}

static void rule_13_4_3_a_leaf_holds_no_extension_twice(void **state)
{
    (void)state;
    struct room r;
    struct mls_extension twice[] = { { MLS_EXTENSION_APPLICATION_ID, TB_LITERAL("a") },
                                     { MLS_EXTENSION_APPLICATION_ID, TB_LITERAL("b") } };
    room_begin(&r, 3);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.extensions.at = twice;
    fields.leaf_node.extensions.count = 2;
    rules_refuse_add(&r, fields, MLS_EXTENSION_DUPLICATE);
    room_end(&r);
}

static void rule_13_4_4_proposed_extensions_hold_no_type_twice(void **state)
{
    (void)state;
    struct room r;
    struct mls_extension twice[] = { { MLS_EXTENSION_APPLICATION_ID, TB_LITERAL("a") },
                                     { MLS_EXTENSION_APPLICATION_ID, TB_LITERAL("b") } };
    struct mls_re_init reinit = { TB_LITERAL("successor"), MLS_VERSION_MLS10, 0x0003,
                                  { twice, 2 } };
    rules_begin_with(&r, 3, NULL, 0);
    const struct mls_proposal next = rules_extensions(&r, twice, 2);
    rules_refuse_proposal(&r, next, MLS_EXTENSION_DUPLICATE);
    rules_refuse_commit(&r, &next, 1, rules_path(&r, NULL, 0), MLS_EXTENSION_DUPLICATE);
    const struct mls_proposal end = { .proposal_type = MLS_PROPOSAL_REINIT,
                                      .of = { .reinit = &reinit } };
    rules_refuse_proposal(&r, end, MLS_EXTENSION_DUPLICATE);
    rules_refuse_commit(&r, &end, 1, NULL, MLS_EXTENSION_DUPLICATE);
    room_end(&r);
}

static void rule_13_4_7_a_new_leaf_supports_the_extensions_of_the_group(void **state)
{
    (void)state;
    struct room r;
    const struct mls_extension dictionary = { MLS_EXTENSION_APP_DATA_DICTIONARY,
                                              TB_LITERAL("\x04\0\x22\1x") };
    rules_begin_with(&r, 3, &dictionary, 1);
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.capabilities.extensions.count = 0;
    rules_refuse_add(&r, fields, MLS_LEAF_CONTEXT_EXTENSION);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    path->leaf_node.capabilities.extensions.count = 0;
    path->leaf_node = *rules_sign_leaf(&r, MALLORY, &path->leaf_node, MALLORY);
    rules_refuse_commit(&r, NULL, 0, path, MLS_LEAF_CONTEXT_EXTENSION);
    room_end(&r);
}

/* A whole message with two octets replaced; the signature no longer matters. */
static void refuse_changed(struct room *r, tb_bytes message, size_t at, uint16_t value,
                           uint16_t code)
{
    struct mls_received received;
    struct mls_public_proposal kept;
    tb_bytes copy;
    assert_ok(tb_arena_dup(&r->p.arena, message, &copy));
    tb_put_u16((uint8_t *)(uintptr_t)copy.data + at, value);
    assert_status(party_receive(&r->p, ALICE, copy, &received), code);
    assert_status(room_propose(r, copy, &kept), code);
}

static size_t find_type(tb_bytes message, uint16_t type)
{
    for (size_t at = message.len - 2; at > 0; at--) {
        if (tb_get_u16(message.data + at) == type && message.data[at - 1] == MLS_CONTENT_PROPOSAL) {
            return at;
        }
    }
    fail();
    return 0;
}

static void rule_13_5_1_a_proposal_of_an_unknown_type_is_refused(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    tb_bytes message = rules_proposal(&r, MALLORY, (struct mls_proposal){
                                                       .proposal_type = MLS_PROPOSAL_SELF_REMOVE });
    size_t at = find_type(message, MLS_PROPOSAL_SELF_REMOVE);
    for (size_t i = 0; i < GREASE_COUNT; i++) {
        refuse_changed(&r, message, at, grease[i], WIRE_UNKNOWN_TAG);
    }
    refuse_changed(&r, message, at, 0xf003, WIRE_UNKNOWN_TAG);
    refuse_changed(&r, message, at, 0, WIRE_UNKNOWN_TAG);
    room_end(&r);
}

static void rule_13_5_2_a_credential_of_an_unknown_type_is_refused(void **state)
{
    (void)state;
    struct room r;
    struct party_key_package made;
    struct mls_public_key_package out;
    uint8_t octets[1024];
    room_begin(&r, 2);
    party_key_package(&r.p, NEWCOMER, &made);
    assert_true(made.encoded.len <= sizeof octets);
    memcpy(octets, made.encoded.data, made.encoded.len);
    /* version, suite, then three keys of 32 octets with a length before each */
    size_t at = 4 + 3 * 33;
    assert_int_equal(tb_get_u16(octets + at), MLS_CREDENTIAL_BASIC);
    for (size_t i = 0; i < GREASE_COUNT; i++) {
        tb_put_u16(octets + at, grease[i]);
        assert_status(mls_public_key_package_open(&r.p.suite,
                                                  (tb_bytes){ octets, made.encoded.len }, 0,
                                                  &r.p.arena, &out, NULL),
                      WIRE_UNKNOWN_TAG);
    }
    mls_key_package_secrets_wipe(&made.secrets);
    room_end(&r);
}

static void what_we_say_of_ourselves_holds_no_grease(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 2);
    const struct mls_key_package_in own = rules_package(&r, NEWCOMER);
    const struct mls_capabilities *has = &own.leaf_node.capabilities;
    const struct {
        const struct wire_u16 *at;
        size_t count;
    } lists[] = { { has->versions.at, has->versions.count },
                  { has->cipher_suites.at, has->cipher_suites.count },
                  { has->extensions.at, has->extensions.count },
                  { has->proposals.at, has->proposals.count },
                  { has->credentials.at, has->credentials.count } };
    for (size_t i = 0; i < 5; i++) {
        for (size_t j = 0; j < lists[i].count; j++) {
            assert_false(MLS_IS_GREASE(lists[i].at[j].value));
        }
    }
    for (size_t i = 0; i < GREASE_COUNT; i++) assert_true(MLS_IS_GREASE(grease[i]));
    assert_false(MLS_IS_GREASE(0xfafa)); /* in the private range */
    assert_false(MLS_IS_GREASE(0x0a1a));
    room_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_13_4_1_unknown_capabilities_and_extensions_are_passed_over),
        cmocka_unit_test(rule_13_4_2_a_key_package_holds_no_extension_twice),
        cmocka_unit_test(rule_13_4_3_a_leaf_holds_no_extension_twice),
        cmocka_unit_test(rule_13_4_4_proposed_extensions_hold_no_type_twice),
        cmocka_unit_test(rule_13_4_7_a_new_leaf_supports_the_extensions_of_the_group),
        cmocka_unit_test(rule_13_5_1_a_proposal_of_an_unknown_type_is_refused),
        cmocka_unit_test(rule_13_5_2_a_credential_of_an_unknown_type_is_refused),
        cmocka_unit_test(what_we_say_of_ourselves_holds_no_grease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
