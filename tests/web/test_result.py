"""What was measured, as somebody looks at it: films, sounds, texts, pictures, and two beside each other."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import av
import httpx
import numpy as np
import pytest

from mien.app import App, build
from mien.settings import Settings
from tests.api.serving import api_of, serving
from tests.media import film, picture, silence, talk, tone
from tests.web.conftest import SECONDS, at_work

pytestmark = pytest.mark.timeout(600)

CALL = Path(__file__).parent.parent.parent / "examples" / "call.flac"

EVERYTHING = {
    "face": {"facs": {}, "descriptions": {}, "identify_faces": True},
    "prosody": {"granularity": "sentence", "identify_speakers": True},
    "burst": {},
    "language": {"sentiment": {}, "toxicity": {}},
    "ner": {},
}


def begun(address, *files, models, text=()) -> str:
    """Start a job, and tell its id."""
    parts = [("file", (path.name, path.read_bytes())) for path in files]
    parts += [("json", (None, json.dumps({"models": models, "text": list(text)})))]
    job: str = httpx.post(f"{address}/v0/batch/jobs", files=parts, timeout=60).json()["job_id"]
    return job


@pytest.fixture
def measured(address):
    """Measure something to the end, and tell the job's id."""

    def measured(*files, models=EVERYTHING, text=()) -> str:
        job = begun(address, *files, models=models, text=text)
        ended = False
        while not ended:
            time.sleep(0.1)
            state = httpx.get(f"{address}/v0/batch/jobs/{job}", timeout=60).json()["state"]
            ended = "ended_timestamp_ms" in state
        return job

    return measured


@contextmanager
def served(mien: App) -> Iterator[str]:
    """The address of a server of other settings, with a worker beside it."""
    with at_work(mien), serving(api_of(mien)) as url:
        yield url


@pytest.fixture
def talking(measured, tmp_path) -> str:
    """A film of six seconds, loud but for the two in its middle, when it is dark; brightest just before."""
    sound = np.concatenate([tone(2), silence(2), tone(2)])
    greys = [200] * 50 + [250] * 10 + [0] * 60 + [130] * 60
    return measured(film(tmp_path / "talking.mp4", *greys, sound=sound, width=320, height=240))


def until(page, script: str) -> None:
    """Wait until a script comes to something true. Playwright's own waiting evaluates strings, which the
    policy of the page forbids."""
    ends = time.monotonic() + SECONDS
    while not page.evaluate(script):
        assert time.monotonic() < ends, script
        time.sleep(0.05)


def lane_of(page, name: str):
    """Where a lane is on the screen: from shares of the time that is seen to x, and its y."""
    lane = page.get_by_role("group", name=name, exact=True)
    lane.wait_for()
    # until a film has its size, what is below it moves down
    until(page, "[...document.querySelectorAll('video')].every((film) => film.readyState >= 1)")
    lane.scroll_into_view_if_needed()
    over = page.locator(".stage-over").bounding_box()
    return lambda share: over["x"] + over["width"] * share, lane.bounding_box()["y"] + 8


def at(page, seconds: float, within: float = 0.2) -> None:
    """Wait until the page is at a moment."""
    until(page, f"Math.abs(document.querySelector('[role=slider]').ariaValueNow - {seconds}) <= {within}")


@pytest.mark.parametrize("width", [390, 1200])
def test_the_time_at_the_pointer_is_whole_at_both_ends(address, look, talking, width):
    page = look(f"{address}/result/{talking}", width=width)
    x, _ = lane_of(page, "Faces")
    lane = page.get_by_role("group", name="Faces", exact=True).locator(".lane-plot").bounding_box()
    over = page.locator(".stage-over").bounding_box()

    for share, seconds in ((0, "0:00.0"), (1, "0:06.0")):
        page.mouse.move(x(share), lane["y"] + 6)
        said = page.locator(".pointer span", has_text=seconds)
        said.wait_for()
        box = said.bounding_box()
        assert over["x"] - 1 <= box["x"]
        assert box["x"] + box["width"] <= over["x"] + over["width"] + 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_line_at_the_moment_is_seen_on_who_speaks(address, look, talking, scheme):
    page = look(f"{address}/result/{talking}?t=1", scheme=scheme)
    x, y = lane_of(page, "Speakers")
    at(page, 1)

    clip = {"x": round(x(1 / 6)) - 10, "y": y, "width": 20, "height": 1}
    with av.open(BytesIO(page.screenshot(clip=clip))) as picture:
        row = next(picture.decode(video=0)).to_ndarray(format="rgb24")[0].astype(int)
    apart = np.abs(row - row[0]).max(axis=1) > 60
    assert 0 < apart.sum() < 8


