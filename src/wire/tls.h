/*
 * TLS presentation language (RFC 8446, section 3) with the variable-size vectors of RFC 9420,
 * section 2.1.2: one list of rows per struct, one interpreter for all of them.
 *
 * A struct is described once, in a header:
 *
 *     #define MLS_LIFETIME(ROW, S)                  \
 *         ROW(S, U64, not_before, NONE)             \
 *         ROW(S, U64, not_after,  NONE)
 *     WIRE_STRUCT(mls_lifetime, MLS_LIFETIME)
 *
 * and its table is laid down in one .c file:  WIRE_TABLE(mls_lifetime, MLS_LIFETIME)
 * which defines `const struct wire_desc mls_lifetime_desc`.  The macros expand to data only.
 *
 * Kinds and their fourth argument:
 *     U8 U16 U32 U64   uintN_t name;                       NONE
 *     FIXED            uint8_t name[N];                    N
 *     BYTES            tb_bytes name;   opaque name<V>                             NONE
 *     BYTES_MAX        the same, 0 to N octets;                                    N
 *     BYTES_SOME       the same, 1 to N octets;                                    N
 *     SUB              struct T name;                      T
 *     VEC              struct { struct T *at; size_t count; } name;   T name<V>    T
 *     OPT              struct T *name;  optional<T>, NULL when absent              T
 *     SELECT           union U name;    one pointer arm, chosen by an earlier tag  U (WIRE_UNION)
 *     MARK             const uint8_t *name;  no octets: where in the input the decoder stood
 *     REST             tb_bytes name;   everything that is left; last row only     NONE
 *
 * Decoded structs are views into the caller's input plus vectors in the caller's arena; both must
 * outlive them.  MARK rows are ignored by encoding, size and equality.
 *
 * Accepting implies that encoding the struct gives the input back, octet for octet.
 */
#ifndef TB_WIRE_TLS_H
#define TB_WIRE_TLS_H

#include "base/mem.h"
#include "wire/status.h"

/* The longest vector of RFC 9420 (30 bits of length). */
#define WIRE_LEN_MAX 0x3fffffffu

enum wire_kind {
    WIRE_U8 = 1,
    WIRE_U16,
    WIRE_U32,
    WIRE_U64,
    WIRE_FIXED,
    WIRE_BYTES,
    WIRE_SUB,
    WIRE_VEC,
    WIRE_OPT,
    WIRE_SELECT,
    WIRE_MARK,
    WIRE_REST,
};

struct wire_desc;
struct wire_arms;

struct wire_row {
    const char *name;
    const struct wire_desc *sub;   /* SUB, VEC, OPT */
    const struct wire_arms *arms;  /* SELECT */
    size_t offset;                 /* of the member */
    uint32_t min, max;             /* BYTES: octets, inclusive; FIXED: both are the size */
    enum wire_kind kind;
};

struct wire_desc {
    const char *name;
    const struct wire_row *rows;
    size_t row_count;
    size_t size; /* sizeof the struct */
};

struct wire_arm {
    uint32_t tag;
    const struct wire_desc *desc; /* NULL: the arm holds nothing */
    const char *name;
};

struct wire_arms {
    const char *name;
    const struct wire_arm *arms;
    size_t arm_count;
    size_t tag_offset; /* of the tag in the struct that holds the union */
    size_t tag_size;   /* 1, 2 or 4 octets */
    bool is_open;      /* an unknown tag holds nothing instead of being refused */
};

/* A vector as the interpreter sees it; every VEC member has this layout. */
struct wire_vec {
    void *at;
    size_t count;
};

/* ---- first expansion: members ---- */
#define WIRE_MEMBER(S_, KIND_, NAME_, ARG_) WIRE_MEMBER_##KIND_(NAME_, ARG_)
#define WIRE_MEMBER_U8(NAME_, ARG_) uint8_t NAME_;
#define WIRE_MEMBER_U16(NAME_, ARG_) uint16_t NAME_;
#define WIRE_MEMBER_U32(NAME_, ARG_) uint32_t NAME_;
#define WIRE_MEMBER_U64(NAME_, ARG_) uint64_t NAME_;
#define WIRE_MEMBER_FIXED(NAME_, ARG_) uint8_t NAME_[ARG_];
#define WIRE_MEMBER_BYTES(NAME_, ARG_) tb_bytes NAME_;
#define WIRE_MEMBER_BYTES_MAX(NAME_, ARG_) tb_bytes NAME_;
#define WIRE_MEMBER_BYTES_SOME(NAME_, ARG_) tb_bytes NAME_;
#define WIRE_MEMBER_SUB(NAME_, ARG_) struct ARG_ NAME_;
#define WIRE_MEMBER_VEC(NAME_, ARG_)                                                               \
    struct {                                                                                       \
        struct ARG_ *at;                                                                           \
        size_t count;                                                                              \
    } NAME_;
