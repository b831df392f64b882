/* /metrics: Prometheus text, on its own listener.  No label names a person, room or address. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "host/server_internal.h"

enum { METRICS_LEN_MAX = 16 << 10 };

struct page {
    char text[METRICS_LEN_MAX];
    size_t len;
};

static void add(struct page *page, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void add(struct page *page, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    size_t left = sizeof page->text - page->len;
    int len = vsnprintf(page->text + page->len, left, format, arguments);
    va_end(arguments);
    if (len > 0 && (size_t)len < left) page->len += (size_t)len; /* a line that is cut is no line */
    else page->text[page->len] = 0;
}

static void number(struct page *page, const char *name, const char *kind, const char *help,
                   uint64_t value)
{
    add(page, "# HELP timbre_%s %s\n# TYPE timbre_%s %s\ntimbre_%s %llu\n", name, help, name, kind,
        name, (unsigned long long)value);
}

static void add_engine(struct page *page, const struct host_server *server)
{
    struct hub_metrics hub = { .connections = 0 };
    server->config.engine.metrics(server->config.engine.ctx, &hub);
    number(page, "sessions", "gauge", "Devices that are logged in.", hub.sessions);
    number(page, "rooms_loaded", "gauge", "Rooms in memory.", hub.rooms_loaded);
    number(page, "messages_accepted_total", "counter", "Messages accepted.",
           hub.messages_accepted);
    number(page, "deliveries_total", "counter", "Messages handed to devices.", hub.deliveries);
    number(page, "fanned_out_bytes_total", "counter", "Octets handed to devices.",
           hub.bytes_fanned_out);
    number(page, "handshakes_accepted_total", "counter", "Commits and proposals accepted.",
           hub.handshakes_accepted);
    number(page, "requests_refused_total", "counter", "Requests that were refused.",
           hub.requests_refused);
    number(page, "reports_total", "counter", "Sealed reports taken in.", hub.reports);
    number(page, "decisions_total", "counter", "Decisions logged.", hub.decisions);
    number(page, "appeals_total", "counter", "Appeals against decisions.", hub.appeals);
}

static void add_server(struct page *page, const struct host_server *server)
{
    const struct server_counts *counts = &server->counts;
    number(page, "connections", "gauge", "Open connections.", server->conn_count);
    number(page, "connections_accepted_total", "counter", "Connections accepted.",
           counts->accepted);
    number(page, "connections_refused_total", "counter", "Connections refused over a limit.",
           counts->refused);
    number(page, "connections_timed_out_total", "counter", "Time-outs of connections.",
           counts->timed_out);
    number(page, "connections_too_slow_total", "counter",
           "Connections closed because their queue was full.", counts->slow_closed);
    number(page, "websocket_upgrades_total", "counter", "WebSockets opened.", counts->upgrades);
    number(page, "websocket_messages_received_total", "counter", "Messages from WebSockets.",
           counts->frames_in);
    number(page, "http_requests_total", "counter", "Requests of the engine by POST.",
           counts->requests);
    number(page, "received_bytes_total", "counter", "Octets read from sockets.", counts->bytes_in);
    number(page, "sent_bytes_total", "counter", "Octets written to sockets.", counts->bytes_out);
    number(page, "socket_writes_total", "counter", "Writes to sockets.", counts->writes);
    number(page, "turns_total", "counter", "Turns: transactions of the store.", counts->turns);
    number(page, "turns_refused_total", "counter", "Turns that the store refused.",
           counts->turns_refused);
    number(page, "unfinished_bytes", "gauge", "Memory of unfinished requests and messages.",
           server->receive_mem.used_bytes);
    number(page, "wal_pages", "gauge", "Pages in the store's write-ahead log.",
           host_store_wal_pages(server->config.store));
    number(page, "checkpoints_total", "counter", "Foldings of that log into the database.",
           counts->checkpoints);
    number(page, "draining", "gauge", "1 while the hub is stopping.", server->is_draining);
    number(page, "store_well", "gauge", "1 while the store accepts transactions.",
           server->is_store_well);
}

void server_metrics_page(struct server_conn *conn, const struct host_http_request *request)
{
    const struct host_server *server = conn->server;
    if (!tb_bytes_equal(request->path, TB_LITERAL("/metrics")) ||
        request->method == HOST_HTTP_POST || request->method == HOST_HTTP_OTHER) {
        server_http_problem(conn, 404, "not_found", "GET /metrics is all there is");
        return;
    }
    struct page page = { .len = 0 };
    add(&page, "# HELP timbre_info The running program.\n# TYPE timbre_info gauge\n"
               "timbre_info{version=\"" TIMBRE_VERSION "\"} 1\n");
    add(&page, "# HELP timbre_cpu_seconds_total Processor time, user and system.\n"
               "# TYPE timbre_cpu_seconds_total counter\ntimbre_cpu_seconds_total %.6f\n",
        (double)host_clock_cpu_us() / 1e6);
    add(&page, "# HELP timbre_turn_seconds_total Time spent in turns, the commit included.\n"
               "# TYPE timbre_turn_seconds_total counter\ntimbre_turn_seconds_total %.6f\n",
        (double)server->counts.turn_us / 1e6);
    add(&page, "# HELP timbre_http_answers_total Answers by the first digit of their status.\n"
               "# TYPE timbre_http_answers_total counter\n");
    for (unsigned i = 2; i < 6; i++) {
        add(&page, "timbre_http_answers_total{status=\"%uxx\"} %llu\n", i,
            (unsigned long long)server->counts.http_answers[i]);
    }
    add_server(&page, server);
    add_engine(&page, server);
    struct host_http_answer answer = { .status = 200,
                                       .content_type = "text/plain; version=0.0.4; charset=utf-8",
                                       .body = tb_bytes_of(page.text, page.len),
                                       .is_head = request->method == HOST_HTTP_HEAD };
    server_http_reply(conn, &answer);
}
