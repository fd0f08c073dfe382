#include "embedder/series.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/files.hpp"
#include "dicom/dicom.hpp"
#include "embedder/preparer.hpp"
#include "image/frames.hpp"
#include "image/intensity.hpp"

namespace mi2::embedder {
namespace {

/// Planes whose directions differ by less than this are one.
constexpr double kOnePlane = 1e-2;
/// mm: places nearer than this are one.
constexpr double kOnePlace = 1e-3;

/// Stands for its frames where a selection is applied.
class Count final : public image::Source {
 public:
  explicit Count(std::uint64_t frames) : frames_(frames) {}
  [[nodiscard]] std::uint64_t frames() const override { return frames_; }
  [[nodiscard]] std::uint64_t middle() const override { return frames_ / 2; }
  [[nodiscard]] image::Image read(std::uint64_t) const override { return {}; }

 private:
  std::uint64_t frames_;
};

std::optional<double> along_normal(const image::FrameInfo& info) {
  if (!info.position || !info.orientation) return std::nullopt;
  const std::array<double, 3> normal = image::normal_of(*info.orientation);
  double along = 0;
  for (std::size_t i = 0; i < 3; ++i) along += normal.at(i) * info.position->at(i);
  return std::isfinite(along) ? std::optional(along) : std::nullopt;
}

/// The frames of an input that says which series it is of; nothing for others, and for what cannot be read.
std::vector<image::FrameInfo> frames_in(const Input& input, const ImageOptions& options) {
  if (input.error || input.path == "-") return {};
  try {
    // Of a file only what is looked at is read.
    const std::optional<base::MappedFile> file =
        input.read ? std::nullopt : std::optional<base::MappedFile>(input.path);
    const std::vector<std::byte> unpacked = input.read ? input.read(options.max_file_bytes) : std::vector<std::byte>{};
    const std::span<const std::byte> bytes = file ? file->bytes() : std::span<const std::byte>(unpacked);
    if (!dicom::looks_like_dicom(bytes)) return {};
    const auto source = open_source(bytes, input.path, options);
    if (source->frames() > 1) source->check();
    std::vector<image::FrameInfo> frames;
    for (std::uint64_t i = 0; i < source->frames(); ++i) {
      frames.push_back(source->info(i));
      if (frames.back().series_uid.empty()) return {};
    }
    return frames;
  } catch (const Error&) {  // whoever reads it is told why it cannot be
    return {};
  }
}

/// What the frames of a series share: their grey levels, worked out by whoever prepares the first.
class SharedIntensity {
 public:
  SharedIntensity(std::span<const Input> inputs, Series series, const ImageOptions& options)
      : inputs_(inputs), series_(std::move(series)), options_(options) {}

  Intensity of() {
    if (options_.intensity.scope != Intensity::Scope::kSeries) return options_.intensity;
    std::call_once(once_, [this] {
      result_ = image::fixed_intensity(
          [this](const image::UseBlock& use) {
            for (const PlacedFrame& frame : series_.frames) visit(frame, use);
          },
          options_.intensity);
      opened_.reset();
    });
    return result_;
  }

 private:
  /// A file of which frames are visited one after the other.
  struct Opened {
    std::size_t input;
    std::vector<std::byte> bytes;
    std::unique_ptr<image::Source> source;
  };

  /// One that cannot be read has no part in the series' range: it fails alone, when its turn comes.
  void visit(const PlacedFrame& frame, const image::UseBlock& use) {
    const Input& input = inputs_[frame.input];
    try {
      if (!opened_ || opened_->input != frame.input) {
        opened_.reset();
        std::vector<std::byte> bytes = read_input(input, options_.max_file_bytes);
        std::unique_ptr<image::Source> source = open_source(bytes, input.path, options_);
        opened_.emplace(Opened{frame.input, std::move(bytes), std::move(source)});
      }
      opened_->source->each_block(frame.frame, use);
    } catch (const Error&) {
      return;
    }
  }

