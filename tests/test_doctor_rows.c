/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_doctor_rows: when each row of the table of findings is found, and when it is not.
 *
 * A row of a test begins with a host and a domain of which nothing lacks, and says what is
 * different.
 */
#include "doctor/doctor_rows.h"

#include <string.h>

#include "doctor/doctor_findings.h"
#include "testing.h"

enum { MANY = 1024 };

/* What a word of a row changes. */
#define HOST(member)                                                                               \
    {                                                                                              \
#member, offsetof(DoctorFactsHost, member), true                                           \
    }
#define DOMAIN(member)                                                                             \
    {                                                                                              \
#member, offsetof(DoctorFactsDomain, member), false                                        \
    }
static const struct {
    const char *name;
    size_t offset;
    bool is_of_host;
} flags[] = {
    HOST(is_known),          HOST(is_root),           HOST(may_trace),
    HOST(may_count),         HOST(hides_processes),   HOST(sees_kernel),
    HOST(has_schedstats),    HOST(keeps_schedstats),  HOST(counts_delay),
    HOST(has_delayacct),     HOST(has_pressure),      HOST(has_cgroup2),
    HOST(has_ksm),           HOST(merges_pages),      HOST(tells_ksm),
    HOST(has_vhost_threads), HOST(has_kvm),           HOST(is_amd),
    HOST(is_intel),          HOST(has_resctrl),       HOST(has_resctrl_mounted),
    HOST(has_perf),          HOST(runs_service),      HOST(runs_libvirt),
    HOST(has_psi),           HOST(lacks_psi),         HOST(has_no_domains),
    DOMAIN(is_running),      DOMAIN(is_its_managers), DOMAIN(is_session),
    DOMAIN(is_confined),     DOMAIN(may_add_socket),  DOMAIN(uses_vhost),
};

/* Values that the domain of a row does not have. */
static const struct {
    const char *name;
    DoctorFactsValue value;
} values[] = {
    {"balloon", DOCTOR_FACTS_BALLOON},     {"guest", DOCTOR_FACTS_GUEST},
    {"polling", DOCTOR_FACTS_POLLING},     {"kvm", DOCTOR_FACTS_KVM},
    {"pressure", DOCTOR_FACTS_PRESSURE},   {"memory", DOCTOR_FACTS_MEMORY},
    {"throttled", DOCTOR_FACTS_THROTTLED}, {"perf", DOCTOR_FACTS_PERF},
    {"vcpu", DOCTOR_FACTS_VCPU},           {"vhost", DOCTOR_FACTS_VHOST},
};

typedef struct {
    const char *sentence;
    const char *changes; /* words: "+flag", "-flag" or "-value", "blind", "asleep", "no-pid" */
    DomstatsReason reason;
    const char *code; /* of a row that is found */
} Row;

