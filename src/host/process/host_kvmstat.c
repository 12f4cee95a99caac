/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host_kvmstat: see host_kvmstat.h.
 *
 * A layout owns a copy of a block's descriptors. They are checked when the layout is made, so
 * reading values checks nothing. The statistics of a machine own a descriptor for each vCPU; the
 * vCPUs share one layout if the kernel describes them alike, which it does. Knows nothing of QMP.
 */
#include "host_kvmstat.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host/host_limits.h"
#include "host/host_text.h"
#include "util/util_error.h"
#include "util/util_fd.h"
#include "util/util_refcount.h"

#define MAX_NAME_BYTES 256
#define MAX_LINK_BYTES 64
#define LINK_PREFIX    "anon_inode:kvm-vcpu-stats:"
#define VCPU_PREFIX    "anon_inode:kvm-vcpu:"

/* A statistic and the offset of its value in the data. */
typedef struct {
    HostKvmStat stat;
    size_t offset;
} Field;

struct HostKvmstatLayout {
    UtilRefcount ref_count;
    struct kvm_stats_header header;
    uint8_t *descriptors; /* as in the block; the names of @fields point into it */
    size_t descriptors_size;
    Field *fields;
    size_t n_fields;
    size_t data_size; /* up to the end of the last value that we read */
};

/* Indexed by KVM_STATS_TYPE_*; larger numbers are kinds that we do not know. */
static const HostKvmstatKind kinds[] = {
    [KVM_STATS_TYPE_CUMULATIVE] = HOST_KVMSTAT_CUMULATIVE,
    [KVM_STATS_TYPE_INSTANT] = HOST_KVMSTAT_INSTANT,
    [KVM_STATS_TYPE_PEAK] = HOST_KVMSTAT_PEAK,
    [KVM_STATS_TYPE_LINEAR_HIST] = HOST_KVMSTAT_HISTOGRAM,
    [KVM_STATS_TYPE_LOG_HIST] = HOST_KVMSTAT_HISTOGRAM,
};

static bool
fail_block(const char *reason, GError **error)
{
    g_set_error(error, UTIL_ERROR, UTIL_ERROR_BROKEN, "KVM's statistics block has %s", reason);
    return false;
}

/* Checks that all that @header names lies inside of a block of @size bytes. */
static bool
check_header(const struct kvm_stats_header *header, size_t size, size_t *ret_descriptors_size,
             GError **error)
{
    size_t descriptors_size = 0;

    if (header->num_desc > HOST_LIMIT_KVM_STATS)
        return fail_block("too many statistics", error);
    if (header->name_size == 0 || header->name_size > MAX_NAME_BYTES)
        return fail_block("names of an unlikely size", error);
    descriptors_size = header->num_desc * (sizeof(struct kvm_stats_desc) + header->name_size);
    if (header->desc_offset < sizeof(*header) || header->desc_offset > size ||
        descriptors_size > size - header->desc_offset)
        return fail_block("descriptors past its end", error);
    if (header->data_offset < sizeof(*header) || header->data_offset > size)
        return fail_block("its data past its end", error);
    *ret_descriptors_size = descriptors_size;
    return true;
}

/* @name_size is MAX_NAME_BYTES at most; @name may lack its NUL. */
static bool
check_name(const char *name, size_t name_size)
{
    size_t length = strnlen(name, name_size);

    if (length == 0 || length == name_size)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (!g_ascii_isgraph(name[i]))
            return false;
    }
    return true;
}

/* Adds the field that the descriptor at @at describes; the block has @max_data bytes of data. */
static bool
add_field(HostKvmstatLayout *self, const uint8_t *at, size_t max_data, GError **error)
{
    const char *name = (const char *)at + sizeof(struct kvm_stats_desc);
    struct kvm_stats_desc descriptor;
    Field field = {.stat = {.name = name}};
    uint32_t type = 0;
    size_t end = 0;

    memcpy(&descriptor, at, sizeof(descriptor)); /* it may not be aligned */
    if (!check_name(name, self->header.name_size))
        return fail_block("a name without end or with odd characters", error);
    end = (size_t)descriptor.offset + descriptor.size * sizeof(uint64_t);
    if (end > max_data)
        return fail_block("a value past its end", error);
    type = descriptor.flags & KVM_STATS_TYPE_MASK;
    if (type >= G_N_ELEMENTS(kinds))
        return true;
    field.stat.kind = kinds[type];
    if (field.stat.kind != HOST_KVMSTAT_HISTOGRAM && descriptor.size != 1)
        return true;
    field.stat.is_boolean = (descriptor.flags & KVM_STATS_UNIT_MASK) == KVM_STATS_UNIT_BOOLEAN;
    field.offset = descriptor.offset;
    self->fields[self->n_fields++] = field;
    if (field.stat.kind != HOST_KVMSTAT_HISTOGRAM)
        self->data_size = MAX(self->data_size, end);
    return true;
}

