/* Rooms and commits: tentative, acked, refused, rolled back, forgotten by nobody. */
#include "tests/unit/hub_room.h"

static void a_room_needs_a_desk_first(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_room group = { .kind = CHAT_ROOM_GROUP };
    world_init(&w, 1);
    world_register(&w, ALICE, "alice", true);
    assert_code(world_create(&w, &w.people[ALICE], ROOM, &group), CHAT_CODE_DESK_MISSING);
    world_desk(&w, &w.people[ALICE], &keys);
    assert_code(world_create(&w, &w.people[ALICE], ROOM, &group), CHAT_CODE_OK);
    assert_code(world_create(&w, &w.people[ALICE], ROOM, &group), CHAT_CODE_CONFLICT);
    world_end(&w);
}

static void only_an_admin_creates_the_desk(void **state)
{
    (void)state;
    struct world w;
    struct crypto_signing_key verify;
    world_init(&w, 2);
    world_register(&w, BOB, "bob", false);
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &verify));
    struct world_room desk = { .kind = CHAT_ROOM_DESK,
                               .desk_verify_key = crypto_signing_key_public(&verify) };
    assert_code(world_create(&w, &w.people[BOB], DESK, &desk), CHAT_CODE_FORBIDDEN);
    world_end(&w);
}

static void a_room_with_another_agent_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 3);
    world_register(&w, ALICE, "alice", true);
    world_desk(&w, &w.people[ALICE], &keys);
    struct world other; /* facts of another hub with the same domain */
    struct world_desk_keys other_keys;
    world_init(&other, 33);
    world_register(&other, ALICE, "alice", true);
    world_desk(&other, &other.people[ALICE], &other_keys);
    struct world_room group = { .kind = CHAT_ROOM_GROUP };
    assert_ok(chat_names_room(TB_LITERAL("hub.example"), &w.rng.rng, &other.arena,
                              &other.rooms[ROOM]));
    other.people[ALICE].device = w.people[ALICE].device;
    other.people[ALICE].account = w.people[ALICE].account;
    other.people[ALICE].device_key = w.people[ALICE].device_key;
    struct chat_room_create request = world_create_request(&other, &other.people[ALICE], ROOM,
                                                           &group);
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_ROOM_CREATE, &request, NULL),
                CHAT_CODE_POLICY);
    world_end(&other);
    world_end(&w);
}

static void a_newcomer_gets_its_welcome_when_the_commit_is_final(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_submit_answer answer;
    struct chat_welcome welcome;
    world_init(&w, 4);
    world_usual(&w, &keys, 2);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, &answer), CHAT_CODE_OK);
    world_register(&w, CAROL, "carol", false);
    world_add(&w, &w.people[ALICE], &w.people[CAROL], ROOM, CHAT_ROLE_MEMBER);
    assert_true(world_push(&w, &w.people[CAROL], CHAT_PUSH_WELCOME, 0, &welcome));
    assert_int_equal(welcome.head.room_seq, 1);
    assert_int_equal(welcome.stubs.count, 1);
    assert_int_equal(welcome.stubs.at[0].room_seq, 1);
    assert_bytes(welcome.stubs.at[0].context.sender_uri, w.people[BOB].account);
    /* acknowledged: it is not handed out again */
    world_disconnect(&w, &w.people[CAROL]);
    world_forget(&w);
    world_login(&w, &w.people[CAROL]);
    assert_false(world_push(&w, &w.people[CAROL], CHAT_PUSH_WELCOME, 0, NULL));
    assert_int_equal(w.people[CAROL].login.rooms.count, 1);
    world_end(&w);
}

