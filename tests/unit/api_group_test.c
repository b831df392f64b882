/*
 * Whole groups through the public interface: ReInit and its successor, a branch, proposals from
 * outside, detached commits, late messages, GREASE, X.509 credentials, and a store that fails.
 */
#include "tests/unit/api_world.h"

#include "tests/unit/api_certificate.h"

enum { SUITE = MLS_128_DHKEMX25519_AES128GCM_SHA256_ED25519 };
static const struct mls_octets NONE = { NULL, 0 };

static void begin(struct api_world *w, size_t people_count)
{
    assert_int_equal(api_begin(w, NULL, SUITE, people_count), MLS_OK);
    assert_int_equal(api_meet(w), MLS_OK);
}

static int propose(struct api_world *w, size_t who, const struct mls_proposal_spec *proposal,
                   struct mls_octets *message)
{
    return mls_session_propose(w->people[who].session, proposal, NONE, true, w->arena, message);
}

/* ---------------------------------------------------------------- groups out of groups */

static struct mls_subgroup_options subgroup_of(struct api_world *w, struct mls_leaf_options *leaf,
                                               struct mls_octets *packages, size_t first,
                                               size_t count)
{
    struct mls_subgroup_options options = MLS_INIT(struct mls_subgroup_options);
    *leaf = api_leaf(&w->people[0]);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(api_package(w, first + i), MLS_OK);
        packages[i] = w->people[first + i].package.key_package;
    }
    options.leaf = leaf;
    options.key_packages = packages;
    options.key_package_count = count;
    options.tree_in_welcome = true;
    options.now_s = API_NOW_S;
    return options;
}

/* Join a group that came out of that of `from`; *out is NULL on a refusal. */
static int join_out_of(struct api_world *w, size_t who, struct mls_octets welcome,
                       const struct mls_session *successor_of, const struct mls_session *branch_of,
                       struct mls_session **out)
{
    struct mls_join_options join = MLS_INIT(struct mls_join_options);
    join.welcome = welcome;
    join.key_package = w->people[who].package.key_package;
    join.private_part = w->people[who].package.private_part;
    join.now_s = API_NOW_S;
    join.successor_of = successor_of;
    join.branch_of = branch_of;
    *out = NULL;
    return mls_session_join(w->ctx, w->people[who].signer, &join, out, NULL);
}

static void same_epoch(const struct mls_session *a, const struct mls_session *b)
{
    struct mls_octets left = mls_session_epoch_authenticator(a);
    struct mls_octets right = mls_session_epoch_authenticator(b);
    assert_int_equal(left.len, right.len);
    assert_memory_equal(left.data, right.data, left.len);
}

static void a_reinit_ends_the_group_and_its_successor_takes_all(void **state)
{
    struct api_world w;
    struct mls_proposal_spec reinit = MLS_INIT(struct mls_proposal_spec);
    struct mls_proposal_spec shown = MLS_INIT(struct mls_proposal_spec);
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_session *own = NULL, *theirs = NULL;
    struct mls_leaf_options leaf;
    struct mls_octets packages[2], message;
    const struct mls_proposal_spec *proposals[] = { &reinit };
    (void)state;
    begin(&w, 3);
    assert_int_equal(mls_session_reinit(w.people[1].session, w.arena, &shown),
                     MLS_GROUP_NO_REINIT);
    reinit.proposal_type = MLS_PROPOSAL_REINIT;
    reinit.group_id = api_text("successor");
    reinit.cipher_suite = SUITE;
    commit.proposals = proposals;
    commit.proposal_count = 1;
    assert_int_equal(api_commit(&w, 0, &commit, &made), MLS_OK);
    /* Nothing more in the old group. */
    assert_int_equal(mls_session_protect(w.people[1].session, NONE, api_text("x"), 0, w.arena,
                                         &message), MLS_GROUP_REINIT);
    assert_int_equal(mls_session_reinit(w.people[1].session, w.arena, &shown), MLS_OK);
    assert_int_equal(shown.group_id.len, strlen("successor"));
    assert_int_equal(shown.cipher_suite, SUITE);

    struct mls_subgroup_options options = subgroup_of(&w, &leaf, packages, 1, 1);
    assert_int_equal(mls_session_subgroup(w.people[0].session, w.people[0].signer, &options,
                                          w.arena, &own, &made, NULL), MLS_SUBGROUP_LEFT_OUT);
    assert_null(own);
    options = subgroup_of(&w, &leaf, packages, 1, 2);
    assert_int_equal(mls_session_subgroup(w.people[0].session, w.people[0].signer, &options,
                                          w.arena, &own, &made, NULL), MLS_OK);
    assert_int_equal(mls_session_epoch(own), 1);
    assert_int_equal(mls_session_leaf_count(own), 4); /* a blank one included */
    for (size_t i = 1; i < 3; i++) {
        assert_int_equal(join_out_of(&w, i, made.welcome, w.people[i].session, NULL, &theirs),
                         MLS_OK);
        same_epoch(own, theirs);
        mls_session_free(theirs);
    }
    /* Not as if it were any group, nor as a branch. */
    assert_int_not_equal(join_out_of(&w, 1, made.welcome, NULL, NULL, &theirs), MLS_OK);
    assert_int_not_equal(join_out_of(&w, 1, made.welcome, NULL, w.people[1].session, &theirs),
                         MLS_OK);
    mls_session_free(own);
    api_end(&w);
}

