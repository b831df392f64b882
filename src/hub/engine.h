/*
 * The inside of the engine, shared by the files of this room and by nobody else.
 *
 * Everything here is a cache of the store or belongs to an open connection.  Cached things carry
 * the engine's `generation`: when the store refuses a turn the generation grows, and whatever is
 * older is read again before it is used (amendments 9: a refused store discards both).
 */
#ifndef TB_HUB_ENGINE_H
#define TB_HUB_ENGINE_H

#include "chat/frank.h"
#include "chat/policy.h"
#include "chat/protocol.h"
#include "hub/hub.h"
#include "hub/keys.h"
#include "hub/map.h"
#include "hub/records.h"
#include "hub/tags.h"
#include "mls/public_group.h"

enum {
    HUB_STEP_ARENA_BYTES_MAX = 64 << 20,    /* of one request: a commit of 4 MiB, decoded */
    HUB_ROOM_ARENA_BYTES_MAX = 4 << 20,     /* a room of 2,000 participants and 4,000 devices */
    HUB_FAST_ARENA_BYTES = 8192,            /* of one submit, no heap */
    HUB_CATCH_UP_BYTES_MAX = 256 << 10,     /* handed to a connection before it drains or acks */
    HUB_PUSH_HEADER_LEN = 3,                /* kind, push verb */
    HUB_ANSWER_HEADER_LEN = 7,              /* kind, request id, code */
    HUB_PAGE_RING_COUNT = 64,               /* newest pages of a room whose sizes are known */
    HUB_QUIET_ROOM_COUNT_MAX = 4096,        /* loaded rooms that nobody is subscribed to */
    HUB_QUIET_ACCOUNT_COUNT_MAX = 4096,     /* loaded accounts without a session */
    HUB_SUSPENSION_MS = 60000,              /* amendments 3: after a rollback */
    HUB_MAINTENANCE_MS = 10000,
    HUB_LOGIN_MS = 120000,                  /* from the connection to the login */
    HUB_JOIN_LIFE_MS = 7 * 86400000,
    HUB_INVITE_LIFE_MS = 7 * 86400000,
    HUB_CLAIM_LIFE_MS = 86400000,           /* from a key package to the commit that adds it */
    HUB_KEY_PACKAGES_LOW_COUNT = 8,
    HUB_ANSWER_ROW_COUNT_MAX = 256,         /* entries of one list answer */
    HUB_ANSWER_BYTES_MAX = 4 << 20,         /* octets of its rows; a frame has 64 KiB more */
    HUB_WELCOME_STUB_COUNT_MAX = 256,
    HUB_IMPORT_PAGE_COUNT_MAX = 1024,
    HUB_RESTORE_SKIP = 1 << 20              /* numbers left out after a restore */
};

/* ------------------------------------------------------------------ limits (limits.c) */

/* Filled up to `burst` tokens, `per_minute` a minute. */
struct hub_bucket {
    uint64_t milli; /* thousandths of a token that are gone */
    uint64_t at_ms;
};
/* Takes a token; false and how long to wait when there is none. */
bool hub_bucket_take(struct hub_bucket *bucket, uint64_t burst, uint64_t per_minute,
                     uint64_t now_ms, uint64_t *wait_ms);
bool hub_bucket_is_full(const struct hub_bucket *bucket, uint64_t per_minute, uint64_t now_ms);

/* ------------------------------------------------------------------ what is in memory */

struct hub_account {
    struct hub_user_id id; /* key */
    uint8_t flags;         /* HUB_ACCOUNT_* */
    uint32_t record_version;
    uint8_t record_hash[CHAT_HASH_LEN];
    uint64_t decision_number, until_ms;
    uint64_t generation;
    struct hub_session *sessions; /* by account_next */
    size_t session_count;
    struct hub_bucket submits;
    size_t uri_len;
    uint8_t uri[];
};
static inline tb_bytes hub_account_uri(const struct hub_account *account)
{
    return tb_bytes_of(account->uri, account->uri_len);
}

