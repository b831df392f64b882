/*
 * The mls room, blind to its secrets: key schedule, secret tree, sender data, reuse guard, tags,
 * pre-shared keys; then a whole group, all of whose randomness is secret, where the only looks at
 * secrets are the decisions whether a tag is right.
 */
#include "tests/ct/provider.h"

#include "mls/group.h"
#include "mls/group_psk.h"
#include "mls/group_state.h"

enum { NOW_S = 1800000000 };

static struct crypto_suite suite;
static struct tb_mem mem = { NULL, ct_take, ct_give, 0, SIZE_MAX };
static uint64_t rng_state = 1;
static struct tb_rng rng = { &rng_state, ct_fill };
static struct mls_env env = { .suite = &suite, .mem = &mem, .rng = &rng };
static struct tb_arena arena;
static const tb_bytes NOTHING = { NULL, 0 };
static tb_status status;
static struct tb_secret one, two, made;
static struct mls_epoch_secrets secrets;
static struct mls_secret_tree *tree;
static struct mls_message_key message_key;
static uint8_t tag[CRYPTO_HASH_MAX], public_key[CRYPTO_PUBLIC_MAX];
static bool is_equal;

/* ---------------------------------------------------------------- a leak that must be seen */

/* A confirmation tag compared by somebody in a hurry. */
static void check_tag_by_memcmp(void)
{
    int (*volatile compare)(const void *, const void *, size_t) = memcmp;
    is_equal = compare(tag, made.data, suite.hash_len) == 0;
    status = TB_STATUS(is_equal ? TB_OK : MLS_CONFIRMATION_TAG);
}

/* ---------------------------------------------------------------- the key schedule */

static void joiner(void)
{
    status = mls_schedule_joiner(&suite, &one, &two, TB_LITERAL("context"), &made);
}

static void welcome_key(void)
{
    struct mls_welcome_key key;
    struct tb_secret welcome;
    status = mls_schedule_welcome(&suite, &one, &two, &welcome);
    if (tb_is_ok(status)) status = mls_schedule_welcome_key(&suite, &welcome, &key);
    mls_welcome_key_wipe(&key);
}

static void epoch_secrets(void)
{
    status = mls_schedule_epoch(&suite, &one, &two, TB_LITERAL("context"), &secrets);
}

static void external_key(void)
{
    status = mls_schedule_external_key(&suite, &secrets.external_secret, &made, public_key);
}

static void exporter(void)
{
    status = mls_schedule_export(&suite, &secrets.exporter_secret, "label", TB_LITERAL("context"),
                                 48, &made);
}

static void confirmation_tag(void)
{
    status = mls_schedule_confirmation_tag(&suite, &secrets.confirmation_key,
                                           TB_LITERAL("confirmed transcript hash"), tag);
}

static void membership_tag(void)
{
    const struct mls_framed framed = { MLS_WIRE_PUBLIC_MESSAGE, TB_LITERAL("content"),
                                       TB_LITERAL("auth") };
    status = mls_framing_membership_tag(&suite, &secrets.membership_key, &framed,
                                        TB_LITERAL("context"), tag);
}

static void check_tag(void)
{
    is_equal = tb_equal_ct((tb_bytes){ tag, suite.hash_len }, tb_secret_view(&made));
}

static void psk_secret(void)
{
    struct wire_opaque name = { TB_LITERAL("name") };
    const struct mls_psk_entry psks[] = {
        { { MLS_PSK_EXTERNAL, { .psk_id = &name }, TB_LITERAL("nonce") }, tb_secret_view(&one) },
        { { MLS_PSK_EXTERNAL, { .psk_id = &name }, TB_LITERAL("other") }, tb_secret_view(&two) },
    };
    status = mls_psk_secret(&suite, psks, 2, &arena, &made);
}

/* ---------------------------------------------------------------- the secret tree */

static void tree_new(void)
{
    status = mls_secret_tree_new(&suite, &mem, 8, &one, &tree);
}

static void tree_send(void)
{
    uint32_t generation;
    status = mls_secret_tree_next(tree, 3, MLS_RATCHET_APPLICATION, &generation, &message_key);
}

