/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_monitor_diff: the difference of two texts is that of "diff -u".
 */
#include "testing.h"

#include "monitor/monitor_diff.h"
#include "monitor/monitor_limits.h"

typedef struct {
    const char *name;
    const char *before;
    const char *after;
    const char *expected;
} Row;

/* clang-format off */
static const Row rows[] = {
    {"equal texts", "a\nb\n", "a\nb\n", ""},
    {"a line more at the end", "a\nb\n", "a\nb\nc\n", "@@ -1,2 +1,3 @@\n a\n b\n+c\n"},
    {"a line more at the beginning", "a\n", "b\na\n", "@@ -1 +1,2 @@\n+b\n a\n"},
    {"a line less", "a\nb\nc\n", "a\nc\n", "@@ -1,3 +1,2 @@\n a\n-b\n c\n"},
    {"another line", "a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"},
    {"three lines around, the rest is left out", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
     "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n"},
    {"two places far from each other", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "x\n2\n3\n4\n5\n6\n7\n8\ny\n",
     "@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n"},
    {"two places near each other are one", "1\n2\n3\n4\n5\n", "x\n2\n3\n4\ny\n",
     "@@ -1,5 +1,5 @@\n-1\n+x\n 2\n 3\n 4\n-5\n+y\n"},
    {"without a line break at the end", "a", "a\nb", "@@ -1 +1,2 @@\n a\n+b\n"},
    {"all is another", "a\nb\n", "c\n", "@@ -1,2 +1 @@\n-a\n-b\n+c\n"},
};
/* clang-format on */

static void
is_as_diff_writes_it(const void *data)
{
    const Row *row = data;
    g_autofree char *text = monitor_diff_make(row->before, row->after);

    testing_assert_same_text(text, row->expected);
}

typedef struct {
    const char *name;
    int n; /* lines that differ */
    bool is_shown;
} LimitRow;

static const LimitRow limit_rows[] = {
    {"as many lines as the limit has", MONITOR_LIMITS_EDITED_XML_CHANGES, true},
    {"a line past the limit", MONITOR_LIMITS_EDITED_XML_CHANGES + 1, false},
};

static void
is_bounded(const void *data)
{
    const LimitRow *row = data;
    GString *after = g_string_new("a\n");
    g_autofree char *text = NULL;

    for (int i = 0; i < row->n; i++)
        g_string_append(after, "b\n");
    text = monitor_diff_make("a\n", after->str);
    assert_int_equal(text != NULL, row->is_shown);
    g_string_free(after, TRUE);
}

int
main(void)
{
    return TESTING_RUN_TABLE("monitor diff", rows, is_as_diff_writes_it) +
           TESTING_RUN_TABLE("monitor diff limit", limit_rows, is_bounded);
}
