#include "tests/bench/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "chat/app_data.h"
#include "chat/names.h"
#include "chat/protocol.h"
#include "host/clock.h"
#include "host/mem_os.h"
#include "host/rng_os.h"
#include "tests/bench/bench.h"
#include "wire/text.h"

enum { ARENA_BYTES_MAX = 1 << 30, ANSWER_BYTES_MAX = 1 << 28 };

static struct host_rng generator;

static void must(tb_status status, const char *what)
{
    char text[256];
    if (tb_is_ok(status)) return;
    snprintf(text, sizeof text, "%s: %s", what, chat_status_text(status));
    bench_die(text);
}

static void *must_take(struct bench_world *world, size_t count, size_t size)
{
    void *data = tb_arena_take(&world->arena, count, size);
    if (data == NULL) bench_die("no memory");
    return data;
}

/* One request with tables on both sides. */
static void call(struct bench_world *world, struct bench_conn *conn, uint16_t verb,
                 const void *request, void *answer)
{
    const struct chat_verb_row *row = chat_verb_row(verb);
    const uint8_t *octets;
    tb_bytes body, kept;
    size_t len;
    char text[128];
    must(wire_encode(row->request, request, &world->arena, &body), row->path);
    uint16_t code = bench_conn_call(conn, verb, body.data, body.len, &octets, &len);
    if (code != CHAT_CODE_OK) {
        snprintf(text, sizeof text, "%s: the hub says %s", row->path, chat_code_name(code));
        struct chat_error error;
        if (tb_is_ok(wire_decode(&chat_error_desc, tb_bytes_of(octets, len), &world->arena, &error,
                                 NULL))) {
            fprintf(stderr, "bench: %.*s\n", (int)error.detail.len,
                    (const char *)error.detail.data);
        }
        bench_die(text);
    }
    if (answer == NULL) return;
    must(tb_arena_dup(&world->arena, tb_bytes_of(octets, len), &kept), row->path);
    must(wire_decode(row->answer, kept, &world->arena, answer, NULL), row->path);
}

/* ---------------------------------------------------------------- admin socket */

static tb_bytes admin_post(struct bench_world *world, const char *path, tb_bytes body)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    char head[256];
    uint8_t *answer = must_take(world, 1 << 16, 1);
    size_t len = 0;
    ssize_t got;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/admin.sock",
             world->process->folder);
    if (connect(fd, (void *)&address, sizeof address) != 0) bench_die("no admin socket");
    int head_len = snprintf(head, sizeof head,
                            "POST /v1/%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                            "Content-Type: application/octet-stream\r\n"
                            "Content-Length: %zu\r\n\r\n",
                            path, body.len);
    if (write(fd, head, (size_t)head_len) != head_len ||
        write(fd, body.data, body.len) != (ssize_t)body.len) {
        bench_die("the admin socket takes nothing");
    }
    while (len < 1 << 16 && (got = read(fd, answer + len, (1 << 16) - len)) > 0) {
        len += (size_t)got;
    }
    close(fd);
    uint8_t *at = memmem(answer, len, "\r\n\r\n", 4);
    if (at == NULL || memcmp(answer, "HTTP/1.1 200", 12) != 0) {
        bench_die("the admin socket refuses");
    }
    return tb_bytes_of(at + 4, len - (size_t)(at + 4 - answer));
}

static void admin_invite(struct bench_world *world, bool is_admin, uint32_t use_count_max,
                         struct chat_invite_secret *out)
{
    struct chat_admin_invite request = { .is_admin = is_admin,
                                         .expires_ms = world->now_ms + 86400000,
                                         .use_count_max = use_count_max };
    struct chat_opaque answer;
    tb_bytes body;
    must(wire_encode(&chat_admin_invite_desc, &request, &world->arena, &body), "admin-invite");
    body = admin_post(world, "admin-invite", body);
    must(wire_decode(&chat_opaque_desc, body, &world->arena, &answer, NULL), "admin-invite");
    must(chat_records_invite_parse(answer.value, &world->arena, NULL, out), "the invitation");
}

/* ---------------------------------------------------------------- accounts */

