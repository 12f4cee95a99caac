/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_daemon_address: what texts are addresses, and which addresses only this host can reach.
 */
#include "testing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "daemon/daemon_address.h"

typedef struct {
    const char *name;
    const char *text;
    const char *expected; /* "unix PATH", "tcp HOST PORT", or "error: " and the message */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"a host by number", "127.0.0.1:9177", "tcp 127.0.0.1 9177"},
    {"a host by name", "localhost:80", "tcp localhost 80"},
    {"every address of this host", ":9177", "tcp (all) 9177"},
    {"an IPv6 address in brackets", "[::1]:9177", "tcp ::1 9177"},
    {"a path", "unix:/run/x.sock", "unix /run/x.sock"},
    {"a path with a colon", "unix:/run/a:1", "unix /run/a:1"},
    {"the highest port", "[::]:65535", "tcp :: 65535"},
    {"no port", "localhost", "error: 'localhost' is no address: it is HOST:PORT, [IPV6]:PORT or unix:PATH"},
    {"an empty text", "", "error: '' is no address: it is HOST:PORT, [IPV6]:PORT or unix:PATH"},
    {"an empty port", "localhost:", "error: 'localhost:' is no address: its port is a number from 1 to 65535"},
    {"port 0", "[::1]:0", "error: '[::1]:0' is no address: its port is a number from 1 to 65535"},
    {"a port past 65535", "h:65536", "error: 'h:65536' is no address: its port is a number from 1 to 65535"},
    {"a port with a sign", "h:+80", "error: 'h:+80' is no address: its port is a number from 1 to 65535"},
    {"a port by name", "h:http", "error: 'h:http' is no address: its port is a number from 1 to 65535"},
    {"an IPv6 address without brackets", "::1:9177", "error: '::1:9177' is no address: an IPv6 address stands in brackets"},
    {"brackets that do not end", "[::1:80", "error: '[::1:80' is no address: an IPv6 address stands in brackets"},
    {"empty brackets", "[]:80", "error: '[]:80' is no address: an IPv6 address stands in brackets"},
    {"a relative path", "unix:run/x", "error: 'run/x' is no address: the path of a socket begins with '/'"},
    {"an empty path", "unix:", "error: '' is no address: the path of a socket begins with '/'"},
    {"a folder", "unix:/run/", "error: '/run/' is no address: it names a folder"},
};
/* clang-format on */

static char *
describe(const DaemonAddress *address)
{
    if (address->path != NULL)
        return g_strconcat("unix ", address->path, NULL);
    return g_strdup_printf("tcp %s %s", address->host ? address->host : "(all)", address->port);
}

static void
parses(const void *data)
{
    const Row *row = data;
    g_auto(DaemonAddress) address = {0};
    g_autoptr(GError) error = NULL;
    bool is_good = daemon_address_parse(row->text, &address, &error);
    g_autofree char *got =
        is_good ? describe(&address) : g_strconcat("error: ", error->message, NULL);

    assert_string_equal(got, row->expected);
}

typedef struct {
    const char *name;
    const char *address;
    bool is_local;
    const char *text;
} Local;

static const Local locals[] = {
    {"the loopback", "127.0.0.1", true, "127.0.0.1:80"},
    {"all of the loopback's network", "127.1.2.3", true, "127.1.2.3:80"},
    {"every address", "0.0.0.0", false, "0.0.0.0:80"},
    {"an address of a network", "10.0.0.1", false, "10.0.0.1:80"},
    {"the loopback of IPv6", "::1", true, "[::1]:80"},
    {"every address of IPv6", "::", false, "[::]:80"},
    {"the loopback of IPv4 as IPv6 is not taken for it", "::ffff:127.0.0.1", false,
     "[::ffff:127.0.0.1]:80"},
};

static void
tells_local(const void *data)
{
    const Local *row = data;
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons(80)};
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons(80)};
    bool is_four = inet_pton(AF_INET, row->address, &four.sin_addr) == 1;
    const struct sockaddr *address = is_four ? (const void *)&four : (const void *)&six;
    g_autofree char *text = NULL;

    if (!is_four)
        assert_int_equal(inet_pton(AF_INET6, row->address, &six.sin6_addr), 1);
    assert_int_equal(daemon_address_is_local(address), row->is_local);
    text = daemon_address_to_text(address, is_four ? sizeof(four) : sizeof(six));
    assert_string_equal(text, row->text);
}

static void
bounds_paths(void **state)
{
    g_autofree char *longest = g_strnfill(107, 'x');
    g_autofree char *longer = g_strnfill(108, 'x');

    (void)state;
    longest[0] = '/';
    longer[0] = '/';
    assert_true(daemon_address_check_path(longest, NULL));
    assert_false(daemon_address_check_path(longer, NULL));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"a path has as many bytes as the kernel takes", bounds_paths, NULL, NULL, NULL},
    };

    return TESTING_RUN_TABLE("address", rows, parses) +
           TESTING_RUN_TABLE("local", locals, tells_local) +
           cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
