/*
 * Vectors that nobody has seen: a member of a random group written down as a passive-client case,
 * for every suite, and read back by the runner.  Then the same files, damaged: each is refused
 * where it is wrong, and none breaks the program.
 */
#include "tests/support.h"

#include "mls/group_psk.h"
#include "tests/unit/mls_party.h"
#include "tests/vectors/vectors.h"

enum { PASSIVE = 3, EPOCHS = 6, DAMAGES = 300 };

static const tb_bytes NOTHING = { NULL, 0 };

/* ---------------------------------------------------------------- writing */

static void put(struct tb_buf *out, const char *text)
{
    assert_ok(tb_buf_append(out, tb_bytes_text(text)));
}

static void put_hex(struct tb_buf *out, tb_bytes value)
{
    put(out, "\"");
    for (size_t i = 0; i < value.len; i++) {
        char digits[3];
        snprintf(digits, sizeof digits, "%02x", value.data[i]);
        put(out, digits);
    }
    put(out, "\"");
}

static void put_member(struct tb_buf *out, const char *name, tb_bytes value)
{
    put(out, ",\"");
    put(out, name);
    put(out, "\":");
    put_hex(out, value);
}

/* ---------------------------------------------------------------- a life worth writing down */

struct scene {
    struct party p;
    struct wire_opaque psk_id;
    struct mls_psk_entry psk;
    struct tb_buf text;
};

static void take(struct scene *s, size_t from, tb_bytes message)
{
    for (size_t i = 0; i < PARTY_MAX; i++) {
        struct mls_group *group = s->p.member[i].group;
        struct mls_received received;
        if (i == from || group == NULL || !mls_group_is_active(group)) continue;
        assert_ok(mls_group_receive(group, message, 0, &s->psk, 1, &s->p.arena, &received, NULL));
        if (received.kind == MLS_RECEIVED_COMMIT) {
            assert_ok(mls_group_merge(group, received.staged));
        }
    }
}

/* The proposal of an epoch, by reference: an Update, a key, the removal of the newest member. */
static tb_bytes propose(struct scene *s, size_t epoch, bool as_public)
{
    struct mls_remove remove = { 4 };
    struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_UPDATE };
    tb_bytes message;
    if (epoch == 2) {
        assert_ok(mls_group_psk_external(&s->p.env, s->psk_id.value, &s->p.arena, &proposal));
    }
    if (epoch == 4) {
        proposal.proposal_type = MLS_PROPOSAL_REMOVE;
        proposal.of.remove = &remove;
    }
    assert_ok(mls_group_propose(s->p.member[2].group, &proposal, NOTHING, as_public, &s->p.arena,
                                &message));
    take(s, 2, message);
    return message;
}

static void live_epoch(struct scene *s, size_t epoch)
{
    struct party_key_package newcomer;
    struct mls_commit_out out;
    struct mls_commit_params params = { .include_pending = true,
                                        .force_path = epoch % 2 == 0,
                                        .as_public = epoch % 3 == 0,
                                        .tree_in_welcome = true,
                                        .psks = &s->psk,
                                        .psk_count = 1 };
    tb_bytes message = propose(s, epoch, epoch % 2 == 1);
    if (epoch == 1) { /* somebody is added by value */
        party_key_package(&s->p, 4, &newcomer);
        params.proposals = &newcomer.proposal;
        params.proposal_count = 1;
    }
    size_t committer = epoch % 2;
    assert_ok(mls_group_commit(s->p.member[committer].group, &params, &s->p.arena, &out, NULL));
    take(s, committer, out.commit);
    assert_ok(mls_group_pending_merge(s->p.member[committer].group));
    if (epoch == 1) party_join(&s->p, 4, &newcomer, out.welcome, NOTHING);
    put(&s->text, epoch == 0 ? "{\"proposals\":[" : ",{\"proposals\":[");
    put_hex(&s->text, message);
    put(&s->text, "]");
    put_member(&s->text, "commit", out.commit);
    put_member(&s->text, "epoch_authenticator",
               mls_group_epoch_authenticator(s->p.member[PASSIVE].group));
    put(&s->text, "}");
}

/* One case in s->text; the caller ends the scene. */
static void write_case(struct scene *s, uint16_t suite)
{
    struct party_key_package own;
    struct mls_commit_out out;
    tb_bytes wrapped;
    char head[40];
    memset(s, 0, sizeof *s);
    party_start(&s->p, suite, 900u + suite, PASSIVE);
    tb_buf_init(&s->text, &s->p.heap.mem, SIZE_MAX);
    s->psk_id.value = TB_LITERAL("a name");
    s->psk = (struct mls_psk_entry){ { MLS_PSK_EXTERNAL, { .psk_id = &s->psk_id }, NOTHING },
                                     TB_LITERAL("a secret of the application") };
    party_key_package(&s->p, PASSIVE, &own);
    const struct mls_commit_params params = { .proposals = &own.proposal,
                                              .proposal_count = 1,
                                              .force_path = suite % 2 == 0,
                                              .tree_in_welcome = suite % 3 != 0 };
    party_commit(&s->p, 0, &params, &out);
    party_join(&s->p, PASSIVE, &own, out.welcome,
               params.tree_in_welcome ? NOTHING : out.ratchet_tree);
    snprintf(head, sizeof head, "[{\"cipher_suite\":%u", suite);
    put(&s->text, head);
    put(&s->text, ",\"external_psks\":[{\"psk_id\":");
    put_hex(&s->text, s->psk_id.value);
    put_member(&s->text, "psk", s->psk.psk);
    put(&s->text, "}]");
    assert_ok(mls_framing_wrap(MLS_WIRE_KEY_PACKAGE, own.encoded, &s->p.arena, &wrapped));
    put_member(&s->text, "key_package", wrapped);
    put_member(&s->text, "signature_priv",
               tb_secret_view(&s->p.member[PASSIVE].signer.private_key));
    put_member(&s->text, "init_priv", tb_secret_view(&own.secrets.init_key));
    put_member(&s->text, "encryption_priv", tb_secret_view(&own.secrets.encryption_key));
    put_member(&s->text, "welcome", out.welcome);
    if (params.tree_in_welcome) {
        put(&s->text, ",\"ratchet_tree\":null");
    } else {
        put_member(&s->text, "ratchet_tree", out.ratchet_tree);
    }
    put_member(&s->text, "initial_epoch_authenticator",
               mls_group_epoch_authenticator(s->p.member[PASSIVE].group));
    put(&s->text, ",\"epochs\":[");
    for (size_t epoch = 0; epoch < EPOCHS; epoch++) live_epoch(s, epoch);
    put(&s->text, "]}]");
}

