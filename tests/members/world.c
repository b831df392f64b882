#include "tests/members/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mls/group_external.h"

static const tb_bytes NOTHING = { NULL, 0 };

void members_must(bool holds, const char *file, int line, const char *what)
{
    if (holds) return;
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

void members_must_be(tb_status status, int code, const char *file, int line)
{
    if (status.code == code) return;
    fprintf(stderr, "%s:%d: status %d instead of %d\n", file, line, status.code, code);
    abort();
}

static void *take(void *ctx, size_t len)
{
    (void)ctx;
    return malloc(len);
}

static void give(void *ctx, void *data, size_t len)
{
    (void)ctx;
    (void)len;
    free(data);
}

static bool fill(void *ctx, uint8_t *out, size_t len)
{
    uint64_t *state = ctx; /* xorshift64* */
    for (size_t i = 0; i < len; i++) {
        *state ^= *state >> 12;
        *state ^= *state << 25;
        *state ^= *state >> 27;
        out[i] = (uint8_t)(*state * 0x2545f4914f6cdd1du >> 56);
    }
    return true;
}

uint32_t members_random(struct members *w, uint32_t below)
{
    uint8_t octets[4];
    (void)fill(&w->rng_state, octets, sizeof octets);
    return tb_get_u32(octets) % below;
}

tb_bytes members_name(const struct members *w, uint32_t who)
{
    return tb_bytes_text(w->person[who].name);
}

uint32_t members_by_name(const struct members *w, tb_bytes name)
{
    uint32_t who = 0;
    while (who < w->people && !tb_bytes_equal(members_name(w, who), name)) who++;
    MUST(who < w->people);
    return who;
}

void members_init(struct members *w, const struct crypto_provider *provider, uint16_t suite,
                  uint32_t people, uint64_t seed)
{
    static const char *const ids[PSK_COUNT] = { "first key", "second key", "third key" };
    memset(w, 0, sizeof *w);
    w->mem = (struct tb_mem){ NULL, take, give, 0, SIZE_MAX };
    w->rng_state = seed * 0x9e3779b97f4a7c15u + 1;
    w->rng = (struct tb_rng){ &w->rng_state, fill };
    MUST_OK(crypto_suite_init(&w->suite, suite, provider));
    w->env = (struct mls_env){ .suite = &w->suite, .mem = &w->mem, .rng = &w->rng };
    tb_arena_init(&w->lasting, &w->mem, SIZE_MAX);
    tb_arena_init(&w->arena, &w->mem, SIZE_MAX);
    w->people = people;
    w->model.sender = SENDER_COUNT;
    tree_model_init(&w->model.tree);
    for (uint32_t i = 0; i < people; i++) {
        snprintf(w->person[i].name, sizeof w->person[i].name, "person-%u", i);
        MUST_OK(crypto_signing_key_new(&w->suite, &w->rng, &w->person[i].signer));
    }
    for (size_t i = 0; i < SENDER_COUNT; i++) {
        MUST_OK(crypto_signing_key_new(&w->suite, &w->rng, &w->sender[i]));
    }
    for (size_t i = 0; i < PSK_COUNT; i++) {
        w->psk_id[i].value = tb_bytes_text(ids[i]);
        w->psk[i].id = (struct mls_pre_shared_key_id){ MLS_PSK_EXTERNAL,
                                                       { .psk_id = &w->psk_id[i] }, NOTHING };
        w->psk[i].psk = tb_bytes_text(ids[PSK_COUNT - 1 - i]);
    }
}

void members_end(struct members *w)
{
    for (uint32_t i = 0; i < w->people; i++) mls_group_free(w->person[i].group);
    tb_arena_wipe(&w->arena);
    tb_arena_wipe(&w->lasting);
    MUST(w->mem.used_bytes == 0);
}

/* ---------------------------------------------------------------- making things */

void members_extensions(struct members *w, uint8_t sender, tb_bytes dictionary,
                        struct mls_extension out[EXTENSIONS_MAX], size_t *count)
{
    struct wire_u16 type = { MLS_PROPOSAL_APP_DATA_UPDATE };
    const struct mls_required_capabilities required = { .proposal_types = { &type, 1 } };
    out[0].extension_type = MLS_EXTENSION_REQUIRED_CAPABILITIES;
    MUST_OK(wire_encode(&mls_required_capabilities_desc, &required, &w->arena,
                        &out[0].extension_data));
    *count = 1;
    if (sender < SENDER_COUNT) {
        struct wire_opaque name = { TB_LITERAL("the desk") };
        struct mls_external_sender entry = {
            crypto_signing_key_public(&w->sender[sender]),
            { MLS_CREDENTIAL_BASIC, { .identity = &name } },
        };
        const struct mls_external_senders senders = { { &entry, 1 } };
        out[*count].extension_type = MLS_EXTENSION_EXTERNAL_SENDERS;
        MUST_OK(wire_encode(&mls_external_senders_desc, &senders, &w->arena,
                            &out[(*count)++].extension_data));
    }
    if (dictionary.len != 0) {
        out[(*count)++] = (struct mls_extension){ MLS_EXTENSION_APP_DATA_DICTIONARY, dictionary };
    }
}

void members_create(struct members *w)
{
    struct mls_extension extensions[EXTENSIONS_MAX];
    struct mls_group_params params = {
        .group_id = TB_LITERAL("forty people"),
        .identity = members_name(w, 0),
        .signer = &w->person[0].signer,
        .extensions = extensions,
        .not_before_s = NOW_S - 3600,
        .not_after_s = NOW_S + 86400,
    };
    w->model.sender = 0;
    members_extensions(w, 0, NOTHING, extensions, &params.extension_count);
    MUST_OK(mls_group_create(&w->env, &params, &w->person[0].group));
    w->person[0].is_in = true;
    (void)tree_model_add(&w->model.tree, 0);
    members_agree(w);
}

struct mls_proposal members_add_of(struct members *w, uint32_t who)
{
    struct person *person = &w->person[who];
    uint8_t ref[CRYPTO_HASH_MAX];
    const struct mls_key_package_params params = {
        .identity = members_name(w, who),
        .signer = &person->signer,
        .not_before_s = NOW_S - 3600,
        .not_after_s = NOW_S + 86400,
    };
    if (person->key_package.len == 0) {
        MUST_OK(mls_key_package_new(&w->env, &params, &w->lasting, &person->key_package,
                                    &person->secrets, ref));
        MUST_OK(wire_decode(&mls_key_package_in_desc, person->key_package, &w->lasting,
                            &person->add.key_package, NULL));
    }
    return (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_ADD,
                                  .of = { .add = &person->add } };
}

struct tb_buf members_blob(struct members *w, const struct mls_group *group)
{
    struct tb_buf blob;
    tb_buf_init(&blob, &w->mem, SIZE_MAX);
    MUST_OK(mls_group_encode(group, &blob));
    return blob;
}

struct mls_group *members_copy(struct members *w, uint32_t who)
{
    struct mls_group *copy = NULL;
    struct tb_buf blob = members_blob(w, w->person[who].group);
    MUST_OK(mls_group_decode(&w->env, tb_buf_view(&blob), &w->person[who].signer, &copy));
    tb_buf_wipe(&blob);
    return copy;
}

void members_restart(struct members *w, uint32_t who)
{
    struct person *person = &w->person[who];
    struct tb_buf before = members_blob(w, person->group), after;
    struct mls_group *again = members_copy(w, who);
    mls_group_free(person->group);
    person->group = again;
    after = members_blob(w, again);
    MUST(tb_bytes_equal(tb_buf_view(&before), tb_buf_view(&after)));
    tb_buf_wipe(&before);
    tb_buf_wipe(&after);
}

/* ---------------------------------------------------------------- the model follows */

static void follow_proposal(struct members *w, const struct mls_staged_proposal *entry)
{
    struct group_model *model = &w->model;
    const struct mls_proposal *proposal = entry->proposal;
    tb_bytes data;
    switch (proposal->proposal_type) {
    case MLS_PROPOSAL_UPDATE: tree_model_update(&model->tree, entry->sender_index); break;
    case MLS_PROPOSAL_REMOVE: tree_model_remove(&model->tree, proposal->of.remove->removed); break;
    case MLS_PROPOSAL_SELF_REMOVE: tree_model_remove(&model->tree, entry->sender_index); break;
    case MLS_PROPOSAL_APP_DATA_UPDATE:
        MUST(proposal->of.app_data_update->component_id == COMPONENT);
        model->has_component = proposal->of.app_data_update->op == MLS_APP_DATA_UPDATE;
        if (!model->has_component) break;
        model->component = proposal->of.app_data_update->of.update->value.data[0];
        break;
    case MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS: {
        const struct mls_group_context_extensions *all = proposal->of.group_context_extensions;
        struct mls_external_senders senders;
        model->sender = SENDER_COUNT;
        if (!mls_public_extension_find(all->extensions.at, all->extensions.count,
                                       MLS_EXTENSION_EXTERNAL_SENDERS, &data)) {
            break;
        }
        MUST_OK(wire_decode(&mls_external_senders_desc, data, &w->arena, &senders, NULL));
        for (uint8_t i = 0; i < SENDER_COUNT; i++) {
            if (tb_bytes_equal(senders.external_senders.at[0].signature_key,
                               crypto_signing_key_public(&w->sender[i]))) {
                model->sender = i;
            }
        }
        break;
    }
    default: break;
    }
}

/* Section 12.3: updates, then removes, then adds; then the path. */
static void follow(struct members *w, const struct mls_staged_view *view, uint32_t joiner,
                   bool has_path)
{
    struct tree_model *tree = &w->model.tree;
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < view->proposal_count; i++) {
            bool is_update = view->proposals[i].proposal->proposal_type == MLS_PROPOSAL_UPDATE;
            if (is_update == (pass == 0)) follow_proposal(w, &view->proposals[i]);
        }
    }
    for (size_t i = 0; i < view->proposal_count; i++) {
        const struct mls_proposal *proposal = view->proposals[i].proposal;
        if (proposal->proposal_type != MLS_PROPOSAL_ADD) continue;
        const struct mls_leaf_node *leaf = &proposal->of.add->key_package.leaf_node;
        uint32_t who = members_by_name(w, mls_leaf_identity(&leaf->credential));
        (void)tree_model_add(tree, who);
    }
    tree_model_truncate(tree);
    uint32_t leaf = view->committer_leaf;
    if (joiner != NOBODY) leaf = tree_model_add(tree, joiner);
    if (has_path) tree_model_path(tree, leaf);
    w->model.epoch++;
}

