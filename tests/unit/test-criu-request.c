/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "criu-request.h"
#include "test.h"

/* What criu reads is what was meant: through the wire and back. */
static CriuRpcOptions *through_the_wire(CriuRequest *request) {
        CriuRpcRequest message = CRIU_RPC_REQUEST__INIT, *back;
        CriuRpcOptions *options;
        uint8_t *buffer;
        size_t n;

        message.type = request->type;
        message.options = &request->message;
        n = criu_rpc_request__get_packed_size(&message);
        buffer = malloc(n);
        assert_non_null(buffer);
        assert_int_equal(criu_rpc_request__pack(&message, buffer), n);
        back = criu_rpc_request__unpack(NULL, n, buffer);
        assert_non_null(back);
        assert_int_equal(back->type, request->type);
        options = TAKE_PTR(back->options);
        criu_rpc_request__free_unpacked(back, NULL);
        free(buffer);
        return options;
}

static void test_dump(void **state) {
        CriuOptions o = CRIU_OPTIONS_INIT;
        CriuRequest request;
        CriuRpcOptions *m;

        o.leave_running = o.tcp_established = o.file_locks = true;
        o.parent_path = "../first";
        o.page_server = (char *) "10.0.0.1";
        o.page_server_port = 27;
        assert_ok(criu_request_init(&request, CRIU_RPC_TYPE__DUMP, &o, 5, -1));
        m = through_the_wire(&request);
        assert_int_equal(m->images_fd, 5);
        assert_false(m->has_work_fd);
        assert_true(m->leave_running && m->tcp_established && m->file_locks && m->notify && m->orphan_pts_master);
        assert_false(m->shell_job || m->external_unix_sockets || m->link_remap || m->restore_sibling);
        assert_true(m->track_memory);
        assert_string_equal(m->parent_images, "../first");
        assert_string_equal(m->log_file, "dump.log");
        assert_string_equal(m->page_server->address, "10.0.0.1");
        assert_int_equal(m->page_server->port, 27);
        assert_true(m->manage_cgroups);
        assert_int_equal(m->cgroups_mode, 3);
        assert_false(m->has_network_lock || m->has_empty_namespaces);
        criu_rpc_options__free_unpacked(m, NULL);
        criu_request_clear(&request);
}

static void test_restore(void **state) {
        CriuOptions o = CRIU_OPTIONS_INIT;
        CriuRequest request;
        CriuRpcOptions *m;

        o.shell_job = o.tcp_close = true;
        o.parent_path = "../first"; /* the images know theirs */
        o.lsm_profile = "apparmor:x";
        o.lsm_mount_context = "a:b:c";
        o.cgroups_mode = CRIU_CGROUPS_IGNORE;
        o.network_lock = CRIU_NETWORK_LOCK_NFTABLES;
        assert_ok(criu_request_init(&request, CRIU_RPC_TYPE__RESTORE, &o, 5, 6));
        m = through_the_wire(&request);
        assert_int_equal(m->work_fd, 6);
        assert_true(m->restore_sibling && m->shell_job && m->tcp_close);
        assert_false(m->leave_running || m->track_memory);
        assert_null(m->parent_images);
        assert_null(m->page_server);
        assert_string_equal(m->log_file, "restore.log");
        assert_string_equal(m->lsm_profile, "apparmor:x");
        assert_string_equal(m->lsm_mount_context, "a:b:c");
        assert_true(m->has_cgroups_mode);
        assert_int_equal(m->cgroups_mode, 0);
        assert_int_equal(m->network_lock, 2);
        criu_rpc_options__free_unpacked(m, NULL);
        criu_request_clear(&request);
}

/* Lists grow past any number that they began with. */
static void test_lists(void **state) {
        const CriuOptions o = CRIU_OPTIONS_INIT;
        CriuRequest request;
        CriuRpcOptions *m;
        char text[32];

        assert_ok(criu_request_init(&request, CRIU_RPC_TYPE__RESTORE, &o, 5, 6));
        for (int i = 0; i < 100; i++) {
                snprintf(text, sizeof(text), "/mount/%d", i);
                assert_ok(criu_request_add_mount(&request, text, "/tmp/0"));
                assert_ok(criu_request_add_external(&request, "net[%d]:key", i));
                assert_ok(criu_request_add_inherit(&request, text, i));
                assert_ok(criu_request_add_join(&request, "ipc", i));
                assert_ok(criu_request_add_cgroup_root(&request, text));
        }
        m = through_the_wire(&request);
        assert_int_equal(m->n_mounts, 100);
        assert_int_equal(m->n_externals, 100);
        assert_int_equal(m->n_inherits, 100);
        assert_int_equal(m->n_joins, 100);
        assert_int_equal(m->n_cgroup_roots, 100);
        assert_string_equal(m->mounts[99]->key, "/mount/99");
        assert_string_equal(m->mounts[0]->value, "/tmp/0");
        assert_string_equal(m->externals[99], "net[99]:key");
        assert_int_equal(m->inherits[99]->fd, 99);
        assert_string_equal(m->joins[7]->kind, "ipc");
        assert_string_equal(m->joins[7]->file, "/proc/self/fd/7");
        assert_string_equal(m->cgroup_roots[99]->path, "/mount/99");
        criu_rpc_options__free_unpacked(m, NULL);
        criu_request_clear(&request);
}

static void test_descriptors(void **state) {
        const CriuOptions o = CRIU_OPTIONS_INIT;
        size_t before = test_count_fds();
        CriuRequest request;

        assert_ok(criu_request_init(&request, CRIU_RPC_TYPE__RESTORE, &o, 5, 6));
        assert_int_equal(criu_request_add_fd(&request, 0), 4);
        assert_int_equal(criu_request_take_fd(&request, dup(0)), 5);
        for (int i = 2; i < CRIU_INHERITED_MAX; i++)
                assert_int_equal(criu_request_add_fd(&request, 0), 4 + i);
        assert_int_equal(criu_request_add_fd(&request, 0), -E2BIG);
        assert_int_equal(criu_request_take_fd(&request, dup(0)), -E2BIG);
        criu_request_clear(&request);
        assert_int_equal(test_count_fds(), before);
}

int main(void) {
        const struct CMUnitTest tests[] = { T(test_dump), T(test_restore), T(test_lists), T(test_descriptors) };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
