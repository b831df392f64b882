/*
 * The client engine: events in, effects out.  It drives the command line, RPC, bots, the desk and
 * the browser alike.  One loop turn of the host is
 *
 *     store begin
 *     client_step() for what came in, or a client_<act>() call for what the person wants
 *     store commit; when it is refused: client_turn_refused(), and nothing is sent or shown
 *     release the effects, in order
 *
 * so the ratchet state is durable before a message leaves.  Acts return an operation number; its
 * outcome comes as CLIENT_SHOW_DONE or CLIENT_SHOW_FAILED.  The engine keeps everything in the
 * store (an outbox included), so it can be killed at any moment and go on.
 *
 * No clock, no I/O: now_ms is an argument.  One thread.
 */
#ifndef TB_CLIENT_CLIENT_H
#define TB_CLIENT_CLIENT_H

#include "base/mem.h"
#include "base/store.h"
#include "chat/language.h"
#include "chat/link.h"
#include "chat/protocol.h"
#include "crypto/crypto.h"

struct client;

enum client_event_kind {
    CLIENT_EVENT_CONNECTED = 1, /* a WebSocket to the hub is open */
    CLIENT_EVENT_DISCONNECTED,
    CLIENT_EVENT_FRAME,         /* bytes: one binary frame */
    CLIENT_EVENT_TICK
};
struct client_event {
    enum client_event_kind kind;
    uint64_t now_ms;
    tb_bytes bytes;
};

enum client_effect_kind {
    CLIENT_EFFECT_SEND = 1, /* bytes: one binary frame, after the commit of this turn */
    CLIENT_EFFECT_SHOW,     /* show: for the person; texts live until effects are cleared */
    CLIENT_EFFECT_CLOSE,    /* close the connection */
    CLIENT_EFFECT_WAKE      /* at_ms; the newest wish replaces older ones */
};

/* What a person or a program is told.  Fields that do not apply are empty. */
enum client_show_kind {
    CLIENT_SHOW_DONE = 1,       /* op; link, account, room, number as the act says */
    CLIENT_SHOW_FAILED,         /* op, code (enum chat_code, or tb_status from 100 on), text;
                                 * op 0: the hub refuses the session, and why */
    CLIENT_SHOW_ONLINE,         /* logged in; is_restricted */
    CLIENT_SHOW_OFFLINE,
    CLIENT_SHOW_SYNCED,         /* every room is at the hub's newest entry as of login */
    CLIENT_SHOW_MESSAGE,        /* room, account, handle, text, room_seq in number, at_ms */
    CLIENT_SHOW_MEMBER_ADDED,   /* room, account, handle, at_ms */
    CLIENT_SHOW_MEMBER_REMOVED, /* room, account, handle; decision_number when by the desk */
    CLIENT_SHOW_ROLE,           /* room, account, handle, role_index; decision_number likewise */
    CLIENT_SHOW_JOINED,         /* room: "you joined here" */
    CLIENT_SHOW_REMOVED_US,     /* room; decision_number when by the desk */
    CLIENT_SHOW_FAILED_ENTRY,   /* room, number, code: one collapsed line without text */
    CLIENT_SHOW_GAP,            /* room: history missing */
    CLIENT_SHOW_ALARM,          /* room, code: fork, equivocation, reset, unknown recipient key */
    CLIENT_SHOW_RESTRICTED,     /* the session is restricted by a decision */
    CLIENT_SHOW_REPORT_WAITING, /* desk: a report came in */
    CLIENT_SHOW_CONSENT,        /* account, handle asks for contact */
    CLIENT_SHOW_HUB_RESTORED,   /* room: the hub was restored from a backup */
    CLIENT_SHOW_ROLLED_BACK,    /* this profile is an old copy and may not send */
    CLIENT_SHOW_ROOM_CLOSED,
    CLIENT_SHOW_DELAYED,        /* op, code, text: refused for now; the engine tries again */
    CLIENT_SHOW_REVISED,        /* room, number = room_seq of a message that was edited, deleted or
                                 * has expired; code: enum client_revision; account: who; text */
    CLIENT_SHOW_REACTION,       /* room, number = room_seq of the message; account, text; text empty
                                 * when it was taken back */
    CLIENT_SHOW_PROGRESS,       /* op, number of total octets: an upload or a fetch goes on */
    CLIENT_SHOW_ASKED,          /* room, account, handle: asks to come in; approval is for us */
    CLIENT_SHOW_READ,           /* room, number = room_seq of an own message; account, at_ms */
    CLIENT_SHOW_CASE,           /* desk: a message about a case: account, handle, at_ms, number =
                                 * room_seq; message_id: case id; text: its kind's name; code:
                                 * TB_OK, or why it changes nothing */
    CLIENT_SHOW_DESK_ANEW       /* the operator founds the desk anew; number: reports of ours that
                                 * went to the old one */
};
struct client_show {
    enum client_show_kind kind;
    uint64_t op;
    uint16_t code;
    uint64_t number;
    uint64_t decision_number;
    uint64_t total;
    uint64_t at_ms;
    uint32_t role_index; /* enum chat_role_index */
    bool is_own, is_restricted, is_verified;
    tb_bytes room;       /* room URI */
    tb_bytes room_name;
    tb_bytes account;    /* user URI */
    tb_bytes handle;
    tb_bytes text;
    tb_bytes content_type;
    tb_bytes message_id;
};
struct client_effect {
    enum client_effect_kind kind;
    tb_bytes bytes;
    struct client_show show;
    uint64_t at_ms;
};
struct client_effects {
    struct client_effect *at;
    size_t count, cap;
    struct tb_mem *mem;
    struct tb_arena arena; /* holds bytes and texts of the effects */
};
void client_effects_init(struct client_effects *effects, struct tb_mem *mem);
void client_effects_clear(struct client_effects *effects);
void client_effects_wipe(struct client_effects *effects);

