#include "host/ws.h"

#include <assert.h>
#include <openssl/sha.h>
#include <string.h>

#include "wire/text.h"

enum { BIT_FINAL = 0x80, BITS_RESERVED = 0x70, BITS_OPCODE = 0x0f, BIT_MASK = 0x80, MASK_LEN = 4 };
enum { LEN_16 = 126, LEN_64 = 127 };

static bool is_control(unsigned opcode)
{
    return (opcode & 8) != 0;
}

static enum host_ws_code check_first_octet(uint8_t octet)
{
    if (octet & BITS_RESERVED) return HOST_WS_PROTOCOL; /* no extension was agreed on */
    switch (octet & BITS_OPCODE) {
    case HOST_WS_CONTINUATION:
    case HOST_WS_BINARY: return HOST_WS_OK;
    case HOST_WS_TEXT: return HOST_WS_UNSUPPORTED;
    case HOST_WS_CLOSE:
    case HOST_WS_PING:
    case HOST_WS_PONG: return octet & BIT_FINAL ? HOST_WS_OK : HOST_WS_PROTOCOL;
    default: return HOST_WS_PROTOCOL;
    }
}

enum host_ws_code host_ws_head_take(tb_bytes input, size_t payload_len_max,
                                    struct host_ws_head *out)
{
    *out = (struct host_ws_head){ .opcode = HOST_WS_CONTINUATION };
    if (input.len < 1) return HOST_WS_OK;
    enum host_ws_code code = check_first_octet(input.data[0]);
    if (code != HOST_WS_OK || input.len < 2) return code;
    if (!(input.data[1] & BIT_MASK)) return HOST_WS_PROTOCOL;

    uint8_t short_len = input.data[1] & 0x7f;
    if (is_control(input.data[0]) && short_len > HOST_WS_CONTROL_LEN_MAX) return HOST_WS_PROTOCOL;
    size_t len_len = short_len == LEN_16 ? 2 : short_len == LEN_64 ? 8 : 0;
    if (input.len < 2 + len_len) return HOST_WS_OK;
    uint64_t len = short_len;
    if (len_len == 2) len = tb_get_u16(input.data + 2);
    if (len_len == 8) len = tb_get_u64(input.data + 2);
    if ((len_len == 2 && len < LEN_16) || (len_len == 8 && len <= UINT16_MAX)) {
        return HOST_WS_PROTOCOL;
    }
    if (len > payload_len_max) return HOST_WS_TOO_LARGE;
    if (input.len < 2 + len_len + MASK_LEN) return HOST_WS_OK;

    out->opcode = (enum host_ws_opcode)(input.data[0] & BITS_OPCODE);
    out->is_final = (input.data[0] & BIT_FINAL) != 0;
    out->head_len = 2 + len_len + MASK_LEN;
    out->payload_len = (size_t)len;
    memcpy(out->mask, input.data + 2 + len_len, MASK_LEN);
    return HOST_WS_OK;
}

void host_ws_unmask(uint8_t *payload, size_t len, const uint8_t mask[4])
{
    uint64_t wide;
    memcpy(&wide, mask, 4);
    memcpy((uint8_t *)&wide + 4, mask, 4);
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, payload + i, 8);
        word ^= wide;
        memcpy(payload + i, &word, 8);
    }
    for (; i < len; i++) payload[i] ^= mask[i % 4];
}

size_t host_ws_head_put(uint8_t out[HOST_WS_HEAD_LEN_MAX], enum host_ws_opcode opcode, size_t len)
{
    out[0] = (uint8_t)(BIT_FINAL | (uint8_t)opcode);
    if (len < LEN_16) {
        out[1] = (uint8_t)len;
        return 2;
    }
    if (len <= UINT16_MAX) {
        out[1] = LEN_16;
        tb_put_u16(out + 2, (uint16_t)len);
        return 4;
    }
    out[1] = LEN_64;
    tb_put_u64(out + 2, len);
    return 10;
}

