/*
 * A change of the signature key and of the credential within a group (RFC 9420, sections 5.3.1,
 * 7.3 and 12.1.2), by a commit's path and by an Update, seen by its owner, by the other members and
 * by a delivery service.
 */
#include "tests/unit/api_world.h"

enum { SUITE = MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 };
static const struct mls_octets NONE = { NULL, 0 };

/* What the application is asked about updates, and what it says. */
struct judge {
    size_t asked_count;
    bool refuses;
    char name, name_before;
};

static bool judge_credential(void *user, const struct mls_credential_question *question)
{
    struct judge *judge = user;
    if (question->place != MLS_CREDENTIAL_IN_UPDATE) return true;
    judge->asked_count++;
    judge->name = (char)question->credential.identity.data[0];
    judge->name_before = (char)question->previous->identity.data[0];
    return !judge->refuses;
}

struct scene {
    struct judge judge;
    struct api_world w;
    struct mls_signer *fresh; /* of the member in question, "b" */
};

static void begin(struct scene *s, size_t people_count, size_t joining)
{
    struct mls_config config = MLS_INIT(struct mls_config);
    memset(s, 0, sizeof *s);
    config.user = &s->judge;
    config.check_credential = judge_credential;
    assert_int_equal(api_begin(&s->w, &config, SUITE, people_count), MLS_OK);
    assert_int_equal(api_meet_with(&s->w, NULL, 0, joining), MLS_OK);
    assert_int_equal(mls_signer_new(s->w.ctx, SUITE, &s->fresh), MLS_OK);
}

static void end(struct scene *s)
{
    mls_signer_free(s->fresh);
    api_end(&s->w);
}

/* The group knows the key as that of leaf 1, and what it signs passes with everybody. */
static void assert_key_is(struct scene *s, const struct mls_signer *signer)
{
    struct mls_octets key = mls_signer_public_key(signer);
    for (size_t i = 0; i < s->w.people_count; i++) {
        struct mls_leaf_info leaf = MLS_INIT(struct mls_leaf_info);
        if (s->w.people[i].session == NULL) continue;
        assert_int_equal(mls_session_leaf(s->w.people[i].session, 1, s->w.arena, &leaf), MLS_OK);
        assert_int_equal(leaf.signature_key.len, key.len);
        assert_memory_equal(leaf.signature_key.data, key.data, key.len);
        if (i != 1) assert_int_equal(api_say(&s->w, 1, i, "signed by it"), MLS_OK);
        if (i != 1) assert_int_equal(api_say(&s->w, i, 1, "heard"), MLS_OK);
    }
}

static void a_commit_brings_a_new_signature_key(void **state)
{
    struct scene s;
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_octets late;
    (void)state;
    begin(&s, 3, 3);
    assert_int_equal(mls_session_protect(s.w.people[1].session, NONE, api_text("late"), 0,
                                         s.w.arena, &late), MLS_OK);
    commit.new_signer = s.fresh;
    assert_int_equal(api_commit(&s.w, 1, &commit, &made), MLS_OK);
    assert_int_equal(s.judge.asked_count, 3); /* its owner's application, and the two others' */
    assert_true(api_agree(&s.w));
    assert_key_is(&s, s.fresh);
    /* What the old key signed in the epoch before still opens. */
    assert_int_equal(api_take(&s.w, 2, late, NULL), MLS_OK);
    /* Renewed again: the new key signs its leaf and its commit. */
    assert_int_equal(api_renew(&s.w, 1), MLS_OK);
    assert_key_is(&s, s.fresh);
    end(&s);
}

static void the_state_goes_on_with_the_key_that_waits(void **state)
{
    struct scene s;
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_octets stored;
    struct mls_session *session = NULL;
    (void)state;
    begin(&s, 2, 2);
    commit.new_signer = s.fresh;
    commit.now_s = API_NOW_S;
    assert_int_equal(mls_session_commit(s.w.people[1].session, &commit, s.w.arena, &made, NULL),
                     MLS_OK);
    /* The device stops between the commit and the answer of the delivery service. */
    assert_int_equal(api_restart(&s.w, 1), MLS_OK);
    assert_int_equal(api_spread(&s.w, 1, made.commit), MLS_OK);
    assert_key_is(&s, s.fresh);
    /* From then on it is the new key that loads. */
    assert_int_equal(mls_session_state(s.w.people[1].session, s.w.arena, &stored), MLS_OK);
    assert_int_equal(mls_session_load(s.w.ctx, s.w.people[1].signer, stored, &session),
                     MLS_GROUP_SIGNER);
    assert_int_equal(mls_session_load(s.w.ctx, s.fresh, stored, &session), MLS_OK);
    mls_session_free(s.w.people[1].session);
    s.w.people[1].session = session;
    assert_key_is(&s, s.fresh);
    end(&s);
}

