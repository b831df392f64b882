/*
 * The turn loop around the engine: store, socket, clock.  A turn is: begin a transaction, step the
 * engine for what came in (or call an act), commit, release the effects in order.  So nothing
 * leaves and nothing is shown before it is durable.
 */
#ifndef TB_HOST_CLIENT_RUN_H
#define TB_HOST_CLIENT_RUN_H

#include <poll.h>

#include "client/client.h"
#include "host/client_profile.h"
#include "host/client_socket.h"
#include "host/clock.h"
#include "host/rng_os.h"

enum {
    CLI_RUN_RETRY_MS_MIN = 500,     /* before the first new attempt to connect; then doubled */
    CLI_RUN_RETRY_MS_MAX = 30000,
    CLI_RUN_FRAME_COUNT_MAX = 256,  /* frames of one turn */
    CLI_RUN_OUTCOME_BYTES_MAX = 1 << 20
};

/* How the act that is waited for ended; views live until the next act. */
struct cli_outcome {
    bool is_done, is_failed;
    bool is_delayed;         /* refused for now; the engine keeps it and tries again */
    struct client_show show; /* its texts */
};

/* Called for every CLIENT_EFFECT_SHOW, after the commit, in order. */
typedef void cli_run_show(void *ctx, const struct client_show *show);

struct cli_run {
    struct tb_mem *mem;
    struct host_rng *rng;
    struct cli_profile *profile;
    const char *ca_file;
    struct client *client;
    struct client_effects effects;
    struct cli_socket *socket;
    struct host_clock clock;
    cli_run_show *on_show;
    void *show_ctx;
    uint64_t wake_at_ms;     /* Unix time; 0: none */
    bool is_connected;       /* the engine was told so */
    bool must_step;          /* a turn was refused: the engine reads everything again at its next */
    tb_status close_status;  /* why we closed the connection ourselves; TB_OK: the engine said so */
    bool is_synced, is_restricted, is_rolled_back;
    bool is_patient;         /* try again for ever, even when nothing answers at first */
    bool has_been_online;    /* then a lost connection is tried again until the time is over */
    unsigned attempt_count;
    uint64_t retry_at_ms;    /* monotonic */
    tb_status link_status;   /* why there is no connection; TB_OK while there may be one */
    char link_why[CLI_WHY_LEN_MAX];
    uint16_t refusal_code;   /* CLI_REFUSED: as CLIENT_SHOW_FAILED says; its words in link_why */
    tb_status turn_status;   /* TB_STORE after a turn that the store refused */
    char turn_why[CLI_WHY_LEN_MAX];
    uint64_t awaited_op;
    struct cli_outcome outcome;
    struct tb_arena outcome_arena;
};

/* Load the engine from the profile's store.  mem, rng, profile and ca_file outlive the run. */
TB_MUST_USE tb_status cli_run_init(struct cli_run *run, struct cli_profile *profile,
                                   struct tb_mem *mem, struct host_rng *rng, const char *ca_file);
/* Ends the connection and frees the engine. */
void cli_run_wipe(struct cli_run *run);

uint64_t cli_run_now_ms(struct cli_run *run); /* Unix time, for acts */

/*
 * An act:  cli_run_begin(run);  status = client_...(..., &run->effects, &op);
 *          status = cli_run_end(run, status, op);
 * end commits and releases.  TB_STORE when the store refused: nothing has happened then.
 */
void cli_run_begin(struct cli_run *run);
TB_MUST_USE tb_status cli_run_end(struct cli_run *run, tb_status status, uint64_t op);
/* The same around functions of the engine that only read; the outcome of an act stays. */
void cli_run_read_begin(struct cli_run *run);
TB_MUST_USE tb_status cli_run_read_end(struct cli_run *run, tb_status status);

/*
 * Connect when there is no connection and it is time, wait for one of: something from the hub, one
 * of the count descriptors of others, a time that the engine wished, until_ms (monotonic).  Then do
 * what is due.  CLI_INTERRUPTED after SIGINT or SIGTERM.
 */
TB_MUST_USE tb_status cli_run_once(struct cli_run *run, struct pollfd *others, size_t count,
                                   uint64_t until_ms);

/*
 * Go on until is_done(run).  CLI_TIMEOUT at until_ms; CLI_INTERRUPTED; TB_STORE; the reason why
 * there is no connection, when there has been none yet; CLIENT_ROLLED_BACK.
 */
typedef bool cli_run_test(struct cli_run *run);
TB_MUST_USE tb_status cli_run_until(struct cli_run *run, cli_run_test *is_done, uint64_t until_ms);
bool cli_run_is_over(struct cli_run *run);    /* the act that is waited for has ended */
bool cli_run_is_told(struct cli_run *run);    /* or is delayed */
bool cli_run_is_synced(struct cli_run *run);  /* online, and every room is up to date */
bool cli_run_is_settled(struct cli_run *run); /* and nothing is on its way any more */

/* Words for the status that cli_run_until or cli_run_end gave; "" when there are none. */
const char *cli_run_why(const struct cli_run *run, tb_status status);

/* SIGINT and SIGTERM end waiting; a second one ends the process. */
void cli_run_catch_signals(void);

#endif
