#pragma once

#include <string>

namespace mi2 {

/// What a result depends on besides its input.
struct Provenance {
  std::string version;
  std::string weights_sha256;  ///< of the weights file, hexadecimal; of a packed file, the one it was made from
  std::string profile;
  std::string dtype;
  /// What computed it: a processor's instruction set as MI2_ISA names it ("amx"), or a device ("cuda:0"). Vectors of
  /// one dtype differ a little between them (docs/numerics.md).
  std::string instructions{};
};

}  // namespace mi2