static void a_commit_is_tentative_until_another_member_applied_it(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 }, second = { .count = 0 };
    struct chat_cursor final;
    world_init(&w, 5);
    world_usual(&w, &keys, 3);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_false(world_push(&w, &w.people[ALICE], CHAT_PUSH_FINAL, 0, NULL));
    world_make_commit(&w, &w.people[BOB], ROOM, &second);
    assert_code(world_update(&w, &w.people[BOB], ROOM, &second), CHAT_CODE_TENTATIVE);
    /* the committer cannot vouch for itself, and a signature must be right */
    assert_code(world_ack(&w, &w.people[ALICE], ROOM, &c, CHAT_ACK_APPLIED),
                CHAT_CODE_FORBIDDEN);
    struct chat_commit_ack ack = world_ack_request(&w, &w.people[BOB], ROOM, &c,
                                                   CHAT_ACK_APPLIED);
    ack.result = CHAT_ACK_OTHER;
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_COMMIT_ACK, &ack, NULL),
                CHAT_CODE_SIGNATURE);
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
    assert_true(world_push(&w, &w.people[ALICE], CHAT_PUSH_FINAL, 0, &final));
    assert_int_equal(final.log_seq, c.log_seq);
    assert_code(world_update(&w, &w.people[BOB], ROOM, &second), CHAT_CODE_WRONG_EPOCH);
    world_end(&w);
}

static void a_commit_without_a_nack_is_final_after_its_time(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    world_init(&w, 6);
    world_usual(&w, &keys, 3);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_int_equal(w.wake_ms, w.now_ms + 5000);
    world_tick(&w, 4999);
    assert_false(world_push(&w, &w.people[BOB], CHAT_PUSH_FINAL, 0, NULL));
    world_tick(&w, 1);
    assert_true(world_push(&w, &w.people[BOB], CHAT_PUSH_FINAL, 0, NULL));
    world_end(&w);
}

static void a_commit_is_final_at_once_when_nobody_else_is_there(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    world_init(&w, 7);
    world_usual(&w, &keys, 2);
    world_disconnect(&w, &w.people[BOB]);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_true(world_push(&w, &w.people[ALICE], CHAT_PUSH_FINAL, 0, NULL));
    world_end(&w);
}

static void nacks_of_all_roll_back_and_the_committer_pauses(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 }, other = { .count = 0 };
    struct chat_page page;
    world_init(&w, 8);
    world_usual(&w, &keys, 3);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_PATH_SECRET), CHAT_CODE_OK);
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_OTHER), CHAT_CODE_OK);
    assert_false(world_push(&w, &w.people[CAROL], CHAT_PUSH_PAGE, 1, &page));
    assert_code(world_ack(&w, &w.people[CAROL], ROOM, &c, CHAT_ACK_OTHER), CHAT_CODE_OK);
    assert_true(world_push(&w, &w.people[CAROL], CHAT_PUSH_PAGE, 1, &page));
    const struct chat_entry *entry = &page.entries.at[0];
    assert_int_equal(entry->kind, CHAT_ENTRY_ROLLBACK);
    assert_int_equal(entry->body.rollback->commit_log_seq, c.log_seq);
    assert_int_equal(entry->body.rollback->reason, CHAT_ACK_PATH_SECRET);
    assert_int_equal(entry->body.rollback->epoch, 2);
    /* the old epoch goes on */
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    mls_group_pending_clear(w.people[ALICE].groups[ROOM]);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_RATE_LIMITED);
    world_make_commit(&w, &w.people[BOB], ROOM, &other);
    assert_code(world_update(&w, &w.people[BOB], ROOM, &other), CHAT_CODE_OK);
    assert_code(world_ack(&w, &w.people[CAROL], ROOM, &other, CHAT_ACK_APPLIED), CHAT_CODE_OK);
    world_end(&w);
}

