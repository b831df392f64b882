/*
 * Runs (amendments 8-10, 14): up to 64 links of a room's chain, signed on the last.  A run is
 * verified from octets, AAD tag, submitter and time alone, before anything is decrypted.
 */
#ifndef TB_CHAT_RUN_H
#define TB_CHAT_RUN_H

#include "chat/frank.h"
#include "chat/protocol.h"

/* Where a room's chain stands. */
struct chat_run_head {
    uint64_t room_seq;               /* 0: nothing yet */
    uint8_t chain[CHAT_HASH_LEN];
    uint64_t time_ms;                /* of message room_seq */
};

/* One link as a receiver rebuilt it.  link.prev_chain is what the hub sent (TimbreFrank). */
struct chat_run_link {
    struct chat_frank_link link;
    struct chat_frank frank;         /* frank.server_frank is also in link */
    uint8_t hub_key_id[CHAT_HUB_KEY_ID_LEN];
    tb_bytes timbre_signature;       /* empty inside a run */
};

/*
 * From a log entry.  group_id, epoch and authenticated_data are those of the PrivateMessage in
 * entry->message.  The result borrows all of them.  CHAT_FRANK_UNKNOWN_PROFILE, CHAT_SAFE_AAD_*.
 */
TB_MUST_USE tb_status chat_run_link_of_entry(const struct crypto_suite *suite,
                                             const struct chat_entry_message *entry,
                                             tb_bytes room_uri, tb_bytes group_id, uint64_t epoch,
                                             tb_bytes authenticated_data,
                                             struct chat_run_link *out);
/* From the sender's own answer (amendments 11): the entry it will see in the log. */
TB_MUST_USE tb_status chat_run_link_of_answer(const struct crypto_suite *suite,
                                              const struct chat_submit_answer *answer,
                                              tb_bytes message, tb_bytes sender_uri,
                                              tb_bytes room_uri, tb_bytes group_id, uint64_t epoch,
                                              tb_bytes authenticated_data,
                                              struct chat_run_link *out);
/* From a stub and the chain before it; and the stub of a link.  Both borrow. */
void chat_run_link_of_stub(const struct chat_stub *stub, tb_bytes group_id,
                           const uint8_t prev_chain[CHAT_HASH_LEN], struct chat_run_link *out);
void chat_run_stub_of_link(const struct chat_run_link *link, struct chat_stub *out);

enum chat_run_mode {
    CHAT_RUN_VERIFY = 1, /* the last link's signature must verify */
    CHAT_RUN_DEFER       /* catch-up (amendments 14): links only; the signature stays unverified */
};
struct chat_run_rules {
    const struct crypto_suite *suite;
    tb_bytes agent_key;         /* of the links' epoch */
    tb_bytes room_uri, group_id;
    uint64_t epoch;             /* amendments 1: of every link */
    enum chat_run_mode mode;
    bool is_mimi_required;      /* chat_frank_mimi_is_required */
    uint64_t now_ms;            /* 0: the future is not checked */
    uint64_t clock_skew_ms_max;
};
/*
 * R5-R8 for one run that continues `before`.  *after is the new head, written on success only;
 * *bad_index (may be NULL) the link that was refused.
 *
 * CHAT_RUN_TOO_LONG, _UNSIGNED, _KEY_ID, _GROUP; _GAP (seq above the next: fetch stubs), _OLD (seq
 * at or below the head), _CHAIN (the next seq with another prev_chain: keep both signatures, see
 * equivocation.h), _TIME_BACK, _TIME_AHEAD, _SIGNATURE; CHAT_FRANK_MIMI_*, CHAT_FRANK_SUITE.
 */
TB_MUST_USE tb_status chat_run_verify(const struct chat_run_rules *rules,
                                      const struct chat_run_head *before,
                                      const struct chat_run_link *links, size_t count,
                                      struct chat_run_head *after, size_t *bad_index);

/*
 * Any number of contiguous stubs from chain_before on: each link is hashed into the next; seqs
 * ascend by one, times do not run back.  *head is the state behind the last; signatures are the
 * caller's.  CHAT_RUN_GAP, CHAT_RUN_TIME_BACK, CHAT_RUN_GROUP.
 */
TB_MUST_USE tb_status chat_run_stubs_hash(const struct crypto_suite *suite, tb_bytes room_uri,
                                          tb_bytes group_id, const struct chat_run_head *before,
                                          const struct chat_stub *stubs, size_t count,
                                          struct chat_run_head *head);

#endif
