/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline: see qemu_cmdline.h.
 *
 * Knows which words are options, and hands their arguments to qemu_cmdline_monitor, _nic,
 * _disk and _machine. qemu_process puts the words of a file of options (-readconfig) in the place
 * of its name. If the name is still there, the file was not read: then no number is taken from the
 * command line, since the file may have another one.
 */
#include "qemu_cmdline.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu_cmdline_disk.h"
#include "qemu_cmdline_machine.h"
#include "qemu_cmdline_monitor.h"
#include "qemu_cmdline_nic.h"
#include "qemu_cmdline_option.h"
#include "qemu_program.h"

typedef struct {
    QemuDefinition *definition; /* the result's */
    QemuCmdlineMonitors *monitors;
    GArray *listens; /* the result's */
    QemuCmdlineMachine *machine;
    QemuCmdlineNics *nics;
    QemuCmdlineDisks *disks;
    bool is_partial; /* a file of options was named and is not among the words */
    bool is_storage; /* it is the storage daemon */
    unsigned int n_iothreads;
} Parser;

static void
take_name(Parser *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse_words(argument, "guest");
    const char *name = qemu_cmdline_option_get(option, "guest");

    if (name == NULL)
        return;
    g_free(self->definition->name);
    self->definition->name = name[0] != '\0' ? g_utf8_make_valid(name, -1) : NULL;
}

static void
take_uuid(Parser *self, const char *argument)
{
    static const char nil[] = "00000000-0000-0000-0000-000000000000"; /* for QEMU: it has none */

    if (!g_uuid_string_is_valid(argument))
        return;
    g_free(self->definition->uuid);
    self->definition->uuid = g_str_equal(argument, nil) ? NULL : g_ascii_strdown(argument, -1);
}

/* The UUID in the tables of the guest's firmware is QEMU's own: the last of the two options counts.
 */
static void
take_smbios(Parser *self, const char *argument)
{
    enum { TYPE_SYSTEM = 1 };
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse_words(argument, NULL);
    const char *type = qemu_cmdline_option_get_exact(option, "type");
    const char *uuid = qemu_cmdline_option_get_exact(option, "uuid");

    if (type != NULL && uuid != NULL && g_ascii_strtoull(type, NULL, 0) == TYPE_SYSTEM)
        take_uuid(self, uuid);
}

static void
take_smp(Parser *self, const char *argument)
{
    qemu_cmdline_machine_take_smp(self->machine, argument);
}

static void
take_machine(Parser *self, const char *argument)
{
    qemu_cmdline_nics_take_machine(self->nics, argument);
    qemu_cmdline_machine_take_machine(self->machine, argument);
    qemu_cmdline_disks_take_machine(self->disks, argument);
}

static void
take_memory(Parser *self, const char *argument)
{
    qemu_cmdline_machine_take_memory(self->machine, argument);
}

static void
take_device(Parser *self, const char *argument)
{
    qemu_cmdline_nics_take_device(self->nics, argument);
    qemu_cmdline_machine_take_device(self->machine, argument);
    qemu_cmdline_disks_take_device(self->disks, argument);
}

static void
take_drive(Parser *self, const char *argument)
{
    qemu_cmdline_disks_take_drive(self->disks, argument);
}

static void
take_blockdev(Parser *self, const char *argument)
{
    qemu_cmdline_disks_take_blockdev(self->disks, argument);
}

static void
take_set(Parser *self, const char *argument)
{
    qemu_cmdline_disks_take_set(self->disks, argument);
}

static void
take_accelerator(Parser *self, const char *argument)
{
    qemu_cmdline_machine_take_accelerator(self->machine, argument);
}

static void
take_xen(Parser *self, const char *argument)
{
    (void)argument;
    qemu_cmdline_machine_take_xen(self->machine);
}

/* The options that qemu_cmdline_nic reads. */
static void
take_netdev(Parser *self, const char *argument)
{
    qemu_cmdline_nics_take_netdev(self->nics, argument);
}

static void
take_net(Parser *self, const char *argument)
{
    qemu_cmdline_nics_take_net(self->nics, argument);
}

