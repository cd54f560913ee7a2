"""One module a screen: it composes widgets, gives them data and answers their messages."""