struct hub_seat { /* a session's subscription to a room */
    struct hub_room *room;
    size_t sub_index;
};
struct hub_session {
    hub_conn conn; /* key */
    struct hub_account *account; /* NULL until login */
    struct hub_session *account_next;
    struct hub_session *older, *newer; /* by last activity, for the idle close */
    struct hub_session *catch_up_next;
    struct hub_device_id device;
    uint8_t nonce[32];
    uint8_t token[32];
    bool is_admin, is_greeted, is_catching_up;
    bool is_blocked; /* catch-up waits for an ack or for HUB_EVENT_DRAINED */
    uint64_t login_turn;
    uint64_t active_ms;
    uint64_t login_by_ms; /* while there is no account */
    uint64_t catch_up_bytes; /* handed out since the last ack or drain */
    struct hub_bucket requests;
    struct hub_seat *seats;
    size_t seat_count, seat_cap;
};

enum { HUB_SUB_LIVE = 1, HUB_SUB_CATCHING_UP, HUB_SUB_CUT };
struct hub_sub {
    hub_conn conn;
    struct hub_session *session;
    uint64_t sent_seq;    /* CATCHING_UP: newest entry handed out */
    uint64_t acked_seq;
    uint64_t acked_total; /* LIVE: page_bytes_total at the ack; CATCHING_UP: octets sent since */
    uint64_t limit_seq;   /* newest entry the device may see; UINT64_MAX: no end */
    uint8_t state;        /* CUT: nothing more */
    bool is_banned;       /* handshakes alone, so that it can follow its own removal */
};

struct hub_page_mark {
    uint64_t last_log_seq, total;
};

/* One answer that waits for its run to close. */
struct hub_run_answer {
    hub_conn conn;
    uint32_t request_id;
    uint16_t entry; /* index in the run */
    bool is_post;
};
/* What a turn adds to a room: one page under way, already encoded but for its end. */
struct hub_run {
    struct hub_blob *blob;   /* push header, page header, entries */
    size_t header_len;       /* up to the entries, with four octets for their length */
    size_t entry_count;
    uint64_t first_log_seq;
    size_t entry_at[CHAT_RUN_LINK_COUNT_MAX]; /* offset of each entry */
    size_t frank_at[CHAT_RUN_LINK_COUNT_MAX]; /* offset of its frank */
    uint8_t tags[CHAT_RUN_LINK_COUNT_MAX][CHAT_HASH_LEN];
    struct hub_user_id users[CHAT_RUN_LINK_COUNT_MAX];
    struct chat_frank_link link; /* the newest; its views are the room's and the account's */
    uint8_t hub_key_id[CHAT_HUB_KEY_ID_LEN];
    struct hub_run_answer *answers;
    size_t answer_count, answer_cap;
    struct hub_run *next_free;
};

/* When an account last wrote; lost with the room's memory, to the sender's favour. */
enum { HUB_SLOW_MARK_COUNT = 16 };
struct hub_slow_mark {
    struct hub_user_id user;
    uint64_t at_ms; /* 0: no entry */
};
struct hub_room {
    struct hub_room_id id; /* key */
    struct hub_row_head head;
    struct hub_row_shape shape; /* in `arena` */
    struct tb_arena arena;
    uint32_t *by_user;          /* indices of participants, ascending by user; in `arena` */
    uint64_t *cursors;          /* beside shape.members; in `arena` */
    bool *cursor_is_dirty;      /* the same */
    uint64_t generation;
    const struct crypto_suite *suite;

    struct mls_public_group *group; /* NULL: not in the cache */
    size_t group_bytes;
    struct hub_room *group_older, *group_newer;

    struct hub_run *run;
    bool is_head_dirty, is_in_dirty_list;
    struct hub_room *dirty_next;
    struct hub_room *quiet_older, *quiet_newer; /* loaded, without subscriptions */
    bool is_quiet;
    struct hub_room *tentative_next;
    bool is_in_tentative_list;

