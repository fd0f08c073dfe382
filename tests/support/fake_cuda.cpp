// Stands in for NVIDIA's driver, libcuda.so.1, in the LD_LIBRARY_PATH of a program under test. The environment says how
// many GPUs it shows (MI2_FAKE_CARDS, 2) or which error it reports (MI2_FAKE_CUDA_ERROR).

#include <cstdlib>

namespace {

int number(const char* name, int otherwise) {
  const char* const value = std::getenv(name);
  return value == nullptr ? otherwise : std::atoi(value);
}

}  // namespace

extern "C" {

int cuInit(unsigned);
int cuDeviceGetCount(int* count);

int cuInit(unsigned) { return number("MI2_FAKE_CUDA_ERROR", 0); }

int cuDeviceGetCount(int* count) {
  *count = number("MI2_FAKE_CARDS", 2);
  return 0;
}
}
