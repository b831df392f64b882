/* RFC 9420, sections 12.1 to 12.3: each rule of docs/mls-validation.md about proposals. */
#include "tests/unit/mls_rules_fixture.h"

/* ---------------------------------------------------------------- section 12.1 */

static const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };

static void rule_12_1_1_a_proposal_is_signed_by_its_sender(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    r.p.member[MALLORY].group->signer = r.p.member[NEWCOMER].signer; /* the tag still fits */
    rules_refuse_proposal(&r, leave, MLS_CONTENT_SIGNATURE);
    room_end(&r);
}

static void rule_12_1_2_a_proposal_is_of_the_current_epoch(void **state)
{
    (void)state;
    struct room r;
    struct mls_commit_out out;
    room_begin(&r, 3);
    tb_bytes late = rules_proposal(&r, MALLORY, leave);
    room_commit(&r, BOB, &(struct mls_commit_params){ .as_public = true }, &out);
    rules_alice_refuses(&r, late, MLS_EPOCH);
    room_assert_not_proposed(&r, late, MLS_EPOCH);
    room_end(&r);
}

static void rule_12_1_3_a_proposal_is_of_this_group(void **state)
{
    (void)state;
    struct room r, other;
    room_begin(&r, 3);
    rules_begin_with(&other, 3, NULL, 0);
    other.p.member[MALLORY].group->now->context.group_id = TB_LITERAL("another");
    tb_bytes message = rules_proposal(&other, MALLORY, leave);
    rules_alice_refuses(&r, message, MLS_GROUP_ID);
    room_assert_not_proposed(&r, message, MLS_GROUP_ID);
    room_end(&other);
    room_end(&r);
}

static void rule_12_1_3_1_a_remove_names_a_member(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    static const uint32_t nobody[] = { 3, 4, 1000, UINT32_MAX };
    for (size_t i = 0; i < sizeof nobody / sizeof nobody[0]; i++) {
        const struct mls_proposal removal = rules_remove(&r, nobody[i]);
        rules_refuse_proposal(&r, removal, MLS_TREE_LEAF);
        rules_refuse_commit(&r, &removal, 1, rules_path(&r, NULL, 0), MLS_TREE_LEAF);
    }
    room_end(&r);
}

/* A PreSharedKey proposal with a nonce of this length; usage 0: an external key. */
static struct mls_proposal psk_of(struct room *r, uint8_t usage, size_t nonce_len)
{
    struct mls_pre_shared_key *psk = tb_arena_take(&r->p.arena, 1, sizeof *psk);
    struct wire_opaque *name = tb_arena_take(&r->p.arena, 1, sizeof *name);
    struct mls_resumption_psk *resumption = tb_arena_take(&r->p.arena, 1, sizeof *resumption);
    *name = (struct wire_opaque){ TB_LITERAL("a key") };
    *resumption = (struct mls_resumption_psk){ usage, mls_public_group_id(r->hub), 1 };
    psk->psk.psktype = usage == 0 ? MLS_PSK_EXTERNAL : MLS_PSK_RESUMPTION;
    psk->psk.of.psk_id = name;
    if (usage != 0) psk->psk.of.resumption = resumption;
    psk->psk.psk_nonce = (tb_bytes){ tb_arena_take(&r->p.arena, nonce_len, 1), nonce_len };
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_PSK, .of = { .psk = psk } };
}

static void refuse_psk(struct room *r, uint8_t usage, size_t nonce_len, uint16_t code)
{
    const struct mls_proposal psk = psk_of(r, usage, nonce_len);
    rules_refuse_proposal(r, psk, code);
    rules_refuse_commit(r, &psk, 1, NULL, code);
}

static void rule_12_1_4_1_a_reinit_key_belongs_to_a_reinit(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    refuse_psk(&r, MLS_RESUMPTION_REINIT, 32, MLS_PROPOSALS_PSK);
    room_end(&r);
}

