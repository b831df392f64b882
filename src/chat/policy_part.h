/* What the files of the room policy share; nothing for others. */
#ifndef TB_CHAT_POLICY_PART_H
#define TB_CHAT_POLICY_PART_H

#include "chat/policy.h"

/* The ParticipantListUpdate of an AppDataUpdate of 0x0022. */
TB_MUST_USE tb_status chat_policy_decode_update(const struct mls_app_data_update *update,
                                                struct tb_arena *arena,
                                                struct chat_participant_update *out);
/* A proposal of the external sender, by itself. */
TB_MUST_USE tb_status chat_policy_check_hub_proposal(const struct chat_policy_room *room,
                                                     const struct crypto_suite *suite,
                                                     const struct chat_policy_proposal *proposal,
                                                     struct tb_arena *arena);

#endif
