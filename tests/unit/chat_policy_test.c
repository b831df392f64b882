/* Rooms: what a new one says, what a joiner refuses, roles and lists of participants. */
#include "tests/unit/chat_policy_fixture.h"

#include "chat/content.h"

static tb_status check(struct stage *s, const struct chat_policy_room *room)
{
    return chat_policy_check_room(room, &s->hub, s->leaves, s->commit.leaf_count, &s->f.arena);
}

static void a_new_room_is_accepted_and_says_what_the_checklist_asks(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    assert_ok(check(&s, &s.before));
    assert_int_equal(s.before.required.proposal_types.count, 3);
    assert_int_equal(s.before.required.proposal_types.at[0].value, 0x0008);
    assert_int_equal(s.before.external_senders.external_senders.count, 1);
    assert_bytes(s.before.frank.recipients.at[0].uri, TB_LITERAL(DESK_URI));
    assert_bytes(s.before.agent.franking_signature_key, crypto_signing_key_public(&s.agent));
    assert_int_equal(s.before.dictionary.component_data.count, 12);
    /* 0x0002 safe_aad: 0x0020, 0xf102, 0xf106, 0xf108 */
    assert_bytes(s.before.dictionary.component_data.at[1].data,
                 TB_LITERAL("\x08\x00\x20\xf1\x02\xf1\x06\xf1\x08"));
    stage_end(&s);
}

static void every_kind_has_its_classes_and_roles(void **state)
{
    (void)state;
    static const struct {
        uint8_t kind;
        const char *classes; /* private, open, channel */
    } ROWS[] = {
        { CHAT_ROOM_DM, "100" },      { CHAT_ROOM_GROUP, "110" },
        { CHAT_ROOM_CHANNEL, "111" }, { CHAT_ROOM_DESK, "100" },
        { CHAT_ROOM_NOTICE, "100" },  { CHAT_ROOM_OBSERVATORY, "110" },
    };
    struct stage s;
    stage_init(&s);
    for (size_t i = 0; i < 6; i++) {
        for (uint8_t class = 1; class <= 3; class++) {
            bool is_allowed = ROWS[i].classes[class - 1] == '1';
            assert_int_equal(chat_policy_is_kind_of_class(ROWS[i].kind, class), is_allowed);
            struct chat_policy_new new = stage_new(&s, ROWS[i].kind, class);
            if (ROWS[i].kind == CHAT_ROOM_DM) {
                new.participants = &s.people[ALICE];
                new.participant_count = 2;
            }
            struct mls_extension *extensions;
            size_t count;
            tb_status status = chat_policy_extensions(&new, &s.f.arena, &extensions, &count);
            assert_int_equal(status.code, is_allowed ? TB_OK : CHAT_POLICY_UNKNOWN);
            if (!is_allowed) continue;
            struct chat_policy_room room = stage_room_of(&s, extensions, count, 0);
            assert_ok(chat_policy_check_room(&room, &s.hub, NULL, 0, &s.f.arena));
        }
        assert_int_equal(chat_policy_kind_of_name(tb_bytes_text(
                             chat_policy_kind_name(ROWS[i].kind))), ROWS[i].kind);
    }
    assert_false(chat_policy_is_kind_of_class(0, 1));
    assert_false(chat_policy_is_kind_of_class(7, 1));
    assert_null(chat_policy_kind_name(7));
    assert_int_equal(chat_policy_class_of_name(TB_LITERAL("open")), CHAT_CLASS_OPEN);
    assert_int_equal(chat_policy_class_of_name(TB_LITERAL("secret")), 0);
    stage_end(&s);
}

