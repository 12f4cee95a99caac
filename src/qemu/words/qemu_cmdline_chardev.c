/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_chardev: see qemu_cmdline_chardev.h.
 *
 * An option may name a device that a later word describes, so a device has an entry from the first
 * word that names it. QEMU lets several users share a device with "mux=on" only. Here each word
 * that may name a device counts as a user of it, also words of options that are not known: a
 * monitor that is wrongly taken to be shared is only not used; one that is wrongly used would type
 * our commands into a guest's console.
 */
#include "qemu_cmdline_chardev.h"

#include <limits.h>
#include <string.h>

#include "qemu/facts/qemu_limits.h"

struct QemuCmdlineChardevs {
    GPtrArray *all;    /* QemuCmdlineChardev *, owned */
    GHashTable *by_id; /* borrows both */
};

static void
free_chardev(gpointer data)
{
    QemuCmdlineChardev *chardev = data;

    g_free(chardev->id);
    qemu_cmdline_option_free(chardev->option);
    g_free(chardev);
}

QemuCmdlineChardevs *
qemu_cmdline_chardevs_new(void)
{
    QemuCmdlineChardevs *self = g_new0(QemuCmdlineChardevs, 1);

    self->all = g_ptr_array_new_with_free_func(free_chardev);
    self->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    return self;
}

void
qemu_cmdline_chardevs_free(QemuCmdlineChardevs *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->by_id);
    g_ptr_array_unref(self->all);
    g_free(self);
}

/* The entry of @id, made if there is none; NULL past the limit. */
static QemuCmdlineChardev *
get_chardev(QemuCmdlineChardevs *self, const char *id)
{
    QemuCmdlineChardev *chardev = g_hash_table_lookup(self->by_id, id);

    if (chardev != NULL || self->all->len >= QEMU_LIMIT_CHARDEVS)
        return chardev;
    chardev = g_new0(QemuCmdlineChardev, 1);
    chardev->id = g_strdup(id);
    g_ptr_array_add(self->all, chardev);
    g_hash_table_insert(self->by_id, chardev->id, chardev);
    return chardev;
}

/* The first description of an id counts: QEMU refuses a second one. */
static void
describe(QemuCmdlineChardevs *self, const char *id, QemuCmdlineOption *take_option)
{
    QemuCmdlineChardev *chardev = get_chardev(self, id);

    if (chardev != NULL && chardev->option == NULL)
        chardev->option = take_option;
    else
        qemu_cmdline_option_free(take_option);
}

void
qemu_cmdline_chardevs_take(QemuCmdlineChardevs *self, const char *argument)
{
    QemuCmdlineOption *option = qemu_cmdline_option_parse(argument, "backend");
    const char *id = qemu_cmdline_option_get_exact(option, "id");

    if (id != NULL)
        describe(self, id, option);
    else
        qemu_cmdline_option_free(option);
    qemu_cmdline_chardevs_scan(self, argument, QEMU_CMDLINE_CHARDEV_USE_CHARDEV);
}

/* "HOST:PORT,more" as pairs; without a colon there is no address. */
static char *
make_tcp_pairs(const char *text, const char *more)
{
    const char *end = strchrnul(text, ',');
    const char *colon = memrchr(text, ':', (size_t)(end - text));

    if (colon == NULL)
        return g_strconcat("backend=socket", end, more, NULL);
    return g_strdup_printf("backend=socket,host=%.*s,port=%s%s", (int)MIN(colon - text, INT_MAX),
                           text, colon + 1, more);
}

/* The pairs of a device in one word that is no "chardev:ID". */
static char *
make_pairs(const char *word)
{
    static const struct {
        const char *prefix;
        const char *more; /* what the prefix means beside a TCP socket */
    } tcp_forms[] = {
        {"tcp:", ""},
        {"telnet:", ",telnet=on"},
        {"tn3270:", ",tn3270=on"},
        {"websocket:", ",websocket=on"},
    };
    const char *path = NULL;
    g_autofree char *backend = NULL;

    if (g_str_has_prefix(word, "unix:")) {
        path = word + strlen("unix:");
        return g_strconcat("backend=socket,", path[strcspn(path, "=,")] == '=' ? "" : "path=", path,
                           NULL);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(tcp_forms); i++) {
        if (g_str_has_prefix(word, tcp_forms[i].prefix))
            return make_tcp_pairs(word + strlen(tcp_forms[i].prefix), tcp_forms[i].more);
    }
    backend = g_strndup(word, strcspn(word, ":,"));
    return g_strconcat("backend=", backend, NULL);
}

char *
qemu_cmdline_chardevs_take_word(QemuCmdlineChardevs *self, const char *label, const char *argument)
{
    g_autofree char *pairs = NULL;
    QemuCmdlineOption *option = NULL;
    bool is_mux = g_str_has_prefix(argument, "mon:");

    if (is_mux)
        argument += strlen("mon:");
    if (g_str_has_prefix(argument, "none"))
        return NULL;
    if (g_str_has_prefix(argument, "chardev:"))
        return g_strdup(argument + strlen("chardev:"));
    pairs = make_pairs(argument);
    option = qemu_cmdline_option_parse(pairs, NULL);
    if (is_mux)
        qemu_cmdline_option_add(option, "mux=on", NULL, "");
    describe(self, label, option);
    return g_strdup(label);
}

