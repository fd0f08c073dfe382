#include "archive/embed_again.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include <mi2/error.hpp>
#include <mi2/matrix.hpp>

#include "archive/item_file.hpp"
#include "archive/same_vector.hpp"
#include "archive/scan/scan.hpp"
#include "base/hash.hpp"

namespace mi2::archive {
namespace {

/// Images of a part of the archive that are tried, until one can be compared.
constexpr std::size_t kTries = 8;

/// The same number for the same archive, as it is now.
std::uint64_t drawn(const Reader& archive, std::size_t part) {
  const std::string text = fmt::format("{} {} {}", archive.format().id, archive.sequence(), part);
  const std::string hash = base::sha256_hex(std::as_bytes(std::span(text)));
  std::uint64_t number = 0;
  std::from_chars(hash.data(), hash.data() + 16, number, 16);
  return number;
}

class Again {
 public:
  Again(Reader& archive, const Embedder& embedder) : archive_(archive), embedder_(embedder) {}

  /// @returns whether it could be compared.
  bool compare(std::uint64_t row) {
    const ItemFacts item = archive_.item(row);
    const ItemFile file = file_of(archive_, item);
    std::vector<Pixels> pixels;
    try {
      pixels.push_back(pixels_of(file, embedder_, embedder_.options().image));
    } catch (const Error& error) {
      if (error.code() == Code::kInternal) throw;
      std::string_view why = error.what();
      const std::string name = fmt::format("{}: ", kItemsFile);
      if (why.starts_with(name)) why.remove_prefix(name.size());
      ++report_.left_out[std::string(why)];
      return false;
    }
    const EmbeddingMatrix made = embedder_.embed_images(pixels);
    const double cosine = scan::inner_product(file.vector, made.row(0));
    ++report_.compared;
    if (!(cosine >= report_.least)) report_.least = cosine;
    if (!(cosine >= kSameVector)) {
      report_.others.push_back(
          fmt::format("item {}: its image gives another vector than the archive has (cosine {:.4f}, expected {} or "
                      "more): the vector is of something else, or was made otherwise than this program does",
                      row, cosine, kSameVector));
    }
    return true;
  }

  EmbeddedAgain take() { return std::move(report_); }

 private:
  Reader& archive_;
  const Embedder& embedder_;
  EmbeddedAgain report_;
};

}  // namespace

EmbeddedAgain embed_again(Reader& archive, const Embedder& embedder, const base::OnProgress& on_progress) {
  std::vector<std::uint64_t> live;
  for (const RowFacts& row : archive.rows()) {
    if (!row.deleted && row.kind == RowFacts::Kind::kFrame) live.push_back(row.row);
  }
  const std::size_t parts = std::min(kEmbeddedAgain, live.size());
  Again again(archive, embedder);
  for (std::size_t part = 0; part < parts; ++part) {
    if (on_progress) on_progress({"embedding again", part, parts});
    const std::size_t first = part * live.size() / parts;
    const std::size_t size = (part + 1) * live.size() / parts - first;
    const auto start = static_cast<std::size_t>(drawn(archive, part) % size);
    // Those that are next to each other come and go together.
    const std::size_t step = std::max<std::size_t>(1, size / kTries);
    for (std::size_t i = 0; i < std::min(size, kTries); ++i) {
      if (again.compare(live[first + (start + i * step) % size])) break;
    }
  }
  archive.check();
  return again.take();
}

std::string text_of(const EmbeddedAgain& again) {
  std::string text("no image was embedded again");
  if (again.compared > 0) {
    text = fmt::format("{} images embedded again, with cosines of {:.6f} and more to their vectors", again.compared,
                       again.least);
  }
  std::string_view before = "; could not be: ";
  for (const auto& [why, images] : again.left_out) {
    text += fmt::format("{}{} {}", before, images, why);
    before = "; ";
  }
  return text;
}

}  // namespace mi2::archive
