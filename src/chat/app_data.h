/*
 * What an AppDataUpdate does to a component of a room: the participant list takes updates
 * (ParticipantListUpdate, spec 1.4), every other component is replaced whole.  Members and hub hand
 * this to mls (mls_env.app_data, mls_public_env.app_data), so that they compute the same
 * GroupContext.
 */
#ifndef TB_CHAT_APP_DATA_H
#define TB_CHAT_APP_DATA_H

#include "mls/public_app_data.h"

/* Stateless.  Refusals: WIRE_* and those of chat_policy_apply. */
const struct mls_public_app_data *chat_app_data(void);

#endif
