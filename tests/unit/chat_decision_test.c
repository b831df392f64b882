/* Decisions and their log, statements of reasons, acknowledgements, reasons, sentences. */
#include "tests/unit/chat_fixture.h"

#include "chat/ack.h"
#include "chat/category.h"
#include "chat/decision.h"
#include "chat/desk_message.h"
#include "chat/reason.h"
#include "chat/retract.h"
#include "chat/safe_aad.h"
#include "chat/say.h"
#include "chat/statement.h"

#define ROOM_URI "mimi://hub.example/r/tea"
#define TIME_MS UINT64_C(1700000000000)

struct desk {
    struct fixture f;
    struct crypto_signing_key device, intake;
    struct chat_decision decision;
};

static void desk_init(struct desk *d)
{
    memset(d, 0, sizeof *d);
    fixture_init(&d->f);
    fixture_key(&d->f, 1, &d->device);
    fixture_key(&d->f, 2, &d->intake);
    d->decision = (struct chat_decision){
        .domain = TB_LITERAL("hub.example"), .subject = TB_LITERAL("mimi://hub.example/u/mallory"),
        .action = CHAT_ACTION_BAN, .scope = CHAT_SCOPE_ROOM, .room_uri = TB_LITERAL(ROOM_URI),
        .reason_code = CHAT_REASON_THREAT, .decided_ms = TIME_MS,
        .decider_device = TB_LITERAL("mimi://hub.example/d/judge/1"),
    };
    assert_ok(chat_decision_sign(&d->f.suite, &d->device, &d->decision, &d->f.arena));
}

static void desk_end(struct desk *d)
{
    crypto_signing_key_wipe(&d->device);
    crypto_signing_key_wipe(&d->intake);
    fixture_end(&d->f);
}

static tb_status verify(struct desk *d, const struct chat_decision *decision)
{
    return chat_decision_verify(&d->f.suite, decision, crypto_signing_key_public(&d->device),
                                &d->f.arena);
}

static void a_decision_is_signed_whole(void **state)
{
    (void)state;
    struct desk d;
    desk_init(&d);
    assert_ok(verify(&d, &d.decision));
    tb_bytes encoded = fixture_encode(&d.f, &chat_decision_desc, &d.decision);
    for (size_t i = 0; i < encoded.len; i++) {
        struct chat_decision bad;
        tb_status status = wire_decode(&chat_decision_desc, fixture_changed(&d.f, encoded, i),
                                       &d.f.arena, &bad, NULL);
        if (tb_is_ok(status)) status = verify(&d, &bad);
        assert_false(tb_is_ok(status));
    }
    assert_status(chat_decision_verify(&d.f.suite, &d.decision,
                                       crypto_signing_key_public(&d.intake), &d.f.arena),
                  CHAT_DECISION_SIGNATURE);
    desk_end(&d);
}

static void a_decision_contradicts_itself_in_no_field(void **state)
{
    (void)state;
    struct desk d;
    desk_init(&d);
    struct chat_decision good = d.decision, bad;
#define REFUSED(FIELD_, VALUE_)                                                                    \
    bad = good;                                                                                    \
    bad.FIELD_ = VALUE_;                                                                           \
    assert_status(chat_decision_sign(&d.f.suite, &d.device, &bad, &d.f.arena), CHAT_DECISION_FORM)
    REFUSED(action, CHAT_ACTION_UPHOLD + 1);
    REFUSED(action, CHAT_ACTION_RETRACT);   /* of no message */
    REFUSED(action, CHAT_ACTION_MUTE);      /* without an end */
    REFUSED(action, CHAT_ACTION_SUSPEND);   /* in one room */
    REFUSED(action, CHAT_ACTION_REVERSE);   /* of nothing */
    REFUSED(number_of, 3);
    REFUSED(ground, 2);
    REFUSED(scope, 3);
    REFUSED(scope, 0);
    REFUSED(reason_code, 99);
    REFUSED(room_uri.len, 0);
    REFUSED(room_uri, TB_LITERAL("mimi://other.example/r/tea"));
    REFUSED(subject, TB_LITERAL(ROOM_URI));
    REFUSED(domain, TB_LITERAL("no domain"));
    REFUSED(decider_device, TB_LITERAL("mimi://other.example/d/judge/1"));
    REFUSED(decider_device, TB_LITERAL("mimi://hub.example/u/judge"));
    REFUSED(decider_device, TB_LITERAL("mimi://hub.example/d/mallory/1")); /* one's own case */
    REFUSED(notice_room_uri, TB_LITERAL("notice"));
    REFUSED(report_id, TB_LITERAL("short"));
    REFUSED(until_ms, TIME_MS);
#undef REFUSED
    bad = good;
    bad.v = 2;
    assert_status(verify(&d, &bad), CHAT_DECISION_FORM);
    desk_end(&d);
}

