#include "mls/structs_state.h"

WIRE_TABLE(mls_late_key_blob, MLS_LATE_KEY_BLOB)
WIRE_TABLE(mls_ratchet_blob, MLS_RATCHET_BLOB)
WIRE_TABLE(mls_sender_blob, MLS_SENDER_BLOB)
WIRE_TABLE(mls_subtree_blob, MLS_SUBTREE_BLOB)
WIRE_TABLE(mls_secret_tree_blob, MLS_SECRET_TREE_BLOB)
