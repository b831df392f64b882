/* Application messages between members: order, loss, lateness, forgery (RFC 9420, 6.3 and 9). */
#include "mls/structs_secret.h"
#include "tests/support.h"

#include "tests/unit/mls_party.h"

static const tb_bytes NO_AAD = { NULL, 0 };

static void messages_open_in_any_order_but_once(void **state)
{
    (void)state;
    struct party p;
    tb_bytes messages[5];
    struct mls_received received;
    party_start(&p, 0x0003, 1, 3);
    for (uint8_t i = 0; i < 5; i++) messages[i] = party_protect(&p, 0, (tb_bytes){ &i, 1 });
    static const uint8_t order[] = { 3, 0, 4, 1, 2 };
    for (size_t i = 0; i < 5; i++) {
        party_assert_reads(&p, 1, messages[order[i]], (tb_bytes){ &order[i], 1 });
    }
    for (size_t i = 0; i < 5; i++) {
        assert_status(party_receive(&p, 1, messages[i], &received), MLS_GENERATION_USED);
    }
    party_assert_reads(&p, 2, messages[4], (tb_bytes){ (const uint8_t[]){ 4 }, 1 });
    party_end(&p);
}

static void the_sender_and_its_data_are_told_with_the_message(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    struct mls_leaf_view leaf;
    tb_bytes message, aad = TB_LITERAL("authenticated"), text = TB_LITERAL("text");
    party_start(&p, 0x0001, 2, 2);
    assert_ok(mls_group_protect(p.member[1].group, aad, text, 100, &p.arena, &message));
    assert_true(message.len > text.len + 100);
    assert_ok(party_receive(&p, 0, message, &received));
    assert_int_equal(received.sender_type, MLS_SENDER_MEMBER);
    assert_int_equal(received.sender_leaf, 1);
    assert_bytes(received.sender_identity, party_name(&p, 1));
    assert_bytes(received.authenticated_data, aad);
    assert_bytes(received.application_data, text);
    assert_bytes(received.signature, mls_group_last_signature(p.member[1].group));
    assert_true(mls_group_leaf(p.member[0].group, 1, &leaf));
    party_end(&p);
}

static void empty_messages_and_long_padding_pass(void **state)
{
    (void)state;
    struct party p;
    tb_bytes message;
    party_start(&p, 0x0003, 3, 2);
    assert_ok(mls_group_protect(p.member[0].group, NO_AAD, NO_AAD, 5000, &p.arena, &message));
    party_assert_reads(&p, 1, message, NO_AAD);
    assert_status(mls_group_protect(p.member[0].group, NO_AAD, NO_AAD, (size_t)1 << 21, &p.arena,
                                    &message),
                  TB_TOO_LONG);
    party_end(&p);
}

static void every_changed_octet_is_noticed_and_costs_no_key(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    party_start(&p, 0x0003, 4, 2);
    tb_bytes text = TB_LITERAL("untouched");
    tb_bytes message = party_protect(&p, 0, text);
    for (size_t at = 0; at < message.len; at++) {
        tb_status status = party_receive(&p, 1, party_spoil(&p, message, at), &received);
        assert_int_not_equal(status.code, TB_OK);
    }
    party_assert_reads(&p, 1, message, text);
    party_end(&p);
}

static void a_member_cannot_speak_as_another(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    tb_bytes message;
    party_start(&p, 0x0003, 5, 3);
    /* Member 1 has all the group's secrets, but not the key of member 2's leaf. */
    mls_group_free(p.member[2].group);
    p.member[2].group = NULL;
    struct tb_buf blob;
    tb_buf_init(&blob, &p.heap.mem, SIZE_MAX);
    assert_ok(mls_group_encode(p.member[1].group, &blob));
    struct mls_group *stolen = NULL;
    assert_status(mls_group_decode(&p.env, tb_buf_view(&blob), &p.member[2].signer, &stolen),
                  MLS_GROUP_SIGNER);
    tb_buf_wipe(&blob);
    /* Signing with a foreign key in one's own place does not help either. */
    struct crypto_signing_key own = p.member[1].signer;
    p.member[1].signer = p.member[2].signer;
    assert_ok(mls_group_protect(p.member[1].group, NO_AAD, TB_LITERAL("x"), 0, &p.arena,
                                &message));
    assert_ok(party_receive(&p, 0, message, &received)); /* the group holds its own copy */
    p.member[1].signer = own;
    party_end(&p);
}

