#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include <mi2/error.hpp>

#include "base/checked.hpp"
#include "base/utf8.hpp"
#include "vectors/file_rows.hpp"
#include "vectors/vectors.hpp"

namespace mi2::vectors {
namespace {

static_assert(std::endian::native == std::endian::little, "the array is read as little-endian");

constexpr std::size_t kMaxHeaderBytes = 1U << 16;

/// The Python dictionary of the header: 'descr', 'fortran_order', 'shape', in any order.
class Header {
 public:
  Header(std::string_view text, std::string_view source) : rest_(text), source_(source) {
    expect('{');
    while (!take('}')) {
      entry();
      if (!take(',')) {
        expect('}');
        break;
      }
    }
    if (skip(), !rest_.empty()) refuse("text after its dictionary");
    if (descr.empty() || !has_order_ || shape.empty()) refuse("no descr, fortran_order or shape");
  }

  std::string descr;
  bool fortran_order = false;
  std::vector<std::uint64_t> shape;

 private:
  [[noreturn]] void refuse(std::string_view what) const {
    throw Error(Code::kBadFile, fmt::format("{}: its NumPy header has {}", source_, what));
  }

  void skip() {
    while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\n')) rest_.remove_prefix(1);
  }

  bool take(char c) {
    skip();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(char c) {
    if (!take(c)) refuse(fmt::format("expected '{}'", c));
  }

  bool take_word(std::string_view word) {
    skip();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::string_view quoted() {
    skip();
    const char quote = rest_.empty() ? '\0' : rest_.front();
    if (quote != '\'' && quote != '"') refuse("expected a string");
    const std::size_t end = rest_.find(quote, 1);
    if (end == std::string_view::npos) refuse("a string that is not closed");
    const std::string_view text = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return text;
  }

  std::uint64_t integer() {
    skip();
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc()) refuse("expected an extent");
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

  void entry() {
    const std::string_view key = quoted();
    expect(':');
    if (key == "descr") {
      descr = quoted();
    } else if (key == "fortran_order") {
      has_order_ = true;
      fortran_order = take_word("True");
      if (!fortran_order && !take_word("False")) refuse("a fortran_order that is neither True nor False");
    } else if (key == "shape") {
      extents();
    } else {
      refuse("an unknown key");
    }
  }

  void extents() {
    shape.clear();
    expect('(');
    while (!take(')')) {
      shape.push_back(integer());
      if (shape.size() > 8) refuse("too many extents");
      if (!take(',')) {
        expect(')');
        break;
      }
    }
  }

  std::string_view rest_;
  std::string_view source_;
  bool has_order_ = false;
};

/// Splits the bytes into the header's text and the data.
std::pair<std::string_view, std::string_view> split(std::string_view bytes, std::string_view source) {
  const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
  if (bytes.size() < 12) throw Error(Code::kBadFile, fmt::format("{}: ends inside its NumPy header", source));
  const std::size_t major = byte(6);
  if (major < 1 || major > 3) {
    throw Error(Code::kUnsupported, fmt::format("{}: expected NumPy format 1 to 3, got {}", source, major));
  }
  const std::size_t start = major == 1 ? 10 : 12;
  const std::size_t length = byte(8) | byte(9) << 8 | (major == 1 ? 0 : byte(10) << 16 | byte(11) << 24);
  if (length > kMaxHeaderBytes || length > bytes.size() - start) {
    throw Error(Code::kBadFile, fmt::format("{}: ends inside its NumPy header", source));
  }
  return {bytes.substr(start, length), bytes.substr(start + length)};
}

}  // namespace

NpyLayout npy_layout(std::string_view bytes, std::string_view source, std::uint64_t most) {
  const auto [text, data] = split(bytes, source);
  const Header header(text, source);
  if (header.descr != "<f4" && header.descr != "<f8") {
    throw Error(Code::kUnsupported, fmt::format("{}: expected an array of float32 or float64 (<f4, <f8), got {:.16}",
                                                source, base::printable(header.descr)));
  }
  if (header.fortran_order || header.shape.size() != 2) {
    throw Error(Code::kUnsupported, fmt::format("{}: expected [rows, dimensions] in C order, got {} axes{}", source,
                                                header.shape.size(), header.fortran_order ? " in Fortran order" : ""));
  }
  const std::uint64_t numbers = base::checked_mul(header.shape[0], header.shape[1], source);
  if (numbers > most || header.shape[1] > kMaxDimensions) {
    throw Error(Code::kTooLarge, fmt::format("{}: {} rows of {} numbers; the limits are {} numbers, {} a row", source,
                                             header.shape[0], header.shape[1], most, kMaxDimensions));
  }
  NpyLayout layout;
  layout.rows = header.shape[1] == 0 ? 0 : header.shape[0];
  layout.dimensions = static_cast<std::size_t>(header.shape[1]);
  layout.doubles = header.descr == "<f8";
  layout.start = bytes.size() - data.size();
  const std::uint64_t needed = base::checked_mul(numbers, layout.doubles ? 8 : 4, source);
  if (data.size() != needed) {
    throw Error(Code::kBadFile,
                fmt::format("{0}: expected {2} bytes of data for its shape, got {1}", source, data.size(), needed));
  }
  return layout;
}

void npy_row(std::string_view bytes, const NpyLayout& layout, std::uint64_t row, std::span<float> values) {
  const std::size_t size = layout.doubles ? sizeof(double) : sizeof(float);
  const char* const from = bytes.data() + layout.start + row * layout.dimensions * size;
  if (!layout.doubles) {
    std::memcpy(values.data(), from, values.size_bytes());
    return;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    double number;
    std::memcpy(&number, from + i * size, size);
    values[i] = static_cast<float>(number);
  }
}

VectorTable parse_npy(std::string_view bytes, std::string_view source) {
  const NpyLayout layout = npy_layout(bytes, source, kMaxNumbers);
  const std::uint64_t numbers = layout.rows * layout.dimensions;
  VectorTable table;
  table.source = source;
  std::vector<float> values(static_cast<std::size_t>(numbers));
  for (std::uint64_t row = 0; row < layout.rows; ++row) {
    npy_row(bytes, layout, row, std::span(values).subspan(row * layout.dimensions, layout.dimensions));
  }
  const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
  if (bad != values.end()) {
    throw Error(Code::kBadFile, fmt::format("{}: number {} is not finite", source, bad - values.begin() + 1));
  }
  table.vectors = {std::move(values), layout.dimensions};
  return table;
}

}  // namespace mi2::vectors
