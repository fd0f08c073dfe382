// Hostile values in the catalog of a small archive: whatever its cells hold, the archive is searched, looked over for
// duplicates, counted and verified, or refused by an Error. The input says which cells get which values, and what is
// searched for.

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sqlite3.h>
#include <nlohmann/json.hpp>

#include <mi2/error.hpp>

#include "archive/answers.hpp"
#include "archive/archive.hpp"
#include "archive/dups.hpp"
#include "archive/judgement_answers.hpp"
#include "archive/query.hpp"
#include "archive/search.hpp"
#include "archive/slice_parts.hpp"
#include "archive/upkeep.hpp"
#include "base/hash.hpp"
#include "base/thread_pool.hpp"
#include "memory_database.hpp"

namespace {

namespace fs = std::filesystem;
using namespace mi2::archive;
using namespace mi2::fuzz;

constexpr std::size_t kWidth = 8;
constexpr std::size_t kStudies = 4;
constexpr std::size_t kSlices = 3;

/// The input, from its start; behind its end there are zeros.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> left) : left_(left) {}

  [[nodiscard]] bool done() const { return left_.empty(); }
  std::string_view take(std::size_t count) {
    const std::span<const std::uint8_t> taken = left_.first(std::min(count, left_.size()));
    left_ = left_.subspan(taken.size());
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  std::uint8_t byte() {
    const std::string_view taken = take(1);
    return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken.front());
  }
  template <typename Number>
  Number number() {
    const std::string_view taken = take(sizeof(Number));
    Number value{};
    if (!taken.empty()) std::memcpy(&value, taken.data(), taken.size());
    return value;
  }
  template <typename All>
  auto one_of(const All& all) {
    return all[byte() % std::size(all)];
  }

 private:
  std::span<const std::uint8_t> left_;
};

void replace_all(std::string& text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
}

