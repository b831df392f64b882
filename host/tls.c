#include "host/tls.h"

#include <assert.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

struct host_tls {
    struct tb_mem *mem;
    SSL_CTX *ctx;
    BIO_METHOD *method;
};

/* The SSL object itself, under another name: a wrapper of ours would be one more allocation for
 * each connection. */
static SSL *ssl_of(struct host_tls_session *session)
{
    return (SSL *)(void *)session;
}

/* ------------------------------------------------------------------ the loop's buffers as a BIO */

static int io_read(BIO *bio, char *out, int len)
{
    struct host_tls_io *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (io->in_len == 0) {
        BIO_set_retry_read(bio);
        return -1;
    }
    size_t taken = (size_t)len < io->in_len ? (size_t)len : io->in_len;
    memcpy(out, io->in, taken);
    io->in += taken;
    io->in_len -= taken;
    return (int)taken;
}

static int io_write(BIO *bio, const char *data, int len)
{
    struct host_tls_io *io = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (len < 0 || (size_t)len > HOST_TLS_OUT_LEN_MAX - io->out_len) return -1;
    memcpy(io->out + io->out_len, data, (size_t)len);
    io->out_len += (size_t)len;
    return len;
}

static long io_control(BIO *bio, int command, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static int io_create(BIO *bio)
{
    BIO_set_init(bio, 1);
    return 1;
}

static BIO_METHOD *io_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "loop buffers");
    if (method == NULL) return NULL;
    if (BIO_meth_set_read(method, io_read) && BIO_meth_set_write(method, io_write) &&
        BIO_meth_set_ctrl(method, io_control) && BIO_meth_set_create(method, io_create)) {
        return method;
    }
    BIO_meth_free(method);
    return NULL;
}

/* ------------------------------------------------------------------ settings */

static bool configure(SSL_CTX *ctx, const char *certificate_path, const char *key_path)
{
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF); /* tickets keep no state here */
    return SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
           SSL_CTX_set_num_tickets(ctx, 1) == 1 &&
           SSL_CTX_use_certificate_chain_file(ctx, certificate_path) == 1 &&
           SSL_CTX_use_PrivateKey_file(ctx, key_path, SSL_FILETYPE_PEM) == 1 &&
           SSL_CTX_check_private_key(ctx) == 1;
}

tb_status host_tls_reload(struct host_tls *tls, const char *certificate_path, const char *key_path)
{
    ERR_clear_error();
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL) return TB_STATUS(TB_NO_SPACE);
    if (!configure(ctx, certificate_path, key_path)) {
        SSL_CTX_free(ctx);
        return TB_STATUS(HOST_TLS);
    }
    SSL_CTX_free(tls->ctx); /* sessions hold a count of their own */
    tls->ctx = ctx;
    return TB_STATUS(TB_OK);
}

tb_status host_tls_new(const char *certificate_path, const char *key_path, struct tb_mem *mem,
                       struct host_tls **out)
{
    tb_status status = TB_STATUS(TB_OK);
    struct host_tls *tls = tb_mem_take(mem, sizeof *tls);
    if (tls == NULL) return TB_STATUS(TB_NO_SPACE);
    tls->mem = mem;
    tls->method = io_method();
    if (tls->method == NULL) CHECK(TB_STATUS(TB_NO_SPACE));
    CHECK(host_tls_reload(tls, certificate_path, key_path));
    *out = tls;
    return TB_STATUS(TB_OK);
out:
    host_tls_free(tls);
    return status;
}

void host_tls_free(struct host_tls *tls)
{
    if (tls == NULL) return;
    SSL_CTX_free(tls->ctx);
    BIO_meth_free(tls->method);
    tb_mem_give(tls->mem, tls, sizeof *tls);
}

void host_tls_error(char *out, size_t out_len_max)
{
    unsigned long code = ERR_get_error();
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    if (reason == NULL && ERR_SYSTEM_ERROR(code)) reason = strerror(ERR_GET_REASON(code));
    snprintf(out, out_len_max, "%s", reason == NULL ? "unknown" : reason);
    ERR_clear_error();
}

long host_tls_days_left(const struct host_tls *tls)
{
    int days = 0, seconds = 0;
    X509 *certificate = SSL_CTX_get0_certificate(tls->ctx);
    if (certificate == NULL) return -1;
    if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate))) return -1;
    return seconds < 0 ? days - 1 : days;
}

/* ------------------------------------------------------------------ sessions */

struct host_tls_session *host_tls_open(struct host_tls *tls, struct host_tls_io *io)
{
    SSL *ssl = SSL_new(tls->ctx);
    BIO *bio = BIO_new(tls->method);
    if (ssl == NULL || bio == NULL) {
        SSL_free(ssl);
        BIO_free(bio);
        return NULL;
    }
    BIO_set_data(bio, io);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_accept_state(ssl);
    return (struct host_tls_session *)(void *)ssl;
}

void host_tls_close(struct host_tls_session *session)
{
    SSL_free(ssl_of(session));
}

enum host_tls_step host_tls_read(struct host_tls_session *session, uint8_t *out, size_t out_max,
                                 size_t *len)
{
    *len = 0;
    ERR_clear_error();
    int code = SSL_read_ex(ssl_of(session), out, out_max, len);
    if (code == 1) return HOST_TLS_DATA;
    switch (SSL_get_error(ssl_of(session), code)) {
    case SSL_ERROR_WANT_READ: return HOST_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN: return HOST_TLS_END;
    default: return HOST_TLS_FAILED;
    }
}

bool host_tls_is_established(const struct host_tls_session *session)
{
    return SSL_is_init_finished((const SSL *)(const void *)session) != 0;
}

bool host_tls_write(struct host_tls_session *session, tb_bytes data)
{
    size_t written = 0;
    assert(data.len > 0 && data.len <= HOST_TLS_RECORD_LEN_MAX);
    ERR_clear_error();
    return SSL_write_ex(ssl_of(session), data.data, data.len, &written) == 1 &&
           written == data.len;
}

void host_tls_shut(struct host_tls_session *session)
{
    ERR_clear_error();
    if (host_tls_is_established(session)) SSL_shutdown(ssl_of(session));
    ERR_clear_error();
}
