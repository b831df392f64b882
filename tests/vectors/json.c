#include "tests/vectors/json.h"

#include <string.h>

enum { JSON_DEPTH_MAX = 32 };

struct parser {
    const uint8_t *at;
    const uint8_t *end;
    struct tb_arena *arena;
    unsigned depth;
};

static bool parse_value(struct parser *p, struct json *out);

static void skip_space(struct parser *p)
{
    while (p->at < p->end &&
           (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t')) {
        p->at++;
    }
}

/* The next octet that is not white space, if it is this one. */
static bool accept(struct parser *p, char wanted)
{
    skip_space(p);
    if (p->at == p->end || *p->at != (uint8_t)wanted) return false;
    p->at++;
    return true;
}

static int hex_digit(uint8_t octet)
{
    if (octet >= '0' && octet <= '9') return octet - '0';
    if (octet >= 'a' && octet <= 'f') return octet - 'a' + 10;
    if (octet >= 'A' && octet <= 'F') return octet - 'A' + 10;
    return -1;
}

static bool read_hex4(const uint8_t **at, const uint8_t *end, uint32_t *out)
{
    uint32_t value = 0;
    if (end - *at < 4) return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit((*at)[i]);
        if (digit < 0) return false;
        value = value << 4 | (uint32_t)digit;
    }
    *at += 4;
    *out = value;
    return true;
}

static uint8_t *put_utf8(uint8_t *to, uint32_t point)
{
    if (point < 0x80) {
        *to++ = (uint8_t)point;
        return to;
    }
    unsigned more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const uint8_t lead[] = { 0, 0xc0, 0xe0, 0xf0 };
    *to++ = (uint8_t)(lead[more] | point >> (6 * more));
    while (more-- > 0) *to++ = (uint8_t)(0x80 | (point >> (6 * more) & 0x3f));
    return to;
}