/* A member who is removed holds no key of the new tree. */
static void check_left_behind(const struct mls_group *left, const struct mls_tree *next)
{
    const struct mls_treekem_private *own = &left->now->own;
    for (uint32_t level = 0; level <= MLS_TREE_HEIGHT_MAX; level++) {
        tb_bytes key = { own->at[level].public_key, own->at[level].public_len };
        for (uint32_t node = 0; key.len != 0 && node < 2 * mls_tree_leaf_count(next) - 1; node++) {
            MUST(!tb_bytes_equal(mls_tree_key(next, node), key));
        }
    }
}

/* Those who were removed are gone, and what was on its way to the old epoch too. */
static void settle(struct members *w)
{
    uint32_t leaf;
    w->proposal_count = 0;
    for (uint32_t i = 0; i < w->people; i++) {
        struct person *person = &w->person[i];
        person->missed = 0;
        if (!person->is_in || tree_model_find(&w->model.tree, i, &leaf)) continue;
        MUST(!mls_group_is_active(person->group));
        mls_group_free(person->group);
        person->group = NULL;
        person->is_in = false;
    }
}

/* ---------------------------------------------------------------- delivery */

void members_propose(struct members *w, uint32_t from, tb_bytes message, uint32_t lost_by)
{
    struct mls_received received;
    MUST(w->proposal_count < PROPOSALS_MAX);
    struct sent_proposal *sent = &w->proposal[w->proposal_count];
    sent->from = from;
    MUST_OK(tb_arena_dup(&w->lasting, message, &sent->message));
    for (uint32_t i = 0; i < w->people; i++) {
        struct person *person = &w->person[i];
        if (!person->is_in || i == from) continue;
        if (i == lost_by) {
            person->missed |= 1u << w->proposal_count;
            continue;
        }
        MUST_OK(mls_group_receive(person->group, message, NOW_S, w->psk, PSK_COUNT, &w->arena,
                                  &received, NULL));
        MUST(received.kind == MLS_RECEIVED_PROPOSAL);
    }
    w->proposal_count++;
}

