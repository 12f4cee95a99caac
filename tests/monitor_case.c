/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor_case: see monitor_case.h. Owns both ends of the socketpair.
 */
#include "monitor_case.h"

#include <string.h>

#include "testing.h"
#include "util/util_error.h"

void
monitor_case_clear(MonitorCase *self)
{
    qemu_monitor_free(self->monitor);
    for (size_t i = 0; i < self->n_asked; i++)
        qemu_answer_clear(&self->asked[i].answer);
    fake_qmp_free(self->fake);
    g_free(self->buffer);
    g_clear_error(&self->error);
}

void
monitor_case_init(MonitorCase *self, const FakeQmpScript *script)
{
    int fd = -1;

    *self = (MonitorCase){.buffer = g_new(QemuMonitorBuffer, 1)};
    self->fake = fake_qmp_new_pair(script, &fd);
    self->monitor = qemu_monitor_new(qemu_channel_new_fd(fd));
}

void
monitor_case_ask(MonitorCase *self, QemuCommandId command)
{
    MonitorCaseAsked *asked = &self->asked[self->n_asked++];

    asked->command = command;
    qemu_monitor_queue(self->monitor, command, "balloon0", &asked->answer);
    assert_int_equal(asked->answer.status, QEMU_ANSWER_WAITING);
}

/* Each answer is set once, and then left alone. */
static void
check_answers(MonitorCase *self)
{
    for (size_t i = 0; i < self->n_asked; i++) {
        MonitorCaseAsked *asked = &self->asked[i];

        if (asked->settled != QEMU_ANSWER_NONE) {
            assert_int_equal(asked->answer.status, asked->settled);
            assert_ptr_equal(asked->answer.message, asked->settled_message);
        } else if (asked->answer.status != QEMU_ANSWER_WAITING) {
            asked->settled = asked->answer.status;
            asked->settled_message = asked->answer.message;
        }
    }
}

void
monitor_case_run(MonitorCase *self)
{
    bool moved = true;

    while (moved && self->error == NULL) {
        QemuStep step = QEMU_STEP_WOULD_BLOCK;

        moved = fake_qmp_step(self->fake);
        step = qemu_monitor_step(self->monitor, self->buffer, &self->error);
        assert_int_equal(step == QEMU_STEP_CLOSED, self->error != NULL);
        moved = moved || step == QEMU_STEP_RECEIVED || step == QEMU_STEP_SENT;
        check_answers(self);
    }
}

char *
monitor_case_describe(MonitorCase *self)
{
    static const char *const statuses[] = {
        [QEMU_ANSWER_NONE] = "not asked",    [QEMU_ANSWER_WAITING] = "waiting",
        [QEMU_ANSWER_RETURNED] = "answered", [QEMU_ANSWER_REFUSED] = "refused",
        [QEMU_ANSWER_LOST] = "lost",
    };
    const char *ending = "open";
    GString *text = g_string_new(NULL);

    if (self->error != NULL) {
        ending = g_error_matches(self->error, UTIL_ERROR, UTIL_ERROR_BROKEN) ? "broken" : "closed";
        g_clear_pointer(&self->monitor, qemu_monitor_free);
    }
    for (size_t i = 0; i < self->n_asked; i++) {
        const MonitorCaseAsked *asked = &self->asked[i];
        int64_t value = 0;

        g_string_append_printf(text, "%s %s", qemu_commands[asked->command].name,
                               statuses[asked->answer.status]);
        if (util_json_int64(asked->answer.value, &value))
            g_string_append_printf(text, " %" G_GINT64_FORMAT, value);
        g_string_append(text, i + 1 < self->n_asked ? ", " : "; ");
    }
    g_string_append(text, ending);
    return g_string_free(text, FALSE);
}

void
monitor_case_check_reason(const MonitorCase *self, const char *reason)
{
    assert_int_equal(self->error != NULL, reason != NULL);
    if (reason != NULL && strstr(self->error->message, reason) == NULL)
        testing_assert_same_text(self->error->message, reason);
}
