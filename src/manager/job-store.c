/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include "fd.h"
#include "file.h"
#include "job-store.h"
#include "manager.h"
#include "parse.h"
#include "paths.h"
#include "wire.h"

#define COUNTER "last"
#define COUNTER_SIZE 11 /* as text of one size: it is written over in one piece */

struct JobStore {
        int directory, counter;
        uint32_t last;
};

JobStore *job_store_free(JobStore *store) {
        if (!store)
                return NULL;
        fd_close(store->directory);
        fd_close(store->counter);
        free(store);
        return NULL;
}

static int read_counter(JobStore *store) {
        char text[COUNTER_SIZE + 1] = "";
        ssize_t n = pread(store->counter, text, COUNTER_SIZE, 0);

        if (n < 0)
                return -errno;
        if (n == 0)
                return 0;
        text[strcspn(text, "\n")] = 0;
        return parse_u32(text + strspn(text, "0"), &store->last) >= 0 || !text[strspn(text, "0")] ? 0 : -EBADMSG;
}

int job_store_new(JobStore **ret) {
        JobStore *store = calloc(1, sizeof(*store));
        int r;

        if (!store)
                return -ENOMEM;
        store->directory = store->counter = -EBADF;
        r = file_mkdir_parents(PATH_JOBS, 0700);
        if (r >= 0)
                r = store->directory = open(PATH_JOBS, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (r >= 0)
                r = store->counter = openat(store->directory, COUNTER, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        r = r < 0 ? -errno : read_counter(store);
        if (r < 0) {
                job_store_free(store);
                return r;
        }
        *ret = store;
        return 0;
}

uint32_t job_store_take_id(JobStore *store) {
        char text[COUNTER_SIZE + 1];

        snprintf(text, sizeof(text), "%010u\n", ++store->last);
        if (pwrite(store->counter, text, COUNTER_SIZE, 0) != COUNTER_SIZE)
                sd_journal_print(LOG_WARNING, "Cannot write " PATH_JOBS "/" COUNTER ": %m");
        return store->last;
}

void job_store_save(JobStore *store, const Job *job) {
        WireWriter w;
        int r;

        if (!store)
                return;
        wire_begin(&w);
        wire_put(&w, "KIND", job->kind);
        wire_put(&w, "ACTION", job->action);
        wire_put(&w, "CONTAINER", job->container);
        wire_put_u64(&w, "UID", job->uid);
        wire_put_u64(&w, "ARGUMENT", job->argument);
        wire_put_u64(&w, "STARTED_USEC", job->started_usec);
        if (job->image)
                wire_put(&w, "IMAGE", job->image);
        if (job_has_ended(job)) {
                wire_put(&w, "STATE", job_state_to_string(job->state));
                wire_put_u64(&w, "ENDED_USEC", job->ended_usec);
                wire_put_u64(&w, "FORGET_USEC", job->forget_usec);
                wire_put_u64(&w, "PROGRESS", job->progress);
                wire_put(&w, "MESSAGE", job->message);
                if (error_is_set(&job->error)) {
                        wire_put_u64(&w, "ERRNO", (uint64_t) job->error.errnum);
                        wire_put(&w, "ERROR", strempty(job->error.name));
                        wire_put(&w, "ERROR_MESSAGE", error_message(&job->error));
                }
        }
        r = w.overflow ? -E2BIG : file_write_atomic(store->directory, job->key, w.data, w.size, 0600);
        /* What has ended must not be done once more. */
        if (r < 0 && job_has_ended(job))
                (void) unlinkat(store->directory, job->key, 0);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Job %s is forgotten if ctrd ends: cannot write " PATH_JOBS "/%s: %s", job->key, job->key,
                                 strerror(-r));
}

void job_store_forget(JobStore *store, const Job *job) {
        if (store && unlinkat(store->directory, job->key, 0) < 0 && errno != ENOENT)
                sd_journal_print(LOG_WARNING, "Cannot remove " PATH_JOBS "/%s: %m", job->key);
}

static int take_text(char **field, const char *value) {
        char *copy = strdup(value);

        if (!copy)
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

static int take_line(Job *job, const char *key, const char *value) {
        uint64_t uid = job->uid, progress = job->progress, errnum = (uint64_t) job->error.errnum;
        const struct {
                const char *key;
                uint64_t *number;
        } numbers[] = {
                { "UID", &uid },
                { "ARGUMENT", &job->argument },
                { "STARTED_USEC", &job->started_usec },
                { "ENDED_USEC", &job->ended_usec },
                { "FORGET_USEC", &job->forget_usec },
                { "PROGRESS", &progress },
                { "ERRNO", &errnum },
        };
        const struct {
                const char *key;
                char **text;
        } texts[] = {
                { "KIND", &job->kind },
                { "ACTION", &job->action },
                { "CONTAINER", &job->container },
                { "MESSAGE", &job->message },
                { "IMAGE", &job->image },
                { "ERROR", &job->error_name },
                { "ERROR_MESSAGE", &job->error.message },
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                if (streq(texts[i].key, key))
                        return take_text(texts[i].text, value);
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (streq(numbers[i].key, key) && parse_u64(value, numbers[i].number) < 0)
                        return -EBADMSG;
        if (streq(key, "STATE"))
                job->state = job_state_from_string(value);
        if (uid > UINT32_MAX || progress > 100 || errnum > INT_MAX || job->state < 0)
                return -EBADMSG;
        job->uid = (uid_t) uid;
        job->progress = (unsigned) progress;
        job->error.errnum = (int) errnum;
        return 0;
}

static int job_read(JobStore *store, Manager *manager, const char *name, Job **ret) {
        _cleanup_(job_freep) Job *job = calloc(1, sizeof(*job));
        _cleanup_free_ char *data = NULL;
        const char *key, *value;
        WireReader reader;
        size_t size;
        int r;

        if (!job)
                return -ENOMEM;
        job->manager = manager;
        job->state = JOB_RUNNING;
        r = parse_u32(name, &job->id);
        if (r >= 0)
                r = file_read(store->directory, name, WIRE_MAX, &data, &size);
        if (r < 0)
                return r;
        wire_read_begin(&reader, data, size);
        while ((r = wire_read_next(&reader, &key, &value)) > 0) {
                r = take_line(job, key, value);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        if (!job->kind || !job->action || !job->container)
                return -EBADMSG;
        if (!isempty(job->error_name))
                job->error.name = job->error_name;
        job->key = strdup(name);
        if (!job->key || (!job->message && !(job->message = strdup(""))))
                return -ENOMEM;
        *ret = TAKE_PTR(job);
        return 0;
}

/* As they ended; those that have not, as they began. */
static int compare(const void *a, const void *b) {
        const Job *x = *(Job *const *) a, *y = *(Job *const *) b;
        uint64_t p = job_has_ended(x) ? x->forget_usec : 0, q = job_has_ended(y) ? y->forget_usec : 0;

        return p != q ? (p < q ? -1 : 1) : x->id < y->id ? -1 : x->id > y->id;
}

static int read_all(JobStore *store, Manager *manager, Job ***ret, size_t *ret_n) {
        DIR *dir = opendir(PATH_JOBS);
        Job **jobs = NULL, **more;
        size_t n = 0;

        if (!dir)
                return -errno;
        for (struct dirent *de; (de = readdir(dir));) {
                Job *job;
                int r;

                if (de->d_name[0] == '.' || streq(de->d_name, COUNTER))
                        continue;
                r = job_read(store, manager, de->d_name, &job);
                if (r < 0) {
                        sd_journal_print(LOG_WARNING, "Job %s is forgotten: cannot read " PATH_JOBS "/%s: %s", de->d_name, de->d_name, strerror(-r));
                        (void) unlinkat(store->directory, de->d_name, 0);
                        continue;
                }
                more = reallocarray(jobs, n + 1, sizeof(*jobs));
                if (!more) {
                        job_free(job);
                        break;
                }
                jobs = more;
                jobs[n++] = job;
        }
        closedir(dir);
        *ret = jobs;
        *ret_n = n;
        return 0;
}

void job_store_load(JobStore *store, Manager *manager) {
        _cleanup_free_ Job **jobs = NULL;
        size_t n = 0;
        int r;

        (void) file_remove_temporaries(PATH_JOBS);
        r = read_all(store, manager, &jobs, &n);
        if (r < 0)
                sd_journal_print(LOG_WARNING, "Jobs of an earlier ctrd are forgotten: cannot read " PATH_JOBS ": %s", strerror(-r));
        if (jobs)
                qsort(jobs, n, sizeof(*jobs), compare);
        for (size_t i = 0; i < n; i++)
                if (map_put(job_has_ended(jobs[i]) ? &manager->job_results : &manager->jobs, jobs[i]->key, jobs[i]) < 0)
                        job_free(jobs[i]);
}
