/* Identifiers that are made from keys and from one another (docs/architecture.md, Names). */
#ifndef TB_CHAT_NAMES_H
#define TB_CHAT_NAMES_H

#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"
#include "wire/uri.h"

/* mimi://D/u/<20 hex digits>: the first 10 octets of H("Timbre account" || first account key). */
TB_MUST_USE tb_status chat_names_account(const struct crypto_suite *suite, tb_bytes domain,
                                         tb_bytes account_key, struct tb_arena *arena,
                                         tb_bytes *uri);
/* mimi://D/d/<user id>/<16 hex digits>, random. */
TB_MUST_USE tb_status chat_names_device(tb_bytes account, struct tb_rng *rng,
                                        struct tb_arena *arena, tb_bytes *uri);
/* mimi://D/r/<32 hex digits>, random. */
TB_MUST_USE tb_status chat_names_room(tb_bytes domain, struct tb_rng *rng, struct tb_arena *arena,
                                      tb_bytes *uri);
/* The room of two users: the first 16 octets of H("Timbre dm" || domain<V> || user<V> || user<V>),
 * users sorted, so both compute the same. */
TB_MUST_USE tb_status chat_names_dm(const struct crypto_suite *suite, tb_bytes domain,
                                    tb_bytes user_a, tb_bytes user_b, struct tb_arena *arena,
                                    tb_bytes *uri);
/* mimi://D: identity of the franking agent and of the external sender. */
TB_MUST_USE tb_status chat_names_provider(tb_bytes domain, struct tb_arena *arena, tb_bytes *uri);

/* mimi://D/u/U of a device (or user) URI, in the arena.  WIRE_URI for any other kind. */
TB_MUST_USE tb_status chat_names_user_of(tb_bytes device, struct tb_arena *arena, tb_bytes *uri);
/* Does the device (or user) URI belong to this user?  No allocation; false for what is no URI. */
bool chat_names_is_of_user(tb_bytes device, tb_bytes user);
/* Do two URIs have the same domain?  False for what is no URI. */
bool chat_names_same_domain(tb_bytes a, tb_bytes b);

/* 2 to 32 of a-z 0-9 . _ -  */
bool chat_names_is_handle(tb_bytes handle);

#endif
