/*
 * mls-driver: MLS calls as lines.  One JSON object a line on stdin, {"call": NAME, ...fields}, is
 * answered by one on stdout, {...fields} or {"error": WHY}.  Names and fields are those of the
 * interop service MLSClient of the MLS working group, in the proto3 JSON mapping.  For tests: it
 * shows private keys, and it does not check lifetimes against the clock.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/mls-driver/driver.h"
#include "host/mem_os.h"
#include "wire/status.h"

/* A name and a sentence for every code that can come out of a call. */
static void explain(tb_status status, const struct tb_why *why, char *out, size_t out_len)
{
    static const struct {
        uint16_t code;
        const char *name, *text;
    } rows[] = {
#define EXPLAIN_ROW(NAME_, NUMBER_, TEXT_) { NUMBER_, #NAME_, TEXT_ },
        TB_STATUS_LIST(EXPLAIN_ROW) WIRE_STATUS_LIST(EXPLAIN_ROW)
            CRYPTO_STATUS_LIST(EXPLAIN_ROW) MLS_STATUS_LIST(EXPLAIN_ROW)
                DRIVER_STATUS_LIST(EXPLAIN_ROW)
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code != status.code) continue;
        if (why->type == NULL) {
            snprintf(out, out_len, "%s: %s", rows[i].name, rows[i].text);
        } else {
            snprintf(out, out_len, "%s: %s (%s.%s at %zu)", rows[i].name, rows[i].text, why->type,
                     why->field == NULL ? "" : why->field, why->offset);
        }
        return;
    }
    snprintf(out, out_len, "status %u", status.code);
}

static driver_function *function_of(const char *name)
{
    static const struct {
        const char *name;
        driver_function *function;
    } rows[] = {
        { "Name", driver_name },
        { "SupportedCiphersuites", driver_supported_ciphersuites },
        { "CreateGroup", driver_create_group },
        { "CreateKeyPackage", driver_create_key_package },
        { "JoinGroup", driver_join_group },
        { "ExternalJoin", driver_external_join },
        { "GroupInfo", driver_group_info },
        { "StateAuth", driver_state_auth },
        { "Export", driver_export },
        { "Protect", driver_protect },
        { "Unprotect", driver_unprotect },
        { "StorePSK", driver_store_psk },
        { "AddProposal", driver_add_proposal },
        { "UpdateProposal", driver_update_proposal },
        { "RemoveProposal", driver_remove_proposal },
        { "ExternalPSKProposal", driver_external_psk_proposal },
        { "ResumptionPSKProposal", driver_resumption_psk_proposal },
        { "GroupContextExtensionsProposal", driver_group_context_extensions_proposal },
        { "Commit", driver_commit },
        { "HandleCommit", driver_handle_commit_call },
        { "HandlePendingCommit", driver_handle_pending_commit },
        { "ReInitProposal", driver_reinit_proposal },
        { "ReInitCommit", driver_commit },
        { "HandlePendingReInitCommit", driver_handle_pending_reinit_commit },
        { "HandleReInitCommit", driver_handle_reinit_commit },
        { "ReInitWelcome", driver_reinit_welcome },
        { "HandleReInitWelcome", driver_handle_reinit_welcome },
        { "CreateBranch", driver_create_branch },
        { "HandleBranch", driver_handle_branch },
        { "NewMemberAddProposal", driver_new_member_add_proposal },
        { "CreateExternalSigner", driver_create_external_signer },
        { "AddExternalSigner", driver_add_external_signer },
        { "ExternalSignerProposal", driver_external_signer_proposal },
        { "Free", driver_free },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(rows[i].name, name) == 0) return rows[i].function;
    }
    return NULL;
}

static tb_status run_call(struct driver_call *call)
{
    const char *name;
    if (!json_is_object(call->request)) return TB_STATUS(DRIVER_FIELD);
    TRY(driver_get_text(call->request, "call", &name));
    driver_function *function = function_of(name);
    return function == NULL ? TB_STATUS(DRIVER_CALL) : function(call);
}

static bool answer_line(struct driver *driver, const char *line, size_t len)
{
    json_t *request = json_loadb(line, len, 0, NULL);
    struct driver_call call = { .driver = driver, .request = request, .response = json_object() };
    tb_arena_init(&call.arena, &driver->mem, DRIVER_CALL_BYTES_MAX);
    tb_status status = run_call(&call);
    if (!tb_is_ok(status)) {
        char text[256];
        explain(status, &call.why, text, sizeof text);
        json_object_clear(call.response);
        json_object_set_new(call.response, "error", json_string(text));
    }
    bool is_written = json_dumpf(call.response, stdout, JSON_COMPACT) == 0 &&
                      putchar('\n') != EOF && fflush(stdout) == 0;
    json_decref(call.response);
    json_decref(request);
    tb_arena_wipe(&call.arena);
    return is_written;
}

int main(int argc, char **argv)
{
    struct driver driver = { .handles = NULL };
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;
    if (argc != 1) {
        fprintf(stderr, "usage: %s  (calls on stdin, answers on stdout)\n", argv[0]);
        return 2;
    }
    host_mem_init(&driver.mem, SIZE_MAX);
    host_rng_init(&driver.rng);
    bool is_written = true;
    while (is_written && (len = getline(&line, &cap, stdin)) >= 0) {
        is_written = answer_line(&driver, line, (size_t)len);
    }
    free(line);
    driver_end(&driver);
    host_rng_wipe(&driver.rng);
    return is_written ? 0 : 1;
}
