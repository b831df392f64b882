#include "host/client_manual.h"

#include <string.h>

#include "host/client_verbs.h"

/* Nouns and single verbs, each once, in the order of the table. */
static void print_first_words(FILE *to)
{
    size_t last_len = 0;
    const char *last = "";
    for (size_t i = 0; i < cli_verb_count; i++) {
        const char *name = cli_verbs[i].name;
        size_t len = strcspn(name, " ");
        if (len == last_len && strncmp(name, last, len) == 0) continue;
        fprintf(to, "%s%.*s", i == 0 ? "" : " ", (int)len, name);
        last = name;
        last_len = len;
    }
}

static void print_options(uint64_t options, FILE *to)
{
    bool is_first = true;
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        if ((options >> i & 1) == 0 || cli_option_rows[i].help == NULL) continue;
        fprintf(to, "%s--%s", is_first ? "" : " ", cli_option_rows[i].name);
        is_first = false;
    }
}

void cli_manual_completion(FILE *to)
{
    fprintf(to, "_timbre()\n{\n"
                "    local word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]}\n"
                "    case $last in\n"
                "    --*-file|--data-dir) COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
                "    esac\n"
                "    local verb=\"${COMP_WORDS[1]} ${COMP_WORDS[2]}\" words\n"
                "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"");
    print_first_words(to);
    fprintf(to, "\"\n    else\n        case $verb in\n");
    for (size_t i = 0; i < cli_verb_count; i++) {
        const struct cli_verb *verb = &cli_verbs[i];
        fprintf(to, "        \"%s%s\"*) words=\"", verb->name,
                strchr(verb->name, ' ') != NULL ? "" : " ");
        print_options(verb->options | CLI_OPTIONS_ALL, to);
        fprintf(to, "\" ;;\n");
    }
    for (size_t i = 0; i < cli_verb_count;) {
        const char *name = cli_verbs[i].name;
        size_t len = strcspn(name, " ");
        if (name[len] == 0) {
            i++;
            continue;
        }
        fprintf(to, "        \"%.*s \"*) words=\"", (int)len, name);
        size_t first = i;
        for (; i < cli_verb_count && strncmp(cli_verbs[i].name, name, len + 1) == 0; i++) {
            fprintf(to, "%s%s", i == first ? "" : " ", cli_verbs[i].name + len + 1);
        }
        fprintf(to, "\" ;;\n");
    }
    fprintf(to, "        esac\n    fi\n"
                "    COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
                "complete -F _timbre timbre\n");
}

/* Text of a roff line: no macro at its start, no escape in it, hyphens that can be copied. */
static void print_roff(FILE *to, const char *text)
{
    bool is_line_start = true;
    for (; *text != 0; text++) {
        if (is_line_start && (*text == '.' || *text == '\'')) fputs("\\&", to);
        if (*text == '\\') fputs("\\e", to);
        else if (*text == '-') fputs("\\-", to);
        else fputc(*text, to);
        is_line_start = *text == '\n';
    }
}

static void print_roff_options(FILE *to, uint64_t options)
{
    for (int i = 0; i < CLI_OPTION_COUNT; i++) {
        const struct cli_option_row *row = &cli_option_rows[i];
        if ((options >> i & 1) == 0 || row->help == NULL) continue;
        fprintf(to, ".TP\n.B \\-\\-");
        print_roff(to, row->name);
        if (row->value != NULL) fprintf(to, " \\fI%s\\fR", row->value);
        fprintf(to, "\n");
        print_roff(to, row->help);
        fprintf(to, "\n");
    }
}

void cli_manual_man(FILE *to)
{
    fprintf(to, ".SH VERBS\n");
    for (size_t i = 0; i < cli_verb_count; i++) {
        const struct cli_verb *verb = &cli_verbs[i];
        fprintf(to, ".SS timbre ");
        print_roff(to, verb->name);
        if (verb->arguments[0] != 0) {
            fprintf(to, " \\fI");
            print_roff(to, verb->arguments);
            fprintf(to, "\\fR");
        }
        fprintf(to, "\n");
        print_roff(to, verb->summary);
        fprintf(to, "\n");
        if (verb->more[0] != 0) {
            fprintf(to, ".PP\n.nf\n");
            print_roff(to, verb->more);
            fprintf(to, ".fi\n");
        }
        print_roff_options(to, verb->options);
    }
    fprintf(to, ".SH OPTIONS\nEvery verb takes these.\n");
    print_roff_options(to, CLI_OPTIONS_ALL);
}
