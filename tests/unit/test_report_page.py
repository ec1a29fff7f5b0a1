"""The page of a report in a real browser: no errors, nothing fetched, values under the pointer."""

import json
from itertools import pairwise

import numpy as np
import pytest
from reports import REFERENCE, STEADY, TRANSIENT, browser, page, run

from pyscl.runner.folder import RunFolder

FIELDS = "#fields[data-ready]"


@pytest.fixture(scope="module")
def chromium():
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return run(tmp_path_factory.mktemp("page"), REFERENCE, variants=True)


@pytest.fixture(scope="module")
def shown(chromium, folder):
    """Return the opened page, and what it said and asked for."""
    file = folder / "report.html"
    page(folder, out=file)
    opened = chromium.new_page(viewport={"width": 1280, "height": 900})
    said, asked = listen(opened)
    opened.goto(file.as_uri())
    opened.locator("#fields").scroll_into_view_if_needed()
    opened.wait_for_selector(FIELDS)
    return opened, said, asked


def listen(opened):
    said, asked = [], []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    return said, asked


def choose(opened, **choices):
    """Choose options by their parts, and wait until the maps show them."""
    for part, option in choices.items():
        opened.select_option(f'[data-part="{part}"]', option)
    wanted = " ".join(
        opened.input_value(f'[data-part="{part}"]') for part in ("field", "state", "other")
    )
    opened.wait_for_selector(f'#fields[data-ready="{wanted}"]')


def point_at(opened, x, y, name="first"):
    """Move the pointer to a share of the axes of a map and return what is read there."""
    area = opened.locator(f'[data-part="{name}"] .nsewdrag').first.bounding_box()
    opened.mouse.move(area["x"] + x * area["width"], area["y"] + y * area["height"])
    data = opened.locator('[data-part="readout"]').evaluate(
        "e => ({...e.dataset, text: e.innerText})"
    )
    return {k: float(data[k]) for k in ("x", "y", "value")} | {
        k: data[k] for k in ("text", "region")
    }


def value_at(solution, values, x, y):
    """Return a field of the solution at a point, by a search of its own through all triangles."""
    corners = solution.site_points[solution.site_triangles]
    sides = np.stack([corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]], axis=-1)
    second, third = np.linalg.solve(sides, (np.array([x, y]) - corners[:, 0])[..., None])[..., 0].T
    weights = np.stack([1.0 - second - third, second, third], axis=-1)
    triangle = int(np.argmax(weights.min(axis=1)))
    region = solution.model.mesh.region_names[solution.model.mesh.region[triangle]]
    if values.ndim == 2:
        return float(np.hypot(*values[triangle])), region
    return float(weights[triangle] @ values[solution.site_triangles[triangle]]), region


def test_the_page_has_no_errors_and_fetches_nothing(shown, folder):
    _, said, asked = shown
    assert said == []
    assert asked == [(folder / "report.html").as_uri()]


def test_no_button_sends_anything_anywhere(shown):
    opened, _, _ = shown
    titles = opened.evaluate(
        "[...document.querySelectorAll('.modebar-btn')].map(e => e.dataset.title)"
    )
    assert len(titles) > 5
    assert not [title for title in titles if any(w in title.lower() for w in ("share", "cloud"))]


@pytest.mark.parametrize(
    ("name", "state"),
    [("potential", 0), ("charge_density", 1), ("site_fraction_Li", 3), ("electric_field", 1),
     ("current_density_Li", 1)],
)  # fmt: skip
def test_the_value_under_the_pointer_is_that_of_the_solution(shown, folder, name, state):
    opened, _, _ = shown
    run_folder = RunFolder(folder)
    solution = run_folder.solution(run_folder.states()[state])
    choose(opened, state=str(state), field=name)
    scale = np.nanmax(np.abs(solution[name].values))
    for place in ((0.1, 0.5), (0.47, 0.48), (0.53, 0.51), (0.9, 0.46)):
        read = point_at(opened, *place)
        expected, region = value_at(solution, solution[name].values, read["x"], read["y"])
        assert read["region"] == region
        assert read["value"] == pytest.approx(expected, rel=1e-6, abs=2e-7 * scale)


def test_fields_jump_at_an_interface_when_it_is_looked_at_closely(shown, folder):
    opened, _, _ = shown
    choose(opened, state="0", other="", field="site_fraction_Li")
    opened.select_option('[data-part="spot"]', "0")
    opened.wait_for_function("document.querySelector('[data-part=spot]').value === ''")
    read = [point_at(opened, x, 0.5) for x in (0.3, 0.495, 0.505, 0.7)]
    assert [r["region"] for r in read] == ["a", "a", "b", "b"]
    run_folder = RunFolder(folder)
    solution = run_folder.solution(run_folder.states()[0])
    values = solution["site_fraction_Li"].values
    for r in read:
        assert r["value"] == pytest.approx(value_at(solution, values, r["x"], r["y"])[0], rel=1e-6)
    ends = np.isclose(solution.site_points[:, 0], 10e-9, rtol=1e-9, atol=0.0)
    left, right = (values[ends & (solution.site_region == k)].mean() for k in (0, 1))
    assert abs(right - left) > 0.05
    assert read[2]["value"] - read[1]["value"] == pytest.approx(right - left, rel=0.1)
    opened.select_option('[data-part="spot"]', "all")


