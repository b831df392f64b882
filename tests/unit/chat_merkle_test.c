/* The public tree: hashes and proofs of RFC 9162, checkpoints, and what a rewritten log shows. */
#include "tests/unit/chat_fixture.h"

#include "chat/decision.h"
#include "chat/log.h"
#include "wire/text.h"

enum { LEAF_COUNT_MAX = 40, NODE_COUNT_MAX = 512 };

struct kept {
    uint8_t level;
    uint64_t index;
    struct chat_merkle_hash hash;
};
struct tree {
    struct fixture *f;
    struct kept at[NODE_COUNT_MAX];
    size_t count;
};

static tb_status tree_get(void *ctx, uint8_t level, uint64_t index, struct chat_merkle_hash *out)
{
    const struct tree *tree = ctx;
    for (size_t i = 0; i < tree->count; i++) {
        if (tree->at[i].level != level || tree->at[i].index != index) continue;
        *out = tree->at[i].hash;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(TB_NOT_FOUND);
}

static tb_status tree_put(void *ctx, uint8_t level, uint64_t index,
                          const struct chat_merkle_hash *node)
{
    struct tree *tree = ctx;
    assert_true(tree->count < NODE_COUNT_MAX);
    tree->at[tree->count++] = (struct kept){ level, index, *node };
    return TB_STATUS(TB_OK);
}

static struct chat_merkle_nodes nodes_of(struct tree *tree)
{
    return (struct chat_merkle_nodes){ tree_get, tree_put, tree, &tree->f->suite };
}

/* Leaf i is the octet i, with `salt` added from leaf `from` on. */
static void grow(struct tree *tree, struct fixture *f, uint64_t count, uint64_t from, uint8_t salt)
{
    tree->f = f;
    tree->count = 0;
    struct chat_merkle_nodes nodes = nodes_of(tree);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t leaf = (uint8_t)(i + (i >= from ? salt : 0));
        assert_ok(chat_merkle_append(&nodes, i, tb_bytes_of(&leaf, 1)));
    }
}

