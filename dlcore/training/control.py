"""What the trainer is told: commands from `control.jsonl`, each consumed once."""

from collections import deque

from dlcore import commands
from dlcore.commands import Command, Stop
from dlcore.events import CommandApplied, CommandRefused
from dlcore.files.journal import Tail
from dlcore.rundir import RunDir
from dlcore.training.record import Record


class Control:
    """Reads commands as they come; those in `answered` (ids) were consumed by an earlier attempt.

    What stands within the first `heard` bytes and was not answered was meant for an attempt that is over.
    """

    def __init__(self, run: RunDir, answered: set[str], heard: int = 0) -> None:
        self._tail = Tail(run.control)
        self._path = run.control
        self._size = -1
        self._answered = answered
        self._heard = heard
        self._waiting: deque[Command] = deque()
        self._late: list[Command] = []

    def refuse_late(self, record: Record) -> None:
        """Refuse what was told to an attempt that ended before it could answer."""
        self._take()
        for command in self._late:
            record.say(
                CommandRefused,
                record.step,
                id=command.id,
                command=command.model_dump(),
                reason="the attempt that it was meant for had ended",
            )
        self._late.clear()

    def next(self) -> Command | None:
        """Return the next command, or None when there is none."""
        if not self._waiting:
            self._take()
        return self._waiting.popleft() if self._waiting else None

    def stop(self, record: Record) -> bool:
        """Answer a Stop that came before there is anything to carry it out; return whether one did."""
        self._take()
        stops = [command for command in self._waiting if isinstance(command, Stop)]
        for command in stops:
            record.say(CommandApplied, 0, id=command.id, command=command.model_dump(), text="stopping")
        return bool(stops)

    def _take(self) -> None:
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return
        if size == self._size:
            return
        self._size = size
        for line in self._tail.read():
            command = commands.decode(line)
            if command is not None and command.id not in self._answered:
                self._answered.add(command.id)
                is_late = self._tail.offset <= self._heard
                (self._late if is_late else self._waiting).append(command)
