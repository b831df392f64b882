/* Reading: what a person sees, as views in the caller's arena.  Nothing here changes anything. */
#include "client/desk.h"
#include "client/revise.h"

#include <string.h>

#include "chat/records.h"

tb_status client_read_begin(struct client *client, struct tb_arena *arena, struct client_turn *turn)
{
    TRY(client_turn_read(turn, client));
    turn->arena = *arena;
    return TB_STATUS(TB_OK);
}

tb_status client_read_end(struct client_turn *turn, struct tb_arena *arena, tb_status status)
{
    *arena = turn->arena;
    return status;
}

/* ------------------------------------------------------------------ rooms */

static tb_status client_room_view_of(struct client_turn *turn, struct client_room *room,
                                     struct client_room_view *out)
{
    struct chat_policy_room policy;
    *out = (struct client_room_view){
        .kind = room->row.kind,
        .room_class = room->row.room_class,
        .state = room->row.state,
        .newest_seq = room->row.head_seq,
        .unread_count = room->row.row_final - room->row.row_read,
    };
    TRY(tb_arena_dup(&turn->arena, room->row.room_uri, &out->room));
    TRY(tb_arena_dup(&turn->arena, room->row.name, &out->name));
    if (!client_room_is_live(room)) return TB_STATUS(TB_OK);
    TRY(client_room_policy(turn, room, &policy));
    out->epoch = policy.context.epoch;
    for (size_t i = 0; i < policy.participants.participants.count; i++) {
        uint32_t role = policy.participants.participants.at[i].role_index;
        if (role != CHAT_ROLE_BANNED) out->participant_count++;
    }
    return TB_STATUS(TB_OK);
}

