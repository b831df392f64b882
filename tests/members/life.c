#include "tests/members/life.h"

#include <string.h>

#include "mls/group_branch.h"
#include "mls/group_external.h"
#include "mls/group_pending.h"
#include "mls/group_psk.h"

static const tb_bytes NOTHING = { NULL, 0 };

uint32_t life_choose(struct life *life, uint32_t below)
{
    if (life->choices.len == 0 || below == 0) return 0;
    uint32_t choice = life->choices.data[0] % below;
    life->choices = (tb_bytes){ life->choices.data + 1, life->choices.len - 1 };
    return choice;
}

static uint32_t somebody(struct life *life, bool is_in)
{
    uint32_t first = life_choose(life, life->w.people);
    for (uint32_t i = 0; i < life->w.people; i++) {
        uint32_t who = (first + i) % life->w.people;
        if (life->w.person[who].is_in == is_in) return who;
    }
    return NOBODY;
}

uint32_t life_member(struct life *life) { return somebody(life, true); }
uint32_t life_outsider(struct life *life) { return somebody(life, false); }

static uint32_t member_count(const struct life *life)
{
    return tree_model_member_count(&life->w.model.tree);
}

/* ---------------------------------------------------------------- application messages */

static void write_mail(struct life *life)
{
    struct members *w = &life->w;
    struct mail *mail = &life->mail[life->mail_count++ % MAIL_MAX];
    uint8_t text[32];
    memset(mail, 0, sizeof *mail);
    mail->from = life_member(life);
    mail->epoch = w->model.epoch;
    size_t len = life_choose(life, sizeof text);
    MUST_OK(tb_rng_fill(&w->rng, text, sizeof text));
    MUST_OK(tb_arena_dup(&w->lasting, (tb_bytes){ text, len }, &mail->text));
    MUST_OK(mls_group_protect(w->person[mail->from].group, NOTHING, mail->text,
                              life_choose(life, 40), &w->lasting, &mail->message));
    for (uint32_t i = 0; i < w->people; i++) {
        mail->is_due[i] = i != mail->from && w->person[i].is_in;
    }
}

/* In any order, late or twice, by whoever: only who was there reads it, and once. */
static void read_mail(struct life *life)
{
    struct members *w = &life->w;
    struct mls_received received;
    size_t kept = life->mail_count < MAIL_MAX ? life->mail_count : MAIL_MAX;
    uint32_t who = life_member(life);
    if (kept == 0) return;
    struct mail *mail = &life->mail[life_choose(life, (uint32_t)kept)];
    struct person *person = &w->person[who];
    bool was_there = mail->epoch >= person->since;
    tb_status status = mls_group_receive(person->group, mail->message, NOW_S, NULL, 0, &w->arena,
                                         &received, NULL);
    if (w->model.epoch - mail->epoch > MLS_PAST_EPOCH_COUNT_MAX || !was_there) {
        MUST_BE(status, MLS_EPOCH_PAST);
    } else if (who == mail->from) {
        MUST_BE(status, MLS_OWN_MESSAGE);
    } else if (!mail->is_due[who]) {
        MUST_BE(status, MLS_GENERATION_USED);
    } else {
        MUST_OK(status);
        MUST(received.kind == MLS_RECEIVED_APPLICATION && received.epoch == mail->epoch);
        MUST(tb_bytes_equal(received.application_data, mail->text));
        MUST(tb_bytes_equal(received.sender_identity, members_name(w, mail->from)));
        mail->is_due[who] = false;
    }
}

/* ---------------------------------------------------------------- proposals */

/* Bodies of one proposal; they live until the end of the operation. */
struct body {
    struct mls_remove remove;
    struct mls_app_data_update update;
    struct mls_app_ephemeral ephemeral;
    struct mls_group_context_extensions extensions;
    struct mls_extension list[EXTENSIONS_MAX];
    struct wire_opaque value;
    uint8_t octet;
};

static void fill_extensions(struct life *life, struct body *body, struct mls_proposal *out)
{
    struct members *w = &life->w;
    struct mls_group *group = w->person[life_member(life)].group;
    size_t count;
    members_extensions(w, (uint8_t)life_choose(life, SENDER_COUNT + 1),
                       mls_group_extension(group, MLS_EXTENSION_APP_DATA_DICTIONARY), body->list,
                       &count);
    body->extensions.extensions.at = body->list;
    body->extensions.extensions.count = count;
    out->proposal_type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
    out->of.group_context_extensions = &body->extensions;
}