#define WIRE_MEMBER_OPT(NAME_, ARG_) struct ARG_ *NAME_;
#define WIRE_MEMBER_SELECT(NAME_, ARG_) union ARG_ NAME_;
#define WIRE_MEMBER_MARK(NAME_, ARG_) const uint8_t *NAME_;
#define WIRE_MEMBER_REST(NAME_, ARG_) tb_bytes NAME_;

#define WIRE_STRUCT(NAME_, LIST_)                                                                  \
    struct NAME_ {                                                                                 \
        LIST_(WIRE_MEMBER, NAME_)                                                                  \
    };                                                                                             \
    extern const struct wire_desc NAME_##_desc;

/* ---- second expansion: rows ---- */
#define WIRE_ROW(S_, KIND_, NAME_, ARG_) WIRE_ROW_##KIND_(S_, NAME_, ARG_)
#define WIRE_ROW_OF(S_, NAME_, KIND_, SUB_, ARMS_, MIN_, MAX_)                                     \
    { #NAME_, SUB_, ARMS_, offsetof(struct S_, NAME_), MIN_, MAX_, KIND_ },
#define WIRE_ROW_U8(S_, NAME_, ARG_) WIRE_ROW_OF(S_, NAME_, WIRE_U8, NULL, NULL, 0, 0)
#define WIRE_ROW_U16(S_, NAME_, ARG_) WIRE_ROW_OF(S_, NAME_, WIRE_U16, NULL, NULL, 0, 0)
#define WIRE_ROW_U32(S_, NAME_, ARG_) WIRE_ROW_OF(S_, NAME_, WIRE_U32, NULL, NULL, 0, 0)
#define WIRE_ROW_U64(S_, NAME_, ARG_) WIRE_ROW_OF(S_, NAME_, WIRE_U64, NULL, NULL, 0, 0)
#define WIRE_ROW_FIXED(S_, NAME_, ARG_) WIRE_ROW_OF(S_, NAME_, WIRE_FIXED, NULL, NULL, ARG_, ARG_)
#define WIRE_ROW_BYTES(S_, NAME_, ARG_)                                                            \
    WIRE_ROW_OF(S_, NAME_, WIRE_BYTES, NULL, NULL, 0, WIRE_LEN_MAX)
#define WIRE_ROW_BYTES_MAX(S_, NAME_, ARG_)                                                        \
    WIRE_ROW_OF(S_, NAME_, WIRE_BYTES, NULL, NULL, 0, ARG_)
#define WIRE_ROW_BYTES_SOME(S_, NAME_, ARG_)                                                       \
    WIRE_ROW_OF(S_, NAME_, WIRE_BYTES, NULL, NULL, 1, ARG_)
#define WIRE_ROW_SUB(S_, NAME_, ARG_)                                                              \
    WIRE_ROW_OF(S_, NAME_, WIRE_SUB, &ARG_##_desc, NULL, 0, 0)
#define WIRE_ROW_VEC(S_, NAME_, ARG_)                                                              \
    WIRE_ROW_OF(S_, NAME_, WIRE_VEC, &ARG_##_desc, NULL, 0, WIRE_LEN_MAX)
#define WIRE_ROW_OPT(S_, NAME_, ARG_)                                                              \
    WIRE_ROW_OF(S_, NAME_, WIRE_OPT, &ARG_##_desc, NULL, 0, 0)
#define WIRE_ROW_SELECT(S_, NAME_, ARG_)                                                           \
    WIRE_ROW_OF(S_, NAME_, WIRE_SELECT, NULL, &ARG_##_arms, 0, 0)
#define WIRE_ROW_MARK(S_, NAME_, ARG_) WIRE_ROW_OF(S_, NAME_, WIRE_MARK, NULL, NULL, 0, 0)
#define WIRE_ROW_REST(S_, NAME_, ARG_)                                                             \
    WIRE_ROW_OF(S_, NAME_, WIRE_REST, NULL, NULL, 0, WIRE_LEN_MAX)

#define WIRE_TABLE(NAME_, LIST_)                                                                   \
    static const struct wire_row NAME_##_rows[] = { LIST_(WIRE_ROW, NAME_) };                      \
    const struct wire_desc NAME_##_desc = { #NAME_, NAME_##_rows,                                  \
                                            sizeof NAME_##_rows / sizeof NAME_##_rows[0],          \
                                            sizeof(struct NAME_) };

/*
 * A select.  LIST(ARM, U) has rows  ARM(U, tag value, member name, struct name)  and, for arms
 * that hold nothing,  ARM_EMPTY(U, tag value, member name).  A list therefore takes three
 * parameters: LIST(ARM, ARM_EMPTY, U).
 */
#define WIRE_UNION_MEMBER(U_, TAG_, NAME_, TYPE_) struct TYPE_ *NAME_;
#define WIRE_UNION_NOTHING(U_, TAG_, NAME_)
#define WIRE_UNION(NAME_, LIST_)                                                                   \
    union NAME_ {                                                                                  \
        void *any;                                                                                 \
        LIST_(WIRE_UNION_MEMBER, WIRE_UNION_NOTHING, NAME_)                                        \
    };                                                                                             \
    extern const struct wire_arms NAME_##_arms;

#define WIRE_ARM_ROW(U_, TAG_, NAME_, TYPE_) { TAG_, &TYPE_##_desc, #NAME_ },
#define WIRE_ARM_NOTHING(U_, TAG_, NAME_) { TAG_, NULL, #NAME_ },
#define WIRE_ARMS_TABLE(NAME_, STRUCT_, TAG_, IS_OPEN_, LIST_)                                     \
    static const struct wire_arm NAME_##_arm_rows[] = { LIST_(WIRE_ARM_ROW, WIRE_ARM_NOTHING,      \
                                                              NAME_) };                            \
    const struct wire_arms NAME_##_arms = {                                                        \
        #NAME_,                                                                                    \
        NAME_##_arm_rows,                                                                          \
        sizeof NAME_##_arm_rows / sizeof NAME_##_arm_rows[0],                                      \
        offsetof(struct STRUCT_, TAG_),                                                            \
        sizeof(((struct STRUCT_ *)0)->TAG_),                                                       \
        IS_OPEN_                                                                                   \
    };

/* ---- elements of vectors of plain values ---- */
#define WIRE_U16_VALUE(ROW, S) ROW(S, U16, value, NONE)
WIRE_STRUCT(wire_u16, WIRE_U16_VALUE)
#define WIRE_U32_VALUE(ROW, S) ROW(S, U32, value, NONE)
WIRE_STRUCT(wire_u32, WIRE_U32_VALUE)
#define WIRE_U64_VALUE(ROW, S) ROW(S, U64, value, NONE)
WIRE_STRUCT(wire_u64, WIRE_U64_VALUE)
#define WIRE_OPAQUE_VALUE(ROW, S) ROW(S, BYTES, value, NONE)
WIRE_STRUCT(wire_opaque, WIRE_OPAQUE_VALUE)

/*
 * Decode one whole value.  `out` is sizeof the struct, of the caller, and undefined after a
 * refusal.  Trailing octets are refused.  why may be NULL.  Returns a WIRE_ status or TB_NO_SPACE.
 */
TB_MUST_USE tb_status wire_decode(const struct wire_desc *desc, tb_bytes input,
                                  struct tb_arena *arena, void *out, struct tb_why *why);

/* The same for a value at the start of *input; on success *input is what follows it. */
TB_MUST_USE tb_status wire_decode_prefix(const struct wire_desc *desc, tb_bytes *input,
                                         struct tb_arena *arena, void *out, struct tb_why *why);

/* Octets of the encoding.  TB_TOO_LONG over WIRE_LEN_MAX; WIRE_LENGTH_RANGE, WIRE_UNKNOWN_TAG for
 * a struct that has no encoding. */
TB_MUST_USE tb_status wire_size(const struct wire_desc *desc, const void *value, size_t *out);

/* Encode into the arena. */
TB_MUST_USE tb_status wire_encode(const struct wire_desc *desc, const void *value,
                                  struct tb_arena *arena, tb_bytes *out);

/* Encode behind what is in the buffer. */
TB_MUST_USE tb_status wire_encode_buf(const struct wire_desc *desc, const void *value,
                                      struct tb_buf *buf);

/* One `opaque value<V>` header: its own length (1, 2 or 4) and the reader of it. */
size_t wire_length_size(size_t len);
uint8_t *wire_length_put(uint8_t *out, size_t len); /* returns what follows the prefix */
TB_MUST_USE tb_status wire_length_take(tb_bytes *input, size_t *len);

/* decode(encode(x)) for structs in other memory: a deep copy that lives in the arena. */
TB_MUST_USE tb_status wire_copy(const struct wire_desc *desc, const void *value,
                                struct tb_arena *arena, void *out);

/* Equal in every row but MARK.  Both must be encodable.  PUBLIC data: not constant time. */
bool wire_equal(const struct wire_desc *desc, const void *a, const void *b);

/* Is the graph of descriptors sound: no cycle, no vector element of zero octets, bounds ordered. */
bool wire_check(const struct wire_desc *desc);

#endif
