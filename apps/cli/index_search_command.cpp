// mi2 index search: the nearest of an archive.

#include <algorithm>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <mi2/embedder.hpp>
#include <mi2/error.hpp>

#include "archive/answers.hpp"
#include "archive/archive.hpp"
#include "archive/search.hpp"
#include "archive/survey.hpp"
#include "arguments.hpp"
#include "base/csv.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "base/utf8.hpp"
#include "choices.hpp"
#include "command.hpp"
#include "devices.hpp"
#include "embed_inputs.hpp"
#include "embedder/inputs.hpp"
#include "index_command.hpp"
#include "index_results.hpp"
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
  const CLI::Option* items = nullptr;
  const CLI::Option* studies = nullptr;
  const CLI::Option* series = nullptr;
  const CLI::Option* vectors = nullptr;
  std::string where;
  std::string site;
  archive::SearchOptions options;
  bool by_image = false;
  ResultArguments results;
};

constexpr std::string_view kSearchHelp = R"(Queries:
  --text, --image, --item, --study, --series and --vector may be given together and again: what is
  searched is the direction in the middle of theirs; --not-text is looked away from. Texts and
  images need --model, of the weights and options that the archive was made with. A series is the
  unit mean of its vectors, a study that of its series'; --item is a number that a result names.

Results:
  The best image of each study (or --by series, patient, image) stands for it. Every row that the
  filter lets by is compared: the answer is exact, and says so. Where a query is of a patient
  whom the archive knows, other images of this patient are left out (--same-patient).
  A verdict says whether a score means anything: match, weak or none, by what images of the
  archive score for texts that have nothing to do with it, or for images of other studies.

Formats:
  table  for people         jsonl  an object per result           csv  after a header line
  What was searched and what was left out, and why, goes to standard error, and into each
  object of jsonl with the number of the snapshot.

Examples:
  mi2 index search --model DIR archive/ --text "chest x-ray, pneumothorax" -k 5
  mi2 index search --model DIR archive/ --image new.dcm --where 'date>=2020' --format jsonl
  mi2 index search archive/ --study 1.2.840.99.1 --by patient
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
  ModelParts(const SearchArguments& arguments, archive::Reader& archive, std::vector<archive::QueryPart>& parts,
             Progress& progress)
      : arguments_(arguments), archive_(archive), parts_(parts), progress_(progress) {}

  void add() {
    const std::vector<std::string> texts = values_of(arguments_.texts);
    const std::vector<std::string> not_texts = values_of(arguments_.not_texts);
    const std::vector<std::string> images = values_of(arguments_.images);
    if (texts.empty() && not_texts.empty() && images.empty()) return;
    base::require_utf8(texts, "--text");
    base::require_utf8(not_texts, "--not-text");
    if (arguments_.model.model.empty()) {
      throw Error(Code::kBadArgument,
                  "--model: expected the archive's model, for --text and --image; or set MI2_MODEL");
    }
    const Embedder embedder = open_embedder(arguments_.model, progress_);
    archive::require_same(archive_.format().space, archive::space_of(embedder), arguments_.archive,
                          "the model and its options");
    add_texts(embedder, texts, 1.0);
    add_texts(embedder, not_texts, -1.0);
    for (const std::string& image : images) add_image(embedder, image);
  }

 private:
  void add_texts(const Embedder& embedder, const std::vector<std::string>& texts, double weight) {
    if (texts.empty()) return;
    const TextEmbeddings made = embedder.embed_texts(texts);
    const auto cut = std::count(made.truncated.begin(), made.truncated.end(), true);
    if (cut > 0)
      progress_.note(
          fmt::format("{} of {} texts were longer than the model's context and were cut", cut, texts.size()));
    for (std::size_t i = 0; i < texts.size(); ++i) add_part(made.vectors.row(i), weight, archive::Nature::kText, {});
  }

  void add_image(const Embedder& embedder, const std::string& path) {
    const std::vector<std::byte> bytes = embedder::read_input(path, embedder.options().image.max_file_bytes);
    const Pixels pixels = embedder.prepare(bytes, path);
    for (const std::string& warning : pixels.warnings) progress_.warn(fmt::format("warning: {}", warning));
    const EmbeddingMatrix made = embedder.embed_images(std::span(&pixels, 1));
    add_part(made.row(0), 1.0, archive::Nature::kImage, subjects_of(embedder, bytes, path));
  }

  /// Of whom an image is, as far as the archive knows.
  std::vector<archive::Subject> subjects_of(const Embedder& embedder, std::span<const std::byte> bytes,
                                            const std::string& path) {
    // Without a key no patient is known by an identifier, but an object is by its own.
    std::error_code ignored;
    const bool keyed = std::filesystem::exists(archive::key_file(archive_.folder()), ignored);
    const std::string key = keyed ? archive::read_key(archive_.folder()) : std::string();
    const archive::ObjectNames names = archive::names_of(bytes, embedder.options().image, path, key, arguments_.site);
    std::vector<archive::Subject> subjects;
    if (!names.patient_key.empty()) {
      if (const auto patient = archive_.catalog().patient_of(names.patient_key)) subjects.push_back({*patient, 0, 0});
    }
    if (!names.sop_uid.empty()) {
      if (const auto subject = archive_.catalog().subject_of(names.sop_uid)) {
        subjects.push_back({subject->patient, subject->study, subject->instance});
      }
    }
    return subjects;
  }

  void add_part(std::span<const float> vector, double weight, archive::Nature nature,
                std::vector<archive::Subject> subjects) {
    parts_.push_back({{vector.begin(), vector.end()}, weight, nature, std::move(subjects)});
  }

  const SearchArguments& arguments_;
  archive::Reader& archive_;
  std::vector<archive::QueryPart>& parts_;
  Progress& progress_;
};

