/*
 * What the files group*.c share.  Nobody else includes this.
 *
 * A group is its current epoch, the shadows of a few past ones, the proposals cached in this one,
 * and at most two next epochs: `pending` made by us, `staged` made by somebody else.
 */
#ifndef TB_MLS_GROUP_STATE_H
#define TB_MLS_GROUP_STATE_H

#include "mls/framing_private.h"
#include "mls/group.h"
#include "mls/proposals.h"
#include "mls/schedule.h"
#include "mls/treekem.h"

/* New signature keys of ours in one epoch: of Updates and of commits that may yet be merged. */
enum { MLS_NEXT_SIGNER_COUNT_MAX = 4 };

/* Ceilings of the arenas: what hostile input can claim at most. */
enum {
    MLS_EPOCH_BYTES_MAX = 16 << 20,
    MLS_STAGED_BYTES_MAX = 256 << 20,
    MLS_CACHE_BYTES_MAX = 64 << 20,
    MLS_PAST_BYTES_MAX = 16 << 20,
};
enum { MLS_EXPORTER_LEAF_COUNT = 1 << 16 }; /* one for each component id */
enum { MLS_RESUMPTION_COUNT_MAX = 64 }; /* past epochs whose resumption key is kept */

/* One epoch, whole.  Its octets live in its arena. */
struct mls_epoch {
    const struct mls_env *env;
    struct tb_arena arena;
    tb_bytes context_octets; /* encoded GroupContext */
    struct mls_group_context context;
    const struct mls_re_init *reinit; /* of the commit that led here: the group ends; else NULL */
    struct mls_tree tree;
    uint8_t interim_transcript_hash[CRYPTO_HASH_MAX];
    uint8_t confirmation_tag[CRYPTO_HASH_MAX];
    /* encryption_secret and application_export_secret are empty: the two trees have them. */
    struct mls_epoch_secrets secrets;
    struct mls_secret_tree *secret_tree;
    struct mls_secret_tree *exporter_tree; /* NULL: of an older stored form, which had none */
    struct mls_treekem_private own;
};

/* A leaf of a past epoch that differs from the same leaf of the current one. */
struct mls_past_leaf {
    struct mls_past_leaf *next;
    uint32_t leaf_index;
    bool is_blank;
    tb_bytes signature_key;
    tb_bytes identity;
};

/* What still opens late application messages of a past epoch, and no more. */
struct mls_past {
    struct tb_arena arena;
    struct tb_mem *mem;
    uint64_t epoch;
    tb_bytes context_octets;
    struct tb_secret sender_data_secret;
    struct mls_secret_tree *secret_tree;
    struct mls_past_leaf *leaves;
};

struct mls_resumption {
    uint64_t epoch;
    uint8_t psk[CRYPTO_HASH_MAX];
};

/* A proposal of this epoch that was verified.  Lives in the cache's arena. */
struct mls_cached {
    struct mls_cached *next;
    uint8_t ref[CRYPTO_HASH_MAX];
    struct mls_framed framed;         /* octets in the arena */
    struct mls_authenticated content; /* views of them */
    struct mls_proposals_item item;
    struct mls_treekem_key update_key; /* of an own Update; else empty */
    bool is_dropped;                   /* by policy: only the own pending commit still sees it */
};

/* A next epoch that waits for the caller's word. */
struct mls_staged {
    struct tb_mem *mem;
    struct tb_arena arena;
    struct mls_framed framed; /* the commit; octets in the arena */
    struct mls_staged_view view;
    struct mls_epoch *next;     /* NULL when the commit removes us */
    struct mls_tree tree_after; /* only then: what the view's leaves are views of */

    /* Of a commit in a PrivateMessage: the key to spend at merge. */
    bool has_message_key;
    uint32_t message_generation;

    /* Of an own commit: what restores it from a blob. */
    tb_bytes message;
    struct tb_secret commit_secret;
    struct tb_secret psk_secret;
};

struct mls_group {
    struct mls_env env;
    struct crypto_signing_key signer;
    struct crypto_signing_key next_signers[MLS_NEXT_SIGNER_COUNT_MAX]; /* of leaves that wait */
    size_t next_signer_count;
    bool is_active;
    struct mls_epoch *now;
    struct mls_past *past[MLS_PAST_EPOCH_COUNT_MAX]; /* newest first */
    struct mls_resumption resumption[MLS_RESUMPTION_COUNT_MAX]; /* newest first */
    size_t resumption_count;
    struct tb_arena cache_arena;
    struct mls_cached *cache; /* in the order of arrival */
    size_t cache_count; /* dropped ones included */
    struct mls_staged *pending;
    struct mls_staged *staged;
    uint8_t subgroup_usage; /* while a group that comes out of another makes its first commit */
    uint64_t use_count; /* message keys used up; tells which of two stored states is newer */
    uint8_t last_signature[CRYPTO_SIGNATURE_MAX];
    size_t last_signature_len;
};

