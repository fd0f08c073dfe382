// Source: torch/serialization.py and torch/_utils.py of PyTorch 2: a zip of NAME/data.pkl and NAME/data/KEY.

#include "adapter/torch_file.hpp"

#include <zip.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "adapter/pickle.hpp"
#include "tensor/tensor.hpp"

namespace mi2::adapter {
namespace {

using Kind = PickleValue::Kind;

constexpr std::uint64_t kMaxPickleBytes = 4U << 20;
constexpr std::uint64_t kMaxElements = 1ULL << 25;  ///< of all tensors

struct CloseZip {
  void operator()(zip_t* zip) const noexcept { zip_discard(zip); }  // opened to read
};
struct CloseEntry {
  void operator()(zip_file_t* entry) const noexcept { zip_fclose(entry); }
};

/// The files of the zip, by their names without the folder that all are in.
class Archive {
 public:
  Archive(std::span<const std::byte> bytes, std::string_view name) : name_(name), bytes_(bytes.size()) {
    zip_error_t error;
    zip_error_init(&error);
    zip_source_t* const source = zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error);
    if (source != nullptr) zip_.reset(zip_open_from_source(source, ZIP_RDONLY, &error));
    if (source != nullptr && !zip_) zip_source_free(source);
    zip_error_fini(&error);
    if (!zip_) bad("is no whole file of torch.save()");
    const zip_int64_t count = zip_get_num_entries(zip_.get(), 0);
    constexpr zip_int64_t kMost = 1 << 16;
    if (count < 0 || count > kMost) bad("has more files in it than weights have");
    constexpr std::string_view kPickle = "/data.pkl";
    for (zip_int64_t i = 0; i < count; ++i) {
      const char* const entry = zip_get_name(zip_.get(), static_cast<zip_uint64_t>(i), 0);
      const std::string_view path = entry == nullptr ? std::string_view() : entry;
      if (path.ends_with(kPickle) && path.find('/') == path.size() - kPickle.size()) {
        if (!prefix_.empty()) bad("has several pickles");
        prefix_ = path.substr(0, path.size() - kPickle.size() + 1);
      }
    }
    if (prefix_.empty()) bad("has no data.pkl: it is no file of torch.save()");
  }

  /// A file of at most, or of exactly, so many bytes.
  [[nodiscard]] std::string read(const std::string& path, std::uint64_t most, bool exactly) const {
    const std::string full = prefix_ + path;
    zip_stat_t stat;
    zip_stat_init(&stat);
    if (zip_stat(zip_.get(), full.c_str(), 0, &stat) != 0 || (stat.valid & ZIP_STAT_SIZE) == 0)
      bad(path + " is missing");
    if (stat.size > most || (exactly && stat.size != most))
      bad(fmt::format("{} has {} bytes, expected {}", path, stat.size, most));
    // Believed only as far as the file can hold it: no deflate stream unpacks to more than 1032 times its size.
    constexpr std::uint64_t kMaxRatio = 1032;
    if ((stat.valid & ZIP_STAT_COMP_SIZE) == 0 || stat.comp_size > bytes_ ||
        stat.size > (stat.comp_size + 1) * kMaxRatio)
      bad(fmt::format("{} announces {} bytes, more than the file can hold", path, stat.size));
    const std::unique_ptr<zip_file_t, CloseEntry> entry(zip_fopen(zip_.get(), full.c_str(), 0));
    std::string content(stat.size, '\0');
    if (!entry || zip_fread(entry.get(), content.data(), content.size()) != static_cast<zip_int64_t>(content.size())) {
      bad(path + " cannot be read");
    }
    return content;
  }

  [[nodiscard]] bool has(const std::string& path) const {
    return zip_name_locate(zip_.get(), (prefix_ + path).c_str(), 0) >= 0;
  }

 private:
  [[noreturn]] void bad(std::string_view what) const {
    throw Error(Code::kBadFile, fmt::format("{}: {}", name_, what));
  }

