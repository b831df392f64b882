/* Tables, lists and Safe AAD of the chat room. */
#include "tests/unit/chat_fixture.h"

#include "chat/protocol.h"
#include "chat/safe_aad.h"

static void every_table_of_a_verb_and_of_a_push_is_sound(void **state)
{
    (void)state;
    size_t verb_count = 0, push_count = 0;
    for (unsigned i = 0; i <= UINT16_MAX; i++) {
        const struct chat_verb_row *verb = chat_verb_row((uint16_t)i);
        const struct chat_push_row *push = chat_push_row((uint16_t)i);
        if (verb != NULL) {
            verb_count++;
            assert_true(wire_check(verb->request) && wire_check(verb->answer));
            assert_ptr_equal(chat_verb_by_path(tb_bytes_text(verb->path)), verb);
        }
        if (push != NULL) {
            push_count++;
            assert_true(wire_check(push->body));
        }
    }
    size_t verbs_listed = 0, pushes_listed = 0;
#define COUNT_VERB(...) verbs_listed++;
#define COUNT_PUSH(...) pushes_listed++;
    CHAT_VERB_LIST(COUNT_VERB)
    CHAT_PUSH_LIST(COUNT_PUSH)
    assert_int_equal(verb_count, verbs_listed);
    assert_int_equal(push_count, pushes_listed);
    assert_null(chat_verb_by_path(TB_LITERAL("nothing")));
}

static void structs_outside_the_protocol_are_sound_too(void **state)
{
    (void)state;
    static const struct wire_desc *const DESCS[] = {
        &mls_application_framing_desc, &chat_participant_list_desc, &chat_participant_update_desc,
        &chat_franking_agent_desc, &chat_room_metadata_desc, &chat_role_data_desc,
        &chat_base_policy_desc, &chat_operational_policy_desc, &chat_expiration_policy_desc,
        &chat_frank_policy_desc, &chat_moderation_ref_desc, &chat_chain_head_desc,
        &chat_frank_link_desc, &chat_timbre_frank_tbs_desc, &chat_chain_genesis_desc,
        &chat_equivocation_desc, &chat_report_evidence_desc, &chat_abuse_report_desc,
        &chat_report_intake_desc, &chat_report_tbs_desc, &chat_report_aad_desc,
        &chat_report_id_input_desc, &chat_account_record_desc, &chat_hub_record_desc,
        &chat_decision_entry_desc, &chat_sealed_statement_desc, &chat_invite_secret_desc,
        &chat_request_frame_desc, &chat_answer_frame_desc, &chat_push_frame_desc,
        &chat_error_desc, &chat_stubs_desc, &chat_log_leaf_desc, &chat_log_fork_desc,
        &chat_notice_padded_desc,
    };
    for (size_t i = 0; i < sizeof DESCS / sizeof DESCS[0]; i++) assert_true(wire_check(DESCS[i]));
}

static void codes_have_a_name_a_sentence_and_an_http_status(void **state)
{
    (void)state;
    assert_string_equal(chat_code_name(CHAT_CODE_OK), "ok");
    assert_int_equal(chat_code_http(CHAT_CODE_RATE_LIMITED), 429);
    assert_string_equal(chat_code_name(CHAT_CODE_DESK_MISSING), "desk_missing");
    assert_string_equal(chat_code_name(999), "unknown");
    assert_int_equal(chat_code_http(999), 500);
    for (uint16_t i = 0; i <= CHAT_CODE_GONE; i++) {
        assert_string_not_equal(chat_code_name(i), "unknown");
        assert_true(strlen(chat_code_sentence(i)) > 3);
    }
}

static void every_status_has_a_name_and_a_sentence_of_its_own(void **state)
{
    (void)state;
    size_t count = 0;
    for (unsigned i = 0; i < 1000; i++) {
        const char *name = chat_status_name(TB_STATUS(i));
        if (strcmp(name, "UNKNOWN") == 0) continue;
        count++;
        assert_true(strlen(chat_status_text(TB_STATUS(i))) > 3);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(name, chat_status_name(TB_STATUS(k)));
        }
    }
    assert_true(count > 150);
    assert_string_equal(chat_status_name(TB_STATUS(CHAT_FRANK_TAG)), "CHAT_FRANK_TAG");
    assert_string_equal(chat_status_name(TB_STATUS(TB_OK)), "TB_OK");
    assert_string_equal(chat_status_text(TB_STATUS(899)), "an unknown reason");
}

/* ------------------------------------------------------------------ Safe AAD */

