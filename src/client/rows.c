#include "client/rows.h"

#include "client/status.h"

WIRE_TABLE(client_profile_row, CLIENT_PROFILE_ROW)
WIRE_TABLE(client_desk_key_row, CLIENT_DESK_KEY_ROW)
WIRE_TABLE(client_desk_row, CLIENT_DESK_ROW)
WIRE_TABLE(client_desk_shared_row, CLIENT_DESK_SHARED_ROW)
WIRE_TABLE(client_desk_candidate_row, CLIENT_DESK_CANDIDATE_ROW)
WIRE_TABLE(client_desk_owner_row, CLIENT_DESK_OWNER_ROW)
WIRE_TABLE(client_decided_row, CLIENT_DECIDED_ROW)
WIRE_TABLE(client_opening_row, CLIENT_OPENING_ROW)
WIRE_TABLE(client_naming_row, CLIENT_NAMING_ROW)
WIRE_TABLE(client_recipient_row, CLIENT_RECIPIENT_ROW)
WIRE_TABLE(client_log_row, CLIENT_LOG_ROW)
WIRE_TABLE(client_alarm_row, CLIENT_ALARM_ROW)
WIRE_TABLE(client_room_row, CLIENT_ROOM_ROW)
WIRE_TABLE(client_commit_row, CLIENT_COMMIT_ROW)
WIRE_TABLE(client_reaction_row, CLIENT_REACTION_ROW)
WIRE_TABLE(client_line_row, CLIENT_LINE_ROW)
WIRE_TABLE(client_evidence_row, CLIENT_EVIDENCE_ROW)
WIRE_TABLE(client_upload_row, CLIENT_UPLOAD_ROW)
WIRE_TABLE(client_message_id_row, CLIENT_MESSAGE_ID_ROW)
WIRE_TABLE(client_outbox_row, CLIENT_OUTBOX_ROW)
WIRE_TABLE(client_key_package_row, CLIENT_KEY_PACKAGE_ROW)
WIRE_TABLE(client_person_row, CLIENT_PERSON_ROW)
WIRE_TABLE(client_invite_row, CLIENT_INVITE_ROW)
WIRE_TABLE(client_join_row, CLIENT_JOIN_ROW)
WIRE_TABLE(client_report_row, CLIENT_REPORT_ROW)
WIRE_TABLE(client_case_file, CLIENT_CASE_FILE)
WIRE_TABLE(client_notice_row, CLIENT_NOTICE_ROW)
WIRE_TABLE(client_draft_row, CLIENT_DRAFT_ROW)
WIRE_TABLE(client_appeal_row, CLIENT_APPEAL_ROW)
WIRE_TABLE(client_case_message, CLIENT_CASE_MESSAGE)
WIRE_TABLE(client_case_more, CLIENT_CASE_MORE)
WIRE_TABLE(client_case_row, CLIENT_CASE_ROW)
WIRE_TABLE(client_case_event_row, CLIENT_CASE_EVENT_ROW)

struct client_code_text {
    uint16_t code;
    const char *name;
    const char *text;
};
#define CLIENT_STATUS_ROW(NAME_, NUMBER_, TEXT_) { NUMBER_, #NAME_, TEXT_ },
static const struct client_code_text client_code_texts[] = { CLIENT_STATUS_LIST(
    CLIENT_STATUS_ROW) };

const char *client_status_name(uint16_t code)
{
    for (size_t i = 0; i < sizeof client_code_texts / sizeof client_code_texts[0]; i++) {
        if (client_code_texts[i].code == code) return client_code_texts[i].name;
    }
    return "unknown";
}

const char *client_status_text(uint16_t code)
{
    for (size_t i = 0; i < sizeof client_code_texts / sizeof client_code_texts[0]; i++) {
        if (client_code_texts[i].code == code) return client_code_texts[i].text;
    }
    return "";
}
