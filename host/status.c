#include "host/status.h"

#define STATUS_CASE(NAME_, NUMBER_, TEXT_)                                                         \
    case NAME_: return TEXT_;

const char *host_status_text(tb_status status)
{
    switch (status.code) {
        TB_STATUS_LIST(STATUS_CASE)
        HOST_STATUS_LIST(STATUS_CASE)
    default: return "refused";
    }
}
