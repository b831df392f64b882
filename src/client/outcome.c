/* What became of this account's reports: asked at each login while it is not known. */
#include "client/desk.h"

#include <string.h>

enum { CLIENT_OUTCOME_ASK_COUNT_MAX = 64 };

static tb_status client_outcome_answered(struct client_turn *turn,
                                         const struct client_request *request, uint16_t code,
                                         tb_bytes body)
{
    struct chat_report_outcome outcome;
    struct client_report_row row;
    struct client_key key = client_key_bytes(client_request_data(request));
    if (code != CHAT_CODE_OK) return TB_STATUS(TB_OK); /* asked again at the next login */
    TRY(client_answer_decode(turn, &chat_report_outcome_desc, body, &outcome));
    tb_status status = client_table_get(turn, CLIENT_TABLE_REPORTS, key, &client_report_row_desc,
                                        &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    row.outcome = outcome.outcome;
    row.decided_ms = outcome.decided_ms;
    row.decision_number = outcome.number;
    return client_table_put(turn, CLIENT_TABLE_REPORTS, key, &client_report_row_desc, &row);
}

tb_status client_outcome_ask(struct client_turn *turn)
{
    struct client_pairs rows;
    size_t count = 0;
    TRY(client_table_all(turn, CLIENT_TABLE_REPORTS, &rows));
    for (size_t i = 0; i < rows.count && count < CLIENT_OUTCOME_ASK_COUNT_MAX; i++) {
        struct client_report_row row;
        TRY(wire_decode(&client_report_row_desc, rows.at[i].value, &turn->arena, &row, NULL));
        if (row.state != CLIENT_REPORT_SENT || row.outcome != CHAT_OUTCOME_OPEN) continue;
        const struct chat_opaque id = { row.report_id };
        struct client_about about = { .data = rows.at[i].key };
        TRY(client_ask_send(turn, CHAT_VERB_REPORT_OUTCOME, &id, client_outcome_answered,
                                &about));
        count++;
    }
    return TB_STATUS(TB_OK);
}
