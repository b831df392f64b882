/* The categories of breaches, looked up both ways. */
#include "chat/category.h"

#include "chat/reason.h"

struct category_row {
    const char *name, *official;
};
static const struct category_row CATEGORY_ROWS[CHAT_CATEGORY_COUNT] = {
#define CATEGORY_ROW(NAME_, NUMBER_, WORD_, EN_, FR_)                                              \
    [NUMBER_] = { WORD_, "STATEMENT_CATEGORY_" #NAME_ },
    CHAT_CATEGORY_LIST(CATEGORY_ROW)
};

const char *chat_category_name(uint8_t category)
{
    return category < CHAT_CATEGORY_COUNT ? CATEGORY_ROWS[category].name : NULL;
}

const char *chat_category_official(uint8_t category)
{
    return category < CHAT_CATEGORY_COUNT ? CATEGORY_ROWS[category].official : NULL;
}

tb_status chat_category_parse(tb_bytes name, uint8_t *category)
{
    for (uint8_t i = 1; i < CHAT_CATEGORY_COUNT; i++) {
        if (!tb_bytes_equal(name, tb_bytes_text(CATEGORY_ROWS[i].name))) continue;
        *category = i;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(CHAT_REASON_UNKNOWN);
}

uint8_t chat_category_of_reason(uint8_t reason_code)
{
    switch (reason_code) {
    case CHAT_REASON_HARASSMENT: return CHAT_CATEGORY_CYBER_VIOLENCE;
    case CHAT_REASON_THREAT: return CHAT_CATEGORY_VIOLENCE;
    case CHAT_REASON_HATE: return CHAT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH;
    case CHAT_REASON_SEXUAL: return CHAT_CATEGORY_CYBER_VIOLENCE;
    case CHAT_REASON_CHILD_SAFETY: return CHAT_CATEGORY_PROTECTION_OF_MINORS;
    case CHAT_REASON_FRAUD: return CHAT_CATEGORY_SCAMS_AND_FRAUD;
    case CHAT_REASON_MALWARE: return CHAT_CATEGORY_SCAMS_AND_FRAUD;
    case CHAT_REASON_DOXXING: return CHAT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS;
    default: return CHAT_CATEGORY_OTHER_VIOLATION_TC;
    }
}
