/* Verifying a report: the chain and its signature, then message by message. */
#include "chat/report_verify.h"

#include <string.h>

#include "chat/policy.h"
#include "chat/records.h"
#include "chat/report_check.h"

/* ------------------------------------------------------------------ form */

static tb_status check_form(const struct chat_report_evidence *evidence)
{
    size_t count = evidence->stubs.count;

    if (count == 0 || count > CHAT_REPORT_ROW_COUNT_MAX || evidence->first_seq == 0
        || evidence->last_seq < evidence->first_seq
        || evidence->last_seq - evidence->first_seq != count - 1
        || evidence->openings.count > count
        || evidence->group_contexts.count > count) {
        return TB_STATUS(CHAT_EVIDENCE_FORM);
    }
    if (evidence->target_seq.count == 0
        || evidence->target_seq.count > CHAT_REPORT_TARGET_COUNT_MAX) {
        return TB_STATUS(CHAT_EVIDENCE_TARGET);
    }
    for (size_t i = 0; i < evidence->target_seq.count; i++) {
        uint64_t seq = evidence->target_seq.at[i].value;
        if (seq < evidence->first_seq || seq > evidence->last_seq
            || (i != 0 && seq <= evidence->target_seq.at[i - 1].value)) {
            return TB_STATUS(CHAT_EVIDENCE_TARGET);
        }
    }
    return TB_STATUS(TB_OK);
}

/* What the hub metered is what the report is about. */
static tb_status check_envelope_targets(const struct chat_report_verify_params *params,
                                        const struct chat_report_evidence *evidence)
{
    bool is_same = params->target_count == evidence->target_seq.count;

    if (params->target_seq == NULL) return TB_STATUS(TB_OK);
    for (size_t i = 0; is_same && i < params->target_count; i++) {
        is_same = params->target_seq[i].value == evidence->target_seq.at[i].value;
    }
    return TB_STATUS(is_same ? TB_OK : CHAT_SEALED_TARGETS);
}

static tb_status check_id(const struct chat_report_verify_params *params,
                          const struct chat_report_evidence *evidence, struct tb_arena *arena)
{
    uint8_t id[CHAT_HASH_LEN];
    if (params->reporter_uri.len == 0) return TB_STATUS(TB_OK);
    TRY(chat_report_id(params->suite, evidence, params->reporter_uri, arena, id));
    return TB_STATUS(memcmp(id, params->report_id, CHAT_HASH_LEN) == 0 ? TB_OK : CHAT_SEALED_ID);
}

/* ------------------------------------------------------------------ V2 */

/* The chain behind each stub; heads[0] is the one before the first. */
static tb_status hash_stubs(const struct chat_report_verify_params *params,
                            const struct chat_report_evidence *evidence, struct tb_arena *arena,
                            struct chat_run_head **out)
{
    size_t count = evidence->stubs.count;
    struct chat_run_head *heads = tb_arena_take(arena, count + 1, sizeof *heads);

    if (heads == NULL) return TB_STATUS(TB_NO_SPACE);
    heads[0].room_seq = evidence->first_seq - 1;
    memcpy(heads[0].chain, evidence->chain_before, CHAT_HASH_LEN);
    for (size_t i = 0; i < count; i++) {
        tb_status status =
            chat_run_stubs_hash(params->suite, evidence->room_uri, evidence->group_id, &heads[i],
                                &evidence->stubs.at[i], 1, &heads[i + 1]);
        if (status.code == CHAT_RUN_GAP) return TB_STATUS(CHAT_EVIDENCE_STUBS);
        if (status.code == CHAT_RUN_TIME_BACK) return TB_STATUS(CHAT_EVIDENCE_TIME_ORDER);
        if (status.code == CHAT_RUN_GROUP) return TB_STATUS(CHAT_EVIDENCE_ROOM);
        TRY(status);
    }
    *out = heads;
    return TB_STATUS(TB_OK);
}

