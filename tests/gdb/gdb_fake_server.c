/*
 * The made-up machine behind a real socket, for a real gdb:
 *
 *   gdb_fake_server real|long
 *
 * prints where it listens and serves until a client ends the guest.
 */
#include "../unit/gdb_behind.h"

int main(int argc, char **argv)
{
    struct behind b;
    struct err e;
    bool real = argc == 2 && strcmp(argv[1], "real") == 0;
    if (!real && (argc != 2 || strcmp(argv[1], "long") != 0))
        return 2;
    if (behind_init(&b, real ? MODE_REAL : MODE_LONG) < 0)
        return 1;
    b.until_killed = true;
    if (real) { /* 07c0:0000 and not 0000:7c00 */
        b.fake.sregs.cs.selector = 0x7c0;
        b.fake.sregs.cs.base = 0x7c00;
        b.fake.regs.rip = 0;
    }
    struct gdb_listener *l = gdb_listen_start("0", b.door, &e);
    if (!l) {
        fprintf(stderr, "%s\n", e.text);
        return 1;
    }
    printf("%s\n", gdb_listen_place(l));
    fflush(stdout);
    behind_serve(&b);
    door_close(b.door);
    gdb_listen_stop(l);
    behind_fini(&b);
    return 0;
}
