#include "host/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

tb_status host_file_join(char out[HOST_PATH_LEN_MAX], const char *folder, const char *name)
{
    int len = snprintf(out, HOST_PATH_LEN_MAX, "%s/%s", folder, name);
    return TB_STATUS(len < 0 || len >= HOST_PATH_LEN_MAX ? TB_TOO_LONG : TB_OK);
}

static tb_status folder_of(char out[HOST_PATH_LEN_MAX], const char *path)
{
    if (strlen(path) >= HOST_PATH_LEN_MAX) return TB_STATUS(TB_TOO_LONG);
    strcpy(out, path);
    char *slash = strrchr(out, '/');
    if (slash == NULL) strcpy(out, ".");
    else slash[slash == out ? 1 : 0] = 0;
    return TB_STATUS(TB_OK);
}

tb_status host_file_make_folder(const char *path)
{
    char part[HOST_PATH_LEN_MAX];
    if (strlen(path) >= sizeof part) return TB_STATUS(TB_TOO_LONG);
    strcpy(part, path);
    for (char *at = part + 1; *part != 0; at++) {
        if (*at != '/' && *at != 0) continue;
        char kept = *at;
        *at = 0;
        if (mkdir(part, 0700) != 0 && errno != EEXIST) return TB_STATUS(HOST_IO);
        *at = kept;
        if (kept == 0) break;
    }
    struct stat found;
    if (stat(path, &found) != 0 || !S_ISDIR(found.st_mode)) return TB_STATUS(HOST_IO);
    return TB_STATUS(TB_OK);
}

tb_status host_file_sync_folder_of(const char *path)
{
    char folder[HOST_PATH_LEN_MAX];
    TRY(folder_of(folder, path));
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return TB_STATUS(HOST_IO);
    int failed = fsync(fd);
    close(fd);
    return TB_STATUS(failed ? HOST_IO : TB_OK);
}

static bool write_all(int fd, tb_bytes contents)
{
    while (contents.len > 0) {
        ssize_t put = write(fd, contents.data, contents.len);
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return false;
        contents.data += put;
        contents.len -= (size_t)put;
    }
    return true;
}

tb_status host_file_write(const char *path, tb_bytes contents, unsigned mode)
{
    char temporary[HOST_PATH_LEN_MAX];
    int len = snprintf(temporary, sizeof temporary, "%s.XXXXXX", path);
    if (len < 0 || (size_t)len >= sizeof temporary) return TB_STATUS(TB_TOO_LONG);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) return TB_STATUS(HOST_IO);
    bool is_written =
        fchmod(fd, (mode_t)mode) == 0 && write_all(fd, contents) && fsync(fd) == 0;
    if (close(fd) != 0) is_written = false;
    if (!is_written || rename(temporary, path) != 0) {
        unlink(temporary);
        return TB_STATUS(HOST_IO);
    }
    return host_file_sync_folder_of(path);
}

/* As many octets as fit; *len says how many there were.  False on an error. */
static bool read_some(int fd, uint8_t *out, size_t out_max, size_t *len)
{
    *len = 0;
    while (*len < out_max) {
        ssize_t got = read(fd, out + *len, out_max - *len);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) return true;
        *len += (size_t)got;
    }
    return true;
}

tb_status host_file_read(const char *path, size_t len_max, struct tb_arena *arena, tb_bytes *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return TB_STATUS(errno == ENOENT ? TB_NOT_FOUND : HOST_IO);
    tb_status status = TB_STATUS(TB_OK);
    struct stat found;
    uint8_t *data = NULL;
    size_t len = 0;
    if (fstat(fd, &found) != 0 || !S_ISREG(found.st_mode)) {
        CHECK(TB_STATUS(HOST_IO));
    }
    if ((uint64_t)found.st_size > len_max) CHECK(TB_STATUS(TB_TOO_LONG));
    data = tb_arena_take(arena, (size_t)found.st_size + 1, 1);
    if (data == NULL) CHECK(TB_STATUS(TB_NO_SPACE));
    if (!read_some(fd, data, (size_t)found.st_size + 1, &len)) CHECK(TB_STATUS(HOST_IO));
    if (len > (size_t)found.st_size) CHECK(TB_STATUS(HOST_IO)); /* it grew meanwhile */
    *out = tb_bytes_of(data, len);
out:
    close(fd);
    return status;
}

tb_status host_file_check_private(const char *path)
{
    struct stat found;
    if (stat(path, &found) != 0) return TB_STATUS(errno == ENOENT ? TB_NOT_FOUND : HOST_IO);
    if (found.st_mode & (S_IRWXG | S_IRWXO)) return TB_STATUS(HOST_PERMISSION);
    return TB_STATUS(TB_OK);
}

bool host_file_exists(const char *path)
{
    struct stat found;
    return stat(path, &found) == 0;
}

/* ------------------------------------------------------------------ locks */

tb_status host_lock_take(struct host_lock *lock, const char *path)
{
    lock->fd = -1;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return TB_STATUS(HOST_IO);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool is_held = errno == EWOULDBLOCK;
        close(fd);
        return TB_STATUS(is_held ? HOST_LOCKED : HOST_IO);
    }
    char number[24];
    int len = snprintf(number, sizeof number, "%ld\n", (long)getpid());
    if (ftruncate(fd, 0) != 0 || pwrite(fd, number, (size_t)len, 0) != len) {
        close(fd);
        return TB_STATUS(HOST_IO);
    }
    lock->fd = fd;
    return TB_STATUS(TB_OK);
}

void host_lock_release(struct host_lock *lock)
{
    if (lock->fd >= 0) close(lock->fd);
    lock->fd = -1;
}
