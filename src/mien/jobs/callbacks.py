"""What is told of a job that has ended: a callback, and a mail."""

import hmac
import json
import logging
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from email.message import EmailMessage
from hashlib import sha256
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

import httpx

from mien.errors import MediaError, UnsafeAddress
from mien.jobs.job import Job
from mien.jobs.store import FileStore
from mien.media.sources import public_client
from mien.settings import Settings
from mien.wire.batch import STATUS, Completed, Failed

log = logging.getLogger(__name__)

CHUNK = 1 << 18
"""Bytes of predictions that are sent at once."""

SLOWEST = 50_000
"""Bytes a second that a receiver must take at least, lest it holds up the callbacks of others."""


class Undeliverable(Exception):
    """It could not be sent; `final` where trying again is of no use."""

    def __init__(self, reason: str, *, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


def call_back(job: Job, files: FileStore, settings: Settings) -> None:
    """POST the job's status and predictions to its callback URL.

    `X-Mien-Delivery` is the same however often it is tried; `X-Mien-Signature` is there when a secret
    is set.

    Raises:
        Undeliverable: nobody takes it.
    """
    url = job.request.callback_url
    if url is None:
        return
    if settings.offline:
        raise Undeliverable("MIEN_OFFLINE is set: nothing is sent", final=True)
    digest, size = _signed(job, files, settings)
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(size),
        "X-Mien-Delivery": job.id,
    }
    if digest is not None:
        headers["X-Mien-Signature"] = f"sha256={digest}"
    try:
        status = _status(url, _body(job, files), headers, size, settings)
    except UnsafeAddress as error:
        raise Undeliverable(str(error), final=True) from error
    except (httpx.HTTPError, httpx.InvalidURL, ValueError, MediaError) as error:
        raise Undeliverable(f"{type(error).__name__}: {error}") from error
    if not httpx.codes.is_success(status):
        raise Undeliverable(f"the address answers {status}")
    log.info("job %s: called back", job.id)


def notify(job: Job, settings: Settings) -> None:
    """Mail that the job has ended, where mail is set up; a line in the log says so otherwise.

    Raises:
        Undeliverable: the mail server does not take it.
    """
    status = STATUS[type(job.state)]
    if settings.smtp_url is None or not settings.mail_to or settings.offline:
        log.info("job %s has ended: %s (no mail is set up)", job.id, status)
        return
    message = EmailMessage()
    message["Subject"] = f"Job {job.id}: {status}"
    message["From"], message["To"] = settings.mail_from, settings.mail_to
    reason = f"\n{job.state.message}" if isinstance(job.state, Failed) else ""
    message.set_content(f"The job {job.id} has ended: {status}.{reason}\n")
    parts = urlsplit(settings.smtp_url.get_secret_value())
    # whoever is told a password has to prove who they are
    context = ssl.create_default_context() if parts.username else None
    place = parts.hostname or "localhost", parts.port or 0
    try:
        with (
            smtplib.SMTP_SSL(*place, timeout=30, context=context)
            if parts.scheme == "smtps"
            else smtplib.SMTP(*place, timeout=30)
        ) as server:
            server.ehlo_or_helo_if_needed()  # says what the server can do
            if parts.scheme != "smtps" and server.has_extn("starttls"):
                server.starttls(context=context)
            if parts.username:
                server.login(unquote(parts.username), unquote(parts.password or ""))
            server.send_message(message)
    except (OSError, ValueError, smtplib.SMTPException) as error:  # of values: what cannot be sent as ASCII
        raise Undeliverable(type(error).__name__) from error  # its text may hold the password


def _status(url: str, body: Iterator[bytes], headers: dict[str, str], size: int, settings: Settings) -> int:
    """What a receiver answers to so many bytes. What it says besides is nothing to us, and not read."""
    timeout = settings.callback_timeout_seconds
    with (
        public_client(settings, timeout + size / SLOWEST) as client,
        client.stream(
            "POST", url, content=body, headers=headers, timeout=timeout, follow_redirects=False
        ) as answer,
    ):
        return answer.status_code


def _signed(job: Job, files: FileStore, settings: Settings) -> tuple[str | None, int]:
    """The signature of the body, if there is a secret, and the body's length."""
    secret = settings.callback_secret
    code = hmac.new((secret.get_secret_value() if secret else "").encode(), digestmod=sha256)
    size = 0
    for part in _body(job, files):
        code.update(part)
        size += len(part)
    return (code.hexdigest() if secret else None), size


def _body(job: Job, files: FileStore) -> Iterator[bytes]:
    """`{"job_id", "status", "predictions"}`; of a job that failed also its `message`."""
    told: dict[str, str] = {"job_id": job.id, "status": STATUS[type(job.state)]}
    if isinstance(job.state, Failed):
        told["message"] = job.state.message
    yield json.dumps(told)[:-1].encode() + b', "predictions": '
    with ExitStack() as stack:
        if isinstance(job.state, Completed):
            yield from _chunks(stack.enter_context(files.read(f"jobs/{job.id}/predictions.json")))
        else:
            yield b"[]"
    yield b"}"


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while data := file.read(CHUNK):
        yield data
