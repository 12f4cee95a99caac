/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_series_text: see top_series_text.h.
 *
 * How it works
 *
 * {"began_us":.., "ended_us":.., "wall_us":.., "left_out":.., "blind_spot":.., "error":..,
 * "processors":.., "domains":[{"name":.., "uuid":.., ..., "values":{"cpu.time":..,
 * "block.0.name":"vda", ..}}, ..]}
 *
 * Fields have the names that they have in records. What is absent, or is not of its type or range,
 * is not known; only a round without times or without a list of domains is refused.
 */
#include "top_series_text.h"

#include <inttypes.h>
#include <string.h>

#include "cli/cli_escape.h"
#include "top_limits.h"
#include "util/util_error.h"
#include "util/util_json.h"

#define MAX_DEPTH   6
#define MAX_TIME_US (INT64_C(1) << 60) /* so that differences do not overflow */

static void
append_text(GString *out, const char *name, const char *text)
{
    g_string_append_printf(out, ",\"%s\":", name);
    cli_escape_append_json(out, text);
}

static void
append_count(GString *out, const char *name, UtilCount count)
{
    if (count.is_present)
        g_string_append_printf(out, ",\"%s\":%" PRIu64, name, count.value);
}

/* The name of a field; @pattern has a '#' in place of @number. */
static void
append_field(GString *out, const char *pattern, unsigned int number, const char *between)
{
    const char *mark = strchr(pattern, '#');

    g_string_append_printf(out, "%s\"", between);
    if (mark == NULL)
        g_string_append(out, pattern);
    else
        g_string_append_printf(out, "%.*s%u%s", (int)(mark - pattern), pattern, number, mark + 1);
    g_string_append(out, "\":");
}

static void
append_values_of(GString *out, TopFieldKind kind, const TopSampleDomain *domain,
                 const TopSampleUnit *unit)
{
    for (size_t i = 0; i < TOP_N_FIELDS; i++) {
        UtilCount value = {0};

        if (top_field_kind((TopField)i) != kind)
            continue;
        value = top_sample_value(domain, unit, (TopField)i);
        if (!value.is_present)
            continue;
        append_field(out, top_field_pattern((TopField)i), unit != NULL ? unit->number : 0,
                     out->str[out->len - 1] == '{' ? "" : ",");
        g_string_append_printf(out, "%" PRIu64, value.value);
    }
}

static void
append_bin(GString *out, const TopBinsPlace *place, UtilCount value)
{
    if (value.is_present)
        g_string_append_printf(out, "%s\"block.%u.latency_histogram.%s.bin.%u.%s\":%" PRIu64,
                               out->str[out->len - 1] == '{' ? "" : ",", place->disk,
                               top_bins_kind_name(place->kind), place->bin,
                               place->is_start ? "start" : "value", value.value);
}

static void
append_bins(GString *out, const TopSampleUnit *unit)
{
    for (size_t kind = 0; kind < TOP_BINS_N_KINDS; kind++) {
        const TopBins *bins = unit->bins[kind];

        for (size_t i = 0; bins != NULL && bins->is_whole && i < bins->n; i++) {
            TopBinsPlace place = {unit->number, (TopBinsKind)kind, (unsigned int)i, true};

            append_bin(out, &place, bins->starts_ns[i]);
            place.is_start = false;
            append_bin(out, &place, bins->counts[i]);
        }
    }
}

static void
append_units(GString *out, TopFieldKind kind, const TopSampleDomain *domain)
{
    static const char *const names[TOP_FIELD_N_KINDS] = {
        [TOP_FIELD_KIND_DISK] = "block.#.name", [TOP_FIELD_KIND_NIC] = "net.#.name"};

    for (size_t i = 0; i < top_sample_count_units(domain, kind); i++) {
        const TopSampleUnit *unit = top_sample_unit(domain, kind, i);

        if (unit->name != NULL && names[kind] != NULL) {
            append_field(out, names[kind], unit->number, out->str[out->len - 1] == '{' ? "" : ",");
            cli_escape_append_json(out, unit->name);
        }
        append_values_of(out, kind, domain, unit);
        append_bins(out, unit);
    }
}

