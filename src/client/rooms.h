/* What the files about rooms offer one another: groups, log, commits, joining, sending. */
#ifndef TB_CLIENT_ROOMS_H
#define TB_CLIENT_ROOMS_H

#include "chat/content.h"
#include "client/engine.h"

/* ---- rooms (room.c) ---- */

/* Loads it.  TB_NOT_FOUND. */
TB_MUST_USE tb_status client_room_get(struct client_turn *turn, tb_bytes room_uri,
                                      struct client_room **out);
TB_MUST_USE tb_status client_room_by_no(struct client_turn *turn, uint32_t room_no,
                                        struct client_room **out);
/* One that a person acts in: CLIENT_NOT_MEMBER, CLIENT_ROOM_STATE. */
TB_MUST_USE tb_status client_room_open(struct client_turn *turn, tb_bytes room_uri,
                                       struct client_room **out);
/* A new room in memory, its row dirty. */
TB_MUST_USE tb_status client_room_new(struct client_turn *turn, tb_bytes room_uri,
                                      struct client_room **out);
/* Undo client_room_new in the same turn. */
void client_room_forget(struct client *client, struct client_room *room);
TB_MUST_USE tb_status client_room_load_all(struct client_turn *turn);
TB_MUST_USE tb_status client_room_flush_all(struct client_turn *turn);
void client_room_drop_all(struct client *client);
TB_MUST_USE tb_status client_room_keep(struct client_room *room, tb_bytes value, tb_bytes *out);
/* Its keys are here and its log goes on, or may go on again. */
static inline bool client_room_is_live(const struct client_room *room)
{
    return room->row.state == CLIENT_ROOM_OPEN || room->row.state == CLIENT_ROOM_FROZEN
           || room->row.state == CLIENT_ROOM_SHUT;
}
static inline void client_room_touch(struct client_room *room)
{
    room->flags |= CLIENT_ROOM_ROW_DIRTY;
}
/* The group, loaded; takes ownership with set (the old one is freed). */
TB_MUST_USE tb_status client_room_group(struct client_turn *turn, struct client_room *room,
                                        struct mls_group **out);
void client_room_set_group(struct client_room *room, struct mls_group *group);
/* The suite must outlive what is made with it. */
struct mls_env client_env(struct client *client, const struct crypto_suite *suite);
TB_MUST_USE tb_status client_room_set_suite(struct client *client, struct client_room *room,
                                            uint16_t cipher_suite);
/* Store the group as it stands as the epoch before, or bring that back, or drop it. */
TB_MUST_USE tb_status client_room_before_put(struct client_turn *turn, struct client_room *room);
TB_MUST_USE tb_status client_room_before_restore(struct client_turn *turn,
                                                 struct client_room *room);
TB_MUST_USE tb_status client_room_before_drop(struct client_turn *turn, struct client_room *room);
/* The decoded GroupContext of the group's epoch. */
TB_MUST_USE tb_status client_room_policy(struct client_turn *turn, struct client_room *room,
                                         struct chat_policy_room *out);
TB_MUST_USE tb_status client_room_leaves(struct client_turn *turn, struct client_room *room,
                                         struct chat_policy_leaf **leaves, size_t *count);
/* We hold no keys any more: state, group, own commit and queues go; rows stay. */
TB_MUST_USE tb_status client_room_end(struct client_turn *turn, struct client_room *room,
                                      uint8_t state);
void client_room_pages_drop(struct client *client, struct client_room *room);
TB_MUST_USE tb_status client_room_retry(struct client_turn *turn, struct client_room *room);
/* Is the room open, subscribed, at the hub's newest entry, and nothing tentative? */
bool client_room_is_steady(const struct client *client, const struct client_room *room);

/* ---- timeline (timeline.c) ---- */

/* Append; *number may be NULL. */
TB_MUST_USE tb_status client_timeline_add(struct client_turn *turn, struct client_room *room,
                                          const struct client_line_row *line, uint64_t *number);
