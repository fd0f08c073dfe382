#include "protocols/http_status.hpp"

namespace mi2::protocols {

int http_status_of(Code code) noexcept {
  switch (code) {
    case Code::kBadArgument:
      return 400;
    case Code::kBadFile:
      return 422;
    case Code::kUnsupported:
      return 415;
    case Code::kTooLarge:
      return 413;
    case Code::kOverloaded:
      return 429;
    case Code::kNotFound:
      return 404;
    case Code::kInternal:
      break;
  }
  return 500;
}

}  // namespace mi2::protocols
