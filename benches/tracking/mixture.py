"""A plain multi-Bernoulli mixture, told the exact models of williams15.py: what the papers' kind of filter has there.

Targets never heard are a Poisson intensity, everywhere the same. What was heard is in clusters that share no plots; a
cluster holds hypotheses, each a weight and a set of leaves, and a leaf is a Gaussian (x, vx, y, vy) with a probability
of existence. A hypothesis says which plot was whose, not who is who: two that hold equal leaves are one.

    J. L. Williams, Marginal multi-Bernoulli filters: RFS derivation of MHT, JIPDA and association-based MeMBer,
        IEEE Trans. AES 51(3), 2015
    A. F. Garcia-Fernandez, J. L. Williams, K. Granstrom, L. Svensson, Poisson multi-Bernoulli mixture filter: direct
        derivation and implementation, IEEE Trans. AES 54(4), 2018
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse.csgraph import connected_components

from skyaccord.columns import F8, I8, Bool

# williams15.py's own: a plane of 300 m, one scan a second, positions with an error of 1 m
SIDE_M, PD, SURVIVES, CLUTTER = 300.0, 0.9, 0.99, 10.0
F = np.kron(np.eye(2), [[1.0, 1.0], [0.0, 1.0]])
Q = np.kron(np.eye(2), 0.02 * np.array([[1 / 3, 1 / 2], [1 / 2, 1.0]]))
R = np.eye(2)
# the papers': targets that are there at the first scan, and come at each other one
AT_FIRST, BORN, BORN_SPEED_MPS = 3.0, 0.005, 1.0
REPORTED = 0.4  # existence from which a leaf of the best hypothesis is a target
CUT_M = 10.0  # of GOSPA
# what is kept
HYPOTHESES, CHILDREN = 50, 200  # of a cluster; of all its hypotheses together after a scan, before they are pruned
LEAST_WEIGHT, LEAST_EXISTENCE = 1e-4, 1e-4
GATE, MERGED, APART = 20.0, 1.0, 16.0  # squared distances: plots of a leaf, leaves made one, leaves of one cluster
MERGED_EXISTENCE = 0.03  # difference up to which near leaves are made one
PLACE = np.array([0, 2])


@dataclass(frozen=True, eq=False)
class Leaves:
    """Gaussians with a probability of existence."""

    mean: F8  # (L, 4)
    cov: F8  # (L, 4, 4)
    exists: F8  # (L,)

    def take(self, rows: I8) -> Leaves:
        return Leaves(self.mean[rows], self.cov[rows], self.exists[rows])


@dataclass(frozen=True, eq=False)
class Cluster:
    """Hypotheses about targets that are near one another, the likeliest first."""

    weight: F8  # (H,) sum 1
    leaf: I8  # (H, n) rows of `leaves`, -1: none
    leaves: Leaves


@dataclass
class Mixture:
    """The filter; `scan` takes the plots of a second and gives the targets' positions."""

    clusters: list[Cluster] = field(default_factory=list)
    unheard: float = 0.0  # targets that were never heard, per square metre
    scans: int = 0

    def scan(self, z: F8) -> F8:
        """Positions of plots (m, 2) in, of targets (n, 2) out."""
        self.unheard *= SURVIVES * (1 - PD)
        self.unheard += (BORN if self.scans else AT_FIRST) / SIDE_M**2
        self.scans += 1
        density = CLUTTER / SIDE_M**2 + PD * self.unheard  # of plots that no leaf gives
        predicted = [predict(cluster) for cluster in self.clusters]
        predicted = [cluster for cluster in predicted if lasts(cluster, z)]
        gated = [likelihood(cluster.leaves, z) for cluster in predicted]
        self.clusters, told, free = [], [np.empty((0, 2))], np.ones(len(z))
        for members in groups([np.isfinite(one).any(axis=0) for one in gated]):
            cluster, likely = join([predicted[k] for k in members], [gated[k] for k in members])
            cluster, owned = update(cluster, likely - np.log(density), z)
            free -= owned
            for part in split(cluster):
                self.clusters.append(part)
                told.append(report(part))
        exists = PD * self.unheard / density * free
        self.clusters += [born(z[j], exists[j]) for j in np.flatnonzero(exists >= LEAST_EXISTENCE)]
        return np.concatenate(told)


