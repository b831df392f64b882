/* What must hold, whatever happens: S1 to S7 of sim.h. */
#include "tests/sim/sim.h"

#include <stdio.h>

#include "chat/content.h"
#include "chat/safe_aad.h"
#include "client/rooms.h"

void sim_trace(const struct sim_client *who, const char *format, ...)
{
    va_list args;
    if (!who->sim->is_trace) return;
    FILE *to = who->sim->trace != NULL ? who->sim->trace : stderr;
    fprintf(to, "%6llu %10llu %-8s ", (unsigned long long)who->sim->step,
            (unsigned long long)(who->sim->now_ms % 100000000u), who->handle);
    va_start(args, format);
    vfprintf(to, format, args);
    va_end(args);
    fputc('\n', to);
}

void sim_grow(void **list, size_t size, size_t count, size_t *cap)
{
    if (count < *cap) return;
    size_t more = *cap == 0 ? 256 : *cap * 2;
    uint8_t *grown = realloc(*list, more * size);
    if (grown == NULL) abort();
    memset(grown + *cap * size, 0, (more - *cap) * size);
    *list = grown;
    *cap = more;
}

size_t sim_model_op(struct sim *sim, struct sim_client *who, uint64_t op, uint8_t kind)
{
    SIM_GROW(sim->ops, sim->op_count, sim->op_cap);
    while (sim->op_first < sim->op_count && sim->ops[sim->op_first].is_over) sim->op_first++;
    size_t index = sim->op_count++;
    sim->ops[index] = (struct sim_op){
        .op = op, .kind = kind, .client = (uint8_t)who->index, .text = SIZE_MAX };
    return index;
}

bool sim_is(tb_bytes bytes, const char *text)
{
    return tb_bytes_equal(bytes, tb_bytes_text(text));
}

size_t sim_room_index(const struct sim *sim, tb_bytes uri)
{
    size_t i = 0;
    while (i < SIM_ROOM_COUNT && !sim_is(uri, sim->rooms[i])) i++;
    return i;
}

/* ------------------------------------------------------------------ shown */

static void sim_file_came(struct sim_client *who, const struct sim_op *op,
                          const struct client_show *show)
{
    const struct sim_text *text = &who->sim->texts[op->text];
    bool is_whole = show->text.len == text->file_len;
    for (size_t i = 0; is_whole && i < show->text.len; i++) {
        is_whole = show->text.data[i] == sim_file_octet(text->text, i);
    }
    if (!is_whole) sim_fail(who->sim, "S3: an attachment is another one", who);
    who->sim->file_count++;
}

static void sim_ban_done(struct sim *sim, const struct sim_op *op)
{
    struct sim_client *whom = &sim->clients[op->whom];
    if (op->kind == SIM_OP_BAN) sim->ban_count++;
    else sim->unban_count++;
    whom->banned_ms[op->room] = op->kind == SIM_OP_BAN ? sim->now_ms : 0;
}

static void sim_op_over(struct sim_client *who, const struct client_show *show)
{
    struct sim *sim = who->sim;
    for (size_t i = sim->op_first; i < sim->op_count; i++) {
        struct sim_op *op = &sim->ops[i];
        if (op->client != who->index || op->op != show->op || op->op == 0) continue;
        if (op->is_over) continue;
        op->is_over = true;
        op->is_done = show->kind == CLIENT_SHOW_DONE;
        op->code = show->code;
        op->number = show->number;
        if (op->is_done && op->kind == SIM_OP_SEND && op->text != SIZE_MAX) {
            struct sim_text *text = &sim->texts[op->text];
            text->is_acknowledged = true;
            if (text->is_exempt) return;
            if (text->room_seq != 0 && text->room_seq != show->number) {
                sim_fail(sim, "S4: the answer tells another number than the log", who);
            }
            text->room_seq = show->number;
        }
        if (op->is_done && op->kind == SIM_OP_FILE) sim_file_came(who, op, show);
        if (op->is_done && (op->kind == SIM_OP_BAN || op->kind == SIM_OP_UNBAN)) {
            sim_ban_done(sim, op);
        }
        if (op->is_done && op->kind == SIM_OP_LINK) {
            snprintf(who->link, sizeof who->link, "%.*s", (int)show->text.len,
                     (const char *)show->text.data);
        }
    }
}

/* "text 12 of ada" is number 12 of the list. */
struct sim_text *sim_model_text(struct sim *sim, tb_bytes text)
{
    size_t index = 0;
    if (!tb_bytes_starts_with(text, TB_LITERAL("text "))) return NULL;
    for (size_t i = 5; i < text.len && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        index = index * 10 + (size_t)(text.data[i] - '0');
        if (index >= sim->text_count) return NULL;
    }
    return sim_is(text, sim->texts[index].text) ? &sim->texts[index] : NULL;
}

