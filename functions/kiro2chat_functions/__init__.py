"""The HTTP face of kiro2chat: thin Starlette handlers, the emulator, the command line."""
