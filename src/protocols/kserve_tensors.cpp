#include "protocols/kserve_tensors.hpp"

#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "base/numbers.hpp"
#include "protocols/answers.hpp"

namespace mi2::protocols {
namespace {

static_assert(std::endian::native == std::endian::little, "the binary extension is little-endian");

/// An image and a text; one more, so that what is wrong with it is said.
constexpr std::size_t kMaxInputs = 3;

[[noreturn]] void bad(const std::string& message) { throw Error(Code::kBadArgument, message); }

/// @returns how many elements a shape has.
std::uint64_t element_count(Json* shape, std::string_view name) {
  if (shape == nullptr) bad(fmt::format("{}: shape: is missing", name));
  need_array(*shape, fmt::format("{}: shape", name));
  if (shape->empty()) bad(fmt::format("{}: shape: is empty", name));
  std::uint64_t count = 1;
  for (const Json& dimension : *shape) {
    if (!dimension.is_number_unsigned()) bad(fmt::format("{}: shape: expected whole numbers", name));
    count = base::checked_mul(count, dimension.get<std::uint64_t>(), name);
  }
  return count;
}

/// The strings of nested lists, row by row, and at most one more than `count`. The depth of a body is limited, so the
/// recursion is.
void take_elements(Json& data, std::string_view name, std::uint64_t count, std::vector<std::string>& values) {
  for (Json& element : data) {
    if (values.size() > count) return;
    if (element.is_array()) {
      take_elements(element, name, count, values);
    } else {
      values.push_back(take_string(element, fmt::format("{}: element {}", name, values.size() + 1)));
    }
  }
}

/// Elements of the binary extension, each its length in four bytes, then its bytes; at most one more than `count`.
std::vector<std::string> split_elements(std::string_view bytes, std::string_view name, std::uint64_t count) {
  std::vector<std::string> values;
  while (!bytes.empty() && values.size() <= count) {
    std::uint32_t length = 0;
    if (bytes.size() < sizeof length) bad(fmt::format("{}: binary data ends in an element's length", name));
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes.remove_prefix(sizeof length);
    if (bytes.size() < length) {
      bad(fmt::format("{}: element {} has {} bytes, {} are left", name, values.size() + 1, length, bytes.size()));
    }
    values.emplace_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return values;
}

/// The size in bytes of an input's binary data, or null if its data is in the JSON.
Json* binary_size(Json& input, std::string_view name) {
  Json* parameters = member(input, "parameters");
  if (parameters == nullptr) return nullptr;
  need_object(*parameters, fmt::format("{}: parameters", name));
  Json* size = member(*parameters, "binary_data_size");
  if (size != nullptr && !size->is_number_unsigned()) {
    bad(fmt::format("{}: binary_data_size: expected a whole number", name));
  }
  return size;
}

BytesTensor read_input(Json& input, std::string_view& binary, std::size_t number, const Limits& limits) {
  std::string name = fmt::format("input {}", number);
  need_object(input, name);
  Json* given = member(input, "name");
  if (given == nullptr) bad(fmt::format("{}: name: is missing", name));
  BytesTensor tensor{take_string(*given, fmt::format("{}: name", name)), {}, false};
  Json* datatype = member(input, "datatype");
  if (datatype == nullptr || *datatype != "BYTES") bad(fmt::format("{}: datatype: expected BYTES", name));
  const std::uint64_t count = element_count(member(input, "shape"), name);
  if (count > limits.rows) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} elements, the limit is {}", name, count, limits.rows));
  }
  Json* data = member(input, "data");
  if (const Json* size = binary_size(input, name)) {
    const auto bytes = size->get<std::uint64_t>();
    if (data != nullptr) bad(fmt::format("{}: has both data and binary_data_size", name));
    if (bytes > binary.size()) bad(fmt::format("{}: {} bytes of binary data, {} are left", name, bytes, binary.size()));
    tensor.values = split_elements(binary.substr(0, bytes), name, count);
    tensor.binary = true;
    binary.remove_prefix(bytes);
  } else {
    if (data == nullptr) bad(fmt::format("{}: data: is missing", name));
    take_elements(need_array(*data, fmt::format("{}: data", name)), name, count, tensor.values);
  }
  if (tensor.values.size() != count) {
    const bool more = tensor.values.size() > count;
    bad(fmt::format("{}: {} elements, its shape has {}", name, more ? "more" : std::to_string(tensor.values.size()),
                    count));
  }
  return tensor;
}

void append_data(std::string& text, const OutputTensor& output) {
  text += R"(,"data":[)";
  std::string_view separator;
  for (const std::span<const float> row : output.rows) {
    text += separator;
    base::append_numbers(text, row, ',');
    separator = ",";
  }
  for (const std::string& value : output.texts) {
    text += separator;
    text += json_string(value);
    separator = ",";
  }
  text += ']';
}

std::string binary_data(const OutputTensor& output) {
  std::string bytes;
  for (const std::span<const float> row : output.rows) {
    bytes.append(reinterpret_cast<const char*>(row.data()), row.size_bytes());
  }
  for (const std::string& value : output.texts) {
    const auto length = static_cast<std::uint32_t>(value.size());
    bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
    bytes += value;
  }
  return bytes;
}

}  // namespace

std::string cut_binary(HttpRequest& request) {
  std::string binary;
  if (const std::string_view header = request.header("inference-header-content-length"); !header.empty()) {
    std::size_t length = 0;
    const auto parsed = std::from_chars(header.data(), header.data() + header.size(), length);
    if (parsed.ec != std::errc{} || parsed.ptr != header.data() + header.size() || length > request.body.size()) {
      bad("inference-header-content-length: expected the length of the JSON part");
    }
    binary = std::move(request.body);
    request.body = binary.substr(0, length);
    binary.erase(0, length);
    // With a binary part the whole is application/octet-stream; what is left is JSON.
    std::erase_if(request.headers, [](const auto& field) { return field.first == "content-type"; });
  }
  return binary;
}

std::vector<BytesTensor> read_inputs(Json& head, std::string binary, const Limits& limits) {
  Json* inputs = member(head, "inputs");
  if (inputs == nullptr) bad("inputs: is missing");
  need_array(*inputs, "inputs");
  if (inputs->size() > kMaxInputs) bad(fmt::format("inputs: expected at most {}, got {}", kMaxInputs, inputs->size()));
  std::string_view left = binary;
  std::vector<BytesTensor> tensors;
  for (Json& input : *inputs) tensors.push_back(read_input(input, left, tensors.size() + 1, limits));
  if (!left.empty()) bad(fmt::format("inputs: {} bytes of binary data belong to no input", left.size()));
  return tensors;
}

TensorAnswer write_outputs(std::string_view model_name, std::string_view id, std::span<const OutputTensor> outputs) {
  TensorAnswer answer;
  answer.head = fmt::format(R"({{"model_name":{},"model_version":"1",)", json_string(model_name));
  if (!id.empty()) answer.head += fmt::format(R"("id":{},)", id);
  answer.head += R"("outputs":[)";
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const OutputTensor& output = outputs[i];
    answer.head += fmt::format(R"({}{{"name":"{}","datatype":"{}","shape":[{}])", i > 0 ? "," : "", output.name,
                               output.datatype, fmt::join(output.shape, ","));
    if (output.binary) {
      const std::string bytes = binary_data(output);
      answer.head += fmt::format(R"(,"parameters":{{"binary_data_size":{}}})", bytes.size());
      answer.binary += bytes;
    } else {
      append_data(answer.head, output);
    }
    answer.head += '}';
  }
  answer.head += "]}";
  return answer;
}

}  // namespace mi2::protocols
