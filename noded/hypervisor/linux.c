#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cmd.h"
#include "base/fs.h"
#include "base/parse.h"
#include "facts/codec.h"
#include "noded/hypervisor/hv-common.h"

enum {
    /* /proc/cpuinfo of a thousand processors has some 2 MB. */
    MAX_PROC_FILE = 16 * 1024 * 1024,
    KIB_PER_MIB = 1024,
};

/* "MemTotal:  16384 kB" -> MiB. */
static bool parse_kib(const char *text, int64_t *ret_mib, GError **errp)
{
    g_autofree char *word = g_strdup(text);
    int64_t kib;

    g_strchug(word);
    word[strcspn(word, " \t")] = '\0';
    if (!parse_int64(word, 0, INT64_MAX, &kib, errp)) {
        g_prefix_error(errp, "cannot compute the memory of the node: ");
        return false;
    }
    *ret_mib = kib / KIB_PER_MIB;
    return true;
}

/* A line "processor : 7" (blanks as they come). */
static bool is_processor(const char *line)
{
    static const char word[] = "processor";

    if (!g_str_has_prefix(line, word)) {
        return false;
    }
    line += strlen(word);
    line += strspn(line, " \t");
    if (*line++ != ':') {
        return false;
    }
    line += strspn(line, " \t");
    if (!g_ascii_isdigit(*line)) {
        return false;
    }
    line += strspn(line, "0123456789");
    return line[strspn(line, " \t")] == '\0';
}

static void set_processors(struct node_hv_info *info, int64_t n)
{
    info->cpu_total = n;
    info->has.cpu_total = true;
    info->cpu_dom0 = n;
    info->has.cpu_dom0 = true;
    info->cpu_nodes = 1;
    info->has.cpu_nodes = true;
    info->cpu_sockets = 1;
    info->has.cpu_sockets = true;
}

bool hv_linux_node_info_parse(const char *meminfo, const char *cpuinfo, struct node_hv_info *ret,
                              GError **errp)
{
    static const char total[] = "MemTotal:", available[] = "MemAvailable:";
    g_auto(GStrv) mem_lines = g_strsplit(meminfo, "\n", -1);
    g_auto(GStrv) cpu_lines = g_strsplit(cpuinfo, "\n", -1);
    int64_t n_cpus = 0;

    for (char **line = mem_lines; *line != NULL; line++) {
        if (g_str_has_prefix(*line, total)) {
            ret->has.memory_total = true;
            if (!parse_kib(*line + strlen(total), &ret->memory_total, errp)) {
                return false;
            }
        } else if (g_str_has_prefix(*line, available)) {
            ret->has.memory_free = true;
            if (!parse_kib(*line + strlen(available), &ret->memory_free, errp)) {
                return false;
            }
        }
    }
    if (!ret->has.memory_total || !ret->has.memory_free) {
        return hv_fail(errp, "cannot compute the memory of the node: /proc/meminfo has no %s line",
                       ret->has.memory_total ? available : total);
    }
    ret->memory_dom0 = ret->memory_total - ret->memory_free;
    ret->has.memory_dom0 = true;
    for (char **line = cpu_lines; *line != NULL; line++) {
        n_cpus += is_processor(*line);
    }
    set_processors(ret, n_cpus);
    return true;
}

bool hv_linux_node_info(struct node_hv_info *ret, GError **errp)
{
    g_autofree char *meminfo = fs_read_file("/proc/meminfo", MAX_PROC_FILE, NULL, errp);
    g_autofree char *cpuinfo = NULL;

    if (meminfo != NULL) {
        cpuinfo = fs_read_file("/proc/cpuinfo", MAX_PROC_FILE, NULL, errp);
    }
    return cpuinfo != NULL && hv_linux_node_info_parse(meminfo, cpuinfo, ret, errp);
}

/* By the kernel's own trigger, which needs no disk; else by the program. */
bool hv_linux_powercycle(const struct value_map *hvparams, GError **errp)
{
    static const char trigger[] = "/proc/sysrq-trigger";
    CLEANUP(cmd_freep) struct cmd *cmd = cmd_new("reboot", "-n", "-f", NULL);
    g_autoptr(GError) error = NULL;
    int fd = open(trigger, O_WRONLY | O_CLOEXEC);
    bool done = false;

    (void)hvparams;
    if (fd >= 0) {
        done = fs_write_fd(fd, trigger, "b", 1, &error);
        (void)close(fd);
    }
    return done || cmd_check(cmd, NULL, errp);
}
