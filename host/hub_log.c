/* `log verify` and `log export`: the stored log, checked from outside the engine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/decision.h"
#include "chat/records.h"
#include "host/hub_outside.h"
#include "wire/text.h"

enum { LOG_ARENA_BYTES_MAX = 64 << 20, FROM_LEN_MAX = 256 << 20 };

int host_log_walk(struct host_cli *cli, host_log_row *each, void *ctx)
{
    struct tb_mem mem;
    uint64_t index = 0;
    host_mem_init(&mem, SIZE_MAX);
    for (;;) {
        struct tb_arena arena;
        struct chat_log_rows rows = { .rows = { NULL, 0 } };
        struct chat_queue_get get = { index };
        tb_arena_init(&arena, &mem, LOG_ARENA_BYTES_MAX);
        int code = host_cli_call(cli, CHAT_VERB_ADMIN_LOG, &chat_queue_get_desc, &get, &arena,
                                 &chat_log_rows_desc, &rows);
        for (size_t i = 0; i < rows.rows.count && code == HOST_EXIT_OK; i++) {
            code = each(ctx, index++, &rows.rows.at[i], rows.hub_record);
        }
        bool is_end = rows.rows.count == 0;
        tb_arena_wipe(&arena);
        if (code != HOST_EXIT_OK || is_end) return code;
    }
}

/* ------------------------------------------------------------------ verify */

/* The newest complete subtree of each level is all that a growing tree needs. */
struct checking {
    struct host_cli *cli;
    struct crypto_suite suite;
    struct chat_merkle_nodes nodes;
    struct chat_merkle_hash newest[64];
    uint64_t newest_index[64];
    uint64_t size, erased_count;
    uint8_t entry_hash[CHAT_HASH_LEN];
    bool is_chain_known;
    tb_bytes from; /* an earlier checkpoint; empty: none */
    bool is_from_seen;
    struct chat_log_point from_point;
};

static tb_status get_node(void *ctx, uint8_t level, uint64_t index, struct chat_merkle_hash *out)
{
    const struct checking *c = ctx;
    if (level >= 64 || c->newest_index[level] != index + 1) return TB_STATUS(TB_NOT_FOUND);
    *out = c->newest[level];
    return TB_STATUS(TB_OK);
}

static tb_status put_node(void *ctx, uint8_t level, uint64_t index,
                          const struct chat_merkle_hash *node)
{
    struct checking *c = ctx;
    if (level >= 64 || (index & 1) != 0) return TB_STATUS(TB_OK); /* only left ones are asked for */
    c->newest[level] = *node;
    c->newest_index[level] = index + 1;
    return TB_STATUS(TB_OK);
}

static int fail(const struct checking *c, tb_status status, const char *what)
{
    host_cli_fail(c->cli, "verification", "decision %llu: %s: %s",
                  (unsigned long long)c->size + 1, what, chat_status_text(status));
    return HOST_EXIT_VERIFICATION;
}

/* The operator's own hub: its record is taken at its word, signed by the root that it names. */
static tb_status read_record(const struct checking *c, tb_bytes encoded, struct tb_arena *arena,
                             struct chat_hub_record *out)
{
    uint8_t root_hash[CHAT_HASH_LEN];
    TRY(wire_decode(&chat_hub_record_desc, encoded, arena, out, NULL));
    TRY(chat_records_hash(&c->suite, out->root_key, root_hash));
    return chat_records_verify_hub(&c->suite, encoded, TB_ARRAY(root_hash), 0, arena, out);
}

/* The entry's place in the chain and the hub's signature on it. */
static tb_status check_entry(struct checking *c, const struct chat_log_row *row,
                             tb_bytes hub_record, struct tb_arena *arena)
{
    struct chat_decision_entry entry;
    struct chat_hub_record hub;
    if (row->entry.len == 0) {
        c->erased_count++;
        c->is_chain_known = false;
        return TB_STATUS(TB_OK);
    }
    TRY(read_record(c, hub_record, arena, &hub));
    TRY(wire_decode(&chat_decision_entry_desc, row->entry, arena, &entry, NULL));
    TRY(chat_decision_entry_verify(&c->suite, &entry,
                                   chat_records_intake_key(&hub, entry.logged_ms), c->size,
                                   c->is_chain_known ? c->entry_hash : entry.prev_entry_hash,
                                   arena));
    c->is_chain_known = true;
    return chat_decision_entry_hash(&c->suite, &entry, arena, c->entry_hash);
}

