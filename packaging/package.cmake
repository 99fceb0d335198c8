# What is installed where, and the Debian package (cmake --build --preset package).
include(GNUInstallDirs)
set(doc ${CMAKE_INSTALL_DATAROOTDIR}/doc/periscope)

install(TARGETS periscope DESTINATION ${CMAKE_INSTALL_BINDIR})
# The settings of a new site, which postinst makes /etc/periscope/periscope.yaml of.
install(FILES packaging/periscope.yaml DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/periscope)
install(FILES packaging/periscope.service DESTINATION lib/systemd/system)
install(FILES packaging/periscope.sysusers DESTINATION lib/sysusers.d RENAME periscope.conf)
install(FILES packaging/debian/copyright DESTINATION ${doc})
install(DIRECTORY config/example-account packaging/aws DESTINATION ${doc}/examples)
install(FILES config/periscope.yaml pcaps/lab.yaml pcaps/web.pcap pcaps/everything.pcap DESTINATION ${doc}/examples)

# Man page and completion say what --help says: describe makes them of the same rows.
add_executable(describe packaging/describe.c)
target_link_libraries(describe PRIVATE cli)
set(described "")
function(described name template)
  add_custom_command(OUTPUT ${name} DEPENDS describe ${template}
    COMMAND describe ${CMAKE_SOURCE_DIR}/${template} > ${name} VERBATIM)
  set(described ${described} ${CMAKE_BINARY_DIR}/${name} PARENT_SCOPE)
endfunction()
described(periscope.8 packaging/periscope.8.in)
described(periscope.bash packaging/periscope.bash.in)
install(FILES ${CMAKE_BINARY_DIR}/periscope.bash DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/bash-completion/completions
  RENAME periscope)

foreach(document packaging/README.md docs/OPERATIONS.md docs/CONFIG.md docs/DETECT.md docs/EXPRESSIONS.md docs/OUTPUT.md docs/METRICS.md
    docs/ANALYST.md docs/AWS.md docs/CLOUDS.md)
  get_filename_component(name ${document} NAME)
  add_custom_command(OUTPUT doc/${name} DEPENDS ${document} packaging/documents.sed
    COMMAND sed -f packaging/documents.sed ${document} > ${CMAKE_BINARY_DIR}/doc/${name}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} VERBATIM)
  list(APPEND described ${CMAKE_BINARY_DIR}/doc/${name})
  install(FILES ${CMAKE_BINARY_DIR}/doc/${name} DESTINATION ${doc})
endforeach()

function(install_gzipped source name destination)
  add_custom_command(OUTPUT ${name} DEPENDS ${source} COMMAND gzip -9cn ${source} > ${name} VERBATIM)
  set(described ${described} ${CMAKE_BINARY_DIR}/${name} PARENT_SCOPE)
  install(FILES ${CMAKE_BINARY_DIR}/${name} DESTINATION ${destination})
endfunction()
install_gzipped(${CMAKE_BINARY_DIR}/periscope.8 periscope.8.gz ${CMAKE_INSTALL_MANDIR}/man8)
install_gzipped(${CMAKE_SOURCE_DIR}/packaging/debian/changelog changelog.gz ${doc})
add_custom_target(described ALL DEPENDS ${described})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME periscope)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "The periscope project <periscope@periscope.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "packet appliance behind a VPC Traffic Mirroring target")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
  "Takes mirrored packets out of VXLAN and GENEVE, matches them against mirror
filter rules, tracks and labels their flows, and writes events of flows and
transactions, VPC Flow Log records and packets. The same program replays
captures, without privileges.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# DPDK's drivers are opened at run time, where dpkg-shlibdeps does not look. Debian names their packages
# after the ABI (23 of DPDK 22.11, 25 of 24.11), as the library itself.
find_library(DPDK_EAL rte_eal REQUIRED HINTS ${DPDK_LIBDIR})
file(REAL_PATH ${DPDK_EAL} eal)
string(REGEX REPLACE ".*\\.so\\.([0-9]+).*" "\\1" abi ${eal})
set(CPACK_DEBIAN_PACKAGE_DEPENDS "librte-bus-pci${abi}, librte-bus-vdev${abi}, librte-mempool-ring${abi}, librte-net-ena${abi}, librte-net-af-packet${abi}, systemd | systemd-standalone-sysusers")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "dpdk, librte-net-af-xdp${abi}, librte-net-tap${abi}, librte-net-pcap${abi}")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "librte-meta-net, suricata (>= 1:7)")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(control ${CMAKE_SOURCE_DIR}/packaging/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  "${control}/postinst;${control}/prerm;${control}/postrm")
include(CPack)
