#pragma once
// Where received objects wait until they are embedded: files of a folder, on disk before their senders are told so.
// Whatever ends the program, they are still there when it starts again.

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <mutex>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

namespace mi2::dimse {

/// An object that waits.
struct Spooled {
  std::filesystem::path file;
  std::string peer;  ///< encoded() title of who sent it
  std::string sop_uid;
  std::string study;  ///< StudyInstanceUID; empty if it says none, and of one that an earlier run received
  std::uint64_t size = 0;
  bool later = false;  ///< put_back() keeps it for a while
};

/// When objects are handed on.
struct Patience {
  std::chrono::seconds quiet{60};  ///< nothing came of a study for so long
  std::size_t many = 2000;         ///< or so many wait, of whatever studies
};

/// Of a folder that somebody names, before it is a Spool's: that makes it its owner's alone, and removes files of it.
/// @throws Error{kBadArgument} if it has anything else in it than a spool has; {kBadFile} if it cannot be read.
void require_spool(const std::filesystem::path& folder);

class Spool {
 public:
  /// Takes over what an earlier run left, and removes what it had only half received.
  /// @param folder  made if it is not there; from now on its owner's alone. @param most_bytes  of all objects, those
  /// that are being received included.
  /// @throws Error{kOverloaded} if another process receives into it; {kBadFile}.
  Spool(std::filesystem::path folder, std::uint64_t most_bytes);
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;
  ~Spool();

  /// How many objects wait, those of put_back() too.
  [[nodiscard]] std::size_t size() const;
  /// Waits for objects that are due, and hands them on in the order in which they came. What an earlier run left is due
  /// at once, and everything is when half of the bytes are taken.
  /// @returns nothing if a stop was requested.
  std::vector<Spooled> wait(const Patience& patience, const std::stop_token& stop);
  /// Takes back what wait() handed on: it is due again, what is `later` after kLater.
  void put_back(std::vector<Spooled> objects);
  /// Moves an object that wait() handed on to those that were refused, in the folder "refused". They take at most a
  /// quarter of the bytes, beside those that wait: the oldest go.
  /// @returns how many went.  @throws Error{kBadFile}.
  std::size_t set_aside(const Spooled& object);
  /// Removes an object that wait() handed on. @throws Error{kBadFile}.
  void remove(const Spooled& object);

  static constexpr std::chrono::seconds kLater{60};

 private:
  friend class Incoming;
  using Clock = std::chrono::steady_clock;
  struct Group {
    Clock::time_point last;  ///< when the last of them came
    std::vector<Spooled> objects;
  };

  struct Later {
    Clock::time_point due;
    Spooled object;
  };

  void remove_half_received() const;
  void find_left();
  void find_refused();
  /// @returns false if there is no room for so many more bytes.
  bool claim(std::uint64_t bytes) noexcept;
  void release(std::uint64_t bytes) noexcept;
  std::uint64_t next_number() noexcept;
  void add(Spooled object);

  std::filesystem::path folder_;
  std::uint64_t most_bytes_;
  int lock_ = -1;
  mutable std::mutex mutex_;  ///< of all below
  std::condition_variable_any changed_;
  std::map<std::string, Group> groups_;  ///< by study
  std::vector<Later> later_;
  std::size_t waiting_ = 0;  ///< in groups_
  std::uint64_t bytes_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t arrivals_ = 0;
  /// Those that were refused, the oldest first, by their files; of the thread that calls wait(), as the next.
  std::map<std::filesystem::path, std::uint64_t> refused_;
  std::uint64_t refused_bytes_ = 0;
};

/// An object that is being received. Unless it is kept, nothing is left of it.
class Incoming {
 public:
  /// @throws Error{kBadFile} where the disk refuses.
  explicit Incoming(Spool& spool);
  Incoming(const Incoming&) = delete;
  Incoming& operator=(const Incoming&) = delete;
  ~Incoming();

  /// @returns false if the spool or the disk is full.
  [[nodiscard]] bool write(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] const std::filesystem::path& file() const noexcept { return file_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// When this returns it is on disk, and waits. @param object  its peer, sop_uid and study.
  /// @throws Error{kBadFile} where the disk refuses.
  void keep(Spooled object);

 private:
  Spool& spool_;
  std::uint64_t number_;
  std::filesystem::path file_;
  int descriptor_;
  std::uint64_t size_ = 0;
  bool kept_ = false;
};

}  // namespace mi2::dimse
