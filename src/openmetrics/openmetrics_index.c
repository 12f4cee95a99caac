/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_index: see openmetrics_index.h.
 */
#include "openmetrics_index.h"

#include <string.h>

#include <libvirt/libvirt.h>

#include "openmetrics_self.h"
#include "openmetrics_shape.h"

enum {
    N_CELLS = 1024, /* a power of two, four times as many as there are fields */
    KEY_BYTES = VIR_TYPED_PARAM_FIELD_LENGTH,
    NUMBER_DIGITS = 9,
};

typedef struct {
    char text[KEY_BYTES];
    size_t length;
    uint32_t hash;
} Key;

/* A field whose numbers are taken out, and what is made of it. */
typedef struct {
    Key key;
    OpenmetricsIndexEntry entry;
} Pattern;

typedef struct {
    GArray *infos; /* OpenmetricsIndexInfo */
    int n_slots;
    int name_slot;
    int source_slots[OPENMETRICS_INDEX_SOURCES];
} Scope;

struct OpenmetricsIndex {
    GPtrArray *patterns; /* Pattern */
    Pattern *cells[N_CELLS];
    Scope scopes[OPENMETRICS_FAMILY_N_SCOPES];
    bool has_stats;
};

/* FNV-1a, a byte at a time. */
static const uint32_t hash_begin = 2166136261U;

static inline uint32_t
hash_on(uint32_t hash, char c)
{
    return (hash ^ (uint8_t)c) * 16777619U;
}

static void
hash_key(Key *key)
{
    key->hash = hash_begin;
    for (size_t i = 0; i < key->length; i++)
        key->hash = hash_on(key->hash, key->text[i]);
}

/* Reads a number that fills a word of a field. Gives its length; 0: there is none. */
static size_t
take_number(const char *text, uint32_t *ret_number)
{
    uint32_t number = 0;
    size_t n = 0;

    for (; n < NUMBER_DIGITS && text[n] >= '0' && text[n] <= '9'; n++)
        number = number * 10 + (uint32_t)(text[n] - '0');
    if (n == 0 || (n > 1 && *text == '0') || (text[n] != '.' && text[n] != '\0'))
        return 0;
    *ret_number = number;
    return n;
}

/* Copies and hashes @field in one pass: this is done for each value of each domain. */
static bool
make_key(const char *field, Key *key, uint32_t numbers[2])
{
    uint32_t hash = hash_begin;
    bool is_at_word = true;
    size_t n_numbers = 0;
    size_t length = 0;

    for (char c = *field; c != '\0'; c = *field) {
        uint32_t number = 0;
        size_t n = is_at_word && c <= '9' ? take_number(field, &number) : 0;

        if (n > 0) {
            if (n_numbers == 2)
                return false;
            numbers[n_numbers++] = number;
            c = '#';
        } else if (c == '#' || c == '*') { /* they have a meaning in patterns */
            return false;
        }
        if (length == KEY_BYTES)
            return false;
        key->text[length++] = c;
        hash = hash_on(hash, c);
        is_at_word = c == '.';
        field += MAX(n, 1);
    }
    key->length = length;
    key->hash = hash;
    return true;
}

/* A field of the tables, with <n> and <stat>. */
static Key
make_pattern_key(const char *field)
{
    Key key = {.length = 0};

    for (const char *c = field; *c != '\0'; c++) {
        g_assert(key.length < KEY_BYTES);
        key.text[key.length++] = *c != '<' ? *c : c[1] == 'n' ? '#' : '*';
        if (*c == '<')
            c = strchr(c, '>');
    }
    hash_key(&key);
    return key;
}

static Pattern *
find(const OpenmetricsIndex *self, const Key *key)
{
    for (uint32_t i = key->hash;; i++) {
        Pattern *pattern = self->cells[i % N_CELLS];

        if (pattern == NULL || (pattern->key.length == key->length &&
                                memcmp(pattern->key.text, key->text, key->length) == 0))
            return pattern;
    }
}

/* The entry of @field, which is made if there is none. */
static OpenmetricsIndexEntry *
get_entry(OpenmetricsIndex *self, const char *field, OpenmetricsFamilyScope scope)
{
    Key key = make_pattern_key(field);
    Pattern *pattern = find(self, &key);
    uint32_t at = key.hash;

    if (pattern != NULL)
        return &pattern->entry;
    pattern = g_new0(Pattern, 1);
    pattern->key = key;
    pattern->entry = (OpenmetricsIndexEntry){.scope = scope, .slot = -1};
    g_ptr_array_add(self->patterns, pattern);
    g_assert(self->patterns->len <= N_CELLS / 2);
    while (self->cells[at % N_CELLS] != NULL)
        at++;
    self->cells[at % N_CELLS] = pattern;
    return &pattern->entry;
}