static void own_messages_coming_back_are_named_as_such(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    party_start(&p, 0x0003, 6, 2);
    tb_bytes message = party_protect(&p, 0, TB_LITERAL("echo"));
    assert_status(party_receive(&p, 0, message, &received), MLS_OWN_MESSAGE);
    party_end(&p);
}

static void a_sender_may_run_ahead_by_a_limit(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    tb_bytes message = NO_AAD, first, late;
    party_start(&p, 0x0003, 7, 3);
    first = party_protect(&p, 0, TB_LITERAL("0"));
    for (size_t i = 1; i < MLS_GENERATION_SKIP_MAX - MLS_GENERATION_LATE_COUNT_MAX + 1; i++) {
        message = party_protect(&p, 0, TB_LITERAL("skipped"));
    }
    late = message;
    for (size_t i = 0; i < MLS_GENERATION_LATE_COUNT_MAX; i++) {
        message = party_protect(&p, 0, TB_LITERAL("newest"));
    }
    party_assert_reads(&p, 1, message, TB_LITERAL("newest")); /* MLS_GENERATION_SKIP_MAX ahead */
    party_assert_reads(&p, 1, late, TB_LITERAL("skipped"));   /* just inside the window */
    assert_status(party_receive(&p, 1, first, &received), MLS_GENERATION_USED); /* outside */

    message = party_protect(&p, 0, TB_LITERAL("too far"));
    assert_status(party_receive(&p, 2, message, &received), MLS_GENERATION_SKIP);
    party_assert_reads(&p, 2, first, TB_LITERAL("0"));
    party_assert_reads(&p, 2, message, TB_LITERAL("too far"));
    party_end(&p);
}

static void late_messages_of_past_epochs_open_within_a_window(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    tb_bytes messages[MLS_PAST_EPOCH_COUNT_MAX + 1];
    const struct mls_commit_params empty = { .as_public = true };
    party_start(&p, 0x0003, 8, 3);
    for (uint8_t i = 0; i <= MLS_PAST_EPOCH_COUNT_MAX; i++) {
        messages[i] = party_protect(&p, 0, (tb_bytes){ &i, 1 });
        party_commit(&p, 1, &empty, &out);
    }
    assert_status(party_receive(&p, 2, messages[0], &received), MLS_EPOCH_PAST);
    for (uint8_t i = 1; i <= MLS_PAST_EPOCH_COUNT_MAX; i++) {
        party_assert_reads(&p, 2, messages[i], (tb_bytes){ &i, 1 });
        assert_status(party_receive(&p, 2, messages[i], &received), MLS_GENERATION_USED);
    }
    party_end(&p);
}

static void a_removed_members_late_message_is_still_its_own(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    struct mls_remove remove = { 2 };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                           .of = { .remove = &remove } };
    const struct mls_commit_params params = { .proposals = &proposal,
                                              .proposal_count = 1,
                                              .as_public = true };
    party_start(&p, 0x0003, 9, 3);
    tb_bytes message = party_protect(&p, 2, TB_LITERAL("last words"));
    party_commit(&p, 0, &params, &out);
    mls_group_free(p.member[2].group);
    p.member[2].group = NULL;
    party_add(&p, 0, 3); /* takes the free leaf */
    assert_int_equal(mls_group_own_leaf(p.member[3].group), 2);
    assert_ok(party_receive(&p, 1, message, &received));
    assert_int_equal(received.sender_leaf, 2);
    assert_bytes(received.sender_identity, party_name(&p, 2));
    assert_status(party_receive(&p, 3, message, &received), MLS_EPOCH_PAST);
    party_end(&p);
}

