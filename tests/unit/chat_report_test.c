/* Windows of reports, and their envelope: every rule, every changed octet. */
#include "tests/unit/chat_report_fixture.h"

static void a_window_has_its_context_and_ends_in_a_signature(void **state)
{
    (void)state;
    struct world w;
    const uint64_t target = 20;
    world_init(&w);
    world_talk(&w, 40, 8);
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_int_equal(e.first_seq, 15);
    assert_int_equal(e.last_seq, 24); /* 22 is the context, 24 the signed link behind it */
    assert_int_equal(e.stubs.count, 10);
    assert_int_equal(e.openings.count, 10);
    assert_int_not_equal(e.stubs.at[9].timbre_signature.len, 0);
    world_end(&w);
}

static void a_window_is_shorter_at_the_start_of_the_chain_and_at_the_newest_message(void **state)
{
    (void)state;
    struct world w;
    const uint64_t targets[] = { 2, 7 };
    world_init(&w);
    world_talk(&w, 8, 8);
    struct chat_report_evidence e = world_evidence(&w, targets, 2);
    assert_int_equal(e.first_seq, 1);
    assert_int_equal(e.last_seq, 8);
    assert_memory_equal(e.chain_before, w.genesis, 32);
    world_end(&w);
}

static void a_signature_that_does_not_verify_is_passed_over(void **state)
{
    (void)state;
    struct world w;
    const uint64_t target = 6;
    world_init(&w);
    world_talk(&w, 24, 8);
    w.rows[7].stub.timbre_signature = TB_LITERAL("catch-up stored this unverified");
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_int_equal(e.last_seq, 16);
    world_end(&w);
}

/* The newest run cannot be proven: the window ends before it, if that still covers the target. */
static void a_window_at_the_newest_message_may_end_earlier(void **state)
{
    (void)state;
    struct world w;
    uint64_t target = 15;
    world_init(&w);
    world_talk(&w, 18, 8);
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_int_equal(e.last_seq, 16);
    target = 17;
    struct chat_report_params params = world_params(&w, &target, 1);
    assert_status(chat_report_build(&params, &w.f.rng.rng, &w.f.arena, &e),
                  CHAT_REPORT_NO_SIGNED_END);
    world_end(&w);
}

static void a_window_holds_200_stubs_and_a_tail(void **state)
{
    (void)state;
    struct world w;
    uint64_t targets[] = { 6, 198 };
    struct chat_report_evidence e;
    world_init(&w);
    world_talk(&w, 264, 64);
    /* 1 to 200 is the widest; the signed link behind it is 256, a tail of 56. */
    e = world_evidence(&w, targets, 2);
    assert_int_equal(e.first_seq, 1);
    assert_int_equal(e.last_seq, 256);
    targets[1] = 199;
    struct chat_report_params params = world_params(&w, targets, 2);
    assert_status(chat_report_build(&params, &w.f.rng.rng, &w.f.arena, &e), CHAT_REPORT_TOO_LARGE);
    world_end(&w);
}

static void rows_that_do_not_chain_are_refused(void **state)
{
    (void)state;
    struct world w;
    const uint64_t target = 4;
    struct chat_report_evidence e;
    world_init(&w);
    world_talk(&w, 8, 8);
    struct chat_report_params params = world_params(&w, &target, 1);
    w.rows[5].stub.room_seq++;
    assert_status(chat_report_build(&params, &w.f.rng.rng, &w.f.arena, &e), CHAT_REPORT_ROWS);
    params.row_count = 0;
    assert_status(chat_report_build(&params, &w.f.rng.rng, &w.f.arena, &e), CHAT_REPORT_ROWS);
    world_end(&w);
}

