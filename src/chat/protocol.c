/* The tables of chat/protocol.h, in its order, and the look-ups over its lists. */
#include "chat/protocol.h"
#include "chat/protocol_blob.h"

WIRE_TABLE(chat_request_frame, CHAT_REQUEST_FRAME)
WIRE_TABLE(chat_answer_frame, CHAT_ANSWER_FRAME)
WIRE_TABLE(chat_push_frame, CHAT_PUSH_FRAME)
WIRE_TABLE(chat_error, CHAT_ERROR)
WIRE_TABLE(chat_nothing, CHAT_NOTHING)
WIRE_TABLE(chat_opaque, CHAT_OPAQUE)
WIRE_TABLE(chat_opaques, CHAT_OPAQUES)
WIRE_TABLE(chat_hello, CHAT_HELLO)
WIRE_TABLE(chat_hello_answer, CHAT_HELLO_ANSWER)
WIRE_TABLE(chat_register, CHAT_REGISTER)
WIRE_TABLE(chat_register_tbs, CHAT_REGISTER_TBS)
WIRE_TABLE(chat_register_answer, CHAT_REGISTER_ANSWER)
WIRE_TABLE(chat_login, CHAT_LOGIN)
WIRE_TABLE(chat_login_tbs, CHAT_LOGIN_TBS)
WIRE_TABLE(chat_room_state, CHAT_ROOM_STATE)
WIRE_TABLE(chat_login_answer, CHAT_LOGIN_ANSWER)
WIRE_TABLE(chat_session_state, CHAT_SESSION_STATE)
WIRE_TABLE(chat_record_get, CHAT_RECORD_GET)
WIRE_TABLE(chat_record_answer, CHAT_RECORD_ANSWER)
WIRE_TABLE(chat_key_packages_put, CHAT_KEY_PACKAGES_PUT)
WIRE_TABLE(chat_key_packages_answer, CHAT_KEY_PACKAGES_ANSWER)
WIRE_TABLE(chat_key_material, CHAT_KEY_MATERIAL)
WIRE_TABLE(chat_client_key_material, CHAT_CLIENT_KEY_MATERIAL)
WIRE_TABLE(chat_key_material_answer, CHAT_KEY_MATERIAL_ANSWER)
WIRE_TABLE(chat_room_create, CHAT_ROOM_CREATE)
WIRE_TABLE(chat_room_update, CHAT_ROOM_UPDATE)
WIRE_TABLE(chat_room_update_answer, CHAT_ROOM_UPDATE_ANSWER)
WIRE_TABLE(chat_submit, CHAT_SUBMIT)
WIRE_TABLE(chat_submit_answer, CHAT_SUBMIT_ANSWER)
WIRE_TABLE(chat_entry_handshake, CHAT_ENTRY_HANDSHAKE_BODY)
WIRE_TABLE(chat_entry_message, CHAT_ENTRY_MESSAGE_BODY)
WIRE_TABLE(chat_entry_rollback, CHAT_ENTRY_ROLLBACK_BODY)
WIRE_TABLE(chat_entry_restored, CHAT_ENTRY_RESTORED_BODY)
WIRE_ARMS_TABLE(chat_entry_body, chat_entry, kind, false, CHAT_ENTRY_BODY)
WIRE_TABLE(chat_entry, CHAT_ENTRY)
WIRE_TABLE(chat_page, CHAT_PAGE)
WIRE_TABLE(chat_cursor, CHAT_CURSOR)
WIRE_TABLE(chat_cursors, CHAT_CURSORS)
WIRE_TABLE(chat_welcome, CHAT_WELCOME)
WIRE_TABLE(chat_stubs_get, CHAT_STUBS_GET)
WIRE_TABLE(chat_stubs_answer, CHAT_STUBS_ANSWER)
WIRE_TABLE(chat_invite_put, CHAT_INVITE_PUT)
WIRE_TABLE(chat_invite_revoke, CHAT_INVITE_REVOKE)
WIRE_TABLE(chat_desk_publish, CHAT_DESK_PUBLISH)
WIRE_TABLE(chat_desk_rotate, CHAT_DESK_ROTATE)
WIRE_TABLE(chat_report_answer, CHAT_REPORT_ANSWER)
WIRE_TABLE(chat_queue_get, CHAT_QUEUE_GET)
WIRE_TABLE(chat_queue_entry, CHAT_QUEUE_ENTRY)
WIRE_TABLE(chat_queue_answer, CHAT_QUEUE_ANSWER)
WIRE_TABLE(chat_stub_ask, CHAT_STUB_ASK)
WIRE_TABLE(chat_decision_put, CHAT_DECISION_PUT)
WIRE_TABLE(chat_decision_answer, CHAT_DECISION_ANSWER)
WIRE_TABLE(chat_frank_check, CHAT_FRANK_CHECK)
WIRE_TABLE(chat_frank_verdict, CHAT_FRANK_VERDICT)
WIRE_TABLE(chat_head, CHAT_HEAD)
WIRE_TABLE(chat_heads, CHAT_HEADS)
WIRE_TABLE(chat_heads_answer, CHAT_HEADS_ANSWER)
WIRE_TABLE(chat_pages_import, CHAT_PAGES_IMPORT)
WIRE_TABLE(chat_appeal_put, CHAT_APPEAL_PUT)
WIRE_TABLE(chat_appeal, CHAT_APPEAL)
WIRE_TABLE(chat_appeals, CHAT_APPEALS)
WIRE_TABLE(chat_report_outcome, CHAT_REPORT_OUTCOME)
WIRE_TABLE(chat_blob_id, CHAT_BLOB_ID)
WIRE_TABLE(chat_blob_put, CHAT_BLOB_PUT)
WIRE_TABLE(chat_blob_state, CHAT_BLOB_STATE)
WIRE_TABLE(chat_blob_get, CHAT_BLOB_GET)
WIRE_TABLE(chat_blob_piece, CHAT_BLOB_PIECE)
WIRE_TABLE(chat_admin_invite, CHAT_ADMIN_INVITE)
WIRE_TABLE(chat_admin_row, CHAT_ADMIN_ROW)
WIRE_TABLE(chat_admin_rows, CHAT_ADMIN_ROWS)
WIRE_TABLE(chat_admin_user_set, CHAT_ADMIN_USER_SET)
WIRE_TABLE(chat_admin_keys, CHAT_ADMIN_KEYS)
WIRE_TABLE(chat_admin_revoke, CHAT_ADMIN_REVOKE)

