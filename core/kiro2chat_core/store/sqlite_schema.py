"""The tables of the SQLite store, step by step: a file of any age is brought up to date by the steps it has not seen.

A step that has been released is never changed; a new one is put behind it.
"""

from __future__ import annotations

__all__ = ["APPLICATION", "MIGRATIONS"]

APPLICATION = 0x6B32_6363
"""`PRAGMA application_id` of our files: "k2cc"."""

_ITEMS = (
    "CREATE TABLE migrations (version INTEGER PRIMARY KEY, done_at REAL NOT NULL)",
    """CREATE TABLE items (
        pk TEXT NOT NULL,
        sk TEXT NOT NULL,
        value TEXT NOT NULL,      -- a JSON object
        version INTEGER NOT NULL,
        expires_at REAL,          -- seconds since 1970, or never
        PRIMARY KEY (pk, sk)
    )""",
    "CREATE INDEX items_by_expiry ON items (expires_at) WHERE expires_at IS NOT NULL",
)

_LEASES = (
    """CREATE TABLE leases (
        pk TEXT NOT NULL,
        sk TEXT NOT NULL,
        holder TEXT NOT NULL,
        fence INTEGER NOT NULL,
        until REAL NOT NULL,      -- seconds since 1970; 0 once it has been given back
        PRIMARY KEY (pk, sk)
    )""",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (_ITEMS, _LEASES)
"""Statements that lead from schema n to n + 1, counted from 0, an empty file."""
