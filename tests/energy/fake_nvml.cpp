// The few functions of NVML that mi2 calls, over three GPUs that the test describes. The third is too old to count.

#include <cstring>

extern "C" {

unsigned long long fake_millijoules[3] = {5'000'000, 7'000'000, 0};
int fake_begun = 0;

int nvmlInit_v2() {
  ++fake_begun;
  return 0;
}
int nvmlShutdown() {
  --fake_begun;
  return 0;
}
int nvmlDeviceGetCount_v2(unsigned* count) {
  *count = 3;
  return 0;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** device) {
  if (index > 2) return 2;
  *device = &fake_millijoules[index];
  return 0;
}
int nvmlDeviceGetHandleByUUID(const char* uuid, void** device) {
  if (std::strcmp(uuid, "GPU-second") != 0) return 6;
  *device = &fake_millijoules[1];
  return 0;
}
int nvmlDeviceGetTotalEnergyConsumption(void* device, unsigned long long* millijoules) {
  if (device == &fake_millijoules[2]) return 3;
  *millijoules = *static_cast<unsigned long long*>(device);
  return 0;
}
}
