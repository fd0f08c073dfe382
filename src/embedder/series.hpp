#pragma once
// DICOM files as series: images of many slices, in the order in which they lie.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "embedder/inputs.hpp"
#include "image/source.hpp"

namespace mi2::embedder {

/// A frame of a file, by where it lies.
struct PlacedFrame {
  std::size_t input = 0;  ///< which file
  std::uint64_t frame = 0;
  std::optional<double> along;  ///< mm along the normal of its plane; none: it does not say
  std::optional<std::int64_t> instance;
  image::FrameGroup group{};

  friend bool operator==(const PlacedFrame&, const PlacedFrame&) = default;
};

/// Sorts the frames of a series by where they lie. If each place has the same number of frames, as in time series,
/// there is one volume after the other, each by place; else frames of one place stay together. Frames without a place,
/// and those of one place, are in the order of their instance numbers, then as they are.
void sort_by_place(std::vector<PlacedFrame>& frames);

/// The frames of one series that have one plane, sorted.
struct Series {
  std::vector<PlacedFrame> frames;
};

/// Groups DICOM files by series and plane, localisers apart where FrameGroup says so, in the order of the files; every
/// other input is a series with no frame but `input`.
struct SeriesOrInput {
  std::size_t input = 0;  ///< the first
  Series series;          ///< without frames: an input that is no DICOM object, or that cannot be read
};
class SeriesGrouping {
 public:
  /// A frame of a DICOM file that says which series it is of.
  void add(std::size_t input, const image::FrameInfo& info);
  /// Another input.
  void add(std::size_t input);
  /// All so far, sorted.
  [[nodiscard]] std::vector<SeriesOrInput> take();

 private:
  struct Plane {
    std::optional<std::array<double, 6>> orientation;
    bool localizer;
    std::size_t group;
  };
  std::vector<SeriesOrInput> groups_;
  std::map<std::string, std::vector<Plane>> by_uid_;
};
std::vector<SeriesOrInput> group_series(std::span<const Input> inputs, const ImageOptions& options);

/// As frames_of(inputs, ..), with the files of a series as one image: `options.frames` selects among its frames, and
/// under Intensity::Scope::kSeries the samples of all of them count. An item is called as its file; its place is that
/// in the series. The inputs outlive the items.
NextItem series_of(std::span<const Input> inputs, const ImageOptions& options,
                   std::function<EncodedImage(std::vector<std::byte>, std::string_view, const ImageOptions&)> open);

}  // namespace mi2::embedder