static void a_second_person_signs_over_the_first_signature(void **state)
{
    (void)state;
    struct desk d;
    desk_init(&d);
    struct chat_decision made = d.decision, bad;
    tb_bytes second = crypto_signing_key_public(&d.intake);
    assert_status(chat_decision_verify_co(&d.f.suite, &made, second, &d.f.arena),
                  CHAT_DECISION_CO_SIGNATURE);
    assert_status(chat_decision_confirm(&d.f.suite, &d.intake, &made, &d.f.arena),
                  CHAT_DECISION_FORM); /* by nobody */
    const char *const refused[] = { "mimi://hub.example/d/judge/2",
                                    "mimi://hub.example/d/mallory/1",
                                    "mimi://other.example/d/second/1" };
    for (size_t i = 0; i < 3; i++) {
        made.co_decider_device = tb_bytes_text(refused[i]);
        assert_status(chat_decision_confirm(&d.f.suite, &d.intake, &made, &d.f.arena),
                      CHAT_DECISION_FORM);
    }
    made.co_decider_device = TB_LITERAL("mimi://hub.example/d/second/1");
    assert_ok(chat_decision_confirm(&d.f.suite, &d.intake, &made, &d.f.arena));
    assert_ok(verify(&d, &made)); /* the first signature does not know of the second */
    assert_ok(chat_decision_verify_co(&d.f.suite, &made, second, &d.f.arena));
    tb_bytes encoded = fixture_encode(&d.f, &chat_decision_desc, &made);
    for (size_t i = 0; i < encoded.len; i++) {
        tb_status status = wire_decode(&chat_decision_desc, fixture_changed(&d.f, encoded, i),
                                       &d.f.arena, &bad, NULL);
        if (tb_is_ok(status)) {
            status = chat_decision_verify_co(&d.f.suite, &bad, second, &d.f.arena);
        }
        assert_false(tb_is_ok(status));
    }
    desk_end(&d);
}

static void drafts_and_appeals_have_one_encoding(void **state)
{
    (void)state;
    static const char *const BAD[] = { "a0", "a20102026161", "a2010102 60", "a201000261 61",
                                       "a3010102616103 00", "a2010102 4161" };
    struct fixture f;
    struct tb_buf buf;
    struct chat_appeal_text appeal = { 5, TB_LITERAL("No.") }, back;
    struct chat_draft draft = { TB_LITERAL("decision"), TB_LITERAL("statement"), 9 }, draft_back;
    fixture_init(&f);
    tb_buf_init(&buf, &f.heap.mem, 65536);
    assert_ok(chat_appeal_encode(&appeal, &buf));
    assert_hex(&f, tb_buf_view(&buf), "a2010502634e6f2e");
    assert_ok(chat_appeal_decode(tb_buf_view(&buf), &back));
    assert_int_equal(back.number, 5);
    assert_bytes(back.text, appeal.text);
    for (size_t i = 2; i < sizeof BAD / sizeof BAD[0]; i++) {
        assert_status(chat_appeal_decode(fixture_hex(&f, BAD[i]), &back), CHAT_DESK_MESSAGE_FORM);
    }
    tb_buf_clear(&buf);
    assert_ok(chat_draft_encode(&draft, &buf));
    assert_ok(chat_draft_decode(tb_buf_view(&buf), &draft_back));
    assert_bytes(draft_back.statement, draft.statement);
    assert_int_equal(draft_back.expires_ms, 9);
    assert_status(chat_draft_decode(fixture_hex(&f, BAD[0]), &draft_back), CHAT_DESK_MESSAGE_FORM);
    tb_buf_wipe(&buf);
    fixture_end(&f);
}

