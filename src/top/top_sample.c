/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_sample: see top_sample.h.
 */
#include "top_sample.h"

#include <string.h>

#include "top_limits.h"
#include "util/util_params.h"

/* The answers of a round that a service shares are no older when ours begins. */
#define MOST_SHARED_US (2 * INT64_C(1000) * DOMSTATS_DEFAULT_TIMEOUT_MS)

/* A copy of @text in valid UTF-8, of @most bytes at most. */
static char *
copy_text(const char *text, size_t most)
{
    g_autofree char *valid = g_utf8_make_valid(text, (gssize)strnlen(text, most));

    /* What is not valid becomes longer. */
    if (strlen(valid) <= most)
        return g_steal_pointer(&valid);
    while ((valid[most] & 0xC0) == 0x80)
        most--;
    valid[most] = '\0';
    return g_steal_pointer(&valid);
}

/* The bytes that a text takes; 0 for NULL. */
static size_t
count_text(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static void
free_unit(void *data)
{
    TopSampleUnit *unit = data;

    g_free(unit->name);
    for (size_t i = 0; i < TOP_BINS_N_KINDS; i++)
        g_free(unit->bins[i]);
    g_free(unit);
}

TopSampleDomain *
top_sample_domain_new(const char *name, const char *reason)
{
    TopSampleDomain *self = g_new0(TopSampleDomain, 1);

    util_refcount_init(&self->refs);
    self->name = copy_text(name != NULL ? name : "", TOP_MAX_NAME);
    self->reason = reason != NULL ? copy_text(reason, TOP_MAX_REASON) : NULL;
    self->id = -1;
    self->n_bytes = sizeof(*self) + count_text(self->name) + count_text(self->reason);
    for (size_t i = TOP_FIELD_KIND_VCPU; i < TOP_FIELD_N_KINDS; i++) {
        self->units[i] = g_ptr_array_new_with_free_func(free_unit);
    }
    return self;
}

TopSampleDomain *
top_sample_domain_new_unasked(const TopSampleDomain *like, const TopSample *failed)
{
    TopSampleDomain *self = top_sample_domain_new(like->name, failed->error);

    memcpy(self->uuid, like->uuid, sizeof(self->uuid));
    top_sample_domain_set_slice(self, like->slice);
    self->id = like->id;
    self->pid = like->pid;
    self->start_ticks = like->start_ticks;
    self->health = DOMSTATS_HEALTH_SLOW;
    self->reason_code = DOMSTATS_REASON_OTHER;
    self->answered_by = DOMSTATS_ANSWERED_BY_NONE;
    self->is_unasked = true;
    self->at_us = failed->ended_us;
    return self;
}

TopSampleDomain *
top_sample_domain_ref(TopSampleDomain *self)
{
    util_refcount_inc(&self->refs);
    return self;
}

void
top_sample_domain_unref(TopSampleDomain *self)
{
    if (self == NULL || !util_refcount_dec(&self->refs))
        return;
    g_free(self->name);
    g_free(self->reason);
    g_free(self->slice);
    for (size_t i = TOP_FIELD_KIND_VCPU; i < TOP_FIELD_N_KINDS; i++)
        g_ptr_array_unref(self->units[i]);
    g_free(self);
}

/* The place of the unit with that number, or where it would stand. */
static size_t
find_place(const GPtrArray *units, unsigned int number)
{
    size_t low = 0, high = units->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const TopSampleUnit *unit = g_ptr_array_index(units, middle);

        if (unit->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

TopSampleUnit *
top_sample_domain_unit(TopSampleDomain *self, TopFieldKind kind, unsigned int number)
{
    GPtrArray *units = self->units[kind];
    size_t place = find_place(units, number);
    size_t n_bytes = sizeof(TopSampleUnit) + top_field_count_of_kind(kind) * sizeof(UtilCount);
    TopSampleUnit *unit = place < units->len ? g_ptr_array_index(units, place) : NULL;

    if (unit != NULL && unit->number == number)
        return unit;
    if (units->len >= TOP_MAX_UNITS)
        return NULL;
    unit = g_malloc0(n_bytes);
    unit->number = number;
    self->n_bytes += n_bytes + sizeof(unit);
    g_ptr_array_insert(units, (gint)place, unit);
    return unit;
}

void
top_sample_domain_set(TopSampleDomain *self, TopField field, unsigned int number, uint64_t value)
{
    TopFieldKind kind = top_field_kind(field);
    UtilCount *values = self->values;

    if (kind != TOP_FIELD_KIND_DOMAIN) {
        TopSampleUnit *unit = top_sample_domain_unit(self, kind, number);

        values = unit != NULL ? unit->values : NULL;
    }
    if (values != NULL)
        values[top_field_place(field)] = util_count_of(value);
}

void
top_sample_domain_set_name(TopSampleDomain *self, TopFieldKind kind, unsigned int number,
                           const char *name)
{
    TopSampleUnit *unit = top_sample_domain_unit(self, kind, number);

    if (unit == NULL)
        return;
    self->n_bytes -= count_text(unit->name);
    g_free(unit->name);
    unit->name = copy_text(name, TOP_MAX_NAME);
    self->n_bytes += count_text(unit->name);
}

void
top_sample_domain_set_slice(TopSampleDomain *self, const char *slice)
{
    self->n_bytes -= count_text(self->slice);
    g_free(self->slice);
    self->slice = slice != NULL ? copy_text(slice, TOP_MAX_NAME) : NULL;
    self->n_bytes += count_text(self->slice);
}

void
top_sample_domain_set_bin(TopSampleDomain *self, const TopBinsPlace *place, uint64_t value)
{
    TopSampleUnit *unit = top_sample_domain_unit(self, TOP_FIELD_KIND_DISK, place->disk);

    if (unit == NULL)
        return;
    if (unit->bins[place->kind] == NULL) {
        unit->bins[place->kind] = g_new0(TopBins, 1);
        self->n_bytes += sizeof(TopBins);
    }
    top_bins_set(unit->bins[place->kind], place, value);
}

void
top_sample_domain_set_by_name(TopSampleDomain *self, const char *name, uint64_t value)
{
    TopField field = TOP_N_FIELDS;
    TopBinsPlace place = {0};
    unsigned int number = 0;

    if (top_field_find(name, &field, &number))
        top_sample_domain_set(self, field, number, value);
    else if (top_bins_find(name, &place))
        top_sample_domain_set_bin(self, &place, value);
}

static void
take_param(TopSampleDomain *domain, const virTypedParameter *param)
{
    TopFieldKind kind = TOP_FIELD_KIND_DOMAIN;
    unsigned int number = 0;
    uint64_t value = 0;

    if (param->type == VIR_TYPED_PARAM_STRING) {
        if (top_field_is_unit_name(param->field, &kind, &number) && param->value.s != NULL)
            top_sample_domain_set_name(domain, kind, number, param->value.s);
    } else if (util_params_read_count(param, &value)) {
        top_sample_domain_set_by_name(domain, param->field, value);
    }
}

/* How long before the end of the round the answer was taken. One that would be of the future, or
 * older than what a service still gives, shows that the wall clock was set meanwhile. */
static int64_t
find_age(const DomstatsRecord *record, const TopSampleTimes *times)
{
    int64_t age_us = times->wall_us - record->taken_us;
    int64_t most_us = times->ended_us - times->began_us + MOST_SHARED_US;

    return age_us >= 0 && age_us <= most_us ? age_us : 0;
}

static TopSampleDomain *
make_domain(const DomstatsRecord *record, const TopSampleTimes *times)
{
    TopSampleDomain *self = top_sample_domain_new(record->name, record->reason);

    memcpy(self->uuid, record->uuid, sizeof(self->uuid));
    self->id = record->id;
    self->pid = record->pid;
    self->start_ticks = record->start_ticks;
    self->health = record->health;
    self->reason_code = record->reason_code;
    self->answered_by = record->answered_by;
    self->missing = record->missing;
    self->at_us = times->ended_us - find_age(record, times);
    for (int i = 0; i < record->n_params; i++)
        take_param(self, &record->params[i]);
    return self;
}

static void
unref_domain(void *domain)
{
    top_sample_domain_unref(domain);
}

TopSample *
top_sample_new_empty(const TopSampleTimes *times, const TopHost *host, const char *blind_spot)
{
    TopSample *self = g_new0(TopSample, 1);

    util_refcount_init(&self->refs);
    self->domains = g_ptr_array_new_with_free_func(unref_domain);
    self->began_us = times->began_us;
    self->ended_us = times->ended_us;
    self->wall_us = times->wall_us;
    self->host = *host;
    self->blind_spot = blind_spot != NULL ? copy_text(blind_spot, TOP_MAX_REASON) : NULL;
    return self;
}

TopSample *
top_sample_new_failed(const TopSampleTimes *times, const TopHost *host, const char *error)
{
    TopSample *self = top_sample_new_empty(times, host, NULL);

    self->error = copy_text(error, TOP_MAX_REASON);
    return self;
}

void
top_sample_add(TopSample *self, TopSampleDomain *domain)
{
    if (self->domains->len < TOP_MAX_DOMAINS &&
        domain->n_bytes <= TOP_MAX_SAMPLE_BYTES - self->n_bytes) {
        self->n_bytes += domain->n_bytes;
        g_ptr_array_add(self->domains, domain);
        return;
    }
    self->n_left_out++;
    top_sample_domain_unref(domain);
}

TopSample *
top_sample_new(DomstatsRecord *const *records, size_t n_records, const TopSampleTimes *times,
               const TopHost *host, const char *blind_spot)
{
    TopSample *self = top_sample_new_empty(times, host, blind_spot);

    for (size_t i = 0; i < n_records; i++)
        top_sample_add(self, make_domain(records[i], times));
    return self;
}

TopSample *
top_sample_ref(TopSample *self)
{
    util_refcount_inc(&self->refs);
    return self;
}

void
top_sample_unref(TopSample *self)
{
    if (self == NULL || !util_refcount_dec(&self->refs))
        return;
    g_ptr_array_unref(self->domains);
    g_free(self->blind_spot);
    g_free(self->error);
    g_free(self);
}

UtilCount
top_sample_value(const TopSampleDomain *self, const TopSampleUnit *unit, TopField field)
{
    size_t place = top_field_place(field);

    if (top_field_kind(field) == TOP_FIELD_KIND_DOMAIN)
        return self != NULL ? self->values[place] : (UtilCount){0};
    return unit != NULL ? unit->values[place] : (UtilCount){0};
}

size_t
top_sample_count_units(const TopSampleDomain *self, TopFieldKind kind)
{
    return self != NULL && kind != TOP_FIELD_KIND_DOMAIN ? self->units[kind]->len : 0;
}

const TopSampleUnit *
top_sample_unit(const TopSampleDomain *self, TopFieldKind kind, size_t i)
{
    return g_ptr_array_index(self->units[kind], i);
}

/* Numbers move up when a device before is unplugged, so the name decides where there is one. */
const TopSampleUnit *
top_sample_find_unit(const TopSampleDomain *self, TopFieldKind kind, const TopSampleUnit *like)
{
    size_t n = top_sample_count_units(self, kind);
    size_t place = n > 0 ? find_place(self->units[kind], like->number) : 0;

    if (place < n && top_sample_unit(self, kind, place)->number == like->number &&
        g_strcmp0(top_sample_unit(self, kind, place)->name, like->name) == 0)
        return top_sample_unit(self, kind, place);
    for (size_t i = 0; like->name != NULL && i < n; i++)
        if (g_strcmp0(top_sample_unit(self, kind, i)->name, like->name) == 0)
            return top_sample_unit(self, kind, i);
    return NULL;
}

/* True if both are known and differ. */
static bool
differ(uint64_t a, uint64_t b)
{
    return a != 0 && b != 0 && a != b;
}

/* A manager counts its domains' starts in the id; -1: it has none. */
bool
top_sample_is_same_run(const TopSampleDomain *a, const TopSampleDomain *b)
{
    bool has_process = a->pid != 0 && b->pid != 0 && a->start_ticks != 0 && b->start_ticks != 0;

    if (strcmp(a->uuid, b->uuid) != 0 || differ((uint64_t)a->pid, (uint64_t)b->pid) ||
        differ(a->start_ticks, b->start_ticks))
        return false;
    return has_process || a->id < 0 || b->id < 0 || a->id == b->id;
}

bool
top_sample_has_answered(const TopSampleDomain *self)
{
    if (self->answered_by == DOMSTATS_ANSWERED_BY_NONE ||
        self->answered_by == DOMSTATS_ANSWERED_BY_HOST)
        return false;
    return self->health == DOMSTATS_HEALTH_OK ||
           (self->health == DOMSTATS_HEALTH_SLOW &&
            self->values[top_field_place(TOP_FIELD_DOMAIN_STATE)].is_present);
}
