#include "host/client_socket.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <wslay/wslay.h>

#include "chat/protocol.h"
#include "host/client_upgrade.h"
#include "host/clock.h"

enum {
    INPUT_LEN_MAX = 65536, /* read from the transport at once */
    CONTROL_LEN_MAX = 125, /* RFC 6455, section 5.5 */
    MESSAGE_LEN_MAX = CHAT_FRAME_LEN_MAX,
    QUEUE_LEN_MAX = 4 * CHAT_FRAME_LEN_MAX,
    CLOSE_NORMAL = 1000
};

struct cli_socket {
    enum cli_socket_state state;
    tb_status status;
    char why[CLI_WHY_LEN_MAX];
    struct cli_origin origin;
    struct cli_transport *transport;
    struct tb_mem *mem;
    struct tb_rng *rng;
    wslay_frame_context_ptr frames;
    struct cli_upgrade upgrade;
    bool is_upgraded_asked;
    uint8_t input[INPUT_LEN_MAX];
    size_t input_at, input_len; /* what the frame reader has not taken */
    struct tb_buf output;
    size_t output_at;           /* what the transport has taken */
    struct tb_buf message;      /* binary message under way, or handed out */
    bool is_message_handed_out, is_message_under_way;
    uint8_t control[CONTROL_LEN_MAX];
    size_t control_len;
    uint64_t frame_left;        /* payload octets of the current frame still to come */
    bool is_in_frame;
    uint64_t opened_ms, heard_ms, pinged_ms; /* pinged_ms 0: no ping is out */
};

/* ------------------------------------------------------------------ wslay's callbacks */

static ssize_t frame_out(const uint8_t *data, size_t len, int flags, void *user)
{
    struct cli_socket *s = user;
    (void)flags;
    return tb_buf_append(&s->output, tb_bytes_of(data, len)).code == TB_OK ? (ssize_t)len : -1;
}

static ssize_t frame_in(uint8_t *out, size_t len, int flags, void *user)
{
    struct cli_socket *s = user;
    (void)flags;
    size_t left = s->input_len - s->input_at;
    size_t take = left < len ? left : len;
    if (take == 0) return -1; /* wslay: nothing now */
    memcpy(out, s->input + s->input_at, take);
    s->input_at += take;
    return (ssize_t)take;
}

static int frame_mask(uint8_t *out, size_t len, void *user)
{
    struct cli_socket *s = user;
    return s->rng->fill(s->rng->ctx, out, len) ? 0 : -1;
}

/* ------------------------------------------------------------------ ends */

static void fail(struct cli_socket *s, tb_status status, const char *why)
{
    if (s->state == CLI_SOCKET_CLOSED) return;
    cli_transport_close(s->transport);
    s->state = CLI_SOCKET_CLOSED;
    s->status = status;
    (void)snprintf(s->why, sizeof s->why, "%s", why);
}

static void fail_transport(struct cli_socket *s, tb_status status)
{
    const char *why = cli_transport_why(s->transport);
    fail(s, status, *why != 0 ? why : s->origin.authority);
}

tb_status cli_socket_new(tb_bytes origin, const char *ca_file, struct tb_mem *mem,
                         struct tb_rng *rng, struct cli_socket **out, char why[CLI_WHY_LEN_MAX])
{
    struct cli_origin parsed;
    why[0] = 0;
    TRY(cli_origin_parse(origin, &parsed));
    struct cli_socket *s = calloc(1, sizeof *s);
    if (s == NULL) return TB_STATUS(TB_NO_SPACE);
    s->state = CLI_SOCKET_CLOSED;
    s->origin = parsed;
    s->mem = mem;
    s->rng = rng;
    tb_buf_init(&s->output, mem, QUEUE_LEN_MAX);
    tb_buf_init(&s->message, mem, MESSAGE_LEN_MAX);
    tb_status status = cli_transport_new(&parsed, ca_file, &s->transport, why);
    if (status.code != TB_OK) {
        cli_socket_free(s);
        return status;
    }
    *out = s;
    return TB_STATUS(TB_OK);
}

