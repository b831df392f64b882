/* Roots, proofs and their verification (RFC 9162, section 2.1). */
#include "chat/merkle.h"

#include <string.h>

/* ------------------------------------------------------------------ hashes */

tb_status chat_merkle_leaf(const struct crypto_suite *suite, tb_bytes leaf,
                           struct chat_merkle_hash *out)
{
    tb_bytes parts[] = { tb_bytes_of("\x00", 1), leaf };
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 2, out->at);
}

static tb_status node_of(const struct crypto_suite *suite, const struct chat_merkle_hash *left,
                         const struct chat_merkle_hash *right, struct chat_merkle_hash *out)
{
    struct chat_merkle_hash made;
    tb_bytes parts[] = { tb_bytes_of("\x01", 1), TB_ARRAY(left->at), TB_ARRAY(right->at) };
    TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 3, made.at));
    *out = made;
    return TB_STATUS(TB_OK);
}

static bool is_same(const struct chat_merkle_hash *a, const struct chat_merkle_hash *b)
{
    return memcmp(a->at, b->at, sizeof a->at) == 0;
}

/* ------------------------------------------------------------------ the tree */

tb_status chat_merkle_append(const struct chat_merkle_nodes *nodes, uint64_t size, tb_bytes leaf)
{
    struct chat_merkle_hash node, left;
    uint8_t level = 0;
    uint64_t index = size;
    if (size == UINT64_MAX) return TB_STATUS(CHAT_MERKLE_RANGE);
    TRY(chat_merkle_leaf(nodes->suite, leaf, &node));
    TRY(nodes->put(nodes->ctx, level, index, &node));
    for (; (index & 1) != 0; index >>= 1) {
        TRY(nodes->get(nodes->ctx, level, index - 1, &left));
        TRY(node_of(nodes->suite, &left, &node, &node));
        level++;
        TRY(nodes->put(nodes->ctx, level, index >> 1, &node));
    }
    return TB_STATUS(TB_OK);
}

/* MTH of leaves begin to end - 1, where begin is a multiple of a power of two that is >= the count:
 * complete subtrees from the left, folded from the right. */
static tb_status range_root(const struct chat_merkle_nodes *nodes, uint64_t begin, uint64_t end,
                            struct chat_merkle_hash *out)
{
    struct chat_merkle_hash parts[CHAT_MERKLE_PATH_COUNT_MAX];
    size_t count = 0;
    const struct crypto_provider *provider = nodes->suite->provider;
    if (begin == end) return provider->hash(provider, CRYPTO_SHA256, NULL, 0, out->at);
    while (begin < end) {
        uint8_t level = 63;
        while ((end - begin) >> level == 0) level--;
        TRY(nodes->get(nodes->ctx, level, begin >> level, &parts[count++]));
        begin += UINT64_C(1) << level;
    }
    for (; count > 1; count--) {
        TRY(node_of(nodes->suite, &parts[count - 2], &parts[count - 1], &parts[count - 2]));
    }
    *out = parts[0];
    return TB_STATUS(TB_OK);
}

tb_status chat_merkle_root(const struct chat_merkle_nodes *nodes, uint64_t size,
                           struct chat_merkle_hash *out)
{
    return range_root(nodes, 0, size, out);
}

/* The largest power of two below n > 1. */
static uint64_t split_of(uint64_t n)
{
    uint64_t k = 1;
    while (k < n - k) k <<= 1;
    return k;
}

static void turn_round(struct chat_merkle_path *path)
{
    for (size_t i = 0; i < path->count / 2; i++) {
        struct chat_merkle_hash other = path->at[i];
        path->at[i] = path->at[path->count - 1 - i];
        path->at[path->count - 1 - i] = other;
    }
}

tb_status chat_merkle_inclusion(const struct chat_merkle_nodes *nodes, uint64_t index,
                                uint64_t size, struct chat_merkle_path *out)
{
    uint64_t begin = 0, end = size;
    if (index >= size) return TB_STATUS(CHAT_MERKLE_RANGE);
    out->count = 0;
    while (end - begin > 1) {
        uint64_t middle = begin + split_of(end - begin);
        struct chat_merkle_hash *sibling = &out->at[out->count++];
        if (index < middle) {
            TRY(range_root(nodes, middle, end, sibling));
            end = middle;
        } else {
            TRY(range_root(nodes, begin, middle, sibling));
            begin = middle;
        }
    }
    turn_round(out);
    return TB_STATUS(TB_OK);
}

