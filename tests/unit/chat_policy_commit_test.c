/* Commits: who may do what to whom, and that participants and leaves agree. */
#include "tests/unit/chat_policy_fixture.h"

#include "chat/frank.h"
#include "chat/safe_aad.h"

#define WITH_STAGE(S_)                                                                             \
    struct stage S_;                                                                               \
    (void)state;                                                                                   \
    stage_init(&S_)

static void an_empty_commit_of_a_member_is_allowed(void **state)
{
    WITH_STAGE(s);
    assert_ok(stage_check(&s));
    stage_end(&s);
}

/* ------------------------------------------------------------------ who may commit */

static void strangers_banned_users_and_externals_do_not_commit(void **state)
{
    WITH_STAGE(s);
    s.commit.committer_identity = TB_LITERAL(D("eve/1"));
    assert_status(stage_check(&s), CHAT_POLICY_NOT_PARTICIPANT);
    s.commit.committer_identity = TB_LITERAL(D("ben/1"));
    assert_status(stage_check(&s), CHAT_POLICY_NOT_PARTICIPANT);
    s.commit.committer_identity = s.leaves[0].identity;
    s.commit.committer_type = MLS_SENDER_NEW_MEMBER_COMMIT;
    assert_status(stage_check(&s), CHAT_POLICY_EXTERNAL_COMMIT);
    stage_end(&s);
}

/* ------------------------------------------------------------------ proposals */

static void members_propose_by_reference_only_to_leave(void **state)
{
    WITH_STAGE(s);
    stage_add_leaf(&s, D("alice/3"));
    s.proposals[0].by_reference = true; /* amendments 5 */
    assert_status(stage_check(&s), CHAT_POLICY_STANDALONE);
    s.proposals[0].sender_type = MLS_SENDER_NEW_MEMBER_PROPOSAL;
    assert_status(stage_check(&s), CHAT_POLICY_STANDALONE);
    stage_end(&s);
}

static void types_without_a_place_in_a_room_are_refused(void **state)
{
    static const uint16_t TYPES[] = { MLS_PROPOSAL_UPDATE, MLS_PROPOSAL_PSK, MLS_PROPOSAL_REINIT,
                                      MLS_PROPOSAL_EXTERNAL_INIT,
                                      MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                                      MLS_PROPOSAL_APP_EPHEMERAL };
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++) {
        WITH_STAGE(s);
        stage_propose(&s, TYPES[i]);
        assert_status(stage_check(&s), CHAT_POLICY_PROPOSAL);
        stage_by_hub(&s.proposals[0]);
        struct mls_app_ephemeral other = { .component_id = 0x0052 };
        s.bodies[0].of.app_ephemeral = &other;
        assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
        stage_end(&s);
    }
}

static void attack_ghost_the_hub_adds_nobody(void **state)
{
    WITH_STAGE(s);
    stage_add_leaf(&s, D("alice/3"));
    stage_by_hub(&s.proposals[0]);
    assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
    assert_status(chat_policy_check_proposal(&s.before, &s.f.suite, &s.proposals[0], &s.f.arena),
                  CHAT_POLICY_HUB_PROPOSAL);
    stage_end(&s);
}

static void the_hub_may_send_takedowns(void **state)
{
    WITH_STAGE(s);
    struct mls_app_ephemeral takedown = { .component_id = 0x0050 };
    stage_by_hub(stage_propose(&s, MLS_PROPOSAL_APP_EPHEMERAL));
    stage_body(&s)->of.app_ephemeral = &takedown;
    assert_ok(stage_check(&s));
    takedown.component_id = 0x0051;
    assert_ok(stage_check(&s));
    takedown.component_id = 0x0022;
    assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
    stage_end(&s);
}

