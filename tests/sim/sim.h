/*
 * The simulator: one hub engine and several client engines over stores in memory, joined by
 * connections that delay, break, double and reorder frames; processes crash, stores refuse, clocks
 * jump.  Everything follows from one seed.
 *
 * The world (world.c) moves frames and time; the model (model.c) watches what people are shown and
 * what leaves a device, and fails at the first broken promise:
 *
 *     S1  equal final epochs of a room have equal epoch_authenticators
 *     S2  a message is read only by devices that were in the tree of its epoch
 *     S3  a device shows a message once, and all show the same text at the same number
 *     S4  what was acknowledged is in the log for good, at the number that was told
 * S5 no generation is used twice: one ciphertext for a tag and epoch, nothing that fails to open
 *     S6  an honest hub is never accused: no alarm, whatever crashed or was restored
 *     S7  every honest report verifies; with one octet altered it is refused or proves the same
 *     S8  every room goes on: at the end a message of each member reaches all others
 *     S9  what was said after a ban was in force does not reach who is banned
 *     S10 a hostile member changes no text of others; a hostile hub has no wrong text shown
 */
#ifndef TB_TESTS_SIM_SIM_H
#define TB_TESTS_SIM_SIM_H

#include "client/client.h"
#include "hub/hub.h"
#include "tests/sim/store_mem.h"
#include "tests/support.h"

enum {
    SIM_CLIENT_COUNT_MAX = 8,
    SIM_ROOM_COUNT = 2,
    SIM_TEXT_LEN_MAX = 64,
    SIM_CHECK_STEPS = 50,     /* all invariants are checked every so many */
    SIM_CHECK_ROWS_MAX = 2000 /* and look at so many of the newest rows of a room */
};

/*
 * What may happen in chaos, each by a name that `--without` takes away: wishes of people, events,
 * faults.  X(name, NAME)
 */
#define SIM_PARTS(X)                                                                    \
    X(send, SEND) X(edit, EDIT) X(delete, DELETE) X(react, REACT) X(expire, EXPIRE)     \
    X(attach, ATTACH) X(invite, INVITE) X(join, JOIN) X(leave, LEAVE) X(remove, REMOVE) \
    X(role, ROLE) X(report, REPORT) X(ban, BAN) X(drop, DROP) X(partition, PARTITION)   \
    X(copy, COPY) X(restore, RESTORE) X(keys, KEYS) X(clock, CLOCK) X(wait, WAIT)       \
    X(hostile, HOSTILE) X(disconnect, DISCONNECT) X(duplicate, DUPLICATE)               \
    X(reorder, REORDER) X(crash, CRASH) X(refuse, REFUSE) X(memory, MEMORY)             \
    X(write, WRITE) X(hubcrash, HUB_CRASH) X(hubrefuse, HUB_REFUSE) X(hubwrite, HUB_WRITE)
enum sim_part {
#define SIM_PART_ENUM(LABEL_, NAME_) SIM_PART_##NAME_,
    SIM_PARTS(SIM_PART_ENUM)
#undef SIM_PART_ENUM
    SIM_PART_COUNT
};

/* Who of the world is hostile: nobody, the client mallory, or the hub. */
enum sim_mode { SIM_HONEST = 0, SIM_MEMBER = 1, SIM_HUB = 2 };

/* One run of chaos; the same options are the same run. */
struct sim_options {
    uint64_t seed, steps;
    size_t client_count;
    uint32_t without; /* bit for each enum sim_part */
    enum sim_mode mode;
    bool is_trace;
};

/* Chances are per 65536. */
struct sim_faults {
    uint32_t delay_ms_max;
    uint32_t disconnect;     /* of a frame: the connection breaks there */
    uint32_t duplicate;      /* of a page or a submit */
    uint32_t reorder;        /* of two pages */
    uint32_t client_crash;   /* of a client's turn: before or after its commit */
    uint32_t client_refused; /* of a client's turn: the store refuses */
    uint32_t client_memory;  /* of a client's turn: an allocation fails */
    uint32_t client_write;   /* of a client's turn: one write is refused */
    uint32_t hub_crash;
    uint32_t hub_refused;
    uint32_t hub_write;      /* of a hub's turn: one write is refused */
};