/* S9: a ban that the desk knows to be in force keeps out what is said after it. */
static void sim_banned_shown(struct sim_client *who, const struct sim_text *text)
{
    size_t room = sim_room_index(who->sim, tb_bytes_text(text->room));
    if (room == SIM_ROOM_COUNT || who->banned_ms[room] == 0) return;
    if (text->said_ms <= who->banned_ms[room] || text->sender == who->index) return;
    sim_fail(who->sim, "S9: what was said after a ban reaches who is banned", who);
}

static void sim_message_shown(struct sim_client *who, const struct client_show *show)
{
    struct sim *sim = who->sim;
    sim->shown_count++;
    struct sim_text *text = sim_model_text(sim, show->text);
    bool is_own_kind = tb_bytes_starts_with(show->text, TB_LITERAL("text "))
                       || show->text.len == 0;
    if (text == NULL && sim->mode != SIM_HONEST && !is_own_kind
        && tb_bytes_starts_with(show->text, TB_LITERAL("forged"))) {
        sim_fail(sim, "S10: a forged text is shown", who);
    }
    if (text == NULL) return; /* typed messages */
    sim_banned_shown(who, text);
    uint32_t bit = UINT32_C(1) << who->index;
    if (text->is_exempt || text->is_hostile) return;
    if ((text->seen_by & bit) != 0) sim_fail(sim, "S3: a message is shown twice", who);
    if (!sim_is(show->room, text->room)) sim_fail(sim, "S3: shown in another room", who);
    if (text->room_seq != 0 && text->room_seq != show->number && sim->mode != SIM_HUB) {
        sim_fail(sim, "S3: one message has two numbers", who);
    }
    /* Several devices may be of one account. */
    if (!tb_bytes_equal(show->account, client_account(sim->clients[text->sender].client))) {
        sim_fail(sim, "S3: the sender is another one", who);
    }
    text->room_seq = show->number;
    text->seen_by |= bit;
}

/* What stands there now is what was said, an edit of it by who said it, or nothing. */
static void sim_revision_shown(struct sim_client *who, const struct client_show *show)
{
    struct sim *sim = who->sim;
    const struct sim_text *text = sim_model_text(sim, show->text);
    if (show->text.len == 0) return;
    bool is_chaos = sim->rooms[0][0] != 0; /* elsewhere the texts are a test's own */
    if (text == NULL && is_chaos) sim_fail(sim, "S10: an edit shows what nobody wrote", who);
    if (text == NULL || text->of == SIZE_MAX) return;
    const struct sim_text *first = &sim->texts[text->of];
    if (first->sender != text->sender || !sim_is(show->room, text->room)) {
        sim_fail(sim, "S10: a text is edited by another one", who);
    }
}

static const char *sim_show_name(enum client_show_kind kind)
{
    static const char *const NAMES[] = {
        "?",       "done",   "failed", "online",  "offline",    "synced",  "message",
        "added",   "removed", "role", "joined", "removed us", "failed entry", "gap",  "alarm",
        "restricted", "report waiting", "consent", "hub restored", "rolled back", "closed",
        "delayed", "revised", "reaction", "progress", "read", "desk anew"
    };
    return (size_t)kind < sizeof NAMES / sizeof NAMES[0] ? NAMES[kind] : "?";
}

