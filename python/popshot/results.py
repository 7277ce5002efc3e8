"""Opening result files (NetCDF-4) of the popshot command."""

from __future__ import annotations

from pathlib import Path

import xarray


class ResultError(Exception):
    """A file is missing or is not a result of Popshot; the message is one line and names it."""


def open_result(path: str | Path) -> xarray.Dataset:
    """Read a whole result file into memory.

    Parameters
    ----------
    path : file written by ``popshot simulate``, ``spectrum``, ``compare`` or ``switching`` with ``-o``.

    Returns
    -------
    xarray.Dataset with the kind of result in ``attrs["popshot_kind"]``: ``simulation``, ``spectrum``, ``comparison``
    (of spectra), ``transient`` (a comparison over time) or ``switching``; variables carry ``units`` and ``long_name``.

    Raises
    ------
    ResultError if the file is missing, not NetCDF, or not of Popshot.

    >>> open_result("nowhere.nc")
    Traceback (most recent call last):
    ...
    popshot.results.ResultError: nowhere.nc: no such file
    """
    path = Path(path)
    if not path.is_file():
        raise ResultError(f"{path}: no such file")
    try:
        data = xarray.load_dataset(path, engine="netcdf4", decode_times=False)
    except (OSError, ValueError) as error:
        raise ResultError(f"{path}: not a NetCDF file ({error})".replace("\n", " ")) from error
    if "popshot_kind" not in data.attrs:
        raise ResultError(f"{path}: not a result of Popshot (it has no attribute popshot_kind)")
    return data