static void a_branch_takes_some_members_of_a_group_that_lives_on(void **state)
{
    struct api_world w;
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_session *own = NULL, *theirs = NULL;
    struct mls_leaf_options leaf;
    struct mls_octets packages[2];
    (void)state;
    begin(&w, 3);
    struct mls_subgroup_options options = subgroup_of(&w, &leaf, packages, 2, 1);
    options.is_branch = true;
    options.group_id = api_text("branch");
    assert_int_equal(mls_session_subgroup(w.people[0].session, w.people[0].signer, &options,
                                          w.arena, &own, &made, NULL), MLS_OK);
    assert_int_equal(join_out_of(&w, 2, made.welcome, NULL, w.people[2].session, &theirs), MLS_OK);
    same_epoch(own, theirs);
    assert_int_equal(api_say(&w, 0, 1, "the old group goes on"), MLS_OK);
    mls_session_free(own);
    mls_session_free(theirs);
    api_end(&w);
}

static void a_program_is_in_one_group_of_a_name(void **state)
{
    struct api_world w;
    struct mls_join_options join = MLS_INIT(struct mls_join_options);
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_proposal_spec add = MLS_INIT(struct mls_proposal_spec);
    const struct mls_proposal_spec *proposals[] = { &add };
    (void)state;
    assert_int_equal(api_begin(&w, NULL, SUITE, 3), MLS_OK);
    assert_int_equal(api_meet_with(&w, NULL, 0, 2), MLS_OK);
    add.proposal_type = MLS_PROPOSAL_ADD;
    add.key_package = w.people[2].package.key_package;
    commit.proposals = proposals;
    commit.proposal_count = 1;
    commit.tree_in_welcome = true;
    assert_int_equal(api_commit(&w, 0, &commit, &made), MLS_OK);
    join.welcome = made.welcome;
    join.key_package = w.people[2].package.key_package;
    join.private_part = w.people[2].package.private_part;
    const struct mls_octets ids[] = { api_text("another"),
                                      mls_session_group_id(w.people[0].session) };
    join.group_ids = ids;
    join.group_id_count = 2;
    assert_int_equal(mls_session_join(w.ctx, w.people[2].signer, &join, &w.people[2].session,
                                      NULL), MLS_GROUP_ID_TAKEN);
    join.group_id_count = 1;
    assert_int_equal(mls_session_join(w.ctx, w.people[2].signer, &join, &w.people[2].session,
                                      NULL), MLS_OK);
    api_end(&w);
}

/* ---------------------------------------------------------------- from outside */

static struct mls_outsider *look_in(struct api_world *w)
{
    struct mls_outsider *outsider = NULL;
    struct mls_octets info, tree;
    assert_int_equal(mls_session_group_info(w->people[0].session, true, NULL, 0, w->arena, &info,
                                            &tree), MLS_OK);
    assert_int_equal(mls_outsider_new(w->ctx, info, NONE, API_NOW_S, &outsider, NULL), MLS_OK);
    return outsider;
}