static void every_action_and_category_has_one_name(void **state)
{
    (void)state;
    uint8_t found = 0;
    for (uint8_t i = 0; chat_decision_action_name(i) != NULL; i++) {
        assert_ok(chat_decision_action_parse(tb_bytes_text(chat_decision_action_name(i)), &found));
        assert_int_equal(found, i);
    }
    assert_int_equal(found, CHAT_ACTION_UPHOLD);
    for (uint8_t i = 1; i < CHAT_CATEGORY_COUNT; i++) {
        assert_ok(chat_category_parse(tb_bytes_text(chat_category_name(i)), &found));
        assert_int_equal(found, i);
    }
    assert_string_equal(chat_category_official(CHAT_CATEGORY_VIOLENCE),
                        "STATEMENT_CATEGORY_VIOLENCE");
    for (uint8_t reason = chat_reason_next(0); reason != 0; reason = chat_reason_next(reason)) {
        assert_non_null(chat_category_name(chat_category_of_reason(reason)));
    }
    assert_status(chat_category_parse(TB_LITERAL("nothing"), &found), CHAT_REASON_UNKNOWN);
    assert_status(chat_decision_action_parse(TB_LITERAL("smite"), &found), CHAT_DECISION_FORM);
    assert_int_equal(chat_language_of("fr_FR.UTF-8"), CHAT_FRENCH);
    assert_int_equal(chat_language_of("fr"), CHAT_FRENCH);
    assert_int_equal(chat_language_of("fry_NL"), CHAT_ENGLISH);
    assert_int_equal(chat_language_of(NULL), CHAT_ENGLISH);
}

static void the_hub_signs_what_it_retracts(void **state)
{
    (void)state;
    struct desk d;
    struct wire_opaque id = { TB_LITERAL("0123456789abcdef0123456789abcdef") };
    struct chat_retracted made = { .hub_retracted_timestamp = TIME_MS,
                                   .remover = TB_LITERAL("mimi://hub.example") };
    desk_init(&d);
    made.retracted_messages.at = &id;
    made.retracted_messages.count = 1;
    assert_ok(chat_retracted_sign(&d.f.suite, &d.intake, &made, &d.f.arena));
    assert_ok(chat_retracted_verify(&d.f.suite, &made, crypto_signing_key_public(&d.intake),
                                    &d.f.arena));
    made.hub_retracted_timestamp++;
    assert_status(chat_retracted_verify(&d.f.suite, &made, crypto_signing_key_public(&d.intake),
                                        &d.f.arena),
                  CHAT_DECISION_SIGNATURE);
    desk_end(&d);
}

static void an_owner_is_named_for_a_room_without_report_end_or_notice(void **state)
{
    (void)state;
    struct desk d;
    desk_init(&d);
    struct chat_decision good = d.decision, bad;
    good.action = CHAT_ACTION_NAME_OWNER;
    good.scope = CHAT_SCOPE_ROOM;
    good.room_uri = TB_LITERAL(ROOM_URI);
    good.until_ms = 0;
    good.report_id = good.notice_room_uri = (tb_bytes){ NULL, 0 };
    assert_ok(chat_decision_sign(&d.f.suite, &d.device, &good, &d.f.arena));
    assert_ok(verify(&d, &good));
#define REFUSED(FIELD_, VALUE_)                                                                    \
    bad = good;                                                                                    \
    bad.FIELD_ = VALUE_;                                                                           \
    assert_status(chat_decision_sign(&d.f.suite, &d.device, &bad, &d.f.arena), CHAT_DECISION_FORM)
    REFUSED(scope, CHAT_SCOPE_HUB);
    REFUSED(until_ms, good.decided_ms + 1);
    REFUSED(report_id, TB_LITERAL("a report id of thirty-two octets"));
    REFUSED(notice_room_uri, TB_LITERAL(ROOM_URI));
#undef REFUSED
    desk_end(&d);
}

