/* One opening against its stub: text, attachments, the sender's own signature. */
#include <string.h>

#include "chat/frank.h"
#include "chat/policy.h"
#include "chat/report_check.h"
#include "chat/safe_aad.h"
#include "mls/codepoints.h"
#include "mls/structs.h"

enum { ENC_AES128_GCM = 1, ENC_KEY_LEN = 16, HASH_ALG_SHA256 = 1, HOW_INLINE = 1 };

/* What stops the verifier, in contrast to what is wrong with one message. */
static bool is_fatal(tb_status status)
{
    return status.code == TB_NO_SPACE || status.code == CRYPTO_FAILED;
}

/* ------------------------------------------------------------------ V3 */

static tb_status check_text(struct chat_report_check *check, tb_bytes application_data,
                            const struct chat_stub *stub, struct chat_content *content,
                            uint8_t message_id[CHAT_MESSAGE_ID_LEN])
{
    const struct crypto_suite *suite = check->params->suite;
    uint8_t tag[CHAT_HASH_LEN];
    tb_bytes encoded;
    tb_status status = chat_content_unframe(application_data, check->arena, &encoded);

    if (tb_is_ok(status)) status = chat_content_decode(encoded, check->arena, content);
    if (!tb_is_ok(status)) return is_fatal(status) ? status : TB_STATUS(CHAT_EVIDENCE_CONTENT);
    TRY(chat_frank_tag(suite, content->salt, application_data, tag));
    if (!tb_equal_ct(TB_ARRAY(tag), TB_ARRAY(stub->franking_tag))) {
        return TB_STATUS(CHAT_EVIDENCE_TAG);
    }
    if (!tb_bytes_equal(content->sender_uri, stub->context.sender_uri)) {
        return TB_STATUS(CHAT_EVIDENCE_SENDER);
    }
    if (!tb_bytes_equal(content->room_uri, stub->context.room_uri)) {
        return TB_STATUS(CHAT_EVIDENCE_ROOM);
    }
    return chat_content_message_id(suite, content->sender_uri, content->room_uri, encoded,
                                   content->salt, message_id);
}

/* ------------------------------------------------------------------ V4 */

static tb_status check_attachment(struct chat_report_check *check,
                                  const struct chat_content *content,
                                  const struct chat_attachment_evidence *evidence,
                                  struct chat_report_attachment *out)
{
    const struct crypto_provider *provider = check->params->suite->provider;
    const struct chat_part *part = chat_content_external(content, evidence->part_index);
    uint8_t hash[CHAT_HASH_LEN];

