/* Lists of proposals: each rule of RFC 9420, section 12.2, and what comes of a valid list. */
#include "tests/unit/mls_proposals_fixture.h"

/* ---------------------------------------------------------------- valid lists */

static void proposals_apply_in_the_order_of_section_12_3(void **state)
{
    (void)state;
    struct scene s;
    struct client newcomer, second, updated;
    struct mls_proposals_result result;
    scene_begin(&s);
    /* Adds first in the list, but applied last: they take the places of the removed. */
    put_add(&s, &newcomer);
    put_add(&s, &second);
    put_remove(&s, 4);
    put_update(&s, 2, &updated);
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, 1, true);
    assert_ok(apply_to(&s, &result));
    assert_int_equal(result.added.count, 2);
    assert_int_equal(result.added.at[0], 1);
    assert_int_equal(result.added.at[1], 4);
    assert_int_equal(result.removed.count, 2);
    assert_int_equal(result.removed.at[0], 1); /* SelfRemove goes before Remove */
    assert_int_equal(result.removed.at[1], 4);
    assert_int_equal(result.updated.count, 1);
    assert_true(result.path_required);
    assert_int_equal(result.committer_leaf, 0);
    assert_bytes(mls_tree_leaf(&result.tree, 1)->signature_key,
                 crypto_signing_key_public(&newcomer.signer));
    assert_bytes(mls_tree_leaf(&result.tree, 2)->signature_key,
                 crypto_signing_key_public(&updated.signer));
    assert_ok(mls_proposals_finish(&s.input, &result, NULL, &s.f.arena));
    mls_tree_wipe(&result.tree);
    scene_end(&s);
}

static void a_path_is_needed_for_an_empty_list_and_for_what_removes_or_replaces(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    scene_begin(&s);
    s.input.has_path = false;
    assert_status(apply(&s), MLS_COMMIT_PATH_MISSING); /* empty */
    put_remove(&s, 3);
    assert_status(apply(&s), MLS_COMMIT_PATH_MISSING);
    put_update(&s, 3, &client);
    assert_status(apply(&s), MLS_COMMIT_PATH_MISSING);
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, 3, true);
    assert_status(apply(&s), MLS_COMMIT_PATH_MISSING);
    put_extensions(&s, NULL, 0);
    assert_status(apply(&s), MLS_COMMIT_PATH_MISSING);
    put_add(&s, &client);
    assert_ok(apply(&s));
    put_psk(&s, "key", 1);
    assert_ok(apply(&s));
    put_reinit(&s, 1);
    assert_ok(apply(&s));
    put_app_data(&s, 0x22, "y");
    assert_ok(apply(&s));
    struct mls_app_ephemeral ephemeral = { 5, TB_LITERAL("ack") };
    put_own(&s, MLS_PROPOSAL_APP_EPHEMERAL)->of.app_ephemeral = &ephemeral;
    assert_ok(apply(&s));
    scene_end(&s);
}

static void app_data_updates_change_the_dictionary_of_the_new_context_alone(void **state)
{
    (void)state;
    struct scene s;
    struct mls_proposals_result result;
    tb_bytes dictionary, data;
    scene_begin(&s);
    with_dictionary(&s);
    put_app_data(&s, 0x21, "agent");
    put_app_data(&s, 0x22, "list");
    assert_ok(apply_to(&s, &result));
    assert_false(result.rules_changed);
    assert_true(mls_public_extension_find(result.rules.extensions, result.rules.extension_count,
                                          MLS_EXTENSION_APP_DATA_DICTIONARY, &dictionary));
    assert_true(mls_public_dictionary_find(dictionary, 0x21, &data));
    assert_bytes(data, TB_LITERAL("agent"));
    assert_true(mls_public_dictionary_find(dictionary, 0x22, &data));
    assert_bytes(data, TB_LITERAL("list"));
    assert_bytes(s.extensions[0].extension_data, TB_LITERAL("\x04\0\x22\1x"));
    mls_tree_wipe(&result.tree);
    s.input.count = 0;

    put_app_data(&s, 0x23, NULL);
    assert_status(apply(&s), MLS_PROPOSALS_APP_DATA); /* nothing there to remove */
    put_app_data(&s, 0x22, NULL);
    put_app_data(&s, 0x22, "y");
    assert_status(apply(&s), MLS_PROPOSALS_APP_DATA);

    /* Without one before, the extension comes to the end of the list. */
    s.context.extensions.count = 0;
    put_app_data(&s, 0x22, "y");
    assert_ok(apply_to(&s, &result));
    assert_true(result.rules_changed);
    assert_int_equal(result.rules.extension_count, 1);
    mls_tree_wipe(&result.tree);
    scene_end(&s);
}