static void the_reference_on_a_proposal_hashes_the_decision(void **state)
{
    (void)state;
    struct desk d;
    struct chat_moderation_ref ref, back;
    uint8_t hash[32];
    tb_bytes aad;
    desk_init(&d);
    d.decision.decision_id[0] = 7;
    assert_ok(chat_decision_ref(&d.f.suite, &d.decision, 12, TB_LITERAL(ROOM_URI), &d.f.arena,
                                &ref));
    assert_ok(chat_decision_hash(&d.f.suite, &d.decision, &d.f.arena, hash));
    assert_ok(chat_safe_aad_of_moderation(&ref, &d.f.arena, &aad));
    assert_ok(chat_safe_aad_moderation(aad, &d.f.arena, &back));
    assert_memory_equal(back.decision_hash, hash, 32);
    assert_int_equal(back.number, 12);
    assert_int_equal(back.decision_id[0], 7);
    assert_int_equal(back.action, CHAT_ACTION_BAN);
    assert_bytes(back.scope, TB_LITERAL(ROOM_URI));
    desk_end(&d);
}

static void the_log_is_a_chain_that_the_hub_signs(void **state)
{
    (void)state;
    struct desk d;
    uint8_t zeros[32] = { 0 }, hash[32];
    desk_init(&d);
    tb_bytes key = crypto_signing_key_public(&d.intake);
    struct chat_decision_entry one = { .number = 1, .logged_ms = TIME_MS, .decision = d.decision },
                               two = { .number = 2, .logged_ms = TIME_MS, .decision = d.decision };
    assert_ok(chat_decision_entry_sign(&d.f.suite, &d.intake, &one, &d.f.arena));
    assert_ok(chat_decision_entry_verify(&d.f.suite, &one, key, 0, zeros, &d.f.arena));
    assert_ok(chat_decision_entry_hash(&d.f.suite, &one, &d.f.arena, hash));
    memcpy(two.prev_entry_hash, hash, 32);
    assert_ok(chat_decision_entry_sign(&d.f.suite, &d.intake, &two, &d.f.arena));
    assert_ok(chat_decision_entry_verify(&d.f.suite, &two, key, 1, hash, &d.f.arena));
    assert_status(chat_decision_entry_verify(&d.f.suite, &two, key, 1, zeros, &d.f.arena),
                  CHAT_DECISION_ENTRY_CHAIN);
    assert_status(chat_decision_entry_verify(&d.f.suite, &two, key, 2, hash, &d.f.arena),
                  CHAT_DECISION_ENTRY_CHAIN);
    two.decision.action = CHAT_ACTION_WARN;
    assert_status(chat_decision_entry_verify(&d.f.suite, &two, key, 1, hash, &d.f.arena),
                  CHAT_DECISION_ENTRY_SIGNATURE);
    desk_end(&d);
}

/* ------------------------------------------------------------------ statements */

static struct chat_statement statement_of(void)
{
    return (struct chat_statement){
        .decision_id = { 1, 2, 3 }, .number = 12, .action = CHAT_ACTION_BAN,
        .scope = CHAT_SCOPE_ROOM, .room_uri = TB_LITERAL(ROOM_URI),
        .reason_code = CHAT_REASON_THREAT, .rule = TB_LITERAL("No threats."),
        .facts = TB_LITERAL("You wrote \x1b[2Jthis."), .until_ms = TIME_MS + 1,
        .why = TB_LITERAL("It threatens a person."), .decided_ms = TIME_MS, .number_of = 3,
        .ground = CHAT_GROUND_ILLEGAL, .category = 14, .territory = TB_LITERAL("FR"),
        .report_id = TB_LITERAL("0123456789abcdef0123456789abcdef"), .stubs = TB_LITERAL("\0"),
    };
}

