/* The verbs about the hub's public log: what was seen, proofs to show, and their check offline. */
#include <stdio.h>
#include <string.h>

#include "chat/decision.h"
#include "chat/log.h"
#include "chat/reason.h"
#include "chat/records.h"
#include "chat/status.h"
#include "host/client_app.h"
#include "host/client_text.h"
#include "host/files.h"
#include "wire/text.h"

enum { FILE_LEN_MAX = 1 << 20, FILE_MODE = 0600 };

/* A file is its kind on one line and base64 on the next. */
#define KIND_PROOF "timbre-log-proof@v1\n"
#define KIND_FORK "timbre-log-fork@v1\n"

int cli_verb_log_show(struct cli_app *app)
{
    static const char doing[] = "show the log";
    struct client_log_view seen = { 0 };
    uint64_t op = 0;
    int code = cli_app_refresh(app);
    if (code == CLI_EXIT_OK && client_is_online(app->run.client)) {
        cli_run_begin(&app->run);
        tb_status asked = client_log_check(app->run.client, cli_run_now_ms(&app->run),
                                           &app->run.effects, &op);
        code = cli_app_await(app, asked, op, doing);
    }
    if (code != CLI_EXIT_OK) return code;
    cli_run_read_begin(&app->run);
    tb_status status = client_log_seen(app->run.client, &app->arena, &seen);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    json_t *record = json_object();
    cli_json_set(record, "decisions", json_integer((json_int_t)seen.size));
    cli_json_set(record, "seen", cli_json_time(seen.seen_ms));
    cli_json_set(record, "checkpoint", cli_json_text(seen.checkpoint));
    cli_json_set(record, "forked", json_boolean(seen.fork.len != 0));
    cli_out_record(&app->out, record);
    if (!cli_out_is_text(&app->out)) return CLI_EXIT_OK;
    if (seen.seen_ms == 0) {
        cli_out_say(&app->out, "No checkpoint of the decision log was seen yet.\n");
        return CLI_EXIT_OK;
    }
    cli_text_print(app->out.to, seen.checkpoint, CLI_TEXT_INDENTED, 0);
    if (seen.fork.len != 0) {
        fputs("\nThe hub has since shown another log.  'timbre log fork FILE' writes both.\n",
              app->out.to);
    }
    return CLI_EXIT_OK;
}

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
    cli_out_say(&app->out, "Written to %s.\n", path);
    return CLI_EXIT_OK;
}

