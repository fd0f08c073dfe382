#pragma once
// Tensors of the Open Inference Protocol (KServe V2): BYTES in, in JSON or in the binary extension; FP32 out.
// Source: https://github.com/kserve/open-inference-protocol, and Triton's protocol/extension_binary_data.md.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/json.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols {

/// One input of BYTES.
struct BytesTensor {
  std::string name;
  std::vector<std::string> values;  ///< in order, whatever the shape
  bool binary = false;              ///< of the binary extension: values are bytes, not text
};

/// Cuts the binary part off a body: tensors' bytes, one after the other. What is left is JSON, and the headers say so.
/// @throws Error{kBadArgument} for a header inference-header-content-length that does not fit.
std::string cut_binary(HttpRequest& request);

/// The inputs of a request: its JSON part and its binary one. @throws Error{kBadArgument} naming the input: another
/// datatype, a shape that does not fit its data, an element that is no string, binary data that ends early or is left
/// over; {kTooLarge} over the rows.
std::vector<BytesTensor> read_inputs(Json& head, std::string binary, const Limits& limits);

/// One output to be written.
struct OutputTensor {
  std::string_view name;
  std::string_view datatype;  ///< "FP32", or "BYTES" for `texts`
  std::vector<std::size_t> shape;
  std::vector<std::span<const float>> rows;
  std::span<const std::string> texts;
  bool binary = false;
};

/// A JSON part and the binary outputs after it.
struct TensorAnswer {
  std::string head;
  std::string binary;
};

/// @param id  of the request, as JSON text; empty: none.
TensorAnswer write_outputs(std::string_view model_name, std::string_view id, std::span<const OutputTensor> outputs);

}  // namespace mi2::protocols
