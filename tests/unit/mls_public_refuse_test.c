/* What a delivery service refuses of proposals and commits, each rule by its name. */
#include "tests/unit/mls_public_fixture.h"

static struct mls_remove remove_of_one = { 1 };

static struct mls_proposal removal(void)
{
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REMOVE,
                                  .of = { .remove = &remove_of_one } };
}

/* ---------------------------------------------------------------- proposals */

static void a_proposal_belongs_to_the_group_and_epoch(void **state)
{
    (void)state;
    struct room r;
    struct forged forged;
    struct mls_proposal proposal = removal();
    room_begin(&r, 3);
    const struct crypto_signing_key *key = &r.p.member[2].signer;
    forged_begin(&r, 2, &forged);
    forged.content.content_type = MLS_CONTENT_PROPOSAL;
    forged.content.of.proposal = &proposal;
    forged.content.group_id = TB_LITERAL("another group");
    room_assert_not_proposed(&r, room_forge(&r, key, &forged.content), MLS_GROUP_ID);
    forged.content.group_id = mls_public_group_id(r.hub);
    forged.content.epoch--;
    room_assert_not_proposed(&r, room_forge(&r, key, &forged.content), MLS_EPOCH);
    forged.content.epoch += 2;
    room_assert_not_proposed(&r, room_forge(&r, key, &forged.content), MLS_EPOCH);
    room_end(&r);
}

static void only_public_messages_with_a_proposal_are_taken_as_proposals(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    tb_bytes message;
    const struct mls_commit_params params = { .force_path = true, .as_public = true,
                                              .now_s = PARTY_NOW_S };
    room_begin(&r, 2);
    room_assert_not_proposed(&r, party_protect(&r.p, 1, TB_LITERAL("text")), MLS_WIRE_FORMAT);
    assert_ok(mls_group_commit(r.p.member[1].group, &params, &r.p.arena, &out, NULL));
    room_assert_not_proposed(&r, out.commit, MLS_CONTENT_TYPE);
    message = room_forge_proposal(&r, 1, removal());
    room_assert_refused(&r, message, MLS_CONTENT_TYPE); /* nor a proposal as a commit */
    room_assert_not_proposed(&r, party_spoil(&r.p, message, 1), MLS_VERSION);
    for (size_t len = 0; len < message.len; len++) {
        struct mls_public_proposal kept;
        assert_false(tb_is_ok(room_propose(&r, (tb_bytes){ message.data, len }, &kept)));
    }
    room_end(&r);
}

static void a_proposal_is_signed_by_its_sender(void **state)
{
    (void)state;
    struct room r;
    struct forged forged;
    struct mls_proposal proposal = removal();
    struct mls_public_proposal kept;
    room_begin(&r, 3);
    forged_begin(&r, 2, &forged);
    forged.content.content_type = MLS_CONTENT_PROPOSAL;
    forged.content.of.proposal = &proposal;
    /* Signed by member 1 in the name of member 2. */
    room_assert_not_proposed(&r, room_forge(&r, &r.p.member[1].signer, &forged.content),
                             MLS_CONTENT_SIGNATURE);
    tb_bytes message = room_forge(&r, &r.p.member[2].signer, &forged.content);
    for (size_t at = 4; at < message.len - 33; at++) { /* all but the membership tag */
        assert_false(tb_is_ok(room_propose(&r, party_spoil(&r.p, message, at), &kept)));
    }
    assert_ok(room_propose(&r, message, &kept));
    room_end(&r);
}

