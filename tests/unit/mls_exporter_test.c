/* The safe exporter: draft-ietf-mls-extensions, section 4.3. */
#include "tests/support.h"

#include "mls/group_state.h"
#include "tests/unit/mls_party.h"

static void assert_same(const struct tb_secret *a, const struct tb_secret *b)
{
    assert_bytes(tb_secret_view(a), tb_secret_view(b));
}

/* From the root down, one step for each bit of the component id, the highest first. */
static void a_components_secret_is_the_leaf_of_a_tree_of_65536(void **state)
{
    (void)state;
    static const uint16_t components[] = { 0, 1, 4, 0x8000, 0xf103, 0xfffe, 0xffff };
    struct party p;
    struct mls_secret_tree *tree;
    struct tb_secret root = { .len = 32, .data = { 7 } };
    party_init(&p, 1, 1);
    assert_ok(mls_secret_tree_new(&p.suite, &p.heap.mem, MLS_EXPORTER_LEAF_COUNT, &root, &tree));
    for (size_t i = 0; i < sizeof components / sizeof components[0]; i++) {
        struct tb_secret expected = root, next, actual;
        for (int bit = 15; bit >= 0; bit--) {
            bool is_right = (components[i] >> bit) & 1;
            assert_ok(crypto_expand_label(&p.suite, tb_secret_view(&expected), "tree",
                                          tb_bytes_text(is_right ? "right" : "left"), 32, &next));
            expected = next;
        }
        assert_ok(mls_secret_tree_leaf_take(tree, components[i], &actual));
        assert_same(&actual, &expected);
        assert_status(mls_secret_tree_leaf_take(tree, components[i], &actual),
                      MLS_EXPORT_CONSUMED);
    }
    mls_secret_tree_free(tree);
    party_end(&p);
}

static void the_root_is_derived_like_the_other_secrets_of_an_epoch(void **state)
{
    (void)state;
    struct party p;
    struct mls_epoch_secrets secrets;
    struct tb_secret epoch_secret = { .len = 32, .data = { 9 } }, expected;
    party_init(&p, 1, 2);
    assert_ok(mls_schedule_from_epoch_secret(&p.suite, &epoch_secret, &secrets));
    assert_ok(crypto_derive_secret(&p.suite, tb_secret_view(&epoch_secret), "application_export",
                                   &expected));
    assert_same(&secrets.application_export_secret, &expected);
    mls_epoch_secrets_wipe(&secrets);
    party_end(&p);
}

static void members_agree_once_a_component_and_epoch(void **state)
{
    (void)state;
    for (uint16_t suite = 1; suite <= 7; suite += 6) {
        struct party p;
        struct mls_commit_out out;
        struct tb_secret first[3], other, later;
        party_start(&p, suite, suite, 3);
        for (size_t i = 0; i < 3; i++) {
            assert_ok(mls_group_safe_export(p.member[i].group, 0x8001, &first[i]));
            assert_int_equal(first[i].len, p.suite.hash_len);
            assert_same(&first[i], &first[0]);
            assert_status(mls_group_safe_export(p.member[i].group, 0x8001, &other),
                          MLS_EXPORT_CONSUMED);
        }
        assert_ok(mls_group_safe_export(p.member[0].group, 0x8000, &other));
        assert_memory_not_equal(other.data, first[0].data, other.len);
        party_commit(&p, 1, &(struct mls_commit_params){ .force_path = true }, &out);
        for (size_t i = 0; i < 3; i++) {
            assert_ok(mls_group_safe_export(p.member[i].group, 0x8001, &later));
            assert_memory_not_equal(later.data, first[0].data, later.len);
        }
        party_end(&p);
    }
}

static struct mls_group *reload(struct party *p, const struct mls_group *group, bool by_ratchets,
                                tb_bytes whole)
{
    struct mls_group *again = NULL;
    struct tb_buf blob;
    tb_buf_init(&blob, &p->heap.mem, SIZE_MAX);
    if (by_ratchets) {
        assert_ok(mls_group_ratchets_encode(group, &blob));
        assert_ok(mls_group_decode(&p->env, whole, &p->member[0].signer, &again));
        assert_ok(mls_group_ratchets_decode(again, tb_buf_view(&blob)));
    } else {
        assert_ok(mls_group_encode(group, &blob));
        assert_ok(mls_group_decode(&p->env, tb_buf_view(&blob), &p->member[0].signer, &again));
    }
    tb_buf_wipe(&blob);
    return again;
}

static void what_was_exported_stays_consumed_over_a_restart(void **state)
{
    (void)state;
    struct party p;
    struct tb_buf before;
    struct tb_secret secret, expected;
    party_start(&p, 0x0003, 4, 2);
    tb_buf_init(&before, &p.heap.mem, SIZE_MAX);
    assert_ok(mls_group_encode(p.member[0].group, &before));
    assert_ok(mls_group_safe_export(p.member[0].group, 5, &secret));
    assert_ok(mls_group_safe_export(p.member[1].group, 6, &expected));
    for (int by_ratchets = 0; by_ratchets < 2; by_ratchets++) {
        struct mls_group *again = reload(&p, p.member[0].group, by_ratchets == 1,
                                         tb_buf_view(&before));
        assert_status(mls_group_safe_export(again, 5, &secret), MLS_EXPORT_CONSUMED);
        assert_ok(mls_group_safe_export(again, 6, &secret));
        assert_same(&secret, &expected);
        mls_group_free(again);
    }
    tb_buf_wipe(&before);
    party_end(&p);
}

static void who_was_removed_exports_nothing(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct tb_secret secret;
    struct mls_remove remove = { 1 };
    const struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                          .of = { .remove = &remove } };
    party_start(&p, 0x0003, 5, 2);
    party_commit(&p, 0, &(struct mls_commit_params){ .proposals = &removal, .proposal_count = 1 },
                 &out);
    assert_status(mls_group_safe_export(p.member[1].group, 5, &secret), MLS_GROUP_INACTIVE);
    party_end(&p);
}

static void without_memory_nothing_is_consumed(void **state)
{
    (void)state;
    struct party p;
    struct tb_secret secret, expected;
    bool is_done = false;
    party_start(&p, 0x0003, 6, 2);
    assert_ok(mls_group_safe_export(p.member[1].group, 5, &expected));
    for (size_t n = 0; !is_done; n++) {
        p.heap.fail_after = n;
        tb_status status = mls_group_safe_export(p.member[0].group, 5, &secret);
        p.heap.fail_after = SIZE_MAX;
        is_done = tb_is_ok(status);
        if (!is_done) assert_status(status, TB_NO_SPACE);
    }
    assert_same(&secret, &expected);
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_components_secret_is_the_leaf_of_a_tree_of_65536),
        cmocka_unit_test(the_root_is_derived_like_the_other_secrets_of_an_epoch),
        cmocka_unit_test(members_agree_once_a_component_and_epoch),
        cmocka_unit_test(what_was_exported_stays_consumed_over_a_restart),
        cmocka_unit_test(who_was_removed_exports_nothing),
        cmocka_unit_test(without_memory_nothing_is_consumed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
