/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_bills: see qemu_source_bills.h. A function of what it is given: reads no clock.
 */
#include "qemu_source_bills.h"

struct QemuSourceBills {
    GHashTable *spent; /* uid -> int64_t, microseconds */
    int64_t most_us;
};

QemuSourceBills *
qemu_source_bills_new(void)
{
    QemuSourceBills *self = g_new0(QemuSourceBills, 1);

    self->spent = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    return self;
}

void
qemu_source_bills_free(QemuSourceBills *self)
{
    if (self == NULL)
        return;
    g_hash_table_unref(self->spent);
    g_free(self);
}

bool
qemu_source_bills_has_over(const QemuSourceBills *self, int64_t limit_us)
{
    return self->most_us > limit_us;
}

bool
qemu_source_bills_is_over(const QemuSourceBills *self, uid_t user, int64_t limit_us)
{
    const int64_t *spent = g_hash_table_lookup(self->spent, GUINT_TO_POINTER(user));

    return spent != NULL && *spent > limit_us;
}

void
qemu_source_bills_add(QemuSourceBills *self, uid_t user, int64_t spent_us)
{
    int64_t *spent = g_hash_table_lookup(self->spent, GUINT_TO_POINTER(user));

    if (spent == NULL) {
        spent = g_new0(int64_t, 1);
        g_hash_table_insert(self->spent, GUINT_TO_POINTER(user), spent);
    }
    *spent += spent_us;
    self->most_us = MAX(self->most_us, *spent);
}
