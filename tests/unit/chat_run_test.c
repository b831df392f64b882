/* Runs: the golden chains, and the attacks that a receiver of a run must notice. */
#include "tests/unit/chat_fixture.h"

#include <stdio.h>

#include "chat/frank.h"
#include "chat/run.h"
#include "chat/safe_aad.h"

#define ALICE "mimi://example.com/u/alice-smith"
#define BOB "mimi://example.com/u/bob-jones"
#define ROOM "mimi://example.com/r/engineering_team"
#define TIME_MS UINT64_C(1644387225019)
#define GROUP_HEX "eeee0d12a7b5b5b78115ad1a1ddb13811c83fd7387c43e66799a594beeda26bf"

static void hub_key_of(uint8_t out[32])
{
    for (uint8_t i = 0; i < 32; i++) out[i] = i;
}

static struct chat_franking_context context_of(const char *sender, uint64_t time_ms)
{
    return (struct chat_franking_context){ tb_bytes_text(sender), TB_LITERAL(ROOM), time_ms };
}

/* ------------------------------------------------------------------ runs */

enum { LINK_COUNT = 203 };

struct runs {
    struct fixture f;
    struct crypto_signing_key agent;
    struct chat_run_head start;
    struct chat_run_link links[LINK_COUNT]; /* message n at n - 1 */
    uint8_t chains[LINK_COUNT][32];         /* as the golden file has them */
    struct chat_run_rules rules;
};

static void read_golden(struct runs *r)
{
    static char line[1024], one[600], two[600];
    FILE *file = fopen("tests/golden/frank-vectors.txt", "r");
    unsigned n;

    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "genesis %599s", one) == 1) {
            memcpy(r->start.chain, fixture_hex(&r->f, one).data, 32);
        } else if (sscanf(line, "link %u %599s %599s", &n, one, two) == 3) {
            assert_true(n >= 1 && n <= LINK_COUNT);
            memcpy(r->links[n - 1].link.server_frank, fixture_hex(&r->f, one).data, 32);
            memcpy(r->chains[n - 1], fixture_hex(&r->f, two).data, 32);
        } else if (sscanf(line, "signed %u %599s", &n, one) == 2) {
            r->links[n - 1].timbre_signature = fixture_hex(&r->f, one);
        } else if (sscanf(line, "mimi %u %599s", &n, one) == 2) {
            r->links[n - 1].frank.franking_signature_ciphersuite = 1;
            r->links[n - 1].frank.franking_integrity_signature = fixture_hex(&r->f, one);
        }
    }
    fclose(file);
}

static tb_bytes numbered(struct fixture *f, const char *format, unsigned n)
{
    char text[64];
    tb_bytes out;
    int len = snprintf(text, sizeof text, format, n);
    assert_ok(tb_arena_dup(&f->arena, tb_bytes_of(text, (size_t)len), &out));
    return out;
}

static void runs_init(struct runs *r)
{
    uint8_t hub_key[32], hash[CRYPTO_HASH_MAX], id[8];

    memset(r, 0, sizeof *r);
    fixture_init(&r->f);
    fixture_key(&r->f, 0x20, &r->agent);
    hub_key_of(hub_key);
    assert_ok(chat_frank_hub_key_id(&r->f.suite, TB_ARRAY(hub_key), id));
    read_golden(r);
    tb_bytes group_id = fixture_hex(&r->f, GROUP_HEX);
    for (unsigned n = 1; n <= LINK_COUNT; n++) {
        struct chat_run_link *link = &r->links[n - 1];
        tb_bytes tag = numbered(&r->f, "tag %u", n);
        link->link.group_id = group_id;
        link->link.epoch = 7;
        link->link.room_seq = n;
        link->link.context = context_of(n % 2 == 1 ? ALICE : BOB, TIME_MS + 10 * n);
        memcpy(link->link.prev_chain, n == 1 ? r->start.chain : r->chains[n - 2], 32);
        memcpy(link->hub_key_id, id, 8);
        assert_ok(chat_frank_ct_hash(&r->f.suite, numbered(&r->f, "run message %u", n),
                                     link->link.ct_hash));
        assert_ok(crypto_hash(&r->f.suite, &tag, 1, hash));
        memcpy(link->link.franking_tag, hash, 32);
        memcpy(link->frank.server_frank, link->link.server_frank, 32);
    }
    r->rules = (struct chat_run_rules){
        .suite = &r->f.suite, .agent_key = crypto_signing_key_public(&r->agent),
        .room_uri = TB_LITERAL(ROOM), .group_id = group_id, .epoch = 7, .mode = CHAT_RUN_VERIFY,
    };
}

