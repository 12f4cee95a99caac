/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_calls: asks one fleet of QEMUs in several ways in turn, and prints how long each took.
 *
 * The fleet is a folder: ours/NAME.sock, visit/NAME.sock and floor/NAME.sock are monitors of the
 * domain NAME, xml/NAME.xml is its definition where libvirt is to start it. What is printed is one
 * JSON object; bench.py makes tables of it.
 *
 * All sides run in this one process, in turn, each repeat in another order: so a slow moment of the
 * machine does not fall on one side alone.
 */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "bench_halt.h"
#include "bench_idle.h"
#include "bench_side.h"
#include "bench_wire.h"
#include "util/util_deadline.h"

enum {
    N_WARM_UP = 3, /* calls of our sides that are not timed: they ask what is asked once */
    N_WARM_UP_OTHERS = 1,
    /* After each sample: a QEMU ends a connection after the call that closed it, and that work must
     * not fall on the next side. */
    SETTLE_US = 5000,
    SETTLE_US_PER_DOMAIN = 200,
    MIN_REPEATS = 3,
    SEED = 1, /* all runs have the same orders */
};

typedef struct {
    char *folder;
    char *source;
    char *libvirt_uri;
    char *through;
    char *halted;
    char *command;
    char *sizes;
    char *sides;
    char *guests;
    int n_repeats;
    int max_seconds;
    int n_threads;
    int timeout_ms;
    int idle_ms;
    int daemon_pid;
    gboolean any_listener;
    gboolean is_started;
} Options;

typedef struct {
    UtilJsonOut *wall_us;
    UtilJsonOut *cpu_us;
    UtilJsonOut *daemon_us; /* CPU time of libvirtd */
    size_t n_values;
} Samples;

static char *
fleet_path(const Options *options, const char *kind, const char *name)
{
    g_autofree char *file = g_strdup_printf("%s.%s", name, strcmp(kind, "xml") ? "sock" : kind);

    return g_build_filename(options->folder, kind, file, NULL);
}

