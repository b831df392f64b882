#include "wire/text.h"

#include <assert.h>
#include <string.h>

/* Octets of the character that starts with `lead`, and the range its second octet may have
 * (RFC 3629, section 4).  0 for an octet that starts nothing. */
static size_t utf8_form(uint8_t lead, uint8_t *second_min, uint8_t *second_max)
{
    *second_min = 0x80;
    *second_max = 0xbf;
    if (lead < 0x80) return 1;
    if (lead >= 0xc2 && lead <= 0xdf) return 2;
    if (lead == 0xe0) *second_min = 0xa0;
    if (lead == 0xed) *second_max = 0x9f;
    if (lead == 0xf0) *second_min = 0x90;
    if (lead == 0xf4) *second_max = 0x8f;
    if (lead >= 0xe0 && lead <= 0xef) return 3;
    if (lead >= 0xf0 && lead <= 0xf4) return 4;
    return 0;
}

bool wire_text_is_utf8(tb_bytes text)
{
    size_t at = 0;
    while (at < text.len) {
        uint8_t min, max;
        size_t form = utf8_form(text.data[at], &min, &max);
        if (form == 0 || form > text.len - at) return false;
        if (form > 1 && (text.data[at + 1] < min || text.data[at + 1] > max)) return false;
        for (size_t i = 2; i < form; i++) {
            if ((text.data[at + i] & 0xc0) != 0x80) return false;
        }
        at += form;
    }
    return true;
}

/* All ones when min <= value <= max, else 0.  Values are below 2^15. */
static int in_range(int value, int min, int max)
{
    return ~((value - min) >> 16) & ~((max - value) >> 16);
}

static char hex_digit(int value)
{
    return (char)('0' + value + (in_range(value, 10, 15) & ('a' - '0' - 10)));
}

/* 0 to 15, or negative. */
static int hex_value(int character)
{
    int digit = in_range(character, '0', '9') & (character - '0' + 1);
    int letter = in_range(character, 'a', 'f') & (character - 'a' + 11);
    return (digit | letter) - 1;
}

void wire_text_hex_encode(tb_bytes value, char *out)
{
    for (size_t i = 0; i < value.len; i++) {
        out[2 * i] = hex_digit(value.data[i] >> 4);
        out[2 * i + 1] = hex_digit(value.data[i] & 0x0f);
    }
}

tb_status wire_text_hex_decode(tb_bytes text, uint8_t *out, size_t len)
{
    int foreign = 0;
    if (text.len % 2 != 0 || text.len / 2 != len) return TB_STATUS(WIRE_TEXT);
    for (size_t i = 0; i < len; i++) {
        int high = hex_value(text.data[2 * i]), low = hex_value(text.data[2 * i + 1]);
        foreign |= high | low; /* negative as soon as one of them was */
        out[i] = (uint8_t)(((unsigned)high << 4 | (unsigned)low) & 0xff);
    }
    return TB_STATUS(foreign < 0 ? WIRE_TEXT : TB_OK);
}

static char base64_digit(enum wire_text_base64 form, int value)
{
    int is_url = form == WIRE_TEXT_BASE64URL;
    int character = 'A' + value;
    character += in_range(value, 26, 51) & ('a' - 26 - 'A');
    character += in_range(value, 52, 61) & ('0' - 52 - 'A');
    character += in_range(value, 62, 62) & ((is_url ? '-' : '+') - 62 - 'A');
    character += in_range(value, 63, 63) & ((is_url ? '_' : '/') - 63 - 'A');
    return (char)character;
}

/* 0 to 63, or negative. */
static int base64_value(enum wire_text_base64 form, int character)
{
    int is_url = form == WIRE_TEXT_BASE64URL;
    int at_62 = is_url ? '-' : '+', at_63 = is_url ? '_' : '/';
    int value = in_range(character, 'A', 'Z') & (character - 'A' + 1);
    value |= in_range(character, 'a', 'z') & (character - 'a' + 27);
    value |= in_range(character, '0', '9') & (character - '0' + 53);
    value |= in_range(character, at_62, at_62) & 63;
    value |= in_range(character, at_63, at_63) & 64;
    return value - 1;
}

size_t wire_text_base64_size(enum wire_text_base64 form, size_t len)
{
    assert(len <= WIRE_TEXT_BASE64_LEN_MAX);
    size_t last = len % 3; /* octets in an incomplete group; they take one character more */
    if (form == WIRE_TEXT_BASE64) return (len + 2) / 3 * 4;
    return len / 3 * 4 + (last == 0 ? 0 : last + 1);
}

