/*
 * The first octets of whatever answers at the hub's address.  None of them makes a WebSocket unless
 * it holds the accept value of our key, and what is taken lies inside the input.  The same octets
 * as the address of a hub, which comes from an invitation, hold nothing that splits a request.
 *
 * covers: cli_upgrade_answer cli_origin_parse
 */
#include <string.h>

#include "host/client_transport.h"
#include "host/client_upgrade.h"

#include "tests/fuzz/fuzz.h"

/* RFC 6455, section 1.3: this key's accept value is s3pPLMBiTxaQ9kYGzzhZRbK+xOo= */
static const struct cli_upgrade upgrade = { "dGhlIHNhbXBsZSBub25jZQ==" };
static const char accept_value[] = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

FUZZ_TARGET(input, arena)
{
    char why[CLI_WHY_LEN_MAX] = "";
    size_t used = 0;
    struct cli_origin origin;
    (void)arena;
    tb_status status = cli_upgrade_answer(&upgrade, input, &used, why);
    FUZZ_REQUIRE(used <= input.len);
    FUZZ_REQUIRE(memchr(why, 0, sizeof why) != NULL);
    if (status.code == TB_OK && used > 0) {
        FUZZ_REQUIRE(memmem(input.data, input.len, accept_value, sizeof accept_value - 1) != NULL);
    } else {
        FUZZ_REQUIRE(status.code == TB_OK || status.code == CLI_HANDSHAKE);
    }
    if (cli_origin_parse(input, &origin).code == TB_OK) {
        FUZZ_REQUIRE(strpbrk(origin.authority, " \r\n/@?#") == NULL);
        FUZZ_REQUIRE(origin.host[0] != 0 && strlen(origin.host) < sizeof origin.host);
    }
}
