// An archive that is asked. Answers are JSON texts, the objects of mi2 index and of the server.

#include "archive.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/filesystem.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "archive/answers.hpp"
#include "archive/cards/make.hpp"
#include "archive/filter/filter.hpp"
#include "archive/query.hpp"
#include "archive/search.hpp"
#include "archive/served.hpp"
#include "archive/slice_parts.hpp"
#include "archive/upkeep.hpp"
#include "archive/windows.hpp"
#include "base/hash.hpp"
#include "bindings.hpp"
#include "embedder/preparer.hpp"
#include "embedder/region.hpp"
#include "images.hpp"
#include "rows.hpp"

namespace nb = nanobind;
using namespace nb::literals;

namespace mi2::python {
namespace {

using Vectors = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;

void open(archive::Served* self, const std::filesystem::path& folder, unsigned threads) {
  const nb::gil_scoped_release unlocked;
  new (self) archive::Served(folder, threads);
}

/// The model as the archive's images were prepared.
Embedder open_model(const archive::Served& served, const std::filesystem::path& model) {
  const nb::gil_scoped_release unlocked;
  EmbedderOptions options;
  options.image = archive::options_of(served.format().space, ImageOptions{});
  return Embedder::open(model, options);
}

/// An image's file that is searched for.
struct QueryFile {
  std::string name;  ///< what errors call it
  std::optional<std::filesystem::path> path;
  std::vector<std::byte> bytes;  ///< without a path
};

std::vector<QueryFile> files_of(const nb::list& images) {
  std::vector<QueryFile> files;
  for (const nb::handle entry : images) {
    const auto [name, source] = nb::cast<std::pair<std::string, nb::object>>(entry);
    QueryFile& file = files.emplace_back();
    file.name = name;
    if (nb::isinstance<nb::str>(source)) {
      file.path = nb::cast<std::filesystem::path>(source);
      file.name = file.path->string();
    } else {
      const auto encoded = nb::cast<nb::bytes>(source);
      const std::span bytes(static_cast<const std::byte*>(encoded.data()), encoded.size());
      file.bytes.assign(bytes.begin(), bytes.end());
    }
  }
  return files;
}

/// How images that are searched for are looked at.
struct QueryLook {
  ImageOptions options;
  std::optional<embedder::Region> region;
  std::string site;
  bool hashed = false;  ///< whether a card is to say which files they were
};

/// @throws Error{kBadArgument} if another model, or the same with other options, made the archive.
ImageOptions query_options(const archive::Space& space, const Embedder& embedder, bool images,
                           const std::optional<std::string>& window, const std::string& name) {
  const ImageOptions& own = embedder.options().image;
  if (!window) {
    // A model without a window sees a file through the usual one of several.
    archive::require_asking(space, embedder, own.window && images, name);
    return archive::asking_options(space, own);
  }
  archive::Space asked = archive::space_of(embedder);
  asked.windows = space.windows;  // in place of the embedder's is the one that is named
  archive::require_same(space, asked, name, "the model and its options");
  return archive::asking_through(space, own, *window, "window");
}

archive::MadePart part_of(const Embedder& embedder, const QueryFile& file, const std::string& key,
                          const QueryLook& look, std::vector<std::string>& warnings) {
  const ImageOptions& options = look.options;
  std::vector<std::byte> read;
  if (file.path) read = embedder::read_image(*file.path, options.max_file_bytes);
  const std::span<const std::byte> bytes = file.path ? read : file.bytes;
  const Pixels pixels = look.region ? embedder::prepare_region(embedder, bytes, file.name, *look.region, options)
                                    : embedder.prepare(bytes, file.name, options);
  for (const std::string& warning : pixels.warnings) warnings.push_back(fmt::format("{}: {}", file.name, warning));
  archive::MadePart part = archive::part_of_image(embedder, pixels);
  part.names = archive::names_of(bytes, file.name, key, look.site);
  if (look.hashed) part.part.origin.sha256 = base::sha256_hex(bytes);
  if (look.region) part.part.origin.region = embedder::to_string(*look.region);
  return part;
}

/// @param asked  what the vectors are of: kImage or kVector.
void add_rows(const Vectors& vectors, archive::Asked asked, std::vector<archive::MadePart>& made) {
  for (std::size_t row = 0; row < vectors.shape(0); ++row) {
    const std::span<const float> numbers(vectors.data() + row * vectors.shape(1), vectors.shape(1));
    archive::MadePart& part = made.emplace_back();
    part.part.vector.assign(numbers.begin(), numbers.end());
    part.part.nature = asked == archive::Asked::kImage ? archive::Nature::kImage : archive::Nature::kOther;
    part.part.origin.asked = asked;
    part.part.origin.place = row;
  }
}

PagedCard card_of(archive::Reader& reader, std::span<const archive::QueryPart> parts,
                  const archive::SearchOptions& options, const archive::SearchAnswer& answer,
                  const Embedder* embedder) {
  archive::cards::Making making;
  if (embedder != nullptr) making.model = embedder->provenance();
  PagedCard made{archive::cards::make_card(reader, parts, options, answer, making)};
  made.card.id = archive::cards::id_of(made.card);
  made.thumbnails = archive::cards::thumbnails_of(reader, made.card);
  return made;
}

using Searched = std::pair<std::string, std::optional<PagedCard>>;

Searched search(archive::Served& served, std::vector<std::uint64_t> items, std::vector<std::string> studies,
                std::vector<std::string> series, const Vectors& vectors, const Vectors& embedded,
                const Embedder* embedder, const std::vector<std::string>& texts,
                const std::vector<std::string>& not_texts, const nb::list& images, const std::string& site,
                const std::optional<std::string>& where, const std::vector<std::string>& excluded, std::size_t k,
                const std::string& by, const std::string& same_patient, const std::string& match,
                const std::optional<std::string>& min_score, const std::optional<std::string>& region,
                const std::optional<std::string>& window, std::int64_t at, bool carded,
                const nb::callable& on_progress) {
  const std::vector<QueryFile> files = files_of(images);
  QueryLook look;
  look.site = site;
  look.hashed = carded;
  if (region) look.region = embedder::parse_region(*region);
  if (look.region && files.size() != 1) {
    throw Error(Code::kBadArgument, fmt::format("region: expected one image, got {}", files.size()));
  }
  const archive::StoredQuery stored{std::move(items), std::move(studies), std::move(series)};
  archive::SearchOptions options;
  options.k = k;
  options.by = archive::parse_by(by);
  options.same_patient = archive::parse_same_patient(same_patient);
  options.match = archive::parse_match(match);
  options.where = parsed(where);
  if (!excluded.empty()) {
    options.where =
        archive::filter::without_studies(options.where ? &*options.where : nullptr, excluded, "exclude_study");
  }
  if (min_score) options.min_score = archive::parse_min_score(*min_score);
  options.at = at;
  options.deleted_since = at > 0;
  options.on_progress = told_to(on_progress);
  std::vector<std::string> warnings;
  archive::SearchAnswer answer;
  std::optional<PagedCard> card;
  {
    const nb::gil_scoped_release unlocked;
    std::vector<archive::MadePart> made;
    add_rows(vectors, archive::Asked::kVector, made);
    if (embedder != nullptr) {
      const archive::Space& space = served.format().space;
      look.options = query_options(space, *embedder, !files.empty(), window, served.folder().string());
      archive::add_texts(*embedder, texts, 1, made);
      archive::add_texts(*embedder, not_texts, -1, made);
      for (const QueryFile& file : files) {
        made.push_back(part_of(*embedder, file, served.key(), look, warnings));
      }
    }
    add_rows(embedded, archive::Asked::kImage, made);
    served.search([&](archive::Reader& reader, base::ThreadPool& pool) {
      std::vector<archive::QueryPart> parts = archive::stored_parts(reader, stored);
      archive::add_made(reader, made, parts);
      if (options.match == archive::Match::kMaxSim) parts = archive::slice_parts(reader, std::move(parts));
      answer = archive::search(reader, parts, options, pool);
      if (carded) card = card_of(reader, parts, options, answer, embedder);
    });
  }
  for (const std::string& warning : warnings) warn(warning);
  return {fmt::format(R"({{{}, {}, "crowded_patient": {}}})", archive::results_json(answer, 0, true),
                      archive::searched_json(answer), answer.crowded_patient),
          std::move(card)};
}

using Page = std::pair<std::string, std::optional<std::uint64_t>>;

Page page(archive::Served& served, const std::optional<std::string>& where, bool series, std::uint64_t first,
          std::size_t most, Rows* rows) {
  const nb::gil_scoped_release unlocked;
  const std::optional<archive::filter::Expr> filter = parsed(where);
  Page found;
  std::vector<float> numbers;
  served.look([&](archive::Reader& reader) {
    const archive::ItemPage items = archive::page_of_items(reader, filter, series, first, most);
    // From the start: it is asked again if what was read was erased meanwhile.
    numbers.clear();
    std::string text = "[";
    for (const archive::ItemFacts& item : items.items) {
      text += fmt::format("{}{{{}}}", text.size() > 1 ? ", " : "", archive::item_json(item, true));
      if (rows == nullptr) continue;
      const std::span<const float> row = reader.row(item.row, item.crc);
      numbers.insert(numbers.end(), row.begin(), row.end());
    }
    if (rows != nullptr) reader.segments().check();
    found = {text + ']', items.next};
  });
  if (rows != nullptr) rows->append(numbers);
  return found;
}

archive::ItemFacts need_item(const archive::Reader& reader, std::uint64_t row) {
  std::optional<archive::ItemFacts> item = reader.find_item(row);
  if (!item) throw Error(Code::kNotFound, fmt::format("{}: no item {}", reader.folder().string(), row));
  return *std::move(item);
}

std::string item(archive::Served& served, std::uint64_t row) {
  std::string text;
  served.look(
      [&](archive::Reader& reader) { text = fmt::format("{{{}}}", archive::item_json(need_item(reader, row), true)); });
  return text;
}

nb::object thumbnail(archive::Served& served, std::uint64_t row) {
  std::optional<std::vector<std::byte>> file;
  {
    const nb::gil_scoped_release unlocked;
    served.look([&](archive::Reader& reader) {
      static_cast<void>(need_item(reader, row));
      file = reader.thumbnail(row);
    });
  }
  if (!file) return nb::none();
  return nb::bytes(file->data(), file->size());
}

std::string stats(archive::Served& served) {
  std::string text;
  served.look([&](archive::Reader& reader) { text = archive::stats_json(reader, archive::read_stats(reader, true)); });
  return text;
}

std::string facet(archive::Served& served, const std::string& by, const std::optional<std::string>& where,
                  std::size_t most) {
  if (std::find(archive::kFacets.begin(), archive::kFacets.end(), by) == archive::kFacets.end()) {
    throw Error(Code::kBadArgument,
                fmt::format("by: expected one of {}, got '{}'", fmt::join(archive::kFacets, ", "), by));
  }
  const std::optional<archive::filter::Expr> filter = parsed(where);
  std::string text;
  served.look([&](archive::Reader& reader) {
    const std::vector<archive::ValueCount> counts = reader.catalog().facet(by, filter ? &*filter : nullptr, most + 1);
    text = fmt::format("{{{}}}", archive::facet_json(by, counts, most));
  });
  return text;
}

}  // namespace

void bind_archive(nb::module_& module) {
  using Unlocked = nb::call_guard<nb::gil_scoped_release>;
  nb::class_<archive::Served>(module, "Archive", "An archive that is asked; see mi2::archive::Served.")
      .def("__init__", &open, "folder"_a, "threads"_a)
      .def_prop_ro("format", [](const archive::Served& self) { return archive::to_json(self.format()); })
      .def("open_model", &open_model, "model"_a, "A model with the options that the archive was made with.")
      .def("search", &search, nb::kw_only(), "items"_a, "studies"_a, "series"_a, "vectors"_a, "embedded"_a,
           "embedder"_a.none(), "texts"_a, "not_texts"_a, "images"_a, "site"_a, "where"_a.none(), "excluded"_a, "k"_a,
           "by"_a, "same_patient"_a, "match"_a, "min_score"_a.none(), "region"_a.none(), "window"_a.none(), "at"_a,
           "carded"_a, "on_progress"_a,
           "images: (name, a path as str or a file's bytes); `embedded`: vectors of others. (An object: results, and "
           "what was searched; the search's card if it is `carded`.)")
      .def("page", &page, "where"_a.none(), "series"_a, "first"_a, "most"_a, "rows"_a.none(),
           "(a list of items from row `first` on, the first row of the next page); appends their vectors to `rows`.")
      .def("item", &item, "row"_a, Unlocked())
      .def("thumbnail", &thumbnail, "row"_a, nb::sig("def thumbnail(self, row: int) -> bytes | None"))
      .def("stats", &stats, Unlocked())
      .def("facet", &facet, "by"_a, "where"_a.none(), "most"_a, Unlocked());
}

}  // namespace mi2::python
