"""The panes of the Inside screen."""
