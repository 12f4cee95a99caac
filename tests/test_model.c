/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_model: one connection across many calls to a QEMU whose state changes, against what a fresh
 * connection says of the same state: see model_scene.h.
 *
 * Scenes are rows of orders. Random scenes follow them: MODEL_STEPS calls in all (1500), from the
 * seeds MODEL_SEED + 1 to + 4. Both are run over a connection that holds the monitor between calls,
 * and over one that lets go of it. A failure prints the orders since that QEMU was started: they
 * make a new row.
 */
#include <string.h>

#include "model_scene.h"
#include "testing.h"

enum {
    MAX_ORDERS = 24,
    DEFAULT_STEPS = 1500,
    STEPS_PER_QEMU = 60,
};

typedef struct {
    const char *sentence;
    const char *orders[MAX_ORDERS];
} Row;

#define SBV "state|balloon|vcpu"

/* clang-format off */
static const Row rows[] = {
    {"a guest that runs", {"call all", "tick", "call all", "tick", "call " SBV}},
    {"memory that the balloon does not count is plugged",
     {"call balloon", "pmem 128", "call balloon", "call balloon"}},
    {"memory is plugged in a call that ends before it asks the size",
     {"call balloon", "dimm 1024", "hush 1", "call short balloon", "speak", "call balloon", "call balloon"}},
    {"a silent call, then one that is not planned, show no old balloon",
     {"call balloon", "hush 0", "call short balloon", "call short balloon", "speak", "call balloon"}},
    {"a held monitor shows no old balloon",
     {"call balloon", "drop", "hold", "call short balloon", "let-go", "call balloon"}},
    {"a vCPU that is plugged while the guest is paused",
     {"plug 2", "unplug 1", "pause", "call " SBV, "call " SBV, "plug 1", "call iothread", "call " SBV}},
    {"a vCPU that is unplugged after a call that did not look at the threads",
     {"call vcpu", "plug 2", "call cpu-total|ext", "unplug 2", "call vcpu", "call vcpu"}},
    {"a vCPU that shares its thread with one that is plugged",
     {"start one-thread", "call vcpu", "plug 1", "call vcpu"}},
    {"vCPUs of an s390x that halt", {"start s390x", "call vcpu", "tick", "call vcpu"}},
    {"a QEMU that is first seen in preconfig",
     {"start preconfig", "call vcpu|vm|balloon|dirtyrate", "exit-preconfig", "call vcpu|vm|balloon|dirtyrate",
      "call vm|vcpu"}},
    {"a QEMU that is first seen in preconfig, all groups",
     {"start preconfig", "call all", "exit-preconfig", "call all", "call all"}},
    {"the balloon goes after its statistics were told, before the last answer",
     {"call " SBV, "pause", "amid 3 remove-balloon", "call amid " SBV, "call " SBV, "call " SBV}},
    {"the balloon goes one answer later",
     {"call " SBV, "pause", "amid 4 remove-balloon", "call amid " SBV, "call " SBV, "call " SBV}},
    {"a guest that shuts down, and then says nothing",
     {"call state|block", "shutdown", "hush 0", "call short state|block", "call short state|block", "speak"}},
    {"a guest that panicked, and then says nothing",
     {"call state|block", "panic pause", "hush 0", "call short state|block", "speak", "call state|block"}},
    {"a guest whose panic stops nothing, and then says nothing",
     {"call state|block", "panic run", "hush 0", "call short state|block", "speak", "call state|block"}},
    {"an I/O error stops it, and then it says nothing",
     {"call state|block", "io-error stop", "hush 0", "call short state|block", "speak"}},
    {"an internal error stops it, and then it says nothing",
     {"call state|block", "internal-error", "hush 0", "call short state|block", "speak"}},
    {"a guest that is paused, and then says nothing",
     {"call state|block", "pause", "hush 0", "call short state|block", "speak", "call state|block"}},
    {"a paused guest that migrated unseen", {"pause", "call " SBV, "migrate", "call " SBV}},
    {"a guest that stops in the middle of a call",
     {"call state|block", "amid 1 pause", "call amid state|block", "call state|block"}},
    {"a disk that is unplugged between the two replies that tell of it",
     {"add-disk 0", "add-disk 1", "call state|block", "amid 1 remove-disk 0", "call amid state|block", "call state|block"}},
    {"one reply too many", {"call all", "double 2", "call amid balloon|iothread|block|dirtyrate", "call all"}},
    {"the first reply twice", {"add-iothread 0", "call all", "double 1", "call amid state|block|iothread", "call all"}},
    {"the last but one twice", {"add-iothread 0", "call all", "double 3", "call amid vcpu|block|iothread", "call all"}},
    {"one reply lost", {"call all", "lose 2", "call short amid state|block|iothread", "call all"}},
    {"a silent call of vCPUs lacks their statistics",
     {"call vcpu|cpu-total", "hush 2", "call short vcpu|cpu-total", "speak", "call vcpu|cpu-total"}},
    {"a command that this QEMU refuses for good",
     {"start lacks query-dirty-rate", "call dirtyrate", "call all", "call all"}},
    {"another QEMU at the same path",
     {"pause", "call all", "start plain", "call all", "tick", "call all"}},
    {"a balloon that is replaced by another",
     {"pause", "call " SBV, "remove-balloon", "add-balloon 2", "call " SBV, "call " SBV}},
    {"a migration that begins, and is cancelled",
     {"start tells-migrations", "call state|block|ext", "call state|block|ext", "begin-migration",
      "call state|block|ext", "tick", "call state|block|ext", "end-migration cancelled",
      "call state|block|ext", "call state|block|ext"}},
    {"one of which no event tells",
     {"call state|block|ext", "begin-migration", "call state|block|ext", "end-migration failed",
      "call state|block|ext", "pause", "migrate", "call state|block|ext"}},
    {"one that begins in the middle of a call",
     {"start tells-migrations", "call state|block|ext", "call state|block|ext", "amid 1 begin-migration",
      "call amid state|block|ext", "call state|block|ext"}},
    {"a migration of which nothing was heard since the connection was lost",
     {"start tells-migrations", "call state|block|ext", "call state|block|ext", "drop", "begin-migration",
      "call state|block|ext"}},
    {"block jobs come and go",
     {"call block|ext", "call block|ext", "begin-job 0", "call block|ext", "tick", "begin-job 1",
      "call block|ext", "end-job 0", "call block|ext", "end-job 1", "call block|ext"}},
    {"a job that begins in the middle of a call",
     {"call block|ext", "call block|ext", "amid 1 begin-job 0", "call amid block|ext", "call block|ext"}},
    {"IOThreads come", {"call iothread", "call iothread", "add-iothread 0", "call iothread", "set-iothread 0", "call iothread"}},
};
/* clang-format on */

