// Which objects have pixels, and what a DICOMDIR lists.

#include <algorithm>
#include <array>
#include <string>

#include <mi2/error.hpp>

#include "dicom/dataset.hpp"
#include "dicom/dicom.hpp"

namespace mi2::dicom {
namespace {

constexpr std::string_view kDirectoryClass = "1.2.840.10008.1.3.10";

struct PixellessClass {
  std::string_view uid;  ///< or how it starts, if it ends with a dot
  std::string_view name;
};

/// PS3.4 B.5, without those that have pixels.
constexpr std::array kPixelless = {
    PixellessClass{kDirectoryClass, "DICOMDIR"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.88.59", "key object selection"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.88.", "structured report"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.11.", "presentation state"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.9.", "waveform"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.104.", "encapsulated document"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.481.3", "RT structure set"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.481.5", "RT plan"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.481.8", "RT plan"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.66", "raw data"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.66.1", "registration"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.66.3", "registration"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.66.2", "fiducials"},
    PixellessClass{"1.2.840.10008.5.1.4.1.1.4.2", "spectroscopy"},
    PixellessClass{"1.2.840.10008.5.1.4.38.1", "hanging protocol"},
};

std::string_view class_name(std::string_view uid) noexcept {
  const auto* const found = std::find_if(kPixelless.begin(), kPixelless.end(), [&](const PixellessClass& one) {
    return one.uid.ends_with('.') ? uid.starts_with(one.uid) : uid == one.uid;
  });
  return found == kPixelless.end() ? std::string_view{} : found->name;
}

bool has_pixels(const Item& data) noexcept {
  return data.find(tags::kPixelData) != nullptr || data.find(tags::kFloatPixels) != nullptr ||
         data.find(tags::kDoublePixels) != nullptr;
}

}  // namespace

ObjectKind kind_of(std::span<const std::byte> bytes, bool whole) {
  try {
    const Header header = read_header(bytes, "");
    const Bytes dataset = bytes.subspan(header.dataset);
    const TransferSyntax* syntax = find_transfer_syntax(header.transfer_syntax);
    const std::optional<Encoding> encoding = guess_encoding(dataset);
    // The first element may be longer than these bytes.
    ObjectKind kind;
    kind.unsure = !encoding && !whole;
    if (!encoding) return kind;
    // What is deflated would have to be inflated to its end.
    if (syntax != nullptr && syntax->codec == Codec::kDeflated) return {};
    const Item data = parse(dataset, *encoding, "", whole).item;
    if (has_pixels(data)) return {};
    kind.directory = data.find(tags::kDirectory) != nullptr;
    kind.class_of = kind.directory ? std::string_view("DICOMDIR") : class_name(text(data, tags::kSopClass));
    kind.unsure = !whole && kind.class_of.empty();
    kind.pixels = kind.unsure;
    return kind;
  } catch (const Error&) {  // whoever reads it is told why it cannot be
    return {};
  }
}

std::vector<std::vector<std::string>> referenced_files(std::span<const std::byte> directory, std::string_view name) {
  const Object object = load_object(directory, 1, name);
  std::vector<std::vector<std::string>> files;
  for (std::uint64_t i = 0; const Item* record = object.data.item(tags::kDirectory, i); ++i) {
    const Element* element = record->find(tags::kReferencedFile);
    if (element == nullptr) continue;
    std::string_view rest(reinterpret_cast<const char*>(element->value.data()), element->value.size());
    std::vector<std::string> parts;
    bool plain = true;
    for (bool more = true; more;) {
      const std::size_t end = rest.find('\\');
      more = end != std::string_view::npos;
      parts.push_back(trimmed(rest.substr(0, end)));
      if (more) rest.remove_prefix(end + 1);
      const std::string& part = parts.back();
      plain = plain && !part.empty() && part != "." && part != ".." && part.find('/') == std::string::npos &&
              part.find('\0') == std::string::npos;
    }
    if (plain) files.push_back(std::move(parts));
  }
  return files;
}

}  // namespace mi2::dicom
