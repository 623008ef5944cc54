# GANTRY_REFERENCE_SWITCHES: the reference's configure switches that decide paths and users, with Debian's layout as default.
AC_DEFUN([GANTRY_REFERENCE_SWITCHES], [
])
