/*
 * What the files of this room share.  The room is the public interface of the library
 * (include/timbre/mls.h) over the mls room: it turns public structs into those of the rooms and
 * back, owns the memory of objects, and asks the application about credentials.
 */
#ifndef TB_API_API_H
#define TB_API_API_H

#include "api/status.h"
#include "mls/env.h"
#include "mls/group.h"
#include "mls/key_package.h"
#include "mls/public_group.h"
#include "wire/status.h"

#include "timbre/mls.h"

enum { API_SUITE_COUNT_MAX = 8, API_SUITE_MLKEM = 0xf47a };
/* Memory of one arena and of one call's scratch at most; an object's own limit may be lower. */
#define API_ARENA_BYTES_MAX ((size_t)1 << 30)

struct mls_ctx {
    struct mls_memory memory;
    struct mls_random random;
    size_t object_bytes_max;
    void *user;
    mls_credential_check *check_credential;
    mls_app_data_update_rule *update_app_data;
    struct mls_public_app_data app_data;
    mls_parallel_run *run_parallel;
    struct mls_parallel parallel;
    struct mls_crypto crypto;        /* the program's */
    struct crypto_provider provider; /* that over the built-in one */
    struct crypto_suite suites[API_SUITE_COUNT_MAX];
    size_t suite_count;
};

struct mls_arena {
    struct tb_mem mem;
    struct tb_arena own;
    struct tb_arena *at; /* `own`, or one that is lent to a callback */
};

struct mls_signer {
    struct tb_mem mem;
    const struct crypto_suite *suite;
    struct crypto_signing_key key;
};

/* What a session or an outsider gives to the mls room; it must not move.  An external join builds
 * on the memory of the outsider, so that the two share one; whoever ends last ends it. */
struct mls_api_host {
    const struct mls_ctx *ctx;
    size_t user_count;
    struct tb_mem mem;
    struct tb_rng rng;
    struct mls_env env;
};

/* ---- ctx.c ---- */

/* An object of len octets with its own count of memory, in *mem; NULL when there is none. */
void *mls_ctx_take(const struct mls_ctx *ctx, size_t len, struct tb_mem *mem);
/* The end of an object whose tb_mem lies in it. */
void mls_ctx_give(void *object, size_t len, const struct tb_mem *mem);
/* NULL when it is not offered. */
const struct crypto_suite *mls_ctx_suite(const struct mls_ctx *ctx, uint16_t cipher_suite);
struct tb_rng mls_ctx_rng(const struct mls_ctx *ctx);
/* With one user.  suite may be set later, by mls_ctx_host_suite.  NULL: no space. */
struct mls_api_host *mls_ctx_host_new(const struct mls_ctx *ctx);
void mls_ctx_host_suite(struct mls_api_host *host, const struct crypto_suite *suite);
/* One user less; NULL is accepted. */
void mls_ctx_host_end(struct mls_api_host *host);

/* What the signatures of a session or follower are verified with; NULL: no threads. */
static inline const struct mls_parallel *mls_ctx_parallel(const struct mls_ctx *ctx)
{
    return ctx->run_parallel == NULL ? NULL : &ctx->parallel;
}

/* ---- crypto.c ---- */

/* The built-in provider with the program's functions in place of its own.  own is borrowed. */
struct crypto_provider mls_crypto_provider(struct mls_crypto *own);

/* ---- convert.c ---- */

static inline tb_bytes mls_convert_in(struct mls_octets octets)
{
    return (tb_bytes){ octets.data, octets.len };
}
static inline struct mls_octets mls_convert_out(tb_bytes octets)
{
    return (struct mls_octets){ octets.data, octets.len };
}

/*
 * A struct that begins with its size, from a program of another version: what it does not have is
 * zero; what we do not have must be zero.  MLS_ARGUMENT.
 */
TB_MUST_USE tb_status mls_convert_options(const void *given, void *known, size_t known_len);
/* May this be written to?  Before the call has any effect.  MLS_ARGUMENT. */
TB_MUST_USE tb_status mls_convert_target(const void *out);
/* As much of value as the program's struct holds; its size stays. */
void mls_convert_result(void *out, const void *value, size_t value_len);

TB_MUST_USE tb_status mls_convert_extensions(const struct mls_ext *given, size_t count,
                                             struct tb_arena *arena, struct mls_extension **out);
TB_MUST_USE tb_status mls_convert_psks(const struct mls_psk *given, size_t count,
                                       struct tb_arena *arena, struct mls_psk_entry **out);
TB_MUST_USE tb_status mls_convert_octets(const struct mls_octets *given, size_t count,
                                         struct tb_arena *arena, tb_bytes **out);
TB_MUST_USE tb_status mls_convert_identity(const struct mls_credential *credential,
                                           struct tb_arena *arena, struct mls_identity *out);
TB_MUST_USE tb_status mls_convert_leaf(const struct mls_leaf_node *node, uint32_t leaf_index,
                                       struct tb_arena *arena, struct mls_leaf_info *out);
TB_MUST_USE tb_status mls_convert_credential(const struct mls_identity *given,
                                             struct tb_arena *arena, struct mls_credential **out);
