/*
 * Refusals that no honest member can provoke: messages and Welcomes made with the group's own
 * secrets by one who breaks a rule (RFC 9420, sections 6, 12.1.8 and 12.4.3.1).
 */
#include "tests/support.h"

#include "mls/group_state.h"
#include "mls/welcome.h"
#include "tests/unit/mls_party.h"

static const tb_bytes NO_AAD = { NULL, 0 };
static const struct mls_commit_params empty = { .as_public = true };

/* ---------------------------------------------------------------- messages */

/* Content of member 1, signed and protected as it stands; padding goes behind auth. */
static tb_bytes forge(struct party *p, uint16_t wire_format, uint8_t content_type,
                      union mls_framed_content_select of, tb_bytes confirmation_tag,
                      const char *padding)
{
    struct mls_group *group = p->member[1].group;
    struct mls_framed framed = { .wire_format = wire_format };
    tb_bytes signature, message;
    struct tb_buf auth;
    assert_ok(mls_group_send_sign(group, wire_format, content_type, of, NO_AAD, &p->arena,
                                  &framed.content, &signature));
    assert_ok(mls_framing_auth(signature, confirmation_tag, &p->arena, &framed.auth));
    tb_buf_init(&auth, &p->heap.mem, SIZE_MAX);
    assert_ok(tb_buf_append(&auth, framed.auth));
    assert_ok(tb_buf_append(&auth, tb_bytes_text(padding)));
    framed.auth = tb_buf_view(&auth);
    assert_ok(mls_group_send(group, &framed, content_type, NO_AAD, 3, &p->arena, &message));
    tb_buf_wipe(&auth);
    return message;
}

static void application_data_in_a_public_message_is_refused(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    struct wire_opaque text = { TB_LITERAL("in the clear") };
    party_start(&p, 0x0003, 1, 2);
    tb_bytes message = forge(&p, MLS_WIRE_PUBLIC_MESSAGE, MLS_CONTENT_APPLICATION,
                             (union mls_framed_content_select){ .application_data = &text },
                             NO_AAD, "");
    assert_status(party_receive(&p, 0, message, &received), MLS_APPLICATION_PUBLIC);
    party_end(&p);
}

static void padding_that_is_not_zero_is_refused(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    struct wire_opaque text = { TB_LITERAL("text") };
    const union mls_framed_content_select of = { .application_data = &text };
    party_start(&p, 0x0003, 2, 2);
    tb_bytes message = forge(&p, MLS_WIRE_PRIVATE_MESSAGE, MLS_CONTENT_APPLICATION, of, NO_AAD,
                             "covert");
    assert_status(party_receive(&p, 0, message, &received), MLS_PADDING);
    message = forge(&p, MLS_WIRE_PRIVATE_MESSAGE, MLS_CONTENT_APPLICATION, of, NO_AAD, "");
    party_assert_reads(&p, 0, message, text.value);
    party_end(&p);
}

static void a_self_remove_in_a_private_message_is_refused(void **state)
{
    (void)state;
    struct party p;
    struct mls_received received;
    struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    party_start(&p, 0x0003, 3, 2);
    tb_bytes message = forge(&p, MLS_WIRE_PRIVATE_MESSAGE, MLS_CONTENT_PROPOSAL,
                             (union mls_framed_content_select){ .proposal = &leave }, NO_AAD, "");
    assert_status(party_receive(&p, 0, message, &received), MLS_HANDSHAKE_FORMAT);
    party_end(&p);
}

static void a_commit_with_a_wrong_confirmation_tag_is_refused(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_message honest;
    struct mls_received received;
    uint8_t tag[32] = { 0 };
    party_start(&p, 0x0003, 4, 3);
    assert_ok(mls_group_commit(p.member[1].group, &empty, &p.arena, &out, NULL));
    assert_ok(mls_framing_message(out.commit, &p.arena, &honest, NULL));
    struct mls_commit *commit = honest.of.public_message->authenticated.content.of.commit;
    tb_bytes message = forge(&p, MLS_WIRE_PUBLIC_MESSAGE, MLS_CONTENT_COMMIT,
                             (union mls_framed_content_select){ .commit = commit },
                             TB_ARRAY(tag), "");
    assert_status(party_receive(&p, 0, message, &received), MLS_CONFIRMATION_TAG);
    assert_ok(party_receive(&p, 0, out.commit, &received));
    party_end(&p);
}

