/*
 * Members who turn against the group.  A commit is built from the group's own secrets, signed and
 * framed as it should be, and wrong in one thing.  Everybody whom it concerns refuses it for that
 * reason, with a state that is octet for octet the one before; whom it does not concern (a path
 * secret for somebody else) could go on by it, and drops it.
 */
#include "tests/members/life.h"

#include <string.h>

#include "mls/group_psk.h"

static const tb_bytes NOTHING = { NULL, 0 };

enum wrong {
    WRONG_TAG,
    WRONG_CIPHERTEXT,
    WRONG_PATH_SECRET,
    WRONG_PARENT_HASH,
    WRONG_LEAF_SIGNATURE,
    STOLEN_SIGNATURE_KEY,
    KEY_OF_ANOTHER,
    ONE_KEY_TWICE,
    SHORT_PATH,
    LONG_PATH,
    MISSING_CIPHERTEXT,
    OLD_LEAF_KEY,
    WRONG_SENDER,
    WRONG_EPOCH,
    WRONG_MEMBERSHIP_TAG,
    FLIPPED_OCTET,
    FIRST_PROPOSAL,
    REMOVE_WITHOUT_PATH = FIRST_PROPOSAL,
    REMOVE_OWN,
    REMOVE_BLANK,
    REMOVE_TWICE,
    UPDATE_OWN,
    ADD_MEMBER,
    EXTENSIONS_TWICE,
    REINIT_BESIDE,
    EXTERNAL_INIT_INSIDE,
    SELF_REMOVE_BY_VALUE,
    UNKNOWN_REFERENCE,
    PSK_NOBODY_HAS,
    PSK_TWICE,
    DICTIONARY_BY_EXTENSIONS,
    APP_DATA_ABSENT,
    WRONGS
};

struct evil {
    struct life *life;
    enum wrong wrong;
    uint32_t who;
    struct mls_group *group; /* a copy, so that the member itself can go on */
    bool as_public;
    struct mls_proposals_result result;
    struct mls_treekem_private own;
    struct mls_treekem_path path;
    struct mls_update_path update_path;
    struct mls_commit commit;
    struct mls_proposal_or_ref list[2];
    struct mls_proposal proposal[2];
    bool is_fooled[PEOPLE_MAX]; /* whom the lie does not concern */
    int code[2];                /* what the others say; 0: any refusal */
};

/* ---------------------------------------------------------------- a path with one lie in it */

static tb_bytes spoilt(struct evil *e, tb_bytes octets)
{
    tb_bytes copy;
    MUST_OK(tb_arena_dup(&e->life->w.arena, octets, &copy));
    ((uint8_t *)(uintptr_t)copy.data)[life_choose(e->life, (uint32_t)octets.len)] ^= 0x10;
    return copy;
}

/* Everybody but those who take their secret from this node of the path. */
static void fool_all_but_under(struct evil *e, uint32_t node)
{
    struct members *w = &e->life->w;
    uint32_t leaf;
    for (uint32_t i = 0; i < w->people; i++) {
        if (!tree_model_find(&w->model.tree, i, &leaf)) continue;
        e->is_fooled[i] = mls_tree_common(e->own.leaf_index, leaf) != node;
    }
}

/* The new leaf, changed and signed again. */
static void change_leaf(struct evil *e)
{
    struct members *w = &e->life->w;
    struct mls_leaf_node fields = e->update_path.leaf_node;
    struct wire_opaque parent_hash = *fields.of.parent_hash;
    const struct mls_leaf_place place = { mls_group_id(e->group), e->own.leaf_index };
    tb_bytes encoded;
    if (e->wrong == WRONG_PARENT_HASH) {
        parent_hash.value = spoilt(e, parent_hash.value);
        fields.of.parent_hash = &parent_hash;
    } else {
        fields.encryption_key = mls_tree_key(&e->group->now->tree, 2 * e->own.leaf_index);
    }
    MUST_OK(mls_leaf_sign(&w->suite, &e->group->signer, &fields, &place, &w->arena, &encoded));
    MUST_OK(wire_decode(&mls_leaf_node_desc, encoded, &w->arena, &e->update_path.leaf_node, NULL));
}

