/* After a restore: rooms freeze, members give back what the hub lost, and no number comes twice. */
#include "tests/unit/hub_room.h"

#include "chat/decision.h"

enum { PAGE_MAX = 32 };

struct kept { /* pages of ROOM as a member holds them */
    tb_bytes pages[PAGE_MAX];
    size_t count;
};

static void keep_pages(struct world *w, const struct person *who, struct kept *kept)
{
    kept->count = 0;
    for (size_t i = 0; i < w->inbox_count; i++) {
        tb_bytes frame = w->inbox[i].bytes;
        if (w->inbox[i].conn != who->conn || frame.len < 3 || frame.data[0] != CHAT_FRAME_PUSH ||
            tb_get_u16(frame.data + 1) != CHAT_PUSH_PAGE) {
            continue;
        }
        assert_true(kept->count < PAGE_MAX);
        kept->pages[kept->count++] = tb_bytes_of(frame.data + 3, frame.len - 3);
    }
}

/* The operator puts the backup back and starts the hub. */
static void restore(struct world *w, struct store_mem *backup)
{
    hub_free(w->hub);
    store_mem_wipe(&w->store);
    store_mem_init(&w->store);
    store_mem_copy(&w->store, backup);
    for (size_t i = 0; i < WORLD_PERSON_MAX; i++) w->people[i].conn = 0;
    w->inbox_count = 0;
    world_start(w);
    store_mem_begin(&w->store);
    assert_ok(hub_mark_restored(w->hub, w->now_ms));
    assert_ok(store_mem_commit(&w->store));
}

static uint16_t present(struct world *w, const struct person *who, uint64_t log_seq,
                        struct chat_heads_answer *answer)
{
    struct chat_head head = { .room_uri = w->rooms[ROOM], .log_seq = log_seq };
    struct chat_heads heads = { .heads = { &head, 1 } };
    return world_ask(w, who, CHAT_VERB_HEADS_PUT, &heads, answer);
}

static uint16_t import(struct world *w, const struct person *who, const tb_bytes *pages,
                       size_t count)
{
    struct wire_opaque items[PAGE_MAX];
    struct chat_pages_import request = { .room_uri = w->rooms[ROOM] };
    for (size_t i = 0; i < count; i++) items[i].value = pages[i];
    request.pages.at = items;
    request.pages.count = count;
    return world_ask(w, who, CHAT_VERB_PAGES_IMPORT, &request, NULL);
}

/* Two messages before the backup, three messages and a commit behind it. */
static void lose_some(struct world *w, struct world_desk_keys *keys, struct kept *kept)
{
    struct store_mem backup;
    struct world_commit c = { .count = 0 };
    world_usual(w, keys, 2);
    struct person *alice = &w->people[ALICE], *bob = &w->people[BOB];
    for (uint8_t i = 1; i <= 2; i++) assert_code(world_say(w, bob, ROOM, i, NULL), CHAT_CODE_OK);
    store_mem_init(&backup);
    store_mem_copy(&backup, &w->store);
    world_forget(w);
    for (uint8_t i = 3; i <= 4; i++) assert_code(world_say(w, bob, ROOM, i, NULL), CHAT_CODE_OK);
    world_make_commit(w, alice, ROOM, &c);
    assert_code(world_update(w, alice, ROOM, &c), CHAT_CODE_OK);
    assert_code(world_ack(w, bob, ROOM, &c, CHAT_ACK_APPLIED), CHAT_CODE_OK);
    assert_ok(mls_group_pending_merge(alice->groups[ROOM]));
    world_take(w, bob, ROOM, c.out.commit);
    assert_code(world_say(w, bob, ROOM, 5, NULL), CHAT_CODE_OK);
    keep_pages(w, bob, kept);
    assert_int_equal(kept->count, 4);
    restore(w, &backup);
    store_mem_wipe(&backup);
}

