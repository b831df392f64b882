/* MIMI content: the draft's examples, and each rule of its format. */
#include "tests/unit/chat_fixture.h"

#include <stdio.h>

#include "chat/content.h"
#include "chat/frank.h"

#define SENDER "mimi://example.com/u/alice-smith"
#define ROOM "mimi://example.com/r/engineering_team"

static tb_bytes encode(struct fixture *f, const struct chat_content *content)
{
    struct tb_buf buf;
    tb_bytes out;
    tb_buf_init(&buf, &f->heap.mem, 1u << 20);
    assert_ok(chat_content_encode(content, &buf));
    assert_ok(tb_arena_dup(&f->arena, tb_buf_view(&buf), &out));
    tb_buf_wipe(&buf);
    return out;
}

static struct chat_content plain(struct fixture *f)
{
    const struct chat_content_head head = { TB_LITERAL(SENDER), TB_LITERAL(ROOM), 0, NULL };
    struct chat_content content;
    assert_ok(chat_content_init(&head, &f->rng.rng, &content));
    chat_content_set_text(&content, TB_LITERAL("bonjour"));
    return content;
}

/* Each line: name, franking tag or -, content. */
static void every_example_of_the_draft_decodes_and_encodes_to_itself(void **state)
{
    (void)state;
    struct fixture f;
    char line[8192], name[64], tag[80];
    static char hex[8192];
    size_t count = 0;
    FILE *file = fopen("tests/golden/mimi-content.txt", "r");

    assert_non_null(file);
    fixture_init(&f);
    while (fgets(line, sizeof line, file) != NULL) {
        if (line[0] == '#') continue;
        assert_int_equal(sscanf(line, "%63s %79s %8191s", name, tag, hex), 3);
        struct chat_content content;
        tb_bytes input = fixture_hex(&f, hex);
        assert_ok(chat_content_decode(input, &f.arena, &content));
        assert_bytes(encode(&f, &content), input);
        if (strcmp(tag, "-") != 0) {
            uint8_t actual[32];
            assert_ok(chat_frank_tag(&f.suite, content.salt, input, actual));
            assert_bytes(TB_ARRAY(actual), fixture_hex(&f, tag));
        }
        count++;
    }
    assert_int_equal(count, 14);
    fclose(file);
    fixture_end(&f);
}

static const char ORIGINAL[] =
    "87505eed9406c2545547ab6f09f20a18b003f640f6f6a20178206d696d693a2f2f6578616d706c652e636f6d2f752f"
    "616c6963652d736d6974680278256d696d693a2f2f6578616d706c652e636f6d2f722f656e67696e656572696e675f"
    "7465616d85016001781e746578742f6d61726b646f776e3b76617269616e743d47464d2d4d494d4958394869206576"
    "6572796f6e652c207765206a75737420736869707065642072656c6561736520322e302e205f5f476f6f642020776f"
    "726b5f5f21";

static void message_id_is_the_draft_s(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_content content;
    uint8_t id[32];
    tb_bytes input = fixture_hex(&f, ORIGINAL);

    assert_int_equal(input.len, 193);
    assert_ok(chat_content_decode(input, &f.arena, &content));
    assert_ok(chat_content_message_id(&f.suite, content.sender_uri, content.room_uri, input,
                                      content.salt, id));
    assert_hex(&f, TB_ARRAY(id),
               "017ce54837404c3696e0c747b985cb172716d0ed0a3d249ca63ace7d82a096f4");
    fixture_end(&f);
}

