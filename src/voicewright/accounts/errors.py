"""Why somebody is not let in, or may not do what they ask for."""

from __future__ import annotations

from typing import ClassVar

from voicewright.errors import AppError, ErrorKind, FieldFault


class NotAuthenticated(AppError):
    """No credentials, or none that are valid (any more)."""

    code: ClassVar[str] = "NOT_AUTHENTICATED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAUTHENTICATED


class SignInFailed(AppError):
    """The e-mail address or the password is wrong; nobody is told which."""

    code: ClassVar[str] = "SIGN_IN_FAILED"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAUTHENTICATED


class SignInTooOld(AppError):
    """What can't be undone is asked for by somebody who signed in a while ago, and has no password."""

    code: ClassVar[str] = "SIGN_IN_TOO_OLD"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class RefreshTokenInvalid(AppError):
    """The refresh token is unknown, expired, or was used before, which ends its whole session."""

    code: ClassVar[str] = "REFRESH_TOKEN_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAUTHENTICATED


class SignInLinkInvalid(AppError):
    """The one-time link is unknown, expired, or was used before."""

    code: ClassVar[str] = "SIGN_IN_LINK_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAUTHENTICATED


class NotAllowed(AppError):
    """The caller is known and may not do this."""

    code: ClassVar[str] = "NOT_ALLOWED"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class CrossSiteRequest(AppError):
    """A browser sent its cookie with a request that a page of somebody else's made."""

    code: ClassVar[str] = "CROSS_SITE_REQUEST"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class AccountDisabled(AppError):
    """The password is right, and an administrator has disabled the account."""

    code: ClassVar[str] = "ACCOUNT_DISABLED"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class PasswordRefused(AppError):
    """The new password is too short, too long, or part of the account's own address."""

    code: ClassVar[str] = "PASSWORD_REFUSED"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class EmailInvalid(AppError):
    """This is not an e-mail address."""

    code: ClassVar[str] = "EMAIL_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class EmailTaken(AppError):
    """Another account has this e-mail address."""

    code: ClassVar[str] = "EMAIL_TAKEN"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class PersonNameInvalid(AppError):
    """The name of a person or of an API key is too long, or has characters that a name can't have."""

    code: ClassVar[str] = "PERSON_NAME_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ExpiryInvalid(AppError):
    """An API key would expire in the past, or not within ten years."""

    code: ClassVar[str] = "EXPIRY_INVALID"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class UserNotFound(AppError):
    """There is no such account."""

    code: ClassVar[str] = "USER_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class ApiKeyNotFound(AppError):
    """There is no such API key, or it is somebody else's."""

    code: ClassVar[str] = "API_KEY_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class SessionNotFound(AppError):
    """There is no such session, or it is somebody else's."""

    code: ClassVar[str] = "SESSION_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class LastAdministrator(AppError):
    """It would leave the platform without an administrator."""

    code: ClassVar[str] = "LAST_ADMINISTRATOR"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class UserIdTaken(AppError):
    """An account has this id, or had it before it was deleted, or the platform itself has it."""

    code: ClassVar[str] = "USER_ID_TAKEN"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class UserDisabled(AppError):
    """What was asked for needs an account that is not disabled."""

    code: ClassVar[str] = "USER_DISABLED"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class TooManyApiKeys(AppError):
    """The account has as many API keys as one may have."""

    code: ClassVar[str] = "TOO_MANY_API_KEYS"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class RateLimited(AppError):
    """It was asked too often; the message says when it can be asked again.

    Args:
        message: for people.
        limit: how often in one window.
        retry_after_s: seconds until the window ends.
    """

    code: ClassVar[str] = "RATE_LIMITED"
    kind: ClassVar[ErrorKind] = ErrorKind.RATE_LIMITED
    default_retryable: ClassVar[bool] = True

    def __init__(self, message: str, *, limit: int, retry_after_s: int) -> None:
        super().__init__(message)
        self.limit = limit
        self.retry_after_s = retry_after_s


class PasswordsBusy(AppError):
    """As many passwords are being checked as are at a time, so that other requests go on."""

    code: ClassVar[str] = "PASSWORDS_BUSY"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True
    retry_after_s: ClassVar[int] = 5

    def __init__(self) -> None:
        super().__init__(
            "Very many people are signing in now, so this password was not looked at. "
            f"Try again in {self.retry_after_s} seconds."
        )


class IdentityProviderUnavailable(AppError):
    """The identity provider's keys can't be fetched, so its tokens can't be checked now."""

    code: ClassVar[str] = "IDENTITY_PROVIDER_UNAVAILABLE"
    kind: ClassVar[ErrorKind] = ErrorKind.UNAVAILABLE
    default_retryable: ClassVar[bool] = True


def of_field(error: type[AppError], field: str, message: str) -> AppError:
    """An error that names the field of the request that is to blame."""
    return error(message, fields=[FieldFault(field, message)])


class OnboardingTokenNotFound(AppError):
    """There is no such onboarding token, or it is another account's."""

    code: ClassVar[str] = "ONBOARDING_TOKEN_NOT_FOUND"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class OnboardingTokenSpent(AppError):
    """As many voices were begun with the onboarding token as it allows."""

    code: ClassVar[str] = "ONBOARDING_TOKEN_SPENT"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN
