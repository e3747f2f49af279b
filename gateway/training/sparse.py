"""The two things that training needs of SciPy, behind typed faces: sparse matrices and L-BFGS.

SciPy carries no types of its own and is needed for training only, so it is imported when it is first used.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray


class Sparse:
    """A sparse matrix in rows: ``matrix @ dense`` and ``matrix.transposed @ dense``."""

    def __init__(self, matrix: Any) -> None:
        self._matrix = matrix

    @classmethod
    def rows(cls, values: NDArray[Any], columns: NDArray[Any], pointer: NDArray[Any], shape: tuple[int, int]) -> Sparse:
        """Make one from the entries of each row after the other (``pointer`` says where a row begins)."""
        return cls(importlib.import_module("scipy.sparse").csr_matrix((values, columns, pointer), shape=shape))

    @classmethod
    def entries(cls, values: NDArray[Any], row: NDArray[Any], column: NDArray[Any], shape: tuple[int, int]) -> Sparse:
        """Make one from (row, column, value); values at the same place add up."""
        return cls(importlib.import_module("scipy.sparse").csr_matrix((values, (row, column)), shape=shape))

    @property
    def transposed(self) -> Sparse:
        """The matrix with rows and columns exchanged."""
        return Sparse(self._matrix.T.tocsr())

    @property
    def columns(self) -> NDArray[np.int64]:
        """The columns in use, each once, ascending."""
        return np.unique(self._matrix.indices).astype(np.int64)

    def __matmul__(self, dense: NDArray[Any]) -> NDArray[Any]:
        return np.asarray(self._matrix @ dense)

    def __getitem__(self, rows: NDArray[np.int64]) -> Sparse:
        return Sparse(self._matrix[rows])


def minimise(
    loss: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]], size: int, steps: int
) -> NDArray[np.float64]:
    """Return the argument that L-BFGS reaches from zero; `loss` gives value and gradient."""
    optimize = importlib.import_module("scipy.optimize")
    found = optimize.minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", options={"maxiter": steps})
    return np.asarray(found.x, np.float64)
