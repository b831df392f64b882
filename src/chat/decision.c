/* Decisions and their log. */
#include "chat/decision.h"

#include <string.h>

#include "chat/names.h"
#include "chat/reason.h"

/* The empty fields at the end are one octet each. */
enum { UNSIGNED_TAIL_LEN = 3, UNCONFIRMED_TAIL_LEN = 1 };

static tb_status decision_tbs(const struct chat_decision *decision, struct tb_arena *arena,
                              tb_bytes *out)
{
    struct chat_decision bare = *decision;
    tb_bytes encoded;
    bare.signature = bare.co_decider_device = bare.co_signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_decision_desc, &bare, arena, &encoded));
    *out = (tb_bytes){ encoded.data, encoded.len - UNSIGNED_TAIL_LEN };
    return TB_STATUS(TB_OK);
}

static tb_status co_decision_tbs(const struct chat_decision *decision, struct tb_arena *arena,
                                 tb_bytes *out)
{
    struct chat_decision bare = *decision;
    tb_bytes encoded;
    bare.co_signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_decision_desc, &bare, arena, &encoded));
    *out = (tb_bytes){ encoded.data, encoded.len - UNCONFIRMED_TAIL_LEN };
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ actions */

/* Where and how long an action can be. */
enum {
    IN_ROOM = 1,
    ON_HUB = 2,
    HAS_END = 4,    /* until is needed */
    MAY_END = 8,
    RESTRICTS = 16,
    NEEDS_TWO = 32, /* on the hub */
    SETTLES = 64    /* another decision */
};
struct action_row {
    uint8_t action;
    const char *name;
    unsigned flags;
};
static const struct action_row ACTION_ROWS[] = {
    { CHAT_ACTION_NONE, "none", IN_ROOM | ON_HUB | MAY_END },
    { CHAT_ACTION_WARN, "warn", IN_ROOM | ON_HUB | MAY_END },
    { CHAT_ACTION_BAN, "ban", IN_ROOM | ON_HUB | MAY_END | RESTRICTS | NEEDS_TWO },
    { CHAT_ACTION_UNBAN, "unban", IN_ROOM | ON_HUB | MAY_END },
    { CHAT_ACTION_NAME_OWNER, "name-owner", IN_ROOM },
    { CHAT_ACTION_RETRACT, "retract", IN_ROOM | RESTRICTS },
    { CHAT_ACTION_MUTE, "mute", IN_ROOM | HAS_END | RESTRICTS },
    { CHAT_ACTION_REMOVE, "remove", IN_ROOM | RESTRICTS },
    { CHAT_ACTION_SUSPEND, "suspend", ON_HUB | HAS_END | RESTRICTS | NEEDS_TWO },
    { CHAT_ACTION_CLOSE_ACCOUNT, "close-account", ON_HUB | RESTRICTS | NEEDS_TWO },
    { CHAT_ACTION_CLOSE_ROOM, "close-room", IN_ROOM | RESTRICTS },
    { CHAT_ACTION_REVERSE, "reverse", IN_ROOM | ON_HUB | SETTLES },
    { CHAT_ACTION_UPHOLD, "uphold", IN_ROOM | ON_HUB | SETTLES },
};
enum { ACTION_COUNT = sizeof ACTION_ROWS / sizeof ACTION_ROWS[0] };

const char *chat_decision_action_name(uint8_t action)
{
    return action < ACTION_COUNT ? ACTION_ROWS[action].name : NULL;
}

tb_status chat_decision_action_parse(tb_bytes name, uint8_t *action)
{
    for (size_t i = 0; i < ACTION_COUNT; i++) {
        if (!tb_bytes_equal(name, tb_bytes_text(ACTION_ROWS[i].name))) continue;
        *action = ACTION_ROWS[i].action;
        return TB_STATUS(TB_OK);
    }
    return TB_STATUS(CHAT_DECISION_FORM);
}

bool chat_decision_is_restriction(uint8_t action)
{
    return action < ACTION_COUNT && (ACTION_ROWS[action].flags & RESTRICTS) != 0;
}

bool chat_decision_needs_two(uint8_t action, uint8_t scope)
{
    return scope == CHAT_SCOPE_HUB && action < ACTION_COUNT
           && (ACTION_ROWS[action].flags & NEEDS_TWO) != 0;
}

