/*
 * The test vectors of mlswg/mls-implementations (test-vectors.md there) as a library: pure, so that
 * one runner serves natively and in WASM.  A file is recognised by the keys of its cases, never by
 * its name.
 *
 * A kind is one function in one file.  It answers true when the case holds; else c->field names
 * what disagreed.  Everything it takes from c->arena ends with the case.
 */
#ifndef TB_TESTS_VECTORS_VECTORS_H
#define TB_TESTS_VECTORS_VECTORS_H

#include "crypto/crypto.h"
#include "tests/vectors/json.h"

struct vectors_env {
    const struct crypto_provider *provider;
    struct tb_mem *mem;
    struct tb_rng *rng;
};

struct vectors_case {
    const struct vectors_env *env;
    const struct json *json;
    struct crypto_suite suite; /* of the member cipher_suite; zero in kinds without one */
    struct tb_arena *arena;
    const char *field;  /* on failure: which member of the case disagreed */
    tb_status status;   /* and the refusal behind it, if it was one */
    uint64_t position;  /* and where in the case (epoch, leaf, message), if it has several */
};

enum vectors_verdict { VECTORS_PASSED = 1, VECTORS_FAILED, VECTORS_SKIPPED };

struct vectors_result {
    size_t passed;
    size_t failed;
    size_t skipped;
};

/* Told of every case that did not pass; c is NULL when the file is not JSON or no known kind. */
typedef void vectors_report(void *ctx, const char *kind, size_t index,
                            enum vectors_verdict verdict, const struct vectors_case *c);

/* Run every case of one file.  *kind: name of the format of the last case. */
struct vectors_result vectors_run(const struct vectors_env *env, tb_bytes text,
                                  vectors_report *report, void *ctx, const char **kind);

/* ---- for the kinds ---- */

/* Name the member that is being looked at; each of these leaves it in c->field on failure. */
bool vectors_fail(struct vectors_case *c, const char *field);
bool vectors_ok(struct vectors_case *c, const char *field, tb_status status);
bool vectors_true(struct vectors_case *c, const char *field, bool holds);
/* The octets of a hexadecimal member, and the comparison with one. */
bool vectors_hex(struct vectors_case *c, const struct json *object, const char *field,
                 tb_bytes *out);
bool vectors_equal(struct vectors_case *c, const struct json *object, const char *field,
                   tb_bytes got);
bool vectors_u64(struct vectors_case *c, const struct json *object, const char *field,
                 uint64_t *out);
/* A private key, padded on the left with zeros to len: scalars come in their shortest form too. */
bool vectors_private(struct vectors_case *c, const struct json *object, const char *field,
                     size_t len, tb_bytes *out);
/* The text of a string member as a C string. */
bool vectors_text(struct vectors_case *c, const struct json *object, const char *field,
                  const char **out);

typedef bool vectors_kind(struct vectors_case *c);

vectors_kind vectors_crypto_basics;
vectors_kind vectors_deserialization;
vectors_kind vectors_key_schedule;
vectors_kind vectors_message_protection;
vectors_kind vectors_passive_client;
vectors_kind vectors_psk_secret;
vectors_kind vectors_secret_tree;
vectors_kind vectors_transcript_hashes;
vectors_kind vectors_welcome;
vectors_kind vectors_messages;
vectors_kind vectors_tree_math;
vectors_kind vectors_tree_operations;
vectors_kind vectors_tree_validation;
vectors_kind vectors_treekem;

#endif