struct sim_frame {
    struct sim_frame *next;
    uint64_t due_ms;
    bool is_close;
    size_t len;
    uint8_t data[];
};
struct sim_pipe {
    struct sim_frame *first, *last;
};

enum sim_op_kind {
    SIM_OP_OTHER = 0,
    SIM_OP_SEND,
    SIM_OP_REPORT,
    SIM_OP_LINK,
    SIM_OP_FETCH,
    SIM_OP_FILE,    /* of the attachment that is called like the text */
    SIM_OP_BAN,     /* of client `whom` */
    SIM_OP_UNBAN
};
struct sim_op {
    uint64_t op;
    uint8_t kind;
    uint8_t client;
    bool is_over, is_done;
    uint16_t code;
    uint64_t number;
    size_t text; /* SEND, FILE */
    uint8_t whom, room; /* BAN, UNBAN: index of the client, of the room */
};

struct sim;
struct sim_client {
    struct sim *sim;
    size_t index;
    struct store_mem store, backup;
    bool has_backup;
    struct client *client;
    struct client_effects effects;
    struct test_rng rng;
    char handle[16];
    bool is_connected, wants_connection, lost_connection;
    hub_conn conn;
    uint64_t connect_at_ms, wake_at_ms;
    int64_t skew_ms;
    struct sim_pipe to_hub, from_hub;
    char link[1024]; /* the newest invitation that this client made */
    uint64_t report_waiting_count;
    bool is_restricted, is_synced, has_been_restricted, has_new_device, is_rolled_back,
        is_behind;
    uint64_t cut_off_until_ms; /* a partition */
    uint64_t banned_ms[SIM_ROOM_COUNT]; /* when the desk knew of the ban in force; 0: no ban */
    uint8_t newest_submit[4096]; /* the newest submit of any device: for replays */
    size_t newest_submit_len;
};

/* A text that somebody sent: unique, so that it can be recognised. */
struct sim_text {
    char text[SIM_TEXT_LEN_MAX];
    uint8_t sender;
    uint8_t kind;      /* enum client_message_kind */
    size_t of;         /* index of the text that this edits; SIZE_MAX: none */
    uint64_t said_ms;
    uint32_t file_len; /* of an attachment; 0: it is none */
    bool may_expire;
    bool is_hostile;   /* said by a hostile device: anything may become of it */
    char room[256];
    uint64_t room_seq; /* once known */
    bool is_acknowledged;
    bool is_exempt;    /* a hub that went back may have lost it, and its sender says it again */
    uint32_t seen_by;  /* bit for each client */
    uint32_t members;  /* who was in the tree of its epoch, once known */
    bool has_members;
};
struct sim_epoch {
    char room[256];
    uint64_t epoch;
    uint8_t authenticator[64];
    size_t len;
    uint32_t members;
};
/* One sealed message that left a device. */
struct sim_sealed {
    uint8_t tag[32];
    uint64_t epoch;
    uint8_t ct_hash[32];
    bool is_used;
};

