/*
 * External commits (RFC 9420, section 12.4.3.2) as a delivery service sees them.  The joiner is
 * made here: it needs the public state alone, and its tags are not checked without secrets.
 */
#include "tests/unit/mls_public_fixture.h"

#include "mls/tree_path.h"
#include "mls/treekem.h"

/* A joiner and the parts of its commit. */
struct joiner {
    struct mls_proposal proposals[3];
    struct mls_proposal_or_ref entries[3];
    struct mls_commit commit;
    struct mls_external_init init;
    struct mls_remove remove;
    struct mls_update_path path;
};

static void put(struct joiner *j, struct mls_proposal proposal)
{
    size_t at = j->commit.proposals.count++;
    j->proposals[at] = proposal;
    j->entries[at].type = MLS_BY_VALUE;
    j->entries[at].of.proposal = &j->proposals[at];
    j->commit.proposals.at = j->entries;
}

/* The joiner's path, into the tree after it took out `old` (or nobody) by a Remove. */
static void make_path(struct room *r, struct joiner *j, size_t who, const uint32_t *old)
{
    struct mls_tree tree;
    tb_bytes octets;
    struct wire_u16 version = { MLS_VERSION_MLS10 }, credential = { MLS_CREDENTIAL_BASIC };
    struct wire_u16 extension = { MLS_EXTENSION_APP_DATA_DICTIONARY };
    struct wire_u16 types[] = { { MLS_PROPOSAL_APP_DATA_UPDATE },
                                { MLS_PROPOSAL_APP_EPHEMERAL },
                                { MLS_PROPOSAL_SELF_REMOVE } };
    struct wire_opaque identity = { party_name(&r->p, who) };
    struct mls_leaf_node fields = {
        .signature_key = crypto_signing_key_public(&r->p.member[who].signer),
        .credential = { MLS_CREDENTIAL_BASIC, { .identity = &identity } },
        .capabilities = { .versions = { &version, 1 },
                          .extensions = { &extension, 1 },
                          .proposals = { types, 3 },
                          .credentials = { &credential, 1 } },
    };
    struct mls_treekem_private own;
    struct mls_treekem_path secrets;
    assert_ok(mls_public_group_ratchet_tree(r->hub, &r->p.arena, &octets));
    assert_ok(mls_tree_decode(&r->p.suite, &r->p.heap.mem, octets, &tree, NULL));
    if (old != NULL) assert_ok(mls_tree_remove(&tree, *old));
    own = (struct mls_treekem_private){ .leaf_index = mls_tree_next_leaf(&tree) };
    assert_ok(mls_treekem_create(&tree, &fields, &r->p.member[who].signer,
                                 mls_public_group_id(r->hub), &r->p.rng.rng, &r->p.arena, &own,
                                 &secrets));
    assert_ok(mls_treekem_encrypt(&tree, &secrets, TB_LITERAL("context"), NULL, 0, &r->p.rng.rng,
                                  &r->p.arena, &j->path));
    mls_treekem_path_wipe(&secrets);
    mls_tree_wipe(&tree);
    j->commit.path = &j->path;
}

static void joiner_begin(struct room *r, struct joiner *j, size_t who, const uint32_t *old)
{
    *j = (struct joiner){ .init = { TB_LITERAL("thirty-two octets of kem output.") } };
    put(j, (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_EXTERNAL_INIT,
                                  .of = { .external_init = &j->init } });
    if (old != NULL) {
        j->remove.removed = *old;
        put(j, (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REMOVE,
                                      .of = { .remove = &j->remove } });
    }
    make_path(r, j, who, old);
}

static tb_bytes joiner_commit(struct room *r, struct joiner *j,
                              const struct crypto_signing_key *key)
{
    const struct mls_framed_content content = {
        .group_id = mls_public_group_id(r->hub),
        .epoch = mls_public_group_epoch(r->hub),
        .sender = { MLS_SENDER_NEW_MEMBER_COMMIT, { NULL } },
        .content_type = MLS_CONTENT_COMMIT,
        .of = { .commit = &j->commit },
    };
    return room_forge(r, key, &content);
}

static void a_joiner_takes_the_leftmost_blank_leaf_and_is_described_as_added(void **state)
{
    (void)state;
    struct room r;
    struct joiner j;
    struct mls_public_staged *staged;
    struct mls_public_leaf leaf;
    room_begin(&r, 4); /* full: the tree must grow */
    joiner_begin(&r, &j, 6, NULL);
    assert_ok(room_stage(&r, joiner_commit(&r, &j, &r.p.member[6].signer), &staged));
    const struct mls_public_commit_view *view = mls_public_staged_view(staged);
    assert_int_equal(view->committer_type, MLS_SENDER_NEW_MEMBER_COMMIT);
    assert_int_equal(view->committer_leaf, 4);
    assert_int_equal(view->added_count, 1);
    assert_int_equal(view->added[0].leaf_index, 4);
    assert_bytes(view->added[0].identity, party_name(&r.p, 6));
    assert_int_equal(view->updated_count, 0);
    assert_int_equal(view->removed_count, 0);
    assert_ok(mls_public_group_merge(r.hub, staged));
    assert_int_equal(mls_public_group_leaf_count(r.hub), 8);
    assert_true(mls_public_group_leaf(r.hub, 4, &leaf));
    room_end(&r);
}