/* \uXXXX, or the pair of them that makes one point above U+FFFF. */
static bool read_unicode(const uint8_t **at, const uint8_t *end, uint32_t *point)
{
    uint32_t low;
    if (!read_hex4(at, end, point)) return false;
    if (*point >= 0xdc00 && *point < 0xe000) return false;
    if (*point < 0xd800 || *point >= 0xe000) return true;
    if (end - *at < 2 || (*at)[0] != '\\' || (*at)[1] != 'u') return false;
    *at += 2;
    if (!read_hex4(at, end, &low) || low < 0xdc00 || low >= 0xe000) return false;
    *point = 0x10000 + ((*point - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

/* raw has at least one escape; the text it stands for is never longer. */
static bool unescape(struct parser *p, tb_bytes raw, tb_bytes *out)
{
    static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
    uint8_t *text = tb_arena_take(p->arena, raw.len, 1), *to = text;
    const uint8_t *at = raw.data, *end = raw.data + raw.len;
    if (text == NULL) return false;
    while (at < end) {
        if (*at != '\\') {
            *to++ = *at++;
            continue;
        }
        if (++at == end) return false;
        if (*at == 'u') {
            uint32_t point;
            at++;
            if (!read_unicode(&at, end, &point)) return false;
            to = put_utf8(to, point);
            continue;
        }
        const char *name = *at == 0 ? NULL : strchr(names, *at);
        if (name == NULL) return false;
        *to++ = (uint8_t)values[name - names];
        at++;
    }
    *out = (tb_bytes){ text, (size_t)(to - text) };
    return true;
}

static bool parse_string(struct parser *p, tb_bytes *out)
{
    bool has_escape = false;
    if (!accept(p, '"')) return false;
    const uint8_t *start = p->at;
    for (; p->at < p->end && *p->at != '"'; p->at++) {
        if (*p->at < 0x20) return false;
        if (*p->at != '\\') continue;
        has_escape = true;
        if (++p->at == p->end) return false;
    }
    if (p->at == p->end) return false;
    tb_bytes raw = { start, (size_t)(p->at - start) };
    p->at++;
    if (has_escape) return unescape(p, raw, out);
    *out = raw;
    return true;
}

static bool parse_children(struct parser *p, char close, bool has_keys, struct json *out)
{
    struct json **link = &out->first;
    if (++p->depth > JSON_DEPTH_MAX) return false;
    if (!accept(p, close)) {
        do {
            struct json *child = tb_arena_take(p->arena, 1, sizeof *child);
            if (child == NULL) return false;
            if (has_keys && (!parse_string(p, &child->key) || !accept(p, ':'))) return false;
            if (!parse_value(p, child)) return false;
            *link = child;
            link = &child->next;
            out->count++;
        } while (accept(p, ','));
        if (!accept(p, close)) return false;
    }
    p->depth--;
    return true;
}

static bool parse_word(struct parser *p, enum json_kind kind, const char *word, struct json *out)
{
    tb_bytes wanted = tb_bytes_text(word);
    if (!tb_bytes_starts_with((tb_bytes){ p->at, (size_t)(p->end - p->at) }, wanted)) return false;
    out->kind = kind;
    out->text = wanted;
    p->at += wanted.len;
    return true;
}

/* Any JSON number is taken whole; json_u64 says whether it is one of ours. */
static bool parse_number(struct parser *p, struct json *out)
{
    const uint8_t *start = p->at;
    while (p->at < p->end && *p->at != 0 && strchr("+-.0123456789eE", *p->at) != NULL) p->at++;
    out->kind = JSON_NUMBER;
    out->text = (tb_bytes){ start, (size_t)(p->at - start) };
    return out->text.len != 0;
}

static bool parse_value(struct parser *p, struct json *out)
{
    skip_space(p);
    if (p->at == p->end) return false;
    switch (*p->at) {
    case '{':
        p->at++;
        out->kind = JSON_OBJECT;
        return parse_children(p, '}', true, out);
    case '[':
        p->at++;
        out->kind = JSON_ARRAY;
        return parse_children(p, ']', false, out);
    case '"': out->kind = JSON_STRING; return parse_string(p, &out->text);
    case 't': return parse_word(p, JSON_BOOL, "true", out);
    case 'f': return parse_word(p, JSON_BOOL, "false", out);
    case 'n': return parse_word(p, JSON_NULL, "null", out);
    default: return parse_number(p, out);
    }
}

bool json_parse(tb_bytes text, struct tb_arena *arena, struct json **out)
{
    struct parser p = { text.data, text.data + text.len, arena, 0 };
    struct json *value = tb_arena_take(arena, 1, sizeof *value);
    if (value == NULL || text.len == 0 || !parse_value(&p, value)) return false;
    skip_space(&p);
    if (p.at != p.end) return false;
    *out = value;
    return true;
}

const struct json *json_get(const struct json *object, const char *key)
{
    tb_bytes wanted = tb_bytes_text(key);
    if (object == NULL || object->kind != JSON_OBJECT) return NULL;
    for (const struct json *child = object->first; child != NULL; child = child->next) {
        if (tb_bytes_equal(child->key, wanted)) return child;
    }
    return NULL;
}

bool json_is_null(const struct json *value)
{
    return value == NULL || value->kind == JSON_NULL;
}

bool json_u64(const struct json *value, uint64_t *out)
{
    uint64_t number = 0;
    if (value == NULL || value->kind != JSON_NUMBER || value->text.len == 0) return false;
    for (size_t i = 0; i < value->text.len; i++) {
        uint8_t digit = (uint8_t)(value->text.data[i] - '0');
        if (digit > 9 || number > (UINT64_MAX - digit) / 10) return false;
        number = number * 10 + digit;
    }
    *out = number;
    return true;
}

bool json_bool(const struct json *value, bool *out)
{
    if (value == NULL || value->kind != JSON_BOOL) return false;
    *out = value->text.len == 4;
    return true;
}

bool json_hex(const struct json *value, struct tb_arena *arena, tb_bytes *out)
{
    if (value == NULL || value->kind != JSON_STRING || value->text.len % 2 != 0) return false;
    size_t len = value->text.len / 2;
    uint8_t *octets = tb_arena_take(arena, len, 1);
    if (octets == NULL) return false;
    for (size_t i = 0; i < len; i++) {
        int high = hex_digit(value->text.data[2 * i]), low = hex_digit(value->text.data[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        octets[i] = (uint8_t)(high << 4 | low);
    }
    *out = (tb_bytes){ octets, len };
    return true;
}
