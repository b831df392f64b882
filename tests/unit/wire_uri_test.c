/* MIMI URIs: one canonical form, everything else refused. */
#include "tests/support.h"
#include "wire/uri.h"

static struct wire_uri parsed(const char *text)
{
    struct wire_uri uri;
    assert_ok(wire_uri_parse(tb_bytes_text(text), &uri));
    return uri;
}

static void assert_refused(const char *text)
{
    struct wire_uri uri = { .kind = WIRE_URI_ROOM };
    assert_status(wire_uri_parse(tb_bytes_text(text), &uri), WIRE_URI);
    assert_int_equal(uri.kind, WIRE_URI_ROOM); /* untouched */
}

static void each_kind_is_parsed_into_its_parts(void **state)
{
    (void)state;
    struct wire_uri uri = parsed("mimi://a.example");
    assert_int_equal(uri.kind, WIRE_URI_PROVIDER);
    assert_bytes(uri.domain, TB_LITERAL("a.example"));

    uri = parsed("mimi://example.com/u/alice-smith");
    assert_int_equal(uri.kind, WIRE_URI_USER);
    assert_bytes(uri.domain, TB_LITERAL("example.com"));
    assert_bytes(uri.user, TB_LITERAL("alice-smith"));
    assert_int_equal(uri.device.len + uri.room.len, 0);

    uri = parsed("mimi://localhost/d/Alice.1/phone~2");
    assert_int_equal(uri.kind, WIRE_URI_DEVICE);
    assert_bytes(uri.user, TB_LITERAL("Alice.1"));
    assert_bytes(uri.device, TB_LITERAL("phone~2"));

    uri = parsed("mimi://xn--bcher-kva.example/r/engineering_team");
    assert_int_equal(uri.kind, WIRE_URI_ROOM);
    assert_bytes(uri.room, TB_LITERAL("engineering_team"));
    assert_int_equal(uri.user.len, 0);
}

static void other_schemes_and_spellings_are_refused(void **state)
{
    (void)state;
    assert_refused("");
    assert_refused("mimi:");
    assert_refused("mimi://");
    assert_refused("MIMI://a.example");
    assert_refused("https://a.example/u/x");
    assert_refused(" mimi://a.example");
    assert_refused("mimi://a.example ");
}

static void domains_are_lower_case_labels_without_port(void **state)
{
    (void)state;
    assert_refused("mimi://A.example/u/x");
    assert_refused("mimi://a.example:443/u/x");
    assert_refused("mimi://user@a.example/u/x");
    assert_refused("mimi://a..example/u/x");
    assert_refused("mimi://.example/u/x");
    assert_refused("mimi://a.example./u/x");
    assert_refused("mimi://-a.example/u/x");
    assert_refused("mimi://a-.example/u/x");
    assert_refused("mimi://a_b.example/u/x");
    assert_refused("mimi://[::1]/u/x");
    assert_refused("mimi:///u/x");
    char label[64 + 1] = { 0 };
    memset(label, 'a', 64);
    assert_false(wire_uri_is_domain(tb_bytes_of(label, 64)));
    assert_true(wire_uri_is_domain(tb_bytes_of(label, 63)));
}

static void paths_have_exactly_the_segments_of_their_kind(void **state)
{
    (void)state;
    assert_refused("mimi://a.example/");
    assert_refused("mimi://a.example/u");
    assert_refused("mimi://a.example/u/");
    assert_refused("mimi://a.example/u/x/");
    assert_refused("mimi://a.example/u/x/y");
    assert_refused("mimi://a.example/d/x");
    assert_refused("mimi://a.example/d/x/");
    assert_refused("mimi://a.example/d//y");
    assert_refused("mimi://a.example/d/x/y/");
    assert_refused("mimi://a.example/d/x/y/z");
    assert_refused("mimi://a.example/r/x/y");
    assert_refused("mimi://a.example/g/x");
    assert_refused("mimi://a.example/uu/x");
    assert_refused("mimi://a.example//x");
}

static void ids_have_no_percent_encoding_dots_query_or_foreign_octets(void **state)
{
    (void)state;
    assert_refused("mimi://a.example/u/.");
    assert_refused("mimi://a.example/u/..");
    assert_refused("mimi://a.example/d/../x");
    assert_refused("mimi://a.example/u/a%20b");
    assert_refused("mimi://a.example/u/x?y");
    assert_refused("mimi://a.example/u/x#y");
    assert_refused("mimi://a.example/u/\xc3\xa4");
    assert_refused("mimi://a.example/u/a b");
    assert_true(wire_uri_is_id(TB_LITERAL("...")));
    assert_false(wire_uri_is_id(TB_LITERAL("a\0b")));
    char id[WIRE_URI_ID_MAX + 1];
    memset(id, 'x', sizeof id);
    assert_true(wire_uri_is_id(tb_bytes_of(id, WIRE_URI_ID_MAX)));
    assert_false(wire_uri_is_id(tb_bytes_of(id, WIRE_URI_ID_MAX + 1)));
}

