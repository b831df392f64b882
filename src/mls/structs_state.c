#include "mls/structs_state.h"

#include "mls/blob.h"

WIRE_TABLE(mls_late_key_blob, MLS_LATE_KEY_BLOB)
WIRE_TABLE(mls_ratchet_blob, MLS_RATCHET_BLOB)
WIRE_TABLE(mls_sender_blob, MLS_SENDER_BLOB)
WIRE_TABLE(mls_subtree_blob, MLS_SUBTREE_BLOB)
WIRE_TABLE(mls_secret_tree_blob, MLS_SECRET_TREE_BLOB)
WIRE_TABLE(mls_tree_key_blob, MLS_TREE_KEY_BLOB)
WIRE_TABLE(mls_epoch_blob, MLS_EPOCH_BLOB)
WIRE_TABLE(mls_past_leaf_blob, MLS_PAST_LEAF_BLOB)
WIRE_TABLE(mls_past_blob, MLS_PAST_BLOB)
WIRE_TABLE(mls_resumption_blob, MLS_RESUMPTION_BLOB)
WIRE_TABLE(mls_cached_blob, MLS_CACHED_BLOB)
WIRE_TABLE(mls_pending_blob, MLS_PENDING_BLOB)
WIRE_TABLE(mls_group_blob, MLS_GROUP_BLOB)
WIRE_TABLE(mls_signer_blob, MLS_SIGNER_BLOB)
WIRE_TABLE(mls_group_blob_3, MLS_GROUP_BLOB_3)
WIRE_TABLE(mls_past_ratchets_blob, MLS_PAST_RATCHETS_BLOB)
WIRE_TABLE(mls_ratchets_blob, MLS_RATCHETS_BLOB)
WIRE_TABLE(mls_blob_2, MLS_BLOB_2)

tb_status mls_structs_stored(const struct wire_desc *desc, tb_bytes octets, struct tb_arena *arena,
                             void *out)
{
    return mls_blob_status(wire_decode(desc, octets, arena, out, NULL));
}

tb_status mls_structs_stored_prefix(const struct wire_desc *desc, tb_bytes *rest,
                                    struct tb_arena *arena, void *out)
{
    return mls_blob_status(wire_decode_prefix(desc, rest, arena, out, NULL));
}
