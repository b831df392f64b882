/*
 * What the files of mls-driver share: handles, calls, and JSON by the proto3 mapping (bytes are
 * base64, 64-bit numbers decimal strings, an absent field is empty, zero or false).
 */
#ifndef TB_CMD_MLS_DRIVER_DRIVER_H
#define TB_CMD_MLS_DRIVER_DRIVER_H

#include <jansson.h>

#include "host/rng_os.h"
#include "mls/group.h"

enum {
    DRIVER_HANDLE_COUNT_MAX = 1 << 20,
    DRIVER_CALL_BYTES_MAX = 1 << 30,  /* arena of one call */
    DRIVER_LIFETIME_S = 90 * 24 * 3600,
};

/* Why the driver itself refuses; beside the codes of the library. */
#define DRIVER_STATUS_LIST(CODE)                                                                   \
    CODE(DRIVER_CALL, 1100, "there is no such call")                                               \
    CODE(DRIVER_FIELD, 1101, "a field is not of its type")                                         \
    CODE(DRIVER_HANDLE, 1102, "there is no such handle of this kind")                              \
    CODE(DRIVER_IDENTITY, 1103, "no member has this identity")                                     \
    CODE(DRIVER_PROPOSAL, 1104, "proposals of this type cannot be described here")                 \
    CODE(DRIVER_KIND, 1105, "the message is of another kind than the call takes")
enum driver_status_code {
#define DRIVER_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    DRIVER_STATUS_LIST(DRIVER_STATUS_ENUM)
};

enum driver_kind {
    DRIVER_GROUP = 1,   /* state_id */
    DRIVER_KEY_PACKAGE, /* transaction_id */
    DRIVER_REINIT,      /* reinit_id */
    DRIVER_SIGNER,      /* signer_id */
};

/* An external pre-shared key that was stored for a group or a join to come. */
struct driver_psk {
    struct driver_psk *next;
    struct wire_opaque id;
    struct tb_secret psk;
};

/* A proposal that a group has seen in this epoch: a commit may name it by its message. */
struct driver_seen {
    struct driver_seen *next;
    tb_bytes message, ref;
};

/* One handle.  It must not move: env points into it. */
struct driver_handle {
    struct driver_handle *next;
    uint32_t id;
    enum driver_kind kind;
    struct crypto_suite suite;
    struct mls_env env;
    struct crypto_signing_key signer;
    struct tb_arena arena; /* identity, key package, keys of the application */
    tb_bytes identity;
    struct driver_psk *psks;
    size_t psk_count;

    struct mls_group *group;    /* GROUP */
    bool encrypt_handshake;
    struct tb_arena seen_arena; /* of this epoch */
    struct driver_seen *seen;

    tb_bytes key_package;       /* KEY_PACKAGE, REINIT: encoded, not wrapped */
    struct mls_key_package_secrets secrets;
    uint32_t old_id;            /* REINIT: the group that ended */
};

struct driver {
    struct tb_mem mem;
    struct host_rng rng;
    struct driver_handle *handles;
    uint32_t last_id;
};

/* One call: views of the request and whatever is made for the response live in the arena. */
struct driver_call {
    struct driver *driver;
    struct tb_arena arena;
    const json_t *request;
    json_t *response;
    struct tb_why why;
};

/* ---- json.c ---- */
TB_MUST_USE tb_status driver_get_bytes(struct driver_call *call, const json_t *object,
                                       const char *name, tb_bytes *out);
TB_MUST_USE tb_status driver_get_u32(const json_t *object, const char *name, uint32_t *out);
TB_MUST_USE tb_status driver_get_u64(const json_t *object, const char *name, uint64_t *out);
TB_MUST_USE tb_status driver_get_bool(const json_t *object, const char *name, bool *out);
TB_MUST_USE tb_status driver_get_text(const json_t *object, const char *name, const char **out);
/* Absent: an empty list.  *out: NULL or an array. */
TB_MUST_USE tb_status driver_get_list(const json_t *object, const char *name, const json_t **out);
TB_MUST_USE tb_status driver_get_bytes_list(struct driver_call *call, const json_t *object,
                                            const char *name, const tb_bytes **out, size_t *count);
