/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_nic_model: which of QEMU's device models are network interfaces of a guest.
 *
 * Knows the names that words use ("-device virtio-net") and those of QEMU's object model
 * ("virtio-net-pci"). What is passed through from the host (vfio-pci, usb-host) is none: neither
 * QEMU nor its words tell what it is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* True if the @size bytes of @name are the name of such a model. */
bool qemu_nic_model_is_one(const char *name, size_t size);
