/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cli_doctor: writes what "doctor" has found, as text and as JSON.
 */
#pragma once

#include "cli_outcome.h"
#include "cli_output.h"
#include "doctor/doctor_report.h"

void cli_doctor_print(CliOutput *output, const DoctorReport *report);
void cli_doctor_print_json(CliOutput *output, const DoctorReport *report);

CliOutcome cli_doctor_outcome(const DoctorReport *report);
