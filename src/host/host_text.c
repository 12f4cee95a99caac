/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_text: see host_text.h.
 */
#include "host_text.h"

#include <glib.h>
#include <string.h>

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *
skip_blanks(const char *text)
{
    while (is_blank(*text))
        text++;
    return text;
}

bool
host_text_take_count(const char **text, uint64_t *ret_value)
{
    const char *digits = skip_blanks(*text);
    const char *at = digits;
    uint64_t value = 0;

    for (; g_ascii_isdigit(*at); at++) {
        if (__builtin_mul_overflow(value, 10U, &value) ||
            __builtin_add_overflow(value, (uint64_t)(*at - '0'), &value))
            return false;
    }
    if (at == digits || (*at != '\0' && *at != '\n' && !is_blank(*at)))
        return false;
    *text = at;
    *ret_value = value;
    return true;
}

bool
host_text_take_field(const char **text, const char **ret_start, size_t *ret_size)
{
    const char *start = skip_blanks(*text);
    size_t size = strcspn(start, " \t\n");

    if (size == 0)
        return false;
    *text = start + size;
    *ret_start = start;
    *ret_size = size;
    return true;
}

const char *
host_text_find_line(const char *text, const char *name)
{
    while (text) {
        if (g_str_has_prefix(text, name))
            return text + strlen(name);
        text = strchr(text, '\n');
        text = text ? text + 1 : NULL;
    }
    return NULL;
}

UtilCount
host_text_line_count(const char *text, const char *name)
{
    UtilCount count = {0};
    const char *behind = host_text_find_line(text, name);

    if (behind)
        count.is_present = host_text_take_count(&behind, &count.value);
    return count;
}

UtilCount
host_text_whole_count(const char *text)
{
    UtilCount count = {0};

    count.is_present =
        host_text_take_count(&text, &count.value) && (*text == '\0' || g_str_equal(text, "\n"));
    return count;
}

pid_t
host_text_pid(const char *text)
{
    UtilCount count = {0};

    if (g_ascii_isdigit(text[0]))
        count = host_text_whole_count(text);
    return count.is_present && count.value <= G_MAXINT32 ? (pid_t)count.value : 0;
}

uint64_t
host_text_socket_inode(const char *link)
{
    static const char prefix[] = "socket:[";
    const char *digits = link + strlen(prefix);
    char *end = NULL;
    uint64_t inode = 0;

    if (!g_str_has_prefix(link, prefix) || !g_ascii_isdigit(digits[0]))
        return 0;
    inode = g_ascii_strtoull(digits, &end, 10);
    return g_str_equal(end, "]") ? inode : 0;
}
