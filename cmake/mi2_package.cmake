# What `cpack -G DEB` puts into a Debian package: the program, its manual pages and completions. scripts/packages.sh
# makes the other packages too.
include(GNUInstallDirs)

install(TARGETS mi2 RUNTIME COMPONENT program EXCLUDE_FROM_ALL)
install(FILES LICENSE THIRD_PARTY.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program EXCLUDE_FROM_ALL)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright COMPONENT program EXCLUDE_FROM_ALL)
# Both come from the program's own tables of arguments, when it is installed.
install(CODE "
  set(mi2 $<TARGET_FILE:mi2>)
  set(share \$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR})
  execute_process(COMMAND \${mi2} man --dir \${share}/man/man1 COMMAND_ERROR_IS_FATAL ANY)
  file(GLOB pages \${share}/man/man1/mi2*.1)
  execute_process(COMMAND gzip -9nf \${pages} COMMAND_ERROR_IS_FATAL ANY)
  foreach(place bash:bash-completion/completions/mi2 zsh:zsh/vendor-completions/_mi2 fish:fish/vendor_completions.d/mi2.fish)
    string(REPLACE \":\" \";\" place \${place})
    list(GET place 0 shell)
    list(GET place 1 file)
    execute_process(COMMAND \${mi2} completion \${shell} OUTPUT_VARIABLE script COMMAND_ERROR_IS_FATAL ANY)
    file(WRITE \${share}/\${file} \"\${script}\")
  endforeach()
" COMPONENT program EXCLUDE_FROM_ALL)

set(CPACK_PACKAGE_NAME mi2)
set(CPACK_PACKAGE_VENDOR "the authors of mi2")
set(CPACK_PACKAGE_CONTACT "the authors of mi2 <mi2@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "embeddings of medical images and texts with MedImageInsight")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL program)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME mi2)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
# A package depends on the libraries of the release that built it, which its version says, as Debian's backports do.
file(STRINGS /etc/os-release release REGEX "^VERSION_ID=")
string(REGEX REPLACE "[^0-9.]" "" release "${release}")
set(CPACK_DEBIAN_PACKAGE_RELEASE "1~deb${release}")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "One program with its own engine: it reads DICOM, whole slides, NIfTI, NRRD, MetaImage, PNG, JPEG, JPEG 2000, WebP, TIFF,
GIF and BMP, embeds images and texts, classifies them without training, and serves all of it over HTTP. A research tool, not a medical device; it comes without weights.")
include(CPack)