static void a_sender_that_is_not_in_the_group_proposes_nothing(void **state)
{
    (void)state;
    struct room r;
    struct forged forged;
    struct mls_proposal proposal = removal();
    room_begin(&r, 3);
    forged_begin(&r, 3, &forged); /* a blank leaf */
    forged.content.content_type = MLS_CONTENT_PROPOSAL;
    forged.content.of.proposal = &proposal;
    room_assert_not_proposed(&r, room_forge(&r, &r.p.member[3].signer, &forged.content),
                             MLS_SENDER);
    forged.content.sender.sender_type = MLS_SENDER_EXTERNAL;
    forged.index.value = 1; /* there is external sender 0 alone */
    room_assert_not_proposed(&r, room_forge(&r, &r.hub_key, &forged.content), MLS_SENDER);
    forged.index.value = 0;
    room_assert_not_proposed(&r, room_forge(&r, &r.p.member[2].signer, &forged.content),
                             MLS_CONTENT_SIGNATURE);
    forged.content.sender.sender_type = MLS_SENDER_NEW_MEMBER_COMMIT;
    room_assert_not_proposed(&r, room_forge(&r, &r.p.member[2].signer, &forged.content),
                             MLS_SENDER_KIND);
    forged.content.sender.sender_type = MLS_SENDER_NEW_MEMBER_PROPOSAL;
    room_assert_not_proposed(&r, room_forge(&r, &r.p.member[3].signer, &forged.content),
                             MLS_PROPOSALS_INVALID_SENDER);
    room_end(&r);
}

static void a_newcomer_may_propose_its_own_add_and_no_other(void **state)
{
    (void)state;
    struct room r;
    struct forged forged;
    struct party_key_package own, other;
    struct mls_public_proposal kept;
    room_begin(&r, 2);
    party_key_package(&r.p, 4, &own);
    party_key_package(&r.p, 5, &other);
    forged_begin(&r, 0, &forged);
    forged.content.sender.sender_type = MLS_SENDER_NEW_MEMBER_PROPOSAL;
    forged.content.content_type = MLS_CONTENT_PROPOSAL;
    forged.content.of.proposal = &other.proposal;
    room_assert_not_proposed(&r, room_forge(&r, &r.p.member[4].signer, &forged.content),
                             MLS_CONTENT_SIGNATURE);
    forged.content.of.proposal = &own.proposal;
    assert_ok(room_propose(&r, room_forge(&r, &r.p.member[4].signer, &forged.content), &kept));
    assert_int_equal(kept.sender_type, MLS_SENDER_NEW_MEMBER_PROPOSAL);
    mls_key_package_secrets_wipe(&own.secrets);
    mls_key_package_secrets_wipe(&other.secrets);
    room_end(&r);
}

static void a_proposal_is_kept_once_and_so_many_at_most(void **state)
{
    (void)state;
    struct room r;
    struct mls_public_proposal kept;
    room_begin(&r, 2);
    tb_bytes message = room_forge_proposal(&r, 1, removal());
    assert_ok(room_propose(&r, message, &kept));
    room_assert_not_proposed(&r, message, MLS_PENDING_TWICE);
    struct mls_app_ephemeral ephemeral = { 0x50, TB_LITERAL("") };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_APP_EPHEMERAL,
                                           .of = { .app_ephemeral = &ephemeral } };
    for (unsigned i = 1; i < MLS_PUBLIC_PROPOSAL_COUNT_MAX; i++) {
        uint8_t number[4];
        tb_put_u32(number, i);
        ephemeral.data = TB_ARRAY(number);
        assert_ok(room_propose(&r, room_forge_proposal(&r, 1, proposal), &kept));
    }
    ephemeral.data = TB_LITERAL("one more");
    message = room_forge_proposal(&r, 1, proposal);
    room_assert_not_proposed(&r, message, MLS_PENDING_FULL);
    mls_public_group_pending_drop(r.hub, kept.ref); /* makes room */
    assert_ok(room_propose(&r, message, &kept));
    room_end(&r);
}

static void a_proposal_larger_than_its_limit_is_refused(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 2);
    size_t len = MLS_PUBLIC_PROPOSAL_BYTES_MAX;
    struct mls_app_ephemeral ephemeral = { 0x50, { tb_arena_take(&r.p.arena, 1, len), len } };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_APP_EPHEMERAL,
                                           .of = { .app_ephemeral = &ephemeral } };
    room_assert_not_proposed(&r, room_forge_proposal(&r, 1, proposal), TB_NO_SPACE);
    room_end(&r);
}

static void what_a_proposal_brings_is_checked_before_it_is_kept(void **state)
{
    (void)state;
    struct room r;
    struct party_key_package package;
    struct mls_remove nobody = { 9 };
    room_begin(&r, 2);
    room_assert_not_proposed(
        &r,
        room_forge_proposal(&r, 1, (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REMOVE,
                                                          .of = { .remove = &nobody } }),
        MLS_TREE_LEAF);
    party_key_package(&r.p, 4, &package);
    package.add.key_package.signature.len--;
    room_assert_not_proposed(&r, room_forge_proposal(&r, 1, package.proposal),
                             MLS_KEY_PACKAGE_SIGNATURE);
    mls_key_package_secrets_wipe(&package.secrets);
    room_end(&r);
}

