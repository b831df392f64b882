/*
 * A small JSON reader (RFC 8259) for test vectors: pure, one arena, no numbers but unsigned
 * integers.  Strings without escapes are views of the input, which must outlive the values.
 */
#ifndef TB_TESTS_VECTORS_JSON_H
#define TB_TESTS_VECTORS_JSON_H

#include "base/mem.h"

enum json_kind { JSON_NULL = 1, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json {
    enum json_kind kind;
    tb_bytes key;       /* of a member of an object */
    tb_bytes text;      /* STRING: its octets; NUMBER: its digits; BOOL: "true" or "false" */
    struct json *first; /* ARRAY, OBJECT: the first child, in the order of the text */
    struct json *next;  /* the next sibling */
    size_t count;       /* children */
};

/* False for text that is not one JSON value, too deep, or too large for the arena. */
bool json_parse(tb_bytes text, struct tb_arena *arena, struct json **out);

/* NULL when the value is NULL, no object, or without this member. */
const struct json *json_get(const struct json *object, const char *key);

bool json_is_null(const struct json *value); /* JSON null, or no value at all */
bool json_u64(const struct json *value, uint64_t *out);
bool json_bool(const struct json *value, bool *out);
/* Octets of a string of hexadecimal digits, in the arena. */
bool json_hex(const struct json *value, struct tb_arena *arena, tb_bytes *out);

#endif
