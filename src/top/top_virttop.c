/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * top_virttop: see top_virttop.h.
 */
#include "top_virttop.h"

#include <inttypes.h>
#include <sys/utsname.h>

#include "top_compute.h"
#include "top_csv.h"
#include "top_summary.h"

/* How the values of a domain are found. */
typedef struct {
    TopField fields[2];
    bool is_growth; /* since the round before; else the latest value */
} Value;

static const Value cpu_time = {{TOP_FIELD_DOMAIN_CPU_TIME, TOP_N_FIELDS}, true};
static const Value memory = {{TOP_FIELD_DOMAIN_MEMORY_CURRENT, TOP_N_FIELDS}, false};
static const Value traffic[] = {
    {{TOP_FIELD_DISK_RD_REQS, TOP_N_FIELDS}, true},
    {{TOP_FIELD_DISK_WR_REQS, TOP_N_FIELDS}, true},
    {{TOP_FIELD_NIC_RX_BYTES, TOP_N_FIELDS}, true},
    {{TOP_FIELD_NIC_TX_BYTES, TOP_N_FIELDS}, true},
};

/* What all domains have together. */
typedef struct {
    double cpu_ns;
    double memory_kib;
    double seconds; /* since the round before; 0: not known */
} Totals;

static bool
find(const TopModelEntry *entry, const Value *value, double *ret_number)
{
    return value->is_growth ? top_compute_growth(&entry->seen, NULL, value->fields, ret_number)
                            : top_compute_value(&entry->answered, NULL, value->fields, ret_number);
}

static bool
is_active(const TopModelEntry *entry)
{
    UtilCount state = top_sample_value(entry->answered.now, NULL, TOP_FIELD_DOMAIN_STATE);

    return entry->seen.now->id >= 0 && state.value != VIR_DOMAIN_SHUTOFF;
}

void
top_virttop_append_head(GString *out)
{
    g_string_append(out, "Hostname,Time,Arch,Physical CPUs,Count,Running,Blocked,Paused,Shutdown,"
                         "Shutoff,Crashed,Active,Inactive,%CPU,Total hardware memory (KB),"
                         "Total memory (KB),Total guest memory (KB),Total CPU time (ns),"
                         "Domain ID,Domain name,CPU (ns),%CPU,Mem (bytes),%Mem,"
                         "Block RDRQ,Block WRRQ,Net RXBY,Net TXBY\n");
}

static void
append_whole(GString *out, double number, bool is_known)
{
    g_string_append_c(out, ',');
    if (is_known)
        g_string_append_printf(out, "%.0f", number);
}

static void
append_fraction(GString *out, double number, bool is_known)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];

    g_string_append_c(out, ',');
    if (is_known)
        g_string_append(out, g_ascii_formatd(text, sizeof(text), "%.6g", number));
}

/* A CPU time in percent of all processors. */
static void
append_percent(GString *out, double cpu_ns, double seconds, UtilCount n_processors, bool is_known)
{
    is_known = is_known && seconds > 0 && n_processors.is_present;
    append_fraction(out, is_known ? cpu_ns / 1e7 / seconds / (double)MAX(n_processors.value, 1) : 0,
                    is_known);
}

static void
append_domain(GString *out, const TopModelEntry *entry, const TopHost *host)
{
    double cpu_ns = 0, memory_kib = 0, seconds = 0;
    bool has_cpu = find(entry, &cpu_time, &cpu_ns);
    bool has_memory = find(entry, &memory, &memory_kib);

    if (entry->seen.before != NULL)
        seconds = (double)(entry->seen.now->at_us - entry->seen.before->at_us) / G_USEC_PER_SEC;
    g_string_append_printf(out, ",%d,", entry->seen.now->id);
    top_csv_append_text(out, entry->seen.now->name);
    append_whole(out, cpu_ns, has_cpu);
    append_percent(out, cpu_ns, seconds, host->n_processors, has_cpu);
    append_whole(out, memory_kib, has_memory);
    has_memory = has_memory && host->memory_kib.is_present && host->memory_kib.value > 0;
    append_whole(out, has_memory ? memory_kib * 100 / (double)host->memory_kib.value : 0,
                 has_memory);
    for (size_t i = 0; i < G_N_ELEMENTS(traffic); i++) {
        double number = 0;
        bool is_known = find(entry, &traffic[i], &number);

        append_whole(out, number, is_known);
    }
}