static void authenticated_data_is_safe_aad_once_the_room_says_so(void **state)
{
    (void)state;
    struct room r;
    struct forged forged;
    struct mls_proposal proposal = removal();
    struct mls_public_proposal kept;
    /* safe_aad (0x0002) with an empty list, and 0x0022. */
    room_create(&r, 1, TB_LITERAL("\x09\0\2\1\0\0\x22\2xy"));
    assert_ok(room_open(&r, 0, &r.hub));
    forged_begin(&r, 0, &forged);
    forged.content.content_type = MLS_CONTENT_PROPOSAL;
    forged.content.of.proposal = &proposal;
    remove_of_one.removed = 0;
    room_assert_not_proposed(&r, room_forge(&r, &r.p.member[0].signer, &forged.content),
                             MLS_SAFE_AAD);
    forged.content.authenticated_data = TB_LITERAL("\x06\0\3\0\0\2\0");
    room_assert_not_proposed(&r, room_forge(&r, &r.p.member[0].signer, &forged.content),
                             MLS_SAFE_AAD);
    forged.content.authenticated_data = TB_LITERAL("\0");
    assert_ok(room_propose(&r, room_forge(&r, &r.p.member[0].signer, &forged.content), &kept));
    remove_of_one.removed = 1;
    room_end(&r);
}

/* ---------------------------------------------------------------- commits */

static struct mls_commit_out commit_by(struct room *r, size_t who)
{
    const struct mls_commit_params params = { .force_path = true, .as_public = true,
                                              .now_s = PARTY_NOW_S };
    struct mls_commit_out out;
    assert_ok(mls_group_commit(r->p.member[who].group, &params, &r->p.arena, &out, NULL));
    return out;
}

static void a_commit_is_signed_by_its_sender_octet_for_octet(void **state)
{
    (void)state;
    struct room r;
    struct mls_public_staged *staged;
    room_begin(&r, 3);
    struct mls_commit_out out = commit_by(&r, 1);
    tb_bytes commit = out.commit;
    /* Confirmation tag and membership tag stand behind the signature: 33 octets each. */
    for (size_t at = 0; at < commit.len - 66; at++) {
        assert_false(tb_is_ok(room_stage(&r, party_spoil(&r.p, commit, at), &staged)));
    }
    assert_status(room_stage(&r, party_spoil(&r.p, commit, commit.len - 67), &staged),
                  MLS_CONTENT_SIGNATURE);
    assert_ok(room_stage(&r, commit, &staged));
    mls_public_group_drop(r.hub, staged);
    room_end(&r);
}

static void a_commit_belongs_to_the_epoch_and_a_live_leaf(void **state)
{
    (void)state;
    struct room r;
    struct forged forged;
    struct mls_commit *commit;
    room_begin(&r, 3);
    struct mls_commit_out out = commit_by(&r, 1);
    commit = room_open_commit(&r, out.commit);
    forged_begin(&r, 3, &forged);
    forged.content.content_type = MLS_CONTENT_COMMIT;
    forged.content.of.commit = commit;
    room_assert_refused(&r, room_forge(&r, &r.p.member[3].signer, &forged.content), MLS_SENDER);
    forged.content.sender.sender_type = MLS_SENDER_EXTERNAL;
    forged.index.value = 0;
    room_assert_refused(&r, room_forge(&r, &r.hub_key, &forged.content), MLS_SENDER_KIND);
    forged_begin(&r, 1, &forged);
    forged.content.content_type = MLS_CONTENT_COMMIT;
    forged.content.of.commit = commit;
    forged.content.epoch++;
    room_assert_refused(&r, room_forge(&r, &r.p.member[1].signer, &forged.content), MLS_EPOCH);
    /* A commit of the last epoch, too. */
    struct mls_commit_params params = { .force_path = true, .as_public = true,
                                        .now_s = PARTY_NOW_S };
    struct mls_commit_out next;
    room_commit(&r, 0, &params, &next);
    room_assert_refused(&r, out.commit, MLS_EPOCH);
    room_end(&r);
}