def test_wheel_and_keys_zoom_once_the_map_has_the_focus(shown):
    opened, _, _ = shown
    choose(opened, state="0", other="", field="potential")
    width = lambda: point_at(opened, 0.8, 0.5)["x"] - point_at(opened, 0.2, 0.5)["x"]  # noqa: E731
    opened.locator('[data-part="first"]').focus()
    opened.keyboard.press("0")
    before = width()
    opened.keyboard.press("+")
    opened.wait_for_timeout(150)
    assert width() == pytest.approx(0.7 * before, rel=0.03)  # ticks take more or less room
    point_at(opened, 0.5, 0.5)
    opened.mouse.wheel(0, -400)
    opened.wait_for_timeout(300)
    assert width() < 0.65 * before
    opened.locator('[data-part="first"]').focus()
    opened.keyboard.press("0")
    opened.wait_for_timeout(150)
    assert width() == pytest.approx(before, rel=0.05)  # ticks take more or less room


def test_a_map_takes_the_room_there_is(shown):
    opened, _, _ = shown
    choose(opened, state="0", other="3", field="potential")
    choose(opened, other="")
    width = "document.querySelector('[data-part=first] {}').getBoundingClientRect().width"
    opened.wait_for_function(width.format(".nsewdrag") + " > 0.8 * " + width.format(".frame"))


def test_two_states_share_the_view_and_the_colours(shown):
    opened, _, _ = shown
    choose(opened, state="0", other="3", field="potential")
    opened.locator('[data-part="first"]').focus()
    opened.keyboard.press("+")
    opened.wait_for_timeout(200)
    first = point_at(opened, 0.4, 0.5)
    second = point_at(opened, 0.4, 0.5, "second")
    assert second["x"] == pytest.approx(first["x"], rel=1e-6)
    assert "difference" in second["text"]
    assert opened.locator(".bar canvas").count() == 1


def test_the_map_is_painted_in_the_colours_of_the_scale(shown):
    opened, _, _ = shown
    choose(opened, state="0", other="", field="potential")
    opened.locator('[data-part="first"]').focus()
    opened.keyboard.press("0")
    opened.wait_for_timeout(200)
    states = json.loads(opened.locator("#page").text_content())["states"]
    fields = [state["fields"]["potential"] for state in states]
    low, high = min(f["low"] for f in fields), max(f["high"] for f in fields)
    pixel = """([canvas, x, y]) => [...document.querySelector(canvas).getContext('2d')
        .getImageData(x, y, 1, 1).data]"""
    size = opened.evaluate(
        "(c => [c.width, c.height])(document.querySelector('[data-part=first] > canvas'))"
    )
    for share in (0.1, 0.45, 0.55, 0.9):
        read = point_at(opened, share, 0.47)
        at = [int(share * size[0]), int(0.47 * size[1])]
        seen = opened.evaluate(pixel, ["[data-part=first] > canvas", *at])
        place = round(255 * (read["value"] - low) / (high - low))
        wanted = opened.evaluate(pixel, [".bar canvas", place, 0])
        assert np.abs(np.subtract(seen, wanted)).max() < 12


def test_the_line_is_exact_and_follows_its_ends(shown, folder):
    opened, _, _ = shown
    choose(opened, state="0", other="", field="charge_density")
    for end, value in {"x0": "4", "y0": "0.5", "x1": "16", "y1": "1.5"}.items():
        opened.fill(f'[data-end="{end}"]', value)
    opened.keyboard.press("Tab")
    opened.wait_for_timeout(300)
    curve = opened.evaluate(
        "(() => { const d = document.querySelector('[data-part=profile]').data[0];"
        " return {x: [...d.x], y: [...d.y]}; })()"
    )
    run_folder = RunFolder(folder)
    solution = run_folder.solution(run_folder.states()[0])
    values, length = solution["charge_density"].values, np.hypot(12.0, 1.0)
    x, y = np.array(curve["x"], float), np.array(curve["y"], float)
    assert x[0] == pytest.approx(0.0, abs=1e-9)
    assert x[-1] == pytest.approx(length, rel=1e-9)
    middles = 0.5 * (x[::2] + x[1::2]) / length
    expected = np.array([
        value_at(solution, values, 4e-9 + 12e-9 * m, 0.5e-9 + 1e-9 * m)[0] for m in middles
    ])  # fmt: skip
    means = 0.5 * (y[::2] + y[1::2])
    factor = 10.0 ** round(np.log10(np.abs(expected).max() / np.abs(means).max()))
    assert len(means) > 20
    np.testing.assert_allclose(
        means * factor, expected, rtol=1e-5, atol=1e-6 * np.abs(values).max()
    )