static int64_t
usage_us(int who)
{
    struct rusage usage = {0};

    getrusage(who, &usage);
    return ((int64_t)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

/* User and system time so far, of all threads and of the commands that were started. */
static int64_t
cpu_us(void)
{
    return usage_us(RUSAGE_SELF) + usage_us(RUSAGE_CHILDREN);
}

/* CPU time of all threads of libvirtd so far. 0: there is none. */
static int64_t
daemon_us(const Options *options)
{
    clockid_t clock = 0;
    struct timespec now = {0};

    if (options->daemon_pid > 0 && clock_getcpuclockid(options->daemon_pid, &clock) == 0)
        clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool
time_call(const Options *options, const BenchSide *side, BenchSideSubject *subject,
          Samples *samples, GError **error)
{
    int64_t daemon_before = daemon_us(options);
    int64_t cpu_before = cpu_us();
    int64_t before = util_deadline_now_us();
    int64_t after = 0;

    if (!side->run(side, subject, &samples->n_values, error))
        return false;
    after = util_deadline_now_us();
    util_jsonout_append(samples->wall_us, util_jsonout_new_int64(after - before));
    util_jsonout_append(samples->cpu_us, util_jsonout_new_int64(cpu_us() - cpu_before));
    util_jsonout_append(samples->daemon_us,
                        util_jsonout_new_int64(daemon_us(options) - daemon_before));
    return true;
}

static bool
take_sample(const Options *options, const BenchSide *side, BenchSideSubject *subject,
            Samples *samples, GError **error)
{
    if ((side->before != NULL && !side->before(side, subject, error)) ||
        !time_call(options, side, subject, samples, error) ||
        (side->after != NULL && !side->after(side, subject, error)))
        return false;
    /* word allowed: nothing tells when a QEMU has ended a connection */
    g_usleep(SETTLE_US + SETTLE_US_PER_DOMAIN * subject->names->len); /* word allowed: see above */
    return true;
}

/* Calls for one domain keep what the bulk calls kept, and come after them. */
static bool
is_own(const BenchSide *side)
{
    return strcmp(side->name, "ours") == 0 || strcmp(side->name, "visit") == 0 ||
           strcmp(side->name, "through") == 0 || g_str_has_prefix(side->name, "ours/");
}

static bool
warm_up(const GPtrArray *sides, BenchSideSubject *subject, GError **error)
{
    size_t n_values = 0;

    for (guint i = 0; i < sides->len; i++) {
        const BenchSide *side = g_ptr_array_index(sides, i);
        int n_calls = is_own(side) ? N_WARM_UP : N_WARM_UP_OTHERS;

        if (side->before != NULL)
            continue; /* it has calls that are not timed */
        for (int k = 0; k < n_calls; k++)
            if (!side->run(side, subject, &n_values, error))
                return false;
    }
    return true;
}

/* Each repeat has its own order, so that what one side leaves in the caches does not always help
 * the same other side. */
static void
shuffle(guint *order, guint n, GRand *random)
{
    for (guint i = n; i > 1; i--) {
        guint k = (guint)g_rand_int_range(random, 0, (gint32)i);
        guint other = order[i - 1];

        order[i - 1] = order[k];
        order[k] = other;
    }
}

/* Gives the samples of all sides, in their order; NULL when a call failed. */
static Samples *
measure(const Options *options, const GPtrArray *sides, BenchSideSubject *subject, GError **error)
{
    g_autofree Samples *samples = g_new0(Samples, sides->len);
    g_autofree guint *order = g_new0(guint, sides->len);
    g_autoptr(GRand) random = g_rand_new_with_seed(SEED);
    UtilDeadline end = {0};

    if (!warm_up(sides, subject, error))
        return NULL;
    for (guint i = 0; i < sides->len; i++) {
        samples[i].wall_us = util_jsonout_new_array();
        samples[i].cpu_us = util_jsonout_new_array();
        samples[i].daemon_us = util_jsonout_new_array();
        order[i] = i;
    }
    end = util_deadline_in_ms((unsigned int)options->max_seconds * 1000);
    for (guint repeat = 0; repeat < (guint)options->n_repeats; repeat++) {
        if (repeat >= MIN_REPEATS && util_deadline_has_passed(end))
            break;
        shuffle(order, sides->len, random);
        for (guint i = 0; i < sides->len; i++) {
            guint k = order[i];

            if (!take_sample(options, g_ptr_array_index(sides, k), subject, &samples[k], error))
                return NULL;
        }
    }
    return g_steal_pointer(&samples);
}

static UtilJsonOut *
describe(const GPtrArray *sides, Samples *samples, const BenchSideSubject *subject)
{
    UtilJsonOut *all = util_jsonout_new_object();
    UtilJsonOut *list = util_jsonout_new_object();

    util_jsonout_set(all, "domains", util_jsonout_new_count(subject->names->len));
    for (guint i = 0; i < sides->len; i++) {
        UtilJsonOut *one = util_jsonout_new_object();

        util_jsonout_set(one, "wall_us", samples[i].wall_us);
        util_jsonout_set(one, "cpu_us", samples[i].cpu_us);
        util_jsonout_set(one, "daemon_us", samples[i].daemon_us);
        util_jsonout_set(one, "values", util_jsonout_new_count(samples[i].n_values));
        util_jsonout_set(list, ((const BenchSide *)g_ptr_array_index(sides, i))->name, one);
    }
    util_jsonout_set(all, "sides", list);
    if (subject->floor != NULL)
        util_jsonout_set(all, "floor", bench_floor_describe(subject->floor));
    if (subject->visits != NULL)
        util_jsonout_set(all, "visit", bench_visit_describe(subject->visits));
    return all;
}

/* NULL: there is none of that name. */
static const BenchSide *
find_side(const GPtrArray *sides, const char *name)
{
    for (guint i = 0; i < sides->len; i++) {
        const BenchSide *side = g_ptr_array_index(sides, i);

        if (strcmp(side->name, name) == 0)
            return side;
    }
    return NULL;
}

/* The paths of the monitors of one kind; the caller frees. */
static GPtrArray *
make_paths(const Options *options, const BenchSideSubject *subject, const char *kind)
{
    GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < subject->names->len; i++)
        g_ptr_array_add(paths, fleet_path(options, kind, g_ptr_array_index(subject->names, i)));
    return paths;
}

/* Watches the library on its visits until they no longer change, and makes the floor of them. */
static bool
watch_visits(const Options *options, const GPtrArray *sides, BenchSideSubject *subject,
             GError **error)
{
    g_autoptr(GPtrArray) paths = make_paths(options, subject, "visit");
    const BenchSide *side = find_side(sides, "visit");
    size_t n_values = 0;

    if (side == NULL || find_side(sides, "floor-visit") == NULL)
        return true;
    g_clear_pointer(&subject->visits, bench_visit_free);
    bench_wire_watch(true);
    for (int k = 0; k < N_WARM_UP; k++)
        if (!side->run(side, subject, &n_values, error))
            return false;
    bench_wire_watch(false);
    subject->visits = bench_visit_new(paths, error);
    return subject->visits != NULL;
}

/* Brings the fleet to @size domains. */
static bool
grow(const Options *options, guint size, BenchSideSubject *subject, GError **error)
{
    g_autoptr(GPtrArray) definitions = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) monitors = g_ptr_array_new_with_free_func(g_free);

    while (subject->names->len < size) {
        char *name = g_strdup_printf("bench-%05u", subject->names->len + 1);

        g_ptr_array_add(subject->names, name);
        g_ptr_array_add(definitions, fleet_path(options, "xml", name));
        g_ptr_array_add(monitors, fleet_path(options, "floor", name));
    }
    if (options->is_started && !bench_libvirt_adopt(subject->libvirt, error))
        return false;
    if (subject->libvirt != NULL && !options->is_started &&
        !bench_libvirt_start(subject->libvirt, definitions, strcmp(options->guests, "running") != 0,
                             error))
        return false;
    return subject->floor == NULL || bench_floor_add(subject->floor, monitors, error);
}

/* Lets libvirt's guests run. The driver's plan for them may differ, so the floor is made again. */
static bool
resume(const Options *options, BenchSideSubject *subject, GError **error)
{
    g_autoptr(GPtrArray) monitors = make_paths(options, subject, "floor");

    if (subject->libvirt != NULL && !bench_libvirt_resume(subject->libvirt, error))
        return false;
    if (subject->floor == NULL)
        return true;
    g_clear_pointer(&subject->floor, bench_floor_free);
    subject->floor = bench_floor_new();
    return bench_floor_add(subject->floor, monitors, error);
}

/* The way through libvirt, and the QEMUs that are stopped in it. */
static bool
open_through(const Options *options, BenchSideSubject *subject, GError **error)
{
    DomstatsOptions ours = {.n_threads = (unsigned int)options->n_threads};
    g_auto(GStrv) pids = g_strsplit(options->halted ? options->halted : "", ",", -1);

    subject->halted = g_array_new(FALSE, FALSE, sizeof(pid_t));
    for (char **word = pids; *word != NULL; word++) {
        guint64 number = 0;
        pid_t pid = 0;

        if (!g_ascii_string_to_unsigned(*word, 10, 2, G_MAXINT32, &number, error))
            return false;
        pid = (pid_t)number;
        g_array_append_val(subject->halted, pid);
    }
    if (options->through == NULL)
        return true;
    subject->through_source = options->through;
    subject->through = domstats_open(options->through, &ours, error);
    return subject->through != NULL;
}

static bool
open_subject(const Options *options, const GPtrArray *sides, BenchSideSubject *subject,
             GError **error)
{
    DomstatsOptions ours = {.n_threads = (unsigned int)options->n_threads,
                            .monitors = DOMSTATS_MONITORS_HOLD,
                            .listeners = options->any_listener ? DOMSTATS_LISTENERS_ANY
                                                               : DOMSTATS_LISTENERS_QEMU};
    g_autofree char *source = options->source ? g_strdup(options->source)
                                              : g_strconcat("dir:", options->folder, "/ours", NULL);

    subject->command = options->command;
    subject->visit_source = g_strconcat("dir:", options->folder, "/visit", NULL);
    subject->empty_source = g_strconcat("dir:", options->folder, "/empty", NULL);
    subject->timeout_ms = (unsigned int)options->timeout_ms;
    subject->names = g_ptr_array_new_with_free_func(g_free);
    if (options->libvirt_uri != NULL)
        subject->libvirt = bench_libvirt_open(options->libvirt_uri, error);
    if (options->libvirt_uri != NULL && subject->libvirt == NULL)
        return false;
    if (find_side(sides, "floor") != NULL || find_side(sides, "json") != NULL)
        subject->floor = bench_floor_new();
    subject->ours = domstats_open(source, &ours, error);
    if (subject->ours != NULL && !open_through(options, subject, error))
        return false;
    if (find_side(sides, "visit") == NULL)
        return subject->ours != NULL;
    ours.monitors = DOMSTATS_MONITORS_RELEASE;
    subject->visiting = domstats_open(subject->visit_source, &ours, error);
    return subject->ours != NULL && subject->visiting != NULL;
}

static void
close_subject(BenchSideSubject *subject)
{
    domstats_close(subject->ours);
    domstats_close(subject->visiting);
    domstats_close(subject->through);
    if (subject->halted != NULL) {
        bench_halt_end(subject->halted);
        g_array_unref(subject->halted);
    }
    bench_floor_free(subject->floor);
    bench_visit_free(subject->visits);
    bench_libvirt_free(subject->libvirt);
    g_ptr_array_unref(subject->names);
}

/* One more entry of @results: the fleet as it is now. */
static bool
add_result(const Options *options, BenchSideSubject *subject, const GPtrArray *sides,
           const BenchIdleMemory *before, UtilJsonOut *results, GError **error)
{
    g_autofree Samples *samples = NULL;
    UtilJsonOut *result = NULL;

    if (!watch_visits(options, sides, subject, error))
        return false;
    samples = measure(options, sides, subject, error);
    if (samples == NULL)
        return false;
    result = describe(sides, samples, subject);
    if (options->idle_ms > 0)
        util_jsonout_set(result, "idle",
                         bench_idle_observe((unsigned int)options->idle_ms, before));
    util_jsonout_append(results, result);
    return true;
}

static bool
run(const Options *options, BenchSideSubject *subject, const GPtrArray *sides, UtilJsonOut *results,
    GError **error)
{
    g_auto(GStrv) words = g_strsplit(options->sizes, ",", -1);
    BenchIdleMemory before = bench_idle_memory();

    if (!open_subject(options, sides, subject, error))
        return false;
    for (char **word = words; *word != NULL; word++) {
        guint64 size = 0;

        if (!g_ascii_string_to_unsigned(*word, 10, 1, 65536, &size, error) ||
            !grow(options, (guint)size, subject, error) ||
            !add_result(options, subject, sides, &before, results, error))
            return false;
    }
    return strcmp(options->guests, "both") != 0 ||
           (resume(options, subject, error) &&
            add_result(options, subject, sides, &before, results, error));
}

int
main(int argc, char **argv)
{
    Options options = {.n_repeats = 9, .max_seconds = 30, .timeout_ms = 60000};
    const GOptionEntry entries[] = {
        {"folder", 0, 0, G_OPTION_ARG_FILENAME, &options.folder, "the fleet's folder", "DIR"},
        {"source", 0, 0, G_OPTION_ARG_STRING, &options.source, "ours: default DIR/ours", "SOURCE"},
        {"command", 0, 0, G_OPTION_ARG_FILENAME, &options.command, "domstats", "PATH"},
        {"libvirt", 0, 0, G_OPTION_ARG_STRING, &options.libvirt_uri, "starts the domains", "URI"},
        {"through", 0, 0, G_OPTION_ARG_STRING, &options.through, "ours, through libvirt", "SOURCE"},
        {"started", 0, 0, G_OPTION_ARG_NONE, &options.is_started, "libvirt's domains run already",
         NULL},
        {"stop", 0, 0, G_OPTION_ARG_STRING, &options.halted, "QEMUs that a side stops", "PID,..."},
        {"daemon", 0, 0, G_OPTION_ARG_INT, &options.daemon_pid, "libvirtd", "PID"},
        {"sizes", 0, 0, G_OPTION_ARG_STRING, &options.sizes, "numbers of domains, rising", "N,..."},
        {"sides", 0, 0, G_OPTION_ARG_STRING, &options.sides, "what is timed", "NAME,..."},
        {"guests", 0, 0, G_OPTION_ARG_STRING, &options.guests,
         "libvirt's are paused, running, or both: the last size once more, running", "STATE"},
        {"repeats", 0, 0, G_OPTION_ARG_INT, &options.n_repeats, "of each side", "N"},
        {"seconds", 0, 0, G_OPTION_ARG_INT, &options.max_seconds, "then no more repeats", "S"},
        {"threads", 0, 0, G_OPTION_ARG_INT, &options.n_threads, "of our calls; 0: default", "N"},
        {"timeout", 0, 0, G_OPTION_ARG_INT, &options.timeout_ms, "of our calls", "MS"},
        {"idle", 0, 0, G_OPTION_ARG_INT, &options.idle_ms, "observe that long at the end", "MS"},
        {"any-listener", 0, 0, G_OPTION_ARG_NONE, &options.any_listener,
         "ours: ask any process that listens", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- times the ways to ask a fleet");
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) sides = NULL;
    g_autoptr(UtilJsonOut) results = util_jsonout_new_array();
    g_autofree char *text = NULL;
    BenchSideSubject subject = {0};
    bool is_good = false;

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error) || options.folder == NULL ||
        options.sizes == NULL || options.sides == NULL) {
        fprintf(stderr, "bench_calls: %s\n",
                error ? error->message : "--folder, --sizes and --sides are needed");
        return 2;
    }
    if (options.guests == NULL)
        options.guests = g_strdup("paused");
    sides = bench_side_make_all(options.sides, &error);
    is_good = sides != NULL && run(&options, &subject, sides, results, &error);
    if (subject.names != NULL)
        close_subject(&subject);
    if (!is_good) {
        fprintf(stderr, "bench_calls: %s\n", error->message);
        return 1;
    }
    text = util_jsonout_to_text(results, false);
    puts(text);
    return 0;
}
