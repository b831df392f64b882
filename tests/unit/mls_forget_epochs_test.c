/*
 * Forward secrecy as a test.  A provider in between notes every result of HMAC, from which all
 * secrets of MLS come (extracts, expansions, private keys of HPKE's derivation), with the step in
 * which it was computed.  After each step all live memory of the library is searched:
 *
 *   - what is found anywhere must stand in the stored form of some member too: memory holds no
 *     secret that the state does not need;
 *   - of steps that lie further back than late messages may come, nothing is left but the
 *     resumption keys, which RFC 9420, section 8.6 keeps.
 */
#include "tests/support.h"

#include "mls/group_state.h"
#include "tests/unit/mls_party.h"

enum {
    NOTED_MAX = 200000,
    BLOCKS_MAX = 65536,
    NEEDLE_LEN = 16,
    MEMBERS = 4,
    STEPS = 14,
    /* The epochs whose late messages open, and the current one. */
    WINDOW = 2 * (MLS_PAST_EPOCH_COUNT_MAX + 1), /* two numbers a step, one epoch or more */
};

/* ---------------------------------------------------------------- what is noted */

struct needle {
    uint8_t octets[NEEDLE_LEN];
    uint32_t step; /* the last in which it was computed */
    bool is_in_memory, is_stored;
};

static struct {
    struct needle at[NOTED_MAX];
    size_t count;
    uint32_t step;
    bool is_on;
} noted;

static tb_status noting_hmac(const struct crypto_provider *self, enum crypto_hash alg, tb_bytes key,
                             const tb_bytes *parts, size_t count, uint8_t *out)
{
    (void)self;
    tb_status status = crypto_backend_native()->hmac(crypto_backend_native(), alg, key, parts,
                                                     count, out);
    if (!tb_is_ok(status) || !noted.is_on) return status;
    assert_true(noted.count < NOTED_MAX);
    memcpy(noted.at[noted.count].octets, out, NEEDLE_LEN);
    noted.at[noted.count++].step = noted.step;
    return status;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, NEEDLE_LEN);
}

/* Sorted, each value once. */
static void noted_settle(void)
{
    size_t kept = 0;
    qsort(noted.at, noted.count, sizeof noted.at[0], compare);
    for (size_t i = 0; i < noted.count; i++) {
        noted.at[i].is_in_memory = noted.at[i].is_stored = false;
        if (kept != 0 && compare(&noted.at[kept - 1], &noted.at[i]) == 0) {
            if (noted.at[i].step > noted.at[kept - 1].step) noted.at[kept - 1] = noted.at[i];
        } else {
            noted.at[kept++] = noted.at[i];
        }
    }
    noted.count = kept;
}

static void search(const uint8_t *data, size_t len, bool is_memory)
{
    for (size_t at = 0; at + NEEDLE_LEN <= len; at++) {
        struct needle *found = bsearch(data + at, noted.at, noted.count, sizeof noted.at[0],
                                       compare);
        if (found == NULL) continue;
        if (is_memory) found->is_in_memory = true;
        if (!is_memory) found->is_stored = true;
    }
}

/* ---------------------------------------------------------------- the library's memory */

static struct {
    struct {
        void *data;
        size_t len;
    } block[BLOCKS_MAX];
    size_t count;
} heap;

static void *heap_take(void *ctx, size_t len)
{
    (void)ctx;
    assert_true(heap.count < BLOCKS_MAX);
    void *data = malloc(len);
    assert_non_null(data);
    heap.block[heap.count].data = data;
    heap.block[heap.count++].len = len;
    return data;
}

static void heap_give(void *ctx, void *data, size_t len)
{
    (void)ctx;
    for (size_t i = heap.count; i-- > 0;) {
        if (heap.block[i].data != data) continue;
        assert_int_equal(heap.block[i].len, len);
        heap.block[i] = heap.block[--heap.count];
        free(data);
        return;
    }
    fail();
}

static bool is_resumption(const struct party *p, const struct needle *needle)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        const struct mls_group *group = p->member[i].group;
        if (group == NULL) continue;
        for (size_t j = 0; j < group->resumption_count; j++) {
            if (memcmp(group->resumption[j].psk, needle->octets, NEEDLE_LEN) == 0) return true;
        }
    }
    return false;
}

