#include "tests/support.h"

#include "mls/public_app_data.h"

struct fixture {
    struct test_heap heap;
    struct tb_arena arena;
};

static void fixture_begin(struct fixture *f)
{
    test_heap_init(&f->heap);
    tb_arena_init(&f->arena, &f->heap.mem, SIZE_MAX);
}

static void fixture_end(struct fixture *f)
{
    tb_arena_wipe(&f->arena);
    assert_int_equal(f->heap.mem.used_bytes, 0);
}

/* A dictionary with these ids and one octet of data each: the low octet of the id. */
static tb_bytes dictionary_of(struct fixture *f, const uint16_t *ids, size_t count)
{
    struct mls_app_data_dictionary dictionary = {
        .component_data = { tb_arena_take(&f->arena, count, sizeof(struct mls_component_data)),
                            count },
    };
    tb_bytes octets;
    for (size_t i = 0; i < count; i++) {
        uint8_t low = (uint8_t)ids[i];
        tb_bytes data;
        assert_ok(tb_arena_dup(&f->arena, (tb_bytes){ &low, 1 }, &data));
        dictionary.component_data.at[i] = (struct mls_component_data){ ids[i], data };
    }
    assert_ok(wire_encode(&mls_app_data_dictionary_desc, &dictionary, &f->arena, &octets));
    return octets;
}

static void component_ids_of_a_dictionary_ascend_strictly(void **state)
{
    (void)state;
    struct fixture f;
    static const uint16_t good[] = { 0, 1, 0x22, 0xffff }, twice[] = { 1, 1 }, falling[] = { 2, 1 };
    fixture_begin(&f);
    assert_ok(mls_public_dictionary_check(dictionary_of(&f, NULL, 0)));
    assert_ok(mls_public_dictionary_check(dictionary_of(&f, good, 4)));
    assert_status(mls_public_dictionary_check(dictionary_of(&f, twice, 2)), MLS_DICTIONARY_ORDER);
    assert_status(mls_public_dictionary_check(dictionary_of(&f, falling, 2)),
                  MLS_DICTIONARY_ORDER);
    tb_bytes whole = dictionary_of(&f, good, 4);
    for (size_t len = 0; len < whole.len; len++) {
        assert_false(tb_is_ok(mls_public_dictionary_check((tb_bytes){ whole.data, len })));
    }
    assert_status(mls_public_dictionary_check(TB_LITERAL("\0\0")), WIRE_TRAILING);
    fixture_end(&f);
}

static void a_component_is_found_and_a_missing_one_is_not(void **state)
{
    (void)state;
    struct fixture f;
    static const uint16_t ids[] = { 1, 0x22, 0xffff };
    tb_bytes data;
    fixture_begin(&f);
    tb_bytes dictionary = dictionary_of(&f, ids, 3);
    assert_true(mls_public_dictionary_find(dictionary, 0x22, &data));
    assert_bytes(data, TB_LITERAL("\x22"));
    assert_true(mls_public_dictionary_find(dictionary, 0xffff, &data));
    assert_false(mls_public_dictionary_find(dictionary, 0, &data));
    assert_false(mls_public_dictionary_find(dictionary, 0x23, &data));
    assert_false(mls_public_dictionary_find((tb_bytes){ NULL, 0 }, 1, &data));
    fixture_end(&f);
}

static void safe_aad_is_a_sorted_list_of_items_and_empty_is_one_octet(void **state)
{
    (void)state;
    struct fixture f;
    static const uint16_t good[] = { 0x20, 0xf102 }, falling[] = { 2, 1 };
    fixture_begin(&f);
    assert_ok(mls_public_safe_aad_check(TB_LITERAL("\0")));
    assert_ok(mls_public_safe_aad_check(dictionary_of(&f, good, 2)));
    assert_status(mls_public_safe_aad_check(dictionary_of(&f, falling, 2)), MLS_SAFE_AAD);
    assert_status(mls_public_safe_aad_check((tb_bytes){ NULL, 0 }), MLS_SAFE_AAD);
    assert_status(mls_public_safe_aad_check(TB_LITERAL("free text")), MLS_SAFE_AAD);
    fixture_end(&f);
}

