/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Jobs and their results: what is told, what is kept, and for how long. */

#include "clock.h"
#include "job.h"
#include "manager.h"
#include "test.h"

static struct {
        unsigned added, finished, removed;
        uint32_t last_removed;
} told;

static void on_added(Job *job) {
        assert_ptr_equal(map_get(&job->manager->jobs, job->key), job);
        told.added++;
}

static void on_changed(Job *job) {
}

/* Whoever is told can find the job: a signal has its properties. */
static void on_finished(Job *job) {
        assert_int_not_equal(job->state, JOB_RUNNING);
        assert_ptr_equal(map_get(&job->manager->job_results, job->key), job);
        assert_null(map_get(&job->manager->jobs, job->key));
        told.finished++;
}

static void on_removed(Job *job) {
        assert_ptr_equal(map_get(&job->manager->job_results, job->key), job);
        told.removed++;
        told.last_removed = job->id;
}

static const ManagerObserver observer = {
        .job_added = on_added,
        .job_changed = on_changed,
        .job_finished = on_finished,
        .job_removed = on_removed,
};

static int setup(void **state) {
        Manager *m = calloc(1, sizeof(*m));

        if (!m || sd_event_new(&m->event) < 0)
                return -1;
        m->observer = &observer;
        manager_settings_reset(&m->settings);
        memset(&told, 0, sizeof(told));
        *state = m;
        return 0;
}

static int teardown(void **state) {
        return manager_free(*state) ? -1 : 0;
}

static Job *begin_as(Manager *m, uid_t uid) {
        Job *job;

        assert_ok(job_new(m, uid, "start", "org.ctrd1.manage", "web", &job, NULL));
        return job;
}

static Job *begin(Manager *m) {
        return begin_as(m, 0);
}

static void a_result_stays(void **state) {
        _cleanup_error_ Error error = ERROR_INIT;
        uint64_t before = now_usec(CLOCK_REALTIME);
        Manager *m = *state;
        Job *job = begin(m);

        assert_true(job->started_usec >= before);
        assert_int_equal(job->ended_usec, 0);
        error_set(&error, EIO, "StartFailed", "it broke");
        job_finish(job, &error);
        assert_ptr_equal(map_get(&m->job_results, "1"), job);
        assert_int_equal(job->state, JOB_FAILED);
        assert_true(job->ended_usec >= job->started_usec);
        test_assert_error(&job->error, EIO, "StartFailed", "it broke");
        assert_int_equal(told.finished, 1);
        assert_int_equal(told.removed, 0);
}

static void what_has_ended_cannot_be_canceled(void **state) {
        _cleanup_error_ Error error = ERROR_INIT, other = ERROR_INIT;
        Job *job = begin(*state);

        assert_int_equal(job_cancel(job, &other), -EOPNOTSUPP);
        test_assert_error(&other, EOPNOTSUPP, "NotSupported", "start");
        job_finish(job, NULL);
        assert_int_equal(job_cancel(job, &error), -ESRCH);
        test_assert_error(&error, ESRCH, "NotRunning", "job 1 has ended already (done)");
}

static void cancel_as_failure(Job *job, void *userdata) {
        _cleanup_error_ Error error = ERROR_INIT;

        error_set(&error, ECANCELED, "Canceled", "as you wish");
        job_finish(job, &error);
}

static void a_cancel_may_end_it_at_once(void **state) {
        Manager *m = *state;
        Job *job = begin(m);

        job->cancel = cancel_as_failure;
        assert_ok(job_cancel(job, NULL));
        assert_int_equal(job->state, JOB_CANCELED);
        assert_int_equal(job_cancel(job, NULL), -ESRCH);
}

static void the_newest_results_are_kept(void **state) {
        Manager *m = *state;
        Job *first = begin(m);

        for (unsigned i = 0; i < m->settings.job_results_max; i++)
                job_finish(begin(m), NULL);
        assert_int_equal(told.removed, 0);
        /* What counts is when it ended. */
        job_finish(first, NULL);
        assert_int_equal(told.removed, 1);
        assert_int_equal(told.last_removed, 2);
        assert_int_equal(map_size(&m->job_results), m->settings.job_results_max);
        assert_ptr_equal(map_get(&m->job_results, "1"), first);
}

static void results_are_no_jobs_that_run(void **state) {
        _cleanup_error_ Error error = ERROR_INIT;
        Manager *m = *state;
        Job *job;

        for (unsigned i = 0; i < m->settings.job_results_max; i++)
                job_finish(begin(m), NULL);
        for (unsigned i = 0; i < m->settings.jobs_max; i++)
                job = begin(m);
        assert_int_equal(job_new(m, 0, "start", "org.ctrd1.manage", "web", &job, &error), -EBUSY);
        test_assert_error(&error, EBUSY, "LimitsExceeded", "512 jobs run already");
        job_finish(job, NULL);
        (void) begin(m);
}

