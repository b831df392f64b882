/* From a frame or a request to its verb, and back. */
#include <string.h>

#include "hub/blob.h"
#include "hub/box.h"
#include "hub/desk.h"
#include "hub/join.h"
#include "hub/outside.h"
#include "hub/rotate.h"

enum { REQUEST_HEADER_LEN = 6, VERB_COUNT_MAX = 128 };

static hub_handler *const handlers[VERB_COUNT_MAX] = {
    [CHAT_VERB_HELLO] = hub_verb_hello,
    [CHAT_VERB_HUB_RECORD] = hub_verb_hub_record,
    [CHAT_VERB_HUB_RECORD_PUT] = hub_verb_hub_record_put,
    [CHAT_VERB_REGISTER] = hub_verb_register,
    [CHAT_VERB_LOGIN] = hub_verb_login,
    [CHAT_VERB_RECORD_PUT] = hub_verb_record_put,
    [CHAT_VERB_RECORD_GET] = hub_verb_record_get,
    [CHAT_VERB_LOOKUP] = hub_verb_lookup,
    [CHAT_VERB_KEY_PACKAGES_PUT] = hub_verb_key_packages_put,
    [CHAT_VERB_KEY_MATERIAL] = hub_verb_key_material,
    [CHAT_VERB_CONSENT] = hub_verb_consent,
    [CHAT_VERB_CONSENTS_GET] = hub_verb_consents_get,
    [CHAT_VERB_ROOM_CREATE] = hub_verb_room_create,
    [CHAT_VERB_ROOM_UPDATE] = hub_verb_room_update,
    [CHAT_VERB_COMMIT_ACK] = hub_verb_commit_ack,
    [CHAT_VERB_SUBSCRIBE] = hub_verb_subscribe,
    [CHAT_VERB_CURSOR_ACK] = hub_verb_cursor_ack,
    [CHAT_VERB_WELCOME_ACK] = hub_verb_welcome_ack,
    [CHAT_VERB_STUBS_GET] = hub_verb_stubs_get,
    [CHAT_VERB_INVITE_PUT] = hub_verb_invite_put,
    [CHAT_VERB_INVITE_REVOKE] = hub_verb_invite_revoke,
    [CHAT_VERB_JOIN_REQUEST] = hub_verb_join_request,
    [CHAT_VERB_REPORT] = hub_verb_report,
    [CHAT_VERB_DESK_PUBLISH] = hub_verb_desk_publish,
    [CHAT_VERB_OPENING_PUT] = hub_verb_opening_put,
    [CHAT_VERB_STUB_ASK] = hub_verb_stub_ask,
    [CHAT_VERB_DESK_ROTATE] = hub_verb_desk_rotate,
    [CHAT_VERB_DESK_QUEUE] = hub_verb_desk_queue,
    [CHAT_VERB_DECISION_PUT] = hub_verb_decision_put,
    [CHAT_VERB_DECISIONS_GET] = hub_verb_decisions_get,
    [CHAT_VERB_RECIPIENT_KEY_PUT] = hub_verb_recipient_key_put,
    [CHAT_VERB_RECIPIENT_KEY_GET] = hub_verb_recipient_key_get,
    [CHAT_VERB_FRANK_CHECK] = hub_verb_frank_check,
    [CHAT_VERB_STATEMENTS_GET] = hub_verb_statements_get,
    [CHAT_VERB_HEADS_PUT] = hub_verb_heads_put,
    [CHAT_VERB_PAGES_IMPORT] = hub_verb_pages_import,
    [CHAT_VERB_PING] = hub_verb_ping,
    [CHAT_VERB_LOGOUT] = hub_verb_logout,
    [CHAT_VERB_BLOB_DROP] = hub_verb_blob_drop,
    [CHAT_VERB_BLOB_PUT] = hub_verb_blob_put,
    [CHAT_VERB_BLOB_GET] = hub_verb_blob_get,
    [CHAT_VERB_BOX_PUT] = hub_verb_box_put,
    [CHAT_VERB_BOX_GET] = hub_verb_box_get,
    [CHAT_VERB_APPEAL_PUT] = hub_verb_appeal_put,
    [CHAT_VERB_APPEALS_GET] = hub_verb_appeals_get,
    [CHAT_VERB_REPORT_OUTCOME] = hub_verb_report_outcome,
    [CHAT_VERB_LOG_HEAD] = hub_verb_log_head,
    [CHAT_VERB_LOG_ENTRY] = hub_verb_log_entry,
    [CHAT_VERB_LOG_INCLUSION] = hub_verb_log_inclusion,
    [CHAT_VERB_LOG_CONSISTENCY] = hub_verb_log_consistency,
    [CHAT_VERB_LOG_PROOF] = hub_verb_log_proof,
    [CHAT_VERB_NOTICE_PUT] = hub_verb_notice_put,
    [CHAT_VERB_NOTICE_STATE] = hub_verb_notice_state,
    [CHAT_VERB_NOTICE_COMPLAIN] = hub_verb_notice_complain,
    [CHAT_VERB_NOTICE_QUEUE] = hub_verb_notice_queue,
    [CHAT_VERB_NOTICE_ANSWER] = hub_verb_notice_answer,
    [CHAT_VERB_TRANSPARENCY] = hub_verb_transparency,
    [CHAT_VERB_ADMIN_LOG] = hub_verb_admin_log,
    [CHAT_VERB_ADMIN_ORDER] = hub_verb_admin_order,
    [CHAT_VERB_ADMIN_ORDERS] = hub_verb_admin_orders,
    [CHAT_VERB_ADMIN_COUNTS] = hub_verb_admin_counts,
    [CHAT_VERB_ADMIN_INVITE] = hub_verb_admin_invite,
    [CHAT_VERB_ADMIN_USERS] = hub_verb_admin_users,
    [CHAT_VERB_ADMIN_ROOMS] = hub_verb_admin_rooms,
    [CHAT_VERB_ADMIN_USER_SET] = hub_verb_admin_user_set,
    [CHAT_VERB_ADMIN_THAW] = hub_verb_admin_thaw,
    [CHAT_VERB_ADMIN_KEYS] = hub_verb_admin_keys,
    [CHAT_VERB_ADMIN_KEYS_ROTATE] = hub_verb_admin_keys_rotate,
    [CHAT_VERB_ADMIN_KEYS_REVOKE] = hub_verb_admin_keys_revoke,
    [CHAT_VERB_ADMIN_STATUS] = hub_verb_admin_status,
    [CHAT_VERB_ADMIN_INVITES] = hub_verb_admin_invites,
    [CHAT_VERB_ADMIN_DESK_REFOUND] = hub_verb_admin_desk_refound,
    [CHAT_VERB_ADMIN_INVITE_REVOKE] = hub_verb_admin_invite_revoke,
};

