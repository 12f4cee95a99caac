/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_rows: see doctor_rows.h.
 *
 * The names of reasons are the library's, and the sentence about each domain is its record's: a row
 * of a reason has what is to be done about it.
 */
#include "doctor_rows.h"

#define NOTHING "nothing: the kernel or the processor lacks it"
#define PSI                                                                                        \
    "psi=1 in the kernel's command line (GRUB_CMDLINE_LINUX in /etc/default/grub, then "           \
    "update-grub)"

/* The host. */

static bool
hides_processes(const DoctorFactsHost *host)
{
    return host->hides_processes && !host->is_root;
}

static bool
lacks_capability(const DoctorFactsHost *host)
{
    return host->is_known && host->is_root && !host->may_trace;
}

static bool
is_plain_user(const DoctorFactsHost *host)
{
    return host->is_known && !host->is_root;
}

static bool
sees_few_processes(const DoctorFactsHost *host)
{
    return host->is_known && !host->hides_processes && !host->sees_kernel;
}

/* What the library says is hidden, unless another row has it. */
static bool
is_blind(const DoctorFactsHost *host)
{
    return host->blind_spot != NULL && !hides_processes(host) &&
           (host->runs_libvirt || host->libvirt == NULL);
}

static bool
is_blind_user(const DoctorFactsHost *host)
{
    return is_blind(host) && is_plain_user(host);
}

static bool
is_blind_root(const DoctorFactsHost *host)
{
    return is_blind(host) && !is_plain_user(host);
}

static bool
has_libvirt_asleep(const DoctorFactsHost *host)
{
    return host->blind_spot != NULL && !host->runs_libvirt && host->libvirt != NULL;
}

static bool
keeps_no_schedstats(const DoctorFactsHost *host)
{
    return host->has_schedstats && !host->keeps_schedstats;
}

static bool
has_no_schedstats(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_schedstats;
}

static bool
has_delay_off(const DoctorFactsHost *host)
{
    return host->is_known && !host->counts_delay && host->has_delayacct;
}

static bool
has_no_delay(const DoctorFactsHost *host)
{
    return host->is_known && !host->counts_delay && !host->has_delayacct;
}

static bool
has_pressure_off(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_pressure && host->has_psi;
}

static bool
has_pressure_off_or_none(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_pressure && !host->has_psi && !host->lacks_psi;
}

static bool
has_no_pressure(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_pressure && host->lacks_psi;
}

static bool
has_cgroup1(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_cgroup2;
}

static bool
has_no_ksm(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_ksm;
}

static bool
has_ksm_off(const DoctorFactsHost *host)
{
    return host->has_ksm && !host->merges_pages;
}

static bool
has_old_ksm(const DoctorFactsHost *host)
{
    return host->merges_pages && !host->tells_ksm;
}

/* A processor of another kind has it too: KVM is then in the kernel, not in a module of that name.
 */
static bool
has_no_virtualization(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_kvm && !host->is_amd && !host->is_intel;
}

static bool
has_no_kvm_of_intel(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_kvm && host->is_intel;
}

static bool
has_no_kvm_of_amd(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_kvm && host->is_amd;
}

static bool
has_resctrl_off(const DoctorFactsHost *host)
{
    return host->has_resctrl && !host->has_resctrl_mounted;
}

static bool
has_no_resctrl(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_resctrl;
}

static bool
has_perf_closed(const DoctorFactsHost *host)
{
    return host->has_perf && !host->may_count && host->perf_paranoid > 1;
}

static bool
has_no_perf(const DoctorFactsHost *host)
{
    return host->is_known && !host->has_perf;
}

static bool
has_no_service(const DoctorFactsHost *host)
{
    return host->is_known && !host->hides_processes && !host->runs_service;
}

static bool
has_service(const DoctorFactsHost *host)
{
    return host->runs_service;
}

static bool
has_no_domains(const DoctorFactsHost *host)
{
    return host->has_no_domains;
}

