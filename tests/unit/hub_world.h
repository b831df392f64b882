/*
 * A hub engine over a store in memory, and a few people with real MLS groups and real keys: what
 * the tests of the hub drive.  There is no client engine here; each step of a client is a line of a
 * test.
 */
#ifndef TB_TESTS_UNIT_HUB_WORLD_H
#define TB_TESTS_UNIT_HUB_WORLD_H

#include "tests/support.h"

#include <stdio.h>

#include "chat/ack.h"
#include "chat/app_data.h"
#include "chat/names.h"
#include "chat/policy.h"
#include "chat/records.h"
#include "chat/run.h"
#include "chat/safe_aad.h"
#include "hub/hub.h"
#include "mls/group.h"
#include "tests/sim/store_mem.h"

enum {
    WORLD_START_MS_S = 1800000000, /* seconds */
    WORLD_PERSON_MAX = 6,
    WORLD_ROOM_MAX = 4,
    WORLD_INBOX_MAX = 4096
};
enum { ALICE, BOB, CAROL, MALLORY };
enum { DESK, ROOM, NOTICE, SECOND };

struct person {
    const char *handle;
    hub_conn conn; /* 0: not connected */
    uint64_t counter;
    struct crypto_signing_key account_key, device_key;
    tb_bytes account, device, record;
    uint8_t nonce[32];
    struct chat_login_answer login;
    struct mls_group *groups[WORLD_ROOM_MAX];
    tb_bytes key_package;
    struct mls_key_package_secrets secrets;
};
struct world_frame {
    hub_conn conn;
    enum hub_effect_kind kind;
    uint16_t code;
    tb_bytes bytes;
};
struct world {
    struct test_heap heap;
    struct test_rng rng;
    struct crypto_suite suite;
    struct mls_env env;
    struct tb_arena arena;
    struct store_mem store;
    struct hub *hub;
    struct hub_effects effects;
    struct hub_limits limits;
    bool is_rate_limited;
    uint64_t now_ms, wake_ms;
    hub_conn next_conn;
    uint32_t next_request;
    struct person people[WORLD_PERSON_MAX];
    tb_bytes rooms[WORLD_ROOM_MAX];
    struct world_frame inbox[WORLD_INBOX_MAX];
    size_t inbox_count;
    struct chat_error error; /* of the newest refusal */
};

/* ------------------------------------------------------------------ life */

static inline void world_start(struct world *w)
{
    struct hub_config config = { .provider = w->suite.provider, .mem = &w->heap.mem,
                                 .rng = &w->rng.rng, .store = &w->store.store,
                                 .domain = "hub.example", .software = "timbre-hub/test",
                                 .is_rate_limited = w->is_rate_limited, .limits = w->limits };
    store_mem_begin(&w->store);
    assert_ok(hub_new(&config, w->now_ms, &w->hub));
    assert_ok(store_mem_commit(&w->store));
}

static inline void world_init(struct world *w, uint64_t seed)
{
    memset(w, 0, sizeof *w);
    test_heap_init(&w->heap);
    test_rng_init(&w->rng, seed);
    assert_ok(crypto_suite_init(&w->suite, 3, crypto_backend_native()));
    w->env = (struct mls_env){ .suite = &w->suite,
                               .mem = &w->heap.mem,
                               .rng = &w->rng.rng,
                               .app_data = chat_app_data() };
    tb_arena_init(&w->arena, &w->heap.mem, SIZE_MAX);
    store_mem_init(&w->store);
    hub_effects_init(&w->effects, &w->heap.mem);
    w->now_ms = (uint64_t)WORLD_START_MS_S * 1000;
    w->next_conn = 1;
    world_start(w);
}

static inline void world_end(struct world *w)
{
    hub_free(w->hub);
    hub_effects_wipe(&w->effects);
    for (size_t i = 0; i < WORLD_PERSON_MAX; i++) {
        for (size_t r = 0; r < WORLD_ROOM_MAX; r++) mls_group_free(w->people[i].groups[r]);
    }
    store_mem_wipe(&w->store);
    tb_arena_wipe(&w->arena);
    assert_int_equal(w->heap.mem.used_bytes, 0);
}

/* The process is gone at any point: what is not committed is lost, and every connection. */
static inline void world_crash(struct world *w)
{
    hub_free(w->hub);
    if (w->store.is_open) store_mem_rollback(&w->store);
    hub_effects_clear(&w->effects);
    for (size_t i = 0; i < WORLD_PERSON_MAX; i++) w->people[i].conn = 0;
    w->inbox_count = 0;
    world_start(w);
}

/* ------------------------------------------------------------------ turns */

static inline void world_open_turn(struct world *w)
{
    if (!w->store.is_open) store_mem_begin(&w->store);
}

