/* Pages for people without an account, in English and French, without scripts. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "chat/reason.h"
#include "host/client_text.h"
#include "host/public.h"
#include "wire/text.h"

enum { LINE_LEN_MAX = 4096 };

/* [0] English, [1] French. */
#define SAY(NAME_, ENGLISH_, FRENCH_) static const char *const NAME_[2] = { ENGLISH_, FRENCH_ };
SAY(NOTICE_TITLE, "Report illegal or harmful content", "Signaler un contenu illicite ou nuisible")
SAY(NOTICE_INTRO,
    "<p>You need no account. The moderators of this hub read your notice; nobody else can once it "
    "is stored. The hub receives it in clear, seals it to the moderators' key at once, and keeps "
    "no other copy and no record of your address on the network.</p>"
    "<p>If somebody's life is in danger, call 112.</p>",
    "<p>Aucun compte n'est nécessaire. Les modérateurs de ce serveur lisent votre signalement ; "
    "une fois conservé, personne d'autre ne le peut. Le serveur le reçoit en clair, le scelle "
    "aussitôt pour la clé des modérateurs, et ne garde ni autre copie ni trace de votre adresse "
    "réseau.</p><p>Si la vie de quelqu'un est en danger, appelez le 112.</p>")
SAY(OTHER_LANGUAGE, "<a href=\"?lang=fr\">Français</a>", "<a href=\"?lang=en\">English</a>")
SAY(REASON, "What is it about?", "De quoi s'agit-il ?")
SAY(WHERE, "Where exactly? A link, or the room and the time of the message",
    "Où exactement ? Un lien, ou le salon et l'heure du message")
SAY(WHY, "Why is it illegal, or against the rules?",
    "Pourquoi est-ce illicite, ou contraire aux règles ?")
SAY(NAME, "Your name (not needed where children are in danger)",
    "Votre nom (inutile si des enfants sont en danger)")
SAY(MAIL, "Your e-mail address (not needed where children are in danger)",
    "Votre adresse électronique (inutile si des enfants sont en danger)")
SAY(GOOD_FAITH, "I believe in good faith that what I say is accurate and complete.",
    "Je déclare de bonne foi que ces informations sont exactes et complètes.")
SAY(SEND, "Send", "Envoyer")
SAY(STATE_TITLE, "What became of my notice?", "Où en est mon signalement ?")
SAY(NUMBER, "Number", "Numéro")
SAY(SECRET, "Secret", "Code secret")
SAY(RECEIPT_TITLE, "Your notice was received", "Votre signalement est reçu")
SAY(RECEIPT_TEXT,
    "<p>Keep both: they are the only way to ask what became of it. The hub sends no e-mail.</p>",
    "<p>Conservez les deux : eux seuls permettent de suivre votre signalement. Le serveur n'envoie "
    "pas de courriel.</p>")
SAY(RECEIVED, "Received", "Reçu")
SAY(DECIDED, "Decided", "Décidé")
SAY(BY_A_PERSON, "A person decided, without automated means.",
    "Une personne a décidé, sans moyen automatisé.")
SAY(REDRESS,
    "You can also turn to a certified out-of-court dispute settlement body (Article 21 of "
    "Regulation (EU) 2022/2065) or to a court.",
    "Vous pouvez aussi saisir un organe certifié de règlement extrajudiciaire des litiges "
    "(article 21 du règlement (UE) 2022/2065) ou un tribunal.")
SAY(COMPLAIN, "Complain about this answer; another moderator decides. Possible until",
    "Contester cette réponse ; un autre modérateur décide. Possible jusqu'au")
SAY(COMPLAINT, "Your complaint", "Votre réclamation")
SAY(WARNED,
    "A notice from your address was manifestly unfounded. More of them, and notices from it are "
    "not taken for some time.",
    "Un signalement de votre adresse était manifestement infondé. En cas de récidive, ses "
    "signalements ne seront plus pris pendant un temps.")
SAY(SUSPENDED, "Notices from your address are not taken until",
    "Les signalements de votre adresse ne sont plus pris jusqu'au")
