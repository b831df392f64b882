/* Franking: the vectors of Profile T, and the attacks on one message. */
#include "tests/unit/chat_fixture.h"

#include "chat/frank.h"
#include "chat/safe_aad.h"

#define ALICE "mimi://example.com/u/alice-smith"
#define ALICE_DEVICE "mimi://example.com/d/alice-smith/phone"
#define BOB "mimi://example.com/u/bob-jones"
#define ROOM "mimi://example.com/r/engineering_team"
#define TIME_MS UINT64_C(1644387225019)
#define GROUP_HEX "eeee0d12a7b5b5b78115ad1a1ddb13811c83fd7387c43e66799a594beeda26bf"

static const char ORIGINAL[] =
    "87505eed9406c2545547ab6f09f20a18b003f640f6f6a20178206d696d693a2f2f6578616d706c652e636f6d2f752f"
    "616c6963652d736d6974680278256d696d693a2f2f6578616d706c652e636f6d2f722f656e67696e656572696e675f"
    "7465616d85016001781e746578742f6d61726b646f776e3b76617269616e743d47464d2d4d494d4958394869206576"
    "6572796f6e652c207765206a75737420736869707065642072656c6561736520322e302e205f5f476f6f642020776f"
    "726b5f5f21";

static void hub_key_of(uint8_t out[32])
{
    for (uint8_t i = 0; i < 32; i++) out[i] = i;
}

static struct chat_franking_context context_of(const char *sender, uint64_t time_ms)
{
    return (struct chat_franking_context){ tb_bytes_text(sender), TB_LITERAL(ROOM), time_ms };
}

/* ------------------------------------------------------------------ the vectors of the spec */

static void tags_with_and_without_framing_match(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    tb_bytes content = fixture_hex(&f, ORIGINAL);
    uint8_t tag[32];

    assert_ok(chat_frank_tag(&f.suite, content.data + 2, content, tag));
    assert_hex(&f, TB_ARRAY(tag),
               "a9a69f1d2fe6f37984190c093ecb8a10d647093db735fb7ba926bfdccff4c2bf");
    struct mls_application_framing framing = {
        .media_type.type = TB_LITERAL(CHAT_MEDIA_TYPE_CONTENT),
        .inner_application_content = content,
    };
    tb_bytes framed = fixture_encode(&f, &mls_application_framing_desc, &framing);
    assert_ok(chat_frank_tag(&f.suite, content.data + 2, framed, tag));
    assert_hex(&f, TB_ARRAY(tag),
               "cac50818a758d500a44109d35073e0ce59d35c81f68eaf911c5b930d014034d0");
    framing.media_type.type.len = 0;
    framed = fixture_encode(&f, &mls_application_framing_desc, &framing);
    assert_ok(chat_frank_tag(&f.suite, content.data + 2, framed, tag));
    assert_hex(&f, TB_ARRAY(tag),
               "728037c40a60ea96a1d2b15c43fca2415728e15f9f9a8114c52660c287688813");
    fixture_end(&f);
}

static void safe_aad_of_the_tag_matches(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    uint8_t aad[CHAT_SAFE_AAD_TAG_LEN], tag[32];
    tb_bytes expected = fixture_hex(
        &f, "23002020a9a69f1d2fe6f37984190c093ecb8a10d647093db735fb7ba926bfdccff4c2bf");
    chat_safe_aad_of_tag(expected.data + 4, aad);
    assert_bytes(TB_ARRAY(aad), expected);
    assert_ok(chat_safe_aad_tag(TB_ARRAY(aad), tag));
    assert_memory_equal(tag, expected.data + 4, 32);
    fixture_end(&f);
}

static void mimi_frank_matches(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_franking_context context = context_of(ALICE, TIME_MS);
    struct crypto_signing_key agent;
    struct chat_signature signature;
    uint8_t hub_key[32], server_frank[32];
    tb_bytes tag =
        fixture_hex(&f, "a9a69f1d2fe6f37984190c093ecb8a10d647093db735fb7ba926bfdccff4c2bf");

    hub_key_of(hub_key);
    fixture_key(&f, 0x20, &agent);
    assert_hex(&f, crypto_signing_key_public(&agent),
               "29acbae141bccaf0b22e1a94d34d0bc7361e526d0bfe12c89794bc9322966dd7");
    assert_int_equal(fixture_encode(&f, &chat_franking_context_desc, &context).len, 79);
    assert_ok(chat_frank_server(&f.suite, TB_ARRAY(hub_key), tag.data, &context, server_frank));
    assert_hex(&f, TB_ARRAY(server_frank),
               "395d272f8a11846200e6c5cece361210556ac6981b2f6462c29ad92bbcba8609");
    assert_ok(chat_frank_mimi_sign(&f.suite, &agent, server_frank, &context, &signature));
    assert_hex(&f, chat_signature_view(&signature),
               "da135f50dccb326fb4171d4ec80beb77cf8790f96cb57db24e2cb7530424e46f"
               "fc02e49b75e9cda223b12cc28dcd27ec74dbcd8223f177fb2c26e05835293001");
    struct chat_frank frank = { .franking_signature_ciphersuite = 1,
                                .franking_integrity_signature = chat_signature_view(&signature) };
    memcpy(frank.server_frank, server_frank, 32);
    assert_int_equal(fixture_encode(&f, &chat_frank_desc, &frank).len, 100);
    assert_ok(chat_frank_mimi_verify(&f.suite, crypto_signing_key_public(&agent), &frank, &context,
                                     true));
    crypto_signing_key_wipe(&agent);
    fixture_end(&f);
}