    struct hub_sub *subs;
    size_t sub_count, sub_cap;
    uint64_t page_bytes_total; /* of all pages since the room was loaded */
    struct hub_page_mark ring[HUB_PAGE_RING_COUNT];
    size_t ring_count;         /* ever written; the place is its remainder */

    bool has_mutes; /* the desk has muted somebody here */
    struct hub_tags tags;
    struct hub_slow_mark slow[HUB_SLOW_MARK_COUNT]; /* newest senders, while slow mode is on */
    size_t tag_unsaved_count; /* of the tags, those behind head.tags_seq */
    uint64_t ack_count;        /* of the tentative commit */
    size_t uri_len;
    uint8_t uri[CHAT_URI_LEN_MAX];
};
static inline tb_bytes hub_room_uri(const struct hub_room *room)
{
    return tb_bytes_of(room->uri, room->uri_len);
}

/* Why a room takes neither message nor commit; CHAT_CODE_OK: it does. */
static inline uint16_t hub_room_state_code(const struct hub_room *room)
{
    switch (room->head.state) {
    case HUB_ROOM_CLOSED: return CHAT_CODE_ROOM_CLOSED;
    case HUB_ROOM_FROZEN: return CHAT_CODE_FROZEN;
    case HUB_ROOM_SHUT: return CHAT_CODE_ROOM_SHUT;
    default: return CHAT_CODE_OK;
    }
}

/* For the one store_refused answer of each request. */
struct hub_turn_request {
    hub_conn conn;
    uint32_t request_id;
    bool is_post;
};

struct hub {
    struct hub_config config;
    struct tb_mem *mem;
    const struct tb_store *store;
    struct crypto_suite suites[2];  /* 0x0001 and 0x0003 */
    struct mls_public_env envs[2];  /* beside suites; groups borrow them */
    struct hub_keys keys;
    struct hub_row_desk desk;           /* views into state_arena */
    struct hub_row_counters counters;
    struct tb_arena state_arena;
    tb_bytes domain, provider_uri;      /* in state_arena */
    tb_bytes hub_record;                /* encoded HubRecord, in state_arena */

    struct hub_map accounts, sessions, rooms, tokens, devices;
    struct hub_session *session_oldest, *session_newest;
    struct hub_session *catch_up_first;
    struct hub_room *group_oldest, *group_newest;
    size_t group_bytes;
    struct hub_room *dirty_first;
    struct hub_room *quiet_oldest, *quiet_newest;
    size_t quiet_count;
    struct hub_room *tentative_first;
    struct hub_run *run_free;
    struct hub_bucket registers, notices;
    struct hub_key notice_at; /* the notice that was looked at last, for its end */
    uint8_t map_seed[HUB_MAP_SEED_LEN]; /* of this process */
    uint8_t tag_seed[HUB_MAP_SEED_LEN]; /* of the store: rows of tags hold hashes under it */

    uint64_t generation, turn;
    uint64_t now_ms;          /* of the newest event: times do not run back */
    bool is_broken;           /* the store or the memory failed inside the turn */
    bool is_unloaded;         /* the state is to be read again */
    uint64_t write_count;
    struct hub_turn_request *requests;
    size_t request_count, request_cap;

    uint64_t maintenance_ms, wake_at_ms;
    uint64_t ban_end_ms; /* the earliest of a ban that stands; UINT64_MAX: none */
    struct hub_key retention_at;  /* the room that retention looked at last */
    struct hub_key membership_at; /* the same in MEMBERSHIPS */
    struct hub_key claim_at;      /* the same in CLAIMS */
    struct hub_key invite_at;     /* the same in INVITES */
    struct hub_metrics metrics;
    uint8_t fast_memory[HUB_FAST_ARENA_BYTES] __attribute__((aligned(16)));
};

