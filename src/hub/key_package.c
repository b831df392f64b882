/* Key packages: stored by their devices, handed out once and with consent. */
#include <string.h>

#include "chat/records.h"
#include "hub/claim.h"
#include "hub/desk.h"
#include "hub/join.h"
#include "hub/rules.h"

enum { PACKAGE_IS_ORDINARY = 0, PACKAGE_IS_LAST_RESORT = 1, PUT_COUNT_MAX = 256 };
/* MIMI KeyMaterialResponse (spec 1.3): of a user, and of each client. */
enum { USER_SUCCESS = 0, CLIENT_SUCCESS = 0, CLIENT_EXHAUSTED = 1, CLIENT_INCOMPATIBLE = 2 };

static struct hub_key package_prefix(const struct hub_device_id *device, uint8_t form)
{
    struct hub_key key = hub_key_of(TB_ARRAY(device->at));
    hub_key_add(&key, &form, 1);
    return key;
}

bool hub_key_package_is_last_resort(tb_bytes key)
{
    return key.len > HUB_DEVICE_ID_LEN && key.data[HUB_DEVICE_ID_LEN] == PACKAGE_IS_LAST_RESORT;
}

static bool count_row(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)key, (void)value;
    ++*(uint32_t *)ctx;
    return true;
}

tb_status hub_key_package_count(struct hub *hub, const struct hub_device_id *device,
                                struct tb_arena *arena, struct chat_key_packages_answer *out)
{
    (void)arena;
    uint32_t count = 0, last_count = 0;
    struct hub_key prefix = package_prefix(device, PACKAGE_IS_ORDINARY);
    TRY(hub_row_scan(hub->store, HUB_TABLE_KEY_PACKAGES, &prefix, NULL,
                     hub->config.limits.key_package_count_max, count_row, &count));
    prefix = package_prefix(device, PACKAGE_IS_LAST_RESORT);
    TRY(hub_row_scan(hub->store, HUB_TABLE_KEY_PACKAGES, &prefix, NULL, 1, count_row,
                     &last_count));
    *out = (struct chat_key_packages_answer){ .count = count,
                                              .has_last_resort = last_count != 0 };
    return TB_STATUS(TB_OK);
}

tb_status hub_key_packages_drop(struct hub *hub, const struct hub_device_id *device,
                                struct tb_arena *arena)
{
    struct hub_key prefix = hub_key_of(TB_ARRAY(device->at));
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_KEY_PACKAGES, &prefix, NULL,
                     hub->config.limits.key_package_count_max + 1, arena, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_key key = hub_key_of(rows.at[i].key);
        TRY(hub_del(hub, HUB_TABLE_KEY_PACKAGES, &key));
    }
    return TB_STATUS(TB_OK);
}

/* ---- put ---- */

/* suite, then the opener of mls: the leaf must be the session's device with its recorded key. */
static uint16_t check_package(struct hub *hub, struct hub_call *call, tb_bytes encoded,
                              bool is_last_resort, const struct hub_row_device *device,
                              struct hub_row_key_package *row)
{
    if (encoded.len < 4) return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "no key package");
    const struct crypto_suite *suite = hub_suite(hub, tb_get_u16(encoded.data + 2));
    if (suite == NULL) return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "unknown cipher suite");
    struct mls_public_key_package package;
    struct tb_why why = { NULL, NULL, 0 };
    tb_status status = mls_public_key_package_open(suite, encoded, call->now_ms / 1000,
                                                   call->arena, &package, &why);
    if (!tb_is_ok(status)) return hub_refuse_status(hub, call, status, CHAT_CODE_BAD_REQUEST);
    struct hub_device_id id;
    if (!hub_id_device(hub->domain, package.identity, &id) ||
        memcmp(id.at, call->device.at, sizeof id.at) != 0 ||
        !tb_bytes_equal(package.signature_key, device->signature_key)) {
        return hub_refuse(call, CHAT_CODE_FORBIDDEN, "a key package of another device or key");
    }
    if (package.is_last_resort != is_last_resort) {
        return hub_refuse(call, CHAT_CODE_BAD_REQUEST, "last resort or not: the package says else");
    }
    *row = (struct hub_row_key_package){ .suite = suite->id, .not_after_s = package.not_after_s,
                                         .key_package = encoded };
    return CHAT_CODE_OK;
}

