/* Decisions about somebody, and appeals against them: a part of the client's interface. */
#ifndef TB_CLIENT_DECISIONS_H
#define TB_CLIENT_DECISIONS_H

#include "client/client.h"

/* Sign a draft of somebody else, and carry it out; DONE: number = decision number.
 * CLIENT_DRAFT_NONE, CLIENT_DRAFT_OWN. */
TB_MUST_USE tb_status client_desk_confirm(struct client *client, uint64_t now_ms,
                                          tb_bytes report_id, struct client_effects *effects,
                                          uint64_t *op);
/* A decision that waits for a second person. */
struct client_draft_view {
    tb_bytes report_id, decider, decider_handle, accused, accused_handle, text; /* the statement */
    uint8_t action, scope;
    uint64_t until_ms, expires_ms;
    bool is_own;
};
TB_MUST_USE tb_status client_drafts(struct client *client, uint64_t now_ms,
                                    struct tb_arena *arena, struct client_draft_view **out,
                                    size_t *count);

enum client_notice_state {
    CLIENT_NOTICE_STANDS = 1,
    CLIENT_NOTICE_APPEALED = 2, /* pending, until somebody else of the desk settles it */
    CLIENT_NOTICE_UPHELD = 3,
    CLIENT_NOTICE_REVERSED = 4
};
struct client_notice_view {
    uint64_t number, logged_ms, until_ms, appeal_until_ms, appealed_ms, settled_number;
    uint8_t action, scope, state; /* enum client_notice_state */
    bool may_appeal, is_single, may_settle; /* may_settle: we took no part in it */
    tb_bytes room, notice_room, subject, subject_handle;
    tb_bytes text;   /* the statement of reasons in the profile's language; may be empty */
    tb_bytes appeal; /* the newest words of the appeal; may be empty */
};
/* Decisions about this account; or with is_desk those that somebody appeals against. */
TB_MUST_USE tb_status client_notices(struct client *client, bool is_desk, uint64_t now_ms,
                                     struct tb_arena *arena, struct client_notice_view **out,
                                     size_t *count);
/* TB_NOT_FOUND: no such decision is known here. */
TB_MUST_USE tb_status client_notice(struct client *client, uint64_t number, uint64_t now_ms,
                                    struct tb_arena *arena, struct client_notice_view *out);
/* The hub learns that we appeal, then the words go to the notice room; DONE.  A banned account can.
 * CLIENT_TEXT_LENGTH, FAILED: chat_code gone, not_found, policy. */
TB_MUST_USE tb_status client_appeal(struct client *client, uint64_t now_ms, uint64_t number,
                                    tb_bytes text, struct client_effects *effects, uint64_t *op);
/* Settle an appeal, or reverse a decision that nobody appeals against.  action: CHAT_ACTION_REVERSE
 * or _UPHOLD; facts: the reasons, which the person is told.  DONE: number. */
TB_MUST_USE tb_status client_desk_settle(struct client *client, uint64_t now_ms, uint64_t number,
                                         uint8_t action, tb_bytes facts,
                                         struct client_effects *effects, uint64_t *op);

#endif
