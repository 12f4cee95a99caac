/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_changes: what has changed between the answers of two rounds, as libvirt's lifecycle
 * events. Pure but for one question: whether a process that an answer no longer has is still there.
 */
#pragma once

#include "daemon_rounds.h"

typedef struct DaemonChanges DaemonChanges;

/* Told once for each event, in the order in which they happened to a domain. @id: -1: it does not
 * run. */
typedef void (*DaemonChangesTell)(const char *name, const char *uuid, int id, int event, int detail,
                                  void *data);

DaemonChanges *daemon_changes_new(DaemonChangesTell tell, void *data);
void daemon_changes_free(DaemonChanges *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DaemonChanges, daemon_changes_free)

/* Compares what @call was answered with what was known before, and keeps it. Until a first answer
 * that had all domains nothing is told. A domain is gone when an answer with all domains lacks it.
 * Answers of older rounds may come later. */
void daemon_changes_take(DaemonChanges *self, const DomstatsCall *call,
                         const DaemonRoundsAnswer *answer);
