# GANTRY_COMPILER: language level, warnings, hardening, and the build kinds that are switches.
#   --enable-werror            warnings are errors (CI)
#   --enable-sanitize=LIST     address,undefined (or thread), or "yes" for address,undefined
#   --enable-coverage          gcov
#   --enable-fuzz              libFuzzer targets (clang only); without it the targets replay their corpus
AC_DEFUN([GANTRY_COMPILER], [
  GANTRY_CFLAGS="-std=gnu11 -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes"
  GANTRY_CFLAGS="$GANTRY_CFLAGS -Wwrite-strings -Wcast-align -Wformat=2 -Wvla -Wimplicit-fallthrough"
  GANTRY_CFLAGS="$GANTRY_CFLAGS -Wundef -fno-common -fstack-protector-strong"

  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors])])
  AS_IF([test "x$enable_werror" = xyes], [GANTRY_CFLAGS="$GANTRY_CFLAGS -Werror"])

  AC_ARG_ENABLE([sanitize],
    [AS_HELP_STRING([--enable-sanitize@<:@=LIST@:>@], [build with sanitizers (default list: address,undefined)])])
  AS_CASE(["x$enable_sanitize"],
    [x|xno], [AS_IF([test "x$enable_coverage" != xyes], [GANTRY_CPPFLAGS="-D_FORTIFY_SOURCE=2"])],
    [xyes], [GANTRY_SANITIZE="address,undefined"],
    [GANTRY_SANITIZE="$enable_sanitize"])
  AS_IF([test -n "$GANTRY_SANITIZE"],
    [GANTRY_CFLAGS="$GANTRY_CFLAGS -fsanitize=$GANTRY_SANITIZE -fno-omit-frame-pointer -fno-sanitize-recover=undefined"
     GANTRY_LDFLAGS="-fsanitize=$GANTRY_SANITIZE"])

  AC_ARG_ENABLE([coverage], [AS_HELP_STRING([--enable-coverage], [build for gcov])])
  AS_IF([test "x$enable_coverage" = xyes],
    [GANTRY_CFLAGS="$GANTRY_CFLAGS --coverage -O0"
     GANTRY_LDFLAGS="$GANTRY_LDFLAGS --coverage"])

  AC_ARG_ENABLE([fuzz], [AS_HELP_STRING([--enable-fuzz], [build the fuzz targets with libFuzzer (clang)])])
  AM_CONDITIONAL([FUZZ], [test "x$enable_fuzz" = xyes])
  AS_IF([test "x$enable_fuzz" = xyes],
    [GANTRY_CFLAGS="$GANTRY_CFLAGS -fsanitize=fuzzer-no-link"
     GANTRY_FUZZ_LDFLAGS="-fsanitize=fuzzer"])

  AC_SUBST([GANTRY_CFLAGS])
  AC_SUBST([GANTRY_CPPFLAGS])
  AC_SUBST([GANTRY_LDFLAGS])
  AC_SUBST([GANTRY_FUZZ_LDFLAGS])
])
