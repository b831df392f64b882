/*
 * Edits, deletions and reactions (spec 2.5.9).  `replaces` always names the first version.  The
 * room's roles say who may do what; of what another may not do, nothing comes of it here.
 */
#include "client/revise.h"

#include <string.h>

#include "client/prune.h"
#include "wire/text.h"

/* ------------------------------------------------------------------ message ids */

static struct client_key client_message_id_key(const struct client_room *room, tb_bytes id)
{
    struct client_key key = { .len = 4 + id.len };
    tb_put_u32(key.data, room->row.no);
    memcpy(key.data + 4, id.data, id.len);
    return key;
}

tb_status client_message_id_get(struct client_turn *turn, struct client_room *room, tb_bytes id,
                                struct client_message_id_row *out)
{
    if (id.len != CHAT_MESSAGE_ID_LEN) return TB_STATUS(TB_NOT_FOUND);
    return client_table_get(turn, CLIENT_TABLE_MESSAGE_IDS, client_message_id_key(room, id),
                            &client_message_id_row_desc, out);
}

tb_status client_message_id_put(struct client_turn *turn, struct client_room *room, tb_bytes id,
                                const struct client_message_id_row *row)
{
    return client_table_put(turn, CLIENT_TABLE_MESSAGE_IDS, client_message_id_key(room, id),
                            &client_message_id_row_desc, row);
}

tb_status client_message_id_del(struct client_turn *turn, struct client_room *room, tb_bytes id)
{
    return client_table_del(turn, CLIENT_TABLE_MESSAGE_IDS, client_message_id_key(room, id));
}

/* ------------------------------------------------------------------ lines */

static tb_status client_line_get(struct client_turn *turn, struct client_room *room, uint64_t row,
                                 struct client_line_row *out)
{
    return client_table_get(turn, CLIENT_TABLE_ROWS, client_key_number(room->row.no, row),
                            &client_line_row_desc, out);
}

static tb_status client_line_put(struct client_turn *turn, struct client_room *room, uint64_t row,
                                 const struct client_line_row *line)
{
    return client_table_put(turn, CLIENT_TABLE_ROWS, client_key_number(room->row.no, row),
                            &client_line_row_desc, line);
}

tb_status client_revise_line(struct client_turn *turn, struct client_room *room, uint64_t row,
                             const struct client_line_row *line, tb_bytes by)
{
    struct client_show show = {
        .kind = CLIENT_SHOW_REVISED,
        .code = line->revision,
        .number = line->room_seq,
        .at_ms = line->revised_ms,
        .is_own = line->is_own,
        .room = room->row.room_uri,
        .room_name = room->row.name,
        .account = by,
        .handle = client_record_handle(turn, by),
        .text = line->text,
        .message_id = line->message_id,
    };
    TRY(client_line_put(turn, room, row, line));
    return client_show(turn, &show);
}

static tb_status client_reaction_tell(struct client_turn *turn, struct client_room *room,
                                      const struct client_line_row *line,
                                      const struct client_later *later, tb_bytes text)
{
    struct client_show show = {
        .kind = CLIENT_SHOW_REACTION,
        .number = line->room_seq,
        .at_ms = later->at_ms,
        .is_own = tb_bytes_equal(later->account, turn->client->profile.account),
        .room = room->row.room_uri,
        .room_name = room->row.name,
        .account = later->account,
        .handle = client_record_handle(turn, later->account),
        .text = text,
        .message_id = line->message_id,
    };
    return client_show(turn, &show);
}

/* ------------------------------------------------------------------ reactions */

static bool client_reaction_fits(tb_bytes text)
{
    return text.len != 0 && text.len <= CLIENT_REACTION_LEN_MAX;
}

