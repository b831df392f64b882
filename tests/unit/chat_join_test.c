/* Invitations, requests to join, login, registration, names and the safety code. */
#include "tests/unit/chat_fixture.h"

#include <stdio.h>

#include "chat/names.h"
#include "chat/records.h"

#define ROOM_URI "mimi://hub.example/r/tea"
#define TIME_MS UINT64_C(1700000000000)

struct joiner {
    struct fixture f;
    struct crypto_signing_key account, device, invite;
    struct chat_device_key devices[1];
    tb_bytes record;
    struct chat_join_request request;
};

static void joiner_init(struct joiner *j)
{
    tb_bytes uri;
    memset(j, 0, sizeof *j);
    fixture_init(&j->f);
    fixture_key(&j->f, 1, &j->account);
    fixture_key(&j->f, 2, &j->device);
    fixture_key(&j->f, 3, &j->invite);
    assert_ok(chat_names_account(&j->f.suite, TB_LITERAL("hub.example"),
                                 crypto_signing_key_public(&j->account), &j->f.arena, &uri));
    assert_ok(chat_names_device(uri, &j->f.rng.rng, &j->f.arena, &j->devices[0].device));
    j->devices[0].signature_key = crypto_signing_key_public(&j->device);
    j->devices[0].status = CHAT_DEVICE_ACTIVE;
    struct chat_account_record record = {
        .account = uri, .account_key = crypto_signing_key_public(&j->account),
        .devices = { j->devices, 1 },
    };
    assert_ok(chat_records_make_account(&j->f.suite, &j->account, (tb_bytes){ NULL, 0 }, &record,
                                        &j->f.arena, &j->record));
    j->request = (struct chat_join_request){ .kind = CHAT_JOIN_KIND_LINK,
                                             .room_uri = TB_LITERAL(ROOM_URI), .account = uri,
                                             .device = j->devices[0].device, .time_ms = TIME_MS };
    assert_ok(chat_records_hash(&j->f.suite, j->record, j->request.record_hash));
}

static void joiner_end(struct joiner *j)
{
    crypto_signing_key_wipe(&j->account);
    crypto_signing_key_wipe(&j->device);
    crypto_signing_key_wipe(&j->invite);
    fixture_end(&j->f);
}

static tb_status verify(struct joiner *j, const struct chat_join_request *request)
{
    tb_bytes invite = request->kind == CHAT_JOIN_KIND_LINK
                          ? crypto_signing_key_public(&j->invite)
                          : (tb_bytes){ NULL, 0 };
    return chat_records_verify_join(&j->f.suite, request, invite, j->record, &j->f.arena);
}

static void a_join_request_is_signed_by_invitation_and_device(void **state)
{
    (void)state;
    struct joiner j;
    joiner_init(&j);
    assert_ok(chat_records_make_join(&j.f.suite, &j.invite, &j.device, &j.request, &j.f.arena));
    assert_ok(verify(&j, &j.request));
    struct chat_join_request bad = j.request;
    bad.time_ms++;
    assert_status(verify(&j, &bad), CHAT_JOIN_INVITE);
    bad = j.request;
    bad.room_uri = TB_LITERAL("mimi://hub.example/r/other");
    assert_status(verify(&j, &bad), CHAT_JOIN_INVITE);
    bad = j.request;
    bad.device_signature = fixture_changed(&j.f, bad.device_signature, 1);
    assert_status(verify(&j, &bad), CHAT_JOIN_DEVICE);
    bad = j.request;
    bad.invite_signature = fixture_changed(&j.f, bad.invite_signature, 1);
    assert_status(verify(&j, &bad), CHAT_JOIN_INVITE);
    bad = j.request;
    bad.invite_key = crypto_signing_key_public(&j.device);
    assert_status(verify(&j, &bad), CHAT_JOIN_INVITE);
    bad = j.request;
    bad.record_hash[0] ^= 1;
    assert_status(verify(&j, &bad), CHAT_JOIN_RECORD);
    bad = j.request;
    bad.device = TB_LITERAL("mimi://hub.example/d/somebody/1");
    assert_status(verify(&j, &bad), CHAT_JOIN_FORM);
    bad = j.request;
    bad.kind = 3;
    assert_status(verify(&j, &bad), CHAT_JOIN_FORM);
    joiner_end(&j);
}

