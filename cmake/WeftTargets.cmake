# One static library per folder, and the static registries.
#
#   weft_library(results SOURCES record.cpp csv.cpp LINK weft::core PRIVATE csv::csv)
#   weft_register(transports shm)                               # transports/shm.cpp or transports/shm/*.cpp
#   weft_register(transports mpi NEEDS MPI_C LINK MPI::MPI_C)   # left out, with a reason, where MPI_C_FOUND is false
#   weft_library(transports TYPE Transport EXTENDABLE SOURCES registry.cpp LINK weft::worlds)   # plugins may add to it
#
# weft_register before weft_library: an entry NAME is the function `Type entry()` in namespace weft::<folder>::NAME,
# defined in the file of the same name, which names its parts as it likes in an unnamed namespace within: entries are
# compiled several at a time. The table of all entries is generated from the list, so that nothing registers itself at
# run time and no source needs an #if for an absent library.

# Compiles twenty sources of the target at a time, since reading headers (JSON, CLI11, GoogleTest, fmt) takes most of the
# time. The presets that join all sources of a target keep their way.
function(weft_join_sources target)
  if(WEFT_JOIN_SOURCES AND NOT CMAKE_UNITY_BUILD)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 20)
  endif()
endfunction()

# Adds one entry to the folder's registry.
function(weft_register folder name)
  cmake_parse_arguments(entry "" "NEEDS;PACKAGE" "LINK" ${ARGN})
  get_property(known GLOBAL PROPERTY weft_${folder}_entries)
  if(name IN_LIST known)
    message(FATAL_ERROR "weft_register(${folder} ${name}): registered twice")
  endif()
  if(entry_NEEDS AND NOT ${entry_NEEDS}_FOUND)
    set_property(GLOBAL APPEND PROPERTY weft_${folder}_absent "${name}=${entry_PACKAGE}")
    return()
  endif()
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${name})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cpp)
  else()
    set(sources ${CMAKE_CURRENT_SOURCE_DIR}/${name}.cpp)
  endif()
  file(GLOB kernels CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${name}/*.cu)
  if(kernels)  # a library of their own: the compiler of CUDA or HIP does not take the other sources' flags
    string(TOUPPER ${WEFT_GPU} language)
    set_source_files_properties(${kernels} PROPERTIES LANGUAGE ${language})
    add_library(weft_${name}_kernels STATIC ${kernels})
    target_include_directories(weft_${name}_kernels PRIVATE ${PROJECT_SOURCE_DIR})
    target_link_libraries(weft_${name}_kernels PRIVATE ${entry_LINK})
    list(APPEND entry_LINK weft_${name}_kernels)
  endif()
  set_property(GLOBAL APPEND PROPERTY weft_${folder}_entries ${name})
  set_property(GLOBAL APPEND PROPERTY weft_${folder}_sources ${sources})
  set_property(GLOBAL APPEND PROPERTY weft_${folder}_link ${entry_LINK})
endfunction()

# Writes the folder's table of entries and adds it, with the entries' sources, to the target.
function(weft_table target folder type extendable)
  get_property(entries GLOBAL PROPERTY weft_${folder}_entries)
  get_property(absent GLOBAL PROPERTY weft_${folder}_absent)
  get_property(sources GLOBAL PROPERTY weft_${folder}_sources)
  get_property(link GLOBAL PROPERTY weft_${folder}_link)
  set(declarations "")
  set(calls "")
  set(missing "")
  foreach(name IN LISTS entries)
    string(APPEND declarations "namespace ${name} {\n${type} entry();\n}\n")
    string(APPEND calls "${name}::entry(), ")
  endforeach()
  foreach(pair IN LISTS absent)
    string(REPLACE "=" "\", \"" quoted "${pair}")
    string(APPEND missing "{\"${quoted}\"}, ")
  endforeach()
  set(extension "")
  if(extendable)
    set(extension "void extend(std::vector<${type}> more) { table_of_entries().extend(std::move(more)); }\n")
  endif()
  string(REGEX REPLACE "s$" "" kind ${folder})  # as messages name it: transports -> transport
  set(table ${CMAKE_CURRENT_BINARY_DIR}/table.cpp)
  file(RELATIVE_PATH place ${PROJECT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR})
  file(CONFIGURE OUTPUT ${table} @ONLY CONTENT [[// Generated from the weft_register lines of @place@/CMakeLists.txt.
#include "@place@/registry.hpp"

namespace weft::@folder@ {
@declarations@
namespace {
Registry<@type@>& table_of_entries() {
  static Registry<@type@> table("@kind@", {@calls@}, {@missing@});
  return table;
}
}  // namespace

const Registry<@type@>& registry() { return table_of_entries(); }
@extension@}  // namespace weft::@folder@
]])
  target_sources(${target} PRIVATE ${table} ${sources})
  target_link_libraries(${target} PRIVATE ${link})
endfunction()

function(weft_library folder)
  cmake_parse_arguments(lib "EXTENDABLE" "TYPE" "SOURCES;LINK;PRIVATE" ${ARGN})
  add_library(weft_${folder} STATIC ${lib_SOURCES})
  add_library(weft::${folder} ALIAS weft_${folder})
  target_link_libraries(weft_${folder} PUBLIC weft_options ${lib_LINK} PRIVATE ${lib_PRIVATE})
  if(lib_TYPE)
    weft_table(weft_${folder} ${folder} ${lib_TYPE} ${lib_EXTENDABLE})
  endif()
  weft_join_sources(weft_${folder})
endfunction()
