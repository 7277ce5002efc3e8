// Results in NetCDF-4: the only code that knows the format.
#pragma once

#include <filesystem>

#include "popshot/core/result.hpp"

namespace popshot::io {

/// Writes a data set as NetCDF-4 with named dimensions, units and long names: numbers as double, integers as int64,
/// texts as string; arrays of more than 10^4 values are compressed without loss. A dimension of size 0 becomes an
/// unlimited one that nothing was written along. The file appears whole or not at all: it is written beside its place,
/// as "PATH.tmp-<process>", and then renamed, so that an existing file at `path` is replaced only by a complete one.
/// Throws InputError, "PATH: cannot be written: why", if the place cannot be written to. Not for several threads at
/// once: the NetCDF library is not made for them.
void write_netcdf(const Dataset& data, const std::filesystem::path& path);

/// Reads back what write_netcdf wrote: dimensions, variables and global attributes in their order. Other NetCDF files
/// are read as far as they fit (float as double, smaller integers as int64; groups are passed over).
/// Throws InputError, "PATH: why", if the file is missing, is not NetCDF or holds types that do not fit.
[[nodiscard]] Dataset read_netcdf(const std::filesystem::path& path);

/// Throws InputError unless a file can be created at `path` (its folder exists and is writable, and `path` is not a
/// folder or a device), so that a run is refused before it starts and not after. It creates a temporary file there
/// and removes it; a file at `path` stays as it is.
void require_writable(const std::filesystem::path& path);

}  // namespace popshot::io
