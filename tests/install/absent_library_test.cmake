# cmake -D SOURCE=... -D BUILD=... -P absent_library_test.cmake: configures the tree as if there were no MPI, OpenSSL and Gloo, and asks
# that the generated tables leave its entries out and name the package that would bring them.
file(REMOVE_RECURSE ${BUILD})
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -D CMAKE_DISABLE_FIND_PACKAGE_MPI=ON
    -D CMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON -D CMAKE_DISABLE_FIND_PACKAGE_Gloo=ON -D WEFT_TESTS=OFF -D WEFT_BENCHMARKS=OFF
  RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "without these libraries the tree does not configure:\n${output}${errors}")
endif()

foreach(entry worlds/mpi/libopenmpi-dev transports/mpi/libopenmpi-dev worlds/env/libssl-dev transports/gloo/libgloo-dev)
  string(REPLACE "/" ";" parts ${entry})
  list(GET parts 0 folder)
  list(GET parts 1 name)
  list(GET parts 2 package)
  file(READ ${BUILD}/${folder}/table.cpp table)
  if(table MATCHES "[^a-z_]${name}::entry\\(\\)")
    message(FATAL_ERROR "${folder}: ${name} is in the table though its library is absent:\n${table}")
  endif()
  if(NOT table MATCHES "\"${name}\", \"${package}")
    message(FATAL_ERROR "${folder}: the table does not say which package brings ${name}:\n${table}")
  endif()
endforeach()
file(REMOVE_RECURSE ${BUILD})
