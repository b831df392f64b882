/* What the messages of a report say together: versions, replies, persons, counts, alarms. */
#include <string.h>

#include "chat/report_check.h"

static size_t find_message(const struct chat_report_result *result, tb_bytes message_id)
{
    for (size_t i = 0; i < result->message_count; i++) {
        if (result->messages[i].content != NULL
            && tb_bytes_equal(TB_ARRAY(result->messages[i].message_id), message_id)) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* V5.  A text that claims to replace somebody else's is not shown as proven. */
static void link_versions(struct chat_report_check *check, struct chat_report_result *result)
{
    for (size_t i = 0; i < result->message_count; i++) {
        struct chat_report_message *message = &result->messages[i];
        if (message->content == NULL) continue;
        message->reply_index = message->content->in_reply_to.len == 0
                                   ? SIZE_MAX
                                   : find_message(result, message->content->in_reply_to);
        if (message->content->replaces.len == 0) continue;
        size_t first = find_message(result, message->content->replaces);
        message->replaces_index = first;
        /* Somebody else's deletion may be a moderator's; it shows no text of its own. */
        if (first != SIZE_MAX && chat_content_is_tombstone(message->content)) continue;
        if (first == SIZE_MAX) {
            check->alarms |= CHAT_ALARM_VERSIONS_MISSING;
        } else if (!tb_bytes_equal(result->messages[first].stub->context.sender_uri,
                                   message->stub->context.sender_uri)) {
            message->verdict = TB_STATUS(CHAT_EVIDENCE_REPLACES);
        }
    }
    /* Afterwards, so that the order of messages does not matter. */
    for (size_t i = 0; i < result->message_count; i++) {
        struct chat_report_message *message = &result->messages[i];
        if (message->verdict.code != CHAT_EVIDENCE_REPLACES) continue;
        message->content = NULL;
        message->level = 0;
    }
}

static bool has_alternatives(const struct chat_part *part)
{
    if (part->cardinality != CHAT_PART_MULTI) return false;
    if (part->part_semantics == CHAT_CHOOSE_ONE) return true;
    for (size_t i = 0; i < part->part_count; i++) {
        if (has_alternatives(&part->parts[i])) return true;
    }
    return false;
}

static struct chat_report_person *person_of(struct chat_report_result *result, tb_bytes user)
{
    for (size_t i = 0; i < result->person_count; i++) {
        if (tb_bytes_equal(result->persons[i].user, user)) return &result->persons[i];
    }
    struct chat_report_person *person = &result->persons[result->person_count++];
    *person = (struct chat_report_person){ .user = user };
    return person;
}

static uint32_t alarm_of_kind(uint8_t kind)
{
    switch (kind) {
    case CHAT_OPENING_IS_EXPIRED:
        return CHAT_ALARM_EXPIRED;
    case CHAT_OPENING_IS_UNDECRYPTABLE:
        return CHAT_ALARM_UNDECRYPTABLE;
    case CHAT_OPENING_IS_NOT_RECEIVED:
        return CHAT_ALARM_NOT_RECEIVED;
    default:
        return 0;
    }
}

/* Spec 2.5.10: a revoked key vouches for nothing; the sender's own signature still does. */
static void drop_unvouched(const struct chat_report_check *check, struct chat_report_result *result)
{
    if ((check->alarms & CHAT_ALARM_REVOKED) == 0) return;
    for (size_t i = 0; i < result->message_count; i++) {
        struct chat_report_message *message = &result->messages[i];
        if (message->level != 1) continue;
        message->level = 0;
        message->content = NULL;
        message->verdict = TB_STATUS(CHAT_EVIDENCE_REVOKED);
    }
}

static tb_status count_messages(struct chat_report_check *check, struct chat_report_result *result)
{
    result->persons = tb_arena_take(check->arena, result->message_count, sizeof *result->persons);
    if (result->persons == NULL) return TB_STATUS(TB_NO_SPACE);
    result->person_count = 0;
    result->withheld_count = 0;
    result->level = 2;
    for (size_t i = 0; i < result->message_count; i++) {
        const struct chat_report_message *message = &result->messages[i];
        struct chat_report_person *person = person_of(result, message->stub->context.sender_uri);
        person->message_count++;
        if (message->is_target) {
            person->target_count++;
            if (message->level < result->level) result->level = message->level;
            if (message->content == NULL) check->alarms |= CHAT_ALARM_TARGET_UNPROVEN;
        }
        if (message->content != NULL) {
            person->opened_count++;
            if (has_alternatives(&message->content->part)) {
                check->alarms |= CHAT_ALARM_ALTERNATIVES;
            }
        }
        if (message->kind != CHAT_OPENING_IS_FULL) {
            person->withheld_count++;
            result->withheld_count++;
        }
        check->alarms |= alarm_of_kind(message->kind);
    }
    return TB_STATUS(TB_OK);
}

static void check_window(struct chat_report_check *check, struct chat_report_result *result)
{
    const struct chat_report_verify_params *params = check->params;
    const struct chat_report_evidence *evidence = result->evidence;
    uint64_t first_target = evidence->target_seq.at[0].value;
    uint64_t last_target = evidence->target_seq.at[evidence->target_seq.count - 1].value;
    uint64_t target_ms = result->messages[first_target - evidence->first_seq]
                             .stub->context.accepted_timestamp;

    if (first_target - evidence->first_seq < params->context_before && evidence->first_seq != 1) {
        check->alarms |= CHAT_ALARM_WINDOW_SHORT_BEFORE;
    }
    if (evidence->last_seq - last_target < params->context_after) {
        check->alarms |= CHAT_ALARM_WINDOW_SHORT_AFTER;
    }
    /* V6 */
    if (params->received_ms > target_ms
        && params->received_ms - target_ms > (uint64_t)params->report_window_s * 1000) {
        check->alarms |= CHAT_ALARM_LATE;
    }
    result->first_time_ms = result->messages[0].stub->context.accepted_timestamp;
    result->last_time_ms =
        result->messages[result->message_count - 1].stub->context.accepted_timestamp;
}

tb_status chat_report_check_whole(struct chat_report_check *check,
                                  struct chat_report_result *result)
{
    const uint32_t SHORT = CHAT_ALARM_WINDOW_SHORT_BEFORE | CHAT_ALARM_WINDOW_SHORT_AFTER;
    /* What further openings can take back is computed anew. */
    check->alarms &= ~(uint32_t)(CHAT_ALARM_VERSIONS_MISSING | CHAT_ALARM_TARGET_UNPROVEN
                                 | CHAT_ALARM_EXPIRED | CHAT_ALARM_UNDECRYPTABLE
                                 | CHAT_ALARM_NOT_RECEIVED);
    drop_unvouched(check, result);
    link_versions(check, result);
    TRY(count_messages(check, result));
    check_window(check, result);
    result->alarms = check->alarms;
    result->is_complete = (check->alarms & SHORT) == 0 && result->withheld_count == 0;
    return TB_STATUS(TB_OK);
}