static tb_status store_package(struct hub *hub, struct hub_call *call, uint8_t form,
                               const struct hub_row_key_package *row)
{
    struct hub_key key = package_prefix(&call->device, form);
    /* The last resort is one row, which a newer one replaces. */
    hub_key_add_u64(&key, form == PACKAGE_IS_LAST_RESORT ? 0 : ++hub->counters.key_package_number);
    return hub_put(hub, HUB_TABLE_KEY_PACKAGES, &key, &hub_row_key_package_desc, row,
                   call->arena);
}

static tb_status store_packages(struct hub *hub, struct hub_call *call,
                                const struct hub_row_key_package *rows, size_t count,
                                const struct hub_row_key_package *last_resort)
{
    for (size_t i = 0; i < count; i++) {
        TRY(store_package(hub, call, PACKAGE_IS_ORDINARY, &rows[i]));
    }
    if (last_resort != NULL) TRY(store_package(hub, call, PACKAGE_IS_LAST_RESORT, last_resort));
    return hub_save_counters(hub, call->arena);
}

uint16_t hub_verb_key_packages_put(struct hub *hub, struct hub_call *call, const void *request,
                                   void *answer)
{
    const struct chat_key_packages_put *put = request;
    struct chat_key_packages_answer *out = answer;
    struct hub_row_device device;
    bool found;
    tb_status status;
    CHECK(hub_device_row(hub, &call->device, call->arena, &device, &found));
    if (!found) return CHAT_CODE_UNAUTHENTICATED;
    CHECK(hub_key_package_count(hub, &call->device, call->arena, out));
    if (put->key_packages.count > PUT_COUNT_MAX ||
        out->count + put->key_packages.count > hub->config.limits.key_package_count_max) {
        return hub_refuse_value(call, CHAT_CODE_TOO_LARGE, "too many key packages",
                                hub->config.limits.key_package_count_max);
    }
    size_t count = put->key_packages.count;
    struct hub_row_key_package *rows = tb_arena_take(call->arena, count, sizeof *rows);
    struct hub_row_key_package last_resort;
    if (rows == NULL) return CHAT_CODE_INTERNAL;
    for (size_t i = 0; i < count; i++) {
        uint16_t code = check_package(hub, call, put->key_packages.at[i].value, false, &device,
                                      &rows[i]);
        if (code != CHAT_CODE_OK) return code;
    }
    bool has_last_resort = put->last_resort.len != 0;
    if (has_last_resort) {
        uint16_t code = check_package(hub, call, put->last_resort, true, &device, &last_resort);
        if (code != CHAT_CODE_OK) return code;
    }
    CHECK(store_packages(hub, call, rows, count, has_last_resort ? &last_resort : NULL));
    out->count += (uint32_t)count;
    if (has_last_resort) out->has_last_resort = 1;
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}

/* ---- key material ---- */

struct material {
    struct hub_account *target;
    struct hub_room_id room_id;
    struct hub_room *room; /* NULL: not created yet */
    uint8_t room_kind;
};

