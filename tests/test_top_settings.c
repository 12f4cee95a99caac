/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_settings: what the screen of `domstats top` takes from its file, whatever is in it, and
 * what it takes from a typed line.
 */
#include "top/top_settings.h"

#include <string.h>
#include <sys/stat.h>

#include "testing.h"
#include "top/top_limits.h"

typedef struct {
    const char *sentence;
    const char *text;
    const char *expected;
} Row;

#define DEFAULT "vms 2000 - cpu+"

static const Row rows[] = {
    {"an empty file changes nothing", "", DEFAULT},
    {"the view, the delay and the order are taken",
     "[top]\nview=disks\ndelay=0.5\nrequests=true\n[disks]\nsort=rlat\nreverse=true\n",
     "disks 500 requests rlat-"},
    {"the groups are taken", "[top]\ngroup=node\n", DEFAULT " by NUMA node"},
    {"groups that are none are passed over", "[top]\ngroup=moon\n", DEFAULT},
    {"the unit of bytes is taken", "[top]\nunits=MiB\n", DEFAULT " in MiB"},
    {"a unit that is none is passed over", "[top]\nunits=TiB\n", DEFAULT},
    {"a view that is not known is passed over", "[top]\nview=moons\n", DEFAULT},
    {"the view of virtual CPUs is part of a page, not a view to begin with", "[top]\nview=vcpus\n",
     DEFAULT},
    {"a delay that is too short is passed over", "[top]\ndelay=0.01\n", DEFAULT},
    {"a delay that is no number is passed over", "[top]\ndelay=nan\n", DEFAULT},
    {"an endless delay is passed over", "[top]\ndelay=1e300\n", DEFAULT},
    {"a column that is not known is no order", "[vms]\nsort=moon\n", DEFAULT},
    {"a column that the view only sorts by is one", "[vms]\nsort=time\n", "vms 2000 - time+"},
    {"columns are taken in their order, each once", "[vms]\ncolumns=cpu;name;moon;cpu\n",
     DEFAULT " cpu name"},
    {"columns of which none is known leave those of the table", "[vms]\ncolumns=moon;\n", DEFAULT},
    {"groups that are not known are passed over", "[moon]\nsort=cpu\n[top]\nview=nics\n",
     "nics 2000 - rx+"},
    {"what is not of the form is refused", "view=disks\n", "not of the form"},
    {"bytes are refused", "\x01\x02\xff\n", "not of the form"},
};

static void
append_state(GString *out, const TopState *state)
{
    const TopStateView *view = &state->views[state->view];

    g_string_append_printf(out, "%s %u %s %s%s", top_column_view_name(state->view), state->delay_ms,
                           state->counts_requests ? "requests" : "-", view->order->key,
                           view->is_turned ? "-" : "+");
    if (state->bytes != TOP_FORMAT_BYTES_AUTOMATIC)
        g_string_append_printf(out, " in %s", top_format_bytes_name(state->bytes));
    if (state->group != TOP_GROUP_NONE)
        g_string_append_printf(out, " %s", top_group_phrase(state->group));
    for (guint i = 0; view->columns != NULL && i < view->columns->len; i++)
        g_string_append_printf(out, " %s",
                               ((const TopColumn *)g_ptr_array_index(view->columns, i))->key);
}

static void
takes_what_is_possible(const void *data)
{
    const Row *row = data;
    char *folder = testing_make_folder();
    g_autofree char *path = g_build_filename(folder, "toprc", NULL);
    g_autoptr(GString) got = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_auto(TopState) state = {0};

    testing_write_file(folder, "toprc", row->text);
    top_state_init(&state);
    if (top_settings_load(&state, path, &error)) {
        append_state(got, &state);
        testing_assert_same_text(got->str, row->expected);
    } else {
        assert_non_null(strstr(error->message, row->expected));
    }
    testing_remove_folder(folder);
}

static void
saves_what_it_loads(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *path = g_build_filename(folder, "new", "domstats", "toprc", NULL);
    g_autoptr(GString) before = g_string_new(NULL);
    g_autoptr(GString) after = g_string_new(NULL);
    g_auto(TopState) saved = {0};
    g_auto(TopState) loaded = {0};

    (void)state;
    top_state_init(&saved);
    top_state_init(&loaded);
    saved.view = TOP_COLUMN_VIEW_NICS;
    saved.delay_ms = 500;
    saved.counts_requests = true;
    saved.group = TOP_GROUP_SLICE;
    saved.bytes = TOP_FORMAT_BYTES_GIB;
    top_state_sort_by(&saved, top_column_find("txp", saved.view));
    top_state_sort_by(&saved, top_column_find("txp", saved.view));
    top_state_toggle_column(&saved, top_column_find("name", saved.view));
    assert_true(top_settings_save(&saved, path, NULL));
    assert_true(top_settings_load(&loaded, path, NULL));
    append_state(before, &saved);
    append_state(after, &loaded);
    testing_assert_same_text(after->str, before->str);
    assert_non_null(strstr(before->str, "nics 500 requests txp- in GiB by slice nic state"));
    testing_remove_folder(folder);
}

/* None of them is waited for or read to an end that it does not have. */
static void
refuses_what_is_no_file(void **state)
{
    char *folder = testing_make_folder();
    g_autofree char *fifo = g_build_filename(folder, "fifo", NULL);
    g_autofree char *large = g_strnfill(TOP_MAX_SETTINGS + 1, '\n');
    g_autofree char *large_path = g_build_filename(folder, "large", NULL);
    const char *const paths[] = {folder, fifo, large_path, "/dev/zero"};
    g_auto(TopState) loaded = {0};

    (void)state;
    top_state_init(&loaded);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    testing_write_file(folder, "large", large);
    for (size_t i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GError) error = NULL;

        assert_false(top_settings_load(&loaded, paths[i], &error));
        assert_non_null(error);
    }
    testing_remove_folder(folder);
}

static void
bytes_and_requests_are_chosen_together(void **state)
{
    g_auto(TopState) chosen = {0};
    g_autoptr(GPtrArray) bytes = NULL;
    g_autoptr(GPtrArray) requests = NULL;

    (void)state;
    top_state_init(&chosen);
    top_state_toggle_column(&chosen, top_column_find("rd", TOP_COLUMN_VIEW_VMS));
    bytes = top_state_list_shown(&chosen, TOP_COLUMN_VIEW_VMS);
    chosen.counts_requests = true;
    requests = top_state_list_shown(&chosen, TOP_COLUMN_VIEW_VMS);
    assert_false(g_ptr_array_find(bytes, top_column_find("rd", TOP_COLUMN_VIEW_VMS), NULL));
    assert_false(g_ptr_array_find(requests, top_column_find("rdrq", TOP_COLUMN_VIEW_VMS), NULL));
    assert_true(g_ptr_array_find(bytes, top_column_find("wr", TOP_COLUMN_VIEW_VMS), NULL));
    assert_true(g_ptr_array_find(requests, top_column_find("wrrq", TOP_COLUMN_VIEW_VMS), NULL));
    assert_int_equal(bytes->len, requests->len);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saves_what_it_loads),
        cmocka_unit_test(refuses_what_is_no_file),
        cmocka_unit_test(bytes_and_requests_are_chosen_together),
    };

    return TESTING_RUN_TABLE("top_settings", rows, takes_what_is_possible) +
           cmocka_run_group_tests_name("top_settings", tests, NULL, NULL);
}