static void runs_end(struct runs *r)
{
    crypto_signing_key_wipe(&r->agent);
    fixture_end(&r->f);
}

static void server_franks_of_the_golden_file_are_made_again(void **state)
{
    (void)state;
    struct runs r;
    uint8_t hub_key[32], frank[32];
    runs_init(&r);
    hub_key_of(hub_key);
    for (size_t i = 0; i < LINK_COUNT; i++) {
        assert_ok(chat_frank_server(&r.f.suite, TB_ARRAY(hub_key), r.links[i].link.franking_tag,
                                    &r.links[i].link.context, frank));
        assert_memory_equal(frank, r.links[i].link.server_frank, 32);
    }
    runs_end(&r);
}

static void a_run_of_two_is_covered_by_its_last_signature(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head;
    runs_init(&r);
    assert_ok(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL));
    assert_int_equal(head.room_seq, 2);
    assert_memory_equal(head.chain, r.chains[1], 32);
    assert_int_equal(head.time_ms, TIME_MS + 20);
    runs_end(&r);
}

static void two_hundred_messages_are_five_runs(void **state)
{
    (void)state;
    static const size_t ENDS[] = { 2, 66, 130, 194, 200 };
    struct runs r;
    struct chat_run_head head;
    size_t at = 0;
    runs_init(&r);
    head = r.start;
    for (size_t i = 0; i < 5; i++) {
        assert_ok(chat_run_verify(&r.rules, &head, &r.links[at], ENDS[i] - at, &head, NULL));
        at = ENDS[i];
        assert_memory_equal(head.chain, r.chains[at - 1], 32);
    }
    runs_end(&r);
}

static void the_agent_makes_the_golden_signatures(void **state)
{
    (void)state;
    struct runs r;
    struct chat_signature signature;
    runs_init(&r);
    for (size_t i = 0; i < LINK_COUNT; i++) {
        if (r.links[i].timbre_signature.len == 0) continue;
        assert_ok(chat_frank_sign(&r.f.suite, &r.agent, &r.links[i].link, r.chains[i],
                                  r.links[i].hub_key_id, &signature));
        assert_bytes(chat_signature_view(&signature), r.links[i].timbre_signature);
    }
    runs_end(&r);
}

static void an_unsigned_tail_is_not_shown(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head = { .room_seq = 200, .time_ms = TIME_MS }, after;
    size_t bad = 99;
    runs_init(&r);
    memcpy(head.chain, r.chains[199], 32);
    assert_status(chat_run_verify(&r.rules, &head, &r.links[200], 3, &after, &bad),
                  CHAT_RUN_UNSIGNED);
    assert_int_equal(bad, 2);
    r.rules.mode = CHAT_RUN_DEFER;
    assert_status(chat_run_verify(&r.rules, &head, &r.links[200], 3, &after, NULL),
                  CHAT_RUN_UNSIGNED);
    runs_end(&r);
}

static void a_run_has_one_to_64_links(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head;
    runs_init(&r);
    assert_status(chat_run_verify(&r.rules, &r.start, r.links, 0, &head, NULL), CHAT_RUN_TOO_LONG);
    assert_status(chat_run_verify(&r.rules, &r.start, r.links, 66, &head, NULL),
                  CHAT_RUN_TOO_LONG);
    runs_end(&r);
}