static void capabilities_follow_the_role_and_the_kind(void **state)
{
    (void)state;
    struct stage s;
    struct chat_role_data channel, dm, group;
    stage_init(&s);
    assert_ok(chat_policy_roles(CHAT_ROOM_CHANNEL, &s.f.arena, &channel));
    assert_ok(chat_policy_roles(CHAT_ROOM_DM, &s.f.arena, &dm));
    assert_ok(chat_policy_roles(CHAT_ROOM_GROUP, &s.f.arena, &group));
    assert_false(chat_policy_can(&channel, CHAT_ROLE_MEMBER, CHAT_CAN_SEND_MESSAGE));
    assert_true(chat_policy_can(&channel, CHAT_ROLE_MEMBER, CHAT_CAN_REPORT_ABUSE));
    assert_true(chat_policy_can(&channel, CHAT_ROLE_OWNER, CHAT_CAN_SEND_MESSAGE));
    assert_true(chat_policy_can(&dm, CHAT_ROLE_MEMBER, CHAT_CAN_SEND_MESSAGE));
    assert_false(chat_policy_can(&dm, CHAT_ROLE_OWNER, CHAT_CAN_SEND_MESSAGE));
    assert_false(chat_policy_can(&group, CHAT_ROLE_BANNED, CHAT_CAN_SEND_MESSAGE));
    assert_false(chat_policy_can(&group, CHAT_ROLE_NONE, CHAT_CAN_SEND_MESSAGE));
    assert_false(chat_policy_can(&group, CHAT_ROLE_POLICY_ENFORCER, CHAT_CAN_SEND_MESSAGE));
    assert_true(chat_policy_user_can(&s.before, TB_LITERAL(U("alice")), CHAT_CAN_SEND_MESSAGE));
    assert_false(chat_policy_user_can(&s.before, TB_LITERAL(U("ben")), CHAT_CAN_SEND_MESSAGE));
    assert_false(chat_policy_user_can(&s.before, TB_LITERAL(U("eve")), CHAT_CAN_SEND_MESSAGE));
    assert_status(chat_policy_roles(9, &s.f.arena, &group), CHAT_POLICY_UNKNOWN);
    stage_end(&s);
}

/* Spec 1.5: the hub may only (0 to 1), (1 to 0), (2, 3, 4 to 0 or 1). */
static void the_policy_enforcer_bans_and_removes_and_nothing_else(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    for (uint32_t from = 0; from <= 5; from++) {
        for (uint32_t to = 0; to <= 5; to++) {
            bool expected = from != to && from <= 4 && to <= 1;
            assert_int_equal(chat_policy_may_change(&s.before.roles, CHAT_ROLE_POLICY_ENFORCER,
                                                    from, to),
                             expected);
            assert_false(chat_policy_may_change(&s.before.roles, CHAT_ROLE_BANNED, from, to));
            if (chat_policy_may_change(&s.before.roles, CHAT_ROLE_OWNER, from, to)) {
                assert_true(from != to && to <= CHAT_ROLE_OWNER);
            }
        }
    }
    stage_end(&s);
}

/* ------------------------------------------------------------------ what a joiner refuses */

static void a_room_with_another_hub_s_keys_is_refused(void **state)
{
    (void)state;
    struct stage s;
    struct chat_policy_room room;
    struct mls_external_sender two[2];
    stage_init(&s);
    two[0] = two[1] = s.before.external_senders.external_senders.at[0];
    room = s.before; /* a second external sender would be a ghost user's key */
    room.external_senders.external_senders.at = two;
    room.external_senders.external_senders.count = 2;
    assert_status(check(&s, &room), CHAT_POLICY_EXTERNAL_SENDER);
    room.external_senders.external_senders.count = 0;
    assert_status(check(&s, &room), CHAT_POLICY_EXTERNAL_SENDER);
    room.external_senders.external_senders.count = 1;
    two[0].signature_key = TB_LITERAL("another");
    assert_status(check(&s, &room), CHAT_POLICY_EXTERNAL_SENDER);
    two[0] = two[1];
    struct wire_opaque other = { TB_LITERAL("mimi://other.example") };
    two[0].credential.of.identity = &other;
    assert_status(check(&s, &room), CHAT_POLICY_EXTERNAL_SENDER);
    room = s.before;
    room.agent.franking_signature_key = TB_ARRAY(s.sender_key);
    assert_status(check(&s, &room), CHAT_POLICY_AGENT);
    room = s.before;
    room.agent.identity = TB_LITERAL("mimi://other.example");
    assert_status(check(&s, &room), CHAT_POLICY_AGENT);
    stage_end(&s);
}

