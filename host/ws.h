/*
 * WebSocket framing of a server (RFC 6455, section 5): octets in, whole messages out.
 *
 * A connection at rest holds no buffer.  Frames that arrive whole are unmasked where the socket was
 * read to; only what is incomplete is kept, in `struct host_ws_rest`, made on demand and ended as
 * soon as the message is complete.
 */
#ifndef TB_HOST_WS_H
#define TB_HOST_WS_H

#include "base/mem.h"

enum host_ws_opcode {
    HOST_WS_CONTINUATION = 0,
    HOST_WS_TEXT = 1,
    HOST_WS_BINARY = 2,
    HOST_WS_CLOSE = 8,
    HOST_WS_PING = 9,
    HOST_WS_PONG = 10
};

/*
 * Close codes: RFC 6455, section 7.4.1, and ours.  A close that the engine asked for has the number
 * of its chat code on top of HOST_WS_ENGINE.
 */
enum host_ws_code {
    HOST_WS_OK = 0, /* none */
    HOST_WS_NORMAL = 1000,
    HOST_WS_GOING_AWAY = 1001,
    HOST_WS_PROTOCOL = 1002,
    HOST_WS_UNSUPPORTED = 1003, /* a text frame */
    HOST_WS_NO_CODE = 1005,     /* never sent */
    HOST_WS_NOT_UTF8 = 1007,
    HOST_WS_TOO_LARGE = 1009,
    HOST_WS_INTERNAL = 1011,
    HOST_WS_TRY_LATER = 1013,   /* the hub's memory for unfinished frames is used up */
    HOST_WS_ENGINE = 4000,
    HOST_WS_TOO_SLOW = 4900,    /* the queue towards this client is full */
    HOST_WS_FRAME_TIMEOUT = 4901,
    HOST_WS_PONG_TIMEOUT = 4902
};

enum {
    HOST_WS_CLIENT_HEAD_LEN_MAX = 14, /* with mask */
    HOST_WS_HEAD_LEN_MAX = 10,        /* without */
    HOST_WS_CONTROL_LEN_MAX = 125
};

struct host_ws_head {
    enum host_ws_opcode opcode;
    bool is_final;
    size_t head_len;
    size_t payload_len;
    uint8_t mask[4];
};

/*
 * The head of a client's frame.  HOST_WS_OK with head_len 0: more octets are needed.  Refusals:
 * HOST_WS_PROTOCOL for what RFC 6455 forbids (reserved bits and opcodes, no mask, a length in a
 * longer form than needed, a long or fragmented control frame), HOST_WS_UNSUPPORTED for text,
 * HOST_WS_TOO_LARGE over payload_len_max; each as soon as it can be seen.
 */
enum host_ws_code host_ws_head_take(tb_bytes input, size_t payload_len_max,
                                    struct host_ws_head *out);
void host_ws_unmask(uint8_t *payload, size_t len, const uint8_t mask[4]);
/* Head of a server's frame, final and unmasked; the number of octets written. */
size_t host_ws_head_put(uint8_t out[HOST_WS_HEAD_LEN_MAX], enum host_ws_opcode opcode, size_t len);

/* What came of a message or frame that is not complete. */
struct host_ws_rest {
    struct tb_buf frame;   /* head and masked payload */
    struct tb_buf message; /* fragments, unmasked */
    bool is_fragmented;    /* a message has begun and its last fragment is missing */
};
struct host_ws {
    struct tb_mem *mem;   /* its ceiling bounds the rests of all connections together */
    size_t message_len_max;
    struct host_ws_rest *rest; /* NULL while nothing is incomplete */
};

/*
 * A whole binary message or control frame.  payload may be changed, and ends with the call.  Return
 * false when the connection is over; its host_ws may have been wiped then.
 */
typedef bool host_ws_sink(void *ctx, enum host_ws_opcode opcode, uint8_t *payload, size_t len);

/* Take what the socket gave; data is changed in place.  Anything but HOST_WS_OK: close with it. */
enum host_ws_code host_ws_feed(struct host_ws *ws, uint8_t *data, size_t len, host_ws_sink *sink,
                               void *sink_ctx);
void host_ws_wipe(struct host_ws *ws);

/* The code in a close frame's payload: HOST_WS_NO_CODE when empty; HOST_WS_PROTOCOL or
 * HOST_WS_NOT_UTF8 when it may not be sent so. */
enum host_ws_code host_ws_close_code(tb_bytes payload, uint16_t *code);

/* RFC 6455, section 4.2.2: what proves that the upgrade was understood. */
enum { HOST_WS_KEY_LEN = 24, HOST_WS_ACCEPT_LEN = 28 };
bool host_ws_key_is_valid(tb_bytes key);
void host_ws_accept(tb_bytes key, char out[HOST_WS_ACCEPT_LEN]);

#endif