static void only_the_list_and_the_metadata_are_updated_by_members(void **state)
{
    static const uint16_t COMPONENTS[] = { 0x0001, 0x0002, 0x0003, 0x0021, 0x0024, 0x0025, 0x0027,
                                           0x0030, 0xf101 };
    for (size_t i = 0; i < sizeof COMPONENTS / sizeof COMPONENTS[0]; i++) {
        WITH_STAGE(s);
        struct wire_opaque octets = { TB_LITERAL("\0") };
        struct mls_app_data_update update = { .component_id = COMPONENTS[i], .op = 1 };
        update.of.update = &octets;
        stage_propose(&s, MLS_PROPOSAL_APP_DATA_UPDATE);
        stage_body(&s)->of.app_data_update = &update;
        assert_status(stage_check(&s), CHAT_POLICY_COMPONENT_UPDATE);
        stage_end(&s);
    }
}

static tb_status rename_room(struct stage *s, const char *room_uri, uint8_t op)
{
    struct chat_room_metadata metadata = s->before.metadata;
    metadata.room_name = TB_LITERAL("Coffee");
    metadata.room_uri = tb_bytes_text(room_uri);
    struct wire_opaque octets = { fixture_encode(&s->f, &chat_room_metadata_desc, &metadata) };
    struct mls_app_data_update update = { .component_id = 0x0023, .op = op };
    update.of.update = &octets;
    stage_propose(s, MLS_PROPOSAL_APP_DATA_UPDATE);
    stage_body(s)->of.app_data_update = &update;
    s->after.metadata = metadata;
    return stage_check(s);
}

static void a_room_is_renamed_by_whoever_may_and_keeps_its_uri(void **state)
{
    WITH_STAGE(s);
    assert_ok(rename_room(&s, ROOM_URI, 1));
    assert_status(rename_room(&s, ROOM_URI, 1), CHAT_POLICY_COMPONENT_UPDATE); /* a second one */
    s.commit.proposal_count = 0;
    assert_status(rename_room(&s, "mimi://hub.example/r/coffee", 1), CHAT_POLICY_ROOM_CHANGED);
    s.commit.proposal_count = 0;
    assert_status(rename_room(&s, ROOM_URI, 2), CHAT_POLICY_COMPONENT_UPDATE);
    s.commit.proposal_count = 0;
    stage_commit_by(&s, 2);
    assert_status(rename_room(&s, ROOM_URI, 1), CHAT_POLICY_CAPABILITY);
    stage_end(&s);
}

static void nothing_else_changes(void **state)
{
    WITH_STAGE(s);
    struct mls_component_data rows[12];
    struct mls_extension extensions[3];
    s.after.metadata.room_uri = TB_LITERAL("mimi://hub.example/r/coffee");
    assert_status(stage_check(&s), CHAT_POLICY_ROOM_CHANGED);
    for (size_t i = 0; i < 12; i++) { /* what is judged by its own rule may change */
        s.after = s.before;
        memcpy(rows, s.before.dictionary.component_data.at, sizeof rows);
        rows[i].data = TB_LITERAL("changed");
        s.after.dictionary.component_data.at = rows;
        bool is_changeable = (rows[i].component_id >= 0x0021 && rows[i].component_id <= 0x0023)
                             || rows[i].component_id == 0xf101 || rows[i].component_id == 0xf107;
        assert_status(stage_check(&s), is_changeable ? TB_OK : CHAT_POLICY_ROOM_CHANGED);
    }
    s.after.dictionary.component_data.count--;
    assert_status(stage_check(&s), CHAT_POLICY_ROOM_CHANGED);
    for (size_t i = 0; i < 2; i++) { /* required_capabilities, external_senders */
        s.after = s.before;
        memcpy(extensions, s.before.context.extensions.at, sizeof extensions);
        extensions[i].extension_data = TB_LITERAL("changed");
        s.after.context.extensions.at = extensions;
        assert_status(stage_check(&s), CHAT_POLICY_ROOM_CHANGED);
    }
    s.after = s.before;
    s.after.participants.participants.count--;
    assert_status(stage_check(&s), CHAT_POLICY_DICTIONARY);
    s.after = s.before;
    s.hub.domain = TB_LITERAL("other.example");
    assert_status(stage_check(&s), CHAT_POLICY_ROOM_URI);
    stage_end(&s);
}

