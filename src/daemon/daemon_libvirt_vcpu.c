/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_vcpu: see daemon_libvirt_vcpu.h.
 *
 * A record does not have the threads of the vCPUs, so on which CPU each is running is not told
 * (-1), and the CPUs on which it may run are those of its process.
 */
#include "daemon_libvirt_vcpu.h"

#include <string.h>

#include "daemon_libvirt_node.h"
#include "rpc/rpc_limits.h"

enum { MAP_BYTES_MOST = 2048, IOTHREADS_MOST = 4096 };

bool
daemon_libvirt_vcpu_max(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    rpc_number *count = result;

    (void)error;
    count->value =
        (int)MIN(daemon_libvirt_fields_number(call->fields, 0, "vcpu.maximum"), G_MAXINT);
    return true;
}

bool
daemon_libvirt_vcpu_count(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_domain_flags_args *args = call->args;
    const char *name =
        (args->flags & VIR_DOMAIN_VCPU_MAXIMUM) != 0 ? "vcpu.maximum" : "vcpu.current";
    rpc_number *count = result;

    if ((args->flags & VIR_DOMAIN_VCPU_LIVE) != 0 && call->fields->record->id <= 0) {
        rpc_error_set(error, VIR_ERR_OPERATION_INVALID, VIR_FROM_QEMU,
                      "Requested operation is not valid: domain is not running");
        return false;
    }
    count->value = (int)MIN(daemon_libvirt_fields_number(call->fields, 0, "%s", name), G_MAXINT);
    return true;
}

/* The CPUs on which the process may run: those of this host if they cannot be read. @map has
 * @n_bytes, all zero. */
static void
read_map(int pid, uint8_t *map, size_t n_bytes)
{
    unsigned int n_cpus = 0;
    unsigned int n_online = 0;
    g_autoptr(GByteArray) online = daemon_libvirt_node_read_map("", &n_cpus, &n_online);
    g_autoptr(GByteArray) allowed = daemon_libvirt_node_read_allowed("", pid);
    const GByteArray *from = allowed->len > 0 ? allowed : online;
    size_t n_known = MIN(n_bytes, from->len);

    if (n_known > 0)
        memcpy(map, from->data, n_known);
    for (size_t i = n_cpus; i < n_known * 8; i++)
        map[i / 8] &= (uint8_t) ~(1U << i % 8);
}

/* @n maps, one behind the other; NULL if that is more than a reply may have. */
static char *
make_maps(DaemonLibvirtCall *call, unsigned int n, int map_bytes)
{
    uint8_t *maps = NULL;

    if (map_bytes <= 0 || n == 0 || (uint64_t)n * (uint64_t)map_bytes > RPC_LIMIT_MAPS_BYTES)
        return NULL;
    maps = daemon_libvirt_call_alloc(call, n, (size_t)map_bytes);
    read_map(call->fields->record->pid, maps, (size_t)map_bytes);
    for (unsigned int i = 1; i < n; i++)
        memcpy(maps + (size_t)i * (size_t)map_bytes, maps, (size_t)map_bytes);
    return (char *)maps;
}

static unsigned int
count_vcpus(const DaemonLibvirtCall *call, int room)
{
    unsigned int n_vcpus = daemon_libvirt_fields_count(call->fields, "vcpu");
    unsigned int n = 0;
    uint64_t state = 0;

    for (unsigned int i = 0; i < n_vcpus && room > 0 && n < (unsigned int)room; i++)
        n += daemon_libvirt_fields_get(call->fields, &state, "vcpu.%u.state", i);
    return MIN(n, RPC_LIMIT_LISTED_VCPUS);
}

bool
daemon_libvirt_vcpu_list(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_vcpus_args *args = call->args;
    rpc_vcpus *list = result;
    unsigned int n_vcpus = count_vcpus(call, args->room);
    rpc_vcpu *vcpus = daemon_libvirt_call_alloc(call, n_vcpus, sizeof(rpc_vcpu));

    (void)error;
    list->vcpus.vcpus_val = vcpus;
    for (unsigned int i = 0; list->vcpus.vcpus_len < n_vcpus; i++) {
        uint64_t state = 0;

        if (!daemon_libvirt_fields_get(call->fields, &state, "vcpu.%u.state", i))
            continue;
        vcpus[list->vcpus.vcpus_len++] = (rpc_vcpu){
            .number = i,
            .state = (int)state,
            .cpu_ns = daemon_libvirt_fields_number(call->fields, 0, "vcpu.%u.time", i),
            .cpu = -1,
        };
    }
    list->maps.maps_val = make_maps(call, n_vcpus, args->map_bytes);
    if (list->maps.maps_val != NULL)
        list->maps.maps_len = n_vcpus * (unsigned int)args->map_bytes;
    return true;
}

bool
daemon_libvirt_vcpu_pins(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_pins_args *args = call->args;
    uint64_t most = daemon_libvirt_fields_number(call->fields, 0, "vcpu.maximum");
    unsigned int n = (unsigned int)MIN(most, (uint64_t)MAX(args->room, 0));
    rpc_pins *pins = result;

    (void)error;
    pins->maps.maps_val = make_maps(call, n, args->map_bytes);
    if (pins->maps.maps_val == NULL)
        return true;
    pins->maps.maps_len = n * (unsigned int)args->map_bytes;
    pins->count = (int)n;
    return true;
}

bool
daemon_libvirt_vcpu_iothreads(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    unsigned int n_threads = daemon_libvirt_fields_count(call->fields, "iothread");
    unsigned int n_cpus = 0;
    unsigned int n_online = 0;
    g_autoptr(GByteArray) online = daemon_libvirt_node_read_map("", &n_cpus, &n_online);
    unsigned int map_bytes = MIN(online->len, MAP_BYTES_MOST);
    char *map = make_maps(call, 1, (int)map_bytes);
    rpc_iothreads *list = result;

    (void)error;
    list->threads.threads_val =
        daemon_libvirt_call_alloc(call, IOTHREADS_MOST, sizeof(rpc_iothread));
    for (unsigned int i = 0; i < n_threads && list->count < IOTHREADS_MOST; i++) {
        rpc_iothread *thread = &list->threads.threads_val[list->count];

        if (!daemon_libvirt_fields_has(call->fields, "iothread.%u.poll-max-ns", i))
            continue;
        thread->id = i;
        thread->map.map_val = map;
        thread->map.map_len = map != NULL ? map_bytes : 0;
        list->count++;
    }
    list->threads.threads_len = list->count;
    return true;
}
