#include "tests/bench/floors.h"

#include <netinet/in.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

double floor_ed25519_signs_per_s(void)
{
    unsigned char pk[32], sk[64], message[300] = { 0 }, signature[64];
    enum { COUNT = 20000 };
    if (sodium_init() < 0) bench_die("libsodium does not start");
    crypto_sign_keypair(pk, sk);
    uint64_t start = bench_cpu_ns();
    for (int i = 0; i < COUNT; i++) {
        message[0] = (unsigned char)i;
        crypto_sign_detached(signature, NULL, message, sizeof message, sk);
    }
    return COUNT * 1e9 / (double)(bench_cpu_ns() - start);
}

static sqlite3 *open_store(const char *folder)
{
    char path[512];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/floor.db", folder);
    unlink(path);
    if (sqlite3_open(path, &db) != SQLITE_OK) bench_die("SQLite does not open the floor's file");
    const char *sql = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                      "CREATE TABLE log (id INTEGER PRIMARY KEY, value BLOB) STRICT;";
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) bench_die(sqlite3_errmsg(db));
    return db;
}

static double rows_per_s(const char *folder, size_t batch, size_t commits)
{
    static unsigned char row[400];
    sqlite3 *db = open_store(folder);
    sqlite3_stmt *insert;
    sqlite3_prepare_v2(db, "INSERT INTO log (value) VALUES (?)", -1, &insert, NULL);
    uint64_t start = bench_wall_ns();
    for (size_t c = 0; c < commits; c++) {
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (size_t i = 0; i < batch; i++) {
            sqlite3_bind_blob(insert, 1, row, sizeof row, SQLITE_STATIC);
            if (sqlite3_step(insert) != SQLITE_DONE) bench_die(sqlite3_errmsg(db));
            sqlite3_reset(insert);
        }
        if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) bench_die("no commit");
    }
    double seconds = (double)(bench_wall_ns() - start) / 1e9;
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return (double)(batch * commits) / seconds;
}

double floor_sqlite_commits_per_s(const char *folder)
{
    return rows_per_s(folder, 1, 2000);
}

double floor_sqlite_rows_per_s(const char *folder, size_t batch)
{
    return rows_per_s(folder, batch, 100000 / batch);
}

/* A connected pair over loopback TCP, as hub and client have one. */
static void tcp_pair(int *near, int *far)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    *far = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || *far < 0 || bind(listener, (void *)&address, len) != 0 ||
        listen(listener, 1) != 0 || getsockname(listener, (void *)&address, &len) != 0 ||
        connect(*far, (void *)&address, len) != 0) {
        bench_die("no more sockets");
    }
    *near = accept(listener, NULL, NULL);
    if (*near < 0) bench_die("accept");
    close(listener);
}

/* The reading half lives in a process of its own, as a hub's clients do. */
static void drain(int *fds, size_t count)
{
    static char sink[1 << 16];
    int epoll = epoll_create1(0);
    size_t open_count = count;
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = { .events = EPOLLIN, .data.fd = fds[i] };
        epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
    }
    while (open_count > 0) {
        struct epoll_event events[256];
        int ready = epoll_wait(epoll, events, 256, 1000);
        for (int i = 0; i < ready; i++) {
            if (read(events[i].data.fd, sink, sizeof sink) > 0) continue;
            close(events[i].data.fd);
            open_count--;
        }
    }
    _exit(0);
}

double floor_writev_deliveries_per_cpu_s(size_t count, size_t burst, size_t frame_bytes)
{
    enum { ROUNDS = 200 };
    int *near = calloc(count, sizeof *near), *far = calloc(count, sizeof *far);
    struct iovec *parts = calloc(burst, sizeof *parts);
    unsigned char *frame = calloc(1, frame_bytes);
    if (near == NULL || far == NULL || parts == NULL || frame == NULL) bench_die("no memory");
    for (size_t i = 0; i < count; i++) {
        tcp_pair(&near[i], &far[i]);
    }
    pid_t child = fork();
    if (child == 0) {
        for (size_t i = 0; i < count; i++) close(near[i]);
        drain(far, count);
    }
    for (size_t i = 0; i < count; i++) close(far[i]);
    for (size_t i = 0; i < burst; i++) parts[i] = (struct iovec){ frame, frame_bytes };
    uint64_t start = bench_cpu_ns();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < count; i++) {
            if (writev(near[i], parts, (int)burst) < 0) bench_die("writev");
        }
    }
    double cpu_s = (double)(bench_cpu_ns() - start) / 1e9;
    for (size_t i = 0; i < count; i++) close(near[i]);
    waitpid(child, NULL, 0);
    free(near);
    free(far);
    free(parts);
    free(frame);
    return (double)(ROUNDS * count * burst) / cpu_s;
}