static void an_update_brings_a_new_key_and_a_new_credential(void **state)
{
    struct scene s;
    struct mls_proposal_spec update = MLS_INIT(struct mls_proposal_spec);
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_leaf_info leaf = MLS_INIT(struct mls_leaf_info);
    struct mls_octets message;
    (void)state;
    begin(&s, 3, 3);
    update.proposal_type = MLS_PROPOSAL_UPDATE;
    update.new_signer = s.fresh;
    update.credential.credential_type = MLS_CREDENTIAL_BASIC;
    update.credential.identity = api_text("z");
    assert_int_equal(mls_session_propose(s.w.people[1].session, &update, NONE, false, s.w.arena,
                                         &message), MLS_OK);
    assert_int_equal(api_take(&s.w, 0, message, NULL), MLS_OK);
    assert_int_equal(api_take(&s.w, 2, message, NULL), MLS_OK);
    assert_int_equal(s.judge.name, 'z');
    assert_int_equal(s.judge.name_before, 'b');
    assert_int_equal(api_restart(&s.w, 1), MLS_OK);
    assert_int_equal(api_commit(&s.w, 2, &commit, &made), MLS_OK);
    assert_true(api_agree(&s.w));
    assert_key_is(&s, s.fresh);
    assert_int_equal(mls_session_leaf(s.w.people[0].session, 1, s.w.arena, &leaf), MLS_OK);
    assert_memory_equal(leaf.credential.identity.data, "z", 1);
    end(&s);
}

/* Welcome and GroupInfo of the new epoch are signed by the key of its tree. */
static void a_newcomer_and_a_delivery_service_see_the_new_key(void **state)
{
    struct scene s;
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_proposal_spec add = MLS_INIT(struct mls_proposal_spec);
    struct mls_staged_info staged = MLS_INIT(struct mls_staged_info);
    const struct mls_proposal_spec *proposals[] = { &add };
    struct mls_follower *follower = NULL;
    struct mls_outsider *outsider = NULL;
    struct mls_octets info, tree;
    (void)state;
    begin(&s, 3, 2);
    assert_int_equal(mls_session_group_info(s.w.people[0].session, true, NULL, 0, s.w.arena, &info,
                                            &tree), MLS_OK);
    assert_int_equal(mls_follower_new(s.w.ctx, info, NONE, API_NOW_S, &follower, NULL), MLS_OK);
    add.proposal_type = MLS_PROPOSAL_ADD;
    add.key_package = s.w.people[2].package.key_package;
    commit.proposals = proposals;
    commit.proposal_count = 1;
    commit.as_public = true;
    commit.tree_in_welcome = true;
    commit.new_signer = s.fresh;
    assert_int_equal(api_commit(&s.w, 1, &commit, &made), MLS_OK);
    assert_int_equal(mls_follower_stage(follower, made.commit, made.group_info, API_NOW_S, &staged,
                                        NULL), MLS_OK);
    assert_int_equal(staged.updated_count, 1);
    assert_int_equal(mls_follower_merge(follower), MLS_OK);
    mls_follower_free(follower);
    assert_int_equal(api_join(&s.w, 2, made.welcome), MLS_OK);
    assert_int_equal(mls_outsider_new(s.w.ctx, made.group_info, made.ratchet_tree, API_NOW_S,
                                      &outsider, NULL), MLS_OK);
    mls_outsider_free(outsider);
    assert_key_is(&s, s.fresh);
    end(&s);
}

static void a_change_that_is_refused_or_lost_changes_nothing(void **state)
{
    struct scene s;
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_signer *other = NULL;
    (void)state;
    begin(&s, 2, 2);
    struct mls_session *session = s.w.people[1].session;
    commit.now_s = API_NOW_S;
    assert_int_equal(mls_signer_new(s.w.ctx, MLS_128_DHKEMP256_AES128GCM_SHA256_P256, &other),
                     MLS_OK);
    commit.new_signer = other;
    assert_int_equal(mls_session_commit(session, &commit, s.w.arena, &made, NULL), MLS_SUITE);
    mls_signer_free(other);
    /* Signature keys are unique in the group (section 7.3). */
    commit.new_signer = s.w.people[0].signer;
    assert_int_not_equal(mls_session_commit(session, &commit, s.w.arena, &made, NULL), MLS_OK);
    commit.new_signer = s.fresh;
    s.judge.refuses = true;
    assert_int_equal(mls_session_commit(session, &commit, s.w.arena, &made, NULL),
                     MLS_CREDENTIAL_REFUSED);
    s.judge.refuses = false;
    assert_int_equal(mls_session_commit(session, &commit, s.w.arena, &made, NULL), MLS_OK);
    /* Another's commit wins. */
    assert_int_equal(api_renew(&s.w, 0), MLS_OK);
    assert_key_is(&s, s.w.people[1].signer);
    end(&s);
}

static void only_a_few_keys_wait_in_one_epoch(void **state)
{
    struct scene s;
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_signer *signers[5];
    (void)state;
    begin(&s, 2, 2);
    commit.now_s = API_NOW_S;
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(mls_signer_new(s.w.ctx, SUITE, &signers[i]), MLS_OK);
        commit.new_signer = signers[i];
        assert_int_equal(mls_session_commit(s.w.people[1].session, &commit, s.w.arena, &made,
                                            NULL), i < 4 ? MLS_OK : MLS_PENDING_FULL);
    }
    commit.new_signer = signers[0]; /* the same key counts once */
    assert_int_equal(api_commit(&s.w, 1, &commit, &made), MLS_OK);
    assert_key_is(&s, signers[0]);
    for (size_t i = 0; i < 5; i++) mls_signer_free(signers[i]);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_commit_brings_a_new_signature_key),
        cmocka_unit_test(the_state_goes_on_with_the_key_that_waits),
        cmocka_unit_test(an_update_brings_a_new_key_and_a_new_credential),
        cmocka_unit_test(a_newcomer_and_a_delivery_service_see_the_new_key),
        cmocka_unit_test(a_change_that_is_refused_or_lost_changes_nothing),
        cmocka_unit_test(only_a_few_keys_wait_in_one_epoch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
