#pragma once
// Where a writer's bytes go.

#include <string_view>

namespace mi2::base {

class ByteSink {
 public:
  virtual ~ByteSink() = default;
  /// @throws Error{kBadFile} when the other side refuses: disk full, pipe closed.
  virtual void write(std::string_view bytes) = 0;
  /// Whether rewrite_start() works.
  [[nodiscard]] virtual bool can_rewrite() const noexcept { return false; }
  /// Overwrites the first bytes. Only if can_rewrite(). @throws as write.
  virtual void rewrite_start(std::string_view bytes) = 0;
};

}  // namespace mi2::base
