#pragma once

#include <string>

namespace mi2 {

/// What a result depends on besides its input.
struct Provenance {
  std::string version;
  std::string weights_sha256;  ///< of the weights file, hexadecimal; of a packed file, the one it was made from
  std::string profile;
  std::string dtype;
};

}  // namespace mi2
