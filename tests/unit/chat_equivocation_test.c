/* Proofs that a hub told two histories, and that honest hubs are never convicted. */
#include "tests/unit/chat_report_fixture.h"

#include "chat/equivocation.h"

static void link_of_row(struct world *w, size_t index, const uint8_t prev_chain[32],
                        struct chat_run_link *out)
{
    chat_run_link_of_stub(&w->rows[index].stub, w->group_id, prev_chain, out);
}

static struct chat_signed_head head_of(struct world *w, const struct chat_run_link *link)
{
    struct chat_signed_head head;
    assert_ok(chat_equivocation_head(&w->f.suite, link, &head));
    return head;
}

static tb_status verify(struct world *w, const struct chat_equivocation *proof)
{
    return chat_equivocation_verify(crypto_backend_native(), proof, TB_ARRAY(w->root_hash),
                                    &w->f.arena);
}

/* Two worlds with one hub: message 1 is the same, then the histories part. */
struct fork {
    struct world w;
    struct chat_run_link links[8]; /* 1, then 2 to 4 as told to bob */
    struct chat_signed_head other; /* 2 as told to alice */
};

static void fork_init(struct fork *k)
{
    uint8_t chain[32];
    world_init(&k->w);
    memcpy(chain, k->w.genesis, 32);
    world_send(&k->w, WORLD_ALICE, "one", true);
    link_of_row(&k->w, 0, chain, &k->links[0]);
    memcpy(chain, k->w.head.chain, 32);
    struct chat_run_head at_one = k->w.head;
    world_send(&k->w, WORLD_MALLORY, "two, for alice", true);
    struct chat_run_link two;
    link_of_row(&k->w, 1, chain, &two);
    k->other = head_of(&k->w, &two);
    /* The same room_seq again. */
    k->w.head = at_one;
    for (size_t i = 1; i < 4; i++) {
        uint8_t prev[32];
        memcpy(prev, k->w.head.chain, 32);
        world_send(&k->w, WORLD_MALLORY, "for bob", true);
        link_of_row(&k->w, k->w.row_count - 1, prev, &k->links[i]);
    }
}

static struct chat_equivocation proof_of(struct fork *k, struct chat_signed_head x,
                                         struct chat_signed_head y, size_t first, size_t count)
{
    struct chat_equivocation proof = { .version = 1, .suite = 1, .x = x, .y = y,
                                       .hub_record = k->w.hub_encoded };
    proof.links.at = tb_arena_take(&k->w.f.arena, count, sizeof *proof.links.at);
    proof.links.count = count;
    for (size_t i = 0; i < count; i++) proof.links.at[i] = k->links[first + i].link;
    return proof;
}

static void attack_7_two_signatures_on_one_number_are_a_proof(void **state)
{
    (void)state;
    struct fork k;
    tb_bytes encoded;
    fork_init(&k);
    struct chat_equivocation proof = proof_of(&k, k.other, head_of(&k.w, &k.links[1]), 0, 0);
    assert_ok(verify(&k.w, &proof));
    assert_ok(chat_equivocation_make(crypto_backend_native(), &proof, TB_ARRAY(k.w.root_hash),
                                     &k.w.f.arena, &encoded));
    struct chat_equivocation back;
    assert_ok(wire_decode(&chat_equivocation_desc, encoded, &k.w.f.arena, &back, NULL));
    assert_ok(verify(&k.w, &back));
    world_end(&k.w);
}

static void attack_7_links_tie_heads_of_two_numbers(void **state)
{
    (void)state;
    struct fork k;
    fork_init(&k);
    /* alice has 2, bob has 4: links 3 and 4 continue another 2. */
    struct chat_equivocation proof = proof_of(&k, k.other, head_of(&k.w, &k.links[3]), 2, 2);
    assert_ok(verify(&k.w, &proof));
    proof.links.count = 1;
    assert_status(verify(&k.w, &proof), CHAT_EQUIVOCATION_FORM);
    world_end(&k.w);
}

static void one_history_is_no_proof(void **state)
{
    (void)state;
    struct fork k;
    fork_init(&k);
    struct chat_signed_head two = head_of(&k.w, &k.links[1]), four = head_of(&k.w, &k.links[3]);
    struct chat_equivocation proof = proof_of(&k, two, four, 2, 2);
    assert_status(verify(&k.w, &proof), CHAT_EQUIVOCATION_NONE);
    proof = proof_of(&k, two, two, 0, 0);
    assert_status(verify(&k.w, &proof), CHAT_EQUIVOCATION_NONE);
    world_end(&k.w);
}

