"""Images as geometry: smooth, conforming, with the area of every part, or refused with a reason."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from pyscl.errors import GeometryError, InputError
from pyscl.geometry.crossings import crossing_points
from pyscl.geometry.images import ImageInput, Thresholds
from pyscl.geometry.measures import areas
from pyscl.geometry.micrograph import synthetic_micrograph
from pyscl.geometry.outlines import Outline
from pyscl.geometry.pixel_edges import connected_parts
from pyscl.geometry.segmentation import (
    otsu_levels,
    pinched_corners,
    without_islands,
    without_pinches,
    without_slivers,
)
from pyscl.geometry.vectorise import partition_of_labels

NAMES = ("electrolyte", "carbon", "active")


def disc(radius, n, x=0.3, y=0.1):
    """Return an n x n image with a disc off its middle by (x, y)."""
    row, column = np.mgrid[:n, :n] + 0.5
    return (np.hypot(column - n / 2 - x, row - n / 2 + y) < radius).astype(int)


def interfaces(partition):
    return [chain for chain in partition.chains if chain.name is None]


def assert_conforming(partition, size):
    """The curves meet at their ends only, and their faces fill the rectangle."""
    lines = [shapely.LineString(chain.points) for chain in partition.chains]
    noded = shapely.node(shapely.MultiLineString(lines))
    pieces = shapely.get_num_coordinates(noded) - shapely.get_num_geometries(noded)
    assert pieces == sum(len(chain.points) - 1 for chain in partition.chains)
    faces = shapely.get_parts(shapely.polygonize(lines))
    assert shapely.is_valid(faces).all()
    assert shapely.area(faces).sum() == pytest.approx(size, rel=1e-9)


def curvature(points):
    """Return the curvature of a closed polyline from its turning angles."""
    step = np.diff(np.concatenate([points, points[1:2]]), axis=0)
    length = np.linalg.norm(step, axis=1)
    one, two = step[:-1], step[1:]
    turn = np.arctan2(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0], (one * two).sum(axis=1))
    return turn / ((length[:-1] + length[1:]) / 2), (length[:-1] + length[1:]) / 2


@pytest.mark.parametrize(
    ("radius", "perimeter_error", "distance", "curvature_error"),
    [(5, 0.005, 0.3, 0.12), (20, 0.005, 0.25, 0.12), (100, 5e-4, 0.2, 0.10), (400, 1e-4, 0.2, 0.1)],
)
def test_disc_is_round(radius, perimeter_error, distance, curvature_error):
    """A staircase would have 27 % too much perimeter and no curvature; position to 0.3 pixels."""
    n = int(2.5 * radius) + 3
    image = disc(radius, n)
    partition = partition_of_labels(image, ("outside", "disc"), 1.0)
    (outline,) = interfaces(partition)
    off = np.linalg.norm(outline.points - [n / 2 + 0.3, n / 2 + 0.1], axis=1) - radius
    assert areas(partition.chains)["disc"] == pytest.approx(image.sum(), rel=1e-9)
    assert outline.length == pytest.approx(2 * np.pi * radius, rel=perimeter_error)
    assert np.abs(off).max() < distance
    bend, weight = curvature(outline.points)
    error = np.sqrt(np.average((np.abs(bend) * radius - 1) ** 2, weights=weight))
    assert error < curvature_error


def test_staircase_of_a_slanted_line_becomes_straight():
    """Slope 1/7 and 1/30: the interface is a straight line to a fifth of a pixel."""
    row, column = np.mgrid[:120, :200] + 0.5
    for slope in (1 / 7, 1 / 30):
        image = (row - 60 > slope * (column - 100)).astype(int)
        (line,) = interfaces(partition_of_labels(image, ("a", "b"), 1.0))
        x, y = line.points.T
        off = (60 - (120 - y) + slope * (x - 100))[(x > 3) & (x < 197)]
        assert np.abs(off - off.mean()).max() < 0.2
        assert line.length == pytest.approx(200 * np.hypot(1, slope), rel=1e-3)


def test_three_regions_meet_in_one_junction_near_its_place():
    row, column = np.mgrid[:101, :101] + 0.5
    angle = np.arctan2(50.3 - row, column - 50.6) % (2 * np.pi)
    image = np.digitize(angle, [0.5, 2.4])
    image[(angle > 4.6)] = 0
    partition = partition_of_labels(image, ("a", "b", "c"), 1.0)
    ends = [tuple(p) for chain in interfaces(partition) for p in chain.points[[0, -1]]]
    (triple,) = {end for end in ends if ends.count(end) == 3}
    assert np.linalg.norm(np.array(triple) - [50.6, 50.7]) < 1.0
    assert_conforming(partition, 101 * 101)


def test_left_and_right_are_as_the_chain_walks():
    image = disc(8, 24)
    partition = partition_of_labels(image, ("outside", "disc"), 1.0)
    for chain in interfaces(partition):
        inside = shapely.Polygon(chain.points).exterior.is_ccw
        assert (chain.left, chain.right) == (("disc", "outside") if inside else ("outside", "disc"))


def test_upper_row_is_on_top_and_sides_have_names():
    image = np.zeros((6, 4), int)
    image[:2] = 1
    partition = partition_of_labels(image, ("below", "above"), (2e-9, 1e-9))
    top = [chain for chain in partition.chains if chain.name == "top"]
    assert [(chain.left, chain.right) for chain in top] == [("above", None)]
    assert top[0].points == pytest.approx(np.array([[8e-9, 6e-9], [0.0, 6e-9]]), rel=1e-12)
    assert {chain.name for chain in partition.chains} == {None, "left", "right", "bottom", "top"}
    lengths = {"left": 6e-9, "right": 6e-9, "bottom": 8e-9, "top": 8e-9}
    for name, length in lengths.items():
        pieces = [chain.length for chain in partition.chains if chain.name == name]
        assert sum(pieces) == pytest.approx(length, rel=1e-12)


def test_image_of_one_region_is_a_rectangle():
    partition = partition_of_labels(np.zeros((3, 4), int), ("all",), 1e-9)
    assert partition.regions == ("all",)
    assert partition.achieved["area fraction of all"] == pytest.approx(1.0)


def test_without_smoothing_the_pixel_edges_remain():
    image = disc(6, 20)
    (outline,) = interfaces(partition_of_labels(image, ("outside", "disc"), 1.0, smooth=0))
    edges = np.abs(np.diff(image, axis=0)).sum() + np.abs(np.diff(image, axis=1)).sum()
    assert outline.length == edges
    assert not np.diff(outline.points, axis=0).all(axis=1).any()


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(2, 14),
    columns=st.integers(2, 14),
    kinds=st.integers(1, 4),
    smooth=st.sampled_from([0.0, 0.3, 0.7, 1.5]),
    parted=st.booleans(),
    seed=st.integers(0, 10_000),
)
def test_any_labels_become_conforming_regions_of_their_area(
    rows, columns, kinds, smooth, parted, seed
):
    """Also noise, where every pixel is an island and walls are one pixel thick."""
    given_labels = np.random.default_rng(seed).integers(0, kinds, (rows, columns))
    labels, _ = without_pinches(given_labels)
    if not parted and len(np.unique(labels)) == len(np.unique(given_labels)):
        given_names = [f"r{k}" for k in range(len(np.unique(labels)))]
        given_labels = np.unique(given_labels, return_inverse=True)[1].reshape(rows, columns)
        raw = partition_of_labels(given_labels, given_names, 1.0, smooth=smooth)
        assert_conforming(raw, labels.size)
    present, labels = np.unique(labels, return_inverse=True)
    labels = labels.reshape(rows, columns)
    names = [f"r{k}" for k in range(len(present))]
    partition = partition_of_labels(labels, names, 1.0, smooth=smooth)
    assert_conforming(partition, labels.size)
    area = areas(partition.chains)
    for k, name in enumerate(names):
        assert area[name] == pytest.approx((labels == k).sum(), abs=0.02)


def outline(points, first, side=""):
    """Return an outline of points of its own, numbered from `first`."""
    return Outline(np.array(points, float), 0, 1, first + np.arange(len(points)), side)


def test_crossings_are_found_and_common_ends_are_none():
    one = outline([[0, 0], [1, 0], [2, 2]], 10)
    across, beside = outline([[1, 1], [2, 0]], 20), outline([[1, 0.5], [1.2, 1]], 30)
    assert crossing_points([one, across], 3).tolist() == [11, 12, 20, 21]
    assert crossing_points([one, beside], 3).tolist() == []
    touching = outline([[0, 2], [1, 0]], 40)
    assert crossing_points([one, touching], 3).tolist() == [10, 11, 12, 40, 41]
    touching.vertices[1] = one.vertices[0] = 2  # a junction, but not where they touch
    assert len(crossing_points([one, touching], 3))
    touching.points[1] = one.points[0]
    assert crossing_points([one, touching], 3).tolist() == []


def test_where_smooth_outlines_would_cross_less_is_smoothed():
    """Two regions with a thin third one between them; the first attempt crosses."""
    field = ndimage.gaussian_filter(np.random.default_rng(213).standard_normal((24, 24)), 1.0)
    labels = np.digitize(field, [-0.1, 0.1])
    partition = partition_of_labels(labels, ("a", "b", "c"), 1.0, smooth=3.0)
    assert_conforming(partition, labels.size)


@pytest.fixture(scope="module")
def micrograph(tmp_path_factory):
    """Return the file of a grey 1000 x 1000 picture and the labels it shows."""
    grey, labels = synthetic_micrograph(seed=1)
    file = tmp_path_factory.mktemp("images") / "cross_section.png"
    Image.fromarray(grey).save(file)
    return file, labels


def test_micrograph_becomes_regions(micrograph, tmp_path):
    """Area fractions to 0.3 %, and no false rim of carbon around the particles."""
    file, labels = micrograph
    truth = partition_of_labels(labels, NAMES, 20e-9)
    given = ImageInput(
        file=file,
        width="20 um",
        thresholds=Thresholds(regions=NAMES),
        denoise="100 nm",
        clean="200 nm",
        preview=tmp_path / "preview.png",
    )
    partition = given.partition()
    assert_conforming(partition, 400e-12)
    assert partition.achieved["outlines left as pixel edges"] == 0
    for name in NAMES:
        key = f"area fraction of {name}"
        assert partition.achieved[key] == pytest.approx(truth.achieved[key], abs=0.003)
    for key in ("length of active|carbon [m]", "length of active|electrolyte [m]"):
        assert partition.achieved[key] == pytest.approx(truth.achieved[key], rel=0.06)
    with Image.open(tmp_path / "preview.png") as picture:
        assert min(picture.size) > 400


def test_equal_images_give_equal_curves():
    grey, labels = synthetic_micrograph((150, 120), seed=4)
    grey_again, labels_again = synthetic_micrograph((150, 120), seed=4)
    assert np.array_equal(grey, grey_again)
    assert not np.array_equal(grey, synthetic_micrograph((150, 120), seed=5)[0])
    one = partition_of_labels(labels, NAMES, 1e-8)
    two = partition_of_labels(labels_again, NAMES, 1e-8)
    for a, b in zip(one.chains, two.chains, strict=True):
        assert a.points.tobytes() == b.points.tobytes()


def test_every_part_of_a_micrograph_keeps_its_area(micrograph):
    """Particle by particle, to a hundredth of a pixel of up to 100 000."""
    _, labels = micrograph
    labels, _ = without_pinches(labels[:500, :500])
    parts, label_of = connected_parts(labels)
    names = [f"{NAMES[label]} {k}" for k, label in enumerate(label_of)]
    partition = partition_of_labels(parts, names, 1.0)
    area = areas(partition.chains)
    pixels = np.bincount(parts.ravel())
    for name, count in zip(names, pixels, strict=True):
        assert area[name] == pytest.approx(count, abs=0.01)


def test_levels_are_the_best_of_all():
    """Compared with trying all pairs of levels."""
    rng = np.random.default_rng(3)
    grey = np.concatenate([rng.normal(m, 9, 500) for m in (40, 120, 200)]).clip(0, 255).round()
    low, high = otsu_levels(grey, 3)
    bins = np.linspace(grey.min(), grey.max(), 257)

    def between(one, two):
        classes = np.digitize(grey, [one, two])
        means = [grey[classes == k] for k in range(3)]
        return sum(len(c) * (c.mean() - grey.mean()) ** 2 for c in means if len(c))

    best = max(between(a, b) for i, a in enumerate(bins[8::8]) for b in bins[8::8][i:])
    assert between(low, high) >= best * (1 - 1e-3)
    assert 60 < low < 100
    assert 140 < high < 180


def test_islands_go_to_the_neighbour_with_the_longest_border():
    image = np.zeros((20, 20), int)
    image[:, 10:] = 1
    image[5:8, 8:11] = 2  # two columns on the left side of the border, one on the right
    image[15, 15] = 0
    cleaned, gone = without_islands(image, 4.0)
    assert gone == 2
    assert (cleaned[:, :10] == 0).all()
    assert (cleaned[15] == image[0]).all()
    assert set(np.unique(cleaned)) == {0, 1}


def test_islands_within_islands_go_too():
    image = disc(3, 30) + disc(1.2, 30)
    cleaned, gone = without_islands(image, 8.0)
    assert gone == 2
    assert not cleaned.any()


def test_of_two_pixels_at_a_pinched_corner_the_lonelier_one_changes():
    image = np.zeros((9, 9), int)
    image[2:5, 2:5] = image[5, 5] = 1
    parted, changed = without_pinches(image)
    assert changed == 1
    assert parted[5, 5] == 0
    assert parted.sum() == 9


def test_rims_narrower_than_the_width_go_and_others_stay():
    row, column = np.mgrid[:60, :60] + 0.5
    away = np.hypot(row - 30, column - 30)
    image = np.digitize(away, [15.0, 17.0, 23.0])
    cleaned = without_slivers(image, 4.0)
    assert not (cleaned == 1).any()
    assert (cleaned == 2).sum() == pytest.approx(np.pi * (23**2 - 16**2), rel=0.05)


def test_regions_that_touch_at_a_corner_are_parted():
    image = np.zeros((8, 8), int)
    image[:4, :4] = image[4:, 4:] = 1
    parted, changed = without_pinches(image)
    assert changed == 1
    assert np.abs(parted - image).sum() == 1
    partition = partition_of_labels(parted, ("a", "b"), 1.0)
    assert partition.achieved["junctions"] == 4


@pytest.mark.parametrize("smooth", [0.0, 0.7])
def test_labels_with_pinched_corners_become_curves_that_do_not_touch(smooth):
    """A chain of squares, corner to corner: no curve passes through a point of another one."""
    image = np.zeros((12, 12), int)
    for k in range(2, 10, 2):
        image[k : k + 2, k : k + 2] = 1
    partition = partition_of_labels(image, ("a", "b"), 1.0, smooth=smooth)
    assert partition.achieved["pixels changed at pinched corners"] == 3
    points = np.concatenate([chain.points[:-1] for chain in interfaces(partition)])
    assert len(np.unique(points, axis=0)) == len(points)
    assert partition.achieved["junctions"] == 0


def test_corners_that_stay_pinched_are_refused_with_their_pixel(monkeypatch):
    monkeypatch.setattr("pyscl.geometry.segmentation._PASSES", 0)
    image = np.zeros((9, 9), int)
    image[2:5, 3:6] = image[5:7, 6:8] = 1
    with pytest.raises(GeometryError, match="pixel column 5, row 4"):
        partition_of_labels(image, ("a", "b"), 1.0)


def test_pinched_corners_that_lead_in_circles_are_levelled():
    for seed in range(20):
        field = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((128, 128)), 1)
        labels, _ = without_pinches(np.digitize(field, np.quantile(field, [0.3, 0.6])))
        assert not len(pinched_corners(labels))


REGIONS = {0: "matrix", 100: "film", 200: "grain"}


@pytest.fixture
def labelled():
    image = np.zeros((40, 60), np.uint8)
    image[10:30, 10:40] = 200
    image[:5] = 100
    return image


def test_all_kinds_of_files_give_the_same(labelled, tmp_path):
    kinds = {"grey.png": labelled, "grey.tif": labelled, "deep.tif": labelled.astype(np.uint16)}
    for name, pixels in kinds.items():
        Image.fromarray(pixels).save(tmp_path / name)
    palette = Image.fromarray(labelled // 100).convert("P")
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 255])
    palette.save(tmp_path / "palette.png")
    palette.convert("RGB").save(tmp_path / "colours.png")
    palette.convert("RGBA").save(tmp_path / "opaque.png")
    mappings = dict.fromkeys(kinds, REGIONS)
    mappings["palette.png"] = {0: "matrix", 1: "film", 2: "grain"}
    colours = {"#000000": "matrix", "#ff0000": "film", "#0000FF": "grain"}
    mappings["colours.png"] = mappings["opaque.png"] = colours
    made = [
        ImageInput(file=tmp_path / name, pixel="1 nm", regions=regions).partition().achieved
        for name, regions in mappings.items()
    ]
    assert made[0]["area fraction of film"] == pytest.approx(0.125, rel=1e-9)
    assert all(achieved == made[0] for achieved in made)


def test_crop_and_pixels_that_are_not_square(labelled, tmp_path):
    Image.fromarray(labelled).save(tmp_path / "a.png")
    partition = ImageInput(
        file=tmp_path / "a.png",
        crop=(20, 5, 40, 30),
        width="40 nm",
        height="60 nm",
        regions={0: "matrix", 200: "grain"},
    ).partition()
    assert areas(partition.chains)["grain"] == pytest.approx(400 * 2e-18, rel=1e-9)
    assert partition.achieved["pixel height [m]"] == pytest.approx(2e-9)


def test_two_values_may_be_one_region(labelled, tmp_path):
    Image.fromarray(labelled).save(tmp_path / "a.png")
    regions = {0: "matrix", 100: "grain", 200: "grain"}
    partition = ImageInput(file=tmp_path / "a.png", pixel="1 nm", regions=regions).partition()
    assert partition.regions == ("grain", "matrix")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pixel": None}, "the size of the image is needed"),
        ({"width": "1 um"}, "the size of the image is needed"),
        ({"pixel": "0 nm"}, "must be above 0"),
        ({"pixel": "1 mV"}, "expected a length"),
        ({"height": "1 um"}, "'height' goes with 'width'"),
        ({"regions": None}, "either 'regions'"),
        ({"regions": {0: "matrix", 200: "grain"}}, r"100 \(12 %\).*Mapped: 0, 200"),
        ({"regions": {**REGIONS, 7: "pore"}}, "region 'pore' is empty.*the value 7"),
        ({"regions": {**REGIONS, "red": "pore"}}, "'red' is no pixel value"),
        ({"regions": {0: "a|b"}}, "is not a name"),
        ({"thresholds": {"regions": ["a", "b"]}}, "either 'regions'"),
        ({"crop": (0, 0, 61, 40)}, "not inside the image of 60 columns and 40 rows"),
        ({"crop": (0, 0, 1, 1)}, "too small"),
        ({"clean": "1 um"}, "'clean' less"),
        ({"clean": "20 nm"}, "region 'film' is empty after"),
        ({"denoise": "1 um"}, "'denoise' less"),
        ({"smooth": 9}, "at most 3"),
        ({"file": "none.png"}, "there is no file"),
        ({"preview": "a.docx"}, "no figure format"),
    ],
)
def test_mistakes_are_refused_with_a_reason(labelled, tmp_path, change, message):
    Image.fromarray(labelled).save(tmp_path / "a.png")
    given = {"file": tmp_path / "a.png", "pixel": "1 nm", "regions": REGIONS} | change
    with pytest.raises(InputError, match=message):
        ImageInput(**given).partition()


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        ({"regions": ["a"]}, "regions"),
        ({"regions": ["a", "b", "c"], "levels": [80]}, "need 2 level"),
        ({"regions": ["a", "b", "c"], "levels": [80, 80]}, "must rise"),
        ({"regions": ["a", "b"], "levels": [250]}, "grey values are 0 to 200"),
        ({"regions": ["a", "b", "c", "d"]}, "fewer than 4 different grey values"),
    ],
)
def test_thresholds_that_cannot_be_are_refused(labelled, tmp_path, thresholds, message):
    Image.fromarray(labelled).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=message):
        ImageInput(file=tmp_path / "a.png", pixel="1 nm", thresholds=thresholds).partition()


def test_unsuitable_files_are_refused(labelled, tmp_path):
    picture = Image.fromarray(labelled)
    (tmp_path / "text.png").write_text("no image")
    picture.save(tmp_path / "pages.tif", save_all=True, append_images=[picture])
    see_through = picture.convert("RGBA")
    see_through.putalpha(100)
    see_through.save(tmp_path / "alpha.png")
    picture.convert("CMYK").save(tmp_path / "print.tif")
    picture.convert("RGB").save(tmp_path / "colour.png")
    (tmp_path / "cut.png").write_bytes((tmp_path / "alpha.png").read_bytes()[:100])
    for name, message in {
        "text.png": "not an image",
        "pages.tif": "2 pages",
        "alpha.png": "transparent",
        "print.tif": "CMYK",
        "cut.png": "cannot read",
        "colour.png": "thresholds are for grey images",
    }.items():
        given = ImageInput(file=tmp_path / name, pixel="1 nm", thresholds={"regions": ["a", "b"]})
        with pytest.raises(InputError, match=message):
            given.partition()


def test_labels_without_a_region_and_regions_without_a_label_are_refused():
    with pytest.raises(GeometryError, match="label 1 has no region"):
        partition_of_labels(disc(3, 9), ("a",), 1.0)
    with pytest.raises(GeometryError, match="region 'c' is empty"):
        partition_of_labels(disc(3, 9), ("a", "b", "c"), 1.0)


def test_noise_is_refused_quickly():
    labels = np.random.default_rng(0).integers(0, 3, (300, 300))
    with pytest.raises(GeometryError, match="this is noise"):
        partition_of_labels(labels, ("a", "b", "c"), 1.0)
