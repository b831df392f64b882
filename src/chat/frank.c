/* Tags, stamps, links and signatures of Profile T (docs/franking.md), without allocation. */
#include "chat/frank.h"

#include <assert.h>
#include <string.h>

#include "chat/names.h"
#include "chat/safe_aad.h"
#include "wire/uri.h"

#define LABEL_PREFIX TB_LITERAL("MLS 1.0 ")

/* An encoding under construction.  All fields are bounded, so the buffer cannot overflow; the
 * assert is the proof's last line. */
struct writer {
    uint8_t data[CHAT_FRANK_TBS_LEN_MAX];
    size_t len;
};

static void put(struct writer *writer, tb_bytes value)
{
    assert(value.len <= sizeof writer->data - writer->len);
    if (value.len != 0) memcpy(writer->data + writer->len, value.data, value.len);
    writer->len += value.len;
}

static void put_hash(struct writer *writer, const uint8_t hash[CHAT_HASH_LEN])
{
    put(writer, (tb_bytes){ hash, CHAT_HASH_LEN });
}

static void put_u16(struct writer *writer, uint16_t value)
{
    uint8_t octets[2];
    tb_put_u16(octets, value);
    put(writer, TB_ARRAY(octets));
}

static void put_u64(struct writer *writer, uint64_t value)
{
    uint8_t octets[8];
    tb_put_u64(octets, value);
    put(writer, TB_ARRAY(octets));
}

/* opaque value<V> */
static void put_opaque(struct writer *writer, tb_bytes value)
{
    uint8_t header[4];
    uint8_t *end = wire_length_put(header, value.len);
    put(writer, (tb_bytes){ header, (size_t)(end - header) });
    put(writer, value);
}

static void put_context(struct writer *writer, const struct chat_franking_context *context)
{
    assert(context->sender_uri.len <= CHAT_URI_LEN_MAX);
    assert(context->room_uri.len <= CHAT_URI_LEN_MAX);
    put_opaque(writer, context->sender_uri);
    put_opaque(writer, context->room_uri);
    put_u64(writer, context->accepted_timestamp);
}

static tb_bytes view(const struct writer *writer)
{
    return (tb_bytes){ writer->data, writer->len };
}

static tb_status sha256(const struct crypto_suite *suite, const tb_bytes *parts, size_t count,
                        uint8_t out[CHAT_HASH_LEN])
{
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, count, out);
}

/* RefHash of RFC 9420, section 5.2, with SHA-256 whatever the suite. */
static tb_status ref_hash(const struct crypto_suite *suite, tb_bytes label, tb_bytes value,
                          uint8_t out[CHAT_HASH_LEN])
{
    uint8_t label_header[4], value_header[4];
    const tb_bytes parts[] = {
        { label_header, (size_t)(wire_length_put(label_header, label.len) - label_header) },
        label,
        { value_header, (size_t)(wire_length_put(value_header, value.len) - value_header) },
        value,
    };
    return sha256(suite, parts, sizeof parts / sizeof parts[0], out);
}

/* SignContent of RFC 9420, section 5.1.2. */
static void sign_content(struct writer *writer, const char *label, tb_bytes content)
{
    tb_bytes text = tb_bytes_text(label);
    uint8_t header[4];
    uint8_t *end = wire_length_put(header, LABEL_PREFIX.len + text.len);
    put(writer, (tb_bytes){ header, (size_t)(end - header) });
    put(writer, LABEL_PREFIX);
    put(writer, text);
    put_opaque(writer, content);
}

static tb_status sign(const struct crypto_suite *suite, const struct crypto_signing_key *key,
                      const char *label, const struct writer *content, struct chat_signature *out)
{
    struct writer whole = { .len = 0 };
    struct chat_signature signature;

    sign_content(&whole, label, view(content));
    TRY(suite->provider->sign(suite->provider, suite->signature, tb_secret_view(&key->private_key),
                              crypto_signing_key_public(key), view(&whole), signature.data,
                              &signature.len));
    *out = signature;
    return TB_STATUS(TB_OK);
}

static tb_status verify(const struct crypto_suite *suite, tb_bytes key, const char *label,
                        const struct writer *content, tb_bytes signature)
{
    struct writer whole = { .len = 0 };
    sign_content(&whole, label, view(content));
    return suite->provider->verify(suite->provider, suite->signature, key, view(&whole), signature);
}

/* ------------------------------------------------------------------ MACs and hashes */