static void
take_nic(Parser *self, const char *argument)
{
    qemu_cmdline_nics_take_nic(self->nics, argument);
}

static void
take_readconfig(Parser *self, const char *argument)
{
    (void)argument;
    self->is_partial = true;
    qemu_cmdline_nics_take_unread(self->nics);
    qemu_cmdline_monitors_take_unread(self->monitors);
}

/* libvirt gives each QEMU a key, in the folder of its run. */
static void
take_secret(Parser *self, const QemuCmdlineOption *option)
{
    if (g_strcmp0(qemu_cmdline_option_get_exact(option, "id"), "masterKey0") != 0)
        return;
    g_free(self->definition->libvirt_key_path);
    self->definition->libvirt_key_path = g_strdup(qemu_cmdline_option_get_exact(option, "file"));
}

static void
take_object(Parser *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "qom-type");
    const char *type = qemu_cmdline_option_get_exact(option, "qom-type");

    self->n_iothreads += g_strcmp0(type, "iothread") == 0;
    if (g_strcmp0(type, "secret") == 0)
        take_secret(self, option);
}

/* The storage daemon's form of this option has a key. */
static void
take_monitor(Parser *self, const char *argument)
{
    self->is_storage |= g_str_has_prefix(argument, "chardev=");
}

/* Options that only the storage daemon has, which runs no machine. */
static void
take_storage(Parser *self, const char *argument)
{
    (void)argument;
    self->is_storage = true;
}

static void
take_nothing(Parser *self, const char *argument)
{
    (void)self;
    (void)argument;
}

typedef struct {
    const char *name;
    void (*take)(Parser *self, const char *argument);
} OptionRow;

/* Options whose argument is read, or may look like an option. All others are passed over word by
 * word. */
static const OptionRow option_rows[] = {
    {"name", take_name},
    {"uuid", take_uuid},
    {"smbios", take_smbios},
    {"smp", take_smp},
    {"machine", take_machine},
    {"M", take_machine},
    {"accel", take_accelerator},
    {"m", take_memory},
    {"device", take_device},
    {"drive", take_drive},
    {"blockdev", take_blockdev},
    {"netdev", take_netdev},
    {"nic", take_nic},
    {"net", take_net},
    {"xen-domid", take_xen},
    {"readconfig", take_readconfig},
    {"append", take_nothing},
    {"export", take_storage},
    {"nbd-server", take_storage},
    /* those that qemu_cmdline_monitor reads */
    {"chardev", take_nothing},
    {"mon", take_nothing},
    {"monitor", take_monitor},
    {"object", take_object},
    {"qmp", take_nothing},
    {"qmp-pretty", take_nothing},
    {"serial", take_nothing},
    {"parallel", take_nothing},
    {"debugcon", take_nothing},
    {"gdb", take_nothing},
    {"set", take_set},
};

/* The row of the option @word; NULL if it is no option, or not in the table. */
static const OptionRow *
find_row(const char *word)
{
    if (word[0] != '-')
        return NULL;
    word += g_str_has_prefix(word, "--") ? 2 : 1;
    for (size_t i = 0; i < G_N_ELEMENTS(option_rows); i++)
        if (g_str_equal(option_rows[i].name, word))
            return &option_rows[i];
    return NULL;
}

/* True for an option without an argument, with one dash or two. */
static bool
is_option(const char *word, const char *name)
{
    if (word[0] != '-')
        return false;
    return g_str_equal(word + 1, name) || (word[1] == '-' && g_str_equal(word + 2, name));
}

/* Options that let others control the machine without "-qmp" or "-mon": a debugger has the commands
 * of a monitor, and some consoles are a monitor. */
static bool
gives_a_say(const char *word)
{
    return is_option(word, "s") || is_option(word, "gdb") || g_str_has_prefix(word, "mon:");
}

/* Without -nodefaults QEMU makes a monitor on a console of its own. */
static bool
has_one_monitor(const QemuCmdline *self, const char *const *argv)
{
    bool has_no_defaults = false;

    for (size_t i = 0; argv[0] != NULL && argv[i] != NULL; i++) {
        if (gives_a_say(argv[i]))
            return false;
        has_no_defaults |= is_option(argv[i], "nodefaults");
    }
    return has_no_defaults && !self->has_unread_options && self->n_human_monitors == 0 &&
           self->monitors->len == 1;
}

