/* Key packages: made, kept until a Welcome uses them, topped up when the hub runs low. */
#include "client/rooms.h"

#include <string.h>

static tb_status client_key_package_make(struct client_turn *turn, tb_bytes app_data,
                                         bool is_last_resort, tb_bytes *encoded)
{
    struct client *client = turn->client;
    struct mls_env env = client_env(client, &client->suite);
    uint64_t now_s = turn->now_ms / 1000;
    struct mls_key_package_params params = {
        .identity = client->profile.device,
        .signer = &client->device_key,
        .not_before_s = now_s > CLIENT_LEAF_BACKDATE_S ? now_s - CLIENT_LEAF_BACKDATE_S : 0,
        .not_after_s = now_s + (is_last_resort ? (uint64_t)CLIENT_LEAF_LIFE_S
                                               : (uint64_t)CLIENT_KEY_PACKAGE_LIFE_S),
        .is_last_resort = is_last_resort,
        .leaf_app_data = app_data,
    };
    struct mls_key_package_secrets secrets = { 0 };
    uint8_t ref[CRYPTO_HASH_MAX];
    tb_status status = TB_STATUS(TB_OK);
    CHECK(mls_key_package_new(&env, &params, &turn->arena, encoded, &secrets, ref));
    struct client_key_package_row row = {
        .cipher_suite = client->suite.id,
        .is_last_resort = is_last_resort,
        .not_after_s = params.not_after_s,
        .key_package = *encoded,
        .init_key = tb_secret_view(&secrets.init_key),
        .encryption_key = tb_secret_view(&secrets.encryption_key),
    };
    CHECK(client_table_put(turn, CLIENT_TABLE_KEY_PACKAGES,
                           client_key_bytes(tb_bytes_of(ref, client->suite.hash_len)),
                           &client_key_package_row_desc, &row));

out:
    mls_key_package_secrets_wipe(&secrets);
    return status;
}

static tb_status client_key_package_answered(struct client_turn *turn,
                                             const struct client_request *request, uint16_t code,
                                             tb_bytes body)
{
    /* A refusal is not the end: the hub says KEY_PACKAGES_LOW again, and login counts them. */
    (void)turn;
    (void)request;
    (void)code;
    (void)body;
    return TB_STATUS(TB_OK);
}

/* Those that can no longer be claimed go, so that the table does not grow without end. */
static tb_status client_key_package_prune(struct client_turn *turn)
{
    struct client_pairs rows;
    TRY(client_table_all(turn, CLIENT_TABLE_KEY_PACKAGES, &rows));
    uint64_t grace_s = 30 * 86400; /* a Welcome may have waited at the hub */
    for (size_t i = 0; i < rows.count; i++) {
        struct client_key_package_row row;
        TRY(wire_decode(&client_key_package_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        if (row.not_after_s + grace_s >= turn->now_ms / 1000) continue;
        TRY(client_table_del(turn, CLIENT_TABLE_KEY_PACKAGES, client_key_bytes(rows.at[i].key)));
    }
    return TB_STATUS(TB_OK);
}

tb_status client_key_package_top_up(struct client_turn *turn, uint32_t count_at_hub,
                                    bool has_last_resort)
{
    if (count_at_hub >= CLIENT_KEY_PACKAGE_LOW && has_last_resort) return TB_STATUS(TB_OK);
    TRY(client_key_package_prune(turn));
    tb_bytes app_data;
    TRY(chat_policy_leaf_app_data(&turn->arena, &app_data));
    size_t count = count_at_hub < CLIENT_KEY_PACKAGE_COUNT ? CLIENT_KEY_PACKAGE_COUNT - count_at_hub
                                                           : 0;
    struct wire_opaque packages[CLIENT_KEY_PACKAGE_COUNT];
    for (size_t i = 0; i < count; i++) {
        TRY(client_key_package_make(turn, app_data, false, &packages[i].value));
    }
    struct chat_key_packages_put put = { .key_packages = { packages, count } };
    if (!has_last_resort) TRY(client_key_package_make(turn, app_data, true, &put.last_resort));
    return client_request_send(turn, CHAT_VERB_KEY_PACKAGES_PUT, &put, client_key_package_answered,
                               NULL);
}

tb_status client_key_package_for(struct client_turn *turn, const struct mls_welcome *in,
                                 struct client_key *key, struct client_key_package_row *out)
{
    for (size_t i = 0; i < in->secrets.count; i++) {
        tb_bytes ref = in->secrets.at[i].new_member;
        if (ref.len == 0 || ref.len > CRYPTO_HASH_MAX) continue;
        *key = client_key_bytes(ref);
        tb_status status = client_table_get(turn, CLIENT_TABLE_KEY_PACKAGES, *key,
                                            &client_key_package_row_desc, out);
        if (status.code != TB_NOT_FOUND) return status;
    }
    return TB_STATUS(TB_NOT_FOUND);
}

tb_status client_key_package_used(struct client_turn *turn, struct client_key key,
                                  const struct client_key_package_row *row)
{
    if (row->is_last_resort) return TB_STATUS(TB_OK);
    return client_table_del(turn, CLIENT_TABLE_KEY_PACKAGES, key);
}