static void all_fields_survive_a_round(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_content content = plain(&f), back;
    uint8_t hashes[2][32] = { { 1 }, { 2 } };
    uint8_t id[32] = { 1, 9 };
    struct chat_extension other = { TB_LITERAL("\x03"), TB_LITERAL("\x19\x12\x34") };

    content.replaces = TB_ARRAY(id);
    content.in_reply_to = TB_ARRAY(id);
    content.topic_id = TB_LITERAL("topic");
    content.has_expires = true;
    content.expires_relative = true;
    content.expires_s = 3600;
    content.has_frank_prev = true;
    content.prev_room_seq = 77;
    content.prev_chain[31] = 5;
    content.plaintext_hashes = (const uint8_t(*)[32])hashes;
    content.plaintext_hash_count = 2;
    content.last_seen = TB_LITERAL("\x80");
    content.others = &other;
    content.other_count = 1;
    tb_bytes encoded = encode(&f, &content);
    assert_ok(chat_content_decode(encoded, &f.arena, &back));
    assert_true(back.has_expires && back.expires_relative && back.expires_s == 3600);
    assert_true(back.has_frank_prev && back.prev_room_seq == 77 && back.prev_chain[31] == 5);
    assert_int_equal(back.plaintext_hash_count, 2);
    assert_int_equal(back.plaintext_hashes[1][0], 2);
    assert_bytes(back.last_seen, TB_LITERAL("\x80"));
    assert_int_equal(back.other_count, 1);
    assert_bytes(back.others[0].value, TB_LITERAL("\x19\x12\x34"));
    assert_bytes(back.topic_id, TB_LITERAL("topic"));
    assert_bytes(back.replaces, TB_ARRAY(id));
    assert_bytes(encode(&f, &back), encoded);
    fixture_end(&f);
}

/* Contents with one rule broken each, and the refusal that names the rule. */
static void each_rule_of_the_format_is_refused_by_its_name(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint16_t code;
    } CASES[] = {
        { "86", WIRE_TRUNCATED },
        { "80", CHAT_CONTENT_SHAPE },
        { "01", CHAT_CONTENT_SHAPE },
        { "874100f640f6f6a083016000", CHAT_CONTENT_SALT },
        { "8701f640f6f6a083016000", CHAT_CONTENT_SALT },
        { "875000000000000000000000000000000000410140f6f6a083016000", CHAT_CONTENT_ID },
        { "8750000000000000000000000000000000000140f6f6a083016000", CHAT_CONTENT_ID },
        { "875000000000000000000000000000000000f660f6f6a083016000", CHAT_CONTENT_TOPIC },
        { "875000000000000000000000000000000000f64081f4f6a083016000", CHAT_CONTENT_EXPIRES },
        { "875000000000000000000000000000000000f6408201 01f6a083016000", CHAT_CONTENT_EXPIRES },
        { "875000000000000000000000000000000000f64082f41b0000000100000000f6a083016000",
          CHAT_CONTENT_EXPIRES },
        { "875000000000000000000000000000000000f640f6f6a083016000", CHAT_CONTENT_URI },
        { "875000000000000000000000000000000000f640f6f6a201010261628301 6000", CHAT_CONTENT_URI },
        { "875000000000000000000000000000000000f640f6f6a20160 02616283016000", CHAT_CONTENT_URI },
        { "875000000000000000000000000000000000f640f6f6a14100 0083016000", CHAT_CONTENT_EXTENSION },
        { "875000000000000000000000000000000000f640f6f68083016000", CHAT_CONTENT_EXTENSION },
        /* frank_prev: not an array, one item, a chain of 1 octet */
        { "875000000000000000000000000000000000f640f6f6a3016161026162200083016000",
          CHAT_CONTENT_EXTENSION },
        { "875000000000000000000000000000000000f640f6f6a301616102616220810083016000",
          CHAT_CONTENT_EXTENSION },
        { "875000000000000000000000000000000000f640f6f6a30161610261622082004100 83016000",
          CHAT_CONTENT_EXTENSION },
        /* plaintext hashes: none, one of 1 octet */
        { "875000000000000000000000000000000000f640f6f6a3016161026162218083016000",
          CHAT_CONTENT_EXTENSION },
        { "875000000000000000000000000000000000f640f6f6a301616102616221814100 83016000",
          CHAT_CONTENT_EXTENSION },
        /* five levels under one extension */
        { "875000000000000000000000000000000000f640f6f6a3016161026162038181818181 0083016000",
          CHAT_CONTENT_EXTENSION },
        /* the same key twice is not deterministic CBOR; neither is a long form of a number */
        { "875000000000000000000000000000000000f640f6f6a2016161016162 83016000", WIRE_CBOR_FORM },
        { "875000000000000000000000000000000000f640f6f6a20161610261628318016000", WIRE_CBOR_FORM },
        /* parts: null with a field too many, no fields, unknown cardinality, single without text */
        { "875000000000000000000000000000000000f640f6f6a20161610261628401600000",
          CHAT_CONTENT_PART },
        { "875000000000000000000000000000000000f640f6f6a201616102616280", CHAT_CONTENT_PART },
        { "875000000000000000000000000000000000f640f6f6a201616102616283016004", CHAT_CONTENT_PART },
        { "875000000000000000000000000000000000f640f6f6a20161610261628501600161786178",
          CHAT_CONTENT_PART },
        { "875000000000000000000000000000000000f640f6f6a2016161026162831901006000",
          CHAT_CONTENT_PART },
        /* multi with one part; with an unknown meaning */
        { "875000000000000000000000000000000000f640f6f6a201616102616285016003008183016000",
          CHAT_CONTENT_PART },
        { "875000000000000000000000000000000000f640f6f6a2016161026162850160030382830160008301 6000",
          CHAT_CONTENT_PART },
        /* behind the end */
        { "875000000000000000000000000000000000f640f6f6a20161610261628301600000", WIRE_TRAILING },
    };
    struct fixture f;
    fixture_init(&f);
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        struct chat_content content;
        tb_status status = chat_content_decode(fixture_hex(&f, CASES[i].hex), &f.arena, &content);
        if (status.code != CASES[i].code) print_message("case %zu: %s\n", i, CASES[i].hex);
        assert_int_equal(status.code, CASES[i].code);
    }
    fixture_end(&f);
}

