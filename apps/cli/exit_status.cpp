#include "exit_status.hpp"

namespace mi2::cli {

int exit_status_of(Code code) noexcept {
  switch (code) {
    case Code::kBadArgument:
      return 2;
    case Code::kBadFile:
      return 3;
    case Code::kUnsupported:
      return 4;
    case Code::kTooLarge:
      return 5;
    case Code::kOverloaded:
      return 6;
    case Code::kNotFound:
      return 7;
    case Code::kInternal:
      break;
  }
  return 70;  // EX_SOFTWARE of sysexits.h
}

}  // namespace mi2::cli