static void a_proof_fits_together_or_is_refused(void **state)
{
    (void)state;
    struct fork k;
    fork_init(&k);
    struct chat_signed_head four = head_of(&k.w, &k.links[3]);
    struct chat_equivocation good = proof_of(&k, k.other, four, 2, 2), bad = good;
    bad.version = 2;
    assert_status(verify(&k.w, &bad), CHAT_EQUIVOCATION_FORM);
    bad = good;
    bad.suite = 0x7777;
    assert_status(verify(&k.w, &bad), CRYPTO_UNSUPPORTED);
    bad = proof_of(&k, four, k.other, 0, 0); /* y before x */
    assert_status(verify(&k.w, &bad), CHAT_EQUIVOCATION_FORM);
    bad = good;
    bad.x.tbs.group_id = TB_LITERAL("another group");
    assert_status(verify(&k.w, &bad), CHAT_EQUIVOCATION_FORM);
    bad = proof_of(&k, k.other, four, 2, 2);
    bad.links.at[1].prev_chain[0] ^= 1;
    assert_status(verify(&k.w, &bad), CHAT_EQUIVOCATION_FORM);
    bad = proof_of(&k, k.other, four, 2, 2);
    bad.links.at[1].ct_hash[0] ^= 1; /* does not end in Y */
    assert_status(verify(&k.w, &bad), CHAT_EQUIVOCATION_FORM);
    bad = proof_of(&k, k.other, four, 2, 2);
    bad.links.at[0].room_seq++;
    assert_status(verify(&k.w, &bad), CHAT_EQUIVOCATION_FORM);
    bad = good;
    bad.x.signature = fixture_changed(&k.w.f, bad.x.signature, 2);
    assert_status(verify(&k.w, &bad), CHAT_EQUIVOCATION_SIGNATURE);
    bad = good;
    bad.y.signature = fixture_changed(&k.w.f, bad.y.signature, 2);
    assert_status(verify(&k.w, &bad), CHAT_EQUIVOCATION_SIGNATURE);
    bad = good; /* a StubAck-like claim: chain changed, signature kept */
    bad.x.tbs.chain[0] ^= 1;
    assert_status(verify(&k.w, &bad), CHAT_EQUIVOCATION_SIGNATURE);
    uint8_t root[32] = { 0 };
    assert_status(chat_equivocation_verify(crypto_backend_native(), &good, TB_ARRAY(root),
                                           &k.w.f.arena),
                  CHAT_HUB_RECORD_ROOT);
    world_end(&k.w);
}

static void the_record_lists_the_agent_of_that_time(void **state)
{
    (void)state;
    struct fork k;
    fork_init(&k);
    struct chat_equivocation proof = proof_of(&k, k.other, head_of(&k.w, &k.links[1]), 0, 0);
    k.w.agents[1].from_ms = WORLD_TIME_MS + 5000;
    assert_ok(chat_records_make_hub(&k.w.f.suite, &k.w.root, &k.w.hub, &k.w.f.arena,
                                    &proof.hub_record));
    assert_status(verify(&k.w, &proof), CHAT_FRANK_AGENT);
    world_end(&k.w);
}

/* Amendments 9: what was lost in a restore is never told apart from what follows. */
static void a_restored_hub_is_not_convicted(void **state)
{
    (void)state;
    struct fork k;
    uint8_t prev[32];
    fork_init(&k);
    struct chat_signed_head lost = head_of(&k.w, &k.links[3]); /* room_seq 4, then lost */
    /* The backup knows message 1; the room goes on from there with a number that skips. */
    memcpy(k.w.head.chain, k.links[1].link.prev_chain, 32);
    k.w.head.room_seq = 4 + (1u << 20);
    memcpy(prev, k.w.head.chain, 32);
    world_send(&k.w, WORLD_ALICE, "after the restore", true);
    link_of_row(&k.w, k.w.row_count - 1, prev, &k.links[4]);
    struct chat_signed_head after = head_of(&k.w, &k.links[4]);
    struct chat_equivocation proof = proof_of(&k, lost, after, 4, 1);
    assert_status(verify(&k.w, &proof), CHAT_EQUIVOCATION_FORM);
    proof = proof_of(&k, lost, after, 4, 0);
    assert_status(verify(&k.w, &proof), CHAT_EQUIVOCATION_FORM);
    world_end(&k.w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attack_7_two_signatures_on_one_number_are_a_proof),
        cmocka_unit_test(attack_7_links_tie_heads_of_two_numbers),
        cmocka_unit_test(one_history_is_no_proof),
        cmocka_unit_test(a_proof_fits_together_or_is_refused),
        cmocka_unit_test(the_record_lists_the_agent_of_that_time),
        cmocka_unit_test(a_restored_hub_is_not_convicted),
    };
    return cmocka_run_group_tests_name("chat_equivocation", tests, NULL, NULL);
}
