/* Consent, key packages, invitations to rooms and requests to join. */
#include "tests/unit/hub_room.h"

#include "hub/engine.h"

#define OTHER_ROOM "mimi://hub.example/r/0123456789abcdef0123456789abcdef"

static uint16_t material(struct world *w, const struct person *who, const struct person *target,
                         struct chat_key_material_answer *answer)
{
    struct chat_key_material ask = world_material_request(target, TB_LITERAL(OTHER_ROOM),
                                                          CHAT_ROOM_GROUP);
    return world_ask(w, who, CHAT_VERB_KEY_MATERIAL, &ask, answer);
}

static void key_packages_are_handed_out_once_and_the_last_resort_again(void **state)
{
    (void)state;
    struct world w;
    struct chat_key_material_answer answer;
    world_init(&w, 1);
    world_register(&w, ALICE, "alice", true);
    world_register(&w, BOB, "bob", false);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB];
    assert_code(world_put_key_package(&w, bob, true), CHAT_CODE_OK);
    tb_bytes last_resort = bob->key_package;
    assert_code(world_put_key_package(&w, bob, false), CHAT_CODE_OK);
    tb_bytes ordinary = bob->key_package;
    world_grant(&w, bob, alice);
    assert_code(material(&w, alice, bob, &answer), CHAT_CODE_OK);
    assert_bytes(answer.clients.at[0].key_package, ordinary);
    assert_true(world_push(&w, bob, CHAT_PUSH_KEY_PACKAGES_LOW, 0, NULL));
    for (size_t i = 0; i < 2; i++) {
        assert_code(material(&w, alice, bob, &answer), CHAT_CODE_OK);
        assert_bytes(answer.clients.at[0].key_package, last_resort);
    }
    world_end(&w);
}

static void without_a_package_of_a_known_suite_the_device_is_exhausted(void **state)
{
    (void)state;
    struct world w;
    struct chat_key_material_answer answer;
    world_init(&w, 2);
    world_register(&w, ALICE, "alice", true);
    world_register(&w, BOB, "bob", false);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB];
    world_grant(&w, bob, alice);
    assert_code(material(&w, alice, bob, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.clients.at[0].client_status, 1);
    assert_code(world_put_key_package(&w, bob, false), CHAT_CODE_OK);
    struct wire_u16 other = { 1 };
    struct chat_key_material ask = world_material_request(bob, TB_LITERAL(OTHER_ROOM), 2);
    ask.acceptable_ciphersuites.at = &other;
    ask.acceptable_ciphersuites.count = 1;
    assert_code(world_ask(&w, alice, CHAT_VERB_KEY_MATERIAL, &ask, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.clients.at[0].client_status, 2);
    /* a package whose lifetime is over is not handed out */
    w.now_ms += (uint64_t)81 * 86400000;
    assert_code(material(&w, alice, bob, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.clients.at[0].client_status, 1);
    world_end(&w);
}

static void nobody_gets_key_packages_without_consent(void **state)
{
    (void)state;
    struct world w;
    struct chat_key_material_answer answer;
    world_init(&w, 3);
    world_register(&w, ALICE, "alice", true);
    world_register(&w, BOB, "bob", false);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], nobody = *bob;
    assert_code(world_put_key_package(&w, bob, true), CHAT_CODE_OK);
    assert_code(material(&w, alice, bob, &answer), CHAT_CODE_NO_CONSENT);
    nobody.account = TB_LITERAL("mimi://hub.example/u/0123456789abcdef0123");
    assert_code(material(&w, alice, &nobody, &answer), CHAT_CODE_NO_CONSENT); /* looks the same */
    struct chat_consent_entry entry = { .consent_operation = 1, .requester_uri = alice->account,
                                        .target_uri = bob->account };
    assert_code(world_ask(&w, alice, CHAT_VERB_CONSENT, &entry, NULL), CHAT_CODE_OK);
    assert_true(world_push(&w, bob, CHAT_PUSH_CONSENT, 0, NULL));
    assert_code(material(&w, alice, bob, &answer), CHAT_CODE_NO_CONSENT);
    entry.consent_operation = 2;
    assert_code(world_ask(&w, alice, CHAT_VERB_CONSENT, &entry, NULL), CHAT_CODE_FORBIDDEN);
    assert_code(world_ask(&w, bob, CHAT_VERB_CONSENT, &entry, NULL), CHAT_CODE_OK);
    assert_true(world_push(&w, alice, CHAT_PUSH_CONSENT, 0, NULL));
    assert_code(material(&w, alice, bob, &answer), CHAT_CODE_OK);
    entry.consent_operation = 3;
    assert_code(world_ask(&w, bob, CHAT_VERB_CONSENT, &entry, NULL), CHAT_CODE_OK);
    assert_false(world_push(&w, alice, CHAT_PUSH_CONSENT, 1, NULL)); /* a refusal is not told */
    assert_code(material(&w, alice, bob, &answer), CHAT_CODE_NO_CONSENT);
    entry.consent_operation = 1; /* asking again does not help */
    assert_code(world_ask(&w, alice, CHAT_VERB_CONSENT, &entry, NULL), CHAT_CODE_OK);
    assert_code(material(&w, alice, bob, &answer), CHAT_CODE_NO_CONSENT);
    struct chat_opaques all;
    struct chat_nothing nothing = { NULL };
    assert_code(world_ask(&w, bob, CHAT_VERB_CONSENTS_GET, &nothing, &all), CHAT_CODE_OK);
    assert_int_equal(all.values.count, 1);
    world_end(&w);
}

static void a_key_package_of_another_device_or_key_is_refused(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 4);
    world_register(&w, ALICE, "alice", true);
    world_register(&w, BOB, "bob", false);
    struct person forged = w.people[BOB];
    forged.device = w.people[ALICE].device;
    assert_code(world_put_key_package(&w, &forged, false), CHAT_CODE_FORBIDDEN);
    forged = w.people[BOB];
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &forged.device_key));
    assert_code(world_put_key_package(&w, &forged, false), CHAT_CODE_FORBIDDEN);
    world_end(&w);
}

