/* welcome: one Welcome without PSKs (RFC 9420, section 12.4.3.1). */
#include "mls/framing.h"
#include "mls/leaf.h"
#include "mls/schedule.h"
#include "mls/welcome.h"
#include "tests/vectors/vectors.h"

static bool read_key_package(struct vectors_case *c, struct mls_key_package_in *out)
{
    tb_bytes octets;
    struct mls_message message;
    if (!vectors_hex(c, c->json, "key_package", &octets) ||
        !vectors_ok(c, "key_package", mls_framing_message(octets, c->arena, &message, NULL)) ||
        !vectors_true(c, "key_package", message.wire_format == MLS_WIRE_KEY_PACKAGE)) {
        return false;
    }
    *out = *message.of.key_package;
    return true;
}

static bool check_group_info(struct vectors_case *c, const struct mls_group_info_in *info,
                             const struct tb_secret *joiner, const struct tb_secret *psk)
{
    const struct mls_group_context *context = &info->group_context;
    tb_bytes signer, signed_part = mls_span(info->mark_start, info->mark_tbs_end);
    struct mls_epoch_secrets secrets;
    uint8_t tag[CRYPTO_HASH_MAX];
    return vectors_hex(c, c->json, "signer_pub", &signer) &&
           vectors_ok(c, "signer_pub",
                      crypto_verify_label(&c->suite, signer, "GroupInfoTBS", &signed_part, 1,
                                          info->signature, c->arena)) &&
           vectors_ok(c, "welcome",
                      mls_schedule_epoch(&c->suite, joiner, psk,
                                         mls_span(context->mark_start, context->mark_end),
                                         &secrets)) &&
           vectors_ok(c, "welcome",
                      mls_schedule_confirmation_tag(&c->suite, &secrets.confirmation_key,
                                                    context->confirmed_transcript_hash, tag)) &&
           vectors_true(c, "confirmation_tag",
                        tb_bytes_equal((tb_bytes){ tag, c->suite.hash_len },
                                       info->confirmation_tag));
}

bool vectors_welcome(struct vectors_case *c)
{
    struct mls_key_package_in key_package;
    struct mls_welcome welcome;
    struct mls_group_secrets secrets;
    struct mls_group_info_in info;
    struct tb_secret init_key, joiner, psk = { .len = c->suite.hash_len };
    uint8_t ref[CRYPTO_HASH_MAX];
    tb_bytes octets, private_key;

    if (!read_key_package(c, &key_package) ||
        !vectors_private(c, c->json, "init_priv", c->suite.dh_private_len, &private_key) ||
        !vectors_hex(c, c->json, "welcome", &octets)) {
        return false;
    }
    tb_secret_set(&init_key, private_key);
    if (!vectors_ok(c, "key_package",
                    mls_leaf_key_package_ref(&c->suite, mls_leaf_key_package_view(&key_package),
                                             ref)) ||
        !vectors_ok(c, "welcome", mls_welcome_decode(octets, c->arena, &welcome, NULL)) ||
        !vectors_ok(c, "welcome",
                    mls_welcome_secrets(&c->suite, &welcome, (tb_bytes){ ref, c->suite.hash_len },
                                        &init_key, key_package.init_key, c->arena, &secrets,
                                        NULL))) {
        return false;
    }
    tb_secret_set(&joiner, secrets.joiner_secret);
    return vectors_ok(c, "welcome",
                      mls_welcome_group_info(&c->suite, &welcome, &joiner, &psk, c->arena, &info,
                                             NULL)) &&
           check_group_info(c, &info, &joiner, &psk);
}
