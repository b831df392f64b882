/* Public structs to those of the rooms, and back. */
#include <string.h>

#include "api/api.h"
#include "mls/leaf.h"

tb_status mls_convert_options(const void *given, void *known, size_t known_len)
{
    size_t len;
    if (given == NULL) return TB_STATUS(MLS_ARGUMENT);
    memcpy(&len, given, sizeof len);
    if (len < sizeof len) return TB_STATUS(MLS_ARGUMENT);
    for (size_t i = known_len; i < len; i++) {
        if (((const uint8_t *)given)[i] != 0) return TB_STATUS(MLS_ARGUMENT);
    }
    memset(known, 0, known_len);
    memcpy(known, given, len < known_len ? len : known_len);
    return TB_STATUS(TB_OK);
}

tb_status mls_convert_target(const void *out)
{
    size_t len;
    if (out == NULL) return TB_STATUS(MLS_ARGUMENT);
    memcpy(&len, out, sizeof len);
    return TB_STATUS(len < sizeof len ? MLS_ARGUMENT : TB_OK);
}

void mls_convert_result(void *out, const void *value, size_t value_len)
{
    size_t len;
    memcpy(&len, out, sizeof len);
    memset((uint8_t *)out + sizeof len, 0, len - sizeof len);
    if (len < value_len) value_len = len;
    memcpy((uint8_t *)out + sizeof len, (const uint8_t *)value + sizeof len,
           value_len - sizeof len);
}

/* ---------------------------------------------------------------- lists */

tb_status mls_convert_extensions(const struct mls_ext *given, size_t count, struct tb_arena *arena,
                                 struct mls_extension **out)
{
    struct mls_extension *list = tb_arena_take(arena, count, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        list[i] = (struct mls_extension){ given[i].extension_type,
                                          mls_convert_in(given[i].extension_data) };
    }
    *out = list;
    return TB_STATUS(TB_OK);
}

