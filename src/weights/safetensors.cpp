#include "weights/safetensors.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <mi2/error.hpp>
#include "weights/names.hpp"
#include "weights/safetensors_header.hpp"

namespace mi2::weights {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors data is little-endian and read in place");

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

struct FileType {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array<FileType, 16> kFileTypes{{{"F32", 4},
                                               {"F16", 2},
                                               {"BF16", 2},
                                               {"F64", 8},
                                               {"I64", 8},
                                               {"I32", 4},
                                               {"I16", 2},
                                               {"I8", 1},
                                               {"U64", 8},
                                               {"U32", 4},
                                               {"U16", 2},
                                               {"U8", 1},
                                               {"BOOL", 1},
                                               {"F8_E4M3", 1},
                                               {"F8_E5M2", 1},
                                               {"C64", 8}}};

std::optional<tensor::DType> weight_type(std::string_view dtype) {
  if (dtype == "F32") return tensor::DType::kF32;
  if (dtype == "F16") return tensor::DType::kF16;
  if (dtype == "BF16") return tensor::DType::kBF16;
  return std::nullopt;
}

[[noreturn]] void refuse(std::string_view file, std::string_view tensor, const std::string& what) {
  throw Error(Code::kBadFile, fmt::format("{}: tensor {} {}", file, in_quotes(tensor), what));
}

void refuse_pickle(std::span<const std::byte> bytes, std::string_view file) {
  constexpr std::string_view kZip = "PK\x03\x04";
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 4));
  const bool legacy = text.size() == 4 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5 && text[2] == '\x8a';
  if (text != kZip && !legacy) return;
  throw Error(Code::kUnsupported,
              fmt::format("{}: a PyTorch pickle, which can run code when read; mi2 needs safetensors (in Python: "
                          "safetensors.torch.save_file(torch.load(FILE, weights_only=True), OUT))",
                          file));
}

/// What a download leaves that was not one: a pointer to a file elsewhere, or a page about it.
void refuse_substitute(std::span<const std::byte> bytes, std::string_view file) {
  constexpr std::size_t kLooked = 64;
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kLooked));
  if (text.starts_with("version https://git-lfs")) {
    throw Error(Code::kBadFile,
                fmt::format("{}: a Git LFS pointer in place of weights; fetch them: git lfs pull", file));
  }
  if (text.starts_with("<!DOCTYPE") || text.starts_with("<!doctype") || text.starts_with("<html")) {
    throw Error(Code::kBadFile, fmt::format("{}: a web page in place of weights; download the file itself", file));
  }
}

std::uint64_t element_bytes(const HeaderRow& row, std::string_view file) {
  const auto found =
      std::find_if(kFileTypes.begin(), kFileTypes.end(), [&](const FileType& t) { return t.name == row.dtype; });
  if (found == kFileTypes.end()) refuse(file, row.name, fmt::format("has the unknown dtype {}", in_quotes(row.dtype)));
  return found->bytes;
}

/// A row's shape and range, checked against each other and against the data's size.
TensorInfo check_row(HeaderRow row, std::uint64_t data_bytes, std::string_view file) {
  std::uint64_t needed = element_bytes(row, file);
  std::array<std::int64_t, tensor::Shape::kMaxRank> extents{};
  bool fits = true;
  for (std::size_t axis = 0; axis < row.shape.size(); ++axis) {
    fits = fits && row.shape[axis] <= std::uint64_t{std::numeric_limits<std::int64_t>::max()} &&
           !__builtin_mul_overflow(needed, row.shape[axis], &needed);
    extents[axis] = static_cast<std::int64_t>(row.shape[axis]);
  }
  if (!fits) refuse(file, row.name, fmt::format("has shape [{}], whose size overflows", fmt::join(row.shape, ", ")));
  const auto [begin, end] = std::pair(row.offsets[0], row.offsets[1]);
  if (begin > end || end > data_bytes) {
    refuse(file, row.name, fmt::format("has data_offsets [{}, {}], the file holds [0, {}]", begin, end, data_bytes));
  }
  if (end - begin != needed) {
    refuse(file, row.name,
           fmt::format("has {} bytes, {} {} takes {}", end - begin, row.dtype,
                       tensor::Shape(std::span(extents.data(), row.shape.size())).to_string(), needed));
  }
  return {std::move(row.name), std::move(row.dtype), tensor::Shape(std::span(extents.data(), row.shape.size())), begin,
          end};
}

}  // namespace