static void resize_path(struct evil *e)
{
    struct members *w = &e->life->w;
    size_t count = e->update_path.nodes.count;
    struct mls_update_path_node *nodes = tb_arena_take(&w->arena, count + 1, sizeof *nodes);
    MUST(nodes != NULL);
    memcpy(nodes, e->update_path.nodes.at, count * sizeof *nodes);
    nodes[count] = nodes[0];
    e->update_path.nodes.at = nodes;
    e->update_path.nodes.count = e->wrong == SHORT_PATH ? count - 1 : count + 1;
}

/* A member other than the liar. */
static uint32_t victim_of(const struct evil *e)
{
    const struct members *w = &e->life->w;
    uint32_t leaf = mls_group_own_leaf(e->group);
    for (uint32_t i = 0; i < w->people; i++) {
        if (w->person[i].is_in && i != e->who) MUST(tree_model_find(&w->model.tree, i, &leaf));
    }
    return leaf;
}

/* The lie, in the path that was encrypted. */
static void falsify_path(struct evil *e, uint32_t at)
{
    struct mls_update_path *path = &e->update_path;
    struct mls_update_path_node *node = &path->nodes.at[at];
    switch (e->wrong) {
    case WRONG_CIPHERTEXT:
        for (size_t i = 0; i < node->encrypted_path_secret.count; i++) {
            node->encrypted_path_secret.at[i].ciphertext =
                spoilt(e, node->encrypted_path_secret.at[i].ciphertext);
        }
        fool_all_but_under(e, e->path.path.node[at]);
        e->code[0] = CRYPTO_DECRYPT;
        break;
    case WRONG_PARENT_HASH:
        change_leaf(e);
        e->code[0] = MLS_PATH_PARENT_HASH;
        break;
    case WRONG_LEAF_SIGNATURE:
        path->leaf_node.signature = spoilt(e, path->leaf_node.signature);
        e->code[0] = MLS_LEAF_SIGNATURE;
        break;
    case STOLEN_SIGNATURE_KEY:
        path->leaf_node.signature_key =
            mls_tree_leaf(&e->group->now->tree, victim_of(e))->signature_key;
        e->code[0] = MLS_TREE_SIGNATURE_KEY_TWICE;
        break;
    case KEY_OF_ANOTHER:
        node->encryption_key = mls_tree_key(&e->group->now->tree, 2 * e->own.leaf_index);
        e->code[0] = MLS_TREE_KEY_TWICE;
        break;
    case ONE_KEY_TWICE:
        node->encryption_key = path->leaf_node.encryption_key;
        e->code[0] = MLS_TREE_KEY_TWICE; /* or a hash over it that is looked at before */
        e->code[1] = MLS_PATH_PARENT_HASH;
        break;
    case SHORT_PATH:
    case LONG_PATH:
        resize_path(e);
        e->code[0] = MLS_PATH_LENGTH;
        break;
    case MISSING_CIPHERTEXT:
        node->encrypted_path_secret.count--;
        e->code[0] = MLS_PATH_CIPHERTEXTS;
        break;
    case OLD_LEAF_KEY:
        change_leaf(e);
        e->code[0] = MLS_LEAF_UPDATE_KEY;
        e->code[1] = MLS_TREE_KEY_TWICE;
        break;
    default: break;
    }
}

