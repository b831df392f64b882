/*
 * The delivery engine: events in, effects out.  One loop turn of the host is
 *
 *     store begin
 *     hub_step() for every frame, request, opened, closed or tick that is ready
 *     hub_turn_end()             closes runs: hash, sign, write pages and headers
 *     store commit, or rollback when hub_turn_end() said false
 *     hub_turn_committed()  or, when the turn was not committed,  hub_turn_refused()
 *     release the effects, in order
 *
 * so one durable transaction serves all frames of a turn and nothing is answered or fanned out
 * before it is durable.  After hub_turn_refused the effects of the turn are replaced by one
 * `store_refused` answer a request, and the engine has forgotten everything it had cached.
 *
 * The engine has no clock and no I/O: every event carries now_ms (Unix milliseconds); the store and
 * the generator are providers.  One thread.
 */
#ifndef TB_HUB_HUB_H
#define TB_HUB_HUB_H

#include "base/mem.h"
#include "base/store.h"
#include "chat/protocol.h"
#include "crypto/crypto.h"

struct hub;

enum { HUB_BLOB_HEAD_MAX = 15 };

/* Octets that many connections may share; made by the engine, released by whoever holds a count. */
struct hub_blob {
    struct tb_mem *mem;
    uint32_t ref_count;
    uint32_t message_count; /* messages inside, for metrics */
    size_t len; /* octets to send */
    size_t cap; /* octets taken for data; what is behind len is the engine's own */
    /* The host's: the frame header in front of data, made once for all who get the blob.  It ends
     * where data begins, so header and payload are one run of octets. */
    uint8_t head_len;
    uint8_t head[HUB_BLOB_HEAD_MAX];
    uint8_t data[];
};
struct hub_blob *hub_blob_new(struct tb_mem *mem, size_t len); /* count 1; NULL: no memory */
struct hub_blob *hub_blob_keep(struct hub_blob *blob);
void hub_blob_drop(struct hub_blob *blob); /* NULL is accepted */

typedef uint64_t hub_conn; /* the host's name of a connection; never reused */

enum hub_event_kind {
    HUB_EVENT_OPENED = 1, /* conn, is_admin, peer */
    HUB_EVENT_CLOSED,     /* conn */
    HUB_EVENT_FRAME,      /* conn, bytes: one binary frame of a WebSocket */
    HUB_EVENT_POST,       /* conn (a fresh one of its own), verb, token, bytes: one request body */
    HUB_EVENT_DRAINED,    /* conn: its queue fell below the low mark; more pages may be sent */
    HUB_EVENT_TICK        /* the time asked for by WAKE, or later */
};
struct hub_event {
    enum hub_event_kind kind;
    uint64_t now_ms;
    hub_conn conn;
    bool is_admin;   /* OPENED, POST: through the local admin socket */
    bool is_page;    /* POST: made by the host from one of its public forms, and metered there */
    uint16_t verb;   /* POST */
    tb_bytes token;  /* POST: bearer token of a login, 32 octets, or empty */
    tb_bytes bytes;  /* borrowed for the call */
};

enum hub_effect_kind {
    HUB_EFFECT_SEND = 1, /* conn, blob (one count goes to the host): one binary frame */
    HUB_EFFECT_ANSWER,   /* conn of a POST: code, blob (answer or chat_error body) */
    HUB_EFFECT_CLOSE,    /* conn, code: after what was queued before it */
    HUB_EFFECT_WAKE      /* at_ms: call with TICK then; the newest wish replaces older ones */
};
struct hub_effect {
    enum hub_effect_kind kind;
    uint16_t code;
    hub_conn conn;
    struct hub_blob *blob;
    uint64_t at_ms;
};
struct hub_effects {
    struct hub_effect *at;
    size_t count;
    size_t cap;
    struct tb_mem *mem;
};
void hub_effects_init(struct hub_effects *effects, struct tb_mem *mem);
void hub_effects_clear(struct hub_effects *effects); /* drops the blobs that are still in it */
void hub_effects_wipe(struct hub_effects *effects);

/* Published at /limits; docs/protocol.md repeats them.  Zero in a field means the default. */
#define HUB_LIMIT_LIST(LIMIT)                                                                      \
    LIMIT(participant_count_max, 2000, "participants of a room")                                   \
    LIMIT(member_count_max, 4000, "devices in a room")                                             \
    LIMIT(message_bytes_max, 65536, "octets of one message")                                       \
    LIMIT(handshake_bytes_max, 4194304, "octets of one commit with its Welcome")                   \
    LIMIT(key_package_count_max, 256, "key packages stored for a device")                          \
    LIMIT(device_count_max, 16, "devices of an account")                                           \
    LIMIT(connection_count_max, 100, "open connections of an account")                             \
    LIMIT(room_count_max, 1000, "rooms of an account")                                             \
    LIMIT(submit_burst_count, 100, "messages an account may send at once")                         \
    LIMIT(submit_rate_per_minute, 600, "messages an account may send a minute")                    \
    LIMIT(request_rate_per_minute, 3000, "requests of a connection a minute")                      \
    LIMIT(register_rate_per_minute, 60, "registrations a minute, all together")                    \
    LIMIT(notice_rate_per_minute, 10, "notices of outsiders a minute, all together")               \
    LIMIT(notice_open_count_max, 10000, "notices of outsiders that wait for an answer")            \
    LIMIT(report_open_count_max, 10, "open reports of an account")                                 \
    LIMIT(report_target_count_max, 3, "reports of one account against one message")                \
    LIMIT(report_bytes_max, 4194304, "octets of one sealed report")                                \
    LIMIT(unacked_page_bytes_max, 4194304, "octets sent to a device beyond its cursor")            \
    LIMIT(tentative_ms, 5000, "milliseconds a commit waits for an ack")                            \
    LIMIT(tag_window_ms, 86400000, "milliseconds in which a franking tag is a duplicate")          \
    LIMIT(handshake_retention_ms, 7776000000, "milliseconds a log entry waits for its devices")    \
    LIMIT(report_window_s, 2592000, "seconds in which a message can be reported")                  \
    LIMIT(signing_key_life_ms, 31536000000, "milliseconds before agent and intake keys change")   \
    LIMIT(restore_wait_ms, 900000, "milliseconds a restored room waits for members' heads")        \
    LIMIT(tree_cache_bytes_max, 67108864, "octets of cached public trees")                         \
    LIMIT(blob_bytes_max, 67108864, "octets of one attachment")                                    \
    LIMIT(blob_account_bytes_max, 1073741824, "octets of an account's attachments")                \
    LIMIT(blob_upload_ms, 86400000, "milliseconds an upload may take")                             \
    LIMIT(blob_life_ms, 7776000000, "milliseconds an attachment is kept")                          \
    LIMIT(session_idle_ms, 86400000, "milliseconds before an idle connection is closed")

