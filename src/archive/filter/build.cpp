#include "archive/filter/build.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "archive/filter/dates.hpp"
#include "base/nearest.hpp"
#include "base/numbers.hpp"
#include "base/table.hpp"
#include "base/utf8.hpp"

namespace mi2::archive::filter {
namespace {

constexpr std::array kFields{
    Field{"modality", FieldKind::kText, "CT, MR, US, .."},
    Field{"body_part", FieldKind::kText, "body part examined"},
    Field{"laterality", FieldKind::kText, "R or L"},
    Field{"plane", FieldKind::kText, "axial, coronal, sagittal or oblique"},
    Field{"protocol", FieldKind::kText, "protocol's name"},
    Field{"study_description", FieldKind::kText, "description of the study"},
    Field{"series_description", FieldKind::kText, "description of the series"},
    Field{"contrast", FieldKind::kText, "contrast agent"},
    Field{"kernel", FieldKind::kText, "convolution kernel"},
    Field{"image_type", FieldKind::kText, "image type"},
    Field{"manufacturer", FieldKind::kText, "of the device"},
    Field{"model", FieldKind::kText, "of the device"},
    Field{"station", FieldKind::kText, "name of the device's station"},
    Field{"software", FieldKind::kText, "version of the device's software"},
    Field{"field_strength", FieldKind::kNumber, "tesla"},
    Field{"kvp", FieldKind::kNumber, "peak kilovolts"},
    Field{"thickness", FieldKind::kNumber, "of slices, mm"},
    Field{"slices", FieldKind::kNumber, "images of the series; tiles of slides have none"},
    Field{"date", FieldKind::kDate, "of the study"},
    Field{"site", FieldKind::kText, "where it came from, as --site said"},
    Field{"sex", FieldKind::kText, "M, F or O"},
    Field{"birth_year", FieldKind::kNumber, "of the patient"},
    Field{"study", FieldKind::kText, "study instance UID"},
    Field{"series", FieldKind::kText, "series instance UID"},
    Field{"image", FieldKind::kText, "SOP instance UID"},
    Field{"path", FieldKind::kText, "file or URL that it was read from"},
    Field{"kind", FieldKind::kText, "frame, as tiles of slides are too, or series"},
    Field{"frame", FieldKind::kNumber, "number within the image"},
    Field{"position", FieldKind::kNumber, "along the normal, mm"},
    Field{"source", FieldKind::kNumber, "number of the source"},
    Field{"label", FieldKind::kKeyed, "a label's value by its key: label.finding=pneumonia"},
};

[[noreturn]] void refuse(std::string_view place, std::string_view what) {
  throw Error(Code::kBadArgument, fmt::format("filter: {}: {}", place, what));
}

const Field* find_field(std::string_view name) {
  const auto* found =
      std::find_if(kFields.begin(), kFields.end(), [&](const Field& field) { return field.name == name; });
  return found == kFields.end() ? nullptr : found;
}

/// What is said of a name that there is not.
std::string unknown_field(std::string_view name) {
  std::vector<std::string> names;
  for (const Field& field : kFields) names.emplace_back(field.name);
  const std::string near = base::nearest(name, names);
  if (!near.empty()) return fmt::format("unknown field; did you mean {}?", near);
  std::string listed;
  for (const std::string& known : names) listed += (listed.empty() ? "" : ", ") + known;
  return fmt::format("unknown field; expected one of {}", listed);
}

bool has_order(FieldKind kind) { return kind == FieldKind::kNumber || kind == FieldKind::kDate; }

bool fits(Op op, FieldKind kind) {
  switch (op) {
    case Op::kLess:
    case Op::kLessEqual:
    case Op::kGreater:
    case Op::kGreaterEqual:
      return has_order(kind);
    case Op::kContains:
      return !has_order(kind);
    case Op::kEqual:
    case Op::kNotEqual:
    case Op::kIn:
    case Op::kNotIn:
      break;
  }
  return true;
}

std::string normal_number(const std::string& text, std::string_view place) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    refuse(place, "expected a number");
  }
  std::string normal;
  base::append_number(normal, number);
  return normal;
}

std::string normal_value(std::string value, FieldKind kind, std::string_view place) {
  if (value.size() > kMaxValueBytes) {
    throw Error(Code::kTooLarge, fmt::format("filter: {}: a value of over {} bytes", place, kMaxValueBytes));
  }
  const bool plain = std::none_of(value.begin(), value.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
  });
  if (!plain || base::utf8_prefix(value) != value.size()) {
    refuse(place, "expected a value of UTF-8 without control characters");
  }
  if (kind == FieldKind::kNumber) return normal_number(value, place);
  if (kind != FieldKind::kDate) return value;
  const auto date = normal_date(value);
  if (!date) refuse(place, "expected a date as 2020, 2020-05 or 2020-05-17");
  return *date;
}

}  // namespace

std::span<const Field> fields() noexcept { return kFields; }

