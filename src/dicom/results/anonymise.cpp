#include "dicom/results/anonymise.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/hash.hpp"
#include "base/little_endian.hpp"
#include "dicom/attributes.hpp"
#include "dicom/dataset.hpp"
#include "dicom/describe.hpp"
#include "dicom/names.hpp"
#include "dicom/results/basic_profile.hpp"
#include "dicom/results/copied_pixels.hpp"
#include "dicom/results/copied_values.hpp"
#include "dicom/results/descriptor_words.hpp"
#include "dicom/results/element_writer.hpp"
#include "dicom/results/masked_pixels.hpp"
#include "dicom/results/own_marks.hpp"
#include "dicom/results/secrets.hpp"
#include "dicom/results/shown_name.hpp"
#include "dicom/results/uid.hpp"

namespace mi2::dicom::results {
namespace {

constexpr std::string_view kStandard = "1.2.840.10008.";
constexpr std::string_view kExplicitLittleEndian = "1.2.840.10008.1.2.1";
constexpr std::string_view kFramesOfReference = "1.2.840.10008.1.4.";
constexpr Tag kPatientName = 0x00100010, kReferencedClass = 0x00081150, kFrameOfReference = 0x00200052,
              kBurnedIn = 0x00280301;
constexpr std::size_t kMostNumbers = 16;  // of one attribute, as FrameIncrementPointer or DimensionIndexValues
constexpr std::size_t kLongestText = 64;  // bytes of a value, as PS3.5 has for LO

/// One that everybody knows: its numbers are short, so that no date or identifier is one of them.
bool is_of_standard(std::string_view uid) {
  constexpr std::size_t kMostDigits = 3;
  if (!uid.starts_with(kStandard) || !is_uid(uid)) return false;
  std::size_t digits = 0;
  return std::all_of(uid.begin() + kStandard.size(), uid.end(), [&](char c) {
    digits = c == '.' ? 0 : digits + 1;
    return digits <= kMostDigits;
  });
}

/// Whether a UID may stay at this place. Of objects, series and studies none does: there are writers that make theirs
/// up below the standard's root.
bool may_stay(Tag tag, std::string_view uid) {
  if (tag == tags::kSopClass || tag == kReferencedClass) return is_of_standard(uid);
  return tag == kFrameOfReference && uid.starts_with(kFramesOfReference) && is_of_standard(uid);
}

/// The parser looks at the kind alone.
const Attribute* find_read(Tag tag) noexcept {
  static constexpr Attribute kValue{0, Kind::kText};
  static constexpr Attribute kItems{0, Kind::kSequence};
  if (is_pixel_tag(tag) || is_overlay_bit(tag)) return &kValue;
  const ProfileEntry* const entry = find_in_profile(tag);
  if (entry == nullptr) return nullptr;
  return entry->vr == "SQ" ? &kItems : &kValue;
}

class Copy {
 public:
  /// @param file  the object's bytes, of which pixels are masked.
  Copy(Bytes file, const Object& object, const Description& said, const AnonymiseOptions& options,
       std::uint64_t max_pixels, std::string_view name)
      : file_(file),
        object_(object),
        data_(object.data),
        said_(said),
        options_(options),
        max_pixels_(max_pixels),
        name_(name),
        secrets_(secrets_of(object.data, said.identity)),
        pixels_(find_pixels(object.data)),
        boxes_(boxes_of(options.masks, object.data, word_of(object.data, tags::kRows),
                        word_of(object.data, tags::kColumns))) {}

  Anonymous run() {
    if (refuse()) return std::move(copy_);
    copy_.study_uid = uid(tags::kStudy, said_.study);
    copy_.series_uid = uid(tags::kSeries, said_.series);
    copy_.sop_uid = uid(tags::kSopInstance, said_.sop_instance);
    // Masks have a say in what the attributes of the pixels are.
    std::string head = pixels();
    if (!copy_.refused.empty()) return std::move(copy_);
    const std::string dataset = item(data_, true);
    copy_.head = meta() + dataset + head;
    if (copy_.refused.empty() && pixels_name_somebody()) copy_.refused = "a name among the pixels' bytes";
    return std::move(copy_);
  }

