/* The desk's key at the hub: who may change it, who was first, and records that are given back. */
#include "tests/unit/hub_room.h"

#include "hub/engine.h"

/* A rotation from `from` to `to`, at this place of the chain. */
static struct chat_desk_rotate rotation(struct world *w, const struct world_desk_keys *from,
                                        struct world_desk_keys *to, uint32_t place,
                                        uint64_t serial)
{
    assert_ok(crypto_signing_key_new(&w->suite, &w->rng.rng, &to->verify));
    assert_ok(crypto_hpke_generate(&w->suite, &w->rng.rng, &to->hpke_private, to->hpke_public));
    world_recipient(w, to, serial);
    struct chat_desk_rotate rotate = { .verify_key = crypto_signing_key_public(&to->verify),
                                       .recipient_key = to->recipient };
    const struct chat_desk_key_tbs tbs = {
        .domain = w->hub->domain, .uri = w->rooms[DESK], .place = place,
        .verify_key = crypto_signing_key_public(&from->verify),
        .next_verify_key = rotate.verify_key,
    };
    assert_ok(chat_records_desk_key_sign(&w->suite, &from->verify, &tbs, &w->arena,
                                         &rotate.signature));
    return rotate;
}

static uint16_t rotate_by(struct world *w, size_t who, const struct chat_desk_rotate *rotate)
{
    return world_ask(w, &w->people[who], CHAT_VERB_DESK_ROTATE, rotate, NULL);
}

static void a_rotation_is_an_owner_s_signed_and_complete(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys, next, other;
    world_init(&w, 1);
    world_usual(&w, &keys, 2);
    struct chat_desk_rotate good = rotation(&w, &keys, &next, 0, 2), bad = good;
    assert_code(rotate_by(&w, BOB, &good), CHAT_CODE_FORBIDDEN); /* not of the desk */
    world_add(&w, &w.people[ALICE], &w.people[BOB], DESK, CHAT_ROLE_MODERATOR);
    assert_code(rotate_by(&w, BOB, &good), CHAT_CODE_FORBIDDEN); /* no owner of it */
    bad.verify_key.len--;
    assert_code(rotate_by(&w, ALICE, &bad), CHAT_CODE_BAD_REQUEST);
    bad = good;
    bad.recipient_key.serial = 1; /* signed over is 2 */
    assert_code(rotate_by(&w, ALICE, &bad), CHAT_CODE_SIGNATURE);
    bad = rotation(&w, &keys, &next, 0, 1);
    assert_code(rotate_by(&w, ALICE, &bad), CHAT_CODE_CONFLICT); /* the serial must grow */
    bad = rotation(&w, &keys, &next, 1, 2);
    assert_code(rotate_by(&w, ALICE, &bad), CHAT_CODE_CONFLICT); /* another place of the chain */
    bad = rotation(&w, &next, &other, 0, 2);
    assert_code(rotate_by(&w, ALICE, &bad), CHAT_CODE_CONFLICT); /* by a key that is none */
    const struct chat_hub_record *record = world_hub_record(&w, &w.people[ALICE]);
    assert_int_equal(record->desk_past.count, 0);
    assert_bytes(record->desk_verify_key, crypto_signing_key_public(&keys.verify));
    world_end(&w);
}

static void of_two_rotations_the_first_is_taken(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys, alices, bobs;
    world_init(&w, 2);
    world_usual(&w, &keys, 2);
    world_add(&w, &w.people[ALICE], &w.people[BOB], DESK, CHAT_ROLE_OWNER);
    struct chat_desk_rotate by_alice = rotation(&w, &keys, &alices, 0, 2);
    struct chat_desk_rotate by_bob = rotation(&w, &keys, &bobs, 0, 3);
    assert_code(rotate_by(&w, BOB, &by_bob), CHAT_CODE_OK);
    assert_code(rotate_by(&w, ALICE, &by_alice), CHAT_CODE_CONFLICT);
    assert_code(rotate_by(&w, BOB, &by_bob), CHAT_CODE_OK); /* asked again */
    const struct chat_hub_record *record = world_hub_record(&w, &w.people[ALICE]);
    assert_int_equal(record->desk_past.count, 1);
    assert_bytes(record->desk_verify_key, by_bob.verify_key);
    assert_bytes(record->desk_past.at[0].verify_key, crypto_signing_key_public(&keys.verify));
    world_end(&w);
}

static tb_bytes record_now(struct world *w)
{
    tb_bytes copy;
    assert_ok(tb_arena_dup(&w->arena, w->hub->hub_record, &copy));
    return copy;
}

static uint16_t give(struct world *w, tb_bytes encoded)
{
    struct chat_opaque put = { encoded };
    return world_ask(w, &w->people[BOB], CHAT_VERB_HUB_RECORD_PUT, &put, NULL);
}

static void only_a_record_of_its_own_that_goes_on_is_taken_back(void **state)
{
    (void)state;
    struct world w;
    struct world_desk_keys keys, next;
    struct crypto_signing_key stranger;
    struct chat_hub_record forged;
    tb_bytes encoded;
    world_init(&w, 3);
    world_usual(&w, &keys, 2);
    tb_bytes before = record_now(&w);
    struct hub_row_desk desk = w.hub->desk;
    struct chat_desk_rotate rotate = rotation(&w, &keys, &next, 0, 2);
    assert_code(rotate_by(&w, ALICE, &rotate), CHAT_CODE_OK);
    tb_bytes after = record_now(&w);
    uint64_t version = w.hub->desk.record_version;
    assert_code(give(&w, after), CHAT_CODE_OK); /* it says so already */
    assert_int_equal(w.hub->desk.record_version, version);
    assert_code(give(&w, before), CHAT_CODE_CONFLICT);
    assert_code(give(&w, TB_LITERAL("none")), CHAT_CODE_SIGNATURE);
    assert_ok(wire_decode(&chat_hub_record_desc, after, &w.arena, &forged, NULL));
    assert_ok(crypto_signing_key_new(&w.suite, &w.rng.rng, &stranger));
    assert_ok(chat_records_make_hub(&w.suite, &stranger, &forged, &w.arena, &encoded));
    assert_code(give(&w, encoded), CHAT_CODE_SIGNATURE);
    crypto_signing_key_wipe(&stranger);
    /* as it was before: the state of a backup */
    w.hub->desk = desk;
    store_mem_begin(&w.store);
    assert_ok(hub_record_renew(w.hub, w.now_ms, &w.effects));
    assert_ok(store_mem_commit(&w.store));
    assert_int_equal(w.hub->desk.desk_past.count, 0);
    assert_code(give(&w, after), CHAT_CODE_OK);
    assert_int_equal(w.hub->desk.desk_past.count, 1);
    assert_bytes(w.hub->desk.desk_verify_key, rotate.verify_key);
    assert_true(w.hub->desk.record_version > version); /* clients take what follows */
    world_end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rotation_is_an_owner_s_signed_and_complete),
        cmocka_unit_test(of_two_rotations_the_first_is_taken),
        cmocka_unit_test(only_a_record_of_its_own_that_goes_on_is_taken_back),
    };
    return cmocka_run_group_tests_name("hub_desk_change", tests, NULL, NULL);
}
