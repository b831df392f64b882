/* Connections: hello, login, logout, and their end. */
#include <assert.h>
#include <string.h>

#include "chat/records.h"
#include "hub/box.h"
#include "hub/desk.h"
#include "hub/welcome.h"

enum { LOGIN_ROOM_COUNT_MAX = 4096 };

/* ---- the list by last activity ---- */

static void list_remove(struct hub *hub, struct hub_session *s)
{
    if (s->older != NULL) s->older->newer = s->newer;
    else hub->session_oldest = s->newer;
    if (s->newer != NULL) s->newer->older = s->older;
    else hub->session_newest = s->older;
    s->older = s->newer = NULL;
}

static void list_append(struct hub *hub, struct hub_session *s)
{
    s->older = hub->session_newest;
    if (s->older != NULL) s->older->newer = s;
    else hub->session_oldest = s;
    hub->session_newest = s;
}

void hub_session_touch(struct hub *hub, struct hub_session *session, uint64_t now_ms)
{
    session->active_ms = now_ms;
    if (hub->session_newest == session) return;
    list_remove(hub, session);
    list_append(hub, session);
}

/* Places are few: whoever holds one says soon who they are, however often they ping. */
static void end_strangers(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    size_t at = 0;
    for (struct hub_session *s; (s = hub_map_next(&hub->sessions, &at)) != NULL;) {
        if (s->account != NULL || s->is_admin || s->login_by_ms > now_ms) continue;
        s->login_by_ms = now_ms + HUB_LOGIN_MS; /* the host takes its time to close it */
        hub_session_end(hub, s, CHAT_CODE_UNAUTHENTICATED, effects);
    }
}

void hub_session_idle(struct hub *hub, uint64_t now_ms, struct hub_effects *effects)
{
    end_strangers(hub, now_ms, effects);
    struct hub_session *session = hub->session_oldest;
    while (session != NULL && session->active_ms + hub->config.limits.session_idle_ms <= now_ms) {
        struct hub_session *next = session->newer;
        hub_session_end(hub, session, CHAT_CODE_GONE, effects);
        session = next;
    }
}

/* ---- open and close ---- */

void hub_session_open(struct hub *hub, const struct hub_event *event)
{
    assert(hub_map_get(&hub->sessions, &event->conn) == NULL);
    struct hub_session *session = tb_mem_take(hub->mem, sizeof *session);
    if (session == NULL) return; /* its frames find no session, and the host's time-out ends it */
    session->conn = event->conn;
    session->is_admin = event->is_admin;
    session->active_ms = event->now_ms;
    session->login_by_ms = event->now_ms + HUB_LOGIN_MS;
    if (!tb_is_ok(hub_map_put(&hub->sessions, session))) {
        tb_mem_give(hub->mem, session, sizeof *session);
        return;
    }
    list_append(hub, session);
}

void hub_session_logout(struct hub *hub, struct hub_session *session)
{
    struct hub_account *account = session->account;
    if (account == NULL) return;
    hub_deliver_unsubscribe(hub, session);
    struct hub_session **at = &account->sessions;
    while (*at != session) at = &(*at)->account_next;
    *at = session->account_next;
    account->session_count--;
    if (hub_map_get(&hub->devices, &session->device) == session) {
        hub_map_remove(&hub->devices, &session->device);
    }
    hub_map_remove(&hub->tokens, session->token);
    tb_wipe(session->token, sizeof session->token);
    session->account = NULL;
    session->account_next = NULL;
    session->is_greeted = false;
    session->login_by_ms = hub->now_ms + HUB_LOGIN_MS;
}

void hub_session_close(struct hub *hub, hub_conn conn)
{
    struct hub_session *session = hub_map_remove(&hub->sessions, &conn);
    if (session == NULL) return;
    hub_session_logout(hub, session);
    list_remove(hub, session);
    tb_mem_give(hub->mem, session->seats, session->seat_cap * sizeof *session->seats);
    tb_mem_give(hub->mem, session, sizeof *session);
}

void hub_session_end(struct hub *hub, struct hub_session *session, uint16_t code,
                     struct hub_effects *effects)
{
    struct chat_error body = { .detail = tb_bytes_text(chat_code_sentence(code)), .value = code };
    hub_send(hub, effects, session->conn,
             hub_push_blob(hub, CHAT_PUSH_CLOSING, &chat_error_desc, &body));
    hub_effect_add(hub, effects,
                   (struct hub_effect){ .kind = HUB_EFFECT_CLOSE, .code = code,
                                        .conn = session->conn });
    hub_session_logout(hub, session);
    hub_session_touch(hub, session, hub->now_ms);
}