static void the_number_of_key_packages_is_limited(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 5);
    hub_free(w.hub);
    w.limits.key_package_count_max = 2;
    world_start(&w);
    world_register(&w, ALICE, "alice", true);
    assert_code(world_put_key_package(&w, &w.people[ALICE], false), CHAT_CODE_OK);
    assert_code(world_put_key_package(&w, &w.people[ALICE], false), CHAT_CODE_OK);
    assert_code(world_put_key_package(&w, &w.people[ALICE], false), CHAT_CODE_TOO_LARGE);
    world_end(&w);
}

/* ------------------------------------------------------------------ joining by link */

static struct chat_join_request join_request(struct world *w, const struct person *who,
                                             const struct crypto_signing_key *invite)
{
    struct chat_join_request request = { .kind = invite != NULL ? CHAT_JOIN_KIND_LINK
                                                                : CHAT_JOIN_KIND_DEVICE,
                                         .room_uri = w->rooms[ROOM], .account = who->account,
                                         .device = who->device, .time_ms = w->now_ms };
    assert_ok(chat_records_hash(&w->suite, who->record, request.record_hash));
    assert_ok(chat_records_make_join(&w->suite, invite, &who->device_key, &request, &w->arena));
    return request;
}

static void put_invite(struct world *w, const struct person *who, struct crypto_signing_key *key,
                       uint32_t uses, uint16_t expected)
{
    assert_ok(crypto_signing_key_new(&w->suite, &w->rng.rng, key));
    struct chat_invite_put put = { .kind = CHAT_INVITE_ROOM, .room_uri = w->rooms[ROOM],
                                   .expires_ms = w->now_ms + 60000, .use_count_max = uses };
    put.invite_key = crypto_signing_key_public(key);
    assert_code(world_ask(w, who, CHAT_VERB_INVITE_PUT, &put, NULL), expected);
}