static void an_extension_type_stands_once_in_a_list(void **state)
{
    (void)state;
    const struct mls_extension once[] = { { 5, { NULL, 0 } }, { 0xffff, { NULL, 0 } },
                                          { 4, { NULL, 0 } } };
    const struct mls_extension twice[] = { { 5, { NULL, 0 } }, { 4, { NULL, 0 } },
                                           { 5, { NULL, 0 } } };
    assert_ok(mls_public_extensions_distinct(once, 3));
    assert_status(mls_public_extensions_distinct(twice, 3), MLS_EXTENSION_DUPLICATE);
}

/* ---------------------------------------------------------------- updates */

struct change {
    struct wire_opaque value;
    struct mls_app_data_update update;
};

static struct change put(uint16_t component_id, const char *text)
{
    return (struct change){ { tb_bytes_text(text) }, { component_id, MLS_APP_DATA_UPDATE, { 0 } } };
}

static struct change take_out(uint16_t component_id)
{
    return (struct change){ { { NULL, 0 } }, { component_id, MLS_APP_DATA_REMOVE, { 0 } } };
}

static tb_status apply(struct fixture *f, const struct mls_public_app_data *app_data,
                       tb_bytes dictionary, struct change *changes, size_t count, tb_bytes *out)
{
    const struct mls_app_data_update **updates =
        tb_arena_take(&f->arena, count, sizeof *updates);
    for (size_t i = 0; i < count; i++) {
        if (changes[i].update.op == MLS_APP_DATA_UPDATE) {
            changes[i].update.of.update = &changes[i].value;
        }
        updates[i] = &changes[i].update;
    }
    return mls_public_dictionary_apply(app_data, dictionary, updates, count, &f->arena, out);
}

static void updates_insert_replace_and_remove_and_keep_the_order(void **state)
{
    (void)state;
    struct fixture f;
    static const uint16_t ids[] = { 2, 4, 6 };
    struct change changes[] = { put(5, "five"), put(4, "first"), take_out(6), put(1, "one"),
                                put(4, "last") };
    tb_bytes out, data;
    fixture_begin(&f);
    assert_ok(apply(&f, NULL, dictionary_of(&f, ids, 3), changes, 5, &out));
    assert_ok(mls_public_dictionary_check(out));
    assert_true(mls_public_dictionary_find(out, 1, &data));
    assert_bytes(data, TB_LITERAL("one"));
    assert_true(mls_public_dictionary_find(out, 2, &data));
    assert_true(mls_public_dictionary_find(out, 4, &data));
    assert_bytes(data, TB_LITERAL("last"));
    assert_true(mls_public_dictionary_find(out, 5, &data));
    assert_false(mls_public_dictionary_find(out, 6, &data));
    /* Into no dictionary, and down to an empty one. */
    assert_ok(apply(&f, NULL, (tb_bytes){ NULL, 0 }, changes, 1, &out));
    struct change last = take_out(5);
    assert_ok(apply(&f, NULL, out, &last, 1, &out));
    assert_bytes(out, TB_LITERAL("\0"));
    fixture_end(&f);
}

static void contradicting_updates_of_one_component_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    static const uint16_t ids[] = { 4 };
    struct change update_and_remove[] = { put(4, "x"), put(9, "y"), take_out(4) };
    struct change remove_and_update[] = { take_out(4), put(4, "x") };
    struct change removed_twice[] = { take_out(4), take_out(4) };
    struct change absent[] = { take_out(3) };
    tb_bytes out = { NULL, 77 };
    fixture_begin(&f);
    tb_bytes dictionary = dictionary_of(&f, ids, 1);
    assert_status(apply(&f, NULL, dictionary, update_and_remove, 3, &out), MLS_PROPOSALS_APP_DATA);
    assert_status(apply(&f, NULL, dictionary, remove_and_update, 2, &out), MLS_PROPOSALS_APP_DATA);
    assert_status(apply(&f, NULL, dictionary, removed_twice, 2, &out), MLS_PROPOSALS_APP_DATA);
    assert_status(apply(&f, NULL, dictionary, absent, 1, &out), MLS_PROPOSALS_APP_DATA);
    assert_int_equal(out.len, 77); /* untouched */
    fixture_end(&f);
}