struct client_config {
    const struct crypto_provider *provider;
    struct tb_mem *mem;
    struct tb_rng *rng;
    const struct tb_store *store; /* values are encrypted below this interface, by the host */
    uint16_t cipher_suite;        /* of new rooms and key packages; 0: 0x0003 */
    const char *software;
    enum chat_language language;  /* of statements of reasons */
};
/* Load a profile, or make an empty one.  Inside a store transaction. */
TB_MUST_USE tb_status client_new(const struct client_config *config, uint64_t now_ms,
                                 struct client **out);
void client_free(struct client *client);
void client_step(struct client *client, const struct client_event *event,
                 struct client_effects *effects);
/*
 * The turn failed inside (store, memory or randomness gave out): the host rolls the transaction
 * back and calls client_turn_refused. Until then steps do nothing and acts return TB_STORE. The
 * host asks after each step or act, and also refuses the turn when a store operation failed.
 */
bool client_is_void(const struct client *client);
/* The store refused the turn: drops the effects; everything is read again at the next turn.  Leaves
 * a CLOSE and CLIENT_SHOW_OFFLINE in effects when a connection was open. */
TB_MUST_USE tb_status client_turn_refused(struct client *client, struct client_effects *effects);

bool client_is_registered(const struct client *client);
bool client_is_online(const struct client *client);
bool client_is_desk(const struct client *client);
tb_bytes client_account(const struct client *client); /* user URI, borrowed */
tb_bytes client_device(const struct client *client);
tb_bytes client_handle(const struct client *client);
/* Origin of the hub ("http://localhost:8470"), from the invitation; the host connects to it. */
tb_bytes client_origin(const struct client *client);
/* Nothing is on its way any more: outbox empty, commits final, pages acknowledged. */
bool client_is_idle(const struct client *client);

/* ------------------------------------------------------------------ acts
 * Each returns TB_OK and an operation number, or the reason why it cannot begin. */

/* Prepare registration from an invitation link; the host connects to client_origin() afterwards. */
TB_MUST_USE tb_status client_register(struct client *client, uint64_t now_ms, tb_bytes link,
                                      tb_bytes handle, struct client_effects *effects,
                                      uint64_t *op);
/* Forget the device, keep the account: a new device key, for a copied or rolled-back profile. */
TB_MUST_USE tb_status client_rejoin(struct client *client, uint64_t now_ms,
                                    struct client_effects *effects, uint64_t *op);

