# What every target of the project shares: the language, the warnings, the sanitizers, the include root.

find_program(MI2_CCACHE ccache)
if(MI2_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MI2_CCACHE})
endif()

add_library(mi2_flags INTERFACE)
target_compile_features(mi2_flags INTERFACE cxx_std_20)
target_compile_options(mi2_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                                           -Wimplicit-fallthrough $<$<BOOL:${MI2_WERROR}>:-Werror>)
target_include_directories(mi2_flags INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
if(MI2_SANITIZE)
  target_compile_options(mi2_flags INTERFACE -fsanitize=${MI2_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=all)
  target_link_options(mi2_flags INTERFACE -fsanitize=${MI2_SANITIZE})
endif()
if(MI2_BUILD_FUZZERS)
  # Coverage for the parsers themselves; each target adds libFuzzer's main.
  target_compile_options(mi2_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)

# mi2_library(NAME SOURCES... [PUBLIC deps...] [PRIVATE deps...]): the static library of one folder of src/.
# PUBLIC are other folders; PRIVATE are third-party libraries, which no header of the folder may show.
function(mi2_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC mi2_flags ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# mi2_test(NAME SOURCES... LIBS... [FILTER f]): a GoogleTest program, one ctest entry a test case that the filter lets by.
function(mi2_test name)
  cmake_parse_arguments(ARG "" "FILTER" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE mi2_flags ${ARG_LIBS} GTest::gtest GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} TEST_FILTER "${ARG_FILTER}" DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()

# mi2_fuzzer(NAME SOURCE LIBS...): a libFuzzer program.
function(mi2_fuzzer name source)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE mi2_flags ${ARGN})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
