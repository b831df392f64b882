/* Two signed heads that cannot both be true. */
#include "chat/equivocation.h"

#include <string.h>

#include "chat/records.h"
#include "wire/uri.h"

tb_status chat_equivocation_head(const struct crypto_suite *suite, const struct chat_run_link *link,
                                 struct chat_signed_head *out)
{
    struct chat_signed_head head = {
        .tbs = { .profile = CHAT_FRANK_PROFILE, .group_id = link->link.group_id,
                 .epoch = link->link.epoch, .room_seq = link->link.room_seq,
                 .context = link->link.context },
        .signature = link->timbre_signature,
    };
    TRY(chat_frank_link_hash(suite, &link->link, head.tbs.chain));
    memcpy(head.tbs.ct_hash, link->link.ct_hash, CHAT_HASH_LEN);
    memcpy(head.tbs.franking_tag, link->link.franking_tag, CHAT_HASH_LEN);
    memcpy(head.tbs.server_frank, link->link.server_frank, CHAT_HASH_LEN);
    memcpy(head.tbs.hub_key_id, link->hub_key_id, CHAT_HUB_KEY_ID_LEN);
    *out = head;
    return TB_STATUS(TB_OK);
}

/* The agent keys of the head's time; one of them signed it. */
static tb_status check_head(const struct crypto_suite *suite, const struct chat_hub_record *record,
                            const struct chat_signed_head *head)
{
    bool has_key = false;
    tb_bytes key;
    size_t at = 0;

    while (chat_records_agent_next(record, head->tbs.context.accepted_timestamp, &at, &key)) {
        has_key = true;
        if (tb_is_ok(chat_frank_verify_tbs(suite, key, &head->tbs, head->signature))) {
            return TB_STATUS(TB_OK);
        }
    }
    return TB_STATUS(has_key ? CHAT_EQUIVOCATION_SIGNATURE : CHAT_FRANK_AGENT);
}

/* Links x + 1 to y of one group and room, each in the next, the last one Y. */
static tb_status check_links(const struct crypto_suite *suite,
                             const struct chat_equivocation *proof)
{
    const struct chat_timbre_frank_tbs *x = &proof->x.tbs, *y = &proof->y.tbs;
    const uint8_t *before = NULL;
    uint8_t chain[CHAT_HASH_LEN];

    if (!tb_bytes_equal(x->group_id, y->group_id)
        || !tb_bytes_equal(x->context.room_uri, y->context.room_uri) || y->room_seq < x->room_seq
        || proof->links.count != y->room_seq - x->room_seq
        || proof->links.count > CHAT_EQUIVOCATION_LINK_COUNT_MAX) {
        return TB_STATUS(CHAT_EQUIVOCATION_FORM);
    }
    if (proof->links.count == 0) {
        return TB_STATUS(memcmp(x->chain, y->chain, CHAT_HASH_LEN) == 0 ? CHAT_EQUIVOCATION_NONE
                                                                        : TB_OK);
    }
    for (size_t i = 0; i < proof->links.count; i++) {
        const struct chat_frank_link *link = &proof->links.at[i];
        if (!tb_bytes_equal(link->group_id, x->group_id)
            || !tb_bytes_equal(link->context.room_uri, x->context.room_uri)
            || link->room_seq - x->room_seq != i + 1
            || (before != NULL && memcmp(link->prev_chain, before, CHAT_HASH_LEN) != 0)) {
            return TB_STATUS(CHAT_EQUIVOCATION_FORM);
        }
        TRY(chat_frank_link_hash(suite, link, chain));
        before = chain;
    }
    if (memcmp(chain, y->chain, CHAT_HASH_LEN) != 0) return TB_STATUS(CHAT_EQUIVOCATION_FORM);
    return TB_STATUS(memcmp(proof->links.at[0].prev_chain, x->chain, CHAT_HASH_LEN) == 0
                         ? CHAT_EQUIVOCATION_NONE
                         : TB_OK);
}

tb_status chat_equivocation_verify(const struct crypto_provider *provider,
                                   const struct chat_equivocation *proof, tb_bytes root_hash,
                                   struct tb_arena *arena)
{
    struct chat_hub_record record;
    struct crypto_suite suite;
    struct wire_uri room;

    if (proof->version != 1) return TB_STATUS(CHAT_EQUIVOCATION_FORM);
    TRY(crypto_suite_init(&suite, proof->suite, provider));
    TRY(check_links(&suite, proof));
    TRY(chat_records_verify_hub(&suite, proof->hub_record, root_hash, 0, arena, &record));
    if (!tb_is_ok(wire_uri_parse(proof->x.tbs.context.room_uri, &room))
        || !tb_bytes_equal(room.domain, record.domain)) {
        return TB_STATUS(CHAT_EQUIVOCATION_FORM);
    }
    TRY(check_head(&suite, &record, &proof->x));
    return check_head(&suite, &record, &proof->y);
}

tb_status chat_equivocation_make(const struct crypto_provider *provider,
                                 const struct chat_equivocation *proof, tb_bytes root_hash,
                                 struct tb_arena *arena, tb_bytes *encoded)
{
    TRY(chat_equivocation_verify(provider, proof, root_hash, arena));
    return wire_encode(&chat_equivocation_desc, proof, arena, encoded);
}
