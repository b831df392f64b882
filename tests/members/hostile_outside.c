/*
 * Lies about the way in: Welcomes and trees that are not what the commit made, and messages of
 * outsiders that are not theirs.  The newcomer refuses, nothing of it stays, and the honest Welcome
 * still lets it in (a copy of the group: the life goes on without it).
 */
#include "tests/members/life.h"

#include "mls/group_external.h"

static const tb_bytes NOTHING = { NULL, 0 };

static tb_bytes flipped(struct life *life, tb_bytes octets)
{
    tb_bytes copy;
    MUST_OK(tb_arena_dup(&life->w.arena, octets, &copy));
    size_t at = (size_t)life_choose(life, 256) * 256 + life_choose(life, 256);
    ((uint8_t *)(uintptr_t)copy.data)[at % octets.len] ^= (uint8_t)(1u << life_choose(life, 8));
    return copy;
}

static tb_status enter(struct life *life, uint32_t who, tb_bytes welcome, tb_bytes tree)
{
    struct members *w = &life->w;
    struct person *person = &w->person[who];
    struct mls_group *group = NULL;
    const struct mls_join_params params = { .welcome = welcome,
                                            .ratchet_tree = tree,
                                            .key_package = person->key_package,
                                            .secrets = &person->secrets,
                                            .signer = &person->signer,
                                            .psks = w->psk,
                                            .psk_count = PSK_COUNT,
                                            .now_s = NOW_S };
    size_t used_bytes = w->mem.used_bytes;
    tb_status status = mls_group_join(&w->env, &params, &group, NULL);
    mls_group_free(group);
    MUST(w->mem.used_bytes == used_bytes);
    life->refused_count += !tb_is_ok(status);
    return status;
}

/* The tree travels beside: the one before the commit, one with another octet, none; then Welcomes
 * with another octet or cut. */
void life_hostile_welcome(struct life *life)
{
    struct members *w = &life->w;
    struct mls_commit_out out;
    tb_bytes old_tree, info;
    uint32_t inviter = life_member(life), who = life_outsider(life);
    if (who == NOBODY) return;
    struct mls_group *group = members_copy(w, inviter);
    const struct mls_proposal proposal = members_add_of(w, who);
    const struct mls_commit_params params = { .proposals = &proposal,
                                              .proposal_count = 1,
                                              .force_path = life_choose(life, 2) == 0,
                                              .now_s = NOW_S };
    MUST_OK(mls_group_info(group, false, NULL, 0, &w->arena, &info, &old_tree));
    MUST_OK(mls_group_commit(group, &params, &w->arena, &out, NULL));

    MUST_BE(enter(life, who, out.welcome, NOTHING), MLS_GROUP_INFO_NO_TREE);
    MUST(!tb_is_ok(enter(life, who, out.welcome, old_tree)));
    MUST(!tb_is_ok(enter(life, who, out.welcome, flipped(life, out.ratchet_tree))));
    MUST(!tb_is_ok(enter(life, who, flipped(life, out.welcome), out.ratchet_tree)));
    tb_bytes cut = { out.welcome.data, life_choose(life, 256) % out.welcome.len };
    MUST(!tb_is_ok(enter(life, who, cut, out.ratchet_tree)));
    MUST_OK(enter(life, who, out.welcome, out.ratchet_tree));
    mls_group_free(group);
}

/* Every member refuses, and is as before. */
static void all_refuse(struct life *life, tb_bytes message, int code)
{
    struct members *w = &life->w;
    struct mls_received received;
    for (uint32_t i = 0, asked = 0; i < w->people && asked < 10; i++) {
        if (!w->person[i].is_in) continue;
        struct mls_group *group = w->person[i].group;
        struct tb_buf before = members_blob(w, group), after;
        tb_status status = mls_group_receive(group, message, NOW_S, w->psk, PSK_COUNT, &w->arena,
                                             &received, NULL);
        MUST(!tb_is_ok(status));
        if (code != 0) MUST_BE(status, code);
        after = members_blob(w, group);
        MUST(tb_bytes_equal(tb_buf_view(&before), tb_buf_view(&after)));
        tb_buf_wipe(&before);
        tb_buf_wipe(&after);
        life->refused_count++;
        asked++;
    }
}

/* The last octet of a PublicMessage from outside belongs to its signature, or to the tag. */
static tb_bytes ends_otherwise(struct life *life, tb_bytes message)
{
    tb_bytes copy;
    MUST_OK(tb_arena_dup(&life->w.arena, message, &copy));
    ((uint8_t *)(uintptr_t)copy.data)[copy.len - 1] ^= 1;
    return copy;
}

void life_hostile_outsider(struct life *life)
{
    struct members *w = &life->w;
    struct mls_group_external *external = NULL;
    struct mls_group *group = NULL;
    struct mls_commit_out out;
    tb_bytes info, tree, message;
    uint32_t who = life_outsider(life);
    if (who == NOBODY) return;
    MUST_OK(mls_group_info(w->person[life_member(life)].group, true, NULL, 0, &w->arena, &info,
                           &tree));
    struct tb_arena *arena = &w->arena;
    MUST(!tb_is_ok(mls_group_external_open(&w->env, flipped(life, info), NOTHING, NOW_S, &external,
                                           NULL)));
    MUST_OK(mls_group_external_open(&w->env, info, NOTHING, NOW_S, &external, NULL));
    (void)members_add_of(w, who);
    MUST_OK(mls_group_external_add(external, w->person[who].key_package, &w->person[who].signer,
                                   NOTHING, arena, &message));
    all_refuse(life, ends_otherwise(life, message), MLS_CONTENT_SIGNATURE);
    const struct mls_group_external_params params = { .identity = members_name(w, who),
                                                      .signer = &w->person[who].signer,
                                                      .now_s = NOW_S };
    MUST_OK(mls_group_external_join(external, &params, arena, &group, &out));
    all_refuse(life, ends_otherwise(life, out.commit), MLS_CONFIRMATION_TAG);
    all_refuse(life, flipped(life, out.commit), 0);
    mls_group_free(group);
    mls_group_external_free(external);
}
