/*
 * Statements of reasons: what is accepted encodes to the input and reads as text that moves no
 * terminal.
 * covers: chat_statement_decode chat_statement_encode chat_statement_render chat_say_time
 */
#include "chat/statement.h"

#include "tests/fuzz/fuzz.h"

FUZZ_TARGET(input, arena)
{
    struct chat_statement statement;
    struct tb_buf buf;

    if (!tb_is_ok(chat_statement_decode(input, &statement))) return;
    tb_buf_init(&buf, arena->mem, 8u << 20);
    FUZZ_OK(chat_statement_encode(&statement, &buf));
    FUZZ_REQUIRE(tb_bytes_equal(tb_buf_view(&buf), input));
    for (size_t n = 0; n < 2; n++) {
        tb_buf_clear(&buf);
        FUZZ_OK(chat_statement_render(&statement, n == 0 ? CHAT_ENGLISH : CHAT_FRENCH, &buf));
        for (size_t i = 0; i < buf.len; i++) {
            FUZZ_REQUIRE(buf.data[i] == '\n' || (buf.data[i] >= 0x20 && buf.data[i] != 0x7f));
        }
    }
    tb_buf_wipe(&buf);
}
