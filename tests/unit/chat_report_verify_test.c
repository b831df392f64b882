/* Verifying reports: what is proven, each refusal, and the attacks on a report. */
#include "tests/unit/chat_report_fixture.h"

/* A room of 24 messages in runs of 8, and a report of mallory's message 12. */
static struct chat_report_evidence usual(struct world *w)
{
    static const uint64_t TARGET = 12;
    world_init(w);
    world_talk(w, 24, 8);
    return world_evidence(w, &TARGET, 1);
}

static struct chat_report_message *message_at(const struct chat_report_result *result,
                                              uint64_t room_seq)
{
    return &result->messages[room_seq - result->evidence->first_seq];
}

static void an_honest_report_verifies_at_level_1(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    assert_ok(world_verify(&w, &e, &r));
    assert_int_equal(r.level, 1);
    assert_int_equal(r.alarms, 0);
    assert_true(r.is_complete);
    assert_int_equal(r.message_count, 10); /* 7 to 16 */
    assert_int_equal(r.person_count, 2);
    assert_bytes(r.persons[1].user, TB_LITERAL(WORLD_MALLORY));
    assert_int_equal(r.persons[1].target_count, 1);
    assert_int_equal(r.persons[1].opened_count, 5);
    tb_bytes text;
    assert_ok(chat_content_text(message_at(&r, 12)->content, &text));
    assert_bytes(text, TB_LITERAL("a text"));
    world_end(&w);
}

static void the_sender_s_signature_makes_level_2(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    usual(&w);
    world_prove(&w, 11, &w.mallory_device);
    const uint64_t target = 12;
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_ok(world_verify(&w, &e, &r));
    assert_int_equal(r.level, 2);
    assert_ok(message_at(&r, 12)->proof_verdict);
    assert_status(message_at(&r, 10)->proof_verdict, TB_NOT_FOUND);
    world_end(&w);
}

static void attack_9_a_framing_hub_does_not_reach_level_2(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 12;
    usual(&w);
    world_prove(&w, 11, &w.agent); /* any key but a device's of mallory */
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_ok(world_verify(&w, &e, &r));
    assert_int_equal(r.level, 1);
    assert_status(message_at(&r, 12)->proof_verdict, CHAT_EVIDENCE_PROOF);

    struct chat_report_verify_params params = world_verify_params(&w);
    params.record_count = 0;
    assert_ok(chat_report_verify(&params, world_report(&w, &e), &w.f.arena, &r));
    assert_status(message_at(&r, 12)->proof_verdict, CHAT_EVIDENCE_RECORD);
    world_end(&w);
}

static void level_2_needs_the_group_context_of_the_epoch(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 12;
    usual(&w);
    world_prove(&w, 11, &w.mallory_device);
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    struct wire_opaque *contexts = e.group_contexts.at;
    e.group_contexts.count = 0;
    assert_ok(world_verify(&w, &e, &r));
    assert_status(message_at(&r, 12)->proof_verdict, CHAT_EVIDENCE_GROUP_CONTEXT);
    struct wire_opaque twice[] = { contexts[0], contexts[0] };
    e.group_contexts.at = twice;
    e.group_contexts.count = 2;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_GROUP_CONTEXT);
    e.group_contexts.count = 1;
    twice[0].value = TB_LITERAL("no context");
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_GROUP_CONTEXT);
    /* Another context than the signed one: its hash is not the proof's. */
    twice[0].value = fixture_changed(&w.f, contexts[0].value, contexts[0].value.len - 3);
    tb_status status = world_verify(&w, &e, &r);
    assert_true(status.code == CHAT_EVIDENCE_GROUP_CONTEXT
                || message_at(&r, 12)->proof_verdict.code == CHAT_EVIDENCE_GROUP_CONTEXT);
    world_end(&w);
}

/* ------------------------------------------------------------------ forged parts */

static void attack_10_a_forged_text_is_not_proven(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    struct chat_content content = world_content(&w, WORLD_MALLORY, "something worse");
    tb_bytes forged;
    assert_ok(chat_content_frame(&content, &w.f.heap.mem, &w.f.arena, &forged));
    e.openings.at[5].body.full->application_data = forged;
    assert_ok(world_verify(&w, &e, &r));
    assert_status(message_at(&r, 12)->verdict, CHAT_EVIDENCE_TAG);
    assert_null(message_at(&r, 12)->content);
    assert_int_equal(r.level, 0);
    assert_true((r.alarms & CHAT_ALARM_TARGET_UNPROVEN) != 0);
    e.openings.at[5].body.full->application_data = TB_LITERAL("no content at all");
    assert_ok(world_verify(&w, &e, &r));
    assert_status(message_at(&r, 12)->verdict, CHAT_EVIDENCE_CONTENT);
    world_end(&w);
}

