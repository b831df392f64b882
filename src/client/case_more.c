/* What comes to a case after its report: openings of others, and members' words on its stubs. */
#include "client/desk.h"

#include <string.h>

#include "chat/opening.h"
#include "chat/records.h"
#include "chat/say.h"

enum { CLIENT_CASE_MORE_COUNT_MAX = 256 };

/* ------------------------------------------------------------------ openings */

/* V7 wants the record of whose signature comes with an opening. */
static tb_status client_case_records(struct client_turn *turn,
                                     const struct chat_report_result *result,
                                     struct chat_report_verify_params *params)
{
    struct chat_account_record *records =
        tb_arena_take(&turn->arena, result->person_count, sizeof *records);
    size_t count = 0;
    if (records == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < result->person_count; i++) {
        struct client_person_row person;
        tb_status status =
            client_record_get(turn, result->persons[i].user, &person, &records[count]);
        if (client_status_is_fatal(status)) return status;
        if (tb_is_ok(status)) count++;
    }
    params->records = records;
    params->record_count = count;
    return TB_STATUS(TB_OK);
}

tb_status client_case_more_apply(struct client_turn *turn, const struct client_case_row *row,
                                 const struct chat_report_verify_params *params,
                                 struct chat_report_result *result)
{
    struct chat_report_verify_params with_records = *params;
    if (row->more.count == 0) return TB_STATUS(TB_OK);
    TRY(client_case_records(turn, result, &with_records));
    for (size_t i = 0; i < row->more.count; i++) {
        struct chat_openings openings;
        tb_status status =
            chat_opening_decode(row->more.at[i].openings, &turn->arena, &openings);
        if (tb_is_ok(status) && openings.openings.count != 0) {
            status = chat_opening_apply(&with_records, &openings, &turn->arena, result);
        }
        if (client_status_is_fatal(status)) return status; /* else it adds nothing */
    }
    return TB_STATUS(TB_OK);
}

tb_status client_case_more_take(struct client_turn *turn, const struct chat_queue_entry *entry,
                                const struct chat_report_intake *intake)
{
    struct client_case_row row, envelope = { .intake = entry->intake };
    struct chat_report_intake opened;
    struct chat_openings openings;
    tb_bytes body;
    tb_status status = client_case_get(turn, TB_ARRAY(intake->report.report_id), &row);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK); /* of a case that is not here */
    TRY(status);
    envelope.intake_key = chat_records_intake_key(&turn->client->hub, intake->received_ms);
    status = client_case_open(turn, &envelope, &opened, &body);
    if (tb_is_ok(status)) status = chat_opening_decode(body, &turn->arena, &openings);
    if (client_status_is_fatal(status)) return status;
    if (!tb_is_ok(status) || row.more.count == CLIENT_CASE_MORE_COUNT_MAX) return TB_STATUS(TB_OK);
    struct client_case_more *more =
        tb_arena_take(&turn->arena, row.more.count + 1, sizeof *more);
    if (more == NULL) return TB_STATUS(TB_NO_SPACE);
    if (row.more.count != 0) memcpy(more, row.more.at, row.more.count * sizeof *more);
    more[row.more.count] = (struct client_case_more){ .received_ms = opened.received_ms,
                                                      .openings = body };
    memcpy(more[row.more.count].pseudonym, opened.reporter_pseudonym, 16);
    row.more.at = more;
    row.more.count++;
    turn->client->fetch_new_count++;
    for (size_t i = 0; i < openings.acks.count; i++) { /* whose key their word is checked with */
        tb_bytes account;
        if (!tb_is_ok(chat_names_user_of(openings.acks.at[i].device, &turn->arena, &account))) {
            continue;
        }
        TRY(client_record_fetch(turn, account, NULL, 0, 0));
    }
    return client_case_again(turn, &row);
}

/* ------------------------------------------------------------------ members' words */

static const char *client_witness_text(enum chat_witness outcome)
{
    switch (outcome) {
    case CHAT_WITNESS_AGREES: return "has the same message in the same place";
    case CHAT_WITNESS_UNREADABLE: return "has the same entry and could not read it";
    case CHAT_WITNESS_NEVER: return "says that it never came; that is not proven";
    case CHAT_WITNESS_PROVES:
        return "has another history under the hub's signature: the hub told two, and "
               "'timbre report export' writes the proof";
    default: return "says that it has another history; no signature of the hub supports that";
    }
}

static tb_status client_witness_check(struct client_turn *turn, struct client_case_row *row,
                                      const struct chat_report_result *result,
                                      const struct chat_stub_ack *ack, enum chat_witness *outcome)
{
    struct client *client = turn->client;
    struct chat_ack_place place = { .suite = &client->suite,
                                    .room_uri = result->evidence->room_uri,
                                    .group_id = result->evidence->group_id,
                                    .report_id = row->report_id };
    struct client_person_row person;
    struct chat_account_record record;
    tb_bytes account, hub_record, proof;
    TRY(chat_names_user_of(ack->device, &turn->arena, &account));
    TRY(client_record_get(turn, account, &person, &record));
    const struct chat_device_key *device = chat_records_device(&record, ack->device);
    if (device == NULL) return TB_STATUS(TB_NOT_FOUND);
    TRY(wire_encode(&chat_hub_record_desc, &client->hub, &turn->arena, &hub_record));
    TRY(chat_opening_ack_check(&place, device->signature_key, hub_record,
                               TB_ARRAY(client->profile.root_hash), result->evidence, ack,
                               &turn->arena, outcome, &proof));
    if (proof.len != 0) row->proof = proof;
    return TB_STATUS(TB_OK);
}

static tb_status client_witness_say(const struct chat_stub_ack *ack, enum chat_witness outcome,
                                    struct tb_buf *out)
{
    TRY(chat_say(out, "Message "));
    TRY(chat_say_u64(out, ack->room_seq));
    TRY(chat_say(out, ": "));
    TRY(chat_say_plain(out, ack->device));
    TRY(chat_say(out, " "));
    TRY(chat_say(out, client_witness_text(outcome)));
    return chat_say(out, ".\n");
}

static tb_status client_opened_say(const struct client_case_more *more, size_t count,
                                   struct tb_buf *out)
{
    TRY(chat_say(out, "Openings of "));
    TRY(chat_say_count(out, count, "message", "messages"));
    TRY(chat_say(out, " were added on "));
    TRY(chat_say_time(out, more->received_ms));
    return chat_say(out, ".\n");
}

tb_status client_case_more_say(struct client_turn *turn, struct client_case_row *row,
                               const struct chat_report_result *result, struct tb_buf *out)
{
    for (size_t i = 0; i < row->more.count; i++) {
        const struct client_case_more *more = &row->more.at[i];
        struct chat_openings openings;
        TRY(chat_opening_decode(more->openings, &turn->arena, &openings));
        if (openings.openings.count != 0) {
            TRY(client_opened_say(more, openings.openings.count, out));
        }
        for (size_t k = 0; k < openings.acks.count; k++) {
            enum chat_witness outcome;
            tb_status status =
                client_witness_check(turn, row, result, &openings.acks.at[k], &outcome);
            if (client_status_is_fatal(status)) return status;
            if (!tb_is_ok(status)) continue; /* nobody's word */
            TRY(client_witness_say(&openings.acks.at[k], outcome, out));
        }
    }
    return TB_STATUS(TB_OK);
}
