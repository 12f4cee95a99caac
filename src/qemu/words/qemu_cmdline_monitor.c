/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_monitor: see qemu_cmdline_monitor.h.
 *
 * A monitor may name its character device before the device is described, and "-set" may change
 * either later, so both are collected first and looked up when all words were read.
 */
#include "qemu_cmdline_monitor.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu_cmdline_option.h"

struct QemuCmdlineMonitors {
    QemuCmdlineChardevs *chardevs;
    GPtrArray *found;       /* QemuCmdlineOption *: "chardev", "mode", "id" of each monitor */
    unsigned int n_compat;  /* -monitor and -qmp: QEMU numbers their devices together */
    unsigned int n_serials; /* likewise -serial and -parallel */
    unsigned int n_parallels;
    bool is_partial;
};

void
qemu_cmdline_monitor_clear(gpointer data)
{
    QemuCmdlineMonitor *monitor = data;

    qemu_cmdline_socket_clear(&monitor->socket);
    g_free(monitor->chardev_id);
    g_free(monitor->monitor_id);
    g_free(monitor->fault_text);
}

static void
free_option(gpointer data)
{
    qemu_cmdline_option_free(data);
}

QemuCmdlineMonitors *
qemu_cmdline_monitors_new(void)
{
    QemuCmdlineMonitors *self = g_new0(QemuCmdlineMonitors, 1);

    self->chardevs = qemu_cmdline_chardevs_new();
    self->found = g_ptr_array_new_with_free_func(free_option);
    return self;
}

void
qemu_cmdline_monitors_free(QemuCmdlineMonitors *self)
{
    if (self == NULL)
        return;
    qemu_cmdline_chardevs_free(self->chardevs);
    g_ptr_array_unref(self->found);
    g_free(self);
}

/* Past the limit the device counts as used by something else. */
static void
add_found(QemuCmdlineMonitors *self, QemuCmdlineOption *take_option)
{
    const char *id = qemu_cmdline_option_get(take_option, "chardev");

    if (self->found->len < QEMU_LIMIT_CHARDEVS) {
        g_ptr_array_add(self->found, take_option);
        return;
    }
    if (id != NULL)
        qemu_cmdline_chardevs_use(self->chardevs, id, QEMU_CMDLINE_CHARDEV_USE_OTHER);
    qemu_cmdline_option_free(take_option);
}

/* "-mon": its mode tells whether it is a control monitor; the default is one for people. */
static void
take_mon(QemuCmdlineMonitors *self, const char *argument)
{
    add_found(self, qemu_cmdline_option_parse(argument, "chardev"));
}

/* -monitor and -qmp: a monitor of the mode @assignment with a device in one word. */
static void
take_compat(QemuCmdlineMonitors *self, const char *argument, const char *assignment)
{
    g_autofree char *label = g_strdup_printf("compat_monitor%u", self->n_compat);
    g_autofree char *id = qemu_cmdline_chardevs_take_word(self->chardevs, label, argument);
    g_autofree char *named = id ? g_strconcat("id=", id, NULL) : NULL;
    g_autofree char *placed = id ? g_strconcat("chardev=", id, NULL) : NULL;
    QemuCmdlineOption *option = NULL;

    if (id == NULL)
        return;
    self->n_compat++;
    option = qemu_cmdline_option_parse(assignment, NULL);
    qemu_cmdline_option_set(option, named);
    qemu_cmdline_option_set(option, placed);
    add_found(self, option);
}

static void
take_monitor(QemuCmdlineMonitors *self, const char *argument)
{
    take_compat(self, argument, "mode=readline");
}

static void
take_qmp(QemuCmdlineMonitors *self, const char *argument)
{
    take_compat(self, argument, "mode=control");
}

/* QEMU 11.1 and later make monitors by "-object" too. */
static void
take_object(QemuCmdlineMonitors *self, const char *argument)
{
    QemuCmdlineOption *option = qemu_cmdline_option_parse(argument, "qom-type");
    const char *type = qemu_cmdline_option_get_exact(option, "qom-type");
    bool is_qmp = g_strcmp0(type, "monitor-qmp") == 0;

    if (is_qmp || g_strcmp0(type, "monitor-hmp") == 0) {
        qemu_cmdline_option_set(option, is_qmp ? "mode=control" : "mode=readline");
        add_found(self, option);
        return;
    }
    qemu_cmdline_option_free(option);
    qemu_cmdline_chardevs_scan(self->chardevs, argument, QEMU_CMDLINE_CHARDEV_USE_OBJECT);
}

