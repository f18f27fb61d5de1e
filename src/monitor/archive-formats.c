/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Formats that libarchive's table of formats knows and that are not used here. Linked
 * statically, that table would bring every one of them along, and with them libxml2,
 * three libraries that compress and one of ciphers.
 */

#include <archive.h>
#include <errno.h>

#define NOT_HERE(format)                                                                   \
        int archive_write_set_format_##format(struct archive *a) {                        \
                archive_set_error(a, EOPNOTSUPP, "This program writes tar"); \
                return ARCHIVE_FATAL;                                                      \
        }

NOT_HERE(7zip)
NOT_HERE(iso9660)
NOT_HERE(mtree)
NOT_HERE(mtree_classic)
NOT_HERE(warc)
NOT_HERE(xar)
NOT_HERE(zip)
