/* Records and their chains, the hub's record, recipient keys, joining, login, safety codes. */
#include "tests/unit/chat_fixture.h"

#include "chat/names.h"
#include "chat/records.h"

#define DOMAIN_TEXT "hub.example"
#define ROOM_URI "mimi://hub.example/r/tea"
#define TIME_MS UINT64_C(1700000000000)

struct people {
    struct fixture f;
    struct crypto_signing_key account, next_account, device, other_device, invite;
    tb_bytes uri;
    struct chat_device_key devices[CHAT_RECORD_DEVICE_COUNT_MAX + 1];
    struct chat_account_record record;
    tb_bytes first;
};

static void people_init(struct people *p)
{
    memset(p, 0, sizeof *p);
    fixture_init(&p->f);
    struct crypto_signing_key *const keys[] = { &p->account, &p->next_account, &p->device,
                                                &p->other_device, &p->invite };
    for (size_t i = 0; i < 5; i++) fixture_key(&p->f, (uint8_t)(10 * i + 1), keys[i]);
    assert_ok(chat_names_account(&p->f.suite, TB_LITERAL(DOMAIN_TEXT),
                                 crypto_signing_key_public(&p->account), &p->f.arena, &p->uri));
    for (size_t i = 0; i < 2; i++) {
        assert_ok(chat_names_device(p->uri, &p->f.rng.rng, &p->f.arena, &p->devices[i].device));
        p->devices[i].added_ms = TIME_MS;
        p->devices[i].status = CHAT_DEVICE_ACTIVE;
    }
    p->devices[0].signature_key = crypto_signing_key_public(&p->device);
    p->devices[1].signature_key = crypto_signing_key_public(&p->other_device);
    p->record = (struct chat_account_record){
        .account = p->uri, .account_key = crypto_signing_key_public(&p->account),
        .devices = { p->devices, 1 },
    };
    assert_ok(chat_records_make_account(&p->f.suite, &p->account, (tb_bytes){ NULL, 0 },
                                        &p->record, &p->f.arena, &p->first));
}

static void people_end(struct people *p)
{
    struct crypto_signing_key *const keys[] = { &p->account, &p->next_account, &p->device,
                                                &p->other_device, &p->invite };
    for (size_t i = 0; i < 5; i++) crypto_signing_key_wipe(keys[i]);
    fixture_end(&p->f);
}

static tb_bytes resigned(struct people *p, struct chat_account_record record,
                         const struct crypto_signing_key *signer)
{
    tb_bytes encoded;
    record.signature = (tb_bytes){ NULL, 0 };
    encoded = fixture_encode(&p->f, &chat_account_record_desc, &record);
    encoded.len--;
    assert_ok(crypto_sign_label(&p->f.suite, signer, CHAT_LABEL_ACCOUNT_RECORD, &encoded, 1,
                                &p->f.arena, &record.signature));
    return fixture_encode(&p->f, &chat_account_record_desc, &record);
}

static tb_status first_of(struct people *p, struct chat_account_record record)
{
    struct chat_account_record out;
    return chat_records_verify_first(&p->f.suite, resigned(p, record, &p->account), &p->f.arena,
                                     &out);
}

/* ------------------------------------------------------------------ accounts */

static void the_first_record_is_self_signed_and_names_its_key(void **state)
{
    (void)state;
    struct people p;
    struct chat_account_record out;
    people_init(&p);
    assert_ok(chat_records_verify_first(&p.f.suite, p.first, &p.f.arena, &out));
    assert_bytes(out.account, p.uri);
    assert_int_equal(p.uri.len, strlen("mimi://hub.example/u/") + 20);
    for (size_t i = 0; i < p.first.len; i++) {
        assert_false(tb_is_ok(chat_records_verify_first(
            &p.f.suite, fixture_changed(&p.f, p.first, i), &p.f.arena, &out)));
    }
    struct chat_account_record bad = p.record;
    bad.account = TB_LITERAL("mimi://hub.example/u/0123456789abcdef0123");
    assert_status(first_of(&p, bad), CHAT_RECORD_DEVICE);
    bad.devices.count = 0;
    assert_status(first_of(&p, bad), CHAT_RECORD_ACCOUNT);
    people_end(&p);
}