 private:
  /// @returns what is before their first byte.
  std::string pixels() {
    if (boxes_.boxes.empty()) {
      CopiedPixels copied = copied_pixels(data_, *pixels_, encapsulated(), name_);
      copy_.refused = copied.refused;
      copy_.pixels = copied.bytes;
      copy_.blank = std::move(copied.blank);
      copy_.tail = std::move(copied.tail);
      return std::move(copied.head);
    }
    MaskedPixels masked = masked_pixels(file_, data_, boxes_.boxes, max_pixels_, name_);
    copy_.refused = masked.refused;
    if (!copy_.refused.empty()) return {};
    copy_.masked = std::move(masked.bytes);
    copy_.pixels = *copy_.masked;
    copy_.tail = std::move(masked.tail);
    values_ = std::move(masked.values);
    if (options_.nothing_burned_in) values_[kBurnedIn] = "NO";
    return std::move(masked.head);
  }

  [[nodiscard]] bool encapsulated() const { return object_.syntax.codec != Codec::kNative; }

  bool refuse() {
    copy_.refused = reason();
    return !copy_.refused.empty();
  }

  std::string_view reason() {
    if (pixels_ == nullptr) return "no pixels";
    if (object_.syntax.codec == Codec::kDeflated) return "deflated";
    if (object_.syntax.encoding.big_endian) return "big endian";
    if (pixels_->fragments != encapsulated()) return "pixels in another form than the transfer syntax says";
    if (!is_of_standard(said_.sop_class)) return "no SOP class of the standard";
    for (const std::string* one : {&said_.study, &said_.series, &said_.sop_instance}) {
      if (one->empty() || (options_.retain_uids && !is_uid(*one))) return "no UIDs that could be replaced or kept";
    }
    if (!secrets_.all) return "more names than are looked for";
    if (upper(text(data_, tags::kPhotometric)) == "PALETTE COLOR" && data_.find(tags::kRedData) == nullptr) {
      return "no palette that could be kept";  // it may be in segments
    }
    if (boxes_.outside) return "a mask outside of the picture";
    const std::string_view shown =
        options_.burned_in == BurnedIn::kAllow ? std::string_view() : shown_name(data_, said_);
    const bool masked = options_.burned_in == BurnedIn::kMask && !boxes_.boxes.empty() && can_be_masked(shown);
    return masked ? std::string_view() : shown;
  }

  /// As the key names something; `kind` keeps apart what is of different kinds.
  [[nodiscard]] std::string keyed(std::string_view kind, std::string_view value) const {
    std::string text(kind);
    text += '\0';
    text += value;
    return base::hmac_sha256_hex(options_.key, text);
  }

  [[nodiscard]] std::string uid(Tag tag, const std::string& value) const {
    if (options_.retain_uids || may_stay(tag, value)) return value;
    return uid_of(keyed("uid", value));
  }

  /// Who the object is of, for all objects of theirs.
  [[nodiscard]] std::string patient() const {
    const Identity& who = said_.identity;
    if (who.patient_id.empty()) return "study " + said_.study;
    return (who.issuer.empty() ? options_.site : who.issuer) + '\0' + who.patient_id;
  }

  [[nodiscard]] int days() const {
    constexpr int kMost = 3650;
    int days = 0;
    for (const char c : keyed("days", patient()).substr(0, 8)) {
      days = (days * 16 + (c <= '9' ? c - '0' : c - 'a' + 10)) % kMost;
    }
    return days + 1;
  }

  std::string item(const Item& from, bool root) {
    std::string out;
    for (const ProfileEntry& entry : basic_profile()) {
      if (!copy_.refused.empty()) return out;
      if (entry.action == Action::kSecret || (entry.action == Action::kMark && !root)) continue;
      if (entry.action == Action::kMark) {
        put_own_mark(out, entry, options_, boxes_.boxes);
      } else if (const auto set = values_.find(entry.tag); root && set != values_.end()) {
        if (!set->second.empty()) put_element(out, entry.tag, entry.vr, set->second);
      } else if (entry.vr == "SQ") {
        put_sequence(out, entry, from);
      } else {
        put_value(out, entry, from, root);
      }
    }
    return out;
  }

