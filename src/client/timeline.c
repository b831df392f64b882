/*
 * The timeline of a room: rows in the order in which they became true.  Rows of a commit that may
 * still roll back stand above row.row_final and are neither shown nor read before it is final.
 */
#include "client/rooms.h"

static enum client_show_kind client_line_show_kind(const struct client_line_row *line)
{
    switch (line->row_kind) {
    case CLIENT_LINE_JOINED: return CLIENT_SHOW_JOINED;
    case CLIENT_LINE_ADDED: return CLIENT_SHOW_MEMBER_ADDED;
    case CLIENT_LINE_REMOVED: return CLIENT_SHOW_MEMBER_REMOVED;
    case CLIENT_LINE_GAP: return CLIENT_SHOW_GAP;
    case CLIENT_LINE_RESTORED: return CLIENT_SHOW_HUB_RESTORED;
    case CLIENT_LINE_OWNER:
    case CLIENT_LINE_MODERATOR:
    case CLIENT_LINE_MEMBER: return CLIENT_SHOW_ROLE;
    default: return line->is_failed ? CLIENT_SHOW_FAILED_ENTRY : CLIENT_SHOW_MESSAGE;
    }
}

static uint32_t client_line_role(const struct client_line_row *line)
{
    switch (line->row_kind) {
    case CLIENT_LINE_OWNER: return CHAT_ROLE_OWNER;
    case CLIENT_LINE_MODERATOR: return CHAT_ROLE_MODERATOR;
    case CLIENT_LINE_MEMBER: return CHAT_ROLE_MEMBER;
    default: return CHAT_ROLE_NONE;
    }
}

static tb_status client_line_tell(struct client_turn *turn, struct client_room *room,
                                  const struct client_line_row *line)
{
    struct client_show show = {
        .kind = client_line_show_kind(line),
        .code = line->code,
        .number = line->room_seq,
        .role_index = client_line_role(line),
        .decision_number = line->decision_number,
        .at_ms = line->at_ms,
        .is_own = line->is_own,
        .is_verified = !line->is_failed && !line->is_marked,
        .room = room->row.room_uri,
        .room_name = room->row.name,
        .account = line->account,
        .handle = client_record_handle(turn, line->account),
        .text = line->text,
        .content_type = line->content_type,
        .message_id = line->message_id,
    };
    return client_show(turn, &show);
}

tb_status client_timeline_add(struct client_turn *turn, struct client_room *room,
                              const struct client_line_row *line, uint64_t *number)
{
    uint64_t next = room->row.row_newest + 1;
    TRY(client_table_put(turn, CLIENT_TABLE_ROWS, client_key_number(room->row.no, next),
                         &client_line_row_desc, line));
    room->row.row_newest = next;
    client_room_touch(room);
    if (number != NULL) *number = next;
    return TB_STATUS(TB_OK);
}

tb_status client_timeline_tell(struct client_turn *turn, struct client_room *room,
                               const struct client_line_row *line)
{
    TRY(client_timeline_add(turn, room, line, NULL));
    if (room->row.tentative_seq != 0) return TB_STATUS(TB_OK); /* told when it is final */
    room->row.row_final = room->row.row_newest;
    return client_line_tell(turn, room, line);
}

tb_status client_timeline_release(struct client_turn *turn, struct client_room *room)
{
    struct client_pairs rows;
    TRY(client_table_of_room(turn, CLIENT_TABLE_ROWS, room->row.no, room->row.row_final + 1,
                             room->row.row_newest + 1, SIZE_MAX, &rows));
    for (size_t i = 0; i < rows.count; i++) {
        struct client_line_row line;
        TRY(wire_decode(&client_line_row_desc, rows.at[i].value, &turn->arena, &line, NULL));
        TRY(client_line_tell(turn, room, &line));
    }
    room->row.row_final = room->row.row_newest;
    client_room_touch(room);
    return TB_STATUS(TB_OK);
}

tb_status client_timeline_undo(struct client_turn *turn, struct client_room *room)
{
    for (uint64_t n = room->row.row_final + 1; n <= room->row.row_newest; n++) {
        TRY(client_table_del(turn, CLIENT_TABLE_ROWS, client_key_number(room->row.no, n)));
    }
    room->row.row_newest = room->row.row_final;
    client_room_touch(room);
    return TB_STATUS(TB_OK);
}
