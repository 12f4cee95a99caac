/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host_ksm: the text of ksm_stat, whether pages are merged at all, and this process's own.
 */
#include "host/process/host_ksm.h"

#include <unistd.h>

#include "testing.h"

typedef struct {
    const char *sentence;
    const char *text;
    const char *expected; /* merging, items, zeros, profit */
} Row;

static const Row rows[] = {
    {"Linux 6.18",
     "ksm_rmap_items 5\nksm_zero_pages 1\nksm_merging_pages 3\nksm_process_profit 12000\n"
     "ksm_merge_any: no\nksm_mergeable: yes\n",
     "3 5 1 12000"},
    {"Linux 6.1", "ksm_rmap_items 593\n", "- 593 - -"},
    {"a loss", "ksm_process_profit -64\n", "- - - -64"},
    {"colons", "ksm_rmap_items: 5\nksm_process_profit: 7\n", "- 5 - 7"},
    {"numbers that are none",
     "ksm_rmap_items -5\nksm_zero_pages x\nksm_merging_pages18\nksm_process_profit 1x\n",
     "- - - -"},
    {"numbers that do not fit",
     "ksm_rmap_items 18446744073709551616\nksm_process_profit 9223372036854775808\n", "- - - -"},
    {"nothing", "", "- - - -"},
};

static void
add_count(GString *text, UtilCount count)
{
    if (count.is_present)
        g_string_append_printf(text, "%" G_GUINT64_FORMAT " ", count.value);
    else
        g_string_append(text, "- ");
}

static void
parses(const void *data)
{
    const Row *row = data;
    g_autoptr(GString) text = g_string_new(NULL);
    HostKsm ksm = {0};

    host_ksm_parse(row->text, &ksm);
    add_count(text, ksm.merging_pages);
    add_count(text, ksm.rmap_items);
    add_count(text, ksm.zero_pages);
    if (ksm.has_profit)
        g_string_append_printf(text, "%" G_GINT64_FORMAT, ksm.profit_bytes);
    else
        g_string_append(text, "-");
    assert_string_equal(text->str, row->expected);
}

typedef struct {
    const char *sentence;
    const char *run; /* NULL: the kernel has no ksm */
    const char *shared;
    bool is_on;
} OnRow;

static const OnRow on_rows[] = {
    {"it runs", "1\n", "0\n", true},
    {"stopped, with pages that stay", "0\n", "9\n", true},
    {"stopped, and nothing is shared", "0\n", "0\n", false},
    {"it takes back all", "2\n", "0\n", false},
    {"a kernel without", NULL, NULL, false},
};

static void
tells_whether_it_is_on(const void *data)
{
    const OnRow *row = data;
    char *folder = testing_make_folder();
    g_autoptr(HostRoot) root = NULL;

    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    if (row->run != NULL) {
        testing_write_file(folder, "sys/kernel/mm/ksm/run", row->run);
        testing_write_file(folder, "sys/kernel/mm/ksm/pages_shared", row->shared);
    }
    root = host_root_new_recorded(folder, NULL);
    assert_int_equal(host_ksm_is_on(root), row->is_on);
    testing_remove_folder(folder);
}

static void
reads_this_process(void **state)
{
    g_autoptr(HostRoot) root = host_root_new_live();
    g_autoptr(HostReader) reader = host_reader_new(root);
    HostKsm ksm = {0};

    (void)state;
    host_ksm_read(reader, getpid(), util_deadline_in_ms(60000), &ksm);
    if (access("/proc/self/ksm_stat", R_OK) < 0)
        skip();
    assert_true(ksm.rmap_items.is_present);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(reads_this_process)};

    return TESTING_RUN_TABLE("host_ksm: ksm_stat", rows, parses) +
           TESTING_RUN_TABLE("host_ksm: on", on_rows, tells_whether_it_is_on) +
           cmocka_run_group_tests(tests, NULL, NULL);
}
