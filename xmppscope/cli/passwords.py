"""The secrets of `--password`, by account. What is wrong with one is told without repeating any of it."""

from collections.abc import Iterable

from xmppscope.model.errors import XmppscopeError


def passwords(given: Iterable[str]) -> dict[str, str]:
    """Return secrets by bare JID, from texts such as ``juliet@capulet.example:secret``.

    A localpart has no colon (RFC 7622 §3.3.1), so the first one behind the domainpart ends the JID; a secret may have
    more of them.
    """
    secrets: dict[str, str] = {}
    for text in given:
        local, at, rest = text.partition("@")
        literal, bracket, behind = rest.partition("]") if rest.startswith("[") else ("", "", rest)
        domain, colon, secret = behind.partition(":")
        host = literal + bracket + domain
        if not (local and at and host and colon and secret) or ":" in local or "/" in host:
            raise XmppscopeError("--password: not JID:SECRET; give a bare JID, a colon and its password")
        secrets[f"{local}@{host}".lower()] = secret
    return secrets
