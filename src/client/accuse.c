/*
 * A run that contradicts what this device has verified: make the proof, or say less.
 *
 * The hub is accused of two histories only with a proof that verifies (amendments 17 and 18);
 * anything else may be a broken store or a half-read log and is told as a history that does not
 * fit.  In both cases what was held and what came are kept.
 */
#include "client/rooms.h"

#include "chat/equivocation.h"

/* The newest link of ours from first - 1 to last whose signature was kept. */
static bool client_accuse_own(struct client_turn *turn, struct client_room *room, uint64_t first,
                              uint64_t last, tb_bytes group_id, struct client_evidence_row *row,
                              struct chat_run_link *out)
{
    for (uint64_t seq = last; seq != 0 && seq + 1 >= first; seq--) {
        if (!tb_is_ok(client_evidence_get(turn, room, seq, row))) continue;
        if (row->stub.timbre_signature.len == 0 || !row->is_verified) continue;
        chat_run_link_of_stub(&row->stub, group_id, row->prev_chain, out);
        return true;
    }
    return false;
}

static tb_status client_accuse_prove(struct client_turn *turn, const struct chat_run_link *own,
                                     const struct chat_run_link *links, size_t count,
                                     tb_bytes *proof)
{
    struct client *client = turn->client;
    struct chat_equivocation made = { .version = 1, .suite = client->suite.id };
    struct chat_frank_link *after = tb_arena_take(&turn->arena, count, sizeof *after);
    if (after == NULL) return TB_STATUS(TB_NO_SPACE);
    size_t after_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (links[i].link.room_seq > own->link.room_seq) after[after_count++] = links[i].link;
    }
    made.links.at = after;
    made.links.count = after_count;
    TRY(chat_equivocation_head(&client->suite, own, &made.x));
    TRY(chat_equivocation_head(&client->suite, &links[count - 1], &made.y));
    TRY(wire_encode(&chat_hub_record_desc, &client->hub, &turn->arena, &made.hub_record));
    return chat_equivocation_make(client->config.provider, &made,
                                  TB_ARRAY(client->profile.root_hash), &turn->arena, proof);
}

tb_status client_accuse(struct client_turn *turn, struct client_room *room,
                        const struct chat_run_link *links, size_t count, tb_bytes page)
{
    uint64_t first = links[0].link.room_seq, last = links[count - 1].link.room_seq;
    struct client_evidence_row row;
    struct chat_run_link own;
    tb_bytes proof;
    if (!client_accuse_own(turn, room, first, last, links[0].link.group_id, &row, &own)) {
        return client_alarm(turn, CLIENT_ALARM_HISTORY, room->row.room_uri, first, NULL, page);
    }
    tb_status status = client_accuse_prove(turn, &own, links, count, &proof);
    if (client_status_is_fatal(status)) return status;
    if (tb_is_ok(status)) {
        return client_alarm(turn, CLIENT_ALARM_EQUIVOCATION, room->row.room_uri, first, &row.stub,
                            proof);
    }
    return client_alarm(turn, CLIENT_ALARM_HISTORY, room->row.room_uri, first, &row.stub, page);
}
