"""Named arrays as bytes: NumPy's npz, without pickle and without the time of day."""

import io
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hotspot.errors import ModelError

# The earliest time a zip archive can hold; every member gets it.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as the bytes of an npz file, the same for the same arrays.

    Examples
    --------
    >>> packed = pack_arrays({"mean": np.array([1.0, 2.0])})
    >>> unpack_arrays(packed)["mean"]
    array([1., 2.])
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            archive.writestr(entry, member.getvalue())
    return buffer.getvalue()


def unpack_arrays(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the arrays of an npz file; objects that would need pickle are refused.

    Raises
    ------
    ModelError
        The bytes are no npz file, or hold Python objects.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelError(
            f"An array file of {len(data)} bytes cannot be read as plain numbers: {error}. "
            "Save the model again."
        ) from error