static void another_device_of_a_participant_needs_no_invitation(void **state)
{
    (void)state;
    struct joiner j;
    joiner_init(&j);
    j.request.kind = CHAT_JOIN_KIND_DEVICE;
    assert_status(chat_records_make_join(&j.f.suite, &j.invite, &j.device, &j.request,
                                         &j.f.arena),
                  CHAT_JOIN_FORM);
    assert_ok(chat_records_make_join(&j.f.suite, NULL, &j.device, &j.request, &j.f.arena));
    assert_ok(verify(&j, &j.request));
    j.request.invite_signature = TB_LITERAL("x");
    assert_status(verify(&j, &j.request), CHAT_JOIN_FORM);
    joiner_end(&j);
}

/* ------------------------------------------------------------------ links */

static struct chat_invite_secret secret_of(uint8_t kind)
{
    struct chat_invite_secret secret = { .version = 1, .kind = kind,
                                         .domain = TB_LITERAL("hub.example") };
    for (uint8_t i = 0; i < 32; i++) secret.seed[i] = secret.hub_root_hash[31 - i] = i;
    if (kind == CHAT_INVITE_ROOM) {
        secret.room_uri = TB_LITERAL(ROOM_URI);
        secret.inviter = TB_LITERAL("mimi://hub.example/u/alice");
    }
    return secret;
}

static void a_link_holds_the_secret_in_its_fragment(void **state)
{
    (void)state;
    struct fixture f;
    struct chat_invite_secret secret = secret_of(CHAT_INVITE_ROOM), back;
    tb_bytes link, fragment, origin;
    fixture_init(&f);
    assert_ok(chat_records_invite_link(TB_LITERAL("https://hub.example:8470"), &secret, &f.arena,
                                       &link));
    assert_true(tb_bytes_starts_with(link, TB_LITERAL("https://hub.example:8470/j/#")));
    assert_ok(chat_records_invite_parse(link, &f.arena, &origin, &back));
    assert_bytes(origin, TB_LITERAL("https://hub.example:8470"));
    assert_true(wire_equal(&chat_invite_secret_desc, &secret, &back));
    assert_ok(chat_records_invite_fragment(&secret, &f.arena, &fragment));
    assert_ok(chat_records_invite_parse(fragment, &f.arena, &origin, &back));
    assert_int_equal(origin.len, 0);
    char padded[1024];
    int len = snprintf(padded, sizeof padded, " \n%.*s\r\n", (int)link.len,
                       (const char *)link.data);
    assert_ok(chat_records_invite_parse(tb_bytes_of(padded, (size_t)len), &f.arena, NULL, &back));
    struct crypto_signing_key key;
    assert_ok(chat_records_invite_key(&f.suite, &back, &key));
    assert_memory_equal(key.private_key.data, secret.seed, 32);
    crypto_signing_key_wipe(&key);
    fixture_end(&f);
}

static void what_is_no_invitation_is_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct chat_invite_secret secret = secret_of(CHAT_INVITE_ACCOUNT), out;
    tb_bytes text;
    fixture_init(&f);
    assert_status(chat_records_invite_parse(TB_LITERAL(""), &f.arena, NULL, &out),
                  CHAT_INVITE_LINK);
    assert_status(chat_records_invite_parse(TB_LITERAL("https://hub.example/x#abcd"), &f.arena,
                                            NULL, &out),
                  CHAT_INVITE_LINK);
    assert_status(chat_records_invite_parse(TB_LITERAL("/j/#abcd"), &f.arena, NULL, &out),
                  CHAT_INVITE_LINK);
    secret.kind = CHAT_INVITE_ROOM; /* without a room */
    assert_ok(chat_records_invite_fragment(&secret, &f.arena, &text));
    assert_status(chat_records_invite_parse(text, &f.arena, NULL, &out), CHAT_INVITE_LINK);
    secret = secret_of(CHAT_INVITE_ROOM);
    secret.kind = CHAT_INVITE_ACCOUNT; /* with one */
    assert_ok(chat_records_invite_fragment(&secret, &f.arena, &text));
    assert_status(chat_records_invite_parse(text, &f.arena, NULL, &out), CHAT_INVITE_LINK);
    secret = secret_of(CHAT_INVITE_ACCOUNT);
    secret.version = 2;
    assert_ok(chat_records_invite_fragment(&secret, &f.arena, &text));
    assert_status(chat_records_invite_parse(text, &f.arena, NULL, &out), CHAT_INVITE_LINK);
    secret = secret_of(CHAT_INVITE_ACCOUNT);
    assert_ok(chat_records_invite_fragment(&secret, &f.arena, &text));
    assert_ok(chat_records_invite_parse(text, &f.arena, NULL, &out));
    text.len -= 4;
    assert_status(chat_records_invite_parse(text, &f.arena, NULL, &out), CHAT_INVITE_LINK);
    fixture_end(&f);
}

