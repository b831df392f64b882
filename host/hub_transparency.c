/*
 * `transparency export`: the tables of Implementing Regulation (EU) 2024/2835 as CSV (RFC 4180,
 * UTF-8), or statements of reasons in the form of the Commission's Transparency Database as JSON.
 * Both are made from the log and the exact counts; nothing is typed in, and neither holds personal
 * data: no account, room, handle or free text of anybody.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/decision.h"
#include "chat/reason.h"
#include "host/client_out.h"
#include "host/hub_outside.h"

enum { EXPORT_ARENA_BYTES_MAX = 64 << 20, REASON_COUNT = 12, HOUR_MS = 3600000 };

/* In the order of CHAT_REASON_LIST. */
static const struct category {
    const char *category, *keyword;
} categories[REASON_COUNT] = {
    { "STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "KEYWORD_OTHER" },                        /* spam */
    { "STATEMENT_CATEGORY_CYBER_VIOLENCE", "KEYWORD_CYBER_HARASSMENT" },
    { "STATEMENT_CATEGORY_CYBER_VIOLENCE", "KEYWORD_CYBER_BULLYING_INTIMIDATION" },    /* threat */
    { "STATEMENT_CATEGORY_ILLEGAL_OR_HARMFUL_SPEECH", "KEYWORD_HATE_SPEECH" },
    { "STATEMENT_CATEGORY_CYBER_VIOLENCE", "KEYWORD_NON_CONSENSUAL_IMAGE_SHARING" },
    { "STATEMENT_CATEGORY_PROTECTION_OF_MINORS", "KEYWORD_OTHER" },
    { "STATEMENT_CATEGORY_SCAMS_AND_FRAUD", "KEYWORD_OTHER" },
    { "STATEMENT_CATEGORY_SCAMS_AND_FRAUD", "KEYWORD_OTHER" },                        /* malware */
    { "STATEMENT_CATEGORY_DATA_PROTECTION_AND_PRIVACY_VIOLATIONS",
      "KEYWORD_MISSING_PROCESSING_GROUND" },
    { "STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "KEYWORD_OTHER" },                   /* room-rule */
    { "STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "KEYWORD_OTHER" },                    /* protocol */
    { "STATEMENT_CATEGORY_OTHER_VIOLATION_TC", "KEYWORD_OTHER" },
};

static size_t reason_index(uint8_t code)
{
    size_t n = 0;
    for (uint8_t at = chat_reason_next(0); at != 0 && at != code; at = chat_reason_next(at)) n++;
    return n < REASON_COUNT ? n : REASON_COUNT - 1;
}

static uint8_t reason_code(size_t index)
{
    uint8_t code = chat_reason_next(0);
    while (index-- > 0) code = chat_reason_next(code);
    return code;
}

/* What the log says of the period. */
struct period {
    struct host_cli *cli;
    uint64_t from_ms, until_ms;
    uint32_t first, last;
    char begin[11], end[11];
    const char *folder;
    const struct chat_counts *counts;
    /* decisions by reason: restrictions after a report, and of one's own initiative */
    uint64_t after_report[REASON_COUNT], own[REASON_COUNT];
    uint64_t own_suspended[REASON_COUNT], own_terminated[REASON_COUNT];
    uint64_t own_account_suspended[REASON_COUNT], own_account_terminated[REASON_COUNT];
    json_t *statements;
};

static uint64_t count_of(const struct period *p, uint8_t what, uint8_t by)
{
    const struct chat_count *cell = chat_counts_at(p->counts, what, by);
    return cell == NULL ? 0 : cell->value;
}

/* ------------------------------------------------------------------ statements of reasons */

static void set_restriction(json_t *out, const struct chat_decision *decision)
{
    bool is_hub = decision->scope == CHAT_SCOPE_HUB, has_end = decision->until_ms != 0;
    char date[11];
    if (is_hub) {
        cli_json_set(out, "decision_account",
                     json_string(has_end ? "DECISION_ACCOUNT_SUSPENDED"
                                         : "DECISION_ACCOUNT_TERMINATED"));
        cli_json_set(out, "account_type", json_string("ACCOUNT_TYPE_PRIVATE"));
    } else {
        cli_json_set(out, "decision_provision",
                     json_string(has_end ? "DECISION_PROVISION_PARTIAL_SUSPENSION"
                                         : "DECISION_PROVISION_PARTIAL_TERMINATION"));
    }
    if (!has_end) return;
    host_outside_date(decision->until_ms, date);
    cli_json_set(out, is_hub ? "end_date_account_restriction" : "end_date_service_restriction",
                 json_string(date));
}

static json_t *statement_of(const struct chat_decision_entry *entry)
{
    static const char *const countries[] = {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE",
        "IS", "IT", "LI", "LT", "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
    };
    const struct chat_decision *decision = &entry->decision;
    const struct category *category = &categories[reason_index(decision->reason_code)];
    bool is_reported = decision->report_id.len != 0;
    char date[11], puid[64];
    json_t *out = json_object(), *scope = json_array();
    host_outside_date(entry->logged_ms, date);
    snprintf(puid, sizeof puid, "tb-%.4s-%06llu", date, (unsigned long long)entry->number);
    set_restriction(out, decision);
    cli_json_set(out, "decision_ground", json_string("DECISION_GROUND_INCOMPATIBLE_CONTENT"));
    cli_json_set(out, "incompatible_content_ground", json_string("Terms of the service"));
    cli_json_set(out, "incompatible_content_explanation",
                 json_sprintf("A moderator judged messages of the account as %s.",
                              chat_reason_text(decision->reason_code)));
    cli_json_set(out, "content_type", json_pack("[s]", "CONTENT_TYPE_TEXT"));
    cli_json_set(out, "category", json_string(category->category));
    cli_json_set(out, "category_specification", json_pack("[s]", category->keyword));
    if (strcmp(category->keyword, "KEYWORD_OTHER") == 0) {
        cli_json_set(out, "category_specification_other",
                     json_string(chat_reason_text(decision->reason_code)));
    }
    /* The hub does not read messages: the day of the decision is the latest that is certain. */
    cli_json_set(out, "content_date", json_string(date));
    cli_json_set(out, "application_date", json_string(date));
    cli_json_set(out, "decision_facts",
                 json_string(is_reported ? "Messages reported by a member of the room, whose "
                                           "origin was verified; reviewed by a moderator."
                                         : "Reviewed by a moderator without a report."));
    cli_json_set(out, "source_type",
                 json_string(is_reported ? "SOURCE_ARTICLE_16" : "SOURCE_VOLUNTARY"));
    cli_json_set(out, "automated_detection", json_string("No"));
    cli_json_set(out, "automated_decision", json_string("AUTOMATED_DECISION_NOT_AUTOMATED"));
    for (size_t i = 0; i < sizeof countries / sizeof countries[0]; i++) {
        json_array_append_new(scope, json_string(countries[i]));
    }
    cli_json_set(out, "territorial_scope", scope);
    cli_json_set(out, "puid", json_string(puid));
    return out;
}

static void count_restriction(struct period *p, const struct chat_decision *decision)
{
    size_t i = reason_index(decision->reason_code);
    bool has_end = decision->until_ms != 0, is_hub = decision->scope == CHAT_SCOPE_HUB;
    if (decision->report_id.len != 0) {
        p->after_report[i]++;
        return;
    }
    p->own[i]++;
    if (is_hub) (has_end ? p->own_account_suspended : p->own_account_terminated)[i]++;
    else (has_end ? p->own_suspended : p->own_terminated)[i]++;
}

static int take_row(void *ctx, uint64_t index, const struct chat_log_row *row, tb_bytes hub_record)
{
    (void)index, (void)hub_record;
    struct period *p = ctx;
    struct tb_mem mem;
    struct tb_arena arena;
    struct chat_decision_entry entry;
    if (row->entry.len == 0) return HOST_EXIT_OK; /* erased */
    host_mem_init(&mem, SIZE_MAX);
    tb_arena_init(&arena, &mem, EXPORT_ARENA_BYTES_MAX);
    tb_status status = wire_decode(&chat_decision_entry_desc, row->entry, &arena, &entry, NULL);
    if (status.code == TB_OK && entry.decision.action == CHAT_ACTION_BAN &&
        entry.logged_ms >= p->from_ms && entry.logged_ms < p->until_ms) {
        json_array_append_new(p->statements, statement_of(&entry));
        count_restriction(p, &entry.decision);
    }
    tb_arena_wipe(&arena);
    return status.code == TB_OK ? HOST_EXIT_OK : HOST_EXIT_VERIFICATION;
}

/* ------------------------------------------------------------------ files */

static FILE *open_file(const struct period *p, const char *name)
{
    char path[HOST_PATH_LEN_MAX];
    if (host_file_join(path, p->folder, name).code != TB_OK) return NULL;
    FILE *file = fopen(path, "we");
    if (file == NULL) host_cli_fail(p->cli, "file", "%s cannot be written", path);
    return file;
}

/* RFC 4180: quoted where it has to be, lines end with CR LF. */
static void cell(FILE *file, bool is_last, const char *text)
{
    bool is_quoted = strpbrk(text, ",\"\r\n") != NULL;
    if (is_quoted) fputc('"', file);
    for (; *text != 0; text++) {
        if (*text == '"') fputc('"', file);
        fputc(*text, file);
    }
    if (is_quoted) fputc('"', file);
    fputs(is_last ? "\r\n" : ",", file);
}

static void cell_number(FILE *file, bool is_last, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    cell(file, is_last, text);
}

static void heading(FILE *file, const char *const *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) cell(file, i + 1 == count, columns[i]);
}

static void first_columns(const struct period *p, FILE *file, const char *applicability)
{
    char period[32];
    snprintf(period, sizeof period, "%s/%s", p->begin, p->end);
    cell(file, false, applicability);
    cell(file, false, "Timbre");
    cell(file, false, period);
}

static const char ALL[] = "All";
static const char HOSTING[] = "Only for providers of hosting services, including online platforms";
static const char PLATFORMS[] = "Only for providers of online platforms";

static int write_identification(const struct period *p)
{
    FILE *file = open_file(p, "1_report_identification.csv");
    char today[11];
    if (file == NULL) return HOST_EXIT_CANT_CREATE;
    host_outside_date(host_clock_unix_ms(), today);
    const struct {
        const char *indicator, *value;
    } rows[] = {
        { "Name of the service provider", host_config_text(&p->cli->config, HOST_KEY_hub_domain) },
        { "Date of the publication of the report", today },
        { "Date of the publication of the latest previous report", "" },
        { "Starting date of reporting period", p->begin },
        { "Ending date of reporting period", p->end },
    };
    static const char *const columns[] = { "Applicability", "Service", "Indicator", "Value" };
    heading(file, columns, 4);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cell(file, false, ALL);
        cell(file, false, "Timbre");
        cell(file, false, rows[i].indicator);
        cell(file, true, rows[i].value);
    }
    return fclose(file) == 0 ? HOST_EXIT_OK : HOST_EXIT_IO;
}

static int write_notices(const struct period *p)
{
    static const char *const columns[] = {
        "Applicability", "Service", "Reporting period", "Category of illegal content",
        "Description of the sub-category \"Other\"", "Number of notices received ",
        "Number of notices received from Trusted flaggers",
        "Number of specific items of information included in the total number of notices",
        "Number of specific items of information included in the total number of notices by "
        "Trusted Flaggers (Trusted Flagger notices)",
        "Median time to take action", "Median time to take action (Trusted Flagger notices)",
        "Number of actions taken on the basis of the law",
        "Number of actions taken on the basis of the law (Trusted Flagger notices)",
        "Number of actions taken on the basis of the terms and conditions of the service",
        "Number of actions taken on the basis of the terms and conditions of the service (Trusted "
        "Flagger notices)",
    };
    enum { COLUMN_COUNT = sizeof columns / sizeof columns[0], FIRST_COUNTED = 5 };
    FILE *file = open_file(p, "4_notices.csv");
    if (file == NULL) return HOST_EXIT_CANT_CREATE;
    for (size_t i = 0; i < COLUMN_COUNT; i++) cell(file, false, columns[i]);
    for (size_t i = FIRST_COUNTED; i < COLUMN_COUNT; i++) {
        char text[320];
        snprintf(text, sizeof text, "Contextual information on %s", columns[i]);
        cell(file, i + 1 == COLUMN_COUNT, text);
    }
    uint64_t members = count_of(p, CHAT_COUNT_NOTICES, CHAT_SOURCE_MEMBER);
    uint64_t outsiders = count_of(p, CHAT_COUNT_NOTICES, CHAT_SOURCE_OUTSIDER);
    uint64_t terms = count_of(p, CHAT_COUNT_NOTICE_BASES, CHAT_BASIS_TERMS);
    for (size_t i = 0; i < REASON_COUNT; i++) terms += p->after_report[i];
    const struct {
        const char *category;
        uint64_t count, law, terms, median_ms;
    } rows[] = {
        { "TOTAL", members + outsiders, count_of(p, CHAT_COUNT_NOTICE_BASES, CHAT_BASIS_LAW), terms,
          count_of(p, CHAT_COUNT_NOTICE_MEDIAN_MS, 0) },
    };
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        const uint64_t numbers[COLUMN_COUNT - FIRST_COUNTED] = {
            rows[r].count, 0, rows[r].count, 0, rows[r].median_ms / HOUR_MS, 0,
            rows[r].law,   0, rows[r].terms, 0
        };
        first_columns(p, file, HOSTING);
        cell(file, false, rows[r].category);
        cell(file, false, "");
        for (size_t i = 0; i < COLUMN_COUNT - FIRST_COUNTED; i++) {
            cell_number(file, false, numbers[i]);
        }
        for (size_t i = FIRST_COUNTED; i < COLUMN_COUNT; i++) {
            cell(file, i + 1 == COLUMN_COUNT,
                 i == 9 ? "hours, of notices without an account; reports of members are sealed and "
                          "have no category before they are judged"
                        : "");
        }
    }
    return fclose(file) == 0 ? HOST_EXIT_OK : HOST_EXIT_IO;
}

