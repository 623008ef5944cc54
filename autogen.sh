#!/bin/sh
# Makes ./configure from configure.ac; needs autoconf and automake (see autotools-files/packages.txt).
set -e
cd "$(dirname "$0")"
mkdir -p autotools-files/aux
exec autoreconf --install --warnings=all,no-unsupported
