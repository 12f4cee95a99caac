/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * longrun: a process with one connection, kept across many calls, which a test drives through
 * pipes.
 *
 * Uses the public library alone. Each line of stdin is a command, which is answered by one line of
 * JSON on stdout:
 *
 *     call [STATS FLAGS TIMEOUT_MS EXTRAS]
 *                                   every domain, with its verdict and the time the call took
 *     named WORDS                   those domains, all statistics
 *     values [STATS EXTRAS]         the counts and texts of the first domain; without STATS all
 *                                   statistics
 *     records [EXTRAS]              every domain with the values of all its fields
 *     dispatch                      reads what has come, as an event loop does by the descriptor
 *     limit N                       limits the process to N file descriptors
 *     usage                         what this process holds: descriptors, threads, memory
 *     reset                         counts the peak of memory from now on
 *
 * usage: longrun SOURCE [release] [no-libvirt] [requests=N] [threads=N] [timeout=MS] [perf=EVENT]
 */
#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <libvirt/virterror.h>

#include "domstats/domstats.h"

enum { WORDS_AT_MOST = 1024 };

static void
print_text(const char *text)
{
    if (text == NULL) {
        fputs("null", stdout);
        return;
    }
    putchar('"');
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;

        if (byte == '"' || byte == '\\')
            printf("\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            printf("\\u%04x", byte);
        else
            putchar(byte);
    }
    putchar('"');
}

/* How many parameters each group has: {"state":2,"cpu":3} */
static void
print_groups(const DomstatsRecord *record)
{
    const char *separator = "";

    putchar('{');
    for (int i = 0; i < record->n_params;) {
        const char *field = record->params[i].field;
        size_t size = strcspn(field, ".");
        int n = 0;

        while (i < record->n_params && strncmp(record->params[i].field, field, size) == 0 &&
               record->params[i].field[size] == '.') {
            i++;
            n++;
        }
        if (n == 0)
            i++;
        printf("%s\"%.*s\":%d", separator, (int)size, field, n);
        separator = ",";
    }
    putchar('}');
}

static void
print_record(const DomstatsRecord *record)
{
    fputs("{\"name\":", stdout);
    print_text(record->name);
    printf(",\"uuid\":\"%s\",\"id\":%d,\"pid\":%d,\"health\":\"%s\",\"answered_by\":\"%s\","
           "\"reason\":",
           record->uuid, record->id, (int)record->pid, domstats_health_to_string(record->health),
           domstats_answered_by_to_string(record->answered_by));
    print_text(record->reason);
    printf(",\"reason_code\":\"%s\"", domstats_reason_to_string(record->reason_code));
    printf(",\"n_params\":%d,\"missing\":%u,\"monitor_us\":%" PRId64 ",\"since_us\":%" PRId64
           ",\"taken_us\":%" PRId64 ",\"groups\":",
           record->n_params, record->missing, record->monitor_us, record->since_us,
           record->taken_us);
    print_groups(record);
    fputs(",\"last\":", stdout);
    if (record->last != NULL)
        print_record(record->last);
    else
        fputs("null", stdout);
    putchar('}');
}

/* Prints and frees what a call gave; @n below 0: @error. */
static void
print_call(int n, DomstatsRecord **records, const GError *error, int64_t took_us)
{
    printf("{\"ms\":%.3f,\"error\":", (double)took_us / 1000.0);
    print_text(n < 0 ? error->message : NULL);
    printf(",\"code\":%d,\"domains\":[", n < 0 ? error->code : 0);
    for (int i = 0; i < n; i++) {
        if (i > 0)
            putchar(',');
        print_record(records[i]);
    }
    puts("]}");
    domstats_record_list_free(records);
}

/* A line of /proc/self/status whose value is a number, or -1. */
static long
read_status(const char *name)
{
    g_autofree char *text = NULL;
    const char *line = NULL;

    if (!g_file_get_contents("/proc/self/status", &text, NULL, NULL))
        return -1;
    line = strstr(text, name);
    return line ? (long)g_ascii_strtoll(line + strlen(name), NULL, 10) : -1;
}

static int
count_descriptors(void)
{
    g_autoptr(GDir) folder = g_dir_open("/proc/self/fd", 0, NULL);
    int n = 0;

    while (folder != NULL && g_dir_read_name(folder) != NULL)
        n++;
    return folder ? n - 1 : -1; /* the folder's own */
}

