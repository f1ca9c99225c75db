"""The way to Google: who we are, where it is asked, and the SDK's client.

Speaking goes by gRPC, as only that streams. Making a voice goes by a plain request, as the SDK has no call
for it. An address that begins with `http://` leads to a proxy or a test on this machine, without encryption.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import grpc  # type: ignore[import-untyped]
from google.api_core.client_options import ClientOptions
from google.auth.transport.requests import AuthorizedSession, Request
from google.cloud.texttospeech_v1beta1 import TextToSpeechClient
from google.cloud.texttospeech_v1beta1.services.text_to_speech.transports import (
    TextToSpeechGrpcTransport,
)
from google.oauth2 import service_account

from voicewright.engines.errors import ProviderKeyRefused
from voicewright.plugins.google_cloud_tts.plugin import PROVIDER

if TYPE_CHECKING:
    import requests

    from voicewright.engines.port import EngineSetup

_ADDRESS: Final = "https://texttospeech.googleapis.com"
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_TIMEOUT_S: Final = 60.0
_CONNECT_S: Final = 5.0

Metadata = tuple[tuple[str, str], ...]


class Connection:
    """Knows how Google is asked; nothing is read or opened before it is needed.

    Args:
        setup: of the engine.
    """

    def __init__(self, setup: EngineSetup) -> None:
        values = setup.values
        self._file = values["GOOGLE_APPLICATION_CREDENTIALS"]
        self._project = values.get("GOOGLE_CLOUD_PROJECT")
        self._address = values.get("VOICEWRIGHT_GOOGLE_ENDPOINT", _ADDRESS).rstrip("/")
        self._credentials: Any = None
        self._client: TextToSpeechClient | None = None
        self.timeout_s = float(values.get("VOICEWRIGHT_PROVIDER_TIMEOUT_S", _TIMEOUT_S))

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        """Send a plain request, once."""
        with AuthorizedSession(self._known()) as session:  # type: ignore[no-untyped-call]
            timeout_s = (min(_CONNECT_S, self.timeout_s), self.timeout_s)
            return session.post(f"{self._address}/{path}", json=body, timeout=timeout_s)

    def client(self) -> tuple[TextToSpeechClient, Metadata]:
        """The SDK's client, and what goes with each call."""
        credentials = self._known()
        if self._is_plain:
            return self._plain_client(), self._authorization(credentials)
        if self._client is None:
            options = ClientOptions(api_endpoint=urlsplit(self._address).netloc)
            self._client = TextToSpeechClient(credentials=credentials, client_options=options)
        return self._client, ()

    @property
    def _is_plain(self) -> bool:
        return self._address.startswith("http://")

    def _plain_client(self) -> TextToSpeechClient:
        if self._client is None:
            channel = grpc.insecure_channel(urlsplit(self._address).netloc)
            self._client = TextToSpeechClient(transport=TextToSpeechGrpcTransport(channel=channel))
        return self._client

    def _authorization(self, credentials: Any) -> Metadata:
        """What the SDK adds by itself where the way is encrypted, and nowhere else."""
        headers: dict[str, str] = {}
        credentials.before_request(Request(), "POST", self._address, headers)
        return tuple((name.lower(), value) for name, value in headers.items())

    def _known(self) -> Any:
        """Who we are.

        Raises:
            ProviderKeyRefused: the file can't be used.
        """
        if self._credentials is None:
            try:
                credentials = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
                    self._file, scopes=[_SCOPE]
                )
            except (OSError, ValueError) as error:
                fault = error.strerror if isinstance(error, OSError) else "it is no key of a service account"
                raise ProviderKeyRefused(
                    f"The file {self._file} with the credentials for {PROVIDER.name} can't be used: {fault}. "
                    "Set GOOGLE_APPLICATION_CREDENTIALS to the JSON key of a service account that may use "
                    "Text-to-Speech."
                ) from error
            project = self._project or credentials.project_id
            self._credentials = credentials.with_quota_project(project) if project else credentials
        return self._credentials