/* ---------------------------------------------------------------- a member's list */

static void a_committer_neither_updates_nor_removes_itself(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    scene_begin(&s);
    put_update(&s, 0, &client);
    assert_status(apply(&s), MLS_PROPOSALS_UPDATE_OWN);
    put_remove(&s, 0);
    assert_status(apply(&s), MLS_PROPOSALS_REMOVE_OWN);
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, 0, true);
    assert_status(apply(&s), MLS_PROPOSALS_REMOVE_OWN);
    scene_end(&s);
}

static void updates_and_removes_concern_each_leaf_once(void **state)
{
    (void)state;
    struct scene s;
    struct client client, other;
    scene_begin(&s);
    put_remove(&s, 3);
    put_remove(&s, 3);
    assert_status(apply(&s), MLS_PROPOSALS_LEAF_TWICE);
    put_update(&s, 3, &client);
    put_remove(&s, 3);
    assert_status(apply(&s), MLS_PROPOSALS_LEAF_TWICE);
    put_update(&s, 3, &client);
    put_update(&s, 3, &other);
    assert_status(apply(&s), MLS_PROPOSALS_LEAF_TWICE);
    scene_end(&s);
}

static void a_self_remove_comes_by_reference_and_without_a_remove_of_its_leaf(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, 3, false);
    assert_status(apply(&s), MLS_PROPOSALS_SELF_REMOVE);
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, 3, true);
    put_remove(&s, 3);
    assert_status(apply(&s), MLS_PROPOSALS_SELF_REMOVE);
    put_remove(&s, 3);
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, 3, true);
    assert_status(apply(&s), MLS_PROPOSALS_SELF_REMOVE);
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, 3, true);
    assert_ok(apply(&s));
    scene_end(&s);
}

static void a_remove_names_a_leaf_that_is_there(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    put_remove(&s, MEMBER_COUNT);
    assert_status(apply(&s), MLS_TREE_LEAF);
    put_remove(&s, UINT32_MAX);
    assert_status(apply(&s), MLS_TREE_LEAF);
    scene_end(&s);
}

static void a_member_that_is_not_there_sends_nothing(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, MEMBER_COUNT, true);
    assert_status(apply(&s), MLS_SENDER);
    s.input.committer_leaf = MEMBER_COUNT + 1;
    assert_status(apply(&s), MLS_SENDER);
    scene_end(&s);
}

static void two_adds_and_an_add_of_a_member_may_not_bring_one_client_twice(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    struct leaf_parts parts;
    scene_begin(&s);
    put_add(&s, &client);
    /* The same signature key under another encryption key. */
    struct client again = client;
    assert_ok(crypto_hpke_generate(&s.f.suite, &s.f.rng.rng, &again.encryption_key,
                                   again.encryption_public));
    leaf_parts_begin(&s.f, &again, &parts);
    put_add_of(&s, &again, leaf_new(&s.f, &again));
    assert_status(apply(&s), MLS_TREE_SIGNATURE_KEY_TWICE);

    struct client member = s.clients[2];
    memcpy(member.encryption_public, again.encryption_public, s.f.suite.dh_public_len);
    put_add_of(&s, &member, leaf_new(&s.f, &member));
    assert_status(apply(&s), MLS_TREE_SIGNATURE_KEY_TWICE);
    /* Unless the list removes the old one. */
    put_add_of(&s, &member, leaf_new(&s.f, &member));
    put_remove(&s, 2);
    assert_ok(apply(&s));
    /* An encryption key of another node is refused as well. */
    memcpy(client.encryption_public, s.clients[5].encryption_public, s.f.suite.dh_public_len);
    put_add_of(&s, &client, leaf_new(&s.f, &client));
    assert_status(apply(&s), MLS_TREE_KEY_TWICE);
    scene_end(&s);
}