/* Amendments 14: exactly the last stub's signature proves; the chain covers the others. */
static tb_status check_end(struct chat_report_check *check, const struct chat_run_head *heads)
{
    const struct chat_report_verify_params *params = check->params;
    const struct chat_report_evidence *evidence = check->evidence;
    size_t last = evidence->stubs.count - 1;
    const struct chat_stub *stub = &evidence->stubs.at[last];
    struct chat_run_link link;
    tb_bytes key;
    size_t at = 0;

    chat_run_link_of_stub(stub, evidence->group_id, heads[last].chain, &link);
    while (chat_records_agent_next(params->hub, stub->context.accepted_timestamp, &at, &key)) {
        if (tb_is_ok(chat_frank_verify(params->suite, key, &link.link, heads[last + 1].chain,
                                       stub->hub_key_id, stub->timbre_signature))) {
            uint64_t revoked_ms = chat_records_agent_revoked_ms(params->hub, key);
            /* Whoever has the key can sign a whole window, so the time that it is signed at counts
             * for all of it. */
            if (revoked_ms != 0) {
                check->alarms |= stub->context.accepted_timestamp >= revoked_ms
                                     ? CHAT_ALARM_REVOKED : CHAT_ALARM_REVOKED_LATER;
            }
            return TB_STATUS(TB_OK);
        }
    }
    return TB_STATUS(CHAT_EVIDENCE_SIGNATURE);
}

/* Without the epoch's GroupContext the predicate of amendments 16 sees the window's senders. */
static bool has_foreign_sender(const struct chat_report_evidence *evidence)
{
    for (size_t i = 0; i < evidence->stubs.count; i++) {
        struct chat_user_role_pair user = { evidence->stubs.at[i].context.sender_uri, 0 };
        const struct chat_participant_list one = { .participants = { &user, 1 } };
        if (chat_frank_mimi_is_required(CHAT_PROFILE_T, evidence->room_uri, &one)) return true;
    }
    return false;
}

static bool is_mimi_good(const struct chat_report_verify_params *params,
                         const struct chat_stub *stub, bool is_required)
{
    tb_bytes key;
    size_t at = 0;
    while (chat_records_agent_next(params->hub, stub->context.accepted_timestamp, &at, &key)) {
        if (tb_is_ok(chat_frank_mimi_verify(params->suite, key, &stub->frank, &stub->context,
                                            is_required))) {
            return true;
        }
    }
    return false;
}