static void rule_12_1_4_2_a_branch_key_belongs_to_a_branch(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    refuse_psk(&r, MLS_RESUMPTION_BRANCH, 32, MLS_PROPOSALS_PSK);
    refuse_psk(&r, 9, 32, MLS_PROPOSALS_PSK); /* no usage that there is */
    room_end(&r);
}

static void rule_12_1_4_3_a_psk_nonce_has_the_length_of_the_hash(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    static const size_t lens[] = { 0, 31, 33, 64 };
    for (size_t i = 0; i < 4; i++) refuse_psk(&r, 0, lens[i], MLS_PROPOSALS_PSK);
    room_end(&r);
}

static struct mls_proposal reinit_of(struct room *r, uint16_t version)
{
    struct mls_re_init *reinit = tb_arena_take(&r->p.arena, 1, sizeof *reinit);
    *reinit = (struct mls_re_init){ TB_LITERAL("successor"), version, 0x0003, { NULL, 0 } };
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REINIT,
                                  .of = { .reinit = reinit } };
}

static void rule_12_1_5_1_a_reinit_does_not_lower_the_version(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    const struct mls_proposal reinit = reinit_of(&r, 0);
    rules_refuse_proposal(&r, reinit, MLS_PROPOSALS_REINIT_VERSION);
    rules_refuse_commit(&r, &reinit, 1, NULL, MLS_PROPOSALS_REINIT_VERSION);
    room_end(&r);
}

static struct mls_proposal external_init_of(struct room *r, size_t len)
{
    struct mls_external_init *init = tb_arena_take(&r->p.arena, 1, sizeof *init);
    init->kem_output = (tb_bytes){ tb_arena_take(&r->p.arena, len, 1), len };
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_EXTERNAL_INIT,
                                  .of = { .external_init = init } };
}

static void rule_12_1_6_1_a_member_proposes_no_external_init(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    const struct mls_proposal init = external_init_of(&r, 32);
    rules_refuse_proposal(&r, init, MLS_PROPOSALS_INVALID_SENDER);
    rules_refuse_commit(&r, &init, 1, rules_path(&r, NULL, 0), MLS_PROPOSALS_INVALID_SENDER);
    room_end(&r);
}

/* ---- section 12.1.7 */

static void rule_12_1_7_1_all_support_what_new_extensions_require(void **state)
{
    (void)state;
    struct room r;
    /* proposal_types { 0xff02 } */
    const struct mls_extension required = { MLS_EXTENSION_REQUIRED_CAPABILITIES,
                                            TB_LITERAL("\0\2\xff\2\0") };
    struct wire_u16 known[] = { { 0xff02 } };
    rules_begin_with(&r, 3, NULL, 0);
    const struct mls_proposal next = rules_extensions(&r, &required, 1);
    rules_refuse_commit(&r, &next, 1, rules_path(&r, NULL, 0), MLS_LEAF_REQUIRED);
    /* One who supports it is added, one who does not is taken out: the others are still there. */
    struct mls_key_package_in fields = rules_package(&r, NEWCOMER);
    fields.leaf_node.capabilities.proposals.at = known;
    fields.leaf_node.capabilities.proposals.count = 1;
    const struct mls_proposal list[] = { next, rules_add(&r, NEWCOMER, fields, true),
                                         rules_remove(&r, BOB) };
    const struct mls_commit_params params = { .proposals = list, .proposal_count = 3 };
    struct mls_commit_out out;
    assert_status(mls_group_commit(r.p.member[MALLORY].group, &params, &r.p.arena, &out, NULL),
                  MLS_LEAF_REQUIRED);
    room_end(&r);
}

