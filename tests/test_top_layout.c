/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_layout: which columns of a view have room, and how wide each is.
 */
#include "top/top_layout.h"

#include <string.h>

#include "testing.h"
#include "top/top_format.h"

typedef struct {
    const char *sentence;
    TopColumnView view;
    size_t longest; /* name */
    size_t width;
    const char *expected;
    size_t longest_number; /* of memory and rates of bytes; 0: as short as usual */
} Row;

static const Row rows[] = {
    {"the view of domains fits 100 columns", TOP_COLUMN_VIEW_VMS, 12, 100,
     "name:12 state:1 vcpus:4 cpu:5 rdy:5 mem:6 alloc:5 rd:5 wr:5 rlat:5 wlat:5 rx:5 tx:5 drop:6 "
     "age:5"},
    {"at 80 the age and the drops give way", TOP_COLUMN_VIEW_VMS, 12, 80,
     "name:12 state:1 vcpus:4 cpu:5 rdy:5 mem:6 alloc:5 rd:5 wr:5 rlat:5 wlat:5 rx:5 tx:5"},
    {"at 79 both directions of the network give way together", TOP_COLUMN_VIEW_VMS, 30, 79,
     "name:23 state:1 vcpus:4 cpu:5 rdy:5 mem:6 alloc:5 rd:5 wr:5 rlat:5 wlat:5"},
    {"short names leave room for others", TOP_COLUMN_VIEW_VMS, 3, 79,
     "name:4 state:1 vcpus:4 cpu:5 rdy:5 mem:6 alloc:5 rd:5 wr:5 rlat:5 wlat:5 rx:5 tx:5 drop:6"},
    {"long names get what is left", TOP_COLUMN_VIEW_VMS, 40, 120,
     "name:39 state:1 vcpus:4 cpu:5 rdy:5 mem:6 alloc:5 rd:5 wr:5 rlat:5 wlat:5 rx:5 tx:5 drop:6 "
     "age:5"},
    {"and not more than the longest", TOP_COLUMN_VIEW_VMS, 20, 200,
     "name:20 state:1 vcpus:4 cpu:5 rdy:5 mem:6 alloc:5 rd:5 wr:5 rlat:5 wlat:5 rx:5 tx:5 drop:6 "
     "age:5"},
    {"a number is never cut: its column grows, and others give way for it", TOP_COLUMN_VIEW_VMS, 8,
     100, "name:8 state:1 vcpus:4 cpu:5 rdy:5 mem:10 alloc:10 rd:10 wr:10 rlat:5 wlat:5", 10},
    {"when none gives way the last go", TOP_COLUMN_VIEW_VMS, 12, 25,
     "name:12 state:1 vcpus:4 cpu:5"},
    {"a screen of one column has some of the name", TOP_COLUMN_VIEW_VMS, 12, 1, "name:1"},
};

static void
lays_out(const void *data)
{
    const Row *row = data;
    g_autoptr(GPtrArray) columns = top_column_list(row->view, false);
    g_autoptr(GArray) layout = g_array_new(FALSE, TRUE, sizeof(TopLayout));
    g_autoptr(GString) got = g_string_new(NULL);

    for (guint i = 0; i < columns->len; i++) {
        TopLayout one = {.column = g_ptr_array_index(columns, i)};

        one.longest = strcmp(one.column->key, "name") == 0 ? row->longest : 0;
        if (top_format_is_long(one.column, TOP_FORMAT_BYTES_KIB))
            one.longest = row->longest_number;
        g_array_append_val(layout, one);
    }
    top_layout_fit(layout, row->width);
    for (guint i = 0; i < layout->len; i++) {
        const TopLayout *one = &g_array_index(layout, TopLayout, i);

        g_string_append_printf(got, "%s%s:%zu", i > 0 ? " " : "", one->column->key, one->width);
    }
    testing_assert_same_text(got->str, row->expected);
}

int
main(void)
{
    return TESTING_RUN_TABLE("top_layout", rows, lays_out);
}
