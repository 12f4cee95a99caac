/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_json: the cost of reading the replies of one call, by the number of kinds of domains.
 *
 *   bench_json DOMAIN_FOLDER
 *
 * reads a recorded domain, makes the same number of domains of 1, 16, 26, 28 and 48 kinds, reads
 * all their replies again and again, ours and json-c in turn, and prints JSON: CPU microseconds a
 * domain, the median of the repeats. The replies of one domain are held until all are read.
 */
#include <json-c/json.h> /* word allowed: json-c is what is measured */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench_kinds.h"
#include "qemu/facts/qemu_limits.h"
#include "qemu/qmp/qemu_command.h"
#include "qemu/recording/qemu_recording_reader.h"
#include "util/util_jsonout.h"
#include "util/util_jsonstream.h"

enum { N_DOMAINS = 96, N_REPEATS = 41, MAX_REPLIES = 64 };

static const unsigned int n_kinds[] = {1, 16, 26, 28, 48};

static int64_t
cpu_ns(void)
{
    struct timespec now = {0};

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* The replies of a call, each on a line. */
static char *
make_replies(const char *folder, unsigned int kind)
{
    static const QemuCommandSet asked_once =
        QEMU_COMMAND_BIT(QUERY_NAME) | QEMU_COMMAND_BIT(QUERY_UUID) |
        QEMU_COMMAND_BIT(QUERY_COMMANDS) | QEMU_COMMAND_BIT(QUERY_HOTPLUGGABLE_CPUS) |
        QEMU_COMMAND_BIT(QUERY_STATS_SCHEMAS);
    GString *all = g_string_new(NULL);

    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++) {
        g_autoptr(UtilJson) reply = NULL;
        g_autofree char *text = NULL;
        g_autofree char *made = NULL;

        if (asked_once >> id & 1)
            continue;
        reply = qemu_recording_reader_read_object(folder, qemu_commands[id].file_name, NULL);
        if (!util_json_has(reply, "return"))
            continue;
        text = util_json_to_text(reply, false);
        made = bench_kinds_make(text, kind);
        g_string_append_printf(all, "%s\r\n", made);
    }
    return g_string_free(all, FALSE);
}

static bool
read_ours(UtilJsonStream *stream, const char *text)
{
    UtilJson *replies[MAX_REPLIES] = {NULL};
    size_t left = strlen(text);
    ssize_t n = 0;

    for (size_t i = 0; left > 0 && i < MAX_REPLIES; i++) {
        n = util_jsonstream_take(stream, text, left, &replies[i], NULL);
        if (n < 0)
            break;
        text += n;
        left -= (size_t)n;
    }
    for (size_t i = 0; i < MAX_REPLIES; i++)
        util_json_unref(replies[i]);
    return left == 0;
}

static bool
read_theirs(struct json_tokener *tokener, const char *text)
{
    struct json_object *replies[MAX_REPLIES] = {NULL};
    bool is_good = true;

    for (size_t i = 0; is_good && *text != '\0' && i < MAX_REPLIES; i++) {
        size_t length = strcspn(text, "\n") + 1;

        replies[i] = json_tokener_parse_ex(tokener, text, (int)length); /* word allowed: it */
        is_good = replies[i] != NULL;
        text += length;
    }
    for (size_t i = 0; i < MAX_REPLIES; i++)
        json_object_put(replies[i]); /* word allowed: what is measured */
    return is_good;
}

static int
compare_costs(const void *one, const void *other)
{
    int64_t difference = *(const int64_t *)one - *(const int64_t *)other;

    return (difference > 0) - (difference < 0);
}

/* Nanoseconds a domain of both sides; false if one cannot read them. */
static bool
measure(char **texts, int64_t *ret_ours, int64_t *ret_theirs)
{
    static const UtilJsonStreamLimits limits = {QEMU_LIMIT_REPLY_BYTES, QEMU_LIMIT_REPLY_ENTRIES,
                                                QEMU_LIMIT_REPLY_DEPTH};
    g_autoptr(UtilJsonStream) stream = util_jsonstream_new(&limits);
    struct json_tokener *tokener = json_tokener_new(); /* word allowed: what is measured */
    int64_t ours[N_REPEATS] = {0};
    int64_t theirs[N_REPEATS] = {0};
    bool is_good = true;

    for (size_t repeat = 0; repeat < N_REPEATS; repeat++) {
        int64_t start = cpu_ns();

        for (size_t i = 0; i < N_DOMAINS; i++)
            is_good &= read_ours(stream, texts[i]);
        ours[repeat] = (cpu_ns() - start) / N_DOMAINS;
        start = cpu_ns();
        for (size_t i = 0; i < N_DOMAINS; i++)
            is_good &= read_theirs(tokener, texts[i]);
        theirs[repeat] = (cpu_ns() - start) / N_DOMAINS;
    }
    json_tokener_free(tokener); /* word allowed: what is measured */
    qsort(ours, N_REPEATS, sizeof(int64_t), compare_costs);
    qsort(theirs, N_REPEATS, sizeof(int64_t), compare_costs);
    *ret_ours = ours[N_REPEATS / 2];
    *ret_theirs = theirs[N_REPEATS / 2];
    return is_good;
}

static bool
run(const char *folder, unsigned int n, UtilJsonOut *results)
{
    char *texts[N_DOMAINS + 1] = {NULL};
    UtilJsonOut *result = util_jsonout_new_object();
    int64_t ours = 0;
    int64_t theirs = 0;
    bool is_good = false;

    for (unsigned int i = 0; i < N_DOMAINS; i++)
        texts[i] = make_replies(folder, i % n);
    is_good = texts[0][0] != '\0' && measure(texts, &ours, &theirs);
    util_jsonout_set(result, "kinds", util_jsonout_new_count(n));
    util_jsonout_set(result, "reply_bytes", util_jsonout_new_count(strlen(texts[0])));
    util_jsonout_set(result, "ours_ns", util_jsonout_new_int64(ours));
    util_jsonout_set(result, "json_c_ns", util_jsonout_new_int64(theirs));
    util_jsonout_append(results, result);
    for (unsigned int i = 0; i < N_DOMAINS; i++)
        g_free(texts[i]);
    return is_good;
}

int
main(int argc, char **argv)
{
    g_autoptr(UtilJsonOut) results = util_jsonout_new_array();
    g_autofree char *text = NULL;

    for (size_t i = 0; argc == 2 && i < G_N_ELEMENTS(n_kinds); i++) {
        if (!run(argv[1], n_kinds[i], results)) {
            fprintf(stderr, "bench_json: cannot read the replies in '%s'\n", argv[1]);
            return 1;
        }
    }
    if (argc != 2) {
        fprintf(stderr, "bench_json: one recorded domain's folder is needed\n");
        return 2;
    }
    text = util_jsonout_to_text(results, false);
    puts(text);
    return 0;
}
