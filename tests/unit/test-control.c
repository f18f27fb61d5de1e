/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <signal.h>

#include "container.h"
#include "control.h"
#include "test.h"

static int parse(const char *text, ControlRequest *ret, Error *error) {
        static char data[WIRE_MAX + 1];

        *ret = (ControlRequest){};
        strcpy(data, text);
        return control_parse(data, strlen(text), ret, error);
}

static void refuse(const char *text, ControlCommand command, const char *word) {
        _cleanup_error_ Error error = ERROR_INIT;
        ControlRequest request;

        assert_int_equal(parse(text, &request, &error), -EINVAL);
        assert_int_equal(request.command, command);
        if (!strstr(error_message(&error), word))
                fail_msg("\"%s\" does not name %s", error_message(&error), word);
}

static void test_commands(void **state) {
        ControlRequest request;
        char text[64];

        for (ControlCommand i = 0; i < _CONTROL_COMMAND_MAX; i++) {
                const char *name = control_command_to_string(i);

                assert_non_null(name);
                assert_int_equal(control_command_from_string(name), i);
        }
        assert_null(control_command_to_string(_CONTROL_COMMAND_MAX));
        assert_null(control_command_to_string(_CONTROL_COMMAND_INVALID));
        assert_int_equal(control_command_from_string("fly"), _CONTROL_COMMAND_INVALID);

        snprintf(text, sizeof(text), "COMMAND=stop\nSIGNAL=%d\nTIMEOUT_USEC=5\n", SIGRTMIN + 4);
        assert_int_equal(parse(text, &request, NULL), 0);
        assert_int_equal(request.signal, SIGRTMIN + 4);
        assert_true(request.has_timeout);
        assert_int_equal(request.timeout, 5);

        assert_int_equal(parse("COMMAND=stop\nTIMEOUT_USEC=infinity\n", &request, NULL), 0);
        assert_true(request.timeout == USEC_INFINITY);
        assert_int_equal(parse("COMMAND=stop", &request, NULL), 0);
        assert_false(request.has_timeout);

        assert_int_equal(parse("COMMAND=kill\nWHOM=all\nSIGNAL=9\n", &request, NULL), 0);
        assert_true(request.whom_all);
        assert_int_equal(parse("COMMAND=resize\nCOLUMNS=80\nROWS=24\n", &request, NULL), 0);
        assert_int_equal(request.columns, 80);
        assert_int_equal(request.rows, 24);
        assert_int_equal(parse("COMMAND=attach\nREADONLY=yes\n", &request, NULL), 0);
        assert_true(request.readonly);
        assert_int_equal(parse("COMMAND=exec\nTERMINAL=yes\n", &request, NULL), 0);
        assert_true(request.terminal);
        assert_int_equal(parse("COMMAND=freeze\n", &request, NULL), 0);
        assert_int_equal(request.command, CONTROL_FREEZE);
        assert_int_equal(parse("COMMAND=thaw\n", &request, NULL), 0);
        assert_int_equal(request.command, CONTROL_THAW);
        assert_int_equal(parse("COMMAND=mount\nTYPE=bind\nSOURCE=/a=b\nTARGET=/c\nOPTIONS=ro\n", &request, NULL), 0);
        assert_int_equal(request.command, CONTROL_MOUNT);
        assert_int_equal(parse("COMMAND=unmount\nTYPE=tmpfs\nSOURCE=\nTARGET=/c\n", &request, NULL), 0);
        assert_int_equal(request.command, CONTROL_UNMOUNT);
        assert_int_equal(parse("COMMAND=update\n", &request, NULL), 0);
        assert_int_equal(request.command, CONTROL_UPDATE);
}

