/* A verified report in plain English: what is proven, what is not, and what to look at. */
#include "chat/report_verify.h"
#include "chat/say.h"

static const char *why_not(tb_status verdict)
{
    switch (verdict.code) {
    case CHAT_EVIDENCE_CONTENT:
        return "the reported text is not a valid message";
    case CHAT_EVIDENCE_TAG:
        return "the reported text is not the one that was sent";
    case CHAT_EVIDENCE_SENDER:
        return "the text names another sender than the hub saw";
    case CHAT_EVIDENCE_ROOM:
        return "the text was written for another room";
    case CHAT_EVIDENCE_ATTACHMENT_HASH:
        return "an attachment is not the one that the text names";
    case CHAT_EVIDENCE_ATTACHMENT_KEY:
        return "an attachment does not open with the key in the text";
    case CHAT_EVIDENCE_ATTACHMENT_PLAIN:
        return "an attachment holds something else than its sender stated";
    case CHAT_EVIDENCE_REVOKED:
        return "the hub's key that vouches for it was revoked from an earlier time, and the "
               "sender's own signature is not in the report";
    case CHAT_EVIDENCE_REPLACES:
        return "the text claims to replace somebody else's message";
    default:
        return chat_status_text(verdict);
    }
}

static tb_status say_target(const struct chat_report_message *message, struct tb_buf *out)
{
    TRY(chat_say(out, "Message "));
    TRY(chat_say_u64(out, message->stub->room_seq));
    if (message->content == NULL) {
        TRY(chat_say(out, ": NOT proven: "));
        TRY(chat_say(out, why_not(message->verdict)));
        return chat_say(out, ".\n");
    }
    TRY(chat_say(out, ": it is proven that "));
    TRY(chat_say_plain(out, message->stub->context.sender_uri));
    TRY(chat_say(out, " sent exactly this text to the room, accepted by the hub on "));
    TRY(chat_say_time(out, message->stub->context.accepted_timestamp));
    if (message->level == 2) {
        return chat_say(out, "; the sender's own signature is on it, so not even the hub could "
                             "have made it up.\n");
    }
    return chat_say(out, "; the hub vouches for it, and the reporter could not have made it up.\n");
}

static tb_status say_person(const struct chat_report_person *person, struct tb_buf *out)
{
    TRY(chat_say_plain(out, person->user));
    TRY(chat_say(out, ": "));
    TRY(chat_say_count(out, person->message_count, "message", "messages"));
    TRY(chat_say(out, " in the window, "));
    TRY(chat_say_u64(out, person->opened_count));
    TRY(chat_say(out, " shown and proven, "));
    TRY(chat_say_u64(out, person->withheld_count));
    return chat_say(out, " withheld.\n");
}

static tb_status say_window(const struct chat_report_result *result, struct tb_buf *out)
{
    TRY(chat_say(out, "The window holds "));
    TRY(chat_say_count(out, result->message_count, "message", "messages"));
    TRY(chat_say(out, ", numbers "));
    TRY(chat_say_u64(out, result->evidence->first_seq));
    TRY(chat_say(out, " to "));
    TRY(chat_say_u64(out, result->evidence->last_seq));
    TRY(chat_say(out, ", from "));
    TRY(chat_say_time(out, result->first_time_ms));
    TRY(chat_say(out, " to "));
    TRY(chat_say_time(out, result->last_time_ms));
    TRY(chat_say(out, (result->alarms & CHAT_ALARM_REVOKED) != 0
                          ? ". Their order, senders and times are NOT proven.\n"
                          : ". Their order, senders and times are proven, and none in between is "
                            "left out.\n"));
    if (result->withheld_count == 0) return chat_say(out, "No text in it is withheld.\n");
    TRY(chat_say(out, "The texts of "));
    TRY(chat_say_count(out, result->withheld_count, "message are", "messages are"));
    return chat_say(out, " withheld; the accused or any member can open them.\n");
}