/* ---- devices and recovery (docs/architecture.md, "Devices") ---- */

/*
 * A fresh profile asks to become a device of an account at the hub of this origin.
 * client_link_show gives what the other device reads: text (SECRET) and digits that both show.
 * DONE when the account key came and the login is through.
 */
TB_MUST_USE tb_status client_link(struct client *client, uint64_t now_ms, tb_bytes origin,
                                  struct client_effects *effects, uint64_t *op);
TB_MUST_USE tb_status client_link_show(struct client *client, struct tb_arena *arena,
                                       tb_bytes *text, char digits[CHAT_LINK_DIGITS_LEN]);
/* The digits of a code that was read on an existing device, before it is believed. */
TB_MUST_USE tb_status client_link_read(struct client *client, tb_bytes text,
                                       struct tb_arena *arena,
                                       char digits[CHAT_LINK_DIGITS_LEN]);
/* Whoever calls this has compared the digits.  DONE: text = the device, when its box is at the hub.
 * CHAT_LINK_CODE, CLIENT_ACCOUNT_KEY, CLIENT_OFFLINE, CLIENT_BUSY. */
TB_MUST_USE tb_status client_device_add(struct client *client, uint64_t now_ms, tb_bytes code,
                                        struct client_effects *effects, uint64_t *op);
/* Another device of ours; the account key is replaced.  CLIENT_DEVICE_SELF, CLIENT_DEVICE_UNKNOWN,
 * and those of client_device_add. */
TB_MUST_USE tb_status client_device_revoke(struct client *client, uint64_t now_ms, tb_bytes device,
                                           struct client_effects *effects, uint64_t *op);
/* seed: CHAT_RECOVERY_SEED_LEN octets that the host made of a new phrase; takes the place of an
 * older phrase.  DONE when the backup is at the hub. */
TB_MUST_USE tb_status client_recovery_new(struct client *client, uint64_t now_ms, tb_bytes seed,
                                          struct client_effects *effects, uint64_t *op);
bool client_has_recovery(struct client *client); /* as far as this device knows */
/* A fresh profile becomes a new device of the account whose phrase gave the seed.  Refused with
 * not_found, CHAT_LINK_SEALED or CLIENT_RECOVERY_OLD. */
TB_MUST_USE tb_status client_recover(struct client *client, uint64_t now_ms, tb_bytes origin,
                                     tb_bytes seed, struct client_effects *effects, uint64_t *op);

/* DONE: room.  class: enum chat_room_class. */
TB_MUST_USE tb_status client_room_create(struct client *client, uint64_t now_ms, tb_bytes name,
                                         uint8_t room_class, struct client_effects *effects,
                                         uint64_t *op);
/* DONE: text = the link.  expires_ms 0: 7 days; use_count_max 0: 1. */
TB_MUST_USE tb_status client_room_invite_link(struct client *client, uint64_t now_ms, tb_bytes room,
                                              uint64_t expires_ms, uint32_t use_count_max,
                                              struct client_effects *effects, uint64_t *op);
/*
 * Take an invitation back, one's own or with canRemoveParticipant another's; an empty key: all that
 * this account made for the room.  DONE: number = how many.  TB_NOT_FOUND, CLIENT_PERMISSION.
 */
TB_MUST_USE tb_status client_room_uninvite(struct client *client, uint64_t now_ms, tb_bytes room,
                                           tb_bytes invite_key, struct client_effects *effects,
                                           uint64_t *op);
/* Add an account that has granted consent. */
TB_MUST_USE tb_status client_room_add(struct client *client, uint64_t now_ms, tb_bytes room,
                                      tb_bytes account, struct client_effects *effects,
                                      uint64_t *op);
/* DONE when the Welcome was taken; waits while nobody who may add is online. */
TB_MUST_USE tb_status client_room_join(struct client *client, uint64_t now_ms, tb_bytes link,
                                       struct client_effects *effects, uint64_t *op);
TB_MUST_USE tb_status client_room_leave(struct client *client, uint64_t now_ms, tb_bytes room,
                                        struct client_effects *effects, uint64_t *op);