static void an_update_brings_a_new_encryption_key_and_a_valid_leaf(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    struct leaf_parts parts;
    scene_begin(&s);
    put_update(&s, 3, &client);
    struct mls_update *update = s.proposals[0].of.update;
    leaf_parts_begin(&s.f, &client, &parts);
    parts.leaf.leaf_node_source = MLS_LEAF_UPDATE;
    parts.leaf.encryption_key = mls_tree_leaf(&s.tree, 3)->encryption_key;
    update->leaf_node = *leaf_decode(
        &s.f, leaf_sign(&s.f, &client, &parts, s.context.group_id, 3));
    assert_status(apply(&s), MLS_LEAF_UPDATE_KEY);

    put_update(&s, 3, &client);
    s.items[0].sender_index = 4; /* signed for leaf 3 */
    assert_status(apply(&s), MLS_LEAF_SIGNATURE);

    put_update(&s, 3, &client);
    s.proposals[0].of.update->leaf_node = *leaf_decode(&s.f, leaf_new(&s.f, &client));
    assert_status(apply(&s), MLS_LEAF_SOURCE);
    scene_end(&s);
}

static void an_added_client_has_a_lifetime_that_includes_now(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    scene_begin(&s);
    s.input.now_s = FIXTURE_NOW_S + 3601;
    put_add(&s, &client);
    assert_status(apply(&s), MLS_LEAF_LIFETIME);
    scene_end(&s);
}

static void pre_shared_keys_have_their_form_and_come_once(void **state)
{
    (void)state;
    struct scene s;
    struct mls_resumption_psk resumption = { MLS_RESUMPTION_APPLICATION, TB_LITERAL("group"), 3 };
    scene_begin(&s);
    put_psk(&s, "key", 1);
    put_psk(&s, "key", 2);
    assert_ok(apply(&s)); /* another nonce, another id */
    put_psk(&s, "key", 1);
    put_psk(&s, "key", 1);
    assert_status(apply(&s), MLS_PROPOSALS_PSK_TWICE);
    put_psk(&s, "key", 1)->psk_nonce.len--;
    assert_status(apply(&s), MLS_PROPOSALS_PSK);
    struct mls_pre_shared_key_id *id = put_psk(&s, "key", 1);
    id->psktype = MLS_PSK_RESUMPTION;
    id->of.resumption = &resumption;
    assert_ok(apply(&s));
    for (uint8_t usage = MLS_RESUMPTION_REINIT; usage <= MLS_RESUMPTION_BRANCH; usage++) {
        resumption.usage = usage;
        id = put_psk(&s, "key", 1);
        id->psktype = MLS_PSK_RESUMPTION;
        id->of.resumption = &resumption;
        assert_status(apply(&s), MLS_PROPOSALS_PSK);
    }
    scene_end(&s);
}

static void the_extensions_are_replaced_once(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    put_extensions(&s, NULL, 0);
    put_extensions(&s, NULL, 0);
    assert_status(apply(&s), MLS_PROPOSALS_EXTENSIONS_TWICE);
    scene_end(&s);
}

static void new_extensions_and_requirements_are_supported_by_all_who_stay(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    struct leaf_parts parts;
    const struct mls_extension unknown = { 0xff09, { NULL, 0 } };
    const struct mls_extension known = { 0xff01, { NULL, 0 } };
    const struct mls_extension twice[] = { known, known };
    /* extension_types {}, proposal_types { 0xff05 }, credential_types {} */
    const struct mls_extension required = { MLS_EXTENSION_REQUIRED_CAPABILITIES,
                                            TB_LITERAL("\0\2\xff\5\0") };
    scene_begin(&s);
    put_extensions(&s, &known, 1);
    assert_ok(apply(&s));
    put_extensions(&s, &unknown, 1);
    assert_status(apply(&s), MLS_LEAF_CONTEXT_EXTENSION);
    put_extensions(&s, &required, 1);
    assert_status(apply(&s), MLS_LEAF_REQUIRED);
    put_extensions(&s, twice, 2);
    assert_status(apply(&s), MLS_EXTENSION_DUPLICATE);

    /* An Add is judged by the new extensions. */
    client_begin(&s.f, &client, 9);
    leaf_parts_begin(&s.f, &client, &parts);
    parts.leaf.capabilities.extensions.count = 1; /* no longer 0xff01 */
    put_extensions(&s, &known, 1);
    put_add_of(&s, &client, leaf_sign(&s.f, &client, &parts, (tb_bytes){ NULL, 0 }, 0));
    assert_status(apply(&s), MLS_LEAF_CONTEXT_EXTENSION);
    scene_end(&s);
}