/* A path whose secrets, if that is the lie, are others at one node. */
static void make_path(struct evil *e)
{
    struct members *w = &e->life->w;
    struct mls_group *group = e->group;
    struct mls_proposals_input input = mls_group_stage_input(group, NULL, 0, NOW_S);
    struct mls_treekem_path told;
    tb_bytes context;
    input.has_path = true;
    MUST_OK(mls_proposals_apply(&input, &w->arena, &e->result));
    mls_group_stage_own(group, &e->result.tree, &e->own);
    struct mls_leaf_node fields = *mls_tree_leaf(&e->result.tree, e->own.leaf_index);
    MUST_OK(mls_treekem_create(&e->result.tree, &fields, &group->signer, mls_group_id(group),
                               &w->rng, &w->arena, &e->own, &e->path));
    MUST_OK(mls_group_epoch_provisional(group->now, &e->result, &w->arena, &context));
    uint32_t at = life_choose(e->life, e->path.path.count);
    told = e->path;
    if (e->wrong == WRONG_PATH_SECRET) {
        told.path_secret[at].data[3] ^= 1;
        fool_all_but_under(e, told.path.node[at]);
        e->code[0] = MLS_PATH_KEY;
    }
    MUST_OK(mls_treekem_encrypt(&e->result.tree, &told, context, NULL, 0, &w->rng, &w->arena,
                                &e->update_path));
    falsify_path(e, at);
    e->commit.path = &e->update_path;
}

/* ---------------------------------------------------------------- proposals out of rules */

static struct mls_proposal removal(struct members *w, uint32_t leaf)
{
    struct mls_remove *remove = tb_arena_take(&w->arena, 1, sizeof *remove);
    MUST(remove != NULL);
    remove->removed = leaf;
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REMOVE,
                                  .of = { .remove = remove } };
}

static struct mls_proposal extensions_of(struct members *w, tb_bytes dictionary)
{
    struct mls_group_context_extensions *all = tb_arena_take(&w->arena, 1, sizeof *all);
    struct mls_extension *list = tb_arena_take(&w->arena, EXTENSIONS_MAX, sizeof *list);
    MUST(all != NULL && list != NULL);
    members_extensions(w, 0, dictionary, list, &all->extensions.count);
    all->extensions.at = list;
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS,
                                  .of = { .group_context_extensions = all } };
}

/* A new key package that bears the signature key of a member. */
static struct mls_proposal addition_of_member(struct members *w, uint32_t who)
{
    struct mls_add *add = tb_arena_take(&w->arena, 1, sizeof *add);
    struct mls_key_package_secrets secrets;
    uint8_t ref[CRYPTO_HASH_MAX];
    tb_bytes encoded;
    const struct mls_key_package_params params = { .identity = members_name(w, who),
                                                   .signer = &w->person[who].signer,
                                                   .not_before_s = NOW_S - 1,
                                                   .not_after_s = NOW_S + 1 };
    MUST(add != NULL);
    MUST_OK(mls_key_package_new(&w->env, &params, &w->arena, &encoded, &secrets, ref));
    MUST_OK(wire_decode(&mls_key_package_in_desc, encoded, &w->arena, &add->key_package, NULL));
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_ADD, .of = { .add = add } };
}

static void *body(struct members *w, size_t size)
{
    void *taken = tb_arena_take(&w->arena, 1, size);
    MUST(taken != NULL);
    return taken;
}

static size_t bad_leaf_proposals(struct evil *e)
{
    struct members *w = &e->life->w;
    uint32_t own = mls_group_own_leaf(e->group);
    e->proposal[0] = removal(w, victim_of(e));
    e->proposal[1] = e->proposal[0];
    switch (e->wrong) {
    case REMOVE_WITHOUT_PATH: e->code[0] = MLS_COMMIT_PATH_MISSING; return 1;
    case REMOVE_OWN:
        e->proposal[0] = removal(w, own);
        e->code[0] = MLS_PROPOSALS_REMOVE_OWN;
        return 1;
    case REMOVE_BLANK:
        e->proposal[0] = removal(w, mls_group_leaf_count(e->group));
        e->code[0] = MLS_TREE_LEAF;
        return 1;
    case REMOVE_TWICE: e->code[0] = MLS_PROPOSALS_LEAF_TWICE; return 2;
    case ADD_MEMBER:
        e->proposal[0] = addition_of_member(w, e->who);
        e->code[0] = MLS_TREE_SIGNATURE_KEY_TWICE;
        return 1;
    default: {
        struct mls_update *update = body(w, sizeof *update);
        update->leaf_node = *mls_tree_leaf(&e->group->now->tree, own);
        e->proposal[0] = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_UPDATE,
                                                .of = { .update = update } };
        e->code[0] = MLS_PROPOSALS_UPDATE_OWN;
        return 1;
    }
    }
}

