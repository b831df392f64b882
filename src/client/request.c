/* Requests under way: sent frames that wait for their answer. */
#include "client/engine.h"

#include <string.h>

static void client_request_free(struct client *client, struct client_request *request)
{
    tb_mem_give(client->config.mem, request, sizeof *request + request->data_len);
}

static uint32_t client_request_id(struct client *client)
{
    uint32_t id = client->next_request_id++;
    if (client->next_request_id == 0) client->next_request_id = 1; /* 0 asks for no answer */
    return id;
}

tb_status client_request_send(struct client_turn *turn, uint16_t verb, const void *body,
                              client_answer *answer, const struct client_about *about)
{
    struct client *client = turn->client;
    if (client->session == CLIENT_SESSION_NONE) return TB_STATUS(CLIENT_OFFLINE);
    if (client->request_count >= CLIENT_REQUEST_COUNT_MAX) return TB_STATUS(CLIENT_BUSY);

    struct chat_request_frame frame = { .verb = verb };
    TRY(wire_encode(chat_verb_row(verb)->request, body, &turn->arena, &frame.body));
    if (answer != NULL) frame.request_id = client_request_id(client);
    tb_bytes encoded;
    TRY(wire_encode(&chat_request_frame_desc, &frame, &turn->arena, &encoded));
    TRY(client_effect_send(turn, encoded));
    if (answer == NULL) return TB_STATUS(TB_OK);

    static const struct client_about nothing = { 0 };
    if (about == NULL) about = &nothing;
    struct client_request *request =
        tb_mem_take(client->config.mem, sizeof *request + about->data.len);
    if (request == NULL) return TB_STATUS(TB_NO_SPACE);
    *request = (struct client_request){
        .next = client->requests,
        .answer = answer,
        .then = about->then,
        .id = frame.request_id,
        .op = about->op,
        .number = about->number,
        .is_awaited = about->is_awaited,
        .data_len = about->data.len,
    };
    if (about->data.len != 0) memcpy(request->data, about->data.data, about->data.len);
    client->requests = request;
    client->request_count++;
    return TB_STATUS(TB_OK);
}

static struct client_request *client_request_take(struct client *client, uint32_t id)
{
    for (struct client_request **at = &client->requests; *at != NULL; at = &(*at)->next) {
        if ((*at)->id != id) continue;
        struct client_request *request = *at;
        *at = request->next;
        client->request_count--;
        return request;
    }
    return NULL;
}

tb_status client_request_answered(struct client_turn *turn, tb_bytes frame)
{
    struct chat_answer_frame answer;
    TRY(client_answer_decode(turn, &chat_answer_frame_desc, frame, &answer));
    struct client_request *request = client_request_take(turn->client, answer.request_id);
    if (request == NULL) return TB_STATUS(CLIENT_HUB_ANSWER);
    tb_status status = request->answer(turn, request, answer.code, answer.body);
    client_request_free(turn->client, request);
    return status;
}

bool client_request_is_awaited(const struct client *client)
{
    for (const struct client_request *r = client->requests; r != NULL; r = r->next) {
        if (r->is_awaited) return true;
    }
    return false;
}

tb_status client_request_lose_all(struct client_turn *turn)
{
    struct client *client = turn->client;
    tb_status status = TB_STATUS(TB_OK);
    while (client->requests != NULL) {
        struct client_request *request = client->requests;
        client->requests = request->next;
        client->request_count--;
        if (tb_is_ok(status)) {
            status = request->answer(turn, request, CLIENT_CODE_LOST, (tb_bytes){ 0 });
        }
        client_request_free(client, request);
    }
    return status;
}

void client_request_drop_all(struct client *client)
{
    while (client->requests != NULL) {
        struct client_request *request = client->requests;
        client->requests = request->next;
        client_request_free(client, request);
    }
    client->request_count = 0;
}

tb_status client_answer_decode(struct client_turn *turn, const struct wire_desc *desc,
                               tb_bytes body, void *out)
{
    tb_status status = wire_decode(desc, body, &turn->arena, out, NULL);
    if (tb_is_ok(status) || status.code == TB_NO_SPACE) return status;
    return TB_STATUS(CLIENT_HUB_ANSWER);
}

tb_bytes client_answer_detail(struct client_turn *turn, tb_bytes body, struct chat_error *out)
{
    struct chat_error error = { 0 };
    if (!tb_is_ok(wire_decode(&chat_error_desc, body, &turn->arena, &error, NULL))) {
        error = (struct chat_error){ 0 };
    }
    if (out != NULL) *out = error;
    return error.detail;
}