static void a_target_is_held_opened_and_named_once(void **state)
{
    (void)state;
    struct world w;
    uint64_t targets[] = { 4, 4 };
    struct chat_report_evidence e;
    world_init(&w);
    world_talk(&w, 8, 8);
    struct chat_report_params params = world_params(&w, targets, 2);
    assert_status(chat_report_build(&params, &w.f.rng.rng, &w.f.arena, &e), CHAT_REPORT_TARGET);
    targets[1] = 9;
    assert_status(chat_report_build(&params, &w.f.rng.rng, &w.f.arena, &e), CHAT_REPORT_TARGET);
    targets[1] = 5;
    w.rows[4].kind = CHAT_OPENING_IS_WITHHELD;
    assert_status(chat_report_build(&params, &w.f.rng.rng, &w.f.arena, &e), CHAT_REPORT_TARGET);
    params.target_count = 0;
    assert_status(chat_report_build(&params, &w.f.rng.rng, &w.f.arena, &e), CHAT_REPORT_TARGET);
    world_end(&w);
}

static void a_report_survives_its_encoding_and_names_the_sender_of_the_target(void **state)
{
    (void)state;
    struct world w;
    const uint64_t target = 4;
    struct chat_abuse_report report;
    struct chat_report_evidence back;
    world_init(&w);
    world_talk(&w, 8, 8);
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_ok(chat_report_decode(world_report(&w, &e), &w.f.arena, &report, &back));
    assert_bytes(report.alleged_abuser_uri, TB_LITERAL(WORLD_MALLORY));
    assert_int_equal(report.reporting_user.len, 0);
    assert_int_equal(report.reason_code, CHAT_REASON_HARASSMENT);
    assert_true(wire_equal(&chat_report_evidence_desc, &back, &e));
    const struct chat_report_text unknown = { .reason_code = 200 };
    tb_bytes out;
    assert_status(chat_report_encode(&e, &unknown, &w.f.arena, &out), CHAT_REASON_UNKNOWN);
    const struct chat_report_text latin = { .reason_code = 1, .note = TB_LITERAL("\xe9") };
    assert_status(chat_report_encode(&e, &latin, &w.f.arena, &out), WIRE_TEXT);
    world_end(&w);
}

static void a_report_without_exactly_one_evidence_is_refused(void **state)
{
    (void)state;
    struct world w;
    const uint64_t target = 4;
    struct chat_report_evidence e, back;
    struct chat_abuse_report report, out;
    world_init(&w);
    world_talk(&w, 8, 8);
    e = world_evidence(&w, &target, 1);
    struct mls_component_data two[2] = {
        { 0xf103, fixture_encode(&w.f, &chat_report_evidence_desc, &e) }, { 0 }
    };
    two[1] = two[0];
    report = (struct chat_abuse_report){ .reason_code = 1 };
    assert_status(chat_report_decode(fixture_encode(&w.f, &chat_abuse_report_desc, &report),
                                     &w.f.arena, &out, &back),
                  CHAT_EVIDENCE_MISSING);
    report.abuse_extensions.at = two;
    report.abuse_extensions.count = 2;
    assert_status(chat_report_decode(fixture_encode(&w.f, &chat_abuse_report_desc, &report),
                                     &w.f.arena, &out, &back),
                  CHAT_EVIDENCE_MISSING);
    report.abuse_extensions.count = 1;
    struct chat_abusive_message message = { .message_content = TB_LITERAL("twice") };
    report.messages.at = &message;
    report.messages.count = 1;
    assert_status(chat_report_decode(fixture_encode(&w.f, &chat_abuse_report_desc, &report),
                                     &w.f.arena, &out, &back),
                  CHAT_EVIDENCE_MISSING);
    report.messages.count = 0;
    e.version = 2;
    two[0].data = fixture_encode(&w.f, &chat_report_evidence_desc, &e);
    assert_status(chat_report_decode(fixture_encode(&w.f, &chat_abuse_report_desc, &report),
                                     &w.f.arena, &out, &back),
                  CHAT_EVIDENCE_FORM);
    world_end(&w);
}

/* ------------------------------------------------------------------ the envelope */

