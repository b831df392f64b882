#include "mls/secret_tree.h"

#include <assert.h>
#include <string.h>

#include "mls/structs_state.h"

enum { LEAF_COUNT_MAX = 1 << 30, GROWTH_COUNT = 8 };

/* The secret of a subtree in which nobody has sent.  Positions are those of a binary heap: 1 is the
 * root, the children of p are 2p and 2p + 1, and leaf n of a tree of width w is w + n. */
struct subtree {
    uint32_t position;
    uint8_t secret[CRYPTO_HASH_MAX];
};

struct late_key {
    uint32_t generation;
    struct mls_message_key key;
};

struct ratchet {
    uint32_t generation; /* the first that secret can still derive */
    uint8_t secret[CRYPTO_HASH_MAX];
    struct late_key *late; /* ascending; NULL until a generation is skipped */
    size_t late_count;
};

struct sender {
    uint32_t leaf_index;
    struct ratchet handshake;
    struct ratchet application;
};

/* What the last _find derived and _take puts in place. */
struct step {
    uint8_t secret[CRYPTO_HASH_MAX];
    struct late_key skipped[MLS_GENERATION_LATE_COUNT_MAX];
    size_t skipped_count;
};

struct mls_secret_tree {
    const struct crypto_suite *suite;
    struct tb_mem *mem;
    uint32_t leaf_count;
    uint32_t width; /* leaf_count rounded up to a power of two */
    struct subtree *subtrees; /* ascending by position */
    size_t subtree_count, subtree_cap;
    struct sender *senders; /* ascending by leaf */
    size_t sender_count, sender_cap;
    struct step step;
};

static const size_t late_bytes = MLS_GENERATION_LATE_COUNT_MAX * sizeof(struct late_key);

void mls_secret_tree_find_wipe(struct mls_secret_tree_find *find)
{
    tb_wipe(find, sizeof *find);
}

/* ---------------------------------------------------------------- sorted arrays */

/* Room for count more items of this size; items move, so pointers into them end here. */
static tb_status array_reserve(struct tb_mem *mem, void *items_pointer, size_t *cap, size_t used,
                               size_t more, size_t size)
{
    void *old;
    memcpy(&old, items_pointer, sizeof old);
    if (*cap - used >= more) return TB_STATUS(TB_OK);
    size_t next_cap = *cap * 2 > used + more ? *cap * 2 : used + more + GROWTH_COUNT;
    void *next = tb_mem_take(mem, next_cap * size);
    if (next == NULL) return TB_STATUS(TB_NO_SPACE);
    if (used != 0) memcpy(next, old, used * size);
    tb_mem_give(mem, old, *cap * size);
    memcpy(items_pointer, &next, sizeof next);
    *cap = next_cap;
    return TB_STATUS(TB_OK);
}

