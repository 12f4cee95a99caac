/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_openmetrics: what an exposition costs.
 *
 *   bench_openmetrics SOURCE N         asks SOURCE once, makes expositions of N domains of its
 *                                      records, and prints JSON: time and bytes, per set of names
 *   bench_openmetrics SOURCE print NAMES DIALECT [kvm]
 *                                      prints the exposition of what SOURCE has: NAMES is domstats,
 *                                      libvirt or kumina, DIALECT text or openmetrics
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "openmetrics/openmetrics_writer.h"

enum { N_REPEATS = 15 };

static const char *const names[] = {"domstats", "libvirt", "kumina"};

static int64_t
cpu_ns(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static size_t
count_records(DomstatsRecord *const *records)
{
    size_t n = 0;

    while (records[n] != NULL)
        n++;
    return n;
}

static size_t
count_samples(const char *text, size_t n_bytes)
{
    size_t n = 0;

    for (const char *line = text; line < text + n_bytes; n++) {
        const char *end = memchr(line, '\n', n_bytes - (size_t)(line - text));

        n -= *line == '#';
        line = end + 1;
    }
    return n;
}

/* As many domains as asked for, told apart by their names. */
static DomstatsRecord *
make_records(DomstatsRecord *const *records, size_t n)
{
    DomstatsRecord *made = g_new0(DomstatsRecord, n);
    size_t n_real = count_records(records);

    for (size_t i = 0; i < n; i++) {
        made[i] = *records[i % n_real];
        made[i].name = g_strdup_printf("%s-%zu", made[i].name, i);
    }
    return made;
}

static int64_t
measure(OpenmetricsWriterInput *input, size_t *ret_bytes, size_t *ret_samples)
{
    int64_t best = INT64_MAX;

    for (size_t i = 0; i < N_REPEATS; i++) {
        int64_t before = cpu_ns();
        g_autoptr(GBytes) made = openmetrics_writer_make(input);

        best = MIN(best, cpu_ns() - before);
        *ret_bytes = g_bytes_get_size(made);
        *ret_samples = count_samples(g_bytes_get_data(made, NULL), *ret_bytes);
    }
    return best;
}

static void
run(OpenmetricsWriterInput *input, DomstatsRecord *const *records, size_t n)
{
    DomstatsRecord *made = make_records(records, n);
    const DomstatsRecord **pointers = g_new0(const DomstatsRecord *, n);

    for (size_t i = 0; i < n; i++)
        pointers[i] = &made[i];
    input->records = pointers;
    input->n_records = n;
    for (size_t i = 0; i < 2 * G_N_ELEMENTS(names); i++) {
        size_t n_bytes = 0;
        size_t n_samples = 0;
        int64_t ns = 0;

        openmetrics_writer_parse_names(names[i / 2], &input->names);
        input->with_kvm = i % 2 == 1;
        ns = measure(input, &n_bytes, &n_samples);
        printf("{\"names\":\"%s\",\"kvm\":%s,\"domains\":%zu,\"samples\":%zu,\"bytes\":%zu,"
               "\"cpu_us\":%.0f,\"cpu_us_a_domain\":%.2f,\"cpu_ns_a_sample\":%.1f}\n",
               names[i / 2], input->with_kvm ? "true" : "false", n, n_samples, n_bytes,
               (double)ns / 1e3, (double)ns / 1e3 / (double)n, (double)ns / (double)n_samples);
    }
    for (size_t i = 0; i < n; i++)
        g_free(made[i].name);
    g_free(made);
    g_free(pointers);
}

static int
print(OpenmetricsWriterInput *input, DomstatsRecord *const *records, char **words)
{
    g_autoptr(GBytes) made = NULL;

    if (!openmetrics_writer_parse_names(words[0], &input->names))
        return 2;
    input->dialect = strcmp(words[1], "openmetrics") == 0 ? OPENMETRICS_OUTPUT_OPENMETRICS
                                                          : OPENMETRICS_OUTPUT_TEXT;
    input->with_kvm = words[2] != NULL;
    input->records = (const DomstatsRecord *const *)records;
    input->n_records = count_records(records);
    made = openmetrics_writer_make(input);
    fwrite(g_bytes_get_data(made, NULL), 1, g_bytes_get_size(made), stdout);
    return 0;
}

int
main(int argc, char **argv)
{
    g_autoptr(DomstatsConn) conn = NULL;
    g_autoptr(DomstatsRecordList) records = NULL;
    g_autoptr(GError) error = NULL;
    OpenmetricsWriterInput input = {.version = DOMSTATS_VERSION, .now_us = g_get_real_time()};
    int64_t before = 0;

    if (argc < 3)
        return 2;
    conn = domstats_open(argv[1], NULL, &error);
    before = cpu_ns();
    if (conn == NULL || domstats_get_all_domain_stats(conn, 0, 0, 0, &records, &error) < 0) {
        fprintf(stderr, "bench_openmetrics: %s\n", error->message);
        return 1;
    }
    if (argc >= 5 && strcmp(argv[2], "print") == 0)
        return print(&input, records, argv + 3);
    printf("{\"round_of\":%zu,\"cpu_us\":%.0f}\n", count_records(records),
           (double)(cpu_ns() - before) / 1e3);
    run(&input, records, (size_t)g_ascii_strtoull(argv[2], NULL, 10));
    return 0;
}