static void link_of_the_spec(struct fixture *f, struct chat_frank_link *link)
{
    *link = (struct chat_frank_link){ .group_id = fixture_hex(f, GROUP_HEX),
                                      .epoch = 7,
                                      .room_seq = 1,
                                      .context = context_of(ALICE, TIME_MS) };
    struct chat_chain_genesis genesis = { .room_uri = TB_LITERAL(ROOM),
                                          .group_id = link->group_id };
    assert_ok(chat_frank_genesis(&f->suite, &genesis, link->prev_chain));
    assert_ok(chat_frank_ct_hash(&f->suite, TB_LITERAL("example MLSMessage octets"),
                                 link->ct_hash));
    memcpy(link->franking_tag,
           fixture_hex(f, "a9a69f1d2fe6f37984190c093ecb8a10d647093db735fb7ba926bfdccff4c2bf").data,
           32);
    memcpy(link->server_frank,
           fixture_hex(f, "395d272f8a11846200e6c5cece361210556ac6981b2f6462c29ad92bbcba8609").data,
           32);
}

static void profile_t_link_and_signature_match(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_frank_link link;
    struct crypto_signing_key agent;
    struct chat_signature signature;
    uint8_t hub_key[32], chain[32], id[8];

    hub_key_of(hub_key);
    fixture_key(&f, 0x20, &agent);
    link_of_the_spec(&f, &link);
    assert_hex(&f, TB_ARRAY(link.prev_chain),
               "d79cb9ec1515cb841c5004be5656af210a6e9caa86988f86ab181b8c50f973de");
    assert_hex(&f, TB_ARRAY(link.ct_hash),
               "1cc02941e32fca867d43fcaf21de667c9013a8771379a5044fd85e328649c102");
    assert_ok(chat_frank_hub_key_id(&f.suite, TB_ARRAY(hub_key), id));
    assert_hex(&f, TB_ARRAY(id),
               "1232e2a77bbed3c5");
    assert_ok(chat_frank_link_hash(&f.suite, &link, chain));
    assert_hex(&f, TB_ARRAY(chain),
               "4750aad62176b0decc64fc85ed67aac862dddfb50b74622650022139d702e743");
    assert_ok(chat_frank_sign(&f.suite, &agent, &link, chain, id, &signature));
    assert_hex(&f, chat_signature_view(&signature),
               "e643e9a095982e32aaebc0032ca9aedab2ed50a51f808c1d72e3bffaaf136724"
               "e105cd50885a74b2f0f1c5dc631b78dd2b41efb6826fb298a818b9124cac6008");
    struct chat_timbre_frank_tbs tbs = { .profile = 1, .group_id = link.group_id, .epoch = 7,
                                         .room_seq = 1, .context = link.context };
    memcpy(tbs.chain, chain, 32);
    memcpy(tbs.ct_hash, link.ct_hash, 32);
    memcpy(tbs.franking_tag, link.franking_tag, 32);
    memcpy(tbs.server_frank, link.server_frank, 32);
    memcpy(tbs.hub_key_id, id, 8);
    assert_int_equal(fixture_encode(&f, &chat_timbre_frank_tbs_desc, &tbs).len, 266);
    assert_ok(chat_frank_verify_tbs(&f.suite, crypto_signing_key_public(&agent), &tbs,
                                    chat_signature_view(&signature)));
    tbs.profile = 2;
    assert_status(chat_frank_verify_tbs(&f.suite, crypto_signing_key_public(&agent), &tbs,
                                        chat_signature_view(&signature)),
                  CHAT_FRANK_UNKNOWN_PROFILE);
    struct chat_timbre_frank wire = { .profile = 1, .room_seq = 1,
                                      .timbre_signature = chat_signature_view(&signature) };
    assert_int_equal(fixture_encode(&f, &chat_timbre_frank_desc, &wire).len, 116);
    crypto_signing_key_wipe(&agent);
    fixture_end(&f);
}

