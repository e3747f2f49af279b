"""Train the network of `gateway.detection.ner.network`: the same forward pass, its gradients by hand, Adam.

Plain NumPy and SciPy on one core: two million tokens pass in about a minute. A fixed seed gives the same weights on
the same machine and libraries. The weights used afterwards are a running mean over the last steps, which generalises
better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from gateway.detection.ner.network import EXTRAS, LABELS, OFFSETS, Weights, pool, softmax, window
from gateway.training.sparse import Sparse

F32 = NDArray[np.float32]
I64 = NDArray[np.int64]
Gradients = dict[str, F32]

_MEAN: Final = 0.998


def unwindow(grad: F32, offsets: tuple[int, ...]) -> F32:
    """Return the gradient of the rows from the gradient of their windows."""
    count = len(grad)
    width = grad.shape[1] // len(offsets)
    result = np.zeros((count, width), np.float32)
    for i, offset in enumerate(offsets):
        low, high = max(0, -offset), min(count, count - offset)
        if high > low:
            result[low + offset : high + offset] += grad[low:high, i * width : (i + 1) * width]
    return result


def fresh(rows: int, width: int, hidden: int, rng: np.random.Generator) -> Weights:
    """Return random weights."""

    def dense(a: int, b: int, gain: float = 2.0) -> F32:
        return np.asarray(rng.standard_normal((a, b)) * np.sqrt(gain / a), np.float32)

    embedding = (rng.standard_normal((rows, width)) * 0.1).astype(np.float32)
    embedding[0] = 0
    x = width + EXTRAS
    zeros = np.zeros(hidden, np.float32)
    return Weights(
        embedding,
        dense(len(OFFSETS[0]) * x, hidden),
        zeros.copy(),
        dense(len(OFFSETS[1]) * hidden, hidden, 0.7),
        zeros.copy(),
        dense((len(OFFSETS[2]) + 1) * hidden, hidden, 0.7),
        zeros.copy(),
        dense(hidden + x, LABELS, 0.5),
        np.zeros(LABELS, np.float32),
    )


@dataclass(slots=True)
class Batch:
    """Some documents one after the other, with gaps between them."""

    features: Sparse
    """Different words x embedding rows."""
    which: I64
    """Word of each token, -1 in a gap."""
    extras: F32
    group: I64
    target: NDArray[np.bool_]
    """Labels that are right for each token; all of them where nothing is known."""
    weight: F32


def gradients(w: Weights, batch: Batch, rng: np.random.Generator, dropout: float) -> tuple[float, Gradients]:
    """Return the loss of a batch and the gradient of every parameter."""
    real = batch.which >= 0
    types = np.asarray(batch.features @ w.embedding, np.float32)
    x = np.concatenate([np.where(real[:, None], types[batch.which], np.float32(0)), batch.extras], axis=1)
    keep_x = _mask(x.shape, dropout / 2, rng)
    x = x * keep_x
    u1 = window(x, OFFSETS[0])
    h1 = np.maximum(u1 @ w.w1 + w.b1, 0) * real[:, None]
    keep_h = _mask(h1.shape, dropout, rng)
    d1 = h1 * keep_h
    u2 = window(d1, OFFSETS[1])
    a2 = np.maximum(u2 @ w.w2 + w.b2, 0) * real[:, None]
    h2 = d1 + a2
    u3 = np.concatenate([window(h2, OFFSETS[2]), pool(h2, batch.group)], axis=1)
    a3 = np.maximum(u3 @ w.w3 + w.b3, 0) * real[:, None]
    h3 = h2 + a3
    keep_3 = _mask(h3.shape, dropout, rng)
    top = np.concatenate([h3 * keep_3, x], axis=1)
    p = softmax(top @ w.out + w.bias)
    right = p * batch.target
    mass = right.sum(axis=1, keepdims=True)
    weight = batch.weight[:, None]
    total = max(float(batch.weight.sum()), 1.0)
    loss = float(-(batch.weight * np.log(np.maximum(mass[:, 0], 1e-9))).sum() / total)
    g = ((p - right / np.maximum(mass, 1e-9)) * weight / total).astype(np.float32)
    grads: Gradients = {"out": top.T @ g, "bias": g.sum(axis=0)}
    gtop = g @ w.out.T
    hidden = h3.shape[1]
    gh3 = gtop[:, :hidden] * keep_3
    gx = gtop[:, hidden:]
    ga3 = gh3 * (a3 > 0)
    grads["w3"], grads["b3"] = u3.T @ ga3, ga3.sum(axis=0)
    gu3 = ga3 @ w.w3.T
    split = len(OFFSETS[2]) * hidden
    gh2 = gh3 + unwindow(gu3[:, :split], OFFSETS[2]) + _unpool(gu3[:, split:], batch.group)
    ga2 = gh2 * (a2 > 0)
    grads["w2"], grads["b2"] = u2.T @ ga2, ga2.sum(axis=0)
    gd1 = gh2 + unwindow(ga2 @ w.w2.T, OFFSETS[1])
    gh1 = gd1 * keep_h * (h1 > 0)
    grads["w1"], grads["b1"] = u1.T @ gh1, gh1.sum(axis=0)
    gx = (gx + unwindow(gh1 @ w.w1.T, OFFSETS[0])) * keep_x
    width = w.embedding.shape[1]
    rows = np.flatnonzero(real)
    scatter = Sparse.entries(
        np.ones(len(rows), np.float32), batch.which[rows], np.arange(len(rows)), (len(types), len(rows))
    )
    grads["embedding"] = np.asarray(batch.features.transposed @ (scatter @ gx[rows, :width]), np.float32)
    return loss, grads


def _unpool(grad: F32, group: I64) -> F32:
    """The gradient of `pool`: each token gets the mean over the others again, since the weights are symmetric."""
    return pool(np.ascontiguousarray(grad), group)


def _mask(shape: tuple[int, ...], dropout: float, rng: np.random.Generator) -> F32:
    if dropout <= 0:
        return np.ones(shape, np.float32)
    return (rng.random(shape, np.float32) >= dropout).astype(np.float32) / np.float32(1 - dropout)


class Adam:
    """Adam with decoupled weight decay, and a running mean of the weights."""

    def __init__(self, w: Weights) -> None:
        self.step = 0
        self.first = {n: np.zeros_like(getattr(w, n)) for n in Weights.names()}
        self.second = {n: np.zeros_like(getattr(w, n)) for n in Weights.names()}
        self.mean = {n: getattr(w, n).copy() for n in Weights.names()}

    def update(self, w: Weights, grads: Gradients, rate: float, used: I64) -> None:
        """Change the weights; of the embedding only the rows in `used`."""
        self.step += 1
        fix1, fix2 = 1 - 0.9**self.step, 1 - 0.999**self.step
        for name in Weights.names():
            value, grad = getattr(w, name), grads[name]
            m, v = self.first[name], self.second[name]
            rows = used if name == "embedding" else slice(None)
            m[rows] = 0.9 * m[rows] + 0.1 * grad[rows]
            v[rows] = 0.999 * v[rows] + 0.001 * grad[rows] ** 2
            decay = 1e-5 if value.ndim > 1 else 0
            value[rows] -= np.float32(rate) * (
                (m[rows] / fix1) / (np.sqrt(v[rows] / fix2) + 1e-8) + decay * value[rows]
            )
        w.embedding[0] = 0

    def average(self, w: Weights, every: int) -> None:
        """Take the weights into the running mean (called every few steps, since the embedding is large)."""
        keep = np.float32(min(_MEAN**every, self.step / (self.step + 10)))
        for name, mean in self.mean.items():
            mean *= keep
            mean += (1 - keep) * getattr(w, name)
