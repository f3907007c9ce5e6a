// SPDX-License-Identifier: BSL-1.0
//
// AAPCS64. A saved context is, from the saved stack pointer upwards (112 bytes):
//   0 x19 x20   16 x21 x22   32 x23 x24   48 x25 x26   64 x27 x28   80 x29   88 where it continues
//   96 fpcr, unused
// The stack pointer of the function that switched is the saved one plus 112. d8 to d15 are in that
// function's frame. A new context continues in netpoll_enter_context, with the entry function in
// x19 and its argument in x20. Kept in step with fiber_context.cc.
//
// Return addresses that callers signed are authenticated with the stack pointer they were signed
// with, because a context's frames never move; the address where it continues is not a return
// address, and is not signed.

    .text

// Jumped to by netpoll_switch_context(): x0 is where to store the saved stack pointer, x1 the
// context to continue, x30 where the caller continues. x2 goes through to the other side.
    .globl netpoll_switch_body
    .type netpoll_switch_body, %function
    .balign 64
netpoll_switch_body:
    .cfi_startproc
    hint #34                        // bti c: a linker's veneer comes by x16 or x17
    sub sp, sp, #112                // at once: signal handlers write below it
    .cfi_def_cfa_offset 112
    mrs x9, fpcr
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    str x9, [sp, #96]
    mov x10, sp
    str x10, [x0]

    // Those of the other side, as they were saved.
    .cfi_def_cfa x1, 112
    .cfi_offset x30, -24
    .cfi_offset x29, -32
    .cfi_offset x28, -40
    .cfi_offset x27, -48
    .cfi_offset x26, -56
    .cfi_offset x25, -64
    .cfi_offset x24, -72
    .cfi_offset x23, -80
    .cfi_offset x22, -88
    .cfi_offset x21, -96
    .cfi_offset x20, -104
    .cfi_offset x19, -112
    ldp x29, x30, [x1, #80]
    ldr x11, [x1, #96]
    ldp x19, x20, [x1, #0]
    ldp x21, x22, [x1, #16]
    ldp x23, x24, [x1, #32]
    ldp x25, x26, [x1, #48]
    ldp x27, x28, [x1, #64]
    cmp x9, x11
    b.ne 2f                         // to write it stalls the processor
1:
    add sp, x1, #112
    .cfi_remember_state
    .cfi_def_cfa sp, 0
    .cfi_same_value x30
    .cfi_same_value x29
    .cfi_same_value x28
    .cfi_same_value x27
    .cfi_same_value x26
    .cfi_same_value x25
    .cfi_same_value x24
    .cfi_same_value x23
    .cfi_same_value x22
    .cfi_same_value x21
    .cfi_same_value x20
    .cfi_same_value x19
    br x30                          // to a bti j; ret would predict another place
2:
    .cfi_restore_state
    msr fpcr, x11
    b 1b
    .cfi_endproc
    .size netpoll_switch_body, .-netpoll_switch_body

    .balign 16
    .cfi_startproc
    .cfi_undefined x30              // the outermost frame: unwinders and debuggers stop here
    nop                             // unwinders look up the byte before where a context continues
    .globl netpoll_enter_context
    .type netpoll_enter_context, %function
netpoll_enter_context:
    hint #36                        // bti j
    mov x29, xzr
    mov x30, xzr
    mov x0, x20
    mov x1, x2
    blr x19
    brk #1                          // the entry function never returns
    .cfi_endproc
    .size netpoll_enter_context, .-netpoll_enter_context

// Calls a function such that unwinders find the frames of a suspended context above it, although it
// runs on the caller's stack. x0 is the context, x1 the function, x2 its argument. The function
// must not throw.
    .globl netpoll_call_below_context
    .type netpoll_call_below_context, %function
    .balign 16
netpoll_call_below_context:
    .cfi_startproc
    hint #34                        // bti c
    stp x29, x30, [sp, #-32]!
    .cfi_def_cfa_offset 32
    .cfi_offset x29, -32
    .cfi_offset x30, -24
    mov x29, sp
    str x19, [sp, #16]
    .cfi_offset x19, -16
    mov x19, x0
    mov x0, x2
    .cfi_remember_state
    .cfi_def_cfa x19, 112
    .cfi_offset x30, -24
    .cfi_offset x29, -32
    .cfi_offset x28, -40
    .cfi_offset x27, -48
    .cfi_offset x26, -56
    .cfi_offset x25, -64
    .cfi_offset x24, -72
    .cfi_offset x23, -80
    .cfi_offset x22, -88
    .cfi_offset x21, -96
    .cfi_offset x20, -104
    .cfi_offset x19, -112
    blr x1
    .cfi_restore_state
    ldr x19, [sp, #16]
    .cfi_restore x19
    ldp x29, x30, [sp], #32
    .cfi_def_cfa_offset 0
    .cfi_restore x29
    .cfi_restore x30
    ret
    .cfi_endproc
    .size netpoll_call_below_context, .-netpoll_call_below_context

    .section .note.GNU-stack, "", %progbits

    // Tells the linker that this object has its landing pads (BTI) and puts up with signed return
    // addresses (PAC), and, by not saying so, that it cannot do with guarded control stacks.
    .section .note.gnu.property, "a"
    .balign 8
    .long 4, 16, 5
    .asciz "GNU"
    .long 0xc0000000, 4, 3, 0
