/* Verbs about the configuration and the program itself. */
#include <jansson.h>
#include <sqlite3.h>
#include <string.h>

#include "host/hub_cli.h"

/* It got here: parsing and checking have found nothing. */
int host_verb_config_check(struct host_cli *cli)
{
    const char *path = cli->config.path;
    if (cli->is_quiet) return HOST_EXIT_OK;
    if (cli->is_json) printf("{\"valid\":true}\n");
    else printf("%s: the configuration is valid\n", *path == 0 ? "(no file)" : path);
    return HOST_EXIT_OK;
}

int host_verb_config_show(struct host_cli *cli)
{
    const char *section = "";
    for (int i = 0; i < HOST_KEY_COUNT; i++) {
        const struct host_config_row *row = host_config_row((enum host_config_key)i);
        const struct host_config_value *value = &cli->config.values[i];
        if (cli->is_json) {
            json_t *object = json_pack("{s:s,s:s,s:s,s:s}", "section", row->section, "key",
                                       row->name, "value", value->text, "origin", value->origin);
            json_dumpf(object, stdout, JSON_COMPACT);
            putchar('\n');
            json_decref(object);
            continue;
        }
        if (strcmp(section, row->section) != 0) {
            /* Keys of [limits] come from two lists: a section may come up twice. */
            printf("%s[%s]\n", *section == 0 ? "" : "\n", row->section);
            section = row->section;
        }
        printf("%s = %s", row->name, value->text);
        if (cli->shows_origin) printf("    ; %s", value->origin);
        putchar('\n');
    }
    return HOST_EXIT_OK;
}

int host_verb_version(struct host_cli *cli)
{
    if (cli->is_json) {
        printf("{\"version\":\"" TIMBRE_VERSION "\",\"schema\":%d,\"protocol\":[%d,%d]}\n",
               HUB_SCHEMA_VERSION, CHAT_PROTOCOL_VERSION_MIN, CHAT_PROTOCOL_VERSION_MAX);
        return HOST_EXIT_OK;
    }
    printf("timbre-hub " TIMBRE_VERSION " (schema %d, protocol %d, SQLite %s)\n",
           HUB_SCHEMA_VERSION, CHAT_PROTOCOL_VERSION_MAX, sqlite3_libversion());
    return HOST_EXIT_OK;
}