static void each_rule_of_a_record_has_its_refusal(void **state)
{
    (void)state;
    struct people p;
    people_init(&p);
    struct chat_account_record bad = p.record;
    bad.v = 2;
    assert_status(first_of(&p, bad), CHAT_RECORD_FORM);
    bad = p.record;
    bad.reset = 1;
    assert_status(first_of(&p, bad), CHAT_RECORD_FORM);
    bad = p.record;
    bad.version = 1;
    assert_status(first_of(&p, bad), CHAT_RECORD_FORM); /* without a previous hash */
    memcpy(bad.prev_record_hash, "0123456789abcdef0123456789abcdef", CHAT_HASH_LEN);
    assert_status(first_of(&p, bad), CHAT_RECORD_VERSION);
    bad = p.record;
    bad.devices.count = 2;
    p.devices[1].device = p.devices[0].device;
    assert_status(first_of(&p, bad), CHAT_RECORD_DEVICE);
    p.devices[1].device = TB_LITERAL("mimi://hub.example/d/somebody/1");
    assert_status(first_of(&p, bad), CHAT_RECORD_DEVICE);
    p.devices[0].status = 3;
    assert_status(first_of(&p, bad), CHAT_RECORD_FORM);
    p.devices[0].status = CHAT_DEVICE_ACTIVE;
    bad.devices.count = CHAT_RECORD_DEVICE_COUNT_MAX + 1;
    for (size_t i = 1; i < bad.devices.count; i++) p.devices[i] = p.devices[0];
    assert_status(first_of(&p, bad), CHAT_RECORD_DEVICE_COUNT);
    people_end(&p);
}

static void a_successor_is_chained_and_signed_by_the_key_before(void **state)
{
    (void)state;
    struct people p;
    struct chat_account_record out;
    tb_bytes second;
    people_init(&p);
    struct chat_account_record next = p.record;
    next.version = 1;
    next.devices.count = 2;
    assert_ok(chat_records_make_account(&p.f.suite, &p.account, p.first, &next, &p.f.arena,
                                        &second));
    assert_ok(chat_records_verify_next(&p.f.suite, p.first, second, &p.f.arena, &out));
    assert_int_equal(out.devices.count, 2);
    uint8_t hash[CHAT_HASH_LEN], none[CHAT_HASH_LEN] = { 0 };
    assert_ok(chat_records_hash(&p.f.suite, p.first, hash));
    assert_memory_equal(out.prev_record_hash, hash, sizeof hash);
    assert_memory_equal(p.record.prev_record_hash, none, sizeof none);
    tb_bytes by_other = resigned(&p, next, &p.next_account);
    assert_status(chat_records_verify_next(&p.f.suite, p.first, by_other, &p.f.arena, &out),
                  CHAT_RECORD_SIGNATURE);
    struct chat_account_record bad = next;
    bad.version = 2;
    assert_status(chat_records_verify_next(&p.f.suite, p.first, resigned(&p, bad, &p.account),
                                           &p.f.arena, &out),
                  CHAT_RECORD_VERSION);
    bad = next;
    bad.prev_record_hash[0] ^= 1;
    assert_status(chat_records_verify_next(&p.f.suite, p.first, resigned(&p, bad, &p.account),
                                           &p.f.arena, &out),
                  CHAT_RECORD_CHAIN);
    bad = next;
    bad.account = TB_LITERAL("mimi://hub.example/u/0123456789abcdef0123");
    bad.devices.count = 0;
    assert_status(chat_records_verify_next(&p.f.suite, p.first, resigned(&p, bad, &p.account),
                                           &p.f.arena, &out),
                  CHAT_RECORD_ACCOUNT);
    bad = next;
    bad.devices.count = 0; /* an entry vanished */
    assert_status(chat_records_verify_next(&p.f.suite, p.first, resigned(&p, bad, &p.account),
                                           &p.f.arena, &out),
                  CHAT_RECORD_DEVICE);
    people_end(&p);
}

