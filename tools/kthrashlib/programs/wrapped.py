# SPDX-License-Identifier: GPL-2.0-only
"""Says which functions of the C library the linker replaces in a program.

They access the program's memory, and the compiler tells nothing of that. The program calls
__wrap_NAME of libkthrash.so in the place of NAME (platform/hosted/text.c and stdio.c). A test
compares this list with what the library has.
"""

NAMES = """
    __fprintf_chk __memcpy_chk __memmove_chk __memset_chk __printf_chk __snprintf_chk
    __sprintf_chk __stpcpy_chk __strcat_chk __strcpy_chk __strncat_chk __strncpy_chk
    __vfprintf_chk __vprintf_chk __vsnprintf_chk __vsprintf_chk atoi atol bcmp fgets fprintf fputs
    fread fwrite memchr memcmp memcpy memmove mempcpy memset pread printf puts pwrite qsort read
    snprintf sprintf stpcpy strcasecmp strcat strchr strcmp strcpy strdup strlen strncasecmp
    strncat strncmp strncpy strndup strnlen strrchr strstr strtod strtol strtoul vfprintf vprintf
    vsnprintf vsprintf write
""".split()

OPTIONS = ["-Wl,--wrap=" + name for name in NAMES]