static void
run_scene(const Row *row, bool lets_go)
{
    g_auto(ModelScene) scene = {0};

    model_scene_init(&scene, lets_go);
    for (size_t i = 0; i < MAX_ORDERS && row->orders[i] != NULL && scene.trouble == NULL; i++)
        model_scene_run(&scene, row->orders[i]);
    model_scene_check(&scene);
}

static void
agrees_in_scene(const void *data)
{
    run_scene(data, false);
}

static void
agrees_when_it_lets_go(const void *data)
{
    run_scene(data, true);
}

/* Orders between two calls; the more often listed, the more often given. */
static const char *const happenings[] = {
    "tick",
    "tick",
    "tick",
    "tick",
    "tick",
    "tick",
    "tick",
    "tick",
    "pause",
    "pause",
    "cont",
    "cont",
    "cont",
    "shutdown",
    "panic pause",
    "panic run",
    "io-error stop",
    "io-error report",
    "watchdog pause",
    "watchdog none",
    "internal-error",
    "suspend",
    "wakeup",
    "reset",
    "migrate",
    "begin-migration",
    "begin-migration",
    "end-migration failed",
    "end-migration cancelled",
    "begin-job 0",
    "begin-job 1",
    "end-job 0",
    "end-job 1",
    "plug 1",
    "plug 2",
    "plug 3",
    "unplug 1",
    "unplug 2",
    "unplug 3",
    "dimm 64",
    "pmem 32",
    "balloon 300",
    "balloon 700",
    "remove-balloon",
    "add-balloon 1",
    "add-balloon 2",
    "add-disk 1",
    "add-disk 2",
    "remove-disk 0",
    "remove-disk 1",
    "remove-disk 2",
    "add-iothread 0",
    "add-iothread 1",
    "remove-iothread 0",
    "remove-iothread 1",
    "set-iothread 0",
    "measure",
    "exit-preconfig",
};

static const char *const kinds[] = {
    "plain",
    "plain",
    "plain",
    "preconfig",
    "s390x",
    "one-thread",
    "no-slots",
    "tells-migrations",
    "tells-migrations",
    "lacks query-dirty-rate",
    "lacks query-stats",
    "lacks query-hotpluggable-cpus",
};

/* Unusual calls, with the orders before and after them. */
static const struct {
    const char *before; /* %d: a number of replies; %s: an order of the above */
    const char *how;
    const char *after;
} unusual[] = {
    {"hush %d", "short ", "speak"},
    {"hush %d", "short ", NULL}, /* the next call finds it silent */
    {"double %d", "amid short ", NULL},
    {"lose %d", "amid short ", "drop"},
    {"amid %d %s", "amid ", NULL},
    {"amid %d %s", "amid ", NULL},
    {"drop", "", NULL},
    {"greet-late", "", NULL},
};

