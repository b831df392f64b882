/* What outsiders see and send: the public log, notices by receipt, orders, counts. */
#include "tests/unit/hub_room.h"

#include "chat/decision.h"
#include "chat/log.h"
#include "chat/reason.h"

#define DAY_MS UINT64_C(86400000)
#define TEXT_OF_THE_NOTICE "the unmistakable words of an outsider"

/* One request from the hub's own forms. */
static uint16_t page_ask(struct world *w, uint16_t verb, const void *request, void *answer)
{
    hub_conn conn = w->next_conn++;
    tb_bytes body;
    assert_ok(wire_encode(chat_verb_row(verb)->request, request, &w->arena, &body));
    world_event(w, (struct hub_event){ .kind = HUB_EVENT_POST, .conn = conn, .verb = verb,
                                       .is_page = true, .is_admin = verb >= CHAT_VERB_ADMIN_INVITE,
                                       .bytes = body });
    world_close_turn(w);
    for (size_t i = 0; i < w->inbox_count; i++) {
        const struct world_frame *frame = &w->inbox[i];
        if (frame->kind != HUB_EFFECT_ANSWER || frame->conn != conn) continue;
        if (frame->code != CHAT_CODE_OK) {
            assert_ok(wire_decode(&chat_error_desc, frame->bytes, &w->arena, &w->error, NULL));
        } else if (answer != NULL) {
            assert_ok(wire_decode(chat_verb_row(verb)->answer, frame->bytes, &w->arena, answer,
                                  NULL));
        }
        return frame->code;
    }
    return 0xffff;
}

static void warn(struct world *w, uint8_t id)
{
    struct person *alice = &w->people[ALICE];
    struct chat_decision_put put = { .sealed_statements = { NULL, 0 } };
    put.decision = (struct chat_decision){
        .domain = TB_LITERAL("hub.example"), .subject = w->people[MALLORY].account,
        .action = CHAT_ACTION_WARN, .scope = CHAT_SCOPE_ROOM, .room_uri = w->rooms[ROOM],
        .reason_code = CHAT_REASON_SPAM, .decider_device = alice->device, .decided_ms = w->now_ms,
    };
    memset(put.decision.decision_id, id, sizeof put.decision.decision_id);
    assert_ok(chat_decision_sign(&w->suite, &alice->device_key, &put.decision, &w->arena));
    assert_code(world_ask(w, alice, CHAT_VERB_DECISION_PUT, &put, NULL), CHAT_CODE_OK);
}

static struct chat_hub_record hub_record(struct world *w)
{
    struct chat_opaque record;
    struct chat_hub_record hub;
    assert_code(world_ask(w, &w->people[ALICE], CHAT_VERB_HUB_RECORD,
                          &(struct chat_nothing){ NULL }, &record),
                CHAT_CODE_OK);
    assert_ok(wire_decode(&chat_hub_record_desc, record.value, &w->arena, &hub, NULL));
    return hub;
}

static struct chat_log_point head(struct world *w, uint64_t known, struct chat_log_head *out)
{
    struct chat_log_point point;
    struct chat_hub_record hub = hub_record(w);
    struct chat_log_get get = { known, 0 };
    assert_code(page_ask(w, CHAT_VERB_LOG_HEAD, &get, out), CHAT_CODE_OK);
    assert_ok(chat_log_checkpoint_open(&w->suite, hub.intake_key, TB_LITERAL("hub.example"),
                                       out->checkpoint, &w->arena, &point));
    return point;
}

