# SPDX-License-Identifier: Apache-2.0
# Unit tests mirror src/: tests/unit/LEVEL/FILE.c tests src/LEVEL/FILE.c, one program each, TAP on its standard output.

EXTRA_DIST += tests/unit/tap.h
