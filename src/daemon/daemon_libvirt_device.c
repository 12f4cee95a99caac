/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * daemon_libvirt_device: see daemon_libvirt_device.h.
 *
 * What is not known of a device is -1, as in libvirt. If the domain is stuck, so that its record
 * lacks the group, that is so for every device: a client that goes through the devices that it
 * found in an XML goes on, and shows no value.
 */
#include "daemon_libvirt_device.h"

#include <string.h>

#include "daemon_libvirt_xml.h"

enum { BLOCK_PARAMS = 8 };

/* For the index of a disk: that of none, and the sum of all. */
static const unsigned int no_disk = G_MAXUINT;
static const unsigned int all_disks = G_MAXUINT - 1;

static bool
lacks(const DaemonLibvirtCall *call, unsigned int group)
{
    return (call->fields->record->missing & group) != 0;
}

/* @path is the name of a disk, or its source. */
static bool
find_disk(const DaemonLibvirtCall *call, const char *path, unsigned int *ret_index)
{
    unsigned int n_disks = daemon_libvirt_fields_count(call->fields, "block");

    for (unsigned int i = 0; i < n_disks; i++) {
        const char *name = daemon_libvirt_fields_text(call->fields, "block.%u.name", i);
        const char *source = daemon_libvirt_xml_disk_source(call->fields, i);

        if ((name != NULL && strcmp(name, path) == 0) ||
            (source != NULL && strcmp(source, path) == 0)) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

/* Sets an error if there is no such disk, though the disks are known. Without a path it is the sum
 * of all. */
static bool
check_disk(const DaemonLibvirtCall *call, const char *path, unsigned int *ret_index,
           RpcError *error)
{
    if (find_disk(call, path, ret_index))
        return true;
    *ret_index = path[0] == '\0' ? all_disks : no_disk;
    if (*ret_index == all_disks)
        return true;
    if (lacks(call, VIR_DOMAIN_STATS_BLOCK))
        return true;
    rpc_error_set(error, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU,
                  "invalid argument: invalid path %s not assigned to domain", path);
    return false;
}

static int64_t
block_sum(const DaemonLibvirtCall *call, const char *name)
{
    unsigned int n_disks = daemon_libvirt_fields_count(call->fields, "block");
    uint64_t sum = 0;
    bool is_known = false;

    for (unsigned int i = 0; i < n_disks; i++) {
        uint64_t value = 0;

        if (daemon_libvirt_fields_get(call->fields, &value, "block.%u.%s", i, name)) {
            sum += value;
            is_known = true;
        }
    }
    return is_known ? (int64_t)sum : -1;
}

static int64_t
block_number(const DaemonLibvirtCall *call, unsigned int index, const char *name)
{
    if (index == all_disks)
        return block_sum(call, name);
    return (int64_t)daemon_libvirt_fields_number(call->fields, UINT64_MAX, "block.%u.%s", index,
                                                 name);
}

bool
daemon_libvirt_device_block_stats(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_domain_path_args *args = call->args;
    rpc_block_stats *stats = result;
    unsigned int index = 0;

    if (!check_disk(call, args->path, &index, error))
        return false;
    stats->rd_reqs = block_number(call, index, "rd.reqs");
    stats->rd_bytes = block_number(call, index, "rd.bytes");
    stats->wr_reqs = block_number(call, index, "wr.reqs");
    stats->wr_bytes = block_number(call, index, "wr.bytes");
    stats->errors = -1;
    return true;
}

bool
daemon_libvirt_device_block_flags_needs(const DaemonLibvirtCall *call)
{
    const rpc_block_flags_args *args = call->args;

    return args->room > 0 && (args->flags & ~(unsigned int)VIR_TYPED_PARAM_STRING_OKAY) == 0;
}

bool
daemon_libvirt_device_block_flags(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    static const char *const names[BLOCK_PARAMS][2] = {
        {"wr.bytes", VIR_DOMAIN_BLOCK_STATS_WRITE_BYTES},
        {"wr.reqs", VIR_DOMAIN_BLOCK_STATS_WRITE_REQ},
        {"rd.bytes", VIR_DOMAIN_BLOCK_STATS_READ_BYTES},
        {"rd.reqs", VIR_DOMAIN_BLOCK_STATS_READ_REQ},
        {"fl.reqs", VIR_DOMAIN_BLOCK_STATS_FLUSH_REQ},
        {"wr.times", VIR_DOMAIN_BLOCK_STATS_WRITE_TOTAL_TIMES},
        {"rd.times", VIR_DOMAIN_BLOCK_STATS_READ_TOTAL_TIMES},
        {"fl.times", VIR_DOMAIN_BLOCK_STATS_FLUSH_TOTAL_TIMES},
    };
    const rpc_block_flags_args *args = call->args;
    rpc_block_flags *stats = result;
    unsigned int n_params = 0;
    unsigned int index = 0;

    if ((args->flags & ~(unsigned int)VIR_TYPED_PARAM_STRING_OKAY) != 0) {
        rpc_error_set(error, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU,
                      "unsupported flags (0x%x) in function qemuDomainBlockStatsFlags",
                      args->flags);
        return false;
    }
    stats->count = BLOCK_PARAMS;
    if (args->room <= 0)
        return true;
    if (!check_disk(call, args->path, &index, error))
        return false;
    stats->params.params_val = daemon_libvirt_call_alloc(call, BLOCK_PARAMS, sizeof(rpc_param));
    for (size_t i = 0; i < BLOCK_PARAMS && (int)n_params < args->room; i++) {
        int64_t value = block_number(call, index, names[i][0]);

        if (value >= 0)
            daemon_libvirt_call_add_llong(stats->params.params_val, &n_params, names[i][1], value);
    }
    stats->params.params_len = n_params;
    stats->count = (int)n_params;
    return true;
}

/* What the guest has written highest; of an image that it has not written, what its file occupies,
 * as libvirt has it. */
bool
daemon_libvirt_device_block_info(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_domain_path_flags_args *args = call->args;
    rpc_block_info *info = result;
    unsigned int index = 0;

    if (!check_disk(call, args->path, &index, error))
        return false;
    info->capacity = daemon_libvirt_fields_number(call->fields, 0, "block.%u.capacity", index);
    info->physical = daemon_libvirt_fields_number(call->fields, 0, "block.%u.physical", index);
    info->allocation = daemon_libvirt_fields_number(call->fields, 0, "block.%u.allocation", index);
    if (info->allocation == 0)
        info->allocation = info->physical;
    return true;
}

/* @device is the name of the host's device, or the guest's address. */
static bool
find_nic(const DaemonLibvirtCall *call, const char *device, unsigned int *ret_index)
{
    unsigned int n_nics = daemon_libvirt_fields_count(call->fields, "net");

    for (unsigned int i = 0; i < n_nics; i++) {
        const char *name = daemon_libvirt_fields_text(call->fields, "net.%u.name", i);
        const char *mac = daemon_libvirt_fields_text(call->fields, "about.net.%u.mac", i);

        if ((name != NULL && strcmp(name, device) == 0) ||
            (mac != NULL && g_ascii_strcasecmp(mac, device) == 0)) {
            *ret_index = i;
            return true;
        }
    }
    return false;
}

static int64_t
nic_number(const DaemonLibvirtCall *call, unsigned int index, const char *name)
{
    uint64_t value =
        daemon_libvirt_fields_number(call->fields, UINT64_MAX, "net.%u.%s", index, name);

    return (int64_t)value;
}

bool
daemon_libvirt_device_interface_stats(DaemonLibvirtCall *call, void *result, RpcError *error)
{
    const rpc_domain_path_args *args = call->args;
    rpc_interface_stats *stats = result;
    unsigned int index = G_MAXUINT;

    if (!find_nic(call, args->path, &index) && !lacks(call, VIR_DOMAIN_STATS_INTERFACE)) {
        rpc_error_set(error, VIR_ERR_INVALID_ARG, VIR_FROM_QEMU,
                      "invalid argument: '%s' is not a known interface", args->path);
        return false;
    }
    stats->rx_bytes = nic_number(call, index, "rx.bytes");
    stats->rx_packets = nic_number(call, index, "rx.pkts");
    stats->rx_errors = nic_number(call, index, "rx.errs");
    stats->rx_drops = nic_number(call, index, "rx.drop");
    stats->tx_bytes = nic_number(call, index, "tx.bytes");
    stats->tx_packets = nic_number(call, index, "tx.pkts");
    stats->tx_errors = nic_number(call, index, "tx.errs");
    stats->tx_drops = nic_number(call, index, "tx.drop");
    return true;
}
