#include "chat/log.h"

#include <string.h>

#include "chat/decision.h"
#include "chat/records.h"
#include "wire/text.h"

WIRE_TABLE(chat_log_leaf, CHAT_LOG_LEAF)
WIRE_TABLE(chat_log_hash, CHAT_LOG_HASH)
WIRE_TABLE(chat_log_path, CHAT_LOG_PATH)
WIRE_TABLE(chat_log_get, CHAT_LOG_GET)
WIRE_TABLE(chat_log_head, CHAT_LOG_HEAD)
WIRE_TABLE(chat_log_row, CHAT_LOG_ROW)
WIRE_TABLE(chat_log_rows, CHAT_LOG_ROWS)
WIRE_TABLE(chat_log_proof, CHAT_LOG_PROOF)
WIRE_TABLE(chat_log_fork, CHAT_LOG_FORK)

#define ORIGIN_END "/decisions"
#define SIGNATURE_START "\xe2\x80\x94 " /* an em dash and a blank */

enum {
    DAY_MS = 86400000,
    KEY_ID_LEN = 4,
    SIGNATURE_LEN = 64,
    SIGNATURE_TYPE_ED25519 = 1,
    SIGNATURE_LINE_COUNT_MAX = 16
};

/* ------------------------------------------------------------------ leaves */

static tb_status commitment_of(const struct crypto_suite *suite, tb_bytes entry, tb_bytes salt,
                               uint8_t out[CHAT_HASH_LEN])
{
    tb_bytes parts[] = { TB_LITERAL("Timbre log entry"), salt, entry };
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 3, out);
}

static tb_status leaf_of(const struct crypto_suite *suite, tb_bytes encoded, tb_bytes salt,
                         struct tb_arena *arena, struct chat_log_leaf *out)
{
    struct chat_decision_entry entry;
    TRY(wire_decode(&chat_decision_entry_desc, encoded, arena, &entry, NULL));
    *out = (struct chat_log_leaf){ .kind = CHAT_LOG_DECISION,
                                   .number = entry.number,
                                   .day_ms = entry.logged_ms - entry.logged_ms % DAY_MS };
    return commitment_of(suite, encoded, salt, out->commitment);
}

tb_status chat_log_leaf_make(const struct crypto_suite *suite, tb_bytes entry,
                             const uint8_t salt[CHAT_LOG_SALT_LEN], struct tb_arena *arena,
                             tb_bytes *leaf)
{
    struct chat_log_leaf made;
    TRY(leaf_of(suite, entry, tb_bytes_of(salt, CHAT_LOG_SALT_LEN), arena, &made));
    return wire_encode(&chat_log_leaf_desc, &made, arena, leaf);
}

tb_status chat_log_row_verify(const struct crypto_suite *suite, const struct chat_log_row *row,
                              struct tb_arena *arena, struct chat_log_leaf *leaf)
{
    struct chat_log_leaf read, made;
    TRY(chat_status_as(wire_decode(&chat_log_leaf_desc, row->leaf, arena, &read, NULL),
                       CHAT_LOG_LEAF_FORM));
    if (read.kind != CHAT_LOG_DECISION) return TB_STATUS(CHAT_LOG_LEAF_FORM);
    if (row->entry.len != 0 || row->salt.len != 0) {
        if (row->salt.len != CHAT_LOG_SALT_LEN) return TB_STATUS(CHAT_LOG_COMMITMENT);
        TRY(chat_status_as(leaf_of(suite, row->entry, row->salt, arena, &made),
                           CHAT_LOG_COMMITMENT));
        if (!wire_equal(&chat_log_leaf_desc, &made, &read)) return TB_STATUS(CHAT_LOG_COMMITMENT);
    }
    *leaf = read;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ checkpoints */

/* C2SP signed-note: SHA-256(name || 0x0A || type || public key), first four octets. */
static tb_status key_id(const struct crypto_suite *suite, tb_bytes domain, tb_bytes public_key,
                        uint8_t out[KEY_ID_LEN])
{
    uint8_t hash[CHAT_HASH_LEN], mark[2] = { '\n', SIGNATURE_TYPE_ED25519 };
    tb_bytes parts[] = { domain, TB_LITERAL(ORIGIN_END), TB_ARRAY(mark), public_key };
    TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 4, hash));
    memcpy(out, hash, KEY_ID_LEN);
    return TB_STATUS(TB_OK);
}

struct writing {
    uint8_t *at;
    size_t len;
};

static void say(struct writing *w, tb_bytes text)
{
    if (text.len != 0) memcpy(w->at + w->len, text.data, text.len);
    w->len += text.len;
}

static void say_base64(struct writing *w, tb_bytes value)
{
    wire_text_base64_encode(WIRE_TEXT_BASE64, value, (char *)w->at + w->len);
    w->len += wire_text_base64_size(WIRE_TEXT_BASE64, value.len);
}