static void fill_app_data(struct life *life, struct body *body, struct mls_proposal *out)
{
    bool removes = life->w.model.has_component && life_choose(life, 3) == 0;
    body->octet = (uint8_t)life_choose(life, 256);
    body->value.value = (tb_bytes){ &body->octet, 1 };
    body->update = (struct mls_app_data_update){ .component_id = COMPONENT,
                                                 .op = removes ? MLS_APP_DATA_REMOVE
                                                               : MLS_APP_DATA_UPDATE };
    if (!removes) body->update.of.update = &body->value;
    out->proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE;
    out->of.app_data_update = &body->update;
}

enum what { ADD, REMOVE, EXTERNAL_PSK, EXTENSIONS, APP_DATA, EPHEMERAL, VALUE_KINDS };

/* What may stand by value in a commit of `who`, or be proposed by anybody.  False: not now. */
static bool fill_proposal(struct life *life, uint32_t who, enum what what, struct body *body,
                          struct mls_proposal *out)
{
    struct members *w = &life->w;
    uint32_t whom;
    switch (what) {
    case ADD:
        whom = life_outsider(life);
        if (whom == NOBODY) return false;
        *out = members_add_of(w, whom);
        return true;
    case REMOVE:
        whom = life_member(life);
        if (whom == who || member_count(life) < 3) return false;
        MUST(tree_model_find(&w->model.tree, whom, &body->remove.removed));
        out->proposal_type = MLS_PROPOSAL_REMOVE;
        out->of.remove = &body->remove;
        return true;
    case EXTERNAL_PSK:
        MUST_OK(mls_group_psk_external(&w->env, w->psk_id[life_choose(life, PSK_COUNT)].value,
                                       &w->arena, out));
        return true;
    case EXTENSIONS: fill_extensions(life, body, out); return true;
    case APP_DATA: fill_app_data(life, body, out); return true;
    default:
        body->ephemeral = (struct mls_app_ephemeral){ COMPONENT, TB_LITERAL("for this commit") };
        out->proposal_type = MLS_PROPOSAL_APP_EPHEMERAL;
        out->of.app_ephemeral = &body->ephemeral;
        return true;
    }
}

/* Some member did not get it: NOBODY, mostly. */
static uint32_t loser(struct life *life, uint32_t from)
{
    uint32_t who = life_choose(life, 3) == 0 ? life_member(life) : NOBODY;
    return who == from ? NOBODY : who;
}

static void propose(struct life *life)
{
    struct members *w = &life->w;
    uint32_t who = life_member(life), kind = life_choose(life, VALUE_KINDS + 2);
    bool as_public = life_choose(life, 2) == 0;
    struct body body = { .octet = 0 };
    struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_UPDATE };
    tb_bytes message;
    if (w->proposal_count == PROPOSALS_MAX) return;
    if (kind == VALUE_KINDS && member_count(life) > 2) {
        proposal.proposal_type = MLS_PROPOSAL_SELF_REMOVE;
        as_public = true;
    } else if (kind < VALUE_KINDS && !fill_proposal(life, who, kind, &body, &proposal)) {
        return;
    }
    tb_status status = mls_group_propose(w->person[who].group, &proposal, NOTHING, as_public,
                                         &w->arena, &message);
    if (status.code == MLS_PENDING_TWICE) return; /* it said the same before */
    MUST_OK(status);
    members_propose(w, who, message, loser(life, who));
}

/* By the external sender, or by one who wants in. */
static void propose_from_outside(struct life *life)
{
    struct members *w = &life->w;
    struct mls_group_external *external = NULL;
    struct body body = { .octet = 0 };
    struct mls_proposal proposal;
    tb_bytes info, tree, message;
    uint32_t who = life_outsider(life);
    bool by_desk = life_choose(life, 2) == 0;
    enum what what = life_choose(life, 2) == 0 ? ADD : APP_DATA;
    if (w->proposal_count == PROPOSALS_MAX) return;
    if (by_desk ? w->model.sender == SENDER_COUNT : who == NOBODY) return;
    if (by_desk && !fill_proposal(life, NOBODY, what, &body, &proposal)) return;
    MUST_OK(mls_group_info(w->person[life_member(life)].group, true, NULL, 0, &w->arena, &info,
                           &tree));
    MUST_OK(mls_group_external_open(&w->env, info, NOTHING, NOW_S, &external, NULL));
    if (by_desk) {
        MUST_OK(mls_group_external_propose(external, 0, &w->sender[w->model.sender], &proposal,
                                           NOTHING, &w->arena, &message));
    } else {
        (void)members_add_of(w, who);
        MUST_OK(mls_group_external_add(external, w->person[who].key_package,
                                       &w->person[who].signer, NOTHING, &w->arena, &message));
    }
    mls_group_external_free(external);
    for (size_t i = 0; i < w->proposal_count; i++) { /* the same a second time */
        if (tb_bytes_equal(w->proposal[i].message, message)) return;
    }
    members_propose(w, NOBODY, message, loser(life, NOBODY));
}

/* ---------------------------------------------------------------- commits */