static void attack_10_a_forged_sender_time_or_hash_breaks_the_chain(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    struct chat_stub kept = e.stubs.at[5];
    e.stubs.at[5].context.sender_uri = TB_LITERAL(WORLD_ALICE);
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SIGNATURE);
    e.stubs.at[5] = kept;
    e.stubs.at[5].context.accepted_timestamp++;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SIGNATURE);
    e.stubs.at[5] = kept;
    e.stubs.at[5].ct_hash[0] ^= 1;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SIGNATURE);
    e.stubs.at[5] = kept;
    e.stubs.at[5].epoch++;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SIGNATURE);
    e.stubs.at[5] = kept;
    e.stubs.at[5].frank.server_frank[0] ^= 1;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SIGNATURE);
    e.stubs.at[5] = kept;
    e.stubs.at[5].franking_tag[0] ^= 1;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SIGNATURE);
    e.stubs.at[5] = kept;
    e.chain_before[0] ^= 1;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SIGNATURE);
    world_end(&w);
}

static void the_last_stub_s_signature_is_the_one_that_counts(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    e.stubs.at[1].timbre_signature = TB_LITERAL("message 8: proves nothing, amendments 14");
    assert_ok(world_verify(&w, &e, &r));
    e.stubs.at[9].timbre_signature = fixture_changed(&w.f, e.stubs.at[9].timbre_signature, 3);
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SIGNATURE);
    e.stubs.at[9].timbre_signature.len = 0;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SIGNATURE);
    world_end(&w);
}

static void an_agent_key_counts_in_its_own_time_only(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    w.agents[1].until_ms = WORLD_TIME_MS + 16000; /* message 16, the signed end, has this time */
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SIGNATURE);
    w.agents[1].until_ms++;
    assert_ok(world_verify(&w, &e, &r));
    world_end(&w);
}

static void a_revoked_agent_key_vouches_for_nothing_signed_since(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    w.agents[1].revoked_ms = WORLD_TIME_MS + 16001; /* the signed end is a moment older */
    assert_ok(world_verify(&w, &e, &r));
    assert_int_equal(r.level, 1);
    assert_true((r.alarms & CHAT_ALARM_REVOKED_LATER) != 0);
    w.agents[1].revoked_ms--;
    assert_ok(world_verify(&w, &e, &r));
    assert_int_equal(r.level, 0);
    assert_true((r.alarms & CHAT_ALARM_REVOKED) != 0);
    assert_true((r.alarms & CHAT_ALARM_TARGET_UNPROVEN) != 0);
    for (size_t i = 0; i < r.message_count; i++) {
        assert_null(r.messages[i].content);
        if (r.messages[i].is_target) {
            assert_status(r.messages[i].verdict, CHAT_EVIDENCE_REVOKED);
        }
    }
    /* The sender's own signature proves as before. */
    world_prove(&w, 11, &w.mallory_device);
    const uint64_t target = 12;
    e = world_evidence(&w, &target, 1);
    assert_ok(world_verify(&w, &e, &r));
    assert_int_equal(r.level, 2);
    assert_non_null(message_at(&r, 12)->content);
    assert_status(message_at(&r, 10)->verdict, CHAT_EVIDENCE_REVOKED);
    world_end(&w);
}

static void attack_12_a_report_from_another_room_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    struct chat_report_verify_params params = world_verify_params(&w);
    params.room_uri = TB_LITERAL("mimi://hub.example/r/other");
    assert_status(chat_report_verify(&params, world_report(&w, &e), &w.f.arena, &r),
                  CHAT_EVIDENCE_ROOM);
    e.stubs.at[2].context.room_uri = TB_LITERAL("mimi://hub.example/r/other");
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_ROOM);
    world_end(&w);
}