/* Parts 7 and 8: rows of section, indicator, scope, value. */
struct line {
    const char *section, *indicator, *scope;
    uint64_t value;
};

static int write_lines(const struct period *p, const char *name, const char *applicability,
                       const struct line *lines, size_t count)
{
    static const char *const columns[] = { "Applicability", "Service", "Reporting period",
                                           "Section", "Indicator", "Scope", "Value",
                                           "Contextual Information" };
    FILE *file = open_file(p, name);
    if (file == NULL) return HOST_EXIT_CANT_CREATE;
    heading(file, columns, sizeof columns / sizeof columns[0]);
    for (size_t i = 0; i < count; i++) {
        first_columns(p, file, applicability);
        cell(file, false, lines[i].section);
        cell(file, false, lines[i].indicator);
        cell(file, false, lines[i].scope);
        cell_number(file, false, lines[i].value);
        cell(file, true, "");
    }
    return fclose(file) == 0 ? HOST_EXIT_OK : HOST_EXIT_IO;
}

static int write_complaints(const struct period *p)
{
    static const char section[] = "Internal complaints mechanism";
    static const char all[] = "Number of complaints submitted to the internal-complaints mechanism";
    static const char notice[] = "Complaint regarding a decision not to take action on a notice "
                                 "submitted in accordance with Article 16";
    static const char repeated[] = "Suspensions imposed on repeated offenders";
    uint64_t reversed = count_of(p, CHAT_COUNT_COMPLAINTS, CHAT_NOTICE_ACTED);
    uint64_t upheld = count_of(p, CHAT_COUNT_COMPLAINTS, CHAT_NOTICE_NO_ACTION) +
                      count_of(p, CHAT_COUNT_COMPLAINTS, CHAT_NOTICE_UNFOUNDED);
    uint64_t open = count_of(p, CHAT_COUNT_COMPLAINTS, CHAT_NOTICE_OPEN);
    uint64_t hours = count_of(p, CHAT_COUNT_COMPLAINT_MEDIAN_MS, 0) / HOUR_MS;
    uint64_t total = reversed + upheld + open;
    const struct line lines[] = {
        { section, all, "Total number", total },
        { section, all, "Decisions upheld", upheld },
        { section, all, "Decisions partially reversed", 0 },
        { section, all, "Decisions reversed", reversed },
        { section, all, "Median time", hours },
        { section, all, "Decision omitted", open },
        { section, notice, "Total number", total },
        { section, notice, "Decisions upheld", upheld },
        { section, notice, "Decisions partially reversed", 0 },
        { section, notice, "Decisions reversed", reversed },
        { section, notice, "Median time", hours },
        { section, notice, "Decision omitted", open },
        { repeated, "Number of suspensions enacted for the provision of unfounded notices",
          "Total number", count_of(p, CHAT_COUNT_SUSPENSIONS, 0) },
    };
    return write_lines(p, "7_appeals_and_recidivism.csv", PLATFORMS, lines,
                       sizeof lines / sizeof lines[0]);
}