static void one_nack_waits_for_the_others_and_counts_at_the_end(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    struct chat_page page;
    world_init(&w, 20);
    world_usual(&w, &keys, 3);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_OTHER), CHAT_CODE_OK);
    /* somebody applied it: bob alone cannot hold it up */
    assert_code(world_ack(&w, &w.people[CAROL], ROOM, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
    assert_true(world_push(&w, &w.people[ALICE], CHAT_PUSH_FINAL, 0, NULL));
    assert_ok(mls_group_pending_merge(w.people[ALICE].groups[ROOM]));
    world_take(&w, &w.people[BOB], ROOM, c.out.commit);
    /* nobody says that the next one works: the NACK counts, over a restart too */
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_POLICY), CHAT_CODE_OK);
    world_crash(&w);
    world_login(&w, &w.people[BOB]);
    world_subscribe(&w, &w.people[BOB], ROOM, c.log_seq);
    world_tick(&w, 5000);
    assert_true(world_push(&w, &w.people[BOB], CHAT_PUSH_PAGE, 0, &page));
    assert_int_equal(page.entries.at[0].kind, CHAT_ENTRY_ROLLBACK);
    assert_int_equal(page.entries.at[0].body.rollback->reason, CHAT_ACK_POLICY);
    world_end(&w);
}

static void a_rolled_back_add_leaves_no_trace(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    world_init(&w, 9);
    world_usual(&w, &keys, 2);
    world_register(&w, CAROL, "carol", false);
    world_propose_add(&w, &c, world_claim(&w, &w.people[ALICE], &w.people[CAROL], w.rooms[ROOM]));
    struct chat_user_role_pair pair = { w.people[CAROL].account, CHAT_ROLE_MEMBER };
    struct chat_participant_update update = { .added_participants = { &pair, 1 } };
    world_propose_list(&w, &c, &update);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_OTHER), CHAT_CODE_OK);
    assert_false(world_push(&w, &w.people[CAROL], CHAT_PUSH_WELCOME, 0, NULL));
    world_disconnect(&w, &w.people[CAROL]);
    world_login(&w, &w.people[CAROL]);
    assert_int_equal(w.people[CAROL].login.rooms.count, 0);
    assert_int_equal(store_mem_count(&w.store, HUB_TABLE_WELCOMES), 0);
    world_end(&w);
}

static void a_commit_asked_for_again_is_answered_as_before(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    world_init(&w, 10);
    world_usual(&w, &keys, 3);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    uint64_t log_seq = c.log_seq;
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_int_equal(c.log_seq, log_seq);
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_int_equal(c.log_seq, log_seq);
    world_end(&w);
}

static void a_tentative_commit_survives_the_process(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    world_init(&w, 11);
    world_usual(&w, &keys, 3);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    world_crash(&w);
    world_login(&w, &w.people[BOB]);
    world_subscribe(&w, &w.people[BOB], ROOM, c.log_seq - 1);
    assert_true(world_push(&w, &w.people[BOB], CHAT_PUSH_PAGE, 0, NULL));
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_SIGNATURE), CHAT_CODE_OK);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    world_crash(&w);
    world_login(&w, &w.people[BOB]);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 2, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void a_changed_commit_and_a_false_name_are_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    world_init(&w, 12);
    world_usual(&w, &keys, 3);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[BOB], ROOM, &c), CHAT_CODE_FORBIDDEN);
    tb_bytes whole = c.out.commit;
    for (size_t i = 8; i < whole.len; i += whole.len / 16) {
        assert_ok(tb_arena_dup(&w.arena, whole, &c.out.commit));
        ((uint8_t *)(uintptr_t)c.out.commit.data)[i] ^= 0x10;
        uint16_t code = world_update(&w, &w.people[ALICE], ROOM, &c);
        if (code == CHAT_CODE_OK) { /* the membership tag is beyond the hub (RFC 9420, 16.12) */
            assert_true(i > whole.len - 40);
            break;
        }
    }
    world_end(&w);
}

