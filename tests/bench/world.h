/*
 * People, devices and rooms of a benchmark: real accounts on a real hub, real MLS groups.  Only the
 * creator of a room holds its group; the others are devices with key packages that the commit adds.
 * Whatever fails ends the program with a sentence.
 */
#ifndef TB_BENCH_WORLD_H
#define TB_BENCH_WORLD_H

#include <sys/types.h>

#include "base/mem.h"
#include "chat/policy.h"
#include "chat/records.h"
#include "mls/group.h"
#include "tests/bench/net.h"

struct bench_hub_process {
    pid_t pid;
    uint16_t port;
    char folder[256];     /* its data */
    bool is_tls;
};
/* Starts build/timbre-hub beside this program, without rate limits, and waits until it is ready. */
void bench_hub_start(struct bench_hub_process *hub);
void bench_hub_stop(struct bench_hub_process *hub, int signal_number);
void bench_folder_remove(const char *folder);

struct bench_device {
    tb_bytes uri;
    struct crypto_signing_key key;
    uint64_t profile_counter;
    struct mls_key_package_secrets secrets;
};
struct bench_account {
    tb_bytes uri, record;
    struct crypto_signing_key key;
    struct bench_device *devices;
    size_t device_count;
};
struct bench_room {
    tb_bytes uri;
    struct mls_group *group;           /* the creator's */
    struct bench_account *creator;     /* sends with its first device */
    uint64_t joined_log_seq;           /* of the commit that added the members */
};

struct bench_world {
    struct tb_mem mem;
    struct tb_rng rng;
    struct tb_arena arena;             /* lives as long as the world */
    struct crypto_suite suite;
    struct mls_env env;
    struct chat_policy_hub hub;
    struct bench_hub_process *process;
    struct bench_net *net;
    struct bench_account *admin;
    struct bench_conn *admin_conn;
    struct chat_invite_secret invite;  /* an account invitation with many uses */
    uint64_t now_ms;
};

/* Fetches the hub record, registers the admin, makes the desk. */
void bench_world_init(struct bench_world *world, struct bench_hub_process *process);
void bench_world_reconnect(struct bench_world *world); /* after the hub was started again */
void bench_world_wipe(struct bench_world *world);

struct bench_account *bench_account_new(struct bench_world *world, size_t device_count);
/* A logged-in connection of one device. */
struct bench_conn *bench_login(struct bench_world *world, struct bench_account *account,
                               size_t device, bench_on_frame *on_frame, void *user);
/* One package and a last resort for each device. */
void bench_key_packages_put(struct bench_world *world, struct bench_account *account);

/* A group room with its creator and, in one commit, every device of the other accounts. */
void bench_room_new(struct bench_world *world, struct bench_conn *creator_conn,
                    struct bench_account *creator, struct bench_account **others,
                    size_t other_count, struct bench_room *out);
void bench_room_free(struct bench_room *room);

/*
 * One submit request, whole and masked, ready for the wire; *id_offset is where its request id
 * stands.  The franking tag is written to tag.  In memory of malloc.
 */
uint8_t *bench_submit_frame(struct bench_world *world, struct bench_room *room, size_t text_len,
                            size_t *len, size_t *id_offset, uint8_t tag[32]);

void bench_subscribe(struct bench_conn *conn, tb_bytes room, uint64_t log_seq);
void bench_cursor_ack(struct bench_conn *conn, tb_bytes room, uint64_t log_seq);

struct bench_page_view {
    tb_bytes room;
    uint64_t first_log_seq, last_log_seq;
    size_t message_count;
};
/* False: the payload is no page.  on_message may be NULL; tag is NULL when it is not at hand. */
typedef void bench_on_message(void *user, tb_bytes room, uint64_t room_seq, tb_bytes message);
bool bench_page_read(const uint8_t *payload, size_t len, struct bench_page_view *out,
                     bench_on_message *on_message, void *user);

#endif
