/*
 * Where the labs are, and which one is meant: see lab.h.
 */
#include "lab.h"

#include "base/nearest.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *lab_path(struct text *out, const char *dir, const char *name)
{
    text_clear(out);
    text_addf(out, "%s/%s", dir, name);
    return text_str(out);
}

static bool is_dir(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Installed, this program is PREFIX/bin/ringside and the labs are PREFIX/share/ringside/labs. */
static bool installed_home(struct text *out)
{
    char exe[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
    exe[n < 0 ? 0 : n] = '\0';
    char *slash = strrchr(exe, '/');
    if (!slash)
        return false;
    *slash = '\0';
    return is_dir(lab_path(out, exe, "../share/ringside/labs"));
}

int lab_home(struct text *out, struct err *e)
{
    const char *own = getenv("RINGSIDE_LABS");
    text_clear(out);
    if (own && *own) {
        text_add(out, own);
        return is_dir(own) ? 0 : err_set(e, "%s: no such folder (RINGSIDE_LABS names it)", own);
    }
    if (installed_home(out))
        return 0;
    text_clear(out);
#ifdef RINGSIDE_LABS_DIR
    text_add(out, RINGSIDE_LABS_DIR);
#endif
    if (is_dir(text_str(out)))
        return 0;
    return err_set(e, "the labs are not installed: set RINGSIDE_LABS to the folder that holds them");
}

static bool is_lab(const char *home, const char *name)
{
    struct text dir = {0}, conf = {0};
    bool is = name[0] != '.' && access(lab_path(&conf, lab_path(&dir, home, name), "lab.conf"), F_OK) == 0;
    text_fini(&dir);
    text_fini(&conf);
    return is;
}

int lab_names(const char *home, char ***names, size_t *n, struct err *e)
{
    struct dirent **entry;
    int count = scandir(home, &entry, NULL, alphasort);
    if (count < 0)
        return err_sys(e, errno, "%s", home);
    *n = 0;
    *names = calloc((size_t)count + 1, sizeof **names);
    for (int i = 0; i < count; i++) {
        if (*names && is_lab(home, entry[i]->d_name) && ((*names)[*n] = strdup(entry[i]->d_name)))
            ++*n;
        free(entry[i]);
    }
    free(entry);
    return *names ? 0 : err_sys(e, ENOMEM, "labs");
}

void lab_names_free(char **names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(names[i]);
    free(names);
}

/* 01-first-exit is meant by its name, by 1 or 01, and by first-exit. */
static bool is_meant(const char *name, const char *word)
{
    const char *dash = strchr(name, '-');
    char *end;
    if (strcmp(name, word) == 0)
        return true;
    if (!dash)
        return false;
    bool digits = word[0] && !word[strspn(word, "0123456789")];
    return strcmp(dash + 1, word) == 0 ||
           (digits && strtoul(word, NULL, 10) == strtoul(name, &end, 10) && end == dash);
}

static const char *find_name(char **names, size_t n, const char *word, struct err *e)
{
    const char *best = NULL;
    size_t distance = 0;
    for (size_t i = 0; i < n; i++) {
        const char *dash = strchr(names[i], '-');
        if (is_meant(names[i], word))
            return names[i];
        nearest_offer(word, names[i], &best, &distance);
        if (dash)
            nearest_offer(word, dash + 1, &best, &distance);
    }
    if (best)
        err_set(e, "there is no lab \"%.80s\"; did you mean %s?", word, best);
    else
        err_set(e, "there is no lab \"%.80s\": try ringside lab list", word);
    return NULL;
}

int lab_open(struct lab *lab, const char *home, const char *word, struct err *e)
{
    char **names = NULL;
    size_t n = 0;
    struct text dir = {0};
    *lab = (struct lab){0};
    if (lab_names(home, &names, &n, e) < 0)
        return -1;
    const char *name = find_name(names, n, word, e);
    int rc = name ? 0 : -1;
    if (name) {
        lab->dir = realpath(lab_path(&dir, home, name), NULL);
        lab->name = strdup(name);
        rc = lab->dir && lab->name ? lab_conf_load(lab, e) : err_sys(e, errno, "%s", text_str(&dir));
    }
    text_fini(&dir);
    lab_names_free(names, n);
    if (rc < 0)
        lab_close(lab);
    return rc;
}

void lab_close(struct lab *lab)
{
    free(lab->dir);
    free(lab->name);
    free(lab->conf);
    *lab = (struct lab){0};
}

int lab_name_of(const char *dir, struct text *name, struct err *e)
{
    struct text path = {0};
    int rc = lab_conf_value(lab_path(&path, dir, "lab.conf"), "lab", name, e);
    if (rc < 0 && e->code == ENOENT)
        err_set(e, "%s has no lab.conf, so no lab was started there: ringside lab new NAME starts one", dir);
    else if (rc == 0 && !name->len)
        rc = err_set(e, "%s does not say `lab = NAME`: ringside lab new makes a folder of your own",
                     text_str(&path));
    text_fini(&path);
    return rc;
}

void lab_variant(const struct lab *lab, const char *stem, struct text *out)
{
    text_clear(out);
    text_addf(out, "%s%s", stem, strrchr(lab->source, '.'));
}
