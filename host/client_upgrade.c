#include "host/client_upgrade.h"

#include <http_parser.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "wire/text.h"

enum { NONCE_LEN = 16, SHA1_LEN = 20, ACCEPT_LEN = 28, VALUE_LEN_MAX = 128, BODY_LEN_MAX = 160 };

tb_status cli_upgrade_request(struct cli_upgrade *upgrade, const char *authority,
                              struct tb_rng *rng, struct tb_buf *out)
{
    uint8_t nonce[NONCE_LEN];
    TRY(tb_rng_fill(rng, nonce, sizeof nonce));
    wire_text_base64_encode(WIRE_TEXT_BASE64, TB_ARRAY(nonce), upgrade->key);
    upgrade->key[CLI_UPGRADE_KEY_LEN] = 0;
    const char *parts[] = {
        "GET /v1/socket HTTP/1.1\r\nHost: ", authority,
        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: ", upgrade->key, "\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        TRY(tb_buf_append(out, tb_bytes_text(parts[i])));
    }
    return TB_STATUS(TB_OK);
}

enum { HEADER_OTHER = 0, HEADER_UPGRADE, HEADER_CONNECTION, HEADER_ACCEPT };

/* What the parser's callbacks gather. */
struct answer {
    size_t header; /* HEADER_... */
    char field[32], value[4][VALUE_LEN_MAX], body[BODY_LEN_MAX];
    size_t field_len, value_len[4], body_len;
    bool is_in_value, is_head_complete;
};

static int on_field(http_parser *parser, const char *at, size_t len)
{
    struct answer *answer = parser->data;
    if (answer->is_in_value) answer->field_len = 0;
    answer->is_in_value = false;
    for (size_t i = 0; i < len && answer->field_len + 1 < sizeof answer->field; i++) {
        answer->field[answer->field_len++] = at[i];
    }
    answer->field[answer->field_len] = 0;
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t len)
{
    struct answer *answer = parser->data;
    static const char *const names[4] = { "", "Upgrade", "Connection", "Sec-WebSocket-Accept" };
    if (!answer->is_in_value) {
        answer->header = HEADER_OTHER;
        for (size_t i = HEADER_UPGRADE; i <= HEADER_ACCEPT; i++) {
            if (strcasecmp(answer->field, names[i]) == 0) answer->header = i;
        }
        /* Given twice, it has no one value. */
        if (answer->header != HEADER_OTHER && answer->value_len[answer->header] > 0) return 1;
    }
    answer->is_in_value = true;
    if (answer->header == HEADER_OTHER) return 0;
    char *value = answer->value[answer->header];
    size_t *value_len = &answer->value_len[answer->header];
    if (len >= VALUE_LEN_MAX - *value_len) return 1; /* none of the three is that long */
    memcpy(value + *value_len, at, len);
    *value_len += len;
    return 0;
}

static int on_head(http_parser *parser)
{
    struct answer *answer = parser->data;
    answer->is_head_complete = true;
    return 0;
}

static int on_body(http_parser *parser, const char *at, size_t len)
{
    struct answer *answer = parser->data;
    for (size_t i = 0; i < len && answer->body_len + 1 < sizeof answer->body; i++) {
        answer->body[answer->body_len++] = at[i];
    }
    return 0;
}

/* RFC 6455, section 4.2.2, item 5.4: base64(SHA-1(key || GUID)). */
static bool is_accepted(const struct cli_upgrade *upgrade, const struct answer *answer)
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    uint8_t text[CLI_UPGRADE_KEY_LEN + sizeof guid - 1], hash[SHA1_LEN];
    char expected[ACCEPT_LEN];
    memcpy(text, upgrade->key, CLI_UPGRADE_KEY_LEN);
    memcpy(text + CLI_UPGRADE_KEY_LEN, guid, sizeof guid - 1);
    if (EVP_Digest(text, sizeof text, hash, NULL, EVP_sha1(), NULL) != 1) return false;
    wire_text_base64_encode(WIRE_TEXT_BASE64, TB_ARRAY(hash), expected);
    return answer->value_len[HEADER_ACCEPT] == ACCEPT_LEN &&
           memcmp(answer->value[HEADER_ACCEPT], expected, ACCEPT_LEN) == 0;
}

static tb_status refuse(const struct answer *answer, unsigned http_status, const char *text,
                        char why[CLI_WHY_LEN_MAX])
{
    const char *body = answer->body_len > 0 ? answer->body : text;
    if (http_status == 0) (void)snprintf(why, CLI_WHY_LEN_MAX, "%s", text);
    else (void)snprintf(why, CLI_WHY_LEN_MAX, "HTTP status %u, %s", http_status, body);
    return TB_STATUS(CLI_HANDSHAKE);
}

tb_status cli_upgrade_answer(const struct cli_upgrade *upgrade, tb_bytes input, size_t *used,
                             char why[CLI_WHY_LEN_MAX])
{
    static const http_parser_settings settings = {
        .on_header_field = on_field,
        .on_header_value = on_value,
        .on_headers_complete = on_head,
        .on_body = on_body,
    };
    struct answer answer = { .header = HEADER_OTHER };
    http_parser parser;
    http_parser_init(&parser, HTTP_RESPONSE);
    parser.data = &answer;
    *used = 0;
    size_t done = http_parser_execute(&parser, &settings, (const char *)input.data, input.len);
    enum http_errno error = HTTP_PARSER_ERRNO(&parser);
    bool is_http_1_1 = parser.http_major == 1 && parser.http_minor == 1;
    if (error == HPE_OK && answer.is_head_complete && !is_http_1_1) {
        return refuse(&answer, 0, "the answer is of another HTTP than 1.1", why);
    }
    if (error != HPE_OK) return refuse(&answer, 0, "the answer is not HTTP", why);
    if (!answer.is_head_complete) {
        if (input.len < CLI_UPGRADE_HEAD_LEN_MAX) return TB_STATUS(TB_OK);
        return refuse(&answer, 0, "the head of the answer is too long", why);
    }
    if (parser.status_code != 101) {
        return refuse(&answer, parser.status_code, "no WebSocket is offered there", why);
    }
    if (strcasecmp(answer.value[HEADER_UPGRADE], "websocket") != 0 ||
        strcasecmp(answer.value[HEADER_CONNECTION], "Upgrade") != 0 ||
        !is_accepted(upgrade, &answer)) {
        return refuse(&answer, 0, "the answer does not belong to the question", why);
    }
    *used = done;
    return TB_STATUS(TB_OK);
}