void cli_socket_free(struct cli_socket *s)
{
    if (s == NULL) return;
    cli_transport_free(s->transport);
    if (s->frames != NULL) wslay_frame_context_free(s->frames);
    tb_buf_wipe(&s->output);
    tb_buf_wipe(&s->message);
    tb_wipe(s->input, sizeof s->input);
    free(s);
}

bool cli_socket_is_clear_text(const struct cli_socket *s)
{
    return !s->origin.is_tls && !cli_origin_is_local(&s->origin);
}

void cli_socket_open(struct cli_socket *s, uint64_t now_ms)
{
    static const struct wslay_frame_callbacks callbacks = { frame_out, frame_in, frame_mask };
    if (s->frames != NULL) wslay_frame_context_free(s->frames);
    s->frames = NULL;
    s->state = CLI_SOCKET_OPENING;
    s->status = TB_STATUS(TB_OK);
    s->why[0] = 0;
    s->is_upgraded_asked = s->is_in_frame = false;
    s->is_message_handed_out = s->is_message_under_way = false;
    s->input_at = s->input_len = s->output_at = s->control_len = 0;
    s->opened_ms = s->heard_ms = now_ms;
    s->pinged_ms = 0;
    tb_buf_clear(&s->output);
    tb_buf_clear(&s->message);
    if (wslay_frame_context_init(&s->frames, &callbacks, s) != 0) {
        s->frames = NULL;
        fail(s, TB_STATUS(TB_NO_SPACE), "no memory");
        return;
    }
    tb_status status = cli_transport_open(s->transport);
    if (status.code != TB_OK) fail_transport(s, status);
}

enum cli_socket_state cli_socket_state(const struct cli_socket *s)
{
    return s->state;
}

tb_status cli_socket_status(const struct cli_socket *s)
{
    return s->status;
}

const char *cli_socket_why(const struct cli_socket *s)
{
    return s->why;
}

/* ------------------------------------------------------------------ waiting */

int cli_socket_fd(const struct cli_socket *s)
{
    return s->state == CLI_SOCKET_CLOSED ? -1 : cli_transport_fd(s->transport);
}

short cli_socket_events(const struct cli_socket *s)
{
    return cli_transport_events(s->transport, s->output_at < s->output.len);
}

uint64_t cli_socket_deadline(const struct cli_socket *s, uint64_t now_ms)
{
    if (s->state == CLI_SOCKET_CLOSED) return UINT64_MAX;
    if (s->state == CLI_SOCKET_OPENING) return s->opened_ms + CLI_SOCKET_CONNECT_MS_MAX;
    if (cli_transport_has_input(s->transport) || s->input_at < s->input_len) return now_ms;
    if (s->pinged_ms != 0) return s->pinged_ms + CLI_SOCKET_PONG_MS_MAX;
    return s->heard_ms + CLI_SOCKET_PING_MS;
}

/* ------------------------------------------------------------------ out */

static bool send_frame(struct cli_socket *s, uint8_t opcode, tb_bytes payload)
{
    struct wslay_frame_iocb frame = {
        .fin = 1, .opcode = opcode, .payload_length = payload.len, .mask = 1,
        .data = payload.data, .data_length = payload.len,
    };
    ssize_t sent = wslay_frame_send(s->frames, &frame);
    if (sent == (ssize_t)payload.len) return true;
    fail(s, TB_STATUS(TB_NO_SPACE), "no memory or no randomness for a frame");
    return false;
}

tb_status cli_socket_send(struct cli_socket *s, tb_bytes message)
{
    enum { FRAME_HEAD_LEN_MAX = 14 };
    if (s->state != CLI_SOCKET_OPEN) return TB_STATUS(CLI_CLOSED);
    if (s->output.len + message.len + FRAME_HEAD_LEN_MAX > QUEUE_LEN_MAX) {
        return TB_STATUS(CLI_QUEUE);
    }
    return TB_STATUS(send_frame(s, WSLAY_BINARY_FRAME, message) ? TB_OK : CLI_CLOSED);
}