/* One request on its way through the engine. */
struct hub_call {
    struct hub_session *session; /* NULL: POST without a login */
    struct hub_account *account; /* NULL: not logged in */
    struct hub_device_id device;
    hub_conn conn;
    uint32_t request_id;
    uint16_t verb;
    bool is_post, is_admin, is_page;
    bool is_answered; /* the handler sent, or will send, the answer itself */
    uint64_t now_ms;
    uint64_t write_count; /* the engine's when the request came */
    struct tb_arena *arena;
    struct hub_effects *effects;
    /* of a refusal: */
    const char *detail;
    uint64_t value;
    const tb_bytes *refs;
    size_t ref_count;
};
/* A verb.  answer is zeroed and encoded when CHAT_CODE_OK is returned. */
typedef uint16_t hub_handler(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer);

/* ------------------------------------------------------------------ hub.c */

/* Writes count, and a refusal breaks the turn. */
TB_MUST_USE tb_status hub_put(struct hub *hub, enum hub_table table, const struct hub_key *key,
                              const struct wire_desc *desc, const void *value,
                              struct tb_arena *arena);
TB_MUST_USE tb_status hub_put_octets(struct hub *hub, enum hub_table table,
                                     const struct hub_key *key, tb_bytes value);
TB_MUST_USE tb_status hub_del(struct hub *hub, enum hub_table table, const struct hub_key *key);
/* TB_OK also when there is none: then *found is false. */
TB_MUST_USE tb_status hub_get(struct hub *hub, enum hub_table table, const struct hub_key *key,
                              const struct wire_desc *desc, struct tb_arena *arena, void *out,
                              bool *found);
TB_MUST_USE tb_status hub_save_counters(struct hub *hub, struct tb_arena *arena);
TB_MUST_USE tb_status hub_save_desk(struct hub *hub, struct tb_arena *arena);
/* A new version of the HubRecord from what is current; pushes it to every session. */
TB_MUST_USE tb_status hub_record_renew(struct hub *hub, uint64_t now_ms,
                                       struct hub_effects *effects);
const struct crypto_suite *hub_suite(const struct hub *hub, uint16_t id); /* NULL: not offered */
const struct mls_public_env *hub_env(const struct hub *hub, uint16_t suite_id); /* NULL likewise */
static inline const struct crypto_suite *hub_own_suite(const struct hub *hub)
{
    return &hub->suites[0];
}
/* This hub as chat's policy wants it; views. */
TB_MUST_USE tb_status hub_policy_hub(const struct hub *hub, struct tb_arena *arena,
                                     struct chat_policy_hub *out);

/* ------------------------------------------------------------------ answer.c */

/* The code for a status that is not TB_OK: `otherwise` with the status's sentence, or the codes of
 * a failing store or memory (which break the turn). */
uint16_t hub_refuse_status(struct hub *hub, struct hub_call *call, tb_status status,
                           uint16_t otherwise);
uint16_t hub_refuse(struct hub_call *call, uint16_t code, const char *detail);
uint16_t hub_refuse_value(struct hub_call *call, uint16_t code, const char *detail,
                          uint64_t value);
void hub_answer(struct hub *hub, struct hub_call *call, uint16_t code,
                const struct wire_desc *desc, const void *answer);
/* One frame or POST answer with these octets as its body. */
struct hub_blob *hub_answer_blob(struct hub *hub, uint32_t request_id, uint16_t code, bool is_post,
                                 tb_bytes body);
/* A push frame; NULL breaks the turn. */
struct hub_blob *hub_push_blob(struct hub *hub, uint16_t push, const struct wire_desc *desc,
                               const void *body);
/* Takes one count of the blob (NULL is accepted and does nothing). */
void hub_send(struct hub *hub, struct hub_effects *effects, hub_conn conn, struct hub_blob *blob);
void hub_effect_add(struct hub *hub, struct hub_effects *effects, struct hub_effect effect);
/* Room for count more effects, so that adding them cannot fail.  False breaks the turn. */
bool hub_effects_reserve(struct hub *hub, struct hub_effects *effects, size_t count);
void hub_push_account(struct hub *hub, struct hub_effects *effects,
                      const struct hub_account *account, uint16_t push,
                      const struct wire_desc *desc, const void *body);