static void
run_usage(DomstatsConn *conn, char **words)
{
    (void)conn;
    (void)words;
    malloc_trim(0);
    printf("{\"n_fds\":%d,\"n_threads\":%ld,\"rss_kib\":%ld,\"peak_kib\":%ld}\n",
           count_descriptors(), read_status("\nThreads:\t"), read_status("\nVmRSS:\t"),
           read_status("\nVmHWM:\t"));
}

static void
run_reset(DomstatsConn *conn, char **words)
{
    FILE *file = fopen("/proc/self/clear_refs", "we");

    (void)conn;
    (void)words;
    if (file != NULL) {
        fputs("5", file);
        fclose(file);
    }
    puts("{}");
}

static void
run_limit(DomstatsConn *conn, char **words)
{
    struct rlimit limit = {0};
    uint64_t n = 0;

    (void)conn;
    getrlimit(RLIMIT_NOFILE, &limit);
    if (words[0] != NULL && g_ascii_string_to_unsigned(words[0], 10, 0, limit.rlim_max, &n, NULL))
        limit.rlim_cur = n;
    printf("{\"ok\":%s}\n", setrlimit(RLIMIT_NOFILE, &limit) == 0 ? "true" : "false");
}

/* Reads up to @n numbers from @words; numbers without a word keep their value. */
static void
parse_numbers(char **words, uint64_t *numbers, size_t n)
{
    for (size_t i = 0; i < n && words[i] != NULL; i++)
        g_ascii_string_to_unsigned(words[i], 10, 0, UINT32_MAX, &numbers[i], NULL);
}

static void
run_call(DomstatsConn *conn, char **words)
{
    uint64_t numbers[4] = {0};
    DomstatsCall call = {0};
    DomstatsRecord **records = NULL;
    g_autoptr(GError) error = NULL;
    int64_t before_us = g_get_monotonic_time();
    int n = 0;

    parse_numbers(words, numbers, G_N_ELEMENTS(numbers));
    call.stats = (unsigned int)numbers[0];
    call.flags = (unsigned int)numbers[1];
    call.timeout_ms = (unsigned int)numbers[2];
    call.extras = (unsigned int)numbers[3];
    n = domstats_get_stats(conn, &call, &records, &error);
    print_call(n, records, error, g_get_monotonic_time() - before_us);
}

static void
run_named(DomstatsConn *conn, char **words)
{
    DomstatsRecord **records = NULL;
    g_autoptr(GError) error = NULL;
    int64_t before_us = g_get_monotonic_time();
    int n =
        domstats_domain_list_get_stats(conn, (const char *const *)words, 0, 0, 0, &records, &error);

    print_call(n, records, error, g_get_monotonic_time() - before_us);
}

static void
run_values(DomstatsConn *conn, char **words)
{
    DomstatsRecord **records = NULL;
    const char *separator = "";
    uint64_t numbers[2] = {0};
    DomstatsCall call = {0};
    int n = 0;

    parse_numbers(words, numbers, G_N_ELEMENTS(numbers));
    call.stats = (unsigned int)numbers[0];
    call.extras = (unsigned int)numbers[1];
    n = domstats_get_stats(conn, &call, &records, NULL);
    putchar('{');
    for (int i = 0; n > 0 && i < records[0]->n_params; i++) {
        const virTypedParameter *param = &records[0]->params[i];

        if (param->type != VIR_TYPED_PARAM_ULLONG && param->type != VIR_TYPED_PARAM_UINT &&
            param->type != VIR_TYPED_PARAM_STRING)
            continue;
        printf("%s\"%s\":", separator, param->field);
        if (param->type == VIR_TYPED_PARAM_STRING)
            print_text(param->value.s);
        else
            printf("%llu", param->type == VIR_TYPED_PARAM_UINT ? param->value.ui : param->value.ul);
        separator = ",";
    }
    puts("}");
    domstats_record_list_free(records);
}

static void
print_value(const virTypedParameter *param)
{
    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        printf("%d", param->value.i);
        break;
    case VIR_TYPED_PARAM_UINT:
        printf("%u", param->value.ui);
        break;
    case VIR_TYPED_PARAM_LLONG:
        printf("%lld", param->value.l);
        break;
    case VIR_TYPED_PARAM_ULLONG:
        printf("%llu", param->value.ul);
        break;
    case VIR_TYPED_PARAM_DOUBLE:
        printf("%.17g", param->value.d);
        break;
    case VIR_TYPED_PARAM_BOOLEAN:
        fputs(param->value.b ? "true" : "false", stdout);
        break;
    default:
        print_text(param->value.s);
    }
}

