/* Commit acknowledgements. */
#include "chat/ack.h"

tb_status chat_ack_commit_hash(const struct crypto_suite *suite, tb_bytes commit,
                               uint8_t hash[CHAT_HASH_LEN])
{
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, &commit, 1, hash);
}

static tb_status ack_tbs(const struct chat_commit_ack *ack, struct tb_arena *arena, tb_bytes *out)
{
    struct chat_commit_ack bare = *ack;
    tb_bytes encoded;

    if (ack->result < CHAT_ACK_APPLIED || ack->result > CHAT_ACK_OTHER) {
        return TB_STATUS(CHAT_COMMIT_ACK_FORM);
    }
    bare.signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_commit_ack_desc, &bare, arena, &encoded));
    *out = (tb_bytes){ encoded.data, encoded.len - 1 }; /* the empty signature is one octet */
    return TB_STATUS(TB_OK);
}

tb_status chat_ack_sign(const struct crypto_suite *suite, const struct crypto_signing_key *leaf_key,
                        struct chat_commit_ack *ack, struct tb_arena *arena)
{
    tb_bytes tbs;
    TRY(ack_tbs(ack, arena, &tbs));
    return crypto_sign_label(suite, leaf_key, CHAT_LABEL_COMMIT_ACK, &tbs, 1, arena,
                             &ack->signature);
}

tb_status chat_ack_verify(const struct crypto_suite *suite, const struct chat_commit_ack *ack,
                          tb_bytes leaf_key, struct tb_arena *arena)
{
    tb_bytes tbs;
    TRY(ack_tbs(ack, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(suite, leaf_key, CHAT_LABEL_COMMIT_ACK, &tbs, 1,
                                           ack->signature, arena),
                       CHAT_COMMIT_ACK_SIGNATURE));
    return TB_STATUS(TB_OK);
}

const char *chat_ack_result_name(uint8_t result)
{
    static const char *const NAMES[] = { "unknown",   "applied",   "bad confirmation tag",
                                         "bad path secret", "bad signature", "policy", "other" };
    return NAMES[result < sizeof NAMES / sizeof NAMES[0] ? result : 0];
}