static void attack_12_a_text_for_another_room_or_of_another_sender_is_not_proven(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 1;
    world_init(&w);
    /* A hub and a sender in league: the tag fits, the content says otherwise. */
    struct chat_content content = world_content(&w, WORLD_ALICE, "hello");
    world_send_content(&w, WORLD_MALLORY, &content, false);
    content.room_uri = TB_LITERAL("mimi://hub.example/r/other");
    world_send_content(&w, WORLD_ALICE, &content, true);
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_ok(world_verify(&w, &e, &r));
    assert_status(message_at(&r, 1)->verdict, CHAT_EVIDENCE_SENDER);
    assert_status(message_at(&r, 2)->verdict, CHAT_EVIDENCE_ROOM);
    world_end(&w);
}

/* ------------------------------------------------------------------ context */

static void attack_17_omitted_context_is_seen(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    /* Withheld, openly or by leaving the opening out: the stub stays and is counted. */
    e.openings.at[4].kind = CHAT_OPENING_IS_WITHHELD;
    e.openings.at[4].body.any = NULL;
    e.openings.count = 9;
    assert_ok(world_verify(&w, &e, &r));
    assert_int_equal(r.withheld_count, 2);
    assert_int_equal(r.persons[0].withheld_count, 1);
    assert_false(r.is_complete);
    /* A stub left out: the numbers do not run on. */
    for (size_t i = 4; i + 1 < e.stubs.count; i++) e.stubs.at[i] = e.stubs.at[i + 1];
    e.stubs.count--;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_FORM);
    e.last_seq--;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_STUBS);
    world_end(&w);
}

static void attack_17_somebody_else_can_open_what_was_withheld(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    struct chat_opening kept = e.openings.at[4];
    e.openings.at[4].kind = CHAT_OPENING_IS_WITHHELD;
    e.openings.at[4].body.any = NULL;
    assert_ok(world_verify(&w, &e, &r));
    struct chat_report_verify_params params = world_verify_params(&w);
    struct chat_opening wrong = kept;
    wrong.room_seq++; /* another message's text */
    struct chat_opening more[] = { wrong, kept };
    assert_ok(chat_report_verify_more(&params, more, 2, &w.f.arena, &r));
    assert_non_null(r.messages[4].content);
    assert_int_equal(r.withheld_count, 0);
    assert_true(r.is_complete);
    more[0].room_seq = 99;
    assert_status(chat_report_verify_more(&params, more, 1, &w.f.arena, &r), CHAT_EVIDENCE_STUBS);
    world_end(&w);
}

static void attack_19_undecryptable_counts_as_withheld(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    e.openings.at[2].kind = CHAT_OPENING_IS_UNDECRYPTABLE;
    e.openings.at[3].kind = CHAT_OPENING_IS_NOT_RECEIVED;
    e.openings.at[4].kind = CHAT_OPENING_IS_EXPIRED;
    assert_ok(world_verify(&w, &e, &r));
    assert_int_equal(r.withheld_count, 3);
    assert_int_equal(r.alarms, CHAT_ALARM_UNDECRYPTABLE | CHAT_ALARM_NOT_RECEIVED
                                   | CHAT_ALARM_EXPIRED);
    world_end(&w);
}

static void attack_18_a_window_may_be_widened_to_200(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 190;
    struct chat_report_evidence e;
    world_init(&w);
    world_talk(&w, 220, 64);
    struct chat_report_params params = world_params(&w, &target, 1);
    params.context_before = 189;
    assert_status(chat_report_build(&params, &w.f.rng.rng, &w.f.arena, &e), TB_OK);
    assert_int_equal(e.first_seq, 1);
    assert_ok(world_verify(&w, &e, &r));
    assert_true(r.is_complete);
    world_end(&w);
}

static void a_short_window_is_named(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 12;
    world_init(&w);
    world_talk(&w, 13, 13);
    struct chat_report_params params = world_params(&w, &target, 1);
    struct chat_report_evidence e;
    params.context_before = 1;
    assert_ok(chat_report_build(&params, &w.f.rng.rng, &w.f.arena, &e));
    assert_ok(world_verify(&w, &e, &r));
    assert_int_equal(r.alarms, CHAT_ALARM_WINDOW_SHORT_BEFORE | CHAT_ALARM_WINDOW_SHORT_AFTER);
    assert_false(r.is_complete);
    world_end(&w);
}

/* ------------------------------------------------------------------ form */

