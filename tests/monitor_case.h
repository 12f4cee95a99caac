/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_case: one monitor and its scripted peer over a socketpair.
 *
 * One thread steps both sides in turn, so a test never waits and always runs in the same order.
 */
#pragma once

#include "fake_qmp.h"
#include "qemu/qmp/qemu_monitor.h"

enum { MONITOR_CASE_COMMANDS = 16 };

/* A command of the test, its answer, and the first status it got after waiting. */
typedef struct {
    QemuCommandId command;
    QemuAnswer answer;
    QemuAnswerStatus settled;
    const UtilJson *settled_message;
} MonitorCaseAsked;

typedef struct {
    FakeQmp *fake;
    QemuMonitor *monitor;
    QemuMonitorBuffer *buffer;
    MonitorCaseAsked asked[MONITOR_CASE_COMMANDS];
    size_t n_asked;
    GError *error; /* why the connection is over */
} MonitorCase;

void monitor_case_init(MonitorCase *self, const FakeQmpScript *script);
void monitor_case_clear(MonitorCase *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MonitorCase, monitor_case_clear)

void monitor_case_ask(MonitorCase *self, QemuCommandId command);

/* Steps both until neither has anything to do, or the connection is over. Fails if an answer
 * is set twice. */
void monitor_case_run(MonitorCase *self);

/* "query-status answered 1, query-name waiting; open", the number being the reply if it is one;
 * frees a monitor whose connection is over. The caller frees. */
char *monitor_case_describe(MonitorCase *self);

/* Fails if the connection is over for another reason than one with @reason in it; NULL: it
 * must not be over. */
void monitor_case_check_reason(const MonitorCase *self, const char *reason);
