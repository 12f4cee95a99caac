/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_filter: see top_filter.h.
 */
#include "top_filter.h"

#include <string.h>

#include "top_limits.h"

typedef struct Word Word;

typedef bool (*Fits)(const Word *word, const TopModelEntry *entry, const TopSampleUnit *unit);

struct Word {
    bool is_not;
    Fits fits;
    char *text; /* in lower case where case does not matter */
    GRegex *regex;
};

struct TopFilter {
    GArray *words; /* Word */
};

static const struct {
    const char *name;
    const char *letter;
} states[] = {
    {"no state", "?"},    {"running", "r"},  {"blocked", "b"}, {"paused", "p"},
    {"in shutdown", "s"}, {"shut off", "x"}, {"crashed", "c"}, {"pmsuspended", "z"},
};

static size_t
find_state(const TopModelEntry *entry)
{
    UtilCount state = top_sample_value(entry->seen.now, NULL, TOP_FIELD_DOMAIN_STATE);

    if (!state.is_present)
        state = top_sample_value(entry->answered.now, NULL, TOP_FIELD_DOMAIN_STATE);
    return state.is_present && state.value < G_N_ELEMENTS(states) ? (size_t)state.value : 0;
}

const char *
top_filter_state_name(const TopModelEntry *entry)
{
    return states[find_state(entry)].name;
}

/* @lower is in lower case. */
static bool
contains(const char *text, const char *lower)
{
    g_autofree char *own = text != NULL ? g_utf8_strdown(text, -1) : NULL;

    return own != NULL && strstr(own, lower) != NULL;
}

static bool
fits_name(const Word *word, const TopModelEntry *entry, const TopSampleUnit *unit)
{
    (void)unit;
    return contains(entry->seen.now->name, word->text);
}

static bool
fits_any_name(const Word *word, const TopModelEntry *entry, const TopSampleUnit *unit)
{
    return contains(entry->seen.now->name, word->text) ||
           (unit != NULL && contains(unit->name, word->text));
}

static bool
fits_uuid(const Word *word, const TopModelEntry *entry, const TopSampleUnit *unit)
{
    (void)unit;
    return g_ascii_strncasecmp(entry->seen.now->uuid, word->text, strlen(word->text)) == 0;
}

static bool
fits_state(const Word *word, const TopModelEntry *entry, const TopSampleUnit *unit)
{
    size_t state = find_state(entry);

    (void)unit;
    return strcmp(states[state].letter, word->text) == 0 ||
           (strlen(word->text) > 1 && strstr(states[state].name, word->text) != NULL);
}

static bool
fits_health(const Word *word, const TopModelEntry *entry, const TopSampleUnit *unit)
{
    (void)unit;
    return strcmp(domstats_health_to_string(entry->seen.now->health), word->text) == 0;
}

/* One that needs too many steps for a name does not fit it. */
static bool
fits_regex(const Word *word, const TopModelEntry *entry, const TopSampleUnit *unit)
{
    (void)unit;
    return g_regex_match(word->regex, entry->seen.now->name, 0, NULL);
}

static const struct {
    const char *prefix;
    Fits fits;
} kinds[] = {
    {"name:", fits_name},
    {"uuid:", fits_uuid},
    {"state:", fits_state},
    {"health:", fits_health},
};

static void
clear_word(void *data)
{
    Word *word = data;

    g_free(word->text);
    if (word->regex != NULL)
        g_regex_unref(word->regex);
}

static bool
read_regex(Word *word, const char *text, GError **error)
{
    g_autoptr(GError) why = NULL;

    word->fits = fits_regex;
    word->regex = g_regex_new(text, G_REGEX_CASELESS, 0, &why);
    if (word->regex != NULL)
        return true;
    g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                "'%s' is no regular expression: %s", text, why->message);
    return false;
}

static bool
read_word(Word *word, const char *text, GError **error)
{
    if (text[0] == '!') {
        word->is_not = true;
        text++;
    }
    if (text[0] == '/')
        return read_regex(word, text + 1, error);
    word->fits = fits_any_name;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_str_has_prefix(text, kinds[i].prefix)) {
            word->fits = kinds[i].fits;
            text += strlen(kinds[i].prefix);
            break;
        }
    }
    word->text = g_utf8_strdown(text, -1);
    return true;
}

static bool
read_words(TopFilter *self, const char *text, GError **error)
{
    g_auto(GStrv) texts = g_strsplit(text, " ", -1);

    for (size_t i = 0; texts[i] != NULL; i++) {
        Word word = {0};
        bool is_good = true;

        if (texts[i][0] == '\0')
            continue;
        if (self->words->len == TOP_MAX_FILTER_WORDS) {
            g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                        "a filter has %d words at most", TOP_MAX_FILTER_WORDS);
            return false;
        }
        is_good = read_word(&word, texts[i], error);
        g_array_append_val(self->words, word);
        if (!is_good)
            return false;
    }
    return true;
}

TopFilter *
top_filter_new(const char *text, GError **error)
{
    g_autoptr(TopFilter) self = g_new0(TopFilter, 1);

    self->words = g_array_new(FALSE, TRUE, sizeof(Word));
    g_array_set_clear_func(self->words, clear_word);
    if (strlen(text) > TOP_MAX_FILTER || !g_utf8_validate(text, -1, NULL)) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
                    "a filter is UTF-8 of %d bytes at most", TOP_MAX_FILTER);
        return NULL;
    }
    return read_words(self, text, error) ? g_steal_pointer(&self) : NULL;
}

void
top_filter_free(TopFilter *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->words);
    g_free(self);
}

bool
top_filter_fits(const TopFilter *self, const TopModelEntry *entry, const TopSampleUnit *unit)
{
    for (size_t i = 0; self != NULL && i < self->words->len; i++) {
        const Word *word = &g_array_index(self->words, Word, i);

        if (word->fits(word, entry, unit) == word->is_not)
            return false;
    }
    return true;
}

bool
top_filter_finds(const char *text, const TopModelEntry *entry, const TopSampleUnit *unit)
{
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, TOP_MAX_FILTER));
    g_autofree char *lower = g_utf8_strdown(valid, -1);

    return contains(entry->seen.now->name, lower) || (unit != NULL && contains(unit->name, lower));
}
