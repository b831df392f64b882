#include "host/client_transport.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/client_text.h"

enum transport_state { TRANSPORT_CLOSED = 1, TRANSPORT_CONNECTING, TRANSPORT_TLS,
                       TRANSPORT_READY };

struct cli_transport {
    enum transport_state state;
    struct cli_origin origin;
    SSL_CTX *tls_ctx;
    SSL *tls;
    bool tls_wants_write; /* the TLS engine has something of its own to send */
    int fd;
    struct addrinfo *addresses, *next;
    char why[CLI_WHY_LEN_MAX];
};

/* ------------------------------------------------------------------ origins */

static bool is_host_text(const char *text, size_t len, bool is_v6)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyz0123456789-.";
    static const char v6[] = "abcdef0123456789:.";
    if (len == 0 || len >= CLI_ORIGIN_HOST_LEN_MAX) return false;
    for (size_t i = 0; i < len; i++) {
        if (strchr(is_v6 ? v6 : name, text[i]) == NULL) return false;
    }
    return true;
}

tb_status cli_origin_parse(tb_bytes text, struct cli_origin *out)
{
    struct cli_origin origin = { .port = "80" };
    char rest[CLI_ORIGIN_LEN_MAX];
    tb_bytes http = TB_LITERAL("http://"), https = TB_LITERAL("https://");
    origin.is_tls = tb_bytes_starts_with(text, https);
    if (!origin.is_tls && !tb_bytes_starts_with(text, http)) return TB_STATUS(CLI_ORIGIN);
    size_t skip = origin.is_tls ? https.len : http.len;
    if (text.len - skip >= sizeof rest) return TB_STATUS(CLI_ORIGIN);
    memcpy(rest, text.data + skip, text.len - skip);
    rest[text.len - skip] = 0;
    if (strlen(rest) != text.len - skip) return TB_STATUS(CLI_ORIGIN); /* a NUL inside */
    if (origin.is_tls) memcpy(origin.port, "443", sizeof "443");

    bool is_v6 = rest[0] == '[';
    char *host = is_v6 ? rest + 1 : rest;
    size_t len = strcspn(host, is_v6 ? "]" : ":");
    char *behind = host + len;
    if (!is_host_text(host, len, is_v6)) return TB_STATUS(CLI_ORIGIN);
    if (is_v6 && *behind++ != ']') return TB_STATUS(CLI_ORIGIN);
    if (*behind == ':') {
        uint64_t port;
        if (!cli_text_number(behind + 1, 65535, &port) || port == 0) return TB_STATUS(CLI_ORIGIN);
        (void)snprintf(origin.port, sizeof origin.port, "%u", (unsigned)port);
    } else if (*behind != 0) {
        return TB_STATUS(CLI_ORIGIN);
    }
    memcpy(origin.authority, rest, strlen(rest) + 1);
    memcpy(origin.host, host, len);
    origin.host[len] = 0;
    *out = origin;
    return TB_STATUS(TB_OK);
}

bool cli_origin_is_local(const struct cli_origin *origin)
{
    bool is_ipv4 = strspn(origin->host, "0123456789.") == strlen(origin->host);
    return strcmp(origin->host, "localhost") == 0 || strcmp(origin->host, "::1") == 0 ||
           (is_ipv4 && strncmp(origin->host, "127.", 4) == 0);
}

/* ------------------------------------------------------------------ TLS */

/* OpenSSL's words for its newest error. */
static void tls_why(char why[CLI_WHY_LEN_MAX], const char *before)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code != 0 ? ERR_reason_error_string(code) : NULL;
    (void)snprintf(why, CLI_WHY_LEN_MAX, "%s%s%s", before, reason != NULL ? ": " : "",
                   reason != NULL ? reason : "");
    ERR_clear_error();
}

static tb_status tls_context(const char *ca_file, SSL_CTX **out, char why[CLI_WHY_LEN_MAX])
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    if (ctx == NULL) return TB_STATUS(TB_NO_SPACE);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    (void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
                                    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                    SSL_MODE_RELEASE_BUFFERS);
    bool has_trust = ca_file != NULL ? SSL_CTX_load_verify_file(ctx, ca_file) == 1
                                     : SSL_CTX_set_default_verify_paths(ctx) == 1;
    if (!has_trust || SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) != 1) {
        tls_why(why, ca_file != NULL ? ca_file : "the system's certificates");
        SSL_CTX_free(ctx);
        return TB_STATUS(CLI_TLS);
    }
    *out = ctx;
    return TB_STATUS(TB_OK);
}