/* One of the four ways of docs/architecture.md, Key packages and consent. */
static tb_status has_consent(struct hub *hub, struct hub_call *call,
                             const struct chat_key_material *asked, const struct material *m,
                             bool *granted)
{
    const struct hub_user_id *target = &m->target->id;
    *granted = memcmp(target->at, call->account->id.at, sizeof target->at) == 0;
    if (!*granted && m->room_kind == CHAT_ROOM_NOTICE) {
        *granted = hub_is_desk(hub, &call->account->id);
    }
    /* With a device in the room, which took consent: anybody's name can be put on the list. */
    if (!*granted && m->room != NULL) *granted = hub_room_is_active(m->room, target);
    if (!*granted && asked->join_request != NULL && m->room != NULL) {
        struct hub_user_id user;
        if (hub_id_user(hub->domain, asked->join_request->account, &user) &&
            memcmp(user.at, target->at, sizeof user.at) == 0) {
            TRY(hub_join_is_waiting(hub, &m->room_id, asked->join_request, call->arena, granted));
        }
    }
    if (*granted) return TB_STATUS(TB_OK);
    uint64_t until_ms; /* who was kicked is let back first, by who may */
    if (m->room != NULL && hub_rules_denies(m->room, target, call->now_ms, &until_ms)) {
        return TB_STATUS(TB_OK);
    }
    return hub_consent_is_granted(hub, &call->account->id, target, &m->room_id, call->arena,
                                  granted);
}

static bool is_acceptable(const struct chat_key_material *asked, uint16_t suite)
{
    for (size_t i = 0; i < asked->acceptable_ciphersuites.count; i++) {
        if (asked->acceptable_ciphersuites.at[i].value == suite) return true;
    }
    return false;
}

