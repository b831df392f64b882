/* The secret tree: RFC 9420, section 9; every small size, every order, and what it forgets. */
#include "mls/secret_tree.h"
#include "tests/support.h"

struct fixture {
    struct test_heap heap;
    struct tb_arena arena;
    struct crypto_suite suite;
    struct tb_secret secret;
};

static void fixture_init(struct fixture *f, uint16_t suite)
{
    test_heap_init(&f->heap);
    tb_arena_init(&f->arena, &f->heap.mem, SIZE_MAX);
    assert_ok(crypto_suite_init(&f->suite, suite, crypto_backend_native()));
    f->secret = (struct tb_secret){ .len = f->suite.hash_len };
    memset(f->secret.data, 0x42, f->secret.len);
}

static void fixture_end(struct fixture *f)
{
    tb_arena_wipe(&f->arena);
    assert_int_equal(f->heap.mem.used_bytes, 0);
}

static struct mls_secret_tree *new_tree(struct fixture *f, uint32_t leaf_count)
{
    struct mls_secret_tree *tree = NULL;
    assert_ok(mls_secret_tree_new(&f->suite, &f->heap.mem, leaf_count, &f->secret, &tree));
    return tree;
}

static struct mls_message_key take(struct mls_secret_tree *tree, uint32_t leaf,
                                   enum mls_ratchet_kind kind, uint32_t generation)
{
    struct mls_secret_tree_find find;
    assert_ok(mls_secret_tree_find(tree, leaf, kind, generation, &find));
    struct mls_message_key key = find.key;
    mls_secret_tree_take(tree, &find);
    return key;
}

static void both_sides_derive_the_same_keys_in_every_small_tree(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, 0x0003);
    for (uint32_t leaf_count = 1; leaf_count <= 17; leaf_count++) {
        struct mls_secret_tree *upward = new_tree(&f, leaf_count);
        struct mls_secret_tree *downward = new_tree(&f, leaf_count);
        struct mls_message_key keys[17], other;
        uint32_t generation;
        for (uint32_t i = 0; i < leaf_count; i++) {
            assert_ok(mls_secret_tree_next(upward, i, MLS_RATCHET_APPLICATION, &generation,
                                           &keys[i]));
            assert_int_equal(generation, 0);
        }
        for (uint32_t i = leaf_count; i-- > 0;) {
            other = take(downward, i, MLS_RATCHET_APPLICATION, 0);
            assert_memory_equal(&other, &keys[i], sizeof other);
            other = take(downward, i, MLS_RATCHET_HANDSHAKE, 0);
            assert_memory_not_equal(&other, &keys[i], sizeof other);
            for (uint32_t j = 0; j < i; j++) {
                assert_memory_not_equal(&keys[i], &keys[j], sizeof keys[i]);
            }
        }
        mls_secret_tree_free(upward);
        mls_secret_tree_free(downward);
    }
    fixture_end(&f);
}

static void each_order_of_five_generations_gives_each_key_once(void **state)
{
    (void)state;
    struct fixture f;
    struct mls_message_key in_order[5];
    fixture_init(&f, 0x0001);
    struct mls_secret_tree *tree = new_tree(&f, 2);
    for (uint32_t g = 0; g < 5; g++) in_order[g] = take(tree, 1, MLS_RATCHET_HANDSHAKE, g);
    mls_secret_tree_free(tree);
    for (uint32_t order = 0; order < 3125; order++) {
        uint32_t digits = order, seen = 0;
        tree = new_tree(&f, 2);
        for (int i = 0; i < 5; i++, digits /= 5) {
            uint32_t g = digits % 5;
            struct mls_secret_tree_find find;
            if ((seen >> g & 1) != 0) {
                assert_status(mls_secret_tree_find(tree, 1, MLS_RATCHET_HANDSHAKE, g, &find),
                              MLS_GENERATION_USED);
                continue;
            }
            struct mls_message_key key = take(tree, 1, MLS_RATCHET_HANDSHAKE, g);
            assert_memory_equal(&key, &in_order[g], sizeof key);
            seen |= 1u << g;
        }
        mls_secret_tree_free(tree);
    }
    fixture_end(&f);
}

