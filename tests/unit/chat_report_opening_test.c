/* What single messages of a report prove: versions, attachments, the hub's verdict, sentences. */
#include "tests/unit/chat_report_fixture.h"

/* A room of 24 messages in runs of 8, and a report of mallory's message 12. */
static struct chat_report_evidence usual(struct world *w)
{
    static const uint64_t TARGET = 12;
    world_init(w);
    world_talk(w, 24, 8);
    return world_evidence(w, &TARGET, 1);
}

/* ------------------------------------------------------------------ V5, R9, V8 */

static void v5_an_edit_is_tied_to_its_first_version_and_its_sender(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 2;
    uint8_t id[32];
    tb_bytes encoded;
    world_init(&w);
    struct chat_content first = world_content(&w, WORLD_MALLORY, "first");
    struct chat_report_row *row = world_send_content(&w, WORLD_MALLORY, &first, false);
    assert_ok(chat_content_unframe(row->application_data, &w.f.arena, &encoded));
    assert_ok(chat_content_message_id(&w.f.suite, first.sender_uri, first.room_uri, encoded,
                                      first.salt, id));
    struct chat_content edit = world_content(&w, WORLD_MALLORY, "second");
    edit.replaces = TB_ARRAY(id);
    world_send_content(&w, WORLD_MALLORY, &edit, false);
    struct chat_content stolen = world_content(&w, WORLD_ALICE, "not mine");
    stolen.replaces = TB_ARRAY(id);
    world_send_content(&w, WORLD_ALICE, &stolen, false);
    struct chat_content reply = world_content(&w, WORLD_ALICE, "reply");
    reply.in_reply_to = TB_ARRAY(id);
    world_send_content(&w, WORLD_ALICE, &reply, true);
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_ok(world_verify(&w, &e, &r));
    assert_int_equal(r.messages[1].replaces_index, 0);
    assert_int_equal(r.messages[3].reply_index, 0);
    assert_status(r.messages[2].verdict, CHAT_EVIDENCE_REPLACES);
    assert_null(r.messages[2].content);
    e.openings.at[0].kind = CHAT_OPENING_IS_WITHHELD;
    assert_ok(world_verify(&w, &e, &r));
    assert_true((r.alarms & CHAT_ALARM_VERSIONS_MISSING) != 0);
    assert_int_equal(r.messages[1].replaces_index, SIZE_MAX);
    world_end(&w);
}

static void attack_7_a_sender_who_saw_another_chain_raises_an_alarm(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 3;
    world_init(&w);
    world_talk(&w, 2, 2);
    struct chat_content content = world_content(&w, WORLD_MALLORY, "hello");
    content.has_frank_prev = true;
    content.prev_room_seq = 2;
    memcpy(content.prev_chain, w.head.chain, 32);
    world_send_content(&w, WORLD_MALLORY, &content, false);
    content.prev_chain[0] ^= 1;
    world_send_content(&w, WORLD_MALLORY, &content, true);
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_ok(world_verify(&w, &e, &r));
    assert_true((r.alarms & CHAT_ALARM_FRANK_PREV) != 0);
    e.openings.at[3].kind = CHAT_OPENING_IS_WITHHELD;
    assert_ok(world_verify(&w, &e, &r));
    assert_true((r.alarms & CHAT_ALARM_FRANK_PREV) == 0);
    world_end(&w);
}

static void v8_the_hub_s_verdict_is_signed_and_on_these_stubs(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    uint8_t verdicts[10] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 3 };
    struct chat_report_evidence e = usual(&w);
    struct chat_frank_verdict oracle = { .room_uri = TB_LITERAL(WORLD_ROOM),
                                         .verdicts = TB_ARRAY(verdicts) };
    struct chat_report_verify_params params = world_verify_params(&w);
    tb_bytes report = world_report(&w, &e);
    params.oracle = &oracle;
    assert_ok(chat_report_stubs_hash(&w.f.suite, e.stubs.at, e.stubs.count, &w.f.arena,
                                     oracle.stubs_hash));
    assert_ok(chat_report_verdict_sign(&w.f.suite, &w.intake, &oracle, &w.f.arena));
    assert_ok(chat_report_verify(&params, report, &w.f.arena, &r));
    assert_int_equal(r.messages[9].oracle, CHAT_ORACLE_KEY_GONE);
    assert_int_equal(r.alarms, 0);
    verdicts[4] = 2;
    assert_status(chat_report_verify(&params, report, &w.f.arena, &r),
                  CHAT_FRANK_VERDICT_SIGNATURE);
    assert_ok(chat_report_verdict_sign(&w.f.suite, &w.intake, &oracle, &w.f.arena));
    assert_ok(chat_report_verify(&params, report, &w.f.arena, &r));
    assert_int_equal(r.alarms, CHAT_ALARM_HUB_SAYS_WRONG);
    oracle.stubs_hash[0] ^= 1;
    assert_ok(chat_report_verdict_sign(&w.f.suite, &w.intake, &oracle, &w.f.arena));
    assert_status(chat_report_verify(&params, report, &w.f.arena, &r),
                  CHAT_FRANK_VERDICT_SIGNATURE);
    world_end(&w);
}

