// Where the CPU arrives on an exception or an interrupt: a stub for each vector, then one common path.
//
// The CPU does not tell a handler which vector it came through; the only way to know is to have a different
// first instruction for each. And it pushes an error code for some vectors and none for the others. So a stub
// does two things: it makes the stack look the same for all (a zero where there is no error code), and it
// pushes its number.
//
// The common path saves the nine registers a C function may destroy (the C ABI keeps the others), hands a
// pointer to the lot to trap_handle, restores them and leaves by IRETQ, which takes RIP, CS, RFLAGS, RSP and
// SS off the stack in one instruction.
// Manual: Intel SDM volume 3, "Interrupt and Exception Handling", "Error Code" and "64-Bit Mode Stack Frame".

        .text
        .code64

// The vectors for which the CPU pushes an error code: #DF #TS #NP #SS #GP #PF #AC #CP, and AMD's #VC and #SX.
        .set    ERROR_CODE_INTEL, 1 << 8 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 14 | 1 << 17 | 1 << 21
        .set    HAS_ERROR_CODE, ERROR_CODE_INTEL | 1 << 29 | 1 << 30

        .balign 16
        .global trap_stubs              // trap.c finds stub n at trap_stubs + 16 * n
trap_stubs:
        .set    vector, 0
        .rept   0x41
        .balign 16
        .if     vector > 31             // (as does not like to shift a constant by more than 63)
        push    $0
        .elseif !(HAS_ERROR_CODE >> vector & 1)
        push    $0
        .endif
        push    $vector
        jmp     trap_common
        .set    vector, vector + 1
        .endr

trap_common:
        push    %rax
        push    %rcx
        push    %rdx
        push    %rsi
        push    %rdi
        push    %r8
        push    %r9
        push    %r10
        push    %r11
        cld                             // the interrupted code may have been counting downwards
        mov     %rsp, %rdi
        call    trap_handle             // RSP is a multiple of 16 here: 16 words since the CPU aligned it
        pop     %r11
        pop     %r10
        pop     %r9
        pop     %r8
        pop     %rdi
        pop     %rsi
        pop     %rdx
        pop     %rcx
        pop     %rax
        add     $16, %rsp               // the vector and the error code
        iretq