/* A commit that names a proposal which was lost is refused, until that comes. */
static tb_status receive_with_lost(struct members *w, struct person *person, tb_bytes commit,
                                   struct mls_received *received)
{
    tb_status status = mls_group_receive(person->group, commit, NOW_S, w->psk, PSK_COUNT,
                                         &w->arena, received, NULL);
    if (person->missed == 0 || status.code != MLS_PROPOSALS_UNKNOWN_REF) return status;
    for (size_t i = 0; i < w->proposal_count; i++) {
        if ((person->missed >> i & 1) == 0) continue;
        MUST_OK(mls_group_receive(person->group, w->proposal[i].message, NOW_S, w->psk, PSK_COUNT,
                                  &w->arena, received, NULL));
    }
    person->missed = 0;
    return mls_group_receive(person->group, commit, NOW_S, w->psk, PSK_COUNT, &w->arena, received,
                             NULL);
}

static void compare_views(const struct mls_staged_view *a, const struct mls_staged_view *b)
{
    MUST(a->committer_type == b->committer_type && a->committer_leaf == b->committer_leaf);
    MUST(a->new_epoch == b->new_epoch && a->proposal_count == b->proposal_count);
    MUST(a->added_count == b->added_count && a->removed_count == b->removed_count);
    MUST(a->updated_count == b->updated_count);
    for (size_t i = 0; i < a->proposal_count; i++) {
        MUST(wire_equal(&mls_proposal_desc, a->proposals[i].proposal, b->proposals[i].proposal));
        MUST(a->proposals[i].sender_type == b->proposals[i].sender_type);
        MUST(a->proposals[i].sender_index == b->proposals[i].sender_index);
    }
}

