"""From a file to its result, as somebody goes that way."""

import json
import re

import httpx
import pytest

from mien.app import build
from mien.jobs.store import Listing
from mien.wire.batch import Completed
from tests.api.serving import api_of, serving
from tests.media import picture, talk, tone

pytestmark = pytest.mark.timeout(600)


def measured(mien):
    """The jobs that there are, newest first."""
    return [*mien.jobs.list(Listing())]


def test_a_file_that_is_chosen_is_measured_and_its_result_opened(mien, address, look, tmp_path):
    page = look(address)
    page.set_input_files("input[aria-label='Files to measure']", talk(tmp_path / "a.wav", tone(3)))
    page.get_by_text("0:03 ·").wait_for()

    page.get_by_label("Face", exact=True).uncheck()
    page.get_by_role("button", name="Measure", exact=True).click()
    page.wait_for_url(re.compile("/result/"))

    (job,) = measured(mien)
    assert page.url.endswith(job.id)
    assert isinstance(job.state, Completed)
    assert [source.filename for source in job.sources] == ["a.wav"]
    assert {*job.request.chosen()} == {"prosody", "burst", "language", "ner"}


def test_addresses_texts_and_options_reach_the_job(mien, address, look):
    page = look(address)
    page.get_by_role("button", name="Text").click()
    page.get_by_label("What somebody wrote or said").fill("I am so glad that you came.")
    page.get_by_role("button", name="Add this text").click()
    page.get_by_role("button", name="URL").click()
    page.get_by_label(re.compile("URLs")).fill("example.org/talk.mp3\nnonsense")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("Not an address that begins with").wait_for()

    for name in ("Face", "Tone of voice", "Vocal bursts", "Entities"):
        page.get_by_label(name, exact=True).uncheck()
    page.get_by_text("Options").click()
    page.get_by_label("One answer for").select_option("word")
    page.get_by_label("Toxicity").uncheck()
    page.get_by_role("button", name="Measure 2 items").click()
    page.get_by_role("status").get_by_text("talk.mp3").wait_for()

    (job,) = measured(mien)
    assert job.request.urls == ("https://example.org/talk.mp3",)
    assert job.request.text == ("I am so glad that you came.",)
    options = job.request.chosen()["language"]
    assert (options.granularity, options.toxicity) == ("word", None)
    assert options.sentiment is not None


def test_what_the_microphone_hears_is_measured(mien, address, look):
    page = look(address)
    page.get_by_role("button", name="Record").click()
    page.get_by_role("button", name="Record audio").click()
    page.get_by_text("0:02").wait_for()
    page.get_by_role("button", name="Stop, and keep it").click()
    page.get_by_text(re.compile(r"sound-.*\.webm")).wait_for()

    page.get_by_role("button", name="Measure", exact=True).click()
    page.wait_for_url(re.compile("/result/"))

    (job,) = measured(mien)
    assert job.state.num_errors == 0


def test_what_is_dropped_anywhere_is_taken_without_the_junk_of_systems(address, look):
    page = look(address)
    transfer = page.evaluate_handle("""() => {
        const transfer = new DataTransfer();
        for (const name of ["talk.wav", ".DS_Store"]) transfer.items.add(new File(["x"], name));
        return transfer;
    }""")

    page.dispatch_event("header", "drop", {"dataTransfer": transfer})

    page.get_by_role("button", name="Remove talk.wav").wait_for()
    assert not page.get_by_role("button", name="Remove .DS_Store").is_visible()


def test_a_file_that_is_too_large_is_not_sent(look, settings, tmp_path):
    small = build(settings.model_copy(update={"max_upload_mb": 0.001}))
    with serving(api_of(small)) as url:
        page = look(url)
        page.set_input_files("input[aria-label='Files to measure']", talk(tmp_path / "a.wav"))

        page.get_by_text("MIEN_MAX_UPLOAD_MB").wait_for()
        assert page.get_by_role("button", name="Measure", exact=True).is_disabled()


