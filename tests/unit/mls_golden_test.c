/* Stored groups of an older version load, and are the groups that they were. */
#include "tests/support.h"

#include "mls/public_group.h"
#include "tests/unit/mls_party.h"

enum { LINE_MAX_LEN = 64 * 1024, FIELDS_MAX = 16 };

/* The fields of one group of the golden file, in the order of their lines. */
struct golden {
    struct tb_arena *arena;
    uint16_t suite;
    size_t count;
    char name[FIELDS_MAX][24];
    tb_bytes value[FIELDS_MAX];
};

static uint8_t digit_of(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static tb_bytes octets_of(struct tb_arena *arena, const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *octets = tb_arena_take(arena, len, 1);
    assert_non_null(octets);
    for (size_t i = 0; i < len; i++) {
        octets[i] = (uint8_t)(digit_of(hex[2 * i]) << 4 | digit_of(hex[2 * i + 1]));
    }
    return (tb_bytes){ octets, len };
}

/* The group with this place in the file. */
static void golden_read(struct golden *g, struct tb_arena *arena, size_t place)
{
    static char line[LINE_MAX_LEN];
    size_t found = 0;
    FILE *file = fopen("tests/golden/mls-groups-v1.txt", "r");
    assert_non_null(file);
    *g = (struct golden){ .arena = arena };
    while (fgets(line, sizeof line, file) != NULL) {
        char *space = strchr(line, ' ');
        if (line[0] == '#' || space == NULL) continue;
        *space = 0;
        space[1 + strcspn(space + 1, "\n")] = 0;
        if (strcmp(line, "suite") == 0) {
            found++;
            if (found == place + 1) g->suite = (uint16_t)strtoul(space + 1, NULL, 16);
        } else if (found == place + 1) {
            assert_true(g->count < FIELDS_MAX);
            snprintf(g->name[g->count], sizeof g->name[0], "%.20s", line);
            g->value[g->count++] = octets_of(arena, space + 1);
        }
    }
    fclose(file);
    assert_int_not_equal(g->suite, 0);
}

static tb_bytes field(const struct golden *g, const char *name)
{
    for (size_t i = 0; i < g->count; i++) {
        if (strcmp(g->name[i], name) == 0) return g->value[i];
    }
    fail_msg("no %s in the golden file", name);
    return (tb_bytes){ NULL, 0 };
}

/* What a member of the golden file can still do: read late and new, and merge its commit. */
static void goes_on(struct party *p, const struct golden *g, struct mls_group *group)
{
    struct tb_secret secret;
    p->member[0].group = group;
    assert_bytes(mls_group_context(group), field(g, "context"));
    assert_int_equal(mls_group_pending_proposal_count(group), 1);
    party_assert_reads(p, 0, field(g, "late"), TB_LITERAL("late, of a past epoch"));
    party_assert_reads(p, 0, field(g, "message"), TB_LITERAL("the next"));
    assert_true(mls_group_is_own_pending(group, field(g, "commit")));
    /* The exporter tree of its epoch was never stored; the next epoch has one. */
    assert_status(mls_group_safe_export(group, 5, &secret), MLS_EXPORT_CONSUMED);
    assert_ok(mls_group_pending_merge(group));
    assert_bytes(mls_group_context(group), field(g, "next_context"));
    assert_bytes(mls_group_epoch_authenticator(group), field(g, "next_authenticator"));
    assert_ok(mls_group_safe_export(group, 5, &secret));
}

static void a_member_of_version_1_loads_and_goes_on(void **state)
{
    (void)state;
    for (size_t place = 0; place < 2; place++) {
        struct party p;
        struct golden g;
        struct crypto_signing_key signer;
        struct mls_group *group = NULL, *again = NULL;
        struct tb_buf blob;
        struct tb_arena arena;
        struct test_heap heap;
        test_heap_init(&heap);
        tb_arena_init(&arena, &heap.mem, SIZE_MAX);
        golden_read(&g, &arena, place);
        party_init(&p, g.suite, 1);
        assert_ok(crypto_signing_key_from(&p.suite, field(&g, "signer"), &signer));
        assert_ok(mls_group_decode(&p.env, field(&g, "blob"), &signer, &group));
        /* Stored again it is of today's version, and still the same group. */
        tb_buf_init(&blob, &p.heap.mem, SIZE_MAX);
        assert_ok(mls_group_encode(group, &blob));
        assert_int_equal(tb_get_u16(blob.data), 3);
        assert_ok(mls_group_decode(&p.env, tb_buf_view(&blob), &signer, &again));
        tb_buf_wipe(&blob);
        goes_on(&p, &g, group);
        mls_group_free(group);
        goes_on(&p, &g, again);
        party_end(&p);
        tb_arena_wipe(&arena);
    }
}

static void a_truncated_blob_of_version_1_is_refused(void **state)
{
    (void)state;
    struct party p;
    struct golden g;
    struct crypto_signing_key signer;
    struct mls_group *group = NULL;
    struct tb_buf longer;
    party_init(&p, 1, 1);
    golden_read(&g, &p.arena, 0);
    assert_ok(crypto_signing_key_from(&p.suite, field(&g, "signer"), &signer));
    tb_bytes blob = field(&g, "blob");
    for (size_t len = 0; len < blob.len; len += 11) {
        const tb_bytes part = { blob.data, len };
        assert_status(mls_group_decode(&p.env, part, &signer, &group), MLS_BLOB);
    }
    tb_buf_init(&longer, &p.heap.mem, SIZE_MAX);
    assert_ok(tb_buf_append(&longer, blob));
    assert_ok(tb_buf_append_u8(&longer, 0));
    assert_status(mls_group_decode(&p.env, tb_buf_view(&longer), &signer, &group), MLS_BLOB);
    tb_buf_wipe(&longer);
    party_end(&p);
}

static void a_public_group_of_version_1_loads_and_follows(void **state)
{
    (void)state;
    struct party p;
    struct golden g;
    struct mls_public_group *group = NULL;
    struct mls_public_staged *staged = NULL;
    party_init(&p, 1, 1);
    golden_read(&g, &p.arena, 2);
    const struct mls_public_env env = { .suite = &p.suite, .mem = &p.heap.mem };
    assert_ok(mls_public_group_decode(&env, field(&g, "public"), &group));
    assert_bytes(mls_public_group_context(group), field(&g, "context"));
    assert_int_equal(mls_public_group_pending_count(group), 1);
    assert_false(mls_public_group_has_ended(group));
    assert_ok(mls_public_group_stage(group, field(&g, "commit"), (tb_bytes){ NULL, 0 },
                                     PARTY_NOW_S, &staged, NULL));
    assert_ok(mls_public_group_merge(group, staged));
    assert_bytes(mls_public_group_context(group), field(&g, "next_context"));
    mls_public_group_free(group);
    party_end(&p);
}

static void a_version_of_the_future_is_refused_by_name(void **state)
{
    (void)state;
    struct party p;
    struct mls_group *group = NULL;
    struct mls_public_group *service = NULL;
    const tb_bytes zero = TB_LITERAL("\0\0\0\1"), future = TB_LITERAL("\0\4\0\1");
    party_init(&p, 1, 1);
    const struct mls_public_env env = { .suite = &p.suite, .mem = &p.heap.mem };
    const struct crypto_signing_key *signer = &p.member[0].signer;
    assert_status(mls_group_decode(&p.env, zero, signer, &group), MLS_BLOB_VERSION);
    assert_status(mls_group_decode(&p.env, future, signer, &group), MLS_BLOB_VERSION);
    assert_status(mls_public_group_decode(&env, future, &service), MLS_BLOB_VERSION);
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_of_version_1_loads_and_goes_on),
        cmocka_unit_test(a_truncated_blob_of_version_1_is_refused),
        cmocka_unit_test(a_public_group_of_version_1_loads_and_follows),
        cmocka_unit_test(a_version_of_the_future_is_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