/* Append and tell at once. */
TB_MUST_USE tb_status client_timeline_tell(struct client_turn *turn, struct client_room *room,
                                           const struct client_line_row *line);
/* Rows of a commit that became final are told; those of one that was rolled back go. */
TB_MUST_USE tb_status client_timeline_release(struct client_turn *turn, struct client_room *room);
TB_MUST_USE tb_status client_timeline_undo(struct client_turn *turn, struct client_room *room);

/* ---- receiving (receive.c, run.c) ---- */

TB_MUST_USE tb_status client_receive_page(struct client_turn *turn, tb_bytes encoded);
TB_MUST_USE tb_status client_receive_final(struct client_turn *turn, struct client_room *room,
                                           uint64_t log_seq);
/* The hub answers a subscription with a cursor above ours: entries up to there are past retention.
 * When nothing is behind them, no page will tell: only messages, and we go on; or a commit. */
TB_MUST_USE tb_status client_receive_missing(struct client_turn *turn, struct client_room *room,
                                             const struct chat_room_state *state);
/* Take the pages that waited. */
TB_MUST_USE tb_status client_receive_resume(struct client_turn *turn, struct client_room *room);
/* A page that is one run of messages.  *is_blocked: stubs were asked for; nothing changed. */
TB_MUST_USE tb_status client_run_take(struct client_turn *turn, struct client_room *room,
                                      const struct chat_page *page, tb_bytes encoded,
                                      bool *is_blocked);
/* What a typed message of ours or of others changes: invites, desk keys, statements (typed.c). */
/* Between clients: such a message takes a number of the room and shows nothing to people. */
bool client_type_is_hidden(tb_bytes content_type);
TB_MUST_USE tb_status client_run_typed(struct client_turn *turn, struct client_room *room,
                                       tb_bytes sender, tb_bytes content_type, tb_bytes body,
                                       struct client_line_row *line);
TB_MUST_USE tb_status client_evidence_get(struct client_turn *turn, struct client_room *room,
                                          uint64_t room_seq, struct client_evidence_row *out);

/* ---- heads that do not fit (head.c) ---- */

struct chat_content;
/* A message of this account named one: ask for it, once in a while. */
TB_MUST_USE tb_status client_head_ask(struct client_turn *turn, struct client_room *room,
                                      tb_bytes account, const struct chat_content *content);
/* Bodies of the two typed messages; what is no question to us, or no proof, does nothing. */
TB_MUST_USE tb_status client_head_requested(struct client_turn *turn, struct client_room *room,
                                            tb_bytes body);
TB_MUST_USE tb_status client_head_told(struct client_turn *turn, struct client_room *room,
                                       tb_bytes body);

/* ---- commits (apply.c, commit.c, plan.c) ---- */

TB_MUST_USE tb_status client_commit_take_proposal(struct client_turn *turn,
                                                  struct client_room *room,
                                                  const struct chat_entry *entry);
/* *is_blocked: records were asked for; nothing changed. */
TB_MUST_USE tb_status client_commit_take(struct client_turn *turn, struct client_room *room,
                                         const struct chat_entry *entry, bool *is_blocked);
TB_MUST_USE tb_status client_commit_rollback(struct client_turn *turn, struct client_room *room,
                                             const struct chat_entry_rollback *rollback);
/* Make, send again or wait: whatever the room's own commits need now. */
TB_MUST_USE tb_status client_commit_work(struct client_turn *turn, struct client_room *room);
/* Our commit stands for good, was taken back, or lost its epoch to another. */
TB_MUST_USE tb_status client_commit_own_final(struct client_turn *turn, struct client_room *room);
TB_MUST_USE tb_status client_commit_own_undone(struct client_turn *turn, struct client_room *room);
TB_MUST_USE tb_status client_commit_own_lost(struct client_turn *turn, struct client_room *room);
TB_MUST_USE tb_status client_commit_own_get(struct client_turn *turn, struct client_room *room,
                                            struct client_commit_row *out);
