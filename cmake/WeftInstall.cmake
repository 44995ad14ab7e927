# What `cmake --install` brings beside the program (cli/) and the models (models/): the headers that a transport,
# algorithm or pattern kept outside this tree is written against, the documents, and the script that draws.
install(DIRECTORY core worlds transports collectives patterns results measure
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/weft FILES_MATCHING PATTERN "*.hpp")
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "*.png")
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY scripts/ DESTINATION ${CMAKE_INSTALL_DATADIR}/weft/scripts USE_SOURCE_PERMISSIONS
  FILES_MATCHING PATTERN "*.py" PATTERN "weftprove" EXCLUDE)