/* ------------------------------------------------------------------ sessions */

static void a_login_is_for_one_hub_device_nonce_and_counter(void **state)
{
    (void)state;
    struct fixture f;
    struct crypto_signing_key device;
    struct chat_login_tbs tbs = { .domain = TB_LITERAL("hub.example"),
                                  .device = TB_LITERAL("mimi://hub.example/d/a/1"),
                                  .profile_counter = 4 };
    tb_bytes signature;
    fixture_init(&f);
    fixture_key(&f, 1, &device);
    tb_bytes key = crypto_signing_key_public(&device);
    assert_ok(chat_records_login_sign(&f.suite, &device, &tbs, &f.arena, &signature));
    assert_ok(chat_records_login_verify(&f.suite, key, &tbs, signature, &f.arena));
    struct chat_login_tbs bad = tbs;
    bad.domain = TB_LITERAL("evil.example");
    assert_status(chat_records_login_verify(&f.suite, key, &bad, signature, &f.arena),
                  CHAT_LOGIN_SIGNATURE);
    bad = tbs;
    bad.nonce[0] ^= 1;
    assert_status(chat_records_login_verify(&f.suite, key, &bad, signature, &f.arena),
                  CHAT_LOGIN_SIGNATURE);
    bad = tbs;
    bad.profile_counter++;
    assert_status(chat_records_login_verify(&f.suite, key, &bad, signature, &f.arena),
                  CHAT_LOGIN_SIGNATURE);
    bad = tbs;
    bad.device = TB_LITERAL("mimi://hub.example/d/a/2");
    assert_status(chat_records_login_verify(&f.suite, key, &bad, signature, &f.arena),
                  CHAT_LOGIN_SIGNATURE);
    crypto_signing_key_wipe(&device);
    fixture_end(&f);
}

static void a_registration_is_signed_by_its_invitation(void **state)
{
    (void)state;
    struct fixture f;
    struct crypto_signing_key invite;
    struct chat_register_tbs tbs = { .domain = TB_LITERAL("hub.example"),
                                     .handle = TB_LITERAL("alice") };
    tb_bytes signature;
    fixture_init(&f);
    fixture_key(&f, 1, &invite);
    tb_bytes key = crypto_signing_key_public(&invite);
    assert_ok(chat_records_register_sign(&f.suite, &invite, &tbs, &f.arena, &signature));
    assert_ok(chat_records_register_verify(&f.suite, key, &tbs, signature, &f.arena));
    tbs.record_hash[0] ^= 1;
    assert_status(chat_records_register_verify(&f.suite, key, &tbs, signature, &f.arena),
                  CHAT_REGISTER_SIGNATURE);
    tbs.handle = TB_LITERAL("Alice");
    assert_status(chat_records_register_verify(&f.suite, key, &tbs, signature, &f.arena),
                  CHAT_REGISTER_HANDLE);
    assert_status(chat_records_register_sign(&f.suite, &invite, &tbs, &f.arena, &signature),
                  CHAT_REGISTER_HANDLE);
    crypto_signing_key_wipe(&invite);
    fixture_end(&f);
}

/* ------------------------------------------------------------------ names */

static void handles_have_2_to_32_plain_characters(void **state)
{
    (void)state;
    static const char *const GOOD[] = { "al", "a.b_c-9", "abcdefghijklmnopqrstuvwxyz012345" };
    static const char *const BAD[] = { "", "a", "Al", "a b", "\xc3\xa9t\xc3\xa9",
                                       "abcdefghijklmnopqrstuvwxyz0123456" };
    for (size_t i = 0; i < 3; i++) assert_true(chat_names_is_handle(tb_bytes_text(GOOD[i])));
    for (size_t i = 0; i < 6; i++) assert_false(chat_names_is_handle(tb_bytes_text(BAD[i])));
}