static void a_find_without_take_changes_nothing(void **state)
{
    (void)state;
    struct fixture f;
    struct mls_secret_tree_find first, second;
    fixture_init(&f, 0x0003);
    struct mls_secret_tree *tree = new_tree(&f, 4);
    assert_ok(mls_secret_tree_find(tree, 2, MLS_RATCHET_APPLICATION, 900, &first));
    assert_ok(mls_secret_tree_find(tree, 2, MLS_RATCHET_APPLICATION, 0, &second));
    mls_secret_tree_take(tree, &second);
    struct mls_message_key key = take(tree, 2, MLS_RATCHET_APPLICATION, 900);
    assert_memory_equal(&key, &first.key, sizeof key);
    mls_secret_tree_free(tree);
    fixture_end(&f);
}

static void the_windows_have_exact_edges(void **state)
{
    (void)state;
    struct fixture f;
    struct mls_secret_tree_find find;
    const uint32_t far = MLS_GENERATION_SKIP_MAX;
    fixture_init(&f, 0x0003);
    struct mls_secret_tree *tree = new_tree(&f, 1);
    assert_status(mls_secret_tree_find(tree, 1, MLS_RATCHET_APPLICATION, 0, &find), MLS_SENDER);
    assert_status(mls_secret_tree_find(tree, 0, MLS_RATCHET_APPLICATION, far + 1, &find),
                  MLS_GENERATION_SKIP);
    (void)take(tree, 0, MLS_RATCHET_APPLICATION, far);
    assert_status(mls_secret_tree_find(tree, 0, MLS_RATCHET_APPLICATION,
                                       far - MLS_GENERATION_LATE_COUNT_MAX - 1, &find),
                  MLS_GENERATION_USED);
    (void)take(tree, 0, MLS_RATCHET_APPLICATION, far - MLS_GENERATION_LATE_COUNT_MAX);
    (void)take(tree, 0, MLS_RATCHET_APPLICATION, far - 1);
    assert_status(mls_secret_tree_find(tree, 0, MLS_RATCHET_APPLICATION, far - 1, &find),
                  MLS_GENERATION_USED);
    /* Newer skipped keys push the oldest out, and none too many. */
    (void)take(tree, 0, MLS_RATCHET_APPLICATION, far + 6);
    assert_status(mls_secret_tree_find(tree, 0, MLS_RATCHET_APPLICATION,
                                       far - MLS_GENERATION_LATE_COUNT_MAX + 1, &find),
                  MLS_GENERATION_USED);
    (void)take(tree, 0, MLS_RATCHET_APPLICATION, far - MLS_GENERATION_LATE_COUNT_MAX + 5);
    assert_status(mls_secret_tree_find(tree, 0, MLS_RATCHET_APPLICATION, UINT32_MAX, &find),
                  MLS_GENERATION_END);
    mls_secret_tree_free(tree);
    fixture_end(&f);
}

/* ---- what is stored, and what is not any more ---- */

static bool holds(tb_bytes whole, tb_bytes part)
{
    for (size_t at = 0; at + part.len <= whole.len; at++) {
        if (memcmp(whole.data + at, part.data, part.len) == 0) return true;
    }
    return false;
}

static tb_bytes encoded(struct fixture *f, const struct mls_secret_tree *tree)
{
    tb_bytes out;
    assert_ok(mls_secret_tree_encode(tree, &f->arena, &out));
    return out;
}

