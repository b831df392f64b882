/* The chain of a desk's keys: each step signed by the key before, or the operator's, never back. */
#include "tests/unit/chat_fixture.h"

#include "chat/records.h"

#define DOMAIN "hub.example"
#define DESK_URI "mimi://hub.example/r/0123456789abcdef0123456789abcdef"
#define OTHER_URI "mimi://hub.example/r/fedcba9876543210fedcba9876543210"

enum { KEY_COUNT = 3 };

struct chain {
    struct fixture f;
    struct crypto_signing_key keys[KEY_COUNT];
    struct chat_desk_past past[KEY_COUNT - 1];
    struct chat_hub_record record;
};

static void chain_sign(struct chain *c, size_t place, const char *domain, uint32_t told_place)
{
    const struct chat_desk_key_tbs tbs = {
        .domain = tb_bytes_text(domain), .uri = TB_LITERAL(DESK_URI), .place = told_place,
        .verify_key = crypto_signing_key_public(&c->keys[place]),
        .next_verify_key = crypto_signing_key_public(&c->keys[place + 1]),
    };
    assert_ok(chat_records_desk_key_sign(&c->f.suite, &c->keys[place], &tbs, &c->f.arena,
                                         &c->past[place].signature));
}

/* Three keys of one desk, each handing over to the next. */
static void chain_init(struct chain *c)
{
    fixture_init(&c->f);
    for (size_t i = 0; i < KEY_COUNT; i++) {
        fixture_key(&c->f, (uint8_t)(10 + 40 * i), &c->keys[i]);
        if (i == 0) continue;
        c->past[i - 1] = (struct chat_desk_past){
            .uri = TB_LITERAL(DESK_URI),
            .verify_key = crypto_signing_key_public(&c->keys[i - 1]),
            .until_ms = 1000 * i,
        };
    }
    for (size_t i = 0; i + 1 < KEY_COUNT; i++) chain_sign(c, i, DOMAIN, (uint32_t)i);
    c->record = (struct chat_hub_record){
        .v = 1, .domain = TB_LITERAL(DOMAIN), .desk_uri = TB_LITERAL(DESK_URI),
        .desk_verify_key = crypto_signing_key_public(&c->keys[KEY_COUNT - 1]),
        .desk_past = { c->past, KEY_COUNT - 1 },
    };
}

static void chain_end(struct chain *c)
{
    for (size_t i = 0; i < KEY_COUNT; i++) crypto_signing_key_wipe(&c->keys[i]);
    fixture_end(&c->f);
}

static uint16_t checked(struct chain *c)
{
    return chat_records_desk_check(&c->f.suite, &c->record, &c->f.arena).code;
}

static void each_key_hands_over_to_the_next(void **state)
{
    (void)state;
    struct chain c;
    chain_init(&c);
    assert_int_equal(checked(&c), TB_OK);
    chain_sign(&c, 0, "other.example", 0);
    assert_int_equal(checked(&c), CHAT_HUB_RECORD_DESK); /* said at another hub */
    chain_sign(&c, 0, DOMAIN, 1);
    assert_int_equal(checked(&c), CHAT_HUB_RECORD_DESK); /* of another place */
    chain_sign(&c, 0, DOMAIN, 0);
    assert_int_equal(checked(&c), TB_OK);
    tb_bytes second = c.past[1].signature;
    c.past[1].signature = c.past[0].signature;
    assert_int_equal(checked(&c), CHAT_HUB_RECORD_DESK);
    c.past[1].signature = (tb_bytes){ 0 };
    assert_int_equal(checked(&c), CHAT_HUB_RECORD_DESK); /* founded anew is another room */
    c.past[1].signature = second;
    c.past[1].verify_key = c.record.desk_verify_key;
    assert_int_equal(checked(&c), CHAT_HUB_RECORD_DESK); /* a key that follows itself */
    chain_end(&c);
}

static void a_desk_founded_anew_is_another_room_without_a_signature(void **state)
{
    (void)state;
    struct chain c;
    chain_init(&c);
    c.record.desk_uri = TB_LITERAL(OTHER_URI);
    assert_int_equal(checked(&c), CHAT_HUB_RECORD_DESK); /* nobody signs over to another room */
    c.past[1].signature = (tb_bytes){ 0 };
    assert_int_equal(checked(&c), TB_OK);
    c.record.desk_uri = c.record.desk_verify_key = (tb_bytes){ 0 };
    assert_int_equal(checked(&c), TB_OK); /* no desk yet */
    chain_end(&c);
}

static void a_record_goes_on_from_the_one_known_and_never_back(void **state)
{
    (void)state;
    struct chain c;
    struct chat_desk_past changed[KEY_COUNT - 1];
    bool is_anew = true;
    chain_init(&c);
    struct chat_hub_record first = c.record, nothing = c.record, next = c.record;
    first.desk_past.count = 0;
    first.desk_verify_key = c.past[0].verify_key;
    nothing.desk_past.count = 0;
    nothing.desk_uri = nothing.desk_verify_key = (tb_bytes){ 0 };
    assert_ok(chat_records_desk_follows(&first, &c.record, &is_anew));
    assert_false(is_anew);
    assert_ok(chat_records_desk_follows(&c.record, &c.record, &is_anew));
    assert_ok(chat_records_desk_follows(&nothing, &c.record, &is_anew));
    assert_status(chat_records_desk_follows(&c.record, &first, &is_anew), CHAT_HUB_RECORD_DESK);
    assert_status(chat_records_desk_follows(&c.record, &nothing, &is_anew), CHAT_HUB_RECORD_DESK);
    next.desk_verify_key = c.past[0].verify_key; /* another key without a step */
    assert_status(chat_records_desk_follows(&c.record, &next, &is_anew), CHAT_HUB_RECORD_DESK);
    memcpy(changed, c.past, sizeof changed);
    changed[0].until_ms++;
    next = c.record;
    next.desk_past.at = changed;
    assert_status(chat_records_desk_follows(&c.record, &next, &is_anew), CHAT_HUB_RECORD_DESK);
    memcpy(changed, c.past, sizeof changed);
    changed[1].signature = (tb_bytes){ 0 };
    next.desk_uri = TB_LITERAL(OTHER_URI);
    assert_ok(chat_records_desk_follows(&first, &next, &is_anew));
    assert_true(is_anew);
    chain_end(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_hands_over_to_the_next),
        cmocka_unit_test(a_desk_founded_anew_is_another_room_without_a_signature),
        cmocka_unit_test(a_record_goes_on_from_the_one_known_and_never_back),
    };
    return cmocka_run_group_tests_name("chat_records_desk", tests, NULL, NULL);
}