static void deliver(struct members *w, uint32_t committer, tb_bytes commit,
                    const struct mls_staged_view *view, bool has_path)
{
    struct mls_received received;
    uint32_t leaf;
    follow(w, view, NOBODY, has_path);
    for (uint32_t i = 0; i < w->people; i++) {
        struct person *person = &w->person[i];
        if (!person->is_in || i == committer) continue;
        MUST_OK(receive_with_lost(w, person, commit, &received));
        MUST(received.kind == MLS_RECEIVED_COMMIT);
        const struct mls_staged_view *seen = mls_staged_view(received.staged);
        compare_views(seen, view);
        MUST(seen->removes_us == !tree_model_find(&w->model.tree, i, &leaf));
        if (seen->removes_us) check_left_behind(person->group, &received.staged->tree_after);
        MUST_OK(mls_group_merge(person->group, received.staged));
    }
    struct mls_group *group = w->person[committer].group;
    MUST_OK(mls_group_receive(group, commit, NOW_S, NULL, 0, &w->arena, &received, NULL));
    MUST(received.kind == MLS_RECEIVED_OWN_COMMIT);
    MUST_OK(mls_group_pending_merge(group));
}

/* The people a commit adds join by its Welcome. */
static void welcome(struct members *w, const struct mls_commit_out *out, bool has_tree_inside)
{
    uint32_t leaf;
    for (uint32_t i = 0; i < w->people; i++) {
        struct person *person = &w->person[i];
        if (person->is_in || !tree_model_find(&w->model.tree, i, &leaf)) continue;
        const struct mls_join_params params = {
            .welcome = out->welcome,
            .ratchet_tree = has_tree_inside ? NOTHING : out->ratchet_tree,
            .key_package = person->key_package,
            .secrets = &person->secrets,
            .signer = &person->signer,
            .psks = w->psk,
            .psk_count = PSK_COUNT,
            .now_s = NOW_S,
        };
        MUST_OK(mls_group_join(&w->env, &params, &person->group, NULL));
        person->is_in = true;
        person->since = w->model.epoch;
        person->key_package = NOTHING;
        mls_key_package_secrets_wipe(&person->secrets);
    }
}

