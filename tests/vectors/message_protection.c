/*
 * message-protection: a proposal, a commit and an application message as PublicMessage and
 * PrivateMessage (RFC 9420, section 6).  The sender is leaf 1 of a group of two.  What is given is
 * opened; what is protected here is opened again.
 */
#include "mls/framing_private.h"
#include "tests/vectors/vectors.h"

enum { SENDER_LEAF = 1, LEAF_COUNT = 2, PADDING_LEN = 19 };

struct group {
    struct mls_group_context context;
    tb_bytes encoded_context;
    struct crypto_signing_key key;
    struct tb_secret encryption_secret;
    struct tb_secret sender_data_secret;
    struct tb_secret membership_key;
};

static bool read_secret(struct vectors_case *c, const char *field, struct tb_secret *out)
{
    tb_bytes value;
    if (!vectors_hex(c, c->json, field, &value)) return false;
    if (value.len != c->suite.hash_len) return vectors_fail(c, field);
    tb_secret_set(out, value);
    return true;
}

static bool read_group(struct vectors_case *c, struct group *out)
{
    tb_bytes private_key;
    *out = (struct group){ .context = { .version = MLS_VERSION_MLS10,
                                        .cipher_suite = c->suite.id } };
    return vectors_hex(c, c->json, "group_id", &out->context.group_id) &&
           vectors_u64(c, c->json, "epoch", &out->context.epoch) &&
           vectors_hex(c, c->json, "tree_hash", &out->context.tree_hash) &&
           vectors_hex(c, c->json, "confirmed_transcript_hash",
                       &out->context.confirmed_transcript_hash) &&
           vectors_ok(c, "group_context",
                      wire_encode(&mls_group_context_desc, &out->context, c->arena,
                                  &out->encoded_context)) &&
           vectors_private(c, c->json, "signature_priv", c->suite.sign_private_len,
                           &private_key) &&
           vectors_ok(c, "signature_priv",
                      crypto_signing_key_from(&c->suite, private_key, &out->key)) &&
           vectors_equal(c, c->json, "signature_pub", crypto_signing_key_public(&out->key)) &&
           read_secret(c, "encryption_secret", &out->encryption_secret) &&
           read_secret(c, "sender_data_secret", &out->sender_data_secret) &&
           read_secret(c, "membership_key", &out->membership_key);
}

/* What the message carries must be the octets of the member named by the kind of content. */
static bool check_content(struct vectors_case *c, const struct group *group, uint16_t wire_format,
                          const struct mls_authenticated *content, const char *plain)
{
    const struct mls_framed_content *framed = &content->content;
    tb_bytes body;
    if (!vectors_ok(c, plain,
                    mls_framing_verify(&c->suite, wire_format, content, group->encoded_context,
                                       crypto_signing_key_public(&group->key), c->arena))) {
        return false;
    }
    switch (framed->content_type) {
    case MLS_CONTENT_APPLICATION: body = framed->of.application_data->value; break;
    case MLS_CONTENT_PROPOSAL:
        body = mls_span(framed->of.proposal->mark_start, framed->of.proposal->mark_end);
        break;
    default:
        if (!vectors_ok(c, plain, wire_encode(&mls_commit_desc, framed->of.commit, c->arena,
                                              &body))) {
            return false;
        }
    }
    return vectors_equal(c, c->json, plain, body);
}

static bool open_public(struct vectors_case *c, const struct group *group, tb_bytes octets,
                        const char *field, const char *plain)
{
    struct mls_message message;
    uint8_t tag[CRYPTO_HASH_MAX];
    if (!vectors_ok(c, field, mls_framing_message(octets, c->arena, &message, NULL))) return false;
    if (!vectors_true(c, field, message.wire_format == MLS_WIRE_PUBLIC_MESSAGE)) return false;
    const struct mls_public_message_in *in = message.of.public_message;
    uint8_t sender_type = in->authenticated.content.sender.sender_type;
    if (!vectors_true(c, field, sender_type == MLS_SENDER_MEMBER)) return false;
    struct mls_framed framed = mls_framing_of(message.wire_format, &in->authenticated);
    return vectors_ok(c, field,
                      mls_framing_membership_tag(&c->suite, &group->membership_key, &framed,
                                                 group->encoded_context, tag)) &&
           vectors_true(c, field,
                        tb_bytes_equal((tb_bytes){ tag, c->suite.hash_len },
                                       in->of.membership_tag->value)) &&
           check_content(c, group, message.wire_format, &in->authenticated, plain);
}

