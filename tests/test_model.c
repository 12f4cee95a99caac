/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_model: one connection across many calls to a QEMU whose state changes, against what a fresh
 * connection says of the same state. Through the public API only.
 *
 * How it works
 *
 * model_qemu has one state and two monitors. The connection under test keeps the one; after each of
 * its calls a connection that is opened for it asks the other, which always answers, for the same
 * groups. What the first says must be what the second says, value by value; what it lacks must be
 * in the groups that it calls missing. Values of the host, which move by themselves, are left out.
 * When something happens in the middle of a call, what was true before it is right as well.
 *
 * Scenes are rows of orders. Then come random ones: MODEL_STEPS calls (1500), from MODEL_SEED; a
 * failure shows the orders since that QEMU was started, which make a new row.
 */
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "domstats/domstats.h"
#include "model_qemu.h"
#include "testing.h"

enum {
    MAX_ORDERS = 24,
    LONG_MS = 10000,
    SHORT_MS = 30,
    DEFAULT_STEPS = 1500,
    STEPS_OF_ONE = 60, /* calls until the next QEMU */
};

/* Orders to the model, and these: "start KIND", "call GROUP|GROUP|ext" ("all": ALL mode; short: the
 * model will not answer; amid: it changes), "hold" and "let-go" (the monitor, as another client).
 */
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
    {"a QEMU first met in preconfig",
     {"start preconfig", "call vcpu|vm|balloon|dirtyrate", "exit-preconfig", "call vcpu|vm|balloon|dirtyrate",
      "call vm|vcpu"}},
    {"a QEMU first met in preconfig, all groups",
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
    {"one reply too many", {"call all", "double 2", "call amid balloon|iothread|block|dirtyrate", "call all"}},
    {"the first reply twice", {"add-iothread 0", "call all", "double 1", "call amid state|block|iothread", "call all"}},
    {"the last but one twice", {"add-iothread 0", "call all", "double 3", "call amid vcpu|block|iothread", "call all"}},
    {"one reply lost", {"call all", "lose 2", "call short amid state|block|iothread", "call all"}},
    {"a silent call of vCPUs lacks their statistics",
     {"call vcpu|cpu-total", "hush 2", "call short vcpu|cpu-total", "speak", "call vcpu|cpu-total"}},
    {"a command that this QEMU refuses for good",
     {"start lacks query-dirty-rate", "call dirtyrate", "call all", "call all"}},
    {"another QEMU at the same place",
     {"pause", "call all", "start plain", "call all", "tick", "call all"}},
    {"a balloon that another takes the place of",
     {"pause", "call " SBV, "remove-balloon", "add-balloon 2", "call " SBV, "call " SBV}},
    {"IOThreads come", {"call iothread", "call iothread", "add-iothread 0", "call iothread", "set-iothread 0", "call iothread"}},
};
/* clang-format on */

typedef struct {
    char *folder;
    ModelQemu *qemu;
    DomstatsConn *conn;
    int holder_fd;
    GString *story; /* the orders since that QEMU was started */
    unsigned int n_calls;
    unsigned int n_whole; /* calls that lacked nothing */
    char *trouble;
} Scene;

static const struct {
    const char *name;
    unsigned int bit;
} groups[] = {
    {"state", VIR_DOMAIN_STATS_STATE},
    {"cpu-total", VIR_DOMAIN_STATS_CPU_TOTAL},
    {"balloon", VIR_DOMAIN_STATS_BALLOON},
    {"vcpu", VIR_DOMAIN_STATS_VCPU},
    {"interface", VIR_DOMAIN_STATS_INTERFACE},
    {"block", VIR_DOMAIN_STATS_BLOCK},
    {"iothread", VIR_DOMAIN_STATS_IOTHREAD},
    {"dirtyrate", VIR_DOMAIN_STATS_DIRTYRATE},
    {"vm", VIR_DOMAIN_STATS_VM},
};

/* The beginnings of names, with the group that each belongs to. */
static const struct {
    const char *prefix;
    unsigned int group;
} prefixes[] = {
    {"state.", VIR_DOMAIN_STATS_STATE},
    {"cpu.", VIR_DOMAIN_STATS_CPU_TOTAL},
    {"balloon.", VIR_DOMAIN_STATS_BALLOON},
    {"vcpu.", VIR_DOMAIN_STATS_VCPU},
    {"net.", VIR_DOMAIN_STATS_INTERFACE},
    {"block.", VIR_DOMAIN_STATS_BLOCK},
    {"iothread.", VIR_DOMAIN_STATS_IOTHREAD},
    {"dirtyrate.", VIR_DOMAIN_STATS_DIRTYRATE},
    {"vm.", VIR_DOMAIN_STATS_VM},
};

