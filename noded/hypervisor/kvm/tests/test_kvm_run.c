/* What runs guests of KVM, without a QEMU: the monitor is a thread that plays one. */
#include "config.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/fs-tree.h"
#include "base/json-writer.h"
#include "base/json.h"
#include "base/tests/unit.h"
#include "compat-config/paths/paths.h"
#include "facts/codec.h"
#include "noded/hypervisor/kvm/blockdev-json.h"
#include "noded/hypervisor/kvm/files.h"
#include "noded/hypervisor/kvm/migrate.h"
#include "noded/hypervisor/kvm/process.h"
#include "noded/hypervisor/kvm/qmp-buffer.h"
#include "noded/hypervisor/kvm/qmp.h"

#define GUEST "web1.example.com"
enum { SHORT_MS = 100, LONG_MS = 20 * 1000, MAX_LINE = 4096 };

static char *root;

static void setup(void)
{
    g_autofree char *dir = g_dir_make_tmp("gk-XXXXXX", NULL);

    root = g_build_filename(dir, "n1", NULL);
    g_setenv("GANETI_ROOTDIR", root, TRUE);
    g_setenv("GANETI_HOSTNAME", "n1", TRUE);
    ck_assert(paths_init(NULL));
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_RUN_DIR), 0755), 0);
    ck_assert_int_eq(g_mkdir_with_parents(path_get(PATH_UIDPOOL_LOCKDIR), 0755), 0);
    ck_assert(kvm_files_prepare(NULL));
}

static void teardown(void)
{
    g_autofree char *dir = g_path_get_dirname(root);

    ck_assert(fs_remove_tree(dir, NULL));
    g_free(root);
}

/* --- A monitor that answers from a list ----------------------------------------------------------
 */

static const char greeting[] =
    "{\"timestamp\": {}, \"event\": \"EARLY\"}\r\n"
    "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 1, \"minor\": 2, \"major\": 7}, "
    "\"package\": \"x\"}, \"capabilities\": []}}\r\n";

struct monitor {
    int listener;
    const char *const *answers; /* to each line that comes */
    GString *heard;
    GThread *thread;
    int received_fd;
};

static ssize_t receive(int fd, char *bytes, size_t len, int *ret_fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    struct iovec part = {.iov_base = bytes, .iov_len = len};
    struct msghdr header = {.msg_iov = &part,
                            .msg_iovlen = 1,
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    ssize_t n = recvmsg(fd, &header, 0);
    const struct cmsghdr *cmsg = n > 0 ? CMSG_FIRSTHDR(&header) : NULL;

    if (cmsg != NULL && cmsg->cmsg_type == SCM_RIGHTS) {
        memcpy(ret_fd, CMSG_DATA(cmsg), sizeof(int));
    }
    return n;
}

static void *play(void *user)
{
    struct monitor *monitor = user;
    int fd = accept(monitor->listener, NULL, NULL);
    char line[MAX_LINE];
    ssize_t n;

    (void)!write(fd, greeting, strlen(greeting));
    for (const char *const *answer = monitor->answers; *answer != NULL; answer++) {
        n = receive(fd, line, sizeof(line), &monitor->received_fd);
        if (n <= 0) {
            break;
        }
        g_string_append_len(monitor->heard, line, n);
        (void)!write(fd, *answer, strlen(*answer));
    }
    /* Until the other side has had enough. */
    while (receive(fd, line, sizeof(line), &monitor->received_fd) > 0) {
    }
    (void)close(fd);
    return NULL;
}

static void monitor_start(struct monitor *monitor, const char *const *answers)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *monitor = (struct monitor){.answers = answers, .heard = g_string_new(NULL), .received_fd = -1};
    monitor->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    (void)g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/" GUEST ".qmp",
                     path_get(PATH_KVM_CTRL_DIR));
    (void)g_unlink(address.sun_path);
    ck_assert_int_eq(bind(monitor->listener, (struct sockaddr *)&address, sizeof(address)), 0);
    ck_assert_int_eq(listen(monitor->listener, 1), 0);
    monitor->thread = g_thread_new("monitor", play, monitor);
}

static void monitor_end(struct monitor *monitor)
{
    (void)g_thread_join(monitor->thread);
    (void)close(monitor->listener);
    g_string_free(monitor->heard, TRUE);
}

