# `cmake --install` puts the program, the guests, the labs and the documents in place; `cpack` in the build folder makes a
# .deb whose dependencies are read off the binary.
install(TARGETS ringside RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
get_property(guest_images GLOBAL PROPERTY RINGSIDE_GUEST_IMAGES)
install(FILES ${guest_images} DESTINATION ${CMAKE_INSTALL_DATADIR}/ringside/guests)
install(DIRECTORY labs/ DESTINATION ${CMAKE_INSTALL_DATADIR}/ringside/labs PATTERN "solution.*" EXCLUDE) # the instructor has the tree
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES README.md LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME ringside)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "educational hypervisor that shows and traces every VM exit")
set(CPACK_PACKAGE_DESCRIPTION
    "Ringside runs small guests on /dev/kvm, writes down every VM exit and draws the traces with Graphviz.\n It is made for courses in computer architecture and operating systems.")
set(CPACK_PACKAGE_CONTACT "The Ringside authors <maintainers@ringside.invalid>")
set(CPACK_DEBIAN_PACKAGE_SECTION education)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "gcc, binutils, graphviz")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "xdg-utils") # trace graph --open
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
include(CPack)
