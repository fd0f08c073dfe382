#pragma once
// config.yaml of a model directory: the numbers that fix the two towers.

#include <array>
#include <cstddef>
#include <filesystem>
#include <string_view>
#include <vector>

namespace mi2::weights {

/// A config.yaml may be so large.
inline constexpr std::size_t kMaxConfigBytes = 1'000'000;

/// Checked: lists of the image tower have one entry per stage, heads and groups divide widths, every stage has a grid.
struct ModelConfig {
  struct Image {
    int height = 0;  ///< pixels of the model's input
    int width = 0;
    std::array<float, 3> mean{};  ///< of RGB in [0, 1]
    std::array<float, 3> std{};
    std::vector<int> patch_size;  ///< kernel of each stage's embedding convolution
    std::vector<int> patch_stride;
    std::vector<int> patch_padding;
    std::vector<bool> patch_prenorm;  ///< LayerNorm before the convolution, not after it
    std::vector<int> dims;
    std::vector<int> heads;   ///< of window attention
    std::vector<int> groups;  ///< of channel attention
    std::vector<int> depths;  ///< pairs of blocks
    int window = 0;           ///< tokens per side
    double drop_rate = 0;     ///< training only
    double drop_path_rate = 0;

    /// Height and width of the grid of tokens that `stages` embedding convolutions make.
    [[nodiscard]] std::array<int, 2> grid_after(std::size_t stages) const noexcept;
    /// Where the cells of that grid meet, along y and along x, in pixels of the image, from 0 to its side. A cell has
    /// what is nearest to the middle of what the strided convolutions read for it; for the published model the first
    /// middle is at pixel 0, so that the first cell is half as wide as the others and the last half as wide again.
    [[nodiscard]] std::array<std::vector<double>, 2> edges_after(std::size_t stages) const;
  } image;

  struct Text {
    int context = 0;  ///< tokens
    int width = 0;
    int heads = 0;
    int layers = 0;
  } text;

  int projection = 0;  ///< numbers in an embedding
};

/// Keys that mi2 does not know are ignored: the published file also holds its training's settings.
/// @param name  what errors call the file.
/// @throws Error{kBadFile} naming the key that is missing, malformed or out of range; {kUnsupported} for a kind of
///         model mi2 does not have; {kTooLarge} for more than 1 MB.
ModelConfig parse_config(std::string_view yaml, std::string_view name);

/// As parse_config, from a file. @throws also Error{kNotFound}.
ModelConfig load_config(const std::filesystem::path& path);

}  // namespace mi2::weights