static tb_status client_react(struct client_turn *turn, struct client_room *room,
                              const struct client_later *later, uint64_t row,
                              struct client_message_id_row *about)
{
    struct client_line_row line;
    tb_bytes text;
    if (!tb_is_ok(chat_content_text(later->content, &text)) || !client_reaction_fits(text)
        || !chat_policy_user_can(later->policy, later->account, CHAT_CAN_REACT_TO_MESSAGE)) {
        return TB_STATUS(TB_OK);
    }
    TRY(client_line_get(turn, room, row, &line));
    if (line.revision >= CLIENT_REVISION_DELETED
        || line.reactions.count == CLIENT_REACTION_COUNT_MAX) {
        return TB_STATUS(TB_OK);
    }
    for (size_t i = 0; i < line.reactions.count; i++) {
        const struct client_reaction_row *known = &line.reactions.at[i];
        if (tb_bytes_equal(known->account, later->account) && tb_bytes_equal(known->text, text)) {
            return TB_STATUS(TB_OK);
        }
    }
    struct client_reaction_row *all =
        tb_arena_take(&turn->arena, line.reactions.count + 1, sizeof *all);
    if (all == NULL) return TB_STATUS(TB_NO_SPACE);
    if (line.reactions.count != 0) {
        memcpy(all, line.reactions.at, line.reactions.count * sizeof *all);
    }
    struct client_reaction_row *last = &all[line.reactions.count];
    *last = (struct client_reaction_row){ .account = later->account, .text = text };
    memcpy(last->message_id, later->message_id, CHAT_MESSAGE_ID_LEN);
    line.reactions.at = all;
    line.reactions.count++;
    TRY(client_line_put(turn, room, row, &line));
    about->row = row;
    about->is_reaction = true;
    return client_reaction_tell(turn, room, &line, later, text);
}

