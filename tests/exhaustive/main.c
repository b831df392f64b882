/*
 * Every short sequence of operations of a small group, each state compared with the model
 * (tests/members): all trees that so many operations lead to, blanks and unmerged leaves included,
 * and from each of them every operation of every member.
 *
 *     exhaustive [--members N] [--operations N]
 *
 * It begins with groups of 1 to N members that one commit without a path made.  The operations of
 * a member: commit with a path; add somebody, with a path or without; remove each other; propose an
 * Update, a SelfRemove, an Add, each Remove; commit what is pending, with a path or with none where
 * none is needed.  From outside: an external join, and each member's own return.
 *
 * Two states of the same shape (tree, order in which its keys were made, set of pending proposals)
 * go on in the same ways, so that a shape is continued once, from where most operations are left.
 * Among outsiders one is like another.  The primitives are toys: what is tried is the tree.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/members/toy.h"
#include "tests/members/world.h"

enum { MEMBERS_MAX = 8, OPERATIONS_MAX = 12, SHAPE_SLOTS = 1 << 25 };

static const tb_bytes NOTHING = { NULL, 0 };

/* ---------------------------------------------------------------- states */

struct pending {
    uint16_t proposal_type;
    uint32_t from, target; /* leaves; NOBODY where there is none */
};

/* All that an operation changes. */
struct state {
    struct group_model model;
    struct tb_buf blob[MEMBERS_MAX]; /* empty: outside */
    uint64_t since[MEMBERS_MAX];
    struct tb_buf key_package[MEMBERS_MAX];
    struct mls_key_package_secrets secrets[MEMBERS_MAX];
    struct pending pending[PROPOSALS_MAX];
    size_t pending_count;
};

struct walk {
    struct members w;
    struct pending pending[PROPOSALS_MAX]; /* of w */
    struct state at[OPERATIONS_MAX + 1];   /* by how many operations are left */
    uint64_t *shapes;                      /* open addressing; 0 is free */
    uint64_t shape_count, transition_count;
    uint32_t operation_count;
};

static void save(struct walk *walk, struct state *state)
{
    struct members *w = &walk->w;
    state->model = w->model;
    state->pending_count = w->proposal_count;
    memcpy(state->pending, walk->pending, sizeof state->pending);
    for (uint32_t i = 0; i < w->people; i++) {
        struct person *person = &w->person[i];
        tb_buf_init(&state->blob[i], &w->mem, SIZE_MAX);
        tb_buf_init(&state->key_package[i], &w->mem, SIZE_MAX);
        MUST_OK(tb_buf_append(&state->key_package[i], person->key_package));
        state->secrets[i] = person->secrets;
        state->since[i] = person->since;
        if (person->is_in) MUST_OK(mls_group_encode(person->group, &state->blob[i]));
    }
}

static void forget(struct walk *walk, struct state *state)
{
    for (uint32_t i = 0; i < walk->w.people; i++) {
        tb_buf_wipe(&state->blob[i]);
        tb_buf_wipe(&state->key_package[i]);
    }
}

static void restore(struct walk *walk, const struct state *state)
{
    struct members *w = &walk->w;
    tb_arena_wipe(&w->arena);
    tb_arena_wipe(&w->lasting);
    w->model = state->model;
    w->proposal_count = state->pending_count;
    memset(w->proposal, 0, sizeof w->proposal);
    memcpy(walk->pending, state->pending, sizeof walk->pending);
    for (uint32_t i = 0; i < w->people; i++) {
        struct person *person = &w->person[i];
        mls_group_free(person->group);
        person->group = NULL;
        person->is_in = state->blob[i].len != 0;
        person->since = state->since[i];
        person->secrets = state->secrets[i];
        MUST_OK(tb_arena_dup(&w->lasting, tb_buf_view(&state->key_package[i]),
                             &person->key_package));
        if (person->key_package.len != 0) {
            MUST_OK(wire_decode(&mls_key_package_in_desc, person->key_package, &w->lasting,
                                &person->add.key_package, NULL));
        }
        if (!person->is_in) continue;
        MUST_OK(mls_group_decode(&w->env, tb_buf_view(&state->blob[i]), &person->signer,
                                 &person->group));
    }
}

