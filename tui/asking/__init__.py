"""What the app has a process of its own find out, since it never imports torch."""
