/* Names and sentences of the status codes, as the public header has them. */
#include "api/api.h"
#include "crypto/status.h"

struct row {
    uint16_t code;
    const char *name;
    const char *text;
};

/* The names of the room base, whose prefix is not the public one. */
#define PUBLIC_TB_OK "MLS_OK"
#define PUBLIC_TB_NO_SPACE "MLS_NO_SPACE"
#define PUBLIC_TB_TOO_LONG "MLS_TOO_LONG"
#define PUBLIC_TB_OVERFLOW "MLS_OVERFLOW"
#define PUBLIC_TB_RANDOM "MLS_RANDOM"
#define PUBLIC_TB_STORE "MLS_STORE"
#define PUBLIC_TB_NOT_FOUND "MLS_NOT_FOUND"
#define PUBLIC_TB_UNSUPPORTED "MLS_UNSUPPORTED"

static const struct row ROWS[] = {
#define ROW_BASE(NAME_, NUMBER_, TEXT_) { NUMBER_, PUBLIC_##NAME_, TEXT_ },
#define ROW_OTHER(NAME_, NUMBER_, TEXT_) { NUMBER_, "MLS_" #NAME_, TEXT_ },
#define ROW_SAME(NAME_, NUMBER_, TEXT_) { NUMBER_, #NAME_, TEXT_ },
    TB_STATUS_LIST(ROW_BASE)
    WIRE_STATUS_LIST(ROW_OTHER)
    CRYPTO_STATUS_LIST(ROW_OTHER)
    MLS_STATUS_LIST(ROW_SAME)
    API_STATUS_LIST(ROW_SAME)
};

static const struct row *find(int status)
{
    static const struct row UNKNOWN = { 0, "UNKNOWN", "an unknown reason" };
    for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
        if (ROWS[i].code == status) return &ROWS[i];
    }
    return &UNKNOWN;
}

const char *mls_status_name(int status) { return find(status)->name; }
const char *mls_status_text(int status) { return find(status)->text; }