static tb_status client_rooms_read(struct client_turn *turn, struct client_room_view **out,
                                   size_t *count)
{
    size_t n = 0;
    for (struct client_room *room = turn->client->rooms; room != NULL; room = room->next) n++;
    struct client_room_view *views = tb_arena_take(&turn->arena, n, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    n = 0;
    for (struct client_room *room = turn->client->rooms; room != NULL; room = room->next) {
        TRY(client_room_view_of(turn, room, &views[n++]));
    }
    *out = views;
    *count = n;
    return TB_STATUS(TB_OK);
}

tb_status client_rooms(struct client *client, struct tb_arena *arena, struct client_room_view **out,
                       size_t *count)
{
    struct client_turn turn;
    TRY(client_read_begin(client, arena, &turn));
    return client_read_end(&turn, arena, client_rooms_read(&turn, out, count));
}

static bool client_room_fits(const struct client_room *room, tb_bytes text, bool *is_exact)
{
    tb_bytes uri = room->row.room_uri, name = room->row.name;
    struct wire_uri parts;
    *is_exact = tb_bytes_equal(uri, text) || tb_bytes_equal(name, text);
    if (*is_exact) return true;
    bool has_id = tb_is_ok(wire_uri_parse(uri, &parts));
    return tb_bytes_starts_with(name, text) || tb_bytes_starts_with(uri, text)
           || (has_id && tb_bytes_starts_with(parts.room, text));
}

tb_status client_room_find(struct client *client, tb_bytes text, struct tb_arena *arena,
                           tb_bytes *out)
{
    const struct client_room *exact = NULL, *prefix = NULL;
    size_t exact_count = 0, prefix_count = 0;
    if (text.len == 0) return TB_STATUS(TB_NOT_FOUND);
    for (const struct client_room *room = client->rooms; room != NULL; room = room->next) {
        bool is_exact;
        if (!client_room_fits(room, text, &is_exact)) continue;
        if (is_exact) {
            exact = room;
            exact_count++;
        } else {
            prefix = room;
            prefix_count++;
        }
    }
    size_t found = exact_count != 0 ? exact_count : prefix_count;
    if (found == 0) return TB_STATUS(TB_NOT_FOUND);
    if (found > 1) return TB_STATUS(CLIENT_AMBIGUOUS);
    return tb_arena_dup(arena, (exact != NULL ? exact : prefix)->row.room_uri, out);
}

/* ------------------------------------------------------------------ members */

static tb_status client_members_read(struct client_turn *turn, tb_bytes room_uri,
                                     struct client_member_view **out, size_t *count)
{
    struct client_room *room;
    struct chat_policy_room policy;
    struct chat_policy_leaf *leaves;
    size_t leaf_count;
    TRY(client_room_get(turn, room_uri, &room));
    TRY(client_room_policy(turn, room, &policy));
    TRY(client_room_leaves(turn, room, &leaves, &leaf_count));
    size_t n = policy.participants.participants.count;
    struct client_member_view *views = tb_arena_take(&turn->arena, n, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < n; i++) {
        const struct chat_user_role_pair *pair = &policy.participants.participants.at[i];
        views[i] = (struct client_member_view){
            .account = pair->user,
            .role_index = pair->role_index,
            .is_self = tb_bytes_equal(pair->user, turn->client->profile.account),
        };
        TRY(tb_arena_dup(&turn->arena, client_record_handle(turn, pair->user), &views[i].handle));
        for (size_t k = 0; k < leaf_count; k++) {
            if (chat_names_is_of_user(leaves[k].identity, pair->user)) views[i].device_count++;
        }
    }
    *out = views;
    *count = n;
    return TB_STATUS(TB_OK);
}

tb_status client_members(struct client *client, tb_bytes room, struct tb_arena *arena,
                         struct client_member_view **out, size_t *count)
{
    struct client_turn turn;
    TRY(client_read_begin(client, arena, &turn));
    return client_read_end(&turn, arena, client_members_read(&turn, room, out, count));
}

/* ------------------------------------------------------------------ messages */

static tb_status client_reply_view_of(struct client_turn *turn, struct client_room *room,
                                      tb_bytes reply_to, uint64_t *room_seq)
{
    struct client_message_id_row about;
    if (reply_to.len == 0) return TB_STATUS(TB_OK);
    tb_status status = client_message_id_get(turn, room, reply_to, &about);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    *room_seq = about.room_seq;
    return TB_STATUS(TB_OK);
}

static tb_status client_reaction_views_of(struct client_turn *turn,
                                          const struct client_line_row *line,
                                          struct client_message_view *out)
{
    size_t count = line->reactions.count;
    struct client_reaction_view *views = tb_arena_take(&turn->arena, count, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        const struct client_reaction_row *row = &line->reactions.at[i];
        views[i] = (struct client_reaction_view){
            .account = row->account,
            .text = row->text,
            .is_own = tb_bytes_equal(row->account, turn->client->profile.account),
        };
        TRY(tb_arena_dup(&turn->arena, client_record_handle(turn, row->account),
                         &views[i].handle));
    }
    out->reactions = views;
    out->reaction_count = count;
    return TB_STATUS(TB_OK);
}

static tb_status client_message_view_of(struct client_turn *turn, struct client_room *room,
                                        const struct client_pair *pair,
                                        struct client_message_view *out)
{
    struct client_line_row line;
    TRY(wire_decode(&client_line_row_desc, pair->value, &turn->arena, &line, NULL));
    *out = (struct client_message_view){
        .row = client_key_number_of(pair->key),
        .room_seq = line.room_seq,
        .at_ms = line.at_ms,
        .epoch = line.epoch,
        .account = line.account,
        .text = line.text,
        .content_type = line.content_type,
        .message_id = line.message_id,
        .is_own = line.is_own,
        .is_failed = line.is_failed,
        .is_verified = !line.is_failed && !line.is_marked,
        .row_kind = line.row_kind,
        .decision_number = line.decision_number,
        .expires_ms = line.expires_ms,
        .revised_ms = line.revised_ms,
        .revision = line.revision,
        .attachment_len = line.attachment_len,
        .reader_count = line.readers.count,
    };
    if (line.row_kind == CLIENT_LINE_MESSAGE && line.decision_number != 0
        && line.revision < CLIENT_REVISION_DELETED) {
        out->revision = CLIENT_REVISION_RETRACTED;
        out->text = (tb_bytes){ 0 }; /* kept as evidence, and for a reversal */
        out->attachment_len = 0;
    }
    TRY(client_reply_view_of(turn, room, line.reply_to, &out->reply_to_seq));
    TRY(client_reaction_views_of(turn, &line, out));
    return tb_arena_dup(&turn->arena, client_record_handle(turn, line.account), &out->handle);
}

static tb_status client_messages_read(struct client_turn *turn, tb_bytes room_uri,
                                      uint64_t after_row, size_t count_max,
                                      struct client_message_view **out, size_t *count)
{
    struct client_room *room;
    struct client_pairs rows = { 0 };
    TRY(client_room_get(turn, room_uri, &room));
    if (after_row < room->row.row_final) {
        TRY(client_table_of_room(turn, CLIENT_TABLE_ROWS, room->row.no, after_row + 1,
                                 room->row.row_final + 1, count_max, &rows));
    }
    struct client_message_view *views = tb_arena_take(&turn->arena, rows.count, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < rows.count; i++) {
        TRY(client_message_view_of(turn, room, &rows.at[i], &views[i]));
    }
    *out = views;
    *count = rows.count;
    return TB_STATUS(TB_OK);
}

tb_status client_messages(struct client *client, tb_bytes room, uint64_t after_row,
                          size_t count_max, struct tb_arena *arena,
                          struct client_message_view **out, size_t *count)
{
    struct client_turn turn;
    TRY(client_read_begin(client, arena, &turn));
    return client_read_end(&turn, arena,
                           client_messages_read(&turn, room, after_row, count_max, out, count));
}

tb_status client_mark_read(struct client *client, uint64_t now_ms, tb_bytes room_uri,
                           uint64_t row_read, struct client_effects *effects)
{
    struct client_turn turn;
    struct client_room *room;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_room_get(&turn, room_uri, &room);
    if (tb_is_ok(status) && row_read > room->row.row_read) {
        uint64_t row_before = room->row.row_read;
        room->row.row_read = row_read < room->row.row_final ? row_read : room->row.row_final;
        client_room_touch(room);
        status = client_receipt_make(&turn, room, row_before);
    }
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

/* ------------------------------------------------------------------ cases */

static tb_status client_case_files_of(struct client_turn *turn,
                                      const struct client_case_message *message,
                                      struct client_message_view *out)
{
    struct client_case_file_view *files =
        tb_arena_take(&turn->arena, message->files.count, sizeof *files);
    if (files == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < message->files.count; i++) {
        const struct client_case_file *file = &message->files.at[i];
        files[i] = (struct client_case_file_view){ .part_index = file->part_index,
                                                   .is_here = file->is_here,
                                                   .len = file->len,
                                                   .content_type = file->content_type,
                                                   .filename = file->filename };
    }
    out->files = files;
    out->file_count = message->files.count;
    return TB_STATUS(TB_OK);
}

static tb_status client_case_view_of(struct client_turn *turn, const struct client_case_row *row,
                                     struct client_case_view *out)
{
    struct client_message_view *messages =
        tb_arena_take(&turn->arena, row->messages.count, sizeof *messages);
    if (messages == NULL) return TB_STATUS(TB_NO_SPACE);
    *out = (struct client_case_view){
        .room = row->room_uri,
        .accused = row->accused,
        .note = row->note,
        .sentences = row->sentences,
        .proof = row->proof,
        .received_ms = row->received_ms,
        .number = row->number,
        .reason_code = row->reason_code,
        .level = row->level,
        .state = row->stage == CLIENT_STAGE_DECIDED ? 2 : 1,
        .decision_number = row->decision_number,
        .messages = messages,
        .message_count = row->messages.count,
        .is_verified = row->verdict == TB_OK,
        .verdict = row->verdict,
    };
    TRY(tb_arena_dup(&turn->arena, TB_ARRAY(row->report_id), &out->report_id));
    TRY(tb_arena_dup(&turn->arena, TB_ARRAY(row->reporter_pseudonym), &out->reporter_pseudonym));
    TRY(tb_arena_dup(&turn->arena, client_record_handle(turn, row->accused),
                     &out->accused_handle));
    for (size_t i = 0; i < row->messages.count; i++) {
        const struct client_case_message *message = &row->messages.at[i];
        messages[i] = (struct client_message_view){
            .row_kind = CLIENT_LINE_MESSAGE,
            .room_seq = message->room_seq,
            .at_ms = message->at_ms,
            .epoch = message->epoch,
            .account = message->account,
            .text = message->text,
            .content_type = message->content_type,
            .message_id = message->message_id,
            .is_target = message->is_target,
            .is_verified = message->opening == CHAT_OPENING_IS_FULL && message->verdict == TB_OK,
            .is_failed = message->opening == CHAT_OPENING_IS_FULL && message->verdict != TB_OK,
            .opening = message->opening,
            .level = message->level,
            .replaces_seq = message->replaces_seq,
            .is_tombstone = message->is_tombstone,
        };
        TRY(client_case_files_of(turn, message, &messages[i]));
        TRY(tb_arena_dup(&turn->arena, client_record_handle(turn, message->account),
                         &messages[i].handle));
    }
    return TB_STATUS(TB_OK);
}

static tb_status client_cases_read(struct client_turn *turn, struct client_case_view **out,
                                   size_t *count)
{
    struct client_pairs rows;
    TRY(client_table_all(turn, CLIENT_TABLE_CASES, &rows));
    struct client_case_view *views = tb_arena_take(&turn->arena, rows.count, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < rows.count; i++) {
        struct client_case_row row;
        TRY(wire_decode(&client_case_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        struct client_case_view view;
        TRY(client_case_view_of(turn, &row, &view));
        size_t k = i; /* by number: the order in which they came */
        for (; k > 0 && views[k - 1].number > view.number; k--) views[k] = views[k - 1];
        views[k] = view;
    }
    *out = views;
    *count = rows.count;
    return TB_STATUS(TB_OK);
}

tb_status client_cases(struct client *client, struct tb_arena *arena, struct client_case_view **out,
                       size_t *count)
{
    struct client_turn turn;
    TRY(client_read_begin(client, arena, &turn));
    return client_read_end(&turn, arena, client_cases_read(&turn, out, count));
}

tb_status client_case(struct client *client, tb_bytes report_id, struct tb_arena *arena,
                      struct client_case_view *out)
{
    struct client_turn turn;
    struct client_case_row row;
    TRY(client_read_begin(client, arena, &turn));
    tb_status status = client_case_get(&turn, report_id, &row);
    if (tb_is_ok(status)) status = client_case_view_of(&turn, &row, out);
    return client_read_end(&turn, arena, status);
}

/* ------------------------------------------------------------------ devices and codes */

static tb_status client_devices_read(struct client_turn *turn, struct client_device_view **out,
                                     size_t *count)
{
    const struct client_profile_row *profile = &turn->client->profile;
    struct chat_account_record record;
    if (profile->record.len == 0) return TB_STATUS(CLIENT_NOT_REGISTERED);
    TRY(wire_decode(&chat_account_record_desc, profile->record, &turn->arena, &record, NULL));
    struct client_device_view *views =
        tb_arena_take(&turn->arena, record.devices.count, sizeof *views);
    if (views == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < record.devices.count; i++) {
        const struct chat_device_key *device = &record.devices.at[i];
        views[i] = (struct client_device_view){
            .added_ms = device->added_ms,
            .is_active = device->status == CHAT_DEVICE_ACTIVE,
            .is_this = tb_bytes_equal(device->device, profile->device),
        };
        TRY(tb_arena_dup(&turn->arena, device->device, &views[i].device));
    }
    *out = views;
    *count = record.devices.count;
    return TB_STATUS(TB_OK);
}

tb_status client_devices(struct client *client, struct tb_arena *arena,
                         struct client_device_view **out, size_t *count)
{
    struct client_turn turn;
    TRY(client_read_begin(client, arena, &turn));
    return client_read_end(&turn, arena, client_devices_read(&turn, out, count));
}

static tb_status client_safety_read(struct client_turn *turn, tb_bytes account, tb_bytes *digits)
{
    struct client *client = turn->client;
    struct client_person_row person;
    struct chat_account_record record;
    char *code = tb_arena_take(&turn->arena, 1, CHAT_SAFETY_CODE_LEN);
    if (code == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(client_profile_check(client));
    TRY(client_record_get(turn, account, &person, &record));
    TRY(chat_records_safety_code(&client->suite, client->profile.account,
                                 crypto_signing_key_public(&client->account_key), account,
                                 record.account_key, code));
    *digits = tb_bytes_of(code, CHAT_SAFETY_CODE_LEN);
    return TB_STATUS(TB_OK);
}

tb_status client_safety_code(struct client *client, tb_bytes account, struct tb_arena *arena,
                             tb_bytes *digits)
{
    struct client_turn turn;
    TRY(client_read_begin(client, arena, &turn));
    return client_read_end(&turn, arena, client_safety_read(&turn, account, digits));
}
