/*
 * bench-frank: what franking, chain and checks add to plain MLS, in the same run.
 *
 *     build/bench-frank [--json]
 *
 * Texts of 200 octets in a room of two devices, cipher suite 0x0001, CPU time, medians.  The floor
 * of a row is plain MLS for the same text: protect, or receive.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat/content.h"
#include "chat/run.h"
#include "chat/safe_aad.h"
#include "tests/bench/bench.h"
#include "tests/bench/mls_world.h"

enum { ROUNDS = 2000, CATCH_UP = 1000, PAGE = CHAT_RUN_LINK_COUNT_MAX, TEXT_LEN = 200 };

#define SENDER TB_LITERAL("mimi://localhost/u/member")
#define ROOM TB_LITERAL("mimi://localhost/r/0123456789abcdef0123456789abcdef")
#define TIME_MS UINT64_C(1800000000000)

/* One message as the log holds it. */
struct message {
    tb_bytes octets;
    uint8_t aad[CHAT_SAFE_AAD_TAG_LEN];
    struct chat_run_link link;
    struct chat_signature signature;
};
struct bench {
    struct mls_world world;
    struct mls_group *sender, *receiver;
    struct crypto_signing_key agent;
    struct chat_run_head hub, seen; /* where the hub's chain stands, where the receiver's */
    uint8_t hub_key[CHAT_HUB_KEY_LEN], key_id[CHAT_HUB_KEY_ID_LEN];
    uint8_t text[TEXT_LEN];
};

static double since_us(uint64_t start_ns)
{
    return (double)(bench_cpu_ns() - start_ns) / 1000;
}

static void bench_start(struct bench *b)
{
    struct mls_world_flow flow;
    mls_world_init(&b->world, 1);
    mls_world_begin(&b->world, 2, true);
    b->sender = mls_world_create(&b->world);
    mls_world_flow_begin(&b->world, &flow);
    mls_world_commit(&b->world, b->sender, 1, 2, true, &flow);
    mls_world_must(mls_group_pending_merge(b->sender), "merge");
    b->receiver = mls_world_join(&b->world, 1, &flow.out);
    tb_arena_wipe(&flow.arena);
    mls_world_must(crypto_signing_key_new(&b->world.suite, b->world.env.rng, &b->agent), "key");
    memset(b->text, 'x', sizeof b->text);
    mls_world_must(chat_frank_hub_key_id(&b->world.suite, TB_ARRAY(b->hub_key), b->key_id), "id");
}

/* What a client does until the octets leave: content, tag, seal. */
static void franked_send(struct bench *b, struct tb_arena *arena, struct message *out)
{
    const struct chat_content_head head = { .sender_uri = SENDER, .room_uri = ROOM,
                                            .prev_room_seq = b->seen.room_seq,
                                            .prev_chain = b->seen.chain };
    struct chat_content content;
    tb_bytes application_data;
    mls_world_must(chat_content_init(&head, b->world.env.rng, &content), "content");
    chat_content_set_text(&content, TB_ARRAY(b->text));
    mls_world_must(chat_content_frame(&content, &b->world.mem, arena, &application_data), "frame");
    mls_world_must(chat_frank_tag(&b->world.suite, content.salt, application_data,
                                  out->link.link.franking_tag),
                   "tag");
    chat_safe_aad_of_tag(out->link.link.franking_tag, out->aad);
    mls_world_must(mls_group_protect(b->sender, TB_ARRAY(out->aad), application_data, 0, arena,
                                     &out->octets),
                   "protect");
}

/* The hub's part, which is in no figure: frank, link, signature. */
static void hub_accepts(struct bench *b, struct message *m)
{
    struct chat_frank_link *link = &m->link.link;
    uint8_t chain[CHAT_HASH_LEN];
    const struct crypto_suite *suite = &b->world.suite;
    link->group_id = mls_group_id(b->sender);
    link->epoch = mls_group_epoch(b->sender);
    link->room_seq = b->hub.room_seq + 1;
    link->context = (struct chat_franking_context){ SENDER, ROOM, TIME_MS };
    memcpy(link->prev_chain, b->hub.chain, CHAT_HASH_LEN);
    mls_world_must(chat_frank_ct_hash(suite, m->octets, link->ct_hash), "hash");
    mls_world_must(chat_frank_server(suite, TB_ARRAY(b->hub_key), link->franking_tag,
                                     &link->context, link->server_frank),
                   "frank");
    mls_world_must(chat_frank_link_hash(suite, link, chain), "link");
    mls_world_must(chat_frank_sign(suite, &b->agent, link, chain, b->key_id, &m->signature),
                   "sign");
    m->link.timbre_signature = chat_signature_view(&m->signature);
    memcpy(m->link.hub_key_id, b->key_id, sizeof b->key_id);
    memcpy(m->link.frank.server_frank, link->server_frank, CHAT_HASH_LEN);
    b->hub = (struct chat_run_head){ .room_seq = link->room_seq, .time_ms = TIME_MS };
    memcpy(b->hub.chain, chain, CHAT_HASH_LEN);
}

static void franked_receive(struct bench *b, struct tb_arena *arena, struct message *m,
                            enum chat_run_mode mode)
{
    const struct chat_run_rules rules = {
        .suite = &b->world.suite, .agent_key = crypto_signing_key_public(&b->agent),
        .room_uri = ROOM, .group_id = mls_group_id(b->receiver),
        .epoch = mls_group_epoch(b->receiver), .mode = mode,
    };
    struct mls_received received;
    struct chat_content content;
    uint8_t id[CHAT_HASH_LEN];
    mls_world_must(chat_frank_ct_hash(&b->world.suite, m->octets, m->link.link.ct_hash), "hash");
    mls_world_must(chat_run_verify(&rules, &b->seen, &m->link, 1, &b->seen, NULL), "run");
    mls_world_must(mls_group_receive(b->receiver, m->octets, MLS_WORLD_NOW_S, NULL, 0, arena,
                                     &received, NULL),
                   "receive");
    const struct chat_frank_opened opened = {
        .application_data = received.application_data,
        .authenticated_data = received.authenticated_data,
        .leaf_identity = received.sender_identity, .submitter = SENDER, .room_uri = ROOM,
    };
    mls_world_must(chat_frank_open(&b->world.suite, &opened, arena, &content, id), "open");
}

