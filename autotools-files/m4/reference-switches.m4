# GANTRY_REFERENCE_SWITCHES: the reference's configure switches that decide paths, users and defaults. Each becomes a
# GANTRY_CFG_* define in config.h, which facts/ alone reads. Defaults are Debian's layout, so that a plain ./configure
# fits beside Debian's packages.

# GANTRY_CFG(NAME, VALUE, WHAT): a string define; $-variables in the value are expanded until none is left.
AC_DEFUN([GANTRY_CFG], [
  gantry_value="$2"
  while case "$gantry_value" in *'$'*) :;; *) false;; esac; do
    eval "gantry_value=\"$gantry_value\""
  done
  AC_DEFINE_UNQUOTED([GANTRY_CFG_$1], ["$gantry_value"], [$3])
])

# GANTRY_WITH(SWITCH, NAME, DEFAULT, WHAT): --with-SWITCH=VALUE becomes GANTRY_CFG_NAME.
AC_DEFUN([GANTRY_WITH], [
  AC_ARG_WITH([$1], [AS_HELP_STRING([--with-$1=VALUE], [$4 (default: $3)])],
    [AS_CASE(["$withval"], [yes|no], [AC_MSG_ERROR([--with-$1 needs a value])])],
    [AS_VAR_SET([with_]m4_translit([$1], [-], [_]), ["$3"])])
  GANTRY_CFG([$2], [$with_]m4_translit([$1], [-], [_]), [$4])
])

# GANTRY_ENABLE(SWITCH, NAME, DEFAULT, WHEN-YES, WHEN-NO, WHAT): --enable-SWITCH; the define's value is C text.
AC_DEFUN([GANTRY_ENABLE], [
  AC_ARG_ENABLE([$1], [AS_HELP_STRING([--enable-$1], [$6 (default: $3)])],
    [AS_CASE(["$enableval"], [yes|no], [], [AC_MSG_ERROR([--enable-$1 is yes or no])])],
    [AS_VAR_SET([enable_]m4_translit([$1], [-], [_]), [$3])])
  AS_IF([test "x$enable_]m4_translit([$1], [-], [_])[" = xyes],
    [AC_DEFINE([GANTRY_CFG_$2], [$4], [$6])],
    [AC_DEFINE([GANTRY_CFG_$2], [$5], [$6])])
])

# A daemon's user or group: prefixed, or the default one.
AC_DEFUN([GANTRY_USER], [GANTRY_CFG([$1_USER], [$2], [user of ]m4_tolower([$1]))])
AC_DEFUN([GANTRY_GROUP], [GANTRY_CFG([$1_GROUP], [$2], [group of ]m4_tolower([$1]))])