def test_on_narrow_screens_the_help_below_the_lanes_is_no_column_of_words(address, look, talking):
    page = look(f"{address}/result/{talking}", width=390)
    page.get_by_role("combobox", name="Add a lane").wait_for()

    assert page.locator(".under-lanes .grow").bounding_box()["width"] > 300


def test_a_film_is_shown_with_its_faces_lanes_and_scores(address, look, talking):
    page = look(f"{address}/result/{talking}?t=1")

    for lane in (
        "Audio",
        "Speakers",
        "Faces",
        "What was said",
        "Face 0",
        "Tone of voice · speaker 0",
        "Words",
    ):
        page.get_by_role("group", name=lane, exact=True).wait_for()
    page.locator(".face-label", has_text="face").get_by_text("Joy").first.wait_for()
    box = page.locator(".face-box").first.bounding_box()
    seen = page.locator("video").bounding_box()
    assert box["x"] == pytest.approx(seen["x"], abs=1)
    assert box["width"] == pytest.approx(seen["width"] * 100 / 320, abs=2)

    panel = page.get_by_role("complementary", name="At this moment")
    assert "Facial actions (FACS)" in panel.inner_text()
    assert "Descriptions" in panel.inner_text()
    page.get_by_role("heading", name="Moments that stand out").wait_for()


def test_player_lanes_and_words_go_together(address, look, talking):
    page = look(f"{address}/result/{talking}")
    page.get_by_role("group", name="What was said", exact=True).wait_for()
    until(page, "document.querySelector('video').readyState >= 1")

    across, y = lane_of(page, "Faces")
    page.mouse.click(across(0.5), y)
    at(page, 3)
    until(page, "Math.abs(document.querySelector('video').currentTime - 3) < 0.2")
    assert page.locator(".face-box").count() == 0  # it is dark then

    page.locator("[data-piece='1']").click()
    at(page, 0.5)

    page.get_by_role("slider", name="Moment").focus()
    page.keyboard.press("ArrowRight")
    at(page, 0.5 + 1 / 3, 0.05)
    page.keyboard.press("End")
    at(page, 6)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    until(page, "document.querySelector('[role=slider]').ariaValueNow > 0.6")
    until(page, "document.querySelector('.saying') !== null")
    page.keyboard.press("Space")
    until(page, "document.querySelector('video').paused")


def test_the_brush_shows_a_part_and_a_double_click_the_whole(address, look, talking):
    page = look(f"{address}/result/{talking}")
    across, y = lane_of(page, "Faces")
    whole = page.get_by_role("button", name="whole")
    assert whole.is_disabled()

    page.mouse.move(across(0.25), y)
    page.mouse.down()
    page.mouse.move(across(0.5), y, steps=4)
    page.mouse.up()
    until(page, "!document.querySelector('.zoom button:last-child').disabled")
    page.mouse.click(across(0.5), y)
    at(page, 6 * 0.375, 0.1)  # the middle of what is seen

    page.mouse.dblclick(across(0.5), y)
    until(page, "document.querySelector('.zoom button:last-child').disabled")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_line_at_the_moment_is_over_plots_and_not_over_names(address, look, talking, width, scheme):
    page = look(f"{address}/result/{talking}?t=1", width=width, scheme=scheme)
    page.get_by_role("group", name="Face 0", exact=True).wait_for()
    at(page, 1)

    names, plots = page.evaluate("""() => {
        const lines = [...document.querySelectorAll('.playhead')];
        lines.forEach((line) => (line.style.pointerEvents = 'auto'));  // to be found at a point
        const isCrossed = (part) => {
            part.scrollIntoView({ block: 'center' });
            const { top, height } = part.getBoundingClientRect();
            const { x } = lines[0].getBoundingClientRect();
            return lines.includes(document.elementFromPoint(x + 0.5, top + height / 2));
        };
        const are = (parts) => [...document.querySelectorAll(parts)].map(isCrossed);
        return [are('.lane-name'), are('.lane-plot')];
    }""")

    assert all(plots)
    if width == 390:  # else they stand beside the plots, where no line comes
        assert not any(names)


