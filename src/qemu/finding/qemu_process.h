/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_process: what /proc tells of a QEMU process: its identity, its command line with its files
 * of options, and the definition of its machine.
 */
#pragma once

#include "host/host_reader.h"
#include "qemu/words/qemu_cmdline.h"

/* Identity and descent of a process, from one read of its stat file. */
typedef struct {
    bool is_ended; /* a zombie */
    pid_t parent;
    pid_t session;
    uint64_t start_ticks;
    uint64_t exec_mark; /* address of its arguments: changes with each exec. 0: not told */
    char name[64];      /* its own, or the first bytes of its program file's */
    bool is_teardown;   /* QEMU's child that frees its memory after it: no machine */
} QemuProcessStat;

/* Parses the text of /proc/<pid>/stat; false if the text is not of that form. */
bool qemu_process_parse_stat(const char *text, QemuProcessStat *ret_stat);
bool qemu_process_read_stat(HostRoot *root, pid_t pid, QemuProcessStat *ret_stat);

/* Reads the words of processes for one scan or one call. It needs a HostReader, since reading
 * cmdline and environ waits for the lock of that process's memory. One read takes no more than a
 * share of the time that is left until @deadline. */
typedef struct {
    HostReader *reader; /* borrowed */
    UtilDeadline deadline;
} QemuProcessWords;

/* /proc/<pid>/cmdline or environ as it is, with a NUL after each word; NULL with errno when it
 * cannot be read (ETIMEDOUT, EBUSY: reading it blocks) or is longer than QEMU_LIMIT_CMDLINE_BYTES.
 * The caller frees. */
char *qemu_process_read_words(const QemuProcessWords *self, pid_t pid, const char *name,
                              size_t *ret_size);

/* The files of options (-readconfig) that a command line names, and the one that QEMU reads by
 * itself.
 */
typedef struct {
    bool is_blocked; /* the storage of one blocks: a later look may find more */
    bool may_differ; /* QEMU may have read others: nothing that they could say is proven */
} QemuProcessFiles;

/* The words of those bytes, with those of its files of options (-readconfig) in the place of their
 * names; what cannot be read, or may have been another file, stays a name. The caller frees with
 * g_strfreev(). */
char **qemu_process_make_words(const QemuProcessWords *self, pid_t pid, const char *bytes,
                               size_t size, QemuProcessFiles *ret_files);

/* /proc/<pid>/<name>, a link; NULL with errno. The caller frees. */
char *qemu_process_read_link(HostRoot *root, pid_t pid, const char *name);

/* True if the program file @path, which may be NULL, has the name of a system emulator; for a name
 * that other programs have too, the words of the command line must be a system emulator's. */
bool qemu_process_has_qemu_name(const char *const *argv, const char *path);

/* True if a program with these words may be a system emulator: by the name of its file @exe, or
 * since its words make a QMP monitor. Without @exe, which may be NULL, the first word counts as the
 * name. No proof: a process is free to show any words. */
bool qemu_process_may_be_qemu(const char *const *argv, const char *exe);

/* The definition of the machine by the command line; NULL with errno if that cannot be read (as
 * above), with errno 0 if it is no QEMU. */
QemuDefinition *qemu_process_read_definition(HostRoot *root, const QemuProcessWords *reader,
                                             pid_t pid);