static void test_refused(void **state) {
        refuse("", _CONTROL_COMMAND_INVALID, "COMMAND");
        refuse("SIGNAL=1\nCOMMAND=kill\n", _CONTROL_COMMAND_INVALID, "COMMAND");
        refuse("COMMAND=fly\n", _CONTROL_COMMAND_INVALID, "fly");
        refuse("COMMAND=create\nREADONLY=yes\n", CONTROL_CREATE, "READONLY");
        refuse("COMMAND=stop\nSIGNAL=0\n", CONTROL_STOP, "SIGNAL");
        refuse("COMMAND=stop\nSIGNAL=65\n", CONTROL_STOP, "SIGNAL");
        refuse("COMMAND=stop\nSIGNAL=TERM\n", CONTROL_STOP, "SIGNAL");
        refuse("COMMAND=stop\nSIGNAL=1\nSIGNAL=2\n", CONTROL_STOP, "SIGNAL");
        refuse("COMMAND=kill\nWHOM=all\n", CONTROL_KILL, "SIGNAL");
        refuse("COMMAND=kill\nWHOM=me\nSIGNAL=9\n", CONTROL_KILL, "WHOM");
        refuse("COMMAND=resize\nCOLUMNS=80\n", CONTROL_RESIZE, "ROWS");
        refuse("COMMAND=resize\nCOLUMNS=80\nROWS=65536\n", CONTROL_RESIZE, "ROWS");
        refuse("COMMAND=freeze\nTIMEOUT_USEC=1\n", CONTROL_FREEZE, "TIMEOUT_USEC");
        refuse("COMMAND=thaw\nWHOM=all\n", CONTROL_THAW, "WHOM");
        refuse("COMMAND=mount\nSOURCE=/a\nTARGET=/b\n", CONTROL_MOUNT, "TYPE");
        refuse("COMMAND=mount\nTYPE=bind\nSOURCE=/a\n", CONTROL_MOUNT, "TARGET");
        refuse("COMMAND=mount\nTYPE=bind\nSOURCE=a\nTARGET=/b\n", CONTROL_MOUNT, "SOURCE");
        refuse("COMMAND=unmount\nTYPE=bind\nTARGET=b\n", CONTROL_UNMOUNT, "TARGET");
        refuse("COMMAND=unmount\nTYPE=bind\nTARGET=/b\nOPTIONS=ro\n", CONTROL_UNMOUNT, "OPTIONS");
        refuse("COMMAND=update\nTARGET=/b\n", CONTROL_UPDATE, "TARGET");
        refuse("COMMAND=soft-reboot\nSIGNAL=15\n", CONTROL_SOFT_REBOOT, "SIGNAL");
        refuse("COMMAND=stop\nnothing\n", CONTROL_STOP, "KEY=VALUE");
}

static void test_phases(void **state) {
        static const MonitorPhase path[] = {
                MONITOR_IDLE,  MONITOR_CREATING, MONITOR_CREATED,  MONITOR_STARTING,  MONITOR_RUNNING,
                MONITOR_READY, MONITOR_STOPPING, MONITOR_REBOOTING, MONITOR_CREATING,
        };
        unsigned allowed = 0;

        for (size_t i = 1; i < ELEMENTSOF(path); i++)
                assert_true(container_phase_may_follow(path[i - 1], path[i]));
        for (MonitorPhase from = 0; from < _MONITOR_PHASE_MAX; from++)
                for (MonitorPhase to = 0; to < _MONITOR_PHASE_MAX; to++)
                        allowed += container_phase_may_follow(from, to);
        /* the path above, running to stopping and to rebooting, ready to running and to rebooting */
        assert_int_equal(allowed, ELEMENTSOF(path) - 1 + 4);
        assert_false(container_phase_may_follow(MONITOR_CREATED, MONITOR_RUNNING));
        assert_false(container_phase_may_follow(MONITOR_STOPPING, MONITOR_READY));
        assert_false(container_phase_may_follow(_MONITOR_PHASE_INVALID, MONITOR_IDLE));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_commands),
                cmocka_unit_test(test_refused),
                cmocka_unit_test(test_phases),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
