"""The terminal application: a view with a pen. It owns no truth and never imports torch."""
