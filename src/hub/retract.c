/* Retraction: hub_retracted_messages, made of the decisions in the log, so nothing else is kept. */
#include "hub/retract.h"

#include "chat/decision.h"
#include "chat/retract.h"
#include "chat/safe_aad.h"
#include "hub/outside.h"

static tb_status entry_get(struct hub *hub, uint64_t number, struct tb_arena *arena,
                           struct chat_decision_entry *out)
{
    struct hub_key key = hub_decision_key(number);
    return hub_row_get(hub->store, HUB_TABLE_DECISIONS, &key, &chat_decision_entry_desc, arena,
                       out);
}

tb_status hub_retract_proposal(struct hub *hub, const struct hub_room *room, tb_bytes aad,
                               struct tb_arena *arena, struct mls_proposal *out)
{
    struct chat_moderation_ref ref;
    struct chat_decision_entry entry;
    struct mls_app_ephemeral *body = tb_arena_take(arena, 1, sizeof *body);
    if (body == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(chat_safe_aad_moderation(aad, arena, &ref));
    TRY(entry_get(hub, ref.number, arena, &entry));
    uint64_t logged_ms = entry.logged_ms;
    if (entry.decision.number_of != 0) TRY(entry_get(hub, entry.decision.number_of, arena, &entry));
    struct chat_abuse_type type = { entry.decision.reason_code };
    struct chat_retracted retracted = { .hub_retracted_timestamp = logged_ms,
                                        .remover = hub->provider_uri,
                                        .abuse_type = &type };
    size_t count = entry.decision.targets.count;
    struct wire_opaque *ids = tb_arena_take(arena, count, sizeof *ids);
    if (ids == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        ids[i].value = TB_ARRAY(entry.decision.targets.at[i].message_id);
    }
    retracted.retracted_messages.at = ids;
    retracted.retracted_messages.count = count;
    TRY(chat_retracted_sign(room->suite, &hub->keys.external, &retracted, arena));
    body->component_id = MLS_COMPONENT_HUB_RETRACTED_MESSAGES;
    TRY(wire_encode(&chat_retracted_desc, &retracted, arena, &body->data));
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_APP_EPHEMERAL,
                                  .of.app_ephemeral = body };
    return TB_STATUS(TB_OK);
}
