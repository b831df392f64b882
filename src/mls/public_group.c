/* A public group: its life and what it shows. */
#include "mls/public_group.h"

#include <assert.h>
#include <string.h>

#include "mls/framing.h"
#include "mls/public_group_state.h"
#include "mls/transcript.h"

/* Scratch for the check of a whole group: the decoded GroupInfo and its signed content. */
enum { OPEN_BYTES_MAX = 256 << 20 };

/* ---------------------------------------------------------------- memory */

static void *forward_take(void *ctx, size_t len)
{
    return tb_mem_take(ctx, len);
}

static void forward_give(void *ctx, void *data, size_t len)
{
    tb_mem_give(ctx, data, len);
}

tb_status mls_public_group_alloc(const struct mls_public_env *env, struct mls_public_group **out)
{
    struct mls_public_group *group = tb_mem_take(env->mem, sizeof *group);
    if (group == NULL) return TB_STATUS(TB_NO_SPACE);
    group->env = *env;
    group->mem = (struct tb_mem){
        .ctx = env->mem,
        .take = forward_take,
        .give = forward_give,
        .used_bytes_max = SIZE_MAX,
    };
    tb_arena_init(&group->epoch.arena, &group->mem, SIZE_MAX);
    mls_tree_init(&group->epoch.tree, env->suite, &group->mem);
    *out = group;
    return TB_STATUS(TB_OK);
}

void mls_public_epoch_wipe(struct mls_public_epoch *epoch)
{
    mls_tree_wipe(&epoch->tree);
    tb_arena_wipe(&epoch->arena);
}

void mls_public_group_free(struct mls_public_group *group)
{
    if (group == NULL) return;
    if (group->staged != NULL) mls_public_group_drop(group, group->staged);
    mls_public_group_forget(&group->pending);
    mls_public_epoch_wipe(&group->epoch);
    assert(group->mem.used_bytes == 0);
    tb_mem_give(group->env.mem, group, sizeof *group);
}

size_t mls_public_group_bytes(const struct mls_public_group *group)
{
    return sizeof *group + group->mem.used_bytes;
}