#define PICK(random, array) ((array)[g_rand_int_range((random), 0, G_N_ELEMENTS(array))])

/* The caller frees. */
static char *
make_call(GRand *random, const char *how)
{
    GString *text = g_string_new("call ");

    g_string_append(text, how);
    if (g_rand_int_range(random, 0, 5) == 0)
        g_string_append(text, "all");
    for (int n = g_rand_int_range(random, 1, 5); n > 0 && !g_str_has_suffix(text->str, "all"); n--)
        g_string_append_printf(text, "%s%s", PICK(random, model_scene_groups).name,
                               n > 1 ? "|" : "");
    if (g_rand_int_range(random, 0, 3) == 0)
        g_string_append(text, "|ext");
    return g_string_free(text, FALSE);
}

/* @format with its %d and %s replaced. The caller frees. */
static char *
fill_in(GRand *random, const char *format)
{
    g_autofree char *number = g_strdup_printf("%d", g_rand_int_range(random, 0, 7));
    g_autoptr(GString) text = g_string_new(format);

    g_string_replace(text, "%d", number, 0);
    g_string_replace(text, "%s", PICK(random, happenings), 0);
    return g_strdup(text->str);
}

static void
run_unusual(ModelScene *scene, GRand *random, bool *is_silent)
{
    size_t i = (size_t)g_rand_int_range(random, 0, G_N_ELEMENTS(unusual));
    g_autofree char *before = fill_in(random, unusual[i].before);
    g_autofree char *text = make_call(random, unusual[i].how);

    model_scene_run(scene, before);
    model_scene_run(scene, text);
    if (unusual[i].after != NULL)
        model_scene_run(scene, unusual[i].after);
    *is_silent = g_str_has_prefix(before, "hush") && unusual[i].after == NULL;
}

static void
run_step(ModelScene *scene, GRand *random, bool *is_silent)
{
    g_autofree char *text = NULL;

    for (int n = g_rand_int_range(random, 0, 4); n > 0; n--)
        model_scene_run(scene, PICK(random, happenings));
    if (*is_silent && g_rand_int_range(random, 0, 2) == 0) {
        model_scene_run(scene, "speak");
        *is_silent = false;
    }
    if (!*is_silent && g_rand_int_range(random, 0, 10) == 0) {
        run_unusual(scene, random, is_silent);
        return;
    }
    text = make_call(random, *is_silent ? "short " : "");
    model_scene_run(scene, text);
}

/* Starts another QEMU. In half of the cases a new connection follows, since one whose dials have
 * failed waits before it dials again. */
static void
start_another(ModelScene *scene, GRand *random, bool lets_go)
{
    g_autofree char *order = g_strdup_printf("start %s", PICK(random, kinds));

    model_scene_run(scene, order);
    if (g_rand_int_range(random, 0, 2) == 1)
        model_scene_reopen(scene, lets_go || g_rand_int_range(random, 0, 4) == 0);
}

static unsigned int
read_number(const char *variable, unsigned int otherwise)
{
    const char *text = g_getenv(variable);

    return text ? (unsigned int)g_ascii_strtoull(text, NULL, 10) : otherwise;
}

typedef struct {
    const char *sentence;
    unsigned int seed;
    bool lets_go;
} RandomRow;

static const RandomRow random_rows[] = {
    {"random scenes, seed 1", 1, false},
    {"random scenes, seed 2, letting go", 2, true},
    {"random scenes, seed 3", 3, false},
    {"random scenes, seed 4, letting go", 4, true},
};

static void
agrees_at_random(const void *data)
{
    const RandomRow *row = data;
    unsigned int seed = read_number("MODEL_SEED", 0) + row->seed;
    unsigned int n_steps = read_number("MODEL_STEPS", DEFAULT_STEPS) / G_N_ELEMENTS(random_rows);
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    g_auto(ModelScene) scene = {0};
    bool is_silent = false;

    model_scene_init(&scene, row->lets_go);
    for (unsigned int i = 0; i < n_steps && scene.trouble == NULL; i++) {
        if (i % STEPS_PER_QEMU == STEPS_PER_QEMU - 1) {
            start_another(&scene, random, row->lets_go);
            is_silent = false;
        }
        run_step(&scene, random, &is_silent);
    }
    g_print("# seed %u: %u calls, %u whole\n", seed, scene.n_calls, scene.n_whole);
    model_scene_check(&scene);
    assert_true(scene.n_whole > scene.n_calls / 2);
}

int
main(void)
{
    return TESTING_RUN_TABLE("model scenes", rows, agrees_in_scene) +
           TESTING_RUN_TABLE("model scenes, letting go", rows, agrees_when_it_lets_go) +
           TESTING_RUN_TABLE("model random", random_rows, agrees_at_random);
}