struct bench_account *bench_account_new(struct bench_world *world, size_t device_count)
{
    struct bench_account *account = must_take(world, 1, sizeof *account);
    struct chat_device_key *keys = must_take(world, device_count, sizeof *keys);
    struct tb_arena *arena = &world->arena;
    account->devices = must_take(world, device_count, sizeof *account->devices);
    account->device_count = device_count;
    must(crypto_signing_key_new(&world->suite, &world->rng, &account->key), "a key");
    must(chat_names_account(&world->suite, world->hub.domain,
                            crypto_signing_key_public(&account->key), arena, &account->uri),
         "a name");
    for (size_t i = 0; i < device_count; i++) {
        struct bench_device *device = &account->devices[i];
        must(crypto_signing_key_new(&world->suite, &world->rng, &device->key), "a key");
        must(chat_names_device(account->uri, &world->rng, arena, &device->uri), "a name");
        keys[i] = (struct chat_device_key){ .device = device->uri,
                                            .signature_key =
                                                crypto_signing_key_public(&device->key),
                                            .added_ms = world->now_ms,
                                            .status = CHAT_DEVICE_ACTIVE };
    }
    struct chat_account_record record = { .account = account->uri,
                                          .account_key =
                                              crypto_signing_key_public(&account->key),
                                          .devices = { keys, device_count } };
    must(chat_records_make_account(&world->suite, &account->key, (tb_bytes){ 0 }, &record, arena,
                                   &account->record),
         "an account record");
    return account;
}

static void enter(struct bench_world *world, const struct chat_invite_secret *invite,
                  struct bench_account *account, struct bench_conn *conn)
{
    static unsigned handle_count;
    char handle[32];
    struct crypto_signing_key key;
    struct chat_register request = { .record = account->record };
    struct chat_register_tbs tbs = { .domain = world->hub.domain };
    int len = snprintf(handle, sizeof handle, "member-%d-%u", (int)getpid(), ++handle_count);
    must(chat_records_invite_key(&world->suite, invite, &key), "the invite key");
    must(chat_records_hash(&world->suite, account->record, tbs.record_hash), "a hash");
    request.handle = tbs.handle = tb_bytes_of(handle, (size_t)len);
    request.invite_key = crypto_signing_key_public(&key);
    must(chat_records_register_sign(&world->suite, &key, &tbs, &world->arena,
                                    &request.invite_signature),
         "a signature");
    call(world, conn, CHAT_VERB_REGISTER, &request, NULL);
}

static void hello(struct bench_world *world, struct bench_conn *conn,
                  struct chat_hello_answer *answer)
{
    struct chat_hello request = { 1, 1, TB_LITERAL("bench") };
    call(world, conn, CHAT_VERB_HELLO, &request, answer);
}

static void login(struct bench_world *world, struct bench_account *account, size_t index,
                  struct bench_conn *conn, const uint8_t nonce[32])
{
    struct bench_device *device = &account->devices[index];
    struct chat_login request = { .device = device->uri,
                                  .profile_counter = ++device->profile_counter };
    struct chat_login_tbs tbs = { .domain = world->hub.domain,
                                  .device = device->uri,
                                  .profile_counter = request.profile_counter };
    memcpy(tbs.nonce, nonce, sizeof tbs.nonce);
    must(chat_records_login_sign(&world->suite, &device->key, &tbs, &world->arena,
                                 &request.signature),
         "a signature");
    call(world, conn, CHAT_VERB_LOGIN, &request, NULL);
}

struct bench_conn *bench_login(struct bench_world *world, struct bench_account *account,
                               size_t device, bench_on_frame *on_frame, void *user)
{
    struct bench_conn *conn = bench_conn_open(world->net, on_frame, user);
    struct chat_hello_answer answer;
    hello(world, conn, &answer);
    if (account->devices[device].profile_counter == 0 && device == 0) {
        enter(world, &world->invite, account, conn);
    }
    login(world, account, device, conn, answer.nonce);
    return conn;
}