static int write_automated(const struct period *p)
{
    static const char section[] = "Use of automated means for content moderation";
    uint64_t notices = count_of(p, CHAT_COUNT_NOTICES, CHAT_SOURCE_MEMBER) +
                       count_of(p, CHAT_COUNT_NOTICES, CHAT_SOURCE_OUTSIDER);
    uint64_t measures = 0;
    for (size_t i = 0; i < REASON_COUNT; i++) measures += p->own[i] + p->after_report[i];
    const struct line lines[] = {
        { section, "Number of notices solely processed by automated means", "Total number", 0 },
        { section, "Number of notices not processed by automated means", "Total number", notices },
        { section, "Number of measures solely taken by automated means", "Total number", 0 },
        { section, "Number of measures not taken by automated means", "Total number", measures },
    };
    return write_lines(p, "8_automated_means.csv", ALL, lines, sizeof lines / sizeof lines[0]);
}

static int write_own_initiative(const struct period *p)
{
    static const char *const counted[] = {
        "Number of measures taken at the provider's own initiative ",
        "Number of measures taken after detection with solely automated means ",
        "Visibility restriction Removal", "Visibility restriction Disable",
        "Visibility restriction Demoted", "Visibility restriction Age restricted",
        "Visibility restriction Interaction restricted", "Visibility restriction Labelled ",
        "Visibility restriction Other", "Monetary restriction Suspension",
        "Monetary restriction Termination", "Monetary restriction Other",
        "Provision of the service Suspension", "Provision of the service Termination",
        "Account restriction Suspension", "Account restriction Termination",
    };
    enum { COUNTED = sizeof counted / sizeof counted[0] };
    FILE *file = open_file(p, "6_own_initiative_TC.csv");
    if (file == NULL) return HOST_EXIT_CANT_CREATE;
    cell(file, false, "Applicability");
    cell(file, false, "Service");
    cell(file, false, "Reporting period");
    cell(file, false, "Category of incompatibility with the provider's terms and conditions");
    cell(file, false, "Description of the sub-category \"Other\"");
    for (size_t i = 0; i < COUNTED; i++) cell(file, false, counted[i]);
    for (size_t i = 0; i < COUNTED; i++) {
        char text[160];
        snprintf(text, sizeof text, "Contextual Information on %s", counted[i]);
        cell(file, i + 1 == COUNTED, text);
    }
    for (size_t r = 0; r <= REASON_COUNT; r++) { /* the total first, summed from the others */
        uint64_t numbers[COUNTED] = { 0 };
        for (size_t i = r == 0 ? 0 : r - 1; i < (r == 0 ? REASON_COUNT : r); i++) {
            numbers[0] += p->own[i];
            numbers[12] += p->own_suspended[i];
            numbers[13] += p->own_terminated[i];
            numbers[14] += p->own_account_suspended[i];
            numbers[15] += p->own_account_terminated[i];
        }
        first_columns(p, file, HOSTING);
        cell(file, false, r == 0 ? "TOTAL" : categories[r - 1].category);
        cell(file, false, r == 0 ? "" : chat_reason_text(reason_code(r - 1)));
        for (size_t i = 0; i < COUNTED; i++) cell_number(file, false, numbers[i]);
        for (size_t i = 0; i < COUNTED; i++) cell(file, i + 1 == COUNTED, "");
    }
    return fclose(file) == 0 ? HOST_EXIT_OK : HOST_EXIT_IO;
}