def born(place: F8, exists: float) -> Cluster:
    """What a plot begins."""
    mean, cov = np.zeros(4), BORN_SPEED_MPS**2 * np.eye(4)
    mean[PLACE], cov[np.ix_(PLACE, PLACE)] = place, R
    return Cluster(np.ones(1), np.zeros((1, 1), np.int64), Leaves(mean[None], cov[None], np.array([exists])))


def predict(cluster: Cluster) -> Cluster:
    """A second on."""
    old = cluster.leaves
    return Cluster(cluster.weight, cluster.leaf, Leaves(old.mean @ F.T, F @ old.cov @ F.T + Q, old.exists * SURVIVES))


def lasts(cluster: Cluster, z: F8) -> bool:
    """Whether there is anything left of a cluster after this scan: most are of false plots, and not heard again."""
    if missed(cluster.leaves.exists).max() >= LEAST_EXISTENCE:
        return True
    return bool(np.isfinite(likelihood(cluster.leaves, z)).any())


def likelihood(leaves: Leaves, z: F8) -> F8:
    """Logarithm of N(z; leaf), -inf outside its gate: (L, m)."""
    s = leaves.cov[:, PLACE[:, None], PLACE] + R
    d = z[None] - leaves.mean[:, None, PLACE]
    distance = np.einsum("lmi,lij,lmj->lm", d, np.linalg.inv(s), d)
    norm = np.log(2 * np.pi) + 0.5 * np.log(np.linalg.det(s))
    return np.where(distance < GATE, -0.5 * distance - norm[:, None], -np.inf)


def groups(hears: list[Bool]) -> list[list[int]]:
    """Clusters that share plots, directly or by others."""
    if not hears:
        return []
    heard = np.array(hears, float)
    _, label = connected_components(heard @ heard.T > 0, directed=False)
    return [list(np.flatnonzero(label == k)) for k in np.unique(label)]


def join(clusters: list[Cluster], likely: list[F8]) -> tuple[Cluster, F8]:
    """The product of independent clusters, its heaviest hypotheses."""
    weight, leaf, leaves = clusters[0].weight, clusters[0].leaf, clusters[0].leaves
    for other in clusters[1:]:
        both = np.outer(weight, other.weight).ravel()
        best = np.argsort(-both)[:HYPOTHESES]
        a, b = np.divmod(best, len(other.weight))
        beside = np.where(other.leaf >= 0, other.leaf + len(leaves.exists), -1)
        weight, leaf = both[best] / both[best].sum(), np.concatenate([leaf[a], beside[b]], axis=1)
        leaves = Leaves(
            np.concatenate([leaves.mean, other.leaves.mean]),
            np.concatenate([leaves.cov, other.leaves.cov]),
            np.concatenate([leaves.exists, other.leaves.exists]),
        )
    return Cluster(weight, leaf, leaves), np.concatenate(likely)


def update(cluster: Cluster, gain: F8, z: F8) -> tuple[Cluster, F8]:
    """The cluster after a scan, and of each plot the probability that it was one of its leaves': (m,).

    `gain` (L, m): logarithm of a plot's likelihood over the density of plots from nowhere.
    """
    old = cluster.leaves
    score = np.column_stack([np.log(1 - PD * old.exists), np.log(PD * old.exists)[:, None] + gain])
    weight, parent, plot = children(cluster, score)
    owned = np.bincount(plot.ravel() + 1, np.repeat(weight, plot.shape[1]), len(z) + 1)[1:]
    # each pair of leaf and plot once; column 0 of the codes is "not heard"
    codes = np.where(cluster.leaf[parent] >= 0, cluster.leaf[parent] * (len(z) + 1) + plot + 1, -1)
    pairs, leaf = np.unique(codes, return_inverse=True)
    leaf = leaf.reshape(codes.shape) - (pairs[0] < 0)  # those without a leaf are -1
    row, heard = np.divmod(pairs[pairs >= 0], len(z) + 1)
    leaves = filtered(old.take(row), np.concatenate([np.full((1, 2), np.nan), z])[heard])
    leaf = np.where((leaf >= 0) & (np.append(leaves.exists, 0.0)[leaf] >= LEAST_EXISTENCE), leaf, -1)
    weight, leaf = unite(weight, leaf)
    leaves, stands = merge(weight, leaf, leaves)
    weight, leaf = unite(weight, np.append(stands, -1)[leaf])
    kept = weight >= LEAST_WEIGHT
    kept[HYPOTHESES:] = False
    return Cluster(weight[kept] / weight[kept].sum(), leaf[kept], leaves), owned