/* Ahead first, then one that was skipped. */
static void tree_receive(void)
{
    struct mls_secret_tree_find find;
    for (uint32_t i = 0; i < 2; i++) {
        status = mls_secret_tree_find(tree, 5, MLS_RATCHET_APPLICATION, 4 - i, &find);
        if (!tb_is_ok(status)) return;
        mls_secret_tree_take(tree, &find);
    }
}

static void tree_sender_data(void)
{
    status = mls_secret_tree_sender_data(&suite, &secrets.sender_data_secret,
                                         TB_LITERAL("at least thirty-two octets of ciphertext"),
                                         &message_key);
}

static void tree_store(void)
{
    struct mls_secret_tree *again = NULL;
    tb_bytes blob;
    status = mls_secret_tree_encode(tree, &arena, &blob);
    if (tb_is_ok(status)) status = mls_secret_tree_decode(&suite, &mem, blob, &arena, &again);
    mls_secret_tree_free(again);
}

static void tree_free(void)
{
    mls_secret_tree_free(tree);
    status = TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- a whole group */

static struct mls_group *alice, *bob;
static struct crypto_signing_key signer[2];
static struct mls_key_package_secrets package_secrets;
static tb_bytes key_package, message;
static struct mls_add add;
static struct mls_commit_out out;
static struct mls_received received;
static struct mls_proposal psk_proposal;
static const struct mls_psk_entry *psks;

static void create(void)
{
    const struct mls_group_params params = { .group_id = TB_LITERAL("watched"),
                                             .identity = TB_LITERAL("alice"),
                                             .signer = &signer[0],
                                             .not_before_s = NOW_S - 1,
                                             .not_after_s = NOW_S + 1 };
    status = mls_group_create(&env, &params, &alice);
}

static void make_key_package(void)
{
    const struct mls_key_package_params params = { .identity = TB_LITERAL("bob"),
                                                   .signer = &signer[1],
                                                   .not_before_s = NOW_S - 1,
                                                   .not_after_s = NOW_S + 1 };
    uint8_t ref[CRYPTO_HASH_MAX];
    status = mls_key_package_new(&env, &params, &arena, &key_package, &package_secrets, ref);
    if (!tb_is_ok(status)) return;
    status = wire_decode(&mls_key_package_in_desc, key_package, &arena, &add.key_package, NULL);
}

static void commit(const struct mls_proposal *proposal, bool as_public)
{
    const struct mls_commit_params params = { .proposals = proposal,
                                              .proposal_count = proposal != NULL,
                                              .force_path = true,
                                              .as_public = as_public,
                                              .tree_in_welcome = true,
                                              .psks = psks,
                                              .psk_count = psks != NULL,
                                              .now_s = NOW_S };
    status = mls_group_commit(alice, &params, &arena, &out, NULL);
    if (tb_is_ok(status)) status = mls_group_pending_merge(alice);
}

static void commit_add(void)
{
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_ADD,
                                           .of = { .add = &add } };
    commit(&proposal, true);
}
static void commit_public(void) { commit(NULL, true); }
static void commit_private(void) { commit(NULL, false); }
static void commit_psk(void) { commit(&psk_proposal, true); }

static void join(void)
{
    const struct mls_join_params params = { .welcome = out.welcome,
                                            .key_package = key_package,
                                            .secrets = &package_secrets,
                                            .signer = &signer[1],
                                            .now_s = NOW_S };
    status = mls_group_join(&env, &params, &bob, NULL);
}

static void receive(void)
{
    status = mls_group_receive(bob, message, NOW_S, psks, psks != NULL, &arena, &received, NULL);
    if (tb_is_ok(status) && received.kind == MLS_RECEIVED_COMMIT) {
        status = mls_group_merge(bob, received.staged);
    }
}

static void protect(void)
{
    status = mls_group_protect(alice, NOTHING, TB_LITERAL("text"), 5, &arena, &message);
}

static void store(void)
{
    struct mls_group *again = NULL;
    struct tb_buf blob;
    tb_buf_init(&blob, &mem, SIZE_MAX);
    status = mls_group_encode(bob, &blob);
    if (tb_is_ok(status)) {
        status = mls_group_decode(&env, tb_buf_view(&blob), &signer[1], &again);
    }
    mls_group_free(again);
    tb_buf_wipe(&blob);
}

