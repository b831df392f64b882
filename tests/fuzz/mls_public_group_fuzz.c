/*
 * A client turns against the delivery service.  The first octet says how the rest is used: as a
 * stored group, as a whole message, or as the body of a proposal or commit that the target frames
 * and signs as member 1, so that the input reaches what lies behind the signature.
 *
 * covers: mls_public_group_decode mls_public_group_propose mls_public_group_stage
 *         mls_proposals_apply mls_tree_path_merge mls_proposals_check_one mls_public_group_merge
 */
#include "mls/public_group.h"
#include "tests/fuzz/mls_group_world.h"

enum { SENDER = 1, STORED = 0, WHOLE = 1, PROPOSAL = 2, COMMIT = 3, MODES = 4 };

/* The hub's view of the world's group, stored once. */
static tb_bytes stored_group(struct world *w, const struct mls_public_env *env)
{
    static struct tb_buf blob;
    struct mls_public_group *group;
    tb_bytes info, tree;
    if (blob.len != 0) return tb_buf_view(&blob);
    const struct mls_public_env own = { .suite = env->suite, .mem = &w->mem };
    FUZZ_OK(mls_group_info(w->member[0], false, NULL, 0, &w->arena, &info, &tree));
    FUZZ_OK(mls_public_group_new(&own, info, tree, 0, &group, NULL));
    tb_buf_init(&blob, &w->mem, SIZE_MAX);
    FUZZ_OK(mls_public_group_encode(group, &blob));
    mls_public_group_free(group);
    return tb_buf_view(&blob);
}

static bool frame(struct world *w, const struct mls_public_group *group, uint8_t content_type,
                  tb_bytes body, struct tb_arena *arena, tb_bytes *message)
{
    static const uint8_t tag[32];
    struct mls_framed framed = { .wire_format = MLS_WIRE_PUBLIC_MESSAGE };
    struct wire_u32 index = { SENDER };
    struct mls_proposal proposal;
    struct mls_commit commit;
    struct mls_framed_content content = {
        .group_id = mls_public_group_id(group),
        .epoch = mls_public_group_epoch(group),
        .sender = { MLS_SENDER_MEMBER, { .leaf_index = &index } },
        .content_type = content_type,
    };
    tb_bytes signature, confirmation = { tag, 0 };
    if (content_type == MLS_CONTENT_PROPOSAL) {
        if (!tb_is_ok(wire_decode(&mls_proposal_desc, body, arena, &proposal, NULL))) return false;
        content.of.proposal = &proposal;
    } else {
        if (!tb_is_ok(wire_decode(&mls_commit_desc, body, arena, &commit, NULL))) return false;
        content.of.commit = &commit;
        confirmation.len = sizeof tag;
    }
    return tb_is_ok(mls_framing_sign(&w->suite, &w->signer[SENDER], framed.wire_format, &content,
                                     mls_public_group_context(group), arena, &framed.content,
                                     &signature)) &&
           tb_is_ok(mls_framing_auth(signature, confirmation, arena, &framed.auth)) &&
           tb_is_ok(mls_framing_public(&framed, TB_ARRAY(tag), arena, message));
}

/* What was accepted is merged, and the group can be stored and read back. */
static void use(struct mls_public_group *group, const struct mls_public_env *env, tb_bytes message,
                struct tb_arena *arena)
{
    struct mls_public_proposal kept;
    struct mls_public_staged *staged;
    uint64_t epoch = mls_public_group_epoch(group);
    (void)mls_public_group_propose(group, message, WORLD_NOW_S, arena, &kept, NULL);
    if (tb_is_ok(mls_public_group_stage(group, message, (tb_bytes){ NULL, 0 }, WORLD_NOW_S,
                                        &staged, NULL))) {
        FUZZ_REQUIRE(mls_public_staged_view(staged)->new_epoch == epoch + 1);
        FUZZ_OK(mls_public_group_merge(group, staged));
    }
    struct mls_public_group *again;
    struct tb_buf blob;
    tb_buf_init(&blob, env->mem, SIZE_MAX);
    FUZZ_OK(mls_public_group_encode(group, &blob));
    FUZZ_OK(mls_public_group_decode(env, tb_buf_view(&blob), &again));
    FUZZ_REQUIRE(tb_bytes_equal(mls_public_group_context(again), mls_public_group_context(group)));
    mls_public_group_free(again);
    tb_buf_wipe(&blob);
}

FUZZ_TARGET(input, arena)
{
    struct world *w = world_get();
    const struct mls_public_env env = { .suite = &w->suite, .mem = arena->mem };
    struct mls_public_group *group;
    if (input.len == 0) return;
    uint8_t mode = input.data[0] % MODES;
    tb_bytes body = { input.data + 1, input.len - 1 }, message = body;
    struct tb_buf closed;
    tb_buf_init(&closed, arena->mem, SIZE_MAX);
    tb_bytes stored = mode == STORED ? world_close(w, body, &closed) : stored_group(w, &env);
    tb_status status = mls_public_group_decode(&env, stored, &group);
    tb_buf_wipe(&closed);
    if (!tb_is_ok(status)) return;
    bool is_message = mode == WHOLE;
    if (mode == PROPOSAL || mode == COMMIT) {
        uint8_t content_type = mode == PROPOSAL ? MLS_CONTENT_PROPOSAL : MLS_CONTENT_COMMIT;
        is_message = frame(w, group, content_type, body, arena, &message);
    }
    if (is_message) use(group, &env, message, arena);
    mls_public_group_free(group);
}
