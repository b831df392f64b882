/* Openings and acknowledgements that come to a case later. */
#include "chat/opening.h"

#include <string.h>

#include "chat/equivocation.h"
#include "chat/run.h"

WIRE_TABLE(chat_stub_ack, CHAT_STUB_ACK)
WIRE_TABLE(chat_stub_ack_tbs, CHAT_STUB_ACK_TBS)
WIRE_TABLE(chat_openings, CHAT_OPENINGS)

static bool is_fatal(tb_status status)
{
    return status.code == TB_NO_SPACE || status.code == CRYPTO_FAILED;
}

tb_status chat_opening_decode(tb_bytes encoded, struct tb_arena *arena, struct chat_openings *out)
{
    struct chat_openings in;
    TRY(wire_decode(&chat_openings_desc, encoded, arena, &in, NULL));
    if (in.version != 1 || in.openings.count + in.acks.count == 0
        || in.openings.count > CHAT_OPENING_COUNT_MAX
        || in.group_contexts.count > CHAT_OPENING_COUNT_MAX
        || in.acks.count > CHAT_OPENING_COUNT_MAX) {
        return TB_STATUS(CHAT_OPENINGS_FORM);
    }
    *out = in;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ openings */

tb_status chat_opening_apply(const struct chat_report_verify_params *params,
                              const struct chat_openings *openings, struct tb_arena *arena,
                              struct chat_report_result *result)
{
    struct chat_report_evidence *evidence = tb_arena_take(arena, 1, sizeof *evidence);
    size_t own = result->evidence->group_contexts.count;
    struct wire_opaque *contexts =
        tb_arena_take(arena, own + openings->group_contexts.count, sizeof *contexts);
    if (evidence == NULL || contexts == NULL) return TB_STATUS(TB_NO_SPACE);
    *evidence = *result->evidence;
    if (own != 0) memcpy(contexts, evidence->group_contexts.at, own * sizeof *contexts);
    evidence->group_contexts.at = contexts;
    for (size_t i = 0; i < openings->group_contexts.count; i++) {
        const struct wire_opaque *added = &openings->group_contexts.at[i];
        bool is_known = false;
        for (size_t k = 0; k < evidence->group_contexts.count && !is_known; k++) {
            is_known = tb_bytes_equal(contexts[k].value, added->value);
        }
        if (!is_known) contexts[evidence->group_contexts.count++] = *added;
    }
    struct chat_report_result next = *result;
    next.evidence = evidence;
    TRY(chat_report_verify_more(params, openings->openings.at, openings->openings.count, arena,
                                &next));
    *result = next;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ acknowledgements */

static tb_status ack_tbs(const struct chat_ack_place *place, const struct chat_stub_ack *ack,
                         struct tb_arena *arena, tb_bytes *out)
{
    struct chat_stub_ack_tbs tbs = {
        .room_uri = place->room_uri, .group_id = place->group_id, .room_seq = ack->room_seq,
        .seen = ack->seen, .device = ack->device,
    };
    memcpy(tbs.report_id, place->report_id, CHAT_HASH_LEN);
    memcpy(tbs.chain, ack->chain, CHAT_HASH_LEN);
    return wire_encode(&chat_stub_ack_tbs_desc, &tbs, arena, out);
}

tb_status chat_opening_ack_sign(const struct chat_ack_place *place,
                             const struct crypto_signing_key *device, struct tb_arena *arena,
                             struct chat_stub_ack *ack)
{
    tb_bytes tbs;
    TRY(ack_tbs(place, ack, arena, &tbs));
    return crypto_sign_label(place->suite, device, CHAT_LABEL_STUB_ACK, &tbs, 1, arena,
                             &ack->signature);
}

/* The chain behind each of `count` contiguous stubs; chains[0] is the one before them. */
static tb_status chains_of(const struct chat_ack_place *place, const uint8_t *before,
                           const struct chat_stub *stubs, size_t count, struct tb_arena *arena,
                           uint8_t (**out)[CHAT_HASH_LEN])
{
    uint8_t(*chains)[CHAT_HASH_LEN] = tb_arena_take(arena, count + 1, sizeof *chains);
    if (chains == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(chains[0], before, CHAT_HASH_LEN);
    struct chat_run_head head = { .room_seq = count == 0 ? 0 : stubs[0].room_seq - 1 };
    memcpy(head.chain, before, CHAT_HASH_LEN);
    for (size_t i = 0; i < count; i++) {
        TRY(chat_run_stubs_hash(place->suite, place->room_uri, place->group_id, &head, &stubs[i],
                                1, &head));
        memcpy(chains[i + 1], head.chain, CHAT_HASH_LEN);
    }
    *out = chains;
    return TB_STATUS(TB_OK);
}

/* A contiguous piece of history that ends in a signature of the hub. */
struct piece {
    const struct chat_stub *stubs;
    size_t count;
    uint8_t (*chains)[CHAT_HASH_LEN];
};

static uint64_t piece_end(const struct piece *piece)
{
    return piece->stubs[piece->count - 1].room_seq;
}

/* X is the end of `shorter`, Y that of `longer`; the links between are longer's. */
static tb_status prove(const struct chat_ack_place *place, const struct piece *shorter,
                       const struct piece *longer, tb_bytes hub_record, tb_bytes root_hash,
                       struct tb_arena *arena, tb_bytes *proof)
{
    struct chat_equivocation made = { .version = 1, .suite = place->suite->id,
                                      .hub_record = hub_record };
    struct chat_run_link x, y, link;
    uint64_t x_seq = piece_end(shorter);
    chat_run_link_of_stub(&shorter->stubs[shorter->count - 1], place->group_id,
                          shorter->chains[shorter->count - 1], &x);
    chat_run_link_of_stub(&longer->stubs[longer->count - 1], place->group_id,
                          longer->chains[longer->count - 1], &y);
    TRY(chat_equivocation_head(place->suite, &x, &made.x));
    TRY(chat_equivocation_head(place->suite, &y, &made.y));
    made.links.at = tb_arena_take(arena, longer->count, sizeof *made.links.at);
    if (made.links.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < longer->count; i++) {
        if (longer->stubs[i].room_seq <= x_seq) continue;
        chat_run_link_of_stub(&longer->stubs[i], place->group_id, longer->chains[i], &link);
        made.links.at[made.links.count++] = link.link;
    }
    return chat_equivocation_make(place->suite->provider, &made, root_hash, arena, proof);
}

static tb_status compare(const struct chat_ack_place *place,
                         const struct chat_report_evidence *evidence,
                         const struct chat_stub_ack *ack, tb_bytes hub_record, tb_bytes root_hash,
                         struct tb_arena *arena, enum chat_witness *outcome, tb_bytes *proof)
{
    struct piece ours = { evidence->stubs.at, evidence->stubs.count, NULL };
    struct piece theirs = { ack->stubs.at, ack->stubs.count, NULL };
    size_t at = (size_t)(ack->room_seq - evidence->first_seq) + 1;
    TRY(chains_of(place, evidence->chain_before, ours.stubs, ours.count, arena, &ours.chains));
    if (memcmp(ours.chains[at], ack->chain, CHAT_HASH_LEN) == 0) {
        *outcome = ack->seen == CHAT_SEEN_UNDECRYPTABLE ? CHAT_WITNESS_UNREADABLE
                                                        : CHAT_WITNESS_AGREES;
        return TB_STATUS(TB_OK);
    }
    *outcome = CHAT_WITNESS_OTHER_CHAIN;
    tb_status status = chains_of(place, ack->chain_before, theirs.stubs, theirs.count, arena,
                                 &theirs.chains);
    if (!tb_is_ok(status)) return is_fatal(status) ? status : TB_STATUS(TB_OK);
    bool is_theirs_longer = piece_end(&theirs) > piece_end(&ours);
    status = prove(place, is_theirs_longer ? &ours : &theirs, is_theirs_longer ? &theirs : &ours,
                   hub_record, root_hash, arena, proof);
    if (is_fatal(status)) return status;
    if (tb_is_ok(status)) *outcome = CHAT_WITNESS_PROVES;
    return TB_STATUS(TB_OK);
}

tb_status chat_opening_ack_check(const struct chat_ack_place *place, tb_bytes device_key,
                                 tb_bytes hub_record, tb_bytes root_hash,
                                 const struct chat_report_evidence *evidence,
                                 const struct chat_stub_ack *ack, struct tb_arena *arena,
                                 enum chat_witness *outcome, tb_bytes *proof)
{
    enum chat_witness found = CHAT_WITNESS_NEVER;
    tb_bytes made = { NULL, 0 }, tbs;
    bool is_never = ack->seen == CHAT_SEEN_NEVER;
    if (ack->room_seq < evidence->first_seq || ack->room_seq > evidence->last_seq
        || ack->seen < CHAT_SEEN_VERIFIED || ack->seen > CHAT_SEEN_NEVER
        || ack->stubs.count > CHAT_ACK_STUB_COUNT_MAX || is_never != (ack->stubs.count == 0)
        || (!is_never && ack->stubs.at[0].room_seq != ack->room_seq)) {
        return TB_STATUS(CHAT_STUB_ACK_FORM);
    }
    TRY(ack_tbs(place, ack, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(place->suite, device_key, CHAT_LABEL_STUB_ACK, &tbs, 1,
                                           ack->signature, arena),
                       CHAT_STUB_ACK_SIGNATURE));
    if (!is_never) {
        TRY(compare(place, evidence, ack, hub_record, root_hash, arena, &found, &made));
    }
    *outcome = found;
    *proof = made;
    return TB_STATUS(TB_OK);
}
