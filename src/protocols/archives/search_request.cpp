#include "protocols/archives/search_request.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "base/base64.hpp"
#include "base/hash.hpp"
#include "protocols/archives/cursor.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols::archives {
namespace {

using Kind = AskedPart::Kind;

struct PartName {
  const char* name;
  Kind kind;
  bool away;
};

/// In the order in which `mi2 index search` takes them, so that sums of directions are the same to the last bit.
constexpr std::array kPartNames{
    PartName{"item", Kind::kItem, false},        PartName{"study", Kind::kStudy, false},
    PartName{"series", Kind::kSeries, false},    PartName{"vector", Kind::kVector, false},
    PartName{"text", Kind::kText, false},        PartName{"not_text", Kind::kText, true},
    PartName{"image", Kind::kImage, false},      PartName{"not_item", Kind::kItem, true},
    PartName{"not_study", Kind::kStudy, true},   PartName{"not_series", Kind::kSeries, true},
    PartName{"not_vector", Kind::kVector, true}, PartName{"not_image", Kind::kImage, true},
};

const std::vector<std::string>& member_names() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const PartName& part : kPartNames) names.emplace_back(part.name);
    for (const char* name : {"k", "by", "match", "same_patient", "site", "where", "cursor"}) names.emplace_back(name);
    return names;
  }();
  return kNames;
}

/// One of `choices`, or nothing.
std::optional<std::string> choice(Json& body, const char* name, std::span<const std::string_view> choices) {
  const Json* value = member(body, name);
  if (value == nullptr) return std::nullopt;
  for (const std::string_view known : choices) {
    if (*value == known) return std::string(known);
  }
  throw Error(Code::kBadArgument, fmt::format("{}: expected one of {}", name, fmt::join(choices, ", ")));
}

/// The model that makes vectors of an archive's space.
const ServedModel& model_of(const Service& service, const archive::Format& format) {
  bool loading = false;
  for (const auto& [name, model] : service.models) {
    if (model->ready && model->provenance.weights_sha256 == format.space.weights_sha256) return *model;
    loading = loading || !model->ready;
  }
  if (loading) throw Error(Code::kOverloaded, "the model is not ready yet; try again");
  throw Error(Code::kBadArgument,
              "text, image: expected a server with the model of the archive's weights, got one of others; GET /info "
              "lists them");
}

/// What two requests for the same have in common.
std::string hash_of(const Json& body) {
  std::string text;
  for (const auto& [name, value] : body.items()) {
    if (name == "cursor" || name == "k") continue;
    const std::string held = value.is_string() ? value.get<std::string>() : value.dump();
    text += fmt::format("{}{}", name, base::sha256_hex(std::as_bytes(std::span(held))));
  }
  return base::sha256_hex(std::as_bytes(std::span(text)));
}

std::vector<float> read_vector(const Json& value, const std::string& name, std::size_t dimensions) {
  if (!value.is_array() || value.size() != dimensions) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected {} numbers", name, dimensions));
  }
  std::vector<float> numbers;
  for (const Json& number : value) {
    if (!number.is_number()) refuse_kind(number, name, "numbers");
    numbers.push_back(number.get<float>());
  }
  return numbers;
}

std::uint64_t read_item(const Json& value, const std::string& name) {
  constexpr std::uint64_t kMost = 0xFFFF'FFFF;  // rows of an archive
  if (value.is_string()) return read_number(value.get_ref<const std::string&>(), name, 0, kMost);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMost) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected a whole number from 0 to {}", name, kMost));
  }
  return value.get<std::uint64_t>();
}

/// Gathers the parts of a search.
class PartReader {
 public:
  PartReader(const Service& service, const archive::Served& served, std::string site)
      : service_(service), served_(served), site_(std::move(site)) {}

  void read(Json& body, const PartName& part) {
    Json* value = member(body, part.name);
    if (value == nullptr) return;
    const bool list = value->is_array() && (part.kind != Kind::kVector || value->empty() || value->front().is_array());
    if (!list) return add(*value, part, part.name);
    if (value->empty()) throw Error(Code::kBadArgument, fmt::format("{}: is empty", part.name));
    for (std::size_t i = 0; i < value->size(); ++i) add((*value)[i], part, fmt::format("{} {}", part.name, i + 1));
  }

