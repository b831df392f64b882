/*
 * Message content (draft-ietf-mimi-content-08): deterministic CBOR
 *
 *     [ salt, replaces, topicId, expires, inReplyTo, extensions, NestedPart ]
 *
 * in the application framing that component content_media_types switches on.  There is one encoding
 * of a content and the decoder takes no other, so what was franked is what is shown.
 *
 * Extension keys: 1 sender URI, 2 room URI, 256 last seen, -1 frank_prev [room_seq, chain], -2
 * SHA-256 of each attachment's plaintext, by part index.  Other keys are kept as they came.
 */
#ifndef TB_CHAT_CONTENT_H
#define TB_CHAT_CONTENT_H

#include "chat/status.h"
#include "chat/structs.h"
#include "crypto/crypto.h"

enum {
    CHAT_SALT_LEN = 16,
    CHAT_MESSAGE_ID_LEN = 32,
    CHAT_PART_DEPTH_MAX = 4,          /* parts inside one another; the outermost has depth 1 */
    CHAT_PART_COUNT_MAX = 1024,       /* parts of a content, multiparts counted */
    CHAT_TOPIC_LEN_MAX = 4096,        /* octets */
    CHAT_EXTENSION_DEPTH_MAX = 4,     /* levels of an extension's value */
    CHAT_EXTENSION_COUNT_MAX = 32,    /* entries of the extension map */
    CHAT_LANGUAGE_LEN_MAX = 64,       /* octets */
    CHAT_CONTENT_TYPE_LEN_MAX = 255,  /* octets */
    CHAT_PLAINTEXT_HASH_COUNT_MAX = 64
};

#define CHAT_MEDIA_TYPE_CONTENT "application/mimi-content"
#define CHAT_MEDIA_TYPE_STATUS "application/mimi-message-status"
#define CHAT_TYPE_TEXT "text/markdown"
#define CHAT_TYPE_STATEMENT "application/vnd.timbre.statement+cbor"
#define CHAT_TYPE_DRAFT "application/vnd.timbre.draft+cbor"
#define CHAT_TYPE_APPEAL "application/vnd.timbre.appeal+cbor"
#define CHAT_TYPE_INVITE "application/vnd.timbre.invite+cbor"
#define CHAT_TYPE_UNINVITE "application/vnd.timbre.uninvite+cbor"
#define CHAT_TYPE_HEAD_REQUEST "application/vnd.timbre.head-request+cbor"
#define CHAT_TYPE_HEAD "application/vnd.timbre.head+cbor"
#define CHAT_TYPE_DESK_KEYS "application/vnd.timbre.desk-keys+cbor"
#define CHAT_TYPE_DESK_OWNER "application/vnd.timbre.desk-owner+cbor"
#define CHAT_TYPE_CASE "application/vnd.timbre.case+cbor"
#define CHAT_TYPE_CASE_SNAPSHOT "application/vnd.timbre.case-snapshot+cbor"

enum chat_disposition {
    CHAT_DISPOSITION_UNSPECIFIED = 0,
    CHAT_DISPOSITION_RENDER = 1,
    CHAT_DISPOSITION_REACTION = 2,
    CHAT_DISPOSITION_PROFILE = 3,
    CHAT_DISPOSITION_INLINE = 4,
    CHAT_DISPOSITION_ICON = 5,
    CHAT_DISPOSITION_ATTACHMENT = 6,
    CHAT_DISPOSITION_SESSION = 7,
    CHAT_DISPOSITION_PREVIEW = 8
};
enum chat_cardinality {
    CHAT_PART_NULL = 0,
    CHAT_PART_SINGLE = 1,
    CHAT_PART_EXTERNAL = 2,
    CHAT_PART_MULTI = 3
};
enum chat_part_semantics { CHAT_CHOOSE_ONE = 0, CHAT_SINGLE_UNIT = 1, CHAT_PROCESS_ALL = 2 };

/* A part; fields that its cardinality does not have are zero. */
struct chat_part {
    uint8_t disposition;
    uint8_t cardinality;
    tb_bytes language;
    tb_bytes content_type; /* SINGLE, EXTERNAL */
    tb_bytes content;      /* SINGLE */
    /* EXTERNAL */
    tb_bytes url;
    uint32_t expires;
    uint64_t size;
    uint16_t enc_alg; /* 0 none, 1 AES-128-GCM (the IANA AEAD registry) */
    tb_bytes key, nonce, aad;
    uint8_t hash_alg; /* 0 none, 1 SHA-256 */
    tb_bytes content_hash;
    tb_bytes description, filename;
    /* MULTI */
    uint8_t part_semantics; /* enum chat_part_semantics */
    struct chat_part *parts;
    size_t part_count;
};