/* Attack 3: swapped franks, and anything else that the signature covers. */
static void attack_3_a_hub_that_changes_or_swaps_franks_is_caught(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head;
    runs_init(&r);
    struct chat_run_link kept[2] = { r.links[0], r.links[1] };

    /* Frank and time of two messages exchanged in transit. */
    r.links[0].frank = kept[1].frank;
    r.links[1].frank = kept[0].frank;
    memcpy(r.links[0].link.server_frank, kept[1].link.server_frank, 32);
    memcpy(r.links[1].link.server_frank, kept[0].link.server_frank, 32);
    assert_false(tb_is_ok(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL)));

    uint8_t *const fields[] = { r.links[1].link.server_frank, r.links[1].link.franking_tag,
                                r.links[1].link.ct_hash };
    for (size_t i = 0; i < 3; i++) {
        r.links[0] = kept[0];
        r.links[1] = kept[1];
        fields[i][0] ^= 1;
        assert_status(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL),
                      CHAT_RUN_SIGNATURE);
    }
    /* A change in the first link breaks the second's place in the chain. */
    r.links[0] = kept[0];
    r.links[1] = kept[1];
    r.links[0].link.server_frank[0] ^= 1;
    r.links[0].frank.franking_signature_ciphersuite = 0;
    r.links[0].frank.franking_integrity_signature.len = 0;
    assert_status(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL), CHAT_RUN_CHAIN);
    runs_end(&r);
}

static void attack_5_a_wrong_submitter_breaks_the_run(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head;
    runs_init(&r);
    r.links[1].link.context.sender_uri = TB_LITERAL(ALICE);
    assert_status(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL),
                  CHAT_RUN_SIGNATURE);
    runs_end(&r);
}

static void attack_6_times_do_not_run_back_nor_far_ahead(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head, before;
    runs_init(&r);
    before = r.start;
    before.time_ms = TIME_MS + 11;
    assert_status(chat_run_verify(&r.rules, &before, r.links, 2, &head, NULL), CHAT_RUN_TIME_BACK);
    r.rules.now_ms = TIME_MS - 1000;
    r.rules.clock_skew_ms_max = 1009;
    assert_status(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL),
                  CHAT_RUN_TIME_AHEAD);
    r.rules.clock_skew_ms_max = 1020;
    assert_ok(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL));
    runs_end(&r);
}

static void attack_8_a_withheld_message_is_a_gap(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head;
    size_t bad = 0;
    runs_init(&r);
    assert_status(chat_run_verify(&r.rules, &r.start, &r.links[1], 1, &head, &bad), CHAT_RUN_GAP);
    assert_status(chat_run_verify(&r.rules, &(struct chat_run_head){ .room_seq = 1 }, r.links, 1,
                                  &head, NULL),
                  CHAT_RUN_OLD);
    runs_end(&r);
}

static void attack_12_a_run_of_another_room_group_or_epoch_is_refused(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head;
    runs_init(&r);
    struct chat_run_rules rules = r.rules;
    rules.room_uri = TB_LITERAL("mimi://example.com/r/other");
    assert_status(chat_run_verify(&rules, &r.start, r.links, 2, &head, NULL), CHAT_RUN_GROUP);
    rules = r.rules;
    rules.group_id = TB_LITERAL("other group");
    assert_status(chat_run_verify(&rules, &r.start, r.links, 2, &head, NULL), CHAT_RUN_GROUP);
    rules = r.rules;
    rules.epoch = 8; /* amendments 1: every link of an epoch precedes the commit that ends it */
    assert_status(chat_run_verify(&rules, &r.start, r.links, 2, &head, NULL), CHAT_RUN_GROUP);
    runs_end(&r);
}

static void a_link_that_names_another_hub_key_than_its_end_is_refused(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head;
    runs_init(&r);
    r.links[0].hub_key_id[0] ^= 1;
    assert_status(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL), CHAT_RUN_KEY_ID);
    r.links[1].hub_key_id[0] ^= 1;
    assert_status(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL),
                  CHAT_RUN_SIGNATURE);
    runs_end(&r);
}

static void catch_up_checks_links_and_leaves_the_signature(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head;
    runs_init(&r);
    r.rules.mode = CHAT_RUN_DEFER;
    r.links[1].timbre_signature = TB_LITERAL("not verified now");
    assert_ok(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL));
    r.links[1].link.prev_chain[0] ^= 1;
    assert_status(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL), CHAT_RUN_CHAIN);
    runs_end(&r);
}