tb_status chat_merkle_consistency(const struct chat_merkle_nodes *nodes, uint64_t first,
                                  uint64_t second, struct chat_merkle_path *out)
{
    uint64_t begin = 0, end = second;
    bool is_known = true; /* the subtree's hash is the first root itself */
    if (first == 0 || first > second) return TB_STATUS(CHAT_MERKLE_RANGE);
    out->count = 0;
    while (first != end) {
        uint64_t middle = begin + split_of(end - begin);
        struct chat_merkle_hash *sibling = &out->at[out->count++];
        if (first <= middle) {
            TRY(range_root(nodes, middle, end, sibling));
            end = middle;
        } else {
            TRY(range_root(nodes, begin, middle, sibling));
            begin = middle;
            is_known = false;
        }
    }
    if (!is_known) TRY(range_root(nodes, begin, end, &out->at[out->count++]));
    turn_round(out);
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ verification */

/* Up to the next level at which there is a node on the left. */
static void climb(uint64_t *fn, uint64_t *sn)
{
    while ((*fn & 1) == 0 && *fn != 0) {
        *fn >>= 1;
        *sn >>= 1;
    }
}

tb_status chat_merkle_inclusion_verify(const struct crypto_suite *suite, uint64_t index,
                                       uint64_t size, const struct chat_merkle_hash *leaf,
                                       const struct chat_merkle_path *path,
                                       const struct chat_merkle_hash *root)
{
    uint64_t fn = index, sn = size - 1;
    struct chat_merkle_hash r = *leaf;
    if (index >= size) return TB_STATUS(CHAT_MERKLE_INCLUSION);
    for (size_t i = 0; i < path->count; i++) {
        if (sn == 0) return TB_STATUS(CHAT_MERKLE_INCLUSION);
        if ((fn & 1) != 0 || fn == sn) {
            TRY(node_of(suite, &path->at[i], &r, &r));
            climb(&fn, &sn);
        } else {
            TRY(node_of(suite, &r, &path->at[i], &r));
        }
        fn >>= 1;
        sn >>= 1;
    }
    return TB_STATUS(sn == 0 && is_same(&r, root) ? TB_OK : CHAT_MERKLE_INCLUSION);
}

static tb_status consistency_walk(const struct crypto_suite *suite, uint64_t fn, uint64_t sn,
                                  const struct chat_merkle_hash *first,
                                  const struct chat_merkle_path *path, size_t at,
                                  struct chat_merkle_hash *fr, struct chat_merkle_hash *sr)
{
    *fr = *sr = *first;
    for (; at < path->count; at++) {
        if (sn == 0) return TB_STATUS(CHAT_MERKLE_CONSISTENCY);
        if ((fn & 1) != 0 || fn == sn) {
            TRY(node_of(suite, &path->at[at], fr, fr));
            TRY(node_of(suite, &path->at[at], sr, sr));
            climb(&fn, &sn);
        } else {
            TRY(node_of(suite, sr, &path->at[at], sr));
        }
        fn >>= 1;
        sn >>= 1;
    }
    return TB_STATUS(sn == 0 ? TB_OK : CHAT_MERKLE_CONSISTENCY);
}

tb_status chat_merkle_consistency_verify(const struct crypto_suite *suite, uint64_t first,
                                         uint64_t second,
                                         const struct chat_merkle_hash *first_root,
                                         const struct chat_merkle_hash *second_root,
                                         const struct chat_merkle_path *path)
{
    struct chat_merkle_hash fr, sr;
    if (second < first) return TB_STATUS(CHAT_MERKLE_RANGE);
    if (first == second) {
        return TB_STATUS(is_same(first_root, second_root) ? TB_OK : CHAT_MERKLE_FORK);
    }
    if (first == 0) return TB_STATUS(TB_OK); /* every tree begins with the empty one */
    bool is_whole = (first & (first - 1)) == 0;
    if (path->count == 0) return TB_STATUS(CHAT_MERKLE_CONSISTENCY);
    uint64_t fn = first - 1, sn = second - 1;
    while ((fn & 1) != 0) {
        fn >>= 1;
        sn >>= 1;
    }
    TRY(consistency_walk(suite, fn, sn, is_whole ? first_root : &path->at[0], path,
                         is_whole ? 0 : 1, &fr, &sr));
    if (!is_same(&sr, second_root)) return TB_STATUS(CHAT_MERKLE_CONSISTENCY);
    return TB_STATUS(is_same(&fr, first_root) ? TB_OK : CHAT_MERKLE_FORK);
}
