/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source: where domains come from: the table of kinds, and what they have in common.
 *
 * Owns the host's files, unless the kind brings its own. Knows no kind but by its row.
 */
#include "qemu_source.h"

#include <errno.h>
#include <string.h>

#include "util/util_error.h"

struct QemuSource {
    const QemuSourceKind *kind;
    void *implementation;
    HostRoot *live_root;
    char *name;
};

static const QemuSourceKind *const source_kinds[] = {
    &qemu_source_auto,    &qemu_source_dir,    &qemu_source_socket,
    &qemu_source_libvirt, &qemu_source_replay,
};

/* What is opened above this layer, and belongs into the sentence. */
#define OTHER_KIND "service:PATH"

/* "auto, dir:PATH, socket:PATH, ... or ..." */
static char *
describe_kinds(void)
{
    GString *text = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(source_kinds); i++) {
        const QemuSourceKind *kind = source_kinds[i];

        if (i > 0)
            g_string_append(text,
                            i + 1 < G_N_ELEMENTS(source_kinds) ? ", " : ", " OTHER_KIND " or ");
        g_string_append(text, kind->name);
        if (kind->argument != NULL)
            g_string_append_printf(text, ":%s", kind->argument);
    }
    return g_string_free(text, FALSE);
}

static const QemuSourceKind *
find_kind(const char *source, GError **error)
{
    size_t length = strcspn(source, ":");
    g_autofree char *kinds = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(source_kinds); i++)
        if (strlen(source_kinds[i]->name) == length &&
            strncmp(source_kinds[i]->name, source, length) == 0)
            return source_kinds[i];
    kinds = describe_kinds();
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID, "unknown source '%s': expected %s", source,
                kinds);
    return NULL;
}

/* INVALID if the kind wants an argument and there is none, or the other way round. */
static bool
check_argument(const QemuSourceKind *kind, const char *source, const char *argument, GError **error)
{
    bool is_given = argument != NULL && argument[0] != '\0';

    if (kind->argument == NULL && argument != NULL) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID, "source '%s': nothing may follow '%s'",
                    source, kind->name);
        return false;
    }
    if (kind->argument != NULL && !is_given) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_INVALID, "source '%s': expected '%s:%s'", source,
                    kind->name, kind->argument);
        return false;
    }
    return true;
}

QemuSource *
qemu_source_open(const char *source, const QemuSourceOptions *options, GError **error)
{
    static const QemuSourceOptions defaults = {0};
    const char *text = source ? source : qemu_source_auto.name;
    const QemuSourceKind *kind = find_kind(text, error);
    const char *colon = strchr(text, ':');
    const char *argument = colon ? colon + 1 : NULL;
    g_autoptr(HostRoot) root = NULL;
    QemuSource *self = NULL;
    void *implementation = NULL;

    if (kind == NULL || !check_argument(kind, text, argument, error))
        return NULL;
    root = host_root_new_live();
    if (!host_root_is_open(root)) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_SYSTEM, "cannot open '/': %s", g_strerror(errno));
        return NULL;
    }
    implementation = kind->open(argument, root, options ? options : &defaults, error);
    if (implementation == NULL)
        return NULL;
    self = g_new0(QemuSource, 1);
    self->kind = kind;
    self->implementation = implementation;
    self->live_root = g_steal_pointer(&root);
    self->name = g_strdup(text);
    return self;
}

void
qemu_source_free(QemuSource *self)
{
    if (self == NULL)
        return;
    self->kind->close(self->implementation);
    host_root_free(self->live_root);
    g_free(self->name);
    g_free(self);
}

void
qemu_source_describe(QemuSource *self, bool is_wanted)
{
    if (self->kind->describe != NULL)
        self->kind->describe(self->implementation, is_wanted);
}

GPtrArray *
qemu_source_scan(QemuSource *self, UtilDeadline deadline, GError **error)
{
    return self->kind->scan(self->implementation, deadline, error);
}

const char *
qemu_source_blind_spot(const QemuSource *self)
{
    return self->kind->blind_spot ? self->kind->blind_spot(self->implementation) : NULL;
}

HostRoot *
qemu_source_root(QemuSource *self)
{
    HostRoot *own = self->kind->root ? self->kind->root(self->implementation) : NULL;

    return own ? own : self->live_root;
}

const char *
qemu_source_name(const QemuSource *self)
{
    return self->name;
}

bool
qemu_source_is_replay(const QemuSource *self)
{
    return self->kind == &qemu_source_replay;
}
