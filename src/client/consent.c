/* Consent to contact (spec 1.7), and looking people up by their handle. */
#include "client/desk.h"

enum client_consent_operation {
    CLIENT_CONSENT_CANCEL = 0,
    CLIENT_CONSENT_REQUEST = 1,
    CLIENT_CONSENT_GRANT = 2,
    CLIENT_CONSENT_REVOKE = 3
};

tb_status client_consent_take(struct client_turn *turn, const struct chat_consent_entry *entry)
{
    tb_bytes self = turn->client->profile.account;
    bool is_request = entry->consent_operation == CLIENT_CONSENT_REQUEST;
    if (!is_request || !tb_bytes_equal(entry->target_uri, self)) return TB_STATUS(TB_OK);
    return client_record_fetch(turn, entry->requester_uri, client_consent_known, 0, 0);
}

/* The handle is the hub's word until people compare safety codes. */
tb_status client_consent_known(struct client_turn *turn, const struct client_request *request,
                               uint16_t code, tb_bytes body)
{
    (void)body;
    if (code == CLIENT_CODE_LOST) return TB_STATUS(TB_OK);
    tb_bytes account = client_request_data(request);
    return client_show(turn, &(struct client_show){ .kind = CLIENT_SHOW_CONSENT,
                                                    .account = account,
                                                    .handle = client_record_handle(turn, account),
                                                    .at_ms = turn->now_ms });
}

static tb_status client_consent_answered(struct client_turn *turn,
                                         const struct client_request *request, uint16_t code,
                                         tb_bytes body)
{
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) {
        return client_show_failed(turn, request->op, code, client_answer_detail(turn, body, NULL));
    }
    return client_show_done(turn, request->op,
                            &(struct client_show){ .account = client_request_data(request) });
}

static tb_status client_consent_send(struct client_turn *turn, uint8_t operation, tb_bytes account,
                                     uint64_t op)
{
    bool is_ours = operation == CLIENT_CONSENT_REQUEST || operation == CLIENT_CONSENT_CANCEL;
    tb_bytes self = turn->client->profile.account;
    struct chat_consent_entry entry = {
        .consent_operation = operation,
        .requester_uri = is_ours ? self : account,
        .target_uri = is_ours ? account : self,
    };
    struct client_about about = { .op = op, .data = account };
    return client_request_send(turn, CHAT_VERB_CONSENT, &entry, client_consent_answered, &about);
}

static tb_status client_act_begin(struct client_turn *turn, struct client *client, uint64_t now_ms,
                                  struct client_effects *effects, uint64_t *op)
{
    TRY(client_turn_begin(turn, client, now_ms, effects));
    TRY(client_profile_check(client));
    if (!client_is_online(client)) return TB_STATUS(CLIENT_OFFLINE);
    if (client->is_restricted) return TB_STATUS(CLIENT_RESTRICTED);
    *op = client_op_new(client);
    return TB_STATUS(TB_OK);
}

tb_status client_consent(struct client *client, uint64_t now_ms, uint8_t operation,
                         tb_bytes account, struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    struct wire_uri uri;
    tb_status status = client_act_begin(&turn, client, now_ms, effects, op);
    if (tb_is_ok(status)) status = wire_uri_parse(account, &uri);
    if (tb_is_ok(status) && (uri.kind != WIRE_URI_USER || operation > CLIENT_CONSENT_REVOKE)) {
        status = TB_STATUS(WIRE_URI);
    }
    if (tb_is_ok(status)) status = client_consent_send(&turn, operation, account, *op);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ lookup */

static tb_status client_lookup_known(struct client_turn *turn, const struct client_request *request,
                                     uint16_t code, tb_bytes body)
{
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) {
        return client_show_failed(turn, request->op, code, client_answer_detail(turn, body, NULL));
    }
    tb_bytes account = client_request_data(request);
    return client_show_done(turn, request->op,
                            &(struct client_show){ .account = account,
                                                   .handle = client_record_handle(turn, account) });
}

static tb_status client_lookup_answered(struct client_turn *turn,
                                        const struct client_request *request, uint16_t code,
                                        tb_bytes body)
{
    struct chat_opaque answer;
    struct wire_uri uri;
    if (code == CLIENT_CODE_LOST) code = CLIENT_OFFLINE;
    if (code != CHAT_CODE_OK) {
        return client_show_failed(turn, request->op, code, client_answer_detail(turn, body, NULL));
    }
    TRY(client_answer_decode(turn, &chat_opaque_desc, body, &answer));
    if (!tb_is_ok(wire_uri_parse(answer.value, &uri)) || uri.kind != WIRE_URI_USER) {
        return TB_STATUS(CLIENT_HUB_ANSWER);
    }
    return client_record_fetch(turn, answer.value, client_lookup_known, request->op, 0);
}

tb_status client_lookup(struct client *client, uint64_t now_ms, tb_bytes handle,
                        struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_act_begin(&turn, client, now_ms, effects, op);
    if (tb_is_ok(status) && !chat_names_is_handle(handle)) {
        status = TB_STATUS(CHAT_REGISTER_HANDLE);
    }
    if (tb_is_ok(status)) {
        struct chat_opaque body = { handle };
        struct client_about about = { .op = *op, .data = handle };
        status = client_request_send(&turn, CHAT_VERB_LOOKUP, &body, client_lookup_answered,
                                     &about);
    }
    return client_turn_end(&turn, status);
}
