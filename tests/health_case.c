/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * health_case: see health_case.h.
 */
#include "health_case.h"

#include <string.h>

#include "testing.h"

const FakeQmpLine health_case_mute_lines[] = {{NULL, NULL, FAKE_QMP_IGNORES}, {0}};
const FakeQmpScript health_case_mute = {.lines = health_case_mute_lines, .is_bare = true};

void
health_case_clear(HealthCase *self)
{
    qemu_job_free(self->job);
    qemu_host_view_free(self->host);
    host_root_free(self->root);
    fake_qmp_free(self->fake);
    testing_remove_folder(self->folder);
}

static void
write_stat(const char *folder, const char *name, const HealthCaseThread *thread)
{
    g_autofree char *text = g_strdup_printf(
        "%d (%s) %c 1 1 1 0 -1 4194304 100 0 0 0 11 22 0 0 20 0 4 0 %d 1000 200 "
        "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0\n",
        thread->tid, thread->name, thread->state, HEALTH_CASE_START_TICKS);

    testing_write_file(folder, name, text);
}

/* The first thread is the process. None: there is no process. */
static void
write_process(const char *folder, const HealthCaseThread *threads)
{
    testing_write_file(folder, "host.json", "{\"ticks_per_second\":100,\"page_bytes\":4096}");
    for (size_t i = 0; i < HEALTH_CASE_MAX_THREADS && threads[i].tid != 0; i++) {
        g_autofree char *task = g_strdup_printf("proc/%d/task/%d", HEALTH_CASE_PID, threads[i].tid);
        g_autofree char *task_stat = g_strconcat(task, "/stat", NULL);
        g_autofree char *wchan = g_strconcat(task, "/wchan", NULL);

        if (i == 0) {
            g_autofree char *stat = g_strdup_printf("proc/%d/stat", HEALTH_CASE_PID);

            write_stat(folder, stat, &threads[i]);
        }
        write_stat(folder, task_stat, &threads[i]);
        if (threads[i].wait_channel != NULL)
            testing_write_file(folder, wchan, threads[i].wait_channel);
    }
}

void
health_case_init(HealthCase *self, const HealthCaseThread *threads, pid_t pid, uint64_t start_ticks)
{
    g_autoptr(QemuEndpoint) endpoint = qemu_endpoint_new("key", "name");
    g_autoptr(QemuDomain) domain = NULL;

    endpoint->pid = pid;
    endpoint->start_ticks = start_ticks;
    domain = qemu_domain_new(endpoint);
    self->folder = testing_make_folder();
    if (threads != NULL) {
        write_process(self->folder, threads);
        self->root = host_root_new_recorded(self->folder, NULL);
    } else {
        self->root = host_root_new_live();
    }
    assert_non_null(self->root);
    self->host = qemu_host_view_new(self->root, NULL, NULL);
    self->request = (QemuRequest){.timeout_ms = 50, .deadline = util_deadline_in_ms(60000)};
    self->job = qemu_job_new(domain, &self->request);
}

void
health_case_assert_verdict(const QemuJob *job, DomstatsHealth verdict, const char *reason)
{
    /* What sentences say, as the code says it. */
    static const struct {
        const char *part;
        DomstatsReason code;
    } codes[] = {
        {"has ended", DOMSTATS_REASON_ENDED},
        {"by a signal or a debugger", DOMSTATS_REASON_SIGNAL},
        {"is held by", DOMSTATS_REASON_HELD},
        {"takes no command", DOMSTATS_REASON_MAIN_LOOP},
        {"out of band only", DOMSTATS_REASON_MAIN_LOOP},
        {"QEMU answers nothing", DOMSTATS_REASON_SILENT},
        {"does not greet", DOMSTATS_REASON_NO_GREETING},
        {"replies", DOMSTATS_REASON_LATE},
        {"its backlog is full", DOMSTATS_REASON_BACKLOG},
        {"no time to ask", DOMSTATS_REASON_NO_TIME},
        {"none left to look why", DOMSTATS_REASON_NO_TIME},
        {"for want of something here", DOMSTATS_REASON_SHORTAGE},
    };

    for (size_t i = 0; job->reason != NULL && i < G_N_ELEMENTS(codes); i++)
        if (strstr(job->reason, codes[i].part) != NULL)
            assert_string_equal(domstats_reason_to_string(job->reason_code),
                                domstats_reason_to_string(codes[i].code));
    assert_string_equal(domstats_health_to_string(job->verdict),
                        domstats_health_to_string(verdict));
    assert_non_null(job->reason);
    if (strstr(job->reason, reason) == NULL)
        testing_assert_same_text(job->reason, reason);
}
