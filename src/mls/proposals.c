/* Is a list of proposals valid?  RFC 9420, section 12.2; what needs no change of the tree. */
#include "mls/proposals.h"

#include "mls/proposals_list.h"

bool mls_proposals_may_send(uint8_t sender_type, uint16_t proposal_type)
{
    bool is_external_type = proposal_type != MLS_PROPOSAL_UPDATE &&
                            proposal_type != MLS_PROPOSAL_EXTERNAL_INIT &&
                            proposal_type != MLS_PROPOSAL_SELF_REMOVE;
    switch (sender_type) {
    case MLS_SENDER_MEMBER: return proposal_type != MLS_PROPOSAL_EXTERNAL_INIT;
    case MLS_SENDER_EXTERNAL: return is_external_type; /* the "Ext" column of section 17.4 */
    case MLS_SENDER_NEW_MEMBER_PROPOSAL: return proposal_type == MLS_PROPOSAL_ADD;
    case MLS_SENDER_NEW_MEMBER_COMMIT:
        return proposal_type == MLS_PROPOSAL_EXTERNAL_INIT ||
               proposal_type == MLS_PROPOSAL_REMOVE || proposal_type == MLS_PROPOSAL_PSK ||
               proposal_type == MLS_PROPOSAL_APP_DATA_UPDATE ||
               proposal_type == MLS_PROPOSAL_APP_EPHEMERAL;
    default: return false;
    }
}

bool mls_proposals_needs_path(uint16_t proposal_type)
{
    return proposal_type == MLS_PROPOSAL_UPDATE || proposal_type == MLS_PROPOSAL_REMOVE ||
           proposal_type == MLS_PROPOSAL_EXTERNAL_INIT ||
           proposal_type == MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS ||
           proposal_type == MLS_PROPOSAL_SELF_REMOVE;
}

/* ---------------------------------------------------------------- single proposals */

static tb_status check_psk(const struct mls_proposals_input *input,
                           const struct mls_pre_shared_key_id *id)
{
    if (id->psk_nonce.len != input->tree->suite->hash_len) return TB_STATUS(MLS_PROPOSALS_PSK);
    if (id->psktype != MLS_PSK_RESUMPTION) return TB_STATUS(TB_OK);
    /* Section 12.1.4: reinit and branch belong to the first commit of another group. */
    uint8_t usage = id->of.resumption->usage;
    bool is_usage = usage == MLS_RESUMPTION_APPLICATION ||
                    (usage != 0 && usage == input->resumption_usage);
    return TB_STATUS(is_usage ? TB_OK : MLS_PROPOSALS_PSK);
}

static tb_status check_reinit(const struct mls_proposals_input *input,
                              const struct mls_re_init *reinit)
{
    if (reinit->version < input->context->version) return TB_STATUS(MLS_PROPOSALS_REINIT_VERSION);
    return mls_public_extensions_distinct(reinit->extensions.at, reinit->extensions.count);
}

/* While AppDataUpdate is required, the dictionary stays as it is. */
static tb_status check_extensions(const struct mls_proposals_input *input,
                                  const struct mls_public_rules *old,
                                  const struct mls_group_context_extensions *next)
{
    tb_bytes before = { NULL, 0 }, after = { NULL, 0 };
    if (!mls_public_requires_proposal(old, MLS_PROPOSAL_APP_DATA_UPDATE)) return TB_STATUS(TB_OK);
    bool was = mls_public_extension_find(input->context->extensions.at,
                                         input->context->extensions.count,
                                         MLS_EXTENSION_APP_DATA_DICTIONARY, &before);
    bool will_be = mls_public_extension_find(next->extensions.at, next->extensions.count,
                                             MLS_EXTENSION_APP_DATA_DICTIONARY, &after);
    bool is_same = was == will_be && tb_bytes_equal(before, after);
    return TB_STATUS(is_same ? TB_OK : MLS_PROPOSALS_DICTIONARY);
}

