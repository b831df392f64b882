/* Addresses: where to listen, who is behind a proxy, and what of it the log may show. */
#include <arpa/inet.h>

#include "host/log.h"
#include "host/net.h"
#include "tests/support.h"

static size_t count_of(const char *text)
{
    union host_address addresses[HOST_LISTEN_COUNT_MAX];
    size_t count = 0;
    return host_net_parse(text, addresses, &count).code == TB_OK ? count : 0;
}

static void addresses_to_listen_at_are_numbers_or_localhost(void **state)
{
    (void)state;
    assert_int_equal(count_of("127.0.0.1:8470"), 1);
    assert_int_equal(count_of("[::1]:0, 0.0.0.0:65535"), 2);
    assert_int_equal(count_of("localhost:8470"), 2); /* of both families */
    static const char *const wrong[] = { "", " ", "8470", ":8470", "127.0.0.1", "127.0.0.1:",
                                         "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:1x",
                                         "::1:8470", "[::1]", "[]:1", "hub.example:8470",
                                         "1.1.1.1:1 2.2.2.2" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        if (count_of(wrong[i]) != 0) fail_msg("%s was taken", wrong[i]);
    }
    assert_int_equal(count_of("1.1.1.1:1 1.1.1.1:2 1.1.1.1:3 1.1.1.1:4 1.1.1.1:5 1.1.1.1:6 "
                              "1.1.1.1:7 localhost:8"), 0);
}

static bool is_loopback(const char *text)
{
    union host_address addresses[HOST_LISTEN_COUNT_MAX];
    size_t count = 0;
    assert_ok(host_net_parse(text, addresses, &count));
    return host_net_is_loopback(&addresses[0]);
}

static void loopback_is_known(void **state)
{
    (void)state;
    assert_true(is_loopback("127.0.0.1:1") && is_loopback("127.9.9.9:1") && is_loopback("[::1]:1"));
    assert_false(is_loopback("0.0.0.0:1") || is_loopback("[::]:1") || is_loopback("128.0.0.1:1"));
}

static bool is_in(const char *peer_text, const char *networks_text)
{
    struct host_networks networks;
    struct host_peer peer;
    assert_ok(host_networks_parse(networks_text, &networks));
    assert_true(host_peer_parse(tb_bytes_text(peer_text), &peer));
    return host_peer_is_in(&peer, &networks);
}

static void networks_hold_what_their_prefix_says(void **state)
{
    (void)state;
    assert_true(is_in("10.1.2.3", "10.0.0.0/8"));
    assert_false(is_in("11.1.2.3", "10.0.0.0/8"));
    assert_true(is_in("192.168.1.129", "192.168.1.128/25"));
    assert_false(is_in("192.168.1.127", "192.168.1.128/25"));
    assert_true(is_in("::ffff:10.1.2.3", "10.1.2.3"));
    assert_true(is_in("2001:db8:1::5", "::1 2001:db8::/32"));
    assert_false(is_in("2001:db9::5", "2001:db8::/32"));
    assert_true(is_in("8.8.8.8", "0.0.0.0/0"));
    assert_false(is_in("2001:db8::1", "0.0.0.0/0"));
    static const char *const wrong[] = { "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x",
                                         "ten" };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct host_networks networks;
        assert_status(host_networks_parse(wrong[i], &networks), HOST_CONFIG);
    }
}

static void expect_behind(const char *peer_text, const char *forwarded_for, const char *expected)
{
    struct host_networks trusted;
    struct host_peer peer, found, wanted;
    assert_ok(host_networks_parse("127.0.0.1 10.0.0.0/8", &trusted));
    assert_true(host_peer_parse(tb_bytes_text(peer_text), &peer));
    assert_true(host_peer_parse(tb_bytes_text(expected), &wanted));
    found = host_peer_behind(peer, tb_bytes_text(forwarded_for), &trusted);
    assert_memory_equal(found.address, wanted.address, sizeof found.address);
}

static void only_trusted_proxies_say_who_is_behind_them(void **state)
{
    (void)state;
    expect_behind("127.0.0.1", "203.0.113.7", "203.0.113.7");
    expect_behind("192.0.2.1", "203.0.113.7", "192.0.2.1"); /* a stranger's word */
    expect_behind("127.0.0.1", "1.1.1.1, 203.0.113.7", "203.0.113.7"); /* the client's own claim */
    expect_behind("127.0.0.1", "203.0.113.7, 10.2.3.4", "203.0.113.7"); /* two proxies */
    expect_behind("127.0.0.1", "[2001:db8::1]", "2001:db8::1");
    expect_behind("127.0.0.1", "", "127.0.0.1");
    expect_behind("127.0.0.1", "unknown", "127.0.0.1");
    expect_behind("127.0.0.1", ",", "127.0.0.1");
    expect_behind("127.0.0.1", "10.0.0.1", "10.0.0.1");
}

static void expect_text(const char *peer_text, const char *expected)
{
    struct host_peer peer;
    char text[HOST_NET_TEXT_LEN_MAX];
    assert_true(host_peer_parse(tb_bytes_text(peer_text), &peer));
    host_peer_text(&peer, text);
    assert_string_equal(text, expected);
}

static void the_log_shows_a_network_and_no_address(void **state)
{
    (void)state;
    expect_text("203.0.113.77", "203.0.113.0/24");
    expect_text("2001:db8:1234:5678::9", "2001:db8:1234::/48");
    struct host_peer none = { { 0 } };
    char text[HOST_NET_TEXT_LEN_MAX];
    host_peer_text(&none, text);
    assert_string_equal(text, "local");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_to_listen_at_are_numbers_or_localhost),
        cmocka_unit_test(loopback_is_known),
        cmocka_unit_test(networks_hold_what_their_prefix_says),
        cmocka_unit_test(only_trusted_proxies_say_who_is_behind_them),
        cmocka_unit_test(the_log_shows_a_network_and_no_address),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