def test_lines_are_of_whatever_is_chosen(address, look, talking):
    page = look(f"{address}/result/{talking}")
    lane = page.get_by_role("group", name="Face 0", exact=True)
    lane.wait_for()
    assert "Joy" in lane.inner_text()

    lane.get_by_label(re.compile("Add an expression")).fill("Awe")
    lane.get_by_text("Awe", exact=True).wait_for()
    lane.get_by_role("button", name="Take Joy away").click()
    lane.locator(".chosen").get_by_text("Joy", exact=True).wait_for(state="detached")

    lane.get_by_role("button", name="Take the lane Face 0 away").click()
    lane.wait_for(state="detached")
    page.get_by_label("Add a lane").select_option("Face 0")
    lane.wait_for()


def test_what_could_not_be_measured_is_said_once_and_pointed_to_where_it_would_be(look, settings, tmp_path):
    (tmp_path / "b.wav").write_bytes(b"no sound at all")
    mien = build(settings.model_copy(update={"transcriber": "", "poll_seconds": 0.05}))
    models = {"prosody": {"granularity": "utterance"}, "language": {}, "ner": {}, "burst": {}}
    with served(mien) as address:
        job = begun(address, talk(tmp_path / "a.wav"), tmp_path / "b.wav", models=models)
        page = look(f"{address}/result/{job}")

        for lane in ("Tone of voice", "Words", "Entities"):
            page.get_by_role("group", name=f"{lane}: error").get_by_text(
                "not measured, see the top"
            ).wait_for()
        (result, _) = httpx.get(f"{address}/v0/batch/jobs/{job}/predictions", timeout=60).json()
        (message,) = {error["message"] for error in result["results"]["errors"]}
        said = f"No tone of voice, words, or entities: {message}"
        assert page.locator(".problem").all_inner_texts() == [said]
        assert page.locator("main").inner_text().count(message) == 1
        page.get_by_text("One file could not be measured").wait_for()
        assert "b.wav" in page.locator(".problems").inner_text()
        page.close()  # before its server, of which it may still want a waveform


def test_a_text_is_coloured_and_each_word_has_its_panel(address, look, measured):
    text = "Hello Angela!\n\nIt is so good to see you!! 🙂 Is it not?"
    models = {"language": {"sentiment": {}, "toxicity": {}}, "ner": {}}
    job = measured(models=models, text=[text, "Another one."])
    page = look(f"{address}/result/{job}")

    page.locator("[data-piece]", has_text="not").wait_for()  # paragraphs come one by one
    shown = page.get_by_role("group", name=re.compile("The text")).inner_text()
    assert [*filter(None, (line.strip() for line in shown.splitlines()))][-1].endswith("🙂 Is it not?")
    assert page.locator(".entity", has_text="Angela").get_attribute("title") == "PERSON"

    page.locator("[data-piece]", has_text="good").click()
    panel = page.get_by_role("complementary", name="The selected passage")
    panel.get_by_role("heading", name="“good”").wait_for()
    assert "Sentiment 5.0 of 1" in panel.inner_text()
    page.keyboard.press("ArrowRight")
    panel.get_by_role("heading", name="“to”").wait_for()

    page.get_by_label("Colours").select_option("sentiment")
    page.get_by_text("negative to positive").wait_for()
    page.get_by_role("combobox", name="File").select_option("2: “Another one.”")
    page.get_by_role("heading", name="“Another”").wait_for()