HostKvmstatLayout *
host_kvmstat_parse(const uint8_t *block, size_t size, GError **error)
{
    g_autoptr(HostKvmstatLayout) self = g_new0(HostKvmstatLayout, 1);
    const struct kvm_stats_header *header = &self->header;
    size_t step = 0;

    util_refcount_init(&self->ref_count);
    if (size < sizeof(*header)) {
        fail_block("no header", error);
        return NULL;
    }
    memcpy(&self->header, block, sizeof(self->header));
    if (!check_header(header, size, &self->descriptors_size, error))
        return NULL;
    self->descriptors = g_memdup2(block + header->desc_offset, self->descriptors_size);
    self->fields = g_new0(Field, header->num_desc);
    step = sizeof(struct kvm_stats_desc) + header->name_size;
    for (size_t i = 0; i < header->num_desc; i++) {
        if (!add_field(self, self->descriptors + i * step, size - header->data_offset, error))
            return NULL;
    }
    return g_steal_pointer(&self);
}

HostKvmstatLayout *
host_kvmstat_layout_ref(HostKvmstatLayout *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
host_kvmstat_layout_unref(HostKvmstatLayout *self)
{
    if (!self || !util_refcount_dec(&self->ref_count))
        return;
    g_free(self->fields);
    g_free(self->descriptors);
    g_free(self);
}

size_t
host_kvmstat_layout_n_stats(const HostKvmstatLayout *self)
{
    return self->n_fields;
}

size_t
host_kvmstat_layout_data(const HostKvmstatLayout *self, size_t *ret_size)
{
    *ret_size = self->data_size;
    return self->header.data_offset;
}

void
host_kvmstat_layout_decode(const HostKvmstatLayout *self, const uint8_t *data,
                           HostKvmStat *ret_stats)
{
    for (size_t i = 0; i < self->n_fields; i++) {
        const Field *field = &self->fields[i];

        ret_stats[i] = field->stat;
        if (field->stat.kind != HOST_KVMSTAT_HISTOGRAM)
            memcpy(&ret_stats[i].value, data + field->offset, sizeof(uint64_t));
    }
}

static bool
is_same_layout(const HostKvmstatLayout *a, const HostKvmstatLayout *b)
{
    return memcmp(&a->header, &b->header, sizeof(a->header)) == 0 &&
           memcmp(a->descriptors, b->descriptors, a->descriptors_size) == 0;
}

/* A vCPU, with our copy of QEMU's descriptor of its statistics. */
typedef struct {
    unsigned int number;
    UtilFd fd;
    HostKvmstatLayout *layout;
} Vcpu;

struct HostKvmStats {
    GArray *vcpus; /* Vcpu */
    uint8_t *data; /* room for the data of any vCPU */
    HostKvmStat *stats;
};

static void
clear_vcpu(gpointer data)
{
    Vcpu *vcpu = data;

    util_fd_clear(&vcpu->fd);
    host_kvmstat_layout_unref(vcpu->layout);
}

void
host_kvmstat_free(HostKvmStats *self)
{
    if (!self)
        return;
    g_array_unref(self->vcpus);
    g_free(self->data);
    g_free(self->stats);
    g_free(self);
}

/* Sets an error that says why, by errno, we could not do @what. */
static void
set_errno(GError **error, pid_t pid, const char *what)
{
    int code = errno == EPERM || errno == EACCES ? UTIL_ERROR_DENIED : UTIL_ERROR_SYSTEM;

    g_set_error(error, UTIL_ERROR, code, "cannot %s process %d: %s", what, pid, g_strerror(errno));
}

HostKvmstatOf
host_kvmstat_judge(const char *target)
{
    if (g_str_has_prefix(target, LINK_PREFIX))
        return HOST_KVMSTAT_OF_STATS;
    return g_str_has_prefix(target, VCPU_PREFIX) ? HOST_KVMSTAT_OF_VCPU : HOST_KVMSTAT_OF_OTHERS;
}

/* The number of the vCPU whose statistics the descriptor @name in @folder_fd, a folder of
 * descriptors, gives; absent for any other descriptor. */
static UtilCount
read_vcpu_number(int folder_fd, const char *name)
{
    char target[MAX_LINK_BYTES] = "";
    ssize_t size = readlinkat(folder_fd, name, target, sizeof(target) - 1);

    if (size <= 0 || host_kvmstat_judge(target) != HOST_KVMSTAT_OF_STATS)
        return (UtilCount){0};
    return host_text_whole_count(target + strlen(LINK_PREFIX));
}

/* The same for a descriptor of our own. */
static UtilCount
read_own_vcpu_number(int fd)
{
    char path[MAX_LINK_BYTES] = "";

    g_snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    return read_vcpu_number(AT_FDCWD, path);
}

static HostKvmstatLayout *
read_layout(int fd, uint8_t *buffer, GError **error)
{
    ssize_t size = pread(fd, buffer, HOST_LIMIT_KVM_BLOCK_BYTES, 0);

    if (size < 0 || size == HOST_LIMIT_KVM_BLOCK_BYTES) {
        fail_block(size < 0 ? g_strerror(errno) : "an unlikely size", error);
        return NULL;
    }
    return host_kvmstat_parse(buffer, (size_t)size, error);
}

/* Copies the descriptor @theirs, of vCPU @number. QEMU may have closed it and opened another by
 * that number since we looked, so our copy is checked before it is read. True also if this
 * descriptor is gone. */
static bool
add_vcpu(HostKvmStats *self, int pidfd, int theirs, unsigned int number, uint8_t *buffer,
         GError **error)
{
    g_auto(UtilFd) fd = (int)syscall(SYS_pidfd_getfd, pidfd, theirs, 0);
    g_autoptr(HostKvmstatLayout) layout = NULL;
    UtilCount own = {0};
    Vcpu vcpu = {.number = number};

    if (fd < 0 && errno == EBADF)
        return true;
    if (fd < 0) {
        g_set_error(error, UTIL_ERROR, errno == EPERM ? UTIL_ERROR_DENIED : UTIL_ERROR_SYSTEM,
                    "cannot copy a statistics descriptor: %s", g_strerror(errno));
        return false;
    }
    own = read_own_vcpu_number(fd);
    if (!own.is_present || own.value != number)
        return true;
    layout = read_layout(fd, buffer, error);
    if (!layout)
        return false;
    if (self->vcpus->len > 0) {
        HostKvmstatLayout *first = g_array_index(self->vcpus, Vcpu, 0).layout;

        if (is_same_layout(first, layout)) {
            host_kvmstat_layout_unref(layout);
            layout = host_kvmstat_layout_ref(first);
        }
    }
    vcpu.layout = g_steal_pointer(&layout);
    vcpu.fd = util_fd_steal(&fd);
    g_array_append_val(self->vcpus, vcpu);
    return true;
}

static bool
add_vcpus(HostKvmStats *self, int pidfd, DIR *folder, GError **error)
{
    g_autofree uint8_t *buffer = g_malloc(HOST_LIMIT_KVM_BLOCK_BYTES);
    const struct dirent *entry = NULL;

    while ((entry = readdir(folder)) && self->vcpus->len < HOST_LIMIT_KVM_VCPUS) {
        UtilCount number = read_vcpu_number(dirfd(folder), entry->d_name);
        UtilCount theirs = host_text_whole_count(entry->d_name);

        if (!number.is_present || number.value > G_MAXINT32 || !theirs.is_present ||
            theirs.value > G_MAXINT32)
            continue;
        if (!add_vcpu(self, pidfd, (int)theirs.value, (unsigned int)number.value, buffer, error))
            return false;
    }
    return true;
}

static int
compare_vcpus(const void *a, const void *b)
{
    unsigned int first = ((const Vcpu *)a)->number;
    unsigned int second = ((const Vcpu *)b)->number;

    return (first > second) - (first < second);
}

/* Allocates room for the values of the vCPU that has most. */
static void
make_room(HostKvmStats *self)
{
    size_t n_stats = 0;
    size_t data_size = 0;

    for (guint i = 0; i < self->vcpus->len; i++) {
        const HostKvmstatLayout *layout = g_array_index(self->vcpus, Vcpu, i).layout;

        n_stats = MAX(n_stats, layout->n_fields);
        data_size = MAX(data_size, layout->data_size);
    }
    self->stats = g_new0(HostKvmStat, n_stats);
    self->data = g_malloc0(data_size);
}

HostKvmStats *
host_kvmstat_open(pid_t pid, GError **error)
{
    g_autoptr(HostKvmStats) self = g_new0(HostKvmStats, 1);
    g_auto(UtilFd) pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", pid);
    bool is_listed = false;
    DIR *folder = NULL;

    self->vcpus = g_array_new(FALSE, FALSE, sizeof(Vcpu));
    g_array_set_clear_func(self->vcpus, clear_vcpu);
    if (pidfd >= 0)
        folder = opendir(path);
    if (!folder) {
        set_errno(error, pid, "see the descriptors of");
        return NULL;
    }
    is_listed = add_vcpus(self, pidfd, folder, error);
    closedir(folder);
    if (!is_listed)
        return NULL;
    if (self->vcpus->len == 0) {
        g_set_error(error, UTIL_ERROR, UTIL_ERROR_UNSUPPORTED,
                    "process %d has no descriptors of KVM's vCPU statistics", pid);
        return NULL;
    }
    g_array_sort(self->vcpus, compare_vcpus);
    make_room(self);
    return g_steal_pointer(&self);
}

size_t
host_kvmstat_n_vcpus(const HostKvmStats *self)
{
    return self->vcpus->len;
}

static int
compare_numbers(const void *a, const void *b)
{
    unsigned int first = *(const unsigned int *)a;
    unsigned int second = *(const unsigned int *)b;

    return (first > second) - (first < second);
}

/* The numbers of the vCPUs for which the process has descriptors now, ascending; NULL if its
 * descriptors cannot be listed. */
static GArray *
list_numbers(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/fd", pid);
    DIR *folder = opendir(path);
    GArray *numbers = NULL;
    const struct dirent *entry = NULL;

    if (folder == NULL)
        return NULL;
    numbers = g_array_new(FALSE, FALSE, sizeof(unsigned int));
    while ((entry = readdir(folder)) && numbers->len < HOST_LIMIT_KVM_VCPUS) {
        UtilCount number = read_vcpu_number(dirfd(folder), entry->d_name);
        unsigned int value = (unsigned int)number.value;

        if (number.is_present && number.value <= G_MAXINT32)
            g_array_append_val(numbers, value);
    }
    closedir(folder);
    g_array_sort(numbers, compare_numbers);
    return numbers;
}

bool
host_kvmstat_is_current(const HostKvmStats *self, pid_t pid)
{
    g_autoptr(GArray) numbers = list_numbers(pid);

    if (numbers == NULL || numbers->len != self->vcpus->len)
        return false;
    for (guint i = 0; i < numbers->len; i++) {
        if (g_array_index(numbers, unsigned int, i) != g_array_index(self->vcpus, Vcpu, i).number)
            return false;
    }
    return true;
}

bool
host_kvmstat_read(HostKvmStats *self, size_t i, HostKvmstatVcpu *ret_vcpu)
{
    const Vcpu *vcpu = NULL;
    const HostKvmstatLayout *layout = NULL;

    if (i >= self->vcpus->len)
        return false;
    vcpu = &g_array_index(self->vcpus, Vcpu, i);
    layout = vcpu->layout;
    if (pread(vcpu->fd, self->data, layout->data_size, layout->header.data_offset) !=
        (ssize_t)layout->data_size)
        return false;
    host_kvmstat_layout_decode(layout, self->data, self->stats);
    *ret_vcpu = (HostKvmstatVcpu){vcpu->number, self->stats, layout->n_fields};
    return true;
}
