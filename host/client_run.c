#include "host/client_run.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "client/status.h"

/* ------------------------------------------------------------------ signals */

static volatile sig_atomic_t signal_count;
static int signal_event = -1; /* readable after a signal, so that no poll sleeps over it */

static void on_signal(int number)
{
    uint64_t one = 1;
    int error = errno;
    (void)number;
    if (signal_count++ > 0) _exit(CLI_EXIT_FAILED);
    if (signal_event >= 0 && write(signal_event, &one, sizeof one) < 0) _exit(CLI_EXIT_FAILED);
    errno = error;
}

void cli_run_catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    signal_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL); /* OpenSSL writes without MSG_NOSIGNAL */
}

/* ------------------------------------------------------------------ life */

/* As programs find it: the first of the three that is set. */
static enum chat_language language(void)
{
    static const char *const names[] = { "LC_ALL", "LC_MESSAGES", "LANG" };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = getenv(names[i]);
        if (value != NULL && *value != 0) return chat_language_of(value);
    }
    return CHAT_ENGLISH;
}

tb_status cli_run_init(struct cli_run *run, struct cli_profile *profile, struct tb_mem *mem,
                       struct host_rng *rng, const char *ca_file)
{
    *run = (struct cli_run){
        .mem = mem, .rng = rng, .profile = profile, .ca_file = ca_file,
    };
    client_effects_init(&run->effects, mem);
    tb_arena_init(&run->outcome_arena, mem, CLI_RUN_OUTCOME_BYTES_MAX);
    const struct client_config config = {
        .provider = crypto_backend_native(),
        .mem = mem,
        .rng = &rng->rng,
        .store = host_store_view(profile->store),
        .software = "timbre/" TIMBRE_VERSION,
        .language = language(),
    };
    (void)host_store_begin(profile->store); /* a refusal shows at the commit */
    tb_status status = client_new(&config, cli_run_now_ms(run), &run->client);
    if (status.code == TB_OK) {
        status = host_store_commit(profile->store);
    } else {
        host_store_rollback(profile->store);
        run->client = NULL;
    }
    if (status.code != TB_OK) {
        run->turn_status = status;
        (void)snprintf(run->turn_why, sizeof run->turn_why, "%s",
                       host_store_error(profile->store));
        client_free(run->client);
        run->client = NULL;
        client_effects_wipe(&run->effects);
    }
    return status;
}

void cli_run_wipe(struct cli_run *run)
{
    if (run->socket != NULL) cli_socket_close(run->socket);
    cli_socket_free(run->socket);
    client_free(run->client);
    client_effects_wipe(&run->effects);
    tb_arena_wipe(&run->outcome_arena);
    run->socket = NULL;
    run->client = NULL;
}

uint64_t cli_run_now_ms(struct cli_run *run)
{
    return host_clock_now_ms(&run->clock);
}

const char *cli_run_why(const struct cli_run *run, tb_status status)
{
    if (status.code == run->turn_status.code && status.code != TB_OK) return run->turn_why;
    if (status.code == run->link_status.code && status.code != TB_OK) return run->link_why;
    return "";
}

/* ------------------------------------------------------------------ turns */

/* Keep what the act that is waited for gave; texts of effects end with the turn. */
static void keep_outcome(struct cli_run *run, const struct client_show *show)
{
    bool is_end = show->kind == CLIENT_SHOW_DONE || show->kind == CLIENT_SHOW_FAILED ||
                  show->kind == CLIENT_SHOW_DELAYED;
    if (!is_end || show->op == 0 || show->op != run->awaited_op) return;
    struct client_show kept = *show;
    tb_bytes *texts[] = { &kept.room, &kept.room_name,    &kept.account,   &kept.handle,
                          &kept.text, &kept.content_type, &kept.message_id };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (tb_arena_dup(&run->outcome_arena, *texts[i], texts[i]).code != TB_OK) {
            *texts[i] = (tb_bytes){ 0 };
        }
    }
    run->outcome = (struct cli_outcome){
        .is_done = show->kind == CLIENT_SHOW_DONE,
        .is_failed = show->kind == CLIENT_SHOW_FAILED,
        .is_delayed = show->kind == CLIENT_SHOW_DELAYED,
        .show = kept,
    };
}

