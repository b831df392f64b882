/* The verbs that link, add and revoke devices, and those of the recovery phrase. */
#include <string.h>

#include "client/status.h"
#include "host/client_app.h"
#include "host/client_key.h"
#include "host/client_text.h"
#include "host/qr.h"

enum { LINK_TIMEOUT_MS = 600000 };

/* The origin of a hub as somebody writes it: with or without a slash at its end. */
static int origin_of(struct cli_app *app, const char *word, tb_bytes *origin)
{
    size_t len = strlen(word);
    while (len > 0 && word[len - 1] == '/') len--;
    bool is_http = strncmp(word, "http://", 7) == 0 || strncmp(word, "https://", 8) == 0;
    if (!is_http || len > 1024) {
        return cli_app_usage(app, "HUB is an address like https://hub.example", NULL);
    }
    *origin = tb_bytes_of(word, len);
    return CLI_EXIT_OK;
}

static int fail_registered(struct cli_app *app, const char *doing)
{
    return cli_app_fail_detail(app, TB_STATUS(CLIENT_REGISTERED), doing,
                               tb_bytes_text(app->profile.folder));
}

static void say_account(struct cli_app *app)
{
    const struct client *client = app->run.client;
    json_t *record = json_object();
    cli_json_set(record, "account", cli_json_text(client_account(client)));
    cli_json_set(record, "handle", cli_json_text(client_handle(client)));
    cli_json_set(record, "device", cli_json_text(client_device(client)));
    cli_out_record(&app->out, record);
}

/* ------------------------------------------------------------------ the new device */

/* The code, to be read by the other device, and the digits; before the wait begins. */
static tb_status show_code(struct cli_app *app)
{
    char digits[CHAT_LINK_DIGITS_LEN];
    tb_bytes text = { 0 };
    cli_run_read_begin(&app->run);
    tb_status status = client_link_show(app->run.client, &app->arena, &text, digits);
    TRY(cli_run_read_end(&app->run, status));
    json_t *record = json_object();
    cli_json_set(record, "code", cli_json_text(text));
    cli_json_set(record, "digits", cli_json_text(tb_bytes_of(digits, sizeof digits)));
    cli_out_record(&app->out, record);
    if (cli_out_is_text(&app->out)) {
        char *line = tb_arena_take(&app->arena, text.len + 1, 1);
        if (line == NULL) return TB_STATUS(TB_NO_SPACE);
        memcpy(line, text.data, text.len);
        line[text.len] = 0;
        if (!app->out.is_quiet) (void)host_qr_print(app->out.to, line);
        fprintf(app->out.to, "%s\n", line);
        cli_out_say(&app->out, "Digits: %.*s\nGive the code to 'timbre device add' on a device of "
                               "the account; the digits there have to be the same.\n",
                    (int)sizeof digits, digits);
    }
    fflush(app->out.to);
    return TB_STATUS(TB_OK);
}

