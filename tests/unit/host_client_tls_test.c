/*
 * TLS of the client: which hubs it believes.  A hub of this file presents certificates that the
 * test makes; both ends are driven by turns in one process.
 */
#include "tests/support.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <fcntl.h>
#include <poll.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/client_transport.h"

static char folder[] = "/tmp/timbre-tls-XXXXXX";
static char ca_path[64], other_path[64];
static EVP_PKEY *ca_key, *hub_key;
static X509 *ca, *other_ca;

/* A certificate for `name` (subjectAltName as OpenSSL's configuration writes it), by issuer. */
static X509 *certificate(EVP_PKEY *key, const char *alt_name, X509 *issuer, EVP_PKEY *issuer_key,
                         long until_s)
{
    X509 *made = X509_new();
    assert_non_null(made);
    assert_int_equal(X509_set_version(made, 2), 1);
    assert_int_equal(ASN1_INTEGER_set(X509_get_serialNumber(made), issuer == NULL ? 1 : 2), 1);
    assert_non_null(X509_gmtime_adj(X509_getm_notBefore(made), -86400));
    assert_non_null(X509_gmtime_adj(X509_getm_notAfter(made), until_s));
    X509_NAME *name = X509_get_subject_name(made);
    const char *common = issuer == NULL ? "test authority" : "test hub";
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                                (const unsigned char *)common, -1, -1, 0), 1);
    assert_int_equal(X509_set_issuer_name(made, issuer == NULL ? name
                                                               : X509_get_subject_name(issuer)), 1);
    assert_int_equal(X509_set_pubkey(made, key), 1);
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer != NULL ? issuer : made, made, NULL, NULL, 0);
    X509_EXTENSION *extension =
        issuer == NULL ? X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, "critical,CA:TRUE")
                       : X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, alt_name);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(made, extension, -1), 1);
    X509_EXTENSION_free(extension);
    assert_true(X509_sign(made, issuer_key, EVP_sha256()) > 0);
    return made;
}

static void write_pem(const char *path, X509 *certificate_)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(PEM_write_X509(file, certificate_), 1);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL) return -1;
    (void)snprintf(ca_path, sizeof ca_path, "%s/ca.pem", folder);
    (void)snprintf(other_path, sizeof other_path, "%s/other.pem", folder);
    ca_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    hub_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    if (ca_key == NULL || hub_key == NULL) return -1;
    ca = certificate(ca_key, NULL, NULL, ca_key, 86400);
    other_ca = certificate(hub_key, NULL, NULL, hub_key, 86400);
    write_pem(ca_path, ca);
    write_pem(other_path, other_ca);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    X509_free(ca);
    X509_free(other_ca);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(hub_key);
    (void)unlink(ca_path);
    (void)unlink(other_path);
    return rmdir(folder);
}

struct ends {
    int listening, hub_fd;
    SSL_CTX *hub_ctx;
    SSL *hub;
    struct cli_transport *client;
    char why[CLI_WHY_LEN_MAX];
};

static void open_ends(struct ends *ends, X509 *shown, int version_max, const char *host,
                      const char *ca_file)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    struct cli_origin origin;
    char text[128];
    *ends = (struct ends){ .listening = -1 };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ends->listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(ends->listening, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(ends->listening, 1), 0);
    assert_int_equal(getsockname(ends->listening, (struct sockaddr *)&address, &len), 0);
    (void)snprintf(text, sizeof text, "https://%s:%u", host, ntohs(address.sin_port));
    assert_ok(cli_origin_parse(tb_bytes_text(text), &origin));
    assert_ok(cli_transport_new(&origin, ca_file, &ends->client, ends->why));
    assert_ok(cli_transport_open(ends->client));

    /* "localhost" may mean ::1 first, where nobody listens: the client then tries the next. */
    struct pollfd arriving = { ends->listening, POLLIN, 0 };
    bool is_ready;
    while (poll(&arriving, 1, 10) == 0) assert_ok(cli_transport_step(ends->client, &is_ready));
    ends->hub_fd = accept(ends->listening, NULL, NULL);
    assert_true(ends->hub_fd >= 0);
    assert_int_equal(fcntl(ends->hub_fd, F_SETFL, O_NONBLOCK), 0);
    ends->hub_ctx = SSL_CTX_new(TLS_server_method());
    assert_non_null(ends->hub_ctx);
    assert_int_equal(SSL_CTX_set_max_proto_version(ends->hub_ctx, version_max), 1);
    assert_int_equal(SSL_CTX_use_certificate(ends->hub_ctx, shown), 1);
    assert_int_equal(SSL_CTX_use_PrivateKey(ends->hub_ctx, hub_key), 1);
    ends->hub = SSL_new(ends->hub_ctx);
    assert_non_null(ends->hub);
    assert_int_equal(SSL_set_fd(ends->hub, ends->hub_fd), 1);
    SSL_set_accept_state(ends->hub);
}