static void attack_27_a_revocation_replaces_the_account_key_and_stays(void **state)
{
    (void)state;
    struct people p;
    struct chat_account_record out;
    tb_bytes second, third;
    people_init(&p);
    struct chat_account_record next = p.record;
    next.version = 1;
    p.devices[0].status = CHAT_DEVICE_REVOKED;
    assert_status(chat_records_make_account(&p.f.suite, &p.account, p.first, &next, &p.f.arena,
                                            &second),
                  CHAT_RECORD_KEY_KEPT);
    next.account_key = crypto_signing_key_public(&p.next_account);
    assert_ok(chat_records_make_account(&p.f.suite, &p.account, p.first, &next, &p.f.arena,
                                        &second));
    assert_ok(chat_records_verify_next(&p.f.suite, p.first, second, &p.f.arena, &out));
    assert_status(chat_records_check_leaf(&out, p.devices[0].device, p.devices[0].signature_key),
                  CHAT_LEAF_KEY);
    next.version = 2;
    p.devices[0].status = CHAT_DEVICE_ACTIVE;
    assert_status(chat_records_make_account(&p.f.suite, &p.next_account, second, &next,
                                            &p.f.arena, &third),
                  CHAT_RECORD_REVOKED_BACK);
    people_end(&p);
}

static void a_reset_is_signed_by_the_new_key_and_shown(void **state)
{
    (void)state;
    struct people p;
    struct chat_account_record out;
    tb_bytes second;
    people_init(&p);
    struct chat_account_record next = p.record;
    next.version = 1;
    next.reset = 1;
    next.account_key = crypto_signing_key_public(&p.next_account);
    assert_ok(chat_records_make_account(&p.f.suite, &p.next_account, p.first, &next, &p.f.arena,
                                        &second));
    assert_ok(chat_records_verify_next(&p.f.suite, p.first, second, &p.f.arena, &out));
    assert_int_equal(out.reset, 1);
    people_end(&p);
}

static void a_leaf_belongs_to_an_active_device_of_the_record(void **state)
{
    (void)state;
    struct people p;
    people_init(&p);
    assert_ok(chat_records_check_leaf(&p.record, p.devices[0].device,
                                      p.devices[0].signature_key));
    assert_status(chat_records_check_leaf(&p.record, p.devices[1].device,
                                          p.devices[0].signature_key),
                  CHAT_LEAF_IDENTITY);
    assert_status(chat_records_check_leaf(&p.record, p.devices[0].device,
                                          p.devices[1].signature_key),
                  CHAT_LEAF_KEY);
    people_end(&p);
}

/* ------------------------------------------------------------------ the hub */

static struct chat_hub_record hub_of(struct people *p, struct chat_agent_key *agents)
{
    agents[0] = (struct chat_agent_key){ crypto_signing_key_public(&p->account), 100, 200, 0 };
    agents[1] = (struct chat_agent_key){ crypto_signing_key_public(&p->device), 150, 0, 0 };
    return (struct chat_hub_record){
        .domain = TB_LITERAL(DOMAIN_TEXT), .version = 7, .time_ms = TIME_MS,
        .agents = { agents, 2 },
        .external_sender_key = crypto_signing_key_public(&p->other_device),
        .intake_key = crypto_signing_key_public(&p->next_account),
    };
}