static void each_decision_is_a_leaf_of_a_log_that_only_grows(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_log_head answer;
    struct chat_merkle_path path;
    world_init(&w, 21);
    world_usual(&w, &keys, 4);
    assert_int_equal(head(&w, 0, &answer).size, 0);
    for (uint8_t n = 1; n <= 5; n++) warn(&w, n);
    struct chat_log_point before = head(&w, 0, &answer);
    assert_int_equal(before.size, 5);
    world_crash(&w);
    for (size_t i = 0; i < 4; i++) world_connect(&w, &w.people[i]), world_login(&w, &w.people[i]);
    for (uint8_t n = 6; n <= 11; n++) warn(&w, n);
    struct chat_log_point after = head(&w, 5, &answer);
    assert_int_equal(after.size, 11);
    assert_ok(chat_log_path_read(&answer.consistency, &path));
    assert_ok(chat_merkle_consistency_verify(&w.suite, 5, 11, &before.root, &after.root, &path));
    for (uint64_t i = 0; i < 11; i++) {
        struct chat_log_get get = { i, 11 };
        struct chat_opaque leaf;
        struct chat_log_path inclusion;
        struct chat_merkle_hash hash;
        assert_code(page_ask(&w, CHAT_VERB_LOG_ENTRY, &get, &leaf), CHAT_CODE_OK);
        assert_code(page_ask(&w, CHAT_VERB_LOG_INCLUSION, &get, &inclusion), CHAT_CODE_OK);
        assert_ok(chat_merkle_leaf(&w.suite, leaf.value, &hash));
        assert_ok(chat_log_path_read(&inclusion, &path));
        assert_ok(chat_merkle_inclusion_verify(&w.suite, i, 11, &hash, &path, &after.root));
    }
    struct chat_log_get beyond = { 11, 12 };
    assert_code(page_ask(&w, CHAT_VERB_LOG_ENTRY, &beyond, NULL), CHAT_CODE_NOT_FOUND);
    assert_code(page_ask(&w, CHAT_VERB_LOG_INCLUSION, &beyond, NULL), CHAT_CODE_NOT_FOUND);
    assert_code(page_ask(&w, CHAT_VERB_LOG_CONSISTENCY, &beyond, NULL), CHAT_CODE_NOT_FOUND);
    world_end(&w);
}

static void a_party_gets_the_proof_of_its_decision_and_others_do_not(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_log_get get = { 2, 0 };
    struct chat_log_proof proof;
    struct chat_log_leaf leaf;
    struct chat_decision_entry entry;
    struct chat_log_point point;
    world_init(&w, 22);
    world_usual(&w, &keys, 4);
    for (uint8_t n = 1; n <= 3; n++) warn(&w, n);
    struct chat_hub_record hub = hub_record(&w);
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_LOG_PROOF, &get, NULL),
                CHAT_CODE_NOT_FOUND);
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_LOG_PROOF, &get, &proof), CHAT_CODE_OK);
    assert_code(world_ask(&w, &w.people[MALLORY], CHAT_VERB_LOG_PROOF, &get, &proof),
                CHAT_CODE_OK);
    assert_ok(chat_log_proof_verify(&w.suite, &proof, &hub, &w.arena, &leaf, &entry, &point));
    assert_int_equal(entry.number, 2);
    assert_bytes(entry.decision.subject, w.people[MALLORY].account);
    get.first = 4;
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_LOG_PROOF, &get, NULL),
                CHAT_CODE_NOT_FOUND);
    world_end(&w);
}

/* ------------------------------------------------------------------ notices */

static struct chat_notice notice_of(const char *mail)
{
    return (struct chat_notice){ .kind = CHAT_NOTICE_FIRST, .reason_code = CHAT_REASON_FRAUD,
                                 .where = TB_LITERAL("https://hub.example/j/ and a room"),
                                 .text = TB_LITERAL(TEXT_OF_THE_NOTICE),
                                 .mail = tb_bytes_text(mail), .is_good_faith = 1 };
}

static uint16_t send_notice(struct world *w, const char *mail, struct chat_notice_receipt *out)
{
    struct chat_notice notice = notice_of(mail);
    return page_ask(w, CHAT_VERB_NOTICE_PUT, &notice, out);
}

static uint16_t answer_notice(struct world *w, size_t who, uint64_t number, uint8_t outcome)
{
    struct chat_notice_answer put = { .number = number, .outcome = outcome,
                                      .basis = outcome == CHAT_NOTICE_ACTED ? CHAT_BASIS_TERMS : 0,
                                      .reply = TB_LITERAL("we looked into it") };
    return world_ask(w, &w->people[who], CHAT_VERB_NOTICE_ANSWER, &put, NULL);
}

