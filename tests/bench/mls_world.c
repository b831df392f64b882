#include "tests/bench/mls_world.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/mem_os.h"
#include "tests/bench/bench.h"

enum { LIFE_S = 86400, COMPONENT_ID = 0x8001 };

void mls_world_must(tb_status status, const char *what)
{
    char text[96];
    if (tb_is_ok(status)) return;
    snprintf(text, sizeof text, "%s: status %u", what, status.code);
    bench_die(text);
}

size_t mls_world_params_add(struct mls_world *world, const char *format, ...)
{
    size_t len = strlen(world->params);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(world->params + len, sizeof world->params - len, format, arguments);
    va_end(arguments);
    return len;
}

void mls_world_params_cut(struct mls_world *world, size_t len)
{
    world->params[len] = 0;
}

void mls_world_init(struct mls_world *world, uint16_t cipher_suite)
{
    memset(world, 0, sizeof *world);
    host_mem_init(&world->mem, SIZE_MAX);
    host_rng_init(&world->rng);
    mls_world_must(crypto_suite_init(&world->suite, cipher_suite, crypto_backend_native()),
                   "cipher suite");
    world->env = (struct mls_env){ .suite = &world->suite, .mem = &world->mem,
                                   .rng = &world->rng.rng };
}

static void member_make(struct mls_world *world, size_t index, struct mls_world_keys *keys)
{
    struct tb_arena arena;
    char identity[64];
    uint8_t ref[CRYPTO_HASH_MAX];
    tb_bytes package;
    tb_arena_init(&arena, &world->mem, MLS_WORLD_ARENA_BYTES_MAX);
    int len = snprintf(identity, sizeof identity, "mimi://localhost/d/member/%zu", index);
    mls_world_must(crypto_signing_key_new(&world->suite, &world->rng.rng, &keys->signer), "key");
    struct mls_key_package_params params = { .identity = tb_bytes_of(identity, (size_t)len),
                                             .signer = &keys->signer,
                                             .not_before_s = MLS_WORLD_NOW_S - LIFE_S,
                                             .not_after_s = MLS_WORLD_NOW_S + LIFE_S };
    mls_world_must(mls_key_package_new(&world->env, &params, &arena, &package, &keys->secrets,
                                       ref),
                   "key package");
    uint8_t *copy = malloc(package.len);
    if (copy == NULL) bench_die("no memory");
    memcpy(copy, package.data, package.len);
    world->packages[index] = (tb_bytes){ copy, package.len };
    tb_arena_wipe(&arena);
}

void mls_world_begin(struct mls_world *world, size_t count, bool with_keys)
{
    struct mls_world_keys passing;
    world->count = count;
    world->log2 = 0;
    while (((size_t)1 << world->log2) < count) world->log2++;
    snprintf(world->params, sizeof world->params, "\"suite\": %u, \"members\": %zu",
             world->suite.id, count);
    world->packages = calloc(count, sizeof *world->packages);
    world->keys = calloc(count, sizeof *world->keys);
    if (world->packages == NULL || world->keys == NULL) bench_die("no memory");
    for (size_t i = 0; i < count; i++) {
        bool is_kept = with_keys || i == 0 || i + 1 == count;
        member_make(world, i, is_kept ? &world->keys[i] : &passing);
    }
}

void mls_world_end(struct mls_world *world)
{
    for (size_t i = 0; i < world->count; i++) free((void *)(uintptr_t)world->packages[i].data);
    free(world->packages);
    free(world->keys);
    malloc_trim(0);
}

/* An app_data_dictionary with one component. */
static tb_bytes dictionary_of(tb_bytes component, struct tb_arena *arena)
{
    struct mls_component_data entry = { .component_id = COMPONENT_ID, .data = component };
    struct mls_app_data_dictionary dictionary = { .component_data = { &entry, 1 } };
    tb_bytes encoded;
    mls_world_must(wire_encode(&mls_app_data_dictionary_desc, &dictionary, arena, &encoded),
                   "dictionary");
    return encoded;
}

struct mls_group *mls_world_create(struct mls_world *world)
{
    struct mls_group *group;
    struct tb_arena arena;
    struct mls_extension extension = { .extension_type = MLS_EXTENSION_APP_DATA_DICTIONARY };
    tb_arena_init(&arena, &world->mem, MLS_WORLD_ARENA_BYTES_MAX);
    struct mls_group_params params = { .group_id = TB_LITERAL("bench group"),
                                       .identity = TB_LITERAL("mimi://localhost/d/member/0"),
                                       .signer = &world->keys[0].signer,
                                       .not_before_s = MLS_WORLD_NOW_S - LIFE_S,
                                       .not_after_s = MLS_WORLD_NOW_S + LIFE_S };
    if (world->component.len != 0) {
        extension.extension_data = dictionary_of(world->component, &arena);
        params.extensions = &extension;
        params.extension_count = 1;
    }
    mls_world_must(mls_group_create(&world->env, &params, &group), "create");
    tb_arena_wipe(&arena);
    return group;
}

void mls_world_flow_begin(struct mls_world *world, struct mls_world_flow *flow)
{
    memset(flow, 0, sizeof *flow);
    tb_arena_init(&flow->arena, &world->mem, MLS_WORLD_ARENA_BYTES_MAX);
}

void mls_world_commit(struct mls_world *world, struct mls_group *group, size_t first, size_t until,
                      bool with_path, struct mls_world_flow *flow)
{
    size_t count = until - first;
    struct tb_arena inputs;
    tb_arena_init(&inputs, &world->mem, MLS_WORLD_ARENA_BYTES_MAX);
    struct mls_proposal *adds = tb_arena_take(&inputs, count, sizeof *adds);
    struct mls_add *bodies = tb_arena_take(&inputs, count, sizeof *bodies);
    if (adds == NULL || bodies == NULL) bench_die("no memory");
    for (size_t i = 0; i < count; i++) {
        mls_world_must(wire_decode(&mls_key_package_in_desc, world->packages[first + i], &inputs,
                                   &bodies[i].key_package, NULL),
                       "decode");
        adds[i] = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_ADD,
                                         .of = { .add = &bodies[i] } };
    }
    struct mls_commit_params params = { .proposals = adds,
                                        .proposal_count = count,
                                        .force_path = with_path,
                                        .as_public = true,
                                        .now_s = MLS_WORLD_NOW_S };
    mls_world_must(mls_group_commit(group, &params, &flow->arena, &flow->out, NULL), "commit");
    tb_arena_wipe(&inputs);
}

struct mls_group *mls_world_join(struct mls_world *world, size_t index,
                                 const struct mls_commit_out *out)
{
    struct mls_group *group;
    struct mls_join_params params = { .welcome = out->welcome,
                                      .ratchet_tree = out->ratchet_tree,
                                      .key_package = world->packages[index],
                                      .secrets = &world->keys[index].secrets,
                                      .signer = &world->keys[index].signer,
                                      .now_s = MLS_WORLD_NOW_S };
    mls_world_must(mls_group_join(&world->env, &params, &group, NULL), "join");
    return group;
}

void mls_world_follow(struct mls_world *world, struct mls_group *group, tb_bytes message)
{
    struct tb_arena arena;
    struct mls_received received;
    tb_arena_init(&arena, &world->mem, MLS_WORLD_ARENA_BYTES_MAX);
    mls_world_must(mls_group_receive(group, message, MLS_WORLD_NOW_S, NULL, 0, &arena, &received,
                                     NULL),
                   "receive");
    mls_world_must(mls_group_merge(group, received.staged), "merge");
    tb_arena_wipe(&arena);
}
