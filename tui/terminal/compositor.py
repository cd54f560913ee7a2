"""Textual's compositor, made to render only what a change touches.

Textual renders every widget that might be seen within the bounds of all that changed: where the focus moves
on by one field of a long form, all of its fields.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from textual._compositor import Compositor
from textual.geometry import Region
from textual.strip import Strip


class FrugalCompositor(Compositor):
    """Renders the widgets that have a cell in a line that changed, within the bounds of the change."""

    _is_needed: Callable[[int], bool]

    def _render_chops(
        self, crop: Region, is_rendered_line: Callable[[int], bool]
    ) -> Sequence[Mapping[int, Strip]]:
        self._is_needed = is_rendered_line
        return super()._render_chops(crop, is_rendered_line)

    def _get_renders(self, crop: Region | None = None) -> Iterable[tuple[Region, Region, list[Strip]]]:
        assert crop is not None
        for widget, (region, clip) in self.visible_widgets.items():
            seen = region.intersection(clip)
            if any(map(self._is_needed, seen.intersection(crop).line_range)):
                yield region, clip, widget.render_lines(seen.translate(-region.offset))
