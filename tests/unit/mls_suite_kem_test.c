/*
 * A suite whose KEM is no Diffie-Hellman and whose outputs are shorter than its public keys: whole
 * groups over a stand-in of the sizes of ML-KEM-768 with X25519, so that everything around the KEM
 * is tried where the backend has none.  The stand-in is X25519, padded.
 */
#include "tests/unit/mls_party.h"

#include "mls/group_external.h"

enum { X_LEN = 32 };

static const struct crypto_provider *native(void) { return crypto_backend_native(); }

static bool has_all(const struct crypto_provider *self, uint16_t cipher_suite)
{
    (void)self, (void)cipher_suite;
    return true;
}

static void pad(uint8_t *out, size_t len)
{
    for (size_t i = X_LEN; i < len; i++) out[i] = (uint8_t)(out[i % X_LEN] ^ i);
}

static bool is_padded(tb_bytes value)
{
    for (size_t i = X_LEN; i < value.len; i++) {
        if (value.data[i] != (uint8_t)(value.data[i % X_LEN] ^ i)) return false;
    }
    return true;
}

static tb_status public_of(const struct crypto_provider *self, enum crypto_kem kem,
                           tb_bytes private_key, uint8_t *public_key)
{
    (void)self;
    assert_int_equal(kem, CRYPTO_KEM_MLKEM768_X25519);
    TRY(native()->dh_public(native(), CRYPTO_KEM_X25519, private_key, public_key));
    pad(public_key, CRYPTO_PUBLIC_MAX);
    return TB_STATUS(TB_OK);
}

static tb_status derive(const struct crypto_provider *self, enum crypto_kem kem, tb_bytes ikm,
                        struct tb_secret *private_key, uint8_t *public_key)
{
    private_key->len = X_LEN;
    TRY(native()->hash(native(), CRYPTO_SHA256, &ikm, 1, private_key->data));
    return public_of(self, kem, tb_secret_view(private_key), public_key);
}

static tb_status encap(const struct crypto_provider *self, enum crypto_kem kem,
                       tb_bytes public_key, tb_bytes random, uint8_t *output,
                       struct tb_secret *shared)
{
    (void)self, (void)kem;
    assert_int_equal(random.len, CRYPTO_ENCAP_RANDOM_LEN);
    if (!is_padded(public_key)) return TB_STATUS(CRYPTO_KEY);
    const tb_bytes own = { random.data, X_LEN }, theirs = { public_key.data, X_LEN };
    TRY(native()->dh_public(native(), CRYPTO_KEM_X25519, own, output));
    pad(output, 1120);
    return native()->dh(native(), CRYPTO_KEM_X25519, own, theirs, shared);
}

static tb_status decap(const struct crypto_provider *self, enum crypto_kem kem,
                       tb_bytes private_key, tb_bytes output, struct tb_secret *shared)
{
    (void)self, (void)kem;
    assert_int_equal(output.len, 1120);
    if (!is_padded(output)) return TB_STATUS(CRYPTO_KEY);
    return native()->dh(native(), CRYPTO_KEM_X25519, private_key, (tb_bytes){ output.data, X_LEN },
                        shared);
}

static tb_status check(const struct crypto_provider *self, enum crypto_kem kem,
                       tb_bytes public_key)
{
    (void)self, (void)kem;
    return TB_STATUS(is_padded(public_key) ? TB_OK : CRYPTO_KEY);
}

static struct crypto_provider stand_in;

static void start(struct party *p, uint64_t seed, size_t count)
{
    stand_in = *native();
    stand_in.has = has_all;
    stand_in.dh_public = public_of;
    stand_in.kem_derive = derive;
    stand_in.kem_encap = encap;
    stand_in.kem_decap = decap;
    stand_in.point_check = check;
    party_init(p, 1, seed);
    assert_ok(crypto_suite_init(&p->suite, CRYPTO_SUITE_MLKEM, &stand_in));
    assert_int_equal(p->suite.dh_public_len, 1216);
    assert_int_equal(p->suite.kem_output_len, 1120);
    party_create_with(p, NULL, 0);
    for (size_t i = 1; i < count; i++) party_add(p, 0, i);
}

static void members_of_such_a_group_agree_and_talk(void **state)
{
    (void)state;
    struct party p;
    start(&p, 71, 5);
    party_assert_agreement(&p);
    for (size_t i = 0; i < 5; i++) {
        const struct mls_commit_params params = { .force_path = true };
        struct mls_commit_out out;
        party_commit(&p, i, &params, &out);
        party_assert_agreement(&p);
    }
    party_assert_reads(&p, 4, party_protect(&p, 1, TB_LITERAL("hello")), TB_LITERAL("hello"));
    party_end(&p);
}

static void an_external_joiner_uses_an_output_of_its_own_length(void **state)
{
    (void)state;
    struct party p;
    struct mls_group_external *external = NULL;
    struct mls_commit_out out;
    tb_bytes info, tree;
    start(&p, 72, 3);
    assert_ok(mls_group_info(p.member[1].group, true, NULL, 0, &p.arena, &info, &tree));
    assert_ok(mls_group_external_open(&p.env, info, (tb_bytes){ NULL, 0 }, PARTY_NOW_S, &external,
                                      NULL));
    const struct mls_group_external_params params = { .identity = party_name(&p, 3),
                                                      .signer = &p.member[3].signer,
                                                      .now_s = PARTY_NOW_S };
    assert_ok(mls_group_external_join(external, &params, &p.arena, &p.member[3].group, &out));
    mls_group_external_free(external);
    party_deliver(&p, 3, out.commit);
    party_assert_agreement(&p);
    party_assert_reads(&p, 0, party_protect(&p, 3, TB_LITERAL("in")), TB_LITERAL("in"));
    party_end(&p);
}

static void a_provider_that_only_claims_the_suite_is_refused(void **state)
{
    (void)state;
    struct crypto_suite suite;
    struct crypto_provider boastful = *native();
    boastful.has = has_all;
    boastful.kem_encap = NULL;
    assert_status(crypto_suite_init(&suite, CRYPTO_SUITE_MLKEM, &boastful), CRYPTO_NO_MLKEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_of_such_a_group_agree_and_talk),
        cmocka_unit_test(an_external_joiner_uses_an_output_of_its_own_length),
        cmocka_unit_test(a_provider_that_only_claims_the_suite_is_refused),
    };
    return cmocka_run_group_tests_name("mls_suite_kem", tests, NULL, NULL);
}