SafeTensors::SafeTensors(const std::filesystem::path& path) : file_(std::make_shared<const base::MappedFile>(path)) {
  read(file_->bytes(), path.string());
}

SafeTensors SafeTensors::parse(std::span<const std::byte> bytes, std::string_view name) {
  SafeTensors result;
  result.read(bytes, name);
  return result;
}

void SafeTensors::read(std::span<const std::byte> bytes, std::string_view name) {
  name_ = name;
  bytes_ = bytes;
  refuse_pickle(bytes, name);
  refuse_substitute(bytes, name);
  if (bytes.size() < kLengthBytes) {
    throw Error(Code::kBadFile,
                fmt::format("{}: {} bytes, a safetensors file has at least {}", name, bytes.size(), kLengthBytes));
  }
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  const std::uint64_t room = bytes.size() - kLengthBytes;
  if (length > std::min(room, kMaxHeaderBytes)) {
    throw Error(Code::kBadFile, fmt::format("{}: a header of {} bytes is announced, {}", name, length,
                                            length > kMaxHeaderBytes ? fmt::format("the limit is {}", kMaxHeaderBytes)
                                                                     : fmt::format("the file holds {} more", room)));
  }
  data_begin_ = kLengthBytes + length;
  Header header = parse_header({reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, length}, name);
  metadata_ = std::move(header.metadata);
  tensors_.reserve(header.rows.size());
  for (HeaderRow& row : header.rows) tensors_.push_back(check_row(std::move(row), room - length, name));
  check_layout();
}

/// Sorts by position: neighbours must touch, and the last must end where the file does.
void SafeTensors::check_layout() {
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (std::size_t i = 0; i < tensors_.size(); ++i) {
    const TensorInfo& tensor = tensors_[i];
    if (tensor.begin < at) {
      refuse(name_, tensor.name,
             fmt::format("starts at byte {}, inside tensor {}, which ends at {}", tensor.begin,
                         in_quotes(tensors_[i - 1].name), at));
    }
    if (tensor.begin > at) {
      refuse(name_, tensor.name, fmt::format("starts at byte {}, leaving a hole from {}", tensor.begin, at));
    }
    at = tensor.end;
    rows_.emplace(tensor.name, i);
  }
  if (at != bytes_.size() - data_begin_) {
    throw Error(Code::kBadFile, fmt::format("{}: the tensors end at byte {} of the data, the file holds {}", name_, at,
                                            bytes_.size() - data_begin_));
  }
}

const TensorInfo* SafeTensors::find(std::string_view name) const {
  const auto row = rows_.find(std::string(name));
  return row == rows_.end() ? nullptr : &tensors_[row->second];
}

std::span<const std::byte> SafeTensors::bytes(const TensorInfo& tensor) const noexcept {
  return bytes_.subspan(data_begin_ + tensor.begin, tensor.end - tensor.begin);
}

std::shared_ptr<const std::byte> SafeTensors::block(const TensorInfo& tensor) const {
  return {file_, bytes(tensor).data()};
}

ops::Parameter SafeTensors::parameter(const std::string& name) const {
  const TensorInfo* tensor = find(name);
  if (tensor == nullptr) refuse(name_, name, "is missing");
  const std::optional<tensor::DType> dtype = weight_type(tensor->dtype);
  if (!dtype) refuse(name_, name, fmt::format("is of dtype {}, it must be F32, F16 or BF16", tensor->dtype));
  const std::span<const std::byte> data = bytes(*tensor);
  std::shared_ptr<const void> keep;
  if (file_) {
    keep = std::shared_ptr<const void>(
        data.data(), [file = file_, offset = data_begin_ + tensor->begin, size = data.size()](const void* /*data*/) {
          file->release(offset, size);
        });
  }
  return {tensor->name, tensor->shape, *dtype, data.data(), std::move(keep)};
}

}  // namespace mi2::weights
