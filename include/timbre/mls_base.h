/*
 * timbre/mls.h, first part: octets, status codes, what the library needs from its program, and
 * keys.  Programs include <timbre/mls.h>.
 *
 * Conventions of all parts
 *   Ownership   An opaque struct is made by a function that writes it to `*out` and ended by the
 *               function ..._free, which accepts NULL.  It must end before the mls_ctx that it was
 *               made with.  struct mls_octets never owns: what a call returns lives in the arena
 *               that the call was given, or is a view whose comment says until when it is valid.
 *   Results     int; MLS_OK (0) or a code of timbre/mls_codes.h, with one cause each.  Outputs are
 *               written on MLS_OK and only then.  A refused call changes nothing.
 *   Structs     that may grow begin with `size`, which the caller sets to sizeof of the struct (all
 *               else zero where it has nothing to say); MLS_INIT does it.  So a program that was
 *               built with an older header runs with a newer library.
 *   Strings     are octets with a length; no terminator, no character set.
 *   Time        is an argument, in seconds since 1970 UTC; 0 where a comment allows it: lifetimes
 *               are not checked.
 *   Threads     No global state.  struct mls_ctx and struct mls_signer do not change once made:
 *               any number of threads may use them at once, provided that the program's own
 *               functions in struct mls_config allow it (the built-in ones do).  Every other
 *               object belongs to one thread at a time; different objects are independent.  The
 *               library starts no thread; run_parallel lends it the program's for one call.
 *   Secrets     Octets that a comment calls SECRET must be kept encrypted and never be printed.
 *               The library wipes what it held.
 */
#ifndef TIMBRE_MLS_BASE_H
#define TIMBRE_MLS_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timbre/mls_codes.h"

#if defined(__GNUC__) || defined(__clang__)
#define MLS_API __attribute__((visibility("default")))
#define MLS_MUST_USE __attribute__((warn_unused_result))
#else
#define MLS_API
#define MLS_MUST_USE
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ------------------------------------------------------------------ version */

/* Of this header.  Within one major version (the soname's number) programs keep running. */
#define MLS_LIBRARY_VERSION_MAJOR 0
#define MLS_LIBRARY_VERSION_MINOR 1
#define MLS_LIBRARY_VERSION_PATCH 0
#define MLS_LIBRARY_VERSION                                                                        \
    (MLS_LIBRARY_VERSION_MAJOR << 16 | MLS_LIBRARY_VERSION_MINOR << 8 | MLS_LIBRARY_VERSION_PATCH)

/* Of the library that runs, in the same form. */
MLS_API uint32_t mls_library_version(void);

/* ------------------------------------------------------------------ octets and status */

/* Borrowed octets. */
struct mls_octets {
    const uint8_t *data; /* may be NULL when len is 0 */
    size_t len;
};

/* Initialiser of a struct with a `size`: nothing but that.  struct mls_config c = MLS_INIT(struct
 * mls_config); the same in C++. */
#ifdef __cplusplus
#define MLS_INIT(STRUCT_)                                                                          \
    ([] {                                                                                          \
        STRUCT_ init = {};                                                                  \
        init.size = sizeof init;                                                                   \
        return init;                                                                               \
    }())
#else
#define MLS_INIT(STRUCT_) { .size = sizeof(STRUCT_) }
#endif

/* "MLS_EPOCH", and one sentence in English without a full stop; "UNKNOWN" for a number that is no
 * code.  Constant strings. */
MLS_API const char *mls_status_name(int status);
MLS_API const char *mls_status_text(int status);

/*
 * Where a refusal happened, for the log: the wire struct or rule, its field, the octet of the
 * input.  Never secret.  Written only on a refusal that has a place, so zero it first; may be NULL.
 */
struct mls_where {
    const char *type;
    const char *field;
    size_t offset;
};

/* ------------------------------------------------------------------ what the program provides */

/* An allocator.  take: 16-aligned octets, or NULL; give: what take gave, with its len.  The library
 * wipes before it gives back. */
struct mls_memory {
    size_t size;
    void *user;
    void *(*take)(void *user, size_t len);
    void (*give)(void *user, void *data, size_t len);
};

/* A cryptographically secure random generator.  fill: true when all len octets are random. */
struct mls_random {
    size_t size;
    void *user;
    bool (*fill)(void *user, uint8_t *out, size_t len);
};

