# What `cmake --install` brings beside the program (cli/), the models (models/), the fabrics (fabrics/) and what plugins
# are compiled against (plugins/): the documents, and the script that draws.
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.md" PATTERN "*.png")
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY scripts/ DESTINATION ${CMAKE_INSTALL_DATADIR}/weft/scripts USE_SOURCE_PERMISSIONS
  FILES_MATCHING PATTERN "*.py" PATTERN "weftprove" EXCLUDE)