TB_MUST_USE tb_status client_room_remove(struct client *client, uint64_t now_ms, tb_bytes room,
                                         tb_bytes account, struct client_effects *effects,
                                         uint64_t *op);
/* ---- rules of a room (chat/room_rules.h) ---- */

enum client_rules_act {
    CLIENT_RULES_SET = 1,  /* announce_only, join_approval, slow_mode_s: all three anew */
    CLIENT_RULES_MUTE,     /* account may read but not write, until until_ms (0: without end) */
    CLIENT_RULES_UNMUTE,
    CLIENT_RULES_KICK,     /* account is removed and may not come back until until_ms */
    CLIENT_RULES_LET_BACK
};
struct client_rules_change {
    enum client_rules_act act;
    tb_bytes account;
    uint64_t until_ms;
    uint8_t announce_only, join_approval;
    uint32_t slow_mode_s;
};
/* DONE when the commit is final.  CLIENT_PERMISSION, CLIENT_OFFLINE, CLIENT_NOT_PARTICIPANT. */
TB_MUST_USE tb_status client_room_rules(struct client *client, uint64_t now_ms, tb_bytes room,
                                        const struct client_rules_change *change,
                                        struct client_effects *effects, uint64_t *op);
struct client_timed_view {
    tb_bytes account, handle;
    uint64_t until_ms;     /* 0: without end */
};
struct client_rules_view {
    uint8_t announce_only, join_approval;
    uint32_t slow_mode_s;
    const struct client_timed_view *muted, *denied;
    size_t muted_count, denied_count;
};
TB_MUST_USE tb_status client_rules(struct client *client, uint64_t now_ms, tb_bytes room,
                                   struct tb_arena *arena, struct client_rules_view *out);
/* Who asked to come in and waits for approval, as far as the hub has told since login.
 * CLIENT_PERMISSION: others approve. */
TB_MUST_USE tb_status client_room_askers(struct client *client, tb_bytes room,
                                         struct tb_arena *arena, struct client_timed_view **out,
                                         size_t *count);
/* Let somebody in who asked.  TB_NOT_FOUND: nobody of this account asks; CLIENT_PERMISSION. */
TB_MUST_USE tb_status client_room_approve(struct client *client, uint64_t now_ms, tb_bytes room,
                                          tb_bytes account, struct client_effects *effects,
                                          uint64_t *op);
/* role_index: CHAT_ROLE_MEMBER, _MODERATOR or _OWNER. */
TB_MUST_USE tb_status client_room_role(struct client *client, uint64_t now_ms, tb_bytes room,
                                       tb_bytes account, uint32_t role_index,
                                       struct client_effects *effects, uint64_t *op);
/* DONE: number = room_seq, when the hub's answer is durable there. */
TB_MUST_USE tb_status client_send(struct client *client, uint64_t now_ms, tb_bytes room,
                                  tb_bytes text, struct client_effects *effects, uint64_t *op);

/* What a message does; those behind the first two concern one that stands in the room. */
enum client_message_kind {
    CLIENT_MESSAGE_TEXT = 1,
    CLIENT_MESSAGE_REPLY,
    CLIENT_MESSAGE_EDIT,    /* of one's own: text stands in its place */
    CLIENT_MESSAGE_DELETE,  /* one's own, or another's with canDeleteOtherMessage */
    CLIENT_MESSAGE_REACT,   /* text: an emoji or another short text */
    CLIENT_MESSAGE_UNREACT  /* take one's own reaction back; text empty: the newest */
};
struct client_message_params {
    tb_bytes room;
    enum client_message_kind kind;
    uint64_t of_seq;    /* room_seq of the message concerned; not for a text */
    tb_bytes text;      /* UTF-8; empty for a deletion */
    bool has_expires;   /* else the room's default stands */
    uint32_t expires_s; /* after the hub accepted it; 0: it stays */
};
/*
 * DONE: number = room_seq.  An edit or a deletion is a message of its own: whoever has it keeps
 * the earlier text as evidence until the report window ends, and does not show it.
 * CLIENT_MESSAGE_UNKNOWN, _OTHERS, _GONE, CLIENT_PERMISSION, CLIENT_EXPIRY, CLIENT_TEXT_LENGTH,
 * CLIENT_REACTION_LENGTH.
 */
