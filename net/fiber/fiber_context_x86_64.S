// SPDX-License-Identifier: BSL-1.0
//
// System V x86-64. A saved context is, from the saved stack pointer upwards:
//   0 mxcsr (4 bytes), x87 control word (4)   8 r15   16 r14   24 r13   32 r12   40 rbx   48 rbp
//   56 where it continues   64 to 192 the red zone of the function that switched
// The stack pointer of that function is the saved one plus 192. A new context continues in
// netpoll_enter_context, with the entry function in r12 and its argument in r13. Kept in step with
// fiber_context.cc.
//
// Unwinding information is right before each instruction, so that a signal handler can take a
// backtrace anywhere.

    .text

// Jumped to by netpoll_switch_context(): rdi is where to store the saved stack pointer, rsi the
// context to continue, rcx where the caller continues. rdx goes through to the other side.
    .globl netpoll_switch_body
    .type netpoll_switch_body, @function
    .balign 64
netpoll_switch_body:
    .cfi_startproc
    .cfi_def_cfa %rsp, 0            // no return address was pushed
    .cfi_register %rip, %rcx
    endbr64
    leaq -192(%rsp), %rsp           // at once: signal handlers write below it
    .cfi_def_cfa_offset 192
    stmxcsr (%rsp)                  // to look whether it changed would take longer
    fnstcw 4(%rsp)
    movq %r15, 8(%rsp)
    movq %r14, 16(%rsp)
    movq %r13, 24(%rsp)
    movq %r12, 32(%rsp)
    movq %rbx, 40(%rsp)
    movq %rbp, 48(%rsp)
    movq %rcx, 56(%rsp)
    movq %rsp, (%rdi)

    // The other side's, as they were saved. Addressed by rsi: some processors take a load relative
    // to rsp for the store just made at the same distance from it, and have to do it again.
    .cfi_def_cfa %rsi, 192
    .cfi_offset %rip, -136
    .cfi_offset %rbp, -144
    .cfi_offset %rbx, -152
    .cfi_offset %r12, -160
    .cfi_offset %r13, -168
    .cfi_offset %r14, -176
    .cfi_offset %r15, -184
    movq 56(%rsi), %rcx
    ldmxcsr (%rsi)
    fldcw 4(%rsi)
    movq 8(%rsi), %r15
    movq 16(%rsi), %r14
    movq 24(%rsi), %r13
    movq 32(%rsi), %r12
    movq 40(%rsi), %rbx
    movq 48(%rsi), %rbp
    leaq 192(%rsi), %rsp
    .cfi_def_cfa %rsp, 0
    .cfi_register %rip, %rcx
    .cfi_same_value %rbp
    .cfi_same_value %rbx
    .cfi_same_value %r12
    .cfi_same_value %r13
    .cfi_same_value %r14
    .cfi_same_value %r15
    jmp *%rcx                       // to an endbr64
    .cfi_endproc
    .size netpoll_switch_body, .-netpoll_switch_body

    .balign 16
    .cfi_startproc
    .cfi_undefined %rip             // the outermost frame: unwinders and debuggers stop here
    nop                             // unwinders look up the byte before where a context continues
    .globl netpoll_enter_context
    .type netpoll_enter_context, @function
netpoll_enter_context:
    endbr64
    xorl %ebp, %ebp
    movq %r13, %rdi
    movq %rdx, %rsi
    callq *%r12
    ud2                             // the entry function never returns
    .cfi_endproc
    .size netpoll_enter_context, .-netpoll_enter_context

// Calls a function such that unwinders find the frames of a suspended context above it, although it
// runs on the caller's stack. rdi is the context, rsi the function, rdx its argument. The function
// must not throw.
    .globl netpoll_call_below_context
    .type netpoll_call_below_context, @function
    .balign 16
netpoll_call_below_context:
    .cfi_startproc
    endbr64
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset %rbx, 0
    movq %rdi, %rbx
    movq %rdx, %rdi
    .cfi_remember_state
    .cfi_def_cfa %rbx, 192
    .cfi_offset %rip, -136
    .cfi_offset %rbp, -144
    .cfi_offset %rbx, -152
    .cfi_offset %r12, -160
    .cfi_offset %r13, -168
    .cfi_offset %r14, -176
    .cfi_offset %r15, -184
    callq *%rsi
    .cfi_restore_state
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore %rbx
    ret
    .cfi_endproc
    .size netpoll_call_below_context, .-netpoll_call_below_context

    .section .note.GNU-stack, "", @progbits

    // Tells the linker that this object has its landing pads for indirect branch tracking, and, by
    // not saying so, that it cannot do with shadow stacks.
    .section .note.gnu.property, "a"
    .balign 8
    .long 4, 16, 5
    .asciz "GNU"
    .long 0xc0000002, 4, 1, 0