static void members_give_back_what_the_backup_lacks(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct kept kept;
    struct chat_heads_answer wanted;
    struct chat_submit_answer answer;
    world_init(&w, 1);
    lose_some(&w, &keys, &kept);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB];
    world_login(&w, bob);
    assert_int_equal(bob->login.rooms.at[0].state, 2);
    world_subscribe(&w, bob, ROOM, 7);
    assert_code(world_say(&w, bob, ROOM, 6, NULL), CHAT_CODE_FROZEN);
    assert_code(present(&w, bob, 7, &wanted), CHAT_CODE_OK);
    assert_int_equal(wanted.wanted.count, 1);
    assert_int_equal(wanted.wanted.at[0].log_seq, 3);
    assert_code(import(&w, bob, kept.pages, kept.count), CHAT_CODE_OK);
    assert_code(import(&w, bob, kept.pages, kept.count), CHAT_CODE_OK); /* once more is no harm */
    assert_code(world_say(&w, bob, ROOM, 6, NULL), CHAT_CODE_FROZEN);   /* alice is missing */
    world_login(&w, alice);
    world_subscribe(&w, alice, ROOM, 7);
    assert_code(present(&w, alice, 6, &wanted), CHAT_CODE_OK);
    assert_int_equal(wanted.wanted.count, 0);
    struct chat_page page;
    size_t last = world_push_count(&w, bob, CHAT_PUSH_PAGE) - 1;
    assert_true(world_push(&w, bob, CHAT_PUSH_PAGE, last, &page));
    const struct chat_entry *entry = &page.entries.at[0];
    assert_int_equal(entry->kind, CHAT_ENTRY_RESTORED);
    assert_int_equal(entry->body.restored->room_seq, 5);
    assert_ok(chat_frank_restored_verify(&w.suite, world_facts(&w, bob).agent_keys[0],
                                         w.rooms[ROOM], entry->body.restored));
    assert_code(world_say(&w, bob, ROOM, 6, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.timbre_frank.room_seq, entry->body.restored->next_room_seq);
    assert_memory_equal(answer.timbre_frank.prev_chain, entry->body.restored->chain,
                        CHAT_HASH_LEN);
    /* a message of the lost time is still a duplicate */
    assert_code(world_say(&w, alice, ROOM, 4, NULL), CHAT_CODE_DUPLICATE);
    world_end(&w);
}

static void what_was_not_logged_by_this_hub_is_not_imported(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct kept kept;
    struct chat_heads_answer wanted;
    world_init(&w, 2);
    lose_some(&w, &keys, &kept);
    struct person *bob = &w.people[BOB];
    world_login(&w, bob);
    assert_code(present(&w, bob, 7, &wanted), CHAT_CODE_OK);
    tb_bytes changed;
    for (size_t i = 60; i < kept.pages[0].len; i += 29) {
        assert_ok(tb_arena_dup(&w.arena, kept.pages[0], &changed));
        ((uint8_t *)(uintptr_t)changed.data)[i] ^= 1;
        import(&w, bob, &changed, 1); /* refused, or passed over as another place in the log */
        assert_code(present(&w, bob, 7, &wanted), CHAT_CODE_OK);
        assert_int_equal(wanted.wanted.at[0].log_seq, 3);
    }
    /* out of order: passed over, and the room still lacks them */
    assert_code(import(&w, bob, &kept.pages[1], 1), CHAT_CODE_OK);
    assert_code(present(&w, bob, 7, &wanted), CHAT_CODE_OK);
    assert_int_equal(wanted.wanted.at[0].log_seq, 3);
    world_end(&w);
}

static void a_room_thaws_after_its_time_without_the_missing(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct kept kept;
    struct chat_heads_answer wanted;
    world_init(&w, 3);
    lose_some(&w, &keys, &kept);
    struct person *alice = &w.people[ALICE];
    world_login(&w, alice);
    world_subscribe(&w, alice, ROOM, 3);
    world_tick(&w, 1000000); /* nobody has presented a head: it waits */
    assert_false(world_push(&w, alice, CHAT_PUSH_PAGE, 0, NULL));
    assert_code(present(&w, alice, 7, &wanted), CHAT_CODE_OK);
    world_tick(&w, 899999);
    assert_false(world_push(&w, alice, CHAT_PUSH_PAGE, 0, NULL));
    world_tick(&w, 10001);
    assert_true(world_push(&w, alice, CHAT_PUSH_PAGE, 0, NULL));
    world_end(&w);
}

static void who_came_after_the_backup_is_told_when_the_room_thaws(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct store_mem backup;
    struct chat_heads_answer wanted;
    struct chat_room_state room;
    world_init(&w, 5);
    world_usual(&w, &keys, 2);
    world_register(&w, CAROL, "carol", false);
    store_mem_init(&backup);
    store_mem_copy(&backup, &w.store);
    world_add(&w, &w.people[ALICE], &w.people[CAROL], ROOM, CHAT_ROLE_MEMBER);
    restore(&w, &backup);
    store_mem_wipe(&backup);
    struct person *carol = &w.people[CAROL];
    world_login(&w, carol);
    assert_code(present(&w, carol, 2, &wanted), CHAT_CODE_OK);
    assert_int_equal(wanted.wanted.count, 0); /* only members give pages back */
    assert_false(world_push(&w, carol, CHAT_PUSH_ROOM_STATE, 0, NULL));
    world_tick(&w, 910000); /* though no member came, the room does not wait for ever */
    assert_true(world_push(&w, carol, CHAT_PUSH_ROOM_STATE, 0, &room));
    assert_int_equal(room.state, 4);
    world_forget(&w);
    assert_code(present(&w, carol, 2, &wanted), CHAT_CODE_OK);
    assert_true(world_push(&w, carol, CHAT_PUSH_ROOM_STATE, 0, &room));
    assert_int_equal(room.state, 4);
    world_end(&w);
}