/* Amendments 25: when the desk's key changes, rooms go on until their own update comes. */
static void a_room_goes_on_while_the_hub_s_keys_change(void **state)
{
    WITH_STAGE(s);
    s.hub.desk_verify_key = TB_LITERAL("the next one");
    s.hub.agent_count = 1;
    s.hub.agent_keys = &s.agent_keys[0];
    assert_ok(stage_check(&s));
    stage_end(&s);
}

/* ------------------------------------------------------------------ joining */

static void a_member_adds_a_new_participant_with_its_device(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 2);
    stage_list(&s, U("eve"), CHAT_ROLE_MEMBER);
    stage_add_leaf(&s, D("eve/1"));
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void a_device_without_a_participant_is_refused(void **state)
{
    WITH_STAGE(s);
    stage_add_leaf(&s, D("eve/1"));
    assert_status(stage_check(&s), CHAT_POLICY_LEAF_STRANGER);
    s.commit.proposal_count = s.commit.added_count = 0;
    stage_add_leaf(&s, D("ben/1")); /* a banned user is listed, so preauth never helps */
    assert_status(stage_check(&s), CHAT_POLICY_LEAF_STRANGER);
    stage_end(&s);
}

static void a_member_gives_no_more_than_the_role_of_a_member(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 2);
    stage_list(&s, U("eve"), CHAT_ROLE_MODERATOR);
    assert_status(stage_check(&s), CHAT_POLICY_ROLE_CHANGE);
    s.commit.committer_identity = s.leaves[0].identity; /* the owner may */
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void own_devices_are_added_and_removed_by_their_user(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 2);
    stage_add_leaf(&s, D("alice/3"));
    stage_remove_leaf(&s, 3);
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void a_device_of_somebody_who_stays_is_not_removed(void **state)
{
    WITH_STAGE(s);
    stage_remove_leaf(&s, 3); /* alice's second device, by the owner */
    assert_status(stage_check(&s), CHAT_POLICY_LEAF_RETAINED);
    s.removed[0].is_dead = true; /* revoked in her record */
    assert_ok(stage_check(&s));
    s.removed[0].is_dead = false;
    stage_by_hub(&s.proposals[0]); /* past retention, says the hub (amendments 6) */
    assert_ok(stage_check(&s));
    s.commit.proposal_count = 0; /* MLS tells of a removal that nothing proposed */
    assert_status(stage_check(&s), CHAT_POLICY_LEAF_RETAINED);
    stage_end(&s);
}

static void a_device_that_fell_behind_is_removed_and_added_in_one_commit(void **state)
{
    WITH_STAGE(s);
    stage_remove_leaf(&s, 3);
    stage_add_leaf(&s, D("alice/1")); /* the user's other device is no answer */
    assert_status(stage_check(&s), CHAT_POLICY_LEAF_RETAINED);
    stage_end(&s);

    stage_init(&s);
    stage_remove_leaf(&s, 3);
    stage_add_leaf(&s, D("alice/2"));
    assert_ok(stage_check(&s));
    stage_end(&s);
}

/* ------------------------------------------------------------------ removing and banning */

static void a_moderator_kicks_a_member_with_all_devices(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 1);
    stage_drop(&s, ALICE);
    stage_remove_leaf(&s, 2);
    assert_status(stage_check(&s), CHAT_POLICY_LEAF_REMAINS);
    stage_remove_leaf(&s, 3);
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void a_member_kicks_nobody(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 2);
    stage_drop(&s, BOB);
    stage_remove_leaf(&s, 4);
    assert_status(stage_check(&s), CHAT_POLICY_CAPABILITY);
    stage_end(&s);
}

static void a_moderator_does_not_remove_an_owner(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 1);
    stage_drop(&s, OWEN);
    stage_remove_leaf(&s, 0);
    assert_status(stage_check(&s), CHAT_POLICY_ROLE_CHANGE);
    stage_end(&s);
}

