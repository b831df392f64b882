/*
 * Pages of the log, in order.  A page is taken whole or not at all: what it changes and the cursor
 * behind it are one batch, and the cursor is acknowledged after that batch.  A page that needs
 * something from the hub first (stubs of a gap, records of new members) waits, and those behind it.
 */
#include "client/desk.h"

#include <string.h>

static bool client_room_waits(const struct client_room *room)
{
    return (room->flags & CLIENT_ROOM_WAITS_STUBS) != 0 || room->record_wait_count != 0
           || room->page_first != NULL;
}

static tb_status client_page_queue(struct client_turn *turn, struct client_room *room,
                                   tb_bytes encoded, bool at_front)
{
    if (!at_front && room->page_bytes + encoded.len > CLIENT_PAGE_QUEUE_BYTES_MAX) {
        room->flags |= CLIENT_ROOM_RESUBSCRIBE; /* the hub sends it again when we ask */
        return TB_STATUS(TB_OK);
    }
    if ((room->flags & CLIENT_ROOM_RESUBSCRIBE) != 0 && !at_front) return TB_STATUS(TB_OK);
    struct client_page *page = tb_mem_take(turn->client->config.mem, sizeof *page + encoded.len);
    if (page == NULL) return TB_STATUS(TB_NO_SPACE);
    page->len = encoded.len;
    memcpy(page->data, encoded.data, encoded.len);
    if (room->page_first == NULL) {
        room->page_first = room->page_last = page;
    } else if (at_front) {
        page->next = room->page_first;
        room->page_first = page;
    } else {
        room->page_last->next = page;
        room->page_last = page;
    }
    room->page_bytes += encoded.len;
    return TB_STATUS(TB_OK);
}

/* One run of messages, or one entry of another kind; log_seq contiguous. */
static tb_status client_page_check(const struct chat_page *page)
{
    size_t count = page->entries.count;
    const struct chat_entry *entries = page->entries.at;
    if (count == 0 || count > CHAT_RUN_LINK_COUNT_MAX) return TB_STATUS(CLIENT_HUB_ANSWER);
    if (entries[0].log_seq == 0) return TB_STATUS(CLIENT_HUB_ANSWER);
    if (count > 1 && entries[0].kind != CHAT_ENTRY_MESSAGE) return TB_STATUS(CLIENT_HUB_ANSWER);
    for (size_t i = 1; i < count; i++) {
        if (entries[i].kind != entries[0].kind) return TB_STATUS(CLIENT_HUB_ANSWER);
        if (entries[i].log_seq != entries[i - 1].log_seq + 1) return TB_STATUS(CLIENT_HUB_ANSWER);
    }
    return TB_STATUS(TB_OK);
}

/* An entry behind a tentative commit shows that it stood, unless it takes the commit back. */
static tb_status client_page_settle(struct client_turn *turn, struct client_room *room,
                                    const struct chat_entry *first)
{
    if (first->kind == CHAT_ENTRY_ROLLBACK || first->kind == CHAT_ENTRY_RESTORED) {
        return TB_STATUS(TB_OK);
    }
    if (room->row.tentative_seq != 0) {
        TRY(client_receive_final(turn, room, room->row.tentative_seq));
    }
    if (room->row.refused_seq == 0) return TB_STATUS(TB_OK);
    return client_receive_final(turn, room, room->row.refused_seq);
}

static tb_status client_page_entries(struct client_turn *turn, struct client_room *room,
                                     const struct chat_page *page, tb_bytes encoded,
                                     bool *is_blocked)
{
    const struct chat_entry *first = &page->entries.at[0];
    switch (first->kind) {
    case CHAT_ENTRY_MESSAGE: return client_run_take(turn, room, page, encoded, is_blocked);
    case CHAT_ENTRY_PROPOSAL: return client_commit_take_proposal(turn, room, first);
    case CHAT_ENTRY_COMMIT: return client_commit_take(turn, room, first, is_blocked);
    case CHAT_ENTRY_ROLLBACK: return client_commit_rollback(turn, room, first->body.rollback);
    case CHAT_ENTRY_RESTORED:
        return client_restore_entry(turn, room, first->log_seq, first->body.restored);
    default: return TB_STATUS(CLIENT_HUB_ANSWER);
    }
}

static tb_status client_cursor_ack(struct client_turn *turn, struct client_room *room)
{
    struct chat_cursor cursor = { room->row.room_uri, room->row.cursor };
    struct chat_cursors cursors = { { &cursor, 1 } };
    return client_request_send(turn, CHAT_VERB_CURSOR_ACK, &cursors, NULL, NULL);
}

tb_status client_receive_missing(struct client_turn *turn, struct client_room *room,
                                 const struct chat_room_state *state)
{
    struct mls_group *group;
    bool is_end = state->cursor > room->row.cursor && state->cursor >= state->log_seq;
    if (!is_end) return TB_STATUS(TB_OK); /* the page behind them shows it */
    TRY(client_room_group(turn, room, &group));
    if (state->epoch != mls_group_epoch(group)) {
        return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    }
    room->row.cursor = state->cursor;
    client_room_touch(room);
    return client_cursor_ack(turn, room);
}

/*
 * Entries before this page are missing.  The log is asked for again from our cursor, once: a page
 * may have overtaken another. If it comes so again, the hub has no more for us: the entries are
 * past retention, or we are banned and get nothing but the commit that removes us.
 */