static size_t bad_group_proposals(struct evil *e)
{
    struct members *w = &e->life->w;
    tb_bytes dictionary = mls_group_extension(e->group, MLS_EXTENSION_APP_DATA_DICTIONARY);
    struct mls_component_data other = { COMPONENT + 1, TB_LITERAL("smuggled") };
    const struct mls_app_data_dictionary smuggled = { { &other, 1 } };
    e->proposal[0] = extensions_of(w, dictionary);
    e->proposal[1] = e->proposal[0];
    if (e->wrong == EXTENSIONS_TWICE) {
        e->code[0] = MLS_PROPOSALS_EXTENSIONS_TWICE;
        return 2;
    }
    if (e->wrong == DICTIONARY_BY_EXTENSIONS) {
        MUST_OK(wire_encode(&mls_app_data_dictionary_desc, &smuggled, &w->arena, &dictionary));
        e->proposal[0] = extensions_of(w, dictionary);
        e->code[0] = MLS_PROPOSALS_DICTIONARY;
        return 1;
    }
    if (e->wrong == APP_DATA_ABSENT) {
        struct mls_app_data_update *update = body(w, sizeof *update);
        *update = (struct mls_app_data_update){ .component_id = COMPONENT + 1,
                                                .op = MLS_APP_DATA_REMOVE };
        e->proposal[0] = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE,
                                                .of = { .app_data_update = update } };
        e->code[0] = MLS_PROPOSALS_APP_DATA;
        return 1;
    }
    struct mls_re_init *reinit = body(w, sizeof *reinit);
    *reinit = (struct mls_re_init){ .group_id = TB_LITERAL("the next"),
                                    .version = MLS_VERSION_MLS10,
                                    .cipher_suite = w->suite.id };
    e->proposal[1] = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_REINIT,
                                            .of = { .reinit = reinit } };
    e->code[0] = MLS_PROPOSALS_REINIT_NOT_ALONE;
    return 2;
}

static size_t bad_other_proposals(struct evil *e)
{
    struct members *w = &e->life->w;
    if (e->wrong == SELF_REMOVE_BY_VALUE) {
        e->proposal[0] = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_SELF_REMOVE };
        e->code[0] = MLS_PROPOSALS_SELF_REMOVE;
        return 1;
    }
    if (e->wrong == EXTERNAL_INIT_INSIDE) {
        struct mls_external_init *init = body(w, sizeof *init);
        init->kem_output = TB_LITERAL("thirty-two octets or what looks so");
        e->proposal[0] = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_EXTERNAL_INIT,
                                                .of = { .external_init = init } };
        e->code[0] = MLS_PROPOSALS_EXTERNAL_INIT;
        e->code[1] = MLS_PROPOSALS_INVALID_SENDER;
        return 1;
    }
    bool is_known = e->wrong == PSK_TWICE;
    MUST_OK(mls_group_psk_external(&w->env, is_known ? w->psk_id[0].value : TB_LITERAL("unheard"),
                                   &w->arena, &e->proposal[0]));
    e->proposal[1] = e->proposal[0];
    e->code[0] = is_known ? MLS_PROPOSALS_PSK_TWICE : MLS_PSK_UNKNOWN;
    return is_known ? 2 : 1;
}

