"""The agent: Strands in this process, with tools of our own and those of MCP servers."""
