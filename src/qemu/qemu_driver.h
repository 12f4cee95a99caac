/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * qemu_driver: the backend for QEMU, as a table of callbacks.
 */
#pragma once

#include "driver.h"

extern const Driver qemu_driver;
