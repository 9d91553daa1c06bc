"""Tokens: who a caller is, proven by a signature."""

from libs.access.access import Access
from libs.access.keys import ServiceKeys, UserKeys
from libs.access.signing import SigningKeys
from libs.access.tokens import ServiceTokens, UserTokens

__all__ = ["Access", "ServiceKeys", "ServiceTokens", "SigningKeys", "UserKeys", "UserTokens"]
