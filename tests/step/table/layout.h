/*
 * Where things are in the guest of step_table, for the C files that build it and for the assembly files that
 * hold the cases: so there are only #defines here.  All modes share one memory: real mode sees it with all
 * segments at 0, the others through flat segments, and with paging on everything is mapped one to one.
 */
#ifndef STEP_TABLE_LAYOUT_H
#define STEP_TABLE_LAYOUT_H

#define AT_GDT      (0x0800)
#define AT_IDT64    (0x1000)
#define AT_IDT32    (0x2000)
#define AT_TSS64    (0x3000)
#define AT_TSS32    (0x3100)
#define AT_HANDLERS (0x4000) /* HANDLER_LEN bytes for each vector */
#define HANDLER_LEN (16)
#define AT_PRELUDE  (0x7000) /* the way to CPL 3 */
#define AT_CODE     (0x8000)
#define AT_SYSCALL  (0x9000) /* LSTAR: SYSRETQ */
#define AT_DATA     (0xa000) /* 16 bytes 0x80 0x81 … 0x8f; then zeros */
#define AT_DATA2    (0xb000)
#define AT_STACK    (0xc000)
#define AT_STACK0   (0xf000)  /* CPL 0's, when it is entered from CPL 3 */
#define AT_TABLES   (0x11000) /* the PML4 first; the CPU writes accessed and dirty bits from here to AT_TABLES_END */
#define AT_TABLES_END (0x18000)
#define AT_HOLE     (0x70000) /* a page that is not present */
#define AT_READ_ONLY (0x71000) /* one that may not be written */
#define AT_KERNEL   (0x72000) /* one that CPL 3 may not touch */
#define RAM_LEN     (0x80000)
#define AT_VGA      (0xb8000) /* MMIO with a device behind it that remembers */
#define AT_NOTHING  (0xd0000) /* MMIO that nobody claims */

#define SEL_CS64     (0x08)
#define SEL_DS       (0x10)
#define SEL_CS32     (0x18)
#define SEL_CS64_U   (0x23)
#define SEL_DS_U     (0x2b)
#define SEL_CS32_U   (0x33)
#define SEL_TR64     (0x38)
#define SEL_CS16     (0x48)
#define SEL_DS16     (0x50)
#define SEL_ABSENT   (0x58) /* a data segment that is not present; also the base of SYSRET's selectors */
#define SEL_ABSENT0  (0x78) /* one of ring 0 */
#define SEL_SYSRET_SS (0x63)
#define SEL_SYSRET_CS (0x6b)
#define SEL_TR32     (0x70)
#define SEL_BEYOND   (0x200) /* behind the table's limit */

#define CR0_LONG (0x80010031)

/* The mode a case runs in. */
#define MODE_REAL16   (0)
#define MODE_PROT32   (1)
#define MODE_PAGING32 (2)
#define MODE_PAE32    (3)
#define MODE_COMPAT32 (4)
#define MODE_LONG64   (5)
#define MODE_USER32   (6)
#define MODE_USER64   (7)
#define MODES         (8)

#define IN_REAL     (1<<MODE_REAL16)
#define IN_PROT     (1<<MODE_PROT32)
#define IN_PAGING   (1<<MODE_PAGING32)
#define IN_PAE      (1<<MODE_PAE32)
#define IN_COMPAT   (1<<MODE_COMPAT32)
#define IN_LONG     (1<<MODE_LONG64)
#define IN_USER32   (1<<MODE_USER32)
#define IN_USER64   (1<<MODE_USER64)
#define IN_LEGACY32 (IN_PROT|IN_PAGING|IN_PAE)

/* The stream of a table: a word, then its values, 64 bits each. */
#define T_CASE   (1) /* name, code, modes: distances from step_names and step_code */
#define T_END    (2) /* length of the code */
#define T_NEED   (3) /* the probe's row without which there is nothing to see: distance from step_names */
#define T_INIT   (4) /* register, value */
#define T_IRQ    (5) /* line 1 is up from the start; value: interrupts are let in */
#define T_STEP   (6) /* RIP */
#define T_REG    (7) /* register, value, bits that matter */
#define T_MEM    (8) /* gpa, length, value, bits that matter */
#define T_FRAME  (9) /* vector, return RIP, error code (or -1), RFLAGS: an exception or interrupt was delivered */
#define T_VECTOR (10) /* the pause names this vector */
#define T_COUNT  (11) /* the pause says so many iterations, or fewer, and then the step is repeated */
#define T_ASLEEP (12)
#define T_DEVICE (13) /* the vector came from a device */
#define T_NO_GO  (14) /* the program cannot run free to the same end (it looks at what differs) */
#define T_NEED_USER (17)
#define T_ENDS   (18) /* RIP of the end when running free; where it is another, this host cannot do that */
#define T_RETURN (16) /* RIP: an IRET undid the last T_FRAME */
#define T_STOP   (15) /* behind the last step listed nothing is run */

/* Registers in the order of struct kvm_regs, then some more. */
#define R_RAX (0)
#define R_RBX (1)
#define R_RCX (2)
#define R_RDX (3)
#define R_RSI (4)
#define R_RDI (5)
#define R_RSP (6)
#define R_RBP (7)
#define R_R8 (8)
#define R_R11 (11)
#define R_R15 (15)
#define R_RIP (16)
#define R_FLAGS (17)
#define R_CS (18)
#define R_SS (19)
#define R_DS (20)
#define R_ES (21)
#define R_CR0 (22)
#define R_CR2 (23)
#define R_CR3 (24)
#define R_CR4 (25)
#define R_EFER (26)
#define R_GDTR (27) /* base */
#define R_IDTR (28)
#define R_TR (29)
#define REGS (30)

/* RFLAGS. */
#define F_CF (0x001)
#define F_1 (0x002)
#define F_PF (0x004)
#define F_AF (0x010)
#define F_ZF (0x040)
#define F_SF (0x080)
#define F_TF (0x100)
#define F_IF (0x200)
#define F_DF (0x400)
#define F_OF (0x800)
#define F_RF (0x10000)
#define F_ARITHMETIC (F_CF|F_PF|F_AF|F_ZF|F_SF|F_OF)

/* What the registers hold at the start; those of 64-bit mode only are 0 elsewhere. */
#define RAX0 (0x11223344)
#define RBX0 (0x0badcafe)
#define RCX0 (0x00000007)
#define RDX0 (0x0000c0de)
#define RSI0 AT_DATA
#define RDI0 AT_DATA2
#define RBP0 (0x0000beef)
#define R8_0 (0x0808080808080808)

#define HANDLER(vector) (AT_HANDLERS+(vector)*HANDLER_LEN)
/* The handlers of these vectors return at once; all others are NOP NOP HLT. */
#define VECTOR_RETURNS (0x40)
#define VECTOR_IRQ1 (0x21)

#endif
