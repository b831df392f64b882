/* The HTTP request that turns a connection into a WebSocket (RFC 6455, section 4), client side. */
#ifndef TB_HOST_CLIENT_UPGRADE_H
#define TB_HOST_CLIENT_UPGRADE_H

#include "base/mem.h"
#include "host/client_status.h"

enum { CLI_UPGRADE_KEY_LEN = 24, CLI_UPGRADE_HEAD_LEN_MAX = 16384 };

struct cli_upgrade {
    char key[CLI_UPGRADE_KEY_LEN + 1]; /* Sec-WebSocket-Key: base64 of 16 random octets */
};

/* Append the request to out.  TB_RANDOM, TB_NO_SPACE, TB_TOO_LONG. */
TB_MUST_USE tb_status cli_upgrade_request(struct cli_upgrade *upgrade, const char *authority,
                                          struct tb_rng *rng, struct tb_buf *out);

/*
 * Read the answer at the start of input.  *used 0: more is needed.  Else the WebSocket begins
 * behind *used octets.  CLI_HANDSHAKE with why when the answer is another one.
 */
TB_MUST_USE tb_status cli_upgrade_answer(const struct cli_upgrade *upgrade, tb_bytes input,
                                         size_t *used, char why[CLI_WHY_LEN_MAX]);

#endif
