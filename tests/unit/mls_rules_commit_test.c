/* RFC 9420, section 12.4.2: each rule of docs/mls-validation.md about taking a commit. */
#include "tests/unit/mls_rules_fixture.h"

static const struct mls_commit_params empty = { .as_public = true };

static tb_bytes honest_commit(struct room *r, const struct mls_commit_params *params)
{
    struct mls_commit_out out;
    assert_ok(mls_group_commit(r->p.member[MALLORY].group, params, &r->p.arena, &out, NULL));
    mls_group_pending_clear(r->p.member[MALLORY].group);
    return out.commit;
}

static void rule_12_4_2_1_a_commit_is_of_the_current_epoch(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    room_begin(&r, 3);
    tb_bytes late = honest_commit(&r, &empty);
    room_commit(&r, BOB, &empty, &out);
    rules_refuse_message(&r, late, MLS_EPOCH);
    room_end(&r);
}

static void rule_12_4_2_2_a_public_commit_has_the_membership_tag(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    tb_bytes message = honest_commit(&r, &empty);
    rules_alice_refuses(&r, party_spoil(&r.p, message, message.len - 1), MLS_MEMBERSHIP_TAG);
    /* The delivery service cannot judge it, but for its length. */
    struct mls_message decoded;
    tb_bytes shorter;
    assert_ok(wire_decode(&mls_message_desc, message, &r.p.arena, &decoded, NULL));
    decoded.of.public_message->of.membership_tag->value.len--;
    assert_ok(wire_encode(&mls_message_desc, &decoded, &r.p.arena, &shorter));
    rules_refuse_message(&r, shorter, MLS_MEMBERSHIP_TAG);
    room_end(&r);
}

static void rule_12_4_2_3_a_private_commit_decrypts(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    const struct mls_commit_params hidden = { .as_public = false };
    tb_bytes message = honest_commit(&r, &hidden);
    rules_alice_refuses(&r, party_spoil(&r.p, message, message.len - 1), CRYPTO_DECRYPT);
    room_end(&r);
}

static void rule_12_4_2_4_a_commit_is_signed_by_its_sender(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    r.p.member[MALLORY].group->signer = r.p.member[NEWCOMER].signer;
    rules_refuse_commit(&r, NULL, 0, path, MLS_CONTENT_SIGNATURE);
    room_end(&r);
}

static void rule_12_4_2_5_the_pre_shared_keys_are_there(void **state)
{
    (void)state;
    struct room r;
    struct wire_opaque name = { TB_LITERAL("a key that ALICE was not given") };
    static const uint8_t nonce[32] = { 1 };
    struct mls_pre_shared_key psk = { { MLS_PSK_EXTERNAL, { .psk_id = &name },
                                        TB_ARRAY(nonce) } };
    struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_PSK, .of = { .psk = &psk } };
    struct mls_proposal_or_ref entry = { MLS_BY_VALUE, { .proposal = &proposal } };
    room_begin(&r, 3);
    const struct mls_commit commit = { .proposals = { &entry, 1 } };
    rules_alice_refuses(&r, rules_commit(&r, MALLORY, commit), MLS_PSK_UNKNOWN);
    room_end(&r);
}

static void rule_12_4_2_6_the_committers_new_leaf_has_another_key(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    path->leaf_node.encryption_key =
        mls_tree_leaf(&r.p.member[ALICE].group->now->tree, MALLORY)->encryption_key;
    path->leaf_node = *rules_sign_leaf(&r, MALLORY, &path->leaf_node, MALLORY);
    rules_refuse_commit(&r, NULL, 0, path, MLS_LEAF_UPDATE_KEY);
    room_end(&r);
}

static void rule_12_4_2_7_no_key_of_a_path_stands_in_the_tree(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 4);
    const struct mls_tree *tree = &r.p.member[ALICE].group->now->tree;
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    path->nodes.at[0].encryption_key = mls_tree_leaf(tree, CAROL)->encryption_key;
    rules_refuse_commit(&r, NULL, 0, path, MLS_TREE_KEY_TWICE);
    /* Not even the key that the node has now. */
    path = rules_path(&r, NULL, 0);
    path->nodes.at[1].encryption_key = mls_tree_key(tree, 3);
    assert_int_not_equal(path->nodes.at[1].encryption_key.len, 0);
    rules_refuse_commit(&r, NULL, 0, path, MLS_TREE_KEY_TWICE);
    room_end(&r);
}

static void rule_12_4_2_8_a_path_has_the_nodes_of_the_filtered_direct_path(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 4);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    path->nodes.count--;
    rules_refuse_commit(&r, NULL, 0, path, MLS_PATH_LENGTH);
    room_end(&r);
}

static void rule_12_4_2_9_a_path_node_has_one_ciphertext_a_recipient(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 4);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    path->nodes.at[1].encrypted_path_secret.count--;
    rules_refuse_commit(&r, NULL, 0, path, MLS_PATH_CIPHERTEXTS);
    room_end(&r);
}

static void rule_12_4_2_10_the_leaf_of_a_path_carries_its_parent_hash(void **state)
{
    (void)state;
    struct room r;
    struct wire_opaque hash;
    room_begin(&r, 4);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    hash.value = party_spoil(&r.p, path->leaf_node.of.parent_hash->value, 0);
    path->leaf_node.of.parent_hash = &hash;
    path->leaf_node = *rules_sign_leaf(&r, MALLORY, &path->leaf_node, MALLORY);
    rules_refuse_commit(&r, NULL, 0, path, MLS_PATH_PARENT_HASH);
    room_end(&r);
}