void bench_key_packages_put(struct bench_world *world, struct bench_account *account)
{
    for (size_t i = 0; i < account->device_count; i++) {
        struct bench_device *device = &account->devices[i];
        struct mls_key_package_params params = {
            .identity = device->uri,
            .signer = &device->key,
            .not_before_s = world->now_ms / 1000 - 3600,
            .not_after_s = world->now_ms / 1000 + 86400,
        };
        uint8_t ref[CRYPTO_HASH_MAX];
        struct wire_opaque package;
        must(chat_policy_leaf_app_data(&world->arena, &params.leaf_app_data), "leaf data");
        must(mls_key_package_new(&world->env, &params, &world->arena, &package.value,
                                 &device->secrets, ref),
             "a key package");
        struct chat_key_packages_put request = { .key_packages = { &package, 1 } };
        struct bench_conn *conn = bench_login(world, account, i, NULL, NULL);
        call(world, conn, CHAT_VERB_KEY_PACKAGES_PUT, &request, NULL);
        bench_conn_close(conn);
    }
}

/* ---------------------------------------------------------------- the world */

static void fetch_hub_record(struct bench_world *world, struct bench_conn *conn)
{
    struct chat_nothing nothing = { 0 };
    struct chat_opaque answer;
    struct chat_hub_record *record = must_take(world, 1, sizeof *record);
    call(world, conn, CHAT_VERB_HUB_RECORD, &nothing, &answer);
    must(chat_records_verify_hub(&world->suite, answer.value,
                                 TB_ARRAY(world->invite.hub_root_hash), 0, &world->arena, record),
         "the hub record");
    must(chat_policy_hub_of_record(record, &world->arena, &world->hub), "the hub record");
}

static void make_desk(struct bench_world *world)
{
    struct crypto_signing_key verify_key;
    struct tb_secret hpke_private;
    uint8_t hpke_public[CRYPTO_PUBLIC_MAX];
    struct chat_desk_publish request = { 0 };
    struct bench_room desk;
    tb_bytes encoded;
    must(crypto_signing_key_new(&world->suite, &world->rng, &verify_key), "a key");
    world->hub.desk_verify_key = crypto_signing_key_public(&verify_key);
    bench_room_new(world, world->admin_conn, world->admin, NULL, 0, &desk);
    must(crypto_hpke_generate(&world->suite, &world->rng, &hpke_private, hpke_public), "a key");
    struct chat_recipient_key key = {
        .uri = desk.uri,
        .serial = 1,
        .suite = world->suite.id,
        .hpke_key = tb_bytes_of(hpke_public, world->suite.dh_public_len),
        .not_before_ms = world->now_ms - 1000,
        .not_after_ms = world->now_ms + 80 * CHAT_MS_A_DAY,
    };
    must(chat_records_make_recipient(&world->suite, &verify_key, &key, &world->arena, &encoded),
         "a recipient key");
    request.desk_room_uri = desk.uri;
    request.verify_key = crypto_signing_key_public(&verify_key);
    request.recipient_key = key;
    call(world, world->admin_conn, CHAT_VERB_DESK_PUBLISH, &request, NULL);
    fetch_hub_record(world, world->admin_conn);
    bench_room_free(&desk);
}

void bench_world_init(struct bench_world *world, struct bench_hub_process *process)
{
    struct chat_invite_secret admin;
    memset(world, 0, sizeof *world);
    host_mem_init(&world->mem, SIZE_MAX);
    host_rng_init(&generator);
    world->rng = generator.rng;
    tb_arena_init(&world->arena, &world->mem, SIZE_MAX / 4);
    must(crypto_suite_init(&world->suite, 0x0003, crypto_backend_native()), "the cipher suite");
    world->env = (struct mls_env){ .app_data = chat_app_data(),
                                    .suite = &world->suite,
                                    .mem = &world->mem,
                                    .rng = &world->rng };
    world->process = process;
    struct host_clock clock = { 0 };
    world->now_ms = host_clock_now_ms(&clock);
    world->net = bench_net_new(process->port, process->is_tls);
    admin_invite(world, true, 1, &admin);
    admin_invite(world, false, 1000000, &world->invite);
    world->admin_conn = bench_conn_open(world->net, NULL, NULL);
    struct chat_hello_answer answer;
    hello(world, world->admin_conn, &answer);
    fetch_hub_record(world, world->admin_conn);
    world->admin = bench_account_new(world, 1);
    enter(world, &admin, world->admin, world->admin_conn);
    login(world, world->admin, 0, world->admin_conn, answer.nonce);
    make_desk(world);
}

