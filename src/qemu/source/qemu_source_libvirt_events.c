/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_source_libvirt_events: which domains of a libvirt connection have changed, by its events.
 *
 * Owns the set of those that changed. Shares it with the callbacks, which run on the thread of the
 * application's event loop.
 *
 * How it works
 *
 * That an event loop is registered does not mean that anyone runs it, and then no event ever
 * comes. So a timer is put into the loop: when it has gone off, the loop ran, and since a loop
 * serves what came before the timer first, all events up to then are in. A loop on another
 * thread does so at once, and is waited for. Where the loop's own thread is the one that calls
 * us it cannot; then the timer of the previous call stands for it, and an event that has come
 * but was not handed on yet is met by the next call.
 */
#include "qemu_source_libvirt_events.h"

#include <pthread.h>

#include "qemu/facts/qemu_limits.h"
#include "util/util_refcount.h"

enum { SETTLE_MS = 50 };

/* Shared with the callbacks. */
typedef struct {
    pthread_mutex_t lock;
    pthread_cond_t pinged;
    GHashTable *changed; /* char * UUID; a set */
    bool is_overflown;   /* more domains changed than the set may hold */
    int timer;           /* in the loop; -1: none */
    UtilRefcount ref_count;
} Inbox;

struct QemuSourceLibvirtEvents {
    virConnectPtr conn;
    Inbox *inbox;
    GArray *registrations; /* int */
    bool waits;            /* false once the loop did not run while we waited for it */
};

static void
unref_inbox(void *data)
{
    Inbox *inbox = data;

    if (!util_refcount_dec(&inbox->ref_count))
        return;
    g_hash_table_unref(inbox->changed);
    pthread_cond_destroy(&inbox->pinged);
    pthread_mutex_destroy(&inbox->lock);
    g_free(inbox);
}

static void
note_change(Inbox *inbox, virDomainPtr domain)
{
    char uuid[VIR_UUID_STRING_BUFLEN] = "";

    if (virDomainGetUUIDString(domain, uuid) < 0)
        return;
    pthread_mutex_lock(&inbox->lock);
    if (g_hash_table_size(inbox->changed) < QEMU_LIMIT_DOMAINS)
        g_hash_table_add(inbox->changed, g_strdup(uuid));
    else
        inbox->is_overflown = true;
    pthread_mutex_unlock(&inbox->lock);
}

static void
on_lifecycle(virConnectPtr conn, virDomainPtr domain, int event, int detail, void *inbox)
{
    (void)conn;
    (void)event;
    (void)detail;
    note_change(inbox, domain);
}

static void
on_device(virConnectPtr conn, virDomainPtr domain, const char *alias, void *inbox)
{
    (void)conn;
    (void)alias;
    note_change(inbox, domain);
}

static void
on_tray(virConnectPtr conn, virDomainPtr domain, const char *alias, int reason, void *inbox)
{
    (void)conn;
    (void)alias;
    (void)reason;
    note_change(inbox, domain);
}

static void
on_disk(virConnectPtr conn, virDomainPtr domain, const char *old_path, const char *new_path,
        const char *alias, int reason, void *inbox)
{
    (void)conn;
    (void)old_path;
    (void)new_path;
    (void)alias;
    (void)reason;
    note_change(inbox, domain);
}

static void
on_block_job(virConnectPtr conn, virDomainPtr domain, const char *disk, int type, int status,
             void *inbox)
{
    (void)conn;
    (void)disk;
    (void)type;
    (void)status;
    note_change(inbox, domain);
}

static void
on_balloon(virConnectPtr conn, virDomainPtr domain, unsigned long long actual, void *inbox)
{
    (void)conn;
    (void)actual;
    note_change(inbox, domain);
}

/* Compilers warn of a cast from one type of function to another, but not of two casts through this
 * type. */
typedef void AnyCallback(void);

static const struct {
    int id;
    AnyCallback *callback;
} kinds[] = {
    {VIR_DOMAIN_EVENT_ID_LIFECYCLE, (AnyCallback *)on_lifecycle},
    {VIR_DOMAIN_EVENT_ID_DEVICE_ADDED, (AnyCallback *)on_device},
    {VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED, (AnyCallback *)on_device},
    {VIR_DOMAIN_EVENT_ID_TRAY_CHANGE, (AnyCallback *)on_tray},
    {VIR_DOMAIN_EVENT_ID_DISK_CHANGE, (AnyCallback *)on_disk},
    {VIR_DOMAIN_EVENT_ID_BLOCK_JOB_2, (AnyCallback *)on_block_job},
    {VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE, (AnyCallback *)on_balloon},
};

