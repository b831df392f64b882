/* A group of six and a list of proposals that a test fills. */
#ifndef TB_TESTS_UNIT_MLS_PROPOSALS_FIXTURE_H
#define TB_TESTS_UNIT_MLS_PROPOSALS_FIXTURE_H

#include "tests/unit/mls_tree_fixture.h"

#include "mls/proposals.h"

enum { MEMBER_COUNT = 6, ITEMS_MAX = 8 };

/* A group of six, a list that a test fills, and rows for its proposals. */
struct scene {
    struct fixture f;
    struct client clients[MEMBER_COUNT + 4];
    struct mls_tree tree;
    struct mls_group_context context;
    struct mls_extension extensions[3];
    struct mls_proposal proposals[ITEMS_MAX];
    struct mls_proposals_item items[ITEMS_MAX];
    struct mls_proposals_input input;
};

static inline void scene_begin(struct scene *s)
{
    memset(s, 0, sizeof *s);
    fixture_begin(&s->f, 1);
    tree_of(&s->f, MEMBER_COUNT, s->clients, &s->tree);
    s->context = (struct mls_group_context){
        .version = MLS_VERSION_MLS10,
        .cipher_suite = s->f.suite.id,
        .group_id = TB_LITERAL("group"),
        .epoch = 7,
    };
    s->context.extensions.at = s->extensions;
    s->input = (struct mls_proposals_input){
        .tree = &s->tree,
        .context = &s->context,
        .items = s->items,
        .committer_type = MLS_SENDER_MEMBER,
        .committer_leaf = 0,
        .has_path = true,
        .now_s = FIXTURE_NOW_S,
    };
}

static inline void scene_end(struct scene *s)
{
    mls_tree_wipe(&s->tree);
    fixture_end(&s->f);
}

/* The dictionary { 0x22: "x" } in the GroupContext. */
static inline void with_dictionary(struct scene *s)
{
    s->extensions[s->context.extensions.count++] = (struct mls_extension){
        MLS_EXTENSION_APP_DATA_DICTIONARY, TB_LITERAL("\x04\0\x22\1x") };
}

static inline struct mls_proposal *put(struct scene *s, uint16_t type, uint8_t sender_type,
                                uint32_t sender_index, bool by_reference)
{
    size_t at = s->input.count++;
    assert_true(at < ITEMS_MAX);
    s->proposals[at] = (struct mls_proposal){ .proposal_type = type };
    s->items[at] = (struct mls_proposals_item){ &s->proposals[at], sender_type, sender_index,
                                                by_reference };
    return &s->proposals[at];
}

static inline struct mls_proposal *put_own(struct scene *s, uint16_t type)
{
    bool is_member = s->input.committer_type == MLS_SENDER_MEMBER;
    return put(s, type, s->input.committer_type, is_member ? s->input.committer_leaf : 0, false);
}

static inline void put_remove(struct scene *s, uint32_t leaf)
{
    struct mls_remove *remove = tb_arena_take(&s->f.arena, 1, sizeof *remove);
    remove->removed = leaf;
    put_own(s, MLS_PROPOSAL_REMOVE)->of.remove = remove;
}

static inline void put_update(struct scene *s, uint32_t leaf, struct client *client)
{
    struct leaf_parts parts;
    struct mls_update *update = tb_arena_take(&s->f.arena, 1, sizeof *update);
    client_begin(&s->f, client, leaf);
    leaf_parts_begin(&s->f, client, &parts);
    parts.leaf.leaf_node_source = MLS_LEAF_UPDATE;
    update->leaf_node = *leaf_decode(
        &s->f, leaf_sign(&s->f, client, &parts, s->context.group_id, leaf));
    put(s, MLS_PROPOSAL_UPDATE, MLS_SENDER_MEMBER, leaf, true)->of.update = update;
}

