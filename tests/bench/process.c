/* The hub under test: its process, its folder, its admin socket. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/world.h"

static uint16_t free_port(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (void *)&address, len) != 0 ||
        getsockname(fd, (void *)&address, &len) != 0) {
        bench_die("no free port");
    }
    close(fd);
    return ntohs(address.sin_port);
}

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *at)
{
    (void)info;
    (void)kind;
    (void)at;
    return remove(path);
}

void bench_folder_remove(const char *folder)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static bool is_listening(uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bool is_open = connect(fd, (void *)&address, sizeof address) == 0;
    close(fd);
    return is_open;
}

/* A certificate of this run alone, for the rows with TLS. */
static void make_certificate(const char *folder)
{
    char command[1024];
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 "
             "-subj /CN=localhost -keyout %s/key.pem -out %s/cert.pem 2>/dev/null",
             folder, folder);
    if (system(command) != 0) bench_die("openssl made no certificate");
}

static void run_hub(const struct bench_hub_process *hub)
{
    char program[512], listen[64], log[300];
    ssize_t len = readlink("/proc/self/exe", program, sizeof program - 32);
    if (len <= 0) _exit(127);
    program[len] = 0;
    strcpy(strrchr(program, '/'), "/timbre-hub");
    snprintf(listen, sizeof listen, "127.0.0.1:%u", hub->port);
    snprintf(log, sizeof log, "%s/log", hub->folder);
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, 1);
    dup2(fd, 2);
    setenv("TIMBRE_SERVER_DATA_DIR", hub->folder, 1);
    setenv("TIMBRE_SERVER_LISTEN", listen, 1);
    setenv("TIMBRE_METRICS_LISTEN", "none", 1);
    setenv("TIMBRE_LIMITS_RATE_LIMITED", "no", 1);
    if (hub->is_tls) {
        char path[300];
        snprintf(path, sizeof path, "%s/cert.pem", hub->folder);
        setenv("TIMBRE_TLS_CERTIFICATE_FILE", path, 1);
        snprintf(path, sizeof path, "%s/key.pem", hub->folder);
        setenv("TIMBRE_TLS_KEY_FILE", path, 1);
    }
    execl(program, "timbre-hub", "serve", (char *)NULL);
    _exit(127);
}

void bench_hub_start(struct bench_hub_process *hub)
{
    if (hub->folder[0] == 0) {
        const char *parent = getenv("TMPDIR");
        snprintf(hub->folder, sizeof hub->folder, "%s/timbre-bench-XXXXXX",
                 parent != NULL ? parent : "/var/tmp");
        if (mkdtemp(hub->folder) == NULL) bench_die("no folder for the hub's data");
        if (hub->is_tls) make_certificate(hub->folder);
    }
    if (hub->port == 0) hub->port = free_port();
    hub->pid = fork();
    if (hub->pid == 0) run_hub(hub);
    for (int tries = 0; tries < 1000; tries++) {
        if (is_listening(hub->port)) return;
        if (waitpid(hub->pid, NULL, WNOHANG) == hub->pid) break;
        usleep(10000);
    }
    fprintf(stderr, "bench: its log is %s/log\n", hub->folder);
    bench_die("the hub did not start");
}

void bench_hub_stop(struct bench_hub_process *hub, int signal_number)
{
    if (hub->pid <= 0) return;
    kill(hub->pid, signal_number);
    waitpid(hub->pid, NULL, 0);
    hub->pid = 0;
}
