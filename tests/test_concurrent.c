/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_concurrent: several threads at once on one connection, whose calls use several threads
 * themselves. Built with -Db_sanitize=thread it shows races; otherwise that each caller gets all
 * that it asked for.
 */
#include <glib/gstdio.h>
#include <string.h>

#include "domstats/domstats.h"
#include "fake_qmp.h"
#include "testing.h"

enum {
    MAX_FAKES = 16,
    MAX_CALLERS = 8,
    LONG_MS = 60000,
    SHORT_MS = 40,
};

typedef struct {
    const char *sentence;
    unsigned int n_well;    /* monitors that answer */
    unsigned int n_silent;  /* that never do */
    unsigned int n_callers; /* 0 monitors: they read the recorded host */
    unsigned int n_rounds;  /* of each */
    unsigned int n_threads; /* of each call */
    bool renames;           /* meanwhile, so that domains come and go */
    bool releases;
} Row;

static const Row rows[] = {
    {"a recorded host", 0, 0, 4, 2, 3, false, false},
    {"monitors that are well", 12, 0, 6, 12, 3, false, false},
    {"monitors that are well and let go each time", 12, 0, 4, 8, 3, false, true},
    {"some never answer", 6, 3, 4, 6, 2, false, false},
    {"domains come and go", 8, 0, 4, 12, 2, true, false},
    {"domains come and go, and some never answer", 6, 2, 4, 8, 2, true, true},
};

/* What the callers of one row share. */
typedef struct {
    const Row *row;
    DomstatsConn *conn;
    char *folder;
} Scene;