def children(cluster: Cluster, score: F8) -> tuple[F8, I8, I8]:
    """The heaviest ways to give plots to all hypotheses' leaves: weight (C,) sum 1, parent (C,), plot (C, n), -1: none.

    One place of the hypotheses after the other; of what is begun, the most promising is kept (what is left to give is
    taken at its best). `score` (L, 1 + m): logarithms, of "not heard" first.
    """
    score = np.concatenate([score, np.full((1, score.shape[1]), -np.inf)])  # of no leaf: nothing heard, for certain
    score[-1, 0] = 0.0
    most = score.max(axis=1)[cluster.leaf]
    parent, plot = np.arange(len(cluster.weight)), np.empty((len(cluster.weight), 0), np.int64)
    promise = np.log(cluster.weight) + most.sum(axis=1)
    for place in range(cluster.leaf.shape[1]):
        step = score[cluster.leaf[parent, place]] - most[parent, place][:, None]
        for earlier in plot.T:  # a plot is one leaf's
            step[np.flatnonzero(earlier >= 0), earlier[earlier >= 0] + 1] = -np.inf
        total = promise[:, None] + step
        likely = np.flatnonzero(total > -np.inf)
        likely = likely[np.argsort(-total.ravel()[likely], kind="stable")[: 4 * CHILDREN]]
        old, new = np.divmod(likely, score.shape[1])
        promise, parent, plot = total.ravel()[likely], parent[old], np.column_stack([plot[old], new - 1])
    kept = promise > promise[0] + np.log(LEAST_WEIGHT)
    kept[CHILDREN:] = False
    weight = np.exp(promise[kept] - promise[0])
    return weight / weight.sum(), parent[kept], plot[kept]


def filtered(old: Leaves, z: F8) -> Leaves:
    """Each leaf after its plot, NaN: after it was not heard (Kalman; existence by Bayes)."""
    heard = np.isfinite(z[:, 0])
    gain = old.cov[:, :, PLACE] @ np.linalg.inv(old.cov[:, PLACE[:, None], PLACE] + R) * heard[:, None, None]
    off = np.where(heard[:, None], z - old.mean[:, PLACE], 0.0)
    mean = old.mean + (gain @ off[:, :, None])[:, :, 0]
    return Leaves(mean, old.cov - gain @ old.cov[:, PLACE], np.where(heard, 1.0, missed(old.exists)))


def missed(exists: F8) -> F8:
    """Existence after a scan that did not hear it."""
    return exists * (1 - PD) / (1 - exists * PD)


def unite(weight: F8, leaf: I8) -> tuple[F8, I8]:
    """Hypotheses that hold the same leaves become one; the heaviest first."""
    sets, which = np.unique(np.sort(leaf, axis=1)[:, ::-1], axis=0, return_inverse=True)
    total = np.bincount(which.ravel(), weight)
    order = np.argsort(-total, kind="stable")
    used = max(int((sets >= 0).sum(axis=1).max(initial=0)), 1)
    return total[order], sets[order, :used]