static void make_list(struct evil *e)
{
    static const uint8_t unknown[CRYPTO_HASH_MAX] = { 0x5a };
    struct wire_opaque *reference = body(&e->life->w, sizeof *reference);
    size_t count = 1;
    if (e->wrong == UNKNOWN_REFERENCE) {
        reference->value = (tb_bytes){ unknown, e->life->w.suite.hash_len };
        e->list[0] = (struct mls_proposal_or_ref){ MLS_BY_REFERENCE, { .reference = reference } };
        e->code[0] = MLS_PROPOSALS_UNKNOWN_REF;
    } else {
        if (e->wrong <= ADD_MEMBER) count = bad_leaf_proposals(e);
        else if (e->wrong == EXTENSIONS_TWICE || e->wrong == REINIT_BESIDE ||
                 e->wrong >= DICTIONARY_BY_EXTENSIONS) count = bad_group_proposals(e);
        else count = bad_other_proposals(e);
        for (size_t i = 0; i < count; i++) {
            e->list[i] = (struct mls_proposal_or_ref){ MLS_BY_VALUE,
                                                       { .proposal = &e->proposal[i] } };
        }
    }
    e->commit.proposals.at = e->list;
    e->commit.proposals.count = count;
    bool has_path = e->wrong != REMOVE_WITHOUT_PATH && e->wrong != PSK_NOBODY_HAS &&
                    e->wrong != ADD_MEMBER;
    if (has_path) make_path(e);
}

/* ---------------------------------------------------------------- signing and framing */

/* Content of anybody's choice, signed with our key. */
static void sign_as_another(struct evil *e, uint16_t wire_format, tb_bytes *content,
                            tb_bytes *signature)
{
    struct members *w = &e->life->w;
    struct wire_u32 leaf = { e->wrong == WRONG_SENDER ? victim_of(e)
                                                      : mls_group_own_leaf(e->group) };
    const struct mls_framed_content fields = {
        .group_id = mls_group_id(e->group),
        .epoch = mls_group_epoch(e->group) + (e->wrong == WRONG_EPOCH),
        .sender = { MLS_SENDER_MEMBER, { .leaf_index = &leaf } },
        .content_type = MLS_CONTENT_COMMIT,
        .of = { .commit = &e->commit },
    };
    MUST_OK(mls_framing_sign(&w->suite, &e->group->signer, wire_format, &fields,
                             mls_group_context(e->group), &w->arena, content, signature));
}

/* The tag of the epoch that the commit would lead to. */
static void tag_of(struct evil *e, uint16_t wire_format, tb_bytes content, tb_bytes signature,
                   uint8_t tag[CRYPTO_HASH_MAX])
{
    struct members *w = &e->life->w;
    const struct tb_secret no_psk = { .len = w->suite.hash_len };
    struct mls_epoch *next = NULL;
    struct tb_secret joiner;
    memset(tag, 0x11, CRYPTO_HASH_MAX);
    if (e->commit.path == NULL) return;
    const struct mls_transition transition = {
        .result = &e->result,
        .init_secret = &e->group->now->secrets.init_secret,
        .commit_secret = &e->path.commit_secret,
        .psk_secret = &no_psk,
        .wire_format = wire_format,
        .content = content,
        .signature = signature,
    };
    MUST_OK(mls_group_epoch_next(e->group->now, &transition, &next, &joiner));
    memcpy(tag, next->confirmation_tag, w->suite.hash_len);
    mls_group_epoch_free(next);
    if (e->wrong == WRONG_TAG) tag[0] ^= 1;
}

static tb_bytes frame(struct evil *e)
{
    struct members *w = &e->life->w;
    struct mls_framed framed = { .wire_format = e->as_public ? MLS_WIRE_PUBLIC_MESSAGE
                                                             : MLS_WIRE_PRIVATE_MESSAGE };
    uint8_t tag[CRYPTO_HASH_MAX];
    tb_bytes signature, message;
    sign_as_another(e, framed.wire_format, &framed.content, &signature);
    tag_of(e, framed.wire_format, framed.content, signature, tag);
    MUST_OK(mls_framing_auth(signature, (tb_bytes){ tag, w->suite.hash_len }, &w->arena,
                             &framed.auth));
    MUST_OK(mls_group_send(e->group, &framed, MLS_CONTENT_COMMIT, NOTHING, 0, &w->arena,
                           &message));
    if (e->wrong == FLIPPED_OCTET) return spoilt(e, message);
    if (e->wrong != WRONG_MEMBERSHIP_TAG) return message;
    MUST_OK(tb_arena_dup(&w->arena, message, &message));
    ((uint8_t *)(uintptr_t)message.data)[message.len - 1] ^= 1;
    return message;
}

