/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * model_orders: what a test can make the QEMU of the model do. The list is in model_orders.c.
 */
#pragma once

#include "model_machine.h"

/* Carries out the order @text. False: no order has that name. */
bool model_orders_run(ModelMachine *machine, const char *text);
