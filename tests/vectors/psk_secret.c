/* psk_secret: the combination of external pre-shared keys (RFC 9420, section 8.4). */
#include "mls/psk.h"
#include "tests/vectors/vectors.h"

bool vectors_psk_secret(struct vectors_case *c)
{
    const struct json *list = json_get(c->json, "psks");
    struct tb_secret secret;
    if (list->kind != JSON_ARRAY) return vectors_fail(c, "psks");
    struct mls_psk_entry *psks = tb_arena_take(c->arena, list->count, sizeof *psks);
    struct wire_opaque *ids = tb_arena_take(c->arena, list->count, sizeof *ids);
    if (psks == NULL || ids == NULL) return vectors_fail(c, "psks");

    size_t count = 0;
    for (const struct json *at = list->first; at != NULL; at = at->next, count++) {
        struct mls_psk_entry *psk = &psks[count];
        psk->id.psktype = MLS_PSK_EXTERNAL;
        psk->id.of.psk_id = &ids[count];
        if (!vectors_hex(c, at, "psk_id", &ids[count].value)) return false;
        if (!vectors_hex(c, at, "psk_nonce", &psk->id.psk_nonce)) return false;
        if (!vectors_hex(c, at, "psk", &psk->psk)) return false;
    }
    return vectors_ok(c, "psk_secret",
                      mls_psk_secret(&c->suite, psks, count, c->arena, &secret)) &&
           vectors_equal(c, c->json, "psk_secret", tb_secret_view(&secret));
}
