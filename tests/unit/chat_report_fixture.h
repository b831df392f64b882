/*
 * A room with a hub, and a reporter who holds its messages: what the tests of reports start from.
 * Messages are franked and chained by the code under test; runs end where the caller says.
 */
#ifndef TB_TESTS_UNIT_CHAT_REPORT_FIXTURE_H
#define TB_TESTS_UNIT_CHAT_REPORT_FIXTURE_H

#include <stdio.h>

#include "tests/unit/chat_fixture.h"

#include "chat/content.h"
#include "chat/frank.h"
#include "chat/policy.h"
#include "chat/records.h"
#include "chat/report.h"
#include "chat/report_seal.h"
#include "chat/report_verify.h"
#include "chat/run.h"
#include "chat/safe_aad.h"

#define WORLD_DOMAIN "hub.example"
#define WORLD_ROOM "mimi://hub.example/r/tea"
#define WORLD_DESK "mimi://hub.example/r/desk"
#define WORLD_ALICE "mimi://hub.example/u/alice"
#define WORLD_MALLORY "mimi://hub.example/u/mallory"
#define WORLD_TIME_MS UINT64_C(1700000000000)

enum { WORLD_MESSAGE_COUNT_MAX = 320 };

struct world {
    struct fixture f;
    struct crypto_signing_key root, agent, external, intake, desk, alice_device, mallory_device;
    uint8_t hub_key[32], hub_key_id[8];
    struct chat_agent_key agents[2];
    struct chat_hub_record hub;
    uint8_t root_hash[32];
    tb_bytes hub_encoded;
    tb_bytes group_id, group_context;
    uint8_t genesis[32];
    struct chat_run_head head;
    struct chat_report_row rows[WORLD_MESSAGE_COUNT_MAX];
    uint8_t salts[WORLD_MESSAGE_COUNT_MAX][16];
    uint8_t aads[WORLD_MESSAGE_COUNT_MAX][CHAT_SAFE_AAD_TAG_LEN];
    size_t row_count;
    struct chat_account_record mallory_record;
    struct chat_device_key mallory_devices[1];
    struct chat_recipient_key recipient;
    struct tb_secret recipient_private;
};

static inline tb_bytes world_text(struct world *w, const char *format, unsigned number)
{
    char text[128];
    tb_bytes out;
    int len = snprintf(text, sizeof text, format, number);
    assert_ok(tb_arena_dup(&w->f.arena, tb_bytes_of(text, (size_t)len), &out));
    return out;
}

/* The octets of a GroupContext of this room, epoch 3. */
static inline void world_make_context(struct world *w)
{
    struct chat_user_role_pair users[] = { { TB_LITERAL(WORLD_ALICE), CHAT_ROLE_OWNER },
                                           { TB_LITERAL(WORLD_MALLORY), CHAT_ROLE_MEMBER } };
    struct chat_policy_hub hub;
    struct mls_extension *extensions;
    size_t count;
    assert_ok(chat_policy_hub_of_record(&w->hub, &w->f.arena, &hub));
    const struct chat_policy_new room = {
        .room_kind = CHAT_ROOM_GROUP, .room_class = CHAT_CLASS_PRIVATE,
        .room_uri = TB_LITERAL(WORLD_ROOM), .participants = users, .participant_count = 2,
        .hub = &hub,
    };
    assert_ok(chat_policy_extensions(&room, &w->f.arena, &extensions, &count));
    struct mls_group_context context = { .version = 1, .cipher_suite = 1, .group_id = w->group_id,
                                         .epoch = 3, .extensions = { extensions, count } };
    w->group_context = fixture_encode(&w->f, &mls_group_context_desc, &context);
}

static inline void world_make_recipient(struct world *w)
{
    uint8_t public_key[CRYPTO_PUBLIC_MAX];
    tb_bytes encoded;
    assert_ok(crypto_hpke_generate(&w->f.suite, &w->f.rng.rng, &w->recipient_private, public_key));
    w->recipient = (struct chat_recipient_key){
        .uri = TB_LITERAL(WORLD_DESK), .serial = 1, .suite = 1,
        .not_before_ms = WORLD_TIME_MS, .not_after_ms = WORLD_TIME_MS + 80 * CHAT_MS_A_DAY,
    };
    assert_ok(tb_arena_dup(&w->f.arena, (tb_bytes){ public_key, w->f.suite.dh_public_len },
                           &w->recipient.hpke_key));
    assert_ok(chat_records_make_recipient(&w->f.suite, &w->desk, &w->recipient, &w->f.arena,
                                          &encoded));
}