static void roots_are_those_of_certificate_transparency(void **state)
{
    (void)state;
    static const char *const LEAVES[] = { "", "00", "10", "2021", "3031", "40414243",
                                          "5051525354555657", "606162636465666768696a6b6c6d6e6f" };
    static const char *const ROOTS[] = {
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    };
    struct fixture f;
    struct tree tree = { .f = &f };
    struct chat_merkle_hash root;
    fixture_init(&f);
    struct chat_merkle_nodes nodes = nodes_of(&tree);
    assert_ok(chat_merkle_root(&nodes, 0, &root));
    assert_hex(&f, TB_ARRAY(root.at),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (size_t i = 0; i < 8; i++) {
        assert_ok(chat_merkle_append(&nodes, i, fixture_hex(&f, LEAVES[i])));
        assert_ok(chat_merkle_root(&nodes, i + 1, &root));
        assert_hex(&f, TB_ARRAY(root.at), ROOTS[i]);
    }
    fixture_end(&f);
}

static void every_leaf_is_proven_in_every_size_and_no_other_leaf(void **state)
{
    (void)state;
    struct fixture f;
    static struct tree tree;
    fixture_init(&f);
    grow(&tree, &f, LEAF_COUNT_MAX, LEAF_COUNT_MAX, 0);
    struct chat_merkle_nodes nodes = nodes_of(&tree);
    for (uint64_t size = 1; size <= LEAF_COUNT_MAX; size++) {
        struct chat_merkle_hash root, leaf, other;
        struct chat_merkle_path path;
        assert_ok(chat_merkle_root(&nodes, size, &root));
        assert_status(chat_merkle_inclusion(&nodes, size, size, &path), CHAT_MERKLE_RANGE);
        for (uint64_t i = 0; i < size; i++) {
            assert_ok(chat_merkle_inclusion(&nodes, i, size, &path));
            assert_ok(tree_get(&tree, 0, i, &leaf));
            assert_ok(tree_get(&tree, 0, (i + 1) % LEAF_COUNT_MAX, &other));
            assert_ok(chat_merkle_inclusion_verify(&f.suite, i, size, &leaf, &path, &root));
            assert_status(chat_merkle_inclusion_verify(&f.suite, i, size, &other, &path, &root),
                        CHAT_MERKLE_INCLUSION);
            assert_status(chat_merkle_inclusion_verify(&f.suite, i + size, size, &leaf, &path,
                                                     &root),
                        CHAT_MERKLE_INCLUSION);
            for (size_t at = 0; at < path.count; at++) {
                path.at[at].at[5] ^= 1;
                assert_status(chat_merkle_inclusion_verify(&f.suite, i, size, &leaf, &path,
                                                         &root),
                            CHAT_MERKLE_INCLUSION);
                path.at[at].at[5] ^= 1;
            }
            path.count++;
            path.at[path.count - 1] = leaf;
            assert_status(chat_merkle_inclusion_verify(&f.suite, i, size, &leaf, &path, &root),
                        CHAT_MERKLE_INCLUSION);
        }
    }
    fixture_end(&f);
}

static void a_log_that_only_grew_is_proven_and_a_rewritten_one_is_not(void **state)
{
    (void)state;
    struct fixture f;
    static struct tree tree, rewritten;
    fixture_init(&f);
    grow(&tree, &f, LEAF_COUNT_MAX, LEAF_COUNT_MAX, 0);
    struct chat_merkle_nodes nodes = nodes_of(&tree);
    rewritten.f = &f;
    struct chat_merkle_nodes others = nodes_of(&rewritten);
    for (uint64_t first = 1; first <= LEAF_COUNT_MAX; first++) {
        struct chat_merkle_hash before, after;
        struct chat_merkle_path path;
        assert_ok(chat_merkle_root(&nodes, first, &before));
        grow(&rewritten, &f, LEAF_COUNT_MAX, first - 1, 100); /* the last leaf seen is another */
        for (uint64_t second = first; second <= LEAF_COUNT_MAX; second++) {
            assert_ok(chat_merkle_root(&nodes, second, &after));
            assert_ok(chat_merkle_consistency(&nodes, first, second, &path));
            assert_ok(chat_merkle_consistency_verify(&f.suite, first, second, &before, &after,
                                                     &path));
            assert_status(chat_merkle_consistency_verify(&f.suite, second, first, &after, &before,
                                                       &path),
                        first == second ? TB_OK : CHAT_MERKLE_RANGE);
            assert_ok(chat_merkle_root(&others, second, &after));
            assert_ok(chat_merkle_consistency(&others, first, second, &path));
            tb_status status = chat_merkle_consistency_verify(&f.suite, first, second, &before,
                                                              &after, &path);
            bool is_whole = (first & (first - 1)) == 0 && first != second;
            assert_status(status, is_whole ? CHAT_MERKLE_CONSISTENCY : CHAT_MERKLE_FORK);
        }
    }
    struct chat_merkle_path path;
    assert_status(chat_merkle_consistency(&nodes, 0, 3, &path), CHAT_MERKLE_RANGE);
    assert_status(chat_merkle_consistency(&nodes, 4, 3, &path), CHAT_MERKLE_RANGE);
    fixture_end(&f);
}

/* ------------------------------------------------------------------ checkpoints */

#define DOMAIN TB_LITERAL("hub.example")

static void a_checkpoint_is_a_signed_note_of_this_hub_alone(void **state)
{
    (void)state;
    struct fixture f;
    struct crypto_signing_key key, other;
    struct chat_log_point point = { .size = 7 }, read;
    tb_bytes text;
    fixture_init(&f);
    fixture_key(&f, 1, &key);
    fixture_key(&f, 2, &other);
    memset(point.root.at, 0xab, sizeof point.root.at);
    assert_ok(chat_log_checkpoint_make(&f.suite, &key, DOMAIN, &point, &f.arena, &text));
    assert_true(tb_bytes_starts_with(
        text, TB_LITERAL("hub.example/decisions\n7\n"
                         "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n\n"
                         "\xe2\x80\x94 hub.example/decisions ")));
    tb_bytes public_key = crypto_signing_key_public(&key);
    assert_ok(chat_log_checkpoint_open(&f.suite, public_key, DOMAIN, text, &f.arena, &read));
    assert_int_equal(read.size, 7);
    assert_memory_equal(read.root.at, point.root.at, sizeof read.root.at);
    assert_status(chat_log_checkpoint_open(&f.suite, crypto_signing_key_public(&other), DOMAIN,
                                           text, &f.arena, &read),
                  CHAT_LOG_CHECKPOINT_SIGNATURE);
    assert_status(chat_log_checkpoint_open(&f.suite, public_key, TB_LITERAL("hub.exampl"), text,
                                         &f.arena, &read),
                CHAT_LOG_CHECKPOINT_FORM);
    for (size_t i = 0; i < text.len; i++) {
        tb_bytes changed = fixture_changed(&f, text, i);
        assert_false(tb_is_ok(chat_log_checkpoint_open(&f.suite, public_key, DOMAIN, changed,
                                                       &f.arena, &read)));
        tb_bytes cut = tb_bytes_of(text.data, i);
        assert_false(tb_is_ok(chat_log_checkpoint_open(&f.suite, public_key, DOMAIN, cut, &f.arena,
                                                       &read)));
    }
    crypto_signing_key_wipe(&key);
    crypto_signing_key_wipe(&other);
    fixture_end(&f);
}

static void a_checkpoint_may_bear_the_signatures_of_witnesses(void **state)
{
    (void)state;
    struct fixture f;
    struct crypto_signing_key key;
    struct chat_log_point point = { .size = 0 }, read = { .size = 9 };
    tb_bytes text;
    static const char LINE[] = "\xe2\x80\x94 witness.example AAAAAQ==\n";
    fixture_init(&f);
    fixture_key(&f, 1, &key);
    assert_ok(chat_log_checkpoint_make(&f.suite, &key, DOMAIN, &point, &f.arena, &text));
    uint8_t *whole = tb_arena_take(&f.arena, text.len + sizeof LINE, 1);
    assert_non_null(whole);
    memcpy(whole, text.data, text.len);
    memcpy(whole + text.len, LINE, sizeof LINE - 1);
    assert_ok(chat_log_checkpoint_open(&f.suite, crypto_signing_key_public(&key), DOMAIN,
                                       tb_bytes_of(whole, text.len + sizeof LINE - 1), &f.arena,
                                       &read));
    assert_int_equal(read.size, 0);
    crypto_signing_key_wipe(&key);
    fixture_end(&f);
}

/* ------------------------------------------------------------------ leaves and proofs */

struct logged {
    struct fixture f;
    struct crypto_signing_key device, intake;
    struct chat_decision_entry entry;
    struct chat_log_row row;
    struct chat_hub_record hub;
    uint8_t salt[CHAT_LOG_SALT_LEN];
};

static void logged_init(struct logged *l)
{
    memset(l, 0, sizeof *l);
    fixture_init(&l->f);
    fixture_key(&l->f, 1, &l->device);
    fixture_key(&l->f, 2, &l->intake);
    memset(l->salt, 0x5a, sizeof l->salt);
    l->entry = (struct chat_decision_entry){ .number = 1, .logged_ms = 1700000000123 };
    l->entry.decision = (struct chat_decision){
        .domain = DOMAIN, .subject = TB_LITERAL("mimi://hub.example/u/mallory"),
        .action = CHAT_ACTION_BAN, .scope = CHAT_SCOPE_HUB, .reason_code = 3,
        .decided_ms = 1700000000000, .decider_device = TB_LITERAL("mimi://hub.example/d/judge/1"),
    };
    assert_ok(chat_decision_sign(&l->f.suite, &l->device, &l->entry.decision, &l->f.arena));
    assert_ok(chat_decision_entry_sign(&l->f.suite, &l->intake, &l->entry, &l->f.arena));
    l->row.entry = fixture_encode(&l->f, &chat_decision_entry_desc, &l->entry);
    l->row.salt = TB_ARRAY(l->salt);
    assert_ok(chat_log_leaf_make(&l->f.suite, l->row.entry, l->salt, &l->f.arena, &l->row.leaf));
    l->hub = (struct chat_hub_record){ .domain = DOMAIN };
    l->hub.intake_key = crypto_signing_key_public(&l->intake);
}

static void logged_end(struct logged *l)
{
    crypto_signing_key_wipe(&l->device);
    crypto_signing_key_wipe(&l->intake);
    fixture_end(&l->f);
}

static void a_leaf_says_the_day_and_commits_to_the_rest(void **state)
{
    (void)state;
    struct logged l;
    struct chat_log_leaf leaf;
    logged_init(&l);
    assert_ok(chat_log_row_verify(&l.f.suite, &l.row, &l.f.arena, &leaf));
    assert_int_equal(leaf.number, 1);
    assert_int_equal(leaf.day_ms, UINT64_C(1699920000000));
    assert_int_equal(l.row.leaf.len, 1 + 8 + 8 + CHAT_HASH_LEN);
    for (size_t i = 0; i < l.row.entry.len; i++) {
        struct chat_log_row bad = l.row;
        bad.entry = fixture_changed(&l.f, l.row.entry, i);
        assert_status(chat_log_row_verify(&l.f.suite, &bad, &l.f.arena, &leaf),
                    CHAT_LOG_COMMITMENT);
    }
    struct chat_log_row erased = { .leaf = l.row.leaf };
    assert_ok(chat_log_row_verify(&l.f.suite, &erased, &l.f.arena, &leaf));
    erased.entry = l.row.entry; /* without its salt it proves nothing */
    assert_status(chat_log_row_verify(&l.f.suite, &erased, &l.f.arena, &leaf),
                CHAT_LOG_COMMITMENT);
    logged_end(&l);
}

static void a_proof_of_a_decision_convinces_a_third_party(void **state)
{
    (void)state;
    struct logged l;
    static struct tree tree;
    struct chat_log_leaf leaf;
    struct chat_decision_entry entry;
    struct chat_log_point point = { .size = 3 }, read;
    struct chat_merkle_path path;
    logged_init(&l);
    tree.f = &l.f;
    tree.count = 0;
    struct chat_merkle_nodes nodes = nodes_of(&tree);
    assert_ok(chat_merkle_append(&nodes, 0, l.row.leaf));
    assert_ok(chat_merkle_append(&nodes, 1, TB_LITERAL("b")));
    assert_ok(chat_merkle_append(&nodes, 2, TB_LITERAL("c")));
    assert_ok(chat_merkle_root(&nodes, 3, &point.root));
    assert_ok(chat_merkle_inclusion(&nodes, 0, 3, &path));
    struct chat_log_proof proof = { .row = l.row };
    assert_ok(chat_log_checkpoint_make(&l.f.suite, &l.intake, DOMAIN, &point, &l.f.arena,
                                       &proof.checkpoint));
    assert_ok(chat_log_path_write(&path, &l.f.arena, &proof.inclusion));
    assert_ok(chat_log_proof_verify(&l.f.suite, &proof, &l.hub, &l.f.arena, &leaf, &entry, &read));
    assert_int_equal(read.size, 3);
    assert_bytes(entry.decision.subject, l.entry.decision.subject);
    proof.index = 1;
    assert_status(chat_log_proof_verify(&l.f.suite, &proof, &l.hub, &l.f.arena, &leaf, &entry,
                                      &read),
                CHAT_MERKLE_INCLUSION);
    proof.index = 0;
    l.hub.intake_key = crypto_signing_key_public(&l.device);
    assert_status(chat_log_proof_verify(&l.f.suite, &proof, &l.hub, &l.f.arena, &leaf, &entry,
                                      &read),
                CHAT_DECISION_ENTRY_SIGNATURE);
    logged_end(&l);
}

static void two_roots_of_one_size_prove_that_the_hub_rewrote_its_log(void **state)
{
    (void)state;
    struct logged l;
    static struct tree tree;
    struct chat_log_point first = { .size = 3 }, second = { .size = 3 }, a, b;
    struct chat_log_fork fork = { .first = { NULL, 0 } };
    logged_init(&l);
    memset(second.root.at, 1, sizeof second.root.at);
    assert_ok(chat_log_checkpoint_make(&l.f.suite, &l.intake, DOMAIN, &first, &l.f.arena,
                                       &fork.first));
    assert_ok(chat_log_checkpoint_make(&l.f.suite, &l.intake, DOMAIN, &second, &l.f.arena,
                                       &fork.second));
    assert_status(chat_log_fork_verify(&l.f.suite, &fork, &l.hub, &l.f.arena, &a, &b),
                CHAT_MERKLE_FORK);
    grow(&tree, &l.f, 5, 5, 0); /* honest ones go together, in either order */
    struct chat_merkle_nodes nodes = nodes_of(&tree);
    struct chat_merkle_path path;
    second.size = 5;
    assert_ok(chat_merkle_root(&nodes, 3, &first.root));
    assert_ok(chat_merkle_root(&nodes, 5, &second.root));
    assert_ok(chat_merkle_consistency(&nodes, 3, 5, &path));
    assert_ok(chat_log_path_write(&path, &l.f.arena, &fork.consistency));
    assert_ok(chat_log_checkpoint_make(&l.f.suite, &l.intake, DOMAIN, &first, &l.f.arena,
                                       &fork.second));
    assert_ok(chat_log_checkpoint_make(&l.f.suite, &l.intake, DOMAIN, &second, &l.f.arena,
                                       &fork.first));
    assert_ok(chat_log_fork_verify(&l.f.suite, &fork, &l.hub, &l.f.arena, &a, &b));
    assert_int_equal(a.size, 3);
    assert_int_equal(b.size, 5);
    fork.consistency.hashes.count = 0;
    assert_status(chat_log_fork_verify(&l.f.suite, &fork, &l.hub, &l.f.arena, &a, &b),
                CHAT_MERKLE_CONSISTENCY);
    logged_end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_are_those_of_certificate_transparency),
        cmocka_unit_test(every_leaf_is_proven_in_every_size_and_no_other_leaf),
        cmocka_unit_test(a_log_that_only_grew_is_proven_and_a_rewritten_one_is_not),
        cmocka_unit_test(a_checkpoint_is_a_signed_note_of_this_hub_alone),
        cmocka_unit_test(a_checkpoint_may_bear_the_signatures_of_witnesses),
        cmocka_unit_test(a_leaf_says_the_day_and_commits_to_the_rest),
        cmocka_unit_test(a_proof_of_a_decision_convinces_a_third_party),
        cmocka_unit_test(two_roots_of_one_size_prove_that_the_hub_rewrote_its_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
