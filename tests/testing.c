/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * testing: see testing.h. Knows nothing of what is tested.
 */
#include "testing.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

/* What one cmocka test of a table needs; cmocka hands it over as the test's state. */
typedef struct {
    TestingCheck check;
    const void *row;
} TableTest;

/* Folders that a test has made and not removed yet: paths, owned. */
static GPtrArray *folders;
static guint n_outside; /* of them: made before the test began */

static int
remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return g_remove(path);
}

static void
remove_folder(const char *path)
{
    guint place = 0;

    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    if (folders != NULL && g_ptr_array_find_with_equal_func(folders, path, g_str_equal, &place))
        g_ptr_array_remove_index(folders, place);
    if (folders != NULL && folders->len == 0)
        g_clear_pointer(&folders, g_ptr_array_unref);
}

static int
count_folders(void **state)
{
    (void)state;
    n_outside = folders ? folders->len : 0;
    return 0;
}

/* A test that failed has jumped out, past whatever would have removed them. */
static int
remove_left_folders(void **state)
{
    (void)state;
    while (folders != NULL && folders->len > n_outside) {
        g_autofree char *path = g_strdup(g_ptr_array_index(folders, folders->len - 1));

        remove_folder(path);
    }
    return 0;
}

static void
run_row(void **state)
{
    const TableTest *test = *state;

    test->check(test->row);
}

int
testing_run_table(const char *group, const void *rows, size_t row_size, size_t n_rows,
                  TestingCheck check)
{
    g_autofree TableTest *states = g_new0(TableTest, n_rows);
    g_autofree struct CMUnitTest *tests = g_new0(struct CMUnitTest, n_rows);

    for (size_t i = 0; i < n_rows; i++) {
        const void *row = (const char *)rows + i * row_size;

        states[i] = (TableTest){check, row};
        tests[i] = (struct CMUnitTest){.name = *(const char *const *)row,
                                       .test_func = run_row,
                                       .setup_func = count_folders,
                                       .teardown_func = remove_left_folders,
                                       .initial_state = &states[i]};
    }
    return _cmocka_run_group_tests(group, tests, n_rows, NULL, NULL);
}

void
testing_assert_same_text(const char *got, const char *expected)
{
    g_auto(GStrv) got_lines = NULL;
    g_auto(GStrv) expected_lines = NULL;
    size_t i = 0;

    if (g_strcmp0(got, expected) == 0)
        return;
    got_lines = g_strsplit(got ? got : "(NULL)", "\n", -1);
    expected_lines = g_strsplit(expected ? expected : "(NULL)", "\n", -1);
    while (got_lines[i] != NULL && g_strcmp0(got_lines[i], expected_lines[i]) == 0)
        i++;
    print_error("first difference in line %zu:\n  got:      %s\n  expected: %s\n", i + 1,
                got_lines[i] ? got_lines[i] : "(end)",
                i < g_strv_length(expected_lines) ? expected_lines[i] : "(end)");
    print_error("got all of:\n%s\n", got ? got : "(NULL)");
    fail();
}

char *
testing_make_folder(void)
{
    char *path = g_dir_make_tmp("domstats-test-XXXXXX", NULL);

    assert_non_null(path);
    if (folders == NULL)
        folders = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(folders, g_strdup(path));
    return path;
}

void
testing_remove_folder(char *path)
{
    remove_folder(path);
    g_free(path);
}

void
testing_write_file(const char *folder, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autofree char *above = g_path_get_dirname(path);

    assert_int_equal(g_mkdir_with_parents(above, 0755), 0);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

const char *
testing_source_folder(void)
{
    const char *folder = g_getenv("DOMSTATS_TESTS");

    return folder ? folder : "tests";
}