START_TEST(commands_are_answered)
{
    static const char *const answers[] = {
        "{\"return\": {}}\r\n", "{\"event\": \"X\", \"data\": {}}\r\n{\"return\": [1, 2]}\r\n",
        NULL};
    struct monitor monitor;
    struct qmp *qmp;
    struct json *args = json_new_object(), *value = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    monitor_start(&monitor, answers);
    qmp = qmp_open(GUEST, LONG_MS, &error);
    ck_assert_msg(qmp != NULL, "%s", error != NULL ? error->message : "");
    ck_assert(qmp_is_at_least(qmp, 7, 2));
    ck_assert(qmp_is_at_least(qmp, 6, 9));
    ck_assert(!qmp_is_at_least(qmp, 7, 3));
    ck_assert(!qmp_is_at_least(qmp, 9, 0));
    json_set(args, "value", json_new_int(7));
    ck_assert(qmp_call(qmp, "balloon", args, &value, NULL));
    text = json_to_string(value, JSON_COMPACT);
    ck_assert_str_eq(text, "[1,2]");
    json_unref(value);
    qmp_close(qmp);
    (void)g_thread_join(g_thread_ref(monitor.thread));
    ck_assert_str_eq(monitor.heard->str,
                     "{\"execute\": \"qmp_capabilities\"}\n"
                     "{\"execute\": \"balloon\", \"arguments\": {\"value\": 7}}\n");
    g_thread_unref(monitor.thread);
    (void)close(monitor.listener);
    g_string_free(monitor.heard, TRUE);
}
END_TEST

START_TEST(refusals_say_what_and_why)
{
    static const char *const answers[] = {
        "{\"return\": {}}\r\n",
        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such device\"}}\r\n", NULL};
    struct monitor monitor;
    struct qmp *qmp;
    g_autoptr(GError) error = NULL;

    monitor_start(&monitor, answers);
    qmp = qmp_open(GUEST, LONG_MS, NULL);
    ck_assert(!qmp_call(qmp, "device_del", NULL, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, GUEST));
    ck_assert_ptr_nonnull(strstr(error->message, "device_del"));
    ck_assert_ptr_nonnull(strstr(error->message, "no such device"));
    qmp_close(qmp);
    monitor_end(&monitor);
}
END_TEST

