#pragma once
// The storage provider that a C-MOVE sends to, for the time of a command: it takes only what was asked for.

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/partial.hpp"
#include "dimse/listener.hpp"
#include "dimse/spool.hpp"

namespace mi2::dimse {

class Receiving {
 public:
  /// Listens from now on. What a killed run left goes first.
  /// @param archive  below which objects are spooled, in a folder that only its owner may read. @param most_bytes  of
  /// all of them. @param options  whose `wanted` is set here, and whose `known` counts while something is expected.
  /// @throws as Listener; Error{kBadFile} if the folder cannot be made.
  Receiving(const std::filesystem::path& archive, std::uint64_t most_bytes, ListenerOptions options);

  /// From now on takes objects of a study, and of a series of it unless that is empty; of none if both are.
  /// @throws Error{kTooLarge} if nothing can be received any more.
  void expect(std::string study, std::string series);
  /// How many objects wait to be taken, known ones too.
  [[nodiscard]] std::uint64_t arrived() const;
  /// What has come since it was called last.
  std::vector<Spooled> take();
  /// SOP instance UIDs of what has come since it was called last, and was known.
  std::vector<std::string> take_known();
  /// Of one that take() handed over. @throws Error{kBadFile}.
  void remove(const Spooled& object) { spool_.remove(object); }

 private:
  bool wants(std::string_view study, std::string_view series);
  void note_known(std::string_view object);
  bool expecting();

  base::Partial folder_;
  Spool spool_;
  mutable std::mutex mutex_;  ///< of the three below
  std::string study_;
  std::string series_;
  std::vector<std::string> known_;
  std::atomic<bool> ended_ = false;  ///< there was no memory to go on
  Listener listener_;
  std::jthread thread_;  ///< the last: it uses the rest
};

}  // namespace mi2::dimse
