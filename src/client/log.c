/*
 * The hub's decision log as this client has seen it: at each login the newest checkpoint has to
 * continue the one before.  One that does not is kept with what the hub gave for a proof.
 */
#include "client/desk.h"

#include <string.h>

static const char LOG_KEY[] = "log head";

static tb_status log_head_get(struct client_turn *turn, struct client_log_row *out)
{
    tb_status status = client_table_get(turn, CLIENT_TABLE_META, client_key_text(LOG_KEY),
                                        &client_log_row_desc, out);
    if (status.code != TB_NOT_FOUND) return status;
    *out = (struct client_log_row){ 0 };
    return TB_STATUS(TB_OK);
}

static tb_status log_head_put(struct client_turn *turn, const struct client_log_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_META, client_key_text(LOG_KEY),
                            &client_log_row_desc, row);
}

/* ------------------------------------------------------------------ checking */

/* The known checkpoint stays, so that both can be shown; the same one again is not told twice. */
static tb_status log_accuse(struct client_turn *turn, struct client_log_row *known,
                            const struct chat_log_head *head)
{
    struct chat_log_fork fork = { .first = known->checkpoint, .second = head->checkpoint,
                                  .consistency = head->consistency };
    tb_bytes before = known->fork;
    TRY(wire_encode(&chat_hub_record_desc, &turn->client->hub, &turn->arena, &fork.hub_record));
    TRY(wire_encode(&chat_log_fork_desc, &fork, &turn->arena, &known->fork));
    if (tb_bytes_equal(before, known->fork)) return TB_STATUS(TB_OK);
    TRY(log_head_put(turn, known));
    return client_alarm(turn, CLIENT_ALARM_LOG, (tb_bytes){ 0 }, known->size, NULL, known->fork);
}

static tb_status log_take(struct client_turn *turn, tb_bytes body)
{
    struct client *client = turn->client;
    struct chat_log_head head;
    struct client_log_row known;
    struct chat_log_point point;
    struct chat_merkle_hash root;
    struct chat_merkle_path path;
    TRY(client_answer_decode(turn, &chat_log_head_desc, body, &head));
    TRY(log_head_get(turn, &known));
    tb_status status = chat_log_checkpoint_open(&client->suite, client->hub.intake_key,
                                                client->hub.domain, head.checkpoint, &turn->arena,
                                                &point);
    if (tb_is_ok(status)) status = chat_log_path_read(&head.consistency, &path);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status)) return log_accuse(turn, &known, &head);
    memcpy(root.at, known.root, sizeof root.at);
    status = chat_merkle_consistency_verify(&client->suite, known.size, point.size, &root,
                                            &point.root, &path);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status) && known.checkpoint.len != 0) return log_accuse(turn, &known, &head);
    known.size = point.size;
    known.seen_ms = turn->now_ms;
    known.checkpoint = head.checkpoint;
    memcpy(known.root, point.root.at, sizeof known.root);
    return log_head_put(turn, &known);
}

static tb_status log_answered(struct client_turn *turn, const struct client_request *request,
                              uint16_t code, tb_bytes body)
{
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) { /* asked again at the next login */
        return client_show_failed(turn, request->op, code, (tb_bytes){ 0 });
    }
    TRY(log_take(turn, body));
    return client_show_done(turn, request->op, &(struct client_show){ 0 });
}

static tb_status log_ask(struct client_turn *turn, uint64_t op)
{
    struct client_log_row known;
    TRY(log_head_get(turn, &known));
    struct chat_log_get get = { known.size, 0 };
    struct client_about about = { .op = op };
    return client_request_send(turn, CHAT_VERB_LOG_HEAD, &get, log_answered, &about);
}

tb_status client_log_ask(struct client_turn *turn)
{
    return log_ask(turn, 0);
}

static tb_status log_check(struct client_turn *turn, uint64_t *op)
{
    TRY(client_profile_check(turn->client));
    if (!client_is_online(turn->client)) return TB_STATUS(CLIENT_OFFLINE);
    *op = client_op_new(turn->client);
    return log_ask(turn, *op);
}

tb_status client_log_check(struct client *client, uint64_t now_ms, struct client_effects *effects,
                           uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = log_check(&turn, op);
    return client_turn_end(&turn, status);
}

tb_status client_log_seen(struct client *client, struct tb_arena *arena,
                          struct client_log_view *out)
{
    if (client->is_void || client->must_reload) return TB_STATUS(TB_STORE);
    struct client_turn turn = { .client = client };
    struct client_log_row row;
    turn.arena = *arena;
    tb_status status = log_head_get(&turn, &row);
    if (tb_is_ok(status)) {
        *out = (struct client_log_view){ .size = row.size, .seen_ms = row.seen_ms,
                                         .checkpoint = row.checkpoint, .fork = row.fork };
    }
    *arena = turn.arena;
    return status;
}

/* ------------------------------------------------------------------ proofs to show */

static tb_status log_proven(struct client_turn *turn, const struct client_request *request,
                            uint16_t code, tb_bytes body)
{
    struct client *client = turn->client;
    struct chat_log_proof proof;
    struct chat_log_leaf leaf;
    struct chat_decision_entry entry;
    struct chat_log_point point;
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) {
        return client_show_failed(turn, request->op, code, (tb_bytes){ 0 });
    }
    TRY(client_answer_decode(turn, &chat_log_proof_desc, body, &proof));
    tb_status status = chat_log_proof_verify(&client->suite, &proof, &client->hub, &turn->arena,
                                             &leaf, &entry, &point);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status) || entry.number != request->number) {
        return client_show_failed(turn, request->op, CLIENT_HUB_ANSWER, (tb_bytes){ 0 });
    }
    return client_show_done(turn, request->op,
                            &(struct client_show){ .number = entry.number, .text = body });
}

static tb_status log_prove(struct client_turn *turn, uint64_t number, uint64_t *op)
{
    struct client *client = turn->client;
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    *op = client_op_new(client);
    struct chat_log_get get = { number, 0 };
    struct client_about about = { .op = *op, .number = number };
    return client_request_send(turn, CHAT_VERB_LOG_PROOF, &get, log_proven, &about);
}

tb_status client_log_prove(struct client *client, uint64_t now_ms, uint64_t number,
                           struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = log_prove(&turn, number, op);
    return client_turn_end(&turn, status);
}
