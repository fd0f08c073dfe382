// mi2 index search: the nearest of an archive.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "archive/archive.hpp"
#include "archive/cards/card.hpp"
#include "archive/cards/maps.hpp"
#include "archive/item_file.hpp"
#include "archive/near_search.hpp"
#include "archive/query.hpp"
#include "archive/search.hpp"
#include "archive/shared.hpp"
#include "archive/slice_parts.hpp"
#include "archive/survey.hpp"
#include "archive/windows.hpp"
#include "arguments.hpp"
#include "base/hash.hpp"
#include "base/utf8.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "embedder/region.hpp"
#include "index_cards.hpp"
#include "index_command.hpp"
#include "index_results.hpp"
#include "index_search_answer.hpp"
#include "input_arguments.hpp"
#include "output.hpp"
#include "parsed_option.hpp"
#include "progress.hpp"
#include "vectors/vectors.hpp"

namespace mi2::cli {
namespace {

struct SearchArguments {
  ModelArguments model;
  std::string archive;
  const CLI::Option* texts = nullptr;
  const CLI::Option* not_texts = nullptr;
  const CLI::Option* images = nullptr;
  std::optional<embedder::Region> region;
  const CLI::Option* items = nullptr;
  const CLI::Option* studies = nullptr;
  const CLI::Option* series = nullptr;
  const CLI::Option* vectors = nullptr;
  const CLI::Option* excluded = nullptr;
  std::string where;
  std::string site;
  archive::SearchOptions options;
  bool approximate = false;
  bool exact = false;
  ResultArguments results;
  CardArguments cards;
};

/// The format of who wants the evidence card alone.
constexpr std::string_view kCards = "cards";

constexpr std::string_view kSearchHelp = R"(Queries:
  --text, --image, --item, --study, --series and --vector may be combined and repeated: the query is
  the sum of their directions, less those of --not-text. Texts and images need --model, of the
  weights and options that the archive was made with. A series is the unit mean of its vectors, a
  study that of its series'; --item is a number that a result names. --region is a part of --image,
  in pixels of the image as it is shown, and is searched for as an image of its own.

  Where the archive has several windows, an image of a CT is seen through the file's own or, if that is
  not among them, the first; --window names another of them.

Results:
  A result is the best image of a study (or --by series, patient, image, tile). A whole slide that was
  added by tiles is one image, shown by its best tile; --by tile has each tile. Every row that passes
  the filter is compared: the answer is exact, and says so. If a query is about a patient whom the
  archive knows, other images of this patient are left out (--same-patient), and so are those of
  patients who have the same picture, pixel by pixel: probably one person under two numbers.
  --exclude-study leaves out a study, as --where 'not study=UID' does, and is counted with it.
  A verdict says whether a score means anything: match, weak or none, by what images of the
  archive score for texts that have nothing to do with it, or for images of other studies.
  --min-score S leaves out those of the K nearest that score less than S, from -1 to 1, and says how
  many; auto is where the verdict none ends, and is refused where a query has no verdict.
  --match maxsim compares image by image: each slice of the query, up to 32 of a series that are
  unlike each other, with the nearest of a result. The score is the mean of their cosines, and
  jsonl names the pairs. There is no verdict on it.

Formats:
  table  for people         jsonl  an object per result           csv  after a header line
  cards  the name of the evidence card that --cards DIR adds, and no results
  What was searched and what was left out, and why, goes to standard error, and into each
  object of jsonl with the number of the snapshot. --at searches an earlier snapshot: images that
  were added since do not count, those that were deleted since do until they are erased. The
  query, and what a filter by slices, path or label lets by, are as they are now.

In a database:
  --approximate asks the index that 'mi2 index share --pgvector' made, and needs no replica. What it
  finds is scored by the vectors themselves and obeys filters and --same-patient, but nearer images may
  be missing: nothing of it is exact, and it says so.

Evidence:
  --cards DIR also writes DIR/ID.json and DIR/ID.html: what was asked, searched and found, for
  mi2 index replay. A card holds the query's texts, and UIDs and tags as the archive has them, but
  no path unless --card-paths is given. --heatmap reads each result's file again, if it is there and
  unchanged, and shows beside its thumbnail where in it is what was asked for.

Examples:
  mi2 index search --model DIR archive/ --text "chest x-ray, pneumothorax" -k 5
  mi2 index search --model DIR archive/ --image new.dcm --where 'date>=2020' --format jsonl
  mi2 index search archive/ --study 1.2.840.99.1 --by patient --cards evidence/
)";

std::uint64_t parse_item(const std::string& text) {
  const bool digits = !text.empty() && text.size() <= 10 && text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits)
    throw Error(Code::kBadArgument, fmt::format("--item: expected a number that a result names, got '{}'", text));
  return std::stoull(text);
}

