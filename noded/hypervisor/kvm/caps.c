#include "config.h"

#include "noded/hypervisor/kvm/caps.h"

#include <string.h>

#include "base/parse.h"

/* The text of an option in the help: from its line to the next line that begins with "-". Several
 * options with the same beginning are several sections. NULL at the end. */
static char *next_section(const char **pos, const char *option)
{
    size_t len = strlen(option);
    const char *line = *pos;

    while (line != NULL && *line != '\0') {
        const char *next = strchr(line, '\n');

        if (strncmp(line, option, len) == 0 && g_ascii_isspace(line[len])) {
            const char *end = line;

            while ((end = strchr(end, '\n')) != NULL && end[1] != '-') {
                end++;
            }
            *pos = end != NULL ? end + 1 : NULL;
            return end != NULL ? g_strndup(line, (gsize)(end - line)) : g_strdup(line);
        }
        line = next != NULL ? next + 1 : NULL;
    }
    return NULL;
}

/* Whether a section of the option has `first`, and `second` behind it. */
static bool option_has(const char *help, const char *option, const char *first, const char *second)
{
    const char *pos = help;

    for (;;) {
        g_autofree char *section = next_section(&pos, option);
        const char *found;

        if (section == NULL) {
            return false;
        }
        found = strstr(section, first);
        if (found != NULL && strstr(found + strlen(first), second) != NULL) {
            return true;
        }
    }
}

/* "NAME   what it is (default)". */
static char *find_default_machine(const char *machines)
{
    g_auto(GStrv) lines = g_strsplit(machines, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        size_t len = strcspn(*line, " \t\r");

        if (len > 0 && strstr(*line + len, "(default)") != NULL) {
            return g_strndup(*line, len);
        }
    }
    return NULL;
}

/* "name "NAME", bus ...". */
static GHashTable *find_devices(const char *devices)
{
    static const char prefix[] = "name \"";
    GHashTable *names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_auto(GStrv) lines = g_strsplit(devices, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        const char *name = *line + strlen(prefix);

        if (g_str_has_prefix(*line, prefix) && strchr(name, '"') != NULL) {
            g_hash_table_add(names, g_strndup(name, strcspn(name, "\"")));
        }
    }
    return names;
}

struct kvm_caps *kvm_caps_parse(const char *help, const char *machines, const char *devices)
{
    struct kvm_caps *caps = g_new0(struct kvm_caps, 1);

    caps->default_machine = find_default_machine(machines);
    caps->devices = find_devices(devices);
    caps->vhost = option_has(help, "-netdev", "tap", ",vhost=on|off");
    caps->queues = option_has(help, "-netdev", "tap", ",fds=x:y:...:z");
    caps->auto_read_only = option_has(help, "-blockdev", "", ",auto-read-only=on|off");
    caps->run_with = option_has(help, "-run-with", "chroot=", "user=");
    caps->no_acpi = option_has(help, "-no-acpi", "", "");
    caps->spice = option_has(help, "-spice", "", "");
    return caps;
}

/* The first "1.2" or "1.2.3" of the first line that stands alone. */
bool kvm_version_parse(const char *help, struct kvm_version *ret)
{
    g_autofree char *line = g_strndup(help, strcspn(help, "\r\n"));
    g_auto(GStrv) words = g_strsplit_set(line, " \t(,)-", -1);

    for (char **word = words; *word != NULL; word++) {
        g_auto(GStrv) parts = g_strsplit(*word, ".", -1);
        guint n = g_strv_length(parts);

        *ret = (struct kvm_version){0};
        if (n >= 2 && parse_int64(parts[0], 0, G_MAXINT, &ret->major, NULL) &&
            parse_int64(parts[1], 0, G_MAXINT, &ret->minor, NULL)) {
            return n == 2 || parse_int64(parts[2], 0, G_MAXINT, &ret->revision, NULL);
        }
    }
    return false;
}

bool kvm_machines_have(const char *machines, const char *machine)
{
    g_auto(GStrv) lines = g_strsplit(machines, "\n", -1);
    size_t len = strlen(machine);

    for (char **line = lines; *line != NULL; line++) {
        if (strncmp(*line, machine, len) == 0 && (*line)[len] == ' ' &&
            strstr(*line + len, "PC") != NULL) {
            return true;
        }
    }
    return false;
}

void kvm_caps_free(struct kvm_caps *caps)
{
    if (caps != NULL) {
        g_free(caps->default_machine);
        g_hash_table_unref(caps->devices);
        g_free(caps);
    }
}

bool kvm_caps_has_device(const struct kvm_caps *caps, const char *device)
{
    return g_hash_table_contains(caps->devices, device);
}
