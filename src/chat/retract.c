/* Signing and checking hub_retracted_messages. */
#include "chat/retract.h"

static tb_status retracted_tbs(const struct chat_retracted *retracted, struct tb_arena *arena,
                               tb_bytes *out)
{
    struct chat_retracted bare = *retracted;
    tb_bytes encoded;
    bare.signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_retracted_desc, &bare, arena, &encoded));
    *out = (tb_bytes){ encoded.data, encoded.len - 1 }; /* the empty signature is one octet */
    return TB_STATUS(TB_OK);
}

tb_status chat_retracted_sign(const struct crypto_suite *suite,
                              const struct crypto_signing_key *external,
                              struct chat_retracted *retracted, struct tb_arena *arena)
{
    tb_bytes tbs;
    TRY(retracted_tbs(retracted, arena, &tbs));
    return crypto_sign_label(suite, external, CHAT_LABEL_RETRACTED, &tbs, 1, arena,
                             &retracted->signature);
}

tb_status chat_retracted_verify(const struct crypto_suite *suite,
                                const struct chat_retracted *retracted, tb_bytes external_key,
                                struct tb_arena *arena)
{
    tb_bytes tbs;
    TRY(retracted_tbs(retracted, arena, &tbs));
    return chat_status_as(crypto_verify_label(suite, external_key, CHAT_LABEL_RETRACTED, &tbs, 1,
                                              retracted->signature, arena),
                          CHAT_DECISION_SIGNATURE);
}