static void evidence_that_contradicts_itself_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w), good = e;
    struct wire_u64 targets[] = { { 12 }, { 12 } };
    e.last_seq++;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_FORM);
    e = good;
    e.first_seq = 0;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_FORM);
    e = good;
    targets[0].value = 17;
    e.target_seq.at = targets;
    struct chat_abuse_report outer = {
        .alleged_abuser_uri = TB_LITERAL(WORLD_MALLORY), .reason_code = 1 };
    struct mls_component_data extension = { .component_id = 0xf103 };
    outer.abuse_extensions.at = &extension;
    outer.abuse_extensions.count = 1;
    struct chat_report_verify_params params = world_verify_params(&w);
    extension.data = fixture_encode(&w.f, &chat_report_evidence_desc, &e);
    assert_status(chat_report_verify(&params,
                                     fixture_encode(&w.f, &chat_abuse_report_desc, &outer),
                                     &w.f.arena, &r),
                  CHAT_EVIDENCE_TARGET);
    targets[0].value = 12;
    e.target_seq.count = 2;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_TARGET);
    e = good;
    e.openings.at[5].kind = CHAT_OPENING_IS_WITHHELD;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_TARGET);
    e.openings.at[5].kind = CHAT_OPENING_IS_FULL;
    e.openings.at[4].room_seq = 12;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_DUPLICATE);
    e.openings.at[4].room_seq = 99;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_STUBS);
    world_end(&w);
}

static void times_that_run_backwards_are_refused(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    e.stubs.at[3].context.accepted_timestamp = WORLD_TIME_MS;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_TIME_ORDER);
    world_end(&w);
}

static void reported_messages_of_two_senders_accuse_nobody(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t targets[] = { 10, 12, 13 }; /* 13 is alice's */
    world_init(&w);
    world_talk(&w, 20, 20);
    struct chat_report_evidence e = world_evidence(&w, targets, 2);
    assert_ok(world_verify(&w, &e, &r));
    assert_bytes(r.report->alleged_abuser_uri, TB_LITERAL(WORLD_MALLORY));
    e = world_evidence(&w, targets, 3);
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SENDERS);
    e = world_evidence(&w, targets + 1, 2);
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_SENDERS);
    world_end(&w);
}

static void a_named_reporter_does_not_accuse_themselves(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w), back;
    struct chat_abuse_report report;
    assert_ok(chat_report_decode(world_report(&w, &e), &w.f.arena, &report, &back));
    struct chat_report_verify_params params = world_verify_params(&w);
    report.reporting_user = TB_LITERAL(WORLD_ALICE);
    assert_ok(chat_report_verify(&params,
                                 fixture_encode(&w.f, &chat_abuse_report_desc, &report),
                                 &w.f.arena, &r));
    report.reporting_user = TB_LITERAL(WORLD_MALLORY);
    assert_status(chat_report_verify(&params,
                                     fixture_encode(&w.f, &chat_abuse_report_desc, &report),
                                     &w.f.arena, &r),
                  CHAT_EVIDENCE_OWN);
    world_end(&w);
}

static void the_accused_wrote_the_targets(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w), back;
    struct chat_abuse_report report;
    assert_ok(chat_report_decode(world_report(&w, &e), &w.f.arena, &report, &back));
    report.alleged_abuser_uri = TB_LITERAL(WORLD_ALICE);
    struct chat_report_verify_params params = world_verify_params(&w);
    assert_status(chat_report_verify(&params,
                                     fixture_encode(&w.f, &chat_abuse_report_desc, &report),
                                     &w.f.arena, &r),
                  CHAT_EVIDENCE_ACCUSED);
    world_end(&w);
}

static void the_envelope_s_id_belongs_to_the_evidence(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    uint8_t id[32];
    struct chat_report_evidence e = usual(&w);
    struct chat_report_verify_params params = world_verify_params(&w);
    params.reporter_uri = TB_LITERAL(WORLD_ALICE);
    params.report_id = id;
    assert_ok(chat_report_id(&w.f.suite, &e, params.reporter_uri, &w.f.arena, id));
    assert_ok(chat_report_verify(&params, world_report(&w, &e), &w.f.arena, &r));
    id[0] ^= 1;
    assert_status(chat_report_verify(&params, world_report(&w, &e), &w.f.arena, &r),
                  CHAT_SEALED_ID);
    world_end(&w);
}

