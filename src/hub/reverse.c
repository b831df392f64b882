/*
 * Appeals, and the decisions that settle them.  The hub knows that somebody appeals against which
 * decision, and when; the words are in the notice room.  Whoever settles an appeal took no part in
 * the decision, so with one person at the desk it stays pending.
 */
#include <string.h>

#include "chat/decision.h"
#include "chat/names.h"
#include "hub/outside.h"
#include "hub/sanction.h"

static struct hub_key appeal_key(uint64_t number)
{
    struct hub_key key = hub_key_tagged('A', "", 0);
    hub_key_add_u64(&key, number);
    return key;
}

static tb_status entry_get(struct hub *hub, uint64_t number, struct tb_arena *arena,
                           struct chat_decision_entry *out)
{
    struct hub_key key = hub_decision_key(number);
    return hub_row_get(hub->store, HUB_TABLE_DECISIONS, &key, &chat_decision_entry_desc, arena,
                       out);
}

static tb_status appeal_get(struct hub *hub, uint64_t number, struct tb_arena *arena,
                            struct hub_row_appeal *out, bool *found)
{
    struct hub_key key = appeal_key(number);
    *out = (struct hub_row_appeal){ 0 };
    return hub_get(hub, HUB_TABLE_DECISIONS, &key, &hub_row_appeal_desc, arena, out, found);
}

static tb_status appeal_put(struct hub *hub, uint64_t number, const struct hub_row_appeal *row,
                            struct tb_arena *arena)
{
    struct hub_key key = appeal_key(number);
    return hub_put(hub, HUB_TABLE_DECISIONS, &key, &hub_row_appeal_desc, row, arena);
}

/* ---- settling ---- */

static bool took_part(const struct hub_call *call, const struct chat_decision *decision)
{
    tb_bytes account = hub_account_uri(call->account);
    return chat_names_is_of_user(decision->decider_device, account)
           || (decision->co_decider_device.len != 0
               && chat_names_is_of_user(decision->co_decider_device, account));
}

static bool is_about_same(const struct chat_decision *a, const struct chat_decision *b)
{
    return tb_bytes_equal(a->subject, b->subject) && a->scope == b->scope
           && tb_bytes_equal(a->room_uri, b->room_uri);
}

uint16_t hub_settle_check(struct hub *hub, struct hub_call *call,
                          const struct chat_decision *decision, struct chat_decision_entry *of)
{
    struct hub_row_appeal appeal;
    bool found;
    tb_status status = entry_get(hub, decision->number_of, call->arena, of);
    if (status.code == TB_NOT_FOUND) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no decision of this number");
    }
    CHECK(status);
    CHECK(appeal_get(hub, decision->number_of, call->arena, &appeal, &found));
    if (of->decision.number_of != 0 || !is_about_same(decision, &of->decision)) {
        return hub_refuse(call, CHAT_CODE_POLICY, "that decision is of another kind or person");
    }
    if (appeal.settled_number != 0) {
        return hub_refuse_value(call, CHAT_CODE_CONFLICT, "it was settled already",
                                appeal.settled_number);
    }
    if (!found && decision->action == CHAT_ACTION_UPHOLD) {
        return hub_refuse(call, CHAT_CODE_POLICY, "nobody appeals against that decision");
    }
    if (found && took_part(call, &of->decision)) {
        return hub_refuse(call, CHAT_CODE_POLICY,
                          "an appeal is settled by somebody who took no part in the decision");
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

tb_status hub_settle_apply(struct hub *hub, struct hub_ban *act,
                           const struct chat_decision_entry *of)
{
    struct hub_row_appeal appeal;
    bool found;
    TRY(appeal_get(hub, of->number, act->arena, &appeal, &found));
    appeal.settled_number = act->number;
    TRY(appeal_put(hub, of->number, &appeal, act->arena));
    if (act->decision->action != CHAT_ACTION_REVERSE) return TB_STATUS(TB_OK);
    act->is_ban = false;
    return hub_sanction_apply(hub, act, &of->decision);
}

/* ---- appealing ---- */

uint16_t hub_verb_appeal_put(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    uint64_t number = ((const struct chat_appeal_put *)request)->number;
    struct chat_appeal *out = answer;
    struct chat_decision_entry entry;
    struct hub_row_appeal appeal;
    bool found;
    tb_status status = entry_get(hub, number, call->arena, &entry);
    if (status.code == TB_NOT_FOUND) return CHAT_CODE_NOT_FOUND;
    CHECK(status);
    /* What concerns others is as if it were not there. */
    if (!tb_bytes_equal(entry.decision.subject, hub_account_uri(call->account))) {
        return CHAT_CODE_NOT_FOUND;
    }
    if (!chat_decision_is_restriction(entry.decision.action) &&
        entry.decision.action != CHAT_ACTION_WARN) {
        return hub_refuse(call, CHAT_CODE_POLICY, "there is nothing to appeal against");
    }
    CHECK(appeal_get(hub, number, call->arena, &appeal, &found));
    if (!found && appeal.settled_number == 0) {
        if (call->now_ms > entry.logged_ms + CHAT_APPEAL_MS_MAX) {
            return hub_refuse(call, CHAT_CODE_GONE, "the six months for an appeal are over");
        }
        appeal.appealed_ms = call->now_ms;
        CHECK(appeal_put(hub, number, &appeal, call->arena));
        hub->metrics.appeals++;
    }
    *out = (struct chat_appeal){ number, appeal.appealed_ms, appeal.settled_number };
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_appeals_get(struct hub *hub, struct hub_call *call, const void *request,
                              void *answer)
{
    struct chat_appeals *out = answer;
    struct hub_key prefix = hub_key_tagged('A', "", 0);
    struct hub_key after = appeal_key(((const struct chat_queue_get *)request)->after);
    struct hub_pairs rows;
    tb_status status;
    CHECK(hub_row_list_some(hub->store, HUB_TABLE_DECISIONS, &prefix, &after,
                            HUB_ANSWER_ROW_COUNT_MAX, HUB_ANSWER_BYTES_MAX, call->arena, &rows));
    out->appeals.at = tb_arena_take(call->arena, rows.count, sizeof *out->appeals.at);
    if (out->appeals.at == NULL) return CHAT_CODE_INTERNAL;
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_appeal row;
        tb_bytes key = rows.at[i].key;
        CHECK(wire_decode(&hub_row_appeal_desc, rows.at[i].value, call->arena, &row, NULL));
        out->appeals.at[out->appeals.count++] = (struct chat_appeal){
            tb_get_u64(key.data + key.len - 8), row.appealed_ms, row.settled_number
        };
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
