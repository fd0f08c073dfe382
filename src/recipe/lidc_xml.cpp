#include "recipe/lidc_xml.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/blanks.hpp"
#include "base/table.hpp"
#include "recipe/xml.hpp"

namespace mi2::recipe {
namespace {

std::string_view text_of(const pugi::xml_node& node) { return base::without_blanks(node.child_value(), " \t\r\n"); }

std::string_view text_in(const pugi::xml_node& parent, std::string_view name) { return text_of(child(parent, name)); }

bool is_uid(std::string_view text) noexcept {
  constexpr std::size_t kLongest = 128;  // 64 by the standard, more in the wild
  return !text.empty() && text.size() <= kLongest &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || c == '.'; });
}

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  constexpr double kFurthest = 1e6;
  if (error != std::errc{} || end != text.data() + text.size() || !(std::abs(value) <= kFurthest)) return std::nullopt;
  return value;
}

class Reader {
 public:
  explicit Reader(std::string_view name) : name_(name) {}

  LidcReading read(const pugi::xml_node& root) {
    for (const pugi::xml_node& node : child(root, "ResponseHeader").children()) {
      const std::string key = base::lower_ascii(local_name(node.name()));
      if (key == "studyinstanceuid") reading_.study = uid(node);
      if (key == "seriesinstanceuid" || key == "ctseriesinstanceuid") reading_.series = uid(node);
    }
    for (const pugi::xml_node& session : root.children()) {
      if (local_name(session.name()) != "readingSession") continue;
      if (++reading_.readers > kMaxLidcReaders) bad(fmt::format("has more than {} readers", kMaxLidcReaders));
      read_session(session);
    }
    return std::move(reading_);
  }

 private:
  [[noreturn]] void bad(std::string_view what) const {
    throw Error(Code::kBadFile, fmt::format("{}: {}", name_, what));
  }

  [[nodiscard]] std::string uid(const pugi::xml_node& node) const {
    const std::string_view text = text_of(node);
    if (!text.empty() && !is_uid(text)) bad(fmt::format("<{}> holds no UID", local_name(node.name())));
    return std::string(text);
  }

  void read_session(const pugi::xml_node& session) {
    for (const pugi::xml_node& node : session.children()) {
      const std::string_view name = local_name(node.name());
      if (name == "unblindedReadNodule") add(read_nodule(node));
      if (name == "nonNodule") add(read_non_nodule(node));
    }
  }

  void add(Lesion lesion) {
    lesion.reader = reading_.readers - 1;
    reading_.lesions.push_back(std::move(lesion));
  }

  [[nodiscard]] Lesion read_nodule(const pugi::xml_node& node) const {
    Lesion lesion;
    bool is_outlined = false;
    for (const pugi::xml_node& roi : node.children()) {
      if (local_name(roi.name()) != "roi") continue;
      lesion.outlines.push_back(read_outline(roi, "edgeMap"));
      is_outlined = is_outlined || lesion.outlines.back().points.size() > 1;
    }
    // Some small nodules have characteristics that say nothing.
    bool is_rated = false;
    for (const pugi::xml_node& rating : child(node, "characteristics").children()) {
      const double value = number_in(text_of(rating)).value_or(0);
      is_rated = is_rated || value > 0;
      constexpr double kMost = 5;
      if (local_name(rating.name()) == "malignancy" && value >= 1 && value <= kMost) {
        lesion.malignancy = static_cast<int>(value);
      }
    }
    lesion.kind = is_rated && is_outlined ? LesionKind::kNodule : LesionKind::kSmallNodule;
    if (lesion.kind == LesionKind::kSmallNodule) lesion.malignancy = 0;
    return lesion;
  }

  [[nodiscard]] Lesion read_non_nodule(const pugi::xml_node& node) const {
    Lesion lesion;
    lesion.kind = LesionKind::kNonNodule;
    lesion.outlines.push_back(read_outline(node, "locus"));
    return lesion;
  }

  [[nodiscard]] Outline read_outline(const pugi::xml_node& node, std::string_view point_name) const {
    Outline outline;
    outline.slice = uid(child(node, "imageSOP_UID"));
    if (outline.slice.empty()) bad(fmt::format("a <{}> names no slice (imageSOP_UID)", local_name(node.name())));
    outline.inclusion = base::lower_ascii(text_in(node, "inclusion")) != "false";
    for (const pugi::xml_node& point : node.children()) {
      if (local_name(point.name()) != point_name) continue;
      const std::optional<double> x = number_in(text_in(point, "xCoord"));
      const std::optional<double> y = number_in(text_in(point, "yCoord"));
      if (!x || !y) bad(fmt::format("an <{}> is no point: expected xCoord and yCoord", point_name));
      outline.points.push_back({*x, *y});
    }
    return outline;
  }

  std::string_view name_;
  LidcReading reading_;
};

}  // namespace

LidcFile parse_lidc(std::string_view xml, std::string_view name) {
  XmlLimits limits;
  limits.bytes = kMaxLidcBytes;
  pugi::xml_document document;
  parse_xml(xml, name, document, limits);
  const pugi::xml_node root = document.document_element();
  LidcFile file;
  if (child(root, "CXRreadingSession") || local_name(root.name()) == "IdriReadMessage") {
    file.kind = LidcFile::Kind::kRadiograph;
  } else if (local_name(root.name()) == "LidcReadMessage") {
    file.kind = LidcFile::Kind::kReading;
    file.reading = Reader(name).read(root);
  }
  return file;
}

}  // namespace mi2::recipe