static void somebody_new_proposes_to_be_added(void **state)
{
    struct api_world w;
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_incoming incoming = MLS_INIT(struct mls_incoming);
    struct mls_octets message;
    (void)state;
    assert_int_equal(api_begin(&w, NULL, SUITE, 3), MLS_OK);
    assert_int_equal(api_meet_with(&w, NULL, 0, 2), MLS_OK);
    struct mls_outsider *outsider = look_in(&w);
    /* Only by the key of the key package. */
    assert_int_equal(mls_outsider_propose_self(outsider, w.people[1].signer,
                                               w.people[2].package.key_package, NONE, w.arena,
                                               &message), MLS_GROUP_SIGNER);
    assert_int_equal(mls_outsider_propose_self(outsider, w.people[2].signer,
                                               w.people[2].package.key_package, NONE, w.arena,
                                               &message), MLS_OK);
    mls_outsider_free(outsider);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(api_take(&w, i, message, &incoming), MLS_OK);
        assert_int_equal(incoming.kind, MLS_INCOMING_PROPOSAL);
        assert_int_equal(incoming.sender_type, MLS_SENDER_NEW_MEMBER_PROPOSAL);
    }
    assert_true(mls_session_must_commit(w.people[0].session));
    commit.tree_in_welcome = true;
    assert_int_equal(api_commit(&w, 1, &commit, &made), MLS_OK);
    assert_int_equal(api_join(&w, 2, made.welcome), MLS_OK);
    assert_true(api_agree(&w));
    api_end(&w);
}

/* The external_senders extension with one sender (section 12.1.8.1); lengths below 64 octets. */
static struct mls_octets senders_of(const struct api_world *w, const struct mls_signer *signer,
                                    const char *name)
{
    struct mls_octets key = mls_signer_public_key(signer);
    size_t body_len = 1 + key.len + 2 + 1 + strlen(name);
    uint8_t *octets = mls_arena_take(w->arena, 1 + body_len), *at = octets;
    assert_non_null(octets);
    *at++ = (uint8_t)body_len;
    *at++ = (uint8_t)key.len;
    memcpy(at, key.data, key.len);
    at += key.len;
    *at++ = 0;
    *at++ = MLS_CREDENTIAL_BASIC;
    *at++ = (uint8_t)strlen(name);
    memcpy(at, name, strlen(name));
    return (struct mls_octets){ octets, 1 + body_len };
}

static void an_external_sender_proposes_and_a_member_commits(void **state)
{
    struct api_world w;
    struct mls_signer *service = NULL;
    struct mls_proposal_spec remove = MLS_INIT(struct mls_proposal_spec);
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_incoming incoming = MLS_INIT(struct mls_incoming);
    struct mls_octets message;
    (void)state;
    assert_int_equal(api_begin(&w, NULL, SUITE, 3), MLS_OK);
    assert_int_equal(mls_signer_new(w.ctx, SUITE, &service), MLS_OK);
    const struct mls_ext extension = { MLS_EXTENSION_EXTERNAL_SENDERS,
                                       senders_of(&w, service, "service") };
    assert_int_equal(api_meet_with(&w, &extension, 1, 3), MLS_OK);
    remove.proposal_type = MLS_PROPOSAL_REMOVE;
    remove.leaf_index = 2;
    struct mls_outsider *outsider = look_in(&w);
    assert_int_equal(mls_outsider_propose(outsider, service, 1, &remove, NONE, w.arena, &message),
                     MLS_SENDER);
    assert_int_equal(mls_outsider_propose(outsider, w.people[0].signer, 0, &remove, NONE, w.arena,
                                          &message), MLS_SENDER);
    assert_int_equal(mls_outsider_propose(outsider, service, 0, &remove, NONE, w.arena, &message),
                     MLS_OK);
    mls_outsider_free(outsider);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(api_take(&w, i, message, &incoming), MLS_OK);
        assert_int_equal(incoming.sender_type, MLS_SENDER_EXTERNAL);
    }
    assert_int_equal(api_commit(&w, 0, &commit, &made), MLS_OK);
    assert_false(mls_session_is_active(w.people[2].session));
    assert_true(mls_session_is_active(w.people[1].session));
    assert_int_equal(api_say(&w, 1, 0, "two are left"), MLS_OK);
    mls_signer_free(service);
    api_end(&w);
}

/* ---------------------------------------------------------------- commits kept apart */

static int commit_only(struct api_world *w, size_t who, struct mls_octets *commit)
{
    struct mls_commit_options options = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    options.force_path = true;
    options.now_s = API_NOW_S;
    int status = mls_session_commit(w->people[who].session, &options, w->arena, &made, NULL);
    if (status == MLS_OK) *commit = made.commit;
    return status;
}

