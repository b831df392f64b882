/* Handles and what hangs on them. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/mls-driver/driver.h"
#include "mls/framing.h"
#include "mls/leaf.h"

uint64_t driver_now_s(void)
{
    return (uint64_t)time(NULL);
}

tb_status driver_handle_new(struct driver *driver, enum driver_kind kind, uint32_t cipher_suite,
                            tb_bytes identity, struct driver_handle **out)
{
    struct driver_handle *handle;
    tb_status status = TB_STATUS(TB_OK);
    if (cipher_suite > UINT16_MAX) return TB_STATUS(CRYPTO_UNSUPPORTED);
    if (driver->last_id == DRIVER_HANDLE_COUNT_MAX) return TB_STATUS(TB_TOO_LONG);
    handle = tb_mem_take(&driver->mem, sizeof *handle);
    if (handle == NULL) return TB_STATUS(TB_NO_SPACE);
    handle->kind = kind;
    tb_arena_init(&handle->arena, &driver->mem, DRIVER_CALL_BYTES_MAX);
    tb_arena_init(&handle->seen_arena, &driver->mem, DRIVER_CALL_BYTES_MAX);
    handle->env = (struct mls_env){ .suite = &handle->suite,
                                    .mem = &driver->mem,
                                    .rng = &driver->rng.rng };
    CHECK(crypto_suite_init(&handle->suite, (uint16_t)cipher_suite, crypto_backend_native()));
    CHECK(crypto_signing_key_new(&handle->suite, &driver->rng.rng, &handle->signer));
    CHECK(tb_arena_dup(&handle->arena, identity, &handle->identity));
    handle->id = ++driver->last_id;
    handle->next = driver->handles;
    driver->handles = handle;
    *out = handle;
    return status;
out:
    tb_arena_wipe(&handle->arena);
    tb_mem_give(&driver->mem, handle, sizeof *handle);
    return status;
}

tb_status driver_handle_find(const struct driver *driver, enum driver_kind kind, uint32_t id,
                             struct driver_handle **out)
{
    for (struct driver_handle *at = driver->handles; at != NULL; at = at->next) {
        if (at->id != id || at->kind != kind) continue;
        *out = at;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(DRIVER_HANDLE);
}

tb_status driver_handle_get(const struct driver_call *call, enum driver_kind kind,
                            const char *name, struct driver_handle **out)
{
    uint32_t id;
    TRY(driver_get_u32(call->request, name, &id));
    return driver_handle_find(call->driver, kind, id, out);
}

void driver_handle_free(struct driver *driver, struct driver_handle *handle)
{
    struct driver_handle **link = &driver->handles;
    while (*link != handle) link = &(*link)->next;
    *link = handle->next;
    mls_group_free(handle->group);
    tb_arena_wipe(&handle->seen_arena);
    tb_arena_wipe(&handle->arena);
    tb_mem_give(&driver->mem, handle, sizeof *handle);
}

void driver_end(struct driver *driver)
{
    while (driver->handles != NULL) driver_handle_free(driver, driver->handles);
}

/* ---------------------------------------------------------------- pre-shared keys */

tb_status driver_psk_add(struct driver_handle *handle, tb_bytes id, tb_bytes psk)
{
    struct driver_psk *added = tb_arena_take(&handle->arena, 1, sizeof *added);
    if (added == NULL) return TB_STATUS(TB_NO_SPACE);
    if (psk.len > TB_SECRET_MAX) return TB_STATUS(TB_TOO_LONG);
    TRY(tb_arena_dup(&handle->arena, id, &added->id.value));
    tb_secret_set(&added->psk, psk);
    added->next = handle->psks;
    handle->psks = added;
    handle->psk_count++;
    return TB_STATUS(TB_OK);
}

tb_status driver_psk_copy(const struct driver_handle *from, struct driver_handle *to)
{
    for (const struct driver_psk *at = from->psks; at != NULL; at = at->next) {
        TRY(driver_psk_add(to, at->id.value, tb_secret_view(&at->psk)));
    }
    return TB_STATUS(TB_OK);
}

tb_status driver_psk_entries(struct driver_call *call, const struct driver_handle *handle,
                             const struct mls_psk_entry **out)
{
    size_t count = 0;
    struct mls_psk_entry *entries = tb_arena_take(&call->arena, handle->psk_count,
                                                  sizeof *entries);
    if (entries == NULL) return TB_STATUS(TB_NO_SPACE);
    for (struct driver_psk *at = handle->psks; at != NULL; at = at->next) {
        entries[count].id.psktype = MLS_PSK_EXTERNAL;
        entries[count].id.of.psk_id = &at->id;
        entries[count++].psk = tb_secret_view(&at->psk);
    }
    *out = entries;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- key packages */

tb_status driver_key_package_new(struct driver_handle *handle)
{
    uint8_t ref[CRYPTO_HASH_MAX];
    const struct mls_key_package_params params = {
        .identity = handle->identity,
        .signer = &handle->signer,
        .not_before_s = driver_now_s() - 3600,
        .not_after_s = driver_now_s() + DRIVER_LIFETIME_S,
    };
    return mls_key_package_new(&handle->env, &params, &handle->arena, &handle->key_package,
                               &handle->secrets, ref);
}

tb_status driver_wrap_key_package(struct driver_call *call, tb_bytes key_package,
                                  tb_bytes *message)
{
    return mls_framing_wrap(MLS_WIRE_KEY_PACKAGE, key_package, &call->arena, message);
}

tb_status driver_open_key_package(struct driver_call *call, tb_bytes message,
                                  struct mls_key_package_in **out)
{
    struct mls_message decoded;
    TRY(mls_framing_message(message, &call->arena, &decoded, &call->why));
    if (decoded.wire_format != MLS_WIRE_KEY_PACKAGE) return TB_STATUS(DRIVER_KIND);
    *out = decoded.of.key_package;
    return TB_STATUS(TB_OK);
}
