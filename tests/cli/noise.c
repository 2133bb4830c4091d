/*
 * Random bytes that are the same everywhere: `noise SEED LENGTH` writes them to stdout (Marsaglia's
 * xorshift64).
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    uint64_t state = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15u + 1;
    for (unsigned long n = strtoul(argv[2], NULL, 0); n > 0; n--) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        putchar((int)(state >> 32 & 0xff));
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
