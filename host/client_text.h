/*
 * Text of other people on this person's terminal, times, and spans of time.
 *
 * Names and messages come from anyone who may write to a room.  A terminal obeys control
 * characters, and direction marks reorder what is around them, so neither is ever sent to it raw:
 * they are made visible as \x1b, \u{202e} and so on.
 */
#ifndef TB_HOST_CLIENT_TEXT_H
#define TB_HOST_CLIENT_TEXT_H

#include <stdio.h>

#include "base/bytes.h"

enum cli_text_lines {
    CLI_TEXT_ONE_LINE = 1, /* a line feed is made visible too */
    CLI_TEXT_INDENTED      /* a line feed starts a new line under the same indentation */
};

/* Octets that are no UTF-8 appear as \xNN each. */
void cli_text_print(FILE *to, tb_bytes text, enum cli_text_lines lines, size_t indent);
/* Columns of a terminal that CLI_TEXT_ONE_LINE takes. */
size_t cli_text_width(tb_bytes text);

enum { CLI_TEXT_TIME_LEN_MAX = 32 };
/* "2026-11-24 14:05" in the person's time zone. */
void cli_text_time(uint64_t at_ms, char out[CLI_TEXT_TIME_LEN_MAX]);

/* "30s", "15m", "24h", "7d"; at most ten years.  False for anything else. */
bool cli_text_span(const char *text, uint64_t *span_ms);
/* A decimal number without sign; false when it is none or over max. */
bool cli_text_number(const char *text, uint64_t max, uint64_t *out);

/* How many single-letter edits lie between two words, for hints; words over 32 letters are far. */
unsigned cli_text_distance(const char *a, const char *b);

#endif
