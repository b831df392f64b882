/* Proposals of the current epoch, verified and waiting for a commit. */
#include <string.h>

#include "mls/group_state.h"

void mls_group_cache_sender(const struct mls_sender *sender, uint8_t *sender_type,
                            uint32_t *sender_index)
{
    *sender_type = sender->sender_type;
    *sender_index = 0;
    if (sender->sender_type == MLS_SENDER_MEMBER) *sender_index = sender->of.leaf_index->value;
    if (sender->sender_type == MLS_SENDER_EXTERNAL) *sender_index = sender->of.sender_index->value;
}

const struct mls_cached *mls_group_cache_find(const struct mls_group *group, tb_bytes ref,
                                              bool with_dropped)
{
    if (ref.len != group->env.suite->hash_len) return NULL;
    for (const struct mls_cached *at = group->cache; at != NULL; at = at->next) {
        if (at->is_dropped && !with_dropped) continue;
        if (memcmp(at->ref, ref.data, ref.len) == 0) return at;
    }
    return NULL;
}

/* Copy the octets, decode the copy. */
static tb_status cache_fill(struct mls_group *group, const struct mls_framed *framed,
                            struct mls_cached *cached)
{
    struct tb_arena *arena = &group->cache_arena;
    size_t content_len = framed->content.len, auth_len = framed->auth.len;
    uint8_t *octets = tb_arena_take(arena, content_len + auth_len, 1);
    if (octets == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(octets, framed->content.data, content_len);
    memcpy(octets + content_len, framed->auth.data, auth_len);
    TRY(wire_decode(&mls_authenticated_desc, (tb_bytes){ octets, content_len + auth_len }, arena,
                    &cached->content, NULL));
    cached->framed = mls_framing_of(framed->wire_format, &cached->content);
    cached->item.proposal = cached->content.content.of.proposal;
    cached->item.by_reference = true;
    mls_group_cache_sender(&cached->content.content.sender, &cached->item.sender_type,
                           &cached->item.sender_index);
    return TB_STATUS(TB_OK);
}

/* The cache's arena only grows until the epoch ends, so nothing passing may be put there: else a
 * proposal that is replayed often enough would fill it. */
static tb_status ref_of(const struct mls_group *group, const struct mls_framed *framed,
                        uint8_t ref[CRYPTO_HASH_MAX])
{
    struct tb_arena scratch;
    tb_arena_init(&scratch, group->env.mem, MLS_CACHE_BYTES_MAX);
    tb_status status = mls_framing_proposal_ref(group->env.suite, framed, &scratch, ref);
    tb_arena_wipe(&scratch);
    return status;
}

tb_status mls_group_cache_add(struct mls_group *group, const struct mls_framed *framed,
                              const struct mls_treekem_key *update_key, struct mls_cached **out)
{
    uint8_t ref[CRYPTO_HASH_MAX];
    TRY(ref_of(group, framed, ref));
    if (mls_group_cache_find(group, (tb_bytes){ ref, group->env.suite->hash_len }, true) != NULL) {
        return TB_STATUS(MLS_PENDING_TWICE);
    }
    if (group->cache_count == MLS_PENDING_PROPOSAL_COUNT_MAX) return TB_STATUS(MLS_PENDING_FULL);
    struct mls_cached *cached = tb_arena_take(&group->cache_arena, 1, sizeof *cached);
    if (cached == NULL) return TB_STATUS(TB_NO_SPACE);
    memcpy(cached->ref, ref, sizeof ref);
    TRY(cache_fill(group, framed, cached));
    if (update_key != NULL) cached->update_key = *update_key;

    struct mls_cached **link = &group->cache;
    while (*link != NULL) link = &(*link)->next;
    *link = cached;
    group->cache_count++;
    *out = cached;
    return TB_STATUS(TB_OK);
}

void mls_group_cache_clear(struct mls_group *group)
{
    tb_arena_wipe(&group->cache_arena);
    group->cache = NULL;
    group->cache_count = 0;
}

/* The index counts what is not dropped. */
static struct mls_cached *visible_at(const struct mls_group *group, size_t index)
{
    struct mls_cached *at = group->cache;
    for (; at != NULL; at = at->next) {
        if (at->is_dropped) continue;
        if (index-- == 0) return at;
    }
    return NULL;
}

size_t mls_group_pending_proposal_count(const struct mls_group *group)
{
    size_t count = 0;
    for (const struct mls_cached *at = group->cache; at != NULL; at = at->next) {
        if (!at->is_dropped) count++;
    }
    return count;
}

bool mls_group_pending_proposal(const struct mls_group *group, size_t index,
                                struct mls_staged_proposal *out)
{
    const struct mls_cached *at = visible_at(group, index);
    if (at == NULL) return false;
    *out = (struct mls_staged_proposal){
        at->item.proposal,
        at->item.sender_type,
        at->item.sender_index,
        true,
        at->content.content.authenticated_data,
    };
    return true;
}

bool mls_group_pending_proposal_ref(const struct mls_group *group, size_t index, tb_bytes *ref)
{
    const struct mls_cached *at = visible_at(group, index);
    if (at == NULL) return false;
    *ref = (tb_bytes){ at->ref, group->env.suite->hash_len };
    return true;
}

void mls_group_pending_proposal_drop(struct mls_group *group, size_t index)
{
    struct mls_cached *dropped = visible_at(group, index);
    if (dropped != NULL) dropped->is_dropped = true;
}

bool mls_group_must_commit(const struct mls_group *group)
{
    uint32_t own = group->now->own.leaf_index;
    for (const struct mls_cached *at = group->cache; at != NULL; at = at->next) {
        bool is_own = at->item.sender_type == MLS_SENDER_MEMBER && at->item.sender_index == own;
        if (!is_own && !at->is_dropped) return true;
    }
    return false;
}