static void reports_go_to_the_desk_alone(void **state)
{
    (void)state;
    struct stage s;
    struct chat_policy_room room;
    struct chat_report_recipient two[2];
    stage_init(&s);
    room = s.before;
    two[0] = two[1] = room.frank.recipients.at[0];
    room.frank.recipients.at = two;
    room.frank.recipients.count = 2;
    assert_status(check(&s, &room), CHAT_POLICY_RECIPIENT);
    room.frank.recipients.count = 1;
    two[0].uri = TB_LITERAL(ROOM_URI);
    assert_status(check(&s, &room), CHAT_POLICY_RECIPIENT);
    two[0] = two[1];
    two[0].verify_key = TB_LITERAL("another");
    assert_status(check(&s, &room), CHAT_POLICY_RECIPIENT);
    s.hub.desk_uri.len = 0;
    assert_status(check(&s, &s.before), CHAT_POLICY_RECIPIENT);
    stage_end(&s);
}

static void the_desk_s_own_room_comes_before_the_desk(void **state)
{
    (void)state;
    struct stage s;
    struct mls_extension *extensions;
    size_t count;
    stage_init(&s);
    s.hub.desk_uri = s.hub.desk_verify_key = (tb_bytes){ NULL, 0 };
    struct chat_policy_new new = stage_new(&s, CHAT_ROOM_DESK, CHAT_CLASS_PRIVATE);
    assert_status(chat_policy_extensions(&new, &s.f.arena, &extensions, &count),
                  CHAT_POLICY_RECIPIENT);
    new.room_uri = TB_LITERAL(DESK_URI);
    new.desk_verify_key = TB_ARRAY(s.desk_key);
    struct chat_policy_room room = stage_make(&s, &new);
    assert_ok(check(&s, &room));
    s.hub.desk_uri = TB_LITERAL(DESK_URI);
    s.hub.desk_verify_key = TB_ARRAY(s.desk_key);
    assert_ok(check(&s, &room));
    stage_end(&s);
}

static void a_room_of_an_unknown_policy_is_refused(void **state)
{
    (void)state;
    struct stage s;
    struct chat_policy_room room;
    struct mls_component_data rows[12];
    stage_init(&s);
    room = s.before;
    room.base.room_kind = 9;
    assert_status(check(&s, &room), CHAT_POLICY_UNKNOWN);
    room = s.before;
    room.base.fixed_membership = 1;
    assert_status(check(&s, &room), CHAT_POLICY_UNKNOWN);
    room = s.before;
    room.context.extensions.count++;
    assert_status(check(&s, &room), CHAT_POLICY_UNKNOWN);
    room = s.before;
    room.operational.external_commit_allowed = 1;
    assert_status(check(&s, &room), CHAT_POLICY_UNKNOWN);
    room = s.before;
    memcpy(rows, room.dictionary.component_data.at, sizeof rows);
    room.dictionary.component_data.at = rows;
    rows[1].data = TB_LITERAL("\x02\x00\x20"); /* Safe AAD without the decision */
    assert_status(check(&s, &room), CHAT_POLICY_UNKNOWN);
    memcpy(rows, s.before.dictionary.component_data.at, sizeof rows);
    rows[10].component_id = 0xf199;
    assert_status(check(&s, &room), CHAT_POLICY_UNKNOWN);
    room = s.before; /* a role with more power than the kind gives it */
    assert_ok(chat_policy_roles(CHAT_ROOM_DESK, &s.f.arena, &room.roles));
    assert_status(check(&s, &room), CHAT_POLICY_UNKNOWN);
    room = s.before;
    room.frank.frank_required = 0;
    assert_status(check(&s, &room), CHAT_POLICY_FRANK);
    room = s.before;
    room.frank.profile = 1;
    assert_status(check(&s, &room), CHAT_POLICY_FRANK);
    room = s.before;
    room.required.proposal_types.count = 2;
    assert_status(check(&s, &room), CHAT_POLICY_CAPABILITIES);
    room = s.before;
    room.metadata.room_uri = TB_LITERAL("mimi://other.example/r/tea");
    assert_status(check(&s, &room), CHAT_POLICY_ROOM_URI);
    room.metadata.room_uri = TB_LITERAL(U("tea"));
    assert_status(check(&s, &room), CHAT_POLICY_ROOM_URI);
    stage_end(&s);
}