static tb_bytes statement_encode(struct fixture *f, const struct chat_statement *statement)
{
    struct tb_buf buf;
    tb_bytes out;
    tb_buf_init(&buf, &f->heap.mem, 65536);
    assert_ok(chat_statement_encode(statement, &buf));
    assert_ok(tb_arena_dup(&f->arena, tb_buf_view(&buf), &out));
    tb_buf_wipe(&buf);
    return out;
}

static void a_statement_has_one_encoding(void **state)
{
    (void)state;
    struct fixture f;
    struct chat_statement statement = statement_of(), back;
    fixture_init(&f);
    tb_bytes encoded = statement_encode(&f, &statement);
    assert_ok(chat_statement_decode(encoded, &back));
    assert_bytes(back.facts, statement.facts);
    assert_int_equal(back.until_ms, TIME_MS + 1);
    assert_bytes(statement_encode(&f, &back), encoded);
    for (size_t len = 0; len < encoded.len; len++) {
        assert_false(tb_is_ok(chat_statement_decode((tb_bytes){ encoded.data, len }, &back)));
    }
    statement = (struct chat_statement){ .scope = CHAT_SCOPE_HUB, .reason_code = 1 };
    encoded = statement_encode(&f, &statement); /* the least: id, scope, reason */
    assert_hex(&f, encoded, "a3015000000000000000000000000000000000 0402 0601");
    assert_ok(chat_statement_decode(encoded, &back));
    fixture_end(&f);
}

static void what_is_no_statement_is_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "80",                                                       /* no map */
        "a204020601",                                               /* no id */
        "a301410004020601",                                         /* id of one octet */
        "a30150000000000000000000000000000000000402060c",           /* unknown reason */
        "a3015000000000000000000000000000000000040306 01",          /* unknown scope */
        "a4015000000000000000000000000000000000 0200 0402 0601",    /* a number that is 0 */
        "a4015000000000000000000000000000000000 0401 0560 0601",    /* an empty room */
        "a3015000000000000000000000000000000000 0401 0601",         /* room scope without a room */
        "a4015000000000000000000000000000000000 0402 0601 1501",    /* unknown key */
        "a4015000000000000000000000000000000000 030d 0402 0601",    /* unknown action */
        "a4015000000000000000000000000000000000 0402 0601 0b4101",  /* report id of one octet */
        "a4015000000000000000000000000000000000 0402 0601 616101",  /* a key that is a text */
    };
    struct fixture f;
    struct chat_statement out;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        tb_status status = chat_statement_decode(fixture_hex(&f, BAD[i]), &out);
        if (status.code != CHAT_STATEMENT_FORM) print_message("case %zu\n", i);
        assert_status(status, CHAT_STATEMENT_FORM);
    }
    fixture_end(&f);
}

static void a_statement_reads_as_sentences_and_moves_no_terminal(void **state)
{
    (void)state;
    struct fixture f;
    struct tb_buf buf;
    struct chat_statement statement = statement_of();
    fixture_init(&f);
    tb_buf_init(&buf, &f.heap.mem, 65536);
    assert_ok(chat_statement_render(&statement, CHAT_ENGLISH, &buf));
    assert_bytes(tb_buf_view(&buf),
                 TB_LITERAL("Decision 12 of the moderation desk.\n"
                            "You are banned from the room mimi://hub.example/r/tea\n"
                            "It holds until 2023-11-14 22:13 UTC.\n"
                            "Where it holds: FR.\n"
                            "Reason: a threat; category: violence.\n"
                            "Ground: the content is held to be illegal.\n"
                            "Legal provision: No threats.\n"
                            "Why it applies: It threatens a person.\n"
                            "Facts: You wrote  [2Jthis.\n"
                            "This was taken up after a report; who reported is not named.\n"
                            "A person decided this on 2023-11-14 22:13 UTC.  No automated means "
                            "were used, neither to find nor to decide.\n"
                            "Redress: you can complain here, free of charge, within six months of "
                            "being told\n('timbre notice appeal'); a person who did not take part "
                            "in the decision settles it.\n"
                            "You can also turn to a certified out-of-court dispute settlement "
                            "body\n(Regulation (EU) 2022/2065, article 21), and to a court.\n"));
    tb_buf_clear(&buf);
    statement = (struct chat_statement){ .action = CHAT_ACTION_UPHOLD, .scope = CHAT_SCOPE_HUB,
                                         .reason_code = CHAT_REASON_SPAM, .number_of = 7 };
    assert_ok(chat_statement_render(&statement, CHAT_FRENCH, &buf));
    assert_bytes(tb_buf_view(&buf),
                 TB_LITERAL("Votre recours a été examiné par une autre personne.  Maintenue : "
                            "décision 7.\n"
                            "Motif : pourriel.\n"
                            "Fondement : incompatibilité avec les conditions générales du "
                            "service.\n"
                            "L'affaire fait suite à un signalement ; son auteur n'est pas "
                            "nommé.\n"));
    tb_buf_wipe(&buf);
    fixture_end(&f);
}