static void
on_timer(int timer, void *data)
{
    Inbox *inbox = data;

    virEventRemoveTimeout(timer);
    pthread_mutex_lock(&inbox->lock);
    inbox->timer = -1;
    pthread_cond_broadcast(&inbox->pinged);
    pthread_mutex_unlock(&inbox->lock);
}

/* Adds a timer to the loop that expires at once; false if there is no loop. The caller holds the
 * lock, so that the timer's callback waits until its number is set. */
static bool
start_timer(Inbox *inbox)
{
    util_refcount_inc(&inbox->ref_count);
    inbox->timer = virEventAddTimeout(0, on_timer, inbox, unref_inbox);
    if (inbox->timer >= 0)
        return true;
    inbox->timer = -1;
    unref_inbox(inbox);
    return false;
}

static bool
is_loop_registered(Inbox *inbox)
{
    bool is_registered = false;

    pthread_mutex_lock(&inbox->lock);
    is_registered = start_timer(inbox);
    pthread_mutex_unlock(&inbox->lock);
    return is_registered;
}

static Inbox *
new_inbox(void)
{
    Inbox *inbox = g_new0(Inbox, 1);

    pthread_mutex_init(&inbox->lock, NULL);
    util_deadline_init_cond(&inbox->pinged);
    inbox->changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    inbox->timer = -1;
    util_refcount_init(&inbox->ref_count);
    return inbox;
}

static void
register_for(QemuSourceLibvirtEvents *self, size_t kind)
{
    int number = -1;

    util_refcount_inc(&self->inbox->ref_count);
    number = virConnectDomainEventRegisterAny(
        self->conn, NULL, kinds[kind].id,
        (virConnectDomainEventGenericCallback)kinds[kind].callback, self->inbox, unref_inbox);
    if (number < 0)
        unref_inbox(self->inbox);
    else
        g_array_append_val(self->registrations, number);
}

QemuSourceLibvirtEvents *
qemu_source_libvirt_events_new(virConnectPtr conn)
{
    Inbox *inbox = new_inbox();
    QemuSourceLibvirtEvents *self = NULL;

    if (!is_loop_registered(inbox)) {
        unref_inbox(inbox);
        return NULL;
    }
    self = g_new0(QemuSourceLibvirtEvents, 1);
    self->conn = conn;
    self->inbox = inbox;
    self->registrations = g_array_new(FALSE, FALSE, sizeof(int));
    self->waits = true;
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
        register_for(self, i);
    return self;
}

void
qemu_source_libvirt_events_free(QemuSourceLibvirtEvents *self)
{
    int timer = -1;

    if (self == NULL)
        return;
    for (guint i = 0; i < self->registrations->len; i++)
        virConnectDomainEventDeregisterAny(self->conn, g_array_index(self->registrations, int, i));
    pthread_mutex_lock(&self->inbox->lock);
    timer = self->inbox->timer;
    self->inbox->timer = -1;
    pthread_mutex_unlock(&self->inbox->lock);
    if (timer >= 0)
        virEventRemoveTimeout(timer);
    unref_inbox(self->inbox);
    g_array_unref(self->registrations);
    g_free(self);
}

bool
qemu_source_libvirt_events_settle(QemuSourceLibvirtEvents *self, UtilDeadline deadline)
{
    Inbox *inbox = self->inbox;
    UtilDeadline until = util_deadline_at_most(deadline, SETTLE_MS);
    bool has_run = false;

    if (self->registrations->len == 0)
        return false;
    pthread_mutex_lock(&inbox->lock);
    has_run = inbox->timer < 0;
    if (has_run && start_timer(inbox)) {
        while (self->waits && inbox->timer >= 0 &&
               util_deadline_wait_cond(until, &inbox->pinged, &inbox->lock))
            ;
        self->waits = self->waits && inbox->timer < 0;
    }
    pthread_mutex_unlock(&inbox->lock);
    return has_run;
}

GHashTable *
qemu_source_libvirt_events_take(QemuSourceLibvirtEvents *self)
{
    Inbox *inbox = self->inbox;
    GHashTable *changed = NULL;
    bool is_overflown = false;

    pthread_mutex_lock(&inbox->lock);
    changed = inbox->changed;
    is_overflown = inbox->is_overflown;
    inbox->changed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    inbox->is_overflown = false;
    pthread_mutex_unlock(&inbox->lock);
    if (is_overflown)
        g_clear_pointer(&changed, g_hash_table_unref);
    return changed;
}
