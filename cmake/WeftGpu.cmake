# NCCL::NCCL, with its runtime, and the compiler of the kernels beside it: NVIDIA's where they are all there, or AMD's, which
# must be there where they are asked for.
set(WEFT_GPU cuda CACHE STRING "Devices of the transport nccl: cuda (by NCCL) or hip (by RCCL)")
set_property(CACHE WEFT_GPU PROPERTY STRINGS cuda hip)
set(NCCL_FOUND FALSE)

function(weft_nccl library include_dirs runtime)
  add_library(NCCL::NCCL UNKNOWN IMPORTED)
  set_target_properties(NCCL::NCCL PROPERTIES IMPORTED_LOCATION ${library}
    INTERFACE_INCLUDE_DIRECTORIES "${include_dirs}" INTERFACE_LINK_LIBRARIES ${runtime})
  set(NCCL_FOUND TRUE PARENT_SCOPE)
endfunction()

if(WEFT_GPU STREQUAL "cuda")
  find_package(CUDAToolkit QUIET)
  find_path(NCCL_INCLUDE_DIR nccl.h HINTS ${CUDAToolkit_INCLUDE_DIRS})
  find_library(NCCL_LIBRARY nccl HINTS ${CUDAToolkit_LIBRARY_DIR})
  include(CheckLanguage)
  check_language(CUDA)
  if(CUDAToolkit_FOUND AND NCCL_INCLUDE_DIR AND NCCL_LIBRARY AND CMAKE_CUDA_COMPILER)
    if(NOT DEFINED CMAKE_CUDA_ARCHITECTURES)  # older devices translate nothing, newer ones what is for 9.0
      set(CMAKE_CUDA_ARCHITECTURES 80 90)
    endif()
    enable_language(CUDA)
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know what CUDA 12 and later take
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
    endif()
    weft_nccl(${NCCL_LIBRARY} "${NCCL_INCLUDE_DIR};${CUDAToolkit_INCLUDE_DIRS}" CUDA::cudart_static)
  endif()
elseif(WEFT_GPU STREQUAL "hip")
  find_package(hip REQUIRED)
  find_path(RCCL_INCLUDE_DIR rccl/rccl.h HINTS ${hip_INCLUDE_DIRS} REQUIRED)
  find_library(RCCL_LIBRARY rccl HINTS ${hip_LIB_INSTALL_DIR} REQUIRED)
  enable_language(HIP)
  weft_nccl(${RCCL_LIBRARY} ${RCCL_INCLUDE_DIR} hip::host)
else()
  message(FATAL_ERROR "WEFT_GPU=${WEFT_GPU}: cuda and hip are known")
endif()
