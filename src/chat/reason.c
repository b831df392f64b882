/* The list of reasons, looked up both ways. */
#include "chat/reason.h"

struct reason_row {
    uint8_t code;
    const char *name;
    const char *text;
};
static const struct reason_row REASON_ROWS[] = {
#define REASON_ROW(NAME_, CODE_, WORD_, TEXT_) { CODE_, WORD_, TEXT_ },
    CHAT_REASON_LIST(REASON_ROW)
};
enum { REASON_COUNT = sizeof REASON_ROWS / sizeof REASON_ROWS[0] };

static const struct reason_row *reason_find(uint8_t code)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if (REASON_ROWS[i].code == code) return &REASON_ROWS[i];
    }
    return NULL;
}

const char *chat_reason_name(uint8_t code)
{
    const struct reason_row *row = reason_find(code);
    return row == NULL ? NULL : row->name;
}

const char *chat_reason_text(uint8_t code)
{
    const struct reason_row *row = reason_find(code);
    return row == NULL ? NULL : row->text;
}

tb_status chat_reason_parse(tb_bytes name, uint8_t *code)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if (tb_bytes_equal(tb_bytes_text(REASON_ROWS[i].name), name)) {
            *code = REASON_ROWS[i].code;
            return TB_STATUS(TB_OK);
        }
    }
    return TB_STATUS(CHAT_REASON_UNKNOWN);
}

uint8_t chat_reason_next(uint8_t code)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if (REASON_ROWS[i].code > code) return REASON_ROWS[i].code;
    }
    return 0;
}