SAY(REFUSED_TITLE, "This was not taken", "Ceci n'a pas été pris")
SAY(CONTACT_TITLE, "Contact", "Contact")
SAY(FOR_USERS, "For everybody", "Pour tous")
SAY(FOR_AUTHORITIES, "For authorities", "Pour les autorités")
SAY(REPRESENTATIVE, "Legal representative", "Représentant légal")
SAY(LANGUAGES, "Languages", "Langues")
SAY(NO_CONTACT, "<p>The operator has published no contact point.</p>",
    "<p>L'exploitant n'a publié aucun point de contact.</p>")

static const char *const OUTCOMES[][2] = {
    { "It waits for a moderator.", "Il attend un modérateur." },
    { "Action was taken.", "Des mesures ont été prises." },
    { "No action was taken.", "Aucune mesure n'a été prise." },
    { "It was judged manifestly unfounded.", "Il a été jugé manifestement infondé." },
};

/* In the order of CHAT_REASON_LIST. */
static const char *const REASONS_FRENCH[] = {
    "du courrier indésirable", "du harcèlement", "une menace", "de la haine",
    "un contenu sexuel sans consentement", "un danger pour des enfants",
    "une usurpation d'identité ou une fraude", "un logiciel malveillant",
    "des données privées rendues publiques", "une infraction aux règles du salon",
    "une violation du protocole", "autre chose",
};

/* ------------------------------------------------------------------ writing */

static tb_status add(struct tb_buf *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static tb_status add(struct tb_buf *out, const char *format, ...)
{
    char line[LINE_LEN_MAX];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof line) return TB_STATUS(TB_TOO_LONG);
    return tb_buf_append(out, tb_bytes_of(line, (size_t)len));
}

/* What others wrote, made harmless. */
static tb_status add_text(struct tb_buf *out, tb_bytes text)
{
    if (!wire_text_is_utf8(text)) text.len = 0;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        switch (c) {
        case '&': TRY(add(out, "&amp;")); break;
        case '<': TRY(add(out, "&lt;")); break;
        case '>': TRY(add(out, "&gt;")); break;
        case '"': TRY(add(out, "&quot;")); break;
        case '\'': TRY(add(out, "&#39;")); break;
        case '\n': TRY(add(out, "<br>\n")); break;
        default: TRY(tb_buf_append_u8(out, c < 0x20 || c == 0x7f ? ' ' : c));
        }
    }
    return TB_STATUS(TB_OK);
}

static tb_status add_time(struct tb_buf *out, const char *label, uint64_t at_ms)
{
    char time[CLI_TEXT_TIME_LEN_MAX];
    cli_text_time(at_ms, time);
    return add(out, "<p>%s: %s</p>\n", label, time);
}

static const char *lang(bool is_french) { return is_french ? "fr" : "en"; }

/* ------------------------------------------------------------------ forms */

static tb_status add_reasons(struct tb_buf *out, bool is_french)
{
    size_t n = 0;
    for (uint8_t code = 0; (code = chat_reason_next(code)) != 0; n++) {
        bool has_french = n < sizeof REASONS_FRENCH / sizeof REASONS_FRENCH[0];
        const char *text =
            is_french && has_french ? REASONS_FRENCH[n] : chat_reason_text(code);
        TRY(add(out, "<option value=\"%s\">%s</option>\n", chat_reason_name(code), text));
    }
    return TB_STATUS(TB_OK);
}

static tb_status add_contact(struct tb_buf *out, const char *label, const char *text, bool *any)
{
    if (text == NULL || text[0] == 0) return TB_STATUS(TB_OK);
    *any = true;
    TRY(add(out, "<p>%s: ", label));
    TRY(add_text(out, tb_bytes_text(text)));
    return add(out, "</p>\n");
}

