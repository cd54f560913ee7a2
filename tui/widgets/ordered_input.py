"""A line to type into that keeps the order of keys, however fast they come."""

from textual import events
from textual.widgets import Input


class OrderedInput(Input):
    """An `Input` whose own keys act at once, as letters do.

    Otherwise a letter is taken where it arrives, but a key with a binding travels up to the app first: of
    keys that come together, as over a slow line, a letter overtakes the backspace before it.
    """

    async def _on_key(self, event: events.Key) -> None:
        # What happens here happens instead: Textual would call the handler of the base class as well.
        event.prevent_default()
        if event.is_printable:
            await super()._on_key(event)
        elif await self.act(event.key):
            event.stop()

    async def act(self, key: str) -> bool:
        """Do what a key of this line is for; return whether it is one."""
        for binding in self._bindings.key_to_bindings.get(key, ()):
            if await self.app.run_action(binding.action, self):
                return True
        return False