static void a_refused_run_leaves_the_head_untouched(void **state)
{
    (void)state;
    struct runs r;
    struct chat_run_head head = { .room_seq = 42 };
    runs_init(&r);
    r.links[1].link.ct_hash[0] ^= 1;
    assert_false(tb_is_ok(chat_run_verify(&r.rules, &r.start, r.links, 2, &head, NULL)));
    assert_int_equal(head.room_seq, 42);
    runs_end(&r);
}

static void entries_and_stubs_rebuild_the_same_link(void **state)
{
    (void)state;
    struct runs r;
    uint8_t aad[CHAT_SAFE_AAD_TAG_LEN];
    runs_init(&r);
    const struct chat_run_link *link = &r.links[1];
    chat_safe_aad_of_tag(link->link.franking_tag, aad);
    struct chat_entry_message entry = {
        .accepted_timestamp = TIME_MS + 20, .submitter = TB_LITERAL(BOB),
        .message = TB_LITERAL("run message 2"), .frank = link->frank,
        .timbre_frank = { .profile = 1, .room_seq = 2,
                          .timbre_signature = link->timbre_signature },
    };
    memcpy(entry.timbre_frank.prev_chain, r.chains[0], 32);
    memcpy(entry.timbre_frank.hub_key_id, link->hub_key_id, 8);
    struct chat_run_link made, again;
    struct chat_stub stub;
    assert_ok(chat_run_link_of_entry(&r.f.suite, &entry, TB_LITERAL(ROOM), link->link.group_id, 7,
                                     TB_ARRAY(aad), &made));
    assert_true(wire_equal(&chat_frank_link_desc, &made.link, &link->link));
    chat_run_stub_of_link(&made, &stub);
    chat_run_link_of_stub(&stub, link->link.group_id, r.chains[0], &again);
    assert_true(wire_equal(&chat_frank_link_desc, &again.link, &link->link));
    entry.timbre_frank.profile = 2;
    assert_status(chat_run_link_of_entry(&r.f.suite, &entry, TB_LITERAL(ROOM),
                                         link->link.group_id, 7, TB_ARRAY(aad), &made),
                  CHAT_FRANK_UNKNOWN_PROFILE);
    entry.timbre_frank.profile = 1;
    assert_status(chat_run_link_of_entry(&r.f.suite, &entry, TB_LITERAL(ROOM),
                                         link->link.group_id, 7, TB_LITERAL("\0"), &made),
                  CHAT_SAFE_AAD_TAG);
    runs_end(&r);
}

/* ------------------------------------------------------------------ MIMI's signature */

static void the_mimi_signature_may_be_absent_only_among_one_authority(void **state)
{
    (void)state;
    struct chat_user_role_pair users[2] = { { TB_LITERAL(ALICE), 2 }, { TB_LITERAL(BOB), 2 } };
    struct chat_participant_list list = { .participants = { users, 2 } };
    assert_false(chat_frank_mimi_is_required(2, TB_LITERAL(ROOM), &list));
    assert_true(chat_frank_mimi_is_required(1, TB_LITERAL(ROOM), &list));
    users[1].user = TB_LITERAL("mimi://other.example/u/bob");
    assert_true(chat_frank_mimi_is_required(2, TB_LITERAL(ROOM), &list));
    users[1].user = TB_LITERAL("bob");
    assert_true(chat_frank_mimi_is_required(2, TB_LITERAL(ROOM), &list));
}