/// The parts of a query that only a model can make.
class ModelParts {
 public:
  /// @param key  by which identifiers become pseudonyms; empty: there is none. All but the key outlive it.
  ModelParts(const SearchArguments& arguments, const archive::Format& format, std::string key, Progress& progress)
      : arguments_(arguments), format_(format), key_(std::move(key)), progress_(progress) {}

  /// @returns the model that made them, if one did.
  std::optional<Provenance> add(std::vector<archive::MadePart>& made) {
    const std::vector<std::string> texts = values_of(arguments_.texts);
    const std::vector<std::string> not_texts = values_of(arguments_.not_texts);
    const std::vector<std::string> images = values_of(arguments_.images);
    if (texts.empty() && not_texts.empty() && images.empty()) return std::nullopt;
    base::require_utf8(texts, "--text");
    base::require_utf8(not_texts, "--not-text");
    explain_texts(texts, "--image", progress_);
    explain_texts(not_texts, "--image", progress_);
    const Embedder& embedder = model();
    add_texts(embedder, texts, 1.0, made);
    add_texts(embedder, not_texts, -1.0, made);
    for (const std::string& image : images) made.push_back(of_image(embedder, image));
    return embedder.provenance();
  }

  /// The archive's model, opened once it is needed. @throws Error{kBadArgument} for none, or another one.
  const Embedder& model() {
    if (embedder_) return *embedder_;
    if (arguments_.model.model.empty()) {
      throw Error(Code::kBadArgument,
                  "--model: expected the archive's model, for --text, --image and --heatmap; or set MI2_MODEL");
    }
    ModelArguments asked = arguments_.model;
    // Of several windows one is enough.
    ImageOptions& image = asked.options.image;
    const bool several = !archive::several_windows(format_.space).empty();
    if (several && !image.window) image.window = archive::options_of(format_.space, image).window;
    Embedder opened = open_embedder(asked, progress_);
    archive::require_asking(format_.space, opened, true, arguments_.archive);
    return embedder_.emplace(std::move(opened));
  }

 private:
  void add_texts(const Embedder& embedder, const std::vector<std::string>& texts, double weight,
                 std::vector<archive::MadePart>& made) {
    const std::size_t cut = archive::add_texts(embedder, texts, weight, made);
    if (cut > 0)
      progress_.note(
          fmt::format("{} of {} texts were longer than the model's context and were cut", cut, texts.size()));
  }

  archive::MadePart of_image(const Embedder& embedder, const std::string& path) {
    const ImageOptions& options = embedder.options().image;
    const std::vector<std::byte> bytes = embedder::read_input(path, options.max_file_bytes);
    const std::optional<embedder::Region>& region = arguments_.region;
    const Pixels pixels =
        region ? embedder::prepare_region(embedder, bytes, path, *region) : embedder.prepare(bytes, path);
    for (const std::string& warning : pixels.warnings) progress_.warn(fmt::format("warning: {}", warning));
    archive::MadePart made = archive::part_of_image(embedder, pixels);
    made.part.origin.sha256 = base::sha256_hex(bytes);
    if (region) made.part.origin.region = embedder::to_string(*region);
    // Without a key no patient is known by an identifier, but an object is by its own.
    made.names = archive::names_of(bytes, path, key_, arguments_.site);
    return made;
  }

  const SearchArguments& arguments_;
  const archive::Format& format_;
  std::string key_;
  Progress& progress_;
  std::optional<Embedder> embedder_;
};

/// @param hashed  whether a card is to say which file it was.
void add_vectors(const std::string& file, bool hashed, std::vector<archive::QueryPart>& parts) {
  const vectors::VectorTable table = vectors::read_vectors(file);
  const std::string sha256 = hashed ? base::sha256_hex(std::filesystem::path(file)) : std::string();
  for (std::size_t r = 0; r < table.vectors.rows(); ++r) {
    const std::span<const float> row = table.vectors.row(r);
    parts.push_back({{row.begin(), row.end()}, 1.0, archive::Nature::kOther, {}});
    parts.back().origin.sha256 = sha256;
    parts.back().origin.place = r;
  }
}

