/* What a group keeps of epochs that ended: keys for late messages, resumption keys. */
#include <string.h>

#include "mls/group_state.h"

void mls_group_past_free(struct mls_past *past)
{
    if (past == NULL) return;
    mls_secret_tree_free(past->secret_tree);
    tb_arena_wipe(&past->arena);
    tb_mem_give(past->mem, past, sizeof *past);
}

struct mls_past *mls_group_past_find(const struct mls_group *group, uint64_t epoch)
{
    for (size_t i = 0; i < MLS_PAST_EPOCH_COUNT_MAX; i++) {
        if (group->past[i] != NULL && group->past[i]->epoch == epoch) return group->past[i];
    }
    return NULL;
}

static const struct mls_past_leaf *difference(const struct mls_past *past, uint32_t leaf_index)
{
    for (const struct mls_past_leaf *leaf = past->leaves; leaf != NULL; leaf = leaf->next) {
        if (leaf->leaf_index == leaf_index) return leaf;
    }
    return NULL;
}

bool mls_group_past_leaf(const struct mls_group *group, const struct mls_past *past,
                         uint32_t leaf_index, struct mls_leaf_view *out)
{
    const struct mls_past_leaf *leaf = difference(past, leaf_index);
    if (leaf == NULL) return mls_group_leaf(group, leaf_index, out);
    if (leaf->is_blank) return false;
    *out = (struct mls_leaf_view){ leaf_index, leaf->identity, leaf->signature_key, NULL };
    return true;
}

/* Remember the current epoch's leaf in a past one, where it was the same until now. */
static tb_status keep_leaf(const struct mls_group *group, struct mls_past *past,
                           uint32_t leaf_index)
{
    struct mls_leaf_view view;
    if (difference(past, leaf_index) != NULL) return TB_STATUS(TB_OK);
    struct mls_past_leaf *leaf = tb_arena_take(&past->arena, 1, sizeof *leaf);
    if (leaf == NULL) return TB_STATUS(TB_NO_SPACE);
    leaf->leaf_index = leaf_index;
    leaf->is_blank = !mls_group_leaf(group, leaf_index, &view);
    if (!leaf->is_blank) {
        TRY(tb_arena_dup(&past->arena, view.signature_key, &leaf->signature_key));
        TRY(tb_arena_dup(&past->arena, view.identity, &leaf->identity));
    }
    leaf->next = past->leaves;
    past->leaves = leaf;
    return TB_STATUS(TB_OK);
}

static bool same_person(const struct mls_group *group, const struct mls_leaf_view *next)
{
    struct mls_leaf_view old;
    return mls_group_leaf(group, next->leaf_index, &old) &&
           tb_bytes_equal(old.signature_key, next->signature_key) &&
           tb_bytes_equal(old.identity, next->identity);
}

/* Every leaf that the staged commit makes another person's, or nobody's. */
static tb_status keep_changes(const struct mls_group *group, struct mls_past *past,
                              const struct mls_staged_view *view)
{
    for (size_t i = 0; i < view->removed_count; i++) {
        TRY(keep_leaf(group, past, view->removed[i].leaf_index));
    }
    for (size_t i = 0; i < view->updated_count; i++) {
        if (same_person(group, &view->updated[i])) continue;
        TRY(keep_leaf(group, past, view->updated[i].leaf_index));
    }
    for (size_t i = 0; i < view->added_count; i++) {
        TRY(keep_leaf(group, past, view->added[i].leaf_index));
    }
    return TB_STATUS(TB_OK);
}

static tb_status past_new(const struct mls_group *group, const struct mls_staged_view *view,
                          struct mls_past **out)
{
    struct mls_past *past = tb_mem_take(group->env.mem, sizeof *past);
    tb_status status = TB_STATUS(TB_OK);
    if (past == NULL) return TB_STATUS(TB_NO_SPACE);
    past->mem = group->env.mem;
    past->epoch = group->now->context.epoch;
    past->sender_data_secret = group->now->secrets.sender_data_secret;
    tb_arena_init(&past->arena, group->env.mem, MLS_PAST_BYTES_MAX);
    CHECK(tb_arena_dup(&past->arena, group->now->context_octets, &past->context_octets));
    CHECK(keep_changes(group, past, view));
    *out = past;
    return status;
out:
    mls_group_past_free(past);
    return status;
}

static void resumption_push(struct mls_group *group)
{
    if (group->resumption_count == MLS_RESUMPTION_COUNT_MAX) group->resumption_count--;
    memmove(group->resumption + 1, group->resumption,
            group->resumption_count * sizeof group->resumption[0]);
    group->resumption[0].epoch = group->now->context.epoch;
    memcpy(group->resumption[0].psk, group->now->secrets.resumption_psk.data,
           group->env.suite->hash_len);
    group->resumption_count++;
}

tb_status mls_group_past_advance(struct mls_group *group, struct mls_staged *staged)
{
    struct mls_past *past = NULL;
    /* What may fail comes first.  A difference noted too early is still a true one. */
    for (size_t i = 0; i < MLS_PAST_EPOCH_COUNT_MAX; i++) {
        if (group->past[i] != NULL) TRY(keep_changes(group, group->past[i], &staged->view));
    }
    TRY(past_new(group, &staged->view, &past));

    resumption_push(group);
    mls_group_past_free(group->past[MLS_PAST_EPOCH_COUNT_MAX - 1]);
    memmove(group->past + 1, group->past,
            (MLS_PAST_EPOCH_COUNT_MAX - 1) * sizeof group->past[0]);
    past->secret_tree = group->now->secret_tree;
    group->now->secret_tree = NULL;
    group->past[0] = past;
    mls_group_epoch_free(group->now);
    group->now = staged->next;
    staged->next = NULL;
    return TB_STATUS(TB_OK);
}

static bool own_resumption(const struct mls_group *group, const struct mls_resumption_psk *id,
                           tb_bytes *out)
{
    /* Those of reinit and branch belong to another group, even if that has our id. */
    if (id->usage != MLS_RESUMPTION_APPLICATION) return false;
    if (!tb_bytes_equal(id->psk_group_id, group->now->context.group_id)) return false;
    if (id->psk_epoch == group->now->context.epoch) {
        *out = tb_secret_view(&group->now->secrets.resumption_psk);
        return true;
    }
    for (size_t i = 0; i < group->resumption_count; i++) {
        if (group->resumption[i].epoch != id->psk_epoch) continue;
        *out = (tb_bytes){ group->resumption[i].psk, group->env.suite->hash_len };
        return true;
    }
    return false;
}

tb_status mls_group_past_psk(const struct mls_group *group, const struct mls_pre_shared_key_id *id,
                             const struct mls_psk_entry *psks, size_t psk_count, tb_bytes *out)
{
    if (id->psktype == MLS_PSK_RESUMPTION && own_resumption(group, id->of.resumption, out)) {
        return TB_STATUS(TB_OK);
    }
    return mls_psk_find(psks, psk_count, id, out);
}

tb_status mls_group_past_psk_secret(const struct mls_group *group,
                                    const struct mls_pre_shared_key_id *const *ids, size_t count,
                                    const struct mls_psk_entry *psks, size_t psk_count,
                                    struct tb_arena *arena, struct tb_secret *out)
{
    struct mls_psk_entry *entries = tb_arena_take(arena, count, sizeof *entries);
    if (entries == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        entries[i].id = *ids[i];
        TRY(mls_group_past_psk(group, ids[i], psks, psk_count, &entries[i].psk));
    }
    return mls_psk_secret(group->env.suite, entries, count, arena, out);
}