tb_status public_notice_form(bool is_french, const struct public_contact *contact,
                             struct tb_buf *out)
{
    int l = is_french;
    bool any = false;
    TRY(add(out, "<h1>%s</h1>\n<p>%s</p>\n%s\n", NOTICE_TITLE[l], OTHER_LANGUAGE[l],
            NOTICE_INTRO[l]));
    TRY(add(out, "<form method=\"post\" action=\"/notice\" accept-charset=\"utf-8\">\n"
                 "<input type=\"hidden\" name=\"lang\" value=\"%s\">\n"
                 "<p><label>%s<br><select name=\"reason\" required>\n",
            lang(is_french), REASON[l]));
    TRY(add_reasons(out, is_french));
    TRY(add(out, "</select></label></p>\n"
                 "<p><label>%s<br><input name=\"where\" required maxlength=\"1000\"></label></p>\n"
                 "<p><label>%s<br><textarea name=\"text\" required rows=\"8\" maxlength=\"8000\">"
                 "</textarea></label></p>\n",
            WHERE[l], WHY[l]));
    TRY(add(out, "<p><label>%s<br><input name=\"name\" maxlength=\"200\"></label></p>\n"
                 "<p><label>%s<br><input name=\"mail\" type=\"email\" maxlength=\"254\"></label>"
                 "</p>\n",
            NAME[l], MAIL[l]));
    TRY(add(out, "<p><label><input type=\"checkbox\" name=\"good_faith\" value=\"yes\" required> "
                 "%s</label></p>\n<p><button>%s</button></p>\n</form>\n"
                 "<p><a href=\"/notice/status?lang=%s\">%s</a></p>\n",
            GOOD_FAITH[l], SEND[l], lang(is_french), STATE_TITLE[l]));
    return add_contact(out, CONTACT_TITLE[l], contact->users, &any);
}

tb_status public_state_form(bool is_french, struct tb_buf *out)
{
    int l = is_french;
    return add(out,
               "<h1>%s</h1>\n<p>%s</p>\n<form method=\"post\" action=\"/notice/status\">\n"
               "<input type=\"hidden\" name=\"lang\" value=\"%s\">\n"
               "<p><label>%s<br><input name=\"number\" required maxlength=\"20\"></label></p>\n"
               "<p><label>%s<br><input name=\"secret\" required maxlength=\"32\"></label></p>\n"
               "<p><button>%s</button></p>\n</form>\n",
               STATE_TITLE[l], OTHER_LANGUAGE[l], lang(is_french), NUMBER[l], SECRET[l], SEND[l]);
}

/* ------------------------------------------------------------------ answers */

static void secret_text(const uint8_t secret[CHAT_NOTICE_SECRET_LEN],
                        char out[2 * CHAT_NOTICE_SECRET_LEN + 1])
{
    wire_text_hex_encode(tb_bytes_of(secret, CHAT_NOTICE_SECRET_LEN), out);
    out[2 * CHAT_NOTICE_SECRET_LEN] = 0;
}

tb_status public_receipt_page(bool is_french, const struct chat_notice_receipt *receipt,
                              struct tb_buf *out)
{
    int l = is_french;
    char secret[2 * CHAT_NOTICE_SECRET_LEN + 1];
    secret_text(receipt->secret, secret);
    TRY(add(out, "<h1>%s</h1>\n<pre>%s %llu\n%s %s</pre>\n%s", RECEIPT_TITLE[l], NUMBER[l],
            (unsigned long long)receipt->number, SECRET[l], secret, RECEIPT_TEXT[l]));
    tb_wipe(secret, sizeof secret);
    TRY(add_time(out, RECEIVED[l], receipt->received_ms));
    return add(out, "<p><a href=\"/notice/status?lang=%s\">%s</a></p>\n", lang(is_french),
               STATE_TITLE[l]);
}

static tb_status add_outcome(struct tb_buf *out, int l, uint8_t outcome, tb_bytes reply)
{
    if (outcome >= sizeof OUTCOMES / sizeof OUTCOMES[0]) outcome = CHAT_NOTICE_OPEN;
    TRY(add(out, "<p>%s</p>\n", OUTCOMES[outcome][l]));
    if (outcome == CHAT_NOTICE_OPEN) return TB_STATUS(TB_OK);
    TRY(add(out, "<blockquote>"));
    TRY(add_text(out, reply));
    return add(out, "</blockquote>\n<p>%s</p>\n", BY_A_PERSON[l]);
}