static void a_dm_has_one_name_whoever_computes_it(void **state)
{
    (void)state;
    struct fixture f;
    tb_bytes one, two, other, a = TB_LITERAL("mimi://h.example/u/a"),
                              b = TB_LITERAL("mimi://h.example/u/b");
    fixture_init(&f);
    assert_ok(chat_names_dm(&f.suite, TB_LITERAL("h.example"), a, b, &f.arena, &one));
    assert_ok(chat_names_dm(&f.suite, TB_LITERAL("h.example"), b, a, &f.arena, &two));
    assert_ok(chat_names_dm(&f.suite, TB_LITERAL("h.example"), a, a, &f.arena, &other));
    assert_bytes(one, two);
    assert_int_equal(one.len, strlen("mimi://h.example/r/") + 32);
    assert_false(tb_bytes_equal(one, other));
    fixture_end(&f);
}

static void a_device_names_its_user(void **state)
{
    (void)state;
    struct fixture f;
    tb_bytes user;
    fixture_init(&f);
    assert_ok(chat_names_user_of(TB_LITERAL("mimi://h.example/d/alice/1"), &f.arena, &user));
    assert_bytes(user, TB_LITERAL("mimi://h.example/u/alice"));
    assert_status(chat_names_user_of(TB_LITERAL("mimi://h.example/r/alice"), &f.arena, &user),
                  WIRE_URI);
    assert_true(chat_names_is_of_user(TB_LITERAL("mimi://h.example/d/alice/1"), user));
    assert_false(chat_names_is_of_user(TB_LITERAL("mimi://h.example/d/alic/e"), user));
    assert_false(chat_names_is_of_user(TB_LITERAL("mimi://i.example/d/alice/1"), user));
    assert_false(chat_names_is_of_user(user, TB_LITERAL("mimi://h.example/d/alice/1")));
    assert_false(chat_names_same_domain(user, TB_LITERAL("nonsense")));
    fixture_end(&f);
}

/* ------------------------------------------------------------------ the safety code */

static void a_safety_code_is_the_same_for_both_and_changes_with_a_key(void **state)
{
    (void)state;
    struct fixture f;
    char one[CHAT_SAFETY_CODE_LEN], two[CHAT_SAFETY_CODE_LEN];
    uint8_t key_a[32] = { 1 }, key_b[32] = { 2 };
    tb_bytes a = TB_LITERAL("mimi://hub.example/u/alice"),
             b = TB_LITERAL("mimi://hub.example/u/bob");
    fixture_init(&f);
    assert_ok(chat_records_safety_code(&f.suite, a, TB_ARRAY(key_a), b, TB_ARRAY(key_b), one));
    assert_ok(chat_records_safety_code(&f.suite, b, TB_ARRAY(key_b), a, TB_ARRAY(key_a), two));
    assert_memory_equal(one, two, sizeof one);
    /* Computed by hand from the definition in chat/records.h, in another language. */
    assert_memory_equal(one, "17232 68514 12200 28979 35448 73838 "
                        "82753 96051 13178 99543 71533 63737", sizeof one);
    for (size_t i = 0; i < sizeof one; i++) {
        assert_true(i % 6 == 5 ? one[i] == ' ' : one[i] >= '0' && one[i] <= '9');
    }
    key_b[31] ^= 1;
    assert_ok(chat_records_safety_code(&f.suite, a, TB_ARRAY(key_a), b, TB_ARRAY(key_b), two));
    assert_memory_not_equal(one, two, sizeof one);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_join_request_is_signed_by_invitation_and_device),
        cmocka_unit_test(another_device_of_a_participant_needs_no_invitation),
        cmocka_unit_test(a_link_holds_the_secret_in_its_fragment),
        cmocka_unit_test(what_is_no_invitation_is_refused),
        cmocka_unit_test(a_login_is_for_one_hub_device_nonce_and_counter),
        cmocka_unit_test(a_registration_is_signed_by_its_invitation),
        cmocka_unit_test(handles_have_2_to_32_plain_characters),
        cmocka_unit_test(a_dm_has_one_name_whoever_computes_it),
        cmocka_unit_test(a_device_names_its_user),
        cmocka_unit_test(a_safety_code_is_the_same_for_both_and_changes_with_a_key),
    };
    return cmocka_run_group_tests_name("chat_join", tests, NULL, NULL);
}
