#include <mi2/error.hpp>

namespace mi2 {

std::string_view name_of(Code code) noexcept {
  switch (code) {
    case Code::kBadArgument:
      return "bad_argument";
    case Code::kBadFile:
      return "bad_file";
    case Code::kUnsupported:
      return "unsupported";
    case Code::kTooLarge:
      return "too_large";
    case Code::kOverloaded:
      return "overloaded";
    case Code::kNotFound:
      return "not_found";
    case Code::kInternal:
      break;
  }
  return "internal";
}

}  // namespace mi2
