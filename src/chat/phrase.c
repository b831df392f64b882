/* Recovery phrases: 128 bits and a check of 22 as thirty letters and digits. */
#include <string.h>

#include "chat/link.h"

enum {
    GROUP_LEN = 5,
    SYMBOL_COUNT = 30,
    CHECK_BITS = SYMBOL_COUNT * 5 - CHAT_PHRASE_ENTROPY_LEN * 8,
    OCTET_COUNT = (SYMBOL_COUNT * 5 + 7) / 8
};
/* Letters that look like digits are left out. */
static const char ALPHABET[] = "0123456789abcdefghjkmnpqrstvwxyz";

/* The entropy, then the check's bits from the highest on; what is left over is zero. */
static tb_status fill(const struct crypto_suite *suite, const uint8_t *entropy,
                      uint8_t octets[OCTET_COUNT])
{
    uint8_t hash[CRYPTO_HASH_MAX];
    tb_bytes parts[2] = { TB_LITERAL("Timbre phrase"),
                          tb_bytes_of(entropy, CHAT_PHRASE_ENTROPY_LEN) };
    TRY(suite->provider->hash(suite->provider, CRYPTO_SHA256, parts, 2, hash));
    memcpy(octets, entropy, CHAT_PHRASE_ENTROPY_LEN);
    memcpy(octets + CHAT_PHRASE_ENTROPY_LEN, hash, OCTET_COUNT - CHAT_PHRASE_ENTROPY_LEN);
    octets[OCTET_COUNT - 1] &= (uint8_t)(0xff << (OCTET_COUNT * 8 - SYMBOL_COUNT * 5));
    return TB_STATUS(TB_OK);
}

static void spell(const uint8_t octets[OCTET_COUNT], char out[CHAT_PHRASE_LEN])
{
    size_t at = 0;
    for (size_t i = 0; i < SYMBOL_COUNT; i++) {
        unsigned value = 0;
        for (size_t bit = i * 5; bit < i * 5 + 5; bit++) {
            value = value << 1 | ((unsigned)octets[bit / 8] >> (7 - bit % 8) & 1u);
        }
        if (i != 0 && i % GROUP_LEN == 0) out[at++] = '-';
        out[at++] = ALPHABET[value];
    }
}

tb_status chat_phrase_make(const struct crypto_suite *suite,
                           const uint8_t entropy[CHAT_PHRASE_ENTROPY_LEN],
                           char out[CHAT_PHRASE_LEN])
{
    uint8_t octets[OCTET_COUNT] = { 0 };
    tb_status status = fill(suite, entropy, octets);
    if (tb_is_ok(status)) spell(octets, out);
    tb_wipe(octets, sizeof octets);
    return status;
}

/* The symbol's value; -1 for what stands between groups, -2 for anything else. */
static int symbol_of(uint8_t c)
{
    if (c == '-' || c == ' ' || c == '\t' || c == '\r' || c == '\n') return -1;
    if (c >= 'A' && c <= 'Z') c = (uint8_t)(c - 'A' + 'a');
    if (c == 'o') c = '0';
    if (c == 'l' || c == 'i') c = '1';
    for (int i = 0; i < 32; i++) {
        if ((uint8_t)ALPHABET[i] == c) return i;
    }
    return -2;
}

tb_status chat_phrase_parse(const struct crypto_suite *suite, tb_bytes text,
                            char out[CHAT_PHRASE_LEN])
{
    uint8_t octets[OCTET_COUNT] = { 0 }, right[OCTET_COUNT] = { 0 };
    size_t count = 0;
    tb_status status = TB_STATUS(TB_OK);
    for (size_t i = 0; i < text.len; i++) {
        int value = symbol_of(text.data[i]);
        if (value == -1) continue;
        if (value < 0 || count == SYMBOL_COUNT) CHECK(TB_STATUS(CHAT_PHRASE));
        for (size_t k = 0; k < 5; k++) {
            size_t bit = count * 5 + k;
            octets[bit / 8] |= (uint8_t)((value >> (4 - k) & 1) << (7 - bit % 8));
        }
        count++;
    }
    if (count != SYMBOL_COUNT) CHECK(TB_STATUS(CHAT_PHRASE));
    CHECK(fill(suite, octets, right));
    if (memcmp(octets, right, sizeof right) != 0) CHECK(TB_STATUS(CHAT_PHRASE));
    spell(octets, out);
out:
    tb_wipe(octets, sizeof octets);
    tb_wipe(right, sizeof right);
    return status;
}
