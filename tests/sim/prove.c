/*
 * S7: a report with one octet altered.  Around the seal everything is signed by the hub, so it is
 * refused.  Inside, a reporter could write what it likes: whatever is altered there is refused, or
 * proves of each message what was proven before, or nothing.
 */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/report_seal.h"
#include "chat/report_verify.h"
#include "client/desk.h"

struct sim_proof {
    struct sim_client *desk;
    struct client_turn turn;
    struct client_case_row row;
    struct chat_report_opener *openers;
    size_t opener_count;
    struct chat_report_intake intake;
    tb_bytes report;
};

static void sim_proof_keys(struct sim_proof *proof)
{
    struct tb_arena *arena = &proof->turn.arena;
    struct client_desk_row desk;
    sim_must(proof->desk, client_desk_get(&proof->turn, &desk));
    size_t count = desk.keys.count;
    struct chat_recipient_key *keys = tb_arena_take(arena, count, sizeof *keys);
    struct tb_secret *secrets = tb_arena_take(arena, count, sizeof *secrets);
    proof->openers = tb_arena_take(arena, count, sizeof *proof->openers);
    proof->opener_count = count;
    if (keys == NULL || secrets == NULL || proof->openers == NULL) {
        sim_fail(proof->desk->sim, "memory", proof->desk);
    }
    for (size_t i = 0; i < count; i++) {
        sim_must(proof->desk, wire_decode(&chat_recipient_key_desc, desk.keys.at[i].recipient_key,
                                          arena, &keys[i], NULL));
        tb_secret_set(&secrets[i], desk.keys.at[i].private_key);
        proof->openers[i] = (struct chat_report_opener){ &keys[i], &secrets[i] };
    }
}

static tb_status sim_proof_verify(struct sim_proof *proof, tb_bytes report,
                                  struct chat_report_result *out)
{
    const struct chat_sealed_report *sealed = &proof->intake.report;
    const struct chat_report_verify_params params = {
        .suite = &proof->desk->client->suite,
        .hub = &proof->desk->client->hub,
        .room_uri = sealed->room_uri,
        .report_id = sealed->report_id,
        .target_seq = sealed->target_seq.at,
        .target_count = sealed->target_seq.count,
        .received_ms = proof->intake.received_ms,
        .report_window_s = CHAT_REPORT_WINDOW_S,
        .context_before = CHAT_CONTEXT_BEFORE,
        .context_after = CHAT_CONTEXT_AFTER,
    };
    return chat_report_verify(&params, report, &proof->turn.arena, out);
}

static tb_bytes sim_alter(struct sim_proof *proof, tb_bytes octets)
{
    struct sim *sim = proof->desk->sim;
    tb_bytes copy;
    sim_must(proof->desk, tb_arena_dup(&proof->turn.arena, octets, &copy));
    ((uint8_t *)copy.data)[sim_random(sim, (uint32_t)copy.len)] ^=
        (uint8_t)(1u << sim_random(sim, 8));
    return copy;
}

static bool sim_same_stub(const struct chat_stub *a, const struct chat_stub *b)
{
    return a->room_seq == b->room_seq && a->epoch == b->epoch
           && memcmp(a->franking_tag, b->franking_tag, CHAT_HASH_LEN) == 0
           && a->context.accepted_timestamp == b->context.accepted_timestamp
           && tb_bytes_equal(a->context.sender_uri, b->context.sender_uri);
}

static void sim_results_compare(struct sim_proof *proof, const struct chat_report_result *is,
                                const struct chat_report_result *was)
{
    struct sim *sim = proof->desk->sim;
    for (size_t i = 0; i < is->message_count; i++) {
        const struct chat_report_message *message = &is->messages[i];
        size_t k = 0;
        while (k < was->message_count && !sim_same_stub(was->messages[k].stub, message->stub)) k++;
        if (k == was->message_count) sim_fail(sim, "S7: an altered stub is proven", proof->desk);
        if (message->content == NULL) continue;
        const struct chat_report_message *before = &was->messages[k];
        if (before->content == NULL || message->level > before->level) {
            sim_fail(sim, "S7: an altered report proves more", proof->desk);
        }
        /* The tag binds salt and text: another text cannot have this message id. */
        if (memcmp(message->message_id, before->message_id, CHAT_MESSAGE_ID_LEN) != 0) {
            sim_fail(sim, "S7: an altered report proves another text", proof->desk);
        }
    }
}

static void sim_proof_try(struct sim_proof *proof)
{
    struct sim *sim = proof->desk->sim;
    struct chat_report_intake intake;
    struct chat_report_result was, is;
    tb_bytes report;
    struct client *client = proof->desk->client;
    if (tb_is_ok(chat_report_open(&client->suite, sim_alter(proof, proof->row.intake),
                                  proof->row.intake_key, proof->openers, proof->opener_count,
                                  &proof->turn.arena, &intake, &report))) {
        sim_fail(sim, "S7: an altered sealed report is opened", proof->desk);
    }
    if (!tb_is_ok(chat_report_open(&client->suite, proof->row.intake, proof->row.intake_key,
                                   proof->openers, proof->opener_count, &proof->turn.arena,
                                   &proof->intake, &proof->report))) {
        return; /* of a desk whose keys went with a restore */
    }
    if (!tb_is_ok(sim_proof_verify(proof, proof->report, &was))) return;
    sim->reports_altered_count++;
    if (!tb_is_ok(sim_proof_verify(proof, sim_alter(proof, proof->report), &is))) return;
    sim_results_compare(proof, &is, &was);
}

void sim_prove_altered(struct sim_client *desk)
{
    struct tb_arena arena;
    struct client_case_view *cases;
    size_t count;
    tb_arena_init(&arena, &desk->sim->heap.mem, 1 << 28);
    if (tb_is_ok(client_cases(desk->client, &arena, &cases, &count)) && count != 0) {
        struct sim_proof proof = { .desk = desk };
        tb_bytes id = cases[sim_random(desk->sim, (uint32_t)count)].report_id;
        if (tb_is_ok(client_turn_read(&proof.turn, desk->client))) {
            if (tb_is_ok(client_case_get(&proof.turn, id, &proof.row))) {
                sim_proof_keys(&proof);
                sim_proof_try(&proof);
            }
            tb_arena_wipe(&proof.turn.arena);
        }
    }
    tb_arena_wipe(&arena);
}