void bench_world_reconnect(struct bench_world *world)
{
    bench_conn_close(world->admin_conn);
    world->admin_conn = bench_login(world, world->admin, 0, NULL, NULL);
}

void bench_world_wipe(struct bench_world *world)
{
    bench_conn_close(world->admin_conn);
    bench_net_free(world->net);
    tb_arena_wipe(&world->arena);
    host_rng_wipe(&generator);
}

/* ---------------------------------------------------------------- rooms */

static void room_create(struct bench_world *world, struct bench_conn *conn,
                        struct bench_account *creator, bool is_desk, struct bench_room *room)
{
    struct chat_user_role_pair owner = { creator->uri, CHAT_ROLE_OWNER };
    struct chat_policy_new params = {
        .room_kind = is_desk ? CHAT_ROOM_DESK : CHAT_ROOM_GROUP,
        .room_class = CHAT_CLASS_PRIVATE,
        .room_name = TB_LITERAL("bench"),
        .participants = &owner,
        .participant_count = 1,
        .desk_verify_key = is_desk ? world->hub.desk_verify_key : (tb_bytes){ 0 },
        .hub = &world->hub,
    };
    uint8_t group_id[32];
    struct mls_extension *extensions;
    size_t extension_count;
    must(chat_names_room(world->hub.domain, &world->rng, &world->arena, &params.room_uri),
         "a name");
    must(chat_policy_extensions(&params, &world->arena, &extensions, &extension_count),
         "the room's policy");
    must(tb_rng_fill(&world->rng, group_id, sizeof group_id), "a group id");
    struct mls_group_params group = {
        .group_id = TB_ARRAY(group_id),
        .identity = creator->devices[0].uri,
        .signer = &creator->devices[0].key,
        .extensions = extensions,
        .extension_count = extension_count,
        .not_before_s = world->now_ms / 1000 - 3600,
        .not_after_s = world->now_ms / 1000 + 86400,
    };
    struct chat_room_create request;
    must(chat_policy_leaf_app_data(&world->arena, &group.leaf_app_data), "leaf data");
    must(mls_group_create(&world->env, &group, &room->group), "a group");
    must(mls_group_info(room->group, false, NULL, 0, &world->arena, &request.group_info,
                        &request.ratchet_tree),
         "a GroupInfo");
    room->uri = params.room_uri;
    room->creator = creator;
    call(world, conn, CHAT_VERB_ROOM_CREATE, &request, NULL);
}

/* The consent of a device's owner by the room's invitation. */
static void join_request(struct bench_world *world, struct bench_room *room,
                         struct bench_account *account, const struct crypto_signing_key *invite,
                         struct chat_join_request *out)
{
    *out = (struct chat_join_request){ .kind = CHAT_JOIN_KIND_LINK,
                                       .room_uri = room->uri,
                                       .account = account->uri,
                                       .device = account->devices[0].uri,
                                       .time_ms = world->now_ms };
    must(chat_records_hash(&world->suite, account->record, out->record_hash), "a hash");
    must(chat_records_make_join(&world->suite, invite, &account->devices[0].key, out,
                                &world->arena),
         "a join request");
    struct bench_conn *conn = bench_login(world, account, 0, NULL, NULL);
    call(world, conn, CHAT_VERB_JOIN_REQUEST, out, NULL);
    bench_conn_close(conn);
}

static size_t claim(struct bench_world *world, struct bench_conn *conn, struct bench_room *room,
                    struct bench_account *account, struct chat_join_request *consent,
                    struct mls_proposal *proposals)
{
    struct wire_u16 suite = { world->suite.id };
    struct chat_key_material request = { .target_user = account->uri,
                                         .room_uri = room->uri,
                                         .room_kind = CHAT_ROOM_GROUP,
                                         .acceptable_ciphersuites = { &suite, 1 },
                                         .join_request = consent };
    struct chat_key_material_answer answer;
    size_t count = 0;
    call(world, conn, CHAT_VERB_KEY_MATERIAL, &request, &answer);
    for (size_t i = 0; i < answer.clients.count; i++) {
        if (answer.clients.at[i].client_status != 0) bench_die("a device has no key package");
        struct mls_add *add = must_take(world, 1, sizeof *add);
        must(wire_decode(&mls_key_package_in_desc, answer.clients.at[i].key_package, &world->arena,
                         &add->key_package, NULL),
             "a key package");
        proposals[count++] =
            (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_ADD, .of = { .add = add } };
    }
    return count;
}