static inline void world_event(struct world *w, struct hub_event event)
{
    world_open_turn(w);
    event.now_ms = w->now_ms;
    hub_step(w->hub, &event, &w->effects);
}

static inline void world_keep(struct world *w)
{
    for (size_t i = 0; i < w->effects.count; i++) {
        const struct hub_effect *effect = &w->effects.at[i];
        if (effect->kind == HUB_EFFECT_WAKE) {
            w->wake_ms = effect->at_ms;
            continue;
        }
        assert_true(w->inbox_count < WORLD_INBOX_MAX);
        struct world_frame *frame = &w->inbox[w->inbox_count++];
        *frame = (struct world_frame){ effect->conn, effect->kind, effect->code, { NULL, 0 } };
        if (effect->blob != NULL) {
            assert_ok(tb_arena_dup(&w->arena, tb_bytes_of(effect->blob->data, effect->blob->len),
                                   &frame->bytes));
        }
    }
    hub_effects_clear(&w->effects);
}

/* False: the turn was refused. */
static inline bool world_close_turn(struct world *w)
{
    world_open_turn(w);
    bool may_commit = hub_turn_end(w->hub, w->now_ms, &w->effects);
    if (!may_commit) store_mem_rollback(&w->store);
    bool is_done = may_commit && tb_is_ok(store_mem_commit(&w->store));
    if (is_done) hub_turn_committed(w->hub);
    else hub_turn_refused(w->hub, &w->effects);
    world_keep(w);
    return is_done;
}

static inline void world_tick(struct world *w, uint64_t ms)
{
    w->now_ms += ms;
    world_event(w, (struct hub_event){ .kind = HUB_EVENT_TICK });
    assert_true(world_close_turn(w));
}

/* ------------------------------------------------------------------ requests */

static inline uint32_t world_send_octets(struct world *w, hub_conn conn, uint16_t verb,
                                         tb_bytes body)
{
    uint32_t request_id = ++w->next_request;
    uint8_t *frame = tb_arena_take(&w->arena, 6 + body.len, 1);
    assert_non_null(frame);
    tb_put_u32(frame, request_id);
    tb_put_u16(frame + 4, verb);
    if (body.len != 0) memcpy(frame + 6, body.data, body.len);
    world_event(w, (struct hub_event){ .kind = HUB_EVENT_FRAME, .conn = conn,
                                       .bytes = { frame, 6 + body.len } });
    return request_id;
}

static inline uint32_t world_send(struct world *w, const struct person *who, uint16_t verb,
                                  const void *request)
{
    tb_bytes body;
    assert_ok(wire_encode(chat_verb_row(verb)->request, request, &w->arena, &body));
    return world_send_octets(w, who->conn, verb, body);
}

/* The answer's code, or 0xffff when none came; answer may be NULL. */
static inline uint16_t world_answer(struct world *w, uint32_t request_id, uint16_t verb,
                                    void *answer)
{
    for (size_t i = 0; i < w->inbox_count; i++) {
        tb_bytes frame = w->inbox[i].bytes;
        if (w->inbox[i].kind != HUB_EFFECT_SEND || frame.len < 7 ||
            frame.data[0] != CHAT_FRAME_ANSWER || tb_get_u32(frame.data + 1) != request_id) {
            continue;
        }
        uint16_t code = tb_get_u16(frame.data + 5);
        tb_bytes body = { frame.data + 7, frame.len - 7 };
        if (code != CHAT_CODE_OK) {
            assert_ok(wire_decode(&chat_error_desc, body, &w->arena, &w->error, NULL));
        } else if (answer != NULL) {
            assert_ok(wire_decode(chat_verb_row(verb)->answer, body, &w->arena, answer, NULL));
        }
        return code;
    }
    return 0xffff;
}

static inline uint16_t world_ask(struct world *w, const struct person *who, uint16_t verb,
                                 const void *request, void *answer)
{
    uint32_t request_id = world_send(w, who, verb, request);
    world_close_turn(w);
    return world_answer(w, request_id, verb, answer);
}

/*
 * The same request while each allocation in turn fails: refused turns are rolled back, until there
 * is memory enough.  Returns how many turns were refused; the answer is OK in the end.
 */