def test_a_piece_that_is_chosen_stays_in_its_line_on_a_narrow_screen(address, look, measured):
    job = measured(
        models={"language": {"granularity": "sentence"}, "ner": {}}, text=["Angela was so good to us."]
    )
    page = look(f"{address}/result/{job}", width=390)

    page.locator("[data-piece]", has_text="good").click()
    page.locator(".piece.chosen").wait_for()

    assert page.evaluate("getComputedStyle(document.querySelector('.piece.chosen')).display") == "inline"


def test_texts_are_listed_by_how_they_begin(address, look, measured):
    job = measured(models={"language": {}}, text=["Angela was so good to us.", "What a day!"])
    page = look(f"{address}/result/{job}")

    files = page.get_by_role("combobox", name="File")
    files.wait_for()

    assert {*files.locator("option").all_inner_texts()} == {
        "1: “Angela was so good to us.”",
        "2: “What a day!”",
    }


def test_pictures_are_a_grid_with_boxes(address, look, measured, tmp_path):
    with ZipFile(tmp_path / "faces.zip", "w") as packed:
        for name, level in (("a/bright.png", 250), ("b/dim.png", 120), ("c/dark.png", 0)):
            packed.write(picture(tmp_path / Path(name).name, level, width=200, height=150), name)
    page = look(f"{address}/result/{measured(tmp_path / 'faces.zip', models={'face': {'facs': {}}})}")

    tiles = page.locator(".tile")
    tiles.nth(2).wait_for()
    until(page, "document.querySelectorAll('.tile .face-box').length == 2")
    bright, dark = tiles.filter(has_text="bright.png"), tiles.filter(has_text="dark.png")
    assert "Joy 0.9" in bright.inner_text().replace("\n", " ")
    assert "no face" in dark.inner_text()

    dark.click()
    page.get_by_text("No face was found in this image.").wait_for()
    bright.click()
    page.get_by_text("Facial actions (FACS)").wait_for()


def test_a_file_in_which_nothing_is_measured_says_so(address, look, measured, tmp_path):
    page = look(f"{address}/result/{measured(talk(tmp_path / 'a.wav'), models={'face': {}})}")

    page.get_by_text("Nothing was measured in this file.").wait_for()
    assert page.get_by_text("Over the whole file").count() == 0


