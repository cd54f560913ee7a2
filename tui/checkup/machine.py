"""The processor, and what torch is and sees here, which a process of its own has to say."""

import json
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil

from dlcore import figures
from dlcore.process.cores import available
from tui.checkup.check import Check

INSPECTOR: tuple[str, ...] = (sys.executable, "-P", "-m", "dlcore.training.inspect")
"""Imports torch, answers, and ends. `-P`: no file of the current folder is taken for a module."""

_SECONDS = 60.0
_LITTLE_MEMORY = 1_000_000_000
_NVIDIA = Path("/dev/nvidia0")
_SAME_SOURCE = (
    "Install torch and torchvision together, from the same source. "
    "digits, mnist and the drawn data work without torchvision."
)


def machine_checks(inspector: tuple[str, ...]) -> Iterator[Check]:
    """Yield processor, torch, torchvision and GPUs; without torch, why it is absent."""
    yield processor_check()
    environment = ask_environment(inspector)
    if "error" in environment:
        cure = "Install dltui again, into an environment of its own; without torch nothing can train."
        yield Check("torch", "fault", f"no answer from torch: {environment['error']}", cure)
        return
    yield torch_check(environment)
    yield torchvision_check(environment)
    yield from gpu_checks(environment, _NVIDIA.exists())


def processor_check() -> Check:
    """Return name, cores, load and free memory of this machine."""
    cores = available()
    name = f"{_processor_name()}, {cores} core{'s' if cores > 1 else ''}"
    try:
        load = psutil.getloadavg()[0]
        memory = psutil.virtual_memory()
    except (OSError, psutil.Error):
        return Check("cpu", "note", f"{name}; load and memory are not known")
    free = f"{figures.size(memory.available)} of {figures.size(memory.total)} memory free"
    found = f"{name}, load {load:.1f}, {free}"
    if memory.available < _LITTLE_MEMORY:
        return Check("cpu", "note", found, "A trainer takes about 0.5 GB and its data: end what you can.")
    if load > cores:
        return Check("cpu", "note", found, "Others are at work here: training shares the cores with them.")
    return Check("cpu", "ok", found)


def _processor_name() -> str:
    """Return the name of the processor as the system has it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            key, _, value = line.partition(":")
            if key.strip() == "model name":
                return value.strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def ask_environment(command: tuple[str, ...], seconds: float = _SECONDS) -> dict[str, Any]:
    """Return what the inspector says of torch and its devices; {'error': why} when it says nothing."""
    try:
        done = subprocess.run(
            command,
            input=b'{"id": 1, "ask": "environment"}\n',
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except OSError as error:
        return {"error": f"{command[0]}: {error.strerror or error}"}
    except subprocess.TimeoutExpired:
        return {"error": f"it took longer than {figures.duration(seconds)}"}
    for line in done.stdout.splitlines():
        if (answer := _table(line)).get("id") == 1:
            return answer
    complaint = done.stderr.decode(errors="replace").strip()
    return {"error": complaint.splitlines()[-1] if complaint else f"it ended with status {done.returncode}"}


def _table(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def torch_check(environment: dict[str, Any]) -> Check:
    """Return which torch it is."""
    cuda = environment.get("cuda")
    built = f"built for CUDA {cuda}" if cuda else "built without CUDA"
    return Check("torch", "ok", f"{environment.get('torch')}, {built}")


def torchvision_check(environment: dict[str, Any]) -> Check:
    """Return whether torchvision can be imported; it cannot when it was built for another torch."""
    found = environment.get("torchvision")
    answer: dict[str, Any] = found if isinstance(found, dict) else {}
    if "version" in answer:
        return Check("torchvision", "ok", str(answer["version"]))
    return Check(
        "torchvision", "note", f"cannot be imported: {answer.get('error', 'no word why')}", _SAME_SOURCE
    )


def gpu_checks(environment: dict[str, Any], has_nvidia: bool) -> Iterator[Check]:
    """Yield a check of each GPU that torch can use; where it can use none, of a card that is there."""
    devices = [device for device in environment.get("devices") or [] if isinstance(device, dict)]
    for device in devices:
        free, total, load = (device.get(key) for key in ("free", "total", "load"))
        words = [str(device.get("name"))]
        if isinstance(load, int):
            words.append(f"load {load} %")
        if isinstance(free, int) and isinstance(total, int):
            words.append(f"{figures.size(free)} of {figures.size(total)} memory free")
        yield Check(str(device.get("device")), "ok", ", ".join(words))
    if devices:
        return
    if has_nvidia:
        cure = "Install a torch that is built for the CUDA version of the driver; nvidia-smi shows it."
        yield Check("gpu", "note", "there is an NVIDIA card, but torch cannot use it", cure)
    else:
        yield Check("gpu", "ok", "none; training runs on the CPU")
