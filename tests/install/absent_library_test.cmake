# cmake -D SOURCE=... -D BUILD=... -P absent_library_test.cmake: configures the tree as if there were no MPI, and asks
# that the generated tables leave its entries out and name the package that would bring them.
file(REMOVE_RECURSE ${BUILD})
execute_process(COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${BUILD} -D CMAKE_DISABLE_FIND_PACKAGE_MPI=ON
    -D WEFT_TESTS=OFF -D WEFT_BENCHMARKS=OFF
  RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE errors)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "without MPI the tree does not configure:\n${output}${errors}")
endif()

foreach(folder worlds transports)
  file(READ ${BUILD}/${folder}/table.cpp table)
  if(table MATCHES "[^a-z_]mpi\\(\\)")
    message(FATAL_ERROR "${folder}: mpi is in the table though MPI is absent:\n${table}")
  endif()
  if(NOT table MATCHES "\"mpi\", \"libopenmpi-dev")
    message(FATAL_ERROR "${folder}: the table does not say which package brings mpi:\n${table}")
  endif()
endforeach()
file(REMOVE_RECURSE ${BUILD})
