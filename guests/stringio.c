// stringio: REP OUTS and REP INS, one instruction for many transfers.
//
// What it shows
//   OUTS sends the byte (or word, or doubleword) at RSI to a port and moves RSI on; INS stores what a port
//   gives at RDI. With a REP prefix they repeat RCX times. Old disk controllers were read like this, 512
//   bytes at one instruction. How many exits is that one instruction? It depends on the direction. Going out,
//   KVM hands over each element in an exit of its own. Coming in, it asks the VMM for many at once, keeps
//   what it does not need yet, and serves the next rounds of the REP from there: one exit, with a count.
//
// Predict before you run it
//   1. The first line has 40 characters and is one REP OUTSB. How many exits? How many in hello16's way?
//   2. INS from a port that no device has claimed: where is the value to come from? What does it read?
//   3. The guest writes 0 to the debug-exit port. Which status will the shell see? (code << 1 | 1)
//
// Exits you will see
//   out 0x3f8   forty times at the same RIP: the line
//   out 0x80    twice, of size 2: a word to one port is a byte to it and a byte to the next. Nobody has 0x81.
//   in 0xe9     count 4: from the debug port, which answers e9, so that a program can tell that it exists
//   in 0x5000   count 8, then count 2 of size 4: from a port that nobody has. All ones.
//   out 0xf4    the end, by the debug-exit port (status 1: code 0. Status 3 means that a check failed.)
//
// Try   STD makes string instructions count downwards. Print the line backwards.
// Manual: Intel SDM volume 2, "INS/INSB/INSW/INSD", "OUTS/OUTSB/OUTSW/OUTSD" and "REP".
#include "lib/console.h"
#include "lib/port.h"

enum {
    UART_THR = 0x3f8,
    POST_PORT = 0x80,
    BOCHS_PORT = 0xe9,
    UNCLAIMED_PORT = 0x5000,
    DEBUG_EXIT_PORT = 0xf4,
};

static void string_out8(uint16_t port, const uint8_t *data, uint64_t count)
{
    __asm__ volatile("rep outsb" : "+S"(data), "+c"(count) : "d"(port) : "memory");
}

static void string_out16(uint16_t port, const uint16_t *data, uint64_t count)
{
    __asm__ volatile("rep outsw" : "+S"(data), "+c"(count) : "d"(port) : "memory");
}

static void string_in8(uint16_t port, uint8_t *data, uint64_t count)
{
    __asm__ volatile("rep insb" : "+D"(data), "+c"(count) : "d"(port) : "memory");
}

static void string_in32(uint16_t port, uint32_t *data, uint64_t count)
{
    __asm__ volatile("rep insl" : "+D"(data), "+c"(count) : "d"(port) : "memory");
}

// Prints the outcome of a check: are all `count` bytes at `data` equal to `wanted`? Returns 0 if so, 1 if
// not.
static uint8_t bytes_check(const char *what, const uint8_t *data, unsigned count, uint8_t wanted)
{
    uint8_t wrong = 0;

    for (unsigned i = 0; i < count; i++)
        if (data[i] != wanted)
            wrong = 1;
    console_text(what);
    console_text(wrong ? ": WRONG, the first is " : ": all ");
    console_hex(data[0], 2);
    console_text("\n");
    return wrong;
}

void guest_main(void);

void guest_main(void)
{
    static const char line[] = "stringio: this line is one instruction.\n";
    static const uint16_t post_codes[] = {0x0010, 0x0020};
    uint8_t bytes[8] = {0};
    uint32_t doublewords[2] = {0};
    uint8_t wrong = 0;

    console_init();
    string_out8(UART_THR, (const uint8_t *)line, sizeof(line) - 1);
    string_out16(POST_PORT, post_codes, 2);

    string_in8(BOCHS_PORT, bytes, 4);
    wrong |= bytes_check("4 bytes from port 0xe9", bytes, 4, 0xe9);
    string_in8(UNCLAIMED_PORT, bytes, 8);
    wrong |= bytes_check("8 bytes from port 0x5000", bytes, 8, 0xff);
    string_in32(UNCLAIMED_PORT, doublewords, 2);
    wrong |= bytes_check("2 doublewords from port 0x5000", (const uint8_t *)doublewords, 8, 0xff);

    port_out8(DEBUG_EXIT_PORT, wrong);
}