static void
take_chardev(QemuCmdlineMonitors *self, const char *argument)
{
    qemu_cmdline_chardevs_take(self->chardevs, argument);
}

/* A device in one word with the id @label; "mon:" puts a monitor for people beside its user. */
static void
take_word(QemuCmdlineMonitors *self, const char *label, const char *argument,
          QemuCmdlineChardevUse use)
{
    g_autofree char *id = qemu_cmdline_chardevs_take_word(self->chardevs, label, argument);
    g_autofree char *placed = NULL;
    QemuCmdlineOption *monitor = NULL;

    if (id == NULL)
        return;
    qemu_cmdline_chardevs_use(self->chardevs, id, use);
    if (!g_str_has_prefix(argument, "mon:"))
        return;
    placed = g_strconcat("chardev=", id, NULL);
    monitor = qemu_cmdline_option_parse("mode=readline", NULL);
    qemu_cmdline_option_set(monitor, placed);
    add_found(self, monitor);
}

static void
take_serial(QemuCmdlineMonitors *self, const char *argument)
{
    g_autofree char *label = g_strdup_printf("serial%u", self->n_serials++);

    take_word(self, label, argument, QEMU_CMDLINE_CHARDEV_USE_SERIAL);
}

static void
take_parallel(QemuCmdlineMonitors *self, const char *argument)
{
    g_autofree char *label = g_strdup_printf("parallel%u", self->n_parallels++);

    take_word(self, label, argument, QEMU_CMDLINE_CHARDEV_USE_PARALLEL);
}

static void
take_qtest(QemuCmdlineMonitors *self, const char *argument)
{
    take_word(self, "qtest", argument, QEMU_CMDLINE_CHARDEV_USE_OTHER);
}

static void
take_debugcon(QemuCmdlineMonitors *self, const char *argument)
{
    take_word(self, "debugcon", argument, QEMU_CMDLINE_CHARDEV_USE_CONSOLE);
}

/* QEMU adds "server=on,wait=off" to the debugger's TCP. */
static void
take_gdb(QemuCmdlineMonitors *self, const char *argument)
{
    bool is_tcp = g_str_has_prefix(argument, "tcp:");
    g_autofree char *word = g_strconcat(argument, is_tcp ? ",server=on,wait=off" : "", NULL);

    take_word(self, "gdb", word, QEMU_CMDLINE_CHARDEV_USE_DEBUGGER);
}

/* "GROUP.ID.KEY=VALUE" */
static void
take_set(QemuCmdlineMonitors *self, const char *argument)
{
    const char *rest = strchr(argument, '.');
    const char *dot = rest ? strchr(rest + 1, '.') : NULL;

    if (g_str_has_prefix(argument, "chardev."))
        qemu_cmdline_chardevs_set(self->chardevs, rest + 1);
    else if (!g_str_has_prefix(argument, "mon."))
        qemu_cmdline_chardevs_scan(self->chardevs, argument, QEMU_CMDLINE_CHARDEV_USE_OTHER);
    if (!g_str_has_prefix(argument, "mon.") || dot == NULL)
        return;
    for (guint i = 0; i < self->found->len; i++) {
        QemuCmdlineOption *option = g_ptr_array_index(self->found, i);
        const char *id = qemu_cmdline_option_get_exact(option, "id");

        if (id != NULL && strlen(id) == (size_t)(dot - rest - 1) &&
            strncmp(id, rest + 1, strlen(id)) == 0)
            qemu_cmdline_option_set(option, dot + 1);
    }
}

static void
take_nothing(QemuCmdlineMonitors *self, const char *argument)
{
    (void)self;
    (void)argument;
}

