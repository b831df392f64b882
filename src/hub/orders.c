/* The register of orders of authorities (Articles 9 and 10): kept by the operator, counted. */
#include <string.h>

#include "chat/reason.h"
#include "hub/outside.h"

static struct hub_key order_key(uint64_t number)
{
    struct hub_key key = hub_key_tagged('O', "", 0);
    hub_key_add_u64(&key, number);
    return key;
}

static bool is_capital(uint8_t c)
{
    return c >= 'A' && c <= 'Z';
}

/* Article 9(2): an order without one of these is not one yet; the authority is asked back. */
static uint16_t check_new(struct hub_call *call, const struct chat_order *order)
{
    if (order->kind != CHAT_ORDER_ACT && order->kind != CHAT_ORDER_INFORMATION) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "an order is to act or for information");
    }
    if (order->authority.len == 0 || order->legal_basis.len == 0) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "an order names authority and legal basis");
    }
    if (order->state.len != 2 || !is_capital(order->state.data[0])
        || !is_capital(order->state.data[1])) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "the member state is two capitals, like FR");
    }
    if (chat_reason_name(order->reason_code) == NULL) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "there is no such reason");
    }
    if (order->received_ms == 0 || order->received_ms > call->now_ms) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "the order was received at an earlier time");
    }
    return CHAT_CODE_OK;
}

static tb_status next_number(struct hub *hub, struct tb_arena *arena, uint64_t *number)
{
    struct hub_key key = hub_key_tagged('#', "", 0);
    struct wire_u64 newest = { 0 };
    bool found;
    TRY(hub_get(hub, HUB_TABLE_ORDERS, &key, &wire_u64_desc, arena, &newest, &found));
    if (!found) newest.value = 0;
    newest.value++;
    TRY(hub_put(hub, HUB_TABLE_ORDERS, &key, &wire_u64_desc, &newest, arena));
    *number = newest.value;
    return TB_STATUS(TB_OK);
}

static uint16_t close_order(struct hub *hub, struct hub_call *call, const struct chat_order *asked,
                            struct chat_order *out)
{
    struct hub_key key = order_key(asked->number);
    bool found;
    tb_status status;
    CHECK(hub_get(hub, HUB_TABLE_ORDERS, &key, &chat_order_desc, call->arena, out, &found));
    if (!found) return hub_refuse(call, CHAT_CODE_NOT_FOUND, "there is no such order");
    if (out->closed_ms != 0) return hub_refuse(call, CHAT_CODE_CONFLICT, "the order is closed");
    if (asked->effect.len == 0) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "say what effect was given to the order");
    }
    out->effect = asked->effect;
    out->closed_ms = asked->closed_ms != 0 ? asked->closed_ms : call->now_ms;
    if (out->closed_ms < out->received_ms || out->closed_ms > call->now_ms) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "an order ends after it came");
    }
    CHECK(hub_put(hub, HUB_TABLE_ORDERS, &key, &chat_order_desc, out, call->arena));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_admin_order(struct hub *hub, struct hub_call *call, const void *request,
                              void *answer)
{
    const struct chat_order *asked = request;
    struct chat_order *out = answer;
    tb_status status;
    if (asked->number != 0) return close_order(hub, call, asked, out);
    uint16_t code = check_new(call, asked);
    if (code != CHAT_CODE_OK) return code;
    *out = *asked;
    out->closed_ms = 0;
    out->effect = (tb_bytes){ NULL, 0 };
    CHECK(next_number(hub, call->arena, &out->number));
    struct hub_key key = order_key(out->number);
    CHECK(hub_put(hub, HUB_TABLE_ORDERS, &key, &chat_order_desc, out, call->arena));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

uint16_t hub_verb_admin_orders(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    struct chat_orders *out = answer;
    struct hub_key prefix = hub_key_tagged('O', "", 0);
    struct hub_key after = order_key(((const struct chat_queue_get *)request)->after);
    struct hub_pairs rows;
    tb_status status;
    CHECK(hub_row_list_some(hub->store, HUB_TABLE_ORDERS, &prefix, &after,
                            HUB_ANSWER_ROW_COUNT_MAX, HUB_ANSWER_BYTES_MAX, call->arena, &rows));
    out->orders.at = tb_arena_take(call->arena, rows.count, sizeof *out->orders.at);
    if (out->orders.at == NULL) return CHAT_CODE_INTERNAL;
    for (size_t i = 0; i < rows.count; i++) {
        CHECK(wire_decode(&chat_order_desc, rows.at[i].value, call->arena, &out->orders.at[i],
                          NULL));
        out->orders.count++;
    }
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
