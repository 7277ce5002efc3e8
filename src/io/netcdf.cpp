#include "popshot/io/netcdf.hpp"

#include <fmt/format.h>
#include <netcdf.h>
#include <netcdf_mem.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <span>
#include <string>
#include <system_error>
#include <utility>

#include "popshot/core/error.hpp"
#include "temporary_file.hpp"

namespace popshot::io {

namespace {

namespace filesystem = std::filesystem;

/// Arrays with more values than this are compressed.
constexpr std::size_t compressed_above = 10'000;

/// An open NetCDF file. `name` is what messages call it.
class NetcdfFile {
 public:
  /// A file in memory: where a disk is full the libraries below do not say so, and may crash at the end of the process.
  static NetcdfFile create(const filesystem::path& name) {
    NetcdfFile file(name, "cannot be written");
    file.check(nc_create_mem(name.c_str(), NC_NETCDF4 | NC_CLOBBER, 0, &file.id_));
    file.open_ = true;
    return file;
  }
  static NetcdfFile open(const filesystem::path& path) {
    NetcdfFile file(path, "cannot be read as NetCDF");
    file.check(nc_open(path.c_str(), NC_NOWRITE, &file.id_));
    file.open_ = true;
    return file;
  }

  NetcdfFile(NetcdfFile&& other) noexcept
      : name_(std::move(other.name_)),
        failure_(other.failure_),
        id_(other.id_),
        open_(std::exchange(other.open_, false)) {}
  NetcdfFile(const NetcdfFile&) = delete;
  NetcdfFile& operator=(const NetcdfFile&) = delete;
  NetcdfFile& operator=(NetcdfFile&&) = delete;
  ~NetcdfFile() {
    if (open_) nc_close(id_);
  }

  [[nodiscard]] int id() const { return id_; }

  /// Throws InputError if `status` is an error of the NetCDF library; `subject` names a part of the file.
  void check(int status, const std::string& subject = "") const {
    if (status == NC_NOERR) return;
    fail(name_, fmt::format("{}{}: {}", failure_, subject.empty() ? "" : " (" + subject + ")", nc_strerror(status)));
  }

  /// The bytes of a file in memory.
  class Image {
   public:
    explicit Image(const NC_memio& memory) : memory_(memory) {}
    Image(const Image&) = delete;
    Image& operator=(const Image&) = delete;
    ~Image() { std::free(memory_.memory); }  // NOLINT(cppcoreguidelines-no-malloc): the library's
    [[nodiscard]] std::span<const std::byte> bytes() const {
      return {static_cast<const std::byte*>(memory_.memory), memory_.size};
    }

   private:
    NC_memio memory_;
  };
  /// Ends the writing of a file in memory.
  Image take() {
    NC_memio memory{};
    open_ = false;
    check(nc_close_memio(id_, &memory));
    return Image(memory);
  }

 private:
  NetcdfFile(const filesystem::path& name, const char* failure) : name_(name), failure_(failure) {}

