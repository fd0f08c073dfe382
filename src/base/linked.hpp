#pragma once
// What only a program that links a heavy library can do: the program provides the function, the rooms below ask for it.

#include <string>

#include <mi2/error.hpp>

namespace mi2::base {

/// One such function, empty until a program provides it before its work starts. Function: a pointer.
template <typename Function>
class Linked {
 public:
  /// Null takes it away again.
  void provide(Function function) noexcept { function_ = function; }

  /// Null if there is none.
  [[nodiscard]] Function or_null() const noexcept { return function_; }

  /// @param without  the message if there is none.   @throws Error{kUnsupported}.
  [[nodiscard]] Function get(const std::string& without) const {
    if (function_ == nullptr) throw Error(Code::kUnsupported, without);
    return function_;
  }

 private:
  Function function_ = nullptr;
};

}  // namespace mi2::base
