/* The scripts of the simulator: a path without faults, and chaos. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "client/rooms.h"

static void sim_join_all(struct sim *sim, struct sim_client *host, const char *room)
{
    size_t link = sim_act_invite(host, room, 16);
    sim_settle(sim, 60000);
    sim_act_expect(sim, link);
    for (size_t i = 0; i < sim->client_count; i++) {
        if (&sim->clients[i] == host) continue;
        size_t join = sim_act_join(&sim->clients[i], host->link);
        sim_settle(sim, 60000);
        sim_act_expect(sim, join);
    }
}

/* The newest case of a desk. */
static void sim_case_id(struct sim_client *who, uint8_t report_id[32])
{
    struct tb_arena arena;
    struct client_case_view *cases;
    size_t count;
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 26);
    if (!tb_is_ok(client_cases(who->client, &arena, &cases, &count)) || count == 0) {
        sim_fail(who->sim, "the desk has no case", who);
    }
    const struct client_case_view *newest = &cases[count - 1];
    if (!newest->is_verified) {
        fprintf(stderr, "verdict %u\n%.*s\n", newest->verdict, (int)newest->sentences.len,
                (const char *)newest->sentences.data);
        sim_fail(who->sim, "S7: an honest report does not verify", who);
    }
    sim_trace(who, "%.*s", (int)newest->sentences.len, (const char *)newest->sentences.data);
    memcpy(report_id, newest->report_id.data, 32);
    who->sim->reports_verified_count++;
    tb_arena_wipe(&arena);
}

/* The notice room, in which a statement stands as text. */
static void sim_notice_room(struct sim_client *who, char out[256])
{
    struct tb_arena arena;
    tb_bytes uri;
    struct client_message_view *rows;
    size_t count, statement_count = 0;
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 26);
    if (!tb_is_ok(client_room_find(who->client, TB_LITERAL("Notice from the moderators"), &arena,
                                   &uri))) {
        sim_fail(who->sim, "the accused has no notice room", who);
    }
    if (!tb_is_ok(client_messages(who->client, uri, 0, SIZE_MAX, &arena, &rows, &count))) {
        sim_fail(who->sim, "client_messages", who);
    }
    for (size_t i = 0; i < count; i++) {
        if (rows[i].text.len == 0) continue;
        statement_count++;
        sim_trace(who, "%.*s", (int)rows[i].text.len, (const char *)rows[i].text.data);
    }
    if (statement_count == 0) sim_fail(who->sim, "the accused reads no statement", who);
    snprintf(out, 256, "%.*s", (int)uri.len, (const char *)uri.data);
    tb_arena_wipe(&arena);
}

/* carol reports mallory; ada's desk verifies and bans; mallory answers in the notice room. */
static void sim_script_ban(struct sim *sim, const char *room)
{
    struct sim_client *ada = &sim->clients[0], *carol = &sim->clients[2];
    struct sim_client *mallory = &sim->clients[3];
    uint8_t report_id[32];
    uint64_t target = sim_model_newest_seq(carol, room, "mallory");
    size_t op = sim_act_report(carol, room, &target, 1);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    if (ada->report_waiting_count == 0) sim_fail(sim, "the desk is not told of a report", ada);
    op = sim_act_fetch(ada);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    sim_case_id(ada, report_id);
    op = sim_act_ban(ada, TB_ARRAY(report_id), CHAT_SCOPE_HUB);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    if (!mallory->has_been_restricted) sim_fail(sim, "the accused is not restricted", mallory);
    if (sim->removed_by_desk_count < 3) sim_fail(sim, "members see no decision", NULL);
    char notice[256];
    sim_notice_room(mallory, notice);
    op = sim_act_send(mallory, notice);
    sim_settle(sim, 60000);
    sim_act_expect(sim, op);
    op = sim_act_send(mallory, room);
    sim_settle(sim, 60000);
    if (sim->ops[op].is_done) sim_fail(sim, "a banned account still writes", mallory);
}

