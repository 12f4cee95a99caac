/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_schemas: see qemu_schemas.h.
 *
 * Owns the names. The pool holds no more than N_POOLED, since a hostile QEMU can send different
 * schemas each time: those past the limit are not shared, and are freed with their last user.
 */
#include "qemu_schemas.h"

#include <pthread.h>
#include <string.h>

#include "util/util_refcount.h"

enum { N_POOLED = 16 };

struct QemuSchemas {
    UtilRefcount ref_count;
    GStringChunk *names;
    GArray *vcpu; /* QemuFactsSchema, or NULL */
    GArray *vm;
};

struct QemuSchemasPool {
    pthread_mutex_t lock;
    GPtrArray *schemas;
};

static void
free_schemas(gpointer data)
{
    qemu_schemas_unref(data);
}

static GArray *
copy_array(GStringChunk *names, const GArray *from)
{
    GArray *copy = NULL;

    if (from == NULL)
        return NULL;
    copy = g_array_sized_new(FALSE, FALSE, sizeof(QemuFactsSchema), from->len);
    for (guint i = 0; i < from->len; i++) {
        QemuFactsSchema schema = g_array_index(from, QemuFactsSchema, i);

        schema.name = g_string_chunk_insert(names, schema.name);
        g_array_append_val(copy, schema);
    }
    return copy;
}

static QemuSchemas *
copy_schemas(const QemuFacts *facts)
{
    QemuSchemas *self = g_new0(QemuSchemas, 1);

    util_refcount_init(&self->ref_count);
    self->names = g_string_chunk_new(1024);
    self->vcpu = copy_array(self->names, facts->schemas_vcpu);
    self->vm = copy_array(self->names, facts->schemas_vm);
    return self;
}

QemuSchemas *
qemu_schemas_ref(QemuSchemas *self)
{
    util_refcount_inc(&self->ref_count);
    return self;
}

void
qemu_schemas_unref(QemuSchemas *self)
{
    if (self == NULL || !util_refcount_dec(&self->ref_count))
        return;
    g_clear_pointer(&self->vcpu, g_array_unref);
    g_clear_pointer(&self->vm, g_array_unref);
    g_string_chunk_free(self->names);
    g_free(self);
}

void
qemu_schemas_lend(QemuSchemas *self, QemuFacts *facts)
{
    facts->schemas_vcpu = self->vcpu ? g_array_ref(self->vcpu) : NULL;
    facts->schemas_vm = self->vm ? g_array_ref(self->vm) : NULL;
}

static bool
is_same_array(const GArray *a, const GArray *b)
{
    if (a == NULL || b == NULL || a->len != b->len)
        return a == b;
    for (guint i = 0; i < a->len; i++) {
        const QemuFactsSchema *left = &g_array_index(a, QemuFactsSchema, i);
        const QemuFactsSchema *right = &g_array_index(b, QemuFactsSchema, i);

        if (left->kind != right->kind || left->is_boolean != right->is_boolean ||
            strcmp(left->name, right->name) != 0)
            return false;
    }
    return true;
}

QemuSchemasPool *
qemu_schemas_pool_new(void)
{
    QemuSchemasPool *self = g_new0(QemuSchemasPool, 1);

    pthread_mutex_init(&self->lock, NULL);
    self->schemas = g_ptr_array_new_with_free_func(free_schemas);
    return self;
}

void
qemu_schemas_pool_free(QemuSchemasPool *self)
{
    if (self == NULL)
        return;
    g_ptr_array_unref(self->schemas);
    pthread_mutex_destroy(&self->lock);
    g_free(self);
}

static QemuSchemas *
take(QemuSchemasPool *self, const QemuFacts *facts)
{
    QemuSchemas *found = NULL;

    for (guint i = 0; i < self->schemas->len; i++) {
        found = g_ptr_array_index(self->schemas, i);
        if (is_same_array(found->vcpu, facts->schemas_vcpu) &&
            is_same_array(found->vm, facts->schemas_vm))
            return qemu_schemas_ref(found);
    }
    found = copy_schemas(facts);
    if (self->schemas->len < N_POOLED)
        g_ptr_array_add(self->schemas, qemu_schemas_ref(found));
    return found;
}

QemuSchemas *
qemu_schemas_pool_take(QemuSchemasPool *self, const QemuFacts *facts)
{
    QemuSchemas *taken = NULL;

    pthread_mutex_lock(&self->lock);
    taken = take(self, facts);
    pthread_mutex_unlock(&self->lock);
    return taken;
}
