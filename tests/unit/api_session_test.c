/* The public interface: credentials (RFC 9420, section 5.3.1), growing structs, secrets. */
#include "tests/support.h"

#include <string.h>

#include "timbre/mls.h"

#include "tests/unit/api_certificate.h"

enum { SUITE = 0x0001 };
static const uint64_t NOW_S = 1800000000;

/* What the application's check sees and says. */
struct judge {
    bool refuses;
    size_t asked_count;
    uint16_t credential_type;
    size_t certificate_count;
    enum mls_credential_place place;
};

static bool judge_credential(void *user, const struct mls_credential_question *question)
{
    struct judge *judge = user;
    judge->asked_count++;
    judge->credential_type = question->credential.credential_type;
    judge->certificate_count = question->credential.certificate_count;
    judge->place = question->place;
    return !judge->refuses;
}

struct world {
    struct judge judge;
    struct mls_ctx *ctx;
    struct mls_arena *arena;
    struct mls_signer *signer, *other;
    uint8_t der[API_DER_BYTES_MAX];
    struct mls_octets chain[1];
    struct mls_leaf_options leaf;
};

static void begin(struct world *w)
{
    struct mls_config config = MLS_INIT(struct mls_config);
    *w = (struct world){ .leaf = MLS_INIT(struct mls_leaf_options) };
    config.user = &w->judge;
    config.check_credential = judge_credential;
    assert_int_equal(mls_ctx_new(&config, &w->ctx), MLS_OK);
    assert_int_equal(mls_arena_new(w->ctx, &w->arena), MLS_OK);
    assert_int_equal(mls_signer_new(w->ctx, SUITE, &w->signer), MLS_OK);
    assert_int_equal(mls_signer_new(w->ctx, SUITE, &w->other), MLS_OK);
    w->chain[0] = (struct mls_octets){
        w->der, api_certificate_of(mls_signer_private_key(w->signer), w->der)
    };
    w->leaf.identity = (struct mls_identity){ .credential_type = MLS_CREDENTIAL_X509,
                                              .certificates = w->chain,
                                              .certificate_count = 1 };
    w->leaf.not_before_s = NOW_S - 1;
    w->leaf.not_after_s = NOW_S + 1;
}

static void end(struct world *w)
{
    mls_signer_free(w->signer);
    mls_signer_free(w->other);
    mls_arena_free(w->arena);
    mls_ctx_free(w->ctx);
}

static int open_package(struct world *w, const struct mls_signer *signer,
                        struct mls_key_package_info *info)
{
    struct mls_key_package made;
    int status = mls_key_package_make(w->ctx, signer, &w->leaf, false, w->arena, &made);
    if (status != MLS_OK) return status;
    return mls_key_package_open(w->ctx, made.key_package, NOW_S, w->arena, info, NULL);
}

static void the_key_of_a_certificate_is_found(void **state)
{
    struct world w;
    struct mls_octets key, own;
    (void)state;
    begin(&w);
    assert_int_equal(mls_certificate_key(w.chain[0], &key), MLS_OK);
    own = mls_signer_public_key(w.signer);
    assert_int_equal(key.len, own.len);
    assert_memory_equal(key.data, own.data, own.len);
    end(&w);
}

static void no_part_of_a_certificate_is_taken_for_one(void **state)
{
    struct world w;
    struct mls_octets key;
    (void)state;
    begin(&w);
    for (size_t len = 0; len < w.chain[0].len; len++) {
        struct mls_octets part = { w.der, len };
        assert_int_equal(mls_certificate_key(part, &key), MLS_CERTIFICATE);
    }
    for (size_t i = 0; i < 16; i++) { /* headers of the outer values */
        uint8_t kept = w.der[i];
        w.der[i] = 0x80;
        int status = mls_certificate_key(w.chain[0], &key);
        assert_true(status == MLS_OK || status == MLS_CERTIFICATE);
        w.der[i] = kept;
    }
    end(&w);
}

static void the_application_is_asked_about_an_x509_chain(void **state)
{
    struct world w;
    struct mls_key_package_info info = MLS_INIT(struct mls_key_package_info);
    (void)state;
    begin(&w);
    assert_int_equal(open_package(&w, w.signer, &info), MLS_OK);
    assert_int_equal(w.judge.asked_count, 1);
    assert_int_equal(w.judge.credential_type, MLS_CREDENTIAL_X509);
    assert_int_equal(w.judge.certificate_count, 1);
    assert_int_equal(w.judge.place, MLS_CREDENTIAL_IN_ADD);
    assert_int_equal(info.credential.certificate_count, 1);
    assert_int_equal(info.credential.certificates[0].len, w.chain[0].len);
    end(&w);
}

