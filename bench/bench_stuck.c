/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bench_stuck: how long a call takes when every QEMU of a host is stuck.
 *
 * Starts processes that listen like a QEMU and never greet, each with as many sleeping threads as
 * a large guest has, calls for all of them several times over one connection, and prints the wall
 * and CPU time of each call and the verdicts of the last one. Ends its processes and removes its
 * folder.
 *
 * usage: bench_stuck PROCESSES THREADS TIMEOUT_MS CALLS [state|all]
 */
#include <errno.h>
#include <glib/gstdio.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domstats/domstats.h"

enum { MAX_PROCESSES = 10000, STACK_BYTES = 64 * 1024, BACKLOG = 1 };

typedef struct {
    unsigned int n_processes;
    unsigned int n_threads;
    unsigned int timeout_ms;
    unsigned int n_calls;
    unsigned int stats;
} Options;

static void *
sleep_on(void *data)
{
    (void)data;
    for (;;)
        pause();
    return NULL;
}

/* The child process: listens, writes a byte, and never answers. */
_Noreturn static void
be_stuck(const Options *options, const char *path, int ready_fd)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_attr_t attributes;
    pthread_t thread;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (unsigned int i = 1; i < options->n_threads; i++)
        if (pthread_create(&thread, &attributes, sleep_on, NULL) != 0)
            _exit(1);
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        listen(fd, BACKLOG) < 0 || write(ready_fd, "", 1) != 1)
        _exit(1);
    sleep_on(NULL);
    _exit(0);
}

/* Starts the processes; gives how many were started. */
static unsigned int
start_all(const Options *options, const char *folder, pid_t *pids)
{
    unsigned int n = 0;
    int ready[2] = {-1, -1};
    char byte = 0;

    if (pipe(ready) < 0)
        return 0;
    for (; n < options->n_processes; n++) {
        g_autofree char *path = g_strdup_printf("%s/vm%05u.sock", folder, n);

        pids[n] = fork();
        if (pids[n] < 0)
            break;
        if (pids[n] == 0) {
            close(ready[0]);
            be_stuck(options, path, ready[1]);
        }
    }
    close(ready[1]);
    for (unsigned int i = 0; i < n; i++)
        if (read(ready[0], &byte, 1) != 1) {
            fprintf(stderr, "bench_stuck: a process did not start: fewer processes or threads\n");
            n = 0;
        }
    close(ready[0]);
    return n;
}

static void
end_all(const Options *options, const char *folder, const pid_t *pids)
{
    for (unsigned int i = 0; i < options->n_processes; i++) {
        g_autofree char *path = g_strdup_printf("%s/vm%05u.sock", folder, i);

        if (pids[i] > 0) {
            kill(pids[i], SIGKILL);
            waitpid(pids[i], NULL, 0);
        }
        g_unlink(path);
    }
    g_rmdir(folder);
}

static void
print_verdicts(DomstatsRecord *const *records, int n)
{
    unsigned int counts[DOMSTATS_HEALTH_NO_MONITOR + 1] = {0};

    for (int i = 0; i < n; i++)
        counts[records[i]->health]++;
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        if (counts[i] > 0)
            printf(" %s %u", domstats_health_to_string((DomstatsHealth)i), counts[i]);
    printf("; %s\n", n > 0 && records[0]->reason ? records[0]->reason : "");
}

/* User and system time of all threads so far. */
static gint64
cpu_us(void)
{
    struct rusage usage = {0};

    getrusage(RUSAGE_SELF, &usage);
    return ((gint64)usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC +
           usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static bool
call_all(const Options *options, DomstatsConn *conn)
{
    for (unsigned int i = 0; i < options->n_calls; i++) {
        g_autoptr(GError) error = NULL;
        DomstatsRecord **records = NULL;
        gint64 before_us = g_get_monotonic_time();
        gint64 cpu_before_us = cpu_us();
        int n = domstats_get_all_domain_stats(conn, options->stats, 0, options->timeout_ms,
                                              &records, &error);
        gint64 took_us = g_get_monotonic_time() - before_us;
        gint64 cpu = cpu_us() - cpu_before_us;

        if (n < 0) {
            fprintf(stderr, "bench_stuck: %s\n", error->message);
            return false;
        }
        printf("call %2u: %8.1f ms, %6.1f ms CPU,", i + 1, (double)took_us / 1000.0,
               (double)cpu / 1000.0);
        print_verdicts(records, n);
        domstats_record_list_free(records);
    }
    return true;
}

static unsigned int
read_number(const char *text)
{
    guint64 number = 0;

    if (!g_ascii_string_to_unsigned(text, 10, 1, INT_MAX, &number, NULL)) {
        fprintf(stderr, "bench_stuck: '%s' is no number\n", text);
        exit(2);
    }
    return (unsigned int)number;
}

static bool
run(const Options *options)
{
    g_autofree char *folder = g_dir_make_tmp("bench-stuck-XXXXXX", NULL);
    g_autofree char *source = g_strconcat("dir:", folder, NULL);
    g_autofree pid_t *pids = g_new0(pid_t, options->n_processes);
    bool is_good = start_all(options, folder, pids) == options->n_processes;

    if (is_good) {
        const DomstatsOptions any = {.listeners = DOMSTATS_LISTENERS_ANY}; /* these are no QEMU */
        DomstatsConn *conn = domstats_open(source, &any, NULL);

        is_good = conn != NULL && call_all(options, conn);
        domstats_close(conn);
    }
    end_all(options, folder, pids);
    return is_good;
}

int
main(int argc, char **argv)
{
    struct rlimit files = {0};
    Options options = {0};

    if (argc < 5) {
        fprintf(stderr, "usage: bench_stuck PROCESSES THREADS TIMEOUT_MS CALLS [state|all]\n");
        return 2;
    }
    options.n_processes = MIN(read_number(argv[1]), MAX_PROCESSES);
    options.n_threads = read_number(argv[2]);
    options.timeout_ms = read_number(argv[3]);
    options.n_calls = read_number(argv[4]);
    options.stats = argc > 5 && strcmp(argv[5], "all") == 0 ? 0 : VIR_DOMAIN_STATS_STATE;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    return run(&options) ? 0 : 1;
}
