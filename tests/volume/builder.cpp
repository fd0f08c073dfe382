#include "volume/builder.hpp"

#include <cstring>

namespace mi2::volume {
namespace {

class Writer {
 public:
  Writer(std::size_t size, bool big_endian) : out_(size, '\0'), big_endian_(big_endian) {}
  template <typename T>
  void put(std::size_t offset, T value) {
    out_.replace(offset, sizeof value, bytes_of(std::span<const T>(&value, 1), big_endian_));
  }
  void text(std::size_t offset, std::string_view text) { out_.replace(offset, text.size(), text); }
  [[nodiscard]] std::string take() { return std::move(out_); }

 private:
  std::string out_;
  bool big_endian_;
};

struct Offsets {
  std::size_t dim, datatype, intent, pixdim, vox_offset, slope, qform, sform, quatern, qoffset, srow;
};

template <typename Size, typename Real, typename Code>
void put_fields(Writer& out, const Nifti& in, const Offsets& at) {
  out.put(at.dim, static_cast<Size>(in.dim.size()));
  for (std::size_t i = 0; i < 7; ++i) {
    out.put(at.dim + (i + 1) * sizeof(Size), static_cast<Size>(i < in.dim.size() ? in.dim[i] : 1));
  }
  out.put(at.datatype, static_cast<std::int16_t>(in.datatype));
  out.put(at.intent, static_cast<Code>(in.intent));
  for (std::size_t i = 0; i < 4; ++i) out.put(at.pixdim + i * sizeof(Real), static_cast<Real>(in.pixdim.at(i)));
  out.put(at.slope, static_cast<Real>(in.slope));
  out.put(at.slope + sizeof(Real), static_cast<Real>(in.intercept));
  out.put(at.qform, static_cast<Code>(in.qform));
  out.put(at.sform, static_cast<Code>(in.sform));
  for (std::size_t i = 0; i < 3; ++i) {
    out.put(at.quatern + i * sizeof(Real), static_cast<Real>(in.quatern.at(i)));
    out.put(at.qoffset + i * sizeof(Real), static_cast<Real>(in.qoffset.at(i)));
    for (std::size_t j = 0; j < 4; ++j) {
      out.put(at.srow + (i * 4 + j) * sizeof(Real), static_cast<Real>(in.srow.at(i).at(j)));
    }
  }
}

}  // namespace

std::string Nifti::header() const {
  using namespace std::string_view_literals;
  if (second) {
    Writer out(544, big_endian);
    put_fields<std::int64_t, double, std::int32_t>(out, *this, {16, 12, 504, 104, 168, 176, 344, 348, 352, 376, 400});
    out.put(0, std::int32_t{540});
    out.text(4, magic.empty() ? "n+2\0\r\n\x1a\n"sv : std::string_view(magic));
    out.put(168, static_cast<std::int64_t>(offset < 0 ? 544 : offset));
    return out.take();
  }
  Writer out(352, big_endian);
  put_fields<std::int16_t, float, std::int16_t>(out, *this, {40, 70, 68, 76, 108, 112, 252, 254, 256, 268, 280});
  out.put(0, std::int32_t{348});
  out.text(344, magic.empty() ? "n+1\0"sv : std::string_view(magic));
  out.put(108, static_cast<float>(offset < 0 ? 352 : offset));
  return out.take();
}

std::unique_ptr<image::Source> open_text(std::string_view file, const Options& options) {
  return open(std::as_bytes(std::span(file)), options, "test");
}

Options as_values() {
  Options options;
  options.intensity = parse_intensity("window:127.5,255");
  return options;
}

std::vector<Shades> slices_of(std::string_view file, const Options& options) {
  const auto source = open_text(file, options);
  std::vector<Shades> slices;
  for (std::uint64_t i = 0; i < source->frames(); ++i) slices.push_back(source->read(i).samples);
  return slices;
}

}  // namespace mi2::volume