static void note_show(struct cli_run *run, const struct client_show *show)
{
    switch (show->kind) {
    case CLIENT_SHOW_ONLINE:
        run->is_restricted = show->is_restricted;
        run->has_been_online = true;
        run->attempt_count = 0;
        break;
    case CLIENT_SHOW_OFFLINE: run->is_synced = false; break;
    case CLIENT_SHOW_FAILED:
        if (show->op != 0) break;
        run->refusal_code = show->code;
        (void)snprintf(run->link_why, sizeof run->link_why, "%.*s", (int)show->text.len,
                       (const char *)show->text.data);
        break;
    case CLIENT_SHOW_SYNCED: run->is_synced = true; break;
    case CLIENT_SHOW_RESTRICTED: run->is_restricted = true; break;
    case CLIENT_SHOW_ROLLED_BACK: run->is_rolled_back = true; break;
    default: break;
    }
    keep_outcome(run, show);
    if (run->on_show != NULL) run->on_show(run->show_ctx, show);
}

/* After the commit, in order.  A frame that cannot be queued breaks the connection; the engine
 * sends it again after the next login. */
static void release(struct cli_run *run)
{
    tb_status status = TB_STATUS(TB_OK);
    for (size_t i = 0; i < run->effects.count; i++) {
        const struct client_effect *effect = &run->effects.at[i];
        switch (effect->kind) {
        case CLIENT_EFFECT_SEND:
            if (run->socket == NULL) break;
            status = cli_socket_send(run->socket, effect->bytes);
            if (status.code != CLI_QUEUE) break; /* a closed one is noticed by link_settle */
            run->close_status = status;
            cli_socket_close(run->socket);
            break;
        case CLIENT_EFFECT_SHOW: note_show(run, &effect->show); break;
        case CLIENT_EFFECT_CLOSE:
            if (run->socket != NULL) cli_socket_close(run->socket);
            break;
        case CLIENT_EFFECT_WAKE: run->wake_at_ms = effect->at_ms; break;
        }
    }
    client_effects_clear(&run->effects);
}

/* TB_OK: the turn is durable and its effects are out. */
static tb_status turn_end(struct cli_run *run)
{
    tb_status status = TB_STATUS(TB_STORE);
    if (client_is_void(run->client)) host_store_rollback(run->profile->store);
    else status = host_store_commit(run->profile->store);
    if (status.code != TB_OK) {
        run->turn_status = TB_STATUS(TB_STORE);
        (void)snprintf(run->turn_why, sizeof run->turn_why, "%s",
                       host_store_error(run->profile->store));
        run->must_step = true;
        status = client_turn_refused(run->client, &run->effects);
        if (status.code != TB_OK && run->socket != NULL) cli_socket_close(run->socket);
        status = TB_STATUS(TB_STORE);
    }
    release(run);
    return status;
}

void cli_run_begin(struct cli_run *run)
{
    tb_arena_wipe(&run->outcome_arena);
    run->outcome = (struct cli_outcome){ 0 };
    run->awaited_op = 0;
    (void)host_store_begin(run->profile->store); /* a refusal shows at the commit */
}

tb_status cli_run_end(struct cli_run *run, tb_status status, uint64_t op)
{
    if (status.code == TB_OK) run->awaited_op = op;
    tb_status ended = turn_end(run);
    return ended.code != TB_OK ? ended : status;
}

static void step(struct cli_run *run, enum client_event_kind kind, tb_bytes bytes)
{
    const struct client_event event = {
        .kind = kind, .now_ms = cli_run_now_ms(run), .bytes = bytes,
    };
    client_step(run->client, &event, &run->effects);
}

void cli_run_read_begin(struct cli_run *run)
{
    (void)host_store_begin(run->profile->store);
    if (run->must_step) step(run, CLIENT_EVENT_TICK, (tb_bytes){ 0 });
    run->must_step = false;
}

tb_status cli_run_read_end(struct cli_run *run, tb_status status)
{
    tb_status ended = turn_end(run);
    return ended.code != TB_OK ? ended : status;
}

