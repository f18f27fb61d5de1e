/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "answer.h"
#include "fd.h"
#include "interception.h"

#if defined(__x86_64__)
#define ARCH_NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_NATIVE AUDIT_ARCH_AARCH64
#else
#define ARCH_NATIVE 0 /* nothing is done for the caller */
#endif

static int answer_mknod(const Caller *caller, int at, uint64_t address, mode_t mode, uint32_t number) {
        /* As the system call has it: new_decode_dev() of the kernel. */
        dev_t device = makedev((number & 0xfff00) >> 8, (number & 0xff) | ((number >> 12) & 0xfff00));
        _cleanup_fd_ int parent = -EBADF;
        char path[PATH_MAX], *name;
        int r;

        if (!interception_may_make(mode, device) || !caller_has(caller, CAP_MKNOD))
                return ANSWER_CONTINUE;
        r = caller_read_string(caller, address, path, sizeof(path));
        if (r >= 0)
                r = caller_become(caller, path[0] == '/' ? AT_FDCWD : at, CAP_MKNOD);
        if (r < 0)
                return r;
        name = strrchr(path, '/');
        name = name ? name + 1 : path;
        if (isempty(name) || streq(name, ".") || streq(name, ".."))
                return isempty(path) ? -ENOENT : -EEXIST;
        if (name == path)
                parent = caller_open_path(".", O_PATH | O_DIRECTORY);
        else if (name == path + 1)
                parent = caller_open_path("/", O_PATH | O_DIRECTORY);
        else {
                name[-1] = 0;
                parent = caller_open_path(path, O_PATH | O_DIRECTORY);
        }
        if (parent < 0)
                return parent;
        if (!caller_waits(caller))
                return -ESRCH;
        return mknodat(parent, name, mode, device) < 0 ? -errno : 0;
}

/* A directory alone: of anything else the attribute says nothing. That it may be
 * written to is asked here, since the kernel does not ask for trusted.*. */
static int set_opaque(const Caller *caller, int directory, int flags) {
        if (syscall(SYS_faccessat2, directory, "", W_OK, AT_EACCESS | AT_EMPTY_PATH) < 0)
                return -errno;
        if (!caller_waits(caller))
                return -ESRCH;
        return fsetxattr(directory, "trusted.overlay.opaque", "y", 1, flags) < 0 ? -errno : 0;
}

static int answer_setxattr(const Caller *caller, const struct seccomp_data *data) {
        _cleanup_fd_ int directory = -EBADF;
        char name[XATTR_NAME_MAX + 1], path[PATH_MAX], value;
        bool by_descriptor = data->nr == __NR_fsetxattr;
        int r;

        if (data->args[3] != sizeof(value) || !caller_has(caller, CAP_SYS_ADMIN))
                return ANSWER_CONTINUE;
        /* Not AT_FDCWD either, which some kernels take here and others do not. */
        if (by_descriptor && (int) data->args[0] < 0)
                return ANSWER_CONTINUE;
        r = caller_read_string(caller, data->args[1], name, sizeof(name));
        if (r >= 0)
                r = caller_read(caller, data->args[2], &value, sizeof(value));
        if (r < 0)
                return r == -ESRCH ? r : ANSWER_CONTINUE;
        if (!interception_may_set(name, &value, sizeof(value)))
                return ANSWER_CONTINUE;
        if (by_descriptor)
                strcpy(path, ".");
        else
                r = caller_read_string(caller, data->args[0], path, sizeof(path));
        if (r >= 0)
                r = caller_become(caller, by_descriptor ? (int) data->args[0] : AT_FDCWD, CAP_SYS_ADMIN);
        if (r < 0)
                return r;
        directory = caller_open_path(path, O_RDONLY | O_DIRECTORY | (data->nr == __NR_lsetxattr ? O_NOFOLLOW : 0));
        return directory < 0 ? directory : set_opaque(caller, directory, (int) data->args[4]);
}

int answer(const Listener *listener, const struct seccomp_notif *request, const AnswerContext *context) {
        const struct seccomp_data *data = &request->data;
        Caller caller;
        int r;

        if (data->arch != ARCH_NATIVE)
                return ANSWER_CONTINUE;
        r = caller_open(&caller, listener, request);
        if (r < 0)
                return r == -ESRCH ? r : ANSWER_CONTINUE;
        switch (data->nr) {
#ifdef __NR_mknod
        case __NR_mknod:
                return answer_mknod(&caller, AT_FDCWD, data->args[0], (mode_t) data->args[1], (uint32_t) data->args[2]);
#endif
        case __NR_mknodat:
                return answer_mknod(&caller, (int) data->args[0], data->args[1], (mode_t) data->args[2],
                                    (uint32_t) data->args[3]);
        case __NR_setxattr:
        case __NR_lsetxattr:
        case __NR_fsetxattr:
                return answer_setxattr(&caller, data);
        case __NR_sysinfo:
                return answer_sysinfo(&caller, context->since);
        case __NR_mount:
                return answer_mount(&caller, context->types);
        default:
                return ANSWER_CONTINUE;
        }
}
