/* Sentences for people, built in a buffer.  What others wrote is made harmless for a terminal. */
#ifndef TB_CHAT_SAY_H
#define TB_CHAT_SAY_H

#include "base/mem.h"

TB_MUST_USE tb_status chat_say(struct tb_buf *buf, const char *text);
TB_MUST_USE tb_status chat_say_u64(struct tb_buf *buf, uint64_t number);
/* Octets of somebody else: control characters become spaces, the rest stays. */
TB_MUST_USE tb_status chat_say_plain(struct tb_buf *buf, tb_bytes text);
/* "1 message", "2 messages" for ("message", "messages"). */
TB_MUST_USE tb_status chat_say_count(struct tb_buf *buf, uint64_t count, const char *one,
                                     const char *many);
/* Unix milliseconds as "2022-02-09 06:13 UTC"; years to 9999, later ones as that. */
TB_MUST_USE tb_status chat_say_time(struct tb_buf *buf, uint64_t time_ms);

/* The civil date (UTC) of Unix milliseconds: year, month 1-12, day 1-31. */
struct chat_say_date {
    uint64_t year;
    unsigned month, day;
};
struct chat_say_date chat_say_date(uint64_t time_ms);

#endif
