"""How often somebody may try a password: counted for each account and for each address.

An account counts wrong passwords only: a right one begins its window again. Whoever attacks one account from
many addresses makes its owner wait too; sessions, API keys and one-time links go on working meanwhile.
"""

from __future__ import annotations

import hashlib
import ipaddress
from typing import TYPE_CHECKING, Final

from voicewright.accounts.emails import email_key
from voicewright.accounts.rate_limits import per_window

if TYPE_CHECKING:
    from voicewright.accounts.rate_limits import RateLimits
    from voicewright.settings import Settings

_WHAT: Final = "attempts to sign in"
_IPV6_NETWORK_BITS: Final = 64


class SignInLimits:
    """The two limits of the settings."""

    def __init__(self, settings: Settings, rate_limits: RateLimits) -> None:
        self._rate_limits = rate_limits
        window_s = settings.sign_in_window_s
        self._per_address = per_window("sign-in-address", settings.sign_in_per_address, window_s)
        self._per_account = per_window("sign-in-account", settings.sign_in_per_account, window_s)

    def attempt(self, email: str, address: str) -> None:
        """Count an attempt, before the password is looked at.

        Raises:
            RateLimited: there were too many for this account, or from this address.
        """
        self._rate_limits.hit(self._per_address, network_of(address), what=_WHAT)
        self._rate_limits.hit(self._per_account, account_key(email), what=_WHAT)

    def succeeded(self, email: str) -> None:
        """The password was right."""
        self._rate_limits.forget(self._per_account, account_key(email))


def network_of(address: str) -> str:
    """What is counted as one address: of IPv6, the /64 that one subscriber has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64] or "unknown"
    if parsed.version == 4:  # noqa: PLR2004 - IPv4
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, _IPV6_NETWORK_BITS), strict=False))


def account_key(email: str) -> str:
    """What is counted as one account: of whatever length was typed, and not readable in the table."""
    return hashlib.sha256(email_key(email).encode("utf-8", "surrogatepass")).hexdigest()
