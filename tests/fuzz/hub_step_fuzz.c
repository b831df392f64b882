/*
 * The delivery engine under hostile clients.  Alice (an admin, with a desk) and Bob share a room;
 * both are logged in, a third connection is not.  The input is a program of events: raw frames,
 * requests with a raw or a made-up body, posts, ticks, closed connections, turns that end, turns
 * whose store refuses.  Made-up bodies are random values of the verb's table in which the names
 * that exist (rooms, people) are put where the table asks for such names, so that requests get
 * past the first check.
 *
 * Whatever comes: nothing crashes or leaks, every frame that leaves the hub is a value of its
 * table, and a refused turn leaves the store as it was.
 *
 * covers: hub_step hub_turn_end hub_turn_committed hub_turn_refused hub_new hub_free
 */
#include "tests/unit/hub_room.h"

#include "wire/tls_random.h"

#include "tests/fuzz/fuzz.h"

enum { OP_COUNT_MAX = 64, PEOPLE = 2, CONNS = 3 };

/* What was set up once; every run begins with a copy of its store. */
static struct world *before;

static void set_up(void)
{
    struct world_desk_keys keys;
    before = calloc(1, sizeof *before);
    FUZZ_REQUIRE(before != NULL);
    world_init(before, 1);
    world_usual(before, &keys, PEOPLE);
}

struct run {
    struct world *w;
    struct tb_arena *arena;
    tb_bytes program;
    uint16_t verbs[OP_COUNT_MAX + 1]; /* of each request, by request id */
    uint32_t request_count;
    hub_conn conns[CONNS];
    uint64_t row_bytes; /* in the store, when the turn began */
};

static uint32_t take_number(struct run *r, size_t octets)
{
    uint32_t value = 0;
    for (size_t i = 0; i < octets && r->program.len > 0; i++) {
        value = value << 8 | r->program.data[0];
        r->program = (tb_bytes){ r->program.data + 1, r->program.len - 1 };
    }
    return value;
}

static tb_bytes take_octets(struct run *r)
{
    size_t len = take_number(r, 2);
    if (len > r->program.len) len = r->program.len;
    tb_bytes octets = { r->program.data, len };
    r->program = (tb_bytes){ r->program.data + len, r->program.len - len };
    return octets;
}

/* ---- what leaves the hub ---- */

static void check_frame(struct run *r, tb_bytes frame)
{
    const struct wire_desc *desc = NULL;
    size_t head = 3;
    FUZZ_REQUIRE(frame.len >= 3);
    if (frame.data[0] == CHAT_FRAME_ANSWER) {
        head = 7;
        FUZZ_REQUIRE(frame.len >= head);
        uint32_t request_id = tb_get_u32(frame.data + 1);
        if (tb_get_u16(frame.data + 5) != CHAT_CODE_OK) {
            desc = &chat_error_desc;
        } else if (request_id <= OP_COUNT_MAX && chat_verb_row(r->verbs[request_id]) != NULL) {
            desc = chat_verb_row(r->verbs[request_id])->answer;
        }
    } else {
        FUZZ_REQUIRE(frame.data[0] == CHAT_FRAME_PUSH);
        FUZZ_REQUIRE(chat_push_row(tb_get_u16(frame.data + 1)) != NULL);
        desc = chat_push_row(tb_get_u16(frame.data + 1))->body;
    }
    if (desc == NULL) return; /* the answer to a raw frame */
    void *value = tb_arena_take(r->arena, 1, desc->size);
    FUZZ_REQUIRE(value != NULL);
    FUZZ_OK(wire_decode(desc, (tb_bytes){ frame.data + head, frame.len - head }, r->arena, value,
                        NULL));
}