/* After the pending proposals changed: is there one that we may and must commit? */
TB_MUST_USE tb_status client_commit_duty_check(struct client_turn *turn, struct client_room *room);
/* The extensions of a GroupInfo of this room: our chain head (0xF105). */
TB_MUST_USE tb_status client_commit_info_extensions(struct client_turn *turn,
                                                    const struct client_room *room,
                                                    struct mls_extension **extension);

/* Propose our SelfRemove in the epoch that stands, unless its log holds it already (leave.c). */
TB_MUST_USE tb_status client_leave_work(struct client_turn *turn, struct client_room *room);
/* A proposal of the log: is it that? */
TB_MUST_USE tb_status client_leave_see(struct client_turn *turn, struct client_room *room,
                                       tb_bytes message);

/* ---- intents (intent.c) ---- */

struct client_intent_params {
    uint8_t kind;
    uint8_t role_index; /* of CLIENT_INTENT_ROLE */
    bool is_held;
    const struct client_rules_change *rules; /* of CLIENT_INTENT_RULES */
    uint64_t op;
    uint64_t not_before_ms;
    tb_bytes account, device;
    const struct chat_join_request *request;
};
TB_MUST_USE tb_status client_intent_add(struct client_turn *turn, struct client_room *room,
                                        const struct client_intent_params *params);
/* code CHAT_CODE_OK: done, otherwise why not; tells the person who wished it. */
TB_MUST_USE tb_status client_intent_end(struct client_turn *turn, struct client_room *room,
                                        struct client_intent *intent, uint16_t code,
                                        tb_bytes detail);
/* Move the first one on; *ready: whose commit is due now, or NULL. */
TB_MUST_USE tb_status client_intent_work(struct client_turn *turn, struct client_room *room,
                                         struct client_intent **ready);
/* Is something still wanted? */
bool client_intent_is_open(const struct client_room *room);
struct client_intent *client_intent_sent(const struct client_room *room);
/* The connection or the room is gone: intents of persons fail, the hub pushes others again. */
TB_MUST_USE tb_status client_intent_lose_all(struct client_turn *turn, struct client_room *room,
                                             uint16_t code);
void client_intent_free_all(struct client *client, struct client_room *room);
/* The proposals of an intent, built for the epoch that stands. */
struct client_commit_plan {
    struct mls_proposal *proposals;
    size_t count;
    bool include_pending;
    tb_bytes aad; /* Safe AAD */
};
TB_MUST_USE tb_status client_commit_plan(struct client_turn *turn, struct client_room *room,
                                         const struct client_intent *intent,
                                         struct client_commit_plan *plan);

/* ---- creating and joining (create.c, join.c, welcome.c) ---- */

enum client_create_purpose {
    CLIENT_CREATE_FOR_PERSON = 0,
    CLIENT_CREATE_FOR_DESK = 1,  /* the desk room, at registration */
    CLIENT_CREATE_FOR_NOTICE = 2 /* create_case says which case */
};
struct client_create_params {
    uint8_t room_kind, room_class;
    uint8_t purpose;
    tb_bytes name;
    tb_bytes room_uri;        /* empty: random */
    tb_bytes other;           /* dm and notice: a participant beside us */
    tb_bytes case_id;
    tb_bytes desk_verify_key; /* of a desk room */
    uint64_t op;
};
TB_MUST_USE tb_status client_create_room(struct client_turn *turn,
                                         const struct client_create_params *params,
                                         struct client_room **out);
/* Send the room-create of a room in state CREATING. */
TB_MUST_USE tb_status client_create_send(struct client_turn *turn, struct client_room *room);

TB_MUST_USE tb_status client_join_take_request(struct client_turn *turn,
                                               const struct chat_join_request *request);
/* Join requests of ours that the hub may not have. */
TB_MUST_USE tb_status client_join_work(struct client_turn *turn);
/* Our account is in this room, and this device not yet (kind 2). */
TB_MUST_USE tb_status client_join_as_device(struct client_turn *turn, tb_bytes room_uri);
/* Ask to be removed and added again in one room (kind 2). */
TB_MUST_USE tb_status client_join_again(struct client_turn *turn, struct client_room *room);

