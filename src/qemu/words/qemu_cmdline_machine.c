/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline_machine: see qemu_cmdline_machine.h.
 *
 * QEMU puts all options of one kind together before it looks at them: "-smp 2 -smp maxcpus=8" is
 * one topology, "-machine smp.cpus=4" is a part of the same, and of a key given twice the last
 * value counts. So nothing is decided before all options have been seen.
 */
#include "qemu_cmdline_machine.h"

#include <string.h>

#include "qemu/facts/qemu_limits.h"
#include "qemu/facts/qemu_reply.h"
#include "qemu_cmdline_option.h"

enum { BYTES_PER_KIB = 1024, MIB_SHIFT = 20, BYTES_PER_MIB = 1 << MIB_SHIFT };

struct QemuCmdlineMachine {
    QemuCmdlineOption *machine; /* -machine, -M; -smp as "smp.cpus" and the like */
    QemuCmdlineOption *memory;  /* -m */
    const char *program;        /* borrowed; NULL: not known */
    bool has_memory_device;
    char *balloon_id;
    bool is_xen;
    bool names_kvm,
        names_another; /* among the accelerators, of which QEMU takes the first it can */
    bool names_odd;    /* one that is neither KVM nor TCG */
};

QemuCmdlineMachine *
qemu_cmdline_machine_new(const char *program)
{
    QemuCmdlineMachine *self = g_new0(QemuCmdlineMachine, 1);

    self->program = program;
    self->machine = qemu_cmdline_option_parse("", NULL);
    self->memory = qemu_cmdline_option_parse("", NULL);
    return self;
}

void
qemu_cmdline_machine_free(QemuCmdlineMachine *self)
{
    if (self == NULL)
        return;
    qemu_cmdline_option_free(self->machine);
    qemu_cmdline_option_free(self->memory);
    g_free(self->balloon_id);
    g_free(self);
}

void
qemu_cmdline_machine_take_machine(QemuCmdlineMachine *self, const char *argument)
{
    qemu_cmdline_option_add(self->machine, argument, "type", "");
}

void
qemu_cmdline_machine_take_smp(QemuCmdlineMachine *self, const char *argument)
{
    qemu_cmdline_option_add(self->machine, argument, "cpus", "smp.");
}

void
qemu_cmdline_machine_take_memory(QemuCmdlineMachine *self, const char *argument)
{
    qemu_cmdline_option_add(self->memory, argument, "size", "");
}

void
qemu_cmdline_machine_take_device(QemuCmdlineMachine *self, const char *argument)
{
    static const char *const kinds[] = {"pc-dimm", "nvdimm", "virtio-mem", "virtio-pmem"};
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "driver");
    const char *driver = qemu_cmdline_option_get_exact(option, "driver");
    const char *id = qemu_cmdline_option_get_exact(option, "id");

    for (size_t i = 0; driver != NULL && i < G_N_ELEMENTS(kinds); i++)
        if (g_str_has_prefix(driver, kinds[i]))
            self->has_memory_device = true;
    if (driver == NULL || !g_str_has_prefix(driver, "virtio-balloon-"))
        return;
    g_free(self->balloon_id);
    self->balloon_id = id != NULL && qemu_reply_is_plain_name(id) ? g_strdup(id) : NULL;
}

void
qemu_cmdline_machine_take_accelerator(QemuCmdlineMachine *self, const char *argument)
{
    g_autoptr(QemuCmdlineOption) option = qemu_cmdline_option_parse(argument, "accel");
    const char *name = qemu_cmdline_option_get_exact(option, "accel");

    if (g_strcmp0(name, "kvm") == 0)
        self->names_kvm = true;
    else
        self->names_another = true;
    self->names_odd |= g_strcmp0(name, "kvm") != 0 && g_strcmp0(name, "tcg") != 0;
}

void
qemu_cmdline_machine_take_xen(QemuCmdlineMachine *self)
{
    self->is_xen = true;
}

/* A number as QEMU reads it: octal after a 0, hexadecimal after 0x. Absent if it is not given;
 * clears @are_plain if it is given in another way, with a sign say, or is too large. */
static UtilCount
read_smp(const QemuCmdlineOption *option, const char *key, bool *are_plain)
{
    const char *text = qemu_cmdline_option_get_exact(option, key);
    char *end = NULL;
    uint64_t number = 0;

    if (text == NULL)
        return (UtilCount){0};
    number = g_ascii_isdigit(text[0]) ? g_ascii_strtoull(text, &end, 0) : 0;
    if (end != NULL && *end == '\0' && number <= QEMU_LIMIT_VCPUS)
        return util_count_of(number);
    *are_plain = false;
    return (UtilCount){0};
}

