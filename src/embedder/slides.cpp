#include "embedder/slides.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/files.hpp"
#include "dicom/slide.hpp"
#include "weights/model_source.hpp"

#include <mi2/error.hpp>

namespace mi2::embedder {
namespace {

bool has_own_file(const Input& input) { return !input.error && !input.read && input.path != "-"; }

/// Nothing of an input that is no DICOM slide, or is in no file of its own.
std::optional<dicom::SlideHead> slide_head_of(const Input& input) {
  if (!has_own_file(input)) return std::nullopt;
  try {
    return dicom::slide_head(base::MappedFile(input.path).bytes());
  } catch (const Error&) {  // whoever reads it is told why it cannot be
    return std::nullopt;
  }
}

struct Member {
  std::size_t input;
  dicom::SlideHead head;
};

SlideInputs levels_of(std::vector<Member> members) {
  const bool any = std::any_of(members.begin(), members.end(), [](const Member& m) { return m.head.is_level(); });
  if (any) std::erase_if(members, [](const Member& m) { return !m.head.is_level(); });
  std::stable_sort(members.begin(), members.end(),
                   [](const Member& a, const Member& b) { return a.head.width > b.head.width; });
  SlideInputs inputs;
  for (const Member& member : members) inputs.push_back(member.input);
  return inputs;
}

}  // namespace

std::vector<SlideInputs> group_slides(std::span<const Input> inputs) {
  std::vector<std::vector<Member>> groups;
  std::vector<std::size_t> alone;  // the input of each group that is none
  std::map<std::string, std::size_t> by_series;
  constexpr auto kNone = static_cast<std::size_t>(-1);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    std::optional<dicom::SlideHead> head = slide_head_of(inputs[i]);
    if (!head || head->series_uid.empty()) {
      groups.emplace_back();
      alone.push_back(i);
      continue;
    }
    const auto [at, added] = by_series.emplace(head->series_uid, groups.size());
    if (added) {
      groups.emplace_back();
      alone.push_back(kNone);
    }
    groups[at->second].push_back({i, std::move(*head)});
  }
  std::vector<SlideInputs> slides;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    slides.push_back(alone[g] == kNone ? levels_of(std::move(groups[g])) : SlideInputs{alone[g]});
  }
  return slides;
}

ModelSize model_size(const std::filesystem::path& model) {
  const weights::ModelSource source(model);
  return {source.config().image.width, source.config().image.height};
}

ModelSize model_size(const Embedder& embedder) {
  constexpr std::array<std::byte, 1> kPixel{};
  const Pixels pixels = embedder.prepare(ImageView{"L", 1, 1, kPixel, {}}, "a pixel");
  return {pixels.width, pixels.height};
}

NextItem slides_of(std::span<const Input> inputs, std::uint64_t max_bytes, OpenSlide open, OpenImage open_bytes) {
  const auto slides = std::make_shared<const std::vector<SlideInputs>>(group_slides(inputs));
  const auto next_slide = [=, next = std::size_t{0}]() mutable -> std::optional<std::variant<Encoded, Item>> {
    if (next == slides->size()) return std::nullopt;
    const SlideInputs& slide = (*slides)[next++];
    const Input& first = inputs[slide.front()];
    if (!has_own_file(first)) return Encoded{first.path, [&first, max_bytes] { return read_input(first, max_bytes); }};
    Encoded encoded{first.path, {}};
    encoded.open = [=, &slide] {
      std::vector<std::filesystem::path> files;
      for (const std::size_t i : slide) files.emplace_back(inputs[i].path);
      return open(files, inputs[slide.front()].path);
    };
    return encoded;
  };
  return frames_of(next_slide, std::move(open_bytes));
}

}  // namespace mi2::embedder