TB_MUST_USE tb_status driver_put_bytes(struct driver_call *call, const char *name, tb_bytes value);
TB_MUST_USE tb_status driver_put_u32(struct driver_call *call, const char *name, uint32_t value);

/* ---- handles.c ---- */
TB_MUST_USE tb_status driver_handle_new(struct driver *driver, enum driver_kind kind,
                                        uint32_t cipher_suite, tb_bytes identity,
                                        struct driver_handle **out);
TB_MUST_USE tb_status driver_handle_find(const struct driver *driver, enum driver_kind kind,
                                         uint32_t id, struct driver_handle **out);
/* The handle whose id stands in a field of the request. */
TB_MUST_USE tb_status driver_handle_get(const struct driver_call *call, enum driver_kind kind,
                                        const char *name, struct driver_handle **out);
void driver_handle_free(struct driver *driver, struct driver_handle *handle);
void driver_end(struct driver *driver);
TB_MUST_USE tb_status driver_psk_add(struct driver_handle *handle, tb_bytes id, tb_bytes psk);
TB_MUST_USE tb_status driver_psk_copy(const struct driver_handle *from, struct driver_handle *to);
/* All of a handle's keys, as the library takes them. */
TB_MUST_USE tb_status driver_psk_entries(struct driver_call *call,
                                         const struct driver_handle *handle,
                                         const struct mls_psk_entry **out);
/* A key package of this handle's signer, into the handle. */
TB_MUST_USE tb_status driver_key_package_new(struct driver_handle *handle);
TB_MUST_USE tb_status driver_wrap_key_package(struct driver_call *call, tb_bytes key_package,
                                              tb_bytes *message);
/* MLSMessage(KeyPackage): decoded, and its octets. */
TB_MUST_USE tb_status driver_open_key_package(struct driver_call *call, tb_bytes message,
                                              struct mls_key_package_in **out);
uint64_t driver_now_s(void);

/* ---- proposals.c ---- */

/* Where a proposal is to stand; identities are looked up among the members of view. */
struct driver_place {
    const struct mls_env *env;
    const struct mls_group *view;
};
/* ProposalDescription of the official service. */
TB_MUST_USE tb_status driver_describe(struct driver_call *call, const struct driver_place *place,
                                      const json_t *description, struct mls_proposal *out);
/* Propose, remember, and answer with `proposal`. */
TB_MUST_USE tb_status driver_propose(struct driver_call *call, struct driver_handle *state,
                                     const struct mls_proposal *proposal);
TB_MUST_USE tb_status driver_leaf_of(const struct mls_group *group, tb_bytes identity,
                                     uint32_t *leaf_index);
/* The reference of a proposal, which is received first if it is new. */
TB_MUST_USE tb_status driver_see(struct driver_call *call, struct driver_handle *state,
                                 tb_bytes message, tb_bytes *ref);
void driver_forget_seen(struct driver_handle *state);

/* ---- commit.c ---- */
TB_MUST_USE tb_status driver_handle_commit(struct driver_call *call, struct driver_handle *state);

/* ---- the calls; each file ends with its own ---- */
typedef tb_status driver_function(struct driver_call *call);
driver_function driver_name, driver_supported_ciphersuites, driver_create_group,
    driver_create_key_package, driver_join_group, driver_external_join, driver_group_info,
    driver_state_auth, driver_export, driver_protect, driver_unprotect, driver_store_psk,
    driver_add_proposal, driver_update_proposal, driver_remove_proposal,
    driver_external_psk_proposal, driver_resumption_psk_proposal,
    driver_group_context_extensions_proposal, driver_commit, driver_handle_commit_call,
    driver_handle_pending_commit, driver_reinit_proposal, driver_handle_pending_reinit_commit,
    driver_handle_reinit_commit, driver_reinit_welcome, driver_handle_reinit_welcome,
    driver_create_branch, driver_handle_branch, driver_new_member_add_proposal,
    driver_create_external_signer, driver_add_external_signer, driver_external_signer_proposal,
    driver_free;

#endif