static void a_message_of_the_next_epoch_waits(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    const struct mls_commit_params empty = { .as_public = true };
    party_start(&p, 0x0003, 10, 2);
    assert_ok(mls_group_commit(p.member[0].group, &empty, &p.arena, &out, NULL));
    assert_ok(mls_group_pending_merge(p.member[0].group));
    tb_bytes message = party_protect(&p, 0, TB_LITERAL("early"));
    assert_status(party_receive(&p, 1, message, &received), MLS_EPOCH);
    party_deliver(&p, 0, out.commit);
    party_assert_reads(&p, 1, message, TB_LITERAL("early"));
    party_end(&p);
}

static void safe_aad_is_asked_for_where_the_group_says_so(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    struct mls_component_data component = { MLS_COMPONENT_SAFE_AAD, { (const uint8_t[]){ 0 }, 1 } };
    const struct mls_app_data_dictionary dictionary = { { &component, 1 } };
    struct mls_extension extension = { MLS_EXTENSION_APP_DATA_DICTIONARY, { NULL, 0 } };
    struct mls_safe_aad_item items[] = { { 0x0020, TB_LITERAL("tag") },
                                         { 0x8000, TB_LITERAL("more") } };
    const struct mls_safe_aad sorted = { { items, 2 } };
    tb_bytes aad, message;
    party_init(&p, 0x0003, 11);
    assert_ok(wire_encode(&mls_app_data_dictionary_desc, &dictionary, &p.arena,
                          &extension.extension_data));
    party_create_with(&p, &extension, 1);
    struct party_key_package key_package;
    struct mls_commit_out out;
    party_key_package(&p, 1, &key_package);
    struct mls_commit_params params = { .proposals = &key_package.proposal,
                                        .proposal_count = 1,
                                        .as_public = true,
                                        .tree_in_welcome = true,
                                        .aad = TB_LITERAL("not sorted items") };
    assert_status(mls_group_commit(p.member[0].group, &params, &p.arena, &out, NULL),
                  MLS_SAFE_AAD);
    assert_ok(wire_encode(&mls_safe_aad_desc, &sorted, &p.arena, &aad));
    params.aad = aad;
    party_commit(&p, 0, &params, &out);
    party_join(&p, 1, &key_package, out.welcome, NO_AAD);

    assert_status(mls_group_protect(p.member[0].group, TB_LITERAL("raw"), TB_LITERAL("x"), 0,
                                    &p.arena, &message),
                  MLS_SAFE_AAD);
    assert_ok(mls_group_protect(p.member[0].group, aad, TB_LITERAL("x"), 0, &p.arena, &message));
    assert_ok(party_receive(&p, 1, message, &received));
    assert_bytes(received.authenticated_data, aad);
    items[1].component_id = 0x0020;
    assert_ok(wire_encode(&mls_safe_aad_desc, &sorted, &p.arena, &aad));
    assert_status(mls_group_protect(p.member[0].group, aad, TB_LITERAL("x"), 0, &p.arena,
                                    &message),
                  MLS_SAFE_AAD);
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_open_in_any_order_but_once),
        cmocka_unit_test(the_sender_and_its_data_are_told_with_the_message),
        cmocka_unit_test(empty_messages_and_long_padding_pass),
        cmocka_unit_test(every_changed_octet_is_noticed_and_costs_no_key),
        cmocka_unit_test(a_member_cannot_speak_as_another),
        cmocka_unit_test(own_messages_coming_back_are_named_as_such),
        cmocka_unit_test(a_sender_may_run_ahead_by_a_limit),
        cmocka_unit_test(late_messages_of_past_epochs_open_within_a_window),
        cmocka_unit_test(a_removed_members_late_message_is_still_its_own),
        cmocka_unit_test(a_message_of_the_next_epoch_waits),
        cmocka_unit_test(safe_aad_is_asked_for_where_the_group_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
