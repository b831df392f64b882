/*
 * What operations of MLS cost at least: raw primitives of the suite, each at the faster of OpenSSL
 * and libsodium where both have it, measured in this run and counted.  Keys are parsed and contexts
 * made beforehand.  Microseconds of CPU time.
 */
#ifndef TB_BENCH_MLS_FLOOR_H
#define TB_BENCH_MLS_FLOOR_H

#include <stddef.h>
#include <stdint.h>

/* A primitive over a text: what it takes with a short one, and with each further KiB. */
struct mls_floor_text {
    double short_us;
    double kib_us;
};
struct mls_floor {
    struct mls_floor_text sign, verify; /* short: 300 octets */
    struct mls_floor_text hash;         /* short: 128 octets */
    struct mls_floor_text aead;         /* short: 100 octets */
    double dh_us, dh_key_us;            /* with a point; a key pair */
    double hmac_us;                     /* over 64 octets */
};

void mls_floor_measure(uint16_t cipher_suite, struct mls_floor *floor);

/* Texts of at least the short length. */
double mls_floor_sign_us(const struct mls_floor *f, size_t octets);
double mls_floor_verify_us(const struct mls_floor *f, size_t octets);
double mls_floor_hash_us(const struct mls_floor *f, size_t octets);
double mls_floor_aead_us(const struct mls_floor *f, size_t octets);

double mls_floor_seal_us(const struct mls_floor *f);     /* HPKE, of a path secret */
double mls_floor_open_us(const struct mls_floor *f);
double mls_floor_key_pair_us(const struct mls_floor *f); /* from a path secret */

#endif
