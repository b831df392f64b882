/*
 * Consent to be added (docs/architecture.md, Key packages and consent): a key package is handed out
 * with the target's consent for one room, and a commit may add it there and nowhere else.  A row
 * stands from the claim to the commit that became final, or for a day.
 */
#include "hub/claim.h"

enum { CLAIM_COUNT_MAX = 4096 /* of one device for one room */, SWEEP_COUNT = 256 };

static struct hub_key claim_prefix(const struct hub_room_id *room,
                                   const struct hub_device_id *device)
{
    struct hub_key key = hub_key_of(TB_ARRAY(room->at));
    hub_key_add(&key, device->at, sizeof device->at);
    return key;
}

static struct hub_key claim_key(const struct hub_room_id *room, const struct hub_device_id *device,
                                const struct hub_device_id *claimer)
{
    struct hub_key key = claim_prefix(room, device);
    hub_key_add(&key, claimer->at, sizeof claimer->at);
    return key;
}

static tb_status ref_of(const struct crypto_suite *suite, tb_bytes key_package,
                        uint8_t ref[CRYPTO_HASH_MAX])
{
    return crypto_ref_hash(suite, "MLS 1.0 KeyPackage Reference", key_package, ref);
}

tb_status hub_claim_put(struct hub *hub, struct hub_call *call, const struct hub_room_id *room,
                        const struct hub_device_id *device, uint16_t suite_id,
                        tb_bytes key_package)
{
    const struct crypto_suite *suite = hub_suite(hub, suite_id);
    struct hub_key key = claim_key(room, device, &call->device);
    uint8_t ref[CRYPTO_HASH_MAX];
    if (suite == NULL) return TB_STATUS(HUB_ROW);
    TRY(ref_of(suite, key_package, ref));
    struct hub_row_claim row = { .expires_ms = call->now_ms + HUB_CLAIM_LIFE_MS,
                                 .ref = { ref, suite->hash_len } };
    return hub_put(hub, HUB_TABLE_CLAIMS, &key, &hub_row_claim_desc, &row, call->arena);
}

static tb_status is_claimed(struct hub *hub, struct hub_call *call, const struct hub_room *room,
                            const struct mls_key_package_in *package, bool *out)
{
    struct hub_device_id device;
    struct hub_row_claim row;
    uint8_t ref[CRYPTO_HASH_MAX];
    tb_bytes encoded;
    bool found;
    const struct mls_credential *credential = &package->leaf_node.credential;
    *out = false;
    if (credential->credential_type != MLS_CREDENTIAL_BASIC ||
        !hub_id_device(hub->domain, credential->of.identity->value, &device)) {
        return TB_STATUS(TB_OK);
    }
    struct hub_key key = claim_key(&room->id, &device, &call->device);
    TRY(hub_get(hub, HUB_TABLE_CLAIMS, &key, &hub_row_claim_desc, call->arena, &row, &found));
    if (!found || row.expires_ms <= call->now_ms) return TB_STATUS(TB_OK);
    TRY(wire_encode(&mls_key_package_in_desc, package, call->arena, &encoded));
    TRY(ref_of(room->suite, encoded, ref));
    *out = tb_bytes_equal(row.ref, tb_bytes_of(ref, room->suite->hash_len));
    return TB_STATUS(TB_OK);
}

uint16_t hub_claim_check(struct hub *hub, struct hub_call *call, const struct hub_room *room,
                         const struct mls_public_commit_view *commit)
{
    for (size_t i = 0; i < commit->proposal_count; i++) {
        const struct mls_proposal *proposal = commit->proposals[i].proposal;
        bool is_ours;
        if (proposal->proposal_type != MLS_PROPOSAL_ADD) continue;
        tb_status status = is_claimed(hub, call, room, &proposal->of.add->key_package, &is_ours);
        if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
        if (is_ours) continue;
        return hub_refuse(call, CHAT_CODE_NO_CONSENT,
                          "an added key package was not claimed by you for this room");
    }
    return CHAT_CODE_OK;
}

tb_status hub_claim_done(struct hub *hub, const struct hub_room_id *room,
                         const struct hub_device_id *device, struct tb_arena *arena)
{
    struct hub_key prefix = claim_prefix(room, device);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_CLAIMS, &prefix, NULL, CLAIM_COUNT_MAX, arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_key key = hub_key_of(rows.at[i].key);
        TRY(hub_del(hub, HUB_TABLE_CLAIMS, &key));
    }
    return TB_STATUS(TB_OK);
}

tb_status hub_claim_sweep(struct hub *hub, uint64_t now_ms, struct tb_arena *arena)
{
    struct hub_key all = { .len = 0 };
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_CLAIMS, &all,
                     hub->claim_at.len != 0 ? &hub->claim_at : NULL, SWEEP_COUNT, arena, &rows));
    hub->claim_at.len = 0; /* from the start again, unless there is more */
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_claim row;
        struct hub_key key = hub_key_of(rows.at[i].key);
        if (rows.count == SWEEP_COUNT) hub->claim_at = key;
        if (!tb_is_ok(wire_decode(&hub_row_claim_desc, rows.at[i].value, arena, &row, NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        if (row.expires_ms <= now_ms) TRY(hub_del(hub, HUB_TABLE_CLAIMS, &key));
    }
    return TB_STATUS(TB_OK);
}
