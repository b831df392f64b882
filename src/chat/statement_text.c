/*
 * Statements of reasons as sentences.  One table holds every phrase in every language, so a phrase
 * without a translation does not compile.
 */
#include <string.h>

#include "chat/category.h"
#include "chat/decision.h"
#include "chat/reason.h"
#include "chat/say.h"
#include "chat/statement.h"

/* PHRASE(NAME, "English", "French") */
#define PHRASE_LIST(PHRASE)                                                                        \
    PHRASE(DECISION, "Decision ", "Décision ")                                                     \
    PHRASE(OF_THE_DESK, " of the moderation desk.\n", " de l'équipe de modération.\n")             \
    PHRASE(WARN, "The desk warns you; nothing is taken from you.\n",                               \
           "L'équipe de modération vous avertit ; aucune restriction ne vous est imposée.\n")      \
    PHRASE(NO_MEASURE, "The desk takes no measure.\n",                                             \
           "L'équipe de modération ne prend aucune mesure.\n")                                     \
    PHRASE(UNBAN, "An earlier ban is lifted.\n", "Une exclusion antérieure est levée.\n")          \
    PHRASE(BAN_HUB, "Your account is banned from the rooms of this hub.\n",                        \
           "Votre compte est exclu des salons de ce serveur.\n")                                   \
    PHRASE(BAN_ROOM, "You are banned from the room ", "Vous êtes exclu du salon ")                 \
    PHRASE(MUTE, "You may not write in the room ", "Vous ne pouvez plus écrire dans le salon ")    \
    PHRASE(REMOVE, "You are removed from the room ", "Vous êtes retiré du salon ")                 \
    PHRASE(SUSPEND, "Your account is suspended; it stays in its rooms.\n",                         \
           "Votre compte est suspendu ; il reste membre de ses salons.\n")                         \
    PHRASE(CLOSE_ACCOUNT, "Your account is closed.\n", "Votre compte est fermé.\n")                \
    PHRASE(CLOSE_ROOM, "Nobody can write any more in the room ",                                   \
           "Plus personne ne peut écrire dans le salon ")                                          \
    PHRASE(RETRACT, "Messages of yours are retracted: ", "De vos messages sont retirés : ")        \
    PHRASE(IN_ROOM, ", in the room ", ", dans le salon ")                                          \
    PHRASE(REVERSE, "Reversed, with all that can be undone: decision ",                            \
           "Annulée, avec tout ce qui peut être défait : décision ")                               \
    PHRASE(UPHOLD, "Your appeal was read by another person.  Upheld: decision ",                   \
           "Votre recours a été examiné par une autre personne.  Maintenue : décision ")           \
    PHRASE(STILL, "You can still sign in, read this and appeal.\n",                                \
           "Vous pouvez toujours vous connecter, lire ceci et former un recours.\n")               \
    PHRASE(NO_END, "It holds without end.\n", "Durée : sans terme.\n")                             \
    PHRASE(UNTIL, "It holds until ", "Durée : jusqu'au ")                                          \
    PHRASE(TERRITORY, "Where it holds: ", "Portée territoriale : ")                                \
    PHRASE(EVERYWHERE, "wherever this service is offered", "partout où ce service est proposé")    \
    PHRASE(REASON, "Reason: ", "Motif : ")                                                         \
    PHRASE(CATEGORY, "; category: ", " ; catégorie : ")                                            \
    PHRASE(FACTS, "Facts: ", "Faits : ")                                                           \
    PHRASE(REPORT, "This was taken up after a report; who reported is not named.\n",               \
           "L'affaire fait suite à un signalement ; son auteur n'est pas nommé.\n")                \
    PHRASE(OWN, "The desk took this up on its own initiative.\n",                                  \
           "L'équipe de modération s'est saisie d'office.\n")                                      \
    PHRASE(PERSON, "A person decided this on ", "Une personne a décidé le ")                       \
    PHRASE(NO_MACHINE, ".  No automated means were used, neither to find nor to decide.\n",        \
           ".  Aucun moyen automatisé n'a servi, ni à détecter ni à décider.\n")                   \
    PHRASE(SINGLE, "The desk has one person; a second one could not confirm it.\n",                \
           "L'équipe ne compte qu'une personne ; aucune autre n'a pu confirmer.\n")                \
    PHRASE(GROUND_ILLEGAL, "Ground: the content is held to be illegal.\n",                         \
           "Fondement : le contenu est considéré comme illicite.\n")                               \
    PHRASE(GROUND_TERMS, "Ground: it is incompatible with the terms of this service.\n",           \
           "Fondement : incompatibilité avec les conditions générales du service.\n")              \
    PHRASE(LAW, "Legal provision: ", "Disposition légale : ")                                      \
    PHRASE(RULE, "Rule: ", "Règle : ")                                                             \
    PHRASE(WHY, "Why it applies: ", "Pourquoi elle s'applique : ")                                 \
    PHRASE(REDRESS,                                                                                \
           "Redress: you can complain here, free of charge, within six months of being told\n"     \
           "('timbre notice appeal'); a person who did not take part in the decision settles "     \
           "it.\n"                                                                                 \
           "You can also turn to a certified out-of-court dispute settlement body\n"               \
           "(Regulation (EU) 2022/2065, article 21), and to a court.\n",                           \
           "Voies de recours : vous pouvez former une réclamation ici, gratuitement, dans les "    \
           "six mois\n"                                                                            \
           "(« timbre notice appeal ») ; une personne étrangère à la décision la tranchera.\n"     \
           "Vous pouvez aussi saisir un organe certifié de règlement extrajudiciaire des "         \
           "litiges\n"                                                                             \
           "(règlement (UE) 2022/2065, article 21), ainsi que les tribunaux.\n")

