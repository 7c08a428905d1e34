"""The core of kiro2chat: values, codecs, the login, the gateway. It knows no web framework."""

__version__ = "0.1.0"