static void rule_12_4_2_11_a_path_secret_decrypts(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 4);
    struct mls_update_path *path = rules_path(&r, NULL, 0);
    struct mls_hpke_ciphertext *sealed = &path->nodes.at[0].encrypted_path_secret.at[0];
    sealed->ciphertext = party_spoil(&r.p, sealed->ciphertext, 0);
    const struct mls_commit commit = { .path = path };
    rules_alice_refuses(&r, rules_commit(&r, MALLORY, commit), CRYPTO_DECRYPT);
    room_end(&r);
}

static void rule_12_4_2_13_the_confirmation_tag_is_that_of_the_new_epoch(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    const struct mls_commit commit = { .path = rules_path(&r, NULL, 0) };
    /* All is right but the tag (the fixture writes zeros); the path secrets are for this epoch. */
    tb_bytes message = rules_commit(&r, MALLORY, commit);
    rules_alice_refuses(&r, message, MLS_CONFIRMATION_TAG);
    /* The delivery service cannot judge it, but for its length. */
    struct mls_message decoded;
    tb_bytes shorter;
    assert_ok(wire_decode(&mls_message_desc, message, &r.p.arena, &decoded, NULL));
    decoded.of.public_message->authenticated.of.confirmation_tag->value.len--;
    assert_ok(wire_encode(&mls_message_desc, &decoded, &r.p.arena, &shorter));
    room_assert_refused(&r, shorter, MLS_CONFIRMATION_TAG);
    room_end(&r);
}

static void rule_12_4_2_14_after_a_reinit_nothing_more_is_sent_or_taken(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    struct mls_re_init reinit = { TB_LITERAL("successor"), MLS_VERSION_MLS10, 0x0003, { NULL, 0 } };
    const struct mls_proposal end = { .proposal_type = MLS_PROPOSAL_REINIT,
                                      .of = { .reinit = &reinit } };
    tb_bytes message;
    room_begin(&r, 3);
    room_commit(&r, BOB, &(struct mls_commit_params){ .proposals = &end, .proposal_count = 1,
                                                      .as_public = true }, &out);
    assert_status(mls_group_protect(r.p.member[ALICE].group, RULES_NOTHING, TB_LITERAL("x"), 0,
                                    &r.p.arena, &message),
                  MLS_GROUP_REINIT);
    const struct mls_commit commit = { .path = NULL };
    rules_refuse_message(&r, rules_commit(&r, MALLORY, commit), MLS_GROUP_REINIT);
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    rules_refuse_proposal(&r, leave, MLS_GROUP_REINIT);
    room_end(&r);
}

static void rule_12_4_2_15_who_was_removed_sends_and_takes_nothing(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    tb_bytes message;
    room_begin(&r, 3);
    const struct mls_proposal removal = rules_remove(&r, ALICE);
    room_commit(&r, BOB, &(struct mls_commit_params){ .proposals = &removal, .proposal_count = 1,
                                                      .as_public = true }, &out);
    assert_status(mls_group_protect(r.p.member[ALICE].group, RULES_NOTHING, TB_LITERAL("x"), 0,
                                    &r.p.arena, &message),
                  MLS_GROUP_INACTIVE);
    rules_alice_refuses(&r, honest_commit(&r, &empty), MLS_GROUP_INACTIVE);
    room_end(&r);
}

static void rule_12_4_2_16_a_committer_is_a_member(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 4);
    struct mls_commit_out out;
    const struct mls_proposal removal = rules_remove(&r, CAROL);
    room_commit(&r, BOB, &(struct mls_commit_params){ .proposals = &removal, .proposal_count = 1,
                                                      .as_public = true }, &out);
    /* MALLORY in the name of a leaf that is blank; the tag is the group's. */
    r.p.member[MALLORY].group->now->own.leaf_index = CAROL;
    const struct mls_commit commit = { .path = NULL };
    rules_refuse_message(&r, rules_commit(&r, MALLORY, commit), MLS_SENDER);
    room_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_12_4_2_1_a_commit_is_of_the_current_epoch),
        cmocka_unit_test(rule_12_4_2_2_a_public_commit_has_the_membership_tag),
        cmocka_unit_test(rule_12_4_2_3_a_private_commit_decrypts),
        cmocka_unit_test(rule_12_4_2_4_a_commit_is_signed_by_its_sender),
        cmocka_unit_test(rule_12_4_2_5_the_pre_shared_keys_are_there),
        cmocka_unit_test(rule_12_4_2_6_the_committers_new_leaf_has_another_key),
        cmocka_unit_test(rule_12_4_2_7_no_key_of_a_path_stands_in_the_tree),
        cmocka_unit_test(rule_12_4_2_8_a_path_has_the_nodes_of_the_filtered_direct_path),
        cmocka_unit_test(rule_12_4_2_9_a_path_node_has_one_ciphertext_a_recipient),
        cmocka_unit_test(rule_12_4_2_10_the_leaf_of_a_path_carries_its_parent_hash),
        cmocka_unit_test(rule_12_4_2_11_a_path_secret_decrypts),
        cmocka_unit_test(rule_12_4_2_13_the_confirmation_tag_is_that_of_the_new_epoch),
        cmocka_unit_test(rule_12_4_2_14_after_a_reinit_nothing_more_is_sent_or_taken),
        cmocka_unit_test(rule_12_4_2_15_who_was_removed_sends_and_takes_nothing),
        cmocka_unit_test(rule_12_4_2_16_a_committer_is_a_member),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