struct sealed {
    struct world w;
    struct chat_report_evidence evidence;
    tb_bytes report;
    struct chat_sealed_report sealed;
    tb_bytes intake;
    struct chat_report_opener opener;
};

static struct chat_report_seal_params seal_params(struct sealed *s)
{
    struct chat_report_seal_params params = {
        .suite = &s->w.f.suite, .room_uri = TB_LITERAL(WORLD_ROOM), .report = s->report,
        .recipients = &s->w.recipient, .recipient_count = 1,
        .reporter_key = &s->w.alice_device,
    };
    static const uint64_t TARGET = 4;
    params.target_seq = &TARGET;
    params.target_count = 1;
    assert_ok(chat_report_id(&s->w.f.suite, &s->evidence, TB_LITERAL(WORLD_ALICE), &s->w.f.arena,
                             params.report_id));
    return params;
}

static void sealed_init(struct sealed *s)
{
    const uint64_t target = 4;
    uint8_t pseudonym[16];
    world_init(&s->w);
    world_talk(&s->w, 8, 8);
    s->evidence = world_evidence(&s->w, &target, 1);
    s->report = world_report(&s->w, &s->evidence);
    struct chat_report_seal_params params = seal_params(s);
    assert_ok(chat_report_seal(&params, &s->w.f.rng.rng, &s->w.f.arena, &s->sealed));
    assert_ok(chat_report_pseudonym(&s->w.f.suite, TB_LITERAL("key"), TB_LITERAL(WORLD_ALICE),
                                    WORLD_TIME_MS, pseudonym));
    assert_ok(chat_report_intake_make(&s->w.f.suite, &s->w.intake, &s->sealed, pseudonym,
                                      WORLD_TIME_MS + 5, &s->w.f.arena, &s->intake));
    s->opener = (struct chat_report_opener){ &s->w.recipient, &s->w.recipient_private };
}

static tb_status sealed_open(struct sealed *s, tb_bytes intake, tb_bytes *report)
{
    struct chat_report_intake out;
    return chat_report_open(&s->w.f.suite, intake, crypto_signing_key_public(&s->w.intake),
                            &s->opener, 1, &s->w.f.arena, &out, report);
}

/* The hub signs what a reporter made of a sealed report. */
static tb_bytes taken_in(struct sealed *s, const struct chat_sealed_report *sealed)
{
    const uint8_t pseudonym[16] = { 0 };
    tb_bytes intake;
    assert_ok(chat_report_intake_make(&s->w.f.suite, &s->w.intake, sealed, pseudonym,
                                      WORLD_TIME_MS, &s->w.f.arena, &intake));
    return intake;
}

static void a_sealed_report_opens_for_its_recipient_alone(void **state)
{
    (void)state;
    struct sealed s;
    tb_bytes report;
    struct tb_secret other;
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    sealed_init(&s);
    assert_ok(sealed_open(&s, s.intake, &report));
    assert_bytes(report, s.report);
    assert_int_equal((s.sealed.body.len - 16) % 1024, 0);

    assert_ok(crypto_hpke_generate(&s.w.f.suite, &s.w.f.rng.rng, &other, public_key));
    struct chat_recipient_key stranger = s.w.recipient;
    stranger.serial = 2;
    s.opener = (struct chat_report_opener){ &stranger, &other };
    assert_status(sealed_open(&s, s.intake, &report), CHAT_SEALED_NOT_FOR_US);
    s.opener = (struct chat_report_opener){ &s.w.recipient, &other };
    assert_status(sealed_open(&s, s.intake, &report), CHAT_SEALED_NOT_FOR_US);
    tb_secret_wipe(&other);
    world_end(&s.w);
}