static void a_mimi_signature_is_whole_or_absent(void **state)
{
    (void)state;
    struct runs r;
    runs_init(&r);
    struct chat_frank frank = r.links[0].frank;
    const struct chat_franking_context *context = &r.links[0].link.context;
    tb_bytes agent = crypto_signing_key_public(&r.agent);

    assert_ok(chat_frank_mimi_verify(&r.f.suite, agent, &frank, context, true));
    frank.franking_signature_ciphersuite = 0;
    assert_status(chat_frank_mimi_verify(&r.f.suite, agent, &frank, context, false),
                  CHAT_FRANK_MIMI_FORM);
    frank = r.links[0].frank;
    frank.franking_integrity_signature.len = 0;
    assert_status(chat_frank_mimi_verify(&r.f.suite, agent, &frank, context, false),
                  CHAT_FRANK_MIMI_FORM);
    frank.franking_signature_ciphersuite = 0;
    assert_ok(chat_frank_mimi_verify(&r.f.suite, agent, &frank, context, false));
    assert_status(chat_frank_mimi_verify(&r.f.suite, agent, &frank, context, true),
                  CHAT_FRANK_MIMI_MISSING);
    frank = r.links[0].frank;
    frank.franking_signature_ciphersuite = 3;
    assert_status(chat_frank_mimi_verify(&r.f.suite, agent, &frank, context, false),
                  CHAT_FRANK_SUITE);
    frank = r.links[0].frank;
    frank.server_frank[0] ^= 1;
    assert_status(chat_frank_mimi_verify(&r.f.suite, agent, &frank, context, false),
                  CHAT_FRANK_MIMI_SIGNATURE);
    runs_end(&r);
}

static void a_restored_room_skips_the_numbers_it_may_have_used(void **state)
{
    (void)state;
    struct runs r;
    struct chat_signature signature;
    tb_bytes agent;
    runs_init(&r);
    agent = crypto_signing_key_public(&r.agent);
    struct chat_entry_restored entry = { .accepted_timestamp = TIME_MS,
                                         .group_id = r.rules.group_id, .room_seq = 90,
                                         .next_room_seq = 92 };
    assert_ok(chat_frank_restored_sign(&r.f.suite, &r.agent, TB_LITERAL(ROOM), &entry, &signature));
    entry.signature = chat_signature_view(&signature);
    assert_ok(chat_frank_restored_verify(&r.f.suite, agent, TB_LITERAL(ROOM), &entry));
    assert_status(chat_frank_restored_verify(&r.f.suite, agent, TB_LITERAL("mimi://a.b/r/c"),
                                             &entry),
                  CHAT_RESTORED_SIGNATURE);
    entry.chain[0] ^= 1;
    assert_status(chat_frank_restored_verify(&r.f.suite, agent, TB_LITERAL(ROOM), &entry),
                  CHAT_RESTORED_SIGNATURE);
    entry.next_room_seq = 91;
    assert_status(chat_frank_restored_verify(&r.f.suite, agent, TB_LITERAL(ROOM), &entry),
                  CHAT_RESTORED_NUMBER);
    entry.next_room_seq = 0;
    assert_status(chat_frank_restored_verify(&r.f.suite, agent, TB_LITERAL(ROOM), &entry),
                  CHAT_RESTORED_NUMBER);
    runs_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(server_franks_of_the_golden_file_are_made_again),
        cmocka_unit_test(a_run_of_two_is_covered_by_its_last_signature),
        cmocka_unit_test(two_hundred_messages_are_five_runs),
        cmocka_unit_test(the_agent_makes_the_golden_signatures),
        cmocka_unit_test(an_unsigned_tail_is_not_shown),
        cmocka_unit_test(a_run_has_one_to_64_links),
        cmocka_unit_test(attack_3_a_hub_that_changes_or_swaps_franks_is_caught),
        cmocka_unit_test(attack_5_a_wrong_submitter_breaks_the_run),
        cmocka_unit_test(attack_6_times_do_not_run_back_nor_far_ahead),
        cmocka_unit_test(attack_8_a_withheld_message_is_a_gap),
        cmocka_unit_test(attack_12_a_run_of_another_room_group_or_epoch_is_refused),
        cmocka_unit_test(a_link_that_names_another_hub_key_than_its_end_is_refused),
        cmocka_unit_test(catch_up_checks_links_and_leaves_the_signature),
        cmocka_unit_test(a_refused_run_leaves_the_head_untouched),
        cmocka_unit_test(entries_and_stubs_rebuild_the_same_link),
        cmocka_unit_test(the_mimi_signature_may_be_absent_only_among_one_authority),
        cmocka_unit_test(a_mimi_signature_is_whole_or_absent),
        cmocka_unit_test(a_restored_room_skips_the_numbers_it_may_have_used),
    };
    return cmocka_run_group_tests_name("chat_run", tests, NULL, NULL);
}