def test_what_could_not_be_decoded_is_not_said_to_hold_no_face(address, look, measured, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0" + bytes(2000))
    job = measured(broken, picture(tmp_path / "bright.png", 250), models={"face": {}})
    page = look(f"{address}/result/{job}")

    page.get_by_text("This image was not measured").wait_for()
    page.get_by_text("The browser cannot show this image.").wait_for()
    page.locator(".tile", has_text="broken.jpg").get_by_text("not measured").wait_for()
    assert page.get_by_role("combobox", name="File").locator("option").all_inner_texts() == [
        "broken.jpg (image)",
        "bright.png (image)",
    ]


def test_of_a_crowd_one_face_is_chosen_in_the_image_or_from_a_list(address, look, axe, tmp_path):
    faces = [
        {
            "frame": 0,
            "time": 0,
            "prob": 1,
            "box": {"x": 10 * (i % 40), "y": 10 * (i // 40), "w": 8, "h": 8},
            "emotions": [{"name": "Joy", "score": i / 1000}, {"name": "Awe", "score": 0.5}],
            "facs": None,
            "descriptions": None,
        }
        for i in range(1000)
    ]
    group = {"id": "unknown", "predictions": faces}
    file = {
        "file": "crowd.png",
        "file_type": "image",
        "models": {"face": {"metadata": None, "grouped_predictions": [group]}},
    }
    source = {"type": "file", "filename": "crowd.png", "content_type": None, "md5sum": ""}
    export = tmp_path / "crowd.json"
    export.write_text(json.dumps([{"source": source, "results": {"predictions": [file], "errors": []}}]))
    page = look(f"{address}/result/export")
    page.get_by_label("Drop a predictions JSON here").set_input_files(
        [export, picture(tmp_path / "crowd.png", 120, width=400, height=250)]
    )

    panel = page.get_by_role("complementary", name="The chosen face")
    chooser = panel.get_by_role("combobox")
    page.locator(".face-box").nth(999).click()
    until(page, "document.querySelector('.faces select').value == '999'")
    panel.get_by_text("1.00").wait_for()
    chooser.select_option("Face 501: Joy")  # of two that are as high, the first
    page.locator(".face-box.chosen", has_text="501").wait_for()
    assert page.locator(".face-label").count() == 1
    assert axe(page) == []


def exported(address, job, path: Path) -> Path:
    """What the retired API would have answered: without the words that are ours."""
    results = httpx.get(f"{address}/v0/batch/jobs/{job}/predictions", timeout=60).json()
    for result in results:
        for file in result["results"]["predictions"]:
            del file["file_type"]
    path.write_text(json.dumps(results))
    return path


def test_an_old_export_opens_like_any_result_with_its_film_or_without(address, look, talking, tmp_path):
    page = look(f"{address}/result/export")
    chooser = page.get_by_label("Drop a predictions JSON here")
    broken = tmp_path / "broken.json"
    broken.write_text("[{]")
    chooser.set_input_files(broken)
    page.get_by_text("This is not JSON.").wait_for()

    export = exported(address, talking, tmp_path / "predictions.json")
    chooser.set_input_files([export, tmp_path / "talking.mp4"])
    page.get_by_role("group", name="Faces", exact=True).wait_for()
    until(page, "document.querySelector('video').readyState >= 1")

    page.reload()
    page.get_by_label("Drop a predictions JSON here").set_input_files(export)
    page.get_by_role("group", name="Faces", exact=True).wait_for()
    page.get_by_text("The file itself is not here").wait_for()


def test_two_results_stand_on_one_axis(address, look, talking, measured, tmp_path):
    other = measured(talk(tmp_path / "longer.wav", tone(9)), models={"prosody": {}, "language": {}})
    page = look(f"{address}/compare?a={talking}")
    page.get_by_label("Result of side B").select_option(other)

    page.get_by_role("group", name="A: Words", exact=True).wait_for()
    page.get_by_role("group", name="B: Words", exact=True).wait_for()
    assert page.get_by_role("slider", name="Moment").get_attribute("aria-valuemax") == "9.0"
    page.get_by_role("heading", name="Where they differ").wait_for()

    side = page.get_by_role("region", name="Side B")
    side.get_by_text("or a predictions JSON").click()
    side.get_by_label("Drop a predictions JSON for B").set_input_files(
        exported(address, talking, tmp_path / "old.json")
    )
    page.get_by_role("group", name="B: Face 0", exact=True).wait_for()
    differences = page.locator(".differences").first.inner_text()
    assert "rows each" in differences


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1200, 390])
def test_nobody_is_shut_out_of_a_result(address, look, axe, talking, measured, scheme, width):
    text = measured(models={"language": {"sentiment": {}}, "ner": {}}, text=["Hello Angela!"])
    for way, there in (
        (f"result/{talking}", "[data-piece]"),
        (f"result/{text}", "[data-piece]"),
        (f"compare?a={talking}&b={talking}", ".differences"),
        ("compare", ".drop"),
    ):
        page = look(f"{address}/{way}", scheme=scheme, width=width)
        page.locator(there).first.wait_for()
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_call_is_measured_by_the_real_engines_and_read_along(look, settings):
    with served(build(Settings(home=settings.home, poll_seconds=0.05))) as address:
        page = look(f"{address}/result/{begun(address, CALL, models={'prosody': {}, 'language': {}})}")

        page.get_by_role("group", name="Tone of voice", exact=True).wait_for()
        page.locator("[data-piece]").nth(20).wait_for()
        until(page, "document.querySelector('audio').duration > 27")
        page.close()  # before its server, of which it may still want a waveform