static struct chat_notice_state state_of(struct world *w, const struct chat_notice_receipt *receipt)
{
    struct chat_notice_ask ask = { .number = receipt->number };
    struct chat_notice_state out;
    memcpy(ask.secret, receipt->secret, sizeof ask.secret);
    assert_code(page_ask(w, CHAT_VERB_NOTICE_STATE, &ask, &out), CHAT_CODE_OK);
    return out;
}

static bool is_words_row(void *ctx, tb_bytes key, tb_bytes value)
{
    (void)key;
    static const char words[] = TEXT_OF_THE_NOTICE;
    for (size_t i = 0; i + sizeof words - 1 <= value.len; i++) {
        if (memcmp(value.data + i, words, sizeof words - 1) == 0) *(bool *)ctx = true;
    }
    return true;
}

static void a_notice_is_stored_for_the_desk_alone(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_notice_receipt receipt;
    struct chat_notice_queue queue;
    struct chat_queue_get get = { 0 };
    struct chat_notice opened;
    bool is_in_clear = false;
    world_init(&w, 23);
    world_usual(&w, &keys, 4);
    assert_code(send_notice(&w, "someone@else.example", &receipt), CHAT_CODE_OK);
    assert_int_equal(receipt.number, 1);
    for (uint8_t table = 1; table <= HUB_TABLE_TAGS; table++) {
        assert_ok(tb_store_scan(&w.store.store, table, TB_LITERAL(""), TB_LITERAL(""), false,
                                SIZE_MAX, is_words_row, &is_in_clear));
    }
    assert_false(is_in_clear);
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_NOTICE_QUEUE, &get, NULL),
                CHAT_CODE_FORBIDDEN);
    assert_code(world_ask(&w, &w.people[ALICE], CHAT_VERB_NOTICE_QUEUE, &get, &queue),
                CHAT_CODE_OK);
    assert_int_equal(queue.notices.count, 1);
    struct chat_hub_record hub = hub_record(&w);
    assert_ok(chat_notice_open(&w.suite, &queue.notices.at[0].sealed, hub.intake_key,
                               &keys.recipient, &keys.hpke_private, &w.arena, &opened));
    assert_bytes(opened.text, TB_LITERAL(TEXT_OF_THE_NOTICE));
    queue.notices.at[0].sealed.number++; /* it is bound to its place */
    assert_status(chat_notice_open(&w.suite, &queue.notices.at[0].sealed, hub.intake_key,
                                   &keys.recipient, &keys.hpke_private, &w.arena, &opened),
                  CHAT_NOTICE_SIGNATURE);
    world_end(&w);
}

static void a_notice_that_lacks_something_is_refused_and_only_forms_may_send_one(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    world_init(&w, 24);
    world_usual(&w, &keys, 4);
    struct chat_notice good = notice_of(""), bad;
    assert_code(world_ask(&w, &w.people[BOB], CHAT_VERB_NOTICE_PUT, &good, NULL),
                CHAT_CODE_UNSUPPORTED);
    bad = good, bad.is_good_faith = 0;
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_PUT, &bad, NULL), CHAT_CODE_BAD_REQUEST);
    bad = good, bad.where.len = 0;
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_PUT, &bad, NULL), CHAT_CODE_BAD_REQUEST);
    bad = good, bad.reason_code = 99;
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_PUT, &bad, NULL), CHAT_CODE_BAD_REQUEST);
    bad = good, bad.mail = TB_LITERAL("no address");
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_PUT, &bad, NULL), CHAT_CODE_BAD_REQUEST);
    bad = good, bad.text = TB_LITERAL("\xff\xfe");
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_PUT, &bad, NULL), CHAT_CODE_BAD_REQUEST);
    bad = good, bad.kind = CHAT_NOTICE_COMPLAINT;
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_PUT, &bad, NULL), CHAT_CODE_BAD_REQUEST);
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_PUT, &good, NULL), CHAT_CODE_OK);
    world_end(&w);
}

