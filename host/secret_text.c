/* The half of host/files.h that reads secrets. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "host/files.h"

void host_secret_text_wipe(struct host_secret_text *secret)
{
    tb_wipe(secret, sizeof *secret);
}

/* One octet at a time, so that what follows the line stays for the next reader. */
static tb_status read_line(int fd, struct host_secret_text *out)
{
    out->len = 0;
    for (;;) {
        char c;
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return TB_STATUS(HOST_IO);
        if (got == 0 && out->len == 0) return TB_STATUS(HOST_INTERRUPTED);
        if (got == 0 || c == '\n') break;
        if (out->len == HOST_SECRET_TEXT_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
        out->text[out->len++] = c;
    }
    if (out->len > 0 && out->text[out->len - 1] == '\r') out->len--;
    out->text[out->len] = 0;
    return TB_STATUS(TB_OK);
}

tb_status host_secret_read(const char *path, struct host_secret_text *out)
{
    if (strcmp(path, "-") == 0) return read_line(STDIN_FILENO, out);
    TRY(host_file_check_private(path));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return TB_STATUS(errno == ENOENT ? TB_NOT_FOUND : HOST_IO);
    tb_status status = read_line(fd, out);
    close(fd);
    return status;
}

tb_status host_secret_ask(const char *prompt, struct host_secret_text *out)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) return TB_STATUS(HOST_INTERRUPTED);
    tb_status status = TB_STATUS(TB_OK);
    struct termios before, silent;
    bool is_silent = false;
    if (tcgetattr(fd, &before) == 0) {
        silent = before;
        silent.c_lflag &= ~(tcflag_t)ECHO;
        is_silent = tcsetattr(fd, TCSAFLUSH, &silent) == 0;
    }
    if (!is_silent) CHECK(TB_STATUS(HOST_INTERRUPTED));
    if (write(fd, prompt, strlen(prompt)) < 0) CHECK(TB_STATUS(HOST_INTERRUPTED));
    CHECK(read_line(fd, out));
out:
    if (is_silent) {
        tcsetattr(fd, TCSAFLUSH, &before);
        if (write(fd, "\n", 1) < 0) status = TB_STATUS(HOST_IO);
    }
    close(fd);
    if (status.code != TB_OK) host_secret_text_wipe(out);
    return status;
}