/* What uses a device that an option names as one of its values. */
static QemuCmdlineChardevUse
find_use(const char *name)
{
    static const struct {
        const char *name;
        QemuCmdlineChardevUse use;
    } rows[] = {
        {"device", QEMU_CMDLINE_CHARDEV_USE_DEVICE},
        {"netdev", QEMU_CMDLINE_CHARDEV_USE_NETWORK},
        {"net", QEMU_CMDLINE_CHARDEV_USE_NETWORK},
        {"nic", QEMU_CMDLINE_CHARDEV_USE_NETWORK},
        {"tpmdev", QEMU_CMDLINE_CHARDEV_USE_TPM},
        {"semihosting-config", QEMU_CMDLINE_CHARDEV_USE_SEMIHOSTING},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        if (g_str_equal(rows[i].name, name))
            return rows[i].use;
    return QEMU_CMDLINE_CHARDEV_USE_OTHER;
}

void
qemu_cmdline_monitors_take(QemuCmdlineMonitors *self, const char *name, const char *argument)
{
    static const struct {
        const char *name;
        void (*take)(QemuCmdlineMonitors *self, const char *argument);
    } rows[] = {
        {"chardev", take_chardev}, {"mon", take_mon},           {"monitor", take_monitor},
        {"qmp", take_qmp},         {"qmp-pretty", take_qmp},    {"object", take_object},
        {"serial", take_serial},   {"parallel", take_parallel}, {"debugcon", take_debugcon},
        {"gdb", take_gdb},         {"set", take_set},           {"append", take_nothing},
        {"qtest", take_qtest},     {"name", take_nothing},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_str_equal(rows[i].name, name)) {
            rows[i].take(self, argument);
            return;
        }
    }
    qemu_cmdline_chardevs_scan(self->chardevs, argument, find_use(name));
}

void
qemu_cmdline_monitors_take_unread(QemuCmdlineMonitors *self)
{
    self->is_partial = true;
}

static const char *
describe_use(QemuCmdlineChardevUse use)
{
    static const char *const texts[] = {
        [QEMU_CMDLINE_CHARDEV_USE_QMP] = "another QMP monitor",
        [QEMU_CMDLINE_CHARDEV_USE_HMP] = "a monitor for people (HMP)",
        [QEMU_CMDLINE_CHARDEV_USE_SERIAL] = "a serial port",
        [QEMU_CMDLINE_CHARDEV_USE_PARALLEL] = "a parallel port",
        [QEMU_CMDLINE_CHARDEV_USE_CONSOLE] = "a debug console",
        [QEMU_CMDLINE_CHARDEV_USE_DEBUGGER] = "a debugger",
        [QEMU_CMDLINE_CHARDEV_USE_DEVICE] = "a device of the guest",
        [QEMU_CMDLINE_CHARDEV_USE_OBJECT] = "an object",
        [QEMU_CMDLINE_CHARDEV_USE_NETWORK] = "a network back end",
        [QEMU_CMDLINE_CHARDEV_USE_CHARDEV] = "another character device",
        [QEMU_CMDLINE_CHARDEV_USE_TPM] = "a TPM",
        [QEMU_CMDLINE_CHARDEV_USE_SEMIHOSTING] = "the guest's semihosting",
        [QEMU_CMDLINE_CHARDEV_USE_OTHER] = "another option",
    };

    return texts[use];
}

static void
set_fault(QemuCmdlineMonitor *monitor, QemuCmdlineMonitorFault fault, char *take_text)
{
    monitor->fault = fault;
    monitor->fault_text = take_text;
}

static char *
make_waiting_text(const QemuCmdlineMonitor *monitor)
{
    g_autofree char *path =
        monitor->socket.path ? g_utf8_make_valid(monitor->socket.path, -1) : NULL;

    return path ? g_strdup_printf("made to wait for its manager at '%s' (wait=on)", path)
                : g_strdup("made to wait for its manager (wait=on)");
}

/* Finds what speaks against using the device of a QMP monitor. */
static void
judge(const QemuCmdlineMonitors *self, const QemuCmdlineChardev *chardev,
      QemuCmdlineMonitor *monitor)
{
    QemuCmdlineChardevUse other = QEMU_CMDLINE_CHARDEV_USE_OTHER;
    char *fault = qemu_cmdline_socket_init(&monitor->socket, chardev);

    monitor->waits = qemu_cmdline_socket_waits(chardev);
    if (fault != NULL)
        set_fault(monitor, QEMU_CMDLINE_MONITOR_FAULT_OTHER, fault);
    else if (qemu_cmdline_chardev_find_other_use(chardev, QEMU_CMDLINE_CHARDEV_USE_QMP, &other))
        set_fault(monitor, QEMU_CMDLINE_MONITOR_FAULT_SHARED,
                  g_strdup_printf("shared with %s", describe_use(other)));
    else if (self->is_partial && qemu_cmdline_option_is_on(chardev->option, "mux"))
        set_fault(monitor, QEMU_CMDLINE_MONITOR_FAULT_SHARED,
                  g_strdup("perhaps shared (mux=on), with a device of a file of options that "
                           "could not be read"));
    else if (monitor->waits)
        set_fault(monitor, QEMU_CMDLINE_MONITOR_FAULT_WAITS, make_waiting_text(monitor));
}