static int compare_from(struct checking *c, tb_bytes hub_record, struct tb_arena *arena)
{
    struct chat_hub_record hub;
    struct chat_merkle_hash root;
    tb_status status = read_record(c, hub_record, arena, &hub);
    if (status.code == TB_OK) {
        status = chat_log_checkpoint_past(&c->suite, &hub, c->from, arena, &c->from_point);
    }
    if (status.code != TB_OK) return fail(c, status, "the earlier checkpoint");
    if (c->from_point.size != c->size) return HOST_EXIT_OK;
    status = chat_merkle_root(&c->nodes, c->size, &root);
    if (status.code == TB_OK && memcmp(root.at, c->from_point.root.at, sizeof root.at) != 0) {
        status = TB_STATUS(CHAT_MERKLE_FORK);
    }
    if (status.code != TB_OK) return fail(c, status, "the earlier checkpoint");
    c->is_from_seen = true;
    return HOST_EXIT_OK;
}

static int check_row(void *ctx, uint64_t index, const struct chat_log_row *row,
                     tb_bytes hub_record)
{
    struct checking *c = ctx;
    struct tb_mem mem;
    struct tb_arena arena;
    struct chat_log_leaf leaf = { .number = 0 };
    host_mem_init(&mem, SIZE_MAX);
    tb_arena_init(&arena, &mem, LOG_ARENA_BYTES_MAX);
    int code = HOST_EXIT_OK;
    tb_status status = chat_log_row_verify(&c->suite, row, &arena, &leaf);
    if (status.code == TB_OK && leaf.number != index + 1) status = TB_STATUS(CHAT_LOG_LEAF_FORM);
    if (status.code != TB_OK) code = fail(c, status, "its leaf");
    if (code == HOST_EXIT_OK) {
        status = check_entry(c, row, hub_record, &arena);
        if (status.code != TB_OK) code = fail(c, status, "the signed entry");
    }
    if (code == HOST_EXIT_OK) {
        status = chat_merkle_append(&c->nodes, index, row->leaf);
        if (status.code != TB_OK) code = fail(c, status, "the tree");
    }
    c->size = code == HOST_EXIT_OK ? index + 1 : c->size;
    if (code == HOST_EXIT_OK && c->from.len != 0 && !c->is_from_seen) {
        code = compare_from(c, hub_record, &arena);
    }
    tb_arena_wipe(&arena);
    return code;
}

/* The tree that the hub shows to everybody is the one over what it stores. */
static int compare_head(struct checking *c, struct tb_arena *arena)
{
    struct chat_log_get get = { 0, 0 };
    struct chat_log_head head;
    struct chat_log_rows rows;
    struct chat_hub_record hub;
    struct chat_log_point point;
    struct chat_merkle_hash root;
    struct chat_queue_get none = { UINT64_MAX };
    int code = host_cli_call(c->cli, CHAT_VERB_LOG_HEAD, &chat_log_get_desc, &get, arena,
                             &chat_log_head_desc, &head);
    if (code == HOST_EXIT_OK) {
        code = host_cli_call(c->cli, CHAT_VERB_ADMIN_LOG, &chat_queue_get_desc, &none, arena,
                             &chat_log_rows_desc, &rows);
    }
    if (code != HOST_EXIT_OK) return code;
    tb_status status = read_record(c, rows.hub_record, arena, &hub);
    if (status.code == TB_OK) {
        status = chat_log_checkpoint_open(&c->suite, hub.intake_key, hub.domain, head.checkpoint,
                                          arena, &point);
    }
    if (status.code == TB_OK) status = chat_merkle_root(&c->nodes, c->size, &root);
    if (status.code == TB_OK && (point.size != c->size ||
                                 memcmp(root.at, point.root.at, sizeof root.at) != 0)) {
        status = TB_STATUS(CHAT_MERKLE_FORK);
    }
    if (status.code != TB_OK) return fail(c, status, "the checkpoint");
    if (!c->cli->is_quiet) {
        printf("%llu decisions, %llu of them erased; chain, signatures, tree and checkpoint fit\n",
               (unsigned long long)c->size, (unsigned long long)c->erased_count);
    }
    return HOST_EXIT_OK;
}

