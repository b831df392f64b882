/* Every operation again with the n-th allocation failing: refused as TB_NO_SPACE, nothing kept. */
#include "tests/unit/chat_report_fixture.h"

#include "chat/decision.h"
#include "chat/names.h"
#include "chat/statement.h"

/* What is run: with an arena of its own, that asks the allocator for each piece. */
typedef tb_status operation(struct world *w, struct tb_arena *arena);

/* Each piece is larger than a block of the arena would be shared: counts are small, so run all. */
static void fail_each(struct world *w, operation *run)
{
    for (size_t fail_after = 0;; fail_after++) {
        size_t used_bytes = w->f.heap.mem.used_bytes;
        struct tb_arena arena;
        assert_true(fail_after < 1000);
        tb_arena_init(&arena, &w->f.heap.mem, 16u << 20);
        w->f.heap.fail_after = fail_after;
        tb_status status = run(w, &arena);
        w->f.heap.fail_after = SIZE_MAX;
        tb_arena_wipe(&arena);
        assert_int_equal(w->f.heap.mem.used_bytes, used_bytes);
        if (tb_is_ok(status)) {
            assert_true(fail_after > 0);
            return;
        }
        assert_int_equal(status.code, TB_NO_SPACE);
    }
}

/* The same with the ceiling of the arena, octet by octet at first, then in steps. */
static void starve_each(struct world *w, operation *run)
{
    size_t step = 16;
    for (size_t max = 16;; max += step, step += step / 16) {
        size_t used_bytes = w->f.heap.mem.used_bytes;
        struct tb_arena arena;
        assert_true(max < 16u << 20);
        tb_arena_init(&arena, &w->f.heap.mem, max);
        tb_status status = run(w, &arena);
        tb_arena_wipe(&arena);
        assert_int_equal(w->f.heap.mem.used_bytes, used_bytes);
        if (tb_is_ok(status)) return;
        assert_int_equal(status.code, TB_NO_SPACE);
    }
}

static const uint64_t TARGET = 4;

static tb_status build_report(struct world *w, struct tb_arena *arena)
{
    struct chat_report_params params = world_params(w, &TARGET, 1);
    struct chat_report_evidence evidence;
    const struct chat_report_text text = { .reason_code = 1 };
    tb_bytes encoded;
    TRY(chat_report_build(&params, &w->f.rng.rng, arena, &evidence));
    return chat_report_encode(&evidence, &text, arena, &encoded);
}

static tb_bytes report_octets;

static tb_status verify_report(struct world *w, struct tb_arena *arena)
{
    struct chat_report_verify_params params = world_verify_params(w);
    struct chat_report_result result;
    TRY(chat_report_verify(&params, report_octets, arena, &result));
    /* A proof that could not be checked for want of memory is no verdict. */
    assert_int_equal(result.level, 2);
    return TB_STATUS(TB_OK);
}

static tb_status seal_report(struct world *w, struct tb_arena *arena)
{
    struct chat_report_seal_params params = {
        .suite = &w->f.suite, .room_uri = TB_LITERAL(WORLD_ROOM), .target_seq = &TARGET,
        .target_count = 1, .report = report_octets, .recipients = &w->recipient,
        .recipient_count = 1, .reporter_key = &w->alice_device,
    };
    const uint8_t pseudonym[16] = { 0 };
    struct chat_sealed_report sealed;
    tb_bytes intake;
    TRY(chat_report_seal(&params, &w->f.rng.rng, arena, &sealed));
    return chat_report_intake_make(&w->f.suite, &w->intake, &sealed, pseudonym, 1, arena, &intake);
}