static void an_add_without_a_welcome_or_beyond_the_role_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    world_init(&w, 13);
    world_usual(&w, &keys, 3);
    world_register(&w, MALLORY, "mallory", false);
    assert_code(world_put_key_package(&w, &w.people[MALLORY], false), CHAT_CODE_OK);
    world_propose_add(&w, &c, w.people[MALLORY].key_package);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c); /* nobody in the list */
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_POLICY);
    struct chat_user_role_pair pair = { w.people[MALLORY].account, CHAT_ROLE_OWNER };
    struct chat_participant_update update = { .added_participants = { &pair, 1 } };
    world_propose_list(&w, &c, &update);
    world_make_commit(&w, &w.people[BOB], ROOM, &c); /* a member makes an owner */
    assert_code(world_update(&w, &w.people[BOB], ROOM, &c), CHAT_CODE_POLICY);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    c.out.welcome = (tb_bytes){ NULL, 0 };
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_BAD_REQUEST);
    world_end(&w);
}

static void a_leaf_with_an_unrecorded_key_is_refused(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    world_init(&w, 14);
    world_usual(&w, &keys, 2);
    world_register(&w, CAROL, "carol", false);
    struct person forged = w.people[CAROL];
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &forged.device_key));
    world_key_package(&w, &forged, false);
    world_propose_add(&w, &c, forged.key_package);
    struct chat_user_role_pair pair = { w.people[CAROL].account, CHAT_ROLE_MEMBER };
    struct chat_participant_update update = { .added_participants = { &pair, 1 } };
    world_propose_list(&w, &c, &update);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_POLICY);
    world_end(&w);
}

static void a_leave_gates_messages_and_commits_until_it_is_carried(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    uint8_t none[] = { 0 };
    world_init(&w, 15);
    world_usual(&w, &keys, 3);
    struct person *carol = &w.people[CAROL], *bob = &w.people[BOB];
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    assert_ok(mls_group_propose(carol->groups[ROOM], &leave, TB_ARRAY(none), true, &w.arena,
                                &c.out.commit));
    assert_code(world_update(&w, carol, ROOM, &c), CHAT_CODE_OK);
    tb_bytes proposal = c.out.commit;
    assert_code(world_say(&w, bob, ROOM, 1, NULL), CHAT_CODE_MISSING_PROPOSALS);
    assert_int_equal(w.error.refs.count, 1);
    world_make_commit(&w, bob, ROOM, &c);
    assert_code(world_update(&w, bob, ROOM, &c), CHAT_CODE_MISSING_PROPOSALS);
    world_crash(&w); /* the list is durable */
    world_login(&w, bob);
    world_subscribe(&w, bob, ROOM, 0);
    assert_code(world_say(&w, bob, ROOM, 2, NULL), CHAT_CODE_MISSING_PROPOSALS);
    world_take(&w, bob, ROOM, proposal);
    c.include_pending = true;
    world_make_commit(&w, bob, ROOM, &c);
    assert_code(world_update(&w, bob, ROOM, &c), CHAT_CODE_OK);
    assert_ok(mls_group_pending_merge(bob->groups[ROOM]));
    assert_code(world_say(&w, bob, ROOM, 3, NULL), CHAT_CODE_OK);
    world_login(&w, carol);
    assert_int_equal(carol->login.rooms.at[0].state, 4);
    world_end(&w);
}

static void a_refused_store_takes_a_commit_back(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    world_init(&w, 16);
    world_usual(&w, &keys, 3);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    w.store.commit_fault = STORE_MEM_REFUSES_ONCE;
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_STORE);
    assert_code(world_say(&w, &w.people[BOB], ROOM, 1, NULL), CHAT_CODE_OK);
    assert_code(world_update(&w, &w.people[ALICE], ROOM, &c), CHAT_CODE_OK);
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
    world_end(&w);
}

