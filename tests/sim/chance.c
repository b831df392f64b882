/* What chance brings: one wish of somebody at each step, or a rarer event. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "client/rooms.h"

bool sim_may(const struct sim *sim, enum sim_part part)
{
    return (sim->without >> part & 1) == 0;
}

/* ------------------------------------------------------------------ the desk at work */

static size_t sim_client_by_account(struct sim *sim, tb_bytes account)
{
    for (size_t i = 0; i < sim->client_count; i++) {
        if (tb_bytes_equal(client_account(sim->clients[i].client), account)) return i;
    }
    return SIZE_MAX;
}

/* Some are banned from the room of the case; some bans are taken back. */
static void sim_case_decide(struct sim_client *desk, const struct client_case_view *view)
{
    struct sim *sim = desk->sim;
    size_t whom = sim_client_by_account(sim, view->accused);
    size_t room = sim_room_index(sim, view->room);
    bool is_unban = view->state == 2;
    if (whom == SIZE_MAX || room == SIM_ROOM_COUNT || sim_random(sim, 4) != 0) return;
    struct client_decision_params params = {
        .report_id = view->report_id, .action = is_unban ? CHAT_ACTION_UNBAN : CHAT_ACTION_BAN,
        .scope = CHAT_SCOPE_ROOM, .reason_code = 2,
        .facts = TB_LITERAL("Repeated insults in the room."),
    };
    if (is_unban && sim->clients[whom].banned_ms[room] == 0) return;
    /* It takes effect before the desk knows, and even when the desk's process ends. */
    if (is_unban) sim->clients[whom].banned_ms[room] = 0;
    size_t op = sim_act_decide(desk, &params);
    sim->ops[op].kind = is_unban ? SIM_OP_UNBAN : SIM_OP_BAN;
    sim->ops[op].whom = (uint8_t)whom;
    sim->ops[op].room = (uint8_t)room;
}

static void sim_case_check(struct sim_client *desk, const struct client_case_view *view,
                           bool may_ban)
{
    struct sim *sim = desk->sim;
    if (!view->is_verified && !sim->is_hostile) {
        fprintf(stderr, "verdict %u\n%.*s\n", view->verdict, (int)view->sentences.len,
                (const char *)view->sentences.data);
        sim_fail(sim, "S7: an honest report does not verify", desk);
    }
    if (view->is_verified) sim->reports_verified_count++;
    if (may_ban && view->is_verified && sim_may(sim, SIM_PART_BAN)) sim_case_decide(desk, view);
}

void sim_act_desk(struct sim *sim, bool may_ban)
{
    struct sim_client *desk = &sim->clients[0];
    struct tb_arena arena;
    struct client_case_view *cases;
    size_t count;
    tb_arena_init(&arena, &sim->heap.mem, 1 << 28);
    if (tb_is_ok(client_cases(desk->client, &arena, &cases, &count))) {
        for (size_t i = 0; i < count; i++) sim_case_check(desk, &cases[i], may_ban);
    }
    tb_arena_wipe(&arena);
    if (client_is_online(desk->client)) (void)sim_act_fetch(desk);
}

static void sim_act_someone_reports(struct sim *sim, struct sim_client *who, const char *room,
                                    const struct sim_client *whom)
{
    uint64_t seq = sim_model_newest_seq(who, room, whom->handle);
    if (seq != 0 && who != whom) (void)sim_act_report(who, room, &seq, 1);
    if (sim_random(sim, 2) == 0) sim_act_desk(sim, true);
}

/* ------------------------------------------------------------------ copies, restores, clocks */

static void sim_backup(struct store_mem *to, const struct store_mem *from, bool *has)
{
    store_mem_wipe(to);
    store_mem_init(to);
    store_mem_copy(to, from);
    *has = true;
}

static void sim_act_copy(struct sim *sim, struct sim_client *who)
{
    if (sim_random(sim, 5) != 0 || !who->has_backup || who->index == 0) {
        sim_backup(&who->backup, &who->store, &who->has_backup);
        return;
    }
    sim_client_go_back(who, &who->backup);
    who->is_behind = true;
}

static void sim_act_restore(struct sim *sim)
{
    if (sim_random(sim, 6) != 0 || !sim->has_hub_backup) {
        sim_backup(&sim->hub_backup, &sim->hub_store, &sim->has_hub_backup);
        sim->has_new_agent = false;
        return;
    }
    sim_hub_go_back(sim, &sim->hub_backup, true);
    sim->has_new_agent = true;
    sim_model_hub_went_back(sim);
}

/* A backup holds one agent key more than were in use; two more would lose the rooms. */
static void sim_act_keys(struct sim *sim)
{
    sim_act_rotate(sim, sim->has_new_agent ? CHAT_KEYS_INTAKE | CHAT_KEYS_FRANK
                                           : CHAT_KEYS_AGENT | CHAT_KEYS_INTAKE);
    sim->has_new_agent = true;
}

/* Some are without the network for a while, all of them for the same while. */
static void sim_act_partition(struct sim *sim)
{
    uint32_t cut = sim_random(sim, UINT32_C(1) << sim->client_count);
    uint64_t until_ms = sim->now_ms + 500 + sim_random(sim, 20000);
    for (size_t i = 0; i < sim->client_count; i++) {
        if ((cut >> i & 1) != 0) sim_cut_off(&sim->clients[i], until_ms);
    }
}

