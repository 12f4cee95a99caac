/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_edit: see monitor_edit.h. The changes of a text are made from its end to its beginning,
 * so that the offsets of those that follow stay right. The result is parsed again, and is refused
 * if it does not hold the words that it should.
 */
#include "monitor_edit.h"

#include <stdbool.h>
#include <string.h>

#include "monitor_words.h"
#include "monitor_xml.h"
#include "util/util_error.h"

#define USUAL_PREFIX "qemu"

static void
append_tag(GString *out, const char *begin, const char *prefix, const char *name)
{
    g_string_append(out, begin);
    if (*prefix != '\0')
        g_string_append_printf(out, "%s:", prefix);
    g_string_append(out, name);
}

/* The <arg> elements, a line each, as libvirt writes them. */
static void
append_words(GString *out, const char *prefix, const char *path)
{
    g_auto(GStrv) words = monitor_words_make(path);

    for (size_t i = 0; words[i] != NULL; i++) {
        g_autofree char *value = g_markup_escape_text(words[i], -1);

        append_tag(out, "    <", prefix, "arg");
        g_string_append_printf(out, " value='%s'/>\n", value);
    }
}

static void
append_commandline(GString *out, const char *prefix, const char *path)
{
    append_tag(out, "  <", prefix, "commandline>\n");
    append_words(out, prefix, path);
    append_tag(out, "  </", prefix, "commandline>\n");
}

/* Where the line of @at begins, if only blanks are before @at in it; else @at. */
static size_t
line_begin(const char *text, size_t at)
{
    size_t begin = at;

    while (begin > 0 && (text[begin - 1] == ' ' || text[begin - 1] == '\t'))
        begin--;
    return begin > 0 && text[begin - 1] == '\n' ? begin : at;
}

/* The offset behind the line break that follows @at, if only blanks are between; else @at. */
static size_t
line_end(const char *text, size_t at)
{
    size_t end = at + strspn(text + at, " \t\r");

    return text[end] == '\n' ? end + 1 : at;
}

/* Removes the text from @begin to @end: its whole lines, if nothing else is in them. */
static void
cut(GString *out, const char *text, size_t begin, size_t end)
{
    size_t first = line_begin(text, begin);
    size_t behind = line_end(text, end);

    if (first == begin || behind == end) {
        first = begin;
        behind = end;
    }
    g_string_erase(out, (gssize)first, (gssize)(behind - first));
}

static const MonitorTags *
word_tags(const MonitorXml *xml, size_t i)
{
    return &g_array_index(xml->word_tags, MonitorTags, i);
}

/* Where arguments are added: behind the last one, or behind the first tag if there is none; behind
 * the line break that follows, if one does. */
static size_t
place_of_words(const MonitorXml *xml, const char *text)
{
    size_t after =
        xml->words->len > 0 ? word_tags(xml, xml->words->len - 1)->end : xml->commandline.open_end;

    return line_end(text, after);
}

/* Inserts whole lines, behind a line break if @at is not the beginning of a line. */
static void
insert(GString *out, size_t at, const GString *what)
{
    bool is_line = at == 0 || out->str[at - 1] == '\n';

    g_string_insert_len(out, (gssize)at, what->str, (gssize)what->len);
    if (!is_line)
        g_string_insert_c(out, (gssize)at, '\n');
}

static void
add_words(GString *out, const MonitorXml *xml, const char *text, const char *path)
{
    const MonitorTags *commandline = &xml->commandline;
    g_autoptr(GString) lines = g_string_new(NULL);

    if (commandline->open_end < commandline->end) {
        append_words(lines, xml->prefix, path);
        insert(out, place_of_words(xml, text), lines);
        return;
    }
    /* An empty-element tag (<qemu:commandline/>) is replaced. */
    append_commandline(lines, xml->prefix, path);
    cut(out, text, commandline->begin, commandline->end);
    insert(out, line_begin(text, commandline->begin), lines);
}

static void
add_commandline(GString *out, const MonitorXml *xml, const char *text, const char *path)
{
    const char *prefix = xml->prefix ? xml->prefix : USUAL_PREFIX;
    g_autoptr(GString) lines = g_string_new(NULL);

    append_commandline(lines, prefix, path);
    insert(out, line_begin(text, xml->root.close), lines);
    if (xml->prefix == NULL)
        g_string_insert(out, (gssize)xml->root.open_end - 1,
                        " xmlns:" USUAL_PREFIX "='" MONITOR_XML_NAMESPACE "'");
}