/* The stack encoders and the tables write the same octets. */
static void link_hash_is_over_the_table_s_encoding(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f);
    struct chat_frank_link link;
    uint8_t chain[32], expected[CRYPTO_HASH_MAX];
    link_of_the_spec(&f, &link);
    assert_ok(chat_frank_link_hash(&f.suite, &link, chain));
    assert_ok(crypto_ref_hash(&f.suite, "Timbre 1.0 FrankChain Link",
                              fixture_encode(&f, &chat_frank_link_desc, &link), expected));
    assert_memory_equal(chain, expected, 32);
    fixture_end(&f);
}

/* ------------------------------------------------------------------ rotation and restore */

static void a_new_agent_is_signed_by_the_old_and_has_its_name(void **state)
{
    (void)state;
    struct fixture f;
    struct crypto_signing_key old_key, new_key;
    struct chat_signature signature;
    fixture_init(&f);
    fixture_key(&f, 1, &old_key);
    fixture_key(&f, 2, &new_key);
    struct chat_franking_agent old_agent = { crypto_signing_key_public(&old_key), 1,
                                             TB_LITERAL("mimi://example.com") };
    struct chat_franking_agent new_agent = old_agent;
    new_agent.franking_signature_key = crypto_signing_key_public(&new_key);
    tb_bytes old_data = fixture_encode(&f, &chat_franking_agent_desc, &old_agent);
    tb_bytes new_data = fixture_encode(&f, &chat_franking_agent_desc, &new_agent);

    assert_ok(chat_frank_transition_sign(&f.suite, &old_key, TB_LITERAL(ROOM), new_data,
                                         &signature));
    assert_ok(chat_frank_transition_verify(&f.suite, TB_LITERAL(ROOM), old_data, new_data,
                                           chat_signature_view(&signature), &f.arena));
    assert_status(chat_frank_transition_verify(&f.suite, TB_LITERAL("mimi://example.com/r/x"),
                                               old_data, new_data,
                                               chat_signature_view(&signature), &f.arena),
                  CHAT_FRANK_TRANSITION);
    assert_ok(chat_frank_transition_sign(&f.suite, &new_key, TB_LITERAL(ROOM), new_data,
                                         &signature));
    assert_status(chat_frank_transition_verify(&f.suite, TB_LITERAL(ROOM), old_data, new_data,
                                               chat_signature_view(&signature), &f.arena),
                  CHAT_FRANK_TRANSITION);
    new_agent.identity = TB_LITERAL("mimi://evil.example");
    new_data = fixture_encode(&f, &chat_franking_agent_desc, &new_agent);
    assert_ok(chat_frank_transition_sign(&f.suite, &old_key, TB_LITERAL(ROOM), new_data,
                                         &signature));
    assert_status(chat_frank_transition_verify(&f.suite, TB_LITERAL(ROOM), old_data, new_data,
                                               chat_signature_view(&signature), &f.arena),
                  CHAT_FRANK_TRANSITION);
    crypto_signing_key_wipe(&old_key);
    crypto_signing_key_wipe(&new_key);
    fixture_end(&f);
}

/* ------------------------------------------------------------------ R2-R4 */

struct message {
    struct chat_frank_opened in;
    uint8_t aad[CHAT_SAFE_AAD_TAG_LEN];
};

static void message_make(struct fixture *f, struct message *message)
{
    const struct chat_content_head head = { TB_LITERAL(ALICE), TB_LITERAL(ROOM), 0, NULL };
    struct chat_content content;
    uint8_t tag[32];
    assert_ok(chat_content_init(&head, &f->rng.rng, &content));
    chat_content_set_text(&content, TB_LITERAL("hello"));
    assert_ok(chat_content_frame(&content, &f->heap.mem, &f->arena, &message->in.application_data));
    assert_ok(chat_frank_tag(&f->suite, content.salt, message->in.application_data, tag));
    chat_safe_aad_of_tag(tag, message->aad);
    message->in.authenticated_data = TB_ARRAY(message->aad);
    message->in.leaf_identity = TB_LITERAL(ALICE_DEVICE);
    message->in.submitter = TB_LITERAL(ALICE);
    message->in.room_uri = TB_LITERAL(ROOM);
}

static tb_status message_open(struct fixture *f, const struct message *message)
{
    struct chat_content content;
    uint8_t id[32];
    return chat_frank_open(&f->suite, &message->in, &f->arena, &content, id);
}