static void attack_1_a_garbled_tag_can_be_reported_as_a_violation(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 1;
    world_init(&w);
    /* Mallory sends the tag of one text with the ciphertext of another. */
    struct chat_content said = world_content(&w, WORLD_MALLORY, "tagged"),
                        shown = world_content(&w, WORLD_MALLORY, "sent");
    struct chat_report_row *row = world_send_content(&w, WORLD_MALLORY, &said, true);
    assert_ok(chat_content_frame(&shown, &w.f.heap.mem, &w.f.arena, &row->application_data));
    world_prove(&w, 0, &w.mallory_device);
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_ok(world_verify(&w, &e, &r));
    assert_status(r.messages[0].verdict, CHAT_EVIDENCE_TAG);
    assert_int_equal(r.level, 0);
    assert_true((r.alarms & CHAT_ALARM_PROTOCOL) != 0);
    world_end(&w);
}

/* ------------------------------------------------------------------ attachments */

struct attached {
    struct world w;
    uint8_t key[16], nonce[12], cipher[64], hash[32], plain_hash[1][32];
    struct chat_attachment_evidence evidence;
};

static void attached_init(struct attached *a, struct chat_report_evidence *e)
{
    static const uint64_t TARGET = 1;
    tb_bytes plain = TB_LITERAL("a picture"), cipher = { a->cipher, plain.len + 16 };
    memset(a, 0, sizeof *a);
    world_init(&a->w);
    const struct crypto_provider *provider = a->w.f.suite.provider;
    assert_ok(provider->aead_seal(provider, CRYPTO_AES128_GCM, TB_ARRAY(a->key), TB_ARRAY(a->nonce),
                                  (tb_bytes){ NULL, 0 }, plain, a->cipher));
    assert_ok(provider->hash(provider, CRYPTO_SHA256, &cipher, 1, a->hash));
    assert_ok(provider->hash(provider, CRYPTO_SHA256, &plain, 1, a->plain_hash[0]));
    struct chat_content content = world_content(&a->w, WORLD_MALLORY, "");
    content.plaintext_hashes = (const uint8_t(*)[32])a->plain_hash;
    content.plaintext_hash_count = 1;
    content.part = (struct chat_part){
        .disposition = CHAT_DISPOSITION_ATTACHMENT, .cardinality = CHAT_PART_EXTERNAL,
        .content_type = TB_LITERAL("image/png"), .url = TB_LITERAL("https://x.example/1"),
        .size = cipher.len, .enc_alg = 1, .key = TB_ARRAY(a->key), .nonce = TB_ARRAY(a->nonce),
        .hash_alg = 1, .content_hash = TB_ARRAY(a->hash),
    };
    struct chat_report_row *row = world_send_content(&a->w, WORLD_MALLORY, &content, true);
    a->evidence = (struct chat_attachment_evidence){ 0, 1, cipher };
    row->attachments = &a->evidence;
    row->attachment_count = 1;
    *e = world_evidence(&a->w, &TARGET, 1);
}

static void v4_an_attachment_is_hashed_opened_and_hashed_again(void **state)
{
    (void)state;
    struct attached a;
    struct chat_report_evidence e;
    struct chat_report_result r;
    attached_init(&a, &e);
    assert_ok(world_verify(&a.w, &e, &r));
    assert_ok(r.messages[0].verdict);
    assert_int_equal(r.messages[0].attachment_count, 1);
    assert_bytes(r.messages[0].attachments[0].plain, TB_LITERAL("a picture"));
    e.openings.at[0].body.full->attachments.at[0].how = 2; /* by URL: left to the caller */
    assert_ok(world_verify(&a.w, &e, &r));
    assert_int_equal(r.messages[0].attachment_count, 0);
    e.openings.at[0].body.full->attachments.at[0].how = 1;
    e.openings.at[0].body.full->attachments.at[0].part_index = 1;
    assert_ok(world_verify(&a.w, &e, &r));
    assert_status(r.messages[0].verdict, CHAT_EVIDENCE_ATTACHMENT_HASH);
    e.openings.at[0].body.full->attachments.at[0].part_index = 0;
    e.openings.at[0].body.full->attachments.at[0].ciphertext =
        fixture_changed(&a.w.f, a.evidence.ciphertext, 3);
    assert_ok(world_verify(&a.w, &e, &r));
    assert_status(r.messages[0].verdict, CHAT_EVIDENCE_ATTACHMENT_HASH);
    world_end(&a.w);
}