static int write_orders(const struct period *p)
{
    static const char *const counted[] = {
        "Number of orders to act against illegal content received",
        "Number of specific items of information included in the total number of orders to act "
        "against illegal content",
        "Median time to inform the authority of the receipt of the order to act against illegal "
        "content",
        "Median time to give effect to the order to act against illegal content",
        "Number of orders to provide information",
        "Median time to inform the authority of the receipt of the order to provide information",
        "Median time to give effect to the order to provide information",
    };
    enum { COUNTED = sizeof counted / sizeof counted[0] };
    FILE *file = open_file(p, "3_member_states_orders.csv");
    if (file == NULL) return HOST_EXIT_CANT_CREATE;
    cell(file, false, "Applicability");
    cell(file, false, "Service");
    cell(file, false, "Reporting period");
    cell(file, false, "Category of illegal content");
    cell(file, false, "Description of the sub-category \"Other\"");
    cell(file, false, "Scope");
    for (size_t i = 0; i < COUNTED; i++) cell(file, false, counted[i]);
    for (size_t i = 0; i < COUNTED; i++) {
        char text[200];
        snprintf(text, sizeof text, "Contextual information on %c%s",
                 i < 2 ? 'n' : counted[i][0], counted[i] + 1);
        cell(file, i + 1 == COUNTED, text);
    }
    uint64_t act = count_of(p, CHAT_COUNT_ORDERS, CHAT_ORDER_ACT);
    uint64_t hours = count_of(p, CHAT_COUNT_ORDER_MEDIAN_MS, 0) / HOUR_MS;
    const uint64_t numbers[COUNTED] = {
        act, act, 0, hours, count_of(p, CHAT_COUNT_ORDERS, CHAT_ORDER_INFORMATION), 0, hours
    };
    first_columns(p, file, ALL);
    cell(file, false, "TOTAL");
    cell(file, false, "");
    cell(file, false, "TOTAL");
    for (size_t i = 0; i < COUNTED; i++) cell_number(file, false, numbers[i]);
    for (size_t i = 0; i < COUNTED; i++) {
        cell(file, i + 1 == COUNTED, i == 3 || i == 6 ? "hours, of orders of both kinds" : "");
    }
    return fclose(file) == 0 ? HOST_EXIT_OK : HOST_EXIT_IO;
}

