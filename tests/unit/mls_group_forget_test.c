/*
 * Nothing that was used up survives.  A provider in between notes every AEAD key and every
 * Diffie-Hellman result; after each call none of them may be found in any live block of memory, nor
 * on the stack that the call ran on.
 */
#include "tests/support.h"

#include <pthread.h>

#include "tests/unit/mls_party.h"

enum { NOTED_MAX = 4096, BLOCKS_MAX = 65536, STACK_BYTES = 1 << 20, NEEDLE_LEN = 16 };

/* ---------------------------------------------------------------- what is noted */

static struct {
    uint8_t octets[NOTED_MAX][NEEDLE_LEN];
    size_t count;
} noted;

/* The first octets are enough to find a secret by. */
static void note(tb_bytes secret)
{
    if (noted.count == NOTED_MAX || secret.len < NEEDLE_LEN) return;
    memcpy(noted.octets[noted.count++], secret.data, NEEDLE_LEN);
}

static tb_status noting_seal(const struct crypto_provider *self, enum crypto_aead alg, tb_bytes key,
                             tb_bytes nonce, tb_bytes aad, tb_bytes plain, uint8_t *out)
{
    (void)self;
    note(key);
    return crypto_backend_native()->aead_seal(crypto_backend_native(), alg, key, nonce, aad, plain,
                                              out);
}

static tb_status noting_open(const struct crypto_provider *self, enum crypto_aead alg, tb_bytes key,
                             tb_bytes nonce, tb_bytes aad, tb_bytes sealed, uint8_t *out)
{
    (void)self;
    note(key);
    return crypto_backend_native()->aead_open(crypto_backend_native(), alg, key, nonce, aad, sealed,
                                              out);
}

static tb_status noting_dh(const struct crypto_provider *self, enum crypto_kem kem,
                           tb_bytes private_key, tb_bytes public_key, struct tb_secret *shared)
{
    (void)self;
    tb_status status = crypto_backend_native()->dh(crypto_backend_native(), kem, private_key,
                                                   public_key, shared);
    if (tb_is_ok(status)) note(tb_secret_view(shared));
    return status;
}

/* ---------------------------------------------------------------- where it is looked for */

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

static size_t found_count(const uint8_t *data, size_t len);

static void heap_give(void *ctx, void *data, size_t len)
{
    (void)ctx;
    assert_int_equal(found_count(data, len), 0); /* given back wiped */
    for (size_t i = 0; i < heap.count; i++) {
        if (heap.block[i].data != data) continue;
        assert_int_equal(heap.block[i].len, len);
        heap.block[i] = heap.block[--heap.count];
        free(data);
        return;
    }
    fail();
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, NEEDLE_LEN);
}

/* Secrets do not lie at every address, but on the boundaries that structs and arrays give. */
__attribute__((no_sanitize("address"))) static size_t found_count(const uint8_t *data, size_t len)
{
    size_t found = 0;
    for (size_t at = 0; at + NEEDLE_LEN <= len; at++) {
        uint8_t window[NEEDLE_LEN];
        for (size_t i = 0; i < NEEDLE_LEN; i++) window[i] = data[at + i];
        found += bsearch(window, noted.octets, noted.count, NEEDLE_LEN, compare) != NULL;
    }
    return found;
}

/*
 * The first time a library function is called, the dynamic linker spills all vector registers to
 * the stack, whatever they hold.  So one round of everything goes before the stack is searched.
 */
static bool is_warm;

static void assert_forgotten(const uint8_t *stack)
{
    qsort(noted.octets, noted.count, NEEDLE_LEN, compare);
    assert_true(noted.count > 0);
    for (size_t i = 0; i < heap.count; i++) {
        assert_int_equal(found_count(heap.block[i].data, heap.block[i].len), 0);
    }
    if (is_warm) assert_int_equal(found_count(stack, STACK_BYTES), 0);
}

/* ---------------------------------------------------------------- calls on a stack of their own */

struct call {
    struct party *p;
    tb_bytes message;
    struct mls_commit_out out;
    struct party_key_package *key_package;
    void (*run)(struct call *call);
};

