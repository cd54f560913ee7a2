"""What the screens share that draw curves over a run: the keys that change how they are seen."""

from abc import abstractmethod
from functools import cached_property

from dlcore import rundir
from tui.drawing.axis import AXES, rulers
from tui.drawing.charts import SMOOTHING
from tui.screens.time_screen import TimeScreen
from tui.watching.viewing import MOST_ZOOM, Viewing
from tui.widgets.plot import Plot


class ViewScreen(TimeScreen):
    """A screen with curves. How they are seen is remembered in the home folder."""

    @cached_property
    def viewing(self) -> Viewing:
        """How the curves are seen; whoever makes several such screens gives them the same."""
        return Viewing(rundir.home())

    @abstractmethod
    def view_changed(self, said: str) -> None:
        """Draw the curves as they are wanted now, and say what is different."""

    def on_plot_step_chosen(self, event: Plot.StepChosen) -> None:
        """Look at the step at the place that was clicked, whatever the axis has."""
        event.prevent_default()  # TimeScreen would take it for a step
        if (feed := self.watched()) is not None:
            self.cursor.go_to(self._step_at(event.step), feed.history)
            self._moved()

    def _step_at(self, place: float) -> float:
        """Return the step of the run that is looked at, from a place on the axis."""
        feed = self.watched()
        assert feed is not None
        made, _ = rulers([feed.history], self.viewing.wish.axis)
        return made[0].step(place)

    def _see(self, said: str, **changes: object) -> None:
        """See the curves otherwise from now on; it is written down once it is on the screen."""
        self.viewing.choose(**changes)
        self.view_changed(said)
        self.call_after_refresh(self.viewing.remember)

    # -- keys ---------------------------------------------------------------------------------------

    def action_smooth(self, by: int) -> None:
        """Smooth the training curves more or less."""
        level = max(0, min(self.viewing.wish.smoothing + by, len(SMOOTHING) - 1))
        self._see(f"smoothing: {SMOOTHING[level][0]}", smoothing=level)

    def action_log_scale(self) -> None:
        """Show the loss on a logarithmic scale, or not."""
        log_y = not self.viewing.wish.log_y
        self._see(f"y axis: {'logarithmic' if log_y else 'linear'}", log_y=log_y)

    def action_log_steps(self) -> None:
        """Show the x axis on a logarithmic scale, or not."""
        log_x = not self.viewing.wish.log_x
        self._see(f"x axis: {'logarithmic' if log_x else 'linear'}", log_x=log_x)

    def action_turn_axis(self) -> None:
        """Put steps, epochs, time or samples on the x axis, in turn."""
        axis = AXES[(AXES.index(self.viewing.wish.axis) + 1) % len(AXES)]
        words = {"time": "seconds of training", "sample": "samples seen"}
        self._see(f"x axis: {words.get(axis, f'{axis}s')}", axis=axis)

    def action_zoom(self, by: int) -> None:
        """Look at half of what is seen, around the cursor; or at twice as much."""
        zoom = max(0, min(self.viewing.zoom + by, MOST_ZOOM))
        self.viewing.look_closer(zoom)
        self.view_changed(f"zoom: {1 << zoom}×" if zoom else "zoom: all of the run")

    def action_pan(self, quarters: int) -> None:
        """Look at what is before or after, without moving the cursor."""
        if self.viewing.zoom:
            self.viewing.pan(quarters)
            self.view_changed("")
        else:
            self.view_changed("all of the run is seen: z looks closer")

    def action_show_spikes(self) -> None:
        """Show a few spikes in full, or let them leave the axis."""
        shown = not self.viewing.wish.everything
        self._see("spikes are shown in full" if shown else "spikes may leave the axis", everything=shown)
