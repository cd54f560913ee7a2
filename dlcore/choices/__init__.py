"""What can be chosen: one file a kind, each listing its members in menu order."""