/* The id but for its nonce. */
static tb_status psk_id(const struct mls_psk *given, struct tb_arena *arena,
                        struct mls_pre_shared_key_id *out)
{
    struct parts {
        struct wire_opaque psk_id;
        struct mls_resumption_psk resumption;
        struct mls_application_psk application;
    } *parts = tb_arena_take(arena, 1, sizeof *parts);
    if (parts == NULL) return TB_STATUS(TB_NO_SPACE);
    parts->psk_id.value = mls_convert_in(given->psk_id);
    parts->resumption = (struct mls_resumption_psk){
        MLS_RESUMPTION_APPLICATION, mls_convert_in(given->group_id), given->epoch
    };
    parts->application = (struct mls_application_psk){ given->component_id,
                                                       mls_convert_in(given->psk_id) };
    *out = (struct mls_pre_shared_key_id){ .psktype = given->psktype };
    switch (given->psktype) {
    case MLS_PSK_EXTERNAL: out->of.psk_id = &parts->psk_id; break;
    case MLS_PSK_RESUMPTION: out->of.resumption = &parts->resumption; break;
    case MLS_PSK_APPLICATION: out->of.application = &parts->application; break;
    default: return TB_STATUS(MLS_ARGUMENT);
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_convert_psks(const struct mls_psk *given, size_t count, struct tb_arena *arena,
                           struct mls_psk_entry **out)
{
    struct mls_psk_entry *list = tb_arena_take(arena, count, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        TRY(psk_id(&given[i], arena, &list[i].id));
        list[i].psk = mls_convert_in(given[i].key);
    }
    *out = list;
    return TB_STATUS(TB_OK);
}

tb_status mls_convert_octets(const struct mls_octets *given, size_t count, struct tb_arena *arena,
                             tb_bytes **out)
{
    tb_bytes *list = tb_arena_take(arena, count, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) list[i] = mls_convert_in(given[i]);
    *out = list;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- credentials and leaves */

tb_status mls_convert_identity(const struct mls_credential *credential, struct tb_arena *arena,
                               struct mls_identity *out)
{
    struct mls_identity made = { .credential_type = credential->credential_type };
    if (credential->credential_type == MLS_CREDENTIAL_BASIC) {
        made.identity = mls_convert_out(credential->of.identity->value);
    } else {
        const struct mls_certificates *chain = credential->of.certificates;
        size_t count = chain->certificates.count;
        struct mls_octets *list = tb_arena_take(arena, count, sizeof *list);
        if (list == NULL) return TB_STATUS(TB_NO_SPACE);
        for (size_t i = 0; i < count; i++) {
            list[i] = mls_convert_out(chain->certificates.at[i].cert_data);
        }
        made.certificates = list;
        made.certificate_count = count;
    }
    *out = made;
    return TB_STATUS(TB_OK);
}

tb_status mls_convert_credential(const struct mls_identity *given, struct tb_arena *arena,
                                 struct mls_credential **out)
{
    struct made {
        struct mls_credential credential;
        struct wire_opaque identity;
        struct mls_certificates chain;
    } *made = tb_arena_take(arena, 1, sizeof *made);
    if (made == NULL) return TB_STATUS(TB_NO_SPACE);
    made->credential.credential_type = given->credential_type;
    if (given->credential_type == MLS_CREDENTIAL_BASIC) {
        made->identity.value = mls_convert_in(given->identity);
        made->credential.of.identity = &made->identity;
    } else if (given->credential_type == MLS_CREDENTIAL_X509 && given->certificate_count != 0) {
        size_t count = given->certificate_count;
        made->chain.certificates.at = tb_arena_take(arena, count,
                                                    sizeof *made->chain.certificates.at);
        if (made->chain.certificates.at == NULL) return TB_STATUS(TB_NO_SPACE);
        made->chain.certificates.count = count;
        for (size_t i = 0; i < count; i++) {
            made->chain.certificates.at[i].cert_data = mls_convert_in(given->certificates[i]);
        }
        made->credential.of.certificates = &made->chain;
    } else {
        return TB_STATUS(MLS_ARGUMENT);
    }
    *out = &made->credential;
    return TB_STATUS(TB_OK);
}

tb_status mls_convert_leaf(const struct mls_leaf_node *node, uint32_t leaf_index,
                           struct tb_arena *arena, struct mls_leaf_info *out)
{
    struct mls_leaf_info info = {
        .leaf_index = leaf_index,
        .signature_key = mls_convert_out(node->signature_key),
        .encryption_key = mls_convert_out(node->encryption_key),
        .leaf_node = mls_convert_out(mls_leaf_view(node)),
    };
    TRY(mls_convert_identity(&node->credential, arena, &info.credential));
    mls_convert_result(out, &info, sizeof info);
    return TB_STATUS(TB_OK);
}

/* The credential types that the leaf lists beside basic: those given, and its own. */
static tb_status credential_types(const struct mls_leaf_options *options, struct tb_arena *arena,
                                  struct mls_leaf_extra *extra)
{
    size_t count = options->credential_type_count;
    uint16_t *types = tb_arena_take(arena, count + 1, sizeof *types);
    bool is_listed = options->identity.credential_type == MLS_CREDENTIAL_BASIC;
    if (types == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        types[i] = options->credential_types[i];
        is_listed = is_listed || types[i] == options->identity.credential_type;
    }
    if (!is_listed) types[count++] = options->identity.credential_type;
    extra->credential_types = types;
    extra->credential_type_count = count;
    return TB_STATUS(TB_OK);
}

tb_status mls_convert_leaf_options(const struct mls_leaf_options *options, struct tb_arena *arena,
                                   struct mls_key_package_params *out)
{
    struct mls_leaf_options known;
    struct mls_credential *credential;
    struct mls_extension *extensions;
    struct mls_leaf_extra *extra = tb_arena_take(arena, 1, sizeof *extra);
    if (extra == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(mls_convert_options(options, &known, sizeof known));
    TRY(mls_convert_credential(&known.identity, arena, &credential));
    TRY(mls_convert_extensions(known.extensions, known.extension_count, arena, &extensions));
    TRY(credential_types(&known, arena, extra));
    extra->credential = credential;
    extra->extensions = extensions;
    extra->extension_count = known.extension_count;
    extra->extension_types = known.extension_types;
    extra->extension_type_count = known.extension_type_count;
    *out = (struct mls_key_package_params){
        .not_before_s = known.not_before_s, .not_after_s = known.not_after_s, .extra = extra
    };
    return TB_STATUS(TB_OK);
}
