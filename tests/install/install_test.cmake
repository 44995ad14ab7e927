# cmake -D BUILD=... -D PREFIX=... -P install_test.cmake: installs the build into an empty prefix, and asks that the
# program there runs and takes its models from there, not from the sources.
function(run result)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${ARGN}\nended with ${code}:\n${output}${errors}")
  endif()
  set(${result} "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${PREFIX})
run(ignored ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX})
foreach(file include/weft/transports/communicator.hpp include/weft/core/call.hpp share/doc/weft/README.md
        share/doc/weft/architecture.md share/weft/models/deepseek-v4-pro.json share/weft/fabrics/h800.json share/weft/models/layouts/kimi-k2-h100-256.json share/weft/scripts/plot.py)
  if(NOT EXISTS ${PREFIX}/${file})
    message(FATAL_ERROR "${file} is not installed")
  endif()
endforeach()

run(listing ${PREFIX}/bin/weft list)
foreach(expected ${PREFIX}/share/weft/models ${PREFIX}/share/weft/fabrics deepseek-v4-pro shm ring)
  string(FIND "${listing}" "${expected}" place)
  if(place EQUAL -1)
    message(FATAL_ERROR "`weft list` of the installed program does not name ${expected}:\n${listing}")
  endif()
endforeach()
run(ignored ${PREFIX}/bin/weft layout kimi-k2-h100-256)
file(REMOVE_RECURSE ${PREFIX})