/* Index of the first subtree at or behind this position. */
static size_t subtree_at(const struct mls_secret_tree *tree, uint32_t position)
{
    size_t low = 0, high = tree->subtree_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tree->subtrees[middle].position < position) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static size_t sender_at(const struct mls_secret_tree *tree, uint32_t leaf_index)
{
    size_t low = 0, high = tree->sender_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (tree->senders[middle].leaf_index < leaf_index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The caller has reserved room. */
static void subtree_put(struct mls_secret_tree *tree, uint32_t position, const uint8_t *secret)
{
    size_t at = subtree_at(tree, position);
    assert(tree->subtree_count < tree->subtree_cap);
    memmove(tree->subtrees + at + 1, tree->subtrees + at,
            (tree->subtree_count - at) * sizeof *tree->subtrees);
    tree->subtrees[at].position = position;
    memcpy(tree->subtrees[at].secret, secret, tree->suite->hash_len);
    tree->subtree_count++;
}

static void subtree_remove(struct mls_secret_tree *tree, size_t at)
{
    memmove(tree->subtrees + at, tree->subtrees + at + 1,
            (tree->subtree_count - at - 1) * sizeof *tree->subtrees);
    tree->subtree_count--;
    tb_wipe(tree->subtrees + tree->subtree_count, sizeof *tree->subtrees);
}

/* ---------------------------------------------------------------- life */

static tb_status tree_alloc(const struct crypto_suite *suite, struct tb_mem *mem,
                            uint32_t leaf_count, struct mls_secret_tree **out)
{
    if (leaf_count == 0 || leaf_count > LEAF_COUNT_MAX) return TB_STATUS(TB_TOO_LONG);
    struct mls_secret_tree *tree = tb_mem_take(mem, sizeof *tree);
    if (tree == NULL) return TB_STATUS(TB_NO_SPACE);
    tree->suite = suite;
    tree->mem = mem;
    tree->leaf_count = leaf_count;
    tree->width = 1;
    while (tree->width < leaf_count) tree->width *= 2;
    *out = tree;
    return TB_STATUS(TB_OK);
}

tb_status mls_secret_tree_new(const struct crypto_suite *suite, struct tb_mem *mem,
                              uint32_t leaf_count, const struct tb_secret *encryption_secret,
                              struct mls_secret_tree **out)
{
    struct mls_secret_tree *tree = NULL;
    assert(encryption_secret->len == suite->hash_len);
    TRY(tree_alloc(suite, mem, leaf_count, &tree));
    tb_status status = array_reserve(mem, &tree->subtrees, &tree->subtree_cap, 0, 1,
                                     sizeof *tree->subtrees);
    if (!tb_is_ok(status)) {
        mls_secret_tree_free(tree);
        return status;
    }
    subtree_put(tree, 1, encryption_secret->data);
    *out = tree;
    return status;
}

void mls_secret_tree_free(struct mls_secret_tree *tree)
{
    if (tree == NULL) return;
    struct tb_mem *mem = tree->mem;
    for (size_t i = 0; i < tree->sender_count; i++) {
        tb_mem_give(mem, tree->senders[i].handshake.late, late_bytes);
        tb_mem_give(mem, tree->senders[i].application.late, late_bytes);
    }
    tb_mem_give(mem, tree->senders, tree->sender_cap * sizeof *tree->senders);
    tb_mem_give(mem, tree->subtrees, tree->subtree_cap * sizeof *tree->subtrees);
    tb_mem_give(mem, tree, sizeof *tree);
}

/* ---------------------------------------------------------------- from the root to a leaf */

static tb_status expand(const struct crypto_suite *suite, const uint8_t *secret, const char *label,
                        const char *context, uint8_t *out)
{
    struct tb_secret value = { 0 };
    tb_status status = crypto_expand_label(suite, (tb_bytes){ secret, suite->hash_len }, label,
                                           tb_bytes_text(context), suite->hash_len, &value);
    if (tb_is_ok(status)) memcpy(out, value.data, suite->hash_len);
    tb_secret_wipe(&value);
    return status;
}

enum { DEPTH_MAX = 31 };

/*
 * Derive the secrets on the way from an ancestor to the leaf; siblings[d] is the subtree that
 * branches off at depth d.  Nothing of the tree changes.
 */
static tb_status walk_down(const struct mls_secret_tree *tree, uint32_t from, uint32_t leaf,
                           uint8_t secret[CRYPTO_HASH_MAX], struct subtree *siblings,
                           size_t *sibling_count)
{
    unsigned depth = 0;
    while (leaf >> depth != from) depth++;
    *sibling_count = depth;
    for (size_t i = 0; i < *sibling_count; i++) {
        uint32_t child = leaf >> (depth - 1 - i);
        bool goes_left = child % 2 == 0;
        siblings[i].position = child ^ 1;
        TRY(expand(tree->suite, secret, "tree", goes_left ? "right" : "left", siblings[i].secret));
        TRY(expand(tree->suite, secret, "tree", goes_left ? "left" : "right", secret));
    }
    return TB_STATUS(TB_OK);
}

/* The subtree that a leaf is still under; false when it was taken. */
static bool find_above(const struct mls_secret_tree *tree, uint32_t leaf, uint32_t *from,
                       size_t *at)
{
    for (*from = leaf; *from != 0; *from /= 2) {
        *at = subtree_at(tree, *from);
        if (*at < tree->subtree_count && tree->subtrees[*at].position == *from) return true;
    }
    return false;
}

/* There is room: what branches off takes the place of what was walked down from. */
static void branch_off(struct mls_secret_tree *tree, size_t at, const struct subtree *siblings,
                       size_t sibling_count)
{
    subtree_remove(tree, at);
    for (size_t i = 0; i < sibling_count; i++) {
        subtree_put(tree, siblings[i].position, siblings[i].secret);
    }
}

tb_status mls_secret_tree_leaf_take(struct mls_secret_tree *tree, uint32_t leaf_index,
                                    struct tb_secret *out)
{
    struct subtree siblings[DEPTH_MAX];
    uint8_t secret[CRYPTO_HASH_MAX];
    size_t sibling_count = 0, at = 0;
    uint32_t leaf = tree->width + leaf_index, from;
    tb_status status = TB_STATUS(TB_OK);

    assert(leaf_index < tree->leaf_count);
    if (!find_above(tree, leaf, &from, &at)) return TB_STATUS(MLS_EXPORT_CONSUMED);
    memcpy(secret, tree->subtrees[at].secret, tree->suite->hash_len);
    CHECK(walk_down(tree, from, leaf, secret, siblings, &sibling_count));
    CHECK(array_reserve(tree->mem, &tree->subtrees, &tree->subtree_cap, tree->subtree_count,
                        sibling_count, sizeof *tree->subtrees));
    branch_off(tree, at, siblings, sibling_count);
    tb_secret_set(out, (tb_bytes){ secret, tree->suite->hash_len });
out:
    tb_wipe(secret, sizeof secret);
    tb_wipe(siblings, sizeof siblings);
    return status;
}

bool mls_secret_tree_is_silent(const struct mls_secret_tree *tree)
{
    return tree->sender_count == 0;
}

uint32_t mls_secret_tree_leaf_count(const struct mls_secret_tree *tree)
{
    return tree->leaf_count;
}

/* Both ratchets of a leaf that was silent so far, in place of the subtree secret above it. */
static tb_status sender_start(struct mls_secret_tree *tree, uint32_t leaf_index)
{
    const struct crypto_suite *suite = tree->suite;
    struct subtree siblings[DEPTH_MAX];
    struct sender sender = { .leaf_index = leaf_index };
    uint8_t secret[CRYPTO_HASH_MAX];
    size_t sibling_count = 0, at = 0;
    uint32_t leaf = tree->width + leaf_index, from;
    tb_status status = TB_STATUS(TB_OK);

    /* A valid state has each leaf either under a subtree or among the senders. */
    if (!find_above(tree, leaf, &from, &at)) return TB_STATUS(MLS_GENERATION_USED);
    memcpy(secret, tree->subtrees[at].secret, suite->hash_len);
    CHECK(walk_down(tree, from, leaf, secret, siblings, &sibling_count));
    CHECK(expand(suite, secret, "handshake", "", sender.handshake.secret));
    CHECK(expand(suite, secret, "application", "", sender.application.secret));
    CHECK(array_reserve(tree->mem, &tree->subtrees, &tree->subtree_cap, tree->subtree_count,
                        sibling_count, sizeof *tree->subtrees));
    CHECK(array_reserve(tree->mem, &tree->senders, &tree->sender_cap, tree->sender_count, 1,
                        sizeof *tree->senders));

    branch_off(tree, at, siblings, sibling_count);
    at = sender_at(tree, leaf_index);
    memmove(tree->senders + at + 1, tree->senders + at,
            (tree->sender_count - at) * sizeof *tree->senders);
    tree->senders[at] = sender;
    tree->sender_count++;
out:
    tb_wipe(secret, sizeof secret);
    tb_wipe(siblings, sizeof siblings);
    tb_wipe(&sender, sizeof sender);
    return status;
}

static tb_status ratchet_of(struct mls_secret_tree *tree, uint32_t leaf_index,
                            enum mls_ratchet_kind kind, struct ratchet **out)
{
    if (leaf_index >= tree->leaf_count) return TB_STATUS(MLS_SENDER);
    size_t at = sender_at(tree, leaf_index);
    if (at == tree->sender_count || tree->senders[at].leaf_index != leaf_index) {
        TRY(sender_start(tree, leaf_index));
    }
    struct sender *sender = &tree->senders[at];
    *out = kind == MLS_RATCHET_HANDSHAKE ? &sender->handshake : &sender->application;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- along a ratchet */

static tb_status derive_key(const struct crypto_suite *suite, const uint8_t *secret,
                            uint32_t generation, struct mls_message_key *out)
{
    tb_bytes view = { secret, suite->hash_len };
    struct tb_secret key = { 0 }, nonce = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    CHECK(crypto_derive_tree_secret(suite, view, "key", generation, suite->key_len, &key));
    CHECK(crypto_derive_tree_secret(suite, view, "nonce", generation, CRYPTO_NONCE_LEN, &nonce));
    memcpy(out->key, key.data, suite->key_len);
    memcpy(out->nonce, nonce.data, CRYPTO_NONCE_LEN);
out:
    tb_secret_wipe(&key);
    tb_secret_wipe(&nonce);
    return status;
}

static tb_status derive_next(const struct crypto_suite *suite, uint8_t *secret,
                             uint32_t generation)
{
    struct tb_secret next = { 0 };
    tb_status status = crypto_derive_tree_secret(suite, (tb_bytes){ secret, suite->hash_len },
                                                 "secret", generation, suite->hash_len, &next);
    if (tb_is_ok(status)) memcpy(secret, next.data, suite->hash_len);
    tb_secret_wipe(&next);
    return status;
}

static tb_status find_late(const struct ratchet *ratchet, uint32_t generation,
                           struct mls_message_key *out)
{
    for (size_t i = 0; i < ratchet->late_count; i++) {
        if (ratchet->late[i].generation != generation) continue;
        *out = ratchet->late[i].key;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(MLS_GENERATION_USED);
}

/* Fill the step: from the ratchet's head to this generation and one beyond. */
static tb_status find_ahead(struct mls_secret_tree *tree, struct ratchet *ratchet,
                            uint32_t generation, struct mls_message_key *out)
{
    const struct crypto_suite *suite = tree->suite;
    struct step *step = &tree->step;

    if (generation == UINT32_MAX) return TB_STATUS(MLS_GENERATION_END);
    if (generation - ratchet->generation > MLS_GENERATION_SKIP_MAX) {
        return TB_STATUS(MLS_GENERATION_SKIP);
    }
    if (generation != ratchet->generation && ratchet->late == NULL) {
        ratchet->late = tb_mem_take(tree->mem, late_bytes);
        if (ratchet->late == NULL) return TB_STATUS(TB_NO_SPACE);
    }
    step->skipped_count = 0;
    memcpy(step->secret, ratchet->secret, suite->hash_len);
    for (uint32_t at = ratchet->generation; at < generation; at++) {
        if (generation - at <= MLS_GENERATION_LATE_COUNT_MAX) {
            struct late_key *late = &step->skipped[step->skipped_count++];
            late->generation = at;
            TRY(derive_key(suite, step->secret, at, &late->key));
        }
        TRY(derive_next(suite, step->secret, at));
    }
    TRY(derive_key(suite, step->secret, generation, out));
    return derive_next(suite, step->secret, generation);
}

tb_status mls_secret_tree_find(struct mls_secret_tree *tree, uint32_t leaf_index,
                               enum mls_ratchet_kind kind, uint32_t generation,
                               struct mls_secret_tree_find *out)
{
    struct ratchet *ratchet = NULL;
    TRY(ratchet_of(tree, leaf_index, kind, &ratchet));
    *out = (struct mls_secret_tree_find){ leaf_index, kind, generation, { { 0 }, { 0 } } };
    tb_status status = generation < ratchet->generation
                           ? find_late(ratchet, generation, &out->key)
                           : find_ahead(tree, ratchet, generation, &out->key);
    if (!tb_is_ok(status)) {
        tb_wipe(&tree->step, sizeof tree->step);
        mls_secret_tree_find_wipe(out);
    }
    return status;
}

static void late_remove(struct ratchet *ratchet, size_t index, size_t count)
{
    memmove(ratchet->late + index, ratchet->late + index + count,
            (ratchet->late_count - index - count) * sizeof *ratchet->late);
    ratchet->late_count -= count;
    tb_wipe(ratchet->late + ratchet->late_count, count * sizeof *ratchet->late);
}

static void late_append(struct ratchet *ratchet, const struct late_key *keys, size_t count)
{
    size_t room = MLS_GENERATION_LATE_COUNT_MAX - ratchet->late_count;
    if (count == 0) return;
    if (count > room) late_remove(ratchet, 0, count - room);
    memcpy(ratchet->late + ratchet->late_count, keys, count * sizeof *keys);
    ratchet->late_count += count;
}

void mls_secret_tree_take(struct mls_secret_tree *tree, struct mls_secret_tree_find *find)
{
    size_t at = sender_at(tree, find->leaf_index);
    assert(at < tree->sender_count && tree->senders[at].leaf_index == find->leaf_index);
    struct sender *sender = &tree->senders[at];
    struct ratchet *ratchet = find->kind == MLS_RATCHET_HANDSHAKE ? &sender->handshake
                                                                  : &sender->application;
    if (find->generation < ratchet->generation) {
        size_t i = 0;
        while (i < ratchet->late_count && ratchet->late[i].generation != find->generation) i++;
        assert(i < ratchet->late_count);
        late_remove(ratchet, i, 1);
    } else {
        late_append(ratchet, tree->step.skipped, tree->step.skipped_count);
        memcpy(ratchet->secret, tree->step.secret, tree->suite->hash_len);
        ratchet->generation = find->generation + 1;
    }
    tb_wipe(&tree->step, sizeof tree->step);
    mls_secret_tree_find_wipe(find);
}

tb_status mls_secret_tree_next(struct mls_secret_tree *tree, uint32_t leaf_index,
                               enum mls_ratchet_kind kind, uint32_t *generation,
                               struct mls_message_key *key)
{
    struct mls_secret_tree_find find;
    struct ratchet *ratchet = NULL;
    TRY(ratchet_of(tree, leaf_index, kind, &ratchet));
    TRY(mls_secret_tree_find(tree, leaf_index, kind, ratchet->generation, &find));
    *generation = find.generation;
    *key = find.key;
    mls_secret_tree_take(tree, &find);
    return TB_STATUS(TB_OK);
}

tb_status mls_secret_tree_sender_data(const struct crypto_suite *suite,
                                      const struct tb_secret *sender_data_secret,
                                      tb_bytes ciphertext, struct mls_message_key *out)
{
    tb_bytes secret = tb_secret_view(sender_data_secret), sample = ciphertext;
    struct tb_secret key = { 0 }, nonce = { 0 };
    tb_status status = TB_STATUS(TB_OK);

    if (sample.len > suite->hash_len) sample.len = suite->hash_len;
    CHECK(crypto_expand_label(suite, secret, "key", sample, suite->key_len, &key));
    CHECK(crypto_expand_label(suite, secret, "nonce", sample, CRYPTO_NONCE_LEN, &nonce));
    memcpy(out->key, key.data, suite->key_len);
    memcpy(out->nonce, nonce.data, CRYPTO_NONCE_LEN);
out:
    tb_secret_wipe(&key);
    tb_secret_wipe(&nonce);
    return status;
}

/* ---------------------------------------------------------------- stored form */

static tb_status ratchet_encode(const struct mls_secret_tree *tree, const struct ratchet *ratchet,
                                struct tb_arena *arena, struct mls_ratchet_blob *out)
{
    out->generation = ratchet->generation;
    out->secret = (tb_bytes){ ratchet->secret, tree->suite->hash_len };
    out->late.count = ratchet->late_count;
    out->late.at = tb_arena_take(arena, ratchet->late_count, sizeof *out->late.at);
    if (out->late.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < ratchet->late_count; i++) {
        const struct late_key *late = &ratchet->late[i];
        out->late.at[i] = (struct mls_late_key_blob){
            late->generation,
            { late->key.key, tree->suite->key_len },
            { late->key.nonce, CRYPTO_NONCE_LEN },
        };
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_secret_tree_encode(const struct mls_secret_tree *tree, struct tb_arena *arena,
                                 tb_bytes *out)
{
    struct mls_secret_tree_blob blob = { .leaf_count = tree->leaf_count };
    blob.subtrees.count = tree->subtree_count;
    blob.senders.count = tree->sender_count;
    blob.subtrees.at = tb_arena_take(arena, tree->subtree_count, sizeof *blob.subtrees.at);
    blob.senders.at = tb_arena_take(arena, tree->sender_count, sizeof *blob.senders.at);
    if (blob.subtrees.at == NULL || blob.senders.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < tree->subtree_count; i++) {
        blob.subtrees.at[i].position = tree->subtrees[i].position;
        blob.subtrees.at[i].secret = (tb_bytes){ tree->subtrees[i].secret, tree->suite->hash_len };
    }
    for (size_t i = 0; i < tree->sender_count; i++) {
        struct mls_sender_blob *sender = &blob.senders.at[i];
        sender->leaf_index = tree->senders[i].leaf_index;
        TRY(ratchet_encode(tree, &tree->senders[i].handshake, arena, &sender->handshake));
        TRY(ratchet_encode(tree, &tree->senders[i].application, arena, &sender->application));
    }
    return wire_encode(&mls_secret_tree_blob_desc, &blob, arena, out);
}

static tb_status ratchet_decode(struct mls_secret_tree *tree, const struct mls_ratchet_blob *blob,
                                struct ratchet *out)
{
    if (blob->secret.len != tree->suite->hash_len) return TB_STATUS(MLS_BLOB);
    if (blob->late.count > MLS_GENERATION_LATE_COUNT_MAX) return TB_STATUS(MLS_BLOB);
    memcpy(out->secret, blob->secret.data, blob->secret.len);
    out->generation = blob->generation;
    if (blob->late.count == 0) return TB_STATUS(TB_OK);
    out->late = tb_mem_take(tree->mem, late_bytes);
    if (out->late == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < blob->late.count; i++) {
        const struct mls_late_key_blob *late = &blob->late.at[i];
        bool ascends = i == 0 || late->generation > blob->late.at[i - 1].generation;
        if (!ascends || late->generation >= blob->generation ||
            late->key.len != tree->suite->key_len || late->nonce.len != CRYPTO_NONCE_LEN) {
            return TB_STATUS(MLS_BLOB);
        }
        out->late[i].generation = late->generation;
        memcpy(out->late[i].key.key, late->key.data, late->key.len);
        memcpy(out->late[i].key.nonce, late->nonce.data, late->nonce.len);
        out->late_count++;
    }
    return TB_STATUS(TB_OK);
}

static tb_status tree_fill(struct mls_secret_tree *tree, const struct mls_secret_tree_blob *blob)
{
    TRY(array_reserve(tree->mem, &tree->subtrees, &tree->subtree_cap, 0, blob->subtrees.count,
                      sizeof *tree->subtrees));
    TRY(array_reserve(tree->mem, &tree->senders, &tree->sender_cap, 0, blob->senders.count,
                      sizeof *tree->senders));
    for (size_t i = 0; i < blob->subtrees.count; i++) {
        const struct mls_subtree_blob *subtree = &blob->subtrees.at[i];
        bool ascends = i == 0 || subtree->position > blob->subtrees.at[i - 1].position;
        if (!ascends || subtree->position == 0 || subtree->position >= 2 * tree->width ||
            subtree->secret.len != tree->suite->hash_len) {
            return TB_STATUS(MLS_BLOB);
        }
        subtree_put(tree, subtree->position, subtree->secret.data);
    }
    for (size_t i = 0; i < blob->senders.count; i++) {
        const struct mls_sender_blob *from = &blob->senders.at[i];
        bool ascends = i == 0 || from->leaf_index > blob->senders.at[i - 1].leaf_index;
        if (!ascends || from->leaf_index >= tree->leaf_count) return TB_STATUS(MLS_BLOB);
        /* Counted first, so that a refusal half-way frees what it took. */
        struct sender *sender = &tree->senders[tree->sender_count++];
        sender->leaf_index = from->leaf_index;
        TRY(ratchet_decode(tree, &from->handshake, &sender->handshake));
        TRY(ratchet_decode(tree, &from->application, &sender->application));
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_secret_tree_decode(const struct crypto_suite *suite, struct tb_mem *mem,
                                 tb_bytes blob, struct tb_arena *arena,
                                 struct mls_secret_tree **out)
{
    struct mls_secret_tree_blob in;
    struct mls_secret_tree *tree = NULL;
    TRY(mls_structs_stored(&mls_secret_tree_blob_desc, blob, arena, &in));
    if (in.leaf_count == 0 || in.leaf_count > LEAF_COUNT_MAX) return TB_STATUS(MLS_BLOB);
    TRY(tree_alloc(suite, mem, in.leaf_count, &tree));
    tb_status status = tree_fill(tree, &in);
    if (!tb_is_ok(status)) {
        mls_secret_tree_free(tree);
        return status;
    }
    *out = tree;
    return status;
}