def test_what_is_prepared_stays_while_one_looks_elsewhere_and_what_is_refused_after_the_rest_is_sent(
    mien, address, look, tmp_path
):
    page = look(address)
    page.set_input_files("input[aria-label='Files to measure']", talk(tmp_path / "a.wav"))
    page.get_by_role("button", name="URL").click()
    page.get_by_label(re.compile("URLs")).fill("nonsense")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Text").click()
    page.get_by_label("What somebody wrote or said").fill("Not yet")
    page.get_by_label("Face", exact=True).uncheck()

    page.get_by_role("link", name="Library", exact=True).click()
    page.get_by_text("Nothing has been measured yet.").wait_for()
    page.get_by_role("link", name="Measure", exact=True).click()

    page.get_by_text("2 items").wait_for()
    assert not page.get_by_label("Face", exact=True).is_checked()
    page.get_by_role("button", name="Text").click()
    assert page.get_by_label("What somebody wrote or said").input_value() == "Not yet"
    page.get_by_role("button", name="Measure", exact=True).click()
    page.get_by_role("link", name="Open the result").wait_for()
    page.get_by_text("One item").wait_for()
    page.get_by_role("button", name="Remove nonsense").wait_for()
    (job,) = measured(mien)
    assert [source.filename for source in job.sources] == ["a.wav"]


def test_a_recording_is_kept_when_one_looks_elsewhere(address, look):
    page = look(address)
    page.get_by_role("button", name="Record").click()
    page.get_by_role("button", name="Record audio").click()
    page.get_by_text("0:01").wait_for()

    page.get_by_role("link", name="Library", exact=True).click()
    page.get_by_text("Nothing has been measured yet.").wait_for()
    page.get_by_role("link", name="Measure", exact=True).click()

    page.get_by_text(re.compile(r"sound-.*\.webm")).wait_for()


def test_a_job_is_shown_again_when_the_page_is_loaded_anew_and_told_to_be_deleted(mien, look):
    with serving(api_of(mien)) as address:  # and nobody who measures
        page = look(address, allow="404")
        page.get_by_role("button", name="Text").click()
        page.get_by_label("What somebody wrote or said").fill("Hello there.")
        page.get_by_role("button", name="Add this text").click()
        page.get_by_role("button", name="Measure", exact=True).click()
        page.get_by_text("Waiting for its turn").wait_for()

        page.reload()
        page.get_by_role("status").get_by_text("“Hello there.”").wait_for()

        (job,) = measured(mien)
        assert httpx.delete(f"{address}/mien/jobs/{job.id}", timeout=60).status_code == 204
        page.get_by_text("It was deleted.").wait_for()
        page.goto(f"{address}/result/{job.id}")
        page.get_by_text("It may have been deleted.").wait_for()


def test_while_the_server_is_away_the_page_says_so_once_and_goes_on_when_it_is_back(mien, look):
    with serving(api_of(mien)) as address:  # and nobody who measures
        page = look(address, allow="ERR_INTERNET_DISCONNECTED")
        page.get_by_role("button", name="Text").click()
        page.get_by_label("What somebody wrote or said").fill("Hello there.")
        page.get_by_role("button", name="Add this text").click()
        page.get_by_role("button", name="Measure", exact=True).click()
        page.get_by_text("Waiting for its turn").wait_for()

        page.context.set_offline(True)
        page.get_by_text("The server cannot be reached.").wait_for()
        page.get_by_role("link", name="Live", exact=True).click()
        page.get_by_role("heading", name="Live", exact=True).wait_for()
        page.get_by_role("link", name="Library", exact=True).click()
        page.get_by_text("Looking…").wait_for()
        page.get_by_role("link", name="Measure", exact=True).click()
        page.get_by_text("Asking the server what it can measure…").wait_for()
        assert page.get_by_text("The server cannot be reached.").count() == 1

        page.context.set_offline(False)
        page.get_by_label("Face", exact=True).wait_for()
        page.get_by_text("Waiting for its turn").wait_for()
        page.get_by_text("The server cannot be reached.").wait_for(state="detached")


def test_that_there_will_be_several_jobs_is_told_beforehand(look, settings, tmp_path):
    with serving(api_of(build(settings.model_copy(update={"max_files": 1})))) as url:
        page = look(url)
        page.get_by_label("Face", exact=True).wait_for()
        files = [picture(tmp_path / name, 200) for name in ("a.png", "b.png")]
        page.set_input_files("input[aria-label='Files to measure']", files)

        page.get_by_text("It becomes 2 jobs: this server takes").wait_for()


