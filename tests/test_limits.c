/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_limits: the table of limits in docs/internals.md is that of qemu_limits.h and
 * host_limits.h.
 *
 * TESTING_UPDATE=1 writes the table to docs/internals.md instead; read the difference line by line.
 */
#include "testing.h"

#include <string.h>

#include "host/host_limits.h"
#include "qemu/facts/qemu_limits.h"

#define TABLE_BEGIN "<!-- limits: begin -->\n"
#define TABLE_END   "<!-- limits: end -->\n"

typedef struct {
    const char *name;
    uint64_t value;
    const char *unit;
    const char *reason;
} Limit;

static const Limit limits[] = {
#define LIMIT(name, value, unit, reason) {#name, value, unit, reason},
    QEMU_LIMITS(LIMIT) HOST_LIMITS(LIMIT)
#undef LIMIT
};

/* 16777216 as "16,777,216". */
static char *
make_number(uint64_t value)
{
    GString *text = g_string_new(NULL);

    g_string_printf(text, "%" G_GUINT64_FORMAT, value);
    for (gssize at = (gssize)text->len - 3; at > 0; at -= 3)
        g_string_insert_c(text, at, ',');
    return g_string_free(text, FALSE);
}

static char *
make_table(void)
{
    GString *text = g_string_new("| limit | number | unit | what it bounds, and why that much |\n"
                                 "| --- | ---: | --- | --- |\n");

    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        g_autofree char *number = make_number(limits[i].value);

        g_string_append_printf(text, "| `%s` | %s | %s | %s |\n", limits[i].name, number,
                               limits[i].unit, limits[i].reason);
    }
    return g_string_free(text, FALSE);
}

static char *
make_document_path(void)
{
    return g_build_filename(testing_source_folder(), "..", "docs", "internals.md", NULL);
}

/* Splits the document around its table; fails the test when the marks are not there. */
static void
split_document(const char *text, char **ret_before, char **ret_table, char **ret_after)
{
    const char *begin = strstr(text, TABLE_BEGIN);
    const char *end = begin ? strstr(begin, TABLE_END) : NULL;

    assert_non_null(begin);
    assert_non_null(end);
    begin += strlen(TABLE_BEGIN);
    *ret_before = g_strndup(text, (size_t)(begin - text));
    *ret_table = g_strndup(begin, (size_t)(end - begin));
    *ret_after = g_strdup(end);
}

static void
document_has_the_table(void **state)
{
    g_autofree char *path = make_document_path();
    g_autofree char *expected = make_table();
    g_autofree char *text = NULL;
    g_autofree char *before = NULL;
    g_autofree char *table = NULL;
    g_autofree char *after = NULL;

    (void)state;
    assert_true(g_file_get_contents(path, &text, NULL, NULL));
    split_document(text, &before, &table, &after);
    if (g_getenv("TESTING_UPDATE") != NULL) {
        g_autofree char *whole = g_strconcat(before, expected, after, NULL);

        assert_true(g_file_set_contents(path, whole, -1, NULL));
        return;
    }
    testing_assert_same_text(table, expected);
}

static void
every_limit_has_a_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        assert_true(limits[i].value > 0);
        assert_true(strlen(limits[i].reason) > 10);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        {"docs/internals.md shows every limit as the header has it", document_has_the_table, NULL,
         NULL, NULL},
        {"a limit has a number and a reason", every_limit_has_a_reason, NULL, NULL, NULL},
    };

    return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
