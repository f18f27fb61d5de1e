/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <linux/xattr.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "parse.h"
#include "process.h"
#include "rootfs.h"
#include "run.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

/* What hangs longer than this in a hook or in the kernel is killed. */
#define CREATE_TIMEOUT (10 * 60 * USEC_PER_SEC)
#define START_TIMEOUT (2 * 60 * USEC_PER_SEC)
#define VIEWS_TIMEOUT (10 * USEC_PER_SEC) /* lxcfs may hang */
#define DELETE_TIMEOUT (60 * USEC_PER_SEC)

typedef struct RunPath {
        char text[RUN_DIRECTORY_MAX + 32];
} RunPath;

static const char *run_path(const Run *run, const char *name, RunPath *ret) {
        snprintf(ret->text, sizeof(ret->text), "%s/%s", run->directory, name);
        return ret->text;
}

static void end_begin(Run *run);

static void child_reaped(void *userdata) {
        run_reap(userdata);
}

void run_init(Run *run, Loop *loop, const char *directory, Console *console, const RunOps *ops, void *userdata) {
        run->loop = loop;
        run->ops = ops;
        run->userdata = userdata;
        run->directory = directory;
        run->console = console;
        run->payload = PAYLOAD_INIT;
        run->freezer = FREEZER_INIT;
        run->terminal = TERMINAL_INIT;
        run->notify = NOTIFY_INIT;
        run->addresses = ADDRESS_WATCH_INIT;
        run->interceptor = (Interceptor) INTERCEPTOR_INIT;
        run->call = RUNTIME_CALL_INIT;
        run->change = CHANGE_INIT;
        run->leader_pidfd = -EBADF;
        sessions_init(&run->sessions, loop, &run->payload, directory, child_reaped, run);
}

static void run_fail(Run *run, const char *stage) {
        run->stage = stage;
        run->ops->failed(run->userdata);
}

/* --- children ------------------------------------------------------------ */

void run_reap(Run *run) {
        /* While a runtime is on its way, what it leaves behind may be the very
         * child that its pid file is about to name. */
        if (runtime_call_is_running(&run->call) || sessions_are_starting(&run->sessions) || change_is_under_way(&run->change))
                return;

        for (;;) {
                siginfo_t info = {};

                if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0)
                        return;
                /* One that is known is waited for where its end is handled;
                 * that comes back here. */
                if (info.si_pid == run->leader || info.si_pid == run->interceptor.pid ||
                    sessions_know(&run->sessions, info.si_pid))
                        return;
                (void) waitid(P_PID, (id_t) info.si_pid, &info, WEXITED | WNOHANG);
        }
}

static void leader_ended(void *userdata, uint32_t events) {
        Run *run = userdata;
        int status = 255, sig = 0;

        /* Its last words first. */
        notify_collect(&run->notify);

        (void) process_collect(run->leader_pidfd, &status, &sig);
        source_remove(&run->leader_source);
        run->leader_pidfd = fd_close(run->leader_pidfd);
        run->leader = 0;
        run->notify.leader = 0;
        address_watch_end(&run->addresses);
        /* Nobody runs on with this: the kernel kills the namespace with its init. */
        (void) run_thaw(run);
        run_reap(run);
        run->ops->ended(run->userdata, status, sig);
}

/* The pid file names PID 1; nothing is believed that the kernel does not
 * confirm: a process, a child of ours, in the payload's group. */
