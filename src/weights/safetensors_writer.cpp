#include <cmath>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include "base/checked.hpp"
#include "weights/names.hpp"
#include "weights/safetensors.hpp"
#include "weights/safetensors_header.hpp"

namespace mi2::weights {
namespace {

/// Where data may start. The format asks for a multiple of 8; a cache line lets it be used in place.
constexpr std::size_t kAlignment = 64;

std::string_view file_type(tensor::DType dtype) {
  switch (dtype) {
    case tensor::DType::kF16:
      return "F16";
    case tensor::DType::kBF16:
      return "BF16";
    case tensor::DType::kF32:
      break;
  }
  return "F32";
}

std::uint64_t byte_count(const ops::Parameter& tensor) {
  return base::checked_mul(static_cast<std::uint64_t>(tensor.shape.count()), size_of(tensor.dtype), tensor.name);
}

bool all_finite(const StoredTensor& tensor) {
  const std::span<const std::byte> bytes = tensor.bytes;
  for (const tensor::DType dtype : {tensor::DType::kF32, tensor::DType::kF16, tensor::DType::kBF16}) {
    if (tensor.dtype == file_type(dtype)) return tensor::all_finite(dtype, bytes.data(), bytes.size() / size_of(dtype));
  }
  if (tensor.dtype != "F64") return true;
  for (std::size_t at = 0; at + sizeof(double) <= bytes.size(); at += sizeof(double)) {
    double value = 0;
    std::memcpy(&value, bytes.data() + at, sizeof(value));
    if (!std::isfinite(value)) return false;
  }
  return true;
}

/// A file of weights that nothing would load is worse than none: it may take the place of a good one.
void check_finite(const std::string& file, std::span<const StoredTensor> tensors) {
  for (const StoredTensor& tensor : tensors) {
    if (all_finite(tensor)) continue;
    throw Error(Code::kBadArgument,
                fmt::format("{}: tensor {} cannot be written: it holds a NaN or an infinity, expected finite numbers",
                            file, in_quotes(tensor.name)));
  }
}

std::string header_text(const std::string& file, std::span<const StoredTensor> tensors,
                        const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::set<std::string_view> names{"__metadata__"};
  std::uint64_t offset = 0;
  for (const StoredTensor& tensor : tensors) {
    if (!names.insert(tensor.name).second) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}: tensor {} cannot be written: its name is taken", file, in_quotes(tensor.name)));
    }
    std::vector<std::int64_t> shape;
    for (std::size_t axis = 0; axis < tensor.shape.rank(); ++axis) shape.push_back(tensor.shape[axis]);
    const std::uint64_t end = base::checked_add(offset, tensor.bytes.size(), tensor.name);
    // push_back in place of operator[]: an ordered object searches all its keys on each access.
    header.get_ref<nlohmann::ordered_json::object_t&>().Container::emplace_back(
        tensor.name,
        nlohmann::ordered_json{{"dtype", tensor.dtype}, {"shape", shape}, {"data_offsets", {offset, end}}});
    offset = end;
  }
  try {
    std::string text = header.dump();
    const std::size_t data = (kLengthBytes + text.size() + kAlignment - 1) / kAlignment * kAlignment;
    text.resize(data - kLengthBytes, ' ');
    return text;
  } catch (const nlohmann::json::exception&) {
    throw Error(Code::kBadArgument, fmt::format("{}: a tensor's name or the metadata is not UTF-8", file));
  }
}

}  // namespace

void write_safetensors(base::AtomicFile& file, std::span<const StoredTensor> tensors,
                       const std::map<std::string, std::string>& metadata,
                       const std::function<void(std::uint64_t bytes)>& written) {
  check_finite(file.path().string(), tensors);
  const std::string header = header_text(file.path().string(), tensors, metadata);
  const std::uint64_t length = header.size();
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const StoredTensor& tensor : tensors) {
    file.write(tensor.bytes);
    if (written) written(tensor.bytes.size());
  }
}

void write_safetensors(const std::filesystem::path& path, std::span<const ops::Parameter> tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<StoredTensor> stored;
  for (const ops::Parameter& tensor : tensors) {
    stored.push_back({tensor.name, std::string(file_type(tensor.dtype)), tensor.shape,
                      std::span(static_cast<const std::byte*>(tensor.data), byte_count(tensor))});
  }
  base::AtomicFile file(path);
  write_safetensors(file, stored, metadata);
  file.commit();
}

}  // namespace mi2::weights
