/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_watch: which domains came, went, paused and went on, for clients that wait for such
 * events.
 *
 * While somebody listens it compares the answers of all rounds, and asks for rounds of its own:
 * when a monitor sent something, and every few seconds. While nobody does it keeps nothing and asks
 * nothing.
 */
#pragma once

#include <systemd/sd-event.h>

#include "daemon_rounds.h"

typedef struct DaemonWatch DaemonWatch;
typedef struct DaemonWatchListener DaemonWatchListener;

/* Lives for the call only. */
typedef struct {
    const char *name;
    const char *uuid;
    int id;     /* -1: it does not run */
    int event;  /* virDomainEventType */
    int detail; /* what libvirt has for this event */
} DaemonWatchEvent;

typedef void (*DaemonWatchTell)(const DaemonWatchEvent *event, void *data);

/* Borrows both, and becomes the watcher of @rounds. */
DaemonWatch *daemon_watch_new(DaemonRounds *rounds, sd_event *loop, unsigned int interval_s);

/* No listener may be left. */
void daemon_watch_free(DaemonWatch *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonWatch, daemon_watch_free)

/* Calls @tell for what changes from now on; @tell adds and removes no listener. */
DaemonWatchListener *daemon_watch_add(DaemonWatch *self, DaemonWatchTell tell, void *data);
void daemon_watch_remove(DaemonWatch *self, DaemonWatchListener *listener);