static inline void world_init(struct world *w)
{
    memset(w, 0, sizeof *w);
    fixture_init(&w->f);
    struct crypto_signing_key *const keys[] = { &w->root, &w->agent, &w->external, &w->intake,
                                                &w->desk, &w->alice_device, &w->mallory_device };
    for (size_t i = 0; i < 7; i++) fixture_key(&w->f, (uint8_t)(16 * i), keys[i]);
    for (uint8_t i = 0; i < 32; i++) w->hub_key[i] = (uint8_t)(200 - i);
    assert_ok(chat_frank_hub_key_id(&w->f.suite, TB_ARRAY(w->hub_key), w->hub_key_id));
    w->agents[0] = (struct chat_agent_key){ crypto_signing_key_public(&w->external),
                                            WORLD_TIME_MS - 9000, WORLD_TIME_MS - 8000, 0 };
    w->agents[1] = (struct chat_agent_key){ crypto_signing_key_public(&w->agent),
                                            WORLD_TIME_MS - 8000, 0, 0 };
    w->hub = (struct chat_hub_record){
        .domain = TB_LITERAL(WORLD_DOMAIN), .version = 4, .time_ms = WORLD_TIME_MS,
        .agents = { w->agents, 2 },
        .external_sender_key = crypto_signing_key_public(&w->external),
        .intake_key = crypto_signing_key_public(&w->intake),
        .desk_uri = TB_LITERAL(WORLD_DESK), .desk_verify_key = crypto_signing_key_public(&w->desk),
    };
    assert_ok(chat_records_make_hub(&w->f.suite, &w->root, &w->hub, &w->f.arena,
                                    &w->hub_encoded));
    assert_ok(chat_records_root_hash(&w->f.suite, w->hub.root_key, w->root_hash));
    w->group_id = world_text(w, "group %u 0123456789012345678901", 1);
    struct chat_chain_genesis genesis = { .room_uri = TB_LITERAL(WORLD_ROOM),
                                          .group_id = w->group_id };
    assert_ok(chat_frank_genesis(&w->f.suite, &genesis, w->genesis));
    memcpy(w->head.chain, w->genesis, 32);
    world_make_context(w);
    world_make_recipient(w);
    w->mallory_devices[0] = (struct chat_device_key){
        TB_LITERAL("mimi://hub.example/d/mallory/phone"),
        crypto_signing_key_public(&w->mallory_device), WORLD_TIME_MS, CHAT_DEVICE_ACTIVE
    };
    w->mallory_record = (struct chat_account_record){
        .v = 1, .account = TB_LITERAL(WORLD_MALLORY),
        .account_key = crypto_signing_key_public(&w->mallory_device),
        .devices = { w->mallory_devices, 1 },
    };
}

static inline void world_end(struct world *w)
{
    struct crypto_signing_key *const keys[] = { &w->root, &w->agent, &w->external, &w->intake,
                                                &w->desk, &w->alice_device, &w->mallory_device };
    for (size_t i = 0; i < 7; i++) crypto_signing_key_wipe(keys[i]);
    tb_secret_wipe(&w->recipient_private);
    fixture_end(&w->f);
}

/* The hub takes one application_data of `sender` and links it; is_end signs it. */
static inline struct chat_report_row *world_accept(struct world *w, const char *sender,
                                                   const uint8_t salt[16], tb_bytes data,
                                                   bool is_end)
{
    size_t i = w->row_count++;
    struct chat_report_row *row = &w->rows[i];
    struct chat_signature signature;
    struct chat_run_link link;

    assert_true(i < WORLD_MESSAGE_COUNT_MAX);
    *row = (struct chat_report_row){ .kind = CHAT_OPENING_IS_FULL, .application_data = data };
    memcpy(w->salts[i], salt, 16);
    struct chat_stub *stub = &row->stub;
    stub->room_seq = w->head.room_seq + 1;
    stub->epoch = 3;
    stub->context = (struct chat_franking_context){ tb_bytes_text(sender), TB_LITERAL(WORLD_ROOM),
                                                    WORLD_TIME_MS + 1000 * stub->room_seq };
    memcpy(stub->hub_key_id, w->hub_key_id, 8);
    assert_ok(chat_frank_tag(&w->f.suite, salt, data, stub->franking_tag));
    chat_safe_aad_of_tag(stub->franking_tag, w->aads[i]);
    assert_ok(chat_frank_ct_hash(&w->f.suite, world_text(w, "ciphertext %u", (unsigned)i),
                                 stub->ct_hash));
    assert_ok(chat_frank_server(&w->f.suite, TB_ARRAY(w->hub_key), stub->franking_tag,
                                &stub->context, stub->frank.server_frank));
    chat_run_link_of_stub(stub, w->group_id, w->head.chain, &link);
    assert_ok(chat_frank_link_hash(&w->f.suite, &link.link, w->head.chain));
    w->head.room_seq = stub->room_seq;
    if (!is_end) return row;
    assert_ok(chat_frank_sign(&w->f.suite, &w->agent, &link.link, w->head.chain, w->hub_key_id,
                              &signature));
    assert_ok(tb_arena_dup(&w->f.arena, chat_signature_view(&signature),
                           &stub->timbre_signature));
    return row;
}

static inline struct chat_report_row *world_send_content(struct world *w, const char *sender,
                                                         const struct chat_content *content,
                                                         bool is_end)
{
    tb_bytes data;
    assert_ok(chat_content_frame(content, &w->f.heap.mem, &w->f.arena, &data));
    return world_accept(w, sender, content->salt, data, is_end);
}