  filesystem::path name_;
  const char* failure_;
  int id_ = -1;
  bool open_ = false;
};

// ---- writing ----

void put_attribute(const NetcdfFile& file, int variable, const std::string& name, const Attribute& value) {
  int status = NC_NOERR;
  if (const auto* text = std::get_if<std::string>(&value)) {
    status = nc_put_att_text(file.id(), variable, name.c_str(), text->size(), text->c_str());
  } else if (const auto* number = std::get_if<double>(&value)) {
    status = nc_put_att_double(file.id(), variable, name.c_str(), NC_DOUBLE, 1, number);
  } else {
    const long long integer = std::get<std::int64_t>(value);
    status = nc_put_att_longlong(file.id(), variable, name.c_str(), NC_INT64, 1, &integer);
  }
  file.check(status, "attribute " + name);
}

nc_type type_of(const Values& values) {
  if (std::holds_alternative<std::vector<double>>(values)) return NC_DOUBLE;
  return std::holds_alternative<std::vector<std::int64_t>>(values) ? NC_INT64 : NC_STRING;
}

std::size_t count_of(const Values& values) {
  return std::visit([](const auto& entries) { return entries.size(); }, values);
}

int define_variable(const NetcdfFile& file, const Variable& variable, const std::map<std::string, int>& dimension_ids) {
  std::vector<int> dimensions;
  for (const std::string& dimension : variable.dimensions) dimensions.push_back(dimension_ids.at(dimension));
  const nc_type type = type_of(variable.values);
  int id = -1;
  file.check(
      nc_def_var(file.id(), variable.name.c_str(), type, static_cast<int>(dimensions.size()), dimensions.data(), &id),
      "variable " + variable.name);
  if (type != NC_STRING && count_of(variable.values) > compressed_above) {
    file.check(nc_def_var_deflate(file.id(), id, /*shuffle=*/1, /*deflate=*/1, /*level=*/1),
               "variable " + variable.name);
  }
  put_attribute(file, id, "units", variable.units);
  put_attribute(file, id, "long_name", variable.long_name);
  return id;
}

void put_values(const NetcdfFile& file, int id, const Variable& variable) {
  if (count_of(variable.values) == 0) return;
  int status = NC_NOERR;
  if (const auto* texts = std::get_if<std::vector<std::string>>(&variable.values)) {
    std::vector<const char*> pointers;
    for (const std::string& text : *texts) pointers.push_back(text.c_str());
    status = nc_put_var_string(file.id(), id, pointers.data());
  } else if (const auto* numbers = std::get_if<std::vector<double>>(&variable.values)) {
    status = nc_put_var(file.id(), id, numbers->data());
  } else {
    status = nc_put_var(file.id(), id, std::get<std::vector<std::int64_t>>(variable.values).data());
  }
  file.check(status, "variable " + variable.name);
}

void put_dataset(const NetcdfFile& file, const Dataset& data) {
  std::map<std::string, int> dimension_ids;
  for (const auto& [name, size] : data.dimensions) {
    // Size 0 is NC_UNLIMITED: an unlimited dimension that nothing is written along has length 0, too.
    file.check(nc_def_dim(file.id(), name.c_str(), size, &dimension_ids[name]), "dimension " + name);
  }
  std::vector<int> variable_ids;
  for (const Variable& variable : data.variables) {
    variable_ids.push_back(define_variable(file, variable, dimension_ids));
  }
  for (const auto& [name, value] : data.attributes) put_attribute(file, NC_GLOBAL, name, value);
  file.check(nc_enddef(file.id()));
  for (std::size_t i = 0; i < variable_ids.size(); ++i) put_values(file, variable_ids[i], data.variables[i]);
}

// ---- reading ----

/// The strings that the NetCDF library allocated, given back at the end of the scope.
class NetcdfStrings {
 public:
  explicit NetcdfStrings(std::size_t count) : pointers_(count, nullptr) {}
  NetcdfStrings(const NetcdfStrings&) = delete;
  NetcdfStrings& operator=(const NetcdfStrings&) = delete;
  ~NetcdfStrings() {
    if (!pointers_.empty()) nc_free_string(pointers_.size(), pointers_.data());
  }
  [[nodiscard]] char** data() { return pointers_.data(); }
  [[nodiscard]] std::vector<std::string> copy() const {
    std::vector<std::string> texts;
    for (const char* pointer : pointers_) texts.emplace_back(pointer == nullptr ? "" : pointer);
    return texts;
  }