static void flush(struct cli_socket *s)
{
    while (s->output_at < s->output.len) {
        size_t done = 0;
        tb_bytes left = tb_bytes_of(s->output.data + s->output_at, s->output.len - s->output_at);
        tb_status status = cli_transport_write(s->transport, left, &done);
        if (status.code != TB_OK) {
            fail_transport(s, status);
            return;
        }
        if (done == 0) return;
        s->output_at += done;
    }
    tb_buf_clear(&s->output);
    s->output_at = 0;
}

/* ------------------------------------------------------------------ in */

static void read_input(struct cli_socket *s, uint64_t now_ms)
{
    size_t done = 0;
    if (s->input_at < s->input_len && s->state == CLI_SOCKET_OPEN) return;
    if (s->state == CLI_SOCKET_OPEN) s->input_at = s->input_len = 0;
    if (s->input_len == sizeof s->input) return;
    tb_status status = cli_transport_read(s->transport, s->input + s->input_len,
                                          sizeof s->input - s->input_len, &done);
    if (status.code != TB_OK) {
        fail_transport(s, status);
        return;
    }
    s->input_len += done;
    if (done > 0) s->heard_ms = now_ms;
}

static void step_opening(struct cli_socket *s, uint64_t now_ms)
{
    bool is_ready = false;
    size_t used = 0;
    char why[CLI_WHY_LEN_MAX] = "";
    tb_status status = cli_transport_step(s->transport, &is_ready);
    if (status.code != TB_OK) {
        fail_transport(s, status);
        return;
    }
    if (!is_ready) return;
    if (!s->is_upgraded_asked) {
        status = cli_upgrade_request(&s->upgrade, s->origin.authority, s->rng, &s->output);
        if (status.code != TB_OK) {
            fail(s, status, "no memory or no randomness");
            return;
        }
        s->is_upgraded_asked = true;
    }
    flush(s);
    if (s->state == CLI_SOCKET_OPENING) read_input(s, now_ms);
    if (s->state != CLI_SOCKET_OPENING || s->input_len == 0) return;
    status = cli_upgrade_answer(&s->upgrade, tb_bytes_of(s->input, s->input_len), &used, why);
    if (status.code != TB_OK) {
        fail(s, status, why);
    } else if (used > 0) {
        s->input_at = used;
        s->state = CLI_SOCKET_OPEN;
    }
}

void cli_socket_step(struct cli_socket *s, uint64_t now_ms)
{
    if (s->state == CLI_SOCKET_OPENING) {
        step_opening(s, now_ms);
        if (s->state == CLI_SOCKET_OPENING &&
            now_ms >= s->opened_ms + CLI_SOCKET_CONNECT_MS_MAX) {
            fail(s, TB_STATUS(CLI_TIMEOUT), s->origin.authority);
        }
    }
    if (s->state != CLI_SOCKET_OPEN) return;
    flush(s);
    if (s->state == CLI_SOCKET_OPEN) read_input(s, now_ms);
    if (s->state != CLI_SOCKET_OPEN) return;
    if (s->pinged_ms != 0 && s->heard_ms >= s->pinged_ms) s->pinged_ms = 0;
    if (s->pinged_ms != 0 && now_ms >= s->pinged_ms + CLI_SOCKET_PONG_MS_MAX) {
        fail(s, TB_STATUS(CLI_TIMEOUT), "the hub no longer answers");
    } else if (s->pinged_ms == 0 && now_ms >= s->heard_ms + CLI_SOCKET_PING_MS) {
        if (!send_frame(s, WSLAY_PING, (tb_bytes){ 0 })) return;
        s->pinged_ms = now_ms;
        flush(s);
    }
}

/* A whole control frame. */
static void take_control(struct cli_socket *s, uint8_t opcode)
{
    char why[CLI_WHY_LEN_MAX];
    if (opcode == WSLAY_PING) {
        (void)send_frame(s, WSLAY_PONG, tb_bytes_of(s->control, s->control_len));
    } else if (opcode == WSLAY_CONNECTION_CLOSE) {
        unsigned code = s->control_len >= 2 ? tb_get_u16(s->control) : CLOSE_NORMAL;
        int len = s->control_len > 2 ? (int)s->control_len - 2 : 0;
        (void)snprintf(why, sizeof why, "close %u%s%.*s", code, len > 0 ? ", " : "", len,
                       (const char *)s->control + 2);
        fail(s, TB_STATUS(CLI_CLOSED), why);
    }
}

