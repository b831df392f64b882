/* A client's octets on a WebSocket, whole and in pieces (the first octet says how long a piece is):
 * the same messages come out, the same close code, and nothing is kept once nothing is incomplete.
 * covers: host_ws_feed host_ws_head_take host_ws_unmask host_ws_close_code host_ws_head_put */
#include "host/ws.h"
#include "tests/fuzz/fuzz.h"

enum { MESSAGE_LEN_MAX = 4096, PIECE_LEN_MAX = 40 };

struct transcript {
    uint64_t hash;
    bool is_over; /* a close frame came: what follows is not looked at */
};

static void add(struct transcript *transcript, const uint8_t *data, size_t len)
{
    const uint64_t prime = 1099511628211u; /* FNV-1a */
    for (size_t i = 0; i < len; i++) transcript->hash = (transcript->hash ^ data[i]) * prime;
    transcript->hash = (transcript->hash ^ len) * prime;
}

static bool take(void *ctx, enum host_ws_opcode opcode, uint8_t *payload, size_t len)
{
    struct transcript *transcript = ctx;
    uint8_t kind = (uint8_t)opcode, head[HOST_WS_HEAD_LEN_MAX];
    uint16_t code = 0;
    FUZZ_REQUIRE(opcode == HOST_WS_BINARY ? len <= MESSAGE_LEN_MAX
                                          : len <= HOST_WS_CONTROL_LEN_MAX);
    FUZZ_REQUIRE(opcode == HOST_WS_BINARY || opcode >= HOST_WS_CLOSE);
    size_t head_len = host_ws_head_put(head, opcode, len);
    FUZZ_REQUIRE(head_len == (len < 126 ? 2 : 4) && head[0] == (0x80 | kind));
    if (opcode == HOST_WS_CLOSE && host_ws_close_code(tb_bytes_of(payload, len), &code) == 0) {
        FUZZ_REQUIRE(code == HOST_WS_NO_CODE || code >= 1000);
    }
    add(transcript, &kind, 1);
    add(transcript, payload, len);
    if (len != 0) memset(payload, 0, len); /* the sink may change it */
    transcript->is_over = opcode == HOST_WS_CLOSE;
    return !transcript->is_over;
}

static enum host_ws_code feed_all(tb_bytes input, size_t piece_len, struct tb_arena *arena,
                                  struct transcript *transcript)
{
    struct host_ws ws = { .mem = arena->mem, .message_len_max = MESSAGE_LEN_MAX };
    enum host_ws_code code = HOST_WS_OK;
    for (size_t at = 0; at < input.len && code == HOST_WS_OK; at += piece_len) {
        uint8_t *piece = tb_arena_take(arena, piece_len, 1);
        size_t len = input.len - at < piece_len ? input.len - at : piece_len;
        if (piece == NULL) break;
        memcpy(piece, input.data + at, len);
        code = host_ws_feed(&ws, piece, len, take, transcript);
        if (transcript->is_over || code != HOST_WS_OK) break;
        FUZZ_REQUIRE(ws.rest == NULL || ws.rest->frame.len > 0 || ws.rest->is_fragmented);
    }
    host_ws_wipe(&ws);
    return code;
}

FUZZ_TARGET(input, arena)
{
    if (input.len < 2) return;
    size_t piece_len = 1 + input.data[0] % PIECE_LEN_MAX;
    tb_bytes stream = { input.data + 1, input.len - 1 };
    if (stream.len > 1 << 14) return;
    struct transcript whole = { 14695981039346656037u, false }, pieces = whole;
    enum host_ws_code whole_code = feed_all(stream, stream.len, arena, &whole);
    enum host_ws_code pieces_code = feed_all(stream, piece_len, arena, &pieces);
    FUZZ_REQUIRE(whole_code == pieces_code && whole.is_over == pieces.is_over);
    FUZZ_REQUIRE(whole.hash == pieces.hash);
}
