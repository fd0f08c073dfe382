#pragma once
// Two programs of the same sources: `mi2`, and `mi2-torch`, which also links libtorch and so can train and use a GPU.
// libtorch takes half a second and 300 MB to start, so `mi2` turns into `mi2-torch` only when a command needs it.

namespace mi2::cli {

/// Whether this is mi2-torch.
bool links_torch() noexcept;

/// Whether there is a mi2-torch, this one or beside it.
bool has_torch_program();

/// Makes libtorch known to the rest of the program; nothing in `mi2`.
void start_torch();

/// To be called by a command that needs libtorch, before it has read or written anything: returns in mi2-torch; in
/// `mi2` runs mi2-torch with the same command line in place of this program.
/// @throws Error{kUnsupported} if there is no mi2-torch beside this program, or a library that it needs is missing.
void need_torch(int argc, const char* const* argv);

}  // namespace mi2::cli
