# What is installed where, and the Debian package (cmake --build --preset package).
include(GNUInstallDirs)
set(doc ${CMAKE_INSTALL_DATAROOTDIR}/doc/periscope)

install(TARGETS periscope DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES config/periscope.yaml DESTINATION /etc/periscope)
install(FILES packaging/periscope.service DESTINATION lib/systemd/system)
install(FILES packaging/periscope.sysusers DESTINATION lib/sysusers.d RENAME periscope.conf)
install(FILES packaging/periscope.tmpfiles DESTINATION lib/tmpfiles.d RENAME periscope.conf)
install(FILES README.md docs/OPERATIONS.md docs/CONFIG.md docs/OUTPUT.md docs/METRICS.md docs/AWS.md
  DESTINATION ${doc})
install(FILES packaging/debian/copyright DESTINATION ${doc})
install(DIRECTORY config/example-account packaging/aws DESTINATION ${doc}/examples)

function(install_gzipped source name destination)
  execute_process(COMMAND gzip -9cn ${source} OUTPUT_FILE ${CMAKE_BINARY_DIR}/${name}
    COMMAND_ERROR_IS_FATAL ANY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${source})
  install(FILES ${CMAKE_BINARY_DIR}/${name} DESTINATION ${destination})
endfunction()
install_gzipped(${CMAKE_SOURCE_DIR}/packaging/periscope.8 periscope.8.gz ${CMAKE_INSTALL_MANDIR}/man8)
install_gzipped(${CMAKE_SOURCE_DIR}/packaging/debian/changelog changelog.gz ${doc})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME periscope)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The periscope project <root@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "packet appliance behind a VPC Traffic Mirroring target")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "Takes mirrored packets out of VXLAN and GENEVE, matches them against mirror
filter rules, tracks and labels their flows, and writes flow events, VPC Flow
Log records and packets. The same program replays captures, without privileges.")
set(CPACK_SET_DESTDIR ON) # for /etc
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# DPDK's drivers are opened at run time, where dpkg-shlibdeps does not look. 23 is the ABI of 22.11.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "librte-bus-pci23, librte-bus-vdev23, librte-mempool-ring23, librte-net-ena23, librte-net-af-packet23, systemd | systemd-standalone-sysusers, systemd | systemd-standalone-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "dpdk, librte-net-af-xdp23, librte-net-tap23, librte-net-pcap23")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "librte-meta-net")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(control ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${control}/conffiles;${control}/postinst;${control}/prerm;${control}/postrm")
include(CPack)
