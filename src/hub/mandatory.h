/* What the next commit of a room must carry (mandatory.c). */
#ifndef TB_HUB_MANDATORY_H
#define TB_HUB_MANDATORY_H

#include "hub/engine.h"

/* Something that the next commit must carry; issued when the room is not tentative. */
TB_MUST_USE tb_status hub_mandatory_add(struct hub *hub, struct hub_room *room,
                                        enum hub_mandatory_kind kind,
                                        const struct hub_user_id *user, tb_bytes aad,
                                        struct tb_arena *arena);
/* The same for a device that cannot follow the log any more. */
TB_MUST_USE tb_status hub_mandatory_absent(struct hub *hub, struct hub_room *room,
                                           const uint8_t *device, struct tb_arena *arena);
/* Is a proposal on its way that removes this device or, with zeros behind, changes this user? */
bool hub_mandatory_goes(const struct hub_room *room, const uint8_t *device);
/* Can this device's client still commit?  Not one that is banned, leaves, or was revoked. */
TB_MUST_USE tb_status hub_mandatory_can_commit(struct hub *hub, const struct hub_room *room,
                                               const struct hub_row_member *member, bool *can);
TB_MUST_USE tb_status hub_mandatory_issue(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                                          struct tb_arena *arena, struct hub_effects *effects);
/* Closes the room when nobody is left who could commit. */
TB_MUST_USE tb_status hub_room_close_if_empty(struct hub *hub, struct hub_room *room,
                                              struct hub_effects *effects);
/* A member's SelfRemove was accepted. */
TB_MUST_USE tb_status hub_mandatory_leave(struct hub *hub, struct hub_room *room,
                                          const struct hub_device_id *device, tb_bytes ref,
                                          tb_bytes message, struct tb_arena *arena);
/* A proposal from a member's copy of the log; accepted by the group already. */
TB_MUST_USE tb_status hub_mandatory_import(struct hub *hub, struct hub_room *room,
                                           const struct mls_public_proposal *proposal,
                                           tb_bytes message, struct tb_arena *arena);
/* Marks the participants whose ban is among the shape's open items: they are banned at once. */
void hub_mandatory_mark(struct hub_row_shape *shape);
bool hub_mandatory_may_leave(const struct hub_room *room); /* one more at the same time */
bool hub_mandatory_is_open(const struct hub_room *room);
/* May the desk make this user an owner: one who has a device there, where no owner has any? */
bool hub_mandatory_may_own(const struct hub_room *room, const struct hub_user_id *user);
/* Missing refs of a commit's proposals, in the arena; 0: all are there. */
TB_MUST_USE tb_status hub_mandatory_missing(const struct hub_room *room,
                                            const struct mls_public_proposal *proposals,
                                            size_t count, struct tb_arena *arena,
                                            tb_bytes **refs, size_t *ref_count);
/* All refs, for the refusal of a message. */
TB_MUST_USE tb_status hub_mandatory_refs(const struct hub_room *room, struct tb_arena *arena,
                                         tb_bytes **refs, size_t *ref_count);

#endif