/* A chain of multiparts, each with `width` parts, `depth` levels in all. */
static struct chat_part nested(struct fixture *f, unsigned depth, size_t width)
{
    struct chat_part part = { .disposition = 1, .cardinality = CHAT_PART_NULL };
    if (depth == 1) return part;
    part.cardinality = CHAT_PART_MULTI;
    part.parts = tb_arena_take(&f->arena, width, sizeof *part.parts);
    part.part_count = width;
    for (size_t i = 0; i < width; i++) {
        part.parts[i] = nested(f, i == 0 ? depth - 1 : 1, width);
    }
    return part;
}

static void parts_nest_four_deep_and_no_deeper(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_content content = plain(&f), back;
    struct tb_buf buf;

    content.part = nested(&f, 4, 2);
    assert_ok(chat_content_decode(encode(&f, &content), &f.arena, &back));
    content.part = nested(&f, 5, 2);
    tb_buf_init(&buf, &f.heap.mem, 1u << 20);
    assert_status(chat_content_encode(&content, &buf), CHAT_CONTENT_DEPTH);
    tb_buf_wipe(&buf);
    /* five levels, by hand: three multiparts hold the fourth */
    assert_status(chat_content_decode(
                      fixture_hex(&f, "875000000000000000000000000000000000f640f6f6a20161610261 62"
                                      "8501600300 82 83016000 8501600300 82 83016000"
                                      "8501600300 82 83016000 8501600300 82 83016000 83016000"),
                      &f.arena, &back),
                  CHAT_CONTENT_DEPTH);
    fixture_end(&f);
}

static void a_content_has_at_most_1024_parts(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_content content = plain(&f), back;
    struct tb_buf buf;

    content.part = nested(&f, 2, 1023);
    tb_bytes most = encode(&f, &content);
    assert_ok(chat_content_decode(most, &f.arena, &back));
    content.part = nested(&f, 2, 1024);
    tb_buf_init(&buf, &f.heap.mem, 1u << 20);
    assert_status(chat_content_encode(&content, &buf), CHAT_CONTENT_PART_COUNT);
    tb_buf_wipe(&buf);
    fixture_end(&f);
}