static void a_commit_with_another_members_path_is_refused(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_message honest;
    struct mls_received received;
    uint8_t tag[32] = { 0 };
    party_start(&p, 0x0003, 5, 3);
    assert_ok(mls_group_commit(p.member[2].group, &empty, &p.arena, &out, NULL));
    assert_ok(mls_framing_message(out.commit, &p.arena, &honest, NULL));
    struct mls_commit *commit = honest.of.public_message->authenticated.content.of.commit;
    tb_bytes message = forge(&p, MLS_WIRE_PUBLIC_MESSAGE, MLS_CONTENT_COMMIT,
                             (union mls_framed_content_select){ .commit = commit },
                             TB_ARRAY(tag), "");
    assert_status(party_receive(&p, 0, message, &received), MLS_PATH_LENGTH);
    assert_null(p.member[0].group->staged);
    party_end(&p);
}

/* A PublicMessage from outside: signed, without a membership tag. */
static tb_bytes from_outside(struct party *p, const struct crypto_signing_key *key,
                             struct mls_sender sender, uint8_t content_type,
                             union mls_framed_content_select of)
{
    struct mls_framed framed = { .wire_format = MLS_WIRE_PUBLIC_MESSAGE };
    uint8_t tag[32] = { 0 };
    tb_bytes signature, message, confirmation_tag = TB_ARRAY(tag);
    const struct mls_framed_content content = {
        .group_id = mls_group_id(p->member[0].group),
        .epoch = mls_group_epoch(p->member[0].group),
        .sender = sender,
        .content_type = content_type,
        .of = of,
    };
    if (content_type != MLS_CONTENT_COMMIT) confirmation_tag.len = 0;
    assert_ok(mls_framing_sign(&p->suite, key, framed.wire_format, &content, NO_AAD, &p->arena,
                               &framed.content, &signature));
    assert_ok(mls_framing_auth(signature, confirmation_tag, &p->arena, &framed.auth));
    assert_ok(mls_framing_public(&framed, NO_AAD, &p->arena, &message));
    return message;
}

static void newcomers_may_ask_to_be_added_and_nothing_else(void **state)
{
    (void)state;
    struct party p;
    struct party_key_package own;
    struct mls_commit_out out;
    struct mls_received received;
    struct mls_remove remove = { 1 };
    struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                    .of = { .remove = &remove } };
    struct mls_commit commit = { .path = NULL };
    const struct mls_sender newcomer = { MLS_SENDER_NEW_MEMBER_PROPOSAL, { NULL } };
    const struct mls_sender joiner = { MLS_SENDER_NEW_MEMBER_COMMIT, { NULL } };
    party_start(&p, 0x0003, 6, 2);
    party_key_package(&p, 2, &own);
    assert_status(party_receive(&p, 0,
                                from_outside(&p, &p.member[2].signer, newcomer,
                                             MLS_CONTENT_PROPOSAL,
                                             (union mls_framed_content_select){
                                                 .proposal = &removal }),
                                &received),
                  MLS_PROPOSALS_INVALID_SENDER);
    assert_status(party_receive(&p, 0,
                                from_outside(&p, &p.member[2].signer, newcomer,
                                             MLS_CONTENT_COMMIT,
                                             (union mls_framed_content_select){
                                                 .commit = &commit }),
                                &received),
                  MLS_SENDER_KIND);
    assert_status(party_receive(&p, 0,
                                from_outside(&p, &p.member[2].signer, joiner,
                                             MLS_CONTENT_COMMIT,
                                             (union mls_framed_content_select){
                                                 .commit = &commit }),
                                &received),
                  MLS_COMMIT_PATH_MISSING);
    const union mls_framed_content_select add = { .proposal = &own.proposal };
    assert_status(party_receive(&p, 0,
                                from_outside(&p, &p.member[3].signer, newcomer,
                                             MLS_CONTENT_PROPOSAL, add),
                                &received),
                  MLS_CONTENT_SIGNATURE);
    party_deliver(&p, PARTY_MAX,
                  from_outside(&p, &p.member[2].signer, newcomer, MLS_CONTENT_PROPOSAL, add));
    const struct mls_commit_params params = { .include_pending = true,
                                              .as_public = true,
                                              .tree_in_welcome = true };
    party_commit(&p, 1, &params, &out);
    party_join(&p, 2, &own, out.welcome, NO_AAD);
    party_assert_agreement(&p);
    party_end(&p);
}

