#pragma once
// A file that is cut while it is mapped: the system answers a look at what is gone with SIGBUS, which would end the
// process. Here such a look finds zeros, and the mapping is known to be damaged.

#include <cstddef>

namespace mi2::base {

class MappingGuard {
 public:
  MappingGuard() noexcept = default;
  /// Watches [data, data + size), a mapping that outlives the guard. Any number over a thousand is not watched.
  MappingGuard(const std::byte* data, std::size_t size) noexcept;
  MappingGuard(MappingGuard&& other) noexcept;
  MappingGuard& operator=(MappingGuard&& other) noexcept;
  MappingGuard(const MappingGuard&) = delete;
  MappingGuard& operator=(const MappingGuard&) = delete;
  ~MappingGuard();

  /// Whether anything was read that was not there.
  [[nodiscard]] bool damaged() const noexcept;

 private:
  std::size_t slot_ = kNone;
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
};

}  // namespace mi2::base
