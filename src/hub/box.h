/* Sealed boxes of accounts, and what follows when a record changes (docs/architecture.md). */
#ifndef TB_HUB_BOX_H
#define TB_HUB_BOX_H

#include "hub/engine.h"

/* Forget some of what is past its time; is called again and again. */
TB_MUST_USE tb_status hub_box_sweep(struct hub *hub, uint64_t now_ms, struct tb_arena *arena);
/* The account's other sessions are told its new record. */
void hub_record_push(struct hub *hub, struct hub_call *call, const struct hub_account *account,
                     tb_bytes encoded);
/* The next commit of each room that this revoked device is in removes its leaf; a room in which
 * nobody else can commit is left alone. */
TB_MUST_USE tb_status hub_device_remove(struct hub *hub, struct hub_call *call,
                                        const struct hub_device_id *device);
/* The rooms of a login's account in which its device is not yet, as states OUT, behind those that
 * are in *out already. */
TB_MUST_USE tb_status hub_device_rooms(struct hub *hub, struct hub_call *call,
                                       struct chat_login_answer *out);

hub_handler hub_verb_box_put, hub_verb_box_get;

#endif
