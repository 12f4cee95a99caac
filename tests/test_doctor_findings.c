/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_doctor_findings: commands that mend, how domains of one finding are put together, and how
 * much can be read.
 */
#include "doctor/doctor_findings.h"

#include <string.h>

#include "doctor/doctor_domain.h"
#include "doctor/doctor_mend.h"
#include "testing.h"

#define UUID  "6c2bb7b0-4f3c-4d0c-8f6e-0a3bb7ae6a11"
#define OTHER "0d9d7a52-7d5b-4c25-9c14-6a2a7bd7b1e0"

enum { MOST_DOMAINS = 4 };

typedef struct {
    const char *sentence;
    const char *mend;
    const char *uri;
    const char *names[MOST_DOMAINS]; /* of domains with the first UUID, but for the last one */
    const char *unit;
    bool is_session;
    const char *expected;
    const char *freezer;
    bool is_contained;
} MendRow;

static const MendRow mend_rows[] = {
    {"names", "a %d b", NULL, {"web", "db-1.x"}, NULL, false, "a web db-1.x b"},
    {"a name with a blank", "%d", NULL, {"my web", "db"}, NULL, false, UUID " db"},
    {"a name that would be a command",
     "%d",
     NULL,
     {"$(reboot)", "a;b", "`x`"},
     NULL,
     false,
     UUID " " UUID " " OTHER},
    {"a name that would be an option", "%d", NULL, {"-c", "db"}, NULL, false, UUID " db"},
    {"a name that would be an id", "%d", NULL, {"12", "db"}, NULL, false, UUID " db"},
    {"a name that would drive the terminal",
     "%d",
     NULL,
     {"a\033[31m", "db"},
     NULL,
     false,
     UUID " db"},
    {"two of one name", "%d", NULL, {"web", "web"}, NULL, false, UUID " " OTHER},
    {"libvirt of the system", "-c %c", NULL, {"a", "b"}, NULL, false, "-c qemu:///system"},
    {"libvirt of a user",
     "-c %c",
     NULL,
     {"a", "b"},
     NULL,
     true,
     "-c qemu:///session    # as the user of that libvirt"},
    {"libvirt of a user, with a comment",
     "-c %c # so",
     NULL,
     {"a"},
     NULL,
     true,
     "-c qemu:///session # so; as the user of that libvirt"},
    {"libvirt that was named",
     "-c %c",
     "qemu+ssh://host/system",
     {"a", "b"},
     NULL,
     true,
     "-c qemu+ssh://host/system"},
    {"with what a shell would take",
     "-c %c",
     "qemu:///system?socket=/a",
     {"a"},
     NULL,
     true,
     "-c 'qemu:///system?socket=/a'"},
    {"processes", "kill %p", NULL, {"a", "b"}, NULL, false, "kill 100 101"},
    {"units", "%s", NULL, {"a"}, "vm.service", false, "vm.service"},
    {"a unit with backslashes",
     "%s",
     NULL,
     {"a"},
     "machine-qemu\\x2d1.scope",
     false,
     "'machine-qemu\\x2d1.scope'"},
    {"a unit with more", "%s", NULL, {"a"}, "a'b.scope", false, "UNIT"},
    {"no unit", "%s", NULL, {"a"}, NULL, false, "UNIT"},
    {"the service of libvirt, our group", "%u %g", NULL, {"a"}, NULL, false, "virtqemud 7"},
    {"the service of libvirt on another host",
     "restart %u",
     "qemu+ssh://host/system",
     {"a"},
     NULL,
     false,
     "restart virtqemud    # on the host of that libvirt"},
    {"the service of libvirt on this one",
     "restart %u",
     "qemu:///system",
     {"a"},
     NULL,
     false,
     "restart virtqemud"},
    {"libvirt in a container",
     "-c %c",
     NULL,
     {"a"},
     NULL,
     false,
     "-c qemu:///system    # in the container of process 100: nsenter -t 100 -a",
     NULL,
     true},
    {"what is no matter of libvirt's", "kill %p", NULL, {"a"}, NULL, false, "kill 100", NULL, true},
    {"what thaws them",
     "echo %z",
     NULL,
     {"a", "b"},
     NULL,
     false,
     "echo 0 > /sys/fs/cgroup/x/cgroup.freeze && echo 0 > /sys/fs/cgroup/x/cgroup.freeze",
     "/sys/fs/cgroup/x/cgroup.freeze"},
    {"what thaws one of version 1, whose group has an odd name",
     "echo %z",
     NULL,
     {"a"},
     NULL,
     false,
     "echo THAWED > '/sys/fs/cgroup/freezer/a b/freezer.state'",
     "/sys/fs/cgroup/freezer/a b/freezer.state"},
    {"a freezer that is not seen",
     "echo %z",
     NULL,
     {"a"},
     NULL,
     false,
     "echo 0 > /sys/fs/cgroup/GROUP/cgroup.freeze"},
    {"AppArmor's file",
     "%a",
     NULL,
     {"a"},
     NULL,
     false,
     "/etc/apparmor.d/local/abstractions/libvirt-qemu"},
};