std::vector<archive::QueryPart> query_parts(const SearchArguments& arguments, archive::Reader& archive,
                                            Progress& progress) {
  std::vector<archive::QueryPart> parts;
  for (const std::string& item : values_of(arguments.items))
    parts.push_back(archive::part_of_item(archive, parse_item(item)));
  for (const std::string& uid : values_of(arguments.studies)) parts.push_back(archive::part_of_study(archive, uid));
  for (const std::string& uid : values_of(arguments.series)) parts.push_back(archive::part_of_series(archive, uid));
  for (const std::string& file : values_of(arguments.vectors)) {
    const vectors::VectorTable table = vectors::read_vectors(file);
    for (std::size_t r = 0; r < table.vectors.rows(); ++r) {
      const std::span<const float> row = table.vectors.row(r);
      parts.push_back({{row.begin(), row.end()}, 1.0, archive::Nature::kOther, {}});
    }
  }
  ModelParts(arguments, archive, parts, progress).add();
  if (std::none_of(parts.begin(), parts.end(), [](const archive::QueryPart& part) { return part.weight > 0; })) {
    throw Error(Code::kBadArgument,
                "index search: expected --text, --image, --item, --study, --series or --vector, got none");
  }
  return parts;
}

std::string verdict_of(const archive::Found& found) {
  return found.judgement ? std::string(archive::name_of(found.judgement->verdict)) : std::string("-");
}

std::string json_line(const archive::SearchAnswer& answer, std::size_t rank, const archive::Format& format) {
  return fmt::format(R"({{{}, {}, "archive": "{}", "weights_sha256": {}}})",
                     found_json(answer.found[rank], rank + 1, true), searched_json(answer), format.id,
                     base::json_string(format.space.weights_sha256)) +
         '\n';
}

void write_table(const archive::SearchAnswer& answer, Output& output) {
  output.write(fmt::format("{:>4}  {:>7}  {:<7}  {:<8}  {:<10}  {:>8}  {}\n", "rank", "score", "verdict", "modality",
                           "date", "item", "image"));
  for (std::size_t i = 0; i < answer.found.size(); ++i) {
    const archive::Found& found = answer.found[i];
    const archive::ItemFacts& item = found.item;
    output.write(fmt::format("{:>4}  {:>7.4f}  {:<7}  {:<8}  {:<10}  {:>8}  {}\n", i + 1, found.score,
                             verdict_of(found), or_dash(item.modality), or_dash(item.study_date), item.row,
                             name_of(item)));
  }
}

void write_csv(const archive::SearchAnswer& answer, Output& output) {
  output.write("rank,score,verdict,item,path,frame,study,series,image,modality,date,exact,snapshot\n");
  for (std::size_t i = 0; i < answer.found.size(); ++i) {
    const archive::Found& found = answer.found[i];
    const archive::ItemFacts& item = found.item;
    std::string line = fmt::format("{},", i + 1);
    base::append_number(line, found.score);
    line += fmt::format(",{},{},{},{},{},{},{},{},{},{},{}\n", verdict_of(found), item.row,
                        base::csv_field(item.locator), item.frame, base::csv_field(item.study_uid),
                        base::csv_field(item.series_uid), base::csv_field(item.sop_uid), base::csv_field(item.modality),
                        base::csv_field(item.study_date), answer.exact, answer.snapshot);
    output.write(line);
  }
}