TB_MUST_USE tb_status client_message(struct client *client, uint64_t now_ms,
                                     const struct client_message_params *params,
                                     struct client_effects *effects, uint64_t *op);
/* ---- attachments ---- */

enum {
    CLIENT_ATTACHMENT_LEN_MAX = 67108848, /* octets: the hub's limit less an authentication tag */
    CLIENT_FILE_NAME_LEN_MAX = 255        /* octets */
};
struct client_attachment {
    tb_bytes room;
    tb_bytes bytes;        /* the file; at most CLIENT_ATTACHMENT_LEN_MAX, not empty */
    tb_bytes file_name;    /* UTF-8, without folders */
    tb_bytes content_type; /* "image/jpeg" */
    tb_bytes description;  /* UTF-8; may be empty */
    bool has_expires;
    uint32_t expires_s;
};
/*
 * Encrypt, upload piece by piece, then say so in the room.  It is in the store when this returns:
 * an upload that breaks off goes on at the next login.  CLIENT_SHOW_PROGRESS for each piece; DONE:
 * number = room_seq.  CLIENT_ATTACHMENT, CLIENT_PERMISSION, CLIENT_EXPIRY, CLIENT_ROOM_STATE, ...
 */
TB_MUST_USE tb_status client_attach(struct client *client, uint64_t now_ms,
                                    const struct client_attachment *attachment,
                                    struct client_effects *effects, uint64_t *op);
/* Give an upload up; the hub forgets what it has.  TB_NOT_FOUND: it is no upload, or it is over. */
TB_MUST_USE tb_status client_attach_cancel(struct client *client, uint64_t now_ms, uint64_t op,
                                           struct client_effects *effects);
/*
 * Fetch, verify and decrypt the attachment of a message (part: from 0).  DONE: text = the octets,
 * content_type, handle = file name.  One at a time, else CLIENT_BUSY.  CLIENT_MESSAGE_UNKNOWN,
 * _CLOSED, CLIENT_ATTACHMENT; FAILED: CLIENT_ATTACHMENT_CHANGED when it is not what was sent.
 */
TB_MUST_USE tb_status client_fetch(struct client *client, uint64_t now_ms, tb_bytes room,
                                   uint64_t room_seq, size_t part, struct client_effects *effects,
                                   uint64_t *op);

/* Read receipts: whom this account tells that it has read a message. */
enum client_receipts {
    CLIENT_RECEIPTS_DM = 0, /* in conversations of two; the default */
    CLIENT_RECEIPTS_OFF = 1,
    CLIENT_RECEIPTS_ALL = 2 /* in every room of at most CLIENT_RECEIPT_ROOM_COUNT_MAX */
};
TB_MUST_USE tb_status client_receipts_set(struct client *client, uint64_t now_ms,
                                          enum client_receipts receipts,
                                          struct client_effects *effects);
enum client_receipts client_receipts_of(const struct client *client);

/* enum: 1 request, 2 grant, 3 revoke, 0 cancel (spec 1.3). */
TB_MUST_USE tb_status client_consent(struct client *client, uint64_t now_ms, uint8_t operation,
                                     tb_bytes account, struct client_effects *effects,
                                     uint64_t *op);
/* Ask the hub for all consents that concern us: a CLIENT_SHOW_CONSENT for each (code: its
 * operation; is_own: we gave it or asked for it), then DONE. */
TB_MUST_USE tb_status client_consents(struct client *client, uint64_t now_ms,
                                      struct client_effects *effects, uint64_t *op);
/* handle -> account URI; DONE: account. */
TB_MUST_USE tb_status client_lookup(struct client *client, uint64_t now_ms, tb_bytes handle,
                                    struct client_effects *effects, uint64_t *op);

struct client_report_params {
    tb_bytes room;
    const uint64_t *room_seq; /* targets */
    size_t room_seq_count;
    uint8_t reason_code;      /* chat taxonomy */
    tb_bytes note;
    const uint64_t *open_seq; /* further messages to open; the rest of the window is withheld */
    size_t open_seq_count;
    bool is_named;            /* reportingUser is filled in */
    uint8_t level;            /* 2: the senders' own signatures too; a violation always has them */
};
/* DONE: text = report id in hex.  Without a desk: FAILED desk_missing, and the report is kept. */
TB_MUST_USE tb_status client_report(struct client *client, uint64_t now_ms,
                                    const struct client_report_params *params,
                                    struct client_effects *effects, uint64_t *op);

