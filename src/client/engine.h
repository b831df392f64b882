/*
 * The inside of the client engine: what it holds between turns, and the functions that its files
 * offer one another.  Nothing here is for the host.
 *
 * Everything durable is a row of client/rows.h.  What stands only in memory can be lost at any
 * moment: requests under way, queues of pages, intents that a person will state again.  A turn
 * changes rooms and groups in memory and client_turn_end writes what is dirty, so one turn is one
 * batch; a failure of store, memory or randomness makes the turn void (client_is_void).
 */
#ifndef TB_CLIENT_ENGINE_H
#define TB_CLIENT_ENGINE_H

#include "chat/app_data.h"
#include "chat/names.h"
#include "chat/policy.h"
#include "chat/records.h"
#include "chat/run.h"
#include "client/client.h"
#include "client/rows.h"
#include "client/status.h"
#include "mls/group.h"

enum {
    CLIENT_TURN_BYTES_MAX = 256 << 20,      /* scratch of one turn */
    CLIENT_BLOB_BYTES_MAX = 64 << 20,       /* one encoded group */
    CLIENT_REQUEST_COUNT_MAX = 4096,        /* requests that wait for an answer */
    CLIENT_PAGE_QUEUE_BYTES_MAX = 8 << 20,  /* pages of one room that wait for stubs or records */
    CLIENT_PAGES_KEPT_COUNT = 4096,         /* log entries of a room kept for an import */
    CLIENT_IMPORT_BYTES_MAX = 3 << 20,      /* pages of one pages-import request */
    CLIENT_KEY_PACKAGE_LOW = 16,            /* fewer at the hub: make more */
    CLIENT_KEY_PACKAGE_COUNT = 32,          /* what we fill up to */
    CLIENT_KEY_PACKAGE_LIFE_S = 90 * 86400,
    CLIENT_JOIN_REQUEST_AGE_MS_MAX = 15 * 86400000, /* the hub keeps one for less */
    CLIENT_REMOVAL_LOOK_COUNT = 4096,       /* newest rows in which a removal is looked for */
    CLIENT_LEAF_LIFE_S = 366 * 86400,
    CLIENT_LEAF_BACKDATE_S = 86400,         /* clocks differ */
    CLIENT_OUTBOX_FLIGHT_MAX = 32,          /* messages of a room on their way */
    CLIENT_OUTBOX_LOOK_COUNT = 128,         /* the oldest rows: what may have left is among them */
    CLIENT_TEXT_LEN_MAX = 60000,            /* octets of a text; framing and MLS need the rest */
    CLIENT_PADDING_LEN = 64,                /* application data is padded to a multiple */
    CLIENT_DUTY_DELAY_MS_MAX = 2000,        /* random delay before a mandatory commit */
    CLIENT_RETRY_MS_MIN = 200,
    CLIENT_RETRY_MS_MAX = 10000,
    CLIENT_RETRY_COUNT_MAX = 30,
    CLIENT_STUB_COUNT_MAX = 100000,         /* stubs of one gap */
    CLIENT_ROOM_BYTES_MAX = 1 << 20         /* strings of a room that is held in memory */
};

/* What the answer of a request means when the connection broke before it came. */
#define CLIENT_CODE_LOST 0xffffu

struct client_turn {
    struct client *client;
    uint64_t now_ms;
    struct client_effects *effects;
    size_t effects_before; /* count at the begin; what a void turn goes back to */
    struct tb_arena arena;
};

/* ---- requests ---- */

struct client_request;
typedef tb_status client_answer(struct client_turn *turn, const struct client_request *request,
                                uint16_t code, tb_bytes body);
struct client_request {
    struct client_request *next;
    client_answer *answer;
    client_answer *then; /* after answer, for those who asked through another file */
    uint32_t id;
    uint64_t op;
    uint64_t number; /* the continuation's own */
    bool is_awaited; /* without its answer the login is not in sync */
    size_t data_len;
    uint8_t data[];  /* the continuation's own, usually a URI */
};
/* What a continuation wants to find again. */
struct client_about {
    client_answer *then;
    uint64_t op;
    uint64_t number;
    bool is_awaited;
    tb_bytes data;
};
static inline tb_bytes client_request_data(const struct client_request *request)
{
    return (tb_bytes){ request->data, request->data_len };
}
/* body: the verb's request struct.  CLIENT_OFFLINE, CLIENT_BUSY. */
TB_MUST_USE tb_status client_request_send(struct client_turn *turn, uint16_t verb, const void *body,
                                          client_answer *answer, const struct client_about *about);
