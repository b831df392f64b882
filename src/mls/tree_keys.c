#include "mls/tree_keys.h"

#include <assert.h>
#include <string.h>

/*
 * A trie over the hexadecimal digits of the digests.  Items are counted and never changed while
 * two sets hold them.
 */
enum { DIGEST_LEN = 32, DIGIT_COUNT = 16, DEPTH_MAX = 2 * DIGEST_LEN };

struct mls_tree_keys_item {
    uint32_t refs;
    uint32_t count; /* of an entry: how often it was put in; 0: this is a branch */
};
struct entry {
    struct mls_tree_keys_item head;
    uint8_t digest[DIGEST_LEN];
};
struct branch {
    struct mls_tree_keys_item head;
    struct mls_tree_keys_item *child[DIGIT_COUNT];
};

static struct entry *entry_of(struct mls_tree_keys_item *item)
{
    assert(item->count != 0);
    return (struct entry *)item;
}

static struct branch *branch_of(struct mls_tree_keys_item *item)
{
    assert(item->count == 0);
    return (struct branch *)item;
}

static size_t digit_of(const uint8_t *digest, size_t depth)
{
    assert(depth < DEPTH_MAX);
    return depth % 2 == 0 ? digest[depth / 2] >> 4 : digest[depth / 2] & 0x0f;
}

static tb_status digest_of(const struct crypto_suite *suite, enum mls_tree_key_kind kind,
                           tb_bytes key, uint8_t out[DIGEST_LEN])
{
    const uint8_t octet = (uint8_t)kind;
    const tb_bytes parts[] = { { &octet, 1 }, key };
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 2, out);
}

static void let_go(struct mls_tree_keys_item *item, struct tb_mem *mem)
{
    if (item == NULL || --item->refs != 0) return;
    if (item->count != 0) {
        tb_mem_give(mem, item, sizeof(struct entry));
        return;
    }
    struct branch *branch = branch_of(item);
    for (size_t i = 0; i < DIGIT_COUNT; i++) let_go(branch->child[i], mem);
    tb_mem_give(mem, branch, sizeof *branch);
}

/* Make *slot this set's own: copied when another set holds it too. */
static tb_status own(struct mls_tree_keys_item **slot, struct tb_mem *mem)
{
    struct mls_tree_keys_item *item = *slot;
    if (item->refs == 1) return TB_STATUS(TB_OK);
    size_t size = item->count != 0 ? sizeof(struct entry) : sizeof(struct branch);
    struct mls_tree_keys_item *copy = tb_mem_take(mem, size);
    if (copy == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(copy, item, size);
    copy->refs = 1;
    for (size_t i = 0; item->count == 0 && i < DIGIT_COUNT; i++) {
        struct mls_tree_keys_item *child = branch_of(copy)->child[i];
        if (child != NULL) child->refs++;
    }
    item->refs--;
    *slot = copy;
    return TB_STATUS(TB_OK);
}

static tb_status put_entry(struct mls_tree_keys_item **slot, struct tb_mem *mem,
                           const uint8_t *digest)
{
    struct entry *entry = tb_mem_take(mem, sizeof *entry);
    if (entry == NULL) return TB_STATUS(TB_NO_SPACE);
    entry->head = (struct mls_tree_keys_item){ .refs = 1, .count = 1 };
    memcpy(entry->digest, digest, DIGEST_LEN);
    *slot = &entry->head;
    return TB_STATUS(TB_OK);
}

/* A branch in the place of an entry, with the entry below it. */
static tb_status put_branch(struct mls_tree_keys_item **slot, struct tb_mem *mem, size_t depth)
{
    struct branch *branch = tb_mem_take(mem, sizeof *branch);
    if (branch == NULL) return TB_STATUS(TB_NO_SPACE);
    branch->head.refs = 1;
    branch->child[digit_of(entry_of(*slot)->digest, depth)] = *slot;
    *slot = &branch->head;
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_keys_insert(struct mls_tree_keys *keys, const struct crypto_suite *suite,
                               struct tb_mem *mem, enum mls_tree_key_kind kind, tb_bytes key)
{
    uint8_t digest[DIGEST_LEN];
    TRY(digest_of(suite, kind, key, digest));
    struct mls_tree_keys_item **slot = &keys->root;
    for (size_t depth = 0;;) {
        if (*slot == NULL) return put_entry(slot, mem, digest);
        TRY(own(slot, mem));
        if ((*slot)->count != 0) {
            if (memcmp(entry_of(*slot)->digest, digest, DIGEST_LEN) == 0) {
                (*slot)->count++;
                keys->duplicate_counts[kind]++;
                return TB_STATUS(TB_OK);
            }
            TRY(put_branch(slot, mem, depth));
        }
        slot = &branch_of(*slot)->child[digit_of(digest, depth)];
        depth++;
    }
}

static bool is_childless(struct branch *branch)
{
    for (size_t i = 0; i < DIGIT_COUNT; i++) {
        if (branch->child[i] != NULL) return false;
    }
    return true;
}

tb_status mls_tree_keys_remove(struct mls_tree_keys *keys, const struct crypto_suite *suite,
                               struct tb_mem *mem, enum mls_tree_key_kind kind, tb_bytes key)
{
    uint8_t digest[DIGEST_LEN];
    struct mls_tree_keys_item **slots[DEPTH_MAX + 1];
    size_t depth = 0;
    TRY(digest_of(suite, kind, key, digest));
    slots[0] = &keys->root;
    for (;;) {
        assert(*slots[depth] != NULL);
        TRY(own(slots[depth], mem));
        if ((*slots[depth])->count != 0) break;
        slots[depth + 1] = &branch_of(*slots[depth])->child[digit_of(digest, depth)];
        depth++;
    }
    struct entry *entry = entry_of(*slots[depth]);
    assert(memcmp(entry->digest, digest, DIGEST_LEN) == 0);
    if (entry->head.count > 1) {
        entry->head.count--;
        assert(keys->duplicate_counts[kind] > 0);
        keys->duplicate_counts[kind]--;
        return TB_STATUS(TB_OK);
    }
    for (;; depth--) {
        let_go(*slots[depth], mem);
        *slots[depth] = NULL;
        if (depth == 0 || !is_childless(branch_of(*slots[depth - 1]))) break;
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_tree_keys_has(const struct mls_tree_keys *keys, const struct crypto_suite *suite,
                            enum mls_tree_key_kind kind, tb_bytes key, bool *out)
{
    uint8_t digest[DIGEST_LEN];
    TRY(digest_of(suite, kind, key, digest));
    struct mls_tree_keys_item *item = keys->root;
    for (size_t depth = 0; item != NULL && item->count == 0; depth++) {
        item = branch_of(item)->child[digit_of(digest, depth)];
    }
    *out = item != NULL && memcmp(entry_of(item)->digest, digest, DIGEST_LEN) == 0;
    return TB_STATUS(TB_OK);
}

void mls_tree_keys_share(const struct mls_tree_keys *from, struct mls_tree_keys *out)
{
    *out = *from;
    if (out->root != NULL) out->root->refs++;
}

void mls_tree_keys_wipe(struct mls_tree_keys *keys, struct tb_mem *mem)
{
    let_go(keys->root, mem);
    *keys = (struct mls_tree_keys){ .root = NULL };
}