/* A credential (RFC 9420, section 5.3), as input and as view. */
struct mls_identity {
    uint16_t credential_type;              /* MLS_CREDENTIAL_BASIC or MLS_CREDENTIAL_X509 */
    struct mls_octets identity;            /* basic */
    const struct mls_octets *certificates; /* x509: DER, the end entity's first */
    size_t certificate_count;
};

/* Where a credential was met. */
enum mls_credential_place {
    MLS_CREDENTIAL_IN_GROUP = 1,       /* a leaf of a group that is joined or looked at */
    MLS_CREDENTIAL_IN_ADD,             /* a leaf that a commit or proposal adds */
    MLS_CREDENTIAL_IN_UPDATE,          /* a leaf that replaces the one at leaf_index */
    MLS_CREDENTIAL_IN_EXTERNAL_SENDERS /* leaf_index is the index of the sender */
};
struct mls_credential_question {
    size_t size; /* set by the library */
    enum mls_credential_place place;
    struct mls_octets group_id;
    uint32_t leaf_index; /* UINT32_MAX where it is not known yet */
    struct mls_identity credential;
    const struct mls_identity *previous; /* IN_UPDATE: what the leaf had before; else NULL */
    struct mls_octets signature_key;     /* public, in the suite's form */
    uint64_t now_s;
};
/*
 * Does this credential name whom the application lets in, and is it bound to signature_key (RFC
 * 9420, section 5.3.1: the authentication service)?  For an update: may it follow `previous`?  For
 * X.509 the library has checked that the first certificate's public key is signature_key (section
 * 5.3); path, names, times and revocation are the application's.  All is borrowed for the call.
 * The function must not call the library on the object that asks.
 */
typedef bool mls_credential_check(void *user, const struct mls_credential_question *question);

/*
 * The new data of a component after the AppDataUpdates of one commit, in their order
 * (draft-ietf-mls-extensions).  old is empty when !is_present.  The result is one of the arguments
 * or in the arena.  0: taken; anything else makes the commit invalid.  All members and delivery
 * services of a group must answer alike.
 */
struct mls_arena;
typedef int mls_app_data_update_rule(void *user, uint16_t component_id, bool is_present,
                                     struct mls_octets old, const struct mls_octets *updates,
                                     size_t update_count, struct mls_arena *arena,
                                     struct mls_octets *out);

/*
 * The program's threads, for signatures that do not depend on one another (joining a large group,
 * many Adds).  Call work(work_user, i) once for each i below count, in any order, on any threads,
 * and return when the last call has returned and its effects are visible to this thread.  work
 * calls nothing of the program's but verify of struct mls_crypto.  The result of the call that
 * needed it does not depend on the order.
 */
typedef void mls_parallel_work(void *work_user, size_t index);
typedef void mls_parallel_run(void *user, size_t count, mls_parallel_work *work, void *work_user);

struct mls_crypto; /* timbre/mls_crypto.h */

struct mls_config {
    size_t size;
    const struct mls_memory *memory; /* NULL: malloc */
    const struct mls_random *random; /* NULL: the operating system's */
    size_t object_bytes_max;         /* memory of one object at most; 0: no limit */
    void *user;                      /* first argument of what follows */
    mls_credential_check *check_credential;    /* NULL: every credential is accepted */
    mls_app_data_update_rule *update_app_data; /* NULL: the last update replaces the data */
    mls_parallel_run *run_parallel;            /* NULL: one signature after another */
    const struct mls_crypto *crypto;           /* NULL: the built-in one; its own `user` */
};

/* ------------------------------------------------------------------ context */

struct mls_ctx;

/*
 * The library with what the program provides.  config may be NULL: all defaults, which accept every
 * credential.  The struct is copied, what it points to as well; `user` pointers are kept.
 * MLS_ARGUMENT, MLS_NO_SPACE.
 */
MLS_API MLS_MUST_USE int mls_ctx_new(const struct mls_config *config, struct mls_ctx **out);
MLS_API void mls_ctx_free(struct mls_ctx *ctx);
/* Is this cipher suite (enum mls_cipher_suite) offered here? */
MLS_API bool mls_ctx_has_suite(const struct mls_ctx *ctx, uint16_t cipher_suite);

/* ------------------------------------------------------------------ arena */

/*
 * Memory of results.  Each call that takes an arena may put octets into it; they live until the
 * arena is cleared or freed, which wipes them.
 */
