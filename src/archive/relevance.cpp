#include "archive/relevance.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>

#include <mi2/error.hpp>

#include "archive/scan/scan.hpp"
#include "archive/segments.hpp"
#include "base/hash.hpp"
#include "base/little_endian.hpp"

namespace mi2::archive {
namespace {

/// Nothing that an archive of medical images shows.
constexpr std::array<const char*, 64> kDecoys{"a recipe for tomato soup",
                                              "the timetable of a night train",
                                              "a red bicycle in the rain",
                                              "how to tune a guitar",
                                              "quarterly revenue of a bakery",
                                              "a cat asleep on a sofa",
                                              "the rules of chess",
                                              "a sailing boat at sunset",
                                              "an invoice for garden furniture",
                                              "the weather in Lisbon",
                                              "a map of underground stations",
                                              "fresh bread and butter",
                                              "a poem about autumn leaves",
                                              "the price of copper",
                                              "how to fold a paper plane",
                                              "a football match in the snow",
                                              "a violin concerto",
                                              "the history of the printing press",
                                              "a field of sunflowers",
                                              "an apartment for rent",
                                              "a knitted scarf with stripes",
                                              "the phases of the moon",
                                              "a bridge over a river",
                                              "a bowl of noodles",
                                              "a keyboard with missing keys",
                                              "the exports of Norway",
                                              "a child flying a kite",
                                              "a dictionary of slang",
                                              "two tickets to the opera",
                                              "a rusty garden gate",
                                              "how to paint a fence",
                                              "a speech about trade",
                                              "a market full of spices",
                                              "the rings of Saturn",
                                              "a dog on a skateboard",
                                              "an old typewriter",
                                              "a vineyard in spring",
                                              "the lyrics of a lullaby",
                                              "a traffic jam at noon",
                                              "a chess clock",
                                              "a cup of green tea",
                                              "a desert at night",
                                              "the grammar of Latin verbs",
                                              "a wooden toy train",
                                              "a parking ticket",
                                              "a lighthouse in fog",
                                              "a jar of marbles",
                                              "the rules of a card game",
                                              "a crossword puzzle",
                                              "a penguin on the ice",
                                              "a library ladder",
                                              "a hotel by the sea",
                                              "a broken umbrella",
                                              "the winner of a bicycle race",
                                              "a quilt of many colours",
                                              "a lecture on economics",
                                              "a birthday cake with candles",
                                              "a suspension of a truck",
                                              "a stone wall with moss",
                                              "a novel about pirates",
                                              "a windmill at dawn",
                                              "a pair of leather boots",
                                              "the engine of an aeroplane",
                                              "qwzx plomf ruggle"};

constexpr std::size_t kSample = 4096;
constexpr std::size_t kNeighbourQueries = 256;
constexpr double kGrowth = 1.1;

/// The value below which a share of sorted values is.
double quantile(std::span<const double> sorted, double share) {
  const auto place = static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1) + 0.5);
  return sorted[std::min(place, sorted.size() - 1)];
}

double percentile(std::span<const double> sorted, double score) {
  const auto below = std::lower_bound(sorted.begin(), sorted.end(), score) - sorted.begin();
  return 100.0 * static_cast<double>(below) / static_cast<double>(sorted.size());
}

/// Rows with an owner each: of two owners, two rows do not show the same.
struct Sample {
  std::vector<std::vector<float>> rows;
  std::vector<std::uint64_t> owners;
};

Sample sample_of(Writer& archive) {
  struct Live {
    std::uint64_t row, owner;
    std::uint32_t crc;
  };
  std::vector<Live> live;
  archive.catalog().each_row(nullptr, [&](const RowFacts& row) {
    if (row.kind != RowFacts::Kind::kFrame || row.deleted) return;
    const bool named = row.study != 0;
    live.push_back(
        {row.row, 2 * static_cast<std::uint64_t>(named ? row.study : row.instance) + (named ? 1 : 0), row.crc});
  });
  Sample sample;
  const std::size_t count = std::min(kSample, live.size());
  for (std::size_t i = 0; i < count; ++i) {
    const auto& [row, owner, crc] = live[i * live.size() / count];
    sample.rows.push_back(archive.segments().read(row));
    require_written(archive.folder(), row, sample.rows.back(), crc);
    sample.owners.push_back(owner);
  }
  return sample;
}

double best_of(const Sample& sample, std::span<const float> query, std::uint64_t but) {
  double best = -1;
  for (std::size_t i = 0; i < sample.rows.size(); ++i) {
    if (sample.owners[i] != but) best = std::max(best, scan::inner_product(sample.rows[i], query));
  }
  return best;
}

