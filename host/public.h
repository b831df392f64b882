/*
 * What the hub shows to people without an account, as text: answers of the engine's public verbs as
 * JSON and pages, and requests read from forms and JSON.  French and English; no script.
 */
#ifndef TB_HOST_PUBLIC_H
#define TB_HOST_PUBLIC_H

#include "base/mem.h"
#include "chat/protocol.h"

/* How a request came and its answer goes. */
enum public_form {
    PUBLIC_NONE,
    PUBLIC_CHECKPOINT,
    PUBLIC_LOG_ENTRY,
    PUBLIC_LOG_INCLUSION,
    PUBLIC_LOG_CONSISTENCY,
    PUBLIC_COUNTS,
    PUBLIC_NOTICE_JSON,
    PUBLIC_STATE_JSON,
    PUBLIC_COMPLAINT_JSON,
    PUBLIC_NOTICE_PAGE,
    PUBLIC_STATE_PAGE,
    PUBLIC_COMPLAINT_PAGE
};
static inline bool public_is_page(enum public_form form) { return form >= PUBLIC_NOTICE_PAGE; }

enum {
    PUBLIC_BODY_LEN_MAX = 64 << 10, /* octets of a notice as it is sent */
    PUBLIC_TEXT_LEN_MAX = 1 << 20   /* octets of an answer */
};

/* Where people can turn to (Articles 11 to 13); empty texts are left out. */
struct public_contact {
    const char *users, *authorities, *representative, *languages;
};

/* ---- public_form.c: requests ---- */

/*
 * A member of an application/x-www-form-urlencoded text (a query too), decoded into the arena.
 * False: there is none, or its escapes are wrong.
 */
bool public_field(tb_bytes text, const char *name, struct tb_arena *arena, tb_bytes *out);
/* The same, as a number. */
bool public_number(tb_bytes text, const char *name, struct tb_arena *arena, uint64_t *out);
/*
 * The engine's request from a body: struct chat_notice for NOTICE forms, chat_notice_ask for the
 * others.  NULL, or what is wrong, for a person.  *is_french from the field `lang`.
 */
const char *public_request_read(enum public_form form, tb_bytes body, struct tb_arena *arena,
                                struct chat_notice *notice, struct chat_notice_ask *ask,
                                bool *is_french);

/* ---- public_json.c, public_page.c: answers; appended to the buffer ---- */

/* first, second: what was asked for.  answer: the verb's struct. */
TB_MUST_USE tb_status public_json(enum public_form form, uint64_t first, uint64_t second,
                                  const void *answer, struct tb_buf *out);
TB_MUST_USE tb_status public_contact_json(const struct public_contact *contact,
                                          struct tb_buf *out);
/* Pages: the part between <main> and </main>. */
TB_MUST_USE tb_status public_notice_form(bool is_french, const struct public_contact *contact,
                                         struct tb_buf *out);
TB_MUST_USE tb_status public_state_form(bool is_french, struct tb_buf *out);
TB_MUST_USE tb_status public_receipt_page(bool is_french, const struct chat_notice_receipt *receipt,
                                          struct tb_buf *out);
/* With a form for a complaint when one can be made. */
TB_MUST_USE tb_status public_state_page(bool is_french, const struct chat_notice_state *state,
                                        const uint8_t secret[CHAT_NOTICE_SECRET_LEN],
                                        struct tb_buf *out);
TB_MUST_USE tb_status public_refusal_page(bool is_french, uint16_t code, tb_bytes detail,
                                          uint64_t value, struct tb_buf *out);
TB_MUST_USE tb_status public_contact_page(bool is_french, const struct public_contact *contact,
                                          struct tb_buf *out);

#endif
