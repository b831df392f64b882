/*
 * A member turns against the group.  The first octet says how the rest is used: as a whole message,
 * or as the body of a proposal, commit or text that the target frames, signs and tags (or encrypts)
 * as member 1 could, so that the input reaches what lies behind authentication.
 *
 * covers: mls_group_receive mls_group_stage_received mls_proposals_apply mls_tree_path_merge
 *         mls_proposals_check_one mls_group_cache_add mls_framing_private_open mls_group_merge
 */
#include "tests/fuzz/mls_group_world.h"

enum { SENDER = 1, MODES = 7 };

/* mode: 0 a whole message; then 1, 2, 3 the content type, public, and 4, 5, 6 private. */
static bool frame(struct world *w, struct mls_group *sender, uint8_t mode, tb_bytes body,
                  struct tb_arena *arena, tb_bytes *message)
{
    uint8_t content_type = (uint8_t)((mode - 1) % 3 + 1), tag[32] = { 0 };
    struct mls_framed framed = { .wire_format = mode <= 3 ? MLS_WIRE_PUBLIC_MESSAGE
                                                          : MLS_WIRE_PRIVATE_MESSAGE };
    union mls_framed_content_select of = { NULL };
    struct wire_opaque text = { body };
    struct mls_proposal proposal;
    struct mls_commit commit;
    tb_bytes signature, confirmation_tag = { tag, 0 };
    (void)w;
    if (content_type == MLS_CONTENT_APPLICATION) {
        of.application_data = &text;
    } else if (content_type == MLS_CONTENT_PROPOSAL) {
        if (!tb_is_ok(wire_decode(&mls_proposal_desc, body, arena, &proposal, NULL))) return false;
        of.proposal = &proposal;
    } else {
        if (!tb_is_ok(wire_decode(&mls_commit_desc, body, arena, &commit, NULL))) return false;
        of.commit = &commit;
        confirmation_tag.len = sizeof tag;
    }
    return tb_is_ok(mls_group_send_sign(sender, framed.wire_format, content_type, of,
                                        (tb_bytes){ NULL, 0 }, arena, &framed.content,
                                        &signature)) &&
           tb_is_ok(mls_framing_auth(signature, confirmation_tag, arena, &framed.auth)) &&
           tb_is_ok(mls_group_send(sender, &framed, content_type, (tb_bytes){ NULL, 0 }, 0, arena,
                                   message));
}

static struct mls_group *copy(struct world *w, size_t who, const struct mls_env *env)
{
    struct mls_group *group = NULL;
    struct tb_buf blob;
    tb_buf_init(&blob, env->mem, SIZE_MAX);
    FUZZ_OK(mls_group_encode(w->member[who], &blob));
    FUZZ_OK(mls_group_decode(env, tb_buf_view(&blob), &w->signer[who], &group));
    tb_buf_wipe(&blob);
    return group;
}

FUZZ_TARGET(input, arena)
{
    struct world *w = world_get();
    uint64_t rng_state = 1;
    struct tb_rng rng = { &rng_state, world_fill };
    const struct mls_env env = { .suite = &w->suite, .mem = arena->mem, .rng = &rng };
    struct mls_received received;
    if (input.len == 0) return;
    tb_bytes body = { input.data + 1, input.len - 1 }, message = body;
    uint8_t mode = input.data[0] % MODES;
    struct mls_group *sender = copy(w, SENDER, &env), *receiver = copy(w, 0, &env);
    if (mode == 0 || frame(w, sender, mode, body, arena, &message)) {
        tb_status status = mls_group_receive(receiver, message, WORLD_NOW_S, NULL, 0, arena,
                                             &received, NULL);
        if (tb_is_ok(status) && received.kind == MLS_RECEIVED_COMMIT) {
            FUZZ_REQUIRE(mode == 0); /* nobody guesses a confirmation tag */
            FUZZ_OK(mls_group_merge(receiver, received.staged));
            FUZZ_REQUIRE(mls_group_epoch(receiver) == mls_group_epoch(w->member[0]) + 1);
        }
        if (!tb_is_ok(status)) FUZZ_REQUIRE(mls_group_epoch(receiver) ==
                                            mls_group_epoch(w->member[0]));
    }
    mls_group_free(sender);
    mls_group_free(receiver);
}