static const FakeQmpReply replies[] = {
    {"query-commands", "[{\"name\":\"query-status\"},{\"name\":\"query-blockstats\"},"
                       "{\"name\":\"query-named-block-nodes\"},{\"name\":\"query-cpus-fast\"}]"},
    {"query-status", "{\"status\":\"running\",\"running\":true,\"singlestep\":false}"},
    {"query-blockstats", "[{\"device\":\"d0\",\"stats\":{\"rd_bytes\":1,\"wr_bytes\":2}}]"},
    {"query-named-block-nodes", "[]"},
    {"query-cpus-fast", "[]"},
    {0},
};
static const FakeQmpScript well = {.replies = replies, .has_oob = true};
static const FakeQmpLine nothing[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
static const FakeQmpScript silent = {.lines = nothing, .is_bare = true};

static char *
make_path(const Scene *scene, unsigned int i, bool is_other)
{
    g_autofree char *name = g_strdup_printf("vm%u%s.sock", i, is_other ? "x" : "");

    return g_build_filename(scene->folder, name, NULL);
}

/* A socket may have another name by the time it is dialled; but nobody is in our way. */
static bool
is_stuck(const Row *row, DomstatsHealth health)
{
    if (row->renames && (health == DOMSTATS_HEALTH_GONE || health == DOMSTATS_HEALTH_NO_MONITOR))
        return false;
    return health != DOMSTATS_HEALTH_OK;
}

/* Fails the caller's thread by its result: cmocka's own assertions belong to the main thread. */
static bool
is_right(const Scene *scene, int n, DomstatsRecord **records, unsigned int n_expected)
{
    const Row *row = scene->row;

    if (n < 0 || (!row->renames && (unsigned int)n != n_expected))
        return false;
    for (int i = 0; i < n; i++)
        if (row->n_silent == 0 && row->n_well > 0 && is_stuck(row, records[i]->health))
            return false;
    return records[n] == NULL;
}

static unsigned int
count_recorded(void)
{
    g_autoptr(GDir) folder = NULL;
    g_autofree char *path = g_build_filename(testing_source_folder(), "qemujsontestdata", NULL);
    const char *name = NULL;
    unsigned int n = 0;

    folder = g_dir_open(path, 0, NULL);
    while (folder != NULL && (name = g_dir_read_name(folder)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, "domain.json", NULL);

        n += g_file_test(file, G_FILE_TEST_EXISTS) ? 1 : 0;
    }
    return n;
}

static bool
call_all(const Scene *scene, unsigned int stats)
{
    const Row *row = scene->row;
    unsigned int n_expected = row->n_well + row->n_silent;
    unsigned int timeout_ms = row->n_silent > 0 ? SHORT_MS : LONG_MS;
    DomstatsRecord **records = NULL;
    const DomstatsCall call = {
        .stats = stats, .extras = DOMSTATS_CALL_LAST, .timeout_ms = timeout_ms};
    int n = domstats_get_stats(scene->conn, &call, &records, NULL);
    bool is_good = is_right(scene, n, records, n_expected ? n_expected : count_recorded());

    domstats_record_list_free(records);
    return is_good;
}

static bool
call_named(const Scene *scene)
{
    const char *const names[] = {"vm1", "vm0", "nobody", "vm1", NULL};
    DomstatsRecord **records = NULL;
    int n = domstats_domain_list_get_stats(
        scene->conn, names, 0, 0, scene->row->n_silent > 0 ? SHORT_MS : LONG_MS, &records, NULL);
    bool is_good = n >= 0 && (scene->row->renames || n == 4);

    /* No domain is called "nobody". */
    for (int i = 0; i < n; i++)
        if (scene->row->n_silent == 0 && records[i]->health != DOMSTATS_HEALTH_NO_DOMAIN &&
            is_stuck(scene->row, records[i]->health))
            is_good = false;
    domstats_record_list_free(records);
    return is_good;
}

/* Gives some of the sockets their other name: whichever that is now. */
static void
rename_some(const Scene *scene, unsigned int round)
{
    for (unsigned int i = round % 2; i < scene->row->n_well; i += 2) {
        g_autofree char *plain = make_path(scene, i, false);
        g_autofree char *other = make_path(scene, i, true);

        if (g_rename(plain, other) != 0)
            g_rename(other, plain);
    }
}

static void *
run_caller(void *data)
{
    const Scene *scene = data;
    bool is_good = true;

    for (unsigned int i = 0; i < scene->row->n_rounds; i++) {
        if (scene->row->renames)
            rename_some(scene, i);
        is_good = call_all(scene, i % 3 == 2 ? VIR_DOMAIN_STATS_STATE : 0) && is_good;
        is_good = call_named(scene) && is_good;
        is_good = domstats_dispatch(scene->conn, NULL) >= 0 && is_good;
    }
    return GINT_TO_POINTER(is_good);
}

static void
run_callers(Scene *scene)
{
    GThread *callers[MAX_CALLERS] = {NULL};
    bool is_good = true;

    for (unsigned int i = 0; i < scene->row->n_callers; i++)
        callers[i] = g_thread_new("caller", run_caller, scene);
    for (unsigned int i = 0; i < scene->row->n_callers; i++)
        is_good = GPOINTER_TO_INT(g_thread_join(callers[i])) && is_good;
    assert_true(is_good);
}

static DomstatsConn *
open_scene(const Scene *scene)
{
    const DomstatsOptions options = {.n_threads = scene->row->n_threads,
                                     .listeners = DOMSTATS_LISTENERS_ANY,
                                     .monitors = scene->row->releases ? DOMSTATS_MONITORS_RELEASE
                                                                      : DOMSTATS_MONITORS_HOLD};
    g_autofree char *recorded =
        g_strconcat("replay:", testing_source_folder(), "/qemujsontestdata", NULL);
    g_autofree char *source = g_strconcat("dir:", scene->folder, NULL);
    bool has_fakes = scene->row->n_well + scene->row->n_silent > 0;
    DomstatsConn *conn = domstats_open(has_fakes ? source : recorded, &options, NULL);

    assert_non_null(conn);
    if (has_fakes)
        assert_true(domstats_get_fd(conn, NULL) >= 0);
    return conn;
}

static void
serves_all(const void *data)
{
    const Row *row = data;
    Scene scene = {.row = row, .folder = testing_make_folder()};
    FakeQmp *fakes[MAX_FAKES] = {NULL};
    unsigned int n_fakes = row->n_well + row->n_silent;
    FakeQmpThread *thread = NULL;

    for (unsigned int i = 0; i < n_fakes; i++) {
        g_autofree char *path = make_path(&scene, i, false);

        fakes[i] = fake_qmp_new_listening(i < row->n_well ? &well : &silent, path);
    }
    thread = fake_qmp_start(fakes, n_fakes);
    scene.conn = open_scene(&scene);
    run_callers(&scene);
    domstats_close(scene.conn);
    fake_qmp_stop(thread);
    for (unsigned int i = 0; i < n_fakes; i++)
        fake_qmp_free(fakes[i]);
    testing_remove_folder(scene.folder);
}

int
main(void)
{
    return TESTING_RUN_TABLE("concurrent", rows, serves_all);
}
