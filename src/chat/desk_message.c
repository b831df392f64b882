/* Drafts and appeals as CBOR. */
#include "chat/desk_message.h"

#include "wire/cbor.h"

tb_status chat_draft_encode(const struct chat_draft *draft, struct tb_buf *buf)
{
    TRY(wire_cbor_put_map(buf, 3));
    TRY(wire_cbor_put_uint(buf, 1));
    TRY(wire_cbor_put_bytes(buf, draft->decision));
    TRY(wire_cbor_put_uint(buf, 2));
    TRY(wire_cbor_put_bytes(buf, draft->statement));
    TRY(wire_cbor_put_uint(buf, 3));
    return wire_cbor_put_uint(buf, draft->expires_ms);
}

static tb_status take_key(struct wire_cbor *cbor, uint64_t expected)
{
    uint64_t key;
    TRY(wire_cbor_take_uint(cbor, &key));
    return TB_STATUS(key == expected ? TB_OK : CHAT_DESK_MESSAGE_FORM);
}

static tb_status take_map(tb_bytes input, size_t expected, struct wire_cbor *cbor)
{
    size_t count;
    TRY(wire_cbor_open(input, cbor));
    TRY(wire_cbor_take_map(cbor, &count));
    return TB_STATUS(count == expected ? TB_OK : CHAT_DESK_MESSAGE_FORM);
}

static tb_status draft_take(tb_bytes input, struct chat_draft *out)
{
    struct wire_cbor cbor;
    TRY(take_map(input, 3, &cbor));
    TRY(take_key(&cbor, 1));
    TRY(wire_cbor_take_bytes(&cbor, &out->decision));
    TRY(take_key(&cbor, 2));
    TRY(wire_cbor_take_bytes(&cbor, &out->statement));
    TRY(take_key(&cbor, 3));
    return wire_cbor_take_uint(&cbor, &out->expires_ms);
}

tb_status chat_draft_decode(tb_bytes input, struct chat_draft *out)
{
    struct chat_draft draft;
    TRY(chat_status_as(draft_take(input, &draft), CHAT_DESK_MESSAGE_FORM));
    *out = draft;
    return TB_STATUS(TB_OK);
}

tb_status chat_appeal_encode(const struct chat_appeal_text *appeal, struct tb_buf *buf)
{
    TRY(wire_cbor_put_map(buf, 2));
    TRY(wire_cbor_put_uint(buf, 1));
    TRY(wire_cbor_put_uint(buf, appeal->number));
    TRY(wire_cbor_put_uint(buf, 2));
    return wire_cbor_put_string(buf, appeal->text);
}

static tb_status appeal_take(tb_bytes input, struct chat_appeal_text *out)
{
    struct wire_cbor cbor;
    TRY(take_map(input, 2, &cbor));
    TRY(take_key(&cbor, 1));
    TRY(wire_cbor_take_uint(&cbor, &out->number));
    TRY(take_key(&cbor, 2));
    TRY(wire_cbor_take_string(&cbor, &out->text));
    bool is_good = out->number != 0 && out->text.len != 0
                   && out->text.len <= CHAT_APPEAL_TEXT_LEN_MAX;
    return TB_STATUS(is_good ? TB_OK : CHAT_DESK_MESSAGE_FORM);
}

tb_status chat_appeal_decode(tb_bytes input, struct chat_appeal_text *out)
{
    struct chat_appeal_text appeal;
    TRY(chat_status_as(appeal_take(input, &appeal), CHAT_DESK_MESSAGE_FORM));
    *out = appeal;
    return TB_STATUS(TB_OK);
}
