/* Standalone proposals of a public group: received, kept, made as an external sender. */
#include <string.h>

#include "mls/framing.h"
#include "mls/public_group_state.h"

/* ---------------------------------------------------------------- the list */

tb_status mls_public_pending_new(struct mls_public_group *group, tb_bytes message,
                                 struct mls_public_pending **out,
                                 const struct mls_authenticated **content, struct tb_why *why)
{
    struct mls_public_pending *pending;
    struct tb_arena arena;
    struct mls_framed framed;
    tb_status status = TB_STATUS(TB_OK);
    tb_arena_init(&arena, &group->mem, MLS_PUBLIC_PROPOSAL_BYTES_MAX);
    pending = tb_arena_take(&arena, 1, sizeof *pending);
    if (pending == NULL) return TB_STATUS(TB_NO_SPACE);
    CHECK(tb_arena_dup(&arena, message, &pending->message));
    CHECK(mls_public_group_frame(group, pending->message, MLS_CONTENT_PROPOSAL, &arena, content,
                                 why));
    framed = mls_framing_of(MLS_WIRE_PUBLIC_MESSAGE, *content);
    CHECK(mls_framing_proposal_ref(group->env.suite, &framed, &arena, pending->ref));
    const struct mls_framed_content *framed_content = &(*content)->content;
    const struct mls_sender *sender = &framed_content->sender;
    pending->view = (struct mls_public_proposal){
        .proposal = framed_content->of.proposal,
        .sender_type = sender->sender_type,
        .by_reference = true,
        .ref = { pending->ref, group->env.suite->hash_len },
        .authenticated_data = framed_content->authenticated_data,
    };
    if (sender->sender_type == MLS_SENDER_MEMBER) {
        pending->view.sender_index = sender->of.leaf_index->value;
    } else if (sender->sender_type == MLS_SENDER_EXTERNAL) {
        pending->view.sender_index = sender->of.sender_index->value;
    }
    pending->arena = arena;
    *out = pending;
    return status;

out:
    tb_arena_wipe(&arena);
    return status;
}

void mls_public_pending_free(struct mls_public_pending *pending)
{
    struct tb_arena arena = pending->arena; /* the pending lies in it */
    tb_arena_wipe(&arena);
}

static void append(struct mls_public_pending **list, struct mls_public_pending *pending)
{
    while (*list != NULL) list = &(*list)->next;
    pending->next = NULL;
    *list = pending;
}

void mls_public_group_keep(struct mls_public_group *group, struct mls_public_pending *pending)
{
    append(&group->pending, pending);
    group->pending_count++;
}

void mls_public_group_forget(struct mls_public_pending **list)
{
    while (*list != NULL) {
        struct mls_public_pending *next = (*list)->next;
        mls_public_pending_free(*list);
        *list = next;
    }
}

const struct mls_public_pending *mls_public_group_find(const struct mls_public_group *group,
                                                       tb_bytes ref)
{
    for (const struct mls_public_pending *item = group->pending; item != NULL; item = item->next) {
        if (tb_bytes_equal(item->view.ref, ref)) return item;
    }
    return NULL;
}

size_t mls_public_group_pending_count(const struct mls_public_group *group)
{
    return group->pending_count;
}

bool mls_public_group_pending(const struct mls_public_group *group, size_t index,
                              struct mls_public_proposal *out)
{
    const struct mls_public_pending *item = group->pending;
    while (item != NULL && index-- > 0) item = item->next;
    if (item == NULL) return false;
    *out = item->view;
    return true;
}

void mls_public_group_pending_drop(struct mls_public_group *group, tb_bytes ref)
{
    for (struct mls_public_pending **at = &group->pending; *at != NULL; at = &(*at)->next) {
        struct mls_public_pending *item = *at;
        if (!tb_bytes_equal(item->view.ref, ref)) continue;
        *at = item->next;
        group->pending_count--;
        /* A staged commit looks at its proposals until it is merged or dropped. */
        if (group->staged != NULL) {
            append(&group->dropped, item);
        } else {
            mls_public_pending_free(item);
        }
        return;
    }
}

/* ---------------------------------------------------------------- receiving */

static tb_status external_key(const struct mls_public_group *group, uint32_t sender_index,
                              struct tb_arena *arena, tb_bytes *out)
{
    struct mls_external_senders senders;
    tb_bytes data = mls_public_group_extension(group, MLS_EXTENSION_EXTERNAL_SENDERS);
    if (data.len == 0) return TB_STATUS(MLS_SENDER);
    TRY(wire_decode(&mls_external_senders_desc, data, arena, &senders, NULL));
    if (sender_index >= senders.external_senders.count) return TB_STATUS(MLS_SENDER);
    *out = senders.external_senders.at[sender_index].signature_key;
    return TB_STATUS(TB_OK);
}

