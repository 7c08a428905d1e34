"""What the SQLite store says to its file. Each verb is one statement, and so a transaction of its own.

`:now` is the time by the store's clock, `:version` the first version of an item that is made.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = [
    "DELETE",
    "END",
    "GET",
    "INCR",
    "LEASE",
    "PAGE",
    "PUT",
    "PUT_VERSION",
    "RELEASE",
    "RENEW",
    "SWEEP",
    "SWEEP_LEASES",
]

_LIVE = "(expires_at IS NULL OR expires_at > :now)"
_INSERT = "INSERT INTO items (pk, sk, value, version, expires_at) VALUES (:pk, :sk, :value, :version, :expires_at)"
_REPLACE = f"{_INSERT} ON CONFLICT DO UPDATE SET value = excluded.value, version = version + 1, expires_at = excluded.expires_at"
PUT: Mapping[str, str] = {
    "any": f"{_REPLACE} RETURNING version",
    "absent": f"{_REPLACE} WHERE NOT {_LIVE} RETURNING version",
}
PUT_VERSION = (
    "UPDATE items SET value = :value, version = version + 1, expires_at = :expires_at"  # noqa: S608
    f" WHERE pk = :pk AND sk = :sk AND version = :expected AND {_LIVE} RETURNING version"
)
GET = f"SELECT sk, value, version, expires_at FROM items WHERE pk = :pk AND sk = :sk AND {_LIVE}"  # noqa: S608
# SQLite 3.40 finds nothing to be NULL in what a deletion returns, so it returns the time itself.
DELETE = (
    "DELETE FROM items WHERE pk = :pk AND sk = :sk"  # noqa: S608
    f" AND (:expected IS NULL OR version = :expected AND {_LIVE}) RETURNING expires_at"
)
_LIST = (
    "SELECT sk, value, version, expires_at FROM items"  # noqa: S608
    f" WHERE pk = :pk AND sk >= :low AND sk < :high AND {_LIVE} ORDER BY sk"
)
PAGE: Mapping[bool, str] = {False: f"{_LIST} LIMIT :limit", True: f"{_LIST} DESC LIMIT :limit"}
INCR = (
    f"{_INSERT} ON CONFLICT DO UPDATE SET version = version + 1,"
    f" value = CASE WHEN {_LIVE} THEN added(CAST(value AS BLOB), excluded.value) ELSE excluded.value END,"
    f" expires_at = CASE WHEN {_LIVE} THEN coalesce(excluded.expires_at, expires_at) ELSE excluded.expires_at END"
    " RETURNING value"
)
LEASE = (
    "INSERT INTO leases (pk, sk, holder, fence, until) VALUES (:pk, :sk, :holder, :fence, :until) ON CONFLICT DO UPDATE"
    " SET holder = excluded.holder, fence = fence + 1, until = excluded.until"
    " WHERE until <= :now OR holder = excluded.holder RETURNING fence"
)
RENEW = (
    "UPDATE leases SET until = :until WHERE pk = :pk AND sk = :sk AND holder = :holder AND fence = :fence AND until > 0"
    " RETURNING fence"
)
RELEASE = (
    "UPDATE leases SET until = 0 WHERE pk = :pk AND sk = :sk AND holder = :holder AND fence = :fence AND until > 0"
    " RETURNING fence"
)
SWEEP = (
    "DELETE FROM items WHERE rowid IN"
    " (SELECT rowid FROM items WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit) RETURNING 1"
)
# A fence begins as the time in milliseconds, so one that is begun anew is greater than all before.
SWEEP_LEASES = "DELETE FROM leases WHERE max(until, fence / 1000.0) <= :now - :kept RETURNING 1"

END = b"\xff"
"""An end of a page that no `sk` reaches: SQLite orders every text before every blob."""