static void more_updates_than_the_limit_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    enum { COUNT = MLS_APP_DATA_UPDATE_COUNT_MAX + 1 };
    struct change changes[COUNT];
    tb_bytes out;
    for (size_t i = 0; i < COUNT; i++) changes[i] = put((uint16_t)(i * 7 % 64), "x");
    fixture_begin(&f);
    assert_ok(apply(&f, NULL, (tb_bytes){ NULL, 0 }, changes, COUNT - 1, &out));
    assert_ok(mls_public_dictionary_check(out));
    assert_status(apply(&f, NULL, (tb_bytes){ NULL, 0 }, changes, COUNT, &out), TB_TOO_LONG);
    fixture_end(&f);
}

/* An application that appends and refuses the update "no". */
struct appender {
    size_t calls;
    size_t updates_seen;
    bool saw_old;
};

static tb_status append_updates(void *ctx, uint16_t component_id, bool is_present, tb_bytes old,
                                const tb_bytes *updates, size_t update_count,
                                struct tb_arena *arena, tb_bytes *out)
{
    struct appender *appender = ctx;
    size_t len = old.len;
    assert_int_equal(component_id, 4);
    appender->calls++;
    appender->updates_seen += update_count;
    appender->saw_old = is_present;
    for (size_t i = 0; i < update_count; i++) {
        if (tb_bytes_equal(updates[i], TB_LITERAL("no"))) return TB_STATUS(TB_UNSUPPORTED);
        len += updates[i].len;
    }
    uint8_t *joined = tb_arena_take(arena, len, 1);
    memcpy(joined, old.data, old.len);
    *out = (tb_bytes){ joined, old.len };
    for (size_t i = 0; i < update_count; i++) {
        memcpy(joined + out->len, updates[i].data, updates[i].len);
        out->len += updates[i].len;
    }
    return TB_STATUS(TB_OK);
}

static void the_application_gets_the_updates_of_a_component_at_once_and_may_refuse(void **state)
{
    (void)state;
    struct fixture f;
    static const uint16_t ids[] = { 4 };
    struct appender appender = { 0 };
    const struct mls_public_app_data app_data = { &appender, append_updates };
    struct change good[] = { put(4, "ab"), put(4, "c") }, bad[] = { put(4, "a"), put(4, "no") };
    tb_bytes out, data;
    fixture_begin(&f);
    assert_ok(apply(&f, &app_data, dictionary_of(&f, ids, 1), good, 2, &out));
    assert_int_equal(appender.calls, 1);
    assert_int_equal(appender.updates_seen, 2);
    assert_true(appender.saw_old);
    assert_true(mls_public_dictionary_find(out, 4, &data));
    assert_bytes(data, TB_LITERAL("\x04" "abc"));
    assert_status(apply(&f, &app_data, dictionary_of(&f, ids, 1), bad, 2, &out), TB_UNSUPPORTED);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(component_ids_of_a_dictionary_ascend_strictly),
        cmocka_unit_test(a_component_is_found_and_a_missing_one_is_not),
        cmocka_unit_test(safe_aad_is_a_sorted_list_of_items_and_empty_is_one_octet),
        cmocka_unit_test(an_extension_type_stands_once_in_a_list),
        cmocka_unit_test(updates_insert_replace_and_remove_and_keep_the_order),
        cmocka_unit_test(contradicting_updates_of_one_component_are_refused),
        cmocka_unit_test(more_updates_than_the_limit_are_refused),
        cmocka_unit_test(the_application_gets_the_updates_of_a_component_at_once_and_may_refuse),
    };
    return cmocka_run_group_tests_name("mls/public_app_data", tests, NULL, NULL);
}
