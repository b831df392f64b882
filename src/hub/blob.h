/* Attachments: ciphertexts that members fetch by their random ids (docs/architecture.md). */
#ifndef TB_HUB_BLOB_H
#define TB_HUB_BLOB_H

#include "hub/engine.h"

/* Forget some of what is past its time; is called again and again. */
TB_MUST_USE tb_status hub_blob_sweep(struct hub *hub, uint64_t now_ms, struct tb_arena *arena);

hub_handler hub_verb_blob_put, hub_verb_blob_get, hub_verb_blob_drop;

#endif