static tb_status check_sender(const struct mls_proposals_input *input,
                              const struct mls_proposals_item *item)
{
    if (!mls_proposals_may_send(item->sender_type, item->proposal->proposal_type)) {
        return TB_STATUS(MLS_PROPOSALS_INVALID_SENDER);
    }
    if (item->sender_type == MLS_SENDER_MEMBER &&
        mls_tree_leaf(input->tree, item->sender_index) == NULL) {
        return TB_STATUS(MLS_SENDER);
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_proposals_check_item(const struct mls_proposals_input *input,
                                   const struct mls_public_rules *old,
                                   const struct mls_proposals_item *item)
{
    const struct mls_proposal *proposal = item->proposal;
    TRY(check_sender(input, item));
    switch (proposal->proposal_type) {
    case MLS_PROPOSAL_REMOVE:
        if (mls_tree_leaf(input->tree, proposal->of.remove->removed) == NULL) {
            return TB_STATUS(MLS_TREE_LEAF);
        }
        return TB_STATUS(TB_OK);
    case MLS_PROPOSAL_PSK: return check_psk(input, &proposal->of.psk->psk);
    case MLS_PROPOSAL_REINIT: return check_reinit(input, proposal->of.reinit);
    case MLS_PROPOSAL_EXTERNAL_INIT:
        return TB_STATUS(proposal->of.external_init->kem_output.len !=
                                 input->tree->suite->kem_output_len
                             ? MLS_PROPOSALS_KEM_OUTPUT
                             : TB_OK);
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        return check_extensions(input, old, proposal->of.group_context_extensions);
    case MLS_PROPOSAL_SELF_REMOVE:
        return TB_STATUS(item->by_reference ? TB_OK : MLS_PROPOSALS_SELF_REMOVE);
    default: return TB_STATUS(TB_OK);
    }
}

tb_status mls_proposals_old_rules(const struct mls_proposals_input *input, struct tb_arena *arena,
                                  struct mls_public_rules *out)
{
    const struct mls_group_context *context = input->context;
    return mls_public_rules_init(out, input->tree->suite, context->group_id, context->extensions.at,
                                 context->extensions.count, input->now_s, arena);
}

/* ---------------------------------------------------------------- sets of leaves */

static bool has(const uint8_t *set, uint32_t leaf_index)
{
    uint32_t octet = set[leaf_index / 8];
    return (octet >> (leaf_index % 8) & 1u) != 0;
}

static bool test_and_set(uint8_t *set, uint32_t leaf_index)
{
    bool was = has(set, leaf_index);
    set[leaf_index / 8] |= (uint8_t)(1u << (leaf_index % 8));
    return was;
}

/* Members of the old tree that stay must know a proposal type that is not default (13.2). */
static bool all_support(const struct mls_proposals_input *input, const uint8_t *leaving,
                        uint16_t proposal_type)
{
    for (uint32_t i = 0; i < mls_tree_leaf_count(input->tree); i++) {
        const struct mls_leaf_node *leaf = mls_tree_leaf(input->tree, i);
        if (leaf == NULL || (leaving != NULL && has(leaving, i))) continue;
        if (!mls_leaf_has_proposal(&leaf->capabilities, proposal_type)) return false;
    }
    return true;
}

static tb_status check_supported(const struct mls_proposals_input *input,
                                 const struct mls_public_rules *old, const uint8_t *leaving,
                                 uint16_t proposal_type)
{
    if (mls_leaf_is_default_proposal(proposal_type) ||
        mls_public_requires_proposal(old, proposal_type) ||
        all_support(input, leaving, proposal_type)) {
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(MLS_PROPOSALS_NOT_SUPPORTED);
}

static tb_status check_new_extensions(const struct mls_proposals_input *input,
                                      const struct mls_group_context_extensions *next,
                                      struct tb_arena *arena)
{
    struct mls_public_rules rules;
    return mls_public_rules_init(&rules, input->tree->suite, input->context->group_id,
                                 next->extensions.at, next->extensions.count, input->now_s, arena);
}

tb_status mls_proposals_check_one(const struct mls_proposals_input *input,
                                  const struct mls_proposals_item *item, struct tb_arena *arena)
{
    const struct mls_proposal *proposal = item->proposal;
    struct mls_public_rules rules;
    TRY(mls_proposals_old_rules(input, arena, &rules));
    TRY(mls_proposals_check_item(input, &rules, item));
    TRY(check_supported(input, &rules, NULL, proposal->proposal_type));
    switch (proposal->proposal_type) {
    case MLS_PROPOSAL_ADD:
        return mls_public_key_package_check(&rules, &proposal->of.add->key_package,
                                            input->tree->mem);
    case MLS_PROPOSAL_UPDATE:
        return mls_proposals_check_update(input, &rules, item, arena);
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        return check_new_extensions(input, proposal->of.group_context_extensions, arena);
    default: return TB_STATUS(TB_OK);
    }
}

/* ---------------------------------------------------------------- the list */

/* What has been seen of a list so far. */
struct list {
    const struct mls_proposals_input *input;
    /* Sets of leaves of the old tree: updated or removed, removed, removed by themselves. */
    uint8_t *changed, *leaving, *self_removed;
    size_t external_init_count, extensions_count, remove_count;
    size_t reinit_count, psk_count;
    const struct mls_pre_shared_key_id *psks[MLS_PROPOSALS_PSK_COUNT_MAX];
};

static tb_status note_removal(struct list *list, uint32_t leaf_index, bool is_self_remove)
{
    const struct mls_proposals_input *input = list->input;
    if (input->committer_type == MLS_SENDER_MEMBER && leaf_index == input->committer_leaf) {
        return TB_STATUS(MLS_PROPOSALS_REMOVE_OWN);
    }
    bool was_self_removed = has(list->self_removed, leaf_index);
    if (test_and_set(list->changed, leaf_index)) {
        /* A Remove beside a SelfRemove of the same leaf has a rule of its own in the draft. */
        return TB_STATUS(was_self_removed || is_self_remove ? MLS_PROPOSALS_SELF_REMOVE
                                                            : MLS_PROPOSALS_LEAF_TWICE);
    }
    (void)test_and_set(list->leaving, leaf_index);
    if (is_self_remove) (void)test_and_set(list->self_removed, leaf_index);
    return TB_STATUS(TB_OK);
}

static tb_status note_update(struct list *list, const struct mls_proposals_item *item)
{
    const struct mls_proposals_input *input = list->input;
    if (input->committer_type == MLS_SENDER_MEMBER &&
        item->sender_index == input->committer_leaf) {
        return TB_STATUS(MLS_PROPOSALS_UPDATE_OWN);
    }
    bool was = test_and_set(list->changed, item->sender_index);
    return TB_STATUS(was ? MLS_PROPOSALS_LEAF_TWICE : TB_OK);
}

static tb_status note_psk(struct list *list, const struct mls_pre_shared_key_id *id)
{
    if (list->psk_count == MLS_PROPOSALS_PSK_COUNT_MAX) return TB_STATUS(TB_TOO_LONG);
    for (size_t i = 0; i < list->psk_count; i++) {
        if (wire_equal(&mls_pre_shared_key_id_desc, list->psks[i], id)) {
            return TB_STATUS(MLS_PROPOSALS_PSK_TWICE);
        }
    }
    list->psks[list->psk_count++] = id;
    return TB_STATUS(TB_OK);
}

static tb_status note_item(struct list *list, const struct mls_proposals_item *item)
{
    const struct mls_proposal *proposal = item->proposal;
    switch (proposal->proposal_type) {
    case MLS_PROPOSAL_UPDATE: return note_update(list, item);
    case MLS_PROPOSAL_REMOVE:
        list->remove_count++;
        return note_removal(list, proposal->of.remove->removed, false);
    case MLS_PROPOSAL_SELF_REMOVE: return note_removal(list, item->sender_index, true);
    case MLS_PROPOSAL_PSK: return note_psk(list, &proposal->of.psk->psk);
    case MLS_PROPOSAL_REINIT: list->reinit_count++; return TB_STATUS(TB_OK);
    case MLS_PROPOSAL_EXTERNAL_INIT: list->external_init_count++; return TB_STATUS(TB_OK);
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS:
        list->extensions_count++;
        return TB_STATUS(list->extensions_count > 1 ? MLS_PROPOSALS_EXTENSIONS_TWICE : TB_OK);
    default: return TB_STATUS(TB_OK);
    }
}

/* An external commit refers to SelfRemoves and to nothing else. */
static tb_status check_external_item(const struct mls_proposals_item *item)
{
    bool is_self_remove = item->proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE;
    bool is_allowed = item->by_reference
                          ? is_self_remove
                          : mls_proposals_may_send(MLS_SENDER_NEW_MEMBER_COMMIT,
                                                   item->proposal->proposal_type);
    return TB_STATUS(is_allowed ? TB_OK : MLS_PROPOSALS_NOT_EXTERNAL);
}

static tb_status check_counts(const struct list *list)
{
    bool is_external = list->input->committer_type == MLS_SENDER_NEW_MEMBER_COMMIT;
    if (list->external_init_count != (is_external ? 1 : 0)) {
        return TB_STATUS(MLS_PROPOSALS_EXTERNAL_INIT);
    }
    if (is_external && list->remove_count > 1) return TB_STATUS(MLS_PROPOSALS_NOT_EXTERNAL);
    if (list->reinit_count != 0 && list->input->count != 1) {
        return TB_STATUS(MLS_PROPOSALS_REINIT_NOT_ALONE);
    }
    return TB_STATUS(TB_OK);
}

/* Each type that is not default once, after all who leave are known. */
static tb_status check_types(const struct list *list, const struct mls_public_rules *old)
{
    static const uint16_t types[] = { MLS_PROPOSAL_APP_DATA_UPDATE, MLS_PROPOSAL_APP_EPHEMERAL,
                                      MLS_PROPOSAL_SELF_REMOVE };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        size_t j = 0;
        while (j < list->input->count &&
               list->input->items[j].proposal->proposal_type != types[i]) {
            j++;
        }
        if (j < list->input->count) {
            TRY(check_supported(list->input, old, list->leaving, types[i]));
        }
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_proposals_check_list(const struct mls_proposals_input *input,
                                   const struct mls_public_rules *old, struct tb_arena *arena)
{
    size_t set_bytes = (mls_tree_leaf_count(input->tree) + 7) / 8;
    struct list *list = tb_arena_take(arena, 1, sizeof *list);
    if (list == NULL) return TB_STATUS(TB_NO_SPACE);
    list->input = input;
    list->changed = tb_arena_take(arena, set_bytes, 1);
    list->leaving = tb_arena_take(arena, set_bytes, 1);
    list->self_removed = tb_arena_take(arena, set_bytes, 1);
    if (list->changed == NULL || list->leaving == NULL || list->self_removed == NULL) {
        return TB_STATUS(TB_NO_SPACE);
    }
    bool is_external = input->committer_type == MLS_SENDER_NEW_MEMBER_COMMIT;
    for (size_t i = 0; i < input->count; i++) {
        if (is_external) TRY(check_external_item(&input->items[i]));
        TRY(mls_proposals_check_item(input, old, &input->items[i]));
        TRY(note_item(list, &input->items[i]));
    }
    TRY(check_types(list, old));
    return check_counts(list);
}