/* ---- group_epoch.c ---- */

/* An epoch without secrets.  fields are copied; tree is taken over on success. */
TB_MUST_USE tb_status mls_group_epoch_new(const struct mls_env *env,
                                          const struct mls_group_context *fields,
                                          struct mls_tree *tree, struct mls_epoch **out);
void mls_group_epoch_free(struct mls_epoch *epoch);
/* Give it its secrets: secret tree, confirmation tag and interim transcript hash follow. */
TB_MUST_USE tb_status mls_group_epoch_start(struct mls_epoch *epoch,
                                            const struct mls_epoch_secrets *secrets);
/* The epoch ends the group (section 11.2).  Copied; NULL: it does not. */
TB_MUST_USE tb_status mls_group_epoch_reinit(struct mls_epoch *epoch,
                                             const struct mls_re_init *reinit);

/* What leads from one epoch to the next once the path is in result->tree. */
struct mls_transition {
    struct mls_proposals_result *result;
    const struct tb_secret *init_secret;
    const struct tb_secret *commit_secret;
    const struct tb_secret *psk_secret;
    uint16_t wire_format;
    tb_bytes content;   /* FramedContent of the commit */
    tb_bytes signature;
};
/* The GroupContext that path secrets are encrypted under (section 12.4.1), encoded. */
TB_MUST_USE tb_status mls_group_epoch_provisional(const struct mls_epoch *now,
                                                  struct mls_proposals_result *result,
                                                  struct tb_arena *arena, tb_bytes *context);
/* The next epoch; takes over result->tree.  own is left to the caller. */
TB_MUST_USE tb_status mls_group_epoch_next(const struct mls_epoch *now,
                                           const struct mls_transition *transition,
                                           struct mls_epoch **out,
                                           struct tb_secret *joiner_secret);

/* ---- group_past.c ---- */

/* Who a leaf of a past epoch was.  False when it was blank. */
bool mls_group_past_leaf(const struct mls_group *group, const struct mls_past *past,
                         uint32_t leaf_index, struct mls_leaf_view *out);
struct mls_past *mls_group_past_find(const struct mls_group *group, uint64_t epoch);
void mls_group_past_free(struct mls_past *past);
/* Record what differs between the current epoch and `staged`, then make the latter current. */
TB_MUST_USE tb_status mls_group_past_advance(struct mls_group *group, struct mls_staged *staged);
/* The pre-shared key with this id: own resumption keys first, then the caller's.
 * MLS_PSK_UNKNOWN. */
TB_MUST_USE tb_status mls_group_past_psk(const struct mls_group *group,
                                         const struct mls_pre_shared_key_id *id,
                                         const struct mls_psk_entry *psks, size_t psk_count,
                                         tb_bytes *out);
/* psk_secret of a commit's ids. */
TB_MUST_USE tb_status mls_group_past_psk_secret(const struct mls_group *group,
                                                const struct mls_pre_shared_key_id *const *ids,
                                                size_t count, const struct mls_psk_entry *psks,
                                                size_t psk_count, struct tb_arena *arena,
                                                struct tb_secret *out);

/* ---- group_cache.c ---- */

/* Copy verified content into the cache.  MLS_PENDING_TWICE, MLS_PENDING_FULL. */
TB_MUST_USE tb_status mls_group_cache_add(struct mls_group *group, const struct mls_framed *framed,
                                          const struct mls_treekem_key *update_key,
                                          struct mls_cached **out);
/* with_dropped: also what policy dropped since. */
const struct mls_cached *mls_group_cache_find(const struct mls_group *group, tb_bytes ref,
                                              bool with_dropped);
void mls_group_cache_clear(struct mls_group *group);
/* Sender type and index of decoded content. */
void mls_group_cache_sender(const struct mls_sender *sender, uint8_t *sender_type,
                            uint32_t *sender_index);

/* ---- group_stage.c ---- */

TB_MUST_USE tb_status mls_group_stage_new(struct mls_group *group, struct mls_staged **out);
void mls_group_stage_free(struct mls_staged *staged);
/* The items of a commit, references resolved, in staged->arena; fills view.proposals too. */
TB_MUST_USE tb_status mls_group_stage_items(struct mls_group *group, struct mls_staged *staged,
                                            const struct mls_commit *commit,
                                            uint8_t committer_type, uint32_t committer_leaf,
                                            bool with_dropped,
                                            struct mls_proposals_item **items, size_t *count);
/* The rest of the view, once the next tree stands.  next_tree and context outlive the view. */
TB_MUST_USE tb_status mls_group_stage_describe(const struct mls_group *group,
                                               struct mls_staged *staged,
                                               const struct mls_proposals_result *result,
                                               const struct mls_tree *next_tree, tb_bytes context,
                                               bool has_path);
