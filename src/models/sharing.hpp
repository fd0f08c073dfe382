#pragma once
// Scales moved between a norm and the weights behind it, so that both sides of an int8 product use their bytes: channel
// c of the norm is divided by 2^e, column c of the weights multiplied by it. Powers of two change no number but its
// exponent, so the model stays the same. Source: SmoothQuant, Xiao et al., ICML 2023, with ranges that were measured.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "ops/parameter.hpp"

namespace mi2::models {

/// The largest magnitude of each channel that a norm hands to a layer, as seen on some inputs.
struct NormedRange {
  std::string norm;  ///< name of its weight
  std::vector<float> largest;
};

/// Layer, by the name of its weight -> what it was given.
using NormedRanges = std::map<std::string, NormedRange>;

/// The exponents of one layer's channels.
struct SharedLayer {
  std::string norm;
  std::vector<std::int8_t> exponents;
};

/// Layer, by the name of its weight. Only layers of which some exponent is not zero.
using Sharing = std::map<std::string, SharedLayer>;

/// Of one layer: e = log2(sqrt(range / largest weight of the column)) towards zero, from the layer's median. Channels
/// that nothing reaches, or that reach nothing, keep 0.
/// @param weight  [out, in] or, of a convolution, [out, in, k, k].
std::vector<std::int8_t> shared_exponents(const std::vector<float>& largest, const ops::Parameter& weight);

/// `parameter` with its layer's or its norm's exponents applied, as f32; itself if it has none.
ops::Parameter shared(const Sharing& sharing, const ops::Parameter& parameter);

/// A source of parameters under a Sharing.
template <typename Source>
class SharedParameters {
 public:
  SharedParameters(Source& source, const Sharing& sharing) : source_(source), sharing_(sharing) {}
  ops::Parameter take(const std::string& name, const tensor::Shape& shape) {
    return shared(sharing_, source_.take(name, shape));
  }
  ops::Parameter take_positions(const std::string& name, const tensor::Shape& shape) {
    return source_.take_positions(name, shape);
  }

 private:
  Source& source_;
  const Sharing& sharing_;
};

}  // namespace mi2::models