bool is_bare(char c) noexcept {
  return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) != 0x7F &&
         std::string_view("()\"',=<>!~\\").find(c) == std::string_view::npos;
}

bool is_key(std::string_view key) noexcept {
  constexpr std::size_t kMaxKey = 64;
  return !key.empty() && key.size() <= kMaxKey && base::utf8_prefix(key) == key.size() &&
         std::all_of(key.begin(), key.end(), is_bare);
}

std::string_view text_of(Op op) noexcept {
  constexpr std::array<std::string_view, 9> kTexts{"=", "!=", "<", "<=", ">", ">=", "~", "in", "not in"};
  return kTexts[static_cast<std::size_t>(op)];
}

FieldKind kind_of(std::string_view field) noexcept {
  const Field* const found = find_field(field);
  return found == nullptr ? FieldKind::kText : found->kind;
}

bool is_equality(Op op) noexcept {
  return op == Op::kEqual || op == Op::kNotEqual || op == Op::kIn || op == Op::kNotIn;
}

bool is_negative(Op op) noexcept { return op == Op::kNotEqual || op == Op::kNotIn; }

bool is_from_first_day(Op op) noexcept { return op == Op::kLess || op == Op::kGreaterEqual; }

double number_of(std::string_view value) noexcept {
  double number = 0;
  std::from_chars(value.data(), value.data() + value.size(), number);
  return number;
}

void check_depth(std::size_t depth) {
  if (depth > kMaxDepth) {
    throw Error(Code::kTooLarge, fmt::format("filter: nested more than {} deep", kMaxDepth));
  }
}

Name read_name(std::string_view text, std::string_view place) {
  const std::size_t dot = text.find('.');
  const std::string name = base::lower_ascii(text.substr(0, dot));
  const Field* field = find_field(name);
  if (field == nullptr) refuse(place, unknown_field(name));
  const std::string_view key = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  if (field->kind != FieldKind::kKeyed) {
    if (dot != std::string_view::npos) refuse(place, fmt::format("the field {} has no keys", field->name));
    return {field, {}};
  }
  if (!is_key(key)) refuse(place, fmt::format("expected {0}.KEY, as in {0}.finding", field->name));
  return {field, std::string(key)};
}

Expr Builder::compare(const Name& name, Op op, std::vector<std::string> values, std::string_view place) {
  count_node();
  values_ += values.size();
  if (values_ > kMaxValues) throw Error(Code::kTooLarge, fmt::format("filter: over {} values", kMaxValues));
  if (!fits(op, name.field->kind)) {
    refuse(place, fmt::format("the field {} is not compared with {}", name.field->name, text_of(op)));
  }
  Expr expr;
  expr.kind = Kind::kCompare;
  expr.field = name.field->name;
  expr.key = name.key;
  expr.op = op;
  for (std::string& value : values) expr.values.push_back(normal_value(std::move(value), name.field->kind, place));
  return expr;
}

Expr Builder::group(Kind kind, std::vector<Expr> parts) {
  if (parts.size() == 1) return std::move(parts.front());
  count_node();
  Expr expr;
  expr.kind = kind;
  for (Expr& part : parts) {
    if (part.kind == kind) {
      std::move(part.parts.begin(), part.parts.end(), std::back_inserter(expr.parts));
    } else {
      expr.parts.push_back(std::move(part));
    }
  }
  return expr;
}

Expr Builder::negation(Expr part) {
  count_node();
  Expr expr;
  expr.kind = Kind::kNot;
  expr.parts.push_back(std::move(part));
  return expr;
}

Expr both(Expr a, Expr b) {
  std::vector<Expr> parts;
  parts.push_back(std::move(a));
  parts.push_back(std::move(b));
  return Builder().group(Kind::kAnd, std::move(parts));
}

Expr without_studies(const Expr* where, const std::vector<std::string>& studies, std::string_view name) {
  const bool nothing = std::any_of(studies.begin(), studies.end(), [](const std::string& uid) { return uid.empty(); });
  if (studies.empty() || nothing) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected the UID of a study, got nothing", name));
  }
  Builder builder;
  const Op op = studies.size() == 1 ? Op::kEqual : Op::kIn;
  Expr left = builder.negation(builder.compare(read_name("study", name), op, studies, name));
  if (where != nullptr) left = both(*where, std::move(left));
  return parse(to_text(left));
}

bool uses(const Expr& expr, std::string_view field) {
  if (expr.kind == Kind::kCompare) return expr.field == field;
  return std::any_of(expr.parts.begin(), expr.parts.end(), [&](const Expr& part) { return uses(part, field); });
}

Expr Builder::finish(Expr expr) {
  if (to_text(expr).size() > kMaxText) {
    throw Error(Code::kTooLarge, fmt::format("filter: over {} bytes", kMaxText));
  }
  return expr;
}

void Builder::count_node() {
  if (++nodes_ > kMaxNodes) throw Error(Code::kTooLarge, fmt::format("filter: over {} parts", kMaxNodes));
}

}  // namespace mi2::archive::filter