void sim_model_shown(struct sim_client *who, const struct client_show *show)
{
    struct sim *sim = who->sim;
    if (show->kind == CLIENT_SHOW_REVISED) sim_revision_shown(who, show);
    sim_trace(who, "%s op %llu code %u number %llu %.*s: %.*s", sim_show_name(show->kind),
              (unsigned long long)show->op, show->code, (unsigned long long)show->number,
              (int)show->handle.len, (const char *)show->handle.data,
              show->text.len > 60 ? 60 : (int)show->text.len, (const char *)show->text.data);
    switch (show->kind) {
    case CLIENT_SHOW_FAILED:
        if (show->op == 0 && show->code == CHAT_CODE_DEVICE_REVOKED) {
            who->wants_connection = false; /* a copy whose original became another device */
        }
        sim_op_over(who, show);
        break;
    case CLIENT_SHOW_DONE: sim_op_over(who, show); break;
    case CLIENT_SHOW_ONLINE: who->is_restricted = show->is_restricted; break;
    case CLIENT_SHOW_SYNCED: who->is_synced = true; break;
    case CLIENT_SHOW_OFFLINE: who->is_synced = false; break;
    case CLIENT_SHOW_MESSAGE: sim_message_shown(who, show); break;
    case CLIENT_SHOW_MEMBER_REMOVED:
        if (show->decision_number != 0) sim->removed_by_desk_count++;
        break;
    case CLIENT_SHOW_DESK_ANEW: sim->desk_anew_count++; break;
    case CLIENT_SHOW_ROLE:
        if (show->decision_number != 0) sim->named_by_desk_count++;
        break;
    case CLIENT_SHOW_RESTRICTED:
        who->is_restricted = who->has_been_restricted = true;
        break;
    case CLIENT_SHOW_ROLLED_BACK:
        who->is_rolled_back = true;
        who->wants_connection = false; /* until its owner lets it rejoin */
        break;
    case CLIENT_SHOW_HUB_RESTORED: sim->hub_restored_count++; break;
    case CLIENT_SHOW_REPORT_WAITING: who->report_waiting_count++; break;
    case CLIENT_SHOW_FAILED_ENTRY:
        sim->failed_entry_count++;
        sim->last_failure = show->code;
        if (sim->is_hostile) break;
        /* A text that two histories of a hub hold is refused the second time (R10). */
        if (sim->has_lost_history && show->code == CHAT_FRANK_TWICE) break;
        /* A Welcome for a key package that came after the copy. */
        if (who->is_behind && show->number == 0) break;
        if (sim->mode == SIM_MEMBER) break; /* which ones: timelines.c */
        fprintf(stderr, "failed entry: code %u number %llu\n", show->code,
                (unsigned long long)show->number);
        sim_fail(sim, "S5: an entry of an honest world fails", who);
    case CLIENT_SHOW_ALARM:
        if (show->code == CLIENT_ALARM_CLOCK) break;
        /* Decisions went with the history (docs/architecture.md, The public log). */
        if (sim->has_lost_history && show->code == CLIENT_ALARM_LOG) break;
        sim->alarm_count++;
        sim->last_alarm = show->code;
        if (sim->is_hostile) break;
        /* Decisions that a backup did not hold are gone, and people are told of it. */
        if (sim->has_lost_history && show->code == CLIENT_ALARM_LOG) break;
        fprintf(stderr, "alarm: code %u number %llu\n", show->code,
                (unsigned long long)show->number);
        sim_fail(sim, "S6: an honest hub is accused", who);
    default: break;
    }
}

/* ------------------------------------------------------------------ sent and received */

void sim_model_received(const struct sim_client *who, tb_bytes frame)
{
    if (!who->sim->is_trace || frame.len < 3) return;
    if (frame.data[0] == CHAT_FRAME_PUSH) {
        const struct chat_push_row *row = chat_push_row(tb_get_u16(frame.data + 1));
        sim_trace(who, "<- %s %zu octets", row != NULL ? row->name : "?", frame.len - 3);
    } else if (frame.len >= 7 && tb_get_u16(frame.data + 5) != 0) {
        size_t detail = frame.len > 8 ? frame.data[7] : 0;
        if (detail > frame.len - 8) detail = frame.len - 8;
        sim_trace(who, "<- refused: %s: %.*s", chat_code_name(tb_get_u16(frame.data + 5)),
                  (int)detail, (const char *)frame.data + 8);
    }
}

static struct sim_sealed *sim_sealed_at(struct sim *sim, const struct sim_sealed *sealed)
{
    size_t at = tb_get_u64(sealed->tag) & (sim->sealed_cap - 1);
    for (;; at = (at + 1) & (sim->sealed_cap - 1)) {
        struct sim_sealed *known = &sim->sealed[at];
        if (!known->is_used) return known;
        if (memcmp(known->tag, sealed->tag, 32) == 0 && known->epoch == sealed->epoch) {
            return known;
        }
    }
}

static void sim_sealed_see(struct sim_client *who, const struct sim_sealed *sealed)
{
    struct sim *sim = who->sim;
    if (sim->sealed_count * 2 >= sim->sealed_cap) {
        struct sim_sealed *old = sim->sealed;
        size_t count = sim->sealed_cap;
        sim->sealed_cap = count == 0 ? 1024 : count * 2;
        sim->sealed = calloc(sim->sealed_cap, sizeof *old);
        if (sim->sealed == NULL) abort();
        for (size_t i = 0; i < count; i++) {
            if (old[i].is_used) *sim_sealed_at(sim, &old[i]) = old[i];
        }
        free(old);
    }
    struct sim_sealed *known = sim_sealed_at(sim, sealed);
    if (known->is_used && memcmp(known->ct_hash, sealed->ct_hash, 32) != 0) {
        sim_fail(sim, "S5: two ciphertexts of one message in one epoch", who);
    }
    if (known->is_used) return;
    *known = *sealed;
    sim->sealed_count++;
}