  void put_value(std::string& out, const ProfileEntry& entry, const Item& from, bool root) {
    const Element* element = from.find(entry.tag);
    const std::size_t width = width_of(entry.vr);
    if (element != nullptr && width > 0 && !fits_width(*element, width)) element = nullptr;
    if (element != nullptr && entry.vr == "OW" && !is_table(from, *element)) {
      copy_.refused = "a lookup table that is not what its descriptor says";
      return;
    }
    std::optional<std::string> value;
    if (element != nullptr) value = value_of(entry, text_of(element->value, most_of(entry.vr) + 1));
    if (!value && entry.always && root) value = value_of(entry, "").value_or("");
    if (value && value->size() <= most_of(entry.vr)) put_element(out, entry.tag, vr_of(entry), *std::move(value));
  }

  /// PS3.6 has US or SS for what is a value of pixels; which of them, the pixels say.
  [[nodiscard]] std::string_view vr_of(const ProfileEntry& entry) const {
    constexpr std::array<Tag, 8> kOfPixels{0x00280106, 0x00280107, 0x00280120, 0x00280121,
                                           0x00281101, 0x00281102, 0x00281103, 0x00283002};
    const bool either = std::find(kOfPixels.begin(), kOfPixels.end(), entry.tag) != kOfPixels.end();
    return either && word_of(data_, tags::kPixelRepresentation) == 1 ? "SS" : entry.vr;
  }

  void put_sequence(std::string& out, const ProfileEntry& entry, const Item& from) {
    std::string items;
    for (std::uint64_t i = 0; const Item* inner = from.item(entry.tag, i); ++i) {
      put_item(items, item(*inner, false));
    }
    if (items.empty()) return;
    put_head(out, entry.tag, "SQ", static_cast<std::uint32_t>(items.size()));
    out += items;
  }

  /// @returns nothing: it is left out.
  std::optional<std::string> value_of(const ProfileEntry& entry, const std::string& raw) {
    switch (entry.action) {
      case Action::kEmpty:
      case Action::kHidden:
        return std::string();
      case Action::kPseudonym: {
        const std::string name = keyed("patient", patient()).substr(0, 16);
        return (entry.tag == kPatientName ? "ANON^" : "ANON-") + name;
      }
      case Action::kUid: {
        const std::string first = values_of(raw).front();  // none of the list has more
        const std::string made = first.empty() ? first : uid(entry.tag, first);
        return first.empty() || is_uid(made) ? std::optional(made) : std::nullopt;
      }
      case Action::kDate:
      case Action::kTime:
        return when(entry, trimmed(raw));
      case Action::kDescriptor: {
        std::string words = options_.clean_descriptors ? cleaned_description(raw, secrets_, kLongestText) : "";
        return words.empty() ? std::nullopt : std::optional(std::move(words));
      }
      case Action::kKeep:
        break;
      case Action::kMark:
      case Action::kSecret:
        return std::nullopt;
    }
    if (raw.size() > most_of(entry.vr)) return std::nullopt;
    if (const std::size_t width = width_of(entry.vr); width > 0) {
      const bool few = entry.vr == "OW" || (raw.size() <= kMostNumbers * width && !holds_secret(raw, secrets_.words));
      return raw.size() % width == 0 && few ? std::optional(raw) : std::nullopt;
    }
    return kept_text(entry, raw);
  }

  /// Whether a lookup table has no more bytes than its descriptor says, and no name among them.
  [[nodiscard]] bool is_table(const Item& from, const Element& table) const {
    constexpr std::uint64_t kMostEntries = 65536;
    constexpr Tag kFromPalette = tags::kRedData - tags::kRedDescriptor;
    const Tag descriptor = table.tag == tags::kLutData ? tags::kLutDescriptor : table.tag - kFromPalette;
    const std::uint64_t entries = from.find(descriptor) == nullptr ? 0 : word_of(from, descriptor);
    const std::uint64_t most = 2 * (entries == 0 ? kMostEntries : entries);
    return from.find(descriptor) != nullptr && table.value.size() <= most &&
           !bytes_name_somebody(text_of(table.value), secrets_.words);
  }

