// The catalog in SQLite: hashes of pixels, and what there is twice.

#include <bit>
#include <charconv>

#include <mi2/error.hpp>

#include "archive/catalog_impl.hpp"

namespace mi2::archive {
namespace {

std::array<std::uint64_t, 2> sha256_of(const std::string& digits) {
  std::array<std::uint64_t, 2> words{};
  constexpr std::size_t kDigits = 16;
  // An older format has all of it.
  bool whole = digits.size() == kDigits * words.size() || digits.size() == 2 * kDigits * words.size();
  for (std::size_t i = 0; whole && i < words.size(); ++i) {
    const char* const end = digits.data() + kDigits * (i + 1);
    const auto [at, error] = std::from_chars(digits.data() + kDigits * i, end, words.at(i), 16);
    whole = error == std::errc() && at == end;
  }
  if (!whole) throw Error(Code::kBadFile, "catalog: a hash of pixels that is none");
  return words;
}

}  // namespace

std::int64_t Catalog::unhashed() { return single(impl_->named("count_unhashed")); }

void Catalog::each_hashed(const std::function<void(const HashedImage&)>& use) {
  sqlite::Statement& row = impl_->named("each_pixels");
  while (row.step()) {
    HashedImage image;
    image.row = checked_row(row, 0);
    image.crc = static_cast<std::uint32_t>(row.integer(1));
    image.sha256 = sha256_of(row.text(2));
    image.blank = row.integer(3) != 0;
    if (!row.is_null(4)) image.dhash = std::bit_cast<std::uint64_t>(row.integer(4));
    image.instance = row.integer(5);
    image.study = row.integer(6);
    image.patient = row.integer(7);
    image.frame = row.integer(8);
    if (!row.is_null(9)) image.position = row.number(9);
    if (!row.is_null(10)) image.number = row.integer(10);
    image.frame_of_reference = row.text(11);
    image.kernel = row.text(12);
    image.contrast = row.text(13);
    image.picture = checked_picture(row, 14);
    image.window = checked_window(row.text(15));
    use(image);
  }
  row.reset();
}

void Catalog::each_repeated(const std::function<void(const RepeatedFile&)>& use) {
  sqlite::Statement& row = impl_->named("each_copy");
  while (row.step()) use({row.integer(0), row.text(1), row.text(2), row.text(3), row.integer(4)});
  row.reset();
}

std::vector<std::string> Catalog::shared_pixels(Id patient) {
  std::vector<std::string> hashes;
  sqlite::Statement& row = impl_->named("shared_pixels").bind(0, patient);
  while (row.step()) hashes.push_back(row.text(0));
  row.reset();
  return hashes;
}

void Catalog::each_with_pixels(std::string_view sha256, const std::function<bool(std::uint64_t, Id)>& use) {
  sqlite::Statement& row = impl_->named("rows_of_pixels");
  impl_->older ? row.bind(0, sha256) : row.bind_bytes(0, sha256);
  while (row.step()) {
    if (!use(static_cast<std::uint64_t>(row.integer(0)), row.integer(1))) break;
  }
  row.reset();
}

}  // namespace mi2::archive