/* clang-format off */
static const Row rows[] = {
    {"nothing lacks", "", DOMSTATS_REASON_NONE, "complete"},
    {"a recorded host of which nothing is known", "-is_known -has_pressure -has_cgroup2 -has_ksm -has_kvm", DOMSTATS_REASON_NONE, "complete"},
    {"other users' processes are hidden", "+hides_processes -is_root", DOMSTATS_REASON_NONE, "hidepid"},
    {"root without the capability", "-may_trace", DOMSTATS_REASON_NONE, "capability"},
    {"a plain user", "-is_root -may_trace", DOMSTATS_REASON_NONE, "user"},
    {"no thread of the kernel is seen", "-sees_kernel", DOMSTATS_REASON_NONE, "pid-namespace"},
    {"something is hidden", "blind", DOMSTATS_REASON_NONE, "blind-spot"},
    {"libvirt does not run, and there is no socket of it", "blind -runs_libvirt", DOMSTATS_REASON_NONE, "blind-spot"},
    {"systemd has libvirt's socket", "blind asleep -runs_libvirt", DOMSTATS_REASON_NONE, "libvirt-not-running"},
    {"nothing is found", "+has_no_domains", DOMSTATS_REASON_NONE, "no-domains"},
    {"the switch is off", "-keeps_schedstats", DOMSTATS_REASON_NONE, "schedstats-off"},
    {"a kernel without", "-has_schedstats -keeps_schedstats", DOMSTATS_REASON_NONE, "schedstats"},
    {"an old kernel that does not count delays", "-counts_delay +has_delayacct", DOMSTATS_REASON_NONE, "delay-off"},
    {"a kernel that cannot", "-counts_delay", DOMSTATS_REASON_NONE, "delay"},
    {"no pressure, and it is not known why", "-has_pressure -pressure", DOMSTATS_REASON_NONE, "pressure-off"},
    {"pressure that is off", "-has_pressure +has_psi -pressure", DOMSTATS_REASON_NONE, "pressure-off"},
    {"a kernel without pressure", "-has_pressure +lacks_psi -pressure", DOMSTATS_REASON_NONE, "pressure"},
    {"controllers of version 1", "-has_cgroup2 -pressure -memory", DOMSTATS_REASON_NONE, "cgroup-v1"},
    {"no KSM", "-has_ksm -merges_pages", DOMSTATS_REASON_NONE, "ksm"},
    {"KSM that is off", "-merges_pages", DOMSTATS_REASON_NONE, "ksm-off"},
    {"KSM of an old kernel", "-tells_ksm", DOMSTATS_REASON_NONE, "ksm-untold"},
    {"no KVM, as the processor cannot, or may not", "-has_kvm -kvm", DOMSTATS_REASON_NONE, "kvm"},
    {"no KVM on Intel", "-has_kvm +is_intel -kvm", DOMSTATS_REASON_NONE, "kvm"},
    {"no KVM on AMD", "-has_kvm +is_amd -kvm", DOMSTATS_REASON_NONE, "kvm"},
    {"resctrl is not mounted", "-has_resctrl_mounted", DOMSTATS_REASON_NONE, "resctrl-off"},
    {"no resctrl", "-has_resctrl -has_resctrl_mounted", DOMSTATS_REASON_NONE, "resctrl"},
    {"perf events are for privileged users", "-may_count", DOMSTATS_REASON_NONE, "perf-closed"},
    {"no perf events", "-has_perf", DOMSTATS_REASON_NONE, "perf"},
    {"the service runs", "+runs_service", DOMSTATS_REASON_NONE, "service"},
    {"the service runs and is not asked", "+runs_service", DOMSTATS_REASON_NONE, "beside-service"},
    {"a user does not ask the service", "+runs_service -is_root", DOMSTATS_REASON_NONE, "beside-service"},
    {"no service", "", DOMSTATS_REASON_NONE, "no-service"},
    {"the service answers", "+runs_service by-service", DOMSTATS_REASON_NONE, "by-service"},
    {"a domain that does not run", "-is_running no-pid", DOMSTATS_REASON_NONE, "off"},
    {"through libvirt", "+is_its_managers", DOMSTATS_REASON_NONE, "through-libvirt"},
    {"through libvirt, confined with a rule", "+is_its_managers +is_confined +may_add_socket", DOMSTATS_REASON_NONE, "through-libvirt"},
    {"through libvirt, confined without", "+is_its_managers +is_confined", DOMSTATS_REASON_NONE, "apparmor"},
    {"no process is seen", "no-pid", DOMSTATS_REASON_NONE, "no-process"},
    {"no balloon", "-balloon -guest -polling", DOMSTATS_REASON_NONE, "balloon"},
    {"a balloon that is not polled", "-guest -polling", DOMSTATS_REASON_NONE, "balloon-polling"},
    {"a guest without a driver", "-guest", DOMSTATS_REASON_NONE, "balloon-silent"},
    {"a control group with others", "-pressure -memory -throttled", DOMSTATS_REASON_NONE, "group-shared"},
    {"no memory controller", "-memory", DOMSTATS_REASON_NONE, "memory-controller"},
    {"no cpu controller", "-throttled", DOMSTATS_REASON_NONE, "cpu-controller"},
    {"KVM's statistics are not told", "-kvm", DOMSTATS_REASON_NONE, "kvm-untold"},
    {"one thread for all vCPUs", "-vcpu", DOMSTATS_REASON_NONE, "vcpu-threads"},
    {"no perf event", "-perf", DOMSTATS_REASON_NONE, "perf-events"},
    {"workers of an old kernel that are not seen", "-has_vhost_threads +uses_vhost -vhost", DOMSTATS_REASON_NONE, "vhost-unseen"},
    {"something is hidden from a user", "blind -is_root", DOMSTATS_REASON_NONE, "blind-spot"},
    {"no libvirt runs", "-runs_libvirt", DOMSTATS_REASON_LIBVIRT_AWAY, "libvirt-away"},
    {"libvirt lets root not ask", "", DOMSTATS_REASON_LIBVIRT_AWAY, "libvirt-away"},
    {"libvirt does not let a user ask", "-is_root", DOMSTATS_REASON_LIBVIRT_AWAY, "libvirt-away"},
    {"held, and its manager's", "+is_its_managers", DOMSTATS_REASON_HELD, "held"},
    {"held by somebody", "", DOMSTATS_REASON_HELD, "held"},
    {"no permission, as root", "", DOMSTATS_REASON_PERMISSION, "permission"},
    {"no permission", "-is_root", DOMSTATS_REASON_PERMISSION, "permission"},
    {"no permission, where the service has it", "-is_root +runs_service", DOMSTATS_REASON_PERMISSION, "permission"},
};
/* clang-format on */