tb_status chat_frank_tag(const struct crypto_suite *suite, const uint8_t salt[CHAT_SALT_LEN],
                         tb_bytes application_data, uint8_t tag[CHAT_HASH_LEN])
{
    return suite->provider->hmac(suite->provider, CRYPTO_SHA256, (tb_bytes){ salt, CHAT_SALT_LEN },
                                 &application_data, 1, tag);
}

tb_status chat_frank_hub_key_id(const struct crypto_suite *suite, tb_bytes hub_key,
                                uint8_t id[CHAT_HUB_KEY_ID_LEN])
{
    const tb_bytes parts[] = { TB_LITERAL("Timbre 1.0 hub_key id"), hub_key };
    uint8_t hash[CHAT_HASH_LEN];
    assert(hub_key.len == CHAT_HUB_KEY_LEN);
    TRY(sha256(suite, parts, 2, hash));
    memcpy(id, hash, CHAT_HUB_KEY_ID_LEN);
    return TB_STATUS(TB_OK);
}

tb_status chat_frank_server(const struct crypto_suite *suite, tb_bytes hub_key,
                            const uint8_t tag[CHAT_HASH_LEN],
                            const struct chat_franking_context *context,
                            uint8_t server_frank[CHAT_HASH_LEN])
{
    struct writer writer = { .len = 0 };
    assert(hub_key.len == CHAT_HUB_KEY_LEN);
    put_hash(&writer, tag);
    put_context(&writer, context);
    tb_bytes input = view(&writer);
    return suite->provider->hmac(suite->provider, CRYPTO_SHA256, hub_key, &input, 1, server_frank);
}

tb_status chat_frank_ct_hash(const struct crypto_suite *suite, tb_bytes message,
                             uint8_t ct_hash[CHAT_HASH_LEN])
{
    return sha256(suite, &message, 1, ct_hash);
}

tb_status chat_frank_genesis(const struct crypto_suite *suite,
                             const struct chat_chain_genesis *genesis,
                             uint8_t chain[CHAT_HASH_LEN])
{
    struct writer writer = { .len = 0 };
    assert(genesis->room_uri.len <= CHAT_URI_LEN_MAX && genesis->group_id.len <= 255);
    assert(genesis->prev_group_id.len <= 255 && genesis->prev_chain.len <= CHAT_HASH_LEN);
    put_opaque(&writer, genesis->room_uri);
    put_opaque(&writer, genesis->group_id);
    put_opaque(&writer, genesis->prev_group_id);
    put_opaque(&writer, genesis->prev_chain);
    return ref_hash(suite, TB_LITERAL("Timbre 1.0 FrankChain Genesis"), view(&writer), chain);
}

tb_status chat_frank_link_hash(const struct crypto_suite *suite, const struct chat_frank_link *link,
                               uint8_t chain[CHAT_HASH_LEN])
{
    struct writer writer = { .len = 0 };
    assert(link->group_id.len <= 255);
    put_hash(&writer, link->prev_chain);
    put_opaque(&writer, link->group_id);
    put_u64(&writer, link->epoch);
    put_u64(&writer, link->room_seq);
    put_hash(&writer, link->ct_hash);
    put_hash(&writer, link->franking_tag);
    put_hash(&writer, link->server_frank);
    put_context(&writer, &link->context);
    return ref_hash(suite, TB_LITERAL("Timbre 1.0 FrankChain Link"), view(&writer), chain);
}

/* ------------------------------------------------------------------ Profile T's signature */

static void put_tbs(struct writer *writer, const struct chat_frank_link *link,
                    const uint8_t chain[CHAT_HASH_LEN],
                    const uint8_t hub_key_id[CHAT_HUB_KEY_ID_LEN])
{
    assert(link->group_id.len <= 255);
    put_u16(writer, CHAT_FRANK_PROFILE);
    put_hash(writer, chain);
    put_opaque(writer, link->group_id);
    put_u64(writer, link->epoch);
    put_u64(writer, link->room_seq);
    put_hash(writer, link->ct_hash);
    put_hash(writer, link->franking_tag);
    put_hash(writer, link->server_frank);
    put(writer, (tb_bytes){ hub_key_id, CHAT_HUB_KEY_ID_LEN });
    put_context(writer, &link->context);
}

tb_status chat_frank_sign(const struct crypto_suite *suite, const struct crypto_signing_key *agent,
                          const struct chat_frank_link *link, const uint8_t chain[CHAT_HASH_LEN],
                          const uint8_t hub_key_id[CHAT_HUB_KEY_ID_LEN],
                          struct chat_signature *out)
{
    struct writer writer = { .len = 0 };
    put_tbs(&writer, link, chain, hub_key_id);
    return sign(suite, agent, CHAT_LABEL_TIMBRE_FRANK, &writer, out);
}