static void the_state_is_told_to_who_holds_the_receipt(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_notice_receipt receipt;
    world_init(&w, 25);
    world_usual(&w, &keys, 4);
    assert_code(send_notice(&w, "", &receipt), CHAT_CODE_OK);
    assert_int_equal(state_of(&w, &receipt).outcome, CHAT_NOTICE_OPEN);
    struct chat_notice_ask ask = { .number = receipt.number };
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_STATE, &ask, NULL), CHAT_CODE_NOT_FOUND);
    assert_code(answer_notice(&w, ALICE, 1, CHAT_NOTICE_ACTED), CHAT_CODE_OK);
    assert_code(answer_notice(&w, ALICE, 1, CHAT_NOTICE_ACTED), CHAT_CODE_CONFLICT);
    assert_code(answer_notice(&w, ALICE, 2, CHAT_NOTICE_ACTED), CHAT_CODE_NOT_FOUND);
    struct chat_notice_state told = state_of(&w, &receipt);
    assert_int_equal(told.outcome, CHAT_NOTICE_ACTED);
    assert_bytes(told.reply, TB_LITERAL("we looked into it"));
    assert_int_equal(told.complain_until_ms, 0); /* what was asked for was done */
    world_end(&w);
}

static void a_complaint_against_no_action_is_for_another_moderator(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_notice_receipt receipt;
    struct chat_notice_state told;
    world_init(&w, 26);
    world_usual(&w, &keys, 4);
    assert_code(send_notice(&w, "", &receipt), CHAT_CODE_OK);
    struct chat_notice_ask ask = { .number = 1, .text = TB_LITERAL("look again") };
    memcpy(ask.secret, receipt.secret, sizeof ask.secret);
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_COMPLAIN, &ask, NULL), CHAT_CODE_CONFLICT);
    assert_code(answer_notice(&w, ALICE, 1, CHAT_NOTICE_NO_ACTION), CHAT_CODE_OK);
    assert_int_equal(state_of(&w, &receipt).complain_until_ms,
                     w.now_ms + CHAT_COMPLAINT_WINDOW_MS);
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_COMPLAIN, &ask, &told), CHAT_CODE_OK);
    assert_int_equal(told.complaint_ms, w.now_ms);
    assert_int_equal(told.complaint_outcome, CHAT_NOTICE_OPEN);
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_COMPLAIN, &ask, NULL), CHAT_CODE_CONFLICT);
    assert_code(answer_notice(&w, ALICE, 2, CHAT_NOTICE_NO_ACTION), CHAT_CODE_POLICY);
    world_end(&w);
}

static void a_complaint_comes_within_six_months(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_notice_receipt receipt;
    world_init(&w, 27);
    world_usual(&w, &keys, 4);
    assert_code(send_notice(&w, "", &receipt), CHAT_CODE_OK);
    struct chat_notice_ask ask = { .number = 1, .text = TB_LITERAL("look again") };
    memcpy(ask.secret, receipt.secret, sizeof ask.secret);
    assert_code(answer_notice(&w, ALICE, 1, CHAT_NOTICE_NO_ACTION), CHAT_CODE_OK);
    w.now_ms += CHAT_COMPLAINT_WINDOW_MS;
    assert_code(page_ask(&w, CHAT_VERB_NOTICE_COMPLAIN, &ask, NULL), CHAT_CODE_CONFLICT);
    world_tick(&w, 40 * DAY_MS); /* and then the text goes */
    world_tick(&w, DAY_MS);
    assert_int_equal(state_of(&w, &receipt).reply.len, 0);
    world_end(&w);
}