/* The key that must have signed a proposal (RFC 9420, section 6.1). */
static tb_status signer_of(const struct mls_public_group *group,
                           const struct mls_public_proposal *view, struct tb_arena *arena,
                           tb_bytes *out)
{
    const struct mls_leaf_node *leaf;
    switch (view->sender_type) {
    case MLS_SENDER_MEMBER:
        leaf = mls_tree_leaf(&group->epoch.tree, view->sender_index);
        if (leaf == NULL) return TB_STATUS(MLS_SENDER);
        *out = leaf->signature_key;
        return TB_STATUS(TB_OK);
    case MLS_SENDER_EXTERNAL: return external_key(group, view->sender_index, arena, out);
    case MLS_SENDER_NEW_MEMBER_PROPOSAL:
        if (view->proposal->proposal_type != MLS_PROPOSAL_ADD) {
            return TB_STATUS(MLS_PROPOSALS_INVALID_SENDER);
        }
        *out = view->proposal->of.add->key_package.leaf_node.signature_key;
        return TB_STATUS(TB_OK);
    default: return TB_STATUS(MLS_SENDER_KIND);
    }
}

static tb_status check_pending(struct mls_public_group *group,
                               const struct mls_public_pending *pending,
                               const struct mls_authenticated *content, uint64_t now_s,
                               struct tb_arena *arena)
{
    struct mls_proposals_input input = mls_public_group_input(group, now_s);
    const struct mls_proposals_item item = {
        .proposal = pending->view.proposal,
        .sender_type = pending->view.sender_type,
        .sender_index = pending->view.sender_index,
        .by_reference = true,
    };
    tb_bytes key;
    if (mls_public_group_find(group, pending->view.ref) != NULL) {
        return TB_STATUS(MLS_PENDING_TWICE);
    }
    TRY(signer_of(group, &pending->view, arena, &key));
    TRY(mls_public_group_verify(group, content, key, arena));
    return mls_proposals_check_one(&input, &item, arena);
}

tb_status mls_public_group_propose(struct mls_public_group *group, tb_bytes message,
                                   uint64_t now_s, struct tb_arena *arena,
                                   struct mls_public_proposal *out, struct tb_why *why)
{
    const struct mls_authenticated *content;
    struct mls_public_pending *pending;
    if (why != NULL) *why = (struct tb_why){ NULL, NULL, 0 };
    if (group->epoch.has_ended) return TB_STATUS(MLS_GROUP_REINIT);
    if (group->pending_count == MLS_PUBLIC_PROPOSAL_COUNT_MAX) return TB_STATUS(MLS_PENDING_FULL);
    TRY(mls_public_pending_new(group, message, &pending, &content, why));
    tb_status status = check_pending(group, pending, content, now_s, arena);
    if (!tb_is_ok(status)) {
        mls_public_pending_free(pending);
        return status;
    }
    mls_public_group_keep(group, pending);
    *out = pending->view;
    return status;
}

/* ---------------------------------------------------------------- making */

tb_status mls_public_group_external(const struct mls_public_group *group, uint32_t sender_index,
                                    const struct crypto_signing_key *key,
                                    const struct mls_proposal *proposal, tb_bytes aad,
                                    struct tb_arena *arena, tb_bytes *message, tb_bytes *ref)
{
    const struct crypto_suite *suite = group->env.suite;
    struct wire_u32 index = { sender_index };
    struct mls_proposal own = *proposal;
    struct mls_framed_content content = {
        .group_id = group->epoch.context.group_id,
        .epoch = group->epoch.context.epoch,
        .sender = { .sender_type = MLS_SENDER_EXTERNAL, .of = { .sender_index = &index } },
        .authenticated_data = aad,
        .content_type = MLS_CONTENT_PROPOSAL,
        .of = { .proposal = &own },
    };
    struct mls_framed framed = { .wire_format = MLS_WIRE_PUBLIC_MESSAGE };
    const tb_bytes nothing = { NULL, 0 };
    uint8_t hash[CRYPTO_HASH_MAX];
    tb_bytes registered, signature;

    if (group->epoch.has_ended) return TB_STATUS(MLS_GROUP_REINIT);
    TRY(external_key(group, sender_index, arena, &registered));
    if (!tb_bytes_equal(registered, crypto_signing_key_public(key))) return TB_STATUS(MLS_SENDER);
    if (!mls_proposals_may_send(MLS_SENDER_EXTERNAL, proposal->proposal_type)) {
        return TB_STATUS(MLS_PROPOSALS_INVALID_SENDER);
    }
    TRY(mls_framing_sign(suite, key, framed.wire_format, &content, nothing, arena,
                         &framed.content, &signature));
    TRY(mls_framing_auth(signature, nothing, arena, &framed.auth));
    TRY(mls_framing_proposal_ref(suite, &framed, arena, hash));
    TRY(tb_arena_dup(arena, (tb_bytes){ hash, suite->hash_len }, ref));
    return mls_framing_public(&framed, nothing, arena, message);
}
