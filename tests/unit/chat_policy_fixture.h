/* A room of the group kind with an owner, a moderator, two members and a banned user. */
#ifndef TB_TESTS_UNIT_CHAT_POLICY_FIXTURE_H
#define TB_TESTS_UNIT_CHAT_POLICY_FIXTURE_H

#include "tests/unit/chat_fixture.h"

#include "chat/app_data.h"
#include "chat/policy.h"

#define U(NAME_) "mimi://hub.example/u/" NAME_
#define D(NAME_) "mimi://hub.example/d/" NAME_
#define ROOM_URI "mimi://hub.example/r/tea"
#define DESK_URI "mimi://hub.example/r/desk"

enum { OWEN, MAX, ALICE, BOB, BEN, PERSON_COUNT };
enum { STAGE_PROPOSAL_COUNT_MAX = 8, STAGE_LEAF_COUNT_MAX = 16 };

struct stage {
    struct fixture f;
    struct crypto_signing_key agent, next_agent;
    uint8_t sender_key[32], desk_key[32];
    tb_bytes agent_keys[2];
    struct chat_policy_hub hub;
    struct chat_user_role_pair people[PERSON_COUNT];
    struct chat_policy_room before, after;
    struct chat_policy_leaf leaves[STAGE_LEAF_COUNT_MAX];
    struct chat_policy_leaf added[STAGE_LEAF_COUNT_MAX], removed[STAGE_LEAF_COUNT_MAX];
    struct mls_proposal bodies[STAGE_PROPOSAL_COUNT_MAX];
    struct chat_policy_proposal proposals[STAGE_PROPOSAL_COUNT_MAX];
    struct chat_policy_commit commit;
};

/* Encode extensions as a GroupContext and read the room from it. */
static inline struct chat_policy_room stage_room_of(struct stage *s,
                                                    struct mls_extension *extensions, size_t count,
                                                    uint64_t epoch)
{
    struct mls_group_context context = { .version = 1, .cipher_suite = 1,
                                         .group_id = TB_LITERAL("group"), .epoch = epoch,
                                         .extensions = { extensions, count } };
    struct chat_policy_room room;
    assert_ok(chat_policy_decode(fixture_encode(&s->f, &mls_group_context_desc, &context),
                                 &s->f.arena, &room, NULL));
    return room;
}

static inline struct chat_policy_new stage_new(struct stage *s, uint8_t kind, uint8_t room_class)
{
    return (struct chat_policy_new){
        .room_kind = kind, .room_class = room_class, .room_uri = TB_LITERAL(ROOM_URI),
        .room_name = TB_LITERAL("Tea"), .participants = s->people,
        .participant_count = PERSON_COUNT, .hub = &s->hub,
    };
}

static inline struct chat_policy_room stage_make(struct stage *s, const struct chat_policy_new *new)
{
    struct mls_extension *extensions;
    size_t count;
    assert_ok(chat_policy_extensions(new, &s->f.arena, &extensions, &count));
    return stage_room_of(s, extensions, count, 5);
}

static inline void stage_init(struct stage *s)
{
    memset(s, 0, sizeof *s);
    fixture_init(&s->f);
    fixture_key(&s->f, 3, &s->agent);
    fixture_key(&s->f, 4, &s->next_agent);
    memset(s->sender_key, 9, sizeof s->sender_key);
    memset(s->desk_key, 8, sizeof s->desk_key);
    s->agent_keys[0] = crypto_signing_key_public(&s->next_agent);
    s->agent_keys[1] = crypto_signing_key_public(&s->agent);
    s->hub = (struct chat_policy_hub){
        .domain = TB_LITERAL("hub.example"), .external_sender_key = TB_ARRAY(s->sender_key),
        .agent_keys = s->agent_keys, .agent_count = 2, .desk_uri = TB_LITERAL(DESK_URI),
        .desk_verify_key = TB_ARRAY(s->desk_key),
    };
    s->people[OWEN] = (struct chat_user_role_pair){ TB_LITERAL(U("owen")), CHAT_ROLE_OWNER };
    s->people[MAX] = (struct chat_user_role_pair){ TB_LITERAL(U("max")), CHAT_ROLE_MODERATOR };
    s->people[ALICE] = (struct chat_user_role_pair){ TB_LITERAL(U("alice")), CHAT_ROLE_MEMBER };
    s->people[BOB] = (struct chat_user_role_pair){ TB_LITERAL(U("bob")), CHAT_ROLE_MEMBER };
    s->people[BEN] = (struct chat_user_role_pair){ TB_LITERAL(U("ben")), CHAT_ROLE_BANNED };
    struct chat_policy_new new = stage_new(s, CHAT_ROOM_GROUP, CHAT_CLASS_PRIVATE);
    s->before = stage_make(s, &new);
    s->after = s->before;
    static const char *const DEVICES[] = { D("owen/1"), D("max/1"), D("alice/1"), D("alice/2"),
                                           D("bob/1") };
    for (uint32_t i = 0; i < 5; i++) {
        s->leaves[i] = (struct chat_policy_leaf){ i, tb_bytes_text(DEVICES[i]), false };
    }
    s->commit = (struct chat_policy_commit){
        .suite = &s->f.suite, .committer_type = MLS_SENDER_MEMBER,
        .committer_identity = s->leaves[0].identity, .proposals = s->proposals,
        .leaves = s->leaves, .leaf_count = 5, .added = s->added, .removed = s->removed,
    };
}

