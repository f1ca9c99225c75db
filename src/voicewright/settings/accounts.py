"""Who may sign in, and for how long."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, Field, model_validator


class AccountSettings(BaseModel):
    """Who may sign in, and for how long."""

    token_issuer: str = Field(
        default="voicewright",
        min_length=1,
        validation_alias="VOICEWRIGHT_TOKEN_ISSUER",
        description="Who signs the access tokens (`iss`).",
    )
    token_audience: str = Field(
        default="voicewright-api",
        min_length=1,
        validation_alias="VOICEWRIGHT_TOKEN_AUDIENCE",
        description="Whom the access tokens are for (`aud`).",
    )
    access_token_s: int = Field(
        default=900,
        ge=30,
        le=86_400,
        validation_alias="VOICEWRIGHT_ACCESS_TOKEN_S",
        description="Seconds that an access token lives.",
    )
    refresh_token_s: int = Field(
        default=30 * 86_400,
        ge=60,
        validation_alias="VOICEWRIGHT_REFRESH_TOKEN_S",
        description="Seconds without a refresh after which somebody has to sign in again.",
    )
    sign_in_link_s: int = Field(
        default=86_400,
        ge=60,
        validation_alias="VOICEWRIGHT_SIGN_IN_LINK_S",
        description="Seconds that a one-time sign-in link can be used.",
    )
    signing_key_days: int = Field(
        default=90,
        ge=1,
        validation_alias="VOICEWRIGHT_SIGNING_KEY_DAYS",
        description="Days after which access tokens are signed with a new key.",
    )
    clock_leeway_s: int = Field(
        default=30,
        ge=0,
        le=600,
        validation_alias="VOICEWRIGHT_CLOCK_LEEWAY_S",
        description="Seconds by which the clocks of two machines may differ when a token is checked.",
    )
    sign_in_per_account: int = Field(
        default=10,
        ge=1,
        validation_alias="VOICEWRIGHT_SIGN_IN_PER_ACCOUNT",
        description="Wrong passwords for one account in one window, before it has to wait.",
    )
    sign_in_per_address: int = Field(
        default=100,
        ge=1,
        validation_alias="VOICEWRIGHT_SIGN_IN_PER_ADDRESS",
        description="Attempts to sign in from one address in one window, before it has to wait.",
    )
    sign_in_window_s: int = Field(
        default=900,
        ge=1,
        validation_alias="VOICEWRIGHT_SIGN_IN_WINDOW_S",
        description="Seconds of the window in which attempts to sign in are counted.",
    )
    oidc_issuer: str | None = Field(
        default=None,
        validation_alias="OIDC_ISSUER",
        description="Identity provider whose tokens are accepted (`iss`); needs the next two.",
    )
    oidc_audience: str | None = Field(
        default=None,
        validation_alias="OIDC_AUDIENCE",
        description="What its tokens name as their audience (`aud`): usually the client id.",
    )
    oidc_jwks_url: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        validation_alias="OIDC_JWKS_URL",
        description="Where its public keys are (JWKS); use `https` unless the network is yours alone.",
    )
    oidc_role_claim: str | None = Field(
        default=None,
        validation_alias="OIDC_ROLE_CLAIM",
        description="Claim with somebody's roles, such as `realm_access.roles`; empty: roles are given here.",
    )
    oidc_admin_role: str = Field(
        default="admin",
        min_length=1,
        validation_alias="OIDC_ADMIN_ROLE",
        description="Value of that claim that makes an administrator.",
    )

    @model_validator(mode="after")
    def _oidc_is_whole(self) -> Self:
        parts = {
            "OIDC_ISSUER": self.oidc_issuer,
            "OIDC_AUDIENCE": self.oidc_audience,
            "OIDC_JWKS_URL": self.oidc_jwks_url,
        }
        missing = [name for name, value in parts.items() if value is None]
        if missing and len(missing) < len(parts):
            raise ValueError(f"set {' and '.join(missing)} as well, or none of {', '.join(parts)}")
        if self.oidc_issuer == self.token_issuer:
            raise ValueError("OIDC_ISSUER and VOICEWRIGHT_TOKEN_ISSUER are two issuers with one name")
        return self
