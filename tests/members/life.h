/* The life of a group, chosen octet by octet: what the members do, and who turns against them. */
#ifndef TB_TESTS_MEMBERS_LIFE_H
#define TB_TESTS_MEMBERS_LIFE_H

#include "tests/members/world.h"

enum { MAIL_MAX = 24 };

/* An application message on its way: who may still read it. */
struct mail {
    tb_bytes message, text;
    uint64_t epoch;
    uint32_t from;
    bool is_due[PEOPLE_MAX];
};

struct life {
    struct members w;
    struct mail mail[MAIL_MAX];
    size_t mail_count; /* all ever written; the newest MAIL_MAX are kept */
    tb_bytes choices;
    size_t step_count, commit_count, refused_count; /* what happened */
};

/* The next choice, below a bound; 0 when there are none left. */
uint32_t life_choose(struct life *life, uint32_t below);
/* Somebody who is in the group, or out of it; NOBODY when there is none. */
uint32_t life_member(struct life *life);
uint32_t life_outsider(struct life *life);

/* Live until the choices end.  The caller has set w up (members_init) and ends it. */
void life_run(struct life *life, tb_bytes choices);

/* A member or an outsider sends what breaks a rule; all members refuse it and are as before. */
void life_hostile(struct life *life);
/* The same of Welcomes and trees, and of messages from outside. */
void life_hostile_welcome(struct life *life);
void life_hostile_outsider(struct life *life);

#endif