/* Domains. */

static bool
answers(const DoctorFactsDomain *domain)
{
    return domain->is_running && domain->health == DOMSTATS_HEALTH_OK;
}

static bool
has(const DoctorFactsDomain *domain, DoctorFactsValue value)
{
    return (domain->values & value) != 0;
}

static bool
answers_itself(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return answers(domain) && !domain->is_its_managers;
}

static bool
is_off(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return domain->health == DOMSTATS_HEALTH_OK && !domain->is_running;
}

static bool
is_through_libvirt(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return answers(domain) && domain->is_its_managers && !domain->is_confined;
}

static bool
is_confined(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return answers(domain) && domain->is_its_managers && domain->is_confined &&
           !domain->may_add_socket;
}

static bool
is_confined_and_may(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return answers(domain) && domain->is_its_managers && domain->is_confined &&
           domain->may_add_socket;
}

static bool
is_by_service(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return domain->answered_by == DOMSTATS_ANSWERED_BY_SERVICE;
}

static bool
is_beside_service(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return host->runs_service && domain->answered_by != DOMSTATS_ANSWERED_BY_SERVICE;
}

static bool
is_user_beside_service(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return !host->is_root && is_beside_service(host, domain);
}

static bool
is_root_beside_service(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return host->is_root && is_beside_service(host, domain);
}

static bool
has_no_balloon(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return answers(domain) && !has(domain, DOCTOR_FACTS_BALLOON);
}

/* libvirt does not tell whether QEMU polls: a guest that never reported may be of either kind. */
static bool
is_not_polled(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return answers(domain) && has(domain, DOCTOR_FACTS_BALLOON) &&
           !has(domain, DOCTOR_FACTS_GUEST) && !has(domain, DOCTOR_FACTS_POLLING);
}

static bool
is_silent_guest(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return answers(domain) && has(domain, DOCTOR_FACTS_POLLING) && !has(domain, DOCTOR_FACTS_GUEST);
}

/* A process of this host, of a live domain. */
static bool
has_process(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return host->is_known && domain->is_running && domain->pid > 0;
}

static bool
shares_group(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return has_process(host, domain) && host->has_pressure && host->has_cgroup2 &&
           !has(domain, DOCTOR_FACTS_PRESSURE);
}

static bool
has_no_memory_controller(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return has_process(host, domain) && host->has_cgroup2 && has(domain, DOCTOR_FACTS_PRESSURE) &&
           !has(domain, DOCTOR_FACTS_MEMORY);
}

static bool
has_no_cpu_controller(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return has_process(host, domain) && host->has_cgroup2 && has(domain, DOCTOR_FACTS_PRESSURE) &&
           !has(domain, DOCTOR_FACTS_THROTTLED);
}

static bool
has_no_workers(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return has_process(host, domain) && !host->has_vhost_threads && domain->uses_vhost &&
           !has(domain, DOCTOR_FACTS_VHOST);
}

static bool
has_no_kvm_values(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return has_process(host, domain) && answers(domain) && host->has_kvm &&
           !has(domain, DOCTOR_FACTS_KVM);
}

static bool
has_one_thread(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return has_process(host, domain) && answers(domain) && !has(domain, DOCTOR_FACTS_VCPU);
}

static bool
has_no_events(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return answers(domain) && !has(domain, DOCTOR_FACTS_PERF);
}

static bool
has_no_process(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    return host->is_known && answers(domain) && domain->pid <= 0;
}

static bool
is_managed(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return domain->is_its_managers;
}

static bool
is_not_managed(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)host;
    return !domain->is_its_managers;
}

static bool
is_without_libvirt(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)domain;
    return !host->runs_libvirt;
}

static bool
is_denied_by_libvirt(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)domain;
    return host->runs_libvirt && !host->is_root;
}

static bool
is_without_answer(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)domain;
    return host->runs_libvirt && host->is_root;
}

static bool
is_of_service(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)domain;
    return host->runs_service && !host->is_root;
}

