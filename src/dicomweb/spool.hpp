#pragma once
// Objects that came, in files until they are in the archive.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <mi2/error.hpp>

#include "base/partial.hpp"
#include "dicomweb/client.hpp"
#include "dicomweb/multipart.hpp"
#include "embedder/inputs.hpp"

namespace mi2::dicomweb {

/// This machine's disk ends a run.
class SpoolFails : public RunEnds {
 public:
  using RunEnds::RunEnds;
};

/// A folder of one load, which goes when the last of those that use it does.
class LoadFolder {
 public:
  /// @throws SpoolFails.
  explicit LoadFolder(std::filesystem::path path);
  LoadFolder(const LoadFolder&) = delete;
  LoadFolder& operator=(const LoadFolder&) = delete;
  ~LoadFolder();
  [[nodiscard]] std::filesystem::path next_file() { return path_ / std::to_string(files_++); }

 private:
  std::filesystem::path path_;
  std::uint64_t files_ = 0;
};

/// What is added together: the new objects of a study, or some of a list.
struct Load {
  embedder::ExpandedPaths paths;     ///< the objects, and what could not be got, by their locators
  std::vector<std::string> visited;  ///< locators of which what was refused before, there and below, was tried again
  std::string cursor;                ///< of the source, once this load is in the archive; empty: as it was
  std::shared_ptr<LoadFolder> folder;
  std::uint64_t bytes = 0;  ///< that came

  /// Says what could not be got, and why.
  void refuse(const std::string& locator, const Error& error);
};

/// Where the loads of a run are. What a killed run left goes first.
class Spool {
 public:
  /// @param archive  its folder.  @throws SpoolFails, Error{kBadFile}.
  explicit Spool(const std::filesystem::path& archive);
  /// From any thread.
  Load begin();

 private:
  base::Partial root_;
  std::atomic<std::uint64_t> loads_{0};
};

struct SpoolLimits {
  std::uint64_t object = 0;  ///< bytes of one
  std::uint64_t load = 0;    ///< bytes of a load
};

/// What objects are asked for, each empty if it does not matter.
struct Wanted {
  std::string study, series, object;
};

/// More came than a load may hold.
class LoadIsFull : public Error {
 public:
  using Error::Error;
};

/// Writes parts into files, and adds those that are objects as wanted to a load.
class ObjectParts : public Parts {
 public:
  struct Uids {
    std::string study, series, object;
  };
  using LocatorOf = std::function<std::string(const Uids&)>;

  /// `load` outlives it. @param name  what errors call what is read.
  ObjectParts(Load& load, const SpoolLimits& limits, Wanted wanted, LocatorOf locator_of, std::string name);
  ~ObjectParts() override;

  /// @throws LoadIsFull; SpoolFails if the disk is full.
  void begin() override;
  void data(std::string_view piece) override;
  void end() override;

  /// SOP instance UIDs.
  [[nodiscard]] const std::unordered_set<std::string>& came() const noexcept { return came_; }
  /// Why a part that came was not taken, of the first such one.
  [[nodiscard]] const std::optional<Error>& bad() const noexcept { return bad_; }

 private:
  void judge();
  void close();

  Load& load_;
  const SpoolLimits& limits_;
  Wanted wanted_;
  LocatorOf locator_of_;
  std::string name_;
  std::filesystem::path file_;
  int descriptor_ = -1;
  std::uint64_t size_ = 0;
  std::unordered_set<std::string> came_;
  std::optional<Error> bad_;
};

}  // namespace mi2::dicomweb
