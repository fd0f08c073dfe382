#pragma once
// Whether what was found has to do with what was asked. The nearest of an archive is always somewhere; whether it is
// near is judged by how near to it comes what does not belong there.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <mi2/embedder.hpp>

#include "archive/archive.hpp"
#include "archive/catalog.hpp"
#include "embedder/pipeline.hpp"

namespace mi2::archive {

enum class Verdict : std::uint8_t { kNone, kWeak, kMatch };
/// "none", "weak" or "match".
std::string_view name_of(Verdict verdict) noexcept;

/// What a query is: cosines of texts and of images are of two scales.
enum class Nature : std::uint8_t {
  kText,
  kImage,
  kOther,  ///< of both, or away from something: nothing to compare its scores with
};

struct Judgement {
  double percentile = 0;  ///< share of the background that is below the score, 0 to 100
  Verdict verdict = Verdict::kNone;
};

/// Of texts: the best cosines of texts that speak of nothing medical. A score above 95 of 100 of them is a match, above
/// 75 weak. Of images: above the cosine that 9 of 10 of the archive's images have to their nearest in another study is
/// a match, above that of 99 of 100 pairs of two studies weak.
class Background {
 public:
  /// As it was kept. @throws Error{kBadFile} for what is no background.
  explicit Background(Catalog& catalog);
  /// @param kept  the cosines of a kind, as Catalog::background().
  explicit Background(const std::function<std::vector<double>(std::string_view kind)>& kept);
  /// Nothing without a background.
  [[nodiscard]] std::optional<Judgement> judge(Nature nature, double score) const;
  /// The least score whose verdict is not none. Nothing without a background.
  [[nodiscard]] std::optional<double> least(Nature nature) const;
  /// The same for the same background, and for no other; empty: there is none.
  [[nodiscard]] std::string sha256() const;

 private:
  std::vector<double> texts_;
  std::vector<double> neighbours_;
  std::vector<double> pairs_;
};

/// Works the background out of a sample of the archive's rows and keeps it, if the archive has grown by a tenth since
/// it was last done. @param in_turn  for its forward pass; none: at once.
void calibrate(Writer& archive, const Embedder& embedder, const embedder::InTurn& in_turn = {});

}  // namespace mi2::archive
