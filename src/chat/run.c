/* Runs of links: hashed one into the next, signed on the last. */
#include "chat/run.h"

#include <string.h>

#include "chat/safe_aad.h"

/* ------------------------------------------------------------------ rebuilding links */

static tb_status link_of(const struct crypto_suite *suite, const struct chat_frank *frank,
                         const struct chat_timbre_frank *timbre, tb_bytes message,
                         tb_bytes authenticated_data, struct chat_run_link *out)
{
    if (timbre->profile != CHAT_FRANK_PROFILE) return TB_STATUS(CHAT_FRANK_UNKNOWN_PROFILE);
    TRY(chat_safe_aad_tag(authenticated_data, out->link.franking_tag));
    TRY(chat_frank_ct_hash(suite, message, out->link.ct_hash));
    memcpy(out->link.prev_chain, timbre->prev_chain, CHAT_HASH_LEN);
    memcpy(out->link.server_frank, frank->server_frank, CHAT_HASH_LEN);
    memcpy(out->hub_key_id, timbre->hub_key_id, CHAT_HUB_KEY_ID_LEN);
    out->link.room_seq = timbre->room_seq;
    out->frank = *frank;
    out->timbre_signature = timbre->timbre_signature;
    return TB_STATUS(TB_OK);
}

tb_status chat_run_link_of_entry(const struct crypto_suite *suite,
                                 const struct chat_entry_message *entry, tb_bytes room_uri,
                                 tb_bytes group_id, uint64_t epoch, tb_bytes authenticated_data,
                                 struct chat_run_link *out)
{
    struct chat_run_link link = { 0 };
    TRY(link_of(suite, &entry->frank, &entry->timbre_frank, entry->message, authenticated_data,
                &link));
    link.link.group_id = group_id;
    link.link.epoch = epoch;
    link.link.context = (struct chat_franking_context){
        entry->submitter, room_uri, entry->accepted_timestamp
    };
    *out = link;
    return TB_STATUS(TB_OK);
}

tb_status chat_run_link_of_answer(const struct crypto_suite *suite,
                                  const struct chat_submit_answer *answer, tb_bytes message,
                                  tb_bytes sender_uri, tb_bytes room_uri, tb_bytes group_id,
                                  uint64_t epoch, tb_bytes authenticated_data,
                                  struct chat_run_link *out)
{
    const struct chat_entry_message entry = {
        .accepted_timestamp = answer->accepted_timestamp,
        .submitter = sender_uri,
        .message = message,
        .frank = answer->frank,
        .timbre_frank = answer->timbre_frank,
    };
    return chat_run_link_of_entry(suite, &entry, room_uri, group_id, epoch, authenticated_data,
                                  out);
}

void chat_run_link_of_stub(const struct chat_stub *stub, tb_bytes group_id,
                           const uint8_t prev_chain[CHAT_HASH_LEN], struct chat_run_link *out)
{
    struct chat_run_link link = {
        .link = { .group_id = group_id, .epoch = stub->epoch, .room_seq = stub->room_seq,
                  .context = stub->context },
        .frank = stub->frank,
        .timbre_signature = stub->timbre_signature,
    };
    memcpy(link.link.prev_chain, prev_chain, CHAT_HASH_LEN);
    memcpy(link.link.ct_hash, stub->ct_hash, CHAT_HASH_LEN);
    memcpy(link.link.franking_tag, stub->franking_tag, CHAT_HASH_LEN);
    memcpy(link.link.server_frank, stub->frank.server_frank, CHAT_HASH_LEN);
    memcpy(link.hub_key_id, stub->hub_key_id, CHAT_HUB_KEY_ID_LEN);
    *out = link;
}

void chat_run_stub_of_link(const struct chat_run_link *link, struct chat_stub *out)
{
    struct chat_stub stub = {
        .room_seq = link->link.room_seq,
        .epoch = link->link.epoch,
        .context = link->link.context,
        .frank = link->frank,
        .timbre_signature = link->timbre_signature,
    };
    memcpy(stub.franking_tag, link->link.franking_tag, CHAT_HASH_LEN);
    memcpy(stub.ct_hash, link->link.ct_hash, CHAT_HASH_LEN);
    memcpy(stub.hub_key_id, link->hub_key_id, CHAT_HUB_KEY_ID_LEN);
    *out = stub;
}

/* ------------------------------------------------------------------ verifying */

