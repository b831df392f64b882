/* What the devices have stored, held against what was said: S2, S3, S4, S8, S10. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "client/rooms.h"

/* One room as a device has it. */
struct sim_timeline {
    struct sim_client *who;
    struct client_room *room;
    struct tb_arena arena;
    struct client_message_view *rows;
    size_t count;
};

static void sim_timeline_open(struct sim_timeline *at, struct sim_client *who,
                              struct client_room *room, uint64_t after_row)
{
    *at = (struct sim_timeline){ .who = who, .room = room };
    tb_arena_init(&at->arena, &who->sim->heap.mem, 1 << 28);
    if (!tb_is_ok(client_messages(who->client, room->row.room_uri, after_row, SIZE_MAX, &at->arena,
                                  &at->rows, &at->count))) {
        sim_fail(who->sim, "client_messages", who);
    }
}

static const struct client_message_view *sim_timeline_find(const struct sim_timeline *at,
                                                           uint64_t room_seq)
{
    const struct client_message_view *found = NULL;
    for (size_t i = 0; i < at->count; i++) {
        const struct client_message_view *row = &at->rows[i];
        if (row->row_kind != CLIENT_LINE_MESSAGE || row->room_seq != room_seq) continue;
        if (found != NULL) sim_fail(at->who->sim, "S3: stored twice", at->who);
        found = row;
    }
    return found;
}

/* ------------------------------------------------------------------ at any time */

static void sim_row_fails(struct sim_client *who, const struct client_message_view *row)
{
    struct sim *sim = who->sim;
    if (sim->has_lost_history || sim->mode == SIM_HUB) return;
    bool is_mallory = tb_bytes_equal(row->handle,
                                     tb_bytes_text(sim->clients[sim->client_count - 1].handle))
                      || row->handle.len == 0; /* of a message that names its sender wrongly */
    if (sim->mode == SIM_MEMBER && is_mallory) return;
    fprintf(stderr, "row %llu, number %llu of %.*s\n", (unsigned long long)row->row,
            (unsigned long long)row->room_seq, (int)row->handle.len,
            (const char *)row->handle.data);
    sim_fail(sim, "S5: a failed row", who);
}

static void sim_row_check(struct sim_client *who, const struct client_room *room,
                          const struct client_message_view *row)
{
    struct sim *sim = who->sim;
    if (row->row_kind != CLIENT_LINE_MESSAGE) return;
    if (row->is_failed) sim_row_fails(who, row);
    if (tb_bytes_starts_with(row->text, TB_LITERAL("forged"))) {
        sim_fail(sim, "S10: a forged text is stored", who);
    }
    struct sim_text *text = sim_model_text(sim, row->text);
    if (text == NULL) return;
    if (!sim_is(row->handle, sim->clients[text->sender].handle)) {
        sim_fail(sim, "S3: stored with another sender", who);
    }
    if (text->of != SIZE_MAX) text = &sim->texts[text->of]; /* it stands in the place of that one */
    if (text->is_exempt || text->is_hostile) return;
    if (text->room_seq == 0) text->room_seq = row->room_seq; /* its showing died with a process */
    /* What a restored hub forgot its sender says again, at a number behind the skip; who had it
     * keeps it at the old one. */
    bool is_said_again = sim->has_lost_history && row->room_seq >> 20 != text->room_seq >> 20;
    if (row->room_seq != text->room_seq && !is_said_again) {
        fprintf(stderr, "row %llu: number %llu, known as %llu, of %s\n",
                (unsigned long long)row->row, (unsigned long long)row->room_seq,
                (unsigned long long)text->room_seq, sim->clients[text->sender].handle);
        sim_fail(sim, "S3: stored at another number", who);
    }
    const struct sim_epoch *epoch = sim_model_epoch(sim, room->row.room_uri, row->epoch);
    if (epoch != NULL && (epoch->members & UINT32_C(1) << who->index) == 0
        && !who->has_new_device && sim->mode != SIM_HUB) {
        sim_fail(sim, "S2: a message was read outside the membership", who);
    }
}

static void sim_rooms_read(struct sim_client *who)
{
    struct tb_arena arena;
    struct client_room_view *views;
    size_t count;
    /* After a refused turn this reads everything again, so that the walk sees what stays. */
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 26);
    if (!tb_is_ok(client_rooms(who->client, &arena, &views, &count))) {
        sim_fail(who->sim, "client_rooms", who);
    }
    tb_arena_wipe(&arena);
}

