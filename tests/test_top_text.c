/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_top_text: what a terminal is given for a text, and how many of its columns that takes.
 */
#include "top/top_text.h"

#include <string.h>

#include "testing.h"

typedef struct {
    const char *sentence;
    const char *text;
    TopTextFit fit;
    const char *expected;
} Row;

static const Row rows[] = {
    {"a text is filled up at its right", "web", {.width = 6, .is_utf8 = true}, "web   "},
    {"a number is filled up at its left",
     "12.3",
     {.width = 6, .is_right = true, .is_utf8 = true},
     "  12.3"},
    {"a text that fits is not cut", "webone", {.width = 6, .is_utf8 = true}, "webone"},
    {"a text that is cut has a mark", "webserver", {.width = 6, .is_utf8 = true}, "webse…"},
    {"without UTF-8 the mark is ASCII", "webserver", {.width = 6}, "webse>"},
    {"a wide character takes two columns", "日本", {.width = 6, .is_utf8 = true}, "日本  "},
    {"a wide character is not halved", "日本語", {.width = 5, .is_utf8 = true}, "日本…"},
    {"a blank stands for the half that has no room",
     "日本語",
     {.width = 4, .is_utf8 = true},
     "日… "},
    {"a combining character takes no column",
     "e\u0301x",
     {.width = 3, .is_utf8 = true},
     "e\u0301x "},
    {"without UTF-8 each byte is told", "ö", {.width = 10}, "\\xc3\\xb6  "},
    {"an escape sequence is told, not sent",
     "\033[31mred",
     {.width = 12, .is_utf8 = true},
     "\\x1b[31mred "},
    {"a control character of eight bits is told",
     "\xc2\x9b"
     "1m",
     {.width = 10, .is_utf8 = true},
     "\\xc2\\x9b1m"},
    {"what turns the direction of text is told",
     "a\u202eb",
     {.width = 14, .is_utf8 = true},
     "a\\xe2\\x80\\xaeb"},
    {"a newline is told", "a\nb", {.width = 6, .is_utf8 = true}, "a\\x0ab"},
    {"a backslash is told, so that the rest is clear",
     "a\\b",
     {.width = 6, .is_utf8 = true},
     "a\\x5cb"},
    {"bytes that are no UTF-8 are told", "a\xff\xfe", {.width = 9, .is_utf8 = true}, "a\\xff\\xfe"},
    {"no room is nothing", "web", {.width = 0, .is_utf8 = true}, ""},
    {"one column is the mark", "web", {.width = 1, .is_utf8 = true}, "…"},
    {"an unended text is not filled up", "web", {.width = 6, .is_unended = true}, "web"},
};

static void
fits_text(const void *data)
{
    const Row *row = data;
    g_autoptr(GString) got = g_string_new(NULL);

    top_text_append(got, row->text, &row->fit);
    testing_assert_same_text(got->str, row->expected);
    if (!row->fit.is_unended)
        assert_true(top_text_measure(row->expected, true) == row->fit.width ||
                    strchr(row->expected, '\\') != NULL);
}

int
main(void)
{
    return TESTING_RUN_TABLE("top_text", rows, fits_text);
}
