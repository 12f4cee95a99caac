/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_words: see monitor_words.h.
 */
#include "monitor_words.h"

#include <string.h>

char **
monitor_words_make(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, ",", -1);
    g_autofree char *escaped = g_strjoinv(",,", parts);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autofree char *chardev =
        g_strdup_printf("socket,id=" MONITOR_WORDS_ID ",path=%s,server=on,wait=off", escaped);

    g_strv_builder_add_many(words, "-chardev", chardev, "-mon",
                            "chardev=" MONITOR_WORDS_ID ",mode=control", NULL);
    return g_strv_builder_end(words);
}

/* Takes the next option of a list, up to a comma that is not doubled. NULL at the end. */
static char *
take_option(const char **at)
{
    GString *option = NULL;
    const char *next = *at;

    if (*next == '\0')
        return NULL;
    option = g_string_new(NULL);
    for (; *next != '\0'; next++) {
        if (*next == ',' && next[1] != ',')
            break;
        next += *next == ',' ? 1 : 0;
        g_string_append_c(option, *next);
    }
    *at = *next == ',' ? next + 1 : next;
    return g_string_free(option, FALSE);
}

/* The value of the option @name, the last one if there are several; NULL if there is none. The
 * caller frees. */
static char *
find_option(const char *list, const char *name)
{
    g_autofree char *prefix = g_strconcat(name, "=", NULL);
    g_autofree char *value = NULL;
    g_autofree char *option = NULL;

    while ((option = take_option(&list)) != NULL) {
        if (g_str_has_prefix(option, prefix)) {
            g_free(value);
            value = g_strdup(option + strlen(prefix));
        }
        g_clear_pointer(&option, g_free);
    }
    return g_steal_pointer(&value);
}

static bool
has_option(const char *list, const char *name, const char *value)
{
    g_autofree char *found = find_option(list, name);

    return g_strcmp0(found, value) == 0;
}

/* True for "-word" and "--word". */
static bool
is_word(const char *word, const char *name)
{
    return word[0] == '-' && strcmp(word + (word[1] == '-' ? 2 : 1), name) == 0;
}

static bool
is_ours(const char *const *words, size_t n_words, size_t at, const char *path)
{
    g_auto(GStrv) ours = monitor_words_make(path);

    if (n_words - at < MONITOR_WORDS_N)
        return false;
    for (size_t i = 0; i < MONITOR_WORDS_N; i++)
        if (strcmp(words[at + i], ours[i]) != 0)
            return false;
    return true;
}

/* Whether the words at @at make a QMP monitor on the character device @id. */
static bool
is_monitor_on(const char *const *words, size_t at, const char *id)
{
    return is_word(words[at], "mon") && has_option(words[at + 1], "mode", "control") &&
           has_option(words[at + 1], "chardev", id);
}

/* The monitor on the character device that the words at @at make; NULL if it has none. */
static MonitorWordsFound *
find_of_chardev(const char *const *words, size_t n_words, size_t at)
{
    g_autofree char *id = find_option(words[at + 1], "id");
    g_autofree char *path = find_option(words[at + 1], "path");
    MonitorWordsFound *found = NULL;
    size_t i = 0;

    if (id == NULL || path == NULL || !g_str_has_prefix(words[at + 1], "socket,"))
        return NULL;
    while (i + 1 < n_words && !is_monitor_on(words, i, id))
        i++;
    if (i + 1 >= n_words)
        return NULL;
    found = g_new0(MonitorWordsFound, 1);
    found->is_ours = is_ours(words, n_words, at, path);
    found->path = g_steal_pointer(&path);
    found->at = at;
    return found;
}

/* The monitor of -qmp unix:PATH,...; NULL if @value is no unix socket. */
static MonitorWordsFound *
find_of_qmp(const char *value, size_t at)
{
    MonitorWordsFound *found = NULL;

    if (!g_str_has_prefix(value, "unix:"))
        return NULL;
    value += strlen("unix:");
    found = g_new0(MonitorWordsFound, 1);
    found->path = take_option(&value);
    found->at = at;
    return found;
}

static void
free_found(gpointer data)
{
    MonitorWordsFound *found = data;

    g_free(found->path);
    g_free(found);
}

GPtrArray *
monitor_words_find(const char *const *words, size_t n_words)
{
    GPtrArray *all = g_ptr_array_new_with_free_func(free_found);

    for (size_t i = 0; i + 1 < n_words; i++) {
        MonitorWordsFound *found = NULL;

        if (is_word(words[i], "chardev"))
            found = find_of_chardev(words, n_words, i);
        else if (is_word(words[i], "qmp"))
            found = find_of_qmp(words[i + 1], i);
        if (found != NULL)
            g_ptr_array_add(all, found);
    }
    return all;
}

const MonitorWordsFound *
monitor_words_ours(const GPtrArray *found)
{
    for (guint i = 0; i < found->len; i++) {
        const MonitorWordsFound *one = g_ptr_array_index(found, i);

        if (one->is_ours)
            return one;
    }
    return NULL;
}