static void a_missing_component_is_named(void **state)
{
    (void)state;
    struct stage s;
    struct chat_policy_room room;
    stage_init(&s);
    struct mls_app_data_dictionary dictionary = s.before.dictionary;
    dictionary.component_data.count--;
    struct mls_extension extensions[3];
    memcpy(extensions, s.before.context.extensions.at, sizeof extensions);
    extensions[2].extension_data =
        fixture_encode(&s.f, &mls_app_data_dictionary_desc, &dictionary);
    struct mls_group_context context = s.before.context;
    context.extensions.at = extensions;
    tb_bytes encoded = fixture_encode(&s.f, &mls_group_context_desc, &context);
    assert_status(chat_policy_decode(encoded, &s.f.arena, &room, NULL), CHAT_POLICY_COMPONENT);
    context.extensions.count = 2;
    encoded = fixture_encode(&s.f, &mls_group_context_desc, &context);
    assert_status(chat_policy_decode(encoded, &s.f.arena, &room, NULL), CHAT_POLICY_COMPONENT);
    for (size_t len = 0; len < encoded.len; len++) {
        assert_false(tb_is_ok(chat_policy_decode((tb_bytes){ encoded.data, len }, &s.f.arena,
                                                 &room, NULL)));
    }
    stage_end(&s);
}

static void leaves_belong_to_listed_users_who_are_not_banned(void **state)
{
    (void)state;
    struct stage s;
    stage_init(&s);
    s.leaves[2].identity = TB_LITERAL(D("eve/1"));
    assert_status(check(&s, &s.before), CHAT_POLICY_LEAF_STRANGER);
    s.leaves[2].identity = TB_LITERAL(D("ben/1"));
    assert_status(check(&s, &s.before), CHAT_POLICY_LEAF_STRANGER);
    s.leaves[2].identity = TB_LITERAL("alice");
    assert_status(check(&s, &s.before), WIRE_URI);
    stage_end(&s);
}

static void a_list_of_participants_is_of_users_once_each_with_known_roles(void **state)
{
    (void)state;
    struct stage s;
    struct mls_extension *extensions;
    size_t count;
    stage_init(&s);
    struct chat_policy_new new = stage_new(&s, CHAT_ROOM_GROUP, CHAT_CLASS_PRIVATE);
    const struct chat_user_role_pair kept = s.people[BOB];
    s.people[BOB].user = TB_LITERAL(U("alice"));
    assert_status(chat_policy_extensions(&new, &s.f.arena, &extensions, &count),
                  CHAT_PARTICIPANT_LISTED);
    s.people[BOB] = kept;
    s.people[BOB].user = TB_LITERAL(D("bob/1"));
    assert_status(chat_policy_extensions(&new, &s.f.arena, &extensions, &count),
                  CHAT_PARTICIPANT_URI);
    s.people[BOB] = kept;
    s.people[BOB].role_index = CHAT_ROLE_POLICY_ENFORCER;
    assert_status(chat_policy_extensions(&new, &s.f.arena, &extensions, &count),
                  CHAT_PARTICIPANT_ROLE);
    s.people[BOB].role_index = CHAT_ROLE_NONE;
    assert_status(chat_policy_extensions(&new, &s.f.arena, &extensions, &count),
                  CHAT_PARTICIPANT_ROLE);
    s.people[BOB] = kept;
    new.room_kind = CHAT_ROOM_DM;
    new.participants = &s.people[ALICE];
    new.participant_count = 1;
    assert_status(chat_policy_extensions(&new, &s.f.arena, &extensions, &count), CHAT_POLICY_DM);
    new.participants = s.people;
    new.participant_count = 2; /* owner and moderator do not exist in a dm */
    assert_status(chat_policy_extensions(&new, &s.f.arena, &extensions, &count),
                  CHAT_PARTICIPANT_ROLE);
    stage_end(&s);
}

