"""Inverse kinematics: which angles bring the hand of a robot's arm to a place, and point it in a direction?

    python examples/inverse_kinematics.py

Six joints, each a turn about an axis of its own, and six conditions; Levenberg-Marquardt steps need the Jacobian of
the arm, which is compiled once.
"""

import numpy as np

import tinygrad_lab as tl

# Of each joint: the axis it turns about, and where the next one is, in the frame of this one.
AXES = np.array([[0, 0, 1], [0, 1, 0], [0, 1, 0], [1, 0, 0], [0, 1, 0], [1, 0, 0]], float)
LINKS = np.array([[0, 0, 0.4], [0, 0, 0.6], [0.5, 0, 0], [0.2, 0, 0], [0.1, 0, 0], [0.1, 0, 0]])


def turn(axis, angle):
    """Return the matrix that turns about an axis (O. Rodrigues 1840): I + sin a · K + (1 − cos a) · K²."""
    x, y, z = axis
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k)


def hand(angles):
    """Return where the hand is, and the two directions that say how it is held: nine numbers."""
    place, frame = np.zeros(3), np.eye(3)
    for axis, link, angle in zip(AXES, LINKS, angles, strict=True):
        frame = frame @ turn(axis, angle)
        place = place + frame @ link
    return np.concatenate([place, frame[:, 0], frame[:, 1]])


jacobian = tl.compile(tl.jacobian(hand))
where = tl.compile(hand)


def reach(target, start, steps, damping=1e-2):
    """Return the angles that bring the hand to the target, by Levenberg-Marquardt steps from the start."""
    angles, off = start, where(start) - target
    for _ in range(steps):
        j = jacobian(angles)
        tried = angles - np.linalg.solve(j.T @ j + damping * np.eye(len(angles)), j.T @ off)
        left = where(tried) - target
        if left @ left < off @ off:
            angles, off, damping = tried, left, damping / 5
        else:
            damping *= 4
    return angles


def main(steps=40, quiet=False, places=100):
    """Reach for some places, and return the share that the hand reaches to a micrometre (the arm is 1.9 m)."""
    rng = np.random.default_rng(0)
    reached = 0
    for number in range(places):
        target = hand(rng.uniform(-2.0, 2.0, 6))
        for _ in range(8):  # from another start, if the first ends in a corner
            angles = reach(target, rng.uniform(-1.5, 1.5, 6), steps)
            off = np.linalg.norm((hand(angles) - target)[:3])
            if off < 1e-6:
                reached += 1
                break
        if not quiet and number % 20 == 0:
            print(f"place {target[:3].round(3)}: angles {angles.round(2)}, off by {off:.1e} m")
    return reached / places


if __name__ == "__main__":
    main()