static void unfounded_notices_warn_and_then_suspend_an_address(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_notice_receipt receipts[4];
    world_init(&w, 28);
    world_usual(&w, &keys, 4);
    for (uint64_t n = 1; n <= 3; n++) {
        assert_code(send_notice(&w, n == 2 ? "Mallory@else.example" : "mallory@else.example",
                                &receipts[n]),
                    CHAT_CODE_OK);
        assert_code(answer_notice(&w, ALICE, n, CHAT_NOTICE_UNFOUNDED), CHAT_CODE_OK);
        struct chat_notice_state told = state_of(&w, &receipts[n]);
        assert_int_equal(told.is_warned, n < 3);
        assert_int_equal(told.suspended_until_ms, n < 3 ? 0 : w.now_ms + 90 * DAY_MS);
    }
    assert_code(send_notice(&w, "MALLORY@else.example", NULL), CHAT_CODE_RESTRICTED);
    assert_int_equal(w.error.value, w.now_ms + 90 * DAY_MS);
    assert_code(send_notice(&w, "carol@else.example", NULL), CHAT_CODE_OK);
    w.now_ms += 90 * DAY_MS;
    assert_code(send_notice(&w, "mallory@else.example", NULL), CHAT_CODE_OK);
    world_end(&w);
}

/* ------------------------------------------------------------------ orders and counts */

static struct chat_order order_of(struct world *w)
{
    return (struct chat_order){ .kind = CHAT_ORDER_ACT, .authority = TB_LITERAL("a court"),
                                .state = TB_LITERAL("FR"), .legal_basis = TB_LITERAL("article 1"),
                                .reason_code = CHAT_REASON_FRAUD, .received_ms = w->now_ms };
}