MLS_API MLS_MUST_USE int mls_arena_new(const struct mls_ctx *ctx, struct mls_arena **out);
MLS_API void mls_arena_clear(struct mls_arena *arena);
MLS_API void mls_arena_free(struct mls_arena *arena);
/* Zeroed octets of the arena, 16-aligned; NULL when there is no space. */
MLS_API void *mls_arena_take(struct mls_arena *arena, size_t len);

/* ------------------------------------------------------------------ signature keys */

/*
 * A signature key pair of one cipher suite.  Private keys: the seed of Ed25519 and Ed448, the
 * big-endian scalar of the curve's field size for ECDSA.  Public keys of ECDSA are uncompressed.
 */
struct mls_signer;
/* A fresh key.  MLS_CRYPTO_UNSUPPORTED; MLS_CRYPTO_NO_MLKEM for the suite 0xf47a (private range,
 * ML-KEM-768 with X25519) where the provider has no ML-KEM; MLS_RANDOM, MLS_NO_SPACE. */
MLS_API MLS_MUST_USE int mls_signer_new(const struct mls_ctx *ctx, uint16_t cipher_suite,
                                        struct mls_signer **out);
/* A stored key.  MLS_CRYPTO_KEY when it is none. */
MLS_API MLS_MUST_USE int mls_signer_from(const struct mls_ctx *ctx, uint16_t cipher_suite,
                                         struct mls_octets private_key, struct mls_signer **out);
MLS_API void mls_signer_free(struct mls_signer *signer);
/* Valid until the signer is freed.  The private key is SECRET. */
MLS_API struct mls_octets mls_signer_public_key(const struct mls_signer *signer);
MLS_API struct mls_octets mls_signer_private_key(const struct mls_signer *signer);

/* ------------------------------------------------------------------ key packages */

/* An extension of any list (RFC 9420, section 13). */
struct mls_ext {
    uint16_t extension_type;
    struct mls_octets extension_data;
};

/* What a leaf of our own says (RFC 9420, section 7.2). */
struct mls_leaf_options {
    size_t size;
    struct mls_identity identity;
    uint64_t not_before_s, not_after_s;   /* lifetime of the leaf of a key package */
    const struct mls_ext *extensions;     /* of the leaf, application_id for one */
    size_t extension_count;
    const uint16_t *extension_types;      /* capabilities beyond what the library knows itself: */
    size_t extension_type_count;          /* each extension of the group must be among them */
    const uint16_t *credential_types;     /* others' credentials that the program can check, */
    size_t credential_type_count;         /* beside basic */
};

struct mls_key_package {
    struct mls_octets key_package;  /* encoded KeyPackage, to be published */
    struct mls_octets private_part; /* SECRET; store it until it was used, then delete it */
    struct mls_octets ref;          /* KeyPackageRef (section 5.2), to find the private part by */
};
/*
 * Make a key package (section 10).  A last resort (draft-ietf-mls-extensions) may be used more than
 * once; any other exactly once.  Results in the arena.
 */
MLS_API MLS_MUST_USE int mls_key_package_make(const struct mls_ctx *ctx,
                                              const struct mls_signer *signer,
                                              const struct mls_leaf_options *leaf,
                                              bool is_last_resort, struct mls_arena *arena,
                                              struct mls_key_package *out);

struct mls_key_package_info {
    size_t size;
    uint16_t cipher_suite;
    struct mls_identity credential;
    struct mls_octets signature_key;
    struct mls_octets key_package; /* encoded KeyPackage, also when it came in an MLSMessage */
    struct mls_octets ref;
    uint64_t not_before_s, not_after_s;
    bool is_last_resort;
};
/*
 * Check somebody's key package, a KeyPackage or an MLSMessage that holds one, as far as no group is
 * needed (section 10.1), and ask check_credential (place IN_ADD, no group_id).
 */
MLS_API MLS_MUST_USE int mls_key_package_open(const struct mls_ctx *ctx,
                                              struct mls_octets key_package, uint64_t now_s,
                                              struct mls_arena *arena,
                                              struct mls_key_package_info *out,
                                              struct mls_where *where);

/* ------------------------------------------------------------------ X.509 */

/*
 * The public key of a DER certificate as MLS writes it (the BIT STRING of subjectPublicKeyInfo).
 * A view of the certificate.  MLS_CERTIFICATE when it cannot be read.
 */
MLS_API MLS_MUST_USE int mls_certificate_key(struct mls_octets certificate,
                                             struct mls_octets *out);

#ifdef __cplusplus
}
#endif

#endif