static void row_and_bar(const char *name, double us, double floor_us, double most_us,
                        const char *text)
{
    bench_row(name, "\"octets\": 200, \"suite\": 1", us, "us", floor_us, false);
    bench_bar(name, text, us <= most_us);
}

static void one_by_one(struct bench *b)
{
    static double sent[ROUNDS], plain_sent[ROUNDS], taken[ROUNDS], plain_taken[ROUNDS];
    static double verified[ROUNDS];
    for (size_t i = 0; i < ROUNDS; i++) {
        struct tb_arena arena;
        struct mls_received received;
        struct message m = { .octets = { NULL, 0 } };
        tb_bytes plain;
        tb_arena_init(&arena, &b->world.mem, MLS_WORLD_ARENA_BYTES_MAX);
        uint64_t start = bench_cpu_ns();
        mls_world_must(mls_group_protect(b->sender, (tb_bytes){ 0 }, TB_ARRAY(b->text), 0, &arena,
                                         &plain),
                       "protect");
        plain_sent[i] = since_us(start);
        start = bench_cpu_ns();
        mls_world_must(mls_group_receive(b->receiver, plain, MLS_WORLD_NOW_S, NULL, 0, &arena,
                                         &received, NULL),
                       "receive");
        plain_taken[i] = since_us(start);
        start = bench_cpu_ns();
        franked_send(b, &arena, &m);
        sent[i] = since_us(start);
        hub_accepts(b, &m);
        start = bench_cpu_ns();
        mls_world_must(chat_frank_verify(&b->world.suite, crypto_signing_key_public(&b->agent),
                                         &m.link.link, b->hub.chain, b->key_id,
                                         m.link.timbre_signature),
                       "verify");
        verified[i] = since_us(start);
        start = bench_cpu_ns();
        franked_receive(b, &arena, &m, CHAT_RUN_VERIFY);
        taken[i] = since_us(start);
        tb_arena_wipe(&arena);
    }
    double send_us = bench_median(plain_sent, ROUNDS), take_us = bench_median(plain_taken, ROUNDS);
    double verify_us = bench_median(verified, ROUNDS);
    bench_row("signature_check", "\"suite\": 1", verify_us, "us", 0, false);
    row_and_bar("send", bench_median(sent, ROUNDS), send_us, 1.15 * send_us,
                "at most 15 % over plain MLS");
    row_and_bar("receive", bench_median(taken, ROUNDS), take_us, take_us + verify_us,
                "one signature check over plain MLS");
}

/* 1,000 messages: pages of 64, each link signed, one signature a page verified (amendments 14). */
static void catch_up(struct bench *b)
{
    enum { TIMES = 9 };
    static struct message list[CATCH_UP];
    static tb_bytes plain[CATCH_UP];
    double us[TIMES], plain_us[TIMES];
    for (size_t t = 0; t < TIMES; t++) {
        struct tb_arena arena, scratch;
        struct mls_received received;
        tb_arena_init(&arena, &b->world.mem, (size_t)1 << 26);
        for (size_t i = 0; i < CATCH_UP; i++) {
            mls_world_must(mls_group_protect(b->sender, (tb_bytes){ 0 }, TB_ARRAY(b->text), 0,
                                             &arena, &plain[i]),
                           "protect");
        }
        uint64_t start = bench_cpu_ns();
        for (size_t i = 0; i < CATCH_UP; i++) {
            tb_arena_init(&scratch, &b->world.mem, MLS_WORLD_ARENA_BYTES_MAX);
            mls_world_must(mls_group_receive(b->receiver, plain[i], MLS_WORLD_NOW_S, NULL, 0,
                                             &scratch, &received, NULL),
                           "receive");
            tb_arena_wipe(&scratch);
        }
        plain_us[t] = since_us(start);
        for (size_t i = 0; i < CATCH_UP; i++) {
            franked_send(b, &arena, &list[i]);
            hub_accepts(b, &list[i]);
        }
        start = bench_cpu_ns();
        for (size_t i = 0; i < CATCH_UP; i++) {
            bool is_end = i % PAGE == PAGE - 1 || i == CATCH_UP - 1;
            tb_arena_init(&scratch, &b->world.mem, MLS_WORLD_ARENA_BYTES_MAX);
            franked_receive(b, &scratch, &list[i], is_end ? CHAT_RUN_VERIFY : CHAT_RUN_DEFER);
            tb_arena_wipe(&scratch);
        }
        us[t] = since_us(start);
        tb_arena_wipe(&arena);
    }
    double floor_us = bench_median(plain_us, TIMES);
    row_and_bar("catch_up_1000", bench_median(us, TIMES), floor_us, 1.15 * floor_us,
                "at most 15 % over plain MLS");
}

int main(int argc, char **argv)
{
    static struct bench b;
    bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !is_json) {
        fprintf(stderr, "usage: bench-frank [--json]\n");
        return 2;
    }
    bench_begin("bench-frank", is_json);
    bench_start(&b);
    one_by_one(&b);
    catch_up(&b);
    mls_group_free(b.sender);
    mls_group_free(b.receiver);
    mls_world_end(&b.world);
    bench_end();
    return 0;
}
