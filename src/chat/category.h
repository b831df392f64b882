/*
 * What kind of breach a decision is about: the categories of the EU's database of statements of
 * reasons (schema 2), by their numbers there in order, so that an export needs no judgement.
 */
#ifndef TB_CHAT_CATEGORY_H
#define TB_CHAT_CATEGORY_H

#include "base/bytes.h"
#include "chat/status.h"

/* CATEGORY(NAME, number, "name for commands", "English", "French") */
#define CHAT_CATEGORY_LIST(CATEGORY)                                                               \
    CATEGORY(ANIMAL_WELFARE, 1, "animal-welfare", "animal welfare", "bien-être animal")            \
    CATEGORY(CONSUMER_INFORMATION, 2, "consumer-information", "consumer information",              \
             "information des consommateurs")                                                      \
    CATEGORY(CYBER_VIOLENCE, 3, "cyber-violence", "cyber violence", "cyberviolence")               \
    CATEGORY(CYBER_VIOLENCE_AGAINST_WOMEN, 4, "cyber-violence-against-women",                      \
             "cyber violence against women", "cyberviolence à l'égard des femmes")                 \
    CATEGORY(DATA_PROTECTION_AND_PRIVACY_VIOLATIONS, 5, "privacy",                                 \
             "data protection and privacy", "protection des données et vie privée")                \
    CATEGORY(ILLEGAL_OR_HARMFUL_SPEECH, 6, "speech", "illegal or harmful speech",                  \
             "propos illicites ou préjudiciables")                                                 \
    CATEGORY(INTELLECTUAL_PROPERTY_INFRINGEMENTS, 7, "intellectual-property",                      \
             "intellectual property", "propriété intellectuelle")                                  \
    CATEGORY(NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS, 8, "civic-discourse",               \
             "civic discourse or elections", "débat public ou élections")                          \
    CATEGORY(PROTECTION_OF_MINORS, 9, "minors", "protection of minors",                            \
             "protection des mineurs")                                                             \
    CATEGORY(RISK_FOR_PUBLIC_SECURITY, 10, "public-security", "risk for public security",          \
             "risque pour la sécurité publique")                                                   \
    CATEGORY(SCAMS_AND_FRAUD, 11, "fraud", "scams and fraud", "escroquerie et fraude")             \
    CATEGORY(SELF_HARM, 12, "self-harm", "self-harm", "automutilation")                            \
    CATEGORY(UNSAFE_AND_PROHIBITED_PRODUCTS, 13, "products", "unsafe or prohibited products",      \
             "produits dangereux ou interdits")                                                    \
    CATEGORY(VIOLENCE, 14, "violence", "violence", "violence")                                     \
    CATEGORY(OTHER_VIOLATION_TC, 15, "other", "another breach of the terms",                       \
             "autre manquement aux conditions")                                                    \
    CATEGORY(NOT_SPECIFIED_NOTICE, 16, "not-specified", "not specified by the notice",             \
             "non précisé par le signalement")

enum chat_category {
    CHAT_CATEGORY_NONE = 0,
#define CHAT_CATEGORY_ENUM(NAME_, NUMBER_, WORD_, EN_, FR_) CHAT_CATEGORY_##NAME_ = NUMBER_,
    CHAT_CATEGORY_LIST(CHAT_CATEGORY_ENUM)
    CHAT_CATEGORY_COUNT
};

/* NULL for a number that is not in the list; the second is the database's own name. */
const char *chat_category_name(uint8_t category);
const char *chat_category_official(uint8_t category);
/* CHAT_REASON_UNKNOWN */
TB_MUST_USE tb_status chat_category_parse(tb_bytes name, uint8_t *category);
/* What a report's reason (chat/reason.h) is most often; the desk may say another. */
uint8_t chat_category_of_reason(uint8_t reason_code);

#endif