static void end_turn(struct run *r, bool is_refused)
{
    struct world *w = r->w;
    world_open_turn(w);
    if (is_refused) w->store.commit_fault = STORE_MEM_REFUSES_ONCE;
    bool may_commit = hub_turn_end(w->hub, w->now_ms, &w->effects);
    bool is_done = may_commit && tb_is_ok(store_mem_commit(&w->store));
    if (!may_commit) store_mem_rollback(&w->store);
    w->store.commit_fault = STORE_MEM_WORKS;
    if (is_done) {
        hub_turn_committed(w->hub);
    } else {
        FUZZ_REQUIRE(w->store.row_bytes == r->row_bytes);
        hub_turn_refused(w->hub, &w->effects);
    }
    for (size_t i = 0; i < w->effects.count; i++) {
        const struct hub_effect *effect = &w->effects.at[i];
        if (effect->kind != HUB_EFFECT_SEND) continue;
        FUZZ_REQUIRE(effect->blob != NULL && effect->blob->ref_count > 0);
        check_frame(r, tb_bytes_of(effect->blob->data, effect->blob->len));
    }
    hub_effects_clear(&w->effects);
    r->row_bytes = w->store.row_bytes;
}

/* ---- requests ---- */

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name), end_len = strlen(end);
    return len >= end_len && strcmp(name + len - end_len, end) == 0;
}

/* Names that exist, where a row asks for one. */
static void fill_in(struct run *r, const struct wire_desc *desc, uint8_t *value, uint8_t choice)
{
    const struct world *w = r->w;
    const struct person *who = &w->people[choice % PEOPLE];
    for (size_t i = 0; i < desc->row_count; i++) {
        const struct wire_row *row = &desc->rows[i];
        tb_bytes name = { NULL, 0 };
        if (row->kind == WIRE_SUB) fill_in(r, row->sub, value + row->offset, choice);
        if (row->kind == WIRE_VEC) {
            struct wire_vec vec;
            memcpy(&vec, value + row->offset, sizeof vec);
            for (size_t at = 0; at < vec.count; at++) {
                fill_in(r, row->sub, (uint8_t *)vec.at + at * row->sub->size, choice);
            }
        }
        if (row->kind != WIRE_BYTES) continue;
        if (ends_with(row->name, "room_uri") || ends_with(row->name, "scope")) {
            name = w->rooms[choice / 4 % 2];
        } else if (ends_with(row->name, "device")) {
            name = who->device;
        } else if (ends_with(row->name, "account") || ends_with(row->name, "user") ||
                   ends_with(row->name, "_uri") || ends_with(row->name, "who")) {
            name = who->account;
        }
        if (name.len != 0) memcpy(value + row->offset, &name, sizeof name);
    }
}

static tb_bytes made_up_body(struct run *r, const struct wire_desc *desc)
{
    static const struct wire_random_bounds bounds = { .len_max = 80, .count_max = 3,
                                                      .item_max = 12 };
    struct test_rng rng;
    tb_bytes body = { NULL, 0 };
    test_rng_init(&rng, take_number(r, 2));
    uint8_t choice = (uint8_t)take_number(r, 1);
    void *value = tb_arena_take(r->arena, 1, desc->size);
    FUZZ_REQUIRE(value != NULL);
    FUZZ_OK(wire_random_make(desc, &rng.rng, &bounds, r->arena, value));
    fill_in(r, desc, value, choice);
    if (!tb_is_ok(wire_encode(desc, value, r->arena, &body))) body.len = 0;
    return body;
}

static uint16_t take_verb(struct run *r)
{
    static const uint16_t verbs[] = {
#define VERB_NUMBER(NAME_, NUMBER_, PATH_, ACCESS_, REQUEST_, ANSWER_) NUMBER_,
        CHAT_VERB_LIST(VERB_NUMBER)
    };
    return verbs[take_number(r, 1) % (sizeof verbs / sizeof verbs[0])];
}

