#include "train/report/hook.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

namespace mi2::train {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array<std::string_view, 4> kVariables{"MI2_RUN_NAME", "MI2_RUN_DIR", "MI2_STEP", "MI2_BEST"};
constexpr auto kPause = std::chrono::milliseconds(10);

bool can_run(const std::filesystem::path& program) {
  std::error_code fault;
  return std::filesystem::is_regular_file(program, fault) && ::access(program.c_str(), X_OK) == 0;
}

/// A file in memory that a child may read as its input, which nobody has to write while it does.
class Input {
 public:
  explicit Input(std::string_view text) : descriptor_(::memfd_create("mi2-evaluation", MFD_CLOEXEC)) {
    if (descriptor_ < 0 || ::write(descriptor_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::lseek(descriptor_, 0, SEEK_SET) != 0) {
      throw Error(Code::kTooLarge, fmt::format("HOOK.COMMAND: no memory for its input: {}", std::strerror(errno)));
    }
  }
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  ~Input() { ::close(descriptor_); }
  [[nodiscard]] int descriptor() const noexcept { return descriptor_; }

 private:
  int descriptor_;
};

/// How the child begins: in a group of its own, with no signal ignored or blocked, its output on our standard error.
class Start {
 public:
  explicit Start(const Input& input) {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawn_file_actions_adddup2(&actions_, input.descriptor(), STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
    sigset_t all;
    sigset_t none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
  }
  Start(const Start&) = delete;
  Start& operator=(const Start&) = delete;
  ~Start() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  /// @returns 0, or the system's number of what went wrong.
  int operator()(pid_t& child, std::vector<std::string> command, std::vector<std::string> environment) const {
    return ::posix_spawnp(&child, command.front().c_str(), &actions_, &attributes_, pointers(command).data(),
                          pointers(environment).data());
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> found;
    for (std::string& text : texts) found.push_back(text.data());
    found.push_back(nullptr);
    return found;
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::vector<std::string> environment_of(const RunStart& run, const EvaluationRecord& record,
                                        const std::filesystem::path& folder) {
  std::vector<std::string> variables;
  for (char** variable = ::environ; *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const auto sets = [&](std::string_view name) {
      return text.starts_with(name) && text.substr(name.size(), 1) == "=";
    };
    if (std::ranges::none_of(kVariables, sets)) variables.emplace_back(text);
  }
  const std::array<std::string, kVariables.size()> values{run.name, folder.string(), fmt::to_string(record.step),
                                                          record.best ? "1" : "0"};
  for (std::size_t i = 0; i < values.size(); ++i) variables.push_back(fmt::format("{}={}", kVariables[i], values[i]));
  return variables;
}

std::string end_of(int status) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  if (WIFEXITED(status)) return fmt::format("ended with status {}", WEXITSTATUS(status));
  return fmt::format("was ended by signal {}", WTERMSIG(status));
}

/// Waits for the child. @returns as run_hook().
std::string wait_for(pid_t child, double timeout, const std::function<bool()>& stopped) {
  const Clock::time_point start = Clock::now();
  int status = 0;
  for (;;) {
    const pid_t ended = ::waitpid(child, &status, WNOHANG);
    if (ended == child) return end_of(status);
    if (ended < 0 && errno != EINTR) return fmt::format("cannot be waited for: {}", std::strerror(errno));
    const bool late = std::chrono::duration<double>(Clock::now() - start).count() > timeout;
    if (late || stopped()) {
      ::kill(-child, SIGKILL);
      while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
      return late ? fmt::format("took more than {} s, and was killed", timeout)
                  : "was killed, since the run is stopped";
    }
    std::this_thread::sleep_for(kPause);
  }
}

}  // namespace

void check_hook(const HookOptions& options) {
  if (options.command.empty()) return;
  const std::string& program = options.command.front();
  if (program.find('/') != std::string::npos) {
    if (can_run(program)) return;
  } else {
    const char* const path = std::getenv("PATH");
    std::string_view folders = path == nullptr ? "/usr/bin:/bin" : path;
    while (!folders.empty()) {
      const std::string_view folder = folders.substr(0, folders.find(':'));
      if (can_run(std::filesystem::path(folder) / program)) return;
      folders.remove_prefix(std::min(folder.size() + 1, folders.size()));
    }
  }
  throw Error(Code::kNotFound, fmt::format("HOOK.COMMAND: expected a program that can be run, got '{}'", program));
}

std::string hook_text(const RunStart& run, const EvaluationRecord& record, const std::filesystem::path& folder) {
  nlohmann::ordered_json metrics = nlohmann::ordered_json::object();
  for (const auto& [name, value] : record.metrics) {
    metrics[name] = std::isfinite(value) ? nlohmann::ordered_json(value) : nullptr;
  }
  const nlohmann::ordered_json json{
      {"name", run.name},      {"folder", folder.string()}, {"step", record.step}, {"total_steps", run.total_steps},
      {"epoch", record.epoch}, {"metrics", metrics},        {"best", record.best}, {"seconds", record.seconds}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string run_hook(const HookOptions& options, const RunStart& run, const EvaluationRecord& record,
                     const std::filesystem::path& folder, const std::function<bool()>& stopped) {
  if (options.command.empty()) return {};
  const Input input(hook_text(run, record, folder));
  pid_t child = 0;
  const int fault = Start(input)(child, options.command, environment_of(run, record, folder));
  const std::string failure = fault != 0 ? fmt::format("cannot be started: {}", std::strerror(fault))
                                         : wait_for(child, options.timeout, stopped);
  return failure.empty() ? failure : fmt::format("HOOK.COMMAND: '{}' {}", options.command.front(), failure);
}

}  // namespace mi2::train
