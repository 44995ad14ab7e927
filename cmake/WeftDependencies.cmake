# Every library comes from the distribution, by name. The required ones stop the configuration with the
# package to install; the optional ones only take their entries off the registries (`weft list` says so).
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Boost REQUIRED COMPONENTS context)  # Math, Random and Pool are headers only
find_package(PkgConfig REQUIRED)
pkg_check_modules(hwloc REQUIRED IMPORTED_TARGET hwloc)

find_path(CSV_INCLUDE_DIR csv.h REQUIRED)
find_library(CSV_LIBRARY csv REQUIRED)
add_library(csv::csv UNKNOWN IMPORTED)
set_target_properties(csv::csv PROPERTIES IMPORTED_LOCATION ${CSV_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${CSV_INCLUDE_DIR})

find_package(MPI COMPONENTS C)
if(MPI_C_FOUND)  # the C interface from C++, without the bindings that MPI 3 removed
  target_compile_definitions(MPI::MPI_C INTERFACE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
endif()

find_package(OpenSSL COMPONENTS Crypto)  # the world env
pkg_check_modules(ucx IMPORTED_TARGET ucx)
pkg_check_modules(libfabric libfabric)
if(libfabric_FOUND)  # loaded when it is used (transports/ofi/library.hpp)
  add_library(libfabric::headers INTERFACE IMPORTED)
  target_include_directories(libfabric::headers INTERFACE ${libfabric_INCLUDE_DIRS})
endif()
find_package(Gloo CONFIG)
include(WeftGpu)

if(WEFT_BENCHMARKS)
  find_package(benchmark REQUIRED)
endif()
if(WEFT_TESTS)
  find_package(GTest REQUIRED)
endif()