 private:
  std::vector<char*> pointers_;
};

bool is_integer(nc_type type) {
  return type == NC_BYTE || type == NC_UBYTE || type == NC_SHORT || type == NC_USHORT || type == NC_INT ||
         type == NC_UINT || type == NC_INT64 || type == NC_UINT64;
}

Attribute get_attribute(const NetcdfFile& file, int variable, const char* name) {
  const std::string subject = fmt::format("attribute {}", name);
  nc_type type = NC_NAT;
  std::size_t length = 0;
  file.check(nc_inq_att(file.id(), variable, name, &type, &length), subject);
  if (type == NC_CHAR) {
    std::string text(length, '\0');
    file.check(nc_get_att_text(file.id(), variable, name, text.data()), subject);
    return text;
  }
  if (length != 1) file.check(NC_EBADTYPE, subject + ": a list");
  if (type == NC_STRING) {
    NetcdfStrings strings(length);
    file.check(nc_get_att_string(file.id(), variable, name, strings.data()), subject);
    return strings.copy().front();
  }
  if (is_integer(type)) {
    long long integer = 0;
    file.check(nc_get_att_longlong(file.id(), variable, name, &integer), subject);
    return std::int64_t{integer};
  }
  double number = 0.0;
  file.check(nc_get_att_double(file.id(), variable, name, &number), subject);
  return number;
}

Values get_values(const NetcdfFile& file, int id, nc_type type, std::size_t count, const std::string& subject) {
  if (type == NC_STRING) {
    NetcdfStrings strings(count);
    if (count > 0) file.check(nc_get_var_string(file.id(), id, strings.data()), subject);
    return strings.copy();
  }
  if (is_integer(type)) {
    std::vector<std::int64_t> integers(count);
    static_assert(sizeof(long long) == sizeof(std::int64_t));
    if (count > 0) {
      file.check(nc_get_var_longlong(file.id(), id, reinterpret_cast<long long*>(integers.data())), subject);
    }
    return integers;
  }
  if (type != NC_DOUBLE && type != NC_FLOAT) file.check(NC_EBADTYPE, subject);
  std::vector<double> numbers(count);
  if (count > 0) file.check(nc_get_var_double(file.id(), id, numbers.data()), subject);
  return numbers;
}

std::string text_attribute(const NetcdfFile& file, int variable, const char* name) {
  if (nc_inq_attid(file.id(), variable, name, nullptr) != NC_NOERR) return "";
  const Attribute value = get_attribute(file, variable, name);
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? "" : *text;
}

Variable get_variable(const NetcdfFile& file, int id) {
  std::array<char, NC_MAX_NAME + 1> name{};
  nc_type type = NC_NAT;
  int rank = 0;
  file.check(nc_inq_var(file.id(), id, name.data(), &type, &rank, nullptr, nullptr));
  std::vector<int> dimension_ids(static_cast<std::size_t>(rank));
  file.check(nc_inq_vardimid(file.id(), id, dimension_ids.data()), name.data());

  Variable variable;
  variable.name = name.data();
  std::size_t count = 1;
  for (const int dimension_id : dimension_ids) {
    std::size_t size = 0;
    file.check(nc_inq_dim(file.id(), dimension_id, name.data(), &size), variable.name);
    variable.dimensions.emplace_back(name.data());
    count *= size;
  }
  variable.values = get_values(file, id, type, count, "variable " + variable.name);
  variable.units = text_attribute(file, id, "units");
  variable.long_name = text_attribute(file, id, "long_name");
  return variable;
}

Dataset get_dataset(const NetcdfFile& file) {
  int dimensions = 0;
  int variables = 0;
  int attributes = 0;
  file.check(nc_inq(file.id(), &dimensions, &variables, &attributes, nullptr));
  Dataset data;
  std::array<char, NC_MAX_NAME + 1> name{};
  std::vector<int> dimension_ids(static_cast<std::size_t>(dimensions));
  file.check(nc_inq_dimids(file.id(), nullptr, dimension_ids.data(), /*include_parents=*/0));
  for (const int id : dimension_ids) {
    std::size_t size = 0;
    file.check(nc_inq_dim(file.id(), id, name.data(), &size));
    data.add_dimension(name.data(), size);
  }
  for (int id = 0; id < variables; ++id) data.add(get_variable(file, id));
  for (int id = 0; id < attributes; ++id) {
    file.check(nc_inq_attname(file.id(), NC_GLOBAL, id, name.data()));
    data.attributes.emplace_back(name.data(), get_attribute(file, NC_GLOBAL, name.data()));
  }
  return data;
}

}  // namespace

void require_writable(const std::filesystem::path& path) {
  std::error_code error;
  if (path.empty()) throw InputError("the name of the file to write is empty");
  const filesystem::file_status status = filesystem::status(path, error);
  if (filesystem::is_directory(status)) fail(path, "cannot be written: it is a folder");
  if (filesystem::exists(status) && !filesystem::is_regular_file(status)) {
    fail(path, "cannot be written: it exists and is not a regular file");
  }
  if (!path.has_filename()) fail(path, "cannot be written: it names no file");
  const filesystem::path folder = path.has_parent_path() ? path.parent_path() : filesystem::path(".");
  if (!filesystem::exists(folder, error)) fail(path, "cannot be written: there is no folder " + folder.string());
  if (!filesystem::is_directory(folder, error)) fail(path, "cannot be written: " + folder.string() + " is no folder");

  const TemporaryFile trial(path);
  std::FILE* handle = std::fopen(trial.path().c_str(), "wb");
  if (handle == nullptr) fail(path, "cannot be written: " + std::generic_category().message(errno));
  std::fclose(handle);
}

void write_netcdf(const Dataset& data, const std::filesystem::path& path) {
  require_writable(path);
  NetcdfFile file = NetcdfFile::create(path);
  put_dataset(file, data);
  const NetcdfFile::Image image = file.take();
  TemporaryFile temporary(path);
  temporary.write(image.bytes());
  temporary.put_in_place();
}

Dataset read_netcdf(const std::filesystem::path& path) {
  std::error_code error;
  if (!filesystem::exists(path, error)) fail(path, "there is no such file");
  if (filesystem::is_directory(path, error)) fail(path, "is a folder, not a NetCDF file");
  return get_dataset(NetcdfFile::open(path));
}

}  // namespace popshot::io