static void a_leave_that_comes_back_is_not_doubled_by_a_ban(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct store_mem backup;
    struct kept kept;
    struct chat_heads_answer wanted;
    struct world_commit c = { .count = 0 };
    uint8_t none[] = { 0 };
    world_init(&w, 6);
    world_usual(&w, &keys, 3);
    struct person *alice = &w.people[ALICE], *bob = &w.people[BOB], *carol = &w.people[CAROL];
    store_mem_init(&backup);
    store_mem_copy(&backup, &w.store);
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    assert_ok(mls_group_propose(carol->groups[ROOM], &leave, TB_ARRAY(none), true, &w.arena,
                                &c.out.commit));
    assert_code(world_update(&w, carol, ROOM, &c), CHAT_CODE_OK);
    keep_pages(&w, bob, &kept);
    restore(&w, &backup);
    store_mem_wipe(&backup);
    for (size_t i = ALICE; i <= CAROL; i++) {
        world_login(&w, &w.people[i]);
        world_subscribe(&w, &w.people[i], ROOM, 3);
        assert_code(present(&w, &w.people[i], 3, &wanted), CHAT_CODE_OK);
        if (i == ALICE) assert_code(import(&w, alice, kept.pages, kept.count), CHAT_CODE_OK);
    }
    assert_code(world_say(&w, bob, ROOM, 1, NULL), CHAT_CODE_MISSING_PROPOSALS);
    assert_int_equal(w.error.refs.count, 1);
    /* banned meanwhile: her role changes, and she is not removed a second time */
    struct chat_sealed_statement statement = { carol->device, TB_LITERAL("kem"),
                                               TB_LITERAL("sealed reasons") };
    struct chat_decision_put put = { .sealed_statements = { &statement, 1 } };
    put.decision = (struct chat_decision){
        .domain = TB_LITERAL("hub.example"), .subject = carol->account,
        .action = CHAT_ACTION_BAN, .scope = CHAT_SCOPE_ROOM, .room_uri = w.rooms[ROOM],
        .reason_code = 1, .decider_device = alice->device, .decided_ms = w.now_ms,
    };
    assert_ok(chat_decision_sign(&w.suite, &alice->device_key, &put.decision, &w.arena));
    assert_code(world_ask(&w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
    assert_code(world_say(&w, bob, ROOM, 1, NULL), CHAT_CODE_MISSING_PROPOSALS);
    assert_int_equal(w.error.refs.count, 2);
    world_end(&w);
}

static void the_operator_may_thaw_a_room(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct kept kept;
    world_init(&w, 4);
    lose_some(&w, &keys, &kept);
    struct person operator = { .conn = w.next_conn++ };
    world_event(&w, (struct hub_event){ .kind = HUB_EVENT_OPENED, .conn = operator.conn,
                                        .is_admin = true });
    struct chat_opaque room = { w.rooms[ROOM] };
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_THAW, &room, NULL), CHAT_CODE_OK);
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_THAW, &room, NULL), CHAT_CODE_CONFLICT);
    struct chat_admin_rows rows;
    struct chat_nothing nothing = { NULL };
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_ROOMS, &nothing, &rows), CHAT_CODE_OK);
    assert_int_equal(rows.rows.count, 3); /* headings, desk, room */
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_USERS, &nothing, &rows), CHAT_CODE_OK);
    assert_int_equal(rows.rows.count, 3);
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_STATUS, &nothing, &rows), CHAT_CODE_OK);
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_INVITES, &nothing, &rows), CHAT_CODE_OK);
    assert_int_equal(rows.rows.count, 3);
    struct chat_opaque id = { rows.rows.at[1].cells.at[0].value };
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_INVITE_REVOKE, &id, NULL), CHAT_CODE_OK);
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_INVITE_REVOKE, &id, NULL),
                CHAT_CODE_NOT_FOUND);
    struct chat_admin_invite invite = { 0, 0, 0 };
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_INVITE, &invite, NULL), CHAT_CODE_OK);
    struct chat_admin_user_set set = { w.people[BOB].account, 1 };
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_USER_SET, &set, NULL), CHAT_CODE_OK);
    world_login(&w, &w.people[BOB]);
    assert_true(w.people[BOB].login.is_admin);
    set.what = 3;
    assert_code(world_ask(&w, &operator, CHAT_VERB_ADMIN_USER_SET, &set, NULL), CHAT_CODE_OK);
    assert_true(world_push(&w, &w.people[BOB], CHAT_PUSH_CLOSING, 0, NULL));
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_give_back_what_the_backup_lacks),
        cmocka_unit_test(what_was_not_logged_by_this_hub_is_not_imported),
        cmocka_unit_test(a_room_thaws_after_its_time_without_the_missing),
        cmocka_unit_test(who_came_after_the_backup_is_told_when_the_room_thaws),
        cmocka_unit_test(a_leave_that_comes_back_is_not_doubled_by_a_ban),
        cmocka_unit_test(the_operator_may_thaw_a_room),
    };
    return cmocka_run_group_tests_name("hub/restore", tests, NULL, NULL);
}