static void attack_10_one_changed_octet_anywhere_in_an_intake_is_refused(void **state)
{
    (void)state;
    struct sealed s;
    tb_bytes report;
    sealed_init(&s);
    uint8_t *octets = tb_arena_take(&s.w.f.arena, s.intake.len, 1);
    memcpy(octets, s.intake.data, s.intake.len);
    for (size_t i = 0; i < s.intake.len; i++) {
        struct chat_report_intake out;
        struct tb_arena arena;
        tb_arena_init(&arena, &s.w.f.heap.mem, 1u << 20);
        octets[i] ^= 0x40;
        assert_false(tb_is_ok(chat_report_open(
            &s.w.f.suite, (tb_bytes){ octets, s.intake.len },
            crypto_signing_key_public(&s.w.intake), &s.opener, 1, &arena, &out, &report)));
        octets[i] ^= 0x40;
        tb_arena_wipe(&arena);
    }
    assert_ok(sealed_open(&s, (tb_bytes){ octets, s.intake.len }, &report));
    world_end(&s.w);
}

/* Each field of the SealedReport, changed by somebody who can have the hub sign it in. */
static void attack_16_each_field_of_the_envelope_is_bound(void **state)
{
    (void)state;
    struct sealed s;
    tb_bytes report;
    sealed_init(&s);
    struct chat_sealed_report bad = s.sealed;
    bad.body = fixture_changed(&s.w.f, s.sealed.body, 77);
    assert_status(sealed_open(&s, taken_in(&s, &bad), &report), CHAT_SEALED_COMMITMENT);
    bad = s.sealed;
    bad.key_commit[0] ^= 1;
    assert_status(sealed_open(&s, taken_in(&s, &bad), &report), CHAT_SEALED_COMMITMENT);
    bad = s.sealed;
    bad.report_id[0] ^= 1;
    assert_status(sealed_open(&s, taken_in(&s, &bad), &report), CHAT_SEALED_NOT_FOR_US);
    bad = s.sealed;
    bad.room_uri = TB_LITERAL("mimi://hub.example/r/other");
    assert_status(sealed_open(&s, taken_in(&s, &bad), &report), CHAT_SEALED_NOT_FOR_US);
    struct wire_u64 target = { 5 };
    bad = s.sealed;
    bad.target_seq.at = &target;
    assert_status(sealed_open(&s, taken_in(&s, &bad), &report), CHAT_SEALED_BODY);
    bad = s.sealed;
    bad.version = CHAT_SEALED_IS_OPENINGS; /* a report is not taken for something else */
    assert_status(sealed_open(&s, taken_in(&s, &bad), &report), CHAT_SEALED_BODY);
    bad.version = 3;
    assert_status(sealed_open(&s, taken_in(&s, &bad), &report), CHAT_SEALED_VERSION);
    bad = s.sealed;
    bad.body_len++;
    assert_status(sealed_open(&s, taken_in(&s, &bad), &report), CHAT_SEALED_LENGTH);
    bad = s.sealed;
    bad.keys.count = 0;
    assert_status(sealed_open(&s, taken_in(&s, &bad), &report), CHAT_REPORT_RECIPIENTS);
    struct chat_wrapped_key wrapped = s.sealed.keys.at[0];
    wrapped.ciphertext = fixture_changed(&s.w.f, wrapped.ciphertext, 0);
    bad = s.sealed;
    bad.keys.at = &wrapped;
    assert_status(sealed_open(&s, taken_in(&s, &bad), &report), CHAT_SEALED_NOT_FOR_US);
    world_end(&s.w);
}

