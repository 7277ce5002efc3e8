// Tables of numbers from CSV files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace popshot::io {

/// Rows of equally many numbers; names of the columns and rows if the file has them.
struct NumberTable {
  std::vector<std::string> column_names;  ///< of the numbers, without the corner of named rows; empty: no header
  std::vector<std::string> row_names;     ///< empty: rows have no names
  std::vector<std::vector<double>> rows;
  std::vector<std::string> places;  ///< of the rows, "FILE:LINE"
};

/// Reads numbers separated by commas. Blank lines and lines that begin with # are passed over; a first line of words
/// only is the header; a word at the beginning of every row is its name. What begins with a digit, a sign or a point is
/// no word. Throws InputError, "FILE:LINE: why", for anything that is not a finite number or a row of another length.
[[nodiscard]] NumberTable read_csv(const std::filesystem::path& path);

}  // namespace popshot::io