/* ------------------------------------------------------------------ dispatch.c */

void hub_dispatch(struct hub *hub, const struct hub_event *event, struct hub_effects *effects);

/* ------------------------------------------------------------------ session.c */

void hub_session_open(struct hub *hub, const struct hub_event *event);
void hub_session_close(struct hub *hub, hub_conn conn); /* the connection is gone */
/* CLOSING with the code's sentence, then the end of the connection. */
void hub_session_end(struct hub *hub, struct hub_session *session, uint16_t code,
                     struct hub_effects *effects);
void hub_session_logout(struct hub *hub, struct hub_session *session);
void hub_session_touch(struct hub *hub, struct hub_session *session, uint64_t now_ms);
void hub_session_idle(struct hub *hub, uint64_t now_ms, struct hub_effects *effects);
void hub_session_refused(struct hub *hub); /* undoes the logins of the turn */
hub_handler hub_verb_hello, hub_verb_login, hub_verb_logout, hub_verb_ping, hub_verb_hub_record;

/* ------------------------------------------------------------------ account.c, key_package.c */

/* NULL and TB_OK: there is no such account. */
TB_MUST_USE tb_status hub_account_get(struct hub *hub, const struct hub_user_id *id,
                                      struct hub_account **out);
TB_MUST_USE tb_status hub_account_by_uri(struct hub *hub, tb_bytes uri, struct hub_account **out);
/* Restricted by a decision that has not run out. */
bool hub_account_is_restricted(const struct hub_account *account, uint64_t now_ms);
TB_MUST_USE tb_status hub_account_row(struct hub *hub, const struct hub_account *account,
                                      struct tb_arena *arena, struct hub_row_account *row);
TB_MUST_USE tb_status hub_account_save(struct hub *hub, struct hub_account *account,
                                       const struct hub_row_account *row, struct tb_arena *arena);
TB_MUST_USE tb_status hub_account_record(struct hub *hub, const struct hub_account *account,
                                         struct tb_arena *arena, tb_bytes *encoded);
void hub_account_sweep(struct hub *hub, uint64_t now_ms); /* drops what is not needed */
TB_MUST_USE tb_status hub_device_row(struct hub *hub, const struct hub_device_id *device,
                                     struct tb_arena *arena, struct hub_row_device *row,
                                     bool *found);
TB_MUST_USE tb_status hub_device_save(struct hub *hub, const struct hub_device_id *device,
                                      const struct hub_row_device *row, struct tb_arena *arena);
hub_handler hub_verb_register, hub_verb_record_put, hub_verb_record_get, hub_verb_lookup;

TB_MUST_USE tb_status hub_key_package_count(struct hub *hub, const struct hub_device_id *device,
                                            struct tb_arena *arena,
                                            struct chat_key_packages_answer *out);
TB_MUST_USE tb_status hub_key_packages_drop(struct hub *hub, const struct hub_device_id *device,
                                            struct tb_arena *arena);
bool hub_key_package_is_last_resort(tb_bytes key); /* by the key of its row */
hub_handler hub_verb_key_packages_put, hub_verb_key_material;

/* ------------------------------------------------------------------ consent.c */

TB_MUST_USE tb_status hub_consent_is_granted(struct hub *hub, const struct hub_user_id *requester,
                                             const struct hub_user_id *target,
                                             const struct hub_room_id *room,
                                             struct tb_arena *arena, bool *granted);
TB_MUST_USE tb_status hub_consent_push_all(struct hub *hub, struct hub_session *session,
                                           struct tb_arena *arena, struct hub_effects *effects);
hub_handler hub_verb_consent, hub_verb_consents_get;

/* ------------------------------------------------------------------ room.c */

/* Loads it; NULL and TB_OK: there is no such room. */
TB_MUST_USE tb_status hub_room_get(struct hub *hub, const struct hub_room_id *id,
                                   struct hub_room **out);
