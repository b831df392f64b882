#include "host/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/text.h"

enum { MAGIC_LEN = 13, MANIFEST_LEN_MAX = 4096, COPY_LEN = 1 << 20 };
static const char magic[] = "TimbreBackup\n";

/* ------------------------------------------------------------------ streams */

struct stream {
    FILE *file;
    EVP_MD_CTX *hash;
    uint8_t *buffer; /* COPY_LEN */
    struct tb_mem *mem;
};

static void stream_end(struct stream *stream)
{
    if (stream->file != NULL) fclose(stream->file);
    EVP_MD_CTX_free(stream->hash);
    tb_mem_give(stream->mem, stream->buffer, COPY_LEN);
}

static tb_status stream_begin(struct stream *stream, FILE *file, struct tb_mem *mem)
{
    *stream = (struct stream){ .file = file, .mem = mem };
    if (file == NULL) return TB_STATUS(errno == ENOENT ? TB_NOT_FOUND : HOST_IO);
    stream->hash = EVP_MD_CTX_new();
    stream->buffer = tb_mem_take(mem, COPY_LEN);
    if (stream->hash == NULL || stream->buffer == NULL) return TB_STATUS(TB_NO_SPACE);
    return TB_STATUS(EVP_DigestInit_ex(stream->hash, EVP_sha256(), NULL) == 1 ? TB_OK : HOST_IO);
}

/* All that is left of `from`, hashed, into `to` (NULL: nowhere). */
static tb_status pump(struct stream *from, FILE *to, uint64_t *len,
                      uint8_t hash[HOST_BACKUP_HASH_LEN])
{
    unsigned hash_len = 0;
    *len = 0;
    for (;;) {
        size_t got = fread(from->buffer, 1, COPY_LEN, from->file);
        if (got == 0) break;
        *len += got;
        if (EVP_DigestUpdate(from->hash, from->buffer, got) != 1) return TB_STATUS(HOST_IO);
        if (to != NULL && fwrite(from->buffer, 1, got, to) != got) return TB_STATUS(HOST_IO);
    }
    if (ferror(from->file)) return TB_STATUS(HOST_IO);
    bool is_hashed = EVP_DigestFinal_ex(from->hash, hash, &hash_len) == 1;
    return TB_STATUS(is_hashed && hash_len == HOST_BACKUP_HASH_LEN ? TB_OK : HOST_IO);
}

static tb_status open_new(const char *path, FILE **out)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0) return TB_STATUS(errno == EEXIST ? HOST_EXISTS : HOST_IO);
    *out = fdopen(fd, "w");
    if (*out != NULL) return TB_STATUS(TB_OK);
    close(fd);
    return TB_STATUS(HOST_IO);
}

