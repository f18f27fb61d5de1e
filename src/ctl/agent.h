/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * polkit's agent for text terminals: for a user who is not root it asks for the
 * password that an action needs, where no desktop does. Runs as long as ctrctl.
 */

/* Nothing happens for root, without a terminal, or where it is not installed. */
void agent_begin(void);
void agent_end(void);
