"""One frozen object, made at the door and handed in. Every default gives a server that starts."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, TypeAlias, get_args

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from mien.errors import RequestError

_MAY_BE_EMPTY = "empty is a value"
EngineName: TypeAlias = Annotated[str, _MAY_BE_EMPTY]
"""The file of mien/engines that plays a role; empty means that nothing does."""


class Settings(BaseSettings):
    """Each field is also an environment variable: MIEN_<FIELD>. An empty one, as `${X:-}` in a compose file
    gives it, counts as not set; only the name of an engine may be empty."""

    model_config = SettingsConfigDict(
        env_prefix="MIEN_",
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,  # no date is for ever ago
        use_attribute_docstrings=True,
    )

    home: Path = Field(default_factory=lambda: user_data_path("mien"))
    """Folder for jobs, their files and downloaded weights; default: the user's data folder (see
    `mien doctor`)."""

    offline: bool = False
    """Make no network connections: download no weights, fetch no URLs, send no callbacks or mails."""

    # ── engines
    voice_activity: EngineName = "silero"
    """Voice activity detection: where somebody speaks."""
    transcriber: EngineName = "auto"
    """Speech recognition; `auto` is whisper if a whisper model has been pulled, else sphinx (English)."""
    diarizer: EngineName = "speakernet"
    """Speaker diarization: who speaks when."""
    voice: EngineName = "voicenet"
    """Prosody and vocal bursts."""
    face_finder: EngineName = "mesh"
    """Face detection."""
    face_reader: EngineName = "facenet"
    """Expressions, action units and descriptions of faces."""
    face_identity: EngineName = "auto"
    """Whether two faces are the same person; `auto` is mobileface if it has been pulled, else appearance."""
    mesh_reader: EngineName = "meshnet"
    """Expressions from face mesh landmarks."""
    text_reader: EngineName = "textnet"
    """Expressions and named entities in text."""
    multilingual_reader: EngineName = "auto"
    """Texts in languages that the text reader does not know; `auto` is the classifier pulled last, if any."""
    language_detector: EngineName = "langid"
    """Which language a text is in."""
    threads: int = Field(default=0, ge=0)
    """Threads per engine; 0 means one per core, shared among the workers."""

    # ── the server
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8734, ge=0, le=65535)
    """Port to listen on."""
    workers: int = Field(default=1, ge=0)
    """Worker processes that `mien serve` starts; more can be attached with `mien work`."""
    store_url: str = ""
    """Database of jobs and keys, as an SQLAlchemy URL; if empty, SQLite in the home folder."""
    files_url: str = ""
    """Where files of jobs are stored, as an fsspec URL; if empty, a folder in the home folder."""
    require_key: bool = False
    """Require an API key on loopback addresses too. Other addresses always require one, unless
    `MIEN_ALLOW_NO_KEY` is set."""
    allow_no_key: bool = False
    """Serve without API keys on any address. Anybody who can reach it can then use the server."""

    ssl_certfile: Path | None = None
    """Serve https and wss with this certificate (PEM, with its chain)."""
    ssl_keyfile: Path | None = None
    """Private key of the certificate, if it is in a separate file."""

    # ── the stream
    stream_wide: bool = False
    """Accept audio, video, images and texts up to the limits of jobs, and keep idle sessions open. Otherwise
    the limits of the retired API apply: 5 seconds, 3000 × 3000 pixels, 10,000 characters, one idle minute."""
    stream_idle_seconds: float = Field(default=60.0, gt=0)
    """A session that sends no message for this long is closed."""
    max_sessions: int = Field(default=1000, ge=1)
    """Concurrent sessions; more are refused."""
    max_waiting: int = Field(default=256, ge=1)
    """Messages waiting in all sessions together; beyond that, a message is answered with an error at once."""
    max_message_mb: float = Field(default=40.0, gt=0)
    """Size of one message. A larger one ends the session."""

    # ── jobs
    lease_seconds: float = Field(default=30.0, gt=0)
    """A worker that has not reported for this long loses its task to another."""
    poll_seconds: float = Field(default=0.05, gt=0)
    """How often an idle worker looks for work; after a few idle seconds, one sixth as often."""
    max_attempts: int = Field(default=3, ge=1)
    """How often a file is tried if measuring it crashes the process."""
    max_file_minutes: float = Field(default=360.0, gt=0)
    """Measuring a file is given up after this time."""
    grace_seconds: float = Field(default=5.0, ge=0)
    """A worker that is told to stop finishes its task within this time, or gives it back."""
    retention_days: float | None = Field(default=30.0, gt=0)
    """Jobs are deleted this many days after they ended; `none` keeps them."""
    keep_media: bool = True
    """Keep the measured files with their job, so that the page can play them and measure them again;
    otherwise they are deleted when the job ends."""
    max_disk_gb: float | None = Field(default=None, gt=0)
    """New jobs are refused while the files of jobs take up more than this."""

    # ── callbacks and mail
    callback_secret: SecretStr | None = None
    """Signs callbacks with `X-Mien-Signature: sha256=<HMAC-SHA256 of the body>`."""
    callback_attempts: int = Field(default=12, ge=1)
    """How often a callback or mail is tried at most."""
    callback_retry_seconds: float = Field(default=5.0, gt=0)
    """Wait before a callback or mail is tried again; doubles each time, up to six hours."""
    callback_timeout_seconds: float = Field(default=30.0, gt=0)
    """How long the receiver of a callback may be silent. The whole delivery may take this long plus one
    second per 50 kB sent."""
    smtp_url: SecretStr | None = None
    """Mail server for `notify` mails: `smtp://user:password@host:port`, or `smtps://`. The first changes to
    TLS if the server offers it; with a password, its certificate is verified."""
    mail_from: str = "mien@localhost"
    """Sender of these mails."""
    mail_to: str = ""
    """Recipient of these mails."""

    # ── limits: those of the retired API, where it had one
    max_url_mb: float = Field(default=1000.0, gt=0)
    """Size of a file fetched from a URL."""
    max_upload_mb: float = Field(default=100.0, gt=0)
    """Size of an uploaded file."""
    max_body_mb: float = Field(default=300.0, gt=0)
    """Size of a JSON body, or of the JSON part of a form."""
    upload_timeout_seconds: float = Field(default=60.0, gt=0)
    """How long an upload may stall."""
    max_urls: int = Field(default=100, ge=1)
    """URLs in one request."""
    max_files: int = Field(default=100, ge=1)
    """Uploads in one request."""
    max_texts: int = Field(default=100, ge=1)
    """Texts in one request."""
    max_text_mb: float = Field(default=255.0, gt=0)
    """Size of one text."""
    max_media_hours: float = Field(default=3.0, gt=0)
    """Length of an audio or video file."""
    max_pixels: int = Field(default=100_000_000, ge=1)
    """Pixels of an image; a larger one is refused before it is decoded."""
    max_queued_jobs: int = Field(default=500, ge=1)
    """Jobs waiting in the queue."""
    max_archive_members: int = Field(default=10_000, ge=1)
    """Files in one archive."""
    max_archive_mb: float = Field(default=4000.0, gt=0)
    """Size of an archive's files, unpacked."""
    max_archive_ratio: float = Field(default=200.0, ge=1)
    """Unpacked over packed size; an archive beyond it is refused as a zip bomb."""
    fetch_timeout_seconds: float = Field(default=30.0, gt=0)
    """How long the server of a URL may be silent."""
    fetch_minutes: float = Field(default=30.0, gt=0)
    """How long one download may take."""
    open_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts that may be fetched from and called back although their address is not public, separated by
    commas: `media.internal,10.0.0.7:8080`."""

    @model_validator(mode="before")
    @classmethod
    def _told(cls, values: Mapping[str, object]) -> dict[str, object]:
        told = dict(values)
        for name, field in cls.model_fields.items():
            may_be_none = type(None) in get_args(field.annotation)
            match told.get(name):
                case "" if _MAY_BE_EMPTY not in field.metadata:
                    del told[name]
                case str(word) if may_be_none and word.lower() in ("none", "null"):
                    told[name] = None
        return told

    @field_validator("open_hosts", mode="before")
    @classmethod
    def _hosts(cls, value: object) -> object:
        # a plain list with commas: nobody writes JSON into an environment variable
        return tuple(filter(None, value.replace(" ", "").split(","))) if isinstance(value, str) else value

    @property
    def database(self) -> str:
        return self.store_url or f"sqlite:///{self.home / 'jobs.sqlite'}"

    @property
    def files(self) -> str:
        return self.files_url or str(self.home / "files")

    @property
    def weights(self) -> Path:
        """Where pulled weights are kept."""
        return self.home / "weights"

    def make_home(self) -> None:
        """Make the home where there is none.

        Raises:
            RequestError: it cannot be made, or not be written to.
        """
        try:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            TemporaryFile(dir=self.home).close()
        except OSError as error:
            raise RequestError(
                f"the folder {self.home} cannot be written to: {error.strerror}; MIEN_HOME names another"
            ) from error


def unknown(variables: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Variables that look like settings but are none, each with the one that it may be meant for, if any.
    `MIEN_NO_PAGE` is for the installation."""
    names = [f"MIEN_{name.upper()}" for name in Settings.model_fields]
    for variable in variables:
        if variable.startswith("MIEN_") and variable not in (*names, "MIEN_NO_PAGE"):
            yield variable, next(iter(get_close_matches(variable, names)), "")
