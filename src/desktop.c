/*
 * Showing a file on the desktop: xdg-open knows which program the user has chosen for it (freedesktop.org,
 * xdg-utils).  It may stay as long as that program's window is open, so it is started in a session of its own
 * and not waited for.
 */
#include "desktop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

static bool is_set(const char *name)
{
    const char *value = getenv(name);
    return value && *value;
}

/* It has nothing to say to our terminal. */
static int start(const char *path)
{
    char program[] = "xdg-open";
    char *words[] = {program, (char *)path, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    pid_t pid;
    int code = posix_spawn_file_actions_init(&files);
    if (code)
        return code;
    code = posix_spawnattr_init(&attr);
    if (code) {
        posix_spawn_file_actions_destroy(&files);
        return code;
    }
    code = posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID);
    for (int fd = STDIN_FILENO; code == 0 && fd <= STDERR_FILENO; fd++)
        code = posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
    if (code == 0)
        code = posix_spawnp(&pid, program, &files, &attr, words, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return code;
}

int desktop_open(const char *path, struct err *e)
{
    if (!is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY"))
        return err_set(e, "there is no desktop here (neither DISPLAY nor WAYLAND_DISPLAY is set)");
    /* A name that begins with a dash would be taken for an option. */
    struct text whole = {0};
    text_addf(&whole, "%s%s", *path == '/' ? "" : "./", path);
    int code = start(text_str(&whole));
    text_fini(&whole);
    return code ? err_sys(e, code, "xdg-open") : 0;
}

int desktop_temp(const char *name, struct text *path, struct err *e)
{
    text_addf(path, "%s/ringside-%s-XXXXXX.svg", is_set("TMPDIR") ? getenv("TMPDIR") : "/tmp", name);
    if (path->failed)
        return err_sys(e, ENOMEM, "temporary file");
    int fd = mkstemps(path->buf, (int)strlen(".svg"));
    if (fd < 0)
        return err_sys(e, errno, "%s", text_str(path));
    close(fd);
    return 0;
}

/* ---- where the documents are --------------------------------------------------------------------- */

static bool has_page(const char *dir, const char *below, char real[PATH_MAX])
{
    struct text path = {0};
    text_addf(&path, "%s%s/exits.md", dir, below);
    bool there = realpath(text_str(&path), real) != NULL;
    text_fini(&path);
    return there;
}

/* Installed, this program is PREFIX/bin/ringside and the documents are PREFIX/share/doc/ringside. */
static bool page_find(char real[PATH_MAX])
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n < 0 ? 0 : n] = '\0';
    char *slash = strrchr(exe, '/');
    if (slash) {
        *slash = '\0';
        if (has_page(exe, "/../share/doc/ringside", real))
            return true;
    }
#ifdef RINGSIDE_DOCS_DIR
    return has_page(RINGSIDE_DOCS_DIR, "", real);
#else
    return false;
#endif
}

void desktop_docs(struct text *url)
{
    char page[PATH_MAX];
    if (!page_find(page))
        return;
    *strrchr(page, '/') = '\0';
    text_add(url, "file://");
    for (const char *p = page; *p; p++)
        if (strchr("%?#", *p))
            text_addf(url, "%%%02X", (unsigned char)*p);
        else
            text_addc(url, *p);
}
