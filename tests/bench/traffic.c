/* Messages, pages and cursors as octets: what the generator sends and reads while it is timed. */
#include <stdlib.h>
#include <string.h>

#include "chat/content.h"
#include "chat/frank.h"
#include "chat/safe_aad.h"
#include "tests/bench/bench.h"
#include "tests/bench/world.h"

uint8_t *bench_submit_frame(struct bench_world *world, struct bench_room *room, size_t text_len,
                            size_t *len, size_t *id_offset, uint8_t tag[32])
{
    static uint8_t text[65536];
    struct chat_content content;
    struct chat_content_head head = { .sender_uri = room->creator->uri, .room_uri = room->uri };
    uint8_t aad[CHAT_SAFE_AAD_TAG_LEN];
    struct tb_arena arena;
    tb_bytes data, message, body;
    tb_arena_init(&arena, &world->mem, 1 << 22);
    memset(text, 'm', text_len);
    if (!tb_is_ok(chat_content_init(&head, &world->rng, &content))) bench_die("content");
    chat_content_set_text(&content, tb_bytes_of(text, text_len));
    if (!tb_is_ok(chat_content_frame(&content, &world->mem, &arena, &data)) ||
        !tb_is_ok(chat_frank_tag(&world->suite, content.salt, data, tag))) {
        bench_die("content");
    }
    chat_safe_aad_of_tag(tag, aad);
    struct chat_submit submit = { .room_uri = room->uri, .sending_uri = room->creator->uri };
    if (!tb_is_ok(mls_group_protect(room->group, TB_ARRAY(aad), data, 0, &arena, &message))) {
        bench_die("protect");
    }
    submit.app_message = message;
    if (!tb_is_ok(wire_encode(&chat_submit_desc, &submit, &arena, &body))) bench_die("submit");
    uint8_t *frame = malloc(body.len + 32);
    if (frame == NULL) bench_die("no memory");
    size_t at = bench_frame_wrap(frame, body.len + 6);
    *id_offset = at;
    tb_put_u32(frame + at, 0);
    tb_put_u16(frame + at + 4, CHAT_VERB_SUBMIT);
    memcpy(frame + at + 6, body.data, body.len);
    *len = at + 6 + body.len;
    tb_arena_wipe(&arena);
    return frame;
}

static size_t put_cursor(uint8_t *out, tb_bytes room, uint64_t log_seq)
{
    size_t inner = wire_length_size(room.len) + room.len + 8;
    uint8_t *at = wire_length_put(out, inner);
    at = wire_length_put(at, room.len);
    memcpy(at, room.data, room.len);
    tb_put_u64(at + room.len, log_seq);
    return (size_t)(at + room.len + 8 - out);
}

void bench_subscribe(struct bench_conn *conn, tb_bytes room, uint64_t log_seq)
{
    uint8_t body[512];
    size_t len = put_cursor(body, room, log_seq);
    if (bench_conn_call(conn, CHAT_VERB_SUBSCRIBE, body, len, NULL, NULL) != CHAT_CODE_OK) {
        bench_die("subscribe is refused");
    }
}

void bench_cursor_ack(struct bench_conn *conn, tb_bytes room, uint64_t log_seq)
{
    uint8_t frame[640], body[512];
    size_t len = put_cursor(body, room, log_seq);
    size_t at = bench_frame_wrap(frame, len + 6);
    tb_put_u32(frame + at, 0); /* no answer */
    tb_put_u16(frame + at + 4, CHAT_VERB_CURSOR_ACK);
    memcpy(frame + at + 6, body, len);
    bench_conn_raw(conn, frame, at + 6 + len);
}

/* Every octet string of a page is read by its length alone. */
static bool take_opaque(tb_bytes *in, tb_bytes *out)
{
    size_t len;
    if (!tb_is_ok(wire_length_take(in, &len)) || in->len < len) return false;
    *out = tb_bytes_of(in->data, len);
    *in = tb_bytes_of(in->data + len, in->len - len);
    return true;
}

static bool skip(tb_bytes *in, size_t len)
{
    if (in->len < len) return false;
    *in = tb_bytes_of(in->data + len, in->len - len);
    return true;
}

static bool take_message(tb_bytes *in, uint64_t *room_seq, tb_bytes *message)
{
    tb_bytes ignored;
    if (!skip(in, 8) || !take_opaque(in, &ignored) || !take_opaque(in, message) || !skip(in, 34) ||
        !take_opaque(in, &ignored) || in->len < 10) {
        return false;
    }
    *room_seq = tb_get_u64(in->data + 2);
    return skip(in, 50) && take_opaque(in, &ignored);
}

bool bench_page_read(const uint8_t *payload, size_t len, struct bench_page_view *out,
                     bench_on_message *on_message, void *user)
{
    tb_bytes in = tb_bytes_of(payload, len), entries, message;
    uint64_t room_seq;
    memset(out, 0, sizeof *out);
    if (len < 3 || payload[0] != CHAT_FRAME_PUSH || tb_get_u16(payload + 1) != CHAT_PUSH_PAGE) {
        return false;
    }
    if (!skip(&in, 3) || !take_opaque(&in, &out->room) || !take_opaque(&in, &entries)) return false;
    while (entries.len > 9) {
        uint64_t log_seq = tb_get_u64(entries.data);
        uint8_t kind = entries.data[8];
        if (out->first_log_seq == 0) out->first_log_seq = log_seq;
        out->last_log_seq = log_seq;
        if (kind != CHAT_ENTRY_MESSAGE) return true; /* such a page holds one entry */
        if (!skip(&entries, 9) || !take_message(&entries, &room_seq, &message)) {
            bench_die("a page does not parse");
        }
        out->message_count++;
        if (on_message != NULL) on_message(user, out->room, room_seq, message);
    }
    return true;
}