static void a_commit_at_any_failing_allocation_happens_whole_or_not_at_all(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct world_commit c = { .count = 0 };
    world_init(&w, 17);
    world_usual(&w, &keys, 3);
    world_make_commit(&w, &w.people[ALICE], ROOM, &c);
    struct chat_room_update update = world_update_request(&w, ROOM, &c);
    assert_true(world_starve(&w, &w.people[ALICE], CHAT_VERB_ROOM_UPDATE, &update) > 10);
    assert_code(world_ack(&w, &w.people[BOB], ROOM, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
    assert_ok(mls_group_pending_merge(w.people[ALICE].groups[ROOM]));
    assert_code(world_say(&w, &w.people[ALICE], ROOM, 1, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void a_room_of_a_refused_turn_was_never_there(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 18);
    world_register(&w, ALICE, "alice", true);
    world_desk(&w, &w.people[ALICE], &keys);
    assert_ok(chat_names_room(TB_LITERAL("hub.example"), &w.rng.rng, &w.arena, &w.rooms[ROOM]));
    struct world_room group = { .kind = CHAT_ROOM_GROUP };
    struct chat_room_create create = world_create_request(&w, &w.people[ALICE], ROOM, &group);
    struct chat_cursor cursor = { w.rooms[ROOM], 0 };
    struct chat_cursors cursors = { .cursors = { &cursor, 1 } };
    uint32_t one = world_send(&w, &w.people[ALICE], CHAT_VERB_ROOM_CREATE, &create);
    world_send(&w, &w.people[ALICE], CHAT_VERB_SUBSCRIBE, &cursors);
    w.store.commit_fault = STORE_MEM_REFUSES_ONCE;
    assert_false(world_close_turn(&w));
    assert_code(world_answer(&w, one, CHAT_VERB_ROOM_CREATE, NULL), CHAT_CODE_STORE);
    world_tick(&w, 1);
    assert_code(world_say(&w, &w.people[ALICE], ROOM, 1, NULL), CHAT_CODE_NOT_FOUND);
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_ROOM_CREATE, &create, NULL),
                CHAT_CODE_OK);
    world_subscribe(&w, &w.people[ALICE], ROOM, 0);
    world_forget(&w);
    assert_code(world_say(&w, &w.people[ALICE], ROOM, 2, NULL), CHAT_CODE_OK);
    assert_int_equal(world_push_count(&w, &w.people[ALICE], CHAT_PUSH_PAGE), 1);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_room_needs_a_desk_first),
        cmocka_unit_test(only_an_admin_creates_the_desk),
        cmocka_unit_test(a_room_with_another_agent_is_refused),
        cmocka_unit_test(a_newcomer_gets_its_welcome_when_the_commit_is_final),
        cmocka_unit_test(a_commit_is_tentative_until_another_member_applied_it),
        cmocka_unit_test(a_commit_without_a_nack_is_final_after_its_time),
        cmocka_unit_test(a_commit_is_final_at_once_when_nobody_else_is_there),
        cmocka_unit_test(nacks_of_all_roll_back_and_the_committer_pauses),
        cmocka_unit_test(one_nack_waits_for_the_others_and_counts_at_the_end),
        cmocka_unit_test(a_rolled_back_add_leaves_no_trace),
        cmocka_unit_test(a_commit_asked_for_again_is_answered_as_before),
        cmocka_unit_test(a_tentative_commit_survives_the_process),
        cmocka_unit_test(a_changed_commit_and_a_false_name_are_refused),
        cmocka_unit_test(an_add_without_a_welcome_or_beyond_the_role_is_refused),
        cmocka_unit_test(a_leaf_with_an_unrecorded_key_is_refused),
        cmocka_unit_test(a_leave_gates_messages_and_commits_until_it_is_carried),
        cmocka_unit_test(a_refused_store_takes_a_commit_back),
        cmocka_unit_test(a_commit_at_any_failing_allocation_happens_whole_or_not_at_all),
        cmocka_unit_test(a_room_of_a_refused_turn_was_never_there),
    };
    return cmocka_run_group_tests_name("hub/commit", tests, NULL, NULL);
}
