/* Invitation links for people: as text, as a QR code on a terminal, as JSON. */
#ifndef TB_HOST_HUB_LINK_H
#define TB_HOST_HUB_LINK_H

#include "host/hub_cli.h"

enum { HOST_LINK_LEN_MAX = 1024 };

/* The URL that people reach the hub by: [server] public_url, else what the hub of this data
 * directory wrote when it started, else http(s)://localhost:<port of the first listener>. */
void host_link_origin(const struct host_config *config, char out[HOST_LINK_LEN_MAX]);
/* The hub that starts here leaves its URL as <data_dir>/origin, for verbs that know other settings.
 * HOST_IO, TB_TOO_LONG. */
TB_MUST_USE tb_status host_link_origin_write(const struct host_config *config);
/* <origin>/j/#<fragment>, with what it is good for.  The link is a secret: it goes to standard
 * output and nowhere else. */
void host_link_print(const struct host_cli *cli, tb_bytes fragment, bool is_admin,
                     uint64_t expires_ms, uint64_t use_count_max);

#endif
