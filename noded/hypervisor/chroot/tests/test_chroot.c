#include "config.h"

#include "base/tests/unit.h"
#include "noded/hypervisor/chroot/mounts.h"

START_TEST(mounts_of_a_guest_only)
{
    static const char text[] = "proc /proc proc rw 0 0\n"
                               "/dev/a /run/chroot/web1 ext4 rw 0 0\n"
                               "proc /run/chroot/web1/proc proc rw 0 0\n"
                               "x /run/chroot/web1/a\\040b/c/d tmpfs rw 0 0\n"
                               "x /run/chroot/web1/a\\040b tmpfs rw 0 0\n"
                               "x /run/chroot/web10/proc proc rw 0 0\n"
                               "broken\n\n";
    g_autoptr(GPtrArray) found = chroot_mounts_below(text, "/run/chroot/web1");

    ck_assert_uint_eq(found->len, 3);
    ck_assert_str_eq(found->pdata[0], "/run/chroot/web1/a b/c/d");
    ck_assert_str_eq(found->pdata[1], "/run/chroot/web1/proc");
    ck_assert_str_eq(found->pdata[2], "/run/chroot/web1/a b");
}
END_TEST

UNIT_MAIN("chroot", mounts_of_a_guest_only)