archive::StoredQuery stored_query(const SearchArguments& arguments) {
  archive::StoredQuery stored;
  for (const std::string& item : values_of(arguments.items)) stored.items.push_back(parse_item(item));
  stored.studies = values_of(arguments.studies);
  stored.series = values_of(arguments.series);
  return stored;
}

/// @param made_by  takes what made some of them.
std::vector<archive::QueryPart> query_parts(const SearchArguments& arguments, archive::Reader& archive,
                                            ModelParts& model, std::optional<Provenance>& made_by) {
  std::vector<archive::QueryPart> parts = archive::stored_parts(archive, stored_query(arguments));
  for (const std::string& file : values_of(arguments.vectors)) {
    add_vectors(file, !arguments.cards.folder.empty(), parts);
  }
  std::vector<archive::MadePart> made;
  made_by = model.add(made);
  archive::add_made(archive, std::move(made), parts);
  if (arguments.options.match != archive::Match::kMaxSim) return parts;
  return archive::slice_parts(archive, std::move(parts));
}

/// What the database answers by itself.
int search_near(const SearchArguments& arguments, const archive::SearchOptions& options, const std::string& format) {
  if (!archive::is_shared(arguments.archive)) {
    throw Error(Code::kBadArgument, "--approximate: expected the URL of a database; in a folder every search is exact");
  }
  if (options.at > 0 || !arguments.cards.folder.empty()) {
    throw Error(Code::kBadArgument, "--approximate: expected no --at and no --cards, which are of exact searches");
  }
  if (options.match == archive::Match::kMaxSim) {
    throw Error(Code::kBadArgument, "--approximate: expected --match best or mean, got maxsim");
  }
  Progress progress(0, "");
  archive::NearArchive archive(arguments.archive);
  ModelParts model(arguments, archive.format(), archive.key(), progress);
  std::vector<archive::QueryPart> parts = archive.stored_parts(stored_query(arguments));
  for (const std::string& file : values_of(arguments.vectors)) add_vectors(file, false, parts);
  std::vector<archive::MadePart> made;
  static_cast<void>(model.add(made));
  archive.add_made(std::move(made), parts);
  const archive::SearchAnswer answer = [&] {
    const Waiting waiting("asking the database");
    return archive.search(parts, options);
  }();
  const auto output = open_output(arguments.results.out);
  write_answer(answer, Searched::kIndex, archive.format(), format, *output);
  output->commit();
  note_near(answer, progress);
  return 0;
}

int index_search(const SearchArguments& arguments) {
  const std::string format = check_results(arguments.results);
  check_cards(arguments.cards, arguments.options.k);
  if (format == kCards && arguments.cards.folder.empty()) {
    throw Error(Code::kBadArgument, "--format cards: expected --cards DIR, which says where the card goes");
  }
  if (const std::size_t images = values_of(arguments.images).size(); arguments.region && images != 1) {
    throw Error(Code::kBadArgument, fmt::format("--region: expected one --image, got {}", images));
  }
  if (arguments.cards.heatmap && arguments.options.match == archive::Match::kMaxSim) {
    throw Error(Code::kBadArgument,
                "--heatmap: expected --match best or mean, which search in one direction, got maxsim");
  }
  Progress progress(0, "");
  archive::SearchOptions options = arguments.options;
  options.deleted_since = options.at > 0;
  if (!arguments.where.empty()) options.where = archive::filter::parse(arguments.where);
  if (const std::vector<std::string> excluded = values_of(arguments.excluded); !excluded.empty()) {
    options.where =
        archive::filter::without_studies(options.where ? &*options.where : nullptr, excluded, "--exclude-study");
  }
  if (arguments.approximate) return search_near(arguments, options, format);
  Progress bar("rows");
  options.on_progress = [&](const base::Progress& at) { bar.show(at); };
  archive::Reader archive(archive::local_folder(arguments.archive, options.on_progress));
  ModelParts model(arguments, archive.format(), archive::key_of(archive.folder()), progress);
  std::optional<Provenance> made_by;
  const std::vector<archive::QueryPart> parts = query_parts(arguments, archive, model, made_by);
  if (arguments.cards.heatmap) static_cast<void>(model.model());  // a model that is not there is reported at once
  base::ThreadPool pool(arguments.model.options.threads);
  const archive::SearchAnswer answer = archive::search(archive, parts, options, pool);
  bar.hide();
  if (arguments.exact && !answer.exact) throw Error(Code::kInternal, "--exact: the answer is not proven to be exact");
  const auto make_maps = [&](archive::Reader& searched, const archive::cards::Card& made) {
    Progress maps(made.results.size(), "maps");
    return archive::cards::maps_of(searched, made, archive::direction_of(parts), model.model(),
                                   [&] { maps.advance(1); });
  };
  const std::string card = write_card(archive, parts, made_by, options, answer, arguments.cards, make_maps);
  const auto output = open_output(arguments.results.out);
  write_answer(answer, Searched::kAll, archive.format(), format, *output);
  if (format == kCards) output->write(std::filesystem::path(card).replace_extension(".json").string() + '\n');
  output->commit();
  note_answer(answer, progress);
  if (!card.empty()) progress.note(fmt::format("card {}", card));
  return 0;
}