static unsigned int
group_of(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i].prefix))
            return prefixes[i].group;
    return 0;
}

/* What the host tells of a process, which is another moment's value in each call. */
static bool
moves_by_itself(const char *name)
{
    static const char *const ends[] = {".time", ".wait", ".delay", ".user", ".system", ".rss"};

    if (g_str_has_prefix(name, "ext.") || g_str_has_prefix(name, "memory."))
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++)
        if (g_str_has_suffix(name, ends[i]) && group_of(name) != VIR_DOMAIN_STATS_BLOCK)
            return true;
    return false;
}

static char *
value_of(const virTypedParameter *param)
{
    switch (param->type) {
    case VIR_TYPED_PARAM_INT:
        return g_strdup_printf("%d", param->value.i);
    case VIR_TYPED_PARAM_UINT:
        return g_strdup_printf("%u", param->value.ui);
    case VIR_TYPED_PARAM_LLONG:
        return g_strdup_printf("%lld", param->value.l);
    case VIR_TYPED_PARAM_ULLONG:
        return g_strdup_printf("%llu", param->value.ul);
    case VIR_TYPED_PARAM_DOUBLE:
        return g_strdup_printf("%g", param->value.d);
    case VIR_TYPED_PARAM_BOOLEAN:
        return g_strdup(param->value.b ? "yes" : "no");
    default:
        return g_strdup(param->value.s);
    }
}

/* name -> value of what can be compared. */
static GHashTable *
make_values(const DomstatsRecord *record)
{
    GHashTable *values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);

    for (int i = 0; i < record->n_params; i++)
        if (!moves_by_itself(record->params[i].field))
            g_hash_table_insert(values, g_strdup(record->params[i].field),
                                value_of(&record->params[i]));
    return values;
}

static int
ask(DomstatsConn *conn, unsigned int stats, bool with_ext, unsigned int timeout_ms,
    DomstatsRecord ***ret_records)
{
#ifdef MODEL_OLD
    return domstats_get_all_domain_stats(conn, stats, with_ext ? DOMSTATS_GET_STATS_EXT : 0,
                                         timeout_ms, ret_records, NULL);
#else
    const DomstatsCall call = {
        .stats = stats, .extras = with_ext ? DOMSTATS_CALL_EXT : 0, .timeout_ms = timeout_ms};

    return domstats_get_stats(conn, &call, ret_records, NULL);
#endif
}

static DomstatsConn *
open_monitor(const Scene *self, ModelQemuMonitor monitor, bool lets_go)
{
#ifdef MODEL_OLD
    const DomstatsOptions options = {.n_threads = 1, .release_monitors = lets_go};
#else
    const DomstatsOptions options = {
        .n_threads = 1, .monitors = lets_go ? DOMSTATS_MONITORS_RELEASE : DOMSTATS_MONITORS_HOLD};
#endif
    g_autofree char *path = model_qemu_path(self->folder, monitor);
    g_autofree char *source = g_strconcat("socket:", path, NULL);
    DomstatsConn *conn = domstats_open(source, &options, NULL);

    assert_non_null(conn);
    return conn;
}

/* What a connection that knows nothing says. The caller frees. */
static DomstatsRecord **
ask_afresh(Scene *self, unsigned int stats, bool with_ext)
{
    DomstatsConn *conn = open_monitor(self, MODEL_QEMU_FRESH, true);
    DomstatsRecord **records = NULL;
    int n = ask(conn, stats, with_ext, LONG_MS, &records);

    assert_int_equal(n, 1);
    if (records[0]->health != DOMSTATS_HEALTH_OK)
        fail_msg("the fresh connection: %s: %s", domstats_health_to_string(records[0]->health),
                 records[0]->reason);
    domstats_close(conn);
    return records;
}

