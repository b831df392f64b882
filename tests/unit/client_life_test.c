/* The client engine by itself: what it refuses, what it stores before it sends, and what is left of
 * a turn that fails. */
#include "tests/support.h"

#include <stdio.h>

#include "chat/protocol.h"
#include "chat/records.h"
#include "client/client.h"
#include "client/rows.h"
#include "client/status.h"
#include "tests/sim/store_mem.h"

enum { NOW_MS_S = 1800000000 };
#define NOW_MS ((uint64_t)NOW_MS_S * 1000)

struct fixture {
    struct test_heap heap;
    struct test_rng rng;
    struct store_mem store;
    struct client *client;
    struct client_effects effects;
    struct tb_arena arena;
    struct crypto_suite suite;
    struct crypto_signing_key root, external, intake, agent;
    char link[1024];
};

static const struct client_config *config_of(struct fixture *f)
{
    static struct client_config config;
    config = (struct client_config){
        .provider = crypto_backend_native(),
        .mem = &f->heap.mem,
        .rng = &f->rng.rng,
        .store = &f->store.store,
        .software = "test",
    };
    return &config;
}

static void load(struct fixture *f)
{
    store_mem_begin(&f->store);
    assert_ok(client_new(config_of(f), NOW_MS, &f->client));
    assert_ok(store_mem_commit(&f->store));
}

static void make_link(struct fixture *f, uint8_t kind)
{
    struct chat_invite_secret secret = {
        .version = 1, .kind = kind, .domain = TB_LITERAL("hub.example") };
    tb_bytes link;
    if (kind == CHAT_INVITE_ROOM) {
        secret.room_uri = TB_LITERAL("mimi://hub.example/r/00112233445566778899aabbccddeeff");
    }
    memset(secret.seed, 7, sizeof secret.seed);
    assert_ok(chat_records_root_hash(&f->suite, crypto_signing_key_public(&f->root),
                                     secret.hub_root_hash));
    assert_ok(chat_records_invite_link(TB_LITERAL("http://localhost:8470"), &secret, &f->arena,
                                       &link));
    snprintf(f->link, sizeof f->link, "%.*s", (int)link.len, (const char *)link.data);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    if (f == NULL) return -1;
    test_heap_init(&f->heap);
    test_rng_init(&f->rng, 5);
    store_mem_init(&f->store);
    client_effects_init(&f->effects, &f->heap.mem);
    tb_arena_init(&f->arena, &f->heap.mem, 1 << 24);
    assert_ok(crypto_suite_init(&f->suite, 3, crypto_backend_native()));
    assert_ok(crypto_signing_key_new(&f->suite, &f->rng.rng, &f->root));
    assert_ok(crypto_signing_key_new(&f->suite, &f->rng.rng, &f->external));
    assert_ok(crypto_signing_key_new(&f->suite, &f->rng.rng, &f->intake));
    assert_ok(crypto_signing_key_new(&f->suite, &f->rng.rng, &f->agent));
    make_link(f, CHAT_INVITE_ACCOUNT);
    load(f);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    client_free(f->client);
    client_effects_wipe(&f->effects);
    tb_arena_wipe(&f->arena);
    store_mem_wipe(&f->store);
    assert_int_equal(f->heap.mem.used_bytes, 0);
    free(f);
    return 0;
}

/* ------------------------------------------------------------------ turns */

static tb_status begin_registration(struct fixture *f, const char *link, const char *handle)
{
    uint64_t op;
    store_mem_begin(&f->store);
    tb_status status = client_register(f->client, NOW_MS, tb_bytes_text(link),
                                       tb_bytes_text(handle), &f->effects, &op);
    if (client_is_void(f->client)) {
        store_mem_rollback(&f->store);
        assert_ok(client_turn_refused(f->client, &f->effects));
    } else {
        assert_ok(store_mem_commit(&f->store));
    }
    return status;
}

static void step(struct fixture *f, enum client_event_kind kind, tb_bytes bytes)
{
    struct client_event event = { .kind = kind, .now_ms = NOW_MS, .bytes = bytes };
    client_effects_clear(&f->effects);
    store_mem_begin(&f->store);
    client_step(f->client, &event, &f->effects);
    assert_false(client_is_void(f->client));
    assert_ok(store_mem_commit(&f->store));
}

static const struct client_effect *effect_of(const struct fixture *f, enum client_effect_kind kind)
{
    for (size_t i = 0; i < f->effects.count; i++) {
        if (f->effects.at[i].kind == kind) return &f->effects.at[i];
    }
    return NULL;
}