static void rule_12_1_7_2_all_support_the_new_extensions(void **state)
{
    (void)state;
    struct room r;
    const struct mls_extension odd = { 0xff03, TB_LITERAL("x") };
    const struct mls_extension grease = { 0x4a4a, TB_LITERAL("x") };
    rules_begin_with(&r, 3, NULL, 0);
    struct mls_proposal next = rules_extensions(&r, &odd, 1);
    rules_refuse_commit(&r, &next, 1, rules_path(&r, NULL, 0), MLS_LEAF_CONTEXT_EXTENSION);
    next = rules_extensions(&r, &grease, 1);
    rules_refuse_commit(&r, &next, 1, rules_path(&r, NULL, 0), MLS_LEAF_CONTEXT_EXTENSION);
    room_end(&r);
}

/* ---- section 12.1.8 */

static tb_bytes from_outside(struct room *r, const struct crypto_signing_key *key,
                             struct mls_sender sender, uint8_t content_type,
                             union mls_framed_content_select of)
{
    const struct mls_framed_content content = {
        .group_id = mls_public_group_id(r->hub),
        .epoch = mls_public_group_epoch(r->hub),
        .sender = sender,
        .content_type = content_type,
        .of = of,
    };
    return room_forge(r, key, &content);
}

static void refuse_outside(struct room *r, const struct crypto_signing_key *key,
                           struct mls_sender sender, struct mls_proposal proposal, uint16_t code)
{
    tb_bytes message = from_outside(r, key, sender, MLS_CONTENT_PROPOSAL,
                                    (union mls_framed_content_select){ .proposal = &proposal });
    rules_alice_refuses(r, message, code);
    room_assert_not_proposed(r, message, code);
}

static void rule_12_1_8_1_an_external_sender_is_listed_in_the_group(void **state)
{
    (void)state;
    struct room r;
    struct wire_u32 index = { 1 };
    const struct mls_sender sender = { MLS_SENDER_EXTERNAL, { .sender_index = &index } };
    room_begin(&r, 3);
    refuse_outside(&r, &r.hub_key, sender, rules_remove(&r, BOB), MLS_SENDER);
    index.value = 0;
    refuse_outside(&r, &r.p.member[7].signer, sender, rules_remove(&r, BOB),
                   MLS_CONTENT_SIGNATURE);
    room_end(&r);
    rules_begin_with(&r, 3, NULL, 0); /* no external_senders at all */
    refuse_outside(&r, &r.p.member[7].signer, sender, rules_remove(&r, BOB), MLS_SENDER);
    room_end(&r);
}

static void rule_12_1_8_2_an_external_sender_proposes_only_its_types(void **state)
{
    (void)state;
    struct room r;
    struct wire_u32 index = { 0 };
    const struct mls_sender sender = { MLS_SENDER_EXTERNAL, { .sender_index = &index } };
    room_begin(&r, 3);
    struct mls_leaf_node leaf = rules_update_leaf(&r);
    struct mls_update update = { *rules_sign_leaf(&r, MALLORY, &leaf, MALLORY) };
    const struct mls_proposal update_proposal = { .proposal_type = MLS_PROPOSAL_UPDATE,
                                                  .of = { .update = &update } };
    refuse_outside(&r, &r.hub_key, sender, update_proposal, MLS_PROPOSALS_INVALID_SENDER);
    refuse_outside(&r, &r.hub_key, sender, external_init_of(&r, 32),
                   MLS_PROPOSALS_INVALID_SENDER);
    refuse_outside(&r, &r.hub_key, sender, leave, MLS_PROPOSALS_INVALID_SENDER);
    room_end(&r);
}

static void rule_12_1_8_3_a_newcomer_proposes_nothing_but_an_add(void **state)
{
    (void)state;
    struct room r;
    const struct mls_sender newcomer = { MLS_SENDER_NEW_MEMBER_PROPOSAL, { NULL } };
    room_begin(&r, 3);
    refuse_outside(&r, &r.p.member[NEWCOMER].signer, newcomer, rules_remove(&r, BOB),
                   MLS_PROPOSALS_INVALID_SENDER);
    room_end(&r);
}

