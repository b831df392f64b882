/*
 * Messages that a decision of the desk retracts.  The line keeps its text and its evidence and
 * shows neither; a reversal shows them again.  Acted on when the hub's proposal comes in the log:
 * it is signed there, and the next commit has to carry it.
 */
#include "client/desk.h"
#include "client/revise.h"

#include "chat/retract.h"
#include "chat/safe_aad.h"

static tb_status client_retract_one(struct client_turn *turn, struct client_room *room,
                                    tb_bytes message_id, const struct chat_moderation_ref *ref,
                                    uint64_t at_ms)
{
    struct client_message_id_row about;
    tb_status status = client_message_id_get(turn, room, message_id, &about);
    bool has_line = tb_is_ok(status) && about.row != 0 && !about.is_reaction;
    if (status.code == TB_NOT_FOUND || (tb_is_ok(status) && !has_line)) {
        return TB_STATUS(TB_OK); /* of before we came, or it has no line */
    }
    TRY(status);
    return client_revise_retract(turn, room, about.row,
                                 ref->action == CHAT_ACTION_RETRACT ? ref->number : 0, at_ms);
}

tb_status client_retract_take(struct client_turn *turn, struct client_room *room,
                              const struct mls_received *received)
{
    struct chat_moderation_ref ref;
    struct chat_retracted retracted;
    const struct mls_app_ephemeral *body = received->proposal->of.app_ephemeral;
    if (received->proposal->proposal_type != MLS_PROPOSAL_APP_EPHEMERAL
        || body->component_id != MLS_COMPONENT_HUB_RETRACTED_MESSAGES) {
        return TB_STATUS(TB_OK);
    }
    tb_status status = chat_safe_aad_moderation(received->authenticated_data, &turn->arena, &ref);
    if (!tb_is_ok(status)) return client_status_is_fatal(status) ? status : TB_STATUS(TB_OK);
    bool is_known = ref.action == CHAT_ACTION_RETRACT || ref.action == CHAT_ACTION_REVERSE;
    if (!is_known || !tb_bytes_equal(ref.scope, room->row.room_uri)) return TB_STATUS(TB_OK);
    status = wire_decode(&chat_retracted_desc, body->data, &turn->arena, &retracted, NULL);
    if (tb_is_ok(status)) {
        status = chat_retracted_verify(&room->suite, &retracted,
                                       turn->client->hub.external_sender_key, &turn->arena);
    }
    if (!tb_is_ok(status)) return client_status_is_fatal(status) ? status : TB_STATUS(TB_OK);
    for (size_t i = 0; i < retracted.retracted_messages.count; i++) {
        TRY(client_retract_one(turn, room, retracted.retracted_messages.at[i].value, &ref,
                               retracted.hub_retracted_timestamp));
    }
    return TB_STATUS(TB_OK);
}
