/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_program: see qemu_program.h.
 *
 * A system emulator is called <something with "emu">-system-<target>. Distributions and projects
 * put words before that (qemu-lite-, nemu-) and behind it (-7.2.0, -microvm), and wrappers rename
 * the file that they run (.qemu-system-x86_64-wrapped, qemu-system-x86_64.real). The target must be
 * one of QEMU's, since there are tools that are called qemu-system-<something else>.
 */
#include "qemu_program.h"

#include <glib.h>
#include <string.h>

/* As "configure --target-list" names them, of all versions since 2.0, and "x86". */
static const char *const targets[] = {
    "aarch64", "aarch64_be", "alpha",       "arm",      "avr",        "cris",         "hppa",
    "i386",    "lm32",       "loongarch64", "m68k",     "microblaze", "microblazeel", "mips",
    "mips64",  "mips64el",   "mipsel",      "moxie",    "nios2",      "or1k",         "or32",
    "ppc",     "ppc64",      "ppc64le",     "ppcemb",   "riscv32",    "riscv64",      "rx",
    "s390x",   "sh4",        "sh4eb",       "sparc",    "sparc64",    "tricore",      "unicore32",
    "x86",     "x86_64",     "xtensa",      "xtensaeb",
};

typedef struct {
    const char *name;
    QemuProgramKind kind;
} NameRow;

static const NameRow name_rows[] = {
    {"qemu-kvm", QEMU_PROGRAM_MACHINE},
    {"kvm-spice", QEMU_PROGRAM_MACHINE},
    {"qemu-kvm-spice", QEMU_PROGRAM_MACHINE},
    {"kvm", QEMU_PROGRAM_MAYBE},
    {"qemu", QEMU_PROGRAM_MAYBE},
    {"kata-qemu", QEMU_PROGRAM_MAYBE},
    {"cloud-qemu", QEMU_PROGRAM_MAYBE},
    {"qemu-img", QEMU_PROGRAM_NO_GUEST},
    {"qemu-io", QEMU_PROGRAM_NO_GUEST},
    {"qemu-nbd", QEMU_PROGRAM_NO_GUEST},
    {"qemu-ga", QEMU_PROGRAM_NO_GUEST},
    {"qemu-storage-daemon", QEMU_PROGRAM_NO_GUEST},
    {"qemu-pr-helper", QEMU_PROGRAM_NO_GUEST},
    {"qemu-vmsr-helper", QEMU_PROGRAM_NO_GUEST},
    {"qemu-bridge-helper", QEMU_PROGRAM_NO_GUEST},
    {"qemu-edid", QEMU_PROGRAM_NO_GUEST},
    {"qemu-keymap", QEMU_PROGRAM_NO_GUEST},
};

/* The kernel adds " (deleted)" to the name of a file that was replaced. */
static const char *const endings[] = {" (deleted)", "-wrapped", ".real",
                                      ".orig",      ".distrib", ".bin"};

enum { COMM_BYTES = 15 };

/* True where a name may end, with a version or a variant behind it: "-7.2.0", "-microvm", ".exe".
 */
static bool
is_end(char c)
{
    return c == '\0' || (!g_ascii_isalnum(c) && c != '_');
}

/* The target that @text begins with; NULL if it is none. */
static const char *
find_first_target(const char *text)
{
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++)
        if (g_str_has_prefix(text, targets[i]) && is_end(text[strlen(targets[i])]))
            return targets[i];
    return NULL;
}

static bool
begins_with_target(const char *text)
{
    return find_first_target(text) != NULL;
}

/* The text behind "-system-"; NULL if @name has no "emu" before that. */
static const char *
find_target(const char *name)
{
    static const char *const marks[] = {"-system-", "_system_"};

    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        const char *mark = strstr(name, marks[i]);

        if (mark != NULL && g_strstr_len(name, mark - name, "emu") != NULL)
            return mark + strlen(marks[i]);
    }
    return NULL;
}

/* True for a version behind a name: "-7.2", "-2.12.0-rc1". */
static bool
is_version(const char *text)
{
    return text[0] == '\0' || (text[0] == '-' && g_ascii_isdigit(text[1]));
}

/* True for "qemu-x86_64" and "qemu-arm-static": they run one program each, and no machine. */
static bool
is_user_mode(const char *name)
{
    const char *target = g_str_has_prefix(name, "qemu-") ? name + strlen("qemu-") : "";

    return begins_with_target(target) && strstr(target, "softmmu") == NULL;
}

/* The last part of @path, without what stands around a program's own name. The caller frees. */
static char *
make_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = g_strdup(slash ? slash + 1 : path);
    bool was_cut = false;

    if (name[0] == '.')
        memmove(name, name + 1, strlen(name));
    do {
        was_cut = false;
        for (size_t i = 0; i < G_N_ELEMENTS(endings); i++) {
            if (!g_str_has_suffix(name, endings[i]))
                continue;
            name[strlen(name) - strlen(endings[i])] = '\0';
            was_cut = true;
        }
    } while (was_cut);
    return name;
}

QemuProgramKind
qemu_program_judge(const char *path)
{
    g_autofree char *name = make_name(path);
    const char *target = find_target(name);

    if (target != NULL && begins_with_target(target))
        return QEMU_PROGRAM_MACHINE;
    for (size_t i = 0; i < G_N_ELEMENTS(name_rows); i++)
        if (g_str_has_prefix(name, name_rows[i].name) &&
            is_version(name + strlen(name_rows[i].name)))
            return name_rows[i].kind;
    return is_user_mode(name) ? QEMU_PROGRAM_NO_GUEST : QEMU_PROGRAM_OTHER;
}

const char *
qemu_program_arch(const char *path)
{
    static const struct {
        const char *target, *arch;
    } rows[] = {{"i386", "i686"}, {"arm", "armv7l"}, {"x86", NULL}};
    g_autofree char *name = make_name(path);
    const char *behind = find_target(name);
    const char *target = behind ? find_first_target(behind) : NULL;

    for (size_t i = 0; target != NULL && i < G_N_ELEMENTS(rows); i++)
        if (strcmp(target, rows[i].target) == 0)
            return rows[i].arch;
    return target;
}

bool
qemu_program_is_short_name(const char *comm)
{
    const char *target = find_target(comm);

    if (qemu_program_judge(comm) == QEMU_PROGRAM_MACHINE)
        return true;
    if (target == NULL || strlen(comm) != COMM_BYTES)
        return false;
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++)
        if (g_str_has_prefix(targets[i], target))
            return true;
    return false;
}

bool
qemu_program_is_libvirt(const char *path)
{
    g_autofree char *name = NULL;

    if (strstr(path, "libvirtd") == NULL && strstr(path, "virtqemud") == NULL)
        return false; /* most programs: it costs nothing */
    name = make_name(path);
    return strcmp(name, "libvirtd") == 0 || strcmp(name, "virtqemud") == 0;
}

bool
qemu_program_is_libvirt_proxy(const char *path)
{
    g_autofree char *name = make_name(path);

    return strcmp(name, "virtproxyd") == 0;
}

bool
qemu_program_is_loader(const char *path)
{
    static const char *const prefixes[] = {"ld-linux", "ld-musl", "ld.so", "ld64.so", "ld-2."};
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;

    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(name, prefixes[i]))
            return true;
    return false;
}
