// keyboard: what a key press is before it is a letter.
//
// What it shows
//   A PC keyboard knows nothing of letters. It sends a number for the place of the key that went down (the
//   make code), and the same number with bit 7 set when it goes up (the break code). The controller on the
//   board, an 8042, translates them to "set 1", the codes of the first IBM PC, puts each into its output
//   buffer and raises IRQ 1. The handler reads port 0x60, which empties the buffer and makes room for the
//   next. Letters, Shift and the rest are the operating system's business: see the table below.
//
// Predict before you run it
//   1. Press and release one key. How many interrupts is that?
//   2. The keys of a row have codes in a row: q is 0x10. What is w? What is a?
//   3. What happens to the second key if nobody reads the first one from port 0x60?
//
// Exits you will see
//   out 0x64, out 0x60, in 0x64            the controller being set up
//   in 0x64, in 0x60                       for each code: is there one? Which?
//   out 0x20                               the PIC told that the handler is done: for each code and each tick
//   hlt                                    the wait in between
//   It ends (status 0) at Esc, at q, or when no key came for 55 ticks of the timer: three seconds at 18.2 Hz,
//   the slowest rate the PIT has and the one every PC's BIOS used. With --clock steps time jumps to the
//   next tick whenever the guest sleeps, so that nobody has to wait, and nobody has time to type.
//
// Try   hold a key down. Then make Shift work, and name the arrow keys, whose codes have a prefix.
// Source: the IBM PC/AT technical reference, "Keyboard Controller" and "Scan Code Set 1".
#include "lib/console.h"
#include "lib/pic.h"
#include "lib/port.h"
#include "lib/trap.h"

enum {
    KBD_DATA = 0x60,
    KBD_STATUS = 0x64,  // read
    KBD_COMMAND = 0x64, // write
    STATUS_OUTPUT_FULL = 0x01,
    STATUS_INPUT_FULL = 0x02,
    COMMAND_WRITE_CONFIG = 0x60,
    COMMAND_ENABLE_KEYBOARD = 0xae,
    CONFIG_IRQ1 = 0x01,
    CONFIG_SYSTEM = 0x04, // "self-test passed"; the BIOS sets it
    CONFIG_TRANSLATE = 0x40,

    PIT_CHANNEL0 = 0x40,
    PIT_COMMAND = 0x43,
    PIT_CHANNEL0_LOHI_RATE = 0x34,

    IRQ_TIMER = 0,
    IRQ_KEYBOARD = 1,
    PATIENCE_TICKS = 55,

    CODE_RELEASED = 0x80,
    CODE_PREFIX = 0xe0, // the keys that came after the first PC send two codes, this one first
    CODE_ESC = 0x01,
    CODE_Q = 0x10,
};

// From make code to the letter on the key of a US keyboard; a space stands for keys without one.
static const char letters[] = "  1234567890-=  qwertyuiop[]  asdfghjkl;'` \\zxcvbnm,./    ";

static volatile unsigned idle_ticks;

// A ring of codes between the handler, which puts them in, and guest_main, which takes them out.
static volatile uint8_t codes[16];
static volatile unsigned codes_in, codes_out;

// Takes a code from the controller, if it has one. With no room in the ring the code is lost.
static void code_take(void)
{
    if (!(port_in8(KBD_STATUS) & STATUS_OUTPUT_FULL))
        return;
    uint8_t code = port_in8(KBD_DATA);
    if (codes_in - codes_out < sizeof(codes))
        codes[codes_in++ % sizeof(codes)] = code;
    idle_ticks = 0;
}

void trap_handle(struct trap_frame *frame)
{
    unsigned irq = (unsigned)frame->vector - PIC_VECTOR_BASE;

    if (irq == IRQ_TIMER) {
        idle_ticks++;
    } else if (irq == IRQ_KEYBOARD) {
        code_take();
    } else {
        console_text("UNEXPECTED vector ");
        console_hex(frame->vector, 2);
        console_text("\n");
        __asm__ volatile("cli; hlt");
    }
    pic_end_of_interrupt(irq);
}

// The 8042 takes a byte only when its input buffer is empty.
static void kbd_write(uint16_t port, uint8_t value)
{
    while (port_in8(KBD_STATUS) & STATUS_INPUT_FULL)
        ;
    port_out8(port, value);
}

static void kbd_init(void)
{
    kbd_write(KBD_COMMAND, COMMAND_ENABLE_KEYBOARD);
    kbd_write(KBD_COMMAND, COMMAND_WRITE_CONFIG);
    kbd_write(KBD_DATA, CONFIG_IRQ1 | CONFIG_SYSTEM | CONFIG_TRANSLATE);

    // A key pressed before all this raised its interrupt unheard, and the controller sends no other before
    // that one is read. A driver that forgets this hangs now and then, when someone is impatient.
    code_take();
}

static void pit_start_slowest(void)
{
    port_out8(PIT_COMMAND, PIT_CHANNEL0_LOHI_RATE);
    port_out8(PIT_CHANNEL0, 0);
    port_out8(PIT_CHANNEL0, 0); // a divisor of 0 means 65536
}

// Waits for the next code; -1 when patience ends. As in timer.c, STI and HLT must be neighbours.
static int code_wait(void)
{
    int code = -1;

    __asm__ volatile("cli");
    while (codes_in == codes_out && idle_ticks < PATIENCE_TICKS)
        __asm__ volatile("sti; hlt; cli" : : : "memory");
    if (codes_in != codes_out)
        code = codes[codes_out++ % sizeof(codes)];
    return code;
}

static void code_print(int code)
{
    unsigned key = (unsigned)code & ~(unsigned)CODE_RELEASED;
    char letter[] = {key < sizeof(letters) - 1 ? letters[key] : ' ', 0};

    console_text("scancode ");
    console_hex((unsigned)code, 2);
    if (code == CODE_PREFIX)
        console_text(" prefix");
    else
        console_text(code & CODE_RELEASED ? " released" : " pressed");
    if (letter[0] != ' ') {
        console_text(" ");
        console_text(letter);
    }
    console_text("\n");
}

void guest_main(void);

void guest_main(void)
{
    console_init();
    trap_init();
    pic_init(1 << IRQ_TIMER | 1 << IRQ_KEYBOARD);
    kbd_init();
    console_text("keyboard: press keys; q or Esc ends\n");
    pit_start_slowest();

    int code;
    do {
        code = code_wait();
        if (code >= 0)
            code_print(code);
    } while (code >= 0 && code != CODE_ESC && code != CODE_Q);

    pic_open(0);
    console_text(code >= 0 ? "the end was asked for\n" : "no key for 55 ticks\n");
}