/* Seal `plain` as a body by hand, as a reporter who keeps no rule but the cryptography. */
static void seal_raw(struct sealed *s, tb_bytes plain, struct chat_sealed_report *out)
{
    const struct crypto_provider *provider = s->w.f.suite.provider;
    const tb_bytes key_info = TB_LITERAL("timbre report key"),
                   nonce_info = TB_LITERAL("timbre report nonce");
    uint8_t cek[32] = { 5 }, hash[32], context[64 + 32];
    struct tb_secret key, nonce;
    struct chat_report_aad aad = { .version = 1, .room_uri = s->sealed.room_uri };
    struct chat_wrapped_key *wrapped = tb_arena_take(&s->w.f.arena, 1, sizeof *wrapped);

    *out = s->sealed;
    out->body_len = aad.body_len = (uint32_t)plain.len + 16;
    memcpy(aad.report_id, out->report_id, 32);
    aad.target_seq.at = out->target_seq.at;
    aad.target_seq.count = out->target_seq.count;
    uint8_t *body = tb_arena_take(&s->w.f.arena, out->body_len, 1);
    assert_ok(crypto_expand(&s->w.f.suite, TB_ARRAY(cek), &key_info, 1, 32, &key));
    assert_ok(crypto_expand(&s->w.f.suite, TB_ARRAY(cek), &nonce_info, 1, 12, &nonce));
    assert_ok(provider->aead_seal(provider, CRYPTO_AES256_GCM, tb_secret_view(&key),
                                  tb_secret_view(&nonce),
                                  fixture_encode(&s->w.f, &chat_report_aad_desc, &aad), plain,
                                  body));
    out->body = (tb_bytes){ body, out->body_len };
    assert_ok(provider->hash(provider, CRYPTO_SHA256, &out->body, 1, hash));
    const tb_bytes commit[] = { TB_LITERAL("timbre report commit"), TB_ARRAY(hash) };
    assert_ok(provider->hmac(provider, CRYPTO_SHA256, TB_ARRAY(cek), commit, 2, out->key_commit));
    context[0] = (uint8_t)out->room_uri.len;
    memcpy(context + 1, out->room_uri.data, out->room_uri.len);
    memcpy(context + 1 + out->room_uri.len, out->report_id, 32);
    *wrapped = s->sealed.keys.at[0];
    assert_ok(crypto_encrypt_label(&s->w.f.suite, s->w.recipient.hpke_key,
                                   CHAT_LABEL_SEALED_REPORT,
                                   (tb_bytes){ context, 1 + out->room_uri.len + 32 },
                                   TB_ARRAY(cek), &s->w.f.rng.rng, &s->w.f.arena,
                                   &wrapped->kem_output, &wrapped->ciphertext));
    out->keys.at = wrapped;
}

static void padding_is_zeros_and_as_short_as_can_be(void **state)
{
    (void)state;
    struct sealed s;
    struct chat_sealed_report sealed;
    uint8_t plain[2048] = { 0 };
    tb_bytes report;
    sealed_init(&s);
    plain[3] = 4;
    memcpy(plain + 4, "text", 4);
    seal_raw(&s, (tb_bytes){ plain, 1024 }, &sealed);
    assert_ok(sealed_open(&s, taken_in(&s, &sealed), &report));
    assert_bytes(report, TB_LITERAL("text"));
    plain[1023] = 1;
    seal_raw(&s, (tb_bytes){ plain, 1024 }, &sealed);
    assert_status(sealed_open(&s, taken_in(&s, &sealed), &report), CHAT_SEALED_PADDING);
    plain[1023] = 0;
    seal_raw(&s, (tb_bytes){ plain, 2048 }, &sealed);
    assert_status(sealed_open(&s, taken_in(&s, &sealed), &report), CHAT_SEALED_PADDING);
    plain[0] = 0xff; /* longer than the body */
    seal_raw(&s, (tb_bytes){ plain, 1024 }, &sealed);
    assert_status(sealed_open(&s, taken_in(&s, &sealed), &report), CHAT_SEALED_PADDING);
    seal_raw(&s, (tb_bytes){ plain, 1000 }, &sealed);
    assert_status(sealed_open(&s, taken_in(&s, &sealed), &report), CHAT_SEALED_LENGTH);
    world_end(&s.w);
}

static void v1_the_hub_signs_what_it_took_in(void **state)
{
    (void)state;
    struct sealed s;
    struct chat_report_intake out;
    tb_bytes report;
    sealed_init(&s);
    assert_status(chat_report_open(&s.w.f.suite, s.intake, crypto_signing_key_public(&s.w.agent),
                                   &s.opener, 1, &s.w.f.arena, &out, &report),
                  CHAT_INTAKE_SIGNATURE);
    assert_ok(chat_report_open(&s.w.f.suite, s.intake, crypto_signing_key_public(&s.w.intake),
                               &s.opener, 1, &s.w.f.arena, &out, &report));
    assert_int_equal(out.report.reporter_signature.len, 0); /* moderators learn no device */
    world_end(&s.w);
}