TB_MUST_USE tb_status client_request_answered(struct client_turn *turn, tb_bytes frame);
/* Is the submit of this outbox row (op: room_no) under way in this connection? */
bool client_request_is_open(const struct client *client, uint64_t op, uint64_t number);
/* Is a request under way whose answer a login waits for? */
bool client_request_is_awaited(const struct client *client);
/* Every request that waits is answered with CLIENT_CODE_LOST. */
TB_MUST_USE tb_status client_request_lose_all(struct client_turn *turn);
void client_request_drop_all(struct client *client);
/* Decode an answer's body.  CLIENT_HUB_ANSWER. */
TB_MUST_USE tb_status client_answer_decode(struct client_turn *turn, const struct wire_desc *desc,
                                           tb_bytes body, void *out);
/* detail of a chat_error body, or empty; value and refs too when out is not NULL. */
tb_bytes client_answer_detail(struct client_turn *turn, tb_bytes body, struct chat_error *out);

/* ---- rooms ---- */

struct client_page {
    struct client_page *next;
    size_t len;
    uint8_t data[];
};

/*
 * Something that a commit shall do; one a commit.  It goes through its stages at most once a
 * connection: newest record, key packages, then it waits for its turn.
 */
enum client_intent_stage {
    CLIENT_INTENT_NEW = 1,
    CLIENT_INTENT_ASKED,  /* an answer is due */
    CLIENT_INTENT_READY,
    CLIENT_INTENT_SENT,   /* its commit is the room's own commit */
    CLIENT_INTENT_OVER    /* done or failed: the list drops it */
};
struct client_intent {
    struct client_intent *next;
    uint64_t number;          /* unique in the engine */
    uint8_t kind;             /* enum client_intent_kind */
    uint8_t stage;            /* enum client_intent_stage */
    uint8_t role_index;       /* of CLIENT_INTENT_ROLE */
    uint64_t op;
    uint64_t not_before_ms;   /* others may be quicker */
    bool is_held;             /* waits for a moderator's approval */
    struct client_rules_change rules; /* of CLIENT_INTENT_RULES; its account is `account` */
    unsigned try_count;
    tb_bytes account, device;
    tb_bytes leaf_key;        /* of the device's leaf when it asked: that one it cannot use */
    const struct chat_join_request *request; /* NULL: a person's wish */
    struct {
        struct wire_opaque *at;
        size_t count;
    } packages;               /* KeyPackages that were claimed */
    struct tb_arena arena;    /* what the fields point to */
};

enum client_room_flag {
    CLIENT_ROOM_ROW_DIRTY = 1 << 0,
    CLIENT_ROOM_GROUP_DIRTY = 1 << 1,
    CLIENT_ROOM_SUBSCRIBED = 1 << 2,
    CLIENT_ROOM_WAITS_STUBS = 1 << 3,   /* pages queue up */
    CLIENT_ROOM_RESUBSCRIBE = 1 << 4,   /* the queue overflowed */
    CLIENT_ROOM_COMMIT_SENT = 1 << 5,   /* a room-update with our commit is under way */
    CLIENT_ROOM_LEAVE_SENT = 1 << 6,
    CLIENT_ROOM_RECORDS_ASKED = 1 << 7, /* the page at the head was read again with new records */
    CLIENT_ROOM_CREATE_SENT = 1 << 8,
    CLIENT_ROOM_REJOIN_SENT = 1 << 9,
    CLIENT_ROOM_HUB_FROZEN = 1 << 10,
    CLIENT_ROOM_HAS_OUTBOX = 1 << 11,   /* rows of it may be in the outbox */
    CLIENT_ROOM_BEHIND_GAP = 1 << 12,   /* entries before the page at hand were not delivered */
    CLIENT_ROOM_RATCHETS_DIRTY = 1 << 13 /* a message key was used up, and nothing else changed */
};
struct client_room {
    struct client_room *next;
    struct tb_arena arena; /* strings of the row */
    struct client_room_row row;
    struct crypto_suite suite;
    struct mls_group *group; /* loaded on demand */
    unsigned flags;          /* enum client_room_flag */
    unsigned record_wait_count;
    struct client_page *page_first, *page_last;
    size_t page_bytes;
    struct client_intent *intents;
    uint64_t hub_log_seq;    /* the hub's newest entry as of login */
    uint64_t duty_at_ms;     /* pending proposals of the hub are due; 0: none */
    uint64_t retry_at_ms;    /* refused for a while; 0: nothing waits */
    unsigned retry_count;
    unsigned flight_count;   /* submits under way */
    uint64_t leave_op;
    uint64_t intent_at_ms;   /* the earliest intent that lets others go first; 0: none */
    uint64_t acked_at_hub;   /* at login: what the hub believes we have taken */
    uint64_t gap_log_seq;    /* a page that came behind missing entries; asked for again once */
    uint64_t head_asked_ms, head_told_ms; /* a head that did not fit: when we asked, or answered */
    uint64_t gap_lost_seq;   /* stubs up to here cannot be had; 0: none */
    bool has_context;        /* the GroupContext of context_epoch is stored */
    uint64_t context_epoch;
};

