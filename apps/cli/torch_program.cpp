#include "torch_program.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

namespace mi2::cli {
namespace {

/// OpenMP's threads, which libtorch computes on, look for work for tens of milliseconds before they sleep, and so take
/// the core of a thread that has work. Read by the library when a program starts. What a user chose stays.
void let_threads_sleep() {
  // About a millisecond. A training step takes as long as with the usual 300000, and a fifth longer with 1000.
  constexpr const char* kSpins = "20000";
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", kSpins, 0);
}

}  // namespace

void need_torch(int argc, const char* const* argv) {
  if (links_torch()) return;
  std::error_code fault;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", fault);
  const std::string program = (self.parent_path() / "mi2-torch").string();
  if (fault || !std::filesystem::exists(program)) {
    throw Error(Code::kUnsupported,
                "this needs libtorch, and no mi2-torch is beside this program; build with MI2_WITH_TORCH=ON");
  }
  std::vector<char*> arguments;
  for (int i = 0; i < argc; ++i) arguments.push_back(const_cast<char*>(argv[i]));
  arguments.push_back(nullptr);
  let_threads_sleep();
  ::execv(program.c_str(), arguments.data());
  throw Error(Code::kInternal, fmt::format("{}: cannot be run: {}", program, std::strerror(errno)));
}

}  // namespace mi2::cli