tb_status mls_public_epoch_context(const struct mls_public_env *env, tb_bytes octets,
                                   struct mls_public_epoch *epoch)
{
    struct mls_group_context context;
    TRY(wire_decode(&mls_group_context_desc, octets, &epoch->arena, &context, NULL));
    if (context.version != MLS_VERSION_MLS10) return TB_STATUS(MLS_VERSION);
    if (context.cipher_suite != env->suite->id) return TB_STATUS(MLS_SUITE);
    epoch->context = context;
    epoch->context_octets = octets;
    return TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- from a GroupInfo */

tb_status mls_public_group_info_open(tb_bytes octets, struct tb_arena *arena,
                                     const struct mls_group_info_in **out, struct tb_why *why)
{
    struct mls_message message;
    struct mls_group_info_in *alone = tb_arena_take(arena, 1, sizeof *alone);
    if (alone == NULL) return TB_STATUS(TB_NO_SPACE);
    if (tb_is_ok(mls_framing_message(octets, arena, &message, NULL))) {
        if (message.wire_format != MLS_WIRE_GROUP_INFO) return TB_STATUS(MLS_WIRE_FORMAT);
        *out = message.of.group_info;
        return TB_STATUS(TB_OK);
    }
    TRY(wire_decode(&mls_group_info_in_desc, octets, arena, alone, why));
    *out = alone;
    return TB_STATUS(TB_OK);
}

static tb_status find_tree(const struct mls_group_info_in *info, tb_bytes beside, tb_bytes *out)
{
    *out = beside;
    if (mls_public_extension_find(info->extensions.at, info->extensions.count,
                                  MLS_EXTENSION_RATCHET_TREE, out) ||
        beside.len != 0) {
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(MLS_GROUP_INFO_NO_TREE);
}

static tb_status take_group_info(struct mls_public_group *group,
                                 const struct mls_group_info_in *info, tb_bytes beside,
                                 uint64_t now_s, struct tb_arena *arena, struct tb_why *why)
{
    const struct crypto_suite *suite = group->env.suite;
    struct mls_public_epoch *epoch = &group->epoch;
    struct mls_public_rules rules;
    tb_bytes octets, ratchet_tree;
    if (info->confirmation_tag.len != suite->hash_len) return TB_STATUS(MLS_CONFIRMATION_TAG);
    TRY(mls_public_extensions_distinct(info->extensions.at, info->extensions.count));
    TRY(tb_arena_dup(&epoch->arena,
                     mls_span(info->group_context.mark_start, info->group_context.mark_end),
                     &octets));
    TRY(mls_public_epoch_context(&group->env, octets, epoch));
    TRY(find_tree(info, beside, &ratchet_tree));
    TRY(mls_tree_decode(suite, &group->mem, ratchet_tree, &epoch->tree, why));
    TRY(mls_public_rules_init(&rules, suite, epoch->context.group_id, epoch->context.extensions.at,
                              epoch->context.extensions.count, now_s, arena));
    /* Cheap before dear: one signature, then all leaves. */
    TRY(mls_public_group_info_verify(suite, &epoch->tree, info, arena));
    rules.parallel = group->env.run_parallel;
    TRY(mls_public_tree_check(&rules, &epoch->tree, epoch->context.tree_hash));
    return mls_transcript_interim(suite, epoch->context.confirmed_transcript_hash,
                                  info->confirmation_tag, epoch->interim_transcript_hash);
}

tb_status mls_public_group_new(const struct mls_public_env *env, tb_bytes group_info,
                               tb_bytes ratchet_tree, uint64_t now_s, struct mls_public_group **out,
                               struct tb_why *why)
{
    const struct mls_group_info_in *info;
    struct mls_public_group *group = NULL;
    struct tb_arena arena;
    tb_status status = TB_STATUS(TB_OK);
    if (why != NULL) *why = (struct tb_why){ NULL, NULL, 0 };
    tb_arena_init(&arena, env->mem, OPEN_BYTES_MAX);
    CHECK(mls_public_group_alloc(env, &group));
    CHECK(mls_public_group_info_open(group_info, &arena, &info, why));
    CHECK(take_group_info(group, info, ratchet_tree, now_s, &arena, why));
    *out = group;
    group = NULL;

out:
    mls_public_group_free(group);
    tb_arena_wipe(&arena);
    return status;
}

/* ---------------------------------------------------------------- looking */

bool mls_public_group_has_ended(const struct mls_public_group *group)
{
    return group->epoch.has_ended;
}

tb_bytes mls_public_group_id(const struct mls_public_group *group)
{
    return group->epoch.context.group_id;
}

uint64_t mls_public_group_epoch(const struct mls_public_group *group)
{
    return group->epoch.context.epoch;
}

tb_bytes mls_public_group_context(const struct mls_public_group *group)
{
    return group->epoch.context_octets;
}

tb_bytes mls_public_group_extension(const struct mls_public_group *group, uint16_t extension_type)
{
    tb_bytes data = { NULL, 0 };
    (void)mls_public_extension_find(group->epoch.context.extensions.at,
                                    group->epoch.context.extensions.count, extension_type, &data);
    return data;
}

static bool component_of(const struct mls_group_context *context, uint16_t component_id,
                         tb_bytes *data)
{
    tb_bytes dictionary;
    return mls_public_extension_find(context->extensions.at, context->extensions.count,
                                     MLS_EXTENSION_APP_DATA_DICTIONARY, &dictionary) &&
           mls_public_dictionary_find(dictionary, component_id, data);
}

bool mls_public_group_component(const struct mls_public_group *group, uint16_t component_id,
                                tb_bytes *data)
{
    return component_of(&group->epoch.context, component_id, data);
}

bool mls_public_staged_component(const struct mls_public_staged *staged, uint16_t component_id,
                                 tb_bytes *data)
{
    return component_of(&staged->epoch.context, component_id, data);
}

uint32_t mls_public_group_leaf_count(const struct mls_public_group *group)
{
    return mls_tree_leaf_count(&group->epoch.tree);
}

bool mls_public_leaf_of(const struct mls_tree *tree, uint32_t leaf_index,
                        struct mls_public_leaf *out)
{
    const struct mls_leaf_node *leaf = mls_tree_leaf(tree, leaf_index);
    if (leaf == NULL) return false;
    *out = (struct mls_public_leaf){
        .leaf_index = leaf_index,
        .identity = mls_leaf_identity(&leaf->credential),
        .signature_key = leaf->signature_key,
        .encryption_key = leaf->encryption_key,
        .node = leaf,
    };
    return true;
}

bool mls_public_group_leaf(const struct mls_public_group *group, uint32_t leaf_index,
                           struct mls_public_leaf *out)
{
    return mls_public_leaf_of(&group->epoch.tree, leaf_index, out);
}

tb_status mls_public_group_ratchet_tree(const struct mls_public_group *group,
                                        struct tb_arena *arena, tb_bytes *out)
{
    return mls_tree_encode(&group->epoch.tree, arena, out);
}

/* ---------------------------------------------------------------- messages of the group */

/* The tags are for members to judge; but no member would take one of another length. */
static tb_status check_tags(const struct mls_public_group *group,
                            const struct mls_public_message_in *message)
{
    const struct mls_framed_content *content = &message->authenticated.content;
    size_t tag_len = group->env.suite->hash_len;
    if (content->sender.sender_type == MLS_SENDER_MEMBER &&
        message->of.membership_tag->value.len != tag_len) {
        return TB_STATUS(MLS_MEMBERSHIP_TAG);
    }
    bool is_whole = content->content_type != MLS_CONTENT_COMMIT ||
                    message->authenticated.of.confirmation_tag->value.len == tag_len;
    return TB_STATUS(is_whole ? TB_OK : MLS_CONFIRMATION_TAG);
}

tb_status mls_public_group_frame(const struct mls_public_group *group, tb_bytes message,
                                 uint8_t content_type, struct tb_arena *arena,
                                 const struct mls_authenticated **out, struct tb_why *why)
{
    struct mls_message decoded;
    tb_bytes unused;
    TRY(mls_framing_message(message, arena, &decoded, why));
    if (decoded.wire_format != MLS_WIRE_PUBLIC_MESSAGE) return TB_STATUS(MLS_WIRE_FORMAT);
    const struct mls_authenticated *authenticated = &decoded.of.public_message->authenticated;
    const struct mls_framed_content *content = &authenticated->content;
    if (!tb_bytes_equal(content->group_id, group->epoch.context.group_id)) {
        return TB_STATUS(MLS_GROUP_ID);
    }
    if (content->epoch != group->epoch.context.epoch) return TB_STATUS(MLS_EPOCH);
    if (content->content_type != content_type) return TB_STATUS(MLS_CONTENT_TYPE);
    TRY(check_tags(group, decoded.of.public_message));
    if (mls_public_group_component(group, MLS_COMPONENT_SAFE_AAD, &unused)) {
        TRY(mls_public_safe_aad_check(content->authenticated_data));
    }
    *out = authenticated;
    return TB_STATUS(TB_OK);
}

tb_status mls_public_group_verify(const struct mls_public_group *group,
                                  const struct mls_authenticated *content, tb_bytes signature_key,
                                  struct tb_arena *arena)
{
    uint8_t sender_type = content->content.sender.sender_type;
    bool signs_context =
        sender_type == MLS_SENDER_MEMBER || sender_type == MLS_SENDER_NEW_MEMBER_COMMIT;
    tb_bytes context = { NULL, 0 };
    if (signs_context) context = group->epoch.context_octets;
    return mls_framing_verify(group->env.suite, MLS_WIRE_PUBLIC_MESSAGE, content, context,
                              signature_key, arena);
}

struct mls_proposals_input mls_public_group_input(struct mls_public_group *group, uint64_t now_s)
{
    return (struct mls_proposals_input){
        .tree = &group->epoch.tree,
        .context = &group->epoch.context,
        .app_data = group->env.app_data,
        .parallel = group->env.run_parallel,
        .now_s = now_s,
    };
}
