/*
 * Values of a store sealed with XChaCha20-Poly1305 under one key of 32 octets: nonce (24, random),
 * ciphertext, tag.  The associated data is the table's number and the row's key, so a value cannot
 * be put in another row's place.
 */
#ifndef TB_HOST_STORE_CODEC_H
#define TB_HOST_STORE_CODEC_H

#include "host/store_sqlite.h"

enum { HOST_CODEC_KEY_LEN = 32, HOST_CODEC_OVERHEAD_LEN = 40 };

struct host_codec {
    struct host_store_codec codec; /* for host_store_config */
    struct tb_secret key;
    struct tb_rng *rng;
};

/* key: HOST_CODEC_KEY_LEN octets.  The struct must not move afterwards. */
void host_codec_init(struct host_codec *codec, tb_bytes key, struct tb_rng *rng);
void host_codec_wipe(struct host_codec *codec);

#endif