static tb_status check_mimi(const struct chat_report_check *check)
{
    const struct chat_report_evidence *evidence = check->evidence;
    bool is_foreign = has_foreign_sender(evidence);

    for (size_t i = 0; i < evidence->stubs.count; i++) {
        const struct chat_stub *stub = &evidence->stubs.at[i];
        const struct chat_report_epoch *epoch = chat_report_check_epoch(check, stub->epoch);
        bool is_required = epoch == NULL ? is_foreign : epoch->is_mimi_required;
        if (!is_mimi_good(check->params, stub, is_required)) {
            return TB_STATUS(CHAT_EVIDENCE_MIMI);
        }
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ messages */

static tb_status init_messages(const struct chat_report_evidence *evidence, struct tb_arena *arena,
                               struct chat_report_result *out)
{
    size_t count = evidence->stubs.count;
    out->messages = tb_arena_take(arena, count, sizeof *out->messages);
    if (out->messages == NULL) return TB_STATUS(TB_NO_SPACE);
    out->message_count = count;
    for (size_t i = 0; i < count; i++) {
        out->messages[i] = (struct chat_report_message){
            .stub = &evidence->stubs.at[i],
            .proof_verdict = TB_STATUS(TB_NOT_FOUND),
            .replaces_index = SIZE_MAX,
            .reply_index = SIZE_MAX,
        };
    }
    for (size_t i = 0; i < evidence->target_seq.count; i++) {
        out->messages[evidence->target_seq.at[i].value - evidence->first_seq].is_target = true;
    }
    return TB_STATUS(TB_OK);
}

static tb_status check_openings(struct chat_report_check *check, struct chat_report_result *out)
{
    const struct chat_report_evidence *evidence = check->evidence;

    for (size_t i = 0; i < evidence->openings.count; i++) {
        const struct chat_opening *opening = &evidence->openings.at[i];
        if (opening->room_seq < evidence->first_seq || opening->room_seq > evidence->last_seq) {
            return TB_STATUS(CHAT_EVIDENCE_STUBS);
        }
        struct chat_report_message *message =
            &out->messages[opening->room_seq - evidence->first_seq];
        if (message->kind != 0) return TB_STATUS(CHAT_EVIDENCE_DUPLICATE);
        TRY(chat_report_check_opening(check, opening, message));
    }
    for (size_t i = 0; i < out->message_count; i++) {
        if (out->messages[i].kind == 0) out->messages[i].kind = CHAT_OPENING_IS_WITHHELD;
        if (out->messages[i].is_target && out->messages[i].kind != CHAT_OPENING_IS_FULL) {
            return TB_STATUS(CHAT_EVIDENCE_TARGET);
        }
    }
    return TB_STATUS(TB_OK);
}

/* R9 inside the window: what a sender says that it had seen. */
static void check_frank_prev(struct chat_report_check *check, const struct chat_run_head *heads,
                             const struct chat_report_result *result)
{
    const struct chat_report_evidence *evidence = check->evidence;

    for (size_t i = 0; i < result->message_count; i++) {
        const struct chat_content *content = result->messages[i].content;
        if (content == NULL || !content->has_frank_prev
            || content->prev_room_seq < evidence->first_seq - 1
            || content->prev_room_seq > evidence->last_seq) {
            continue;
        }
        size_t at = (size_t)(content->prev_room_seq - (evidence->first_seq - 1));
        if (memcmp(heads[at].chain, content->prev_chain, CHAT_HASH_LEN) != 0) {
            check->alarms |= CHAT_ALARM_FRANK_PREV;
        }
    }
}

/* A decision falls on one account: whoever wrote every reported message, and did not report it. */
static tb_status check_accused(const struct chat_report_result *result)
{
    const tb_bytes accused = result->report->alleged_abuser_uri;
    const struct chat_report_message *first = NULL;
    for (size_t i = 0; i < result->message_count; i++) {
        const struct chat_report_message *message = &result->messages[i];
        if (!message->is_target) continue;
        if (first == NULL) first = message;
        if (!tb_bytes_equal(message->stub->context.sender_uri, first->stub->context.sender_uri)) {
            return TB_STATUS(CHAT_EVIDENCE_SENDERS);
        }
    }
    if (first == NULL || !tb_bytes_equal(first->stub->context.sender_uri, accused)) {
        return TB_STATUS(CHAT_EVIDENCE_ACCUSED);
    }
    return tb_bytes_equal(result->report->reporting_user, accused)
             ? TB_STATUS(CHAT_EVIDENCE_OWN)
             : TB_STATUS(TB_OK);
}

/* V8. */
static tb_status check_oracle(struct chat_report_check *check, struct chat_report_result *result)
{
    const struct chat_report_verify_params *params = check->params;
    const struct chat_report_evidence *evidence = check->evidence;

    if (params->oracle == NULL) return TB_STATUS(TB_OK);
    TRY(chat_report_verdict_verify(params->suite, params->oracle, evidence->stubs.at,
                                   evidence->stubs.count, evidence->room_uri,
                                   params->hub->intake_key, check->arena));
    for (size_t i = 0; i < result->message_count; i++) {
        uint8_t verdict = params->oracle->verdicts.data[i];
        result->messages[i].oracle = verdict;
        if (verdict == CHAT_ORACLE_WRONG) check->alarms |= CHAT_ALARM_HUB_SAYS_WRONG;
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_report_verify(const struct chat_report_verify_params *params, tb_bytes report,
                             struct tb_arena *arena, struct chat_report_result *out)
{
    struct chat_abuse_report *outer = tb_arena_take(arena, 1, sizeof *outer);
    struct chat_report_evidence *evidence = tb_arena_take(arena, 1, sizeof *evidence);
    if (outer == NULL || evidence == NULL) return TB_STATUS(TB_NO_SPACE);
    struct chat_report_check check = { .params = params, .evidence = evidence, .arena = arena };
    struct chat_report_result result = { .report = outer, .evidence = evidence };
    struct chat_run_head *heads;

    TRY(chat_report_decode(report, arena, outer, evidence));
    TRY(check_form(evidence));
    if (!tb_bytes_equal(evidence->room_uri, params->room_uri)) {
        return TB_STATUS(CHAT_EVIDENCE_ROOM);
    }
    TRY(check_envelope_targets(params, evidence));
    TRY(check_id(params, evidence, arena));
    TRY(hash_stubs(params, evidence, arena, &heads));
    TRY(check_end(&check, heads));
    TRY(chat_report_check_epochs(&check));
    TRY(check_mimi(&check));
    TRY(init_messages(evidence, arena, &result));
    TRY(check_openings(&check, &result));
    TRY(check_accused(&result));
    check_frank_prev(&check, heads, &result);
    TRY(check_oracle(&check, &result));
    TRY(chat_records_hash_of(params->suite, &chat_report_evidence_desc, evidence, arena,
                             result.evidence_hash));
    TRY(chat_report_check_whole(&check, &result));
    *out = result;
    return TB_STATUS(TB_OK);
}

tb_status chat_report_verify_more(const struct chat_report_verify_params *params,
                                  const struct chat_opening *openings, size_t count,
                                  struct tb_arena *arena, struct chat_report_result *result)
{
    const struct chat_report_evidence *evidence = result->evidence;
    struct chat_report_check check = { .params = params, .evidence = evidence, .arena = arena,
                                       .alarms = result->alarms };
    struct chat_report_result next = *result;

    next.messages = tb_arena_take(arena, result->message_count, sizeof *next.messages);
    if (next.messages == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(next.messages, result->messages, result->message_count * sizeof *next.messages);
    TRY(chat_report_check_epochs(&check));
    for (size_t i = 0; i < count; i++) {
        if (openings[i].room_seq < evidence->first_seq
            || openings[i].room_seq > evidence->last_seq) {
            return TB_STATUS(CHAT_EVIDENCE_STUBS);
        }
        struct chat_report_message *message =
            &next.messages[openings[i].room_seq - evidence->first_seq];
        struct chat_report_message tried = *message;
        if (openings[i].kind != CHAT_OPENING_IS_FULL) continue;
        TRY(chat_report_check_opening(&check, &openings[i], &tried));
        if (!tb_is_ok(tried.verdict)) continue;
        if (message->content != NULL && tried.level <= message->level) continue;
        if (tried.attachment_count == 0) { /* of the same text */
            tried.attachments = message->attachments;
            tried.attachment_count = message->attachment_count;
        }
        *message = tried;
    }
    TRY(chat_report_check_whole(&check, &next));
    *result = next;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the hub's verdict */

static tb_status verdict_tbs(const struct chat_frank_verdict *verdict, struct tb_arena *arena,
                             tb_bytes *out)
{
    struct chat_frank_verdict bare = *verdict;
    tb_bytes encoded;
    bare.hub_signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_frank_verdict_desc, &bare, arena, &encoded));
    *out = (tb_bytes){ encoded.data, encoded.len - 1 }; /* the empty signature is one octet */
    return TB_STATUS(TB_OK);
}

tb_status chat_report_verdict_sign(const struct crypto_suite *suite,
                                   const struct crypto_signing_key *intake,
                                   struct chat_frank_verdict *verdict, struct tb_arena *arena)
{
    tb_bytes tbs;
    TRY(verdict_tbs(verdict, arena, &tbs));
    return crypto_sign_label(suite, intake, CHAT_LABEL_FRANK_VERDICT, &tbs, 1, arena,
                             &verdict->hub_signature);
}

tb_status chat_report_stubs_hash(const struct crypto_suite *suite, const struct chat_stub *stubs,
                                 size_t count, struct tb_arena *arena, uint8_t hash[CHAT_HASH_LEN])
{
    struct chat_stubs list = { .stubs = { NULL, count } };
    list.stubs.at = tb_arena_take(arena, count, sizeof *list.stubs.at);
    if (list.stubs.at == NULL) return TB_STATUS(TB_NO_SPACE);
    if (count != 0) memcpy(list.stubs.at, stubs, count * sizeof *list.stubs.at);
    return chat_records_hash_of(suite, &chat_stubs_desc, &list, arena, hash);
}

tb_status chat_report_verdict_verify(const struct crypto_suite *suite,
                                     const struct chat_frank_verdict *verdict,
                                     const struct chat_stub *stubs, size_t count,
                                     tb_bytes room_uri, tb_bytes intake_key,
                                     struct tb_arena *arena)
{
    uint8_t hash[CHAT_HASH_LEN];
    tb_bytes tbs;

    TRY(chat_report_stubs_hash(suite, stubs, count, arena, hash));
    TRY(verdict_tbs(verdict, arena, &tbs));
    bool is_good = verdict->verdicts.len == count
                   && tb_bytes_equal(verdict->room_uri, room_uri)
                   && memcmp(verdict->stubs_hash, hash, CHAT_HASH_LEN) == 0;
    for (size_t i = 0; is_good && i < count; i++) {
        uint8_t value = verdict->verdicts.data[i];
        is_good = value >= CHAT_ORACLE_RIGHT && value <= CHAT_ORACLE_KEY_GONE;
    }
    if (!is_good) return TB_STATUS(CHAT_FRANK_VERDICT_SIGNATURE);
    return chat_status_as(crypto_verify_label(suite, intake_key, CHAT_LABEL_FRANK_VERDICT, &tbs, 1,
                                              verdict->hub_signature, arena),
                          CHAT_FRANK_VERDICT_SIGNATURE);
}