struct code_row {
    uint16_t code;
    unsigned http;
    const char *name;
    const char *sentence;
};
static const struct code_row CODE_ROWS[] = {
#define CODE_ROW(NAME_, NUMBER_, HTTP_, TEXT_, SENTENCE_) { NUMBER_, HTTP_, TEXT_, SENTENCE_ },
    CHAT_CODE_LIST(CODE_ROW)
};

static const struct code_row *code_row(uint16_t code)
{
    static const struct code_row UNKNOWN = { 0, 500, "unknown", "an unknown refusal" };
    for (size_t i = 0; i < sizeof CODE_ROWS / sizeof CODE_ROWS[0]; i++) {
        if (CODE_ROWS[i].code == code) return &CODE_ROWS[i];
    }
    return &UNKNOWN;
}

const char *chat_code_name(uint16_t code) { return code_row(code)->name; }
const char *chat_code_sentence(uint16_t code) { return code_row(code)->sentence; }
unsigned chat_code_http(uint16_t code) { return code_row(code)->http; }

static const struct chat_verb_row VERB_ROWS[] = {
#define VERB_ROW(NAME_, NUMBER_, PATH_, ACCESS_, REQUEST_, ANSWER_)                                \
    { NUMBER_, PATH_, CHAT_ACCESS_##ACCESS_, &REQUEST_##_desc, &ANSWER_##_desc },
    CHAT_VERB_LIST(VERB_ROW)
};

const struct chat_verb_row *chat_verb_row(uint16_t verb)
{
    for (size_t i = 0; i < sizeof VERB_ROWS / sizeof VERB_ROWS[0]; i++) {
        if (VERB_ROWS[i].verb == verb) return &VERB_ROWS[i];
    }
    return NULL;
}

const struct chat_verb_row *chat_verb_by_path(tb_bytes path)
{
    for (size_t i = 0; i < sizeof VERB_ROWS / sizeof VERB_ROWS[0]; i++) {
        if (tb_bytes_equal(tb_bytes_text(VERB_ROWS[i].path), path)) return &VERB_ROWS[i];
    }
    return NULL;
}

static const struct chat_push_row PUSH_ROWS[] = {
#define PUSH_ROW(NAME_, NUMBER_, TEXT_, STRUCT_) { NUMBER_, TEXT_, &STRUCT_##_desc },
    CHAT_PUSH_LIST(PUSH_ROW)
};

const struct chat_push_row *chat_push_row(uint16_t push)
{
    for (size_t i = 0; i < sizeof PUSH_ROWS / sizeof PUSH_ROWS[0]; i++) {
        if (PUSH_ROWS[i].push == push) return &PUSH_ROWS[i];
    }
    return NULL;
}