/* The product of the levels of the topology; 0 if none is given, or it is too large. */
static uint64_t
multiply_topology(const QemuCmdlineOption *option, bool *are_plain)
{
    static const char *const levels[] = {"smp.drawers", "smp.books",    "smp.sockets",
                                         "smp.dies",    "smp.clusters", "smp.modules",
                                         "smp.cores",   "smp.threads"};
    uint64_t product = 1;
    bool is_given = false;

    for (size_t i = 0; i < G_N_ELEMENTS(levels); i++) {
        UtilCount level = read_smp(option, levels[i], are_plain);

        if (!level.is_present || level.value == 0)
            continue;
        is_given = true;
        product *= level.value;
        if (product > QEMU_LIMIT_VCPUS) {
            *are_plain = false;
            return 0;
        }
    }
    return is_given ? product : 0;
}

/* Sets cpus and maxcpus, unless a number is not understood. QEMU computes the one that is left out
 * from the others. */
static void
settle_vcpus(const QemuCmdlineOption *option, QemuDefinition *definition)
{
    bool are_plain = true;
    UtilCount cpus = read_smp(option, "smp.cpus", &are_plain);
    UtilCount maxcpus = read_smp(option, "smp.maxcpus", &are_plain);
    uint64_t product = multiply_topology(option, &are_plain);

    if (!are_plain)
        return;
    if (!maxcpus.is_present || maxcpus.value == 0)
        maxcpus = util_count_of(MAX(cpus.value, product));
    if (!cpus.is_present || cpus.value == 0)
        cpus = maxcpus;
    if (cpus.value == 0 || cpus.value > maxcpus.value || maxcpus.value > QEMU_LIMIT_VCPUS)
        return;
    definition->vcpus_current = cpus;
    definition->vcpus_max = maxcpus;
}

/* The power of two that a size's suffix stands for; -1 if it is none of QEMU's. */
static int
parse_suffix(const char *suffix, int without)
{
    static const char letters[] = "bkmgtpe";
    const char *place = NULL;

    if (suffix[0] == '\0')
        return without;
    place = strchr(letters, g_ascii_tolower(suffix[0]));
    return place != NULL && suffix[1] == '\0' ? 10 * (int)(place - letters) : -1;
}

enum { MOST_DECIMALS = 6 };

/* The part of 2^@shift that the decimals in @text are. */
static uint64_t
parse_fraction(const char *text, int shift)
{
    enum { WHOLE_SHIFT = 40 };
    uint64_t fraction = 0;
    uint64_t unit = 1;

    for (size_t i = 0; i < MOST_DECIMALS && g_ascii_isdigit(text[i]); i++) {
        fraction = fraction * 10 + (uint64_t)(text[i] - '0');
        unit *= 10;
    }
    if (shift <= WHOLE_SHIFT)
        return (fraction << shift) / unit;
    return ((fraction << WHOLE_SHIFT) / unit) << (shift - WHOLE_SHIFT);
}

/* A decimal number, with a fraction or without, and one of QEMU's suffixes, as bytes; a number
 * alone counts units of 2^@shift_without bytes. Absent for any other way to write a size, and for
 * 0. */
static UtilCount
parse_size(const char *text, int shift_without)
{
    size_t n_digits = strspn(text, "0123456789");
    g_autofree char *digits = g_strndup(text, n_digits);
    const char *point = text[n_digits] == '.' ? text + n_digits : NULL;
    const char *suffix = text + n_digits;
    uint64_t number = 0;
    int shift = 0;

    if (point != NULL)
        suffix = point + 1 + strspn(point + 1, "0123456789");
    if (suffix - text > (ptrdiff_t)n_digits + 1 + MOST_DECIMALS)
        return (UtilCount){0};
    shift = parse_suffix(suffix, shift_without);
    if (shift < 0 || !g_ascii_string_to_unsigned(digits, 10, 0, UINT64_MAX >> shift, &number, NULL))
        return (UtilCount){0};
    number <<= shift;
    if (point != NULL)
        number |= parse_fraction(point + 1, shift);
    return number > 0 ? util_count_of(number) : (UtilCount){0};
}

static UtilCount
make_kib(UtilCount bytes)
{
    return bytes.value >= BYTES_PER_KIB ? util_count_of(bytes.value / BYTES_PER_KIB)
                                        : (UtilCount){0};
}

/* Sets the size of the memory. With a memory device it stays unknown, since the size of the device
 * is in another option. */
static void
settle_memory(const QemuCmdlineMachine *self, QemuDefinition *definition)
{
    const char *size = qemu_cmdline_option_get_exact(self->memory, "size");
    const char *property = qemu_cmdline_option_get_exact(self->machine, "memory.size");

    if (self->has_memory_device)
        return;
    if (size != NULL)
        definition->memory_kib = make_kib(parse_size(size, MIB_SHIFT));
    else if (property != NULL)
        definition->memory_kib = make_kib(parse_size(property, 0));
}

