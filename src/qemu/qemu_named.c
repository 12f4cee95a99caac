/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_named: finds the domains that the words of a call name.
 *
 * Owns copies of the words, and references to the domains. The words are looked up once, before the
 * jobs are made: a domain may get another name while it is asked. Each domain is looked up in
 * tables of the words, so the work grows with the sum of both, not with their product.
 */
#include "qemu_named.h"

#include <limits.h>

#include "domstats_record.h"
#include "qemu_record.h"

/* What a word may be, in the order in which that is tried. */
typedef enum {
    BY_ID,
    BY_UUID,
    BY_NAME,
    BY_SOURCE,
    BY_MONITOR,
    N_KINDS,
} Kind;

/* One word, however often it was given. */
typedef struct {
    char *text;
    int id;                    /* @text as a number; 0: it is none */
    GPtrArray *found[N_KINDS]; /* QemuDomain references; NULL: none */
} Word;

struct QemuNamed {
    GPtrArray *words;   /* Word *, in the order given; the same pointer for the same text */
    GHashTable *texts;  /* text -> Word, owned */
    GHashTable *uuids;  /* text in lower case -> Word */
    GHashTable *ids;    /* id -> GPtrArray of Word: "7" and "07" are one id */
    bool has_addresses; /* a word may be the address of a monitor */
    GPtrArray *domains; /* QemuDomain *, referenced by the words */
};

static void
unref_domain(gpointer data)
{
    qemu_domain_unref(data);
}

static void
free_list(gpointer data)
{
    g_ptr_array_unref(data);
}

static void
free_word(gpointer data)
{
    Word *word = data;

    for (size_t kind = 0; kind < N_KINDS; kind++)
        g_clear_pointer(&word->found[kind], g_ptr_array_unref);
    g_free(word->text);
    g_free(word);
}

/* Adds @word to the table of ids if it is a number. */
static void
add_id(QemuNamed *self, Word *word)
{
    guint64 id = 0;
    GPtrArray *same = NULL;

    if (!g_ascii_string_to_unsigned(word->text, 10, 1, INT_MAX, &id, NULL))
        return;
    word->id = (int)id;
    same = g_hash_table_lookup(self->ids, &word->id);
    if (same == NULL) {
        same = g_ptr_array_new();
        g_hash_table_insert(self->ids, &word->id, same);
    }
    g_ptr_array_add(same, word);
}

static void
add_uuid(QemuNamed *self, Word *word)
{
    if (g_uuid_string_is_valid(word->text))
        g_hash_table_insert(self->uuids, g_ascii_strdown(word->text, -1), word);
}

static bool
is_address(const char *text)
{
    return text[0] == '/' || text[0] == '@' || g_str_has_prefix(text, "tcp:");
}

static void
add_word(QemuNamed *self, const char *text)
{
    Word *word = g_hash_table_lookup(self->texts, text);

    if (word == NULL) {
        word = g_new0(Word, 1);
        word->text = g_strdup(text);
        g_hash_table_insert(self->texts, word->text, word);
        add_id(self, word);
        add_uuid(self, word);
        self->has_addresses |= is_address(text);
    }
    g_ptr_array_add(self->words, word);
}

/* Notes that @word, which may be NULL, names @domain by @kind. */
static void
note(Word *word, Kind kind, QemuDomain *domain)
{
    if (word == NULL)
        return;
    if (word->found[kind] == NULL)
        word->found[kind] = g_ptr_array_new_with_free_func(unref_domain);
    g_ptr_array_add(word->found[kind], qemu_domain_ref(domain));
}

/* Finds the words that are the address of a monitor of @domain, as QEMU or as we know it. */
static void
match_monitors(const QemuNamed *self, QemuDomain *domain)
{
    const GPtrArray *places = domain->endpoint->places;

    for (guint i = 0; i < places->len; i++) {
        const QemuEndpointPlace *place = g_ptr_array_index(places, i);

        note(g_hash_table_lookup(self->texts, place->connect_path), BY_MONITOR, domain);
        if (!g_str_equal(place->bound_path, place->connect_path))
            note(g_hash_table_lookup(self->texts, place->bound_path), BY_MONITOR, domain);
    }
}