static inline void stage_end(struct stage *s)
{
    crypto_signing_key_wipe(&s->agent);
    crypto_signing_key_wipe(&s->next_agent);
    fixture_end(&s->f);
}

/* The next proposal of the commit, by value and by its committer. */
static inline struct chat_policy_proposal *stage_propose(struct stage *s, uint16_t type)
{
    size_t i = s->commit.proposal_count++;
    assert_true(i < STAGE_PROPOSAL_COUNT_MAX);
    s->bodies[i] = (struct mls_proposal){ .proposal_type = type };
    s->proposals[i] = (struct chat_policy_proposal){
        .proposal = &s->bodies[i], .sender_type = MLS_SENDER_MEMBER,
        .sender_identity = s->commit.committer_identity,
    };
    return &s->proposals[i];
}

static inline struct mls_proposal *stage_body(struct stage *s)
{
    return &s->bodies[s->commit.proposal_count - 1];
}

static inline void stage_by_hub(struct chat_policy_proposal *proposal)
{
    proposal->sender_type = MLS_SENDER_EXTERNAL;
    proposal->sender_identity = (tb_bytes){ NULL, 0 };
    proposal->by_reference = true;
}

/* An update of the list, also applied to the room that the commit leads to. */
static inline struct chat_policy_proposal *stage_update(struct stage *s,
                                                        struct chat_participant_update update)
{
    struct chat_policy_proposal *proposal = stage_propose(s, MLS_PROPOSAL_APP_DATA_UPDATE);
    assert_ok(chat_policy_update_proposal(&update, &s->f.arena, stage_body(s)));
    struct chat_participant_list list;
    if (tb_is_ok(chat_policy_apply(NULL, &s->after.participants, &update, &s->f.arena, &list))) {
        s->after.participants = list;
    }
    return proposal;
}

static inline struct chat_policy_proposal *stage_change(struct stage *s, uint32_t index,
                                                        uint32_t role)
{
    struct chat_userindex_role_pair pair = { index, role };
    return stage_update(s, (struct chat_participant_update){
                               .changed_role_participants = { &pair, 1 } });
}

static inline struct chat_policy_proposal *stage_drop(struct stage *s, uint32_t index)
{
    struct wire_u32 value = { index };
    return stage_update(s, (struct chat_participant_update){ .removed_indices = { &value, 1 } });
}

static inline struct chat_policy_proposal *stage_list(struct stage *s, const char *user,
                                                      uint32_t role)
{
    struct chat_user_role_pair *pair = tb_arena_take(&s->f.arena, 1, sizeof *pair);
    *pair = (struct chat_user_role_pair){ tb_bytes_text(user), role };
    return stage_update(s, (struct chat_participant_update){ .added_participants = { pair, 1 } });
}

static inline void stage_add_leaf(struct stage *s, const char *device)
{
    stage_propose(s, MLS_PROPOSAL_ADD);
    s->added[s->commit.added_count++] =
        (struct chat_policy_leaf){ 90, tb_bytes_text(device), false };
}

static inline struct chat_policy_proposal *stage_remove_leaf(struct stage *s, uint32_t leaf)
{
    struct chat_policy_proposal *proposal = stage_propose(s, MLS_PROPOSAL_REMOVE);
    struct mls_remove *remove = tb_arena_take(&s->f.arena, 1, sizeof *remove);
    remove->removed = leaf;
    stage_body(s)->of.remove = remove;
    s->removed[s->commit.removed_count++] = s->leaves[leaf];
    return proposal;
}

static inline void stage_self_remove(struct stage *s, uint32_t leaf)
{
    struct chat_policy_proposal *proposal = stage_propose(s, MLS_PROPOSAL_SELF_REMOVE);
    proposal->sender_identity = s->leaves[leaf].identity;
    proposal->by_reference = true;
    s->removed[s->commit.removed_count++] = s->leaves[leaf];
}

static inline tb_status stage_check(struct stage *s)
{
    return chat_policy_check_commit(&s->before, &s->after, &s->commit, &s->hub, &s->f.arena);
}

static inline void stage_commit_by(struct stage *s, uint32_t leaf)
{
    s->commit.committer_identity = s->leaves[leaf].identity;
}

#endif