def test_tables_sort_by_value_and_can_be_searched(shown):
    opened, _, _ = shown
    table = opened.locator("#quantity-table")
    column = table.locator("thead th").count() - 1
    head = table.locator("thead th").nth(column)
    head.locator("button").click()
    units = table.evaluate("t => [...t.tBodies[0].rows].map(r => r.dataset.unit)")
    assert sum(a != b for a, b in pairwise(units)) == len(set(units)) - 1
    of_unit = """([table, column]) => [...table.tBodies[0].rows]
        .filter(r => r.dataset.unit === 'nm' && r.cells[column].dataset.value)
        .map(r => Number(r.cells[column].dataset.value))"""
    up = table.evaluate(f"t => ({of_unit})([t, {column}])")
    assert len(up) > 1
    assert up == sorted(up)
    assert head.get_attribute("aria-sort") == "ascending"
    head.locator("button").click()
    assert table.evaluate(f"t => ({of_unit})([t, {column}])") == sorted(up, reverse=True)
    opened.fill("[data-searches]", "resistance")
    found = table.evaluate(
        "t => [...t.tBodies[0].rows].filter(r => !r.hidden).map(r => r.textContent)"
    )
    assert 0 < len(found) < table.locator("tbody tr").count()
    assert all("resistance" in text.lower() for text in found)


def test_no_value_of_another_field_stays_under_the_pointer(shown):
    opened, _, _ = shown
    opened.evaluate(
        "document.querySelector('[data-part=first]').scrollIntoView({behavior: 'instant'})"
    )
    choose(opened, state="0", other="", field="potential")
    opened.wait_for_timeout(200)
    opened.mouse.move(0, 0)
    before = point_at(opened, 0.4, 0.5)
    choose(opened, field="charge_density")
    readout = opened.locator('[data-part="readout"]')
    assert readout.get_attribute("data-value") != str(before["value"])
    assert "V" not in (readout.inner_text().partition("·")[2])
    opened.mouse.move(0, 0)
    choose(opened, field="potential")
    assert readout.inner_text().strip() == ""
    assert readout.get_attribute("data-value") is None


def test_paper_shows_all_columns_and_maps_of_its_width(shown):
    opened, _, _ = shown
    opened.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    opened.emulate_media(media="print")
    opened.wait_for_timeout(200)
    over = opened.evaluate(
        "[...document.querySelectorAll('.scroll')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1).length"
    )
    width = opened.evaluate(
        "document.querySelector('[data-part=first] .main-svg').getBoundingClientRect().width /"
        " document.querySelector('[data-part=first]').getBoundingClientRect().width"
    )
    opened.emulate_media(media="screen")
    opened.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert over == 0
    assert width == pytest.approx(1.0, abs=0.05)


def test_every_control_has_a_name_and_every_picture_an_alternative(shown):
    opened, _, _ = shown
    assert opened.locator("img:not([alt])").count() == 0
    nameless = (
        """[...document.querySelectorAll('select, input')].filter(e => !e.labels.length).length"""
    )
    assert opened.evaluate(nameless) == 0
    assert opened.locator("table:not(:has(caption))").count() == 0
    assert opened.locator("h1").count() == 1


def test_curves_of_transients_and_spectra_are_drawn(chromium, tmp_path):
    file = tmp_path / "course.html"
    page(run(tmp_path, (STEADY, TRANSIENT)), out=file)
    opened = chromium.new_page(viewport={"width": 1000, "height": 14000})  # all is in view
    said, asked = listen(opened)
    opened.goto(file.as_uri())
    names = opened.locator("#curves figcaption").all_inner_texts()
    assert any("Nyquist" in name for name in names)
    for plot in opened.locator("[data-figure]").all():
        plot.locator(".main-svg").first.wait_for()
    drawn = opened.evaluate(
        "[...document.querySelectorAll('[data-figure]')].map(e => e.data.length)"
    )
    assert len(drawn) == len(names)
    assert min(drawn) > 0
    states = json.loads(opened.locator("#page").text_content())["states"]
    assert sum("t = " in state["label"] for state in states) == 3
    assert said == []
    assert asked == [file.as_uri()]
    opened.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_window(shown, width):
    opened, _, _ = shown
    opened.set_viewport_size({"width": width, "height": 800})
    opened.wait_for_timeout(200)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    opened.set_viewport_size({"width": 1280, "height": 900})