void sim_script_path(uint64_t seed, bool is_trace)
{
    struct sim *sim = malloc(sizeof *sim);
    char room[256];
    sim_init(sim, seed, 4);
    sim->is_trace = is_trace;
    sim_act_register(sim);
    struct sim_client *ada = &sim->clients[0], *bob = &sim->clients[1];
    (void)ada;
    sim_act_create(bob, "kitchen", room);
    sim_join_all(sim, bob, room);
    for (size_t i = 0; i < sim->client_count; i++) {
        size_t send = sim_act_send(&sim->clients[i], room);
        sim_settle(sim, 60000);
        sim_act_expect(sim, send);
    }
    sim_script_ban(sim, room);
    sim_check_end(sim);
    printf("path: %llu messages shown, %zu epochs\n", (unsigned long long)sim->shown_count,
           sim->epoch_count);
    sim_wipe(sim);
    free(sim);
}

static void sim_talk(struct sim *sim, const char *room, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct sim_client *who = &sim->clients[i % sim->client_count];
        size_t send = sim_act_send(who, room);
        sim_settle(sim, 60000);
        sim_act_expect(sim, send);
    }
}

/*
 * bob's profile is an old copy: it may not send, and comes back as a new device.  The copy is from
 * before bob's last login (the counter tells), or from within the same session (the cursor does).
 */
static void sim_script_copy_of(uint64_t seed, bool is_trace, bool is_same_session)
{
    struct sim *sim = malloc(sizeof *sim);
    struct store_mem backup;
    char room[256];
    sim_init(sim, seed, 3);
    sim->is_trace = is_trace;
    sim_act_register(sim);
    struct sim_client *bob = &sim->clients[1], *carol = &sim->clients[2];
    sim_act_create(carol, "kitchen", room);
    sim_join_all(sim, carol, room);
    sim_talk(sim, room, 4);
    store_mem_init(&backup);
    store_mem_copy(&backup, &bob->store);
    if (!is_same_session) sim_disconnect(bob);
    sim_settle(sim, 60000);
    sim_talk(sim, room, 4);
    sim_client_go_back(bob, &backup);
    sim_run(sim, 5000);
    if (!bob->is_rolled_back) sim_fail(sim, "an old copy of a profile is not noticed", bob);
    size_t send = sim_act_send(bob, room);
    if (!sim->ops[send].is_over) sim_fail(sim, "an old copy of a profile may send", bob);
    size_t rejoin = sim_act_rejoin(bob);
    sim_settle(sim, 60000);
    sim_act_expect(sim, rejoin);
    sim_run(sim, 10000); /* the others let one another go first */
    sim_settle(sim, 60000);
    sim_talk(sim, room, 6);
    sim_check_end(sim);
    printf("copy: %llu messages shown, %zu epochs\n", (unsigned long long)sim->shown_count,
           sim->epoch_count);
    store_mem_wipe(&backup);
    sim_wipe(sim);
    free(sim);
}

void sim_script_copy(uint64_t seed, bool is_trace)
{
    sim_script_copy_of(seed, is_trace, false);
    sim_script_copy_of(seed, is_trace, true);
}

/* The hub is restored from a backup: members give back what it lost, and nobody accuses it. */
void sim_script_restore(uint64_t seed, bool is_trace)
{
    struct sim *sim = malloc(sizeof *sim);
    struct store_mem backup;
    char room[256];
    sim_init(sim, seed, 3);
    sim->is_trace = is_trace;
    sim_act_register(sim);
    struct sim_client *carol = &sim->clients[2];
    sim_act_create(carol, "kitchen", room);
    sim_join_all(sim, carol, room);
    sim_talk(sim, room, 4);
    store_mem_init(&backup);
    store_mem_copy(&backup, &sim->hub_store);
    sim_talk(sim, room, 5);
    sim_hub_go_back(sim, &backup, true);
    sim_run(sim, 2000);
    sim_settle(sim, 3000000);
    if (sim->hub_restored_count < 3) sim_fail(sim, "members are not told of the restore", NULL);
    sim_talk(sim, room, 6);
    sim_check_end(sim);
    printf("restore: %llu messages shown, %zu epochs\n", (unsigned long long)sim->shown_count,
           sim->epoch_count);
    store_mem_wipe(&backup);
    sim_wipe(sim);
    free(sim);
}

/* ------------------------------------------------------------------ chaos */

static uint32_t sim_fault(const struct sim *sim, enum sim_part part, uint32_t per_65536)
{
    return sim_may(sim, part) ? per_65536 : 0;
}

