/* Names and sentences of the codes of five rooms. */
#include "chat/status.h"

#include "crypto/status.h"
#include "mls/status.h"
#include "wire/status.h"

struct row {
    uint16_t code;
    const char *name;
    const char *text;
};

static const struct row ROWS[] = {
#define STATUS_ROW(NAME_, NUMBER_, TEXT_) { NUMBER_, #NAME_, TEXT_ },
    TB_STATUS_LIST(STATUS_ROW)
    WIRE_STATUS_LIST(STATUS_ROW)
    CRYPTO_STATUS_LIST(STATUS_ROW)
    MLS_STATUS_LIST(STATUS_ROW)
    CHAT_STATUS_LIST(STATUS_ROW)
};

static const struct row *find(tb_status status)
{
    static const struct row UNKNOWN = { 0, "UNKNOWN", "an unknown reason" };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (ROWS[i].code == status.code) return &ROWS[i];
    }
    return &UNKNOWN;
}

const char *chat_status_name(tb_status status) { return find(status)->name; }
const char *chat_status_text(tb_status status) { return find(status)->text; }
