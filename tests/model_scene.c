/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_scene: see model_scene.h. Uses the public API only.
 */
#include "model_scene.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "testing.h"

enum {
    LONG_MS = 10000, /* for calls that the model answers in full */
    SHORT_MS = 30,   /* for calls that it does not */
};

const ModelSceneGroup model_scene_groups[MODEL_SCENE_N_GROUPS] = {
    {"state", VIR_DOMAIN_STATS_STATE, "state."},
    {"cpu-total", VIR_DOMAIN_STATS_CPU_TOTAL, "cpu."},
    {"balloon", VIR_DOMAIN_STATS_BALLOON, "balloon."},
    {"vcpu", VIR_DOMAIN_STATS_VCPU, "vcpu."},
    {"interface", VIR_DOMAIN_STATS_INTERFACE, "net."},
    {"block", VIR_DOMAIN_STATS_BLOCK, "block."},
    {"iothread", VIR_DOMAIN_STATS_IOTHREAD, "iothread."},
    {"dirtyrate", VIR_DOMAIN_STATS_DIRTYRATE, "dirtyrate."},
    {"vm", VIR_DOMAIN_STATS_VM, "vm."},
};

#define ABOUT "about."
#define EXT   "ext."

static unsigned int
group_of(const char *name)
{
    if (g_str_has_prefix(name, ABOUT))
        name += strlen(ABOUT);
    if (g_str_has_prefix(name, EXT))
        name += strlen(EXT);
    for (size_t i = 0; i < MODEL_SCENE_N_GROUPS; i++)
        if (g_str_has_prefix(name, model_scene_groups[i].prefix))
            return model_scene_groups[i].bit;
    return 0;
}

/* Whether the host counts it, so that two calls never see the same value. */
static bool
moves_by_itself(const char *name)
{
    static const char *const ends[] = {".time", ".wait", ".delay", ".user", ".system", ".rss"};

    if (g_str_has_prefix(name, "ext.state.migration.") || g_str_has_prefix(name, "ext.block.job."))
        return false;
    if (g_str_has_prefix(name, EXT) || g_str_has_prefix(name, "memory."))
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

/* name -> value, of those that two calls can have in common. */
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
    const DomstatsCall call = {.stats = stats,
                               .extras = with_ext ? DOMSTATS_CALL_EXT | DOMSTATS_CALL_ABOUT : 0,
                               .timeout_ms = timeout_ms};

    return domstats_get_stats(conn, &call, ret_records, NULL);
}

static DomstatsConn *
open_monitor(const ModelScene *self, ModelQemuMonitor monitor, bool lets_go)
{
    const DomstatsOptions options = {
        .listeners = DOMSTATS_LISTENERS_ANY, /* the machine is a part of this process */
        .n_threads = 1,
        .monitors = lets_go ? DOMSTATS_MONITORS_DEFAULT : DOMSTATS_MONITORS_HOLD};
    g_autofree char *path = model_qemu_path(self->folder, monitor);
    g_autofree char *source = g_strconcat("socket:", path, NULL);
    DomstatsConn *conn = domstats_open(source, &options, NULL);

    assert_non_null(conn);
    return conn;
}

/* The answer of a connection that is opened for it. The caller frees. */
static DomstatsRecord **
ask_afresh(ModelScene *self, unsigned int stats, bool with_ext)
{
    DomstatsConn *conn = open_monitor(self, MODEL_QEMU_FRESH, true);
    DomstatsRecord **records = NULL;
    int n = ask(conn, stats, with_ext, LONG_MS, &records);

    assert_int_equal(n, 1);
    if (records[0]->health != DOMSTATS_HEALTH_OK &&
        records[0]->reason_code != DOMSTATS_REASON_REFUSED)
        fail_msg("the fresh connection: %s: %s", domstats_health_to_string(records[0]->health),
                 records[0]->reason);
    domstats_close(conn);
    return records;
}

G_GNUC_PRINTF(2, 3)
static void
note_trouble(ModelScene *self, const char *format, ...)
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

/* Every value must be that of @before, which may be NULL, or that of @after. */
static void
compare_values(ModelScene *self, GHashTable *values, GHashTable *before, GHashTable *after)
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

/* A value that was there before and after, and is absent, must be of a group that is missing. */
static void
compare_absent(ModelScene *self, const DomstatsRecord *record, GHashTable *values,
               GHashTable *before, GHashTable *after)
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

static bool
parse_word(const char *word, Question *question)
{
    const struct {
        const char *word;
        bool *is_said;
    } ways[] = {
        {"ext", &question->with_ext},
        {"amid", &question->is_amid},
        {"short", &question->is_short},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(ways); i++) {
        if (strcmp(ways[i].word, word) == 0) {
            *ways[i].is_said = true;
            return true;
        }
    }
    for (size_t i = 0; i < MODEL_SCENE_N_GROUPS; i++) {
        if (strcmp(model_scene_groups[i].name, word) == 0) {
            question->stats |= model_scene_groups[i].bit;
            return true;
        }
    }
    return strcmp(word, "all") == 0;
}

static Question
parse_call(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " |", -1);
    Question question = {0};

    for (char **word = words; *word != NULL; word++)
        if (!parse_word(*word, &question))
            fail_msg("a call knows no word '%s'", *word);
    return question;
}

static void
call(ModelScene *self, const char *text)
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
let_go(ModelScene *self)
{
    if (self->holder_fd >= 0)
        close(self->holder_fd);
    self->holder_fd = -1;
}

/* Connects another client to the KEPT monitor, whose client the model has dropped. */
static void
hold(ModelScene *self)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    g_autofree char *path = model_qemu_path(self->folder, MODEL_QEMU_KEPT);
    char byte = 0;

    let_go(self);
    g_strlcpy(address.sun_path, path, sizeof(address.sun_path));
    self->holder_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(self->holder_fd >= 0);
    assert_int_equal(connect(self->holder_fd, (const void *)&address, sizeof(address)), 0);
    /* With the greeting the model has accepted this client. */
    assert_int_equal(recv(self->holder_fd, &byte, 1, 0), 1);
}

static void
start(ModelScene *self, const char *kind)
{
    let_go(self);
    model_qemu_free(self->qemu);
    self->qemu = model_qemu_new(self->folder, kind);
    g_string_truncate(self->story, 0);
}

void
model_scene_run(ModelScene *self, const char *order)
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

void
model_scene_init(ModelScene *self, bool lets_go)
{
    *self =
        (ModelScene){.folder = testing_make_folder(), .holder_fd = -1, .story = g_string_new(NULL)};
    model_scene_run(self, "start plain");
    self->conn = open_monitor(self, MODEL_QEMU_KEPT, lets_go);
}

void
model_scene_reopen(ModelScene *self, bool lets_go)
{
    domstats_close(self->conn);
    self->conn = open_monitor(self, MODEL_QEMU_KEPT, lets_go);
}

void
model_scene_clear(ModelScene *self)
{
    domstats_close(self->conn);
    let_go(self);
    model_qemu_free(self->qemu);
    g_string_free(self->story, TRUE);
    g_free(self->trouble);
    testing_remove_folder(self->folder);
}

/* cmocka cuts its own messages after 1,024 bytes, so the story is printed here. */
void
model_scene_check(const ModelScene *self)
{
    if (self->trouble != NULL)
        g_print("%s\n  in call %u, after %s\n", self->trouble, self->n_calls, self->story->str);
    assert_null(self->trouble);
}