/* A Welcome that waits for records of the members. */
struct client_welcome_wait {
    struct client_welcome_wait *next;
    uint64_t tag;
    size_t wait_count;
    size_t len;
    uint8_t data[]; /* encoded chat_welcome */
};

enum client_hub_room_state { /* chat_room_state.state */
    CLIENT_HUB_ROOM_OPEN = 1,
    CLIENT_HUB_ROOM_FROZEN = 2,
    CLIENT_HUB_ROOM_CLOSED = 3,
    CLIENT_HUB_ROOM_OUT = 4,
    CLIENT_HUB_ROOM_SHUT = 5 /* by a decision of the desk */
};

enum client_session_state {
    CLIENT_SESSION_NONE = 0,
    CLIENT_SESSION_HELLO,
    CLIENT_SESSION_LINK,    /* box-get of a device that is being linked or recovered */
    CLIENT_SESSION_RECORD,
    CLIENT_SESSION_REGISTER,
    CLIENT_SESSION_REPLACE, /* record-put of a rejoin */
    CLIENT_SESSION_LOGIN,
    CLIENT_SESSION_ONLINE
};

struct client {
    struct client_config config;
    struct crypto_suite suite; /* of account and device keys, and of new rooms */
    struct tb_arena profile_arena;
    struct client_profile_row profile;
    struct crypto_signing_key account_key, device_key;
    struct tb_arena hub_arena;
    struct chat_hub_record hub; /* verified; version 0: none yet */
    tb_bytes hub_encoded;
    bool is_profile_dirty;
    bool is_void;              /* a turn failed inside: nothing until the host has rolled back */
    bool must_reload;          /* what stands in memory may be ahead of the store */
    enum client_session_state session;
    bool is_connected;         /* the host's connection, whatever the session */
    bool is_restricted, is_desk, is_synced;
    bool has_given_record; /* in this connection, to a hub that did not know the device */
    uint8_t nonce[32];
    uint64_t link_at_ms;       /* when the box is looked for again; 0: an answer is due */
    uint16_t register_code;    /* how the hub refused the registration; 0: it has not */
    uint64_t wake_at_ms;       /* newest wish given out; 0: none */
    bool has_uploads;          /* rows of UPLOADS may have to go on */
    bool is_uploading;         /* a piece is on its way */
    struct client_fetching *fetching; /* an attachment that is being fetched, or NULL */
    uint64_t expire_at_ms;     /* no message disappears before; 0: not looked up yet */
    uint64_t prune_at_ms;      /* next sweep over what is past the report window */
    uint32_t prune_room_no;    /* the sweep goes on with this room */
    uint32_t next_request_id;
    struct client_request *requests;
    size_t request_count;
    struct client_room *rooms;
    struct client_welcome_wait *welcomes;
    uint64_t next_intent;
    bool has_kept_reports;     /* rows of REPORTS may have to be handed in */
    bool has_decisions;        /* rows of CASES may have to go on */
    bool is_desk_publishing;
    uint64_t fetch_op;         /* of a desk's fetch that is under way; 0: none */
    size_t fetch_open_count;   /* answers that are due */
    uint64_t fetch_new_count;
};

/* ---- turns (client.c) ---- */

TB_MUST_USE tb_status client_turn_begin(struct client_turn *turn, struct client *client,
                                        uint64_t now_ms, struct client_effects *effects);
/* A turn that only reads: no effects, nothing to end. */
TB_MUST_USE tb_status client_turn_read(struct client_turn *turn, struct client *client);
/* Writes what is dirty, asks to be woken.  A fatal status makes the turn void. */
tb_status client_turn_end(struct client_turn *turn, tb_status status);
/* Store, memory, randomness or crypto failed: nothing of the turn may stand. */
bool client_status_is_fatal(tb_status status);
/* Ask to be called at that time or before; 0 is ignored. */
void client_wake_at(struct client_turn *turn, uint64_t at_ms);
uint64_t client_op_new(struct client *client);

/* ---- effects (effects.c) ---- */

