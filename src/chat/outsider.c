/* Notices from outside: judged, sealed at the hub, opened at the desk. */
#include "chat/outsider.h"

#include <string.h>

#include "chat/reason.h"
#include "wire/text.h"

WIRE_TABLE(chat_notice, CHAT_NOTICE)
WIRE_TABLE(chat_notice_padded, CHAT_NOTICE_PADDED)
WIRE_TABLE(chat_sealed_notice, CHAT_SEALED_NOTICE)
WIRE_TABLE(chat_notice_receipt, CHAT_NOTICE_RECEIPT)
WIRE_TABLE(chat_notice_ask, CHAT_NOTICE_ASK)
WIRE_TABLE(chat_notice_state, CHAT_NOTICE_STATE)
WIRE_TABLE(chat_notice_waiting, CHAT_NOTICE_WAITING)
WIRE_TABLE(chat_notice_queue, CHAT_NOTICE_QUEUE)
WIRE_TABLE(chat_notice_answer, CHAT_NOTICE_ANSWER)
WIRE_TABLE(chat_order, CHAT_ORDER)
WIRE_TABLE(chat_orders, CHAT_ORDERS)

const char *chat_notice_outcome_name(uint8_t outcome)
{
    static const char *const NAMES[] = { "open", "acted", "no-action", "unfounded" };
    return outcome < sizeof NAMES / sizeof NAMES[0] ? NAMES[outcome] : NULL;
}

/* Empty, or something on both sides of an `@`, without blanks and controls. */
static bool is_mail(tb_bytes mail)
{
    bool has_sides = false;
    for (size_t i = 0; i < mail.len; i++) {
        if (mail.data[i] <= 0x20 || mail.data[i] == 0x7f) return false;
        if (mail.data[i] == '@' && i != 0 && i != mail.len - 1) has_sides = true;
    }
    return mail.len == 0 || has_sides;
}

tb_status chat_notice_check(const struct chat_notice *notice)
{
    bool is_first = notice->kind == CHAT_NOTICE_FIRST;
    bool is_good = (is_first || notice->kind == CHAT_NOTICE_COMPLAINT)
                   && chat_reason_name(notice->reason_code) != NULL && notice->text.len != 0
                   && notice->text.len <= CHAT_NOTICE_TEXT_LEN_MAX
                   && notice->where.len <= CHAT_NOTICE_WHERE_LEN_MAX
                   && notice->name.len <= CHAT_NOTICE_NAME_LEN_MAX
                   && notice->mail.len <= CHAT_NOTICE_MAIL_LEN_MAX
                   && (!is_first || (notice->where.len != 0 && notice->is_good_faith == 1))
                   && wire_text_is_utf8(notice->where) && wire_text_is_utf8(notice->text)
                   && wire_text_is_utf8(notice->name) && wire_text_is_utf8(notice->mail)
                   && is_mail(notice->mail);
    return TB_STATUS(is_good ? TB_OK : CHAT_NOTICE_FORM);
}

tb_status chat_notice_key_hash(const struct crypto_suite *suite,
                               const struct chat_recipient_key *key, struct tb_arena *arena,
                               uint8_t hash[CHAT_HASH_LEN])
{
    tb_bytes encoded;
    TRY(wire_encode(&chat_recipient_key_desc, key, arena, &encoded));
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, &encoded, 1, hash);
}

/* number, about and received_ms bind the sealed octets to their place in the queue. */
static tb_bytes context_of(const struct chat_sealed_notice *sealed, uint8_t out[24])
{
    tb_put_u64(out, sealed->number);
    tb_put_u64(out + 8, sealed->about);
    tb_put_u64(out + 16, sealed->received_ms);
    return tb_bytes_of(out, 24);
}

static tb_status tbs_of(const struct chat_sealed_notice *sealed, struct tb_arena *arena,
                        tb_bytes *out)
{
    struct chat_sealed_notice bare = *sealed;
    tb_bytes encoded;
    bare.hub_signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_sealed_notice_desc, &bare, arena, &encoded));
    *out = tb_bytes_of(encoded.data, encoded.len - 1); /* the empty signature is one octet */
    return TB_STATUS(TB_OK);
}

static tb_status pad(const struct chat_notice *notice, struct tb_arena *arena, tb_bytes *out)
{
    struct chat_notice_padded padded = { .notice = *notice };
    size_t len = 0;
    TRY(wire_size(&chat_notice_padded_desc, &padded, &len));
    len += 3; /* the longest prefix of the padding */
    size_t count = CHAT_NOTICE_PAD_LEN - len % CHAT_NOTICE_PAD_LEN;
    uint8_t *zeros = tb_arena_take(arena, count, 1);
    if (zeros == NULL) return TB_STATUS(TB_NO_SPACE);
    memset(zeros, 0, count);
    padded.padding = tb_bytes_of(zeros, count);
    return wire_encode(&chat_notice_padded_desc, &padded, arena, out);
}

tb_status chat_notice_seal(const struct crypto_suite *suite,
                           const struct crypto_signing_key *intake,
                           const struct chat_recipient_key *key, const struct chat_notice *notice,
                           struct tb_rng *rng, struct tb_arena *arena,
                           struct chat_sealed_notice *out)
{
    struct crypto_suite theirs;
    uint8_t context[24];
    tb_bytes plain, tbs;
    out->v = 1;
    TRY(chat_notice_check(notice));
    TRY(crypto_suite_init(&theirs, key->suite, suite->provider));
    TRY(chat_notice_key_hash(suite, key, arena, out->recipient_key_hash));
    TRY(pad(notice, arena, &plain));
    TRY(crypto_encrypt_label(&theirs, key->hpke_key, CHAT_LABEL_NOTICE, context_of(out, context),
                             plain, rng, arena, &out->kem_output, &out->ciphertext));
    TRY(tbs_of(out, arena, &tbs));
    return crypto_sign_label(suite, intake, CHAT_LABEL_NOTICE, &tbs, 1, arena,
                             &out->hub_signature);
}

tb_status chat_notice_open(const struct crypto_suite *suite,
                           const struct chat_sealed_notice *sealed, tb_bytes intake_key,
                           const struct chat_recipient_key *key,
                           const struct tb_secret *private_key, struct tb_arena *arena,
                           struct chat_notice *out)
{
    struct crypto_suite ours;
    struct chat_notice_padded padded;
    uint8_t context[24];
    tb_bytes tbs, plain;
    TRY(tbs_of(sealed, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(suite, intake_key, CHAT_LABEL_NOTICE, &tbs, 1,
                                           sealed->hub_signature, arena),
                       CHAT_NOTICE_SIGNATURE));
    TRY(crypto_suite_init(&ours, key->suite, suite->provider));
    TRY(chat_status_as(crypto_decrypt_label(&ours, tb_secret_view(private_key), key->hpke_key,
                                            CHAT_LABEL_NOTICE, context_of(sealed, context),
                                            sealed->kem_output, sealed->ciphertext, arena, &plain),
                       CHAT_NOTICE_SEALED));
    TRY(chat_status_as(wire_decode(&chat_notice_padded_desc, plain, arena, &padded, NULL),
                       CHAT_NOTICE_FORM));
    TRY(chat_notice_check(&padded.notice));
    *out = padded.notice;
    return TB_STATUS(TB_OK);
}
