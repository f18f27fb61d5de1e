/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "parse.h"
#include "paths.h"
#include "view.h"
#include "wire.h"

#define MOUNTS_MAX (16 << 20)
#define AGAIN_USEC (100 * USEC_PER_MSEC)
#define FAILURES_MAX 8 /* since lxcfs came or went */
#define AGAIN_MAX_USEC (1 * USEC_PER_SEC)
/* The mount that all containers have got, for the next ctrd. */
#define PATH_KNOWN "/run/ctrd/lxcfs"

/* What no other lxcfs has; 0: none is mounted. The number of the mount is given again once
 * it is free, so that when the process wrote its pid counts too. The file system itself is
 * not asked: it may hang. */
static int find_mount(int fd, uint64_t *ret) {
        _cleanup_free_ char *text = NULL;
        struct stat st;
        char *rest;
        int r;

        if (lseek(fd, 0, SEEK_SET) < 0)
                return -errno;
        if (stat(PATH_LXCFS_PID, &st) < 0)
                st.st_mtim = (struct timespec){};
        r = fd_read_all(fd, MOUNTS_MAX, &text, NULL);
        if (r < 0)
                return r;
        *ret = 0;
        rest = text;
        for (char *line; (line = strsep(&rest, "\n"));) {
                char where[64], *type = strstr(line, " - ");
                uint64_t id;

                /* The last one lies over the others. */
                if (type && startswith(type, " - fuse.lxcfs ") && sscanf(line, "%" SCNu64 " %*s %*s %*s %63s ", &id, where) == 2 &&
                    streq(where, PATH_LXCFS))
                        *ret = (id ^ ((uint64_t) st.st_mtim.tv_sec * 1000000000 + (uint64_t) st.st_mtim.tv_nsec)) ?: 1;
        }
        return 0;
}

/* A monitor makes one change at a time, whoever asked for it; and an lxcfs that has just come
 * may not answer yet, or be gone again. One that is frozen has its turn when it is thawed. */
static int on_again(sd_event_source *source, uint64_t usec, void *userdata) {
        Manager *manager = userdata;
        Container *c;

        manager->view_timer = sd_event_source_disable_unref(manager->view_timer);
        MAP_FOREACH(c, &manager->containers)
                view_retry(c);
        return 0;
}

static void on_reply(const Error *error, void *userdata) {
        Container *c = userdata;
        Manager *manager = c->manager;

        /* Good news may be of what was asked for before, and was answered after what came later. */
        if (!error || !error_is_set(error) || error->errnum == ESRCH)
                return;
        c->view_is_stale = c->state != CONTAINER_RUNNING || error->errnum == EBUSY || ++c->view_failures < FAILURES_MAX;
        if (c->state == CONTAINER_RUNNING && c->view_is_stale) {
                if (!manager->view_timer) {
                        (void) sd_event_add_time_relative(manager->event, &manager->view_timer, CLOCK_MONOTONIC,
                                                          manager->view_pause_usec, 0, on_again, manager);
                        manager->view_pause_usec = MIN(2 * manager->view_pause_usec, AGAIN_MAX_USEC);
                }
        } else
                sd_journal_print(LOG_INFO, "Container %s does not have the files of lxcfs%s: %s", c->name,
                                 c->view_is_stale ? " yet" : "", error_message(error));
}

static void refresh(Container *c) {
        bool wanted = c->manager->lxcfs_mount > 0;
        WireWriter w;

        if (!container_state_is_active(c->state) || c->settings->lxcfs == TRISTATE_NO)
                return;
        /* Its monitor is to come, with what was the case when the start began. */
        if (!c->link) {
                c->view_is_stale = true;
                return;
        }
        wire_begin(&w);
        wire_put(&w, "COMMAND", wanted ? "mount" : "unmount");
        wire_put(&w, "TYPE", "views");
        wire_put(&w, "SOURCE", wanted ? PATH_LXCFS : "");
        wire_put(&w, "TARGET", "/");
        if (wanted)
                wire_put(&w, "OPTIONS", "ro");
        c->view_is_stale = monitor_link_send(c->link, &w, NULL, 0, on_reply, c) < 0;
}

void view_retry(Container *c) {
        if (c->view_is_stale)
                refresh(c);
}

static void take(Manager *manager, uint64_t mount) {
        Container *c;
        char text[32];
        int n = snprintf(text, sizeof(text), "%" PRIu64 "\n", mount);

        manager->lxcfs_mount = mount;
        manager->view_pause_usec = AGAIN_USEC;
        MAP_FOREACH(c, &manager->containers) {
                c->view_failures = 0;
                refresh(c);
        }
        (void) file_write_atomic(AT_FDCWD, PATH_KNOWN, text, (size_t) n, 0644);
}

static int on_mounts(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        Manager *manager = userdata;
        uint64_t mount;

        if (find_mount(fd, &mount) >= 0 && mount != manager->lxcfs_mount) {
                sd_journal_print(LOG_INFO, mount > 0 ? "lxcfs is mounted" : "lxcfs is not mounted any more");
                take(manager, mount);
        }
        return 0;
}

int view_begin(Manager *manager) {
        _cleanup_fd_ int fd = open("/proc/1/mountinfo", O_RDONLY | O_CLOEXEC);
        _cleanup_free_ char *line = NULL;
        uint64_t known = 0, mount;
        int r;

        manager->view_pause_usec = AGAIN_USEC;
        if (fd < 0)
                return -errno;
        r = sd_event_add_io(manager->event, &manager->mounts, fd, EPOLLPRI, on_mounts, manager);
        if (r >= 0)
                r = sd_event_source_set_io_fd_own(manager->mounts, true);
        if (r < 0)
                return r;
        r = find_mount(TAKE_FD(fd), &mount);
        if (r < 0)
                return r;
        if (file_read_line(AT_FDCWD, PATH_KNOWN, &line) >= 0)
                (void) parse_u64(line, &known);
        if (mount != known)
                take(manager, mount);
        manager->lxcfs_mount = mount;
        return 0;
}

int view_check(const Manager *manager, const Settings *settings, Error *error) {
        return settings->lxcfs == TRISTATE_YES && manager->lxcfs_mount == 0
                       ? error_set(error, ENOENT, "StartFailed",
                                   "LXCFS=yes, and lxcfs is not mounted on " PATH_LXCFS ": start lxcfs.service, or say LXCFS=auto")
                       : 0;
}