static struct sim_faults sim_chaos_faults(const struct sim *sim)
{
    return (struct sim_faults){
        .delay_ms_max = 80,
        .disconnect = sim_fault(sim, SIM_PART_DISCONNECT, 150),
        .duplicate = sim_fault(sim, SIM_PART_DUPLICATE, 600),
        .reorder = sim_fault(sim, SIM_PART_REORDER, 1200),
        .client_crash = sim_fault(sim, SIM_PART_CRASH, 150),
        .client_refused = sim_fault(sim, SIM_PART_REFUSE, 150),
        .client_memory = sim_fault(sim, SIM_PART_MEMORY, 300),
        .client_write = sim_fault(sim, SIM_PART_WRITE, 150),
        .hub_crash = sim_fault(sim, SIM_PART_HUB_CRASH, 60),
        .hub_refused = sim_fault(sim, SIM_PART_HUB_REFUSE, 150),
        .hub_write = sim_fault(sim, SIM_PART_HUB_WRITE, 150),
    };
}

/* Of five seeds one has a hostile member and one a hostile hub. */
struct sim_options sim_options_of(uint64_t seed, uint64_t steps)
{
    enum sim_mode mode = seed % 5 == 3 ? SIM_MEMBER : seed % 5 == 4 ? SIM_HUB : SIM_HONEST;
    return (struct sim_options){ .seed = seed, .steps = steps, .client_count = 4, .mode = mode };
}

static void sim_chaos_begin(struct sim *sim, const struct sim_options *options)
{
    sim_init(sim, options->seed, options->client_count);
    sim->is_trace = options->is_trace;
    sim->without = options->without;
    sim->mode = options->mode;
    sim_act_register(sim);
    sim_act_create(&sim->clients[1], "kitchen", sim->rooms[0]);
    sim_act_create(&sim->clients[options->client_count > 2 ? 2 : 0], "garden", sim->rooms[1]);
    sim_join_all(sim, &sim->clients[1], sim->rooms[0]);
    if (sim->mode == SIM_HUB) sim_hostile_hub(sim);
    sim->is_hostile = sim->mode != SIM_HONEST;
    sim->faults = sim_chaos_faults(sim);
}

static void sim_chaos_told(const struct sim *sim)
{
    static const char *const MODES[] = { "", ", a hostile member", ", a hostile hub" };
    printf("seed %llu%s: %llu messages shown, %zu epochs, %llu client crashes, %llu hub crashes\n",
           (unsigned long long)sim->seed, MODES[sim->mode], (unsigned long long)sim->shown_count,
           sim->epoch_count, (unsigned long long)sim->client_crash_count,
           (unsigned long long)sim->hub_crash_count);
    printf("  %llu reports proven, %llu altered, %llu bans, %llu taken back, %llu files, "
           "%llu tellings of a restore\n",
           (unsigned long long)sim->reports_verified_count,
           (unsigned long long)sim->reports_altered_count, (unsigned long long)sim->ban_count,
           (unsigned long long)sim->unban_count, (unsigned long long)sim->file_count,
           (unsigned long long)sim->hub_restored_count);
    printf("  %llu probes, %llu checks, %llu hostile acts, %llu failed entries, %llu alarms\n",
           (unsigned long long)sim->probe_count, (unsigned long long)sim->check_count,
           (unsigned long long)sim->forged_count, (unsigned long long)sim->failed_entry_count,
           (unsigned long long)sim->alarm_count);
}

void sim_script_chaos(const struct sim_options *options, FILE *trace)
{
    struct sim *sim = malloc(sizeof *sim);
    if (sim == NULL) abort();
    sim_chaos_begin(sim, options);
    sim->trace = trace;
    for (sim->step = 1; sim->step <= options->steps; sim->step++) {
        sim_act_random(sim);
        sim_run(sim, sim_random(sim, 60));
        if (sim->step % SIM_CHECK_STEPS == 0) sim_check_rows(sim);
    }
    sim_settle(sim, 3000000);
    sim_act_desk(sim, false);
    sim_settle(sim, 3000000);
    sim_check_end(sim);
    sim_chaos_told(sim);
    fflush(stdout);
    sim_wipe(sim);
    free(sim);
}
