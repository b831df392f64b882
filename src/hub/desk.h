/* The desk: who belongs to it, its keys, its reports and its decisions (report.c, desk.c,
 * decision.c). */
#ifndef TB_HUB_DESK_H
#define TB_HUB_DESK_H

#include "hub/engine.h"

bool hub_is_desk(struct hub *hub, const struct hub_user_id *user);
/* Is this the last owner of the desk, or without an owner its last participant?  Who leaves does
 * not count any more.  Nobody could carry the desk on. */
bool hub_desk_is_last(struct hub *hub, const struct hub_user_id *user);
/* To every connection of the desk. */
void hub_push_desk(struct hub *hub, struct hub_effects *effects, uint16_t push,
                   const struct wire_desc *desc, const void *body);
/* A RecipientKey of the desk is stored, or the newest asked for. */
TB_MUST_USE tb_status hub_desk_key_put(struct hub *hub, struct hub_call *call,
                                       const struct chat_recipient_key *key);
TB_MUST_USE tb_status hub_desk_key_newest(struct hub *hub, tb_bytes uri, struct tb_arena *arena,
                                          struct chat_recipient_key *out, bool *found);
/* The desk changed and the room does not know it yet: the hub proposes it (amendments 25). */
TB_MUST_USE tb_status hub_desk_room_due(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                                        struct tb_arena *arena, struct hub_effects *effects);
/* The same for the loaded rooms that somebody is subscribed to; the long walk has the others. */
TB_MUST_USE tb_status hub_desk_rooms_due(struct hub *hub, struct hub_call *call);
/* To the sessions of these participants: whether they are of the desk now. */
void hub_desk_tell(struct hub *hub, const struct hub_row_shape *shape, uint64_t now_ms,
                   struct hub_effects *effects);
/* The case is settled: it no longer counts against its reporter. */
TB_MUST_USE tb_status hub_report_settle(struct hub *hub, tb_bytes report_id,
                                        struct tb_arena *arena);
TB_MUST_USE tb_status hub_membership_at(struct hub *hub, const struct hub_user_id *user,
                                        const struct hub_room *room, uint64_t log_seq,
                                        struct tb_arena *arena, bool *was);
/* How many active participants the desk has. */
size_t hub_desk_count(struct hub *hub);
/* What the reporter may learn of a decision about the report (outcome.c). */
TB_MUST_USE tb_status hub_outcome_note(struct hub *hub, const struct chat_decision_entry *entry,
                                       struct tb_arena *arena);
hub_handler hub_verb_appeal_put, hub_verb_appeals_get, hub_verb_report_outcome;
hub_handler hub_verb_desk_rotate, hub_verb_hub_record_put, hub_verb_admin_desk_refound;
/* The desk's questions to the members of this room, to a device that subscribes (opening.c). */
TB_MUST_USE tb_status hub_opening_asks_push(struct hub *hub, const struct hub_room *room,
                                            const struct hub_call *call);
hub_handler hub_verb_opening_put, hub_verb_stub_ask;

hub_handler hub_verb_report, hub_verb_desk_publish, hub_verb_desk_queue, hub_verb_decision_put,
    hub_verb_decisions_get, hub_verb_recipient_key_put, hub_verb_recipient_key_get,
    hub_verb_frank_check, hub_verb_statements_get;

#endif
