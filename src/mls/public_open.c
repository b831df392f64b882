/* Messages that a delivery service looks at outside of any group. */
#include <string.h>

#include "mls/framing.h"
#include "mls/public_group.h"
#include "mls/public_validate.h"

static bool is_last_resort(const struct mls_key_package_in *package)
{
    tb_bytes dictionary, data;
    return mls_public_extension_find(package->extensions.at, package->extensions.count,
                                     MLS_EXTENSION_APP_DATA_DICTIONARY, &dictionary) &&
           mls_public_dictionary_find(dictionary, MLS_COMPONENT_LAST_RESORT_KEY_PACKAGE, &data);
}

tb_status mls_public_key_package_open(const struct crypto_suite *suite, tb_bytes encoded,
                                      uint64_t now_s, struct tb_arena *arena,
                                      struct mls_public_key_package *out, struct tb_why *why)
{
    /* No group: nothing is required, and group_id and leaf_index are not signed. */
    const struct mls_public_rules rules = { .suite = suite, .now_s = now_s };
    struct mls_public_key_package view = { .ref_len = suite->hash_len };
    struct mls_key_package_in *package = tb_arena_take(arena, 1, sizeof *package);
    if (package == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(wire_decode(&mls_key_package_in_desc, encoded, arena, package, why));
    TRY(mls_public_key_package_check(&rules, package, arena->mem));
    TRY(mls_leaf_key_package_ref(suite, encoded, view.ref));
    view.identity = mls_leaf_identity(&package->leaf_node.credential);
    view.signature_key = package->leaf_node.signature_key;
    view.not_before_s = package->leaf_node.of.lifetime->not_before;
    view.not_after_s = package->leaf_node.of.lifetime->not_after;
    view.is_last_resort = is_last_resort(package);
    *out = view;
    return TB_STATUS(TB_OK);
}

tb_status mls_public_private_message_open(tb_bytes message, struct tb_arena *arena,
                                          struct mls_public_private_message *out)
{
    struct mls_message decoded;
    TRY(mls_framing_message(message, arena, &decoded, NULL));
    if (decoded.wire_format != MLS_WIRE_PRIVATE_MESSAGE) return TB_STATUS(MLS_WIRE_FORMAT);
    const struct mls_private_message_in *in = decoded.of.private_message;
    *out = (struct mls_public_private_message){
        .group_id = in->group_id,
        .epoch = in->epoch,
        .content_type = in->content_type,
        .authenticated_data = in->authenticated_data,
    };
    return TB_STATUS(TB_OK);
}
