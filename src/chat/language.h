/* The languages in which statements of reasons are said. */
#ifndef TB_CHAT_LANGUAGE_H
#define TB_CHAT_LANGUAGE_H

enum chat_language { CHAT_ENGLISH = 0, CHAT_FRENCH = 1, CHAT_LANGUAGE_COUNT };
/* "fr", "fr_FR.UTF-8"; English for everything else, and for NULL. */
enum chat_language chat_language_of(const char *locale);

#endif