static void
is_filled_in(const void *data)
{
    const MendRow *row = data;
    const DoctorFactsHost host = {.libvirt = "virtqemud", .group = 7};
    DoctorFactsDomain each[MOST_DOMAINS] = {0};
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    g_autofree char *got = NULL;

    for (size_t i = 0; i < MOST_DOMAINS && row->names[i] != NULL; i++) {
        bool is_last = i + 1 == MOST_DOMAINS || row->names[i + 1] == NULL;

        each[i].name = (char *)row->names[i];
        each[i].uuid = (char *)(is_last ? OTHER : UUID);
        each[i].unit = (char *)row->unit;
        each[i].is_session = row->is_session;
        each[i].freezer = (char *)row->freezer;
        each[i].pid_namespace = row->is_contained ? (char *)(uintptr_t) "pid:[2]" : NULL;
        each[i].pid = 100 + (int)i;
        g_ptr_array_add(domains, &each[i]);
    }
    got = doctor_mend_make(row->mend, &host, domains, domains, row->uri);
    assert_string_equal(got, row->expected);
}

typedef struct {
    const char *sentence;
    DomstatsReason reasons[MOST_DOMAINS]; /* of domains; ended by -1 */
    const char *blind_spot;
    DoctorFindingsOutcome expected;
} OutcomeRow;

#define END    ((DomstatsReason)-1)
#define WELL   DOMSTATS_REASON_NONE
#define HELD   DOMSTATS_REASON_HELD
#define MANAGE DOMSTATS_REASON_MANAGED

static const OutcomeRow outcome_rows[] = {
    {"all answer", {WELL, WELL, END}, NULL, DOCTOR_FINDINGS_WHOLE},
    {"one does not", {WELL, HELD, END}, NULL, DOCTOR_FINDINGS_PARTLY},
    {"none does", {MANAGE, HELD, END}, NULL, DOCTOR_FINDINGS_NOTHING},
    {"some may be hidden", {WELL, END}, "others are hidden", DOCTOR_FINDINGS_PARTLY},
    {"none, where some may be hidden", {END}, "others are hidden", DOCTOR_FINDINGS_NOTHING},
    {"none", {END}, NULL, DOCTOR_FINDINGS_WHOLE},
};

static void
tells_the_outcome(const void *data)
{
    const OutcomeRow *row = data;
    DoctorFactsHost host = {.blind_spot = (char *)row->blind_spot};
    DoctorFactsDomain each[MOST_DOMAINS] = {0};
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    g_autoptr(GPtrArray) findings = NULL;

    for (size_t i = 0; i < MOST_DOMAINS && row->reasons[i] != END; i++) {
        each[i] = (DoctorFactsDomain){.name = (char *)"vm",
                                      .uuid = (char *)UUID,
                                      .is_running = true,
                                      .reason = row->reasons[i]};
        if (row->reasons[i] != WELL)
            each[i].health = DOMSTATS_HEALTH_BUSY;
        g_ptr_array_add(domains, &each[i]);
    }
    findings = doctor_findings_make(&host, domains, NULL);
    assert_int_equal(doctor_findings_outcome(findings, &host, domains->len), row->expected);
}