/* The two properties.  The stored forms are written outside of the memory that is searched. */
static void assert_forgotten(struct party *p, struct tb_mem *outside)
{
    size_t in_memory = 0, old = 0;
    noted.is_on = false;
    noted_settle();
    for (size_t i = 0; i < heap.count; i++) {
        search(heap.block[i].data, heap.block[i].len, true);
    }
    for (size_t i = 0; i < MEMBERS; i++) {
        struct tb_buf blob;
        if (p->member[i].group == NULL) continue;
        tb_buf_init(&blob, outside, SIZE_MAX);
        assert_ok(mls_group_encode(p->member[i].group, &blob));
        search(blob.data, blob.len, false);
        tb_buf_wipe(&blob);
    }
    for (size_t i = 0; i < noted.count; i++) {
        const struct needle *needle = &noted.at[i];
        if (!needle->is_in_memory) continue;
        in_memory++;
        assert_true(needle->is_stored);
        if (needle->step + WINDOW >= noted.step || is_resumption(p, needle)) continue;
        old++;
    }
    assert_true(in_memory > 0); /* the search finds what is there */
    assert_int_equal(old, 0);
    noted.is_on = true;
}

/* ---------------------------------------------------------------- a life */

/* Messages of everybody to everybody: read, skipped, and one that comes an epoch late. */
static void talk(struct party *p, tb_bytes *late)
{
    const tb_bytes text = TB_LITERAL("text");
    struct mls_received received;
    for (size_t from = 0; from < MEMBERS; from++) {
        if (p->member[from].group == NULL) continue;
        (void)party_protect(p, from, text); /* never arrives */
        tb_bytes message = party_protect(p, from, text);
        for (size_t to = 0; to < MEMBERS; to++) {
            if (to == from || p->member[to].group == NULL) continue;
            party_assert_reads(p, to, message, text);
            assert_status(party_receive(p, to, message, &received), MLS_GENERATION_USED);
        }
    }
    if (late->len != 0) party_assert_reads(p, 0, *late, text);
    *late = party_protect(p, 1, text);
}

static void reload(struct party *p, size_t who, struct tb_mem *outside)
{
    struct tb_buf blob;
    tb_buf_init(&blob, outside, SIZE_MAX);
    assert_ok(mls_group_encode(p->member[who].group, &blob));
    mls_group_free(p->member[who].group);
    assert_ok(mls_group_decode(&p->env, tb_buf_view(&blob), &p->member[who].signer,
                               &p->member[who].group));
    tb_buf_wipe(&blob);
}

static void step(struct party *p, struct tb_mem *outside, uint32_t number)
{
    static const tb_bytes no_aad = { NULL, 0 };
    size_t who = number % 3;
    struct mls_commit_out out;
    struct mls_proposal update = { .proposal_type = MLS_PROPOSAL_UPDATE };
    struct tb_secret exported;
    tb_bytes message;
    if (number == 4) party_add(p, who, 3);
    if (number == 6) { /* an own commit that was given up */
        assert_ok(mls_group_commit(p->member[who].group,
                                   &(struct mls_commit_params){ .force_path = true }, &p->arena,
                                   &out, NULL));
        mls_group_pending_clear(p->member[who].group);
    }
    if (number % 4 == 1) { /* somebody else's Update, by reference */
        size_t other = (who + 1) % 3;
        assert_ok(mls_group_propose(p->member[other].group, &update, no_aad, true, &p->arena,
                                    &message));
        party_deliver(p, other, message);
    }
    assert_ok(mls_group_safe_export(p->member[who].group, 7, &exported));
    tb_secret_wipe(&exported);
    const struct mls_commit_params params = { .include_pending = true, .force_path = true,
                                              .as_public = number % 2 == 0 };
    party_commit(p, who, &params, &out);
    if (p->member[3].group != NULL && number % 3 == 2) {
        party_commit(p, 3, &(struct mls_commit_params){ .force_path = true }, &out);
    }
    if (number % 5 == 3) reload(p, who, outside);
    party_assert_agreement(p);
}

static void live(uint16_t suite)
{
    static struct party p;
    struct tb_mem watched = { NULL, heap_take, heap_give, 0, SIZE_MAX };
    struct crypto_provider noting = *crypto_backend_native();
    struct tb_mem *outside = &p.heap.mem;
    tb_bytes late = { NULL, 0 };
    noting.hmac = noting_hmac;
    memset(&noted, 0, sizeof noted);
    party_init(&p, suite, suite);
    p.suite.provider = &noting;
    p.env.mem = &watched;
    noted.is_on = true;
    party_create_with(&p, NULL, 0);
    for (size_t i = 1; i < 3; i++) party_add(&p, 0, i);
    for (uint32_t number = 0; number < STEPS; number++) {
        noted.step = 2 * number; /* a step has two commits at most */
        step(&p, outside, number);
        noted.step++;
        talk(&p, &late);
        assert_forgotten(&p, outside);
    }
    noted.is_on = false;
    party_end(&p);
    assert_int_equal(heap.count, 0);
}

static void no_consumed_secret_is_anywhere_once_epochs_and_generations_have_passed(void **state)
{
    (void)state;
    live(0x0001);
    live(0x0002);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_consumed_secret_is_anywhere_once_epochs_and_generations_have_passed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