static void end(struct scene *s)
{
    tb_buf_wipe(&s->text);
    party_end(&s->p);
}

/* ---------------------------------------------------------------- reading back */

struct seen {
    char field[40];
    uint64_t position;
};

static void note(void *ctx, const char *kind, size_t index, enum vectors_verdict verdict,
                 const struct vectors_case *c)
{
    struct seen *seen = ctx;
    (void)kind;
    (void)index;
    (void)verdict;
    if (c == NULL || c->field == NULL) return;
    snprintf(seen->field, sizeof seen->field, "%s", c->field);
    seen->position = c->position;
}

static struct vectors_result run(tb_bytes text, struct seen *seen)
{
    struct test_heap heap;
    struct test_rng rng;
    const char *kind = NULL;
    test_heap_init(&heap);
    test_rng_init(&rng, 5);
    const struct vectors_env env = { crypto_backend_native(), &heap.mem, &rng.rng };
    *seen = (struct seen){ { 0 }, 0 };
    struct vectors_result result = vectors_run(&env, text, note, seen, &kind);
    assert_int_equal(heap.mem.used_bytes, 0);
    return result;
}

static void a_fresh_case_of_every_suite_passes(void **state)
{
    (void)state;
    for (uint16_t suite = 1; suite <= 7; suite++) {
        struct scene s;
        struct seen seen;
        write_case(&s, suite);
        struct vectors_result result = run(tb_buf_view(&s.text), &seen);
        if (result.passed != 1) print_message("suite %u: %s\n", suite, seen.field);
        assert_int_equal(result.passed, 1);
        assert_int_equal(result.failed + result.skipped, 0);
        end(&s);
    }
}

/* The digit behind the last of these members is another one. */
static void spoil(struct scene *s, const char *member)
{
    size_t len = strlen(member), at = s->text.len - len;
    while (memcmp(s->text.data + at, member, len) != 0) at--;
    uint8_t *digit = s->text.data + at + len + 3; /* ":" and the quotation mark */
    *digit = *digit == '0' ? '1' : '0';
}

static void a_wrong_member_is_named_with_its_epoch(void **state)
{
    (void)state;
    struct scene s;
    struct seen seen;
    write_case(&s, 3);
    spoil(&s, "\"epoch_authenticator");
    assert_int_equal(run(tb_buf_view(&s.text), &seen).failed, 1);
    assert_string_equal(seen.field, "epoch_authenticator");
    assert_int_equal(seen.position, EPOCHS - 1);
    spoil(&s, "\"commit");
    assert_int_equal(run(tb_buf_view(&s.text), &seen).failed, 1);
    assert_string_equal(seen.field, "commit");
    spoil(&s, "\"initial_epoch_authenticator");
    assert_int_equal(run(tb_buf_view(&s.text), &seen).failed, 1);
    assert_string_equal(seen.field, "initial_epoch_authenticator");
    spoil(&s, "\"welcome");
    assert_int_equal(run(tb_buf_view(&s.text), &seen).failed, 1);
    assert_string_equal(seen.field, "welcome");
    end(&s);
}

static void a_damaged_file_never_passes_as_more_than_it_is(void **state)
{
    (void)state;
    struct scene s;
    struct seen seen;
    struct test_rng rng;
    static const char replacements[] = "0f\"{}[]:,n-. ";
    write_case(&s, 1);
    test_rng_init(&rng, 77);
    for (size_t i = 0; i < DAMAGES; i++) {
        size_t at = (size_t)(test_rng_u64(&rng) >> 20) % s.text.len;
        uint8_t kept = s.text.data[at];
        bool cuts = i % 3 == 0;
        s.text.data[at] = (uint8_t)replacements[i % (sizeof replacements - 1)];
        bool is_same = s.text.data[at] == kept;
        const tb_bytes text = { s.text.data, cuts ? at : s.text.len };
        struct vectors_result result = run(text, &seen);
        assert_int_equal(result.passed + result.failed + result.skipped, 1);
        if (cuts) assert_int_equal(result.failed, 1);
        if (!cuts && is_same) assert_int_equal(result.passed, 1);
        s.text.data[at] = kept;
    }
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fresh_case_of_every_suite_passes),
        cmocka_unit_test(a_wrong_member_is_named_with_its_epoch),
        cmocka_unit_test(a_damaged_file_never_passes_as_more_than_it_is),
    };
    return cmocka_run_group_tests_name("fresh vectors", tests, NULL, NULL);
}
