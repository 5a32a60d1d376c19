"""The command line: one module a command. Heavy rooms are imported inside the commands that need them."""
