/* The state of a session as octets, and a program's store. */
#include "api/api.h"

typedef tb_status encode_function(const struct mls_group *group, struct tb_buf *out);

static tb_status encode(const struct mls_session *session, encode_function *how,
                        struct tb_arena *arena, tb_bytes *out)
{
    struct tb_buf buf;
    tb_buf_init(&buf, arena->mem, API_ARENA_BYTES_MAX);
    tb_status status = how(session->group, &buf);
    if (tb_is_ok(status)) status = tb_arena_dup(arena, tb_buf_view(&buf), out);
    tb_buf_wipe(&buf);
    return status;
}

int mls_session_state(const struct mls_session *session, struct mls_arena *arena,
                      struct mls_octets *out)
{
    tb_bytes made;
    tb_status status = encode(session, mls_group_encode, arena->at, &made);
    if (tb_is_ok(status)) *out = mls_convert_out(made);
    return status.code;
}

int mls_session_increment(const struct mls_session *session, struct mls_arena *arena,
                          struct mls_octets *out)
{
    tb_bytes made;
    tb_status status = encode(session, mls_group_ratchets_encode, arena->at, &made);
    if (tb_is_ok(status)) *out = mls_convert_out(made);
    return status.code;
}

int mls_session_load(const struct mls_ctx *ctx, const struct mls_signer *signer,
                     struct mls_octets state, struct mls_session **out)
{
    struct mls_session *session = NULL;
    tb_status status = mls_session_alloc(ctx, signer, NULL, &session);
    if (!tb_is_ok(status)) return status.code;
    status = mls_group_decode(&session->host->env, mls_convert_in(state), &signer->key,
                              &session->group);
    if (tb_is_ok(status)) {
        session->is_whole_due = false;
        *out = session;
    } else {
        mls_session_free(session);
    }
    return status.code;
}

int mls_session_load_increment(struct mls_session *session, struct mls_octets increment)
{
    return mls_group_ratchets_decode(session->group, mls_convert_in(increment)).code;
}

static tb_status save(struct mls_session *session, const struct mls_store *store,
                      struct tb_arena *arena)
{
    struct mls_octets group_id = mls_session_group_id(session);
    tb_bytes value;
    TRY(encode(session, session->is_whole_due ? mls_group_encode : mls_group_ratchets_encode,
               arena, &value));
    if (!store->put(store->user, group_id,
                    session->is_whole_due ? MLS_STORE_STATE : MLS_STORE_INCREMENT,
                    mls_convert_out(value))) {
        return TB_STATUS(TB_STORE);
    }
    /* An increment of before stays: it is older than the state, and so refused when it is read. */
    session->is_whole_due = false;
    session->is_increment_due = false;
    return TB_STATUS(TB_OK);
}

int mls_session_save(struct mls_session *session, const struct mls_store *store)
{
    struct mls_store known;
    struct tb_arena arena;
    tb_status status = mls_convert_options(store, &known, sizeof known);
    if (!tb_is_ok(status)) return status.code;
    if (known.put == NULL) return MLS_ARGUMENT;
    if (!session->is_whole_due && !session->is_increment_due) return MLS_OK;
    tb_arena_init(&arena, &session->host->mem, API_ARENA_BYTES_MAX);
    status = save(session, &known, &arena);
    tb_arena_wipe(&arena);
    return status.code;
}

int mls_session_open(const struct mls_ctx *ctx, const struct mls_signer *signer,
                     const struct mls_store *store, struct mls_octets group_id,
                     struct mls_session **out)
{
    struct mls_store known;
    struct mls_octets value = { NULL, 0 };
    struct mls_session *session = NULL;
    tb_status status = mls_convert_options(store, &known, sizeof known);
    if (!tb_is_ok(status)) return status.code;
    if (known.get == NULL) return MLS_ARGUMENT;
    if (!known.get(known.user, group_id, MLS_STORE_STATE, &value)) return TB_STORE;
    if (value.len == 0) return TB_NOT_FOUND;
    int code = mls_session_load(ctx, signer, value, &session);
    if (code != MLS_OK) return code;
    value = (struct mls_octets){ NULL, 0 };
    if (!known.get(known.user, group_id, MLS_STORE_INCREMENT, &value)) {
        code = TB_STORE;
    } else if (value.len != 0) {
        code = mls_session_load_increment(session, value);
    }
    /* A removed member's state takes no increment; one of before its removal may lie there. */
    if (code == MLS_RATCHETS_STALE || code == MLS_GROUP_INACTIVE) code = MLS_OK;
    if (code == MLS_OK) {
        *out = session;
    } else {
        mls_session_free(session);
    }
    return code;
}
