/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_tags: see monitor_tags.h. One pass over the text, with a stack of the elements that are
 * open.
 */
#include "monitor_tags.h"

#include <stdbool.h>
#include <string.h>

#include "monitor_limits.h"
#include "util/util_error.h"

typedef struct {
    const char *text;
    size_t size;
    size_t at; /* of the "<" that comes next */
    GArray *tags;
    GArray *open; /* indexes into @tags */
} Scan;

/* What begins with "<" and is no tag: how it begins and ends. */
static const struct {
    const char *begin, *end;
} passages[] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};

static bool
starts_with(const Scan *scan, const char *word)
{
    size_t length = strlen(word);

    return scan->size - scan->at >= length && memcmp(scan->text + scan->at, word, length) == 0;
}

/* Moves behind the next @word; false if there is none. */
static bool
skip_past(Scan *scan, const char *word)
{
    const char *found = memmem(scan->text + scan->at, scan->size - scan->at, word, strlen(word));

    if (found == NULL)
        return false;
    scan->at = (size_t)(found - scan->text) + strlen(word);
    return true;
}

/* The offset behind the ">" of the tag at @scan; 0 if it has none. A quoted value may hold one. */
static size_t
find_tag_end(const Scan *scan)
{
    char quote = '\0';

    for (size_t at = scan->at; at < scan->size; at++) {
        char byte = scan->text[at];

        if (quote != '\0')
            quote = byte == quote ? '\0' : quote;
        else if (byte == '"' || byte == '\'')
            quote = byte;
        else if (byte == '>')
            return at + 1;
    }
    return 0;
}

static bool
open_element(Scan *scan, size_t end)
{
    bool is_empty = scan->text[end - 2] == '/';
    MonitorTags tags = {.begin = scan->at, .open_end = end, .close = end, .end = end};
    guint index = scan->tags->len;

    if (scan->open->len >= MONITOR_LIMITS_EDITED_XML_DEPTH)
        return false;
    g_array_append_val(scan->tags, tags);
    if (!is_empty)
        g_array_append_val(scan->open, index);
    return true;
}

static bool
close_element(Scan *scan, size_t end)
{
    MonitorTags *tags = NULL;

    if (scan->open->len == 0)
        return false;
    tags = &g_array_index(scan->tags, MonitorTags,
                          g_array_index(scan->open, guint, scan->open->len - 1));
    tags->close = scan->at;
    tags->end = end;
    g_array_set_size(scan->open, scan->open->len - 1);
    return true;
}

static bool
take_tag(Scan *scan)
{
    size_t end = 0;
    bool is_taken = false;

    for (size_t i = 0; i < G_N_ELEMENTS(passages); i++)
        if (starts_with(scan, passages[i].begin))
            return skip_past(scan, passages[i].end);
    end = starts_with(scan, "<!") ? 0 : find_tag_end(scan);
    if (end == 0)
        return false;
    is_taken = starts_with(scan, "</") ? close_element(scan, end) : open_element(scan, end);
    scan->at = end;
    return is_taken;
}

static bool
scan_all(Scan *scan)
{
    while (scan->at < scan->size) {
        const char *next = memchr(scan->text + scan->at, '<', scan->size - scan->at);

        if (next == NULL)
            break;
        scan->at = (size_t)(next - scan->text);
        if (!take_tag(scan))
            return false;
    }
    return scan->open->len == 0 && scan->tags->len > 0;
}

GArray *
monitor_tags_parse(const char *text, size_t size, GError **error)
{
    g_autoptr(GArray) tags = g_array_new(FALSE, FALSE, sizeof(MonitorTags));
    g_autoptr(GArray) open = g_array_new(FALSE, FALSE, sizeof(guint));
    Scan scan = {.text = text, .size = size, .tags = tags, .open = open};

    if (size > MONITOR_LIMITS_EDITED_XML_BYTES) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                    "a definition of %zu bytes is past the limit of %d", size,
                    MONITOR_LIMITS_EDITED_XML_BYTES);
        return NULL;
    }
    if (!scan_all(&scan)) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN,
                    "the definition is no XML of a domain: it cannot be read at byte %zu", scan.at);
        return NULL;
    }
    return g_steal_pointer(&tags);
}