static bool
set_flag(const char *word, DoctorFactsHost *host, DoctorFactsDomain *domain)
{
    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        char *base = flags[i].is_of_host ? (char *)host : (char *)domain;

        if (strcmp(flags[i].name, word + 1) != 0)
            continue;
        *(bool *)(base + flags[i].offset) = word[0] == '+';
        return true;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(values); i++) {
        if (strcmp(values[i].name, word + 1) != 0)
            continue;
        domain->values &= ~(unsigned int)values[i].value;
        return true;
    }
    return false;
}

static void
change(const char *word, DoctorFactsHost *host, DoctorFactsDomain *domain)
{
    static char sentence[] = "something is hidden";

    if (strcmp(word, "blind") == 0)
        host->blind_spot = sentence;
    else if (strcmp(word, "asleep") == 0)
        host->libvirt = "libvirtd";
    else if (strcmp(word, "no-pid") == 0)
        domain->pid = 0;
    else if (strcmp(word, "by-service") == 0)
        domain->answered_by = DOMSTATS_ANSWERED_BY_SERVICE;
    else if (word[0] != '\0')
        assert_true(set_flag(word, host, domain));
}

/* A host and a domain of which nothing lacks, with the changes of a row. */
static void
make(const char *changes, DomstatsReason reason, DoctorFactsHost *ret_host,
     DoctorFactsDomain *ret_domain)
{
    static char name[] = "vm";
    static char uuid[] = "6c2bb7b0-4f3c-4d0c-8f6e-0a3bb7ae6a11";
    g_auto(GStrv) words = g_strsplit(changes, " ", -1);

    *ret_host = (DoctorFactsHost){.is_known = true,
                                  .is_root = true,
                                  .may_trace = true,
                                  .may_count = true,
                                  .sees_kernel = true,
                                  .has_schedstats = true,
                                  .keeps_schedstats = true,
                                  .counts_delay = true,
                                  .has_pressure = true,
                                  .has_cgroup2 = true,
                                  .has_ksm = true,
                                  .merges_pages = true,
                                  .tells_ksm = true,
                                  .has_vhost_threads = true,
                                  .has_kvm = true,
                                  .has_resctrl = true,
                                  .has_resctrl_mounted = true,
                                  .has_perf = true,
                                  .perf_paranoid = 2,
                                  .runs_libvirt = true};
    *ret_domain = (DoctorFactsDomain){.name = name,
                                      .uuid = uuid,
                                      .answered_by = DOMSTATS_ANSWERED_BY_MONITOR,
                                      .reason = reason,
                                      .values = (DOCTOR_FACTS_VHOST << 1) - 1,
                                      .is_running = true,
                                      .pid = 42};
    if (reason != DOMSTATS_REASON_NONE)
        ret_domain->health = DOMSTATS_HEALTH_BROKEN;
    for (size_t i = 0; words[i] != NULL; i++)
        change(words[i], ret_host, ret_domain);
}

