/* What the hub publishes about the desk: its RecipientKey, its verify key, another desk. */
#include "client/desk.h"

static tb_status client_recipient_announced(struct client_turn *turn,
                                            const struct chat_recipient_key *key)
{
    struct client_desk_row desk;
    struct client_room *room;
    tb_bytes encoded;
    tb_status status = client_desk_get(turn, &desk);
    if (status.code == TB_NOT_FOUND || desk.keys.count == 0) return TB_STATUS(TB_OK);
    TRY(status);
    status = client_room_get(turn, desk.room_uri, &room);
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    /* Whoever is out of the desk room is told of its keys no longer. */
    if (room->row.state != CLIENT_ROOM_OPEN) return TB_STATUS(TB_OK);
    TRY(wire_encode(&chat_recipient_key_desc, key, &turn->arena, &encoded));
    for (size_t i = 0; i < desk.keys.count; i++) {
        if (tb_bytes_equal(desk.keys.at[i].recipient_key, encoded)) return TB_STATUS(TB_OK);
    }
    TRY(client_alarm(turn, CLIENT_ALARM_RECIPIENT_KEY, desk.room_uri, key->serial, NULL, encoded));
    return TB_STATUS(CLIENT_ALARM_RECIPIENT_KEY);
}

tb_status client_desk_recipient_check(struct client_turn *turn,
                                      const struct chat_recipient_key *key)
{
    struct client *client = turn->client;
    struct client_recipient_row known = { 0 };
    struct client_key at = client_key_text("recipient");
    tb_status status =
        client_table_get(turn, CLIENT_TABLE_META, at, &client_recipient_row_desc, &known);
    if (status.code != TB_NOT_FOUND) TRY(status);
    if (known.serial != 0) {
        struct chat_recipient_key before;
        TRY(wire_decode(&chat_recipient_key_desc, known.recipient_key, &turn->arena, &before,
                        NULL));
        if (!tb_bytes_equal(before.uri, key->uri)) known.serial = 0; /* of a desk that is gone */
    }
    TRY(chat_records_verify_recipient(&client->suite, key, client->hub.desk_uri,
                                      client->hub.desk_verify_key, known.serial, turn->now_ms,
                                      &turn->arena));
    TRY(client_recipient_announced(turn, key));
    if (key->serial == known.serial) return TB_STATUS(TB_OK);
    known.serial = key->serial;
    TRY(wire_encode(&chat_recipient_key_desc, key, &turn->arena, &known.recipient_key));
    return client_table_put(turn, CLIENT_TABLE_META, at, &client_recipient_row_desc, &known);
}

tb_status client_desk_record_changed(struct client_turn *turn)
{
    struct client *client = turn->client;
    struct client_desk_row desk;
    tb_status status = client_desk_get(turn, &desk);
    client->is_desk_publishing = false; /* looked at again */
    if (status.code == TB_NOT_FOUND) return TB_STATUS(TB_OK);
    TRY(status);
    if (!tb_bytes_equal(desk.room_uri, client->hub.desk_uri)
        || tb_bytes_equal(desk.verify_public, client->hub.desk_verify_key)) {
        return TB_STATUS(TB_OK);
    }
    TRY(client_desk_owner_adopt(turn, &desk));
    return client_desk_put(turn, &desk);
}
