#pragma once
// A folder of heads: ID.head is what is known of one, ID.json and ID.safetensors its adapter as `mi2 adapter train`
// writes it. A head is there once ID.head is; what a killed program left of one is removed when the next is kept. Any
// number of processes may use a folder at once.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/adapter.hpp"
#include "protocols/archives/head.hpp"

namespace mi2::protocols::archives {

inline constexpr std::size_t kMostHeads = 200;  ///< of one folder

/// Gives a head an id that none has, and keeps it.
/// @returns whether there was room for it.
/// @throws Error{kBadFile} if the disk refuses; {kTooLarge} for one over kMaxHeadBytes.
bool keep_head(const std::filesystem::path& folder, Head& head, const adapter::Adapter& adapter);

/// All of a folder that can be read, the newest first. @throws Error{kBadFile} if the folder cannot be read.
std::vector<Head> kept_heads(const std::filesystem::path& folder);

/// @param id  as is_head_id(). @throws Error{kNotFound}; as parse_head().
Head read_head(const std::filesystem::path& folder, std::string_view id);

/// NAME of the adapter's NAME.json and NAME.safetensors.
std::filesystem::path adapter_of_head(const std::filesystem::path& folder, std::string_view id);

/// @throws Error{kNotFound}; {kBadFile} if the disk refuses.
void remove_head(const std::filesystem::path& folder, std::string_view id);

}  // namespace mi2::protocols::archives