/* Verify and stage a commit whose framing is verified.  framed: octets of any arena. */
TB_MUST_USE tb_status mls_group_stage_received(struct mls_group *group,
                                               const struct mls_framed *framed, uint64_t now_s,
                                               const struct mls_psk_entry *psks, size_t psk_count,
                                               struct tb_why *why, struct mls_staged **out);
/* What only the committer knows; secrets throughout. */
struct mls_known_secrets {
    struct mls_treekem_private own; /* for the next tree */
    struct tb_secret commit_secret;
    struct tb_secret psk_secret;
};
/* Stage an own commit that was stored.  Any refusal means that the stored state is damaged. */
TB_MUST_USE tb_status mls_group_stage_own_again(struct mls_group *group,
                                                const struct mls_framed *framed,
                                                const struct mls_known_secrets *known,
                                                struct mls_staged **out);
/* What mls_proposals_apply asks about the current epoch. */
struct mls_proposals_input mls_group_stage_input(const struct mls_group *group,
                                                 const struct mls_proposals_item *items,
                                                 size_t count, uint64_t now_s);
/* The private keys for the next tree: ours, and that of an own Update it may contain. */
void mls_group_stage_own(const struct mls_group *group, const struct mls_tree *tree,
                         struct mls_treekem_private *own);

/* ---- group_encode.c, group_decode.c: what group blob and ratchets have in common ---- */

/* Append the exporter tree and the digest to the blob that starts at `from`. */
TB_MUST_USE tb_status mls_group_blob_end(const struct mls_group *group, size_t from,
                                         struct tb_arena *arena, struct tb_buf *out);
/* Read what stands between a blob of this version and its digest.  *out: NULL without a tree. */
TB_MUST_USE tb_status mls_group_blob_tail(const struct mls_group *group, uint16_t version,
                                          tb_bytes tail, struct tb_arena *arena,
                                          struct mls_secret_tree **out);

/* ---- group_signer.c ---- */

/* Keep a copy; the same key once.  NULL is accepted.  MLS_PENDING_FULL. */
TB_MUST_USE tb_status mls_group_signer_keep(struct mls_group *group,
                                            const struct crypto_signing_key *signer);
/* Forget all but the first count of them: what was to bring the others failed. */
void mls_group_signer_cut(struct mls_group *group, size_t count);
/* The key of our leaf in the next tree: the one we have, or one that waits.  NULL: neither. */
const struct crypto_signing_key *mls_group_signer_of(const struct mls_group *group,
                                                     const struct mls_epoch *next);
/* The next epoch has begun: its key signs, and no other waits. */
void mls_group_signer_advance(struct mls_group *group);

/* ---- group_send.c ---- */

/* Content of ours for the current epoch, signed; both in the arena. */
TB_MUST_USE tb_status mls_group_send_sign(const struct mls_group *group, uint16_t wire_format,
                                          uint8_t content_type,
                                          union mls_framed_content_select of, tb_bytes aad,
                                          struct tb_arena *arena, tb_bytes *content,
                                          tb_bytes *signature);
/* Signed content of ours as an MLSMessage of framed->wire_format. */
TB_MUST_USE tb_status mls_group_send(struct mls_group *group, const struct mls_framed *framed,
                                     uint8_t content_type, tb_bytes aad, size_t padding_size,
                                     struct tb_arena *arena, tb_bytes *message);

/* ---- group_join.c ---- */

/* Section 12.4.3: a newcomer is in no other group with this id.  MLS_GROUP_ID_TAKEN. */
TB_MUST_USE tb_status mls_group_join_check_id(tb_bytes group_id, const tb_bytes *group_ids,
                                              size_t count);

/* ---- group.c ---- */

/* A group without an epoch: the caller gives it one, or frees it. */
TB_MUST_USE tb_status mls_group_new(const struct mls_env *env,
                                    const struct crypto_signing_key *signer,
                                    struct mls_group **out);

/* GroupInfo of an epoch, encoded, not wrapped.  signer: of our leaf in that epoch. */
TB_MUST_USE tb_status mls_group_epoch_info(const struct mls_group *group, struct mls_epoch *epoch,
                                           const struct crypto_signing_key *signer,
                                           bool with_tree, bool with_external_pub,
                                           const struct mls_extension *extensions,
                                           size_t extension_count, struct tb_arena *arena,
                                           tb_bytes *group_info);
/* We are a member, and the group did not end with a ReInit: MLS_GROUP_INACTIVE,
 * MLS_GROUP_REINIT. */
TB_MUST_USE tb_status mls_group_check_active(const struct mls_group *group);
/* authenticated_data must be Safe AAD when the group says so. */
TB_MUST_USE tb_status mls_group_check_aad(const struct mls_epoch *epoch, tb_bytes aad);

#endif
