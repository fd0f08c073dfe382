#include "dataset/dataset.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/utf8.hpp"

namespace mi2::dataset {
namespace {

/// SHA-256 of texts, each with its length before it, in little memory: a full buffer becomes its own hash, with which
/// the next one begins.
class TextHash {
 public:
  void add(std::string_view text) {
    buffer_ += fmt::format("{}:{}\n", text.size(), text);
    constexpr std::size_t kFull = std::size_t{1} << 20;
    if (buffer_.size() >= kFull) buffer_ = digest();
  }
  [[nodiscard]] std::string digest() const { return base::sha256_hex(std::as_bytes(std::span(buffer_))); }

 private:
  std::string buffer_;
};

}  // namespace

/// Turns what sources say into records.
class Dataset::Collector final : public RecordSink {
 public:
  explicit Collector(Dataset& to) : to_(to) {}

  void record(std::uint32_t row, std::string_view class_name, std::span<const Caption> captions,
              std::string_view group) override {
    if (to_.records_.size() == kSeveral - 1) {
      throw Error(Code::kTooLarge, fmt::format("more than {} records", to_.records_.size()));
    }
    const std::int64_t id = to_.classes_->add(class_name);
    to_.records_.push_back({id, static_cast<std::uint32_t>(to_.stores_.size()), row, place_of(captions),
                            number_of(group, to_.groups_, groups_)});
  }

  void broken(BrokenRecord record) override { to_.broken_.push_back(std::move(record)); }

 private:
  using Places = std::unordered_map<std::string, std::uint32_t>;

  /// The place of a text in a list that has each once, the empty one first.
  static std::uint32_t number_of(std::string_view text, std::vector<std::string>& list, Places& places) {
    if (text.empty()) return 0;
    const auto next = static_cast<std::uint32_t>(list.size());
    const auto [entry, fresh] = places.try_emplace(std::string(text), next);
    if (fresh) list.emplace_back(text);
    return entry->second;
  }

  /// As Record::caption has it.
  std::uint32_t place_of(std::span<const Caption> captions) {
    if (captions.empty()) return 0;
    if (captions.size() == 1) return number_of(captions.front().text, to_.captions_, captions_);
    std::vector<Chance> chances;
    double up_to = 0;
    for (const Caption& caption : captions) {
      up_to += caption.weight;
      const std::int64_t class_id = caption.is_class ? to_.classes_->add(caption.text) : Chance::kOfRecord;
      chances.push_back({number_of(caption.text, to_.captions_, captions_), up_to, class_id});
    }
    to_.several_.push_back(std::move(chances));
    return kSeveral + static_cast<std::uint32_t>(to_.several_.size() - 1);
  }

  Dataset& to_;
  Places captions_;
  Places groups_;
};

Dataset::Dataset(std::span<const DataSource> sources, std::shared_ptr<ClassTable> classes, std::uint64_t max_file_bytes)
    : classes_(std::move(classes)) {
  if (sources.empty()) throw Error(Code::kBadArgument, "no source of images is given");
  Collector collector(*this);
  for (const DataSource& source : sources) {
    const std::size_t before = records_.size();
    std::unique_ptr<ImageStore> store = open_source(source, max_file_bytes, collector);
    stores_.push_back(std::move(store));
    weights_.push_back(source.weight);
    if (records_.size() == before) {
      throw Error(Code::kBadFile,
                  fmt::format("{}: no record{}{}", source.path.string(),
                              source.split.empty() ? "" : " of split '" + source.split + "'",
                              broken_.empty() ? "" : "; the first that cannot be used: " + broken_.front().reason));
    }
  }
}

const Dataset::Chance* Dataset::drawn(const Record& record, std::uint64_t choice) const {
  if (record.caption < kSeveral) return nullptr;
  const std::vector<Chance>& chances = several_[record.caption - kSeveral];
  constexpr double kUnit = 0x1p-53;  // the upper 53 bits are a number below 1
  const double at = static_cast<double>(choice >> 11U) * kUnit * chances.back().up_to;
  const auto chosen = std::ranges::find_if(chances, [&](const Chance& chance) { return at < chance.up_to; });
  return chosen == chances.end() ? &chances.back() : &*chosen;
}

std::int64_t Dataset::class_of(std::size_t record, std::uint64_t choice) const {
  const Chance* const chance = drawn(records_[record], choice);
  return chance == nullptr || chance->class_id == Chance::kOfRecord ? records_[record].class_id : chance->class_id;
}

const std::string& Dataset::text(std::size_t record, std::uint64_t choice) const {
  const Record& r = records_[record];
  if (const Chance* const chance = drawn(r, choice)) return captions_[chance->caption];
  if (r.caption != 0) return captions_[r.caption];
  const std::vector<std::string>& prompts = classes_->prompts(r.class_id);
  return prompts[choice % prompts.size()];
}

std::string Dataset::name(std::size_t record) const {
  const Record& r = records_[record];
  return base::printable(stores_[r.source]->name(r.row));
}

std::string Dataset::read(std::size_t record) const {
  const Record& r = records_[record];
  return stores_[r.source]->read(r.row);
}

Dataset::Identity Dataset::identity() const {
  TextHash hash;
  Identity identity;
  identity.records = records_.size();
  for (const Record& r : records_) {
    const ImageStore::Entry entry = stores_[r.source]->entry(r.row);
    hash.add(entry.name);
    hash.add(entry.bytes ? fmt::to_string(*entry.bytes) : "missing");
    hash.add(classes_->name(r.class_id));
    if (r.caption < kSeveral) hash.add(captions_[r.caption]);
    for (std::size_t i = 0; r.caption >= kSeveral && i < several_[r.caption - kSeveral].size(); ++i) {
      const Chance& chance = several_[r.caption - kSeveral][i];
      hash.add(captions_[chance.caption]);
      hash.add(fmt::format("{}", chance.up_to));
    }
    hash.add(groups_[r.group]);
    if (!entry.bytes) ++identity.missing;
  }
  for (const std::optional<double>& weight : weights_) {
    if (weight) hash.add(fmt::format("weight {}", *weight));
  }
  identity.sha256 = hash.digest();
  return identity;
}

std::string Dataset::Identity::text() const {
  constexpr std::size_t kDigits = 16;
  return fmt::format("{} records, sha256 {}", records, sha256.substr(0, kDigits));
}

}  // namespace mi2::dataset
