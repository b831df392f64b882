/* The configuration: where values come from, what is refused, how limits reach their structs. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/hub_config.h"
#include "tests/support.h"

struct place {
    struct host_config config;
    FILE *problems;
    char *text;
    size_t text_len;
    char path[64];
};

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof *place);
    strcpy(place->path, "/tmp/timbre-config-XXXXXX");
    int fd = mkstemp(place->path);
    if (fd < 0) return -1;
    close(fd);
    place->problems = open_memstream(&place->text, &place->text_len);
    host_config_init(&place->config, place->problems);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    fclose(place->problems);
    free(place->text);
    unlink(place->path);
    free(place);
    return 0;
}

static void write_file(struct place *place, const char *text)
{
    FILE *file = fopen(place->path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void expect_problem(struct place *place, const char *words)
{
    fflush(place->problems);
    if (strstr(place->text, words) == NULL) fail_msg("\"%s\" is not in: %s", words, place->text);
}

static void the_defaults_are_valid_and_are_the_limits_of_their_owners(void **state)
{
    struct place *place = *state;
    assert_ok(host_config_check(&place->config));
    struct hub_limits hub = { 0 }, hub_default = { 0 };
    struct host_server_limits server = { 0 }, server_default = { 0 };
    hub_limits_fill(&hub_default);
    host_server_limits_fill(&server_default);
    host_config_limits(&place->config, &hub, &server);
    assert_memory_equal(&hub, &hub_default, sizeof hub);
    assert_memory_equal(&server, &server_default, sizeof server);
}

static void later_sources_win_and_are_named(void **state)
{
    struct place *place = *state;
    struct host_config *config = &place->config;
    char origin[96];
    write_file(place, "[timeouts]\n\n; a comment\nping_ms = 1\npong_ms = 1 ; another\nbody_ms=1\n");
    host_config_read_file(config, place->path);
    setenv("TIMBRE_TIMEOUTS_PONG_MS", "2", 1);
    setenv("TIMBRE_TIMEOUTS_BODY_MS", "2", 1);
    setenv("TIMBRE_PROFILE", "not the hub's", 1);
    host_config_read_environment(config);
    host_config_set(config, "timeouts.body_ms=3");
    unsetenv("TIMBRE_TIMEOUTS_PONG_MS");
    unsetenv("TIMBRE_TIMEOUTS_BODY_MS");
    unsetenv("TIMBRE_PROFILE");
    assert_ok(host_config_check(config));
    assert_int_equal(host_config_number(config, HOST_KEY_timeouts_ping_ms), 1);
    assert_int_equal(host_config_number(config, HOST_KEY_timeouts_pong_ms), 2);
    assert_int_equal(host_config_number(config, HOST_KEY_timeouts_body_ms), 3);
    snprintf(origin, sizeof origin, "%s:4", place->path);
    assert_string_equal(config->values[HOST_KEY_timeouts_ping_ms].origin, origin);
    assert_string_equal(config->values[HOST_KEY_timeouts_pong_ms].origin,
                        "TIMBRE_TIMEOUTS_PONG_MS");
    assert_string_equal(config->values[HOST_KEY_timeouts_body_ms].origin, "--set");
    assert_string_equal(config->values[HOST_KEY_timeouts_head_ms].origin, "default");
}

static void a_value_may_be_in_a_file_of_its_own(void **state)
{
    struct place *place = *state;
    write_file(place, "chat.example\r\nanother line\n");
    setenv("TIMBRE_HUB_DOMAIN_FILE", place->path, 1);
    /* This one is a key of its own, not the contents of a file. */
    setenv("TIMBRE_TLS_CERTIFICATE_FILE", "/some/cert.pem", 1);
    setenv("TIMBRE_TLS_KEY_FILE", "/some/key.pem", 1);
    host_config_read_environment(&place->config);
    unsetenv("TIMBRE_HUB_DOMAIN_FILE");
    unsetenv("TIMBRE_TLS_CERTIFICATE_FILE");
    unsetenv("TIMBRE_TLS_KEY_FILE");
    assert_ok(host_config_check(&place->config));
    assert_string_equal(host_config_text(&place->config, HOST_KEY_hub_domain), "chat.example");
    assert_string_equal(host_config_text(&place->config, HOST_KEY_tls_certificate_file),
                        "/some/cert.pem");
}