enum { BY_VALUE_MAX = 4 };

static size_t fill_by_value(struct life *life, uint32_t who, struct body bodies[BY_VALUE_MAX],
                            struct mls_proposal proposals[BY_VALUE_MAX])
{
    size_t count = 0, wanted = life_choose(life, BY_VALUE_MAX + 1);
    uint32_t used = 0; /* one of each kind, so that the list is valid */
    for (size_t i = 0; i < wanted; i++) {
        enum what what = life_choose(life, VALUE_KINDS);
        if ((used >> what & 1) != 0) continue;
        /* The dictionary belongs to AppDataUpdate: both at once contradict each other. */
        if (fill_proposal(life, who, what, &bodies[count], &proposals[count])) {
            used |= 1u << what;
            count++;
        }
    }
    return count;
}

static void commit(struct life *life)
{
    struct members *w = &life->w;
    struct body bodies[BY_VALUE_MAX] = { { .octet = 0 } };
    struct mls_proposal proposals[BY_VALUE_MAX];
    struct mls_commit_out out;
    struct mls_staged *apart = NULL;
    uint32_t who = life_member(life);
    struct person *person = &w->person[who];
    const struct mls_commit_params params = {
        .proposals = proposals,
        .proposal_count = fill_by_value(life, who, bodies, proposals),
        .include_pending = life_choose(life, 4) != 0,
        .force_path = life_choose(life, 2) == 0,
        .as_public = life_choose(life, 2) == 0,
        .tree_in_welcome = life_choose(life, 2) == 0,
        .psks = w->psk,
        .psk_count = PSK_COUNT,
        .now_s = NOW_S,
    };
    MUST_OK(mls_group_commit(person->group, &params, &w->arena, &out, NULL));
    switch (life_choose(life, 8)) {
    case 0: members_restart(w, who); break; /* the pending commit comes back out of the blob */
    case 1:
        MUST_OK(mls_group_pending_detach(person->group, &apart));
        MUST(!mls_group_has_pending(person->group));
        MUST_OK(mls_group_pending_attach(person->group, apart));
        break;
    case 2: mls_group_pending_clear(person->group); return; /* lost on the way */
    case 3: MUST_OK(mls_group_commit(person->group, &params, &w->arena, &out, NULL)); break;
    default: break;
    }
    members_accept(w, who, &params, &out);
    life->commit_count++;
}

/* Two commit at once: the delivery service takes one, the other gives up and follows. */
static void race(struct life *life)
{
    struct members *w = &life->w;
    const struct mls_commit_params params = { .force_path = true,
                                              .as_public = life_choose(life, 2) == 0,
                                              .now_s = NOW_S };
    struct mls_commit_out out, late;
    struct mls_received received;
    uint32_t first = life_member(life), second = life_member(life);
    if (first == second) return;
    MUST_OK(mls_group_commit(w->person[first].group, &params, &w->arena, &out, NULL));
    MUST_OK(mls_group_commit(w->person[second].group, &params, &w->arena, &late, NULL));
    if (life_choose(life, 2) == 0) mls_group_pending_clear(w->person[second].group);
    members_accept(w, first, &params, &out);
    tb_status status = mls_group_receive(w->person[first].group, late.commit, NOW_S, NULL, 0,
                                         &w->arena, &received, NULL);
    MUST_BE(status, MLS_EPOCH);
    life->commit_count++;
}

/* A resumption key of an epoch in which all of today's members were there. */
static void commit_with_resumption(struct life *life)
{
    struct members *w = &life->w;
    struct mls_proposal proposal;
    uint64_t since = 0, back = life_choose(life, 6);
    for (uint32_t i = 0; i < w->people; i++) {
        if (w->person[i].is_in && w->person[i].since > since) since = w->person[i].since;
    }
    uint64_t epoch = w->model.epoch - since < back ? since : w->model.epoch - back;
    MUST_OK(mls_group_psk_resumption(&w->env, TB_LITERAL("forty people"), epoch, &w->arena,
                                     &proposal));
    const struct mls_commit_params params = { .proposals = &proposal,
                                              .proposal_count = 1,
                                              .as_public = life_choose(life, 2) == 0,
                                              .now_s = NOW_S };
    members_commit(w, life_member(life), &params);
    life->commit_count++;
}

/* ---------------------------------------------------------------- beside */

/* Policy: a proposal is dropped by the member who commits next. */
static void drop_a_proposal(struct life *life)
{
    uint32_t who = life_member(life);
    struct mls_group *group = life->w.person[who].group;
    const struct mls_commit_params params = { .include_pending = true,
                                              .tree_in_welcome = true,
                                              .psks = life->w.psk,
                                              .psk_count = PSK_COUNT,
                                              .now_s = NOW_S };
    size_t count = mls_group_pending_proposal_count(group);
    if (count == 0) return;
    mls_group_pending_proposal_drop(group, life_choose(life, (uint32_t)count));
    MUST(mls_group_pending_proposal_count(group) == count - 1);
    members_commit(&life->w, who, &params);
    life->commit_count++;
}

