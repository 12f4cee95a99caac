/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_column: the table of columns is whole, and the manual page has it.
 */
#include "top/top_column.h"

#include <string.h>

#include "testing.h"

#define BEGIN ".\\\" columns: begin\n"
#define END   ".\\\" columns: end\n"

/* The views that show a column, with the one that has it only when it is asked for. */
static void
append_views(GString *out, const TopColumn *column)
{
    const char *between = "";

    if (column->when == TOP_COLUMN_WHEN_ASKED) {
        g_string_append(out, "if asked for");
        return;
    }
    for (unsigned int view = 0; view < TOP_COLUMN_N_VIEWS; view++) {
        if ((column->views & (1U << view)) == 0)
            continue;
        g_string_append_printf(out, "%s%s", between, top_column_view_name((TopColumnView)view));
        between = ", ";
    }
    if (column->when == TOP_COLUMN_WHEN_REQUESTS)
        g_string_append(out, ", with \\-\\-requests");
}

static char *
make_manual(void)
{
    GString *out = g_string_new(NULL);

    for (size_t i = 0; i < top_column_count(); i++) {
        const TopColumn *column = top_column_at(i);

        g_string_append_printf(out, ".TP\n.BR %s \" (%s; ", column->key, column->header);
        append_views(out, column);
        g_string_append_printf(out, ")\"\n%s.\n", column->help);
    }
    return g_string_free(out, FALSE);
}

static void
the_manual_has_the_columns(void **state)
{
    g_autofree char *path = g_build_filename(testing_source_folder(), "../docs/domstats.1", NULL);
    g_autofree char *page = NULL, *expected = make_manual(), *got = NULL;
    char *begin = NULL, *end = NULL;

    (void)state;
    assert_true(g_file_get_contents(path, &page, NULL, NULL));
    begin = strstr(page, BEGIN);
    end = strstr(page, END);
    assert_true(begin != NULL && end != NULL && begin < end);
    begin += strlen(BEGIN);
    got = g_strndup(begin, (gsize)(end - begin));
    if (g_getenv("TESTING_UPDATE") != NULL && strcmp(got, expected) != 0) {
        g_autofree char *new = NULL;

        *begin = '\0';
        new = g_strconcat(page, expected, END, end + strlen(END), NULL);
        assert_true(g_file_set_contents(path, new, -1, NULL));
        return;
    }
    testing_assert_same_text(got, expected);
}

/* One key is one column in each kind of rows, and what a column needs is there. */
static void
the_table_is_whole(void **state)
{
    (void)state;
    for (size_t i = 0; i < top_column_count(); i++) {
        const TopColumn *column = top_column_at(i);

        assert_non_null(column->compute);
        assert_true(column->width >= strlen(column->header));
        for (unsigned int view = 0; view < TOP_COLUMN_N_VIEWS; view++)
            if ((column->views & (1U << view)) != 0)
                assert_ptr_equal(top_column_find(column->key, (TopColumnView)view), column);
    }
    for (unsigned int view = 0; view < TOP_COLUMN_N_VIEWS; view++)
        assert_non_null(top_column_view_order((TopColumnView)view));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_is_whole),
        cmocka_unit_test(the_manual_has_the_columns),
    };

    return cmocka_run_group_tests_name("top_column", tests, NULL, NULL);
}