tb_status chat_frank_verify(const struct crypto_suite *suite, tb_bytes agent_key,
                            const struct chat_frank_link *link, const uint8_t chain[CHAT_HASH_LEN],
                            const uint8_t hub_key_id[CHAT_HUB_KEY_ID_LEN], tb_bytes signature)
{
    struct writer writer = { .len = 0 };
    put_tbs(&writer, link, chain, hub_key_id);
    return verify(suite, agent_key, CHAT_LABEL_TIMBRE_FRANK, &writer, signature);
}

tb_status chat_frank_verify_tbs(const struct crypto_suite *suite, tb_bytes agent_key,
                                const struct chat_timbre_frank_tbs *tbs, tb_bytes signature)
{
    struct chat_frank_link link = {
        .group_id = tbs->group_id,
        .epoch = tbs->epoch,
        .room_seq = tbs->room_seq,
        .context = tbs->context,
    };
    if (tbs->profile != CHAT_FRANK_PROFILE) return TB_STATUS(CHAT_FRANK_UNKNOWN_PROFILE);
    memcpy(link.ct_hash, tbs->ct_hash, CHAT_HASH_LEN);
    memcpy(link.franking_tag, tbs->franking_tag, CHAT_HASH_LEN);
    memcpy(link.server_frank, tbs->server_frank, CHAT_HASH_LEN);
    return chat_frank_verify(suite, agent_key, &link, tbs->chain, tbs->hub_key_id, signature);
}

/* ------------------------------------------------------------------ MIMI's signature */

static void put_integrity(struct writer *writer, const struct crypto_suite *suite,
                          const uint8_t server_frank[CHAT_HASH_LEN],
                          const struct chat_franking_context *context)
{
    put_hash(writer, server_frank);
    put_u16(writer, suite->id);
    put_context(writer, context);
}

tb_status chat_frank_mimi_sign(const struct crypto_suite *suite,
                               const struct crypto_signing_key *agent,
                               const uint8_t server_frank[CHAT_HASH_LEN],
                               const struct chat_franking_context *context,
                               struct chat_signature *out)
{
    struct writer writer = { .len = 0 };
    put_integrity(&writer, suite, server_frank, context);
    return sign(suite, agent, CHAT_LABEL_FRANKING_INTEGRITY, &writer, out);
}

bool chat_frank_mimi_is_required(uint8_t profile, tb_bytes room_uri,
                                 const struct chat_participant_list *participants)
{
    if (profile != 2) return true;
    for (size_t i = 0; i < participants->participants.count; i++) {
        if (!chat_names_same_domain(participants->participants.at[i].user, room_uri)) return true;
    }
    return false;
}

