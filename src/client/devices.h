/*
 * The devices of one's account: linking, revoking, the recovery phrase (devices.c), and how a new
 * device comes to the account (link.c).  docs/architecture.md, "Devices".
 */
#ifndef TB_CLIENT_DEVICES_H
#define TB_CLIENT_DEVICES_H

#include "chat/link.h"
#include "client/rooms.h"

enum { CLIENT_LINK_POLL_MS = 2000 };

/* ---- devices.c ---- */

/* After a login: the record that the hub has may be newer than ours, or the one on its way. */
TB_MUST_USE tb_status client_devices_logged_in(struct client_turn *turn, uint32_t version_at_hub);
TB_MUST_USE tb_status client_devices_pushed(struct client_turn *turn, tb_bytes record);
/* Our account's newest record, verified and stored among RECORDS. */
TB_MUST_USE tb_status client_devices_record(struct client_turn *turn, tb_bytes record);
/* What another device, or the holder of the phrase, has to know. */
TB_MUST_USE tb_status client_devices_account(struct client_turn *turn, tb_bytes device,
                                             tb_bytes account_key, tb_bytes record,
                                             struct chat_link_account *out);
/* META "recovery": the public half of the phrase's key; empty: there is none. */
TB_MUST_USE tb_status client_recovery_get(struct client_turn *turn, tb_bytes *recovery_public);
TB_MUST_USE tb_status client_recovery_keep(struct client_turn *turn, tb_bytes recovery_public);

/* ---- link.c ---- */

/* Is this profile waiting for its account? */
bool client_link_is_open(const struct client *client);
/* The hub said hello; it is believed once the account's own word about it has come. */
TB_MUST_USE tb_status client_link_greeted(struct client_turn *turn, tb_bytes domain);
TB_MUST_USE tb_status client_link_work(struct client_turn *turn);

#endif
