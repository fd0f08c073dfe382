#include "weights/names.hpp"

#include <algorithm>
#include <array>

namespace mi2::weights {
namespace {

struct Rename {
  std::string_view older;
  std::string_view current;
};

constexpr std::array<Rename, 4> kTops{{{"visual.", "image_encoder."},
                                       {"text.", "lang_encoder."},
                                       {"vision_projection", "image_projection"},
                                       {"text_projection", "lang_projection"}}};

// Inside a block of the image tower; "@" stands for window_attn or channel_attn.
constexpr std::array<Rename, 6> kBlockParts{{{"cpe.0.proj.", "conv1.fn.dw."},
                                             {"cpe.1.proj.", "conv2.fn.dw."},
                                             {"norm1.", "@.norm."},
                                             {"attn.", "@.fn."},
                                             {"norm2.", "ffn.norm."},
                                             {"mlp.", "ffn.fn.net."}}};

/// Cuts "3." off the front of `rest`; @returns "" if it does not start with a number and a dot.
std::string_view cut_index(std::string_view& rest) {
  const std::size_t digits = rest.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos || rest[digits] != '.') return {};
  const std::string_view index = rest.substr(0, digits + 1);
  rest.remove_prefix(digits + 1);
  return index;
}

/// "2.8.1.attn.qkv.weight" -> "2.8.channel_block.channel_attn.fn.qkv.weight"; as it is if it is no block's name.
std::string current_block(std::string_view older) {
  std::string_view rest = older;
  const std::string_view stage = cut_index(rest);
  const std::string_view pair = stage.empty() ? stage : cut_index(rest);
  if (pair.empty() || (!rest.starts_with("0.") && !rest.starts_with("1."))) return std::string(older);
  const std::string_view kind = rest[0] == '0' ? "spatial_block." : "channel_block.";
  const std::string_view attention = rest[0] == '0' ? "window_attn" : "channel_attn";
  rest.remove_prefix(2);
  for (const Rename& part : kBlockParts) {
    if (!rest.starts_with(part.older)) continue;
    std::string name = std::string(stage).append(pair).append(kind);
    if (part.current.starts_with('@')) {
      name.append(attention).append(part.current.substr(1));
    } else {
      name.append(part.current);
    }
    return name.append(rest.substr(part.older.size()));
  }
  return std::string(older);
}

std::string current_image_part(std::string_view older) {
  constexpr std::string_view kConvs = "conv_embeds.";
  constexpr std::string_view kBlocks = "main_blocks.";
  if (older.starts_with(kConvs)) return std::string("convs.").append(older.substr(kConvs.size()));
  if (older.starts_with(kBlocks)) return "blocks." + current_block(older.substr(kBlocks.size()));
  return std::string(older);
}

}  // namespace

Naming naming_of(std::string_view name) noexcept {
  for (const Rename& top : kTops) {
    if (name.starts_with(top.older)) return Naming::kOlder;
    if (name.starts_with(top.current)) return Naming::kCurrent;
  }
  return Naming::kNeutral;
}

std::string_view name_of(Naming naming) noexcept {
  switch (naming) {
    case Naming::kCurrent:
      return "current";
    case Naming::kOlder:
      return "older";
    case Naming::kNeutral:
      break;
  }
  return "neutral";
}

std::string current_name(std::string_view older) {
  for (const Rename& top : kTops) {
    if (!older.starts_with(top.older)) continue;
    const std::string_view rest = older.substr(top.older.size());
    std::string name(top.current);
    return name += top.older == "visual." ? current_image_part(rest) : std::string(rest);
  }
  return std::string(older);
}

bool is_known_buffer(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 3> kBuffers{".attn_mask", ".relative_position_index", ".num_batches_tracked"};
  return naming_of(name) != Naming::kNeutral &&
         std::any_of(kBuffers.begin(), kBuffers.end(), [&](std::string_view end) { return name.ends_with(end); });
}

}  // namespace mi2::weights
