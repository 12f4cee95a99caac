/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan_case: what tests of the plan share: a job with what is known of its domain, and answers.
 */
#pragma once

#include "qemu/plan/qemu_plan.h"

enum { PLAN_CASE_MAX_REPLIES = 6 };

/* A reply to a command; NULL: it was refused. */
typedef struct {
    QemuCommandId command;
    const char *reply;
} PlanCaseReply;

/* What stands before the plan is made. */
typedef struct {
    unsigned int stats;
    unsigned int flags;
    unsigned int extras;
    bool is_recording;
    bool is_inactive;
    QemuCommandSet not_available;
    const QemuDefinitionProven *proven; /* by its command line, so nothing was asked; or NULL */
    PlanCaseReply kept[PLAN_CASE_MAX_REPLIES]; /* told in the call before, on the same connection */
    size_t n_kept;
    PlanCaseReply answers[PLAN_CASE_MAX_REPLIES]; /* of this call */
    size_t n_answers;
    QemuCommandSet asked;             /* besides */
    QemuCommandSet lent;              /* in this call */
    const char *balloon_path;         /* known */
    const QemuDefinitionBoard *board; /* NULL: no words are known */
    QemuJobEvidence evidence;
    bool is_held;      /* the connection, from call to call */
    bool same_threads; /* as in the call before */
    bool event_before; /* of the run state, before this call */
    bool event_amid;   /* after it was planned */
    bool removal_amid; /* of a device, after it was planned */
    bool has_looked_for_balloon;
} PlanCaseSituation;

typedef struct {
    QemuRequest request;
    QemuJob *job;
} PlanCase;

void plan_case_init(PlanCase *self, const PlanCaseSituation *situation);
void plan_case_clear(PlanCase *self);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PlanCase, plan_case_clear)

/* Sets an answer; a @reply of NULL: it was refused. */
void plan_case_put_answer(QemuAnswer *answer, const char *reply);

/* Fails the test, with the commands' file names, if they differ. */
void plan_case_assert_same_set(QemuCommandSet got, QemuCommandSet expected);