static void of_two_detached_commits_the_one_that_was_taken_is_merged(void **state)
{
    struct api_world w;
    struct mls_detached *first = NULL, *second = NULL, *none = NULL;
    struct mls_octets commits[2];
    (void)state;
    begin(&w, 2);
    struct mls_session *session = w.people[0].session;
    assert_int_equal(mls_session_detach(session, &none), MLS_NO_PENDING);
    assert_int_equal(commit_only(&w, 0, &commits[0]), MLS_OK);
    assert_int_equal(mls_session_detach(session, &first), MLS_OK);
    assert_int_equal(commit_only(&w, 0, &commits[1]), MLS_OK);
    assert_int_equal(mls_session_detach(session, &second), MLS_OK);
    assert_int_equal(mls_session_merge(session, MLS_STAGED_OWN), MLS_NO_PENDING);
    assert_int_equal(mls_session_attach(w.people[1].session, first), MLS_PENDING_FOREIGN);
    /* The delivery service took the first. */
    assert_int_equal(mls_session_attach(session, first), MLS_OK);
    assert_int_equal(api_spread(&w, 0, commits[0]), MLS_OK);
    assert_true(api_agree(&w));
    assert_int_equal(mls_session_attach(session, second), MLS_PENDING_FOREIGN);
    mls_detached_free(second);
    assert_int_equal(api_say(&w, 1, 0, "after it"), MLS_OK);
    api_end(&w);
}

/* ---------------------------------------------------------------- late messages */

static void a_message_of_a_past_epoch_opens_once_and_not_for_ever(void **state)
{
    struct api_world w;
    struct mls_octets late[2], old;
    struct mls_incoming incoming = MLS_INIT(struct mls_incoming);
    (void)state;
    begin(&w, 2);
    struct mls_session *sender = w.people[1].session;
    assert_int_equal(mls_session_protect(sender, NONE, api_text("0"), 0, w.arena, &late[0]),
                     MLS_OK);
    assert_int_equal(mls_session_protect(sender, NONE, api_text("1"), 0, w.arena, &late[1]),
                     MLS_OK);
    assert_int_equal(mls_session_protect(sender, NONE, api_text("2"), 0, w.arena, &old), MLS_OK);
    uint64_t epoch = mls_session_epoch(sender);
    for (size_t i = 0; i < MLS_SESSION_PAST_EPOCHS; i++) {
        assert_int_equal(api_renew(&w, 1), MLS_OK);
    }
    /* In the other order, and after a restart. */
    assert_int_equal(api_take(&w, 0, late[1], &incoming), MLS_OK);
    assert_int_equal(incoming.epoch, epoch);
    assert_memory_equal(incoming.content.data, "1", 1);
    assert_int_equal(api_restart(&w, 0), MLS_OK);
    assert_int_equal(api_take(&w, 0, late[0], &incoming), MLS_OK);
    assert_int_equal(api_take(&w, 0, late[0], &incoming), MLS_GENERATION_USED);
    assert_int_equal(api_renew(&w, 1), MLS_OK);
    assert_int_equal(api_take(&w, 0, old, &incoming), MLS_EPOCH_PAST);
    api_end(&w);
}

/* ---------------------------------------------------------------- GREASE */

static void values_of_grease_are_borne(void **state)
{
    static const uint16_t types[] = { 0x0a0a, 0xdada };
    struct api_world w;
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_proposal_spec add = MLS_INIT(struct mls_proposal_spec);
    const struct mls_proposal_spec *proposals[] = { &add };
    const struct mls_ext extension = { 0x0a0a, api_text("what nobody knows") };
    (void)state;
    assert_int_equal(api_begin(&w, NULL, SUITE, 3), MLS_OK);
    assert_int_equal(api_meet_with(&w, NULL, 0, 2), MLS_OK);
    struct mls_leaf_options leaf = api_leaf(&w.people[2]);
    leaf.extension_types = types;
    leaf.extension_type_count = 2;
    leaf.credential_types = types;
    leaf.credential_type_count = 2;
    leaf.extensions = &extension;
    leaf.extension_count = 1;
    assert_int_equal(mls_key_package_make(w.ctx, w.people[2].signer, &leaf, false, w.arena,
                                          &w.people[2].package), MLS_OK);
    add.proposal_type = MLS_PROPOSAL_ADD;
    add.key_package = w.people[2].package.key_package;
    commit.proposals = proposals;
    commit.proposal_count = 1;
    commit.tree_in_welcome = true;
    commit.group_info_extensions = &extension;
    commit.group_info_extension_count = 1;
    assert_int_equal(api_commit(&w, 0, &commit, &made), MLS_OK);
    assert_int_equal(api_join(&w, 2, made.welcome), MLS_OK);
    assert_int_equal(api_renew(&w, 2), MLS_OK);
    assert_int_equal(api_say(&w, 2, 1, "with grease"), MLS_OK);
    api_end(&w);
}

