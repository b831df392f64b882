/*
 * What others wrote, on this person's terminal: whatever the octets, what is printed is UTF-8
 * without a control character, and a line is as wide as it was said to be.
 *
 * covers: cli_text_print cli_text_width
 */
#include <stdio.h>
#include <stdlib.h>

#include "host/client_text.h"
#include "wire/text.h"

#include "tests/fuzz/fuzz.h"

static void check(tb_bytes text, enum cli_text_lines lines)
{
    char *shown = NULL;
    size_t shown_len = 0;
    FILE *to = open_memstream(&shown, &shown_len);
    FUZZ_REQUIRE(to != NULL);
    cli_text_print(to, text, lines, 3);
    FUZZ_REQUIRE(fclose(to) == 0);
    FUZZ_REQUIRE(wire_text_is_utf8(tb_bytes_of(shown, shown_len)));
    for (size_t i = 0; i < shown_len; i++) {
        unsigned char c = (unsigned char)shown[i];
        FUZZ_REQUIRE((c >= 0x20 && c != 0x7f) || (c == '\n' && lines == CLI_TEXT_INDENTED));
        bool is_c1 = c == 0xc2 && i + 1 < shown_len && (unsigned char)shown[i + 1] < 0xa0;
        FUZZ_REQUIRE(!is_c1);
    }
    if (lines == CLI_TEXT_ONE_LINE) {
        /* What is visible already is printed as it is. */
        FUZZ_REQUIRE(cli_text_width(text) == cli_text_width(tb_bytes_of(shown, shown_len)));
    }
    free(shown);
}

FUZZ_TARGET(input, arena)
{
    (void)arena;
    check(input, CLI_TEXT_ONE_LINE);
    check(input, CLI_TEXT_INDENTED);
}
