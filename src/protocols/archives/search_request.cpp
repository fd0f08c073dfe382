#include "protocols/archives/search_request.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/query.hpp"
#include "archive/slice_parts.hpp"
#include "archive/windows.hpp"
#include "base/base64.hpp"
#include "base/hash.hpp"
#include "protocols/archives/asked.hpp"
#include "protocols/archives/cursor.hpp"
#include "protocols/archives/query.hpp"
#include "protocols/request.hpp"

namespace mi2::protocols::archives {
namespace {

using Kind = AskedPart::Kind;

/// What a filter may ask for with the right to see paths alone.
constexpr std::array<std::string_view, 2> kPathFields{"path", "source"};

struct PartName {
  const char* name;
  Kind kind;
  bool away;
  bool remote = false;  ///< an image by the URI of its object
};

/// In the order in which `mi2 index search` takes them, so that sums of directions are the same to the last bit.
constexpr std::array kPartNames{
    PartName{"item", Kind::kItem, false},        PartName{"study", Kind::kStudy, false},
    PartName{"series", Kind::kSeries, false},    PartName{"vector", Kind::kVector, false},
    PartName{"text", Kind::kText, false},        PartName{"not_text", Kind::kText, true},
    PartName{"image", Kind::kImage, false},      PartName{"dicomweb_uri", Kind::kImage, false, true},
    PartName{"not_item", Kind::kItem, true},     PartName{"not_study", Kind::kStudy, true},
    PartName{"not_series", Kind::kSeries, true}, PartName{"not_vector", Kind::kVector, true},
    PartName{"not_image", Kind::kImage, true},
};

const std::vector<std::string>& member_names() {
  static const std::vector<std::string> kNames = [] {
    const std::span<const std::string> query = query_members();
    std::vector<std::string> names(query.begin(), query.end());
    for (const char* name : {"k", "by", "match", "same_patient", "where", "exclude_study", "min_score", "cursor"})
      names.emplace_back(name);
    return names;
  }();
  return kNames;
}

/// The name of the model that makes vectors of an archive's weights.
std::string model_of(const Service& service, const archive::Format& format) {
  const std::shared_ptr<const ServedModel> model = find_model(service, format);
  if (model) return model->name;
  throw Error(Code::kBadArgument,
              "text, image: expected a server with the model of the archive's weights, got one of others; GET /info "
              "lists them");
}

/// What two requests for the same have in common. @param archive  Format::id: another one has other snapshots and rows.
std::string hash_of(const Json& body, const std::string& archive) {
  std::string text = archive;
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

/// Gathers the parts of a search.
class PartReader {
 public:
  /// Takes what is said of all images too.
  PartReader(const Service& service, const archive::Served& served, Json& body, Carded carded)
      : service_(service), served_(served), carded_(carded == Carded::kYes) {
    if (Json* const site = member(body, "site")) site_ = take_string(*site, "site");
    if (Json* const window = member(body, "window")) window_ = take_string(*window, "window");
    if (Json* const region = member(body, "region")) region_ = read_region(*region);
    if (window_ && *window_ != archive::kOwnWindow) static_cast<void>(read_window(*window_));
  }

  void read(Json& body, const PartName& part) {
    Json* value = member(body, part.name);
    if (value == nullptr) return;
    const bool list = value->is_array() && (part.kind != Kind::kVector || value->empty() || value->front().is_array());
    if (!list) return add(*value, part, part.name, 0);
    if (value->empty()) throw Error(Code::kBadArgument, fmt::format("{}: is empty", part.name));
    for (std::size_t i = 0; i < value->size(); ++i) add((*value)[i], part, fmt::format("{} {}", part.name, i + 1), i);
  }

  /// When all is read. @throws Error{kBadArgument} for a region, or a window, of no image.
  void finish() {
    const auto is_image = [](const AskedPart& part) { return part.kind == Kind::kImage; };
    const auto images = std::count_if(parts_.begin(), parts_.end(), is_image);
    if (window_ && images == 0) throw Error(Code::kBadArgument, "window: expected an image with it, got none");
    if (!region_) return;
    if (images != 1) throw Error(Code::kBadArgument, fmt::format("region: expected one image, got {}", images));
    AskedPart& part = *std::find_if(parts_.begin(), parts_.end(), is_image);
    part.region = embedder::to_string(*region_);
    work().image(part.place).region = region_;
  }

  std::vector<AskedPart> take_parts() { return std::move(parts_); }
  Work take_work() { return work_ ? work_->take() : Work{}; }

 private:
  WorkBuilder& work() {
    if (!work_) {
      const archive::Space& space = served_.format().space;
      ImageOptions options = archive::options_of(space, service_.images);
      if (window_) options = archive::asking_through(space, options, *window_, "window");
      work_.emplace(service_, model_of(service_, served_.format()), options);
    }
    return *work_;
  }

  /// @param place  in its list.
  void add(Json& value, const PartName& named, const std::string& name, std::size_t place) {
    if (parts_.size() == kMostParts) {
      throw Error(Code::kTooLarge, fmt::format("more than {} things to search for in one request", kMostParts));
    }
    AskedPart part;
    part.kind = named.kind;
    part.away = named.away;
    switch (named.kind) {
      case Kind::kText:
        add_text(value, name, part);
        break;
      case Kind::kImage:
        if (named.remote) {
          add_instance(value, name, part);
        } else {
          add_image(value, name, part);
        }
        break;
      case Kind::kItem:
        part.item = read_item(value, name);
        break;
      case Kind::kVector:
        part.vector = read_vector(value, name, served_.format().dimensions);
        part.place = place;
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

  void add_text(Json& value, const std::string& name, AskedPart& part) {
    std::string text = need_text(value, name);
    if (carded_) part.text = text;
    part.place = work().add_text(std::move(text), name);
  }

  void add_image(Json& value, const std::string& name, AskedPart& part) {
    std::string bytes = base::base64_decode(need_text(value, name), name);
    part.image = std::make_shared<SeenImage>(
        see_image(std::as_bytes(std::span(bytes)), name, {served_.key(), site_, !part.away, carded_}));
    part.place = work().add_image_bytes(std::move(bytes), name);
  }

  void add_instance(Json& value, const std::string& name, AskedPart& part) {
    const InstanceUri uri = read_instance_uri(need_text(value, name), name);
    part.place = work().add_url(uri.url, name);
    part.image = std::make_shared<SeenImage>();
    ImageItem& item = work().image(part.place);
    item.dicomweb = true;
    item.see = [seen = part.image, uid = uri.sop_uid, name, how = Seeing{served_.key(), site_, true, carded_}](
                   std::span<const std::byte> file) { *seen = see_instance(file, uid, name, how); };
  }

  const Service& service_;
  const archive::Served& served_;
  bool carded_;
  std::string site_;
  std::optional<std::string> window_;
  std::optional<embedder::Region> region_;
  std::optional<WorkBuilder> work_;
  std::vector<AskedPart> parts_;
};

/// One UID, or several.
std::vector<std::string> read_studies(Json& value, const std::string& name) {
  if (value.is_array()) return take_strings(&value, name);
  return {take_string(value, name)};
}

std::optional<archive::MinScore> read_min_score(Json& body) {
  const Json* const value = member(body, "min_score");
  if (value == nullptr) return std::nullopt;
  if (value->is_string() && value->get_ref<const std::string&>() == "auto") return archive::MinScore{-1, true};
  // Not a number is neither.
  if (value->is_number() && value->get<double>() >= -1 && value->get<double>() <= 1) {
    return archive::MinScore{value->get<double>(), false};
  }
  throw Error(Code::kBadArgument, "min_score: expected \"auto\" or a number from -1 to 1");
}

void read_options(Json& body, const Right& right, archive::SearchOptions& options) {
  constexpr std::array<std::string_view, 5> kBy{"study", "series", "patient", "image", "tile"};
  constexpr std::array<std::string_view, 3> kSame{"exclude", "include", "only"};
  constexpr std::array<std::string_view, 3> kMatch{"best", "mean", "maxsim"};
  if (const auto k = read_whole(body, "k", 1, kMostResults)) options.k = static_cast<std::size_t>(*k);
  if (const auto by = read_choice(body, "by", kBy)) options.by = archive::parse_by(*by);
  if (const auto same = read_choice(body, "same_patient", kSame))
    options.same_patient = archive::parse_same_patient(*same);
  if (const auto match = read_choice(body, "match", kMatch)) options.match = archive::parse_match(*match);
  if (const Json* where = member(body, "where")) options.where = read_where(*where, right);
  if (Json* excluded = member(body, "exclude_study")) {
    options.where = archive::filter::without_studies(options.where ? &*options.where : nullptr,
                                                     read_studies(*excluded, "exclude_study"), "exclude_study");
  }
  options.min_score = read_min_score(body);
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
  asked.options.deleted_since = true;
  asked.options.shown = cursor.shown;
  asked.options.after = cursor.last;
}

/// Of what does not come from the archive.
archive::Origin origin_of(const AskedPart& asked) {
  archive::Origin origin;
  if (asked.kind == Kind::kText) origin.asked = archive::Asked::kText;
  if (asked.kind == Kind::kImage) origin.asked = archive::Asked::kImage;
  if (asked.kind == Kind::kVector) origin.place = asked.place;
  origin.text = asked.text;
  if (asked.image) origin.sha256 = asked.image->sha256;
  origin.region = asked.region;
  return origin;
}

archive::QueryPart part_of(archive::Reader& reader, const AskedPart& asked, const archive::SearchOptions& options,
                           const Vectors& vectors) {
  const archive::filter::Expr* visible = options.visible ? &*options.visible : nullptr;
  const auto row = [](std::span<const float> numbers) { return std::vector<float>(numbers.begin(), numbers.end()); };
  switch (asked.kind) {
    case Kind::kText:
      return {row(vectors.texts.row(asked.place)), 1, archive::Nature::kText, {}, {}, origin_of(asked)};
    case Kind::kImage:
      return {row(vectors.images.row(asked.place)),
              1,
              archive::Nature::kImage,
              archive::known_subjects(reader, asked.image->names, visible),
              {},
              origin_of(asked)};
    case Kind::kVector:
      return {asked.vector, 1, archive::Nature::kOther, {}, {}, origin_of(asked)};
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

std::uint64_t read_item(const Json& value, const std::string& name) {
  constexpr std::uint64_t kMost = 0xFFFF'FFFF;  // rows of an archive
  if (value.is_string()) return read_number(value.get_ref<const std::string&>(), name, 0, kMost);
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > kMost) {
    throw Error(Code::kBadArgument, fmt::format("{}: expected a whole number from 0 to {}", name, kMost));
  }
  return value.get<std::uint64_t>();
}

std::span<const std::string> query_members() {
  static const std::vector<std::string> kNames = [] {
    std::vector<std::string> names;
    for (const PartName& part : kPartNames) names.emplace_back(part.name);
    for (const char* name : {"site", "region", "window"}) names.emplace_back(name);
    return names;
  }();
  return kNames;
}

bool may_filter(const archive::filter::Expr& where, const Right& right) {
  return right.paths || std::none_of(kPathFields.begin(), kPathFields.end(),
                                     [&](std::string_view field) { return archive::filter::uses(where, field); });
}

archive::filter::Expr read_where(const Json& where, const Right& right) {
  archive::filter::Expr expr = archive::filter::from_json(where);
  if (!may_filter(expr, right)) {
    throw Error(Code::kBadArgument,
                fmt::format("where: the fields {} take the right to see paths", fmt::join(kPathFields, " and ")));
  }
  return expr;
}

AskedSearch read_search(const Service& service, const archive::Served& served, const Right& right, Json body,
                        Carded carded) {
  check_members(body, "body", member_names());
  AskedSearch asked;
  asked.query = hash_of(body, served.format().id);
  read_options(body, right, asked.options);
  read_cursor(body, asked);
  PartReader reader(service, served, body, carded);
  for (const PartName& part : kPartNames) reader.read(body, part);
  reader.finish();
  asked.parts = reader.take_parts();
  asked.work = reader.take_work();
  const auto positive = [](const AskedPart& part) { return !part.away; };
  if (std::none_of(asked.parts.begin(), asked.parts.end(), positive)) {
    throw Error(Code::kBadArgument,
                "body: expected text, image, dicomweb_uri, item, study, series or vector, got none");
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
  if (asked.options.match != archive::Match::kMaxSim) return parts;
  const archive::filter::Expr* visible = asked.options.visible ? &*asked.options.visible : nullptr;
  return archive::slice_parts(reader, std::move(parts), visible);
}

}  // namespace mi2::protocols::archives
