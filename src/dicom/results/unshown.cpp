#include "dicom/results/unshown.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>

#include "base/little_endian.hpp"
#include "dicom/codestream.hpp"

namespace mi2::dicom::results {
namespace {

using Stream = std::span<const std::uint8_t>;

constexpr std::size_t kMostParts = 1U << 20;
constexpr std::string_view kCutPicture = "pixels that are cut";

Stream octets_of(Bytes bytes) { return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}; }

std::size_t two_bytes(Stream s, std::size_t at) { return static_cast<std::size_t>(s[at] << 8 | s[at + 1]); }

bool begins_with(Stream s, std::string_view text) {
  return s.size() >= text.size() && std::memcmp(s.data(), text.data(), text.size()) == 0;
}

/// The parts of one picture's bytes.
class Picture {
 public:
  explicit Picture(Stream stream) : s_(stream) {}

  /// T.81 B.1 and T.87 C.1. @returns false: it is cut before its pixels.
  bool jpeg() {
    std::size_t at = 2;
    while (at + 2 <= s_.size()) {
      const unsigned marker = s_[at + 1];
      if (s_[at] != 0xFF) {
        add(at, at + 1);  // decoders look for the next marker
        ++at;
      } else if (marker == 0xFF) {
        ++at;
      } else if (marker == 0xD9) {
        add(at + 2, s_.size());
        return true;
      } else if (marker == 0 || marker == 1 || (marker >= 0xD0 && marker <= 0xD8)) {
        at += 2;
      } else {
        const std::optional<std::size_t> end = segment_end(at);
        if (!end) return false;
        add(at + 4 + kept_of_jpeg(marker, s_.subspan(at + 4, *end - at - 4)), *end);
        at = marker == 0xDA ? after_scan(s_, *end) : *end;
      }
    }
    return true;
  }

  /// T.800 A.2. @returns false: it is cut before its pixels.
  bool jpeg2000() {
    std::size_t tile = 0;  // where the tile-part begins
    for (std::size_t at = 2; at + 2 <= s_.size();) {
      const unsigned marker = s_[at + 1];
      if (s_[at] != 0xFF) return false;
      if (marker == 0xD9) {
        add(at + 2, s_.size());
        return true;
      }
      if (marker == 0x93) {
        if (tile == 0) return false;
        const std::size_t length = two_bytes(s_, tile + 6) << 16 | two_bytes(s_, tile + 8);
        if (length != 0 && tile + length <= at) return false;
        // Without a length, or cut: up to the end, which no coded byte looks like.
        at = length == 0 || length > s_.size() - tile ? end_of_image(at) : tile + length;
        continue;
      }
      const std::optional<std::size_t> end = segment_end(at);
      if (!end) return false;
      if (marker == 0x90) {
        if (*end - at < 12) return false;
        tile = at;
      } else if (marker == 0x64) {
        add(std::min(at + 6, *end), *end);
      } else if (!((marker >= 0x50 && marker <= 0x63) || (marker >= 0x70 && marker <= 0x79))) {
        add(at + 4, *end);  // neither of T.800 nor of T.801
      }
      at = *end;
    }
    return true;
  }

  /// PS3.5 G: a header of 16 words, of which the first says how many of the others are offsets of segments, each of
  /// which has a byte of every pixel. @returns false: it is cut, or none.
  bool rle(std::uint64_t bytes) {
    constexpr std::size_t kHeader = 64;
    if (s_.size() < kHeader) return false;
    const std::size_t segments = word(0);
    if (segments == 0 || segments > 15) return false;
    add(4 + 4 * segments, kHeader);
    std::size_t done = kHeader;
    for (std::size_t i = 0; i < segments; ++i) {
      const std::size_t begin = word(4 + 4 * i);
      const std::size_t end = i + 1 < segments ? word(8 + 4 * i) : s_.size();
      if (begin < done || begin > end || end > s_.size()) return false;
      add(done, begin);
      done = after_runs(begin, end, bytes);
      add(done, end);
      done = end;
    }
    return true;
  }

  [[nodiscard]] const std::vector<Part>& parts() const { return parts_; }

 private:
  [[nodiscard]] std::optional<std::size_t> segment_end(std::size_t at) const {
    if (at + 4 > s_.size()) return std::nullopt;
    const std::size_t length = two_bytes(s_, at + 2);
    if (length < 2 || at + 2 + length > s_.size()) return std::nullopt;
    return at + 2 + length;
  }

  [[nodiscard]] std::size_t word(std::size_t at) const {
    return base::read_little_endian<std::uint32_t>(std::as_bytes(s_), at);
  }

  /// Where so many bytes are unpacked; `end` if there are no more.
  [[nodiscard]] std::size_t after_runs(std::size_t at, std::size_t end, std::uint64_t bytes) const {
    while (bytes > 0 && at < end) {
      const unsigned control = s_[at++];
      if (control == 128) continue;
      const std::uint64_t run = control < 128 ? control + 1 : 257 - control;
      at = std::min(end, at + (control < 128 ? static_cast<std::size_t>(run) : 1));
      bytes -= std::min(bytes, run);
    }
    return at;
  }

  [[nodiscard]] std::size_t end_of_image(std::size_t from) const {
    constexpr std::array<std::uint8_t, 2> kEnd{0xFF, 0xD9};
    const auto rest = s_.subspan(from);
    return from +
           static_cast<std::size_t>(std::search(rest.begin(), rest.end(), kEnd.begin(), kEnd.end()) - rest.begin());
  }

