/* Messages that mean something to the client itself: invitations, keys, heads, statements. */
#include "client/casework.h"
#include "client/desk.h"
#include "client/prune.h"
#include "client/revise.h"

#include "chat/content.h"
#include "chat/statement.h"

/* A statement of reasons is read as text, in the notice room and by whoever is in it. */
static tb_status client_typed_statement(struct client_turn *turn, tb_bytes body,
                                        struct client_line_row *line)
{
    struct chat_statement statement;
    TRY(chat_statement_decode(body, &statement));
    TRY(client_prune_pin_stubs(turn, statement.stubs));
    TRY(client_statement_text(turn, body, 0, &line->text));
    return client_notice_statement_put(turn, body);
}

static bool client_type_is(tb_bytes type, const char *name)
{
    return tb_bytes_equal(type, tb_bytes_text(name));
}

bool client_type_is_hidden(tb_bytes content_type)
{
    return client_type_is(content_type, CHAT_TYPE_INVITE)
           || client_type_is(content_type, CHAT_TYPE_UNINVITE)
           || client_type_is(content_type, CHAT_TYPE_DESK_KEYS)
           || client_type_is(content_type, CHAT_TYPE_HEAD_REQUEST)
           || client_type_is(content_type, CHAT_TYPE_HEAD)
           || client_type_is(content_type, CHAT_MEDIA_TYPE_STATUS)
           || client_type_is(content_type, CHAT_TYPE_DESK_OWNER)
           || client_type_is(content_type, CHAT_TYPE_CASE)
           || client_type_is(content_type, CHAT_TYPE_CASE_SNAPSHOT)
           || client_type_is(content_type, CHAT_TYPE_DRAFT);
}

tb_status client_run_typed(struct client_turn *turn, struct client_room *room, tb_bytes sender,
                           tb_bytes content_type, tb_bytes body, struct client_line_row *line)
{
    tb_status status = TB_STATUS(TB_OK);
    if (client_type_is_hidden(content_type)) line->row_kind = 0;
    if (client_type_is(content_type, CHAT_TYPE_INVITE)) {
        status = client_invite_announced(turn, room, sender, body);
    } else if (client_type_is(content_type, CHAT_TYPE_UNINVITE)) {
        status = client_invite_withdrawn(turn, room, sender, body);
    } else if (client_type_is(content_type, CHAT_TYPE_DESK_KEYS)) {
        status = client_desk_keys_taken(turn, room, sender, body);
    } else if (client_type_is(content_type, CHAT_TYPE_HEAD_REQUEST)) {
        status = client_head_requested(turn, room, body);
    } else if (client_type_is(content_type, CHAT_TYPE_HEAD)) {
        status = client_head_told(turn, room, body);
    } else if (client_type_is(content_type, CHAT_TYPE_DESK_OWNER)) {
        status = client_desk_owner_taken(turn, room, sender, body);
    } else if (client_type_is(content_type, CHAT_TYPE_CASE)) {
        status = client_casework_taken(turn, room, line, body);
    } else if (client_type_is(content_type, CHAT_TYPE_CASE_SNAPSHOT)) {
        status = client_casework_handed(turn, room, sender, body);
    } else if (client_type_is(content_type, CHAT_TYPE_DRAFT)) {
        status = client_draft_taken(turn, room, sender, body);
    } else if (client_type_is(content_type, CHAT_TYPE_APPEAL)) {
        status = client_appeal_taken(turn, room, sender, body, line);
    } else if (client_type_is(content_type, CHAT_TYPE_STATEMENT)) {
        status = client_typed_statement(turn, body, line);
    } else if (client_type_is(content_type, CHAT_MEDIA_TYPE_STATUS)) {
        status = client_receipt_take(turn, room, sender, line->at_ms, body);
    }
    /* The message itself is proven; a body that we cannot use is shown by its type alone. */
    return client_status_is_fatal(status) ? status : TB_STATUS(TB_OK);
}