static inline size_t world_starve(struct world *w, const struct person *who, uint16_t verb,
                                  const void *request)
{
    enum { TRY_COUNT_MAX = 20000 };
    tb_bytes body;
    assert_ok(wire_encode(chat_verb_row(verb)->request, request, &w->arena, &body));
    uint8_t *frame = tb_arena_take(&w->arena, body.len + 6, 1);
    assert_non_null(frame);
    tb_put_u16(frame + 4, verb);
    if (body.len != 0) memcpy(frame + 6, body.data, body.len);
    size_t refused_count = 0;
    for (size_t n = 0; n < TRY_COUNT_MAX; n++) {
        tb_put_u32(frame, ++w->next_request);
        w->inbox_count = 0;
        w->heap.fail_after = n;
        world_event(w, (struct hub_event){ .kind = HUB_EVENT_FRAME, .conn = who->conn,
                                           .bytes = { frame, body.len + 6 } });
        bool may_commit = hub_turn_end(w->hub, w->now_ms, &w->effects);
        w->heap.fail_after = SIZE_MAX;
        if (may_commit) {
            assert_ok(store_mem_commit(&w->store));
            hub_turn_committed(w->hub);
        } else {
            store_mem_rollback(&w->store);
            hub_turn_refused(w->hub, &w->effects);
            refused_count++;
        }
        world_keep(w);
        if (world_answer(w, w->next_request, verb, NULL) == CHAT_CODE_OK) return refused_count;
    }
    fail_msg("the request never succeeds");
    return 0;
}

#define assert_code(EXPRESSION_, CODE_) assert_int_equal((EXPRESSION_), (CODE_))

/* The n-th push of a kind that a person got; false: there is none.  body may be NULL. */
static inline bool world_push(struct world *w, const struct person *who, uint16_t push, size_t n,
                              void *body)
{
    for (size_t i = 0; i < w->inbox_count; i++) {
        tb_bytes frame = w->inbox[i].bytes;
        if (w->inbox[i].conn != who->conn || frame.len < 3 || frame.data[0] != CHAT_FRAME_PUSH ||
            tb_get_u16(frame.data + 1) != push || n-- != 0) {
            continue;
        }
        tb_bytes rest = { frame.data + 3, frame.len - 3 };
        if (body != NULL) {
            assert_ok(wire_decode(chat_push_row(push)->body, rest, &w->arena, body, NULL));
        }
        return true;
    }
    return false;
}

static inline size_t world_push_count(struct world *w, const struct person *who, uint16_t push)
{
    size_t count = 0;
    while (world_push(w, who, push, count, NULL)) count++;
    return count;
}

static inline void world_forget(struct world *w)
{
    w->inbox_count = 0;
}

/* ------------------------------------------------------------------ people */

static inline void world_connect(struct world *w, struct person *who)
{
    struct chat_hello hello = { CHAT_PROTOCOL_VERSION_MIN, CHAT_PROTOCOL_VERSION_MAX,
                                TB_LITERAL("test") };
    struct chat_hello_answer answer;
    who->conn = w->next_conn++;
    world_event(w, (struct hub_event){ .kind = HUB_EVENT_OPENED, .conn = who->conn });
    assert_code(world_ask(w, who, CHAT_VERB_HELLO, &hello, &answer), CHAT_CODE_OK);
    memcpy(who->nonce, answer.nonce, sizeof who->nonce);
}

static inline void world_disconnect(struct world *w, struct person *who)
{
    world_event(w, (struct hub_event){ .kind = HUB_EVENT_CLOSED, .conn = who->conn });
    assert_true(world_close_turn(w));
    who->conn = 0;
}

/* A login with this counter, signed for real. */
static inline struct chat_login world_login_request(struct world *w, const struct person *who,
                                                    uint64_t counter)
{
    struct chat_login login = { .device = who->device, .profile_counter = counter };
    struct chat_login_tbs tbs = { .domain = TB_LITERAL("hub.example"), .device = who->device,
                                  .profile_counter = counter };
    memcpy(tbs.nonce, who->nonce, sizeof tbs.nonce);
    assert_ok(chat_records_login_sign(&w->suite, &who->device_key, &tbs, &w->arena,
                                      &login.signature));
    return login;
}

static inline void world_login(struct world *w, struct person *who)
{
    if (who->conn == 0) world_connect(w, who);
    struct chat_login login = world_login_request(w, who, ++who->counter);
    assert_code(world_ask(w, who, CHAT_VERB_LOGIN, &login, &who->login), CHAT_CODE_OK);
}

/* A new connection: the old one was ended, or is now. */
static inline void world_again(struct world *w, struct person *who)
{
    world_disconnect(w, who);
    world_login(w, who);
}

/* Keys and names of somebody; nothing is told to the hub. */
static inline void world_person(struct world *w, size_t index, const char *handle)
{
    struct person *who = &w->people[index];
    who->handle = handle;
    assert_ok(crypto_signing_key_new(&w->suite, &w->rng.rng, &who->account_key));
    assert_ok(crypto_signing_key_new(&w->suite, &w->rng.rng, &who->device_key));
    assert_ok(chat_names_account(&w->suite, TB_LITERAL("hub.example"),
                                 crypto_signing_key_public(&who->account_key), &w->arena,
                                 &who->account));
    assert_ok(chat_names_device(who->account, &w->rng.rng, &w->arena, &who->device));
    struct chat_device_key device = { .device = who->device,
                                      .signature_key = crypto_signing_key_public(&who->device_key),
                                      .added_ms = w->now_ms, .status = CHAT_DEVICE_ACTIVE };
    struct chat_account_record record = { .account = who->account };
    record.account_key = crypto_signing_key_public(&who->account_key);
    record.devices.at = &device;
    record.devices.count = 1;
    assert_ok(chat_records_make_account(&w->suite, &who->account_key, (tb_bytes){ NULL, 0 },
                                        &record, &w->arena, &who->record));
}

