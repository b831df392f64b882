/* The turn loop: durable before shown, and what it says when there is no hub or no room on disk. */
#include "tests/support.h"

#include <stdio.h>
#include <unistd.h>

#include "chat/records.h"
#include "client/status.h"
#include "host/client_run.h"
#include "host/store_sqlite.h"

static struct test_heap heap;
static struct host_rng rng;
static struct cli_profile profile;
static struct cli_run run;
static char base[64];
static char link_text[512];

/* An invitation to a hub that is not there: port 1 of this machine. */
static void make_link(void)
{
    struct chat_invite_secret secret = {
        .version = 1, .kind = 1, .domain = TB_LITERAL("localhost"),
    };
    struct tb_arena arena;
    tb_bytes link = { 0 };
    tb_arena_init(&arena, &heap.mem, 1 << 20);
    memset(secret.seed, 7, sizeof secret.seed);
    assert_ok(chat_records_invite_link(TB_LITERAL("http://127.0.0.1:1"), &secret, &arena, &link));
    (void)snprintf(link_text, sizeof link_text, "%.*s", (int)link.len, (const char *)link.data);
    tb_arena_wipe(&arena);
}

static int set_up(void **state)
{
    (void)state;
    char folder[HOST_PATH_LEN_MAX];
    (void)snprintf(base, sizeof base, "/tmp/timbre-run-XXXXXX");
    if (mkdtemp(base) == NULL) return -1;
    test_heap_init(&heap);
    host_rng_init(&rng);
    make_link();
    if (cli_profile_folder(base, "a", folder).code != TB_OK) return -1;
    if (cli_profile_open(&profile, folder, (tb_bytes){ 0 }, true, &heap.mem, &rng.rng).code !=
        TB_OK) {
        return -1;
    }
    return cli_run_init(&run, &profile, &heap.mem, &rng, NULL).code;
}

static int tear_down(void **state)
{
    char command[128];
    (void)state;
    cli_run_wipe(&run);
    cli_profile_close(&profile);
    host_rng_wipe(&rng);
    (void)snprintf(command, sizeof command, "rm -rf '%s'", base);
    return heap.mem.used_bytes == 0 ? system(command) : -1;
}

/* A write that the store refuses spoils its transaction. */
static void spoil(void)
{
    static const uint8_t key[HOST_STORE_KEY_LEN_MAX + 1];
    tb_status status = tb_store_put(host_store_view(profile.store), CLIENT_TABLE_META,
                                    TB_ARRAY(key), TB_LITERAL("x"));
    assert_true(status.code != TB_OK);
}

static tb_status begin_registration(uint64_t *op, bool is_spoilt)
{
    cli_run_begin(&run);
    if (is_spoilt) spoil();
    tb_status status = client_register(run.client, cli_run_now_ms(&run), tb_bytes_text(link_text),
                                       TB_LITERAL("alice"), &run.effects, op);
    return cli_run_end(&run, status, *op);
}

static void a_turn_that_the_store_refuses_has_not_happened(void **state)
{
    (void)state;
    uint64_t op = 0;
    assert_status(begin_registration(&op, true), TB_STORE);
    assert_int_equal(run.effects.count, 0);
    assert_ok(begin_registration(&op, false)); /* as if nothing had been asked before */
    assert_bytes(client_origin(run.client), TB_LITERAL("http://127.0.0.1:1"));
}

static void after_a_refused_turn_reading_goes_on(void **state)
{
    (void)state;
    uint64_t op = 0;
    struct tb_arena arena;
    struct client_room_view *rooms = NULL;
    size_t count = 1;
    assert_status(begin_registration(&op, true), TB_STORE);
    tb_arena_init(&arena, &heap.mem, 1 << 20);
    cli_run_read_begin(&run);
    tb_status status = client_rooms(run.client, &arena, &rooms, &count);
    assert_ok(cli_run_read_end(&run, status));
    assert_int_equal(count, 0);
    tb_arena_wipe(&arena);
}

static void without_a_hub_waiting_ends_with_the_reason(void **state)
{
    (void)state;
    uint64_t op = 0;
    assert_ok(begin_registration(&op, false));
    assert_status(cli_run_until(&run, cli_run_is_over, host_clock_monotonic_ms() + 20000),
                  CLI_CONNECT);
    assert_non_null(strstr(cli_run_why(&run, TB_STATUS(CLI_CONNECT)), "127.0.0.1:1"));
    assert_false(cli_run_is_over(&run));
}

static void a_patient_one_tries_again_until_its_time_is_over(void **state)
{
    (void)state;
    uint64_t op = 0;
    assert_ok(begin_registration(&op, false));
    run.is_patient = true;
    assert_status(cli_run_until(&run, cli_run_is_over, host_clock_monotonic_ms() + 50),
                  CLI_TIMEOUT);
    assert_status(run.link_status, CLI_CONNECT);
    assert_true(run.attempt_count >= 1);
    assert_true(run.retry_at_ms > 0);
}

static void an_act_that_cannot_begin_says_why(void **state)
{
    (void)state;
    uint64_t op = 0;
    cli_run_begin(&run);
    tb_status status = client_room_create(run.client, cli_run_now_ms(&run), TB_LITERAL("x"), 1,
                                          &run.effects, &op);
    assert_status(cli_run_end(&run, status, op), CLIENT_NOT_REGISTERED);
    assert_false(cli_run_is_over(&run));
}

static void an_unregistered_profile_connects_to_nobody(void **state)
{
    (void)state;
    assert_ok(cli_run_once(&run, NULL, 0, host_clock_monotonic_ms()));
    assert_null(run.socket);
    assert_false(cli_run_is_synced(&run));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_turn_that_the_store_refuses_has_not_happened, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(after_a_refused_turn_reading_goes_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(without_a_hub_waiting_ends_with_the_reason, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_patient_one_tries_again_until_its_time_is_over, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_act_that_cannot_begin_says_why, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_unregistered_profile_connects_to_nobody, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
