/* Who may propose what, external commits, and proposals one by one. */
#include "tests/unit/mls_proposals_fixture.h"

static void each_kind_of_sender_proposes_only_its_types(void **state)
{
    (void)state;
    static const uint16_t types[] = {
        MLS_PROPOSAL_ADD,           MLS_PROPOSAL_UPDATE,
        MLS_PROPOSAL_REMOVE,        MLS_PROPOSAL_PSK,
        MLS_PROPOSAL_REINIT,        MLS_PROPOSAL_EXTERNAL_INIT,
        MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS, MLS_PROPOSAL_APP_DATA_UPDATE,
        MLS_PROPOSAL_APP_EPHEMERAL, MLS_PROPOSAL_SELF_REMOVE,
    };
    static const char *const allowed[] = {
        [MLS_SENDER_MEMBER] = "yyyyynyyyy",
        [MLS_SENDER_EXTERNAL] = "ynyyynyyyn",
        [MLS_SENDER_NEW_MEMBER_PROPOSAL] = "ynnnnnnnnn",
        [MLS_SENDER_NEW_MEMBER_COMMIT] = "nnyynynyyn",
    };
    for (uint8_t sender = MLS_SENDER_MEMBER; sender <= MLS_SENDER_NEW_MEMBER_COMMIT; sender++) {
        for (size_t i = 0; i < 10; i++) {
            assert_int_equal(mls_proposals_may_send(sender, types[i]), allowed[sender][i] == 'y');
        }
    }
    assert_false(mls_proposals_may_send(0, MLS_PROPOSAL_ADD));
    struct scene s;
    scene_begin(&s);
    put_extensions(&s, NULL, 0);
    s.items[0].sender_type = MLS_SENDER_NEW_MEMBER_PROPOSAL;
    assert_status(apply(&s), MLS_PROPOSALS_INVALID_SENDER);
    put_external_init(&s);
    assert_status(apply(&s), MLS_PROPOSALS_INVALID_SENDER);
    scene_end(&s);
}

/* ---------------------------------------------------------------- external commits */

static void external_begin(struct scene *s)
{
    scene_begin(s);
    s->input.committer_type = MLS_SENDER_NEW_MEMBER_COMMIT;
}

static void an_external_commit_has_exactly_one_external_init(void **state)
{
    (void)state;
    struct scene s;
    external_begin(&s);
    put_external_init(&s);
    assert_ok(apply(&s));
    put_psk(&s, "key", 1);
    assert_status(apply(&s), MLS_PROPOSALS_EXTERNAL_INIT);
    put_external_init(&s);
    put_external_init(&s);
    assert_status(apply(&s), MLS_PROPOSALS_EXTERNAL_INIT);
    put_external_init(&s);
    s.input.has_path = false;
    assert_status(apply(&s), MLS_COMMIT_PATH_MISSING);
    scene_end(&s);
}

static void an_external_commit_holds_nothing_but_what_it_may(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    external_begin(&s);
    put_external_init(&s);
    put_add(&s, &client);
    assert_status(apply(&s), MLS_PROPOSALS_NOT_EXTERNAL);
    put_external_init(&s);
    put_remove(&s, 2);
    put_remove(&s, 3);
    assert_status(apply(&s), MLS_PROPOSALS_NOT_EXTERNAL);
    put_external_init(&s);
    put_remove(&s, 2);
    s.items[1] = (struct mls_proposals_item){ &s.proposals[1], MLS_SENDER_MEMBER, 4, true };
    assert_status(apply(&s), MLS_PROPOSALS_NOT_EXTERNAL); /* by reference */
    put_external_init(&s);
    put_update(&s, 2, &client);
    assert_status(apply(&s), MLS_PROPOSALS_NOT_EXTERNAL);
    put_external_init(&s);
    put_app_data(&s, 0x22, "y");
    put(&s, MLS_PROPOSAL_SELF_REMOVE, MLS_SENDER_MEMBER, 3, true);
    assert_ok(apply(&s));
    scene_end(&s);
}