/* ---- desk ---- */
struct client_decision_params {
    tb_bytes report_id;  /* 32 octets */
    uint8_t action, scope, reason_code;
    uint64_t until_ms;
    tb_bytes facts;      /* of the statement of reasons: what happened, without the reporter */
    uint8_t ground;      /* enum chat_ground */
    uint8_t category;    /* chat/category.h; 0: the one of the reason */
    tb_bytes rule_id;    /* of the terms or of the law; empty: the reason's name */
    uint32_t rule_version;
    tb_bytes why;        /* why the facts fall under the rule; may be empty */
    tb_bytes territory;  /* empty: wherever the service is offered */
};
/* Fetch new reports from the hub's queue, open and verify them; DONE: number = new ones. */
TB_MUST_USE tb_status client_desk_fetch(struct client *client, uint64_t now_ms,
                                        struct client_effects *effects, uint64_t *op);
/* Notice room, statement, signed decision, in this order; DONE: number = decision number.  A
 * sanction of the account at a desk of several people becomes a draft in the desk room instead,
 * which another one of them confirms; DONE: decision_number = 0. */
TB_MUST_USE tb_status client_desk_decide(struct client *client, uint64_t now_ms,
                                         const struct client_decision_params *params,
                                         struct client_effects *effects, uint64_t *op);

/* An owner for a room that has none left who can act; DONE: number = decision number. */
TB_MUST_USE tb_status client_desk_name_owner(struct client *client, uint64_t now_ms, tb_bytes room,
                                             tb_bytes account, struct client_effects *effects,
                                             uint64_t *op);

/* ------------------------------------------------------------------ reading: views in the arena */

enum client_room_state {
    CLIENT_ROOM_CREATING = 1, /* the hub has not confirmed it yet */
    CLIENT_ROOM_OPEN = 2,
    CLIENT_ROOM_FROZEN = 3,   /* after a restore of the hub, until it thaws */
    CLIENT_ROOM_CLOSED = 4,
    CLIENT_ROOM_LEFT = 5,
    CLIENT_ROOM_REMOVED = 6,
    CLIENT_ROOM_REJOINING = 7, /* keys are lost; waits to be removed and added again */
    CLIENT_ROOM_SHUT = 8       /* by a decision of the desk, which can be reversed */
};
struct client_room_view {
    tb_bytes room, name;
    uint8_t kind, room_class, state; /* state: enum client_room_state */
    uint64_t epoch, newest_seq, unread_count;
    size_t participant_count;
};
struct client_member_view {
    tb_bytes account, handle;
    uint32_t role_index;
    size_t device_count; /* 0: inactive */
    bool is_self;
};
/* What was done to a message later. */
enum client_revision {
    CLIENT_REVISION_NONE = 0,
    CLIENT_REVISION_EDITED = 1,
    CLIENT_REVISION_DELETED = 2,   /* by its sender */
    CLIENT_REVISION_MODERATED = 3, /* by somebody whose role may delete others' messages */
    CLIENT_REVISION_EXPIRED = 4,
    CLIENT_REVISION_RETRACTED = 5, /* by a decision of the desk, its number in decision_number */
    CLIENT_REVISION_RESTORED = 6   /* a decision was reversed; told once, the line is as before */
};
struct client_reaction_view {
    tb_bytes account, handle, text;
    bool is_own;
};
/* An attachment of a message in a case. */
struct client_case_file_view {
    uint16_t part_index;
    bool is_here; /* came with the report and is the one that was sent: client_case_save */
    uint64_t len;
    tb_bytes content_type, filename;
};
struct client_message_view {
    uint64_t row; /* number of the row: what after_row counts */
    uint64_t room_seq, at_ms, epoch;
    tb_bytes account, handle, text, content_type, message_id;
    bool is_own, is_verified, is_failed;
    bool is_target; /* of a case: the report names it */
    uint8_t row_kind; /* 1 message, 2 joined here, 3 member added, 4 removed, 5 gap, 6 restored,
                       * 7 made owner, 8 made moderator, 9 made ordinary member */
    uint64_t decision_number;
    uint64_t reply_to_seq;  /* 0: no answer, or to one that is not here */
    uint64_t expires_ms;    /* 0: stays */
    uint64_t revised_ms;
    uint8_t revision;       /* enum client_revision */
    const struct client_reaction_view *reactions;
    size_t reaction_count;
    uint64_t attachment_len; /* octets; 0: no attachment.  text is its file name then */
    size_t reader_count;    /* of an own message: accounts that said they read it */
    /* Of a case: */
    uint8_t opening;        /* enum chat_opening_kind */
    uint8_t level;          /* 0 not proven; 1 by the hub's stamp; 2 by its sender's signature */
    uint64_t replaces_seq;  /* an edit or a deletion of this number, in the window; 0: none */
    bool is_tombstone;
    const struct client_case_file_view *files;
    size_t file_count;
};
struct client_case_view {
    tb_bytes report_id, room, reporter_pseudonym, accused, accused_handle, note, sentences;
    tb_bytes proof; /* that the hub told two histories: encoded chat_equivocation, or empty */
    uint64_t received_ms, number;
    uint8_t reason_code, level, state; /* 1 open, 2 decided */
    uint64_t decision_number;
    const struct client_message_view *messages; /* the window; text empty when withheld */
    size_t message_count;
    bool is_verified;
    uint16_t verdict; /* tb_status: TB_OK, or why the report as a whole is not proven */
};
/* The decision log as it was seen last; fork: an encoded chat_log_fork, or empty. */
struct client_log_view {
    uint64_t size, seen_ms; /* seen_ms 0: never */
    tb_bytes checkpoint, fork;
};
TB_MUST_USE tb_status client_log_seen(struct client *client, struct tb_arena *arena,
                                      struct client_log_view *out);