tb_status chat_log_checkpoint_make(const struct crypto_suite *suite,
                                   const struct crypto_signing_key *intake, tb_bytes domain,
                                   const struct chat_log_point *point, struct tb_arena *arena,
                                   tb_bytes *text)
{
    uint8_t signature[KEY_ID_LEN + CRYPTO_SIGNATURE_MAX];
    char number[WIRE_TEXT_U64_MAX];
    size_t len = 0;
    struct writing w = { tb_arena_take(arena, CHAT_LOG_CHECKPOINT_LEN_MAX, 1), 0 };
    if (w.at == NULL) return TB_STATUS(TB_NO_SPACE);
    if (domain.len > CHAT_LOG_CHECKPOINT_LEN_MAX / 4) return TB_STATUS(CHAT_LOG_CHECKPOINT_FORM);
    say(&w, domain);
    say(&w, TB_LITERAL(ORIGIN_END "\n"));
    say(&w, tb_bytes_of(number, wire_text_u64_encode(point->size, number)));
    say(&w, TB_LITERAL("\n"));
    say_base64(&w, TB_ARRAY(point->root.at));
    say(&w, TB_LITERAL("\n"));
    tb_bytes public_key = crypto_signing_key_public(intake);
    TRY(key_id(suite, domain, public_key, signature));
    TRY(suite->provider->sign(suite->provider, CRYPTO_ED25519, tb_secret_view(&intake->private_key),
                              public_key, tb_bytes_of(w.at, w.len), signature + KEY_ID_LEN, &len));
    say(&w, TB_LITERAL("\n" SIGNATURE_START));
    say(&w, domain);
    say(&w, TB_LITERAL(ORIGIN_END " "));
    say_base64(&w, tb_bytes_of(signature, KEY_ID_LEN + len));
    say(&w, TB_LITERAL("\n"));
    *text = tb_bytes_of(w.at, w.len);
    return TB_STATUS(TB_OK);
}

/* The next line without its end; false when there is none that ends. */
static bool take_line(tb_bytes *rest, tb_bytes *line)
{
    size_t len = 0;
    while (len < rest->len && rest->data[len] != '\n') len++;
    if (len == rest->len) return false;
    *line = tb_bytes_of(rest->data, len);
    *rest = tb_bytes_of(rest->data + len + 1, rest->len - len - 1);
    return true;
}

static bool take_text(tb_bytes *rest, tb_bytes text)
{
    if (!tb_bytes_starts_with(*rest, text)) return false;
    *rest = tb_bytes_of(rest->data + text.len, rest->len - text.len);
    return true;
}

static bool is_origin(tb_bytes line, tb_bytes domain)
{
    return take_text(&line, domain) && tb_bytes_equal(line, TB_LITERAL(ORIGIN_END));
}

static bool read_body(tb_bytes body, tb_bytes domain, struct chat_log_point *out)
{
    tb_bytes origin, size, root;
    size_t len = 0;
    return take_line(&body, &origin) && is_origin(origin, domain) && take_line(&body, &size)
           && tb_is_ok(wire_text_u64_decode(size, &out->size)) && take_line(&body, &root)
           && tb_is_ok(wire_text_base64_decode(WIRE_TEXT_BASE64, root, out->root.at,
                                               sizeof out->root.at, &len))
           && len == sizeof out->root.at;
}

/* "— <domain>/decisions <base64>": the signature when the line is ours. */
static bool read_signature(tb_bytes line, tb_bytes domain, const uint8_t id[KEY_ID_LEN],
                           uint8_t out[KEY_ID_LEN + SIGNATURE_LEN])
{
    size_t len = 0;
    return take_text(&line, TB_LITERAL(SIGNATURE_START)) && take_text(&line, domain)
           && take_text(&line, TB_LITERAL(ORIGIN_END " "))
           && tb_is_ok(wire_text_base64_decode(WIRE_TEXT_BASE64, line, out,
                                               KEY_ID_LEN + SIGNATURE_LEN, &len))
           && len == KEY_ID_LEN + SIGNATURE_LEN && memcmp(out, id, KEY_ID_LEN) == 0;
}