static void
run_records(DomstatsConn *conn, char **words)
{
    DomstatsRecord **records = NULL;
    uint64_t extras = 0;
    DomstatsCall call = {0};
    int n = 0;

    parse_numbers(words, &extras, 1);
    call.extras = (unsigned int)extras;
    n = domstats_get_stats(conn, &call, &records, NULL);
    fputs("{\"domains\":[", stdout);
    for (int i = 0; i < n; i++) {
        const DomstatsRecord *record = records[i];

        fputs(i > 0 ? ",{\"name\":" : "{\"name\":", stdout);
        print_text(record->name);
        printf(",\"health\":\"%s\",\"missing\":%u,\"reason\":",
               domstats_health_to_string(record->health), record->missing);
        print_text(record->reason);
        fputs(",\"stats\":{", stdout);
        for (int j = 0; j < record->n_params; j++) {
            printf("%s\"%s\":", j > 0 ? "," : "", record->params[j].field);
            print_value(&record->params[j]);
        }
        fputs("}}", stdout);
    }
    puts("]}");
    domstats_record_list_free(records);
}

static void
run_dispatch(DomstatsConn *conn, char **words)
{
    g_autoptr(GError) error = NULL;

    (void)words;
    if (domstats_get_fd(conn, &error) >= 0)
        domstats_dispatch(conn, &error);
    fputs("{\"error\":", stdout);
    print_text(error ? error->message : NULL);
    puts("}");
}

static const struct {
    const char *name;
    void (*run)(DomstatsConn *conn, char **words);
} commands[] = {
    {"call", run_call},       {"named", run_named},       {"values", run_values},
    {"records", run_records}, {"dispatch", run_dispatch}, {"limit", run_limit},
    {"usage", run_usage},     {"reset", run_reset},
};

static void
run_line(DomstatsConn *conn, char *line)
{
    g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", WORDS_AT_MOST);

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_strcmp0(words[0], commands[i].name) == 0) {
            commands[i].run(conn, words + 1);
            fflush(stdout);
            return;
        }
    }
    fprintf(stderr, "longrun: no command '%s'\n", line);
    exit(EXIT_FAILURE);
}

/* libvirt's library prints errors unless the application has set a function of its own. */
static void
ignore_error(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static unsigned int
parse_number(const char *argument, const char *prefix, unsigned int otherwise)
{
    uint64_t number = 0;

    if (!g_str_has_prefix(argument, prefix) ||
        !g_ascii_string_to_unsigned(argument + strlen(prefix), 10, 0, UINT32_MAX, &number, NULL))
        return otherwise;
    return (unsigned int)number;
}

int
main(int argc, char **argv)
{
    DomstatsOptions options = {0};
    g_autoptr(GError) error = NULL;
    DomstatsConn *conn = NULL;
    const char *events[] = {NULL, NULL};
    char *line = NULL;
    size_t size = 0;

    for (int i = 2; i < argc; i++) {
        if (g_str_equal(argv[i], "hold"))
            options.monitors = DOMSTATS_MONITORS_HOLD;
        if (g_str_equal(argv[i], "release"))
            options.monitors = DOMSTATS_MONITORS_RELEASE;
        if (g_str_equal(argv[i], "any-listener"))
            options.listeners = DOMSTATS_LISTENERS_ANY;
        if (g_str_equal(argv[i], "no-libvirt"))
            options.libvirt = DOMSTATS_LIBVIRT_NEVER;
        options.libvirt_requests = parse_number(argv[i], "requests=", options.libvirt_requests);
        options.n_threads = parse_number(argv[i], "threads=", options.n_threads);
        options.timeout_ms = parse_number(argv[i], "timeout=", options.timeout_ms);
        if (g_str_has_prefix(argv[i], "perf="))
            events[0] = argv[i] + strlen("perf=");
    }
    virSetErrorFunc(NULL, ignore_error);
    options.perf_events = events[0] ? events : NULL;
    conn = argc > 1 ? domstats_open(argv[1], &options, &error) : NULL;
    if (conn == NULL) {
        fprintf(stderr, "longrun: %s\n", error ? error->message : "no source");
        return EXIT_FAILURE;
    }
    while (getline(&line, &size, stdin) > 0)
        run_line(conn, line);
    free(line); /* word allowed: getline() made it */
    domstats_close(conn);
    return EXIT_SUCCESS;
}
