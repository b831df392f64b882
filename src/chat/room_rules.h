/*
 * Rules of a room that change often (component 0xF107): who may write and how often, who may not
 * for a while, and whether somebody has to let newcomers in.  The hub holds senders to them, since
 * it takes the messages; times end by themselves, without a commit.
 */
#ifndef TB_CHAT_ROOM_RULES_H
#define TB_CHAT_ROOM_RULES_H

#include "chat/policy.h"

/*
 * May a member with this role make this update?  It takes canChangeRoomMetadata to change the
 * flags, canChangeUserRole to mute and unmute, canKick to deny and to let back, and the other
 * user's role has to be lower.  CHAT_POLICY_CAPABILITY, CHAT_RULES_FORM, _RANK,
 * CHAT_POLICY_COMPONENT_UPDATE.
 */
TB_MUST_USE tb_status chat_rules_check_update(const struct chat_policy_room *before,
                                              uint32_t committer_role,
                                              const struct mls_app_data_update *update,
                                              struct tb_arena *arena);
/* Is the user in the list at this time?  *until_ms, where it is not NULL: 0 without end. */
bool chat_rules_has(const struct chat_timed_user *list, size_t count, tb_bytes user,
                    uint64_t now_ms, uint64_t *until_ms);
/* Copies `list` without entries that are over and without `user`, and adds the user when until_ms
 * is not UINT64_MAX.  CHAT_POLICY_LIMIT. */
TB_MUST_USE tb_status chat_rules_set(struct tb_arena *arena, uint64_t now_ms, tb_bytes user,
                                     uint64_t until_ms, struct chat_timed_user **list,
                                     size_t *count);

#endif