static void
append_domain(GString *out, const TopSampleDomain *domain)
{
    g_string_append(out, "{\"name\":");
    cli_escape_append_json(out, domain->name);
    append_text(out, "uuid", domain->uuid);
    g_string_append_printf(out, ",\"id\":%d,\"pid\":%d,\"start_ticks\":%" PRIu64, domain->id,
                           domain->pid, domain->start_ticks);
    append_text(out, "health", domstats_health_to_string(domain->health));
    append_text(out, "reason_code", domstats_reason_to_string(domain->reason_code));
    if (domain->reason != NULL)
        append_text(out, "reason", domain->reason);
    if (domain->slice != NULL)
        append_text(out, "slice", domain->slice);
    append_text(out, "answered_by", domstats_answered_by_to_string(domain->answered_by));
    g_string_append_printf(out, ",\"missing\":%u,\"at_us\":%" PRId64 ",\"values\":{",
                           domain->missing, domain->at_us);
    append_values_of(out, TOP_FIELD_KIND_DOMAIN, domain, NULL);
    for (size_t kind = TOP_FIELD_KIND_VCPU; kind < TOP_FIELD_N_KINDS; kind++)
        append_units(out, (TopFieldKind)kind, domain);
    g_string_append(out, "}}");
}

void
top_series_text_append(GString *out, const TopSample *sample)
{
    g_string_append_printf(
        out, "{\"began_us\":%" PRId64 ",\"ended_us\":%" PRId64 ",\"wall_us\":%" PRId64,
        sample->began_us, sample->ended_us, sample->wall_us);
    g_string_append_printf(out, ",\"left_out\":%zu", sample->n_left_out);
    append_count(out, "busy_ticks", sample->host.busy_ticks);
    append_count(out, "all_ticks", sample->host.all_ticks);
    append_count(out, "processors", sample->host.n_processors);
    append_count(out, "memory_kib", sample->host.memory_kib);
    append_count(out, "memory_available_kib", sample->host.memory_available_kib);
    if (sample->blind_spot != NULL)
        append_text(out, "blind_spot", sample->blind_spot);
    if (sample->error != NULL)
        append_text(out, "error", sample->error);
    g_string_append(out, ",\"domains\":[");
    for (size_t i = 0; i < sample->domains->len; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        append_domain(out, g_ptr_array_index(sample->domains, i));
    }
    g_string_append(out, "]}\n");
}

/* A time from 0 on; 0 if it is none. */
static int64_t
read_time(const UtilJson *object, const char *name)
{
    int64_t time_us = 0;

    if (!util_json_member_int64(object, name, &time_us) || time_us < 0 || time_us > MAX_TIME_US)
        return 0;
    return time_us;
}

static int
read_int(const UtilJson *object, const char *name, int otherwise)
{
    int64_t number = 0;

    if (!util_json_member_int64(object, name, &number) || number < 0 || number > INT_MAX)
        return otherwise;
    return (int)number;
}

/* The number to which @to_string gives the text; @otherwise if there is none below @n. */
#define READ_WORD(object, name, type, n, to_string, otherwise)                                     \
    ({                                                                                             \
        const char *word = util_json_member_string((object), (name));                              \
        type found = (otherwise);                                                                  \
        for (int each = 0; word != NULL && each < (n); each++)                                     \
            if (strcmp(to_string((type)each), word) == 0)                                          \
                found = (type)each;                                                                \
        found;                                                                                     \
    })

