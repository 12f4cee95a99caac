/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_qemu_program: which programs are QEMUs, by the names of their files and by their words.
 */
#include <string.h>

#include "qemu/finding/qemu_process.h"
#include "qemu/words/qemu_program.h"
#include "testing.h"

typedef struct {
    const char *path;
    QemuProgramKind kind;
} NameRow;

static const NameRow name_rows[] = {
    {"/usr/bin/qemu-system-x86_64", QEMU_PROGRAM_MACHINE},
    {"qemu-system-aarch64", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/qemu-system-x86_64 (deleted)", QEMU_PROGRAM_MACHINE},
    {"/nix/store/x/bin/.qemu-system-x86_64-wrapped", QEMU_PROGRAM_MACHINE},
    {"/nix/store/x/bin/.qemu-system-x86_64-wrapped (deleted)", QEMU_PROGRAM_MACHINE},
    {"/opt/qemu-system-x86_64.real", QEMU_PROGRAM_MACHINE},
    {"/opt/qemu-system-x86_64.distrib", QEMU_PROGRAM_MACHINE},
    {"/opt/qemu-system-x86_64-7.2.0", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/qemu-system-x86_64-microvm", QEMU_PROGRAM_MACHINE},
    {"/tmp/.mount_qemuAbCdEf/usr/bin/qemu-system-riscv64", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/qemu-system-x86", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/qemu_system_x86_64", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/qemu-lite-system-x86_64", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/qemu-vanilla-system-x86_64", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/qemu-cc-system-x86_64", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/nemu-system-x86_64", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/qemu-system-s390x", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/qemu-system-loongarch64", QEMU_PROGRAM_MACHINE},
    {"/usr/libexec/qemu-kvm", QEMU_PROGRAM_MACHINE},
    {"/usr/libexec/qemu-kvm-7.2", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/kvm-spice", QEMU_PROGRAM_MACHINE},
    {"/usr/bin/kvm", QEMU_PROGRAM_MAYBE},
    {"/usr/bin/qemu", QEMU_PROGRAM_MAYBE},
    {"/usr/bin/kata-qemu", QEMU_PROGRAM_MAYBE},
    {"/usr/bin/cloud-qemu", QEMU_PROGRAM_MAYBE},
    {"/usr/bin/qemu-img", QEMU_PROGRAM_NO_GUEST},
    {"/usr/bin/qemu-storage-daemon", QEMU_PROGRAM_NO_GUEST},
    {"/usr/bin/qemu-storage-daemon (deleted)", QEMU_PROGRAM_NO_GUEST},
    {"/usr/bin/qemu-nbd", QEMU_PROGRAM_NO_GUEST},
    {"/usr/bin/qemu-io", QEMU_PROGRAM_NO_GUEST},
    {"/usr/sbin/qemu-ga", QEMU_PROGRAM_NO_GUEST},
    {"/usr/bin/qemu-x86_64", QEMU_PROGRAM_NO_GUEST},
    {"/usr/bin/qemu-arm-static", QEMU_PROGRAM_NO_GUEST},
    {"/usr/bin/qemu-x86_64-softmmu", QEMU_PROGRAM_OTHER},
    {"/usr/bin/x86_64-softmmu-qemu", QEMU_PROGRAM_OTHER},
    {"/usr/lib/xen/bin/qemu-dm", QEMU_PROGRAM_OTHER},
    {"/usr/bin/qemu-system-backup", QEMU_PROGRAM_OTHER},
    {"/usr/bin/qemu-system-", QEMU_PROGRAM_OTHER},
    {"/usr/bin/qemu-system-armada", QEMU_PROGRAM_OTHER},
    {"/usr/bin/build-system-x86_64", QEMU_PROGRAM_OTHER},
    {"/usr/bin/packer-plugin-qemu", QEMU_PROGRAM_OTHER},
    {"/usr/bin/kvmtool", QEMU_PROGRAM_OTHER},
    {"/usr/bin/valgrind", QEMU_PROGRAM_OTHER},
    {"/opt/qemu-system-x86_64/bin/run", QEMU_PROGRAM_OTHER},
    {"/memfd:qemu (deleted)", QEMU_PROGRAM_OTHER},
    {"/", QEMU_PROGRAM_OTHER},
    {"", QEMU_PROGRAM_OTHER},
};

static void
judges_names(const void *data)
{
    const NameRow *row = data;

    assert_int_equal(qemu_program_judge(row->path), row->kind);
}

typedef struct {
    const char *name;
    bool is_machine;
} ShortRow;

static const ShortRow short_rows[] = {
    {"qemu-system-x86", true},  {"qemu-system-aar", true},  {"qemu-system-s39", true},
    {"qemu-lite-syste", false}, {"qemu-system-arm", true},  {"qemu-kvm", true},
    {"nemu-system-x86", true},  {"qemu-system-bac", false}, {"qemu-system-x", false},
    {"qemu-storage-da", false}, {"systemd", false},         {"", false},
};

static void
judges_short_names(const void *data)
{
    const ShortRow *row = data;

    assert_int_equal(qemu_program_is_short_name(row->name), row->is_machine);
}

typedef struct {
    const char *sentence;
    const char *bytes; /* '|' stands for NUL */
    const char *exe;
    bool may_be;
} WordsRow;

#define MONITOR "-qmp|unix:/m,server=on,wait=off|"

static const WordsRow words_rows[] = {
    {"the emulator", "qemu-system-x86_64|-S|", "/usr/bin/qemu-system-x86_64", true},
    {"by its words alone", "/usr/bin/qemu-system-aarch64|", NULL, true},
    {"by its file alone", "vm|-S|", "/usr/libexec/qemu-kvm", true},
    {"an old name", "kvm|-m|1G|", "/usr/bin/kvm", true},
    {"an old name of another program", "kvm|300|", "/usr/bin/kvm", false},
    {"a false name in the words", "qemu-system-x86_64|300|", "/bin/sleep", false},
    {"by its monitor", "vm|" MONITOR, "/opt/Xy7", true},
    {"by its monitor in two options", "vm|-chardev|socket,id=m,fd=3,server=on|-mon|m,mode=control|",
     "/memfd:x (deleted)", true},
    {"through ld.so", "/lib64/ld-linux-x86-64.so.2|/usr/bin/qemu-system-x86_64|" MONITOR,
     "/usr/lib/ld-linux-x86-64.so.2", true},
    {"another program through ld.so", "/lib64/ld-linux-x86-64.so.2|/bin/sleep|qemu-system-x86_64|",
     "/usr/lib/ld-linux-x86-64.so.2", false},
    {"under valgrind", "valgrind.bin|qemu-system-x86_64|" MONITOR,
     "/usr/libexec/valgrind/none-amd64-linux", true},
    {"a monitor for people", "vm|-monitor|unix:/m,server=on,wait=off|", "/opt/Xy7", false},
    {"libvirt's probe by another name", "vm|-machine|none|" MONITOR, "/opt/Xy7", false},
    {"a shell that will start one", "/bin/sh|-c|qemu-system-x86_64 -S|", "/bin/dash", false},
    {"the image tool", "qemu-img|info|", "/usr/bin/qemu-img", false},
    {"the storage daemon",
     "qemu-storage-daemon|--chardev|socket,id=c,path=/m,server=on|--monitor|chardev=c|",
     "/usr/bin/qemu-storage-daemon", false},
    {"the storage daemon by another name",
     "qsd|--chardev|socket,id=c,path=/m,server=on|--mon|chardev=c,mode=control|--export|nbd,id=e|",
     "/opt/qsd", false},
    {"user mode emulation", "qemu-x86_64|./a.out|" MONITOR, "/usr/bin/qemu-x86_64", false},
    {"the guest agent", "qemu-ga|", "/usr/sbin/qemu-ga", false},
    {"an editor with its manual", "vi|qemu-system-x86_64.1|", "/usr/bin/vi", false},
    {"no words", "", NULL, false},
    {"an empty word", "|", NULL, false},
};

static void
judges_words(const void *data)
{
    const WordsRow *row = data;
    g_autofree char *bytes = g_strdup(row->bytes);
    g_auto(GStrv) words = NULL;

    g_strdelimit(bytes, "|", '\0');
    words = qemu_cmdline_split(bytes, strlen(row->bytes));
    assert_int_equal(qemu_process_may_be_qemu((const char *const *)words, row->exe), row->may_be);
}

int
main(void)
{
    int n_failed = TESTING_RUN_TABLE("program names", name_rows, judges_names);

    n_failed += TESTING_RUN_TABLE("short names", short_rows, judges_short_names);
    n_failed += TESTING_RUN_TABLE("program words", words_rows, judges_words);
    return n_failed;
}