enum phrase {
#define PHRASE_ENUM(NAME_, EN_, FR_) PHRASE_##NAME_,
    PHRASE_LIST(PHRASE_ENUM) PHRASE_COUNT
};
static const char *const PHRASES[PHRASE_COUNT][CHAT_LANGUAGE_COUNT] = {
#define PHRASE_ROW(NAME_, EN_, FR_) { EN_, FR_ },
    PHRASE_LIST(PHRASE_ROW)
};
static const char *const CATEGORIES[CHAT_CATEGORY_COUNT][CHAT_LANGUAGE_COUNT] = {
    { "", "" },
#define CATEGORY_TEXT(NAME_, NUMBER_, WORD_, EN_, FR_) [NUMBER_] = { EN_, FR_ },
    CHAT_CATEGORY_LIST(CATEGORY_TEXT)
};

static const char *reason_text(uint8_t code, enum chat_language language)
{
    if (language == CHAT_ENGLISH) return chat_reason_text(code);
    switch (code) {
    case CHAT_REASON_SPAM: return "pourriel";
    case CHAT_REASON_HARASSMENT: return "harcèlement";
    case CHAT_REASON_THREAT: return "menace";
    case CHAT_REASON_HATE: return "haine";
    case CHAT_REASON_SEXUAL: return "contenu sexuel sans consentement";
    case CHAT_REASON_CHILD_SAFETY: return "danger pour des enfants";
    case CHAT_REASON_FRAUD: return "usurpation ou fraude";
    case CHAT_REASON_MALWARE: return "logiciel malveillant";
    case CHAT_REASON_DOXXING: return "divulgation de données privées";
    case CHAT_REASON_ROOM_RULE: return "manquement aux règles du salon";
    case CHAT_REASON_PROTOCOL: return "violation du protocole";
    default: return "autre";
    }
}

enum chat_language chat_language_of(const char *locale)
{
    bool is_french = locale != NULL && strncmp(locale, "fr", 2) == 0
                     && (locale[2] < 'a' || locale[2] > 'z');
    return is_french ? CHAT_FRENCH : CHAT_ENGLISH;
}

/* ------------------------------------------------------------------ parts */

struct say {
    const struct chat_statement *statement;
    enum chat_language language;
    struct tb_buf *out;
};

static tb_status phrase(const struct say *say, enum phrase phrase)
{
    return chat_say(say->out, PHRASES[phrase][say->language]);
}

/* Before, something that others wrote, and the end of the line. */
static tb_status line(const struct say *say, enum phrase before, tb_bytes text)
{
    if (text.len == 0) return TB_STATUS(TB_OK);
    TRY(phrase(say, before));
    TRY(chat_say_plain(say->out, text));
    return chat_say(say->out, "\n");
}

static tb_status about(const struct say *say, enum phrase before, uint64_t number)
{
    TRY(phrase(say, before));
    TRY(chat_say_u64(say->out, number));
    return chat_say(say->out, ".\n");
}

static tb_status say_retraction(const struct say *say)
{
    TRY(phrase(say, PHRASE_RETRACT));
    TRY(chat_say_u64(say->out, say->statement->target_count));
    return line(say, PHRASE_IN_ROOM, say->statement->room_uri);
}

