import pytest

from tui.terminal.pace import Pace

SSH = {"SSH_CONNECTION": "10.0.0.1 5 10.0.0.2 22"}


@pytest.fixture(autouse=True)
def real_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.terminal.pace.FRAME_SECONDS", 0.25)
    monkeypatch.setattr("tui.terminal.pace.SHARED_FRAME_SECONDS", 0.6)


@pytest.mark.parametrize(("environment", "seconds"), [({}, 0.25), ({"SSH_CONNECTION": ""}, 0.25), (SSH, 0.5)])
def test_over_ssh_frames_are_rarer(environment: dict[str, str], seconds: float) -> None:
    pace = Pace(environment)
    assert pace.is_due(0, 0, is_busy=False), "nobody waits for the first one"
    pace.begin(100, 0)
    assert not pace.is_due(100 + seconds - 0.01, 0, is_busy=False)
    assert pace.is_due(100 + seconds, 0, is_busy=False)


def test_frames_are_rarer_where_they_take_a_core_from_the_trainer() -> None:
    pace = Pace({})
    pace.begin(100, 0)
    assert not pace.is_due(100.55, 0, is_busy=False, is_shared=True)
    assert pace.is_due(100.6, 0, is_busy=False, is_shared=True)


def test_a_slow_frame_is_followed_by_a_long_rest() -> None:
    pace = Pace({})
    pace.begin(100, 0)
    pace.end(0.5)
    assert not pace.is_due(101.9, 0, is_busy=False)
    assert pace.is_due(102, 0, is_busy=False)


@pytest.mark.parametrize(("environment", "bytes_per_second"), [({}, 50_000), (SSH, 5_000)])
def test_frames_however_large_keep_below_the_budget(
    environment: dict[str, str], bytes_per_second: int
) -> None:
    pace = Pace(environment)
    sent, frames = 0, 0
    for tick in range(6000):
        if pace.is_due(tick / 100, sent, is_busy=False):
            pace.begin(tick / 100, sent)
            sent += 20_000
            frames += 1
    assert frames > 2
    assert (sent - 20_000) / 60 < bytes_per_second


def test_a_busy_line_gets_none() -> None:
    pace = Pace({})
    pace.begin(100, 0)
    assert not pace.is_due(1000, 0, is_busy=True)
    assert pace.is_due(1000, 0, is_busy=False)