static void a_long_topic_and_too_many_extensions_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_content content = plain(&f);
    struct chat_extension others[CHAT_EXTENSION_COUNT_MAX];
    struct tb_buf buf;
    uint8_t *topic = tb_arena_take(&f.arena, CHAT_TOPIC_LEN_MAX + 1, 1);

    tb_buf_init(&buf, &f.heap.mem, 1u << 20);
    content.topic_id = (tb_bytes){ topic, CHAT_TOPIC_LEN_MAX + 1 };
    assert_status(chat_content_encode(&content, &buf), CHAT_CONTENT_TOPIC);
    content.topic_id.len--;
    tb_buf_clear(&buf);
    assert_ok(chat_content_encode(&content, &buf));
    for (size_t i = 0; i < CHAT_EXTENSION_COUNT_MAX; i++) {
        others[i] = (struct chat_extension){ TB_LITERAL("\x03"), TB_LITERAL("\x00") };
    }
    content.others = others;
    content.other_count = CHAT_EXTENSION_COUNT_MAX - 1;
    assert_status(chat_content_encode(&content, &buf), CHAT_CONTENT_EXTENSION);
    content.other_count = 2; /* a key that stands twice */
    assert_status(chat_content_encode(&content, &buf), WIRE_CBOR_FORM);
    tb_buf_wipe(&buf);
    fixture_end(&f);
}

static void framing_names_mimi_content_and_nothing_else_is_opened(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_content content = plain(&f), back;
    tb_bytes framed, text;

    assert_ok(chat_content_frame(&content, &f.heap.mem, &f.arena, &framed));
    assert_ok(chat_content_open(framed, &f.arena, &back));
    assert_ok(chat_content_text(&back, &text));
    assert_bytes(text, TB_LITERAL("bonjour"));
    struct mls_application_framing other = { { TB_LITERAL("text/plain"), { NULL, 0 } },
                                             TB_LITERAL("x") };
    assert_status(chat_content_open(fixture_encode(&f, &mls_application_framing_desc, &other),
                                    &f.arena, &back),
                  CHAT_CONTENT_MEDIA_TYPE);
    struct mls_parameter parameter = { TB_LITERAL("a"), TB_LITERAL("b") };
    other = (struct mls_application_framing){
        { TB_LITERAL(CHAT_MEDIA_TYPE_CONTENT), { &parameter, 1 } }, TB_LITERAL("x")
    };
    assert_status(chat_content_open(fixture_encode(&f, &mls_application_framing_desc, &other),
                                    &f.arena, &back),
                  CHAT_CONTENT_MEDIA_TYPE);
    assert_status(chat_content_open(TB_LITERAL("\xff"), &f.arena, &back), CHAT_CONTENT_MEDIA_TYPE);
    fixture_end(&f);
}

static void no_prefix_of_a_message_opens(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_content content = plain(&f), back;
    tb_bytes framed;
    assert_ok(chat_content_frame(&content, &f.heap.mem, &f.arena, &framed));
    for (size_t len = 0; len < framed.len; len++) {
        assert_false(tb_is_ok(chat_content_open((tb_bytes){ framed.data, len }, &f.arena, &back)));
    }
    fixture_end(&f);
}

static void raw_extension_values_that_others_would_refuse_are_not_framed(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_content content = plain(&f);
    struct chat_extension other = { TB_LITERAL("\x03"), TB_LITERAL("\x18\x01") };
    tb_bytes framed;
    content.others = &other;
    content.other_count = 1;
    assert_status(chat_content_frame(&content, &f.heap.mem, &f.arena, &framed), WIRE_CBOR_FORM);
    fixture_end(&f);
}