static int write_tables(const struct period *p)
{
    int (*const writers[])(const struct period *p) = { write_identification, write_orders,
                                                       write_notices,        write_own_initiative,
                                                       write_complaints,     write_automated };
    int code = HOST_EXIT_OK;
    for (size_t i = 0; i < sizeof writers / sizeof writers[0] && code == HOST_EXIT_OK; i++) {
        code = writers[i](p);
    }
    return code;
}

static int write_statements(const struct period *p)
{
    FILE *file = open_file(p, "statements.json");
    if (file == NULL) return HOST_EXIT_CANT_CREATE;
    json_dumpf(p->statements, file, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    fputc('\n', file);
    return fclose(file) == 0 ? HOST_EXIT_OK : HOST_EXIT_IO;
}

/* ------------------------------------------------------------------ the verb */

static int export(struct period *p, bool is_tdb, struct tb_arena *arena)
{
    struct chat_log_get months = { p->first, p->last };
    struct chat_counts_list list;
    int code = host_cli_call(p->cli, CHAT_VERB_ADMIN_COUNTS, &chat_log_get_desc, &months, arena,
                             &chat_counts_list_desc, &list);
    if (code != HOST_EXIT_OK) return code;
    p->counts = &list.months.at[list.months.count - 1]; /* the whole period */
    code = host_log_walk(p->cli, take_row, p);
    if (code != HOST_EXIT_OK) return code;
    if (host_file_make_folder(p->folder).code != TB_OK) {
        host_cli_fail(p->cli, "file", "%s is no folder and cannot be made", p->folder);
        return HOST_EXIT_CANT_CREATE;
    }
    return is_tdb ? write_statements(p) : write_tables(p);
}

int host_verb_transparency_export(struct host_cli *cli)
{
    static struct period p;
    struct tb_mem mem;
    struct tb_arena arena;
    const char *period = cli->values[HOST_CLI_PERIOD], *form = cli->values[HOST_CLI_FORM];
    bool is_tdb = form != NULL && strcmp(form, "tdb") == 0;
    p.cli = cli;
    p.folder = cli->arguments[0];
    if (period == NULL || !host_outside_period(period, &p.first, &p.last)) {
        host_cli_fail(cli, "usage", "--period is 2026-03 or 2026-01..2026-12");
        return HOST_EXIT_USAGE;
    }
    if (form != NULL && !is_tdb && strcmp(form, "eu") != 0) {
        host_cli_fail(cli, "usage", "--form is eu or tdb");
        return HOST_EXIT_USAGE;
    }
    p.from_ms = chat_counts_month_begin_ms(p.first);
    p.until_ms = chat_counts_month_begin_ms(p.last + 1);
    host_outside_date(p.from_ms, p.begin);
    host_outside_date(p.until_ms - 1, p.end);
    p.statements = json_array();
    host_mem_init(&mem, SIZE_MAX);
    tb_arena_init(&arena, &mem, EXPORT_ARENA_BYTES_MAX);
    int code = export(&p, is_tdb, &arena);
    if (code == HOST_EXIT_OK && !cli->is_quiet && !cli->is_json) {
        printf("%zu restrictions from %s to %s, in %s\n", json_array_size(p.statements), p.begin,
               p.end, p.folder);
    }
    json_decref(p.statements);
    tb_arena_wipe(&arena);
    return code;
}
