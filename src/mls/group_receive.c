/* Taking a message: RFC 9420, sections 6 and 12.  Framing is verified here, commits are staged. */
#include "mls/group_state.h"

/* A message whose framing stands: membership, decryption and signature are verified. */
struct verified {
    uint16_t wire_format;
    const struct mls_authenticated *content;
    uint8_t sender_type;
    uint32_t sender_index;
    tb_bytes identity; /* of a member */
    /* Of a PrivateMessage: the key it used, which is spent once the message was taken whole. */
    struct mls_secret_tree *secret_tree;
    struct mls_secret_tree_find find;
};

/* What the functions of this file pass on. */
struct receive {
    struct mls_group *group;
    uint64_t now_s;
    const struct mls_psk_entry *psks;
    size_t psk_count;
    struct tb_arena *arena;
    struct tb_why *why;
};

/* ---------------------------------------------------------------- who signed */

static tb_status external_sender_key(const struct receive *r, uint32_t sender_index, tb_bytes *key)
{
    tb_bytes data;
    struct mls_external_senders senders;
    const struct mls_group_context *context = &r->group->now->context;
    if (!mls_public_extension_find(context->extensions.at, context->extensions.count,
                                   MLS_EXTENSION_EXTERNAL_SENDERS, &data)) {
        return TB_STATUS(MLS_SENDER);
    }
    TRY(wire_decode(&mls_external_senders_desc, data, r->arena, &senders, r->why));
    if (sender_index >= senders.external_senders.count) return TB_STATUS(MLS_SENDER);
    *key = senders.external_senders.at[sender_index].signature_key;
    return TB_STATUS(TB_OK);
}

/* Section 12.1.8 and 12.4.3.2: newcomers are known by the leaf that they bring. */
static tb_status newcomer_key(const struct mls_framed_content *content, tb_bytes *key)
{
    if (content->sender.sender_type == MLS_SENDER_NEW_MEMBER_PROPOSAL) {
        if (content->content_type != MLS_CONTENT_PROPOSAL) return TB_STATUS(MLS_SENDER_KIND);
        if (content->of.proposal->proposal_type != MLS_PROPOSAL_ADD) {
            return TB_STATUS(MLS_PROPOSALS_INVALID_SENDER);
        }
        *key = content->of.proposal->of.add->key_package.leaf_node.signature_key;
        return TB_STATUS(TB_OK);
    }
    if (content->content_type != MLS_CONTENT_COMMIT) return TB_STATUS(MLS_SENDER_KIND);
    if (content->of.commit->path == NULL) return TB_STATUS(MLS_COMMIT_PATH_MISSING);
    *key = content->of.commit->path->leaf_node.signature_key;
    return TB_STATUS(TB_OK);
}

static tb_status signer_of(const struct receive *r, struct verified *v, tb_bytes *key,
                           tb_bytes *context)
{
    const struct mls_framed_content *content = &v->content->content;
    struct mls_leaf_view leaf;
    mls_group_cache_sender(&content->sender, &v->sender_type, &v->sender_index);
    *context = r->group->now->context_octets;
    switch (v->sender_type) {
    case MLS_SENDER_MEMBER:
        if (!mls_group_leaf(r->group, v->sender_index, &leaf)) return TB_STATUS(MLS_SENDER);
        *key = leaf.signature_key;
        v->identity = leaf.identity;
        return TB_STATUS(TB_OK);
    case MLS_SENDER_EXTERNAL:
        if (content->content_type != MLS_CONTENT_PROPOSAL) return TB_STATUS(MLS_SENDER_KIND);
        *context = (tb_bytes){ NULL, 0 };
        return external_sender_key(r, v->sender_index, key);
    case MLS_SENDER_NEW_MEMBER_PROPOSAL:
        *context = (tb_bytes){ NULL, 0 };
        return newcomer_key(content, key);
    default: return newcomer_key(content, key);
    }
}

static bool is_own(const struct mls_group *group, const struct verified *v)
{
    return v->sender_type == MLS_SENDER_MEMBER && v->sender_index == group->now->own.leaf_index;
}

/* ---------------------------------------------------------------- PublicMessage */

static tb_status check_membership(const struct receive *r, const struct mls_public_message_in *in)
{
    const struct mls_epoch *now = r->group->now;
    struct mls_framed framed = mls_framing_of(MLS_WIRE_PUBLIC_MESSAGE, &in->authenticated);
    uint8_t tag[CRYPTO_HASH_MAX];
    TRY(mls_framing_membership_tag(r->group->env.suite, &now->secrets.membership_key, &framed,
                                   now->context_octets, tag));
    bool is_ours = tb_equal_ct((tb_bytes){ tag, r->group->env.suite->hash_len },
                               in->of.membership_tag->value);
    return TB_STATUS(is_ours ? TB_OK : MLS_MEMBERSHIP_TAG);
}

