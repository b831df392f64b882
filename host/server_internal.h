/* What the files of the server share. */
#ifndef TB_HOST_SERVER_INTERNAL_H
#define TB_HOST_SERVER_INTERNAL_H

#include <uv.h>

#include "host/clock.h"
#include "host/http.h"
#include "host/public.h"
#include "host/server.h"
#include "host/tls.h"
#include "host/ws.h"

enum {
    SERVER_READ_LEN = 64 << 10,       /* what one read of a socket takes at most */
    SERVER_IOV_COUNT_MAX = 256,       /* pieces of one gathered write */
    SERVER_ACCEPT_COUNT_MAX = 64,     /* connections accepted in a row */
    SERVER_INLINE_BLOB_COUNT = 3,     /* a queue this short needs no memory of its own */
    SERVER_SLOT_BITS = 24,            /* of a connection's name: its place in `slots` */
    SERVER_TIMER_GRAIN_MS = 100,      /* time-outs come this much late at most */
    SERVER_METER_COUNT = 4096,        /* places for the meters of addresses that send notices */
    SERVER_LISTENER_COUNT_MAX = 2 * HOST_LISTEN_COUNT_MAX + 1
};

/* ------------------------------------------------------------------ time-outs (server_timer.c) */

/* What a connection is waited for.  Each has a fixed length, so a list in order of arrival is in
 * order of expiry. */
enum server_wait {
    WAIT_NONE,
    WAIT_HANDSHAKE,
    WAIT_HEAD,
    WAIT_BODY,
    WAIT_ANSWER,
    WAIT_FRAME,
    WAIT_PING,
    WAIT_PONG,
    WAIT_CLOSE,
    WAIT_WRITE, /* beside one of the others */
    WAIT_COUNT
};
struct server_timer {
    struct server_timer *before, *after; /* in the list of its wait; NULL when in none */
    uint8_t wait;
    uint64_t at_ms; /* of the loop's clock */
};

/* ------------------------------------------------------------------ connections */

enum server_state {
    CONN_HTTP = 1,    /* reads a head */
    CONN_BODY,        /* reads a body */
    CONN_ANSWER,      /* the engine has the request */
    CONN_SOCKET,      /* a WebSocket */
    CONN_LAST_WRITE,  /* what is queued is sent, then it ends */
    CONN_LINGER,      /* our side is closed; the client's is waited for */
    CONN_DEAD
};
enum server_role { ROLE_PUBLIC = 1, ROLE_METRICS, ROLE_ADMIN };

/* A request on its way in; exists while one is. */
struct server_request {
    struct tb_buf in;
    size_t looked_at;  /* for the head's end */
    size_t head_len;   /* 0 until the head is complete */
    size_t body_len;
    uint16_t verb;
    bool has_token, is_kept_alive, is_head;
    uint8_t token[HOST_HTTP_TOKEN_LEN];
    /* of a route for people without an account: */
    uint8_t form; /* enum public_form; PUBLIC_NONE: a request of a client */
    bool is_french;
    uint64_t first, second; /* numbers in the address */
    uint8_t secret[CHAT_NOTICE_SECRET_LEN];
};

/* Notices from one address in the hour since from_ms. */
struct server_meter {
    uint64_t from_ms, count;
};

struct server_queue {
    struct hub_blob **at; /* NULL: `few` */
    struct hub_blob *few[SERVER_INLINE_BLOB_COUNT];
    uint32_t first, count, cap; /* a ring of cap places */
    size_t sent; /* octets of the first blob that are gone */
    size_t bytes; /* octets that wait */
};

struct server_conn {
    uv_poll_t poll; /* first: the handle is the connection */
    struct host_server *server;
    hub_conn id;      /* as a WebSocket; 0 otherwise */
    hub_conn post_id; /* of the request that the engine has */
    int fd;
    uint32_t slot;
    uint8_t state, role, events;
    bool is_dirty;      /* in the server's list of those to be written to */
    bool is_paused;     /* too much waits for it: it is not read */
    bool owes_drained;  /* its queue was above the low mark */
    bool is_thirsty;    /* in the list of those whose DRAINED is due */
    bool is_close_sent; /* the closing frame is queued */
    struct server_timer wait, write_wait;
    struct server_conn *dirty_next, *gone_next, *thirsty_next;
    struct server_queue queue;
    struct host_ws ws;
    struct server_request *request;
    struct host_tls_session *tls;
    struct tb_buf *cipher; /* ciphertext that the socket did not take */
    struct host_peer peer;
};

struct server_listener {
    uv_poll_t poll;
    struct host_server *server;
    int fd;
    enum server_role role;
    bool is_open;
};

struct server_counts {
    uint64_t accepted, refused, closed, timed_out, frames_in, bytes_in, bytes_out, writes;
    uint64_t turns, turns_refused, turn_us, requests, upgrades, slow_closed, checkpoints;
    uint64_t http_answers[6]; /* by hundreds */
};

