/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_cmdline: the command line of a QEMU process -> its monitors and its definition. Pure.
 *
 * Knows the option syntax (",," for a comma, implied first keys, booleans, JSON forms) and
 * not where the words came from.
 */
#pragma once

#include "qemu/facts/qemu_definition.h"
#include "qemu_cmdline_listen.h"
#include "qemu_cmdline_monitor.h"

typedef struct {
    GArray *monitors;      /* QemuCmdlineMonitor: control-mode monitors, in order */
    GArray *other_sockets; /* QemuCmdlineMonitor: character devices that listen and are none */
    GArray *tcp_listens;   /* QemuCmdlineListen: all words but @monitors' that listen on TCP */
    GPtrArray *mentions;   /* char *: the words with "domstats" in them, of whatever option */
    unsigned int n_human_monitors;
    unsigned int n_iothreads; /* "-object iothread" */
    bool has_unread_options;  /* a file of options was not read: there may be more monitors */
    bool is_daemonizing; /* "-daemonize": a grandchild of the started process runs the machine */
    bool is_machine;     /* false: a QEMU without a guest, or a part of another machine */
    QemuDefinition *definition;
} QemuCmdline;

/* The program that ld.so, the first of @argv, was told to run; NULL if none. Borrowed. */
const char *qemu_cmdline_find_loaded(const char *const *argv);
/* True if an option is among the words that only a program for virtual machines has. */
bool qemu_cmdline_has_machine_options(const char *const *argv);
/* False if no option is among the words that may make a QMP monitor. */
bool qemu_cmdline_may_have_qmp(const char *const *argv);

/* True if a word names a socket whose file is called @name, which begins with "domstats". */
bool qemu_cmdline_mentions(const QemuCmdline *self, const char *name);

/* @argv begins with the program. Never fails: what cannot be understood is left out. */
QemuCmdline *qemu_cmdline_parse(const char *const *argv);
void qemu_cmdline_free(QemuCmdline *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QemuCmdline, qemu_cmdline_free)

/* Notes in the definition which program runs the machine: @exe, where its link leads; if that is
 * NULL or ld.so, the program that the words begin with, if it is a whole path. */
void qemu_cmdline_set_program(QemuCmdline *self, const char *const *argv, const char *exe);

/* Splits the bytes of /proc/<pid>/cmdline. The caller frees with g_strfreev(). */
char **qemu_cmdline_split(const char *bytes, size_t size);