static bool open_private(struct vectors_case *c, const struct group *group, tb_bytes octets,
                         const char *field, const char *plain)
{
    struct mls_message message;
    struct mls_sender_data sender;
    struct mls_secret_tree_find find;
    struct mls_authenticated content;
    struct mls_secret_tree *tree = NULL;
    if (!vectors_ok(c, field, mls_framing_message(octets, c->arena, &message, NULL))) return false;
    if (!vectors_true(c, field, message.wire_format == MLS_WIRE_PRIVATE_MESSAGE)) return false;
    const struct mls_private_message_in *in = message.of.private_message;
    enum mls_ratchet_kind kind = in->content_type == MLS_CONTENT_APPLICATION
                                     ? MLS_RATCHET_APPLICATION
                                     : MLS_RATCHET_HANDSHAKE;
    if (!vectors_ok(c, field,
                    mls_framing_private_sender(&c->suite, &group->sender_data_secret, in, c->arena,
                                               &sender)) ||
        !vectors_true(c, field, sender.leaf_index == SENDER_LEAF) ||
        !vectors_ok(c, field,
                    mls_secret_tree_new(&c->suite, c->env->mem, LEAF_COUNT,
                                        &group->encryption_secret, &tree))) {
        return false;
    }
    bool is_open = vectors_ok(c, field,
                              mls_secret_tree_find(tree, sender.leaf_index, kind,
                                                   sender.generation, &find)) &&
                   vectors_ok(c, field,
                              mls_framing_private_open(&c->suite, &find.key, &sender, in, c->arena,
                                                       &content, NULL));
    mls_secret_tree_free(tree);
    return is_open && check_content(c, group, message.wire_format, &content, plain);
}

/* content: from the opened public or private message.  Commits need a confirmation tag; any will
 * do for framing. */
static bool protect(struct vectors_case *c, const struct group *group, uint16_t wire_format,
                    const struct mls_framed_content *content, tb_bytes *message)
{
    struct mls_framed framed = { .wire_format = wire_format };
    struct mls_secret_tree *tree = NULL;
    struct mls_message_key key;
    uint8_t tag[CRYPTO_HASH_MAX] = { 0 };
    uint32_t generation;
    tb_bytes signature, confirmation_tag = { tag, c->suite.hash_len };
    if (content->content_type != MLS_CONTENT_COMMIT) confirmation_tag.len = 0;
    if (!vectors_ok(c, "protect",
                    mls_framing_sign(&c->suite, &group->key, wire_format, content,
                                     group->encoded_context, c->arena, &framed.content,
                                     &signature)) ||
        !vectors_ok(c, "protect",
                    mls_framing_auth(signature, confirmation_tag, c->arena, &framed.auth))) {
        return false;
    }
    if (wire_format == MLS_WIRE_PUBLIC_MESSAGE) {
        return vectors_ok(c, "protect",
                          mls_framing_membership_tag(&c->suite, &group->membership_key, &framed,
                                                     group->encoded_context, tag)) &&
               vectors_ok(c, "protect",
                          mls_framing_public(&framed, (tb_bytes){ tag, c->suite.hash_len },
                                             c->arena, message));
    }
    if (!vectors_ok(c, "protect",
                    mls_secret_tree_new(&c->suite, c->env->mem, LEAF_COUNT,
                                        &group->encryption_secret, &tree))) {
        return false;
    }
    tb_status status = mls_secret_tree_next(tree, SENDER_LEAF,
                                            content->content_type == MLS_CONTENT_APPLICATION
                                                ? MLS_RATCHET_APPLICATION
                                                : MLS_RATCHET_HANDSHAKE,
                                            &generation, &key);
    mls_secret_tree_free(tree);
    const struct mls_private_keys keys = { &group->sender_data_secret, &key, SENDER_LEAF,
                                           generation };
    return vectors_ok(c, "protect", status) &&
           vectors_ok(c, "protect",
                      mls_framing_private_seal(&c->suite, c->env->rng, &keys, content, &framed,
                                               PADDING_LEN, c->arena, message));
}

