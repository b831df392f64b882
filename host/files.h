/*
 * Files with care: written whole or not at all, locked by one process, secrets read without an echo
 * and never from the command line.
 */
#ifndef TB_HOST_FILES_H
#define TB_HOST_FILES_H

#include "base/mem.h"
#include "host/status.h"

enum { HOST_PATH_LEN_MAX = 4096 }; /* octets with the terminator */

/* folder "/" name; TB_TOO_LONG. */
TB_MUST_USE tb_status host_file_join(char out[HOST_PATH_LEN_MAX], const char *folder,
                                     const char *name);

/* Make the folder and those above it, mode 0700.  TB_OK when it is there.  HOST_IO. */
TB_MUST_USE tb_status host_file_make_folder(const char *path);

/*
 * Write a temporary file beside `path`, sync it, and put it in the place of `path` (sync of the
 * folder included), so that a crash leaves the old contents or the new.  HOST_IO.
 */
TB_MUST_USE tb_status host_file_write(const char *path, tb_bytes contents, unsigned mode);

/* The whole file, in the arena.  TB_NOT_FOUND, TB_TOO_LONG over len_max, HOST_IO, TB_NO_SPACE. */
TB_MUST_USE tb_status host_file_read(const char *path, size_t len_max, struct tb_arena *arena,
                                     tb_bytes *out);

/* Make the folder's entries durable.  HOST_IO. */
TB_MUST_USE tb_status host_file_sync_folder_of(const char *path);

/* HOST_PERMISSION when group or others may do anything with it; TB_NOT_FOUND; HOST_IO. */
TB_MUST_USE tb_status host_file_check_private(const char *path);

bool host_file_exists(const char *path);

/*
 * One process at a time.  The file keeps the holder's process number for a person to read; the
 * lock itself ends with the process, however it ends.
 */
struct host_lock {
    int fd; /* -1 when not held */
};
TB_MUST_USE tb_status host_lock_take(struct host_lock *lock, const char *path); /* HOST_LOCKED */
void host_lock_release(struct host_lock *lock);

/* A secret without the line end that closes it; wiped with host_secret_text_wipe. */
enum { HOST_SECRET_TEXT_LEN_MAX = 4096 };
struct host_secret_text {
    char text[HOST_SECRET_TEXT_LEN_MAX + 1];
    size_t len;
};
void host_secret_text_wipe(struct host_secret_text *secret);

/*
 * path "-" reads one line of standard input, any other path that file (which must be private to the
 * user).  TB_NOT_FOUND, HOST_PERMISSION, TB_TOO_LONG, HOST_IO.
 */
TB_MUST_USE tb_status host_secret_read(const char *path, struct host_secret_text *out);
/* Ask on the terminal, without echo.  HOST_INTERRUPTED when there is no terminal or no answer. */
TB_MUST_USE tb_status host_secret_ask(const char *prompt, struct host_secret_text *out);

#endif