static void a_moderator_bans_and_unbans_members(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 1);
    stage_change(&s, BOB, CHAT_ROLE_BANNED);
    assert_status(stage_check(&s), CHAT_POLICY_LEAF_REMAINS);
    stage_remove_leaf(&s, 4);
    assert_ok(stage_check(&s));
    s.commit.proposal_count = s.commit.removed_count = 0;
    s.after = s.before;
    stage_change(&s, BEN, CHAT_ROLE_MEMBER);
    assert_ok(stage_check(&s));
    stage_commit_by(&s, 2);
    assert_status(stage_check(&s), CHAT_POLICY_CAPABILITY);
    s.commit.proposal_count = 0;
    s.after = s.before;
    stage_drop(&s, BEN); /* off the list is unbanned too */
    assert_status(stage_check(&s), CHAT_POLICY_CAPABILITY);
    stage_commit_by(&s, 1);
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void a_moderator_makes_nobody_owner(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 1);
    stage_change(&s, ALICE, CHAT_ROLE_OWNER);
    assert_status(stage_check(&s), CHAT_POLICY_ROLE_CHANGE);
    stage_commit_by(&s, 2);
    assert_status(stage_check(&s), CHAT_POLICY_CAPABILITY);
    stage_commit_by(&s, 0);
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void a_moderator_may_step_down(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 1);
    stage_change(&s, MAX, CHAT_ROLE_MEMBER);
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void a_user_is_touched_once_in_a_commit(void **state)
{
    WITH_STAGE(s);
    stage_change(&s, BOB, CHAT_ROLE_MODERATOR);
    stage_change(&s, BOB, CHAT_ROLE_OWNER);
    assert_status(stage_check(&s), CHAT_PARTICIPANT_TWICE);
    stage_end(&s);
}

/* ------------------------------------------------------------------ leaving */

static void a_user_leaves_by_self_remove_of_every_device(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 4); /* bob, who could kick nobody */
    stage_self_remove(&s, 2);
    assert_ok(stage_check(&s)); /* one device goes, alice stays */
    stage_drop(&s, ALICE);
    assert_status(stage_check(&s), CHAT_POLICY_CAPABILITY); /* her other device is still there */
    stage_self_remove(&s, 3);
    assert_ok(stage_check(&s));
    stage_end(&s);
}

/* ------------------------------------------------------------------ the hub's bans */

static void ban_bob(struct stage *s)
{
    stage_by_hub(stage_change(s, BOB, CHAT_ROLE_BANNED));
    stage_by_hub(stage_remove_leaf(s, 4));
}

static void a_hub_s_ban_is_committed_by_any_member(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 2);
    ban_bob(&s);
    assert_ok(stage_check(&s));
    s.commit.proposal_count--; /* both parts or none */
    s.commit.removed_count--;
    assert_status(stage_check(&s), CHAT_POLICY_LEAF_REMAINS);
    stage_end(&s);
}