/* ---------------------------------------------------------------- X.509 */

/* What the application was asked about. */
struct seen {
    size_t group, add, update, x509;
};

static bool see(void *user, const struct mls_credential_question *question)
{
    struct seen *seen = user;
    seen->group += question->place == MLS_CREDENTIAL_IN_GROUP;
    seen->add += question->place == MLS_CREDENTIAL_IN_ADD;
    seen->update += question->place == MLS_CREDENTIAL_IN_UPDATE;
    seen->x509 += question->credential.credential_type == MLS_CREDENTIAL_X509 &&
                  question->credential.certificate_count == 1;
    return true;
}

/* One with a certificate founds the group, one with another joins; both bear both kinds. */
static void a_group_whose_members_have_certificates(void **state)
{
    static const uint16_t bears[] = { MLS_CREDENTIAL_X509 };
    static uint8_t der[2][API_DER_BYTES_MAX];
    struct api_world w;
    struct seen seen = { .x509 = 0 };
    struct mls_config config = MLS_INIT(struct mls_config);
    struct mls_create_options create = MLS_INIT(struct mls_create_options);
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_proposal_spec add = MLS_INIT(struct mls_proposal_spec);
    const struct mls_proposal_spec *proposals[] = { &add };
    struct mls_octets chain[2];
    struct mls_leaf_options leaf[2];
    (void)state;
    config.user = &seen;
    config.check_credential = see;
    assert_int_equal(api_begin(&w, &config, SUITE, 2), MLS_OK);
    for (size_t i = 0; i < 2; i++) {
        struct mls_octets seed = mls_signer_private_key(w.people[i].signer);
        chain[i] = (struct mls_octets){ der[i], api_certificate_of(seed, der[i]) };
        leaf[i] = api_leaf(&w.people[i]);
        leaf[i].identity = (struct mls_identity){ .credential_type = MLS_CREDENTIAL_X509,
                                                  .certificates = &chain[i],
                                                  .certificate_count = 1 };
        leaf[i].credential_types = bears;
        leaf[i].credential_type_count = 1;
    }
    create.leaf = &leaf[0];
    assert_int_equal(mls_session_create(w.ctx, w.people[0].signer, &create, &w.people[0].session),
                     MLS_OK);
    assert_int_equal(mls_key_package_make(w.ctx, w.people[1].signer, &leaf[1], false, w.arena,
                                          &w.people[1].package), MLS_OK);
    add.proposal_type = MLS_PROPOSAL_ADD;
    add.key_package = w.people[1].package.key_package;
    commit.proposals = proposals;
    commit.proposal_count = 1;
    commit.tree_in_welcome = true;
    assert_int_equal(api_commit(&w, 0, &commit, &made), MLS_OK);
    assert_int_equal(seen.add, 1);
    assert_int_equal(api_join(&w, 1, made.welcome), MLS_OK);
    assert_int_equal(seen.group, 2);
    assert_int_equal(api_renew(&w, 1), MLS_OK);
    assert_int_equal(seen.update, 1);
    assert_int_equal(seen.x509, 4);
    assert_true(api_agree(&w));
    api_end(&w);
}

/* ---------------------------------------------------------------- storage */

enum { SLOT_BYTES_MAX = 1 << 16 };

/* Two slots of one group; put and get fail on demand. */
struct slots {
    uint8_t octets[3][SLOT_BYTES_MAX];
    size_t len[3];
    bool put_fails, get_fails;
    size_t puts;
};

static bool slots_put(void *user, struct mls_octets group_id, enum mls_store_slot slot,
                      struct mls_octets value)
{
    struct slots *slots = user;
    (void)group_id;
    if (slots->put_fails) return false;
    assert_in_range(value.len, 1, SLOT_BYTES_MAX);
    memcpy(slots->octets[slot], value.data, value.len);
    slots->len[slot] = value.len;
    slots->puts++;
    return true;
}