void hub_session_refused(struct hub *hub)
{
    size_t at = 0;
    for (struct hub_session *s; (s = hub_map_next(&hub->sessions, &at)) != NULL;) {
        if (s->account != NULL && s->login_turn == hub->turn) hub_session_logout(hub, s);
    }
}

/* ---- verbs ---- */

uint16_t hub_verb_ping(struct hub *hub, struct hub_call *call, const void *request, void *answer)
{
    (void)hub, (void)call, (void)request, (void)answer;
    return CHAT_CODE_OK;
}

uint16_t hub_verb_hub_record(struct hub *hub, struct hub_call *call, const void *request,
                             void *answer)
{
    (void)call, (void)request;
    ((struct chat_opaque *)answer)->value = hub->hub_record;
    return CHAT_CODE_OK;
}

uint16_t hub_verb_hello(struct hub *hub, struct hub_call *call, const void *request, void *answer)
{
    const struct chat_hello *hello = request;
    struct chat_hello_answer *out = answer;
    if (hello->version_min > hello->version_max || hello->version_min > CHAT_PROTOCOL_VERSION_MAX ||
        hello->version_max < CHAT_PROTOCOL_VERSION_MIN) {
        return hub_refuse_value(call, CHAT_CODE_VERSION, "", CHAT_PROTOCOL_VERSION_MAX);
    }
    out->version = hello->version_max < CHAT_PROTOCOL_VERSION_MAX ? hello->version_max
                                                                  : CHAT_PROTOCOL_VERSION_MAX;
    tb_status status = tb_rng_fill(hub->config.rng, out->nonce, sizeof out->nonce);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    out->domain = hub->domain;
    out->now_ms = call->now_ms;
    out->software = tb_bytes_text(hub->config.software);
    if (call->session != NULL && !call->is_post) {
        memcpy(call->session->nonce, out->nonce, sizeof out->nonce);
        call->session->is_greeted = true;
    }
    return CHAT_CODE_OK;
}

uint16_t hub_verb_logout(struct hub *hub, struct hub_call *call, const void *request, void *answer)
{
    (void)request, (void)answer;
    hub_session_logout(hub, call->session);
    return CHAT_CODE_OK;
}

/* The proof of the device key, and the counter that finds copies out.  *row is the new row. */
static uint16_t check_login(struct hub *hub, struct hub_call *call,
                            const struct chat_login *login, struct hub_row_device *row)
{
    bool found;
    tb_status status = hub_device_row(hub, &call->device, call->arena, row, &found);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (found && row->status == CHAT_DEVICE_REVOKED) return CHAT_CODE_DEVICE_REVOKED;
    if (!found || row->status != CHAT_DEVICE_ACTIVE) {
        return hub_refuse(call, CHAT_CODE_UNAUTHENTICATED, "this hub knows no such active device");
    }
    struct chat_login_tbs tbs = { .domain = hub->domain, .device = login->device,
                                  .profile_counter = login->profile_counter };
    memcpy(tbs.nonce, call->session->nonce, sizeof tbs.nonce);
    status = chat_records_login_verify(hub_own_suite(hub), row->signature_key, &tbs,
                                       login->signature, call->arena);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_SIGNATURE);
    if (login->profile_counter <= row->profile_counter) {
        return hub_refuse_value(call, CHAT_CODE_ROLLED_BACK, "", row->profile_counter);
    }
    row->profile_counter = login->profile_counter;
    return CHAT_CODE_OK;
}

/* One connection a device: the newer login ends the older one, so a copy cannot work beside it. */
static tb_status seat_session(struct hub *hub, struct hub_call *call, struct hub_account *account)
{
    struct hub_session *session = call->session;
    TRY(tb_rng_fill(hub->config.rng, session->token, sizeof session->token));
    tb_wipe(session->nonce, sizeof session->nonce);
    session->device = call->device;
    TRY(hub_map_put(&hub->tokens, session));
    tb_status status = hub_map_put(&hub->devices, session);
    if (!tb_is_ok(status)) {
        hub_map_remove(&hub->tokens, session->token);
        return status;
    }
    session->account = account;
    session->account_next = account->sessions;
    account->sessions = session;
    account->session_count++;
    session->login_turn = hub->turn;
    return TB_STATUS(TB_OK);
}