static void a_resync_replaces_the_joiners_old_leaf(void **state)
{
    (void)state;
    struct room r;
    struct joiner j;
    struct mls_public_staged *staged;
    const uint32_t old = 1;
    room_begin(&r, 4);
    joiner_begin(&r, &j, 1, &old);
    assert_ok(room_stage(&r, joiner_commit(&r, &j, &r.p.member[1].signer), &staged));
    const struct mls_public_commit_view *view = mls_public_staged_view(staged);
    assert_int_equal(view->committer_leaf, 1);
    assert_int_equal(view->removed_count, 1);
    assert_int_equal(view->removed[0].leaf_index, 1);
    assert_int_equal(view->added_count, 1);
    assert_bytes(view->added[0].identity, view->removed[0].identity);
    mls_public_group_drop(r.hub, staged);

    /* Member 6 takes out member 1. */
    joiner_begin(&r, &j, 6, &old);
    room_assert_refused(&r, joiner_commit(&r, &j, &r.p.member[6].signer),
                        MLS_COMMIT_EXTERNAL_REMOVE);
    room_end(&r);
}

static void an_external_commit_is_signed_with_the_key_of_its_own_leaf(void **state)
{
    (void)state;
    struct room r;
    struct joiner j;
    room_begin(&r, 3);
    joiner_begin(&r, &j, 6, NULL);
    room_assert_refused(&r, joiner_commit(&r, &j, &r.p.member[5].signer), MLS_CONTENT_SIGNATURE);
    j.commit.path = NULL;
    room_assert_refused(&r, joiner_commit(&r, &j, &r.p.member[6].signer),
                        MLS_COMMIT_PATH_MISSING);
    room_end(&r);
}

static void a_member_does_not_join_a_second_time(void **state)
{
    (void)state;
    struct room r;
    struct joiner j;
    room_begin(&r, 3);
    joiner_begin(&r, &j, 1, NULL); /* its old leaf stays */
    room_assert_refused(&r, joiner_commit(&r, &j, &r.p.member[1].signer),
                        MLS_TREE_SIGNATURE_KEY_TWICE);
    room_end(&r);
}

static void a_joiner_without_external_init_or_with_an_add_is_refused(void **state)
{
    (void)state;
    struct room r;
    struct joiner j;
    struct party_key_package friend;
    room_begin(&r, 3);
    joiner_begin(&r, &j, 6, NULL);
    party_key_package(&r.p, 5, &friend);
    put(&j, friend.proposal);
    room_assert_refused(&r, joiner_commit(&r, &j, &r.p.member[6].signer),
                        MLS_PROPOSALS_NOT_EXTERNAL);
    j.commit.proposals.count = 0;
    room_assert_refused(&r, joiner_commit(&r, &j, &r.p.member[6].signer),
                        MLS_PROPOSALS_EXTERNAL_INIT);
    mls_key_package_secrets_wipe(&friend.secrets);
    room_end(&r);
}

static void a_joiner_carries_out_the_self_removes_that_wait(void **state)
{
    (void)state;
    struct room r;
    struct joiner j;
    struct mls_public_proposal kept;
    struct mls_public_staged *staged;
    const uint32_t leaving = 2;
    room_begin(&r, 3);
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    assert_ok(room_propose(&r, room_forge_proposal(&r, leaving, leave), &kept));
    joiner_begin(&r, &j, 6, &leaving);
    /* The Remove becomes the reference: the tree is the same. */
    struct wire_opaque reference = { kept.ref };
    j.entries[1] = (struct mls_proposal_or_ref){ MLS_BY_REFERENCE, { .reference = &reference } };
    assert_ok(room_stage(&r, joiner_commit(&r, &j, &r.p.member[6].signer), &staged));
    const struct mls_public_commit_view *view = mls_public_staged_view(staged);
    assert_int_equal(view->removed_count, 1);
    assert_int_equal(view->removed[0].leaf_index, 2);
    assert_int_equal(view->committer_leaf, 2);
    mls_public_group_drop(r.hub, staged);
    /* Any other proposal by reference is refused, though it is pending. */
    struct mls_app_ephemeral ephemeral = { 0x50, TB_LITERAL("x") };
    const struct mls_proposal other = { .proposal_type = MLS_PROPOSAL_APP_EPHEMERAL,
                                        .of = { .app_ephemeral = &ephemeral } };
    assert_ok(room_propose(&r, room_forge_proposal(&r, 1, other), &kept));
    joiner_begin(&r, &j, 6, NULL);
    reference.value = kept.ref;
    j.entries[1] = (struct mls_proposal_or_ref){ MLS_BY_REFERENCE, { .reference = &reference } };
    j.commit.proposals.count = 2;
    room_assert_refused(&r, joiner_commit(&r, &j, &r.p.member[6].signer),
                        MLS_PROPOSALS_NOT_EXTERNAL);
    room_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_joiner_takes_the_leftmost_blank_leaf_and_is_described_as_added),
        cmocka_unit_test(a_resync_replaces_the_joiners_old_leaf),
        cmocka_unit_test(an_external_commit_is_signed_with_the_key_of_its_own_leaf),
        cmocka_unit_test(a_member_does_not_join_a_second_time),
        cmocka_unit_test(a_joiner_without_external_init_or_with_an_add_is_refused),
        cmocka_unit_test(a_joiner_carries_out_the_self_removes_that_wait),
    };
    return cmocka_run_group_tests_name("mls/public_external", tests, NULL, NULL);
}
