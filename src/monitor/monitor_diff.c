/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_diff: see monitor_diff.h.
 *
 * How it works
 *
 * This is Myers' algorithm ("An O(ND) Difference Algorithm", 1986), whose time grows with the
 * number of lines that differ, here few. For d lines that differ, reach[d][k] is the furthest line
 * of the first text on the diagonal k = (line of the first) - (line of the second), equal lines
 * included. The first d that reaches both ends is the shortest difference; its lines are found
 * backwards.
 */
#include "monitor_diff.h"

#include <stdbool.h>
#include <string.h>

#include "monitor_limits.h"

enum {
    CONTEXT = 3,
    MAX_D = MONITOR_LIMITS_EDITED_XML_CHANGES,
    N_DIAGONALS = 2 * MAX_D + 3,
    MIDDLE = MAX_D + 1,
};

/* One line of the result: ' ', '-' or '+'. */
typedef struct {
    char mark;
    const char *line;
    int before, after; /* number of the line in each text, from 0 */
} Line;

typedef struct {
    int of[N_DIAGONALS];
} Reach;

typedef struct {
    char **before, **after;
    int n_before, n_after;
    Reach *reach; /* for each d */
} Search;

/* Whether the last of @d lines that differ, on the way to diagonal @k, is one that the second text
 * adds; else it is one that the first text has alone. */
static bool
is_added(const Search *search, int d, int k)
{
    const int *reach = search->reach[d - 1].of;

    return k == -d || (k != d && reach[MIDDLE + k - 1] < reach[MIDDLE + k + 1]);
}

/* The line of the first text at which diagonal @k begins after @d lines that differ, before equal
 * ones. */
static int
first_of(const Search *search, int d, int k)
{
    if (d == 0)
        return 0;
    return is_added(search, d, k) ? search->reach[d - 1].of[MIDDLE + k + 1]
                                  : search->reach[d - 1].of[MIDDLE + k - 1] + 1;
}

/* Follows equal lines on diagonal @k as far as they go; true if both texts end there. */
static bool
follow(Search *search, int d, int k)
{
    int x = first_of(search, d, k);

    while (x < search->n_before && x - k < search->n_after && x - k >= 0 &&
           strcmp(search->before[x], search->after[x - k]) == 0)
        x++;
    search->reach[d].of[MIDDLE + k] = x;
    return x >= search->n_before && x - k >= search->n_after;
}

/* The number of lines that differ; -1 if there are too many. */
static int
find_shortest(Search *search)
{
    for (int d = 0; d <= MAX_D; d++)
        for (int k = -d; k <= d; k += 2)
            if (follow(search, d, k))
                return d;
    return -1;
}

static void
add_line(GArray *lines, char mark, const Search *search, int before, int after)
{
    Line line = {.mark = mark, .before = before, .after = after};

    line.line = mark == '+' ? search->after[after] : search->before[before];
    g_array_append_val(lines, line);
}

/* The lines of the result, the last one first. */
static GArray *
find_lines(const Search *search, int d)
{
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(Line));
    int x = search->n_before;
    int k = search->n_before - search->n_after;

    for (; d >= 0; d--) {
        for (int first = first_of(search, d, k); x > first; x--)
            add_line(lines, ' ', search, x - 1, x - 1 - k);
        if (d == 0)
            break;
        if (is_added(search, d, k)) {
            add_line(lines, '+', search, x, x - k - 1);
            k++;
        } else {
            add_line(lines, '-', search, x - 1, x - k);
            k--;
            x--;
        }
    }
    return lines;
}

/* Whether a line that differs is at most CONTEXT lines from @at. */
static bool
is_shown(const GArray *lines, guint at)
{
    guint first = at > CONTEXT ? at - CONTEXT : 0;

    for (guint i = first; i < lines->len && i <= at + CONTEXT; i++)
        if (g_array_index(lines, Line, i).mark != ' ')
            return true;
    return false;
}

/* Appends a range of a hunk as diff does: numbers count from 1; an empty range has the number of
 * the line before it. */
static void
append_range(GString *out, char mark, int first, int n)
{
    g_string_append_printf(out, " %c%d", mark, n > 0 ? first + 1 : first);
    if (n != 1)
        g_string_append_printf(out, ",%d", n);
}

/* Appends the hunk from index @first down to @last: the last line of the texts is stored first. */
static void
append_hunk(GString *out, const GArray *lines, guint first, guint last)
{
    const Line *top = &g_array_index(lines, Line, first);
    int n_before = 0;
    int n_after = 0;

    for (guint i = last; i <= first; i++) {
        n_before += g_array_index(lines, Line, i).mark != '+' ? 1 : 0;
        n_after += g_array_index(lines, Line, i).mark != '-' ? 1 : 0;
    }
    g_string_append(out, "@@");
    append_range(out, '-', top->before, n_before);
    append_range(out, '+', top->after, n_after);
    g_string_append(out, " @@\n");
    for (guint i = first + 1; i > last; i--) {
        const Line *line = &g_array_index(lines, Line, i - 1);

        g_string_append_printf(out, "%c%s\n", line->mark, line->line);
    }
}

static char *
write_lines(const GArray *lines)
{
    GString *out = g_string_new(NULL);
    guint at = lines->len;

    while (at > 0) {
        guint first = --at;

        if (!is_shown(lines, first))
            continue;
        while (at > 0 && is_shown(lines, at - 1))
            at--;
        append_hunk(out, lines, first, at);
    }
    return g_string_free(out, FALSE);
}

/* The lines of @text; a line break at the end begins no other line. */
static char **
split(const char *text, int *ret_n)
{
    g_autofree char *copy = g_strdup(text);
    char **lines = NULL;

    if (g_str_has_suffix(copy, "\n"))
        copy[strlen(copy) - 1] = '\0';
    lines = g_strsplit(copy, "\n", -1);
    *ret_n = (int)g_strv_length(lines);
    return lines;
}

char *
monitor_diff_make(const char *before, const char *after)
{
    Search search = {.reach = g_new0(Reach, MAX_D + 1)};
    g_autoptr(GArray) lines = NULL;
    char *text = NULL;
    int d = 0;

    search.before = split(before, &search.n_before);
    search.after = split(after, &search.n_after);
    d = find_shortest(&search);
    if (d >= 0) {
        lines = find_lines(&search, d);
        text = write_lines(lines);
    }
    g_strfreev(search.before);
    g_strfreev(search.after);
    g_free(search.reach);
    return text;
}