static void a_request_by_link_waits_for_a_member_and_is_consent(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct crypto_signing_key invite;
    struct chat_join_request pushed;
    struct chat_key_material_answer answer;
    world_init(&w, 6);
    world_usual(&w, &keys, 2);
    world_register(&w, CAROL, "carol", false);
    struct person *alice = &w.people[ALICE], *carol = &w.people[CAROL];
    assert_code(world_put_key_package(&w, carol, false), CHAT_CODE_OK);
    put_invite(&w, alice, &invite, 1, CHAT_CODE_OK);
    struct chat_join_request request = join_request(&w, carol, &invite);
    assert_code(world_ask(&w, carol, CHAT_VERB_JOIN_REQUEST, &request, NULL), CHAT_CODE_OK);
    assert_code(world_ask(&w, carol, CHAT_VERB_JOIN_REQUEST, &request, NULL), CHAT_CODE_OK);
    assert_true(world_push(&w, alice, CHAT_PUSH_JOIN_REQUEST, 0, &pushed));
    /* it waits for whoever comes later */
    world_forget(&w);
    world_again(&w, alice);
    world_subscribe(&w, alice, ROOM, 1);
    assert_true(world_push(&w, alice, CHAT_PUSH_JOIN_REQUEST, 0, &pushed));
    struct chat_key_material ask = world_material_request(carol, w.rooms[ROOM], 0);
    assert_code(world_ask(&w, alice, CHAT_VERB_KEY_MATERIAL, &ask, &answer),
                CHAT_CODE_NO_CONSENT);
    ask.join_request = &pushed;
    assert_code(world_ask(&w, alice, CHAT_VERB_KEY_MATERIAL, &ask, &answer), CHAT_CODE_OK);
    world_add(&w, alice, carol, ROOM, CHAT_ROLE_MEMBER);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_JOIN_REQUESTS), 0);
    world_end(&w);
}

static void a_link_used_up_over_or_of_another_room_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct crypto_signing_key invite, unknown;
    world_init(&w, 7);
    world_usual(&w, &keys, 2);
    world_register(&w, CAROL, "carol", false);
    world_register(&w, MALLORY, "mallory", false);
    struct person *carol = &w.people[CAROL], *mallory = &w.people[MALLORY];
    put_invite(&w, mallory, &invite, 1, CHAT_CODE_FORBIDDEN);
    put_invite(&w, &w.people[ALICE], &invite, 1, CHAT_CODE_OK);
    struct chat_join_request request = join_request(&w, carol, &invite);
    assert_code(world_ask(&w, carol, CHAT_VERB_JOIN_REQUEST, &request, NULL), CHAT_CODE_OK);
    request = join_request(&w, mallory, &invite);
    assert_code(world_ask(&w, mallory, CHAT_VERB_JOIN_REQUEST, &request, NULL),
                CHAT_CODE_INVITATION_USED);
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &unknown));
    request = join_request(&w, mallory, &unknown);
    assert_code(world_ask(&w, mallory, CHAT_VERB_JOIN_REQUEST, &request, NULL),
                CHAT_CODE_NOT_FOUND);
    request = join_request(&w, carol, &invite);
    assert_code(world_ask(&w, mallory, CHAT_VERB_JOIN_REQUEST, &request, NULL),
                CHAT_CODE_FORBIDDEN);
    put_invite(&w, &w.people[ALICE], &invite, 5, CHAT_CODE_OK);
    request = join_request(&w, mallory, &invite);
    request.time_ms++;
    assert_code(world_ask(&w, mallory, CHAT_VERB_JOIN_REQUEST, &request, NULL),
                CHAT_CODE_SIGNATURE);
    w.now_ms += 60001;
    request = join_request(&w, mallory, &invite);
    assert_code(world_ask(&w, mallory, CHAT_VERB_JOIN_REQUEST, &request, NULL),
                CHAT_CODE_INVITATION_EXPIRED);
    request = join_request(&w, mallory, NULL); /* another device of no participant */
    assert_code(world_ask(&w, mallory, CHAT_VERB_JOIN_REQUEST, &request, NULL),
                CHAT_CODE_FORBIDDEN);
    world_end(&w);
}

static void take_back(struct world *w, size_t who, const struct crypto_signing_key *key,
                      uint16_t expected)
{
    struct wire_opaque named = { key != NULL ? crypto_signing_key_public(key) : (tb_bytes){ 0 } };
    struct chat_invite_revoke ask = { .room_uri = w->rooms[ROOM] };
    ask.invite_keys.at = &named;
    ask.invite_keys.count = key != NULL ? 1 : 0;
    assert_code(world_ask(w, &w->people[who], CHAT_VERB_INVITE_REVOKE, &ask, NULL), expected);
}

