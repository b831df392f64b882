/* Owners of a room: the last one stays, and the desk names one where none is left. */
#include "tests/unit/chat_policy_fixture.h"

#include "chat/safe_aad.h"

#define WITH_STAGE(S_)                                                                             \
    struct stage S_;                                                                               \
    (void)state;                                                                                   \
    stage_init(&S_)

/* ------------------------------------------------------------------ named by the desk */

static void leave_no_owner_behind(struct stage *s)
{
    s->people[OWEN].role_index = CHAT_ROLE_BANNED;
    s->people[OWEN].user = TB_LITERAL(U("owen"));
    struct chat_policy_new new = stage_new(s, CHAT_ROOM_GROUP, CHAT_CLASS_PRIVATE);
    s->before = stage_make(s, &new);
    s->after = s->before;
    s->commit.leaves = s->leaves + 1; /* owen's device is gone */
    s->commit.leaf_count--;
    stage_commit_by(s, 2);
}

static void name(struct stage *s, uint32_t index, uint8_t action, const char *scope)
{
    struct chat_moderation_ref ref = { .action = action, .scope = tb_bytes_text(scope),
                                       .number = 7 };
    struct chat_policy_proposal *proposal = stage_change(s, index, CHAT_ROLE_OWNER);
    stage_by_hub(proposal);
    assert_ok(chat_safe_aad_of_moderation(&ref, &s->f.arena, &proposal->authenticated_data));
}

static void the_desk_names_an_owner_where_none_is_left(void **state)
{
    WITH_STAGE(s);
    leave_no_owner_behind(&s);
    name(&s, ALICE, CHAT_ACTION_NAME_OWNER, ROOM_URI);
    assert_ok(stage_check(&s));
    assert_ok(chat_policy_check_proposal(&s.before, &s.f.suite, &s.proposals[0], &s.f.arena));
    s.proposals[0].authenticated_data = TB_LITERAL("\0"); /* of no decision */
    assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
    stage_end(&s);
}

static void a_naming_cites_a_decision_of_its_kind_about_the_room(void **state)
{
    static const struct {
        uint8_t action;
        const char *scope;
    } OTHERS[] = { { CHAT_ACTION_BAN, ROOM_URI },
                   { CHAT_ACTION_NAME_OWNER, DESK_URI },
                   { CHAT_ACTION_NAME_OWNER, "mimi://hub.example" } };
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        WITH_STAGE(s);
        leave_no_owner_behind(&s);
        name(&s, ALICE, OTHERS[i].action, OTHERS[i].scope);
        assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
        stage_end(&s);
    }
}

static void attack_takeover_no_owner_is_named_beside_one_who_can_act(void **state)
{
    WITH_STAGE(s);
    name(&s, ALICE, CHAT_ACTION_NAME_OWNER, ROOM_URI);
    assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
    stage_end(&s);
}

static void the_ban_of_the_last_owner_and_the_naming_share_a_commit(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 1);
    stage_by_hub(stage_change(&s, OWEN, CHAT_ROLE_BANNED));
    stage_by_hub(stage_remove_leaf(&s, 0));
    name(&s, ALICE, CHAT_ACTION_NAME_OWNER, ROOM_URI);
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void an_owner_without_a_device_is_no_owner_who_can_act(void **state)
{
    WITH_STAGE(s);
    s.commit.leaves = s.leaves + 1;
    s.commit.leaf_count--;
    stage_commit_by(&s, 2);
    name(&s, ALICE, CHAT_ACTION_NAME_OWNER, ROOM_URI);
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void the_desk_names_nobody_who_is_banned_or_has_no_device(void **state)
{
    static const uint32_t WHO[] = { BEN, BOB };
    for (size_t i = 0; i < 2; i++) {
        WITH_STAGE(s);
        leave_no_owner_behind(&s);
        s.commit.leaf_count--; /* bob's device */
        name(&s, WHO[i], CHAT_ACTION_NAME_OWNER, ROOM_URI);
        assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
        stage_end(&s);
    }
}

static void a_naming_is_the_whole_update(void **state)
{
    WITH_STAGE(s);
    leave_no_owner_behind(&s);
    struct chat_moderation_ref ref = { .action = CHAT_ACTION_NAME_OWNER,
                                       .scope = TB_LITERAL(ROOM_URI), .number = 7 };
    struct chat_userindex_role_pair pairs[] = { { ALICE, CHAT_ROLE_OWNER },
                                                { BOB, CHAT_ROLE_OWNER } };
    struct chat_policy_proposal *proposal =
        stage_update(&s, (struct chat_participant_update){
                             .changed_role_participants = { pairs, 2 } });
    stage_by_hub(proposal);
    assert_ok(chat_safe_aad_of_moderation(&ref, &s.f.arena, &proposal->authenticated_data));
    assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
    stage_end(&s);
}

/* ------------------------------------------------------------------ the last one */

static void the_last_owner_steps_down_only_beside_another(void **state)
{
    for (uint32_t role = CHAT_ROLE_MEMBER; role <= CHAT_ROLE_MODERATOR; role++) {
        WITH_STAGE(s);
        stage_change(&s, OWEN, role);
        assert_status(stage_check(&s), CHAT_POLICY_LAST_OWNER);
        struct chat_userindex_role_pair pairs[] = { { OWEN, role }, { MAX, CHAT_ROLE_OWNER } };
        s.commit.proposal_count = 0;
        s.after = s.before;
        stage_update(&s, (struct chat_participant_update){
                             .changed_role_participants = { pairs, 2 } });
        assert_ok(stage_check(&s));
        s.commit.leaves = s.leaves;
        s.leaves[1].identity = TB_LITERAL(D("alice/3")); /* max has no device to own with */
        assert_status(stage_check(&s), CHAT_POLICY_LAST_OWNER);
        stage_end(&s);
    }
}

static void the_last_owner_is_not_removed_by_commit(void **state)
{
    WITH_STAGE(s);
    stage_drop(&s, OWEN);
    stage_remove_leaf(&s, 0);
    assert_status(stage_check(&s), CHAT_POLICY_LAST_OWNER);
    stage_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_desk_names_an_owner_where_none_is_left),
        cmocka_unit_test(a_naming_cites_a_decision_of_its_kind_about_the_room),
        cmocka_unit_test(attack_takeover_no_owner_is_named_beside_one_who_can_act),
        cmocka_unit_test(the_ban_of_the_last_owner_and_the_naming_share_a_commit),
        cmocka_unit_test(an_owner_without_a_device_is_no_owner_who_can_act),
        cmocka_unit_test(the_desk_names_nobody_who_is_banned_or_has_no_device),
        cmocka_unit_test(a_naming_is_the_whole_update),
        cmocka_unit_test(the_last_owner_steps_down_only_beside_another),
        cmocka_unit_test(the_last_owner_is_not_removed_by_commit),
    };
    return cmocka_run_group_tests_name("chat_policy_owner", tests, NULL, NULL);
}