static void the_longest_uri_is_accepted_and_one_octet_more_refused(void **state)
{
    (void)state;
    struct test_heap heap;
    struct tb_arena arena;
    char domain[WIRE_URI_DOMAIN_MAX], id[WIRE_URI_ID_MAX];
    test_heap_init(&heap);
    tb_arena_init(&arena, &heap.mem, SIZE_MAX / 4);
    memset(domain, 'd', sizeof domain);
    for (size_t i = 63; i < sizeof domain; i += 64) domain[i] = '.';
    memset(id, 'i', sizeof id);
    struct wire_uri uri = { .kind = WIRE_URI_DEVICE, .domain = tb_bytes_of(domain, sizeof domain),
                            .user = tb_bytes_of(id, sizeof id),
                            .device = tb_bytes_of(id, sizeof id) }, back;
    tb_bytes text;
    assert_ok(wire_uri_build(&uri, &arena, &text));
    assert_int_equal(text.len, WIRE_URI_LEN_MAX);
    assert_ok(wire_uri_parse(text, &back));
    assert_bytes(back.device, uri.device);

    uint8_t longer[WIRE_URI_LEN_MAX + 1];
    memcpy(longer, text.data, text.len);
    longer[text.len] = 'i';
    assert_status(wire_uri_parse(TB_ARRAY(longer), &back), WIRE_URI);
    tb_arena_wipe(&arena);
}

static void building_refuses_parts_that_are_missing_foreign_or_superfluous(void **state)
{
    (void)state;
    struct test_heap heap;
    struct tb_buf buf;
    test_heap_init(&heap);
    tb_buf_init(&buf, &heap.mem, 1000);
    struct wire_uri good = { .kind = WIRE_URI_USER, .domain = TB_LITERAL("a.example"),
                             .user = TB_LITERAL("x") };
    struct wire_uri bad = good;
    bad.kind = WIRE_URI_DEVICE; /* without a device */
    assert_status(wire_uri_put(&bad, &buf), WIRE_URI);
    bad = good;
    bad.room = TB_LITERAL("r");
    assert_status(wire_uri_put(&bad, &buf), WIRE_URI);
    bad = good;
    bad.user = TB_LITERAL("x/y");
    assert_status(wire_uri_put(&bad, &buf), WIRE_URI);
    bad = good;
    bad.domain = TB_LITERAL("A.example");
    assert_status(wire_uri_put(&bad, &buf), WIRE_URI);
    bad = good;
    bad.kind = (enum wire_uri_kind)0;
    assert_status(wire_uri_put(&bad, &buf), WIRE_URI);
    assert_int_equal(buf.len, 0);
    assert_ok(wire_uri_put(&good, &buf));
    assert_bytes(tb_buf_view(&buf), TB_LITERAL("mimi://a.example/u/x"));
    tb_buf_wipe(&buf);
}

static void the_user_of_a_device_is_the_user_of_its_path(void **state)
{
    (void)state;
    struct test_heap heap;
    struct tb_arena arena;
    tb_bytes text;
    test_heap_init(&heap);
    tb_arena_init(&arena, &heap.mem, 1000);
    struct wire_uri device = parsed("mimi://a.example/d/bob/tv");
    struct wire_uri user = wire_uri_user_of(&device);
    assert_ok(wire_uri_build(&user, &arena, &text));
    assert_bytes(text, TB_LITERAL("mimi://a.example/u/bob"));
    tb_arena_wipe(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_parsed_into_its_parts),
        cmocka_unit_test(other_schemes_and_spellings_are_refused),
        cmocka_unit_test(domains_are_lower_case_labels_without_port),
        cmocka_unit_test(paths_have_exactly_the_segments_of_their_kind),
        cmocka_unit_test(ids_have_no_percent_encoding_dots_query_or_foreign_octets),
        cmocka_unit_test(the_longest_uri_is_accepted_and_one_octet_more_refused),
        cmocka_unit_test(building_refuses_parts_that_are_missing_foreign_or_superfluous),
        cmocka_unit_test(the_user_of_a_device_is_the_user_of_its_path),
    };
    return cmocka_run_group_tests_name("wire/uri", tests, NULL, NULL);
}
