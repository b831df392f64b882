/* Requests of people without an account: forms and JSON. */
#include <jansson.h>
#include <string.h>

#include "chat/reason.h"
#include "host/public.h"
#include "wire/text.h"

/* ------------------------------------------------------------------ application/x-www-form */

static int hex_of(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool unescape(tb_bytes text, uint8_t *out, size_t *len)
{
    *len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_of(text.data[i + 1]) : -1;
            int low = i + 2 < text.len ? hex_of(text.data[i + 2]) : -1;
            if (high < 0 || low < 0) return false;
            c = (uint8_t)(high << 4 | low);
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        out[(*len)++] = c;
    }
    return true;
}

bool public_field(tb_bytes text, const char *name, struct tb_arena *arena, tb_bytes *out)
{
    size_t name_len = strlen(name);
    while (text.len > 0) {
        const uint8_t *end = memchr(text.data, '&', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.data);
        bool is_it = len > name_len && text.data[name_len] == '=' &&
                     memcmp(text.data, name, name_len) == 0;
        if (is_it) {
            tb_bytes value = { text.data + name_len + 1, len - name_len - 1 };
            uint8_t *plain = tb_arena_take(arena, value.len + 1, 1);
            size_t plain_len;
            if (plain == NULL || !unescape(value, plain, &plain_len)) return false;
            *out = tb_bytes_of(plain, plain_len);
            return true;
        }
        size_t used = end == NULL ? len : len + 1;
        text = tb_bytes_of(text.data + used, text.len - used);
    }
    return false;
}

bool public_number(tb_bytes text, const char *name, struct tb_arena *arena, uint64_t *out)
{
    tb_bytes value;
    return public_field(text, name, arena, &value) &&
           wire_text_u64_decode(value, out).code == TB_OK;
}

/* ------------------------------------------------------------------ either way */

/* A body's members, from a form or a JSON object. */
struct members {
    tb_bytes form;
    json_t *object; /* NULL: a form */
    struct tb_arena *arena;
};

/* Empty when it is missing, or no text. */
static tb_bytes text_of(const struct members *members, const char *name)
{
    tb_bytes out = { NULL, 0 };
    if (members->object == NULL) {
        if (!public_field(members->form, name, members->arena, &out)) out.len = 0;
        return out;
    }
    const json_t *value = json_object_get(members->object, name);
    if (!json_is_string(value)) return out;
    tb_bytes text = { (const uint8_t *)json_string_value(value), json_string_length(value) };
    return tb_arena_dup(members->arena, text, &out).code == TB_OK ? out : tb_bytes_of(NULL, 0);
}

static bool is_true(const struct members *members, const char *name)
{
    if (members->object != NULL) return json_is_true(json_object_get(members->object, name));
    return tb_bytes_equal(text_of(members, name), TB_LITERAL("yes"));
}

static bool number_of(const struct members *members, const char *name, uint64_t *out)
{
    const json_t *value = members->object == NULL ? NULL
                                                  : json_object_get(members->object, name);
    if (json_is_integer(value) && json_integer_value(value) > 0) {
        *out = (uint64_t)json_integer_value(value);
        return true;
    }
    return wire_text_u64_decode(text_of(members, name), out).code == TB_OK;
}

/* Browsers end lines with CR LF; only the LF stays. */
static tb_bytes without_returns(tb_bytes text, struct tb_arena *arena)
{
    uint8_t *out = tb_arena_take(arena, text.len + 1, 1);
    size_t len = 0;
    if (out == NULL) return text;
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] != '\r') out[len++] = text.data[i];
    }
    return tb_bytes_of(out, len);
}

static const char *read_notice(const struct members *members, struct chat_notice *out)
{
    tb_bytes reason = text_of(members, "reason");
    *out = (struct chat_notice){ .kind = CHAT_NOTICE_FIRST,
                                 .where = text_of(members, "where"),
                                 .text = without_returns(text_of(members, "text"),
                                                         members->arena),
                                 .name = text_of(members, "name"),
                                 .mail = text_of(members, "mail"),
                                 .is_good_faith = is_true(members, "good_faith") };
    if (chat_reason_parse(reason, &out->reason_code).code != TB_OK) {
        return "reason: there is no such one";
    }
    if (out->where.len == 0) return "where: say exactly where it is";
    if (out->where.len > CHAT_NOTICE_WHERE_LEN_MAX) return "where: at most 1000 octets";
    if (out->text.len == 0) return "text: say why it is illegal or against the rules";
    if (out->text.len > CHAT_NOTICE_TEXT_LEN_MAX) return "text: at most 8000 octets";
    if (out->name.len > CHAT_NOTICE_NAME_LEN_MAX) return "name: at most 200 octets";
    if (out->mail.len > CHAT_NOTICE_MAIL_LEN_MAX) return "mail: at most 254 octets";
    if (!out->is_good_faith) return "good_faith: the declaration is needed";
    return chat_notice_check(out).code == TB_OK ? NULL : "mail: this is no address";
}

static const char *read_ask(enum public_form form, const struct members *members,
                            struct chat_notice_ask *out)
{
    bool is_complaint = form == PUBLIC_COMPLAINT_JSON || form == PUBLIC_COMPLAINT_PAGE;
    *out = (struct chat_notice_ask){ .number = 0 };
    if (!number_of(members, "number", &out->number)) return "number: that of the receipt";
    if (wire_text_hex_decode(text_of(members, "secret"), out->secret, sizeof out->secret).code !=
        TB_OK) {
        return "secret: the 32 characters of the receipt";
    }
    if (!is_complaint) return NULL;
    out->text = without_returns(text_of(members, "text"), members->arena);
    if (out->text.len == 0) return "text: say what is wrong with the answer";
    if (out->text.len > CHAT_NOTICE_TEXT_LEN_MAX) return "text: at most 8000 octets";
    return NULL;
}

const char *public_request_read(enum public_form form, tb_bytes body, struct tb_arena *arena,
                                struct chat_notice *notice, struct chat_notice_ask *ask,
                                bool *is_french)
{
    struct members members = { .form = body, .arena = arena };
    if (!public_is_page(form)) {
        members.object = json_loadb((const char *)body.data, body.len,
                                    JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(members.object)) {
            json_decref(members.object);
            return "the body is no JSON object";
        }
    }
    *is_french = tb_bytes_equal(text_of(&members, "lang"), TB_LITERAL("fr"));
    bool is_notice = form == PUBLIC_NOTICE_JSON || form == PUBLIC_NOTICE_PAGE;
    const char *wrong =
        is_notice ? read_notice(&members, notice) : read_ask(form, &members, ask);
    json_decref(members.object);
    return wrong;
}