static tb_status finish(FILE *file)
{
    if (fflush(file) != 0 || fsync(fileno(file)) != 0) return TB_STATUS(HOST_IO);
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the manifest */

static tb_status sha256(const void *data, size_t len, uint8_t out[HOST_BACKUP_HASH_LEN])
{
    return TB_STATUS(EVP_Digest(data, len, out, NULL, EVP_sha256(), NULL) == 1 ? TB_OK : HOST_IO);
}

static tb_status write_head(FILE *file, const struct host_backup *backup)
{
    char text[MANIFEST_LEN_MAX], hex[2 * HOST_BACKUP_HASH_LEN];
    uint8_t numbers[8], hash[HOST_BACKUP_HASH_LEN];
    wire_text_hex_encode(TB_ARRAY(backup->payload_sha256), hex);
    int len = snprintf(text, sizeof text,
                       "{\"software\":\"%s\",\"schema\":%u,\"created\":\"%s\","
                       "\"payload_bytes\":%llu,\"payload_sha256\":\"%.*s\"}",
                       backup->software, (unsigned)backup->schema, backup->created,
                       (unsigned long long)backup->payload_bytes, (int)sizeof hex, hex);
    TRY(sha256(text, (size_t)len, hash));
    tb_put_u32(numbers, HOST_BACKUP_VERSION);
    tb_put_u32(numbers + 4, (uint32_t)len);
    if (fwrite(magic, 1, MAGIC_LEN, file) != MAGIC_LEN || fwrite(numbers, 1, 8, file) != 8 ||
        fwrite(text, 1, (size_t)len, file) != (size_t)len ||
        fwrite(hash, 1, sizeof hash, file) != sizeof hash) {
        return TB_STATUS(HOST_IO);
    }
    return TB_STATUS(TB_OK);
}

static bool copy_text(json_t *object, const char *name, char out[HOST_BACKUP_TEXT_LEN_MAX])
{
    const char *text = json_string_value(json_object_get(object, name));
    if (text == NULL || strlen(text) >= HOST_BACKUP_TEXT_LEN_MAX) return false;
    strcpy(out, text);
    return true;
}

static bool parse_manifest(const char *text, size_t len, struct host_backup *out)
{
    json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    json_t *schema = json_object_get(object, "schema");
    json_t *bytes = json_object_get(object, "payload_bytes");
    const char *hash = json_string_value(json_object_get(object, "payload_sha256"));
    bool is_right = copy_text(object, "software", out->software) &&
                    copy_text(object, "created", out->created) && json_is_integer(schema) &&
                    json_is_integer(bytes) && json_integer_value(schema) > 0 &&
                    json_integer_value(schema) <= UINT32_MAX && json_integer_value(bytes) > 0 &&
                    hash != NULL &&
                    wire_text_hex_decode(tb_bytes_text(hash), out->payload_sha256,
                                         HOST_BACKUP_HASH_LEN)
                            .code == TB_OK;
    if (is_right) {
        out->schema = (uint32_t)json_integer_value(schema);
        out->payload_bytes = (uint64_t)json_integer_value(bytes);
    }
    json_decref(object);
    return is_right;
}

static tb_status read_head(FILE *file, struct host_backup *out)
{
    char start[MAGIC_LEN], text[MANIFEST_LEN_MAX];
    uint8_t numbers[8], hash[HOST_BACKUP_HASH_LEN], expected[HOST_BACKUP_HASH_LEN];
    if (fread(start, 1, sizeof start, file) != sizeof start ||
        memcmp(start, magic, MAGIC_LEN) != 0) {
        return TB_STATUS(HOST_SCHEMA_FOREIGN);
    }
    if (fread(numbers, 1, 8, file) != 8) return TB_STATUS(HOST_DAMAGED);
    if (tb_get_u32(numbers) > HOST_BACKUP_VERSION) return TB_STATUS(HOST_SCHEMA_NEWER);
    size_t len = tb_get_u32(numbers + 4);
    if (tb_get_u32(numbers) != HOST_BACKUP_VERSION || len == 0 || len > sizeof text ||
        fread(text, 1, len, file) != len || fread(expected, 1, 32, file) != 32) {
        return TB_STATUS(HOST_DAMAGED);
    }
    TRY(sha256(text, len, hash));
    if (memcmp(hash, expected, sizeof hash) != 0) return TB_STATUS(HOST_DAMAGED);
    return TB_STATUS(parse_manifest(text, len, out) ? TB_OK : HOST_DAMAGED);
}

/* ------------------------------------------------------------------ both ways */

static tb_status measure(const char *path, struct tb_mem *mem, struct host_backup *out)
{
    struct stream stream;
    tb_status status = TB_STATUS(TB_OK);
    CHECK(stream_begin(&stream, fopen(path, "re"), mem));
    CHECK(pump(&stream, NULL, &out->payload_bytes, out->payload_sha256));
out:
    stream_end(&stream);
    return status;
}

static tb_status write_whole(const char *copy_path, FILE *to, struct tb_mem *mem,
                             const struct host_backup *backup)
{
    struct stream stream;
    uint8_t hash[HOST_BACKUP_HASH_LEN];
    uint64_t len = 0;
    tb_status status = TB_STATUS(TB_OK);
    CHECK(stream_begin(&stream, fopen(copy_path, "re"), mem));
    CHECK(write_head(to, backup));
    CHECK(pump(&stream, to, &len, hash));
    if (len != backup->payload_bytes || memcmp(hash, backup->payload_sha256, sizeof hash) != 0) {
        CHECK(TB_STATUS(HOST_IO)); /* somebody else writes to our copy */
    }
    CHECK(finish(to));
out:
    stream_end(&stream);
    return status;
}

tb_status host_backup_write(struct host_store *store, const char *path, struct host_backup *made)
{
    char copy_path[HOST_PATH_LEN_MAX];
    struct tb_mem mem;
    FILE *to = NULL;
    tb_status status = TB_STATUS(TB_OK);
    int len = snprintf(copy_path, sizeof copy_path, "%s.database", path);
    if (len < 0 || (size_t)len >= sizeof copy_path) return TB_STATUS(TB_TOO_LONG);
    host_mem_init(&mem, SIZE_MAX);
    *made = (struct host_backup){ .schema = HUB_SCHEMA_VERSION };
    snprintf(made->software, sizeof made->software, "%s", HOST_HUB_SOFTWARE);
    char created[HOST_CLOCK_TEXT_LEN_MAX];
    host_clock_text(host_clock_unix_ms(), created);
    snprintf(made->created, sizeof made->created, "%s", created);
    TRY(open_new(path, &to));
    unlink(copy_path); /* of an attempt that was cut short */
    CHECK(host_store_copy(store, copy_path));
    CHECK(measure(copy_path, &mem, made));
    CHECK(write_whole(copy_path, to, &mem, made));
    CHECK(host_file_sync_folder_of(path));
out:
    fclose(to);
    unlink(copy_path);
    if (status.code != TB_OK) unlink(path);
    return status;
}

static tb_status check_database(const char *path, struct tb_mem *mem)
{
    struct host_store_config config = host_hub_store_config(path, mem);
    struct host_store *store = NULL;
    config.is_read_only = true;
    TRY(host_store_open(&config, &store));
    tb_status status = host_store_check(store);
    host_store_close(store);
    return status;
}

tb_status host_backup_read(const char *path, const char *database_path, struct tb_mem *mem,
                           struct host_backup *found)
{
    struct stream stream;
    FILE *to = NULL;
    uint8_t hash[HOST_BACKUP_HASH_LEN];
    uint64_t len = 0;
    tb_status status = TB_STATUS(TB_OK);
    *found = (struct host_backup){ .schema = 0 };
    CHECK(stream_begin(&stream, fopen(path, "re"), mem));
    CHECK(read_head(stream.file, found));
    if (found->schema > HUB_SCHEMA_VERSION) CHECK(TB_STATUS(HOST_SCHEMA_NEWER));
    CHECK(open_new(database_path, &to));
    CHECK(pump(&stream, to, &len, hash));
    if (len != found->payload_bytes || memcmp(hash, found->payload_sha256, sizeof hash) != 0) {
        CHECK(TB_STATUS(HOST_DAMAGED));
    }
    CHECK(finish(to));
    /* An older schema is brought forward when the hub opens it; this one is looked through now. */
    if (found->schema == HUB_SCHEMA_VERSION) CHECK(check_database(database_path, mem));
out:
    stream_end(&stream);
    if (to != NULL) {
        fclose(to);
        if (status.code != TB_OK) unlink(database_path);
    }
    return status;
}