def merge(weight: F8, leaf: I8, leaves: Leaves) -> tuple[Leaves, I8]:
    """Near leaves become one by their moments, never two of one hypothesis: the leaves, and which row each now is."""
    count, width = len(leaves.exists), leaf.shape[1]
    there = leaf >= 0
    use = np.bincount(leaf[there], np.broadcast_to(weight[:, None], leaf.shape)[there], count)
    together = np.zeros((count + 1, count + 1), bool)
    for a in range(width):
        for b in range(width):
            together[leaf[:, a], leaf[:, b]] |= a != b
    inverse = np.linalg.inv(leaves.cov)
    mean, cov, exists = leaves.mean.copy(), leaves.cov.copy(), leaves.exists.copy()
    stands, alone = np.arange(count), use > 0
    for first in np.argsort(-use, kind="stable"):
        if not alone[first]:
            continue
        d = leaves.mean - leaves.mean[first]
        near = alone & (np.einsum("li,ij,lj->l", d, inverse[first], d) <= MERGED)
        near &= (abs(leaves.exists - leaves.exists[first]) <= MERGED_EXISTENCE) & ~together[first, :count]
        near[first] = False
        one = [first]
        for other in sorted(np.flatnonzero(near), key=lambda k: -use[k]):
            if not together[other, one].any():
                one.append(other)
        alone[one] = False
        if len(one) > 1:
            stands[one] = first
            w = use[one] * leaves.exists[one]
            exists[first], w = w.sum() / use[one].sum(), w / w.sum()
            mean[first] = w @ leaves.mean[one]
            off = leaves.mean[one] - mean[first]
            cov[first] = np.einsum("l,lij->ij", w, leaves.cov[one]) + (w[:, None] * off).T @ off
    return Leaves(mean, cov, exists), stands


def split(cluster: Cluster) -> list[Cluster]:
    """The cluster's parts that are far from one another, each by itself; without what hardly exists."""
    rows = np.unique(cluster.leaf[cluster.leaf >= 0])
    leaves = cluster.leaves.take(rows)
    cov = leaves.cov[:, PLACE[:, None], PLACE] + R
    d = leaves.mean[:, None, PLACE] - leaves.mean[None, :, PLACE]
    between = np.einsum("abi,abij,abj->ab", d, np.linalg.inv(cov[:, None] + cov[None]), d)
    _, label = connected_components(between < APART, directed=False)
    place = np.where(cluster.leaf >= 0, np.searchsorted(rows, cluster.leaf), -1)
    parts = []
    for part in np.unique(label):
        mine = np.append(label == part, False)[place]
        weight, leaf = unite(cluster.weight, np.where(mine, place, -1))
        if weight @ np.append(leaves.exists, 0.0)[leaf].sum(axis=1) >= LEAST_EXISTENCE:
            rows, renumbered = np.unique(leaf, return_inverse=True)
            leaf = renumbered.reshape(leaf.shape) - (rows[0] < 0)
            parts.append(Cluster(weight, leaf, leaves.take(rows[rows >= 0])))
    return parts


def report(cluster: Cluster) -> F8:
    """Positions (n, 2) of the targets, as many as is likeliest, each averaged over all hypotheses' leaves.

    Whose a leaf is, is told by the least squared distance, not by its past: where targets met, hypotheses that exchange
    them would average to the middle.
    """
    mean, exists = cluster.leaves.mean[:, PLACE], cluster.leaves.exists
    sure = np.append(exists, 0.0)[cluster.leaf] > REPORTED
    many = sure.sum(axis=1)
    best = int(np.argmax(many == np.bincount(many, cluster.weight).argmax()))
    place: F8 = mean[cluster.leaf[best, sure[best]]]
    if len(place) == 0 or len(cluster.weight) == 1:
        return place
    for _ in range(4):
        total, share = np.zeros(place.shape), np.zeros(len(place))
        for weight, row in zip(cluster.weight, cluster.leaf, strict=True):
            own = row[row >= 0]
            gap = ((mean[own][:, None] - place[None]) ** 2).sum(axis=2)
            cost = exists[own][:, None] * np.minimum(gap - CUT_M**2, 0.0)
            a, b = linear_sum_assignment(cost)
            a, b = a[cost[a, b] < 0], b[cost[a, b] < 0]
            amount = weight * exists[own[a]]
            total[b] += amount[:, None] * mean[own[a]]
            share[b] += amount
        place = total / share[:, None]
    return place