static void *run_call(void *argument)
{
    struct call *call = argument;
    call->run(call);
    return NULL;
}

/* The arena of the outputs is not searched: what was decrypted belongs to the caller. */
static void on_own_stack(struct call *call, void (*run)(struct call *call))
{
    void *stack = NULL;
    pthread_attr_t attributes;
    pthread_t thread;
    assert_int_equal(posix_memalign(&stack, 4096, STACK_BYTES), 0);
    memset(stack, 0, STACK_BYTES);
    noted.count = 0;
    call->run = run;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, STACK_BYTES), 0);
    assert_int_equal(pthread_create(&thread, &attributes, run_call, call), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
    assert_forgotten(stack);
    free(stack);
}

static void protect(struct call *call)
{
    call->message = party_protect(call->p, 0, TB_LITERAL("a text"));
}

static void receive(struct call *call)
{
    struct mls_received received;
    if (!tb_is_ok(party_receive(call->p, 1, call->message, &received))) abort();
}

static void receive_forged(struct call *call)
{
    struct mls_received received;
    tb_bytes forged = party_spoil(call->p, call->message, call->message.len - 1);
    if (tb_is_ok(party_receive(call->p, 1, forged, &received))) abort();
}

static void commit_add(struct call *call)
{
    const struct mls_commit_params params = { .proposals = &call->key_package->proposal,
                                              .proposal_count = 1,
                                              .force_path = true,
                                              .tree_in_welcome = true };
    if (!tb_is_ok(mls_group_commit(call->p->member[0].group, &params, &call->p->arena, &call->out,
                                   NULL))) {
        abort();
    }
}

static void receive_commit(struct call *call)
{
    struct mls_received received;
    if (!tb_is_ok(party_receive(call->p, 1, call->out.commit, &received))) abort();
    if (!tb_is_ok(mls_group_merge(call->p->member[1].group, received.staged))) abort();
}

static void join(struct call *call)
{
    party_join(call->p, 2, call->key_package, call->out.welcome, (tb_bytes){ NULL, 0 });
}

/* The member's group moves into memory that is watched, on primitives that are noted. */
static void watch(struct party *p, size_t who, struct tb_mem *mem)
{
    struct tb_buf blob;
    tb_buf_init(&blob, &p->heap.mem, SIZE_MAX);
    assert_ok(mls_group_encode(p->member[who].group, &blob));
    mls_group_free(p->member[who].group);
    p->env.mem = mem;
    assert_ok(mls_group_decode(&p->env, tb_buf_view(&blob), &p->member[who].signer,
                               &p->member[who].group));
    tb_buf_wipe(&blob);
}

static void live(uint16_t suite)
{
    static struct party p;
    struct tb_mem watched = { NULL, heap_take, heap_give, 0, SIZE_MAX };
    struct crypto_provider noting = *crypto_backend_native();
    struct party_key_package key_package;
    struct call call = { .p = &p, .key_package = &key_package };
    noting.aead_seal = noting_seal;
    noting.aead_open = noting_open;
    noting.dh = noting_dh;
    noted.count = 0;
    party_start(&p, suite, 1, 2);
    party_key_package(&p, 2, &key_package);
    p.suite.provider = &noting;
    for (size_t i = 0; i < 2; i++) watch(&p, i, &watched);

    on_own_stack(&call, protect);
    on_own_stack(&call, receive_forged);
    on_own_stack(&call, receive);
    on_own_stack(&call, commit_add);
    on_own_stack(&call, receive_commit);
    assert_ok(mls_group_pending_merge(p.member[0].group));
    on_own_stack(&call, join);
    party_assert_agreement(&p);
    noted.count = 0;
    party_end(&p);
    assert_int_equal(heap.count, 0);
}

static void used_keys_are_nowhere_after_the_call(void **state)
{
    (void)state;
    live(0x0001);
    live(0x0003);
    is_warm = true;
    live(0x0001);
    live(0x0003);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(used_keys_are_nowhere_after_the_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