static tb_status list_rooms(struct hub *hub, struct hub_call *call, bool is_restricted,
                            struct chat_login_answer *out)
{
    struct hub_key prefix = hub_key_tagged('D', call->device.at, sizeof call->device.at);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_MEMBERSHIPS, &prefix, NULL, LOGIN_ROOM_COUNT_MAX,
                     call->arena, &rows));
    out->rooms.at = tb_arena_take(call->arena, rows.count, sizeof *out->rooms.at);
    if (out->rooms.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_membership row;
        struct hub_room_id id;
        if (rows.at[i].key.len != prefix.len + sizeof id.at ||
            !tb_is_ok(wire_decode(&hub_row_membership_desc, rows.at[i].value, call->arena, &row,
                                  NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        memcpy(id.at, rows.at[i].key.data + prefix.len, sizeof id.at);
        bool is_shown;
        TRY(hub_room_state(hub, &call->device, &row, &id, call->arena,
                           &out->rooms.at[out->rooms.count], &is_shown, is_restricted));
        if (is_shown) out->rooms.count++;
    }
    /* A restricted account asks for no room. */
    return is_restricted ? TB_STATUS(TB_OK) : hub_device_rooms(hub, call, out);
}

static tb_status fill_login(struct hub *hub, struct hub_call *call, struct hub_account *account,
                            struct chat_login_answer *out)
{
    struct chat_key_packages_answer packages;
    TRY(hub_key_package_count(hub, &call->device, call->arena, &packages));
    out->account = hub_account_uri(account);
    out->is_restricted = hub_account_is_restricted(account, call->now_ms);
    out->is_admin = (account->flags & HUB_ACCOUNT_IS_ADMIN) != 0;
    out->is_desk = hub_is_desk(hub, &account->id);
    memcpy(out->token, call->session->token, sizeof out->token);
    out->record_version = account->record_version;
    out->key_package_count = packages.count;
    out->has_last_resort = packages.has_last_resort;
    out->hub_record_version = hub->desk.record_version;
    return list_rooms(hub, call, out->is_restricted, out);
}

static tb_status begin_session(struct hub *hub, struct hub_call *call,
                               const struct hub_row_device *row, struct hub_account *account,
                               struct chat_login_answer *out)
{
    TRY(hub_device_save(hub, &call->device, row, call->arena));
    struct hub_session *other = hub_map_get(&hub->devices, &call->device);
    if (other != NULL) hub_session_end(hub, other, CHAT_CODE_CONFLICT, call->effects);
    TRY(seat_session(hub, call, account));
    call->account = account;
    return fill_login(hub, call, account, out);
}

uint16_t hub_verb_login(struct hub *hub, struct hub_call *call, const void *request, void *answer)
{
    const struct chat_login *login = request;
    struct chat_login_answer *out = answer;
    struct hub_session *session = call->session;
    if (call->is_post || session == NULL) {
        return hub_refuse(call, CHAT_CODE_UNSUPPORTED, "log in on a socket");
    }
    if (session->account != NULL) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "this connection is logged in already");
    }
    if (!hub_id_device(hub->domain, login->device, &call->device)) {
        return hub_refuse(call, CHAT_CODE_UNAUTHENTICATED, "this is no device of this hub");
    }
    struct hub_row_device row;
    uint16_t code = check_login(hub, call, login, &row);
    if (code != CHAT_CODE_OK) return code;
    struct hub_user_id user = hub_user_of_device(&call->device);
    struct hub_account *account;
    tb_status status = hub_account_get(hub, &user, &account);
    if (tb_is_ok(status) && account == NULL) status = TB_STATUS(HUB_ROW);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    if (account->session_count >= hub->config.limits.connection_count_max) {
        return hub_refuse(call, CHAT_CODE_RATE_LIMITED, "too many connections of this account");
    }
    status = begin_session(hub, call, &row, account, out);
    if (!tb_is_ok(status)) {
        hub->is_broken = true;
        return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
    }
    hub_answer(hub, call, CHAT_CODE_OK, &chat_login_answer_desc, out);
    status = hub_welcome_push_all(hub, session, call->arena, call->effects);
    if (tb_is_ok(status)) status = hub_consent_push_all(hub, session, call->arena, call->effects);
    if (!tb_is_ok(status)) hub->is_broken = true;
    return CHAT_CODE_OK;
}
