/*
 * What became of a report, for the account that made it (Regulation (EU) 2022/2065, article 16(5)):
 * that it came, that it was decided, and whether something was done.  What was done to whom is not
 * told.  Under 'R' report id in DECISIONS stands the number of the newest decision about it.
 */
#include <string.h>

#include "chat/decision.h"
#include "hub/outside.h"

static struct hub_key outcome_key(tb_bytes report_id)
{
    return hub_key_tagged('R', report_id.data, report_id.len);
}

tb_status hub_outcome_note(struct hub *hub, const struct chat_decision_entry *entry,
                           struct tb_arena *arena)
{
    tb_bytes report_id = entry->decision.report_id;
    struct wire_u64 number = { entry->number };
    if (report_id.len != CHAT_HASH_LEN) return TB_STATUS(TB_OK);
    struct hub_key key = outcome_key(report_id);
    return hub_put(hub, HUB_TABLE_DECISIONS, &key, &wire_u64_desc, &number, arena);
}

static uint8_t outcome_of(const struct chat_decision *decision)
{
    bool is_action = chat_decision_is_restriction(decision->action) ||
                     decision->action == CHAT_ACTION_WARN ||
                     decision->action == CHAT_ACTION_UPHOLD;
    return is_action ? CHAT_OUTCOME_ACTION : CHAT_OUTCOME_NO_ACTION;
}

uint16_t hub_verb_report_outcome(struct hub *hub, struct hub_call *call, const void *request,
                                 void *answer)
{
    tb_bytes report_id = ((const struct chat_opaque *)request)->value;
    struct chat_report_outcome *out = answer;
    struct hub_row_report row;
    struct chat_decision_entry entry;
    struct wire_u64 number;
    bool found;
    tb_status status;
    if (report_id.len != CHAT_HASH_LEN) return CHAT_CODE_BAD_REQUEST;
    struct hub_key id = hub_key_tagged('I', report_id.data, report_id.len);
    CHECK(hub_get(hub, HUB_TABLE_REPORTS, &id, &hub_row_report_desc, call->arena, &row, &found));
    if (!found || memcmp(row.user, call->account->id.at, sizeof row.user) != 0) {
        return CHAT_CODE_NOT_FOUND;
    }
    out->received_ms = row.received_ms;
    struct hub_key key = outcome_key(report_id);
    CHECK(hub_get(hub, HUB_TABLE_DECISIONS, &key, &wire_u64_desc, call->arena, &number, &found));
    if (!found) return CHAT_CODE_OK;
    struct hub_key entry_key = hub_decision_key(number.value);
    CHECK(hub_row_get(hub->store, HUB_TABLE_DECISIONS, &entry_key, &chat_decision_entry_desc,
                      call->arena, &entry));
    out->number = entry.number;
    out->decided_ms = entry.logged_ms;
    out->outcome = outcome_of(&entry.decision);
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