static void counters_end_instead_of_wrapping(void **state)
{
    (void)state;
    struct party p;
    struct mls_commit_out out;
    struct mls_received received;
    tb_bytes message;
    const struct mls_proposal leave = { .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
    party_start(&p, 0x0003, 7, 2);
    assert_ok(mls_group_propose(p.member[1].group, &leave, NO_AAD, true, &p.arena, &message));
    size_t count = p.member[0].group->cache_count;
    p.member[0].group->cache_count = MLS_PENDING_PROPOSAL_COUNT_MAX;
    assert_status(party_receive(&p, 0, message, &received), MLS_PENDING_FULL);
    p.member[0].group->cache_count = count;
    p.member[0].group->now->context.epoch = UINT64_MAX;
    assert_status(mls_group_commit(p.member[0].group, &empty, &p.arena, &out, NULL),
                  MLS_GROUP_EPOCH_END);
    p.member[0].group->now->context.epoch = mls_group_epoch(p.member[1].group);
    assert_status(mls_group_merge(p.member[0].group, NULL), MLS_NO_PENDING);
    party_end(&p);
}

/* ---------------------------------------------------------------- Welcomes */

/* What a dishonest inviter may write into a Welcome. */
struct invitation {
    const struct party_key_package *to;
    const struct crypto_signing_key *signer; /* NULL: the inviter's own */
    const struct tb_secret *path_secret;
    const struct mls_pre_shared_key_id *psks;
    size_t psk_count;
};

/* A Welcome into the current epoch of member 0 with a joiner_secret that fits nothing. */
static tb_bytes invite(struct party *p, const struct invitation *invitation)
{
    struct mls_group *group = p->member[0].group;
    struct crypto_signing_key own = group->signer;
    struct tb_secret joiner = { .len = p->suite.hash_len }, psk = { .len = p->suite.hash_len };
    tb_bytes group_info, welcome;
    if (invitation->signer != NULL) group->signer = *invitation->signer;
    assert_ok(mls_group_epoch_info(group, group->now, &group->signer, false, false, NULL, 0,
                                   &p->arena, &group_info));
    group->signer = own;
    const struct mls_welcome_member member = {
        .key_package = invitation->to->encoded,
        .init_key = invitation->to->add.key_package.init_key,
        .path_secret = invitation->path_secret,
    };
    const struct mls_welcome_params params = {
        .joiner_secret = &joiner,
        .psk_secret = &psk,
        .psks = invitation->psks,
        .psk_count = invitation->psk_count,
        .group_info = group_info,
        .members = &member,
        .member_count = 1,
    };
    assert_ok(mls_welcome_seal(&p->suite, &params, &p->rng.rng, &p->arena, &welcome));
    return welcome;
}

static tb_status join(struct party *p, size_t who, const struct invitation *invitation,
                      tb_bytes ratchet_tree)
{
    struct mls_group *group = NULL;
    const struct mls_join_params params = { .welcome = invite(p, invitation),
                                            .ratchet_tree = ratchet_tree,
                                            .key_package = invitation->to->encoded,
                                            .secrets = &invitation->to->secrets,
                                            .signer = &p->member[who].signer };
    tb_status status = mls_group_join(&p->env, &params, &group, NULL);
    assert_null(group);
    return status;
}

static tb_bytes tree_of(struct party *p, size_t who)
{
    tb_bytes tree;
    assert_ok(mls_tree_encode(&p->member[who].group->now->tree, &p->arena, &tree));
    return tree;
}

static void a_dishonest_welcome_is_refused_by_cause(void **state)
{
    (void)state;
    struct party p;
    struct party_key_package added, outside;
    struct mls_commit_out out;
    struct tb_secret wrong = { .len = 32 };
    party_start(&p, 0x0003, 8, 3);
    party_key_package(&p, 3, &added);
    party_key_package(&p, 4, &outside);
    tb_bytes old_tree = tree_of(&p, 0);
    const struct mls_commit_params params = { .proposals = &added.proposal,
                                              .proposal_count = 1,
                                              .force_path = true,
                                              .as_public = true };
    party_commit(&p, 0, &params, &out);
    tb_bytes tree = tree_of(&p, 0);

    struct invitation invitation = { .to = &outside };
    assert_status(join(&p, 4, &invitation, tree), MLS_WELCOME_LEAF);
    invitation.to = &added;
    assert_status(join(&p, 3, &invitation, tree), MLS_CONFIRMATION_TAG);
    invitation.path_secret = &wrong;
    assert_status(join(&p, 3, &invitation, tree), MLS_WELCOME_PATH_SECRET);
    invitation.path_secret = NULL;
    assert_status(join(&p, 3, &invitation, old_tree), MLS_TREE_HASH);
    invitation.signer = &p.member[5].signer;
    assert_status(join(&p, 3, &invitation, tree), MLS_GROUP_INFO_SIGNATURE);
    party_end(&p);
}

static void the_psks_of_a_welcome_must_be_had_and_make_sense(void **state)
{
    (void)state;
    struct party p;
    struct party_key_package added;
    struct wire_opaque id = { TB_LITERAL("unknown") };
    uint8_t nonce[32] = { 0 };
    struct mls_resumption_psk branch = { MLS_RESUMPTION_BRANCH, TB_LITERAL("a group"), 1 };
    struct mls_resumption_psk reinit = { MLS_RESUMPTION_REINIT, TB_LITERAL("a group"), 1 };
    struct mls_resumption_psk strange = { 9, TB_LITERAL("a group"), 1 };
    const struct mls_pre_shared_key_id external = { MLS_PSK_EXTERNAL, { .psk_id = &id },
                                                    TB_ARRAY(nonce) };
    const struct mls_pre_shared_key_id both[] = {
        { MLS_PSK_RESUMPTION, { .resumption = &branch }, TB_ARRAY(nonce) },
        { MLS_PSK_RESUMPTION, { .resumption = &reinit }, TB_ARRAY(nonce) },
    };
    const struct mls_pre_shared_key_id unusual = { MLS_PSK_RESUMPTION,
                                                   { .resumption = &strange }, TB_ARRAY(nonce) };
    party_start(&p, 0x0003, 9, 1);
    party_key_package(&p, 1, &added);
    struct invitation invitation = { .to = &added, .psks = &external, .psk_count = 1 };
    assert_status(join(&p, 1, &invitation, tree_of(&p, 0)), MLS_PSK_UNKNOWN);
    invitation.psks = both;
    invitation.psk_count = 2;
    assert_status(join(&p, 1, &invitation, tree_of(&p, 0)), MLS_WELCOME_PSK_USAGE);
    invitation.psks = &unusual;
    invitation.psk_count = 1;
    assert_status(join(&p, 1, &invitation, tree_of(&p, 0)), MLS_WELCOME_PSK_USAGE);
    party_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(application_data_in_a_public_message_is_refused),
        cmocka_unit_test(padding_that_is_not_zero_is_refused),
        cmocka_unit_test(a_self_remove_in_a_private_message_is_refused),
        cmocka_unit_test(a_commit_with_a_wrong_confirmation_tag_is_refused),
        cmocka_unit_test(a_commit_with_another_members_path_is_refused),
        cmocka_unit_test(newcomers_may_ask_to_be_added_and_nothing_else),
        cmocka_unit_test(counters_end_instead_of_wrapping),
        cmocka_unit_test(a_dishonest_welcome_is_refused_by_cause),
        cmocka_unit_test(the_psks_of_a_welcome_must_be_had_and_make_sense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