int cli_verb_log_prove(struct cli_app *app)
{
    static const char doing[] = "prove the decision";
    uint64_t number = 0, op = 0;
    if (!cli_text_number(app->args.words[0], UINT64_MAX, &number) || number == 0) {
        return cli_app_usage(app, "a decision has a number", NULL);
    }
    int code = cli_app_online(app, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_log_prove(app->run.client, cli_run_now_ms(&app->run), number,
                                        &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    return file_write(app, app->args.words[1], KIND_PROOF, app->run.outcome.show.text);
}

int cli_verb_log_fork(struct cli_app *app)
{
    static const struct cli_problem none = { CLI_EXIT_NOT_FOUND, "no_fork",
                                             "this profile has seen one log alone", NULL };
    struct client_log_view seen = { 0 };
    cli_run_read_begin(&app->run);
    tb_status status = client_log_seen(app->run.client, &app->arena, &seen);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, "write the two checkpoints");
    if (seen.fork.len == 0) {
        return cli_out_fail(&app->out, &none, "write the two checkpoints", tb_bytes_of(NULL, 0));
    }
    return file_write(app, app->args.words[0], KIND_FORK, seen.fork);
}

/* ------------------------------------------------------------------ verify, offline */

struct verifying {
    struct cli_app *app;
    struct crypto_suite suite;
    struct chat_hub_record hub;
    uint8_t root_hash[CHAT_HASH_LEN];
    json_t *record;
};

static int refuse(struct verifying *v, tb_status status)
{
    const struct cli_problem problem = { CLI_EXIT_VERIFY, "not_verified", "the file proves nothing",
                                         NULL };
    json_decref(v->record);
    v->record = NULL;
    return cli_out_fail(&v->app->out, &problem, "verify the file",
                        tb_bytes_text(chat_status_text(status)));
}

static tb_status open_hub(struct verifying *v, tb_bytes encoded)
{
    struct tb_arena *arena = &v->app->arena;
    TRY(wire_decode(&chat_hub_record_desc, encoded, arena, &v->hub, NULL));
    TRY(chat_records_hash(&v->suite, v->hub.root_key, v->root_hash));
    TRY(chat_records_verify_hub(&v->suite, encoded, TB_ARRAY(v->root_hash), 0, arena, &v->hub));
    cli_json_set(v->record, "hub", cli_json_text(v->hub.domain));
    cli_json_set(v->record, "root_key_hash", cli_json_hex(TB_ARRAY(v->root_hash)));
    return TB_STATUS(TB_OK);
}

static void say_hub(struct verifying *v)
{
    char hex[2 * CHAT_HASH_LEN];
    if (!cli_out_is_text(&v->app->out)) return;
    wire_text_hex_encode(TB_ARRAY(v->root_hash), hex);
    fprintf(v->app->out.to, "The hub %s, whose root key has the hash\n  %.*s\n",
            cli_app_visible(v->app, v->hub.domain), (int)sizeof hex, hex);
}

static int verify_proof(struct verifying *v, tb_bytes encoded)
{
    struct chat_log_proof proof;
    struct chat_log_leaf leaf;
    struct chat_decision_entry entry;
    struct chat_log_point point;
    struct tb_arena *arena = &v->app->arena;
    tb_status status = wire_decode(&chat_log_proof_desc, encoded, arena, &proof, NULL);
    if (status.code == TB_OK) status = open_hub(v, proof.hub_record);
    if (status.code == TB_OK) {
        status = chat_log_proof_verify(&v->suite, &proof, &v->hub, arena, &leaf, &entry, &point);
    }
    if (status.code != TB_OK) return refuse(v, status);
    const char *action = chat_decision_action_name(entry.decision.action);
    const char *reason = chat_reason_name(entry.decision.reason_code);
    cli_json_set(v->record, "decision", json_integer((json_int_t)entry.number));
    cli_json_set(v->record, "log_size", json_integer((json_int_t)point.size));
    cli_json_set(v->record, "logged", cli_json_time(entry.logged_ms));
    cli_json_set(v->record, "subject", cli_json_text(entry.decision.subject));
    cli_json_set(v->record, "action", json_string(action != NULL ? action : "unknown"));
    cli_json_set(v->record, "reason", json_string(reason != NULL ? reason : "unknown"));
    cli_out_record(&v->app->out, v->record);
    say_hub(v);
    if (cli_out_is_text(&v->app->out)) {
        char time[CLI_TEXT_TIME_LEN_MAX];
        cli_text_time(entry.logged_ms, time);
        fprintf(v->app->out.to, "logged as decision %llu of %llu, at %s:\n  %s of %s, for %s\n",
                (unsigned long long)entry.number, (unsigned long long)point.size, time,
                action != NULL ? action : "an unknown action",
                cli_app_visible(v->app, entry.decision.subject),
                reason != NULL ? reason : "an unknown reason");
    }
    return CLI_EXIT_OK;
}

static int verify_fork(struct verifying *v, tb_bytes encoded)
{
    struct chat_log_fork fork;
    struct chat_log_point first, second;
    struct tb_arena *arena = &v->app->arena;
    tb_status status = wire_decode(&chat_log_fork_desc, encoded, arena, &fork, NULL);
    if (status.code == TB_OK) status = open_hub(v, fork.hub_record);
    if (status.code != TB_OK) return refuse(v, status);
    status = chat_log_fork_verify(&v->suite, &fork, &v->hub, arena, &first, &second);
    bool is_proven = status.code == CHAT_MERKLE_FORK;
    if (!is_proven && status.code != CHAT_MERKLE_CONSISTENCY) {
        return refuse(v, status.code == TB_OK ? TB_STATUS(CHAT_MERKLE_CONSISTENCY) : status);
    }
    cli_json_set(v->record, "proven", json_boolean(is_proven));
    cli_json_set(v->record, "first_size", json_integer((json_int_t)first.size));
    cli_json_set(v->record, "second_size", json_integer((json_int_t)second.size));
    cli_out_record(&v->app->out, v->record);
    say_hub(v);
    if (!cli_out_is_text(&v->app->out)) return CLI_EXIT_OK;
    fprintf(v->app->out.to, "signed two logs, of %llu and of %llu decisions. %s\n",
            (unsigned long long)first.size, (unsigned long long)second.size,
            is_proven ? "They contradict each other: it rewrote its log."
                      : "It did not prove that they go together; ask it for\n"
                        "/v1/log/proof/consistency of these two sizes.");
    return CLI_EXIT_OK;
}

static bool take_kind(tb_bytes *text, const char *kind)
{
    tb_bytes start = tb_bytes_text(kind);
    if (!tb_bytes_starts_with(*text, start)) return false;
    *text = tb_bytes_of(text->data + start.len, text->len - start.len);
    return true;
}

int cli_verb_log_verify(struct cli_app *app)
{
    struct verifying v = { .app = app };
    tb_bytes text;
    size_t len = 0;
    tb_status status = crypto_suite_init(&v.suite, 1, crypto_backend_native());
    if (status.code == TB_OK) {
        status = host_file_read(app->args.words[0], FILE_LEN_MAX, &app->arena, &text);
    }
    if (status.code != TB_OK) return cli_app_fail(app, status, "read the file");
    v.record = json_object();
    bool is_proof = take_kind(&text, KIND_PROOF);
    if (!is_proof && !take_kind(&text, KIND_FORK)) {
        return refuse(&v, TB_STATUS(CHAT_LOG_CHECKPOINT_FORM));
    }
    while (text.len > 0 && text.data[text.len - 1] == '\n') text.len--;
    uint8_t *octets = tb_arena_take(&app->arena, text.len + 1, 1);
    if (octets == NULL) return cli_app_fail(app, TB_STATUS(TB_NO_SPACE), "read the file");
    status = wire_text_base64_decode(WIRE_TEXT_BASE64, text, octets, text.len + 1, &len);
    if (status.code != TB_OK) return refuse(&v, status);
    tb_bytes value = tb_bytes_of(octets, len);
    return is_proof ? verify_proof(&v, value) : verify_fork(&v, value);
}