static void sim_rows_check(struct sim_client *who, bool is_all)
{
    sim_rooms_read(who);
    for (struct client_room *room = who->client->rooms; room != NULL; room = room->next) {
        struct sim_timeline at;
        uint64_t newest = room->row.row_newest;
        bool is_part = !is_all && newest > SIM_CHECK_ROWS_MAX;
        sim_timeline_open(&at, who, room, is_part ? newest - SIM_CHECK_ROWS_MAX : 0);
        for (size_t i = 0; i < at.count; i++) sim_row_check(who, room, &at.rows[i]);
        tb_arena_wipe(&at.arena);
    }
}

void sim_check_rows(struct sim *sim)
{
    sim->check_count++;
    sim_model_check_epochs(sim);
    for (size_t i = 0; i < sim->client_count; i++) sim_rows_check(&sim->clients[i], false);
    sim_prove_altered(&sim->clients[0]);
}

/* ------------------------------------------------------------------ at the end */

/* The line of a text that was acknowledged. */
static void sim_line_check(struct sim_timeline *at, const struct sim_text *text,
                           const struct client_message_view *row)
{
    struct sim *sim = at->who->sim;
    if (row == NULL || row->is_failed) {
        fprintf(stderr, "missing: %s at %llu\n", text->text, (unsigned long long)text->room_seq);
        sim_fail(sim, "S4: an acknowledged message is lost", at->who);
    }
    const struct sim_text *shown = sim_model_text(sim, row->text);
    bool is_right = false;
    switch (row->revision) {
    case CLIENT_REVISION_NONE: is_right = shown == text; break;
    case CLIENT_REVISION_EDITED:
        is_right = shown != NULL && shown->of != SIZE_MAX && &sim->texts[shown->of] == text;
        break;
    case CLIENT_REVISION_EXPIRED: is_right = row->text.len == 0 && text->may_expire; break;
    default: is_right = row->text.len == 0;
    }
    if (is_right) return;
    fprintf(stderr, "%s at %llu is revision %u: %.*s\n", text->text,
            (unsigned long long)text->room_seq, row->revision, (int)row->text.len,
            (const char *)row->text.data);
    sim_fail(sim, "S3: another text stands at this number", at->who);
}

/* An edit or a deletion that was acknowledged is to be seen by who was there. */
static void sim_later_check(struct sim_timeline *at, const struct sim_text *later)
{
    struct sim *sim = at->who->sim;
    const struct sim_text *first = &sim->texts[later->of];
    bool is_edit = later->kind == CLIENT_MESSAGE_EDIT;
    bool is_end = later->kind == CLIENT_MESSAGE_DELETE;
    if (first->is_exempt || (!is_edit && !is_end)) return;
    if (first->room_seq <= at->room->row.joined_seq) return;
    const struct client_message_view *row = sim_timeline_find(at, first->room_seq);
    if (row == NULL) return; /* sim_line_check says so */
    if (row->revision == CLIENT_REVISION_NONE
        || (is_end && row->revision < CLIENT_REVISION_DELETED)) {
        fprintf(stderr, "%s at %llu\n", later->text, (unsigned long long)later->room_seq);
        sim_fail(sim, "S4: an acknowledged change of a message is lost", at->who);
    }
}

static void sim_timeline_check(struct sim_timeline *at)
{
    struct sim *sim = at->who->sim;
    for (size_t i = 0; i < sim->text_count; i++) {
        const struct sim_text *text = &sim->texts[i];
        if (!text->is_acknowledged || text->is_exempt || text->is_hostile) continue;
        if (!sim_is(at->room->row.room_uri, text->room)) continue;
        if (text->room_seq <= at->room->row.joined_seq) continue;
        if (sim->mode == SIM_HUB) continue; /* it may withhold what it acknowledged */
        if (text->of != SIZE_MAX) sim_later_check(at, text);
        else if (text->kind == CLIENT_MESSAGE_TEXT) {
            sim_line_check(at, text, sim_timeline_find(at, text->room_seq));
        }
    }
}

/* Where a device is, and is up to date. */
static bool sim_is_there(const struct sim_client *who, const struct client_room *room)
{
    /* A profile that went back and was not let rejoin has no part in what came since. */
    return room->row.state == CLIENT_ROOM_OPEN && who->wants_connection && room->group != NULL;
}

static struct client_room *sim_room_of(const struct sim_client *who, const char *uri)
{
    for (struct client_room *room = who->client->rooms; room != NULL; room = room->next) {
        if (sim_is(room->row.room_uri, uri) && sim_is_there(who, room)) return room;
    }
    return NULL;
}