/* What a leaf of ours says.  options is checked. */
TB_MUST_USE tb_status mls_convert_leaf_options(const struct mls_leaf_options *options,
                                               struct tb_arena *arena,
                                               struct mls_key_package_params *out);

/* ---- proposal.c ---- */

/* env: for the nonce of a pre-shared key. */
TB_MUST_USE tb_status mls_proposal_make(const struct mls_env *env,
                                        const struct mls_proposal_spec *given,
                                        struct tb_arena *arena, struct mls_proposal *out);
TB_MUST_USE tb_status mls_proposal_show(const struct mls_proposal *proposal,
                                        struct tb_arena *arena, struct mls_proposal_spec *out);
/* A KeyPackage, or the one in an MLSMessage. */
TB_MUST_USE tb_status mls_proposal_key_package(tb_bytes octets, struct tb_arena *arena,
                                               struct mls_key_package_in **out,
                                               struct tb_why *why);

/* ---- key_package.c ---- */

/* The stored private part; *out is the caller's to wipe.  MLS_BLOB, MLS_SUITE. */
TB_MUST_USE tb_status mls_key_package_private(const struct crypto_suite *suite,
                                              struct mls_octets octets, struct tb_arena *arena,
                                              struct mls_key_package_secrets *out);

/* ---- credential.c ---- */

struct mls_credential_ask {
    const struct mls_ctx *ctx;
    struct tb_mem *mem;
    tb_bytes group_id;
    uint64_t now_s;
};
/* One credential.  previous may be NULL.  MLS_CREDENTIAL_REFUSED, MLS_CREDENTIAL_KEY,
 * MLS_CERTIFICATE. */
TB_MUST_USE tb_status mls_credential_ask_one(const struct mls_credential_ask *ask,
                                             enum mls_credential_place place, uint32_t leaf_index,
                                             const struct mls_credential *credential,
                                             const struct mls_credential *previous,
                                             tb_bytes signature_key);
static inline tb_status mls_credential_ask_leaf(const struct mls_credential_ask *ask,
                                                enum mls_credential_place place,
                                                uint32_t leaf_index,
                                                const struct mls_leaf_node *leaf)
{
    return mls_credential_ask_one(ask, place, leaf_index, &leaf->credential, NULL,
                                  leaf->signature_key);
}
/* The new leaf of a proposal: Add, Update.  Others have none. */
TB_MUST_USE tb_status mls_credential_ask_proposal(const struct mls_credential_ask *ask,
                                                  const struct mls_proposal *proposal,
                                                  uint32_t leaf_index,
                                                  const struct mls_leaf_node *previous);
/* The external_senders of a GroupContext, unless they are as in `old` (both encoded; old may be
 * empty). */
TB_MUST_USE tb_status mls_credential_ask_context(const struct mls_credential_ask *ask,
                                                 tb_bytes context, tb_bytes old);
/* Every leaf of a group, and its external senders. */
TB_MUST_USE tb_status mls_credential_ask_group(const struct mls_credential_ask *ask,
                                               const struct mls_group *group);

/* ---- session.c ---- */

struct mls_session {
    struct mls_api_host *host;
    struct mls_group *group;
    struct mls_staged *staged; /* a received commit; the group's */
    bool is_whole_due;         /* for mls_session_save */
    bool is_increment_due;
};
/* A session without a group.  host: NULL for one of its own. */
TB_MUST_USE tb_status mls_session_alloc(const struct mls_ctx *ctx,
                                        const struct mls_signer *signer,
                                        struct mls_api_host *host, struct mls_session **out);
static inline struct mls_credential_ask mls_session_ask(struct mls_session *session,
                                                        uint64_t now_s)
{
    return (struct mls_credential_ask){ session->host->ctx, &session->host->mem,
                                        mls_group_id(session->group), now_s };
}
/* To the public struct. */
void mls_session_commit_result(const struct mls_commit_out *made, struct mls_commit_result *out);
TB_MUST_USE tb_status mls_session_show_proposal(const struct mls_staged_proposal *staged,
                                                tb_bytes ref, struct tb_arena *arena,
                                                struct mls_proposal_info *out);
void mls_session_where(const struct tb_why *why, struct mls_where *where);
/* What changes in our leaf, judged as others will judge it; NULL: it does not.  MLS_SUITE. */
TB_MUST_USE tb_status mls_session_own_leaf_of(struct mls_session *session,
                                              const struct mls_signer *new_signer,
                                              const struct mls_identity *new_credential,
                                              uint64_t now_s, struct tb_arena *arena,
                                              struct mls_own_leaf *out);

/* ---- outsider.c ---- */

/* The suite that a GroupInfo names, before anything of it is believed. */
TB_MUST_USE tb_status mls_outsider_suite(const struct mls_ctx *ctx, struct tb_mem *mem,
                                         tb_bytes group_info, const struct crypto_suite **out,
                                         struct tb_why *why);

/* ---- system.c: the only one that is not pure ---- */

extern const struct mls_memory mls_system_memory; /* malloc and free */
extern const struct mls_random mls_system_random; /* getrandom(2) */

#endif