/* By turns until the client is ready or refuses. */
static tb_status meet(struct ends *ends)
{
    bool is_ready = false;
    for (int i = 0; i < 1000 && !is_ready; i++) {
        tb_status status = cli_transport_step(ends->client, &is_ready);
        (void)SSL_do_handshake(ends->hub);
        ERR_clear_error();
        if (status.code != TB_OK) return status;
        if (!is_ready) (void)usleep(100); /* loopback moves octets between the turns */
    }
    return TB_STATUS(is_ready ? TB_OK : CLI_TIMEOUT);
}

static void close_ends(struct ends *ends)
{
    cli_transport_free(ends->client);
    SSL_free(ends->hub);
    SSL_CTX_free(ends->hub_ctx);
    (void)close(ends->hub_fd);
    (void)close(ends->listening);
}

static void refuses(X509 *shown, int version_max, const char *host, const char *ca_file,
                    const char *why)
{
    struct ends ends;
    open_ends(&ends, shown, version_max, host, ca_file);
    assert_status(meet(&ends), CLI_TLS);
    if (strstr(cli_transport_why(ends.client), why) == NULL) {
        fail_msg("'%s' is not in '%s'", why, cli_transport_why(ends.client));
    }
    close_ends(&ends);
}

static void a_hub_whose_certificate_fits_is_believed(void **state)
{
    (void)state;
    X509 *shown = certificate(hub_key, "DNS:localhost,IP:127.0.0.1", ca, ca_key, 86400);
    static const char *const hosts[] = { "localhost", "127.0.0.1" };
    for (size_t i = 0; i < 2; i++) {
        struct ends ends;
        uint8_t got[8];
        size_t done = 0;
        open_ends(&ends, shown, TLS1_3_VERSION, hosts[i], ca_path);
        assert_ok(meet(&ends));
        assert_ok(cli_transport_write(ends.client, TB_LITERAL("hello"), &done));
        assert_int_equal(done, 5);
        size_t got_len = 0;
        for (int j = 0; j < 1000 && got_len == 0; j++) {
            if (SSL_read_ex(ends.hub, got, sizeof got, &got_len) != 1) (void)usleep(100);
        }
        assert_bytes(tb_bytes_of(got, got_len), TB_LITERAL("hello"));
        assert_int_equal(SSL_version(ends.hub), TLS1_3_VERSION);
        close_ends(&ends);
    }
    X509_free(shown);
}

static void a_certificate_for_another_name_is_refused(void **state)
{
    (void)state;
    X509 *shown = certificate(hub_key, "DNS:other.example", ca, ca_key, 86400);
    refuses(shown, TLS1_3_VERSION, "localhost", ca_path, "hostname mismatch");
    refuses(shown, TLS1_3_VERSION, "127.0.0.1", ca_path, "IP address mismatch");
    X509_free(shown);
}

static void a_certificate_of_an_unknown_authority_is_refused(void **state)
{
    (void)state;
    X509 *shown = certificate(hub_key, "DNS:localhost", ca, ca_key, 86400);
    /* an authority of the same name, with another key */
    refuses(shown, TLS1_3_VERSION, "localhost", other_path, "certificate signature failure");
    refuses(shown, TLS1_3_VERSION, "localhost", NULL, "unable to get local issuer");
    X509_free(shown);
}

static void a_certificate_that_has_expired_is_refused(void **state)
{
    (void)state;
    X509 *shown = certificate(hub_key, "DNS:localhost", ca, ca_key, -3600);
    refuses(shown, TLS1_3_VERSION, "localhost", ca_path, "expired");
    X509_free(shown);
}

static void tls_before_1_3_is_refused(void **state)
{
    (void)state;
    X509 *shown = certificate(hub_key, "DNS:localhost", ca, ca_key, 86400);
    refuses(shown, TLS1_2_VERSION, "localhost", ca_path, "protocol version");
    X509_free(shown);
}

static void a_file_without_certificates_is_named(void **state)
{
    (void)state;
    struct cli_origin origin;
    struct cli_transport *transport = NULL;
    char why[CLI_WHY_LEN_MAX] = "";
    assert_ok(cli_origin_parse(TB_LITERAL("https://localhost"), &origin));
    assert_status(cli_transport_new(&origin, "/dev/null", &transport, why), CLI_TLS);
    assert_non_null(strstr(why, "/dev/null"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hub_whose_certificate_fits_is_believed),
        cmocka_unit_test(a_certificate_for_another_name_is_refused),
        cmocka_unit_test(a_certificate_of_an_unknown_authority_is_refused),
        cmocka_unit_test(a_certificate_that_has_expired_is_refused),
        cmocka_unit_test(tls_before_1_3_is_refused),
        cmocka_unit_test(a_file_without_certificates_is_named),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
