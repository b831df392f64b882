/* Proofs for others: cases and alarms as files, and checking such a file without a network. */
#include <string.h>

#include "chat/bundle.h"
#include "chat/equivocation.h"
#include "chat/reason.h"
#include "chat/records.h"
#include "client/proof.h"
#include "client/status.h"
#include "host/client_app.h"
#include "host/client_desk.h"
#include "host/client_text.h"
#include "host/files.h"
#include "wire/text.h"

/* First line of a file, which says what it holds; base64 of its encoding follows. */
#define KIND_REPORT "timbre-report@v1\n"
#define KIND_EQUIVOCATION "timbre-equivocation@v1\n"

enum { FILE_MODE = 0600, FILE_LEN_MAX = 24 << 20, VERIFY_ARENA_LEN_MAX = 256 << 20 };

static int file_write(struct cli_app *app, const char *path, const char *kind, tb_bytes value)
{
    struct tb_buf text;
    tb_buf_init(&text, &app->mem, FILE_LEN_MAX);
    tb_status status = tb_buf_append(&text, tb_bytes_text(kind));
    if (status.code == TB_OK) status = wire_text_put_base64(&text, WIRE_TEXT_BASE64, value);
    if (status.code == TB_OK) status = tb_buf_append_u8(&text, '\n');
    if (status.code == TB_OK) status = host_file_write(path, tb_buf_view(&text), FILE_MODE);
    tb_buf_wipe(&text);
    if (status.code != TB_OK) return cli_app_fail(app, status, "write the file");
    cli_out_say(&app->out, "Written to %s; 'timbre report verify' checks it.\n", path);
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ export */

int cli_verb_report_export(struct cli_app *app)
{
    static const char doing[] = "export the case";
    struct client_case_view at = { 0 };
    tb_bytes bundle = { 0 };
    int code = cli_desk_find(app, app->args.words[0], &at);
    if (code != CLI_EXIT_OK) return code;
    if (at.proof.len != 0) return file_write(app, app->args.words[1], KIND_EQUIVOCATION, at.proof);
    cli_run_read_begin(&app->run);
    tb_status status = client_case_export(app->run.client, at.report_id, &app->arena, &bundle);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    return file_write(app, app->args.words[1], KIND_REPORT, bundle);
}

int cli_verb_desk_save(struct cli_app *app)
{
    static const char doing[] = "save the attachment";
    struct client_case_view at = { 0 };
    tb_bytes plain = { 0 };
    uint64_t seq = 0;
    if (!cli_text_number(app->args.words[1], UINT64_MAX, &seq) || seq == 0) {
        return cli_app_usage(app, "a MESSAGE is the number that 'timbre desk show' shows", NULL);
    }
    int code = cli_desk_find(app, app->args.words[0], &at);
    if (code != CLI_EXIT_OK) return code;
    cli_run_read_begin(&app->run);
    tb_status status = client_case_save(app->run.client, at.report_id, seq, &app->arena, &plain);
    status = cli_run_read_end(&app->run, status);
    if (status.code == TB_OK) status = host_file_write(app->args.words[2], plain, FILE_MODE);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    cli_out_say(&app->out, "Wrote %zu octets to %s.\n", plain.len, app->args.words[2]);
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ alarms */

static tb_status alarms_read(struct cli_app *app, struct client_alarm_view **alarms, size_t *count)
{
    cli_run_read_begin(&app->run);
    tb_status status = client_alarms(app->run.client, &app->arena, alarms, count);
    return cli_run_read_end(&app->run, status);
}

int cli_verb_alarm_list(struct cli_app *app)
{
    static const struct cli_column columns[] = {
        { "alarm", "ALARM", CLI_COLUMN_NUMBER }, { "time", "TIME", CLI_COLUMN_TIME },
        { "message", "MESSAGE", CLI_COLUMN_NUMBER }, { "proven", "PROOF", CLI_COLUMN_TEXT },
        { "title", "WHAT", CLI_COLUMN_TEXT },    { "room", "ROOM", CLI_COLUMN_TEXT },
    };
    struct client_alarm_view *alarms = NULL;
    size_t count = 0;
    tb_status status = alarms_read(app, &alarms, &count);
    if (status.code != TB_OK) return cli_app_fail(app, status, "list the alarms");
    json_t *rows = json_array();
    for (size_t i = 0; i < count; i++) {
        struct cli_problem problem = cli_status_show(alarms[i].code);
        json_t *row = json_object();
        cli_json_set(row, "alarm", json_integer((json_int_t)alarms[i].number));
        cli_json_set(row, "time", cli_json_time(alarms[i].at_ms));
        cli_json_set(row, "message", json_integer((json_int_t)alarms[i].room_seq));
        cli_json_set(row, "proven", json_boolean(alarms[i].proof.len != 0));
        cli_json_set(row, "code", json_string(problem.code));
        cli_json_set(row, "title", json_string(problem.title));
        cli_json_set(row, "room", cli_json_text(alarms[i].room));
        json_array_append_new(rows, row);
    }
    cli_out_table(&app->out, columns, sizeof columns / sizeof columns[0], rows,
                  "There was no alarm.");
    return CLI_EXIT_OK;
}

int cli_verb_alarm_export(struct cli_app *app)
{
    static const char doing[] = "export the alarm";
    static const struct cli_problem none = {
        CLI_EXIT_NOT_FOUND, "alarm_unproven",
        "there is no alarm of this number that comes with a proof",
        "'timbre alarm list' shows which alarms do: two histories that the hub signed."
    };
    struct client_alarm_view *alarms = NULL;
    size_t count = 0;
    uint64_t number = 0;
    if (!cli_text_number(app->args.words[0], UINT64_MAX, &number)) {
        return cli_app_usage(app, "an alarm has a number", NULL);
    }
    tb_status status = alarms_read(app, &alarms, &count);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    for (size_t i = 0; i < count; i++) {
        if (alarms[i].number != number || alarms[i].proof.len == 0) continue;
        return file_write(app, app->args.words[1], KIND_EQUIVOCATION, alarms[i].proof);
    }
    return cli_out_fail(&app->out, &none, doing, tb_bytes_text(app->args.words[0]));
}

/* ------------------------------------------------------------------ verify, offline */

static int refuse(struct cli_app *app, tb_status status)
{
    const struct cli_problem problem = { CLI_EXIT_VERIFY, "not_verified", "the file proves nothing",
                                         NULL };
    return cli_out_fail(&app->out, &problem, "verify the file",
                        tb_bytes_text(chat_status_text(status)));
}

static void say_hub(struct cli_app *app, tb_bytes domain, const uint8_t root_hash[CHAT_HASH_LEN])
{
    char hex[2 * CHAT_HASH_LEN];
    wire_text_hex_encode(tb_bytes_of(root_hash, CHAT_HASH_LEN), hex);
    fprintf(app->out.to,
            "The hub is %s, and its root key has the hash\n  %.*s\n"
            "Compare it with the one that 'timbre account show' or the hub's operator tells.\n",
            cli_app_visible(app, domain), (int)sizeof hex, hex);
}

static int verify_report(struct cli_app *app, tb_bytes value, struct tb_arena *arena)
{
    struct chat_bundle_result *result = tb_arena_take(arena, 1, sizeof *result);
    struct tb_buf text;
    if (result == NULL) return cli_app_fail(app, TB_STATUS(TB_NO_SPACE), "verify the file");
    tb_status status = chat_bundle_verify(crypto_backend_native(), value, (tb_bytes){ NULL, 0 },
                                          arena, result);
    if (status.code != TB_OK) return refuse(app, status);
    const struct chat_report_result *report = &result->report;
    bool is_proven = (report->alarms & CHAT_ALARM_TARGET_UNPROVEN) == 0;
    tb_buf_init(&text, &app->mem, 1 << 20);
    status = chat_bundle_sentences(result, &text);
    if (status.code == TB_OK) {
        json_t *record = json_object();
        cli_json_set(record, "kind", json_string("report"));
        cli_json_set(record, "proven", json_boolean(is_proven));
        cli_json_set(record, "hub", cli_json_text(result->hub.domain));
        cli_json_set(record, "root_key_hash", cli_json_hex(TB_ARRAY(result->root_hash)));
        cli_json_set(record, "accused", cli_json_text(report->report->alleged_abuser_uri));
        cli_json_set(record, "level", json_integer(report->level));
        cli_json_set(record, "withheld", json_integer((json_int_t)report->withheld_count));
        cli_json_set(record, "sentences", cli_json_text(tb_buf_view(&text)));
        cli_out_record(&app->out, record);
        if (cli_out_is_text(&app->out)) {
            say_hub(app, result->hub.domain, result->root_hash);
            cli_text_print(app->out.to, tb_buf_view(&text), CLI_TEXT_INDENTED, 0);
        }
    }
    tb_buf_wipe(&text);
    if (status.code != TB_OK) return cli_app_fail(app, status, "verify the file");
    return is_proven ? CLI_EXIT_OK : CLI_EXIT_VERIFY;
}

static int verify_equivocation(struct cli_app *app, tb_bytes value, struct tb_arena *arena)
{
    struct chat_equivocation proof;
    struct chat_hub_record hub;
    struct crypto_suite suite;
    uint8_t root_hash[CHAT_HASH_LEN];
    tb_status status = wire_decode(&chat_equivocation_desc, value, arena, &proof, NULL);
    if (status.code == TB_OK) {
        status = crypto_suite_init(&suite, proof.suite, crypto_backend_native());
    }
    if (status.code == TB_OK) {
        status = wire_decode(&chat_hub_record_desc, proof.hub_record, arena, &hub, NULL);
    }
    if (status.code == TB_OK) status = chat_records_root_hash(&suite, hub.root_key, root_hash);
    if (status.code == TB_OK) {
        status = chat_equivocation_verify(crypto_backend_native(), &proof, TB_ARRAY(root_hash),
                                          arena);
    }
    if (status.code != TB_OK) return refuse(app, status);
    json_t *record = json_object();
    cli_json_set(record, "kind", json_string("equivocation"));
    cli_json_set(record, "proven", json_true());
    cli_json_set(record, "hub", cli_json_text(hub.domain));
    cli_json_set(record, "root_key_hash", cli_json_hex(TB_ARRAY(root_hash)));
    cli_json_set(record, "room", cli_json_text(proof.x.tbs.context.room_uri));
    cli_json_set(record, "first", json_integer((json_int_t)proof.x.tbs.room_seq));
    cli_json_set(record, "second", json_integer((json_int_t)proof.y.tbs.room_seq));
    cli_out_record(&app->out, record);
    if (!cli_out_is_text(&app->out)) return CLI_EXIT_OK;
    say_hub(app, hub.domain, root_hash);
    fprintf(app->out.to, "It is proven that it signed two histories of the room\n  %s\n",
            cli_app_visible(app, proof.x.tbs.context.room_uri));
    fprintf(app->out.to, "that end at the messages %llu and %llu and do not go together.\n",
            (unsigned long long)proof.x.tbs.room_seq, (unsigned long long)proof.y.tbs.room_seq);
    return CLI_EXIT_OK;
}

static bool take_kind(tb_bytes *text, const char *kind)
{
    tb_bytes start = tb_bytes_text(kind);
    if (!tb_bytes_starts_with(*text, start)) return false;
    *text = tb_bytes_of(text->data + start.len, text->len - start.len);
    return true;
}

static int verify_text(struct cli_app *app, tb_bytes text, struct tb_arena *arena)
{
    static const struct cli_problem unknown = {
        CLI_EXIT_VERIFY, "not_verified", "the file is no exported report and no proof",
        "'timbre report export' and 'timbre alarm export' write such files."
    };
    bool is_report = take_kind(&text, KIND_REPORT);
    size_t len = 0;
    if (!is_report && !take_kind(&text, KIND_EQUIVOCATION)) {
        return cli_out_fail(&app->out, &unknown, "verify the file", (tb_bytes){ 0 });
    }
    while (text.len > 0 && text.data[text.len - 1] == '\n') text.len--;
    uint8_t *octets = tb_arena_take(arena, text.len + 1, 1);
    if (octets == NULL) return cli_app_fail(app, TB_STATUS(TB_NO_SPACE), "read the file");
    tb_status status = wire_text_base64_decode(WIRE_TEXT_BASE64, text, octets, text.len + 1, &len);
    if (status.code != TB_OK) return refuse(app, status);
    tb_bytes value = tb_bytes_of(octets, len);
    return is_report ? verify_report(app, value, arena) : verify_equivocation(app, value, arena);
}

int cli_verb_report_verify(struct cli_app *app)
{
    struct tb_arena arena;
    tb_bytes text;
    tb_arena_init(&arena, &app->mem, VERIFY_ARENA_LEN_MAX);
    tb_status status = host_file_read(app->args.words[0], FILE_LEN_MAX, &arena, &text);
    int code = status.code == TB_OK ? verify_text(app, text, &arena)
                                    : cli_app_fail(app, status, "read the file");
    tb_arena_wipe(&arena);
    return code;
}