tb_status chat_log_checkpoint_open(const struct crypto_suite *suite, tb_bytes intake_key,
                                   tb_bytes domain, tb_bytes text, struct tb_arena *arena,
                                   struct chat_log_point *out)
{
    (void)arena;
    uint8_t signature[KEY_ID_LEN + SIGNATURE_LEN], id[KEY_ID_LEN];
    struct chat_log_point point;
    tb_bytes rest = text, line = { NULL, 0 };
    size_t body_len = 0;
    if (text.len > CHAT_LOG_CHECKPOINT_LEN_MAX) return TB_STATUS(CHAT_LOG_CHECKPOINT_FORM);
    while (take_line(&rest, &line) && line.len != 0) body_len += line.len + 1;
    if (line.len != 0 || !read_body(tb_bytes_of(text.data, body_len), domain, &point)) {
        return TB_STATUS(CHAT_LOG_CHECKPOINT_FORM);
    }
    TRY(key_id(suite, domain, intake_key, id));
    for (size_t i = 0; i < SIGNATURE_LINE_COUNT_MAX && take_line(&rest, &line); i++) {
        if (!read_signature(line, domain, id, signature)) continue;
        TRY(chat_status_as(suite->provider->verify(suite->provider, CRYPTO_ED25519, intake_key,
                                                   tb_bytes_of(text.data, body_len),
                                                   tb_bytes_of(signature + KEY_ID_LEN,
                                                               SIGNATURE_LEN)),
                           CHAT_LOG_CHECKPOINT_SIGNATURE));
        *out = point;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(CHAT_LOG_CHECKPOINT_SIGNATURE);
}

tb_status chat_log_checkpoint_past(const struct crypto_suite *suite,
                                   const struct chat_hub_record *hub, tb_bytes text,
                                   struct tb_arena *arena, struct chat_log_point *out)
{
    tb_status status =
        chat_log_checkpoint_open(suite, hub->intake_key, hub->domain, text, arena, out);
    for (size_t i = hub->old_intakes.count; i-- > 0;) {
        if (status.code != CHAT_LOG_CHECKPOINT_SIGNATURE) break;
        status = chat_log_checkpoint_open(suite, hub->old_intakes.at[i].signature_key,
                                          hub->domain, text, arena, out);
    }
    return status;
}

/* ------------------------------------------------------------------ proofs */

tb_status chat_log_path_read(const struct chat_log_path *wire, struct chat_merkle_path *out)
{
    if (wire->hashes.count > CHAT_MERKLE_PATH_COUNT_MAX) return TB_STATUS(CHAT_MERKLE_RANGE);
    out->count = wire->hashes.count;
    for (size_t i = 0; i < out->count; i++) {
        memcpy(out->at[i].at, wire->hashes.at[i].hash, CHAT_HASH_LEN);
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_log_path_write(const struct chat_merkle_path *path, struct tb_arena *arena,
                              struct chat_log_path *out)
{
    struct chat_log_hash *at = tb_arena_take(arena, path->count, sizeof *at);
    if (at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < path->count; i++) memcpy(at[i].hash, path->at[i].at, CHAT_HASH_LEN);
    out->hashes.at = at;
    out->hashes.count = path->count;
    return TB_STATUS(TB_OK);
}

tb_status chat_log_proof_verify(const struct crypto_suite *suite,
                                const struct chat_log_proof *proof,
                                const struct chat_hub_record *hub, struct tb_arena *arena,
                                struct chat_log_leaf *leaf, struct chat_decision_entry *entry,
                                struct chat_log_point *point)
{
    struct chat_merkle_path path;
    struct chat_merkle_hash hash;
    if (proof->row.entry.len == 0) return TB_STATUS(CHAT_LOG_COMMITMENT);
    TRY(chat_log_row_verify(suite, &proof->row, arena, leaf));
    TRY(wire_decode(&chat_decision_entry_desc, proof->row.entry, arena, entry, NULL));
    if (entry->number == 0) return TB_STATUS(CHAT_DECISION_ENTRY_CHAIN);
    TRY(chat_decision_entry_verify(suite, entry, chat_records_intake_key(hub, entry->logged_ms),
                                   entry->number - 1, entry->prev_entry_hash, arena));
    TRY(chat_log_checkpoint_past(suite, hub, proof->checkpoint, arena, point));
    TRY(chat_log_path_read(&proof->inclusion, &path));
    TRY(chat_merkle_leaf(suite, proof->row.leaf, &hash));
    return chat_merkle_inclusion_verify(suite, proof->index, point->size, &hash, &path,
                                        &point->root);
}

tb_status chat_log_fork_verify(const struct crypto_suite *suite, const struct chat_log_fork *fork,
                               const struct chat_hub_record *hub, struct tb_arena *arena,
                               struct chat_log_point *first, struct chat_log_point *second)
{
    struct chat_merkle_path path;
    TRY(chat_log_checkpoint_past(suite, hub, fork->first, arena, first));
    TRY(chat_log_checkpoint_past(suite, hub, fork->second, arena, second));
    TRY(chat_log_path_read(&fork->consistency, &path));
    if (second->size < first->size) { /* the larger one is to hold the other */
        struct chat_log_point other = *first;
        *first = *second;
        *second = other;
    }
    return chat_merkle_consistency_verify(suite, first->size, second->size, &first->root,
                                          &second->root, &path);
}
