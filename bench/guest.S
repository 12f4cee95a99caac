/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guest: the firmware, and all there is, of the guests that are measured: it wakes up twice a
 * second and sleeps again. So a guest that runs is at its place with its first instruction, and a
 * hundred of them cost nothing; a real firmware computes for a second, and then asks in vain for
 * something to boot.
 *
 * 64 KiB below 1 MiB; the processor begins 16 bytes before their end, in real mode. Interrupts
 * other than the clock's are masked.
 */
        .code16
        .set clock_vector, 0x70
        .globl start

        .macro put value, port
        mov $\value, %al
        out %al, $\port
        .endm

start:  cli
        xor %ax, %ax
        mov %ax, %ds
        mov %ax, %ss
        mov $0x7c00, %sp
        movw $clock, clock_vector * 4
        movw $0xf000, clock_vector * 4 + 2

        put 0x11, 0x20                  /* the interrupt controllers, as a PC has them */
        put 0x11, 0xa0
        put 0x08, 0x21
        put clock_vector, 0xa1
        put 0x04, 0x21
        put 0x02, 0xa1
        put 0x01, 0x21
        put 0x01, 0xa1
        put 0xfb, 0x21                  /* of the first the second alone, */
        put 0xfe, 0xa1                  /* of that the clock alone */

        put 0x0a, 0x70                  /* the clock: 2 Hz, */
        put 0x2f, 0x71
        put 0x0b, 0x70                  /* and it interrupts */
        put 0x42, 0x71
        put 0x0c, 0x70                  /* what it had to report is read: it can report again */
        in $0x71, %al

sleep:  sti
        hlt
        jmp sleep

clock:  put 0x0c, 0x70
        in $0x71, %al
        put 0x20, 0xa0
        put 0x20, 0x20
        iret

        .org 0xfff0
        ljmp $0xf000, $start
        .org 0x10000
