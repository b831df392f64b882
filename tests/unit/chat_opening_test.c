/* Openings that come later, and members' words on the stubs of a case. */
#include "tests/unit/chat_report_fixture.h"

#include "chat/equivocation.h"
#include "chat/opening.h"

static const uint64_t TARGET = 8;
static uint8_t report_id[CHAT_HASH_LEN] = { 7 };

static struct chat_ack_place place_of(struct world *w)
{
    return (struct chat_ack_place){ .suite = &w->f.suite, .room_uri = TB_LITERAL(WORLD_ROOM),
                                    .group_id = w->group_id, .report_id = report_id };
}

/* Mallory's word on `room_seq`: the stubs of these rows from there to the first signed one. */
static struct chat_stub_ack ack_of(struct world *w, const struct chat_report_evidence *e,
                                   uint64_t room_seq)
{
    struct chat_stub_ack ack = { .room_seq = room_seq, .seen = CHAT_SEEN_VERIFIED,
                                 .device = w->mallory_devices[0].device };
    struct chat_run_head head = { .room_seq = e->first_seq - 1 };
    size_t first = (size_t)(room_seq - e->first_seq);
    memcpy(head.chain, e->chain_before, 32);
    ack.stubs.at = &e->stubs.at[first];
    for (size_t i = 0; i < e->stubs.count; i++) {
        if (i == first) memcpy(ack.chain_before, head.chain, 32);
        assert_ok(chat_run_stubs_hash(&w->f.suite, TB_LITERAL(WORLD_ROOM), w->group_id, &head,
                                      &e->stubs.at[i], 1, &head));
        if (i == first) memcpy(ack.chain, head.chain, 32);
        if (i < first) continue;
        ack.stubs.count++;
        if (e->stubs.at[i].timbre_signature.len != 0) break;
    }
    return ack;
}

static tb_status check(struct world *w, const struct chat_report_evidence *e,
                       const struct chat_stub_ack *ack, enum chat_witness *outcome,
                       tb_bytes *proof)
{
    struct chat_ack_place place = place_of(w);
    return chat_opening_ack_check(&place, w->mallory_devices[0].signature_key, w->hub_encoded,
                                  TB_ARRAY(w->root_hash), e, ack, &w->f.arena, outcome, proof);
}

static void sign(struct world *w, struct chat_stub_ack *ack)
{
    struct chat_ack_place place = place_of(w);
    assert_ok(chat_opening_ack_sign(&place, &w->mallory_device, &w->f.arena, ack));
}

static void a_member_agrees_could_not_read_or_never_had_it(void **state)
{
    (void)state;
    struct world w;
    enum chat_witness outcome;
    tb_bytes proof;
    world_init(&w);
    world_talk(&w, 12, 4);
    struct chat_report_evidence e = world_evidence(&w, &TARGET, 1);
    struct chat_stub_ack ack = ack_of(&w, &e, TARGET);
    sign(&w, &ack);
    assert_ok(check(&w, &e, &ack, &outcome, &proof));
    assert_int_equal(outcome, CHAT_WITNESS_AGREES);
    ack.seen = CHAT_SEEN_UNDECRYPTABLE;
    assert_status(check(&w, &e, &ack, &outcome, &proof), CHAT_STUB_ACK_SIGNATURE);
    sign(&w, &ack);
    assert_ok(check(&w, &e, &ack, &outcome, &proof));
    assert_int_equal(outcome, CHAT_WITNESS_UNREADABLE);
    ack = (struct chat_stub_ack){ .room_seq = TARGET, .seen = CHAT_SEEN_NEVER,
                                  .device = ack.device };
    sign(&w, &ack);
    assert_ok(check(&w, &e, &ack, &outcome, &proof));
    assert_int_equal(outcome, CHAT_WITNESS_NEVER);
    assert_int_equal(proof.len, 0);
    ack.room_seq = 99;
    assert_status(check(&w, &e, &ack, &outcome, &proof), CHAT_STUB_ACK_FORM);
    report_id[0] ^= 1; /* a word on another case */
    ack.room_seq = TARGET;
    assert_status(check(&w, &e, &ack, &outcome, &proof), CHAT_STUB_ACK_SIGNATURE);
    report_id[0] ^= 1;
    world_end(&w);
}

/* The hub framed somebody with an entry of its own, and told the member another history. */
static void attack_9_a_word_with_another_signed_history_is_a_proof_against_the_hub(void **state)
{
    (void)state;
    for (size_t shorter = 0; shorter < 2; shorter++) {
        struct world told, shown;
        enum chat_witness outcome;
        struct chat_equivocation proven;
        tb_bytes proof;
        world_init(&told);
        world_init(&shown);
        world_talk(&told, shorter != 0 ? 9 : 12, shorter != 0 ? 9 : 12);
        world_send(&shown, WORLD_ALICE, "another beginning", false);
        for (size_t i = 1; i < 12; i++) {
            world_send(&shown, i % 2 == 0 ? WORLD_ALICE : WORLD_MALLORY, "a text",
                       i == 11 || i == 9);
        }
        struct chat_report_evidence e = world_evidence(&shown, &TARGET, 1);
        struct chat_report_evidence others = world_evidence(&told, &TARGET, 1);
        struct chat_stub_ack ack = ack_of(&told, &others, TARGET);
        sign(&shown, &ack);
        assert_ok(check(&shown, &e, &ack, &outcome, &proof));
        assert_int_equal(outcome, CHAT_WITNESS_PROVES);
        assert_ok(wire_decode(&chat_equivocation_desc, proof, &shown.f.arena, &proven, NULL));
        assert_ok(chat_equivocation_verify(shown.f.suite.provider, &proven,
                                           TB_ARRAY(shown.root_hash), &shown.f.arena));
        /* Without the hub's signature it is a claim. */
        ack.stubs.at[ack.stubs.count - 1].timbre_signature.len = 0;
        assert_ok(check(&shown, &e, &ack, &outcome, &proof));
        assert_int_equal(outcome, CHAT_WITNESS_OTHER_CHAIN);
        assert_int_equal(proof.len, 0);
        world_end(&told);
        world_end(&shown);
    }
}

static void what_is_empty_or_of_another_version_adds_nothing(void **state)
{
    (void)state;
    struct world w;
    struct chat_openings openings = { .version = 1 }, out;
    world_init(&w);
    assert_status(chat_opening_decode(fixture_encode(&w.f, &chat_openings_desc, &openings),
                                      &w.f.arena, &out),
                  CHAT_OPENINGS_FORM);
    struct chat_opening one = { .room_seq = 3, .kind = CHAT_OPENING_IS_WITHHELD };
    openings.openings.at = &one;
    openings.openings.count = 1;
    assert_ok(chat_opening_decode(fixture_encode(&w.f, &chat_openings_desc, &openings),
                                  &w.f.arena, &out));
    openings.version = 2;
    assert_status(chat_opening_decode(fixture_encode(&w.f, &chat_openings_desc, &openings),
                                      &w.f.arena, &out),
                  CHAT_OPENINGS_FORM);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_agrees_could_not_read_or_never_had_it),
        cmocka_unit_test(attack_9_a_word_with_another_signed_history_is_a_proof_against_the_hub),
        cmocka_unit_test(what_is_empty_or_of_another_version_adds_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