START_TEST(descriptors_go_with_a_command)
{
    static const char *const answers[] = {"{\"return\": {}}\r\n",
                                          "{\"return\": {\"fdset-id\": 3}}\r\n", NULL};
    struct monitor monitor;
    struct qmp *qmp;
    int pipes[2];
    char byte = 0;

    ck_assert_int_eq(pipe(pipes), 0);
    monitor_start(&monitor, answers);
    qmp = qmp_open(GUEST, LONG_MS, NULL);
    ck_assert(qmp_call_with_fd(qmp, "add-fd", NULL, pipes[1], NULL, NULL));
    (void)close(pipes[1]);
    ck_assert_int_ge(monitor.received_fd, 0);
    ck_assert_int_eq(write(monitor.received_fd, "y", 1), 1);
    ck_assert_int_eq(read(pipes[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'y');
    (void)close(monitor.received_fd);
    (void)close(pipes[0]);
    qmp_close(qmp);
    monitor_end(&monitor);
}
END_TEST

START_TEST(events_are_kept_for_who_waits)
{
    static const char *const answers[] = {
        "{\"return\": {}}\r\n",
        "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"other\"}}\r\n"
        "{\"event\": \"DEVICE_DELETED\", \"data\": {\"path\": \"/x/virtio-backend\"}}\r\n"
        "{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"nic-1\"}}\r\n"
        "{\"return\": {}}\r\n",
        NULL};
    static const char *const names[] = {"NEVER", "DEVICE_DELETED"};
    struct monitor monitor;
    struct qmp *qmp;

    monitor_start(&monitor, answers);
    qmp = qmp_open(GUEST, LONG_MS, NULL);
    ck_assert(qmp_call(qmp, "device_del", NULL, NULL, NULL));
    ck_assert_int_eq(qmp_wait_event(qmp, names, 2, "nic-1", LONG_MS), 1);
    ck_assert_int_eq(qmp_wait_event(qmp, names, 2, "nic-1", SHORT_MS), -1);
    qmp_close(qmp);
    monitor_end(&monitor);
}
END_TEST

START_TEST(a_monitor_that_hangs_is_given_up)
{
    static const char *const answers[] = {"{\"return\": {}}\r\n", "", NULL};
    struct monitor monitor;
    struct qmp *qmp;
    g_autoptr(GError) error = NULL;

    monitor_start(&monitor, answers);
    qmp = qmp_open(GUEST, SHORT_MS, NULL);
    ck_assert(!qmp_call(qmp, "query-status", NULL, NULL, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "in time"));
    qmp_close(qmp);
    monitor_end(&monitor);
    g_clear_error(&error);
    ck_assert_ptr_null(qmp_open("nobody.example.com", SHORT_MS, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "nobody.example.com"));
}
END_TEST

START_TEST(messages_come_in_pieces)
{
    struct qmp_buffer *buffer = qmp_buffer_new();
    struct json *message;
    g_autoptr(GError) error = NULL;

    qmp_buffer_add(buffer, "\r\n{\"a\"", 6);
    ck_assert_ptr_null(qmp_buffer_next(buffer, NULL));
    qmp_buffer_add(buffer, ": 1}\r\n{\"b\": 2}\n", 15);
    message = qmp_buffer_next(buffer, NULL);
    ck_assert_int_eq(json_int(json_get(message, "a")), 1);
    json_unref(message);
    message = qmp_buffer_next(buffer, NULL);
    ck_assert_int_eq(json_int(json_get(message, "b")), 2);
    json_unref(message);
    ck_assert_ptr_null(qmp_buffer_next(buffer, &error));
    ck_assert_ptr_null(error);
    qmp_buffer_add(buffer, "[1]\n", 4);
    ck_assert_ptr_null(qmp_buffer_next(buffer, &error));
    ck_assert_ptr_nonnull(error);
    qmp_buffer_free(buffer);
}
END_TEST

/* --- Migration ----------------------------------------------------------------------------------
 */

static const char value_caps[] = "xbzrle:postcopy-ram";

static struct instance *migrating(void)
{
    struct instance *instance = fact_object_new(&fact_object_instance);
    struct fact_value *slot;

    instance->name = g_strdup(GUEST);
    slot = fact_dict_add(&type_value_map, &instance->hvparams, "migration_caps");
    slot->kind = JSON_STRING;
    slot->text = g_strdup(value_caps);
    return instance;
}

START_TEST(migration_moves_to_postcopy)
{
    static const char *const answers[] = {
        "{\"return\": {}}\r\n", "{\"return\": {\"status\": \"setup\"}}\r\n",
        "{\"return\": {\"status\": \"active\", \"ram\": {\"transferred\": 5, \"total\": 9, "
        "\"dirty-sync-count\": 2}}}\r\n",
        "{\"return\": {}}\r\n", NULL};
    struct monitor monitor;
    struct instance *instance = migrating();
    struct hv_migration status;

    monitor_start(&monitor, answers);
    ck_assert(kvm_migration_status(instance, &status, NULL));
    ck_assert_str_eq(status.status, "active");
    ck_assert_int_eq(status.transferred_ram, 5);
    ck_assert_int_eq(status.total_ram, 9);
    ck_assert(status.postcopy);
    (void)g_thread_join(g_thread_ref(monitor.thread));
    ck_assert_ptr_nonnull(strstr(monitor.heard->str, "migrate-start-postcopy"));
    g_thread_unref(monitor.thread);
    (void)close(monitor.listener);
    g_string_free(monitor.heard, TRUE);
    fact_object_free(&fact_object_instance, instance);
}
END_TEST

/* --- Processes, files ---------------------------------------------------------------------------
 */

START_TEST(command_lines_tell_the_guest)
{
    static const char plain[] = "/usr/bin/kvm\0-name\0web1\0-m\0"
                                "512\0-smp\0"
                                "2,cores=2\0-S\0";
    static const char later[] = "qemu\0-name\0web1,debug-threads=on\0";
    static const char odd[] = "qemu\0-m\0-name\0-smp\0x\0-name";
    struct kvm_cmdline found;

    kvm_cmdline_parse(plain, sizeof(plain) - 1, &found);
    ck_assert_str_eq(found.name, "web1");
    ck_assert_int_eq(found.memory, 512);
    ck_assert_int_eq(found.vcpus, 2);
    kvm_cmdline_clear(&found);
    kvm_cmdline_parse(later, sizeof(later) - 1, &found);
    ck_assert_str_eq(found.name, "web1");
    kvm_cmdline_clear(&found);
    kvm_cmdline_parse(odd, sizeof(odd) - 1, &found);
    ck_assert_ptr_null(found.name);
    ck_assert_int_eq(found.memory, 0);
    kvm_cmdline_clear(&found);
}
END_TEST

/* A pid that is another program's now is not the guest. */
START_TEST(stale_pid_files_are_no_guests)
{
    g_autofree char *path = g_build_filename(path_get(PATH_KVM_PIDS_DIR), GUEST, NULL);
    g_autofree char *text = g_strdup_printf("%d\n", (int)getpid());
    pid_t pid = -1;

    ck_assert(kvm_process_find(GUEST, &pid, NULL, NULL));
    ck_assert_int_eq(pid, 0);
    ck_assert(g_file_set_contents(path, text, -1, NULL));
    ck_assert(kvm_process_find(GUEST, &pid, NULL, NULL));
    ck_assert_int_eq(pid, 0);
    ck_assert(g_file_set_contents(path, "nonsense", -1, NULL));
    ck_assert(kvm_process_find(GUEST, &pid, NULL, NULL));
    ck_assert_int_eq(pid, 0);
    ck_assert(kvm_process_kill(GUEST, NULL));
    ck_assert(!kvm_process_find("../x", &pid, NULL, NULL));
}
END_TEST

START_TEST(a_guest_leaves_nothing)
{
    g_autofree char *uid = g_build_filename(path_get(PATH_UIDPOOL_LOCKDIR), "4000", NULL);
    g_autofree char *nic = NULL;
    g_autoptr(GPtrArray) guests = NULL;

    ck_assert(kvm_files_write_runtime(GUEST, "[]", NULL));
    ck_assert(kvm_files_write_nic(GUEST, 1, "tap7", NULL));
    ck_assert(kvm_files_write_uid(GUEST, 4000, NULL));
    ck_assert(kvm_files_make_chroot(GUEST, NULL));
    ck_assert(g_file_set_contents(uid, "", -1, NULL));
    nic = kvm_files_read_nic(GUEST, 1);
    ck_assert_str_eq(nic, "tap7");
    guests = kvm_files_guests(NULL);
    ck_assert_uint_eq(guests->len, 1);
    ck_assert_str_eq(guests->pdata[0], GUEST);
    ck_assert(kvm_files_remove(GUEST, NULL));
    g_clear_pointer(&guests, g_ptr_array_unref);
    guests = kvm_files_guests(NULL);
    ck_assert_uint_eq(guests->len, 0);
    ck_assert_ptr_null(kvm_files_read_nic(GUEST, 1));
    ck_assert(!g_file_test(uid, G_FILE_TEST_EXISTS));
    ck_assert(kvm_files_remove(GUEST, NULL));
    ck_assert(!kvm_files_write_runtime("a/b", "[]", NULL));
}
END_TEST

START_TEST(files_in_a_guests_folder_are_kept_for_investigation)
{
    const char *quarantine = path_get(PATH_KVM_CHROOT_QUARANTINE_DIR);
    g_autofree char *file =
        g_build_filename(path_get(PATH_KVM_CHROOT_DIR), GUEST, "surprise", NULL);
    g_autoptr(GDir) dir = NULL;
    const char *name;

    ck_assert(kvm_files_make_chroot(GUEST, NULL));
    ck_assert(g_file_set_contents(file, "x", -1, NULL));
    ck_assert(kvm_files_remove(GUEST, NULL));
    ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
    dir = g_dir_open(quarantine, 0, NULL);
    name = g_dir_read_name(dir);
    ck_assert(name != NULL && g_str_has_prefix(name, GUEST));
}
END_TEST

START_TEST(block_devices_as_json)
{
    static const struct {
        const char *flat, *json;
    } rows[] = {
        {"driver=raw,node-name=disk-1,cache.direct=on,cache.no-flush=off,file.driver=file,"
         "file.filename=/srv/d",
         "{\"driver\":\"raw\",\"node-name\":\"disk-1\",\"cache\":{\"direct\":true,\"no-flush\":"
         "false},\"file\":{\"driver\":\"file\",\"filename\":\"/srv/d\"}}"},
        {"driver=raw,file.driver=gluster,file.server.0.host=h,file.server.0.port=24007",
         "{\"driver\":\"raw\",\"file\":{\"driver\":\"gluster\",\"server\":[{\"host\":\"h\","
         "\"port\":"
         "\"24007\"}]}}"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct json *json = kvm_blockdev_to_json(rows[i].flat);
        g_autofree char *text = json_to_string(json, JSON_COMPACT);

        ck_assert_str_eq(text, rows[i].json);
        json_unref(json);
    }
}
END_TEST

UNIT_MAIN_FIXTURE("kvm-run", setup, teardown, commands_are_answered, refusals_say_what_and_why,
                  descriptors_go_with_a_command, events_are_kept_for_who_waits,
                  a_monitor_that_hangs_is_given_up, messages_come_in_pieces,
                  migration_moves_to_postcopy, command_lines_tell_the_guest,
                  stale_pid_files_are_no_guests, a_guest_leaves_nothing,
                  files_in_a_guests_folder_are_kept_for_investigation, block_devices_as_json)