static void safe_aad_lists_are_sorted_and_whole(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint16_t code;
    } CASES[] = {
        { "00", CHAT_SAFE_AAD_ITEM },
        { "", CHAT_SAFE_AAD_FORM },
        { "0000", CHAT_SAFE_AAD_FORM },
        { "04 0020 01 aa", TB_OK },
        { "08 0020 01aa 0021 01bb", TB_OK },
        { "08 0019 01aa 0020 01bb", TB_OK },
        { "08 0021 01aa 0020 01bb", CHAT_SAFE_AAD_FORM }, /* not sorted */
        { "08 0020 01aa 0020 01bb", CHAT_SAFE_AAD_FORM }, /* twice */
        { "05 0020 01 aa", CHAT_SAFE_AAD_FORM },          /* cut off */
        { "04 0020 02 aa", CHAT_SAFE_AAD_FORM },          /* an item cut off */
        { "03 0020 40", CHAT_SAFE_AAD_FORM },
        { "01 00", CHAT_SAFE_AAD_FORM },
        { "04 0021 01 aa", CHAT_SAFE_AAD_ITEM },
        { "05 0020 4001 aa", CHAT_SAFE_AAD_FORM }, /* a length that is not the shortest */
    };
    struct fixture f;
    tb_bytes data;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        tb_status status = chat_safe_aad_find(fixture_hex(&f, CASES[i].hex), 0x0020, &data);
        if (status.code != CASES[i].code) print_message("case %zu\n", i);
        assert_status(status, CASES[i].code);
        if (tb_is_ok(status)) assert_int_equal(data.len, 1);
    }
    fixture_end(&f);
}

static void safe_aad_is_built_sorted_with_each_id_once(void **state)
{
    (void)state;
    struct fixture f;
    tb_bytes aad;
    fixture_init(&f);
    struct mls_safe_aad_item items[17] = {
        { 0xf106, TB_LITERAL("c") }, { 0x0020, TB_LITERAL("a") }, { 0xf102, TB_LITERAL("b") }
    };
    assert_ok(chat_safe_aad_build(items, 3, &f.arena, &aad));
    assert_hex(&f, aad, "0c 0020 0161 f102 0162 f106 0163");
    assert_ok(chat_safe_aad_build(items, 0, &f.arena, &aad));
    assert_hex(&f, aad, "00");
    items[2].component_id = 0x0020;
    assert_status(chat_safe_aad_build(items, 3, &f.arena, &aad), CHAT_SAFE_AAD_FORM);
    for (uint16_t i = 0; i < 17; i++) items[i].component_id = i;
    assert_ok(chat_safe_aad_build(items, 16, &f.arena, &aad));
    assert_status(chat_safe_aad_build(items, 17, &f.arena, &aad), CHAT_SAFE_AAD_FORM);
    fixture_end(&f);
}

static void a_tag_has_32_octets_and_a_reference_parses(void **state)
{
    (void)state;
    struct fixture f;
    uint8_t tag[32];
    struct chat_moderation_ref ref;
    fixture_init(&f);
    assert_status(chat_safe_aad_tag(fixture_hex(&f, "04 0020 01 aa"), tag), CHAT_SAFE_AAD_TAG);
    assert_status(chat_safe_aad_tag(fixture_hex(&f, "00"), tag), CHAT_SAFE_AAD_TAG);
    assert_status(chat_safe_aad_tag(fixture_hex(&f, "07"), tag), CHAT_SAFE_AAD_FORM);
    assert_status(chat_safe_aad_moderation(fixture_hex(&f, "04 f102 01 aa"), &f.arena, &ref),
                  CHAT_SAFE_AAD_ITEM);
    assert_status(chat_safe_aad_moderation(fixture_hex(&f, "00"), &f.arena, &ref),
                  CHAT_SAFE_AAD_ITEM);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_of_a_verb_and_of_a_push_is_sound),
        cmocka_unit_test(structs_outside_the_protocol_are_sound_too),
        cmocka_unit_test(codes_have_a_name_a_sentence_and_an_http_status),
        cmocka_unit_test(every_status_has_a_name_and_a_sentence_of_its_own),
        cmocka_unit_test(safe_aad_lists_are_sorted_and_whole),
        cmocka_unit_test(safe_aad_is_built_sorted_with_each_id_once),
        cmocka_unit_test(a_tag_has_32_octets_and_a_reference_parses),
    };
    return cmocka_run_group_tests_name("chat_structs", tests, NULL, NULL);
}
