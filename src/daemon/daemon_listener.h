/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_listener: the listening sockets: makes those that are named, takes those that systemd
 * hands over, and removes what it made.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

#include "util/util_fd.h"

/* What is served at a socket. */
typedef enum {
    DAEMON_LISTENER_LIBVIRT,
    DAEMON_LISTENER_SERVICE,
    DAEMON_LISTENER_METRICS,
    DAEMON_LISTENER_N_KINDS,
} DaemonListenerKind;

/* Its name, which is that of the descriptor too: "libvirt", "service", "metrics". */
const char *daemon_listener_kind_name(DaemonListenerKind kind);

typedef struct {
    DaemonListenerKind kind;
    UtilFd fd;
    char *text;    /* the address, for people */
    bool is_local; /* only this host can reach it */
    char *path;    /* of the file that was made for it; NULL: none was */
    dev_t device;  /* of that file, to know it again */
    ino_t inode;
    bool has_made_folder; /* below /run, for that file */
} DaemonListener;

void daemon_listener_free(DaemonListener *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonListener, daemon_listener_free)

/* Closes @self's descriptor, if it is still there, and removes its file, if that is still the one
 * that was made, and the folder that was made for it if that is empty. No other descriptor of the
 * socket may be open. */
void daemon_listener_remove(DaemonListener *self);

/* Mode and group of the files of unix sockets. */
typedef struct {
    mode_t mode;
    gid_t group; /* (gid_t)-1: the one of the process */
} DaemonListenerRights;

/* Makes a socket that listens at @path. A file of a socket at which nobody listens is replaced.
 * Before others can connect it has its mode and group. NULL with an error of G_OPTION_ERROR that
 * names @path and says what is in the way. */
DaemonListener *daemon_listener_open_unix(DaemonListenerKind kind, const char *path,
                                          const DaemonListenerRights *rights, GError **error);

/* Makes sockets for @address ("HOST:PORT", "[IPV6]:PORT", "unix:PATH"), one for each address that
 * its host has, and adds them to @listeners. False with an error likewise. */
bool daemon_listener_open_address(const char *address, const DaemonListenerRights *rights,
                                  GPtrArray *listeners, GError **error);

/* Takes the descriptors that systemd hands over (sd_listen_fds(3)), and adds them to @listeners.
 * False, with an error that names it, if one is no socket that listens, or it cannot be told what
 * it is for. */
bool daemon_listener_take_handed(GPtrArray *listeners, GError **error);
