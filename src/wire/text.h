/*
 * Octets and numbers as text: UTF-8, hexadecimal, base64, decimal.
 *
 * Every decoder accepts exactly what its encoder writes, so equal values have equal texts.
 * Characters are mapped without a table and without a branch on the value: invitations and keys
 * pass through here.
 */
#ifndef TB_WIRE_TEXT_H
#define TB_WIRE_TEXT_H

#include "base/mem.h"
#include "wire/status.h"

/* RFC 3629: no surrogates, no overlong forms, nothing over U+10FFFF.  The empty text is valid. */
bool wire_text_is_utf8(tb_bytes text);

/* Lower-case hexadecimal.  out: 2 * value.len characters, no terminator. */
void wire_text_hex_encode(tb_bytes value, char *out);
/* text has exactly 2 * len characters, else WIRE_TEXT; out: len octets, undefined on refusal. */
TB_MUST_USE tb_status wire_text_hex_decode(tb_bytes text, uint8_t *out, size_t len);

/* RFC 4648: section 4 with padding, section 5 without. */
enum wire_text_base64 { WIRE_TEXT_BASE64 = 1, WIRE_TEXT_BASE64URL };

/* Characters of the encoding of len octets; len <= WIRE_TEXT_BASE64_LEN_MAX. */
#define WIRE_TEXT_BASE64_LEN_MAX 0x3fffffffu
size_t wire_text_base64_size(enum wire_text_base64 form, size_t len);
/* out: wire_text_base64_size() characters, no terminator. */
void wire_text_base64_encode(enum wire_text_base64 form, tb_bytes value, char *out);
/*
 * *len octets into out, which has room for out_max.  WIRE_TEXT for a foreign character, wrong or
 * missing padding, or unused bits that are set; TB_TOO_LONG when out_max is too small.  On refusal
 * out is undefined and *len untouched.
 */
TB_MUST_USE tb_status wire_text_base64_decode(enum wire_text_base64 form, tb_bytes text,
                                              uint8_t *out, size_t out_max, size_t *len);

/* Decimal without sign and leading zeros.  Returns the number of characters written. */
enum { WIRE_TEXT_U64_MAX = 20 };
size_t wire_text_u64_encode(uint64_t value, char out[WIRE_TEXT_U64_MAX]);
/* WIRE_TEXT for anything else than one such number; TB_OVERFLOW over 2^64 - 1. */
TB_MUST_USE tb_status wire_text_u64_decode(tb_bytes text, uint64_t *out);

/* The same encodings appended to a buffer. */
TB_MUST_USE tb_status wire_text_put_hex(struct tb_buf *buf, tb_bytes value);
TB_MUST_USE tb_status wire_text_put_base64(struct tb_buf *buf, enum wire_text_base64 form,
                                           tb_bytes value);
TB_MUST_USE tb_status wire_text_put_u64(struct tb_buf *buf, uint64_t value);

#endif
