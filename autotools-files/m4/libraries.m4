# GANTRY_LIBRARIES: one pkg-config check per library, so that each program links what it uses and no more.
AC_DEFUN([GANTRY_LIBRARIES], [
  PKG_PROG_PKG_CONFIG([0.29])
  PKG_CHECK_MODULES([GLIB], [glib-2.0 >= 2.68])
  PKG_CHECK_MODULES([JSON], [json-c >= 0.15])
  PKG_CHECK_MODULES([CURL], [libcurl >= 7.80])
  PKG_CHECK_MODULES([MICROHTTPD], [libmicrohttpd >= 0.9.70 gnutls >= 3.6])
  PKG_CHECK_MODULES([OPENSSL], [libcrypto >= 3.0])
  PKG_CHECK_MODULES([ZLIB], [zlib])
  PKG_CHECK_MODULES([CHECK], [check >= 0.15])
])
