/* What comes to a case after its report, its attachments, and what a third party can check. */
#include "tests/unit/sim_report_fixture.h"

#include "chat/bundle.h"
#include "chat/protocol.h"
#include "chat/status.h"
#include "chat/structs.h"
#include "client/proof.h"

/* ------------------------------------------------------------------ what comes later */

static tb_status act_open(struct sim_client *who, const void *params, uint64_t *op)
{
    return client_open(who->client, sim_client_now(who), params, &who->effects, op);
}

static uint16_t open_more(struct sim *sim, size_t who, tb_bytes report_id, uint64_t seq,
                          uint8_t level)
{
    struct client_open_params params = { .room = tb_bytes_text(room), .report_id = report_id,
                                         .room_seq = &seq, .room_seq_count = 1, .level = level };
    size_t op;
    tb_status status = sim_turn(&sim->clients[who], act_open, &params, SIM_OP_OTHER, &op);
    if (status.code != TB_OK) return status.code;
    sim_settle(sim, 60000);
    return sim->ops[op].is_done ? TB_OK : sim->ops[op].code;
}

static void the_accused_opens_what_the_reporter_withheld(void **state)
{
    (void)state;
    struct sim *sim = start(46);
    struct tb_arena arena;
    uint8_t id[32];
    say(sim, CAROL, "the provocation");
    uint64_t provocation = newest(sim, "carol");
    say(sim, BOB, "the answer to it");
    uint64_t seq = newest(sim, "bob");
    assert_int_equal(report_one(sim, CAROL, seq, 1), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    memcpy(id, at.report_id.data, sizeof id);
    assert_int_equal(case_message(&at, provocation)->text.len, 0);
    tb_arena_wipe(&arena);
    assert_int_equal(open_more(sim, BOB, TB_ARRAY(id), provocation, 1), TB_OK);
    at = fetch_case(sim, &arena);
    assert_true(at.is_verified);
    assert_true(is_text(case_message(&at, provocation)->text, "the provocation"));
    assert_true(says(at.sentences, "Openings of 1 message were added"));
    tb_arena_wipe(&arena);
    /* On appeal: with the sender's own signature, from whoever holds it. */
    assert_int_equal(open_more(sim, ADA, TB_ARRAY(id), seq, 2), TB_OK);
    at = fetch_case(sim, &arena);
    assert_int_equal(at.level, 2);
    assert_int_equal(case_message(&at, provocation)->level, 1);
    tb_arena_wipe(&arena);
    id[0] ^= 1;
    assert_int_equal(open_more(sim, BOB, TB_ARRAY(id), provocation, 1), CHAT_CODE_NOT_FOUND);
    finish(sim);
}

static tb_status act_ask(struct sim_client *who, const void *params, uint64_t *op)
{
    const struct chat_stub_ask *ask = params;
    return client_desk_ask(who->client, sim_client_now(who),
                           tb_bytes_of(ask->report_id, CHAT_HASH_LEN), ask->room_seq,
                           &who->effects, op);
}

static void members_tell_the_desk_what_they_hold_without_the_text(void **state)
{
    (void)state;
    struct sim *sim = start(47);
    struct tb_arena arena;
    struct chat_stub_ask ask = { .room_seq = newest(sim, "bob") };
    size_t op;
    assert_int_equal(report_one(sim, CAROL, ask.room_seq, 1), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    memcpy(ask.report_id, at.report_id.data, CHAT_HASH_LEN);
    tb_arena_wipe(&arena);
    sim_disconnect(&sim->clients[BOB]);
    sim->clients[BOB].wants_connection = false;
    assert_ok(sim_turn(&sim->clients[ADA], act_ask, &ask, SIM_OP_OTHER, &op));
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    sim->clients[BOB].wants_connection = true; /* who is away is asked when back */
    sim_settle(sim, 60000);
    at = fetch_case(sim, &arena);
    size_t count = 0;
    for (size_t i = 0; i + 20 < at.sentences.len; i++) {
        if (says(tb_bytes_of(at.sentences.data + i, 20), "has the same message")) i += 20, count++;
    }
    assert_int_equal(count, 3);
    tb_arena_wipe(&arena);
    finish(sim);
}

/* ------------------------------------------------------------------ attachments */

static tb_status act_attach(struct sim_client *who, const void *params, uint64_t *op)
{
    return client_attach(who->client, sim_client_now(who), params, &who->effects, op);
}

static uint64_t attach(struct sim *sim, size_t who, uint8_t *octets, size_t len)
{
    struct client_attachment file = { .room = tb_bytes_text(room),
                                      .bytes = tb_bytes_of(octets, len),
                                      .file_name = TB_LITERAL("picture.png"),
                                      .content_type = TB_LITERAL("image/png") };
    size_t op;
    assert_ok(sim_turn(&sim->clients[who], act_attach, &file, SIM_OP_OTHER, &op));
    sim_settle(sim, 120000);
    sim_act_expect(sim, op);
    return sim->ops[op].number;
}

/* What is small goes inside, larger ones go by address; the desk opens with the franked key. */
static void the_desk_gets_attachments_with_the_report(void **state)
{
    (void)state;
    enum { SMALL_LEN = 400000, LARGE_LEN = 1100000 };
    struct sim *sim = start(49);
    struct tb_arena arena;
    tb_bytes plain;
    uint8_t *octets = malloc(LARGE_LEN);
    assert_non_null(octets);
    for (size_t i = 0; i < LARGE_LEN; i++) octets[i] = (uint8_t)(i * 7 + i / 251);
    uint64_t small = attach(sim, BOB, octets, SMALL_LEN);
    uint64_t large = attach(sim, BOB, octets, LARGE_LEN);
    assert_int_equal(report_one(sim, CAROL, small, 1), TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    const struct client_message_view *message = case_message(&at, small);
    assert_true(at.is_verified);
    assert_int_equal(message->file_count, 1);
    assert_true(message->files[0].is_here);
    assert_true(is_text(message->files[0].filename, "picture.png"));
    assert_ok(client_case_save(sim->clients[ADA].client, at.report_id, small, &arena, &plain));
    assert_int_equal(plain.len, SMALL_LEN);
    assert_memory_equal(plain.data, octets, SMALL_LEN);
    tb_arena_wipe(&arena);
    assert_int_equal(report_one(sim, CAROL, large, 1), TB_OK);
    at = fetch_case(sim, &arena);
    assert_true(at.is_verified);
    assert_false(case_message(&at, large)->files[0].is_here);
    assert_int_equal(client_case_save(sim->clients[ADA].client, at.report_id, large, &arena,
                                      &plain)
                         .code,
                     CLIENT_ATTACHMENT_NONE);
    assert_int_equal(store_mem_count(&sim->clients[CAROL].store, CLIENT_TABLE_REPORT_FILES), 0);
    tb_arena_wipe(&arena);
    free(octets);
    finish(sim);
}

/* ------------------------------------------------------------------ for a third party */

/* Whatever was changed beside it: another text or sender is never proven. */
static void assert_same_target(const struct chat_report_result *changed,
                               const struct chat_report_result *right)
{
    for (size_t i = 0; i < changed->message_count; i++) {
        const struct chat_report_message *message = &changed->messages[i];
        tb_bytes said, shown;
        if (!message->is_target || message->content == NULL) continue;
        const struct chat_report_message *known = &right->messages[i];
        assert_true(tb_bytes_equal(message->content->sender_uri, known->content->sender_uri));
        assert_ok(chat_content_text(message->content, &shown));
        assert_ok(chat_content_text(known->content, &said));
        assert_true(tb_bytes_equal(shown, said));
    }
}

static void an_exported_case_verifies_without_a_hub_and_names_no_reporter(void **state)
{
    (void)state;
    struct sim *sim = start(48);
    struct sim_client *carol = &sim->clients[CAROL];
    struct tb_arena arena;
    struct chat_bundle_result result;
    struct tb_buf text;
    tb_bytes bundle;
    uint64_t seq = newest(sim, "bob");
    assert_int_equal(report_with(sim, CAROL,
                                 (struct client_report_params){
                                     .room_seq = &seq, .room_seq_count = 1, .level = 2,
                                     .is_named = true, .note = TB_LITERAL("from carol") }),
                     TB_OK);
    struct client_case_view at = fetch_case(sim, &arena);
    assert_int_equal(open_more(sim, BOB, at.report_id, seq - 1, 1), TB_OK);
    tb_arena_wipe(&arena);
    at = fetch_case(sim, &arena);
    assert_ok(client_case_export(sim->clients[ADA].client, at.report_id, &arena, &bundle));
    const struct crypto_provider *provider = carol->client->config.provider;
    assert_ok(chat_bundle_verify(provider, bundle, (tb_bytes){ 0 }, &arena, &result));
    assert_memory_equal(result.root_hash, carol->client->profile.root_hash, CHAT_HASH_LEN);
    assert_int_equal(result.report.level, 2);
    assert_int_equal(result.report.report->reporting_user.len, 0);
    assert_int_equal(result.report.report->note.len, 0);
    assert_true(tb_bytes_equal(result.report.report->alleged_abuser_uri,
                               sim->clients[BOB].client->profile.account));
    size_t opened = 0;
    for (size_t i = 0; i < result.report.message_count; i++) {
        if (result.report.messages[i].content != NULL) opened++;
    }
    assert_int_equal(opened, 2);
    tb_buf_init(&text, &sim->heap.mem, 1 << 20);
    assert_ok(chat_bundle_sentences(&result, &text));
    assert_true(says(tb_buf_view(&text), "not even the hub could have made it up"));
    assert_true(says(tb_buf_view(&text), "Not proven: when the report came"));
    tb_buf_wipe(&text);
    /* Of another hub, changed, or cut short: it proves nothing. */
    uint8_t other[CHAT_HASH_LEN] = { 1 };
    assert_false(tb_is_ok(chat_bundle_verify(provider, bundle, TB_ARRAY(other), &arena, &result)));
    uint8_t *octets = malloc(bundle.len);
    assert_non_null(octets);
    for (size_t i = 20; i < bundle.len; i += 97) {
        struct chat_bundle_result changed;
        memcpy(octets, bundle.data, bundle.len);
        octets[i] ^= 1;
        tb_status status = chat_bundle_verify(provider, tb_bytes_of(octets, bundle.len),
                                              (tb_bytes){ 0 }, &arena, &changed);
        bool is_ours = tb_is_ok(status)
                       && memcmp(changed.root_hash, carol->client->profile.root_hash, 32) == 0;
        if (is_ours) assert_same_target(&changed.report, &result.report);
    }
    assert_false(tb_is_ok(chat_bundle_verify(provider, tb_bytes_of(bundle.data, bundle.len / 2),
                                             (tb_bytes){ 0 }, &arena, &result)));
    free(octets);
    tb_arena_wipe(&arena);
    finish(sim);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_accused_opens_what_the_reporter_withheld),
        cmocka_unit_test(members_tell_the_desk_what_they_hold_without_the_text),
        cmocka_unit_test(the_desk_gets_attachments_with_the_report),
        cmocka_unit_test(an_exported_case_verifies_without_a_hub_and_names_no_reporter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