struct host_server {
    struct host_server_config config;
    struct tb_mem *mem;
    struct tb_mem receive_mem; /* with the ceiling for what is unfinished */
    uv_loop_t loop;
    uv_check_t check;
    uv_idle_t again;
    uv_timer_t timer, wake, drain;
    uv_signal_t signals[3];
    uv_work_t checkpoint;
    bool is_checkpointing;
    struct server_listener listeners[SERVER_LISTENER_COUNT_MAX];
    size_t listener_count;
    int spare_fd; /* given up to refuse a connection when there are no descriptors left */

    struct server_conn **slots;
    uint32_t *free_slots;
    uint32_t slot_count, free_count;
    uint64_t name_count;
    size_t conn_count;

    struct server_timer waits[WAIT_COUNT]; /* heads of the lists */
    uint64_t timer_at_ms;                  /* 0: not armed */

    struct hub_effects effects;
    struct host_clock clock;
    uint64_t now_ms; /* Unix, of the turn */
    uint64_t turn_began_us;
    size_t turn_count, turn_bytes;
    bool is_in_turn, is_ending_turn;
    struct server_conn *dirty;   /* to be written to at the end of the turn */
    struct server_conn *gone;    /* the engine is still to hear that they are closed */
    struct server_conn *thirsty; /* and that these are drained */

    bool is_draining, is_store_well, is_running;
    struct host_tls *tls;
    struct host_tls_io tls_io;
    uint8_t *read_buffer;  /* SERVER_READ_LEN */
    uint8_t *plain_buffer; /* the same, for what was deciphered */
    uint8_t *gather_buffer; /* HOST_TLS_RECORD_LEN_MAX */
    char style_source[80];
    struct server_meter notice_meters[SERVER_METER_COUNT];
    uint64_t notice_seed;
    struct server_counts counts;
};

/* server.c: the two ends of host_server_run, for whoever turns the loop otherwise. */
void server_listen_start(struct host_server *server);
void server_end_all(struct host_server *server);

/* server_timer.c */
void server_timer_init(struct host_server *server);
void server_wait_for(struct server_conn *conn, enum server_wait wait); /* replaces what it had */
void server_wait_write(struct server_conn *conn, bool is_waiting);
void server_wait_forget(struct server_conn *conn);

/* server_conn.c */
void server_accept(struct server_listener *listener);
void server_conn_interest(struct server_conn *conn); /* tell the loop what is wanted now */
void server_conn_end(struct server_conn *conn);      /* at once; the engine hears of it */
void server_conn_finish(struct server_conn *conn);   /* after what is queued */
struct server_conn *server_conn_find(struct host_server *server, hub_conn id);
hub_conn server_conn_name(struct server_conn *conn); /* a fresh one, never reused */
void server_conn_expired(struct server_conn *conn, enum server_wait wait);

/* server_out.c: blobs are taken over. */
void server_send(struct server_conn *conn, struct hub_blob *blob);
void server_queue_wipe(struct server_queue *queue, struct tb_mem *mem);
void server_flush(struct server_conn *conn); /* one gathered write */
void server_flush_tls_control(struct server_conn *conn); /* what OpenSSL itself wants to say */

/* server_socket.c */
void server_socket_begin(struct server_conn *conn);
void server_socket_feed(struct server_conn *conn, uint8_t *data, size_t len);
void server_socket_send(struct server_conn *conn, struct hub_blob *blob); /* one binary message */
void server_socket_ping(struct server_conn *conn);
void server_socket_close(struct server_conn *conn, uint16_t ws_code);

/* server_http.c */
void server_http_feed(struct server_conn *conn, const uint8_t *data, size_t len);
void server_http_answer(struct server_conn *conn, uint16_t chat_code, struct hub_blob *body);
void server_http_problem(struct server_conn *conn, unsigned status, const char *code,
                         const char *detail);
void server_http_reply(struct server_conn *conn, const struct host_http_answer *answer);
void server_http_refusal(struct server_conn *conn, uint16_t code, tb_bytes detail, uint64_t value);
/* The engine's request of the connection's `verb`; is_page: made here from a public form. */
void server_http_ask(struct server_conn *conn, tb_bytes body, bool is_page);
void server_request_free(struct server_conn *conn);

/* server_page.c: true when the path is one of the pages. */
bool server_page(struct server_conn *conn, const struct host_http_request *request);
void server_page_init(struct host_server *server);
TB_MUST_USE tb_status server_page_wrap(const char *lang, const struct tb_buf *body,
                                       struct tb_buf *out);
/* server_public.c: the same for routes of people without an account. */
bool server_public(struct server_conn *conn, const struct host_http_request *head);
bool server_public_page(struct server_conn *conn, const struct host_http_request *head);
void server_public_body(struct server_conn *conn); /* it has come whole */
void server_public_answer(struct server_conn *conn, uint16_t code, tb_bytes octets);
/* server_metrics.c */
void server_metrics_page(struct server_conn *conn, const struct host_http_request *request);

/* server_turn.c */
void server_turn_event(struct host_server *server, const struct hub_event *event);
void server_turn_end(struct host_server *server); /* nothing when no turn is open */
void server_turn_init(struct host_server *server);

#endif