/* The checkpoint at the start of a file: all of it, or up to the leaves of an export. */
static tb_bytes head_of(tb_bytes text)
{
    const uint8_t *body = memmem(text.data, text.len, "\n\n", 2);
    if (body == NULL) return text;
    size_t offset = (size_t)(body - text.data) + 2;
    const uint8_t *end = memmem(text.data + offset, text.len - offset, "\n\n", 2);
    return end == NULL ? text : tb_bytes_of(text.data, (size_t)(end - text.data) + 1);
}

int host_verb_log_verify(struct host_cli *cli)
{
    static struct checking c; /* with what a tree needs, too much for a stack */
    struct tb_mem mem;
    struct tb_arena arena;
    c.cli = cli;
    c.is_chain_known = true;
    c.nodes = (struct chat_merkle_nodes){ get_node, put_node, &c, &c.suite };
    tb_status status = crypto_suite_init(&c.suite, 1, crypto_backend_native());
    if (status.code != TB_OK) return HOST_EXIT_SOFTWARE;
    host_mem_init(&mem, SIZE_MAX);
    tb_arena_init(&arena, &mem, SIZE_MAX);
    if (cli->values[HOST_CLI_FROM] != NULL) {
        tb_bytes text;
        status = host_file_read(cli->values[HOST_CLI_FROM], FROM_LEN_MAX, &arena, &text);
        if (status.code != TB_OK) {
            host_cli_fail(cli, "file", "%s cannot be read", cli->values[HOST_CLI_FROM]);
            tb_arena_wipe(&arena);
            return host_cli_exit_of_status(status);
        }
        c.from = head_of(text);
    }
    int code = host_log_walk(cli, check_row, &c);
    if (code == HOST_EXIT_OK) code = compare_head(&c, &arena);
    if (code == HOST_EXIT_OK && c.from.len != 0 && !c.is_from_seen && c.size != 0) {
        code = fail(&c, TB_STATUS(CHAT_MERKLE_FORK), "the earlier checkpoint is of a longer log");
    }
    tb_arena_wipe(&arena);
    return code;
}

/* ------------------------------------------------------------------ export */

static int write_leaf(void *ctx, uint64_t index, const struct chat_log_row *row,
                      tb_bytes hub_record)
{
    (void)index, (void)hub_record;
    char text[512];
    size_t len = wire_text_base64_size(WIRE_TEXT_BASE64, row->leaf.len);
    if (len > sizeof text) return HOST_EXIT_SOFTWARE;
    wire_text_base64_encode(WIRE_TEXT_BASE64, row->leaf, text);
    fprintf(ctx, "%.*s\n", (int)len, text);
    return HOST_EXIT_OK;
}

/* What everybody may have: the checkpoint, an empty line, and every leaf. */
int host_verb_log_export(struct host_cli *cli)
{
    struct tb_mem mem;
    struct tb_arena arena;
    struct chat_log_get get = { 0, 0 };
    struct chat_log_head head;
    host_mem_init(&mem, SIZE_MAX);
    tb_arena_init(&arena, &mem, LOG_ARENA_BYTES_MAX);
    FILE *file = fopen(cli->arguments[0], "we");
    if (file == NULL) {
        host_cli_fail(cli, "file", "%s cannot be written", cli->arguments[0]);
        return HOST_EXIT_CANT_CREATE;
    }
    int code = host_cli_call(cli, CHAT_VERB_LOG_HEAD, &chat_log_get_desc, &get, &arena,
                             &chat_log_head_desc, &head);
    if (code == HOST_EXIT_OK) {
        fprintf(file, "%.*s\n", (int)head.checkpoint.len, (const char *)head.checkpoint.data);
        code = host_log_walk(cli, write_leaf, file);
    }
    if (fclose(file) != 0 && code == HOST_EXIT_OK) code = HOST_EXIT_IO;
    tb_arena_wipe(&arena);
    return code;
}