  std::string_view name_;
  std::uint64_t bytes_;  ///< of the whole file
  std::unique_ptr<zip_t, CloseZip> zip_;
  std::string prefix_;
};

struct Element {
  std::string_view storage;
  std::size_t bytes;
};
constexpr Element kElements[] = {
    {"torch FloatStorage", 4}, {"torch HalfStorage", 2}, {"torch BFloat16Storage", 2}, {"torch DoubleStorage", 8}};

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, std::string_view name) : archive_(bytes, name), name_(name) {}

  std::vector<AdapterTensor> run() {
    if (archive_.has("byteorder") && archive_.read("byteorder", 16, false) != "little") refuse("is not little-endian");
    const PickleValue all = parse_pickle(archive_.read("data.pkl", kMaxPickleBytes, false), name_);
    std::vector<AdapterTensor> tensors;
    for_each(*state_dict(all), [&](const std::string& key, const PickleValue& value) {
      if (const PickleValue* call = tensor_call(value)) {
        tensors.push_back(read_tensor(key, *call));
      } else {
        refuse(fmt::format("holds in its weights something else than tensors"));
      }
    });
    if (tensors.empty()) refuse("holds no weights");
    return tensors;
  }

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    throw Error(Code::kUnsupported, fmt::format("{}: {}", name_, what));
  }
  [[noreturn]] void bad(std::string_view what) const {
    throw Error(Code::kBadFile, fmt::format("{}: {}", name_, what));
  }

  template <typename Use>
  void for_each(const PickleValue& dict, Use use) const {
    for (std::size_t i = 0; i + 1 < dict.items->size(); i += 2) {
      const PickleValue& key = (*dict.items)[i];
      if (key.kind == Kind::kText) use(*key.text, (*dict.items)[i + 1]);
    }
  }

  /// The call that makes a tensor, or null. A parameter is a tensor with a flag.
  const PickleValue* tensor_call(const PickleValue& value) const {
    if (value.kind != Kind::kCall) return nullptr;
    const std::string& function = *(*value.items)[0].text;
    const PickleItems& arguments = *(*value.items)[1].items;
    if (function == "torch._utils _rebuild_tensor_v2") return &value;
    if (function == "torch._utils _rebuild_parameter" && !arguments.empty()) return tensor_call(arguments.front());
    refuse("asks for a function that weights do not need; nothing of the file was run");
  }

  [[nodiscard]] bool has_tensors(const PickleValue& value) const {
    if (value.kind != Kind::kDict || value.items->empty()) return false;
    bool all = true;
    for_each(value, [&](const std::string&, const PickleValue& item) { all = all && item.kind == Kind::kCall; });
    return all;
  }

  const PickleValue* state_dict(const PickleValue& all) const {
    if (has_tensors(all)) return &all;
    const PickleValue* found = nullptr;
    if (all.kind == Kind::kDict) {
      for_each(all, [&](const std::string&, const PickleValue& item) {
        if (!has_tensors(item)) return;
        if (found != nullptr) refuse("holds several sets of weights");
        found = &item;
      });
    }
    if (found == nullptr) refuse("holds no state_dict");
    return found;
  }

  std::vector<std::int64_t> numbers(const PickleValue& value) const {
    std::vector<std::int64_t> result;
    if (value.kind != Kind::kTuple) bad("a tensor without a shape");
    for (const PickleValue& item : *value.items) {
      if (item.kind != Kind::kNumber || item.number < 0 || item.number > static_cast<std::int64_t>(kMaxElements)) {
        bad("a tensor of a shape that makes no sense");
      }
      result.push_back(item.number);
    }
    constexpr std::size_t kMaxRank = 8;
    if (result.size() > kMaxRank) bad("a tensor of too many dimensions");
    return result;
  }

  /// A storage's numbers as f32, read once.
  const std::vector<float>& storage(const PickleValue& value) {
    const PickleItems& id = *value.items;
    if (value.kind != Kind::kStorage || id.size() < 5 || id[1].kind != Kind::kGlobal || id[2].kind != Kind::kText ||
        id[4].kind != Kind::kNumber || id[4].number < 0) {
      bad("a storage without a description");
    }
    const auto element = std::find_if(std::begin(kElements), std::end(kElements),
                                      [&](const Element& known) { return known.storage == *id[1].text; });
    if (element == std::end(kElements)) refuse("holds numbers of a kind that weights do not have");
    const std::string& key = *id[2].text;
    if (const auto found = storages_.find(key); found != storages_.end()) return found->second;
    const auto count = static_cast<std::uint64_t>(id[4].number);
    if (count > kMaxElements - std::min(kMaxElements, read_)) {
      throw Error(Code::kTooLarge, fmt::format("{}: more than {} numbers", name_, kMaxElements));
    }
    read_ += count;
    const std::string bytes = archive_.read("data/" + key, count * element->bytes, true);
    return storages_.emplace(key, to_floats(bytes, *element, count)).first->second;
  }

  static std::vector<float> to_floats(const std::string& bytes, const Element& element, std::uint64_t count) {
    if (element.bytes == sizeof(double)) {
      std::vector<double> values(count);
      std::memcpy(values.data(), bytes.data(), bytes.size());
      return {values.begin(), values.end()};
    }
    using tensor::DType;
    const DType dtype = element.bytes == sizeof(float)               ? DType::kF32
                        : element.storage == "torch BFloat16Storage" ? DType::kBF16
                                                                     : DType::kF16;
    std::vector<float> values(count);
    tensor::convert_to_f32(dtype, bytes.data(), values.data(), values.size());
    return values;
  }

  AdapterTensor read_tensor(const std::string& key, const PickleValue& call) {
    const PickleItems& arguments = *(*call.items)[1].items;
    if (arguments.size() < 4 || arguments[1].kind != Kind::kNumber || arguments[1].number < 0) {
      bad("a tensor without a storage, an offset, a shape and strides");
    }
    AdapterTensor tensor{key, numbers(arguments[2]), {}};
    const std::vector<std::int64_t> strides = numbers(arguments[3]);
    if (strides.size() != tensor.shape.size()) bad("a tensor whose shape and strides differ in length");
    const std::vector<float>& from = storage(arguments[0]);
    std::uint64_t count = 1;
    std::uint64_t last = static_cast<std::uint64_t>(arguments[1].number);
    for (std::size_t axis = 0; axis < strides.size(); ++axis) {
      const auto extent = static_cast<std::uint64_t>(tensor.shape[axis]);
      count *= extent;
      if (count > kMaxElements)
        throw Error(Code::kTooLarge, fmt::format("{}: more than {} numbers", name_, kMaxElements));
      if (extent > 0) last += (extent - 1) * static_cast<std::uint64_t>(strides[axis]);
    }
    if (count > 0 && last >= from.size()) bad("a tensor reaches beyond its storage");
    given_ += count;
    if (given_ > kMaxElements)
      throw Error(Code::kTooLarge, fmt::format("{}: more than {} numbers", name_, kMaxElements));
    gather(tensor, strides, from, static_cast<std::uint64_t>(arguments[1].number), count);
    return tensor;
  }

  static void gather(AdapterTensor& tensor, const std::vector<std::int64_t>& strides, const std::vector<float>& from,
                     std::uint64_t offset, std::uint64_t count) {
    std::vector<std::int64_t> at(tensor.shape.size(), 0);
    std::int64_t place = static_cast<std::int64_t>(offset);
    tensor.values.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      tensor.values.push_back(from[static_cast<std::size_t>(place)]);
      for (std::size_t axis = at.size(); axis-- > 0;) {
        place += strides[axis];
        if (++at[axis] < tensor.shape[axis]) break;
        place -= at[axis] * strides[axis];
        at[axis] = 0;
      }
    }
  }

  Archive archive_;
  std::string_view name_;
  std::map<std::string, std::vector<float>> storages_;
  std::uint64_t read_ = 0;
  std::uint64_t given_ = 0;
};

}  // namespace

bool is_torch_file(std::span<const std::byte> bytes) noexcept {
  constexpr std::string_view kZip = "PK\x03\x04";
  return bytes.size() >= kZip.size() && std::memcmp(bytes.data(), kZip.data(), kZip.size()) == 0;
}

std::vector<AdapterTensor> parse_torch_file(std::span<const std::byte> bytes, std::string_view name) {
  return Reader(bytes, name).run();
}

}  // namespace mi2::adapter