tb_status chat_frank_mimi_verify(const struct crypto_suite *suite, tb_bytes agent_key,
                                 const struct chat_frank *frank,
                                 const struct chat_franking_context *context, bool is_required)
{
    bool has_suite = frank->franking_signature_ciphersuite != 0;
    bool has_signature = frank->franking_integrity_signature.len != 0;
    struct writer writer = { .len = 0 };

    if (has_suite != has_signature) return TB_STATUS(CHAT_FRANK_MIMI_FORM);
    if (!has_signature) return TB_STATUS(is_required ? CHAT_FRANK_MIMI_MISSING : TB_OK);
    if (frank->franking_signature_ciphersuite != suite->id) return TB_STATUS(CHAT_FRANK_SUITE);
    put_integrity(&writer, suite, frank->server_frank, context);
    TRY(chat_status_as(verify(suite, agent_key, CHAT_LABEL_FRANKING_INTEGRITY, &writer,
                              frank->franking_integrity_signature),
                       CHAT_FRANK_MIMI_SIGNATURE));
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the agent's key, restores */

static tb_status put_transition(struct writer *writer, tb_bytes room_uri, tb_bytes new_agent_data)
{
    if (room_uri.len > CHAT_URI_LEN_MAX || new_agent_data.len > 600) return TB_STATUS(TB_TOO_LONG);
    put_opaque(writer, room_uri);
    put(writer, new_agent_data);
    return TB_STATUS(TB_OK);
}

tb_status chat_frank_transition_sign(const struct crypto_suite *suite,
                                     const struct crypto_signing_key *old_agent, tb_bytes room_uri,
                                     tb_bytes new_agent_data, struct chat_signature *out)
{
    struct writer writer = { .len = 0 };
    TRY(put_transition(&writer, room_uri, new_agent_data));
    return sign(suite, old_agent, "TimbreAgentTransition1", &writer, out);
}

tb_status chat_frank_transition_verify(const struct crypto_suite *suite, tb_bytes room_uri,
                                       tb_bytes old_agent_data, tb_bytes new_agent_data,
                                       tb_bytes signature, struct tb_arena *arena)
{
    struct chat_franking_agent old_agent, new_agent;
    struct writer writer = { .len = 0 };

    TRY(wire_decode(&chat_franking_agent_desc, old_agent_data, arena, &old_agent, NULL));
    TRY(wire_decode(&chat_franking_agent_desc, new_agent_data, arena, &new_agent, NULL));
    if (old_agent.credential_type != new_agent.credential_type
        || !tb_bytes_equal(old_agent.identity, new_agent.identity)
        || new_agent.franking_signature_key.len != suite->sign_public_len) {
        return TB_STATUS(CHAT_FRANK_TRANSITION);
    }
    TRY(put_transition(&writer, room_uri, new_agent_data));
    TRY(chat_status_as(verify(suite, old_agent.franking_signature_key, "TimbreAgentTransition1",
                              &writer, signature),
                       CHAT_FRANK_TRANSITION));
    return TB_STATUS(TB_OK);
}

static void put_restored(struct writer *writer, tb_bytes room_uri,
                         const struct chat_entry_restored *entry)
{
    assert(room_uri.len <= CHAT_URI_LEN_MAX && entry->group_id.len <= 255);
    put_opaque(writer, room_uri);
    put_u64(writer, entry->accepted_timestamp);
    put_opaque(writer, entry->group_id);
    put_u64(writer, entry->room_seq);
    put_hash(writer, entry->chain);
    put_u64(writer, entry->next_room_seq);
}

tb_status chat_frank_restored_sign(const struct crypto_suite *suite,
                                   const struct crypto_signing_key *agent, tb_bytes room_uri,
                                   const struct chat_entry_restored *entry,
                                   struct chat_signature *out)
{
    struct writer writer = { .len = 0 };
    put_restored(&writer, room_uri, entry);
    return sign(suite, agent, "TimbreRestored1", &writer, out);
}

tb_status chat_frank_restored_verify(const struct crypto_suite *suite, tb_bytes agent_key,
                                     tb_bytes room_uri, const struct chat_entry_restored *entry)
{
    struct writer writer = { .len = 0 };
    if (entry->next_room_seq < 2 || entry->next_room_seq - 2 < entry->room_seq) {
        return TB_STATUS(CHAT_RESTORED_NUMBER);
    }
    put_restored(&writer, room_uri, entry);
    TRY(chat_status_as(verify(suite, agent_key, "TimbreRestored1", &writer, entry->signature),
                       CHAT_RESTORED_SIGNATURE));
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ one decrypted message */

tb_status chat_frank_open(const struct crypto_suite *suite, const struct chat_frank_opened *message,
                          struct tb_arena *arena, struct chat_content *content,
                          uint8_t message_id[CHAT_HASH_LEN])
{
    uint8_t expected[CHAT_HASH_LEN], tag[CHAT_HASH_LEN], id[CHAT_HASH_LEN];
    struct chat_content decoded;
    tb_bytes encoded;

    TRY(chat_safe_aad_tag(message->authenticated_data, tag));
    TRY(chat_content_unframe(message->application_data, arena, &encoded));
    TRY(chat_content_decode(encoded, arena, &decoded));
    TRY(chat_frank_tag(suite, decoded.salt, message->application_data, expected));
    if (!tb_equal_ct(TB_ARRAY(tag), TB_ARRAY(expected))) return TB_STATUS(CHAT_FRANK_TAG);

    if (!chat_names_is_of_user(message->leaf_identity, decoded.sender_uri)) {
        return TB_STATUS(CHAT_FRANK_SENDER);
    }
    if (!tb_bytes_equal(message->submitter, decoded.sender_uri)) {
        return TB_STATUS(CHAT_FRANK_SUBMITTER);
    }
    if (!tb_bytes_equal(message->room_uri, decoded.room_uri)) return TB_STATUS(CHAT_FRANK_ROOM);
    TRY(chat_content_message_id(suite, decoded.sender_uri, decoded.room_uri, encoded, decoded.salt,
                                id));
    *content = decoded;
    memcpy(message_id, id, CHAT_HASH_LEN);
    return TB_STATUS(TB_OK);
}