/* The secret of a new account invitation. */
static inline struct crypto_signing_key world_invite(struct world *w, bool is_admin,
                                                     uint64_t life_ms, uint32_t uses)
{
    tb_bytes fragment, origin;
    struct chat_invite_secret secret;
    struct crypto_signing_key key;
    world_open_turn(w);
    assert_ok(hub_invite_new(w->hub, is_admin, w->now_ms + life_ms, uses, &w->arena, &fragment));
    assert_true(world_close_turn(w));
    assert_ok(chat_records_invite_parse(fragment, &w->arena, &origin, &secret));
    assert_ok(chat_records_invite_key(&w->suite, &secret, &key));
    return key;
}

static inline struct chat_register world_register_request(struct world *w,
                                                          const struct person *who,
                                                          const struct crypto_signing_key *invite)
{
    struct chat_register request = { .record = who->record, .handle = tb_bytes_text(who->handle) };
    tb_bytes key = crypto_signing_key_public(invite);
    assert_ok(tb_arena_dup(&w->arena, key, &request.invite_key));
    struct chat_register_tbs tbs = { .domain = TB_LITERAL("hub.example"),
                                     .handle = request.handle };
    assert_ok(chat_records_hash(&w->suite, who->record, tbs.record_hash));
    assert_ok(chat_records_register_sign(&w->suite, invite, &tbs, &w->arena,
                                         &request.invite_signature));
    return request;
}

static inline void world_register(struct world *w, size_t index, const char *handle, bool is_admin)
{
    struct person *who = &w->people[index];
    struct chat_register_answer answer;
    world_person(w, index, handle);
    struct crypto_signing_key invite = world_invite(w, is_admin, 60000, 1);
    world_connect(w, who);
    struct chat_register request = world_register_request(w, who, &invite);
    assert_code(world_ask(w, who, CHAT_VERB_REGISTER, &request, &answer), CHAT_CODE_OK);
    assert_bytes(answer.account, who->account);
    assert_int_equal(answer.is_admin, is_admin);
    world_login(w, who);
}

/* ------------------------------------------------------------------ key packages */

static inline tb_bytes world_leaf_app_data(struct world *w)
{
    tb_bytes app_data;
    assert_ok(chat_policy_leaf_app_data(&w->arena, &app_data));
    return app_data;
}

static inline void world_key_package(struct world *w, struct person *who, bool is_last_resort)
{
    const struct mls_key_package_params params = {
        .identity = who->device, .signer = &who->device_key,
        .not_before_s = w->now_ms / 1000 - 3600, .not_after_s = w->now_ms / 1000 + 86400 * 80,
        .is_last_resort = is_last_resort, .leaf_app_data = world_leaf_app_data(w),
    };
    uint8_t ref[CRYPTO_HASH_MAX];
    assert_ok(mls_key_package_new(&w->env, &params, &w->arena, &who->key_package, &who->secrets,
                                  ref));
}

static inline uint16_t world_put_key_package(struct world *w, struct person *who,
                                             bool is_last_resort)
{
    struct wire_opaque item;
    struct chat_key_packages_put put = { .last_resort = { NULL, 0 } };
    struct chat_key_packages_answer answer;
    world_key_package(w, who, is_last_resort);
    item.value = who->key_package;
    if (is_last_resort) {
        put.last_resort = who->key_package;
    } else {
        put.key_packages.at = &item;
        put.key_packages.count = 1;
    }
    return world_ask(w, who, CHAT_VERB_KEY_PACKAGES_PUT, &put, &answer);
}

static inline void world_grant(struct world *w, struct person *target, struct person *requester)
{
    struct chat_consent_entry entry = { .consent_operation = 2,
                                        .requester_uri = requester->account,
                                        .target_uri = target->account };
    assert_code(world_ask(w, target, CHAT_VERB_CONSENT, &entry, NULL), CHAT_CODE_OK);
}

static inline struct chat_key_material world_material_request(const struct person *target,
                                                              tb_bytes room_uri, uint8_t kind)
{
    static struct wire_u16 suites[] = { { 3 }, { 1 } };
    struct chat_key_material request = { .target_user = target->account, .room_uri = room_uri,
                                         .room_kind = kind };
    request.acceptable_ciphersuites.at = suites;
    request.acceptable_ciphersuites.count = 2;
    return request;
}

#endif