  std::vector<AskedPart> take_parts() { return std::move(parts_); }
  Work take_work() { return work_ ? work_->take() : Work{}; }

 private:
  WorkBuilder& work() {
    if (!work_) {
      work_.emplace(service_, model_of(service_, served_.format()).name,
                    archive::options_of(served_.format().space, service_.images));
    }
    return *work_;
  }

  void add(Json& value, const PartName& named, const std::string& name) {
    if (parts_.size() == kMostParts) {
      throw Error(Code::kTooLarge, fmt::format("more than {} things to search for in one request", kMostParts));
    }
    AskedPart part;
    part.kind = named.kind;
    part.away = named.away;
    switch (named.kind) {
      case Kind::kText:
        part.place = work().add_text(need_text(value, name), name);
        break;
      case Kind::kImage:
        add_image(value, name, part);
        break;
      case Kind::kItem:
        part.item = read_item(value, name);
        break;
      case Kind::kVector:
        part.vector = read_vector(value, name, served_.format().dimensions);
        break;
      case Kind::kSeries:
      case Kind::kStudy:
        part.uid = need_text(value, name);
        break;
    }
    parts_.push_back(std::move(part));
  }

  static std::string need_text(Json& value, const std::string& name) {
    std::string text = take_string(value, name);
    if (text.empty()) throw Error(Code::kBadArgument, fmt::format("{}: is empty", name));
    return text;
  }

  void add_image(Json& value, const std::string& name, AskedPart& part) {
    std::string bytes = base::base64_decode(need_text(value, name), name);
    if (!part.away) {  // without a key an object is still known by its own identifier
      try {
        part.names = archive::names_of(std::as_bytes(std::span(bytes)), service_.images, name, served_.key(), site_);
      } catch (const Error& error) {
        throw Error(Code::kBadFile, error.what());
      }
    }
    part.place = work().add_image_bytes(std::move(bytes), name);
  }

  const Service& service_;
  const archive::Served& served_;
  std::string site_;
  std::optional<WorkBuilder> work_;
  std::vector<AskedPart> parts_;
};

void read_options(Json& body, const Right& right, archive::SearchOptions& options) {
  constexpr std::array<std::string_view, 4> kBy{"study", "series", "patient", "image"};
  constexpr std::array<std::string_view, 3> kSame{"exclude", "include", "only"};
  constexpr std::array<std::string_view, 2> kMatch{"best", "mean"};
  if (const Json* k = member(body, "k")) {
    if (!k->is_number_unsigned() || k->get<std::uint64_t>() < 1 || k->get<std::uint64_t>() > kMostResults) {
      throw Error(Code::kBadArgument, fmt::format("k: expected a whole number from 1 to {}", kMostResults));
    }
    options.k = k->get<std::size_t>();
  }
  if (const auto by = choice(body, "by", kBy)) options.by = archive::parse_by(*by);
  if (const auto same = choice(body, "same_patient", kSame)) options.same_patient = archive::parse_same_patient(*same);
  if (const auto match = choice(body, "match", kMatch)) options.mean = *match == "mean";
  if (const Json* where = member(body, "where")) options.where = read_where(*where, right);
  options.visible = right.rows;
  options.paged = true;
}

void read_cursor(Json& body, AskedSearch& asked) {
  Json* text = member(body, "cursor");
  if (text == nullptr) return;
  const Cursor cursor = parse_cursor(take_string(*text, "cursor"), kMostShown);
  if (cursor.query != asked.query) {
    throw Error(Code::kBadArgument, "cursor: expected one of this search, got that of another");
  }
  asked.options.at = cursor.at;
  asked.options.shown = cursor.shown;
  asked.options.after = cursor.last;
}

