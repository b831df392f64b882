/* transcript-hashes: one commit (RFC 9420, section 8.2). */
#include "mls/schedule.h"
#include "mls/structs.h"
#include "mls/transcript.h"
#include "tests/vectors/vectors.h"

bool vectors_transcript_hashes(struct vectors_case *c)
{
    tb_bytes encoded, before, key;
    struct mls_authenticated_content commit;
    uint8_t confirmed[CRYPTO_HASH_MAX], interim[CRYPTO_HASH_MAX], tag[CRYPTO_HASH_MAX];
    struct tb_secret confirmation_key;

    if (!vectors_hex(c, c->json, "authenticated_content", &encoded) ||
        !vectors_hex(c, c->json, "interim_transcript_hash_before", &before) ||
        !vectors_hex(c, c->json, "confirmation_key", &key) ||
        !vectors_ok(c, "authenticated_content",
                    wire_decode(&mls_authenticated_content_desc, encoded, c->arena, &commit,
                                NULL))) {
        return false;
    }
    if (!vectors_true(c, "confirmation_key", key.len == c->suite.hash_len)) return false;
    tb_secret_set(&confirmation_key, key);
    const struct mls_authenticated *content = &commit.authenticated;
    if (!vectors_true(c, "authenticated_content",
                      content->content.content_type == MLS_CONTENT_COMMIT)) {
        return false;
    }
    tb_bytes confirmed_view = { confirmed, c->suite.hash_len };
    return vectors_ok(c, "confirmed_transcript_hash_after",
                      mls_transcript_confirmed(&c->suite, before, commit.wire_format,
                                               mls_framed_content_view(&content->content),
                                               content->signature, confirmed)) &&
           vectors_equal(c, c->json, "confirmed_transcript_hash_after", confirmed_view) &&
           vectors_ok(c, "confirmation_key",
                      mls_schedule_confirmation_tag(&c->suite, &confirmation_key, confirmed_view,
                                                    tag)) &&
           vectors_true(c, "confirmation_tag",
                        tb_bytes_equal((tb_bytes){ tag, c->suite.hash_len },
                                       content->of.confirmation_tag->value)) &&
           vectors_ok(c, "interim_transcript_hash_after",
                      mls_transcript_interim(&c->suite, confirmed_view,
                                             content->of.confirmation_tag->value, interim)) &&
           vectors_equal(c, c->json, "interim_transcript_hash_after",
                         (tb_bytes){ interim, c->suite.hash_len });
}