struct sim {
    struct test_heap heap;
    struct test_rng rng;
    uint64_t seed, now_ms, step;
    struct sim_faults faults;
    struct store_mem hub_store;
    struct hub *hub;
    struct hub_effects hub_effects;
    struct test_rng hub_rng;
    uint64_t hub_wake_ms;
    hub_conn next_conn;
    struct store_mem hub_backup;
    bool has_hub_backup, has_new_agent; /* since that backup */
    struct sim_client clients[SIM_CLIENT_COUNT_MAX];
    size_t client_count;
    struct sim_op *ops; /* those before op_first are over */
    size_t op_count, op_cap, op_first;
    struct sim_text *texts;
    size_t text_count, text_cap;
    struct sim_epoch *epochs;
    size_t epoch_count, epoch_cap;
    struct sim_sealed *sealed; /* a hash table by tag and epoch; sealed_cap is a power of two */
    size_t sealed_count, sealed_cap;
    uint64_t shown_count, alarm_count, failed_entry_count, hub_crash_count, client_crash_count;
    uint64_t desk_anew_count, named_by_desk_count, removed_by_desk_count;
    uint64_t reports_verified_count, reports_altered_count, hub_restored_count;
    uint64_t ban_count, unban_count, file_count, probe_count, forged_count, check_count;
    char rooms[SIM_ROOM_COUNT][256];
    uint32_t without;
    enum sim_mode mode;
    FILE *trace; /* where traces go; NULL: stderr */
    bool is_trace, has_lost_history;
    /* A hub that is not honest: alarms and failed entries are counted, and frames to a client pass
     * here first. */
    bool is_hostile;
    void (*tamper)(struct sim_client *to, uint8_t *frame, size_t len);
    bool (*withhold)(struct sim_client *to, tb_bytes frame); /* true: the frame never comes */
    uint16_t last_alarm, last_failure;
};

/* ---- world.c ---- */
void sim_init(struct sim *sim, uint64_t seed, size_t client_count);
void sim_wipe(struct sim *sim);
/* Deliver what is due at now_ms + ms, at the latest. */
void sim_run(struct sim *sim, uint64_t ms);
/* Run without faults until nothing is on its way; fails after ms_max. */
void sim_settle(struct sim *sim, uint64_t ms_max);
bool sim_is_quiet(const struct sim *sim);
uint64_t sim_client_now(const struct sim_client *who);
void sim_connect(struct sim_client *who);
void sim_disconnect(struct sim_client *who);
void sim_client_crash(struct sim_client *who);
void sim_hub_crash(struct sim *sim);
/* A verb of the operator, in a turn of its own; the answer's octets. */
size_t sim_hub_admin(struct sim *sim, uint16_t verb, tb_bytes request, uint8_t *out, size_t max);
/* The process ends and comes back over an older state of its store: a copied or restored profile, a
 * hub that was restored from a backup. */
void sim_client_go_back(struct sim_client *who, const struct store_mem *backup);
void sim_hub_go_back(struct sim *sim, const struct store_mem *backup, bool is_told);
/* An act in a turn of its own: begin, act, commit, release.  The status of the act. */
typedef tb_status sim_act(struct sim_client *who, const void *params, uint64_t *op);
tb_status sim_turn(struct sim_client *who, sim_act *act, const void *params, uint8_t op_kind,
                   size_t *op_index);
/* A frame to the hub that the engine did not make. */
void sim_pipe_inject(struct sim_client *who, tb_bytes frame);
/* Cut off or, with 0, let back. */
void sim_cut_off(struct sim_client *who, uint64_t until_ms);
uint32_t sim_random(struct sim *sim, uint32_t below);
bool sim_chance(struct sim *sim, uint32_t per_65536);
void sim_must(const struct sim_client *who, tb_status status); /* or the run fails */
_Noreturn void sim_fail(struct sim *sim, const char *what, const struct sim_client *who);