static void what_is_unknown_is_refused_by_its_place(void **state)
{
    struct place *place = *state;
    char words[160];
    write_file(place, "[server]\nlisten = localhost:1\nlissten = x\nno line at all\n");
    host_config_read_file(&place->config, place->path);
    snprintf(words, sizeof words, "%s:3: there is no key [server] lissten", place->path);
    expect_problem(place, words);
    snprintf(words, sizeof words, "%s:4: neither", place->path);
    expect_problem(place, words);
    setenv("TIMBRE_LIMITS_NO_SUCH", "1", 1);
    host_config_read_environment(&place->config);
    unsetenv("TIMBRE_LIMITS_NO_SUCH");
    expect_problem(place, "TIMBRE_LIMITS_NO_SUCH");
    host_config_set(&place->config, "nothing");
    expect_problem(place, "section.key=value");
    host_config_set(&place->config, "a.b=c");
    expect_problem(place, "no key [a] b");
    host_config_read_file(&place->config, "/nonexistent/file");
    expect_problem(place, "/nonexistent/file: No such file");
    assert_status(host_config_check(&place->config), HOST_CONFIG);
}

static void wrong_values_are_refused_by_kind(void **state)
{
    struct place *place = *state;
    static const struct {
        const char *set, *words;
    } cases[] = {
        { "server.listen=everywhere", "[server] listen" },
        { "server.listen=none", "listens somewhere" },
        { "server.public_url=chat.example", "[server] public_url" },
        { "server.public_url=https://chat.example/", "without a slash" },
        { "server.trusted_proxies=proxy", "[server] trusted_proxies" },
        { "server.data_dir=", "data_dir is empty" },
        { "hub.domain=Chat.Example", "[hub] domain" },
        { "tls.certificate_file=/cert", "together" },
        { "metrics.listen=9464", "[metrics] listen" },
        { "log.level=loud", "[log] level" },
        { "log.format=xml", "[log] format" },
        { "store.bytes_max=-1", "not a number" },
        { "limits.rate_limited=true", "neither yes nor no" },
        { "limits.header_count_max=0", "0 would refuse everything" },
        { "limits.queue_bytes_low=99999999", "queue_bytes_low" },
        { "limits.frame_bytes_max=99999999", "frame_bytes_max" },
        { "limits.open_connection_count_max=99999999", "open_connection_count_max" },
        { "timeouts.pong_ms=20s", "not a number" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        host_config_init(&place->config, place->problems);
        host_config_set(&place->config, cases[i].set);
        assert_int_equal(place->config.problem_count, 0);
        assert_status(host_config_check(&place->config), HOST_CONFIG);
        expect_problem(place, cases[i].words);
    }
}

static void a_value_that_is_too_long_is_refused(void **state)
{
    struct place *place = *state;
    char set[2 * HOST_CONFIG_VALUE_LEN_MAX];
    memset(set, 'x', sizeof set);
    memcpy(set, "server.allowed_origins=", 23);
    set[sizeof set - 1] = 0;
    host_config_set(&place->config, set);
    expect_problem(place, "longer than");
    assert_string_equal(host_config_text(&place->config, HOST_KEY_server_allowed_origins), "");
}

int main(void)
{
#define IN_PLACE(TEST_) cmocka_unit_test_setup_teardown(TEST_, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        IN_PLACE(the_defaults_are_valid_and_are_the_limits_of_their_owners),
        IN_PLACE(later_sources_win_and_are_named),
        IN_PLACE(a_value_may_be_in_a_file_of_its_own),
        IN_PLACE(what_is_unknown_is_refused_by_its_place),
        IN_PLACE(wrong_values_are_refused_by_kind),
        IN_PLACE(a_value_that_is_too_long_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
