/*
 * TLS 1.3 for many connections of one loop.  OpenSSL reads from and writes to the loop's own
 * buffers, so a connection at rest holds its session and no buffer of ours.
 */
#ifndef TB_HOST_TLS_H
#define TB_HOST_TLS_H

#include "base/mem.h"
#include "host/status.h"

enum {
    HOST_TLS_RECORD_LEN_MAX = 16384,      /* plaintext of one record */
    HOST_TLS_OUT_LEN_MAX = 320 << 10,     /* ciphertext of one run of records */
    HOST_TLS_RUN_LEN_MAX = 256 << 10      /* plaintext that is put into one run */
};

/* The ciphertext of the connection that is being served now. */
struct host_tls_io {
    const uint8_t *in; /* what the socket gave and OpenSSL has not taken yet */
    size_t in_len;
    uint8_t *out; /* HOST_TLS_OUT_LEN_MAX octets; what OpenSSL wants to be sent */
    size_t out_len;
};

struct host_tls; /* certificate and settings */
struct host_tls_session;

/* Certificate chain and private key in PEM files.  HOST_TLS (host_tls_error says why), HOST_IO. */
TB_MUST_USE tb_status host_tls_new(const char *certificate_path, const char *key_path,
                                   struct tb_mem *mem, struct host_tls **out);
/* The same files again, or others, for sessions to come; after a refusal it goes on as before. */
TB_MUST_USE tb_status host_tls_reload(struct host_tls *tls, const char *certificate_path,
                                      const char *key_path);
void host_tls_free(struct host_tls *tls); /* after its last session; NULL is accepted */
/* Why the newest refusal, in OpenSSL's words; from its own queue of errors, which is emptied. */
void host_tls_error(char *out, size_t out_len_max);
/* Days until the certificate ends; negative when it has ended. */
long host_tls_days_left(const struct host_tls *tls);

/* A server's session over `io`, which must outlive it.  NULL: no memory. */
struct host_tls_session *host_tls_open(struct host_tls *tls, struct host_tls_io *io);
void host_tls_close(struct host_tls_session *session); /* NULL is accepted */

enum host_tls_step {
    HOST_TLS_DATA = 1, /* octets were read */
    HOST_TLS_MORE,     /* nothing more without more from the socket */
    HOST_TLS_END,      /* the other side has ended it */
    HOST_TLS_FAILED
};
/* Goes on with the handshake, then reads.  *len: octets in out (with HOST_TLS_DATA). */
enum host_tls_step host_tls_read(struct host_tls_session *session, uint8_t *out, size_t out_max,
                                 size_t *len);
bool host_tls_is_established(const struct host_tls_session *session);
/* One record; data.len is 1 to HOST_TLS_RECORD_LEN_MAX.  False: the session has failed. */
bool host_tls_write(struct host_tls_session *session, tb_bytes data);
/* close_notify into io. */
void host_tls_shut(struct host_tls_session *session);

#endif