/// A folder of this process, on tmpfs where there is one.
class Folder {
 public:
  Folder() {
    std::error_code ignored;
    const fs::path shared = "/dev/shm";
    const fs::path above = fs::is_directory(shared, ignored) ? shared : fs::temp_directory_path();
    path_ = (above / "mi2_fuzz_XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr) std::abort();
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  [[nodiscard]] fs::path archive() const { return fs::path(path_) / "a"; }

 private:
  std::string path_;
};

std::vector<float> vector_of(std::size_t number) {
  std::vector<float> row(kWidth, 0.0F);
  row[number % kWidth] = 0.8F;
  row[(number / 2 + 1 + number % kWidth) % kWidth] += 0.6F;
  double squares = 0;
  for (const float value : row) squares += static_cast<double>(value) * value;
  for (float& value : row) value = static_cast<float>(value / std::sqrt(squares));
  return row;
}

/// Of series of slices, one through two windows and one of tiles, with thumbnails and hashes of pixels.
void add_study(Writer& writer, std::size_t study, mi2::archive::Id space, mi2::archive::Id source, std::int64_t seq) {
  Catalog& catalog = writer.catalog();
  PatientFacts patient;
  patient.key = std::string(63, 'a') + std::to_string(study / 2);
  StudyFacts facts;
  facts.uid = "1.2." + std::to_string(study + 1);
  facts.date = "2024-01-0" + std::to_string(study + 1);
  SeriesFacts series;
  series.uid = facts.uid + ".1";
  series.modality = study % 2 == 0 ? "CT" : "MR";
  const mi2::archive::Id in = catalog.series(series, catalog.study(facts, catalog.patient(patient)));
  const std::array<std::string, 2> windows{study == 0 ? "lung" : "", "soft"};
  for (std::size_t slice = 0; slice < kSlices; ++slice) {
    InstanceFacts instance;
    instance.sop_uid = series.uid + "." + std::to_string(slice);
    instance.sha256 = std::string(64, 'b');
    instance.locator = "/in/" + instance.sop_uid;
    instance.frames = 1;
    const mi2::archive::Id object = catalog.instance(instance, in, source);
    std::optional<std::uint64_t> picture;
    for (std::size_t window = 0; window < (study == 0 ? 2U : 1U); ++window) {
      FrameFacts frame;
      frame.row = writer.segments().next();
      const std::vector<float> row = vector_of(frame.row);
      frame.instance = object;
      frame.series = in;
      frame.position = static_cast<double>(slice);
      frame.crc = mi2::base::crc32c(std::as_bytes(std::span(row)));
      frame.window = windows.at(window);
      frame.picture = picture.value_or(frame.row);
      picture = frame.picture;
      frame.thumb = writer.thumbs().append(frame.row, std::as_bytes(std::span(row)));
      mi2::Fingerprint pixels;  // the first slices of all studies are one picture
      pixels.pixels_sha256 = std::string(64, slice == 0 ? 'c' : "0123"[study]);
      pixels.dhash = slice;
      frame.pixels = pixels;
      if (study == 3) frame.tile = TileFacts{{0, slice * 32, 0, 32, 32, 0.5}, 32, 32};
      writer.segments().append(row);
      catalog.add_frame(frame, space, seq);
    }
  }
  writer.pool(in, space, seq);
}

/// The archive on the disk, and its catalog with tables that take any value: one from elsewhere need not have ours.
class Template {
 public:
  Template() {
    make();
    const Database made = database_of(nullptr);
    run(made, "ATTACH '" + catalog_file(folder()).string() + "' AS made");
    const std::string of_made = " FROM made.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'";
    for (std::string sql : texts(made, "SELECT sql" + of_made + " AND type = 'table' ORDER BY name")) {
      replace_all(sql, " IS NOT NULL", " NOTNULL");  // of a check
      for (const std::string_view strict : {" STRICT", ", WITHOUT ROWID", " NOT NULL"}) replace_all(sql, strict, "");
      run(made, sql);
    }
    names_ = texts(made, "SELECT name" + of_made + " AND type = 'table' ORDER BY name");
    for (const std::string& name : names_) run(made, "INSERT INTO main." + name + " SELECT * FROM made." + name);
    for (std::string sql : texts(made, "SELECT sql" + of_made + " AND type <> 'table' ORDER BY name")) {
      replace_all(sql, "UNIQUE INDEX", "INDEX");
      run(made, sql);
    }
    run(made,
        "INSERT INTO label (item, key, value, by, at) VALUES (0, 'finding', 'mass', 'somebody', '2024');"
        "INSERT INTO label (study, key, value, by, at) VALUES (2, 'finding', 'none', 'somebody', '2024');");
    for (const std::string& name : names_) {
      columns_.push_back(texts(made, "SELECT name FROM pragma_table_info('" + name + "')"));
    }
    run(made, "DETACH made");
    content_ = bytes_of(made);
  }

  [[nodiscard]] fs::path folder() const { return folder_.archive(); }
  [[nodiscard]] const std::string& content() const { return content_; }
  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  [[nodiscard]] const std::vector<std::string>& columns(std::size_t table) const { return columns_.at(table); }

 private:
  void make() const {
    Space space = space_of("abc", "raw");
    space.windows = "lung,soft";
    Writer writer = Writer::create(folder(), kWidth, space);
    Catalog& catalog = writer.catalog();
    Catalog::Transaction all(catalog, true);
    const std::int64_t seq = catalog.add_change("add", kStudies * kSlices);
    const mi2::archive::Id source = catalog.source("folder", "/in");
    const mi2::archive::Id made_by = catalog.space({});
    for (std::size_t study = 0; study < kStudies; ++study) add_study(writer, study, made_by, source, seq);
    const std::array<double, 3> cosines{0.1, 0.2, 0.3};
    for (const char* const kind : {"text", "neighbour", "pair"}) catalog.set_background(kind, cosines);
    catalog.refuse("/in/broken", "bad_file", "cut");
    catalog.add_conflict("/in/again", "1.2.1.1.0", std::string(64, 'd'), {1, "/in/1.2.1.1.0", std::string(64, 'b')});
    writer.segments().sync();
    writer.thumbs().sync();
    all.commit();
  }

  Folder folder_;
  std::string content_;
  std::vector<std::string> names_;
  std::vector<std::vector<std::string>> columns_;
};

/// Binds a value of any type to the first parameter.
void bind_value(sqlite3_stmt* statement, Input& input) {
  static constexpr std::array<std::int64_t, 8> kOdd{std::numeric_limits<std::int64_t>::min(),
                                                    std::numeric_limits<std::int64_t>::max(),
                                                    -1,
                                                    std::int64_t{1} << 32,
                                                    std::int64_t{1} << 53,
                                                    std::int64_t{1} << 62,
                                                    262'144,
                                                    4'294'967'295};
  switch (input.byte() % 7) {
    case 0:
      sqlite3_bind_null(statement, 1);
      break;
    case 1:
      sqlite3_bind_int64(statement, 1, static_cast<std::int8_t>(input.byte()));
      break;
    case 2:
      sqlite3_bind_int64(statement, 1, input.one_of(kOdd));
      break;
    case 3:
      sqlite3_bind_int64(statement, 1, input.number<std::int64_t>());
      break;
    case 4:
      sqlite3_bind_double(statement, 1, input.number<double>());
      break;
    default: {
      const bool is_text = input.byte() % 2 == 0;
      const std::string_view bytes = input.take(input.byte());
      const auto* const data = bytes.empty() ? "" : bytes.data();
      const int size = static_cast<int>(bytes.size());
      if (is_text) sqlite3_bind_text(statement, 1, data, size, SQLITE_TRANSIENT);
      if (!is_text) sqlite3_bind_blob(statement, 1, data, size, SQLITE_TRANSIENT);
    }
  }
}

/// One cell of one row gets another value, a row goes, or one comes that has nothing but this value.
void change(const Database& database, const Template& made, Input& input) {
  const std::size_t table = input.byte() % made.names().size();
  const std::string& name = made.names()[table];
  const std::string column = input.one_of(made.columns(table));
  const std::uint8_t how = input.byte();
  const std::string row =
      " WHERE rowid = (SELECT rowid FROM " + name + " ORDER BY rowid LIMIT 1 OFFSET " + std::to_string(how / 8) + ")";
  std::string sql = "UPDATE " + name + " SET \"" + column + "\" = ?1" + row;
  if (how % 8 == 0) sql = "DELETE FROM " + name + row + " AND ?1 IS NOT 0";
  if (how % 8 == 1) sql = "INSERT INTO " + name + " (\"" + column + "\") VALUES (?1)";
  const Statement statement = prepared(database, sql);
  bind_value(statement.get(), input);
  sqlite3_step(statement.get());  // two rows with one key, or one without: that is left as it was
}

void write_catalog(const Template& made, Input& input) {
  const Database database = database_of(&made.content());
  run(database, "PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF");
  for (int changes = 0; changes < 16 && !input.done(); ++changes) change(database, made, input);
  const std::string content = bytes_of(database);
  std::ofstream(catalog_file(made.folder()), std::ios::binary) << content;
}

SearchOptions options_of(Input& input) {
  static const std::array<std::optional<filter::Expr>, 6> kFilters{
      std::nullopt,
      filter::parse("modality=CT and slices>1"),
      filter::parse("date>=2024-01-02 or label.finding=mass"),
      filter::parse("path~in and image=1.2.1.1.1"),
      filter::parse("kind=frame and position<2 and frame=1"),
      filter::parse("not (source=1 and sex=F)")};
  SearchOptions options;
  options.k = 5;
  options.by = input.one_of(std::array{By::kStudy, By::kSeries, By::kPatient, By::kImage, By::kTile});
  options.match = input.one_of(std::array{Match::kBest, Match::kMean, Match::kMaxSim});
  options.same_patient = input.one_of(std::array{SamePatient::kExclude, SamePatient::kInclude, SamePatient::kOnly});
  options.where = input.one_of(kFilters);
  const std::uint8_t more = input.byte();
  options.at = more % 2;
  options.deleted_since = more / 2 % 2 == 1;
  options.paged = more / 4 % 2 == 1;
  if (more / 8 % 2 == 1) options.min_score = MinScore{-1, more / 16 % 2 == 1};
  return options;
}

std::vector<QueryPart> parts_of(Reader& archive, std::uint8_t what) {
  StoredQuery stored;
  if (what % 4 == 0) stored.items = {1};
  if (what % 4 == 1) stored.series = {"1.2.1.1"};
  if (what % 4 == 2) stored.studies = {"1.2.2", "1.2.4"};
  std::vector<QueryPart> parts = stored_parts(archive, stored);
  if (what % 4 == 3) parts.push_back({vector_of(2), 1, what % 8 == 3 ? Nature::kText : Nature::kOther, {}});
  return parts;
}

void check(const SearchAnswer& answer, Reader& archive, std::size_t most) {
  if (answer.found.size() > most) std::abort();
  if (!nlohmann::json::accept("{" + results_json(answer, 0, true) + ", " + searched_json(answer) + "}")) std::abort();
  for (std::size_t i = 0; i < answer.found.size(); ++i) {
    if (i > 0 && answer.found[i].score > answer.found[i - 1].score) std::abort();
    if (answer.found[i].item.row >= archive.segments().rows()) std::abort();
  }
}

/// What an error ends, another request to the same reader goes on from.
template <typename Use>
void attempt(const Use& use) {
  try {
    use();
  } catch (const mi2::Error&) {
    // A refusal is an answer.
  }
}

void search_in(Reader& archive, std::uint8_t what, const SearchOptions& options) {
  static mi2::base::ThreadPool pool(1);
  std::vector<QueryPart> parts = parts_of(archive, what);
  if (options.match == Match::kMaxSim) parts = slice_parts(archive, std::move(parts));
  const SearchAnswer answer = search(archive, parts, options, pool);
  check(answer, archive, options.k);
  for (const Found& found : answer.found) static_cast<void>(archive.thumbnail(found.item.row));
}

void find_dups_in(Reader& archive, std::uint8_t what, const SearchOptions& searched) {
  DupOptions options;
  options.level = std::array{DupLevel::kObject, DupLevel::kPixels, DupLevel::kReencoded}.at(what / 8 % 3);
  options.where = searched.where;
  const DupAnswer answer = find_dups(archive, options);
  for (const DupGroup& group : answer.groups) {
    if (group.members.empty() || group.patients > group.members.size()) std::abort();
  }
  if (!nlohmann::json::accept(dups_json(archive, answer, options.level, {}))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Template made;
  Input input{std::span(data, size)};
  const std::uint8_t what = input.byte();
  const SearchOptions options = options_of(input);
  write_catalog(made, input);
  attempt([&] {
    Reader archive(made.folder());
    attempt([&] { search_in(archive, what, options); });
    attempt([&] { find_dups_in(archive, what, options); });
    if (!nlohmann::json::accept(stats_json(archive, read_stats(archive, true)))) std::abort();
  });
  attempt([&] {
    if (verify(made.folder(), true, {}).problems.size() > kMostProblems + 1) std::abort();
  });
  return 0;
}
