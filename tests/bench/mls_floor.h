/*
 * What operations of MLS cost at least: raw primitives, each at the faster of OpenSSL and
 * libsodium, measured in this run and counted.  Cipher suites 0x0001 and 0x0003; microseconds of
 * CPU time.
 */
#ifndef TB_BENCH_MLS_FLOOR_H
#define TB_BENCH_MLS_FLOOR_H

#include <stddef.h>
#include <stdint.h>

struct mls_floor {
    double sign_us, verify_us;       /* Ed25519, 300 octets */
    double dh_us, dh_base_us;        /* X25519 with a point, with the base point */
    double hmac_us;                  /* HMAC-SHA256 over 64 octets */
    double sha_us_per_kib;
    double aead_us_100, aead_us_16k; /* of the suite */
    double sign_us_16k, verify_us_16k;
};

void mls_floor_measure(uint16_t cipher_suite, struct mls_floor *floor);

double mls_floor_seal_us(const struct mls_floor *f);
double mls_floor_open_us(const struct mls_floor *f);
double mls_floor_key_pair_us(const struct mls_floor *f); /* from a path secret */
double mls_floor_hash_us(const struct mls_floor *f, size_t octets);

#endif