static void a_commit_refers_to_pending_proposals_alone(void **state)
{
    (void)state;
    struct room r;
    struct mls_public_proposal kept;
    struct mls_public_staged *staged;
    uint8_t unknown[32] = { 1 };
    room_begin(&r, 3);
    struct wire_opaque reference = { TB_ARRAY(unknown) };
    struct mls_proposal_or_ref entry = { MLS_BY_REFERENCE, { .reference = &reference } };
    struct mls_commit commit = { .proposals = { &entry, 1 } };
    room_assert_refused(&r, room_forge_commit(&r, 2, commit), MLS_PROPOSALS_UNKNOWN_REF);
    struct mls_app_ephemeral ephemeral = { 0x50, TB_LITERAL("x") };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_APP_EPHEMERAL,
                                           .of = { .app_ephemeral = &ephemeral } };
    assert_ok(room_propose(&r, room_forge_proposal(&r, 1, proposal), &kept));
    reference.value = kept.ref;
    tb_bytes message = room_forge_commit(&r, 2, commit);
    assert_ok(room_stage(&r, message, &staged));
    mls_public_group_drop(r.hub, staged);
    mls_public_group_pending_drop(r.hub, kept.ref);
    room_assert_refused(&r, message, MLS_PROPOSALS_UNKNOWN_REF);
    room_end(&r);
}

static void the_list_of_a_commit_is_judged_by_section_12_2(void **state)
{
    (void)state;
    struct room r;
    struct mls_proposal own_removal = removal();
    room_begin(&r, 3);
    struct mls_proposal_or_ref entry = { MLS_BY_VALUE, { .proposal = &own_removal } };
    struct mls_commit commit = { .proposals = { &entry, 1 } };
    room_assert_refused(&r, room_forge_commit(&r, 0, commit), MLS_COMMIT_PATH_MISSING);
    room_assert_refused(&r, room_forge_commit(&r, 1, commit), MLS_PROPOSALS_REMOVE_OWN);
    commit.proposals.count = 0;
    room_assert_refused(&r, room_forge_commit(&r, 0, commit), MLS_COMMIT_PATH_MISSING);
    room_end(&r);
}

static void the_path_of_a_commit_fits_the_tree(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 5);
    struct mls_commit commit = *room_open_commit(&r, commit_by(&r, 1).commit);
    struct mls_update_path path = *commit.path;
    commit.path = &path;
    assert_true(path.nodes.count >= 2);
    path.nodes.count--;
    room_assert_refused(&r, room_forge_commit(&r, 1, commit), MLS_PATH_LENGTH);
    path.nodes.count++;
    path.nodes.at[0].encrypted_path_secret.count--;
    room_assert_refused(&r, room_forge_commit(&r, 1, commit), MLS_PATH_CIPHERTEXTS);
    path.nodes.at[0].encrypted_path_secret.count++;
    uint8_t key[32] = { 8 };
    tb_bytes kept = path.nodes.at[1].encryption_key;
    path.nodes.at[1].encryption_key = TB_ARRAY(key);
    room_assert_refused(&r, room_forge_commit(&r, 1, commit), MLS_PATH_PARENT_HASH);
    path.nodes.at[1].encryption_key = kept;
    /* A path of the same shape from the leaf beside: its parent hash is that of another place. */
    room_assert_refused(&r, room_forge_commit(&r, 0, commit), MLS_PATH_PARENT_HASH);
    room_end(&r);
}

static void the_leaf_of_a_path_carries_its_own_signature(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    struct mls_commit commit = *room_open_commit(&r, commit_by(&r, 1).commit);
    struct mls_update_path path = *commit.path;
    commit.path = &path;
    uint8_t signature[64] = { 1 };
    path.leaf_node.signature = TB_ARRAY(signature);
    room_assert_refused(&r, room_forge_commit(&r, 1, commit), MLS_LEAF_SIGNATURE);
    room_end(&r);
}

