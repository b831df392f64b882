/*
 * Which cached proposals an own commit takes up (RFC 9420, section 12.2, last part): all that can
 * stand together.  Removals come first, those of an external sender before all others: a delivery
 * service may insist on them.
 */
#include "mls/group_select.h"

static const uint32_t NO_LEAF = UINT32_MAX;

/* The leaf that a proposal changes or takes away. */
static uint32_t target_of(const struct mls_proposals_item *item)
{
    switch (item->proposal->proposal_type) {
    case MLS_PROPOSAL_UPDATE:
    case MLS_PROPOSAL_SELF_REMOVE: return item->sender_index;
    case MLS_PROPOSAL_REMOVE: return item->proposal->of.remove->removed;
    default: return NO_LEAF;
    }
}

static bool same_client(const struct mls_proposal *a, const struct mls_proposal *b)
{
    const struct mls_key_package_in *left = &a->of.add->key_package;
    const struct mls_key_package_in *right = &b->of.add->key_package;
    return tb_bytes_equal(left->leaf_node.signature_key, right->leaf_node.signature_key) ||
           tb_bytes_equal(left->leaf_node.encryption_key, right->leaf_node.encryption_key);
}

/* The removal of a component leaves nothing to update, and cannot be done twice. */
static bool contradicts(const struct mls_app_data_update *a, const struct mls_app_data_update *b)
{
    if (a->component_id != b->component_id) return false;
    return a->op == MLS_APP_DATA_REMOVE || b->op == MLS_APP_DATA_REMOVE;
}

/* Two proposals of which a valid commit holds one. */
static bool excludes(const struct mls_proposals_item *a, const struct mls_proposals_item *b)
{
    uint16_t type = a->proposal->proposal_type;
    if (type == MLS_PROPOSAL_REINIT || b->proposal->proposal_type == MLS_PROPOSAL_REINIT) {
        return true;
    }
    if (target_of(a) != NO_LEAF && target_of(a) == target_of(b)) return true;
    if (type != b->proposal->proposal_type) return false;
    if (type == MLS_PROPOSAL_ADD) return same_client(a->proposal, b->proposal);
    if (type == MLS_PROPOSAL_PSK) {
        return mls_psk_id_matches(&a->proposal->of.psk->psk, &b->proposal->of.psk->psk);
    }
    if (type == MLS_PROPOSAL_APP_DATA_UPDATE) {
        return contradicts(a->proposal->of.app_data_update, b->proposal->of.app_data_update);
    }
    return type == MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS;
}

/* Of a kind that a commit holds a limited number of: how many, at most. */
static size_t count_max_of(uint16_t proposal_type)
{
    if (proposal_type == MLS_PROPOSAL_APP_DATA_UPDATE) return MLS_APP_DATA_UPDATE_COUNT_MAX;
    return proposal_type == MLS_PROPOSAL_PSK ? MLS_PROPOSALS_PSK_COUNT_MAX : SIZE_MAX;
}

/* What no commit of ours can hold: a key that we were not given, the removal of what is not there.
 * Nobody shall keep us from committing by proposing it. */
static bool is_possible(const struct mls_group *group, const struct mls_commit_params *params,
                        const struct mls_proposal *proposal)
{
    tb_bytes data;
    switch (proposal->proposal_type) {
    case MLS_PROPOSAL_PSK:
        return tb_is_ok(mls_group_past_psk(group, &proposal->of.psk->psk, params->psks,
                                           params->psk_count, &data));
    case MLS_PROPOSAL_APP_DATA_UPDATE:
        return proposal->of.app_data_update->op != MLS_APP_DATA_REMOVE ||
               mls_group_component(group, proposal->of.app_data_update->component_id, &data);
    default: return true;
    }
}

static unsigned rank_of(const struct mls_proposals_item *item)
{
    uint16_t type = item->proposal->proposal_type;
    if (type == MLS_PROPOSAL_REMOVE) return item->sender_type == MLS_SENDER_EXTERNAL ? 0 : 2;
    return type == MLS_PROPOSAL_SELF_REMOVE ? 1 : 3;
}
enum { RANKS = 4 };

static bool is_allowed(const struct mls_group *group, const struct mls_commit_params *params,
                       const struct mls_proposals_item *item,
                       const struct mls_group_selection *chosen)
{
    uint16_t type = item->proposal->proposal_type;
    size_t same_count = 0;
    if (target_of(item) == group->now->own.leaf_index) return false;
    if (!is_possible(group, params, item->proposal)) return false;
    for (size_t i = 0; i < chosen->count; i++) {
        if (excludes(item, &chosen->items[i])) return false;
        same_count += chosen->items[i].proposal->proposal_type == type;
    }
    return same_count < count_max_of(type);
}

static void take_cached(const struct mls_group *group, const struct mls_cached *cached,
                        struct wire_opaque *refs, struct mls_group_selection *out)
{
    size_t at = out->count++;
    refs[at].value = (tb_bytes){ cached->ref, group->env.suite->hash_len };
    out->items[at] = cached->item;
    out->list[at].type = MLS_BY_REFERENCE;
    out->list[at].of.reference = &refs[at];
}

static bool is_chosen(const struct mls_group *group, const struct mls_commit_params *params,
                      const struct mls_cached *cached)
{
    const tb_bytes ref = { cached->ref, group->env.suite->hash_len };
    for (size_t i = 0; i < params->reference_count; i++) {
        if (tb_bytes_equal(params->references[i], ref)) return true;
    }
    return false;
}

tb_status mls_group_select(const struct mls_group *group, const struct mls_commit_params *params,
                           struct tb_arena *arena, struct mls_group_selection *out)
{
    size_t total = params->proposal_count + params->reference_count +
                   (params->include_pending ? group->cache_count : 0);
    out->count = 0;
    out->items = tb_arena_take(arena, total, sizeof *out->items);
    out->list = tb_arena_take(arena, total, sizeof *out->list);
    struct wire_opaque *refs = tb_arena_take(arena, total, sizeof *refs);
    if (out->items == NULL || out->list == NULL || refs == NULL) return TB_STATUS(TB_NO_SPACE);

    for (size_t i = 0; i < params->proposal_count; i++) {
        const struct mls_proposal *proposal = &params->proposals[i];
        out->items[i] = (struct mls_proposals_item){ proposal, MLS_SENDER_MEMBER,
                                                     group->now->own.leaf_index, false };
        out->list[i].type = MLS_BY_VALUE;
        out->list[i].of.proposal = (struct mls_proposal *)(uintptr_t)proposal;
        out->count++;
    }
    for (size_t i = 0; i < params->reference_count; i++) {
        const struct mls_cached *at = mls_group_cache_find(group, params->references[i], false);
        if (at == NULL) return TB_STATUS(MLS_PROPOSALS_UNKNOWN_REF);
        take_cached(group, at, refs, out);
    }
    for (unsigned rank = 0; params->include_pending && rank < RANKS; rank++) {
        for (const struct mls_cached *at = group->cache; at != NULL; at = at->next) {
            if (at->is_dropped || rank_of(&at->item) != rank) continue;
            if (!is_allowed(group, params, &at->item, out)) continue;
            if (is_chosen(group, params, at)) continue;
            take_cached(group, at, refs, out);
        }
    }
    return TB_STATUS(TB_OK);
}