static inline struct chat_content world_content(struct world *w, const char *sender,
                                                const char *text)
{
    const struct chat_content_head head = { tb_bytes_text(sender), TB_LITERAL(WORLD_ROOM), 0,
                                            NULL };
    struct chat_content content;
    assert_ok(chat_content_init(&head, &w->f.rng.rng, &content));
    chat_content_set_text(&content, tb_bytes_text(text));
    return content;
}

static inline struct chat_report_row *world_send(struct world *w, const char *sender,
                                                 const char *text, bool is_end)
{
    struct chat_content content = world_content(w, sender, text);
    return world_send_content(w, sender, &content, is_end);
}

/* Alice and mallory in turn, `count` messages, a signature on every `run`-th. */
static inline void world_talk(struct world *w, size_t count, size_t run)
{
    for (size_t i = 0; i < count; i++) {
        world_send(w, i % 2 == 0 ? WORLD_ALICE : WORLD_MALLORY, "a text", (i + 1) % run == 0);
    }
}

/* The sender's MLS signature over the row's text, as a receiver keeps it. */
static inline void world_prove(struct world *w, size_t index,
                               const struct crypto_signing_key *device)
{
    struct chat_report_row *row = &w->rows[index];
    struct chat_mls_sender_proof *proof = tb_arena_take(&w->f.arena, 1, sizeof *proof);
    uint8_t head[4], epoch[8], sender[5];
    const uint8_t content_type[] = { 1 };
    struct wire_opaque group_id = { w->group_id }, aad = { TB_ARRAY(w->aads[index]) },
                       data = { row->application_data };

    tb_put_u16(head, 1);
    tb_put_u16(head + 2, 2);
    tb_put_u64(epoch, row->stub.epoch);
    sender[0] = 1;
    tb_put_u32(sender + 1, 6);
    const tb_bytes parts[] = {
        TB_ARRAY(head),         fixture_encode(&w->f, &wire_opaque_desc, &group_id),
        TB_ARRAY(epoch),        TB_ARRAY(sender),
        fixture_encode(&w->f, &wire_opaque_desc, &aad), TB_ARRAY(content_type),
        fixture_encode(&w->f, &wire_opaque_desc, &data), w->group_context,
    };
    *proof = (struct chat_mls_sender_proof){ .leaf_index = 6, .authenticated_data = aad.value };
    assert_ok(crypto_sign_label(&w->f.suite, device, "FramedContentTBS", parts, 8, &w->f.arena,
                                &proof->signature));
    assert_ok(w->f.suite.provider->hash(w->f.suite.provider, CRYPTO_SHA256, &w->group_context, 1,
                                        proof->group_context_hash));
    row->proof = proof;
}

static inline struct chat_report_params world_params(struct world *w, const uint64_t *targets,
                                                     size_t target_count)
{
    struct chat_report_params params = {
        .suite = &w->f.suite, .room_uri = TB_LITERAL(WORLD_ROOM), .group_id = w->group_id,
        .hub = &w->hub, .rows = w->rows, .row_count = w->row_count,
        .target_seq = targets, .target_count = target_count,
        .context_before = CHAT_CONTEXT_BEFORE, .context_after = CHAT_CONTEXT_AFTER,
        .group_contexts = &w->group_context, .group_context_count = 1,
    };
    memcpy(params.chain_before, w->genesis, 32);
    return params;
}

static inline struct chat_report_evidence world_evidence(struct world *w, const uint64_t *targets,
                                                         size_t target_count)
{
    struct chat_report_params params = world_params(w, targets, target_count);
    struct chat_report_evidence evidence;
    assert_ok(chat_report_build(&params, &w->f.rng.rng, &w->f.arena, &evidence));
    return evidence;
}

static inline tb_bytes world_report(struct world *w, const struct chat_report_evidence *evidence)
{
    const struct chat_report_text text = { .reason_code = CHAT_REASON_HARASSMENT,
                                           .note = TB_LITERAL("please look") };
    tb_bytes report;
    assert_ok(chat_report_encode(evidence, &text, &w->f.arena, &report));
    return report;
}

static inline struct chat_report_verify_params world_verify_params(struct world *w)
{
    return (struct chat_report_verify_params){
        .suite = &w->f.suite, .hub = &w->hub, .room_uri = TB_LITERAL(WORLD_ROOM),
        .received_ms = WORLD_TIME_MS + 1000000, .report_window_s = CHAT_REPORT_WINDOW_S,
        .context_before = CHAT_CONTEXT_BEFORE, .context_after = CHAT_CONTEXT_AFTER,
        .records = &w->mallory_record, .record_count = 1,
    };
}

static inline tb_status world_verify(struct world *w, const struct chat_report_evidence *evidence,
                                     struct chat_report_result *result)
{
    struct chat_report_verify_params params = world_verify_params(w);
    return chat_report_verify(&params, world_report(w, evidence), &w->f.arena, result);
}

#endif