/* ------------------------------------------------------------------ messages */

static void sim_act_revise(struct sim_client *who, const char *room,
                           const struct sim_client *other, enum client_message_kind kind)
{
    bool is_reaction = kind == CLIENT_MESSAGE_REACT;
    uint64_t seq = sim_model_newest_seq(who, room, is_reaction ? other->handle : who->handle);
    if (seq == 0) return;
    if (is_reaction && sim_random(who->sim, 4) == 0) kind = CLIENT_MESSAGE_UNREACT;
    (void)sim_act_message(who, room, kind, seq, 0);
}

static void sim_act_files(struct sim *sim, struct sim_client *who, const char *room)
{
    for (size_t i = sim->text_count; i-- > 0 && sim_random(sim, 2) == 0;) {
        const struct sim_text *text = &sim->texts[i];
        bool is_file = text->file_len != 0 && text->is_acknowledged && !text->is_exempt;
        if (!is_file || (text->seen_by >> who->index & 1) == 0) continue;
        (void)sim_act_file(who, text);
        return;
    }
    (void)sim_act_attach(who, room);
}

/* ------------------------------------------------------------------ one step */

struct sim_draw {
    uint32_t below; /* of 1000 */
    enum sim_part part;
};

static enum sim_part sim_draw(struct sim *sim)
{
    static const struct sim_draw DRAWS[] = {
        { 560, SIM_PART_SEND },   { 600, SIM_PART_EDIT },      { 620, SIM_PART_DELETE },
        { 660, SIM_PART_REACT },  { 680, SIM_PART_EXPIRE },    { 705, SIM_PART_ATTACH },
        { 765, SIM_PART_INVITE }, { 850, SIM_PART_JOIN },      { 862, SIM_PART_LEAVE },
        { 870, SIM_PART_REMOVE }, { 885, SIM_PART_ROLE },      { 910, SIM_PART_REPORT },
        { 930, SIM_PART_DROP },   { 936, SIM_PART_PARTITION }, { 941, SIM_PART_COPY },
        { 945, SIM_PART_RESTORE }, { 946, SIM_PART_KEYS },     { 948, SIM_PART_CLOCK },
        { 960, SIM_PART_HOSTILE }, { 1000, SIM_PART_WAIT },
    };
    uint32_t choice = sim_random(sim, 1000);
    size_t i = 0;
    while (choice >= DRAWS[i].below) i++;
    return DRAWS[i].part;
}

static void sim_act_room(struct sim *sim, enum sim_part part, struct sim_client *who,
                         struct sim_client *other, const char *room)
{
    switch (part) {
    case SIM_PART_SEND: (void)sim_act_send(who, room); break;
    case SIM_PART_EDIT: sim_act_revise(who, room, other, CLIENT_MESSAGE_EDIT); break;
    case SIM_PART_DELETE: sim_act_revise(who, room, other, CLIENT_MESSAGE_DELETE); break;
    case SIM_PART_REACT: sim_act_revise(who, room, other, CLIENT_MESSAGE_REACT); break;
    case SIM_PART_EXPIRE:
        (void)sim_act_message(who, room, CLIENT_MESSAGE_TEXT, 0, 1 + sim_random(sim, 60));
        break;
    case SIM_PART_ATTACH: sim_act_files(sim, who, room); break;
    case SIM_PART_INVITE: (void)sim_act_invite(who, room, 4); break;
    case SIM_PART_JOIN:
        if (other->link[0] != 0) (void)sim_act_join(who, other->link);
        break;
    case SIM_PART_LEAVE: (void)sim_act_leave(who, room); break;
    case SIM_PART_REMOVE:
        if (who != other) (void)sim_act_remove(who, room, other);
        break;
    case SIM_PART_ROLE:
        if (who == other) break;
        (void)sim_act_role(who, room, other, CHAT_ROLE_MEMBER + sim_random(sim, 3));
        break;
    case SIM_PART_REPORT: sim_act_someone_reports(sim, who, room, other); break;
    default: break;
    }
}

void sim_act_random(struct sim *sim)
{
    struct sim_client *who = &sim->clients[sim_random(sim, (uint32_t)sim->client_count)];
    const char *room = sim->rooms[sim_random(sim, SIM_ROOM_COUNT)];
    struct sim_client *other = &sim->clients[sim_random(sim, (uint32_t)sim->client_count)];
    enum sim_part part = sim_draw(sim);
    if (who->is_rolled_back) (void)sim_act_rejoin(who);
    if (!sim_may(sim, part)) return;
    switch (part) {
    case SIM_PART_DROP: sim_disconnect(who); break;
    case SIM_PART_PARTITION: sim_act_partition(sim); break;
    case SIM_PART_COPY: sim_act_copy(sim, who); break;
    case SIM_PART_RESTORE: sim_act_restore(sim); break;
    case SIM_PART_KEYS: sim_act_keys(sim); break;
    case SIM_PART_CLOCK: who->skew_ms = (int64_t)sim_random(sim, 400000) - 200000; break;
    case SIM_PART_WAIT: sim_run(sim, sim_random(sim, 3000)); break;
    case SIM_PART_HOSTILE:
        if (sim->mode == SIM_MEMBER) sim_hostile_member(&sim->clients[sim->client_count - 1], room);
        break;
    default: sim_act_room(sim, part, who, other, room);
    }
}
