#include "host/client_text.h"

#include <string.h>
#include <time.h>
#include <wchar.h>

/* One character at the start of text: its octets, or 0 when they are no UTF-8 (RFC 3629). */
static size_t character(tb_bytes text, uint32_t *out)
{
    static const uint32_t smallest[5] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint8_t first = text.data[0];
    if (first < 0x80) {
        *out = first;
        return 1;
    }
    size_t len = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.len < len) return 0;
    uint32_t value = first & (0x7fu >> len);
    for (size_t i = 1; i < len; i++) {
        if ((text.data[i] & 0xc0) != 0x80) return 0;
        value = value << 6 | (text.data[i] & 0x3f);
    }
    bool is_surrogate = value >= 0xd800 && value <= 0xdfff;
    if (value < smallest[len] || value > 0x10ffff || is_surrogate) return 0;
    *out = value;
    return len;
}

/*
 * What a terminal would obey or hide: C0 and C1 controls, DEL, line and paragraph separators,
 * direction marks, zero-width characters, the byte order mark, interlinear and tag characters.
 * The zero-width joiner stays: emoji and several scripts need it, and it cannot reorder anything.
 */
static bool is_hidden(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || c == 0x180e ||
           c == 0x200b || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
           (c >= 0xe0000 && c <= 0xe007f);
}

/* What stands for one piece of text; returns the octets of text that it stands for. */
static size_t piece(tb_bytes text, char out[16], size_t *columns)
{
    uint32_t c = 0;
    size_t len = character(text, &c);
    if (len == 0 || (len == 1 && is_hidden(c))) {
        *columns = (size_t)snprintf(out, 16, "\\x%02x", text.data[0]);
        return 1;
    }
    if (is_hidden(c)) {
        *columns = (size_t)snprintf(out, 16, "\\u{%x}", c);
        return len;
    }
    memcpy(out, text.data, len);
    out[len] = 0;
    int width = wcwidth((wchar_t)c);
    *columns = width < 0 ? 1 : (size_t)width;
    return len;
}

void cli_text_print(FILE *to, tb_bytes text, enum cli_text_lines lines, size_t indent)
{
    while (text.len > 0) {
        char shown[16];
        size_t columns = 0, len = 1;
        if (text.data[0] == '\n' && lines == CLI_TEXT_INDENTED) {
            if (text.len > 1) fprintf(to, "\n%*s", (int)indent, "");
        } else {
            len = piece(text, shown, &columns);
            fputs(shown, to);
        }
        text = tb_bytes_of(text.data + len, text.len - len);
    }
}

size_t cli_text_width(tb_bytes text)
{
    size_t width = 0;
    while (text.len > 0) {
        char shown[16];
        size_t columns = 0;
        size_t len = piece(text, shown, &columns);
        width += columns;
        text = tb_bytes_of(text.data + len, text.len - len);
    }
    return width;
}

void cli_text_time(uint64_t at_ms, char out[CLI_TEXT_TIME_LEN_MAX])
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm parts;
    out[0] = 0;
    if (localtime_r(&seconds, &parts) == NULL) return;
    if (strftime(out, CLI_TEXT_TIME_LEN_MAX, "%Y-%m-%d %H:%M", &parts) == 0) out[0] = 0;
}

bool cli_text_number(const char *text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (*text == 0) return false;
    for (; *text != 0; text++) {
        if (*text < '0' || *text > '9') return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > max || value > (max - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool cli_text_span(const char *text, uint64_t *span_ms)
{
    static const struct { char unit; uint64_t ms; } units[] = {
        { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 },
    };
    const uint64_t ms_max = 3650u * (uint64_t)86400000;
    char digits[16];
    size_t len = strlen(text);
    if (len < 2 || len > sizeof digits) return false;
    memcpy(digits, text, len - 1);
    digits[len - 1] = 0;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        uint64_t count;
        if (text[len - 1] != units[i].unit) continue;
        if (!cli_text_number(digits, ms_max / units[i].ms, &count)) return false;
        *span_ms = count * units[i].ms;
        return true;
    }
    return false;
}

unsigned cli_text_distance(const char *a, const char *b)
{
    enum { WORD_LEN_MAX = 32 };
    unsigned row[WORD_LEN_MAX + 1];
    size_t a_len = strlen(a), b_len = strlen(b);
    if (a_len > WORD_LEN_MAX || b_len > WORD_LEN_MAX) return WORD_LEN_MAX;
    for (size_t j = 0; j <= b_len; j++) row[j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned change = diagonal + (a[i - 1] != b[j - 1]);
            unsigned gap = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < gap ? change : gap;
        }
    }
    return row[b_len];
}
