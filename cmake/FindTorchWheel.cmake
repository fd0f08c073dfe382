# libtorch of the PyPI wheel `torch` as the target TorchWheel::torch. The wheel's own CMake package insists on a CUDA
# toolkit; the headers and torch_cpu + c10 are all that a program needs. CUDA kernels are loaded at run time (torch_cuda).
#   MI2_TORCH_ROOT  the folder that holds lib/libtorch_cpu.so; default: the wheel that scripts/build.sh installs

file(GLOB _torch_wheels ${PROJECT_SOURCE_DIR}/build/torch/lib/python3*/site-packages/torch)
set(MI2_TORCH_ROOT "" CACHE PATH "The installed torch package, if not build/torch")
find_path(TorchWheel_INCLUDE_DIR ATen/ATen.h HINTS ${MI2_TORCH_ROOT}/include PATHS ${_torch_wheels}
          PATH_SUFFIXES include NO_DEFAULT_PATH)
find_library(TorchWheel_CPU_LIBRARY torch_cpu HINTS ${MI2_TORCH_ROOT}/lib PATHS ${_torch_wheels} PATH_SUFFIXES lib
             NO_DEFAULT_PATH)
find_library(TorchWheel_C10_LIBRARY c10 HINTS ${MI2_TORCH_ROOT}/lib PATHS ${_torch_wheels} PATH_SUFFIXES lib
             NO_DEFAULT_PATH)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(TorchWheel REQUIRED_VARS TorchWheel_CPU_LIBRARY TorchWheel_C10_LIBRARY
                                                           TorchWheel_INCLUDE_DIR)
if(TorchWheel_FOUND AND NOT TARGET TorchWheel::torch)
  get_filename_component(_torch_lib ${TorchWheel_CPU_LIBRARY} DIRECTORY)
  add_library(TorchWheel::c10 SHARED IMPORTED)
  set_target_properties(TorchWheel::c10 PROPERTIES IMPORTED_LOCATION ${TorchWheel_C10_LIBRARY})
  add_library(TorchWheel::torch SHARED IMPORTED)
  set_target_properties(TorchWheel::torch PROPERTIES IMPORTED_LOCATION ${TorchWheel_CPU_LIBRARY})
  # As system headers, whose warnings are not ours, and after the machine's own: the wheel brings copies of libraries
  # such as fmt that must not take the place of those we link.
  target_compile_options(TorchWheel::torch INTERFACE
                         "SHELL:-idirafter ${TorchWheel_INCLUDE_DIR}"
                         "SHELL:-idirafter ${TorchWheel_INCLUDE_DIR}/torch/csrc/api/include")
  target_link_libraries(TorchWheel::torch INTERFACE TorchWheel::c10)
  # torch_cpu's own dependencies (CUDA's run-time libraries) lie where its run path says; the linker need not see them.
  target_link_options(TorchWheel::torch INTERFACE -Wl,--unresolved-symbols=ignore-in-shared-libs)
endif()
