# What Popshot builds on. Every entry is justified in docs/dependencies.md; scripts/setup installs them.
find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED)  # headers: Math's distributions
find_package(Eigen3 3.4 REQUIRED NO_MODULE)
find_package(fmt REQUIRED)
find_package(tomlplusplus REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(PkgConfig REQUIRED)

# Libraries without a usable CMake package: one imported target each.
pkg_check_modules(NETCDF REQUIRED IMPORTED_TARGET netcdf)
add_library(popshot_netcdf INTERFACE)
target_link_libraries(popshot_netcdf INTERFACE PkgConfig::NETCDF)

pkg_check_modules(HIGHWAY REQUIRED IMPORTED_TARGET libhwy)
add_library(popshot_highway INTERFACE)
target_link_libraries(popshot_highway INTERFACE PkgConfig::HIGHWAY)

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
add_library(popshot_random123 INTERFACE)
target_include_directories(popshot_random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