static void a_statement_is_sealed_to_one_device(void **state)
{
    (void)state;
    struct desk d;
    struct chat_statement statement = statement_of();
    struct chat_sealed_statement sealed, bad;
    tb_bytes encoded, out;
    desk_init(&d);
    encoded = statement_encode(&d.f, &statement);
    assert_ok(chat_statement_seal(&d.f.suite, TB_LITERAL("mimi://hub.example/d/mallory/1"),
                                  crypto_signing_key_public(&d.device), encoded, &d.f.rng.rng,
                                  &d.f.arena, &sealed));
    assert_ok(chat_statement_open(&d.f.suite, &d.device, &sealed, &d.f.arena, &out));
    assert_bytes(out, encoded);
    assert_status(chat_statement_open(&d.f.suite, &d.intake, &sealed, &d.f.arena, &out),
                  CHAT_STATEMENT_SEALED);
    bad = sealed;
    bad.device = TB_LITERAL("mimi://hub.example/d/mallory/2");
    assert_status(chat_statement_open(&d.f.suite, &d.device, &bad, &d.f.arena, &out),
                  CHAT_STATEMENT_SEALED);
    bad = sealed;
    bad.ciphertext = fixture_changed(&d.f, sealed.ciphertext, 5);
    assert_status(chat_statement_open(&d.f.suite, &d.device, &bad, &d.f.arena, &out),
                  CHAT_STATEMENT_SEALED);
    bad = sealed;
    bad.kem_output.len--;
    assert_status(chat_statement_open(&d.f.suite, &d.device, &bad, &d.f.arena, &out),
                  CHAT_STATEMENT_SEALED);
    desk_end(&d);
}

/* ------------------------------------------------------------------ acknowledgements */

static void an_acknowledgement_is_for_one_commit_and_result(void **state)
{
    (void)state;
    struct desk d;
    desk_init(&d);
    struct chat_commit_ack ack = { .group_id = TB_LITERAL("group"), .epoch = 4,
                                   .result = CHAT_ACK_APPLIED };
    tb_bytes key = crypto_signing_key_public(&d.device);
    assert_ok(chat_ack_commit_hash(&d.f.suite, TB_LITERAL("commit"), ack.commit_hash));
    assert_ok(chat_ack_sign(&d.f.suite, &d.device, &ack, &d.f.arena));
    assert_ok(chat_ack_verify(&d.f.suite, &ack, key, &d.f.arena));
    struct chat_commit_ack bad = ack;
    bad.result = CHAT_ACK_POLICY;
    assert_status(chat_ack_verify(&d.f.suite, &bad, key, &d.f.arena), CHAT_COMMIT_ACK_SIGNATURE);
    bad = ack;
    bad.epoch++;
    assert_status(chat_ack_verify(&d.f.suite, &bad, key, &d.f.arena), CHAT_COMMIT_ACK_SIGNATURE);
    bad = ack;
    bad.commit_hash[0] ^= 1;
    assert_status(chat_ack_verify(&d.f.suite, &bad, key, &d.f.arena), CHAT_COMMIT_ACK_SIGNATURE);
    bad = ack;
    bad.result = 7;
    assert_status(chat_ack_verify(&d.f.suite, &bad, key, &d.f.arena), CHAT_COMMIT_ACK_FORM);
    assert_status(chat_ack_sign(&d.f.suite, &d.device, &bad, &d.f.arena), CHAT_COMMIT_ACK_FORM);
    assert_string_equal(chat_ack_result_name(CHAT_ACK_APPLIED), "applied");
    assert_string_equal(chat_ack_result_name(77), "unknown");
    desk_end(&d);
}