static void while_app_data_update_is_required_the_dictionary_is_not_replaced(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    with_dictionary(&s);
    s.extensions[s.context.extensions.count++] = (struct mls_extension){
        MLS_EXTENSION_REQUIRED_CAPABILITIES, TB_LITERAL("\0\2\0\x08\0") };
    struct mls_extension next[2];
    memcpy(next, s.extensions, sizeof next);
    put_extensions(&s, next, 2);
    assert_ok(apply(&s)); /* left as it was */
    next[0].extension_data = TB_LITERAL("\x04\0\x22\1y");
    put_extensions(&s, next, 2);
    assert_status(apply(&s), MLS_PROPOSALS_DICTIONARY);
    put_extensions(&s, next + 1, 1); /* left out */
    assert_status(apply(&s), MLS_PROPOSALS_DICTIONARY);
    scene_end(&s);
}

static void a_reinit_stands_alone_and_does_not_lower_the_version(void **state)
{
    (void)state;
    struct scene s;
    scene_begin(&s);
    put_reinit(&s, 1);
    put_remove(&s, 3);
    assert_status(apply(&s), MLS_PROPOSALS_REINIT_NOT_ALONE);
    put_reinit(&s, 1);
    put_reinit(&s, 1);
    assert_status(apply(&s), MLS_PROPOSALS_REINIT_NOT_ALONE);
    put_reinit(&s, 0);
    assert_status(apply(&s), MLS_PROPOSALS_REINIT_VERSION);
    scene_end(&s);
}

static void types_that_are_not_default_need_the_support_of_all_who_stay(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    struct leaf_parts parts;
    uint32_t index;
    scene_begin(&s);
    client_begin(&s.f, &client, 9);
    leaf_parts_begin(&s.f, &client, &parts);
    parts.leaf.capabilities.proposals.count = 1; /* AppDataUpdate alone */
    tb_bytes leaf = leaf_sign(&s.f, &client, &parts, (tb_bytes){ NULL, 0 }, 0);
    assert_ok(mls_tree_add(&s.tree, leaf, &index));
    put_app_data(&s, 0x22, "y");
    assert_ok(apply(&s));
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, 3, true);
    assert_status(apply(&s), MLS_PROPOSALS_NOT_SUPPORTED);
    /* Whoever is removed by the same commit is not asked. */
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, 3, true);
    put_remove(&s, index);
    assert_ok(apply(&s));
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(proposals_apply_in_the_order_of_section_12_3),
        cmocka_unit_test(a_path_is_needed_for_an_empty_list_and_for_what_removes_or_replaces),
        cmocka_unit_test(app_data_updates_change_the_dictionary_of_the_new_context_alone),
        cmocka_unit_test(a_committer_neither_updates_nor_removes_itself),
        cmocka_unit_test(updates_and_removes_concern_each_leaf_once),
        cmocka_unit_test(a_self_remove_comes_by_reference_and_without_a_remove_of_its_leaf),
        cmocka_unit_test(a_remove_names_a_leaf_that_is_there),
        cmocka_unit_test(a_member_that_is_not_there_sends_nothing),
        cmocka_unit_test(two_adds_and_an_add_of_a_member_may_not_bring_one_client_twice),
        cmocka_unit_test(an_update_brings_a_new_encryption_key_and_a_valid_leaf),
        cmocka_unit_test(an_added_client_has_a_lifetime_that_includes_now),
        cmocka_unit_test(pre_shared_keys_have_their_form_and_come_once),
        cmocka_unit_test(the_extensions_are_replaced_once),
        cmocka_unit_test(new_extensions_and_requirements_are_supported_by_all_who_stay),
        cmocka_unit_test(while_app_data_update_is_required_the_dictionary_is_not_replaced),
        cmocka_unit_test(a_reinit_stands_alone_and_does_not_lower_the_version),
        cmocka_unit_test(types_that_are_not_default_need_the_support_of_all_who_stay),
    };
    return cmocka_run_group_tests_name("mls/proposals", tests, NULL, NULL);
}