static void an_invitation_that_was_taken_back_is_gone_with_who_waits_by_it(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct crypto_signing_key first, second;
    world_init(&w, 12);
    world_usual(&w, &keys, 2);
    world_register(&w, CAROL, "carol", false);
    struct person *carol = &w.people[CAROL];
    size_t before = store_mem_count(&w.store, HUB_TABLE_INVITES);
    put_invite(&w, &w.people[ALICE], &first, 5, CHAT_CODE_OK);
    put_invite(&w, &w.people[ALICE], &second, 5, CHAT_CODE_OK);
    struct chat_join_request request = join_request(&w, carol, &first);
    assert_code(world_ask(&w, carol, CHAT_VERB_JOIN_REQUEST, &request, NULL), CHAT_CODE_OK);
    take_back(&w, CAROL, &first, CHAT_CODE_FORBIDDEN);
    take_back(&w, BOB, &first, CHAT_CODE_FORBIDDEN); /* neither his, nor may he remove people */
    take_back(&w, BOB, NULL, CHAT_CODE_OK);          /* he has none */
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_JOIN_REQUESTS), 1);
    take_back(&w, ALICE, &first, CHAT_CODE_OK);
    take_back(&w, ALICE, &first, CHAT_CODE_OK); /* said again */
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_JOIN_REQUESTS), 0);
    assert_code(world_ask(&w, carol, CHAT_VERB_JOIN_REQUEST, &request, NULL),
                CHAT_CODE_NOT_FOUND);
    request = join_request(&w, carol, &second);
    assert_code(world_ask(&w, carol, CHAT_VERB_JOIN_REQUEST, &request, NULL), CHAT_CODE_OK);
    take_back(&w, ALICE, NULL, CHAT_CODE_OK);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_INVITES), before);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_JOIN_REQUESTS), 0);
    world_end(&w);
}

/* alice takes carol off the list, and her device out of the tree. */
static void remove_carol(struct world *w)
{
    struct person *alice = &w->people[ALICE], *carol = &w->people[CAROL];
    struct world_commit c = { .count = 0 };
    struct wire_u32 index = { 2 };
    struct chat_participant_update update = { .removed_indices = { &index, 1 } };
    c.remove.removed = mls_group_own_leaf(carol->groups[ROOM]);
    c.proposals[c.count++] = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REMOVE,
                                                    .of.remove = &c.remove };
    world_propose_list(w, &c, &update);
    world_make_commit(w, alice, ROOM, &c);
    assert_code(world_update(w, alice, ROOM, &c), CHAT_CODE_OK);
    assert_code(world_ack(w, &w->people[BOB], ROOM, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
}

static void a_removal_voids_what_was_asked_for_before(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct crypto_signing_key invite;
    world_init(&w, 9);
    world_usual(&w, &keys, 3);
    struct person *carol = &w.people[CAROL];
    put_invite(&w, &w.people[ALICE], &invite, 5, CHAT_CODE_OK);
    struct chat_join_request old = join_request(&w, carol, &invite);
    w.now_ms += 1000;
    remove_carol(&w);
    assert_code(world_ask(&w, carol, CHAT_VERB_JOIN_REQUEST, &old, NULL), CHAT_CODE_FORBIDDEN);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_JOIN_REQUESTS), 0);
    w.now_ms += 1000;
    struct chat_join_request anew = join_request(&w, carol, &invite);
    assert_code(world_ask(&w, carol, CHAT_VERB_JOIN_REQUEST, &anew, NULL), CHAT_CODE_OK);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_JOIN_REQUESTS), 1);
    world_end(&w);
}