static tb_status say_alarms(uint32_t alarms, struct tb_buf *out)
{
    static const struct {
        uint32_t alarm;
        const char *sentence;
    } SENTENCES[] = {
        { CHAT_ALARM_WINDOW_SHORT_BEFORE,
          "There is less context before the reported messages than the room's rules ask for; that "
          "is right only where the reporter joined or the room began.\n" },
        { CHAT_ALARM_WINDOW_SHORT_AFTER,
          "There is less context after the reported messages than the room's rules ask for; that "
          "is right only when nothing newer was there.\n" },
        { CHAT_ALARM_LATE, "The report came after the report window of the room.\n" },
        { CHAT_ALARM_UNDECRYPTABLE,
          "The reporter says that some messages could not be read; that is not proven.\n" },
        { CHAT_ALARM_NOT_RECEIVED,
          "The reporter says that some messages never arrived; that is not proven.\n" },
        { CHAT_ALARM_EXPIRED, "Some messages had expired before the report.\n" },
        { CHAT_ALARM_VERSIONS_MISSING,
          "An edit or deletion refers to a message whose text is not in the report.\n" },
        { CHAT_ALARM_FRANK_PREV,
          "A sender had seen another history of this room than the hub signed here: ask the sender "
          "for the signed head, the hub may have told two histories.\n" },
        { CHAT_ALARM_HUB_SAYS_WRONG,
          "The hub disowns its own stamp on at least one message.\n" },
        { CHAT_ALARM_PROTOCOL,
          "A sender signed a text together with a tag that does not belong to it: no right client "
          "showed that text, but it violates the protocol.\n" },
        { CHAT_ALARM_ALTERNATIVES,
          "A message offers several texts to choose from: people may have seen different ones.\n" },
        { CHAT_ALARM_REVOKED,
          "The hub's key that signed this window was revoked from an earlier time on: others may "
          "have made up its order, senders and times; only the senders' own signatures prove.\n" },
        { CHAT_ALARM_REVOKED_LATER,
          "The hub's key that signed this window was revoked from a later time on. Whoever had it "
          "then could have put an earlier time on a window: ask the hub for its stamps.\n" },
    };
    for (size_t i = 0; i < sizeof SENTENCES / sizeof SENTENCES[0]; i++) {
        if ((alarms & SENTENCES[i].alarm) != 0) TRY(chat_say(out, SENTENCES[i].sentence));
    }
    return TB_STATUS(TB_OK);
}

/* V8, in one sentence. */
static tb_status say_oracle(const struct chat_report_result *result, struct tb_buf *out)
{
    bool is_asked = false, is_gone = false;
    for (size_t i = 0; i < result->message_count; i++) {
        if (result->messages[i].oracle != CHAT_ORACLE_NOT_ASKED) is_asked = true;
        if (result->messages[i].oracle == CHAT_ORACLE_KEY_GONE) is_gone = true;
    }
    if (!is_asked) return TB_STATUS(TB_OK);
    if (is_gone) {
        return chat_say(out, "The hub's stamp on some messages can no longer be checked: its key "
                             "of that time is gone.\n");
    }
    if ((result->alarms & CHAT_ALARM_HUB_SAYS_WRONG) != 0) return TB_STATUS(TB_OK);
    return chat_say(out, "The hub confirms its stamp on every message.\n");
}

tb_status chat_report_sentences(const struct chat_report_result *result, struct tb_buf *out)
{
    for (size_t i = 0; i < result->message_count; i++) {
        if (result->messages[i].is_target) TRY(say_target(&result->messages[i], out));
    }
    TRY(say_window(result, out));
    for (size_t i = 0; i < result->person_count; i++) TRY(say_person(&result->persons[i], out));
    TRY(say_alarms(result->alarms, out));
    TRY(say_oracle(result, out));
    if (result->level == 1) {
        TRY(chat_say(out, "Not proven: that the hub itself is honest. Only the sender's own "
                          "signature (level 2) would show that.\n"));
    }
    return chat_say(out, "Not proven: who held the sender's device.\n");
}
