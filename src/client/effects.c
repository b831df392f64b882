#include "client/engine.h"

#include <string.h>

enum { CLIENT_EFFECTS_BYTES_MAX = 512 << 20 }; /* what one turn may send and show */

void client_effects_init(struct client_effects *effects, struct tb_mem *mem)
{
    *effects = (struct client_effects){ .mem = mem };
    tb_arena_init(&effects->arena, mem, CLIENT_EFFECTS_BYTES_MAX);
}

void client_effects_clear(struct client_effects *effects)
{
    effects->count = 0;
    tb_arena_wipe(&effects->arena);
}

void client_effects_wipe(struct client_effects *effects)
{
    client_effects_clear(effects);
    tb_mem_give(effects->mem, effects->at, effects->cap * sizeof *effects->at);
    *effects = (struct client_effects){ .mem = effects->mem };
}

struct client_effect *client_effect_new(struct client_turn *turn, enum client_effect_kind kind)
{
    struct client_effects *effects = turn->effects;
    if (effects->count == effects->cap) {
        size_t cap = effects->cap == 0 ? 16 : effects->cap * 2;
        struct client_effect *at = tb_mem_take(effects->mem, cap * sizeof *at);
        if (at == NULL) return NULL;
        if (effects->count != 0) memcpy(at, effects->at, effects->count * sizeof *at);
        tb_mem_give(effects->mem, effects->at, effects->cap * sizeof *at);
        effects->at = at;
        effects->cap = cap;
    }
    struct client_effect *effect = &effects->at[effects->count++];
    *effect = (struct client_effect){ .kind = kind };
    return effect;
}

tb_status client_effect_send(struct client_turn *turn, tb_bytes frame)
{
    tb_bytes copy;
    TRY(tb_arena_dup(&turn->effects->arena, frame, &copy));
    struct client_effect *effect = client_effect_new(turn, CLIENT_EFFECT_SEND);
    if (effect == NULL) return TB_STATUS(TB_NO_SPACE);
    effect->bytes = copy;
    return TB_STATUS(TB_OK);
}

tb_status client_effect_close(struct client_turn *turn)
{
    return client_effect_new(turn, CLIENT_EFFECT_CLOSE) != NULL ? TB_STATUS(TB_OK)
                                                                : TB_STATUS(TB_NO_SPACE);
}

tb_status client_show(struct client_turn *turn, const struct client_show *show)
{
    if (turn->effects == NULL) return TB_STATUS(TB_OK);
    struct client_show copy = *show;
    struct tb_arena *arena = &turn->effects->arena;
    tb_bytes *texts[] = { &copy.room,   &copy.room_name,    &copy.account,   &copy.handle,
                          &copy.text,   &copy.content_type, &copy.message_id };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        TRY(tb_arena_dup(arena, *texts[i], texts[i]));
    }
    struct client_effect *effect = client_effect_new(turn, CLIENT_EFFECT_SHOW);
    if (effect == NULL) return TB_STATUS(TB_NO_SPACE);
    effect->show = copy;
    return TB_STATUS(TB_OK);
}

tb_status client_show_done(struct client_turn *turn, uint64_t op, const struct client_show *show)
{
    if (op == 0) return TB_STATUS(TB_OK);
    struct client_show done = *show;
    done.kind = CLIENT_SHOW_DONE;
    done.op = op;
    return client_show(turn, &done);
}

tb_status client_show_failed(struct client_turn *turn, uint64_t op, uint16_t code, tb_bytes detail)
{
    if (op == 0) return TB_STATUS(TB_OK);
    struct client_show show = { .kind = CLIENT_SHOW_FAILED, .op = op, .code = code };
    show.text = detail;
    return client_show(turn, &show);
}

tb_status client_alarm(struct client_turn *turn, uint16_t code, tb_bytes room_uri,
                       uint64_t room_seq, const struct chat_stub *known, tb_bytes received)
{
    struct chat_stub kept = known != NULL ? *known : (struct chat_stub){ 0 };
    struct client_alarm_row row = {
        .code = code,
        .at_ms = turn->now_ms,
        .room_uri = room_uri,
        .room_seq = room_seq,
        .known = known != NULL ? &kept : NULL,
        .received = received,
    };
    struct client_key key = client_key_text("alarm");
    tb_put_u64(key.data + key.len, ++turn->client->profile.next_alarm);
    key.len += 8;
    turn->client->is_profile_dirty = true;
    TRY(client_table_put(turn, CLIENT_TABLE_META, key, &client_alarm_row_desc, &row));
    return client_show(turn, &(struct client_show){
                                 .kind = CLIENT_SHOW_ALARM,
                                 .room = room_uri,
                                 .code = code,
                                 .number = room_seq,
                                 .at_ms = turn->now_ms,
                             });
}