G_GNUC_PRINTF(2, 3)
static void
note_trouble(Scene *self, const char *format, ...)
{
    va_list arguments;

    if (self->trouble != NULL)
        return;
    va_start(arguments, format);
    self->trouble = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

static const char *
text_or_none(const char *text)
{
    return text ? text : "absent";
}

/* Every value must be one of @befores or @afters. */
static void
compare_values(Scene *self, GHashTable *values, GHashTable *before, GHashTable *after)
{
    GHashTableIter each;
    gpointer name = NULL;
    gpointer value = NULL;

    g_hash_table_iter_init(&each, values);
    while (g_hash_table_iter_next(&each, &name, &value)) {
        const char *now = g_hash_table_lookup(after, name);
        const char *was = before ? g_hash_table_lookup(before, name) : NULL;

        if (g_strcmp0(value, now) != 0 && g_strcmp0(value, was) != 0)
            note_trouble(self, "%s is %s, a fresh connection says %s", (const char *)name,
                         (const char *)value, text_or_none(now));
    }
}

/* What is absent must be in a group that is missing. */
static void
compare_absent(Scene *self, const DomstatsRecord *record, GHashTable *values, GHashTable *before,
               GHashTable *after)
{
    GHashTableIter each;
    gpointer name = NULL;

    g_hash_table_iter_init(&each, after);
    while (g_hash_table_iter_next(&each, &name, NULL)) {
        bool was_there = before == NULL || g_hash_table_contains(before, name);

        if (was_there && !g_hash_table_contains(values, name) &&
            (record->missing & group_of(name)) == 0)
            note_trouble(self, "%s is absent, and its group is not missing (%s: %s)",
                         (const char *)name, domstats_health_to_string(record->health),
                         text_or_none(record->reason));
    }
}

typedef struct {
    unsigned int stats;
    bool with_ext;
    bool is_amid;
    bool is_short;
} Question;

static Question
parse_call(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " |", -1);
    Question question = {0};

    for (char **word = words; *word != NULL; word++) {
        question.with_ext = question.with_ext || strcmp(*word, "ext") == 0;
        question.is_amid = question.is_amid || strcmp(*word, "amid") == 0;
        question.is_short = question.is_short || strcmp(*word, "short") == 0;
        for (size_t i = 0; i < G_N_ELEMENTS(groups); i++)
            if (strcmp(groups[i].name, *word) == 0)
                question.stats |= groups[i].bit;
    }
    return question;
}

static void
call(Scene *self, const char *text)
{
    const Question question = parse_call(text);
    DomstatsRecord **records = NULL;
    DomstatsRecord **befores = NULL;
    DomstatsRecord **afters = NULL;
    g_autoptr(GHashTable) values = NULL;
    g_autoptr(GHashTable) before = NULL;
    g_autoptr(GHashTable) after = NULL;

    if (question.is_amid)
        befores = ask_afresh(self, question.stats, question.with_ext);
    assert_int_equal(ask(self->conn, question.stats, question.with_ext,
                         question.is_short ? SHORT_MS : LONG_MS, &records),
                     1);
    assert_true(model_qemu_do(self->qemu, "behave"));
    afters = ask_afresh(self, question.stats, question.with_ext);
    values = make_values(records[0]);
    after = make_values(afters[0]);
    before = befores ? make_values(befores[0]) : NULL;
    compare_values(self, values, before, after);
    compare_absent(self, records[0], values, before, after);
    self->n_calls++;
    if (records[0]->health == DOMSTATS_HEALTH_OK &&
        (records[0]->missing & ~afters[0]->missing) == 0)
        self->n_whole++;
    domstats_record_list_free(records);
    domstats_record_list_free(befores);
    domstats_record_list_free(afters);
}

static void
let_go(Scene *self)
{
    if (self->holder_fd >= 0)
        close(self->holder_fd);
    self->holder_fd = -1;
}

/* Takes the place of the connection under test, which the model has dropped. */
static void
hold(Scene *self)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = model_qemu_path(self->folder, MODEL_QEMU_LIVED);
    char byte = 0;

    let_go(self);
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    self->holder_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(self->holder_fd >= 0);
    assert_int_equal(connect(self->holder_fd, (const void *)&address, sizeof(address)), 0);
    assert_int_equal(recv(self->holder_fd, &byte, 1, 0), 1); /* it is greeted */
}

static void
start(Scene *self, const char *kind)
{
    let_go(self);
    model_qemu_free(self->qemu);
    self->qemu = model_qemu_new(self->folder, kind);
    g_string_truncate(self->story, 0);
}

static void
run(Scene *self, const char *order)
{
    bool is_start = g_str_has_prefix(order, "start ");

    if (is_start)
        start(self, order + strlen("start "));
    g_string_append_printf(self->story, "\"%s\", ", order);
    if (is_start)
        return;
    if (g_str_has_prefix(order, "call "))
        call(self, order + strlen("call "));
    else if (strcmp(order, "hold") == 0)
        hold(self);
    else if (strcmp(order, "let-go") == 0)
        let_go(self);
    else if (!model_qemu_do(self->qemu, order))
        fail_msg("the model knows no order '%s'", order);
}

static void
init_scene(Scene *self)
{
    *self = (Scene){.folder = testing_make_folder(), .holder_fd = -1, .story = g_string_new(NULL)};
    run(self, "start plain");
    self->conn = open_monitor(self, MODEL_QEMU_LIVED, false);
}

static void
clear_scene(Scene *self)
{
    domstats_close(self->conn);
    let_go(self);
    model_qemu_free(self->qemu);
    g_string_free(self->story, TRUE);
    g_free(self->trouble);
    testing_remove_folder(self->folder);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Scene, clear_scene)