TB_MUST_USE tb_status hub_room_by_uri(struct hub *hub, tb_bytes uri, struct hub_room **out);
TB_MUST_USE tb_status hub_room_new(struct hub *hub, const struct hub_room_id *id,
                                   const struct hub_row_head *head,
                                   const struct hub_row_shape *shape, struct hub_room **out);
void hub_room_drop(struct hub *hub, struct hub_room *room); /* from memory */
void hub_room_sweep(struct hub *hub); /* drops the quietest above the limit */
void hub_room_settle_quiet(struct hub *hub, struct hub_room *room); /* subscriptions changed */
/* Replaces the shape in memory and in the store; cursors follow their devices. */
TB_MUST_USE tb_status hub_room_reshape(struct hub *hub, struct hub_room *room,
                                       const struct hub_row_shape *shape, struct tb_arena *arena);
void hub_room_touch_head(struct hub *hub, struct hub_room *room); /* written at the turn's end */
const struct hub_row_participant *hub_room_participant(const struct hub_room *room,
                                                       const struct hub_user_id *user);
size_t hub_room_member_index(const struct hub_room *room, const struct hub_device_id *device);
const struct hub_row_member *hub_room_member(const struct hub_room *room,
                                             const struct hub_device_id *device);
/* HUB_ROLE_* of a participant, IS_LISTED at least; 0 for a stranger and for a banned one. */
uint8_t hub_room_role_bits(const struct hub_room *room, const struct hub_user_id *user);
bool hub_room_is_active(const struct hub_room *room, const struct hub_user_id *user);
/* The public group, from the cache or the store. */
TB_MUST_USE tb_status hub_room_group(struct hub *hub, struct hub_room *room);
void hub_room_group_drop(struct hub *hub, struct hub_room *room);
/* Takes the group; the room has none. */
void hub_room_group_set(struct hub *hub, struct hub_room *room, struct mls_public_group *group);
TB_MUST_USE tb_status hub_room_group_save(struct hub *hub, struct hub_room *room);
/* The group's memory may have changed; keeps the cache under its limit. */
void hub_room_group_touch(struct hub *hub, struct hub_room *room);
struct hub_key hub_room_key(char tag, const struct hub_room *room);
TB_MUST_USE tb_status hub_room_cursors_save(struct hub *hub, struct hub_room *room);
/* The shape's users in order, and a participant by it. */
TB_MUST_USE tb_status hub_shape_index(const struct hub_row_shape *shape, struct tb_arena *arena,
                                      uint32_t **by_user);
const struct hub_row_participant *hub_shape_participant(const struct hub_row_shape *shape,
                                                        const uint32_t *by_user,
                                                        const uint8_t *user);
size_t hub_shape_member_index(const struct hub_row_shape *shape, const uint8_t *device);

/* ------------------------------------------------------------------ create.c */

hub_handler hub_verb_room_create;
/* What a GroupContext means to the hub: roles, participants, agent, policy.  members stay empty. */
TB_MUST_USE tb_status hub_shape_of_policy(const struct hub *hub,
                                          const struct chat_policy_room *policy,
                                          struct tb_arena *arena, struct hub_row_shape *out);
struct hub_shape_changes {
    const struct hub_row_shape *before;   /* NULL: a new room */
    const struct chat_policy_leaf *added; /* by the commit */
    size_t added_count;
    uint64_t log_seq;                     /* of the commit */
};
TB_MUST_USE tb_status hub_shape_members(const struct hub *hub,
                                        const struct mls_public_group *group,
                                        const struct hub_shape_changes *changes,
                                        struct tb_arena *arena, struct hub_row_shape *shape);
/* Puts and removes the rows of MEMBERSHIPS by which the two shapes differ; before may be NULL. */
TB_MUST_USE tb_status hub_membership_move(struct hub *hub, struct hub_room *room,
                                          const struct hub_row_shape *before, uint64_t log_seq,
                                          uint64_t now_ms, struct tb_arena *arena);
TB_MUST_USE tb_status hub_epoch_save(struct hub *hub, struct hub_room *room,
                                     struct tb_arena *arena);

