/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * doctor_domain: see doctor_domain.h.
 */
#include "doctor_domain.h"

#include <string.h>

#include "host/host_limits.h"
#include "host/process/host_freezer.h"
#include "host/process/host_group_path.h"
#include "host/process/host_hierarchy.h"
#include "monitor/monitor_apparmor.h"
#include "qemu/facts/qemu_manager.h"

enum { LABEL_BYTES = 256, FREEZER_BYTES = 16 };

/* Fields that show a value; the first that fits counts. */
static const struct {
    const char *field;
    DoctorFactsValue value;
    bool is_prefix;
    bool wants_more; /* than 0 */
} shown[] = {
    {"balloon.last-update", DOCTOR_FACTS_GUEST, false, true},
    {"balloon.last-update", DOCTOR_FACTS_BALLOON, false, false},
    {"ext.balloon.polling-interval", DOCTOR_FACTS_POLLING, false, true},
    {"cpu.haltpoll.success.time", DOCTOR_FACTS_KVM, false, false},
    {"ext.cpu.pressure.some", DOCTOR_FACTS_PRESSURE, false, false},
    {"ext.balloon.events.max", DOCTOR_FACTS_MEMORY, false, false},
    {"ext.cpu.throttled.nr_periods", DOCTOR_FACTS_THROTTLED, false, false},
    {"perf.", DOCTOR_FACTS_PERF, true, false},
    {"vcpu.0.delay", DOCTOR_FACTS_VCPU, false, false},
    {"ext.cpu.vhost", DOCTOR_FACTS_VHOST, false, false},
};

static bool
shows(const virTypedParameter *param, size_t i)
{
    bool is_it = shown[i].is_prefix ? g_str_has_prefix(param->field, shown[i].field)
                                    : strcmp(param->field, shown[i].field) == 0;

    return is_it &&
           (!shown[i].wants_more || (param->type == VIR_TYPED_PARAM_ULLONG && param->value.ul > 0));
}

static unsigned int
find_values(const DomstatsRecord *record)
{
    unsigned int values = 0;

    for (int n = 0; n < record->n_params; n++)
        for (size_t i = 0; i < G_N_ELEMENTS(shown); i++)
            if (shows(&record->params[n], i))
                values |= shown[i].value;
    return values;
}

/* True if the record is of a domain that has a QEMU now. */
static bool
is_running(const DomstatsRecord *record)
{
    int state = VIR_DOMAIN_NOSTATE;

    if (record->health == DOMSTATS_HEALTH_GONE || record->health == DOMSTATS_HEALTH_NO_DOMAIN)
        return false;
    if (virTypedParamsGetInt(record->params, record->n_params, "state.state", &state) == 1)
        return state != VIR_DOMAIN_SHUTOFF;
    return record->id >= 0;
}

/* The words "/libvirt/qemu/" are in the path of each monitor of libvirt's QEMUs, of those that
 * domstats-monitor makes too. */
static void
find_manager(DoctorFactsDomain *self, const char *monitor)
{
    const char *path = monitor != NULL ? monitor : "";
    const QemuManager *manager = qemu_manager_find(&(QemuManagerSigns){.path = path});
    bool is_libvirts =
        self->answered_by == DOMSTATS_ANSWERED_BY_LIBVIRT || strstr(path, "/libvirt/qemu/") != NULL;

    self->manager = is_libvirts ? "libvirt" : manager->name;
    self->is_its_managers = self->answered_by == DOMSTATS_ANSWERED_BY_LIBVIRT ||
                            manager->may == QEMU_MANAGER_MAY_NOTHING;
    self->is_session = g_strcmp0(self->manager, "libvirt") == 0 && path[0] == '/' &&
                       !g_str_has_prefix(path, "/var/lib/libvirt/") &&
                       !g_str_has_prefix(path, "/run/libvirt/");
}

/* The profile that libvirt makes for each of its domains is called libvirt-UUID. */
static void
look_at_profile(DoctorFactsDomain *self, HostRoot *root, int pid)
{
    g_autofree char *path = g_strdup_printf("proc/%d/attr/current", pid);
    g_autofree char *socket = g_strdup_printf("/var/lib/libvirt/qemu/domstats-%s.sock", self->uuid);
    char label[LABEL_BYTES] = "";

    if (host_root_read(root, path, label, sizeof(label)) < 0 ||
        !g_str_has_prefix(label, "libvirt-") || strstr(label, "(enforce)") == NULL)
        return;
    self->is_confined = true;
    self->may_add_socket = monitor_apparmor_host_allows("", socket);
}

