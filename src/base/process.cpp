#include "base/process.hpp"

#include <fstream>
#include <string>

namespace mi2 {

ResidentMemory resident_memory() {
  ResidentMemory memory;
  std::ifstream status("/proc/self/status");
  for (std::string key; status >> key;) {
    if (key == "VmRSS:") {
      status >> memory.now;
    } else if (key == "VmHWM:") {
      status >> memory.peak;
    }
    status.ignore(4096, '\n');
  }
  memory.now *= 1024;
  memory.peak *= 1024;
  return memory;
}

}  // namespace mi2