static void request(struct run *r, bool is_made_up, bool is_post)
{
    hub_conn conn = r->conns[take_number(r, 1) % CONNS];
    uint16_t verb = take_verb(r);
    tb_bytes body = is_made_up ? made_up_body(r, chat_verb_row(verb)->request) : take_octets(r);
    if (is_post) {
        tb_bytes token = take_number(r, 1) % 2 == 0 ? TB_ARRAY(r->w->people[BOB].login.token)
                                                    : (tb_bytes){ NULL, 0 };
        world_event(r->w, (struct hub_event){ .kind = HUB_EVENT_POST, .conn = r->w->next_conn++,
                                              .verb = verb, .token = token, .bytes = body });
        return;
    }
    uint8_t *frame = tb_arena_take(r->arena, 6 + body.len, 1);
    FUZZ_REQUIRE(frame != NULL);
    tb_put_u32(frame, ++r->request_count);
    tb_put_u16(frame + 4, verb);
    if (body.len != 0) memcpy(frame + 6, body.data, body.len);
    r->verbs[r->request_count] = verb;
    world_event(r->w, (struct hub_event){ .kind = HUB_EVENT_FRAME, .conn = conn,
                                          .bytes = { frame, 6 + body.len } });
}

static void one_op(struct run *r)
{
    struct world *w = r->w;
    uint32_t op = take_number(r, 1) % 11, at;
    switch (op) {
    case 0:
        at = take_number(r, 1) % CONNS;
        world_event(w, (struct hub_event){ .kind = HUB_EVENT_FRAME, .conn = r->conns[at],
                                           .bytes = take_octets(r) });
        break;
    case 1: request(r, false, false); break;
    case 2:
    case 3:
    case 4: request(r, true, false); break;
    case 5: request(r, true, true); break;
    case 6:
        w->now_ms += (uint64_t)take_number(r, 4) * 16;
        world_event(w, (struct hub_event){ .kind = HUB_EVENT_TICK });
        break;
    case 7: end_turn(r, false); break;
    case 8: end_turn(r, true); break;
    case 9:
        at = take_number(r, 1) % CONNS;
        world_event(w, (struct hub_event){ .kind = HUB_EVENT_CLOSED, .conn = r->conns[at] });
        r->conns[at] = w->next_conn++;
        world_event(w, (struct hub_event){ .kind = HUB_EVENT_OPENED, .conn = r->conns[at],
                                           .is_admin = take_number(r, 1) % 4 == 0 });
        break;
    default:
        at = take_number(r, 1) % CONNS;
        world_event(w, (struct hub_event){ .kind = HUB_EVENT_DRAINED, .conn = r->conns[at] });
        break;
    }
}

FUZZ_TARGET(input, arena)
{
    if (before == NULL) set_up();
    struct world *w = calloc(1, sizeof *w);
    FUZZ_REQUIRE(w != NULL);
    world_init(w, 2);
    /* The hub of world_init made keys of its own; start over on a copy of the prepared store. */
    hub_free(w->hub);
    store_mem_wipe(&w->store);
    store_mem_init(&w->store);
    store_mem_copy(&w->store, &before->store);
    memcpy(w->people, before->people, sizeof w->people);
    memcpy(w->rooms, before->rooms, sizeof w->rooms);
    for (size_t i = 0; i < WORLD_PERSON_MAX; i++) {
        memset(w->people[i].groups, 0, sizeof w->people[i].groups); /* stay with `before` */
        w->people[i].conn = 0;
    }
    w->now_ms = before->now_ms;
    world_start(w);

    struct run r = { .w = w, .arena = arena, .program = input };
    for (size_t i = 0; i < PEOPLE; i++) {
        world_login(w, &w->people[i]);
        r.conns[i] = w->people[i].conn;
    }
    r.conns[PEOPLE] = w->next_conn++;
    world_event(w, (struct hub_event){ .kind = HUB_EVENT_OPENED, .conn = r.conns[PEOPLE] });
    FUZZ_REQUIRE(world_close_turn(w));
    r.row_bytes = w->store.row_bytes;
    while (r.program.len > 0 && r.request_count < OP_COUNT_MAX) one_op(&r);
    end_turn(&r, false);
    world_end(w);
    free(w);
}