/* An option without an argument. */
static void
take_flag(Parser *self, const char *word)
{
    if (is_option(word, "enable-kvm"))
        qemu_cmdline_machine_take_accelerator(self->machine, "kvm");
    else if (is_option(word, "xen-attach"))
        qemu_cmdline_machine_take_xen(self->machine);
    else if (is_option(word, "nodefaults"))
        qemu_cmdline_nics_take_no_defaults(self->nics);
    else if (is_option(word, "s"))
        qemu_cmdline_monitors_take(self->monitors, "gdb", "tcp::1234");
}

static void
hand_out(Parser *self, const char *name, const char *argument)
{
    qemu_cmdline_monitors_take(self->monitors, name, argument);
    qemu_cmdline_listens_take(self->listens, name, argument);
}

/* Hands out every word behind the program. A word that is no option is an argument of @name, the
 * option before it. */
static void
take_words(Parser *self, const char *const *words)
{
    const char *name = "";

    for (size_t i = 0; words[i] != NULL; i++) {
        const OptionRow *row = find_row(words[i]);

        if (row != NULL && words[i + 1] != NULL) {
            row->take(self, words[++i]);
            hand_out(self, row->name, words[i]);
        } else if (words[i][0] != '-') {
            hand_out(self, name, words[i]);
        } else {
            take_flag(self, words[i]);
            name = words[i] + (words[i][1] == '-' ? 2 : 1);
        }
    }
}

static GArray *
make_monitors(void)
{
    GArray *monitors = g_array_new(FALSE, FALSE, sizeof(QemuCmdlineMonitor));

    g_array_set_clear_func(monitors, qemu_cmdline_monitor_clear);
    return monitors;
}

static GPtrArray *
find_mentions(const char *const *argv)
{
    GPtrArray *mentions = g_ptr_array_new_with_free_func(g_free);

    for (size_t i = 0; argv[0] != NULL && argv[i] != NULL; i++)
        if (strstr(argv[i], "domstats") != NULL)
            g_ptr_array_add(mentions, g_strdup(argv[i]));
    return mentions;
}

QemuCmdline *
qemu_cmdline_parse(const char *const *argv)
{
    QemuCmdline *self = g_new0(QemuCmdline, 1);
    g_autoptr(QemuCmdlineMonitors) monitors = qemu_cmdline_monitors_new();
    QemuDefinition *definition = qemu_definition_new();
    g_autoptr(QemuCmdlineMachine) machine = qemu_cmdline_machine_new(argv[0]);
    g_autoptr(QemuCmdlineNics) nics = qemu_cmdline_nics_new(argv[0]);
    g_autoptr(QemuCmdlineDisks) disks = qemu_cmdline_disks_new();
    GArray *listens = qemu_cmdline_listens_new();
    Parser parser = {.definition = definition,
                     .monitors = monitors,
                     .listens = listens,
                     .machine = machine,
                     .nics = nics,
                     .disks = disks};

    self->definition = definition;
    self->monitors = make_monitors();
    self->other_sockets = make_monitors();
    self->tcp_listens = listens;
    self->mentions = find_mentions(argv);
    for (size_t i = 0; argv[0] != NULL && argv[i] != NULL; i++)
        self->is_daemonizing |= is_option(argv[i], "daemonize");
    if (argv[0] != NULL)
        take_words(&parser, argv + 1);
    qemu_cmdline_nics_resolve(nics, definition);
    qemu_cmdline_disks_resolve(disks, definition);
    qemu_cmdline_monitors_resolve(monitors, self->monitors, self->other_sockets,
                                  &self->n_human_monitors);
    for (guint i = 0; i < self->other_sockets->len; i++)
        qemu_cmdline_listens_take_socket(
            listens, &g_array_index(self->other_sockets, QemuCmdlineMonitor, i).socket);
    self->n_iothreads = parser.n_iothreads;
    self->has_unread_options = parser.is_partial;
    definition->has_one_monitor = has_one_monitor(self, argv);
    if (!parser.is_partial) {
        qemu_cmdline_machine_resolve(machine, definition);
        definition->proven.has_identity = g_str_is_ascii(definition->name ? definition->name : "");
    }
    self->is_machine = qemu_cmdline_machine_is_one(machine) && !parser.is_storage;
    return self;
}

