/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * openmetrics_writer: see openmetrics_writer.h.
 */
#include "openmetrics_writer.h"

#include <string.h>

#include "openmetrics_domain.h"
#include "openmetrics_record.h"

enum { N_HEALTHS = DOMSTATS_HEALTH_NO_DOMAIN + 1 };

/* Every domain that runs has these. */
#define UNIVERSAL                                                                                  \
    (VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_CPU_TOTAL | VIR_DOMAIN_STATS_BALLOON |              \
     VIR_DOMAIN_STATS_VCPU | VIR_DOMAIN_STATS_INTERFACE | VIR_DOMAIN_STATS_BLOCK)

typedef struct {
    const char *word;
    unsigned int set;
    unsigned int groups; /* that its families are made of, without statistics of KVM */
} Names;

static const Names names[] = {
    [OPENMETRICS_WRITER_NAMES_DOMSTATS] = {"domstats", OPENMETRICS_FAMILY_NATIVE,
                                           UNIVERSAL | VIR_DOMAIN_STATS_PERF |
                                               VIR_DOMAIN_STATS_IOTHREAD | VIR_DOMAIN_STATS_MEMORY |
                                               VIR_DOMAIN_STATS_DIRTYRATE},
    [OPENMETRICS_WRITER_NAMES_LIBVIRT] = {"libvirt", OPENMETRICS_FAMILY_LIBVIRT, UNIVERSAL},
    [OPENMETRICS_WRITER_NAMES_KUMINA] = {"kumina", OPENMETRICS_FAMILY_KUMINA, UNIVERSAL},
};

bool
openmetrics_writer_parse_names(const char *word, OpenmetricsWriterNames *ret_names)
{
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (strcmp(names[i].word, word) == 0) {
            *ret_names = (OpenmetricsWriterNames)i;
            return true;
        }
    return false;
}

unsigned int
openmetrics_writer_groups(OpenmetricsWriterNames which, bool with_kvm)
{
    return with_kvm && names[which].set == OPENMETRICS_FAMILY_NATIVE ? 0 : names[which].groups;
}

unsigned int
openmetrics_writer_judged(void)
{
    return UNIVERSAL;
}

/* How many domains there are, by their health; a word that no domain has is no domain. */
typedef struct {
    int64_t n_known;
    int64_t n_active;
    int64_t n_by_health[N_HEALTHS];
} Counts;

static void
count(Counts *counts, const DomstatsRecord *record)
{
    if ((int)record->health < N_HEALTHS)
        counts->n_by_health[record->health]++;
    if (record->health == DOMSTATS_HEALTH_NO_DOMAIN)
        return;
    counts->n_known++;
    if (openmetrics_self_state(record) != VIR_DOMAIN_SHUTOFF)
        counts->n_active++;
}

static void
add_host(OpenmetricsRecordMaker *maker, const OpenmetricsWriterInput *input, const Counts *counts)
{
    const struct {
        OpenmetricsSelfId id;
        int64_t value;
    } values[] = {
        {OPENMETRICS_SELF_TIME, input->round_us},
        {OPENMETRICS_SELF_BLIND_SPOT, input->blind_spot != NULL},
        {OPENMETRICS_SELF_KNOWN, counts->n_known},
        {OPENMETRICS_SELF_ANSWERED, counts->n_by_health[DOMSTATS_HEALTH_OK]},
        {OPENMETRICS_SELF_ACTIVE, counts->n_active},
        {OPENMETRICS_SELF_UP, 1},
    };

    openmetrics_record_add_host_infos(maker);
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++)
        openmetrics_record_add_self(maker, values[i].id, NULL, values[i].value);
    for (size_t i = 0; i < N_HEALTHS; i++)
        openmetrics_record_add_self(maker, OPENMETRICS_SELF_HEALTH,
                                    domstats_health_to_string((DomstatsHealth)i),
                                    counts->n_by_health[i]);
}

GBytes *
openmetrics_writer_make(const OpenmetricsWriterInput *input)
{
    unsigned int set = names[input->names].set;
    g_autoptr(OpenmetricsIndex) index =
        openmetrics_index_new(OPENMETRICS_FAMILY_COMMON | set, input->with_kvm);
    g_autoptr(GPtrArray) labels = openmetrics_domain_make_labels(input->records, input->n_records);
    g_auto(OpenmetricsOutput) output = {0};
    g_auto(OpenmetricsRecordMaker) maker = {0};
    Counts counts = {0};

    openmetrics_output_init(&output);
    openmetrics_record_init(&maker, index, &output, set, input->version, input->now_us);
    maker.judged = input->judged != 0 ? input->judged : ~0U;
    for (size_t i = 0; i < input->n_records; i++) {
        if (g_ptr_array_index(labels, i) == NULL)
            continue;
        openmetrics_record_add(&maker, input->records[i], g_ptr_array_index(labels, i));
        count(&counts, input->records[i]);
    }
    add_host(&maker, input, &counts);
    return openmetrics_output_finish(&output, input->dialect);
}
