/*
 * The result of every function that can refuse its input.
 *
 * tb_status is a struct, so it cannot be taken for a boolean or an int and cannot be dropped
 * unseen.  One code has one cause.  Codes are owned by rooms: each room lists its own in
 * <room>/status.h as X-macro rows CODE(name, number, "one sentence without a full stop").
 */
#ifndef TB_BASE_STATUS_H
#define TB_BASE_STATUS_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint16_t code;
} tb_status;

#define TB_MUST_USE __attribute__((warn_unused_result))

/* base owns 0-99, wire 100-199, crypto 200-299, mls 300-599, chat 600-799, hub 800-899,
 * client 900-999, api 1000-1049. */
#define TB_STATUS_LIST(CODE)                                                                       \
    CODE(TB_OK, 0, "done")                                                                         \
    CODE(TB_NO_SPACE, 1, "the memory limit of this operation is reached")                          \
    CODE(TB_TOO_LONG, 2, "a value is longer than its limit")                                       \
    CODE(TB_OVERFLOW, 3, "a sum or product does not fit its type")                                 \
    CODE(TB_RANDOM, 4, "the random generator gave nothing")                                        \
    CODE(TB_STORE, 5, "the store refused the operation")                                           \
    CODE(TB_NOT_FOUND, 6, "there is no such record")                                               \
    CODE(TB_UNSUPPORTED, 7, "this build does not offer the requested feature")

enum tb_status_code {
#define TB_STATUS_ENUM(NAME_, NUMBER_, TEXT_) NAME_ = NUMBER_,
    TB_STATUS_LIST(TB_STATUS_ENUM)
};

#define TB_STATUS(CODE_) ((tb_status){ (uint16_t)(CODE_) })

/* The only two control-flow macros: TRY returns, CHECK goes to `out` with a local `status`. */
#define TRY(EXPRESSION_)                                                                           \
    do {                                                                                           \
        tb_status try_status_ = (EXPRESSION_);                                                     \
        if (try_status_.code != TB_OK) return try_status_;                                         \
    } while (0)
#define CHECK(EXPRESSION_)                                                                         \
    do {                                                                                           \
        status = (EXPRESSION_);                                                                    \
        if (status.code != TB_OK) goto out;                                                        \
    } while (0)

static inline int tb_is_ok(tb_status status) { return status.code == TB_OK; }

/*
 * Where a refusal happened, for the person who reads the message.  Never holds secret bytes.
 * Written only on failure; the strings are constants of the program.
 */
struct tb_why {
    const char *type;  /* name of the wire struct, or of the rule's section */
    const char *field; /* name of its field */
    size_t offset;     /* octets from the start of the input */
};

#endif