static bool remember_request(struct hub *hub, const struct hub_call *call)
{
    if (call->request_id == 0 && !call->is_post) return true;
    if (hub->request_count == hub->request_cap) {
        size_t cap = hub->request_cap == 0 ? 64 : hub->request_cap * 2;
        struct hub_turn_request *at = tb_mem_take(hub->mem, cap * sizeof *at);
        if (at == NULL) return false;
        if (hub->request_count != 0) {
            memcpy(at, hub->requests, hub->request_count * sizeof *at);
        }
        tb_mem_give(hub->mem, hub->requests, hub->request_cap * sizeof *at);
        hub->requests = at;
        hub->request_cap = cap;
    }
    hub->requests[hub->request_count++] =
        (struct hub_turn_request){ call->conn, call->request_id, call->is_post };
    return true;
}

/* Who asks, and from where.  False: there is nobody to answer. */
static bool open_call(struct hub *hub, const struct hub_event *event, struct hub_call *call,
                      tb_bytes *body)
{
    call->conn = event->conn;
    call->now_ms = hub->now_ms;
    *body = event->bytes;
    if (event->kind == HUB_EVENT_POST) {
        call->is_post = true;
        call->verb = event->verb;
        call->is_admin = event->is_admin;
        call->is_page = event->is_page;
        if (event->token.len == sizeof call->session->token) {
            call->session = hub_map_get(&hub->tokens, event->token.data);
        }
    } else {
        call->session = hub_map_get(&hub->sessions, &event->conn);
        if (call->session == NULL) return false;
        hub_session_touch(hub, call->session, hub->now_ms);
        if (body->len < REQUEST_HEADER_LEN) {
            hub_session_end(hub, call->session, CHAT_CODE_BAD_REQUEST, call->effects);
            return false;
        }
        call->is_admin = call->session->is_admin;
        call->request_id = tb_get_u32(body->data);
        call->verb = tb_get_u16(body->data + 4);
        body->data += REQUEST_HEADER_LEN;
        body->len -= REQUEST_HEADER_LEN;
    }
    if (call->session != NULL) {
        call->account = call->session->account;
        call->device = call->session->device;
    }
    return true;
}

static uint16_t check_access(struct hub *hub, struct hub_call *call,
                             const struct chat_verb_row *row)
{
    if (row->access == CHAT_ACCESS_ADMIN) {
        return call->is_admin ? CHAT_CODE_OK : CHAT_CODE_FORBIDDEN;
    }
    if (row->access == CHAT_ACCESS_PAGE) {
        return call->is_page ? CHAT_CODE_OK : CHAT_CODE_UNSUPPORTED;
    }
    if (!call->is_post && !call->session->is_greeted && row->verb != CHAT_VERB_HELLO &&
        row->verb != CHAT_VERB_PING) {
        return hub_refuse(call, call->account == NULL && row->access != CHAT_ACCESS_ANYONE
                                    ? CHAT_CODE_UNAUTHENTICATED
                                    : CHAT_CODE_BAD_REQUEST,
                          "say hello first");
    }
    if (row->access == CHAT_ACCESS_ANYONE) return CHAT_CODE_OK;
    if (call->account == NULL) return CHAT_CODE_UNAUTHENTICATED;
    if (row->access == CHAT_ACCESS_RESTRICTED) return CHAT_CODE_OK;
    if (hub_account_is_restricted(call->account, call->now_ms)) {
        return hub_refuse_value(call, CHAT_CODE_RESTRICTED, "", call->account->decision_number);
    }
    if (row->access == CHAT_ACCESS_DESK && !hub_is_desk(hub, &call->account->id)) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "only the moderation desk may do this");
    }
    return CHAT_CODE_OK;
}