static bool is_action_form(const struct chat_decision *decision)
{
    if (decision->action >= ACTION_COUNT) return false;
    unsigned flags = ACTION_ROWS[decision->action].flags;
    bool is_room = decision->scope == CHAT_SCOPE_ROOM, has_end = decision->until_ms != 0;
    bool is_retraction = decision->action == CHAT_ACTION_RETRACT;
    return (is_room || decision->scope == CHAT_SCOPE_HUB)
           && (flags & (is_room ? IN_ROOM : ON_HUB)) != 0
           && (has_end ? (flags & (HAS_END | MAY_END)) != 0 : (flags & HAS_END) == 0)
           && ((flags & SETTLES) != 0) == (decision->number_of != 0)
           && is_retraction == (decision->targets.count != 0)
           && decision->targets.count <= CHAT_TARGET_COUNT_MAX;
}

/* ------------------------------------------------------------------ form */

static bool is_of_kind(tb_bytes text, enum wire_uri_kind kind, tb_bytes domain)
{
    struct wire_uri uri;
    return tb_is_ok(wire_uri_parse(text, &uri)) && uri.kind == kind
           && (domain.len == 0 || tb_bytes_equal(uri.domain, domain));
}

/* The naming of an owner is about a room, rests on no report and restricts nobody. */
static bool is_naming_form(const struct chat_decision *decision)
{
    return decision->scope == CHAT_SCOPE_ROOM && decision->report_id.len == 0
           && decision->until_ms == 0 && decision->notice_room_uri.len == 0;
}

static bool is_co_decider_form(const struct chat_decision *decision)
{
    tb_bytes device = decision->co_decider_device;
    struct wire_uri decider, other;
    if (device.len == 0) return decision->co_signature.len == 0;
    if (!is_of_kind(device, WIRE_URI_DEVICE, decision->domain)
        || chat_names_is_of_user(device, decision->subject)
        || !tb_is_ok(wire_uri_parse(decision->decider_device, &decider))
        || !tb_is_ok(wire_uri_parse(device, &other))) {
        return false;
    }
    return !tb_bytes_equal(decider.user, other.user);
}

static tb_status check_form(const struct chat_decision *decision)
{
    bool is_room = decision->scope == CHAT_SCOPE_ROOM;
    bool is_good =
        decision->v == 1 && is_action_form(decision)
        && (decision->action != CHAT_ACTION_NAME_OWNER || is_naming_form(decision))
        && decision->ground <= CHAT_GROUND_ILLEGAL && is_co_decider_form(decision)
        && wire_uri_is_domain(decision->domain)
        && is_of_kind(decision->subject, WIRE_URI_USER, (tb_bytes){ NULL, 0 })
        && is_of_kind(decision->decider_device, WIRE_URI_DEVICE, decision->domain)
        && !chat_names_is_of_user(decision->decider_device, decision->subject)
        && (!is_room || decision->room_uri.len != 0)
        && (decision->room_uri.len == 0
            || is_of_kind(decision->room_uri, WIRE_URI_ROOM, decision->domain))
        && (decision->notice_room_uri.len == 0
            || is_of_kind(decision->notice_room_uri, WIRE_URI_ROOM, decision->domain))
        && (decision->report_id.len == 0 || decision->report_id.len == CHAT_HASH_LEN)
        && chat_reason_name(decision->reason_code) != NULL
        && (decision->until_ms == 0 || decision->until_ms > decision->decided_ms);
    return TB_STATUS(is_good ? TB_OK : CHAT_DECISION_FORM);
}

tb_status chat_decision_sign(const struct crypto_suite *suite,
                             const struct crypto_signing_key *device_key,
                             struct chat_decision *decision, struct tb_arena *arena)
{
    struct chat_decision made = *decision;
    tb_bytes tbs;

    made.v = 1;
    made.co_decider_device = made.co_signature = (tb_bytes){ NULL, 0 };
    TRY(check_form(&made));
    TRY(decision_tbs(&made, arena, &tbs));
    TRY(crypto_sign_label(suite, device_key, CHAT_LABEL_DECISION, &tbs, 1, arena,
                          &made.signature));
    *decision = made;
    return TB_STATUS(TB_OK);
}

tb_status chat_decision_verify(const struct crypto_suite *suite,
                               const struct chat_decision *decision, tb_bytes device_key,
                               struct tb_arena *arena)
{
    tb_bytes tbs;
    TRY(check_form(decision));
    TRY(decision_tbs(decision, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(suite, device_key, CHAT_LABEL_DECISION, &tbs, 1,
                                           decision->signature, arena),
                       CHAT_DECISION_SIGNATURE));
    return TB_STATUS(TB_OK);
}

