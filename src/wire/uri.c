#include "wire/uri.h"

#include <assert.h>
#include <string.h>

enum { LABEL_MAX = 63 }; /* RFC 1035, section 2.3.4 */

static bool is_lower_or_digit(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_label(tb_bytes label)
{
    if (label.len == 0 || label.len > LABEL_MAX) return false;
    if (label.data[0] == '-' || label.data[label.len - 1] == '-') return false;
    for (size_t i = 0; i < label.len; i++) {
        if (!is_lower_or_digit(label.data[i]) && label.data[i] != '-') return false;
    }
    return true;
}

bool wire_uri_is_domain(tb_bytes text)
{
    if (text.len == 0 || text.len > WIRE_URI_DOMAIN_MAX) return false;
    size_t start = 0;
    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && text.data[i] != '.') continue;
        if (!is_label((tb_bytes){ text.data + start, i - start })) return false;
        start = i + 1;
    }
    return true;
}

bool wire_uri_is_id(tb_bytes text)
{
    if (text.len == 0 || text.len > WIRE_URI_ID_MAX) return false;
    bool is_dots = text.len <= 2;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool is_mark = c == '-' || c == '.' || c == '_' || c == '~';
        if (!is_lower_or_digit(c) && !(c >= 'A' && c <= 'Z') && !is_mark) return false;
        if (c != '.') is_dots = false;
    }
    return !is_dots;
}

/* What stands before the first slash of *rest, which then begins behind that slash; without a
 * slash all of it, and *has_more is false. */
static tb_bytes take_segment(tb_bytes *rest, bool *has_more)
{
    size_t len = 0;
    while (len < rest->len && rest->data[len] != '/') len++;
    tb_bytes segment = { rest->data, len };
    *has_more = len < rest->len;
    size_t skip = *has_more ? len + 1 : len;
    *rest = (tb_bytes){ rest->data + skip, rest->len - skip };
    return segment;
}

tb_status wire_uri_parse(tb_bytes text, struct wire_uri *out)
{
    const tb_bytes scheme = TB_LITERAL("mimi://");
    struct wire_uri uri = { .kind = WIRE_URI_PROVIDER };
    bool has_more;
    if (text.len > WIRE_URI_LEN_MAX || !tb_bytes_starts_with(text, scheme)) {
        return TB_STATUS(WIRE_URI);
    }
    tb_bytes rest = { text.data + scheme.len, text.len - scheme.len };
    uri.domain = take_segment(&rest, &has_more);
    if (!wire_uri_is_domain(uri.domain)) return TB_STATUS(WIRE_URI);
    if (has_more) {
        tb_bytes letter = take_segment(&rest, &has_more);
        if (letter.len != 1 || !has_more) return TB_STATUS(WIRE_URI);
        tb_bytes id = take_segment(&rest, &has_more);
        if (!wire_uri_is_id(id)) return TB_STATUS(WIRE_URI);
        if (letter.data[0] == 'u') {
            uri.kind = WIRE_URI_USER;
            uri.user = id;
        } else if (letter.data[0] == 'r') {
            uri.kind = WIRE_URI_ROOM;
            uri.room = id;
        } else if (letter.data[0] == 'd' && has_more) {
            uri.kind = WIRE_URI_DEVICE;
            uri.user = id;
            uri.device = take_segment(&rest, &has_more);
            if (!wire_uri_is_id(uri.device)) return TB_STATUS(WIRE_URI);
        } else {
            return TB_STATUS(WIRE_URI);
        }
        if (has_more) return TB_STATUS(WIRE_URI);
    }
    *out = uri;
    return TB_STATUS(TB_OK);
}

/* The parts of the text in order; absent parts are empty.  False when the struct is not a URI. */
enum { PARTS = 6 };
static bool parts_of(const struct wire_uri *uri, tb_bytes parts[PARTS])
{
    const tb_bytes none = { NULL, 0 };
    bool has_user = uri->kind == WIRE_URI_USER || uri->kind == WIRE_URI_DEVICE;
    bool has_device = uri->kind == WIRE_URI_DEVICE, has_room = uri->kind == WIRE_URI_ROOM;
    if (uri->kind < WIRE_URI_PROVIDER || uri->kind > WIRE_URI_ROOM) return false;
    if (!wire_uri_is_domain(uri->domain)) return false;
    if (has_user ? !wire_uri_is_id(uri->user) : uri->user.len != 0) return false;
    if (has_device ? !wire_uri_is_id(uri->device) : uri->device.len != 0) return false;
    if (has_room ? !wire_uri_is_id(uri->room) : uri->room.len != 0) return false;

    parts[0] = TB_LITERAL("mimi://");
    parts[1] = uri->domain;
    parts[2] = has_room ? TB_LITERAL("/r/") : has_device ? TB_LITERAL("/d/")
             : has_user ? TB_LITERAL("/u/") : none;
    parts[3] = has_room ? uri->room : uri->user;
    parts[4] = has_device ? TB_LITERAL("/") : none;
    parts[5] = uri->device;
    return true;
}

static void join(const tb_bytes parts[PARTS], uint8_t *out)
{
    for (size_t i = 0; i < PARTS; i++) {
        if (parts[i].len != 0) memcpy(out, parts[i].data, parts[i].len);
        out += parts[i].len;
    }
}

static size_t joined_len(const tb_bytes parts[PARTS])
{
    size_t len = 0; /* at most WIRE_URI_LEN_MAX: every part was checked */
    for (size_t i = 0; i < PARTS; i++) len += parts[i].len;
    return len;
}

tb_status wire_uri_build(const struct wire_uri *uri, struct tb_arena *arena, tb_bytes *out)
{
    tb_bytes parts[PARTS];
    if (!parts_of(uri, parts)) return TB_STATUS(WIRE_URI);
    size_t len = joined_len(parts);
    uint8_t *text = tb_arena_take(arena, len, 1);
    if (text == NULL) return TB_STATUS(TB_NO_SPACE);
    join(parts, text);
    *out = (tb_bytes){ text, len };
    return TB_STATUS(TB_OK);
}

tb_status wire_uri_put(const struct wire_uri *uri, struct tb_buf *buf)
{
    tb_bytes parts[PARTS];
    uint8_t *at;
    if (!parts_of(uri, parts)) return TB_STATUS(WIRE_URI);
    TRY(tb_buf_extend(buf, joined_len(parts), &at));
    join(parts, at);
    return TB_STATUS(TB_OK);
}

struct wire_uri wire_uri_user_of(const struct wire_uri *uri)
{
    assert(uri->kind == WIRE_URI_DEVICE || uri->kind == WIRE_URI_USER);
    return (struct wire_uri){ .kind = WIRE_URI_USER, .domain = uri->domain, .user = uri->user };
}
