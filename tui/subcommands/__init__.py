"""The subcommands of `dltui`, one file a kind."""
