"""The gateway of each login: the one that the settings choose, and those that keys were given by name.

Each request uses the login that its key says, and no other: logins are not pooled, and none takes another's place when its
quota is used up.
"""

from __future__ import annotations

from dataclasses import replace

from .gateway import Gateway
from .kiro.slots import slots_of
from .settings import Settings

__all__ = ["Gateways", "settings_of"]


class Gateways:
    """Gateways are made when first asked for, and kept: a login's connections, tokens and list of models are its own."""

    def __init__(self, settings: Settings) -> None:
        self._slots = slots_of(settings)
        self.main = Gateway(settings, self._slots)
        self._settings = settings
        self._named: dict[str, Gateway] = {}

    def of(self, name: str) -> Gateway:
        """The gateway of a login by `kiro2chat login --name`; "" is the one that the settings choose."""
        settings = self._settings
        if not name or (settings.only_own and settings.login_name == name):
            return self.main
        if name not in self._named:
            self._named[name] = Gateway(settings_of(settings, name), self._slots)
        return self._named[name]

    async def aclose(self) -> None:
        for gateway in (self.main, *self._named.values()):
            await gateway.aclose()


def settings_of(settings: Settings, name: str) -> Settings:
    """The settings with that login, wherever they would have looked for one."""
    return replace(
        settings,
        kiro_login=("kiro2chat",),
        login_name=name,
        kiro_db_path=None,
        kiro_ide_token=None,
        kiro_profile_arn=None,  # of another account
    )