  std::span<const Input> inputs_;
  Series series_;
  ImageOptions options_;
  std::once_flag once_;
  std::optional<Opened> opened_;
  Intensity result_;
};

}  // namespace

void sort_by_place(std::vector<PlacedFrame>& frames) {
  const auto key = [](const PlacedFrame& frame) {
    return std::tuple(frame.along.value_or(std::numeric_limits<double>::infinity()),
                      frame.instance.value_or(std::numeric_limits<std::int64_t>::max()));
  };
  std::stable_sort(frames.begin(), frames.end(), [&](const PlacedFrame& a, const PlacedFrame& b) {
    return std::get<0>(key(a)) < std::get<0>(key(b));
  });
  // Places as ranges: rounding must not part what lies together.
  std::vector<std::size_t> starts;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const bool first = i == 0 || !frames[i].along || !frames[i - 1].along ||
                       *frames[i].along - *frames[starts.back()].along > kOnePlace;
    const bool nowhere = i > 0 && !frames[i].along && !frames[i - 1].along;
    if (first && !nowhere) starts.push_back(i);
  }
  starts.push_back(frames.size());
  for (std::size_t p = 0; p + 1 < starts.size(); ++p) {
    std::stable_sort(
        frames.begin() + static_cast<std::ptrdiff_t>(starts[p]),
        frames.begin() + static_cast<std::ptrdiff_t>(starts[p + 1]),
        [&](const PlacedFrame& a, const PlacedFrame& b) { return std::get<1>(key(a)) < std::get<1>(key(b)); });
  }
  const std::size_t places = starts.size() - 1;
  if (places < 2 || frames.size() % places != 0) return;
  const std::size_t each = frames.size() / places;
  for (std::size_t p = 0; p < places; ++p) {
    if (starts[p + 1] - starts[p] != each) return;
  }
  std::vector<PlacedFrame> volumes;
  for (std::size_t v = 0; v < each; ++v) {
    for (std::size_t p = 0; p < places; ++p) volumes.push_back(frames[starts[p] + v]);
  }
  frames = std::move(volumes);
}

void SeriesGrouping::add(std::size_t input, const image::FrameInfo& info) {
  std::vector<Plane>& planes = by_uid_[info.series_uid];
  auto plane = std::find_if(planes.begin(), planes.end(), [&](const Plane& known) {
    if (known.localizer != info.group.localizer) return false;
    if (!known.orientation || !info.orientation) return known.orientation == info.orientation;
    return std::equal(known.orientation->begin(), known.orientation->end(), info.orientation->begin(),
                      [](double a, double b) { return std::abs(a - b) < kOnePlane; });
  });
  if (plane == planes.end()) {
    plane = planes.insert(plane, {info.orientation, info.group.localizer, groups_.size()});
    groups_.push_back({input, {}});
  }
  groups_[plane->group].series.frames.push_back(
      {input, info.index, along_normal(info), info.instance_number, info.group});
}

void SeriesGrouping::add(std::size_t input) { groups_.push_back({input, {}}); }

std::vector<SeriesOrInput> SeriesGrouping::take() {
  for (SeriesOrInput& group : groups_) sort_by_place(group.series.frames);
  by_uid_.clear();
  return std::exchange(groups_, {});
}

std::vector<SeriesOrInput> group_series(std::span<const Input> inputs, const ImageOptions& options) {
  SeriesGrouping grouping;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::vector<image::FrameInfo> frames = frames_in(inputs[i], options);
    if (frames.empty()) grouping.add(i);
    for (const image::FrameInfo& frame : frames) grouping.add(i, frame);
  }
  return grouping.take();
}

NextItem series_of(std::span<const Input> inputs, const ImageOptions& options,
                   std::function<EncodedImage(std::vector<std::byte>, std::string_view, const ImageOptions&)> open) {
  struct State {
    std::vector<SeriesOrInput> groups;
    std::size_t group = 0;
    std::uint64_t next = 0;  ///< of the selected frames
    std::shared_ptr<SharedIntensity> intensity;
    NextItem single;  ///< the frames of an input that is no series
  };
  const auto state = std::make_shared<State>();
  state->groups = group_series(inputs, options);
  return [=, open = std::move(open)]() -> std::optional<Item> {
    for (; state->group < state->groups.size(); ++state->group, state->next = 0) {
      const auto& [input, series] = state->groups[state->group];
      if (series.frames.empty()) {
        if (state->next++ == 0) {
          state->single = frames_of(inputs.subspan(input, 1), options.max_file_bytes,
                                    [=](std::vector<std::byte> bytes, std::string_view name) {
                                      return open(std::move(bytes), name, options);
                                    });
        }
        if (std::optional<Item> item = state->single()) return item;
        continue;
      }
      const Input& first = inputs[input];
      if (state->next == 0) state->intensity = std::make_shared<SharedIntensity>(inputs, series, options);
      image::FrameRange range;
      try {
        range = image::select_frames(Count(series.frames.size()), options.frames, first.path);
      } catch (const Error& error) {
        if (state->next++ == 0) return Item{first.path, std::nullopt, [error]() -> Prepared { throw Error(error); }};
        continue;
      }
      if (state->next == range.count) continue;
      const std::uint64_t place = range.first + range.step * state->next++;
      const PlacedFrame frame = series.frames[place];
      const Input& of_frame = inputs[frame.input];
      return Item{of_frame.path, FramePlace{place + 1, series.frames.size()},
                  [=, &of_frame, intensity = state->intensity] {
                    ImageOptions own = options;
                    own.intensity = intensity->of();
                    own.frames = {FrameSelection::Kind::kNumber, frame.frame + 1};
                    const EncodedImage image = open(read_input(of_frame, own.max_file_bytes), of_frame.path, own);
                    return Prepared{image.prepare(0), std::nullopt};
                  }};
    }
    return std::nullopt;
  };
}

}  // namespace mi2::embedder