static void a_stored_tree_goes_on_where_it_was(void **state)
{
    (void)state;
    struct fixture f;
    struct mls_secret_tree *again = NULL;
    fixture_init(&f, 0x0004);
    struct mls_secret_tree *tree = new_tree(&f, 11);
    (void)take(tree, 3, MLS_RATCHET_APPLICATION, 7);
    (void)take(tree, 3, MLS_RATCHET_APPLICATION, 2);
    (void)take(tree, 10, MLS_RATCHET_HANDSHAKE, 0);
    tb_bytes blob = encoded(&f, tree);
    assert_ok(mls_secret_tree_decode(&f.suite, &f.heap.mem, blob, &f.arena, &again));
    assert_bytes(encoded(&f, again), blob);
    static const uint32_t late[] = { 5, 0, 8 };
    for (size_t i = 0; i < 3; i++) {
        struct mls_message_key left = take(tree, 3, MLS_RATCHET_APPLICATION, late[i]);
        struct mls_message_key right = take(again, 3, MLS_RATCHET_APPLICATION, late[i]);
        assert_memory_equal(&left, &right, sizeof left);
    }
    struct mls_message_key left = take(tree, 9, MLS_RATCHET_HANDSHAKE, 1);
    struct mls_message_key right = take(again, 9, MLS_RATCHET_HANDSHAKE, 1);
    assert_memory_equal(&left, &right, sizeof left);
    mls_secret_tree_free(tree);
    mls_secret_tree_free(again);
    fixture_end(&f);
}

static void a_used_key_and_all_above_it_are_forgotten(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, 0x0003);
    struct mls_secret_tree *tree = new_tree(&f, 8);
    tb_bytes root = tb_secret_view(&f.secret);
    assert_true(holds(encoded(&f, tree), root));
    struct mls_message_key used = take(tree, 5, MLS_RATCHET_APPLICATION, 0);
    struct mls_message_key late = take(tree, 5, MLS_RATCHET_APPLICATION, 4);
    tb_bytes blob = encoded(&f, tree);
    assert_false(holds(blob, root));
    assert_false(holds(blob, tb_bytes_of(used.key, f.suite.key_len)));
    assert_false(holds(blob, tb_bytes_of(late.key, f.suite.key_len)));
    /* A skipped key is kept until it is used. */
    struct mls_secret_tree_find find;
    assert_ok(mls_secret_tree_find(tree, 5, MLS_RATCHET_APPLICATION, 2, &find));
    struct mls_message_key skipped = find.key;
    assert_true(holds(blob, tb_bytes_of(skipped.key, f.suite.key_len)));
    mls_secret_tree_take(tree, &find);
    assert_false(holds(encoded(&f, tree), tb_bytes_of(skipped.key, f.suite.key_len)));
    mls_secret_tree_free(tree);
    fixture_end(&f);
}

static void damaged_blobs_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct mls_secret_tree *again = NULL;
    fixture_init(&f, 0x0003);
    struct mls_secret_tree *tree = new_tree(&f, 4);
    (void)take(tree, 1, MLS_RATCHET_APPLICATION, 3);
    tb_bytes blob = encoded(&f, tree);
    for (size_t len = 0; len < blob.len; len++) {
        assert_status(mls_secret_tree_decode(&f.suite, &f.heap.mem, tb_bytes_of(blob.data, len),
                                             &f.arena, &again),
                      MLS_BLOB);
    }
    /* Of another suite: the lengths of secrets differ. */
    struct crypto_suite other;
    assert_ok(crypto_suite_init(&other, 0x0004, crypto_backend_native()));
    assert_status(mls_secret_tree_decode(&other, &f.heap.mem, blob, &f.arena, &again), MLS_BLOB);
    uint8_t *octets = (uint8_t *)(uintptr_t)blob.data;
    tb_put_u32(octets, 0); /* no leaves */
    assert_status(mls_secret_tree_decode(&f.suite, &f.heap.mem, blob, &f.arena, &again), MLS_BLOB);
    tb_put_u32(octets, 1); /* fewer than its senders */
    assert_status(mls_secret_tree_decode(&f.suite, &f.heap.mem, blob, &f.arena, &again), MLS_BLOB);
    mls_secret_tree_free(tree);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_derive_the_same_keys_in_every_small_tree),
        cmocka_unit_test(each_order_of_five_generations_gives_each_key_once),
        cmocka_unit_test(a_find_without_take_changes_nothing),
        cmocka_unit_test(the_windows_have_exact_edges),
        cmocka_unit_test(a_stored_tree_goes_on_where_it_was),
        cmocka_unit_test(a_used_key_and_all_above_it_are_forgotten),
        cmocka_unit_test(damaged_blobs_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