static tb_status make_room(struct world *w, struct tb_arena *arena)
{
    struct chat_user_role_pair users[] = { { TB_LITERAL(WORLD_ALICE), CHAT_ROLE_OWNER } };
    struct chat_policy_hub hub;
    struct chat_policy_room room;
    struct mls_extension *extensions;
    size_t count;
    TRY(chat_policy_hub_of_record(&w->hub, arena, &hub));
    const struct chat_policy_new new = {
        .room_kind = CHAT_ROOM_GROUP, .room_class = CHAT_CLASS_OPEN,
        .room_uri = TB_LITERAL(WORLD_ROOM), .participants = users, .participant_count = 1,
        .hub = &hub,
    };
    TRY(chat_policy_extensions(&new, arena, &extensions, &count));
    TRY(chat_policy_decode(w->group_context, arena, &room, NULL));
    return chat_policy_check_room(&room, &hub, NULL, 0, arena);
}

static tb_status make_records(struct world *w, struct tb_arena *arena)
{
    struct chat_account_record record = { .account_key = crypto_signing_key_public(&w->agent) };
    struct chat_hub_record hub = w->hub, back;
    tb_bytes encoded;
    TRY(chat_names_account(&w->f.suite, TB_LITERAL(WORLD_DOMAIN), record.account_key, arena,
                           &record.account));
    TRY(chat_records_make_account(&w->f.suite, &w->agent, (tb_bytes){ NULL, 0 }, &record, arena,
                                  &encoded));
    TRY(chat_records_make_hub(&w->f.suite, &w->root, &hub, arena, &encoded));
    return chat_records_verify_hub(&w->f.suite, encoded, TB_ARRAY(w->root_hash), 0, arena, &back);
}

static tb_status decide(struct world *w, struct tb_arena *arena)
{
    struct chat_decision decision = {
        .domain = TB_LITERAL(WORLD_DOMAIN), .subject = TB_LITERAL(WORLD_MALLORY),
        .action = CHAT_ACTION_BAN, .scope = CHAT_SCOPE_HUB, .reason_code = 1, .decided_ms = 1,
        .decider_device = TB_LITERAL("mimi://hub.example/d/judge/1"),
    };
    struct chat_decision_entry entry = { .number = 1 };
    struct chat_sealed_statement sealed;
    tb_bytes out;
    TRY(chat_decision_sign(&w->f.suite, &w->alice_device, &decision, arena));
    entry.decision = decision;
    TRY(chat_decision_entry_sign(&w->f.suite, &w->intake, &entry, arena));
    TRY(chat_statement_seal(&w->f.suite, TB_LITERAL("mimi://hub.example/d/mallory/phone"),
                            crypto_signing_key_public(&w->mallory_device), TB_LITERAL("reasons"),
                            &w->f.rng.rng, arena, &sealed));
    return chat_statement_open(&w->f.suite, &w->mallory_device, &sealed, arena, &out);
}

static tb_status open_text(struct world *w, struct tb_arena *arena)
{
    const struct chat_frank_opened message = {
        .application_data = w->rows[3].application_data,
        .authenticated_data = TB_ARRAY(w->aads[3]),
        .leaf_identity = TB_LITERAL("mimi://hub.example/d/mallory/phone"),
        .submitter = TB_LITERAL(WORLD_MALLORY), .room_uri = TB_LITERAL(WORLD_ROOM),
    };
    struct chat_content content;
    uint8_t id[32];
    return chat_frank_open(&w->f.suite, &message, arena, &content, id);
}

static void nothing_is_believed_or_kept_when_memory_ends(void **state)
{
    (void)state;
    static operation *const OPERATIONS[] = { build_report, verify_report, seal_report, make_room,
                                             make_records, decide,        open_text };
    struct world w;
    world_init(&w);
    world_talk(&w, 8, 8);
    world_prove(&w, 3, &w.mallory_device);
    struct chat_report_evidence evidence = world_evidence(&w, &TARGET, 1);
    report_octets = world_report(&w, &evidence);
    for (size_t i = 0; i < sizeof OPERATIONS / sizeof OPERATIONS[0]; i++) {
        fail_each(&w, OPERATIONS[i]);
        starve_each(&w, OPERATIONS[i]);
    }
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_believed_or_kept_when_memory_ends),
    };
    return cmocka_run_group_tests_name("chat_memory", tests, NULL, NULL);
}
