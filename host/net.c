#include "host/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/files.h"
#include "host/log.h"

enum { LISTEN_BACKLOG = 1024, WORD_LEN_MAX = 100 };

/* The next word of a list; false at its end. */
static bool next_word(const char **text, char word[WORD_LEN_MAX])
{
    *text += strspn(*text, " ,\t");
    size_t len = strcspn(*text, " ,\t");
    if (len == 0) return false;
    size_t kept = len < WORD_LEN_MAX ? len : 0; /* too long for an address: an empty word */
    memcpy(word, *text, kept);
    word[kept] = 0;
    *text += len;
    return true;
}

static bool parse_port(const char *text, in_port_t *port)
{
    char *end;
    if (*text < '0' || *text > '9') return false;
    unsigned long number = strtoul(text, &end, 10);
    if (*end != 0 || number > 65535) return false;
    *port = htons((uint16_t)number);
    return true;
}

static tb_status parse_one(char *word, union host_address out[2], size_t *count)
{
    char *colon = strrchr(word, ':');
    in_port_t port;
    if (colon == NULL || !parse_port(colon + 1, &port)) return TB_STATUS(HOST_CONFIG);
    *colon = 0;
    memset(out, 0, 2 * sizeof *out);
    *count = 1;
    out[0].v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
    out[1].v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
    if (strcmp(word, "localhost") == 0) {
        out[0].v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        out[1].v6.sin6_addr = in6addr_loopback;
        *count = 2;
        return TB_STATUS(TB_OK);
    }
    if (inet_pton(AF_INET, word, &out[0].v4.sin_addr) == 1) return TB_STATUS(TB_OK);
    size_t len = strlen(word);
    if (len < 3 || word[0] != '[' || word[len - 1] != ']') return TB_STATUS(HOST_CONFIG);
    word[len - 1] = 0;
    if (inet_pton(AF_INET6, word + 1, &out[1].v6.sin6_addr) != 1) return TB_STATUS(HOST_CONFIG);
    out[0] = out[1];
    return TB_STATUS(TB_OK);
}

tb_status host_net_parse(const char *text, union host_address out[HOST_LISTEN_COUNT_MAX],
                         size_t *count)
{
    char word[WORD_LEN_MAX];
    *count = 0;
    while (next_word(&text, word)) {
        union host_address found[2];
        size_t found_count;
        TRY(parse_one(word, found, &found_count));
        if (*count + found_count > HOST_LISTEN_COUNT_MAX) return TB_STATUS(HOST_CONFIG);
        memcpy(out + *count, found, found_count * sizeof *found);
        *count += found_count;
    }
    return TB_STATUS(*count == 0 ? HOST_CONFIG : TB_OK);
}

bool host_net_is_loopback(const union host_address *address)
{
    struct host_networks loopback;
    struct host_peer peer = host_peer_of(&address->any);
    return host_networks_parse("127.0.0.0/8 ::1", &loopback).code == TB_OK &&
           host_peer_is_in(&peer, &loopback);
}

tb_status host_net_listen(const union host_address *address, int *out)
{
    bool is_v6 = address->any.sa_family == AF_INET6;
    int on = 1;
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return TB_STATUS(HOST_NETWORK);
    socklen_t len = is_v6 ? sizeof address->v6 : sizeof address->v4;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        (is_v6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) ||
        bind(fd, &address->any, len) != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return TB_STATUS(HOST_NETWORK);
    }
    *out = fd;
    return TB_STATUS(TB_OK);
}

static tb_status unix_address(const char *path, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) >= sizeof out->sun_path) return TB_STATUS(TB_TOO_LONG);
    strcpy(out->sun_path, path);
    return TB_STATUS(TB_OK);
}

tb_status host_net_connect_unix(const char *path, int *out)
{
    struct sockaddr_un address;
    TRY(unix_address(path, &address));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return TB_STATUS(HOST_NETWORK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return TB_STATUS(HOST_NETWORK);
    }
    *out = fd;
    return TB_STATUS(TB_OK);
}

tb_status host_net_listen_unix(const char *path, int *out)
{
    struct sockaddr_un address;
    TRY(unix_address(path, &address));
    /* The caller holds the lock of the data directory: whoever made this socket has ended. */
    unlink(path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return TB_STATUS(HOST_NETWORK);
    mode_t before = umask(0177);
    int failed = bind(fd, (struct sockaddr *)&address, sizeof address);
    umask(before);
    if (failed != 0 || listen(fd, LISTEN_BACKLOG) != 0) {
        close(fd);
        return TB_STATUS(HOST_NETWORK);
    }
    *out = fd;
    return TB_STATUS(TB_OK);
}

void host_net_address_text(const union host_address *address, char out[HOST_NET_TEXT_LEN_MAX])
{
    char text[INET6_ADDRSTRLEN] = "?";
    if (address->any.sa_family == AF_INET) {
        inet_ntop(AF_INET, &address->v4.sin_addr, text, sizeof text);
        snprintf(out, HOST_NET_TEXT_LEN_MAX, "%s:%u", text, (unsigned)ntohs(address->v4.sin_port));
    } else if (address->any.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &address->v6.sin6_addr, text, sizeof text);
        unsigned port = ntohs(address->v6.sin6_port);
        snprintf(out, HOST_NET_TEXT_LEN_MAX, "[%s]:%u", text, port);
    } else {
        snprintf(out, HOST_NET_TEXT_LEN_MAX, "?");
    }
}