static void participants_add(struct bench_world *world, struct bench_account **others,
                             size_t other_count, struct mls_proposal *out)
{
    struct chat_participant_update update = { 0 };
    struct mls_app_data_update *app = must_take(world, 1, sizeof *app);
    struct wire_opaque *data = must_take(world, 1, sizeof *data);
    update.added_participants.at =
        must_take(world, other_count, sizeof *update.added_participants.at);
    update.added_participants.count = other_count;
    for (size_t i = 0; i < other_count; i++) {
        update.added_participants.at[i] =
            (struct chat_user_role_pair){ others[i]->uri, CHAT_ROLE_MEMBER };
    }
    must(wire_encode(&chat_participant_update_desc, &update, &world->arena, &data->value),
         "a participant update");
    *app = (struct mls_app_data_update){ .component_id = MLS_COMPONENT_PARTICIPANT_LIST,
                                         .op = MLS_APP_DATA_UPDATE,
                                         .of = { .update = data } };
    *out = (struct mls_proposal){ .proposal_type = MLS_PROPOSAL_APP_DATA_UPDATE,
                                  .of = { .app_data_update = app } };
}

static void room_commit(struct bench_world *world, struct bench_conn *conn,
                        struct bench_room *room, const struct mls_proposal *proposals,
                        size_t count)
{
    static const uint8_t empty_aad[1] = { 0 };
    struct mls_commit_params params = { .proposals = proposals,
                                        .proposal_count = count,
                                        .include_pending = true,
                                        .as_public = true,
                                        .aad = TB_ARRAY(empty_aad),
                                        .now_s = world->now_ms / 1000 };
    struct mls_commit_out out;
    struct chat_room_update_answer answer;
    must(mls_group_commit(room->group, &params, &world->arena, &out, NULL), "a commit");
    struct chat_room_update request = { .room_uri = room->uri,
                                        .handshake = out.commit,
                                        .welcome = out.welcome,
                                        .group_info = out.group_info };
    call(world, conn, CHAT_VERB_ROOM_UPDATE, &request, &answer);
    must(mls_group_pending_merge(room->group), "a merge");
    room->joined_log_seq = answer.log_seq;
}

void bench_room_new(struct bench_world *world, struct bench_conn *creator_conn,
                    struct bench_account *creator, struct bench_account **others,
                    size_t other_count, struct bench_room *out)
{
    size_t device_count = 0, proposal_count = 0;
    memset(out, 0, sizeof *out);
    room_create(world, creator_conn, creator, world->hub.desk_uri.len == 0, out);
    if (other_count == 0) return;

    struct crypto_signing_key invite;
    must(crypto_signing_key_new(&world->suite, &world->rng, &invite), "a key");
    struct chat_invite_put put = { .kind = CHAT_INVITE_ROOM,
                                   .invite_key = crypto_signing_key_public(&invite),
                                   .room_uri = out->uri,
                                   .expires_ms = world->now_ms + 86400000,
                                   .use_count_max = 100000 };
    call(world, creator_conn, CHAT_VERB_INVITE_PUT, &put, NULL);
    for (size_t i = 0; i < other_count; i++) device_count += others[i]->device_count;
    struct mls_proposal *proposals = must_take(world, device_count + 1, sizeof *proposals);
    for (size_t i = 0; i < other_count; i++) {
        struct chat_join_request consent;
        join_request(world, out, others[i], &invite, &consent);
        proposal_count += claim(world, creator_conn, out, others[i], &consent,
                                proposals + proposal_count);
    }
    participants_add(world, others, other_count, &proposals[proposal_count++]);
    room_commit(world, creator_conn, out, proposals, proposal_count);
}

void bench_room_free(struct bench_room *room)
{
    mls_group_free(room->group);
    room->group = NULL;
}