void note_answer(const archive::SearchAnswer& answer, Progress& progress) {
  const archive::Excluded& out = answer.excluded;
  std::string line =
      fmt::format("{} rows searched{}, snapshot {}", answer.searched, answer.exact ? ", exact" : "", answer.snapshot);
  const auto also = [&](std::size_t count, std::string_view why) {
    if (count > 0) line += fmt::format("; {} {}", count, why);
  };
  also(out.same_patient, "of the same patient left out");
  also(out.other_patients, "of other patients left out");
  also(out.filter, "left out by the filter");
  also(out.deleted, "deleted");
  progress.note(line);
  if (answer.crowded_patient) {
    progress.warn(
        "the patient left out has more than 5 % of the studies: probably an identifier of nobody; "
        "--same-patient include searches them");
  }
  const bool none = !answer.found.empty() && answer.found.front().judgement &&
                    answer.found.front().judgement->verdict == archive::Verdict::kNone;
  if (none) progress.note("nothing here matches well");
}

int index_search(const SearchArguments& arguments) {
  const std::string format = check_results(arguments.results);
  Progress progress(0, "");
  archive::SearchOptions options = arguments.options;
  if (!arguments.where.empty()) options.where = archive::filter::parse(arguments.where);
  Progress bar("rows");
  options.on_progress = [&](const base::Progress& at) { bar.show(at); };
  archive::Reader archive(arguments.archive);
  const std::vector<archive::QueryPart> parts = query_parts(arguments, archive, progress);
  base::ThreadPool pool(arguments.model.options.threads);
  const archive::SearchAnswer answer = archive::search(archive, parts, options, pool);
  bar.hide();
  const auto output = open_output(arguments.results.out);
  if (format == "table") write_table(answer, *output);
  if (format == "csv") write_csv(answer, *output);
  for (std::size_t i = 0; format == "jsonl" && i < answer.found.size(); ++i) {
    output->write(json_line(answer, i, archive.format()));
  }
  output->commit();
  note_answer(answer, progress);
  return 0;
}

void add_queries(CLI::App& command, SearchArguments& arguments) {
  arguments.texts = add_repeatable(command, "--text", "A text to search for; may be given again")->type_name("TEXT");
  arguments.not_texts =
      add_repeatable(command, "--not-text", "A text to look away from; may be given again")->type_name("TEXT");
  arguments.images =
      add_repeatable(command, "--image", "An image to search for; may be given again")->type_name("FILE");
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
  add_archive(command, arguments->archive);
  add_queries(command, *arguments);
  add_model_arguments(command, arguments->model);
  command.get_option("--model")->required(false);
  command.add_option("-k", arguments->options.k, "Results")
      ->type_name("K")
      ->check(CLI::Range(1U, 100'000U).description(""))
      ->capture_default_str();
  add_parsed(command, "--by", arguments->options.by, archive::parse_by, "What a result is")
      ->type_name("study|series|patient|image")
      ->transform(one_of({"study", "series", "patient", "image"}))
      ->default_str("study");
  command
      .add_option_function<std::string>(
          "--match", [arguments](const std::string& match) { arguments->options.mean = match == "mean"; },
          "A series is its best image, or the mean of its images")
      ->type_name("best|mean")
      ->transform(one_of({"best", "mean"}))
      ->default_str("best");
  add_where(command, arguments->where, "Search only what this lets by");
  add_parsed(command, "--same-patient", arguments->options.same_patient, archive::parse_same_patient,
             "Images of the query's own patient")
      ->type_name("exclude|include|only")
      ->transform(one_of({"exclude", "include", "only"}))
      ->default_str("exclude");
  command.add_option("--site", arguments->site, "Where an --image comes from, as index add had it")->type_name("NAME");
  add_result_arguments(command, arguments->results);
  command.footer(fmt::format("{}\n{}\n{}", kSearchHelp, where_help(), exit_status_help()));
  command.callback([arguments, &session] {
    session.needs_torch = needs_torch(arguments->model.options.device);
    session.run = [arguments] { return index_search(*arguments); };
  });
}

}  // namespace mi2::cli