static void attack_1_a_tag_that_does_not_match_its_text_is_not_shown(void **state)
{
    (void)state;
    struct fixture f;
    struct message m;
    fixture_init(&f);
    message_make(&f, &m);
    assert_ok(message_open(&f, &m));
    m.aad[4] ^= 1;
    assert_status(message_open(&f, &m), CHAT_FRANK_TAG);
    m.aad[4] ^= 1;
    m.in.application_data =
        fixture_changed(&f, m.in.application_data, m.in.application_data.len - 1);
    assert_status(message_open(&f, &m), CHAT_FRANK_TAG);
    fixture_end(&f);
}

static void attack_4_a_message_without_a_tag_is_not_shown(void **state)
{
    (void)state;
    struct fixture f;
    struct message m;
    fixture_init(&f);
    message_make(&f, &m);
    m.in.authenticated_data = TB_LITERAL("\0");
    assert_status(message_open(&f, &m), CHAT_SAFE_AAD_TAG);
    fixture_end(&f);
}

static void attack_12_a_text_from_another_room_is_not_shown(void **state)
{
    (void)state;
    struct fixture f;
    struct message m;
    fixture_init(&f);
    message_make(&f, &m);
    m.in.room_uri = TB_LITERAL("mimi://example.com/r/other");
    assert_status(message_open(&f, &m), CHAT_FRANK_ROOM);
    fixture_end(&f);
}

static void attack_13_a_replay_by_another_member_names_its_submitter(void **state)
{
    (void)state;
    struct fixture f;
    struct message m;
    fixture_init(&f);
    message_make(&f, &m);
    m.in.submitter = TB_LITERAL(BOB); /* the hub saw bob hand in alice's signed content */
    assert_status(message_open(&f, &m), CHAT_FRANK_SUBMITTER);
    m.in.leaf_identity = TB_LITERAL("mimi://example.com/d/bob-jones/phone");
    assert_status(message_open(&f, &m), CHAT_FRANK_SENDER);
    fixture_end(&f);
}

static void attack_24_equal_texts_have_unequal_tags(void **state)
{
    (void)state;
    struct fixture f;
    struct message a, b;
    fixture_init(&f);
    message_make(&f, &a);
    message_make(&f, &b);
    assert_memory_not_equal(a.aad, b.aad, sizeof a.aad);
    fixture_end(&f);
}

static void attack_25_a_second_reading_of_a_text_is_not_shown(void **state)
{
    (void)state;
    struct fixture f;
    struct message m;
    fixture_init(&f);
    message_make(&f, &m);
    /* The disposition 1 in two octets: 18 01.  The tag is made over it, so only R2 stops it. */
    struct mls_application_framing framing;
    assert_ok(wire_decode(&mls_application_framing_desc, m.in.application_data, &f.arena,
                          &framing, NULL));
    static const uint8_t PART[] = { 0x85, 0x01, 0x60, 0x01 };
    tb_bytes inner = framing.inner_application_content;
    uint8_t *longer = tb_arena_take(&f.arena, inner.len + 1, 1);
    size_t at = 0;
    while (memcmp(inner.data + at, PART, sizeof PART) != 0) at++;
    memcpy(longer, inner.data, at + 1);
    longer[at + 1] = 0x18;
    memcpy(longer + at + 2, inner.data + at + 1, inner.len - at - 1);
    framing.inner_application_content = (tb_bytes){ longer, inner.len + 1 };
    m.in.application_data = fixture_encode(&f, &mls_application_framing_desc, &framing);
    uint8_t tag[32];
    assert_ok(chat_frank_tag(&f.suite, longer + 2, m.in.application_data, tag));
    chat_safe_aad_of_tag(tag, m.aad);
    assert_status(message_open(&f, &m), WIRE_CBOR_FORM);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tags_with_and_without_framing_match),
        cmocka_unit_test(safe_aad_of_the_tag_matches),
        cmocka_unit_test(mimi_frank_matches),
        cmocka_unit_test(profile_t_link_and_signature_match),
        cmocka_unit_test(link_hash_is_over_the_table_s_encoding),
        cmocka_unit_test(a_new_agent_is_signed_by_the_old_and_has_its_name),
        cmocka_unit_test(attack_1_a_tag_that_does_not_match_its_text_is_not_shown),
        cmocka_unit_test(attack_4_a_message_without_a_tag_is_not_shown),
        cmocka_unit_test(attack_12_a_text_from_another_room_is_not_shown),
        cmocka_unit_test(attack_13_a_replay_by_another_member_names_its_submitter),
        cmocka_unit_test(attack_24_equal_texts_have_unequal_tags),
        cmocka_unit_test(attack_25_a_second_reading_of_a_text_is_not_shown),
    };
    return cmocka_run_group_tests_name("chat_frank", tests, NULL, NULL);
}
