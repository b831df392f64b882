/*
 * Wire structs of RFC 9420, section 6: framing.  Conventions: see structs_tree.h.
 *
 * FramedContentAuthData depends on the content beside it.  So FramedContent and its auth data are
 * one struct here, mls_authenticated, which PublicMessage and AuthenticatedContent hold whole: the
 * octets are those of `FramedContent content; FramedContentAuthData auth;`.
 *
 * What is signed and hashed is made of views:
 *     FramedContentTBS              version, wire_format, mls_framed_content_view, [GroupContext]
 *     ConfirmedTranscriptHashInput  wire_format, mls_authenticated_to_signature
 *     ProposalRef                   wire_format, mls_authenticated_view
 *
 * PrivateMessageContent has its tag in another struct and padding behind it; src/mls/framing.c
 * reads it by parts.
 */
#ifndef TB_MLS_STRUCTS_MSG_H
#define TB_MLS_STRUCTS_MSG_H

#include "mls/structs_group.h"

#define MLS_SENDER_ARMS(ARM, ARM_EMPTY, U)                                                         \
    ARM(U, MLS_SENDER_MEMBER, leaf_index, wire_u32)                                                \
    ARM(U, MLS_SENDER_EXTERNAL, sender_index, wire_u32)                                            \
    ARM_EMPTY(U, MLS_SENDER_NEW_MEMBER_PROPOSAL, new_member_proposal)                              \
    ARM_EMPTY(U, MLS_SENDER_NEW_MEMBER_COMMIT, new_member_commit)
WIRE_UNION(mls_sender_select, MLS_SENDER_ARMS)

#define MLS_SENDER(ROW, S)                                                                         \
    ROW(S, U8, sender_type, NONE)                                                                  \
    ROW(S, SELECT, of, mls_sender_select)
WIRE_STRUCT(mls_sender, MLS_SENDER)

#define MLS_FRAMED_CONTENT_ARMS(ARM, ARM_EMPTY, U)                                                 \
    ARM(U, MLS_CONTENT_APPLICATION, application_data, wire_opaque)                                 \
    ARM(U, MLS_CONTENT_PROPOSAL, proposal, mls_proposal)                                           \
    ARM(U, MLS_CONTENT_COMMIT, commit, mls_commit)
WIRE_UNION(mls_framed_content_select, MLS_FRAMED_CONTENT_ARMS)

#define MLS_FRAMED_CONTENT(ROW, S)                                                                 \
    ROW(S, MARK, mark_start, NONE)                                                                 \
    ROW(S, BYTES, group_id, NONE)                                                                  \
    ROW(S, U64, epoch, NONE)                                                                       \
    ROW(S, SUB, sender, mls_sender)                                                                \
    ROW(S, BYTES, authenticated_data, NONE)                                                        \
    ROW(S, U8, content_type, NONE)                                                                 \
    ROW(S, SELECT, of, mls_framed_content_select)                                                  \
    ROW(S, MARK, mark_end, NONE)
WIRE_STRUCT(mls_framed_content, MLS_FRAMED_CONTENT)

#define MLS_AUTHENTICATED_ARMS(ARM, ARM_EMPTY, U)                                                  \
    ARM_EMPTY(U, MLS_CONTENT_APPLICATION, application)                                             \
    ARM_EMPTY(U, MLS_CONTENT_PROPOSAL, proposal)                                                   \
    ARM(U, MLS_CONTENT_COMMIT, confirmation_tag, wire_opaque)
WIRE_UNION(mls_authenticated_select, MLS_AUTHENTICATED_ARMS)

#define MLS_AUTHENTICATED(ROW, S)                                                                  \
    ROW(S, SUB, content, mls_framed_content)                                                       \
    ROW(S, BYTES, signature, NONE)                                                                 \
    ROW(S, MARK, mark_signature_end, NONE)                                                         \
    ROW(S, SELECT, of, mls_authenticated_select)                                                   \
    ROW(S, MARK, mark_end, NONE)
WIRE_STRUCT(mls_authenticated, MLS_AUTHENTICATED)

