/* Fields of requests and responses. */
#include <string.h>

#include "cmd/mls-driver/driver.h"
#include "wire/text.h"

static tb_status bytes_of(struct driver_call *call, const json_t *value, tb_bytes *out)
{
    if (!json_is_string(value)) return TB_STATUS(DRIVER_FIELD);
    tb_bytes text = tb_bytes_of(json_string_value(value), json_string_length(value));
    size_t len_max = (text.len / 4 + 1) * 3, len = 0;
    uint8_t *octets = tb_arena_take(&call->arena, len_max, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    tb_status status = wire_text_base64_decode(WIRE_TEXT_BASE64, text, octets, len_max, &len);
    if (!tb_is_ok(status)) return TB_STATUS(DRIVER_FIELD);
    *out = (tb_bytes){ octets, len };
    return status;
}

static const json_t *field(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_null(value) ? NULL : value;
}

tb_status driver_get_bytes(struct driver_call *call, const json_t *object, const char *name,
                           tb_bytes *out)
{
    const json_t *value = field(object, name);
    *out = (tb_bytes){ NULL, 0 };
    return value == NULL ? TB_STATUS(TB_OK) : bytes_of(call, value, out);
}

tb_status driver_get_u64(const json_t *object, const char *name, uint64_t *out)
{
    const json_t *value = field(object, name);
    *out = 0;
    if (value == NULL) return TB_STATUS(TB_OK);
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        *out = (uint64_t)json_integer_value(value);
        return TB_STATUS(TB_OK);
    }
    tb_status status = wire_text_u64_decode(tb_bytes_text(json_string_value(value)), out);
    return TB_STATUS(tb_is_ok(status) ? TB_OK : DRIVER_FIELD);
}

tb_status driver_get_u32(const json_t *object, const char *name, uint32_t *out)
{
    uint64_t value;
    TRY(driver_get_u64(object, name, &value));
    if (value > UINT32_MAX) return TB_STATUS(DRIVER_FIELD);
    *out = (uint32_t)value;
    return TB_STATUS(TB_OK);
}

tb_status driver_get_bool(const json_t *object, const char *name, bool *out)
{
    const json_t *value = field(object, name);
    if (value != NULL && !json_is_boolean(value)) return TB_STATUS(DRIVER_FIELD);
    *out = json_is_true(value);
    return TB_STATUS(TB_OK);
}

tb_status driver_get_text(const json_t *object, const char *name, const char **out)
{
    const json_t *value = field(object, name);
    if (value != NULL && !json_is_string(value)) return TB_STATUS(DRIVER_FIELD);
    *out = value == NULL ? "" : json_string_value(value);
    return TB_STATUS(TB_OK);
}

tb_status driver_get_list(const json_t *object, const char *name, const json_t **out)
{
    *out = field(object, name);
    return TB_STATUS(*out == NULL || json_is_array(*out) ? TB_OK : DRIVER_FIELD);
}

tb_status driver_get_bytes_list(struct driver_call *call, const json_t *object, const char *name,
                                const tb_bytes **out, size_t *count)
{
    const json_t *list;
    TRY(driver_get_list(object, name, &list));
    *count = json_array_size(list);
    tb_bytes *items = tb_arena_take(&call->arena, *count, sizeof *items);
    if (items == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < *count; i++) {
        TRY(bytes_of(call, json_array_get(list, i), &items[i]));
    }
    *out = items;
    return TB_STATUS(TB_OK);
}

tb_status driver_put_bytes(struct driver_call *call, const char *name, tb_bytes value)
{
    size_t len = wire_text_base64_size(WIRE_TEXT_BASE64, value.len);
    char *text = tb_arena_take(&call->arena, len + 1, 1);
    if (text == NULL) return TB_STATUS(TB_NO_SPACE);
    wire_text_base64_encode(WIRE_TEXT_BASE64, value, text);
    int result = json_object_set_new(call->response, name, json_stringn(text, len));
    return TB_STATUS(result == 0 ? TB_OK : TB_NO_SPACE);
}

tb_status driver_put_u32(struct driver_call *call, const char *name, uint32_t value)
{
    int result = json_object_set_new(call->response, name, json_integer(value));
    return TB_STATUS(result == 0 ? TB_OK : TB_NO_SPACE);
}
