/* `order add`, `order list`, `order close`: the register of orders of authorities. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "chat/reason.h"
#include "chat/say.h"
#include "host/client_out.h"
#include "host/client_text.h"
#include "host/hub_outside.h"

enum { ORDERS_ARENA_BYTES_MAX = 16 << 20 };

bool host_outside_time(const char *text, uint64_t *at_ms)
{
    struct tm tm = { .tm_isdst = 0 };
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    if (end == NULL) {
        memset(&tm, 0, sizeof tm);
        end = strptime(text, "%Y-%m-%d", &tm);
    }
    if (end == NULL || *end != 0) return false;
    time_t seconds = timegm(&tm);
    char again[11];
    if (seconds <= 0) return false;
    *at_ms = (uint64_t)seconds * 1000;
    host_outside_date(*at_ms, again);
    return memcmp(again, text, 10) == 0; /* there is no 31 February */
}

void host_outside_date(uint64_t at_ms, char out[11])
{
    struct chat_say_date date = chat_say_date(at_ms);
    char text[40];
    snprintf(text, sizeof text, "%04u-%02u-%02u", (unsigned)(date.year % 10000), date.month % 100,
             date.day % 100);
    memcpy(out, text, 10);
    out[10] = 0;
}

static bool read_month(const char *text, size_t len, uint32_t *month)
{
    char day[16];
    uint64_t at_ms;
    if (len != 7) return false;
    snprintf(day, sizeof day, "%.7s-01", text);
    if (!host_outside_time(day, &at_ms)) return false;
    *month = chat_counts_month_of(at_ms);
    return true;
}

bool host_outside_period(const char *text, uint32_t *first, uint32_t *last)
{
    const char *dots = strstr(text, "..");
    size_t len = dots == NULL ? strlen(text) : (size_t)(dots - text);
    const char *second = dots == NULL ? text : dots + 2;
    return read_month(text, len, first) && read_month(second, strlen(second), last) &&
           *first <= *last;
}

static json_t *order_json(const struct chat_order *order)
{
    json_t *out = json_object();
    cli_json_set(out, "order", json_integer((json_int_t)order->number));
    cli_json_set(out, "kind", json_string(chat_count_by_name(CHAT_COUNT_ORDERS, order->kind)));
    cli_json_set(out, "authority", cli_json_text(order->authority));
    cli_json_set(out, "state", cli_json_text(order->state));
    cli_json_set(out, "legal_basis", cli_json_text(order->legal_basis));
    cli_json_set(out, "reason", json_string(chat_reason_name(order->reason_code)));
    cli_json_set(out, "received", cli_json_time(order->received_ms));
    cli_json_set(out, "informed", cli_json_time(order->informed_ms));
    cli_json_set(out, "closed", cli_json_time(order->closed_ms));
    if (order->effect.len > 0) cli_json_set(out, "effect", cli_json_text(order->effect));
    return out;
}

