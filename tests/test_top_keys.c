/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_keys: the table of keys: each key once, each with its help, and the manual page has
 * them.
 */
#include "top/top_keys.h"

#include <string.h>

#include "testing.h"
#include "top/top_column.h"

static void
each_key_has_one_row(void **state)
{
    (void)state;
    for (size_t i = 0; i < top_keys_count(); i++)
        for (const int *code = top_keys_table[i].codes; *code != 0; code++)
            assert_ptr_equal(top_keys_find(*code), &top_keys_table[i]);
}

static void
each_row_can_be_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < top_keys_count(); i++) {
        assert_true(top_keys_table[i].action != TOP_KEYS_ACTION_NONE);
        testing_assert_in_range(strlen(top_keys_table[i].names), 1, 14);
        testing_assert_in_range(strlen(top_keys_table[i].help), 4, 90);
    }
}

static void
orders_are_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < top_keys_count(); i++)
        if (top_keys_table[i].action == TOP_KEYS_ACTION_SORT)
            assert_non_null(top_column_find(top_keys_table[i].word, TOP_COLUMN_VIEW_VMS));
}

static void
manual_page_has_the_table(void **state)
{
    g_autoptr(GString) text = g_string_new(NULL);

    (void)state;
    top_keys_append_manual(text);
    g_string_append(text, ".\\\" "); /* before the mark at the end */
    testing_assert_document("domstats.1", "keys of top", text->str);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_has_one_row),
        cmocka_unit_test(each_row_can_be_shown),
        cmocka_unit_test(orders_are_columns),
        cmocka_unit_test(manual_page_has_the_table),
    };

    return cmocka_run_group_tests_name("top_keys", tests, NULL, NULL);
}