/* Those of libvirt and others have a finding each, with another command; the worst comes first. */
static void
puts_domains_together(void **state)
{
    DoctorFactsHost host = {0};
    DoctorFactsDomain each[MOST_DOMAINS] = {
        {.manager = "libvirt"}, {0}, {.manager = "libvirt"}, {0}};
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    g_autoptr(GPtrArray) findings = NULL;
    const DoctorFinding *first = NULL;
    const DoctorFinding *second = NULL;

    (void)state;
    for (size_t i = 0; i < MOST_DOMAINS; i++) {
        each[i].name = (char *)(i == 2 ? "db" : "web");
        each[i].uuid = (char *)UUID;
        each[i].is_running = true;
        each[i].reason = i == 3 ? WELL : HELD;
        each[i].health = i == 3 ? DOMSTATS_HEALTH_OK : DOMSTATS_HEALTH_BUSY;
        g_ptr_array_add(domains, &each[i]);
    }
    findings = doctor_findings_make(&host, domains, NULL);
    first = g_ptr_array_index(findings, 0);
    second = g_ptr_array_index(findings, 1);
    assert_string_equal(doctor_rows_code(first->row), "held");
    assert_int_equal(first->domains->len, 2);
    assert_true(
        g_str_has_prefix(first->mend, "domstats-monitor add -c qemu:///system " UUID " db "));
    assert_int_equal(second->domains->len, 1);
    assert_non_null(strstr(second->mend, "-chardev"));
    for (guint i = 1; i < findings->len; i++)
        assert_true(((const DoctorFinding *)g_ptr_array_index(findings, i))->row->severity <=
                    ((const DoctorFinding *)g_ptr_array_index(findings, i - 1))->row->severity);
}

/* One command is run in one container. */
static void
keeps_containers_apart(void **state)
{
    DoctorFactsHost host = {0};
    DoctorFactsDomain each[MOST_DOMAINS] = {{.pid_namespace = (char *)(uintptr_t) "pid:[1]"},
                                            {.pid_namespace = (char *)(uintptr_t) "pid:[2]"},
                                            {.pid_namespace = (char *)(uintptr_t) "pid:[1]"}};
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    g_autoptr(GPtrArray) findings = NULL;

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        each[i].name = (char *)(uintptr_t) "vm";
        each[i].uuid = (char *)(uintptr_t)UUID;
        each[i].manager = "libvirt";
        each[i].pid = 100 + (int)i;
        each[i].is_running = true;
        each[i].reason = HELD;
        each[i].health = DOMSTATS_HEALTH_BUSY;
        g_ptr_array_add(domains, &each[i]);
    }
    findings = doctor_findings_make(&host, domains, NULL);
    for (guint i = 0; i < 2; i++) {
        const DoctorFinding *finding = g_ptr_array_index(findings, i);

        assert_string_equal(doctor_rows_code(finding->row), "held");
        assert_int_equal(finding->domains->len, i == 0 ? 2 : 1);
        assert_non_null(strstr(finding->mend, i == 0 ? "nsenter -t 100 " : "nsenter -t 101 "));
    }
}

/* A domain as a record has it. */
static void
reads_a_record(void **state)
{
    virTypedParameter params[3] = {
        {.field = "state.state", .type = VIR_TYPED_PARAM_INT, .value.i = VIR_DOMAIN_RUNNING},
        {.field = "balloon.last-update", .type = VIR_TYPED_PARAM_ULLONG, .value.ul = 0},
        {.field = "perf.cpu_cycles", .type = VIR_TYPED_PARAM_ULLONG, .value.ul = 0},
    };
    DomstatsRecord record = {.name = (char *)"vm",
                             .uuid = UUID,
                             .id = 7,
                             .params = params,
                             .n_params = 3,
                             .monitor = (char *)"/var/lib/libvirt/qemu/domain-7-vm/monitor.sock"};
    g_autoptr(DoctorFactsDomain) libvirts = doctor_domain_new(&record, NULL);
    g_autoptr(DoctorFactsDomain) other = NULL;
    g_autoptr(DoctorFactsDomain) users = NULL;

    (void)state;
    assert_true(libvirts->is_running && libvirts->is_its_managers && !libvirts->is_session);
    assert_string_equal(libvirts->manager, "libvirt");
    assert_int_equal(libvirts->values, DOCTOR_FACTS_BALLOON | DOCTOR_FACTS_PERF);
    params[0].value.i = VIR_DOMAIN_SHUTOFF;
    record.monitor = (char *)"/run/vm/a.sock";
    other = doctor_domain_new(&record, NULL);
    assert_false(other->is_running || other->is_its_managers || other->manager != NULL);
    record.monitor = (char *)"/home/a/.config/libvirt/qemu/lib/domstats-" UUID ".sock";
    users = doctor_domain_new(&record, NULL);
    assert_true(users->is_session && !users->is_its_managers);
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(puts_domains_together),
        cmocka_unit_test(keeps_containers_apart),
        cmocka_unit_test(reads_a_record),
    };
    int n_failed = 0;

    virInitialize(); /* as domstats_open() does */
    n_failed += TESTING_RUN_TABLE("mends", mend_rows, is_filled_in);
    n_failed += TESTING_RUN_TABLE("outcomes", outcome_rows, tells_the_outcome);
    return n_failed + cmocka_run_group_tests_name("findings", tests, NULL, NULL);
}
