/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_facts: see qemu_facts.h. Does not know where facts come from.
 */
#include "qemu_facts.h"

#include <string.h>

static void
free_array(GArray **array)
{
    g_clear_pointer(array, g_array_unref);
}

static void
clear_vcpu(void *data)
{
    QemuFactsVcpu *vcpu = data;

    free_array(&vcpu->stats);
}

static void
clear_disk(void *data)
{
    QemuFactsDisk *disk = data;

    for (size_t i = 0; i < QEMU_FACTS_N_HISTOGRAMS; i++) {
        free_array(&disk->histograms[i].boundaries);
        free_array(&disk->histograms[i].bins);
    }
    free_array(&disk->timed_groups);
    free_array(&disk->layers);
}

static GArray *
new_array(size_t n_expected, guint element_size, GDestroyNotify clear)
{
    GArray *array = g_array_sized_new(FALSE, TRUE, element_size, (guint)n_expected);

    g_array_set_clear_func(array, clear);
    return array;
}

static void
clear_resctrl(gpointer data)
{
    QemuFactsResctrl *resctrl = data;

    g_array_unref(resctrl->banks);
}

GArray *
qemu_facts_new_resctrl(void)
{
    return new_array(0, sizeof(QemuFactsResctrl), clear_resctrl);
}

GArray *
qemu_facts_new_vcpus(size_t n_expected)
{
    return new_array(n_expected, sizeof(QemuFactsVcpu), clear_vcpu);
}

GArray *
qemu_facts_new_disks(size_t n_expected)
{
    return new_array(n_expected, sizeof(QemuFactsDisk), clear_disk);
}

void
qemu_facts_init(QemuFacts *self)
{
    memset(self, 0, sizeof(*self));
    self->libvirt_state = -1;
}

void
qemu_facts_clear(QemuFacts *self)
{
    /* Arrays that qemu_facts_new_vcpus() and _disks() did not make lack the function. */
    if (self->vcpus != NULL)
        g_array_set_clear_func(self->vcpus, clear_vcpu);
    if (self->disks != NULL)
        g_array_set_clear_func(self->disks, clear_disk);
    host_group_values_clear(&self->host.group);
    g_clear_pointer(&self->node_by_name, g_hash_table_unref);
    g_clear_pointer(&self->images, g_hash_table_unref);
    g_clear_pointer(&self->owned_texts, g_ptr_array_unref);
    g_clear_pointer(&self->qemu_version, g_free);
    free_array(&self->schemas_vcpu);
    free_array(&self->schemas_vm);
    free_array(&self->vcpus);
    free_array(&self->vm_stats);
    free_array(&self->disks);
    free_array(&self->nodes);
    free_array(&self->jobs);
    free_array(&self->iothreads);
    free_array(&self->dirty_rate.vcpus);
    free_array(&self->nic_devices.with_id);
    free_array(&self->nic_devices.without_id);
    free_array(&self->nic_devices.on_board);
    free_array(&self->nics);
    free_array(&self->hostdevs);
    free_array(&self->perf);
    free_array(&self->resctrl);
    qemu_facts_init(self);
}

const QemuFactsNode *
qemu_facts_node(const QemuFacts *self, const char *name)
{
    if (self->node_by_name == NULL || name == NULL)
        return NULL;
    return g_hash_table_lookup(self->node_by_name, name);
}

bool
qemu_facts_is_local_driver(const char *driver)
{
    static const char *const drivers[] = {"file", "host_device", "host_cdrom", NULL};

    return driver != NULL && g_strv_contains(drivers, driver);
}

struct QemuFactsPaths {
    GHashTable *storage; /* path -> const QemuFactsNode * */
    GHashTable *format;
};

QemuFactsPaths *
qemu_facts_paths_new(const QemuFacts *facts)
{
    QemuFactsPaths *self = g_new0(QemuFactsPaths, 1);

    self->storage = g_hash_table_new(g_str_hash, g_str_equal);
    self->format = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; facts->nodes != NULL && i < facts->nodes->len; i++) {
        QemuFactsNode *node = &g_array_index(facts->nodes, QemuFactsNode, i);
        GHashTable *table = qemu_facts_is_local_driver(node->driver) ? self->storage : self->format;

        if (node->path != NULL && !g_hash_table_contains(table, node->path))
            g_hash_table_insert(table, (gpointer)(uintptr_t)node->path, node);
    }
    return self;
}

void
qemu_facts_paths_free(QemuFactsPaths *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->storage);
    g_hash_table_unref(self->format);
    g_free(self);
}

const QemuFactsNode *
qemu_facts_paths_storage(const QemuFactsPaths *self, const char *path)
{
    return g_hash_table_lookup(self->storage, path);
}

const QemuFactsNode *
qemu_facts_paths_format(const QemuFactsPaths *self, const char *path)
{
    return g_hash_table_lookup(self->format, path);
}