static void the_reporter_s_signature_covers_every_field(void **state)
{
    (void)state;
    struct sealed s;
    sealed_init(&s);
    tb_bytes key = crypto_signing_key_public(&s.w.alice_device);
    struct chat_sealed_report bad = s.sealed;
    assert_ok(chat_report_seal_check(&s.w.f.suite, &bad, key, &s.w.f.arena));
    bad.report_id[31] ^= 1;
    assert_status(chat_report_seal_check(&s.w.f.suite, &bad, key, &s.w.f.arena),
                  CHAT_SEALED_SIGNATURE);
    bad = s.sealed;
    bad.key_commit[5] ^= 1;
    assert_status(chat_report_seal_check(&s.w.f.suite, &bad, key, &s.w.f.arena),
                  CHAT_SEALED_SIGNATURE);
    bad = s.sealed;
    bad.body = fixture_changed(&s.w.f, bad.body, 9);
    assert_status(chat_report_seal_check(&s.w.f.suite, &bad, key, &s.w.f.arena),
                  CHAT_SEALED_SIGNATURE);
    struct chat_wrapped_key wrapped = s.sealed.keys.at[0];
    wrapped.recipient_key_hash[0] ^= 1;
    bad = s.sealed;
    bad.keys.at = &wrapped;
    assert_status(chat_report_seal_check(&s.w.f.suite, &bad, key, &s.w.f.arena),
                  CHAT_SEALED_SIGNATURE);
    assert_status(chat_report_seal_check(&s.w.f.suite, &s.sealed,
                                         crypto_signing_key_public(&s.w.mallory_device),
                                         &s.w.f.arena),
                  CHAT_SEALED_SIGNATURE);
    struct wire_u64 targets[] = { { 4 }, { 4 } };
    bad = s.sealed;
    bad.target_seq.at = targets;
    bad.target_seq.count = 2;
    assert_status(chat_report_seal_check(&s.w.f.suite, &bad, key, &s.w.f.arena),
                  CHAT_REPORT_TARGET);
    world_end(&s.w);
}

static void attack_11_the_same_report_has_the_same_id_and_another_does_not(void **state)
{
    (void)state;
    struct sealed s;
    uint8_t id[32], other[32];
    sealed_init(&s);
    struct chat_report_evidence e = s.evidence;
    assert_ok(chat_report_id(&s.w.f.suite, &e, TB_LITERAL(WORLD_ALICE), &s.w.f.arena, id));
    assert_memory_equal(id, s.sealed.report_id, 32);
    assert_ok(chat_report_id(&s.w.f.suite, &e, TB_LITERAL(WORLD_MALLORY), &s.w.f.arena, other));
    assert_memory_not_equal(id, other, 32);
    e.nonce[0] ^= 1;
    assert_ok(chat_report_id(&s.w.f.suite, &e, TB_LITERAL(WORLD_ALICE), &s.w.f.arena, other));
    assert_memory_not_equal(id, other, 32);
    world_end(&s.w);
}

static void attack_21_a_pseudonym_lasts_a_month_and_names_nobody(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t a[16], b[16];
    const uint64_t november_30 = UINT64_C(1701388799999), december_1 = november_30 + 1;
    fixture_init(&f);
    assert_ok(chat_report_pseudonym(&f.suite, TB_LITERAL("k"), TB_LITERAL(WORLD_ALICE),
                                    UINT64_C(1698796800000), a)); /* 2023-11-01 */
    assert_ok(chat_report_pseudonym(&f.suite, TB_LITERAL("k"), TB_LITERAL(WORLD_ALICE),
                                    november_30, b));
    assert_memory_equal(a, b, 16);
    assert_ok(chat_report_pseudonym(&f.suite, TB_LITERAL("k"), TB_LITERAL(WORLD_ALICE),
                                    december_1, b));
    assert_memory_not_equal(a, b, 16);
    assert_ok(chat_report_pseudonym(&f.suite, TB_LITERAL("k"), TB_LITERAL(WORLD_MALLORY),
                                    november_30, b));
    assert_memory_not_equal(a, b, 16);
    fixture_end(&f);
}

