/* messages: every kind of message decodes and encodes to the same octets (RFC 9420). */
#include "mls/structs.h"
#include "mls/structs_secret.h"
#include "tests/vectors/vectors.h"

static const struct {
    const char *field;
    const struct wire_desc *desc;
} formats[] = {
    { "mls_welcome", &mls_message_desc },
    { "mls_group_info", &mls_message_desc },
    { "mls_key_package", &mls_message_desc },
    { "ratchet_tree", &mls_ratchet_tree_desc },
    { "group_secrets", &mls_group_secrets_desc },
    { "add_proposal", &mls_add_desc },
    { "update_proposal", &mls_update_desc },
    { "remove_proposal", &mls_remove_desc },
    { "pre_shared_key_proposal", &mls_pre_shared_key_desc },
    { "re_init_proposal", &mls_re_init_desc },
    { "external_init_proposal", &mls_external_init_desc },
    { "group_context_extensions_proposal", &mls_group_context_extensions_desc },
    { "commit", &mls_commit_desc },
    { "public_message_application", &mls_message_desc },
    { "public_message_proposal", &mls_message_desc },
    { "public_message_commit", &mls_message_desc },
    { "private_message", &mls_message_desc },
};

bool vectors_messages(struct vectors_case *c)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const struct wire_desc *desc = formats[i].desc;
        tb_bytes octets, encoded;
        void *value = tb_arena_take(c->arena, 1, desc->size);
        if (value == NULL || !vectors_hex(c, c->json, formats[i].field, &octets) ||
            !vectors_ok(c, formats[i].field, wire_decode(desc, octets, c->arena, value, NULL)) ||
            !vectors_ok(c, formats[i].field, wire_encode(desc, value, c->arena, &encoded)) ||
            !vectors_true(c, formats[i].field, tb_bytes_equal(octets, encoded))) {
            return vectors_fail(c, formats[i].field);
        }
    }
    return true;
}
