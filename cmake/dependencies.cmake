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
# Vectors whose size the compiler does not know cannot be members; ARM processors that have them have NEON too.
target_compile_definitions(popshot_highway INTERFACE "HWY_DISABLED_TARGETS=(HWY_SVE|HWY_SVE2|HWY_SVE_256|HWY_SVE2_128|HWY_RVV)")

find_path(RANDOM123_INCLUDE_DIR Random123/philox.h REQUIRED)
add_library(popshot_random123 INTERFACE)
target_include_directories(popshot_random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