static void limits_of_participants_and_devices_hold(void **state)
{
    (void)state;
    struct stage s;
    struct mls_extension *extensions;
    size_t count;
    stage_init(&s);
    struct chat_policy_new new = stage_new(&s, CHAT_ROOM_GROUP, CHAT_CLASS_PRIVATE);
    struct chat_user_role_pair *many =
        tb_arena_take(&s.f.arena, CHAT_PARTICIPANT_COUNT_MAX + 1, sizeof *many);
    new.participants = many;
    new.participant_count = CHAT_PARTICIPANT_COUNT_MAX + 1;
    assert_status(chat_policy_extensions(&new, &s.f.arena, &extensions, &count),
                  CHAT_POLICY_LIMIT);
    struct chat_policy_leaf *leaves =
        tb_arena_take(&s.f.arena, CHAT_MEMBER_COUNT_MAX + 1, sizeof *leaves);
    for (size_t i = 0; i <= CHAT_MEMBER_COUNT_MAX; i++) leaves[i] = s.leaves[0];
    assert_status(chat_policy_check_room(&s.before, &s.hub, leaves, CHAT_MEMBER_COUNT_MAX + 1,
                                         &s.f.arena),
                  CHAT_POLICY_LIMIT);
    assert_ok(chat_policy_check_room(&s.before, &s.hub, leaves, CHAT_MEMBER_COUNT_MAX,
                                     &s.f.arena));
    stage_end(&s);
}

/* ------------------------------------------------------------------ updates of the list */

static tb_status apply(struct stage *s, const struct chat_participant_update *update,
                       struct chat_participant_list *out)
{
    return chat_policy_apply(&s->before.roles, &s->before.participants, update, &s->f.arena, out);
}

static void updates_change_then_remove_then_append(void **state)
{
    (void)state;
    struct stage s;
    struct chat_participant_list out;
    stage_init(&s);
    struct chat_userindex_role_pair change = { BOB, CHAT_ROLE_MODERATOR };
    struct wire_u32 gone = { MAX };
    struct chat_user_role_pair new = { TB_LITERAL(U("eve")), CHAT_ROLE_MEMBER };
    struct chat_participant_update update = {
        .changed_role_participants = { &change, 1 }, .removed_indices = { &gone, 1 },
        .added_participants = { &new, 1 },
    };
    assert_ok(apply(&s, &update, &out));
    assert_int_equal(out.participants.count, 5);
    assert_bytes(out.participants.at[1].user, TB_LITERAL(U("alice")));
    assert_int_equal(out.participants.at[2].role_index, CHAT_ROLE_MODERATOR);
    assert_bytes(out.participants.at[4].user, TB_LITERAL(U("eve")));
    assert_int_equal(s.before.participants.participants.at[BOB].role_index, CHAT_ROLE_MEMBER);
    stage_end(&s);
}

static void each_rule_of_an_update_has_its_refusal(void **state)
{
    (void)state;
    struct stage s;
    struct chat_participant_list out;
    stage_init(&s);
    struct chat_userindex_role_pair change[2] = { { 5, 2 }, { BOB, 2 } };
    struct wire_u32 gone[2] = { { BOB }, { 5 } };
    struct chat_user_role_pair new[2] = { { TB_LITERAL(U("bob")), 2 }, { TB_LITERAL("bob"), 2 } };
    struct chat_participant_update u = { .changed_role_participants = { change, 1 } };
    assert_status(apply(&s, &u, &out), CHAT_PARTICIPANT_INDEX);
    u = (struct chat_participant_update){ .removed_indices = { gone, 2 } };
    assert_status(apply(&s, &u, &out), CHAT_PARTICIPANT_INDEX);
    u = (struct chat_participant_update){ .changed_role_participants = { &change[1], 1 },
                                          .removed_indices = { gone, 1 } };
    assert_status(apply(&s, &u, &out), CHAT_PARTICIPANT_TWICE);
    change[1].role_index = 0;
    assert_status(apply(&s, &u, &out), CHAT_PARTICIPANT_ROLE);
    change[1].role_index = 77;
    assert_status(apply(&s, &u, &out), CHAT_PARTICIPANT_ROLE);
    u = (struct chat_participant_update){ .added_participants = { new, 1 } };
    assert_status(apply(&s, &u, &out), CHAT_PARTICIPANT_LISTED);
    u.removed_indices.at = gone; /* also when this update removes bob */
    u.removed_indices.count = 1;
    assert_status(apply(&s, &u, &out), CHAT_PARTICIPANT_LISTED);
    u = (struct chat_participant_update){ .added_participants = { &new[1], 1 } };
    assert_status(apply(&s, &u, &out), CHAT_PARTICIPANT_URI);
    new[0] = new[1] = (struct chat_user_role_pair){ TB_LITERAL(U("eve")), 2 };
    u.added_participants.at = new;
    u.added_participants.count = 2;
    assert_status(apply(&s, &u, &out), CHAT_PARTICIPANT_LISTED);
    stage_end(&s);
}

