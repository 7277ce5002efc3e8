# Settings that every Popshot target is compiled with.
add_library(popshot_options INTERFACE)
target_include_directories(popshot_options INTERFACE ${PROJECT_SOURCE_DIR}/include)
# No contraction to fused multiply-add: the same bits on every instruction set.
target_compile_options(popshot_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion
                                                 -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 sees overlaps in std::string's operator+ that are not there (GCC bug 105329).
  target_compile_options(popshot_options INTERFACE -Wno-restrict)
endif()
if(POPSHOT_WARNINGS_AS_ERRORS)
  target_compile_options(popshot_options INTERFACE -Werror)
endif()
if(POPSHOT_SANITIZE)
  target_compile_options(popshot_options INTERFACE -fsanitize=${POPSHOT_SANITIZE} -fno-sanitize-recover=all
                                                   -fno-omit-frame-pointer)
  target_link_options(popshot_options INTERFACE -fsanitize=${POPSHOT_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The checks inserted by the sanitizers make GCC see uninitialized alternatives of variants that are not read.
    target_compile_options(popshot_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

# popshot_library(NAME USES targets... [PRIVATE_USES targets...]): the static library of src/NAME, which
# may include the headers of the targets that it names and no others' .cpp neighbours.
function(popshot_library name)
  cmake_parse_arguments(ARG "" "" "USES;PRIVATE_USES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  add_library(popshot_${name} STATIC ${sources})
  add_library(popshot::${name} ALIAS popshot_${name})
  set_target_properties(popshot_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(popshot_${name} PUBLIC popshot_options)
  foreach(scope USES PRIVATE_USES)
    foreach(dependency ${ARG_${scope}})
      if(TARGET popshot_${dependency})
        set(dependency popshot_${dependency})
      endif()
      if(scope STREQUAL USES)
        target_link_libraries(popshot_${name} PUBLIC ${dependency})
      else()
        target_link_libraries(popshot_${name} PRIVATE ${dependency})
      endif()
    endforeach()
  endforeach()
endfunction()