int cli_verb_device_link(struct cli_app *app)
{
    static const char doing[] = "link this device";
    tb_bytes origin = { 0 };
    uint64_t op = 0, until_ms = cli_app_until(app);
    if (client_is_registered(app->run.client)) return fail_registered(app, doing);
    int code = origin_of(app, app->args.words[0], &origin);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_link(app->run.client, cli_run_now_ms(&app->run), origin,
                                   &app->run.effects, &op);
    status = cli_run_end(&app->run, status, op);
    if (status.code == TB_OK) status = show_code(app);
    if (!cli_args_has(&app->args, CLI_OPTION_TIMEOUT)) {
        until_ms = host_clock_monotonic_ms() + LINK_TIMEOUT_MS;
    }
    app->run.is_patient = true; /* the hub ends a connection that does not log in */
    if (status.code == TB_OK) status = cli_run_until(&app->run, cli_run_is_over, until_ms);
    code = cli_app_outcome(app, status, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    say_account(app);
    cli_out_say(&app->out, "This profile is a device of %s now.  It comes into each room when "
                           "another device in it is online.\n",
                cli_app_visible(app, client_handle(app->run.client)));
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ an existing device */

/* The digits are equal on both, somebody says. */
static int agree_digits(struct cli_app *app, tb_bytes code)
{
    char digits[CHAT_LINK_DIGITS_LEN], question[128];
    cli_run_read_begin(&app->run);
    tb_status status = client_link_read(app->run.client, code, &app->arena, digits);
    status = cli_run_read_end(&app->run, status);
    if (status.code != TB_OK) return cli_app_fail(app, status, "read the code");
    (void)snprintf(question, sizeof question, "Does the new device show the digits  %.*s ?",
                   (int)sizeof digits, digits);
    return cli_app_agreed(app, question) ? CLI_EXIT_OK : CLI_EXIT_USAGE;
}

static int add_device(struct cli_app *app, tb_bytes text)
{
    static const char doing[] = "add the device";
    uint64_t op = 0;
    int code = agree_digits(app, text);
    if (code == CLI_EXIT_OK) code = cli_app_online(app, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_run_begin(&app->run);
    tb_status status = client_device_add(app->run.client, cli_run_now_ms(&app->run), text,
                                         &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    json_t *record = json_object();
    cli_json_set(record, "device", cli_json_text(app->run.outcome.show.text));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Added.  The new device comes into your rooms while this or another "
                           "device in them is online.\n");
    return CLI_EXIT_OK;
}

int cli_verb_device_add(struct cli_app *app)
{
    struct host_secret_text secret;
    int code = cli_app_secret(app, CLI_OPTION_CODE_FILE, "Code of the new device: ", &secret);
    if (code != CLI_EXIT_OK) return code;
    code = add_device(app, tb_bytes_of(secret.text, secret.len));
    host_secret_text_wipe(&secret);
    return code;
}

/* Does the word name this device: its URI, or the beginning of its last part? */
static bool is_named(tb_bytes device, tb_bytes word)
{
    size_t at = device.len;
    while (at > 0 && device.data[at - 1] != '/') at--;
    tb_bytes last = tb_bytes_of(device.data + at, device.len - at);
    return tb_bytes_equal(device, word) || (word.len != 0 && tb_bytes_starts_with(last, word));
}

static tb_status find_device(struct cli_app *app, const char *word, tb_bytes *device)
{
    struct client_device_view *devices = NULL;
    size_t count = 0, found = 0;
    cli_run_read_begin(&app->run);
    tb_status status = client_devices(app->run.client, &app->arena, &devices, &count);
    TRY(cli_run_read_end(&app->run, status));
    for (size_t i = 0; i < count; i++) {
        if (!devices[i].is_active || !is_named(devices[i].device, tb_bytes_text(word))) continue;
        *device = devices[i].device;
        found++;
    }
    if (found == 0) return TB_STATUS(CLIENT_DEVICE_UNKNOWN);
    return TB_STATUS(found == 1 ? TB_OK : CLIENT_AMBIGUOUS);
}

int cli_verb_device_revoke(struct cli_app *app)
{
    static const char doing[] = "revoke the device";
    tb_bytes device = { 0 };
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code != CLI_EXIT_OK) return code;
    tb_status status = find_device(app, app->args.words[0], &device);
    if (status.code != TB_OK) {
        return cli_app_fail_detail(app, status, doing, tb_bytes_text(app->args.words[0]));
    }
    if (!cli_app_agreed(app, "Revoke the device?  It can never come back.")) return CLI_EXIT_USAGE;
    cli_run_begin(&app->run);
    status = client_device_revoke(app->run.client, cli_run_now_ms(&app->run), device,
                                  &app->run.effects, &op);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    json_t *record = json_object();
    cli_json_set(record, "device", cli_json_text(device));
    cli_json_set(record, "recovery", json_boolean(client_has_recovery(app->run.client)));
    cli_out_record(&app->out, record);
    cli_out_say(&app->out, "Revoked.  The account key is another one now.\n");
    if (!client_has_recovery(app->run.client)) {
        cli_out_note(&app->out, "This device knows no recovery phrase: if you had one, make a new "
                                "one with 'timbre recovery new'.\n");
    }
    return CLI_EXIT_OK;
}

/* ------------------------------------------------------------------ recovery */

static tb_status suite_of(struct crypto_suite *suite)
{
    return crypto_suite_init(suite, 0x0003, crypto_backend_native());
}

/* A new phrase and its seed. */
static tb_status make_phrase(struct cli_app *app, char phrase[CHAT_PHRASE_LEN],
                             struct tb_secret *seed)
{
    struct crypto_suite suite;
    uint8_t entropy[CHAT_PHRASE_ENTROPY_LEN];
    tb_status status = TB_STATUS(TB_OK);
    CHECK(suite_of(&suite));
    CHECK(tb_rng_fill(&app->rng.rng, entropy, sizeof entropy));
    CHECK(chat_phrase_make(&suite, entropy, phrase));
    CHECK(cli_key_of_phrase(tb_bytes_of(phrase, CHAT_PHRASE_LEN), seed));
out:
    tb_wipe(entropy, sizeof entropy);
    return status;
}

int cli_verb_recovery_new(struct cli_app *app)
{
    static const char doing[] = "make a recovery phrase";
    char phrase[CHAT_PHRASE_LEN];
    struct tb_secret seed = { 0 };
    uint64_t op = 0;
    int code = cli_app_online(app, doing);
    if (code != CLI_EXIT_OK) return code;
    bool has_one = client_has_recovery(app->run.client);
    if (has_one && !cli_app_agreed(app, "Make a new phrase?  The one before opens nothing then.")) {
        return CLI_EXIT_USAGE;
    }
    tb_status status = make_phrase(app, phrase, &seed);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    cli_run_begin(&app->run);
    status = client_recovery_new(app->run.client, cli_run_now_ms(&app->run),
                                 tb_secret_view(&seed), &app->run.effects, &op);
    tb_secret_wipe(&seed);
    code = cli_app_await(app, status, op, doing);
    if (code == CLI_EXIT_OK) {
        json_t *record = json_object();
        cli_json_set(record, "phrase", cli_json_text(tb_bytes_of(phrase, sizeof phrase)));
        cli_out_record(&app->out, record);
        cli_out_text(&app->out, tb_bytes_of(phrase, sizeof phrase));
        cli_out_say(&app->out, "\nWrite it down and keep it safe: it is not shown again, and "
                               "whoever has it can take the account.\n");
    }
    tb_wipe(phrase, sizeof phrase);
    return code;
}

/* What somebody typed, as a seed. */
static tb_status read_phrase(const struct host_secret_text *typed, struct tb_secret *seed)
{
    struct crypto_suite suite;
    char phrase[CHAT_PHRASE_LEN];
    TRY(suite_of(&suite));
    TRY(chat_phrase_parse(&suite, tb_bytes_of(typed->text, typed->len), phrase));
    tb_status status = cli_key_of_phrase(tb_bytes_of(phrase, sizeof phrase), seed);
    tb_wipe(phrase, sizeof phrase);
    return status;
}

int cli_verb_account_recover(struct cli_app *app)
{
    static const char doing[] = "recover the account";
    struct host_secret_text typed;
    struct tb_secret seed = { 0 };
    tb_bytes origin = { 0 };
    uint64_t op = 0;
    if (client_is_registered(app->run.client)) return fail_registered(app, doing);
    int code = origin_of(app, app->args.words[0], &origin);
    if (code == CLI_EXIT_OK) {
        code = cli_app_secret(app, CLI_OPTION_PHRASE_FILE, "Recovery phrase: ", &typed);
    }
    if (code != CLI_EXIT_OK) return code;
    tb_status status = read_phrase(&typed, &seed);
    host_secret_text_wipe(&typed);
    if (status.code != TB_OK) return cli_app_fail(app, status, doing);
    cli_run_begin(&app->run);
    status = client_recover(app->run.client, cli_run_now_ms(&app->run), origin,
                            tb_secret_view(&seed), &app->run.effects, &op);
    tb_secret_wipe(&seed);
    code = cli_app_await(app, status, op, doing);
    if (code != CLI_EXIT_OK) return code;
    cli_app_settle(app);
    say_account(app);
    cli_out_say(&app->out, "This profile is a new device of %s.  It comes into each room when "
                           "somebody in it is online.  Revoke the devices that you have lost: "
                           "'timbre device list', 'timbre device revoke'.\n",
                cli_app_visible(app, client_handle(app->run.client)));
    return CLI_EXIT_OK;
}