static bool
is_control(const QemuCmdlineOption *option)
{
    return g_strcmp0(qemu_cmdline_option_get(option, "mode"), "control") == 0;
}

static void
resolve_monitor(const QemuCmdlineMonitors *self, const QemuCmdlineOption *option, GArray *monitors)
{
    static const QemuCmdlineChardev past_limit = {0};
    const char *id = qemu_cmdline_option_get(option, "chardev");
    const QemuCmdlineChardev *chardev = NULL;
    QemuCmdlineMonitor monitor = {.use = QEMU_CMDLINE_CHARDEV_USE_QMP};

    if (id == NULL || monitors->len >= QEMU_LIMIT_MONITORS)
        return;
    chardev = qemu_cmdline_chardevs_find(self->chardevs, id);
    judge(self, chardev ? chardev : &past_limit, &monitor);
    monitor.chardev_id = g_strdup(id);
    monitor.monitor_id = g_strdup(qemu_cmdline_option_get_exact(option, "id"));
    g_array_append_val(monitors, monitor);
}

/* Adds a device that listens and is no QMP monitor. */
static void
resolve_other(const QemuCmdlineChardev *chardev, GArray *other_sockets)
{
    QemuCmdlineMonitor other = {0};
    g_autofree char *fault = NULL;

    if (qemu_cmdline_chardev_is_used_as(chardev, QEMU_CMDLINE_CHARDEV_USE_QMP))
        return;
    if (chardev->n_uses == 0)
        other.use = QEMU_CMDLINE_CHARDEV_USE_OTHER;
    else
        while (!qemu_cmdline_chardev_is_used_as(chardev, other.use))
            other.use++;
    fault = qemu_cmdline_socket_init(&other.socket, chardev);
    if (other.socket.kind == QEMU_CMDLINE_SOCKET_NONE)
        return;
    other.chardev_id = g_strdup(chardev->id);
    other.waits = qemu_cmdline_socket_waits(chardev);
    set_fault(&other, QEMU_CMDLINE_MONITOR_FAULT_OTHER,
              chardev->n_uses > 0 ? g_strdup_printf("that of %s", describe_use(other.use))
                                  : g_strdup("a character device that nothing uses"));
    g_array_append_val(other_sockets, other);
}

/* Notes which devices are used by monitors, and counts the monitors for people. */
static unsigned int
use_chardevs(QemuCmdlineMonitors *self)
{
    unsigned int n_human = 0;

    for (guint i = 0; i < self->found->len; i++) {
        const QemuCmdlineOption *option = g_ptr_array_index(self->found, i);
        const char *id = qemu_cmdline_option_get(option, "chardev");
        bool is_qmp = is_control(option);

        n_human += !is_qmp;
        if (id != NULL)
            qemu_cmdline_chardevs_use(self->chardevs, id,
                                      is_qmp ? QEMU_CMDLINE_CHARDEV_USE_QMP
                                             : QEMU_CMDLINE_CHARDEV_USE_HMP);
    }
    return n_human;
}

void
qemu_cmdline_monitors_resolve(QemuCmdlineMonitors *self, GArray *monitors, GArray *other_sockets,
                              unsigned int *ret_n_human)
{
    const GPtrArray *chardevs = qemu_cmdline_chardevs_all(self->chardevs);

    *ret_n_human = use_chardevs(self);
    for (guint i = 0; i < self->found->len; i++)
        if (is_control(g_ptr_array_index(self->found, i)))
            resolve_monitor(self, g_ptr_array_index(self->found, i), monitors);
    for (guint i = 0; i < chardevs->len; i++)
        resolve_other(g_ptr_array_index(chardevs, i), other_sockets);
}
