"""Small partitions for the tests of the meshing. Lengths in nm."""

import numpy as np

from pyscl.geometry.partition import Chain, Partition

NM = 1e-9


def chain(points, left, right, name=None):
    """Return a chain of points given in nm."""
    return Chain(np.asarray(points, dtype=float) * NM, left, right, name)


def box(width, height, region):
    """Return the four sides of a box with one region along all of them."""
    corners = [(0, 0), (width, 0), (width, height), (0, height), (0, 0)]
    names = ("bottom", "right", "top", "left")
    return [chain([corners[k], corners[k + 1]], region, None, name) for k, name in enumerate(names)]


def circle(x, y, radius, inside, outside, points=400, name=None):
    """Return a closed circle."""
    angle = np.linspace(0.0, 2.0 * np.pi, points + 1)
    line = np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])
    line[-1] = line[0]
    return chain(line, inside, outside, name)


def discs(width, height, places, inside="particle", outside="electrolyte"):
    """Return discs (x, y, radius) in a box."""
    circles = [circle(*place, inside, outside) for place in places]
    return Partition((*box(width, height, outside), *circles))


def bilayer(width=100.0, height=40.0, rise=0.0, periodic=True):
    """Return region b above region a; the interface rises by `rise` from left to right."""
    low, high = height / 2, height / 2 + rise
    return Partition(
        (
            chain([(0, 0), (width, 0)], "a", None, "bottom"),
            chain([(width, 0), (width, high)], "a", None, "right"),
            chain([(width, high), (width, height)], "b", None, "right"),
            chain([(width, height), (0, height)], "b", None, "top"),
            chain([(0, height), (0, low)], "b", None, "left"),
            chain([(0, low), (0, 0)], "a", None, "left"),
            chain([(0, low), (width, high)], "b", "a"),
        ),
        periodic=(("left", "right"),) if periodic else (),
    )


def arc(x, y, radius, start, end, points=200):
    """Return points of an arc between two angles [rad]."""
    angle = np.linspace(start, end, points + 1)
    return np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])


def cap(fraction, radius=60.0, width=200.0):
    """Return a disc on the bottom side, its centre `fraction` radii above it."""
    centre = fraction * radius
    half = np.sqrt(radius**2 - centre**2)
    angle = np.arctan2(-centre, half)
    line = arc(width / 2, centre, radius, angle, np.pi - angle)
    line[0], line[-1] = (width / 2 + half, 0.0), (width / 2 - half, 0.0)
    return Partition(
        (
            chain([(0, 0), line[-1]], "e", None, "bottom"),
            chain([line[-1], line[0]], "p", None, "bottom"),
            chain([line[0], (width, 0)], "e", None, "bottom"),
            *box(width, width, "e")[1:],
            chain(line, "p", "e"),
        )
    )


def island(contact_angle, half=20.0, width=200.0, height=100.0):
    """Return a lens of region i on the interface between a and e: two triple points."""
    theta, level = np.radians(contact_angle), height / 2
    radius = half / np.sin(theta)
    line = arc(
        width / 2, level - radius * np.cos(theta), radius, np.pi / 2 - theta, np.pi / 2 + theta
    )
    line[0], line[-1] = (width / 2 + half, level), (width / 2 - half, level)
    flat = bilayer(width, height, periodic=False).chains[:-1]
    renamed = {"a": "a", "b": "e", None: None}
    return Partition(
        (
            *(Chain(c.points, renamed[c.left], renamed[c.right], c.name) for c in flat),
            chain([(0, level), line[-1]], "e", "a"),
            chain([line[-1], line[0]], "i", "a"),
            chain([line[0], (width, level)], "e", "a"),
            chain(line, "i", "e"),
        )
    )


def area(partition, region):
    """Return the exact area [m2] inside the polylines around a region."""
    total = 0.0
    for part in partition.chains:
        x, y = part.points.T
        swept = 0.5 * np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])
        total += swept * ((part.left == region) - (part.right == region))
    return total
