/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_scene: a model_qemu, the connection under test, and the comparison of its answers with
 * those of fresh connections.
 *
 * The connection under test asks the KEPT monitor. After each of its calls a connection that is
 * opened for it asks the FRESH monitor for the same groups. Each value of the first must be what
 * the second says; each value that the first lacks must be of a group that its record calls
 * missing. Values that the host counts are left out: they change by themselves. When the state
 * changes in the middle of a call, the value from before the call is right too.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "domstats/domstats.h"
#include "model_qemu.h"

typedef struct {
    char *folder;
    ModelQemu *qemu;
    DomstatsConn *conn;
    int holder_fd;  /* another client of the KEPT monitor; -1: none */
    GString *story; /* the orders since that QEMU was started */
    unsigned int n_calls;
    unsigned int n_whole; /* calls that lacked nothing */
    char *trouble;        /* the first difference; NULL: none */
} ModelScene;

/* Starts a "plain" QEMU and opens the connection under test, which holds the monitor between calls
 * unless @lets_go. */
void model_scene_init(ModelScene *self, bool lets_go);
void model_scene_clear(ModelScene *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ModelScene, model_scene_clear)

/* Carries out one order: one of the model's, or
 *   start KIND           another QEMU in the place of this one
 *   call GROUP|GROUP|... one call and its comparison, with "all" in ALL mode; "ext" adds the
 *                        extended fields; "short" gives it little time, for a model that will not
 *                        answer; "amid" says that the state changes during the call
 *   hold, let-go         another client connects to the monitor, and leaves it
 * A difference is noted in self->trouble; an unknown order fails the test. */
void model_scene_run(ModelScene *self, const char *order);

/* Closes the connection under test and opens another. */
void model_scene_reopen(ModelScene *self, bool lets_go);

/* Fails if there was a difference; prints it with the orders that led to it. */
void model_scene_check(const ModelScene *self);

enum { MODEL_SCENE_N_GROUPS = 9 };

/* The groups that a call may name, and how the names of their values begin. */
typedef struct {
    const char *name;
    unsigned int bit;
    const char *prefix;
} ModelSceneGroup;

extern const ModelSceneGroup model_scene_groups[MODEL_SCENE_N_GROUPS];