static void the_committers_group_info_agrees_with_the_commit(void **state)
{
    (void)state;
    struct room r;
    struct mls_public_staged *staged;
    room_begin(&r, 3);
    struct mls_commit_out out = commit_by(&r, 1), other = commit_by(&r, 2);
    tb_bytes old, unused;
    assert_ok(mls_group_info(r.p.member[1].group, false, NULL, 0, &r.p.arena, &old, &unused));
    const struct {
        tb_bytes group_info;
        uint16_t code;
    } cases[] = {
        { other.group_info, MLS_GROUP_INFO_CONTEXT },
        { old, MLS_GROUP_INFO_CONTEXT },
        { party_spoil(&r.p, out.group_info, out.group_info.len - 1), MLS_GROUP_INFO_SIGNATURE },
        { { out.group_info.data, out.group_info.len - 1 }, WIRE_TRUNCATED },
        { out.commit, MLS_WIRE_FORMAT },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_status(mls_public_group_stage(r.hub, out.commit, cases[i].group_info, PARTY_NOW_S,
                                             &staged, NULL),
                      cases[i].code);
    }
    /* The same content and GroupInfo under another confirmation tag. */
    struct mls_message message;
    tb_bytes spoilt = party_spoil(&r.p, out.commit, out.commit.len - 40);
    assert_ok(wire_decode(&mls_message_desc, spoilt, &r.p.arena, &message, NULL));
    assert_status(mls_public_group_stage(r.hub, spoilt, out.group_info, PARTY_NOW_S, &staged, NULL),
                  MLS_GROUP_INFO_TAG);
    assert_ok(mls_public_group_stage(r.hub, out.commit, out.group_info, PARTY_NOW_S, &staged,
                                     NULL));
    mls_public_group_drop(r.hub, staged);
    room_end(&r);
}

static void every_allocation_may_fail_while_staging_and_the_group_stays_whole(void **state)
{
    (void)state;
    struct room r;
    struct mls_public_staged *staged = NULL;
    room_begin(&r, 3);
    struct mls_commit_out out = commit_by(&r, 1);
    tb_status status = TB_STATUS(TB_NO_SPACE);
    for (size_t allowed = 0; status.code == TB_NO_SPACE; allowed++) {
        r.p.heap.fail_after = allowed;
        status = mls_public_group_stage(r.hub, out.commit, out.group_info, PARTY_NOW_S, &staged,
                                        NULL);
        r.p.heap.fail_after = SIZE_MAX;
        assert_true(status.code == TB_OK || status.code == TB_NO_SPACE);
    }
    assert_ok(mls_public_group_merge(r.hub, staged));
    party_deliver(&r.p, 1, out.commit);
    assert_ok(mls_group_pending_merge(r.p.member[1].group));
    room_assert_agreement(&r);
    room_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proposal_belongs_to_the_group_and_epoch),
        cmocka_unit_test(only_public_messages_with_a_proposal_are_taken_as_proposals),
        cmocka_unit_test(a_proposal_is_signed_by_its_sender),
        cmocka_unit_test(a_sender_that_is_not_in_the_group_proposes_nothing),
        cmocka_unit_test(a_newcomer_may_propose_its_own_add_and_no_other),
        cmocka_unit_test(a_proposal_is_kept_once_and_so_many_at_most),
        cmocka_unit_test(a_proposal_larger_than_its_limit_is_refused),
        cmocka_unit_test(what_a_proposal_brings_is_checked_before_it_is_kept),
        cmocka_unit_test(authenticated_data_is_safe_aad_once_the_room_says_so),
        cmocka_unit_test(a_commit_is_signed_by_its_sender_octet_for_octet),
        cmocka_unit_test(a_commit_belongs_to_the_epoch_and_a_live_leaf),
        cmocka_unit_test(a_commit_refers_to_pending_proposals_alone),
        cmocka_unit_test(the_list_of_a_commit_is_judged_by_section_12_2),
        cmocka_unit_test(the_path_of_a_commit_fits_the_tree),
        cmocka_unit_test(the_leaf_of_a_path_carries_its_own_signature),
        cmocka_unit_test(the_committers_group_info_agrees_with_the_commit),
        cmocka_unit_test(every_allocation_may_fail_while_staging_and_the_group_stays_whole),
    };
    return cmocka_run_group_tests_name("mls/public_refuse", tests, NULL, NULL);
}
