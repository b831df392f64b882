/*
 * Up to forty people of one group in one process, a delivery service that is a function call, and
 * an honest model beside them: who is a member since when, at which leaf, what the tree must look
 * like, what the group's data must be.  After each commit members_agree compares all of it.
 *
 * Every check ends the process when it does not hold, so that unit test, fuzz target and program
 * can share this.
 */
#ifndef TB_TESTS_MEMBERS_WORLD_H
#define TB_TESTS_MEMBERS_WORLD_H

#include "mls/group_state.h"
#include "tests/members/tree_model.h"

enum { PEOPLE_MAX = 40, NOW_S = 1800000000, PSK_COUNT = 3, SENDER_COUNT = 2, COMPONENT = 0x8001 };
enum { NOBODY = PEOPLE_MAX, EXTENSIONS_MAX = 3 };

#define MUST(CONDITION_) members_must((CONDITION_), __FILE__, __LINE__, #CONDITION_)
#define MUST_OK(STATUS_) members_must_be((STATUS_), TB_OK, __FILE__, __LINE__)
#define MUST_BE(STATUS_, CODE_) members_must_be((STATUS_), (CODE_), __FILE__, __LINE__)
void members_must(bool holds, const char *file, int line, const char *what);
void members_must_be(tb_status status, int code, const char *file, int line);

struct person {
    char name[24];
    struct crypto_signing_key signer;
    struct mls_group *group; /* NULL: outside */
    bool is_in;              /* the model's word */
    uint64_t since;          /* the epoch of joining */
    tb_bytes key_package;    /* waits for a Welcome; empty: none */
    struct mls_key_package_secrets secrets;
    struct mls_add add; /* of the key package */
    uint32_t missed;    /* proposals of this epoch, as bits, that did not reach the person */
};

/* What the group's GroupContext must say. */
struct group_model {
    uint64_t epoch;
    struct tree_model tree;
    bool has_component;
    uint8_t component;
    uint8_t sender; /* which of the external senders; SENDER_COUNT: none */
};

enum { PROPOSALS_MAX = 24 }; /* on their way in one epoch */
struct sent_proposal {
    tb_bytes message;
    uint32_t from; /* NOBODY: from outside */
};

struct members {
    struct tb_mem mem;
    struct tb_rng rng;
    uint64_t rng_state;
    struct crypto_suite suite;
    struct mls_env env;
    struct tb_arena lasting; /* until the world ends */
    struct tb_arena arena;   /* until the end of one operation */
    struct person person[PEOPLE_MAX];
    uint32_t people;
    struct crypto_signing_key sender[SENDER_COUNT];
    struct mls_psk_entry psk[PSK_COUNT];
    struct wire_opaque psk_id[PSK_COUNT];
    struct group_model model;
    struct sent_proposal proposal[PROPOSALS_MAX];
    size_t proposal_count;
};

void members_init(struct members *w, const struct crypto_provider *provider, uint16_t suite,
                  uint32_t people, uint64_t seed);
void members_end(struct members *w); /* and nothing leaks */

uint32_t members_random(struct members *w, uint32_t below);
tb_bytes members_name(const struct members *w, uint32_t who);
uint32_t members_by_name(const struct members *w, tb_bytes name);

/* Person 0 creates the group. */
void members_create(struct members *w);
/* The extensions of a GroupContext: AppDataUpdate is required, this external sender if there is
 * one, this dictionary if it is not empty.  In the arena. */
void members_extensions(struct members *w, uint8_t sender, tb_bytes dictionary,
                        struct mls_extension out[EXTENSIONS_MAX], size_t *count);
/* The person's key package as a proposal; made when there is none. */
struct mls_proposal members_add_of(struct members *w, uint32_t who);

/* A second group with the same state, out of its blob; the caller frees it. */
struct mls_group *members_copy(struct members *w, uint32_t who);
void members_restart(struct members *w, uint32_t who);
/* The state as octets; the caller ends the buffer. */
struct tb_buf members_blob(struct members *w, const struct mls_group *group);

/* A standalone proposal, to every member but its sender and `lost_by`. */
void members_propose(struct members *w, uint32_t from, tb_bytes message, uint32_t lost_by);
/* Commit by `who`: stage, deliver, welcome, agree. */
void members_commit(struct members *w, uint32_t who, const struct mls_commit_params *params);
/* The rest of it, once it is staged. */
void members_accept(struct members *w, uint32_t who, const struct mls_commit_params *params,
                    const struct mls_commit_out *out);
/* Join from outside, or (when a member) come back to one's own place, by what `from` shows. */
void members_external(struct members *w, uint32_t who, uint32_t from, bool has_tree_inside,
                      bool with_psk);

/* All members are where the model is: context, secrets, tree, names, private keys. */
void members_agree(struct members *w);
/* One message by `from`, read by every other member, once. */
void members_talk(struct members *w, uint32_t from);

#endif
