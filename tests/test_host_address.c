/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_address: the texts that are an address, and what an address is written as.
 */
#include "host/host_address.h"

#include <netinet/in.h>
#include <string.h>

#include "testing.h"

typedef struct {
    const char *name;
    const char *text;
    const char *written; /* NULL: it is none */
    const char *dialled; /* NULL: the same */
} Row;

static const Row rows[] = {
    {"IPv4", "10.0.0.5:4321", "10.0.0.5:4321", NULL},
    {"localhost", "localhost:1", "127.0.0.1:1", NULL},
    {"no host", ":65535", "127.0.0.1:65535", NULL},
    {"all of IPv4", "0.0.0.0:7", "0.0.0.0:7", "127.0.0.1:7"},
    {"IPv4 in short", "127.1:7", "127.0.0.1:7", NULL},
    {"IPv4 as a number", "0:7", "0.0.0.0:7", "127.0.0.1:7"},
    {"IPv6", "[2001:db8::1]:7", "[2001:db8::1]:7", NULL},
    {"IPv6 without brackets", "::1:7", "[::1]:7", NULL},
    {"all of IPv6", "[::]:7", "[::]:7", "[::1]:7"},
    {"IPv4 written as IPv6", "[::ffff:10.0.0.5]:7", "10.0.0.5:7", NULL},
    {"a scope", "[fe80::1%3]:7", "[fe80::1%3]:7", NULL},
    {"port 0", "10.0.0.5:0", NULL, NULL},
    {"a port past the last", "10.0.0.5:65536", NULL, NULL},
    {"a port by name", "10.0.0.5:http", NULL, NULL},
    {"a blank before the port", "10.0.0.5: 7", NULL, NULL},
    {"no port", "10.0.0.5", NULL, NULL},
    {"a host by name", "host.invalid:7", NULL, NULL},
    {"one bracket", "[::1:7", NULL, NULL},
    {"a host that is too long",
     "1111111111111111111111111111111111111111111111111111111111111111111111111111:7", NULL, NULL},
    {"nothing", "", NULL, NULL},
};

static void
parses(const void *data)
{
    const Row *row = data;
    HostAddress address = {0};
    char text[HOST_ADDRESS_TEXT_BYTES] = "";

    assert_int_equal(host_address_parse(row->text, &address), row->written != NULL);
    if (row->written == NULL)
        return;
    host_address_format(&address, text);
    assert_string_equal(text, row->written);
    address = host_address_dialled(&address);
    host_address_format(&address, text);
    assert_string_equal(text, row->dialled ? row->dialled : row->written);
}

static void
tells_loopback(void **state)
{
    static const struct {
        const char *text;
        bool is_loopback;
    } cases[] = {{"127.3.2.1:1", true}, {"[::1]:1", true}, {"128.0.0.1:1", false},
                 {"[::2]:1", false},    {"[::]:1", false}, {"0.0.0.0:1", false}};
    HostAddress address = {0};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        assert_true(host_address_parse(cases[i].text, &address));
        assert_int_equal(host_address_is_loopback(&address), cases[i].is_loopback);
    }
}

static void
makes_sockaddr(void **state)
{
    HostAddress address = {0};
    struct sockaddr_storage storage = {0};
    struct sockaddr_in6 v6 = {0};
    struct sockaddr_in v4 = {0};

    (void)state;
    assert_true(host_address_parse("[fe80::1%3]:7", &address));
    assert_int_equal(host_address_make_sockaddr(&address, &storage), sizeof(v6));
    memcpy(&v6, &storage, sizeof(v6));
    assert_int_equal(v6.sin6_scope_id, 3);
    assert_int_equal(ntohs(v6.sin6_port), 7);
    assert_true(host_address_parse("0.0.0.0:8", &address));
    assert_int_equal(host_address_make_sockaddr(&address, &storage), sizeof(v4));
    memcpy(&v4, &storage, sizeof(v4));
    assert_int_equal(ntohl(v4.sin_addr.s_addr), INADDR_LOOPBACK);
    assert_int_equal(ntohs(v4.sin_port), 8);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(makes_sockaddr),
                                       cmocka_unit_test(tells_loopback)};
    int n_failed = TESTING_RUN_TABLE("host_address", rows, parses);

    return n_failed + cmocka_run_group_tests_name("host_address: sockaddr", tests, NULL, NULL);
}