void add_queries(CLI::App& command, SearchArguments& arguments) {
  arguments.texts = add_repeatable(command, "--text", "A text to search for; may be given again")->type_name("TEXT");
  arguments.not_texts =
      add_repeatable(command, "--not-text", "A text to search away from; may be given again")->type_name("TEXT");
  arguments.images =
      add_repeatable(command, "--image", "An image to search for; may be given again")->type_name("FILE");
  add_parsed(command, "--region", arguments.region, embedder::parse_region,
             "The part of --image to search for, in its pixels")
      ->type_name("X,Y,W,H");
  arguments.items =
      add_repeatable(command, "--item", "An image of the archive, by its number; may be given again")->type_name("ID");
  arguments.studies =
      add_repeatable(command, "--study", "A study of the archive; may be given again")->type_name("UID");
  arguments.series =
      add_repeatable(command, "--series", "A series of the archive; may be given again")->type_name("UID");
  arguments.vectors =
      add_repeatable(command, "--vector", "Vectors that mi2 embed wrote; may be given again")->type_name("FILE");
}

}  // namespace

void add_index_search(CLI::App& command, Session& session) {
  const auto arguments = std::make_shared<SearchArguments>();
  add_archive(command, arguments->archive, Archives::kSharedToo);
  add_queries(command, *arguments);
  add_model_arguments(command, arguments->model);
  command.get_option("--model")->required(false);
  command.add_option("-k", arguments->options.k, "Results")
      ->type_name("K")
      ->transform(whole_number_in(1, 100'000))
      ->capture_default_str();
  add_parsed(command, "--by", arguments->options.by, archive::parse_by, "What a result is")
      ->type_name("study|series|patient|image|tile")
      ->transform(one_of({"study", "series", "patient", "image", "tile"}))
      ->default_str("study");
  add_parsed(command, "--match", arguments->options.match, archive::parse_match,
             "A result is its best image, a series by the mean of its images, or image by image")
      ->type_name("best|mean|maxsim")
      ->transform(one_of({"best", "mean", "maxsim"}))
      ->default_str("best");
  add_where(command, arguments->where, "Search only what this lets by");
  arguments->excluded =
      add_repeatable(command, "--exclude-study", "Leave a study out, as a filter does; may be given again")
          ->type_name("UID");
  add_parsed(command, "--min-score", arguments->options.min_score, archive::parse_min_score,
             "Leave out results that score less, or with auto those whose verdict is none")
      ->type_name("S|auto");
  add_parsed(command, "--same-patient", arguments->options.same_patient, archive::parse_same_patient,
             "Images of the query's own patient")
      ->type_name("exclude|include|only")
      ->transform(one_of({"exclude", "include", "only"}))
      ->default_str("exclude");
  command.add_option("--site", arguments->site, "Where an --image comes from, as index add had it")->type_name("NAME");
  command.add_option("--at", arguments->options.at, "Search the archive as of snapshot SEQ (default: as it is now)")
      ->type_name("SEQ")
      ->transform(whole_number_in(1, std::numeric_limits<std::int64_t>::max()));
  CLI::Option* const approximate =
      command.add_flag("--approximate", arguments->approximate,
                       "Let the database of a shared archive answer by its index of pgvector, which misses neighbours");
  command
      .add_flag("--exact", arguments->exact,
                "Only an answer that is proven to be exact, as every one is without --approximate")
      ->excludes(approximate);
  add_result_arguments(command, arguments->results, std::string(kCards));
  add_card_arguments(command, arguments->cards);
  command.footer(fmt::format("{}\n{}\n{}", kSearchHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    session.run = [arguments] { return index_search(*arguments); };
  });
}

}  // namespace mi2::cli