/* Asks for the newest checkpoint, as each login does; done when it is checked. */
TB_MUST_USE tb_status client_log_check(struct client *client, uint64_t now_ms,
                                       struct client_effects *effects, uint64_t *op);
/* Done with the encoded, verified chat_log_proof of a decision as text; for its parties. */
TB_MUST_USE tb_status client_log_prove(struct client *client, uint64_t now_ms, uint64_t number,
                                       struct client_effects *effects, uint64_t *op);
/* A notice of somebody without an account; fault: why it does not open here, else TB_OK. */
struct client_outside_view {
    uint64_t number, about, received_ms; /* about: the notice that this complains about, or 0 */
    uint8_t outcome, reason_code;
    uint16_t fault;
    tb_bytes where, text, name, mail;
};
struct client_device_view {
    tb_bytes device;
    uint64_t added_ms;
    bool is_active, is_this;
};
TB_MUST_USE tb_status client_rooms(struct client *client, struct tb_arena *arena,
                                   struct client_room_view **out, size_t *count);
/* Name, URI, or a unique prefix of either -> room URI.  TB_NOT_FOUND, CLIENT_AMBIGUOUS. */
TB_MUST_USE tb_status client_room_find(struct client *client, tb_bytes text, struct tb_arena *arena,
                                       tb_bytes *room);
/* Invitations to a room that were announced while this device was in it, and not taken back. */
struct client_invite_view {
    tb_bytes invite_key; /* public */
    tb_bytes inviter, handle;
    uint64_t expires_ms; /* may be over */
    uint32_t use_count_max, use_count_left;
    bool is_own;
};
TB_MUST_USE tb_status client_room_invites(struct client *client, tb_bytes room,
                                          struct tb_arena *arena,
                                          struct client_invite_view **out, size_t *count);
TB_MUST_USE tb_status client_members(struct client *client, tb_bytes room, struct tb_arena *arena,
                                     struct client_member_view **out, size_t *count);
/* Rows above after_row, oldest first. */
TB_MUST_USE tb_status client_messages(struct client *client, tb_bytes room, uint64_t after_row,
                                      size_t count_max, struct tb_arena *arena,
                                      struct client_message_view **out, size_t *count);