static uint16_t check_rate(struct hub *hub, struct hub_call *call)
{
    if (!hub->config.is_rate_limited || call->session == NULL ||
        call->verb == CHAT_VERB_CURSOR_ACK) {
        return CHAT_CODE_OK;
    }
    uint64_t rate = hub->config.limits.request_rate_per_minute, wait_ms;
    if (hub_bucket_take(&call->session->requests, rate, rate, call->now_ms, &wait_ms)) {
        return CHAT_CODE_OK;
    }
    return hub_refuse_value(call, CHAT_CODE_RATE_LIMITED, "", wait_ms);
}

/* An account that the engine knows from before a refused turn is read again first. */
static uint16_t refresh_account(struct hub *hub, struct hub_call *call)
{
    if (call->account == NULL || call->account->generation == hub->generation) {
        return CHAT_CODE_OK;
    }
    struct hub_account *account;
    struct hub_user_id id = call->account->id;
    tb_status status = hub_account_get(hub, &id, &account);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    return account != NULL ? CHAT_CODE_OK : CHAT_CODE_UNAUTHENTICATED;
}

static uint16_t run_verb(struct hub *hub, struct hub_call *call, const struct chat_verb_row *row,
                         tb_bytes body, void **answer)
{
    void *request = tb_arena_take(call->arena, 1, row->request->size);
    *answer = tb_arena_take(call->arena, 1, row->answer->size);
    if (request == NULL || *answer == NULL) return CHAT_CODE_INTERNAL;
    struct tb_why why = { NULL, NULL, 0 };
    tb_status status = wire_decode(row->request, body, call->arena, request, &why);
    if (status.code == TB_NO_SPACE) {
        return hub_refuse(call, CHAT_CODE_TOO_LARGE, "the request needs too much memory");
    }
    if (!tb_is_ok(status)) {
        return hub_refuse_value(call, CHAT_CODE_BAD_REQUEST, chat_status_text(status), why.offset);
    }
    return handlers[row->verb](hub, call, request, *answer);
}

static uint16_t run_call(struct hub *hub, struct hub_call *call, tb_bytes body,
                         const struct wire_desc **answer_desc, void **answer)
{
    const struct chat_verb_row *row = chat_verb_row(call->verb);
    if (row == NULL) return CHAT_CODE_UNSUPPORTED;
    *answer_desc = row->answer;
    uint16_t code = refresh_account(hub, call);
    if (code == CHAT_CODE_OK) code = check_access(hub, call, row);
    if (code == CHAT_CODE_OK) code = check_rate(hub, call);
    if (code != CHAT_CODE_OK) return code;
    if (row->verb == CHAT_VERB_SUBMIT) return hub_submit(hub, call, body);
    if (row->verb >= VERB_COUNT_MAX || handlers[row->verb] == NULL) return CHAT_CODE_UNSUPPORTED;
    return run_verb(hub, call, row, body, answer);
}

void hub_dispatch(struct hub *hub, const struct hub_event *event, struct hub_effects *effects)
{
    struct hub_call call = { .effects = effects };
    tb_bytes body;
    if (!open_call(hub, event, &call, &body)) return;
    if (!remember_request(hub, &call)) hub->is_broken = true;
    if (hub->is_broken) return; /* the turn is lost: its one answer comes with hub_turn_refused */
    struct tb_arena arena;
    if (call.verb == CHAT_VERB_SUBMIT) {
        tb_arena_init_fixed(&arena, hub->fast_memory, sizeof hub->fast_memory);
    } else {
        tb_arena_init(&arena, hub->mem, HUB_STEP_ARENA_BYTES_MAX);
    }
    call.arena = &arena;
    call.write_count = hub->write_count;
    const struct wire_desc *answer_desc = &chat_nothing_desc;
    void *answer = NULL;
    uint16_t code = run_call(hub, &call, body, &answer_desc, &answer);
    /* Refusals come before the first write; a failure behind one leaves half a request. */
    bool is_failure = code == CHAT_CODE_INTERNAL || code == CHAT_CODE_STORE;
    if (is_failure && hub->write_count != call.write_count) hub->is_broken = true;
    if (!call.is_answered) hub_answer(hub, &call, code, answer_desc, answer);
    tb_arena_wipe(&arena);
}
