"""Callbacks and mails."""

import hmac
import json
import socketserver
import ssl
import threading
import time
from hashlib import sha256
from itertools import chain, repeat

import pytest
from pydantic import SecretStr

from mien.jobs.callbacks import Undeliverable, call_back, notify
from tests.jobs.conftest import add, ended, eventually, predictions, working
from tests.jobs.test_worker import with_settings


def test_the_callback_brings_what_predictions_would_answer(mien, receiver):
    job_id = add(mien, texts=["Good!"], models=["language"], callback_url=receiver.url)

    with working(mien):
        ended(mien, job_id)
        eventually(lambda: receiver.taken)

    ((headers, body),) = receiver.taken
    assert json.loads(body) == {
        "job_id": job_id,
        "status": "COMPLETED",
        "predictions": predictions(mien, job_id),
    }
    assert headers["Content-Type"] == "application/json"
    assert "X-Mien-Signature" not in headers


def test_a_failed_job_calls_back_with_its_message(mien, receiver):
    job_id = add(mien, texts=["Good!"], models=["language"], callback_url=receiver.url)
    mien.jobs.cancel(job_id)

    with working(mien):
        eventually(lambda: receiver.taken)

    told = json.loads(receiver.taken[0][1])
    assert told == {"job_id": job_id, "status": "FAILED", "message": "cancelled", "predictions": []}


def test_with_a_secret_the_body_is_signed(mien, receiver):
    mien = with_settings(mien, callback_secret=SecretStr("hush"))
    add(mien, texts=["Good!"], models=["language"], callback_url=receiver.url)

    with working(mien):
        eventually(lambda: receiver.taken)

    ((headers, body),) = receiver.taken
    expected = hmac.new(b"hush", body, sha256).hexdigest()
    assert headers["X-Mien-Signature"] == f"sha256={expected}"


def test_a_refused_callback_is_tried_again_under_the_same_delivery(mien, receiver):
    mien = with_settings(mien, callback_retry_seconds=0.01)
    receiver.refusing = 2
    job_id = add(mien, texts=["Good!"], models=["language"], callback_url=receiver.url)

    with working(mien):
        eventually(lambda: receiver.taken)

    assert receiver.refusing == 0
    assert receiver.taken[0][0]["X-Mien-Delivery"] == job_id


def test_a_callback_is_given_up_after_so_many_attempts(mien, receiver, caplog):
    mien = with_settings(mien, callback_retry_seconds=0.001, callback_attempts=2)
    receiver.refusing = 5
    add(mien, texts=["Good!"], models=["language"], callback_url=receiver.url)

    with working(mien):
        eventually(lambda: any("given up" in record.message for record in caplog.records))

    assert receiver.refusing == 3


def test_a_refused_callback_is_tried_again_by_the_next_worker(mien, receiver):
    mien = with_settings(mien, callback_retry_seconds=0.5)
    receiver.refusing = 1
    job_id = add(mien, texts=["Good!"], models=["language"], callback_url=receiver.url)
    with working(mien):
        ended(mien, job_id)
        eventually(lambda: receiver.refusing == 0)

    with working(mien):
        eventually(lambda: receiver.taken)

    assert len(receiver.taken) == 1


def test_a_private_address_is_not_called(mien, receiver, caplog):
    mien = with_settings(mien, open_hosts=())
    job_id = add(mien, texts=["Good!"], models=["language"], callback_url=receiver.url)

    with working(mien):
        ended(mien, job_id)
        eventually(lambda: any("given up" in record.message for record in caplog.records))

    assert receiver.taken == []


@pytest.fixture
def called(mien, receiver):
    """A job that has ended, whose callback is to be sent."""
    job_id = add(mien, texts=["Good!"], models=["language"], callback_url=receiver.url)
    mien.jobs.cancel(job_id)
    return mien.jobs.get(job_id)


def test_a_receiver_that_sends_us_on_to_no_place_is_tried_again(mien, receiver, called):
    receiver.says = [b"HTTP/1.0 302 Found\r\nLocation: http://xn--/\r\n\r\n"]

    with pytest.raises(Undeliverable) as refused:
        call_back(called, mien.files, mien.settings)

    assert not refused.value.final


