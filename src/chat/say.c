/* Words, numbers and dates. */
#include "chat/say.h"

#include "wire/text.h"

enum { MS_A_MINUTE = 60000, MINUTES_A_DAY = 1440 };
#define YEAR_MAX_MS UINT64_C(253402300799999) /* 9999-12-31 23:59:59.999 */

tb_status chat_say(struct tb_buf *buf, const char *text)
{
    return tb_buf_append(buf, tb_bytes_text(text));
}

tb_status chat_say_u64(struct tb_buf *buf, uint64_t number)
{
    return wire_text_put_u64(buf, number);
}

tb_status chat_say_plain(struct tb_buf *buf, tb_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        /* C1 controls are C2 80 to C2 9F in UTF-8. */
        bool is_c1 = c == 0xc2 && i + 1 < text.len && text.data[i + 1] < 0xa0;
        if (is_c1) i++;
        TRY(tb_buf_append_u8(buf, c < 0x20 || c == 0x7f || is_c1 ? ' ' : c));
    }
    return TB_STATUS(TB_OK);
}

tb_status chat_say_count(struct tb_buf *buf, uint64_t count, const char *one, const char *many)
{
    TRY(chat_say_u64(buf, count));
    TRY(chat_say(buf, " "));
    return chat_say(buf, count == 1 ? one : many);
}

/* Days since 1970-01-01 to a date: years begin in March, 400 of them are 146,097 days. */
struct chat_say_date chat_say_date(uint64_t time_ms)
{
    uint64_t days = time_ms / MS_A_MINUTE / MINUTES_A_DAY + 719468; /* since 0000-03-01 */
    uint64_t era = days / 146097, day_of_era = days % 146097;
    uint64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    uint64_t month_from_march = (5 * day_of_year + 2) / 153;
    unsigned month = (unsigned)(month_from_march < 10 ? month_from_march + 3
                                                      : month_from_march - 9);
    return (struct chat_say_date){
        .year = era * 400 + year_of_era + (month <= 2),
        .month = month,
        .day = (unsigned)(day_of_year - (153 * month_from_march + 2) / 5 + 1),
    };
}

static tb_status say_two(struct tb_buf *buf, const char *before, uint64_t number)
{
    TRY(chat_say(buf, before));
    TRY(tb_buf_append_u8(buf, (uint8_t)('0' + number / 10 % 10)));
    return tb_buf_append_u8(buf, (uint8_t)('0' + number % 10));
}

tb_status chat_say_time(struct tb_buf *buf, uint64_t time_ms)
{
    if (time_ms > YEAR_MAX_MS) time_ms = YEAR_MAX_MS;
    struct chat_say_date date = chat_say_date(time_ms);
    uint64_t minute = time_ms / MS_A_MINUTE % MINUTES_A_DAY;

    TRY(chat_say_u64(buf, date.year));
    TRY(say_two(buf, "-", date.month));
    TRY(say_two(buf, "-", date.day));
    TRY(say_two(buf, " ", minute / 60));
    TRY(say_two(buf, ":", minute % 60));
    return chat_say(buf, " UTC");
}
