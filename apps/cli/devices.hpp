#pragma once
// Where a command's model is computed: --device, which of the two programs that takes, and what auto became.

#include <span>
#include <vector>

#include <mi2/device.hpp>
#include <mi2/embedder.hpp>

#include "command.hpp"
#include "progress.hpp"

namespace CLI {
class App;
}

namespace mi2::cli {

/// Declares --device.
void add_device(CLI::App& command, Device& device);
/// Declares --device of a command that computes on several at once.
void add_devices(CLI::App& command, std::vector<Device>& devices);

/// Whether the program that links libtorch has to run a command on these devices. A GPU that is not there is reported
/// without it.
bool needs_torch(std::span<const Device> devices);
inline bool needs_torch(const Device& device) { return needs_torch(std::span(&device, 1)); }

/// For work that only a later process does, or a long time after: a GPU that is not there, reported at once.
/// @throws Error{kUnsupported}.
void check_device(const Device& device);

/// Says what auto became. @param asked  the command line's. @param embedder  opened on it.
void note_device(const Device& asked, const Embedder& embedder, Progress& progress);

}  // namespace mi2::cli