/* The first octets of a frame: is it one that a hub may send?  RFC 6455, sections 5.1 to 5.5. */
static bool is_allowed(const struct cli_socket *s, const struct wslay_frame_iocb *frame)
{
    bool is_control = (frame->opcode & 8) != 0;
    if (frame->mask != 0 || frame->rsv != 0) return false;
    switch (frame->opcode) {
    case WSLAY_BINARY_FRAME: return !s->is_message_under_way;
    case WSLAY_CONTINUATION_FRAME: return s->is_message_under_way;
    case WSLAY_PING: case WSLAY_PONG: case WSLAY_CONNECTION_CLOSE:
        return is_control && frame->fin == 1 && frame->payload_length <= CONTROL_LEN_MAX;
    default: return false;
    }
}

/* One piece of a frame; true when it ends a binary message. */
static bool take_piece(struct cli_socket *s, const struct wslay_frame_iocb *frame)
{
    bool is_control = (frame->opcode & 8) != 0;
    if (!s->is_in_frame) {
        if (!is_allowed(s, frame)) {
            fail(s, TB_STATUS(CLI_FRAME), "a frame that no hub may send");
            return false;
        }
        s->is_in_frame = true;
        s->frame_left = frame->payload_length;
        if (is_control) s->control_len = 0;
        else s->is_message_under_way = true;
    }
    s->frame_left -= frame->data_length;
    if (is_control) {
        if (frame->data_length > 0) {
            memcpy(s->control + s->control_len, frame->data, frame->data_length);
        }
        s->control_len += frame->data_length;
    } else if (tb_buf_append(&s->message, tb_bytes_of(frame->data, frame->data_length)).code !=
               TB_OK) {
        fail(s, TB_STATUS(CLI_FRAME), "a message over the limit");
        return false;
    }
    if (s->frame_left > 0) return false;
    s->is_in_frame = false;
    if (is_control) take_control(s, frame->opcode);
    else if (frame->fin == 1) s->is_message_under_way = false;
    return !is_control && frame->fin == 1;
}

bool cli_socket_take(struct cli_socket *s, tb_bytes *message)
{
    if (s->is_message_handed_out) tb_buf_clear(&s->message);
    s->is_message_handed_out = false;
    while (s->state == CLI_SOCKET_OPEN) {
        struct wslay_frame_iocb frame;
        memset(&frame, 0, sizeof frame);
        ssize_t got = wslay_frame_recv(s->frames, &frame);
        if (got == WSLAY_ERR_WANT_READ) return false;
        if (got < 0) {
            fail(s, TB_STATUS(CLI_FRAME), "a frame that does not parse");
            return false;
        }
        if (!take_piece(s, &frame)) continue;
        s->is_message_handed_out = true;
        *message = tb_buf_view(&s->message);
        return true;
    }
    return false;
}

void cli_socket_close(struct cli_socket *s)
{
    uint8_t code[2];
    uint64_t until_ms = host_clock_monotonic_ms() + CLI_SOCKET_CLOSE_MS_MAX;
    if (s->state == CLI_SOCKET_OPEN) {
        tb_put_u16(code, CLOSE_NORMAL);
        if (send_frame(s, WSLAY_CONNECTION_CLOSE, TB_ARRAY(code))) flush(s);
        for (; s->state == CLI_SOCKET_OPEN && s->output_at < s->output.len; flush(s)) {
            struct pollfd ready = { cli_transport_fd(s->transport), POLLOUT, 0 };
            uint64_t now_ms = host_clock_monotonic_ms();
            if (now_ms >= until_ms || poll(&ready, 1, (int)(until_ms - now_ms)) <= 0) break;
        }
    }
    cli_transport_close(s->transport);
    s->state = CLI_SOCKET_CLOSED;
    s->status = TB_STATUS(TB_OK);
}
