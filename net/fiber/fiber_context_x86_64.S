// SPDX-License-Identifier: BSL-1.0
//
// System V x86-64. A saved context is, from the saved stack pointer upwards:
//   0 mxcsr (4 bytes), x87 control word (4)   8 r15   16 r14   24 r13   32 r12   40 rbx   48 rbp
//   56 return address
// A new context has netpoll_enter_context as return address, the entry function in r12 and its
// argument in r13. Kept in step with fiber_context.cc.

    .text

    .globl netpoll_switch_context
    .type netpoll_switch_context, @function
    .balign 16
netpoll_switch_context:
    .cfi_startproc
    endbr64
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %r15, 0
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    stmxcsr (%rsp)
    fnstcw 4(%rsp)

    movq %rsp, (%rdi)
    movq %rsi, %rsp

    ldmxcsr (%rsp)
    fldcw 4(%rsp)
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore %r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbp
    ret
    .cfi_endproc
    .size netpoll_switch_context, .-netpoll_switch_context

    .globl netpoll_enter_context
    .type netpoll_enter_context, @function
    .balign 16
netpoll_enter_context:
    .cfi_startproc
    .cfi_undefined %rip             // the outermost frame: unwinders and debuggers stop here
    endbr64
    xorl %ebp, %ebp
    movq %r13, %rdi
    callq *%r12
    ud2                             // the entry function never returns
    .cfi_endproc
    .size netpoll_enter_context, .-netpoll_enter_context

    .section .note.GNU-stack, "", @progbits

    // Tells the linker that this object has its landing pads for indirect branch tracking.
    .section .note.gnu.property, "a"
    .balign 8
    .long 4, 16, 5
    .asciz "GNU"
    .long 0xc0000002, 4, 1, 0
