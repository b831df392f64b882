/* Attachments at the hub: pieces in order, whose they are, what they may take, and when they go. */
#include "tests/unit/hub_room.h"

#include "chat/protocol_blob.h"
#include "hub/engine.h"

enum { PIECE = CHAT_BLOB_PIECE_LEN };

struct blob_world {
    struct world w;
    struct world_desk_keys keys;
    uint8_t octets[PIECE];
};

static struct blob_world *start(uint64_t seed)
{
    struct blob_world *b = calloc(1, sizeof *b);
    assert_non_null(b);
    world_init(&b->w, seed);
    world_usual(&b->w, &b->keys, 2);
    memset(b->octets, 0x5a, sizeof b->octets);
    return b;
}

static void finish(struct blob_world *b)
{
    world_end(&b->w);
    free(b);
}

static uint16_t put(struct blob_world *b, size_t who, uint8_t id, uint64_t total, uint64_t offset,
                    size_t len, struct chat_blob_state *state)
{
    struct chat_blob_put request = { .total = total, .offset = offset,
                                     .piece = tb_bytes_of(b->octets, len) };
    memset(request.id, id, sizeof request.id);
    return world_ask(&b->w, &b->w.people[who], CHAT_VERB_BLOB_PUT, &request, state);
}

static uint16_t get(struct blob_world *b, size_t who, uint8_t id, uint64_t offset,
                    struct chat_blob_piece *piece)
{
    struct chat_blob_get request = { .offset = offset };
    memset(request.id, id, sizeof request.id);
    return world_ask(&b->w, &b->w.people[who], CHAT_VERB_BLOB_GET, &request, piece);
}

static uint16_t drop(struct blob_world *b, size_t who, uint8_t id)
{
    struct chat_blob_id request;
    memset(request.id, id, sizeof request.id);
    return world_ask(&b->w, &b->w.people[who], CHAT_VERB_BLOB_DROP, &request, NULL);
}

static void pieces_come_whole_and_in_order_and_may_come_again(void **state)
{
    (void)state;
    struct blob_world *b = start(51);
    struct chat_blob_state at;
    struct chat_blob_piece piece;
    const uint64_t total = 2 * PIECE + 5;
    assert_code(put(b, ALICE, 1, total, 0, 0, &at), CHAT_CODE_NOT_FOUND);
    assert_code(put(b, ALICE, 1, total, PIECE, PIECE, &at), CHAT_CODE_CONFLICT);
    assert_code(put(b, ALICE, 1, total, 0, PIECE - 1, &at), CHAT_CODE_BAD_REQUEST);
    assert_code(put(b, ALICE, 1, total, 0, PIECE, &at), CHAT_CODE_OK);
    assert_code(put(b, ALICE, 1, total, 0, PIECE, &at), CHAT_CODE_OK);
    assert_int_equal(at.received, PIECE);
    assert_code(get(b, BOB, 1, 0, &piece), CHAT_CODE_NOT_FOUND); /* not while it is not whole */
    world_crash(&b->w);
    world_login(&b->w, &b->w.people[ALICE]);
    world_login(&b->w, &b->w.people[BOB]);
    assert_code(put(b, ALICE, 1, total, 0, 0, &at), CHAT_CODE_OK);
    assert_int_equal(at.received, PIECE);
    assert_code(put(b, ALICE, 1, total, PIECE, PIECE, &at), CHAT_CODE_OK);
    assert_code(put(b, ALICE, 1, total, 2 * PIECE, 5, &at), CHAT_CODE_OK);
    assert_int_equal(at.received, total);
    assert_code(get(b, BOB, 1, 2 * PIECE, &piece), CHAT_CODE_OK);
    assert_int_equal(piece.total, total);
    assert_int_equal(piece.piece.len, 5);
    assert_memory_equal(piece.piece.data, b->octets, 5);
    assert_code(get(b, BOB, 1, 3 * PIECE, &piece), CHAT_CODE_BAD_REQUEST);
    assert_code(get(b, BOB, 1, 1, &piece), CHAT_CODE_BAD_REQUEST);
    finish(b);
}