/* ------------------------------------------------------------------ submit.c */

/* The whole of H1 to H10 for a frame's body; the answer is made when the run closes. */
uint16_t hub_submit(struct hub *hub, struct hub_call *call, tb_bytes body);
/* Signs, stores, answers and hands out what the turn added to a room; no run: nothing. */
TB_MUST_USE tb_status hub_run_close(struct hub *hub, struct hub_room *room,
                                    struct hub_effects *effects);
void hub_run_drop(struct hub *hub, struct hub_room *room);

/* ------------------------------------------------------------------ page.c */

/* Closes the run, then appends one entry as a page of its own. */
TB_MUST_USE tb_status hub_page_append(struct hub *hub, struct hub_room *room,
                                      struct chat_entry *entry, uint64_t now_ms,
                                      struct tb_arena *arena, struct hub_effects *effects);
/* Stores a finished page (cap leaves HUB_PAGE_TAIL_LEN octets behind len) and hands it out. */
TB_MUST_USE tb_status hub_page_finish(struct hub *hub, struct hub_room *room,
                                      struct hub_blob *blob, const struct hub_page_tail *tail,
                                      struct hub_effects *effects);
struct hub_key hub_page_key(const struct hub_room *room, uint64_t last_log_seq);
/* The first page that ends at or after log_seq: its octets in a row (arena).  TB_NOT_FOUND. */
struct hub_page {
    tb_bytes frame; /* push frame, or a hub_stub_page */
    struct hub_page_tail tail;
};
TB_MUST_USE tb_status hub_page_read(struct hub *hub, const struct hub_room *room,
                                    uint64_t log_seq, struct tb_arena *arena,
                                    struct hub_page *out);
/* The same row as a push frame for connections (NULL when it is reduced to stubs). */
TB_MUST_USE tb_status hub_page_blob(struct hub *hub, const struct hub_room *room,
                                    uint64_t log_seq, struct hub_blob **out,
                                    struct hub_page_tail *tail);
/* max(now, the newest entry's time); becomes the newest entry's time. */
uint64_t hub_page_time(struct hub_room *room, uint64_t now_ms);
/* The page that holds a message number. */
TB_MUST_USE tb_status hub_page_of_room_seq(struct hub *hub, const struct hub_room *room,
                                           uint64_t room_seq, struct tb_arena *arena,
                                           struct hub_page *out);
bool hub_page_split(tb_bytes value, struct hub_page *out);
TB_MUST_USE tb_status hub_page_entries(const struct hub_page *page, struct tb_arena *arena,
                                       struct chat_page *out);
/* Stubs from from_seq to the first signed link at or after to_seq, at most count_max. */
TB_MUST_USE tb_status hub_page_stubs(struct hub *hub, const struct hub_room *room,
                                     uint64_t from_seq, uint64_t to_seq, size_t count_max,
                                     struct tb_arena *arena, struct chat_stubs_answer *out);
TB_MUST_USE tb_status hub_page_as_stubs(const struct hub_page *page,
                                        const struct crypto_suite *suite, struct tb_arena *arena,
                                        struct hub_stub_page *out);
hub_handler hub_verb_stubs_get;

/* ---- the tag index in the store (tag_rows.c) ---- */

enum { HUB_TAG_BLOCK_COUNT = 4096 /* tags of a row, at least */ };
uint64_t hub_tag_hash(const struct hub *hub, const uint8_t tag[CHAT_HASH_LEN]);
/* The store's seed for hashes of tags; a new store gets one. */
TB_MUST_USE tb_status hub_tag_seed_load(struct hub *hub);
/* A page was stored, and its tags are in the index: they are stored when enough came together. */
TB_MUST_USE tb_status hub_tags_page(struct hub *hub, struct hub_room *room,
                                    const struct hub_page_tail *tail);
/* Fills the room's index: from its rows, and from the pages behind the newest of them. */
TB_MUST_USE tb_status hub_tags_load(struct hub *hub, struct hub_room *room);
/* Rows that no window reaches go, a few at a time. */
TB_MUST_USE tb_status hub_tags_forget(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                                      struct tb_arena *arena);

