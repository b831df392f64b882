/*
 * MIMI URIs in the one form this program uses (mimi-protocol-06, section on identifiers, narrowed):
 *
 *     mimi://<domain>                      the provider
 *     mimi://<domain>/u/<user>             a user
 *     mimi://<domain>/d/<user>/<device>    a device of a user
 *     mimi://<domain>/r/<room>             a room
 *
 * <domain> is one to 253 octets of lower-case letter-digit-hyphen labels, without a port.  The ids
 * are 1 to WIRE_URI_ID_MAX octets of A-Z a-z 0-9 - . _ ~, and neither "." nor "..".  There is no
 * percent-encoding, no trailing slash, no query, so equal identifiers are equal octets.
 */
#ifndef TB_WIRE_URI_H
#define TB_WIRE_URI_H

#include "base/mem.h"
#include "wire/status.h"

enum { WIRE_URI_DOMAIN_MAX = 253, WIRE_URI_ID_MAX = 64 };
/* "mimi://" domain "/d/" user "/" device */
enum { WIRE_URI_LEN_MAX = 7 + WIRE_URI_DOMAIN_MAX + 3 + WIRE_URI_ID_MAX + 1 + WIRE_URI_ID_MAX };

enum wire_uri_kind {
    WIRE_URI_PROVIDER = 1,
    WIRE_URI_USER,
    WIRE_URI_DEVICE,
    WIRE_URI_ROOM,
};

/* Views; what the kind does not have is empty. */
struct wire_uri {
    enum wire_uri_kind kind;
    tb_bytes domain;
    tb_bytes user;   /* USER and DEVICE */
    tb_bytes device; /* DEVICE */
    tb_bytes room;   /* ROOM */
};

/* Views into text.  WIRE_URI for anything but the forms above. */
TB_MUST_USE tb_status wire_uri_parse(tb_bytes text, struct wire_uri *out);

/* The text, in the arena or behind what is in the buffer.  WIRE_URI when a part is not valid or
 * belongs to another kind. */
TB_MUST_USE tb_status wire_uri_build(const struct wire_uri *uri, struct tb_arena *arena,
                                     tb_bytes *out);
TB_MUST_USE tb_status wire_uri_put(const struct wire_uri *uri, struct tb_buf *buf);

/* The user that a device belongs to (amendment 20); uri->kind is DEVICE or USER. */
struct wire_uri wire_uri_user_of(const struct wire_uri *uri);

bool wire_uri_is_domain(tb_bytes text);
bool wire_uri_is_id(tb_bytes text);

#endif
