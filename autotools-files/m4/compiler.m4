# GANTRY_COMPILER: language level, warnings, hardening, and the build kinds that are switches.
#   --enable-werror            warnings are errors (CI)
#   --enable-sanitize=LIST     address,undefined (or thread), or "yes" for address,undefined
#   --enable-coverage          gcov
#   --enable-fuzz              libFuzzer targets (clang only); without it the targets replay their corpus
AC_DEFUN([GANTRY_COMPILER], [
  GANTRY_CFLAGS="-std=gnu11 -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Wmissing-prototypes"
  GANTRY_CFLAGS="$GANTRY_CFLAGS -Wwrite-strings -Wformat=2 -Wvla -Wimplicit-fallthrough"
  GANTRY_CFLAGS="$GANTRY_CFLAGS -Wundef -fno-common -fstack-protector-strong"

  # Rows of facts/*.def leave trailing arguments out; clang calls that an extension, which gnu11 is about.
  gantry_saved_cflags="$CFLAGS"
  CFLAGS="$CFLAGS -Werror -Wgnu-zero-variadic-macro-arguments"
  AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])],
    [GANTRY_CFLAGS="$GANTRY_CFLAGS -Wno-gnu-zero-variadic-macro-arguments"])
  CFLAGS="$gantry_saved_cflags"

  AC_ARG_ENABLE([werror], [AS_HELP_STRING([--enable-werror], [treat compiler warnings as errors])])
  AS_IF([test "x$enable_werror" = xyes], [GANTRY_CFLAGS="$GANTRY_CFLAGS -Werror"])

  AC_ARG_ENABLE([sanitize],
    [AS_HELP_STRING([--enable-sanitize@<:@=LIST@:>@], [build with sanitizers (default list: address,undefined)])])
  # _FORTIFY_SOURCE wants an optimizing build, and its checks would hide faults from the sanitizers.
  AS_CASE(["x$enable_sanitize"],
    [x|xno],
    [AS_CASE([" $CFLAGS "], [*" -O"@<:@123s@:>@" "*],
       [AS_IF([test "x$enable_coverage" != xyes], [GANTRY_CPPFLAGS="-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2"])])],
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
     GANTRY_LDFLAGS="$GANTRY_LDFLAGS -fsanitize=fuzzer-no-link"
     GANTRY_FUZZ_LDFLAGS="-fsanitize=fuzzer"
     AC_MSG_CHECKING([whether $CC has libFuzzer])
     gantry_saved_cflags="$CFLAGS"
     CFLAGS="$CFLAGS $GANTRY_CFLAGS"
     AC_COMPILE_IFELSE([AC_LANG_PROGRAM([], [])], [AC_MSG_RESULT([yes])],
       [AC_MSG_RESULT([no])
        AC_MSG_ERROR([--enable-fuzz needs clang: configure with CC=clang])])
     CFLAGS="$gantry_saved_cflags"])

  AC_SUBST([GANTRY_CFLAGS])
  AC_SUBST([GANTRY_CPPFLAGS])
  AC_SUBST([GANTRY_LDFLAGS])
  AC_SUBST([GANTRY_FUZZ_LDFLAGS])
])
