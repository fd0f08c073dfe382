#pragma once
// Whether the images of an archive's stations still look like its reference, looked at again after changes.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "archive/filter/filter.hpp"
#include "archive/served.hpp"
#include "protocols/archive_routes.hpp"

namespace mi2::protocols::archives {

/// A thread compares one archive after the other; none without an archive to compare.
class DriftWatch final : public ArchiveDrifts {
 public:
  using Find = std::function<std::shared_ptr<archive::Served>(const std::string& name)>;

  /// @param find  what an archive of a spec is served from now; from another thread.
  /// @throws Error{kBadArgument} for what is no filter.
  DriftWatch(std::span<const ArchiveSpec> specs, Find find);

  [[nodiscard]] std::vector<ArchiveDrift> now() const override;
  void on_failure(std::function<void(const std::string& archive, const std::string& error)> tell) override;
  void end() override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Watched {
    std::string name;
    archive::filter::Expr reference;
    std::chrono::seconds every{0};
    Clock::time_point due{};                        ///< of the next look
    std::pair<std::string, std::int64_t> compared;  ///< which archive, and which snapshot of it
    std::optional<ArchiveDrift> found{};            ///< under mutex_, as the error is
    std::string error{};                            ///< empty: there is none
  };
  void run(const std::stop_token& stop);
  /// @returns false: it could not be compared.
  bool look(Watched& one, const std::stop_token& stop);
  void succeeded(Watched& one, ArchiveDrift found);
  void failed(Watched& one, const std::string& error);

  Find find_;
  std::vector<Watched> watched_;
  mutable std::mutex mutex_;
  std::function<void(const std::string& archive, const std::string& error)> tell_;
  std::condition_variable_any stopped_;
  std::jthread thread_;  ///< the first to go
};

}  // namespace mi2::protocols::archives
