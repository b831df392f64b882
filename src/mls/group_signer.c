/* Our signature keys: the one of this epoch, and those that may sign in the next. */
#include "mls/group_state.h"

static bool is_key(const struct crypto_signing_key *signer, tb_bytes public_key)
{
    return tb_bytes_equal(crypto_signing_key_public(signer), public_key);
}

tb_status mls_group_signer_keep(struct mls_group *group, const struct crypto_signing_key *signer)
{
    if (signer == NULL) return TB_STATUS(TB_OK);
    for (size_t i = 0; i < group->next_signer_count; i++) {
        if (is_key(&group->next_signers[i], crypto_signing_key_public(signer))) {
            return TB_STATUS(TB_OK);
        }
    }
    if (group->next_signer_count == MLS_NEXT_SIGNER_COUNT_MAX) return TB_STATUS(MLS_PENDING_FULL);
    group->next_signers[group->next_signer_count++] = *signer;
    return TB_STATUS(TB_OK);
}

void mls_group_signer_cut(struct mls_group *group, size_t count)
{
    while (group->next_signer_count > count) {
        crypto_signing_key_wipe(&group->next_signers[--group->next_signer_count]);
    }
}

const struct crypto_signing_key *mls_group_signer_of(const struct mls_group *group,
                                                     const struct mls_epoch *next)
{
    const struct mls_leaf_node *own = mls_tree_leaf(&next->tree, next->own.leaf_index);
    if (own == NULL) return NULL;
    if (is_key(&group->signer, own->signature_key)) return &group->signer;
    for (size_t i = 0; i < group->next_signer_count; i++) {
        if (is_key(&group->next_signers[i], own->signature_key)) return &group->next_signers[i];
    }
    return NULL;
}

void mls_group_signer_advance(struct mls_group *group)
{
    const struct crypto_signing_key *signer = mls_group_signer_of(group, group->now);
    if (signer != NULL && signer != &group->signer) group->signer = *signer;
    mls_group_signer_cut(group, 0);
}