AC_DEFUN([GANTRY_PREFIX_SWITCH], [
  AC_ARG_WITH([$1-prefix],
    [AS_HELP_STRING([--with-$1-prefix=PREFIX],
      [prefix of the daemons' $1s; --without-$1-prefix: all are the default $1 (default: gnt-)])],
    [AS_CASE(["$withval"], [yes], [AC_MSG_ERROR([--with-$1-prefix needs a value])])],
    [with_$1_prefix=gnt-])
])

AC_DEFUN([GANTRY_REFERENCE_SWITCHES], [
  # Debian's layout: what is meant by an untouched prefix, and /etc and /var with the prefix /usr.
  AC_PREFIX_DEFAULT([/usr])
  AS_IF([test "x$prefix" = xNONE], [prefix=/usr])
  AS_IF([test "x$exec_prefix" = xNONE], [exec_prefix='${prefix}'])
  AS_IF([test "x$prefix" = x/usr],
    [AS_IF([test "x$sysconfdir" = 'x${prefix}/etc'], [sysconfdir=/etc])
     AS_IF([test "x$localstatedir" = 'x${prefix}/var'], [localstatedir=/var])])

  # The directory version: what `gnt-cluster upgrade --to` is given and the two links in sysconfdir point to.
  GANTRY_WITH([dir-version], [DIR_VERSION], [3.1-gantry], [name of the versioned directories])
  AC_SUBST([DIR_VERSION], ["$with_dir_version"])
  AC_SUBST([pkglibdir], ['${libdir}/ganeti'])
  AC_SUBST([pkgdatadir], ['${datarootdir}/ganeti'])
  AC_SUBST([versionedlibdir], ['${pkglibdir}/$(DIR_VERSION)'])
  AC_SUBST([versionedsharedir], ['${pkgdatadir}/$(DIR_VERSION)'])
  AC_ARG_ENABLE([symlinks],
    [AS_HELP_STRING([--enable-symlinks], [installing makes the links in sysconfdir point to this version
      (default: only where there are none)])])
  AC_SUBST([INSTALL_SYMLINKS], [${enable_symlinks:-no}])
  GANTRY_CFG([SYSCONFDIR], [$sysconfdir], [directory of configuration files])
  GANTRY_CFG([LOCALSTATEDIR], [$localstatedir], [directory of changing files])
  GANTRY_CFG([SBINDIR], [$sbindir], [directory of administrators' programs])
  GANTRY_CFG([BINDIR], [$bindir], [directory of programs])
  GANTRY_CFG([PKGLIBDIR], [$libdir/ganeti], [directory of unversioned helpers])
  GANTRY_CFG([TOOLSDIR], [$libdir/ganeti/tools], [directory of unversioned tools])
  GANTRY_CFG([SHAREDIR], [$datarootdir/ganeti], [directory of unversioned shared files])
  GANTRY_CFG([VERSIONEDLIBDIR], [$libdir/ganeti/$with_dir_version], [directory of this version's programs])
  GANTRY_CFG([VERSIONEDSHAREDIR], [$datarootdir/ganeti/$with_dir_version], [directory of this version's shared files])

  # Directories.
  GANTRY_WITH([export-dir], [EXPORT_DIR], [$localstatedir/lib/ganeti/export], [where exports go])
  GANTRY_WITH([backup-dir], [BACKUP_DIR], [$localstatedir/backups], [where upgrades save the configuration])
  GANTRY_WITH([ssh-config-dir], [SSH_CONFIG_DIR], [$sysconfdir/ssh], [directory of the SSH host keys])
  GANTRY_WITH([xen-config-dir], [XEN_CONFIG_DIR], [$sysconfdir/xen], [directory of Xen's configuration])
  AC_SUBST([xenconfdir], ["$with_xen_config_dir"])
  GANTRY_WITH([os-search-path], [OS_SEARCH_PATH],
    [/srv/ganeti/os,/usr/local/lib/ganeti/os,/usr/lib/ganeti/os,/usr/share/ganeti/os],
    [comma-separated directories of OS definitions])
  GANTRY_WITH([extstorage-search-path], [ES_SEARCH_PATH],
    [/srv/ganeti/extstorage,/usr/local/lib/ganeti/extstorage,/usr/lib/ganeti/extstorage,/usr/share/ganeti/extstorage],
    [comma-separated directories of storage providers])
  GANTRY_WITH([iallocator-search-path], [IALLOCATOR_SEARCH_PATH],
    [/usr/local/lib/ganeti/iallocators,$libdir/ganeti/iallocators],
    [comma-separated directories of instance allocators])

  # Defaults of a new cluster.
  GANTRY_WITH([default-vg], [DEFAULT_VG], [xenvg], [volume group])
  GANTRY_WITH([default-bridge], [DEFAULT_BRIDGE], [xen-br0], [bridge])
  AC_ARG_WITH([lvm-stripecount],
    [AS_HELP_STRING([--with-lvm-stripecount=NUM], [number of stripes of logical volumes (default: 1)])],
    [AS_CASE(["$withval"], [''|*@<:@!0-9@:>@*], [AC_MSG_ERROR([--with-lvm-stripecount needs a number])])],
    [with_lvm_stripecount=1])
  AC_DEFINE_UNQUOTED([GANTRY_CFG_LVM_STRIPECOUNT], [$with_lvm_stripecount], [number of stripes of logical volumes])
  GANTRY_WITH([xen-bootloader], [XEN_BOOTLOADER], [], [boot loader of Xen guests])
  GANTRY_WITH([xen-kernel], [XEN_KERNEL], [/boot/vmlinuz-3-xenU], [kernel of Xen guests])
  GANTRY_WITH([xen-initrd], [XEN_INITRD], [/boot/initrd-3-xenU], [initrd of Xen guests])
  GANTRY_WITH([kvm-kernel], [KVM_KERNEL], [/boot/vmlinuz-3-kvmU], [kernel of KVM guests])
  GANTRY_WITH([kvm-path], [KVM_PATH], [/usr/bin/kvm], [the kvm program])
  GANTRY_WITH([disk-separator], [DISK_SEPARATOR], [:], [stands between a disk and its index])
  GANTRY_ENABLE([drbd-barriers], [DRBD_BARRIERS], [yes], ["n"], ["bf"], [DRBD uses barriers by default])
  AS_IF([test "x$enable_drbd_barriers" = xyes],
    [AC_DEFINE([GANTRY_CFG_DRBD_NO_META_FLUSH], [false], [DRBD does not flush its metadata by default])],
    [AC_DEFINE([GANTRY_CFG_DRBD_NO_META_FLUSH], [true], [DRBD does not flush its metadata by default])])

  # Programs that are called; not looked for, since the building machine is not the running one.
  GANTRY_WITH([socat-path], [SOCAT_PATH], [/usr/bin/socat], [the socat program])
  GANTRY_WITH([qemuimg-path], [QEMUIMG_PATH], [/usr/bin/qemu-img], [the qemu-img program])
  GANTRY_WITH([ip-path], [IP_PATH], [/usr/bin/ip], [the ip program])
  GANTRY_ENABLE([socat-escape], [SOCAT_USE_ESCAPE], [yes], [true], [false], [socat knows the option escape])
  GANTRY_ENABLE([socat-compress], [SOCAT_USE_COMPRESS], [yes], [true], [false], [socat can switch compression off])

  # SSH, users, daemons.
  GANTRY_WITH([sshd-restart-command], [SSHD_RESTART_COMMAND], [/usr/sbin/service ssh restart], [restarts sshd])
  GANTRY_WITH([ssh-login-user], [SSH_LOGIN_USER], [root], [user of logins between nodes])
  GANTRY_WITH([ssh-console-user], [SSH_CONSOLE_USER], [root], [user of logins for consoles])
  GANTRY_WITH([default-user], [DEFAULT_USER], [root], [user of daemons without one of their own])
  GANTRY_WITH([default-group], [DEFAULT_GROUP], [root], [group of daemons without one of their own])

  GANTRY_PREFIX_SWITCH([user])
  for gantry_name in masterd metad rapi confd; do
    AS_IF([test "x$with_user_prefix" = xno], [gantry_value="$with_default_user"],
      [gantry_value="$with_user_prefix$gantry_name"])
    AS_VAR_SET([gantry_user_$gantry_name], ["$gantry_value"])
  done
  GANTRY_USER([MASTERD], [$gantry_user_masterd])
  GANTRY_USER([WCONFD], [$gantry_user_masterd])
  GANTRY_USER([LUXID], [$gantry_user_masterd])
  GANTRY_USER([METAD], [$gantry_user_metad])
  GANTRY_USER([RAPI], [$gantry_user_rapi])
  GANTRY_USER([CONFD], [$gantry_user_confd])
  GANTRY_USER([KVMD], [$with_default_user])
  GANTRY_USER([NODED], [$with_default_user])
  GANTRY_USER([MOND], [$with_default_user])

  GANTRY_PREFIX_SWITCH([group])
  for gantry_name in masterd metad rapi confd luxid admin daemons; do
    AS_IF([test "x$with_group_prefix" = xno], [gantry_value="$with_default_group"],
      [gantry_value="$with_group_prefix$gantry_name"])
    AS_VAR_SET([gantry_group_$gantry_name], ["$gantry_value"])
  done
  GANTRY_GROUP([MASTERD], [$gantry_group_masterd])
  GANTRY_GROUP([WCONFD], [$gantry_group_masterd])
  GANTRY_GROUP([LUXID], [$gantry_group_luxid])
  GANTRY_GROUP([METAD], [$gantry_group_metad])
  GANTRY_GROUP([RAPI], [$gantry_group_rapi])
  GANTRY_GROUP([CONFD], [$gantry_group_confd])
  GANTRY_GROUP([ADMIN], [$gantry_group_admin])
  GANTRY_GROUP([DAEMONS], [$gantry_group_daemons])
  GANTRY_GROUP([KVMD], [$with_default_group])
  GANTRY_GROUP([NODED], [$with_default_group])
  GANTRY_GROUP([MOND], [$with_default_group])

  AC_ARG_ENABLE([syslog], [AS_HELP_STRING([--enable-syslog], [log to syslog: no, yes or only (default: no)])],
    [AS_CASE(["$enableval"], [no|yes|only], [], [AC_MSG_ERROR([--enable-syslog is no, yes or only])])],
    [enable_syslog=no])
  GANTRY_CFG([SYSLOG_USAGE], [$enable_syslog], [log to syslog: no, yes or only])
  GANTRY_ENABLE([restricted-commands], [ENABLE_RESTRICTED_COMMANDS], [yes], [true], [false],
    [the node daemon runs restricted commands])
  GANTRY_ENABLE([monitoring], [ENABLE_MOND], [yes], [true], [false], [the monitoring daemon is started])
  GANTRY_ENABLE([metadata], [ENABLE_METAD], [yes], [true], [false], [the metadata daemon is started])
])