void host_net_text(int fd, char out[HOST_NET_TEXT_LEN_MAX])
{
    union host_address address;
    socklen_t len = sizeof address;
    if (getsockname(fd, &address.any, &len) != 0) address.any.sa_family = AF_UNSPEC;
    host_net_address_text(&address, out);
}

/* ------------------------------------------------------------------ peers */

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

struct host_peer host_peer_of(const struct sockaddr *address)
{
    struct host_peer peer = { { 0 } };
    if (address->sa_family == AF_INET) {
        memcpy(peer.address, mapped, sizeof mapped);
        memcpy(peer.address + 12, &((const struct sockaddr_in *)address)->sin_addr, 4);
    } else if (address->sa_family == AF_INET6) {
        memcpy(peer.address, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
    }
    return peer;
}

bool host_peer_parse(tb_bytes text, struct host_peer *out)
{
    char word[INET6_ADDRSTRLEN + 2];
    if (text.len > 0 && text.data[0] == '[' && text.data[text.len - 1] == ']') {
        text.data++;
        text.len -= 2;
    }
    if (text.len >= sizeof word) return false;
    memcpy(word, text.data, text.len);
    word[text.len] = 0;
    if (inet_pton(AF_INET, word, out->address + 12) == 1) {
        memcpy(out->address, mapped, sizeof mapped);
        return true;
    }
    return inet_pton(AF_INET6, word, out->address) == 1;
}

tb_status host_networks_parse(const char *text, struct host_networks *out)
{
    char word[WORD_LEN_MAX];
    out->count = 0;
    while (next_word(&text, word)) {
        if (out->count == HOST_NETWORK_COUNT_MAX) return TB_STATUS(HOST_CONFIG);
        struct host_network *network = &out->at[out->count];
        struct host_peer peer;
        char *slash = strchr(word, '/');
        if (slash != NULL) *slash = 0;
        if (!host_peer_parse(tb_bytes_text(word), &peer)) return TB_STATUS(HOST_CONFIG);
        memcpy(network->address, peer.address, 16);
        unsigned head_len = strchr(word, ':') == NULL ? 96 : 0;
        network->prefix_len = 128;
        if (slash != NULL) {
            char *end;
            unsigned long len = strtoul(slash + 1, &end, 10);
            bool is_number = end != slash + 1 && *end == 0;
            if (!is_number || len > 128 - head_len) return TB_STATUS(HOST_CONFIG);
            network->prefix_len = head_len + (unsigned)len;
        }
        out->count++;
    }
    return TB_STATUS(TB_OK);
}

bool host_peer_is_in(const struct host_peer *peer, const struct host_networks *networks)
{
    for (size_t i = 0; i < networks->count; i++) {
        const struct host_network *network = &networks->at[i];
        size_t whole = network->prefix_len / 8, bits = network->prefix_len % 8;
        if (memcmp(peer->address, network->address, whole) != 0) continue;
        if (bits == 0) return true;
        if (((peer->address[whole] ^ network->address[whole]) >> (8 - bits)) == 0) return true;
    }
    return false;
}

struct host_peer host_peer_behind(struct host_peer peer, tb_bytes forwarded_for,
                                  const struct host_networks *trusted)
{
    size_t end = forwarded_for.len;
    while (end > 0 && host_peer_is_in(&peer, trusted)) {
        size_t begin = end;
        while (begin > 0 && forwarded_for.data[begin - 1] != ',') begin--;
        size_t from = begin, until = end;
        while (from < until && forwarded_for.data[from] == ' ') from++;
        while (until > from && forwarded_for.data[until - 1] == ' ') until--;
        struct host_peer before;
        if (!host_peer_parse(tb_bytes_of(forwarded_for.data + from, until - from), &before)) break;
        peer = before;
        end = begin == 0 ? 0 : begin - 1;
    }
    return peer;
}

void host_peer_text(const struct host_peer *peer, char out[HOST_NET_TEXT_LEN_MAX])
{
    static const struct host_peer none = { { 0 } };
    union host_address address = { .storage = { .ss_family = AF_UNSPEC } };
    if (memcmp(peer->address, none.address, 16) != 0) {
        if (memcmp(peer->address, mapped, sizeof mapped) == 0) {
            address.v4.sin_family = AF_INET;
            memcpy(&address.v4.sin_addr, peer->address + 12, 4);
        } else {
            address.v6.sin6_family = AF_INET6;
            memcpy(&address.v6.sin6_addr, peer->address, 16);
        }
    }
    host_log_address(&address.any, out);
}