/* ------------------------------------------------------------------ small lists */

static void reasons_are_found_by_code_and_by_name(void **state)
{
    (void)state;
    size_t count = 0;
    uint8_t code = 0, parsed;
    while ((code = chat_reason_next(code)) != 0) {
        assert_ok(chat_reason_parse(tb_bytes_text(chat_reason_name(code)), &parsed));
        assert_int_equal(parsed, code);
        assert_non_null(chat_reason_text(code));
        count++;
    }
    assert_int_equal(count, 12);
    assert_null(chat_reason_name(12));
    assert_null(chat_reason_text(0));
    assert_status(chat_reason_parse(TB_LITERAL("bad weather"), &parsed), CHAT_REASON_UNKNOWN);
    assert_string_equal(chat_decision_action_name(CHAT_ACTION_UNBAN), "unban");
    assert_string_equal(chat_decision_action_name(CHAT_ACTION_NAME_OWNER), "name-owner");
    assert_null(chat_decision_action_name(CHAT_ACTION_UPHOLD + 1));
}

static void dates_are_right_at_the_edges_of_years(void **state)
{
    (void)state;
    static const struct {
        uint64_t time_ms;
        const char *text;
    } CASES[] = {
        { 0, "1970-01-01 00:00 UTC" },
        { UINT64_C(951782400000), "2000-02-29 00:00 UTC" },
        { UINT64_C(951868799999), "2000-02-29 23:59 UTC" },
        { UINT64_C(1709164800000), "2024-02-29 00:00 UTC" },
        { UINT64_C(1704067199999), "2023-12-31 23:59 UTC" },
        { UINT64_C(4107542400000), "2100-03-01 00:00 UTC" },
        { UINT64_MAX, "9999-12-31 23:59 UTC" },
    };
    struct fixture f;
    struct tb_buf buf;
    fixture_init(&f);
    tb_buf_init(&buf, &f.heap.mem, 64);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        tb_buf_clear(&buf);
        assert_ok(chat_say_time(&buf, CASES[i].time_ms));
        assert_bytes(tb_buf_view(&buf), tb_bytes_text(CASES[i].text));
    }
    tb_buf_clear(&buf);
    assert_ok(chat_say_plain(&buf, TB_LITERAL("a\x07\xc2\x9b"
                                              "b\xc3\xa9\x7f\n")));
    assert_bytes(tb_buf_view(&buf), TB_LITERAL("a  b\xc3\xa9  "));
    tb_buf_wipe(&buf);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decision_is_signed_whole),
        cmocka_unit_test(a_decision_contradicts_itself_in_no_field),
        cmocka_unit_test(a_second_person_signs_over_the_first_signature),
        cmocka_unit_test(drafts_and_appeals_have_one_encoding),
        cmocka_unit_test(every_action_and_category_has_one_name),
        cmocka_unit_test(the_hub_signs_what_it_retracts),
        cmocka_unit_test(an_owner_is_named_for_a_room_without_report_end_or_notice),
        cmocka_unit_test(the_reference_on_a_proposal_hashes_the_decision),
        cmocka_unit_test(the_log_is_a_chain_that_the_hub_signs),
        cmocka_unit_test(a_statement_has_one_encoding),
        cmocka_unit_test(what_is_no_statement_is_refused),
        cmocka_unit_test(a_statement_reads_as_sentences_and_moves_no_terminal),
        cmocka_unit_test(a_statement_is_sealed_to_one_device),
        cmocka_unit_test(an_acknowledgement_is_for_one_commit_and_result),
        cmocka_unit_test(reasons_are_found_by_code_and_by_name),
        cmocka_unit_test(dates_are_right_at_the_edges_of_years),
    };
    return cmocka_run_group_tests_name("chat_decision", tests, NULL, NULL);
}