/* R7 for one link: does it continue the head? */
static tb_status check_place(const struct chat_run_head *head, const struct chat_frank_link *link)
{
    if (link->room_seq <= head->room_seq) return TB_STATUS(CHAT_RUN_OLD);
    if (link->room_seq - head->room_seq != 1) return TB_STATUS(CHAT_RUN_GAP);
    if (memcmp(link->prev_chain, head->chain, CHAT_HASH_LEN) != 0) {
        return TB_STATUS(CHAT_RUN_CHAIN);
    }
    return TB_STATUS(TB_OK);
}

/* R8. */
static tb_status check_time(const struct chat_run_rules *rules, const struct chat_run_head *head,
                            uint64_t time_ms)
{
    if (time_ms < head->time_ms) return TB_STATUS(CHAT_RUN_TIME_BACK);
    if (rules->now_ms != 0 && time_ms > rules->now_ms
        && time_ms - rules->now_ms > rules->clock_skew_ms_max) {
        return TB_STATUS(CHAT_RUN_TIME_AHEAD);
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_link(const struct chat_run_rules *rules, const struct chat_run_link *link,
                            const struct chat_run_link *end, struct chat_run_head *head)
{
    const struct chat_frank_link *body = &link->link;

    if (!tb_bytes_equal(body->group_id, rules->group_id) || body->epoch != rules->epoch
        || !tb_bytes_equal(body->context.room_uri, rules->room_uri)) {
        return TB_STATUS(CHAT_RUN_GROUP);
    }
    /* Amendments 8: every link takes hub_key_id from its signed end, so it may name no other. */
    if (memcmp(link->hub_key_id, end->hub_key_id, CHAT_HUB_KEY_ID_LEN) != 0) {
        return TB_STATUS(CHAT_RUN_KEY_ID);
    }
    TRY(check_place(head, body));
    TRY(check_time(rules, head, body->context.accepted_timestamp));
    TRY(chat_frank_mimi_verify(rules->suite, rules->agent_key, &link->frank, &body->context,
                               rules->is_mimi_required));
    TRY(chat_frank_link_hash(rules->suite, body, head->chain));
    head->room_seq = body->room_seq;
    head->time_ms = body->context.accepted_timestamp;
    return TB_STATUS(TB_OK);
}

tb_status chat_run_verify(const struct chat_run_rules *rules, const struct chat_run_head *before,
                          const struct chat_run_link *links, size_t count,
                          struct chat_run_head *after, size_t *bad_index)
{
    struct chat_run_head head = *before;
    tb_status status = TB_STATUS(TB_OK);
    size_t at = 0;

    if (count == 0 || count > CHAT_RUN_LINK_COUNT_MAX) return TB_STATUS(CHAT_RUN_TOO_LONG);
    const struct chat_run_link *end = &links[count - 1];
    for (at = 0; at < count; at++) CHECK(check_link(rules, &links[at], end, &head));
    at = count - 1;
    if (end->timbre_signature.len == 0) CHECK(TB_STATUS(CHAT_RUN_UNSIGNED));
    if (rules->mode == CHAT_RUN_VERIFY) {
        CHECK(chat_status_as(chat_frank_verify(rules->suite, rules->agent_key, &end->link,
                                               head.chain, end->hub_key_id,
                                               end->timbre_signature),
                             CHAT_RUN_SIGNATURE));
    }
    *after = head;
out:
    if (!tb_is_ok(status) && bad_index != NULL) *bad_index = at;
    return status;
}

tb_status chat_run_stubs_hash(const struct crypto_suite *suite, tb_bytes room_uri,
                              tb_bytes group_id, const struct chat_run_head *before,
                              const struct chat_stub *stubs, size_t count,
                              struct chat_run_head *head)
{
    struct chat_run_head now = *before;

    for (size_t i = 0; i < count; i++) {
        struct chat_run_link link;
        chat_run_link_of_stub(&stubs[i], group_id, now.chain, &link);
        if (!tb_bytes_equal(stubs[i].context.room_uri, room_uri)) return TB_STATUS(CHAT_RUN_GROUP);
        if (stubs[i].room_seq <= now.room_seq || stubs[i].room_seq - now.room_seq != 1) {
            return TB_STATUS(CHAT_RUN_GAP);
        }
        if (stubs[i].context.accepted_timestamp < now.time_ms) {
            return TB_STATUS(CHAT_RUN_TIME_BACK);
        }
        TRY(chat_frank_link_hash(suite, &link.link, now.chain));
        now.room_seq = stubs[i].room_seq;
        now.time_ms = stubs[i].context.accepted_timestamp;
    }
    *head = now;
    return TB_STATUS(TB_OK);
}
