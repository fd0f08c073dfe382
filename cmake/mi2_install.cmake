# The library as others link it, mi2::mi2: the API of include/mi2/, made of the objects of the rooms it needs.
# Static, or shared with BUILD_SHARED_LIBS=ON.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(rooms mi2_base mi2_yaml mi2_tensor mi2_ops_reference mi2_ops_cpu mi2_weights mi2_models mi2_image mi2_dicom mi2_volume mi2_slide mi2_text
          mi2_embedder mi2_classify)
add_library(libmi2 ${PROJECT_SOURCE_DIR}/bindings/c/mi2.cpp $<TARGET_OBJECTS:mi2_text_resources>)
add_library(mi2::mi2 ALIAS libmi2)
foreach(room IN LISTS rooms)
  target_sources(libmi2 PRIVATE $<TARGET_OBJECTS:${room}>)
  get_target_property(libraries ${room} LINK_LIBRARIES)
  # Third-party libraries: all but those that are headers only, and the compiler's run time, which has no package.
  list(FILTER libraries EXCLUDE REGEX "^mi2_|nlohmann_json|OpenMP")
  target_link_libraries(libmi2 PRIVATE ${libraries})
endforeach()
target_link_libraries(libmi2 PRIVATE $<BUILD_INTERFACE:mi2_flags> $<BUILD_INTERFACE:OpenMP::OpenMP_CXX>)
target_compile_features(libmi2 INTERFACE cxx_std_20)
target_include_directories(libmi2 INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
set_target_properties(libmi2 PROPERTIES
  OUTPUT_NAME mi2 EXPORT_NAME mi2 VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})

set(MI2_PC_LIBS_PRIVATE "")
set(MI2_PC_REQUIRES_PRIVATE "")
if(BUILD_SHARED_LIBS)
  # Of the standard library's templates, too, nothing is shown.
  set(map ${PROJECT_SOURCE_DIR}/cmake/libmi2.map)
  target_link_options(libmi2 PRIVATE -Wl,--version-script=${map})
  set_target_properties(libmi2 PROPERTIES LINK_DEPENDS ${map})
else()
  # What the compiler adds by itself when it links C++ with OpenMP, for those that link C or use another compiler.
  target_link_libraries(libmi2 INTERFACE $<INSTALL_INTERFACE:${OpenMP_CXX_LIB_NAMES}> $<INSTALL_INTERFACE:stdc++>
                                         $<INSTALL_INTERFACE:m>)
  list(TRANSFORM OpenMP_CXX_LIB_NAMES PREPEND -l OUTPUT_VARIABLE openmp)
  list(JOIN openmp " " openmp)
  set(MI2_PC_LIBS_PRIVATE "-ldnnl -lgif -ldcmjpls -ldcmjpeg -ldcmimgle -ldcmdata -loflog -lofstd ${openmp} -lstdc++ -lm")
  set(MI2_PC_REQUIRES_PRIVATE
      "fmt yaml-cpp libcrypto libxxhash libutf8proc libopenjp2 lcms2 libwebpdemux libwebp libtiff-4 libpng libdeflate libjpeg zlib")
endif()

option(MI2_INSTALL "Install the library, and the program if it is built" ${PROJECT_IS_TOP_LEVEL})
if(NOT MI2_INSTALL)
  return()
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/mi2)
install(TARGETS libmi2 EXPORT mi2 COMPONENT mi2 INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/mi2 DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT mi2)
install(EXPORT mi2 NAMESPACE mi2:: FILE mi2-targets.cmake DESTINATION ${package} COMPONENT mi2)

set(generated ${PROJECT_BINARY_DIR}/package)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/mi2-config.cmake.in ${generated}/mi2-config.cmake
                              INSTALL_DESTINATION ${package} NO_SET_AND_CHECK_MACRO)
# Until 1.0, a minor version may change the API.
write_basic_package_version_file(${generated}/mi2-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${generated}/mi2-config.cmake ${generated}/mi2-config-version.cmake
              ${PROJECT_SOURCE_DIR}/cmake/mi2_library_dependencies.cmake ${PROJECT_SOURCE_DIR}/cmake/FindDNNL.cmake
        DESTINATION ${package} COMPONENT mi2)
file(RELATIVE_PATH MI2_PC_PREFIX ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(${PROJECT_SOURCE_DIR}/cmake/mi2.pc.in ${generated}/mi2.pc @ONLY)
install(FILES ${generated}/mi2.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT mi2)

if(TARGET mi2)
  install(TARGETS mi2 RUNTIME COMPONENT mi2)
endif()
if(TARGET mi2-torch)
  # libtorch stays where it is, or in a wheel's environment lies beside the package. CMake would drop a run path inside
  # the clone by itself.
  get_filename_component(torch ${TorchWheel_CPU_LIBRARY} DIRECTORY)
  set_target_properties(mi2-torch PROPERTIES INSTALL_RPATH "$ORIGIN/../../torch/lib;${torch}"
                                             INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS mi2-torch RUNTIME COMPONENT mi2)
endif()
if(TARGET mi2_torch_library)
  get_filename_component(torch ${TorchWheel_CPU_LIBRARY} DIRECTORY)
  set_target_properties(mi2_torch_library PROPERTIES INSTALL_RPATH "$ORIGIN/../torch/lib;${torch}"
                                                     INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS mi2_torch_library LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT mi2)
endif()
