/*
 * Random lives of a group: up to eight members add, remove, update, leave, commit, write, restart
 * and read late.  After each commit all members agree; each message is read once by everybody who
 * was there, and by nobody else.
 */
#include "tests/support.h"

#include "tests/unit/mls_party.h"

enum { STEPS = 60, MAIL_MAX = 16 };

static const tb_bytes NO_AAD = { NULL, 0 };

/* A message on its way: who may still read it, and who never may. */
struct mail {
    tb_bytes message;
    uint8_t text[24];
    size_t text_len;
    uint64_t epoch;
    bool is_due[PARTY_MAX];
};

struct world {
    struct party p;
    struct mail mail[MAIL_MAX];
    size_t mail_count;
};

static size_t draw(struct world *w, size_t below)
{
    return (size_t)(test_rng_u64(&w->p.rng) >> 33) % below;
}

static bool is_in(const struct world *w, size_t who)
{
    const struct mls_group *group = w->p.member[who].group;
    return group != NULL && mls_group_is_active(group);
}

static size_t count_in(const struct world *w)
{
    size_t count = 0;
    for (size_t i = 0; i < PARTY_MAX; i++) count += is_in(w, i);
    return count;
}

static size_t draw_member(struct world *w)
{
    size_t who;
    do {
        who = draw(w, PARTY_MAX);
    } while (!is_in(w, who));
    return who;
}

static void restart(struct world *w, size_t who)
{
    struct tb_buf blob;
    struct mls_group *again = NULL;
    tb_buf_init(&blob, &w->p.heap.mem, SIZE_MAX);
    assert_ok(mls_group_encode(w->p.member[who].group, &blob));
    assert_ok(mls_group_decode(&w->p.env, tb_buf_view(&blob), &w->p.member[who].signer, &again));
    mls_group_free(w->p.member[who].group);
    w->p.member[who].group = again;
    tb_buf_wipe(&blob);
}

static void write_one(struct world *w)
{
    if (w->mail_count == MAIL_MAX) return;
    struct mail *mail = &w->mail[w->mail_count++];
    size_t who = draw_member(w);
    memset(mail, 0, sizeof *mail);
    mail->text_len = draw(w, sizeof mail->text);
    for (size_t i = 0; i < mail->text_len; i++) mail->text[i] = (uint8_t)draw(w, 256);
    mail->epoch = mls_group_epoch(w->p.member[who].group);
    for (size_t i = 0; i < PARTY_MAX; i++) mail->is_due[i] = i != who && is_in(w, i);
    assert_ok(mls_group_protect(w->p.member[who].group, NO_AAD,
                                (tb_bytes){ mail->text, mail->text_len }, draw(w, 64),
                                &w->p.arena, &mail->message));
}

/* Somebody reads one message, in no order; whoever came later cannot. */
static void read_one(struct world *w)
{
    if (w->mail_count == 0) return;
    struct mail *mail = &w->mail[draw(w, w->mail_count)];
    size_t who = draw_member(w);
    struct mls_received received;
    tb_status status = party_receive(&w->p, who, mail->message, &received);
    uint64_t age = mls_group_epoch(w->p.member[who].group) - mail->epoch;
    if (!mail->is_due[who]) {
        assert_int_not_equal(status.code, TB_OK);
    } else if (age > MLS_PAST_EPOCH_COUNT_MAX) {
        assert_status(status, MLS_EPOCH_PAST);
    } else {
        assert_ok(status);
        assert_bytes(received.application_data, tb_bytes_of(mail->text, mail->text_len));
        mail->is_due[who] = false;
    }
}

static void propose_one(struct world *w)
{
    size_t who = draw_member(w), kind = draw(w, 3);
    struct mls_remove remove = { 0 };
    struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_UPDATE };
    struct mls_group *group = w->p.member[who].group;
    bool as_public = draw(w, 2) == 0;
    tb_bytes message;
    if (kind == 1 && count_in(w) > 3) {
        proposal.proposal_type = MLS_PROPOSAL_REMOVE;
        remove.removed = mls_group_own_leaf(w->p.member[draw_member(w)].group);
        proposal.of.remove = &remove;
    } else if (kind == 2 && count_in(w) > 3) {
        proposal.proposal_type = MLS_PROPOSAL_SELF_REMOVE;
        as_public = true;
    }
    tb_status status = mls_group_propose(group, &proposal, NO_AAD, as_public, &w->p.arena,
                                         &message);
    if (status.code == MLS_PENDING_TWICE) return; /* it said the same before */
    assert_ok(status);
    party_deliver(&w->p, who, message);
}

static void forget_the_removed(struct world *w)
{
    for (size_t i = 0; i < PARTY_MAX; i++) {
        if (w->p.member[i].group == NULL || is_in(w, i)) continue;
        mls_group_free(w->p.member[i].group);
        w->p.member[i].group = NULL;
        for (size_t m = 0; m < w->mail_count; m++) w->mail[m].is_due[i] = false;
    }
}

/* With pending proposals or without, with an Add or without, in public or in private. */
static void commit_one(struct world *w)
{
    size_t who = draw_member(w), newcomer = draw(w, PARTY_MAX);
    bool adds = w->p.member[newcomer].group == NULL;
    struct party_key_package key_package;
    struct mls_commit_out out;
    struct mls_commit_params params = { .include_pending = draw(w, 4) != 0,
                                        .as_public = draw(w, 2) == 0,
                                        .force_path = draw(w, 2) == 0,
                                        .tree_in_welcome = draw(w, 2) == 0,
                                        .now_s = PARTY_NOW_S };
    if (adds) {
        party_key_package(&w->p, newcomer, &key_package);
        params.proposals = &key_package.proposal;
        params.proposal_count = 1;
    }
    assert_ok(mls_group_commit(w->p.member[who].group, &params, &w->p.arena, &out, NULL));
    if (draw(w, 3) == 0) restart(w, who);
    if (draw(w, 4) == 0) {
        mls_group_pending_clear(w->p.member[who].group); /* lost: another will commit */
        return;
    }
    party_deliver(&w->p, who, out.commit);
    assert_ok(mls_group_pending_merge(w->p.member[who].group));
    forget_the_removed(w);
    if (adds) {
        party_join(&w->p, newcomer, &key_package, out.welcome,
                   params.tree_in_welcome ? NO_AAD : out.ratchet_tree);
    }
    party_assert_agreement(&w->p);
}

static void live(uint64_t seed)
{
    struct world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    party_start(&w->p, seed % 2 == 0 ? 0x0001 : 0x0003, seed, 2);
    for (size_t step = 0; step < STEPS; step++) {
        switch (draw(w, 8)) {
        case 0:
        case 1: write_one(w); break;
        case 2:
        case 3: read_one(w); break;
        case 4: propose_one(w); break;
        case 5: restart(w, draw_member(w)); break;
        default: commit_one(w); break;
        }
    }
    party_end(&w->p);
    free(w);
}

static void random_lives_keep_every_promise(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 24; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        live(seed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_lives_keep_every_promise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
