"""The agent: tools, and what runs them."""
