/*
 * As much of X.509 (RFC 5280, section 4.1) as RFC 9420, section 5.3 asks of MLS itself: the public
 * key of a certificate.  DER is walked, never interpreted; whether the chain is to be trusted is
 * the application's.
 */
#include "api/api.h"

enum { DER_BIT_STRING = 0x03, DER_SEQUENCE = 0x30, DER_CONTEXT_0 = 0xa0 };

/* The next value at the start of *input: its tag and contents; *input is then what follows. */
static bool der_take(tb_bytes *input, uint8_t *tag, tb_bytes *contents)
{
    size_t header = 2, len;
    if (input->len < header || (input->data[0] & 0x1f) == 0x1f) return false;
    len = input->data[1];
    if (len >= 0x80) { /* long form: 1 to 4 octets of length, the shortest that does */
        size_t count = len & 0x7f;
        if (count == 0 || count > 4 || input->len < header + count) return false;
        len = 0;
        for (size_t i = 0; i < count; i++) len = len << 8 | input->data[header + i];
        if (len < 0x80 || (count > 1 && input->data[header] == 0)) return false;
        header += count;
    }
    if (len > input->len - header) return false;
    *tag = input->data[0];
    *contents = (tb_bytes){ input->data + header, len };
    *input = (tb_bytes){ input->data + header + len, input->len - header - len };
    return true;
}

static bool der_enter(tb_bytes *input, uint8_t wanted, tb_bytes *contents)
{
    uint8_t tag;
    return der_take(input, &tag, contents) && tag == wanted;
}

static bool find_key(tb_bytes certificate, tb_bytes *key)
{
    tb_bytes whole, tbs, skipped, info, bits;
    uint8_t tag;
    if (!der_enter(&certificate, DER_SEQUENCE, &whole) || certificate.len != 0) return false;
    if (!der_enter(&whole, DER_SEQUENCE, &tbs)) return false;
    /* [0] version, if it is there; then serialNumber, signature, issuer, validity, subject. */
    if (tbs.len != 0 && tbs.data[0] == DER_CONTEXT_0 && !der_take(&tbs, &tag, &skipped)) {
        return false;
    }
    for (int i = 0; i < 5; i++) {
        if (!der_take(&tbs, &tag, &skipped)) return false;
    }
    if (!der_enter(&tbs, DER_SEQUENCE, &info)) return false;
    if (!der_enter(&info, DER_SEQUENCE, &skipped)) return false; /* algorithm */
    if (!der_enter(&info, DER_BIT_STRING, &bits) || info.len != 0) return false;
    if (bits.len < 2 || bits.data[0] != 0) return false; /* keys are whole octets */
    *key = (tb_bytes){ bits.data + 1, bits.len - 1 };
    return true;
}

int mls_certificate_key(struct mls_octets certificate, struct mls_octets *out)
{
    tb_bytes key;
    if (!find_key(mls_convert_in(certificate), &key)) return MLS_CERTIFICATE;
    *out = mls_convert_out(key);
    return MLS_OK;
}