static int leader_adopt(Run *run) {
        _cleanup_free_ char *text = NULL;
        _cleanup_fd_ int pidfd = -EBADF;
        siginfo_t info = {};
        RunPath path;
        pid_t pid = 0;
        int r;

        r = file_read_line(AT_FDCWD, run_path(run, "pid", &path), &text);
        if (r >= 0)
                r = parse_pid(text, &pid);
        if (r < 0)
                return error_set_errno(&run->error, r, "The runtime's pid file %s cannot be read", path.text);
        pidfd = process_pidfd(pid);
        if (pidfd < 0)
                return error_set_errno(&run->error, pidfd, "The container's first process has ended already");
        if (waitid((idtype_t) P_PIDFD, (id_t) pidfd, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
                return error_set_errno(&run->error, errno,
                                       "The container's first process (%d) was not left to the monitor", (int) pid);

        run->leader = pid;
        run->notify.leader = pid;
        run->leader_pidfd = TAKE_FD(pidfd);

        r = payload_contains(&run->payload, pid);
        if (r < 0)
                return error_set_errno(&run->error, r, "The control group of the first process cannot be read");
        if (r == 0)
                return error_set(&run->error, EXDEV, NULL,
                                 "The runtime has put the container into a control group other than %s.",
                                 run->payload.path);
        return 0;
}

static int leader_watch(Run *run) {
        return source_add(&run->leader_source, run->loop, run->leader_pidfd, EPOLLIN, leader_ended, run);
}

/* --- calls of the runtime ------------------------------------------------ */

static int run_call(Run *run, const char *verb, const char *const *arguments, uint64_t timeout,
                    RuntimeCallHandler handler) {
        const char *argv[16];
        size_t n = 0;
        RunPath root;

        argv[n++] = run->plan.runtime;
        argv[n++] = "--root";
        argv[n++] = run_path(run, "runtime", &root);
        argv[n++] = verb;
        for (; *arguments; arguments++)
                argv[n++] = *arguments;
        argv[n++] = run->plan.name;
        argv[n] = NULL;
        return runtime_call(&run->call, run->loop, (char *const *) argv, -1, timeout, handler, run);
}

/* Turns the end of a call into 0 or an error with the runtime's sentence. */
static int call_result(Run *run, const char *verb, int status, int sig) {
        char message[RUNTIME_MESSAGE_MAX];

        if (status == 0 && sig == 0)
                return 0;
        runtime_message(run->call.text, message);
        if (message[0])
                return error_set(&run->error, EIO, NULL, "%s", message);
        return error_set(&run->error, EIO, NULL, "%s %s ended with %s %d and said nothing.", run->plan.runtime, verb,
                         sig > 0 ? "signal" : "status", sig > 0 ? sig : status);
}

static void addresses_changed(void *userdata) {
        Run *run = userdata;

        run->ops->addresses(run->userdata);
}

/* Without it nobody is told of addresses; that is no reason not to start. */
static void watch_addresses(Run *run) {
        int r = address_watch_begin(&run->addresses, run->loop, run->leader, addresses_changed, run);

        if (r < 0)
                fprintf(stderr, "ctr-monitor: the addresses of the container cannot be watched: %s\n", strerror(-r));
}

static void create_done(Run *run, const char *stage, int r) {
        if (r >= 0 && !run->ending)
                watch_addresses(run);
        if (r >= 0 && !run->ending)
                r = leader_watch(run);

        if (run->ending)
                end_begin(run);
        else if (r < 0)
                run_fail(run, stage);
        else
                run->ops->created(run->userdata);
        run_reap(run);
}

/* Without them a container sees what the host has: no reason not to start it. */
static void views_ended(void *userdata, int status, int sig) {
        char message[RUNTIME_MESSAGE_MAX];
        Run *run = userdata;

        runtime_message(run->call.text, message);
        if (status != 0 || sig != 0)
                fprintf(stderr, "ctr-monitor: the files of lxcfs: %s\n", message[0] ? message : "they cannot be mounted");
        create_done(run, "views", 0);
}

/* Whether lxcfs is mounted; it is not asked, since it may hang. */
static bool views_are_there(const Run *run) {
        struct statx sx;

        return run->plan.views && statx(AT_FDCWD, run->plan.views, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_TYPE, &sx) >= 0 &&
               (sx.stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

static int mount_views(Run *run) {
        const char *const argv[] = { CTRD_LIBEXEC_DIR "/ctr-mount", "mount", "views", run->plan.views, "/", "ro", run->directory, NULL };

        return runtime_call(&run->call, run->loop, (char *const *) argv, run->leader_pidfd, VIEWS_TIMEOUT, views_ended, run);
}

static void create_ended(void *userdata, int status, int sig) {
        Run *run = userdata;
        const char *stage = "create";
        int output, r;

        terminal_collect(&run->terminal);
        terminal_close(&run->terminal);

        r = call_result(run, "create", status, sig);
        if (r >= 0) {
                stage = "leader";
                r = leader_adopt(run);
        }
        if (r >= 0 && run->plan.terminal && run->console->master < 0)
                r = error_set(&run->error, EPROTO, NULL, "The runtime %s has not handed over the console.",
                              run->plan.runtime);
        /* Without a terminal the container writes to what was the runtime's
         * output; with one this ends at once. */
        output = runtime_call_take_output(&run->call);
        if (r >= 0 && output >= 0)
                r = console_set_pipe(run->console, TAKE_FD(output));
        fd_close(output);
        if (r >= 0 && !run->ending && views_are_there(run) && mount_views(run) >= 0)
                return;
        create_done(run, stage, r);
}

static void start_ended(void *userdata, int status, int sig) {
        Run *run = userdata;
        int r;

        r = call_result(run, "start", status, sig);
        if (r >= 0)
                r = leader_watch(run);
        if (run->ending)
                end_begin(run);
        else if (r < 0)
                run_fail(run, "start");
        else
                run->ops->started(run->userdata);
        run_reap(run);
}

void run_start(Run *run) {
        const char *const arguments[] = { NULL };
        int r;

        /* PID 1 may end while start is on its way; that is told after it. */
        source_remove(&run->leader_source);
        r = run_call(run, "start", arguments, START_TIMEOUT, start_ended);
        if (r < 0) {
                (void) error_set_errno(&run->error, r, "The runtime %s cannot be run", run->plan.runtime);
                run_fail(run, "start");
        }
}

/* --- create -------------------------------------------------------------- */

static void terminal_master(void *userdata, int master) {
        Run *run = userdata;

        (void) console_set_master(run->console, master);
}

static void notify_received(void *userdata, const NotifyMessage *message) {
        Run *run = userdata;

        run->ops->notified(run->userdata, message);
}

/* The plan of the run before stays where the new one cannot be read: it names
 * the exit record. */
static int prepare_plan(Run *run) {
        RunPath path;
        Plan plan;
        int r;

        r = plan_read(AT_FDCWD, run_path(run, "plan", &path), &plan, &run->error);
        if (r < 0)
                return r;
        plan_clear(&run->plan);
        run->plan = plan;
        return 0;
}

static int prepare_cgroup(Run *run) {
        int r = payload_enter_scope(&run->payload, &run->error);

        if (r < 0)
                return r;
        return payload_make(&run->payload, run->plan.idmap, run->plan.n_idmap, &run->error);
}

/*
 * Runtimes that look up root.path from inside the user namespace (crun, runc)
 * must be able to pass through the directory, which is 0700. Safe: the id is
 * the container's root, which has no name for this directory once it runs, and
 * the right is to pass through it, not to list or to write.
 */
static int open_directory_for(Run *run, const IdMap *map, size_t n_map) {
        uint32_t root;

        if (n_map == 0 || id_map_outside(map, n_map, 0, &root) < 0)
                return 0;
        if (chown(run->directory, (uid_t) -1, root) < 0 || chmod(run->directory, 0710) < 0)
                return error_set_errno(&run->error, errno, "The directory %s cannot be opened for the runtime",
                                       run->directory);
        return 0;
}

/* A worker that copies files has the root mounted while the container does not run, and
 * holds this lock; ctrd knows, unless it was killed and is another by now. */
static int check_store(Run *run) {
        _cleanup_fd_ int fd = open(run->plan.store, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

        if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK)
                return error_set(&run->error, EBUSY, "Busy", "Files of the container are being copied: start it when that has ended.");
        return 0; /* that it cannot be opened, the mount says */
}

static int prepare_root(Run *run) {
        RunPath layers;
        int r;

        r = open_directory_for(run, run->plan.idmap, run->plan.n_idmap);
        if (r < 0)
                return r;
        if (!run->unshared) {
                r = rootfs_unshare(&run->error);
                if (r < 0)
                        return r;
                run->unshared = true;
        }
        r = check_store(run);
        if (r < 0)
                return r;
        run->mounted = true;
        return rootfs_mount(&run->plan, run_path(run, "layers", &layers), &run->error);
}

/* A boot id for this boot, and another after a reboot: the kernel makes it, the
 * bundle binds the file. A new file each time: the last boot may still have the
 * old one mounted. */
static int prepare_boot_id(Run *run) {
        const char *path = run->plan.boot_id;
        _cleanup_free_ char *uuid = NULL;
        _cleanup_fd_ int fd = -EBADF;
        int r;

        if (!path)
                return 0;
        r = file_read(AT_FDCWD, "/proc/sys/kernel/random/uuid", 64, &uuid, NULL);
        if (r >= 0 && unlink(path) < 0 && errno != ENOENT)
                r = -errno;
        if (r >= 0)
                r = fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
        if (r >= 0)
                r = fd_write_all(fd, uuid, strlen(uuid));
        if (r >= 0 && run->plan.mount_context &&
            fsetxattr(fd, XATTR_NAME_SELINUX, run->plan.mount_context, strlen(run->plan.mount_context) + 1, 0) < 0)
                r = -errno;
        if (r < 0)
                return error_set_errno(&run->error, r, "The boot id %s cannot be written", path);
        return 0;
}

static int prepare_sockets(Run *run) {
        RunPath path;
        int r;

        if (run->plan.notify_socket) {
                r = notify_open(&run->notify, run->loop, run->plan.notify_socket, notify_received, run);
                if (r < 0)
                        return error_set_errno(&run->error, r, "The notify socket %s cannot be bound",
                                               run->plan.notify_socket);
        }
        if (run->plan.terminal) {
                r = terminal_open(&run->terminal, run->loop, run_path(run, "console.sock", &path), terminal_master,
                                  run);
                if (r < 0)
                        return error_set_errno(&run->error, r, "The console socket %s cannot be bound", path.text);
        }
        if (run->plan.console_log) {
                r = console_log_open(&run->console->log, run->plan.console_log, run->plan.console_log_max);
                if (r < 0)
                        return error_set_errno(&run->error, r, "The console's log %s cannot be opened",
                                               run->plan.console_log);
        }
        return 0;
}

static int prepare_interceptor(Run *run) {
        RunPath path;
        int r;

        if (!run->plan.interceptor)
                return 0;
        r = interceptor_open(&run->interceptor, run->loop, run->plan.interceptor, run->plan.intercepted_mounts,
                             run_path(run, "intercept.sock", &path));
        return r < 0 ? error_set_errno(&run->error, r, "%s cannot be run", run->plan.interceptor) : 0;
}

static int call_create(Run *run) {
        RunPath console, pid, root;
        const char *const arguments[] = {
                "--bundle", run->plan.bundle,
                "--pid-file", run_path(run, "pid", &pid),
                run->plan.terminal ? "--console-socket" : NULL, run_path(run, "console.sock", &console),
                NULL,
        };
        int r;

        (void) unlink(pid.text);
        if (mkdir(run_path(run, "runtime", &root), 0700) < 0 && errno != EEXIST)
                return error_set_errno(&run->error, errno, "The directory %s cannot be made", root.text);
        run->runtime_used = true;
        r = run_call(run, "create", arguments, CREATE_TIMEOUT, create_ended);
        if (r < 0)
                return error_set_errno(&run->error, r, "The runtime %s cannot be run", run->plan.runtime);
        return 0;
}

void run_create(Run *run) {
        static const struct {
                const char *stage;
                int (*step)(Run *run);
        } steps[] = {
                { "plan", prepare_plan },       { "cgroup", prepare_cgroup }, { "root", prepare_root },
                { "boot-id", prepare_boot_id }, { "sockets", prepare_sockets }, { "intercept", prepare_interceptor },
                { "create", call_create },
        };

        error_clear(&run->error);
        run->stage = NULL;

        for (size_t i = 0; i < ELEMENTSOF(steps); i++)
                if (steps[i].step(run) < 0) {
                        run_fail(run, steps[i].stage);
                        return;
                }
}

/* --- freezing ------------------------------------------------------------ */

static void freezer_ended(void *userdata, int r) {
        Run *run = userdata;

        run->ops->frozen(run->userdata, r);
}

int run_freeze(Run *run) {
        return freezer_freeze(&run->freezer, run->loop, run->payload.fd, FREEZER_TIMEOUT, freezer_ended, run);
}

int run_thaw(Run *run) {
        return freezer_thaw(&run->freezer);
}

/* --- changes ------------------------------------------------------------- */

static void change_ended(void *userdata, int errnum, const char *message) {
        Run *run = userdata;

        run->ops->changed(run->userdata, errnum, message);
        run_reap(run);
}

int run_change(Run *run, const ChangeRequest *request) {
        return change_begin(&run->change, run->loop, &run->plan, run->directory, run->leader_pidfd, request, change_ended, run);
}

/* --- the end ------------------------------------------------------------- */

int run_kill(Run *run) {
        int r = payload_kill(&run->payload);

        /* Where the payload's processes are not in its group (a runtime with a
         * virtual machine, or one that has put them elsewhere). */
        if (run->leader_pidfd >= 0)
                r = process_signal(run->leader_pidfd, SIGKILL);
        return r;
}

/* The last step: no process is left. */
static void end_finish(void *userdata, bool gone) {
        Run *run = userdata;
        RunPath path;
        int status, sig;

        sessions_end(&run->sessions);
        address_watch_end(&run->addresses);
        change_end(&run->change);
        source_remove(&run->leader_source);
        if (run->leader_pidfd >= 0)
                (void) process_collect(run->leader_pidfd, &status, &sig);
        run->leader_pidfd = fd_close(run->leader_pidfd);
        run->leader = 0;

        console_end_container(run->console);
        terminal_close(&run->terminal);
        notify_close(&run->notify);
        interceptor_close(&run->interceptor);
        if (run->mounted)
                rootfs_unmount(&run->plan, run_path(run, "layers", &path));
        run->mounted = false;
        (void) payload_remove(&run->payload);
        (void) unlink(run_path(run, "pid", &path));
        (void) file_remove_tree(AT_FDCWD, run_path(run, "runtime", &path));
        run_reap(run);
        runtime_call_clear(&run->call);

        run->ending = false;
        run->ops->gone(run->userdata);
}

static void end_wait(Run *run) {
        /* Killed once more: a hook of the runtime may have come into it. */
        if (run->payload.fd >= 0) {
                (void) payload_kill(&run->payload);
                if (payload_watch_empty(&run->payload, run->loop, end_finish, run) >= 0)
                        return;
        }
        /* The runtime has removed the group, or it never was there. */
        end_finish(run, true);
}

static void delete_ended(void *userdata, int status, int sig) {
        end_wait(userdata);
}

static void end_begin(Run *run) {
        const char *const arguments[] = { "--force", NULL };

        source_remove(&run->leader_source);
        (void) run_kill(run);
        /* After that, so that nothing of the guest runs once more, and before hooks of
         * the runtime come into it. */
        (void) run_thaw(run);
        if (run->runtime_used) {
                run->runtime_used = false;
                if (run_call(run, "delete", arguments, DELETE_TIMEOUT, delete_ended) >= 0)
                        return;
        }
        end_wait(run);
}

void run_end(Run *run) {
        if (run->ending)
                return;
        run->ending = true;
        if (runtime_call_is_running(&run->call))
                runtime_call_kill(&run->call); /* its handler goes on */
        else
                end_begin(run);
}

void run_close(Run *run) {
        interceptor_close(&run->interceptor);
        runtime_call_clear(&run->call);
        change_end(&run->change);
        (void) run_thaw(run);
        payload_close(&run->payload);
        plan_clear(&run->plan);
        error_clear(&run->error);
}