  [[nodiscard]] std::optional<std::string> when(const ProfileEntry& entry, const std::string& value) const {
    std::optional<std::string> nothing = entry.always ? std::optional(std::string()) : std::nullopt;
    if (!options_.shift_dates) return nothing;
    if (entry.action == Action::kTime) return is_time(value) ? value : nothing;
    const std::string date = shifted(value, days());
    return date.empty() ? nothing : std::optional(date);
  }

  std::optional<std::string> kept_text(const ProfileEntry& entry, const std::string& raw) {
    const std::string text = trimmed(raw);
    if (entry.vr == "DS" || entry.vr == "IS") {
      return all_numbers(text) && !has_number(text, secrets_.words) ? std::optional(text) : std::nullopt;
    }
    const auto control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
    const std::vector<std::string> values = values_of(text);
    const auto longer = [](const std::string& value) { return value.size() > kLongestText; };
    if (std::any_of(text.begin(), text.end(), control) || text.size() > kMaxDescription ||
        std::any_of(values.begin(), values.end(), longer)) {
      return std::nullopt;
    }
    if (entry.vr == "CS") {
      if (has_word(text, secrets_.words)) copy_.refused = "a name in a technical attribute";
      return all_of(upper(text), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 _\\-./+") ? std::optional(text) : std::nullopt;
    }
    // A name in parts, or an address.
    if (text.find_first_of("^@") != std::string::npos) return std::nullopt;
    return holds_secret(text, secrets_.words) ? std::nullopt : std::optional(text);
  }

  [[nodiscard]] std::string meta() const {
    std::string group;
    put_element(group, 0x00020001, "OB", std::string("\0\1", 2));
    put_element(group, 0x00020002, "UI", said_.sop_class);
    put_element(group, 0x00020003, "UI", copy_.sop_uid);
    put_element(group, 0x00020010, "UI",
                std::string(encapsulated() && !copy_.masked ? object_.syntax.uid : kExplicitLittleEndian));
    put_element(group, 0x00020012, "UI", uid_of("mi2 implementation"));
    put_element(group, 0x00020013, "SH", "MI2");
    std::string out(128, '\0');
    out += "DICM";
    std::string length;
    base::append_little_endian<std::uint32_t>(length, static_cast<std::uint32_t>(group.size()));
    put_element(out, 0x00020000, "UL", length);
    return out + group;
  }

  /// Behind an image in its fragment, among coded bytes that no pixel comes of.
  [[nodiscard]] bool pixels_name_somebody() const {
    const std::vector<Bytes> parts = copy_.parts();
    return std::any_of(parts.begin() + 1, parts.end() - 1, [&](Bytes part) {
      return bytes_name_somebody({reinterpret_cast<const char*>(part.data()), part.size()}, secrets_.words);
    });
  }

  Bytes file_;
  const Object& object_;
  const Item& data_;
  const Description& said_;
  const AnonymiseOptions& options_;
  std::uint64_t max_pixels_;
  std::string_view name_;
  Secrets secrets_;
  const Element* pixels_;
  Boxes boxes_;
  std::map<Tag, std::string> values_;  ///< of masked pixels, in place of the object's; empty: left out
  Anonymous copy_;
};

}  // namespace

std::vector<Bytes> Anonymous::parts() const {
  static constexpr std::array<std::byte, 65536> kZeros{};
  std::vector<Bytes> out{std::as_bytes(std::span(head))};
  std::size_t at = 0;
  for (const Part part : blank) {
    if (part.first > at) out.push_back(pixels.subspan(at, part.first - at));
    for (at = part.first; at < part.last; at += out.back().size()) {
      out.push_back(Bytes(kZeros).first(std::min(kZeros.size(), part.last - at)));
    }
  }
  out.push_back(pixels.subspan(at));
  out.push_back(std::as_bytes(std::span(tail)));
  return out;
}

Anonymous anonymise(std::span<const std::byte> object, const AnonymiseOptions& options, std::uint64_t max_pixels,
                    std::string_view name) {
  const Description said = describe(object, name);
  const Object read = load_object(object, max_pixels, name, find_read);
  // A deflated object is refused, so that no pixels are views of `read`.
  return Copy(object, read, said, options, max_pixels, name).run();
}

}  // namespace mi2::dicom::results