/* True when this shape was continued before with as many operations left, or more. */
static bool is_known(struct walk *walk, uint32_t left)
{
    uint64_t shape = tree_model_shape(&walk->w.model.tree), pending = 0;
    for (size_t i = 0; i < walk->w.proposal_count; i++) { /* a set: a sum */
        const struct pending *at = &walk->pending[i];
        uint64_t word = (at->proposal_type + ((uint64_t)at->from << 16) +
                         ((uint64_t)at->target << 32)) * 0x9e3779b97f4a7c15u;
        pending += (word ^ word >> 29) * 0xbf58476d1ce4e5b9u;
    }
    shape ^= pending ^ pending >> 31;
    shape |= (uint64_t)1 << 63;
    uint64_t key = shape & ~(uint64_t)15;
    for (size_t at = (size_t)(shape >> 17) % SHAPE_SLOTS;; at = (at + 1) % SHAPE_SLOTS) {
        if (walk->shapes[at] == 0) {
            MUST(++walk->shape_count < SHAPE_SLOTS / 4 * 3);
            walk->shapes[at] = key | left;
            return false;
        }
        if ((walk->shapes[at] & ~(uint64_t)15) != key) continue;
        if ((walk->shapes[at] & 15) >= left) return true;
        walk->shapes[at] = key | left;
        return false;
    }
}

/* ---------------------------------------------------------------- operations */

static void commit(struct walk *walk, uint32_t who, const struct mls_proposal *proposal,
                   bool with_pending, bool with_path)
{
    const struct mls_commit_params params = { .proposals = proposal,
                                              .proposal_count = proposal != NULL,
                                              .include_pending = with_pending,
                                              .force_path = with_path,
                                              .as_public = true,
                                              .tree_in_welcome = true,
                                              .now_s = NOW_S };
    members_commit(&walk->w, who, &params);
    members_talk(&walk->w, who);
}

/* The same once more would be refused as such: false. */
static bool propose(struct walk *walk, uint32_t who, const struct mls_proposal *proposal,
                    uint32_t target)
{
    struct members *w = &walk->w;
    struct pending entry = { proposal->proposal_type, NOBODY, target };
    tb_bytes message;
    MUST(tree_model_find(&w->model.tree, who, &entry.from));
    for (size_t i = 0; i < w->proposal_count; i++) {
        if (memcmp(&walk->pending[i], &entry, sizeof entry) == 0) return false;
    }
    MUST_OK(mls_group_propose(w->person[who].group, proposal, NOTHING, true, &w->arena,
                              &message));
    walk->pending[w->proposal_count] = entry;
    members_propose(w, who, message, NOBODY);
    return true;
}

enum operation {
    COMMIT, COMMIT_PENDING, COMMIT_PENDING_NO_PATH, ADD, ADD_NO_PATH, PROPOSE_UPDATE,
    PROPOSE_LEAVE, PROPOSE_ADD, RETURN, REMOVE, PROPOSE_REMOVE, OPERATIONS
};

static uint32_t lowest_outsider(const struct members *w)
{
    uint32_t who = 0;
    while (who < w->people && w->person[who].is_in) who++;
    return who < w->people ? who : NOBODY;
}

/* Somebody else who is in. */
static uint32_t another(const struct members *w, uint32_t who)
{
    for (uint32_t i = 0; i < w->people; i++) {
        if (i != who && w->person[i].is_in) return i;
    }
    return NOBODY;
}

/* What `who`, a member, does alone; false when it cannot now. */
static bool act(struct walk *walk, enum operation operation, uint32_t who)
{
    struct members *w = &walk->w;
    uint32_t outsider = lowest_outsider(w);
    struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_UPDATE };
    bool adds = operation == ADD || operation == ADD_NO_PATH || operation == PROPOSE_ADD;
    if (adds) {
        if (outsider == NOBODY) return false;
        proposal = members_add_of(w, outsider);
    }
    switch (operation) {
    case COMMIT: commit(walk, who, NULL, false, true); return true;
    case COMMIT_PENDING:
    case COMMIT_PENDING_NO_PATH:
        if (w->proposal_count == 0) return false;
        commit(walk, who, NULL, true, operation == COMMIT_PENDING);
        return true;
    case ADD:
    case ADD_NO_PATH: commit(walk, who, &proposal, false, operation == ADD); return true;
    case PROPOSE_UPDATE: return propose(walk, who, &proposal, NOBODY);
    case PROPOSE_LEAVE:
        proposal.proposal_type = MLS_PROPOSAL_SELF_REMOVE;
        return another(w, who) != NOBODY && propose(walk, who, &proposal, NOBODY);
    case PROPOSE_ADD: return propose(walk, who, &proposal, outsider);
    default:
        if (another(w, who) == NOBODY) return false;
        members_external(w, who, another(w, who), true, false);
        members_talk(w, who);
        return true;
    }
}

