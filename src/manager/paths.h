/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Where things lie; see docs/architecture.md. */

#define PATH_SETTINGS "/etc/ctrd/containers"
#define PATH_SETTINGS_RUNTIME "/run/ctrd/settings"
#define PATH_PROFILES "/etc/ctrd/profiles"
#define PATH_PROFILES_SHIPPED CTRD_PKGDATA_DIR "/profiles"
#define PATH_IMAGES "/var/lib/ctrd/images"
#define PATH_CONTAINERS "/var/lib/ctrd/containers"
#define PATH_RUN "/run/ctrd/containers"
#define PATH_JOBS "/run/ctrd/jobs"
#define PATH_AUTOSTARTED "/run/ctrd/autostarted"
#define PATH_LXCFS "/var/lib/lxcfs"
#define PATH_LXCFS_PID "/run/lxcfs.pid"
#define PATH_LOCK "/run/ctrd/lock"
#define PATH_TEMPLATES CTRD_PKGDATA_DIR "/templates"
#define PATH_APPARMOR_TEMPLATES CTRD_PKGDATA_DIR "/apparmor"
#define PATH_APPARMOR_RULES "/etc/ctrd/apparmor.d"
#define PATH_APPARMOR_LOADED "/run/ctrd/apparmor"
#define PATH_APPARMOR_PARSER "/usr/sbin/apparmor_parser"
#define PATH_NETWORK CTRD_LIBEXEC_DIR "/ctr-network"
#define PATH_INTERCEPT CTRD_LIBEXEC_DIR "/ctr-intercept"
#define PATH_COPY CTRD_LIBEXEC_DIR "/ctr-copy"
#define PATH_JOURNAL CTRD_LIBEXEC_DIR "/ctr-journal"
#define PATH_REMOVE CTRD_LIBEXEC_DIR "/ctr-remove"
#define PATH_RUNTIME CTRD_BIN_DIR "/ctrrun"
