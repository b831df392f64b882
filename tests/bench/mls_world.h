/*
 * Groups for bench-mls: peers with key packages, and the steps that its cases are made of.  Every
 * step ends the program when the library refuses.
 */
#ifndef TB_BENCH_MLS_WORLD_H
#define TB_BENCH_MLS_WORLD_H

#include "host/rng_os.h"
#include "mls/group.h"
#include "tests/bench/mls_floor.h"

enum { MLS_WORLD_NOW_S = 1800000000, MLS_WORLD_ARENA_BYTES_MAX = 1 << 30 };

struct mls_world_keys { /* the private halves of a key package */
    struct crypto_signing_key signer;
    struct mls_key_package_secrets secrets;
};
struct mls_cases_times { /* for the growth from few to many members */
    double members, add_all_us, join_us;
};
struct mls_world {
    struct tb_mem mem;
    struct host_rng rng;
    struct crypto_suite suite;
    struct mls_env env;
    struct mls_floor floor;
    tb_bytes *packages; /* of each member, encoded */
    struct mls_world_keys *keys;
    size_t count;
    unsigned log2;           /* of count, upward: the height of the tree */
    tb_bytes component;      /* application data in the GroupContext; empty: no such extension */
    struct mls_cases_times times;
    char params[160];        /* of the rows, the inside of a JSON object */
};
struct mls_world_flow { /* what a commit hands to the others */
    struct tb_arena arena;
    struct mls_commit_out out;
};

void mls_world_init(struct mls_world *world, uint16_t cipher_suite);
void mls_world_must(tb_status status, const char *what);
/* One more member of the params; returns their length before, for _params_cut. */
size_t mls_world_params_add(struct mls_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void mls_world_params_cut(struct mls_world *world, size_t len);
/* Key packages of count members, and the params of the rows.  with_keys: the private halves of all
 * are kept, else of the first and the last. */
void mls_world_begin(struct mls_world *world, size_t count, bool with_keys);
void mls_world_end(struct mls_world *world);

struct mls_group *mls_world_create(struct mls_world *world);
void mls_world_flow_begin(struct mls_world *world, struct mls_world_flow *flow);
/* Adds peers [first, until); an empty range commits alone, with a path. */
void mls_world_commit(struct mls_world *world, struct mls_group *group, size_t first, size_t until,
                      bool with_path, struct mls_world_flow *flow);
struct mls_group *mls_world_join(struct mls_world *world, size_t index,
                                 const struct mls_commit_out *out);
/* Verify and stage; then merge. */
void mls_world_follow(struct mls_world *world, struct mls_group *group, tb_bytes message);

#endif
