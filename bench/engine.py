# SPDX-License-Identifier: LGPL-2.1-or-later
"""The engines' default seccomp profile, as they hand it to a runtime."""

import json
import os
import pathlib
import platform

from measure import Failed

PROFILE = pathlib.Path("/usr/share/containers/seccomp.json")

# What podman gives a container by default.
CAPABILITIES = [f"CAP_{name}" for name in (
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
    "SETPCAP", "SETUID", "SYS_CHROOT")]

ARCHITECTURES = {"x86_64": ("amd64", "SCMP_ARCH_X86_64"), "aarch64": ("arm64", "SCMP_ARCH_AARCH64")}


def kernel():
    return tuple(int(part) for part in os.uname().release.split(".")[:2])


def applies(rule, architecture):
    """What a profile says of a rule: for which machines, capabilities and kernels it is."""
    include, exclude = rule.get("includes") or {}, rule.get("excludes") or {}
    if include.get("arches") and architecture not in include["arches"]:
        return False
    if not set(include.get("caps") or []) <= set(CAPABILITIES):
        return False
    if include.get("minKernel") and kernel() < tuple(map(int, include["minKernel"].split("."))):
        return False
    return architecture not in (exclude.get("arches") or []) and \
        not set(exclude.get("caps") or []) & set(CAPABILITIES)


def seccomp():
    """The profile of containers-common, resolved: linux.seccomp of a bundle."""
    if not PROFILE.exists():
        raise Failed(f"{PROFILE} is not there (golang-github-containers-common)")
    profile = json.loads(PROFILE.read_text())
    architecture, native = ARCHITECTURES[platform.machine()]
    architectures = [native]
    for entry in profile.get("archMap") or []:
        if entry["architecture"] == native:
            architectures += entry.get("subArchitectures") or []
    result = {"defaultAction": profile["defaultAction"], "architectures": architectures, "syscalls": []}
    if profile.get("defaultErrnoRet") is not None:
        result["defaultErrnoRet"] = profile["defaultErrnoRet"]
    for rule in profile["syscalls"]:
        if applies(rule, architecture):
            result["syscalls"].append({key: rule[key] for key in ("names", "action", "errnoRet", "args")
                                       if rule.get(key) not in (None, [])})
    return result