static void turn_of(struct cli_run *run, enum client_event_kind kind)
{
    (void)host_store_begin(run->profile->store);
    step(run, kind, (tb_bytes){ 0 });
    (void)turn_end(run); /* turn_status tells */
}

/* ------------------------------------------------------------------ the connection */

/* No connection: remember why, and when to try again. */
static void link_lost(struct cli_run *run, tb_status status, const char *why)
{
    uint64_t wait_ms = CLI_RUN_RETRY_MS_MIN;
    uint8_t jitter = 0;
    for (unsigned i = 0; i < run->attempt_count && wait_ms < CLI_RUN_RETRY_MS_MAX; i++) {
        wait_ms *= 2;
    }
    if (wait_ms > CLI_RUN_RETRY_MS_MAX) wait_ms = CLI_RUN_RETRY_MS_MAX;
    /* Many clients lose the same hub at once; they shall not come back at once. */
    if (tb_rng_fill(&run->rng->rng, &jitter, 1).code == TB_OK) wait_ms += wait_ms * jitter / 512;
    run->attempt_count++;
    run->retry_at_ms = host_clock_monotonic_ms() + wait_ms;
    run->link_status = status;
    if (why != NULL) (void)snprintf(run->link_why, sizeof run->link_why, "%s", why);
}

static void link_open(struct cli_run *run)
{
    tb_bytes origin = client_origin(run->client);
    char why[CLI_WHY_LEN_MAX] = "";
    if (origin.len == 0) return; /* not registered: nowhere to go */
    run->refusal_code = 0;
    run->close_status = TB_STATUS(TB_OK);
    if (run->socket == NULL) {
        tb_status status = cli_socket_new(origin, run->ca_file, run->mem, &run->rng->rng,
                                          &run->socket, why);
        if (status.code != TB_OK) {
            run->socket = NULL;
            link_lost(run, status, why);
            return;
        }
    }
    cli_socket_open(run->socket, host_clock_monotonic_ms());
}

/* Tell the engine what became of the connection. */
static void link_settle(struct cli_run *run)
{
    if (run->socket == NULL) return;
    enum cli_socket_state state = cli_socket_state(run->socket);
    if (state == CLI_SOCKET_OPEN && !run->is_connected) {
        run->is_connected = true;
        run->link_status = TB_STATUS(TB_OK);
        turn_of(run, CLIENT_EVENT_CONNECTED);
    } else if (state == CLI_SOCKET_CLOSED && run->retry_at_ms == 0) {
        tb_status status = cli_socket_status(run->socket);
        const char *why = cli_socket_why(run->socket);
        if (run->refusal_code != 0) {
            status = TB_STATUS(CLI_REFUSED);
            why = NULL; /* link_why holds the hub's words */
            run->has_been_online = false;
        } else if (status.code == TB_OK && run->close_status.code != TB_OK) {
            status = run->close_status;
            why = "";
        } else if (status.code == TB_OK) { /* we closed it, because the engine said so */
            status = TB_STATUS(CLI_FRAME);
            why = "what the hub sent does not fit";
            run->has_been_online = false;
        }
        link_lost(run, status, why);
        if (run->is_connected) turn_of(run, CLIENT_EVENT_DISCONNECTED);
        run->is_connected = run->is_synced = false;
    }
}

/* All frames that are ready, in one transaction. */
static void link_take(struct cli_run *run)
{
    tb_bytes message;
    size_t count = 0;
    if (run->socket == NULL || !run->is_connected) return;
    while (count < CLI_RUN_FRAME_COUNT_MAX && cli_socket_take(run->socket, &message)) {
        if (count++ == 0) (void)host_store_begin(run->profile->store);
        step(run, CLIENT_EVENT_FRAME, message);
    }
    if (count > 0) (void)turn_end(run);
}

