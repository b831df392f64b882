/* Exporting a verified report, and checking one without a network. */
#include "chat/bundle.h"

#include <string.h>

#include "chat/opening.h"
#include "chat/policy.h"
#include "chat/records.h"
#include "chat/say.h"

WIRE_TABLE(chat_bundle, CHAT_BUNDLE)

enum { OPENING_COUNT_MAX = 256, RECORD_COUNT_MAX = CHAT_REPORT_ROW_COUNT_MAX };

static tb_status copy_list(const tb_bytes *list, size_t count, struct tb_arena *arena,
                           struct wire_opaque **out)
{
    *out = tb_arena_take(arena, count, sizeof **out);
    if (*out == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) (*out)[i].value = list[i];
    return TB_STATUS(TB_OK);
}

/* Openings without the words of members, who need not be shown to outsiders. */
static tb_status strip(const struct chat_bundle_params *params, struct tb_arena *arena,
                       struct chat_bundle *out)
{
    out->openings.at = tb_arena_take(arena, params->opening_count, sizeof *out->openings.at);
    if (out->openings.at == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < params->opening_count; i++) {
        struct chat_openings openings;
        TRY(chat_opening_decode(params->openings[i], arena, &openings));
        openings.acks.count = 0;
        if (openings.openings.count == 0) continue;
        TRY(wire_encode(&chat_openings_desc, &openings, arena,
                        &out->openings.at[out->openings.count++].value));
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_bundle_make(const struct chat_bundle_params *params, struct tb_arena *arena,
                           tb_bytes *encoded)
{
    struct chat_bundle bundle = {
        .version = 1, .suite = params->suite->id, .received_ms = params->received_ms,
        .room_uri = params->room_uri, .hub_record = params->hub_record,
    };
    struct chat_abuse_report report;
    struct chat_report_evidence evidence;
    TRY(chat_report_decode(params->report, arena, &report, &evidence));
    memset(evidence.nonce, 0, sizeof evidence.nonce);
    const struct chat_report_text bare = { .reason_code = report.reason_code };
    TRY(chat_report_encode(&evidence, &bare, arena, &bundle.report));
    TRY(strip(params, arena, &bundle));
    TRY(copy_list(params->records, params->record_count, arena, &bundle.records.at));
    bundle.records.count = params->record_count;
    return wire_encode(&chat_bundle_desc, &bundle, arena, encoded);
}

/* ------------------------------------------------------------------ checking */

static tb_status open_hub(const struct crypto_suite *suite, const struct chat_bundle *bundle,
                          tb_bytes root_hash, struct tb_arena *arena,
                          struct chat_bundle_result *out)
{
    struct chat_hub_record claimed;
    if (root_hash.len == 0) {
        TRY(wire_decode(&chat_hub_record_desc, bundle->hub_record, arena, &claimed, NULL));
        TRY(chat_records_root_hash(suite, claimed.root_key, out->root_hash));
    } else {
        if (root_hash.len != CHAT_HASH_LEN) return TB_STATUS(CHAT_BUNDLE_FORM);
        memcpy(out->root_hash, root_hash.data, CHAT_HASH_LEN);
    }
    return chat_records_verify_hub(suite, bundle->hub_record, TB_ARRAY(out->root_hash), 0, arena,
                                   &out->hub);
}

/* A first record proves itself: its key gives the account's address. */
static tb_status open_records(const struct crypto_suite *suite, const struct chat_bundle *bundle,
                              struct tb_arena *arena, struct chat_account_record **records,
                              bool *has_later)
{
    size_t count = bundle->records.count;
    *records = tb_arena_take(arena, count, sizeof **records);
    if (*records == NULL) return TB_STATUS(TB_NO_SPACE);
    for (size_t i = 0; i < count; i++) {
        struct chat_account_record *record = &(*records)[i];
        TRY(wire_decode(&chat_account_record_desc, bundle->records.at[i].value, arena, record,
                        NULL));
        if (record->version != 0) {
            *has_later = true;
            continue;
        }
        TRY(chat_records_verify_first(suite, bundle->records.at[i].value, arena, record));
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_bundle_verify(const struct crypto_provider *provider, tb_bytes encoded,
                             tb_bytes root_hash, struct tb_arena *arena,
                             struct chat_bundle_result *out)
{
    struct chat_bundle bundle;
    struct crypto_suite *suite = tb_arena_take(arena, 1, sizeof *suite);
    struct chat_bundle_result result = { .has_later_record = false };
    struct chat_account_record *records;
    if (suite == NULL) return TB_STATUS(TB_NO_SPACE);
    TRY(wire_decode(&chat_bundle_desc, encoded, arena, &bundle, NULL));
    if (bundle.version != 1 || bundle.openings.count > OPENING_COUNT_MAX
        || bundle.records.count > RECORD_COUNT_MAX) {
        return TB_STATUS(CHAT_BUNDLE_FORM);
    }
    TRY(crypto_suite_init(suite, bundle.suite, provider));
    TRY(open_hub(suite, &bundle, root_hash, arena, &result));
    TRY(open_records(suite, &bundle, arena, &records, &result.has_later_record));
    const struct chat_report_verify_params params = {
        .suite = suite, .hub = &result.hub, .room_uri = bundle.room_uri,
        .received_ms = bundle.received_ms, .report_window_s = CHAT_REPORT_WINDOW_S,
        .context_before = CHAT_CONTEXT_BEFORE, .context_after = CHAT_CONTEXT_AFTER,
        .records = records, .record_count = bundle.records.count,
    };
    TRY(chat_report_verify(&params, bundle.report, arena, &result.report));
    for (size_t i = 0; i < bundle.openings.count; i++) {
        struct chat_openings openings;
        TRY(chat_opening_decode(bundle.openings.at[i].value, arena, &openings));
        TRY(chat_opening_apply(&params, &openings, arena, &result.report));
    }
    *out = result;
    return TB_STATUS(TB_OK);
}

tb_status chat_bundle_sentences(const struct chat_bundle_result *result, struct tb_buf *out)
{
    TRY(chat_report_sentences(&result->report, out));
    TRY(chat_say(out, "Not proven: when the report came, and that nothing was added to it since; "
                      "that is the word of whoever exported it.\n"));
    if (result->report.level < 2 || !result->has_later_record) return TB_STATUS(TB_OK);
    return chat_say(out, "The sender's signature was checked with a later record of the account, "
                         "as whoever exported it gave it: compare it with the account's safety "
                         "code.\n");
}
