/*
 * A profile: one device of one account, as a folder that one process uses at a time.
 *
 *     <data folder>/<name>/lock         who uses it
 *     <data folder>/<name>/key          the profile key (client_key.h)
 *     <data folder>/<name>/ca.pem       --ca-file of its registration; absent: the system's
 *     <data folder>/<name>/profile.db   the engine's store; every value is sealed under the key
 *
 * The data folder is --data-dir, else $TIMBRE_DATA_DIR, else $XDG_DATA_HOME/timbre, else
 * ~/.local/share/timbre.
 */
#ifndef TB_HOST_CLIENT_PROFILE_H
#define TB_HOST_CLIENT_PROFILE_H

#include "host/client_key.h"
#include "host/files.h"
#include "host/store_codec.h"

struct cli_profile {
    char folder[HOST_PATH_LEN_MAX];
    struct host_lock lock;
    struct host_codec codec;
    struct host_store *store;
};

/* The folder of a profile.  CLI_PROFILE_NAME, CLI_PROFILE_ABSENT (no home), TB_TOO_LONG. */
TB_MUST_USE tb_status cli_profile_folder(const char *data_dir, const char *name,
                                         char out[HOST_PATH_LEN_MAX]);
bool cli_profile_exists(const char *folder);

/*
 * Lock the profile and open its store.  With may_make an absent one is made, its key under
 * new_passphrase (empty: bare).  CLI_PROFILE_ABSENT; HOST_LOCKED; what cli_key_read and
 * host_store_open refuse.  The struct must not move while it is open; mem and rng outlive it.
 */
TB_MUST_USE tb_status cli_profile_open(struct cli_profile *profile, const char *folder,
                                       tb_bytes passphrase, bool may_make, struct tb_mem *mem,
                                       struct tb_rng *rng);
void cli_profile_close(struct cli_profile *profile);

/* After HOST_LOCKED: "process 4711 holds <folder>". */
enum { CLI_HOLDER_LEN_MAX = HOST_PATH_LEN_MAX + 64 };
void cli_profile_holder(const char *folder, char out[CLI_HOLDER_LEN_MAX]);

#endif
