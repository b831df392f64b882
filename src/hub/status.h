/* Why the hub room refuses inside; what a client is told is a chat_code. */
#ifndef TB_HUB_STATUS_H
#define TB_HUB_STATUS_H

#include "base/status.h"

#define HUB_STATUS_LIST(CODE)                                                                      \
    CODE(HUB_SCHEMA_NEWER, 800, "the database was written by a newer version of this program")     \
    CODE(HUB_DOMAIN, 801, "the domain is not a host name of at most 160 octets")                   \
    CODE(HUB_ROW, 802, "a stored row does not parse")                                              \
    CODE(HUB_KEY_GONE, 803, "the hub key of that time was destroyed")                              \
    CODE(HUB_KEYS_FULL, 804, "more keys were changed in the report window than the hub can list")  \
    CODE(HUB_AGENT_GONE, 805, "a room's franking agent key is one that this hub does not hold")

enum hub_status_code {
#define HUB_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    HUB_STATUS_LIST(HUB_STATUS_ENUM)
};

#endif
