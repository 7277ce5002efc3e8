// Results in NetCDF-4: the only code that knows the format.
#pragma once

#include <filesystem>

#include "popshot/core/result.hpp"

namespace popshot::io {

/// Writes a data set as NetCDF-4 with named dimensions, units and long names. The file appears whole or
/// not at all: it is written beside its place and then renamed. Throws InputError if the place cannot be
/// written to.
void write_netcdf(const Dataset& data, const std::filesystem::path& path);

/// Reads back what write_netcdf wrote. Throws InputError if the file is missing or not NetCDF.
[[nodiscard]] Dataset read_netcdf(const std::filesystem::path& path);

/// Throws InputError unless a file can be created at `path` (its folder exists and is writable), so that
/// a run is refused before it starts and not after.
void require_writable(const std::filesystem::path& path);

}  // namespace popshot::io