bool
qemu_cmdline_machine_is_pc(const char *type)
{
    static const char *const families[] = {"pc-i440fx-", "pc-q35-"};

    if (type == NULL)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++)
        if (g_str_has_prefix(type, families[i]))
            return true;
    return g_str_equal(type, "pc") || g_str_equal(type, "q35");
}

/* True if such a machine has no memory device, and none can be plugged: enclaves, which are made
 * with the machine, count as devices. */
static bool
lacks_memory_devices(const QemuCmdlineMachine *self)
{
    static const char *const of_machine[] = {"memory.max-size", "memory.slots", "sgx-epc.0.memdev",
                                             "sgx-epc.0.node"};

    for (size_t i = 0; i < G_N_ELEMENTS(of_machine); i++)
        if (qemu_cmdline_option_get_exact(self->machine, of_machine[i]) != NULL)
            return false;
    return !self->has_memory_device &&
           qemu_cmdline_option_get_exact(self->memory, "maxmem") == NULL &&
           qemu_cmdline_option_get_exact(self->memory, "slots") == NULL;
}

/* What it takes no rule of QEMU's to know: numbers that are given, and that fit each other. */
static void
prove(const QemuCmdlineMachine *self, QemuDefinition *definition)
{
    const char *size = qemu_cmdline_option_get_exact(self->memory, "size");
    UtilCount memory = size ? parse_size(size, MIB_SHIFT) : (UtilCount){0};
    bool has_two_sizes = qemu_cmdline_option_get_exact(self->machine, "memory.size") != NULL;
    bool are_plain = true;
    UtilCount cpus = read_smp(self->machine, "smp.cpus", &are_plain);
    UtilCount maxcpus = read_smp(self->machine, "smp.maxcpus", &are_plain);
    uint64_t product = multiply_topology(self->machine, &are_plain);

    definition->proven.balloon_id = g_strdup(self->balloon_id);
    if (!qemu_cmdline_machine_is_pc(qemu_cmdline_option_get_exact(self->machine, "type")))
        return;
    definition->proven.lacks_memory_devices = lacks_memory_devices(self);
    if (memory.value % BYTES_PER_MIB == 0 && !has_two_sizes)
        definition->proven.memory_bytes = memory;
    if (!maxcpus.is_present && (product == 0 || product == cpus.value))
        maxcpus = cpus;
    if (definition->vcpus_max.is_present && maxcpus.value == definition->vcpus_max.value)
        definition->proven.vcpus_max = maxcpus;
}

/* True if QEMU, told no accelerator, takes TCG: only a program whose name ends with "kvm" takes
 * another first. */
static bool
is_tcg_by_default(const QemuCmdlineMachine *self)
{
    return self->program != NULL && !g_str_has_suffix(self->program, "kvm");
}

/* libvirt's word for the accelerator; NULL if it is not certain which QEMU took. */
static const char *
name_type(const QemuCmdlineMachine *self, bool is_kvm)
{
    const char *accelerators = qemu_cmdline_option_get_exact(self->machine, "accel");
    bool is_given = accelerators != NULL || self->names_kvm || self->names_another;
    bool may_be_kvm =
        self->names_kvm || (accelerators != NULL && strstr(accelerators, "kvm") != NULL);
    bool is_tcg = accelerators == NULL || g_str_equal(accelerators, "tcg");

    if (is_kvm)
        return "kvm";
    if (!is_given)
        return is_tcg_by_default(self) ? "qemu" : NULL;
    return !may_be_kvm && is_tcg && !self->names_odd ? "qemu" : NULL;
}

void
qemu_cmdline_machine_resolve(const QemuCmdlineMachine *self, QemuDefinition *definition)
{
    const char *accelerators = qemu_cmdline_option_get_exact(self->machine, "accel");
    QemuAbout *about = &definition->about;

    settle_vcpus(self->machine, definition);
    settle_memory(self, definition);
    prove(self, definition);
    definition->is_kvm =
        !self->names_another &&
        (accelerators == NULL ? self->names_kvm : g_str_equal(accelerators, "kvm"));
    qemu_about_set(&about->texts[QEMU_ABOUT_TYPE], name_type(self, definition->is_kvm));
    qemu_about_set(&about->texts[QEMU_ABOUT_OS], "hvm");
    qemu_about_set(&about->texts[QEMU_ABOUT_MACHINE],
                   qemu_cmdline_option_get_exact(self->machine, "type"));
}

bool
qemu_cmdline_machine_is_one(const QemuCmdlineMachine *self)
{
    static const char *const others[] = {"none", "x-remote"};
    const char *type = qemu_cmdline_option_get_exact(self->machine, "type");

    for (size_t i = 0; type != NULL && i < G_N_ELEMENTS(others); i++)
        if (g_str_equal(type, others[i]))
            return false;
    return !self->is_xen;
}