/* ---- invitations (invite.c) ---- */

TB_MUST_USE tb_status client_invite_announced(struct client_turn *turn, struct client_room *room,
                                              tb_bytes inviter, tb_bytes body);
TB_MUST_USE tb_status client_invite_withdrawn(struct client_turn *turn, struct client_room *room,
                                              tb_bytes sender, tb_bytes body);
/* CHAT_JOIN_INVITE: not announced in this room, or over when it was asked with; CLIENT_INVITE_USED,
 * CLIENT_INVITE_REVOKED. */
TB_MUST_USE tb_status client_invite_check(struct client_turn *turn, const struct client_room *room,
                                          tb_bytes invite_key, uint64_t asked_ms,
                                          struct client_invite_row *out);
/* A commit was merged: whoever it adds may have come by an invitation, which it names in its Safe
 * AAD (0xF108). */
TB_MUST_USE tb_status client_invite_used(struct client_turn *turn, const struct client_room *room,
                                         uint64_t log_seq, tb_bytes commit);
/* It was rolled back. */
TB_MUST_USE tb_status client_invite_undo(struct client_turn *turn, const struct client_room *room,
                                         uint64_t log_seq);

TB_MUST_USE tb_status client_welcome_take(struct client_turn *turn, tb_bytes encoded);
/* Is one held back until records of its members come? */
bool client_welcome_is_waiting(struct client_turn *turn, tb_bytes room_uri);
void client_welcome_drop_all(struct client *client);

/* ---- sending (send.c) ---- */

struct client_send_params {
    tb_bytes content_type, body;
    tb_bytes replaces;    /* message id that it stands for; empty */
    tb_bytes in_reply_to; /* message id that it answers or reacts to; empty */
    bool is_tombstone;    /* nothing stands in the place of `replaces` */
    bool is_reaction;
    uint32_t expires_s;   /* 0: it stays */
    const struct chat_part *part; /* NULL: made of content_type and body */
    const uint8_t (*plaintext_hashes)[CHAT_HASH_LEN]; /* of the external parts of `part` */
    size_t plaintext_hash_count;
    tb_bytes case_id;
    bool is_silent;
    uint64_t op;
};
/* Queue one message; it leaves when the room is steady. */
TB_MUST_USE tb_status client_send_content(struct client_turn *turn, struct client_room *room,
                                          const struct client_send_params *params);
TB_MUST_USE tb_status client_send_work(struct client_turn *turn, struct client_room *room);
/* The outbox row that an own log entry belongs to.  TB_NOT_FOUND. */
TB_MUST_USE tb_status client_send_find(struct client_turn *turn, struct client_room *room,
                                       const uint8_t franking_tag[CHAT_HASH_LEN],
                                       struct client_key *key, struct client_outbox_row *out);
TB_MUST_USE tb_status client_send_seen(struct client_turn *turn, struct client_room *room,
                                       struct client_key key, const struct client_outbox_row *row,
                                       uint64_t room_seq);
/* We begin anew in the room: what the hub acknowledged before is in a past that we do not see. */
TB_MUST_USE tb_status client_send_settle(struct client_turn *turn, struct client_room *room);
/* The hub was restored: what it had acknowledged and the log does not hold is sent again. */
TB_MUST_USE tb_status client_send_again(struct client_turn *turn, struct client_room *room);
/* The room is lost: what still waits fails. */
TB_MUST_USE tb_status client_send_fail_all(struct client_turn *turn, struct client_room *room,
                                           uint16_t code);

/* ---- restore (restore.c) ---- */

TB_MUST_USE tb_status client_restore_page_keep(struct client_turn *turn, struct client_room *room,
                                               uint64_t first_log_seq, tb_bytes page);
TB_MUST_USE tb_status client_restore_heads(struct client_turn *turn);
TB_MUST_USE tb_status client_restore_entry(struct client_turn *turn, struct client_room *room,
                                           uint64_t log_seq,
                                           const struct chat_entry_restored *entry);

#endif