static tb_status client_unreact(struct client_turn *turn, struct client_room *room,
                                const struct client_later *later, uint64_t row)
{
    struct client_line_row line;
    TRY(client_line_get(turn, room, row, &line));
    for (size_t i = 0; i < line.reactions.count; i++) {
        struct client_reaction_row *known = &line.reactions.at[i];
        if (!tb_bytes_equal(TB_ARRAY(known->message_id), later->content->replaces)) continue;
        if (!tb_bytes_equal(known->account, later->account)) return TB_STATUS(TB_OK);
        line.reactions.count--;
        memmove(known, known + 1, (line.reactions.count - i) * sizeof *known);
        TRY(client_line_put(turn, room, row, &line));
        return client_reaction_tell(turn, room, &line, later, (tb_bytes){ 0 });
    }
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ edits and deletions */

static bool client_may_revise(const struct client_later *later, const struct client_line_row *line,
                              bool is_deletion, bool *is_other)
{
    uint16_t capability = is_deletion ? CHAT_CAN_DELETE_OWN_MESSAGE : CHAT_CAN_EDIT_OWN_MESSAGE;
    *is_other = !tb_bytes_equal(line->account, later->account);
    if (*is_other) capability = CHAT_CAN_DELETE_OTHER_MESSAGE;
    return (!*is_other || is_deletion)
           && chat_policy_user_can(later->policy, later->account, capability);
}

static tb_status client_replace(struct client_turn *turn, struct client_room *room,
                                const struct client_later *later, uint64_t row,
                                uint64_t *expires_ms)
{
    struct client_line_row line;
    bool is_deletion = chat_content_is_tombstone(later->content), is_other;
    TRY(client_line_get(turn, room, row, &line));
    if (line.revision >= CLIENT_REVISION_DELETED || line.row_kind != CLIENT_LINE_MESSAGE
        || !client_may_revise(later, &line, is_deletion, &is_other)) {
        return TB_STATUS(TB_OK);
    }
    if (is_deletion) {
        line.revision = is_other ? CLIENT_REVISION_MODERATED : CLIENT_REVISION_DELETED;
        line.text = (tb_bytes){ 0 };
        line.reactions.count = 0;
    } else {
        if (!tb_is_ok(chat_content_text(later->content, &line.text))) return TB_STATUS(TB_OK);
        line.revision = CLIENT_REVISION_EDITED;
        *expires_ms = line.expires_ms; /* every version goes when the first one does */
    }
    line.revised_ms = later->at_ms;
    return client_revise_line(turn, room, row, &line, later->account);
}

tb_status client_revise_retract(struct client_turn *turn, struct client_room *room, uint64_t row,
                                uint64_t number, uint64_t at_ms)
{
    struct client_line_row line;
    TRY(client_line_get(turn, room, row, &line));
    if (line.row_kind != CLIENT_LINE_MESSAGE || line.decision_number == number) {
        return TB_STATUS(TB_OK); /* proposed again for another epoch */
    }
    line.decision_number = number;
    TRY(client_line_put(turn, room, row, &line));
    struct client_show show = {
        .kind = CLIENT_SHOW_REVISED,
        .code = number != 0 ? CLIENT_REVISION_RETRACTED : CLIENT_REVISION_RESTORED,
        .number = line.room_seq,
        .decision_number = number,
        .at_ms = at_ms,
        .is_own = line.is_own,
        .room = room->row.room_uri,
        .room_name = room->row.name,
        .text = number != 0 ? (tb_bytes){ 0 } : line.text,
        .message_id = line.message_id,
    };
    return client_show(turn, &show);
}

bool client_revise_is_later(const struct chat_content *content)
{
    return content->replaces.len != 0
           || (content->in_reply_to.len != 0
               && content->part.disposition == CHAT_DISPOSITION_REACTION);
}

tb_status client_revise_take(struct client_turn *turn, struct client_room *room,
                             const struct client_later *later,
                             struct client_message_id_row *about, uint64_t *expires_ms)
{
    struct client_message_id_row target;
    const struct chat_content *content = later->content;
    bool is_reaction = content->replaces.len == 0;
    tb_status status = client_message_id_get(
        turn, room, is_reaction ? content->in_reply_to : content->replaces, &target);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (target.row == 0) return TB_STATUS(TB_OK);
    if (is_reaction) {
        if (target.is_reaction) return TB_STATUS(TB_OK);
        return client_react(turn, room, later, target.row, about);
    }
    if (target.is_reaction) {
        if (!chat_content_is_tombstone(content)) return TB_STATUS(TB_OK);
        return client_unreact(turn, room, later, target.row);
    }
    return client_replace(turn, room, later, target.row, expires_ms);
}

/* ------------------------------------------------------------------ acts */

/* The message concerned, as it stands here. */
static tb_status client_message_target(struct client_turn *turn, struct client_room *room,
                                       uint64_t room_seq, struct client_line_row *out)
{
    struct client_evidence_row evidence;
    tb_status status = client_evidence_get(turn, room, room_seq, &evidence);
    if (status.code == TB_NOT_FOUND) TRY(client_prune_check(turn, room, room_seq, NULL));
    if (status.code == TB_NOT_FOUND || (tb_is_ok(status) && evidence.row == 0)) {
        return TB_STATUS(CLIENT_MESSAGE_UNKNOWN);
    }
    TRY(status);
    TRY(client_line_get(turn, room, evidence.row, out));
    if (out->is_failed || out->message_id.len == 0) return TB_STATUS(CLIENT_MESSAGE_CLOSED);
    if (out->revision >= CLIENT_REVISION_DELETED) return TB_STATUS(CLIENT_MESSAGE_GONE);
    return TB_STATUS(TB_OK);
}

/* Our own reaction with this text, or the newest. */
static tb_status client_own_reaction(const struct client_turn *turn,
                                     const struct client_line_row *line, tb_bytes text,
                                     tb_bytes *id)
{
    for (size_t i = line->reactions.count; i-- > 0;) {
        struct client_reaction_row *known = &line->reactions.at[i];
        if (!tb_bytes_equal(known->account, turn->client->profile.account)) continue;
        if (text.len != 0 && !tb_bytes_equal(known->text, text)) continue;
        *id = TB_ARRAY(known->message_id);
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(CLIENT_MESSAGE_UNKNOWN);
}

static tb_status client_message_about(struct client_turn *turn, struct client_room *room,
                                      const struct client_message_params *params,
                                      const struct chat_policy_room *policy,
                                      struct client_send_params *send)
{
    struct client_line_row line;
    tb_bytes account = turn->client->profile.account;
    TRY(client_message_target(turn, room, params->of_seq, &line));
    bool is_others = !tb_bytes_equal(line.account, account);
    uint16_t needs;
    switch (params->kind) {
    case CLIENT_MESSAGE_REPLY:
        needs = CHAT_CAN_REPLY_TO_MESSAGE;
        send->in_reply_to = line.message_id;
        break;
    case CLIENT_MESSAGE_EDIT:
        if (is_others) return TB_STATUS(CLIENT_MESSAGE_OTHERS);
        needs = CHAT_CAN_EDIT_OWN_MESSAGE;
        send->replaces = line.message_id;
        if (line.expires_ms > turn->now_ms) {
            send->expires_s = (uint32_t)((line.expires_ms - turn->now_ms) / 1000 + 1);
        }
        break;
    case CLIENT_MESSAGE_DELETE:
        needs = is_others ? CHAT_CAN_DELETE_OTHER_MESSAGE : CHAT_CAN_DELETE_OWN_MESSAGE;
        send->replaces = line.message_id;
        send->is_tombstone = true;
        break;
    case CLIENT_MESSAGE_REACT:
        if (!client_reaction_fits(params->text)) return TB_STATUS(CLIENT_REACTION_LENGTH);
        needs = CHAT_CAN_REACT_TO_MESSAGE;
        send->in_reply_to = line.message_id;
        send->is_reaction = true;
        break;
    default:
        needs = CHAT_CAN_REACT_TO_MESSAGE;
        send->is_tombstone = true;
        TRY(client_own_reaction(turn, &line, params->text, &send->replaces));
        break;
    }
    return chat_policy_user_can(policy, account, needs) ? TB_STATUS(TB_OK)
                                                        : TB_STATUS(CLIENT_PERMISSION);
}

static bool client_message_has_text(enum client_message_kind kind)
{
    return kind != CLIENT_MESSAGE_DELETE && kind != CLIENT_MESSAGE_UNREACT;
}

static tb_status client_message_make(struct client_turn *turn,
                                     const struct client_message_params *params, uint64_t *op)
{
    struct client_room *room;
    struct chat_policy_room policy;
    struct client_send_params send = { 0 };
    bool has_text = client_message_has_text(params->kind);
    TRY(client_room_open(turn, params->room, &room));
    if (params->text.len > CLIENT_TEXT_LEN_MAX || (has_text && params->text.len == 0)) {
        return TB_STATUS(CLIENT_TEXT_LENGTH);
    }
    if (!wire_text_is_utf8(params->text)) return TB_STATUS(WIRE_TEXT);
    TRY(client_room_policy(turn, room, &policy));
    if (params->kind != CLIENT_MESSAGE_TEXT) {
        TRY(client_message_about(turn, room, params, &policy, &send));
    }
    if (params->kind == CLIENT_MESSAGE_TEXT || params->kind == CLIENT_MESSAGE_REPLY) {
        TRY(client_expire_wanted(&policy, params->has_expires, params->expires_s,
                                 &send.expires_s));
    }
    if (has_text) send.body = params->text;
    send.op = *op = client_op_new(turn->client);
    return client_send_content(turn, room, &send);
}

tb_status client_message(struct client *client, uint64_t now_ms,
                         const struct client_message_params *params,
                         struct client_effects *effects, uint64_t *op)
{
    struct client_turn turn;
    tb_status status = client_turn_begin(&turn, client, now_ms, effects);
    if (tb_is_ok(status)) status = client_message_make(&turn, params, op);
    if (tb_is_ok(status)) status = client_session_work(&turn);
    return client_turn_end(&turn, status);
}

tb_status client_send(struct client *client, uint64_t now_ms, tb_bytes room, tb_bytes text,
                      struct client_effects *effects, uint64_t *op)
{
    struct client_message_params params = { .room = room,
                                            .kind = CLIENT_MESSAGE_TEXT,
                                            .text = text };
    return client_message(client, now_ms, &params, effects, op);
}