/* NULL: no memory.  The pointer lasts until the next effect. */
struct client_effect *client_effect_new(struct client_turn *turn, enum client_effect_kind kind);
TB_MUST_USE tb_status client_effect_send(struct client_turn *turn, tb_bytes frame);
TB_MUST_USE tb_status client_effect_close(struct client_turn *turn);
/* Copies what show points to. */
TB_MUST_USE tb_status client_show(struct client_turn *turn, const struct client_show *show);
TB_MUST_USE tb_status client_show_done(struct client_turn *turn, uint64_t op,
                                       const struct client_show *show);
/* detail may be empty; nothing is shown for op 0. */
TB_MUST_USE tb_status client_show_failed(struct client_turn *turn, uint64_t op, uint16_t code,
                                         tb_bytes detail);
/* R7: a run of links that contradicts what is known (CHAT_RUN_CHAIN, CHAT_RUN_OLD). */
TB_MUST_USE tb_status client_accuse(struct client_turn *turn, struct client_room *room,
                                    const struct chat_run_link *links, size_t count,
                                    tb_bytes page);
/* Shows and stores; known may be NULL. */
TB_MUST_USE tb_status client_alarm(struct client_turn *turn, uint16_t code, tb_bytes room_uri,
                                   uint64_t room_seq, const struct chat_stub *known,
                                   tb_bytes received);

/* ---- attachments (attach.c, fetch.c) ---- */

/* Send the next piece of the oldest upload. */
TB_MUST_USE tb_status client_attach_work(struct client_turn *turn);
void client_fetch_drop(struct client *client);

/* ---- rows (table.c) ---- */

struct client_key {
    uint8_t data[CHAT_URI_LEN_MAX + 16];
    size_t len;
};
struct client_key client_key_text(const char *text);
struct client_key client_key_bytes(tb_bytes value);
struct client_key client_key_number(uint32_t room_no, uint64_t number);
static inline tb_bytes client_key_view(const struct client_key *key)
{
    return (tb_bytes){ key->data, key->len };
}
/* Decoded into the turn's arena.  TB_NOT_FOUND. */
TB_MUST_USE tb_status client_table_get(struct client_turn *turn, uint8_t table,
                                       struct client_key key, const struct wire_desc *desc,
                                       void *out);
TB_MUST_USE tb_status client_table_get_raw(struct client_turn *turn, uint8_t table,
                                           struct client_key key, tb_bytes *out);
TB_MUST_USE tb_status client_table_put(struct client_turn *turn, uint8_t table,
                                       struct client_key key, const struct wire_desc *desc,
                                       const void *value);
TB_MUST_USE tb_status client_table_put_raw(struct client_turn *turn, uint8_t table,
                                           struct client_key key, tb_bytes value);
TB_MUST_USE tb_status client_table_del(struct client_turn *turn, uint8_t table,
                                       struct client_key key);
/* Keys and values of a range, copied into the arena, so that rows may be written meanwhile. */
struct client_pair {
    tb_bytes key, value;
};
struct client_pairs {
    struct client_pair *at;
    size_t count, cap;
};
TB_MUST_USE tb_status client_table_scan(struct client_turn *turn, uint8_t table, tb_bytes from,
                                        tb_bytes until, bool is_backward, size_t count_max,
                                        struct client_pairs *out);
/* All rows of a table, or those of one room from a number on. */
TB_MUST_USE tb_status client_table_all(struct client_turn *turn, uint8_t table,
                                       struct client_pairs *out);
TB_MUST_USE tb_status client_table_of_room(struct client_turn *turn, uint8_t table,
                                           uint32_t room_no, uint64_t from, uint64_t until,
                                           size_t count_max, struct client_pairs *out);
uint64_t client_key_number_of(tb_bytes key);

/* A turn without effects, whose arena is the caller's; nothing is written (read.c). */
TB_MUST_USE tb_status client_read_begin(struct client *client, struct tb_arena *arena,
                                        struct client_turn *turn);
TB_MUST_USE tb_status client_read_end(struct client_turn *turn, struct tb_arena *arena,
                                      tb_status status);

/* ---- profile and keys (profile.c) ---- */

TB_MUST_USE tb_status client_profile_load(struct client_turn *turn);
TB_MUST_USE tb_status client_profile_flush(struct client_turn *turn);
void client_profile_wipe(struct client *client);
/* The keys that the profile holds, ready for use. */
TB_MUST_USE tb_status client_profile_keys(struct client *client);
/* Copies the value to where the profile lives. */
TB_MUST_USE tb_status client_profile_keep(struct client *client, tb_bytes value, tb_bytes *out);
/* The rejoin is through: the next_* keys become the keys. */
TB_MUST_USE tb_status client_profile_adopt(struct client_turn *turn);
/* May this profile act?  CLIENT_NOT_REGISTERED, CLIENT_ROLLED_BACK. */
TB_MUST_USE tb_status client_profile_check(const struct client *client);