static bool act_on(struct walk *walk, enum operation operation, uint32_t who, uint32_t whom)
{
    struct mls_remove remove = { 0 };
    const struct mls_proposal proposal = { .proposal_type = MLS_PROPOSAL_REMOVE,
                                           .of = { .remove = &remove } };
    if (who == whom || !walk->w.person[whom].is_in) return false;
    MUST(tree_model_find(&walk->w.model.tree, whom, &remove.removed));
    if (operation == PROPOSE_REMOVE) return propose(walk, who, &proposal, remove.removed);
    commit(walk, who, &proposal, false, true);
    return true;
}

/* ---------------------------------------------------------------- the walk */

static void explore(struct walk *walk, uint32_t left);

static void go_on(struct walk *walk, uint32_t left)
{
    if (++walk->transition_count % 20000 == 0) {
        printf("%" PRIu64 " operations, %" PRIu64 " shapes\n", walk->transition_count,
               walk->shape_count);
        fflush(stdout);
    }
    explore(walk, left - 1);
    restore(walk, &walk->at[left]);
}

static void explore(struct walk *walk, uint32_t left)
{
    struct members *w = &walk->w;
    if (left == 0 || is_known(walk, left)) return;
    save(walk, &walk->at[left]);
    for (uint32_t who = 0; who < w->people; who++) {
        if (!w->person[who].is_in) continue;
        for (enum operation operation = 0; operation < OPERATIONS; operation++) {
            uint32_t others = operation >= REMOVE ? w->people : 1;
            for (uint32_t whom = 0; whom < others; whom++) {
                bool is_done = operation >= REMOVE ? act_on(walk, operation, who, whom)
                                                   : act(walk, operation, who);
                if (is_done) go_on(walk, left);
            }
        }
    }
    uint32_t outsider = lowest_outsider(w);
    if (outsider != NOBODY) {
        members_external(w, outsider, another(w, outsider), true, false);
        go_on(walk, left);
    }
    forget(walk, &walk->at[left]);
}

/* The founder and count - 1 others, added at once and without a path. */
static void begin(struct walk *walk, uint32_t people, uint32_t count)
{
    struct mls_proposal adds[MEMBERS_MAX];
    members_init(&walk->w, toy_provider(), TOY_SUITE, people, count);
    members_create(&walk->w);
    for (uint32_t i = 1; i < count; i++) adds[i] = members_add_of(&walk->w, i);
    const struct mls_commit_params params = { .proposals = adds + 1,
                                              .proposal_count = count - 1,
                                              .as_public = true,
                                              .tree_in_welcome = true,
                                              .now_s = NOW_S };
    if (count > 1) members_commit(&walk->w, 0, &params);
}

static uint32_t number_of(const char *text, uint32_t least, uint32_t most)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == 0 || *end != 0 || value < least || value > most) {
        fprintf(stderr, "exhaustive: %s is no number from %u to %u\n", text, least, most);
        exit(2);
    }
    return (uint32_t)value;
}

int main(int argc, char **argv)
{
    uint32_t people = 4, operations = 4;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 < argc && strcmp(argv[i], "--members") == 0) {
            people = number_of(argv[i + 1], 1, MEMBERS_MAX);
        } else if (i + 1 < argc && strcmp(argv[i], "--operations") == 0) {
            operations = number_of(argv[i + 1], 1, OPERATIONS_MAX);
        } else {
            fprintf(stderr, "usage: exhaustive [--members N] [--operations N]\n");
            return 2;
        }
    }
    struct walk *walk = calloc(1, sizeof *walk);
    MUST(walk != NULL);
    walk->shapes = calloc(SHAPE_SLOTS, sizeof *walk->shapes);
    MUST(walk->shapes != NULL);
    for (uint32_t count = people; count >= 1; count--) { /* the largest reach the most */
        begin(walk, people, count);
        explore(walk, operations);
        members_end(&walk->w);
        printf("from %u members: %" PRIu64 " operations, %" PRIu64 " shapes\n", count,
               walk->transition_count, walk->shape_count);
    }
    printf("%" PRIu64 " passed, 0 failed\n", walk->transition_count);
    free(walk->shapes);
    free(walk);
    return 0;
}