/* Finds the words that name @domain. */
static void
match(QemuNamed *self, QemuDomain *domain)
{
    g_autofree char *uuid = NULL;
    const GPtrArray *same_id = NULL;

    pthread_mutex_lock(&domain->identity_lock);
    uuid = g_ascii_strdown(domain->uuid, -1);
    if (domain->id > 0)
        same_id = g_hash_table_lookup(self->ids, &domain->id);
    for (guint i = 0; same_id != NULL && i < same_id->len; i++)
        note(g_ptr_array_index(same_id, i), BY_ID, domain);
    note(g_hash_table_lookup(self->uuids, uuid), BY_UUID, domain);
    note(g_hash_table_lookup(self->texts, domain->name), BY_NAME, domain);
    note(g_hash_table_lookup(self->texts, domain->endpoint->name), BY_SOURCE, domain);
    if (self->has_addresses)
        match_monitors(self, domain);
    pthread_mutex_unlock(&domain->identity_lock);
}

/* The domains that @word names; NULL: none. */
static const GPtrArray *
domains_of(const Word *word)
{
    for (size_t kind = 0; kind < N_KINDS; kind++)
        if (word->found[kind] != NULL)
            return word->found[kind];
    return NULL;
}

/* Lists each named domain once. */
static void
list_domains(QemuNamed *self)
{
    g_autoptr(GHashTable) listed = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < self->words->len; i++) {
        const GPtrArray *found = domains_of(g_ptr_array_index(self->words, i));

        for (guint j = 0; found != NULL && j < found->len; j++)
            if (g_hash_table_add(listed, g_ptr_array_index(found, j)))
                g_ptr_array_add(self->domains, g_ptr_array_index(found, j));
    }
}

QemuNamed *
qemu_named_find(const char *const *words, const GPtrArray *domains)
{
    QemuNamed *self = g_new0(QemuNamed, 1);

    self->words = g_ptr_array_new();
    self->texts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_word);
    self->uuids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    self->ids = g_hash_table_new_full(g_int_hash, g_int_equal, NULL, free_list);
    self->domains = g_ptr_array_new();
    for (; *words != NULL; words++)
        add_word(self, *words);
    for (guint i = 0; i < domains->len; i++)
        match(self, g_ptr_array_index(domains, i));
    list_domains(self);
    return self;
}

void
qemu_named_free(QemuNamed *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->domains);
    g_hash_table_unref(self->ids);
    g_hash_table_unref(self->uuids);
    g_ptr_array_unref(self->words);
    g_hash_table_unref(self->texts);
    g_free(self);
}

bool
qemu_named_has_all(const QemuNamed *self)
{
    for (guint i = 0; i < self->words->len; i++)
        if (domains_of(g_ptr_array_index(self->words, i)) == NULL)
            return false;
    return true;
}

const GPtrArray *
qemu_named_domains(const QemuNamed *self)
{
    return self->domains;
}

/* Adds copies of the records of @found. False with the refusal of a job that has one. */
static bool
add_records(GPtrArray *records, const GPtrArray *found, GHashTable *jobs, GError **error)
{
    for (guint i = 0; i < found->len; i++) {
        QemuJob *job = g_hash_table_lookup(jobs, g_ptr_array_index(found, i));

        if (job == NULL)
            continue;
        if (job->refusal != NULL) {
            g_propagate_error(error, g_steal_pointer(&job->refusal));
            return false;
        }
        if (job->record != NULL)
            g_ptr_array_add(records, domstats_record_copy(job->record));
    }
    return true;
}

GPtrArray *
qemu_named_collect(const QemuNamed *self, const GPtrArray *jobs, GError **error)
{
    g_autoptr(GPtrArray) records = qemu_record_list_new();
    g_autoptr(GHashTable) by_domain = g_hash_table_new(NULL, NULL);

    for (guint i = 0; i < jobs->len; i++) {
        QemuJob *job = g_ptr_array_index(jobs, i);

        g_hash_table_insert(by_domain, job->domain, job);
    }
    for (guint i = 0; i < self->words->len; i++) {
        const Word *word = g_ptr_array_index(self->words, i);
        const GPtrArray *found = domains_of(word);

        if (found == NULL)
            g_ptr_array_add(records,
                            qemu_record_make_no_domain(word->text, util_deadline_wall_us()));
        else if (!add_records(records, found, by_domain, error))
            return NULL;
    }
    return g_steal_pointer(&records);
}
