# cmake -D VERSION=... -D FOLDER=... -D HEADERS=... -D OUTPUT=... -P abi.cmake: writes abi.hpp, where it would change, with
# the hash of the headers' names and texts.
set(all "")
foreach(header IN LISTS HEADERS)
  file(SHA256 ${FOLDER}/${header} hash)
  string(APPEND all "${header} ${hash}\n")
endforeach()
string(SHA256 HASH "${all}")
string(SUBSTRING ${HASH} 0 16 HASH)
configure_file(${CMAKE_CURRENT_LIST_DIR}/abi.hpp.in ${OUTPUT} @ONLY)