static Totals
add_up(const TopModel *model)
{
    Totals totals = {0};

    for (size_t i = 0; i < model->n_entries; i++) {
        const TopModelEntry *entry = &model->entries[i];
        double number = 0;

        if (find(entry, &cpu_time, &number)) {
            totals.cpu_ns += number;
            totals.seconds = (double)(entry->seen.now->at_us - entry->seen.before->at_us) / 1e6;
        }
        if (is_active(entry) && find(entry, &memory, &number))
            totals.memory_kib += number;
    }
    return totals;
}

/* What virt-top calls the state of a domain that it does not know counts as nothing but active. */
static void
append_summary(GString *out, const TopModel *model)
{
    const TopHost *host = &model->sample->host;
    Totals totals = add_up(model);
    struct utsname system = {0};
    TopSummary summary = {0};
    g_autoptr(GDateTime) time =
        g_date_time_new_from_unix_local(model->sample->wall_us / G_USEC_PER_SEC);
    g_autofree char *clock = time != NULL ? g_date_time_format(time, "%H:%M:%S") : NULL;

    top_summary_make(model, &summary);
    (void)uname(&system);
    top_csv_append_text(out, system.nodename);
    g_string_append_printf(out, ",%s,%s,%" PRIu64 ",%zu", clock != NULL ? clock : "",
                           system.machine, host->n_processors.value, summary.n_domains);
    for (size_t state = VIR_DOMAIN_RUNNING; state <= VIR_DOMAIN_CRASHED; state++)
        g_string_append_printf(out, ",%zu", summary.n_by_state[state]);
    g_string_append_printf(out, ",%zu,%zu",
                           summary.n_domains - summary.n_by_state[VIR_DOMAIN_SHUTOFF],
                           summary.n_by_state[VIR_DOMAIN_SHUTOFF]);
    append_percent(out, totals.cpu_ns, totals.seconds, host->n_processors, true);
    append_whole(out, (double)host->memory_kib.value, host->memory_kib.is_present);
    append_whole(out, totals.memory_kib, true);
    append_whole(out, totals.memory_kib, true);
    append_whole(out, totals.cpu_ns, true);
}

static int
compare_ids(const void *a, const void *b)
{
    const TopModelEntry *one = *(const TopModelEntry *const *)a;
    const TopModelEntry *other = *(const TopModelEntry *const *)b;

    return (one->seen.now->id > other->seen.now->id) - (one->seen.now->id < other->seen.now->id);
}

static int
compare_ids_down(const void *a, const void *b)
{
    return compare_ids(b, a);
}

void
top_virttop_append(GString *out, TopModel *model, const TopOptions *options)
{
    g_autoptr(TopRows) rows = top_options_rows(options, model);
    g_autofree const TopModelEntry **entries = g_new0(const TopModelEntry *, rows->n + 1);
    size_t n = 0;

    if (model->error != NULL)
        return;
    for (size_t i = 0; i < rows->n; i++)
        if (is_active(rows->all[i].entry))
            entries[n++] = rows->all[i].entry;
    if (options->order == NULL)
        qsort(entries, n, sizeof(*entries), options->is_reversed ? compare_ids_down : compare_ids);
    append_summary(out, model);
    for (size_t i = 0; i < n; i++)
        append_domain(out, entries[i], &model->sample->host);
    g_string_append_c(out, '\n');
}