void members_accept(struct members *w, uint32_t who, const struct mls_commit_params *params,
                    const struct mls_commit_out *out)
{
    const struct mls_staged *pending = w->person[who].group->pending;
    struct mls_framed_content content;
    MUST_OK(wire_decode(&mls_framed_content_desc, pending->framed.content, &w->arena, &content,
                        NULL));
    bool has_path = content.of.commit->path != NULL;
    MUST(has_path || !params->force_path);
    deliver(w, who, out->commit, mls_staged_view(pending), has_path);
    settle(w);
    welcome(w, out, params->tree_in_welcome);
    members_agree(w);
}

void members_commit(struct members *w, uint32_t who, const struct mls_commit_params *params)
{
    struct mls_commit_out out;
    MUST_OK(mls_group_commit(w->person[who].group, params, &w->arena, &out, NULL));
    members_accept(w, who, params, &out);
}

void members_external(struct members *w, uint32_t who, uint32_t from, bool has_tree_inside,
                      bool with_psk)
{
    struct person *person = &w->person[who];
    struct mls_group_external *external = NULL;
    struct mls_group *group = NULL;
    struct mls_commit_out out;
    struct mls_message message;
    struct mls_remove remove = { 0 };
    struct mls_proposal removal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                    .of = { .remove = &remove } };
    const struct mls_staged_proposal entry = { &removal, MLS_SENDER_NEW_MEMBER_COMMIT, 0, false,
                                               NOTHING };
    tb_bytes info, tree;
    MUST_OK(mls_group_info(w->person[from].group, has_tree_inside, NULL, 0, &w->arena, &info,
                           &tree));
    MUST_OK(mls_group_external_open(&w->env, info, has_tree_inside ? NOTHING : tree, NOW_S,
                                    &external, NULL));
    struct mls_group_external_params params = { .identity = members_name(w, who),
                                                .signer = &person->signer,
                                                .psks = w->psk,
                                                .psk_count = with_psk ? 1 : 0,
                                                .now_s = NOW_S };
    bool is_resync = tree_model_find(&w->model.tree, who, &remove.removed);
    if (is_resync) params.prior_leaf = &remove.removed;
    MUST_OK(mls_group_external_join(external, &params, &w->arena, &group, &out));
    mls_group_external_free(external);
    MUST_OK(mls_framing_message(out.commit, &w->arena, &message, NULL));

    /* The joiner gives no view: the model knows what an external commit holds. */
    struct mls_staged_view view = { .proposals = &entry, .proposal_count = is_resync };
    follow(w, &view, who, true);
    for (uint32_t i = 0; i < w->people; i++) {
        struct mls_received received;
        if (!w->person[i].is_in) continue;
        MUST_OK(receive_with_lost(w, &w->person[i], out.commit, &received));
        MUST(mls_staged_view(received.staged)->removes_us == (i == who));
        if (i == who) check_left_behind(w->person[i].group, &received.staged->tree_after);
        MUST_OK(mls_group_merge(w->person[i].group, received.staged));
    }
    mls_group_free(person->group); /* the one that fell behind */
    person->group = group;
    person->is_in = true;
    person->since = w->model.epoch;
    person->key_package = NOTHING;
    settle(w);
    members_agree(w);
}