static tb_status client_page_gap(struct client_turn *turn, struct client_room *room,
                                 uint64_t first_log_seq, bool *is_accepted)
{
    *is_accepted = true;
    room->flags &= ~(unsigned)CLIENT_ROOM_BEHIND_GAP;
    if (first_log_seq == room->row.cursor + 1) return TB_STATUS(TB_OK);
    bool is_known = room->gap_log_seq == first_log_seq || room->row.decision_number != 0;
    room->flags |= CLIENT_ROOM_BEHIND_GAP;
    if (is_known) return TB_STATUS(TB_OK);
    *is_accepted = false;
    /* Of the first answer; it comes again behind the page that we ask for. */
    if (room->gap_log_seq != 0 && first_log_seq > room->gap_log_seq) return TB_STATUS(TB_OK);
    room->gap_log_seq = first_log_seq;
    return client_session_subscribe(turn, room);
}

static tb_status client_page_take(struct client_turn *turn, struct client_room *room,
                                  tb_bytes encoded)
{
    struct chat_page page;
    bool is_blocked = false;
    TRY(client_answer_decode(turn, &chat_page_desc, encoded, &page));
    TRY(client_page_check(&page));
    const struct chat_entry *first = &page.entries.at[0];
    uint64_t last_seq = page.entries.at[page.entries.count - 1].log_seq;
    if (first->kind == CHAT_ENTRY_RESTORED && first->log_seq <= room->row.cursor
        && first->log_seq > room->row.restored_seq) {
        /* The hub counts anew from before our cursor: what we hold beyond is not its history. */
        return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    }
    if (last_seq <= room->row.cursor) return TB_STATUS(TB_OK); /* sent again */
    if (first->log_seq <= room->row.cursor) return TB_STATUS(CLIENT_HUB_ANSWER);

    bool is_accepted;
    TRY(client_page_gap(turn, room, first->log_seq, &is_accepted));
    if (!is_accepted) return TB_STATUS(TB_OK);
    TRY(client_page_settle(turn, room, first));
    if (!client_room_is_live(room)) return TB_STATUS(TB_OK);
    TRY(client_page_entries(turn, room, &page, encoded, &is_blocked));
    if (is_blocked) return client_page_queue(turn, room, encoded, true);
    if (room->row.state == CLIENT_ROOM_REJOINING) return TB_STATUS(TB_OK);
    room->row.cursor = last_seq;
    room->flags &= ~(unsigned)CLIENT_ROOM_RECORDS_ASKED;
    room->gap_log_seq = 0;
    client_room_touch(room);
    TRY(client_restore_page_keep(turn, room, first->log_seq, encoded));
    return client_cursor_ack(turn, room);
}

tb_status client_receive_page(struct client_turn *turn, tb_bytes encoded)
{
    struct chat_page page;
    struct client_room *room;
    TRY(client_answer_decode(turn, &chat_page_desc, encoded, &page));
    tb_status status = client_room_get(turn, page.room_uri, &room);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (!client_room_is_live(room) || (room->flags & CLIENT_ROOM_SUBSCRIBED) == 0) {
        return TB_STATUS(TB_OK);
    }
    if (client_room_waits(room)) return client_page_queue(turn, room, encoded, false);
    return client_page_take(turn, room, encoded);
}

tb_status client_receive_resume(struct client_turn *turn, struct client_room *room)
{
    while (room->page_first != NULL && client_room_is_live(room)) {
        if ((room->flags & CLIENT_ROOM_WAITS_STUBS) != 0 || room->record_wait_count != 0) {
            return TB_STATUS(TB_OK);
        }
        struct client_page *page = room->page_first;
        tb_bytes encoded;
        TRY(tb_arena_dup(&turn->arena, tb_bytes_of(page->data, page->len), &encoded));
        room->page_first = page->next;
        if (page->next == NULL) room->page_last = NULL;
        room->page_bytes -= page->len;
        tb_mem_give(turn->client->config.mem, page, sizeof *page + page->len);
        TRY(client_page_take(turn, room, encoded));
    }
    if ((room->flags & CLIENT_ROOM_RESUBSCRIBE) == 0 || !client_room_is_live(room)) {
        return TB_STATUS(TB_OK);
    }
    room->flags &= ~(unsigned)CLIENT_ROOM_RESUBSCRIBE;
    return client_session_subscribe(turn, room);
}

tb_status client_receive_final(struct client_turn *turn, struct client_room *room,
                               uint64_t log_seq)
{
    if (log_seq > room->row.final_seq) {
        room->row.final_seq = log_seq;
        client_room_touch(room);
    }
    if (room->row.refused_seq != 0 && room->row.refused_seq == log_seq) {
        /* Others could apply what we could not: our path of the tree is broken, not theirs. */
        return client_room_end(turn, room, CLIENT_ROOM_REJOINING);
    }
    if (room->row.tentative_seq == 0 || room->row.tentative_seq != log_seq) {
        return TB_STATUS(TB_OK);
    }
    room->row.tentative_seq = 0;
    client_room_touch(room);
    TRY(client_room_before_drop(turn, room));
    TRY(client_timeline_release(turn, room));
    if (room->row.kind == CHAT_ROOM_DESK) TRY(client_desk_members_seen(turn, room));
    return client_commit_own_final(turn, room);
}