static void an_attachment_is_its_senders_and_another_cannot_take_its_place(void **state)
{
    (void)state;
    struct blob_world *b = start(52);
    struct chat_blob_state at;
    struct chat_blob_piece piece;
    assert_code(put(b, ALICE, 2, 9, 0, 9, &at), CHAT_CODE_OK);
    assert_code(put(b, BOB, 2, 9, 0, 9, &at), CHAT_CODE_CONFLICT);
    assert_code(put(b, ALICE, 2, 10, 0, 10, &at), CHAT_CODE_CONFLICT);
    assert_code(drop(b, BOB, 2), CHAT_CODE_FORBIDDEN);
    assert_code(drop(b, ALICE, 2), CHAT_CODE_OK);
    assert_code(get(b, BOB, 2, 0, &piece), CHAT_CODE_NOT_FOUND);
    assert_int_equal(store_mem_count(&b->w.store, HUB_TABLE_BLOBS), 0);
    finish(b);
}

static void what_an_account_may_store_is_counted_from_the_first_piece(void **state)
{
    (void)state;
    struct blob_world *b = start(53);
    struct hub_limits limits = { .blob_bytes_max = 0 };
    struct chat_blob_state at;
    hub_limits_fill(&limits);
    assert_code(put(b, ALICE, 3, 0, 0, 0, &at), CHAT_CODE_NOT_FOUND);
    assert_code(put(b, ALICE, 3, limits.blob_bytes_max + 1, 0, PIECE, &at), CHAT_CODE_TOO_LARGE);
    uint64_t count = limits.blob_account_bytes_max / limits.blob_bytes_max;
    for (uint8_t i = 0; i < count; i++) {
        assert_code(put(b, ALICE, (uint8_t)(10 + i), limits.blob_bytes_max, 0, PIECE, &at),
                    CHAT_CODE_OK);
    }
    assert_code(put(b, ALICE, 4, 1, 0, 1, &at), CHAT_CODE_TOO_LARGE);
    assert_code(put(b, BOB, 4, 1, 0, 1, &at), CHAT_CODE_OK);
    assert_code(drop(b, ALICE, 10), CHAT_CODE_OK);
    assert_code(put(b, ALICE, 5, 1, 0, 1, &at), CHAT_CODE_OK);
    finish(b);
}

static void uploads_that_stop_and_attachments_past_their_time_go(void **state)
{
    (void)state;
    struct blob_world *b = start(54);
    struct hub_limits limits = { .blob_bytes_max = 0 };
    struct chat_blob_state at;
    struct chat_blob_piece piece;
    struct person *alice = &b->w.people[ALICE], *bob = &b->w.people[BOB];
    hub_limits_fill(&limits);
    assert_code(put(b, ALICE, 6, 2 * PIECE, 0, PIECE, &at), CHAT_CODE_OK);
    assert_code(put(b, ALICE, 7, 3, 0, 3, &at), CHAT_CODE_OK);
    size_t before = store_mem_count(&b->w.store, HUB_TABLE_BLOBS);
    b->w.now_ms += limits.blob_upload_ms;
    world_tick(&b->w, HUB_MAINTENANCE_MS);
    assert_int_equal(store_mem_count(&b->w.store, HUB_TABLE_BLOBS), before - 3);
    alice->conn = bob->conn = 0; /* ended: nobody said anything for so long */
    world_login(&b->w, bob);
    assert_code(get(b, BOB, 7, 0, &piece), CHAT_CODE_OK);
    b->w.now_ms += limits.blob_life_ms;
    world_tick(&b->w, HUB_MAINTENANCE_MS);
    assert_int_equal(store_mem_count(&b->w.store, HUB_TABLE_BLOBS), 0);
    finish(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_come_whole_and_in_order_and_may_come_again),
        cmocka_unit_test(an_attachment_is_its_senders_and_another_cannot_take_its_place),
        cmocka_unit_test(what_an_account_may_store_is_counted_from_the_first_piece),
        cmocka_unit_test(uploads_that_stop_and_attachments_past_their_time_go),
    };
    return cmocka_run_group_tests_name("hub_blob", tests, NULL, NULL);
}
