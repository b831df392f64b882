/* Why the adapters of host/ refuse.  Codes from 1000 on; src/ never sees them. */
#ifndef TB_HOST_STATUS_H
#define TB_HOST_STATUS_H

#include "base/status.h"

#define HOST_STATUS_LIST(CODE)                                                                     \
    CODE(HOST_IO, 1000, "a file could not be read or written")                                     \
    CODE(HOST_LOCKED, 1001, "another process holds the lock")                                      \
    CODE(HOST_PERMISSION, 1002, "other users of this machine could read or write the file")        \
    CODE(HOST_EXISTS, 1003, "there is something in the place already")                             \
    CODE(HOST_INTERRUPTED, 1004, "the person gave no answer")                                      \
    CODE(HOST_SCHEMA_NEWER, 1010, "the database was written by a newer version")                   \
    CODE(HOST_SCHEMA_FOREIGN, 1011, "the file is not a database of this program")                  \
    CODE(HOST_DAMAGED, 1012, "the file is damaged")                                                \
    CODE(HOST_SCHEMA_STEP, 1013, "no step leads from the database's schema to this one")           \
    CODE(HOST_CONFIG, 1020, "the configuration is not valid")                                      \
    CODE(HOST_NETWORK, 1030, "the network refused")                                                \
    CODE(HOST_TLS, 1031, "the certificate or key cannot be used")                                  \
    CODE(HOST_HTTP, 1032, "the other side does not speak the expected protocol")

enum host_status_code {
#define HOST_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    HOST_STATUS_LIST(HOST_STATUS_ENUM)
};

/* One sentence for a person, for codes of base and host; "refused" for any other. */
const char *host_status_text(tb_status status);

#endif
