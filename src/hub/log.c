/*
 * The public tree over the decision log.  Decision `number` is leaf number - 1; its leaf, its salt
 * and the subtrees that it completes are written in the transaction of the decision, and a
 * checkpoint is a function of the tree and the intake key, signed when it is asked for.
 */
#include <string.h>

#include "chat/decision.h"
#include "hub/outside.h"

enum { LOG_ROW_COUNT_MAX = 256, LOG_ANSWER_BYTES_MAX = 1 << 20 };

struct log {
    struct hub *hub;
    struct tb_arena *arena;
};

static struct hub_key numbered(char tag, uint64_t number)
{
    struct hub_key key = hub_key_tagged(tag, "", 0);
    hub_key_add_u64(&key, number);
    return key;
}

static struct hub_key node_key(uint8_t level, uint64_t index)
{
    struct hub_key key = hub_key_tagged('T', &level, 1);
    hub_key_add_u64(&key, index);
    return key;
}

static tb_status get_node(void *ctx, uint8_t level, uint64_t index, struct chat_merkle_hash *out)
{
    const struct log *log = ctx;
    struct hub_key key = node_key(level, index);
    tb_bytes value;
    tb_status status =
        hub_row_get_octets(log->hub->store, HUB_TABLE_LOG, &key, log->arena, &value);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(HUB_ROW);
    TRY(status);
    if (value.len != sizeof out->at) return TB_STATUS(HUB_ROW);
    memcpy(out->at, value.data, value.len);
    return TB_STATUS(TB_OK);
}

static tb_status put_node(void *ctx, uint8_t level, uint64_t index,
                          const struct chat_merkle_hash *node)
{
    const struct log *log = ctx;
    struct hub_key key = node_key(level, index);
    return hub_put_octets(log->hub, HUB_TABLE_LOG, &key, TB_ARRAY(node->at));
}

static struct chat_merkle_nodes nodes_of(struct log *log)
{
    return (struct chat_merkle_nodes){ get_node, put_node, log, hub_own_suite(log->hub) };
}

tb_status hub_log_append(struct hub *hub, const struct chat_decision_entry *entry,
                         struct tb_arena *arena)
{
    struct log log = { hub, arena };
    struct chat_merkle_nodes nodes = nodes_of(&log);
    uint64_t index = entry->number - 1;
    uint8_t salt[CHAT_LOG_SALT_LEN];
    struct hub_key leaf_at = numbered('L', index), salt_at = numbered('S', index);
    tb_bytes encoded, leaf;
    TRY(tb_rng_fill(hub->config.rng, salt, sizeof salt));
    TRY(wire_encode(&chat_decision_entry_desc, entry, arena, &encoded));
    TRY(chat_log_leaf_make(hub_own_suite(hub), encoded, salt, arena, &leaf));
    TRY(hub_put_octets(hub, HUB_TABLE_LOG, &leaf_at, leaf));
    TRY(hub_put_octets(hub, HUB_TABLE_LOG, &salt_at, TB_ARRAY(salt)));
    return chat_merkle_append(&nodes, index, leaf);
}

/* ------------------------------------------------------------------ for everybody */

static tb_status checkpoint(struct hub *hub, struct tb_arena *arena, tb_bytes *out)
{
    struct log log = { hub, arena };
    struct chat_merkle_nodes nodes = nodes_of(&log);
    struct chat_log_point point = { .size = hub->counters.decision_number };
    TRY(chat_merkle_root(&nodes, point.size, &point.root));
    return chat_log_checkpoint_make(hub_own_suite(hub), &hub->keys.intake, hub->domain, &point,
                                    arena, out);
}

static uint16_t refuse(struct hub *hub, struct hub_call *call, tb_status status)
{
    if (status.code == TB_NOT_FOUND) return CHAT_CODE_NOT_FOUND;
    return hub_refuse_status(hub, call, status,
                             status.code == CHAT_MERKLE_RANGE ? CHAT_CODE_NOT_FOUND
                                                              : CHAT_CODE_INTERNAL);
}

static tb_status consistency(struct hub *hub, struct tb_arena *arena, uint64_t first,
                             uint64_t second, struct chat_log_path *out)
{
    struct log log = { hub, arena };
    struct chat_merkle_nodes nodes = nodes_of(&log);
    struct chat_merkle_path path;
    if (second > hub->counters.decision_number) return TB_STATUS(CHAT_MERKLE_RANGE);
    TRY(chat_merkle_consistency(&nodes, first, second, &path));
    return chat_log_path_write(&path, arena, out);
}

static tb_status inclusion(struct hub *hub, struct tb_arena *arena, uint64_t index, uint64_t size,
                           struct chat_log_path *out)
{
    struct log log = { hub, arena };
    struct chat_merkle_nodes nodes = nodes_of(&log);
    struct chat_merkle_path path;
    if (size > hub->counters.decision_number) return TB_STATUS(CHAT_MERKLE_RANGE);
    TRY(chat_merkle_inclusion(&nodes, index, size, &path));
    return chat_log_path_write(&path, arena, out);
}