static void end(void)
{
    mls_group_free(alice);
    mls_group_free(bob);
    status = TB_STATUS(TB_OK);
}

/* ---------------------------------------------------------------- rules */

static void looks(struct ct_result *result, const char *what, void (*call)(void), unsigned count)
{
    char rule[120];
    unsigned seen = ct_leak_count(call);
    CT_PUBLIC(&status, sizeof status);
    (void)snprintf(rule, sizeof rule, "%s: %u looks at secrets (%u seen)", what, count, seen);
    ct_rule(result, rule, seen == count && tb_is_ok(status));
}

static void parts(struct ct_result *result)
{
    looks(result, "joiner secret", joiner, 0);
    looks(result, "welcome key", welcome_key, 0);
    looks(result, "secrets of an epoch", epoch_secrets, 0);
    looks(result, "external key pair", external_key, 0);
    looks(result, "exporter", exporter, 0);
    looks(result, "psk_secret", psk_secret, 0);
    looks(result, "confirmation tag", confirmation_tag, 0);
    looks(result, "membership tag", membership_tag, 0);
    made = secrets.init_secret;
    ct_rule(result, "memcmp of a tag is noticed", ct_leak_count(check_tag_by_memcmp) > 0);
    CT_PUBLIC(&status, sizeof status);
    status = TB_STATUS(TB_OK);
    looks(result, "comparison of tags", check_tag, 0);
    looks(result, "secret tree, made", tree_new, 0);
    looks(result, "secret tree, sending", tree_send, 0);
    looks(result, "secret tree, receiving out of order", tree_receive, 0);
    looks(result, "secret tree, sender data key", tree_sender_data, 0);
    looks(result, "secret tree, stored and read", tree_store, 0);
    looks(result, "secret tree, freed", tree_free, 0);
}

static void lives(struct ct_result *result)
{
    struct wire_opaque name = { TB_LITERAL("name") };
    const struct mls_psk_entry psk = { { MLS_PSK_EXTERNAL, { .psk_id = &name }, NOTHING },
                                       tb_secret_view(&one) };
    looks(result, "group created", create, 0);
    looks(result, "key package made", make_key_package, 0);
    looks(result, "commit that adds", commit_add, 0);
    /* The GroupInfo and the path secret were opened; whether the tag is right decides. */
    looks(result, "Welcome taken", join, 1);
    looks(result, "commit with a path, public", commit_public, 0);
    message = out.commit;
    looks(result, "the same taken: membership and confirmation tag", receive, 2);
    looks(result, "commit with a path, private", commit_private, 0);
    message = out.commit;
    looks(result, "the same taken: confirmation tag", receive, 1);
    looks(result, "message protected", protect, 0);
    looks(result, "the same read", receive, 0);
    (void)mls_group_psk_external(&env, name.value, &arena, &psk_proposal).code;
    psks = &psk;
    looks(result, "commit with a pre-shared key", commit_psk, 0);
    message = out.commit;
    looks(result, "the same taken: membership and confirmation tag", receive, 2);
    looks(result, "group stored and read", store, 1); /* is its digest right? */
    looks(result, "groups freed", end, 0);
}

int main(void)
{
    struct ct_result result = { 0, 0 };
    static const uint16_t suites[] = { 0x0001, 0x0003 };
    tb_arena_init(&arena, &mem, SIZE_MAX);
    for (size_t i = 0; i < 2; i++) {
        bool is_ready = tb_is_ok(crypto_suite_init(&suite, suites[i], ct_provider()));
        one.len = two.len = suite.hash_len;
        (void)ct_fill(&rng_state, one.data, one.len);
        (void)ct_fill(&rng_state, two.data, two.len);
        for (size_t k = 0; k < 2; k++) {
            is_ready = is_ready && tb_is_ok(crypto_signing_key_new(&suite, &rng, &signer[k]));
        }
        ct_rule(&result, suite.name, is_ready);
        psks = NULL;
        parts(&result);
        lives(&result);
    }
    tb_arena_wipe(&arena);
    return ct_close(&result);
}