void
qemu_cmdline_chardevs_set(QemuCmdlineChardevs *self, const char *assignment)
{
    const char *dot = strchr(assignment, '.');
    g_autofree char *id = dot ? g_strndup(assignment, (gsize)(dot - assignment)) : NULL;
    QemuCmdlineChardev *chardev = id ? g_hash_table_lookup(self->by_id, id) : NULL;

    if (chardev != NULL && chardev->option != NULL)
        qemu_cmdline_option_set(chardev->option, dot + 1);
}

void
qemu_cmdline_chardevs_use(QemuCmdlineChardevs *self, const char *id, QemuCmdlineChardevUse use)
{
    QemuCmdlineChardev *chardev = get_chardev(self, id);

    if (chardev == NULL)
        return;
    chardev->uses |= 1U << use;
    chardev->n_uses++;
}

/* The keys whose value is the id of a character device. */
static const char *const chardev_keys[] = {"chardev",    "outdev",       "indev",
                                           "primary_in", "secondary_in", "notify_dev"};

static bool
names_chardev(const char *key)
{
    const char *dot = strrchr(key, '.');
    const char *last = dot ? dot + 1 : key;

    if (g_str_has_prefix(key, "chardevs.") || strstr(key, ".chardevs.") != NULL)
        return true;
    for (size_t i = 0; i < G_N_ELEMENTS(chardev_keys); i++)
        if (g_str_equal(chardev_keys[i], last))
            return true;
    return false;
}

/* False for most words, so that they are not parsed again. */
static bool
may_name_chardev(const char *argument)
{
    for (size_t i = 0; i < G_N_ELEMENTS(chardev_keys); i++)
        if (strstr(argument, chardev_keys[i]) != NULL)
            return true;
    return argument[0] == '{'; /* its keys may be written with escapes */
}

typedef struct {
    QemuCmdlineChardevs *chardevs;
    QemuCmdlineChardevUse use;
} Scan;

static void
scan_pair(const char *key, const char *value, void *data)
{
    const Scan *scan = data;

    if (names_chardev(key))
        qemu_cmdline_chardevs_use(scan->chardevs, value, scan->use);
}

/* Each "chardev:ID", wherever it stands. */
static void
scan_mentions(QemuCmdlineChardevs *self, const char *argument, QemuCmdlineChardevUse use)
{
    const char *rest = strstr(argument, "chardev:");

    while (rest != NULL) {
        g_autofree char *id = NULL;

        rest += strlen("chardev:");
        id = g_strndup(rest, strcspn(rest, ","));
        qemu_cmdline_chardevs_use(self, id, use);
        rest = strstr(rest, "chardev:");
    }
}

void
qemu_cmdline_chardevs_scan(QemuCmdlineChardevs *self, const char *argument,
                           QemuCmdlineChardevUse use)
{
    Scan scan = {self, use};
    g_autoptr(QemuCmdlineOption) option = NULL;
    const char *value = NULL;

    if (!may_name_chardev(argument))
        return;
    scan_mentions(self, argument, use);
    option = qemu_cmdline_option_parse(argument, "");
    qemu_cmdline_option_foreach(option, scan_pair, &scan);
    value = qemu_cmdline_option_get_exact(option, "value"); /* -global property=chardev,value=ID */
    if (value != NULL && g_strcmp0(qemu_cmdline_option_get(option, "property"), "chardev") == 0)
        qemu_cmdline_chardevs_use(self, value, use);
}

const QemuCmdlineChardev *
qemu_cmdline_chardevs_find(const QemuCmdlineChardevs *self, const char *id)
{
    return g_hash_table_lookup(self->by_id, id);
}

const GPtrArray *
qemu_cmdline_chardevs_all(const QemuCmdlineChardevs *self)
{
    return self->all;
}

bool
qemu_cmdline_chardev_is_used_as(const QemuCmdlineChardev *self, QemuCmdlineChardevUse use)
{
    return (self->uses & 1U << use) != 0;
}

bool
qemu_cmdline_chardev_find_other_use(const QemuCmdlineChardev *self, QemuCmdlineChardevUse use,
                                    QemuCmdlineChardevUse *ret_other)
{
    if (self->n_uses < 2)
        return false;
    *ret_other = use;
    for (unsigned int i = 0; i < QEMU_CMDLINE_CHARDEV_N_USES; i++) {
        if (i != use && qemu_cmdline_chardev_is_used_as(self, i)) {
            *ret_other = i;
            break;
        }
    }
    return true;
}

const char *
qemu_cmdline_chardev_backend(const QemuCmdlineChardev *self)
{
    const char *backend = NULL;

    if (self->option == NULL)
        return NULL;
    backend = qemu_cmdline_option_get_exact(self->option, "backend");
    return backend ? backend : qemu_cmdline_option_get_exact(self->option, "backend.type");
}
