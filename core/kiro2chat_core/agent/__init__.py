"""The agent: tools, and the servers that bring some. Nothing here is imported before it is used."""
