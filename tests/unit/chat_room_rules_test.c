/* Rules of a room: who may change them, about whom, and when a time is over. */
#include "tests/support.h"

#include "chat/room_rules.h"

#define OWNER "mimi://hub.example/u/00000000000000000001"
#define MODERATOR "mimi://hub.example/u/00000000000000000002"
#define MEMBER "mimi://hub.example/u/00000000000000000003"

struct fixture {
    struct test_heap heap;
    struct tb_arena arena;
    struct chat_policy_room room;
    struct chat_user_role_pair pairs[3];
    struct chat_room_rules wanted;
};

static void begin(struct fixture *f)
{
    memset(f, 0, sizeof *f);
    test_heap_init(&f->heap);
    tb_arena_init(&f->arena, &f->heap.mem, 1 << 20);
    f->pairs[0] = (struct chat_user_role_pair){ TB_LITERAL(OWNER), CHAT_ROLE_OWNER };
    f->pairs[1] = (struct chat_user_role_pair){ TB_LITERAL(MODERATOR), CHAT_ROLE_MODERATOR };
    f->pairs[2] = (struct chat_user_role_pair){ TB_LITERAL(MEMBER), CHAT_ROLE_MEMBER };
    f->room.participants.participants.at = f->pairs;
    f->room.participants.participants.count = 3;
    assert_ok(chat_policy_roles(CHAT_ROOM_GROUP, &f->arena, &f->room.roles));
}

static void end(struct fixture *f)
{
    tb_arena_wipe(&f->arena);
    assert_int_equal(f->heap.mem.used_bytes, 0);
}

static tb_status update(struct fixture *f, uint32_t role)
{
    struct wire_opaque value;
    assert_ok(wire_encode(&chat_room_rules_desc, &f->wanted, &f->arena, &value.value));
    struct mls_app_data_update proposal = { .component_id = MLS_COMPONENT_TIMBRE_ROOM_RULES,
                                            .op = MLS_APP_DATA_UPDATE };
    proposal.of.update = &value;
    return chat_rules_check_update(&f->room, role, &proposal, &f->arena);
}

static void flags_are_for_who_may_change_the_room(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    f.wanted.slow_mode_s = 30;
    assert_status(update(&f, CHAT_ROLE_MEMBER), CHAT_POLICY_CAPABILITY);
    assert_ok(update(&f, CHAT_ROLE_MODERATOR));
    f.wanted.announce_only = 2;
    assert_status(update(&f, CHAT_ROLE_OWNER), CHAT_RULES_FORM);
    f.wanted.announce_only = 1;
    f.wanted.slow_mode_s = CHAT_RULES_SLOW_MODE_S_MAX + 1;
    assert_status(update(&f, CHAT_ROLE_OWNER), CHAT_RULES_FORM);
    end(&f);
}

static void one_mutes_and_unmutes_those_below(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct chat_timed_user mute = { TB_LITERAL(MEMBER), 1000 };
    f.wanted.muted.at = &mute;
    f.wanted.muted.count = 1;
    assert_status(update(&f, CHAT_ROLE_MEMBER), CHAT_RULES_RANK);
    assert_ok(update(&f, CHAT_ROLE_MODERATOR));
    mute.user = TB_LITERAL(MODERATOR);
    assert_status(update(&f, CHAT_ROLE_MODERATOR), CHAT_RULES_RANK);
    assert_ok(update(&f, CHAT_ROLE_OWNER));
    mute.user = TB_LITERAL(OWNER);
    assert_status(update(&f, CHAT_ROLE_OWNER), CHAT_RULES_RANK);
    /* a moderator does not lift what an owner laid on another moderator */
    struct chat_timed_user laid = { TB_LITERAL(MODERATOR), 0 };
    f.room.rules.muted.at = &laid;
    f.room.rules.muted.count = 1;
    f.wanted.muted.count = 0;
    assert_status(update(&f, CHAT_ROLE_MODERATOR), CHAT_RULES_RANK);
    assert_ok(update(&f, CHAT_ROLE_OWNER));
    end(&f);
}

static void nobody_is_named_twice(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct chat_timed_user twice[] = { { TB_LITERAL(MEMBER), 1 }, { TB_LITERAL(MEMBER), 2 } };
    f.wanted.denied.at = twice;
    f.wanted.denied.count = 2;
    assert_status(update(&f, CHAT_ROLE_OWNER), CHAT_RULES_FORM);
    end(&f);
}

static void a_time_ends_by_itself_and_the_list_is_cleaned(void **state)
{
    (void)state;
    struct fixture f;
    begin(&f);
    struct chat_timed_user entries[] = { { TB_LITERAL(MEMBER), 1000 }, { TB_LITERAL(OWNER), 0 } };
    struct chat_timed_user *list = entries;
    size_t count = 2;
    uint64_t until_ms;
    assert_true(chat_rules_has(list, count, TB_LITERAL(MEMBER), 999, &until_ms));
    assert_int_equal(until_ms, 1000);
    assert_false(chat_rules_has(list, count, TB_LITERAL(MEMBER), 1000, NULL));
    assert_true(chat_rules_has(list, count, TB_LITERAL(OWNER), UINT64_MAX, NULL));
    assert_ok(chat_rules_set(&f.arena, 1000, TB_LITERAL(MODERATOR), 5000, &list, &count));
    assert_int_equal(count, 2); /* the one that is over is gone */
    assert_ok(chat_rules_set(&f.arena, 1000, TB_LITERAL(MODERATOR), UINT64_MAX, &list, &count));
    assert_int_equal(count, 1);
    assert_bytes(list[0].user, TB_LITERAL(OWNER));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_are_for_who_may_change_the_room),
        cmocka_unit_test(one_mutes_and_unmutes_those_below),
        cmocka_unit_test(nobody_is_named_twice),
        cmocka_unit_test(a_time_ends_by_itself_and_the_list_is_cleaned),
    };
    return cmocka_run_group_tests_name("chat_room_rules", tests, NULL, NULL);
}