struct hub_limits {
#define HUB_LIMIT_MEMBER(NAME_, DEFAULT_, TEXT_) uint64_t NAME_;
    HUB_LIMIT_LIST(HUB_LIMIT_MEMBER)
};
void hub_limits_fill(struct hub_limits *limits); /* zero fields get their defaults */

struct hub_config {
    const struct crypto_provider *provider;
    struct tb_mem *mem;
    struct tb_rng *rng;
    const struct tb_store *store;
    const char *domain;          /* used at the first start only; then the stored one counts */
    const char *software;        /* "timbre-hub/0.1.0" */
    bool is_rate_limited;        /* false for benchmarks */
    struct hub_limits limits;
};

/*
 * Load (or on an empty store create: root, agent, external sender and intake keys, hub key,
 * pseudonym key).  Inside a store transaction; the host commits it.  TB_STORE; HUB_SCHEMA_NEWER.
 */
TB_MUST_USE tb_status hub_new(const struct hub_config *config, uint64_t now_ms, struct hub **out);
void hub_free(struct hub *hub);

/* Never fails: what cannot be done becomes an error answer or a close. */
void hub_step(struct hub *hub, const struct hub_event *event, struct hub_effects *effects);
/* False: the store refused a write, or memory ran out, inside the turn.  The transaction must not
 * be committed: roll it back and call hub_turn_refused.  (A store that refused a write refuses the
 * commit as well.) */
bool hub_turn_end(struct hub *hub, uint64_t now_ms, struct hub_effects *effects);
void hub_turn_committed(struct hub *hub);
void hub_turn_refused(struct hub *hub, struct hub_effects *effects);

/* After `timbre-hub restore`, inside a transaction: freezes every room until heads are presented
 * (amendments 9). */
TB_MUST_USE tb_status hub_mark_restored(struct hub *hub, uint64_t now_ms);

/* True while no admin account exists: `serve` prints a one-use admin invitation then. */
bool hub_needs_admin(struct hub *hub);
/* The fragment of a new invitation link (base64url text in the arena), stored at once. */
TB_MUST_USE tb_status hub_invite_new(struct hub *hub, bool is_admin, uint64_t expires_ms,
                                     uint32_t use_count_max, struct tb_arena *arena,
                                     tb_bytes *fragment);

struct hub_metrics {
    uint64_t connections, sessions, rooms_loaded, messages_accepted, deliveries;
    uint64_t handshakes_accepted, requests_refused, reports, decisions, appeals;
    uint64_t turns, turns_refused, bytes_fanned_out;
};
void hub_metrics_read(const struct hub *hub, struct hub_metrics *out);

/*
 * Tables of the hub's store.  Keys and values are wire structs of hub/records.h.  PAGES is written
 * in arrival order and large: adapters lay it out as a log with a small index.
 */
enum hub_table {
    HUB_TABLE_META = 1,
    HUB_TABLE_ACCOUNTS,
    HUB_TABLE_HANDLES,
    HUB_TABLE_RECORDS,
    HUB_TABLE_DEVICES,
    HUB_TABLE_KEY_PACKAGES,
    HUB_TABLE_INVITES,
    HUB_TABLE_ROOMS,
    HUB_TABLE_TREES,
    HUB_TABLE_PAGES,
    HUB_TABLE_CURSORS,
    HUB_TABLE_WELCOMES,
    HUB_TABLE_JOIN_REQUESTS,
    HUB_TABLE_CONSENTS,
    HUB_TABLE_MEMBERSHIPS, /* who was a participant of which room, from and to which log_seq */
    HUB_TABLE_EPOCHS,      /* GroupContext hash and agent key of each epoch */
    HUB_TABLE_REPORTS,
    HUB_TABLE_DECISIONS,
    HUB_TABLE_RECIPIENT_KEYS,
    HUB_TABLE_STATEMENTS,
    HUB_TABLE_HUB_KEYS,
    HUB_TABLE_CLAIMS, /* key packages that were handed out and are not in a tree yet */
    HUB_TABLE_BLOBS,
    HUB_TABLE_LOG,         /* the public tree over DECISIONS */
    HUB_TABLE_NOTICES,     /* of people without an account */
    HUB_TABLE_ORDERS,      /* of authorities */
    HUB_TABLE_MONTHS,      /* closed months of public counts */
    HUB_TABLE_TAGS,        /* of messages of a day, in blocks (H4) */
    HUB_TABLE_BOXES,       /* what a device of an account left sealed for another */
    HUB_TABLE_COUNT_MAX = 32
};
enum { HUB_SCHEMA_VERSION = 1 };

#endif