/* One entry of the extension map that has no field of its own; both are encoded CBOR. */
struct chat_extension {
    tb_bytes key;
    tb_bytes value;
};

struct chat_content {
    uint8_t salt[CHAT_SALT_LEN];
    tb_bytes replaces;    /* 32 octets, or empty */
    tb_bytes topic_id;
    bool has_expires;
    bool expires_relative;
    uint32_t expires_s;
    tb_bytes in_reply_to; /* 32 octets, or empty */
    tb_bytes sender_uri;  /* never empty */
    tb_bytes room_uri;    /* never empty */
    bool has_frank_prev;
    uint64_t prev_room_seq;
    uint8_t prev_chain[CHAT_HASH_LEN];
    const uint8_t (*plaintext_hashes)[CHAT_HASH_LEN]; /* of external parts, in part order */
    size_t plaintext_hash_count;
    tb_bytes last_seen;   /* encoded CBOR value of extension 256, or empty */
    struct chat_extension *others;
    size_t other_count;
    struct chat_part part;
};

/*
 * Decode and check one content (R2).  *out holds views into input and pieces of the arena.
 * WIRE_CBOR_* and WIRE_TEXT for what is not deterministic CBOR, CHAT_CONTENT_* for the rest.
 */
TB_MUST_USE tb_status chat_content_decode(tb_bytes input, struct tb_arena *arena,
                                          struct chat_content *out);

/* The one encoding, behind what is in the buffer.  Refuses what chat_content_decode refuses. */
TB_MUST_USE tb_status chat_content_encode(const struct chat_content *content, struct tb_buf *buf);

/* application_data: framing around the encoding, in the arena.  mem holds the working buffer. */
TB_MUST_USE tb_status chat_content_frame(const struct chat_content *content, struct tb_mem *mem,
                                         struct tb_arena *arena, tb_bytes *application_data);

/* The inner octets of application_data with media type application/mimi-content and no parameters,
 * as a view; CHAT_CONTENT_MEDIA_TYPE for anything else. */
TB_MUST_USE tb_status chat_content_unframe(tb_bytes application_data, struct tb_arena *arena,
                                           tb_bytes *encoded);
/* Unframe, then decode. */
TB_MUST_USE tb_status chat_content_open(tb_bytes application_data, struct tb_arena *arena,
                                        struct chat_content *out);

/* Message id: 0x01 || H(u16 sender<> || u16 room<> || encoded content || salt)[0..30].  `encoded`
 * is * the content without framing. */
TB_MUST_USE tb_status chat_content_message_id(const struct crypto_suite *suite, tb_bytes sender_uri,
                                              tb_bytes room_uri, tb_bytes encoded,
                                              const uint8_t salt[CHAT_SALT_LEN],
                                              uint8_t id[CHAT_MESSAGE_ID_LEN]);

/* ---- the usual contents ---- */

/* A content with a fresh salt, both URIs, frank_prev when prev_room_seq is not 0, and no part. */
struct chat_content_head {
    tb_bytes sender_uri;
    tb_bytes room_uri;
    uint64_t prev_room_seq; /* 0: the sender has verified nothing yet */
    const uint8_t *prev_chain;
};
TB_MUST_USE tb_status chat_content_init(const struct chat_content_head *head, struct tb_rng *rng,
                                        struct chat_content *out);
/* Set the one part; the views are borrowed. */
void chat_content_set_single(struct chat_content *content, tb_bytes content_type, tb_bytes body);
void chat_content_set_text(struct chat_content *content, tb_bytes text);
/* A tombstone for the message `replaces`. */
void chat_content_set_deleted(struct chat_content *content, tb_bytes replaces);

/* The body of a content that is one SINGLE part of this type.  CHAT_CONTENT_TYPE otherwise. */
TB_MUST_USE tb_status chat_content_single(const struct chat_content *content, const char *type,
                                          tb_bytes *body);
/* The text of a single text/markdown or text/plain part (parameters allowed), for a terminal. */
TB_MUST_USE tb_status chat_content_text(const struct chat_content *content, tb_bytes *text);
bool chat_content_is_tombstone(const struct chat_content *content);

/*
 * External parts in the order of a walk from the outermost part; NULL behind the last.  The index
 * is the one of AttachmentEvidence.part_index and of plaintext_hashes.
 */
const struct chat_part *chat_content_external(const struct chat_content *content, size_t index);
/* Each external part has contentHash, SHA-256 and encryption (spec 2.5.9), else
 * CHAT_CONTENT_ATTACHMENT: it must not be fetched or shown. */
TB_MUST_USE tb_status chat_content_check_attachments(const struct chat_content *content);

#endif