/* ------------------------------------------------------------------ deliver.c */

void hub_deliver_page(struct hub *hub, struct hub_room *room, struct hub_blob *blob,
                      uint64_t first_log_seq, uint64_t last_log_seq, struct hub_effects *effects);
void hub_deliver_catch_up(struct hub *hub, struct hub_effects *effects);
void hub_deliver_drained(struct hub *hub, hub_conn conn);
void hub_deliver_push(struct hub *hub, struct hub_room *room, uint16_t push,
                      const struct wire_desc *desc, const void *body,
                      struct hub_effects *effects);
/* No message any more for the devices of a banned user; handshakes up to their removal, and in a
 * room of fixed membership, where nobody is removed, nothing. */
void hub_deliver_cut(struct hub *hub, struct hub_room *room, const struct hub_user_id *user);
void hub_deliver_unsubscribe(struct hub *hub, struct hub_session *session);
void hub_deliver_leave(struct hub *hub, struct hub_room *room, size_t sub_index);
/* Nothing of its rooms for a suspended account, notices aside; or again from where it was. */
void hub_deliver_hold(struct hub *hub, struct hub_account *account, bool is_held);
void hub_deliver_restart(struct hub *hub, struct hub_room *room); /* from the acked cursors */
/* Ends the subscriptions of devices that the final commit at log_seq removed. */
void hub_deliver_drop_removed(struct hub *hub, struct hub_room *room, uint64_t log_seq);
TB_MUST_USE tb_status hub_room_state(struct hub *hub, const struct hub_device_id *device,
                                     const struct hub_row_membership *membership,
                                     const struct hub_room_id *id, struct tb_arena *arena,
                                     struct chat_room_state *out, bool *is_shown,
                                     bool is_restricted);
hub_handler hub_verb_subscribe, hub_verb_cursor_ack;

/* --------------------------------------------------------- commit.c, settle.c, welcome.c */

hub_handler hub_verb_room_update, hub_verb_commit_ack, hub_verb_welcome_ack;
/* A commit from a member's copy of the log after a restore; it stays tentative. */
TB_MUST_USE tb_status hub_commit_import(struct hub *hub, struct hub_call *call,
                                        struct hub_room *room, tb_bytes message,
                                        uint64_t timestamp_ms);
/* Ends the tentative state, one way or the other. */
TB_MUST_USE tb_status hub_settle_final(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                                       struct tb_arena *arena, struct hub_effects *effects);
TB_MUST_USE tb_status hub_settle_rollback(struct hub *hub, struct hub_room *room, uint8_t reason,
                                          uint64_t now_ms, struct tb_arena *arena,
                                          struct hub_effects *effects);
/* Commits whose time has run out. */
void hub_settle_due(struct hub *hub, uint64_t now_ms, struct hub_effects *effects);
void hub_settle_watch(struct hub *hub, struct hub_room *room); /* it has a tentative commit */


/* --------------------------------------------------------- restore.c, retention.c, admin.c */

hub_handler hub_verb_heads_put, hub_verb_pages_import;
TB_MUST_USE tb_status hub_restore_thaw(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                                       struct tb_arena *arena, struct hub_effects *effects);
/* Thaws a frozen room whose time to wait has run out. */
TB_MUST_USE tb_status hub_restore_due(struct hub *hub, struct hub_room *room, uint64_t now_ms,
                                      struct tb_arena *arena, struct hub_effects *effects);
/* What is past its time: idle connections, old pages, keys, cursors to write. */
void hub_maintain(struct hub *hub, uint64_t now_ms, struct hub_effects *effects);
hub_handler hub_verb_admin_invite, hub_verb_admin_users, hub_verb_admin_rooms,
    hub_verb_admin_user_set, hub_verb_admin_thaw, hub_verb_admin_status, hub_verb_admin_invites,
    hub_verb_admin_invite_revoke;

#endif
