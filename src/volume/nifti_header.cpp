#include "volume/nifti_header.hpp"

#include <bit>
#include <cmath>
#include <cstring>

namespace mi2::volume {
namespace {

constexpr std::size_t kFirst = 348;
constexpr std::size_t kSecond = 540;

/// Fields by their offset.
class HeaderBytes {
 public:
  HeaderBytes(Bytes head, bool big_endian) : head_(head), big_endian_(big_endian) {}

  template <typename T>
  [[nodiscard]] T at(std::size_t offset) const {
    std::array<std::byte, sizeof(T)> bytes{};
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      const bool swap = big_endian_ == (std::endian::native == std::endian::little);
      bytes.at(swap ? sizeof(T) - 1 - i : i) = head_[offset + i];
    }
    return std::bit_cast<T>(bytes);
  }

 private:
  Bytes head_;
  bool big_endian_;
};

bool has(Bytes head, std::size_t offset, std::string_view text) {
  return head.size() >= offset + text.size() && std::memcmp(head.data() + offset, text.data(), text.size()) == 0;
}

struct Offsets {
  std::size_t dim, pixdim, datatype, intent, slope, intercept, qform, sform, quatern, qoffset, srow;
};
constexpr Offsets kFirstOffsets{40, 76, 70, 68, 112, 116, 252, 254, 256, 268, 280};
constexpr Offsets kSecondOffsets{16, 104, 12, 504, 176, 184, 344, 348, 352, 376, 400};

/// The fields that both formats have, with other types.
template <typename Size, typename Real, typename Code>
void read_fields(const HeaderBytes& in, NiftiHeader& out, const Offsets& offsets) {
  for (std::size_t i = 0; i < 8; ++i) {
    out.dim.at(i) = in.at<Size>(offsets.dim + i * sizeof(Size));
    out.pixdim.at(i) = static_cast<double>(in.at<Real>(offsets.pixdim + i * sizeof(Real)));
  }
  out.datatype = in.at<std::int16_t>(offsets.datatype);
  out.intent = in.at<Code>(offsets.intent);
  out.slope = static_cast<double>(in.at<Real>(offsets.slope));
  out.intercept = static_cast<double>(in.at<Real>(offsets.intercept));
  out.qform = in.at<Code>(offsets.qform);
  out.sform = in.at<Code>(offsets.sform);
  for (std::size_t i = 0; i < 3; ++i) {
    out.quatern.at(i) = static_cast<double>(in.at<Real>(offsets.quatern + i * sizeof(Real)));
    out.qoffset.at(i) = static_cast<double>(in.at<Real>(offsets.qoffset + i * sizeof(Real)));
    for (std::size_t j = 0; j < 4; ++j) {
      out.srow.at(i).at(j) = static_cast<double>(in.at<Real>(offsets.srow + (i * 4 + j) * sizeof(Real)));
    }
  }
}

}  // namespace

std::optional<NiftiHeader> read_nifti_header(Bytes head) {
  if (head.size() < kFirst) return std::nullopt;
  NiftiHeader header;
  std::int32_t size = HeaderBytes(head, false).at<std::int32_t>(0);
  if (size != static_cast<std::int32_t>(kFirst) && size != static_cast<std::int32_t>(kSecond)) {
    header.big_endian = true;
    size = HeaderBytes(head, true).at<std::int32_t>(0);
  }
  const HeaderBytes in(head, header.big_endian);
  using namespace std::string_view_literals;
  if (size == static_cast<std::int32_t>(kFirst)) {
    header.pair = has(head, 344, "ni1\0"sv);
    header.analyze = !header.pair && !has(head, 344, "n+1\0"sv);
    read_fields<std::int16_t, float, std::int16_t>(in, header, kFirstOffsets);
    header.vox_offset = static_cast<double>(in.at<float>(108));
    header.units = std::to_integer<int>(head[123]);
    // Analyze has no magic; its sizes must make sense to be taken for one.
    if (header.analyze && (header.dim[0] < 1 || header.dim[0] > 7 || header.dim[1] < 1)) return std::nullopt;
    return header;
  }
  if (size != static_cast<std::int32_t>(kSecond) || head.size() < kSecond) return std::nullopt;
  header.second = true;
  header.pair = has(head, 4, "ni2\0\r\n\x1a\n"sv);
  if (!header.pair && !has(head, 4, "n+2\0\r\n\x1a\n"sv)) return std::nullopt;
  read_fields<std::int64_t, double, std::int32_t>(in, header, kSecondOffsets);
  header.vox_offset = static_cast<double>(in.at<std::int64_t>(168));
  header.units = in.at<std::int32_t>(500);
  return header;
}

Affine qform_of(const NiftiHeader& header) {
  double b = header.quatern[0];
  double c = header.quatern[1];
  double d = header.quatern[2];
  double a = 1 - (b * b + c * c + d * d);
  if (a < 1e-7) {  // a rotation by 180 degrees, but for rounding
    const double norm = 1 / std::sqrt(b * b + c * c + d * d);
    b *= norm;
    c *= norm;
    d *= norm;
    a = 0;
  } else {
    a = std::sqrt(a);
  }
  const double qfac = header.pixdim[0] < 0 ? -1 : 1;
  const auto size = [&](std::size_t i) { return header.pixdim.at(i) != 0 ? std::abs(header.pixdim.at(i)) : 1.0; };
  const double x = size(1);
  const double y = size(2);
  const double z = size(3) * qfac;
  const auto& o = header.qoffset;
  return {{{(a * a + b * b - c * c - d * d) * x, 2 * (b * c - a * d) * y, 2 * (b * d + a * c) * z, o[0]},
           {2 * (b * c + a * d) * x, (a * a + c * c - b * b - d * d) * y, 2 * (c * d - a * b) * z, o[1]},
           {2 * (b * d - a * c) * x, 2 * (c * d + a * b) * y, (a * a + d * d - c * c - b * b) * z, o[2]}}};
}

Affine sizes_alone(const NiftiHeader& header) {
  const auto size = [&](std::size_t i) { return header.pixdim.at(i) != 0 ? std::abs(header.pixdim.at(i)) : 1.0; };
  return {{{-size(1), 0, 0, 0}, {0, size(2), 0, 0}, {0, 0, size(3), 0}}};
}

}  // namespace mi2::volume
