/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_nic_join: see qemu_nic_join.h.
 */
#include "qemu_nic_join.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"

/* What is known of one interface of the command line, or of a tap there that no interface uses. */
typedef struct {
    const QemuDefinitionNic *nic;
    bool is_there;
    bool is_meant; /* @tap is the one that the command line means */
    gpointer tap;  /* const HostTap *; NULL: not found */
} Told;

typedef struct {
    const QemuNicJoinInput *input;
    GArray *told;      /* Told: interfaces, then loose taps */
    guint n_plugged;   /* interfaces that QEMU has and the command line has not */
    GPtrArray *open;   /* const HostTap *: not given to an interface yet, in order of descriptors */
    bool is_ambiguous; /* @open may have a tap that no interface uses */
} Join;

static bool
is_tap(const QemuDefinitionNic *nic)
{
    return nic->kind == QEMU_DEFINITION_NIC_TAP;
}

/* The interfaces of the command line without an id: those on the board, or those of "-device". */
static guint
count_nameless(const QemuDefinition *definition, bool is_on_board)
{
    guint n = 0;

    for (guint i = 0; i < definition->nics->len; i++) {
        const QemuDefinitionNic *nic = &g_array_index(definition->nics, QemuDefinitionNic, i);

        n += nic->is_on_board == is_on_board && (is_on_board || nic->id == NULL);
    }
    return n;
}

static bool
is_listed(const GArray *names, const char *name)
{
    for (guint i = 0; i < names->len; i++)
        if (strcmp(g_array_index(names, const char *, i), name) == 0)
            return true;
    return false;
}

/* QEMU lists a plugged device after the older ones: if it lists more without an id than the command
 * line has, those of the command line are among them. */
static bool
is_there(const QemuNicJoinInput *input, const QemuDefinitionNic *nic)
{
    const QemuFactsNicDevices *devices = input->devices;

    if (nic->is_on_board)
        return devices->on_board != NULL &&
               devices->on_board->len == count_nameless(input->definition, true);
    if (nic->id == NULL)
        return devices->without_id->len >= count_nameless(input->definition, false);
    return is_listed(devices->with_id, nic->id);
}

/* True if QEMU told all containers that may hold an interface. */
static bool
is_counted(const QemuNicJoinInput *input)
{
    const QemuFactsNicDevices *devices = input->devices;

    if (!qemu_definition_needs_devices(input->definition))
        return false;
    if (qemu_definition_needs_board(input->definition) && devices->on_board == NULL)
        return false;
    return devices->with_id != NULL && devices->without_id != NULL;
}

static void
add_told(Join *self, const GArray *nics, bool are_interfaces, bool is_counted)
{
    for (guint i = 0; i < nics->len; i++) {
        const QemuDefinitionNic *nic = &g_array_index(nics, QemuDefinitionNic, i);
        Told told = {.nic = nic};

        told.is_there = are_interfaces && (!is_counted || is_there(self->input, nic));
        g_array_append_val(self->told, told);
    }
}

static guint
count_there(const Join *self)
{
    guint n = 0;

    for (guint i = 0; i < self->told->len; i++)
        n += g_array_index(self->told, Told, i).is_there;
    return n;
}

/* True if the command line gives the interface a descriptor of @tap, or the name that it has now.
 */
static bool
is_meant(const QemuDefinitionNic *nic, const HostTap *tap)
{
    for (guint i = 0; nic->fds != NULL && i < nic->fds->len; i++)
        if (host_tap_has_fd(tap, g_array_index(nic->fds, int, i)))
            return true;
    return nic->ifname != NULL && strcmp(nic->ifname, tap->ifname) == 0;
}

static void
take_meant(Join *self, Told *told)
{
    for (guint i = 0; i < self->open->len; i++) {
        if (!is_meant(told->nic, g_ptr_array_index(self->open, i)))
            continue;
        told->tap = g_ptr_array_remove_index(self->open, i);
        told->is_meant = true;
        return;
    }
}

/* Gives taps to the interfaces that are there; with @is_there false, takes the taps of those that
 * are not there out of @open. */
static void
take_all_meant(Join *self, bool is_there)
{
    for (guint i = 0; i < self->told->len; i++) {
        Told *told = &g_array_index(self->told, Told, i);

        if (told->is_there != is_there || !is_tap(told->nic))
            continue;
        take_meant(self, told);
        /* If it had a name and is not open under that name, it was closed with its interface. */
        if (!is_there && told->tap == NULL && told->nic->ifname == NULL)
            self->is_ambiguous = true;
    }
}

static guint
count_without_tap(const Join *self)
{
    guint n = 0;

    for (guint i = 0; i < self->told->len; i++) {
        const Told *told = &g_array_index(self->told, Told, i);

        n += told->is_there && is_tap(told->nic) && told->tap == NULL;
    }
    return n;
}

/* The open tap with the lowest descriptor; NULL if none is left. Not const, as GPtrArray wants it.
 */
static gpointer
take_first(Join *self)
{
    return self->open->len > 0 ? g_ptr_array_remove_index(self->open, 0) : NULL;
}

static void
share_rest(Join *self)
{
    if (self->is_ambiguous || self->open->len > count_without_tap(self) + self->n_plugged) {
        g_ptr_array_set_size(self->open, 0);
        return;
    }
    for (guint i = 0; i < self->told->len; i++) {
        Told *told = &g_array_index(self->told, Told, i);

        if (told->is_there && is_tap(told->nic) && told->tap == NULL)
            told->tap = take_first(self);
    }
}

static GArray *
make_result(Join *self)
{
    GArray *result = g_array_new(FALSE, TRUE, sizeof(QemuNicJoined));

    for (guint i = 0; i < self->told->len; i++) {
        const Told *told = &g_array_index(self->told, Told, i);
        const QemuNicJoined joined = {told->tap, told->nic, told->is_meant || !is_tap(told->nic)};

        if (told->is_there)
            g_array_append_val(result, joined);
    }
    for (guint i = 0; i < self->n_plugged; i++) {
        const QemuNicJoined joined = {take_first(self), NULL, false};

        g_array_append_val(result, joined);
    }
    return result;
}

GArray *
qemu_nic_join(const QemuNicJoinInput *input, UtilCount *ret_count)
{
    const QemuFactsNicDevices *devices = input->devices;
    g_autoptr(GArray) told = g_array_new(FALSE, TRUE, sizeof(Told));
    g_autoptr(GPtrArray) open = g_ptr_array_new();
    Join join = {.input = input, .told = told, .open = open};

    *ret_count = (UtilCount){0};
    add_told(&join, input->definition->nics, true, is_counted(input));
    if (is_counted(input)) {
        guint n = devices->with_id->len + devices->without_id->len +
                  (devices->on_board ? devices->on_board->len : 0);

        *ret_count = util_count_of(n);
        join.n_plugged = n - MIN(n, count_there(&join));
    }
    add_told(&join, input->definition->loose_taps, false, true);
    for (guint i = 0; input->taps != NULL && i < input->taps->len; i++)
        g_ptr_array_add(open, &g_array_index(input->taps, HostTap, i));
    take_all_meant(&join, true);
    take_all_meant(&join, false);
    share_rest(&join);
    return make_result(&join);
}
