/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_known_proof: see qemu_known_proof.h. The proofs rest on what QEMU does:
 *
 *   never changes         as long as the process lives.
 *   same threads          each vCPU and each IOThread has a thread, and no event tells when one is
 *                         plugged. The threads must be listed in the call that borrows and in the
 *                         call that kept, each time before QEMU is asked.
 *   running               each way out of "running" sends an event before the reply to a later
 *                         command: so another command must be answered in the call that borrows.
 *                         This holds for "running" alone: a paused guest can start to migrate
 *                         without an event.
 *   same connection       a capability of migrations is set by the program that migrates, before it
 *                         begins. libvirt turns events on when it connects, and never off.
 *   no migration          none was under way, and the guest does not wait for one to come in. One
 *                         that begins is told by an event, if that capability is on, before the
 *                         reply to a later command; or only our monitor could begin one.
 *   no job                each job sends an event when it is created, before the reply to a later
 *                         command.
 *   one monitor           devices are plugged, and their properties set, through a monitor, without
 *                         an event: so QEMU must have no monitor but ours, on the same connection.
 *                         A guest may release a device, which sends an event before the reply to a
 *                         later command.
 *   standing still        no vCPU runs and no driver speaks. query-status must say in the call that
 *                         borrows that the guest still stands; each way to run again sends an
 *                         event.
 */
#include "qemu_known_proof.h"

#include <string.h>

const QemuKnownProof qemu_known_proofs[] = {
    [QEMU_KNOWN_PROOF_NEVER_CHANGES] = {"the process lives", 0, false, false, false},
    [QEMU_KNOWN_PROOF_SAME_THREADS] =
        {"no thread has come that may be a vCPU or IOThread, none of them has gone",
         QEMU_KNOWN_PROOF_DOUBT_THREADS, true, false, false},
    [QEMU_KNOWN_PROOF_RUNNING] = {"it is \"running\", no event of the run state has come, the "
                                  "connection is the same and another command is answered",
                                  QEMU_KNOWN_PROOF_DOUBT_RUN_STATE |
                                      QEMU_KNOWN_PROOF_DOUBT_CONNECTION,
                                  false, true, false},
    [QEMU_KNOWN_PROOF_SAME_CONNECTION] = {"the connection is the same",
                                          QEMU_KNOWN_PROOF_DOUBT_CONNECTION, false, false, false},
    [QEMU_KNOWN_PROOF_NO_MIGRATION] =
        {"none was under way and the guest did not wait for one, QEMU sends an event when one "
         "begins or by its command line has no other monitor than ours, no event of the run state "
         "or of a migration has come, the connection is the same and another command is answered",
         QEMU_KNOWN_PROOF_DOUBT_RUN_STATE | QEMU_KNOWN_PROOF_DOUBT_CONNECTION, false, true, false},
    [QEMU_KNOWN_PROOF_NO_JOB] =
        {"no event of a job has come, the connection is the same and another command is answered",
         QEMU_KNOWN_PROOF_DOUBT_JOBS | QEMU_KNOWN_PROOF_DOUBT_CONNECTION, false, true, false},
    [QEMU_KNOWN_PROOF_ONE_MONITOR] =
        {"by its command line it has no other monitor than ours, no event of a "
         "removed device has come, the connection is the same and another "
         "command is answered",
         QEMU_KNOWN_PROOF_DOUBT_DEVICES | QEMU_KNOWN_PROOF_DOUBT_CONNECTION, false, true, false},
    [QEMU_KNOWN_PROOF_STANDING_STILL] =
        {"query-status of the same call says that the guest stands still, no event "
         "of the run state or of a removed device has come and the connection is "
         "the same",
         QEMU_KNOWN_PROOF_DOUBT_RUN_STATE | QEMU_KNOWN_PROOF_DOUBT_CONNECTION |
             QEMU_KNOWN_PROOF_DOUBT_DEVICES,
         false, false, true},
};

bool
qemu_known_proof_has_returned(const QemuAnswer *answers, QemuCommandSet asked,
                              QemuCommandId command)
{
    return (asked >> command & 1) != 0 && answers[command].status == QEMU_ANSWER_RETURNED;
}

bool
qemu_known_proof_have_returned(const QemuAnswer *answers, QemuCommandSet asked, QemuCommandSet set)
{
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if ((set >> id & 1) != 0 &&
            !qemu_known_proof_has_returned(answers, asked, (QemuCommandId)id))
            return false;
    return true;
}

static bool
is_any_answered(const QemuAnswer *answers, QemuCommandSet asked)
{
    for (unsigned int id = 0; id < QEMU_N_COMMANDS; id++)
        if ((asked >> id & 1) != 0 && (answers[id].status == QEMU_ANSWER_RETURNED ||
                                       answers[id].status == QEMU_ANSWER_REFUSED))
            return true;
    return false;
}

static bool
stands_still(const char *status)
{
    /* Left out: the states in which a state is saved or loaded, "suspended", which the guest's
     * clock or a key may end, and "debug", in which the guest is stepped. */
    static const char *const words[] = {"paused",   "prelaunch", "io-error",
                                        "watchdog", "shutdown",  "guest-panicked"};

    for (size_t i = 0; status != NULL && i < G_N_ELEMENTS(words); i++)
        if (strcmp(words[i], status) == 0)
            return true;
    return false;
}

bool
qemu_known_proof_says_still(const QemuAnswer *answers, QemuCommandSet asked)
{
    return qemu_known_proof_has_returned(answers, asked, QEMU_COMMAND_QUERY_STATUS) &&
           stands_still(
               util_json_member_string(answers[QEMU_COMMAND_QUERY_STATUS].value, "status"));
}

bool
qemu_known_proof_is_shown(QemuKnownProofKind kind, const QemuAnswer *answers, QemuCommandSet asked)
{
    const QemuKnownProof *proof = &qemu_known_proofs[kind];

    return (!proof->needs_another || is_any_answered(answers, asked)) &&
           (!proof->needs_still || qemu_known_proof_says_still(answers, asked));
}
