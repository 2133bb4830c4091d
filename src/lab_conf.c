/*
 * Reading lab.conf: lines of `key = value`, comments from # on.  File names in it end up on the command line
 * of a compiler, so they are plain names without a folder and never begin with a dash.
 */
#include "lab.h"
#include "options.h"

#include "base/nearest.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONF_LEN_MAX = 16384, FILE_NAME_MAX = 64 };

static bool is_plain_name(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");
    return n > 0 && n <= FILE_NAME_MAX && !s[n] && s[0] != '-' && s[0] != '.';
}

static int file_name(const char *value, const char **out, struct err *e)
{
    if (!is_plain_name(value))
        return err_set(e, "\"%.80s\" is no plain file name", value);
    *out = value;
    return 0;
}

static int set_title(struct lab *lab, char *value, struct err *e)
{
    (void)e;
    lab->title = value;
    return 0;
}

static int set_source(struct lab *lab, char *value, struct err *e)
{
    if (!strrchr(value, '.'))
        return err_set(e, "\"%.80s\" has no ending: lab.S or lab.c", value);
    return file_name(value, &lab->source, e);
}

static int set_script(struct lab *lab, char *value, struct err *e)
{
    return file_name(value, &lab->script, e);
}

static int set_with(struct lab *lab, char *value, struct err *e)
{
    char *rest = value;
    for (char *word; (word = strsep(&rest, " \t"));) {
        if (!*word)
            continue;
        if (lab->with_count == LAB_FILES_MAX)
            return err_set(e, "more than %d files", LAB_FILES_MAX);
        if (file_name(word, &lab->with[lab->with_count++], e) < 0)
            return -1;
    }
    return 0;
}

static int set_run(struct lab *lab, char *value, struct err *e)
{
    char *rest = value;
    for (char *word; (word = strsep(&rest, " \t"));) {
        if (!*word)
            continue;
        if (lab->run_count == LAB_RUN_MAX)
            return err_set(e, "more than %d words", LAB_RUN_MAX);
        lab->run[lab->run_count++] = word;
    }
    return 0;
}

static int set_build(struct lab *lab, char *value, struct err *e)
{
    if (strcmp(value, "flat") != 0 && strcmp(value, "elf") != 0)
        return err_set(e, "\"%.80s\" is neither flat nor elf", value);
    lab->build = value[0] == 'f' ? LAB_FLAT : LAB_ELF;
    return 0;
}

static int set_at(struct lab *lab, char *value, struct err *e)
{
    return option_number(value, 0, UINT32_MAX, &lab->at, e);
}

/* The name of a folder is the name of its lab; this key is for students' folders. */
static int set_lab(struct lab *lab, char *value, struct err *e)
{
    (void)lab;
    return err_set(e, "this is the folder of a student who works on %.80s, not that of a lab", value);
}

static const struct {
    const char *key;
    int (*set)(struct lab *lab, char *value, struct err *e);
} keys[] = {{"title", set_title}, {"source", set_source}, {"with", set_with}, {"script", set_script},
            {"build", set_build}, {"at", set_at},         {"run", set_run},   {"lab", set_lab}};
enum { KEY_COUNT = sizeof keys / sizeof keys[0] };

static int set_key(struct lab *lab, const char *key, char *value, struct err *e)
{
    const char *best = NULL;
    size_t distance = 0;
    for (size_t i = 0; i < KEY_COUNT; i++) {
        if (strcmp(keys[i].key, key) == 0)
            return keys[i].set(lab, value, e);
        nearest_offer(key, keys[i].key, &best, &distance);
    }
    return err_set(e, "unknown key \"%.40s\"%s%s%s", key, best ? "; did you mean " : "", best ? best : "",
                   best ? "?" : "");
}

/* Cuts blanks at both ends, in place. */
static char *trim(char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    for (size_t n = strlen(s); n && isspace((unsigned char)s[n - 1]); n--)
        s[n - 1] = '\0';
    return s;
}

/* Cuts `key = value` apart in place. Returns 0 for a line without one, 1 for one, -1 for nonsense. */
static int split(char *line, char **key, char **value, struct err *e)
{
    line[strcspn(line, "#")] = '\0';
    char *equals = strchr(line, '=');
    if (!*trim(line))
        return 0;
    if (!equals)
        return err_set(e, "\"%.40s\" is no `key = value`", trim(line));
    *equals = '\0';
    *key = trim(line);
    *value = trim(equals + 1);
    return **value ? 1 : err_set(e, "%.40s has no value", *key);
}

/* The file as a string, malloc'ed. */
static char *read_conf(const char *path, struct err *e)
{
    char *bytes = malloc(CONF_LEN_MAX + 1);
    FILE *f = bytes ? fopen(path, "rbe") : NULL;
    size_t n = f ? fread(bytes, 1, CONF_LEN_MAX + 1, f) : 0;
    bool fine = false;
    if (!f || ferror(f))
        err_sys(e, bytes ? errno : ENOMEM, "%s", path);
    else if (n > CONF_LEN_MAX || memchr(bytes, '\0', n))
        err_set(e, "%s: this is no lab.conf", path);
    else
        fine = true;
    if (f)
        fclose(f);
    if (!fine) {
        free(bytes);
        return NULL;
    }
    bytes[n] = '\0';
    return bytes;
}

static int load_lines(struct lab *lab, char *bytes, struct err *e)
{
    unsigned number = 0;
    char *rest = bytes;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *key = NULL, *value = NULL;
        number++;
        int rc = split(line, &key, &value, e);
        if (rc > 0)
            rc = set_key(lab, key, value, e);
        if (rc < 0)
            return err_wrap(e, "line %u", number);
    }
    if (!lab->title || !lab->source)
        return err_set(e, "%s is missing", lab->title ? "source" : "title");
    return 0;
}

int lab_conf_load(struct lab *lab, struct err *e)
{
    struct text path = {0};
    lab->build = LAB_FLAT;
    lab->at = 0x7c00;
    lab->conf = read_conf(lab_path(&path, lab->dir, "lab.conf"), e);
    int rc = lab->conf ? load_lines(lab, lab->conf, e) : -1;
    if (rc < 0 && lab->conf)
        err_wrap(e, "%s", text_str(&path));
    text_fini(&path);
    return rc;
}

int lab_conf_value(const char *path, const char *wanted, struct text *out, struct err *e)
{
    struct err ignored;
    char *bytes = read_conf(path, e), *rest = bytes;
    if (!bytes)
        return -1;
    text_clear(out);
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *key = NULL, *value = NULL;
        if (split(line, &key, &value, &ignored) > 0 && strcmp(key, wanted) == 0)
            text_add(out, value);
    }
    free(bytes);
    return 0;
}
