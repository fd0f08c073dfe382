#include <cstring>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>
#include "base/checked.hpp"
#include "weights/names.hpp"
#include "weights/safetensors.hpp"

namespace mi2::weights {
namespace {

constexpr std::size_t kAlignment = 8;

std::string_view file_type(DType dtype) {
  switch (dtype) {
    case DType::kF16:
      return "F16";
    case DType::kBF16:
      return "BF16";
    case DType::kF32:
      break;
  }
  return "F32";
}

std::uint64_t byte_count(const ops::Parameter& tensor) {
  return checked_mul(static_cast<std::uint64_t>(tensor.shape.count()), size_of(tensor.dtype), tensor.name);
}

std::string header_text(const std::string& file, std::span<const ops::Parameter> tensors,
                        const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::set<std::string_view> names{"__metadata__"};
  std::uint64_t offset = 0;
  for (const ops::Parameter& tensor : tensors) {
    if (!names.insert(tensor.name).second) {
      throw Error(Code::kBadArgument,
                  fmt::format("{}: tensor {} cannot be written: its name is taken", file, in_quotes(tensor.name)));
    }
    std::vector<std::int64_t> shape;
    for (std::size_t axis = 0; axis < tensor.shape.rank(); ++axis) shape.push_back(tensor.shape[axis]);
    const std::uint64_t end = checked_add(offset, byte_count(tensor), tensor.name);
    // push_back in place of operator[]: an ordered object searches all its keys on each access.
    header.get_ref<nlohmann::ordered_json::object_t&>().Container::emplace_back(
        tensor.name,
        nlohmann::ordered_json{{"dtype", file_type(tensor.dtype)}, {"shape", shape}, {"data_offsets", {offset, end}}});
    offset = end;
  }
  try {
    std::string text = header.dump();
    text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
    return text;
  } catch (const nlohmann::json::exception&) {
    throw Error(Code::kBadArgument, fmt::format("{}: a tensor's name or the metadata is not UTF-8", file));
  }
}

}  // namespace

void write_safetensors(const std::filesystem::path& path, std::span<const ops::Parameter> tensors,
                       const std::map<std::string, std::string>& metadata) {
  const std::string header = header_text(path.string(), tensors, metadata);
  const std::uint64_t length = header.size();
  AtomicFile file(path);
  file.write(std::as_bytes(std::span(&length, 1)));
  file.write(header);
  for (const ops::Parameter& tensor : tensors) {
    file.write(std::span(static_cast<const std::byte*>(tensor.data), byte_count(tensor)));
  }
  file.commit();
}

}  // namespace mi2::weights