/* ------------------------------------------------------------------ messages */

static struct host_ws_rest *rest_of(struct host_ws *ws)
{
    if (ws->rest != NULL) return ws->rest;
    ws->rest = tb_mem_take(ws->mem, sizeof *ws->rest);
    if (ws->rest == NULL) return NULL;
    tb_buf_init(&ws->rest->frame, ws->mem, ws->message_len_max + HOST_WS_CLIENT_HEAD_LEN_MAX);
    tb_buf_init(&ws->rest->message, ws->mem, ws->message_len_max);
    return ws->rest;
}

void host_ws_wipe(struct host_ws *ws)
{
    if (ws->rest == NULL) return;
    tb_buf_wipe(&ws->rest->frame);
    tb_buf_wipe(&ws->rest->message);
    tb_mem_give(ws->mem, ws->rest, sizeof *ws->rest);
    ws->rest = NULL;
}

/* Nothing incomplete: nothing held. */
static void let_go(struct host_ws *ws)
{
    struct host_ws_rest *rest = ws->rest;
    if (rest == NULL) return;
    if (rest->frame.len == 0 && !rest->is_fragmented) host_ws_wipe(ws);
}

/* One whole frame, payload unmasked.  *is_over: the sink said so, touch nothing any more. */
static enum host_ws_code take_frame(struct host_ws *ws, const struct host_ws_head *head,
                                    uint8_t *payload, host_ws_sink *sink, void *sink_ctx,
                                    bool *is_over)
{
    if (is_control(head->opcode)) {
        *is_over = !sink(sink_ctx, head->opcode, payload, head->payload_len);
        return HOST_WS_OK;
    }
    bool is_begun = ws->rest != NULL && ws->rest->is_fragmented;
    if ((head->opcode == HOST_WS_CONTINUATION) != is_begun) return HOST_WS_PROTOCOL;
    if (head->is_final && !is_begun) {
        *is_over = !sink(sink_ctx, HOST_WS_BINARY, payload, head->payload_len);
        return HOST_WS_OK;
    }
    struct host_ws_rest *rest = rest_of(ws);
    if (rest == NULL) return HOST_WS_TRY_LATER;
    tb_status status = tb_buf_append(&rest->message, tb_bytes_of(payload, head->payload_len));
    if (status.code == TB_TOO_LONG) return HOST_WS_TOO_LARGE;
    if (status.code != TB_OK) return HOST_WS_TRY_LATER;
    rest->is_fragmented = !head->is_final;
    if (!head->is_final) return HOST_WS_OK;
    *is_over = !sink(sink_ctx, HOST_WS_BINARY, rest->message.data, rest->message.len);
    if (!*is_over) tb_buf_wipe(&rest->message);
    return HOST_WS_OK;
}

/*
 * Octets that the begun frame still needs, from the front of data: first those of the longest head,
 * then, once the head is known, those of the payload.
 */
static enum host_ws_code fill_frame(struct host_ws *ws, uint8_t **data, size_t *len,
                                    struct host_ws_head *head)
{
    struct host_ws_rest *rest = rest_of(ws);
    if (rest == NULL) return HOST_WS_TRY_LATER;
    for (;;) {
        enum host_ws_code code =
            host_ws_head_take(tb_buf_view(&rest->frame), ws->message_len_max, head);
        if (code != HOST_WS_OK) return code;
        size_t whole_len = head->head_len + head->payload_len;
        size_t need = head->head_len == 0 ? 1 : whole_len - rest->frame.len;
        if (need == 0 || *len == 0) return HOST_WS_OK;
        if (need > *len) need = *len;
        tb_status status = tb_buf_append(&rest->frame, tb_bytes_of(*data, need));
        if (status.code != TB_OK) return HOST_WS_TRY_LATER;
        *data += need;
        *len -= need;
    }
}