void
qemu_cmdline_free(QemuCmdline *self)
{
    if (self == NULL)
        return;
    g_array_unref(self->monitors);
    g_array_unref(self->other_sockets);
    g_array_unref(self->tcp_listens);
    g_ptr_array_unref(self->mentions);
    qemu_definition_free(self->definition);
    g_free(self);
}

bool
qemu_cmdline_mentions(const QemuCmdline *self, const char *name)
{
    for (guint i = 0; i < self->mentions->len; i++)
        if (strstr(g_ptr_array_index(self->mentions, i), name) != NULL)
            return true;
    return false;
}

const char *
qemu_cmdline_find_loaded(const char *const *argv)
{
    static const char *const with_argument[] = {
        "--library-path",         "--inhibit-rpath",     "--preload", "--argv0",
        "--glibc-hwcaps-prepend", "--glibc-hwcaps-mask", "--audit",
    };
    size_t i = 1;

    if (argv[0] == NULL)
        return NULL;
    while (argv[i] != NULL && argv[i][0] == '-') {
        for (size_t k = 0; k < G_N_ELEMENTS(with_argument); k++) {
            if (g_str_equal(argv[i], with_argument[k]) && argv[i + 1] != NULL) {
                i++;
                break;
            }
        }
        i++;
    }
    return argv[i];
}

void
qemu_cmdline_set_program(QemuCmdline *self, const char *const *argv, const char *exe)
{
    static const char gone[] = " (deleted)"; /* which the kernel adds if the file was replaced */
    const char *word =
        argv[0] && qemu_program_is_loader(argv[0]) ? qemu_cmdline_find_loaded(argv) : argv[0];
    const char *program = exe && !qemu_program_is_loader(exe) ? exe : word;
    const char *arch = program ? qemu_program_arch(program) : NULL;
    QemuAbout *about = &self->definition->about;

    if (arch == NULL && word != NULL)
        arch = qemu_program_arch(word);
    qemu_about_set(&about->texts[QEMU_ABOUT_ARCH], arch);
    if (program == NULL || program[0] != '/')
        return;
    if (g_str_has_suffix(program, gone))
        qemu_about_take(&about->texts[QEMU_ABOUT_EMULATOR],
                        g_strndup(program, strlen(program) - strlen(gone)));
    else
        qemu_about_set(&about->texts[QEMU_ABOUT_EMULATOR], program);
}

/* True if one of @argv is one of those options, with one dash or two. */
static bool
has_option(const char *const *argv, const char *const *names, size_t n_names)
{
    for (size_t i = 0; argv[i] != NULL; i++)
        for (size_t k = 0; k < n_names; k++)
            if (is_option(argv[i], names[k]))
                return true;
    return false;
}

bool
qemu_cmdline_has_machine_options(const char *const *argv)
{
    static const char *const names[] = {
        "m",     "machine",    "M",      "accel",  "enable-kvm", "cpu",        "smp",
        "drive", "blockdev",   "device", "netdev", "nic",        "nodefaults", "display",
        "name",  "readconfig", "kernel", "cdrom",  "hda",        "nographic",  "qmp",
    };

    return has_option(argv, names, G_N_ELEMENTS(names));
}

bool
qemu_cmdline_may_have_qmp(const char *const *argv)
{
    static const char *const names[] = {"qmp", "qmp-pretty", "mon", "object", "readconfig"};

    return has_option(argv, names, G_N_ELEMENTS(names));
}

char **
qemu_cmdline_split(const char *bytes, size_t size)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    size_t start = 0;

    while (start < size) {
        const char *end = memchr(bytes + start, '\0', size - start);
        size_t length = end ? (size_t)(end - bytes) - start : size - start;

        g_ptr_array_add(words, g_strndup(bytes + start, length));
        start += length + 1;
    }
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_steal(words, NULL);
}