/* Some members go aside; the branch is theirs alone, and the group goes on. */
static void branch(struct life *life)
{
    struct members *w = &life->w;
    enum { ASIDE_MAX = 3 };
    struct mls_group *made = NULL, *joined[ASIDE_MAX] = { NULL };
    struct mls_commit_out out;
    struct mls_key_package_secrets secrets[ASIDE_MAX];
    tb_bytes key_packages[ASIDE_MAX];
    uint32_t founder = life_member(life), aside[ASIDE_MAX];
    size_t count = 0;
    for (uint32_t i = 0; i < w->people && count < ASIDE_MAX; i++) {
        uint8_t ref[CRYPTO_HASH_MAX];
        struct mls_key_package_params own = { .identity = members_name(w, i),
                                              .signer = &w->person[i].signer,
                                              .not_before_s = NOW_S - 1,
                                              .not_after_s = NOW_S + 1 };
        if (!w->person[i].is_in || i == founder) continue;
        aside[count] = i;
        MUST_OK(mls_key_package_new(&w->env, &own, &w->arena, &key_packages[count],
                                    &secrets[count], ref));
        count++;
    }
    const struct mls_group_branch_params params = { .group_id = TB_LITERAL("aside"),
                                                    .identity = members_name(w, founder),
                                                    .signer = &w->person[founder].signer,
                                                    .not_before_s = NOW_S - 1,
                                                    .not_after_s = NOW_S + 1,
                                                    .key_packages = key_packages,
                                                    .key_package_count = count,
                                                    .tree_in_welcome = true,
                                                    .now_s = NOW_S };
    MUST_OK(mls_group_branch(w->person[founder].group, &w->env, &params, &w->arena, &made, &out,
                             NULL));
    for (size_t i = 0; i < count; i++) {
        const struct mls_join_params join = { .welcome = out.welcome,
                                              .key_package = key_packages[i],
                                              .secrets = &secrets[i],
                                              .signer = &w->person[aside[i]].signer,
                                              .now_s = NOW_S };
        MUST_OK(mls_group_branch_join(w->person[aside[i]].group, &w->env, &join, &joined[i],
                                      NULL));
        MUST(tb_bytes_equal(mls_group_epoch_authenticator(joined[i]),
                            mls_group_epoch_authenticator(made)));
        mls_group_free(joined[i]);
    }
    mls_group_free(made);
}

static void join_from_outside(struct life *life)
{
    struct members *w = &life->w;
    uint32_t from = life_member(life);
    uint32_t who = life_choose(life, 3) == 0 ? life_member(life) : life_outsider(life);
    if (who == NOBODY || (who == from && member_count(life) == 1)) return;
    if (who == from) return; /* what it lost, it cannot show */
    members_external(w, who, from, life_choose(life, 2) == 0, life_choose(life, 3) == 0);
    life->commit_count++;
}

static void step(struct life *life)
{
    switch (life_choose(life, 22)) {
    case 0:
    case 1:
    case 2: write_mail(life); break;
    case 3:
    case 4:
    case 5: read_mail(life); break;
    case 6:
    case 7:
    case 8: propose(life); break;
    case 9: propose_from_outside(life); break;
    case 10: join_from_outside(life); break;
    case 11: members_restart(&life->w, life_member(life)); break;
    case 12: drop_a_proposal(life); break;
    case 13: race(life); break;
    case 14: commit_with_resumption(life); break;
    case 15: branch(life); break;
    case 16:
    case 17: life_hostile(life); break;
    case 18: life_hostile_welcome(life); break;
    case 19: life_hostile_outsider(life); break;
    default: commit(life); break;
    }
    tb_arena_wipe(&life->w.arena);
    life->step_count++;
}

void life_run(struct life *life, tb_bytes choices)
{
    struct members *w = &life->w;
    life->choices = choices;
    members_create(w);
    /* Begin with some members: most of what can happen needs them. */
    uint32_t count = life_choose(life, w->people);
    if (count != 0) {
        struct mls_proposal *adds = tb_arena_take(&w->arena, count, sizeof *adds);
        MUST(adds != NULL);
        for (uint32_t i = 0; i < count; i++) adds[i] = members_add_of(w, i + 1);
        const struct mls_commit_params params = { .proposals = adds,
                                                  .proposal_count = count,
                                                  .force_path = life_choose(life, 2) == 0,
                                                  .now_s = NOW_S };
        members_commit(w, 0, &params);
    }
    while (life->choices.len != 0) step(life);
    members_talk(w, life_member(life));
}
