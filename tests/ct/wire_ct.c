/* Comparison, wiping and text encodings of secrets take the same time for every value. */
#include "tests/ct/ct.h"

#include <string.h>

#include "base/bytes.h"
#include "wire/text.h"

enum { LEN = 32, TEXT_MAX = 2 * LEN };

static uint8_t secret[LEN], other[LEN], octets[LEN];
static char text[TEXT_MAX];
static bool is_equal;
static tb_status status;
static size_t len;

static void compare_as_memcmp_would(void)
{
    volatile bool differs = false;
    for (size_t i = 0; i < LEN; i++) {
        if (secret[i] != other[i]) {
            differs = true;
            break;
        }
    }
    is_equal = !differs;
}

static void compare(void) { is_equal = tb_equal_ct(TB_ARRAY(secret), TB_ARRAY(other)); }

static void set_and_wipe(void)
{
    struct tb_secret holder = { .len = 0 };
    tb_secret_set(&holder, TB_ARRAY(secret));
    tb_secret_wipe(&holder);
}

static void encode_hex(void) { wire_text_hex_encode(TB_ARRAY(secret), text); }

static void decode_hex(void)
{
    status = wire_text_hex_decode(tb_bytes_of(text, (size_t)2 * LEN), octets, LEN);
}

static void encode_base64(void)
{
    wire_text_base64_encode(WIRE_TEXT_BASE64URL, TB_ARRAY(secret), text);
}

static void decode_base64(void)
{
    size_t size = wire_text_base64_size(WIRE_TEXT_BASE64URL, LEN);
    status = wire_text_base64_decode(WIRE_TEXT_BASE64URL, tb_bytes_of(text, size), octets, LEN,
                                     &len);
}

int main(void)
{
    struct ct_result result = { 0, 0 };
    memset(secret, 0x5a, sizeof secret);
    memset(other, 0x5a, sizeof other);
    CT_SECRET(secret, sizeof secret);

    ct_rule(&result, "a comparison that ends early is noticed",
            ct_leak_count(compare_as_memcmp_would) > 0);
    ct_rule(&result, "tb_equal_ct is blind to contents", ct_leak_count(compare) == 0);
    CT_PUBLIC(&is_equal, sizeof is_equal);
    ct_rule(&result, "tb_equal_ct sees that equal secrets are equal", is_equal);
    ct_rule(&result, "setting and wiping are blind", ct_leak_count(set_and_wipe) == 0);

    /* Whether a text was valid is public, and is one branch at the end at most. */
    ct_rule(&result, "writing hexadecimal is blind", ct_leak_count(encode_hex) == 0);
    ct_rule(&result, "reading hexadecimal is blind but for validity",
            ct_leak_count(decode_hex) <= 1);
    CT_PUBLIC(&status, sizeof status);
    ct_rule(&result, "what was written in hexadecimal is read", tb_is_ok(status));
    ct_rule(&result, "writing base64 is blind", ct_leak_count(encode_base64) == 0);
    ct_rule(&result, "reading base64 is blind but for validity",
            ct_leak_count(decode_base64) <= 1);
    CT_PUBLIC(&status, sizeof status);
    CT_PUBLIC(octets, sizeof octets);
    CT_PUBLIC(secret, sizeof secret);
    ct_rule(&result, "what was written in base64 is read",
            tb_is_ok(status) && memcmp(octets, secret, LEN) == 0);
    return ct_close(&result);
}