    if (part == NULL || part->hash_alg != HASH_ALG_SHA256) {
        return TB_STATUS(CHAT_EVIDENCE_ATTACHMENT_HASH);
    }
    TRY(provider->hash(provider, CRYPTO_SHA256, &evidence->ciphertext, 1, hash));
    if (!tb_bytes_equal(part->content_hash, TB_ARRAY(hash))) {
        return TB_STATUS(CHAT_EVIDENCE_ATTACHMENT_HASH);
    }
    if (part->enc_alg != ENC_AES128_GCM || part->key.len != ENC_KEY_LEN
        || part->nonce.len != CRYPTO_NONCE_LEN || evidence->ciphertext.len < CRYPTO_TAG_LEN) {
        return TB_STATUS(CHAT_EVIDENCE_ATTACHMENT_KEY);
    }
    size_t len = evidence->ciphertext.len - CRYPTO_TAG_LEN;
    uint8_t *plain = tb_arena_take(check->arena, len, 1);
    if (plain == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(chat_status_as(provider->aead_open(provider, CRYPTO_AES128_GCM, part->key, part->nonce,
                                           part->aad, evidence->ciphertext, plain),
                       CHAT_EVIDENCE_ATTACHMENT_KEY));
    *out = (struct chat_report_attachment){ evidence->part_index, { plain, len } };
    if (evidence->part_index < content->plaintext_hash_count) {
        TRY(provider->hash(provider, CRYPTO_SHA256, &out->plain, 1, hash));
        if (memcmp(hash, content->plaintext_hashes[evidence->part_index], CHAT_HASH_LEN) != 0) {
            return TB_STATUS(CHAT_EVIDENCE_ATTACHMENT_PLAIN);
        }
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_attachments(struct chat_report_check *check,
                                   const struct chat_opening_full *full,
                                   const struct chat_content *content,
                                   struct chat_report_message *message)
{
    struct chat_report_attachment *list =
        tb_arena_take(check->arena, full->attachments.count, sizeof *list);
    size_t count = 0;

    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < full->attachments.count; i++) {
        /* Something to fetch by URL needs a network; the caller shows it as not attached. */
        if (full->attachments.at[i].how != HOW_INLINE) continue;
        TRY(check_attachment(check, content, &full->attachments.at[i], &list[count]));
        count++;
    }
    message->attachments = list;
    message->attachment_count = count;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ V7 */

const struct chat_report_epoch *chat_report_check_epoch(const struct chat_report_check *check,
                                                        uint64_t epoch)
{
    for (size_t i = 0; i < check->epoch_count; i++) {
        if (check->epochs[i].epoch == epoch) return &check->epochs[i];
    }
    return NULL;
}

tb_status chat_report_check_epochs(struct chat_report_check *check)
{
    const struct chat_report_evidence *evidence = check->evidence;
    size_t count = evidence->group_contexts.count;

    check->epochs = tb_arena_take(check->arena, count, sizeof *check->epochs);
    if (check->epochs == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        struct chat_report_epoch *epoch = &check->epochs[check->epoch_count];
        struct chat_policy_room room;
        epoch->group_context = evidence->group_contexts.at[i].value;
        tb_status status = chat_policy_decode(epoch->group_context, check->arena, &room, NULL);
        if (is_fatal(status)) return status;
        if (!tb_is_ok(status) || !tb_bytes_equal(room.context.group_id, evidence->group_id)
            || chat_report_check_epoch(check, room.context.epoch) != NULL) {
            return TB_STATUS(CHAT_EVIDENCE_GROUP_CONTEXT);
        }
        TRY(check->params->suite->provider->hash(check->params->suite->provider, CRYPTO_SHA256,
                                                 &epoch->group_context, 1, epoch->hash));
        epoch->epoch = room.context.epoch;
        epoch->is_mimi_required = chat_frank_mimi_is_required(
            room.frank.profile, evidence->room_uri, &room.participants);
        check->epoch_count++;
    }
    return TB_STATUS(TB_OK);
}

/* FramedContentTBS of RFC 9420, section 6.1, for application data of a member in a
 * PrivateMessage. */
static tb_status framed_tbs(const struct chat_report_check *check, const struct chat_stub *stub,
                            const struct chat_opening_full *full, tb_bytes group_context,
                            tb_bytes *out)
{
    const struct wire_opaque data = { full->application_data };
    const struct wire_opaque aad = { full->proof->authenticated_data };
    const struct wire_opaque group_id = { check->evidence->group_id };
    uint8_t head[4], epoch[8], sender[5];
    const uint8_t content_type[] = { MLS_CONTENT_APPLICATION };
    tb_bytes encoded[3];
    size_t len = 0;

    tb_put_u16(head, MLS_VERSION_MLS10);
    tb_put_u16(head + 2, MLS_WIRE_PRIVATE_MESSAGE);
    tb_put_u64(epoch, stub->epoch);
    sender[0] = MLS_SENDER_MEMBER;
    tb_put_u32(sender + 1, full->proof->leaf_index);
    TRY(wire_encode(&wire_opaque_desc, &group_id, check->arena, &encoded[0]));
    TRY(wire_encode(&wire_opaque_desc, &aad, check->arena, &encoded[1]));
    TRY(wire_encode(&wire_opaque_desc, &data, check->arena, &encoded[2]));
    const tb_bytes parts[] = { TB_ARRAY(head),  encoded[0],             TB_ARRAY(epoch),
                               TB_ARRAY(sender), encoded[1],            TB_ARRAY(content_type),
                               encoded[2],      group_context };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (!tb_add_size(len, parts[i].len, &len)) return TB_STATUS(TB_OVERFLOW);
    }
    uint8_t *octets = tb_arena_take(check->arena, len, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    *out = (tb_bytes){ octets, len };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].len != 0) memcpy(octets, parts[i].data, parts[i].len);
        octets += parts[i].len;
    }
    return TB_STATUS(TB_OK);
}

