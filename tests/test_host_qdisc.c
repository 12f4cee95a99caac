/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_qdisc: the kernel's queues for interfaces, from a recording's text and from the
 * kernel. tests/real/test_nics.py has queues that drop packets.
 */
#include "host/host_qdisc.h"

#include "testing.h"

typedef struct {
    const char *sentence;
    const char *text;
    const char *expected; /* of "tap0", each way: drops, overlimits, packets, bytes; NULL: none */
} Row;

static const Row rows[] = {
    {"both ways", "lo sent 9 9 9 9\ntap0 sent 1 2 3 4\ntap0 received 5 6 0 0\n",
     "1 2 3 4 / 5 6 0 0"},
    {"one way", "tap0 sent 1 2 3 4\n", "1 2 3 4 / -"},
    {"the other one", "tap0 received 1 2 3 4", "- / 1 2 3 4"},
    {"the last line counts", "tap0 sent 1 2 3 4\ntap0 sent 5 6 7 8\n", "5 6 7 8 / -"},
    {"numbers that are none", "tap0 sent 1 2 3 x\ntap0 received -1 2 3 4\ntap0 sent 1 2 3\n", NULL},
    {"a way that there is not", "tap0 lost 1 2 3 4\n", NULL},
    {"words that are missing", "tap0\ntap0 sent\n\n", NULL},
    {"nothing", "", NULL},
};

static void
add_queue(GString *text, const HostQdiscQueue *queue)
{
    if (queue->is_there)
        g_string_append_printf(text, "%d %d %d %d", (int)queue->n_drops, (int)queue->n_overlimits,
                               (int)queue->n_packets, (int)queue->n_bytes);
    else
        g_string_append(text, "-");
}

static void
parses(const void *data)
{
    const Row *row = data;
    g_autoptr(HostQdiscs) qdiscs = host_qdisc_parse(row->text);
    const HostQdisc *qdisc = host_qdisc_lookup(qdiscs, "tap0");
    g_autoptr(GString) got = g_string_new(NULL);

    assert_int_equal(qdisc != NULL, row->expected != NULL);
    if (qdisc == NULL)
        return;
    add_queue(got, &qdisc->sent);
    g_string_append(got, " / ");
    add_queue(got, &qdisc->received);
    assert_string_equal(got->str, row->expected);
}

static void
the_kernel_tells_ours(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostQdiscs) qdiscs = host_qdisc_read(root);

    (void)state;
    assert_non_null(qdiscs);
    assert_null(host_qdisc_lookup(qdiscs, "none-such"));
}

static void
a_recording_tells_its_own(void **state)
{
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;
    g_autoptr(HostQdiscs) qdiscs = NULL;

    (void)state;
    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    root = host_root_new_recorded(folder, NULL);
    assert_null(host_qdisc_read(root));
    testing_write_file(folder, "proc/net/qdiscs", "tap9 sent 1 2 3 4\n");
    qdiscs = host_qdisc_read(root);
    assert_non_null(host_qdisc_lookup(qdiscs, "tap9"));
    assert_null(host_qdisc_lookup(qdiscs, "lo"));
    testing_remove_folder(folder);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_kernel_tells_ours),
        cmocka_unit_test(a_recording_tells_its_own),
    };

    return TESTING_RUN_TABLE("host_qdisc", rows, parses) +
           cmocka_run_group_tests_name("host_qdisc", tests, NULL, NULL);
}