static void the_hub_s_record_is_pinned_by_its_root(void **state)
{
    (void)state;
    struct people p;
    struct chat_agent_key agents[2];
    struct chat_hub_record out;
    uint8_t root_hash[32];
    tb_bytes encoded;
    people_init(&p);
    struct chat_hub_record record = hub_of(&p, agents);
    assert_ok(chat_records_make_hub(&p.f.suite, &p.invite, &record, &p.f.arena, &encoded));
    assert_ok(chat_records_root_hash(&p.f.suite, crypto_signing_key_public(&p.invite), root_hash));
    assert_ok(chat_records_verify_hub(&p.f.suite, encoded, TB_ARRAY(root_hash), 7, &p.f.arena,
                                      &out));
    assert_status(chat_records_verify_hub(&p.f.suite, encoded, TB_ARRAY(root_hash), 8, &p.f.arena,
                                          &out),
                  CHAT_HUB_RECORD_VERSION);
    for (size_t i = 0; i < encoded.len; i++) {
        assert_false(tb_is_ok(chat_records_verify_hub(&p.f.suite,
                                                      fixture_changed(&p.f, encoded, i),
                                                      TB_ARRAY(root_hash), 0, &p.f.arena, &out)));
    }
    assert_status(chat_records_verify_hub(
                      &p.f.suite, fixture_changed(&p.f, encoded, encoded.len - 1),
                      TB_ARRAY(root_hash), 0, &p.f.arena, &out),
                  CHAT_HUB_RECORD_SIGNATURE);
    root_hash[0] ^= 1;
    assert_status(chat_records_verify_hub(&p.f.suite, encoded, TB_ARRAY(root_hash), 0, &p.f.arena,
                                          &out),
                  CHAT_HUB_RECORD_ROOT);
    people_end(&p);
}

static void a_hub_s_record_is_whole(void **state)
{
    (void)state;
    struct people p;
    struct chat_agent_key agents[2];
    tb_bytes encoded;
    people_init(&p);
    struct chat_hub_record record = hub_of(&p, agents);
    record.domain = TB_LITERAL("Hub.Example");
    assert_status(chat_records_make_hub(&p.f.suite, &p.invite, &record, &p.f.arena, &encoded),
                  CHAT_HUB_RECORD_FORM);
    record = hub_of(&p, agents);
    agents[1].until_ms = 300; /* no agent in use */
    assert_status(chat_records_make_hub(&p.f.suite, &p.invite, &record, &p.f.arena, &encoded),
                  CHAT_HUB_RECORD_FORM);
    record = hub_of(&p, agents);
    agents[0].from_ms = 200;
    assert_status(chat_records_make_hub(&p.f.suite, &p.invite, &record, &p.f.arena, &encoded),
                  CHAT_HUB_RECORD_FORM);
    record = hub_of(&p, agents);
    record.desk_uri = TB_LITERAL(ROOM_URI); /* without its key */
    assert_status(chat_records_make_hub(&p.f.suite, &p.invite, &record, &p.f.arena, &encoded),
                  CHAT_HUB_RECORD_FORM);
    record.desk_verify_key = crypto_signing_key_public(&p.account);
    assert_ok(chat_records_make_hub(&p.f.suite, &p.invite, &record, &p.f.arena, &encoded));
    record.desk_uri = TB_LITERAL("mimi://other.example/r/desk");
    assert_status(chat_records_make_hub(&p.f.suite, &p.invite, &record, &p.f.arena, &encoded),
                  CHAT_HUB_RECORD_FORM);
    people_end(&p);
}

static void agent_keys_of_a_time_may_overlap(void **state)
{
    (void)state;
    static const struct {
        uint64_t time_ms;
        size_t count;
    } CASES[] = { { 99, 0 }, { 100, 1 }, { 149, 1 }, { 150, 2 }, { 199, 2 }, { 200, 1 } };
    struct people p;
    struct chat_agent_key agents[2];
    people_init(&p);
    struct chat_hub_record record = hub_of(&p, agents);
    for (size_t i = 0; i < 6; i++) {
        size_t at = 0, count = 0;
        tb_bytes key;
        while (chat_records_agent_next(&record, CASES[i].time_ms, &at, &key)) count++;
        assert_int_equal(count, CASES[i].count);
    }
    people_end(&p);
}

