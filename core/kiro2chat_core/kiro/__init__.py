"""Everything that knows Kiro: its wire format, its rules, its logins, its hosts."""