def test_what_a_receiver_says_is_not_read(mien, receiver, called):
    receiver.says = chain([b"HTTP/1.0 200 OK\r\n\r\n"], repeat(b"x" * 65_536))

    call_back(called, mien.files, mien.settings)

    assert receiver.hung_up.wait(20)


def test_a_receiver_that_drips_is_not_heard_to_its_end(mien, receiver, called):
    def drip():
        yield b"HTTP/1.0 200 OK\r\nX: "
        while True:
            time.sleep(0.1)
            yield b"x"

    receiver.says = drip()
    mien = with_settings(mien, callback_timeout_seconds=0.5)

    with pytest.raises(Undeliverable):
        call_back(called, mien.files, mien.settings)


class _Mail(socketserver.StreamRequestHandler):
    """As much of SMTP as a mail needs."""

    def handle(self):
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            match line[:4].upper():
                case b"EHLO":
                    offered = b"250-STARTTLS\r\n" * bool(self.server.certificate)
                    self.wfile.write(b"250-here\r\n" + offered + b"250 AUTH PLAIN LOGIN\r\n")
                case b"STAR":
                    self.wfile.write(b"220 go on\r\n")
                    try:
                        self._into_tls()
                    except OSError:  # the other side does not trust us
                        return
                case b"DATA":
                    self.wfile.write(b"354 go on\r\n")
                    lines = iter(self.rfile.readline, b".\r\n")
                    self.server.taken.append(b"".join(lines).decode())
                    self.wfile.write(b"250 ok\r\n")
                case b"QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                case b"AUTH":
                    self.wfile.write(b"235 ok\r\n")
                case _:
                    self.wfile.write(b"250 ok\r\n")

    def _into_tls(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server.certificate)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
        self.server.in_tls += 1


@pytest.fixture
def post_office():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Mail) as server:
        server.taken, server.certificate, server.in_tls = [], None, 0
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_notify_sends_a_mail_where_mail_is_set_up(mien, post_office):
    url = SecretStr(f"smtp://127.0.0.1:{post_office.server_address[1]}")
    mien = with_settings(mien, smtp_url=url, mail_to="someone@example.org")
    job_id = add(mien, texts=["Good!"], models=["language"], notify=True)

    with working(mien):
        eventually(lambda: post_office.taken)

    assert f"The job {job_id} has ended: COMPLETED." in post_office.taken[0]


def test_a_password_that_mail_cannot_carry_is_told_of_without_it(mien, post_office):
    url = SecretStr(f"smtp://bob:pässword@127.0.0.1:{post_office.server_address[1]}")
    mien = with_settings(mien, smtp_url=url, mail_to="someone@example.org")
    job = mien.jobs.get(add(mien, texts=["Good!"], notify=True))

    with pytest.raises(Undeliverable, match=r"^UnicodeEncodeError$"):
        notify(job, mien.settings)


def test_mail_goes_through_tls_where_it_is_offered(mien, post_office, certificate):
    post_office.certificate = certificate
    url = SecretStr(f"smtp://127.0.0.1:{post_office.server_address[1]}")
    mien = with_settings(mien, smtp_url=url, mail_to="someone@example.org")

    notify(mien.jobs.get(add(mien, texts=["Good!"], notify=True)), mien.settings)

    assert (len(post_office.taken), post_office.in_tls) == (1, 1)


def test_no_password_is_told_to_whoever_cannot_prove_who_they_are(mien, post_office, certificate):
    post_office.certificate = certificate
    url = SecretStr(f"smtp://bob:secret@127.0.0.1:{post_office.server_address[1]}")
    mien = with_settings(mien, smtp_url=url, mail_to="someone@example.org")

    with pytest.raises(Undeliverable, match="CertVerification"):
        notify(mien.jobs.get(add(mien, texts=["Good!"], notify=True)), mien.settings)

    assert post_office.taken == []


def test_notify_is_a_line_in_the_log_otherwise(mien, caplog):
    caplog.set_level("INFO")
    job_id = add(mien, texts=["Good!"], models=["language"], notify=True)

    with working(mien):
        ended(mien, job_id)
        eventually(lambda: any("no mail is set up" in record.message for record in caplog.records))

    assert job_id in caplog.text