/// Of whom an image is, as far as the archive knows.
std::vector<archive::Subject> subjects_of(archive::Catalog& catalog, const archive::ObjectNames& names) {
  std::vector<archive::Subject> subjects;
  if (!names.patient_key.empty()) {
    if (const auto patient = catalog.patient_of(names.patient_key)) subjects.push_back({*patient, 0, 0});
  }
  if (!names.sop_uid.empty()) {
    if (const auto subject = catalog.subject_of(names.sop_uid)) {
      subjects.push_back({subject->patient, subject->study, subject->instance});
    }
  }
  return subjects;
}

archive::QueryPart part_of(archive::Reader& reader, const AskedPart& asked, const archive::SearchOptions& options,
                           const Vectors& vectors) {
  const archive::filter::Expr* visible = options.visible ? &*options.visible : nullptr;
  const auto row = [](std::span<const float> numbers) { return std::vector<float>(numbers.begin(), numbers.end()); };
  switch (asked.kind) {
    case Kind::kText:
      return {row(vectors.texts.row(asked.place)), 1, archive::Nature::kText, {}};
    case Kind::kImage:
      return {row(vectors.images.row(asked.place)), 1, archive::Nature::kImage,
              subjects_of(reader.catalog(), asked.names)};
    case Kind::kVector:
      return {asked.vector, 1, archive::Nature::kOther, {}};
    case Kind::kItem:
      return archive::part_of_item(reader, asked.item, visible);
    case Kind::kSeries:
      return archive::part_of_series(reader, asked.uid, visible);
    case Kind::kStudy:
      break;
  }
  return archive::part_of_study(reader, asked.uid, visible);
}

std::string_view missing(Kind kind) {
  if (kind == Kind::kItem) return "item: there is none of this number";
  return kind == Kind::kSeries ? "series: there is none of this identifier" : "study: there is none of this identifier";
}

}  // namespace

archive::filter::Expr read_where(const Json& where, const Right& right) {
  archive::filter::Expr expr = archive::filter::from_json(where);
  for (const std::string_view field : {"path", "source"}) {
    if (!right.paths && archive::filter::uses(expr, field)) {
      throw Error(Code::kBadArgument, fmt::format("where: the field {} takes the right to see paths", field));
    }
  }
  return expr;
}

AskedSearch read_search(const Service& service, const archive::Served& served, const Right& right, Json body) {
  check_members(body, "body", member_names());
  AskedSearch asked;
  asked.query = hash_of(body);
  read_options(body, right, asked.options);
  read_cursor(body, asked);
  Json* site = member(body, "site");
  PartReader reader(service, served, site == nullptr ? std::string() : take_string(*site, "site"));
  for (const PartName& part : kPartNames) reader.read(body, part);
  asked.parts = reader.take_parts();
  asked.work = reader.take_work();
  const auto positive = [](const AskedPart& part) { return !part.away; };
  if (std::none_of(asked.parts.begin(), asked.parts.end(), positive)) {
    throw Error(Code::kBadArgument, "body: expected text, image, item, study, series or vector, got none");
  }
  const auto somebodys = [&](const AskedPart& part) {
    return positive(part) && part.kind != Kind::kText && part.kind != Kind::kVector;
  };
  if (asked.options.same_patient == archive::SamePatient::kOnly &&
      std::none_of(asked.parts.begin(), asked.parts.end(), somebodys)) {
    throw Error(Code::kBadArgument, "same_patient: expected an image, item, series or study with 'only'");
  }
  return asked;
}

std::vector<archive::QueryPart> query_parts(archive::Reader& reader, const AskedSearch& asked, const Vectors& vectors) {
  std::vector<archive::QueryPart> parts;
  for (const AskedPart& part : asked.parts) {
    try {
      parts.push_back(part_of(reader, part, asked.options, vectors));
    } catch (const Error& error) {
      if (error.code() != Code::kNotFound) throw;
      throw Error(Code::kNotFound, std::string(missing(part.kind)));
    }
    if (!part.away) continue;
    parts.back().weight = -1;
    parts.back().subjects.clear();  // whom is looked away from is not whom it is about
  }
  return parts;
}

}  // namespace mi2::protocols::archives