tb_status chat_decision_confirm(const struct crypto_suite *suite,
                                const struct crypto_signing_key *device_key,
                                struct chat_decision *decision, struct tb_arena *arena)
{
    struct chat_decision made = *decision;
    tb_bytes tbs;
    made.co_signature = (tb_bytes){ NULL, 0 };
    TRY(check_form(&made));
    if (made.co_decider_device.len == 0) return TB_STATUS(CHAT_DECISION_FORM);
    TRY(co_decision_tbs(&made, arena, &tbs));
    TRY(crypto_sign_label(suite, device_key, CHAT_LABEL_CO_DECISION, &tbs, 1, arena,
                          &made.co_signature));
    *decision = made;
    return TB_STATUS(TB_OK);
}

tb_status chat_decision_verify_co(const struct crypto_suite *suite,
                                  const struct chat_decision *decision, tb_bytes device_key,
                                  struct tb_arena *arena)
{
    tb_bytes tbs;
    if (decision->co_decider_device.len == 0) return TB_STATUS(CHAT_DECISION_CO_SIGNATURE);
    TRY(check_form(decision));
    TRY(co_decision_tbs(decision, arena, &tbs));
    return chat_status_as(crypto_verify_label(suite, device_key, CHAT_LABEL_CO_DECISION, &tbs, 1,
                                              decision->co_signature, arena),
                          CHAT_DECISION_CO_SIGNATURE);
}

tb_status chat_decision_hash(const struct crypto_suite *suite,
                             const struct chat_decision *decision, struct tb_arena *arena,
                             uint8_t hash[CHAT_HASH_LEN])
{
    tb_bytes encoded;
    TRY(wire_encode(&chat_decision_desc, decision, arena, &encoded));
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, &encoded, 1, hash);
}

tb_status chat_decision_ref(const struct crypto_suite *suite, const struct chat_decision *decision,
                            uint64_t number, tb_bytes scope_uri, struct tb_arena *arena,
                            struct chat_moderation_ref *out)
{
    struct chat_moderation_ref ref = { .action = decision->action, .scope = scope_uri,
                                       .number = number };
    TRY(chat_decision_hash(suite, decision, arena, ref.decision_hash));
    memcpy(ref.decision_id, decision->decision_id, sizeof ref.decision_id);
    *out = ref;
    return TB_STATUS(TB_OK);
}

/* ------------------------------------------------------------------ the log */

static tb_status entry_tbs(const struct chat_decision_entry *entry, struct tb_arena *arena,
                           tb_bytes *out)
{
    struct chat_decision_entry bare = *entry;
    tb_bytes encoded;
    bare.hub_signature = (tb_bytes){ NULL, 0 };
    TRY(wire_encode(&chat_decision_entry_desc, &bare, arena, &encoded));
    *out = (tb_bytes){ encoded.data, encoded.len - 1 };
    return TB_STATUS(TB_OK);
}

tb_status chat_decision_entry_sign(const struct crypto_suite *suite,
                                   const struct crypto_signing_key *intake,
                                   struct chat_decision_entry *entry, struct tb_arena *arena)
{
    tb_bytes tbs;
    TRY(entry_tbs(entry, arena, &tbs));
    return crypto_sign_label(suite, intake, CHAT_LABEL_DECISION_ENTRY, &tbs, 1, arena,
                             &entry->hub_signature);
}

tb_status chat_decision_entry_verify(const struct crypto_suite *suite,
                                     const struct chat_decision_entry *entry, tb_bytes intake_key,
                                     uint64_t prev_number,
                                     const uint8_t prev_entry_hash[CHAT_HASH_LEN],
                                     struct tb_arena *arena)
{
    tb_bytes tbs;

    if (prev_number == UINT64_MAX || entry->number != prev_number + 1
        || memcmp(entry->prev_entry_hash, prev_entry_hash, CHAT_HASH_LEN) != 0) {
        return TB_STATUS(CHAT_DECISION_ENTRY_CHAIN);
    }
    TRY(entry_tbs(entry, arena, &tbs));
    TRY(chat_status_as(crypto_verify_label(suite, intake_key, CHAT_LABEL_DECISION_ENTRY, &tbs, 1,
                                           entry->hub_signature, arena),
                       CHAT_DECISION_ENTRY_SIGNATURE));
    return TB_STATUS(TB_OK);
}

tb_status chat_decision_entry_hash(const struct crypto_suite *suite,
                                   const struct chat_decision_entry *entry, struct tb_arena *arena,
                                   uint8_t hash[CHAT_HASH_LEN])
{
    tb_bytes encoded;
    TRY(wire_encode(&chat_decision_entry_desc, entry, arena, &encoded));
    return suite->provider->hash(suite->provider, CRYPTO_SHA256, &encoded, 1, hash);
}