/* Any device of the sender's record, revoked ones too: whose leaf it was is not told. */
static tb_status verify_by_record(const struct chat_report_check *check,
                                  const struct chat_stub *stub, tb_bytes tbs, tb_bytes signature)
{
    const struct chat_report_verify_params *params = check->params;
    bool has_record = false;

    for (size_t i = 0; i < params->record_count; i++) {
        const struct chat_account_record *record = &params->records[i];
        if (!tb_bytes_equal(record->account, stub->context.sender_uri)) continue;
        has_record = true;
        for (size_t k = 0; k < record->devices.count; k++) {
            tb_status status =
                crypto_verify_label(params->suite, record->devices.at[k].signature_key,
                                    "FramedContentTBS", &tbs, 1, signature, check->arena);
            if (tb_is_ok(status) || is_fatal(status)) return status;
        }
    }
    return TB_STATUS(has_record ? CHAT_EVIDENCE_PROOF : CHAT_EVIDENCE_RECORD);
}

static tb_status check_proof(const struct chat_report_check *check, const struct chat_stub *stub,
                             const struct chat_opening_full *full)
{
    const struct chat_report_epoch *epoch = chat_report_check_epoch(check, stub->epoch);
    uint8_t tag[CHAT_HASH_LEN];
    tb_bytes tbs;

    if (full->proof == NULL) return TB_STATUS(TB_NOT_FOUND);
    if (epoch == NULL || memcmp(epoch->hash, full->proof->group_context_hash, CHAT_HASH_LEN) != 0) {
        return TB_STATUS(CHAT_EVIDENCE_GROUP_CONTEXT);
    }
    /* The signed tag is the one that the hub stamped. */
    if (!tb_is_ok(chat_safe_aad_tag(full->proof->authenticated_data, tag))
        || memcmp(tag, stub->franking_tag, CHAT_HASH_LEN) != 0) {
        return TB_STATUS(CHAT_EVIDENCE_PROOF);
    }
    TRY(framed_tbs(check, stub, full, epoch->group_context, &tbs));
    return verify_by_record(check, stub, tbs, full->proof->signature);
}

/* ------------------------------------------------------------------ one opening */

static tb_status check_full(struct chat_report_check *check, const struct chat_opening_full *full,
                            struct chat_report_message *message)
{
    struct chat_content *content = tb_arena_take(check->arena, 1, sizeof *content);
    if (content == NULL) return TB_STATUS(TB_NO_SPACE);

    message->verdict = check_text(check, full->application_data, message->stub, content,
                                  message->message_id);
    if (tb_is_ok(message->verdict)) {
        message->verdict = check_attachments(check, full, content, message);
    }
    if (is_fatal(message->verdict)) return message->verdict;
    message->proof_verdict = check_proof(check, message->stub, full);
    if (is_fatal(message->proof_verdict)) return message->proof_verdict;
    if (tb_is_ok(message->verdict)) {
        message->content = content;
        message->level = tb_is_ok(message->proof_verdict) ? 2 : 1;
        return TB_STATUS(TB_OK);
    }
    /* The sender signed this tag together with a text that it does not belong to (2.6, 1). */
    if (message->verdict.code == CHAT_EVIDENCE_TAG && tb_is_ok(message->proof_verdict)) {
        check->alarms |= CHAT_ALARM_PROTOCOL;
    }
    message->attachments = NULL;
    message->attachment_count = 0;
    return TB_STATUS(TB_OK);
}

tb_status chat_report_check_opening(struct chat_report_check *check,
                                    const struct chat_opening *opening,
                                    struct chat_report_message *message)
{
    struct chat_report_message next = {
        .stub = message->stub,
        .kind = opening->kind,
        .is_target = message->is_target,
        .verdict = TB_STATUS(TB_OK),
        .proof_verdict = TB_STATUS(TB_NOT_FOUND),
        .replaces_index = SIZE_MAX,
        .reply_index = SIZE_MAX,
        .oracle = message->oracle,
    };
    if (opening->kind == CHAT_OPENING_IS_FULL) TRY(check_full(check, opening->body.full, &next));
    *message = next;
    return TB_STATUS(TB_OK);
}