static bool slots_get(void *user, struct mls_octets group_id, enum mls_store_slot slot,
                      struct mls_octets *out)
{
    struct slots *slots = user;
    (void)group_id;
    if (slots->get_fails) return false;
    *out = (struct mls_octets){ slots->octets[slot], slots->len[slot] };
    return true;
}

static void what_a_store_refuses_is_still_due(void **state)
{
    static struct slots slots;
    struct api_world w;
    struct mls_store store = MLS_INIT(struct mls_store);
    struct mls_session *again = NULL;
    struct mls_octets message;
    (void)state;
    begin(&w, 2);
    struct mls_session *session = w.people[0].session;
    struct mls_octets id = mls_session_group_id(session);
    store.user = &slots;
    store.put = slots_put;
    store.get = slots_get;
    assert_int_equal(mls_session_open(w.ctx, w.people[0].signer, &store, id, &again),
                     MLS_NOT_FOUND);
    slots.put_fails = true;
    assert_int_equal(mls_session_save(session, &store), MLS_STORE);
    slots.put_fails = false;
    assert_int_equal(mls_session_save(session, &store), MLS_OK);
    assert_int_equal(mls_session_save(session, &store), MLS_OK); /* nothing is due */
    assert_int_equal(slots.puts, 1);
    assert_int_equal(mls_session_protect(session, NONE, api_text("x"), 0, w.arena, &message),
                     MLS_OK);
    slots.put_fails = true;
    assert_int_equal(mls_session_save(session, &store), MLS_STORE);
    slots.put_fails = false;
    assert_int_equal(mls_session_save(session, &store), MLS_OK);
    assert_int_equal(slots.puts, 2);
    slots.get_fails = true;
    assert_int_equal(mls_session_open(w.ctx, w.people[0].signer, &store, id, &again), MLS_STORE);
    slots.get_fails = false;
    assert_int_equal(mls_session_open(w.ctx, w.people[1].signer, &store, id, &again),
                     MLS_GROUP_SIGNER);
    assert_int_equal(mls_session_open(w.ctx, w.people[0].signer, &store, id, &again), MLS_OK);
    mls_session_free(session);
    w.people[0].session = again;
    /* The generation of the message that was saved is used up: the next one is another. */
    assert_int_equal(api_take(&w, 1, message, NULL), MLS_OK);
    assert_int_equal(api_say(&w, 0, 1, "goes on"), MLS_OK);
    slots.octets[MLS_STORE_STATE][slots.len[MLS_STORE_STATE] / 2] ^= 1;
    again = NULL;
    assert_int_equal(mls_session_open(w.ctx, w.people[0].signer, &store,
                                      mls_session_group_id(w.people[0].session), &again),
                     MLS_BLOB);
    api_end(&w);
}

/* An Update by reference, which everybody sees and another commits. */
static void an_update_is_committed_by_another(void **state)
{
    struct api_world w;
    struct mls_proposal_spec update = MLS_INIT(struct mls_proposal_spec);
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result made = MLS_INIT(struct mls_commit_result);
    struct mls_octets message;
    (void)state;
    begin(&w, 3);
    update.proposal_type = MLS_PROPOSAL_UPDATE;
    assert_int_equal(propose(&w, 2, &update, &message), MLS_OK);
    assert_int_equal(api_take(&w, 0, message, NULL), MLS_OK);
    assert_int_equal(api_take(&w, 1, message, NULL), MLS_OK);
    assert_int_equal(api_restart(&w, 2), MLS_OK);
    assert_int_equal(api_commit(&w, 0, &commit, &made), MLS_OK);
    assert_true(api_agree(&w));
    assert_int_equal(api_say(&w, 2, 1, "with a new key"), MLS_OK);
    api_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reinit_ends_the_group_and_its_successor_takes_all),
        cmocka_unit_test(a_branch_takes_some_members_of_a_group_that_lives_on),
        cmocka_unit_test(a_program_is_in_one_group_of_a_name),
        cmocka_unit_test(somebody_new_proposes_to_be_added),
        cmocka_unit_test(an_external_sender_proposes_and_a_member_commits),
        cmocka_unit_test(of_two_detached_commits_the_one_that_was_taken_is_merged),
        cmocka_unit_test(a_message_of_a_past_epoch_opens_once_and_not_for_ever),
        cmocka_unit_test(values_of_grease_are_borne),
        cmocka_unit_test(a_group_whose_members_have_certificates),
        cmocka_unit_test(what_a_store_refuses_is_still_due),
        cmocka_unit_test(an_update_is_committed_by_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