static void requests_past_their_time_make_room_for_others(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct crypto_signing_key invite;
    world_init(&w, 10);
    world_usual(&w, &keys, 2);
    world_register(&w, CAROL, "carol", false);
    world_register(&w, MALLORY, "mallory", false);
    struct person *carol = &w.people[CAROL], *mallory = &w.people[MALLORY];
    put_invite(&w, &w.people[ALICE], &invite, 5, CHAT_CODE_OK);
    struct chat_join_request request = join_request(&w, carol, &invite);
    assert_code(world_ask(&w, carol, CHAT_VERB_JOIN_REQUEST, &request, NULL), CHAT_CODE_OK);
    w.now_ms += HUB_JOIN_LIFE_MS + 1;
    w.people[ALICE].conn = mallory->conn = 0;
    world_login(&w, &w.people[ALICE]);
    world_login(&w, mallory);
    put_invite(&w, &w.people[ALICE], &invite, 5, CHAT_CODE_OK);
    request = join_request(&w, mallory, &invite);
    assert_code(world_ask(&w, mallory, CHAT_VERB_JOIN_REQUEST, &request, NULL), CHAT_CODE_OK);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_JOIN_REQUESTS), 1);
    world_end(&w);
}

static void an_account_keeps_so_many_invitations_and_they_are_forgotten(void **state)
{
    (void)state;
    enum { COUNT = 256 };
    struct world w;
    struct world_desk_keys keys;
    struct crypto_signing_key invite;
    world_init(&w, 11);
    world_usual(&w, &keys, 2);
    size_t before = store_mem_count(&w.store, HUB_TABLE_INVITES);
    for (size_t i = 0; i < COUNT; i++) {
        put_invite(&w, &w.people[ALICE], &invite, 1, CHAT_CODE_OK);
        world_forget(&w);
    }
    put_invite(&w, &w.people[ALICE], &invite, 1, CHAT_CODE_RATE_LIMITED);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_INVITES), before + 2 * COUNT);
    w.now_ms += 15 * UINT64_C(86400000);
    world_tick(&w, HUB_MAINTENANCE_MS);
    world_tick(&w, HUB_MAINTENANCE_MS);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_INVITES), 0);
    w.people[ALICE].conn = 0;
    world_login(&w, &w.people[ALICE]);
    put_invite(&w, &w.people[ALICE], &invite, 1, CHAT_CODE_OK);
    world_end(&w);
}

static void requests_travel_by_post_with_a_logins_token(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 8);
    world_register(&w, ALICE, "alice", true);
    struct person *alice = &w.people[ALICE];
    struct chat_opaque handle = { TB_LITERAL("alice") }, account;
    tb_bytes body;
    assert_ok(wire_encode(&chat_opaque_desc, &handle, &w.arena, &body));
    world_forget(&w);
    for (size_t i = 0; i < 2; i++) {
        world_event(&w, (struct hub_event){ .kind = HUB_EVENT_POST, .conn = w.next_conn++,
                                            .verb = CHAT_VERB_LOOKUP, .bytes = body,
                                            .token = TB_ARRAY(alice->login.token) });
        assert_true(world_close_turn(&w));
        assert_int_equal(w.inbox[0].kind, HUB_EFFECT_ANSWER);
        assert_code(w.inbox[0].code, i == 0 ? CHAT_CODE_OK : CHAT_CODE_UNAUTHENTICATED);
        if (i == 0) {
            assert_ok(wire_decode(&chat_opaque_desc, w.inbox[0].bytes, &w.arena, &account, NULL));
            assert_bytes(account.value, alice->account);
        }
        world_disconnect(&w, alice); /* the token ends with its login */
        world_forget(&w);
    }
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_packages_are_handed_out_once_and_the_last_resort_again),
        cmocka_unit_test(without_a_package_of_a_known_suite_the_device_is_exhausted),
        cmocka_unit_test(nobody_gets_key_packages_without_consent),
        cmocka_unit_test(a_key_package_of_another_device_or_key_is_refused),
        cmocka_unit_test(the_number_of_key_packages_is_limited),
        cmocka_unit_test(a_request_by_link_waits_for_a_member_and_is_consent),
        cmocka_unit_test(an_invitation_that_was_taken_back_is_gone_with_who_waits_by_it),
        cmocka_unit_test(a_removal_voids_what_was_asked_for_before),
        cmocka_unit_test(requests_past_their_time_make_room_for_others),
        cmocka_unit_test(an_account_keeps_so_many_invitations_and_they_are_forgotten),
        cmocka_unit_test(a_link_used_up_over_or_of_another_room_is_refused),
        cmocka_unit_test(requests_travel_by_post_with_a_logins_token),
    };
    return cmocka_run_group_tests_name("hub/people", tests, NULL, NULL);
}
