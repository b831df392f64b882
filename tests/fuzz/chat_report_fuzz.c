/*
 * Reports: an AbuseReport that decodes is given a true signature on its last stub, so that inputs
 * reach behind the chain; a result tells of every stub once and never shows a text whose tag is
 * not its stub's.
 * covers: chat_report_decode chat_report_verify chat_report_check_opening chat_report_check_whole
 * chat_report_sentences
 */
#include "chat/records.h"
#include "chat/report_verify.h"

#include "tests/fuzz/fuzz.h"

enum { STUB_COUNT_MAX = 32 }; /* more only costs time */

static struct crypto_suite suite;
static struct crypto_signing_key agent;

static void keys_init(void)
{
    uint8_t seed[32] = { 1 };
    if (agent.public_len != 0) return;
    FUZZ_OK(crypto_suite_init(&suite, 1, crypto_backend_native()));
    FUZZ_OK(crypto_signing_key_from(&suite, (tb_bytes){ seed, 32 }, &agent));
}

/* Sign the last stub as the hub would; false when the stubs do not chain. */
static bool sign_end(struct chat_report_evidence *evidence, struct chat_signature *signature)
{
    struct chat_run_head head = { .room_seq = evidence->first_seq - 1 };
    size_t count = evidence->stubs.count;
    struct chat_run_link link;

    memcpy(head.chain, evidence->chain_before, CHAT_HASH_LEN);
    if (count == 0 || count > STUB_COUNT_MAX || evidence->first_seq == 0) return false;
    if (!tb_is_ok(chat_run_stubs_hash(&suite, evidence->room_uri, evidence->group_id, &head,
                                      evidence->stubs.at, count - 1, &head))) {
        return false;
    }
    chat_run_link_of_stub(&evidence->stubs.at[count - 1], evidence->group_id, head.chain, &link);
    FUZZ_OK(chat_frank_link_hash(&suite, &link.link, head.chain));
    FUZZ_OK(chat_frank_sign(&suite, &agent, &link.link, head.chain, link.hub_key_id, signature));
    evidence->stubs.at[count - 1].timbre_signature = chat_signature_view(signature);
    return true;
}

static void check_result(const struct chat_report_result *result, struct tb_arena *arena)
{
    size_t message_count = 0;
    struct tb_buf buf;

    FUZZ_REQUIRE(result->message_count == result->evidence->stubs.count);
    for (size_t i = 0; i < result->person_count; i++) {
        message_count += result->persons[i].message_count;
    }
    FUZZ_REQUIRE(message_count == result->message_count);
    for (size_t i = 0; i < result->message_count; i++) {
        const struct chat_report_message *message = &result->messages[i];
        FUZZ_REQUIRE((message->content != NULL) == (message->level != 0));
        if (message->content == NULL) continue;
        FUZZ_REQUIRE(tb_is_ok(message->verdict));
        FUZZ_REQUIRE(tb_bytes_equal(message->content->sender_uri,
                                    message->stub->context.sender_uri));
    }
    tb_buf_init(&buf, arena->mem, 1u << 20);
    FUZZ_OK(chat_report_sentences(result, &buf));
    tb_buf_wipe(&buf);
}

FUZZ_TARGET(input, arena)
{
    struct chat_abuse_report report;
    struct chat_report_evidence evidence;
    struct chat_signature signature;
    struct chat_report_result result;
    tb_bytes encoded;

    keys_init();
    if (!tb_is_ok(chat_report_decode(input, arena, &report, &evidence))) return;
    if (!sign_end(&evidence, &signature)) return;
    const struct chat_report_text text = { report.reporting_user, report.reason_code, report.note };
    if (!tb_is_ok(chat_report_encode(&evidence, &text, arena, &encoded))) return;
    struct chat_agent_key agents[] = { { crypto_signing_key_public(&agent), 0, 0, 0 } };
    const struct chat_hub_record hub = { .agents = { agents, 1 } };
    const struct chat_report_verify_params params = {
        .suite = &suite, .hub = &hub, .room_uri = evidence.room_uri,
        .report_window_s = 2592000, .context_before = 5, .context_after = 2,
    };
    if (tb_is_ok(chat_report_verify(&params, encoded, arena, &result))) {
        check_result(&result, arena);
    }
}