static void sealing_to_nobody_or_to_an_unknown_suite_is_refused(void **state)
{
    (void)state;
    struct sealed s;
    struct chat_sealed_report out;
    sealed_init(&s);
    struct chat_report_seal_params params = seal_params(&s);
    params.recipient_count = 0;
    assert_status(chat_report_seal(&params, &s.w.f.rng.rng, &s.w.f.arena, &out),
                  CHAT_REPORT_RECIPIENTS);
    struct chat_recipient_key unknown = s.w.recipient;
    unknown.suite = 0x7777;
    params = seal_params(&s);
    params.recipients = &unknown;
    assert_status(chat_report_seal(&params, &s.w.f.rng.rng, &s.w.f.arena, &out),
                  CRYPTO_UNSUPPORTED);
    params = seal_params(&s);
    params.target_count = 0;
    assert_status(chat_report_seal(&params, &s.w.f.rng.rng, &s.w.f.arena, &out),
                  CHAT_REPORT_TARGET);
    world_end(&s.w);
}

static void failing_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    struct sealed s;
    struct chat_sealed_report out;
    sealed_init(&s);
    for (size_t fail_after = 0; fail_after < 3; fail_after++) {
        struct chat_report_seal_params params = seal_params(&s);
        struct tb_arena small;
        tb_arena_init(&small, &s.w.f.heap.mem, 1u << 20);
        s.w.f.heap.fail_after = fail_after;
        tb_status status = chat_report_seal(&params, &s.w.f.rng.rng, &small, &out);
        s.w.f.heap.fail_after = SIZE_MAX;
        assert_true(tb_is_ok(status) || status.code == TB_NO_SPACE);
        tb_arena_wipe(&small);
    }
    world_end(&s.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_window_has_its_context_and_ends_in_a_signature),
        cmocka_unit_test(a_window_is_shorter_at_the_start_of_the_chain_and_at_the_newest_message),
        cmocka_unit_test(a_signature_that_does_not_verify_is_passed_over),
        cmocka_unit_test(a_window_at_the_newest_message_may_end_earlier),
        cmocka_unit_test(a_window_holds_200_stubs_and_a_tail),
        cmocka_unit_test(rows_that_do_not_chain_are_refused),
        cmocka_unit_test(a_target_is_held_opened_and_named_once),
        cmocka_unit_test(a_report_survives_its_encoding_and_names_the_sender_of_the_target),
        cmocka_unit_test(a_report_without_exactly_one_evidence_is_refused),
        cmocka_unit_test(a_sealed_report_opens_for_its_recipient_alone),
        cmocka_unit_test(attack_10_one_changed_octet_anywhere_in_an_intake_is_refused),
        cmocka_unit_test(attack_16_each_field_of_the_envelope_is_bound),
        cmocka_unit_test(padding_is_zeros_and_as_short_as_can_be),
        cmocka_unit_test(v1_the_hub_signs_what_it_took_in),
        cmocka_unit_test(the_reporter_s_signature_covers_every_field),
        cmocka_unit_test(attack_11_the_same_report_has_the_same_id_and_another_does_not),
        cmocka_unit_test(attack_21_a_pseudonym_lasts_a_month_and_names_nobody),
        cmocka_unit_test(sealing_to_nobody_or_to_an_unknown_suite_is_refused),
        cmocka_unit_test(failing_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests_name("chat_report", tests, NULL, NULL);
}