static tb_status add_complaint_form(struct tb_buf *out, bool is_french,
                                    const struct chat_notice_state *state,
                                    const uint8_t secret[CHAT_NOTICE_SECRET_LEN])
{
    int l = is_french;
    char text[2 * CHAT_NOTICE_SECRET_LEN + 1], time[CLI_TEXT_TIME_LEN_MAX];
    cli_text_time(state->complain_until_ms, time);
    secret_text(secret, text);
    tb_status status =
        add(out,
            "<form method=\"post\" action=\"/notice/complaint\" accept-charset=\"utf-8\">\n"
            "<input type=\"hidden\" name=\"lang\" value=\"%s\">\n"
            "<input type=\"hidden\" name=\"number\" value=\"%llu\">\n"
            "<input type=\"hidden\" name=\"secret\" value=\"%s\">\n"
            "<p><label>%s %s<br><textarea name=\"text\" required rows=\"6\" maxlength=\"8000\">"
            "</textarea></label></p>\n<p><button>%s</button></p>\n</form>\n<p>%s</p>\n",
            lang(is_french), (unsigned long long)state->number, text, COMPLAIN[l], time, SEND[l],
            REDRESS[l]);
    tb_wipe(text, sizeof text);
    return status;
}

tb_status public_state_page(bool is_french, const struct chat_notice_state *state,
                            const uint8_t secret[CHAT_NOTICE_SECRET_LEN], struct tb_buf *out)
{
    int l = is_french;
    TRY(add(out, "<h1>%s %llu</h1>\n", NUMBER[l], (unsigned long long)state->number));
    TRY(add_time(out, RECEIVED[l], state->received_ms));
    TRY(add_outcome(out, l, state->outcome, state->reply));
    if (state->outcome != CHAT_NOTICE_OPEN) TRY(add_time(out, DECIDED[l], state->decided_ms));
    if (state->complaint_ms != 0) {
        TRY(add(out, "<h2>%s</h2>\n", COMPLAINT[l]));
        TRY(add_time(out, RECEIVED[l], state->complaint_ms));
        TRY(add_outcome(out, l, state->complaint_outcome, state->complaint_reply));
    }
    if (state->suspended_until_ms != 0) {
        TRY(add_time(out, SUSPENDED[l], state->suspended_until_ms));
    } else if (state->is_warned) {
        TRY(add(out, "<p>%s</p>\n", WARNED[l]));
    }
    if (state->complain_until_ms == 0) return TB_STATUS(TB_OK);
    return add_complaint_form(out, is_french, state, secret);
}

tb_status public_refusal_page(bool is_french, uint16_t code, tb_bytes detail, uint64_t value,
                              struct tb_buf *out)
{
    int l = is_french;
    TRY(add(out, "<h1>%s</h1>\n<p>", REFUSED_TITLE[l]));
    TRY(add_text(out, detail.len != 0 ? detail : tb_bytes_text(chat_code_sentence(code))));
    TRY(add(out, "</p>\n"));
    if (code == CHAT_CODE_RESTRICTED) TRY(add_time(out, SUSPENDED[l], value));
    return add(out, "<p><a href=\"/notice?lang=%s\">%s</a></p>\n", lang(is_french),
               NOTICE_TITLE[l]);
}

tb_status public_contact_page(bool is_french, const struct public_contact *contact,
                              struct tb_buf *out)
{
    int l = is_french;
    bool any = false;
    TRY(add(out, "<h1>%s</h1>\n<p>%s</p>\n", CONTACT_TITLE[l], OTHER_LANGUAGE[l]));
    TRY(add_contact(out, FOR_USERS[l], contact->users, &any));
    TRY(add_contact(out, FOR_AUTHORITIES[l], contact->authorities, &any));
    TRY(add_contact(out, REPRESENTATIVE[l], contact->representative, &any));
    TRY(add_contact(out, LANGUAGES[l], contact->languages, &any));
    if (!any) TRY(add(out, "%s\n", NO_CONTACT[l]));
    return add(out, "<p><a href=\"/notice?lang=%s\">%s</a></p>\n", lang(is_french),
               NOTICE_TITLE[l]);
}