/* Adds to @n_found, of each row of the table, how often it is found; gives the codes. */
static char *
find(const Row *row, unsigned int *n_found)
{
    DoctorFactsHost host = {0};
    DoctorFactsDomain domain = {0};
    g_autoptr(GPtrArray) domains = g_ptr_array_new();
    g_autoptr(GPtrArray) findings = NULL;
    GString *codes = g_string_new(" ");

    make(row->changes, row->reason, &host, &domain);
    g_ptr_array_add(domains, &domain);
    findings = doctor_findings_make(&host, domains, NULL);
    for (guint i = 0; i < findings->len; i++) {
        const DoctorFinding *finding = g_ptr_array_index(findings, i);

        n_found[finding->row - doctor_rows]++;
        g_string_append_printf(codes, "%s ", doctor_rows_code(finding->row));
    }
    return g_string_free(codes, FALSE);
}

static void
is_found(const void *data)
{
    const Row *row = data;
    unsigned int n_found[MANY] = {0};
    g_autofree char *codes = find(row, n_found);
    g_autofree char *word = g_strdup_printf(" %s ", row->code);

    if (strstr(codes, word) == NULL)
        fail_msg("'%s' is not found, only:%s", row->code, codes);
}

/* Of a domain that is well and of one with a reason: which rows all of the rows above find. */
static void
each_is_found_and_not_found(void **state)
{
    unsigned int n_found[MANY] = {0};
    unsigned int n_looks = G_N_ELEMENTS(rows);

    (void)state;
    assert_true(doctor_rows_n <= MANY);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        g_free(find(&rows[i], n_found));
    for (int reason = DOMSTATS_REASON_OTHER; reason <= DOMSTATS_REASON_REFUSED; reason++) {
        const Row row = {"", "", (DomstatsReason)reason, NULL};

        g_free(find(&row, n_found));
        n_looks++;
    }
    for (size_t i = 0; i < doctor_rows_n; i++)
        if (n_found[i] == 0 || n_found[i] == n_looks)
            fail_msg("row %zu, '%s', is found by %u of %u", i, doctor_rows_code(&doctor_rows[i]),
                     n_found[i], n_looks);
}

/* Of each reason that a record may have there is one finding, which is not "ok". */
static void
each_reason_is_a_finding(void **state)
{
    (void)state;
    for (int reason = DOMSTATS_REASON_OTHER;
         strcmp(domstats_reason_to_string((DomstatsReason)reason), "unknown") != 0; reason++) {
        const char *name = domstats_reason_to_string((DomstatsReason)reason);
        g_autofree char *word = g_strdup_printf(" %s ", name);
        const Row row = {"", "", (DomstatsReason)reason, NULL};
        unsigned int n_found[MANY] = {0};
        g_autofree char *codes = find(&row, n_found);

        if (strstr(codes, word) == NULL || strstr(codes, "complete") != NULL)
            fail_msg("'%s' finds:%s", name, codes);
    }
}