def test_the_library_finds_downloads_measures_again_and_deletes(mien, address, look, tmp_path):
    page = look(address)
    page.set_input_files("input[aria-label='Files to measure']", talk(tmp_path / "a.wav"))
    page.get_by_role("button", name="Measure", exact=True).click()
    page.wait_for_url(re.compile("/result/"))
    page.get_by_role("link", name="Library", exact=True).click()

    page.get_by_role("searchbox").fill("nobody")
    page.get_by_text("No job is like that.").wait_for()
    page.get_by_role("searchbox").fill("A.WAV")
    page.get_by_role("link", name="a.wav").wait_for()

    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Everything (JSON)").click()
    assert json.loads(download.value.path().read_bytes())[0]["source"]["filename"] == "a.wav"
    page.get_by_text("Download").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Tone of voice (CSV)").click()
    assert download.value.suggested_filename == "a.wav.prosody.csv"
    assert download.value.path().read_text().startswith("File,Id,")

    page.get_by_role("button", name="Measure again").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Words").uncheck()
    dialog.get_by_role("button", name="Measure again").click()
    page.get_by_role("link", name="a.wav").nth(1).wait_for()
    newest, _ = measured(mien)
    assert "language" not in newest.request.chosen()
    assert "prosody" in newest.request.chosen()

    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    page.get_by_text("Deleted.").wait_for()
    assert len(measured(mien)) == 1


def test_who_gives_no_key_may_try_again(look, settings):
    keyed = build(settings.model_copy(update={"require_key": True}))
    _, key = keyed.keys.create_key("page")
    with serving(api_of(keyed)) as url:
        page = look(url, allow="401")
        dialog = page.get_by_role("dialog")
        for view in ("Measure", "Library"):
            page.get_by_role("button", name="Not now").click()
            page.get_by_role("button", name="Try again").wait_for()
            if view == "Measure":
                page.get_by_role("link", name="Library", exact=True).click()
        page.get_by_role("button", name="Try again").click()
        dialog.get_by_label("API key").fill(key)
        dialog.get_by_role("button", name="Use this key").click()
        page.get_by_text("Nothing has been measured yet.").wait_for()


def test_a_key_is_asked_for_once_and_stays_out_of_links(look, settings):
    keyed = build(settings.model_copy(update={"require_key": True}))
    _, key = keyed.keys.create_key("page")
    with serving(api_of(keyed)) as url:
        page = look(url, allow="401")
        dialog = page.get_by_role("dialog")
        dialog.get_by_label("API key").fill("wrong")
        dialog.get_by_role("button", name="Use this key").click()
        dialog.get_by_text("not one of this server's").wait_for()
        dialog.get_by_label("API key").fill(key)
        dialog.get_by_role("button", name="Use this key").click()
        page.get_by_label("Face", exact=True).wait_for()

        page.get_by_role("link", name="Library", exact=True).click()
        page.get_by_text("Nothing has been measured yet.").wait_for()
        page.reload()
        page.get_by_text("Nothing has been measured yet.").wait_for()

        assert not dialog.is_visible()
        assert key not in page.content()
        assert key not in page.url
        assert page.evaluate("localStorage.length") == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_nobody_is_shut_out(mien, address, look, axe, tmp_path, scheme, width):
    page = look(address, scheme=scheme, width=width)
    page.set_input_files("input[aria-label='Files to measure']", picture(tmp_path / "b.png", 200))
    page.get_by_label("Face", exact=True).wait_for()
    for options in page.get_by_text("Options").all():
        options.click()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("button", name="Measure", exact=True).click()
    page.wait_for_url(re.compile("/result/"))
    page.get_by_role("link", name="Library", exact=True).click()
    page.get_by_role("link", name="b.png").wait_for()
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_who_sees_nothing_is_told_of_another_view(address, look):
    page = look(address)
    page.get_by_role("link", name="Library", exact=True).press("Enter")

    page.get_by_text("Nothing has been measured yet.").wait_for()
    assert page.title() == "Library – mien"
    assert page.evaluate("document.activeElement.id") == "main"