static void
add_family(OpenmetricsIndex *self, const char *field, OpenmetricsIndexKind kind, size_t family)
{
    OpenmetricsIndexEntry *entry = get_entry(self, field, openmetrics_families[family].scope);

    g_assert(entry->n_families < OPENMETRICS_INDEX_FAMILIES);
    entry->kind = kind;
    entry->families[entry->n_families++] = (uint16_t)family;
}

static void
add_histogram(OpenmetricsIndex *self, size_t family)
{
    const char *field = openmetrics_families[family].field;
    g_autofree char *start = g_strconcat(field, ".bin.<n>.start", NULL);
    g_autofree char *count = g_strconcat(field, ".bin.<n>.value", NULL);

    add_family(self, start, OPENMETRICS_INDEX_START, family);
    add_family(self, count, OPENMETRICS_INDEX_COUNT, family);
}

static int
add_slot(OpenmetricsIndex *self, const char *field, OpenmetricsFamilyScope scope)
{
    OpenmetricsIndexEntry *entry = get_entry(self, field, scope);

    if (entry->slot < 0)
        entry->slot = self->scopes[scope].n_slots++;
    g_assert(self->scopes[scope].n_slots <= OPENMETRICS_LIMIT_LABEL_SLOTS);
    return entry->slot;
}

static void
add_slots(OpenmetricsIndex *self, const char *fields, OpenmetricsFamilyScope scope,
          int slots[OPENMETRICS_INDEX_SOURCES])
{
    g_auto(GStrv) words = g_strsplit(fields, "|", OPENMETRICS_INDEX_SOURCES);

    for (size_t i = 0; words[i] != NULL; i++)
        slots[i] = add_slot(self, words[i], scope);
}

typedef struct {
    const char *word;
    OpenmetricsIndexFrom from;
} FromWord;

static const FromWord from_words[] = {
    {"@device", OPENMETRICS_INDEX_FROM_DEVICE}, {"@domain", OPENMETRICS_INDEX_FROM_DOMAIN},
    {"@name", OPENMETRICS_INDEX_FROM_NAME},     {"@uuid", OPENMETRICS_INDEX_FROM_UUID},
    {"@health", OPENMETRICS_INDEX_FROM_HEALTH}, {"@reason", OPENMETRICS_INDEX_FROM_REASON},
    {"@by", OPENMETRICS_INDEX_FROM_BY},         {"@version", OPENMETRICS_INDEX_FROM_VERSION},
};

/* @text: "label=source ", to its blank or end. */
static OpenmetricsIndexLabel
make_label(OpenmetricsIndex *self, const char *text, OpenmetricsFamilyScope scope)
{
    OpenmetricsIndexLabel label = {.name = text, .slots = {-1, -1}};
    g_autofree char *source = NULL;

    label.name_length = strcspn(text, "=") + 1;
    source = g_strndup(text + label.name_length, strcspn(text + label.name_length, " "));
    if (*source == '\'') {
        label.from = OPENMETRICS_INDEX_FROM_WORD;
        label.word = text + label.name_length + 1;
        label.word_length = strcspn(label.word, "'");
        return label;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(from_words); i++)
        if (strcmp(from_words[i].word, source) == 0) {
            label.from = from_words[i].from;
            return label;
        }
    label.from = OPENMETRICS_INDEX_FROM_SLOT;
    add_slots(self, source, scope, label.slots);
    return label;
}

static void
clear_info(gpointer data)
{
    OpenmetricsIndexInfo *info = data;

    g_array_unref(info->labels);
}

static void
add_info(OpenmetricsIndex *self, size_t family)
{
    const OpenmetricsFamily *row = &openmetrics_families[family];
    OpenmetricsIndexInfo info = {.family = (uint16_t)family};
    const char *text = row->labels;

    info.labels = g_array_new(FALSE, FALSE, sizeof(OpenmetricsIndexLabel));
    while (*text != '\0') {
        OpenmetricsIndexLabel label = make_label(self, text, row->scope);

        g_array_append_val(info.labels, label);
        text += strcspn(text, " ");
        text += strspn(text, " ");
    }
    g_array_append_val(self->scopes[row->scope].infos, info);
}

static void
add_scope(OpenmetricsIndex *self, OpenmetricsFamilyScope id)
{
    Scope *scope = &self->scopes[id];
    const char *source = openmetrics_shape_source_fields(id);

    scope->infos = g_array_new(FALSE, FALSE, sizeof(OpenmetricsIndexInfo));
    g_array_set_clear_func(scope->infos, clear_info);
    scope->name_slot = -1;
    for (size_t i = 0; i < OPENMETRICS_INDEX_SOURCES; i++)
        scope->source_slots[i] = -1;
    if (openmetrics_shape_name_field(id) != NULL)
        scope->name_slot = add_slot(self, openmetrics_shape_name_field(id), id);
    if (openmetrics_shape_part_field(id) != NULL)
        get_entry(self, openmetrics_shape_part_field(id), id)->kind = OPENMETRICS_INDEX_PART;
    if (source != NULL)
        add_slots(self, source, id, scope->source_slots);
}