void sim_model_sent(struct sim_client *who, tb_bytes frame)
{
    struct sim *sim = who->sim;
    struct tb_arena arena;
    struct chat_request_frame request;
    struct chat_submit submit;
    struct mls_message message;
    struct sim_sealed sealed = { .epoch = 0 };
    tb_arena_init(&arena, &sim->heap.mem, 1 << 24);
    if (!tb_is_ok(wire_decode(&chat_request_frame_desc, frame, &arena, &request, NULL))) {
        sim_fail(sim, "a client sends what does not parse", who);
    }
    const struct chat_verb_row *row = chat_verb_row(request.verb);
    sim_trace(who, "-> %s %zu octets", row != NULL ? row->path : "?", request.body.len);
    if (request.verb == CHAT_VERB_SUBMIT) {
        if (!tb_is_ok(wire_decode(&chat_submit_desc, request.body, &arena, &submit, NULL))
            || !tb_is_ok(wire_decode(&mls_message_desc, submit.app_message, &arena, &message, NULL))
            || !tb_is_ok(chat_safe_aad_tag(message.of.private_message->authenticated_data,
                                           sealed.tag))) {
            sim_fail(sim, "a submit does not parse", who);
        }
        sealed.epoch = message.of.private_message->epoch;
        tb_bytes octets = submit.app_message;
        if (!tb_is_ok(crypto_backend_native()->hash(crypto_backend_native(), CRYPTO_SHA256, &octets,
                                                    1, sealed.ct_hash))) {
            sim_fail(sim, "hash", who);
        }
        sealed.is_used = true;
        struct sim_client *thief = &sim->clients[sim->client_count - 1];
        if (request.body.len <= sizeof thief->newest_submit) {
            memcpy(thief->newest_submit, request.body.data, request.body.len);
            thief->newest_submit_len = request.body.len;
        }
        sim_sealed_see(who, &sealed);
    }
    tb_arena_wipe(&arena);
}

/* ------------------------------------------------------------------ epochs */

static uint32_t sim_members_of(struct sim *sim, const struct mls_group *group)
{
    uint32_t members = 0;
    for (uint32_t i = 0; i < mls_group_leaf_count(group); i++) {
        struct mls_leaf_view leaf;
        if (!mls_group_leaf(group, i, &leaf)) continue;
        for (size_t k = 0; k < sim->client_count; k++) {
            tb_bytes device = client_device(sim->clients[k].client);
            if (tb_bytes_equal(device, leaf.identity)) members |= UINT32_C(1) << k;
        }
    }
    return members;
}

/* The newest first: most questions are about now. */
const struct sim_epoch *sim_model_epoch(struct sim *sim, tb_bytes room, uint64_t epoch)
{
    for (size_t i = sim->epoch_count; i-- > 0;) {
        const struct sim_epoch *at = &sim->epochs[i];
        if (at->epoch == epoch && sim_is(room, at->room)) return at;
    }
    return NULL;
}

static void sim_epoch_see(struct sim_client *who, struct client_room *room)
{
    struct sim *sim = who->sim;
    tb_bytes authenticator = mls_group_epoch_authenticator(room->group);
    uint64_t epoch = mls_group_epoch(room->group);
    const struct sim_epoch *known = sim_model_epoch(sim, room->row.room_uri, epoch);
    if (known == NULL) {
        SIM_GROW(sim->epochs, sim->epoch_count, sim->epoch_cap);
        struct sim_epoch *added = &sim->epochs[sim->epoch_count++];
        snprintf(added->room, sizeof added->room, "%.*s", (int)room->row.room_uri.len,
                 (const char *)room->row.room_uri.data);
        added->epoch = epoch;
        added->len = authenticator.len;
        memcpy(added->authenticator, authenticator.data, authenticator.len);
        added->members = sim_members_of(sim, room->group);
        return;
    }
    if (!tb_bytes_equal(tb_bytes_of(known->authenticator, known->len), authenticator)) {
        sim_fail(sim, "S1: two members of one epoch do not agree", who);
    }
}

