/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * testing: see testing.h. Knows nothing of what is tested.
 */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What one cmocka test of a table needs; cmocka hands it over as the test's state. */
typedef struct {
    TestingCheck check;
    const void *row;
} TableTest;

/* The standard input of the keeper; -1: not started. It ends with this process and with what that
 * forked, however they end. */
static int keeper_fd = -1;

/* Reads paths of folders, a line each, and removes them when nobody writes any more. */
static const char KEEPER[] =
    "exec 3<&0; { all=$(cat <&3); printf '%s\\n' \"$all\" | while IFS= read -r folder; do "
    "rm -rf -- \"$folder\"; done; } >/dev/null 2>&1 &";

/* Starts the keeper, in a session of its own, so that what ends the test does not end it. The shell
 * that starts it is waited for: it is no child that a test could meet. */
static void
start_keeper(void)
{
    const char *argv[] = {"setsid", "sh", "-c", KEEPER, NULL};
    int fds[2] = {-1, -1};
    pid_t pid = -1;

    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        dup2(fds[0], STDIN_FILENO);
        execvp(argv[0], (char **)argv);
        _exit(127);
    }
    close(fds[0]);
    keeper_fd = fds[1];
    waitpid(pid, NULL, 0);
}

static int
remove_entry(const char *path, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return g_remove(path);
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
        tests[i] = (struct CMUnitTest){
            .name = *(const char *const *)row, .test_func = run_row, .initial_state = &states[i]};
    }
    return _cmocka_run_group_tests(group, tests, n_rows, NULL, NULL);
}

void
testing_assert_in_range(guint64 n, guint64 least, guint64 most)
{
    if (n >= least && n <= most)
        return;
    print_error("%" G_GUINT64_FORMAT " is not among %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT
                "\n",
                n, least, most);
    fail();
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

/* The part of @text between the marks of the table @name; fails the test if they are not there. */
static const char *
find_table(const char *text, const char *name, const char **ret_end)
{
    g_autofree char *begin = g_strdup_printf("<!-- %s: begin -->\n", name);
    g_autofree char *end = g_strdup_printf("<!-- %s: end -->\n", name);
    const char *table = strstr(text, begin);

    assert_non_null(table);
    table += strlen(begin);
    *ret_end = strstr(table, end);
    assert_non_null(*ret_end);
    return table;
}

void
testing_assert_document(const char *file, const char *name, const char *expected)
{
    g_autofree char *path = g_build_filename(testing_source_folder(), "..", "docs", file, NULL);
    g_autofree char *text = NULL;
    g_autofree char *table = NULL;
    const char *begin = NULL;
    const char *end = NULL;

    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    begin = find_table(text, name, &end);
    if (g_getenv("TESTING_UPDATE") != NULL) {
        g_autofree char *before = g_strndup(text, (gsize)(begin - text));
        g_autofree char *whole = g_strconcat(before, expected, end, NULL);

        assert_true(g_file_set_contents(path, whole, -1, NULL));
        return;
    }
    table = g_strndup(begin, (gsize)(end - begin));
    testing_assert_same_text(table, expected);
}

char *
testing_make_folder(void)
{
    char *path = g_dir_make_tmp("domstats-test-XXXXXX", NULL);
    g_autofree char *line = g_strconcat(path, "\n", NULL);

    assert_non_null(path);
    if (keeper_fd < 0)
        start_keeper();
    assert_int_equal(write(keeper_fd, line, strlen(line)), strlen(line));
    return path;
}

void
testing_remove_folder(char *path)
{
    nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
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
