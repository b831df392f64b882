/*
 * MIMI content: what is accepted encodes to the input, has the salt where the spec says, and every
 * external part can be walked to.
 * covers: chat_content_decode chat_content_encode chat_content_external
 * chat_content_check_attachments
 */
#include "chat/content.h"

#include "tests/fuzz/fuzz.h"

FUZZ_TARGET(input, arena)
{
    struct chat_content content;
    struct tb_buf buf;
    tb_bytes text;
    size_t external_count = 0;
    if (!tb_is_ok(chat_content_decode(input, arena, &content))) return;
    FUZZ_REQUIRE(input.len > 18 && input.data[0] == 0x87 && input.data[1] == 0x50);
    FUZZ_REQUIRE(memcmp(input.data + 2, content.salt, CHAT_SALT_LEN) == 0);

    tb_buf_init(&buf, arena->mem, FUZZ_INPUT_LEN_MAX);
    FUZZ_OK(chat_content_encode(&content, &buf));
    FUZZ_REQUIRE(tb_bytes_equal(tb_buf_view(&buf), input));
    tb_buf_wipe(&buf);

    while (chat_content_external(&content, external_count) != NULL) external_count++;
    FUZZ_REQUIRE(external_count <= input.len);
    (void)tb_is_ok(chat_content_check_attachments(&content));
    if (tb_is_ok(chat_content_text(&content, &text))) {
        FUZZ_REQUIRE(text.len == 0 || (text.data >= input.data &&
                                       text.data + text.len <= input.data + input.len));
    }
}