static void typed_parts_texts_and_tombstones_are_told_apart(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_content content = plain(&f);
    uint8_t id[32] = { 1 };
    tb_bytes body;

    assert_status(chat_content_single(&content, CHAT_TYPE_STATEMENT, &body), CHAT_CONTENT_TYPE);
    chat_content_set_single(&content, TB_LITERAL(CHAT_TYPE_STATEMENT), TB_LITERAL("\xa0"));
    assert_ok(chat_content_single(&content, CHAT_TYPE_STATEMENT, &body));
    assert_bytes(body, TB_LITERAL("\xa0"));
    assert_status(chat_content_text(&content, &body), CHAT_CONTENT_TYPE);
    chat_content_set_single(&content, TB_LITERAL("text/plainer"), TB_LITERAL("x"));
    assert_status(chat_content_text(&content, &body), CHAT_CONTENT_TYPE);
    chat_content_set_single(&content, TB_LITERAL("text/plain;charset=utf-8"), TB_LITERAL("x"));
    assert_ok(chat_content_text(&content, &body));
    chat_content_set_single(&content, TB_LITERAL("text/plain"), TB_LITERAL("\xff"));
    assert_status(chat_content_text(&content, &body), CHAT_CONTENT_TYPE);
    assert_false(chat_content_is_tombstone(&content));
    chat_content_set_deleted(&content, TB_ARRAY(id));
    assert_true(chat_content_is_tombstone(&content));
    fixture_end(&f);
}

static void an_attachment_without_hash_or_encryption_is_not_shown(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_content content = plain(&f);
    uint8_t octets[32] = { 0 };
    struct chat_part good = {
        .cardinality = CHAT_PART_EXTERNAL, .enc_alg = 1, .hash_alg = 1,
        .key = { octets, 16 }, .nonce = { octets, 12 }, .content_hash = { octets, 32 },
    };
    struct chat_part parts[2] = { good, good };

    content.part = (struct chat_part){ .cardinality = CHAT_PART_MULTI, .parts = parts,
                                       .part_count = 2 };
    assert_ok(chat_content_check_attachments(&content));
    assert_ptr_equal(chat_content_external(&content, 1), &parts[1]);
    assert_null(chat_content_external(&content, 2));
    parts[1].hash_alg = 0;
    assert_status(chat_content_check_attachments(&content), CHAT_CONTENT_ATTACHMENT);
    parts[1] = good;
    parts[1].content_hash.len = 0;
    assert_status(chat_content_check_attachments(&content), CHAT_CONTENT_ATTACHMENT);
    parts[1] = good;
    parts[1].enc_alg = 0;
    assert_status(chat_content_check_attachments(&content), CHAT_CONTENT_ATTACHMENT);
    parts[1] = good;
    parts[1].key.len = 15;
    assert_status(chat_content_check_attachments(&content), CHAT_CONTENT_ATTACHMENT);
    fixture_end(&f);
}

static void every_failed_allocation_is_reported(void **state)
{
    (void)state;
    for (size_t fail_after = 0; fail_after < 4; fail_after++) {
        struct fixture f;
        fixture_init(&f);
        struct chat_content content = plain(&f);
        tb_bytes framed;
        f.heap.fail_after = fail_after;
        tb_status status = chat_content_frame(&content, &f.heap.mem, &f.arena, &framed);
        assert_true(tb_is_ok(status) || status.code == TB_NO_SPACE);
        if (fail_after == 0) assert_status(status, TB_NO_SPACE);
        fixture_end(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_example_of_the_draft_decodes_and_encodes_to_itself),
        cmocka_unit_test(message_id_is_the_draft_s),
        cmocka_unit_test(all_fields_survive_a_round),
        cmocka_unit_test(each_rule_of_the_format_is_refused_by_its_name),
        cmocka_unit_test(parts_nest_four_deep_and_no_deeper),
        cmocka_unit_test(a_content_has_at_most_1024_parts),
        cmocka_unit_test(a_long_topic_and_too_many_extensions_are_refused),
        cmocka_unit_test(framing_names_mimi_content_and_nothing_else_is_opened),
        cmocka_unit_test(no_prefix_of_a_message_opens),
        cmocka_unit_test(raw_extension_values_that_others_would_refuse_are_not_framed),
        cmocka_unit_test(typed_parts_texts_and_tombstones_are_told_apart),
        cmocka_unit_test(an_attachment_without_hash_or_encryption_is_not_shown),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests_name("chat_content", tests, NULL, NULL);
}
