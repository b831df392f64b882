/*
 * The profile key: 32 random octets that encrypt every value of a profile's database
 * (host/store_codec.h).
 *
 * The file is the key itself, readable by its owner alone, or the key under a passphrase:
 *
 *     "TBKEY1\r\n" | uint64 opslimit | uint64 memlimit | salt[16] | nonce[24] | sealed[48]
 *
 * sealed is XChaCha20-Poly1305 under Argon2id(passphrase, salt, limits) with everything before it
 * as associated data.  Whoever copies the folder then still lacks the passphrase.
 */
#ifndef TB_HOST_CLIENT_KEY_H
#define TB_HOST_CLIENT_KEY_H

#include "base/mem.h"
#include "host/client_status.h"

enum {
    CLI_KEY_LEN = 32,
    CLI_KEY_NONCE_LEN = 24,
    CLI_KEY_TAG_LEN = 16
};

/* How hard a guess is made.  The defaults cost about a second and 256 MiB; tests take less. */
struct cli_key_cost {
    uint64_t opslimit, memlimit_bytes;
};
extern const struct cli_key_cost cli_key_cost_default;

/* The seed of a recovery phrase: Argon2id with fixed costs and salt, so that the phrase is all that
 * has to be kept; its 128 random bits need no salt.  len: 32.  TB_NO_SPACE, TB_RANDOM. */
TB_MUST_USE tb_status cli_key_of_phrase(tb_bytes phrase, struct tb_secret *seed);
/* A new key and its file.  An empty passphrase stores it bare.  HOST_IO, TB_RANDOM, TB_NO_SPACE. */
TB_MUST_USE tb_status cli_key_make(const char *path, tb_bytes passphrase,
                                   const struct cli_key_cost *cost, struct tb_rng *rng,
                                   struct tb_secret *key);
/* CLI_KEY_MISSING, CLI_KEY_FORMAT, CLI_PASSPHRASE_NEEDED (empty but needed), CLI_PASSPHRASE_WRONG,
 * HOST_PERMISSION, HOST_IO, TB_NO_SPACE. */
TB_MUST_USE tb_status cli_key_read(const char *path, tb_bytes passphrase, struct tb_secret *key);

#endif
