#pragma once
// The JSON of an adapter: {"format": "mi2-head", "version": 1, "kind": .., "labels": [..], ..}; see docs/adapters.md.

#include <string>
#include <string_view>

#include "adapter/adapter.hpp"

namespace mi2::adapter {

/// A description and which tensors it belongs to.
struct HeadRecord {
  AdapterDescription description;
  std::string data_sha256;  ///< of the weights file's tensors, as they lie there
};

/// @param file  what errors call it.
/// @throws Error{kBadFile} naming the key that is missing, unknown, of another type or out of range; {kUnsupported} for
///         a later version.
HeadRecord parse_head(std::string_view json, std::string_view file);
std::string to_json(const HeadRecord& record);

/// The toolkit's adapter_model/config.json: an MLP adapter of in_channels, hidden_dim and labels. Further keys do not
/// matter. @throws Error{kBadFile} naming the key.
AdapterDescription parse_toolkit_config(std::string_view json, std::string_view file);

}  // namespace mi2::adapter