/* ---- key packages (key_package.c) ---- */

TB_MUST_USE tb_status client_key_package_top_up(struct client_turn *turn, uint32_t count_at_hub,
                                                bool has_last_resort);
/* Which of ours a Welcome is for.  TB_NOT_FOUND. */
TB_MUST_USE tb_status client_key_package_for(struct client_turn *turn, const struct mls_welcome *in,
                                             struct client_key *key,
                                             struct client_key_package_row *out);
/* Used up, unless it is the last resort. */
TB_MUST_USE tb_status client_key_package_used(struct client_turn *turn, struct client_key key,
                                              const struct client_key_package_row *row);

/* ---- session (session.c) ---- */

TB_MUST_USE tb_status client_session_begin(struct client_turn *turn);
TB_MUST_USE tb_status client_session_end(struct client_turn *turn);
TB_MUST_USE tb_status client_session_push(struct client_turn *turn, tb_bytes frame);
/* Every room is at the hub's newest entry: tell, once. */
TB_MUST_USE tb_status client_session_check_synced(struct client_turn *turn);
TB_MUST_USE tb_status client_session_ask_record(struct client_turn *turn);
/* The hub refuses us: tell, and close; the host decides when to try again. */
TB_MUST_USE tb_status client_session_refuse(struct client_turn *turn, uint16_t code,
                                            tb_bytes detail);
/* Registration or rejoin is complete: DONE for its operation. */
TB_MUST_USE tb_status client_session_registered(struct client_turn *turn);
/*
 * This state is older than what the device has shown the hub: the profile is a copy or was
 * restored. It may not send (a generation would be used twice). Always returns CLIENT_ROLLED_BACK
 * or a fatal status, so that the connection ends.
 */
TB_MUST_USE tb_status client_session_rolled_back(struct client_turn *turn);
/* What the hub says of a room at login, or when it changes (push.c). */
TB_MUST_USE tb_status client_session_room_state(struct client_turn *turn, struct client_room *room,
                                                const struct chat_room_state *state);
TB_MUST_USE tb_status client_session_subscribe(struct client_turn *turn, struct client_room *room);
/* After login, and whenever something changed: do what waits. */
TB_MUST_USE tb_status client_session_work(struct client_turn *turn);

/* ---- records (record.c) ---- */

TB_MUST_USE tb_status client_record_hub_load(struct client_turn *turn);
/* Verify against the pinned root and keep.  CHAT_HUB_RECORD_*. */
TB_MUST_USE tb_status client_record_hub_take(struct client_turn *turn, tb_bytes encoded);
/* Is it the hub's, with a desk that the one we know follows from?  A restored hub has forgotten. */
bool client_record_hub_is_behind(struct client_turn *turn, tb_bytes encoded);
TB_MUST_USE tb_status client_record_policy_hub(struct client_turn *turn,
                                               struct chat_policy_hub *out);
TB_MUST_USE tb_status client_record_get(struct client_turn *turn, tb_bytes account,
                                        struct client_person_row *person,
                                        struct chat_account_record *record);
tb_bytes client_record_handle(struct client_turn *turn, tb_bytes account);
/* Is the leaf's key in the record that we hold?  TB_NOT_FOUND: no record; CHAT_LEAF_*. */
TB_MUST_USE tb_status client_record_check_leaf(struct client_turn *turn, tb_bytes identity,
                                               tb_bytes signature_key);
/*
 * The same for a leaf that stands in a tree already, or is in the log: its device may have been
 * revoked since, and is then removed in time. That it was active when it came is the hub's to
 * check.
 */
TB_MUST_USE tb_status client_record_knows_leaf(struct client_turn *turn, tb_bytes identity,
                                               tb_bytes signature_key);
/*
 * Ask for what is newer than what we hold. `then` (its request's data is the account) is called
 * with CHAT_CODE_OK once it is kept, or with the refusal; an answer that does not follow from
 * what we hold raises an alarm and counts as CHAT_CODE_SIGNATURE.
 */
TB_MUST_USE tb_status client_record_fetch(struct client_turn *turn, tb_bytes account,
                                          client_answer *then, uint64_t op, uint64_t number);
/* Verify an answer of record-get and keep it.  CHAT_RECORD_*. */
TB_MUST_USE tb_status client_record_take(struct client_turn *turn, tb_bytes account,
                                         const struct chat_record_answer *answer);
TB_MUST_USE tb_status client_record_put_own(struct client_turn *turn);

#endif