static void a_user_has_a_share(void **state) {
        _cleanup_error_ Error error = ERROR_INIT, other = ERROR_INIT;
        Manager *m = *state;
        Job *job, *last = NULL;

        for (unsigned i = 0; i < m->settings.user_jobs_max; i++)
                last = begin_as(m, 1000);
        assert_int_equal(last->uid, 1000);
        assert_int_equal(job_new(m, 1000, "start", "org.ctrd1.manage", "web", &job, &error), -EBUSY);
        test_assert_error(&error, EBUSY, "LimitsExceeded", "64 jobs of user 1000 run already");
        (void) begin_as(m, 1001);
        (void) begin(m);

        /* What has ended takes no place. */
        job_finish(last, NULL);
        (void) begin_as(m, 1000);
        assert_int_equal(job_new(m, 1000, "start", "org.ctrd1.manage", "web", &job, &other), -EBUSY);
}

static void what_is_queued_has_not_ended(void **state) {
        Job *job = begin(*state);

        assert_false(job_has_ended(job));
        job_set_queued(job, true);
        assert_int_equal(job->state, JOB_QUEUED);
        assert_false(job_has_ended(job));
        job->cancel = cancel_as_failure;
        assert_ok(job_cancel(job, NULL));
        assert_true(job_has_ended(job));
        job_set_queued(job, true);
        assert_int_equal(job->state, JOB_CANCELED);
        job_set_queued(NULL, true);
}

static void places_are_kept_for_root(void **state) {
        _cleanup_error_ Error error = ERROR_INIT;
        Manager *m = *state;
        Job *job;

        for (unsigned i = 0; i < m->settings.jobs_max / 8 * 7; i++)
                (void) begin_as(m, 1000 + i / m->settings.user_jobs_max);
        assert_int_equal(job_new(m, 5000, "start", "org.ctrd1.manage", "web", &job, &error), -EBUSY);
        test_assert_error(&error, EBUSY, "LimitsExceeded", "448 jobs run already");
        for (unsigned i = 0; i < m->settings.jobs_max / 8; i++)
                (void) begin(m);
}

static void a_result_goes_when_its_time_is_over(void **state) {
        uint64_t time;
        Manager *m = *state;
        Job *one = begin(m), *two = begin(m);
        int enabled;

        assert_null(m->job_timer);
        job_finish(two, NULL);
        job_finish(one, NULL);
        one->forget_usec = two->forget_usec + 5;
        assert_ok(sd_event_source_get_time(m->job_timer, &time));
        assert_true(time == two->forget_usec);
        assert_true(two->forget_usec <= now_usec(CLOCK_MONOTONIC) + m->settings.job_result_usec);

        job_forget_results(m, two->forget_usec - 1);
        assert_int_equal(told.removed, 0);
        job_forget_results(m, two->forget_usec);
        assert_int_equal(told.removed, 1);
        assert_int_equal(told.last_removed, 2);
        assert_ok(sd_event_source_get_time(m->job_timer, &time));
        assert_true(time == one->forget_usec);
        assert_ok(sd_event_source_get_enabled(m->job_timer, &enabled));
        assert_int_equal(enabled, SD_EVENT_ONESHOT);

        job_forget_results(m, one->forget_usec);
        assert_int_equal(told.removed, 2);
        assert_null(m->job_timer);
}

/* Half of them, for one who is not root. */
static void results_of_a_user_push_out_no_others(void **state) {
        Manager *m = *state;
        Job *other = begin_as(m, 1001), *first = begin_as(m, 1000);

        m->settings.job_results_max = 6;
        job_finish(other, NULL);
        job_finish(first, NULL);
        for (int i = 0; i < 20; i++)
                job_finish(begin_as(m, 1000), NULL);
        assert_ptr_equal(map_get(&m->job_results, "1"), other);
        assert_null(map_get(&m->job_results, "2"));
        assert_int_equal(map_size(&m->job_results), 4);
        /* root's have no such bound. */
        for (int i = 0; i < 6; i++)
                job_finish(begin(m), NULL);
        assert_null(map_get(&m->job_results, "1"));
        assert_int_equal(map_size(&m->job_results), 6);
}

static void the_timer_does_so_by_itself(void **state) {
        Manager *m = *state;
        Job *job = begin(m);

        job_finish(job, NULL);
        job->forget_usec = now_usec(CLOCK_MONOTONIC);
        assert_ok(sd_event_source_set_time(m->job_timer, job->forget_usec));
        for (int i = 0; i < 100 && told.removed == 0; i++)
                assert_ok(sd_event_run(m->event, USEC_PER_SEC));
        assert_int_equal(told.removed, 1);
        assert_int_equal(map_size(&m->job_results), 0);
        assert_null(m->job_timer);
}

#define T_JOB(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                T_JOB(a_result_stays),
                T_JOB(what_has_ended_cannot_be_canceled),
                T_JOB(a_cancel_may_end_it_at_once),
                T_JOB(the_newest_results_are_kept),
                T_JOB(results_are_no_jobs_that_run),
                T_JOB(a_user_has_a_share),
                T_JOB(what_is_queued_has_not_ended),
                T_JOB(places_are_kept_for_root),
                T_JOB(a_result_goes_when_its_time_is_over),
                T_JOB(results_of_a_user_push_out_no_others),
                T_JOB(the_timer_does_so_by_itself),
        };

        return cmocka_run_group_tests_name("job", tests, NULL, NULL);
}