static const struct client_show *show_of(const struct fixture *f, enum client_show_kind kind)
{
    for (size_t i = 0; i < f->effects.count; i++) {
        const struct client_effect *effect = &f->effects.at[i];
        if (effect->kind == CLIENT_EFFECT_SHOW && effect->show.kind == kind) return &effect->show;
    }
    return NULL;
}

/* The one request that the last step sent. */
static struct chat_request_frame request_of(struct fixture *f, uint16_t verb)
{
    struct chat_request_frame frame;
    const struct client_effect *effect = effect_of(f, CLIENT_EFFECT_SEND);
    assert_non_null(effect);
    tb_bytes copy;
    assert_ok(tb_arena_dup(&f->arena, effect->bytes, &copy));
    assert_ok(wire_decode(&chat_request_frame_desc, copy, &f->arena, &frame, NULL));
    assert_int_equal(frame.verb, verb);
    return frame;
}

static void answer(struct fixture *f, uint32_t request_id, uint16_t code,
                   const struct wire_desc *desc, const void *body)
{
    struct chat_answer_frame frame = {
        .kind = CHAT_FRAME_ANSWER, .request_id = request_id, .code = code };
    tb_bytes encoded;
    assert_ok(wire_encode(desc, body, &f->arena, &frame.body));
    assert_ok(wire_encode(&chat_answer_frame_desc, &frame, &f->arena, &encoded));
    step(f, CLIENT_EVENT_FRAME, encoded);
}

static void hello(struct fixture *f, const char *domain)
{
    step(f, CLIENT_EVENT_CONNECTED, (tb_bytes){ 0 });
    struct chat_request_frame frame = request_of(f, CHAT_VERB_HELLO);
    struct chat_hello_answer body = { .version = 1, .domain = tb_bytes_text(domain) };
    answer(f, frame.request_id, CHAT_CODE_OK, &chat_hello_answer_desc, &body);
}

static void hub_record(struct fixture *f, const struct crypto_signing_key *root)
{
    struct chat_request_frame frame = request_of(f, CHAT_VERB_HUB_RECORD);
    struct chat_agent_key agent = { .signature_key = crypto_signing_key_public(&f->agent) };
    struct chat_hub_record record = {
        .domain = TB_LITERAL("hub.example"),
        .version = 1,
        .time_ms = NOW_MS,
        .agents = { &agent, 1 },
        .external_sender_key = crypto_signing_key_public(&f->external),
        .intake_key = crypto_signing_key_public(&f->intake),
    };
    struct chat_opaque body;
    assert_ok(chat_records_make_hub(&f->suite, root, &record, &f->arena, &body.value));
    answer(f, frame.request_id, CHAT_CODE_OK, &chat_opaque_desc, &body);
}

/* Up to the login request, which is the last frame sent. */
static struct chat_request_frame up_to_login(struct fixture *f)
{
    assert_ok(begin_registration(f, f->link, "alice"));
    hello(f, "hub.example");
    hub_record(f, &f->root);
    struct chat_request_frame frame = request_of(f, CHAT_VERB_REGISTER);
    struct chat_register_answer body = { .account = client_account(f->client) };
    answer(f, frame.request_id, CHAT_CODE_OK, &chat_register_answer_desc, &body);
    return request_of(f, CHAT_VERB_LOGIN);
}

static struct client_profile_row stored_profile(struct fixture *f)
{
    struct client_profile_row row;
    tb_bytes value;
    assert_ok(tb_store_get(&f->store.store, CLIENT_TABLE_META, TB_LITERAL("profile"), &f->arena,
                           &value));
    assert_ok(wire_decode(&client_profile_row_desc, value, &f->arena, &row, NULL));
    return row;
}

/* ------------------------------------------------------------------ tests */

static void registration_refuses_what_is_no_invitation_to_an_account(void **state)
{
    struct fixture *f = *state;
    assert_status(begin_registration(f, "http://localhost:8470/j/#AAAA", "alice"),
                  CHAT_INVITE_LINK);
    assert_status(begin_registration(f, f->link, "A"), CHAT_REGISTER_HANDLE);
    make_link(f, CHAT_INVITE_ROOM);
    assert_status(begin_registration(f, f->link, "alice"), CLIENT_LINK_KIND);
    assert_false(client_is_registered(f->client));
}

static void a_hub_of_another_domain_is_refused(void **state)
{
    struct fixture *f = *state;
    assert_ok(begin_registration(f, f->link, "alice"));
    hello(f, "evil.example");
    assert_non_null(effect_of(f, CLIENT_EFFECT_CLOSE));
    const struct client_show *show = show_of(f, CLIENT_SHOW_FAILED);
    assert_non_null(show);
    assert_int_equal(show->code, CLIENT_HUB_DOMAIN);
}