/* first: the size that the asker knows, 0 for none. */
uint16_t hub_verb_log_head(struct hub *hub, struct hub_call *call, const void *request,
                           void *answer)
{
    const struct chat_log_get *asked = request;
    struct chat_log_head *out = answer;
    uint64_t size = hub->counters.decision_number;
    tb_status status;
    CHECK(checkpoint(hub, call->arena, &out->checkpoint));
    if (asked->first == 0 || asked->first >= size) return CHAT_CODE_OK;
    CHECK(consistency(hub, call->arena, asked->first, size, &out->consistency));
    return CHAT_CODE_OK;
out:
    return refuse(hub, call, status);
}

uint16_t hub_verb_log_entry(struct hub *hub, struct hub_call *call, const void *request,
                            void *answer)
{
    struct hub_key key = numbered('L', ((const struct chat_log_get *)request)->first);
    tb_status status = hub_row_get_octets(hub->store, HUB_TABLE_LOG, &key, call->arena,
                                          &((struct chat_opaque *)answer)->value);
    return tb_is_ok(status) ? CHAT_CODE_OK : refuse(hub, call, status);
}

uint16_t hub_verb_log_inclusion(struct hub *hub, struct hub_call *call, const void *request,
                                void *answer)
{
    const struct chat_log_get *asked = request;
    tb_status status = inclusion(hub, call->arena, asked->first, asked->second, answer);
    return tb_is_ok(status) ? CHAT_CODE_OK : refuse(hub, call, status);
}

uint16_t hub_verb_log_consistency(struct hub *hub, struct hub_call *call, const void *request,
                                  void *answer)
{
    const struct chat_log_get *asked = request;
    tb_status status = consistency(hub, call->arena, asked->first, asked->second, answer);
    return tb_is_ok(status) ? CHAT_CODE_OK : refuse(hub, call, status);
}

/* ------------------------------------------------------- for parties and the operator */

/* A value that may have been erased. */
static tb_status get_if_there(struct hub *hub, enum hub_table table, const struct hub_key *key,
                              struct tb_arena *arena, tb_bytes *out)
{
    tb_status status = hub_row_get_octets(hub->store, table, key, arena, out);
    if (status.code != TB_NOT_FOUND) return status;
    *out = (tb_bytes){ NULL, 0 };
    return TB_STATUS(TB_OK);
}

static tb_status read_row(struct hub *hub, uint64_t index, struct tb_arena *arena,
                          struct chat_log_row *out)
{
    struct hub_key leaf = numbered('L', index), salt = numbered('S', index);
    struct hub_key entry = hub_decision_key(index + 1);
    TRY(hub_row_get_octets(hub->store, HUB_TABLE_LOG, &leaf, arena, &out->leaf));
    TRY(get_if_there(hub, HUB_TABLE_LOG, &salt, arena, &out->salt));
    return get_if_there(hub, HUB_TABLE_DECISIONS, &entry, arena, &out->entry);
}

/* The desk and the decision's subject get what they can show to others. */
uint16_t hub_verb_log_proof(struct hub *hub, struct hub_call *call, const void *request,
                            void *answer)
{
    struct chat_log_proof *out = answer;
    struct chat_decision_entry entry;
    uint64_t number = ((const struct chat_log_get *)request)->first;
    tb_status status;
    if (number == 0) return CHAT_CODE_NOT_FOUND;
    CHECK(read_row(hub, number - 1, call->arena, &out->row));
    if (out->row.entry.len == 0) {
        return hub_refuse(call, CHAT_CODE_GONE, "the decision was erased; its leaf stays");
    }
    CHECK(wire_decode(&chat_decision_entry_desc, out->row.entry, call->arena, &entry, NULL));
    if (!hub_is_desk(hub, &call->account->id) &&
        !tb_bytes_equal(entry.decision.subject, hub_account_uri(call->account))) {
        return CHAT_CODE_NOT_FOUND;
    }
    out->hub_record = hub->hub_record;
    out->index = number - 1;
    CHECK(checkpoint(hub, call->arena, &out->checkpoint));
    CHECK(inclusion(hub, call->arena, out->index, hub->counters.decision_number, &out->inclusion));
    return CHAT_CODE_OK;
out:
    return refuse(hub, call, status);
}

/* Rows above `after`, as many as fit into one answer. */
uint16_t hub_verb_admin_log(struct hub *hub, struct hub_call *call, const void *request,
                            void *answer)
{
    struct chat_log_rows *out = answer;
    uint64_t index = ((const struct chat_queue_get *)request)->after;
    size_t bytes = 0;
    tb_status status;
    out->hub_record = hub->hub_record;
    out->rows.at = tb_arena_take(call->arena, LOG_ROW_COUNT_MAX, sizeof *out->rows.at);
    if (out->rows.at == NULL) return CHAT_CODE_INTERNAL;
    for (; index < hub->counters.decision_number && out->rows.count < LOG_ROW_COUNT_MAX
           && bytes < LOG_ANSWER_BYTES_MAX;
         index++) {
        struct chat_log_row *row = &out->rows.at[out->rows.count];
        CHECK(read_row(hub, index, call->arena, row));
        bytes += row->leaf.len + row->salt.len + row->entry.len;
        out->rows.count++;
    }
    return CHAT_CODE_OK;
out:
    return refuse(hub, call, status);
}
