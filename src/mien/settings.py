"""One frozen object, made at the door and handed in. Every default gives a server that starts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeAlias, get_args

from platformdirs import user_data_path
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_MAY_BE_EMPTY = "empty is a value"
EngineName: TypeAlias = Annotated[str, _MAY_BE_EMPTY]
"""The file of mien/engines that plays a role; empty means that nothing does."""


class Settings(BaseSettings):
    """Each field is also an environment variable: MIEN_<FIELD>. An empty one, as `${X:-}` in a compose file
    gives it, counts as not set; only the name of an engine may be empty."""

    model_config = SettingsConfigDict(
        env_prefix="MIEN_", frozen=True, extra="forbid", use_attribute_docstrings=True
    )

    home: Path = Field(default_factory=lambda: user_data_path("mien"))
    """Where jobs, their files and pulled weights are kept."""

    offline: bool = False
    """Nothing is fetched: no weights, no URLs, no callbacks."""

    # ── engines
    voice_activity: EngineName = "silero"
    """Knows where somebody speaks."""
    transcriber: EngineName = "auto"
    """`auto` is whisper when a whisper model has been pulled, else sphinx (English)."""
    diarizer: EngineName = "speakernet"
    """Knows who speaks when."""
    voice: EngineName = "voicenet"
    """Hears how something is said, and vocal bursts."""
    face_finder: EngineName = "mesh"
    """Sees where faces are."""
    face_reader: EngineName = "facenet"
    """Sees what a face expresses."""
    face_identity: EngineName = "auto"
    """Sees whether two faces are one person's; `auto` is mobileface when it has been pulled, else
    appearance."""
    mesh_reader: EngineName = "meshnet"
    """Reads expressions from landmarks."""
    text_reader: EngineName = "textnet"
    """Reads what words express and name."""
    multilingual_reader: EngineName = "auto"
    """Reads texts in languages that `text_reader` does not know; `auto` is a classifier pulled for it."""
    language_detector: EngineName = "langid"
    """Knows which language a text is in."""
    threads: int = Field(default=0, ge=0)
    """Threads an engine may use; 0 means one a core, shared by the workers."""

    # ── the server
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(default=8734, ge=0, le=65535)
    """Port to listen on."""
    workers: int = Field(default=1, ge=0)
    """Worker processes that `mien serve` starts; more can be attached with `mien work`."""
    store_url: str = ""
    """Where jobs are kept, as an SQLAlchemy URL; empty is SQLite in `home`."""
    files_url: str = ""
    """Where files of jobs are kept, as an fsspec URL; empty is a folder in `home`."""
    require_key: bool = False
    """Ask for a key on loopback too. Any other address needs one, whatever this says."""
    allow_no_key: bool = False
    """Serve without keys on an address that others can reach."""

    ssl_certfile: Path | None = None
    """Serve https and wss with this certificate (PEM, with its chain)."""
    ssl_keyfile: Path | None = None
    """The key of the certificate, where it is in a file of its own."""

    # ── the stream
    stream_wide: bool = False
    """Take sound, films, pictures and texts as long and large as jobs may have them, and keep idle
    sessions, where the retired API took 5 seconds, 3000 pixels and 10,000 characters, for a minute."""
    stream_idle_seconds: float = Field(default=60.0, gt=0)
    """A session that says nothing for so long is closed."""
    max_sessions: int = Field(default=1000, ge=1)
    """Sessions at the same time; more are refused."""
    max_waiting: int = Field(default=256, ge=1)
    """Messages of all sessions that wait to be measured; more are answered with an error at once."""
    max_message_mb: float = Field(default=40.0, gt=0)
    """One message of a session. A larger one ends the session."""

    # ── jobs
    lease_seconds: float = Field(default=30.0, gt=0)
    """A worker that has not been heard of for so long has lost its work to another."""
    poll_seconds: float = Field(default=0.05, gt=0)
    """How often an idle worker looks for work; after a few seconds without any, a sixth as often."""
    max_attempts: int = Field(default=3, ge=1)
    """Times a file is tried when measuring it ends the process."""
    max_file_minutes: float = Field(default=360.0, gt=0)
    """A file that takes longer is given up."""
    grace_seconds: float = Field(default=5.0, ge=0)
    """A worker that is told to stop ends its work within so long, or gives it back."""
    retention_days: float | None = Field(default=30.0, gt=0)
    """Ended jobs are deleted after so many days; `none` keeps them."""
    keep_media: bool = True
    """What was measured stays with its job, to be played on the page and measured again; otherwise it is
    deleted once the job has ended."""
    max_disk_gb: float | None = Field(default=None, gt=0)
    """New jobs are refused while the files of jobs take more than this."""

    # ── callbacks and mail
    callback_secret: SecretStr | None = None
    """Signs callbacks: `X-Mien-Signature: sha256=<hmac of the body>`."""
    callback_attempts: int = Field(default=12, ge=1)
    """How often a callback or mail is tried."""
    callback_retry_seconds: float = Field(default=5.0, gt=0)
    """Before a callback or mail is tried again; doubles each time, up to six hours."""
    callback_timeout_seconds: float = Field(default=30.0, gt=0)
    """How long the receiver of a callback may keep silent. In all it may take so long, and a second for
    each 50 kB that it gets."""
    smtp_url: SecretStr | None = None
    """Sends `notify` mails: smtp://user:password@host:port, or smtps://."""
    mail_from: str = "mien@localhost"
    """Who such mails are from."""
    mail_to: str = ""
    """Who gets them."""

    # ── limits: those of the retired API, where it had one
    max_url_mb: float = Field(default=1000.0, gt=0)
    """A fetched file."""
    max_upload_mb: float = Field(default=100.0, gt=0)
    """An uploaded file."""
    max_body_mb: float = Field(default=300.0, gt=0)
    """A JSON body, or the JSON part of a form."""
    upload_timeout_seconds: float = Field(default=60.0, gt=0)
    """How long an upload may keep silent."""
    max_urls: int = Field(default=100, ge=1)
    """Addresses in one request."""
    max_files: int = Field(default=100, ge=1)
    """Uploads in one request."""
    max_texts: int = Field(default=100, ge=1)
    """Texts in one request."""
    max_text_mb: float = Field(default=255.0, gt=0)
    """One text."""
    max_media_hours: float = Field(default=3.0, gt=0)
    """A sound or film."""
    max_pixels: int = Field(default=100_000_000, ge=1)
    """A larger picture is refused before it is decoded."""
    max_queued_jobs: int = Field(default=500, ge=1)
    """Jobs that wait."""
    max_archive_members: int = Field(default=10_000, ge=1)
    """Files in one archive."""
    max_archive_mb: float = Field(default=4000.0, gt=0)
    """All members of one archive, unpacked."""
    max_archive_ratio: float = Field(default=200.0, ge=1)
    """Unpacked size over packed size; more is taken for a bomb."""
    fetch_timeout_seconds: float = Field(default=30.0, gt=0)
    """How long an address may keep silent."""
    fetch_minutes: float = Field(default=30.0, gt=0)
    """How long one download may take."""
    open_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Hosts that may be fetched from and called back although their address is not public."""

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