static char *
remove_from(const MonitorXml *xml, const char *text)
{
    const MonitorWordsFound *ours = monitor_words_ours(xml->monitors);
    GString *out = g_string_new(text);

    if (ours == NULL)
        return g_string_free(out, FALSE);
    if (xml->n_children > MONITOR_WORDS_N) {
        for (size_t i = MONITOR_WORDS_N; i > 0; i--) {
            const MonitorTags *tags = word_tags(xml, ours->at + i - 1);

            cut(out, text, tags->begin, tags->end);
        }
        return g_string_free(out, FALSE);
    }
    cut(out, text, xml->commandline.begin, xml->commandline.end);
    if (xml->n_others == 0 && xml->declaration_size > 0)
        g_string_erase(out, (gssize)xml->declared_at, (gssize)xml->declaration_size);
    return g_string_free(out, FALSE);
}

/* The words that are not ours; borrowed. The caller unrefs the array. */
static GPtrArray *
list_other_words(const MonitorXml *xml)
{
    const MonitorWordsFound *ours = monitor_words_ours(xml->monitors);
    GPtrArray *others = g_ptr_array_new();

    for (guint i = 0; i < xml->words->len; i++)
        if (ours == NULL || i < ours->at || i >= ours->at + MONITOR_WORDS_N)
            g_ptr_array_add(others, g_ptr_array_index(xml->words, i));
    return others;
}

static bool
has_same_others(const MonitorXml *xml, const MonitorXml *before)
{
    g_autoptr(GPtrArray) words = list_other_words(xml);
    g_autoptr(GPtrArray) words_before = list_other_words(before);

    if (words->len != words_before->len || xml->n_others != before->n_others)
        return false;
    for (guint i = 0; i < words->len; i++)
        if (strcmp(g_ptr_array_index(words, i), g_ptr_array_index(words_before, i)) != 0)
            return false;
    return true;
}

/* Fails if @text has not the words of @before that are not ours, and ours for @path; @path NULL:
 * none of ours. */
static bool
check_result(const char *text, const MonitorXml *before, const char *path, GError **error)
{
    g_autoptr(MonitorXml) after = monitor_xml_parse(text, error);
    const MonitorWordsFound *ours = after ? monitor_words_ours(after->monitors) : NULL;

    if (after == NULL)
        return false;
    if (g_strcmp0(ours ? ours->path : NULL, path) == 0 && has_same_others(after, before))
        return true;
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_INTERNAL,
                "its definition has a form that cannot be changed here; use virsh edit");
    return false;
}

/* Whether a word names a character device MONITOR_WORDS_ID. Our own words are not among the words
 * of
 * @xml any more; QEMU refuses a second device of one name. */
static bool
has_foreign(const MonitorXml *xml)
{
    for (guint i = 0; i < xml->words->len; i++) {
        const char *word = g_ptr_array_index(xml->words, i);
        g_autofree char *in_list = g_strconcat(word, ",", NULL);

        if (strstr(in_list, ",id=" MONITOR_WORDS_ID ",") != NULL)
            return true;
    }
    return false;
}

static char *
add_to(const MonitorXml *xml, const char *text, const char *path)
{
    GString *out = g_string_new(text);

    if (xml->has_commandline)
        add_words(out, xml, text, path);
    else
        add_commandline(out, xml, text, path);
    return g_string_free(out, FALSE);
}

char *
monitor_edit_remove(const char *text, GError **error)
{
    g_autoptr(MonitorXml) xml = monitor_xml_parse(text, error);
    g_autofree char *changed = xml ? remove_from(xml, text) : NULL;

    if (changed == NULL || !check_result(changed, xml, NULL, error))
        return NULL;
    return g_steal_pointer(&changed);
}

char *
monitor_edit_add(const char *text, const char *path, GError **error)
{
    g_autoptr(MonitorXml) before = monitor_xml_parse(text, error);
    const MonitorWordsFound *ours = before ? monitor_words_ours(before->monitors) : NULL;
    g_autoptr(MonitorXml) xml = NULL;
    g_autofree char *without = NULL;
    g_autofree char *changed = NULL;

    if (before == NULL)
        return NULL;
    if (ours != NULL && strcmp(ours->path, path) == 0)
        return g_strdup(text);
    without = remove_from(before, text);
    xml = monitor_xml_parse(without, error);
    if (xml == NULL)
        return NULL;
    if (has_foreign(xml)) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                    "its definition has a character device '" MONITOR_WORDS_ID
                    "' that domstats-monitor did not make; change it with virsh edit");
        return NULL;
    }
    changed = add_to(xml, without, path);
    if (!check_result(changed, before, path, error))
        return NULL;
    return g_steal_pointer(&changed);
}