/* S3 between two devices: the same number, the same text and the same fate. */
static void sim_timelines_compare(struct sim_timeline *a, struct sim_timeline *b)
{
    uint64_t from = a->room->row.joined_seq;
    if (from < b->room->row.joined_seq) from = b->room->row.joined_seq;
    for (size_t i = 0; i < a->count; i++) {
        const struct client_message_view *row = &a->rows[i];
        if (row->row_kind != CLIENT_LINE_MESSAGE || row->room_seq <= from) continue;
        const struct client_message_view *other = sim_timeline_find(b, row->room_seq);
        /* A device's clock says when a text has expired. */
        if (row->expires_ms != 0 || row->is_failed) continue;
        if (other == NULL || other->is_failed) sim_fail(a->who->sim, "S3: a gap", b->who);
        if (!tb_bytes_equal(row->text, other->text) || row->revision != other->revision) {
            fprintf(stderr, "%llu: %.*s (%u) and %.*s (%u)\n", (unsigned long long)row->room_seq,
                    (int)row->text.len, (const char *)row->text.data, row->revision,
                    (int)other->text.len, (const char *)other->text.data, other->revision);
            sim_fail(a->who->sim, "S3: two devices show another text", b->who);
        }
    }
}

static void sim_room_check(struct sim *sim, const char *uri)
{
    struct sim_timeline list[SIM_CLIENT_COUNT_MAX];
    size_t count = 0;
    for (size_t i = 0; i < sim->client_count; i++) {
        struct client_room *room = sim_room_of(&sim->clients[i], uri);
        if (room == NULL) continue;
        sim_timeline_open(&list[count], &sim->clients[i], room, 0);
        sim_timeline_check(&list[count++]);
    }
    for (size_t i = 1; i < count && !sim->has_lost_history && !sim->is_hostile; i++) {
        sim_timelines_compare(&list[0], &list[i]);
    }
    for (size_t i = 0; i < count; i++) tb_arena_wipe(&list[i].arena);
}

/* S8: each member of a room says one thing more; sim_room_check then finds it with all others. */
static void sim_room_probe(struct sim *sim, const char *uri)
{
    size_t ops[SIM_CLIENT_COUNT_MAX], count = 0;
    for (size_t i = 0; i < sim->client_count; i++) {
        struct sim_client *who = &sim->clients[i];
        if (sim_room_of(who, uri) != NULL) ops[count++] = sim_act_send(who, uri);
    }
    sim_settle(sim, 3000000);
    for (size_t i = 0; i < count; i++) {
        if (sim->has_lost_history || sim->mode == SIM_HUB) continue;
        struct sim_client *who = &sim->clients[sim->ops[ops[i]].client];
        if (sim_room_of(who, uri) == NULL) continue; /* removed meanwhile */
        sim_act_expect(sim, ops[i]);
        sim->probe_count++;
    }
}

/* S9: no tree holds a device that is banned. */
static void sim_banned_check(struct sim_client *banned, size_t room_index)
{
    struct sim *sim = banned->sim;
    for (size_t i = 0; i < sim->client_count && banned->banned_ms[room_index] != 0; i++) {
        const struct client_room *room = sim_room_of(&sim->clients[i], sim->rooms[room_index]);
        if (room == NULL || i == banned->index || sim->mode == SIM_HUB) continue;
        for (uint32_t k = 0; k < mls_group_leaf_count(room->group); k++) {
            struct mls_leaf_view leaf;
            if (!mls_group_leaf(room->group, k, &leaf)) continue;
            if (tb_bytes_equal(leaf.identity, client_device(banned->client))) {
                sim_fail(sim, "S9: a banned device is in the tree", &sim->clients[i]);
            }
        }
    }
}

void sim_check_end(struct sim *sim)
{
    sim_check_rows(sim);
    for (size_t i = 0; i < sim->client_count * SIM_ROOM_COUNT; i++) {
        sim_banned_check(&sim->clients[i / SIM_ROOM_COUNT], i % SIM_ROOM_COUNT);
    }
    for (size_t i = 0; i < SIM_ROOM_COUNT; i++) {
        if (sim->rooms[i][0] != 0) sim_room_probe(sim, sim->rooms[i]);
    }
    sim_model_check_epochs(sim);
    for (size_t i = 0; i < sim->client_count; i++) sim_rows_check(&sim->clients[i], true);
    for (size_t i = 0; i < SIM_ROOM_COUNT; i++) {
        if (sim->rooms[i][0] != 0) sim_room_check(sim, sim->rooms[i]);
    }
}
