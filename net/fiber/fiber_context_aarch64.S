// SPDX-License-Identifier: BSL-1.0
//
// AAPCS64. A saved context is, from the saved stack pointer upwards (176 bytes):
//   0 x19 x20   16 x21 x22   32 x23 x24   48 x25 x26   64 x27 x28   80 x29 x30
//   96 d8 d9   112 d10 d11   128 d12 d13   144 d14 d15   160 fpcr, unused
// A new context has netpoll_enter_context in x30, the entry function in x19 and its argument in x20.
// Kept in step with fiber_context.cc.

    .text

    .globl netpoll_switch_context
    .type netpoll_switch_context, %function
    .balign 16
netpoll_switch_context:
    .cfi_startproc
    hint #34                        // bti c
    sub sp, sp, #176
    .cfi_def_cfa_offset 176
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    .cfi_offset x29, -96
    .cfi_offset x30, -88
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mrs x9, fpcr
    str x9, [sp, #160]

    mov x9, sp
    str x9, [x0]
    mov sp, x1

    ldr x9, [sp, #160]
    msr fpcr, x9
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    .cfi_restore x29
    .cfi_restore x30
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #176
    .cfi_def_cfa_offset 0
    ret
    .cfi_endproc
    .size netpoll_switch_context, .-netpoll_switch_context

    .globl netpoll_enter_context
    .type netpoll_enter_context, %function
    .balign 16
netpoll_enter_context:
    .cfi_startproc
    .cfi_undefined x30              // the outermost frame: unwinders and debuggers stop here
    hint #36                        // bti j
    mov x29, xzr
    mov x30, xzr
    mov x0, x20
    blr x19
    brk #1                          // the entry function never returns
    .cfi_endproc
    .size netpoll_enter_context, .-netpoll_enter_context

    .section .note.GNU-stack, "", %progbits