/* cmocka's own messages end after 1,024 bytes. */
static void
show_trouble(const Scene *self)
{
    if (self->trouble != NULL)
        g_print("%s\n  in call %u, after %s\n", self->trouble, self->n_calls, self->story->str);
}

static void
tells_what_is(const void *data)
{
    const Row *row = data;
    g_auto(Scene) scene = {0};

    init_scene(&scene);
    for (size_t i = 0; i < MAX_ORDERS && row->orders[i] != NULL && scene.trouble == NULL; i++)
        run(&scene, row->orders[i]);
    show_trouble(&scene);
    assert_null(scene.trouble);
}

/* What may happen between two calls; more often what is listed twice. */
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
    "lacks query-dirty-rate",
    "lacks query-stats",
    "lacks query-hotpluggable-cpus",
};

/* What comes before and after an unusual call. */
static const struct {
    const char *before; /* %d: a number of replies; %s: something that happens */
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
        g_string_append_printf(text, "%s%s", PICK(random, groups).name, n > 1 ? "|" : "");
    if (g_rand_int_range(random, 0, 6) == 0)
        g_string_append(text, "|ext");
    return g_string_free(text, FALSE);
}

/* Fills the holes of @format. The caller frees. */
static char *
fill(GRand *random, const char *format)
{
    g_autofree char *number = g_strdup_printf("%d", g_rand_int_range(random, 0, 7));
    g_autoptr(GString) text = g_string_new(format);

    g_string_replace(text, "%d", number, 0);
    g_string_replace(text, "%s", PICK(random, happenings), 0);
    return g_strdup(text->str);
}

static void
run_unusual(Scene *scene, GRand *random, bool *is_silent)
{
    size_t i = (size_t)g_rand_int_range(random, 0, G_N_ELEMENTS(unusual));
    g_autofree char *before = fill(random, unusual[i].before);
    g_autofree char *text = make_call(random, unusual[i].how);

    run(scene, before);
    run(scene, text);
    if (unusual[i].after != NULL)
        run(scene, unusual[i].after);
    *is_silent = g_str_has_prefix(before, "hush") && unusual[i].after == NULL;
}

static void
run_step(Scene *scene, GRand *random, bool *is_silent)
{
    g_autofree char *text = NULL;

    for (int n = g_rand_int_range(random, 0, 4); n > 0; n--)
        run(scene, PICK(random, happenings));
    if (*is_silent && g_rand_int_range(random, 0, 2) == 0) {
        run(scene, "speak");
        *is_silent = false;
    }
    if (!*is_silent && g_rand_int_range(random, 0, 10) == 0) {
        run_unusual(scene, random, is_silent);
        return;
    }
    text = make_call(random, *is_silent ? "short " : "");
    run(scene, text);
}

/* A new QEMU, perhaps, and a connection that has not failed before, which would wait. */
static void
begin_anew(Scene *scene, GRand *random)
{
    g_autofree char *order = g_strdup_printf("start %s", PICK(random, kinds));

    run(scene, order);
    if (g_rand_int_range(random, 0, 2) == 0)
        return;
    domstats_close(scene->conn);
    scene->conn = open_monitor(scene, MODEL_QEMU_LIVED, g_rand_int_range(random, 0, 4) == 0);
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
} RandomRow;

/* Three fixed seeds. */
static const RandomRow random_rows[] = {
    {"random scenes, the first", 1},
    {"random scenes, the second", 2},
    {"random scenes, the third", 3},
};

static void
stays_true(const void *data)
{
    const RandomRow *row = data;
    unsigned int seed = read_number("MODEL_SEED", 0) + row->seed;
    unsigned int n_steps = read_number("MODEL_STEPS", DEFAULT_STEPS) / G_N_ELEMENTS(random_rows);
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    g_auto(Scene) scene = {0};
    bool is_silent = false;

    init_scene(&scene);
    for (unsigned int i = 0; i < n_steps && scene.trouble == NULL; i++) {
        if (i % STEPS_OF_ONE == STEPS_OF_ONE - 1) {
            begin_anew(&scene, random);
            is_silent = false;
        }
        run_step(&scene, random, &is_silent);
    }
    g_print("# seed %u: %u calls, %u whole\n", seed, scene.n_calls, scene.n_whole);
    show_trouble(&scene);
    assert_null(scene.trouble);
    assert_true(scene.n_whole > scene.n_calls / 2);
}

int
main(void)
{
    return TESTING_RUN_TABLE("model scenes", rows, tells_what_is) +
           TESTING_RUN_TABLE("model random", random_rows, stays_true);
}