/* ------------------------------------------------------------------ waiting */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static int poll_ms(struct cli_run *run, uint64_t until_ms)
{
    uint64_t now_ms = host_clock_monotonic_ms();
    if (run->socket != NULL) until_ms = earlier(until_ms, cli_socket_deadline(run->socket, now_ms));
    if (run->retry_at_ms != 0) until_ms = earlier(until_ms, run->retry_at_ms);
    if (run->wake_at_ms != 0) {
        uint64_t unix_ms = cli_run_now_ms(run);
        uint64_t left = run->wake_at_ms > unix_ms ? run->wake_at_ms - unix_ms : 0;
        until_ms = earlier(until_ms, now_ms + left);
    }
    if (until_ms <= now_ms) return 0;
    return until_ms - now_ms > 60000 ? 60000 : (int)(until_ms - now_ms);
}

/* The descriptors of others first, then a signal's event, then the socket. */
static void wait(struct cli_run *run, struct pollfd *others, size_t count, uint64_t until_ms)
{
    enum { OTHER_COUNT_MAX = 4 };
    struct pollfd fds[OTHER_COUNT_MAX + 2];
    if (count > OTHER_COUNT_MAX) count = OTHER_COUNT_MAX;
    if (count > 0) memcpy(fds, others, count * sizeof fds[0]);
    fds[count] = (struct pollfd){ signal_event, POLLIN, 0 };
    fds[count + 1] = (struct pollfd){ -1, 0, 0 };
    if (run->socket != NULL && cli_socket_fd(run->socket) >= 0) {
        fds[count + 1] = (struct pollfd){ cli_socket_fd(run->socket),
                                          cli_socket_events(run->socket), 0 };
    }
    int ready = poll(fds, (nfds_t)count + 2, poll_ms(run, until_ms));
    for (size_t i = 0; i < count; i++) others[i].revents = ready > 0 ? fds[i].revents : 0;
}

tb_status cli_run_once(struct cli_run *run, struct pollfd *others, size_t count, uint64_t until_ms)
{
    bool is_idle = run->socket == NULL || cli_socket_state(run->socket) == CLI_SOCKET_CLOSED;
    if (is_idle && host_clock_monotonic_ms() >= run->retry_at_ms) {
        run->retry_at_ms = 0;
        link_open(run);
    }
    wait(run, others, count, until_ms);
    if (signal_count > 0) return TB_STATUS(CLI_INTERRUPTED);
    if (run->socket != NULL) cli_socket_step(run->socket, host_clock_monotonic_ms());
    link_settle(run);
    link_take(run);
    link_settle(run);
    if (run->wake_at_ms != 0 && cli_run_now_ms(run) >= run->wake_at_ms) {
        run->wake_at_ms = 0;
        turn_of(run, CLIENT_EVENT_TICK);
    }
    if (run->socket != NULL) cli_socket_step(run->socket, host_clock_monotonic_ms());
    return TB_STATUS(TB_OK);
}

tb_status cli_run_until(struct cli_run *run, cli_run_test *is_done, uint64_t until_ms)
{
    run->turn_status = TB_STATUS(TB_OK);
    while (!is_done(run)) {
        if (run->is_rolled_back) return TB_STATUS(CLIENT_ROLLED_BACK);
        if (host_clock_monotonic_ms() >= until_ms) return TB_STATUS(CLI_TIMEOUT);
        TRY(cli_run_once(run, NULL, 0, until_ms));
        if (run->turn_status.code != TB_OK) return run->turn_status;
        if (is_done(run)) break; /* a refusal may come with the end of the connection */
        if (run->is_rolled_back) return TB_STATUS(CLIENT_ROLLED_BACK);
        bool may_wait = run->is_patient || run->has_been_online;
        if (!may_wait && run->link_status.code != TB_OK) return run->link_status;
    }
    return TB_STATUS(TB_OK);
}

bool cli_run_is_over(struct cli_run *run)
{
    return run->outcome.is_done || run->outcome.is_failed;
}

bool cli_run_is_told(struct cli_run *run)
{
    return cli_run_is_over(run) || run->outcome.is_delayed;
}

bool cli_run_is_synced(struct cli_run *run)
{
    return client_is_online(run->client) && run->is_synced;
}

bool cli_run_is_settled(struct cli_run *run)
{
    return cli_run_is_synced(run) && client_is_idle(run->client);
}