static tb_status open_public(const struct receive *r, const struct mls_public_message_in *in,
                             struct verified *out)
{
    const struct mls_epoch *now = r->group->now;
    const struct mls_framed_content *content = &in->authenticated.content;
    tb_bytes key, context;
    if (!tb_bytes_equal(content->group_id, now->context.group_id)) return TB_STATUS(MLS_GROUP_ID);
    if (content->epoch != now->context.epoch) return TB_STATUS(MLS_EPOCH);
    /* Section 6.2: application data travel in PrivateMessages only. */
    if (content->content_type == MLS_CONTENT_APPLICATION) {
        return TB_STATUS(MLS_APPLICATION_PUBLIC);
    }
    out->wire_format = MLS_WIRE_PUBLIC_MESSAGE;
    out->content = &in->authenticated;
    if (content->sender.sender_type == MLS_SENDER_MEMBER) TRY(check_membership(r, in));
    TRY(signer_of(r, out, &key, &context));
    if (is_own(r->group, out)) return TB_STATUS(MLS_OWN_MESSAGE);
    return mls_framing_verify(r->group->env.suite, out->wire_format, out->content, context, key,
                              r->arena);
}

/* ---------------------------------------------------------------- PrivateMessage */

/* The keys of the message's epoch, current or past. */
struct message_epoch {
    const struct tb_secret *sender_data_secret;
    struct mls_secret_tree *secret_tree;
    tb_bytes context;
    const struct mls_past *past; /* NULL: current */
};

static tb_status epoch_of(const struct mls_group *group, const struct mls_private_message_in *in,
                          struct message_epoch *out)
{
    const struct mls_epoch *now = group->now;
    if (!tb_bytes_equal(in->group_id, now->context.group_id)) return TB_STATUS(MLS_GROUP_ID);
    if (in->epoch == now->context.epoch) {
        *out = (struct message_epoch){ &now->secrets.sender_data_secret, now->secret_tree,
                                       now->context_octets, NULL };
        return TB_STATUS(TB_OK);
    }
    /* A handshake of another epoch leads nowhere; an application message may be late. */
    if (in->epoch > now->context.epoch || in->content_type != MLS_CONTENT_APPLICATION) {
        return TB_STATUS(MLS_EPOCH);
    }
    const struct mls_past *past = mls_group_past_find(group, in->epoch);
    if (past == NULL) return TB_STATUS(MLS_EPOCH_PAST);
    *out = (struct message_epoch){ &past->sender_data_secret, past->secret_tree,
                                   past->context_octets, past };
    return TB_STATUS(TB_OK);
}

static tb_status open_content(const struct receive *r, const struct message_epoch *epoch,
                              const struct mls_private_message_in *in,
                              const struct mls_sender_data *sender, tb_bytes signature_key,
                              struct mls_secret_tree_find *find,
                              struct mls_authenticated *content)
{
    const struct crypto_suite *suite = r->group->env.suite;
    enum mls_ratchet_kind kind = in->content_type == MLS_CONTENT_APPLICATION
                                     ? MLS_RATCHET_APPLICATION
                                     : MLS_RATCHET_HANDSHAKE;
    TRY(mls_secret_tree_find(epoch->secret_tree, sender->leaf_index, kind, sender->generation,
                             find));
    TRY(mls_framing_private_open(suite, &find->key, sender, in, r->arena, content, r->why));
    return mls_framing_verify(suite, MLS_WIRE_PRIVATE_MESSAGE, content, epoch->context,
                              signature_key, r->arena);
}