static tb_status tls_begin(struct cli_transport *t)
{
    const char *host = t->origin.host;
    SSL *tls = SSL_new(t->tls_ctx);
    if (tls == NULL) return TB_STATUS(TB_NO_SPACE);
    X509_VERIFY_PARAM *check = SSL_get0_param(tls);
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    bool is_set = X509_VERIFY_PARAM_set1_ip_asc(check, host) == 1;
    if (!is_set) { /* a name: check it and send it */
        is_set = X509_VERIFY_PARAM_set1_host(check, host, 0) == 1 &&
                 SSL_set_tlsext_host_name(tls, host) == 1;
    }
    if (!is_set || SSL_set_fd(tls, t->fd) != 1) {
        tls_why(t->why, host);
        SSL_free(tls);
        return TB_STATUS(CLI_TLS);
    }
    SSL_set_connect_state(tls);
    t->tls = tls;
    t->state = TRANSPORT_TLS;
    return TB_STATUS(TB_OK);
}

/* What a TLS call that did not finish wants; TB_OK: wait for the socket. */
static tb_status tls_wait(struct cli_transport *t, int result)
{
    long verdict = SSL_get_verify_result(t->tls);
    int error = SSL_get_error(t->tls, result);
    t->tls_wants_write = error == SSL_ERROR_WANT_WRITE;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return TB_STATUS(TB_OK);
    if (error == SSL_ERROR_ZERO_RETURN) return TB_STATUS(CLI_CLOSED);
    if (t->state == TRANSPORT_TLS && verdict != X509_V_OK) {
        (void)snprintf(t->why, sizeof t->why, "%s: %s", t->origin.host,
                       X509_verify_cert_error_string(verdict));
        ERR_clear_error();
        return TB_STATUS(CLI_TLS);
    }
    if (error == SSL_ERROR_SYSCALL && t->state == TRANSPORT_READY) {
        ERR_clear_error();
        return TB_STATUS(CLI_CLOSED);
    }
    tls_why(t->why, t->origin.authority);
    return TB_STATUS(t->state == TRANSPORT_READY ? CLI_CLOSED : CLI_TLS);
}

/* ------------------------------------------------------------------ the stream */

tb_status cli_transport_new(const struct cli_origin *origin, const char *ca_file,
                            struct cli_transport **out, char why[CLI_WHY_LEN_MAX])
{
    struct cli_transport *t = calloc(1, sizeof *t);
    if (t == NULL) return TB_STATUS(TB_NO_SPACE);
    t->origin = *origin;
    t->fd = -1;
    t->state = TRANSPORT_CLOSED;
    if (origin->is_tls) {
        tb_status status = tls_context(ca_file, &t->tls_ctx, why);
        if (status.code != TB_OK) {
            free(t);
            return status;
        }
    }
    *out = t;
    return TB_STATUS(TB_OK);
}

void cli_transport_close(struct cli_transport *t)
{
    if (t->tls != NULL && t->state == TRANSPORT_READY) (void)SSL_shutdown(t->tls);
    SSL_free(t->tls);
    ERR_clear_error();
    if (t->fd >= 0) (void)close(t->fd);
    if (t->addresses != NULL) freeaddrinfo(t->addresses);
    t->tls = NULL;
    t->addresses = t->next = NULL;
    t->fd = -1;
    t->tls_wants_write = false;
    t->state = TRANSPORT_CLOSED;
}

void cli_transport_free(struct cli_transport *t)
{
    if (t == NULL) return;
    cli_transport_close(t);
    SSL_CTX_free(t->tls_ctx);
    free(t);
}

static void connect_why(struct cli_transport *t, int error)
{
    (void)snprintf(t->why, sizeof t->why, "%s: %s", t->origin.authority, strerror(error));
}