static bool round_trip(struct vectors_case *c, const struct group *group, uint16_t wire_format,
                       uint8_t content_type, const char *plain)
{
    struct wire_u32 leaf = { SENDER_LEAF };
    struct mls_framed_content content = {
        .group_id = group->context.group_id,
        .epoch = group->context.epoch,
        .sender = { MLS_SENDER_MEMBER, { .leaf_index = &leaf } },
        .content_type = content_type,
    };
    struct wire_opaque application;
    struct mls_proposal proposal;
    struct mls_commit commit;
    tb_bytes octets, message;
    if (!vectors_hex(c, c->json, plain, &octets)) return false;
    if (content_type == MLS_CONTENT_APPLICATION) {
        application.value = octets;
        content.of.application_data = &application;
    } else if (content_type == MLS_CONTENT_PROPOSAL) {
        if (!vectors_ok(c, plain, wire_decode(&mls_proposal_desc, octets, c->arena, &proposal,
                                              NULL))) {
            return false;
        }
        content.of.proposal = &proposal;
    } else {
        if (!vectors_ok(c, plain, wire_decode(&mls_commit_desc, octets, c->arena, &commit,
                                              NULL))) {
            return false;
        }
        content.of.commit = &commit;
    }
    if (!protect(c, group, wire_format, &content, &message)) return false;
    return wire_format == MLS_WIRE_PUBLIC_MESSAGE
               ? open_public(c, group, message, "protect", plain)
               : open_private(c, group, message, "protect", plain);
}

bool vectors_message_protection(struct vectors_case *c)
{
    struct group group;
    tb_bytes proposal_pub, proposal_priv, commit_pub, commit_priv, application_priv;
    return read_group(c, &group) && vectors_hex(c, c->json, "proposal_pub", &proposal_pub) &&
           vectors_hex(c, c->json, "proposal_priv", &proposal_priv) &&
           vectors_hex(c, c->json, "commit_pub", &commit_pub) &&
           vectors_hex(c, c->json, "commit_priv", &commit_priv) &&
           vectors_hex(c, c->json, "application_priv", &application_priv) &&
           open_public(c, &group, proposal_pub, "proposal_pub", "proposal") &&
           open_private(c, &group, proposal_priv, "proposal_priv", "proposal") &&
           open_public(c, &group, commit_pub, "commit_pub", "commit") &&
           open_private(c, &group, commit_priv, "commit_priv", "commit") &&
           open_private(c, &group, application_priv, "application_priv", "application") &&
           round_trip(c, &group, MLS_WIRE_PUBLIC_MESSAGE, MLS_CONTENT_PROPOSAL, "proposal") &&
           round_trip(c, &group, MLS_WIRE_PRIVATE_MESSAGE, MLS_CONTENT_PROPOSAL, "proposal") &&
           round_trip(c, &group, MLS_WIRE_PUBLIC_MESSAGE, MLS_CONTENT_COMMIT, "commit") &&
           round_trip(c, &group, MLS_WIRE_PRIVATE_MESSAGE, MLS_CONTENT_COMMIT, "commit") &&
           round_trip(c, &group, MLS_WIRE_PRIVATE_MESSAGE, MLS_CONTENT_APPLICATION,
                      "application");
}
