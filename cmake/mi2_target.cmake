# What every target of the project is compiled with: the warnings, the sanitizers, the include roots. Each target links
# mi2_flags PRIVATE, so that whoever links the library inherits none of it.

find_program(MI2_CCACHE ccache)
if(MI2_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # Paths inside the clone are taken relative to it, so that a clone in another folder finds what this one compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${MI2_CCACHE})
endif()

add_library(mi2_flags INTERFACE)
target_compile_features(mi2_flags INTERFACE cxx_std_20)
if(PROJECT_IS_TOP_LEVEL)  # in the project of others, warnings are theirs to choose
  target_compile_options(mi2_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual
                                             -Wimplicit-fallthrough $<$<BOOL:${MI2_WERROR}>:-Werror>)
endif()
target_include_directories(mi2_flags INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
# Sources that a unity build compiles as one. CMake's own 8 read the same headers half as often again; the wheel and the
# installed library find what the release build compiled, as the units are the same.
set(CMAKE_UNITY_BUILD_BATCH_SIZE 16)
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # A source that is included, as a unity build includes it, is no header whose private names several programs would see.
  target_compile_options(mi2_flags INTERFACE -Wno-subobject-linkage)
endif()
# Whether a test with several threads has the machine to itself.
set(MI2_RUN_SERIAL TRUE)
if(MI2_SANITIZE)
  set(MI2_RUN_SERIAL FALSE)
  target_compile_options(mi2_flags INTERFACE -fsanitize=${MI2_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=all)
  target_link_options(mi2_flags INTERFACE -fsanitize=${MI2_SANITIZE})
endif()
if(MI2_BUILD_FUZZERS)
  # Coverage for the parsers themselves; each target adds libFuzzer's main.
  target_compile_options(mi2_flags INTERFACE -fsanitize=fuzzer-no-link)
  # Linked after mi2_flags, whose option it takes back.
  add_library(mi2_not_fuzzed INTERFACE)
  target_compile_options(mi2_not_fuzzed INTERFACE -fno-sanitize=fuzzer-no-link)
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
# The same objects go into the program and into the Python module. Hidden symbols keep position-independent code as fast
# as any: calls inside the module stay direct.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)

# mi2_requires(OPTION NEEDED...): an option that is ON needs these others ON.
function(mi2_requires option)
  foreach(needed IN LISTS ARGN)
    if(${option} AND NOT ${needed})
      message(FATAL_ERROR "${option}=ON needs ${needed}=ON: switch both on, or both off")
    endif()
  endforeach()
endfunction()

# mi2_library(NAME SOURCES... [PUBLIC deps...] [PRIVATE deps...]): the static library of one folder of src/.
# PUBLIC are other folders; PRIVATE are third-party libraries, which no header of the folder may show.
function(mi2_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE mi2_flags PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

# mi2_apart(SOURCES...): those whose private names a neighbour has too. All builds but dev compile several sources of a
# target as one, which halves their time, and these alone.
function(mi2_apart)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

# mi2_hardly_runs(NAME [PARSES] [TEST]): a program's own sources, which call the libraries that do the work, and the
# server's, which wait for the network. Under sanitizers, optimising them would take longer than it saves; that of a TEST
# does so everywhere. Unless it PARSES what comes from outside, neither is it instrumented for the fuzzers. Called once
# NAME has linked mi2_flags.
function(mi2_hardly_runs name)
  cmake_parse_arguments(ARG "PARSES;TEST" "" "" ${ARGN})
  if(MI2_SANITIZE OR ARG_TEST)
    target_compile_options(${name} PRIVATE -O0)
  endif()
  if(MI2_BUILD_FUZZERS AND NOT ARG_PARSES)
    target_link_libraries(${name} PRIVATE mi2_not_fuzzed)
  endif()
endfunction()

# mi2_test(NAME SOURCES... LIBS... [FILTER f] [THREADS]): a GoogleTest program, one ctest entry a test case that the
# filter lets by; under sanitizers, where starting a program takes longer than most cases, one entry in all.
# THREADS: it has several threads. The thread sanitizer's run is of these programs. Nothing runs beside them, except under
# sanitizers, which leave a core idle too often.
function(mi2_test name)
  cmake_parse_arguments(ARG "THREADS" "FILTER" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE mi2_flags mi2_test_support ${ARG_LIBS} GTest::gtest GTest::gmock
                                        GTest::gtest_main)
  if(NOT ARG_THREADS)  # those are of numbers, whose loops are slower than their compiler
    mi2_hardly_runs(${name} TEST)
  elseif(MI2_BUILD_FUZZERS)
    target_link_libraries(${name} PRIVATE mi2_not_fuzzed)
  endif()
  set(properties LABELS unit RUN_SERIAL FALSE)
  if(ARG_THREADS)
    set(properties LABELS threads RUN_SERIAL ${MI2_RUN_SERIAL})
    add_dependencies(threaded_tests ${name})
  endif()
  if(MI2_SANITIZE)
    set(only "")
    if(ARG_FILTER)
      set(only --gtest_filter=${ARG_FILTER})  # an empty one would let no test by
    endif()
    add_test(NAME ${name} COMMAND ${name} --gtest_brief=1 ${only})
    set_tests_properties(${name} PROPERTIES TIMEOUT 900 ${properties})
    if(ARG_THREADS)
      set_tests_properties(${name} PROPERTIES COST 100)  # the longest: first, so that none is left alone at the end
    endif()
  else()
    gtest_discover_tests(${name} TEST_FILTER "${ARG_FILTER}" DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 300 ${properties})
  endif()
endfunction()

# mi2_fuzzer(NAME SOURCE LIBS...): a libFuzzer program.
function(mi2_fuzzer name source)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE mi2_flags ${ARGN})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()
