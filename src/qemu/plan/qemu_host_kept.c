/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_host_kept: see qemu_host_kept.h. Knows how each thing is closed, not what it is for.
 */
#include "qemu_host_kept.h"

#include <string.h>

void
qemu_host_kept_let_go(QemuHostKept *self)
{
    if (self->kvm == NULL)
        return;
    g_clear_pointer(&self->kvm, host_kvmstat_free);
    self->has_looked_for_kvm = false;
}

void
qemu_host_kept_clear(QemuHostKept *self)
{
    g_free(self->net_namespace);
    g_clear_pointer(&self->threads, g_array_unref);
    g_clear_pointer(&self->thread_numbers, g_array_unref);
    g_clear_pointer(&self->vcpu_threads, g_array_unref);
    g_clear_pointer(&self->named_vcpus, g_array_unref);
    g_free(self->kvm_folder);
    g_clear_pointer(&self->taps, g_array_unref);
    g_clear_pointer(&self->tap_fds, g_array_unref);
    g_clear_pointer(&self->passed, g_array_unref);
    g_clear_pointer(&self->vhost_of, g_array_unref);
    g_clear_pointer(&self->vhost, g_array_unref);
    host_group_free(self->group);
    host_kept_free(self->files);
    host_kvmstat_free(self->kvm);
    host_perf_free(self->perf);
    memset(self, 0, sizeof(*self));
}