/* ---- model.c ---- */
void sim_model_shown(struct sim_client *who, const struct client_show *show);
void sim_model_received(const struct sim_client *who, tb_bytes frame); /* for the trace alone */
void sim_model_sent(struct sim_client *who, tb_bytes frame);
void sim_model_dump(struct sim *sim);
void sim_model_check_epochs(struct sim *sim);
struct sim_text *sim_model_text(struct sim *sim, tb_bytes text);
const struct sim_epoch *sim_model_epoch(struct sim *sim, tb_bytes room, uint64_t epoch);
bool sim_is(tb_bytes bytes, const char *text);
size_t sim_room_index(const struct sim *sim, tb_bytes uri); /* SIM_ROOM_COUNT: another room */
/* The next free place of a list that grows; the new element is zero. */
#define SIM_GROW(LIST_, COUNT_, CAP_) sim_grow((void **)&(LIST_), sizeof *(LIST_), COUNT_, &(CAP_))
void sim_grow(void **list, size_t size, size_t count, size_t *cap);
/* The hub's history may be another from here on. */
void sim_model_hub_went_back(struct sim *sim);
uint64_t sim_model_newest_seq(struct sim_client *who, const char *room, const char *handle);
size_t sim_model_op(struct sim *sim, struct sim_client *who, uint64_t op, uint8_t kind);
void sim_trace(const struct sim_client *who, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- timelines.c ---- */
/* At any time: what every device has stored. */
void sim_check_rows(struct sim *sim);
/* With everything delivered: S3, S4, S8 of all rooms and devices. */
void sim_check_end(struct sim *sim);

/* ---- prove.c ---- */
/* A report of the desk's newest cases, with one octet altered, is refused or proves the same. */
void sim_prove_altered(struct sim_client *desk);

/* ---- acts.c ---- */
void sim_act_register(struct sim *sim);                 /* everybody, with a desk */
void sim_act_register_one(struct sim_client *who, bool is_admin);
void sim_act_register_with(struct sim_client *who, tb_bytes fragment);
size_t sim_act_create(struct sim_client *who, const char *name, char room[256]);
size_t sim_act_invite(struct sim_client *who, const char *room, uint32_t uses);
size_t sim_act_join(struct sim_client *who, const char *link);
size_t sim_act_send(struct sim_client *who, const char *room);
size_t sim_act_message(struct sim_client *who, const char *room, enum client_message_kind kind,
                       uint64_t of_seq, uint32_t expires_s);
size_t sim_act_attach(struct sim_client *who, const char *room);
size_t sim_act_file(struct sim_client *who, const struct sim_text *text);
uint8_t sim_file_octet(const char *text, size_t at);
size_t sim_act_leave(struct sim_client *who, const char *room);
size_t sim_act_remove(struct sim_client *who, const char *room, const struct sim_client *whom);
size_t sim_act_role(struct sim_client *who, const char *room, const struct sim_client *whom,
                    uint32_t role_index);
size_t sim_act_name_owner(struct sim_client *who, const char *room, const struct sim_client *whom);
size_t sim_act_report(struct sim_client *who, const char *room, const uint64_t *seq, size_t count);
size_t sim_act_fetch(struct sim_client *who);
size_t sim_act_rejoin(struct sim_client *who);
size_t sim_act_decide(struct sim_client *who, const struct client_decision_params *params);
size_t sim_act_ban(struct sim_client *who, tb_bytes report_id, uint8_t scope);
void sim_act_rotate(struct sim *sim, uint8_t keys); /* enum chat_admin_key */
/* The op is done, or the run fails. */
void sim_act_expect(struct sim *sim, size_t op_index);

/* ---- chance.c ---- */
bool sim_may(const struct sim *sim, enum sim_part part);
/* One random wish of somebody, or a rarer event: backups and their use, a clock that jumps. */
void sim_act_random(struct sim *sim);
/* What the desk has must be proven; some of it is decided. */
void sim_act_desk(struct sim *sim, bool may_ban);

/* ---- hostile.c ---- */
void sim_hostile_hub(struct sim *sim);          /* from here on the hub is not honest */
void sim_hostile_member(struct sim_client *who, const char *room);

/* ---- script.c ---- */
void sim_script_path(uint64_t seed, bool is_trace);
void sim_script_copy(uint64_t seed, bool is_trace);
void sim_script_restore(uint64_t seed, bool is_trace);
struct sim_options sim_options_of(uint64_t seed, uint64_t steps); /* as the seed has it */
void sim_script_chaos(const struct sim_options *options, FILE *trace);

/* ---- shrink.c ---- */
/* In a process of its own; false: it failed, and the shortest failing run found is told. */
bool sim_try(const struct sim_options *options, bool may_shrink);
bool sim_part_find(const char *name, uint32_t *bit);

#endif
