"""How a run ended, in one sentence."""

from dlcore import figures
from tui.feed import RunFeed


def ending(feed: RunFeed) -> tuple[str, str]:
    """Return how a run ended in one sentence, and its style."""
    history = feed.history
    if feed.state == "crashed":
        return f"The trainer has died without a word; its log: {feed.run.log}", "$text-error"
    ended = history.ended
    assert ended is not None
    if ended.reason == "failed":
        return f"{ended.message}. {ended.hint}", "$text-error"
    metric = history.metric
    scores = [
        f"{figures.score(figure[metric], metric)} {split}"
        for split, figure in history.final().items()
        if split != "train"
    ]
    came_of_it = f": {figures.SCORES[metric]} {', '.join(scores)}" if scores else ""
    said = f" {ended.message}." if ended.message else ""  # of early stopping
    return f"{ended.reason}{came_of_it}.{said} e exports a summary.", "$text-success"