static tb_status pick(struct hub *hub, struct hub_call *call,
                      const struct chat_key_material *asked, const struct hub_device_id *device,
                      uint8_t form, struct chat_client_key_material *out, size_t *left)
{
    struct hub_key prefix = package_prefix(device, form);
    struct hub_pairs rows;
    TRY(hub_row_list(hub->store, HUB_TABLE_KEY_PACKAGES, &prefix, NULL,
                     hub->config.limits.key_package_count_max, call->arena, &rows));
    *left = rows.count;
    for (size_t i = 0; i < rows.count; i++) {
        struct hub_row_key_package row;
        if (!tb_is_ok(wire_decode(&hub_row_key_package_desc, rows.at[i].value, call->arena, &row,
                                  NULL))) {
            return TB_STATUS(HUB_ROW);
        }
        struct hub_key key = hub_key_of(rows.at[i].key);
        if (row.not_after_s < call->now_ms / 1000) {
            TRY(hub_del(hub, HUB_TABLE_KEY_PACKAGES, &key));
            --*left;
            continue;
        }
        if (!is_acceptable(asked, row.suite)) {
            out->client_status = CLIENT_INCOMPATIBLE;
            continue;
        }
        if (form == PACKAGE_IS_ORDINARY) {
            TRY(hub_del(hub, HUB_TABLE_KEY_PACKAGES, &key));
            --*left;
        }
        out->client_status = CLIENT_SUCCESS;
        out->key_package = row.key_package;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(TB_OK);
}

static void push_low(struct hub *hub, struct hub_call *call, const struct hub_device_id *device,
                     size_t left)
{
    struct hub_session *session = hub_map_get(&hub->devices, device);
    if (session == NULL || left >= HUB_KEY_PACKAGES_LOW_COUNT) return;
    struct chat_key_packages_answer body;
    if (!tb_is_ok(hub_key_package_count(hub, device, call->arena, &body))) return;
    hub_send(hub, call->effects, session->conn,
             hub_push_blob(hub, CHAT_PUSH_KEY_PACKAGES_LOW, &chat_key_packages_answer_desc,
                           &body));
}

static tb_status pick_device(struct hub *hub, struct hub_call *call,
                             const struct chat_key_material *asked, const struct material *m,
                             const struct hub_device_id *device,
                             struct chat_client_key_material *out)
{
    TRY(hub_uri_device(hub->domain, device, call->arena, &out->client_uri));
    out->client_status = CLIENT_EXHAUSTED;
    size_t left, unused;
    TRY(pick(hub, call, asked, device, PACKAGE_IS_ORDINARY, out, &left));
    if (out->client_status != CLIENT_SUCCESS) {
        TRY(pick(hub, call, asked, device, PACKAGE_IS_LAST_RESORT, out, &unused));
    }
    push_low(hub, call, device, left);
    if (out->client_status != CLIENT_SUCCESS) return TB_STATUS(TB_OK);
    return hub_claim_put(hub, call, &m->room_id, device, tb_get_u16(out->key_package.data + 2),
                         out->key_package);
}

/* A device in the tree needs no package, unless it asks to be taken out and in again. */
static tb_status is_needless(struct hub *hub, struct hub_call *call,
                             const struct chat_key_material *asked, const struct material *m,
                             const struct hub_device_id *device, bool *out)
{
    struct hub_device_id asking;
    const struct chat_join_request *join = asked->join_request;
    *out = m->room != NULL && hub_room_member(m->room, device) != NULL;
    if (!*out || join == NULL || join->kind != CHAT_JOIN_KIND_DEVICE ||
        !hub_id_device(hub->domain, join->device, &asking) ||
        memcmp(asking.at, device->at, sizeof asking.at) != 0) {
        return TB_STATUS(TB_OK);
    }
    bool is_waiting;
    TRY(hub_join_is_waiting(hub, &m->room_id, join, call->arena, &is_waiting));
    *out = !is_waiting;
    return TB_STATUS(TB_OK);
}

/* Every active device of the record, but those that are in the room already. */
static tb_status collect(struct hub *hub, struct hub_call *call,
                         const struct chat_key_material *asked, const struct material *m,
                         struct chat_key_material_answer *out)
{
    tb_bytes encoded;
    struct chat_account_record record;
    TRY(hub_account_record(hub, m->target, call->arena, &encoded));
    if (!tb_is_ok(wire_decode(&chat_account_record_desc, encoded, call->arena, &record, NULL))) {
        return TB_STATUS(HUB_ROW);
    }
    out->clients.at = tb_arena_take(call->arena, record.devices.count, sizeof *out->clients.at);
    if (out->clients.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < record.devices.count; i++) {
        struct hub_device_id id;
        if (record.devices.at[i].status != CHAT_DEVICE_ACTIVE ||
            !hub_id_device(hub->domain, record.devices.at[i].device, &id)) {
            continue;
        }
        bool is_unwanted;
        TRY(is_needless(hub, call, asked, m, &id, &is_unwanted));
        if (is_unwanted) continue;
        TRY(pick_device(hub, call, asked, m, &id, &out->clients.at[out->clients.count++]));
    }
    return TB_STATUS(TB_OK);
}

uint16_t hub_verb_key_material(struct hub *hub, struct hub_call *call, const void *request,
                               void *answer)
{
    const struct chat_key_material *asked = request;
    struct chat_key_material_answer *out = answer;
    struct material m = { .room_kind = asked->room_kind };
    if (!hub_id_room(hub->domain, asked->room_uri, &m.room_id)) {
        return hub_refuse(call, CHAT_CODE_NOT_FOUND, "this is no room of this hub");
    }
    tb_status status;
    CHECK(hub_account_by_uri(hub, asked->target_user, &m.target));
    /* A stranger and a refusal look alike, so nobody can find out who has an account. */
    if (m.target == NULL) return CHAT_CODE_NO_CONSENT;
    CHECK(hub_room_get(hub, &m.room_id, &m.room));
    if (m.room != NULL) {
        m.room_kind = m.room->head.room_kind;
        if (!hub_room_is_active(m.room, &call->account->id)) return CHAT_CODE_FORBIDDEN;
    }
    bool granted;
    CHECK(has_consent(hub, call, asked, &m, &granted));
    if (granted && hub_account_is_restricted(m.target, call->now_ms)) {
        granted = m.room_kind == CHAT_ROOM_NOTICE && hub_is_desk(hub, &call->account->id);
    }
    if (!granted) return CHAT_CODE_NO_CONSENT;
    out->user_status = USER_SUCCESS;
    out->user_uri = hub_account_uri(m.target);
    CHECK(collect(hub, call, asked, &m, out));
    return CHAT_CODE_OK;
out:
    return hub_refuse_status(hub, call, status, CHAT_CODE_INTERNAL);
}