  /// How many bytes of a segment matter.
  static std::size_t kept_of_jpeg(unsigned marker, Stream body) {
    const auto at_most = [&](std::size_t size) { return std::min(body.size(), size); };
    if (marker == 0xE0) return begins_with(body, std::string_view("JFIF\0", 5)) ? at_most(14) : 0;  // no small picture
    if (marker == 0xE8) return begins_with(body, "mrfx") ? at_most(5) : 0;  // a transform of colours of JPEG-LS
    if (marker == 0xEE) return begins_with(body, "Adobe") ? at_most(12) : 0;
    const bool of_pictures = (marker >= 0xC0 && marker <= 0xDF) || marker == 0xF7 || marker == 0xF8;
    return of_pictures ? body.size() : 0;
  }

  void add(std::size_t first, std::size_t last) {
    if (first >= last || parts_.size() > kMostParts) return;
    if (std::all_of(s_.begin() + static_cast<std::ptrdiff_t>(first), s_.begin() + static_cast<std::ptrdiff_t>(last),
                    [](std::uint8_t byte) { return byte == 0; })) {
      return;
    }
    if (!parts_.empty() && parts_.back().last == first) {
      parts_.back().last = last;
    } else {
      parts_.push_back({first, last});
    }
  }

  Stream s_;
  std::vector<Part> parts_;
};

class Search {
 public:
  Search(const Element& pixels, std::uint64_t frames, std::uint64_t bytes, std::string_view name)
      : list_(read_fragments(pixels, name)), value_(pixels.value), frames_(frames), bytes_(bytes) {}

  Unshown run() {
    if (list_.cut || list_.fragments.size() < 2) {
      found_.refused = kCutPicture;
      return std::move(found_);
    }
    found_.table = 8 + list_.fragments[0].size();
    found_.table_fits = table_fits();
    const std::span<const Bytes> fragments = std::span(list_.fragments).subspan(1);  // behind the offset table
    const std::optional<Coding> coding = find_coding(octets_of(fragments[0]));
    std::uint64_t pictures = 0;
    for (std::size_t first = 0; first < fragments.size() && found_.refused.empty(); ++pictures) {
      std::size_t last = first + 1;
      const auto goes_on = [&] {
        return coding ? !find_start(octets_of(fragments[last])) : frames_ == 1;  // RLE: a fragment is a frame
      };
      while (last < fragments.size() && goes_on()) ++last;
      picture(fragments.subspan(first, last - first), coding);
      first = last;
    }
    if (found_.refused.empty() && pictures > frames_) found_.refused = "more pictures than the header says";
    return std::move(found_);
  }

 private:
  /// PS3.5 A.4: where frames begin, from the first fragment's item on.
  [[nodiscard]] bool table_fits() const {
    const Stream table = octets_of(list_.fragments[0]);
    if (table.size() % 4 != 0) return false;
    std::size_t fragment = 1;
    std::uint64_t offset = 0;  // of `fragment`
    for (std::size_t at = 0; at < table.size(); at += 4) {
      const auto wanted = base::read_little_endian<std::uint32_t>(std::as_bytes(table), at);
      while (fragment < list_.fragments.size() && offset < wanted) offset += 8 + list_.fragments[fragment++].size();
      if (fragment >= list_.fragments.size() || offset != wanted) return false;
      offset += 8 + list_.fragments[fragment++].size();
    }
    return true;
  }

  static bool find_start(Stream s) {
    return s.size() >= 4 && s[0] == 0xFF && s[2] == 0xFF && (s[1] == 0xD8 || (s[1] == 0x4F && s[3] == 0x51));
  }

  void picture(std::span<const Bytes> fragments, std::optional<Coding> coding) {
    std::vector<std::uint8_t> joined;
    Stream stream = octets_of(fragments[0]);
    if (fragments.size() > 1) {
      for (const Bytes one : fragments) {
        const Stream octets = octets_of(one);
        joined.insert(joined.end(), octets.begin(), octets.end());
      }
      stream = joined;
    }
    Picture picture(stream);
    if (coding && !find_start(stream)) {
      found_.refused = "pixels in a file of their own";  // JP2: boxes of anything
      return;
    }
    const bool whole = !coding                        ? picture.rle(bytes_)
                       : *coding == Coding::kJpeg2000 ? stream[1] == 0x4F && picture.jpeg2000()
                                                      : stream[1] == 0xD8 && picture.jpeg();
    if (!whole) found_.refused = kCutPicture;
    for (const Part part : picture.parts()) add(fragments, part);
    if (found_.parts.size() > kMostParts) found_.refused = "more comments than are looked at";
  }

  /// A part of joined fragments, as parts of each.
  void add(std::span<const Bytes> fragments, Part part) {
    std::size_t begin = 0;
    for (const Bytes one : fragments) {
      const std::size_t first = std::max(part.first, begin);
      const std::size_t last = std::min(part.last, begin + one.size());
      if (first < last) {
        const auto at = static_cast<std::size_t>(one.data() - value_.data());
        found_.parts.push_back({at + first - begin, at + last - begin});
      }
      begin += one.size();
      if (begin >= part.last) return;
    }
  }

  FragmentList list_;
  Bytes value_;
  std::uint64_t frames_;
  std::uint64_t bytes_;
  Unshown found_;
};

}  // namespace

Unshown find_unshown(const Element& pixels, std::uint64_t frames, std::uint64_t bytes, std::string_view name) {
  return Search(pixels, frames, bytes, name).run();
}

}  // namespace mi2::dicom::results