static void recipient_keys_live_90_days_and_do_not_go_back(void **state)
{
    (void)state;
    struct people p;
    uint8_t hpke[32] = { 9 };
    tb_bytes encoded;
    people_init(&p);
    tb_bytes verify_key = crypto_signing_key_public(&p.account), uri = TB_LITERAL(ROOM_URI);
    struct chat_recipient_key key = { .uri = uri, .serial = 5, .suite = 3,
                                      .hpke_key = TB_ARRAY(hpke), .not_before_ms = TIME_MS,
                                      .not_after_ms = TIME_MS + 90 * CHAT_MS_A_DAY };
    assert_ok(chat_records_make_recipient(&p.f.suite, &p.account, &key, &p.f.arena, &encoded));
#define VERIFY(KEY_, SERIAL_, NOW_)                                                                \
    chat_records_verify_recipient(&p.f.suite, KEY_, uri, verify_key, SERIAL_, NOW_, &p.f.arena)
    assert_ok(VERIFY(&key, 5, TIME_MS));
    assert_status(VERIFY(&key, 6, TIME_MS), CHAT_RECIPIENT_KEY_SERIAL);
    assert_status(VERIFY(&key, 0, TIME_MS - 1), CHAT_RECIPIENT_KEY_TIME);
    assert_status(VERIFY(&key, 0, key.not_after_ms), CHAT_RECIPIENT_KEY_TIME);
    struct chat_recipient_key bad = key;
    bad.serial = 6;
    assert_status(VERIFY(&bad, 0, TIME_MS), CHAT_RECIPIENT_KEY_SIGNATURE);
    bad = key;
    bad.not_after_ms++;
    assert_status(VERIFY(&bad, 0, TIME_MS), CHAT_RECIPIENT_KEY_FORM);
    bad = key;
    bad.uri = TB_LITERAL("mimi://hub.example/r/other");
    assert_status(VERIFY(&bad, 0, TIME_MS), CHAT_RECIPIENT_KEY_FORM);
    bad = key;
    bad.hpke_key.len = 31;
    assert_status(VERIFY(&bad, 0, TIME_MS), CHAT_RECIPIENT_KEY_FORM);
    verify_key = crypto_signing_key_public(&p.device);
    assert_status(VERIFY(&key, 0, TIME_MS), CHAT_RECIPIENT_KEY_SIGNATURE);
#undef VERIFY
    people_end(&p);
}

static void a_revocation_stands_for_good(void **state)
{
    (void)state;
    uint8_t key[32] = { 7 };
    struct chat_agent_key was = { .signature_key = TB_ARRAY(key), .revoked_ms = 100 }, is = was;
    struct chat_hub_record before = { .agents = { &was, 1 } }, after = { .agents = { &is, 1 } };
    assert_true(chat_records_keeps_revocations(&before, &after));
    assert_int_equal(chat_records_agent_revoked_ms(&after, TB_ARRAY(key)), 100);
    is.revoked_ms = 90;
    assert_true(chat_records_keeps_revocations(&before, &after));
    is.revoked_ms = 101;
    assert_false(chat_records_keeps_revocations(&before, &after));
    is.revoked_ms = 0;
    assert_false(chat_records_keeps_revocations(&before, &after));
    after.agents.count = 0; /* past every report window it may go */
    assert_true(chat_records_keeps_revocations(&before, &after));
    assert_int_equal(chat_records_agent_revoked_ms(&after, TB_ARRAY(key)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_record_is_self_signed_and_names_its_key),
        cmocka_unit_test(each_rule_of_a_record_has_its_refusal),
        cmocka_unit_test(a_successor_is_chained_and_signed_by_the_key_before),
        cmocka_unit_test(attack_27_a_revocation_replaces_the_account_key_and_stays),
        cmocka_unit_test(a_reset_is_signed_by_the_new_key_and_shown),
        cmocka_unit_test(a_leaf_belongs_to_an_active_device_of_the_record),
        cmocka_unit_test(the_hub_s_record_is_pinned_by_its_root),
        cmocka_unit_test(a_hub_s_record_is_whole),
        cmocka_unit_test(agent_keys_of_a_time_may_overlap),
        cmocka_unit_test(recipient_keys_live_90_days_and_do_not_go_back),
        cmocka_unit_test(a_revocation_stands_for_good),
    };
    return cmocka_run_group_tests_name("chat_records", tests, NULL, NULL);
}