/* The text is franked with its key, so a ciphertext for two keys shows each its own (2.4). */
static void attack_15_an_attachment_opens_with_the_franked_key_only(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 1;
    uint8_t key[16] = { 1 }, nonce[12] = { 0 }, cipher[40], hash[32], plain_hash[1][32] = { { 9 } };
    world_init(&w);
    const struct crypto_provider *provider = w.f.suite.provider;
    tb_bytes octets = TB_ARRAY(cipher);
    memset(cipher, 7, sizeof cipher);
    assert_ok(provider->hash(provider, CRYPTO_SHA256, &octets, 1, hash));
    struct chat_content content = world_content(&w, WORLD_MALLORY, "");
    content.part = (struct chat_part){
        .cardinality = CHAT_PART_EXTERNAL, .url = TB_LITERAL("u"), .enc_alg = 1,
        .key = TB_ARRAY(key), .nonce = TB_ARRAY(nonce), .hash_alg = 1,
        .content_hash = TB_ARRAY(hash),
    };
    struct chat_report_row *row = world_send_content(&w, WORLD_MALLORY, &content, false);
    const struct chat_attachment_evidence evidence = { 0, 1, TB_ARRAY(cipher) };
    row->attachments = &evidence;
    row->attachment_count = 1;
    /* The second: it opens, but its contents are not what the sender stated in extension -2. */
    uint8_t sealed[8 + 16];
    tb_bytes sealed_bytes = TB_ARRAY(sealed);
    assert_ok(provider->aead_seal(provider, CRYPTO_AES128_GCM, TB_ARRAY(key), TB_ARRAY(nonce),
                                  (tb_bytes){ NULL, 0 }, TB_LITERAL("contents"), sealed));
    uint8_t sealed_hash[32];
    assert_ok(provider->hash(provider, CRYPTO_SHA256, &sealed_bytes, 1, sealed_hash));
    content.part.content_hash = TB_ARRAY(sealed_hash);
    content.plaintext_hashes = (const uint8_t(*)[32])plain_hash;
    content.plaintext_hash_count = 1;
    row = world_send_content(&w, WORLD_MALLORY, &content, true);
    const struct chat_attachment_evidence second = { 0, 1, TB_ARRAY(sealed) };
    row->attachments = &second;
    row->attachment_count = 1;
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_ok(world_verify(&w, &e, &r));
    assert_status(r.messages[0].verdict, CHAT_EVIDENCE_ATTACHMENT_KEY);
    assert_status(r.messages[1].verdict, CHAT_EVIDENCE_ATTACHMENT_PLAIN);
    world_end(&w);
}

static void texts_to_choose_from_are_named(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    const uint64_t target = 1;
    world_init(&w);
    struct chat_content content = world_content(&w, WORLD_MALLORY, "one");
    struct chat_part parts[2] = { content.part, content.part };
    content.part = (struct chat_part){ .cardinality = CHAT_PART_MULTI, .parts = parts,
                                       .part_count = 2, .part_semantics = CHAT_CHOOSE_ONE };
    world_send_content(&w, WORLD_MALLORY, &content, true);
    struct chat_report_evidence e = world_evidence(&w, &target, 1);
    assert_ok(world_verify(&w, &e, &r));
    assert_true((r.alarms & CHAT_ALARM_ALTERNATIVES) != 0);
    world_end(&w);
}

/* ------------------------------------------------------------------ sentences */

static bool says(const struct tb_buf *buf, const char *text)
{
    size_t len = strlen(text);
    for (size_t i = 0; i + len <= buf->len; i++) {
        if (memcmp(buf->data + i, text, len) == 0) return true;
    }
    return false;
}

static void sentences_tell_what_is_proven_and_what_is_not(void **state)
{
    (void)state;
    struct world w;
    struct chat_report_result r;
    struct tb_buf buf;
    struct chat_report_evidence e = usual(&w);
    e.openings.at[0].kind = CHAT_OPENING_IS_WITHHELD;
    assert_ok(world_verify(&w, &e, &r));
    tb_buf_init(&buf, &w.f.heap.mem, 65536);
    assert_ok(chat_report_sentences(&r, &buf));
    assert_true(says(&buf, "Message 12: it is proven that mimi://hub.example/u/mallory sent "
                           "exactly this text to the room, accepted by the hub on 2023-11-14 22:13 "
                           "UTC; the hub vouches for it"));
    assert_true(says(&buf, "The window holds 10 messages, numbers 7 to 16"));
    assert_true(says(&buf, "The texts of 1 message are withheld"));
    assert_true(says(&buf, "Not proven: that the hub itself is honest."));
    e.openings.at[5].body.full->application_data = TB_LITERAL("forged");
    assert_ok(world_verify(&w, &e, &r));
    tb_buf_clear(&buf);
    assert_ok(chat_report_sentences(&r, &buf));
    assert_true(says(&buf, "Message 12: NOT proven: the reported text is not a valid message."));
    tb_buf_wipe(&buf);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v5_an_edit_is_tied_to_its_first_version_and_its_sender),
        cmocka_unit_test(attack_7_a_sender_who_saw_another_chain_raises_an_alarm),
        cmocka_unit_test(v8_the_hub_s_verdict_is_signed_and_on_these_stubs),
        cmocka_unit_test(attack_1_a_garbled_tag_can_be_reported_as_a_violation),
        cmocka_unit_test(v4_an_attachment_is_hashed_opened_and_hashed_again),
        cmocka_unit_test(attack_15_an_attachment_opens_with_the_franked_key_only),
        cmocka_unit_test(texts_to_choose_from_are_named),
        cmocka_unit_test(sentences_tell_what_is_proven_and_what_is_not),
    };
    return cmocka_run_group_tests_name("chat_report_opening", tests, NULL, NULL);
}