/* The person has seen the rows up to row_read: they no longer count as unread. */
TB_MUST_USE tb_status client_mark_read(struct client *client, uint64_t now_ms, tb_bytes room,
                                       uint64_t row_read, struct client_effects *effects);
TB_MUST_USE tb_status client_cases(struct client *client, struct tb_arena *arena,
                                   struct client_case_view **out, size_t *count);
TB_MUST_USE tb_status client_case(struct client *client, tb_bytes report_id, struct tb_arena *arena,
                                  struct client_case_view *out);
TB_MUST_USE tb_status client_outsides(struct client *client, struct tb_arena *arena,
                                      struct client_outside_view **out, size_t *count);
/* Done when the hub has it. */
TB_MUST_USE tb_status client_outside_answer(struct client *client, uint64_t now_ms,
                                            const struct chat_notice_answer *put,
                                            struct client_effects *effects, uint64_t *op);
TB_MUST_USE tb_status client_devices(struct client *client, struct tb_arena *arena,
                                     struct client_device_view **out, size_t *count);
/* Reports that this profile made, newest first. */
struct client_report_view {
    tb_bytes report_id, room, room_name;
    const uint64_t *room_seq; /* targets */
    size_t room_seq_count;
    uint64_t received_ms;     /* by the hub; 0 while it is kept here */
    uint8_t reason_code;
    bool is_sent;             /* else kept until there is a desk */
    bool is_gone;             /* sent to a desk that is no more */
    uint8_t outcome;          /* enum chat_outcome */
    uint64_t decided_ms, decision_number;
};
TB_MUST_USE tb_status client_reports(struct client *client, struct tb_arena *arena,
                                     struct client_report_view **out, size_t *count);
/* Keys that reports are sealed to: a moderator's own, else the newest that was accepted. */
struct client_desk_key_view {
    tb_bytes hash; /* H(RecipientKey) */
    uint64_t serial, not_before_ms, not_after_ms;
    bool has_private; /* this device can open what was sealed to it */
};
TB_MUST_USE tb_status client_desk_keys(struct client *client, struct tb_arena *arena,
                                       struct client_desk_key_view **out, size_t *count);
/* 60 digits in groups of five, with an account whose record we hold. */
TB_MUST_USE tb_status client_safety_code(struct client *client, tb_bytes account,
                                         struct tb_arena *arena, tb_bytes *digits);

enum client_table {
    CLIENT_TABLE_META = 1,
    CLIENT_TABLE_ROOMS,
    CLIENT_TABLE_GROUPS,      /* mls_group blobs, and the one before a tentative commit */
    CLIENT_TABLE_ROWS,        /* the timeline */
    CLIENT_TABLE_EVIDENCE,
    CLIENT_TABLE_PAGES,       /* as received, for an import after a restore */
    CLIENT_TABLE_OUTBOX,
    CLIENT_TABLE_KEY_PACKAGES,
    CLIENT_TABLE_RECORDS,     /* other accounts' */
    CLIENT_TABLE_INVITES,
    CLIENT_TABLE_JOINS,
    CLIENT_TABLE_CASES,
    CLIENT_TABLE_REPORTS,
    CLIENT_TABLE_MESSAGE_IDS,
    CLIENT_TABLE_UPLOADS,     /* attachments on their way */
    CLIENT_TABLE_EXPIRIES,    /* by expires_ms, room_no and row: what disappears, and when */
    CLIENT_TABLE_CONTEXTS,    /* GroupContext, by room_no and epoch: for level 2 */
    CLIENT_TABLE_PINS,        /* by until_ms, room_no and room_seq: evidence that stays longer */
    CLIENT_TABLE_CASEWORK,    /* what moderators said about cases, and what follows */
    CLIENT_TABLE_NOTICES,     /* decisions, their statements, drafts and appeals */
    CLIENT_TABLE_REPORT_FILES, /* by nonce, room_seq, part, offset: until a report is handed in */
    CLIENT_TABLE_END,         /* behind the last */
    CLIENT_TABLE_COUNT_MAX = 32
};
enum { CLIENT_SCHEMA_VERSION = 1 };

#endif
