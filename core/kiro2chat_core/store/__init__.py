"""All that lasts: six verbs on items, one contract, a back-end to each place. Importing this imports no database."""