/// @throws Error{kBadFile} for what calibrate() does not keep: nobody would see that verdicts are wrong.
std::vector<double> checked_cosines(std::vector<double> scores) {
  constexpr double kMost = 1.01;  // of vectors that were rounded
  const bool cosines = std::all_of(scores.begin(), scores.end(), [](double score) { return std::abs(score) <= kMost; });
  if (cosines && std::is_sorted(scores.begin(), scores.end())) return scores;
  throw Error(Code::kBadFile, "catalog: expected cosines in order as the background of verdicts, got other numbers");
}

}  // namespace

std::string_view name_of(Verdict verdict) noexcept {
  constexpr std::array<std::string_view, 3> kNames{"none", "weak", "match"};
  return kNames.at(static_cast<std::size_t>(verdict));
}

Background::Background(Catalog& catalog)
    : Background([&](std::string_view kind) { return catalog.background(kind); }) {}

Background::Background(const std::function<std::vector<double>(std::string_view kind)>& kept)
    : texts_(checked_cosines(kept("text"))),
      neighbours_(checked_cosines(kept("neighbour"))),
      pairs_(checked_cosines(kept("pair"))) {}

std::string Background::sha256() const {
  if (texts_.empty() && neighbours_.empty() && pairs_.empty()) return {};
  std::string bytes;
  for (const std::vector<double>* scores : {&texts_, &neighbours_, &pairs_}) {
    base::append_little_endian<std::uint64_t>(bytes, scores->size());
    for (const double score : *scores) base::append_little_endian(bytes, std::bit_cast<std::uint64_t>(score));
  }
  return base::sha256_hex(std::as_bytes(std::span(bytes)));
}

std::optional<double> Background::least(Nature nature) const {
  // Of texts a score has to be above its quantile, of images it may be equal.
  if (nature == Nature::kText && !texts_.empty()) return std::nextafter(quantile(texts_, 0.75), 2.0);
  if (nature == Nature::kImage && !neighbours_.empty() && !pairs_.empty()) return quantile(pairs_, 0.99);
  return std::nullopt;
}

std::optional<Judgement> Background::judge(Nature nature, double score) const {
  const std::optional<double> weak = least(nature);
  if (!weak) return std::nullopt;
  const bool text = nature == Nature::kText;
  const bool match = text ? score > quantile(texts_, 0.95) : score >= std::max(*weak, quantile(neighbours_, 0.1));
  const Verdict verdict = match ? Verdict::kMatch : score >= *weak ? Verdict::kWeak : Verdict::kNone;
  return Judgement{percentile(text ? texts_ : neighbours_, score), verdict};
}

void calibrate(Writer& archive, const Embedder& embedder, const embedder::InTurn& in_turn) {
  const std::uint64_t rows = archive.catalog().rows();
  const std::uint64_t before = archive.catalog().meta_count("background_rows");
  if (rows == 0 || static_cast<double>(rows) < kGrowth * static_cast<double>(before)) return;
  const Sample sample = sample_of(archive);
  if (sample.rows.empty()) return;
  constexpr std::uint64_t kNobody = 0;
  const std::vector<std::string> decoys(kDecoys.begin(), kDecoys.end());
  TextEmbeddings texts;
  const auto pass = [&] { texts = embedder.embed_texts(decoys); };
  if (in_turn) {
    in_turn(pass);
  } else {
    pass();
  }
  std::vector<double> best;
  for (std::size_t i = 0; i < decoys.size(); ++i) best.push_back(best_of(sample, texts.vectors.row(i), kNobody));
  std::vector<double> neighbours;
  std::vector<double> pairs;
  const std::size_t count = sample.rows.size();
  const std::size_t queries = std::min(kNeighbourQueries, count);
  for (std::size_t i = 0; i < queries; ++i) {
    const std::size_t row = i * count / queries;
    const double nearest = best_of(sample, sample.rows[row], sample.owners[row]);
    if (nearest > -1) neighbours.push_back(nearest);
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t other = (i * 7919 + 13) % count;  // a prime: all over the sample, the same every time
    if (sample.owners[i] != sample.owners[other])
      pairs.push_back(scan::inner_product(sample.rows[i], sample.rows[other]));
  }
  for (std::vector<double>* scores : {&best, &neighbours, &pairs}) std::sort(scores->begin(), scores->end());
  Catalog::Transaction all(archive.catalog(), true);
  archive.catalog().set_background("text", best);
  archive.catalog().set_background("neighbour", neighbours);
  archive.catalog().set_background("pair", pairs);
  archive.catalog().set_meta("background_rows", std::to_string(rows));
  all.commit();
}

}  // namespace mi2::archive