static tb_status say_measure(const struct say *say)
{
    const struct chat_statement *statement = say->statement;
    tb_bytes room = statement->room_uri;
    switch (statement->action) {
    case CHAT_ACTION_WARN: return phrase(say, PHRASE_WARN);
    case CHAT_ACTION_UNBAN: return phrase(say, PHRASE_UNBAN);
    case CHAT_ACTION_BAN:
        return statement->scope == CHAT_SCOPE_ROOM ? line(say, PHRASE_BAN_ROOM, room)
                                                   : phrase(say, PHRASE_BAN_HUB);
    case CHAT_ACTION_RETRACT: return say_retraction(say);
    case CHAT_ACTION_MUTE: return line(say, PHRASE_MUTE, room);
    case CHAT_ACTION_REMOVE: return line(say, PHRASE_REMOVE, room);
    case CHAT_ACTION_SUSPEND: return phrase(say, PHRASE_SUSPEND);
    case CHAT_ACTION_CLOSE_ACCOUNT: return phrase(say, PHRASE_CLOSE_ACCOUNT);
    case CHAT_ACTION_CLOSE_ROOM: return line(say, PHRASE_CLOSE_ROOM, room);
    case CHAT_ACTION_REVERSE: return about(say, PHRASE_REVERSE, statement->number_of);
    case CHAT_ACTION_UPHOLD: return about(say, PHRASE_UPHOLD, statement->number_of);
    default: return phrase(say, PHRASE_NO_MEASURE);
    }
}

/* Article 17(3)(a): how long, and where. */
static tb_status say_extent(const struct say *say)
{
    const struct chat_statement *statement = say->statement;
    if (statement->until_ms == 0) {
        TRY(phrase(say, PHRASE_NO_END));
    } else {
        TRY(phrase(say, PHRASE_UNTIL));
        TRY(chat_say_time(say->out, statement->until_ms));
        TRY(chat_say(say->out, ".\n"));
    }
    TRY(phrase(say, PHRASE_TERRITORY));
    if (statement->territory.len != 0) TRY(chat_say_plain(say->out, statement->territory));
    else TRY(phrase(say, PHRASE_EVERYWHERE));
    return chat_say(say->out, ".\n");
}

/* (d) and (e) */
static tb_status say_ground(const struct say *say)
{
    const struct chat_statement *statement = say->statement;
    bool is_law = statement->ground == CHAT_GROUND_ILLEGAL;
    TRY(phrase(say, PHRASE_REASON));
    TRY(chat_say(say->out, reason_text(statement->reason_code, say->language)));
    if (statement->category != 0) {
        TRY(phrase(say, PHRASE_CATEGORY));
        TRY(chat_say(say->out, CATEGORIES[statement->category][say->language]));
    }
    TRY(chat_say(say->out, ".\n"));
    TRY(phrase(say, is_law ? PHRASE_GROUND_ILLEGAL : PHRASE_GROUND_TERMS));
    TRY(line(say, is_law ? PHRASE_LAW : PHRASE_RULE, statement->rule));
    return line(say, PHRASE_WHY, statement->why);
}

/* (b) and (c) */
static tb_status say_facts(const struct say *say)
{
    const struct chat_statement *statement = say->statement;
    TRY(line(say, PHRASE_FACTS, statement->facts));
    TRY(phrase(say, statement->source == CHAT_STATEMENT_REPORT ? PHRASE_REPORT : PHRASE_OWN));
    if (statement->decided_ms == 0) return TB_STATUS(TB_OK);
    TRY(phrase(say, PHRASE_PERSON));
    TRY(chat_say_time(say->out, statement->decided_ms));
    TRY(phrase(say, PHRASE_NO_MACHINE));
    return statement->single != 0 ? phrase(say, PHRASE_SINGLE) : TB_STATUS(TB_OK);
}

tb_status chat_statement_render(const struct chat_statement *statement,
                                enum chat_language language, struct tb_buf *out)
{
    const struct say say = { statement, language, out };
    bool is_restriction = chat_decision_is_restriction(statement->action);
    bool is_account = chat_decision_needs_two(statement->action, statement->scope);
    if (statement->number != 0) {
        TRY(phrase(&say, PHRASE_DECISION));
        TRY(chat_say_u64(out, statement->number));
        TRY(phrase(&say, PHRASE_OF_THE_DESK));
    }
    TRY(say_measure(&say));
    if (is_account) TRY(phrase(&say, PHRASE_STILL));
    if (is_restriction) TRY(say_extent(&say));
    TRY(say_ground(&say));
    TRY(say_facts(&say));
    bool has_redress = is_restriction || statement->action == CHAT_ACTION_WARN;
    return has_redress ? phrase(&say, PHRASE_REDRESS) : TB_STATUS(TB_OK);
}