static inline tb_bytes mls_framed_content_view(const struct mls_framed_content *content)
{
    return mls_span(content->mark_start, content->mark_end);
}
static inline tb_bytes mls_authenticated_to_signature(const struct mls_authenticated *content)
{
    return mls_span(content->content.mark_start, content->mark_signature_end);
}
static inline tb_bytes mls_authenticated_view(const struct mls_authenticated *content)
{
    return mls_span(content->content.mark_start, content->mark_end);
}

#define MLS_AUTHENTICATED_CONTENT(ROW, S)                                                          \
    ROW(S, U16, wire_format, NONE)                                                                 \
    ROW(S, SUB, authenticated, mls_authenticated)
WIRE_STRUCT(mls_authenticated_content, MLS_AUTHENTICATED_CONTENT)

/* ---- section 6.2 ---- */
#define MLS_PUBLIC_MESSAGE_ARMS(ARM, ARM_EMPTY, U)                                                 \
    ARM(U, MLS_SENDER_MEMBER, membership_tag, wire_opaque)                                         \
    ARM_EMPTY(U, MLS_SENDER_EXTERNAL, external)                                                    \
    ARM_EMPTY(U, MLS_SENDER_NEW_MEMBER_PROPOSAL, new_member_proposal)                              \
    ARM_EMPTY(U, MLS_SENDER_NEW_MEMBER_COMMIT, new_member_commit)
WIRE_UNION(mls_public_message_select, MLS_PUBLIC_MESSAGE_ARMS)

#define MLS_PUBLIC_MESSAGE_IN(ROW, S)                                                              \
    ROW(S, SUB, authenticated, mls_authenticated)                                                  \
    ROW(S, SELECT, of, mls_public_message_select)
WIRE_STRUCT(mls_public_message_in, MLS_PUBLIC_MESSAGE_IN)

/* ---- section 6.3 ---- */
#define MLS_PRIVATE_MESSAGE_IN(ROW, S)                                                             \
    ROW(S, BYTES, group_id, NONE)                                                                  \
    ROW(S, U64, epoch, NONE)                                                                       \
    ROW(S, U8, content_type, NONE)                                                                 \
    ROW(S, BYTES, authenticated_data, NONE)                                                        \
    ROW(S, BYTES, encrypted_sender_data, NONE)                                                     \
    ROW(S, BYTES, ciphertext, NONE)
WIRE_STRUCT(mls_private_message_in, MLS_PRIVATE_MESSAGE_IN)

#define MLS_PRIVATE_CONTENT_AAD(ROW, S)                                                            \
    ROW(S, BYTES, group_id, NONE)                                                                  \
    ROW(S, U64, epoch, NONE)                                                                       \
    ROW(S, U8, content_type, NONE)                                                                 \
    ROW(S, BYTES, authenticated_data, NONE)
WIRE_STRUCT(mls_private_content_aad, MLS_PRIVATE_CONTENT_AAD)

#define MLS_SENDER_DATA_AAD(ROW, S)                                                                \
    ROW(S, BYTES, group_id, NONE)                                                                  \
    ROW(S, U64, epoch, NONE)                                                                       \
    ROW(S, U8, content_type, NONE)
WIRE_STRUCT(mls_sender_data_aad, MLS_SENDER_DATA_AAD)

/* ---- section 6; version is checked by the opener, not by the table ---- */
#define MLS_MESSAGE_ARMS(ARM, ARM_EMPTY, U)                                                        \
    ARM(U, MLS_WIRE_PUBLIC_MESSAGE, public_message, mls_public_message_in)                         \
    ARM(U, MLS_WIRE_PRIVATE_MESSAGE, private_message, mls_private_message_in)                      \
    ARM(U, MLS_WIRE_WELCOME, welcome, mls_welcome)                                                 \
    ARM(U, MLS_WIRE_GROUP_INFO, group_info, mls_group_info_in)                                     \
    ARM(U, MLS_WIRE_KEY_PACKAGE, key_package, mls_key_package_in)
WIRE_UNION(mls_message_select, MLS_MESSAGE_ARMS)

#define MLS_MESSAGE(ROW, S)                                                                        \
    ROW(S, U16, version, NONE)                                                                     \
    ROW(S, U16, wire_format, NONE)                                                                 \
    ROW(S, SELECT, of, mls_message_select)
WIRE_STRUCT(mls_message, MLS_MESSAGE)

#endif
