#include "torch_program.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/process.hpp"

namespace mi2::cli {
namespace {

/// OpenMP's threads, which libtorch computes on, look for work for tens of milliseconds before they sleep, and so take
/// the core of a thread that has work. Read by the library when a program starts. What a user chose stays.
void let_threads_sleep() {
  // About a millisecond. A training step takes as long as with the usual 300000, and a fifth longer with 1000.
  constexpr const char* kSpins = "20000";
  if (std::getenv("OMP_WAIT_POLICY") == nullptr) ::setenv("GOMP_SPINCOUNT", kSpins, 0);
}

/// mi2-torch beside this program; empty: it is not there.
std::string torch_program() {
  std::error_code fault;
  const std::filesystem::path folder = base::program_folder();
  const std::filesystem::path program = folder / "mi2-torch";
  return folder.empty() || !std::filesystem::exists(program, fault) ? std::string() : program.string();
}

/// What the dynamic loader lists of a program (as ldd has it), which it does not run.
std::string loaded_libraries(const std::string& program) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::setenv("LD_TRACE_LOADED_OBJECTS", "1", 1);
    ::execl(program.c_str(), program.c_str(), nullptr);
    ::_exit(1);
  }
  ::close(ends[1]);
  std::string text;
  std::array<char, 4096> block{};
  ssize_t got = 0;
  while ((got = ::read(ends[0], block.data(), block.size())) > 0 || (got < 0 && errno == EINTR)) {
    if (got > 0) text.append(block.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  while (child > 0 && ::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return text;
}

/// The first library that a program would not start without: the loader's own words say nothing of what to do.
std::string missing_library(const std::string& program) {
  const std::string text = loaded_libraries(program);
  const std::size_t end = text.find(" => not found");
  if (end == std::string::npos) return {};
  const std::size_t begin = text.find_last_of("\n\t ", end - 1) + 1;  // 0 for none
  return text.substr(begin, end - begin);
}

}  // namespace

bool has_torch_program() { return links_torch() || !torch_program().empty(); }

void need_torch(int argc, const char* const* argv) {
  if (links_torch()) return;
  const std::string program = torch_program();
  if (program.empty()) {
    throw Error(Code::kUnsupported,
                "this needs libtorch, and no mi2-torch is beside this program; build with MI2_WITH_TORCH=ON "
                "(docs/gpu.md)");
  }
  if (const std::string missing = missing_library(program); !missing.empty()) {
    throw Error(Code::kUnsupported,
                fmt::format("this needs libtorch, and mi2-torch does not find its {}; install the torch wheel where it "
                            "was built, or put the folder of its libraries in LD_LIBRARY_PATH (docs/gpu.md)",
                            missing));
  }
  std::vector<char*> arguments;
  for (int i = 0; i < argc; ++i) arguments.push_back(const_cast<char*>(argv[i]));
  arguments.push_back(nullptr);
  let_threads_sleep();
  ::execv(program.c_str(), arguments.data());
  throw Error(Code::kInternal, fmt::format("{}: cannot be run: {}", program, std::strerror(errno)));
}

}  // namespace mi2::cli
