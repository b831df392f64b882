/* Are all members where the model is? */
#include "tests/members/world.h"

static void check_tree(const struct members *w, const struct mls_tree *tree)
{
    const struct tree_model *model = &w->model.tree;
    MUST(mls_tree_leaf_count(tree) == model->leaf_count);
    MUST(mls_tree_member_count(tree) == tree_model_member_count(model));
    for (uint32_t node = 0; node < 2 * model->leaf_count - 1; node++) {
        struct mls_tree_parent_view parent;
        uint64_t unmerged = 0;
        MUST((mls_tree_key(tree, node).len == 0) == model->node[node].is_blank);
        if ((node & 1) == 0 || model->node[node].is_blank) continue;
        MUST(mls_tree_parent(tree, node, &parent));
        for (size_t at = 0; at < parent.unmerged_leaves.len; at += 4) {
            unmerged |= (uint64_t)1 << tb_get_u32(parent.unmerged_leaves.data + at);
        }
        MUST(unmerged == model->node[node].unmerged);
    }
}

/* A member holds the private keys that it should, and no others. */
static void check_own_keys(struct members *w, const struct mls_epoch *now)
{
    const struct mls_treekem_private *own = &now->own;
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    for (uint32_t level = 0; level <= now->tree.height; level++) {
        const struct mls_treekem_key *key = &own->at[level];
        uint32_t node = (own->leaf_index >> level << (level + 1)) + (1u << level) - 1;
        MUST((key->public_len != 0) == tree_model_knows(&w->model.tree, own->leaf_index, node));
        if (key->public_len == 0) continue;
        MUST(tb_bytes_equal((tb_bytes){ key->public_key, key->public_len },
                            mls_tree_key(&now->tree, node)));
        if (members_random(w, 8) != 0) continue; /* costly, so some */
        MUST_OK(w->suite.provider->dh_public(w->suite.provider, w->suite.kem,
                                             tb_secret_view(&key->private_key), public_key));
        MUST(tb_bytes_equal((tb_bytes){ public_key, w->suite.dh_public_len },
                            mls_tree_key(&now->tree, node)));
    }
    for (uint32_t level = now->tree.height + 1; level <= MLS_TREE_HEIGHT_MAX; level++) {
        MUST(own->at[level].public_len == 0);
    }
}

static void check_data(const struct members *w, const struct mls_group *group)
{
    const struct group_model *model = &w->model;
    struct mls_leaf_view leaf;
    tb_bytes data;
    MUST(mls_group_epoch(group) == model->epoch);
    MUST(mls_group_component(group, COMPONENT, &data) == model->has_component);
    if (model->has_component) MUST(data.len == 1 && data.data[0] == model->component);
    MUST((mls_group_extension(group, MLS_EXTENSION_EXTERNAL_SENDERS).len != 0) ==
         (model->sender < SENDER_COUNT));
    MUST(mls_group_leaf_count(group) == model->tree.leaf_count);
    for (uint32_t i = 0; i < model->tree.leaf_count; i++) {
        const struct tree_model_node *node = &model->tree.node[2 * i];
        MUST(mls_group_leaf(group, i, &leaf) == !node->is_blank);
        if (node->is_blank) continue;
        MUST(tb_bytes_equal(leaf.identity, members_name(w, node->owner)));
        MUST(tb_bytes_equal(leaf.signature_key,
                            crypto_signing_key_public(&w->person[node->owner].signer)));
    }
}

void members_agree(struct members *w)
{
    const struct mls_group *first = NULL;
    uint32_t leaf;
    for (uint32_t i = 0; i < w->people; i++) {
        const struct mls_group *group = w->person[i].group;
        MUST(w->person[i].is_in == tree_model_find(&w->model.tree, i, &leaf));
        if (!w->person[i].is_in) continue;
        if (first == NULL) {
            first = group;
            check_tree(w, &group->now->tree);
            check_data(w, group);
        }
        MUST(mls_group_is_active(group));
        MUST(mls_group_own_leaf(group) == leaf);
        MUST(!mls_group_must_commit(group) && !mls_group_has_pending(group));
        MUST(mls_group_pending_proposal_count(group) == 0);
        MUST(tb_bytes_equal(mls_group_context(group), mls_group_context(first)));
        MUST(tb_bytes_equal(mls_group_epoch_authenticator(group),
                            mls_group_epoch_authenticator(first)));
        check_own_keys(w, group->now);
    }
    MUST(first != NULL);
}

void members_talk(struct members *w, uint32_t from)
{
    static const char text[] = "to all of you";
    struct mls_received received;
    tb_bytes message;
    MUST_OK(mls_group_protect(w->person[from].group, (tb_bytes){ NULL, 0 }, TB_LITERAL(text), 3,
                              &w->arena, &message));
    for (uint32_t i = 0; i < w->people; i++) {
        if (!w->person[i].is_in || i == from) continue;
        MUST_OK(mls_group_receive(w->person[i].group, message, NOW_S, NULL, 0, &w->arena,
                                  &received, NULL));
        MUST(received.kind == MLS_RECEIVED_APPLICATION);
        MUST(tb_bytes_equal(received.application_data, TB_LITERAL(text)));
        MUST_BE(mls_group_receive(w->person[i].group, message, NOW_S, NULL, 0, &w->arena,
                                  &received, NULL),
                MLS_GENERATION_USED);
    }
}