/* A code has one severity, and all but what is "ok" has something that mends it. */
static void
each_has_a_mend(void **state)
{
    (void)state;
    for (size_t i = 0; i < doctor_rows_n; i++) {
        const DoctorRow *row = &doctor_rows[i];
        bool is_empty = strcmp(doctor_rows_code(row), "no-domains") == 0;

        assert_non_null(row->meaning);
        if ((row->mend != NULL) != (row->severity != DOCTOR_ROWS_OK) && !is_empty)
            fail_msg("'%s' has no mend, or is ok and has one", doctor_rows_code(row));
        for (size_t other = 0; other < i; other++)
            if (strcmp(doctor_rows_code(&doctor_rows[other]), doctor_rows_code(row)) == 0)
                assert_int_equal(doctor_rows[other].severity, row->severity);
    }
}

/* True if a shell that gets @mend runs nothing but commands: what else is said is a comment. */
static bool
can_be_pasted(const char *mend)
{
    static const char *const commands[] = {
        "domstats ", "domstats-monitor ", "echo ", "for ",    "journalctl ", "kill ",   "modprobe ",
        "mount ",    "nsenter ",          "sudo ", "sysctl ", "systemctl ",  "ulimit ",
    };
    g_auto(GStrv) parts = g_strsplit(mend != NULL ? mend : "", " #", 2);
    bool is_command = false;

    for (size_t i = 0; parts[0] != NULL && i < G_N_ELEMENTS(commands); i++)
        is_command |= g_str_has_prefix(parts[0], commands[i]);
    return !is_command || !g_regex_match_simple("[,:] |; (?!do )(?!done)", parts[0], 0, 0);
}

static void
commands_can_be_pasted(void **state)
{
    (void)state;
    for (size_t i = 0; i < doctor_rows_n; i++)
        if (!can_be_pasted(doctor_rows[i].mend) || !can_be_pasted(doctor_rows[i].libvirt_mend))
            fail_msg("the command of '%s' goes on as a sentence: %s",
                     doctor_rows_code(&doctor_rows[i]), doctor_rows[i].mend);
}

/* Nobody but a user who is not root has something of sudo or of a group. */
static void
root_is_told_of_no_group(void **state)
{
    static const DomstatsReason reasons[] = {DOMSTATS_REASON_NONE, DOMSTATS_REASON_PERMISSION};

    (void)state;
    for (size_t i = 0; i < G_N_ELEMENTS(reasons); i++) {
        DoctorFactsHost host = {0};
        DoctorFactsDomain domain = {0};
        g_autoptr(GPtrArray) domains = g_ptr_array_new();
        g_autoptr(GPtrArray) findings = NULL;

        make("+runs_service", reasons[i], &host, &domain);
        g_ptr_array_add(domains, &domain);
        findings = doctor_findings_make(&host, domains, NULL);
        for (guint n = 0; n < findings->len; n++) {
            const DoctorFinding *finding = g_ptr_array_index(findings, n);

            if (finding->mend != NULL && strstr(finding->mend, "sudo") != NULL)
                fail_msg("root is told: %s", finding->mend);
        }
    }
}

/* What is known to give others more than they had is said where it is done. */
static void
what_weakens_the_host_says_so(void **state)
{
    static const char *const words[] = {"ksm/run", "perf_event_paranoid", "remount,hidepid",
                                        "usermod -aG libvirt"};

    (void)state;
    for (size_t i = 0; i < doctor_rows_n; i++)
        for (size_t n = 0; n < G_N_ELEMENTS(words); n++)
            if (doctor_rows[i].mend != NULL && strstr(doctor_rows[i].mend, words[n]) != NULL)
                assert_non_null(strstr(doctor_rows[i].mend, "    # "));
}

int
main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(commands_can_be_pasted),   cmocka_unit_test(what_weakens_the_host_says_so),
        cmocka_unit_test(root_is_told_of_no_group), cmocka_unit_test(each_is_found_and_not_found),
        cmocka_unit_test(each_reason_is_a_finding), cmocka_unit_test(each_has_a_mend),
    };
    int n_failed = TESTING_RUN_TABLE("rows", rows, is_found);

    return n_failed + cmocka_run_group_tests_name("the table", tests, NULL, NULL);
}