/* Try addresses until one is under way. */
static tb_status connect_next(struct cli_transport *t)
{
    for (; t->next != NULL; t->next = t->next->ai_next) {
        int one = 1;
        if (t->fd >= 0) (void)close(t->fd);
        t->fd = socket(t->next->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (t->fd < 0) {
            connect_why(t, errno);
            continue;
        }
        (void)setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        if (connect(t->fd, t->next->ai_addr, t->next->ai_addrlen) == 0 || errno == EINPROGRESS) {
            t->next = t->next->ai_next;
            t->state = TRANSPORT_CONNECTING;
            return TB_STATUS(TB_OK);
        }
        connect_why(t, errno);
    }
    return TB_STATUS(CLI_CONNECT);
}

tb_status cli_transport_open(struct cli_transport *t)
{
    const struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
    cli_transport_close(t);
    int error = getaddrinfo(t->origin.host, t->origin.port, &wanted, &t->addresses);
    if (error != 0) {
        t->addresses = NULL;
        (void)snprintf(t->why, sizeof t->why, "%s: %s", t->origin.host, gai_strerror(error));
        return TB_STATUS(CLI_CONNECT);
    }
    t->next = t->addresses;
    return connect_next(t);
}

static tb_status step_connect(struct cli_transport *t)
{
    struct pollfd ready = { t->fd, POLLOUT, 0 };
    int error = 0;
    socklen_t len = sizeof error;
    if (poll(&ready, 1, 0) <= 0) return TB_STATUS(TB_OK);
    if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0) error = errno;
    if (error != 0) {
        connect_why(t, error);
        return connect_next(t);
    }
    if (t->origin.is_tls) return tls_begin(t);
    t->state = TRANSPORT_READY;
    return TB_STATUS(TB_OK);
}

tb_status cli_transport_step(struct cli_transport *t, bool *is_ready)
{
    if (t->state == TRANSPORT_CONNECTING) TRY(step_connect(t));
    if (t->state == TRANSPORT_TLS) {
        int result = SSL_connect(t->tls);
        if (result == 1) t->state = TRANSPORT_READY;
        else TRY(tls_wait(t, result));
    }
    *is_ready = t->state == TRANSPORT_READY;
    return TB_STATUS(TB_OK);
}

int cli_transport_fd(const struct cli_transport *t)
{
    return t->fd;
}

short cli_transport_events(const struct cli_transport *t, bool wants_write)
{
    bool writes = t->state == TRANSPORT_CONNECTING || t->tls_wants_write ||
                  (t->state == TRANSPORT_READY && wants_write);
    bool reads = t->state == TRANSPORT_TLS || t->state == TRANSPORT_READY;
    return (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0));
}

bool cli_transport_has_input(const struct cli_transport *t)
{
    return t->tls != NULL && SSL_pending(t->tls) > 0;
}

tb_status cli_transport_read(struct cli_transport *t, uint8_t *out, size_t len, size_t *done)
{
    *done = 0;
    if (t->state != TRANSPORT_READY) return TB_STATUS(TB_OK);
    if (t->tls != NULL) {
        int result = SSL_read_ex(t->tls, out, len, done);
        return result == 1 ? TB_STATUS(TB_OK) : tls_wait(t, result);
    }
    ssize_t got = recv(t->fd, out, len, 0);
    if (got > 0) {
        *done = (size_t)got;
    } else if (got == 0) {
        return TB_STATUS(CLI_CLOSED);
    } else if (errno != EAGAIN && errno != EINTR) {
        connect_why(t, errno);
        return TB_STATUS(CLI_CLOSED);
    }
    return TB_STATUS(TB_OK);
}

tb_status cli_transport_write(struct cli_transport *t, tb_bytes data, size_t *done)
{
    *done = 0;
    if (t->state != TRANSPORT_READY || data.len == 0) return TB_STATUS(TB_OK);
    if (t->tls != NULL) {
        int result = SSL_write_ex(t->tls, data.data, data.len, done);
        return result == 1 ? TB_STATUS(TB_OK) : tls_wait(t, result);
    }
    ssize_t put = send(t->fd, data.data, data.len, MSG_NOSIGNAL);
    if (put >= 0) {
        *done = (size_t)put;
    } else if (errno != EAGAIN && errno != EINTR) {
        connect_why(t, errno);
        return TB_STATUS(CLI_CLOSED);
    }
    return TB_STATUS(TB_OK);
}

const char *cli_transport_why(const struct cli_transport *t)
{
    return t->why;
}