static void rule_12_1_8_4_a_newcomer_signs_with_the_key_that_it_brings(void **state)
{
    (void)state;
    struct room r;
    const struct mls_sender newcomer = { MLS_SENDER_NEW_MEMBER_PROPOSAL, { NULL } };
    room_begin(&r, 3);
    const struct mls_proposal add = rules_add(&r, NEWCOMER, rules_package(&r, NEWCOMER), true);
    refuse_outside(&r, &r.p.member[6].signer, newcomer, add, MLS_CONTENT_SIGNATURE);
    room_end(&r);
}

static void rule_12_1_8_5_who_is_outside_sends_no_commit_but_an_external_one(void **state)
{
    (void)state;
    struct room r;
    struct wire_u32 index = { 0 };
    struct mls_commit commit = { .path = NULL };
    const union mls_framed_content_select of = { .commit = &commit };
    const struct mls_sender senders[] = { { MLS_SENDER_EXTERNAL, { .sender_index = &index } },
                                          { MLS_SENDER_NEW_MEMBER_PROPOSAL, { NULL } } };
    room_begin(&r, 3);
    for (size_t i = 0; i < 2; i++) {
        tb_bytes message = from_outside(&r, &r.hub_key, senders[i], MLS_CONTENT_COMMIT, of);
        rules_refuse_message(&r, message, MLS_SENDER_KIND);
    }
    room_end(&r);
}

/* ---- draft-ietf-mls-extensions */

static void rule_ext_1_a_self_remove_comes_by_reference(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 3);
    rules_refuse_commit(&r, &leave, 1, rules_path(&r, NULL, 0), MLS_PROPOSALS_SELF_REMOVE);
    room_end(&r);
}

static void rule_ext_2_a_self_remove_excludes_a_remove_of_its_leaf(void **state)
{
    (void)state;
    struct room r;
    room_begin(&r, 4);
    const tb_bytes refs[] = { rules_pend(&r, rules_proposal(&r, BOB, leave)),
                              rules_pend(&r, rules_proposal(&r, CAROL, rules_remove(&r, BOB))) };
    rules_refuse_references(&r, refs, 2, rules_path(&r, NULL, 0), MLS_PROPOSALS_SELF_REMOVE);
    room_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rule_12_1_1_a_proposal_is_signed_by_its_sender),
        cmocka_unit_test(rule_12_1_2_a_proposal_is_of_the_current_epoch),
        cmocka_unit_test(rule_12_1_3_a_proposal_is_of_this_group),
        cmocka_unit_test(rule_12_1_3_1_a_remove_names_a_member),
        cmocka_unit_test(rule_12_1_4_1_a_reinit_key_belongs_to_a_reinit),
        cmocka_unit_test(rule_12_1_4_2_a_branch_key_belongs_to_a_branch),
        cmocka_unit_test(rule_12_1_4_3_a_psk_nonce_has_the_length_of_the_hash),
        cmocka_unit_test(rule_12_1_5_1_a_reinit_does_not_lower_the_version),
        cmocka_unit_test(rule_12_1_6_1_a_member_proposes_no_external_init),
        cmocka_unit_test(rule_12_1_7_1_all_support_what_new_extensions_require),
        cmocka_unit_test(rule_12_1_7_2_all_support_the_new_extensions),
        cmocka_unit_test(rule_12_1_8_1_an_external_sender_is_listed_in_the_group),
        cmocka_unit_test(rule_12_1_8_2_an_external_sender_proposes_only_its_types),
        cmocka_unit_test(rule_12_1_8_3_a_newcomer_proposes_nothing_but_an_add),
        cmocka_unit_test(rule_12_1_8_4_a_newcomer_signs_with_the_key_that_it_brings),
        cmocka_unit_test(rule_12_1_8_5_who_is_outside_sends_no_commit_but_an_external_one),
        cmocka_unit_test(rule_ext_1_a_self_remove_comes_by_reference),
        cmocka_unit_test(rule_ext_2_a_self_remove_excludes_a_remove_of_its_leaf),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