static void a_certificate_of_another_key_is_refused_before_anybody_is_asked(void **state)
{
    struct world w;
    struct mls_key_package_info info = MLS_INIT(struct mls_key_package_info);
    (void)state;
    begin(&w);
    assert_int_equal(open_package(&w, w.other, &info), MLS_CREDENTIAL_KEY);
    w.chain[0].len--;
    assert_int_equal(open_package(&w, w.signer, &info), MLS_CERTIFICATE);
    assert_int_equal(w.judge.asked_count, 0);
    end(&w);
}

static void what_the_application_refuses_is_not_added(void **state)
{
    struct world w;
    struct mls_key_package made;
    struct mls_session *session = NULL;
    struct mls_create_options create = MLS_INIT(struct mls_create_options);
    struct mls_proposal_spec add = MLS_INIT(struct mls_proposal_spec);
    struct mls_commit_options commit = MLS_INIT(struct mls_commit_options);
    struct mls_commit_result result = MLS_INIT(struct mls_commit_result);
    const struct mls_proposal_spec *proposals[] = { &add };
    (void)state;
    begin(&w);
    create.leaf = &w.leaf;
    assert_int_equal(mls_session_create(w.ctx, w.signer, &create, &session), MLS_OK);
    w.chain[0].len = api_certificate_of(mls_signer_private_key(w.other), w.der);
    assert_int_equal(mls_key_package_make(w.ctx, w.other, &w.leaf, false, w.arena, &made),
                     MLS_OK);
    add.proposal_type = MLS_PROPOSAL_ADD;
    add.key_package = made.key_package;
    commit.proposals = proposals;
    commit.proposal_count = 1;
    w.judge.refuses = true;
    assert_int_equal(mls_session_commit(session, &commit, w.arena, &result, NULL),
                     MLS_CREDENTIAL_REFUSED);
    w.judge.refuses = false;
    assert_int_equal(mls_session_commit(session, &commit, w.arena, &result, NULL), MLS_OK);
    mls_session_free(session);
    end(&w);
}

static void a_component_gets_its_secret_once_in_an_epoch(void **state)
{
    struct world w;
    struct mls_session *session = NULL;
    struct mls_create_options create = MLS_INIT(struct mls_create_options);
    uint8_t first[64], second[64];
    size_t len = 0;
    (void)state;
    begin(&w);
    create.leaf = &w.leaf;
    assert_int_equal(mls_session_create(w.ctx, w.signer, &create, &session), MLS_OK);
    assert_int_equal(mls_session_export_safe(session, 0x8001, first, &len), MLS_OK);
    assert_int_equal(len, 32);
    assert_int_equal(mls_session_export_safe(session, 0x8002, second, &len), MLS_OK);
    assert_memory_not_equal(first, second, len);
    assert_int_equal(mls_session_export_safe(session, 0x8001, second, &len),
                     MLS_EXPORT_CONSUMED);
    mls_session_free(session);
    end(&w);
}

static void a_struct_of_a_newer_program_must_be_zero_beyond_what_is_known(void **state)
{
    struct newer {
        struct mls_config known;
        uint64_t more;
    } newer = { .known = { .size = sizeof newer } };
    struct mls_ctx *ctx = NULL;
    size_t size_alone = sizeof size_alone; /* the oldest program: nothing but the size */
    (void)state;
    assert_int_equal(mls_ctx_new(&newer.known, &ctx), MLS_OK);
    mls_ctx_free(ctx);
    newer.more = 1;
    assert_int_equal(mls_ctx_new(&newer.known, &ctx), MLS_ARGUMENT);
    assert_int_equal(mls_ctx_new((const struct mls_config *)(const void *)&size_alone, &ctx),
                     MLS_OK);
    mls_ctx_free(ctx);
}

static void names_of_status_codes_are_public_ones(void **state)
{
    (void)state;
    assert_string_equal(mls_status_name(MLS_OK), "MLS_OK");
    assert_string_equal(mls_status_name(MLS_NO_SPACE), "MLS_NO_SPACE");
    assert_string_equal(mls_status_name(MLS_WIRE_TRUNCATED), "MLS_WIRE_TRUNCATED");
    assert_string_equal(mls_status_name(MLS_CRYPTO_KEY), "MLS_CRYPTO_KEY");
    assert_string_equal(mls_status_name(MLS_EPOCH), "MLS_EPOCH");
    assert_string_equal(mls_status_text(MLS_EPOCH), "the message belongs to another epoch");
    assert_string_equal(mls_status_name(-1), "UNKNOWN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_key_of_a_certificate_is_found),
        cmocka_unit_test(no_part_of_a_certificate_is_taken_for_one),
        cmocka_unit_test(the_application_is_asked_about_an_x509_chain),
        cmocka_unit_test(a_certificate_of_another_key_is_refused_before_anybody_is_asked),
        cmocka_unit_test(what_the_application_refuses_is_not_added),
        cmocka_unit_test(a_component_gets_its_secret_once_in_an_epoch),
        cmocka_unit_test(a_struct_of_a_newer_program_must_be_zero_beyond_what_is_known),
        cmocka_unit_test(names_of_status_codes_are_public_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