static bool
is_of_no_service(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)domain;
    return !host->runs_service && !host->is_root;
}

static bool
is_of_root(const DoctorFactsHost *host, const DoctorFactsDomain *domain)
{
    (void)domain;
    return host->is_root;
}

/* What gives a QEMU a monitor for us. */
#define WORDS                                                                                      \
    "-chardev socket,id=domstats,path=/run/domstats/NAME.sock,server=on,wait=off "                 \
    "-mon chardev=domstats,mode=control"
/* A comment of the shell's, so that the line can be pasted. */
#define ADD "domstats-monitor add -c %c %d    # then restart them, if their QEMU is older than 11.1"

/* clang-format off */
#define HOST(code, severity, found, meaning, fields, mend) \
    {code, DOCTOR_ROWS_##severity, DOMSTATS_REASON_NONE, found, NULL, meaning, fields, mend, NULL, false}
#define HIDING(code, found, meaning, fields, mend) \
    {code, DOCTOR_ROWS_LACKS, DOMSTATS_REASON_NONE, found, NULL, meaning, fields, mend, NULL, true}
#define DOMAIN(code, severity, found, meaning, fields, mend, libvirt_mend) \
    {code, DOCTOR_ROWS_##severity, DOMSTATS_REASON_NONE, NULL, found, meaning, fields, mend, libvirt_mend, false}
#define WHEN(reason, found, severity, meaning, mend, libvirt_mend) \
    {NULL, DOCTOR_ROWS_##severity, DOMSTATS_REASON_##reason, NULL, found, meaning, NULL, mend, libvirt_mend, false}
#define REASON(reason, severity, meaning, mend) WHEN(reason, NULL, severity, meaning, mend, NULL)

const DoctorRow doctor_rows[] = {
    /* What cannot be seen. */
    HIDING("hidepid", hides_processes, "/proc hides the processes of other users from this one",
         "all of other users' domains", "mount -o remount,hidepid=invisible,gid=%g /proc    # as root; the group sees the processes of all; or: sudo domstats doctor"),
    HOST("capability", LACKS, lacks_capability,
         "this process is root's without CAP_SYS_PTRACE, and cannot see which sockets a QEMU has",
         "all of QEMUs that run as another user",
         "AmbientCapabilities=CAP_SYS_PTRACE in the unit; --cap-add=SYS_PTRACE for a container"),
    HOST("user", NOTE, is_plain_user,
         "a user who is not root reads the QEMUs that are its own, and what libvirt or domstatsd tell of others",
         NULL, "sudo domstats doctor"),
    HOST("pid-namespace", LACKS, sees_few_processes,
         "this process sees only the processes of its own pid namespace, as in a container",
         "all of domains outside of it", "--pid=host for the container; hostPID: true for the pod"),
    HIDING("blind-spot", is_blind_user, "the list of domains may lack some", "all of those domains", "sudo domstats doctor"),
    HIDING("blind-spot", is_blind_root, "the list of domains may lack some", "all of those domains",
           "the sentence says what hides them; if it is libvirt: systemctl restart %u"),
    HIDING("libvirt-not-running", has_libvirt_asleep,
         "libvirt does not run, and is not started by being looked at", "domains that do not run",
         "systemctl start %u"),
    HOST("no-domains", NOTE, has_no_domains, "no domain is found", NULL, NULL),

    /* The kernel. */
    HOST("schedstats-off", LACKS, keeps_no_schedstats, "the kernel is told not to keep statistics of its scheduler",
         "vcpu.N.wait (it is 0)", "sysctl -w kernel.sched_schedstats=1    # costs each switch of a task a little"),
    HOST("schedstats", NOTE, has_no_schedstats, "this kernel keeps no sum of waiting for vcpu.N.wait; vcpu.N.delay has it",
         "vcpu.N.wait (it is 0)", NOTHING),
    HOST("delay-off", LACKS, has_delay_off, "the kernel does not count how long threads wait for a CPU",
         "vcpu.N.delay, ext.cpu.steal, ext.cpu.*.steal", "sysctl -w kernel.task_delayacct=1"),
    HOST("delay", LACKS, has_no_delay, "this kernel cannot count how long threads wait for a CPU",
         "vcpu.N.delay, ext.cpu.steal, ext.cpu.*.steal", NOTHING),
    HOST("pressure-off", LACKS, has_pressure_off, "the kernel is told not to count pressure",
         "ext.cpu.pressure.*, ext.balloon.pressure.*, ext.block.pressure.*", PSI),
    HOST("pressure-off", LACKS, has_pressure_off_or_none, "the kernel counts no pressure, and may not be built for it (CONFIG_PSI)",
         "ext.cpu.pressure.*, ext.balloon.pressure.*, ext.block.pressure.*", PSI "; or a kernel that has CONFIG_PSI"),
    HOST("pressure", LACKS, has_no_pressure, "this kernel is built without CONFIG_PSI, and counts no pressure",
         "ext.cpu.pressure.*, ext.balloon.pressure.*, ext.block.pressure.*", NOTHING),
    HOST("cgroup-v1", LACKS, has_cgroup1, "the controllers of control groups are those of version 1, which tell less",
         "ext.balloon.events.* (all but oom_kill); pressure where version 2 is not mounted beside it",
         "systemd.unified_cgroup_hierarchy=1 in the kernel's command line"),
    HOST("ksm", NOTE, has_no_ksm, "this kernel merges no equal pages", "ext.balloon.ksm.*", NOTHING),
    HOST("ksm-off", NOTE, has_ksm_off, "the kernel is not told to merge equal pages", "ext.balloon.ksm.*",
         "echo 1 > /sys/kernel/mm/ksm/run    # costs CPU time, and lets guests find out what others have in memory"),
    HOST("ksm-untold", LACKS, has_old_ksm, "this kernel merges equal pages and does not tell those of one process (6.1 does)",
         "ext.balloon.ksm.*", "a kernel of 6.4 or later"),
    HOST("kvm", NOTE, has_no_virtualization, "this host has no KVM: guests are emulated",
         "cpu.haltpoll.*, vm.*, vcpu.N.*.sum, .cur, .max",
         "virtualization turned on in the firmware; nested virtualization, if this host is a virtual machine itself"),
    HOST("kvm", NOTE, has_no_kvm_of_intel, "this host has no KVM: guests are emulated",
         "cpu.haltpoll.*, vm.*, vcpu.N.*.sum, .cur, .max", "modprobe kvm_intel"),
    HOST("kvm", NOTE, has_no_kvm_of_amd, "this host has no KVM: guests are emulated",
         "cpu.haltpoll.*, vm.*, vcpu.N.*.sum, .cur, .max", "modprobe kvm_amd"),
    HOST("resctrl-off", NOTE, has_resctrl_off, "resctrl is not mounted: monitors of cache and bandwidth have no values",
         "cpu.cache.monitor.*, memory.bandwidth.monitor.*, cpu.energy.monitor.*",
         "mount -t resctrl resctrl /sys/fs/resctrl"),
    HOST("resctrl", NOTE, has_no_resctrl, "this host has no resctrl",
         "cpu.cache.monitor.*, memory.bandwidth.monitor.*, cpu.energy.monitor.*", NOTHING),
    HOST("perf-closed", NOTE, has_perf_closed, "the kernel lets only privileged users count perf events of a process",
         "perf.*", "sysctl -w kernel.perf_event_paranoid=1    # for all users; or do it as root"),
    HOST("perf", NOTE, has_no_perf, "this kernel counts no perf events", "perf.*", NOTHING),

    /* The service. */
    HOST("service", OK, has_service, "domstatsd runs", NULL, NULL),
    HOST("no-service", NOTE, has_no_service, "domstatsd does not run: each program that asks reads the host itself",
         NULL, "systemctl enable --now domstatsd-service.socket"),
    DOMAIN("by-service", OK, is_by_service, "domstatsd answers for them", NULL, NULL, NULL),
    DOMAIN("beside-service", NOTE, is_root_beside_service,
           "domstatsd runs and was not asked for them: it may not be reached, has fewer rights, or an option says so",
           NULL, "systemctl status domstatsd    # root may ask it", NULL),
    DOMAIN("beside-service", NOTE, is_user_beside_service,
           "domstatsd runs and was not asked for them: it may not be seen or reached, has fewer rights, or an option says so",
           NULL, "sudo usermod -aG domstats \"$USER\"", NULL),

    /* How domains are asked. */
    DOMAIN("complete", OK, answers_itself, "their QEMU is asked at a monitor, and answers", NULL, NULL, NULL),
    DOMAIN("off", OK, is_off, "they do not run", NULL, NULL, NULL),
    DOMAIN("through-libvirt", NOTE, is_through_libvirt,
           "they are asked through libvirt, which holds their only monitor",
           "ext.state.*, ext.block.job.*, ext.balloon.polling-interval, ext.balloon.has-polling", ADD, ADD),
    DOMAIN("through-libvirt", NOTE, is_confined_and_may,
           "they are asked through libvirt, which holds their only monitor",
           "ext.state.*, ext.block.job.*, ext.balloon.polling-interval, ext.balloon.has-polling", ADD, ADD),
    DOMAIN("apparmor", NOTE, is_confined,
           "they are asked through libvirt, and AppArmor does not let their QEMU make the socket of a second monitor",
           "ext.state.*, ext.block.job.*, ext.balloon.polling-interval, ext.balloon.has-polling",
           "echo '/var/lib/libvirt/qemu/domstats-*.sock rw,' >> %a", NULL),
    DOMAIN("no-process", LACKS, has_no_process,
           "their process is not seen: it is in another pid namespace, or another user's",
           "balloon.rss, vcpu.N.wait, vcpu.N.delay, ext.cpu.* and all else that the host tells",
           "nsenter -t 1 -p -m domstats doctor    # as root; --pid=host for a container", NULL),

    /* Memory of the guest. */
    DOMAIN("balloon", NOTE, has_no_balloon, "they have no memory balloon", "balloon.usable and all that a guest reports",
           "-device virtio-balloon-pci,guest-stats-polling-interval=10",
           "<memballoon model='virtio'><stats period='10'/></memballoon> in <devices>: virsh -c %c edit NAME"),
    DOMAIN("balloon-polling", LACKS, is_not_polled, "QEMU does not ask the guest for its memory, or the guest never answered",
           "balloon.usable and all that a guest reports",
           "-device virtio-balloon-pci,guest-stats-polling-interval=10",
           "for d in %d; do virsh -c %c dommemstat \"$d\" --period 10 --live; done"),
    DOMAIN("balloon-silent", LACKS, is_silent_guest, "QEMU asks the guest for its memory, and it never answered",
           "balloon.usable and all that a guest reports", "modprobe virtio_balloon    # in the guest", NULL),

    /* What the host tells of one domain. */
    DOMAIN("group-shared", LACKS, shares_group, "their control group has other processes, or cannot be seen",
           "ext.*.pressure.*, ext.cpu.throttled.*, ext.balloon.events.*, ext.balloon.numa.*",
           "systemd-run --scope before the command that starts QEMU", NULL),
    DOMAIN("memory-controller", LACKS, has_no_memory_controller, "the memory controller is off in their control group",
           "ext.balloon.events.*, ext.balloon.cgroup.swap, ext.balloon.numa.*",
           "for u in %s; do systemctl set-property --runtime \"$u\" MemoryAccounting=yes; done", NULL),
    DOMAIN("cpu-controller", NOTE, has_no_cpu_controller, "the cpu controller is off in their control group",
           "ext.cpu.throttled.*", "for u in %s; do systemctl set-property --runtime \"$u\" CPUWeight=100; done", NULL),
    DOMAIN("vhost-unseen", LACKS, has_no_workers,
           "the kernel's vhost workers of their interfaces are not seen: before Linux 6.4 they are no threads of QEMU's",
           "ext.cpu.vhost, ext.cpu.vhost.steal",
           "systemd-run --scope before the command that starts QEMU, and doctor on the host; or a kernel of 6.4 or later", NULL),
    DOMAIN("kvm-untold", NOTE, has_no_kvm_values,
           "they are emulated, or neither their QEMU (7.1 and later), nor its descriptors (8.1), nor debugfs tell KVM's statistics",
           "cpu.haltpoll.*, vm.*, vcpu.N.*.sum, .cur, .max", "-accel kvm; QEMU 8.1 or later",
           "<domain type='kvm'>: virsh -c %c edit NAME; QEMU 8.1 or later"),
    DOMAIN("vcpu-threads", NOTE, has_one_thread, "all their vCPUs are emulated in one thread",
           "vcpu.N.time, vcpu.N.wait, vcpu.N.delay", "-accel kvm, or -accel tcg,thread=multi", NULL),
    DOMAIN("perf-events", NOTE, has_no_events, "no perf event is turned on", "perf.*",
           "domstats --perf-event cpu_cycles %d", "for d in %d; do virsh -c %c perf \"$d\" --enable cpu_cycles --live; done"),

    /* Why a domain does not answer. Its own sentence follows. */
    REASON(OTHER, FAILS, "QEMU does not answer", "the sentence of each domain says what it is"),
    REASON(LATE, LACKS, "some answers came late", "domstats doctor --timeout 30    # if it stays, the host or its storage is overloaded"),
    REASON(NO_TIME, FAILS, "there was no time to ask", "domstats doctor --timeout 30"),
    REASON(SHORTAGE, FAILS, "descriptors or memory ran out in this process", "ulimit -n 65536"),
    WHEN(HELD, is_managed, FAILS, "their manager holds their only monitor, and is not asked", WORDS, ADD),
    WHEN(HELD, is_not_managed, FAILS, "another process is the client of their monitor", WORDS, ADD),
    REASON(MAIN_LOOP, FAILS, "QEMU answers and carries out no command: its main loop is blocked",
           "journalctl -k -g 'nfs|iscsi|blk|I/O error|hung'    # then mend the storage that it names"),
    REASON(SILENT, FAILS, "QEMU sent its greeting and then nothing", "journalctl -k -g 'nfs|iscsi|blk|I/O error|hung'"),
    REASON(NO_GREETING, FAILS, "QEMU sent no greeting", "journalctl -k -g 'nfs|iscsi|blk|I/O error|hung'    # as root it can be seen whether another client is there"),
    REASON(BACKLOG, FAILS, "QEMU accepts no connection", "journalctl -k -g 'nfs|iscsi|blk|I/O error|hung'"),
    REASON(SIGNAL, FAILS, "their process was stopped by a signal or a debugger", "kill -CONT %p"),
    REASON(UNINTERRUPTIBLE, FAILS, "a thread of theirs sleeps in the kernel and cannot be woken", "for p in %p; do cat /proc/$p/task/*/stack; done    # then mend the storage that they wait for"),
    REASON(ENDED, LACKS, "their process has ended", "domstats list"),
    WHEN(PERMISSION, is_of_service, FAILS, "this user may not see their process, or not connect to their monitor", "sudo usermod -aG domstats \"$USER\"", NULL),
    WHEN(PERMISSION, is_of_no_service, FAILS, "this user may not see their process, or not connect to their monitor", "sudo domstats doctor", NULL),
    WHEN(PERMISSION, is_of_root, FAILS, "root may not see their process, or not connect to their monitor",
         "CAP_SYS_PTRACE and CAP_DAC_OVERRIDE for this process, and no profile of AppArmor or SELinux that confines it", NULL),
    REASON(PROTOCOL, FAILS, "what came breaks the rules of QMP, or a limit", "the sentence of each domain says which"),
    REASON(CLOSED, FAILS, "QEMU closed the connection", "domstats doctor    # once more"),
    WHEN(NO_MONITOR, NULL, FAILS, "QEMU has no QMP monitor that can be used", WORDS, ADD),
    REASON(NO_LISTENER, FAILS, "no process listens at the address of their monitor", "domstats list"),
    REASON(NO_NAME, FAILS, "no domain has that name, UUID or id", "domstats list"),
    WHEN(MANAGED, NULL, FAILS, "their monitor is their manager's alone, and nobody else is asked", WORDS, ADD),
    REASON(NOT_QEMU, FAILS, "another program than a QEMU listens there", "--any-listener, if it is a proxy of a monitor"),
    REASON(WAITS, FAILS, "QEMU waits for its manager before it begins (wait=on)", "wait=off in its -chardev or -qmp"),
    REASON(SHARED, FAILS, "a console or another device shares the socket of their monitor", WORDS),
    REASON(STARTING, FAILS, "QEMU has begun and serves no client yet", "domstats doctor    # once more"),
    REASON(FROZEN, FAILS, "the freezer of their control group stopped them", "echo %z    # if it was systemctl that froze it: systemctl thaw %s"),
    REASON(QUEUED, FAILS, "a client waits at their monitor already", "domstats doctor    # once more"),
    WHEN(LIBVIRT_SILENT, NULL, FAILS, "libvirt was asked for them and does not answer", "systemctl restart %u", "systemctl restart %u"),
    REASON(LIBVIRT_JOB, LACKS, "libvirt left out what QEMU tells, as a job of the domain was under way", "domstats doctor    # once more"),
    WHEN(LIBVIRT_AWAY, is_without_libvirt, FAILS, "their monitor is libvirt's, and no libvirt runs that can be asked", "systemctl start %u", NULL),
    WHEN(LIBVIRT_AWAY, is_denied_by_libvirt, FAILS, "their monitor is libvirt's, which does not let this user ask it, or is not seen",
         "sudo domstats doctor    # members of the group libvirt may ask, and are as good as root", NULL),
    WHEN(LIBVIRT_AWAY, is_without_answer, FAILS, "their monitor is libvirt's, which runs and cannot be asked", "systemctl restart %u", NULL),
    REASON(LIBVIRT_LIMIT, FAILS, "libvirt has as many unanswered requests of ours as it may have", "systemctl restart %u"),
    REASON(REFUSED, LACKS, "QEMU refuses commands in the state that it is in", "domstats doctor    # once more; one that was started with -preconfig waits for its manager's x-exit-preconfig"),
};
/* clang-format on */
const size_t doctor_rows_n = G_N_ELEMENTS(doctor_rows);

const char *
doctor_rows_severity_name(DoctorRowsSeverity severity)
{
    static const char *const names[] = {
        [DOCTOR_ROWS_OK] = "ok",
        [DOCTOR_ROWS_NOTE] = "note",
        [DOCTOR_ROWS_LACKS] = "lacks",
        [DOCTOR_ROWS_FAILS] = "fails",
    };

    return names[severity];
}

const char *
doctor_rows_code(const DoctorRow *row)
{
    return row->code != NULL ? row->code : domstats_reason_to_string(row->reason);
}

bool
doctor_rows_fits_host(const DoctorRow *row, const DoctorFactsHost *host)
{
    return row->is_host != NULL && row->is_host(host);
}

bool
doctor_rows_fits_domain(const DoctorRow *row, const DoctorFactsHost *host,
                        const DoctorFactsDomain *domain)
{
    if (row->is_host != NULL)
        return false;
    if (row->reason != DOMSTATS_REASON_NONE && row->reason != domain->reason)
        return false;
    return row->is_domain == NULL || row->is_domain(host, domain);
}