static void order_print(const struct host_cli *cli, const struct chat_order *order)
{
    if (cli->is_json) {
        json_t *object = order_json(order);
        json_dumpf(object, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(object);
        return;
    }
    char received[11], closed[11];
    host_outside_date(order->received_ms, received);
    host_outside_date(order->closed_ms, closed);
    printf("%4llu  %s  %-11s  %.2s  %-10s  ", (unsigned long long)order->number, received,
           chat_count_by_name(CHAT_COUNT_ORDERS, order->kind), (const char *)order->state.data,
           order->closed_ms == 0 ? "open" : closed);
    cli_text_print(stdout, order->authority, CLI_TEXT_ONE_LINE, 0);
    putchar('\n');
}

static int usage(const struct host_cli *cli, const char *what)
{
    host_cli_fail(cli, "usage", "%s", what);
    return HOST_EXIT_USAGE;
}

static int order_read(const struct host_cli *cli, struct chat_order *out)
{
    const char *const *values = cli->values;
    const char *kind = values[HOST_CLI_KIND], *reason = values[HOST_CLI_REASON];
    *out = (struct chat_order){ .received_ms = host_clock_unix_ms() };
    if (kind != NULL && strcmp(kind, "act") == 0) out->kind = CHAT_ORDER_ACT;
    else if (kind != NULL && strcmp(kind, "information") == 0) out->kind = CHAT_ORDER_INFORMATION;
    else return usage(cli, "--kind is act or information");
    if (values[HOST_CLI_AUTHORITY] == NULL) return usage(cli, "--authority says whose order it is");
    if (values[HOST_CLI_STATE] == NULL) return usage(cli, "--state is the member state, like FR");
    if (values[HOST_CLI_LEGAL_BASIS] == NULL) return usage(cli, "--legal-basis is missing");
    out->authority = tb_bytes_text(values[HOST_CLI_AUTHORITY]);
    out->state = tb_bytes_text(values[HOST_CLI_STATE]);
    out->legal_basis = tb_bytes_text(values[HOST_CLI_LEGAL_BASIS]);
    out->reason_code = CHAT_REASON_OTHER;
    if (reason != NULL &&
        chat_reason_parse(tb_bytes_text(reason), &out->reason_code).code != TB_OK) {
        return usage(cli, "--reason: there is no such one");
    }
    if (values[HOST_CLI_RECEIVED] != NULL &&
        !host_outside_time(values[HOST_CLI_RECEIVED], &out->received_ms)) {
        return usage(cli, "--received is a date like 2026-03-21");
    }
    if (values[HOST_CLI_INFORMED] != NULL &&
        !host_outside_time(values[HOST_CLI_INFORMED], &out->informed_ms)) {
        return usage(cli, "--informed is a date like 2026-03-21");
    }
    return HOST_EXIT_OK;
}

static int order_put(struct host_cli *cli, const struct chat_order *order)
{
    struct tb_mem mem;
    struct tb_arena arena;
    struct chat_order answer;
    host_mem_init(&mem, SIZE_MAX);
    tb_arena_init(&arena, &mem, ORDERS_ARENA_BYTES_MAX);
    int code = host_cli_call(cli, CHAT_VERB_ADMIN_ORDER, &chat_order_desc, order, &arena,
                             &chat_order_desc, &answer);
    if (code == HOST_EXIT_OK) order_print(cli, &answer);
    tb_arena_wipe(&arena);
    return code;
}

int host_verb_order_add(struct host_cli *cli)
{
    struct chat_order order;
    int code = order_read(cli, &order);
    return code == HOST_EXIT_OK ? order_put(cli, &order) : code;
}

int host_verb_order_close(struct host_cli *cli)
{
    struct chat_order order = { .number = 0 };
    if (!cli_text_number(cli->arguments[0], UINT64_MAX, &order.number) || order.number == 0) {
        return usage(cli, "an order has a number, see `order list`");
    }
    if (cli->values[HOST_CLI_EFFECT] == NULL) return usage(cli, "--effect says what was done");
    order.effect = tb_bytes_text(cli->values[HOST_CLI_EFFECT]);
    return order_put(cli, &order);
}

int host_verb_order_list(struct host_cli *cli)
{
    struct tb_mem mem;
    struct chat_queue_get get = { 0 };
    size_t shown = 0, count = 1;
    int code = HOST_EXIT_OK;
    host_mem_init(&mem, SIZE_MAX);
    while (code == HOST_EXIT_OK && count != 0) {
        struct tb_arena arena;
        struct chat_orders orders = { .orders = { NULL, 0 } };
        tb_arena_init(&arena, &mem, ORDERS_ARENA_BYTES_MAX);
        code = host_cli_call(cli, CHAT_VERB_ADMIN_ORDERS, &chat_queue_get_desc, &get, &arena,
                             &chat_orders_desc, &orders);
        count = orders.orders.count;
        for (size_t i = 0; i < count; i++) order_print(cli, &orders.orders.at[i]);
        if (count != 0) get.after = orders.orders.at[count - 1].number;
        shown += count;
        tb_arena_wipe(&arena);
    }
    if (code == HOST_EXIT_OK && shown == 0 && !cli->is_json) puts("there is no order");
    return code;
}