/* So that a field which a peer calls like one of them is not taken for it. */
static void
mark_self(OpenmetricsIndex *self)
{
    for (size_t i = 0; i < OPENMETRICS_SELF_N_WORDS; i++) {
        Key key = make_pattern_key(openmetrics_self[i].word);
        Pattern *pattern = find(self, &key);

        if (pattern != NULL)
            pattern->entry.kind = OPENMETRICS_INDEX_SELF;
    }
}

OpenmetricsIndex *
openmetrics_index_new(unsigned int sets, bool with_kvm)
{
    OpenmetricsIndex *self = g_new0(OpenmetricsIndex, 1);

    self->patterns = g_ptr_array_new_with_free_func(g_free);
    self->has_stats = with_kvm;
    for (size_t i = 0; i < OPENMETRICS_FAMILY_N_SCOPES; i++)
        add_scope(self, (OpenmetricsFamilyScope)i);
    for (size_t i = 0; i < openmetrics_n_families; i++) {
        const OpenmetricsFamily *family = &openmetrics_families[i];

        if ((family->sets & sets) == 0)
            continue;
        if (family->labels != NULL)
            add_info(self, i);
        else if (family->type == OPENMETRICS_FAMILY_HISTOGRAM)
            add_histogram(self, i);
        else
            add_family(self, family->field, OPENMETRICS_INDEX_SAMPLE, i);
    }
    mark_self(self);
    return self;
}

void
openmetrics_index_free(OpenmetricsIndex *self)
{
    if (self == NULL)
        return;
    for (size_t i = 0; i < OPENMETRICS_FAMILY_N_SCOPES; i++)
        g_array_unref(self->scopes[i].infos);
    g_ptr_array_unref(self->patterns);
    g_free(self);
}

/* The name of a statistic is the last word but one: "vcpu.#.exits.sum" is "vcpu.#.*.sum". Neither
 * word is a number, so both are as long in @key as in @field. */
static bool
find_stat(const OpenmetricsIndex *self, const char *field, Key *key, OpenmetricsIndexHit *hit)
{
    const char *last = strrchr(field, '.');
    const char *stat = last;
    const char *key_last = NULL;
    const Pattern *pattern = NULL;
    size_t length = 0;

    while (stat != NULL && stat > field && stat[-1] != '.')
        stat--;
    if (stat == NULL || stat == field || stat == last || g_ascii_isdigit(*stat) ||
        g_ascii_isdigit(last[1]))
        return false;
    length = (size_t)(last - stat);
    key_last = key->text + key->length - strlen(last);
    memmove(key->text + key->length - strlen(last) - length + 1, key_last, strlen(last));
    key->text[key->length - strlen(last) - length] = '*';
    key->length -= length - 1;
    hash_key(key);
    pattern = find(self, key);
    hit->entry = pattern != NULL ? &pattern->entry : NULL;
    hit->stat_at = (uint8_t)(stat - field);
    hit->stat_length = (uint8_t)length;
    return hit->entry != NULL;
}

bool
openmetrics_index_find(const OpenmetricsIndex *self, const char *field,
                       OpenmetricsIndexHit *ret_hit)
{
    OpenmetricsIndexHit hit = {.entry = NULL};
    const Pattern *pattern = NULL;
    Key key;

    if (!make_key(field, &key, hit.numbers))
        return false;
    pattern = find(self, &key);
    if (pattern != NULL)
        hit.entry = &pattern->entry;
    else if (!self->has_stats || !find_stat(self, field, &key, &hit))
        return false;
    *ret_hit = hit;
    return true;
}

const OpenmetricsIndexInfo *
openmetrics_index_infos(const OpenmetricsIndex *self, OpenmetricsFamilyScope scope, size_t *ret_n)
{
    const GArray *infos = self->scopes[scope].infos;

    *ret_n = infos->len;
    return (const OpenmetricsIndexInfo *)(const void *)infos->data;
}

int
openmetrics_index_name_slot(const OpenmetricsIndex *self, OpenmetricsFamilyScope scope)
{
    return self->scopes[scope].name_slot;
}

const int *
openmetrics_index_source_slots(const OpenmetricsIndex *self, OpenmetricsFamilyScope scope)
{
    return self->scopes[scope].source_slots;
}