void wire_text_base64_encode(enum wire_text_base64 form, tb_bytes value, char *out)
{
    for (size_t at = 0; at < value.len; at += 3) {
        size_t left = value.len - at;
        uint32_t group = (uint32_t)value.data[at] << 16;
        if (left > 1) group |= (uint32_t)value.data[at + 1] << 8;
        if (left > 2) group |= value.data[at + 2];
        for (size_t i = 0; i < 4; i++) {
            if (i <= left) {
                *out++ = base64_digit(form, (int)(group >> (18 - 6 * i) & 0x3f));
            } else if (form == WIRE_TEXT_BASE64) {
                *out++ = '=';
            }
        }
    }
}

tb_status wire_text_base64_decode(enum wire_text_base64 form, tb_bytes text, uint8_t *out,
                                  size_t out_max, size_t *len)
{
    int foreign = 0;
    uint32_t group = 0;
    size_t pads = 0;
    if (form == WIRE_TEXT_BASE64) {
        if (text.len % 4 != 0) return TB_STATUS(WIRE_TEXT);
        while (pads < 2 && pads < text.len && text.data[text.len - 1 - pads] == '=') pads++;
    }
    size_t digits = text.len - pads;
    if (digits % 4 == 1) return TB_STATUS(WIRE_TEXT);
    size_t octets = digits / 4 * 3 + (digits % 4 == 0 ? 0 : digits % 4 - 1);
    if (octets > out_max) return TB_STATUS(TB_TOO_LONG);

    size_t put = 0;
    for (size_t i = 0; i < digits; i++) {
        int value = base64_value(form, text.data[i]);
        foreign |= value;
        group = group << 6 | ((uint32_t)value & 0x3f);
        /* Of the digits at 0, 1, 2, 3 of a group, all but the first complete an octet. */
        if (i % 4 != 0) out[put++] = (uint8_t)(group >> (6 - 2 * (i % 4)));
    }
    uint32_t unused = digits % 4 == 2 ? group & 0x0f : digits % 4 == 3 ? group & 0x03 : 0;
    foreign |= -(int)unused; /* bits that should be zero are as bad as a foreign character */
    if (foreign < 0) return TB_STATUS(WIRE_TEXT);
    assert(put == octets);
    *len = put;
    return TB_STATUS(TB_OK);
}

size_t wire_text_u64_encode(uint64_t value, char out[WIRE_TEXT_U64_MAX])
{
    char digits[WIRE_TEXT_U64_MAX];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    memcpy(out, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

tb_status wire_text_u64_decode(tb_bytes text, uint64_t *out)
{
    uint64_t value = 0;
    if (text.len == 0 || (text.len > 1 && text.data[0] == '0')) return TB_STATUS(WIRE_TEXT);
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return TB_STATUS(WIRE_TEXT);
    }
    for (size_t i = 0; i < text.len; i++) {
        unsigned digit = text.data[i] - (unsigned)'0';
        if (value > (UINT64_MAX - digit) / 10) return TB_STATUS(TB_OVERFLOW);
        value = value * 10 + digit;
    }
    *out = value;
    return TB_STATUS(TB_OK);
}

tb_status wire_text_put_hex(struct tb_buf *buf, tb_bytes value)
{
    uint8_t *at;
    size_t len;
    if (!tb_mul_size(value.len, 2, &len)) return TB_STATUS(TB_TOO_LONG);
    TRY(tb_buf_extend(buf, len, &at));
    wire_text_hex_encode(value, (char *)at);
    return TB_STATUS(TB_OK);
}

tb_status wire_text_put_base64(struct tb_buf *buf, enum wire_text_base64 form, tb_bytes value)
{
    uint8_t *at;
    if (value.len > WIRE_TEXT_BASE64_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    TRY(tb_buf_extend(buf, wire_text_base64_size(form, value.len), &at));
    wire_text_base64_encode(form, value, (char *)at);
    return TB_STATUS(TB_OK);
}

tb_status wire_text_put_u64(struct tb_buf *buf, uint64_t value)
{
    char digits[WIRE_TEXT_U64_MAX];
    size_t len = wire_text_u64_encode(value, digits);
    return tb_buf_append(buf, tb_bytes_of(digits, len));
}