static void a_hub_record_of_another_root_is_an_alarm(void **state)
{
    struct fixture *f = *state;
    assert_ok(begin_registration(f, f->link, "alice"));
    hello(f, "hub.example");
    hub_record(f, &f->intake);
    assert_non_null(show_of(f, CLIENT_SHOW_ALARM));
    assert_int_equal(show_of(f, CLIENT_SHOW_ALARM)->code, CLIENT_ALARM_HUB_RECORD);
    assert_non_null(effect_of(f, CLIENT_EFFECT_CLOSE));
    assert_null(effect_of(f, CLIENT_EFFECT_SEND));
}

static void the_profile_counter_is_durable_before_the_login_leaves(void **state)
{
    struct fixture *f = *state;
    struct chat_login login;
    struct chat_request_frame frame = up_to_login(f);
    assert_ok(wire_decode(&chat_login_desc, frame.body, &f->arena, &login, NULL));
    assert_int_equal(login.profile_counter, 1);
    assert_int_equal(stored_profile(f).profile_counter, 1);

    step(f, CLIENT_EVENT_DISCONNECTED, (tb_bytes){ 0 });
    hello(f, "hub.example");
    hub_record(f, &f->root); /* asked again while the hub has no desk */
    frame = request_of(f, CHAT_VERB_LOGIN);
    assert_ok(wire_decode(&chat_login_desc, frame.body, &f->arena, &login, NULL));
    assert_int_equal(login.profile_counter, 2);
    assert_int_equal(stored_profile(f).profile_counter, 2);
}

static void a_profile_that_the_hub_calls_old_never_connects_again(void **state)
{
    struct fixture *f = *state;
    struct chat_request_frame frame = up_to_login(f);
    struct chat_error error = { .value = 9 };
    answer(f, frame.request_id, CHAT_CODE_ROLLED_BACK, &chat_error_desc, &error);
    assert_non_null(show_of(f, CLIENT_SHOW_ROLLED_BACK));
    client_free(f->client);
    load(f);
    step(f, CLIENT_EVENT_CONNECTED, (tb_bytes){ 0 });
    assert_null(effect_of(f, CLIENT_EFFECT_SEND));
    assert_non_null(effect_of(f, CLIENT_EFFECT_CLOSE));
    uint64_t op;
    store_mem_begin(&f->store);
    assert_status(client_room_create(f->client, NOW_MS, TB_LITERAL("room"), 1, &f->effects, &op),
                  CLIENT_ROLLED_BACK);
    store_mem_rollback(&f->store);
}

static void a_refused_store_leaves_nothing_of_the_turn(void **state)
{
    struct fixture *f = *state;
    uint64_t op;
    f->store.commit_fault = STORE_MEM_REFUSES_ONCE;
    store_mem_begin(&f->store);
    assert_ok(client_register(f->client, NOW_MS, tb_bytes_text(f->link), TB_LITERAL("alice"),
                              &f->effects, &op));
    assert_status(store_mem_commit(&f->store), TB_STORE);
    assert_ok(client_turn_refused(f->client, &f->effects));
    step(f, CLIENT_EVENT_CONNECTED, (tb_bytes){ 0 });
    assert_null(effect_of(f, CLIENT_EFFECT_SEND));
    assert_int_equal(client_account(f->client).len, 0);
    assert_ok(begin_registration(f, f->link, "alice"));
}

static void a_turn_whose_store_refuses_a_row_is_void(void **state)
{
    struct fixture *f = *state;
    uint64_t op;
    store_mem_begin(&f->store);
    f->store.write_fault = STORE_MEM_REFUSES_ONCE;
    assert_status(client_register(f->client, NOW_MS, tb_bytes_text(f->link), TB_LITERAL("alice"),
                                  &f->effects, &op),
                  TB_STORE);
    assert_true(client_is_void(f->client));
    assert_int_equal(f->effects.count, 0);
    /* Nothing more happens before the host has rolled back. */
    assert_status(client_register(f->client, NOW_MS, tb_bytes_text(f->link), TB_LITERAL("alice"),
                                  &f->effects, &op),
                  TB_STORE);
    store_mem_rollback(&f->store);
    assert_ok(client_turn_refused(f->client, &f->effects));
    assert_ok(begin_registration(f, f->link, "alice"));
}

