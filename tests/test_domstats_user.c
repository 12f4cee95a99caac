/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_domstats_user: a program that uses the library and knows nothing of signals survives
 * whatever its monitors do, and prints into no monitor.
 *
 * The program is this one again, as another process: all signals have their default dispositions in
 * it, SIGPIPE too.
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "domstats/domstats.h"
#include "fake_qmp.h"
#include "testing.h"

enum { N_CALLS = 4, CALL_MS = 100 };

#define PROGRAM "user"

typedef struct {
    const char *sentence;
    FakeQmpScript script;
    bool closes_standard; /* the program closes its descriptors 0 to 2 after it opened the source */
} Row;

static const FakeQmpLine leaves_at_once[] = {{NULL, NULL, FAKE_QMP_CLOSES}, {0}};

static const FakeQmpLine leaves_after_greeting[] = {{NULL, FAKE_QMP_GREETING, FAKE_QMP_CLOSES},
                                                    {0}};

static const FakeQmpLine is_deaf_after_greeting[] = {{NULL, FAKE_QMP_GREETING, FAKE_QMP_IS_DEAF},
                                                     {0}};

static const FakeQmpLine stops_listening[] = {{NULL, FAKE_QMP_GREETING, FAKE_QMP_LEAVES}, {0}};

/* clang-format off */
static const Row rows[] = {
    {"a monitor that answers well", {0}},
    {"a monitor that closes what it accepts", {.lines = leaves_at_once, .is_bare = true}},
    {"a monitor that greets and closes, while the negotiation is sent",
     {.lines = leaves_after_greeting, .is_bare = true}},
    {"a monitor that greets and reads nothing",
     {.lines = is_deaf_after_greeting, .is_bare = true}},
    {"a monitor that greets, closes and listens no more",
     {.lines = stops_listening, .is_bare = true}},
    {"a monitor that closes in its greeting", {.max_bytes = 40}},
    {"a monitor that closes in its first replies", {.max_bytes = 200}},
    {"a monitor that closes in a later reply", {.max_bytes = 700}},
    {"a monitor that closes in a later call", {.max_bytes = 3000}},
    {"what a program prints on standard descriptors that it closed goes into no monitor", {0}, true},
};
/* clang-format on */

static void
reset_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
}

static void
print_somewhere(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        (void)!write(fd, "printed\n", strlen("printed\n"));
}

/* The program: some calls on the monitor at @path, which it holds or lets go. */
static int
use_library(const char *path, bool holds, bool closes_standard)
{
    const DomstatsOptions options = {.monitors =
                                         holds ? DOMSTATS_MONITORS_HOLD : DOMSTATS_MONITORS_DEFAULT,
                                     .listeners = DOMSTATS_LISTENERS_ANY,
                                     .timeout_ms = CALL_MS};
    g_autofree char *source = g_strconcat("socket:", path, NULL);
    DomstatsConn *conn = NULL;
    int n = 0;

    reset_signals();
    conn = domstats_open(source, &options, NULL);
    for (int fd = STDIN_FILENO; closes_standard && fd <= STDERR_FILENO; fd++)
        close(fd);
    for (int i = 0; conn != NULL && i < N_CALLS; i++) {
        DomstatsRecord **records = NULL;

        n = domstats_get_all_domain_stats(conn, 0, 0, 0, &records, NULL);
        if (closes_standard)
            print_somewhere();
        if (n >= 0)
            domstats_record_list_free(records);
    }
    domstats_close(conn);
    return n == 1 ? 0 : 1;
}

static void
run_program(const Row *row, const char *path, const char *how)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    char program[] = PROGRAM;
    char *words[] = {
        self, program, (char *)path, (char *)how, row->closes_standard ? program : NULL, NULL};
    int status = -1;

    assert_true(g_spawn_sync(NULL, words, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL,
                             NULL, &status, NULL));
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("%s: %s %d", how, WIFSIGNALED(status) ? "signal" : "status",
                 WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void
survives(const void *data)
{
    static const char *const ways[] = {"hold", "let-go"};
    const Row *row = data;
    g_autofree char *folder = testing_make_folder();
    g_autofree char *path = g_build_filename(folder, "m.qmp", NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(FakeQmp) fake = fake_qmp_new_listening(&row->script, path);
        FakeQmpThread *thread = fake_qmp_start(&fake, 1);

        run_program(row, path, ways[i]);
        fake_qmp_stop(thread);
        fake_qmp_check(fake);
        assert_true(fake_qmp_n_connections(fake) > 0);
        (void)unlink(path);
    }
}

int
main(int argc, char **argv)
{
    if (argc > 3 && strcmp(argv[1], PROGRAM) == 0)
        return use_library(argv[2], strcmp(argv[3], "hold") == 0, argc > 4);
    return TESTING_RUN_TABLE("domstats_user", rows, survives);
}