/* A frame of which something was kept.  *is_whole: it is complete, was handed on, and is gone. */
static enum host_ws_code take_kept_frame(struct host_ws *ws, uint8_t **data, size_t *len,
                                         host_ws_sink *sink, void *sink_ctx, bool *is_whole,
                                         bool *is_over)
{
    struct host_ws_head head;
    enum host_ws_code code = fill_frame(ws, data, len, &head);
    struct tb_buf *frame = code == HOST_WS_OK ? &ws->rest->frame : NULL;
    *is_whole =
        frame != NULL && head.head_len != 0 && frame->len == head.head_len + head.payload_len;
    if (!*is_whole) return code;
    uint8_t *payload = frame->data + head.head_len;
    host_ws_unmask(payload, head.payload_len, head.mask);
    code = take_frame(ws, &head, payload, sink, sink_ctx, is_over);
    if (!*is_over && ws->rest != NULL) tb_buf_wipe(frame);
    return code;
}

enum host_ws_code host_ws_feed(struct host_ws *ws, uint8_t *data, size_t len, host_ws_sink *sink,
                               void *sink_ctx)
{
    bool is_over = false;
    enum host_ws_code code = HOST_WS_OK;
    while (len > 0 && code == HOST_WS_OK) {
        struct host_ws_head head;
        bool is_kept = ws->rest != NULL && ws->rest->frame.len > 0;
        if (!is_kept) {
            code = host_ws_head_take(tb_bytes_of(data, len), ws->message_len_max, &head);
            if (code != HOST_WS_OK) break;
            is_kept = head.head_len == 0 || head.payload_len > len - head.head_len;
        }
        if (is_kept) {
            bool is_whole = false;
            code = take_kept_frame(ws, &data, &len, sink, sink_ctx, &is_whole, &is_over);
        } else {
            uint8_t *payload = data + head.head_len;
            host_ws_unmask(payload, head.payload_len, head.mask);
            data = payload + head.payload_len;
            len -= head.head_len + head.payload_len;
            code = take_frame(ws, &head, payload, sink, sink_ctx, &is_over);
        }
        if (is_over) return HOST_WS_OK;
    }
    if (code == HOST_WS_OK) let_go(ws);
    return code;
}

/* ------------------------------------------------------------------ closing and opening */

/* RFC 6455, section 7.4: which codes a peer may put on the wire. */
static bool code_may_be_sent(uint16_t code)
{
    if (code >= 3000 && code <= 4999) return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

enum host_ws_code host_ws_close_code(tb_bytes payload, uint16_t *code)
{
    *code = HOST_WS_NO_CODE;
    if (payload.len == 0) return HOST_WS_OK;
    if (payload.len == 1) return HOST_WS_PROTOCOL;
    uint16_t found = tb_get_u16(payload.data);
    if (!code_may_be_sent(found)) return HOST_WS_PROTOCOL;
    if (!wire_text_is_utf8(tb_bytes_of(payload.data + 2, payload.len - 2))) return HOST_WS_NOT_UTF8;
    *code = found;
    return HOST_WS_OK;
}

bool host_ws_key_is_valid(tb_bytes key)
{
    uint8_t nonce[16];
    size_t len = 0;
    if (key.len != HOST_WS_KEY_LEN) return false;
    tb_status status = wire_text_base64_decode(WIRE_TEXT_BASE64, key, nonce, sizeof nonce, &len);
    return status.code == TB_OK && len == sizeof nonce;
}

void host_ws_accept(tb_bytes key, char out[HOST_WS_ACCEPT_LEN])
{
    static const char salt[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t joined[HOST_WS_KEY_LEN + sizeof salt - 1], hash[SHA_DIGEST_LENGTH];
    assert(key.len == HOST_WS_KEY_LEN);
    memcpy(joined, key.data, key.len);
    memcpy(joined + key.len, salt, sizeof salt - 1);
    SHA1(joined, sizeof joined, hash); /* no secret is at stake: the RFC fixes the function */
    wire_text_base64_encode(WIRE_TEXT_BASE64, TB_ARRAY(hash), out);
}