static char *
find_unit(HostRoot *root, int pid)
{
    g_autofree char *path = g_strdup_printf("proc/%d/cgroup", pid);
    g_autofree char *text = host_root_read_all(root, path, HOST_LIMIT_FILE_BYTES, NULL);
    g_autofree char *group = text != NULL ? host_hierarchy_group(text, "") : NULL;
    g_auto(GStrv) candidates = group != NULL ? host_group_path_candidates(group) : NULL;
    g_autofree char *unit = NULL;

    if (candidates == NULL || candidates[0] == NULL)
        return NULL;
    unit = g_path_get_basename(candidates[0]);
    return g_str_has_suffix(unit, ".scope") || g_str_has_suffix(unit, ".service")
               ? g_steal_pointer(&unit)
               : NULL;
}

/* The caller frees; NULL: that of this process, or not seen. */
static char *
find_other_namespace(HostRoot *root, int pid)
{
    g_autofree char *path = g_strdup_printf("proc/%d/ns/pid", pid);
    g_autofree char *its = host_root_readlink(root, path);
    g_autofree char *ours = host_root_readlink(root, "proc/self/ns/pid");

    return its != NULL && ours != NULL && strcmp(its, ours) != 0 ? g_steal_pointer(&its) : NULL;
}

/* The file of the freezer that holds the process up. The caller frees; NULL: none is seen. */
static char *
find_freezer(HostRoot *root, int pid)
{
    static const struct {
        const char *folder;
        const char *file;
        const char *on; /* how its text begins */
    } freezers[] = {
        {"sys/fs/cgroup", "cgroup.freeze", "1"},
        {"sys/fs/cgroup/unified", "cgroup.freeze", "1"},
        {"sys/fs/cgroup/freezer", "freezer.state", "FR"},
    };
    g_autofree char *group = NULL;

    if (host_freezer_look(root, pid, &group) == HOST_FREEZER_OFF || group == NULL)
        return NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(freezers); i++) {
        g_autofree char *path = g_build_filename(freezers[i].folder, group, freezers[i].file, NULL);
        char text[FREEZER_BYTES] = "";

        if (host_root_read(root, path, text, sizeof(text)) >= 0 &&
            g_str_has_prefix(text, freezers[i].on))
            return g_strconcat("/", path, NULL);
    }
    return NULL;
}

void
doctor_domain_look_for_vhost(DoctorFactsDomain *self, HostRoot *root)
{
    g_autofree char *folder = g_strdup_printf("proc/%d/fd", self->pid);
    g_auto(GStrv) names = host_root_list(root, folder, HOST_LIMIT_DESCRIPTORS);

    for (size_t i = 0; names != NULL && names[i] != NULL && !self->uses_vhost; i++) {
        g_autofree char *path = g_strconcat(folder, "/", names[i], NULL);
        g_autofree char *target = host_root_readlink(root, path);

        self->uses_vhost = g_strcmp0(target, "/dev/vhost-net") == 0;
    }
}

DoctorFactsDomain *
doctor_domain_new(const DomstatsRecord *record, HostRoot *root)
{
    DoctorFactsDomain *self = g_new0(DoctorFactsDomain, 1);

    self->name = g_strdup(record->name);
    self->uuid = g_strdup(record->uuid);
    self->why = g_strdup(record->reason);
    self->health = record->health;
    self->reason = record->reason_code;
    self->answered_by = record->answered_by;
    self->missing = record->missing;
    self->values = find_values(record);
    self->is_running = is_running(record);
    self->pid = record->pid;
    find_manager(self, record->monitor);
    if (root != NULL && self->pid > 0) {
        look_at_profile(self, root, record->pid);
        self->unit = find_unit(root, record->pid);
        self->pid_namespace = find_other_namespace(root, record->pid);
        self->freezer = find_freezer(root, record->pid);
    }
    return self;
}

void
doctor_domain_free(DoctorFactsDomain *self)
{
    if (self == NULL)
        return;
    g_free(self->name);
    g_free(self->uuid);
    g_free(self->why);
    g_free(self->pid_namespace);
    g_free(self->freezer);
    g_free(self->unit);
    g_free(self);
}