static void the_envelope_s_targets_are_those_of_the_evidence(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct wire_u64 targets[] = { { 12 }, { 13 } };
    struct chat_report_evidence e = usual(&w);
    struct chat_report_verify_params params = world_verify_params(&w);
    params.target_seq = targets;
    params.target_count = 1;
    assert_ok(chat_report_verify(&params, world_report(&w, &e), &w.f.arena, &r));
    params.target_count = 2;
    assert_status(chat_report_verify(&params, world_report(&w, &e), &w.f.arena, &r),
                  CHAT_SEALED_TARGETS);
    params.target_count = 1;
    targets[0].value = 11;
    assert_status(chat_report_verify(&params, world_report(&w, &e), &w.f.arena, &r),
                  CHAT_SEALED_TARGETS);
    world_end(&w);
}

static void v6_a_late_report_is_named(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct chat_report_evidence e = usual(&w);
    struct chat_report_verify_params params = world_verify_params(&w);
    params.received_ms = WORLD_TIME_MS + 12000 + (uint64_t)CHAT_REPORT_WINDOW_S * 1000;
    assert_ok(chat_report_verify(&params, world_report(&w, &e), &w.f.arena, &r));
    assert_int_equal(r.alarms, 0);
    params.received_ms++;
    assert_ok(chat_report_verify(&params, world_report(&w, &e), &w.f.arena, &r));
    assert_int_equal(r.alarms, CHAT_ALARM_LATE);
    world_end(&w);
}

static void v2_a_foreign_participant_makes_the_mimi_signature_required(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 1;
    world_init(&w);
    struct chat_content content = world_content(&w, "mimi://other.example/u/eve", "hello");
    world_send_content(&w, "mimi://other.example/u/eve", &content, true);
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    e.group_contexts.count = 0;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_MIMI);
    struct chat_signature signature;
    struct chat_frank *frank = &e.stubs.at[0].frank;
    assert_ok(chat_frank_mimi_sign(&w.f.suite, &w.agent, frank->server_frank,
                                   &e.stubs.at[0].context, &signature));
    frank->franking_signature_ciphersuite = 1;
    frank->franking_integrity_signature = chat_signature_view(&signature);
    assert_ok(world_verify(&w, &e, &r));
    frank->franking_signature_ciphersuite = 0;
    assert_status(world_verify(&w, &e, &r), CHAT_EVIDENCE_MIMI);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_honest_report_verifies_at_level_1),
        cmocka_unit_test(the_sender_s_signature_makes_level_2),
        cmocka_unit_test(attack_9_a_framing_hub_does_not_reach_level_2),
        cmocka_unit_test(level_2_needs_the_group_context_of_the_epoch),
        cmocka_unit_test(attack_10_a_forged_text_is_not_proven),
        cmocka_unit_test(attack_10_a_forged_sender_time_or_hash_breaks_the_chain),
        cmocka_unit_test(the_last_stub_s_signature_is_the_one_that_counts),
        cmocka_unit_test(an_agent_key_counts_in_its_own_time_only),
        cmocka_unit_test(a_revoked_agent_key_vouches_for_nothing_signed_since),
        cmocka_unit_test(attack_12_a_report_from_another_room_is_refused),
        cmocka_unit_test(attack_12_a_text_for_another_room_or_of_another_sender_is_not_proven),
        cmocka_unit_test(attack_17_omitted_context_is_seen),
        cmocka_unit_test(attack_17_somebody_else_can_open_what_was_withheld),
        cmocka_unit_test(attack_19_undecryptable_counts_as_withheld),
        cmocka_unit_test(attack_18_a_window_may_be_widened_to_200),
        cmocka_unit_test(a_short_window_is_named),
        cmocka_unit_test(evidence_that_contradicts_itself_is_refused),
        cmocka_unit_test(times_that_run_backwards_are_refused),
        cmocka_unit_test(the_accused_wrote_the_targets),
        cmocka_unit_test(reported_messages_of_two_senders_accuse_nobody),
        cmocka_unit_test(a_named_reporter_does_not_accuse_themselves),
        cmocka_unit_test(the_envelope_s_id_belongs_to_the_evidence),
        cmocka_unit_test(the_envelope_s_targets_are_those_of_the_evidence),
        cmocka_unit_test(v6_a_late_report_is_named),
        cmocka_unit_test(v2_a_foreign_participant_makes_the_mimi_signature_required),
    };
    return cmocka_run_group_tests_name("chat_report_verify", tests, NULL, NULL);
}