static inline void put_add_of(struct scene *s, const struct client *client, tb_bytes leaf)
{
    static const uint8_t init_key[32] = { 4 };
    struct mls_add *add = tb_arena_take(&s->f.arena, 1, sizeof *add);
    struct mls_key_package_in package = {
        .version = MLS_VERSION_MLS10,
        .cipher_suite = s->f.suite.id,
        .init_key = TB_ARRAY(init_key),
        .leaf_node = *leaf_decode(&s->f, leaf),
    };
    tb_bytes octets;
    assert_ok(mls_leaf_key_package_sign(&s->f.suite, &client->signer, &package, &s->f.arena,
                                        &octets));
    assert_ok(wire_decode(&mls_key_package_in_desc, octets, &s->f.arena, &add->key_package, NULL));
    put_own(s, MLS_PROPOSAL_ADD)->of.add = add;
}

static inline void put_add(struct scene *s, struct client *client)
{
    client_begin(&s->f, client, 77);
    put_add_of(s, client, leaf_new(&s->f, client));
}

static inline void put_extensions(struct scene *s, const struct mls_extension *extensions,
                                  size_t count)
{
    struct mls_group_context_extensions *next = tb_arena_take(&s->f.arena, 1, sizeof *next);
    next->extensions.at = tb_arena_take(&s->f.arena, count, sizeof *extensions);
    if (count != 0) memcpy(next->extensions.at, extensions, count * sizeof *extensions);
    next->extensions.count = count;
    put_own(s, MLS_PROPOSAL_GROUP_CONTEXT_EXTENSIONS)->of.group_context_extensions = next;
}

static inline struct mls_pre_shared_key_id *put_psk(struct scene *s, const char *id, uint8_t nonce)
{
    struct mls_pre_shared_key *psk = tb_arena_take(&s->f.arena, 1, sizeof *psk);
    uint8_t *octets = tb_arena_take(&s->f.arena, 1, s->f.suite.hash_len);
    psk->psk.psktype = MLS_PSK_EXTERNAL;
    psk->psk.of.psk_id = tb_arena_take(&s->f.arena, 1, sizeof *psk->psk.of.psk_id);
    psk->psk.of.psk_id->value = tb_bytes_text(id);
    octets[0] = nonce;
    psk->psk.psk_nonce = (tb_bytes){ octets, s->f.suite.hash_len };
    put_own(s, MLS_PROPOSAL_PSK)->of.psk = psk;
    return &psk->psk;
}

static inline void put_reinit(struct scene *s, uint16_t version)
{
    struct mls_re_init *reinit = tb_arena_take(&s->f.arena, 1, sizeof *reinit);
    reinit->version = version;
    reinit->cipher_suite = 3;
    put_own(s, MLS_PROPOSAL_REINIT)->of.reinit = reinit;
}

static inline void put_external_init(struct scene *s)
{
    struct mls_external_init *init = tb_arena_take(&s->f.arena, 1, sizeof *init);
    init->kem_output = (tb_bytes){ tb_arena_take(&s->f.arena, 1, s->f.suite.dh_public_len),
                                   s->f.suite.dh_public_len };
    put_own(s, MLS_PROPOSAL_EXTERNAL_INIT)->of.external_init = init;
}

static inline void put_app_data(struct scene *s, uint16_t component_id, const char *text)
{
    struct mls_app_data_update *update = tb_arena_take(&s->f.arena, 1, sizeof *update);
    *update = (struct mls_app_data_update){ component_id, MLS_APP_DATA_REMOVE, { 0 } };
    if (text != NULL) {
        update->op = MLS_APP_DATA_UPDATE;
        update->of.update = tb_arena_take(&s->f.arena, 1, sizeof *update->of.update);
        update->of.update->value = tb_bytes_text(text);
    }
    put_own(s, MLS_PROPOSAL_APP_DATA_UPDATE)->of.app_data_update = update;
}

static inline tb_status apply_to(struct scene *s, struct mls_proposals_result *result)
{
    return mls_proposals_apply(&s->input, &s->f.arena, result);
}

/* Apply, finish without a path leaf, drop; the old tree never changes. */
static inline tb_status apply(struct scene *s)
{
    struct mls_proposals_result result;
    tb_bytes before = tree_octets(&s->f, &s->tree);
    tb_status status = apply_to(s, &result);
    if (tb_is_ok(status)) {
        status = mls_proposals_finish(&s->input, &result, NULL, &s->f.arena);
        mls_tree_wipe(&result.tree);
    }
    assert_bytes(tree_octets(&s->f, &s->tree), before);
    s->input.count = 0;
    return status;
}

#endif