static void an_order_is_registered_whole_and_closed_once(void **state)
{
    (void)state;
    struct world w;
    struct chat_order order, answer;
    struct chat_orders orders;
    world_init(&w, 29);
    order = order_of(&w), order.authority.len = 0;
    assert_code(page_ask(&w, CHAT_VERB_ADMIN_ORDER, &order, NULL), CHAT_CODE_BAD_REQUEST);
    order = order_of(&w), order.state = TB_LITERAL("fr");
    assert_code(page_ask(&w, CHAT_VERB_ADMIN_ORDER, &order, NULL), CHAT_CODE_BAD_REQUEST);
    order = order_of(&w), order.received_ms++;
    assert_code(page_ask(&w, CHAT_VERB_ADMIN_ORDER, &order, NULL), CHAT_CODE_BAD_REQUEST);
    order = order_of(&w);
    assert_code(page_ask(&w, CHAT_VERB_ADMIN_ORDER, &order, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.number, 1);
    struct chat_order closing = { .number = 1 };
    assert_code(page_ask(&w, CHAT_VERB_ADMIN_ORDER, &closing, NULL), CHAT_CODE_BAD_REQUEST);
    closing.effect = TB_LITERAL("the account was closed");
    w.now_ms += DAY_MS;
    assert_code(page_ask(&w, CHAT_VERB_ADMIN_ORDER, &closing, &answer), CHAT_CODE_OK);
    assert_int_equal(answer.closed_ms, w.now_ms);
    assert_code(page_ask(&w, CHAT_VERB_ADMIN_ORDER, &closing, NULL), CHAT_CODE_CONFLICT);
    assert_code(page_ask(&w, CHAT_VERB_ADMIN_ORDERS, &(struct chat_queue_get){ 0 }, &orders),
                CHAT_CODE_OK);
    assert_int_equal(orders.orders.count, 1);
    assert_bytes(orders.orders.at[0].effect, closing.effect);
    world_end(&w);
}

static uint64_t value_of(const struct chat_counts *counts, uint8_t what, uint8_t by)
{
    const struct chat_count *cell = chat_counts_at(counts, what, by);
    assert_non_null(cell);
    return cell->value;
}

static void counts_are_exact_for_the_operator_and_hide_small_numbers_from_the_public(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys;
    struct chat_counts_list exact, open;
    struct chat_notice_receipt receipt;
    world_init(&w, 30);
    world_usual(&w, &keys, 4);
    uint32_t month = chat_counts_month_of(w.now_ms);
    for (uint8_t n = 1; n <= 12; n++) warn(&w, n);
    struct chat_order order = order_of(&w);
    assert_code(page_ask(&w, CHAT_VERB_ADMIN_ORDER, &order, NULL), CHAT_CODE_OK);
    for (uint64_t n = 1; n <= 2; n++) assert_code(send_notice(&w, "", &receipt), CHAT_CODE_OK);
    w.now_ms += 1000;
    assert_code(answer_notice(&w, ALICE, 1, CHAT_NOTICE_ACTED), CHAT_CODE_OK);
    struct chat_log_get months = { month, month };
    assert_code(page_ask(&w, CHAT_VERB_ADMIN_COUNTS, &months, &exact), CHAT_CODE_OK);
    assert_int_equal(exact.months.count, 2);
    for (size_t i = 0; i < 2; i++) { /* the month, and the span as one */
        const struct chat_counts *at = &exact.months.at[i];
        assert_int_equal(value_of(at, CHAT_COUNT_DECISIONS, CHAT_ACTION_WARN), 12);
        assert_int_equal(value_of(at, CHAT_COUNT_DECISION_REASONS, CHAT_REASON_SPAM), 12);
        assert_int_equal(value_of(at, CHAT_COUNT_NOTICES, CHAT_SOURCE_OUTSIDER), 2);
        assert_int_equal(value_of(at, CHAT_COUNT_NOTICE_OUTCOMES, CHAT_NOTICE_OPEN), 1);
        assert_int_equal(value_of(at, CHAT_COUNT_NOTICE_MEDIAN_MS, 0), 1000);
        assert_int_equal(value_of(at, CHAT_COUNT_ORDERS, CHAT_ORDER_ACT), 1);
        assert_int_equal(value_of(at, CHAT_COUNT_AUTOMATED, 0), 0);
    }
    const struct chat_nothing nothing = { NULL };
    assert_code(page_ask(&w, CHAT_VERB_TRANSPARENCY, &nothing, &open), CHAT_CODE_OK);
    assert_int_equal(open.months.count, 0); /* the month is not over */
    w.now_ms = chat_counts_month_begin_ms(month + 1) + 6 * DAY_MS;
    assert_code(page_ask(&w, CHAT_VERB_TRANSPARENCY, &nothing, &open), CHAT_CODE_OK);
    assert_int_equal(open.months.count, 0); /* nor since a week */
    w.now_ms += DAY_MS;
    assert_code(page_ask(&w, CHAT_VERB_TRANSPARENCY, &nothing, &open), CHAT_CODE_OK);
    assert_int_equal(open.months.count, 1);
    const struct chat_counts *seen = &open.months.at[0];
    assert_int_equal(seen->month, month);
    assert_int_equal(value_of(seen, CHAT_COUNT_DECISIONS, CHAT_ACTION_WARN), 12);
    assert_true(chat_counts_at(seen, CHAT_COUNT_NOTICES, CHAT_SOURCE_OUTSIDER)->is_hidden);
    assert_int_equal(value_of(seen, CHAT_COUNT_NOTICES, CHAT_SOURCE_OUTSIDER), 0);
    assert_true(chat_counts_at(seen, CHAT_COUNT_NOTICE_MEDIAN_MS, 0)->is_hidden);
    assert_true(chat_counts_at(seen, CHAT_COUNT_ORDERS, CHAT_ORDER_ACT)->is_hidden);
    assert_false(chat_counts_at(seen, CHAT_COUNT_ORDERS, CHAT_ORDER_INFORMATION)->is_hidden);
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_decision_is_a_leaf_of_a_log_that_only_grows),
        cmocka_unit_test(a_party_gets_the_proof_of_its_decision_and_others_do_not),
        cmocka_unit_test(a_notice_is_stored_for_the_desk_alone),
        cmocka_unit_test(a_notice_that_lacks_something_is_refused_and_only_forms_may_send_one),
        cmocka_unit_test(the_state_is_told_to_who_holds_the_receipt),
        cmocka_unit_test(a_complaint_against_no_action_is_for_another_moderator),
        cmocka_unit_test(a_complaint_comes_within_six_months),
        cmocka_unit_test(unfounded_notices_warn_and_then_suspend_an_address),
        cmocka_unit_test(an_order_is_registered_whole_and_closed_once),
        cmocka_unit_test(counts_are_exact_for_the_operator_and_hide_small_numbers_from_the_public),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