static void
read_value(const char *name, const UtilJson *value, void *data)
{
    TopSampleDomain *domain = data;
    TopFieldKind kind = TOP_FIELD_KIND_DOMAIN;
    unsigned int number = 0;
    UtilCount count = util_json_count(value);
    const char *text = util_json_string(value);

    if (text != NULL && top_field_is_unit_name(name, &kind, &number))
        top_sample_domain_set_name(domain, kind, number, text);
    else if (count.is_present)
        top_sample_domain_set_by_name(domain, name, count.value);
}

static TopSampleDomain *
read_domain(const UtilJson *object, int64_t ended_us)
{
    const char *uuid = util_json_member_string(object, "uuid");
    UtilCount start_ticks = util_json_member_count(object, "start_ticks");
    UtilCount missing = util_json_member_count(object, "missing");
    TopSampleDomain *self = top_sample_domain_new(util_json_member_string(object, "name"),
                                                  util_json_member_string(object, "reason"));

    if (uuid != NULL && g_utf8_validate(uuid, -1, NULL) && strlen(uuid) < sizeof(self->uuid))
        g_strlcpy(self->uuid, uuid, sizeof(self->uuid));
    top_sample_domain_set_slice(self, util_json_member_string(object, "slice"));
    self->id = read_int(object, "id", -1);
    self->pid = read_int(object, "pid", 0);
    self->start_ticks = start_ticks.is_present ? start_ticks.value : 0;
    self->health = READ_WORD(object, "health", DomstatsHealth, DOMSTATS_HEALTH_NO_DOMAIN + 1,
                             domstats_health_to_string, DOMSTATS_HEALTH_SLOW);
    self->reason_code =
        READ_WORD(object, "reason_code", DomstatsReason, DOMSTATS_REASON_REFUSED + 1,
                  domstats_reason_to_string, DOMSTATS_REASON_OTHER);
    self->answered_by =
        READ_WORD(object, "answered_by", DomstatsAnsweredBy, DOMSTATS_ANSWERED_BY_SERVICE + 1,
                  domstats_answered_by_to_string, DOMSTATS_ANSWERED_BY_NONE);
    self->missing = missing.is_present ? (unsigned int)(missing.value & UINT_MAX) : 0;
    self->at_us = MIN(read_time(object, "at_us"), ended_us);
    util_json_foreach(util_json_member(object, "values"), read_value, self);
    return self;
}

static TopHost
read_host(const UtilJson *object)
{
    return (TopHost){
        .busy_ticks = util_json_member_count(object, "busy_ticks"),
        .all_ticks = util_json_member_count(object, "all_ticks"),
        .n_processors = util_json_member_count(object, "processors"),
        .memory_kib = util_json_member_count(object, "memory_kib"),
        .memory_available_kib = util_json_member_count(object, "memory_available_kib"),
    };
}

TopSample *
top_series_text_parse(const char *text, size_t size, GError **error)
{
    g_autoptr(UtilJson) round = util_json_parse(text, size, MAX_DEPTH, error);
    const UtilJson *domains = util_json_member(round, "domains");
    const TopHost host = read_host(round);
    const char *failure = util_json_member_string(round, "error");
    UtilCount left_out = util_json_member_count(round, "left_out");
    const TopSampleTimes times = {
        .began_us = read_time(round, "began_us"),
        .ended_us = read_time(round, "ended_us"),
        .wall_us = read_time(round, "wall_us"),
    };
    TopSample *sample = NULL;

    if (round == NULL)
        return NULL;
    if (util_json_kind(domains) != UTIL_JSON_ARRAY || times.ended_us < times.began_us ||
        times.ended_us == 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "this is no round of domstats top");
        return NULL;
    }
    if (failure != NULL)
        return top_sample_new_failed(&times, &host, failure);
    sample = top_sample_new_empty(&times, &host, util_json_member_string(round, "blind_spot"));
    for (size_t i = 0; i < util_json_length(domains); i++)
        top_sample_add(sample, read_domain(util_json_element(domains, i), times.ended_us));
    sample->n_left_out += left_out.is_present ? MIN(left_out.value, INT_MAX) : 0;
    return sample;
}