static void app_data_applies_updates_of_the_list_in_order(void **state)
{
    (void)state;
    struct stage s;
    struct mls_proposal ban;
    struct wire_u32 gone = { OWEN };
    struct chat_participant_update removal = { .removed_indices = { &gone, 1 } };
    struct chat_participant_list list;
    tb_bytes out, updates[2], old;
    stage_init(&s);
    const struct mls_public_app_data *app = chat_app_data();
    assert_ok(chat_policy_role_proposal(3, CHAT_ROLE_BANNED, &s.f.arena, &ban));
    assert_hex(&s.f, ban.of.app_data_update->of.update->value, "0800000003000000010000");
    old = fixture_encode(&s.f, &chat_participant_list_desc, &s.before.participants);
    updates[0] = fixture_encode(&s.f, &chat_participant_update_desc, &removal);
    updates[1] = ban.of.app_data_update->of.update->value; /* 3 is ben by now, not bob */
    assert_ok(app->update(app->ctx, 0x0022, true, old, updates, 2, &s.f.arena, &out));
    assert_ok(wire_decode(&chat_participant_list_desc, out, &s.f.arena, &list, NULL));
    assert_int_equal(list.participants.count, 4);
    assert_int_equal(list.participants.at[3].role_index, CHAT_ROLE_BANNED);
    assert_int_equal(list.participants.at[2].role_index, CHAT_ROLE_MEMBER);
    assert_ok(app->update(app->ctx, 0x0023, true, old, updates, 2, &s.f.arena, &out));
    assert_bytes(out, updates[1]);
    updates[0] = TB_LITERAL("no update");
    assert_false(
        tb_is_ok(app->update(app->ctx, 0x0022, true, old, updates, 2, &s.f.arena, &out)));
    stage_end(&s);
}

static void leaf_app_data_lists_what_rooms_use(void **state)
{
    (void)state;
    struct stage s;
    tb_bytes encoded;
    struct mls_app_data_dictionary dictionary;
    stage_init(&s);
    assert_ok(chat_policy_leaf_app_data(&s.f.arena, &encoded));
    assert_ok(wire_decode(&mls_app_data_dictionary_desc, encoded, &s.f.arena, &dictionary, NULL));
    assert_int_equal(dictionary.component_data.count, 1);
    assert_bytes(dictionary.component_data.at[0].data,
                 s.before.dictionary.component_data.at[0].data);
    stage_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_room_is_accepted_and_says_what_the_checklist_asks),
        cmocka_unit_test(every_kind_has_its_classes_and_roles),
        cmocka_unit_test(capabilities_follow_the_role_and_the_kind),
        cmocka_unit_test(the_policy_enforcer_bans_and_removes_and_nothing_else),
        cmocka_unit_test(a_room_with_another_hub_s_keys_is_refused),
        cmocka_unit_test(reports_go_to_the_desk_alone),
        cmocka_unit_test(the_desk_s_own_room_comes_before_the_desk),
        cmocka_unit_test(a_room_of_an_unknown_policy_is_refused),
        cmocka_unit_test(a_missing_component_is_named),
        cmocka_unit_test(leaves_belong_to_listed_users_who_are_not_banned),
        cmocka_unit_test(a_list_of_participants_is_of_users_once_each_with_known_roles),
        cmocka_unit_test(limits_of_participants_and_devices_hold),
        cmocka_unit_test(updates_change_then_remove_then_append),
        cmocka_unit_test(each_rule_of_an_update_has_its_refusal),
        cmocka_unit_test(app_data_applies_updates_of_the_list_in_order),
        cmocka_unit_test(leaf_app_data_lists_what_rooms_use),
    };
    return cmocka_run_group_tests_name("chat_policy", tests, NULL, NULL);
}