static void registration_survives_the_failure_of_each_allocation(void **state)
{
    struct fixture *f = *state;
    size_t n = 0;
    tb_status status;
    do {
        f->heap.fail_after = n++;
        uint64_t op;
        store_mem_begin(&f->store);
        status = client_register(f->client, NOW_MS, tb_bytes_text(f->link), TB_LITERAL("alice"),
                                 &f->effects, &op);
        f->heap.fail_after = SIZE_MAX;
        if (tb_is_ok(status)) {
            assert_ok(store_mem_commit(&f->store));
            break;
        }
        assert_int_equal(status.code, TB_NO_SPACE);
        assert_true(client_is_void(f->client));
        store_mem_rollback(&f->store);
        assert_ok(client_turn_refused(f->client, &f->effects));
    } while (n < 10000);
    assert_ok(status);
    assert_true(n > 1); /* the turn allocates, and failed at each of them before it went through */
}

static void a_profile_of_a_newer_schema_is_left_alone(void **state)
{
    struct fixture *f = *state;
    assert_ok(begin_registration(f, f->link, "alice"));
    tb_bytes value;
    assert_ok(tb_store_get(&f->store.store, CLIENT_TABLE_META, TB_LITERAL("profile"), &f->arena,
                           &value));
    uint8_t *newer = tb_arena_take(&f->arena, 1, value.len);
    memcpy(newer, value.data, value.len);
    tb_put_u16(newer, CLIENT_SCHEMA_VERSION + 1);
    store_mem_begin(&f->store);
    assert_ok(tb_store_put(&f->store.store, CLIENT_TABLE_META, TB_LITERAL("profile"),
                           tb_bytes_of(newer, value.len)));
    assert_ok(store_mem_commit(&f->store));
    struct client *other = NULL;
    store_mem_begin(&f->store);
    assert_status(client_new(config_of(f), NOW_MS, &other), CLIENT_SCHEMA_NEWER);
    store_mem_rollback(&f->store);
}

static void without_an_account_nothing_can_be_done(void **state)
{
    struct fixture *f = *state;
    tb_bytes room = TB_LITERAL("mimi://hub.example/r/00112233445566778899aabbccddeeff");
    uint64_t op;
    store_mem_begin(&f->store);
    assert_status(client_send(f->client, NOW_MS, room, TB_LITERAL("text"), &f->effects, &op),
                  CLIENT_NOT_REGISTERED);
    assert_status(client_rejoin(f->client, NOW_MS, &f->effects, &op), CLIENT_NOT_REGISTERED);
    assert_status(client_desk_fetch(f->client, NOW_MS, &f->effects, &op), CLIENT_NOT_REGISTERED);
    assert_status(client_lookup(f->client, NOW_MS, TB_LITERAL("bob"), &f->effects, &op),
                  CLIENT_NOT_REGISTERED);
    store_mem_rollback(&f->store);
}

static void frames_that_break_the_protocol_end_the_connection(void **state)
{
    struct fixture *f = *state;
    static const char *const FRAMES[] = { "", "\x03", "\x01\x00", "\x02\x00\x01\xff",
                                          "\x01\x00\x00\x00\x63\x00\x00" };
    static const size_t LENGTHS[] = { 0, 1, 2, 4, 7 };
    assert_ok(begin_registration(f, f->link, "alice"));
    for (size_t i = 0; i < 5; i++) {
        step(f, CLIENT_EVENT_CONNECTED, (tb_bytes){ 0 });
        step(f, CLIENT_EVENT_FRAME, tb_bytes_of(FRAMES[i], LENGTHS[i]));
        assert_non_null(effect_of(f, CLIENT_EFFECT_CLOSE));
        step(f, CLIENT_EVENT_DISCONNECTED, (tb_bytes){ 0 });
    }
}

int main(void)
{
#define TEST(NAME_) cmocka_unit_test_setup_teardown(NAME_, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(registration_refuses_what_is_no_invitation_to_an_account),
        TEST(a_hub_of_another_domain_is_refused),
        TEST(a_hub_record_of_another_root_is_an_alarm),
        TEST(the_profile_counter_is_durable_before_the_login_leaves),
        TEST(a_profile_that_the_hub_calls_old_never_connects_again),
        TEST(a_refused_store_leaves_nothing_of_the_turn),
        TEST(a_turn_whose_store_refuses_a_row_is_void),
        TEST(registration_survives_the_failure_of_each_allocation),
        TEST(a_profile_of_a_newer_schema_is_left_alone),
        TEST(without_an_account_nothing_can_be_done),
        TEST(frames_that_break_the_protocol_end_the_connection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
