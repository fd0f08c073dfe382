#pragma once
// Weights that torch.save() wrote, read without Python and without running anything of the file.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

#include "adapter/adapter.hpp"

namespace mi2::adapter {

/// Whether bytes start as the zip that torch.save() writes since PyTorch 1.6.
bool is_torch_file(std::span<const std::byte> bytes) noexcept;

/// The tensors of a state_dict, or of the only one in a dict of other things ("state_dict", "model_state_dict", ..):
/// float, half, bfloat16 or double, as f32.
/// @param name  what errors call the file.
/// @throws Error{kUnsupported} for whatever is not weights; {kBadFile} for a file that is not whole; {kTooLarge}.
std::vector<AdapterTensor> parse_torch_file(std::span<const std::byte> bytes, std::string_view name);

}  // namespace mi2::adapter