static void a_hub_s_ban_holds_although_the_user_leaves(void **state)
{
    WITH_STAGE(s);
    stage_commit_by(&s, 2);
    stage_by_hub(stage_change(&s, BOB, CHAT_ROLE_BANNED));
    stage_self_remove(&s, 4); /* makes the hub's Remove invalid; the role change stands */
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void a_ban_shares_its_commit_with_no_other_update_of_the_list(void **state)
{
    WITH_STAGE(s);
    ban_bob(&s);
    stage_list(&s, U("eve"), CHAT_ROLE_MEMBER);
    assert_status(stage_check(&s), CHAT_POLICY_MANDATORY_MIXED);
    stage_end(&s);
}

static void two_bans_share_a_commit_but_a_removal_stands_alone(void **state)
{
    WITH_STAGE(s);
    ban_bob(&s);
    stage_by_hub(stage_change(&s, MAX, CHAT_ROLE_BANNED));
    stage_by_hub(stage_remove_leaf(&s, 1));
    assert_ok(stage_check(&s));
    stage_by_hub(stage_drop(&s, BEN)); /* an index shift would ban somebody else */
    assert_status(stage_check(&s), CHAT_POLICY_MANDATORY_MIXED);
    stage_end(&s);
}

static void the_hub_unbans_by_removal_and_bans_in_advance(void **state)
{
    WITH_STAGE(s);
    stage_by_hub(stage_drop(&s, BEN));
    assert_ok(stage_check(&s));
    s.commit.proposal_count = 0;
    s.after = s.before;
    stage_by_hub(stage_list(&s, U("eve"), CHAT_ROLE_BANNED));
    assert_ok(stage_check(&s));
    stage_end(&s);
}

static void the_hub_gives_nobody_a_role(void **state)
{
    WITH_STAGE(s);
    stage_by_hub(stage_change(&s, ALICE, CHAT_ROLE_OWNER));
    assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
    s.commit.proposal_count = 0;
    s.after = s.before;
    stage_by_hub(stage_list(&s, U("eve"), CHAT_ROLE_MEMBER));
    assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
    s.commit.proposal_count = 0;
    s.after = s.before;
    stage_by_hub(stage_change(&s, BEN, CHAT_ROLE_BANNED)); /* is banned: no change */
    assert_status(stage_check(&s), CHAT_POLICY_HUB_PROPOSAL);
    stage_end(&s);
}

/* ------------------------------------------------------------------ the agent's key */

static void the_hub_rotates_its_agent_with_the_old_key_s_signature(void **state)
{
    WITH_STAGE(s);
    struct chat_franking_agent next = s.before.agent;
    struct chat_signature signature;
    struct wire_opaque octets;
    struct mls_app_data_update update = { .component_id = 0x0021, .op = 1 };
    struct mls_safe_aad_item item = { .component_id = 0xf106 };

    next.franking_signature_key = crypto_signing_key_public(&s.next_agent);
    octets.value = fixture_encode(&s.f, &chat_franking_agent_desc, &next);
    update.of.update = &octets;
    stage_by_hub(stage_propose(&s, MLS_PROPOSAL_APP_DATA_UPDATE));
    stage_body(&s)->of.app_data_update = &update;
    s.proposals[0].authenticated_data = TB_LITERAL("\0");
    s.after.agent = next;
    assert_status(stage_check(&s), CHAT_FRANK_TRANSITION);
    assert_ok(chat_frank_transition_sign(&s.f.suite, &s.agent, TB_LITERAL(ROOM_URI), octets.value,
                                         &signature));
    item.aad_item_data = chat_signature_view(&signature);
    assert_ok(chat_safe_aad_build(&item, 1, &s.f.arena, &s.proposals[0].authenticated_data));
    assert_ok(stage_check(&s));
    assert_ok(chat_frank_transition_sign(&s.f.suite, &s.next_agent, TB_LITERAL(ROOM_URI),
                                         octets.value, &signature));
    item.aad_item_data = chat_signature_view(&signature);
    assert_ok(chat_safe_aad_build(&item, 1, &s.f.arena, &s.proposals[0].authenticated_data));
    assert_status(stage_check(&s), CHAT_FRANK_TRANSITION);
    stage_end(&s);
}

/* ------------------------------------------------------------------ dm */

static void a_dm_s_participants_are_fixed_and_its_devices_are_not(void **state)
{
    WITH_STAGE(s);
    struct chat_policy_new new = stage_new(&s, CHAT_ROOM_DM, CHAT_CLASS_PRIVATE);
    new.participants = &s.people[ALICE];
    new.participant_count = 2;
    s.before = s.after = stage_make(&s, &new);
    stage_commit_by(&s, 2);
    stage_add_leaf(&s, D("bob/2")); /* the other's device */
    stage_add_leaf(&s, D("alice/3"));
    assert_ok(stage_check(&s));
    s.commit.proposal_count = s.commit.added_count = 0;
    stage_list(&s, U("eve"), CHAT_ROLE_MEMBER);
    assert_status(stage_check(&s), CHAT_POLICY_FIXED);
    s.commit.proposal_count = 0;
    s.after = s.before;
    stage_by_hub(stage_change(&s, 0, CHAT_ROLE_BANNED)); /* amendments 26: no proposals in a dm */
    assert_status(stage_check(&s), CHAT_POLICY_FIXED);
    stage_end(&s);
}

static void a_reader_of_a_channel_adds_nobody(void **state)
{
    WITH_STAGE(s);
    struct chat_policy_new new = stage_new(&s, CHAT_ROOM_CHANNEL, CHAT_CLASS_CHANNEL);
    s.before = s.after = stage_make(&s, &new);
    stage_commit_by(&s, 2);
    stage_list(&s, U("eve"), CHAT_ROLE_MEMBER);
    assert_status(stage_check(&s), CHAT_POLICY_CAPABILITY);
    s.commit.proposal_count = 0;
    s.after = s.before;
    stage_add_leaf(&s, D("bob/2"));
    assert_status(stage_check(&s), CHAT_POLICY_CAPABILITY);
    stage_end(&s);
}

static void a_room_takes_no_more_devices_than_its_limit(void **state)
{
    WITH_STAGE(s);
    s.before.base.max_clients = 5;
    stage_commit_by(&s, 2);
    stage_add_leaf(&s, D("alice/3"));
    assert_status(stage_check(&s), CHAT_POLICY_LIMIT);
    stage_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_commit_of_a_member_is_allowed),
        cmocka_unit_test(strangers_banned_users_and_externals_do_not_commit),
        cmocka_unit_test(members_propose_by_reference_only_to_leave),
        cmocka_unit_test(types_without_a_place_in_a_room_are_refused),
        cmocka_unit_test(attack_ghost_the_hub_adds_nobody),
        cmocka_unit_test(the_hub_may_send_takedowns),
        cmocka_unit_test(only_the_list_and_the_metadata_are_updated_by_members),
        cmocka_unit_test(a_room_is_renamed_by_whoever_may_and_keeps_its_uri),
        cmocka_unit_test(nothing_else_changes),
        cmocka_unit_test(a_room_goes_on_while_the_hub_s_keys_change),
        cmocka_unit_test(a_member_adds_a_new_participant_with_its_device),
        cmocka_unit_test(a_device_without_a_participant_is_refused),
        cmocka_unit_test(a_member_gives_no_more_than_the_role_of_a_member),
        cmocka_unit_test(own_devices_are_added_and_removed_by_their_user),
        cmocka_unit_test(a_device_of_somebody_who_stays_is_not_removed),
        cmocka_unit_test(a_device_that_fell_behind_is_removed_and_added_in_one_commit),
        cmocka_unit_test(a_moderator_kicks_a_member_with_all_devices),
        cmocka_unit_test(a_member_kicks_nobody),
        cmocka_unit_test(a_moderator_does_not_remove_an_owner),
        cmocka_unit_test(a_moderator_bans_and_unbans_members),
        cmocka_unit_test(a_moderator_makes_nobody_owner),
        cmocka_unit_test(a_moderator_may_step_down),
        cmocka_unit_test(a_user_is_touched_once_in_a_commit),
        cmocka_unit_test(a_user_leaves_by_self_remove_of_every_device),
        cmocka_unit_test(a_hub_s_ban_is_committed_by_any_member),
        cmocka_unit_test(a_hub_s_ban_holds_although_the_user_leaves),
        cmocka_unit_test(a_ban_shares_its_commit_with_no_other_update_of_the_list),
        cmocka_unit_test(two_bans_share_a_commit_but_a_removal_stands_alone),
        cmocka_unit_test(the_hub_unbans_by_removal_and_bans_in_advance),
        cmocka_unit_test(the_hub_gives_nobody_a_role),
        cmocka_unit_test(the_hub_rotates_its_agent_with_the_old_key_s_signature),
        cmocka_unit_test(a_dm_s_participants_are_fixed_and_its_devices_are_not),
        cmocka_unit_test(a_reader_of_a_channel_adds_nobody),
        cmocka_unit_test(a_room_takes_no_more_devices_than_its_limit),
    };
    return cmocka_run_group_tests_name("chat_policy_commit", tests, NULL, NULL);
}
