#pragma once
// What a dataset is, in words: a YAML file of evaluation/datasets or of a user. docs/datasets.md lists the keys.

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mi2::recipe {

/// A column of ours, and what tables may call it: the first that is there, in any case.
struct ColumnNames {
  std::string name;
  std::vector<std::string> theirs;
};

using Words = std::vector<std::pair<std::string, std::string>>;  ///< from what to what, in order

/// Rows from a table, or, with `patterns`, a row per file whose path fits.
struct Source {
  std::vector<std::string> table;  ///< names to look for, as Listing::find
  std::vector<std::string> patterns;
  bool optional = false;
  char delimiter = ',';
  bool short_rows = false;  ///< as base::CsvLimits has it
  std::vector<ColumnNames> columns;
  Words one_hot;  ///< a column's name, and the label that its 1 says
  Words set;      ///< columns with one value
};

struct Join {
  Source source;
  std::string on;  ///< our column, in both
};

struct Exclusion {
  std::string column;
  std::vector<std::string> values;
  enum class If : std::uint8_t {
    kIs,
    kIsNot,
    kEmpty,
    kDiffers
  } when = If::kIs;  ///< kDiffers: from the column values[0]
  std::string because;
};

/// How a row's file is found.
struct ImageRule {
  std::string key;  ///< a column
  /// kStem: the name without its ending; kNumber: that as a whole number, zeros in front aside; kPath: the path's end.
  enum class By : std::uint8_t { kStem, kName, kNumber, kPath } by = By::kStem;
  std::string within;  ///< a column: of several files, those in whose path its text stands, in any case
};

struct LabelRule {
  std::string column = "label";  ///< or a text with columns in it, "{cancer}/{implant}"
  Words replace;                 ///< parts of it
  Words map;                     ///< the whole of it
};

/// The text of each label.
struct TextRule {
  std::vector<std::pair<std::size_t, std::size_t>> rows;  ///< of the label texts: first and last, of each range
  std::string text;                                       ///< "{label} cropped"; empty: `labels` has them
  Words labels;
};

/// How rows are divided into train, val and test.
struct SplitRule {
  std::string name;
  std::string column;  ///< a column says, through `map`
  Words map;
  std::vector<std::pair<std::string, std::vector<std::string>>> lists;  ///< per split, names of files that list it
  std::string on;                                                       ///< the column that lists name
  std::vector<std::pair<std::string, double>> drawn;                    ///< shares; the rest is train
  std::string only;  ///< a column that says which rows are split at all: those of `only_is`; the others are left out
  std::vector<std::string> only_is;
  std::string of;        ///< drawn from each value of it; empty: from all
  std::string together;  ///< rows of one value stay together
  enum class Round : std::uint8_t { kNearest, kDown, kUp } round = Round::kNearest;
};

/// What others say of the dataset, to stand beside what is found.
struct Published {
  std::optional<std::uint64_t> images;
  std::optional<std::uint64_t> patients;
  std::vector<std::pair<std::string, std::uint64_t>> labels;
  std::vector<std::pair<std::string, std::uint64_t>> splits;
  Words md5;  ///< of files, by name
};

/// A figure that others report: a row of the published table of results, or of another model.
struct Benchmark {
  std::string name;
  std::string model;  ///< empty: the one that the table is of
  std::string way;    ///< how it answers: "zero-shot"; empty: not said
  std::string metric;
  double value = 0;
  std::string figure;  ///< of ours to stand beside it: "accuracy", or "auc" of one `label`; empty: the headline
  std::string label;
  std::optional<std::uint64_t> rows;  ///< of the evaluation
  std::string note;                   ///< of another model's the source
};

struct Setting {
  std::string name;
  std::string by_default;
  std::vector<std::string> choices;  ///< empty: any
  std::string help;
};

/// A setting of mi2 train for fine-tuning on the dataset.
struct TrainingSetting {
  std::string key;    ///< "TRAIN.BATCH_SIZE_TOTAL"
  std::string value;  ///< as YAML
  std::string from;   ///< whose it is: "published", "inferred" or "ours"
  std::string note;
};

enum class Task : std::uint8_t {
  kLabels,    ///< one label per image
  kFindings,  ///< any number, `a|b`
  kAges,      ///< a number
  kCaptions,  ///< texts
};

struct Recipe {
  std::string name;
  std::string title;
  std::string about;
  std::string licence;
  Task task = Task::kLabels;
  Published published;
  bool irma_errors = false;  ///< ways of answering are also judged by IrmaTexts, against the column `irma_code`
  std::vector<Benchmark> benchmarks;
  std::vector<Benchmark> others;  ///< what others report of other models on the dataset
  std::vector<Setting> settings;
  std::vector<TrainingSetting> fine_tuning;  ///< over usual_fine_tuning()
  std::vector<Source> rows;
  std::vector<Join> joins;
  std::vector<std::pair<std::string, Words>> values;
  std::vector<std::string> steps;
  std::vector<Exclusion> exclusions;
  ImageRule image;
  std::string group = "patient";  ///< the column that says whose an image is
  std::string id;  ///< a column, or a text with columns in it; empty: of By::kPath the key, else the image's name
                   ///< without its ending
  LabelRule label;
  TextRule texts;
  std::vector<std::string> captions;
  std::vector<std::string> attributes;
  std::vector<SplitRule> splits;
};

/// @param name  of the recipe. @param source  what errors call the text.
/// @throws Error{kBadFile} naming the line and the key: unknown, missing, of another type, twice.
Recipe parse_recipe(std::string_view yaml, std::string_view name, std::string_view source);

/// Settings of fine-tuning, each with whose it is. @throws as parse_recipe.
std::vector<TrainingSetting> parse_fine_tuning(std::string_view yaml, std::string_view source);

/// @throws as parse_recipe and base::read_text_file.
Recipe read_recipe(const std::filesystem::path& path);

/// The recipes that the program brings, by name.
const std::map<std::string, Recipe>& built_in_recipes();

/// @throws Error{kBadArgument} naming the nearest there is.
const Recipe& find_recipe(std::string_view name);

/// What holds where a recipe says nothing else: evaluation/fine_tuning.yaml.
const std::vector<TrainingSetting>& usual_fine_tuning();

/// What other models are reported to reach on data that no recipe is of, by task: evaluation/figures.csv.
const std::vector<Benchmark>& other_figures();

/// The published texts of labels, in the order of their table: evaluation/label_texts.csv.
const std::vector<std::string>& label_texts();

}  // namespace mi2::recipe