void sim_model_check_epochs(struct sim *sim)
{
    for (size_t i = 0; i < sim->client_count; i++) {
        struct sim_client *who = &sim->clients[i];
        if (who->client->must_reload || who->client->is_void) continue;
        for (struct client_room *room = who->client->rooms; room != NULL; room = room->next) {
            bool is_final = room->row.tentative_seq == 0 && room->row.refused_seq == 0;
            if (room->row.state != CLIENT_ROOM_OPEN || room->group == NULL || !is_final) continue;
            sim_epoch_see(who, room);
        }
    }
}

/* Where everybody stands, when something went wrong. */
void sim_model_dump(struct sim *sim)
{
    for (size_t i = 0; i < sim->client_count; i++) {
        struct sim_client *who = &sim->clients[i];
        fprintf(stderr, "%s: connected %d online %d idle %d synced %d requests %zu\n", who->handle,
                who->is_connected, client_is_online(who->client), client_is_idle(who->client),
                who->is_synced, who->client->request_count);
        for (struct client_room *room = who->client->rooms; room != NULL; room = room->next) {
            const struct client_room_row *row = &room->row;
            size_t pending = 0;
            uint64_t epoch = 0;
            if (room->group != NULL) {
                pending = mls_group_pending_proposal_count(room->group);
                epoch = mls_group_epoch(room->group);
            }
            fprintf(stderr,
                    "  %-10.*s state %u epoch %llu cursor %llu/%llu final %llu tentative %llu "
                    "refused %llu head %llu pending %zu duty %u commit %u flags %x steady %d "
                    "waits %u\n",
                    (int)row->name.len, (const char *)row->name.data, row->state,
                    (unsigned long long)epoch, (unsigned long long)row->cursor,
                    (unsigned long long)room->hub_log_seq, (unsigned long long)row->final_seq,
                    (unsigned long long)row->tentative_seq, (unsigned long long)row->refused_seq,
                    (unsigned long long)row->head_seq, pending, row->duty, row->has_commit,
                    room->flags, client_room_is_steady(who->client, room),
                    room->record_wait_count);
            for (struct client_intent *in = room->intents; in != NULL; in = in->next) {
                fprintf(stderr, "    intent kind %u stage %u not before %lld op %llu %.*s\n",
                        in->kind, in->stage,
                        (long long)(in->not_before_ms - sim_client_now(who)),
                        (unsigned long long)in->op, (int)in->account.len,
                        (const char *)in->account.data);
            }
            for (size_t k = 0; k < pending; k++) {
                struct mls_staged_proposal p;
                if (!mls_group_pending_proposal(room->group, k, &p)) continue;
                fprintf(stderr, "    proposal %u by %u %u\n", p.proposal->proposal_type,
                        p.sender_type, p.sender_index);
            }
        }
    }
}

void sim_model_hub_went_back(struct sim *sim)
{
    for (size_t i = 0; i < sim->text_count; i++) sim->texts[i].is_exempt = true;
    for (size_t i = 0; i < sim->client_count; i++) {
        memset(sim->clients[i].banned_ms, 0, sizeof sim->clients[i].banned_ms);
    }
    sim->epoch_count = 0;
    sim->has_lost_history = true;
}

/* Rows above this are the newest SIM_CHECK_ROWS_MAX. */
static uint64_t sim_rows_after(const struct sim_client *who, tb_bytes uri)
{
    for (const struct client_room *room = who->client->rooms; room != NULL; room = room->next) {
        if (!tb_bytes_equal(room->row.room_uri, uri)) continue;
        uint64_t newest = room->row.row_newest;
        return newest > SIM_CHECK_ROWS_MAX ? newest - SIM_CHECK_ROWS_MAX : 0;
    }
    return 0;
}

uint64_t sim_model_newest_seq(struct sim_client *who, const char *room, const char *handle)
{
    struct tb_arena arena;
    struct client_message_view *rows;
    size_t count;
    uint64_t seq = 0;
    tb_arena_init(&arena, &who->sim->heap.mem, 1 << 26);
    tb_status status = client_messages(who->client, tb_bytes_text(room),
                                       sim_rows_after(who, tb_bytes_text(room)), SIZE_MAX, &arena,
                                       &rows, &count);
    if (status.code == TB_NOT_FOUND) return 0; /* not in this room */
    if (!tb_is_ok(status)) sim_fail(who->sim, "client_messages", who);
    for (size_t i = 0; i < count; i++) {
        bool is_message = rows[i].row_kind == CLIENT_LINE_MESSAGE && !rows[i].is_failed;
        if (is_message && tb_bytes_equal(rows[i].handle, tb_bytes_text(handle))) {
            seq = rows[i].room_seq;
        }
    }
    tb_arena_wipe(&arena);
    return seq;
}
