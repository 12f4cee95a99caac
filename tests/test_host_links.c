/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_links: how interfaces are set up, from a recording's text and from the kernel.
 */
#include <string.h>

#include "host/host_links.h"
#include "testing.h"

typedef struct {
    const char *name;
    const char *text;
    const char *expected; /* of "tap0": "mtu bridge"; NULL: there is none */
} Row;

static const Row rows[] = {
    {"a port of a bridge", "lo 65536\ntap0 1500 br0\n", "1500 br0"},
    {"an interface of its own", "tap0 9000\n", "9000 "},
    {"the largest number", "tap0 4294967295", "4294967295 "},
    {"the last line counts", "tap0 1\ntap0 2\n", "2 "},
    {"a number past 32 bits", "tap0 4294967296\n", NULL},
    {"no number", "tap0 many br0\n", NULL},
    {"no words", "tap0\n", NULL},
    {"a bridge with a name longer than any", "tap0 1500 abcdefghijklmnop\n", "1500 "},
    {"nothing", "", NULL},
};

static void
parses(const void *data)
{
    const Row *row = data;
    g_autoptr(HostLinks) links = host_links_parse(row->text);
    const HostLink *link = host_links_lookup(links, "tap0");
    g_autofree char *got = link ? g_strdup_printf("%u %s", link->mtu, link->bridge) : NULL;

    assert_int_equal(got != NULL, row->expected != NULL);
    if (got != NULL)
        assert_string_equal(got, row->expected);
}

static void
the_kernel_tells_ours(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostLinks) links = host_links_read(root);

    (void)state;
    assert_non_null(links);
    assert_non_null(host_links_lookup(links, "lo"));
    assert_true(host_links_lookup(links, "lo")->mtu > 0);
    assert_string_equal(host_links_lookup(links, "lo")->bridge, "");
}

static void
a_recording_tells_its_own(void **state)
{
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostLinks) links = NULL;

    (void)state;
    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    root = host_root_new_recorded(folder, NULL);
    assert_null(host_links_read(root));
    testing_write_file(folder, "proc/net/links", "tap9 1500 br0\n");
    links = host_links_read(root);
    assert_null(host_links_lookup(links, "lo"));
    assert_string_equal(host_links_lookup(links, "tap9")->bridge, "br0");
    testing_remove_folder(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_tells_ours),
        cmocka_unit_test(a_recording_tells_its_own),
    };

    return TESTING_RUN_TABLE("host_links", rows, parses) +
           cmocka_run_group_tests_name("host_links", tests, NULL, NULL);
}