/* Join by an external commit that removes leaf 2; the joiner's leaf goes in without a path. */
static tb_status resync(struct scene *s, const struct client *client)
{
    struct mls_proposals_result result;
    struct wire_opaque parent_hash = { { NULL, 0 } };
    struct leaf_parts parts;
    external_begin(s);
    put_external_init(s);
    put_remove(s, 2);
    assert_ok(apply_to(s, &result));
    assert_int_equal(result.committer_leaf, 2);
    leaf_parts_begin(&s->f, client, &parts);
    parts.leaf.leaf_node_source = MLS_LEAF_COMMIT;
    parts.leaf.of.parent_hash = &parent_hash;
    tb_bytes leaf = leaf_sign(&s->f, client, &parts, s->context.group_id, 2);
    assert_ok(mls_tree_set_leaf(&result.tree, 2, leaf));
    tb_status status = mls_proposals_finish(&s->input, &result, leaf_decode(&s->f, leaf),
                                            &s->f.arena);
    mls_tree_wipe(&result.tree);
    return status;
}

static void a_joiner_removes_its_own_old_leaf_and_nobody_elses(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    external_begin(&s);
    client_begin(&s.f, &client, 2); /* "client 2", as at leaf 2 */
    scene_end(&s);
    assert_ok(resync(&s, &client));
    scene_end(&s);
    strcpy(client.name, "client 3");
    assert_status(resync(&s, &client), MLS_COMMIT_EXTERNAL_REMOVE);
    scene_end(&s);
}

static void a_joiner_that_replaces_its_leaf_brings_a_new_encryption_key(void **state)
{
    (void)state;
    struct scene s;
    external_begin(&s);
    struct client same = s.clients[2]; /* the generator has a seed: the same clients each time */
    scene_end(&s);
    assert_status(resync(&s, &same), MLS_LEAF_UPDATE_KEY);
    scene_end(&s);
}

/* ---------------------------------------------------------------- one by one */

static void a_single_proposal_is_checked_before_it_is_kept(void **state)
{
    (void)state;
    struct scene s;
    struct client client;
    const struct mls_extension twice[] = { { 9, { NULL, 0 } }, { 9, { NULL, 0 } } };
    scene_begin(&s);
    put_remove(&s, 3);
    s.items[0].by_reference = true;
    assert_ok(mls_proposals_check_one(&s.input, &s.items[0], &s.f.arena));
    s.proposals[0].of.remove->removed = 99;
    assert_status(mls_proposals_check_one(&s.input, &s.items[0], &s.f.arena), MLS_TREE_LEAF);
    put_extensions(&s, twice, 2);
    assert_status(mls_proposals_check_one(&s.input, &s.items[1], &s.f.arena),
                  MLS_EXTENSION_DUPLICATE);
    put_update(&s, 3, &client);
    assert_ok(mls_proposals_check_one(&s.input, &s.items[2], &s.f.arena));
    s.items[2].sender_index = 4;
    assert_status(mls_proposals_check_one(&s.input, &s.items[2], &s.f.arena), MLS_LEAF_SIGNATURE);
    put_add(&s, &client);
    s.proposals[3].of.add->key_package.cipher_suite = 2;
    assert_status(mls_proposals_check_one(&s.input, &s.items[3], &s.f.arena), MLS_SUITE);
    scene_end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_sender_proposes_only_its_types),
        cmocka_unit_test(an_external_commit_has_exactly_one_external_init),
        cmocka_unit_test(an_external_commit_holds_nothing_but_what_it_may),
        cmocka_unit_test(a_joiner_removes_its_own_old_leaf_and_nobody_elses),
        cmocka_unit_test(a_joiner_that_replaces_its_leaf_brings_a_new_encryption_key),
        cmocka_unit_test(a_single_proposal_is_checked_before_it_is_kept),
    };
    return cmocka_run_group_tests_name("mls/proposals_external", tests, NULL, NULL);
}