static tb_status open_private(const struct receive *r, const struct mls_private_message_in *in,
                              struct verified *out)
{
    struct mls_group *group = r->group;
    struct message_epoch epoch;
    struct mls_sender_data sender;
    struct mls_leaf_view leaf;
    TRY(epoch_of(group, in, &epoch));
    TRY(mls_framing_private_sender(group->env.suite, epoch.sender_data_secret, in, r->arena,
                                   &sender));
    bool is_member = epoch.past == NULL
                         ? mls_group_leaf(group, sender.leaf_index, &leaf)
                         : mls_group_past_leaf(group, epoch.past, sender.leaf_index, &leaf);
    if (!is_member) return TB_STATUS(MLS_SENDER);
    if (sender.leaf_index == group->now->own.leaf_index) return TB_STATUS(MLS_OWN_MESSAGE);
    struct mls_authenticated *content = tb_arena_take(r->arena, 1, sizeof *content);
    if (content == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(open_content(r, &epoch, in, &sender, leaf.signature_key, &out->find, content));
    out->wire_format = MLS_WIRE_PRIVATE_MESSAGE;
    out->content = content;
    out->sender_type = MLS_SENDER_MEMBER;
    out->sender_index = sender.leaf_index;
    out->identity = leaf.identity;
    out->secret_tree = epoch.secret_tree;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- what it says */

static tb_status take_proposal(const struct receive *r, const struct verified *v,
                               struct mls_received *out)
{
    struct mls_group *group = r->group;
    const struct mls_proposals_item item = { v->content->content.of.proposal, v->sender_type,
                                             v->sender_index, true };
    struct mls_framed framed = mls_framing_of(v->wire_format, v->content);
    struct mls_cached *cached = NULL;
    /* draft-ietf-mls-extensions: whoever hands a SelfRemove on must be able to read it. */
    if (item.proposal->proposal_type == MLS_PROPOSAL_SELF_REMOVE &&
        v->wire_format != MLS_WIRE_PUBLIC_MESSAGE) {
        return TB_STATUS(MLS_HANDSHAKE_FORMAT);
    }
    struct mls_proposals_input input = mls_group_stage_input(group, &item, 1, r->now_s);
    TRY(mls_proposals_check_one(&input, &item, r->arena));
    TRY(mls_group_cache_add(group, &framed, NULL, &cached));
    out->kind = MLS_RECEIVED_PROPOSAL;
    out->proposal = cached->item.proposal;
    return TB_STATUS(TB_OK);
}

static tb_status take_commit(const struct receive *r, const struct verified *v,
                             struct mls_received *out)
{
    struct mls_framed framed = mls_framing_of(v->wire_format, v->content);
    if (r->group->staged != NULL) return TB_STATUS(MLS_COMMIT_STAGED);
    TRY(mls_group_stage_received(r->group, &framed, r->now_s, r->psks, r->psk_count, r->why,
                                 &r->group->staged));
    out->kind = MLS_RECEIVED_COMMIT;
    out->staged = r->group->staged;
    return TB_STATUS(TB_OK);
}

static tb_status take_content(const struct receive *r, const struct verified *v,
                              struct mls_received *out)
{
    const struct mls_framed_content *content = &v->content->content;
    struct mls_received received = {
        .epoch = content->epoch,
        .sender_type = v->sender_type,
        .sender_leaf = v->sender_index,
    };
    /* What a past epoch asked of its messages is not kept. */
    if (content->epoch == r->group->now->context.epoch) {
        TRY(mls_group_check_active(r->group));
        TRY(mls_group_check_aad(r->group->now, content->authenticated_data));
    }
    TRY(tb_arena_dup(r->arena, v->identity, &received.sender_identity));
    TRY(tb_arena_dup(r->arena, content->authenticated_data, &received.authenticated_data));
    TRY(tb_arena_dup(r->arena, v->content->signature, &received.signature));
    if (content->content_type == MLS_CONTENT_APPLICATION) {
        received.kind = MLS_RECEIVED_APPLICATION;
        received.application_data = content->of.application_data->value;
    } else if (content->content_type == MLS_CONTENT_PROPOSAL) {
        TRY(take_proposal(r, v, &received));
    } else {
        TRY(take_commit(r, v, &received));
    }
    *out = received;
    return TB_STATUS(TB_OK);
}

static tb_status take_message(const struct receive *r, tb_bytes message, struct verified *v,
                              struct mls_received *out)
{
    struct mls_message in;
    TRY(mls_framing_message(message, r->arena, &in, r->why));
    if (in.wire_format == MLS_WIRE_PUBLIC_MESSAGE) {
        TRY(open_public(r, in.of.public_message, v));
    } else if (in.wire_format == MLS_WIRE_PRIVATE_MESSAGE) {
        TRY(open_private(r, in.of.private_message, v));
    } else {
        return TB_STATUS(MLS_WIRE_FORMAT);
    }
    TRY(take_content(r, v, out));
    if (v->secret_tree == NULL) return TB_STATUS(TB_OK);
    if (out->kind == MLS_RECEIVED_COMMIT) {
        /* A commit that is dropped can come again, so its key waits for the merge. */
        out->staged->has_message_key = true;
        out->staged->message_generation = v->find.generation;
    } else {
        mls_secret_tree_take(v->secret_tree, &v->find);
        r->group->use_count++;
    }
    return TB_STATUS(TB_OK);
}

tb_status mls_group_receive(struct mls_group *group, tb_bytes message, uint64_t now_s,
                            const struct mls_psk_entry *psks, size_t psk_count,
                            struct tb_arena *arena, struct mls_received *out, struct tb_why *why)
{
    const struct receive r = { group, now_s, psks, psk_count, arena, why };
    struct verified v = { 0 };
    if (!group->is_active) return TB_STATUS(MLS_GROUP_INACTIVE);
    if (mls_group_is_own_pending(group, message)) {
        *out = (struct mls_received){
            .kind = MLS_RECEIVED_OWN_COMMIT,
            .epoch = group->now->context.epoch,
            .sender_type = MLS_SENDER_MEMBER,
            .sender_leaf = group->now->own.leaf_index,
        };
        return TB_STATUS(TB_OK);
    }
    tb_status status = take_message(&r, message, &v, out);
    mls_secret_tree_find_wipe(&v.find);
    return status;
}