/* ---------------------------------------------------------------- the others */

/* A PrivateMessage makes its receiver derive the sender's ratchets, which is another way to write
 * down the same secrets; done before, so that the rest can be compared octet for octet. */
static void derive_ratchets(const struct mls_group *group, uint32_t leaf)
{
    struct mls_secret_tree_find find;
    tb_status status = mls_secret_tree_find(group->now->secret_tree, leaf, MLS_RATCHET_HANDSHAKE,
                                            0, &find);
    MUST(tb_is_ok(status) || status.code == MLS_GENERATION_USED);
    mls_secret_tree_find_wipe(&find);
}

static void face(struct evil *e, uint32_t who, tb_bytes message)
{
    struct members *w = &e->life->w;
    struct mls_group *group = w->person[who].group;
    struct mls_received received;
    if (!e->as_public) derive_ratchets(group, mls_group_own_leaf(e->group));
    struct tb_buf before = members_blob(w, group);
    tb_status status = mls_group_receive(group, message, NOW_S, w->psk, PSK_COUNT, &w->arena,
                                         &received, NULL);
    if (e->is_fooled[who]) {
        MUST_OK(status);
        mls_group_drop(group, received.staged);
    } else {
        if (e->code[1] == 0 || status.code != e->code[1]) {
            if (e->code[0] != 0) MUST_BE(status, e->code[0]);
        }
        MUST(!tb_is_ok(status));
        e->life->refused_count++;
    }
    MUST(group->staged == NULL);
    struct tb_buf after = members_blob(w, group);
    MUST(tb_bytes_equal(tb_buf_view(&before), tb_buf_view(&after)));
    tb_buf_wipe(&before);
    tb_buf_wipe(&after);
}

/* Lies in what belongs to the message and not to the commit. */
static void expect_by_framing(struct evil *e)
{
    switch (e->wrong) {
    case WRONG_TAG: e->code[0] = MLS_CONFIRMATION_TAG; break;
    case WRONG_SENDER:
        e->code[0] = MLS_CONTENT_SIGNATURE;
        e->code[1] = MLS_OWN_MESSAGE; /* says the one in whose name it is */
        break;
    case WRONG_EPOCH: e->code[0] = MLS_EPOCH; break;
    case WRONG_MEMBERSHIP_TAG: e->code[0] = MLS_MEMBERSHIP_TAG; break;
    default: break;
    }
    /* A PrivateMessage says its sender and epoch in places that mls_group_send fills in. */
    if (e->wrong == WRONG_SENDER || e->wrong == WRONG_EPOCH || e->wrong == WRONG_MEMBERSHIP_TAG) {
        e->as_public = true;
    }
}

void life_hostile(struct life *life)
{
    struct members *w = &life->w;
    struct evil *e = body(w, sizeof *e);
    e->life = life;
    e->wrong = life_choose(life, WRONGS);
    e->who = life_member(life);
    e->as_public = life_choose(life, 2) == 0;
    if (tree_model_member_count(&w->model.tree) < 2) return;
    e->group = members_copy(w, e->who);
    expect_by_framing(e);
    if (e->wrong >= FIRST_PROPOSAL) {
        make_list(e);
    } else {
        make_path(e);
    }
    tb_bytes message = frame(e);
    for (uint32_t i = 0, asked = 0; i < w->people && asked < 10; i++) {
        if (!w->person[i].is_in || i == e->who) continue;
        face(e, i, message);
        asked++;
    }
    mls_tree_wipe(&e->result.tree);
    mls_group_free(e->group);
}
